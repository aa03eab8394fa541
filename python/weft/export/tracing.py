"""export: traces a function or module once, and keeps what it does as a Program."""

from __future__ import annotations

import inspect
import json

import weft
from weft import _C
from weft._jit import _call_traced
from weft._jit_results import refuse_lazy
from weft._jit_state import EXPORTING
from weft.export import sizes, tree
from weft.export.dims import places_of
from weft.export.program import Program, Signature

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def export(
    mod: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    *,
    dynamic_shapes: Any = None,
    dynamic_dims: Any = None,
    strict: bool = False,
) -> Program:
    """Traces a module or function for these arguments; gives a :class:`Program` that does the same without Python.

    It runs once with symbolic tensors, as under :func:`weft.jit`, without gradients; Python's own control flow is
    resolved, and sizes, dtypes and everything that is no tensor are fixed. ``weft.cond``, ``while_loop`` and ``scan``
    stay. The program has copies of the parameters and buffers, under their names; other tensors from outside are its
    constants. Buffers that the function changes, such as batch norm's, are the program's own, and change when it runs.

    Args:
        mod: a Module, or a function of tensors. A module is traced in the mode it is in: call ``eval()`` first where
            dropout and batch norm are not to train.
        args, kwargs: example arguments; tensors of any shape and dtype, numbers, strings, bools, None, and dicts,
            lists, tuples and named tuples of these. Only their types and what is no tensor matter.
        dynamic_shapes: sizes that may vary, as in PyTorch: for each argument, by position or by name, a dict from
            dimensions to :class:`Dim`, or a list with an entry (a Dim or None) for each dimension; for containers,
            containers of these. The function is traced at many sizes of the ranges, 0 and 1 among them if they are
            allowed, and at all where they are few; numbers in the graph that depend on them are fitted by formulas,
            which must give every graph that was traced.
        dynamic_dims: names dimensions as :func:`weft.jit` does; those of one example size are one Dim, from 1 to 1024.
        strict: is there for PyTorch's callers: tracing is the same either way.

    Raises:
        RuntimeError: a value is needed that is not known while tracing (``if x > 0``, ``item()``).
        TypeError: arguments or results of other types.
        ValueError: a program cannot hold what op and line do, or it depends on a size in a way that no formula fits.

    >>> import weft
    >>> model = weft.nn.Linear(2, 1)
    >>> program = weft.export.export(model, (weft.ones(3, 2),))
    >>> weft.equal(program(weft.zeros(3, 2)), model(weft.zeros(3, 2)))
    True
    """
    _C._refuse_while_tracing("export")
    args, kwargs = _checked_arguments(mod, args, kwargs)
    if type(strict) is not bool:
        raise TypeError(f"export: strict must be a bool, got {strict!r}")
    refuse_lazy("export", mod)
    names = _argument_names(mod, args)
    found = []
    arg_specs = [tree.flatten(value, name, found) for name, value in zip(names, args)]
    kwarg_specs = {key: tree.flatten(value, key, found) for key, value in kwargs.items()}
    places = places_of(dynamic_shapes, dynamic_dims, names, arg_specs, kwarg_specs, found)
    call = _Call(mod, arg_specs, kwarg_specs, [name for name, _ in found])
    tensors = _apart([tensor for _, tensor in found])
    compiled = call.trace(tensors)
    signature = Signature(names, arg_specs, kwarg_specs, call.order, call.result)
    if places:
        compiled.set_sizes(json.dumps(_fitted(call, compiled, tensors, places)))
    return Program(compiled, signature)


def _fitted(call, compiled, tensors, places):
    """What the program is for all sizes of the dimensions at these places (number of a tensor, dimension, Dim)."""
    dims = list(dict.fromkeys(dim for _, _, dim in places))
    if len(dims) > sizes._MOST_DIMS:
        raise ValueError(f"export: {len(dims)} dimensions are to vary, at most {sizes._MOST_DIMS} may")
    cases = []
    for fixed in sizes.special_cases(dims):
        samples, ops = [], {}
        for chosen in sizes.sizes_to_trace(dims, fixed):
            described = _traced_at(call, compiled, tensors, places, dims, chosen)
            ops |= described["ops"]
            samples.append((chosen, described["graph"]))
        try:
            atoms, graph = sizes.template_of(samples)
        except sizes.Mismatch as mismatch:
            reason = sizes.described(mismatch, samples, dims)
            raise ValueError(
                f"export: one program cannot do what the function does for all of its sizes: {reason}; export programs "
                "for smaller ranges"
            ) from None
        cases.append({"fixed": list(fixed), "atoms": atoms, "ops": ops, "graph": graph})
    return {
        "dims": [{"name": d.name, "min": d.min, "max": d.max} for d in dims],
        "places": [[call.order.index(t), d, dims.index(dim)] for t, d, dim in places],
        "cases": cases,
    }


