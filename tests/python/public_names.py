"""Every public callable of Weft, found by walking its modules and classes, with the parameters that it declares."""

import inspect
import re
import types
from dataclasses import dataclass

import weft
import weft.autograd.forward_ad
import weft.autograd.functional
from weft import _jit, _missing, _tensor
from weft.nn import hooks

COMPOSED = (
    *(
        "autograd.profiler",
        "datasets",
        "hub",
        "integrations",
        "metrics",
        "models",
        "multiprocessing",
        "ops",
        "profiler",
    ),
    *("training", "transforms", "utils.tensorboard"),
)

# Classes of results, which have no public name of their own
RETURNED = (_jit.Jitted, _jit.Graph, _tensor.RemovableHandle, hooks.RemovableHandle)


@dataclass(frozen=True)
class Parameter:
    """One parameter: by_name says whether a keyword reaches it, annotation is text or None where there is none."""

    name: str
    by_name: bool
    may_be_none: bool
    annotation: str | None
    is_flag: bool


@dataclass(frozen=True)
class Public:
    """A public function or class, or with an owner a method of that class."""

    path: str
    value: object
    owner: type | None = None
    base: type | None = None  # the class that defines the method

    def __str__(self):
        return self.path

    @property
    def name(self):
        return self.path.rpartition(".")[2]


def public_modules():
    """weft, the modules that it names, and those of their submodules that are names of theirs or of PyTorch's.

    Not those that are made of the others, whose own tests call them wrongly: test_models_*.py, test_vision_ops.py.
    """
    names = [name for name in weft._SUBMODULES if name not in COMPOSED]
    found, waiting = {}, [weft, *(getattr(weft, name) for name in names)]
    while waiting:
        module = waiting.pop(0)
        if module.__name__ in found or module.__name__.removeprefix("weft.") in COMPOSED:
            continue
        found[module.__name__] = module
        for name, value in sorted(vars(module).items()):
            path = f"{module.__name__}.{name}"
            if isinstance(value, types.ModuleType) and value.__name__ == path and not name.startswith("_"):
                if name in getattr(module, "__all__", ()) or "torch" + path[4:] in _missing.torch_names():
                    waiting.append(value)
    return found


def _names(module):
    known = _missing.torch_names().get("torch" + module.__name__[4:], ())
    names = dir(module) if module is weft else getattr(module, "__all__", None) or known
    for name in sorted(names):
        value = getattr(module, name, None)  # dir() also says what PyTorch has and Weft lacks
        home = getattr(value, "__module__", None) or ""
        if module is weft and home.split(".")[1:2] in [[each] for each in COMPOSED]:
            continue
        if callable(value) and not name.startswith("_") and home.partition(".")[0] == "weft":
            yield f"{module.__name__}.{name}", value


def _methods(cls):
    for base in cls.__mro__:
        if not (base.__module__ or "").startswith("weft"):
            continue
        for name, value in vars(base).items():
            if name.startswith("_") or isinstance(value, (property, type)):
                continue
            called = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
            if callable(called) and hasattr(cls, name):
                yield base, name, getattr(cls, name) if called is not value else value


def walk():
    """Each callable once, under the first of its names."""
    seen, found = set(), []
    for module in public_modules().values():
        for path, value in _names(module):
            if id(value) not in seen:
                seen.add(id(value))
                found.append(Public(path, value))
    returned = [Public(f"{cls.__module__}.{cls.__name__}", cls) for cls in RETURNED]
    for item in [*found, *returned]:
        if isinstance(item.value, type):
            for base, name, value in _methods(item.value):
                key = (base, name)
                if key not in seen:
                    seen.add(key)
                    home = item.path if base is item.value else f"{base.__module__}.{base.__qualname__}"
                    found.append(Public(f"{home}.{name}", value, item.value, base))
    return found


def _from_text(text):
    for line in text.splitlines():
        found = re.match(r"(?:\d+\. )?\w+\((.*?)\) ->", line)
        if not found:
            continue
        by_name = True
        parts = [part.strip() for part in re.split(r",\s*(?=\w+:|\*|/)", found[1])]
        if "/" in parts:
            by_name = False
        for part in parts:
            if part == "/":
                by_name = True
            name, _, rest = part.partition(":")
            if part in ("", "*", "/") or name == "self" or part.startswith("*"):
                continue
            annotation, _, default = (rest if rest else part.partition("=")[2]).partition("=")
            annotation, default = annotation.strip(), default.strip()
            optional = default == "None" or "None" in annotation
            yield Parameter(name.partition("=")[0].strip(), by_name, optional, annotation, False)


def signature_of_form(form):
    """The inspect.Signature of a form of a compiled function, such as "(input: Tensor, dim: int = 0) -> Tensor"."""
    namespace = {"inf": float("inf")}
    exec(f"from __future__ import annotations\ndef f{form.replace('from: ', 'from_: ')}: ...", namespace)
    return inspect.signature(namespace["f"])


def parameters(function):
    """The declared parameters, of all overloads together."""
    try:
        declared = inspect.signature(function).parameters.values()
        if forms := getattr(function, "__forms__", ())[1:]:
            merged = {p.name: p for p in declared}
            for p in (p for form in forms for p in signature_of_form(form).parameters.values()):
                if p.name not in merged or "None" in p.annotation:
                    merged[p.name] = p
            declared = merged.values()
    except (TypeError, ValueError):
        merged = {}
        for p in _from_text(getattr(function, "__doc__", "") or ""):
            known = merged.get(p.name)
            merged[p.name] = p if known is None or p.may_be_none else known
        return list(merged.values())
    made = []
    for p in declared:
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) or p.name == "self" or p.name.startswith("_"):
            continue
        annotation = None if p.annotation is p.empty else str(p.annotation)
        optional = p.default is None or "None" in (annotation or "")
        flag = isinstance(p.default, bool) or (annotation is not None and "bool" in annotation)
        made.append(Parameter(p.name, p.kind is not p.POSITIONAL_ONLY, optional, annotation, flag))
    return made
