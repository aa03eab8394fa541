"""LeNet-5 (LeCun et al., 1998), with rectifiers and max pooling."""

from __future__ import annotations

from weft import nn
from weft.models._arguments import check_input, check_positive
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


class LeNet(nn.Module):
    """LeNet-5: two convolutions of 5x5 with pooling, three linear layers. 61,706 parameters for digits.

    Args:
        num_classes: size of the result.
        in_channels: channels of the images.

    Shape:
        Input: (N, in_channels, 28, 28). Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is not a positive int, or the images have another shape.

    Example:
        >>> import weft
        >>> weft.models.LeNet()(weft.zeros(2, 1, 28, 28)).shape
        weft.Size([2, 10])
    """

    conv1: nn.Conv2d
    conv2: nn.Conv2d
    fc1: nn.Linear
    fc2: nn.Linear
    fc3: nn.Linear

    def __init__(self, num_classes: int = 10, in_channels: int = 1) -> None:
        super().__init__()
        check_positive("LeNet", num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        self.conv1 = nn.Conv2d(in_channels, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=self.in_channels, H=28, W=28)
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc3(F.relu(self.fc2(x)))
