"""What a trace of weft.jit reads of Python, recorded where it happens, and the guards that are made of it.

While a function is traced, every Python function of the program that runs is reported by a profile function (its
global variables, closure cells, default arguments and arguments), and every attribute that is read of a Module, of a
module of the program, or of an object whose class has been met, by a ``__getattribute__`` that its class has for that
time. Of classes, and of objects that keep what they hold where no attribute shows it, all is compared. Nothing is
resolved by running code of the program: only class and instance dicts are looked at.

A guard compares with what was there at the first read. What differs at the end of the trace was changed by the function
itself, which a graph would not repeat: an error, unless the object was made by the trace, or is only written to.
"""

import collections
import functools
import gc
import io
import sys
import types
from pathlib import Path

from weft import _C, _guards_watch
from weft._guards_code import (
    ALL_LEVELS,
    CONTAINERS,
    MISSING,
    ONLY_ELEMENTS,
    ONLY_TYPE,
    contents,
    elements,
    is_builtin_or_installed,
    is_foreign,
    is_installed,
    is_own,
    line_of,
    module_type,
    optimizer_type,
    scan,
    settled_level,
)
from weft._guards_contents import (
    Before,
    TooLargeError,
    WatchedGroup,
    content_of,
    global_generators,
    put_back_of,
    reaches_generator,
)
from weft._guards_values import (
    CACHED_PROPERTY,
    CACHES,
    UNREAD,
    WRAPPERS,
    GuardList,
    has_own_reading,
    is_plain_container,
    only_counts,
    special_name,
)
from weft._guards_watch import state as _state
from weft._jit_kept import description, still_held

MAX_LEVELS, MAX_ARRAY_BYTES = 8, 1 << 20  # as in csrc/bindings/jit_guards.h

# What can have no state that a trace would not see otherwise.
PLAIN = (type(None), bool, int, float, complex, str, bytes, range, slice, type(...), types.CodeType)
_TENSOR_PARTS = ("_parameters", "_buffers", "_modules")

PACKAGE = f"{Path(__file__).parent}/"
# Who asks for these reads all of an object.
WHOLE = frozenset(("__dict__", "__reduce__", "__getstate__", "__deepcopy__"))


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


class CannotGoBackError(RuntimeError):
    """The trace has changed what nothing can put back, so that no eager run can follow."""


