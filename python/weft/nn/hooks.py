"""Hooks of modules: the handle that removes one, and the wiring of the backward hooks into the graph."""

from __future__ import annotations

import collections.abc
import itertools
import warnings

import weft
from weft._handles import RemovableHandle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from weft import Tensor
    from weft.nn.module import Module
    from weft.nn.parameter import Parameter


_next_id = itertools.count()
global_hooks: dict[int, tuple[Any, ...]] = {}  # of all modules: id -> (kind, hook, with_kwargs, always_call)
_registration_hooks: dict[int, tuple[str, Any]] = {}  # id -> (kind, hook)


class HooksOfKind(collections.abc.MutableMapping[int, "Any"]):
    """The hooks of one kind that a module has, by id: a live view, as ``module._forward_hooks`` and so on."""

    def __init__(self, hooks: dict[int, Any], kind: str) -> None:
        self._hooks = hooks
        self._kind = kind

    def __getitem__(self, number: int) -> Callable[..., Any]:
        entry = self._hooks.get(number)
        if entry is None or entry[0] != self._kind:
            raise KeyError(number)
        return entry[1]

    def __setitem__(self, number: int, hook: Callable[..., Any]) -> None:
        self._hooks[number] = (self._kind, hook, False, False)

    def __delitem__(self, number: int) -> None:
        self[number]  # KeyError for one of another kind
        del self._hooks[number]

    def __iter__(self) -> Iterator[int]:
        return iter([number for number, entry in self._hooks.items() if entry[0] == self._kind])

    def __len__(self) -> int:
        return sum(entry[0] == self._kind for entry in self._hooks.values())

    def __repr__(self) -> str:
        return repr(dict(self))


def run_registration_hooks(kind: str, module: Module, name: str, value: Any) -> Any:
    """What is registered in place of value: hooks may return another parameter, buffer or module."""
    for wanted, hook in list(_registration_hooks.values()) if _registration_hooks else ():
        if wanted == kind:
            changed = hook(module, name, value)
            value = value if changed is None else changed
    return value


