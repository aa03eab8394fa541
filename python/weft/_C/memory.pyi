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
def _fail_after(n: typing.SupportsIndex) -> None:
    ...
def allocated(device: weft.device | str = 'cpu') -> builtins.int:
    ...
def empty_cache(device: weft.device | str = 'cpu') -> None:
    ...
def holders(device: weft.device | str = 'cpu') -> list[Any]:
    ...
def peak(device: weft.device | str = 'cpu') -> builtins.int:
    ...
def reserved(device: weft.device | str = 'cpu') -> builtins.int:
    ...
def reset_peak(device: weft.device | str = 'cpu') -> None:
    ...
def set_layer(path: str) -> None:
    """
    New blocks are labelled with this layer beside their op; '' ends that.
    """
def set_limit(nbytes: typing.SupportsIndex | None, device: weft.device | str = 'cpu') -> None:
    ...
def stats(device: weft.device | str = 'cpu') -> dict[Any, Any]:
    ...
