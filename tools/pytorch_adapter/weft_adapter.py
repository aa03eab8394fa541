"""A pytest plugin: PyTorch's own test files over Weft. ``tools/pytorch_tests.py`` passes it with ``-p weft_adapter``.

It turns the alias on, and gives the helpers of the tests, which are loaded from an installed PyTorch, stand-ins for
PyTorch's insides.
"""

import functools
import importlib
import importlib.machinery
import inspect
import sys
import types
import unittest

import placeholders
import weft
from answers import ANSWERS, DUNDERS, FILES, NOT_THERE
from placeholders import DTypePlaceholder, Placeholder, PlaceholderModule, stand_in
from weft import _missing
from weft._alias import finder, modules, scope


def _placeholder(owner, name, present=(), depth=1):
    torch_owner = _missing.torch_name(owner)
    path = f"{torch_owner}.{name}"
    known = name.startswith("_") or _missing.in_torch(owner, name) or path in ANSWERS
    if name.startswith("__") or path in NOT_THERE or not known:
        raise AttributeError(f"{owner} has no attribute {name!r}", name=name)
    found = stand_in(path)
    if isinstance(sys.modules.get(torch_owner), modules.AliasModule):
        vars(sys.modules[torch_owner])[name] = found  # so that it is found at once
    return found


_explain = _missing._MissingMember.__get__


def _missing_member(self, instance, owner=None):
    return Placeholder(f"{self._path}.{self._name}") if instance is None else _explain(self, instance, owner)


class PrivateFinder(importlib.machinery.PathFinder):
    """Answers imports of what the alias does not know: PyTorch's private modules, as stand-ins."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if not name.startswith(("torch.", "functorch", "torchgen")):
            return None
        if name in FILES:
            return finder._file_spec(name)
        parent, _, member = name.rpartition(".")
        if isinstance(vars(sys.modules.get(parent, weft)).get(member), (type, types.FunctionType)):
            return None  # mock tries whether a class is a module
        return importlib.machinery.ModuleSpec(name, cls, origin="stand-in", is_package=True)

    @staticmethod
    def create_module(spec):
        return PlaceholderModule(spec.name)

    @staticmethod
    def exec_module(module):
        pass


class DTypeMeta(type):
    """The type of torch.dtype: stand-ins are instances, too."""

    def __instancecheck__(cls, value):
        return isinstance(value, (weft.dtype, DTypePlaceholder))


class Storage:
    """Enough of a storage to ask whether two tensors share one."""

    def __init__(self, tensor):
        self._address = tensor.data_ptr() - tensor.storage_offset() * tensor.element_size()

    def data_ptr(self):
        return self._address

    _cdata = property(data_ptr)


def _assert_raises(self, expected, pattern, *args, **kwargs):
    return self.assertRaises(expected, *args, **kwargs)


def _assert_warns(self, expected, pattern, *args, **kwargs):
    return self.assertWarns(expected, *args, **kwargs)


def _reverse_only(check):
    """Without the checks of what Weft lacks: forward mode, batches of gradients, the fast variant."""
    known = inspect.signature(check).parameters

    def checked(*args, **kwargs):
        return check(*args, **{name: value for name, value in kwargs.items() if name in known})

    return checked


def _tolerant(limits):
    return lambda *dtype: Placeholder("limits") if dtype and isinstance(dtype[0], Placeholder) else limits(*dtype)


def _refused_later(function):
    """The function; until tests run, a stand-in is its answer to arguments that it refuses."""

    @functools.wraps(function)
    def tried(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except TypeError:
            return Placeholder(f"torch.{function.__name__}()")

    return tried


def _take_numbers(tracker):
    """Has the helper that compares the states of optimizers take numbers too: Weft counts steps with them."""
    add, pop = tracker.add, tracker.pop_check_set

    def add_any(self, value):
        add(self, weft.tensor(value) if isinstance(value, (int, float)) else value)

    def pop_any(self, value, *args, **kwargs):
        pop(self, weft.tensor(value) if isinstance(value, (int, float)) else value, *args, **kwargs)

    tracker.add, tracker.pop_check_set = add_any, pop_any


# What test files call while they are loaded, also for dtypes and objects that Weft refuses.
CALLED_EARLY = ("randn", "rand", "tensor", "zeros", "ones", "empty", "full", "arange", "save")


def install():
    """Turns everything on; once."""
    modules.missing = _missing.missing = _placeholder
    modules.AbsentModule.__getattr__ = lambda self, name: _placeholder(self.__name__, name)
    modules.AbsentModule.__all__ = []
    _missing._MissingMember.__get__ = _missing_member
    scope.enable()
    sys.meta_path.insert(1, PrivateFinder)
    weft.Tensor.untyped_storage = weft.Tensor.storage = lambda self: Storage(self)
    for name in ("gradcheck", "gradgradcheck"):
        wrapped = _reverse_only(getattr(weft.autograd, name))
        vars(importlib.import_module("torch.autograd"))[name] = wrapped
        vars(importlib.import_module("torch.autograd.gradcheck"))[name] = wrapped
    # Errors must be of the right type; Weft has words of its own.
    unittest.TestCase.assertRaisesRegex = _assert_raises
    unittest.TestCase.assertWarnsRegex = _assert_warns
    weft.Tensor._is_view = lambda self: self._base is not None
    weft.Tensor._cdata = property(weft._C._identity)
    # What weft.testing lacks is taken from files of the installed PyTorch.
    import torch.testing

    for name, module in (("make_tensor", "_creation"), ("assert_close", "_comparison")):
        if isinstance(getattr(torch.testing, name), Placeholder):
            found = importlib.import_module(f"torch.testing.{module}")
            vars(torch.testing)[name] = getattr(found, name)
    vars(torch.testing)["_utils"] = importlib.import_module("torch.testing._utils")
    for name in DUNDERS:
        if not hasattr(weft.Tensor, name):
            setattr(weft.Tensor, name, _missing._MissingMember("torch.Tensor", name))
    # Helpers ask for the limits of dtypes that are stand-ins.
    import torch

    vars(torch)["dtype"] = DTypeMeta("dtype", (), {})
    vars(torch)["torch"] = torch
    for name in ("finfo", "iinfo"):
        vars(torch)[name] = _tolerant(getattr(torch, name))
    for name in CALLED_EARLY:
        vars(torch)[name] = _refused_later(getattr(weft, name))
    assert finder.installed_torch() is not None, "the helpers of the tests need an installed PyTorch"


install()


def pytest_collection_finish(session):
    helpers = sys.modules.get("torch.testing._internal.common_optimizers")
    if helpers is not None:
        _take_numbers(helpers.TensorTracker)


def pytest_runtest_logstart(nodeid, location):
    if not placeholders.running:
        placeholders.running = True
        vars(sys.modules["torch"]).update((name, getattr(weft, name)) for name in CALLED_EARLY)


def pytest_runtest_logfinish(nodeid, location):
    weft.nn.hooks.global_hooks.clear()  # tests empty PyTorch's through its private names
