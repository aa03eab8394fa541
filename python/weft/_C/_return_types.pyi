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
The named tuples of weft.return_types.
"""
class aminmax(typing.NamedTuple):
    min: Tensor
    max: Tensor
class cummax(typing.NamedTuple):
    values: Tensor
    indices: Tensor
class cummin(typing.NamedTuple):
    values: Tensor
    indices: Tensor
class kthvalue(typing.NamedTuple):
    values: Tensor
    indices: Tensor
class max(typing.NamedTuple):
    values: Tensor
    indices: Tensor
class median(typing.NamedTuple):
    values: Tensor
    indices: Tensor
class min(typing.NamedTuple):
    values: Tensor
    indices: Tensor
class sort(typing.NamedTuple):
    values: Tensor
    indices: Tensor
class topk(typing.NamedTuple):
    values: Tensor
    indices: Tensor
