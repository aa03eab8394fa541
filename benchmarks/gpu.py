"""Measures Weft on a GPU beside PyTorch, in one process and in turns, and prints a table of times, rates and targets.

    python benchmarks/gpu.py                 everything, a few minutes on one GPU
    python benchmarks/gpu.py softmax gpt     the cases whose names contain a word
    python benchmarks/gpu.py --build         builds Weft with its CUDA plug-in first, in build/gpu, and measures that
    python benchmarks/gpu.py --save          also writes benchmarks/results/<date>-<GPU>.md
    python benchmarks/gpu.py --small --device cpu    tiny sizes, to see that the program itself works

--build needs nvcc, ninja, and the packages that pyproject.toml and tools/build_backend name, and no network. PyTorch is
no dependency of Weft; without it (or without its CUDA) Weft's times stand alone.
"""

import argparse
import datetime
import gc
import importlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import models

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


@dataclass
class Bench:
    """`make(f, device, small)` returns (the function to time, bytes moved or flops per call, or 0)."""

    name: str
    make: object
    kind: str  # "bandwidth": share of the copy's; "flops": share of PyTorch's rate; "time": share of PyTorch's time
    target: float


@dataclass
class Row:
    name: str
    kind: str
    target: float
    seconds: dict = field(default_factory=dict)
    work: float = 0.0
    peak: dict = field(default_factory=dict)
    error: str = ""


def vector(f, device, small, **options):
    return f.rand(1 << (12 if small else 28), device=device, **options)


def elementwise(function, arrays):
    def make(f, device, small):
        x = vector(f, device, small)
        return lambda: function(f, x), x.numel() * 4 * arrays

    return make


def rows_of(forward, shape=(16384, 8192)):
    """Forward and backward of a function of rows, bfloat16."""

    def make(f, device, small):
        rows, columns = (8, 32) if small else shape
        x = f.randn(rows, columns, device=device, dtype=f.bfloat16).requires_grad_(True)
        call = forward(f, x)
        g = f.ones_like(call())

        def step():
            x.grad = None
            call().backward(g)

        return step, 0

    return make


def softmax(f, x):
    return lambda: f.softmax(x, -1)


def layer_norm(f, x):
    layer = f.nn.LayerNorm(x.shape[-1], device=x.device, dtype=x.dtype)
    return lambda: layer(x)


def cross_entropy(f, x):
    target = f.randint(0, x.shape[1], (x.shape[0],), device=x.device)
    return lambda: f.nn.functional.cross_entropy(x, target)


def matmul(f, device, small):
    n = 64 if small else 8192
    a, b = (f.randn(n, n, device=device, dtype=f.bfloat16) for _ in range(2))
    return lambda: a @ b, 2 * n**3


def attention(backward):
    def make(f, device, small):
        shape = (1, 2, 16, 8) if small else (8, 16, 4096, 128)
        q, k, v = (f.randn(*shape, device=device, dtype=f.bfloat16).requires_grad_(backward) for _ in range(3))
        g = f.randn(*shape, device=device, dtype=f.bfloat16)

        def step():
            y = f.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            if backward:
                f.autograd.grad(y, (q, k, v), g)

        return step, 0

    return make


def small_op(f, device, small):
    x = f.ones(16, device=device)
    return lambda: x + x, 0


def mlp_step(f, device, small):
    f.manual_seed(0)
    model = models.mlp(f).to(device)
    optimizer = f.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    x, y = f.rand(64, 1, 28, 28, device=device), f.randint(0, 10, (64,), device=device)
    return models.training_step(f, model, optimizer, x, y), 0


def digits_step(f, device, small):
    f.manual_seed(0)
    model = models.digits_cnn(f).to(device)
    optimizer = f.optim.Adam(model.parameters(), lr=1e-3)
    x, y = f.rand(64, 1, 8, 8, device=device), f.randint(0, 10, (64,), device=device)
    return models.training_step(f, model, optimizer, x, y), 0


def resnet_step(f, device, small):
    f.manual_seed(0)
    model = models.resnet50(f, 4, (1, 1, 1, 1), 10) if small else models.resnet50(f)
    model = model.to(device)
    optimizer = f.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    batch, side, classes = (2, 32, 10) if small else (256, 224, 1000)
    x, y = f.rand(batch, 3, side, side, device=device), f.randint(0, classes, (batch,), device=device)
    return models.training_step(f, model, optimizer, x, y, f.bfloat16), 0


