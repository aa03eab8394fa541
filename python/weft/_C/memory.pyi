from __future__ import annotations

import builtins
import collections.abc
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy
import numpy as np

import weft
from weft._C import Tensor
from weft._C import device as _Device
from weft._C import dtype as _DType
"""
What weft.memory and weft.cuda's memory functions are made of.
"""
def _fail_after(n: builtins.int) -> None: ...
def allocated(device: _Device | str | builtins.int='cpu') -> builtins.int:
    """The bytes that tensors on a device hold now.

    >>> import weft
    >>> before = weft._C.memory.allocated()
    >>> x = weft.zeros(1000)
    >>> weft._C.memory.allocated() - before
    4000
    """
def empty_cache(device: _Device | str | builtins.int='cpu') -> None:
    """Gives memory that is kept for later tensors back to the device.

    >>> import weft
    >>> weft._C.memory.empty_cache()
    """
def holders(device: _Device | str | builtins.int='cpu') -> list[Any]:
    """Who holds memory of a device: a tuple of name, bytes and number of blocks for each op that made tensors.

    >>> import weft
    >>> x = weft.zeros(100000)
    >>> [holder for holder in weft._C.memory.holders() if holder[1] >= x.nbytes] != []
    True
    """
def peak(device: _Device | str | builtins.int='cpu') -> builtins.int:
    """The largest value of allocated() since the start or the last reset_peak().

    >>> import weft
    >>> weft._C.memory.peak() >= weft._C.memory.allocated()
    True
    """
def reserved(device: _Device | str | builtins.int='cpu') -> builtins.int:
    """The bytes taken from a device: those that tensors hold and those kept for later ones.

    >>> import weft
    >>> weft._C.memory.reserved() >= weft._C.memory.allocated()
    True
    """
def reset_peak(device: _Device | str | builtins.int='cpu') -> None:
    """Lets peak() count anew, from the bytes that tensors hold now.

    >>> import weft
    >>> weft._C.memory.reset_peak()
    """
def set_layer(path: str) -> None:
    """Labels new blocks with this layer beside their op, on this thread; '' ends that.

    >>> import weft
    >>> weft._C.memory.set_layer('encoder.0')
    >>> weft._C.memory.set_layer('')
    """
def set_limit(nbytes: builtins.int | None, device: _Device | str | builtins.int='cpu') -> None:
    """Sets how many bytes may be taken from a device; None: as many as there are.

    A request beyond that raises weft.OutOfMemoryError. Raises ValueError unless nbytes is positive.

    >>> import weft
    >>> weft._C.memory.set_limit(None)
    """
def stats(device: _Device | str | builtins.int='cpu') -> dict[Any, Any]:
    """What the allocator of a device counts, as a dict.

    Bytes: 'allocated', 'reserved', 'peak' and 'limit'. Requests: 'allocations', and 'cache_hits', those of
    them that the cache answered.

    >>> import weft
    >>> sorted(weft._C.memory.stats())
    ['allocated', 'allocations', 'cache_hits', 'limit', 'peak', 'reserved']
    """
