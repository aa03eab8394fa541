"""weft.jit: runs Python functions as compiled graphs."""

import functools
import threading
import types
from pathlib import Path

from weft import _C


class Jitted(_C._Jit):
    """What :func:`jit` makes of a function. Call it like the function."""

    def __init__(self, function, dynamic_dims=None, recompute=True, cuda_graphs=True):
        without = [] if recompute else ["recompute"]
        super().__init__(function, _call_traced, _read_dynamic_dims(dynamic_dims), without, cuda_graphs)
        self._options = (dynamic_dims, recompute, cuda_graphs)
        self.__wrapped__ = function
        functools.update_wrapper(self, function)

    def __get__(self, instance, owner=None):
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self):
        return Jitted, (self.__wrapped__, *self._options)

    def __deepcopy__(self, memo):
        import copy

        return Jitted(copy.deepcopy(self.__wrapped__, memo), *self._options)

    def __repr__(self):
        return f"<weft.jit of {getattr(self.__wrapped__, '__qualname__', self.__wrapped__)}, {self.traces} traces>"

    def explain(self):
        """Says for each trace which call it was made for, and why no earlier one would do."""
        lines = []
        for number, compiled in enumerate(self.compiled, 1):
            lines.append(f"trace {number}: {compiled.reason}")
            lines += [f"  {part}" for part in compiled.signature]
            backward = compiled.num_steps(True)
            lines.append(f"  {compiled.num_steps(False)} steps" + (f", backward {backward} steps" if backward else ""))
            recordings = (("", compiled.recording_text(False)), ("backward: ", compiled.recording_text(True)))
            lines += [f"  {which}{text}" for which, text in recordings if text]
        return "\n".join(lines) or "not traced yet"

    def _last(self, args, kwargs):
        if args or kwargs:
            return self.compile(*args, **kwargs)
        if not self.compiled:
            raise RuntimeError("jit: this function has not been called yet; call it first, or give arguments")
        return self.compiled[-1]

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
        steps = sorted(self._profile(*args, **kwargs), reverse=True)
        total = sum(seconds for seconds, *_ in steps) or 1.0
        lines = [f"{total * 1e6:.1f} us in {len(steps)} steps"]
        for seconds, op, shapes, line, *_ in steps[:30]:
            lines.append(f"{seconds * 1e6:10.1f} us {100 * seconds / total:5.1f} %  {op} of {shapes}  {line}")
        return "\n".join(lines)

    def dump(self, directory):
        """Writes the graph after every pass to text files in the directory, one folder for each trace."""
        for number, compiled in enumerate(self.compiled, 1):
            folder = Path(directory) / f"trace{number}"
            folder.mkdir(parents=True, exist_ok=True)
            for place, (name, text) in enumerate(compiled.passes):
                (folder / f"{place:02}_{name}.txt").write_text(text)


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


