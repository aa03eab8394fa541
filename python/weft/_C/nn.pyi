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
class _ScoreProgram:
    def operand(self, arg0: typing.SupportsIndex, arg1: collections.abc.Sequence[weft.Tensor]) -> weft.Tensor:
        ...
    def operands(self) -> list[Any]:
        ...
def _attention_kernels() -> builtins.int:
    """Which kernels attention may use on this thread: 1 fused, 2 composite, 3 both.
    """
def _flex_attention(program: Any, query: Tensor, key: Tensor, value: Tensor, operands: list[Tensor], rows: builtins.int, columns: builtins.int, scale: builtins.float, states: Tensor | None=None) -> Any: ...
def _fractional_max_pool(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], output_size: builtins.int | Sequence[builtins.int], _random_samples: Tensor) -> tuple[Tensor, Tensor]:
    """The values and places of fractional_max_pool2d() or, where kernel_size has three numbers,
    fractional_max_pool3d().
    """
def _linear_cross_entropy(input: Tensor, linear_weight: Tensor, target: Tensor, linear_bias: Tensor | None=None, weight: Tensor | None=None, reduction: str='mean', ignore_index: builtins.int=-100, label_smoothing: builtins.float=0.0, chunk: builtins.int=0) -> Tensor: ...
def _max_unpool(input: Tensor, indices: Tensor, output_size: builtins.int | Sequence[builtins.int]) -> Tensor:
    """max_unpool1d(), max_unpool2d() or max_unpool3d(), by the number of sizes.
    """
def _not_traced(function: Any) -> Any: ...
def _require_all(condition: Tensor, message: str, of_value: builtins.bool=False) -> None: ...
def _score_program(compute: _DType, device: _Device | str | builtins.int, score_mod: Any=None, mask_mod: Any=None) -> Any: ...
def _set_attention_kernels(allowed: builtins.int) -> None:
    """Sets which kernels attention may use on this thread.
    """
def adaptive_avg_pool1d(input: Tensor, output_size: builtins.int | Sequence[builtins.int | None] | None) -> Tensor:
    """The mean of each of output_size windows that cover the last dimension: (N, C, L) to (N, C, output_size).

    Window i reaches from floor(i L / output_size) to ceil((i + 1) L / output_size). N may be missing; None
    as output_size is L.

    Raises ValueError for other shapes, TypeError for an output_size that is no integer.
    """
def adaptive_avg_pool2d(input: Tensor, output_size: builtins.int | Sequence[builtins.int | None]) -> Tensor:
    """The mean of each of H' times W' windows that cover the plane, from (N, C, H, W) to (N, C, H', W').

    output_size is (H', W'): one number for both, or two; None in it keeps the input's. Window i of n along
    an axis of size s reaches from floor(i s / n) to ceil((i + 1) s / n). N may be missing.

    Raises RuntimeError for other shapes, TypeError for sizes that are no integers.
    """
def adaptive_avg_pool3d(input: Tensor, output_size: builtins.int | Sequence[builtins.int | None]) -> Tensor:
    """The mean of each of D' H' W' windows that cover the volume, from (N, C, D, H, W) to (N, C, D', H', W').

    output_size is (D', H', W'): one number for all, or three; None in it keeps the input's. Window i of n
    along an axis of size s reaches from floor(i s / n) to ceil((i + 1) s / n). N may be missing.

    Raises RuntimeError for other shapes, TypeError for sizes that are no integers.
    """
def adaptive_max_pool1d(input: Tensor, output_size: builtins.int | Sequence[builtins.int | None] | None, return_indices: builtins.bool=False) -> Tensor | Any:
    """The largest value of each of output_size windows that cover the last dimension, of size L.

    The windows, shapes and errors are those of adaptive_avg_pool1d(). With return_indices a pair: the
    values, and the place of each in L (int64).
    """
def adaptive_max_pool2d(input: Tensor, output_size: builtins.int | Sequence[builtins.int | None], return_indices: builtins.bool=False) -> Tensor | Any:
    """The largest value of each of H' times W' windows that cover the plane, from (N, C, H, W) to (N, C, H', W').

    output_size, the windows and errors are those of adaptive_avg_pool2d(). With return_indices a pair: the
    values, and the place of each in the plane (row W + column, int64).
    """
def adaptive_max_pool3d(input: Tensor, output_size: builtins.int | Sequence[builtins.int | None], return_indices: builtins.bool=False) -> Tensor | Any:
    """The largest value of each of D' H' W' windows that cover the volume, from (N, C, D, H, W).

    The result is (N, C, D', H', W'); output_size, the windows and errors are those of adaptive_avg_pool3d().
    With return_indices a pair: the values, and the place of each in the volume ((slice H + row) W + column,
    int64).
    """
