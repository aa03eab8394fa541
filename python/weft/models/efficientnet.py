"""EfficientNet (Tan and Le, 2019): inverted residuals, scaled in width and depth together."""

from __future__ import annotations

import math

from weft import nn
from weft.models._arguments import check_input, check_positive, check_probability
from weft.models.mobilenetv2 import divisible
from weft.ops import Conv2dNormActivation, SqueezeExcitation, StochasticDepth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor

# Expansion, kernel, stride, channels, blocks
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)


class _MBConv(nn.Module):
    def __init__(self, channels, out_channels, expansion, kernel, stride, drop_path):
        super().__init__()
        hidden = divisible(channels * expansion)
        layers = []
        if hidden != channels:
            layers.append(Conv2dNormActivation(channels, hidden, 1, activation_layer=nn.SiLU))
        layers.append(Conv2dNormActivation(hidden, hidden, kernel, stride, groups=hidden, activation_layer=nn.SiLU))
        layers.append(SqueezeExcitation(hidden, max(1, channels // 4), activation=nn.SiLU))
        layers.append(Conv2dNormActivation(hidden, out_channels, 1, activation_layer=None))
        self.block = nn.Sequential(*layers)
        self.stochastic_depth = StochasticDepth(drop_path, "row")
        self.is_residual = stride == 1 and channels == out_channels

    def forward(self, x):
        y = self.block(x)
        return x + self.stochastic_depth(y) if self.is_residual else y


class EfficientNet(nn.Module):
    """EfficientNet: stages of inverted residuals with squeeze and excitation. torchvision's names.

    Args:
        width_mult: factor of the channels of B0.
        depth_mult: factor of its numbers of blocks.
        dropout: probability of a zero before the linear layer.
        stochastic_depth_prob: probability that the last block is left out; it grows from 0 with depth.
        num_classes: size of the result.

    Shape:
        Input: (N, 3, H, W). Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is out of range, or the images have another shape.

    Example:
        >>> import weft
        >>> weft.models.EfficientNet(0.25, 0.25, num_classes=7)(weft.zeros(2, 3, 32, 32)).shape
        weft.Size([2, 7])
    """

    avgpool: nn.AdaptiveAvgPool2d
    classifier: nn.Sequential
    features: nn.Sequential

    def __init__(
        self,
        width_mult: float = 1.0,
        depth_mult: float = 1.0,
        dropout: float = 0.2,
        stochastic_depth_prob: float = 0.2,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        check_positive("EfficientNet", num_classes=num_classes)
        check_probability("EfficientNet", dropout=dropout, stochastic_depth_prob=stochastic_depth_prob)
        if width_mult <= 0 or depth_mult <= 0:
            got = f"{width_mult} and {depth_mult}"
            raise ValueError(f"EfficientNet: width_mult and depth_mult must be positive, got {got}")
        counts = [math.ceil(count * depth_mult) for *_, count in _STAGES]
        channels, built = divisible(32 * width_mult), 0
        features: list[nn.Module] = [Conv2dNormActivation(3, channels, stride=2, activation_layer=nn.SiLU)]
        for (expansion, kernel, stride, width, _), count in zip(_STAGES, counts):
            out_channels = divisible(width * width_mult)
            blocks = []
            for i in range(count):
                drop_path = stochastic_depth_prob * built / sum(counts)
                blocks.append(_MBConv(channels, out_channels, expansion, kernel, 1 if i else stride, drop_path))
                channels, built = out_channels, built + 1
            features.append(nn.Sequential(*blocks))
        features.append(Conv2dNormActivation(channels, 4 * channels, 1, activation_layer=nn.SiLU))
        self.features = nn.Sequential(*features)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(dropout, inplace=True), nn.Linear(4 * channels, num_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        bound = 1 / math.sqrt(num_classes)
        nn.init.uniform_(self.classifier[1].weight, -bound, bound)
        nn.init.zeros_(self.classifier[1].bias)

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=3)
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def efficientnet_b0(num_classes: int = 1000) -> EfficientNet:
    """:class:`EfficientNet` B0.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.efficientnet_b0().parameters())
    5288548
    """
    return EfficientNet(1.0, 1.0, 0.2, num_classes=num_classes)


def efficientnet_b1(num_classes: int = 1000) -> EfficientNet:
    """:class:`EfficientNet` B1.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.efficientnet_b1().parameters())
    7794184
    """
    return EfficientNet(1.0, 1.1, 0.2, num_classes=num_classes)


def efficientnet_b2(num_classes: int = 1000) -> EfficientNet:
    """:class:`EfficientNet` B2.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.efficientnet_b2().parameters())
    9109994
    """
    return EfficientNet(1.1, 1.2, 0.3, num_classes=num_classes)


def efficientnet_b3(num_classes: int = 1000) -> EfficientNet:
    """:class:`EfficientNet` B3.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.efficientnet_b3().parameters())
    12233232
    """
    return EfficientNet(1.2, 1.4, 0.3, num_classes=num_classes)


def efficientnet_b4(num_classes: int = 1000) -> EfficientNet:
    """:class:`EfficientNet` B4.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.efficientnet_b4().parameters())
    19341616
    """
    return EfficientNet(1.4, 1.8, 0.4, num_classes=num_classes)
