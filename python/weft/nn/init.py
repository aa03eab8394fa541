"""Ways to fill a tensor with first values. All work in place, outside the graph, and return the tensor."""

from __future__ import annotations

import math
import warnings

import weft
from weft import _C
from weft._checks import check_tensors
from weft._missing import missing_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


if not TYPE_CHECKING:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which the standard deviation of weights before this nonlinearity is usually multiplied.

    Args:
        nonlinearity: ``'linear'``, ``'conv1d'`` and the like, ``'sigmoid'``, ``'tanh'``, ``'relu'``, ``'leaky_relu'``
            or ``'selu'``.
        param: the slope of leaky_relu for negative values. Default 0.01.

    Raises:
        ValueError: nonlinearity is none of these, or param is no number.

    Example:
        >>> import weft
        >>> weft.nn.init.calculate_gain("tanh") == 5 / 3
        True
    """
    if param is not None and (isinstance(param, bool) or not isinstance(param, (int, float))):
        raise ValueError(f"calculate_gain: param, the slope of leaky_relu, must be a number, got {param!r}")
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(
            f"calculate_gain: unknown nonlinearity {nonlinearity!r}, expected leaky_relu or one of {', '.join(_GAINS)}"
        )
    return _GAINS[nonlinearity]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: weft.Generator | None = None) -> Tensor:
    """Fills a tensor with random numbers spread evenly over [a, b), in place.

    Args:
        tensor: the tensor to fill, which is returned.
        a, b: bounds of the numbers. Default 0 and 1.
        generator: what draws them. By default the default generator of the tensor's device.

    Raises:
        RuntimeError: a is above b.

    Example:
        >>> import weft
        >>> w = weft.nn.init.uniform_(weft.empty(3, 5), -1, 1)
        >>> bool((w.abs() <= 1).all())
        True
    """
    check_tensors("uniform_", tensor=tensor)
    with weft.no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: weft.Generator | None = None) -> Tensor:
    """Fills a tensor with normally distributed random numbers, in place.

    Args:
        tensor: the tensor to fill, which is returned.
        mean: their mean. Default 0.
        std: their standard deviation, not negative. Default 1.
        generator: what draws them. By default the default generator of the tensor's device.

    Raises:
        RuntimeError: std is negative.

    Example:
        >>> import weft
        >>> weft.nn.init.normal_(weft.empty(3, 5), std=0.02).shape == (3, 5)
        True
    """
    check_tensors("normal_", tensor=tensor)
    with weft.no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: weft.Generator | None = None,
) -> Tensor:
    """Fills a tensor with normally distributed random numbers of which those outside [a, b] do not occur, in place.

    They are made with the inverse of the distribution function. A mean more than two standard deviations outside of the
    bounds gives a warning.

    Args:
        tensor: the tensor to fill, which is returned.
        mean: mean of the whole normal distribution. Default 0.
        std: its standard deviation, positive. Default 1.
        a, b: bounds of the numbers. Default -2 and 2.
        generator: what draws them. By default the default generator of the tensor's device.

    Raises:
        ValueError: a is above b, or std is not positive.

    Example:
        >>> import weft
        >>> w = weft.nn.init.trunc_normal_(weft.empty(100))
        >>> bool((w.abs() <= 2).all())
        True
    """

    def below(x):
        return (1 + math.erf((x - mean) / (std * math.sqrt(2)))) / 2

    check_tensors("trunc_normal_", tensor=tensor)
    if a > b or std <= 0:
        raise ValueError(f"trunc_normal_: expected a <= b and std > 0, got a={a}, b={b}, std={std}")
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            f"trunc_normal_: the mean {mean} is far outside of [{a}, {b}]; the values may be imprecise", stacklevel=2
        )
    with weft.no_grad(), _C._DrawScope(generator):
        tensor.uniform_(2 * below(a) - 1, 2 * below(b) - 1, generator=generator)
        return tensor.erfinv_().mul_(std * math.sqrt(2)).add_(mean).clamp_(a, b)


def constant_(tensor: Tensor, val: complex) -> Tensor:
    """Fills a tensor with one number, in place.

    Args:
        tensor: the tensor to fill, which is returned.
        val: the number.

    Example:
        >>> import weft
        >>> weft.nn.init.constant_(weft.empty(2), 3)
        tensor([3., 3.])
    """
    check_tensors("constant_", tensor=tensor)
    with weft.no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fills a tensor with ones, in place.

    Args:
        tensor: the tensor to fill, which is returned.

    Example:
        >>> import weft
        >>> weft.nn.init.ones_(weft.empty(2))
        tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fills a tensor with zeros, in place.

    Args:
        tensor: the tensor to fill, which is returned.

    Example:
        >>> import weft
        >>> weft.nn.init.zeros_(weft.empty(2))
        tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """Makes a matrix the identity, in place: ones where row and column are the same, zeros elsewhere.

    Args:
        tensor: the matrix to fill, which is returned.

    Raises:
        ValueError: tensor has not two dimensions.

    Example:
        >>> import weft
        >>> weft.nn.init.eye_(weft.empty(2, 3))
        tensor([[1., 0., 0.],
                [0., 1., 0.]])
    """
    check_tensors("eye_", tensor=tensor)
    if tensor.dim() != 2:
        raise ValueError(f"eye_: expected a matrix, got a tensor of shape {tuple(tensor.shape)}")
    with weft.no_grad():
        return tensor.copy_(weft.eye(*tensor.shape, dtype=tensor.dtype, device=tensor.device))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fills convolution weights such that the convolution passes its input through, in place.

    As many input channels are passed as there are output channels; the weights are 1 in the middle of the kernel and 0
    elsewhere.

    Args:
        tensor: weights (out, in, ...) with one to three dimensions of the kernel, which are returned.
        groups: number of groups of the convolution. Default 1.

    Raises:
        ValueError: tensor has other dimensions, or groups does not divide the output channels.

    Example:
        >>> import weft
        >>> weft.nn.init.dirac_(weft.empty(1, 1, 3))
        tensor([[[0., 1., 0.]]])
    """
    check_tensors("dirac_", tensor=tensor)
    if tensor.dim() not in (3, 4, 5):
        raise ValueError(f"dirac_: expected 3, 4 or 5 dimensions, got a tensor of shape {tuple(tensor.shape)}")
    if tensor.shape[0] % groups:
        raise ValueError(f"dirac_: {tensor.shape[0]} output channels cannot be divided into {groups} groups")
    per_group = tensor.shape[0] // groups
    center = tuple(size // 2 for size in tensor.shape[2:])
    with weft.no_grad():
        tensor.zero_()
        for group in range(groups):
            for channel in range(min(per_group, tensor.shape[1])):
                tensor[(group * per_group + channel, channel, *center)] = 1
    return tensor


def _fans(tensor: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out): how many numbers an output depends on, how many outputs a number reaches."""
    check_tensors("fan in and fan out", tensor=tensor)
    if tensor.dim() < 2:
        raise ValueError(f"fan in and fan out need at least 2 dimensions, got a tensor of shape {tuple(tensor.shape)}")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


_calculate_fan_in_and_fan_out = _fans


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: weft.Generator | None = None) -> Tensor:
    """Fills weights with random numbers in +-gain * sqrt(6 / (fan_in + fan_out)), in place. Glorot and Bengio, 2010.

    Args:
        tensor: weights (out, in, ...) to fill, which are returned. fan_in is in, fan_out is out, times the kernel's
            size.
        gain: factor, see calculate_gain. Default 1.
        generator: what draws the numbers. By default the default generator of the tensor's device.

    Raises:
        ValueError: tensor has fewer than two dimensions.

    Example:
        >>> import weft
        >>> w = weft.nn.init.xavier_uniform_(weft.empty(3, 3))
        >>> bool((w.abs() <= 1).all())
        True
    """
    bound = gain * math.sqrt(6.0 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: weft.Generator | None = None) -> Tensor:
    """Fills weights with normal numbers of standard deviation gain * sqrt(2 / (fan_in + fan_out)), in place.

    Glorot and Bengio, 2010.

    Args:
        tensor: weights (out, in, ...) to fill, which are returned. fan_in is in, fan_out is out, times the kernel's
            size.
        gain: factor, see calculate_gain. Default 1.
        generator: what draws the numbers. By default the default generator of the tensor's device.

    Raises:
        ValueError: tensor has fewer than two dimensions.

    Example:
        >>> import weft
        >>> weft.nn.init.xavier_normal_(weft.empty(3, 5)).shape == (3, 5)
        True
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_fans(tensor))), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"kaiming: mode must be 'fan_in' or 'fan_out', got {mode!r}")
    fan = _fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: weft.Generator | None = None,
) -> Tensor:
    """Fills weights with random numbers in +-gain * sqrt(3 / fan), in place. He et al., 2015.

    Args:
        tensor: weights (out, in, ...) to fill, which are returned.
        a: slope of the leaky_relu that follows. Default 0.
        mode: ``'fan_in'`` (default: in times the kernel's size), which keeps the variance of outputs, or ``'fan_out'``
            (out times the kernel's size), which keeps that of gradients.
        nonlinearity: what follows, for the gain; see calculate_gain. Default ``'leaky_relu'``.
        generator: what draws the numbers. By default the default generator of the tensor's device.

    Raises:
        ValueError: mode or nonlinearity is unknown, or tensor has fewer than two dimensions.

    Example:
        >>> import weft
        >>> w = weft.nn.init.kaiming_uniform_(weft.empty(3, 6), nonlinearity="relu")
        >>> bool((w.abs() <= 1).all())
        True
    """
    check_tensors("kaiming_uniform_", tensor=tensor)
    if 0 in tensor.shape:
        warnings.warn("kaiming_uniform_: the tensor has no elements, nothing to do", stacklevel=2)
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: weft.Generator | None = None,
) -> Tensor:
    """Fills weights with normal numbers of standard deviation gain / sqrt(fan), in place. He et al., 2015.

    Args:
        tensor: weights (out, in, ...) to fill, which are returned.
        a: slope of the leaky_relu that follows. Default 0.
        mode: ``'fan_in'`` (default: in times the kernel's size), which keeps the variance of outputs, or ``'fan_out'``
            (out times the kernel's size), which keeps that of gradients.
        nonlinearity: what follows, for the gain; see calculate_gain. Default ``'leaky_relu'``.
        generator: what draws the numbers. By default the default generator of the tensor's device.

    Raises:
        ValueError: mode or nonlinearity is unknown, or tensor has fewer than two dimensions.

    Example:
        >>> import weft
        >>> weft.nn.init.kaiming_normal_(weft.empty(3, 5), mode="fan_out").shape == (3, 5)
        True
    """
    check_tensors("kaiming_normal_", tensor=tensor)
    if 0 in tensor.shape:
        warnings.warn("kaiming_normal_: the tensor has no elements, nothing to do", stacklevel=2)
        return tensor
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: weft.Generator | None = None) -> Tensor:
    """Fills a matrix with normal numbers and sets the given share of every column to zero, in place. Martens, 2010.

    Args:
        tensor: the matrix to fill, which is returned.
        sparsity: share of zeros in a column, between 0 and 1; their number is rounded up.
        std: standard deviation of the other numbers. Default 0.01.
        generator: what draws them. By default the default generator of the tensor's device.

    Raises:
        ValueError: tensor has not two dimensions.

    Example:
        >>> import weft
        >>> w = weft.nn.init.sparse_(weft.empty(10, 3), sparsity=0.3)
        >>> (w == 0).sum(0).tolist()
        [3, 3, 3]
    """
    check_tensors("sparse_", tensor=tensor)
    if tensor.dim() != 2:
        raise ValueError(f"sparse_: expected a matrix, got a tensor of shape {tuple(tensor.shape)}")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with weft.no_grad(), _C._DrawScope(generator):
        values = weft.empty_like(tensor).normal_(0, std, generator=generator)
        for column in range(columns):
            values[weft.randperm(rows, generator=generator)[:zeros], column] = 0
        return tensor.copy_(values)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: weft.Generator | None = None) -> Tensor:
    """Makes rows or columns, whichever are fewer, orthonormal random vectors, in place. Saxe et al., 2013.

    Made from normal numbers by Gram-Schmidt orthogonalisation, done twice for accuracy.

    Args:
        tensor: the matrix to fill, which is returned; dimensions after the second count as columns.
        gain: factor of the vectors. Default 1.
        generator: what draws the numbers. By default the default generator of the tensor's device.

    Raises:
        ValueError: tensor has fewer than two dimensions.

    Example:
        >>> import weft
        >>> w = weft.nn.init.orthogonal_(weft.empty(3, 5))
        >>> bool(weft.allclose(w @ w.T, weft.eye(3), atol=1e-5))
        True
    """
    check_tensors("orthogonal_", tensor=tensor)
    if tensor.dim() < 2:
        raise ValueError(f"orthogonal_: expected at least 2 dimensions, got a tensor of shape {tuple(tensor.shape)}")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    with weft.no_grad(), _C._DrawScope(generator):
        vectors = weft.empty(min(rows, columns), max(rows, columns), dtype=weft.float64, device=tensor.device)
        vectors.normal_(0, 1, generator=generator)
        for i in range(vectors.shape[0]):
            vector = vectors[i]
            for _ in range(2 if i else 0):
                before = vectors[:i]
                vector = vector - before.T @ (before @ vector)
            vectors[i] = vector / (vector * vector).sum().sqrt()
        matrix = vectors if rows <= columns else vectors.T
        return tensor.copy_((gain * matrix).reshape(tensor.shape))