def affine_grid(theta: Tensor, size: builtins.int | Sequence[builtins.int], align_corners: builtins.bool | None=None) -> Tensor:
    """The grid for grid_sample() that an affine map gives: theta times (x, y, 1), or (x, y, z, 1).

    theta is (N, 2, 3) for size (N, C, H, W), or (N, 3, 4) for (N, C, D, H, W); the result (N, H, W, 2) or
    (N, D, H, W, 3). x, y (and z) are the centers of the result's pixels, between -1 and 1, the outer edges; or
    with align_corners the centers of the outermost pixels.

    Raises ValueError for a theta or sizes that do not fit, NotImplementedError for other numbers of sizes.
    """
def avg_pool1d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True) -> Tensor:
    """The mean of each window of kernel_size places, from (N, C, L) to (N, C, L'); N may be missing.

    A window starts every stride (by default kernel_size) places, with padding zeros at both ends, which
    count as elements unless count_include_pad is False; L' = (L + 2 padding - kernel_size) / stride + 1,
    rounded down, or up with ceil_mode.

    Raises ValueError for other shapes, RuntimeError for windows that do not fit.
    """
def avg_pool2d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True, divisor_override: builtins.int | None=None) -> Tensor:
    """The mean of each window of kernel_size, from (N, C, H, W) to (N, C, H', W'); N may be missing.

    Numbers are for both axes, pairs for rows and columns; stride, padding and ceil_mode are those of
    avg_pool1d(). The sum is divided by the number of elements, of padding too unless count_include_pad is
    False, or by divisor_override.

    Raises RuntimeError for other shapes, windows that do not fit and a divisor of 0.
    """
def avg_pool3d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True, divisor_override: builtins.int | None=None) -> Tensor:
    """The mean of each window of kernel_size, from (N, C, D, H, W) to (N, C, D', H', W'); N may be missing.

    Numbers are for all axes, triples for depth, rows and columns; stride, padding and ceil_mode are those of
    avg_pool1d(). The sum is divided by the number of elements, of padding too unless count_include_pad is
    False, or by divisor_override.

    Raises RuntimeError for other shapes, windows that do not fit and a divisor of 0.
    """
def batch_norm(input: Tensor, running_mean: Tensor | None=None, running_var: Tensor | None=None, weight: Tensor | None=None, bias: Tensor | None=None, training: builtins.bool=False, momentum: builtins.float=0.1, eps: builtins.float=1e-05) -> Tensor:
    """(input - mean) / sqrt(var + eps) * weight + bias for each channel (Ioffe and Szegedy, 2015).

    input (N, C, ...), the rest (C,); the result has input's shape and dtype. In training mean and var are
    those of the batch over all other dimensions, and running_mean and running_var, where given, move by
    momentum towards them (towards the unbiased variance); else mean and var are the running ones.

    Raises ValueError in training with a single value per channel, RuntimeError without running statistics
    outside of training and for parameters that do not fit.
    """
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None=None) -> Tensor:
    """out[..., o] = sum over i and j of input1[..., i] weight[o, i, j] input2[..., j], plus bias[o]:
    shapes (..., n), (..., m), (out, n, m) and (out,) give (..., out).

    Raises RuntimeError where the shapes do not fit.
    """
def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean') -> Tensor:
    """The mean of -(target log(input) + (1 - target) log(1 - input)) for probabilities of one shape.

    Logarithms count as -100 where they are less. weight, of a shape that broadcasts, multiplies the losses.
    reduction: 'mean', 'sum' or 'none'; size_average and reduce are former spellings of it.

    Raises RuntimeError for an input outside of [0, 1], ValueError for a target of another shape.
    """
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', pos_weight: Tensor | None=None) -> Tensor:
    """binary_cross_entropy() of sigmoid(input), computed from the logits without overflow or loss.

    input and target have one shape. pos_weight multiplies the term of target: above 1 it makes misses of
    the class cost more. weight, of a shape that broadcasts, multiplies the losses; reduction is as there.

    Raises ValueError for a target of another shape.
    """
def celu(input: Tensor, alpha: builtins.float=1, inplace: builtins.bool=False) -> Tensor:
    """x where it is positive, else alpha (e^(x / alpha) - 1) (Barron, 2017). inplace=True writes the result over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def celu_(input: Tensor, alpha: builtins.float=1) -> Tensor:
    """x where it is positive, else alpha (e^(x / alpha) - 1) (Barron, 2017). Written over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: builtins.int | Sequence[builtins.int]=1, padding: builtins.int | Sequence[builtins.int] | str=0, dilation: builtins.int | Sequence[builtins.int]=1, groups: builtins.int=1) -> Tensor:
    """Sums of products: out[o, i] = bias[o] + sum of weight[o, c, k] input[c, i stride + k dilation - padding].

    input (N, inputs, L), or without N, weight (outputs, inputs / groups, K), bias (outputs,): the result is
    (N, outputs, L') with L' = (L + 2 padding - dilation (K - 1) - 1) / stride + 1, rounded down. What lies
    outside of input is 0. With groups each output sees only the inputs of its group. padding: a number,
    'valid' (0) or 'same', which keeps L and needs stride 1.

    Raises RuntimeError for shapes, dtypes and options that do not fit, TypeError for a stride that is no
    integer.
    """
