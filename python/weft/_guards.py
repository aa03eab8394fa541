"""What a trace of weft.jit reads of Python, recorded where it happens, and the guards that are made of it.

While a function is traced, every Python function of the program that runs is reported by a profile function (its
global variables, closure cells, default arguments and arguments), and every attribute that is read of a Module, or of
an object whose class has been met, by a ``__getattribute__`` that its class has for that time. Nothing is resolved by
running code of the program: only class and instance dicts are looked at.
"""

import collections
import dis
import functools
import gc
import importlib.util
import sys
import threading
import types
from pathlib import Path

from weft import _C

MISSING = object()
ALL_LEVELS, ONLY_TYPE, ONLY_ELEMENTS = -1, 0, 1  # how deep containers are compared
MAX_LEVELS, MAX_ARRAY_BYTES = 8, 1 << 20  # as in csrc/bindings/jit_guards.h

CONTAINERS = (list, tuple, dict, set, frozenset, collections.deque)
# What can have no state that a trace would not see otherwise.
PLAIN = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    range,
    slice,
    type(...),
    types.CodeType,
    types.ModuleType,
    type,
)
# Methods that change a container and read nothing of it.
CHANGING = frozenset(("append", "appendleft", "extend", "insert", "add", "update", "discard", "remove", "clear"))
PATCHED = ("__init__", "__setattr__")


@functools.cache
def is_installed(file):
    """Is it a file of the standard library or of an installed package, this one included?"""
    import sysconfig

    folders = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return file.startswith((*(f"{folder}/" for folder in folders), f"{Path(__file__).parent}/", "<frozen"))


def _is_own(kind):
    return kind.__module__ == "weft" or str(kind.__module__).startswith("weft.")


class Scan:
    """What the bytecode of a function reads: global names with the attributes read of them, attributes, imports."""

    def __init__(self, code):
        self.variables = []  # (name, attributes in a row, how deep the last of them is compared)
        self.imports = []  # (module, level, names)
        self.attributes = set()
        self.only_changed = set()  # offsets of instructions whose value is only changed
        steps = [i for i in dis.get_instructions(code) if i.opname not in ("EXTENDED_ARG", "CACHE", "PRECALL", "NOP")]
        stored = {i.argval for i in steps if i.opname == "STORE_NAME"}  # of a class body
        for place, step in enumerate(steps):
            if step.opname in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "IMPORT_FROM"):
                self.attributes.add(step.argval)
            if self._changes(steps, place + 1):
                self.only_changed.add(step.offset)
            if step.opname == "LOAD_GLOBAL" or (step.opname == "LOAD_NAME" and step.argval not in stored):
                chain, end = [], place + 1
                while end < len(steps) and steps[end].opname in ("LOAD_ATTR", "LOAD_METHOD"):
                    chain.append(steps[end].argval)
                    end += 1
                only_changed = len(chain) == 1 and chain[0] in CHANGING or self._changes(steps, place + 1)
                self.variables.append((step.argval, tuple(chain), ONLY_TYPE if only_changed else ALL_LEVELS))
            elif step.opname == "IMPORT_NAME":
                names, end = [], place + 1
                while end < len(steps) and steps[end].opname in ("IMPORT_FROM", "STORE_FAST", "STORE_DEREF"):
                    names += [steps[end].argval] * (steps[end].opname == "IMPORT_FROM")
                    end += 1
                level = steps[place - 2].argval if place >= 2 and isinstance(steps[place - 2].argval, int) else 0
                self.imports.append((step.argval, level, tuple(names)))
        self.cells_only_changed = self._cells_only_changed(code, steps)
        self.uses_class = bool({"super", "type"} & {name for name, *_ in self.variables})
        self.uses_class |= bool({"__class__", "__base__"} & self.attributes) or "__class__" in code.co_freevars

    def _cells_only_changed(self, code, steps):
        """The variables of enclosing functions that it and the functions in it only change."""
        reads = {"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"}
        names = set(code.co_freevars)
        names -= {i.argval for i in steps if i.opname in reads and i.offset not in self.only_changed}
        for inner in code.co_consts:
            if isinstance(inner, types.CodeType):
                names -= set(inner.co_freevars) - _scan(inner).cells_only_changed
        return names

    @staticmethod
    def _changes(steps, place):
        """Do the instructions from there on change what was loaded: x.append(...), x[key] = ...?"""
        if place >= len(steps):
            return False
        if steps[place].opname in ("LOAD_ATTR", "LOAD_METHOD"):
            return steps[place].argval in CHANGING
        key = steps[place].opname in ("LOAD_CONST", "LOAD_FAST")
        return key and place + 1 < len(steps) and steps[place + 1].opname == "STORE_SUBSCR"


