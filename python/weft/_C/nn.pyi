"""
Functions of weft.nn.functional.
"""
from __future__ import annotations
import builtins
import typing
import weft
from weft._C import sigmoid
from weft._C import softsign
from weft._C import tanh
from weft._C import tanhshrink
__all__: list[str] = ['adaptive_avg_pool1d', 'adaptive_avg_pool2d', 'adaptive_max_pool1d', 'adaptive_max_pool2d', 'avg_pool1d', 'avg_pool2d', 'batch_norm', 'bilinear', 'binary_cross_entropy', 'binary_cross_entropy_with_logits', 'celu', 'celu_', 'conv1d', 'conv2d', 'conv3d', 'conv_transpose1d', 'conv_transpose2d', 'conv_transpose3d', 'cross_entropy', 'dropout', 'elu', 'elu_', 'embedding', 'feature_dropout', 'gelu', 'glu', 'group_norm', 'hardshrink', 'hardsigmoid', 'hardsigmoid_', 'hardswish', 'hardswish_', 'hardtanh', 'hardtanh_', 'huber_loss', 'l1_loss', 'layer_norm', 'leaky_relu', 'leaky_relu_', 'linear', 'log_softmax', 'logsigmoid', 'max_pool1d', 'max_pool2d', 'mish', 'mish_', 'mse_loss', 'nll_loss', 'one_hot', 'pad', 'prelu', 'relu', 'relu6', 'relu_', 'rms_norm', 'scaled_dot_product_attention', 'selu', 'selu_', 'sigmoid', 'silu', 'silu_', 'smooth_l1_loss', 'softmax', 'softplus', 'softshrink', 'softsign', 'tanh', 'tanhshrink', 'threshold', 'threshold_']
def _require_all(condition: weft.Tensor, message: str, of_value: builtins.bool = False) -> None:
    ...
def adaptive_avg_pool1d(input: weft.Tensor, output_size: typing.Any) -> weft.Tensor:
    """
    Means of output_size windows over the last dimension of (N, C, L) or (C, L).

    >>> import weft
    >>> weft.nn.functional.adaptive_avg_pool1d(weft.tensor([[1.0, 3.0, 3.0, 5.0]]), 2)
    tensor([[2., 4.]])
    """
def adaptive_avg_pool2d(input: weft.Tensor, output_size: typing.Any) -> weft.Tensor:
    """
    Means of windows that divide (N, C, H, W) or (C, H, W) into output_size parts.

    >>> import weft
    >>> weft.nn.functional.adaptive_avg_pool2d(weft.arange(4.).view(1, 2, 2), 1)
    tensor([[[1.5000]]])
    """
def adaptive_max_pool1d(input: weft.Tensor, output_size: typing.Any, return_indices: builtins.bool = False) -> typing.Any:
    """
    The largest values of output_size windows over the last dimension of (N, C, L) or (C, L).

    >>> import weft
    >>> weft.nn.functional.adaptive_max_pool1d(weft.tensor([[1.0, 3.0, 3.0, 5.0]]), 2)
    tensor([[3., 5.]])
    """
def adaptive_max_pool2d(input: weft.Tensor, output_size: typing.Any, return_indices: builtins.bool = False) -> typing.Any:
    """
    The largest values of windows that divide (N, C, H, W) or (C, H, W) into output_size parts.
    """
def avg_pool1d(input: weft.Tensor, kernel_size: typing.Sequence[builtins.int], stride: typing.Sequence[builtins.int] | None = None, padding: typing.Sequence[builtins.int] = (0,), ceil_mode: builtins.bool = False, count_include_pad: builtins.bool = True) -> weft.Tensor:
    """
    The mean of each window of (N, C, L) or (C, L).

    stride is kernel_size unless given. Raises ValueError for other shapes, RuntimeError for windows that do not fit.

    >>> import weft
    >>> weft.nn.functional.avg_pool1d(weft.tensor([[1.0, 4.0, 3.0, 2.0]]), 2)
    tensor([[2.5000, 2.5000]])
    """
