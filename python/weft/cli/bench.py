"""time a few standard workloads on this machine

Products of matrices, a convolution, and steps of training of a small perceptron, eager and compiled. The table has the
median time and, where the work is known, the speed. For comparisons with other frameworks see benchmarks/ in the
repository.
"""

from __future__ import annotations

import time
from statistics import median
from typing import NamedTuple

TYPE_CHECKING = False

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Any


class Timing(NamedTuple):
    """The result of one workload.

    >>> from weft.cli.bench import Timing
    >>> Timing("matmul", 0.5, 1e9).gflops
    2.0
    """

    name: str
    seconds: float
    flops: float  # of one call; 0: not known

    @property
    def gflops(self) -> float:
        """Thousand million floating point operations per second."""
        return self.flops / self.seconds / 1e9 if self.seconds else 0.0


def _product(size: int, dtype: str) -> Callable[[str], tuple[Callable[[], Any], float]]:
    def make(device: str) -> tuple[Callable[[], Any], float]:
        import weft

        a, b = (weft.rand(size, size, device=device).to(getattr(weft, dtype)) for _ in range(2))
        return lambda: weft.matmul(a, b), 2.0 * size**3

    return make


def _convolution(device: str) -> tuple[Callable[[], Any], float]:
    import weft

    x, w = weft.rand(8, 64, 56, 56, device=device), weft.rand(64, 64, 3, 3, device=device)
    return lambda: weft.nn.functional.conv2d(x, w, padding=1), 2.0 * 8 * 64 * 56 * 56 * 64 * 9


def _mlp(compiled: bool) -> Callable[[str], tuple[Callable[[], Any], float]]:
    def make(device: str) -> tuple[Callable[[], Any], float]:
        import weft
        from weft import nn

        model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10)).to(device)
        optimizer = weft.optim.Adam(model.parameters())
        x, y = weft.rand(128, 784, device=device), weft.randint(10, (128,), device=device)

        def step() -> Any:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

        return weft.jit(step) if compiled else step, 2.0 * 128 * (2 * 784 * 256 + 3 * 256 * 10)

    return make


WORKLOADS: dict[str, Callable[[str], tuple[Callable[[], Any], float]]] = {
    "matmul float32 1024": _product(1024, "float32"),
    "matmul bfloat16 1024": _product(1024, "bfloat16"),
    "conv2d 64 channels 3x3": _convolution,
    "MLP step, eager": _mlp(False),
    "MLP step, weft.jit": _mlp(True),
}


def measure(name: str, device: str = "cpu", seconds: float = 0.5) -> Timing:
    """Times one workload for about so many seconds.

    >>> from weft.cli.bench import measure
    >>> measure("MLP step, eager", seconds=0.01).seconds > 0
    True
    """
    import weft

    call, flops = WORKLOADS[name](device)

    def timed() -> float:
        start = time.perf_counter()
        call()
        if device != "cpu":
            weft.cuda.synchronize()
        return time.perf_counter() - start

    timed()
    timed()
    times, end = [timed()], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        times.append(timed())
    return Timing(name, median(times), flops)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 3600:
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def configure(parser: argparse.ArgumentParser) -> None:
    """Where, how long, and how it is printed."""
    parser.add_argument("--device", default="cpu", help="cpu (the default) or cuda")
    parser.add_argument("--threads", type=_count, help="number of threads; by default Weft's own")
    parser.add_argument("--seconds", type=_positive, default=0.5, help="time for each workload (0.5)")
    parser.add_argument("--json", metavar="FILE", help="also write the results as JSON; - prints only them")


def main(arguments: argparse.Namespace) -> int:
    """Prints the table."""
    import json

    import weft

    try:
        kind = weft.device(arguments.device).type
    except RuntimeError as error:
        arguments.parser.error(str(error))
    if kind not in ("cpu", "cuda") or (kind == "cuda" and not weft.cuda.is_available()):
        arguments.parser.error(f"--device {arguments.device}: not available; `weft doctor` says why")
    if arguments.threads:
        weft.set_num_threads(arguments.threads)
    quiet = arguments.json == "-"
    results = []
    width = max(map(len, WORKLOADS))
    if not quiet:
        print(f"weft {weft.__version__}, {arguments.device}, {weft.get_num_threads()} threads")
    for name in WORKLOADS:
        result = measure(name, arguments.device, arguments.seconds)
        results.append({"name": name, "seconds": result.seconds, "gflops": result.gflops})
        if not quiet:
            print(f"{name:{width}}  {result.seconds * 1e3:9.3f} ms  {result.gflops:8.1f} GFLOP/s")
    if arguments.json:
        head = {"weft": weft.__version__, "device": arguments.device, "threads": weft.get_num_threads()}
        text = json.dumps({**head, "results": results}, indent=1)
        if quiet:
            print(text)
        else:
            try:
                with open(arguments.json, "w", encoding="utf-8") as file:
                    file.write(text + "\n")
            except OSError as error:
                arguments.parser.error(f"--json {arguments.json}: {error.strerror}")
    return 0
