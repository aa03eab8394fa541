"""U-Net (Ronneberger et al., 2015), with batch normalisation: segmentation of images."""

from __future__ import annotations

from collections import OrderedDict

import weft
from weft import nn
from weft.models._arguments import check_input, check_positive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor


def _block(channels, out_channels, name):
    layers = OrderedDict()
    for i in (1, 2):
        layers[f"{name}conv{i}"] = nn.Conv2d(channels, out_channels, 3, padding=1, bias=False)
        layers[f"{name}norm{i}"] = nn.BatchNorm2d(out_channels)
        layers[f"{name}relu{i}"] = nn.ReLU(inplace=True)
        channels = out_channels
    return nn.Sequential(layers)


class UNet(nn.Module):
    """U-Net: four halvings and four doublings, each doubled map joined with the one that was halved.

    The names are those of M. Buda's model of brain segmentation, whose result is the sigmoid of this one's.

    Args:
        in_channels: channels of the images.
        out_channels: channels of the result, one for each class.
        init_features: channels of the largest map; they double with each halving.

    Shape:
        Input: (N, in_channels, H, W), H and W multiples of 16. Output: (N, out_channels, H, W), logits.

    Raises:
        ValueError: an argument is not a positive int, or the images have another shape.

    Example:
        >>> import weft
        >>> weft.models.UNet(1, 2, init_features=4)(weft.zeros(1, 1, 32, 32)).shape
        weft.Size([1, 2, 32, 32])
    """

    bottleneck: Any
    conv: nn.Conv2d

    def __init__(self, in_channels: int = 3, out_channels: int = 1, init_features: int = 32) -> None:
        super().__init__()
        check_positive("UNet", in_channels=in_channels, out_channels=out_channels, init_features=init_features)
        self.in_channels = in_channels
        widths = [init_features << i for i in range(5)]
        channels = in_channels
        for i, width in enumerate(widths[:4], 1):
            self.add_module(f"encoder{i}", _block(channels, width, f"enc{i}"))
            self.add_module(f"pool{i}", nn.MaxPool2d(2, 2))
            channels = width
        self.bottleneck = _block(channels, widths[4], "bottleneck")
        for i, width in reversed(list(enumerate(widths[:4], 1))):
            self.add_module(f"upconv{i}", nn.ConvTranspose2d(2 * width, width, 2, 2))
            self.add_module(f"decoder{i}", _block(2 * width, width, f"dec{i}"))
        self.conv = nn.Conv2d(init_features, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=self.in_channels)
        if x.shape[2] % 16 or x.shape[3] % 16:
            raise ValueError(f"UNet: height and width must be multiples of 16, got {tuple(x.shape)}")
        skipped = []
        for i in range(1, 5):
            x = getattr(self, f"encoder{i}")(x)
            skipped.append(x)
            x = getattr(self, f"pool{i}")(x)
        x = self.bottleneck(x)
        for i in range(4, 0, -1):
            x = getattr(self, f"upconv{i}")(x)
            x = getattr(self, f"decoder{i}")(weft.cat([x, skipped[i - 1]], 1))
        return self.conv(x)