_scan = functools.lru_cache(maxsize=4096)(Scan)


class Read:
    """An attribute that was read: of which object, how deep it is compared, where in the program."""

    __slots__ = ("levels", "line", "name", "owner")

    def __init__(self, owner, name, levels, line):
        self.owner, self.name, self.levels, self.line = owner, name, levels, line


class _State(threading.local):
    recorder = None


_state = _State()
_patch_lock = threading.RLock()
_patch_depth = 0
_patched = {}  # class -> {name: what it had of its own, or MISSING}


def current():
    """The recorder of this thread, or None."""
    return _state.recorder


def note_setting(name, getter, value):
    """A setting that is kept in Python is read: a trace that does so holds while getter() gives this value.

    Those that C++ keeps are noted there (csrc/bindings/jit_guards.h). Grad mode, autocast, default dtype and device are
    a part of each call's signature.
    """
    recorder = current()
    if recorder is not None and _C._is_tracing():
        recorder.read_setting(name, getter, value)


class Recorder:
    """All that one trace reads. ``finish()`` gives the guards."""

    def __init__(self):
        self.reads = {}  # (id of the object, name) -> Read
        self.variables = {}  # (id of the dict, name) -> (dict, name, levels, line)
        self.classes = {}  # (class, name) -> line
        self.codes = {}  # id of the code -> it, for functions that ran
        self.functions = {}  # id of the code -> functions with it
        self.whole = {}  # id -> object whose attributes are all compared
        self.arrays = {}  # id -> array that became a tensor
        self.optimizers = {}  # id -> [optimizer, did the program itself look into its parameter groups?]
        self.tensors = {}  # id -> tensor with attributes of its own
        self.settings = {}  # (id of the owner, name) -> owner
        self.flags = {}  # (id of the tensor, name of a property) -> tensor
        self.fresh = {}  # id -> module made by the traced function itself
        self.settled = {*PLAIN, types.BuiltinFunctionType, types.BuiltinMethodType, types.FrameType}
        self.met_functions = set()
        self.outer, self.started = None, False

    def start(self):
        global _patch_depth
        self.outer, _state.recorder = _state.recorder, self
        with _patch_lock:
            _patch_depth += 1
            self.started = True
            if _patch_depth == 1:
                _patch_modules()

    def stop(self):
        """Once more, where an interrupt has ended it half-way, goes on."""
        global _patch_depth
        _state.recorder = self.outer
        with _patch_lock:
            if self.started:  # no interrupt comes between these two lines, which call nothing
                self.started = False
                _patch_depth -= 1
            if _patch_depth:
                return
            for kind, names in list(_patched.items()):
                for name, own in names.items():
                    if own is not MISSING:
                        type.__setattr__(kind, name, own)
                    elif name in kind.__dict__:
                        type.__delattr__(kind, name)
            _patched.clear()

    # Functions

    def called(self, frame):
        """A function of the program was called."""
        code = frame.f_code
        scan = _scan(code)
        if id(code) not in self.codes:
            self.codes[id(code)] = code
            self._read_variables(scan, frame)
        if not (code.co_argcount or code.co_kwonlyargcount or code.co_freevars or code.co_flags & 0x0C):
            return
        values = list(frame.f_locals.values())
        for value in values:
            self.met(value)
            if issubclass(type(value), type):
                self._read_class(value, scan.attributes, frame)
            elif type(value) is types.ModuleType:
                self._read_chains(value, [((name,), ALL_LEVELS) for name in scan.attributes], frame)
        if scan.uses_class:
            for value in values:
                for base in () if issubclass(type(value), type) else type(value).__mro__:
                    self._read_class(base, scan.attributes & base.__dict__.keys(), frame)

    def _read_variables(self, scan, frame):
        variables, builtins = frame.f_globals, frame.f_builtins
        for name, chain, levels in scan.variables:
            value = variables.get(name, MISSING)
            if value is MISSING and name not in builtins and name in frame.f_locals:
                continue  # of a class body
            is_outer = bool(chain) and issubclass(type(value), (types.ModuleType, type))
            self._add_variable(variables, name, ONLY_ELEMENTS if is_outer else levels, frame)
            self.met(value)
            self._read_chains(value, [(chain, levels)], frame)
        for name, level, names in scan.imports:
            try:
                full = importlib.util.resolve_name("." * level + (name or ""), variables.get("__package__") or "")
            except (ImportError, ValueError):
                continue
            self._read_chains(sys.modules.get(full), [((n,), ALL_LEVELS) for n in names], frame)

    def read_hooks_of_all_modules(self):
        """A call of any module looks at them."""
        from weft.nn import hooks

        self._add_variable(vars(hooks), "global_hooks", ALL_LEVELS, None)

    def _add_variable(self, variables, name, levels, frame):
        known = self.variables.get((id(variables), name))
        if known is None or known[2] == ONLY_TYPE:
            self.variables[id(variables), name] = (variables, name, levels, _line(frame))

    def _read_chains(self, value, chains, frame):
        """Attributes read in a row of a module or a class; what comes after them reports its reads itself."""
        for chain, levels in chains:
            holder = value
            for place, name in enumerate(chain):
                if issubclass(type(holder), type):
                    self._read_class(holder, (name,), frame)
                    holder = _C._type_lookup(holder, name, MISSING)
                elif type(holder) is types.ModuleType and not _is_installed_module(holder):
                    members = holder.__dict__
                    if name not in members and place == 0 and len(chain) == 1 and levels is ALL_LEVELS:
                        break
                    next_one = chain[place + 1] if place + 1 < len(chain) else None
                    only_type = next_one in CHANGING or (next_one is None and levels == ONLY_TYPE)
                    self._add_variable(members, name, ONLY_TYPE if only_type else ALL_LEVELS, frame)
                    holder = members.get(name, MISSING)
                else:
                    break
                self.met(holder)

    def _read_class(self, kind, names, frame):
        if is_builtin_or_installed(kind):
            return
        for name in names:
            if (kind, name) not in self.classes:
                found = _C._type_lookup(kind, name, MISSING)
                if found is not MISSING:
                    self.classes[kind, name] = _line(frame)
                    self.met(found)

    # Values

    def met(self, value, level=0):
        """Sees to it that reads of the value are recorded from now on, and of all that is in it."""
        kind = type(value)
        if kind in self.settled:
            return
        if issubclass(kind, CONTAINERS):
            if kind not in CONTAINERS and issubclass(kind, CONTAINERS) and not kind.__module__ == "collections":
                self._watch_class(kind, value)
            if level < MAX_LEVELS:
                for element in _elements(value):
                    if type(element) not in self.settled:
                        self.met(element, level + 1)
        elif kind is types.FunctionType:
            self._met_function(value)
        elif kind is types.MethodType:
            self.met(value.__func__)
            self.met(value.__self__)
        elif kind in _WRAPPERS:
            for part in _WRAPPERS[kind](value):
                self.met(part)
        elif issubclass(kind, type):
            return
        elif issubclass(kind, _C.Tensor):
            if _C._instance_dict(value):
                self.tensors[id(value)] = value
        elif issubclass(kind, (collections.UserDict, collections.UserList)):
            self._add(value, "data", ALL_LEVELS, "")
            self.met(vars(value)["data"])
        elif issubclass(kind, _C._Jit):
            self.met(value.__wrapped__)
        else:
            self._watch_class(kind, value)

    def _met_function(self, function):
        if function in self.met_functions:
            return
        self.met_functions.add(function)
        self.functions.setdefault(id(function.__code__), []).append(function)
        if is_installed(function.__code__.co_filename):  # a decorator perhaps: what it is around counts
            for cell in function.__closure__ or ():
                self.met(_contents(cell))

    def met_array(self, array):
        """An array became a tensor."""
        ndarray = sys.modules["numpy"].ndarray
        while isinstance(array.base, ndarray):
            self.arrays.setdefault(id(array), [array, 0])
            array = array.base
        self.arrays.setdefault(id(array), [array, 0])[1] += 1

    def met_flag(self, tensor, name):
        """A property of a tensor that is no part of its type was read."""
        self.flags[id(tensor), name] = tensor

    def read_setting(self, name, getter, value, owner=None):
        """A setting (of the owner) was read; it has this value, which its getter will give again."""
        if (id(owner), name) in self.settings:
            return
        self.settings[id(owner), name] = owner

        def reason_to_retrace():
            now = getter()
            return "" if now == value else f"{name} is {now!r} instead of {value!r}"

        _C._watch_condition(reason_to_retrace)

    def _watch_class(self, kind, value):
        """Reads of attributes of instances are reported from now on."""
        if issubclass(kind, _Module()):
            self.settled.add(kind)
            return
        if issubclass(kind, _Optimizer()):
            self.optimizers.setdefault(id(value), [value, False])
            _patch_class(kind)
        elif _is_own(kind):
            self.settled.add(kind)
        elif _C._instance_dict(value) is None and not any(
            isinstance(v, types.MemberDescriptorType) for base in kind.__mro__[:-1] for v in base.__dict__.values()
        ):
            self.settled.add(kind)
        elif _patch_class(kind):
            self.settled.add(kind)
        elif id(value) not in self.whole:
            self.whole[id(value)] = value
            for element in (_C._instance_dict(value) or {}).values():
                self.met(element)

    def read(self, owner, name, value, frame):
        """An attribute of an object was read in this frame; value: MISSING where there is none."""
        code = frame.f_code
        if name == "__class__":
            return
        if is_installed(code.co_filename):
            if not issubclass(type(owner), _Module()):
                return
            levels = ALL_LEVELS
        else:
            levels = ONLY_TYPE if frame.f_lasti in _scan(code).only_changed else ALL_LEVELS
        if issubclass(type(owner), _Optimizer()):
            if name == "param_groups":
                self.optimizers[id(owner)] = [owner, True]
            return
        known = self.reads.get((id(owner), name))
        if known is None:
            if id(owner) in self.fresh:
                return
            if name == "__dict__" and levels and not is_installed(code.co_filename):
                self.whole[id(owner)] = owner
            self._add(owner, name, levels, frame)
            if value is not MISSING and type(value) not in self.settled:
                self.met(value)
        elif known.levels == ONLY_TYPE and levels != ONLY_TYPE:
            known.levels = levels

    def _add(self, owner, name, levels, frame):
        self.reads[id(owner), name] = Read(owner, name, levels, _line(frame) if frame else "")

    # Guards

    def finish(self):
        """The guards for everything that was read, as it is now: changes that the trace itself made are past."""
        guards = _C._Guards()
        self._guard_variables(guards)
        self._guard_functions(guards)
        for (kind, name), line in self.classes.items():
            self._guarded(line, guards.add_type, kind, name, f"attribute {name!r} of the class {kind.__name__}")
        self._guard_objects(guards)
        self._guard_arrays(guards)
        self._guard_tensors(guards)
        # Objects that only the trace has used go now, and their guards with them.
        mine = (self.reads, self.whole, self.fresh, self.arrays, self.optimizers, self.functions)
        for part in (*mine, self.tensors, self.flags):
            part.clear()
        self.met_functions.clear()
        guards.prune()
        return guards

    def _guarded(self, line, add, *args):
        try:
            add(*args)
        except RuntimeError as error:
            raise RuntimeError(f"{error}" + (f" (read at {line})" if line else "")) from None

    def _guard_variables(self, guards):
        for variables, name, levels, line in self.variables.values():
            self._guarded(line, guards.add_item, None, variables, name, f"the variable {name!r}", levels)

    def _guard_functions(self, guards):
        made = {id(c) for code in self.codes.values() for c in code.co_consts if isinstance(c, types.CodeType)}
        unknown = [
            code
            for number, code in self.codes.items()
            if code.co_freevars and number not in self.functions and number not in made
        ]
        if unknown:  # closures that came from somewhere else: all that there are with this code
            for function in gc.get_referrers(*unknown):
                if type(function) is types.FunctionType:
                    self.functions.setdefault(id(function.__code__), []).append(function)
        for number, code in self.codes.items():
            line = f"{code.co_filename}:{code.co_firstlineno}"
            for function in self.functions.get(number, ()):
                self._guarded(line, guards.add_function, function, function.__qualname__)
                for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
                    value = _contents(cell)
                    if not (issubclass(type(value), _C.Tensor) and value._is_traced):
                        levels = ONLY_TYPE if name in _scan(code).cells_only_changed else ALL_LEVELS
                        self._guarded(line, guards.add_cell, cell, f"the variable {name!r}", levels)

    def _guard_objects(self, guards):
        for read in self.reads.values():
            self._guard_read(guards, read)
        for owner in self.whole.values():
            own = _C._instance_dict(owner)
            if own is not None:
                label = f"the attributes of a {type(owner).__name__}"
                self._guarded("", guards.add_dict, owner, own, label, ALL_LEVELS)
        for optimizer, looked_into in self.optimizers.values():
            self._guard_param_groups(guards, optimizer, looked_into)

    def _guard_read(self, guards, read):
        owner, name, line = read.owner, read.name, read.line
        kind, own = type(owner), _C._instance_dict(owner)
        if name == "__dict__":
            if id(owner) not in self.whole:
                self._guard_members(guards, owner, own)
            return
        label = f"attribute {name!r} of a {kind.__name__}"
        found = _C._type_lookup(kind, name, MISSING)
        if hasattr(type(found), "__set__"):  # a data descriptor, which comes before the object's dict
            self._guarded(line, guards.add_type, kind, name, label)
            if type(found) is types.MemberDescriptorType:
                self._guarded(line, guards.add_slot, owner, found, label)
            elif type(found) is property and found.fget and _is_foreign(found.fget):
                self._guard_answer(guards, owner, name, label)
            return
        if own is not None:
            self._guarded(line, guards.add_item, owner, own, name, label, read.levels)
        if own is None or name not in own:
            self._guarded(line, guards.add_type, kind, name, label)
            if found is MISSING and _is_foreign(_C._type_lookup(kind, "__getattr__", None)):
                self._guard_answer(guards, owner, name, label)

    @staticmethod
    def _guard_answer(guards, owner, name, label):
        """Code of an installed package answers for the attribute: it is asked again at each call."""
        if type(getattr(owner, name, MISSING)) in PLAIN:
            guards.add_attribute(owner, name, label)

    def _guard_members(self, guards, module, own):
        """Code of this package has gone through the members of a module."""
        kind = type(module).__name__
        for name, value in own.items():
            kinds = (_C.Tensor, _Module(), dict) if name.startswith("_") else (_C.Tensor, _Module())
            if issubclass(type(value), kinds):
                guards.add_item(module, own, name, f"attribute {name!r} of a {kind}", ONLY_ELEMENTS)

    def _guard_param_groups(self, guards, optimizer, looked_into):
        """Which parameters there are, and options that the program itself reads: a schedule changes the others."""
        names, own = set(), _C._instance_dict(optimizer)
        if looked_into:
            names = {c for code in self.codes.values() for c in code.co_consts if isinstance(c, str)}
        guards.add_item(optimizer, own, "param_groups", "the parameter groups of an optimizer", ONLY_ELEMENTS)
        for group in own["param_groups"]:
            for name in {"params", *(names & group.keys())}:
                guards.add_item(optimizer, group, name, f"the option {name!r} of a parameter group", ALL_LEVELS)

    def _guard_tensors(self, guards):
        """Attributes of tensors, as far as code that ran may have named them."""
        names = set()
        for code in self.codes.values() if self.tensors else ():
            names |= _scan(code).attributes | {c for c in code.co_consts if isinstance(c, str)}
        for tensor in self.tensors.values():
            own = _C._instance_dict(tensor)
            for name in names & own.keys():
                guards.add_item(tensor, own, name, f"attribute {name!r} of a tensor", ALL_LEVELS)
        for (_, name), tensor in self.flags.items():
            guards.add_attribute(tensor, name, f"{name} of a tensor of shape {tuple(tensor.shape)}")

    def _guard_arrays(self, guards):
        for array, tensors in self.arrays.values():
            # Held by the entry, the loop's variable and the call's argument; by tensors made of it, if they still are.
            small = array.nbytes <= MAX_ARRAY_BYTES
            if sys.getrefcount(array) > 3 + (0 if small else tensors):
                guards.add_array(array, "the contents of an array that became a tensor")


