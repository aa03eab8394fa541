"""MobileNetV2 (Sandler et al., 2018): inverted residuals."""

from __future__ import annotations

from weft import nn
from weft.models._arguments import check_input, check_positive, check_probability
from weft.ops import Conv2dNormActivation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor

# Expansion, channels, blocks, stride
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def divisible(value: float, divisor: int = 8) -> int:
    """The multiple of divisor nearest to value; the next one where that is more than a tenth below it.

    >>> import weft
    >>> weft.models.mobilenetv2.divisible(33), weft.models.mobilenetv2.divisible(11)
    (32, 16)
    """
    nearest = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * value else nearest


class _InvertedResidual(nn.Module):
    def __init__(self, channels, out_channels, stride, expansion):
        super().__init__()
        hidden = channels * expansion
        layers = [] if expansion == 1 else [Conv2dNormActivation(channels, hidden, 1, activation_layer=nn.ReLU6)]
        self.conv = nn.Sequential(
            *layers,
            Conv2dNormActivation(hidden, hidden, stride=stride, groups=hidden, activation_layer=nn.ReLU6),
            nn.Conv2d(hidden, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.is_residual = stride == 1 and channels == out_channels

    def forward(self, x):
        return x + self.conv(x) if self.is_residual else self.conv(x)


class MobileNetV2(nn.Module):
    """MobileNetV2: blocks that widen, convolve each channel apart and narrow again. torchvision's names.

    Args:
        num_classes: size of the result.
        width_mult: factor of all channels.
        inverted_residual_setting: (expansion, channels, blocks, stride) of each stage; None for those of the paper.
        round_nearest: channels are multiples of this.
        dropout: probability of a zero before the linear layer.

    Shape:
        Input: (N, 3, H, W). Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is out of range, or the images have another shape.

    Example:
        >>> import weft
        >>> net = weft.models.MobileNetV2(7, width_mult=0.25)
        >>> net(weft.zeros(2, 3, 32, 32)).shape
        weft.Size([2, 7])
    """

    classifier: nn.Sequential
    features: nn.Sequential

    def __init__(
        self,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        inverted_residual_setting: Sequence[Sequence[int]] | None = None,
        round_nearest: int = 8,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        check_positive("MobileNetV2", num_classes=num_classes, round_nearest=round_nearest)
        check_probability("MobileNetV2", dropout=dropout)
        if width_mult <= 0:
            raise ValueError(f"MobileNetV2: width_mult must be positive, got {width_mult}")
        stages = _STAGES if inverted_residual_setting is None else inverted_residual_setting
        if not stages or any(len(stage) != 4 for stage in stages):
            raise ValueError(
                "MobileNetV2: inverted_residual_setting must be (expansion, channels, blocks, stride) of each stage, "
                f"got {stages!r}"
            )
        channels = divisible(32 * width_mult, round_nearest)
        features: list[nn.Module] = [Conv2dNormActivation(3, channels, stride=2, activation_layer=nn.ReLU6)]
        for expansion, width, count, stride in stages:
            out_channels = divisible(width * width_mult, round_nearest)
            for i in range(count):
                features.append(_InvertedResidual(channels, out_channels, 1 if i else stride, expansion))
                channels = out_channels
        last = divisible(1280 * max(1.0, width_mult), round_nearest)
        features.append(Conv2dNormActivation(channels, last, 1, activation_layer=nn.ReLU6))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(last, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=3)
        return self.classifier(self.features(x).mean((2, 3)))


def mobilenet_v2(num_classes: int = 1000, width_mult: float = 1.0, dropout: float = 0.2) -> MobileNetV2:
    """:class:`MobileNetV2`.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.mobilenet_v2().parameters())
    3504872
    """
    return MobileNetV2(num_classes, width_mult, dropout=dropout)
