"""Hooks of modules: the handle that removes one, and the wiring of the backward hooks into the graph."""

import collections.abc
import itertools
import warnings

import weft
from weft._handles import RemovableHandle

_next_id = itertools.count()
global_hooks = {}  # of all modules: id -> (kind, hook, with_kwargs, always_call)
_registration_hooks = {}  # id -> (kind, hook)


class HooksOfKind(collections.abc.MutableMapping):
    """The hooks of one kind that a module has, by id: a live view, as ``module._forward_hooks`` and so on."""

    def __init__(self, hooks, kind):
        self._hooks = hooks
        self._kind = kind

    def __getitem__(self, number):
        entry = self._hooks.get(number)
        if entry is None or entry[0] != self._kind:
            raise KeyError(number)
        return entry[1]

    def __setitem__(self, number, hook):
        self._hooks[number] = (self._kind, hook, False, False)

    def __delitem__(self, number):
        self[number]  # KeyError for one of another kind
        del self._hooks[number]

    def __iter__(self):
        return iter([number for number, entry in self._hooks.items() if entry[0] == self._kind])

    def __len__(self):
        return sum(entry[0] == self._kind for entry in self._hooks.values())

    def __repr__(self):
        return repr(dict(self))


def run_registration_hooks(kind, module, name, value):
    """What is registered in place of value: hooks may return another parameter, buffer or module."""
    for wanted, hook in list(_registration_hooks.values()) if _registration_hooks else ():
        if wanted == kind:
            changed = hook(module, name, value)
            value = value if changed is None else changed
    return value


def register_module_forward_pre_hook(hook):
    """Calls hook(module, args) before every module's forward; it may return changed args. Returns a removable handle.

    Hooks of all modules run before those of the module itself.

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


def register_module_forward_hook(hook, *, with_kwargs=False, always_call=False):
    """Calls hook(module, args, output) after every module's forward; it may return another output.

    With with_kwargs it is called as hook(module, args, kwargs, output); with always_call also, with output None, when
    forward has raised. Returns a removable handle.
    """
    return HookHandle(global_hooks, ("forward", hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook):
    """Calls hook(module, grad_output) before every module's backward; it may return other gradients."""
    return HookHandle(global_hooks, ("full_backward_pre", hook, False, False))


def register_module_full_backward_hook(hook):
    """Calls hook(module, grad_input, grad_output) after every module's backward; it may return another grad_input."""
    return HookHandle(global_hooks, ("full_backward", hook, False, False))


def register_module_parameter_registration_hook(hook):
    """Calls hook(module, name, parameter) whenever a module gets a parameter; it may return another one."""
    return HookHandle(_registration_hooks, ("parameter", hook))


def register_module_buffer_registration_hook(hook):
    """Calls hook(module, name, buffer) whenever a module gets a buffer; it may return another one."""
    return HookHandle(_registration_hooks, ("buffer", hook))


def register_module_module_registration_hook(hook):
    """Calls hook(module, name, submodule) whenever a module gets a submodule; it may return another one."""
    return HookHandle(_registration_hooks, ("module", hook))


class HookHandle(RemovableHandle):
    def __init__(self, hooks, entry, prepend=False):
        if not callable(entry[1]):
            raise TypeError(f"a hook must be a function, got {type(entry[1]).__name__}")
        self._hooks = hooks
        self.id = next(i for i in _next_id if i not in hooks)  # unpickled hooks bring ids of their own
        if prepend:
            later = list(hooks.items())
            hooks.clear()
            hooks[self.id] = entry
            hooks.update(later)
        else:
            hooks[self.id] = entry

    def remove(self):
        self._hooks.pop(self.id, None)


def call_with_hooks(module, hooks, args, kwargs):
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


def _call(module, hooks, args, kwargs, called):
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


def _run_pre_hook(module, hook, with_kwargs, args, kwargs):
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

    def __init__(self, module, pre_hooks, full_hooks):
        self.module = module
        self.pre_hooks = pre_hooks
        self.full_hooks = full_hooks
        self.watches_inputs = False
        self.grad_output = None

    def enter(self, args):
        positions = [i for i, x in enumerate(args) if isinstance(x, weft.Tensor)]
        if not self.full_hooks or not any(args[i].requires_grad for i in positions):
            return args
        self.watches_inputs = True
        count = len(args)  # not the arguments: their graph must not hold them

        def backward(grads):
            picked = _pick(positions, self._run_full_hooks(_at(positions, count, grads)))
            self.grad_output = None
            return picked

        return _replace(args, positions, _probe(backward, [args[i] for i in positions]))

    def leave(self, result):
        if isinstance(result, (list, dict)):
            raise TypeError(
                f"{type(self.module).__name__} has backward hooks, which need its forward to return a tensor or a "
                f"tuple of them, not a {type(result).__name__}"
            )
        outputs = result if isinstance(result, tuple) else (result,)
        positions = [i for i, x in enumerate(outputs) if isinstance(x, weft.Tensor)]
        if not any(outputs[i].requires_grad for i in positions):
            return result
        backward = self._backward_of_outputs(positions, len(outputs))
        outputs = _replace(outputs, positions, _probe(backward, [outputs[i] for i in positions]))
        return outputs if isinstance(result, tuple) else outputs[0]

    def _backward_of_outputs(self, positions, count):
        # A function of its own: the graph of the outputs holds it, so it must not hold the outputs
        def backward(grads):
            self.grad_output = _at(positions, count, grads)
            for hook in self.pre_hooks:
                changed = hook(self.module, self.grad_output)
                if changed is not None:
                    self.grad_output = changed if isinstance(changed, tuple) else (changed,)
            picked = _pick(positions, self.grad_output)
            if not self.watches_inputs:
                self._run_full_hooks((None,))
                self.grad_output = None
            return picked

        return backward

    def _run_full_hooks(self, grad_input):
        for hook in self.full_hooks:
            changed = hook(self.module, grad_input, self.grad_output)
            if changed is not None:
                grad_input = changed if isinstance(changed, tuple) else (changed,)
        return grad_input


def _probe(backward, tensors):
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


def _at(positions, size, values):
    placed = [None] * size
    for position, value in zip(positions, values):
        placed[position] = value
    return tuple(placed)


def _pick(positions, values):
    if positions and len(values) <= max(positions):
        raise RuntimeError(f"a backward hook returned {len(values)} gradients, expected {max(positions) + 1}")
    return tuple(values[i] for i in positions)


def _replace(values, positions, new):
    values = list(values)
    for position, value in zip(positions, new):
        values[position] = value
    return tuple(values)
