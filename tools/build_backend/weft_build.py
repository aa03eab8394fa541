"""The build backend: scikit-build-core, which also gets NVIDIA's wheels where the CUDA plug-in can be built.

The plug-in is built when nvcc is found; WEFT_CUDA=OFF in the environment switches it off, ON makes a missing nvcc an
error.
WEFT_CUDA_ARCHITECTURES chooses the GPU architectures, as CMAKE_CUDA_ARCHITECTURES does.
"""

import importlib.metadata
import os
import shutil
import sys

from scikit_build_core import build as _backend
from scikit_build_core.build import *  # noqa: F403

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


def _settings(config_settings):
    settings = dict(config_settings or {})
    for name in ("WEFT_CUDA", "WEFT_CUDA_ARCHITECTURES"):
        if os.environ.get(name):
            settings.setdefault(f"cmake.define.{name}", os.environ[name])
    return settings


def get_requires_for_build_wheel(config_settings=None):
    return _backend.get_requires_for_build_wheel(config_settings) + _cuda_requirements()


def get_requires_for_build_editable(config_settings=None):
    return _backend.get_requires_for_build_editable(config_settings) + _cuda_requirements()


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _backend.build_wheel(wheel_directory, _settings(config_settings), metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _backend.build_editable(wheel_directory, _settings(config_settings), metadata_directory)
