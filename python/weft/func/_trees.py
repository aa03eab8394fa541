"""Structures of tensors: tuples, lists and dicts, nested, taken apart and put together again."""

from __future__ import annotations

import collections

import weft

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Tree:
    """The shape of a structure. ``leaves`` is how many there are."""

    __slots__ = ("kind", "keys", "parts", "leaves")

    def __init__(self, kind, keys, parts):
        self.kind, self.keys, self.parts = kind, keys, parts
        self.leaves = 1 if kind is None else sum(part.leaves for part in parts)

    def __eq__(self, other):
        return (
            isinstance(other, Tree)
            and self.kind is other.kind
            and self.keys == other.keys
            and self.parts == other.parts
        )

    __hash__ = None

    def build(self, leaves):
        """The structure with other leaves."""
        return self._build(iter(leaves))

    def _build(self, leaves):
        if self.kind is None:
            return next(leaves)
        parts = [part._build(leaves) for part in self.parts]
        if self.keys is not None:
            return self.kind(zip(self.keys, parts))
        return self.kind(*parts) if hasattr(self.kind, "_fields") else self.kind(parts)


_LEAF = Tree(None, None, ())


def flatten(value: Any) -> Any:
    """(leaves, tree): whatever is no tuple, list or dict is a leaf, None too."""
    leaves = []
    return leaves, _flatten(value, leaves)


def _flatten(value, leaves):
    kind = type(value)
    if isinstance(value, dict):
        kind = collections.OrderedDict if issubclass(kind, collections.OrderedDict) else dict
        return Tree(kind, list(value), [_flatten(v, leaves) for v in value.values()])
    if isinstance(value, (tuple, list)):
        return Tree(kind, None, [_flatten(v, leaves) for v in value])
    leaves.append(value)
    return _LEAF


def broadcast(prefix: Any, tree: Any, what: str) -> list[Any]:
    """A leaf of `prefix` for every leaf of `tree`: a prefix ends earlier, and then holds for all below."""
    found = []
    _broadcast(prefix, tree, found, what)
    return found


def _broadcast(prefix, tree, found, what):
    if not isinstance(prefix, (tuple, list, dict)):
        found.extend([prefix] * tree.leaves)
        return
    items = list(prefix.values()) if isinstance(prefix, dict) else list(prefix)
    keys = list(prefix) if isinstance(prefix, dict) else None
    fits = tree.kind is not None and len(items) == len(tree.parts)
    if fits and keys is not None:
        fits = tree.keys is not None and set(keys) == set(tree.keys)
        items = [prefix[key] for key in tree.keys] if fits else items
    if not fits:
        raise ValueError(f"{what} has another structure than what it is for: {prefix!r}")
    for item, part in zip(items, tree.parts):
        _broadcast(item, part, found, what)


def tensors_only(leaves: Iterable[Any], what: str) -> None:
    """Raises TypeError unless all leaves are tensors."""
    for leaf in leaves:
        if not isinstance(leaf, weft.Tensor):
            raise TypeError(f"{what}: expected a tensor or a tuple, list or dict of tensors, got {type(leaf).__name__}")
