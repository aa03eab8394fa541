"""Size: the shape of a tensor, a tuple of ints that knows its number of elements."""

from math import prod


class Size(tuple):
    """Sizes of the dimensions of a tensor.

    >>> import weft
    >>> weft.zeros(2, 3).shape.numel()
    6
    """

    __slots__ = ()

    def __new__(cls, iterable=(), /):
        self = tuple.__new__(cls, iterable)
        for size in self:
            if type(size) is not int and not hasattr(size, "__index__"):
                raise TypeError(f"Size: expected ints, got {type(size).__name__}")
        return self

    def numel(self):
        """Number of elements of a tensor of this shape."""
        return prod(self)

    def __repr__(self):
        return f"weft.Size({list(self)})"

    def __add__(self, other):
        return Size(tuple(self) + tuple(other))

    def __radd__(self, other):
        return Size(tuple(other) + tuple(self))

    def __mul__(self, count):
        return Size(tuple(self) * count)

    __rmul__ = __mul__

    def __getitem__(self, index):
        got = tuple.__getitem__(self, index)
        return Size(got) if isinstance(index, slice) else got