def avg_pool2d(input: weft.Tensor, kernel_size: typing.Sequence[builtins.int], stride: typing.Sequence[builtins.int] | None = None, padding: typing.Sequence[builtins.int] = (0,), ceil_mode: builtins.bool = False, count_include_pad: builtins.bool = True, divisor_override: typing.SupportsIndex | None = None) -> weft.Tensor:
    """
    The mean of each window of (N, C, H, W) or (C, H, W).

    stride is kernel_size unless given. Raises RuntimeError for windows that do not fit.

    >>> import weft
    >>> weft.nn.functional.avg_pool2d(weft.arange(4.).view(1, 2, 2), 2)
    tensor([[[1.5000]]])
    """
def batch_norm(input: weft.Tensor, running_mean: weft.Tensor = None, running_var: weft.Tensor = None, weight: weft.Tensor = None, bias: weft.Tensor = None, training: builtins.bool = False, momentum: typing.SupportsFloat | typing.SupportsIndex = 0.1, eps: typing.SupportsFloat | typing.SupportsIndex = 1e-05) -> weft.Tensor:
    """
    Normalises each channel of (N, C, ...) by its mean and variance: those of the batch in training, which also move the
    running ones by momentum, else the running ones (Ioffe and Szegedy, 2015).

    Raises ValueError when training with a single value per channel, RuntimeError for parameters that do not fit.

    >>> import weft
    >>> x = weft.tensor([[1.], [3.]])
    >>> weft.nn.functional.batch_norm(x, None, None, training=True, eps=0.)
    tensor([[-1.],
            [ 1.]])
    """
def bilinear(input1: weft.Tensor, input2: weft.Tensor, weight: weft.Tensor, bias: weft.Tensor = None) -> weft.Tensor:
    """
    y[..., o] = input1[..., i] weight[o, i, j] input2[..., j] + bias[o].
    """
def binary_cross_entropy(input: weft.Tensor, target: weft.Tensor, weight: weft.Tensor = None, size_average: builtins.bool | None = None, reduce: builtins.bool | None = None, reduction: str = 'mean') -> weft.Tensor:
    """
    -(target log(input) + (1 - target) log(1 - input)) for probabilities; logarithms are not below -100.

    Raises RuntimeError for an input outside of [0, 1], ValueError for a target of another shape.
    """
def binary_cross_entropy_with_logits(input: weft.Tensor, target: weft.Tensor, weight: weft.Tensor = None, size_average: builtins.bool | None = None, reduce: builtins.bool | None = None, reduction: str = 'mean', pos_weight: weft.Tensor = None) -> weft.Tensor:
    """
    binary_cross_entropy() of sigmoid(input), without overflow; pos_weight multiplies the term of target.

    >>> import weft
    >>> weft.nn.functional.binary_cross_entropy_with_logits(weft.zeros(1), weft.ones(1))
    tensor(0.6931)
    """
def celu(input: typing.Any, alpha: typing.SupportsFloat | typing.SupportsIndex = 1.0, inplace: builtins.bool = False) -> typing.Any:
    ...
