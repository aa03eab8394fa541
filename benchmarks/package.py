"""What the package costs: time to import it, size of its wheel, time to build it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent


def run_python(code):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd="/", capture_output=True)
    return time.perf_counter() - start


def import_seconds(module, runs=7):
    """Seconds that `import module` adds to an empty Python program; None if it cannot be imported."""
    try:
        run_python(f"import {module}")  # fills the disk's cache
    except subprocess.CalledProcessError:
        return None
    return median(run_python(f"import {module}") - run_python("pass") for _ in range(runs))


def build_wheel():
    """Builds a wheel from a clean copy of the tracked files. Returns its bytes and the seconds it took."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "source", Path(folder) / "out"
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for name in filter(None, files.split("\0")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
        start = time.perf_counter()
        command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(out), str(source)]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "CCACHE_DISABLE": "1"})
        seconds = time.perf_counter() - start
        return next(out.glob("*.whl")).stat().st_size, seconds
