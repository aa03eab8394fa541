"""weft.jit: runs Python functions as compiled graphs."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Generic, ParamSpec, TypeVar, overload

from weft import _C, _guards
from weft._checks import check_flags
from weft._jit_check import call_checked
from weft._jit_fallback import call_or_fall_back, trace_or_explain
from weft._jit_results import refuse_lazy
from weft._jit_state import StateSaved

_P = ParamSpec("_P")
_R = TypeVar("_R")

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Concatenate, Protocol, TypeAlias

    from weft.nn import Module

    _M = TypeVar("_M", bound=Module)
    _Q = ParamSpec("_Q")
    _S = TypeVar("_S")
    _Dims: TypeAlias = bool | int | tuple[int, ...] | dict[Any, int | tuple[int, ...]] | None

    class _Decorator(Protocol):
        """What ``jit(**options)`` gives."""

        @overload
        def __call__(self, function: _M, /) -> _M: ...
        @overload
        def __call__(self, function: Callable[_P, _R], /) -> Jitted[_P, _R]: ...


class Jitted(_C._Jit, Generic[_P, _R]):
    """What :func:`jit` makes of a function. Call it like the function.

    ``traces`` is the number of traces so far.

    >>> import weft
    >>> f = weft.jit(lambda x: x * 2 + 1)
    >>> f(weft.ones(2)), f(weft.ones(3)), f.traces
    (tensor([3., 3.]), tensor([3., 3., 3.]), 2)
    """

    def __init__(
        self,
        function: Callable[_P, _R],
        dynamic_dims: _Dims = None,
        recompute: bool = True,
        cuda_graphs: bool = True,
        check: bool | None = None,
        fallback: bool = False,
    ) -> None:
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
    def falls_back(self) -> bool:
        """Does a function that cannot be traced run eagerly?

        >>> import weft
        >>> weft.jit(lambda x: x * 2, fallback=True).falls_back
        True
        """
        return self._options[-1]

    if TYPE_CHECKING:

        def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R: ...

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Jitted[_P, _R]: ...
    @overload
    def __get__(self: Jitted[Concatenate[Any, _Q], _S], instance: object, owner: Any = None) -> Callable[_Q, _S]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> Any:
        name = getattr(self.__wrapped__, "__qualname__", None)
        if name and _found_in(sys.modules.get(self.__wrapped__.__module__), name) is self:
            return name  # as functions are pickled: by where they are found
        return Jitted, (self.__wrapped__, *self._options)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
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

    def __repr__(self) -> str:
        return f"<weft.jit of {getattr(self.__wrapped__, '__qualname__', self.__wrapped__)}, {self.traces} traces>"

    def explain(self) -> str:
        """Says for each trace that is kept which call it was made for, and why no earlier one would do. Text.

        Traces that differ only in the sizes of dynamic dimensions are one entry.

        >>> import weft
        >>> f = weft.jit(lambda x: x * 2)
        >>> f.explain()
        'not traced yet'
        >>> y = f(weft.ones(2))
        >>> f.explain().splitlines()[0]
        'trace 1: first call'
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

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The compiled graph, a :class:`Graph`; traces the function where it has to, without running it.

        Args:
            args, kwargs: arguments like those of the call; none for the last trace, RuntimeError where there is none.

        >>> import weft
        >>> f = weft.jit(lambda x: x * 2)
        >>> y = f(weft.ones(2))
        >>> "mul" in str(f.graph())
        True
        """
        return Graph(self._last(args, kwargs), False)

    def backward_graph(self, *args: Any, **kwargs: Any) -> Graph | None:
        """The graph of backward, or None where the function takes no part in autograd.

        Args:
            args, kwargs: arguments like those of the call; none for the last trace, RuntimeError where there is none.

        >>> import weft
        >>> f = weft.jit(lambda x: x * 2)
        >>> f.backward_graph(weft.ones(2)) is None, f.backward_graph(weft.ones(2, requires_grad=True)) is None
        (True, False)
        """
        compiled = self._last(args, kwargs)
        return Graph(compiled, True) if compiled.num_steps(True) else None

    def memory_plan(self, *args: Any, **kwargs: Any) -> str:
        """Where the values lie: peak, use over the steps, largest buffers. Text; known before the function runs.

        Args:
            args, kwargs: arguments like those of the call; none for the last trace, RuntimeError where there is none.

        >>> import weft
        >>> "peak" in weft.jit(lambda x: (x * 2).sum()).memory_plan(weft.ones(1000))
        True
        """
        compiled = self._last(args, kwargs)
        text = compiled.memory_text(False)
        return text + "\nbackward: " + compiled.memory_text(True) if compiled.num_steps(True) else text

    def profile(self, *args: _P.args, **kwargs: _P.kwargs) -> str:
        """Runs the function, with all its effects, and says where the time went: the slowest ops, their lines. Text.

        Args:
            args, kwargs: the arguments of the call.

        >>> import weft
        >>> "steps" in weft.jit(lambda x: (x * 2).sum()).profile(weft.ones(1000))
        True
        """
        self._compiled_for(args, kwargs)
        steps = sorted(self._profile(*args, **kwargs), reverse=True)
        total = sum(seconds for seconds, *_ in steps) or 1.0
        lines = [f"{total * 1e6:.1f} us in {len(steps)} steps"]
        for seconds, op, shapes, line, *_ in steps[:30]:
            lines.append(f"{seconds * 1e6:10.1f} us {100 * seconds / total:5.1f} %  {op} of {shapes}  {line}")
        return "\n".join(lines)

    def dump(self, directory: str | os.PathLike[str]) -> None:
        """Writes the graph after every pass to text files, in one folder for each trace.

        Args:
            directory: where the folders ``trace1``, ``trace2``, ... are made.

        >>> import weft, os, tempfile
        >>> f, directory = weft.jit(lambda x: x * 2), tempfile.mkdtemp()
        >>> y = f(weft.ones(2))
        >>> f.dump(directory)
        >>> os.listdir(directory)
        ['trace1']
        """
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
    """A compiled graph to look at: ``print()`` shows it as text, :meth:`svg` draws it, as notebooks do.

    >>> import weft
    >>> f = weft.jit(lambda x: x * 2)
    >>> "mul" in str(f.graph(weft.ones(2)))
    True
    """

    def __init__(self, compiled: Any, backward: bool) -> None:
        self._compiled = compiled
        self._backward = backward

    def __str__(self) -> str:
        return self._compiled.text(self._backward)

    __repr__ = __str__

    @property
    def peak_bytes(self) -> int:
        """Bytes that a run takes, beside its arguments and what it has captured.

        >>> import weft
        >>> weft.jit(lambda x: x * 2).graph(weft.ones(1000)).peak_bytes >= 4000
        True
        """
        return self._compiled.peak_bytes(self._backward)

    def dot(self) -> str:
        """The graph in graphviz's language.

        >>> import weft
        >>> weft.jit(lambda x: x * 2).graph(weft.ones(2)).dot()[:7]
        'digraph'
        """
        return self._compiled.dot(self._backward)

    def svg(self, path: str | os.PathLike[str] | None = None) -> str:
        """The drawing as SVG text. RuntimeError without graphviz's program ``dot``.

        Args:
            path: of a file to write it to as well.

        >>> import weft, shutil
        >>> if shutil.which("dot"):
        ...     assert "<svg" in weft.jit(lambda x: x * 2).graph(weft.ones(2)).svg()
        """
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

    def _repr_html_(self):
        import html

        try:
            drawing = self.svg()
        except RuntimeError:  # without graphviz there is the text
            drawing = f"<pre>{html.escape(str(self))}</pre>"
        return f"<div>a compiled graph, {self.peak_bytes:,} bytes at its peak</div>{drawing}"


@overload
def jit(
    function: _M,
    *,
    dynamic_dims: _Dims = None,
    recompute: bool = True,
    cuda_graphs: bool = True,
    check: bool | None = None,
    fallback: bool = False,
) -> _M: ...
@overload
def jit(
    function: Callable[_P, _R],
    *,
    dynamic_dims: _Dims = None,
    recompute: bool = True,
    cuda_graphs: bool = True,
    check: bool | None = None,
    fallback: bool = False,
) -> Jitted[_P, _R]: ...
@overload
def jit(
    function: None = None,
    *,
    dynamic_dims: _Dims = None,
    recompute: bool = True,
    cuda_graphs: bool = True,
    check: bool | None = None,
    fallback: bool = False,
) -> _Decorator: ...
def jit(
    function: Any = None,
    *,
    dynamic_dims: _Dims = None,
    recompute: bool = True,
    cuda_graphs: bool = True,
    check: bool | None = None,
    fallback: bool = False,
) -> Any:
    """Compiles a function of tensors: the first call traces it, later calls run the compiled graph without Python.

    The function runs once with symbolic tensors for each signature of its arguments (shapes, dtypes, devices, what
    requires grad, and the values of everything that is no tensor). What it does with tensors is recorded, simplified,
    fused and planned; Python's own control flow is resolved while tracing. Parameters and other tensors from outside
    are read at every call. It may compute gradients and take optimizer steps inside, or be a part of an eager program
    that calls ``backward()`` on its results. A Module keeps its identity: its ``forward`` is compiled, and the module
    returned. Without a function it gives a decorator.

    Args:
        function: a function of tensors, or a Module.
        dynamic_dims: dimensions whose sizes are expected to vary: an int or a tuple of ints for all tensor arguments,
            True for all dimensions of all of them, or a dict from an argument's position or name to its dimensions.
            Each new size still costs one trace, a few milliseconds; these traces are one entry of explain(), and the
            warning about many traces does not count them. A function keeps its 256 most recently used graphs, whatever
            they were for.
        recompute: compute cheap values such as activations and normalised inputs twice rather than keep them for
            backward, where what they are made of is kept anyway: less memory for a few percent of time.
        cuda_graphs: record what runs on a GPU in the second call as a CUDA graph, and start that as a whole from then
            on, where that is possible; explain() says whether it was.
        check: run the function eagerly as well in every call, from the same state, and compare results, gradients,
            in-place changes, generators and optimizers. RuntimeError names the first op and line that differ. Slow;
            effects of Python happen twice. None (the default) does what ``WEFT_JIT_CHECK`` in the environment says.
        fallback: a function that cannot be traced for its arguments (it needs a value, or has an effect that a graph
            would not repeat) runs eagerly for that signature, with one warning that names the line. What the broken-off
            trace did to generators, gradients, buffers and optimizers is taken back; other effects of Python may happen
            twice.

    Raises:
        RuntimeError: while tracing, the function needs a value that is not known (``if x > 0``, ``item()``).
        TypeError: it is a generator function or ``async def``; without fallback, for arguments that are neither tensors
            nor hashable, and results with tensors in other things than tuples, lists, dicts and instances of
            dataclasses.
        ValueError: dynamic_dims name arguments or dimensions that are not there.

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
