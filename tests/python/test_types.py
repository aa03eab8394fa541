"""What type checkers know of Weft; tools/check_types.py has pyright look at all of it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import weft

PROGRAM = Path(__file__).parent / "typed_program.py"


def test_the_program_runs():
    subprocess.run([sys.executable, PROGRAM], check=True)


def test_the_program_makes_a_hundred_different_calls():
    names = set(re.findall(r"\.(\w+)\(", PROGRAM.read_text(encoding="utf-8")))
    assert len(names) >= 100


def test_mypy_accepts_the_program(tmp_path):
    pytest.importorskip("mypy")
    folder = Path(weft.__file__).parent.parent
    path = {} if folder.name in ("site-packages", "dist-packages") else {"MYPYPATH": str(folder)}
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path, "--follow-imports=silent", PROGRAM]
    from support import environment

    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment(**path))
    assert result.returncode == 0, result.stdout + result.stderr
