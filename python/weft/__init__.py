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

from weft import _C, _tensor, _tensor_names, _tensor_types
from weft._C import *  # noqa: F403
from weft._missing import missing, name_missing_members
from weft._size import Size
from weft._tensor_names import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    is_conj,
    is_neg,
    layout,
    memory_format,
    preserve_format,
    resolve_conj,
    resolve_neg,
    strided,
)
from weft.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled

__version__ = _C.__version__

newaxis = None

globals().update(_tensor_types.CPU)

# Loaded at first use, so that `import weft` is quick.
_SUBMODULES = (
    "accelerator",
    "amp",
    "autograd",
    "backends",
    "cuda",
    "distributed",
    "export",
    "func",
    "linalg",
    "memory",
    "nn",
    "optim",
    "return_types",
    "testing",
    "utils",
    "version",
    "xpu",
)
_ELSEWHERE = {
    "autocast": "weft.amp",
    "get_autocast_dtype": "weft.amp",
    "is_autocast_enabled": "weft.amp",
    "get_float32_matmul_precision": "weft._precision",
    "set_float32_matmul_precision": "weft._precision",
    "compile": "weft._compile",
    "cond": "weft._control_flow",
    "jit": "weft._jit_names",
    "map": "weft._control_flow",
    "scan": "weft._control_flow",
    "while_loop": "weft._control_flow",
    "GradientTape": "weft._gradient_tape",
    "vmap": "weft.func",
    "torch_alias": "weft._alias.scope",
    "use_deterministic_algorithms": "weft._determinism",
    "are_deterministic_algorithms_enabled": "weft._determinism",
    "is_deterministic_algorithms_warn_only_enabled": "weft._determinism",
    "get_num_interop_threads": "weft._threads",
    "set_num_interop_threads": "weft._threads",
    "save": "weft.serialization",
    "load": "weft.serialization",
    "set_printoptions": "weft._printing",
    "finfo": "weft._limits",
    "iinfo": "weft._limits",
}

for _name in _SUBMODULES:
    globals().pop(_name, None)  # `weft._C.nn` and the like, which the star brought, must not hide the packages


name_missing_members(Tensor, "torch.Tensor")  # noqa: F405
name_missing_members(Generator, "torch.Generator")  # noqa: F405
name_missing_members(dtype, "torch.dtype")  # noqa: F405
name_missing_members(Node, "torch.autograd.graph.Node")  # noqa: F405
del name_missing_members

globals().update({name: getattr(Tensor, name) for name in _tensor_names.METHODS})  # noqa: F405


def __getattr__(name):
    if name in _SUBMODULES:
        return importlib.import_module("weft." + name)
    if name in _ELSEWHERE:
        value = getattr(importlib.import_module(_ELSEWHERE[name]), name)
        globals()[name] = value
        return value
    return missing("weft", name, __dir__, depth=2)


def __dir__():
    return sorted({*globals(), *_SUBMODULES, *_ELSEWHERE} - {"importlib", "missing"})
