"""Weft: a deep-learning framework with a C++ core and PyTorch's public interface.

>>> import weft
>>> x = weft.tensor([1.0, 2.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([2., 4.])
"""
# ruff: noqa: F401

import importlib
from math import e, inf, nan, pi

from weft import _C, _tensor
from weft._C import *  # noqa: F403
from weft._size import Size
from weft.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled

__version__ = _C.__version__

newaxis = None

# Loaded at first use, so that `import weft` is quick.
_SUBMODULES = ("amp", "autograd", "backends", "cuda", "linalg", "memory", "nn", "optim", "testing", "utils")
_ELSEWHERE = {
    "autocast": "weft.amp",
    "get_autocast_dtype": "weft.amp",
    "is_autocast_enabled": "weft.amp",
    "get_float32_matmul_precision": "weft._precision",
    "set_float32_matmul_precision": "weft._precision",
    "cond": "weft._control_flow",
    "jit": "weft._jit",
    "map": "weft._control_flow",
    "scan": "weft._control_flow",
    "while_loop": "weft._control_flow",
    "save": "weft.serialization",
    "load": "weft.serialization",
    "set_printoptions": "weft._printing",
    "finfo": "weft._limits",
    "iinfo": "weft._limits",
}

for _name in _SUBMODULES:
    globals().pop(_name, None)  # `weft._C.nn` and the like, which the star brought, must not hide the packages


def __getattr__(name):
    if name in _SUBMODULES:
        return importlib.import_module("weft." + name)
    if name in _ELSEWHERE:
        value = getattr(importlib.import_module(_ELSEWHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'weft' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *_SUBMODULES, *_ELSEWHERE} - {"importlib"})
