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
def _lost_files() -> builtins.int: ...
def _map_file(handle: builtins.int, name: str) -> Tensor: ...
def allocated(device: _Device | str | builtins.int='cpu') -> builtins.int:
    """The bytes that tensors on a device hold now.
    """
def empty_cache(device: _Device | str | builtins.int='cpu') -> None:
    """Gives memory that is kept for later tensors back to the device.
    """
def holders(device: _Device | str | builtins.int='cpu') -> list[Any]:
    """Who holds memory of a device: a tuple of name, bytes and number of blocks for each op that made tensors.
    """
def peak(device: _Device | str | builtins.int='cpu') -> builtins.int:
    """The largest value of allocated() since the start or the last reset_peak().
    """
def reserved(device: _Device | str | builtins.int='cpu') -> builtins.int:
    """The bytes taken from a device: those that tensors hold and those kept for later ones.
    """
def reset_peak(device: _Device | str | builtins.int='cpu') -> None:
    """Lets peak() count anew, from the bytes that tensors hold now.
    """
def set_layer(path: str) -> None:
    """Labels new blocks with this layer beside their op, on this thread; '' ends that.
    """
def set_limit(nbytes: builtins.int | None, device: _Device | str | builtins.int='cpu') -> None:
    """Sets how many bytes may be taken from a device; None: as many as there are.

    A request beyond that raises weft.OutOfMemoryError. Raises ValueError unless nbytes is positive.
    """
def stats(device: _Device | str | builtins.int='cpu') -> dict[Any, Any]:
    """What the allocator of a device counts, as a dict.

    Bytes: 'allocated', 'reserved', 'peak' and 'limit'. Requests: 'allocations', and 'cache_hits', those of
    them that the cache answered.
    """
