"""FiniteGuard: names the layer of a model that made the first NaN or infinity."""

from __future__ import annotations

import dataclasses
import warnings
import weakref

import weft
from weft import _C
from weft._checks import check_instances
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeVar

    from weft import Tensor
    from weft._handles import RemovableHandle
    from weft.optim import Optimizer

    _Self = TypeVar("_Self", bound="FiniteGuard")


# Not an attribute, which weft.jit would take for a state of the function
_have_warned: weakref.WeakSet[FiniteGuard] = weakref.WeakSet()


def _tensors_in(value: Any, path: str = "") -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, weft.Tensor):
        if value.is_floating_point() or value.is_complex():
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _tensors_in(item, f"{path}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from _tensors_in(item, f"{path}[{i}]")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _tensors_in(getattr(value, field.name, None), f"{path}.{field.name}")


def _all_finite(value: Any) -> bool:
    return all(bool(weft.isfinite(t).all()) for _, t in _tensors_in(value))


def _describe(t: Tensor) -> str:
    nan = int(weft.isnan(t).sum())
    inf = t.numel() - int(weft.isfinite(t).sum()) - nan
    parts = [f"{count} {word}" for count, word in ((nan, "NaN"), (inf, "infinite")) if count]
    return f"{' and '.join(parts)} of {t.numel()} elements, shape {tuple(t.shape)}"


class _Found(BaseException):
    """The layer is known, the rest of the forward pass need not run."""


class FiniteGuard:
    """While it is there, a forward pass of the model that gives a NaN or an infinity raises, and names the layer.

    It looks at the outputs of the model alone, so that it takes next to no time. If one is not finite the model runs a
    second time, on the same arguments and random numbers, with a look at each layer and operation. Gradients
    are looked at by :meth:`watch`. A scope, or until :meth:`remove`. Within a function that weft.jit compiles there are
    no values to look at, of which a warning tells once. ``weft.check_numerics(model)`` makes it too.

    Args:
        model: the module.

    Raises:
        TypeError: model is no Module.
        FloatingPointError: from the model's call, where outputs are not finite; names the layer, its output and which
            of its inputs, parameters and buffers were not finite.

    >>> import weft
    >>> model = weft.nn.Sequential(weft.nn.Linear(2, 2), weft.nn.ReLU(), weft.nn.Linear(2, 1))
    >>> _ = weft.nn.init.constant_(model[2].weight, float("inf"))
    >>> with weft.nn.utils.FiniteGuard(model):
    ...     try:
    ...         model(weft.zeros(1, 2))
    ...     except FloatingPointError as error:
    ...         print(str(error).split(": ")[1])
    layer '2' (Linear) is the first one that is not finite
    """

    def __init__(self, model: Module) -> None:
        check_instances(Module, "FiniteGuard", model=model)
        self._model = model
        self._call: tuple[Any, ...] | None = None
        self._handles: list[RemovableHandle] = [
            model.register_forward_pre_hook(self._before, with_kwargs=True),
            model.register_forward_hook(self._after, always_call=True),  # an exception drops the arguments too
        ]

    def _before(self, module, args, kwargs):
        self._call = None if _C._is_tracing() else (args, kwargs, weft.get_rng_state())

    def _after(self, module, args, output):
        call, self._call = self._call, None
        if _C._is_tracing():
            if self not in _have_warned:
                _have_warned.add(self)
                warnings.warn(
                    "FiniteGuard: the model is called in a function that weft.jit compiles, where outputs have no "
                    "values to look at; call the function without weft.jit to find a NaN",
                    stacklevel=2,
                )
            return
        if call is not None and not _all_finite(output.detach() if isinstance(output, weft.Tensor) else output):
            ops = self._find(*call)
            raise FloatingPointError(
                f"{type(module).__name__}: its output has "
                + ", ".join(f"{_describe(t)}" for _, t in _tensors_in(output) if not _all_finite(t))
                + ", but no layer gave such values when it ran again: the model itself made them, or it does something "
                f"else each time{''.join(f'; of operations {op}' for op in ops[:1])}"
            )

    def _find(self, args, kwargs, generator):
        """Runs the model again; raises FloatingPointError for the first layer whose output is not finite."""
        from weft._numerics import CheckOps

        names = {module: name for name, module in self._model.named_modules()}
        found: list[str] = []
        ops: list[str] = []

        def look(module, its_args, its_kwargs, output):
            if not found and not _all_finite(output):
                found.append(self._report(names[module], module, its_args, its_kwargs, output))
                found.extend(f"; of operations {op}" for op in ops[:1])
                raise _Found

        handles = [
            module.register_forward_hook(look, with_kwargs=True) for module in names if module is not self._model
        ]
        buffers = [(buffer, buffer.clone()) for buffer in self._model.buffers()]
        now = weft.get_rng_state()
        weft.set_rng_state(generator)
        try:
            with CheckOps(report=ops.append):
                self._model.forward(*args, **kwargs)  # in the grad mode of the call: it may ask for gradients
        except _Found:
            pass
        finally:
            weft.set_rng_state(now)
            for handle in handles:
                handle.remove()
            with weft.no_grad():
                for buffer, value in buffers:
                    buffer.copy_(value)
        if found:
            raise FloatingPointError("".join(found))
        return ops

    @staticmethod
    def _report(name, module, args, kwargs, output):
        bad = [f"output{path} has {_describe(t)}" for path, t in _tensors_in(output) if not _all_finite(t)]
        causes = [f"input{path}" for path, t in _tensors_in(args) if not _all_finite(t)]
        causes += [f"input {path}" for path, t in _tensors_in(kwargs) if not _all_finite(t)]
        tensors = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        causes += [f"{its} ({_describe(t)})" for its, t in tensors if not _all_finite(t)]
        reason = (
            f"not finite before: {', '.join(causes)}" if causes else "its inputs, parameters and buffers are finite"
        )
        return (
            f"layer '{name}' ({type(module).__name__}) is the first one that is not finite: {', '.join(bad)}; {reason}"
        )

    def watch(self, optimizer: Optimizer) -> RemovableHandle:
        """Also looks at the gradients before each step of an optimizer, or after each call of its closure, all at once.

        A step with gradients that are not finite raises FloatingPointError, which names the parameters, and changes
        nothing. weft.autograd.detect_anomaly finds the operation.

        Args:
            optimizer: of the model's parameters.

        Returns a handle whose ``remove()`` ends it; so does :meth:`remove`.

        >>> import weft
        >>> model = weft.nn.Linear(2, 1)
        >>> optimizer = weft.optim.SGD(model.parameters(), lr=0.1)
        >>> guard = weft.nn.utils.FiniteGuard(model)
        >>> handle = guard.watch(optimizer)
        >>> model.bias.grad = weft.tensor([float("nan")])
        >>> optimizer.step()
        Traceback (most recent call last):
        FloatingPointError: gradients are not finite: bias (1 NaN of 1 elements, shape (1,))
        """
        check_instances(weft.optim.Optimizer, "FiniteGuard.watch", optimizer=optimizer)
        names = {p: name for name, p in self._model.named_parameters()}

        def look(optimizer):
            if _C._is_tracing():
                return
            grads = [(p, p.grad) for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
            if not grads or bool(weft.isfinite(_C._global_norm([grad for _, grad in grads]))):
                return
            bad = [f"{names.get(p, 'a parameter')!s} ({_describe(g)})" for p, g in grads if not _all_finite(g)]
            if bad:  # or else their squares have overflown
                raise FloatingPointError(f"gradients are not finite: {', '.join(bad[:8])}{', ...' * (len(bad) > 8)}")

        def looked_after(closure):
            def call():
                loss = closure()
                look(optimizer)
                return loss

            return call

        def before(optimizer, args, kwargs):
            # A closure makes the gradients of the step anew, so that they are looked at after each call of it
            if len(args) > 1 and args[1] is not None:
                return (args[0], looked_after(args[1]), *args[2:]), kwargs
            if kwargs.get("closure") is not None:
                return args, {**kwargs, "closure": looked_after(kwargs["closure"])}
            look(optimizer)

        handle = optimizer.register_step_pre_hook(before)
        self._handles.append(handle)
        return handle

    def remove(self) -> None:
        """Ends the guard.

        >>> import weft
        >>> guard = weft.nn.utils.FiniteGuard(weft.nn.Identity())
        >>> guard.remove()
        """
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()
