"""Automatic differentiation: gradients of results, custom steps of the graph, numerical checks."""

from __future__ import annotations

import importlib

from weft import _C
from weft._missing import missing
from weft.autograd import graph
from weft.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from weft.autograd.function import Function, FunctionCtx, once_differentiable
from weft.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from weft.autograd.variable import Variable
from weft.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor
    from weft.autograd import forward_ad as forward_ad
    from weft.autograd import functional as functional
    from weft.autograd import profiler as profiler
    from weft.autograd import profiler_util as profiler_util


if not TYPE_CHECKING:  # which knows the names

    def __getattr__(name):
        if name in ("functional", "forward_ad", "profiler", "profiler_util"):
            return importlib.import_module(f"weft.autograd.{name}")
        return missing("weft.autograd", name, lambda: globals(), depth=2)


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Adds the gradients of the tensors to the .grad of the leaves they were made from.

    Args:
        tensors: what is differentiated: a tensor or several, whose gradients add up.
        grad_tensors: the gradients of the tensors themselves, of their shapes; may be left out, or be None, where there
            is one element.
        retain_graph: keep the graph for another backward; by default what create_graph says.
        create_graph: record the backward, so that the gradients can be differentiated.
        inputs: leaves; only theirs change.

    Raises RuntimeError when nothing requires grad or the graph was used up. After an error no .grad has changed, but
    for leaves whose post-accumulate hooks have run.

    >>> import weft
    >>> x = weft.tensor(3.0, requires_grad=True)
    >>> weft.autograd.backward([x * 2, x * x])
    >>> x.grad
    tensor(8.)
    """
    _C._backward(tensors, grad_tensors, retain_graph, create_graph, inputs)


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor, ...]:
    """The gradients of the sum of outputs by each of the inputs, as a tuple; .grad stays as it is.

    Args:
        outputs: what is differentiated.
        inputs: by what; they need not be leaves.
        grad_outputs: the gradients of the outputs, of their shapes; may be left out where there is one element.
        retain_graph: keep the graph for another backward; by default what create_graph says.
        create_graph: record the backward, so that the gradients can be differentiated again.
        allow_unused: None for an input that the outputs do not depend on.
        is_grads_batched: not supported, NotImplementedError.
        materialize_grads: zeros for an input that the outputs do not depend on.

    Raises RuntimeError when an input was not used and neither of these is set, or the graph was used up.

    >>> import weft
    >>> x = weft.tensor(3.0, requires_grad=True)
    >>> (dx,) = weft.autograd.grad(x**3, x, create_graph=True)
    >>> dx, weft.autograd.grad(dx, x)
    (tensor(27., grad_fn=<WhereBackward0>), (tensor(18.),))
    """
    if is_grads_batched:
        raise NotImplementedError("grad: is_grads_batched is not supported; call grad once for each gradient")
    return _C._grad(outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused, materialize_grads)


__all__ = [
    "Function",
    "FunctionCtx",
    "GradcheckError",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "no_grad",
    "once_differentiable",
    "set_detect_anomaly",
    "set_grad_enabled",
]
