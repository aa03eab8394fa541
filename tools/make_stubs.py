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


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", GENERATE, "weft._C", "-o", folder], check=True)
        TARGET.mkdir(exist_ok=True)
        for stub in sorted((Path(folder) / "weft" / "_C").glob("*.pyi")):
            text = stub.read_text(encoding="utf-8")
            text = re.sub(r"\bfrom: ", "from_: ", text)  # an argument of PyTorch's that is a word of the language
            text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
            (TARGET / stub.name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
