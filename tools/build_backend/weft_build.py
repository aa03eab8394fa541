"""The build backend: scikit-build-core, with progress, with a sentence that says why a build fails, and with NVIDIA's
wheels where the CUDA plug-in can be built.

The plug-in is built when nvcc is found; WEFT_CUDA=OFF in the environment switches it off, ON makes a missing nvcc an
error. WEFT_CUDA_ARCHITECTURES chooses the GPU architectures, as CMAKE_CUDA_ARCHITECTURES does.

`python tools/build_backend/weft_build.py FOLDER SETTING=VALUE...` puts a wheel into FOLDER, with what is installed.
"""

import contextlib
import errno
import fcntl
import importlib.metadata
import os
import shlex
import shutil
import sys
from pathlib import Path

from build_output import NEEDS_COMPILER, BuildOutput, Progress, disk_full
from scikit_build_core import build as _backend
from scikit_build_core.build import *  # noqa: F403
from scikit_build_core.errors import NotFoundError

NVIDIA = {
    "nvidia-cublas": "13.1.0.3",
    "nvidia-cudnn-cu13": "9.19.0.56",
    "nvidia-cudnn-frontend": "1.18.0",
}


def _wanted():
    choice = os.environ.get("WEFT_CUDA", "AUTO").upper()
    return choice == "ON" or (choice == "AUTO" and shutil.which("nvcc") is not None)


def _cuda_requirements():
    if not _wanted():
        print("weft: the CUDA plug-in is not built (no nvcc, or WEFT_CUDA=OFF)", file=sys.stderr)
        return []
    print("weft: nvcc was found, the CUDA plug-in is built too", file=sys.stderr)
    missing = []
    for name, version in NVIDIA.items():
        try:
            importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(f"{name}=={version}")
    return missing


def _choose_compiler():
    """One compiler for all: without CXX the name would come from the Python that builds, and change with it."""
    found = next(filter(shutil.which, ("g++", "c++", "clang++")), "g++")
    os.environ["CXX"] = os.environ.get("CXX") or found
    program = shlex.split(os.environ["CXX"])[0]
    if shutil.which(program) is None:
        raise SystemExit(f"weft: the C++ compiler {program} was not found: {NEEDS_COMPILER}")


def _requirements(ask, config_settings):
    _choose_compiler()
    found = ask(config_settings)
    progress = Progress(1)
    for tool in (name for name in found if name.startswith(("cmake", "ninja"))):
        progress.note(f"pip fetches {tool}, which was not found on this machine; without a network install it first")
    progress.close()
    return found + _cuda_requirements()


def _settings(config_settings):
    settings = dict(config_settings or {})
    # Said each time: the build folder may remember another answer.
    settings.setdefault("cmake.define.WEFT_BUILD_TESTS", "OFF")
    settings.setdefault("cmake.define.WEFT_BUNDLE_OPENMP", "OFF")
    settings.setdefault("cmake.define.WEFT_CUDA", os.environ.get("WEFT_CUDA") or "AUTO")
    if os.environ.get("WEFT_CUDA_ARCHITECTURES"):
        settings.setdefault("cmake.define.WEFT_CUDA_ARCHITECTURES", os.environ["WEFT_CUDA_ARCHITECTURES"])
    return settings


@contextlib.contextmanager
def _only_build(output):
    """One build at a time in this tree. The system takes the lock back however a process ends."""
    Path("build").mkdir(exist_ok=True)
    with open("build/lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            output.progress.note("another build is running in this folder: waiting for it to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _clear_errors():
    try:
        yield
    except NotFoundError:
        raise SystemExit("weft: CMake 3.25 or newer, or Ninja, was not found: pip install cmake ninja") from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise SystemExit(disk_full()) from None


def _build(hook, wheel_directory, config_settings, metadata_directory):
    _choose_compiler()
    output = BuildOutput()
    try:
        with _clear_errors(), output, _only_build(output):
            return hook(wheel_directory, _settings(config_settings), metadata_directory)
    except SystemExit as error:
        if isinstance(error.code, str):
            raise
        raise SystemExit(output.reasons.sentence()) from None  # CMake or Ninja has failed, and said more


def get_requires_for_build_wheel(config_settings=None):
    return _requirements(_backend.get_requires_for_build_wheel, config_settings)


def get_requires_for_build_editable(config_settings=None):
    return _requirements(_backend.get_requires_for_build_editable, config_settings)


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    with _clear_errors():
        return _backend.prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def prepare_metadata_for_build_editable(metadata_directory, config_settings=None):
    with _clear_errors():
        return _backend.prepare_metadata_for_build_editable(metadata_directory, config_settings)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _build(_backend.build_wheel, wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _build(_backend.build_editable, wheel_directory, config_settings, metadata_directory)


if __name__ == "__main__":
    folder, *settings = sys.argv[1:]
    build_wheel(folder, dict(setting.split("=", 1) for setting in settings))
