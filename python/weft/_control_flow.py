"""Control flow that depends on values: in eager mode plain Python, in a jitted function a part of the graph.

Outputs, and what is carried from step to step, are contiguous in both: strides decide the order of later sums. Outputs
have memory of their own in both: which tensor they would share it with depends on values.
"""

from __future__ import annotations

import collections
import types

import weft
from weft import _C
from weft._checks import check_callables, own_errors

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    _R = TypeVar("_R")
    _C1 = TypeVar("_C1")
    _Y = TypeVar("_Y")


def cond(
    pred: bool | weft.Tensor, true_fn: Callable[..., _R], false_fn: Callable[..., _R], operands: Sequence[Any] = ()
) -> _R:
    """``true_fn(*operands)`` if pred is true, else ``false_fn(*operands)``; in a jitted function a part of the graph.

    Both functions return the same structure of tensors, of the same shapes and dtypes, which come back contiguous, as
    copies where they are given ones. Only the chosen one runs. Differentiable.

    Args:
        pred: a bool or a bool tensor of one element.
        true_fn, false_fn: functions of the operands.
        operands: a tuple or list of tensors; else TypeError.

    Raises, where it is traced, since then both functions run (eagerly nothing of this is checked):
        ValueError: their results differ in structure, shape or dtype.
        RuntimeError: one of them changes a tensor from outside.

    >>> import weft
    >>> @weft.jit
    ... def f(x):
    ...     return weft.cond(x.sum() > 0, lambda x: x * 2, lambda x: -x, (x,))
    >>> f(weft.tensor([1., 2.])), f(weft.tensor([-1., -2.]))
    (tensor([2., 4.]), tensor([1., 2.]))
    """
    check_callables("cond", true_fn=true_fn, false_fn=false_fn)
    if not isinstance(pred, (bool, weft.Tensor)):
        raise TypeError(f"cond: expected a bool or a Tensor as pred, got {type(pred).__name__}")
    operands = _operands("cond: expected a tuple or list of tensors as operands", operands)
    if isinstance(pred, weft.Tensor) and _C._is_tracing():
        return _C._traced_cond(pred, _unchanged("cond", true_fn), _unchanged("cond", false_fn), operands)
    return _own(true_fn(*operands) if pred else false_fn(*operands))


def while_loop(
    cond_fn: Callable[..., Any], body_fn: Callable[..., Any], carried_inputs: Sequence[Any]
) -> tuple[Any, ...]:
    """Repeats ``carried = body_fn(*carried)`` while ``cond_fn(*carried)`` holds; returns the last carried, a tuple.

    Differentiable: backward runs the loop once more and keeps what was carried.

    Args:
        cond_fn: gives a bool tensor of one element.
        body_fn: gives as many tensors as it gets, of the same shapes and dtypes (else ValueError).
        carried_inputs: a tuple or list of tensors to begin with, which are made contiguous; else TypeError.

    >>> import weft
    >>> weft.while_loop(lambda n, x: x < 100, lambda n, x: (n + 1, x * 2), (weft.tensor(0), weft.tensor(1.)))
    (tensor(7), tensor(128.))
    """
    check_callables("while_loop", cond_fn=cond_fn, body_fn=body_fn)
    given = _operands("while_loop: expected a tuple or list of tensors as carried_inputs", carried_inputs)
    carried = tuple(_contiguous(value) for value in given)
    if _C._is_tracing():
        test, body = _unchanged("while_loop", cond_fn), _unchanged("while_loop", body_fn)
        return tuple(_C._traced_while(test, lambda *args: _as_tuple(body(*args)), carried))
    while cond_fn(*carried):
        after = tuple(_contiguous(value) for value in _as_tuple(body_fn(*carried)))
        _check_carried("while_loop", carried, after)
        carried = after
    return _own(carried)


