"""Checks of arguments that the Python parts of Weft share. Each raises TypeError that names function and argument."""

from __future__ import annotations

import functools
import operator

from weft import _C

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    _F = TypeVar("_F", bound=Callable[..., Any])


class AssertedError(RuntimeError, AssertionError):
    """What PyTorch checks with assert: programs that catch its AssertionError catch this one."""


def _refuse(function, name, wanted, value):
    raise TypeError(f"{function}: expected {wanted} as {name}, got {type(value).__name__}")


def check_tensors(function, optional=(), /, **values):
    """Every value is a tensor. Arguments named in ``optional`` may be None."""
    for name, value in values.items():
        if not isinstance(value, _C.Tensor) and (value is not None or name not in optional):
            _refuse(function, name, "a Tensor", value)


def check_real(function, /, **values):
    """No tensor is complex: a loss or an angle of such numbers would be no real number."""
    for name, value in values.items():
        if value.is_complex():
            raise RuntimeError(f"{function}: {name} must be real, got dtype {value.dtype}")


def check_callables(function, /, **values):
    """Every value can be called."""
    for name, value in values.items():
        if not callable(value):
            _refuse(function, name, "a function", value)


def check_flags(function, /, **values):
    """Every value is True, False or None (which leaves the choice to the function)."""
    for name, value in values.items():
        if value is not None and not isinstance(value, bool):
            _refuse(function, name, "True, False or None", value)


def check_numbers(function, /, **values):
    """Every value is a number: an int or a float of Python, NumPy or a tensor without dimensions, no bool."""
    for name, value in values.items():
        kind = type(value)
        if (
            _is_truth(value)
            or getattr(value, "ndim", 0)
            or not (hasattr(kind, "__float__") or hasattr(kind, "__index__"))
        ):
            _refuse(function, name, "a number", value)


def check_integers(function, /, **values):
    """Every value is an integer of Python, NumPy or a tensor (what has ``__index__``), no bool."""
    for name, value in values.items():
        try:
            is_integer = not _is_truth(value) and operator.index(value) is not None
        except TypeError:
            is_integer = False
        if not is_integer:
            _refuse(function, name, "an int", value)


def _check_index(function, name, value):
    try:
        operator.index(value)
    except TypeError:
        _refuse(function, name, "an int", value)


def check_sizes(function, /, **values):
    """Every value has ``__index__``, which True has as well, and none is negative (RuntimeError)."""
    for name, value in values.items():
        _check_index(function, name, value)
        if value < 0:
            raise RuntimeError(f"{function}: {name} must not be negative, got {value}")


def check_places(function, least, /, **values):
    """Every value, or each of a tuple or list, has ``__index__`` and is at least 0 or 1 (ValueError)."""
    for name, value in values.items():
        for i, one in enumerate(value if isinstance(value, (tuple, list)) else [value]):
            label = f"{name}[{i}]" if isinstance(value, (tuple, list)) else name
            _check_index(function, label, one)
            if one < least:
                wanted = "be positive" if least else "not be negative"
                raise ValueError(f"{function}: {label} must {wanted}, got {one}")


def check_instances(kind, function, /, **values):
    """Every value is an instance of the class, or of one of them."""
    for name, value in values.items():
        if not isinstance(value, kind):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            wanted = " or ".join(f"{'an' if each.__name__[0] in 'AEIOU' else 'a'} {each.__name__}" for each in kinds)
            _refuse(function, name, wanted, value)


def _is_truth(value):
    """A bool of Python or NumPy, or an array or tensor of that dtype."""
    return isinstance(value, bool) or str(getattr(value, "dtype", "")) in ("bool", "weft.bool")


def check_text(function, /, **values):
    """Every value is a string."""
    for name, value in values.items():
        if not isinstance(value, str):
            _refuse(function, name, "a string", value)


def check_mapping(function, /, **values):
    """Every value is a dict, or something like one."""
    for name, value in values.items():
        if not hasattr(value, "items") or not hasattr(value, "keys"):
            _refuse(function, name, "a dict", value)


def own_errors(function: _F, name: str | None = None) -> _F:
    """A composite whose errors come under its own name (or this one), also those of the ops that it is made of.

    >>> from weft._checks import own_errors
    >>> import weft
    >>> @own_errors
    ... def spread(x):
    ...     return x.reshape(3)
    >>> spread(weft.ones(2))
    Traceback (most recent call last):
    RuntimeError: spread: a tensor of shape (2,) with 2 elements does not fit shape (3,)
    """

    name = name or function.__name__

    @functools.wraps(function)
    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            op, colon, rest = str(error).partition(": ")
            is_other = colon and op != name and _is_op(op)
            if not is_other or type(error).__module__ != "builtins" or not _is_of_weft(error.__traceback__):
                raise
            renamed = type(error)(f"{name}: {rest}")
        raise renamed from None

    return call


def _is_op(name):
    import weft

    return any(hasattr(of, name) for of in (weft, weft.nn.functional, weft.linalg, weft.Tensor))


def _is_of_weft(trace):
    """Was an error raised by Weft's own code, not by a function of the user's that it has called?"""
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] == "weft":
        trace = trace.tb_next
    return trace is None


def check_entries(what, mapping, /, *names):
    """The dict has an entry under each name; else ValueError."""
    for name in names:
        if name not in mapping:
            raise ValueError(f"{what} has no entry {name!r}")


def tensors_of(function, name, values):
    """The tensors of an iterable, as a list; a single tensor counts as a list of one."""
    if isinstance(values, _C.Tensor):
        return [values]
    try:
        tensors = list(values)
    except TypeError:
        _refuse(function, name, "Tensors", values)
    for tensor in tensors:
        if not isinstance(tensor, _C.Tensor):
            raise TypeError(f"{function}: expected Tensors in {name}, got {type(tensor).__name__}")
    return tensors


def is_differentiable(tensor):
    """May a tensor of this dtype require grad?"""
    return tensor.is_floating_point() or tensor.is_complex()
