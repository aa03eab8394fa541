"""ConvNeXt (Liu et al., 2022): a convolutional network with the proportions of a transformer."""

from __future__ import annotations

import weft
from weft import nn
from weft.models._arguments import check_input, check_positive, check_probability
from weft.nn import functional as F
from weft.ops import Conv2dNormActivation, Permute, StochasticDepth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor


class _LayerNorm2d(nn.LayerNorm):
    """Over the channels of each pixel of (N, C, H, W)."""

    def __init__(self, channels):
        super().__init__(channels, eps=1e-6)

    def forward(self, x):
        x = F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class _Block(nn.Module):
    def __init__(self, channels, layer_scale, drop_path):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(channels, channels, 7, padding=3, groups=channels),
            Permute([0, 2, 3, 1]),
            nn.LayerNorm(channels, eps=1e-6),
            nn.Linear(channels, 4 * channels),
            nn.GELU(),
            nn.Linear(4 * channels, channels),
            Permute([0, 3, 1, 2]),
        )
        self.layer_scale = nn.Parameter(weft.full((channels, 1, 1), layer_scale))
        self.stochastic_depth = StochasticDepth(drop_path, "row")

    def forward(self, x):
        return x + self.stochastic_depth(self.layer_scale * self.block(x))


class ConvNeXt(nn.Module):
    """ConvNeXt: stages of blocks that convolve each channel apart in 7x7, then mix channels twice.

    torchvision's names.

    Args:
        channels: of each stage.
        depths: how many blocks each stage has.
        stochastic_depth_prob: probability that the last block is left out; it grows from 0 with depth.
        layer_scale: start of the factor of each block's output.
        num_classes: size of the result.

    Shape:
        Input: (N, 3, H, W), H and W at least 32 for four stages. Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is out of range, or the images have another shape.

    Example:
        >>> import weft
        >>> weft.models.ConvNeXt((8, 16), (1, 1), num_classes=7)(weft.zeros(2, 3, 32, 32)).shape
        weft.Size([2, 7])
    """

    avgpool: nn.AdaptiveAvgPool2d
    classifier: nn.Sequential
    features: nn.Sequential

    def __init__(
        self,
        channels: Sequence[int],
        depths: Sequence[int],
        stochastic_depth_prob: float = 0.0,
        layer_scale: float = 1e-6,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        check_positive("ConvNeXt", num_classes=num_classes)
        check_probability("ConvNeXt", stochastic_depth_prob=stochastic_depth_prob)
        if not channels or len(channels) != len(depths) or min(*channels, *depths) < 1:
            got = f"{channels!r} and {depths!r}"
            raise ValueError(f"ConvNeXt: channels and depths must be positive ints, as many of each, got {got}")
        features: list[nn.Module] = [
            Conv2dNormActivation(
                3, channels[0], 4, stride=4, padding=0, norm_layer=_LayerNorm2d, activation_layer=None, bias=True
            )
        ]
        built = 0
        for i, (width, depth) in enumerate(zip(channels, depths)):
            if i:
                features.append(nn.Sequential(_LayerNorm2d(channels[i - 1]), nn.Conv2d(channels[i - 1], width, 2, 2)))
            blocks = []
            for _ in range(depth):
                drop_path = stochastic_depth_prob * built / max(sum(depths) - 1, 1)
                blocks.append(_Block(width, layer_scale, drop_path))
                built += 1
            features.append(nn.Sequential(*blocks))
        self.features = nn.Sequential(*features)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(_LayerNorm2d(channels[-1]), nn.Flatten(1), nn.Linear(channels[-1], num_classes))
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=3)
        return self.classifier(self.avgpool(self.features(x)))


def convnext_tiny(num_classes: int = 1000, stochastic_depth_prob: float = 0.1) -> ConvNeXt:
    """The tiny :class:`ConvNeXt`.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.convnext_tiny().parameters())
    28589128
    """
    return ConvNeXt((96, 192, 384, 768), (3, 3, 9, 3), stochastic_depth_prob, num_classes=num_classes)


def convnext_small(num_classes: int = 1000, stochastic_depth_prob: float = 0.4) -> ConvNeXt:
    """The small :class:`ConvNeXt`.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.convnext_small().parameters())
    50223688
    """
    return ConvNeXt((96, 192, 384, 768), (3, 3, 27, 3), stochastic_depth_prob, num_classes=num_classes)


def convnext_base(num_classes: int = 1000, stochastic_depth_prob: float = 0.5) -> ConvNeXt:
    """The base :class:`ConvNeXt`.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.convnext_base().parameters())
    88591464
    """
    return ConvNeXt((128, 256, 512, 1024), (3, 3, 27, 3), stochastic_depth_prob, num_classes=num_classes)
