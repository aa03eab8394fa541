"""Helpers for training: clipping of gradients, parameters as one vector."""

from weft._missing import missing_names
from weft.nn.utils import rnn
from weft.nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm
from weft.nn.utils.parameter_vector import parameters_to_vector, vector_to_parameters

TYPE_CHECKING = False
if not TYPE_CHECKING:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = [
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
    "parameters_to_vector",
    "rnn",
    "vector_to_parameters",
]
