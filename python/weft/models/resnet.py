"""Residual networks: ResNet (He et al., 2016), ResNeXt (Xie et al., 2017), wide ResNet.

Wide ResNet: Zagoruyko and Komodakis, 2016.
"""

from __future__ import annotations

from weft import nn
from weft.models._arguments import check_input, check_positive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from weft import Tensor


def _conv(channels, out_channels, size, stride=1, groups=1, dilation=1):
    return nn.Conv2d(
        channels, out_channels, size, stride, size // 2 * dilation, groups=groups, bias=False, dilation=dilation
    )


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut.

    Args:
        inplanes: channels of the input.
        planes: channels of the output.
        stride: of the first convolution.
        downsample: the shortcut; None for the input itself.
        groups: 1: this block knows no groups.
        base_width: 64: this block knows no other.
        dilation: 1: this block knows no other.
        norm_layer: makes the normalisations. Default BatchNorm2d.

    Shape:
        Input: (N, inplanes, H, W). Output: (N, planes, H / stride, W / stride).

    Raises:
        ValueError: groups, base_width or dilation are others.

    Example:
        >>> import weft
        >>> weft.models.resnet.BasicBlock(4, 4)(weft.zeros(1, 4, 8, 8)).shape
        weft.Size([1, 4, 8, 8])
    """

    bn1: Any
    bn2: Any
    conv1: Any
    conv2: Any
    relu: nn.ReLU

    expansion = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Callable[..., nn.Module] = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        if (groups, base_width, dilation) != (1, 64, 1):
            got = f"groups={groups}, base_width={base_width}, dilation={dilation}"
            raise ValueError(f"BasicBlock: groups and dilation must be 1, base_width 64, got {got}")
        self.conv1 = _conv(inplanes, planes, 3, stride)
        self.bn1 = norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = _conv(planes, planes, 3)
        self.bn2 = norm_layer(planes)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + shortcut)


class Bottleneck(nn.Module):
    """Convolutions of 1x1, 3x3 and 1x1 beside a shortcut; the one in the middle has the stride.

    Args:
        inplanes: channels of the input.
        planes: a quarter of the channels of the output.
        stride: of the 3x3 convolution.
        downsample: the shortcut; None for the input itself.
        groups: of the 3x3 convolution.
        base_width: its channels in a group, for planes of 64.
        dilation: of the 3x3 convolution.
        norm_layer: makes the normalisations. Default BatchNorm2d.

    Shape:
        Input: (N, inplanes, H, W). Output: (N, 4 * planes, H / stride, W / stride).

    Example:
        >>> import weft
        >>> weft.models.resnet.Bottleneck(16, 4)(weft.zeros(1, 16, 8, 8)).shape
        weft.Size([1, 16, 8, 8])
    """

    bn1: Any
    bn2: Any
    bn3: Any
    conv1: Any
    conv2: Any
    conv3: Any
    relu: nn.ReLU

    expansion = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Callable[..., nn.Module] = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        width = int(planes * base_width / 64) * groups
        self.conv1 = _conv(inplanes, width, 1)
        self.bn1 = norm_layer(width)
        self.conv2 = _conv(width, width, 3, stride, groups, dilation)
        self.bn2 = norm_layer(width)
        self.conv3 = _conv(width, planes * self.expansion, 1)
        self.bn3 = norm_layer(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + shortcut)


class ResNet(nn.Module):
    """Residual network: a 7x7 convolution, four stages of residual blocks, a linear layer. torchvision's names.

    Args:
        block: :class:`BasicBlock` or :class:`Bottleneck`.
        layers: how many blocks each of the four stages has.
        num_classes: size of the result.
        zero_init_residual: let each block start as its shortcut, with zeros in its last normalisation.
        groups: of the 3x3 convolutions of bottlenecks.
        width_per_group: channels in a group of those of the first stage.
        replace_stride_with_dilation: for each of the last three stages, dilate instead of halving the map.
        norm_layer: makes the normalisations. Default BatchNorm2d.

    Shape:
        Input: (N, 3, H, W). Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is out of range, or the images have another shape.

    Example:
        >>> import weft
        >>> net = weft.models.ResNet(weft.models.resnet.BasicBlock, [1, 1, 1, 1], num_classes=7)
        >>> net(weft.zeros(2, 3, 32, 32)).shape
        weft.Size([2, 7])
    """

    avgpool: nn.AdaptiveAvgPool2d
    base_width: Any
    bn1: Any
    conv1: nn.Conv2d
    dilation: Any
    fc: nn.Linear
    groups: Any
    inplanes: Any
    layer1: Any
    layer2: Any
    layer3: Any
    layer4: Any
    maxpool: nn.MaxPool2d
    relu: nn.ReLU

    def __init__(
        self,
        block: type[BasicBlock] | type[Bottleneck],
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: Sequence[bool] | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        check_positive("ResNet", num_classes=num_classes, groups=groups, width_per_group=width_per_group)
        dilate = [False] * 3 if replace_stride_with_dilation is None else list(replace_stride_with_dilation)
        if len(layers) != 4 or min(layers) < 1:
            raise ValueError(f"ResNet: layers must be four positive ints, got {layers!r}")
        if len(dilate) != 3:
            raise ValueError(f"ResNet: replace_stride_with_dilation must be None or three bools, got {dilate!r}")
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes, self.dilation = 64, 1
        self.groups, self.base_width = groups, width_per_group
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = self._norm_layer(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = self._stage(block, 64, layers[0], 1, False)
        self.layer2 = self._stage(block, 128, layers[1], 2, dilate[0])
        self.layer3 = self._stage(block, 256, layers[2], 2, dilate[1])
        self.layer4 = self._stage(block, 512, layers[3], 2, dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif zero_init_residual and isinstance(module, (BasicBlock, Bottleneck)):
                nn.init.zeros_((module.bn3 if isinstance(module, Bottleneck) else module.bn2).weight)

    def _stage(self, block, planes, count, stride, dilate):
        first_dilation = self.dilation
        if dilate:
            self.dilation, stride = self.dilation * stride, 1
        downsample = None
        out_channels = planes * block.expansion
        if stride != 1 or self.inplanes != out_channels:
            downsample = nn.Sequential(_conv(self.inplanes, out_channels, 1, stride), self._norm_layer(out_channels))
        shared = (self.groups, self.base_width)
        blocks = [block(self.inplanes, planes, stride, downsample, *shared, first_dilation, self._norm_layer)]
        self.inplanes = out_channels
        for _ in range(1, count):
            blocks.append(block(out_channels, planes, 1, None, *shared, self.dilation, self._norm_layer))
        return nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=3)
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


def resnet18(num_classes: int = 1000) -> ResNet:
    """ResNet with 18 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.resnet18().parameters())
    11689512
    """
    return ResNet(BasicBlock, [2, 2, 2, 2], num_classes)


def resnet34(num_classes: int = 1000) -> ResNet:
    """ResNet with 34 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.resnet34().parameters())
    21797672
    """
    return ResNet(BasicBlock, [3, 4, 6, 3], num_classes)


def resnet50(num_classes: int = 1000) -> ResNet:
    """ResNet with 50 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.resnet50().parameters())
    25557032
    """
    return ResNet(Bottleneck, [3, 4, 6, 3], num_classes)


def resnet101(num_classes: int = 1000) -> ResNet:
    """ResNet with 101 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.resnet101().parameters())
    44549160
    """
    return ResNet(Bottleneck, [3, 4, 23, 3], num_classes)


def resnet152(num_classes: int = 1000) -> ResNet:
    """ResNet with 152 layers.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.resnet152().parameters())
    60192808
    """
    return ResNet(Bottleneck, [3, 8, 36, 3], num_classes)


def resnext50_32x4d(num_classes: int = 1000) -> ResNet:
    """ResNeXt with 50 layers, 32 groups of 4 channels.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.resnext50_32x4d().parameters())
    25028904
    """
    return ResNet(Bottleneck, [3, 4, 6, 3], num_classes, groups=32, width_per_group=4)


def resnext101_32x8d(num_classes: int = 1000) -> ResNet:
    """ResNeXt with 101 layers, 32 groups of 8 channels.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.resnext101_32x8d().parameters())
    88791336
    """
    return ResNet(Bottleneck, [3, 4, 23, 3], num_classes, groups=32, width_per_group=8)


def resnext101_64x4d(num_classes: int = 1000) -> ResNet:
    """ResNeXt with 101 layers, 64 groups of 4 channels.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.resnext101_64x4d().parameters())
    83455272
    """
    return ResNet(Bottleneck, [3, 4, 23, 3], num_classes, groups=64, width_per_group=4)


def wide_resnet50_2(num_classes: int = 1000) -> ResNet:
    """ResNet with 50 layers and twice as many channels inside of its blocks.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.wide_resnet50_2().parameters())
    68883240
    """
    return ResNet(Bottleneck, [3, 4, 6, 3], num_classes, width_per_group=128)


def wide_resnet101_2(num_classes: int = 1000) -> ResNet:
    """ResNet with 101 layers and twice as many channels inside of its blocks.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.wide_resnet101_2().parameters())
    126886696
    """
    return ResNet(Bottleneck, [3, 4, 23, 3], num_classes, width_per_group=128)