def register_module_forward_pre_hook(hook: Callable[[Module, tuple[Any, ...]], Any]) -> HookHandle:
    """Calls ``hook(module, args)`` before the forward of every module; hooks of the module itself come after it.

    Args:
        hook: returns None, or other arguments: a tuple, or a single one.

    Returns:
        A handle whose ``remove()`` takes the hook away; in a with statement it lasts until its end.

    Raises:
        TypeError: hook is no function.

    Example:
        >>> import weft
        >>> seen = []
        >>> with weft.nn.modules.module.register_module_forward_pre_hook(lambda module, args: seen.append(module)):
        ...     y = weft.nn.Sequential(weft.nn.ReLU())(weft.ones(1))
        >>> seen
        [Sequential(
          (0): ReLU()
        ), ReLU()]
    """
    return HookHandle(global_hooks, ("forward_pre", hook, False, False))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> HookHandle:
    """Calls ``hook(module, args, output)`` after the forward of every module; hooks of the module itself come after it.

    Args:
        hook: returns None, or another output.
        with_kwargs: whether it is called as ``hook(module, args, kwargs, output)``. Default False.
        always_call: whether it is also called, with output None, when forward has raised. Default False.

    Returns:
        A handle whose ``remove()`` takes the hook away; in a with statement it lasts until its end.

    Raises:
        TypeError: hook is no function.

    Example:
        >>> import weft
        >>> from weft.nn.modules.module import register_module_forward_hook
        >>> with register_module_forward_hook(lambda module, args, output: output + 1):
        ...     weft.nn.Identity()(weft.zeros(2))
        tensor([1., 1.])
    """
    return HookHandle(global_hooks, ("forward", hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[[Module, tuple[Tensor | None, ...]], Any]) -> HookHandle:
    """Calls ``hook(module, grad_output)`` before the backward of every module.

    Args:
        hook: takes the gradients of the outputs, a tuple; returns None, or others in their place.

    Returns:
        A handle whose ``remove()`` takes the hook away; in a with statement it lasts until its end.

    Raises:
        TypeError: hook is no function.

    Example:
        >>> import weft
        >>> from weft.nn.modules.module import register_module_full_backward_pre_hook
        >>> x = weft.ones(2, requires_grad=True)
        >>> with register_module_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 3,)):
        ...     weft.nn.Identity()(x).sum().backward()
        >>> x.grad
        tensor([3., 3.])
    """
    return HookHandle(global_hooks, ("full_backward_pre", hook, False, False))


def register_module_full_backward_hook(
    hook: Callable[[Module, tuple[Tensor | None, ...], tuple[Tensor | None, ...]], Any],
) -> HookHandle:
    """Calls ``hook(module, grad_input, grad_output)`` after the backward of every module.

    Args:
        hook: takes the gradients of the positional arguments and of the outputs, two tuples; returns None, or others in
            place of grad_input.

    Returns:
        A handle whose ``remove()`` takes the hook away; in a with statement it lasts until its end.

    Raises:
        TypeError: hook is no function.

    Example:
        >>> import weft
        >>> from weft.nn.modules.module import register_module_full_backward_hook
        >>> x = weft.ones(2, requires_grad=True)
        >>> with register_module_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 3,)):
        ...     weft.nn.Identity()(x).sum().backward()
        >>> x.grad
        tensor([3., 3.])
    """
    return HookHandle(global_hooks, ("full_backward", hook, False, False))


def register_module_backward_hook(
    hook: Callable[[Module, tuple[Tensor | None, ...], tuple[Tensor | None, ...]], Any],
) -> HookHandle:
    """The former name of register_module_full_backward_hook, whose gradients it gives.

    Args:
        hook: as there.

    Returns:
        A handle whose ``remove()`` takes the hook away; in a with statement it lasts until its end.

    Raises:
        TypeError: hook is no function.

    Example:
        >>> import weft
        >>> from weft.nn.modules.module import register_module_backward_hook
        >>> x = weft.ones(2, requires_grad=True)
        >>> with register_module_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 3,)):
        ...     weft.nn.Identity()(x).sum().backward()
        >>> x.grad
        tensor([3., 3.])
    """
    return register_module_full_backward_hook(hook)


def register_module_parameter_registration_hook(
    hook: Callable[[Module, str, Parameter | None], Parameter | None],
) -> HookHandle:
    """Calls ``hook(module, name, parameter)`` whenever a module gets a parameter.

    Args:
        hook: returns None, or another parameter in its place.

    Returns:
        A handle whose ``remove()`` takes the hook away; in a with statement it lasts until its end.

    Raises:
        TypeError: hook is no function.

    Example:
        >>> import weft
        >>> from weft.nn.modules.module import register_module_parameter_registration_hook
        >>> with register_module_parameter_registration_hook(lambda module, name, parameter: print(name)):
        ...     layer = weft.nn.Linear(1, 1)
        weight
        bias
    """
    return HookHandle(_registration_hooks, ("parameter", hook))


def register_module_buffer_registration_hook(hook: Callable[[Module, str, Tensor | None], Tensor | None]) -> HookHandle:
    """Calls ``hook(module, name, buffer)`` whenever a module gets a buffer.

    Args:
        hook: returns None, or another buffer in its place.

    Returns:
        A handle whose ``remove()`` takes the hook away; in a with statement it lasts until its end.

    Raises:
        TypeError: hook is no function.

    Example:
        >>> import weft
        >>> from weft.nn.modules.module import register_module_buffer_registration_hook
        >>> with register_module_buffer_registration_hook(lambda module, name, buffer: print(name)):
        ...     layer = weft.nn.BatchNorm1d(1)
        running_mean
        running_var
        num_batches_tracked
    """
    return HookHandle(_registration_hooks, ("buffer", hook))


def register_module_module_registration_hook(hook: Callable[[Module, str, Module | None], Module | None]) -> HookHandle:
    """Calls ``hook(module, name, submodule)`` whenever a module gets a submodule.

    Args:
        hook: returns None, or another module in its place.

    Returns:
        A handle whose ``remove()`` takes the hook away; in a with statement it lasts until its end.

    Raises:
        TypeError: hook is no function.

    Example:
        >>> import weft
        >>> from weft.nn.modules.module import register_module_module_registration_hook
        >>> with register_module_module_registration_hook(lambda module, name, submodule: print(name, submodule)):
        ...     model = weft.nn.Sequential(weft.nn.Tanh())
        0 Tanh()
    """
    return HookHandle(_registration_hooks, ("module", hook))


class HookHandle(RemovableHandle):
    """What registering a hook of modules returns: its place among the hooks."""

    id: int

    def __init__(self, hooks: dict[int, Any], entry: tuple[Any, ...], prepend: bool = False) -> None:
        if not callable(entry[1]):
            raise TypeError(f"a hook must be a function, got {type(entry[1]).__name__}")
        self._hooks = hooks
        self._kind = entry[0]
        self.id = next(i for i in _next_id if i not in hooks)  # unpickled hooks bring ids of their own
        if prepend:
            later = list(hooks.items())
            hooks.clear()
            hooks[self.id] = entry
            hooks.update(later)
        else:
            hooks[self.id] = entry

    def remove(self) -> None:
        self._hooks.pop(self.id, None)

    def hooks_dict_ref(self) -> HooksOfKind:
        """The hooks of its kind that there are, by id: a live view.

        Example:
            >>> import weft
            >>> handle = weft.nn.Identity().register_forward_hook(lambda module, args, output: None)
            >>> handle.id in handle.hooks_dict_ref()
            True
        """
        return HooksOfKind(self._hooks, self._kind)


def call_with_hooks(module: Module, hooks: list[tuple[Any, ...]], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Calls module.forward between its hooks: an ordered list of (kind, hook, with_kwargs, always_call)."""
    always = [entry for entry in hooks if entry[0] == "forward" and entry[3]]
    if not always:
        return _call(module, hooks, args, kwargs, [])
    called = []
    try:
        return _call(module, hooks, args, kwargs, called)
    except Exception:
        for entry in always:
            if any(entry is done for done in called):
                continue
            _, hook, with_kwargs, _ = entry
            try:
                hook(module, args, kwargs, None) if with_kwargs else hook(module, args, None)
            except Exception as error:
                warnings.warn(
                    f"a forward hook with always_call raised {error!r} after forward had raised; its error is dropped",
                    stacklevel=2,
                )
        raise


def _call(
    module: Module,
    hooks: list[tuple[Any, ...]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    called: list[tuple[Any, ...]],
) -> Any:
    for kind, hook, with_kwargs, _ in hooks:
        if kind == "forward_pre":
            args, kwargs = _run_pre_hook(module, hook, with_kwargs, args, kwargs)
    pre = [hook for kind, hook, _, _ in hooks if kind == "full_backward_pre"]
    full = [hook for kind, hook, _, _ in hooks if kind == "full_backward"]
    watch = _BackwardWatch(module, pre, full) if (pre or full) and weft.is_grad_enabled() else None
    if watch:
        args = watch.enter(args)
    result = module.forward(*args, **kwargs)
    for entry in hooks:
        kind, hook, with_kwargs, _ = entry
        if kind == "forward":
            called.append(entry)
            changed = hook(module, args, kwargs, result) if with_kwargs else hook(module, args, result)
            result = result if changed is None else changed
    return watch.leave(result) if watch else result


def _run_pre_hook(
    module: Module, hook: Callable[..., Any], with_kwargs: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if with_kwargs:
        changed = hook(module, args, kwargs)
        if changed is None:
            return args, kwargs
        if not (isinstance(changed, tuple) and len(changed) == 2):
            raise RuntimeError(f"a forward pre-hook with kwargs must return None or (args, kwargs), got {changed!r}")
        return changed
    changed = hook(module, args)
    if changed is None:
        return args, kwargs
    return changed if isinstance(changed, tuple) else (changed,), kwargs


class _BackwardWatch:
    """Sees the gradients of a module's outputs and inputs during backward, and hands them to its backward hooks.

    Identity functions around forward: the outer one's backward runs the pre-hooks, the inner one's the full hooks.
    """

    def __init__(
        self, module: Module, pre_hooks: list[Callable[..., Any]], full_hooks: list[Callable[..., Any]]
    ) -> None:
        self.module = module
        self.pre_hooks = pre_hooks
        self.full_hooks = full_hooks
        self.watches_inputs = False
        self.count = 0  # of positional arguments
        self.grad_output = None

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        positions = _positions(args)
        self.count = count = len(args)  # not the arguments: their graph must not hold them
        if not self.full_hooks or not positions:
            return args
        self.watches_inputs = True

        def backward(grads):
            picked = _pick(positions, self._run_full_hooks(_at(positions, count, grads)), count)
            self.grad_output = None
            return picked

        return _replace(args, positions, _probe(backward, [args[i] for i in positions]))

    def leave(self, result: Any) -> Any:
        if isinstance(result, (list, dict)):
            warnings.warn(
                f"{type(self.module).__name__} has backward hooks, but they are not called: what its forward returns "
                f"should be a Tensor or a tuple of Tensors, not a {type(result).__name__}",
                stacklevel=5,
            )
            self.pre_hooks, self.full_hooks = [], []
            return result
        outputs = result if isinstance(result, tuple) else (result,)
        positions = _positions(outputs)
        if not positions:
            return result
        backward = self._backward_of_outputs(positions, len(outputs))
        outputs = _replace(outputs, positions, _probe(backward, [outputs[i] for i in positions]))
        if not isinstance(result, tuple):
            return outputs[0]
        return type(result)._make(outputs) if hasattr(result, "_make") else outputs  # a named tuple stays one

    def _backward_of_outputs(self, positions, count):
        # A function of its own: the graph of the outputs holds it, so it must not hold the outputs
        def backward(grads):
            self.grad_output = _at(positions, count, grads)
            for hook in self.pre_hooks:
                changed = hook(self.module, self.grad_output)
                if changed is not None:
                    self.grad_output = changed if isinstance(changed, tuple) else (changed,)
            picked = _pick(positions, self.grad_output, count)
            if not self.watches_inputs:
                self._run_hooks_without_inputs()
            return picked

        return backward

    def _run_hooks_without_inputs(self):
        """The full hooks where no argument requires grad, so that there is nothing that they could change."""
        for hook in self.full_hooks:
            changed = hook(self.module, (None,) * self.count, self.grad_output)
            values = changed if isinstance(changed, tuple) else (changed,)
            if any(value is not None for value in values):
                raise RuntimeError(
                    f"a backward hook of {type(self.module).__name__} returned gradients, but no argument of its "
                    "forward requires grad: it must return None, or None for each of them"
                )
        self.grad_output = None

    def _run_full_hooks(self, grad_input):
        for hook in self.full_hooks:
            changed = hook(self.module, grad_input, self.grad_output)
            if changed is not None:
                grad_input = changed if isinstance(changed, tuple) else (changed,)
        return grad_input


def _probe(backward: Callable[[Any], Any], tensors: list[Tensor]) -> tuple[Tensor, ...]:
    """The tensors, with backward(gradients) -> gradients called on the way back."""
    global _Probe
    if _Probe is None:
        _Probe = _make_probe()
    results = _Probe.apply(backward, *tensors)
    return results if isinstance(results, tuple) else (results,)


_Probe = None  # made at first use: most programs have no backward hooks and need no autograd.Function


def _make_probe():
    class Probe(weft.autograd.Function):
        @staticmethod
        def forward(ctx, backward, *tensors):
            ctx.set_materialize_grads(False)
            ctx.backward = backward
            return tuple(x.view_as(x) for x in tensors)

        @staticmethod
        def backward(ctx, *grads):
            return None, *ctx.backward(grads)

    return Probe


def _positions(values: tuple[Any, ...]) -> list[int]:
    """Where tensors that require grad are among the values; all others pass by the hooks as they are."""
    return [i for i, x in enumerate(values) if isinstance(x, weft.Tensor) and x.requires_grad]


def _at(positions: list[int], size: int, values: Any) -> tuple[Any, ...]:
    placed = [None] * size
    for position, value in zip(positions, values):
        placed[position] = value
    return tuple(placed)


def _pick(positions: list[int], values: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    if len(values) != count:
        raise RuntimeError(f"a backward hook returned {len(values)} gradients, expected {count}")
    return tuple(values[i] for i in positions)


def _replace(values: Any, positions: list[int], new: Any) -> tuple[Any, ...]:
    values = list(values)
    for position, value in zip(positions, new):
        values[position] = value
    return tuple(values)
