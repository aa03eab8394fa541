"""Everything public in weft.nn that is written in Python says what it is and of what types, and shows an example.

The examples themselves are run by test_package.py.
"""

import enum
import inspect
import types

import pytest
import weft
import weft.nn.modules.module
import weft.nn.modules.utils

MODULES = (
    weft.nn,
    weft.nn.attention,
    weft.nn.attention.bias,
    weft.nn.attention.flex_attention,
    weft.nn.functional,
    weft.nn.init,
    weft.nn.modules.module,
    weft.nn.modules.utils,
    weft.nn.utils,
    weft.nn.utils.parametrizations,
    weft.nn.utils.parametrize,
    weft.nn.utils.prune,
    weft.nn.utils.rnn,
    weft.nn.utils.stateless,
)
# Methods that subclasses define, which say what is computed in the text of the class
OVERRIDDEN = {
    "forward",
    "extra_repr",
    "set_extra_state",
    "reset_parameters",
    "reset_running_stats",
    "initialize_parameters",
}


def written_here(value):
    return getattr(value, "__module__", "").startswith("weft.nn.") and (
        isinstance(value, type) or inspect.isfunction(value)
    )


def public():
    """(path, function or class), each once."""
    seen = set()
    for module in MODULES:
        for name in sorted(getattr(module, "__all__", vars(module))):
            value = getattr(module, name)
            if not name.startswith("_") and written_here(value) and value not in seen:
                seen.add(value)
                yield f"{module.__name__}.{name}", value


PUBLIC = dict(public())
CLASSES = {path: value for path, value in PUBLIC.items() if isinstance(value, type)}


def methods():
    """(path, method or function), the methods under the class that defines them."""
    seen = set()
    for path, value in PUBLIC.items():
        if not isinstance(value, type):
            yield path, value
            continue
        for base in value.__mro__:
            if not base.__module__.startswith("weft.nn"):
                continue
            for name, member in vars(base).items():
                function = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
                if not isinstance(function, types.FunctionType) or (base, name) in seen:
                    continue
                seen.add((base, name))
                if not name.startswith("_") or name in ("__init__", "__call__", "__getitem__", "__len__", "__iter__"):
                    yield f"{base.__module__}.{base.__qualname__}.{name}", function


FUNCTIONS = dict(methods())


def unannotated(function):
    """What of a signature has no type: the names of parameters, and "return"."""
    signature = inspect.signature(function)
    missing = [
        name
        for name, parameter in signature.parameters.items()
        if parameter.annotation is inspect.Parameter.empty and name not in ("self", "cls")
    ]
    return missing + ["return"] * (signature.return_annotation is inspect.Signature.empty)


def test_walk_finds_what_there_is():
    assert len(CLASSES) > 90 and len(PUBLIC) > 140 and len(FUNCTIONS) > 350
    assert {"weft.nn.Linear", "weft.nn.init.zeros_", "weft.nn.utils.clip_grad_norm_"} <= set(PUBLIC)


@pytest.mark.parametrize("path", PUBLIC)
def test_has_an_example(path):
    text = PUBLIC[path].__doc__
    assert text and text[0] not in " \n", f"{path} does not say what it is"
    assert ">>> import weft" in text, f"{path} has no example"


@pytest.mark.parametrize("path", CLASSES)
def test_says_what_its_arguments_mean(path):
    if issubclass(CLASSES[path], enum.Enum):  # Python's own signature says how an enumeration is made
        names = ["value"]
    else:
        names = [name for name in inspect.signature(CLASSES[path]).parameters if not name.startswith("_")]
    text = CLASSES[path].__doc__
    assert not names or "Args:\n" in text, f"{path} does not describe its arguments"
    missing = [name for name in names if f"{name}:" not in text and f"{name}," not in text]
    assert not missing, f"{path} does not describe {missing}"


def test_methods_have_examples():
    plain = {path for path in FUNCTIONS if path not in PUBLIC and not path.rpartition(".")[2].startswith("_")}
    wrong = [
        path
        for path in sorted(plain)
        if path.rpartition(".")[2] not in OVERRIDDEN and ">>> import weft" not in (FUNCTIONS[path].__doc__ or "")
    ]
    assert not wrong


def test_signatures_have_types():
    wrong = {path: missing for path, function in FUNCTIONS.items() if (missing := unannotated(function))}
    assert not wrong
