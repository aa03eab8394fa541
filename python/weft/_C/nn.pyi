from __future__ import annotations

import builtins
import collections.abc
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy
import numpy as np

import weft
from weft._C import Tensor
from weft._C import device as _Device
from weft._C import dtype as _DType
"""
Functions of weft.nn.functional.
"""
def _require_all(condition: weft.Tensor, message: str, of_value: builtins.bool = False) -> None:
    ...
def adaptive_avg_pool1d(input: Tensor, output_size: builtins.int | Sequence[builtins.int | None] | None) -> Tensor:
    """The mean of each of output_size windows that cover the last dimension: (N, C, L) to (N, C, output_size).

    Window i reaches from floor(i L / output_size) to ceil((i + 1) L / output_size). N may be missing; None
    as output_size is L.

    Raises ValueError for other shapes, TypeError for an output_size that is no integer.

    >>> import weft
    >>> weft.nn.functional.adaptive_avg_pool1d(weft.tensor([[1., 3., 3., 5.]]), 2)
    tensor([[2., 4.]])
    """
def adaptive_avg_pool2d(input: Tensor, output_size: builtins.int | Sequence[builtins.int | None]) -> Tensor:
    """The mean of each of H' times W' windows that cover the plane, from (N, C, H, W) to (N, C, H', W').

    output_size is (H', W'): one number for both, or two; None in it keeps the input's. Window i of n along
    an axis of size s reaches from floor(i s / n) to ceil((i + 1) s / n). N may be missing.

    Raises RuntimeError for other shapes, TypeError for sizes that are no integers.

    >>> import weft
    >>> weft.nn.functional.adaptive_avg_pool2d(weft.arange(8.).view(1, 2, 4), (None, 2))
    tensor([[[0.5000, 2.5000],
             [4.5000, 6.5000]]])
    """
def adaptive_max_pool1d(input: Tensor, output_size: builtins.int | Sequence[builtins.int | None] | None, return_indices: builtins.bool=False) -> Tensor | Any:
    """The largest value of each of output_size windows that cover the last dimension, of size L.

    The windows, shapes and errors are those of adaptive_avg_pool1d(). With return_indices a pair: the
    values, and the place of each in L (int64).

    >>> import weft
    >>> weft.nn.functional.adaptive_max_pool1d(weft.tensor([[1., 3., 3., 5.]]), 2, return_indices=True)
    (tensor([[3., 5.]]), tensor([[1, 3]]))
    """
def adaptive_max_pool2d(input: Tensor, output_size: builtins.int | Sequence[builtins.int | None], return_indices: builtins.bool=False) -> Tensor | Any:
    """The largest value of each of H' times W' windows that cover the plane, from (N, C, H, W) to (N, C, H', W').

    output_size, the windows and errors are those of adaptive_avg_pool2d(). With return_indices a pair: the
    values, and the place of each in the plane (row W + column, int64).

    >>> import weft
    >>> weft.nn.functional.adaptive_max_pool2d(weft.arange(8.).view(1, 2, 4), (1, 2))
    tensor([[[5., 7.]]])
    """
def avg_pool1d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True) -> Tensor:
    """The mean of each window of kernel_size places, from (N, C, L) to (N, C, L'); N may be missing.

    A window starts every stride (by default kernel_size) places, with padding zeros at both ends, which
    count as elements unless count_include_pad is False; L' = (L + 2 padding - kernel_size) / stride + 1,
    rounded down, or up with ceil_mode.

    Raises ValueError for other shapes, RuntimeError for windows that do not fit.

    >>> import weft
    >>> weft.nn.functional.avg_pool1d(weft.ones(1, 4), 3, stride=2, padding=1)
    tensor([[0.6667, 1.0000]])
    """
def avg_pool2d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True, divisor_override: builtins.int | None=None) -> Tensor:
    """The mean of each window of kernel_size, from (N, C, H, W) to (N, C, H', W'); N may be missing.

    Numbers are for both axes, pairs for rows and columns; stride, padding and ceil_mode are those of
    avg_pool1d(). The sum is divided by the number of elements, of padding too unless count_include_pad is
    False, or by divisor_override.

    Raises RuntimeError for other shapes, windows that do not fit and a divisor of 0.

    >>> import weft
    >>> weft.nn.functional.avg_pool2d(weft.arange(8.).view(1, 2, 4), 2)
    tensor([[[2.5000, 4.5000]]])
    """
