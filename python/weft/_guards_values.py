"""What the recorder of a trace asks about values that it meets and about their classes, and its list of guards."""

import functools
import types
import weakref

from weft import _C, _guards_watch
from weft._guards_code import MISSING, ONLY_TYPE, is_builtin_or_installed, is_installed

# Entries of a class that say nothing, or are other ones while a trace runs.
UNREAD = frozenset(
    ("__getattribute__", "__setattr__", "__delattr__", "__dict__", "__weakref__", "__doc__", "__module__")
)
CACHED_PROPERTY = functools.cached_property.__get__.__code__
# Where decorators of the standard library keep what they have found out.
CACHES = (weakref.WeakKeyDictionary, weakref.WeakValueDictionary)
WRAPPERS = {
    functools._lru_cache_wrapper: lambda f: (f.__wrapped__,),
    property: lambda p: (p.fget,),
    staticmethod: lambda f: (f.__func__,),
    classmethod: lambda f: (f.__func__,),
}


@functools.lru_cache(maxsize=4096)
def special_name(kind, code):
    """Under which name like __call__ instances of the class have a function with this code, or None."""
    if is_builtin_or_installed(kind) or issubclass(kind, (type, _C.Tensor)):
        return None
    for base in kind.__mro__:
        for name, value in base.__dict__.items():
            if name[:2] == name[-2:] == "__" and getattr(value, "__code__", None) is code and name not in UNREAD:
                return name
    return None


def is_plain_container(value):
    """Does emptying it leave nothing of what it was?"""
    return type(value) in (list, dict, set)


def only_counts(levels, value):
    """Is a number only counted up there, so that nothing depends on it?"""
    return levels == ONLY_TYPE and type(value) in (int, float)


def has_own_reading(kind):
    """Does the class of the program read attributes in a way of its own?"""
    for base in kind.__mro__:
        own = _guards_watch.own_of(base, "__getattribute__")
        if own is not MISSING:
            return type(own) is types.FunctionType and not is_installed(own.__code__.co_filename)
    return False


class GuardList:
    """Guards with what is known of them while a trace runs."""

    def __init__(self):
        self.made = _C._Guards()
        self.notes = []  # of each: (line, the name that it is about if the program may not have read that)
        self.asked = set()  # numbers of those on what foreign code answers
        self.contents = set()  # numbers of those on what nothing can put back

    def add(self, line, kind, *args, name=None):
        """Adds one. RuntimeError for what cannot be guarded."""
        try:
            getattr(self.made, kind)(*args)
        finally:
            while len(self.notes) < len(self.made):
                self.notes.append((line, name))

    def differing(self):
        """(number, the object that it is about) of those that do not hold any more."""
        return [(number, about) for number, about in self.made.differing() if number not in self.asked]

    def has_moved_on(self):
        """Is something else than at first that cannot be put back?"""
        return bool(self.contents) and any(number in self.contents for number, _ in self.made.differing())
