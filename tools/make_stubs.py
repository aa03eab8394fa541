"""Write the type stubs of the compiled module, python/weft/_C/*.pyi, from the Weft that is installed.

Functions and methods come from their argument table (csrc/bindings/arguments.h): a stub for each form, and one with
NumPy's axis and keepdims. Classes come from pybind11-stubgen, which this needs.
"""

import ast
import contextlib
import importlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "python" / "weft" / "_C"
MODULES = ("weft._C", "weft._C.nn")
# What NumPy calls an argument (kOtherNames in csrc/bindings/arguments.cpp).
NUMPY_NAMES = {"dim": "axis", "keepdim": "keepdims"}
# Attributes of tensors of another type than bool.
ATTRIBUTES = {
    **dict.fromkeys(("T", "mT", "H", "mH", "data", "real", "imag"), "Tensor"),
    **dict.fromkeys(("grad", "_base"), "Tensor | None"),
    **dict.fromkeys(("ndim", "itemsize", "nbytes", "_version", "output_nr"), "int"),
    "shape": "Size",
    "dtype": "dtype",
    "device": "device",
    "layout": "layout",
    "grad_fn": "Node | None",
    "names": "tuple[None, ...]",
}
# weft.int, weft.float, weft.bool and weft.complex are other things than Python's; dtype and device are attributes of
# tensors too.
SPELLINGS = {
    **{name: f"builtins.{name}" for name in ("int", "float", "bool", "complex")},
    "dtype": "_dtype",
    "device": "_device_type",
    "layout": "_layout",
    "memory_format": "_memory_format",
    "Size": "_Size",
}
HEAD = """from __future__ import annotations

import typing
from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy

"""
ALIASES = """from weft import Size as _Size, layout as _layout, memory_format as _memory_format

_dtype = dtype
_device_type = device
"""


def spell(annotation):
    return re.sub(r"(?<![\w.'])[A-Za-z_]\w*", lambda m: SPELLINGS.get(m.group(), m.group()), annotation)


class Spelling(ast.NodeTransformer):
    """Annotations of a definition in the stub's words."""

    def visit_arg(self, node):
        node.annotation = node.annotation and ast.parse(spell(ast.unparse(node.annotation)), mode="eval").body
        return node

    def visit_FunctionDef(self, node):
        node.returns = node.returns and ast.parse(spell(ast.unparse(node.returns)), mode="eval").body
        return self.generic_visit(node)


def definition(name, form):
    """`def name(form): ...` as a tree; `from` is no name of a parameter in Python."""
    form = re.sub(r"\bfrom: ", "from_: ", form).replace("= inf", "= ...").replace("= nan", "= ...")
    return Spelling().visit(ast.parse(f"def {name}{form}: ...").body[0])


def with_numpy_names(tree):
    """The same definition with NumPy's names where it has PyTorch's, else None."""
    arguments = tree.args.args + tree.args.kwonlyargs
    if tree.args.vararg or "dim" not in [argument.arg for argument in arguments]:
        return None
    other = ast.parse(ast.unparse(tree)).body[0]
    for argument in other.args.args + other.args.kwonlyargs:
        argument.arg = NUMPY_NAMES.get(argument.arg, argument.arg)
    return other


def stub_of(name, function, indent=""):
    trees = [definition(name, form) for form in function.__forms__]
    trees += [tree for tree in map(with_numpy_names, list(trees)) if tree]
    doc = (function.__doc__ or "").strip()
    lines = []
    for i, tree in enumerate(trees):
        if len(trees) > 1:
            lines.append("@overload")
        text = ast.unparse(tree).split("\n")[0]
        if doc and i == 0:
            quoted = doc.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
            lines += [text, f'    """{quoted.splitlines()[0]}']
            lines += [f"    {line}".rstrip() for line in quoted.splitlines()[1:]] + ['    """']
        else:
            lines.append(f"{text} ...")
    return "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)


def attributes_of_tensor(weft):
    kind = type(weft.Tensor.shape)
    names = [name for name, value in vars(weft.Tensor).items() if isinstance(value, kind) and not name.startswith("__")]
    return "".join(f"    {name}: {spell(ATTRIBUTES.get(name, 'bool'))}\n" for name in sorted(names))


def functions_of(owner, kind):
    return {name: value for name, value in vars(owner).items() if type(value) is kind}


def generate():
    """In a process of its own: stubs of the classes, then of the rest."""
    import pybind11_stubgen
    import weft

    core = weft._C
    core.Tensor.__module__ = "weft._C"  # the raw type says that it belongs to weft
    methods = functions_of(core.Tensor, core._method_type)
    functions = {name: functions_of(importlib.import_module(name), core._function_type) for name in MODULES}
    for name in methods:
        delattr(core.Tensor, name)
    for module, found in functions.items():
        for name in found:
            delattr(importlib.import_module(module), name)
    folder = sys.argv[1]
    attributes = attributes_of_tensor(weft)
    sys.argv = ["pybind11-stubgen", "weft._C", "-o", folder]
    with contextlib.suppress(SystemExit):
        pybind11_stubgen.main()
    place = Path(folder) / "weft" / "_C"
    for module, found in functions.items():
        stub = place / ("nn.pyi" if module.endswith("nn") else "__init__.pyi")
        text = stub.read_text(encoding="utf-8")
        text = re.sub(r"^__all__: .*\n", "", text, flags=re.MULTILINE)
        text += "".join(stub_of(name, found[name]) for name in sorted(found))
        if module == "weft._C":
            body = "".join(stub_of(name, methods[name], "    ") for name in sorted(methods))
            anchor = "    __array_priority__: typing.ClassVar[int] = 1000\n"
            assert anchor in text
            text = text.replace(anchor, anchor + attributes + body)
        stub.write_text(text, encoding="utf-8")


def finished(stub):
    """What pybind11-stubgen wrote of classes, in the same words, with one head for all."""
    text = re.sub(
        r"^(from __future__ .*|import (builtins|typing|numpy|collections\.abc))\n",
        "",
        stub.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    lines = [
        re.sub(r"(?<![\w.'])(?<!def )(int|float|bool)(?![\w:'])", r"builtins.\1", line)
        if line.lstrip().startswith("def ")
        else line
        for line in text.split("\n")
    ]
    text = re.sub(r"[ \t]+$", "", "\n".join(lines), flags=re.MULTILINE)
    return (
        HEAD
        + (
            ALIASES
            if stub.name == "__init__.pyi"
            else "from weft._C import *\nfrom weft._C import _device_type, _dtype, _layout, _memory_format\n\n"
        )
        + text
    )


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, __file__, folder], check=True)
        TARGET.mkdir(exist_ok=True)
        for stub in sorted((Path(folder) / "weft" / "_C").glob("*.pyi")):
            (TARGET / stub.name).write_text(finished(stub), encoding="utf-8")


if __name__ == "__main__":
    generate() if len(sys.argv) > 1 else main()