def batch_norm(input: Tensor, running_mean: Tensor | None=None, running_var: Tensor | None=None, weight: Tensor | None=None, bias: Tensor | None=None, training: builtins.bool=False, momentum: builtins.float=0.1, eps: builtins.float=1e-05) -> Tensor:
    """(input - mean) / sqrt(var + eps) * weight + bias for each channel (Ioffe and Szegedy, 2015).

    input (N, C, ...), the rest (C,); the result has input's shape and dtype. In training mean and var are
    those of the batch over all other dimensions, and running_mean and running_var, where given, move by
    momentum towards them (towards the unbiased variance); else mean and var are the running ones.

    Raises ValueError in training with a single value per channel, RuntimeError without running statistics
    outside of training and for parameters that do not fit.

    >>> import weft
    >>> weft.nn.functional.batch_norm(weft.tensor([[1.], [3.]]), None, None, training=True, eps=0.)
    tensor([[-1.],
            [ 1.]])
    """
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None=None) -> Tensor:
    """y[..., o] = input1[..., i] weight[o, i, j] input2[..., j] + bias[o].
    """
def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean') -> Tensor:
    """The mean of -(target log(input) + (1 - target) log(1 - input)) for probabilities of one shape.

    Logarithms count as -100 where they are less. weight, of a shape that broadcasts, multiplies the losses.
    reduction: 'mean', 'sum' or 'none'; size_average and reduce are former spellings of it.

    Raises RuntimeError for an input outside of [0, 1], ValueError for a target of another shape.

    >>> import weft
    >>> weft.nn.functional.binary_cross_entropy(weft.tensor([0.5, 0.]), weft.ones(2), reduction='none')
    tensor([  0.6931, 100.0000])
    """
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', pos_weight: Tensor | None=None) -> Tensor:
    """binary_cross_entropy() of sigmoid(input), computed from the logits without overflow or loss.

    input and target have one shape. pos_weight multiplies the term of target: above 1 it makes misses of
    the class cost more. weight, of a shape that broadcasts, multiplies the losses; reduction is as there.

    Raises ValueError for a target of another shape.

    >>> import weft
    >>> weft.nn.functional.binary_cross_entropy_with_logits(weft.zeros(1), weft.ones(1))
    tensor(0.6931)
    """
def celu(input: Any, alpha: builtins.float=1, inplace: builtins.bool=False) -> Any: ...
def celu_(input: Any, alpha: builtins.float=1) -> Any: ...
def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: builtins.int | Sequence[builtins.int]=1, padding: builtins.int | Sequence[builtins.int] | str=0, dilation: builtins.int | Sequence[builtins.int]=1, groups: builtins.int=1) -> Tensor:
    """Sums of products: out[o, i] = bias[o] + sum of weight[o, c, k] input[c, i stride + k dilation - padding].

    input (N, inputs, L), or without N, weight (outputs, inputs / groups, K), bias (outputs,): the result is
    (N, outputs, L') with L' = (L + 2 padding - dilation (K - 1) - 1) / stride + 1, rounded down. What lies
    outside of input is 0. With groups each output sees only the inputs of its group. padding: a number,
    'valid' (0) or 'same', which keeps L and needs stride 1.

    Raises RuntimeError for shapes, dtypes and options that do not fit, TypeError for a stride that is no
    integer.

    >>> import weft
    >>> weft.nn.functional.conv1d(weft.tensor([[1., 2., 3., 4.]]), weft.ones(1, 1, 2))
    tensor([[3., 5., 7.]])
    """
