"""Feature pyramids: maps of several sizes, each with what the coarser ones have seen."""

from __future__ import annotations

from collections import OrderedDict

from weft import nn
from weft.nn import functional as F
from weft.ops.blocks import Conv2dNormActivation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weft import Tensor


class FeaturePyramidNetwork(nn.Module):
    """Gives each map of a pyramid the same number of channels and adds the coarser map, enlarged (Lin et al., 2017).

    Args:
        in_channels_list: channels of the maps, from fine to coarse.
        out_channels: channels of all results.
        extra_blocks: makes more, coarser maps of the results; None for none.
        norm_layer: makes a normalisation after each convolution; None for none.

    Shape:
        Input: a dict of maps (N, C_i, H_i, W_i), fine to coarse. Output: a dict of (N, out_channels, H_i, W_i).

    Raises:
        ValueError: no channels are given or some are 0; a call has another number of maps.

    Example:
        >>> import weft
        >>> weft.ops.FeaturePyramidNetwork([4, 8], 16)
        FeaturePyramidNetwork(
          (inner_blocks): ModuleList(
            (0): Conv2dNormActivation(
              (0): Conv2d(4, 16, kernel_size=(1, 1), stride=(1, 1))
            )
            (1): Conv2dNormActivation(
              (0): Conv2d(8, 16, kernel_size=(1, 1), stride=(1, 1))
            )
          )
          (layer_blocks): ModuleList(
            (0-1): 2 x Conv2dNormActivation(
              (0): Conv2d(16, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
            )
          )
        )
    """

    inner_blocks: nn.ModuleList
    layer_blocks: nn.ModuleList

    def __init__(
        self,
        in_channels_list: Sequence[int],
        out_channels: int,
        extra_blocks: nn.Module | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        if not in_channels_list or min(in_channels_list) <= 0:
            raise ValueError(
                f"FeaturePyramidNetwork: in_channels_list must be positive numbers, got {list(in_channels_list)}"
            )
        self.inner_blocks = nn.ModuleList()
        self.layer_blocks = nn.ModuleList()
        for channels in in_channels_list:
            plain = {"norm_layer": norm_layer, "activation_layer": None}
            self.inner_blocks.append(Conv2dNormActivation(channels, out_channels, kernel_size=1, padding=0, **plain))
            self.layer_blocks.append(Conv2dNormActivation(out_channels, out_channels, kernel_size=3, **plain))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        self.extra_blocks = extra_blocks

    def forward(self, x: Mapping[str, Tensor]) -> OrderedDict[str, Tensor]:
        names, maps = list(x), list(x.values())
        if len(maps) != len(self.inner_blocks):
            raise ValueError(f"FeaturePyramidNetwork: expected {len(self.inner_blocks)} maps, got {len(maps)}")
        last = self.inner_blocks[-1](maps[-1])
        results = [self.layer_blocks[-1](last)]
        for i in range(len(maps) - 2, -1, -1):
            lateral = self.inner_blocks[i](maps[i])
            last = lateral + F.interpolate(last, size=lateral.shape[-2:], mode="nearest")
            results.insert(0, self.layer_blocks[i](last))
        if self.extra_blocks is not None:
            results, names = self.extra_blocks(results, maps, names)
        return OrderedDict(zip(names, results))


class LastLevelMaxPool(nn.Module):
    """Extra block of a pyramid: every second pixel of its coarsest map, named "pool".

    Example:
        >>> import weft
        >>> maps, names = weft.ops.LastLevelMaxPool()([weft.zeros(1, 2, 4, 4)], [], ["0"])
        >>> names, maps[-1].shape
        (['0', 'pool'], weft.Size([1, 2, 2, 2]))
    """

    def forward(self, x: list[Tensor], y: list[Tensor], names: list[str]) -> tuple[list[Tensor], list[str]]:
        return [*x, F.max_pool2d(x[-1], 1, 2, 0)], [*names, "pool"]


class LastLevelP6P7(nn.Module):
    """Extra block of a pyramid: two coarser maps "p6" and "p7" by convolutions of stride 2 (RetinaNet).

    Args:
        in_channels: channels of the map that p6 is made of: the pyramid's own coarsest one where this is out_channels,
            else the coarsest one of the backbone.
        out_channels: channels of p6 and p7.

    Example:
        >>> import weft
        >>> maps, names = weft.ops.LastLevelP6P7(2, 2)([weft.zeros(1, 2, 8, 8)], [weft.zeros(1, 9, 8, 8)], ["0"])
        >>> names, maps[1].shape, maps[2].shape
        (['0', 'p6', 'p7'], weft.Size([1, 2, 4, 4]), weft.Size([1, 2, 2, 2]))
    """

    p6: nn.Conv2d
    p7: nn.Conv2d
    use_P5: bool

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.p6 = nn.Conv2d(in_channels, out_channels, 3, 2, 1)
        self.p7 = nn.Conv2d(out_channels, out_channels, 3, 2, 1)
        for module in (self.p6, self.p7):
            nn.init.kaiming_uniform_(module.weight, a=1)
            nn.init.zeros_(module.bias)
        self.use_P5 = in_channels == out_channels

    def forward(self, p: list[Tensor], c: list[Tensor], names: list[str]) -> tuple[list[Tensor], list[str]]:
        p6 = self.p6(p[-1] if self.use_P5 else c[-1])
        return [*p, p6, self.p7(F.relu(p6))], [*names, "p6", "p7"]
