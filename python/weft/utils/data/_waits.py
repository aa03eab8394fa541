"""How long a program waits for its next batch, in profiles."""

from __future__ import annotations

import functools

from weft import _C

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    _F = TypeVar("_F", bound=Callable[..., Any])


class Waits:
    """An iterator whose every step is a scope of the profile that runs; else it is the iterator that it wraps."""

    def __init__(self, iterator: Iterator[Any]) -> None:
        self._iterator = iterator

    def __iter__(self) -> Waits:
        return self

    def __next__(self) -> Any:
        if not _C._profiler.is_on():
            return next(self._iterator)
        scope = _C._profiler.begin("loader", "enumerate(DataLoader).__next__")
        try:
            return next(self._iterator)
        finally:
            _C._profiler.end(scope)

    def __len__(self) -> int:
        return len(self._iterator)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        if name == "_iterator":  # a copy that is being made
            raise AttributeError(name)
        return getattr(self._iterator, name)


def waits_in_profiles(iterate: _F) -> _F:
    """``__iter__`` whose iterators profiles show."""

    @functools.wraps(iterate)
    def wrapped(self):
        return Waits(iterate(self))

    return wrapped  # type: ignore[return-value]