def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: builtins.int | Sequence[builtins.int]=1, padding: builtins.int | Sequence[builtins.int] | str=0, dilation: builtins.int | Sequence[builtins.int]=1, groups: builtins.int=1) -> Tensor:
    """Sums of products over an image: conv1d() with two spatial dimensions (LeCun et al., 1989).

    input (N, inputs, H, W), or without N, weight (outputs, inputs / groups, KH, KW), bias (outputs,): the
    result is (N, outputs, H', W'), each size by the formula of conv1d(). stride, padding and dilation are a
    number, or one for rows and one for columns; padding may be 'valid' or 'same' (needs stride 1).

    Raises RuntimeError for shapes, dtypes and options that do not fit.

    >>> import weft
    >>> weft.nn.functional.conv2d(weft.arange(9.).view(1, 3, 3), weft.ones(1, 1, 2, 2))
    tensor([[[ 8., 12.],
             [20., 24.]]])
    """
def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: builtins.int | Sequence[builtins.int]=1, padding: builtins.int | Sequence[builtins.int] | str=0, dilation: builtins.int | Sequence[builtins.int]=1, groups: builtins.int=1) -> Tensor:
    """Sums of products over a volume: conv1d() with three spatial dimensions.

    input (N, inputs, D, H, W), or without N, weight (outputs, inputs / groups, KD, KH, KW), bias
    (outputs,): the result is (N, outputs, D', H', W'), each size by the formula of conv1d(). stride,
    padding and dilation are a number or three; padding may be 'valid' or 'same' (needs stride 1).

    Raises RuntimeError for shapes, dtypes and options that do not fit.

    >>> import weft
    >>> weft.nn.functional.conv3d(weft.ones(1, 2, 4, 4, 4), weft.ones(3, 2, 3, 3, 3), padding=1).shape
    weft.Size([1, 3, 4, 4, 4])
    """
def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: builtins.int | Sequence[builtins.int]=1, padding: builtins.int | Sequence[builtins.int]=0, output_padding: builtins.int | Sequence[builtins.int]=0, groups: builtins.int=1, dilation: builtins.int | Sequence[builtins.int]=1) -> Tensor:
    """Transposed convolution: adds input[c, i] weight[c, o, k] to out[o, i stride + k dilation - padding].

    It is the gradient of conv1d() by its input, as a layer. input (N, inputs, L), or without N, weight
    (inputs, outputs / groups, K), bias (outputs,): the result is (N, outputs, L') with L' =
    (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1 (Dumoulin and Visin, 2016).

    Raises RuntimeError for shapes, dtypes and options that do not fit, such as an output_padding that is
    not smaller than stride or dilation.

    >>> import weft
    >>> weft.nn.functional.conv_transpose1d(weft.tensor([[1., 2.]]), weft.ones(1, 1, 2), stride=2)
    tensor([[1., 1., 2., 2.]])
    """
def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: builtins.int | Sequence[builtins.int]=1, padding: builtins.int | Sequence[builtins.int]=0, output_padding: builtins.int | Sequence[builtins.int]=0, groups: builtins.int=1, dilation: builtins.int | Sequence[builtins.int]=1) -> Tensor:
    """The transposed convolution of images: conv_transpose1d() with two spatial dimensions.

    It is the gradient of conv2d() by its input, as a layer. input (N, inputs, H, W), or without N, weight
    (inputs, outputs / groups, KH, KW), bias (outputs,): the result is (N, outputs, H', W'), each size by
    the formula of conv_transpose1d(). stride, padding, output_padding and dilation are a number, or one for
    each axis.

    Raises RuntimeError for shapes, dtypes and options that do not fit.

    >>> import weft
    >>> weft.nn.functional.conv_transpose2d(weft.ones(1, 1, 1), weft.arange(4.).view(1, 1, 2, 2))
    tensor([[[0., 1.],
             [2., 3.]]])
    """
