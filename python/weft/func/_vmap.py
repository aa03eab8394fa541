"""vmap: a function of one example made a function of a batch."""

from __future__ import annotations

import functools
import threading
import warnings

import weft
from weft import _C
from weft._checks import check_callables
from weft.func._trees import broadcast, flatten, tensors_only

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, ParamSpec, TypeVar

    _P = ParamSpec("_P")
    _R = TypeVar("_R")


_warned = set()


class _Calls(threading.local):
    """The randomness= of the calls of vmap that the thread is in."""

    def __init__(self) -> None:
        self.randomness: list[str] = []


_calls = _Calls()


def randomness_now() -> str:
    """That of the innermost vmap."""
    return _calls.randomness[-1]


def warn_of_loop(op: str) -> None:
    """Called from C++ where an op is applied to each element of the batch in turn."""
    if op not in _warned:
        _warned.add(op)
        warnings.warn(
            f"vmap: {op} has no rule for batches and is applied to each element in turn, which is slow",
            RuntimeWarning,
            stacklevel=2,
        )


def vmap(
    func: Callable[_P, _R],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: Literal["error", "different", "same"] = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[_P, _R]:
    """A function that applies ``func`` along a dimension of its arguments, all elements at once.

    ``func`` sees tensors without that dimension, whose values are not known: an ``if`` on them, ``item()`` and the like
    raise RuntimeError. It may change tensors in place that it has made, or its arguments; writing values that differ
    along the batch into a tensor that all share is a RuntimeError.

    Args:
        func: a function of tensors, or of structures of them, that returns such.
        in_dims: for each argument the dimension that goes away, or None for arguments that all elements share; an int
            for all of them, or a structure like the arguments'. Keyword arguments are shared.
        out_dims: where the dimension is in each result, None for one that is the same for all elements and has none.
        randomness: what ``func`` draws is an ``"error"``, ``"different"`` for each element, or the ``"same"``.
        chunk_size: how many elements to compute at once; None for all.

    Raises:
        ValueError: sizes along in_dims differ, there is nothing to go along, or an option is unknown.
        TypeError: func is no function, or in_dims or out_dims hold other things than ints and None.

    >>> import weft
    >>> weft.vmap(weft.dot)(weft.tensor([[1., 2.], [3., 4.]]), weft.tensor([[1., 1.], [2., 2.]]))
    tensor([ 3., 14.])
    >>> weft.vmap(lambda x, y: x + y, in_dims=(0, None), out_dims=1)(weft.ones(3, 2), weft.tensor([1., 2.])).shape
    weft.Size([2, 3])
    """
    check_callables("vmap", func=func)
    if not _is_dim(in_dims) and not isinstance(in_dims, (tuple, list)):
        raise TypeError(f"vmap: in_dims must be an int or a tuple with one entry per argument, got {in_dims!r}")
    for dim in flatten(in_dims)[0]:
        if dim is not None and not _is_dim(dim):
            raise TypeError(f"vmap: in_dims must hold ints and None, got {dim!r}")
    for dim in flatten(out_dims)[0]:
        if dim is not None and not _is_dim(dim):
            raise TypeError(f"vmap: out_dims must be an int, or hold ints and None, got {dim!r}")
    check_options("vmap", randomness, chunk_size)

    @functools.wraps(func)
    def batched(*args, **kwargs):
        leaves, tree, dims = _with_dims(args, kwargs, in_dims)
        sizes = {leaf.shape[dim] for leaf, dim in zip(leaves, dims) if dim is not None}
        if len(sizes) != 1:
            raise ValueError(
                f"vmap: the sizes along in_dims must agree, got {sorted(sizes)}"
                if sizes
                else "vmap: in_dims names no dimension of any argument to go along"
            )
        (size,) = sizes
        places = [place for place, dim in enumerate(dims) if dim is not None]
        whole = [leaves[place].movedim(dims[place], 0) for place in places]

        def run(parts, count):
            found, result_tree = _run(func, leaves, tree, places, parts, count, randomness)
            outs = broadcast(out_dims, result_tree, "vmap: out_dims")
            return [_whole(x, is_batched, dim, count) for (x, is_batched), dim in zip(found, outs)], outs, result_tree

        if chunk_size is None or chunk_size >= size:
            results, outs, result_tree = run(whole, size)
        else:
            chunks = []
            for start in range(0, size, chunk_size):
                count = min(chunk_size, size - start)
                chunks.append(run([x.narrow(0, start, count) for x in whole], count))
            _, outs, result_tree = chunks[0]
            columns = zip(*(own for own, _, _ in chunks))
            results = [column[0] if dim is None else weft.cat(column) for column, dim in zip(columns, outs)]
        return result_tree.build(x if dim is None else _placed(x, dim) for x, dim in zip(results, outs))

    return batched


def check_options(what: str, randomness: str, chunk_size: int | None) -> None:
    """Raises ValueError for options of vmap that are none."""
    if randomness not in ("error", "different", "same"):
        raise ValueError(f"{what}: randomness must be 'error', 'different' or 'same', got {randomness!r}")
    if chunk_size is not None and (not _is_dim(chunk_size) or chunk_size <= 0):
        raise ValueError(f"{what}: chunk_size must be a positive int or None, got {chunk_size!r}")


def _is_dim(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _with_dims(args, kwargs, in_dims):
    """The leaves of all arguments, their tree, and a dimension or None for each. Keyword arguments are shared."""
    if isinstance(in_dims, (tuple, list)) and len(in_dims) != len(args):
        raise ValueError(f"vmap: in_dims has {len(in_dims)} entries for {len(args)} arguments")
    leaves, tree = flatten((args, kwargs))
    own, own_tree = flatten(args)
    dims = broadcast(in_dims if isinstance(in_dims, int) else tuple(in_dims), own_tree, "vmap: in_dims")
    dims += [None] * (len(leaves) - len(own))
    if isinstance(in_dims, int):  # what is no tensor is shared
        dims = [dim if isinstance(leaf, weft.Tensor) else None for leaf, dim in zip(leaves, dims)]
    for place, (leaf, dim) in enumerate(zip(leaves, dims)):
        if dim is None:
            continue
        if not isinstance(leaf, weft.Tensor):
            raise ValueError(f"vmap: in_dims goes along an argument that is no tensor: {leaf!r}")
        if not -leaf.dim() <= dim < leaf.dim():
            raise ValueError(f"vmap: in_dims has {dim} for a tensor of shape {tuple(leaf.shape)}")
        dims[place] = dim % leaf.dim()
    return leaves, tree, dims


def _run(func, leaves, tree, places, parts, size, randomness):
    trees = []

    def flat(stand_ins):
        own = list(leaves)
        for place, stand_in in zip(places, stand_ins):
            own[place] = stand_in
        args, kwargs = tree.build(own)
        results, result_tree = flatten(func(*args, **kwargs))
        tensors_only(results, "vmap: result of the function")
        trees.append(result_tree)
        return results

    _calls.randomness.append(randomness)
    try:
        found = _C._vmap(flat, parts, size, randomness)
    finally:
        _calls.randomness.pop()
    return found, trees[0]


def _whole(x, is_batched, out_dim, size):
    """A result with the batch's dimension in front, or without it where out_dims says None."""
    if out_dim is not None:
        return x if is_batched else x.expand(size, *x.shape)
    if is_batched:
        raise ValueError(f"vmap: out_dims is None for a result of shape {tuple(x.shape[1:])} that differs in the batch")
    return x


def _placed(x, dim):
    if not -x.dim() <= dim < x.dim():
        raise ValueError(f"vmap: out_dims has {dim} for a result of {x.dim()} dimensions with that of the batch")
    return x.movedim(0, dim) if dim % x.dim() else x