def scan(
    combine_fn: Callable[[_C1, Any], tuple[_C1, _Y]],
    init: _C1,
    xs: Any,
    *,
    reverse: bool = False,
    length: int | None = None,
) -> tuple[_C1, _Y]:
    """Runs ``carry, y = combine_fn(carry, x)`` along the first dimension of xs; returns the last carry, the ys stacked.

    Tensors are made contiguous before and after each step. Differentiable.

    Args:
        combine_fn: a function of the carry and an x that gives the next carry, of the same structure, shapes and
            dtypes, and a y, which may be None.
        init: the first carry: tensors, or tuples, lists or dicts of tensors.
        xs: the same kind of structure, all of one size in dimension 0; None if length is given.
        reverse: start from the end.
        length: the number of steps, where there are no xs.

    Raises ValueError if the first dimensions of xs differ or are empty, or the carry changes its shape or dtype.

    >>> import weft
    >>> weft.scan(lambda total, x: (total + x, total + x), weft.tensor(0.), weft.tensor([1., 2., 3.]))
    (tensor(6.), tensor([1., 3., 6.]))
    """
    check_callables("scan", combine_fn=combine_fn)
    carry_leaves, rebuild_carry = _flatten(init)
    x_leaves, rebuild_x = _flatten(xs)
    lengths = {leaf.shape[0] if leaf.dim() else None for leaf in x_leaves} | ({length} if length is not None else set())
    if None in lengths:
        raise ValueError("scan: xs must have at least one dimension to go along")
    if len(lengths) != 1:
        raise ValueError(
            f"scan: the first dimensions of xs (and length) must agree, got {sorted(lengths)}"
            if lengths
            else "scan: there are no xs, so length must be given"
        )
    (steps,) = lengths
    if steps == 0:
        raise ValueError("scan: nothing to go along: the first dimension is empty")
    rebuild_y = []

    combine = _unchanged("scan", combine_fn) if _C._is_tracing() else combine_fn

    def flat(*leaves):
        carry, y = combine(rebuild_carry(leaves[: len(carry_leaves)]), rebuild_x(leaves[len(carry_leaves) :]))
        after, _ = _flatten(carry)
        _check_carried("scan", carry_leaves, after)
        y_leaves, rebuild = _flatten(y)
        rebuild_y[:] = [rebuild]
        return [*after, *y_leaves]

    if _C._is_tracing():
        results = _C._traced_scan(flat, carry_leaves, x_leaves, steps, reverse)
        carried, ys = results[: len(carry_leaves)], results[len(carry_leaves) :]
    else:
        carried, rows = _contiguous(carry_leaves), []
        x_leaves = _contiguous(x_leaves)
        for step in range(steps - 1, -1, -1) if reverse else range(steps):
            results = _contiguous(flat(*carried, *(leaf[step] for leaf in x_leaves)))
            carried = results[: len(carry_leaves)]
            rows.append(results[len(carry_leaves) :])
        if reverse:
            rows.reverse()
        ys = [weft.stack(column) for column in zip(*rows)]
        carried = _own(carried)
    return rebuild_carry(carried), rebuild_y[0](ys)


@own_errors
def map(f: Callable[[Any], _R], xs: Any) -> _R:
    """``f(x)`` for every x along the first dimension of xs, stacked; in a jitted function a part of the graph.

    Args:
        f: a function of a tensor, or of a structure of tensors, that returns such.
        xs: a tensor or a structure of tensors, of one size above 0 in dimension 0 (else ValueError).

    >>> import weft
    >>> weft.map(lambda x: x.sum(), weft.tensor([[1., 2.], [3., 4.]]))
    tensor([3., 7.])
    """
    check_callables("map", f=f)
    return scan(lambda _, x: ((), f(x)), (), xs)[1]


_MISSING = object()


def _unchanged(what, function):
    """The function, which raises RuntimeError where it has changed variables around it, or what these hold.

    A trace runs it once, whether and how often it will run: what it leaves in Python is not what eager mode leaves.
    """

    def call(*args):
        before = _variables_of(function)
        result = function(*args)
        for name, parts in _variables_of(function).items():
            known = before.get(name)
            if known is None or len(known) != len(parts) or any(a is not b for a, b in zip(known, parts)):
                _C._refuse_change_in_body(
                    f"{what}: a function in it changes {name!r}, which is around it. A trace runs it once, however "
                    "often it will run: return what it changes, and carry it from step to step"
                )
        return result

    return call


