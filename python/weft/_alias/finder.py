"""Answers imports of torch, of what Weft has of torchvision, and questions for torch's version."""

import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import sys
import types
from email.message import Message
from pathlib import Path

from weft._alias.modules import VERSION, AbsentModule, AliasModule, counterpart
from weft._missing import torch_names

# Helpers of PyTorch's own tests, which are loaded as files from an installed PyTorch.
_FILES = ("torch.testing._internal", "torch.testing._comparison", "torch.testing._creation", "torch.testing._utils")


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The entry in sys.meta_path while the alias is on; also the loader of its modules."""

    def find_spec(self, name, path=None, target=None):
        package = name.partition(".")[0]
        if package != "torch" and (package != "torchvision" or counterpart(name) is None):
            return None
        if name == "torch" or counterpart(name) is not None or name in torch_names():
            spec = importlib.machinery.ModuleSpec(name, self, origin="weft", is_package=True)
            return spec
        return _file_spec(name) if any(name == f or name.startswith(f + ".") for f in _FILES) else None

    def create_module(self, spec):
        found = counterpart(spec.name)
        return AbsentModule(spec.name) if found is None else AliasModule(spec.name, importlib.import_module(found))

    def exec_module(self, module):
        # Switches are properties of the module that has them.
        target = getattr(module, "__weft__", None)
        if target is not None and type(target) is not types.ModuleType:
            sys.modules[module.__name__] = target

    def find_distributions(self, context=None):
        """For importlib.metadata."""
        name = getattr(context, "name", None)
        return iter([_Distribution()] if name is None or name.lower() == "torch" else [])


class _Distribution(importlib.metadata.Distribution):
    """What importlib.metadata says of torch."""

    def read_text(self, filename):
        if filename not in ("METADATA", "PKG-INFO"):
            return None
        message = Message()
        message["Metadata-Version"], message["Name"], message["Version"] = "2.1", "torch", VERSION
        message["Summary"] = "Weft under the name of torch"
        return message.as_string()

    def locate_file(self, path):
        return Path(__file__).parent / path


def installed_torch():
    """The folder of an installed PyTorch, which is not imported for that, or None."""
    spec = importlib.machinery.PathFinder.find_spec("torch", sys.path)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _file_spec(name):
    folder = installed_torch()
    if folder is None:
        raise ModuleNotFoundError(f"{name} is a file of PyTorch, which is not installed: pip install torch", name=name)
    path = folder.joinpath(*name.split(".")[1:])
    if path.is_dir():
        where = [str(path)]
        return importlib.util.spec_from_file_location(name, path / "__init__.py", submodule_search_locations=where)
    path = path.with_suffix(".py")
    return importlib.util.spec_from_file_location(name, path) if path.exists() else None
