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
def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Means of output_size windows over the last dimension of (N, C, L) or (C, L).

    >>> import weft
    >>> weft.nn.functional.adaptive_avg_pool1d(weft.tensor([[1.0, 3.0, 3.0, 5.0]]), 2)
    tensor([[2., 4.]])
    """
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means of windows that divide (N, C, H, W) or (C, H, W) into output_size parts.

    >>> import weft
    >>> weft.nn.functional.adaptive_avg_pool2d(weft.arange(4.).view(1, 2, 2), 1)
    tensor([[[1.5000]]])
    """
def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: builtins.bool=False) -> Any:
    """The largest values of output_size windows over the last dimension of (N, C, L) or (C, L).

    >>> import weft
    >>> weft.nn.functional.adaptive_max_pool1d(weft.tensor([[1.0, 3.0, 3.0, 5.0]]), 2)
    tensor([[3., 5.]])
    """
def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: builtins.bool=False) -> Any:
    """The largest values of windows that divide (N, C, H, W) or (C, H, W) into output_size parts.
    """
def avg_pool1d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True) -> Tensor:
    """The mean of each window of (N, C, L) or (C, L).

    stride is kernel_size unless given. Raises ValueError for other shapes, RuntimeError for windows that do not fit.

    >>> import weft
    >>> weft.nn.functional.avg_pool1d(weft.tensor([[1.0, 4.0, 3.0, 2.0]]), 2)
    tensor([[2.5000, 2.5000]])
    """
def avg_pool2d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, ceil_mode: builtins.bool=False, count_include_pad: builtins.bool=True, divisor_override: builtins.int | None=None) -> Tensor:
    """The mean of each window of (N, C, H, W) or (C, H, W).

    stride is kernel_size unless given. Raises RuntimeError for windows that do not fit.

    >>> import weft
    >>> weft.nn.functional.avg_pool2d(weft.arange(4.).view(1, 2, 2), 2)
    tensor([[[1.5000]]])
    """
def batch_norm(input: Tensor, running_mean: Tensor | None=None, running_var: Tensor | None=None, weight: Tensor | None=None, bias: Tensor | None=None, training: builtins.bool=False, momentum: builtins.float=0.1, eps: builtins.float=1e-05) -> Tensor:
    """Normalises each channel of (N, C, ...) by its mean and variance: those of the batch in training, which also move the
    running ones by momentum, else the running ones (Ioffe and Szegedy, 2015).

    Raises ValueError when training with a single value per channel, RuntimeError for parameters that do not fit.

    >>> import weft
    >>> x = weft.tensor([[1.], [3.]])
    >>> weft.nn.functional.batch_norm(x, None, None, training=True, eps=0.)
    tensor([[-1.],
            [ 1.]])
    """
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None=None) -> Tensor:
    """y[..., o] = input1[..., i] weight[o, i, j] input2[..., j] + bias[o].
    """
def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean') -> Tensor:
    """-(target log(input) + (1 - target) log(1 - input)) for probabilities; logarithms are not below -100.

    Raises RuntimeError for an input outside of [0, 1], ValueError for a target of another shape.
    """
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', pos_weight: Tensor | None=None) -> Tensor:
    """binary_cross_entropy() of sigmoid(input), without overflow; pos_weight multiplies the term of target.

    >>> import weft
    >>> weft.nn.functional.binary_cross_entropy_with_logits(weft.zeros(1), weft.ones(1))
    tensor(0.6931)
    """
def celu(input: Any, alpha: builtins.float=1, inplace: builtins.bool=False) -> Any: ...
def celu_(input: Any, alpha: builtins.float=1) -> Any: ...
def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: Any=1, padding: Any=0, dilation: Any=1, groups: builtins.int=1) -> Tensor:
    """input (n, inputs, length), weight (outputs, inputs / groups, k): (n, outputs, length').
    """
def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: Any=1, padding: Any=0, dilation: Any=1, groups: builtins.int=1) -> Tensor:
    """Slides weight (outputs, inputs / groups, kh, kw) over input (n, inputs, h, w), or one without n, and
    sums the products. padding: numbers, 'same' (needs stride 1) or 'valid'.

    >>> import weft
    >>> weft.nn.functional.conv2d(weft.ones(1, 3, 8, 8), weft.ones(4, 3, 3, 3), padding=1).shape
    weft.Size([1, 4, 8, 8])
    """
def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: Any=1, padding: Any=0, dilation: Any=1, groups: builtins.int=1) -> Tensor:
    """input (n, inputs, d, h, w), weight (outputs, inputs / groups, kd, kh, kw).
    """
