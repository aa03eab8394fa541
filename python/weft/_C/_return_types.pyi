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
The named tuples of weft.return_types.
"""
from weft.return_types import aminmax
from weft.return_types import cummax
from weft.return_types import cummin
from weft.return_types import kthvalue
from weft.return_types import max
from weft.return_types import median
from weft.return_types import min
from weft.return_types import sort
from weft.return_types import topk
