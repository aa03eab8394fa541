"""check that Weft is installed well and can use this machine

Each finding is a line: ok, note (could be better) or PROBLEM, with the remedy. The exit status is 1 if there is a
problem.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from typing import NamedTuple

TYPE_CHECKING = False

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator


class Finding(NamedTuple):
    """What a check found; level 0: all is well, 1: could be better, 2: a problem.

    >>> from weft.cli.doctor import Finding
    >>> Finding("threads", 0, "2 threads").remedy
    ''
    """

    name: str
    level: int
    text: str
    remedy: str = ""


def _install() -> Iterator[Finding]:
    import weft

    built = dict(weft._C._build_info()).get("version", weft.__version__)
    if built == weft.__version__:
        yield Finding("install", 0, f"weft {weft.__version__} in {os.path.dirname(weft.__file__)}")
    else:
        remedy = "remove both (pip uninstall weft, twice) and install one"
        yield Finding("install", 2, f"Python files of {weft.__version__}, library of {built}", remedy)
    shadow = sys.modules.get("torch")
    if shadow is not None and getattr(shadow, "__weft__", None) is None and hasattr(shadow, "_C"):
        yield Finding("torch", 1, "PyTorch is loaded in this process too; its threads compete with Weft's")


def _libraries() -> Iterator[Finding]:
    import numpy

    major = int(numpy.__version__.partition(".")[0])
    if major < 1:
        yield Finding("numpy", 2, numpy.__version__, "pip install -U numpy")
    else:
        yield Finding("numpy", 0, numpy.__version__)
    groups = {"data": ("PIL",), "training": ("matplotlib", "tqdm")}
    for group, names in groups.items():
        missing = [name for name in names if importlib.util.find_spec(name) is None]
        if missing:
            yield Finding(group, 1, f"{', '.join(missing)} not installed", f"pip install 'weft[{group}]'")


def _instructions() -> Iterator[Finding]:
    import weft

    info = dict(weft._C._build_info())
    isa = str(info.get("isa", "unknown"))
    flags = ""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            flags = next((line for line in file if line.startswith("flags")), "")
    except OSError:
        pass
    best = "v4" if " avx512f " in f"{flags} " else "v3" if " avx2 " in flags else ""
    limit = os.environ.get("WEFT_ISA")
    if limit and best and best not in isa:
        yield Finding("instruction set", 1, f"{isa}, although the processor has x86-64-{best}", "unset WEFT_ISA")
    elif platform.machine() in ("x86_64", "AMD64") and flags and not best:
        yield Finding("instruction set", 1, f"{isa}: this processor has no AVX2, so that Weft is slow on it")
    else:
        yield Finding("instruction set", 0, isa)


def _quota() -> float | None:
    """The number of processors that the control group allows; None: as many as there are."""
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="utf-8") as file:
            quota, period = file.read().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return None


def _threads() -> Iterator[Finding]:
    import weft
    from weft._threads import usable_cores

    threads = weft.get_num_threads()
    cores = usable_cores()
    quota = _quota()
    usable = min(cores, max(1, int(quota))) if quota else cores
    text = f"{threads} threads on {cores} processors" + (f", of which the container may use {quota:g}" if quota else "")
    if threads > usable:
        remedy = f"weft.set_num_threads({usable}), or OMP_NUM_THREADS={usable}: more threads wait for one another"
        yield Finding("threads", 1, text, remedy)
    elif threads < usable // 2:
        yield Finding(
            "threads", 1, text, f"weft.set_num_threads({usable}) uses the others, unless they have other work"
        )
    else:
        yield Finding("threads", 0, text)


def _field(name: str) -> int | None:
    try:
        with open("/proc/meminfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith(name + ":"):
                    return int(line.split()[1]) << 10
    except (OSError, ValueError):
        pass
    return None


def _memory() -> Iterator[Finding]:
    import weft
    from weft.profiler._table import format_bytes

    free = _field("MemAvailable")
    if free is not None:
        low = free < 1 << 30
        remedy = "end other programs; weft.memory.set_limit() keeps this one within a limit" if low else ""
        yield Finding("memory", int(low), f"{format_bytes(free)} free", remedy)
    limit = weft.memory.stats()["limit"]
    if 0 < limit < 1 << 62 and free is not None and limit < free // 4:
        yield Finding("memory limit", 1, f"Weft takes at most {format_bytes(limit)}", "weft.memory.set_limit(None)")
    try:
        place = os.statvfs("/dev/shm")
    except OSError:
        yield Finding(
            "shared memory", 1, "there is no /dev/shm", "workers of a DataLoader cannot hand tensors over; mount it"
        )
        return
    size = place.f_frsize * place.f_bavail
    if size < 256 << 20:
        remedy = "workers of a DataLoader need more: docker run --shm-size=2g (or --ipc=host)"
        yield Finding("shared memory", 1, f"{format_bytes(size)} free in /dev/shm", remedy)
    else:
        yield Finding("shared memory", 0, f"{format_bytes(size)} free in /dev/shm")


def _gpu() -> Iterator[Finding]:
    import weft

    if weft.cuda.is_available():
        names = [weft.cuda.get_device_name(i) for i in range(weft.cuda.device_count())]
        yield Finding("GPU", 0, ", ".join(names))
        return
    reason = weft._C._device.unavailable_reason("cuda") if hasattr(weft._C._device, "unavailable_reason") else ""
    if not reason:
        try:
            weft.empty(1, device="cuda")
        except (RuntimeError, NotImplementedError) as error:
            reason = str(error)
    present = os.path.exists("/dev/nvidiactl") or os.path.exists("/proc/driver/nvidia/version")
    remedy = "install the driver and Weft's CUDA plug-in; the text above says what is missing" if present else ""
    yield Finding("GPU", int(present), f"none is used: {reason}", remedy)


def _numbers() -> Iterator[Finding]:
    """A training step on the CPU and the GPUs, with results that are known."""
    import weft

    devices = ["cpu", *(f"cuda:{i}" for i in range(weft.cuda.device_count() if weft.cuda.is_available() else 0))]
    for device in devices:
        try:
            wrong = _self_test(device)
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        if wrong:
            remedy = (
                "WEFT_ISA=v2 may help until it is found; please report this with `python -m weft.utils.collect_env`"
            )
            yield Finding(f"self-test on {device}", 2, wrong, remedy)
        else:
            yield Finding(f"self-test on {device}", 0, "products, convolutions and gradients are right")


def _self_test(device: str) -> str:
    """What is wrong; empty if all is right. Every result is a sum of whole numbers that float32 holds exactly."""
    import numpy

    import weft

    a = (numpy.arange(96 * 80).reshape(96, 80) % 7 - 3).astype(numpy.float32)
    b = (numpy.arange(80 * 64).reshape(80, 64) % 5 - 2).astype(numpy.float32)
    x = weft.tensor(a, device=device).requires_grad_()
    y = weft.matmul(x, weft.tensor(b, device=device))
    if not (y.detach().cpu().numpy() == a @ b).all():
        return "a product of matrices is wrong"
    (y * y).sum().backward()
    if x.grad is None or not (x.grad.cpu().numpy() == 2 * (a @ b) @ b.T).all():
        return "the gradient of a product of matrices is wrong"
    image = weft.tensor(a[:64, :64].reshape(1, 1, 64, 64).copy(), device=device)
    kernel = weft.ones(1, 1, 3, 3, device=device)
    found = weft.nn.functional.conv2d(image, kernel).cpu().numpy()[0, 0]
    plain = a[:64, :64]
    expected = sum(plain[i : 62 + i, j : 62 + j] for i in range(3) for j in range(3))
    if abs(found - expected).max() > 1e-4:
        return "a convolution is wrong"
    compiled = weft.jit(lambda t: (t * 2 + 1).sum())
    if compiled(image).item() != (2 * plain + 1).sum():
        return "a compiled function is wrong"
    return ""


_CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _install,
    _libraries,
    _instructions,
    _threads,
    _memory,
    _gpu,
    _numbers,
)


def findings() -> list[Finding]:
    """What all checks find.

    >>> from weft.cli.doctor import findings
    >>> [f.level for f in findings() if f.name == "self-test on cpu"]
    [0]
    """
    found = []
    for check in _CHECKS:
        try:
            found += list(check())
        except Exception as error:  # a check that fails is a finding
            name = check.__name__.strip("_")
            found.append(Finding(name, 2, f"the check has failed with {type(error).__name__}: {error}"))
    return found


def configure(parser: argparse.ArgumentParser) -> None:
    """Output for programs."""
    parser.add_argument("--json", action="store_true", help="print a list of objects as JSON")


def main(arguments: argparse.Namespace) -> int:
    """Prints the findings; 1 if there is a problem."""
    found = findings()
    if arguments.json:
        import json

        print(json.dumps([finding._asdict() for finding in found], indent=1))
    else:
        width = max(len(finding.name) for finding in found)
        for finding in found:
            print(f"{('ok', 'note', 'PROBLEM')[finding.level]:8} {finding.name:{width}}  {finding.text}")
            if finding.remedy:
                print(f"{'':9}{'':{width}}  -> {finding.remedy}")
    return int(any(finding.level == 2 for finding in found))