def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: Any=1, padding: Any=0, output_padding: Any=0, groups: builtins.int=1, dilation: Any=1) -> Tensor:
    """Transposed convolution; weight (inputs, outputs / groups, k).
    """
def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: Any=1, padding: Any=0, output_padding: Any=0, groups: builtins.int=1, dilation: Any=1) -> Tensor:
    """The gradient of conv2d by its input, as a layer; weight (inputs, outputs / groups, kh, kw).

    >>> import weft
    >>> weft.nn.functional.conv_transpose2d(weft.ones(1, 4, 4, 4), weft.ones(4, 3, 2, 2), stride=2).shape
    weft.Size([1, 3, 8, 8])
    """
def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None=None, stride: Any=1, padding: Any=0, output_padding: Any=0, groups: builtins.int=1, dilation: Any=1) -> Tensor:
    """Transposed convolution; weight (inputs, outputs / groups, kd, kh, kw).
    """
def cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, ignore_index: builtins.int=-100, reduce: builtins.bool | None=None, reduction: str='mean', label_smoothing: builtins.float=0.0) -> Tensor:
    """-log(softmax(input)[target]): input (N, C, ...) holds logits of C classes, target (N, ...) class numbers (int64)
    or, of input's shape, probabilities.

    Raises IndexError for a class that is not there, ValueError for a target of another shape.

    >>> import weft
    >>> weft.nn.functional.cross_entropy(weft.zeros(1, 2), weft.tensor([1]))
    tensor(0.6931)
    """
def dropout(input: Any, p: builtins.float=0.5, training: builtins.bool=True, inplace: builtins.bool=False) -> Any:
    """Zeroes elements with probability p and scales the others by 1 / (1 - p) (Srivastava et al., 2014). Raises ValueError unless 0 <= p <= 1.
    """
def elu(input: Any, alpha: builtins.float=1, inplace: builtins.bool=False) -> Any: ...
def elu_(input: Any, alpha: builtins.float=1) -> Any: ...
def embedding(input: Tensor, weight: Tensor, padding_idx: builtins.int | None=None, max_norm: Any=None, norm_type: builtins.float=2.0, scale_grad_by_freq: builtins.bool=False, sparse: builtins.bool=False) -> Tensor:
    """Rows of weight (rows, size) for the integers of input; the result has input's shape with size appended.

    The gradient of row padding_idx is zero. Raises IndexError for a row that does not exist.

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
    """Normalises each group of channels of each sample of (N, C, ...) (Wu and He, 2018).

    >>> import weft
    >>> weft.nn.functional.group_norm(weft.tensor([[1., 3.]]), 1, eps=0.)
    tensor([[-1.,  1.]])
    """
def hardshrink(input: Tensor, lambd: builtins.float=0.5) -> Tensor: ...
def hardsigmoid(input: Any, inplace: builtins.bool=False) -> Any: ...
def hardsigmoid_(input: Any) -> Any: ...
def hardswish(input: Any, inplace: builtins.bool=False) -> Any: ...
def hardswish_(input: Any) -> Any: ...
def hardtanh(input: Any, min_val: builtins.complex=-1, max_val: builtins.complex=1, inplace: builtins.bool=False) -> Any: ...
def hardtanh_(input: Any, min_val: builtins.complex=-1, max_val: builtins.complex=1) -> Any: ...
def huber_loss(input: Tensor, target: Tensor, reduction: str='mean', delta: builtins.float=1.0, weight: Tensor | None=None) -> Tensor:
    """d^2 / 2 for d = |input - target| up to delta, else delta (d - delta / 2) (Huber, 1964).
    """
def l1_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', weight: Tensor | None=None) -> Tensor:
    """The mean of |input - target|.

    >>> import weft
    >>> weft.nn.functional.l1_loss(weft.ones(2), weft.zeros(2))
    tensor(1.)
    """
def layer_norm(input: Tensor, normalized_shape: builtins.int | Sequence[builtins.int], weight: Tensor | None=None, bias: Tensor | None=None, eps: builtins.float=1e-05) -> Tensor:
    """Normalises over the last dimensions, which must be normalized_shape (Ba, Kiros and Hinton, 2016).

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
    """The logarithm of softmax, computed without loss where softmax would round to 0.

    >>> import weft
    >>> weft.log_softmax(weft.tensor([0., 1000.]), 0)
    tensor([-1000.,     0.])
    """
