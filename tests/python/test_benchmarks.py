"""The GPU benchmark runs, with tiny sizes on the CPU, so that it is ready when there is a GPU."""

import subprocess
import sys
from pathlib import Path

from support import weft_only

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "gpu.py"


@weft_only
def test_gpu_benchmark():
    command = [sys.executable, str(PROGRAM), "--small", "--device", "cpu", "--samples", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 19, done.stdout
    for row in rows:
        assert row[2] != "-", f"no time for {row[0]}: {done.stdout}"