def jit(function=None, *, dynamic_dims=None, recompute=True, cuda_graphs=True):
    """Compiles a function of tensors: the first call traces it, later calls run the compiled graph without Python.

    The function runs once with symbolic tensors for each signature of its arguments (shapes, dtypes, devices, what
    requires grad, and the values of everything that is no tensor). What it does with tensors is recorded, simplified,
    fused and planned; Python's own control flow is resolved while tracing. Parameters and other tensors from outside
    are read at every call. It may compute gradients and take optimizer steps inside, or be a part of an eager program
    that calls ``backward()`` on its results.

    dynamic_dims names dimensions whose sizes may vary without a new trace: an int or a tuple of ints for all tensor
    arguments, or a dict from an argument's position or name to its dimensions. The function is traced at a few sizes
    more in its first call; where its ops depend on the sizes in another way than by sums and products, other sizes get
    traces of their own after all, and explain() says why. Sizes 0 and 1 always have traces of their own.

    With recompute (the default), cheap values such as activations and normalised inputs are computed twice rather than
    kept for backward, where what they are made of is kept anyway: less memory for a few percent of time.

    With cuda_graphs (the default), what runs on a GPU is recorded in the second call as a CUDA graph, and started as a
    whole from then on, where that is possible; explain() says whether it was.

    A Module keeps its identity: its ``forward`` is compiled, and the module returned.

    Raises RuntimeError where the function needs a value that is not known while tracing (``if x > 0``, ``item()``), and
    TypeError for arguments that are neither tensors nor hashable.

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
        return functools.partial(jit, dynamic_dims=dynamic_dims, recompute=recompute, cuda_graphs=cuda_graphs)
    import weft

    if isinstance(function, weft.nn.Module):
        object.__setattr__(function, "forward", Jitted(function.forward, dynamic_dims, recompute, cuda_graphs))
        return function
    if not callable(function):
        raise TypeError(f"jit: expected a function or a Module, got {type(function).__name__}")
    return Jitted(function, dynamic_dims, recompute, cuda_graphs)


def _read_dynamic_dims(dims):
    """(argument, dimensions) pairs; the argument "" stands for all."""
    if dims is None:
        return []
    if not isinstance(dims, dict):
        dims = {"": dims}
    pairs = []
    for argument, value in dims.items():
        value = (value,) if isinstance(value, int) else tuple(value)
        if not isinstance(argument, (int, str)) or not all(
            isinstance(d, int) and not isinstance(d, bool) for d in value
        ):
            raise TypeError(
                "jit: dynamic_dims must be an int, a tuple of ints, or a dict from positions or names of arguments to "
                f"these; got {argument!r}: {value!r}"
            )
        pairs.append((str(argument), value))
    return pairs


def _traced_result(name):
    def method(self, *args):
        result = getattr(int, name)(self, *args)
        return TracedSize(result) if type(result) is int else result

    return method


class TracedSize(int):
    """A size that may vary, while a function is traced: an int that reports what it is compared with.

    What the function does then holds for all sizes that compare the same way.
    """

    def _compare(self, kind, other, swapped=False):
        if isinstance(other, (int, float)):
            _C._note_comparison(kind, *((other, self) if swapped else (self, other)))

    def __lt__(self, other):
        self._compare(0, other)
        return int.__lt__(self, other)

    def __le__(self, other):
        self._compare(1, other)
        return int.__le__(self, other)

    def __gt__(self, other):
        self._compare(0, other, True)
        return int.__gt__(self, other)

    def __ge__(self, other):
        self._compare(1, other, True)
        return int.__ge__(self, other)

    def __eq__(self, other):
        self._compare(2, other)
        return int.__eq__(self, other)

    def __ne__(self, other):
        self._compare(2, other)
        return int.__ne__(self, other)

    def __bool__(self):
        self._compare(2, 0)
        return int.__bool__(self)

    def _exact(self):
        _C._note_comparison(3, self, self)

    def __hash__(self):
        self._exact()
        return int.__hash__(self)

    def __int__(self):
        self._exact()
        return int.__int__(self)


for _name in ("add", "sub", "mul", "floordiv", "mod", "pow", "lshift", "rshift", "and", "or", "xor"):
    for _full in (f"__{_name}__", f"__r{_name}__"):
        setattr(TracedSize, _full, _traced_result(_full))
for _full in ("__neg__", "__pos__", "__abs__", "__invert__"):
    setattr(TracedSize, _full, _traced_result(_full))
_C._set_traced_size_type(TracedSize)

_patch_lock = threading.RLock()
_patch_depth = 0


class _Fresh(threading.local):
    """What a trace has seen."""

    def __init__(self):
        self.modules = {}  # made by the traced function itself, by id
        self.functions = set()  # whose variables are watched


_fresh = _Fresh()


def _call_traced(function, args, kwargs):
    """Runs the function under the trace, with an eye on the modules and variables it uses."""
    from weft.nn import hooks

    owner = getattr(function, "__self__", None)
    with _ModulesWatched():
        _C._watch_variable(vars(hooks), "global_hooks")
        _watch_variables(function)
        if owner is not None and hasattr(owner, "_hooks") and hasattr(owner, "__dict__"):
            _C._watch(owner)
        return function(*args, **kwargs)


@functools.cache
def _is_installed(file):
    """Is it a file of the standard library or of an installed package, this one included?"""
    import sysconfig

    folders = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return file.startswith((*(f"{folder}/" for folder in folders), f"{Path(__file__).parent}/", "<frozen"))


@functools.lru_cache(maxsize=1000)
def _names(code):
    """Names of the variables from outside that code reads and does not set: (globals, those of closures)."""
    import dis

    reads, sets, cells = set(), set(), set()

    def visit(part, own):
        inside = {i.argval for i in dis.get_instructions(part) if i.opname == "STORE_NAME"}  # of a class body
        for instruction in dis.get_instructions(part):
            name = instruction.argval
            if instruction.opname == "LOAD_GLOBAL" or (instruction.opname == "LOAD_NAME" and name not in inside):
                reads.add(name)
            elif instruction.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
                sets.add(name)
            elif instruction.opname in ("STORE_DEREF", "DELETE_DEREF") and name not in own:
                cells.add(name)
        for constant in part.co_consts:
            if isinstance(constant, types.CodeType):
                visit(constant, own | set(constant.co_cellvars))

    visit(code, set(code.co_cellvars))
    return sorted(reads - sets), [name for name in code.co_freevars if name not in cells]


def _python_function(value):
    """The function behind something to call, or None. Asks no object of the program for its attributes."""
    for _ in range(10):
        kind = type(value)
        if kind is types.FunctionType:
            return value
        if kind is types.MethodType:
            value = value.__func__
        elif kind is functools.partial:
            value = value.func
        elif kind is Jitted or kind is functools._lru_cache_wrapper:
            value = value.__wrapped__
        else:
            return kind.__dict__.get("__call__") if type(kind.__dict__.get("__call__")) is types.FunctionType else None
    return None


def _watch_variables(function):
    """Watches the variables from outside that a function reads, and the functions among them."""
    waiting = [function]
    while waiting:
        function = _python_function(waiting.pop())
        if function is None or function in _fresh.functions:
            continue
        _fresh.functions.add(function)
        found = []
        outside, enclosing = _names(function.__code__)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            try:
                found.append((cell, name, cell.cell_contents))
            except ValueError:  # not set yet
                continue
        if _is_installed(function.__code__.co_filename):  # a decorator perhaps: what it is around counts
            waiting += [value for _, _, value in found]
            continue
        found = [entry for entry in found if entry[1] in enclosing]
        variables = function.__globals__
        found += [(variables, name, variables[name]) for name in outside if name in variables]
        for holder, name, value in found:
            if type(value) is not types.ModuleType:
                _C._watch_variable(holder, name)
                waiting.append(value)


class _ModulesWatched:
    """While tracing, modules say that they were called, and refuse to keep what would be lost."""

    def __enter__(self):
        global _patch_depth
        from weft.nn import Module

        self.before = _fresh.modules, _fresh.functions
        _fresh.modules, _fresh.functions = {}, set()
        with _patch_lock:
            if _patch_depth == 0:
                self._patch(Module)
            _patch_depth += 1

    def __exit__(self, *error):
        global _patch_depth
        from weft.nn import Module

        _fresh.modules, _fresh.functions = self.before
        with _patch_lock:
            _patch_depth -= 1
            if _patch_depth == 0:
                for name, original in _originals.items():
                    setattr(Module, name, original)

    @staticmethod
    def _patch(module_type):
        _originals.update({name: module_type.__dict__[name] for name in ("__init__", "__call__", "__setattr__")})

        def init(self):
            if _C._is_tracing():
                _fresh.modules[id(self)] = self
            _originals["__init__"](self)

        def call(self, *args, **kwargs):
            if _C._is_tracing() and id(self) not in _fresh.modules:
                _C._watch(self)
                _watch_variables(type(self).forward)
            return _originals["__call__"](self, *args, **kwargs)

        def set_attribute(self, name, value):
            if _C._is_tracing() and id(self) not in _fresh.modules and "_hooks" in self.__dict__:
                raise RuntimeError(
                    f"jit: the attribute {name!r} of a {type(self).__name__} was set in a jitted function. That would "
                    "happen only once, while the function is traced. Make it a buffer and change it in place "
                    f"(self.{name}.copy_(...)), or return the value"
                )
            _originals["__setattr__"](self, name, value)

        for name, patch in (("__init__", init), ("__call__", call), ("__setattr__", set_attribute)):
            setattr(module_type, name, patch)


_originals = {}
