"""A reader of pickles that can run no code.

A pickle is a program for a machine with a stack and a memo, two of whose instructions import names and call them. This
machine knows a list of names (``pickle_globals``) and calls nothing else: they are objects of its own, each of which
checks its arguments. It builds only the containers of Python; the instructions that make other objects are refused.
What copies a value pays from a budget that the size of the pickle sets, so that small files stay small.
"""

from __future__ import annotations

import collections
import pickletools
import struct

import weft

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


MOST_EQUAL_HASHES = 50
_LONGEST_LINE = 1 << 16
_DICTS = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)
_LISTS = (list, collections.deque)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_VALUES = frozenset(
    """INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8
    BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8""".split()
)
_PYTHON2_TEXT = ("STRING", "BINSTRING", "SHORT_BINSTRING")
_EMPTY = {"EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_DICT": dict, "EMPTY_SET": set}
_ADVICE = (
    "loading never runs code: only tensors, containers, numbers, text and NumPy arrays are read. Ask the file's author "
    "for the model's state_dict() alone, or for a safetensors file"
)
_DAMAGED = (TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError, struct.error, ValueError)


class Refused(ValueError):
    """What the pickle holds is refused by name; the message says which and why."""


class Damaged(ValueError):
    """The file is not one that the program wrote which it looks like."""


def outside(call: Callable[..., Any], *arguments: Any) -> Any:
    """call(*arguments), whose errors say nothing about the file."""
    try:
        return call(*arguments)
    except Exception as error:
        error._outside_of_file = True
        raise


def is_outside(error: BaseException) -> bool:
    return getattr(error, "_outside_of_file", False)


class Internal:
    """Base of what only this machine and its functions see: a pickle cannot have it as a value."""

    __slots__ = ()


class Function(Internal):
    """What a name in a pickle stands for. call(machine, *arguments) checks its arguments, and is None for types that
    are only arguments themselves; takes_internal: the arguments may be storages and names."""

    call: Callable[..., Any] | None
    takes_internal: bool
    name: str

    __slots__ = ("call", "takes_internal", "name")

    def __init__(self, name: str, call: Callable[..., Any] | None, takes_internal: bool = False) -> None:
        self.name, self.call, self.takes_internal = name, call, takes_internal


def refused(name: str) -> Refused:
    """The error for a name that is not on the list."""
    shown = name.replace(" ", ".")
    return Refused(f"it holds {shown if len(shown) < 100 else shown[:100] + '...'!r}, and {_ADVICE}")


