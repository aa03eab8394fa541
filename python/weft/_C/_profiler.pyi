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
What weft.profiler is made of.
"""
from weft._C._profiler import begin
from weft._C._profiler import clock
from weft._C._profiler import end
from weft._C._profiler import is_on
from weft._C._profiler import set_ranges
from weft._C._profiler import start
from weft._C._profiler import stop
