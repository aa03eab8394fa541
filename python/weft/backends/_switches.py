"""Modules whose attributes are switches: setting a name that is none of them is an error, not a new attribute."""

from __future__ import annotations

import functools
import sys
import types

from weft._guards import note_setting

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


class SwitchModule(types.ModuleType):
    """A module of switches, which are properties of a subclass."""

    def __setattr__(self, name: str, value: Any) -> None:
        known = getattr(type(self), name, None)
        # The import system sets dunders and submodules.
        if isinstance(known, property) or name.startswith("__") or isinstance(value, types.ModuleType):
            super().__setattr__(name, value)
            return
        switches = sorted(n for n in dir(type(self)) if isinstance(getattr(type(self), n), property))
        raise AttributeError(
            f"{self.__name__} has no switch {name!r}; it has {', '.join(switches) or 'none'}", name=name
        )


def hint(name: str, default: Any, doc: str) -> Any:
    """A switch that keeps a value of default's type and changes nothing, because results do not depend on it.

    Setting another type raises TypeError. All hints are listed in ``weft.backends.HINTS``.
    """
    slot = "__hint_" + name + "__"

    def get(module):
        value = module.__dict__.get(slot, default)
        note_setting(f"{module.__name__}.{name}", functools.partial(get, module), value)
        return value

    def set(module, value):
        if type(value) is not type(default):
            kind = type(default).__name__
            raise TypeError(f"{module.__name__}.{name}: expected a {kind}, got {type(value).__name__}")
        module.__dict__[slot] = value

    return property(get, set, doc=doc)


def check_bool(switch: str, value: object) -> None:
    """Raises TypeError unless the value of this switch, named with its module, is a bool."""
    if not isinstance(value, bool):
        raise TypeError(f"{switch}: expected a bool, got {type(value).__name__}")


def turn_into(name: str, kind: type) -> None:
    """Makes the module of this name one of ``kind``."""
    sys.modules[name].__class__ = kind
