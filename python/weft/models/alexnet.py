"""AlexNet in its form for one device (Krizhevsky, 2014)."""

from __future__ import annotations

from weft import nn
from weft.models._arguments import check_input, check_positive, check_probability

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


class AlexNet(nn.Module):
    """AlexNet: five convolutions, three linear layers. 61,100,840 parameters for 1000 classes; torchvision's names.

    Args:
        num_classes: size of the result.
        dropout: probability of a zero before the first two linear layers.

    Shape:
        Input: (N, 3, H, W), H and W at least 63. Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is out of range, or the images have another shape.

    Example:
        >>> import weft
        >>> with weft.device("meta"):
        ...     weft.models.AlexNet(num_classes=7)(weft.zeros(1, 3, 64, 64)).shape
        weft.Size([1, 7])
    """

    avgpool: nn.AdaptiveAvgPool2d
    classifier: nn.Sequential
    features: nn.Sequential

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        check_positive("AlexNet", num_classes=num_classes)
        check_probability("AlexNet", dropout=dropout)
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=3)
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def alexnet(num_classes: int = 1000, dropout: float = 0.5) -> AlexNet:
    """:class:`AlexNet`.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.alexnet().parameters())
    61100840
    """
    return AlexNet(num_classes, dropout)