def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: builtins.int | Sequence[builtins.int]=1, padding: builtins.int | Sequence[builtins.int] | str=0, dilation: builtins.int | Sequence[builtins.int]=1, groups: builtins.int=1) -> Tensor:
    """Sums of products over an image: conv1d() with two spatial dimensions (LeCun et al., 1989).

    input (N, inputs, H, W), or without N, weight (outputs, inputs / groups, KH, KW), bias (outputs,): the
    result is (N, outputs, H', W'), each size by the formula of conv1d(). stride, padding and dilation are a
    number, or one for rows and one for columns; padding may be 'valid' or 'same' (needs stride 1).

    Raises RuntimeError for shapes, dtypes and options that do not fit.
    """
def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: builtins.int | Sequence[builtins.int]=1, padding: builtins.int | Sequence[builtins.int] | str=0, dilation: builtins.int | Sequence[builtins.int]=1, groups: builtins.int=1) -> Tensor:
    """Sums of products over a volume: conv1d() with three spatial dimensions.

    input (N, inputs, D, H, W), or without N, weight (outputs, inputs / groups, KD, KH, KW), bias
    (outputs,): the result is (N, outputs, D', H', W'), each size by the formula of conv1d(). stride,
    padding and dilation are a number or three; padding may be 'valid' or 'same' (needs stride 1).

    Raises RuntimeError for shapes, dtypes and options that do not fit.
    """
def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: builtins.int | Sequence[builtins.int]=1, padding: builtins.int | Sequence[builtins.int]=0, output_padding: builtins.int | Sequence[builtins.int]=0, groups: builtins.int=1, dilation: builtins.int | Sequence[builtins.int]=1) -> Tensor:
    """Transposed convolution: adds input[c, i] weight[c, o, k] to out[o, i stride + k dilation - padding].

    It is the gradient of conv1d() by its input, as a layer. input (N, inputs, L), or without N, weight
    (inputs, outputs / groups, K), bias (outputs,): the result is (N, outputs, L') with L' =
    (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1 (Dumoulin and Visin, 2016).

    Raises RuntimeError for shapes, dtypes and options that do not fit, such as an output_padding that is
    not smaller than stride or dilation.
    """
def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: builtins.int | Sequence[builtins.int]=1, padding: builtins.int | Sequence[builtins.int]=0, output_padding: builtins.int | Sequence[builtins.int]=0, groups: builtins.int=1, dilation: builtins.int | Sequence[builtins.int]=1) -> Tensor:
    """The transposed convolution of images: conv_transpose1d() with two spatial dimensions.

    It is the gradient of conv2d() by its input, as a layer. input (N, inputs, H, W), or without N, weight
    (inputs, outputs / groups, KH, KW), bias (outputs,): the result is (N, outputs, H', W'), each size by
    the formula of conv_transpose1d(). stride, padding, output_padding and dilation are a number, or one for
    each axis.

    Raises RuntimeError for shapes, dtypes and options that do not fit.
    """
def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: builtins.int | Sequence[builtins.int]=1, padding: builtins.int | Sequence[builtins.int]=0, output_padding: builtins.int | Sequence[builtins.int]=0, groups: builtins.int=1, dilation: builtins.int | Sequence[builtins.int]=1) -> Tensor:
    """The transposed convolution of volumes: conv_transpose1d() with three spatial dimensions.

    input (N, inputs, D, H, W), or without N, weight (inputs, outputs / groups, KD, KH, KW), bias
    (outputs,): the result is (N, outputs, D', H', W'), each size by the formula of conv_transpose1d().

    Raises RuntimeError for shapes, dtypes and options that do not fit.
    """
def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, ignore_index: builtins.int=-100, reduce: builtins.bool | None=None, reduction: str='mean', label_smoothing: builtins.float=0.0) -> Tensor:
    """The mean of -log(softmax(input)[target]) over the samples; with reduction='none' the loss of each.

    input (N, C, ...) or (C,) holds logits of C classes, target class numbers (int64 or uint8) of that shape without
    C, or probabilities of input's shape. weight (C,) weighs the classes; the mean is then over the targets'
    weights. Targets that are ignore_index do not count. label_smoothing s mixes a target with s / C of
    every class (Szegedy et al., 2016). size_average and reduce are former spellings of reduction. The dtype
    is input's.

    Raises IndexError for a class that is not there, ValueError for another shape or reduction, RuntimeError
    for dtypes that do not fit.
    """
