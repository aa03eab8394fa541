"""Check the house: includes lead only downward, Python stays in the bindings, files stay short.

Run without arguments; prints each offence with its place and exits with 1 if there is any.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = [
    {"core"},
    {"memory"},
    {"device"},
    {"tensor"},
    {"kernels", "op"},
    {"ops"},
    {"autograd"},
    {"graph"},
    {"export"},
    {"bindings"},
    {"weft"},
]
# The floors that know Python; of the last one, weft/python.h.
PYTHON_FLOORS = {"bindings", "weft"}
FLOOR = {folder: i for i, folders in enumerate(FLOORS) for folder in folders}
MAX_LINES = 800
CODE = {".cpp", ".h", ".cu", ".cuh", ".py"}
# Python code may give up the GIL while other threads, which have it, wait for the static: bindings/gil.h, made_once().
PYTHON_STATIC = re.compile(r"^\s+static [^;]*=[^;]*\b(?:py::|PyImport_)", re.MULTILINE)
# pybind11.h and what includes it take 6 seconds to compile: not in headers, and only where classes are bound.
HEAVY = re.compile(r"^#include <(pybind11/(?!cast|pytypes)[^>]*)>", re.MULTILINE)
CLASSES = re.compile(r"py::(?:class_|cpp_function|array)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def tracked_files():
    output = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [Path(line) for line in output.splitlines() if (ROOT / line).exists()]


def include_offences(path, text):
    folder = path.parts[1]
    if folder not in FLOOR:
        yield 1, f"folder csrc/{folder} is on no floor; floors are listed in tools/check_floors.py"
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, name = match.groups()
        if folder not in PYTHON_FLOORS and (name == "Python.h" or name.startswith("pybind11")):
            yield number, f"{name} belongs in csrc/bindings/ only"
        target = name.split("/")[0]
        if quote == '"' and target not in FLOOR:
            yield number, f'"{name}" must be written from csrc/ on, as "folder/file.h"'
        elif quote == '"' and FLOOR[target] > FLOOR[folder]:
            yield number, f"{folder}/ may not include {name}, which is on a higher floor"


def offences():
    for path in tracked_files():
        if path.suffix not in CODE:
            continue
        text = (ROOT / path).read_text(encoding="utf-8")
        lines = text.count("\n")
        if path.parts[:2] == ("csrc", "bindings"):
            for match in PYTHON_STATIC.finditer(text):
                number = text.count("\n", 0, match.start()) + 1
                yield path, number, "a local static must not be made by Python code; use made_once() of bindings/gil.h"
            for match in HEAVY.finditer(text):
                number = text.count("\n", 0, match.start()) + 1
                if match.group(1) == "pybind11/stl.h":
                    yield path, number, "include bindings/containers.h, whose casters are the same"
                elif path.suffix == ".h" or not CLASSES.search(text):
                    yield path, number, f"{match.group(1)} only in .cpp files that bind classes"
        if lines > MAX_LINES:
            yield path, lines, f"{lines} lines; split files by concept before they reach {MAX_LINES}"
        if path.parts[0] == "csrc":
            for number, message in include_offences(path, text):
                yield path, number, message


def main():
    found = list(offences())
    for path, number, message in found:
        print(f"{path}:{number}: {message}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