class Machine:
    """Reads one pickle, of at most size bytes.

    find("module name") gives the object for a name, storage(machine, persistent id) the one for something outside of
    the pickle; set_state(machine, object, state) serves the instruction BUILD.
    """

    def __init__(
        self, file: Any, size: int, find: Callable[..., Any], storage: Callable[..., Any], set_state: Callable[..., Any]
    ) -> None:
        self._file = _Bounded(file, size)
        self._find, self._storage, self._set_state = find, storage, set_state
        self._stack, self._marks, self._memo = [], [], {}
        self._internal = {}  # id -> tuple that holds something internal
        self._hashes = collections.Counter()
        self._copied = 0

    def run(self) -> Any:
        """The object; the file stands behind the pickle. Damaged, or Refused if it needs code."""
        try:
            for opcode, argument, _ in pickletools.genops(self._file):
                if opcode.name == "STOP":
                    return self._result()
                self._step(opcode.name, argument)
        except (Refused, Damaged):
            raise
        except _DAMAGED as error:
            if is_outside(error):
                raise
            raise Damaged(f"its pickle is damaged{_said(error)}") from None
        raise Damaged("its pickle is damaged: it has no end")

    def _result(self):
        (value,) = self._stack
        if self._marks:
            raise IndexError
        return self._value(value)

    def spend(self, size: int) -> None:
        """Called before a value of this size is copied."""
        self._copied += size
        if self._copied > 4 * self._file.taken + (1 << 16):
            raise Refused("its pickle copies the same values again and again, to more than a file of its size can hold")

    def _step(self, name, argument):
        method = _METHODS.get(name)
        if method is not None:
            method(self, argument)
        elif name in _VALUES:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            self._stack.append(_EMPTY[name]())
        elif name in _PYTHON2_TEXT:
            self._stack.append(argument.encode("latin-1").decode("utf-8"))
        else:
            raise Refused(f"its pickle uses the instruction {name}, which files of tensors do not need; {_ADVICE}")

    def _do_global(self, name):
        self._stack.append(self._find(name))

    # Stack and memo

    def _do_proto(self, version):
        if version > 5:
            raise ValueError(f"protocol {version}")

    def _do_frame(self, length):
        pass

    def _do_mark(self, _):
        self._marks.append(self._stack)
        self._stack = []

    def _above_mark(self):
        items, self._stack = self._stack, self._marks.pop()
        return items

    def _do_pop(self, _):
        if self._stack:
            self._stack.pop()
        else:
            self._above_mark()

    def _do_pop_mark(self, _):
        self._above_mark()

    def _do_dup(self, _):
        self._stack.append(self._stack[-1])

    def _do_put(self, index):
        self._memo[index] = self._stack[-1]

    _do_binput = _do_long_binput = _do_put

    def _do_memoize(self, _):
        self._memo[len(self._memo)] = self._stack[-1]

    def _do_get(self, index):
        self._stack.append(self._memo[index])

    _do_binget = _do_long_binget = _do_get

    # Containers

    def _value(self, value):
        """The value, unless it is, or is a tuple of, something that only the machine may see."""
        if isinstance(value, Internal) or id(value) in self._internal:
            raise Refused(f"it holds {_inside(value)} where a value is expected; {_ADVICE}")
        return value

    def _values(self, values):
        for value in values:
            self._value(value)
        return values

    def _push_tuple(self, items):
        made = tuple(items)
        if any(isinstance(item, Internal) or id(item) in self._internal for item in made):
            self._internal[id(made)] = made
        self._stack.append(made)

    def _do_tuple(self, _):
        self._push_tuple(self._above_mark())

    def _take_tuple(self, count):
        if len(self._stack) < count:
            raise IndexError
        items = self._stack[-count:]
        del self._stack[-count:]
        self._push_tuple(items)

    def _do_tuple1(self, _):
        self._take_tuple(1)

    def _do_tuple2(self, _):
        self._take_tuple(2)

    def _do_tuple3(self, _):
        self._take_tuple(3)

    def _do_list(self, _):
        items = self._above_mark()
        self._stack.append(self._values(items))

    def _do_dict(self, _):
        items = self._above_mark()
        self._stack.append({})
        self.set_items(self._stack[-1], items)

    def _do_frozenset(self, _):
        items = self._above_mark()
        self._stack.append(self.hashed(frozenset, items))

    def _do_append(self, _):
        value = self._stack.pop()
        self._extend([value])

    def _do_appends(self, _):
        self._extend(self._above_mark())

    def _extend(self, values):
        target = self._stack[-1]
        if type(target) not in _LISTS:
            raise TypeError
        target.extend(self._values(values))

    def _do_additems(self, _):
        values = self._above_mark()
        target = self._stack[-1]
        if type(target) is not set:
            raise TypeError
        target.update(self.hashed(list, values, target))

    def _do_setitem(self, _):
        value, key = self._stack.pop(), self._stack.pop()
        self.set_items(self._stack[-1], [key, value])

    def _do_setitems(self, _):
        items = self._above_mark()
        self.set_items(self._stack[-1], items)

    def set_items(self, target: Any, items: Any) -> None:
        """Sets key, value, key, value... of a dict."""
        if type(target) not in _DICTS or len(items) % 2:
            raise TypeError
        self._values(items)
        for key, value in zip(self.hashed(list, items[::2], target), items[1::2]):
            target[key] = value

    def hashed(self, make: Any, values: Any, target: Any = None) -> Any:
        """make(values) after each has been checked as a key: no deep tuples, and not too many of one hash."""
        for value in self._values(values):
            self._check_key(value, id(target))
        return make(values)

    def _check_key(self, key, target):
        if isinstance(key, (str, bytes)) or isinstance(key, int) and abs(key) < 2**60:
            return
        for item in key if isinstance(key, tuple) else [key]:
            if isinstance(item, (tuple, frozenset)) or isinstance(item, int) and item.bit_length() > 1024:
                raise Refused("it has keys that are nested tuples, frozensets or huge ints, which are not read")
        if isinstance(key, tuple) and len(key) > 64:
            raise Refused("it has keys that are tuples of more than 64 members, which are not read")
        place = target, hash(key)
        self._hashes[place] += 1
        if self._hashes[place] > MOST_EQUAL_HASHES:
            raise Refused("it has keys that were made to be slow to look up")

    # Names, calls and storages

    def _do_stack_global(self, _):
        name, module = self._stack.pop(), self._stack.pop()
        if type(name) is not str or type(module) is not str:
            raise TypeError
        self._stack.append(self._find(f"{module} {name}"))

    def _do_inst(self, name):
        raise refused(name)

    def _do_obj(self, _):
        items = self._above_mark()
        raise Refused(f"it makes an object of {_inside(items[0])}; {_ADVICE}")

    def _do_newobj(self, _):
        raise Refused(f"it makes an object of {_inside(self._stack[-2])}; {_ADVICE}")

    def _do_newobj_ex(self, _):
        raise Refused(f"it makes an object of {_inside(self._stack[-3])}; {_ADVICE}")

    def _do_reduce(self, _):
        arguments, function = self._stack.pop(), self._stack.pop()
        if type(function) is not Function or function.call is None:
            raise Refused(f"it calls {_inside(function)}, which is not a function; {_ADVICE}")
        if type(arguments) is not tuple:
            raise TypeError
        if not function.takes_internal:
            self._values(arguments)
        try:
            self._stack.append(function.call(self, *arguments))
        except (Refused, weft.OutOfMemoryError):
            raise
        except (*_DAMAGED, RuntimeError) as error:
            raise ValueError(f"{function.name} has arguments that do not fit{_said(error)}") from None

    def _do_build(self, _):
        state = self._value(self._stack.pop())
        self._set_state(self, self._stack[-1], state)

    def _do_binpersid(self, _):
        identity = self._stack.pop()
        if type(identity) is not tuple:
            raise TypeError
        self._stack.append(self._storage(self, identity))


_METHODS = {name[len("_do_") :].upper(): method for name, method in vars(Machine).items() if name.startswith("_do_")}


def _said(error):
    return f": {str(error)[:200]}" if type(error) in (ValueError, RuntimeError) else ""


def _inside(value):
    if isinstance(value, Function):
        return repr(value.name.replace(" ", "."))
    return f"a {type(value).__name__.lstrip('_').lower()}" if isinstance(value, Internal) else type(value).__name__


class _Bounded:
    """The part of a file that genops reads, with no memory taken for more than there is."""

    def __init__(self, file, size):
        self._file, self._left = file, size
        self.taken = 0

    def read(self, length):
        if not 0 <= length <= self._left:
            raise ValueError("it is cut off")
        return self._took(self._file.read(length))

    def readline(self):
        return self._took(self._file.readline(min(_LONGEST_LINE, self._left)))

    def _took(self, data):
        self._left -= len(data)
        self.taken += len(data)
        return data
