"""VGG with 11 to 19 layers (Simonyan and Zisserman, 2015), with and without batch normalisation."""

from __future__ import annotations

from weft import nn
from weft.models._arguments import check_input, check_positive, check_probability

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor

# How many convolutions each of the five stages has
_STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_CHANNELS = (64, 128, 256, 512, 512)


def _features(stages, batch_norm):
    layers, channels = [], 3
    for count, width in zip(stages, _CHANNELS):
        for _ in range(count):
            layers.append(nn.Conv2d(channels, width, 3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.ReLU(inplace=True))
            channels = width
        layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers)


class VGG(nn.Module):
    """VGG: stages of 3x3 convolutions, each with pooling, then three linear layers. torchvision's names.

    Args:
        stages: how many convolutions each of the five stages has.
        batch_norm: normalise after each convolution.
        num_classes: size of the result.
        dropout: probability of a zero after the first two linear layers.

    Shape:
        Input: (N, 3, H, W), H and W at least 32. Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is out of range, or the images have another shape.

    Example:
        >>> import weft
        >>> with weft.device("meta"):
        ...     weft.models.VGG((1, 1, 1, 1, 1), num_classes=7)(weft.zeros(1, 3, 32, 32)).shape
        weft.Size([1, 7])
    """

    avgpool: nn.AdaptiveAvgPool2d
    classifier: nn.Sequential
    features: Any

    def __init__(
        self, stages: Sequence[int], batch_norm: bool = False, num_classes: int = 1000, dropout: float = 0.5
    ) -> None:
        super().__init__()
        check_positive("VGG", num_classes=num_classes)
        check_probability("VGG", dropout=dropout)
        if len(stages) != 5 or min(stages) < 1:
            raise ValueError(f"VGG: stages must be five positive ints, got {stages!r}")
        self.features = _features(stages, batch_norm)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(True),
            nn.Dropout(dropout),
            nn.Linear(4096, num_classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=3)
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def vgg11(num_classes: int = 1000, dropout: float = 0.5) -> VGG:
    """:class:`VGG` with 11 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.vgg11().parameters())
    132863336
    """
    return VGG(_STAGES[11], False, num_classes, dropout)


def vgg11_bn(num_classes: int = 1000, dropout: float = 0.5) -> VGG:
    """:class:`VGG` with 11 layers, batch normalisation after each convolution.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.vgg11_bn().parameters())
    132868840
    """
    return VGG(_STAGES[11], True, num_classes, dropout)


def vgg13(num_classes: int = 1000, dropout: float = 0.5) -> VGG:
    """:class:`VGG` with 13 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.vgg13().parameters())
    133047848
    """
    return VGG(_STAGES[13], False, num_classes, dropout)


def vgg13_bn(num_classes: int = 1000, dropout: float = 0.5) -> VGG:
    """:class:`VGG` with 13 layers, batch normalisation after each convolution.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.vgg13_bn().parameters())
    133053736
    """
    return VGG(_STAGES[13], True, num_classes, dropout)


def vgg16(num_classes: int = 1000, dropout: float = 0.5) -> VGG:
    """:class:`VGG` with 16 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.vgg16().parameters())
    138357544
    """
    return VGG(_STAGES[16], False, num_classes, dropout)


def vgg16_bn(num_classes: int = 1000, dropout: float = 0.5) -> VGG:
    """:class:`VGG` with 16 layers, batch normalisation after each convolution.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.vgg16_bn().parameters())
    138365992
    """
    return VGG(_STAGES[16], True, num_classes, dropout)


def vgg19(num_classes: int = 1000, dropout: float = 0.5) -> VGG:
    """:class:`VGG` with 19 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.vgg19().parameters())
    143667240
    """
    return VGG(_STAGES[19], False, num_classes, dropout)


def vgg19_bn(num_classes: int = 1000, dropout: float = 0.5) -> VGG:
    """:class:`VGG` with 19 layers, batch normalisation after each convolution.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.vgg19_bn().parameters())
    143678248
    """
    return VGG(_STAGES[19], True, num_classes, dropout)
