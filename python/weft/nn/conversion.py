"""Changes of all tensors of a module at once: conversions, zeroed gradients."""

from __future__ import annotations

import weft
from weft import _swap
from weft.nn.parameter import Parameter, UninitializedBuffer, is_lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from weft import Tensor
    from weft.nn.module import Module


class Conversion:
    """New contents for all tensors of a tree of modules, made before the first one is given to its module."""

    def __init__(self, module: Module, fn: Callable[[Tensor], Tensor], recurse: bool) -> None:
        self.fn = fn
        self.made: dict[
            int, tuple[Tensor, Tensor, Tensor | None]
        ] = {}  # id -> (the tensor, its new contents, those of its gradient)
        self.given: dict[int, Parameter] = {}  # id of a parameter -> what modules hold in its place
        for part in module.modules() if recurse else (module,):
            for tensor in (*part._parameters.values(), *part._buffers.values()):
                if tensor is not None:
                    self.of(tensor)

    # For overriding _apply methods that convert tensors of their own
    def __call__(self, tensor: Tensor) -> Tensor:
        return self.fn(tensor)

    def of(self, tensor: Tensor) -> tuple[Tensor, Tensor | None]:
        """(contents, gradient or None) of a parameter; (buffer, None) for a buffer."""
        if id(tensor) not in self.made:
            grad = None
            with weft.no_grad():
                if isinstance(tensor, Parameter):
                    data = self.fn(tensor.data)
                    if tensor.grad is not None:
                        # Where it is swapped, one that stays as it is must be the same tensor
                        grad = self.fn(tensor.grad if _swap.swaps else tensor.grad.data)
                elif is_lazy(tensor):
                    data = self.fn(tensor.data)
                    data = UninitializedBuffer(False, data.device, data.dtype, tensor.persistent)
                else:
                    data = self.fn(tensor)
            self.made[id(tensor)] = (tensor, data, grad)
            if not isinstance(tensor, Parameter):  # a module that is there twice has it already the second time
                self.made[id(data)] = (data, data, None)
        return self.made[id(tensor)][1:]

    def give(self, parameter: Parameter, path: str) -> Parameter:
        """Gives a parameter its contents, once; returns what its modules hold from now on (see weft.__future__)."""
        if id(parameter) not in self.given:
            given = self._give(parameter, path)
            self.given[id(parameter)] = self.given[id(given)] = given
        return self.given[id(parameter)]

    def _give(self, parameter: Parameter, path: str) -> Parameter:
        data, grad = self.of(parameter)
        if is_lazy(parameter) or not (_swap.swaps or _swap.overwrites):
            parameter.data = data
            if grad is not None:
                parameter.grad.data = grad  # type: ignore[union-attr]
            return parameter
        old = parameter.grad
        made = weft.Tensor._make_subclass(type(parameter), data, parameter.requires_grad)
        made.__dict__.update(parameter.__dict__)
        if grad is not None:
            grad.requires_grad_(old.requires_grad)  # type: ignore[union-attr]
        if not _swap.swaps:
            made.grad = grad
            return made
        try:
            _swap.swap_tensors(parameter, made)
        except RuntimeError as error:
            raise RuntimeError(f"_apply(): Couldn't swap {path}: {error}") from error
        if grad is not None:
            if grad is not old:
                _swap.swap_tensors(old, grad)  # type: ignore[arg-type]
            parameter.grad = old
        return parameter


def zero_gradients(parameters: Iterable[Tensor], set_to_none: bool) -> None:
    """Drops the gradients of the parameters, or fills them with zeros: all of them or, on an error, none."""
    if set_to_none:
        for parameter in parameters:
            parameter.grad = None
        return
    found = []
    for parameter in parameters:
        grad = parameter.grad
        if grad is None:
            continue
        expanded = any(step == 0 and size > 1 for step, size in zip(grad.stride(), grad.shape))
        if expanded or grad.requires_grad:  # cannot be filled, or has a history that others may need
            found.append((parameter, weft.zeros(grad.shape, dtype=grad.dtype, device=grad.device)))
        else:
            found.append((None, grad))
    for parameter, grad in found:
        if parameter is None:
            grad.zero_()
        else:
            parameter.grad = grad


def parse_to(
    *args: Any,
    device: Any = None,
    dtype: Any = None,
    non_blocking: Any = None,
    tensor: Any = None,
    memory_format: Any = None,
    **unknown: Any,
) -> tuple[weft.device | None, weft.dtype | None, bool, weft.memory_format | None]:
    """(device, dtype, non_blocking, memory_format) of a call of Module.to."""
    if unknown:
        raise TypeError(
            f"Module.to: unknown argument {next(iter(unknown))!r}; it takes device, dtype, non_blocking, memory_format"
        )
    if memory_format is not None and not isinstance(memory_format, weft.memory_format):
        raise TypeError(f"Module.to: memory_format must be a weft.memory_format, got {type(memory_format).__name__}")
    return *_parse_place(args, device, dtype, non_blocking, tensor), memory_format


def _parse_place(
    args: tuple[Any, ...], device: Any, dtype: Any, non_blocking: Any, tensor: Any
) -> tuple[weft.device | None, weft.dtype | None, bool]:
    given = {}

    def take(name, value):
        if name in given:
            raise TypeError(f"Module.to: got two values for {name}: {given[name]!r} and {value!r}")
        given[name] = value

    for name, value in (("device", device), ("dtype", dtype), ("tensor", tensor), ("non_blocking", non_blocking)):
        if value is not None:
            take(name, value)
    for position, arg in enumerate(args):
        if isinstance(arg, weft.Tensor) and position == 0:
            take("tensor", arg)
        elif isinstance(arg, weft.dtype):
            take("dtype", arg)
        elif isinstance(arg, bool) and position > 0:
            take("non_blocking", arg)
        elif isinstance(arg, (str, int, weft.device)) and not isinstance(arg, bool) and position == 0:
            take("device", arg)
        elif arg is not None:
            raise TypeError(
                f"Module.to: argument {position} is a {type(arg).__name__} ({arg!r}); expected to(device), to(dtype), "
                "to(device, dtype) or to(tensor), each with non_blocking"
            )
    non_blocking = given.pop("non_blocking", False)
    if not isinstance(non_blocking, (bool, int)):
        raise TypeError(f"Module.to: non_blocking must be a bool, got {type(non_blocking).__name__}")
    if "tensor" in given:
        if len(given) > 1 or not isinstance(given["tensor"], weft.Tensor):
            raise TypeError("Module.to: to(tensor) takes device and dtype of a Tensor, and neither of them beside it")
        return given["tensor"].device, given["tensor"].dtype, non_blocking
    device, dtype = given.get("device"), given.get("dtype")
    if device is not None and not isinstance(device, weft.device):
        device = weft.device(device)
    if dtype is not None and not isinstance(dtype, weft.dtype):
        raise TypeError(f"Module.to: dtype must be a weft.dtype, got {type(dtype).__name__}")
    if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
        raise TypeError(f"to: a module can only be converted to a floating or complex dtype, got {dtype}")
    return device, dtype, non_blocking
