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
        self.only_changed = set()  # offsets of instructions whose value is only changed
        self.next_attribute = {}  # offset -> the attribute that is read of its value; None: it is called
        steps = [i for i in dis.get_instructions(code) if i.opname not in ("EXTENDED_ARG", "CACHE", "PRECALL", "NOP")]
        stored = {i.argval for i in steps if i.opname == "STORE_NAME"}  # of a class body
        for place, step in enumerate(steps):
            if step.opname in _ATTRIBUTES or step.opname == "LOAD_SUPER_ATTR":
                self.attributes.add(step.argval)
            if self._changes(steps, place + 1):
                self.only_changed.add(step.offset)
            if place + 1 < len(steps) and steps[place + 1].opname in ("LOAD_ATTR", "LOAD_METHOD"):
                self.next_attribute[step.offset] = steps[place + 1].argval
            elif self._is_called(step):
                self.next_attribute[step.offset] = None
            if step.opname == "LOAD_GLOBAL" or (step.opname == "LOAD_NAME" and step.argval not in stored):
                chain, end = [], place + 1
                while end < len(steps) and steps[end].opname in ("LOAD_ATTR", "LOAD_METHOD"):
                    chain.append(steps[end].argval)
                    end += 1
                only_changed = len(chain) == 1 and chain[0] in CHANGING or self._changes(steps, place + 1)
                levels = ONLY_TYPE if only_changed else ALL_LEVELS
                self.variables.append((step.argval, tuple(chain), levels, self._is_called(step)))
        reads = {i.argval: set() for i in steps if i.opname in _CELLS}
        for i in steps:
            if i.opname in _CELLS:
                reads[i.argval].add(i.offset in self.only_changed)
        inner = [_scan(c) for c in code.co_consts if isinstance(c, types.CodeType)]
        # The variables of enclosing functions that it and the functions in it read, and those that they only change.
        self.cells_read = {n for n in code.co_freevars if n in reads or any(n in i.cells_read for i in inner)}
        self.cells_only_changed = {
            n
            for n in self.cells_read
            if reads.get(n, {True}) == {True} and all(n in i.cells_only_changed for i in inner if n in i.cells_read)
        }
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
        """Do the instructions from there on only change what was loaded: x.append(...), x[key] = ..., x += 1?"""
        if place >= len(steps):
            return False
        if steps[place].opname in ("LOAD_ATTR", "LOAD_METHOD"):
            return steps[place].argval in CHANGING
        if _counts(steps[place - 1], steps[place : place + 4]):
            return True
        end = _end_of_key(steps, place)
        following = [step.opname for step in steps[end : end + 8]] if end else []
        return following[:1] == ["STORE_SUBSCR"] or _counts_element(following)


def _counts(load, steps):
    """Is it the rest of `x += 1` after x was loaded?"""
    if len(steps) < 3 or steps[0].opname != "LOAD_CONST" or not _is_sum(steps[1].opname):
        return False
    stores = [step for step in steps[2:] if step.opname not in ("SWAP", "ROT_TWO")]
    return bool(stores) and stores[0].opname.startswith("STORE_") and stores[0].argval == load.argval


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


def _counts_element(names):
    """Is it the rest of `x[key] += 1` after the key?"""
    names = [name for name in names if name not in ("COPY", "SWAP", "DUP_TOP_TWO", "ROT_THREE")]
    if names[:1] not in (["BINARY_SUBSCR"], ["BINARY_OP"]) or names[1:2] not in (["LOAD_CONST"], ["LOAD_SMALL_INT"]):
        return False
    return _is_sum("".join(names[2:3])) and names[3:4] == ["STORE_SUBSCR"]


def _is_sum(name):
    return name == "BINARY_OP" or name.startswith("INPLACE_")


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


def optimizer_type():
    module = sys.modules.get("weft.optim")  # where it is not imported, there are no optimizers
    return module.Optimizer if module else ()