def gpt_step(f, device, small):
    f.manual_seed(0)
    length, vocabulary = (8, 32) if small else (1024, 50304)
    model = models.gpt(f, 2, 16, 2, 8, 32) if small else models.gpt(f)
    model = model.to(device)
    optimizer = f.optim.AdamW(model.parameters(), lr=1e-4)
    batch = 2 if small else 8
    ids, target = (f.randint(0, vocabulary, (batch, length), device=device) for _ in range(2))
    return models.training_step(f, model, optimizer, ids, target, f.bfloat16), 0


BENCHES = [
    Bench("copy 1 GB float32", elementwise(lambda f, x: x.clone(), 2), "bandwidth", 0.85),
    Bench("x + x 1 GB float32", elementwise(lambda f, x: x + x, 2), "bandwidth", 0.85),
    Bench("exp 1 GB float32", elementwise(lambda f, x: x.exp(), 2), "bandwidth", 0.85),
    Bench("gelu 1 GB float32", elementwise(lambda f, x: f.nn.functional.gelu(x), 2), "bandwidth", 0.85),
    Bench("sum 1 GB float32", elementwise(lambda f, x: x.sum(), 1), "bandwidth", 0.85),
    Bench("max 1 GB float32", elementwise(lambda f, x: x.max(), 1), "bandwidth", 0.85),
    Bench("sum of rows 1 GB", elementwise(lambda f, x: x.view(-1, 1024).sum(1), 1), "bandwidth", 0.85),
    Bench("sum of columns 1 GB", elementwise(lambda f, x: x.view(-1, 1024).sum(0), 1), "bandwidth", 0.85),
    Bench("matmul 8192 bfloat16", matmul, "flops", 0.97),
    Bench("softmax forward+backward", rows_of(softmax), "time", 0.8),
    Bench("layer norm forward+backward", rows_of(layer_norm), "time", 0.8),
    Bench("cross entropy forward+backward", rows_of(cross_entropy), "time", 0.8),
    Bench("attention forward", attention(False), "time", 1.0),
    Bench("attention forward+backward", attention(True), "time", 1.0),
    Bench("host time of a small op", small_op, "host", 0.4),
    Bench("perceptron step", mlp_step, "time", 1.0),
    Bench("digits CNN step", digits_step, "time", 1.0),
    Bench("ResNet-50 step, bfloat16, batch 256", resnet_step, "time", 1.0),
    Bench("GPT 124M step, bfloat16, batch 8", gpt_step, "time", 1.0),
]


def synchronize(f, device):
    if device == "cuda":
        f.cuda.synchronize()


def time_calls(f, device, step, calls, host):
    synchronize(f, device)
    start = time.perf_counter()
    for _ in range(calls):
        step()
    if not host:
        synchronize(f, device)
    seconds = (time.perf_counter() - start) / calls
    synchronize(f, device)
    return seconds


def measure(bench, frameworks, device, small, samples):
    """Both frameworks in turns; each is set up by itself first, so that its peak memory is its own."""
    row = Row(bench.name, bench.kind, bench.target)
    steps, calls, times = {}, {}, {name: [] for name in frameworks}
    for name, f in frameworks.items():
        try:
            if device == "cuda":
                f.cuda.empty_cache()
                f.cuda.reset_peak_memory_stats()
                before = f.cuda.memory_allocated()
            steps[name], row.work = bench.make(f, device, small)
            for _ in range(3):
                steps[name]()
            synchronize(f, device)
            if device == "cuda":
                row.peak[name] = f.cuda.max_memory_allocated() - before
            host = bench.kind == "host"
            each = time_calls(f, device, steps[name], 3, host)
            calls[name] = max(1, min(1000, round((0.02 if small else 0.15) / max(each, 1e-7))))
        except (AttributeError, NotImplementedError, RuntimeError, TypeError) as error:
            steps.pop(name, None)
            row.error += f"{name}: {type(error).__name__}: {error} "
    for _ in range(samples):
        for name, step in steps.items():
            times[name].append(time_calls(frameworks[name], device, step, calls[name], bench.kind == "host"))
    row.seconds = {name: median(values) for name, values in times.items() if values}
    steps.clear()
    gc.collect()
    return row