def _elements(value):
    if isinstance(value, dict):
        yield from dict.keys(value)
        yield from dict.values(value)
    else:
        base = next(kind for kind in CONTAINERS if isinstance(value, kind))
        yield from base.__iter__(value)


def _contents(cell):
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None


def _line(frame):
    """The line of the program that is running there."""
    while frame is not None and is_installed(frame.f_code.co_filename):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else ""


def _is_foreign(function):
    """Does the function belong to an installed package other than this one, or to none that could be looked into?"""
    if function is None:
        return False
    code = getattr(function, "__code__", None)
    if code is None:
        return True
    return is_installed(code.co_filename) and not code.co_filename.startswith(f"{Path(__file__).parent}/")


@functools.lru_cache(maxsize=10000)
def is_builtin_or_installed(kind):
    """Is the class written in C or in an installed package?"""
    if not kind.__flags__ & (1 << 9):  # Py_TPFLAGS_HEAPTYPE
        return True
    if kind.__module__ == "__main__":
        return False
    module = sys.modules.get(kind.__module__)
    return module is not None and _is_installed_module(module)


def _is_installed_module(module):
    file = module.__dict__.get("__file__")
    return file is None and module.__name__ != "__main__" or file is not None and is_installed(file)


@functools.cache
def _Module():
    from weft.nn import Module

    return Module


