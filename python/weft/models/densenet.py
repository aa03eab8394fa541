"""DenseNet (Huang et al., 2017): each layer sees the outputs of all before it in its block."""

from __future__ import annotations

from collections import OrderedDict

import weft
from weft import nn
from weft.models._arguments import check_input, check_positive, check_probability
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor


class _DenseLayer(nn.Module):
    def __init__(self, channels, growth_rate, bn_size, drop_rate):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, bn_size * growth_rate, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(bn_size * growth_rate)
        self.conv2 = nn.Conv2d(bn_size * growth_rate, growth_rate, 3, padding=1, bias=False)
        self.drop_rate = drop_rate

    def forward(self, x):
        y = self.conv1(F.relu(self.norm1(x)))
        return F.dropout(self.conv2(F.relu(self.norm2(y))), self.drop_rate, self.training)


class _DenseBlock(nn.ModuleDict):
    def forward(self, x):
        features = [x]
        for layer in self.values():
            features.append(layer(weft.cat(features, 1)))
        return weft.cat(features, 1)


class _Transition(nn.Sequential):
    def __init__(self, channels, out_channels):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(channels, out_channels, 1, bias=False)
        self.pool = nn.AvgPool2d(2, 2)


class DenseNet(nn.Module):
    """DenseNet: blocks whose layers each add growth_rate channels, with halving transitions. torchvision's names.

    Args:
        growth_rate: channels that a layer adds.
        block_config: how many layers each block has.
        num_init_features: channels after the first convolution.
        bn_size: channels inside of a layer, in multiples of growth_rate.
        drop_rate: probability of a zero after each layer.
        num_classes: size of the result.

    Shape:
        Input: (N, 3, H, W), H and W at least 29 for four blocks. Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is out of range, or the images have another shape.

    Example:
        >>> import weft
        >>> weft.models.DenseNet(4, (2, 2), 8, num_classes=7)(weft.zeros(2, 3, 32, 32)).shape
        weft.Size([2, 7])
    """

    classifier: nn.Linear
    features: nn.Sequential

    def __init__(
        self,
        growth_rate: int = 32,
        block_config: Sequence[int] = (6, 12, 24, 16),
        num_init_features: int = 64,
        bn_size: int = 4,
        drop_rate: float = 0,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        check_positive("DenseNet", growth_rate=growth_rate, num_init_features=num_init_features, bn_size=bn_size)
        check_positive("DenseNet", num_classes=num_classes)
        check_probability("DenseNet", drop_rate=drop_rate)
        if not block_config or min(block_config) < 1:
            raise ValueError(f"DenseNet: block_config must be positive ints, got {block_config!r}")
        channels = num_init_features
        layers: dict[str, nn.Module] = OrderedDict(
            conv0=nn.Conv2d(3, channels, 7, 2, 3, bias=False),
            norm0=nn.BatchNorm2d(channels),
            relu0=nn.ReLU(inplace=True),
            pool0=nn.MaxPool2d(3, 2, 1),
        )
        for i, count in enumerate(block_config, 1):
            block = _DenseBlock()
            for j in range(count):
                block[f"denselayer{j + 1}"] = _DenseLayer(channels + j * growth_rate, growth_rate, bn_size, drop_rate)
            layers[f"denseblock{i}"] = block
            channels += count * growth_rate
            if i < len(block_config):
                layers[f"transition{i}"] = _Transition(channels, channels // 2)
                channels //= 2
        layers["norm5"] = nn.BatchNorm2d(channels)
        self.features = nn.Sequential(layers)
        self.classifier = nn.Linear(channels, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=3)
        return self.classifier(F.relu(self.features(x)).mean((2, 3)))


def densenet121(num_classes: int = 1000, drop_rate: float = 0) -> DenseNet:
    """:class:`DenseNet` with 121 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.densenet121().parameters())
    7978856
    """
    return DenseNet(32, (6, 12, 24, 16), 64, drop_rate=drop_rate, num_classes=num_classes)


def densenet161(num_classes: int = 1000, drop_rate: float = 0) -> DenseNet:
    """:class:`DenseNet` with 161 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.densenet161().parameters())
    28681000
    """
    return DenseNet(48, (6, 12, 36, 24), 96, drop_rate=drop_rate, num_classes=num_classes)


def densenet169(num_classes: int = 1000, drop_rate: float = 0) -> DenseNet:
    """:class:`DenseNet` with 169 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.densenet169().parameters())
    14149480
    """
    return DenseNet(32, (6, 12, 32, 32), 64, drop_rate=drop_rate, num_classes=num_classes)


def densenet201(num_classes: int = 1000, drop_rate: float = 0) -> DenseNet:
    """:class:`DenseNet` with 201 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.densenet201().parameters())
    20013928
    """
    return DenseNet(32, (6, 12, 48, 32), 64, drop_rate=drop_rate, num_classes=num_classes)
