"""Weft: a deep-learning framework with a C++ core and PyTorch's public interface.

>>> import weft
>>> x = weft.tensor([1.0, 2.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([2., 4.])
"""
# ruff: noqa: F401

import importlib
from math import e as e
from math import inf as inf
from math import nan as nan
from math import pi as pi

from weft import _C, _tensor, _tensor_names, _tensor_types
from weft._C import *  # noqa: F403
from weft._missing import missing, name_missing_members
from weft._size import Size as Size
from weft._tensor_names import channels_last as channels_last
from weft._tensor_names import channels_last_3d as channels_last_3d
from weft._tensor_names import contiguous_format as contiguous_format
from weft._tensor_names import is_conj as is_conj
from weft._tensor_names import is_neg as is_neg
from weft._tensor_names import layout as layout
from weft._tensor_names import memory_format as memory_format
from weft._tensor_names import preserve_format as preserve_format
from weft._tensor_names import resolve_conj as resolve_conj
from weft._tensor_names import resolve_neg as resolve_neg
from weft._tensor_names import strided as strided
from weft.grad_mode import enable_grad as enable_grad
from weft.grad_mode import inference_mode as inference_mode
from weft.grad_mode import no_grad as no_grad
from weft.grad_mode import set_grad_enabled as set_grad_enabled

TYPE_CHECKING = False

if TYPE_CHECKING:
    from weft import __future__ as __future__
    from weft import accelerator as accelerator
    from weft import amp as amp
    from weft import autograd as autograd
    from weft import backends as backends
    from weft import cuda as cuda
    from weft import datasets as datasets
    from weft import distributed as distributed
    from weft import distributions as distributions
    from weft import export as export
    from weft import func as func
    from weft import hub as hub
    from weft import integrations as integrations
    from weft import linalg as linalg
    from weft import memory as memory
    from weft import metrics as metrics
    from weft import models as models
    from weft import multiprocessing as multiprocessing
    from weft import nn as nn
    from weft import ops as ops
    from weft import optim as optim
    from weft import profiler as profiler
    from weft import return_types as return_types
    from weft import testing as testing
    from weft import training as training
    from weft import transforms as transforms
    from weft import utils as utils
    from weft import version as version
    from weft import xpu as xpu
    from weft._dynamic import *  # noqa: F403

__version__: "str" = _C.__version__

newaxis: None = None

globals().update(_tensor_types.CPU)

# Loaded at first use, so that `import weft` is quick.
_SUBMODULES = (
    "__future__",
    "accelerator",
    "amp",
    "autograd",
    "backends",
    "cuda",
    "datasets",
    "distributed",
    "distributions",
    "export",
    "func",
    "hub",
    "integrations",
    "linalg",
    "memory",
    "metrics",
    "models",
    "multiprocessing",
    "nn",
    "ops",
    "optim",
    "profiler",
    "return_types",
    "testing",
    "training",
    "transforms",
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
    "Model": "weft.training",
    "Trainer": "weft.training",
    "vmap": "weft.func",
    "bilinear": "weft.nn.functional",
    "check_numerics": "weft._numerics",
    "summary": "weft._summary",
    "cosine_similarity": "weft.nn.functional",
    "pairwise_distance": "weft.nn.functional",
    "pdist": "weft.nn.functional",
    "from_pandas": "weft.integrations.pandas",
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


if not TYPE_CHECKING:  # which knows the names

    def __getattr__(name):
        if name in _SUBMODULES:
            return importlib.import_module("weft." + name)
        if name in _ELSEWHERE:
            value = getattr(importlib.import_module(_ELSEWHERE[name]), name)
            globals()[name] = value
            return value
        return missing("weft", name, __dir__, depth=2)


def __dir__() -> "list[str]":
    return sorted({*globals(), *_SUBMODULES, *_ELSEWHERE} - {"TYPE_CHECKING", "importlib", "missing"})
