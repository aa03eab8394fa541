"""Classes, modules and tensors report to the recorder of a trace what is read of them, for as long as there is one."""

import gc
import sys
import threading
import types

import numpy

from weft import _C
from weft._guards_code import MISSING, is_installed_module, members_type, module_type


class _State(threading.local):
    recorder = None
    goes_back = False  # does the function run eagerly where it cannot be traced?
    tensors = ()  # weak references to those that the last trace has made
    young = None  # what young() has told after it, if it was asked
    changed = False  # has it failed because of what it has kept or changed, so that the next one may find that there?


state = _State()
_lock = threading.RLock()
_depth = 0
_patched = {}  # class -> {name: what it had of its own, or MISSING}
_watched_modules = []
_asking = 0  # how many want to know what is young
_known_young = frozenset()  # ids: see collect()
_older = frozenset()  # ids of what was there before, for a collector that does not know
_alive = None  # that itself: nothing new may get one of these ids. An array, which gc.get_referrers() does not see
NO_GENERATIONS = "t" in getattr(sys, "abiflags", "")  # of free-threaded Python
_collects = False  # is the garbage collector to run by itself again?


def _reporting(original):
    def __getattribute__(self, name):
        recorder = state.recorder
        if recorder is None:
            return original(self, name)
        try:
            value = original(self, name)
        except AttributeError:
            recorder.read(self, name, MISSING, sys._getframe(1))
            raise
        return recorder.read(self, name, value, sys._getframe(1))

    return __getattribute__


class WatchedModule(types.ModuleType):
    """What a module of the program is while a trace runs."""

    __getattribute__ = _reporting(types.ModuleType.__getattribute__)


def start():
    """From now on reads are reported."""
    global _depth
    with _lock:
        _depth += 1
        if _depth == 1:
            _patch_modules()
            _patch_tensors()
            for module in list(sys.modules.values()):
                if type(module) is types.ModuleType:
                    watch_module(module)


def stop():
    """Ends what start() began. Once more, where an interrupt has ended it half-way, goes on."""
    global _depth
    with _lock:
        _depth = max(_depth - 1, 0)
        if _depth:
            return
        while _watched_modules:
            _watched_modules[-1].__class__ = types.ModuleType
            _watched_modules.pop()
        for kind, names in list(_patched.items()):
            for name, own in names.items():
                if own is not MISSING:
                    type.__setattr__(kind, name, own)
                elif name in kind.__dict__:
                    type.__delattr__(kind, name)
        _patched.clear()


def tell_young():
    """From now on objects that are made can be told from others: see young(). Ended by forget_young().

    The garbage collector, which does not run by itself meanwhile, has them in its youngest generation.
    """
    global _asking, _collects, _known_young, _older, _alive
    with _lock:
        _asking += 1
        if _asking == 1:
            _collects = gc.isenabled()
            gc.disable()
            gc.collect(0)
            _known_young = frozenset()
            if NO_GENERATIONS:
                there = gc.get_objects()
                _alive = numpy.fromiter(there, object, len(there))
                _older = {id(one) for one in there}


def forget_young():
    """The garbage collector runs again as before, when nobody needs it to wait any more."""
    global _asking, _older, _alive
    let_go = None  # after the lock is, because that may run code of the program
    with _lock:
        _asking = max(_asking - 1, 0)
        if not _asking:
            let_go, _alive, _older = _alive, None, frozenset()
        if not _asking and _collects:
            gc.enable()
    del let_go


def young():
    """The ids of the objects that were made since tell_young(), and of some from before where traces overlap.

    Where the program itself has called the collector, some are missing.
    """
    with _lock:
        if NO_GENERATIONS:
            return {id(one) for one in gc.get_objects()} - _older
        return _known_young | {id(one) for one in gc.get_objects(generation=0)}


def collect(generation):
    """Has the garbage collector run. What is young stays so."""
    global _known_young
    with _lock:
        if _asking:
            _known_young |= young()
        gc.collect(generation)


def watch_module(module):
    """A module of the program reports reads from now on."""
    if is_installed_module(module):
        return
    with _lock:
        if type(module) is types.ModuleType:
            _watched_modules.append(module)
            module.__class__ = WatchedModule


