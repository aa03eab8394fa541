"""Switches for how modules change their parameters, which are global."""

from __future__ import annotations

from weft import _swap

__all__ = [
    "get_overwrite_module_params_on_conversion",
    "get_swap_module_params_on_conversion",
    "set_overwrite_module_params_on_conversion",
    "set_swap_module_params_on_conversion",
]


def set_overwrite_module_params_on_conversion(value: bool) -> None:
    """Whether ``Module.to()``, ``half()`` and so on make new parameters; otherwise they change the contents of the old.

    Args:
        value: True for new parameters, which an optimiser that has the old ones does not know. False at the start.

    Raises:
        TypeError: value is no bool.

    Example:
        >>> import weft
        >>> layer = weft.nn.Linear(2, 3)
        >>> weight = layer.weight
        >>> weft.__future__.set_overwrite_module_params_on_conversion(True)
        >>> layer.double().weight is weight, weight.dtype
        (False, weft.float32)
        >>> weft.__future__.set_overwrite_module_params_on_conversion(False)
    """
    _check("set_overwrite_module_params_on_conversion", value)
    _swap.overwrites = value


def get_overwrite_module_params_on_conversion() -> bool:
    """What set_overwrite_module_params_on_conversion has set.

    Example:
        >>> import weft
        >>> weft.__future__.get_overwrite_module_params_on_conversion()
        False
    """
    return _swap.overwrites


def set_swap_module_params_on_conversion(value: bool) -> None:
    """Whether ``Module.to()``, ``half()``, ``load_state_dict()`` and so on exchange parameters with new ones.

    They call ``weft.utils.swap_tensors``, so that parameters of classes that hold other tensors are converted too, and
    ``Tensor.module_load`` says what is loaded. Optimisers go on to know the parameters. It goes before
    set_overwrite_module_params_on_conversion.

    Args:
        value: True to exchange. False at the start: the contents are changed.

    Raises:
        TypeError: value is no bool.

    Example:
        >>> import weft
        >>> layer = weft.nn.Linear(2, 3)
        >>> weight = layer.weight
        >>> weft.__future__.set_swap_module_params_on_conversion(True)
        >>> layer.double().weight is weight, weight.dtype
        (True, weft.float64)
        >>> weft.__future__.set_swap_module_params_on_conversion(False)
    """
    _check("set_swap_module_params_on_conversion", value)
    _swap.swaps = value


def get_swap_module_params_on_conversion() -> bool:
    """What set_swap_module_params_on_conversion has set.

    Example:
        >>> import weft
        >>> weft.__future__.get_swap_module_params_on_conversion()
        False
    """
    return _swap.swaps


def _check(function: str, value: object) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{function}: value must be True or False, got {type(value).__name__}")