def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: builtins.int | Sequence[builtins.int]=1, padding: builtins.int | Sequence[builtins.int]=0, output_padding: builtins.int | Sequence[builtins.int]=0, groups: builtins.int=1, dilation: builtins.int | Sequence[builtins.int]=1) -> Tensor:
    """The transposed convolution of volumes: conv_transpose1d() with three spatial dimensions.

    input (N, inputs, D, H, W), or without N, weight (inputs, outputs / groups, KD, KH, KW), bias
    (outputs,): the result is (N, outputs, D', H', W'), each size by the formula of conv_transpose1d().

    Raises RuntimeError for shapes, dtypes and options that do not fit.

    >>> import weft
    >>> weft.nn.functional.conv_transpose3d(weft.ones(1, 4, 2, 2, 2), weft.ones(4, 3, 2, 2, 2), stride=2).shape
    weft.Size([1, 3, 4, 4, 4])
    """
def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, ignore_index: builtins.int=-100, reduce: builtins.bool | None=None, reduction: str='mean', label_smoothing: builtins.float=0.0) -> Tensor:
    """The mean of -log(softmax(input)[target]) over the samples; with reduction='none' the loss of each.

    input (N, C, ...) or (C,) holds logits of C classes, target class numbers (int64) of that shape without
    C, or probabilities of input's shape. weight (C,) weighs the classes; the mean is then over the targets'
    weights. Targets that are ignore_index do not count. label_smoothing s mixes a target with s / C of
    every class (Szegedy et al., 2016). size_average and reduce are former spellings of reduction. The dtype
    is input's.

    Raises IndexError for a class that is not there, ValueError for another shape or reduction, RuntimeError
    for dtypes that do not fit.

    >>> import weft
    >>> weft.nn.functional.cross_entropy(weft.zeros(1, 2), weft.tensor([1]))
    tensor(0.6931)
    """
def dropout(input: Any, p: builtins.float=0.5, training: builtins.bool=True, inplace: builtins.bool=False) -> Any:
    """Zeroes elements with probability p and scales the others by 1 / (1 - p) (Srivastava et al., 2014). Raises ValueError unless 0 <= p <= 1.
    """
def elu(input: Any, alpha: builtins.float=1, inplace: builtins.bool=False) -> Any: ...
def elu_(input: Any, alpha: builtins.float=1) -> Any: ...
def embedding(input: Tensor, weight: Tensor, padding_idx: builtins.int | None=None, max_norm: builtins.float | None=None, norm_type: builtins.float=2.0, scale_grad_by_freq: builtins.bool=False, sparse: builtins.bool=False) -> Tensor:
    """The rows of weight (rows, size) whose numbers input holds: of shape (*input.shape, size).

    input is int64 or int32. The gradient of row padding_idx, which may count from the end, is zero.

    Raises IndexError for a row that does not exist, ValueError for such a padding_idx, NotImplementedError
    for max_norm, scale_grad_by_freq and sparse, RuntimeError for other dtypes.

    >>> import weft
    >>> weft.nn.functional.embedding(weft.tensor([1, 0]), weft.eye(2))
    tensor([[0., 1.],
            [1., 0.]])
    """
def feature_dropout(input: Any, p: builtins.float=0.5, training: builtins.bool=True, inplace: builtins.bool=False) -> Any:
    """Dropout of whole channels: everything after the first two dimensions goes together.
    """
def gelu(input: Tensor, *, approximate: str='none') -> Tensor: ...
@overload
def glu(input: Tensor, dim: builtins.int=-1) -> Tensor:
    """The first half along dim times the sigmoid of the second (Dauphin et al., 2017).
    """
@overload
def glu(input: Tensor, axis: builtins.int=-1) -> Tensor: ...
def group_norm(input: Tensor, num_groups: builtins.int, weight: Tensor | None=None, bias: Tensor | None=None, eps: builtins.float=1e-05) -> Tensor:
    """(input - mean) / sqrt(var + eps) * weight + bias for each group of channels (Wu and He, 2018).

    input (N, C, ...), weight and bias (C,); a group is C / num_groups channels of one sample, with all that
    follows. The result has input's shape and dtype.

    Raises RuntimeError where num_groups does not divide C, and for shapes and dtypes that do not fit.

    >>> import weft
    >>> weft.nn.functional.group_norm(weft.tensor([[1., 3., 5., 9.]]), 2, eps=0.)
    tensor([[-1.,  1., -1.,  1.]])
    """