def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Tensor | Sequence[builtins.int], target_lengths: Tensor | Sequence[builtins.int], blank: builtins.int=0, reduction: str='mean', zero_infinity: builtins.bool=False) -> Tensor:
    """Minus the log likelihood of labels whose alignment with the input is not known (Graves et al., 2006).

    An alignment has a class for each time; without repetitions, then without blanks, it is the target. The
    likelihood is the sum over all alignments of the products of their probabilities.

    log_probs (T, N, C) or (T, C) comes from log_softmax(); targets (N, S), or without N (S), are labels from
    0 to C - 1 that are not blank, or those of all samples one after the other in a vector. input_lengths and
    target_lengths say how many of the T times and labels belong to each sample. With reduction='mean' each
    loss is divided by the length of its target before the mean is taken; 'sum' and 'none' are the others.
    zero_infinity: losses of targets that have no alignment count as 0, and so do their gradients.

    The gradient supposes that each row of exp(log_probs) adds up to 1: it is exp(log_probs) minus the
    posterior probabilities of the classes, which behind log_softmax() is the derivative.

    Raises RuntimeError for shapes, dtypes and lengths that do not fit, IndexError for a label that is no
    class, ValueError for another reduction.
    """
def dropout(input: Tensor, p: builtins.float=0.5, training: builtins.bool=True, inplace: builtins.bool=False) -> Tensor:
    """Zeroes each element with probability p and multiplies the others by 1 / (1 - p), so that the mean
    stays; with training=False gives input back (Srivastava et al., 2014). inplace=True writes the
    result over input.

    Raises ValueError unless 0 <= p <= 1.
    """
def elu(input: Tensor, alpha: builtins.float=1, inplace: builtins.bool=False) -> Tensor:
    """x where it is positive, else alpha (e^x - 1) (Clevert et al., 2015). inplace=True writes the result over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def elu_(input: Tensor, alpha: builtins.float=1) -> Tensor:
    """x where it is positive, else alpha (e^x - 1) (Clevert et al., 2015). Written over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def embedding(input: Tensor, weight: Tensor, padding_idx: builtins.int | None=None, max_norm: builtins.float | None=None, norm_type: builtins.float=2.0, scale_grad_by_freq: builtins.bool=False, sparse: builtins.bool=False) -> Tensor:
    """The rows of weight (rows, size) whose numbers input holds: of shape (*input.shape, size).

    input is int64 or int32. The gradient of row padding_idx, which may count from the end, is zero.
    max_norm: rows that are used and have a larger norm, of order norm_type, are first scaled down to it, in
    place. scale_grad_by_freq divides the gradient of a row by how often input holds it.

    Raises IndexError for a row that does not exist, ValueError for such a padding_idx, NotImplementedError
    for sparse=True, RuntimeError for other dtypes.
    """
def embedding_bag(input: Tensor, weight: Tensor, offsets: Tensor | None=None, max_norm: builtins.float | None=None, norm_type: builtins.float=2, scale_grad_by_freq: builtins.bool=False, mode: str='mean', sparse: builtins.bool=False, per_sample_weights: Tensor | None=None, include_last_offset: builtins.bool=False, padding_idx: builtins.int | None=None) -> Tensor:
    """The sum, mean or maximum of rows of weight (rows, size), bag by bag: of shape (bags, size).

    input (bags, items) holds the numbers of the rows in each bag, or input (items) those of all bags one
    after the other, and offsets where each bag begins; with include_last_offset its last entry is the end of
    the last bag. A bag without items gives zeros. No row is copied on the way.

    per_sample_weights, of input's shape, multiply the rows (with mode='sum'). Items of row padding_idx are
    left out. max_norm: rows that are used and have a larger norm, of order norm_type, are first scaled down
    to it, in place. scale_grad_by_freq divides the gradient of a row by how often input holds it.

    Raises IndexError for a row that does not exist, ValueError for shapes and another mode, RuntimeError
    for offsets that do not begin with 0 or that decrease, NotImplementedError for sparse=True and for
    per_sample_weights with another mode.
    """
def feature_dropout(input: Tensor, p: builtins.float=0.5, training: builtins.bool=True, inplace: builtins.bool=False) -> Tensor:
    """dropout() of whole channels: all elements that agree in the first two dimensions are zeroed together
    or multiplied by 1 / (1 - p) (Tompson et al., 2015). inplace=True writes the result over input.

    Raises ValueError unless 0 <= p <= 1.
    """