def celu_(input: typing.Any, alpha: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> typing.Any:
    ...
def conv1d(input: weft.Tensor, weight: weft.Tensor, bias: weft.Tensor = None, stride: typing.Any = 1, padding: typing.Any = 0, dilation: typing.Any = 1, groups: typing.SupportsIndex = 1) -> weft.Tensor:
    """
    input (n, inputs, length), weight (outputs, inputs / groups, k): (n, outputs, length').
    """
def conv2d(input: weft.Tensor, weight: weft.Tensor, bias: weft.Tensor = None, stride: typing.Any = 1, padding: typing.Any = 0, dilation: typing.Any = 1, groups: typing.SupportsIndex = 1) -> weft.Tensor:
    """
    Slides weight (outputs, inputs / groups, kh, kw) over input (n, inputs, h, w), or one without n, and
    sums the products. padding: numbers, 'same' (needs stride 1) or 'valid'.

    >>> import weft
    >>> weft.nn.functional.conv2d(weft.ones(1, 3, 8, 8), weft.ones(4, 3, 3, 3), padding=1).shape
    weft.Size([1, 4, 8, 8])
    """
def conv3d(input: weft.Tensor, weight: weft.Tensor, bias: weft.Tensor = None, stride: typing.Any = 1, padding: typing.Any = 0, dilation: typing.Any = 1, groups: typing.SupportsIndex = 1) -> weft.Tensor:
    """
    input (n, inputs, d, h, w), weight (outputs, inputs / groups, kd, kh, kw).
    """
def conv_transpose1d(input: weft.Tensor, weight: weft.Tensor, bias: weft.Tensor = None, stride: typing.Any = 1, padding: typing.Any = 0, output_padding: typing.Any = 0, groups: typing.SupportsIndex = 1, dilation: typing.Any = 1) -> weft.Tensor:
    """
    Transposed convolution; weight (inputs, outputs / groups, k).
    """
def conv_transpose2d(input: weft.Tensor, weight: weft.Tensor, bias: weft.Tensor = None, stride: typing.Any = 1, padding: typing.Any = 0, output_padding: typing.Any = 0, groups: typing.SupportsIndex = 1, dilation: typing.Any = 1) -> weft.Tensor:
    """
    The gradient of conv2d by its input, as a layer; weight (inputs, outputs / groups, kh, kw).

    >>> import weft
    >>> weft.nn.functional.conv_transpose2d(weft.ones(1, 4, 4, 4), weft.ones(4, 3, 2, 2), stride=2).shape
    weft.Size([1, 3, 8, 8])
    """
def conv_transpose3d(input: weft.Tensor, weight: weft.Tensor, bias: weft.Tensor = None, stride: typing.Any = 1, padding: typing.Any = 0, output_padding: typing.Any = 0, groups: typing.SupportsIndex = 1, dilation: typing.Any = 1) -> weft.Tensor:
    """
    Transposed convolution; weight (inputs, outputs / groups, kd, kh, kw).
    """
def cross_entropy(input: weft.Tensor, target: weft.Tensor, weight: weft.Tensor = None, size_average: builtins.bool | None = None, ignore_index: typing.SupportsIndex = -100, reduce: builtins.bool | None = None, reduction: str = 'mean', label_smoothing: typing.SupportsFloat | typing.SupportsIndex = 0.0) -> weft.Tensor:
    """
    -log(softmax(input)[target]): input (N, C, ...) holds logits of C classes, target (N, ...) class numbers (int64)
    or, of input's shape, probabilities.

    Raises IndexError for a class that is not there, ValueError for a target of another shape.

    >>> import weft
    >>> weft.nn.functional.cross_entropy(weft.zeros(1, 2), weft.tensor([1]))
    tensor(0.6931)
    """
def dropout(input: typing.Any, p: typing.SupportsFloat | typing.SupportsIndex = 0.5, training: builtins.bool = True, inplace: builtins.bool = False) -> typing.Any:
    """
    Zeroes elements with probability p and scales the others by 1 / (1 - p) (Srivastava et al., 2014). Raises ValueError unless 0 <= p <= 1.
    """
def elu(input: typing.Any, alpha: typing.SupportsFloat | typing.SupportsIndex = 1.0, inplace: builtins.bool = False) -> typing.Any:
    ...
def elu_(input: typing.Any, alpha: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> typing.Any:
    ...
def embedding(input: weft.Tensor, weight: weft.Tensor, padding_idx: typing.SupportsIndex | None = None, max_norm: typing.Any = None, norm_type: typing.SupportsFloat | typing.SupportsIndex = 2.0, scale_grad_by_freq: builtins.bool = False, sparse: builtins.bool = False) -> weft.Tensor:
    """
    Rows of weight (rows, size) for the integers of input; the result has input's shape with size appended.

    The gradient of row padding_idx is zero. Raises IndexError for a row that does not exist.

    >>> import weft
    >>> weft.nn.functional.embedding(weft.tensor([1, 0]), weft.eye(2))
    tensor([[0., 1.],
            [1., 0.]])
    """
def feature_dropout(input: typing.Any, p: typing.SupportsFloat | typing.SupportsIndex = 0.5, training: builtins.bool = True, inplace: builtins.bool = False) -> typing.Any:
    """
    Dropout of whole channels: everything after the first two dimensions goes together.
    """
def gelu(input: weft.Tensor, *, approximate: str = 'none') -> weft.Tensor:
    ...
def glu(input: weft.Tensor, dim: typing.SupportsIndex = -1) -> weft.Tensor:
    """
    The first half along dim times the sigmoid of the second (Dauphin et al., 2017).
    """
def group_norm(input: weft.Tensor, num_groups: typing.SupportsIndex, weight: weft.Tensor = None, bias: weft.Tensor = None, eps: typing.SupportsFloat | typing.SupportsIndex = 1e-05) -> weft.Tensor:
    """
    Normalises each group of channels of each sample of (N, C, ...) (Wu and He, 2018).

    >>> import weft
    >>> weft.nn.functional.group_norm(weft.tensor([[1., 3.]]), 1, eps=0.)
    tensor([[-1.,  1.]])
    """
def hardshrink(input: weft.Tensor, lambd: typing.SupportsFloat | typing.SupportsIndex = 0.5) -> weft.Tensor:
    ...
def hardsigmoid(input: typing.Any, inplace: builtins.bool = False) -> typing.Any:
    ...
def hardsigmoid_(input: typing.Any) -> typing.Any:
    ...
def hardswish(input: typing.Any, inplace: builtins.bool = False) -> typing.Any:
    ...
def hardswish_(input: typing.Any) -> typing.Any:
    ...
def hardtanh(input: typing.Any, min_val: complex = -1.0, max_val: complex = 1.0, inplace: builtins.bool = False) -> typing.Any:
    ...
def hardtanh_(input: typing.Any, min_val: complex = -1.0, max_val: complex = 1.0) -> typing.Any:
    ...
def huber_loss(input: weft.Tensor, target: weft.Tensor, reduction: str = 'mean', delta: typing.SupportsFloat | typing.SupportsIndex = 1.0, weight: weft.Tensor = None) -> weft.Tensor:
    """
    d^2 / 2 for d = |input - target| up to delta, else delta (d - delta / 2) (Huber, 1964).
    """
def l1_loss(input: weft.Tensor, target: weft.Tensor, size_average: builtins.bool | None = None, reduce: builtins.bool | None = None, reduction: str = 'mean', weight: weft.Tensor = None) -> weft.Tensor:
    """
    The mean of |input - target|.

    >>> import weft
    >>> weft.nn.functional.l1_loss(weft.ones(2), weft.zeros(2))
    tensor(1.)
    """
def layer_norm(input: weft.Tensor, normalized_shape: typing.Sequence[builtins.int], weight: weft.Tensor = None, bias: weft.Tensor = None, eps: typing.SupportsFloat | typing.SupportsIndex = 1e-05) -> weft.Tensor:
    """
    Normalises over the last dimensions, which must be normalized_shape (Ba, Kiros and Hinton, 2016).

    >>> import weft
    >>> weft.nn.functional.layer_norm(weft.tensor([1., 3.]), (2,), eps=0.)
    tensor([-1.,  1.])
    """
def leaky_relu(input: typing.Any, negative_slope: typing.SupportsFloat | typing.SupportsIndex = 0.01, inplace: builtins.bool = False) -> typing.Any:
    ...
def leaky_relu_(input: typing.Any, negative_slope: typing.SupportsFloat | typing.SupportsIndex = 0.01) -> typing.Any:
    ...
def linear(input: weft.Tensor, weight: weft.Tensor, bias: weft.Tensor = None) -> weft.Tensor:
    """
    input (..., in) @ weight (out, in).T + bias (out,): shape (..., out).

    >>> import weft
    >>> weft.nn.functional.linear(weft.ones(2, 3), weft.ones(4, 3)).shape
    weft.Size([2, 4])
    """
def log_softmax(input: weft.Tensor, dim: typing.SupportsIndex | None = None, _stacklevel: typing.SupportsInt | typing.SupportsIndex = 3, dtype: weft.dtype | None = None) -> weft.Tensor:
    """
    The logarithm of softmax, computed without loss where softmax would round to 0.

    >>> import weft
    >>> weft.log_softmax(weft.tensor([0., 1000.]), 0)
    tensor([-1000.,     0.])
    """
def logsigmoid(input: weft.Tensor) -> weft.Tensor:
    ...
def max_pool1d(input: weft.Tensor, kernel_size: typing.Sequence[builtins.int], stride: typing.Sequence[builtins.int] | None = None, padding: typing.Sequence[builtins.int] = (0,), dilation: typing.Sequence[builtins.int] = (1,), ceil_mode: builtins.bool = False, return_indices: builtins.bool = False) -> typing.Any:
    """
    The largest value of each window of (N, C, L) or (C, L); with return_indices also its position.

    stride is kernel_size unless given. Raises ValueError for other shapes, RuntimeError for windows that do not fit.

    >>> import weft
    >>> weft.nn.functional.max_pool1d(weft.tensor([[1.0, 4.0, 3.0, 2.0]]), 2)
    tensor([[4., 3.]])
    """
def max_pool2d(input: weft.Tensor, kernel_size: typing.Sequence[builtins.int], stride: typing.Sequence[builtins.int] | None = None, padding: typing.Sequence[builtins.int] = (0,), dilation: typing.Sequence[builtins.int] = (1,), ceil_mode: builtins.bool = False, return_indices: builtins.bool = False) -> typing.Any:
    """
    The largest value of each window of (N, C, H, W) or (C, H, W); with return_indices also its position in the plane.

    stride is kernel_size unless given. Raises RuntimeError for windows that do not fit.

    >>> import weft
    >>> weft.nn.functional.max_pool2d(weft.arange(4.).view(1, 2, 2), 2)
    tensor([[[3.]]])
    """
def mish(input: typing.Any, inplace: builtins.bool = False) -> typing.Any:
    ...
def mish_(input: typing.Any) -> typing.Any:
    ...
def mse_loss(input: weft.Tensor, target: weft.Tensor, size_average: builtins.bool | None = None, reduce: builtins.bool | None = None, reduction: str = 'mean', weight: weft.Tensor = None) -> weft.Tensor:
    """
    The mean of (input - target)^2.

    >>> import weft
    >>> weft.nn.functional.mse_loss(weft.ones(2), weft.zeros(2))
    tensor(1.)
    """
def nll_loss(input: weft.Tensor, target: weft.Tensor, weight: weft.Tensor = None, size_average: builtins.bool | None = None, ignore_index: typing.SupportsIndex = -100, reduce: builtins.bool | None = None, reduction: str = 'mean') -> weft.Tensor:
    """
    -input[target]: input (N, C, ...) holds log probabilities of C classes, target (N, ...) class numbers (int64).

    >>> import weft
    >>> weft.nn.functional.nll_loss(weft.tensor([[-1., -2.]]), weft.tensor([1]))
    tensor(2.)
    """
def one_hot(tensor: weft.Tensor, num_classes: typing.SupportsIndex = -1) -> weft.Tensor:
    """
    1 at position tensor[...] of a new last dimension, else 0; int64.

    >>> import weft
    >>> weft.nn.functional.one_hot(weft.tensor([2, 0]), 3)
    tensor([[0, 0, 1],
            [1, 0, 0]])
    """
def pad(input: weft.Tensor, pad: typing.Sequence[builtins.int], mode: str = 'constant', value: complex | None = None) -> weft.Tensor:
    """
    Widens (or with negative widths crops) the last dimensions: widths before and after the last one come first.

    mode: 'constant' (value, default 0), 'reflect', 'replicate' or 'circular'.

    >>> import weft
    >>> weft.nn.functional.pad(weft.ones(2), (1, 2))
    tensor([0., 1., 1., 0., 0.])
    """
def prelu(input: weft.Tensor, weight: weft.Tensor) -> weft.Tensor:
    """
    x where it is positive, else weight * x; weight has 1 element or one per channel (He et al., 2015).
    """
def relu(input: typing.Any, inplace: builtins.bool = False) -> typing.Any:
    ...
def relu6(input: weft.Tensor, inplace: builtins.bool = False) -> weft.Tensor:
    ...
def relu_(input: typing.Any) -> typing.Any:
    ...
def rms_norm(input: weft.Tensor, normalized_shape: typing.Sequence[builtins.int], weight: weft.Tensor = None, eps: typing.SupportsFloat | typing.SupportsIndex | None = None) -> weft.Tensor:
    """
    Divides by the root of the mean square over the last dimensions (Zhang and Sennrich, 2019).

    >>> import weft
    >>> weft.nn.functional.rms_norm(weft.tensor([3., 3.]), (2,), eps=0.)
    tensor([1., 1.])
    """
def scaled_dot_product_attention(query: weft.Tensor, key: weft.Tensor, value: weft.Tensor, attn_mask: weft.Tensor = None, dropout_p: typing.SupportsFloat | typing.SupportsIndex = 0.0, is_causal: builtins.bool = False, scale: typing.SupportsFloat | typing.SupportsIndex | None = None, enable_gqa: builtins.bool = False) -> weft.Tensor:
    """
    softmax(query key^T * scale) value: (..., L, E), (..., S, E) and (..., S, V) to (..., L, V).

    Vaswani et al., 2017. attn_mask, broadcast to (..., L, S), is added to the scores, or if bool says which may take part. With is_causal query i sees keys 0 to i. scale is by default 1/sqrt(E). With enable_gqa several heads of query share one of key and value. Without mask and dropout it runs as one fused kernel that never holds the (L, S) weights: on the CPU, and on a GPU for half types. Raises ValueError for both attn_mask and is_causal.

    >>> import weft
    >>> q = weft.ones(2, 8, 16, 4)
    >>> weft.nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True).shape == (2, 8, 16, 4)
    True
    """
def selu(input: typing.Any, inplace: builtins.bool = False) -> typing.Any:
    ...
def selu_(input: typing.Any) -> typing.Any:
    ...
def silu(input: typing.Any, inplace: builtins.bool = False) -> typing.Any:
    ...
def silu_(input: typing.Any) -> typing.Any:
    ...
def smooth_l1_loss(input: weft.Tensor, target: weft.Tensor, size_average: builtins.bool | None = None, reduce: builtins.bool | None = None, reduction: str = 'mean', beta: typing.SupportsFloat | typing.SupportsIndex = 1.0) -> weft.Tensor:
    """
    d^2 / (2 beta) for d = |input - target| below beta, else d - beta / 2 (Girshick, 2015).
    """
def softmax(input: weft.Tensor, dim: typing.SupportsIndex | None = None, _stacklevel: typing.SupportsInt | typing.SupportsIndex = 3, dtype: weft.dtype | None = None) -> weft.Tensor:
    """
    exp(input) / sum(exp(input)) along dim, without overflow.

    Raises RuntimeError for integers unless dtype is given, IndexError for a dim that is not there.

    >>> import weft
    >>> weft.softmax(weft.zeros(4), 0)
    tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """
def softplus(input: weft.Tensor, beta: typing.SupportsFloat | typing.SupportsIndex = 1.0, threshold: typing.SupportsFloat | typing.SupportsIndex = 20.0) -> weft.Tensor:
    ...
def softshrink(input: weft.Tensor, lambd: typing.SupportsFloat | typing.SupportsIndex = 0.5) -> weft.Tensor:
    ...
def threshold(input: typing.Any, threshold: complex = 0.0, value: complex = 0.0, inplace: builtins.bool = False) -> typing.Any:
    ...
def threshold_(input: typing.Any, threshold: complex = 0.0, value: complex = 0.0) -> typing.Any:
    ...