def hardshrink(input: Tensor, lambd: builtins.float=0.5) -> Tensor: ...
def hardsigmoid(input: Any, inplace: builtins.bool=False) -> Any: ...
def hardsigmoid_(input: Any) -> Any: ...
def hardswish(input: Any, inplace: builtins.bool=False) -> Any: ...
def hardswish_(input: Any) -> Any: ...
def hardtanh(input: Any, min_val: builtins.complex=-1, max_val: builtins.complex=1, inplace: builtins.bool=False) -> Any: ...
def hardtanh_(input: Any, min_val: builtins.complex=-1, max_val: builtins.complex=1) -> Any: ...
def huber_loss(input: Tensor, target: Tensor, reduction: str='mean', delta: builtins.float=1.0, weight: Tensor | None=None) -> Tensor:
    """The mean of d^2 / 2 for d = |input - target| up to delta, else delta (d - delta / 2) (Huber, 1964).

    input and target have one shape, or shapes that broadcast, with a warning. weight multiplies the losses
    before they are reduced. reduction: 'mean', 'sum' or 'none'.

    Raises RuntimeError unless delta is positive, ValueError for another reduction.

    >>> import weft
    >>> weft.nn.functional.huber_loss(weft.tensor([0.5, 3.]), weft.zeros(2), reduction='none', delta=2.)
    tensor([0.1250, 4.0000])
    """
def l1_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', weight: Tensor | None=None) -> Tensor:
    """The mean of |input - target|; with reduction='sum' the sum, with 'none' the distance of each element.

    Arguments and errors are those of mse_loss(); complex numbers have distances too, which are real.

    >>> import weft
    >>> weft.nn.functional.l1_loss(weft.tensor([1., 3.]), weft.zeros(2))
    tensor(2.)
    """
def layer_norm(input: Tensor, normalized_shape: builtins.int | Sequence[builtins.int], weight: Tensor | None=None, bias: Tensor | None=None, eps: builtins.float=1e-05) -> Tensor:
    """(input - mean) / sqrt(var + eps) * weight + bias over the last dimensions (Ba, Kiros and Hinton, 2016).

    normalized_shape says which: input has shape (..., *normalized_shape), weight and bias have
    normalized_shape. var is the biased variance. The result has input's shape and dtype.

    Raises RuntimeError for shapes that do not fit and for dtypes that are not floating point.

    >>> import weft
    >>> weft.nn.functional.layer_norm(weft.tensor([1., 3.]), (2,), eps=0.)
    tensor([-1.,  1.])
    """
def leaky_relu(input: Any, negative_slope: builtins.float=0.01, inplace: builtins.bool=False) -> Any: ...
def leaky_relu_(input: Any, negative_slope: builtins.float=0.01) -> Any: ...
def linear(input: Tensor, weight: Tensor, bias: Tensor | None=None) -> Tensor:
    """input (..., in) @ weight (out, in).T + bias (out,): shape (..., out).

    >>> import weft
    >>> weft.nn.functional.linear(weft.ones(2, 3), weft.ones(4, 3)).shape
    weft.Size([2, 4])
    """
@overload
def log_softmax(input: Tensor, dim: builtins.int | None=None, _stacklevel: builtins.int=3, dtype: _DType | None=None) -> Tensor:
    """input - log(sum(exp(input))) along dim: the logarithm of softmax(), exact where that rounds to 0.

    dtype: input is converted to it first, and so is the result. Without dim it warns, and takes 0 for up to
    one dimension and for three, else 1.

    Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.

    >>> import weft
    >>> weft.nn.functional.log_softmax(weft.tensor([0., 1000.]), dim=0)
    tensor([-1000.,     0.])
    """
