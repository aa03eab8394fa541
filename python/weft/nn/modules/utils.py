"""Helpers of layers, under the name that PyTorch has for them."""

from __future__ import annotations

import collections.abc
import itertools

from weft._checks import check_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["consume_prefix_in_state_dict_if_present"]


def _ntuple(n: int) -> Callable[[Any], tuple[Any, ...]]:
    """A function that gives one number n times, and several as they are."""

    def parse(x):
        return tuple(x) if isinstance(x, collections.abc.Iterable) else tuple(itertools.repeat(x, n))

    return parse


_single, _pair, _triple, _quadruple = map(_ntuple, (1, 2, 3, 4))


def consume_prefix_in_state_dict_if_present(state_dict: dict[str, Any], prefix: str) -> None:
    """Takes a prefix off the keys of a state dict, in place: ``"module."``, say, which a wrapper has added.

    Keys without the prefix stay as they are, and so does the order. The versions that the state dict notes for its
    modules are renamed, too.

    Args:
        state_dict: what a module's state_dict() gave.
        prefix: with its dot.

    Raises:
        TypeError: state_dict is no dict or prefix no str.

    Example:
        >>> import weft
        >>> from weft.nn.modules.utils import consume_prefix_in_state_dict_if_present
        >>> state = {"module.weight": 1, "other": 2}
        >>> consume_prefix_in_state_dict_if_present(state, "module.")
        >>> state
        {'weight': 1, 'other': 2}
    """
    name = "consume_prefix_in_state_dict_if_present"
    if not isinstance(state_dict, collections.abc.MutableMapping):
        raise TypeError(f"{name}: expected a dict as state_dict, got {type(state_dict).__name__}")
    check_text(name, prefix=prefix)
    _take_off(state_dict, prefix, state_dict)
    metadata = getattr(state_dict, "_metadata", None)
    if metadata is not None:
        # The module itself is "module" there, which becomes the outermost one, ""
        _take_off(metadata, prefix, [key for key in metadata if key])
        owner = prefix.removesuffix(".")
        if owner and owner in metadata:
            metadata[""] = metadata.pop(owner)


def _take_off(mapping: Any, prefix: str, keys: Any) -> None:
    chosen = set(keys)
    items = list(mapping.items())
    mapping.clear()
    for key, value in items:
        mapping[key.removeprefix(prefix) if key in chosen else key] = value
