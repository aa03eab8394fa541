"""record_function: a named scope of a profile."""

from __future__ import annotations

import functools

from weft import _C

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    _F = TypeVar("_F", bound=Callable[..., Any])
    _Self = TypeVar("_Self", bound="record_function")


class record_function:
    """A scope that profiles show under a name: a with block, or a decorator of a function. Without a profile it costs
    a test.

    Args:
        name: what it is called.
        args: a text that is shown behind the name.

    Raises:
        TypeError: name is no text.

    >>> import weft
    >>> with weft.profiler.profile() as prof:
    ...     with weft.profiler.record_function("loss"):
    ...         y = weft.ones(3).exp()
    >>> [event.name for event in prof.events() if event.is_user_annotation]
    ['loss']
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        if not isinstance(name, str) or not isinstance(args, (str, type(None))):
            raise TypeError(f"record_function: expected a str as name and as args, got {name!r} and {args!r}")
        self.name: str = name
        self.args: str | None = args
        self._open: list[int] = []

    def __enter__(self: _Self) -> _Self:
        on = _C._profiler.is_on()
        text = self.name if self.args is None else f"{self.name}({self.args})"
        self._open.append(_C._profiler.begin("user", text) if on else 0)
        return self

    def __exit__(self, *exception: object) -> None:
        scope = self._open.pop()
        if scope:
            _C._profiler.end(scope)

    def __call__(self, function: _F) -> _F:
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with record_function(self.name, self.args):
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]
