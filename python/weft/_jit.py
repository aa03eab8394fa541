"""weft.jit: runs Python functions as compiled graphs."""

import functools
import inspect
import os
import sys
import types
from pathlib import Path

from weft import _C, _guards
from weft._checks import check_flags
from weft._jit_check import call_checked
from weft._jit_fallback import call_or_fall_back, trace_or_explain
from weft._jit_results import refuse_lazy
from weft._jit_state import StateSaved


class Jitted(_C._Jit):
    """What :func:`jit` makes of a function. Call it like the function."""

    def __init__(self, function, dynamic_dims=None, recompute=True, cuda_graphs=True, check=None, fallback=False):
        refuse_lazy("jit", function)
        without = [] if recompute else ["recompute"]
        checked = call_checked if check or (check is None and _check_asked_for()) else None
        otherwise = call_or_fall_back if fallback else None
        dims = _both_ways(function, _read_dynamic_dims(dynamic_dims))
        super().__init__(function, _call_traced, dims, without, cuda_graphs, checked, otherwise)
        self._options = (dynamic_dims, recompute, cuda_graphs, check, fallback)
        self.__wrapped__ = function
        functools.update_wrapper(self, function)

    @property
    def falls_back(self):
        """Does a function that cannot be traced run eagerly?"""
        return self._options[-1]

    def __get__(self, instance, owner=None):
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self):
        name = getattr(self.__wrapped__, "__qualname__", None)
        if name and _found_in(sys.modules.get(self.__wrapped__.__module__), name) is self:
            return name  # as functions are pickled: by where they are found
        return Jitted, (self.__wrapped__, *self._options)

    def __deepcopy__(self, memo):
        import copy

        function = copy.deepcopy(self.__wrapped__, memo)
        return self if function is self.__wrapped__ else Jitted(function, *self._options)

    def _of_module(self, module):
        """The same for a copy of the module whose forward this is; itself if it is no method of another module."""
        function = self.__wrapped__
        if type(function) is not types.MethodType or function.__self__ is module:
            return self
        if type(function.__self__) is not type(module):
            return self
        return Jitted(types.MethodType(function.__func__, module), *self._options)

    def __repr__(self):
        return f"<weft.jit of {getattr(self.__wrapped__, '__qualname__', self.__wrapped__)}, {self.traces} traces>"

    def explain(self):
        """Says for each trace that is kept which call it was made for, and why no earlier one would do.

        Traces that differ only in the sizes of dynamic dimensions are one entry.
        """
        lines = []
        for number, group in enumerate(self._groups(), 1):
            compiled = group[0]
            lines.append(f"trace {number}: {compiled.reason}")
            lines += [f"  {part}" for part in compiled.signature]
            if len(group) > 1:
                shown = ", ".join(str(tuple(c.sizes)) if len(c.sizes) > 1 else str(c.sizes[0]) for c in group[:20])
                more = ", ..." if len(group) > 20 else ""
                once = "" if compiled.eager else ", each traced once"
                lines.append(f"  {len(group)} sizes of dynamic dimensions{once}: {shown}{more}")
            if compiled.eager:
                continue
            backward = compiled.num_steps(True)
            lines.append(f"  {compiled.num_steps(False)} steps" + (f", backward {backward} steps" if backward else ""))
            recordings = (("", compiled.recording_text(False)), ("backward: ", compiled.recording_text(True)))
            lines += [f"  {which}{text}" for which, text in recordings if text]
        return "\n".join(lines) or "not traced yet"

    def _groups(self):
        """What is compiled; together what differs only in the sizes of dynamic dimensions."""
        groups, latest = {}, {}
        for compiled in self.compiled:
            key = (compiled.group, compiled.reason) if compiled.group else id(compiled)
            if compiled.reason == "other sizes of dynamic dimensions":
                key = latest.get(compiled.group, key)
            if not compiled.eager:
                latest[compiled.group] = key
            groups.setdefault(key, []).append(compiled)
        return groups.values()

    def _last(self, args, kwargs):
        if args or kwargs:
            return self._compiled_for(args, kwargs)
        if not self.compiled:
            raise RuntimeError("jit: this function has not been called yet; call it first, or give arguments")
        return self.compiled[-1]

    def _compiled_for(self, args, kwargs):
        if not self.falls_back:
            return self.compile(*args, **kwargs)
        compiled, problem = trace_or_explain(self, args, kwargs)
        if problem is not None:
            raise problem.error
        return compiled

    def graph(self, *args, **kwargs):
        """The compiled graph for these arguments (none: of the last trace); a :class:`Graph`."""
        return Graph(self._last(args, kwargs), False)

    def backward_graph(self, *args, **kwargs):
        """The graph of backward, or None where the function takes no part in autograd."""
        compiled = self._last(args, kwargs)
        return Graph(compiled, True) if compiled.num_steps(True) else None

    def memory_plan(self, *args, **kwargs):
        """Where the values lie: peak, use over the steps, largest buffers. Text; known before the function runs."""
        compiled = self._last(args, kwargs)
        text = compiled.memory_text(False)
        return text + "\nbackward: " + compiled.memory_text(True) if compiled.num_steps(True) else text

    def profile(self, *args, **kwargs):
        """Runs the function, with all its effects, and says where the time went: the slowest ops, their lines. Text."""
        self._compiled_for(args, kwargs)
        steps = sorted(self._profile(*args, **kwargs), reverse=True)
        total = sum(seconds for seconds, *_ in steps) or 1.0
        lines = [f"{total * 1e6:.1f} us in {len(steps)} steps"]
        for seconds, op, shapes, line, *_ in steps[:30]:
            lines.append(f"{seconds * 1e6:10.1f} us {100 * seconds / total:5.1f} %  {op} of {shapes}  {line}")
        return "\n".join(lines)

    def dump(self, directory):
        """Writes the graph after every pass to text files in the directory, one folder for each trace."""
        directory = Path(directory)
        for number, compiled in enumerate(self.compiled, 1):
            folder = directory / f"trace{number}"
            folder.mkdir(parents=True, exist_ok=True)
            for place, (name, text) in enumerate(compiled.passes):
                (folder / f"{place:02}_{name}.txt").write_text(text)


