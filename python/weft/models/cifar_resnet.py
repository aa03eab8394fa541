"""Residual networks for images of 32x32 (He et al., 2016, section 4.2)."""

from __future__ import annotations

from weft import nn
from weft.models._arguments import check_input, check_positive
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


class _Block(nn.Module):
    def __init__(self, channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out_channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.stride = stride
        self.extra = (out_channels - channels) // 2

    def forward(self, x):
        shortcut = x
        if self.extra:  # every second pixel, and channels of zeros on both sides
            shortcut = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.extra, self.extra))
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + shortcut)


class CifarResNet(nn.Module):
    """Residual network for small images: three stages of blocks with 16, 32 and 64 channels.

    Its shortcuts have no parameters: where the map halves they take every second pixel and add channels of zeros.
    The names are those of Y. Idelbayev's pretrained models.

    Args:
        depth: number of layers, 6 n + 2 for n blocks in a stage.
        num_classes: size of the result.

    Shape:
        Input: (N, 3, H, W). Output: (N, num_classes), logits.

    Raises:
        ValueError: depth is not 6 n + 2, num_classes is not positive, or the images have another shape.

    Example:
        >>> import weft
        >>> weft.models.CifarResNet(8)(weft.zeros(2, 3, 32, 32)).shape
        weft.Size([2, 10])
    """

    bn1: nn.BatchNorm2d
    conv1: nn.Conv2d
    layer1: nn.Sequential
    layer2: nn.Sequential
    layer3: nn.Sequential
    linear: nn.Linear

    def __init__(self, depth: int, num_classes: int = 10) -> None:
        super().__init__()
        check_positive("CifarResNet", depth=depth, num_classes=num_classes)
        if depth < 8 or depth % 6 != 2:
            raise ValueError(f"CifarResNet: depth must be 6 n + 2 for n blocks in a stage, got {depth}")
        count = depth // 6
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = nn.Sequential(*[_Block(16, 16, 1) for _ in range(count)])
        self.layer2 = nn.Sequential(_Block(16, 32, 2), *[_Block(32, 32, 1) for _ in range(count - 1)])
        self.layer3 = nn.Sequential(_Block(32, 64, 2), *[_Block(64, 64, 1) for _ in range(count - 1)])
        self.linear = nn.Linear(64, num_classes)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=3)
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def cifar_resnet20(num_classes: int = 10) -> CifarResNet:
    """:class:`CifarResNet` with 20 layers.

    >>> import weft
    >>> sum(p.numel() for p in weft.models.cifar_resnet20().parameters())
    269722
    """
    return CifarResNet(20, num_classes)
