"""The order in memory of convolutions' weights."""

from __future__ import annotations

import weft
from weft._checks import check_instances
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft.nn._types import ModuleT

__all__ = ["convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"]


def _convert(name: str, module: Module, memory_format: weft.memory_format, kinds: tuple[str, ...], dims: int) -> None:
    check_instances(Module, name, module=module)
    check_instances(weft.memory_format, name, memory_format=memory_format)
    for each in module.modules():
        if any(kind.__name__ in kinds for kind in type(each).__mro__):
            if each.weight.dim() != dims:
                raise RuntimeError(
                    f"{name}: expected weights with {dims} dimensions, got shape {tuple(each.weight.shape)}"
                )
            each.weight.data = each.weight.detach().clone(memory_format=memory_format)


def convert_conv2d_weight_memory_format(module: ModuleT, memory_format: weft.memory_format) -> ModuleT:
    """Gives the weights of all 2-dimensional convolutions in a module an order in memory; nothing else.

    Args:
        module: the module, which is changed.
        memory_format: ``weft.channels_last`` or ``weft.contiguous_format``.

    Returns:
        The module.

    Raises:
        TypeError: an argument is of another type.

    Example:
        >>> import weft
        >>> conv = weft.nn.Conv2d(8, 4, 3)
        >>> conv = weft.nn.utils.convert_conv2d_weight_memory_format(conv, weft.channels_last)
        >>> conv.weight.is_contiguous(memory_format=weft.channels_last)
        True
    """
    _convert("convert_conv2d_weight_memory_format", module, memory_format, ("Conv2d", "ConvTranspose2d"), 4)
    return module


def convert_conv3d_weight_memory_format(module: ModuleT, memory_format: weft.memory_format) -> ModuleT:
    """Gives the weights of all 3-dimensional convolutions in a module an order in memory; nothing else.

    Args:
        module: the module, which is changed.
        memory_format: ``weft.channels_last_3d`` or ``weft.contiguous_format``.

    Returns:
        The module.

    Raises:
        TypeError: an argument is of another type.

    Example:
        >>> import weft
        >>> weft.nn.utils.convert_conv3d_weight_memory_format(weft.nn.ReLU(), weft.channels_last_3d)
        ReLU()
    """
    _convert("convert_conv3d_weight_memory_format", module, memory_format, ("Conv3d", "ConvTranspose3d"), 5)
    return module
