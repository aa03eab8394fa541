"""Write the type stubs of the compiled module, python/weft/_C/*.pyi, from the Weft that is installed.

Needs pybind11-stubgen.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "python" / "weft" / "_C"
# The raw type weft.Tensor says that it belongs to weft; its stub belongs to the module that holds it.
GENERATE = "import pybind11_stubgen, weft; weft._C.Tensor.__module__ = 'weft._C'; pybind11_stubgen.main()"
# The generator does not see the attributes of a raw type. Those of another type than bool:
ATTRIBUTES = {
    **dict.fromkeys(("T", "mT", "data"), "Tensor"),
    **dict.fromkeys(("grad", "_base"), "Tensor | None"),
    **dict.fromkeys(("ndim", "itemsize", "nbytes", "_version"), "builtins.int"),
    "shape": "tuple[builtins.int, ...]",
    "dtype": "dtype",
    "device": "device",
    "grad_fn": "Node | None",
}


def spell_builtins(line):
    """weft.int, weft.float and weft.bool are dtypes: in annotations the words mean Python's types."""
    if not line.lstrip().startswith("def "):
        return line
    arguments, arrow, result = line.partition("->")
    arguments = re.sub(r"(?<![\w.'])(?<!def )(int|float|bool)(?![\w:'])", r"builtins.\1", arguments)
    return arguments + arrow + re.sub(r"(?<![\w.'])(int|float|bool)(?![\w'])", r"builtins.\1", result)


def attributes_of_tensor():
    import weft

    kind = type(weft.Tensor.shape)
    names = [name for name, value in vars(weft.Tensor).items() if isinstance(value, kind) and not name.startswith("__")]
    return "".join(f"    {name}: {ATTRIBUTES.get(name, 'builtins.bool')}\n" for name in sorted(names))


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", GENERATE, "weft._C", "-o", folder], check=True)
        TARGET.mkdir(exist_ok=True)
        for stub in sorted((Path(folder) / "weft" / "_C").glob("*.pyi")):
            text = stub.read_text(encoding="utf-8")
            text = re.sub(r"\bfrom: ", "from_: ", text)  # an argument of PyTorch's that is a word of the language
            text = "\n".join(map(spell_builtins, text.split("\n")))
            anchor = "    __array_priority__: typing.ClassVar[int] = 1000\n"
            text = text.replace(anchor, anchor + attributes_of_tensor())
            text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
            (TARGET / stub.name).write_text(
                text.replace("import typing\n", "import builtins\nimport typing\n", 1), encoding="utf-8"
            )


if __name__ == "__main__":
    main()
