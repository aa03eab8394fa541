"""Weft: a deep-learning framework with a C++ core and PyTorch's public interface."""

import importlib

from weft import _C
from weft._C import *  # noqa: F403

__version__ = _C.__version__

# Loaded at first use, so that `import weft` stays quick.
_SUBMODULES = ("autograd", "nn", "optim", "utils")
_NAMES = {"save": "weft.serialization", "load": "weft.serialization", "set_printoptions": "weft.printing"}

for _name in _SUBMODULES:
    globals().pop(_name, None)  # `_C.nn` and the like must not hide the Python packages
del _name


def __getattr__(name):
    if name in _SUBMODULES:
        return importlib.import_module("weft." + name)
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'weft' has no attribute '{name}'")


def __dir__():
    return sorted({*globals(), *_SUBMODULES, *_NAMES})
