"""What the bytecode of a function of the program reads, and which code and classes are the program's."""

import collections
import dis
import functools
import re
import sys
import types
from pathlib import Path

MISSING = object()
ALL_LEVELS, ONLY_TYPE, ONLY_ELEMENTS = -1, 0, 1  # how deep containers are compared
ONLY_COUNTED = -2  # as ONLY_TYPE, where the elements are not objects that `+=` changes: see settled_level()
# Methods that change a container and read nothing of it.
_ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM")
_CELLS = ("LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF")
CONTAINERS = (list, tuple, dict, set, frozenset, collections.deque)
CHANGING = frozenset(("append", "appendleft", "extend", "insert", "add", "update", "discard", "remove", "clear"))


@functools.cache
def is_installed(file):
    """Is it a file of the standard library or of an installed package, this one included?"""
    import sysconfig

    folders = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return file.startswith((*(f"{folder}/" for folder in folders), f"{Path(__file__).parent}/", "<frozen"))


def is_own(kind):
    """Is it a class of Weft's?"""
    return kind.__module__ == "weft" or str(kind.__module__).startswith("weft.")


class Scan:
    """What the bytecode of a function reads: global names with the attributes read of them, and attributes."""

    def __init__(self, code):
        self.variables = []  # (name, attributes in a row, how deep the last of them is compared)
        self.attributes = set()
        self.only_changed = {}  # offset of an instruction whose value is only changed -> ONLY_TYPE or ONLY_COUNTED
        self.next_attribute = {}  # offset -> the attribute that is read of its value; None: it is called
        steps = [i for i in dis.get_instructions(code) if i.opname not in ("EXTENDED_ARG", "CACHE", "PRECALL", "NOP")]
        stored = {i.argval for i in steps if i.opname == "STORE_NAME"}  # of a class body
        for place, step in enumerate(steps):
            if step.opname in _ATTRIBUTES or step.opname == "LOAD_SUPER_ATTR":
                self.attributes.add(step.argval)
            level = self._changes(steps, place + 1)
            if level != ALL_LEVELS:
                self.only_changed[step.offset] = level
            if place + 1 < len(steps) and steps[place + 1].opname in ("LOAD_ATTR", "LOAD_METHOD"):
                self.next_attribute[step.offset] = steps[place + 1].argval
            elif self._is_called(step):
                self.next_attribute[step.offset] = None
            if step.opname == "LOAD_GLOBAL" or (step.opname == "LOAD_NAME" and step.argval not in stored):
                chain, end = [], place + 1
                while end < len(steps) and steps[end].opname in ("LOAD_ATTR", "LOAD_METHOD"):
                    chain.append(steps[end].argval)
                    end += 1
                levels = ONLY_TYPE if len(chain) == 1 and chain[0] in CHANGING else level
                self.variables.append((step.argval, tuple(chain), levels, self._is_called(step)))
        reads = {i.argval: set() for i in steps if i.opname in _CELLS}
        for i in steps:
            if i.opname in _CELLS:
                reads[i.argval].add(self.only_changed.get(i.offset, ALL_LEVELS))
        inner = [_scan(c) for c in code.co_consts if isinstance(c, types.CodeType)]
        # The variables of enclosing functions that it and the functions in it read, and those that they only change.
        self.cells_read = {n for n in code.co_freevars if n in reads or any(n in i.cells_read for i in inner)}
        self.cells_only_changed = {}  # name -> ONLY_TYPE or ONLY_COUNTED
        for name in self.cells_read:
            levels = set(reads.get(name, ()))
            levels |= {i.cells_only_changed.get(name, ALL_LEVELS) for i in inner if name in i.cells_read}
            if ALL_LEVELS not in levels:
                self.cells_only_changed[name] = ONLY_COUNTED if ONLY_COUNTED in levels else ONLY_TYPE
        # What it sets of variables of modules and of enclosing functions.
        self.stored = {i.argval for i in steps if i.opname in ("STORE_GLOBAL", "STORE_DEREF", "STORE_NAME")}
        self.cleared = self._cleared(steps)  # variables that are emptied before anything else is done
        names = {name for name, *_ in self.variables}
        self.uses_class = "super" in names or "__base__" in self.attributes or "__class__" in code.co_freevars
        self.uses_type = "type" in names
        self.uses_globals = "globals" in names
        self.asks_by_name = bool({"getattr", "hasattr", "vars"} & names) or "__dict__" in self.attributes
        self.looks_inside = "__getattribute__" in self.attributes
        # Names of attributes that it may read, and of those that it only counts up.
        read = {i.argval for i in steps if i.opname in _ATTRIBUTES and i.offset not in self.only_changed}
        constants = [*code.co_consts, *(c for t in code.co_consts if isinstance(t, tuple) for c in t)]
        self.names = read | {c for c in constants if isinstance(c, str)}
        self.computes_names = self.uses_globals or "vars" in names or "__dict__" in self.attributes
        self.computes_names |= self._asks_for_computed(steps)
        self.counted = self.attributes - read

    @staticmethod
    def _cleared(steps):
        first = {}
        for step, following in zip(steps, steps[1:]):
            if "JUMP" in step.opname or step.opname in ("FOR_ITER", "SEND"):
                break
            if step.opname in ("LOAD_GLOBAL", *_CELLS):
                is_clear = following.opname in ("LOAD_ATTR", "LOAD_METHOD") and following.argval == "clear"
                first.setdefault(step.argval, is_clear)
        return {name for name, is_clear in first.items() if is_clear}

    @staticmethod
    def _asks_for_computed(steps):
        """Does it use getattr() or hasattr() with a name that is not written there?"""
        loads = ("LOAD_FAST", "LOAD_GLOBAL", "LOAD_NAME", *_CELLS)
        for place, step in enumerate(steps):
            if step.opname not in ("LOAD_GLOBAL", "LOAD_NAME") or step.argval not in ("getattr", "hasattr"):
                continue
            rest = [s for s in steps[place + 1 :] if s.opname != "PUSH_NULL"]
            while len(rest) > 1 and rest[0].opname in loads and rest[1].opname == "LOAD_ATTR":
                del rest[1]
            if len(rest) < 2 or rest[0].opname not in loads or type(rest[1].argval) is not str:
                return True
            if rest[1].opname != "LOAD_CONST":
                return True
        return False

    @staticmethod
    def _is_called(step):
        """Is the value loaded only to be called?"""
        if step.opname == "LOAD_METHOD":
            return True
        with_null = ("LOAD_GLOBAL",) if sys.version_info < (3, 12) else ("LOAD_GLOBAL", "LOAD_ATTR")
        return sys.version_info >= (3, 11) and step.opname in with_null and bool(step.arg & 1)

    @staticmethod
    def _changes(steps, place):
        """ONLY_TYPE, ONLY_COUNTED: the instructions there only change what was loaded: x.append(...), x[key] += 1."""
        if place >= len(steps):
            return ALL_LEVELS
        if steps[place].opname in ("LOAD_ATTR", "LOAD_METHOD"):
            return ONLY_TYPE if steps[place].argval in CHANGING else ALL_LEVELS
        if _counts(steps[place - 1], steps[place : place + 4]):
            return ONLY_TYPE
        end = _end_of_key(steps, place)
        following = steps[end : end + 8] if end else []
        if following and following[0].opname == "STORE_SUBSCR":
            return ONLY_TYPE
        return ONLY_COUNTED if _counts_element(following) else ALL_LEVELS