def gelu(input: Tensor, *, approximate: str='none') -> Tensor:
    """x Phi(x), where Phi(x) = (1 + erf(x / sqrt(2))) / 2 is the normal distribution; with approximate='tanh' x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 (Hendrycks and Gimpel, 2016).

    Raises RuntimeError for integers, bools and another `approximate`, NotImplementedError for complex tensors.
    """
@overload
def glu(input: Tensor, dim: builtins.int=-1) -> Tensor:
    """The first half of input along dim times the sigmoid of the second (Dauphin et al., 2017).

    Raises RuntimeError where dim has an odd size, and for a tensor without dimensions.
    """
@overload
def glu(input: Tensor, axis: builtins.int=-1) -> Tensor: ...
def grid_sample(input: Tensor, grid: Tensor, mode: str='bilinear', padding_mode: str='zeros', align_corners: builtins.bool | None=None) -> Tensor:
    """Samples of images (N, C, H, W) or volumes (N, C, D, H, W) at the places of a grid (Jaderberg et al., 2015).

    grid, (N, H', W', 2) or (N, D', H', W', 3), holds x, y (and z) of each sample: -1 and 1 are the outer edges
    of the image, or with align_corners the centers of its outermost pixels; the result is (N, C, H', W') or
    (N, C, D', H', W'). A sample is made of the pixels around it ('bilinear'), the nearest one ('nearest'), or
    by cubic convolution with a = -0.75 of four along each axis ('bicubic', images alone). Outside of the image
    lie zeros, its border, or its reflection ('zeros', 'border', 'reflection'). Both arguments have gradients.

    A coordinate that is NaN counts as one far before the first pixel, where PyTorch may give NaN, and an
    infinite one as one far outside: where zeros lie outside, a grid that has diverged gives 0.

    Raises ValueError for an unknown mode or padding_mode, RuntimeError for shapes or dtypes that do not fit.
    """
def group_norm(input: Tensor, num_groups: builtins.int, weight: Tensor | None=None, bias: Tensor | None=None, eps: builtins.float=1e-05) -> Tensor:
    """(input - mean) / sqrt(var + eps) * weight + bias for each group of channels (Wu and He, 2018).

    input (N, C, ...), weight and bias (C,); a group is C / num_groups channels of one sample, with all that
    follows. The result has input's shape and dtype.

    Raises RuntimeError where num_groups does not divide C, and for shapes and dtypes that do not fit.
    """
