"""Tensors of a trace that the program still holds when the trace is over. They have no values, and never will."""

import collections
import contextlib
import functools
import gc
import sys
import types

from weft import _C
from weft._guards_code import MISSING, contents, elements
from weft._guards_watch import NO_GENERATIONS, collect

# What cannot let go of what it holds: the holders of these count.
_IMMUTABLE = (tuple, frozenset, types.FunctionType, types.MethodType, functools.partial, types.MappingProxyType)
_NEVER = (types.FrameType, types.TracebackType, _C.Tensor)  # what is left of a trace that has failed; graphs
_CACHE = functools._lru_cache_wrapper
_MOST_LEVELS = 16  # of objects that the trace has made around a tensor


def still_held(references, let_go=lambda: None):
    """The tensors, of these weak references, that something holds, beside garbage.

    ``let_go`` is called where something of that has gone: what has been held beside it may go then.
    """
    for generation in (0, 1, 2):  # 2: where the program itself has called the collector
        let_go()
        alive = [tensor for reference in references if (tensor := reference()) is not None]
        tensor = None
        if not _held(alive):
            return []
        del alive
        collect(generation)
    let_go()
    alive = [tensor for reference in references if (tensor := reference()) is not None]
    tensor = None
    return _held(alive)


def _held(alive, ours=None):
    """Those that something beside the list holds. ours: how many references this makes itself."""
    owned = _C._holds_its_object
    return [one for one in alive if sys.getrefcount(one) - owned(one) > (_OURS if ours is None else ours)]


def _count_ours():
    alive, count = [_C.Tensor()], 0
    while _held(alive, count):
        count += 1
    return count


_OURS = _count_ours()


def _referrers(*things):
    """What refers to any of the things.

    Free-threaded Python 3.13 hides modules and their variables from the collector once a thread has been started.
    """
    found, ids = gc.get_referrers(*things), {id(one) for one in things}
    for module in list(sys.modules.values()) if NO_GENERATIONS else ():
        if not isinstance(module, types.ModuleType):
            continue
        members = object.__getattribute__(module, "__dict__")
        if id(members) in ids and not gc.is_tracked(module):
            found.append(module)
        if not gc.is_tracked(members) and any(id(one) in ids for one in list(members.values())):
            found.append(members)
    return found


def _holders(things, *ours):
    """What refers to any of the things."""
    frame = sys._getframe(1)
    unseen = {id(things), *map(id, ours)}
    found = _referrers(*things)
    while frame is not None:  # and the variables of what runs now
        unseen.add(id(frame))
        frame = frame.f_back
    return [one for one in found if id(one) not in unseen and not isinstance(one, _NEVER)]


def description(tensors):
    """Words for what holds the first of the tensors."""
    things, seen = tensors[:1], {id(tensors)}
    for _ in range(_MOST_LEVELS):
        holders = [one for one in _holders(things) if id(one) not in seen]
        for holder in holders:
            if not isinstance(holder, _IMMUTABLE):
                return _words(holder, {id(one) for one in things})
        seen |= {id(one) for one in holders} | {id(things), id(holders)}
        things = holders
        if not things:
            break
    return "something"


def _words(holder, ids):
    kind = type(holder)
    if kind is _CACHE:
        return f"the cache of {getattr(holder, '__qualname__', 'a function')}()"
    if kind is types.CellType:
        return "a variable of an enclosing function"
    if issubclass(kind, dict):
        names = [key for key, value in dict.items(holder) if id(value) in ids]
        key = repr(names[0])[:40] if names else "a tensor as a key"
        for owner in _referrers(holder):
            if isinstance(owner, types.ModuleType):
                return f"the variable {key} of the module {owner.__name__}"
            if _C._instance_dict(owner) is holder:
                return f"the attribute {key} of a {type(owner).__name__}"
            if isinstance(owner, type):
                return f"the attribute {key} of the class {owner.__name__}"
        return f"the entry {key} of a {kind.__name__}" if names else f"a {kind.__name__}, as a key"
    if kind in (list, set, collections.deque):
        return f"a {kind.__name__}"
    names = [name for name, value in _attributes(holder) if id(value) in ids]
    return f"the attribute {names[0]!r} of a {kind.__name__}" if names else f"a {kind.__name__}"


def _attributes(one):
    """(name, value) of all that are in its dict or in slots."""
    yield from list((_C._instance_dict(one) or {}).items())
    for base in type(one).__mro__:
        for name, slot in list(base.__dict__.items()):
            if type(slot) is types.MemberDescriptorType:
                try:
                    yield name, slot.__get__(one)
                except AttributeError:
                    continue


