"""Layers that move values between channels and places."""

from __future__ import annotations

from weft.nn import functional as F
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor
    from weft.nn._types import Ints


class PixelShuffle(Module):
    """Moves values from channels to places: of r^2 channels one is made, r times as high and wide. Shi et al., 2016.

    Args:
        upscale_factor: r, by how much height and width grow.

    Shape:
        Input (..., C * r^2, H, W), output (..., C, H * r, W * r).

    Raises:
        RuntimeError: r^2 does not divide the number of channels, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.PixelShuffle(3)(weft.ones(1, 9, 4, 4)).shape == (1, 1, 12, 12)
        True
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Moves values from places to channels, the reverse of PixelShuffle.

    Args:
        downscale_factor: r, by how much height and width shrink.

    Shape:
        Input (..., C, H * r, W * r), output (..., C * r^2, H, W).

    Raises:
        RuntimeError: r does not divide height and width, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.PixelUnshuffle(3)(weft.ones(1, 1, 12, 12)).shape == (1, 9, 4, 4)
        True
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Interleaves the channels of several groups: channel ``i * groups + g`` was i of group g. Zhang et al., 2017.

    Args:
        groups: number of groups; divides the number of channels.

    Shape:
        Input and output: (N, C, ...) with at least one dimension after C.

    Raises:
        RuntimeError: groups does not divide C, or the input has fewer dimensions, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.ChannelShuffle(2)(weft.arange(4).reshape(1, 4, 1)).flatten()
        tensor([0, 2, 1, 3])
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class Unfold(Module):
    """The windows of images as columns.

    Sizes are one number for both dimensions or (height, width).

    Args:
        kernel_size: kH and kW, the size of a window.
        dilation: pixels between the elements of a window. Default 1.
        padding: zeros added at each side. Default 0.
        stride: pixels between neighbouring windows. Default 1.

    Shape:
        Input (N, C, H, W) or (C, H, W), output (N, C * kH * kW, windows) or (C * kH * kW, windows); the windows go from
        left to right, then from top to bottom.

    Raises:
        RuntimeError: no window fits into the input, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.Unfold(2, stride=2)(weft.ones(1, 3, 4, 4)).shape == (1, 12, 4)
        True
    """

    def __init__(self, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Images made of columns, the reverse of Unfold: where windows overlap, their values are added.

    Sizes are one number for both dimensions or (height, width).

    Args:
        output_size: H and W, the size of the images.
        kernel_size: kH and kW, the size of a window.
        dilation: pixels between the elements of a window. Default 1.
        padding: pixels at each side that windows reach beyond the image. Default 0.
        stride: pixels between neighbouring windows. Default 1.

    Shape:
        Input (N, C * kH * kW, windows) or (C * kH * kW, windows), output (N, C, H, W) or (C, H, W).

    Raises:
        RuntimeError: the input's sizes are not those that Unfold gives for such images, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.Fold((4, 4), 2, stride=2)(weft.ones(1, 12, 4)).shape == (1, 3, 4, 4)
        True
    """

    def __init__(
        self, output_size: Ints, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