def hardshrink(input: Tensor, lambd: builtins.float=0.5) -> Tensor:
    """x where |x| is above lambd, else 0. Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def hardsigmoid(input: Tensor, inplace: builtins.bool=False) -> Tensor:
    """x / 6 + 1 / 2, limited to [0, 1] (Howard et al., 2019). inplace=True writes the result over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def hardsigmoid_(input: Tensor) -> Tensor:
    """x / 6 + 1 / 2, limited to [0, 1] (Howard et al., 2019). Written over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def hardswish(input: Tensor, inplace: builtins.bool=False) -> Tensor:
    """x times x / 6 + 1 / 2, the latter limited to [0, 1] (Howard et al., 2019). inplace=True writes the result over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def hardswish_(input: Tensor) -> Tensor:
    """x times x / 6 + 1 / 2, the latter limited to [0, 1] (Howard et al., 2019). Written over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def hardtanh(input: Tensor, min_val: builtins.float=-1, max_val: builtins.float=1, inplace: builtins.bool=False) -> Tensor:
    """x limited to [min_val, max_val]; NaN stays. inplace=True writes the result over input.

    Raises NotImplementedError for complex tensors.
    """
def hardtanh_(input: Tensor, min_val: builtins.float=-1, max_val: builtins.float=1) -> Tensor:
    """x limited to [min_val, max_val]; NaN stays. Written over input.

    Raises NotImplementedError for complex tensors.
    """
def huber_loss(input: Tensor, target: Tensor, reduction: str='mean', delta: builtins.float=1.0, weight: Tensor | None=None) -> Tensor:
    """The mean of d^2 / 2 for d = |input - target| up to delta, else delta (d - delta / 2) (Huber, 1964).

    input and target have one shape, or shapes that broadcast, with a warning. weight multiplies the losses
    before they are reduced. reduction: 'mean', 'sum' or 'none'.

    Raises RuntimeError unless delta is positive, ValueError for another reduction.
    """
def interpolate(input: Tensor, size: builtins.int | Sequence[builtins.int] | None=None, scale_factor: builtins.float | Sequence[builtins.float] | None=None, mode: str='nearest', align_corners: builtins.bool | None=None, recompute_scale_factor: builtins.bool | None=None, antialias: builtins.bool=False) -> Tensor:
    """Sequences (N, C, L), images (N, C, H, W) or volumes (N, C, D, H, W) resampled to another size.

    The size is given by size or by scale_factor (rounded down), a number or one for each dimension. Output i
    lies at (i + 0.5) s - 0.5 of the input, s being 1 / scale_factor, or the quotient of the sizes, with size
    or recompute_scale_factor; with align_corners at i (n - 1) / (m - 1), so that the centers of the outermost
    elements are aligned. There the mode takes: 'nearest' element floor(i s), 'nearest-exact'
    floor((i + 0.5) s); 'linear', 'bilinear', 'trilinear' (of one, two, three dimensions) the elements beside
    it by their distance; 'bicubic' (images) four along each dimension by cubic convolution with a = -0.75
    (Keys, 1981); 'area' the mean of floor(i n / m) to ceil((i + 1) n / m). With antialias bilinear and bicubic
    filters (then a = -0.5) are as much wider as the image becomes smaller. Integers can be taken by the
    nearest modes, images of uint8 by bilinear and bicubic, too, whose weights then have 16 bits.

    Raises ValueError for options that contradict each other, NotImplementedError for a mode that is unknown or
    of another number of dimensions, RuntimeError for sizes that are not positive and other dtypes.
    """
def l1_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', weight: Tensor | None=None) -> Tensor:
    """The mean of |input - target|; with reduction='sum' the sum, with 'none' the distance of each element.

    Arguments and errors are those of mse_loss(); complex numbers have distances too, which are real.
    """
def layer_norm(input: Tensor, normalized_shape: builtins.int | Sequence[builtins.int], weight: Tensor | None=None, bias: Tensor | None=None, eps: builtins.float=1e-05) -> Tensor:
    """(input - mean) / sqrt(var + eps) * weight + bias over the last dimensions (Ba, Kiros and Hinton, 2016).

    normalized_shape says which: input has shape (..., *normalized_shape), weight and bias have
    normalized_shape. var is the biased variance. The result has input's shape and dtype.

    Raises RuntimeError for shapes that do not fit and for dtypes that are not floating point.
    """
def leaky_relu(input: Tensor, negative_slope: builtins.float=0.01, inplace: builtins.bool=False) -> Tensor:
    """x where it is positive, else negative_slope x (Maas et al., 2013). inplace=True writes the result over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def leaky_relu_(input: Tensor, negative_slope: builtins.float=0.01) -> Tensor:
    """x where it is positive, else negative_slope x (Maas et al., 2013). Written over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def linear(input: Tensor, weight: Tensor, bias: Tensor | None=None) -> Tensor:
    """input @ weight.T + bias: shapes (..., in), (out, in) and (out,) give (..., out).

    Raises RuntimeError where the shapes or dtypes do not fit.
    """
@overload
def log_softmax(input: Tensor, dim: builtins.int | None=None, _stacklevel: builtins.int=3, dtype: _DType | None=None) -> Tensor:
    """input - log(sum(exp(input))) along dim: the logarithm of softmax(), exact where that rounds to 0.

    dtype: input is converted to it first, and so is the result. Without dim it warns, and takes 0 for up to
    one dimension and for three, else 1.

    Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.
    """
@overload
def log_softmax(input: Tensor, axis: builtins.int | None=None, _stacklevel: builtins.int=3, dtype: _DType | None=None) -> Tensor: ...
def logsigmoid(input: Tensor) -> Tensor:
    """log(1 / (1 + e^-x)), finite also where e^-x overflows. Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def max_pool1d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, dilation: builtins.int | Sequence[builtins.int]=1, ceil_mode: builtins.bool=False, return_indices: builtins.bool=False) -> Tensor | Any:
    """The largest value of each window of kernel_size places, from (N, C, L) to (N, C, L'); N may be missing.

    A window starts every stride (by default kernel_size) places, with padding of -inf at both ends, and its
    elements are dilation places apart; L' = (L + 2 padding - dilation (kernel_size - 1) - 1) / stride + 1,
    rounded down, or up with ceil_mode. With return_indices a pair: the values, and the place of each in L
    (int64).

    Raises ValueError for other shapes, RuntimeError for windows that do not fit.
    """
def max_pool2d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, dilation: builtins.int | Sequence[builtins.int]=1, ceil_mode: builtins.bool=False, return_indices: builtins.bool=False) -> Tensor | Any:
    """The largest value of each window of kernel_size, from (N, C, H, W) to (N, C, H', W'); N may be missing.

    Numbers are for both axes, pairs for rows and columns. Along each, a window starts every stride (by
    default kernel_size) places, as in max_pool1d(), with padding of -inf, and its elements are dilation
    places apart; ceil_mode rounds their number up. With return_indices a pair: the values, and the place of
    each in the plane (row W + column, int64).

    Raises RuntimeError for other shapes and windows that do not fit.
    """
