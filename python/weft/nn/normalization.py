"""Normalisation layers."""

from __future__ import annotations

import operator

import weft
from weft._checks import check_integers, check_numbers, check_sizes, check_tensors
from weft.nn import functional as F
from weft.nn import init
from weft.nn.module import Module
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor
    from weft.nn._types import Device


def _reset_affine(module: _RunningNorm | LayerNorm | GroupNorm) -> None:
    if module.weight is not None:
        init.ones_(module.weight)
    if module.bias is not None:
        init.zeros_(module.bias)


class _RunningNorm(Module):
    """What batch and instance norm share: affine parameters and running statistics."""

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    _input_dims: tuple[int, ...]

    _version: int = 2  # since 2, with num_batches_tracked

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Device = None,
        dtype: weft.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        kind = type(self).__name__
        check_sizes(kind, num_features=num_features)
        check_numbers(kind, eps=eps, **({} if momentum is None else {"momentum": momentum}))
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        made = {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(weft.empty(num_features, **made)) if affine else None)
        self.register_parameter("bias", Parameter(weft.empty(num_features, **made)) if affine and bias else None)
        tracked = track_running_stats
        self.register_buffer("running_mean", weft.zeros(num_features, **made) if tracked else None)
        self.register_buffer("running_var", weft.ones(num_features, **made) if tracked else None)
        count = weft.zeros((), dtype=weft.int64, device=device) if tracked else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forgets the running statistics: mean 0, variance 1, no batches."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Sets weight to ones and bias to zeros, and forgets the running statistics."""
        self.reset_running_stats()
        _reset_affine(self)

    def _check_input_dim(self, input: Tensor) -> None:
        check_tensors(type(self).__name__, input=input)
        if input.dim() not in self._input_dims:
            dims = " or ".join(map(str, self._input_dims))
            raise ValueError(
                f"{type(self).__name__}: expected input with {dims} dimensions, got shape {tuple(input.shape)}"
            )

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest):
        key = prefix + "num_batches_tracked"
        if (local_metadata.get("version") or 1) < 2 and self.num_batches_tracked is not None and key not in state_dict:
            state_dict[key] = self.num_batches_tracked  # files from before the count existed
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_RunningNorm):
    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        mean, var = self.running_mean, self.running_var
        tracks = self.training and self.track_running_stats
        if tracks and self.momentum is None:
            return self._average(input)
        if self.training and not tracks:
            mean = var = None
        training = self.training or mean is None
        result = F.batch_norm(input, mean, var, self.weight, self.bias, training, self.momentum or 0.0, self.eps)
        if tracks:
            self.num_batches_tracked.add_(1)  # of those that were not refused
        return result

    def _average(self, input):
        """The running statistics become the plain average over all batches."""
        mean, var = weft.zeros_like(self.running_mean), weft.zeros_like(self.running_var)
        result = F.batch_norm(input, mean, var, self.weight, self.bias, True, 1.0, self.eps)
        with weft.no_grad():
            part = 1.0 / (self.num_batches_tracked + 1).to(mean.dtype)
            steps = (mean - self.running_mean) * part, (var - self.running_var) * part
            self.running_mean.add_(steps[0])
            self.running_var.add_(steps[1])
            self.num_batches_tracked.add_(1)
        return result


