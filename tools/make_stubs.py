"""Write the type stubs of the compiled module, python/weft/_C/*.pyi, from the Weft that is installed.

Functions and methods come from their argument table (csrc/bindings/arguments.h): a stub for each form, and one with
NumPy's axis and keepdims. Classes other than Tensor come from pybind11-stubgen, which this needs.
"""

import ast
import contextlib
import inspect
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "python" / "weft" / "_C"
# What NumPy calls an argument (kOtherNames in csrc/bindings/arguments.cpp).
NUMPY_NAMES = {"dim": "axis", "keepdim": "keepdims"}
# Attributes of tensors of another type than bool.
ATTRIBUTES = {
    **dict.fromkeys(("T", "mT", "data", "real", "imag"), "Tensor"),
    **dict.fromkeys(("grad", "_base"), "Tensor | None"),
    **dict.fromkeys(("ndim", "itemsize", "nbytes", "_version", "output_nr"), "int"),
    "shape": "Size",
    "dtype": "dtype",
    "device": "device",
    "layout": "layout",
    "grad_fn": "Node | None",
}
BINARY = "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split()
# Python's own methods of tensors.
SPECIAL = {
    **{f"__{name}__": "(self, other: Any) -> Tensor" for name in [*BINARY, *(f"r{name}" for name in BINARY)]},
    **{f"__i{name}__": "(self, other: Any) -> Tensor" for name in BINARY},
    **{f"__{name}__": "(self, other: Any) -> Tensor" for name in "eq ne lt le gt ge".split()},
    **{f"__{name}__": "(self) -> Tensor" for name in "neg pos abs invert".split()},
    **{f"__{name}__": "(self) -> int" for name in "int index len hash".split()},
    "__bool__": "(self) -> bool",
    "__float__": "(self) -> float",
    "__getitem__": "(self, key: Any) -> Tensor",
    "__setitem__": "(self, key: Any, value: Any) -> None",
    "__delitem__": "(self, key: Any) -> None",
    "__iter__": "(self) -> Iterator[Tensor]",
}
# weft.int, weft.float, weft.bool and weft.complex are other things than Python's; dtype and device are attributes of
# tensors too.
SPELLINGS = {
    **{name: f"builtins.{name}" for name in ("int", "float", "bool", "complex")},
    "dtype": "_DType",
    "device": "_Device",
    "layout": "_Layout",
    "memory_format": "_MemoryFormat",
    "Size": "_Size",
}
# Containers of anything.
FULL = {"tuple": "tuple[Any, ...]", "list": "list[Any]", "dict": "dict[Any, Any]"}
HEAD = """from __future__ import annotations

import builtins
import collections.abc
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy
import numpy as np

"""
NAMES = """import weft
from weft._C import _return_types
from weft._handles import RemovableHandle
from weft._size import Size as _Size
from weft._tensor_names import layout as _Layout
from weft._tensor_names import memory_format as _MemoryFormat
from weft.cuda.streams import Stream
"""
ALIASES = """
_DType: typing.TypeAlias = dtype
_Device: typing.TypeAlias = device

"""
OUT_OF_MEMORY = '"""A device has no memory left; the message says who holds how much."""'
OTHER_NAMES = """import weft
from weft._C import Tensor
from weft._C import device as _Device
from weft._C import dtype as _DType
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
    form = re.sub(r"\bfrom: ", "from_: ", form)
    form = re.sub(r"^\(self(?=[,)])", "(self: Tensor", form)  # methods are functions of weft too: weft.abs_(x)
    return Spelling().visit(ast.parse(f"def {name}{form}: ...").body[0])


def with_numpy_names(tree):
    """The same definition with NumPy's names where it has PyTorch's, else None."""
    arguments = tree.args.args + tree.args.kwonlyargs
    if tree.args.vararg or not NUMPY_NAMES.keys() & {argument.arg for argument in arguments}:
        return None
    other = ast.parse(ast.unparse(tree)).body[0]
    for argument in other.args.args + other.args.kwonlyargs:
        argument.arg = NUMPY_NAMES.get(argument.arg, argument.arg)
    return other


def lines_of(name, forms, doc="", decorator=""):
    trees = [definition(name, form) for form in forms]
    trees += [tree for tree in map(with_numpy_names, list(trees)) if tree]
    lines = []
    for i, tree in enumerate(trees):
        if decorator or len(trees) > 1:
            lines.append(decorator or "@overload")
        text = ast.unparse(tree).split("\n")[0]
        if doc and i == 0:
            quoted = doc.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').splitlines()
            lines += [text, f'    """{quoted[0]}', *(f"    {line}" for line in quoted[1:]), '    """']
        else:
            lines.append(f"{text} ...")
    return lines


def stub_of(name, value, core):
    """The lines of a function, method or property."""
    doc = inspect.cleandoc(getattr(value, "__doc__", None) or "")
    if type(value) in (core._function_type, core._method_type):
        named = f"-> _return_types.{name}" if hasattr(core._return_types, name) else "-> tuple[Tensor, Tensor]"
        return lines_of(name, [form.replace("-> tuple[Tensor, Tensor]", named) for form in value.__forms__], doc)
    if isinstance(value, property):
        return lines_of(name, [form_of_python(value.fget)], doc, "@property")
    return lines_of(name, [form_of_python(value)], doc)


def form_of_python(function):
    """The text of a signature written in Python, whose annotations are texts."""
    signature = inspect.signature(function)
    plain = []
    for p in signature.parameters.values():
        standard = p.default if isinstance(p.default, (type(None), bool, int, float, str, type(p.empty))) else ...
        annotation = "Any" if p.annotation is p.empty and p.name != "self" else p.annotation
        plain.append(p.replace(default=standard, annotation=annotation))
    text = str(signature.replace(parameters=plain)).replace("'", "") if plain else str(signature).replace("'", "")
    text = re.sub(r"\b_C\.", "", text).replace("Ellipsis", "...")
    return text if "->" in text else f"{text} -> Any"


def stub_of_tensor(tensor, core):
    doc = inspect.cleandoc(tensor.__doc__).split("\n")
    attribute = type(tensor.shape)
    body = [f'"""{doc[0]}', *doc[1:], '"""', "__array_priority__: typing.ClassVar[builtins.int]"]
    for name, value in sorted(vars(tensor).items()):
        if isinstance(value, attribute) and not name.startswith("__"):
            body.append(f"{name}: {spell(ATTRIBUTES.get(name, 'bool'))}")
    body += lines_of("__init__", ["(self, *args: Any, **kwargs: Any) -> None"])
    for name, value in sorted(vars(tensor).items()):
        if name in SPECIAL:
            body += lines_of(name, [SPECIAL[name]])
            if name in ("__eq__", "__ne__"):
                body[-1] += "  # type: ignore[override]"
        elif type(value) in (core._method_type, property) or inspect.isfunction(value):
            body += stub_of(name, value, core)
    return "\n".join(["class Tensor:", *(f"    {line}".rstrip() for line in body)]) + "\n"


def functions_of(module, core):
    return {name: value for name, value in sorted(vars(module).items()) if type(value) is core._function_type}


def stub_of_functions(functions, core):
    return "".join(f"{line.rstrip()}\n" for name, value in functions.items() for line in stub_of(name, value, core))


def stub_of_named_tuples(module):
    """Their fields stand in their __match_args__."""
    types = [value for _, value in sorted(vars(module).items()) if isinstance(value, type)]
    fields = {kind.__name__.rpartition(".")[2]: kind.__match_args__ for kind in types}
    return "".join(
        f"class {name}(typing.NamedTuple):\n" + "".join(f"    {field}: Tensor\n" for field in names)
        for name, names in fields.items()
    )


def generate(folder):
    """In a process of its own, which loses what pybind11-stubgen need not see: a file for each module."""
    import pybind11_stubgen
    import weft

    core = weft._C
    modules = {"__init__": core, "nn": core.nn, "_device": core._device, "memory": core.memory}
    texts = {name: stub_of_functions(functions_of(module, core), core) for name, module in modules.items()}
    texts["__init__"] = ALIASES + stub_of_tensor(core.Tensor, core) + texts["__init__"]
    texts["_return_types"] = stub_of_named_tuples(core._return_types)
    for module in modules.values():
        for name in functions_of(module, core):
            delattr(module, name)
    for name in [name for name in vars(core._return_types) if not name.startswith("__")]:
        delattr(core._return_types, name)
    del core.Tensor, core._function_type, core._method_type
    sys.argv = ["pybind11-stubgen", "weft._C", "-o", str(folder)]
    with contextlib.suppress(SystemExit):
        pybind11_stubgen.main()
    for stub, rest in texts.items():
        with (folder / "weft" / "_C" / f"{stub}.pyi").open("a", encoding="utf-8") as file:
            file.write(rest)


def finished(stub):
    """What pybind11-stubgen wrote of classes, in the same words, with one head for all."""
    text = stub.read_text(encoding="utf-8")
    text = re.sub(r"^(from __future__ .*|import \S+|from \. import .*|__all__: .*)\n", "", text, flags=re.MULTILINE)
    text = re.sub(
        r"def __new__\(arg0: .*?\)( -> .*)?:", "def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:", text
    )
    text = re.sub(r"    @staticmethod\n(    def __new__)", r"\1", text)
    text = text.replace(
        "from weft import OutOfMemoryError\n",
        f"class OutOfMemoryError(RuntimeError, MemoryError):\n    {OUT_OF_MEMORY}\n",
    )
    text = text.replace("self: numpy.dtype[typing.Any]", "self").replace("typing.Sequence", "Sequence")
    text = re.sub(r"\b(tuple|list|dict)(?=[:,)]| \|| =|$)(?<!\.)", lambda m: FULL[m.group()], text, flags=re.MULTILINE)
    text = re.sub(r"generator: \.\.\. \| None", "generator: Generator | None", text)
    text = re.sub(r"^(\w+): (int|float|bool)\b", r"\1: builtins.\2", text, flags=re.MULTILINE)
    text = text.replace("device: weft.device = 'cpu'", "device: weft.device | str = 'cpu'")
    text = re.sub(r"(\w+): (_\w+) = None", r"\1: \2 | None = None", text)
    lines = []
    for line in text.split("\n"):
        if re.match(r"\s*def ", line) and "builtins." not in line:
            line = re.sub(r"(?<![\w.'])(?<!def )(int|float|bool|complex)(?![\w'(])", r"builtins.\1", line)
        line = re.sub(r"(\*\*?(args|kwargs))(?=[,)])", r"\1: Any", line) if re.match(r"\s*def ", line) else line
        lines.append(line.rstrip())
    names = NAMES if stub.name == "__init__.pyi" else OTHER_NAMES
    # Examples are in __doc__: here they would be half of a file that every installation holds a second time.
    text = re.sub(r'\n\s*\n *>>> .*?\n(?= *""")', "\n", "\n".join(lines), flags=re.DOTALL)
    return HEAD + names + text


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, __file__, folder], check=True)
        TARGET.mkdir(exist_ok=True)
        for stub in sorted((Path(folder) / "weft" / "_C").glob("*.pyi")):
            (TARGET / stub.name).write_text(finished(stub), encoding="utf-8")


if __name__ == "__main__":
    generate(Path(sys.argv[1])) if len(sys.argv) > 1 else main()
