"""Padding layers. padding is one number, or one for each side: left, right, then top, bottom, then front, back."""

from __future__ import annotations

from weft.nn import functional as F
from weft.nn.conv import to_tuple
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor
    from weft.nn._types import Ints


class _Pad(Module):
    padding: tuple[int, ...]
    _dims: int

    _mode = "constant"

    def __init__(self, padding: Ints) -> None:
        super().__init__()
        self.padding = to_tuple(padding, 2 * self._dims, f"{type(self).__name__}: padding")

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: Ints, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Ints) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(_ConstantPad):
    """Adds a constant at the ends of sequences.

    Args:
        padding: how much is added to the last dimension at every side, or at each: (left, right).
            A negative number takes values away.
        value: what is added.

    Shape:
        Input (N, C, L) or (C, L),
        output (N, C, left + L + right), or without N.

    Example:
        >>> import weft
        >>> weft.nn.ConstantPad1d(1, 3.5)(weft.ones(1, 2, 3)).shape == (1, 2, 5)
        True
    """

    _dims = 1


class ConstantPad2d(_ConstantPad):
    """Adds a constant at the ends of images.

    Args:
        padding: how much is added to the last two dimensions at every side, or at each: (left, right, top, bottom).
            A negative number takes values away.
        value: what is added.

    Shape:
        Input (N, C, H, W) or (C, H, W),
        output (N, C, top + H + bottom, left + W + right), or without N.

    Example:
        >>> import weft
        >>> weft.nn.ConstantPad2d(1, 3.5)(weft.ones(1, 2, 3, 4)).shape == (1, 2, 5, 6)
        True
    """

    _dims = 2


class ConstantPad3d(_ConstantPad):
    """Adds a constant at the ends of volumes.

    Args:
        padding: how much is added to the last three dimensions at every side, or at each: (left, right, top, bottom,
            front, back). A negative number takes values away.
        value: what is added.

    Shape:
        Input (N, C, D, H, W) or (C, D, H, W),
        output (N, C, front + D + back, top + H + bottom, left + W + right), or without N.

    Example:
        >>> import weft
        >>> weft.nn.ConstantPad3d(1, 3.5)(weft.ones(1, 2, 3, 4, 5)).shape == (1, 2, 5, 6, 7)
        True
    """

    _dims = 3


class ZeroPad1d(_ZeroPad):
    """Adds zeros at the ends of sequences.

    Args:
        padding: how much is added to the last dimension at every side, or at each: (left, right).
            A negative number takes values away.

    Shape:
        Input (N, C, L) or (C, L),
        output (N, C, left + L + right), or without N.

    Example:
        >>> import weft
        >>> weft.nn.ZeroPad1d(1)(weft.ones(1, 2, 3)).shape == (1, 2, 5)
        True
    """

    _dims = 1


class ZeroPad2d(_ZeroPad):
    """Adds zeros at the ends of images.

    Args:
        padding: how much is added to the last two dimensions at every side, or at each: (left, right, top, bottom).
            A negative number takes values away.

    Shape:
        Input (N, C, H, W) or (C, H, W),
        output (N, C, top + H + bottom, left + W + right), or without N.

    Example:
        >>> import weft
        >>> weft.nn.ZeroPad2d(1)(weft.ones(1, 2, 3, 4)).shape == (1, 2, 5, 6)
        True
    """

    _dims = 2


class ZeroPad3d(_ZeroPad):
    """Adds zeros at the ends of volumes.

    Args:
        padding: how much is added to the last three dimensions at every side, or at each: (left, right, top, bottom,
            front, back). A negative number takes values away.

    Shape:
        Input (N, C, D, H, W) or (C, D, H, W),
        output (N, C, front + D + back, top + H + bottom, left + W + right), or without N.

    Example:
        >>> import weft
        >>> weft.nn.ZeroPad3d(1)(weft.ones(1, 2, 3, 4, 5)).shape == (1, 2, 5, 6, 7)
        True
    """

    _dims = 3


class ReflectionPad1d(_Pad):
    """Adds the values of sequences mirrored at their ends: 2 1 | 0 1 2 | 1 0.

    Args:
        padding: how much is added to the last dimension at every side, or at each: (left, right).
            A negative number takes values away.

    Shape:
        Input (N, C, L) or (C, L),
        output (N, C, left + L + right), or without N.

    Raises:
        RuntimeError: a side is not shorter than the input's dimension, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.ReflectionPad1d(1)(weft.ones(1, 2, 3)).shape == (1, 2, 5)
        True
    """

    _dims = 1
    _mode = "reflect"


