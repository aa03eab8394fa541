"""Threads that run ops beside each other: Weft starts none of its own, so the number of them is kept and no more."""

from __future__ import annotations

import operator
import os

import weft._C as _C
from weft._guards import note_setting

TYPE_CHECKING = False

if TYPE_CHECKING:
    import builtins


_asked = {}


def usable_cores() -> builtins.int:
    """How many processors the system lets this process use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_num_interop_threads(int: builtins.int) -> None:
    """How many ops may run beside each other: a hint that is kept, and changes nothing.

    Weft runs the ops of a thread one after the other, each on up to :func:`get_num_threads` threads.

    Args:
        int: a positive integer; TypeError for what is none, ValueError unless it is positive.

    >>> import weft
    >>> weft.set_num_interop_threads(2)
    >>> weft.get_num_interop_threads()
    2
    """
    if isinstance(int, bool) or not hasattr(int, "__index__"):
        raise TypeError(f"set_num_interop_threads: expected an integer, got {type(int).__name__}")
    count = operator.index(int)
    if not 1 <= count < 2**31:
        raise ValueError(f"set_num_interop_threads: expected a positive number of threads, got {count}")
    _asked["threads"] = count


def get_num_interop_threads() -> int:
    """What :func:`set_num_interop_threads` was last called with; the number of threads of one op before.

    >>> import weft
    >>> weft.set_num_interop_threads(2)
    >>> weft.get_num_interop_threads()
    2
    """
    value = _asked.get("threads") or _C.get_num_threads()
    note_setting("get_num_interop_threads()", get_num_interop_threads, value)
    return value
