"""Dim: the name of a dimension whose size may vary, as in torch.export."""


class _Hint:
    def __init__(self, name):
        self._name = name

    def __repr__(self):
        return f"Dim.{self._name}"


class Dim:
    """A dimension whose size may vary between calls, from min to max.

    >>> from weft.export import Dim
    >>> Dim("batch", min=1, max=64)
    Dim('batch', min=1, max=64)

    ``Dim.STATIC`` says that a size never varies, ``Dim.AUTO`` leaves it open, which is the same here.
    """

    STATIC = _Hint("STATIC")
    AUTO = _Hint("AUTO")

    def __init__(self, name, *, min=None, max=None):
        if not isinstance(name, str) or not name.isidentifier():
            raise TypeError(f"Dim: expected the name of a dimension, an identifier, got {name!r}")
        for bound in (min, max):
            if bound is not None and (type(bound) is not int or bound < 0):
                raise ValueError(f"Dim: min and max must be sizes, got {bound!r}")
        if min is not None and max is not None and min > max:
            raise ValueError(f"Dim: min is {min}, more than max, {max}")
        self.name, self.min, self.max = name, min, max

    def __repr__(self):
        return f"Dim({self.name!r}, min={self.min}, max={self.max})"


def is_static(dynamic_shapes):
    """Is no dimension in this tree of dynamic_shapes meant to vary?"""
    if dynamic_shapes is None or dynamic_shapes in (Dim.STATIC, Dim.AUTO) or type(dynamic_shapes) is int:
        return True
    if isinstance(dynamic_shapes, dict):
        return all(is_static(v) for v in dynamic_shapes.values())
    if isinstance(dynamic_shapes, (list, tuple)):
        return all(is_static(v) for v in dynamic_shapes)
    if isinstance(dynamic_shapes, Dim):
        return False
    raise TypeError(
        "export: dynamic_shapes must be None, or dicts, lists and tuples of ints, None and Dim, got "
        f"{type(dynamic_shapes).__name__}"
    )
