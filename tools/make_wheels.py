"""Make wheels that run on other Linux machines, for every CPython from 3.10 to 3.14 that is found here, and try each.

    python tools/make_wheels.py [--platform manylinux_2_28_x86_64] [--only 3.12]

libweft is compiled once, in build/release; each Python adds its bindings. libgomp lies beside it, where libweft's path
leads oneDNN too: auditwheel would rewrite oneDNN for that, and make it 4 MB larger. auditwheel names the oldest system
that the wheel runs on, which the compiler and the C library of this machine decide: made in the image manylinux_2_28 it
is that one (.github/workflows/wheels.yml). Each wheel is installed in a fresh environment of its Python, trains
examples/digits.py, builds an op in C++, and must keep to the limits of size. The wheels are in wheelhouse/.

Needs auditwheel and patchelf. The CUDA plug-in is left out unless WEFT_CUDA says otherwise.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from run_tests import ROOT, make_venv, run

MINORS = range(10, 15)
WHEEL_MB, INSTALLED_MB = 30, 61  # oneDNN alone is 44 MB
WORK = ROOT / "build" / "manylinux"
SETTINGS = ["--config-settings=cmake.define.WEFT_BUNDLE_OPENMP=ON"]


def find_pythons():
    """One interpreter for each version: of the system, of pyenv, or of a manylinux image. Headers must be there."""
    headers = "os.path.exists(sysconfig.get_path('include') + '/Python.h')"
    code = f"import os, sys, sysconfig; print({headers}, *sys.version_info[:2])"
    found = {}
    for minor in MINORS:
        places = [shutil.which(f"python3.{minor}"), f"/opt/python/cp3{minor}-cp3{minor}/bin/python"]
        places += sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3.{minor}"), reverse=True)
        for place in filter(None, places):
            if not Path(place).exists():
                continue
            answer = subprocess.run([place, "-c", code], capture_output=True, text=True)
            if answer.stdout.split() == ["True", "3", str(minor)]:
                found[f"3.{minor}"] = Path(place)
                break
    return found


def build(version, python):
    """The wheel that pip makes, which runs on this system."""
    out = WORK / version
    shutil.rmtree(out, ignore_errors=True)
    builder = make_venv(WORK / f"build-{version}", python)
    run(builder, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", out, *SETTINGS, ".")
    return next(out.glob("*.whl"))


def repair(wheel, platform):
    out = wheel.parent / "repaired"
    command = [sys.executable, "-m", "auditwheel", "repair", "--exclude", "libgomp.so.1", "--wheel-dir", out, wheel]
    run(*command, *(["--plat", platform] if platform else []))
    return next(out.glob("*.whl"))


def megabytes(path):
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    files = [file for file in files if file.parent.name != "__pycache__"]  # which pip fills, or not
    return sum(file.stat().st_size for file in files) / 1e6


def try_wheel(version, python, wheel):
    """Installs the wheel where nothing of the build is, and uses it; its size, and how much it takes installed."""
    folder = WORK / f"try-{version}"
    shutil.rmtree(folder, ignore_errors=True)
    fresh = make_venv(folder, python)
    run(fresh, "-m", "pip", "install", "--quiet", f"{wheel}[demo]", "pybind11>=3.1,<4")
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "LD_LIBRARY_PATH")}
    environment["WEFT_EXTENSIONS_DIR"] = str(folder / "extensions")
    command = [fresh, ROOT / "examples" / "digits.py", "--out", folder / "runs"]
    out = subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder, env=environment).stdout
    accuracy = float(re.search(r"test accuracy: ([\d.]+)", out)[1])
    assert accuracy > 98, out
    command = [fresh, ROOT / "examples" / "cpp_extension" / "smooth.py"]
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment)
    packages = next((folder / "lib").glob("python3*/site-packages"))
    sizes = megabytes(wheel), sum(megabytes(path) for path in packages.glob("weft*"))
    print(f"{wheel.name}: {sizes[0]:.1f} MB, installed {sizes[1]:.1f} MB, digits {accuracy:.1f} % right")
    assert sizes[0] < WHEEL_MB and sizes[1] < INSTALLED_MB, f"over the limits of {WHEEL_MB} and {INSTALLED_MB} MB"
    return wheel


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--platform", help="the tag, for example manylinux_2_28_x86_64; otherwise the oldest that holds"
    )
    parser.add_argument("--only", metavar="VERSION", help="one version of Python")
    arguments = parser.parse_args()
    os.environ.setdefault("WEFT_CUDA", "OFF")
    pythons = {v: python for v, python in find_pythons().items() if arguments.only in (None, v)}
    if not pythons:
        sys.exit("no CPython from 3.10 to 3.14 with its headers was found")
    print(f"found CPython {', '.join(pythons)}", flush=True)
    house = ROOT / "wheelhouse"
    shutil.rmtree(house, ignore_errors=True)
    house.mkdir()
    # All are built before the first is tried: a mistake in C++ shows early.
    wheels = {version: repair(build(version, python), arguments.platform) for version, python in pythons.items()}
    for version, wheel in wheels.items():
        shutil.copy(try_wheel(version, pythons[version], wheel), house)


if __name__ == "__main__":
    main()
