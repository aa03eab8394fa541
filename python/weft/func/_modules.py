"""Modules as functions of their parameters."""

from __future__ import annotations

import contextlib
import copy

import weft
from weft import _C

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from weft import Tensor
    from weft.nn import Module


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """``module(*args, **kwargs)`` with other parameters and buffers in place of the module's own.

    Afterwards the module has its own again; what it changes in place (the statistics of batch norm) are the given ones.

    Args:
        module: whose forward runs.
        parameter_and_buffer_dicts: tensors by name, as in ``named_parameters()``: a dict, or a tuple of dicts.
        args: a tuple of arguments, or a single one.
        kwargs: arguments by name.
        tie_weights: parameters of the module that are one tensor are replaced together.
        strict: all parameters and buffers must be given, by their names alone.

    Raises:
        KeyError: the module does not have a name, or with strict one is missing.
        ValueError: a name is in two dicts.
        TypeError: anything else than dicts of tensors.

    >>> import weft
    >>> layer = weft.nn.Linear(2, 1, bias=False)
    >>> weft.func.functional_call(layer, {"weight": weft.tensor([[1., 2.]])}, (weft.ones(2),))
    tensor([3.])
    """
    _check_module("functional_call", module)
    dicts = parameter_and_buffer_dicts
    dicts = (dicts,) if isinstance(dicts, dict) else dicts
    if not isinstance(dicts, (tuple, list)) or not all(isinstance(d, dict) for d in dicts):
        raise TypeError(f"functional_call: expected a dict, or a tuple of dicts, got {type(dicts).__name__}")
    given = {}
    for own in dicts:
        for name, value in own.items():
            if name in given:
                raise ValueError(f"functional_call: {name!r} is in two of the dicts")
            given[name] = value
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    kwargs = {} if kwargs is None else kwargs
    wanted = checked(module, given, tie_weights, strict)
    if _C._is_traced_for_later():  # a graph does not see members come and go
        return copy_with(module, wanted)(*args, **kwargs)
    with replaced(wanted):
        return module(*args, **kwargs)


def checked(module: Module, given: Mapping[str, Tensor], tie_weights: bool, strict: bool) -> dict[Any, Tensor]:
    """The tensors to put in, by (module, kind, key)."""
    names = {
        f"{path}.{key}" if path else key: (owner, kind, key)
        for path, owner in module.named_modules()
        for kind in ("_parameters", "_buffers")
        for key in getattr(owner, kind)
    }
    own = {name: getattr(owner, kind)[key] for name, (owner, kind, key) in names.items()}
    for name, value in given.items():
        if name not in names:
            raise KeyError(f"functional_call: {type(module).__name__} has no parameter or buffer named {name!r}")
        if not isinstance(value, weft.Tensor):
            raise TypeError(f"functional_call: expected a tensor for {name!r}, got {type(value).__name__}")
    missing = [name for name, value in own.items() if value is not None and name not in given]
    if strict and missing:
        raise KeyError(f"functional_call: with strict, {missing[0]!r} of {type(module).__name__} must be given, too")
    wanted = {names[name]: value for name, value in given.items()}
    if tie_weights:
        by_object = {id(own[name]): value for name, value in given.items() if own[name] is not None}
        wanted.update({names[name]: by_object[id(own[name])] for name in missing if id(own[name]) in by_object})
    return wanted


@contextlib.contextmanager
def replaced(wanted: dict[Any, Tensor]) -> Iterator[None]:
    """A scope in which modules have the given parameters and buffers."""
    before = []
    try:
        for (owner, kind, key), value in wanted.items():
            members = getattr(owner, kind)
            before.append((members, key, members[key]))
            members[key] = value
        yield
    finally:
        for members, key, old in reversed(before):
            members[key] = old


def copy_with(module: Module, wanted: dict[Any, Tensor]) -> Any:
    """Modules that share all but the given parameters and buffers with the given ones."""
    copies = {}

    def copied(one):
        known = copies.get(id(one))
        if known is None:
            _check_modules_outside(one)
            known = copies[id(one)] = copy.copy(one)
            for key, child in one._modules.items():
                if child is not None:
                    known._modules[key] = copied(child)
            for (owner, kind, key), value in wanted.items():
                if owner is one:
                    getattr(known, kind)[key] = value
        return known

    return copied(module)


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """(params, buffers): the parameters and buffers of modules of one architecture, by name, stacked along dimension 0.

    With :func:`functional_call` and :func:`vmap` an ensemble runs at once.

    Args:
        models: at least one module (ValueError), all of one class and all in training or all in eval mode
            (RuntimeError).

    >>> import weft
    >>> models = [weft.nn.Linear(2, 3) for _ in range(4)]
    >>> params, buffers = weft.func.stack_module_state(models)
    >>> params["weight"].shape
    weft.Size([4, 3, 2])
    """
    for model in models:
        _check_module("stack_module_state", model)
    if len(models) == 0:
        raise ValueError("stack_module_state: expected at least one module")
    first = models[0]
    if any(type(m) is not type(first) for m in models):
        raise RuntimeError("stack_module_state: expected modules of one class")
    if any(m.training != first.training for m in models):
        raise RuntimeError("stack_module_state: expected modules all in training mode, or all in eval mode")
    params = [dict(m.named_parameters()) for m in models]
    buffers = [dict(m.named_buffers()) for m in models]
    return (
        {
            key: stacked([p[key] for p in params]).requires_grad_(value.requires_grad)
            for key, value in params[0].items()
        },
        {key: stacked([b[key] for b in buffers]) for key in buffers[0]},
    )


def stacked(tensors: Sequence[Tensor]) -> Tensor:
    return weft.stack([t.detach() for t in tensors])


def _check_module(what, module):
    if not isinstance(module, weft.nn.Module):
        raise TypeError(f"{what}: expected a Module, got {type(module).__name__}")


def _check_modules_outside(module):
    """RuntimeError for modules that are held beside the submodules: the copy would go on with the given ones."""
    for name, value in vars(module).items():
        if name in ("_modules", "_parameters", "_buffers") or name in module._modules:
            continue
        held = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
        if any(isinstance(getattr(one, "__self__", one), weft.nn.Module) for one in held):
            raise RuntimeError(
                "functional_call: in a jitted function a module must hold others as submodules alone (a ModuleList), "
                f"but {type(module).__name__}.{name} holds one beside them"
            )