def readable(seconds):
    for unit, scale in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def cells_of(row, copy_rate):
    ours, theirs = row.seconds.get("weft"), row.seconds.get("torch")
    times = [readable(t) if t else "-" for t in (theirs, ours)]
    value = met = "-"
    if ours and row.kind == "bandwidth" and copy_rate:
        share = row.work / ours / copy_rate
        value, met = f"{share:.0%} of the copy's {copy_rate / 1e9:.0f} GB/s", "yes" if share >= row.target else "NO"
    elif ours and theirs and row.kind == "flops":
        share = theirs / ours
        value, met = (
            f"{row.work / ours / 1e12:.0f} TFLOP/s, {share:.2f} of PyTorch's",
            "yes" if share >= row.target else "NO",
        )
    elif ours and theirs:
        value, met = f"{ours / theirs:.2f} of PyTorch's time", "yes" if ours / theirs <= row.target else "NO"
    memory = "-"
    if row.peak.get("weft") and row.peak.get("torch"):
        memory = f"{row.peak['weft'] / row.peak['torch']:.2f}"
    return [row.name, *times, value, f"{row.target:g}", met, memory]


HEADER = ["case", "PyTorch", "Weft", "measured", "target", "met", "peak memory, of PyTorch's"]


def build():
    """Builds Weft and its plug-in with what is installed; returns the folder for PYTHONPATH."""
    folder = ROOT / "build" / "gpu"
    options = ["-G", "Ninja", f"-DPython_EXECUTABLE={sys.executable}", "-DWEFT_CUDA=ON"]
    subprocess.run(["cmake", "-S", ROOT, "-B", folder, *options], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", folder, "--quiet"], check=True)
    os.environ["WEFT_CUDA_PLUGIN"] = str(next(folder.rglob("libweft_cuda.so")))
    return ROOT / "python"


def load_frameworks(device):
    found = {}
    for name in ("torch", "weft"):
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
            continue
        if device == "cuda" and not module.cuda.is_available():
            reason = module.cuda.unavailable_reason() if name == "weft" else "it finds no GPU"
            print(f"{name} is left out: {reason}", file=sys.stderr)
            continue
        found[name] = module
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="measure the cases whose names contain one of these")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--small", action="store_true", help="tiny sizes: the figures mean nothing")
    parser.add_argument("--samples", type=int, default=7)
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--save", action="store_true")
    arguments = parser.parse_args()
    if arguments.build:
        sys.path.insert(0, str(build()))
    frameworks = load_frameworks(arguments.device)
    if "weft" not in frameworks:
        sys.exit("nothing to measure")
    weft = frameworks["weft"]
    name = weft.cuda.get_device_name() if arguments.device == "cuda" else "CPU"
    print(f"{name}; " + ", ".join(f"{n} {f.__version__}" for n, f in frameworks.items()))
    lines = ["| " + " | ".join(HEADER) + " |", "|" + " --- |" * len(HEADER)]
    copy_rate = None
    for bench in BENCHES:
        wanted = not arguments.words or any(word.lower() in bench.name.lower() for word in arguments.words)
        if not wanted and bench.kind != "bandwidth":
            continue
        if not wanted and copy_rate:
            continue
        row = measure(bench, frameworks, arguments.device, arguments.small, arguments.samples)
        if copy_rate is None and row.seconds:
            copy_rate = row.work / min(row.seconds.values())
        lines.append("| " + " | ".join(cells_of(row, copy_rate)) + " |")
        print(lines[-1], flush=True)
        if row.error:
            print(f"    {row.error}", flush=True)
    if arguments.save:
        today = datetime.date.today().isoformat()
        path = RESULTS / f"{today}-{name.replace(' ', '-').lower()}.md"
        RESULTS.mkdir(exist_ok=True)
        about = f"# {today}; {name}; " + "; ".join(f"{n} {f.__version__}" for n, f in frameworks.items())
        path.write_text("\n".join([about, "", *lines]) + "\n")
        print(f"saved {path}")


if __name__ == "__main__":
    main()
