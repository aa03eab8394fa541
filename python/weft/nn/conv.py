"""Convolution layers."""

from __future__ import annotations

import math

import weft
from weft._checks import check_places, check_sizes
from weft.nn import functional as F
from weft.nn import init
from weft.nn.module import Module
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Device, Ints


_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def to_tuple(value: Ints, size: int, name: str) -> tuple[int, ...]:
    """The value repeated size times if it is one number, else as a tuple of that length; ValueError otherwise.

    >>> from weft.nn.conv import to_tuple
    >>> to_tuple(3, 2, "kernel_size"), to_tuple([1, 2], 2, "kernel_size")
    ((3, 3), (1, 2))
    """
    if isinstance(value, (tuple, list)):
        if len(value) == 1:
            return (value[0],) * size
        if len(value) != size:
            raise ValueError(f"{name} must be one number or {size} of them, got {value!r}")
        return tuple(value)
    return (value,) * size


class _Conv(Module):
    weight: Parameter
    bias: Parameter | None
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: str | tuple[int, ...]
    dilation: tuple[int, ...]
    _dims: int

    def __init__(
        self,
        in_channels: int,
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
        super().__init__()
        kind, dims = type(self).__name__, self._dims
        check_sizes(kind, in_channels=in_channels, out_channels=out_channels)
        check_places(kind, 1, kernel_size=kernel_size, stride=stride, dilation=dilation, groups=groups)
        check_places(kind, 0, **({} if isinstance(padding, str) else {"padding": padding}))
        self.kernel_size = to_tuple(kernel_size, dims, f"{kind}: kernel_size")
        self.stride = to_tuple(stride, dims, f"{kind}: stride")
        self.dilation = to_tuple(dilation, dims, f"{kind}: dilation")
        self.padding = padding if isinstance(padding, str) else to_tuple(padding, dims, f"{kind}: padding")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.groups = groups
        self.padding_mode = padding_mode
        self._check()
        self._set_padding()
        shape = self._weight_shape()
        self.weight = Parameter(weft.empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(weft.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def _check(self) -> None:
        kind = type(self).__name__
        for name, channels in (("in_channels", self.in_channels), ("out_channels", self.out_channels)):
            if channels % self.groups:
                raise ValueError(f"{kind}: {name}={channels} is not divisible by groups={self.groups}")
        if self.padding_mode not in _PADDING_MODES:
            raise ValueError(
                f"{kind}: padding_mode must be one of {', '.join(_PADDING_MODES)}, got {self.padding_mode!r}"
            )
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(f"{kind}: padding must be numbers, 'same' or 'valid', got {self.padding!r}")
            if self.padding == "same" and any(s != 1 for s in self.stride):
                raise ValueError(f"{kind}: padding='same' needs stride 1, got {self.stride}")

    def _set_padding(self) -> None:
        """_own_padding goes to the convolution; _pad_first (if not None) is what F.pad adds to the input before."""
        if self.padding == "valid":
            sides = [(0, 0)] * self._dims
        elif self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
            sides = [(total // 2, total - total // 2) for total in totals]
        else:
            sides = [(p, p) for p in self.padding]
        if self.padding_mode == "zeros" and all(left == right for left, right in sides):
            self._own_padding, self._pad_first = tuple(left for left, _ in sides), None
        else:
            self._own_padding = (0,) * self._dims
            self._pad_first = [n for side in reversed(sides) for n in side]
        self._pad_mode = "constant" if self.padding_mode == "zeros" else self.padding_mode

    def reset_parameters(self) -> None:
        """Draws weight and bias anew, uniform in +-1/sqrt(the size of weight[0])."""
        fan_in = math.prod(self._weight_shape()[1:])
        bound = 1 / math.sqrt(fan_in) if fan_in else 0
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        if self._pad_first is not None:
            input = F.pad(input, self._pad_first, self._pad_mode)
        return self._convolve(input, self.weight, self.bias, self.stride, self._own_padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * self._dims:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self._dims:
            text += f", dilation={self.dilation}"
        text += self._more_repr()
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text

    def _more_repr(self) -> str:
        return ""


class Conv1d(_Conv):
    """Convolution of sequences: ``y[o, l] = b[o] + sum over c, k of weight[o, c, k] x[c, l * stride + k * dilation]``.

    weight and bias start uniform in +-1/sqrt(in_channels / groups * kernel_size).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: positions that an output value depends on.
        stride: positions between the windows of neighbouring outputs. Default 1.
        padding: positions added at both ends, or ``'valid'`` (none) or ``'same'`` (L stays, needs stride 1). Default 0.
        dilation: positions between the elements of a window. Default 1.
        groups: parts of the channels that are convolved each by itself. Default 1.
        bias: whether b is learned; without, there is none. Default True.
        padding_mode: what is added: ``'zeros'`` (default), ``'reflect'``, ``'replicate'`` or ``'circular'``.
        device, dtype: of weight and bias. By default the default ones.

    Shape:
        Input (N, in_channels, L) or (in_channels, L), output (N, out_channels, L') or (out_channels, L') with
        ``L' = (L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``.
        weight: (out_channels, in_channels / groups, kernel_size); bias: (out_channels).

    Raises:
        ValueError: groups does not divide the channels, padding or padding_mode is not one of those above, or another
            argument is out of range.
        RuntimeError: the input has another number of channels or is shorter than a window, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.Conv1d(16, 33, 3, stride=2)(weft.ones(20, 16, 50)).shape == (20, 33, 24)
        True
    """

    _dims = 1

    def _convolve(self, *args: Any) -> Tensor:
        return F.conv1d(*args)


class Conv2d(_Conv):
    """Convolution of images: every output value is b plus the sum of weight times a window of the input.

    weight and bias start uniform in +-1/sqrt(in_channels / groups * kH * kW). Sizes are one number for both dimensions
    or (height, width).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: kH and kW, the pixels that an output value depends on.
        stride: pixels between the windows of neighbouring outputs. Default 1.
        padding: pixels added at each side, or ``'valid'`` (none) or ``'same'`` (H and W stay, needs stride 1). Default
            0.
        dilation: pixels between the elements of a window. Default 1.
        groups: parts of the channels that are convolved each by itself. Default 1.
        bias: whether b is learned; without, there is none. Default True.
        padding_mode: what is added: ``'zeros'`` (default), ``'reflect'``, ``'replicate'`` or ``'circular'``.
        device, dtype: of weight and bias. By default the default ones.

    Shape:
        Input (N, in_channels, H, W) or (in_channels, H, W), output (N, out_channels, H', W') or (out_channels, H', W')
        with ``H' = (H + 2 * padding - dilation * (kH - 1) - 1) // stride + 1``, and W' likewise.
        weight: (out_channels, in_channels / groups, kH, kW); bias: (out_channels).

    Raises:
        ValueError: groups does not divide the channels, padding or padding_mode is not one of those above, or another
            argument is out of range.
        RuntimeError: the input has another number of channels or is smaller than a window, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.Conv2d(16, 33, 3, stride=2, padding=1)
        >>> layer(weft.ones(4, 16, 10, 20)).shape == (4, 33, 5, 10)
        True
        >>> layer
        Conv2d(16, 33, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
    """

    _dims = 2

    def _convolve(self, *args: Any) -> Tensor:
        return F.conv2d(*args)


class Conv3d(_Conv):
    """Convolution of volumes: every output value is b plus the sum of weight times a window of the input.

    weight and bias start uniform in +-1/sqrt(in_channels / groups * kD * kH * kW). Sizes are one number for all three
    dimensions or (depth, height, width).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: kD, kH and kW, the voxels that an output value depends on.
        stride: voxels between the windows of neighbouring outputs. Default 1.
        padding: voxels added at each side, or ``'valid'`` (none) or ``'same'`` (sizes stay, needs stride 1). Default 0.
        dilation: voxels between the elements of a window. Default 1.
        groups: parts of the channels that are convolved each by itself. Default 1.
        bias: whether b is learned; without, there is none. Default True.
        padding_mode: what is added: ``'zeros'`` (default), ``'reflect'``, ``'replicate'`` or ``'circular'``.
        device, dtype: of weight and bias. By default the default ones.

    Shape:
        Input (N, in_channels, D, H, W) or without N, output (N, out_channels, D', H', W') or without N, with
        ``D' = (D + 2 * padding - dilation * (kD - 1) - 1) // stride + 1``, and H' and W' likewise.
        weight: (out_channels, in_channels / groups, kD, kH, kW); bias: (out_channels).

    Raises:
        ValueError: groups does not divide the channels, padding or padding_mode is not one of those above, or another
            argument is out of range.
        RuntimeError: the input has another number of channels or is smaller than a window, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.Conv3d(2, 3, (1, 3, 3), padding=(0, 1, 1))(weft.ones(1, 2, 4, 5, 6)).shape == (1, 3, 4, 5, 6)
        True
    """

    _dims = 3

    def _convolve(self, *args: Any) -> Tensor:
        return F.conv3d(*args)