def take_out(references, young):
    """Has the program let go of the tensors, with the objects around them that the trace has made.

    ``young``: the ids of those. An eager run that follows puts other tensors in their place. Returns what held them.
    """
    things, seen, emptied = still_held(references), set(), []
    for _ in range(_MOST_LEVELS):
        if not things:
            break
        holders = [one for one in _holders(things) if id(one) not in seen]
        seen |= {id(one) for one in holders}
        named = _named([one for one in holders if type(one) is dict and id(one) in young], young, holders)
        ids = {id(one) for one in things}
        above = []
        for holder in holders:
            if isinstance(holder, (tuple, frozenset)) or (id(holder) in young and id(holder) not in named):
                above.append(holder)
            elif not isinstance(holder, _IMMUTABLE):
                with contextlib.suppress(AttributeError, TypeError):  # of a class that does not allow that
                    _let_go(holder, ids)
                    emptied.append(holder)
        del holders
        things = above
    return emptied


def _named(dicts, young, *ours):
    """The ids of those of the dicts that are the attributes or an attribute of something old, or a variable.

    The collector knows of a dict once there is something in it, so that one from before the trace may look new.
    """
    if not dicts:
        return set()
    ids, named = {id(one) for one in dicts}, set()
    for owner in _holders(dicts, *ours):
        if id(owner) in young and type(owner) is not dict:
            continue
        if type(owner) is types.CellType or isinstance(owner, (type, types.ModuleType)):
            named |= ids & {id(one) for one in gc.get_referents(owner)}
        elif id(own := _C._instance_dict(owner)) in ids:
            named.add(id(own))
        elif type(owner) is dict:  # of a class, a module or an object
            of = [one for one in _holders([owner], dicts, *ours) if not isinstance(one, (list, tuple, dict))]
            of = [one for one in of if id(one) not in young]
            if any(isinstance(one, type) or _C._instance_dict(one) is owner for one in of):
                named |= ids & {id(one) for one in owner.values()}
        elif not isinstance(owner, (list, tuple, set, frozenset, collections.deque, _CACHE)):
            named |= ids & {id(value) for _, value in _attributes(owner)}
    return named


def _let_go(holder, ids):
    """Takes the things with these ids out of it."""
    kind = type(holder)
    if kind is _CACHE:
        holder.cache_clear()
    elif kind is types.CellType:
        del holder.cell_contents
    elif issubclass(kind, (list, collections.deque)):
        base = list if issubclass(kind, list) else collections.deque
        kept = [one for one in base.__iter__(holder) if id(one) not in ids]
        base.clear(holder)
        base.extend(holder, kept)
    elif issubclass(kind, set):
        for one in [one for one in elements(holder) if id(one) in ids]:
            set.discard(holder, one)
    elif issubclass(kind, dict):
        of_classes = [one for one in gc.get_referrers(holder) if isinstance(one, type)]
        for key in [key for key, value in dict.items(holder) if id(value) in ids or id(key) in ids]:
            owners = [one for one in of_classes if one.__dict__.get(key) is holder[key]]
            if owners:
                type.__delattr__(owners[0], key)
            else:
                dict.__delitem__(holder, key)
    else:
        for name, value in _attributes(holder):
            if id(value) in ids:
                object.__delattr__(holder, name)


class Contents:
    """What something holds, to be put back."""

    def __init__(self, holder):
        self._holder, kind = holder, type(holder)
        if kind is types.CellType:
            self._kept = contents(holder, MISSING)
        elif issubclass(kind, (list, collections.deque, set)):
            self._kept = list(elements(holder))
        elif issubclass(kind, dict):
            self._kept = dict(dict.items(holder))
        else:
            self._kept = dict(_attributes(holder))

    def restore(self):
        """As it was."""
        holder, kept, kind = self._holder, self._kept, type(self._holder)
        if kind is types.CellType:
            if kept is not MISSING:
                holder.cell_contents = kept
        elif issubclass(kind, (list, collections.deque, set)):
            base = next(one for one in (list, collections.deque, set) if issubclass(kind, one))
            base.clear(holder)
            (base.update if base is set else base.extend)(holder, kept)
        elif issubclass(kind, dict):
            owners = [one for one in gc.get_referrers(holder) if isinstance(one, type)]
            for key, value in kept.items():
                if dict.get(holder, key, MISSING) is value:
                    continue
                if owners:
                    type.__setattr__(owners[0], key, value)
                else:
                    dict.__setitem__(holder, key, value)
        else:
            for name, value in kept.items():
                object.__setattr__(holder, name, value)