def _found_in(module, name):
    for part in name.split("."):
        module = getattr(module, part, None)
    return module


class Graph:
    """A compiled graph to look at: ``print()`` shows it as text, :meth:`svg` draws it."""

    def __init__(self, compiled, backward):
        self._compiled = compiled
        self._backward = backward

    def __str__(self):
        return self._compiled.text(self._backward)

    __repr__ = __str__

    @property
    def peak_bytes(self):
        """Bytes that a run takes, beside its arguments and what it has captured."""
        return self._compiled.peak_bytes(self._backward)

    def dot(self):
        """The graph in graphviz's language."""
        return self._compiled.dot(self._backward)

    def svg(self, path=None):
        """The drawing as SVG text, written to the path if there is one. RuntimeError without graphviz's ``dot``."""
        import shutil
        import subprocess

        program = shutil.which("dot")
        if program is None:
            raise RuntimeError(
                "svg: graphviz is not installed (there is no program 'dot'); use dot() and draw elsewhere"
            )
        text = subprocess.run([program, "-Tsvg"], input=self.dot(), capture_output=True, text=True, check=True).stdout
        if path is not None:
            Path(path).write_text(text)
        return text

    def _repr_svg_(self):
        return self.svg()


def jit(function=None, *, dynamic_dims=None, recompute=True, cuda_graphs=True, check=None, fallback=False):
    """Compiles a function of tensors: the first call traces it, later calls run the compiled graph without Python.

    The function runs once with symbolic tensors for each signature of its arguments (shapes, dtypes, devices, what
    requires grad, and the values of everything that is no tensor). What it does with tensors is recorded, simplified,
    fused and planned; Python's own control flow is resolved while tracing. Parameters and other tensors from outside
    are read at every call. It may compute gradients and take optimizer steps inside, or be a part of an eager program
    that calls ``backward()`` on its results.

    dynamic_dims names dimensions whose sizes are expected to vary: an int or a tuple of ints for all tensor arguments,
    True for all dimensions of all of them, or a dict from an argument's position or name to its dimensions. Each new
    size still costs one trace, a few milliseconds; these traces are one entry of explain(), and the warning about many
    traces does not count them. A function keeps its 256 most recently used graphs, whatever they were made for.

    With fallback, a function that cannot be traced for its arguments (it needs a value, or has an effect that a graph
    would not repeat) runs eagerly for that signature, with one warning that names the line. What the broken-off trace
    did to generators, gradients, buffers and optimizers is taken back; other effects of Python may happen twice.

    With check (or ``WEFT_JIT_CHECK=1`` in the environment, for all functions that do not say check=False), every call
    runs the function eagerly as well, from the same state, and compares: results, gradients, in-place changes,
    generators, optimizers. RuntimeError names the first op and line that differ. Slow; effects of Python happen twice.

    With recompute (the default), cheap values such as activations and normalised inputs are computed twice rather than
    kept for backward, where what they are made of is kept anyway: less memory for a few percent of time.

    With cuda_graphs (the default), what runs on a GPU is recorded in the second call as a CUDA graph, and started as a
    whole from then on, where that is possible; explain() says whether it was.

    A Module keeps its identity: its ``forward`` is compiled, and the module returned.

    Raises RuntimeError where the function needs a value that is not known while tracing (``if x > 0``, ``item()``), and
    TypeError, without fallback, for arguments that are neither tensors nor hashable, and for results with tensors in
    other things than tuples, lists, dicts and instances of dataclasses; TypeError for generator functions and ``async
    def``; ValueError for dynamic_dims that name arguments or dimensions that are not there.

    >>> import weft
    >>> @weft.jit
    ... def f(x, y):
    ...     return (x * y + 1).relu()
    >>> f(weft.tensor([1., -2.]), weft.tensor([3., 4.]))
    tensor([4., 0.])
    >>> f.traces
    1
    """
    if function is None:
        return functools.partial(
            jit,
            dynamic_dims=dynamic_dims,
            recompute=recompute,
            cuda_graphs=cuda_graphs,
            check=check,
            fallback=fallback,
        )
    import weft

    check_flags("jit", recompute=recompute, cuda_graphs=cuda_graphs, check=check, fallback=fallback)
    options = (dynamic_dims, recompute, cuda_graphs, check, fallback)
    if isinstance(function, weft.nn.Module):
        object.__setattr__(function, "forward", Jitted(function.forward, *options))
        return function
    if not callable(function):
        raise TypeError(f"jit: expected a function or a Module, got {type(function).__name__}")
    return Jitted(function, *options)