@overload
def log_softmax(input: Tensor, axis: builtins.int | None=None, _stacklevel: builtins.int=3, dtype: _DType | None=None) -> Tensor: ...
def logsigmoid(input: Tensor) -> Tensor: ...
def max_pool1d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, dilation: builtins.int | Sequence[builtins.int]=1, ceil_mode: builtins.bool=False, return_indices: builtins.bool=False) -> Tensor | Any:
    """The largest value of each window of kernel_size places, from (N, C, L) to (N, C, L'); N may be missing.

    A window starts every stride (by default kernel_size) places, with padding of -inf at both ends, and its
    elements are dilation places apart; L' = (L + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1,
    rounded down, or up with ceil_mode. With return_indices a pair: the values, and the place of each in L
    (int64).

    Raises ValueError for other shapes, RuntimeError for windows that do not fit.

    >>> import weft
    >>> weft.nn.functional.max_pool1d(weft.tensor([[1., 4., 3., 2.]]), 2)
    tensor([[4., 3.]])
    """
def max_pool2d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, dilation: builtins.int | Sequence[builtins.int]=1, ceil_mode: builtins.bool=False, return_indices: builtins.bool=False) -> Tensor | Any:
    """The largest value of each window of kernel_size, from (N, C, H, W) to (N, C, H', W'); N may be missing.

    Numbers are for both axes, pairs for rows and columns. Along each, a window starts every stride (by
    default kernel_size) places, as in max_pool1d(), with padding of -inf, and its elements are dilation
    places apart; ceil_mode rounds their number up. With return_indices a pair: the values, and the place of
    each in the plane (row W + column, int64).

    Raises RuntimeError for other shapes and windows that do not fit.

    >>> import weft
    >>> weft.nn.functional.max_pool2d(weft.arange(8.).view(1, 2, 4), 2)
    tensor([[[5., 7.]]])
    """
def mish(input: Any, inplace: builtins.bool=False) -> Any: ...
def mish_(input: Any) -> Any: ...
def mse_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', weight: Tensor | None=None) -> Tensor:
    """The mean of (input - target)^2; with reduction='sum' the sum, with 'none' the square of each element.

    input and target have one shape, or shapes that broadcast, with a warning. weight weighs the elements;
    the mean is then over the weights. size_average and reduce are former spellings of reduction.

    Raises ValueError for another reduction, RuntimeError for shapes that do not broadcast, for complex
    numbers and for the mean of integers.

    >>> import weft
    >>> weft.nn.functional.mse_loss(weft.tensor([1., 3.]), weft.zeros(2))
    tensor(5.)
    """
def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, ignore_index: builtins.int=-100, reduce: builtins.bool | None=None, reduction: str='mean') -> Tensor:
    """The mean of -input[target] over the samples; with reduction='none' the loss of each.

    input (N, C, ...) or (C,) holds log probabilities of C classes, as log_softmax() gives them, target
    class numbers (int64) of that shape without C. weight, ignore_index and the errors are those of
    cross_entropy().

    >>> import weft
    >>> weft.nn.functional.nll_loss(weft.tensor([[-1., -2.], [-3., -4.]]), weft.tensor([1, 0]), reduction='none')
    tensor([2., 3.])
    """
def one_hot(tensor: Tensor, num_classes: builtins.int=-1) -> Tensor:
    """1 at place tensor[...] of a new last dimension, else 0: of shape (*tensor.shape, num_classes), int64.

    tensor holds class numbers (int64) from 0 on. num_classes is by default one more than the largest.

    Raises RuntimeError for a class outside of 0 to num_classes - 1, another dtype, or an empty tensor
    without num_classes.

    >>> import weft
    >>> weft.nn.functional.one_hot(weft.tensor([2, 0]), 3)
    tensor([[0, 0, 1],
            [1, 0, 0]])
    """