class BatchNorm1d(_BatchNorm):
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` for each channel over the batch. Ioffe and Szegedy, 2015.

    Training takes mean and variance of the batch and moves the running statistics towards them; evaluation takes those.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance. Default 1e-5.
        momentum: share of the batch in new running statistics; None for their average over all batches. Default 0.1.
        affine: whether weight and bias are learned; without, there are none. Default True.
        track_running_stats: whether there are running statistics; without, evaluation is as training. Default True.
        device, dtype: of parameters and statistics. By default the default ones.
        bias: whether there is a bias. Default True.

    Shape:
        Input and output: (N, C) or (N, C, L).
        weight, bias, running_mean, running_var: (C); they start as ones, zeros, zeros and ones.

    Raises:
        ValueError: the input has another number of dimensions, or one value per channel while training.
        RuntimeError: the input has another number of channels.

    Example:
        >>> import weft
        >>> weft.nn.BatchNorm1d(2)(weft.tensor([[1.0, 2.0], [3.0, 6.0]])).round(decimals=2).tolist()
        [[-1.0, -1.0], [1.0, 1.0]]
    """

    _input_dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` for each channel over the batch. Ioffe and Szegedy, 2015.

    Training takes mean and variance of the batch and moves the running statistics towards them; evaluation takes those.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance. Default 1e-5.
        momentum: share of the batch in new running statistics; None for their average over all batches. Default 0.1.
        affine: whether weight and bias are learned; without, there are none. Default True.
        track_running_stats: whether there are running statistics; without, evaluation is as training. Default True.
        device, dtype: of parameters and statistics. By default the default ones.
        bias: whether there is a bias. Default True.

    Shape:
        Input and output: (N, C, H, W).
        weight, bias, running_mean, running_var: (C); they start as ones, zeros, zeros and ones.

    Raises:
        ValueError: the input has another number of dimensions, or one value per channel while training.
        RuntimeError: the input has another number of channels.

    Example:
        >>> import weft
        >>> weft.nn.BatchNorm2d(100)(weft.ones(20, 100, 3, 4)).shape == (20, 100, 3, 4)
        True
    """

    _input_dims = (4,)


class BatchNorm3d(_BatchNorm):
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` for each channel over the batch. Ioffe and Szegedy, 2015.

    Training takes mean and variance of the batch and moves the running statistics towards them; evaluation takes those.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance. Default 1e-5.
        momentum: share of the batch in new running statistics; None for their average over all batches. Default 0.1.
        affine: whether weight and bias are learned; without, there are none. Default True.
        track_running_stats: whether there are running statistics; without, evaluation is as training. Default True.
        device, dtype: of parameters and statistics. By default the default ones.
        bias: whether there is a bias. Default True.

    Shape:
        Input and output: (N, C, D, H, W).
        weight, bias, running_mean, running_var: (C); they start as ones, zeros, zeros and ones.

    Raises:
        ValueError: the input has another number of dimensions, or one value per channel while training.
        RuntimeError: the input has another number of channels.

    Example:
        >>> import weft
        >>> weft.nn.BatchNorm3d(4)(weft.ones(2, 4, 3, 3, 3)).shape == (2, 4, 3, 3, 3)
        True
    """

    _input_dims = (5,)


class _InstanceNorm(_RunningNorm):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Device = None,
        dtype: weft.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        dim = input.dim() - self._input_dims[1] + 1  # 0 without, 1 with a batch dimension
        if input.shape[dim] != self.num_features and self.affine:
            raise ValueError(
                f"{type(self).__name__}: expected {self.num_features} channels, got input of shape {tuple(input.shape)}"
            )
        batch = input if dim else input.unsqueeze(0)
        use_input_stats = self.training or not self.track_running_stats
        momentum = 0.0 if self.momentum is None else self.momentum
        result = F.instance_norm(
            batch, self.running_mean, self.running_var, self.weight, self.bias, use_input_stats, momentum, self.eps
        )
        return result if dim else result.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` for each channel of each sample. Ulyanov et al., 2016.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance. Default 1e-5.
        momentum: share of the batch in new running statistics. Default 0.1.
        affine: whether weight and bias are learned; without, there are none. Default False.
        track_running_stats: whether there are running statistics, for evaluation. Default False.
        device, dtype: of parameters and statistics. By default the default ones.
        bias: whether there is a bias. Default True.

    Shape:
        Input and output: (N, C, L) or (C, L).
        weight, bias, running_mean, running_var: (C); they start as ones, zeros, zeros and ones.

    Raises:
        ValueError: the input has another number of dimensions, one value per channel, or with affine other channels.

    Example:
        >>> import weft
        >>> weft.nn.InstanceNorm1d(100)(weft.ones(20, 100, 40)).shape == (20, 100, 40)
        True
    """

    _input_dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` for each channel of each sample. Ulyanov et al., 2016.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance. Default 1e-5.
        momentum: share of the batch in new running statistics. Default 0.1.
        affine: whether weight and bias are learned; without, there are none. Default False.
        track_running_stats: whether there are running statistics, for evaluation. Default False.
        device, dtype: of parameters and statistics. By default the default ones.
        bias: whether there is a bias. Default True.

    Shape:
        Input and output: (N, C, H, W) or (C, H, W).
        weight, bias, running_mean, running_var: (C); they start as ones, zeros, zeros and ones.

    Raises:
        ValueError: the input has another number of dimensions, one value per channel, or with affine other channels.

    Example:
        >>> import weft
        >>> weft.nn.InstanceNorm2d(3)(weft.ones(2, 3, 4, 5)).shape == (2, 3, 4, 5)
        True
    """

    _input_dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` for each channel of each sample. Ulyanov et al., 2016.

    Args:
        num_features: C, the number of channels.
        eps: added to the variance. Default 1e-5.
        momentum: share of the batch in new running statistics. Default 0.1.
        affine: whether weight and bias are learned; without, there are none. Default False.
        track_running_stats: whether there are running statistics, for evaluation. Default False.
        device, dtype: of parameters and statistics. By default the default ones.
        bias: whether there is a bias. Default True.

    Shape:
        Input and output: (N, C, D, H, W) or (C, D, H, W).
        weight, bias, running_mean, running_var: (C); they start as ones, zeros, zeros and ones.

    Raises:
        ValueError: the input has another number of dimensions, one value per channel, or with affine other channels.

    Example:
        >>> import weft
        >>> weft.nn.InstanceNorm3d(3)(weft.ones(2, 3, 4, 5, 2)).shape == (2, 3, 4, 5, 2)
        True
    """

    _input_dims = (4, 5)