def _traced_at(call, compiled, tensors, places, dims, chosen):
    """The JSON of the program that is traced for these sizes."""
    shapes = [list(t.shape) for t in tensors]
    for tensor, d, dim in places:
        shapes[tensor][d] = chosen[dims.index(dim)]
    given = [weft.empty(shape, dtype=t.dtype, device=t.device) for shape, t in zip(shapes, tensors)]
    shown = ", ".join(f"{d.name}={n}" for d, n in zip(dims, chosen))
    try:
        traced = call.trace(given, share=True)
    except (ValueError, TypeError, RuntimeError, IndexError) as error:
        raise type(error)(f"export: the function fails for {shown}, which its dynamic_shapes allow: {error}") from error
    ours, theirs = (dict(p.tensors()) for p in (compiled, traced))
    constants = [name for name in ours if name.startswith("$")]
    if constants != [n for n in theirs if n.startswith("$")] or not all(
        _C._same_bits(ours[n], theirs[n]) for n in constants
    ):
        raise ValueError(
            f"export: the function makes another constant tensor for {shown} than for its example arguments; compute "
            "it with ops, such as weft.arange and weft.full, not from lists of numbers"
        )
    return json.loads(traced.to_json())


def _checked_arguments(mod, args, kwargs):
    if not callable(mod):
        raise TypeError(f"export: expected a Module or a function, got {type(mod).__name__}")
    if not isinstance(args, tuple):
        raise TypeError(
            f"export: args must be a tuple of the example arguments, got {type(args).__name__}; write (x,) for one"
        )
    kwargs = {} if kwargs is None else kwargs
    if not isinstance(kwargs, dict) or not all(type(key) is str for key in kwargs):
        raise TypeError("export: kwargs must be a dict from names to example arguments")
    return args, kwargs


class _Call:
    """A function that is traced for tensors in the places of its example arguments."""

    def __init__(self, mod, args, kwargs, names):
        self.mod, self.args, self.kwargs, self.names = mod, args, kwargs, names
        self.order = None  # for each argument of the graph, its number among the tensors
        self.result = None  # the spec of what the function returns

    def trace(self, tensors, share=False):
        """The compiled program. With ``share`` its tensors are the module's own: to look at."""
        args = [tree.build(spec, tensors) for spec in self.args]
        kwargs = {key: tree.build(spec, tensors) for key, spec in self.kwargs.items()}
        before = self.result
        with weft.no_grad():
            jit = _C._Jit(_callable_of(self.mod), self._run_traced, [], [], False)
            self.order = [_place(t, tensors) for t in jit._argument_tensors(*args, **kwargs)]
            token = EXPORTING.set(True)
            try:
                traced = jit._trace_for_export(*args, **kwargs)
            finally:
                EXPORTING.reset(token)
            names = [self.names[i] for i in self.order]
            compiled = _C._Program(traced, names, _state_of(self.mod), share)
        if before is not None and before != self.result:
            raise ValueError(f"it returns {self.result} instead of {before}")
        return compiled

    def _run_traced(self, function, args, kwargs):
        def finish(result):
            leaves = []
            self.result = tree.flatten(result, "the result", leaves)
            return tuple(tensor for _, tensor in leaves)

        return _call_traced(function, args, kwargs, finish)


def _callable_of(mod):
    return mod.__call__ if isinstance(mod, weft.nn.Module) else mod


def _argument_names(mod, args):
    """The names of the positional arguments."""
    function = mod.forward if isinstance(mod, weft.nn.Module) else mod
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a function written in C
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [names[i] if i < len(names) else f"args[{i}]" for i in range(len(args))]


def _apart(tensors):
    """The same tensors, contiguous, and none in the memory of another."""
    apart, seen = [], set()
    for tensor in tensors:
        tensor = tensor.detach()
        shared = (tensor.device, _memory(tensor)) in seen
        if shared or not tensor.is_contiguous() or tensor._base is not None:
            tensor = tensor.clone(memory_format=weft.contiguous_format)
        seen.add((tensor.device, _memory(tensor)))
        apart.append(tensor)
    return apart


def _memory(tensor):
    return tensor.data_ptr() if tensor.numel() else object()


def _place(tensor, tensors):
    return next(i for i, other in enumerate(tensors) if other is tensor)


def _state_of(mod):
    """(kind, name, other names, tensor, persistent) of every parameter and buffer."""
    if not isinstance(mod, weft.nn.Module):
        return []
    found = {}
    persistent = mod.state_dict().keys()
    for kind, members in (
        ("parameter", mod.named_parameters(remove_duplicate=False)),
        ("buffer", mod.named_buffers(remove_duplicate=False)),
    ):
        for name, tensor in members:
            if id(tensor) in found:
                found[id(tensor)][2].append(name)
            else:
                found[id(tensor)] = (kind, name, [], tensor, kind == "parameter" or name in persistent)
    return list(found.values())
