"""Transposed convolution layers."""

from __future__ import annotations

import weft
from weft._checks import check_places
from weft.nn import functional as F
from weft.nn.conv import _Conv, to_tuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Device, Ints


class _ConvTranspose(_Conv):
    output_padding: tuple[int, ...]

    def __init__(
        self,
        in_channels: int,
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
        kind = type(self).__name__
        if padding_mode != "zeros":
            raise ValueError(f"{kind}: padding_mode must be 'zeros', got {padding_mode!r}")
        if isinstance(padding, str):
            raise TypeError(f"{kind}: padding must be numbers, got {padding!r}")
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )
        check_places(kind, 0, output_padding=output_padding)
        self.output_padding = to_tuple(output_padding, self._dims, f"{kind}: output_padding")

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    def _more_repr(self) -> str:
        shown = self.output_padding != (0,) * self._dims
        return f", output_padding={self.output_padding}" if shown else ""

    def _output_padding(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """What is added behind so that the output has output_size, the sizes with or without N and channels."""
        if output_size is None:
            return self.output_padding
        kind, dims = type(self).__name__, self._dims
        wanted = tuple(output_size)
        if len(wanted) == input.dim():
            wanted = wanted[-dims:]
        if len(wanted) != dims or input.dim() not in (dims + 1, dims + 2):
            raise ValueError(
                f"{kind}: expected an output_size of {dims} or {input.dim()} numbers for input of shape "
                f"{tuple(input.shape)}, got {tuple(output_size)}"
            )
        parts = zip(input.shape[-dims:], self.stride, self.padding, self.dilation, self.kernel_size)
        least = tuple((n - 1) * stride - 2 * pad + step * (size - 1) + 1 for n, stride, pad, step, size in parts)
        most = tuple(n + stride - 1 for n, stride in zip(least, self.stride))
        if not all(low <= n <= high for low, n, high in zip(least, wanted, most)):
            raise ValueError(
                f"{kind}: output_size must lie between {least} and {most} for input of shape {tuple(input.shape)}, "
                f"got {wanted}"
            )
        return tuple(n - low for n, low in zip(wanted, least))

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        added = self._output_padding(input, output_size)
        return self._convolve(
            input, self.weight, self.bias, self.stride, self.padding, added, self.groups, self.dilation
        )


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution of sequences: every input value adds weight times itself to a window of the output, and b.

    It is the gradient of Conv1d by its input. Dumoulin and Visin, 2016. Where a stride makes Conv1d give one size for
    several inputs, output_padding or the call's output_size chooses among them.

    weight and bias start uniform in +-1/sqrt(out_channels / groups * kernel_size).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: positions that an input value reaches.
        stride: positions between the windows of neighbouring inputs. Default 1.
        padding: positions that are cut off at each side. Default 0.
        output_padding: positions added behind, fewer than stride or dilation. Default 0.
        groups: parts of the channels that are convolved each by itself. Default 1.
        bias: whether b is learned; without, there is none. Default True.
        dilation: positions between the elements of a window. Default 1.
        padding_mode: ``'zeros'``.
        device, dtype: of weight and bias. By default the default ones.

    Shape:
        Input (N, in_channels, L) or (in_channels, L),
        output (N, out_channels, L') or (out_channels, L') with
        ``L' = (L - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1``.
        weight: (in_channels, out_channels / groups, kernel_size); bias: (out_channels).

    Raises:
        ValueError: groups does not divide the channels, padding_mode is another one, or, when the layer is called, its
            output_size cannot be had.
        RuntimeError: the input has another number of channels, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.ConvTranspose1d(2, 3, 4, stride=2, padding=1)
        >>> layer(weft.ones(1, 2, 5)).shape == (1, 3, 10)
        True
        >>> layer(weft.ones(1, 2, 5), output_size=(11,)).shape == (1, 3, 11)
        True
    """

    _dims = 1

    def _convolve(self, *args: Any) -> Tensor:
        return F.conv_transpose1d(*args)


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution of images: every input value adds weight times itself to a window of the output, and b.

    It is the gradient of Conv2d by its input. Dumoulin and Visin, 2016. Where a stride makes Conv2d give one size for
    several inputs, output_padding or the call's output_size chooses among them.

    weight and bias start uniform in +-1/sqrt(out_channels / groups * kH * kW). Sizes are one number for both
    dimensions or (height, width).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: kH and kW, the pixels that an input value reaches.
        stride: pixels between the windows of neighbouring inputs. Default 1.
        padding: pixels that are cut off at each side. Default 0.
        output_padding: pixels added behind, fewer than stride or dilation. Default 0.
        groups: parts of the channels that are convolved each by itself. Default 1.
        bias: whether b is learned; without, there is none. Default True.
        dilation: pixels between the elements of a window. Default 1.
        padding_mode: ``'zeros'``.
        device, dtype: of weight and bias. By default the default ones.

    Shape:
        Input (N, in_channels, H, W) or (in_channels, H, W),
        output (N, out_channels, H', W') or (out_channels, H', W') with
        ``H' = (H - 1) * stride - 2 * padding + dilation * (kH - 1) + output_padding + 1``, and W' likewise.
        weight: (in_channels, out_channels / groups, kH, kW); bias: (out_channels).

    Raises:
        ValueError: groups does not divide the channels, padding_mode is another one, or, when the layer is called, its
            output_size cannot be had.
        RuntimeError: the input has another number of channels, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1)
        >>> layer(weft.ones(1, 16, 5, 6)).shape == (1, 8, 10, 12)
        True
        >>> layer
        ConvTranspose2d(16, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1))
    """

    _dims = 2

    def _convolve(self, *args: Any) -> Tensor:
        return F.conv_transpose2d(*args)


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution of volumes: every input value adds weight times itself to a window of the output, and b.

    It is the gradient of Conv3d by its input. Dumoulin and Visin, 2016. Where a stride makes Conv3d give one size for
    several inputs, output_padding or the call's output_size chooses among them.

    weight and bias start uniform in +-1/sqrt(out_channels / groups * kD * kH * kW). Sizes are one number for all
    dimensions or (depth, height, width).

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: kD, kH and kW, the voxels that an input value reaches.
        stride: voxels between the windows of neighbouring inputs. Default 1.
        padding: voxels that are cut off at each side. Default 0.
        output_padding: voxels added behind, fewer than stride or dilation. Default 0.
        groups: parts of the channels that are convolved each by itself. Default 1.
        bias: whether b is learned; without, there is none. Default True.
        dilation: voxels between the elements of a window. Default 1.
        padding_mode: ``'zeros'``.
        device, dtype: of weight and bias. By default the default ones.

    Shape:
        Input (N, in_channels, D, H, W) or without N,
        output (N, out_channels, D', H', W') or without N with
        ``D' = (D - 1) * stride - 2 * padding + dilation * (kD - 1) + output_padding + 1``, and H' and W' likewise.
        weight: (in_channels, out_channels / groups, kD, kH, kW); bias: (out_channels).

    Raises:
        ValueError: groups does not divide the channels, padding_mode is another one, or, when the layer is called, its
            output_size cannot be had.
        RuntimeError: the input has another number of channels, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.ConvTranspose3d(4, 2, 2, stride=2)(weft.ones(1, 4, 2, 3, 4)).shape == (1, 2, 4, 6, 8)
        True
    """

    _dims = 3

    def _convolve(self, *args: Any) -> Tensor:
        return F.conv_transpose3d(*args)
