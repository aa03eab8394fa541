"""export: traces a function or module once, and keeps what it does as a Program."""

import inspect

import weft
from weft import _C, _guards
from weft._jit_results import refuse_lazy
from weft._jit_state import StateSaved
from weft.export import tree
from weft.export.dims import is_static
from weft.export.program import Program, Signature


def export(mod, args, kwargs=None, *, dynamic_shapes=None, dynamic_dims=None, strict=False):
    """Traces a module or function for these arguments; gives a :class:`Program` that does the same without Python.

    mod: a Module, or a function of tensors. It runs once with symbolic tensors, as under :func:`weft.jit`, without
    gradients; Python's own control flow is resolved, and sizes, dtypes and everything that is no tensor are fixed.
    ``weft.cond``, ``while_loop`` and ``scan`` stay. A module is traced in the mode it is in: call ``eval()`` first where
    dropout and batch norm are not to train.

    args, kwargs: example arguments; tensors of any shape and dtype, numbers, strings, bools, None, and dicts, lists,
    tuples and named tuples of these. Only their types and what is no tensor matter.

    The program has copies of the parameters and buffers, under their names; other tensors from outside are constants of
    it. Buffers that the function changes, such as batch norm's, are the program's own, and change when it runs.

    strict is there for PyTorch's callers: tracing is the same either way.

    Raises RuntimeError where a value is needed that is not known while tracing (``if x > 0``, ``item()``), TypeError for
    arguments and results of other types, ValueError, naming op and line, for what a program cannot hold,
    NotImplementedError for sizes that are to vary.

    >>> import weft
    >>> model = weft.nn.Linear(2, 1)
    >>> program = weft.export.export(model, (weft.ones(3, 2),))
    >>> weft.equal(program(weft.zeros(3, 2)), model(weft.zeros(3, 2)))
    True
    """
    _C._refuse_while_tracing("export")
    args, kwargs = _checked_arguments(mod, args, kwargs)
    if dynamic_dims not in (None, False, (), {}) or not is_static(dynamic_shapes):
        raise NotImplementedError(
            "export: a program has the sizes of its example arguments; export one for each size, or pad the inputs (sizes "
            "that vary, dynamic_shapes and dynamic_dims, are not there yet)"
        )
    if type(strict) is not bool:
        raise TypeError(f"export: strict must be a bool, got {strict!r}")
    refuse_lazy("export", mod)
    names = _argument_names(mod, args)
    found = []
    arg_specs = [tree.flatten(value, name, found) for name, value in zip(names, args)]
    kwarg_specs = {key: tree.flatten(value, key, found) for key, value in kwargs.items()}
    found = [(name, tensor) for (name, _), tensor in zip(found, _apart([t for _, t in found]))]
    tensors = [tensor for _, tensor in found]
    call = _Call()
    with weft.no_grad():
        jit = _C._Jit(_callable_of(mod), call.run_traced, [], [], False)
        args = [tree.build(spec, tensors) for spec in arg_specs]
        kwargs = {key: tree.build(spec, tensors) for key, spec in kwarg_specs.items()}
        order = [_place(t, tensors) for t in jit._argument_tensors(*args, **kwargs)]
        traced = jit._trace_for_export(*args, **kwargs)
        compiled = _C._Program(traced, [found[i][0] for i in order], _state_of(mod))
    signature = Signature(names, arg_specs, kwarg_specs, order, call.spec)
    return Program(compiled, signature)


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
    """Runs the function under the trace, and takes its result apart."""

    spec = None

    def run_traced(self, function, args, kwargs):
        recorder = _guards.current()
        recorder.read_hooks_of_all_modules()
        recorder.met(function)
        state = StateSaved(of_trace=True)
        try:
            result = function(*args, **kwargs)
            recorder.function_returned()
            leaves = []
            self.spec = tree.flatten(result, "the result", leaves)
            return tuple(tensor for _, tensor in leaves)
        except BaseException:
            recorder.undo()
            state.restore()
            raise


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
