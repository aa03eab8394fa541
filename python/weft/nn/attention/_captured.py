"""Which tensors with gradients a function takes from outside."""

from __future__ import annotations

import functools
import types

import weft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft import Tensor

_MOST_OBJECTS = 10_000  # that are looked into


def captured_tensors(function: Callable[..., Tensor], dtype: weft.dtype, device: weft.device) -> list[Tensor]:
    """The tensors that a score_mod takes from outside and that require grad.

    They are looked for in its variables. What it hides elsewhere is found in the graph of a call of it, as the leaves
    from which that was computed.
    """
    score = weft.zeros((), dtype=dtype, device=device, requires_grad=True)
    places = [weft.zeros((), dtype=weft.int64, device=device) for _ in range(4)]
    with weft.enable_grad():
        node = function(score, *places).grad_fn
    candidates = {id(x): x for x in _reachable(function) if x.requires_grad}
    borders = {x.grad_fn: x for x in candidates.values() if x.grad_fn is not None}
    found, seen, stack = {}, set(), [node]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node in borders:
            found[id(borders[node])] = borders[node]
            continue
        leaf = getattr(node, "variable", None)
        if leaf is not None and leaf is not score:
            found[id(leaf)] = leaf
        stack.extend(following for following, _ in node.next_functions)
    return list(found.values())


def _reachable(function: Any) -> list[Tensor]:
    """The tensors in what a function refers to, as deep as these hold others."""
    found, seen, stack = [], set(), [function]
    while stack and len(seen) < _MOST_OBJECTS:
        one = stack.pop()
        if id(one) in seen or isinstance(one, (type, types.ModuleType, str, bytes, int, float)):
            continue
        seen.add(id(one))
        if isinstance(one, weft.Tensor):
            found.append(one)
        else:
            stack.extend(_parts(one))
    return found


def _parts(one: Any) -> list[Any]:
    if isinstance(one, types.FunctionType):
        cells = []
        for cell in one.__closure__ or ():
            try:
                cells.append(cell.cell_contents)
            except ValueError:  # a variable that is not set yet
                continue
        named = [one.__globals__[name] for name in _names(one.__code__) if name in one.__globals__]
        return [*cells, *named, *(one.__defaults__ or ()), *(one.__kwdefaults__ or {}).values(), one.__dict__]
    if isinstance(one, types.MethodType):
        return [one.__self__, one.__func__]
    if isinstance(one, functools.partial):
        return [one.func, *one.args, *one.keywords.values()]
    if isinstance(one, dict):
        return list(one.values())
    if isinstance(one, (list, tuple, set, frozenset)):
        return list(one)
    call = vars(type(one)).get("__call__")
    own = getattr(one, "__dict__", None)
    return [*(own.values() if isinstance(own, dict) else ()), *([call] if isinstance(call, types.FunctionType) else ())]


def _names(code: types.CodeType) -> set[str]:
    """The global names of a function and of those inside it."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names(constant)
    return names
