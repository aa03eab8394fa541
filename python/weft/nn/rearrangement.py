"""Layers that move values between channels and places."""

from weft.nn import functional as F
from weft.nn.module import Module


class PixelShuffle(Module):
    """(..., C * r^2, H, W) to (..., C, H * r, W * r) for upscale factor r; Shi et al., 2016.

    >>> import weft
    >>> weft.nn.PixelShuffle(3)(weft.ones(1, 9, 4, 4)).shape == (1, 1, 12, 12)
    True
    """

    def __init__(self, upscale_factor):
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input):
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self):
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """The reverse of PixelShuffle.

    >>> import weft
    >>> weft.nn.PixelUnshuffle(3)(weft.ones(1, 1, 12, 12)).shape == (1, 9, 4, 4)
    True
    """

    def __init__(self, downscale_factor):
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input):
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self):
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Interleaves the channels of several groups; Zhang et al., 2017.

    >>> import weft
    >>> weft.nn.ChannelShuffle(2)(weft.arange(4).reshape(1, 4, 1)).flatten()
    tensor([0, 2, 1, 3])
    """

    def __init__(self, groups):
        super().__init__()
        self.groups = groups

    def forward(self, input):
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self):
        return f"groups={self.groups}"


class Unfold(Module):
    """The windows of images as columns: see nn.functional.unfold.

    >>> import weft
    >>> weft.nn.Unfold(2, stride=2)(weft.ones(1, 3, 4, 4)).shape == (1, 12, 4)
    True
    """

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input):
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """The reverse of Unfold: sums columns into images; see nn.functional.fold.

    >>> import weft
    >>> weft.nn.Fold((4, 4), 2, stride=2)(weft.ones(1, 12, 4)).shape == (1, 3, 4, 4)
    True
    """

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input):
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self):
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
