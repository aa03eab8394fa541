"""Forward-mode differentiation: tensors that carry their derivative along a direction.

>>> import weft
>>> import weft.autograd.forward_ad as fwAD
>>> with fwAD.dual_level():
...     x = fwAD.make_dual(weft.tensor(0.), weft.tensor(2.))
...     y = fwAD.unpack_dual(weft.sin(x))
>>> y
UnpackedDualTensor(primal=tensor(0.), tangent=tensor(2.))
"""

import contextlib
import threading
from typing import NamedTuple, Optional

import weft
from weft import _C
from weft._checks import tensors_of

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]


class UnpackedDualTensor(NamedTuple):
    """What :func:`unpack_dual` returns: a value, and its derivative along the direction, None for zero.

    >>> import weft
    >>> import weft.autograd.forward_ad as fwAD
    >>> primal, tangent = fwAD.unpack_dual(weft.tensor(1.))
    >>> primal, tangent
    (tensor(1.), None)
    """

    primal: "weft.Tensor"
    tangent: Optional["weft.Tensor"]


class _Levels(threading.local):
    def __init__(self) -> None:
        self.entered = []


_levels = _Levels()


def enter_dual_level() -> int:
    """Begin a level: tensors may be given tangents from now on. Returns its number; levels may be nested.

    >>> import weft.autograd.forward_ad as fwAD
    >>> fwAD.enter_dual_level()
    0
    >>> fwAD.exit_dual_level()
    """
    level = _C._ForwardLevel()
    level.__enter__()
    _levels.entered.append(level)
    return len(_levels.entered) - 1


def exit_dual_level(*, level: int | None = None) -> None:
    """End the innermost level: its tangents are gone.

    Args:
        level: its number, to be checked; by default the innermost one's.

    Raises RuntimeError where there is none, or the number is not the innermost one's.

    >>> import weft.autograd.forward_ad as fwAD
    >>> level = fwAD.enter_dual_level()
    >>> fwAD.exit_dual_level(level=level)
    """
    if not _levels.entered:
        raise RuntimeError("exit_dual_level: there is no level to leave; begin one with enter_dual_level()")
    if level is not None and level != len(_levels.entered) - 1:
        raise RuntimeError(f"exit_dual_level: the innermost level is {len(_levels.entered) - 1}, got {level}")
    _levels.entered.pop().__exit__()


class dual_level(contextlib.ContextDecorator):
    """A scope (or a decorator) in which tensors may have tangents; nested ones do not mix.

    Entering gives the number of the level. Leaving raises RuntimeError for a level that has ended already.

    >>> import weft
    >>> import weft.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     x = fwAD.make_dual(weft.tensor([1., 2.]), weft.tensor([1., 0.]))
    ...     tangent = fwAD.unpack_dual((x * x).sum()).tangent
    >>> tangent
    tensor(2.)
    """

    def __init__(self) -> None:
        self._entered = []

    def _recreate_cm(self):
        return dual_level()

    def __enter__(self) -> int:
        level = enter_dual_level()
        self._entered.append(_levels.entered[-1])
        return level

    def __exit__(self, *exception: object) -> None:
        own = self._entered.pop()
        if own not in _levels.entered:
            raise RuntimeError("dual_level: the level has ended already, or belongs to another thread")
        inner = len(_levels.entered) - 1 - _levels.entered.index(own)
        del _levels.entered[len(_levels.entered) - 1 - inner :]
        own.__exit__()  # raises where there are inner ones, which have ended too


def make_dual(tensor: "weft.Tensor", tangent: "weft.Tensor", *, level: int | None = None) -> "weft.Tensor":
    """A view of ``tensor`` that has a tangent; what is computed from it has tangents too, also where grad mode is off.

    Args:
        tensor: the value, of a floating or complex dtype.
        tangent: of the same shape, dtype and device.
        level: the number of the level, by default the innermost one.

    Raises RuntimeError outside of any level, for a dtype or tangent that does not fit, and where the tensor has a
    tangent at this level already.

    >>> import weft
    >>> import weft.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     fwAD.unpack_dual(fwAD.make_dual(weft.tensor(1.), weft.tensor(3.)) ** 2).tangent
    tensor(6.)
    """
    tensors_of("make_dual", "its arguments", (tensor, tangent))
    return _level("make_dual", level).make_dual(tensor, tangent)


def unpack_dual(tensor: "weft.Tensor", *, level: int | None = None) -> UnpackedDualTensor:
    """(primal, tangent): a view without the tangent, and the tangent, None where the tensor has none.

    Args:
        tensor: any tensor.
        level: the number of the level, by default the innermost one; outside of any, nothing has a tangent.

    Raises RuntimeError for the number of a level that there is not.

    >>> import weft
    >>> import weft.autograd.forward_ad as fwAD
    >>> fwAD.unpack_dual(weft.tensor(1.))
    UnpackedDualTensor(primal=tensor(1.), tangent=None)
    """
    tensors_of("unpack_dual", "its argument", (tensor,))
    if level is None and not _levels.entered:
        return UnpackedDualTensor(tensor, None)
    return UnpackedDualTensor(*_level("unpack_dual", level).unpack(tensor))


def _level(what, number):
    entered = _levels.entered
    if not entered:
        raise RuntimeError(f"{what}: tensors have tangents inside of `with dual_level():` only")
    if number is None:
        return entered[-1]
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(entered):
        raise RuntimeError(f"{what}: there are levels 0 to {len(entered) - 1}, got {number!r}")
    return entered[number]
