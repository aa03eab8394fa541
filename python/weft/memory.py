"""The memory of tensors on the CPU: how much there is, who holds it, and limits.

Freed memory is kept for the next tensor, because fresh pages from the system cost more than most ops. The cache holds
at most a quarter of the machine's memory; :func:`empty_cache` returns it. When memory runs out, the cache is emptied
and the request tried again before :class:`weft.OutOfMemoryError` is raised.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from weft._C import memory as _memory

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import TypeVar

    from weft.nn import Module

    _M = TypeVar("_M", bound=Module)


__all__ = [
    "Holder",
    "allocated",
    "empty_cache",
    "holders",
    "label_layers",
    "peak",
    "reserved",
    "reset_peak",
    "set_limit",
    "stats",
]


class Holder(NamedTuple):
    """Memory in use by tensors that one op made: its name, bytes and number of blocks.

    >>> import weft
    >>> weft.memory.Holder("linear", 4096, 2).op
    'linear'
    """

    op: str
    bytes: int
    blocks: int


def allocated() -> int:
    """Returns the bytes that tensors hold now.

    >>> import weft
    >>> before = weft.memory.allocated()
    >>> x = weft.zeros(1000)
    >>> weft.memory.allocated() - before
    4000
    """
    return _memory.allocated()


def reserved() -> int:
    """Returns the bytes taken from the system: those that tensors hold and those kept for later.

    >>> import weft
    >>> weft.memory.reserved() >= weft.memory.allocated()
    True
    """
    return _memory.reserved()


def peak() -> int:
    """Returns the largest value of :func:`allocated` since the start or the last :func:`reset_peak`.

    It is exact for a program that computes in one thread; each further thread may add up to 16 KiB to it.

    >>> import weft
    >>> weft.memory.peak() >= weft.memory.allocated()
    True
    """
    return _memory.peak()


def reset_peak() -> None:
    """Starts a new measurement of :func:`peak`.

    >>> import weft
    >>> weft.memory.reset_peak()
    >>> weft.memory.peak() == weft.memory.allocated()
    True
    """
    _memory.reset_peak()


def empty_cache() -> None:
    """Returns memory that no tensor holds to the system. Small blocks cached by other threads stay.

    >>> import weft
    >>> weft.memory.empty_cache()
    """
    _memory.empty_cache()


def stats() -> dict[str, int]:
    """Returns the bytes ``allocated``, ``reserved``, at ``peak``, and the ``limit`` on what may be reserved; the number
    of ``allocations`` so far and how many of these were ``cache_hits``, served without asking the system.

    >>> import weft
    >>> sorted(weft.memory.stats())
    ['allocated', 'allocations', 'cache_hits', 'limit', 'peak', 'reserved']
    """
    return _memory.stats()


def holders() -> list[Holder]:
    """Returns who holds memory, largest first: tensors over 64 KiB by the op that made them, smaller ones together.

    Of the smaller ones the number of blocks is not known and given as 0.

    >>> import weft
    >>> x = weft.zeros(100_000)
    >>> weft.memory.holders()[0].bytes >= 400_000
    True
    """
    return [Holder(*holder) for holder in _memory.holders()]


@contextlib.contextmanager
def label_layers(model: _M) -> Generator[_M, None, None]:
    """A scope in which memory is labelled with the layer of the model that runs, beside the op: in :func:`holders`, in
    ``weft.cuda.memory_snapshot()`` and in the message when memory runs out.

    Args:
        model: a Module; else TypeError. The scope gives it back.

    >>> import weft
    >>> model = weft.nn.Sequential(weft.nn.Linear(4, 40_000))
    >>> with weft.memory.label_layers(model):
    ...     y = model(weft.ones(2, 4))
    >>> [h.op for h in weft.memory.holders() if "0" in h.op.split()]
    ['linear in 0']
    """
    if not hasattr(model, "named_modules"):
        raise TypeError(f"label_layers: expected a Module, got {type(model).__name__}")
    path = []

    def enter(name):
        def hook(module, args):
            path.append(name)
            _memory.set_layer(name)

        return hook

    def leave(module, args, output):
        path.pop()
        _memory.set_layer(path[-1] if path else "")

    handles = []
    for name, module in model.named_modules():
        handles.append(module.register_forward_pre_hook(enter(name)))
        handles.append(module.register_forward_hook(leave, always_call=True))
    try:
        yield model
    finally:
        _memory.set_layer("")
        for handle in handles:
            handle.remove()


def set_limit(nbytes: int | None) -> None:
    """Limits the bytes that may be reserved; None lifts the limit.

    More than the machine has (its memory and swap, and the limits of the control group the process runs in) is never
    given out, with or without a limit. Memory beyond the new limit that tensors hold stays theirs.

    Args:
        nbytes: the limit, or None.

    Raises:
        ValueError: nbytes is not positive.

    >>> import weft
    >>> weft.memory.set_limit(weft.memory.reserved() + 2**20)
    >>> weft.zeros(2**30)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    weft.OutOfMemoryError: out of memory: ...
    >>> weft.memory.set_limit(None)
    """
    _memory.set_limit(nbytes)


def _fail_after(n: int) -> None:
    """For tests: the next n allocations succeed, the one after fails once; -1 switches it off."""
    _memory._fail_after(n)
