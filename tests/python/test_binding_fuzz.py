"""A short, seeded run of tests/fuzz/bindings.py: junk in every argument gives ordinary exceptions."""

import os
import subprocess
import sys
from pathlib import Path

from support import weft_only

FUZZER = Path(__file__).parents[1] / "fuzz" / "bindings.py"


@weft_only
def test_junk_gives_ordinary_exceptions():
    run = [sys.executable, str(FUZZER), "--seed", "1", "--seconds", "10"]
    done = subprocess.run(run, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert int(done.stdout.split()[-4]) > 400, done.stdout
