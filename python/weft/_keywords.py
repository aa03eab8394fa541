"""Classes whose constructors say which parameter a misspelt keyword may mean."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

_VARIABLE_KEYWORDS = 8  # inspect.CO_VARKEYWORDS


def names_taken(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """The names of the parameters of a method after the first; None where they are not known, or any is taken."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & _VARIABLE_KEYWORDS:
        return None
    return code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]


def nearest(name: str, names: Iterable[str], likeness: float = 0.6) -> str:
    """What a message about an unknown name ends with.

    >>> from weft._keywords import nearest
    >>> nearest("strid", ["size", "stride"]), nearest("x", ["size", "stride"])
    ("did you mean 'stride'?", 'it takes size, stride')
    """
    import difflib  # slow to import

    near = difflib.get_close_matches(name, names, 1, likeness)
    return f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(names) or 'none'}"


class _SignatureOfInit:
    """inspect.signature() of a class: without it, it would show a __new__ that is inherited before such an __init__."""

    def __get__(self, instance, owner):
        if instance is not None or not str(getattr(owner.__new__, "__module__", "")).startswith("weft."):
            raise AttributeError("__signature__")
        import inspect

        whole = inspect.signature(owner.__init__)
        return whole.replace(parameters=list(whole.parameters.values())[1:])


class NamesKeywords:
    """A base class: TypeError with the nearest name for a keyword that ``__init__`` does not take."""

    if not TYPE_CHECKING:  # they look at __init__ alone then
        __signature__ = _SignatureOfInit()

        def __new__(cls: Any, *args: Any, **kwargs: Any) -> Any:
            names = names_taken(cls.__init__) if kwargs else None
            for name in kwargs if names is not None else ():
                if name not in names:
                    raise TypeError(
                        f"{cls.__name__}.__init__() got an unexpected keyword argument {name!r}; {nearest(name, names)}"
                    )
            new = super().__new__
            return new(cls) if new is object.__new__ else new(cls, *args, **kwargs)