@overload
def log_softmax(input: Tensor, axis: builtins.int | None=None, _stacklevel: builtins.int=3, dtype: _DType | None=None) -> Tensor: ...
def logsigmoid(input: Tensor) -> Tensor: ...
def max_pool1d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, dilation: builtins.int | Sequence[builtins.int]=1, ceil_mode: builtins.bool=False, return_indices: builtins.bool=False) -> Any:
    """The largest value of each window of (N, C, L) or (C, L); with return_indices also its position.

    stride is kernel_size unless given. Raises ValueError for other shapes, RuntimeError for windows that do not fit.

    >>> import weft
    >>> weft.nn.functional.max_pool1d(weft.tensor([[1.0, 4.0, 3.0, 2.0]]), 2)
    tensor([[4., 3.]])
    """
def max_pool2d(input: Tensor, kernel_size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int] | None=None, padding: builtins.int | Sequence[builtins.int]=0, dilation: builtins.int | Sequence[builtins.int]=1, ceil_mode: builtins.bool=False, return_indices: builtins.bool=False) -> Any:
    """The largest value of each window of (N, C, H, W) or (C, H, W); with return_indices also its position in the plane.

    stride is kernel_size unless given. Raises RuntimeError for windows that do not fit.

    >>> import weft
    >>> weft.nn.functional.max_pool2d(weft.arange(4.).view(1, 2, 2), 2)
    tensor([[[3.]]])
    """
def mish(input: Any, inplace: builtins.bool=False) -> Any: ...
def mish_(input: Any) -> Any: ...
def mse_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', weight: Tensor | None=None) -> Tensor:
    """The mean of (input - target)^2.

    >>> import weft
    >>> weft.nn.functional.mse_loss(weft.ones(2), weft.zeros(2))
    tensor(1.)
    """
def nll_loss(input: Tensor, target: Tensor, weight: Tensor | None=None, size_average: builtins.bool | None=None, ignore_index: builtins.int=-100, reduce: builtins.bool | None=None, reduction: str='mean') -> Tensor:
    """-input[target]: input (N, C, ...) holds log probabilities of C classes, target (N, ...) class numbers (int64).

    >>> import weft
    >>> weft.nn.functional.nll_loss(weft.tensor([[-1., -2.]]), weft.tensor([1]))
    tensor(2.)
    """
def one_hot(tensor: Tensor, num_classes: builtins.int=-1) -> Tensor:
    """1 at position tensor[...] of a new last dimension, else 0; int64.

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
    """Divides by the root of the mean square over the last dimensions (Zhang and Sennrich, 2019).

    >>> import weft
    >>> weft.nn.functional.rms_norm(weft.tensor([3., 3.]), (2,), eps=0.)
    tensor([1., 1.])
    """
def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None=None, dropout_p: builtins.float=0.0, is_causal: builtins.bool=False, scale: builtins.float | None=None, enable_gqa: builtins.bool=False) -> Tensor:
    """softmax(query key^T * scale) value: (..., L, E), (..., S, E) and (..., S, V) to (..., L, V).

    Vaswani et al., 2017. attn_mask, broadcast to (..., L, S), is added to the scores, or if bool says which may take part. With is_causal query i sees keys 0 to i. scale is by default 1/sqrt(E). With enable_gqa several heads of query share one of key and value. Without mask and dropout it runs as one fused kernel that never holds the (L, S) weights: on the CPU, and on a GPU for half types. Raises ValueError for both attn_mask and is_causal.

    >>> import weft
    >>> q = weft.ones(2, 8, 16, 4)
    >>> weft.nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True).shape == (2, 8, 16, 4)
    True
    """
def selu(input: Any, inplace: builtins.bool=False) -> Any: ...
def selu_(input: Any) -> Any: ...
def sigmoid(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def silu(input: Any, inplace: builtins.bool=False) -> Any: ...
def silu_(input: Any) -> Any: ...
def smooth_l1_loss(input: Tensor, target: Tensor, size_average: builtins.bool | None=None, reduce: builtins.bool | None=None, reduction: str='mean', beta: builtins.float=1.0) -> Tensor:
    """d^2 / (2 beta) for d = |input - target| below beta, else d - beta / 2 (Girshick, 2015).
    """
@overload
def softmax(input: Tensor, dim: builtins.int | None=None, _stacklevel: builtins.int=3, dtype: _DType | None=None) -> Tensor:
    """exp(input) / sum(exp(input)) along dim, without overflow.

    Raises RuntimeError for integers unless dtype is given, IndexError for a dim that is not there.

    >>> import weft
    >>> weft.softmax(weft.zeros(4), 0)
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
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