def pad(input: Tensor, pad: builtins.int | Sequence[builtins.int], mode: str='constant', value: builtins.complex | None=None) -> Tensor:
    """Widens (or with negative widths crops) the last dimensions: widths before and after the last one come first.

    mode: 'constant' (value, default 0), 'reflect', 'replicate' or 'circular'.

    >>> import weft
    >>> weft.nn.functional.pad(weft.ones(2), (1, 2))
    tensor([0., 1., 1., 0., 0.])
    """
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where it is positive, else weight * x; weight has 1 element or one per channel (He et al., 2015).
    """
def relu(input: Any, inplace: builtins.bool=False) -> Any: ...
def relu6(input: Tensor, inplace: builtins.bool=False) -> Tensor: ...
def relu_(input: Any) -> Any: ...
def rms_norm(input: Tensor, normalized_shape: builtins.int | Sequence[builtins.int], weight: Tensor | None=None, eps: builtins.float | None=None) -> Tensor:
    """input / sqrt(mean(input^2) + eps) * weight over the last dimensions (Zhang and Sennrich, 2019).

    normalized_shape says which: input has shape (..., *normalized_shape), weight has normalized_shape. eps
    is by default the distance of 1 to the next number of input's dtype. The result has input's shape and
    dtype.

    Raises RuntimeError for shapes that do not fit and for dtypes that are not floating point.

    >>> import weft
    >>> weft.nn.functional.rms_norm(weft.tensor([3., 4.]), (2,), eps=0.)
    tensor([0.8485, 1.1314])
    """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None=None, dropout_p: builtins.float=0.0, is_causal: builtins.bool=False, scale: builtins.float | None=None, enable_gqa: builtins.bool=False) -> Tensor:
    """softmax(query key^T * scale) value (Vaswani et al., 2017).

    query (..., L, E), key (..., S, E) and value (..., S, V) give (..., L, V), of their dtype. attn_mask,
    broadcast to (..., L, S), is added to the scores, or if bool says which may take part. With is_causal
    query i sees keys 0 to i. scale is by default 1 / sqrt(E). With enable_gqa several heads (dimension -3)
    of query share one of key and value. Without mask and dropout it runs as one fused kernel that never
    holds the (L, S) weights: on the CPU, and on a GPU for half types.

    Raises ValueError for both attn_mask and is_causal, RuntimeError for shapes that do not fit.

    >>> import weft
    >>> q, v = weft.zeros(1, 2, 2), weft.tensor([[[1., 2.], [3., 4.]]])
    >>> weft.nn.functional.scaled_dot_product_attention(q, q, v, is_causal=True)
    tensor([[[1., 2.],
             [2., 3.]]])
    """
def selu(input: Any, inplace: builtins.bool=False) -> Any: ...
def selu_(input: Any) -> Any: ...
def sigmoid(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def silu(input: Any, inplace: builtins.bool=False) -> Any: ...
def silu_(input: Any) -> Any: ...
def smooth_l1_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', beta: builtins.float=1.0) -> Tensor:
    """The mean of d^2 / (2 beta) for d = |input - target| below beta, else d - beta / 2 (Girshick, 2015).

    input and target have one shape, or shapes that broadcast, with a warning. beta 0 gives l1_loss().
    reduction: 'mean', 'sum' or 'none'; size_average and reduce are former spellings of it.

    Raises RuntimeError for a negative beta, ValueError for another reduction.

    >>> import weft
    >>> weft.nn.functional.smooth_l1_loss(weft.tensor([0.5, 3.]), weft.zeros(2), reduction='none')
    tensor([0.1250, 2.5000])
    """
@overload
def softmax(input: Tensor, dim: builtins.int | None=None, _stacklevel: builtins.int=3, dtype: _DType | None=None) -> Tensor:
    """exp(input) / sum(exp(input)) along dim, computed without overflow; of input's shape.

    dtype: input is converted to it first, and so is the result. Without dim it warns, and takes 0 for up to
    one dimension and for three, else 1.

    Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.

    >>> import weft
    >>> weft.nn.functional.softmax(weft.tensor([0, 1]), dim=0, dtype=weft.float32)
    tensor([0.2689, 0.7311])
    """
@overload
def softmax(input: Tensor, axis: builtins.int | None=None, _stacklevel: builtins.int=3, dtype: _DType | None=None) -> Tensor: ...
def softplus(input: Tensor, beta: builtins.float=1.0, threshold: builtins.float=20.0) -> Tensor: ...
def softshrink(input: Tensor, lambd: builtins.float=0.5) -> Tensor: ...
def softsign(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def tanh(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def tanhshrink(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def threshold(input: Any, threshold: builtins.complex=0, value: builtins.complex=0, inplace: builtins.bool=False) -> Any: ...
def threshold_(input: Any, threshold: builtins.complex=0, value: builtins.complex=0) -> Any: ...
