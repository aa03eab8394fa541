"""Transforms of functions: derivatives and batches, which compose with one another and with :func:`weft.jit`."""

from weft._missing import missing_names
from weft.func._derivatives import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, value_and_grad, vjp
from weft.func._modules import functional_call, stack_module_state
from weft.func._vmap import vmap

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "stack_module_state",
    "value_and_grad",
    "vjp",
    "vmap",
]
