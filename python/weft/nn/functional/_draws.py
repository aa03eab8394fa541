"""Composites that draw random numbers."""

from __future__ import annotations

import functools

from weft import _C

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec, TypeVar

    _Arguments = ParamSpec("_Arguments")
    _Result = TypeVar("_Result")


def draws(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Decorator: when the function raises, the default generator is as it was before the call."""

    @functools.wraps(function)
    def wrapped(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        with _C._DrawScope():
            return function(*args, **kwargs)

    return wrapped
