"""Padding layers. padding is one number, or one for each side: left, right, then top, bottom, then front, back."""

from weft.nn import functional as F
from weft.nn.conv import to_tuple
from weft.nn.module import Module


class _Pad(Module):
    _mode = "constant"

    def __init__(self, padding):
        super().__init__()
        self.padding = to_tuple(padding, 2 * self._dims, f"{type(self).__name__}: padding")

    def forward(self, input):
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self):
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding, value):
        super().__init__(padding)
        self.value = value

    def forward(self, input):
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self):
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding):
        super().__init__(padding, 0.0)

    def extra_repr(self):
        return f"{self.padding}"


class ConstantPad1d(_ConstantPad):
    """Adds the given value around the last dimension: padding on both sides, or (left, right).

    >>> import weft
    >>> weft.nn.ConstantPad1d(1, 3.5)(weft.ones(1, 2, 3)).shape == (1, 2, 5)
    True
    """

    _dims = 1


class ConstantPad2d(_ConstantPad):
    """Adds the given value around the last 2 dimensions.

    >>> import weft
    >>> weft.nn.ConstantPad2d(1, 3.5)(weft.ones(1, 2, 3, 4)).shape == (1, 2, 5, 6)
    True
    """

    _dims = 2


class ConstantPad3d(_ConstantPad):
    """Adds the given value around the last 3 dimensions.

    >>> import weft
    >>> weft.nn.ConstantPad3d(1, 3.5)(weft.ones(1, 2, 3, 4, 5)).shape == (1, 2, 5, 6, 7)
    True
    """

    _dims = 3


class ZeroPad1d(_ZeroPad):
    """Adds zeros around the last dimension: padding on both sides, or (left, right).

    >>> import weft
    >>> weft.nn.ZeroPad1d(1)(weft.ones(1, 2, 3)).shape == (1, 2, 5)
    True
    """

    _dims = 1


class ZeroPad2d(_ZeroPad):
    """Adds zeros around the last 2 dimensions.

    >>> import weft
    >>> weft.nn.ZeroPad2d(1)(weft.ones(1, 2, 3, 4)).shape == (1, 2, 5, 6)
    True
    """

    _dims = 2


class ZeroPad3d(_ZeroPad):
    """Adds zeros around the last 3 dimensions.

    >>> import weft
    >>> weft.nn.ZeroPad3d(1)(weft.ones(1, 2, 3, 4, 5)).shape == (1, 2, 5, 6, 7)
    True
    """

    _dims = 3


class ReflectionPad1d(_Pad):
    """Adds the values mirrored at the edge around the last dimension: padding on both sides, or (left, right).

    >>> import weft
    >>> weft.nn.ReflectionPad1d(1)(weft.ones(1, 2, 3)).shape == (1, 2, 5)
    True
    """

    _dims = 1
    _mode = "reflect"


class ReflectionPad2d(_Pad):
    """Adds the values mirrored at the edge around the last 2 dimensions.

    >>> import weft
    >>> weft.nn.ReflectionPad2d(1)(weft.ones(1, 2, 3, 4)).shape == (1, 2, 5, 6)
    True
    """

    _dims = 2
    _mode = "reflect"


class ReflectionPad3d(_Pad):
    """Adds the values mirrored at the edge around the last 3 dimensions.

    >>> import weft
    >>> weft.nn.ReflectionPad3d(1)(weft.ones(1, 2, 3, 4, 5)).shape == (1, 2, 5, 6, 7)
    True
    """

    _dims = 3
    _mode = "reflect"


class ReplicationPad1d(_Pad):
    """Adds the value at the edge around the last dimension: padding on both sides, or (left, right).

    >>> import weft
    >>> weft.nn.ReplicationPad1d(1)(weft.ones(1, 2, 3)).shape == (1, 2, 5)
    True
    """

    _dims = 1
    _mode = "replicate"


class ReplicationPad2d(_Pad):
    """Adds the value at the edge around the last 2 dimensions.

    >>> import weft
    >>> weft.nn.ReplicationPad2d(1)(weft.ones(1, 2, 3, 4)).shape == (1, 2, 5, 6)
    True
    """

    _dims = 2
    _mode = "replicate"


class ReplicationPad3d(_Pad):
    """Adds the value at the edge around the last 3 dimensions.

    >>> import weft
    >>> weft.nn.ReplicationPad3d(1)(weft.ones(1, 2, 3, 4, 5)).shape == (1, 2, 5, 6, 7)
    True
    """

    _dims = 3
    _mode = "replicate"


class CircularPad1d(_Pad):
    """Adds the values of the other side around the last dimension: padding on both sides, or (left, right).

    >>> import weft
    >>> weft.nn.CircularPad1d(1)(weft.ones(1, 2, 3)).shape == (1, 2, 5)
    True
    """

    _dims = 1
    _mode = "circular"


class CircularPad2d(_Pad):
    """Adds the values of the other side around the last 2 dimensions.

    >>> import weft
    >>> weft.nn.CircularPad2d(1)(weft.ones(1, 2, 3, 4)).shape == (1, 2, 5, 6)
    True
    """

    _dims = 2
    _mode = "circular"


class CircularPad3d(_Pad):
    """Adds the values of the other side around the last 3 dimensions.

    >>> import weft
    >>> weft.nn.CircularPad3d(1)(weft.ones(1, 2, 3, 4, 5)).shape == (1, 2, 5, 6, 7)
    True
    """

    _dims = 3
    _mode = "circular"
