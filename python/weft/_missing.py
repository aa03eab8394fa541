"""Errors for names that Weft lacks: whether PyTorch has them, what to use instead, or what was meant."""

from __future__ import annotations

import functools
import importlib
import os
import sys
from opcode import opmap

from weft._instead import ELSEWHERE, INSTEAD

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn


# The release of PyTorch whose public names and behaviour Weft follows.
INTERFACE = "2.13.0"

_TABLE = os.path.join(os.path.dirname(__file__), "_torch_names.txt")
_IMPORT_FROM = opmap["IMPORT_FROM"]


def _parse(line):
    owner, _, names = line.partition(":")
    return owner, frozenset(names.split())


@functools.cache
def torch_names():
    """The public names of PyTorch's modules and main classes: ``{"torch.nn": {"Linear", ...}, ...}``."""
    with open(_TABLE, encoding="utf-8") as file:
        return dict(_parse(line) for line in file if not line.startswith("#"))


def torch_name(owner):
    """What PyTorch calls a module of Weft: "torch.nn" for "weft.nn"."""
    return "torch" + owner[4:] if owner.partition(".")[0] == "weft" else owner


def in_torch(owner, name):
    """Does PyTorch have this name in the module that Weft calls ``owner``?

    >>> from weft._missing import in_torch
    >>> in_torch("weft.nn", "LSTM"), in_torch("weft.nn", "LTSM")
    (True, False)
    """
    path = torch_name(owner)
    return name in torch_names().get(path, ()) or f"{path}.{name}" in torch_names()


def explanation(owner, name, present=tuple):
    """The message for a name that ``owner`` lacks; ``present()`` are the names that it has.

    >>> from weft._missing import explanation
    >>> explanation("weft.optim", "Adm", lambda: ["Adam", "SGD"])
    "weft.optim has no attribute 'Adm'. Did you mean 'Adam'?"
    """
    lacks = f"{owner} has no attribute {name!r}"
    path = torch_name(owner)
    if _is_module(owner, name):
        return f"{lacks} before it is imported: import {owner}.{name}"
    if name in ELSEWHERE.get(owner, ()):
        return f"{lacks}. Instead: {ELSEWHERE[owner][name]}"
    if in_torch(owner, name):
        text = f"{lacks}: PyTorch has {path}.{name}, Weft does not have it yet"
        keys = f"{path}.{name}"[6:], path[6:], name if path == "torch.Tensor" else ""
        instead = next((INSTEAD[key] for key in keys if key in INSTEAD), None)
        return f"{text}. Instead: {instead}" if instead else text
    elsewhere = _elsewhere(name)
    if elsewhere:
        return f"{lacks}. Did you mean {elsewhere}?"
    import difflib

    own = {other for other in present() if not other.startswith("_")}
    near = difflib.get_close_matches(name, own | torch_names().get(path, frozenset()), 1, 0.7)
    if near and near[0] in own:
        return f"{lacks}. Did you mean {near[0]!r}?"
    if near:
        return f"{lacks}. Did you mean {near[0]!r}? PyTorch has that, Weft does not have it yet"
    return f"{lacks}, and neither has PyTorch" if path in torch_names() else lacks


def _is_module(owner, name):
    """Is it a module of this package, which nothing has imported?"""
    folders = getattr(sys.modules.get(owner), "__path__", ()) if owner.partition(".")[0] == "weft" else ()
    return any(
        os.path.exists(os.path.join(f, name, "__init__.py")) or os.path.exists(os.path.join(f, name + ".py"))
        for f in folders
    )


def _elsewhere(name):
    """Where Weft has this name in another module, as a path, or None."""
    owners = ("torch", "torch.nn", "torch.nn.functional", "torch.optim", "torch.optim.lr_scheduler", "torch.utils.data")
    for owner in owners:
        if name not in torch_names()[owner]:
            continue
        if name in vars(importlib.import_module("weft" + owner[5:])):
            return f"weft{owner[5:]}.{name}"
    return None


def missing(owner: str, name: str, present: Callable[[], Iterable[str]] = tuple, depth: int = 1) -> NoReturn:
    """Raises AttributeError for a name that ``owner`` lacks, or ImportError inside ``from owner import name``.

    ``depth`` is the number of Python frames between this one and the code that asked for the name.
    """
    if name.startswith("_"):
        raise AttributeError(f"{owner} has no attribute {name!r}", name=name)
    frame = sys._getframe(depth)
    text = explanation(owner, name, present)
    # The statement would replace the text of an AttributeError by one of its own.
    if frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == _IMPORT_FROM:
        raise ImportError(text, name=owner)
    raise AttributeError(text, name=name)


def missing_names(owner: str) -> Any:
    """A ``__getattr__`` for the module ``owner``."""

    def __getattr__(name):
        return missing(owner, name, lambda: dir(sys.modules[owner]), depth=2)

    return __getattr__


class _MissingMember:
    """Stands in a class for a member that PyTorch has and Weft lacks. An instance costs nothing until it is looked up;
    a ``__getattr__`` would slow down every attribute of every tensor, and hide what a property raised."""

    __slots__ = ("_name", "_path")

    def __init__(self, path, name):
        self._path = path
        self._name = name

    def __get__(self, instance, owner=None):
        raise AttributeError(member_explanation(owner, self._path, self._name), name=self._name)


def member_explanation(kind, path, name):
    """The message for a member that objects of this class lack, which PyTorch calls ``path``."""
    shown = kind.__name__ if kind is not None else path.rpartition(".")[2]
    return explanation(path, name).replace(f"{path} has", f"{shown!r} object has", 1)


def _members(path):
    """PyTorch's members of a class. Their lines come first in the table, of which no more is read."""
    with open(_TABLE, encoding="utf-8") as file:
        for line in file:
            owner, names = _parse(line)
            if owner == path:
                return names
    raise LookupError(path)


def name_missing_members(cls: type, path: str) -> type:
    """Puts something into the class for each member that PyTorch's class of that path has and this one lacks."""
    for name in _members(path):
        if not hasattr(cls, name):
            setattr(cls, name, _MissingMember(path, name))

    shown = cls.__dir__

    def directory(self):
        lacking = {n for kind in type(self).__mro__ for n, m in vars(kind).items() if isinstance(m, _MissingMember)}
        return sorted(set(shown(self)) - (lacking - set(getattr(self, "__dict__", ()))))

    cls.__dir__ = directory
    return cls
