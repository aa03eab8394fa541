"""Modules without first values."""

from __future__ import annotations

from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["skip_init"]


def skip_init(module_cls: Callable[..., Module], *args: Any, **kwargs: Any) -> Any:
    """A module whose parameters and buffers have undefined values: nothing is drawn for them.

    Args:
        module_cls: the module's class, which takes ``device``.
        *args, **kwargs: what it is made with; ``device`` is where it will lie.

    Raises:
        RuntimeError: the class does not take a device.
        TypeError: module_cls is no class of modules.

    Example:
        >>> import weft
        >>> weft.nn.utils.skip_init(weft.nn.Linear, 2, 3).weight.shape
        weft.Size([3, 2])
    """
    import inspect  # slow to import

    if not isinstance(module_cls, type) or not issubclass(module_cls, Module):
        raise TypeError(f"skip_init: expected a class of modules as module_cls, got {module_cls!r}")
    parameters = inspect.signature(module_cls).parameters
    if "device" not in parameters:
        raise RuntimeError(f"skip_init: {module_cls.__name__} does not take the argument device")
    device = kwargs.pop("device", None)
    return module_cls(*args, device="meta", **kwargs).to_empty(device="cpu" if device is None else device)
