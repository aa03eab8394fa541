"""The type stubs of the compiled module name what it holds."""

import ast
import types
from pathlib import Path

import pytest
import weft

STUBS = Path(weft.__file__).parent / "_C"


def names_of(body):
    """The names that a module's or class's stub defines."""
    names = set()
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).split(".")[-1] for alias in node.names)
    return names


@pytest.mark.parametrize("module", ["", "nn", "memory"])
def test_functions_are_named(module):
    found = names_of(ast.parse((STUBS / f"{module or '__init__'}.pyi").read_text(encoding="utf-8")).body)
    real = getattr(weft._C, module) if module else weft._C
    public = {name for name in dir(real) if not name.startswith("_")}
    # The packages weft.nn and weft.memory must not be taken for these
    missing = {name for name in public if not isinstance(getattr(real, name), types.ModuleType)} - found
    assert not missing, "run nox -s stubs"


def test_methods_of_tensor_are_named():
    tree = ast.parse((STUBS / "__init__.pyi").read_text(encoding="utf-8"))
    (tensor,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Tensor"]
    written_in_python = {"register_hook", "register_post_accumulate_grad_hook"}
    # dir() of a tensor leaves out the names that are there only to say that Weft lacks them
    real = {name for name in dir(weft.ones(1)) if not name.startswith("_")} - written_in_python
    assert not real - names_of(tensor.body), "run nox -s stubs"


def test_package_is_marked_as_typed():
    assert (Path(weft.__file__).parent / "py.typed").exists()
