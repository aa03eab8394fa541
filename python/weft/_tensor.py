"""Tensor methods that are written in Python: hooks, copying, pickling, formatting. Importing this attaches them."""

from __future__ import annotations

import copy

from weft import _C, _tensor_names, _tensor_types
from weft._checks import check_callables, check_flags, check_tensors, own_errors
from weft._handles import RemovableHandle

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import numpy as np

    from weft.cuda import Stream


Tensor = _C.Tensor


class _Handle(RemovableHandle):
    def __init__(self, remove):
        self._remove = remove

    def remove(self):
        if self._remove is not None:
            self._remove()
            self._remove = None


def register_hook(self: _C.Tensor, hook: Callable[[_C.Tensor], Any]) -> RemovableHandle:
    """Call ``hook(grad)`` whenever a gradient of this tensor is computed; what it returns, if not None, replaces it.

    It runs once in a backward, with the whole gradient, as soon as that is complete: for a leaf too, while the rest of
    the graph still waits. Nothing is recorded in it unless the backward has ``create_graph=True``.

    Args:
        hook: a function; TypeError for what cannot be called.

    Returns a handle whose ``remove()`` takes the hook away. Raises RuntimeError when the tensor does not require grad.

    >>> import weft
    >>> x = weft.tensor(1., requires_grad=True)
    >>> handle = x.register_hook(lambda grad: grad * 2)
    >>> (x * 3).backward()
    >>> x.grad
    tensor(6.)
    """
    check_callables("register_hook", hook=hook)
    return _Handle(self._add_grad_hook(hook).remove)


def register_post_accumulate_grad_hook(self: _C.Tensor, hook: Callable[[_C.Tensor], Any]) -> RemovableHandle:
    """Call ``hook(tensor)`` each time backward() has added to this leaf's ``grad``.

    That happens as soon as this leaf's gradient is complete, in the middle of the backward: the hook may use the
    gradient and drop it (``tensor.grad = None``), so that its memory is free for what follows. If the backward fails
    later on, ``grad`` of the leaves whose hooks have run stays changed; that of all others is as it was.

    Args:
        hook: a function; TypeError for what cannot be called.

    Returns a handle whose ``remove()`` takes the hook away. Raises RuntimeError for tensors that are no leaves or do
    not require grad.

    >>> import weft
    >>> x = weft.tensor(1., requires_grad=True)
    >>> handle = x.register_post_accumulate_grad_hook(lambda tensor: print(tensor.grad))
    >>> (x * 3).backward()
    tensor(3.)
    """
    check_callables("register_post_accumulate_grad_hook", hook=hook)
    return _Handle(self._add_accumulate_hook(hook).remove)


def _check_pinning(function, device):
    if device is not None and _C.device(device).type != "cuda":
        raise ValueError(f"{function}: memory is pinned for CUDA devices, got {str(device)!r}")


def pin_memory(self: _C.Tensor, device: Any = None) -> _C.Tensor:
    """This tensor in pinned host memory, from which copies to a GPU need not be waited for; itself if it is there.

    Args:
        device: None or a CUDA device, for all of which memory is pinned; ValueError for another.

    Raises RuntimeError when there is no GPU, or for tensors that are not in host memory. The example needs a GPU to do
    anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     assert weft.ones(2).pin_memory().is_pinned()
    """
    _check_pinning("pin_memory", device)
    return _C._device.pin_memory(self)


def is_pinned(self: _C.Tensor, device: Any = None) -> bool:
    """Does this tensor lie in pinned host memory?

    Args:
        device: None or a CUDA device, for all of which memory is pinned; ValueError for another.

    >>> import weft
    >>> weft.ones(2).is_pinned()
    False
    """
    _check_pinning("is_pinned", device)
    return _C._device.is_pinned(self)


def record_stream(self: _C.Tensor, stream: Stream) -> None:
    """Its memory is used by work on ``stream`` too: once freed, it is not given out again before that work is done.

    Args:
        stream: a :class:`weft.cuda.Stream`; else TypeError.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     s, x = weft.cuda.Stream(), weft.ones(2, device="cuda")
    ...     s.wait_stream(weft.cuda.current_stream())
    ...     with weft.cuda.stream(s):
    ...         y = x * 2
    ...     x.record_stream(s)
    """
    if not hasattr(stream, "cuda_stream"):
        raise TypeError(f"record_stream: expected a weft.cuda.Stream, got {type(stream).__name__}")
    _C._device.record_stream(self, stream.cuda_stream)


