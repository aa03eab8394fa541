"""Contents of objects that keep them where no attribute shows them, and what a trace may have changed."""

import array
import collections
import contextvars
import copy
import functools
import itertools
import random
import sys
import threading
import types
import warnings
import weakref

from weft import _C
from weft._guards_code import CONTAINERS, MISSING, contents, elements, members_type

MAX_BYTES = 1 << 20  # of arrays, as in csrc/bindings/jit_guards.h


class TooLargeError(RuntimeError):
    """It would take too long to compare it at every call."""


def _bytes_of(value):
    view = memoryview(value)
    if view.nbytes > MAX_BYTES:
        raise TooLargeError(
            f"jit: the contents of a {type(value).__name__} have {view.nbytes} bytes, too many to compare at every "
            "call; make a tensor of them outside"
        )
    return view.format, view.shape, view.tobytes()


def _place_of(iterator):
    """Where an iterator is, without going on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return iterator.__reduce__()


def _place_of_generator(generator):
    frame = generator.gi_frame
    if frame is None:
        return None
    return frame.f_lasti, {name: value for name, value in frame.f_locals.items() if type(value) not in KINDS}


def _reads_of(mapping):
    return dict(mapping.items())


# type -> what is compared, of an object of it
KINDS = {
    functools.partial: lambda p: (p.func, p.args, p.keywords),
    functools.partialmethod: lambda p: (p.func, p.args, p.keywords),
    bytearray: _bytes_of,
    memoryview: _bytes_of,
    array.array: _bytes_of,
    types.MappingProxyType: _reads_of,
    collections.ChainMap: lambda m: m.maps,
    collections.OrderedDict: lambda d: tuple(d),
    type({}.keys()): list,
    type({}.values()): list,
    type({}.items()): list,
    weakref.ref: lambda r: r(),
    weakref.WeakKeyDictionary: _reads_of,
    weakref.WeakValueDictionary: _reads_of,
    contextvars.ContextVar: lambda v: v.get(MISSING),
    types.GeneratorType: _place_of_generator,
    itertools.count: repr,
}
for _iterator in (
    iter([]),
    reversed([]),
    iter(()),
    iter({}),
    iter({}.values()),
    iter({}.items()),
    iter(set()),
    iter(""),
    iter(b""),
    iter(range(0)),
    zip(),
    map(str, ()),
    filter(None, ()),
    enumerate(()),
    itertools.cycle(()),
    itertools.chain(()),
    itertools.islice((), 0),
    itertools.repeat(0),
    itertools.product(()),
    itertools.accumulate(()),
):
    if hasattr(_iterator, "__reduce__"):
        KINDS[type(_iterator)] = _place_of


def _set_entries(value, entries):
    value.clear()
    value.update(entries)


def _set_bytes(value, kept):
    value[:] = kept


def _set_array(value, kept):
    if value.flags.writeable:
        value[...] = kept


# type -> (what is kept of an object of it, how that is put back), for those of the above that allow it
PUT_BACK = {
    bytearray: (bytes, _set_bytes),
    array.array: (copy.copy, _set_bytes),
    collections.OrderedDict: (lambda d: list(d.items()), _set_entries),
    weakref.WeakKeyDictionary: (_reads_of, _set_entries),
    weakref.WeakValueDictionary: (_reads_of, _set_entries),
    contextvars.ContextVar: (lambda v: v.get(), lambda v, value: v.set(value)),
}


def put_back_of(kind):
    """(what is kept of an object of this class, how that is put back), or None."""
    if issubclass(kind, random.Random):
        return random.Random.getstate, random.Random.setstate
    if kind.__module__ == "numpy.random.mtrand" and kind.__name__ == "RandomState":
        return lambda r: r.get_state(), lambda r, kept: r.set_state(kept)
    if kind.__module__ == "numpy.random._generator" and kind.__name__ == "Generator":
        return lambda g: g.bit_generator.state, lambda g, kept: setattr(g.bit_generator, "state", kept)
    if issubclass(kind, threading.local):
        return lambda local: dict(local.__dict__), lambda local, kept: _set_entries(local.__dict__, kept)
    return PUT_BACK.get(kind)


def content_of(kind):
    """The function that gives what is compared of an object of this class; None: nothing but its attributes."""
    if issubclass(kind, threading.local):
        return lambda local: dict(local.__dict__)
    if issubclass(kind, random.Random) or kind.__module__ in ("numpy.random.mtrand", "numpy.random._generator"):
        way = put_back_of(kind)
        return None if way is None else lambda generator: _plain(way[0](generator))
    return KINDS.get(kind)


def _plain(state):
    """The state of a generator with the bytes of arrays in their place."""
    if type(state) is dict:
        return {key: _plain(value) for key, value in state.items()}
    if type(state) is tuple:
        return tuple(_plain(value) for value in state)
    return state.tobytes() if type(state).__name__ == "ndarray" else state


def global_generators():
    """The generators behind the functions of ``random`` and ``numpy.random``."""
    numpy_random = sys.modules.get("numpy.random.mtrand")
    return [random._inst] + ([] if numpy_random is None else [numpy_random._rand])


def reaches_generator(value, chain, generator):
    """Do a variable and the attributes read of it in a row lead to the module of a generator, or to a method of it?"""
    for name in (*chain, None):
        if type(value) is types.ModuleType:
            if value.__name__ in ("random", "numpy.random") and any(
                getattr(known, "__self__", None) is generator for known in list(vars(value).values())
            ):
                return True
            value = vars(value).get(name)
        else:
            return getattr(value, "__self__", None) is generator if callable(value) else False
    return False


class Before:
    """What was there when a trace first read it, to be put back where the trace comes to nothing."""

    def __init__(self):
        self.clear()

    def attribute_of_class(self, kind, name, deep=True):
        """What a class itself has for a name. As the others: has it changed since it was first noted?"""
        return self._note(self._classes, kind, name, kind.__dict__.get(name, MISSING), deep)

    def item(self, members, name, deep=True):
        """An entry of a dict."""
        return self._note(self._items, members, name, dict.get(members, name, MISSING), deep)

    def slot(self, owner, descriptor, deep=True):
        """A slot of an object."""
        return self._note(self._slots, owner, descriptor, _slot_of(owner, descriptor), deep)

    def cell(self, cell, deep=True):
        """A variable of an enclosing function."""
        return self._note(self._cells, cell, None, contents(cell, MISSING), deep)

    def _note(self, known, holder, name, value, deep):
        if (id(holder), name) not in known:
            known[id(holder), name] = (holder, name, value)
            self.container(value, 0 if deep else 8)
            return False
        if deep and known[id(holder), name][2] is value and value is not MISSING and not self._has_changed(value):
            self.container(value)
        first = known[id(holder), name][2]
        return first is not value and not _is_equal(first, value) or self._has_changed(value)

    def container(self, value, level=0):
        """A container, with those in it down to level 8; an array."""
        if type(value).__name__ == "ndarray" and id(value) not in self._contents and value.nbytes <= MAX_BYTES:
            self._contents[id(value)] = (value, value.copy(), _set_array)
        if level > 8 or not issubclass(type(value), CONTAINERS):
            return
        if id(value) in self._containers:
            if level >= self._levels[id(value)]:
                return
        else:
            self._containers[id(value)] = (value, _entries(value))
        self._levels[id(value)] = level
        if level < 8:
            for element in elements(value):
                self.container(element, level + 1)

    def _has_changed(self, value, level=0):
        if level > 8 or not issubclass(type(value), CONTAINERS) or id(value) not in self._containers:
            return False
        if not _same(_entries(value), self._containers[id(value)][1]):
            return True
        return any(self._has_changed(element, level + 1) for element in elements(value))

    def content(self, value):
        """What an object holds where no attribute shows it. False if that could not be put back."""
        way = put_back_of(type(value))
        try:
            if way is not None and id(value) not in self._contents:
                self._contents[id(value)] = (value, way[0](value), way[1])
        except LookupError:  # a variable that is not set cannot be unset
            return False
        return way is not None

    def state(self, generator, kept):
        """Of a generator, which had this one before. Has it changed?"""
        get, put = put_back_of(type(generator))
        self._contents[id(generator)] = (generator, kept, put)
        return _plain(get(generator)) != _plain(kept)

    def defaults(self, function):
        """The default arguments of a function."""
        if id(function) not in self._functions:
            self._functions[id(function)] = (function, function.__defaults__, function.__kwdefaults__)

    def put_back(self):
        """Everything as it was."""
        for function, defaults, by_name in self._functions.values():
            if function.__defaults__ is not defaults:
                function.__defaults__ = defaults
            if function.__kwdefaults__ is not by_name:
                function.__kwdefaults__ = by_name
        for value, kept, set_back in self._contents.values():
            set_back(value, kept)
        for value, kept in self._containers.values():
            if _same(_entries(value), kept):
                continue
            if type(value) is members_type():  # whose owner has them as attributes too
                value.clear()
                value.update(kept)
                continue
            base = next(kind for kind in (collections.OrderedDict, *CONTAINERS) if isinstance(value, kind))
            base.clear(value)
            (base.extend if base in (list, collections.deque) else base.update)(value, kept)
        for members, name, value in self._items.values():
            if dict.get(members, name, MISSING) is value:
                continue
            if value is MISSING:
                dict.pop(members, name, None)
            else:
                dict.__setitem__(members, name, value)
        for owner, descriptor, value in self._slots.values():
            if value is not MISSING and _slot_of(owner, descriptor) is not value:
                descriptor.__set__(owner, value)
        for cell, _, value in self._cells.values():
            if contents(cell, MISSING) is not value and value is not MISSING:
                cell.cell_contents = value
        for kind, name, value in self._classes.values():
            if kind.__dict__.get(name, MISSING) is not value:
                type.__delattr__(kind, name) if value is MISSING else type.__setattr__(kind, name, value)
        self.clear()

    def forget(self, young):
        """Lets go of what is in objects with these ids, which the trace has made.

        A dict that the collector has not known of before, because it was empty, is among them too; it is one that the
        trace has made for itself if only this holds it.
        """
        for known in (self._items, self._slots, self._cells, self._classes):
            for key in [key for key in known if key[0] in young and type(known[key][0]) is not dict]:
                del known[key]
        for known in (self._contents, self._functions):
            for key in [key for key in known if key in young]:
                del known[key]
        for key in [key for key in self._containers if key in young]:
            value = self._containers.pop(key)
            if type(value[0]) is dict and sys.getrefcount(value[0]) > 2:
                self._containers[key] = value

    def clear(self):
        """Lets go of it all."""
        self._items, self._slots, self._cells, self._classes, self._containers = {}, {}, {}, {}, {}
        self._functions = {}
        self._contents, self._levels = {}, {}  # levels: at which each container was met


def _slot_of(owner, descriptor):
    try:
        return descriptor.__get__(owner)
    except AttributeError:
        return MISSING


def _entries(value):
    return list(dict.items(value)) if issubclass(type(value), dict) else list(elements(value))


def _is_equal(a, b):
    return type(a) is type(b) and type(a) in (int, float, str, bool) and a == b


def _same(now, kept):
    if len(now) != len(kept):
        return False
    for a, b in zip(now, kept):
        if a is not b and not (type(a) is tuple is type(b) and len(a) == len(b) == 2 and a[0] is b[0] and a[1] is b[1]):
            return False
    return True


class WatchedGroup(dict):
    """A parameter group as the program sees it while a trace runs: it reports what is read, and refuses changes."""

    def __init__(self, group, note):
        super().__init__(group)
        self._note = note

    def __getitem__(self, key):
        self._note(key)
        return super().__getitem__(key)

    def get(self, key, default=None):
        """As of a dict."""
        self._note(key)
        return super().get(key, default)

    def __contains__(self, key):
        self._note(key)
        return super().__contains__(key)


def _reading_all(name):
    original = getattr(dict, name)

    def method(self, *args):
        for key in dict.keys(self):
            self._note(key)
        self._note(None)
        return original(self, *args)

    return method


def _refusing(name):
    def method(self, *args, **kwargs):
        _C._refuse(
            f"jit: {name} of an optimizer's parameter group in a jitted function. That would happen only once, while "
            "the function is traced. Set options outside of it: they are read anew at each call"
        )

    return method


for _name in ("__iter__", "__len__", "__eq__", "__ne__", "__repr__", "__or__", "__ror__", "__reversed__"):
    setattr(WatchedGroup, _name, _reading_all(_name))
for _name in ("keys", "values", "items", "copy", "__reduce_ex__"):
    setattr(WatchedGroup, _name, _reading_all(_name))
for _name in ("__setitem__", "__delitem__", "__ior__", "update", "pop", "popitem", "setdefault", "clear"):
    setattr(WatchedGroup, _name, _refusing(_name))
