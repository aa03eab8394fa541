"""Normalisation layers."""

import weft
from weft._checks import check_tensors
from weft.nn import functional as F
from weft.nn import init
from weft.nn.module import Module
from weft.nn.parameter import Parameter


def _reset_affine(module):
    if module.weight is not None:
        init.ones_(module.weight)
    if module.bias is not None:
        init.zeros_(module.bias)


class _RunningNorm(Module):
    """What batch and instance norm share: affine parameters and running statistics."""

    _version = 2  # since 2, with num_batches_tracked

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__()
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

    def reset_running_stats(self):
        """Forgets the running statistics."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self):
        self.reset_running_stats()
        _reset_affine(self)

    def _check_input_dim(self, input):
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

    def extra_repr(self):
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_RunningNorm):
    def forward(self, input):
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
    """Normalises each channel of (N, C) or (N, C, L) by its mean and variance over the batch; Ioffe, Szegedy, 2015.

    In evaluation mode by the running statistics, which training moves by ``momentum`` towards the batch's.

    >>> import weft
    >>> weft.nn.BatchNorm1d(2)(weft.tensor([[1.0, 2.0], [3.0, 6.0]])).round(decimals=2).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """

    _input_dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalises each channel of (N, C, H, W) by its mean and variance over the batch; Ioffe, Szegedy, 2015.

    In evaluation mode by the running statistics, which training moves by ``momentum`` towards the batch's.

    >>> import weft
    >>> weft.nn.BatchNorm2d(100)(weft.ones(20, 100, 3, 4)).shape == (20, 100, 3, 4)
    True
    """

    _input_dims = (4,)


class BatchNorm3d(_BatchNorm):
    """Normalises each channel of (N, C, D, H, W) by its mean and variance over the batch; Ioffe, Szegedy, 2015.

    >>> import weft
    >>> weft.nn.BatchNorm3d(4)(weft.ones(2, 4, 3, 3, 3)).shape == (2, 4, 3, 3, 3)
    True
    """

    _input_dims = (5,)


class _InstanceNorm(_RunningNorm):
    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=False,
        track_running_stats=False,
        device=None,
        dtype=None,
        *,
        bias=True,
    ):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input):
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
    """Normalises each channel of each sample of (N, C, L) or (C, L); Ulyanov et al., 2016.

    >>> import weft
    >>> weft.nn.InstanceNorm1d(100)(weft.ones(20, 100, 40)).shape == (20, 100, 40)
    True
    """

    _input_dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Normalises each channel of each sample of (N, C, H, W) or (C, H, W); Ulyanov et al., 2016.

    >>> import weft
    >>> weft.nn.InstanceNorm2d(3)(weft.ones(2, 3, 4, 5)).shape == (2, 3, 4, 5)
    True
    """

    _input_dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Normalises each channel of each sample of (N, C, D, H, W) or (C, D, H, W); Ulyanov et al., 2016.

    >>> import weft
    >>> weft.nn.InstanceNorm3d(3)(weft.ones(2, 3, 4, 5, 2)).shape == (2, 3, 4, 5, 2)
    True
    """

    _input_dims = (4, 5)


def _shape_of(normalized_shape):
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)


class LayerNorm(Module):
    """Normalises over the last dimensions, those of normalized_shape, sample by sample; Ba et al., 2016.

    >>> import weft
    >>> weft.nn.LayerNorm(2)(weft.tensor([1.0, 3.0])).round(decimals=2).tolist()
    [-1.0, 1.0]
    """

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None):
        super().__init__()
        self.normalized_shape = _shape_of(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        made = {"device": device, "dtype": dtype}
        shape, affine = self.normalized_shape, elementwise_affine
        self.register_parameter("weight", Parameter(weft.empty(shape, **made)) if affine else None)
        self.register_parameter("bias", Parameter(weft.empty(shape, **made)) if affine and bias else None)
        self.reset_parameters()

    def reset_parameters(self):
        _reset_affine(self)

    def forward(self, input):
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divides by the root of the mean square over the last dimensions; Zhang, Sennrich, 2019.

    eps is by default the machine epsilon of the input's dtype.

    >>> import weft
    >>> weft.nn.RMSNorm(2)(weft.tensor([3.0, 3.0])).tolist()
    [1.0, 1.0]
    """

    def __init__(self, normalized_shape, eps=None, elementwise_affine=True, device=None, dtype=None):
        super().__init__()
        self.normalized_shape = _shape_of(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        weight = weft.empty(self.normalized_shape, device=device, dtype=dtype) if elementwise_affine else None
        self.register_parameter("weight", None if weight is None else Parameter(weight))
        self.reset_parameters()

    def reset_parameters(self):
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input):
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self):
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Splits the channels of (N, C, ...) into groups and normalises each; Wu, He, 2018.

    >>> import weft
    >>> weft.nn.GroupNorm(3, 6)(weft.ones(20, 6, 10, 10)).shape == (20, 6, 10, 10)
    True
    """

    def __init__(self, num_groups, num_channels, eps=1e-5, affine=True, device=None, dtype=None, *, bias=True):
        super().__init__()
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

    def reset_parameters(self):
        _reset_affine(self)

    def forward(self, input):
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self):
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """Divides by (k + alpha * mean of squares over size neighbouring channels)^beta; Krizhevsky et al., 2012.

    >>> import weft
    >>> weft.nn.LocalResponseNorm(2)(weft.zeros(1, 3, 4)).shape == (1, 3, 4)
    True
    """

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0):
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input):
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self):
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