def max_pool3d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, dilation: builtins.int | Sequence[builtins.int]=1, ceil_mode: builtins.bool=False, return_indices: builtins.bool=False) -> Tensor | Any:
    """The largest value of each window of kernel_size, from (N, C, D, H, W) to (N, C, D', H', W'); N may be missing.

    Numbers are for all axes, triples for depth, rows and columns. Along each, a window starts every stride (by
    default kernel_size) places, as in max_pool1d(), with padding of -inf, and its elements are dilation
    places apart; ceil_mode rounds their number up. With return_indices a pair: the values, and the place of
    each in the volume ((slice H + row) W + column, int64).

    Raises RuntimeError for other shapes and windows that do not fit.
    """
def mish(input: Tensor, inplace: builtins.bool=False) -> Tensor:
    """x tanh(log(1 + e^x)) (Misra, 2019). inplace=True writes the result over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def mish_(input: Tensor) -> Tensor:
    """x tanh(log(1 + e^x)) (Misra, 2019). Written over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def mse_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', weight: Tensor | None=None) -> Tensor:
    """The mean of (input - target)^2; with reduction='sum' the sum, with 'none' the square of each element.

    input and target have one shape, or shapes that broadcast, with a warning. weight weighs the elements;
    the mean is then over the weights. size_average and reduce are former spellings of reduction.

    Raises ValueError for another reduction, RuntimeError for shapes that do not broadcast, for complex
    numbers and for the mean of integers.
    """
def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, ignore_index: builtins.int=-100, reduce: builtins.bool | None=None, reduction: str='mean') -> Tensor:
    """The mean of -input[target] over the samples; with reduction='none' the loss of each.

    input (N, C, ...) or (C,) holds log probabilities of C classes, as log_softmax() gives them, target
    class numbers (int64 or uint8) of that shape without C. weight, ignore_index and the errors are those of
    cross_entropy().
    """
def one_hot(tensor: Tensor, num_classes: builtins.int=-1) -> Tensor:
    """1 at place tensor[...] of a new last dimension, else 0: of shape (*tensor.shape, num_classes), int64.

    tensor holds class numbers (int64) from 0 on. num_classes is by default one more than the largest.

    Raises RuntimeError for a class outside of 0 to num_classes - 1, another dtype, or an empty tensor
    without num_classes.
    """
def pad(input: Tensor, pad: builtins.int | Sequence[builtins.int], mode: str='constant', value: builtins.complex | None=None) -> Tensor:
    """A copy widened at both ends of the last dimensions, or cropped where a width is negative. pad has
    the widths before and after the last dimension, then those of the one before it, and so on. The new
    elements are, by mode, value (default 0; 'constant'), mirrored without the edge ('reflect'), those
    of the edge ('replicate') or those of the other end ('circular').

    Raises RuntimeError for an odd number of widths, too many of them, or wider ones than the mode can
    fill.
    """
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where it is positive, else weight * x; weight has 1 element, or one for each channel, which is dimension 1 (He et al., 2015).

    Raises RuntimeError for another number of weights, or another dtype than input's.
    """
def relu(input: Tensor, inplace: builtins.bool=False) -> Tensor:
    """max(x, 0); NaN stays (Nair and Hinton, 2010). inplace=True writes the result over input.

    Raises NotImplementedError for complex tensors.
    """
def relu6(input: Tensor, inplace: builtins.bool=False) -> Tensor:
    """input limited to [0, 6]; NaN stays (Howard et al., 2017). inplace=True writes the result over input.

    Raises NotImplementedError for complex tensors.
    """
def relu_(input: Tensor) -> Tensor:
    """max(x, 0); NaN stays (Nair and Hinton, 2010). Written over input.

    Raises NotImplementedError for complex tensors.
    """
def rms_norm(input: Tensor, normalized_shape: builtins.int | Sequence[builtins.int], weight: Tensor | None=None, eps: builtins.float | None=None) -> Tensor:
    """input / sqrt(mean(input^2) + eps) * weight over the last dimensions (Zhang and Sennrich, 2019).

    normalized_shape says which: input has shape (..., *normalized_shape), weight has normalized_shape. eps
    is by default the distance of 1 to the next number of input's dtype. The result has input's shape and
    dtype.

    Raises RuntimeError for shapes that do not fit and for dtypes that are not floating point.
    """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None=None, dropout_p: builtins.float=0.0, is_causal: builtins.bool=False, scale: builtins.float | None=None, enable_gqa: builtins.bool=False) -> Tensor:
    """softmax(query key^T * scale) value (Vaswani et al., 2017).

    query (..., L, E), key (..., S, E) and value (..., S, V) give (..., L, V), of their dtype. attn_mask,
    broadcast to (..., L, S), is added to the scores, or if bool says which may take part. With is_causal
    query i sees keys 0 to i. scale is by default 1 / sqrt(E). With enable_gqa several heads (dimension -3)
    of query share one of key and value. Without dropout it runs as one fused kernel that never holds the
    (L, S) weights: on the CPU with or without a mask (whose own gradient takes as much), on a GPU for half
    types without one.

    Raises ValueError for both attn_mask and is_causal, RuntimeError for shapes that do not fit.
    """
def selu(input: Tensor, inplace: builtins.bool=False) -> Tensor:
    """1.0507 x where x is positive, else 1.0507 * 1.6733 (e^x - 1): the numbers that keep mean 0 and variance 1 (Klambauer et al., 2017). inplace=True writes the result over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def selu_(input: Tensor) -> Tensor:
    """1.0507 x where x is positive, else 1.0507 * 1.6733 (e^x - 1): the numbers that keep mean 0 and variance 1 (Klambauer et al., 2017). Written over input.

    Raises RuntimeError for integers and bools, NotImplementedError for complex tensors.
    """
