"""Dim: the name of a dimension whose size may vary, as in torch.export."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


_max = max  # which an argument of Dim hides


class _Hint:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"Dim.{self._name}"


class Dim:
    """A dimension whose size may vary between calls, from min to max.

    ``Dim.STATIC`` says that a size never varies, ``Dim.AUTO`` leaves it open, which is the same here.

    Args:
        name: an identifier (else TypeError); sizes that are equal are one Dim.
        min: the least size, 1 by default.
        max: the greatest, 1024 by default. ValueError for what are no sizes, or a max below min.

    >>> from weft.export import Dim
    >>> Dim("batch", min=1, max=64)
    Dim('batch', min=1, max=64)
    """

    name: str
    min: int
    max: int

    STATIC: _Hint = _Hint("STATIC")
    AUTO: _Hint = _Hint("AUTO")

    def __init__(self, name: str, *, min: int | None = 1, max: int | None = None) -> None:
        if not isinstance(name, str) or not name.isidentifier():
            raise TypeError(f"Dim: expected the name of a dimension, an identifier, got {name!r}")
        min = 1 if min is None else min
        max = _max(min, 1024) if max is None else max
        for bound in (min, max):
            if type(bound) is not int or not 0 <= bound < 2**31:
                raise ValueError(f"Dim: min and max must be sizes, got {bound!r}")
        if min > max:
            raise ValueError(f"Dim: min is {min}, more than max, {max}")
        self.name, self.min, self.max = name, min, max

    def __repr__(self) -> str:
        return f"Dim({self.name!r}, min={self.min}, max={self.max})"


def places_of(shapes: Any, dims: Any, names: Any, args: Any, kwargs: Any, tensors: Any) -> list[tuple[int, int, Dim]]:
    """[(number of a tensor, dimension, Dim)] for every dimension that may vary.

    shapes, dims: the arguments dynamic_shapes and dynamic_dims of export; tensors: (name, tensor) of the example.
    """
    dims = None if dims is False else dims
    if shapes is not None and dims is not None:
        raise ValueError("export: give dynamic_shapes or dynamic_dims, not both")
    places = []
    specs = {**dict(zip(names, args)), **kwargs}
    if dims is not None:
        return _places_of_dims(dims, names, args, kwargs, tensors)
    if isinstance(shapes, (list, tuple)):
        if len(shapes) > len(args):
            raise ValueError(f"export: dynamic_shapes is for {len(shapes)} arguments, there are {len(args)}")
        shapes = dict(zip(names, shapes))
    if shapes is None or _is_hint(shapes):
        return []
    if not isinstance(shapes, dict):
        raise TypeError(
            "export: dynamic_shapes must be a dict from names of arguments to sizes, or a tuple of sizes for each, got "
            f"{type(shapes).__name__}"
        )
    for name, shape in shapes.items():
        if name not in specs:
            raise ValueError(f"export: dynamic_shapes names the argument {name!r}; there are {', '.join(specs)}")
        _add_places(specs[name], shape, str(name), tensors, places)
    _check(places, tensors)
    return places


def _is_hint(shape):
    return shape is None or shape is Dim.STATIC or shape is Dim.AUTO


def _add_places(spec, shape, name, tensors, places):
    if _is_hint(shape):
        return
    ((kind, inner),) = spec.items()
    if kind == "tensor":
        entries = shape.items() if isinstance(shape, dict) else enumerate(shape) if _is_list(shape) else None
        if entries is None:
            raise TypeError(f"export: expected the sizes of '{name}' as a dict or list, got {type(shape).__name__}")
        ndim = tensors[inner][1].dim()
        for d, dim in entries:
            if type(d) is not int or not -ndim <= d < ndim:
                raise ValueError(f"export: dynamic_shapes names dimension {d!r} of '{name}', which has {ndim}")
            if isinstance(dim, Dim):
                places.append((inner, d % ndim, dim))
            elif not _is_hint(dim) and dim != tensors[inner][1].shape[d]:
                raise ValueError(
                    f"export: dimension {d} of '{name}' is to be {dim!r}, which is no Dim and not its size"
                )
        return
    if kind == "dict" and isinstance(shape, dict):
        known = dict(inner)
        for key, part in shape.items():
            if key not in known:
                raise ValueError(f"export: dynamic_shapes names {key!r} of '{name}', which is not there")
            _add_places(known[key], part, f"{name}[{key!r}]", tensors, places)
    elif kind in ("list", "tuple", "named") and _is_list(shape):
        for i, (part, own) in enumerate(zip(shape, inner[2] if kind == "named" else inner)):
            _add_places(own, part, f"{name}[{i}]", tensors, places)
    else:
        raise TypeError(f"export: the sizes of '{name}' in dynamic_shapes do not have the structure of the argument")


def _is_list(shape):
    return isinstance(shape, (list, tuple))


def _check(places, tensors):
    by_name = {}
    for number, d, dim in places:
        name, tensor = tensors[number]
        size = tensor.shape[d]
        if by_name.setdefault(dim.name, dim) is not dim:
            raise ValueError(f"export: two Dims have the name {dim.name!r}; use the same one for sizes that are equal")
        if not dim.min <= size <= dim.max:
            raise ValueError(f"export: '{name}' has size {size} in dimension {d}, which is not in the range of {dim!r}")
    sizes = {}
    for number, d, dim in places:
        size = tensors[number][1].shape[d]
        if sizes.setdefault(dim.name, size) != size:
            raise ValueError(f"export: the example arguments have {dim.name}={sizes[dim.name]} and {dim.name}={size}")


def _places_of_dims(dims, names, args, kwargs, tensors):
    from weft import _C
    from weft._jit import _read_dynamic_dims

    made, places = {}, []
    for argument, chosen in _read_dynamic_dims(dims):
        specs = {**{str(i): s for i, s in enumerate(args)}, **dict(zip(names, args)), **kwargs}
        if argument and argument not in specs:
            raise ValueError(f"export: dynamic_dims names the argument {argument}; there are {', '.join(specs)}")
        for number in _tensors_in([specs[argument]] if argument else [*args, *kwargs.values()]):
            shape = tensors[number][1].shape
            for d in range(len(shape)) if chosen == (_C._ALL_DIMS,) else chosen:
                if -len(shape) <= d < len(shape):
                    dim = made.setdefault(shape[d], Dim(f"size{len(made)}"))
                    places.append((number, d % len(shape), dim))
    return list(dict.fromkeys(places))


def _tensors_in(specs):
    for spec in specs:
        ((kind, inner),) = spec.items()
        if kind == "tensor":
            yield inner
        elif kind in ("list", "tuple"):
            yield from _tensors_in(inner)
        elif kind == "named":
            yield from _tensors_in(inner[2])
        elif kind == "dict":
            yield from _tensors_in(part for _, part in inner)
