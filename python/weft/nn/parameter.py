"""Parameter: a tensor that a Module registers as something to be trained."""

from __future__ import annotations

import copy

import weft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from weft import Tensor

    _Kind = TypeVar("_Kind", bound="Parameter")


class Parameter(weft.Tensor):
    """A tensor that becomes one of a module's parameters when it is assigned to an attribute of it.

    Args:
        data: a tensor, whose memory the parameter shares. By default an empty one.
        requires_grad: whether gradients are computed for it; needs a floating or complex dtype. Default True.

    Raises:
        TypeError: data is no tensor.
        RuntimeError: requires_grad is set for integers.

    Example:
        >>> import weft
        >>> p = weft.nn.Parameter(weft.ones(2))
        >>> p
        Parameter containing:
        tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls: type[_Kind], data: Tensor | None = None, requires_grad: bool = True) -> _Kind:
        if data is None:
            data = weft.empty(0)
        if not isinstance(data, weft.Tensor):
            raise TypeError(f"Parameter: data must be a Tensor, got {type(data).__name__}; wrap it in weft.tensor(...)")
        return weft.Tensor._make_subclass(cls, data.detach(), requires_grad)

    def __deepcopy__(self: _Kind, memo: dict[int, Any]) -> _Kind:
        if id(self) not in memo:
            twin = type(self)(self.detach().clone(), self.requires_grad)
            memo[id(self)] = twin
            twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return memo[id(self)]

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()