def added_names(kind):
    """How many names the class has for the time of the trace only."""
    return sum(own is MISSING for own in _patched.get(kind, {}).values())


def own_of(kind, name):
    """What the class itself has for the name outside of traces; MISSING: nothing."""
    return _patched.get(kind, {}).get(name, kind.__dict__.get(name, MISSING))


def patch_class(kind):
    """Has the class report reads of attributes; False where classes do not allow that."""
    with _lock:
        if any("__getattribute__" in _patched.get(base, ()) for base in kind.__mro__):
            return True
        set_attribute, delete_attribute = kind.__setattr__, kind.__delattr__

        def __setattr__(self, name, value):
            if state.recorder is not None:
                state.recorder.written(self, name)
            set_attribute(self, name, value)

        def __delattr__(self, name):
            if state.recorder is not None:
                state.recorder.deleted(self, name)
            delete_attribute(self, name)

        if not _patch(kind, "__getattribute__", _reporting(kind.__getattribute__)):
            return False
        return _patch(kind, "__setattr__", __setattr__) and _patch(kind, "__delattr__", __delattr__)


def _patch(kind, name, function):
    own = kind.__dict__.get(name, MISSING)
    try:
        type.__setattr__(kind, name, function)
    except TypeError:  # a class written in C
        return False
    _patched.setdefault(kind, {})[name] = own
    return True


def _is_there(members, name, value):
    """Is it what the attribute has already? `module.n += 1` sets a tensor that it has changed in place."""
    known = members.get(name, MISSING)
    if isinstance(value, _C.Tensor):
        return known is value
    return type(value) in (bool, int, str, type(None)) and type(known) is type(value) and known == value


def _patch_modules():
    """Modules of neural networks report reads, and refuse to keep what would be lost."""
    kind = module_type()
    make, set_attribute = kind.__init__, kind.__setattr__

    def __init__(self):
        recorder = state.recorder
        if recorder is not None:
            recorder.fresh[id(self)] = self
        make(self)

    def __setattr__(self, name, value):
        recorder = state.recorder
        if recorder is not None and _C._is_tracing() and id(self) not in recorder.fresh:
            members = object.__getattribute__(self, "__dict__")
            if "_hooks" in members and _is_there(members, name, value):
                getattr(self, name)  # which is a read
                return
            if "_hooks" in members:
                state.changed = True
                _C._refuse(
                    f"jit: the attribute {name!r} of a {type(self).__name__} was set in a jitted function. That would "
                    "happen only once, while the function is traced. Make it a buffer and change it in place "
                    f"(self.{name}.copy_(...)), or return the value"
                )
        set_attribute(self, name, value)

    _patch(kind, "__init__", __init__)
    _patch(kind, "__setattr__", __setattr__)
    _patch(kind, "__getattribute__", _reporting(kind.__getattribute__))
    for name in ("__setitem__", "__delitem__", "pop", "popitem"):
        _patch(members_type(), name, _refusing(getattr(members_type(), name)))


def _refusing(change):
    """The method of a module's members, which only modules that the function makes itself may change."""

    def method(self, *args):
        recorder, owner = state.recorder, self._owner()
        if recorder is not None and _C._is_tracing() and owner is not None and id(owner) not in recorder.fresh:
            name = f" {args[0]!r}" if args else ""
            state.changed = True
            _C._refuse(
                f"jit: the member{name} of a {type(owner).__name__} was added or removed in a jitted function. That "
                "would happen only once, while the function is traced. Do it before the function is called"
            )
        return change(self, *args)

    return method


def _patch_tensors():
    """Tensors report reads of attributes that the program has set, or may set."""
    kind = _C.Tensor
    original, names = kind.__getattribute__, frozenset(dir(kind)) - {"__dict__"}

    def __getattribute__(self, name):
        recorder = state.recorder
        if recorder is None or name in names or _C._is_symbolic(self):
            return original(self, name)
        try:
            value = original(self, name)
        except AttributeError:
            recorder.read(self, name, MISSING, sys._getframe(1))
            raise
        return recorder.read(self, name, value, sys._getframe(1))

    _patch(kind, "__getattribute__", __getattribute__)