def _check_asked_for():
    value = os.environ.get("WEFT_JIT_CHECK", "0")
    if value not in ("", "0", "1"):
        raise ValueError(f"WEFT_JIT_CHECK: expected 0 or 1, got {value!r}")
    return value == "1"


def _read_dynamic_dims(dims):
    """(argument, dimensions) pairs; the argument "" stands for all."""
    if dims is None or dims is False:
        return []
    if dims is True:
        return [("", (_C._ALL_DIMS,))]
    if not isinstance(dims, dict):
        dims = {"": dims}
    pairs = []
    for argument, value in dims.items():
        value = (value,) if isinstance(value, int) else tuple(value)
        if not isinstance(argument, (int, str)) or not all(
            isinstance(d, int) and not isinstance(d, bool) for d in value
        ):
            raise TypeError(
                "jit: dynamic_dims must be an int, a tuple of ints, True, or a dict from positions or names of "
                f"arguments to ints or tuples of them; got {argument!r}: {value!r}"
            )
        pairs.append((str(argument), value))
    return pairs


def _both_ways(function, dims):
    """The pairs of dynamic dimensions for arguments that are given by position as well as by name.

    Raises ValueError for arguments that the function does not have.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a function written in C
        return dims
    kinds = {p.kind for p in parameters}
    positions = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    pairs = []
    for argument, value in dims:
        pairs.append((argument, value))
        by_position = argument.isdecimal()
        if by_position and int(argument) < len(positions):
            pairs.append((positions[int(argument)], value))
        elif argument in positions:
            pairs.append((str(positions.index(argument)), value))
        elif argument and argument not in names and _rest(by_position) not in kinds:
            raise ValueError(
                f"jit: dynamic_dims names the argument {argument}, which the function does not have; it has "
                f"{', '.join(p.name for p in parameters) or 'none'}"
            )
    return pairs


def _rest(by_position):
    return inspect.Parameter.VAR_POSITIONAL if by_position else inspect.Parameter.VAR_KEYWORD


def _call_traced(function, args, kwargs, finish=None):
    """Runs the function under the trace. What it reads of Python is recorded (weft._guards).

    finish(result): what to return instead of the result; where it raises, the trace has failed.
    """
    recorder = _guards.current()
    recorder.read_hooks_of_all_modules()
    recorder.met(function)
    state = StateSaved(of_trace=True)
    try:
        result = function(*args, **kwargs)
        recorder.function_returned()
        return result if finish is None else finish(result)
    except BaseException:
        recorder.undo()
        state.restore()
        raise
