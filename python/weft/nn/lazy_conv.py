"""Convolutions that find out at their first call how many channels they take."""

from __future__ import annotations

import weft
from weft._checks import check_tensors
from weft.nn.conv import Conv1d, Conv2d, Conv3d, _Conv
from weft.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from weft.nn.lazy import LazyModuleMixin
from weft.nn.parameter import UninitializedParameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Device, Ints


class _LazyConv(LazyModuleMixin, _Conv):
    def _leave_open(self, out_channels: int, bias: bool, device: Device, dtype: weft.dtype | None) -> None:
        """For the constructor, after that of the layer has been given no channels."""
        if out_channels % self.groups:
            raise ValueError(
                f"{type(self).__name__}: out_channels={out_channels} is not divisible by groups={self.groups}"
            )
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def _channels_of_weight(self) -> int:
        return self.weight.shape[1] * self.groups

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_channels:
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Makes weight and bias for an input, if they are not there yet.

        Args:
            input: with or without N, the channels before the spatial dimensions.

        Raises:
            RuntimeError: the input has another number of dimensions.
            ValueError: groups does not divide its channels.
        """
        check_tensors(type(self).__name__, input=input)
        if not self.has_uninitialized_params():  # a state_dict has been loaded
            self.in_channels = self._channels_of_weight()
            return
        kind = type(self).__name__
        if input.dim() not in (self._dims + 1, self._dims + 2):
            raise RuntimeError(
                f"{kind}: expected input with {self._dims + 1} or {self._dims + 2} dimensions, got shape "
                f"{tuple(input.shape)}"
            )
        channels = input.shape[-self._dims - 1]
        if channels % self.groups:
            raise ValueError(f"{kind}: in_channels={channels} is not divisible by groups={self.groups}")
        self.in_channels = channels
        self.weight.materialize(self._weight_shape())
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()


class _LazyConvTranspose(_LazyConv):
    def _channels_of_weight(self) -> int:
        return self.weight.shape[0]

    def initialize_parameters(self, input: Tensor, output_size: Sequence[int] | None = None) -> None:
        """As that of other convolutions.

        Args:
            input: with or without N, the channels before the spatial dimensions.
            output_size: what forward takes; it does not matter here.
        """
        super().initialize_parameters(input)


class LazyConv1d(_LazyConv, Conv1d):
    """A Conv1d whose in_channels is that of the first input. It becomes a Conv1d at its first call.

    Args:
        out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype: as for Conv1d.

    Shape:
        Input (N, in_channels, L) or without N, output (N, out_channels, L') or without N.

    Raises:
        ValueError: groups does not divide the channels, or padding or padding_mode is not one of those of Conv1d.

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyConv1d(3, 3)
        >>> layer(weft.ones(1, 2, 4)).shape == (1, 3, 2)
        True
        >>> type(layer).__name__, layer.in_channels
        ('Conv1d', 2)
    """

    cls_to_become: Any = Conv1d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints | str = 0,
        dilation: Ints = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._leave_open(out_channels, bias, device, dtype)


class LazyConv2d(_LazyConv, Conv2d):
    """A Conv2d whose in_channels is that of the first input. It becomes a Conv2d at its first call.

    Args:
        out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype: as for Conv2d.

    Shape:
        Input (N, in_channels, H, W) or without N, output (N, out_channels, H', W') or without N.

    Raises:
        ValueError: groups does not divide the channels, or padding or padding_mode is not one of those of Conv2d.

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyConv2d(3, 3)
        >>> layer(weft.ones(1, 2, 4, 4)).shape == (1, 3, 2, 2)
        True
        >>> type(layer).__name__, layer.in_channels
        ('Conv2d', 2)
    """

    cls_to_become: Any = Conv2d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints | str = 0,
        dilation: Ints = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._leave_open(out_channels, bias, device, dtype)


class LazyConv3d(_LazyConv, Conv3d):
    """A Conv3d whose in_channels is that of the first input. It becomes a Conv3d at its first call.

    Args:
        out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype: as for Conv3d.

    Shape:
        Input (N, in_channels, D, H, W) or without N, output (N, out_channels, D', H', W') or without N.

    Raises:
        ValueError: groups does not divide the channels, or padding or padding_mode is not one of those of Conv3d.

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyConv3d(3, 3)
        >>> layer(weft.ones(1, 2, 4, 4, 4)).shape == (1, 3, 2, 2, 2)
        True
        >>> type(layer).__name__, layer.in_channels
        ('Conv3d', 2)
    """

    cls_to_become: Any = Conv3d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints | str = 0,
        dilation: Ints = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self._leave_open(out_channels, bias, device, dtype)


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A ConvTranspose1d whose in_channels is that of the first input. It becomes one at its first call.

    Args:
        out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation, padding_mode, device, dtype:
            as for ConvTranspose1d.

    Shape:
        Input (N, in_channels, L) or without N, output (N, out_channels, L') or without N.

    Raises:
        ValueError: groups does not divide the channels, or padding_mode is another one than ``'zeros'``.

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyConvTranspose1d(3, 2, stride=2)
        >>> layer(weft.ones(1, 2, 2)).shape == (1, 3, 4)
        True
        >>> type(layer).__name__, layer.in_channels
        ('ConvTranspose1d', 2)
    """

    cls_to_become: Any = ConvTranspose1d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Ints = 1,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._leave_open(out_channels, bias, device, dtype)


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A ConvTranspose2d whose in_channels is that of the first input. It becomes one at its first call.

    Args:
        out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation, padding_mode, device, dtype:
            as for ConvTranspose2d.

    Shape:
        Input (N, in_channels, H, W) or without N, output (N, out_channels, H', W') or without N.

    Raises:
        ValueError: groups does not divide the channels, or padding_mode is another one than ``'zeros'``.

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyConvTranspose2d(3, 2, stride=2)
        >>> layer(weft.ones(1, 2, 2, 2)).shape == (1, 3, 4, 4)
        True
        >>> type(layer).__name__, layer.in_channels
        ('ConvTranspose2d', 2)
    """

    cls_to_become: Any = ConvTranspose2d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Ints = 1,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._leave_open(out_channels, bias, device, dtype)


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A ConvTranspose3d whose in_channels is that of the first input. It becomes one at its first call.

    Args:
        out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation, padding_mode, device, dtype:
            as for ConvTranspose3d.

    Shape:
        Input (N, in_channels, D, H, W) or without N, output (N, out_channels, D', H', W') or without N.

    Raises:
        ValueError: groups does not divide the channels, or padding_mode is another one than ``'zeros'``.

    Example:
        >>> import weft
        >>> layer = weft.nn.LazyConvTranspose3d(3, 2, stride=2)
        >>> layer(weft.ones(1, 2, 2, 2, 2)).shape == (1, 3, 4, 4, 4)
        True
        >>> type(layer).__name__, layer.in_channels
        ('ConvTranspose3d', 2)
    """

    cls_to_become: Any = ConvTranspose3d

    def __init__(
        self,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Ints = 1,
        padding_mode: str = "zeros",
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode)
        self._leave_open(out_channels, bias, device, dtype)
