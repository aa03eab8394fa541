"""Measures the transforms of functions beside PyTorch's on the CPU: gradients of each sample, a hessian, an ensemble.

    python benchmarks/func.py           all rows, with two threads
    python benchmarks/func.py --save    also writes benchmarks/results/<date>-func.md and .json

The contenders take turns in one process. PyTorch is no dependency of Weft: install it yourself (pip install torch).
"""

import argparse
import datetime
import json
from pathlib import Path

import numpy as np
from jit import load
from measure import calls_per_sample, cpu_name, in_turns

RESULTS = Path(__file__).parent / "results"


def digits_cnn(nn):
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 10),
    )


def per_sample_gradients(f):
    """Of the digits CNN, batch 64."""
    model, cross_entropy = digits_cnn(f.nn), f.nn.functional.cross_entropy
    params = {name: p.detach() for name, p in model.named_parameters()}
    rng = np.random.default_rng(0)
    x = f.tensor(rng.normal(size=(64, 1, 8, 8)).astype(np.float32))
    y = f.tensor(rng.integers(0, 10, 64))

    def loss(params, x, y):
        return cross_entropy(f.func.functional_call(model, params, (x[None],)), y[None])

    gradients = f.vmap(f.func.grad(loss), in_dims=(None, 0, 0))
    return lambda: gradients(params, x, y)


def hessian(f):
    """Of an MLP of 10 arguments."""
    nn = f.nn
    model = nn.Sequential(nn.Linear(10, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
    for p in model.parameters():
        p.requires_grad_(False)
    x = f.ones(10)
    second = f.func.hessian(lambda v: model(v).sum())
    return lambda: second(x)


def ensemble(f):
    """Ten MLPs at once, batch 64."""
    nn = f.nn
    models = [nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)) for _ in range(10)]
    params, buffers = f.func.stack_module_state(models)
    x = f.ones(64, 64)
    call = f.vmap(lambda p, b: f.func.functional_call(models[0], (p, b), (x,)))

    def run():
        with f.no_grad():
            return call(params, buffers)

    return run


ROWS = {"per-sample gradients": per_sample_gradients, "hessian": hessian, "ensemble": ensemble}


def measure(contenders, samples):
    found = {}
    for name, make in ROWS.items():
        calls = {label: make(f) for label, f in contenders.items()}
        counts = {label: calls_per_sample(call, 0.05) for label, call in calls.items()}
        found[name] = in_turns(calls, counts, samples)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", action="store_true", help="write the table under benchmarks/results")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--samples", type=int, default=20, help="of each contender")
    options = parser.parse_args()
    contenders = {name: f for name in ("torch", "weft") if (f := load(name)) is not None}
    for f in contenders.values():
        f.set_num_threads(options.threads)
        f.manual_seed(0)
    found = measure(contenders, options.samples)
    lines = [f"{cpu_name()}, {options.threads} threads; milliseconds", ""]
    lines += ["| | torch | weft | ratio |", "| --- | --- | --- | --- |"]
    for name, times in found.items():
        torch, weft = times.get("torch"), times["weft"]
        shown = f"{torch * 1e3:.3f} | {weft * 1e3:.3f} | {weft / torch:.2f}" if torch else f" | {weft * 1e3:.3f} |"
        lines.append(f"| {name} | {shown} |")
    print("\n".join(lines))
    if options.save:
        path = RESULTS / f"{datetime.date.today()}-func"
        path.with_suffix(".md").write_text("\n".join(["# Transforms of functions", "", *lines, ""]))
        path.with_suffix(".json").write_text(json.dumps({"cpu": cpu_name(), "seconds": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
