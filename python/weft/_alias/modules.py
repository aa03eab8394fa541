"""The modules that stand for those of PyTorch while the alias is on: views of Weft's, and ones that only say what is
missing."""

import importlib
import types

from weft._missing import INTERFACE, missing, torch_names

VERSION = INTERFACE + "+weft"

# Where the counterpart of torch.x.y is not weft.x.y.
_ELSEWHERE = {
    "torch": "weft",
    "torch.__future__": "weft.__future__",
    "torch.amp.grad_scaler": "weft.amp",
    "torch.autograd.variable": "weft._alias.variable",
    "torch.cuda.amp.autocast_mode": "weft.cuda.amp",
    "torch.cuda.amp.grad_scaler": "weft.cuda.amp",
    "torch.cuda.random": "weft.cuda",
    "torch.functional": "weft",
    "torch.jit": "weft._alias.jit",
    "torch.nn.functional.grad": "weft.nn.grad",
    "torch.nn.modules": "weft.nn",
    "torch.nn.modules.batchnorm": "weft.nn.normalization",
    "torch.nn.modules.channelshuffle": "weft.nn.rearrangement",
    "torch.nn.modules.container": "weft.nn.containers",
    "torch.nn.modules.flatten": "weft.nn.linear",
    "torch.nn.modules.instancenorm": "weft.nn.normalization",
    "torch.nn.modules.module": "weft.nn.modules.module",
    "torch.nn.modules.pixelshuffle": "weft.nn.rearrangement",
    "torch.nn.modules.sparse": "weft.nn.embedding",
    "torch.nn.modules.utils": "weft.nn.modules.utils",
    "torch.nn.utils.convert_parameters": "weft.nn.utils.parameter_vector",
    "torch.autograd.grad_mode": "weft.grad_mode",
    "torch.optim.adamw": "weft.optim.adam",
    "torch.random": "weft",
    "torch.utils.data._utils": "weft.utils.data",  # which programs import from all the same
    "torch.utils.data._utils.collate": "weft.utils.data.collate",
    "torch.utils.data._utils.worker": "weft.utils.data.worker",
    "torch.types": "weft._alias.types",
    "torchvision": "weft._alias.torchvision",
    "torchvision.datasets": "weft.datasets",
    "torchvision.datasets.folder": "weft.datasets.folder",
    "torchvision.ops": "weft.ops",
    "torchvision.transforms": "weft.transforms",
    "torchvision.transforms.functional": "weft.transforms.functional",
    "torchvision.transforms.v2": "weft.transforms.v2",
    "torchvision.transforms.v2.functional": "weft.transforms.v2.functional",
    "torchvision.tv_tensors": "weft.transforms.tv_tensors",
}
_SPECIAL = {
    "torch": {"__version__": VERSION},
    "torch.version": {"__version__": VERSION},
    "torchvision": {"__version__": "0.28.0+weft"},
}


def counterpart(name):
    """The name of Weft's module for PyTorch's public module ``name``, or None."""
    found = _ELSEWHERE.get(name)
    if found is None:
        if name not in torch_names():
            return None
        found = "weft" + name.removeprefix("torch")
        parent, _, child = name.rpartition(".")
        if parent in _ELSEWHERE:
            found = f"{_ELSEWHERE[parent]}.{child}"
    try:
        return found if importlib.util.find_spec(found) is not None else None
    except ImportError:
        return None


class AliasModule(types.ModuleType):
    """A module of PyTorch's name with the members of one of Weft's. What a program sets here is set there, too."""

    def __init__(self, name, target):
        super().__init__(name, target.__doc__)
        members = self.__dict__
        # Functions and classes are found at once. Submodules are not copied: they have aliases of their own.
        members.update(
            (key, value)
            for key, value in vars(target).items()
            if not (key.startswith("__") or isinstance(value, types.ModuleType) or f"{name}.{key}" in _ELSEWHERE)
        )
        if hasattr(target, "__all__"):
            members["__all__"] = [key for key in target.__all__ if not self._lacks(key, vars(target).get(key))]
        members.update(_SPECIAL.get(name, {}))
        members.update(__weft__=target, __file__=getattr(target, "__file__", None), __path__=[])

    def _lacks(self, key, value):
        """Is it a module of Weft's that PyTorch does not have here?"""
        return isinstance(value, types.ModuleType) and counterpart(f"{self.__name__}.{key}") is None

    def __getattr__(self, name):
        path = f"{self.__name__}.{name}"
        if name.startswith("_") and path not in _ELSEWHERE:
            return missing(self.__name__, name)
        if counterpart(path) is not None:
            return importlib.import_module(path)
        found = getattr(self.__weft__, name, None)
        if found is not None and not isinstance(
            found, types.ModuleType
        ):  # modules of Weft's own: weft.ops, weft.models
            return found
        return missing(self.__name__, name, lambda: dir(self), depth=2)

    def __setattr__(self, name, value):
        if isinstance(value, types.ModuleType):  # by the import system; autograd.gradcheck stays the function
            if not callable(self.__dict__.get(name)):
                super().__setattr__(name, value)
            return
        super().__setattr__(name, value)
        if not name.startswith("__"):
            setattr(self.__weft__, name, value)

    def __delattr__(self, name):
        super().__delattr__(name)
        if name in vars(self.__weft__):
            delattr(self.__weft__, name)

    def __dir__(self):
        return sorted({*self.__dict__, *dir(self.__weft__)})

    def __repr__(self):
        return f"<module {self.__name__!r}, which is {self.__weft__.__name__}>"


class AbsentModule(types.ModuleType):
    """A module of PyTorch that Weft lacks. It can be imported, as programs do that may not use it; using it raises."""

    def __init__(self, name):
        super().__init__(name, f"PyTorch's {name}, which Weft does not have yet.")
        self.__path__ = []

    def __getattr__(self, name):
        return missing(self.__name__, name, depth=2)

    def __repr__(self):
        return f"<module {self.__name__!r}, which Weft does not have yet>"
