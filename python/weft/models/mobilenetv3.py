"""MobileNetV3 (Howard et al., 2019): inverted residuals with squeeze and excitation and hard swish."""

from __future__ import annotations

from functools import partial

from weft import nn
from weft.models._arguments import check_input, check_positive, check_probability
from weft.models.mobilenetv2 import divisible
from weft.ops import Conv2dNormActivation, SqueezeExcitation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor

# Kernel, hidden channels, output channels, squeeze and excitation, hard swish (else ReLU), stride
_LARGE = (
    (3, 16, 16, False, False, 1),
    (3, 64, 24, False, False, 2),
    (3, 72, 24, False, False, 1),
    (5, 72, 40, True, False, 2),
    (5, 120, 40, True, False, 1),
    (5, 120, 40, True, False, 1),
    (3, 240, 80, False, True, 2),
    (3, 200, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 480, 112, True, True, 1),
    (3, 672, 112, True, True, 1),
    (5, 672, 160, True, True, 2),
    (5, 960, 160, True, True, 1),
    (5, 960, 160, True, True, 1),
)
_SMALL = (
    (3, 16, 16, True, False, 2),
    (3, 72, 24, False, False, 2),
    (3, 88, 24, False, False, 1),
    (5, 96, 40, True, True, 2),
    (5, 240, 40, True, True, 1),
    (5, 240, 40, True, True, 1),
    (5, 120, 48, True, True, 1),
    (5, 144, 48, True, True, 1),
    (5, 288, 96, True, True, 2),
    (5, 576, 96, True, True, 1),
    (5, 576, 96, True, True, 1),
)
_norm = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)


class _InvertedResidual(nn.Module):
    def __init__(self, channels, kernel, hidden, out_channels, squeezes, hard, stride):
        super().__init__()
        plain = {"norm_layer": _norm, "activation_layer": nn.Hardswish if hard else nn.ReLU}
        layers = [] if hidden == channels else [Conv2dNormActivation(channels, hidden, 1, **plain)]
        layers.append(Conv2dNormActivation(hidden, hidden, kernel, stride, groups=hidden, **plain))
        if squeezes:
            layers.append(SqueezeExcitation(hidden, divisible(hidden // 4), scale_activation=nn.Hardsigmoid))
        layers.append(Conv2dNormActivation(hidden, out_channels, 1, norm_layer=_norm, activation_layer=None))
        self.block = nn.Sequential(*layers)
        self.is_residual = stride == 1 and channels == out_channels

    def forward(self, x):
        return x + self.block(x) if self.is_residual else self.block(x)


class MobileNetV3(nn.Module):
    """MobileNetV3: inverted residuals, some of which scale their channels. torchvision's names.

    Args:
        inverted_residual_setting: (kernel, hidden channels, output channels, squeeze and excitation, hard swish,
            stride) of each block.
        last_channel: size between the two linear layers.
        num_classes: size of the result.
        dropout: probability of a zero before the last layer.

    Shape:
        Input: (N, 3, H, W). Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is out of range, or the images have another shape.

    Example:
        >>> import weft
        >>> net = weft.models.MobileNetV3([(3, 16, 16, True, True, 2)], 32, num_classes=7)
        >>> net(weft.zeros(2, 3, 32, 32)).shape
        weft.Size([2, 7])
    """

    avgpool: nn.AdaptiveAvgPool2d
    classifier: nn.Sequential
    features: nn.Sequential

    def __init__(
        self,
        inverted_residual_setting: Sequence[tuple[int, int, int, bool, bool, int]],
        last_channel: int,
        num_classes: int = 1000,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        check_positive("MobileNetV3", last_channel=last_channel, num_classes=num_classes)
        check_probability("MobileNetV3", dropout=dropout)
        if not inverted_residual_setting or any(len(block) != 6 for block in inverted_residual_setting):
            raise ValueError(
                "MobileNetV3: inverted_residual_setting must be (kernel, hidden channels, output channels, "
                f"squeeze and excitation, hard swish, stride) of each block, got {inverted_residual_setting!r}"
            )
        plain = {"norm_layer": _norm, "activation_layer": nn.Hardswish}
        channels = 16
        features: list[nn.Module] = [Conv2dNormActivation(3, channels, stride=2, **plain)]
        for block in inverted_residual_setting:
            features.append(_InvertedResidual(channels, *block))
            channels = block[2]
        features.append(Conv2dNormActivation(channels, 6 * channels, 1, **plain))
        self.features = nn.Sequential(*features)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(6 * channels, last_channel),
            nn.Hardswish(inplace=True),
            nn.Dropout(dropout, inplace=True),
            nn.Linear(last_channel, num_classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=3)
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def mobilenet_v3_large(num_classes: int = 1000, dropout: float = 0.2) -> MobileNetV3:
    """The large :class:`MobileNetV3`.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.mobilenet_v3_large().parameters())
    5483032
    """
    return MobileNetV3(_LARGE, 1280, num_classes, dropout)


def mobilenet_v3_small(num_classes: int = 1000, dropout: float = 0.2) -> MobileNetV3:
    """The small :class:`MobileNetV3`.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.mobilenet_v3_small().parameters())
    2542856
    """
    return MobileNetV3(_SMALL, 1024, num_classes, dropout)
