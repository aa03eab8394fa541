"""The graph that backward walks, and what it keeps: hooks for saved tensors."""

from __future__ import annotations

import weft
from weft import _C
from weft._checks import check_callables, check_flags
from weft._missing import missing_names

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft import Tensor
else:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = ["disable_saved_tensors_hooks", "save_on_cpu", "saved_tensors_hooks"]


class _Scope:
    """What is entered, and left in the opposite order."""

    def __enter__(self) -> None:
        raise NotImplementedError

    def __exit__(self, *exception: object) -> None:
        _C._leave_saved_hooks()


class saved_tensors_hooks(_Scope):
    """A scope in which functions decide what is kept of the tensors that ops save for backward.

    Args:
        pack_hook: called with each tensor when it is saved, gives what is kept of it: any object.
        unpack_hook: called with that object when backward needs the tensor; gives a tensor of the same shape, dtype and
            device.

    Neither is recorded by autograd. Of nested scopes the innermost holds. A tensor may be unpacked several times, or
    never. Of a function that weft.jit has compiled they see what its graph keeps for backward; within one they cannot
    be entered.

    Raises:
        TypeError: a hook is no function.
        RuntimeError: within disable_saved_tensors_hooks; in backward, where a hook gives another tensor.

    >>> import weft
    >>> x = weft.tensor([1.0, 2.0], requires_grad=True)
    >>> with weft.autograd.graph.saved_tensors_hooks(lambda t: t.numpy(), lambda a: weft.tensor(a)):
    ...     y = x * x
    >>> y.sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        check_callables("saved_tensors_hooks", pack_hook=pack_hook, unpack_hook=unpack_hook)
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        _C._enter_saved_hooks(self.pack_hook, self.unpack_hook)


class save_on_cpu(saved_tensors_hooks):
    """A scope in which tensors that are saved for backward are kept in host memory, and copied back for it.

    Args:
        pin_memory: keep them in page-locked memory, which is copied faster.
        device_type: the type of the devices whose tensors are moved.

    >>> import weft
    >>> x = weft.tensor([1.0, 2.0], requires_grad=True)
    >>> with weft.autograd.graph.save_on_cpu():
    ...     y = x * x
    >>> y.sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        check_flags("save_on_cpu", pin_memory=pin_memory)
        kind = weft.device(device_type).type

        def pack(tensor):
            if tensor.device.type != kind:
                return tensor.device, tensor.clone()  # a copy, as nobody sees whether a packed tensor changes
            host = tensor.cpu()
            return tensor.device, host.pin_memory() if pin_memory else host

        def unpack(packed):
            device, tensor = packed
            return tensor.to(device)

        super().__init__(pack, unpack)


class disable_saved_tensors_hooks(_Scope):
    """A scope in which entering saved_tensors_hooks is an error.

    Args:
        error_message: what the error says.

    >>> import weft
    >>> with weft.autograd.graph.disable_saved_tensors_hooks("not here"):
    ...     with weft.autograd.graph.save_on_cpu():
    ...         pass
    Traceback (most recent call last):
    RuntimeError: not here
    """

    def __init__(self, error_message: str) -> None:
        if not isinstance(error_message, str) or not error_message:
            raise TypeError(f"disable_saved_tensors_hooks: expected a message, got {error_message!r:.60}")
        self.error_message = error_message

    def __enter__(self) -> None:
        _C._refuse_saved_hooks(self.error_message)
