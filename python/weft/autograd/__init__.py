"""Automatic differentiation: gradients of results, custom steps of the graph, numerical checks."""

import importlib

from weft import _C
from weft._missing import missing
from weft.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from weft.autograd.function import Function, FunctionCtx, once_differentiable
from weft.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from weft.autograd.variable import Variable
from weft.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled


def __getattr__(name):
    if name in ("functional", "forward_ad"):
        return importlib.import_module(f"weft.autograd.{name}")
    return missing("weft.autograd", name, lambda: globals(), depth=2)


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    """Adds the gradients of the tensors to the .grad of the leaves they were made from, or only of those in inputs.

    grad_tensors are the gradients of the tensors themselves, of their shapes; may be left out where there is one
    element. RuntimeError when nothing requires grad or the graph was used up. After an error no .grad has changed, but
    for leaves whose post-accumulate hooks have run.

    >>> import weft
    >>> x = weft.tensor(3.0, requires_grad=True)
    >>> weft.autograd.backward([x * 2, x * x])
    >>> x.grad
    tensor(8.)
    """
    _C._backward(tensors, grad_tensors, retain_graph, create_graph, inputs)


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph=False,
    allow_unused=None,
    is_grads_batched=False,
    materialize_grads=False,
):
    """The gradients of the sum of outputs by each of the inputs, as a tuple; .grad stays as it is.

    With create_graph they can be differentiated again. RuntimeError when an input was not used, unless allow_unused
    (then its gradient is None) or materialize_grads (then zeros).

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
    "inference_mode",
    "no_grad",
    "once_differentiable",
    "set_detect_anomaly",
    "set_grad_enabled",
]
