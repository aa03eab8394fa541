"""Variable: what tensors that take part in autograd were called before there was one kind of tensor."""

from __future__ import annotations

from weft import _C

TYPE_CHECKING = False

if TYPE_CHECKING:
    from weft import Tensor


class _VariableType(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _C.Tensor)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _C.Tensor)


class Variable(metaclass=_VariableType):
    """``Variable(data)``: a tensor that shares the memory of data and is a leaf of its own. Every Tensor is one.

    Raises TypeError for anything but a Tensor.

    Args:
        data: a tensor, an empty one by default.
        requires_grad: whether autograd records what is computed from it.

    >>> import weft
    >>> x = weft.autograd.Variable(weft.ones(2), requires_grad=True)
    >>> isinstance(x, weft.autograd.Variable), x.requires_grad
    (True, True)
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = False) -> Tensor:
        data = _C.empty(0) if data is None else data
        if not isinstance(data, _C.Tensor):
            raise TypeError(f"Variable: data must be a Tensor, got {type(data).__name__}; wrap it in weft.tensor(...)")
        return data.detach().requires_grad_(requires_grad)
