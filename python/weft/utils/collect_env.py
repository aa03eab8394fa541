"""What a bug report needs to know of the machine: ``python -m weft.utils.collect_env``."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import subprocess
import sys
from typing import NamedTuple

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence


class SystemEnv(NamedTuple):
    """What is known of the system; None where something could not be found.

    >>> from weft.utils.collect_env import get_env_info
    >>> get_env_info().python_platform != ""
    True
    """

    torch_version: str
    is_debug_build: str
    cuda_compiled_version: str
    gcc_version: str | None
    clang_version: str | None
    cmake_version: str | None
    os: str
    libc_version: str
    python_version: str
    python_platform: str
    is_cuda_available: str
    cuda_runtime_version: str | None
    nvidia_driver_version: str | None
    nvidia_gpu_models: str | None
    cudnn_version: str | None
    pip_packages: list[str]
    cpu_info: str
    weft_info: list[tuple[str, str]]


_PACKAGES = (
    "weft",
    "numpy",
    "torch",
    "onnx",
    "triton",
    "mypy",
    "optree",
    "pillow",
    "matplotlib",
    "safetensors",
    "tensorboard",
    "nvidia",
)


def run(command: Sequence[str]) -> str | None:
    """What a command prints; None where there is no such command or it fails.

    >>> import sys
    >>> from weft.utils.collect_env import run
    >>> run([sys.executable, "-c", "print(1)"]), run(["no-such-command"])
    ('1', None)
    """
    try:
        done = subprocess.run(list(command), capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()


def _first_line(*command):
    text = run(command) if shutil.which(command[0]) else None
    return text.splitlines()[0] if text else None


def _operating_system():
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            for line in file:
                if line.startswith("PRETTY_NAME="):
                    return f"{line.partition('=')[2].strip().strip(chr(34))} ({platform.machine()})"
    except OSError:
        pass
    return f"{platform.system()} {platform.release()} ({platform.machine()})"


def _packages():
    from importlib import metadata

    found = set()
    for package in metadata.distributions():
        name = (package.metadata["Name"] or "").lower()
        if name.startswith(_PACKAGES):
            found.add(f"{name}=={package.version}")
    return sorted(found)


def get_env_info() -> SystemEnv:
    """Everything as a :class:`SystemEnv`.

    >>> import weft
    >>> from weft.utils.collect_env import get_env_info
    >>> get_env_info().torch_version == weft.__version__
    True
    """
    import weft
    from weft.cli.info import describe

    rows = [(name, ", ".join(map(str, v)) if isinstance(v, (list, tuple)) else str(v)) for name, v in describe()]
    gpus = _gpus()
    names = [weft.cuda.get_device_name(i) for i in range(weft.cuda.device_count())] if weft.cuda.is_available() else []
    return SystemEnv(
        torch_version=weft.__version__,
        is_debug_build="False",
        cuda_compiled_version=dict(rows)["CUDA"],
        gcc_version=_first_line("gcc", "--version"),
        clang_version=_first_line("clang", "--version"),
        cmake_version=_first_line("cmake", "--version"),
        os=_operating_system(),
        libc_version="-".join(platform.libc_ver()),
        python_version=f"{sys.version.split(chr(10))[0]} ({sys.maxsize.bit_length() + 1}-bit runtime)",
        python_platform=platform.platform(),
        is_cuda_available=str(weft.cuda.is_available()),
        cuda_runtime_version=str(weft.version.cuda) if weft.version.cuda else None,
        nvidia_driver_version=gpus[0] if gpus else None,
        nvidia_gpu_models="\n".join(names) or (gpus[1] if gpus else None),
        cudnn_version=_cudnn(),
        pip_packages=_packages(),
        cpu_info=dict(rows)["processor"],
        weft_info=rows,
    )


def _gpus():
    """(driver, models) as the driver's tool tells them; None without one."""
    if not shutil.which("nvidia-smi"):
        return None
    text = run(["nvidia-smi", "--query-gpu=driver_version,name", "--format=csv,noheader"])
    if not text:
        return None
    lines = [line.partition(",") for line in text.splitlines()]
    return lines[0][0].strip(), "\n".join(f"GPU {i}: {name.strip()}" for i, (_, _, name) in enumerate(lines))


def _cudnn():
    import weft

    find = getattr(weft.backends.cudnn, "version", None)
    version = find() if find is not None and weft.cuda.is_available() else None
    return None if version is None else str(version)


def pretty_str(info: SystemEnv) -> str:
    """The information as text.

    >>> from weft.utils.collect_env import get_env_info, pretty_str
    >>> pretty_str(get_env_info()).startswith("Weft version: ")
    True
    """
    known = {name: "Could not collect" if value is None else value for name, value in info._asdict().items()}
    lines = [
        f"Weft version: {known['torch_version']}",
        f"CUDA used to build Weft: {known['cuda_compiled_version']}",
        "",
        f"OS: {known['os']}",
        f"GCC version: {known['gcc_version']}",
        f"Clang version: {known['clang_version']}",
        f"CMake version: {known['cmake_version']}",
        f"Libc version: {known['libc_version']}",
        f"Locale: {locale.getlocale()[0]}",
        "",
        f"Python version: {known['python_version']}",
        f"Python platform: {known['python_platform']}",
        f"Is CUDA available: {known['is_cuda_available']}",
        f"CUDA runtime version: {known['cuda_runtime_version']}",
        f"GPU models and configuration: {known['nvidia_gpu_models']}",
        f"Nvidia driver version: {known['nvidia_driver_version']}",
        f"cuDNN version: {known['cudnn_version']}",
        "",
        f"CPU: {known['cpu_info']}",
        f"CPUs of the machine: {os.cpu_count()}",
        "",
        "What Weft was built with and finds:",
        *(f"  {name}: {value}" for name, value in info.weft_info),
        "",
        "Versions of relevant libraries:",
        *(f"[pip] {package}" for package in info.pip_packages),
    ]
    settings = sorted(
        f"{name}={os.environ[name]}" for name in os.environ if name.startswith(("WEFT_", "OMP_", "CUDA_V"))
    )
    return "\n".join([*lines, "", "Environment variables:", *(f"  {setting}" for setting in settings or ["none"])])


def get_pretty_env_info() -> str:
    """The whole report as text.

    >>> from weft.utils.collect_env import get_pretty_env_info
    >>> "Python version" in get_pretty_env_info()
    True
    """
    return pretty_str(get_env_info())


def main() -> None:
    """Prints the report.

    >>> import contextlib, io
    >>> from weft.utils import collect_env
    >>> with contextlib.redirect_stdout(io.StringIO()) as shown:
    ...     collect_env.main()
    >>> "Weft version" in shown.getvalue()
    True
    """
    print("Collecting environment information...")
    print(get_pretty_env_info())


if __name__ == "__main__":
    main()
