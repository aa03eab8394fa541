"""How threads share the cores: steps of training alone, beside busy processes, and several at once.

    python benchmarks/threads.py [words] [--frameworks torch,weft] [--seconds 10] [--threads N] [--save]

Every row runs in a process of its own for so many seconds, the frameworks one after the other. "busy" starts as many
processes that only compute as the machine has cores: a fair share of the cores is half of them, so that a step takes
twice as long (the mean of all steps counts; target: at most 2.3 times the quiet mean). "4 threads" trains four models
in four Python threads; "loader" prepares batches with NumPy in another thread meanwhile. "then X" and "X then" have
another library with threads of its own in the process, imported after or before; it has computed once and is idle
(target: at most 1.1 times alone). With words only rows whose names contain one are run; --save writes the table into
benchmarks/results.
"""

import argparse
import datetime
import importlib.util
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import mean, median

import numpy as np
from jit import training
from measure import cpu_name

RESULTS = Path(__file__).parent / "results"
BATCHES = {"mlp": 32, "lenet": 32, "gpt": 8}
SLOWDOWN = 2.3
BUSY = "while True: pass"
OTHERS = ("torch", "weft", "sklearn", "numba")


def make_step(f, name):
    if name == "region":  # as short as a loop on two threads can be: what it costs beyond its elements is the threads
        x = f.zeros(80_000)
        return lambda: x.add_(1)
    return training(f, name, BATCHES[name], False)


def times_of(step, seconds):
    """Of every call, for so long."""
    times, start = [], time.perf_counter()
    last = start
    while last - start < seconds:
        step()
        now = time.perf_counter()
        times.append(now - last)
        last = now
    return times


def prepare_batches(stop):
    rng = np.random.default_rng(0)
    while not stop.is_set():
        images = rng.normal(size=(32, 3, 64, 64)).astype(np.float32)
        images = (images - images.mean((0, 2, 3), keepdims=True)) / images.std((0, 2, 3), keepdims=True)
        np.sort(images, axis=-1)


def run_alone(f, name, seconds):
    step = make_step(f, name)
    times_of(step, min(1.0, seconds / 4))
    return times_of(step, seconds)


def run_loader(f, name, seconds):
    stop = threading.Event()
    worker = threading.Thread(target=prepare_batches, args=(stop,))
    worker.start()
    try:
        return run_alone(f, name, seconds)
    finally:
        stop.set()
        worker.join()


def compute_once(name):
    """The library's threads are started and are idle again."""
    if name in ("torch", "weft"):
        f = importlib.import_module(name)
        f.rand(1000, 1000) @ f.rand(1000, 1000)
        f.rand(1_000_000).exp()
    elif name == "sklearn":
        importlib.import_module("sklearn.cluster").KMeans(8, n_init=1).fit(np.random.default_rng(0).random((20000, 8)))
    else:
        numba = importlib.import_module("numba")

        @numba.njit(parallel=True)
        def double(x):
            for i in numba.prange(x.size):
                x[i] *= 2

        double(np.ones(1_000_000))
    time.sleep(0.1)


def run_together(f, name, seconds):
    """Times as if one thread had done the steps of all: seconds per step of the whole."""
    times = []
    threads = [threading.Thread(target=lambda: times.append(run_alone(f, name, seconds))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = sum(len(t) / sum(t) for t in times)
    return [1 / rate]


def run_child(framework, name, kind, seconds, threads):
    if kind.endswith(" then"):
        compute_once(kind.removesuffix(" then"))
    f = importlib.import_module(framework)
    if kind.startswith("then "):
        compute_once(kind.removeprefix("then "))
    f.set_num_threads(threads)
    run = {"loader": run_loader, "4 threads": run_together}.get(kind, run_alone)
    times = run(f, name, seconds)
    print(json.dumps({"mean": mean(times), "median": median(times)}))


def measure(framework, name, kind, options):
    busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(options.threads if kind == "busy" else 0)]
    try:
        time.sleep(0.5)
        command = [sys.executable, __file__, "--child", framework, name, kind]
        command += ["--seconds", str(options.seconds), "--threads", str(options.threads)]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    finally:
        for process in busy:
            process.kill()
            process.wait()


def readable(seconds):
    return f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--frameworks", default="torch,weft")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return run_child(*options.child, options.seconds, options.threads)
    frameworks = options.frameworks.split(",")
    rows = [("region", "alone"), ("region", "busy")]
    rows += [(name, kind) for name in BATCHES for kind in ("alone", "busy", "4 threads", "loader")]
    others = [other for other in OTHERS if importlib.util.find_spec(other)]
    rows += [("mlp", kind) for other in others for kind in (f"then {other}", f"{other} then")]
    heads = [f"{f} {what}" for f in frameworks for what in ("mean", "median", "x alone")]
    lines = ["| case | " + " | ".join(heads) + " | ratio of means |", "|" + " --- |" * (len(heads) + 2)]
    print("\n".join(lines), flush=True)
    quiet = {}
    for name, kind in rows:
        if options.words and not any(word in f"{name} {kind}" for word in options.words):
            continue
        cells, means = [], {}
        for framework in frameworks:
            if framework in kind.split():
                cells += ["", "", ""]
                continue
            seconds = measure(framework, name, kind, options)
            means[framework] = seconds["mean"]
            quiet.setdefault((framework, name), seconds["mean"])
            slower = seconds["mean"] / quiet[framework, name]
            cells += [readable(seconds["mean"]), readable(seconds["median"]), f"{slower:.2f}"]
        ratio = f"{means['weft'] / means['torch']:.2f}" if {"weft", "torch"} <= set(means) else ""
        lines.append(f"| {name} {kind} | " + " | ".join(cells) + f" | {ratio} |")
        print(lines[-1], flush=True)
    if options.save:
        versions = ", ".join(f"{f} {importlib.import_module(f).__version__}" for f in frameworks)
        today = datetime.date.today().isoformat()
        heading = f"# Threads, {today}\n\n{cpu_name()}, {options.threads} threads, {versions}; "
        heading += f"{options.seconds:g} s for each figure. Target of busy rows: at most {SLOWDOWN} times alone.\n\n"
        (RESULTS / f"{today}-threads.md").write_text(heading + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
