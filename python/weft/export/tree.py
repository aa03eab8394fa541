"""The containers around the tensors of a call, as a spec that JSON can hold.

A spec is a dict with one entry, kind -> value: {"tensor": number}, {"value": 3}, {"list": [spec, ...]},
{"tuple": [spec, ...]}, {"dict": [[key, spec], ...]}, {"named": [name of the class, [names of fields], [spec, ...]]}.
"""

from __future__ import annotations

import collections
import functools
import math

import weft

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


MOST_LEVELS = 64
_FLOATS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def flatten(value: Any, name: str, tensors: list[Any], level: int = 0) -> dict[str, Any]:
    """The spec of a value; its tensors are added to ``tensors`` as (name, tensor). TypeError for other objects.

    >>> import weft
    >>> from weft.export import tree
    >>> found = []
    >>> tree.flatten({"x": weft.ones(2), "n": 3}, "batch", found)
    {'dict': [['x', {'tensor': 0}], ['n', {'value': 3}]]}
    >>> found[0][0]
    "batch['x']"
    """
    if level > MOST_LEVELS:
        raise ValueError(f"export: {name} is nested too deeply")
    if isinstance(value, weft.Tensor):
        tensors.append((name, value))
        return {"tensor": len(tensors) - 1}
    if value is None or type(value) in (bool, int, float, str):
        return {"value": _constant_to_json(value)}
    kind = type(value)
    if isinstance(value, dict) and kind in (dict, collections.OrderedDict):
        for key in value:
            if type(key) not in (str, int):
                raise TypeError(f"export: {name} has the key {key!r}; keys must be strings or ints")
        return {"dict": [[key, flatten(v, f"{name}[{key!r}]", tensors, level + 1)] for key, v in value.items()]}
    fields = _fields(value)
    if fields is not None:
        specs = [flatten(v, f"{name}.{field}", tensors, level + 1) for field, v in zip(fields, value)]
        return {"named": [kind.__name__, list(fields), specs]}
    if kind in (list, tuple):
        specs = [flatten(v, f"{name}[{i}]", tensors, level + 1) for i, v in enumerate(value)]
        return {kind.__name__: specs}
    raise TypeError(
        f"export: {name} is a {kind.__name__}; expected tensors, numbers, strings, bools, None, and dicts, lists, "
        "tuples and named tuples of these"
    )


def _fields(value):
    """The names of a named tuple's fields, or None for other values."""
    if not isinstance(value, tuple) or type(value) is tuple:
        return None
    fields = getattr(value, "_fields", None)
    if fields is None and hasattr(type(value), "n_sequence_fields"):
        fields = tuple(member for member in type(value).__match_args__)
    return fields


def _constant_to_json(value):
    if type(value) is float and not math.isfinite(value):
        return {"float": repr(value)}
    return value


def _constant(value):
    return _FLOATS[value["float"]] if type(value) is dict else value


def match(spec: dict[str, Any], value: Any, name: str, tensors: list[Any]) -> None:
    """Adds the tensors of a value that has the structure of the spec. TypeError or ValueError names what differs."""
    ((kind, inner),) = spec.items()
    if kind == "tensor":
        if not isinstance(value, weft.Tensor):
            raise TypeError(f"program: argument '{name}' must be a tensor, got {type(value).__name__}")
        tensors.append(value)
    elif kind == "value":
        wanted = _constant(inner)
        if type(value) is not type(wanted) or (value != wanted and value == value):
            raise ValueError(
                f"program: argument '{name}' must be {wanted!r}, as when the program was exported, got {value!r}; "
                "export another program for other values"
            )
    elif kind == "dict":
        _match_dict(inner, value, name, tensors)
    else:
        specs = inner[2] if kind == "named" else inner
        wanted = list if kind == "list" else tuple
        if not isinstance(value, wanted) or len(value) != len(specs):
            raise TypeError(
                f"program: argument '{name}' must be a {wanted.__name__} of {len(specs)}, got {_shown(value)}"
            )
        for i, (part, v) in enumerate(zip(specs, value)):
            match(part, v, f"{name}.{inner[1][i]}" if kind == "named" else f"{name}[{i}]", tensors)


def _match_dict(items, value, name, tensors):
    if not isinstance(value, dict):
        raise TypeError(f"program: argument '{name}' must be a dict, got {type(value).__name__}")
    if value.keys() != {key for key, _ in items}:
        raise ValueError(
            f"program: argument '{name}' must have the keys {[key for key, _ in items]}, got {list(value)}"
        )
    for key, spec in items:
        match(spec, value[key], f"{name}[{key!r}]", tensors)


def _shown(value):
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, (list, tuple)) else type(value).__name__


def build(spec: dict[str, Any], tensors: Any) -> Any:
    """The value that a spec describes, with these tensors in it."""
    ((kind, inner),) = spec.items()
    if kind == "tensor":
        return tensors[inner]
    if kind == "value":
        return _constant(inner)
    if kind == "dict":
        return {key: build(v, tensors) for key, v in inner}
    if kind == "named":
        return _named_class(inner[0], tuple(inner[1]))(*(build(v, tensors) for v in inner[2]))
    return (list if kind == "list" else tuple)(build(v, tensors) for v in inner)


@functools.lru_cache(maxsize=256)
def _named_class(name, fields):
    return collections.namedtuple(name, fields, rename=True)


def check(spec: Any, used: list[int], level: int = 0) -> None:
    """Raises ValueError unless the spec is one; adds the numbers of its tensors to ``used``."""
    if level > MOST_LEVELS or type(spec) is not dict or len(spec) != 1:
        raise ValueError("a structure of arguments is damaged")
    ((kind, inner),) = spec.items()
    if kind == "tensor":
        good = type(inner) is int and inner == len(used)
        used.append(inner)
    elif kind == "value":
        good = inner is None or type(inner) in (bool, int, float, str)
        if type(inner) is dict:
            good = len(inner) == 1 and type(inner.get("float")) is str and inner["float"] in _FLOATS
    elif kind in ("list", "tuple"):
        good = _check_all(inner, used, level)
    elif kind == "dict":
        good = type(inner) is list and all(type(i) is list and len(i) == 2 and type(i[0]) in (str, int) for i in inner)
        good = good and len({i[0] for i in inner}) == len(inner) and _check_all([i[1] for i in inner], used, level)
    elif kind == "named":
        good = type(inner) is list and len(inner) == 3 and _is_name(inner[0]) and type(inner[1]) is list
        good = good and all(_is_name(field) and field[0] != "_" for field in inner[1])
        good = good and len(set(inner[1])) == len(inner[1]) and type(inner[2]) is list
        good = good and len(inner[1]) == len(inner[2]) and _check_all(inner[2], used, level)
    else:
        good = False
    if not good:
        raise ValueError("a structure of arguments is damaged")


def _check_all(specs, used, level):
    if type(specs) is not list:
        return False
    for spec in specs:
        check(spec, used, level + 1)
    return True


def _is_name(text):
    import keyword

    return type(text) is str and len(text) < 256 and text.isidentifier() and not keyword.iskeyword(text)
