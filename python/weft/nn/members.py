"""The parameters, buffers and submodules of a module: dicts that are its attributes too."""

from __future__ import annotations

import types
import weakref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from weft.nn.module import Module


GROUPS = ("_parameters", "_buffers", "_modules")


class Members(dict[str, "Any"]):
    """The parameters, buffers or submodules of one module by name, as ``module._parameters`` and so on.

    A dict of its own whose members are attributes of the module as well: whichever is changed, the other one follows.
    """

    __slots__ = ("_owner",)

    def __init__(self, module: Module, members: Any = ()) -> None:
        self._owner = weakref.ref(module)  # weak: a module must not wait for the garbage collector
        super().__init__()
        self.update(members)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)  # Module.__setstate__ gives the copy its owner

    def _forget(self, name: str) -> None:
        owner = self._owner()
        if owner is None:
            return
        own = owner.__dict__
        own.pop(name, None)
        for group in GROUPS:
            other = own.get(group)
            if other is not None and other is not self and name in other:
                own[name] = other[name]

    def __setitem__(self, name: str, member: Any) -> None:
        super().__setitem__(name, member)
        owner = self._owner()
        if owner is not None:
            owner.__dict__[name] = member

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._forget(name)

    def pop(self, name: str, *default: Any) -> Any:
        """As dict.pop."""
        known = name in self
        member = super().pop(name, *default)
        if known:
            self._forget(name)
        return member

    def popitem(self) -> tuple[str, Any]:
        """As dict.popitem."""
        name, member = super().popitem()
        self._forget(name)
        return name, member

    def clear(self) -> None:
        """As dict.clear."""
        for name in list(self):
            del self[name]

    def update(self, *args: Any, **kwargs: Any) -> None:
        """As dict.update."""
        for name, member in dict(*args, **kwargs).items():
            self[name] = member

    def __ior__(self, other: Any) -> Members:
        self.update(other)
        return self

    def setdefault(self, name: str, default: Any = None) -> Any:
        """As dict.setdefault."""
        if name not in self:
            self[name] = default
        return self[name]

    def move_to_end(self, name: str, last: bool = True) -> None:
        """As OrderedDict.move_to_end."""
        order = [other for other in self if other != name]
        order.insert(len(order) if last else 0, name)
        members = {other: self[other] for other in order}  # KeyError for a name that is not there
        self.clear()
        self.update(members)  # the attributes change their order too, which weft.jit looks at


def name_constructors(classes: Iterable[Any]) -> None:
    """Gives layers that inherit their __init__ one of their own name, which errors about its arguments show."""
    for cls in list(classes):
        if isinstance(cls, type) and hasattr(cls, "forward") and "__init__" not in cls.__dict__:
            inherited = cls.__init__
            own = types.FunctionType(
                inherited.__code__, inherited.__globals__, "__init__", inherited.__defaults__, inherited.__closure__
            )
            own.__kwdefaults__ = inherited.__kwdefaults__
            own.__qualname__ = f"{cls.__qualname__}.__init__"
            own.__doc__ = inherited.__doc__
            own.__annotations__ = inherited.__annotations__
            cls.__init__ = own