def settled_level(levels, value):
    """How deep the value is compared. ONLY_COUNTED: `x[key] += 1` reads an element that is no number."""
    if levels != ONLY_COUNTED:
        return levels
    counted = (int, float, bool, str, type(None), list, dict, tuple, set)
    entries = elements(value) if issubclass(type(value), CONTAINERS) else (value,)
    return ONLY_TYPE if all(type(one) in counted for one in entries) else ALL_LEVELS


# Where an instruction that loads a variable has put it.
_STORES = {
    "LOAD_GLOBAL": "STORE_GLOBAL",
    "LOAD_NAME": "STORE_NAME",
    "LOAD_DEREF": "STORE_DEREF",
    "LOAD_ATTR": "STORE_ATTR",
}


def _counts(load, steps):
    """Is it the rest of `x += 1` after x was loaded?"""
    if len(steps) < 3 or steps[0].opname not in _NUMBERS or not _is_sum(steps[1]):
        return False
    stores = [step for step in steps[2:] if step.opname not in ("SWAP", "ROT_TWO")]
    return bool(stores) and stores[0].opname == _STORES.get(load.opname) and stores[0].argval == load.argval


_NUMBERS = ("LOAD_CONST", "LOAD_SMALL_INT")
# What an expression is made of that takes its operands from the top of the stack, and leaves one value there.
_OF_KEYS = re.compile(
    "LOAD_(CONST|SMALL_INT|FAST.*|GLOBAL|NAME|DEREF|ATTR|METHOD)|PUSH_NULL|KW_NAMES|CALL|CALL_(FUNCTION|METHOD|KW)"
    "|BINARY_.*|COMPARE_OP|UNARY_.*|FORMAT_.*|CONVERT_VALUE|BUILD_(STRING|TUPLE)"
)


