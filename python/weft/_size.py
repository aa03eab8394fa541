"""Size: the shape of a tensor, a tuple of ints that knows its number of elements."""

from __future__ import annotations

from math import prod

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, SupportsIndex


class Size(tuple):
    """Sizes of the dimensions of a tensor: a tuple of ints.

    Args:
        iterable: ints; TypeError for anything else.

    >>> import weft
    >>> weft.zeros(2, 3).shape
    weft.Size([2, 3])
    >>> weft.Size([4]) + weft.zeros(2, 3).shape
    weft.Size([4, 2, 3])
    """

    __slots__ = ()

    def __new__(cls: type[Size], iterable: Iterable[SupportsIndex] = (), /) -> Size:
        self = tuple.__new__(cls, iterable)
        for size in self:
            if type(size) is not int and not hasattr(size, "__index__"):
                raise TypeError(f"Size: expected ints, got {type(size).__name__}")
        return self

    def numel(self) -> int:
        """Number of elements of a tensor of this shape; 1 without dimensions.

        >>> import weft
        >>> weft.zeros(2, 3).shape.numel()
        6
        """
        return prod(self)

    def __repr__(self) -> str:
        return f"weft.Size({list(self)})"

    def __add__(self, other: Iterable[Any]) -> Size:
        return Size(tuple(self) + tuple(other))

    def __radd__(self, other: Iterable[Any]) -> Size:
        return Size(tuple(other) + tuple(self))

    def __mul__(self, count: SupportsIndex) -> Size:
        return Size(tuple(self) * count)

    def __rmul__(self, count: SupportsIndex) -> Size:
        return Size(tuple(self) * count)

    def __getitem__(self, index: Any) -> Any:
        got = tuple.__getitem__(self, index)
        return Size(got) if isinstance(index, slice) else got
