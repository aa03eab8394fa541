"""Which constants weft.jit takes for the same: those that no function could tell apart, other than by ``is``."""

import types

_LEVELS = 8


def same_constant(a, b, level=0):
    """Are two objects of one class alike in all that they hold, and not only equal as their class says?

    A dataclass may leave fields out of its comparison, ``{1}`` equals ``{True}``, and ``range(0, 3, 2)`` equals
    ``range(0, 4, 2)``: a trace may depend on what differs.
    """
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b) or level > _LEVELS or isinstance(a, (type, types.ModuleType, types.FunctionType)):
        return False
    if kind in (int, bool, str, bytes):
        return a == b
    if kind in (float, complex):
        return repr(a) == repr(b)  # which tells -0.0 from 0.0
    if kind is range:
        return (a.start, a.stop, a.step) == (b.start, b.stop, b.step)
    if kind in (tuple, list):
        return len(a) == len(b) and all(same_constant(x, y, level + 1) for x, y in zip(a, b))
    if kind in (set, frozenset):
        return _same_entries(dict.fromkeys(a), dict.fromkeys(b), level)
    if kind is dict:
        return list(a) == list(b) and _same_entries(a, b, level)
    if kind is types.MethodType:
        return a.__self__ is b.__self__ and a.__func__ is b.__func__
    if not _is_equal(a, b):
        return False
    state = _state(a), _state(b)
    if state == ({}, {}):
        return repr(a) == repr(b)
    return _same_entries(*state, level)


def _same_entries(a, b, level):
    if len(a) != len(b):
        return False
    keys = {key: key for key in b}
    return all(
        key in keys and same_constant(key, keys[key], level + 1) and same_constant(a[key], b[key], level + 1)
        for key in a
    )


def _is_equal(a, b):
    try:
        return bool(a == b)
    except Exception:  # an array's, say
        return False


def _state(one):
    """All attributes of an object, in its dict and in slots."""
    state = dict(getattr(one, "__dict__", {}))
    for base in type(one).__mro__:
        for name, slot in base.__dict__.items():
            if type(slot) is types.MemberDescriptorType and hasattr(one, name):
                state[name] = slot.__get__(one)
    return state
