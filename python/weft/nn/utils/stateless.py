"""Calls of modules with other parameters than their own."""

from __future__ import annotations

from weft._checks import check_mapping
from weft._missing import missing_names
from weft.func._modules import functional_call as _functional_call
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
else:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """``weft.func.functional_call`` under its former name: ``module(*args, **kwargs)`` with other parameters.

    Args:
        module: whose forward runs.
        parameters_and_buffers: tensors by name.
        args: a tuple of arguments, or a single one.
        kwargs: arguments by name.
        tie_weights: whether parameters of the module that are one tensor are replaced together. Default True.
        strict: whether all parameters and buffers must be given. Default False.

    Raises:
        KeyError: the module does not have a name, or with strict one is missing.
        TypeError: parameters_and_buffers is no dict of tensors.

    Example:
        >>> import weft
        >>> layer = weft.nn.Linear(2, 1, bias=False)
        >>> weft.nn.utils.stateless.functional_call(layer, {"weight": weft.tensor([[1., 2.]])}, (weft.ones(2),))
        tensor([3.])
    """
    check_mapping("functional_call", parameters_and_buffers=parameters_and_buffers)
    return _functional_call(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)