def _end_of_key(steps, place):
    """Where the key of x[key] is complete, which begins at `place` after x was loaded; None: there is no such."""
    above = 0  # values on the stack above x
    for end in range(place, min(place + 60, len(steps))):
        step = steps[end]
        if above == 1 and step.opname in ("STORE_SUBSCR", "COPY", "DUP_TOP_TWO"):
            return end
        if not _OF_KEYS.fullmatch(step.opname):
            return None
        effect = dis.stack_effect(step.opcode, step.arg if step.opcode >= dis.HAVE_ARGUMENT else None)
        if step.opname == "CALL" and sys.version_info < (3, 12):
            effect -= step.arg  # which PRECALL takes
        pushed = max(effect, 0) if step.opname.startswith("LOAD_") else 1
        if step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            pushed = 1 + effect
        elif step.opname in ("PUSH_NULL", "KW_NAMES"):
            pushed = effect
        above += effect
        if above - pushed < 0:  # x itself was among the operands
            return None
    return None


def _counts_element(steps):
    """Is it the rest of `x[key] += 1` after the key?"""
    steps = [step for step in steps if step.opname not in ("COPY", "SWAP", "DUP_TOP_TWO", "ROT_THREE")]
    names = [step.opname for step in steps[:4]]
    if len(names) < 4 or names[0] not in ("BINARY_SUBSCR", "BINARY_OP") or names[1] not in _NUMBERS:
        return False
    return _is_sum(steps[2]) and names[3] == "STORE_SUBSCR"


def _is_sum(step):
    """Is it += or the like?"""
    return step.opname.startswith("INPLACE_") or step.opname == "BINARY_OP" and step.argrepr.endswith("=")


scan = _scan = functools.lru_cache(maxsize=4096)(Scan)


def elements(value):
    """The elements of a container; keys and values of a dict."""
    if isinstance(value, dict):
        yield from dict.keys(value)
        yield from dict.values(value)
    else:
        base = next(kind for kind in CONTAINERS if isinstance(value, kind))
        yield from base.__iter__(value)


def contents(cell, default=None):
    """What is in a cell of a closure; the default where it is not set yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return default


def line_of(frame):
    """The line of the program that is running there."""
    while frame is not None and is_installed(frame.f_code.co_filename):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else ""


def is_foreign(function):
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
    return module is not None and is_installed_module(module)


def is_installed_module(module):
    """Is it a module of the standard library, of an installed package, or one written in C?"""
    file = module.__dict__.get("__file__")
    return file is None and module.__name__ != "__main__" or file is not None and is_installed(file)


@functools.cache
def module_type():
    from weft.nn import Module

    return Module


@functools.cache
def members_type():
    from weft.nn.members import Members

    return Members


def optimizer_type():
    module = sys.modules.get("weft.optim")  # where it is not imported, there are no optimizers
    return module.Optimizer if module else ()