class Recorder:
    """All that one trace reads. ``finish()`` gives the guards."""

    def __init__(self):
        # While backward is traced, forward has those of the function itself.
        self.guards, self.forward = GuardList(), None
        self.problems = []  # (owner, name as in notes, error) of what cannot be guarded
        self.before = Before()
        self.reads = {}  # (id of the object, name) -> (object, how deep it is compared)
        self.own = {}  # (id of the object, name) -> object, for what the function sets before it reads it
        self.variables = {}  # (id of the dict, name) -> (dict, how deep it is compared)
        self.class_reads = set()  # (class, name)
        self.codes = {}  # id of the code -> it, for functions that ran
        self.ran = {}  # the same for those before backward
        self.functions = {}  # id of the code -> functions with it
        self.guarded = set()  # functions whose guards are made
        self.kept = {}  # id -> object whose guards on all that it holds are made
        self.arrays = {}  # id -> array that became a tensor
        self.optimizers = {}  # id -> optimizer
        self.generators = []  # (generator, its state) of the default ones of Python and NumPy
        self.drawn = set()  # ids of those that the function draws from
        self.settings = {}  # (id of the owner, name) -> owner
        self.fresh = {}  # id -> module made by the traced function itself
        self.settled = {*PLAIN, types.BuiltinFunctionType, types.FrameType, _C._function_type, _C._method_type}
        self.settled |= {_guards_watch.WatchedModule, WatchedGroup, Recorder}
        self.met_functions = set()
        self.asks_by_name = False  # does it use getattr() and the like?
        self.changed_before_read = []  # (object, what, line) that the function has added to and then read
        self.changes = []  # (number of the guard or None, what, line) that the function itself has changed
        self.tensors = []  # weak references to the tensors that the trace has made
        self.outer, self.started, self.asks_young = None, False, False

    def start(self):
        self.outer, _state.recorder = _state.recorder, self
        self.started = self.asks_young = True
        _state.tensors = self.tensors
        self.generators = [(one, put_back_of(type(one))[0](one)) for one in global_generators()]
        _guards_watch.tell_young()
        _guards_watch.start()

    def stop(self):
        """Once more, where an interrupt has ended it half-way, goes on."""
        _state.recorder = self.outer
        if self.started:
            self.started = False  # no interrupt comes between these two lines
            _guards_watch.stop()
        if self.asks_by_name:
            for function in self.met_functions:
                if not function.__dict__ and not is_installed(function.__code__.co_filename):
                    self._guard_members(function, function.__dict__, f"a {function.__qualname__}", "")
        self._let_go()
        self._find_changes()
        for generator, state in self.generators:  # other threads draw, too
            if id(generator) in self.drawn and self.before.state(generator, state):
                label = f"the state of the default generator of {type(generator).__module__.split('.')[0]}"
                self.changes.append((label, ""))
        if self.asks_young:
            self.asks_young = False
            _guards_watch.forget_young()

    def function_returned(self):
        """What follows is backward, with hooks and derivatives of the program. What these read is guarded apart too.

        It is compared once more before a backward that was compiled runs.
        """
        self.forward, self.guards = self.guards, GuardList()
        self.ran = dict(self.codes)
        reads = (self.reads, self.variables, self.class_reads, self.codes, self.guarded, self.kept)
        self.earlier = [list(part.values()) if type(part) is dict else list(part) for part in reads]  # so that ids stay
        for part in reads:
            part.clear()

    # Functions

    def called(self, frame):
        """A function of the program was called."""
        code = frame.f_code
        its = scan(code)
        if id(code) not in self.codes:
            self.codes[id(code)] = code
            self._read_variables(its, frame)
            for function in self.functions.get(id(code), ()):
                self._guard_function(function)
            if self.forward is not None:
                self._guard_cells_of_hook(code)
            if code.co_name == "<module>":  # imported now
                module = sys.modules.get(frame.f_globals.get("__name__"))
                if type(module) is types.ModuleType:
                    _guards_watch.watch_module(module)
        if not (code.co_argcount or code.co_kwonlyargcount or code.co_freevars or code.co_flags & 0x0C):
            return
        values = list(frame.f_locals.values())
        if values and (name := special_name(type(values[0]), code)):
            self._guard_class(values[0], line_of(frame))  # Python finds such methods without reading the attribute
            self._read_class(type(values[0]), (name,), frame)
        for value in values:
            if not issubclass(type(value), type):
                self.met(value)
            else:  # the argument of a class method; read in another way, it is among the names of the class anyway
                self._read_class(value, its.names, frame)
        if its.uses_class:
            for value in values:
                for base in () if issubclass(type(value), type) else type(value).__mro__:
                    self._read_class(base, its.attributes & base.__dict__.keys(), frame)
        if its.uses_type or its.looks_inside:
            for value in values:
                if its.uses_type:
                    self.met(type(value))
                if its.looks_inside:
                    self._guard_whole(value, frame)

    def _read_variables(self, its, frame):
        variables, builtins = frame.f_globals, frame.f_builtins
        for name in its.cleared:
            if is_plain_container(variables.get(name)):
                label = f"the variable {name!r}"
                self._guard(line_of(frame), None, "add_item", variables, name, label, ONLY_TYPE)
                self.own[id(variables), name] = variables
        for name in its.stored if frame.f_code.co_flags & 2 else ():  # not of a class body or a module
            if name in variables or name not in frame.f_code.co_freevars + frame.f_code.co_cellvars:
                self.before.item(variables, name)
        for name, chain, levels, is_called in its.variables:
            value = variables.get(name, MISSING)
            self.drawn.update(id(one) for one, _ in self.generators if reaches_generator(value, chain, one))
            if value is MISSING and name not in builtins and name in frame.f_locals:
                continue  # of a class body
            is_class = issubclass(type(value), type)
            self._add_variable(variables, name, ONLY_ELEMENTS if is_class and chain else levels, frame)
            if is_class and (chain or is_called):
                self._read_chain(value, chain, frame)
            else:
                self.met(value)
                if type(value) is types.FunctionType and chain:
                    self._guard_members(value, value.__dict__, f"a {value.__qualname__}", line_of(frame))
        self.asks_by_name |= its.asks_by_name
        if its.uses_globals:
            self._guard_members(None, variables, "this module", line_of(frame), "the variable")

    def read_hooks_of_all_modules(self):
        """A call of any module looks at them."""
        from weft.nn import hooks

        self._add_variable(vars(hooks), "global_hooks", ALL_LEVELS, None)

    def _add_variable(self, variables, name, levels, frame):
        known = self.variables.get((id(variables), name))
        levels = settled_level(levels, variables.get(name))
        if (id(variables), name) in self.own:
            return
        if known is None or (known[1] == ONLY_TYPE and levels != ONLY_TYPE):
            self.variables[id(variables), name] = (variables, levels)
            label = f"the variable {name!r}"
            has_changed = self.before.item(variables, name, levels != ONLY_TYPE)
            self._note_change(has_changed, None, levels, label, line_of(frame))
            if not only_counts(levels, variables.get(name)):
                self._guard(line_of(frame), None, "add_item", variables, name, label, levels)

    def _read_chain(self, kind, chain, frame):
        """Attributes read in a row of a class; what comes after them reports its reads itself."""
        for name in chain:
            if not issubclass(type(kind), type):
                break
            self._read_class(kind, (name,), frame, name == chain[-1])
            kind = _C._type_lookup(kind, name, MISSING)

    def _read_class(self, kind, names, frame, is_last=True):
        if is_builtin_or_installed(kind):
            return
        for name in names:
            if (kind, name) not in self.class_reads:
                found = _C._type_lookup(kind, name, MISSING)
                self.class_reads.add((kind, name))
                if found is not MISSING or is_last and len(names) == 1:
                    label = f"attribute {name!r} of the class {kind.__name__}"
                    for base in kind.__mro__:
                        if name in base.__dict__ and not is_builtin_or_installed(base):
                            self._note_change(
                                self.before.attribute_of_class(base, name), base, ALL_LEVELS, label, line_of(frame)
                            )
                            break
                    self._guard(line_of(frame), kind, "add_type", name, label)
                    if is_last or not issubclass(type(found), type):
                        self.met(found)

    # Values

    def met(self, value, level=0, seen=None):
        """Sees to it that reads of the value are recorded from now on, and of all that is in it."""
        kind = type(value)
        if kind in self.settled:
            return
        content = content_of(kind)
        if content is not None:
            self._guard_content(value, content)
        elif hasattr(kind, "__next__") and is_builtin_or_installed(kind) and not issubclass(kind, io.IOBase):
            self._refuse_iterator(value)
        if issubclass(kind, CONTAINERS):
            if kind not in CONTAINERS and not kind.__module__ == "collections":
                self._watch_class(kind, value)
            seen = {} if seen is None else seen  # at which level: containers may be in each other many times
            if level < seen.get(id(value), MAX_LEVELS):
                seen[id(value)] = level
                for element in elements(value):
                    if type(element) not in self.settled:
                        self.met(element, level + 1, seen)
        elif content is not None:
            if _C._instance_dict(value):
                self._watch_class(kind, value)
        elif kind is types.FunctionType:
            self._met_function(value)
        elif kind is types.MethodType:
            self.met(value.__func__)
            self.met(value.__self__)
        elif kind in WRAPPERS:
            for part in WRAPPERS[kind](value):
                self.met(part)
        elif kind is types.ModuleType:
            _guards_watch.watch_module(value)
        elif issubclass(kind, type):
            self._met_class(value)
        elif issubclass(kind, _C.Tensor):
            return
        elif issubclass(kind, (collections.UserDict, collections.UserList)):
            self._guard_whole(value, None)
        elif issubclass(kind, _C._Jit):
            self.met(value.__wrapped__)
        else:
            self._watch_class(kind, value)

    def _met_function(self, function):
        if function in self.met_functions:
            return
        self.met_functions.add(function)
        code = function.__code__
        self.functions.setdefault(id(code), []).append(function)
        if id(code) in self.codes:
            self._guard_function(function)
        if is_installed(code.co_filename):  # a decorator perhaps: what it is around counts
            for cell in function.__closure__ or ():
                value = contents(cell)
                if not issubclass(type(value), CACHES):
                    self.met(value)
        elif function.__dict__:
            line = f"{code.co_filename}:{code.co_firstlineno}"
            self._guard_members(function, function.__dict__, f"a {function.__qualname__}", line)

    def _met_class(self, kind):
        """A class was met as a value: all that it has is compared."""
        if id(kind) in self.kept or is_builtin_or_installed(kind):
            return
        for base in kind.__mro__:
            if id(base) not in self.kept and not is_builtin_or_installed(base):
                self.kept[id(base)] = base
                (members,) = gc.get_referents(base.__dict__)
                added = _guards_watch.added_names(base)
                self._guard_members(base, members, f"the class {base.__name__}", "", added=added)
        self.met(type(kind))

    def met_array(self, array):
        """An array became a tensor."""
        ndarray = sys.modules["numpy"].ndarray
        while isinstance(array.base, ndarray):
            self.arrays.setdefault(id(array), [array, 0])
            array = array.base
        self.arrays.setdefault(id(array), [array, 0])[1] += 1

    def met_flag(self, tensor, name):
        """A property of a tensor that is no part of its type was read."""
        if (id(tensor), name) not in self.reads:
            self.reads[id(tensor), name] = (tensor, ALL_LEVELS)
            label = f"{name} of a tensor of shape {tuple(tensor.shape)}"
            self._guard("", tensor, "add_attribute", name, label)

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
        if issubclass(kind, module_type()):
            self.settled.add(kind)
            return
        if issubclass(kind, optimizer_type()):
            if id(value) not in self.optimizers:
                self.optimizers[id(value)] = value
                self._guard_groups(value)
            _guards_watch.patch_class(kind)
        elif kind.__module__ == "weft.optim.optimizer" or kind.__module__.startswith("weft._"):
            self.settled.add(kind)  # what calls repeat
        elif _C._instance_dict(value) is None and not any(
            isinstance(v, types.MemberDescriptorType) for base in kind.__mro__[:-1] for v in base.__dict__.values()
        ):
            self.settled.add(kind)
        elif not _guards_watch.patch_class(kind):
            self._guard_whole(value, None)
        elif has_own_reading(kind):
            self._guard_whole(value, None)
        else:
            self.settled.add(kind)

    def written(self, owner, name):
        """The function sets an attribute of an object."""
        if (id(owner), name) not in self.reads:
            self.own[id(owner), name] = owner
            own = _C._instance_dict(owner)
            found = _C._type_lookup(type(owner), name, MISSING)
            if type(found) is types.MemberDescriptorType:
                self.before.slot(owner, found)
            elif own is not None and not hasattr(type(found), "__set__"):
                self.before.item(own, name)

    def deleted(self, owner, name):
        """The function deletes an attribute of an object."""
        self.own.pop((id(owner), name), None)

    def read(self, owner, name, value, frame):
        """An attribute was read in this frame (value: MISSING where there is none); returns what the frame gets."""
        code, kind = frame.f_code, type(owner)
        installed = is_installed(code.co_filename)
        if name == "__class__":
            if not installed:
                self.met(value)
            return value
        if code is CACHED_PROPERTY and name == "__dict__":
            return value  # what it finds or sets there is read as the attribute
        is_optimizer = issubclass(kind, optimizer_type())
        if installed:
            counts = is_own(kind) or not is_builtin_or_installed(kind)
            if is_optimizer or issubclass(kind, (types.ModuleType, _C.Tensor)) or not counts:
                return value
            levels = ALL_LEVELS
        else:
            levels = settled_level(scan(code).only_changed.get(frame.f_lasti, ALL_LEVELS), value)
        if is_optimizer and name == "param_groups" and id(owner) in self.optimizers:
            return [WatchedGroup(g, functools.partial(self._read_option, owner, g)) for g in value]
        known = self.reads.get((id(owner), name))
        if known is None:
            if id(owner) in self.fresh or (id(owner), name) in self.own:
                return value
            next_attribute = scan(code).next_attribute.get(frame.f_lasti)
            if not installed and next_attribute == "clear" and is_plain_container(value):
                self.own[id(owner), name] = owner
                self._guard_read(owner, name, ONLY_TYPE, frame, installed)
                return value
            self.reads[id(owner), name] = (owner, levels)
            self._guard_read(owner, name, levels, frame, installed)
            if value is not MISSING and type(value) not in self.settled:
                following = scan(code).next_attribute.get(frame.f_lasti, MISSING)
                if following is MISSING or not issubclass(type(value), type):
                    self.met(value)
                elif following is not None:
                    self._read_class(value, (following,), frame)
        elif known[1] == ONLY_TYPE and levels != ONLY_TYPE:
            self.reads[id(owner), name] = (owner, levels)
            self._guard_read(owner, name, levels, frame, installed)
        return value

    # Guards

    def _guard(self, line, owner, add, *args, name=None):
        """Adds a guard. owner: the object that it is about; None: nothing that could go."""
        if not line and _state.recorder is self:
            line = line_of(sys._getframe(1))
        try:
            self.guards.add(line, add, *(args if add == "add_cell" else (owner, *args)), name=name)
        except RuntimeError as error:
            problem = RuntimeError(f"{error}" + (f" (read at {line})" if line else ""))
            self.problems.append((owner, name, problem))

    def _note_change(self, has_changed, owner, levels, label, line):
        """It is read for the first time, after the function has changed it without reading it."""
        if has_changed and levels != ONLY_TYPE:
            self.changed_before_read.append((owner, label, line))

    def _guard_members(self, owner, members, whose, line, what="attribute", added=0):
        """All entries of a dict, and which there are. added: how many it has for the time of the trace only."""
        is_class = issubclass(type(owner), type)
        for name, value in list(members.items()):
            if not isinstance(name, str) or is_class and name in UNREAD:
                continue
            if is_class:
                self.before.attribute_of_class(owner, name)
            else:
                self.before.item(members, name)
            label = f"{what} {name!r} of {whose}"
            self._guard(line, owner, "add_item", members, name, label, ALL_LEVELS, name=name)
            self.met(value)
        label = f"which {what}s {whose} has"
        self._guard(line, owner, "add_count", members, len(members) - added, label, name=(members, set(members)))

    def _guard_whole(self, owner, frame):
        """All attributes of an object."""
        own = _C._instance_dict(owner)
        if own is None or id(owner) in self.kept:
            return
        self.kept[id(owner)] = owner
        self._guard_members(owner, own, f"a {type(owner).__name__}", line_of(frame) if frame else "")

    def _guard_content(self, value, content):
        if id(value) in self.kept:
            return
        self.kept[id(value)] = value
        try:
            now = content(value)
        except TooLargeError as error:
            line = line_of(sys._getframe(1))
            self.problems.append((value, None, RuntimeError(f"{error} (read at {line})")))
            return
        except Exception:  # what the program itself would run into, if it did this
            return
        self.before.container(now)
        self._guard("", value, "add_answer", content, f"what a {type(value).__name__} holds")
        if not self.before.content(value):
            self.guards.contents.add(len(self.guards.notes) - 1)
        self.met(now)

    def _refuse_iterator(self, value):
        """How far it has gone, nobody can see."""
        if id(value) not in self.kept:
            self.kept[id(value)] = value
            line = line_of(sys._getframe(1))
            text = (
                f"jit: how far a {type(value).__name__} has gone cannot be seen, so that a graph would go on with what "
            )
            text += "it gave at first. Take the value from it outside of the function, and pass it as an argument"
            self.problems.append((value, None, CannotGoBackError(f"{text} (read at {line})")))

    def _guard_function(self, function):
        if function in self.guarded:
            return
        self.guarded.add(function)
        code = function.__code__
        line = f"{code.co_filename}:{code.co_firstlineno}"
        self._guard(line, function, "add_function", function.__qualname__)
        self.before.defaults(function)
        for part in (function.__defaults__, function.__kwdefaults__):
            self.before.container(part)
        its = scan(code)
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            if name in its.cleared and is_plain_container(contents(cell)):
                self._guard(line, cell, "add_cell", cell, f"the variable {name!r}", ONLY_TYPE)
                self.own[id(cell), None] = cell
            elif name in its.stored:
                self.before.cell(cell)
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            value = contents(cell)
            if (id(cell), None) in self.own:
                self.met(value)
            elif name in its.cells_read and not (issubclass(type(value), _C.Tensor) and _C._is_symbolic(value)):
                levels = settled_level(its.cells_only_changed.get(name, ALL_LEVELS), value)
                has_changed = self.before.cell(cell, levels != ONLY_TYPE)
                self._note_change(has_changed, cell, levels, f"the variable {name!r}", line)
                if not only_counts(levels, value):
                    self._guard(line, cell, "add_cell", cell, f"the variable {name!r}", levels)

    def _guard_cells_of_hook(self, code):
        """A hook, or what it calls, that the function has made: variables of such names of the functions that ran."""
        for function in [function for known in self.functions.values() for function in known]:
            names = function.__code__.co_freevars
            for name, cell in zip(names, function.__closure__ or (), strict=True):
                value = contents(cell)
                if name in code.co_freevars and not (issubclass(type(value), _C.Tensor) and _C._is_symbolic(value)):
                    self._guard("", cell, "add_cell", cell, f"the variable {name!r}", ALL_LEVELS)

    def _guard_unknown_functions(self):
        """Closures that ran and came from somewhere else: all that there are with their code."""
        made = {id(c) for code in self.codes.values() for c in code.co_consts if isinstance(c, types.CodeType)}
        unknown = [
            code
            for number, code in self.codes.items()
            if code.co_freevars and number not in self.functions and number not in made
        ]
        for function in gc.get_referrers(*unknown) if unknown else ():
            if type(function) is types.FunctionType:
                self._guard_function(function)

    def _guard_read(self, owner, name, levels, frame, installed):
        if issubclass(type(owner), types.ModuleType):
            if name == "__dict__":
                self._guard_members(None, vars(owner), f"the module {owner.__name__}", line_of(frame), "the variable")
            elif name in vars(owner) or _C._type_lookup(type(owner), name, MISSING) is MISSING:
                self._add_variable(types.ModuleType.__getattribute__(owner, "__dict__"), name, levels, frame)
            return
        kind, line = type(owner), line_of(frame)
        own = _C._instance_dict(owner)
        if own is None and issubclass(kind, _C.Tensor):
            own = owner.__dict__  # made now, to see what comes into it
        if name in WHOLE and not (name != "__dict__" and issubclass(kind, _C.Tensor)):
            own_code = installed and frame.f_code.co_filename.startswith(PACKAGE)
            if not own_code and (levels or installed):  # copy and pickle read all of it
                self._guard_whole(owner, frame)
            elif issubclass(kind, module_type()):
                self._guard_parts(owner, own)
            return
        what = "tensor" if issubclass(kind, _C.Tensor) else kind.__name__
        label = f"attribute {name!r} of a {what}"
        if not issubclass(kind, _C.Tensor):
            self._guard_class(owner, line)
        found = _C._type_lookup(kind, name, MISSING)
        if hasattr(type(found), "__set__"):  # a data descriptor, which comes before the object's dict
            self._guard(line, kind, "add_type", name, label)
            if type(found) is types.MemberDescriptorType:
                self._note_change(self.before.slot(owner, found), owner, levels, label, line)
                self._guard(line, owner, "add_slot", found, label)
            elif type(found) is property and found.fget and is_foreign(found.fget):
                self._guard_answer(owner, name, label)
            return
        if own is not None:
            self._note_change(self.before.item(own, name, levels != ONLY_TYPE), owner, levels, label, line)
            if not only_counts(levels, own.get(name)):
                self._guard(line, owner, "add_item", own, name, label, levels)
        if own is None or name not in own:
            for base in kind.__mro__ if found is not MISSING else ():
                if name in base.__dict__:
                    if not is_builtin_or_installed(base):
                        has_changed = self.before.attribute_of_class(base, name, levels != ONLY_TYPE)
                        self._note_change(has_changed, base, levels, label, line)
                    break
            self._guard(line, kind, "add_type", name, label)
            if found is MISSING and is_foreign(_C._type_lookup(kind, "__getattr__", None)):
                self._guard_answer(owner, name, label)

    def _guard_class(self, owner, line):
        if (id(owner), "__class__") not in self.reads:
            self.reads[id(owner), "__class__"] = (owner, ALL_LEVELS)
            self._guard(line, owner, "add_class", f"the class of a {type(owner).__name__}")

    def _guard_answer(self, owner, name, label):
        """Code of an installed package answers for the attribute: it is asked again at each call."""
        if type(getattr(owner, name, MISSING)) in PLAIN:
            self._guard("", owner, "add_attribute", name, label)
            self.guards.asked.add(len(self.guards.notes) - 1)

    def _guard_parts(self, module, own):
        """Code of this package goes through the members of a module."""
        kind = type(module).__name__
        for name, value in own.items():
            kinds = (_C.Tensor, module_type(), dict) if name.startswith("_") else (_C.Tensor, module_type())
            if issubclass(type(value), kinds):
                self._guard("", module, "add_item", own, name, f"attribute {name!r} of a {kind}", ONLY_ELEMENTS)

    def _guard_groups(self, optimizer):
        """Which parameters there are. Steps read the other options anew at each call."""
        own = _C._instance_dict(optimizer)
        groups = own.get("param_groups")
        self._guard(
            "", optimizer, "add_item", own, "param_groups", "the parameter groups of an optimizer", ONLY_ELEMENTS
        )
        for group in groups if type(groups) is list else ():
            self._read_option(optimizer, group, "params")

    def _read_option(self, optimizer, group, name):
        """The program reads an option of a parameter group; name None: which there are."""
        if (id(group), name) in self.reads:
            return
        self.reads[id(group), name] = (group, ALL_LEVELS)
        if name is None:
            self._guard("", optimizer, "add_count", group, len(group), "the options of a parameter group")
        else:
            label = f"the option {name!r} of a parameter group"
            self._guard("", optimizer, "add_item", group, name, label, ALL_LEVELS)
            self.met(group.get(name))

    def _guard_arrays(self):
        for array, tensors in self.arrays.values():
            # Held by the entry, the loop's variable and the call's argument; by tensors made of it, if they still are.
            small = array.nbytes <= MAX_ARRAY_BYTES
            if sys.getrefcount(array) > 3 + (0 if small else tensors):
                self._guard("", array, "add_array", "the contents of an array that became a tensor")

    # The end

    def _let_go(self):
        """Objects that only the trace has used go, and their guards with them."""
        for part in (self.reads, self.own, self.kept, self.fresh, self.optimizers, self.met_functions, self.guarded):
            part.clear()
        self.earlier = ()

    def _find_changes(self):
        """What differs from the first read."""
        self.is_compared = False
        self._compare()
        self.is_compared = True

    def _compare(self):
        phases = [one for one in (self.forward, self.guards) if one is not None]
        found = [(one, one.differing()) for one in phases]
        if not any(differing for _, differing in found) and not self.problems and not self.changed_before_read:
            return
        young = _guards_watch.young()
        scans = [scan(code) for code in (*self.ran.values(), *self.codes.values())]
        names, counted = set().union(*(s.names for s in scans)), set().union(*(s.counted for s in scans))

        any_name = any(s.computes_names for s in scans)

        def unread(name):
            if any_name:
                return False
            if type(name) is tuple:  # which there are
                return not names & (set(name[0]) ^ name[1])
            return name is not None and name not in names

        self.problems = [p for p in self.problems if id(p[0]) not in young and not unread(p[1])]
        self.changes = [what for about, *what in self.changed_before_read if id(about) not in young]
        for one, differing in found:
            gone = []
            for number, about in differing:
                line, name = one.notes[number]
                if id(about) in young:
                    continue
                if unread(name) and type(name) is str and name in counted:
                    gone.append(number)
                elif unread(name):
                    one.made.renew(number, ALL_LEVELS)
                else:
                    self.changes.append((one.made.label(number), line))
            one.made.drop([number for number, about in differing if id(about) in young or number in gone])

    def check_state(self):
        """RuntimeError for what cannot be guarded, what the function has changed, and tensors that it has kept.

        Its results are gone by then.
        """
        if not self.is_compared:
            raise RuntimeError("jit: what the traced function has read could not be compared")
        for _, _, problem in self.problems:
            self.undo()
            raise problem from None
        if self.changes:
            label, line = self.changes[0]
            self.undo()
            _state.changed = True
            moved_on = any(one is not None and one.has_moved_on() for one in (self.guards, self.forward))
            raise (CannotGoBackError if moved_on else RuntimeError)(
                f"jit: {label} was changed in a jitted function that reads it. A graph would go on with the value of "
                "the first call. Keep it in a tensor and change that in place (copy_, add_), or pass it as an argument "
                "and return it" + (f" (read at {line})" if line else "")
            )
        held = self._tensors_still_held()
        if held:
            holder = description(held)
            self.undo()
            _state.changed = True
            raise RuntimeError(
                f"jit: a tensor of shape {tuple(held[0].shape)} that a jitted function has made is kept by {holder}. "
                "It has no values, and no other call would keep one. Return it, copy it into a "
                "tensor made outside (copy_), or compute it before the function is called"
            )

    def _tensors_still_held(self):
        if all(reference() is None for reference in self.tensors):
            return []
        if _state.goes_back:
            _state.young = _guards_watch.young()
            self.before.forget(_state.young)
        else:
            self.before.clear()
        for known in (self.met_functions, self.guarded, *self.functions.values()):
            known.clear()  # closures that the trace has made, over tensors that it has made
        return still_held(self.tensors, self._prune)

    def _prune(self):
        """Lets go of what only this holds."""
        both = [one for one in (self.forward, self.guards) if one is not None]
        for one in both:
            one.notes = [(line, None) for line, _ in one.notes]
            one.made.prune(both[-1].made if one is not both[-1] else None)

    def finish(self):
        """The guards for everything that was read, after check_state()."""
        backward = self.guards if self.forward is not None else None
        self.guards = self.forward or self.guards
        self.before.clear()
        self.codes.update(self.ran)
        self._guard_unknown_functions()
        self._guard_arrays()
        for _, _, problem in self.problems:
            raise problem from None
        for part in (self.arrays, self.functions):
            part.clear()
        self._let_go()
        if backward is not None and backward.notes:
            backward.made.prune()
            self.guards.made.set_backward(backward.made)
        self.guards.made.prune()
        return self.guards.made

    def undo(self):
        """Where the function runs eagerly instead, what was read is again as it was then.

        Otherwise it is as the error left it: other threads may have changed what was read, too.
        """
        if _state.goes_back:
            self.before.put_back()