def _variables_of(function):
    """For each variable of an enclosing function: its value, and what that holds if it is a container or an object."""
    found, stack = {}, [function]
    while stack:
        one = stack.pop()
        one = getattr(one, "__func__", one)
        if not isinstance(one, types.FunctionType):
            continue
        for name, cell in zip(one.__code__.co_freevars, one.__closure__ or ()):
            if name in found:
                continue
            try:
                value = cell.cell_contents
            except ValueError:
                value = _MISSING
            found[name] = [value, *_parts(value)]
            if isinstance(value, types.FunctionType):  # a helper that the body calls
                stack.append(value)
    return found


def _parts(value):
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, (list, set, collections.deque)):
        return list(value)
    own = getattr(value, "__dict__", None)
    if isinstance(own, dict) and not isinstance(value, (weft.Tensor, weft.nn.Module, type, types.ModuleType)):
        return [] if callable(value) and isinstance(value, types.FunctionType) else [*own, *own.values()]
    if hasattr(type(value), "__next__"):
        return [_position(value)]
    return []


def _position(iterator):
    """Where an iterator stands, as far as it tells; a new object where it does not."""
    try:
        return repr(iterator.__reduce__())
    except (TypeError, AttributeError):
        frame = getattr(iterator, "gi_frame", None)
        return object() if frame is None else frame.f_lasti


def _operands(expected, given):
    if not isinstance(given, (tuple, list)):
        hint = "; put it into a tuple" if isinstance(given, weft.Tensor) else ""
        raise TypeError(f"{expected}, got {type(given).__name__}{hint}")
    for item in given:
        if not isinstance(item, weft.Tensor):
            raise TypeError(f"{expected}, got {type(item).__name__} in it")
    return tuple(given)


def _as_tuple(value):
    return (value,) if isinstance(value, weft.Tensor) else tuple(value)


def _contiguous(value):
    """The structure with contiguous tensors."""
    return _for_each(value, lambda tensor: tensor.contiguous())


def _own(value):
    """The structure with contiguous tensors that share no memory with others."""

    return _for_each(value, lambda x: x.clone() if x.is_contiguous() else x.contiguous())


def _for_each(value, function):
    if isinstance(value, weft.Tensor):
        return function(value)
    if isinstance(value, dict):
        return {key: _for_each(item, function) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        items = [_for_each(item, function) for item in value]
        return type(value)(*items) if hasattr(type(value), "_fields") else type(value)(items)
    return value


def _check_carried(what, before, after):
    if len(before) != len(after):
        raise ValueError(f"{what}: {len(before)} tensors are carried, but the function returned {len(after)}")
    for place, (one, two) in enumerate(zip(before, after)):
        if one.shape != two.shape or one.dtype != two.dtype:
            raise ValueError(
                f"{what}: what is carried must keep its shape and dtype; tensor {place} was {one.dtype} "
                f"{tuple(one.shape)} and became {two.dtype} {tuple(two.shape)}"
            )


def _flatten(value):
    """The tensors in a structure, and a function that makes the structure of other tensors."""
    if value is None:
        return [], lambda leaves: None
    if isinstance(value, weft.Tensor):
        return [value], lambda leaves: leaves[0]
    if isinstance(value, dict):
        keys, items, make = list(value), list(value.values()), lambda parts: dict(zip(keys, parts))
    elif isinstance(value, (tuple, list)):
        items = list(value)
        kind = type(value)
        make = (lambda parts: kind(*parts)) if hasattr(kind, "_fields") else kind
    else:
        raise TypeError(f"expected a tensor or a tuple, list or dict of tensors, got {type(value).__name__}")
    flattened = [_flatten(item) for item in items]

    def rebuild(leaves):
        parts, at = [], 0
        for own, make_item in flattened:
            parts.append(make_item(leaves[at : at + len(own)]))
            at += len(own)
        return make(parts)

    return [leaf for own, _ in flattened for leaf in own], rebuild