class ReflectionPad2d(_Pad):
    """Adds the values of images mirrored at their ends: 2 1 | 0 1 2 | 1 0.

    Args:
        padding: how much is added to the last two dimensions at every side, or at each: (left, right, top, bottom).
            A negative number takes values away.

    Shape:
        Input (N, C, H, W) or (C, H, W),
        output (N, C, top + H + bottom, left + W + right), or without N.

    Raises:
        RuntimeError: a side is not shorter than the input's dimension, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.ReflectionPad2d(1)(weft.ones(1, 2, 3, 4)).shape == (1, 2, 5, 6)
        True
    """

    _dims = 2
    _mode = "reflect"


class ReflectionPad3d(_Pad):
    """Adds the values of volumes mirrored at their ends: 2 1 | 0 1 2 | 1 0.

    Args:
        padding: how much is added to the last three dimensions at every side, or at each: (left, right, top, bottom,
            front, back). A negative number takes values away.

    Shape:
        Input (N, C, D, H, W) or (C, D, H, W),
        output (N, C, front + D + back, top + H + bottom, left + W + right), or without N.

    Raises:
        RuntimeError: a side is not shorter than the input's dimension, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.ReflectionPad3d(1)(weft.ones(1, 2, 3, 4, 5)).shape == (1, 2, 5, 6, 7)
        True
    """

    _dims = 3
    _mode = "reflect"


class ReplicationPad1d(_Pad):
    """Adds the outermost values of sequences again: 0 0 | 0 1 2 | 2 2.

    Args:
        padding: how much is added to the last dimension at every side, or at each: (left, right).
            A negative number takes values away.

    Shape:
        Input (N, C, L) or (C, L),
        output (N, C, left + L + right), or without N.

    Example:
        >>> import weft
        >>> weft.nn.ReplicationPad1d(1)(weft.ones(1, 2, 3)).shape == (1, 2, 5)
        True
    """

    _dims = 1
    _mode = "replicate"


class ReplicationPad2d(_Pad):
    """Adds the outermost values of images again: 0 0 | 0 1 2 | 2 2.

    Args:
        padding: how much is added to the last two dimensions at every side, or at each: (left, right, top, bottom).
            A negative number takes values away.

    Shape:
        Input (N, C, H, W) or (C, H, W),
        output (N, C, top + H + bottom, left + W + right), or without N.

    Example:
        >>> import weft
        >>> weft.nn.ReplicationPad2d(1)(weft.ones(1, 2, 3, 4)).shape == (1, 2, 5, 6)
        True
    """

    _dims = 2
    _mode = "replicate"


class ReplicationPad3d(_Pad):
    """Adds the outermost values of volumes again: 0 0 | 0 1 2 | 2 2.

    Args:
        padding: how much is added to the last three dimensions at every side, or at each: (left, right, top, bottom,
            front, back). A negative number takes values away.

    Shape:
        Input (N, C, D, H, W) or (C, D, H, W),
        output (N, C, front + D + back, top + H + bottom, left + W + right), or without N.

    Example:
        >>> import weft
        >>> weft.nn.ReplicationPad3d(1)(weft.ones(1, 2, 3, 4, 5)).shape == (1, 2, 5, 6, 7)
        True
    """

    _dims = 3
    _mode = "replicate"


class CircularPad1d(_Pad):
    """Adds the values of sequences from the other end: 1 2 | 0 1 2 | 0 1.

    Args:
        padding: how much is added to the last dimension at every side, or at each: (left, right).
            A negative number takes values away.

    Shape:
        Input (N, C, L) or (C, L),
        output (N, C, left + L + right), or without N.

    Raises:
        RuntimeError: a side is longer than the input's dimension, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.CircularPad1d(1)(weft.ones(1, 2, 3)).shape == (1, 2, 5)
        True
    """

    _dims = 1
    _mode = "circular"


class CircularPad2d(_Pad):
    """Adds the values of images from the other end: 1 2 | 0 1 2 | 0 1.

    Args:
        padding: how much is added to the last two dimensions at every side, or at each: (left, right, top, bottom).
            A negative number takes values away.

    Shape:
        Input (N, C, H, W) or (C, H, W),
        output (N, C, top + H + bottom, left + W + right), or without N.

    Raises:
        RuntimeError: a side is longer than the input's dimension, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.CircularPad2d(1)(weft.ones(1, 2, 3, 4)).shape == (1, 2, 5, 6)
        True
    """

    _dims = 2
    _mode = "circular"


class CircularPad3d(_Pad):
    """Adds the values of volumes from the other end: 1 2 | 0 1 2 | 0 1.

    Args:
        padding: how much is added to the last three dimensions at every side, or at each: (left, right, top, bottom,
            front, back). A negative number takes values away.

    Shape:
        Input (N, C, D, H, W) or (C, D, H, W),
        output (N, C, front + D + back, top + H + bottom, left + W + right), or without N.

    Raises:
        RuntimeError: a side is longer than the input's dimension, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.CircularPad3d(1)(weft.ones(1, 2, 3, 4, 5)).shape == (1, 2, 5, 6, 7)
        True
    """

    _dims = 3
    _mode = "circular"