def _deepcopy(self, memo):
    if id(self) in memo:
        return memo[id(self)]
    if not self.is_leaf:
        raise RuntimeError(
            "deepcopy: only leaf tensors can be deep-copied; this one is part of a graph, copy tensor.detach()"
        )
    copied = self.detach().clone()
    result = Tensor._make_subclass(type(self), copied, self.requires_grad) if type(self) is not Tensor else copied
    if type(self) is Tensor and self.requires_grad:
        result.requires_grad_(True)
    memo[id(self)] = result
    if self.grad is not None:
        result.grad = _deepcopy(self.grad, memo)
    result.__dict__.update(copy.deepcopy(dict(self.__dict__), memo) if self.__dict__ else {})
    return result


def _rebuild(cls, array, dtype, requires_grad, attributes, device="cpu", dims=None):
    tensor = _C.from_numpy(array)
    if tensor.dtype is not dtype:
        tensor = tensor.view(dtype)
    if dims is not None:
        tensor = tensor.permute(dims)
    tensor = tensor.to(device)
    result = Tensor._make_subclass(cls, tensor, requires_grad)
    if attributes:
        result.__dict__.update(attributes)
    return result


def _reduce_ex(self, protocol):
    # Of one that is part of a graph the copy is a leaf, as in PyTorch
    plain, dims = self.detach(), None
    outer = sorted(range(plain.dim()), key=lambda d: -plain.stride(d))
    if not plain.is_contiguous() and plain.permute(outer).is_contiguous():  # channels-last, for instance: it stays so
        plain, dims = plain.permute(outer), sorted(range(plain.dim()), key=outer.__getitem__)
    plain = plain.contiguous()
    if plain.dtype in (_C.bfloat16, _C.float8_e4m3fn, _C.float8_e5m2):  # which NumPy lacks
        plain = plain.view(_C.int16 if plain.dtype is _C.bfloat16 else _C.uint8)
    attributes = dict(getattr(self, "__dict__", {}))
    array = plain.cpu().numpy().copy()
    return _rebuild, (type(self), array, self.dtype, self.requires_grad, attributes, str(self.device), dims)


def _format(self, spec):
    if self._is_traced:  # weft.jit traces: there are no values to format
        return repr(self)
    if self.dim() == 0:
        return format(self.item(), spec)
    return object.__format__(self, spec)


def _contains(self, element):
    return bool((self == element).any().item())


def to_numpy(self: _C.Tensor) -> np.ndarray[Any, Any]:
    """A NumPy array of the values, of a tensor that requires grad or is on a GPU too: what plotting libraries ask for.

    >>> import weft
    >>> weft.ones(2, requires_grad=True).to_numpy()
    array([1., 1.], dtype=float32)
    """
    return self.detach().cpu().numpy()


def module_load(self: _C.Tensor, other: _C.Tensor, assign: bool = False) -> _C.Tensor:
    """What this parameter or buffer becomes when load_state_dict loads ``other`` into it and swaps.

    It is called where ``weft.__future__.set_swap_module_params_on_conversion(True)`` has been; subclasses override it.

    Args:
        other: the tensor of the state dict.
        assign: whether it takes this one's place, rather than being copied. Default False.

    Returns a new tensor: this one's memory with other's values, or other's memory with ``assign``.

    >>> import weft
    >>> weft.zeros(2).module_load(weft.ones(2, dtype=weft.float64)).dtype
    weft.float32
    """
    check_tensors("module_load", other=other)
    check_flags("module_load", assign=assign)
    return (other if assign else self.copy_(other)).detach()


def _array_wrap(self, array, context=None, return_scalar=False):
    """What a NumPy function made of a tensor's values is a tensor too: np.sqrt(x)."""
    try:
        return _C.as_tensor(array)
    except TypeError:  # a dtype that only NumPy has
        return array


def _torch_function(cls, func, types, args=(), kwargs=None):
    from weft._torch_function import torch_function  # only where PyTorch is used as well

    return torch_function(cls, func, types, args, kwargs)


def _reversed(self):
    return self.flip(0) if self.dim() else self


Tensor.pin_memory = pin_memory
Tensor.type = own_errors(_tensor_types.tensor_type, "type")
Tensor.new = _tensor_types.new
_tensor_names.name_answers(Tensor)
Tensor.is_pinned = is_pinned
Tensor.record_stream = record_stream
Tensor.register_hook = register_hook
Tensor.register_post_accumulate_grad_hook = register_post_accumulate_grad_hook
Tensor.__deepcopy__ = _deepcopy
Tensor.__reduce_ex__ = _reduce_ex
Tensor.__format__ = _format
Tensor.__contains__ = _contains
Tensor.__reversed__ = _reversed
Tensor.to_numpy = to_numpy
Tensor.module_load = module_load
Tensor.__array_wrap__ = _array_wrap
Tensor.__torch_function__ = classmethod(_torch_function)
Tensor.__array_priority__ = 1000  # tensor operators win over NumPy's