def _Optimizer():
    module = sys.modules.get("weft.optim")  # where it is not imported, there are no optimizers
    return module.Optimizer if module else ()


_WRAPPERS = {
    functools.partial: lambda p: (p.func, p.args, p.keywords),
    functools._lru_cache_wrapper: lambda f: (f.__wrapped__,),
    property: lambda p: (p.fget,),
    staticmethod: lambda f: (f.__func__,),
    classmethod: lambda f: (f.__func__,),
}


def _patch_class(kind):
    """Has the class report reads of attributes; False where classes do not allow that."""
    with _patch_lock:
        if any(base in _patched for base in kind.__mro__):
            return True
        return _patch(kind, "__getattribute__", _reporting(kind.__getattribute__))


def _patch(kind, name, function):
    own = kind.__dict__.get(name, MISSING)
    try:
        type.__setattr__(kind, name, function)
    except TypeError:  # a class written in C
        return False
    _patched.setdefault(kind, {})[name] = own
    return True


def _reporting(original):
    def __getattribute__(self, name):
        recorder = _state.recorder
        if recorder is None:
            return original(self, name)
        try:
            value = original(self, name)
        except AttributeError:
            recorder.read(self, name, MISSING, sys._getframe(1))
            raise
        recorder.read(self, name, value, sys._getframe(1))
        return value

    return __getattribute__


def _patch_modules():
    """Modules report reads, and refuse to keep what would be lost."""
    module_type = _Module()
    make, set_attribute = module_type.__init__, module_type.__setattr__

    def __init__(self):
        recorder = _state.recorder
        if recorder is not None:
            recorder.fresh[id(self)] = self
        make(self)

    def __setattr__(self, name, value):
        recorder = _state.recorder
        if recorder is not None and _C._is_tracing() and id(self) not in recorder.fresh:
            if "_hooks" in object.__getattribute__(self, "__dict__"):
                _C._refuse(
                    f"jit: the attribute {name!r} of a {type(self).__name__} was set in a jitted function. That would "
                    "happen only once, while the function is traced. Make it a buffer and change it in place "
                    f"(self.{name}.copy_(...)), or return the value"
                )
        set_attribute(self, name, value)

    _patch(module_type, "__init__", __init__)
    _patch(module_type, "__setattr__", __setattr__)
    _patch(module_type, "__getattribute__", _reporting(module_type.__getattribute__))