def sigmoid(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """1 / (1 + e^-x), the logistic function. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def silu(input: Tensor, inplace: builtins.bool=False) -> Tensor:
    """x sigmoid(x), also named swish (Hendrycks and Gimpel, 2016; Ramachandran et al., 2017). inplace=True writes the result over input.

    Raises RuntimeError for integers and bools.
    """
def silu_(input: Tensor) -> Tensor:
    """x sigmoid(x), also named swish (Hendrycks and Gimpel, 2016; Ramachandran et al., 2017). Written over input.

    Raises RuntimeError for integers and bools.
    """
def smooth_l1_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', beta: builtins.float=1.0) -> Tensor:
    """The mean of d^2 / (2 beta) for d = |input - target| below beta, else d - beta / 2 (Girshick, 2015).

    input and target have one shape, or shapes that broadcast, with a warning. beta 0 gives l1_loss().
    reduction: 'mean', 'sum' or 'none'; size_average and reduce are former spellings of it.

    Raises RuntimeError for a negative beta, ValueError for another reduction.
    """
@overload
def softmax(input: Tensor, dim: builtins.int | None=None, _stacklevel: builtins.int=3, dtype: _DType | None=None) -> Tensor:
    """exp(input) / sum(exp(input)) along dim, computed without overflow; of input's shape.

    dtype: input is converted to it first, and so is the result. Without dim it warns, and takes 0 for up to
    one dimension and for three, else 1.

    Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.
    """
@overload
def softmax(input: Tensor, axis: builtins.int | None=None, _stacklevel: builtins.int=3, dtype: _DType | None=None) -> Tensor: ...
def softplus(input: Tensor, beta: builtins.float=1.0, threshold: builtins.float=20.0) -> Tensor:
    """log(1 + e^(beta x)) / beta, and x itself where beta x is above threshold. Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def softshrink(input: Tensor, lambd: builtins.float=0.5) -> Tensor:
    """x moved by lambd towards 0, and 0 where |x| is not above lambd. Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def softsign(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x / (1 + |x|). Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def tanh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """sinh(x) / cosh(x), the hyperbolic tangent. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def tanhshrink(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x - tanh(x). Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def threshold(input: Tensor, threshold: builtins.float=0, value: builtins.float=0, inplace: builtins.bool=False) -> Tensor:
    """x where it is above threshold, else value. inplace=True writes the result over input.

    Raises NotImplementedError for complex tensors.
    """
def threshold_(input: Tensor, threshold: builtins.float=0, value: builtins.float=0) -> Tensor:
    """x where it is above threshold, else value. Written over input.

    Raises NotImplementedError for complex tensors.
    """
def upsample(input: Tensor, size: builtins.int | Sequence[builtins.int] | None=None, scale_factor: builtins.float | Sequence[builtins.float] | None=None, mode: str='nearest', align_corners: builtins.bool | None=None) -> Tensor:
    """interpolate() under its former name.
    """
def upsample_bilinear(input: Tensor, size: builtins.int | Sequence[builtins.int] | None=None, scale_factor: builtins.float | Sequence[builtins.float] | None=None) -> Tensor:
    """interpolate() with mode 'bilinear' and align_corners=True, under its former name.
    """
def upsample_nearest(input: Tensor, size: builtins.int | Sequence[builtins.int] | None=None, scale_factor: builtins.float | Sequence[builtins.float] | None=None) -> Tensor:
    """interpolate() with mode 'nearest', under its former name.
    """
