"""Normalisation layers that find out at their first call how many channels they take."""

from __future__ import annotations

import weft
from weft._checks import check_tensors
from weft.nn.lazy import LazyModuleMixin
from weft.nn.normalization import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    _RunningNorm,
)
from weft.nn.parameter import UninitializedBuffer, UninitializedParameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Device


class _LazyNorm(LazyModuleMixin, _RunningNorm):
    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Device = None,
        dtype: weft.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = weft.zeros((), dtype=weft.int64, device=device)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.num_features:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Makes parameters and running statistics for an input, if they are not there yet.

        Args:
            input: what the layer takes.

        Raises:
            ValueError: it has another number of dimensions.
        """
        check_tensors(type(self).__name__, input=input)
        if not self.has_uninitialized_params():  # a state_dict has been loaded, or there is nothing to load
            known = self.weight if self.weight is not None else self.running_mean
            self.num_features = input.shape[self._channel_dim(input)] if known is None else known.shape[0]
            return
        self._check_input_dim(input)
        self.num_features = input.shape[self._channel_dim(input)]
        shape = (self.num_features,)
        for parameter in (self.weight, self.bias):
            if parameter is not None:
                parameter.materialize(shape)
        if self.track_running_stats:
            made = {"device": self.running_mean.device, "dtype": self.running_mean.dtype}
            self.running_mean, self.running_var = weft.zeros(shape, **made), weft.ones(shape, **made)
        self.reset_parameters()

    def _channel_dim(self, input: Tensor) -> int:
        return 1


class _LazyInstanceNorm(_LazyNorm):
    def _channel_dim(self, input: Tensor) -> int:
        return input.dim() - self._input_dims[1] + 1  # 0 without, 1 with a batch dimension


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """A BatchNorm1d whose num_features is that of the first input. It becomes one at its first call.

    Args:
        eps, momentum, affine, track_running_stats, device, dtype, bias: as for BatchNorm1d.

    Shape:
        Input and output: (N, C) or (N, C, L).

    Raises:
        ValueError: the input has another number of dimensions, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyBatchNorm1d()
        >>> layer(weft.ones(2, 4, 3)).shape == (2, 4, 3)
        True
        >>> type(layer).__name__, layer.num_features
        ('BatchNorm1d', 4)
    """

    cls_to_become: Any = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """A BatchNorm2d whose num_features is that of the first input. It becomes one at its first call.

    Args:
        eps, momentum, affine, track_running_stats, device, dtype, bias: as for BatchNorm2d.

    Shape:
        Input and output: (N, C, H, W).

    Raises:
        ValueError: the input has another number of dimensions, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyBatchNorm2d()
        >>> layer(weft.ones(2, 4, 3, 3)).shape == (2, 4, 3, 3)
        True
        >>> type(layer).__name__, layer.num_features
        ('BatchNorm2d', 4)
    """

    cls_to_become: Any = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """A BatchNorm3d whose num_features is that of the first input. It becomes one at its first call.

    Args:
        eps, momentum, affine, track_running_stats, device, dtype, bias: as for BatchNorm3d.

    Shape:
        Input and output: (N, C, D, H, W).

    Raises:
        ValueError: the input has another number of dimensions, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyBatchNorm3d()
        >>> layer(weft.ones(2, 4, 3, 3, 3)).shape == (2, 4, 3, 3, 3)
        True
        >>> type(layer).__name__, layer.num_features
        ('BatchNorm3d', 4)
    """

    cls_to_become: Any = BatchNorm3d


class LazyInstanceNorm1d(_LazyInstanceNorm, InstanceNorm1d):
    """An InstanceNorm1d whose num_features is that of the first input. It becomes one at its first call.

    Args:
        eps, momentum, affine, track_running_stats, device, dtype, bias: as for InstanceNorm1d; affine and
            track_running_stats are True by default.

    Shape:
        Input and output: (N, C, L) or (C, L).

    Raises:
        ValueError: the input has another number of dimensions, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyInstanceNorm1d()
        >>> layer(weft.ones(2, 4, 3)).shape == (2, 4, 3)
        True
        >>> type(layer).__name__, layer.num_features
        ('InstanceNorm1d', 4)
    """

    cls_to_become: Any = InstanceNorm1d


class LazyInstanceNorm2d(_LazyInstanceNorm, InstanceNorm2d):
    """An InstanceNorm2d whose num_features is that of the first input. It becomes one at its first call.

    Args:
        eps, momentum, affine, track_running_stats, device, dtype, bias: as for InstanceNorm2d; affine and
            track_running_stats are True by default.

    Shape:
        Input and output: (N, C, H, W) or (C, H, W).

    Raises:
        ValueError: the input has another number of dimensions, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyInstanceNorm2d()
        >>> layer(weft.ones(2, 4, 3, 3)).shape == (2, 4, 3, 3)
        True
        >>> type(layer).__name__, layer.num_features
        ('InstanceNorm2d', 4)
    """

    cls_to_become: Any = InstanceNorm2d


class LazyInstanceNorm3d(_LazyInstanceNorm, InstanceNorm3d):
    """An InstanceNorm3d whose num_features is that of the first input. It becomes one at its first call.

    Args:
        eps, momentum, affine, track_running_stats, device, dtype, bias: as for InstanceNorm3d; affine and
            track_running_stats are True by default.

    Shape:
        Input and output: (N, C, D, H, W) or (C, D, H, W).

    Raises:
        ValueError: the input has another number of dimensions, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyInstanceNorm3d()
        >>> layer(weft.ones(2, 4, 3, 3, 3)).shape == (2, 4, 3, 3, 3)
        True
        >>> type(layer).__name__, layer.num_features
        ('InstanceNorm3d', 4)
    """

    cls_to_become: Any = InstanceNorm3d
