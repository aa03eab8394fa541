"""Parameter and Buffer: tensors that a Module registers; and those whose shape is not known yet."""

from __future__ import annotations

import copy
import functools

import weft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, ClassVar, NoReturn, TypeVar

    from weft import Tensor
    from weft.nn._types import Device

    _Kind = TypeVar("_Kind", bound="Parameter")
    _Lazy = TypeVar("_Lazy", bound="UninitializedTensorMixin")


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


class _BufferType(type(weft.Tensor)):  # type: ignore[misc]  # the metaclass of a class of the core
    def __instancecheck__(cls, instance: object) -> bool:
        if cls is Buffer:
            return isinstance(instance, weft.Tensor) and getattr(instance, "_is_buffer", False)
        return super().__instancecheck__(instance)


class Buffer(weft.Tensor, metaclass=_BufferType):
    """A tensor that becomes one of a module's buffers when it is assigned to an attribute of it.

    It is state that is not trained, as ``module.register_buffer(name, tensor, persistent)`` adds it. What this gives is
    a plain Tensor that has a mark; ``isinstance(x, Buffer)`` looks for the mark.

    Args:
        data: a tensor, whose memory the buffer shares. By default an empty one.
        persistent: whether it is part of the module's state_dict. Default True.

    Raises:
        TypeError: data is no tensor.

    Example:
        >>> import weft
        >>> layer = weft.nn.Module()
        >>> layer.mean = weft.nn.Buffer(weft.zeros(2))
        >>> dict(layer.state_dict())
        {'mean': tensor([0., 0.])}
    """

    persistent: bool
    _is_buffer: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Any:
        if data is None:
            data = weft.empty(0)
        if not isinstance(data, weft.Tensor):
            raise TypeError(f"Buffer: data must be a Tensor, got {type(data).__name__}; wrap it in weft.tensor(...)")
        marked: Any = data.detach().requires_grad_(data.requires_grad)
        marked.persistent = persistent
        marked._is_buffer = True
        return marked


class _MaterializedBuffer(weft.Tensor):
    """What an UninitializedBuffer becomes: objects of Python's classes cannot turn into one of the core's own class."""


def is_lazy(param: object) -> bool:
    """Is this a parameter or buffer whose shape is not known yet?

    Args:
        param: any object.

    Example:
        >>> import weft
        >>> weft.nn.parameter.is_lazy(weft.nn.parameter.UninitializedParameter())
        True
    """
    return isinstance(param, UninitializedTensorMixin)


class UninitializedTensorMixin:
    """What UninitializedParameter and UninitializedBuffer share: everything that needs a shape raises an error."""

    cls_to_become: ClassVar[type[Tensor]]

    def materialize(self, shape: Sequence[int] | int, device: Device = None, dtype: weft.dtype | None = None) -> None:
        """Turns it into an ordinary parameter or buffer of a shape, whose values are undefined.

        Args:
            shape: the sizes, or one.
            device, dtype: where it lies and of what dtype it is. By default those that it was made with.

        Example:
            >>> import weft
            >>> p = weft.nn.parameter.UninitializedParameter()
            >>> p.materialize((2, 3))
            >>> type(p).__name__, p.shape == (2, 3)
            ('Parameter', True)
        """
        now: Any = self
        made = weft.empty(
            shape if isinstance(shape, int) else tuple(shape),
            device=now.device if device is None else device,
            dtype=now.dtype if dtype is None else dtype,
        )
        now.data = made
        now.__class__ = self.cls_to_become

    @property
    def shape(self) -> NoReturn:
        """Raises RuntimeError: it is not known."""
        raise RuntimeError(
            f"the shape of an {type(self).__name__} is not known yet; call the lazy module once with an input, or "
            "materialize(shape)"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape is not known yet: that of a lazy module before its first call.

    Everything that needs its shape or its values raises an error; it can be moved to another device or dtype.

    Args:
        requires_grad: whether gradients will be computed for it. Default True.
        device, dtype: where it will lie and of what dtype it will be. By default the default ones.

    Example:
        >>> import weft
        >>> p = weft.nn.parameter.UninitializedParameter(dtype=weft.float64)
        >>> p
        <UninitializedParameter>
        >>> p.materialize((2,))
        >>> p.dtype, p.requires_grad
        (weft.float64, True)
    """

    cls_to_become: Any = Parameter

    def __new__(cls: Any, requires_grad: bool = True, device: Device = None, dtype: weft.dtype | None = None) -> Any:
        return weft.Tensor._make_subclass(cls, weft.empty(0, device=device, dtype=dtype), requires_grad)

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.device, self.dtype)
        return memo[id(self)]

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        return type(self), (self.requires_grad, self.device, self.dtype)


class UninitializedBuffer(UninitializedTensorMixin, weft.Tensor):
    """A buffer whose shape is not known yet: that of a lazy module before its first call.

    Everything that needs its shape or its values raises an error; it can be moved to another device or dtype.

    Args:
        requires_grad: whether gradients will be computed for it. Default False.
        device, dtype: where it will lie and of what dtype it will be. By default the default ones.
        persistent: whether it is part of the state_dict of a module that it is assigned to. Default True.

    Example:
        >>> import weft
        >>> b = weft.nn.parameter.UninitializedBuffer()
        >>> b.materialize((2,))
        >>> b.zero_()
        tensor([0., 0.])
    """

    cls_to_become: Any = _MaterializedBuffer
    persistent: bool
    _is_buffer: bool

    def __new__(
        cls: Any,
        requires_grad: bool = False,
        device: Device = None,
        dtype: weft.dtype | None = None,
        persistent: bool = True,
    ) -> Any:
        made: Any = weft.Tensor._make_subclass(cls, weft.empty(0, device=device, dtype=dtype), requires_grad)
        made.persistent = persistent
        made._is_buffer = True
        return made

    def __deepcopy__(self: Any, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.device, self.dtype, self.persistent)
        return memo[id(self)]

    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        return type(self), (self.requires_grad, self.device, self.dtype, self.persistent)


# What a tensor can do without a shape
_WITHOUT_SHAPE = frozenset(
    "backward bfloat16 byte char cpu cuda detach_ double float get_device half int is_complex is_floating_point "
    "is_inference is_signed long register_hook register_post_accumulate_grad_hook requires_grad_ retain_grad short to "
    "type".split()
)
_OPERATORS = (
    "abs add and bool complex contains delitem div divmod float floordiv ge getitem gt index int invert iter le len "
    "lshift lt matmul mod mul neg or pos pow rshift setitem sub truediv xor array dlpack"
).split()


def _refuse(self: Any, name: str, *args: Any, **kwargs: Any) -> NoReturn:
    raise ValueError(
        f"{name}: an {type(self).__name__} has no values yet; call the lazy module once with an input, or "
        "materialize(shape), before it is used"
    )


def _refuse_all() -> None:
    own = vars(UninitializedTensorMixin)
    operators = {f"__{kind}{name}__" for name in _OPERATORS for kind in ("", "r", "i")}
    for name in dir(weft.Tensor):
        if name in own or name in _WITHOUT_SHAPE or (name.startswith("_") and name not in operators):
            continue
        if callable(getattr(weft.Tensor, name, None)):
            setattr(UninitializedTensorMixin, name, functools.partialmethod(_refuse, name))


_refuse_all()