def _shape_of(kind: str, normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(normalized_shape, str) or not hasattr(normalized_shape, "__len__"):
        check_sizes(kind, normalized_shape=normalized_shape)
        return (operator.index(normalized_shape),)
    check_sizes(kind, **{f"normalized_shape[{i}]": size for i, size in enumerate(normalized_shape)})
    return tuple(normalized_shape)


class LayerNorm(Module):
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` over the last dimensions of each sample. Ba et al., 2016.

    Args:
        normalized_shape: the sizes of the dimensions that mean and variance are taken over; one number for the last
            one.
        eps: added to the variance. Default 1e-5.
        elementwise_affine: whether weight and bias are learned; without, there are none. Default True.
        bias: whether there is a bias. Default True.
        device, dtype: of weight and bias. By default the default ones.

    Shape:
        Input and output: (*, *normalized_shape).
        weight and bias: normalized_shape; they start as ones and zeros.

    Raises:
        RuntimeError: the input's last dimensions are not normalized_shape, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.LayerNorm(2)(weft.tensor([1.0, 3.0])).round(decimals=2).tolist()
        [-1.0, 1.0]
    """

    normalized_shape: tuple[int, ...]
    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape_of(type(self).__name__, normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        made = {"device": device, "dtype": dtype}
        shape, affine = self.normalized_shape, elementwise_affine
        self.register_parameter("weight", Parameter(weft.empty(shape, **made)) if affine else None)
        self.register_parameter("bias", Parameter(weft.empty(shape, **made)) if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets weight to ones and bias to zeros."""
        _reset_affine(self)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """``x / sqrt(mean(x^2) + eps) * weight`` over the last dimensions of each sample. Zhang and Sennrich, 2019.

    Args:
        normalized_shape: the sizes of the dimensions that the mean is taken over; one number for the last one.
        eps: added to the mean square. By default the machine epsilon of the input's dtype.
        elementwise_affine: whether weight is learned; without, there is none. Default True.
        device, dtype: of weight. By default the default ones.

    Shape:
        Input and output: (*, *normalized_shape).
        weight: normalized_shape; it starts as ones.

    Raises:
        RuntimeError: the input's last dimensions are not normalized_shape, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.RMSNorm(2)(weft.tensor([3.0, 3.0])).tolist()
        [1.0, 1.0]
    """

    normalized_shape: tuple[int, ...]
    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape_of(type(self).__name__, normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = weft.empty(self.normalized_shape, device=device, dtype=dtype) if elementwise_affine else None
        self.register_parameter("weight", None if weight is None else Parameter(weight))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets weight to ones."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` over groups of channels, sample by sample. Wu and He, 2018.

    Args:
        num_groups: number of groups that the channels are divided into.
        num_channels: number of channels, a multiple of num_groups.
        eps: added to the variance. Default 1e-5.
        affine: whether weight and bias are learned, one per channel; without, there are none. Default True.
        device, dtype: of weight and bias. By default the default ones.
        bias: whether there is a bias. Default True.

    Shape:
        Input and output: (N, num_channels, ...).
        weight and bias: (num_channels); they start as ones and zeros.

    Raises:
        ValueError: num_groups does not divide num_channels.

    Example:
        >>> import weft
        >>> weft.nn.GroupNorm(3, 6)(weft.ones(20, 6, 10, 10)).shape == (20, 6, 10, 10)
        True
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Device = None,
        dtype: weft.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_integers("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        if num_groups <= 0 or num_channels % num_groups:
            raise ValueError(f"GroupNorm: {num_channels} channels cannot be divided into {num_groups} groups")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        made = {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(weft.empty(num_channels, **made)) if affine else None)
        self.register_parameter("bias", Parameter(weft.empty(num_channels, **made)) if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets weight to ones and bias to zeros."""
        _reset_affine(self)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """``x / (k + alpha * m)^beta``, m being the mean of squares over neighbouring channels. Krizhevsky et al., 2012.

    Args:
        size: number of channels that m goes over.
        alpha: factor of m. Default 1e-4.
        beta: exponent. Default 0.75.
        k: added, so that nothing is divided by zero. Default 1.

    Shape:
        Input and output: (N, C, ...) with at least one dimension after C.

    Raises:
        ValueError: the input has fewer dimensions, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.LocalResponseNorm(2)(weft.zeros(1, 3, 4)).shape == (1, 3, 4)
        True
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
