from __future__ import annotations

import builtins
import collections.abc
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy
import numpy as np

import weft
"""
What weft.memory and weft.cuda's memory functions are made of.
"""
def _fail_after(n: typing.SupportsIndex) -> None:
    ...
def allocated(device: weft.device = 'cpu') -> builtins.int:
    ...
def empty_cache(device: weft.device = 'cpu') -> None:
    ...
def holders(device: weft.device = 'cpu') -> list[Any]:
    ...
def peak(device: weft.device = 'cpu') -> builtins.int:
    ...
def reserved(device: weft.device = 'cpu') -> builtins.int:
    ...
def reset_peak(device: weft.device = 'cpu') -> None:
    ...
def set_layer(path: str) -> None:
    """
    New blocks are labelled with this layer beside their op; '' ends that.
    """
def set_limit(nbytes: typing.SupportsIndex | None, device: weft.device = 'cpu') -> None:
    ...
def stats(device: weft.device = 'cpu') -> dict[Any, Any]:
    ...
