"""Measures weft.jit beside PyTorch (eager and torch.compile) and JAX (jit) on the CPU: steps, first calls, memory.

    python benchmarks/jit.py                 all rows, with two threads
    python benchmarks/jit.py gpt elementwise those whose names contain a word
    python benchmarks/jit.py --save          also writes benchmarks/results/<date>-jit.md and .json

The contenders take turns in one process. PyTorch and JAX are no dependencies of Weft: install them yourself (pip
install torch jax); without one its column is empty. Set XLA_FLAGS before the start to limit JAX's threads: it has no
switch for them at run time.
"""

import argparse
import datetime
import gc
import importlib
import json
import sys
import time
from pathlib import Path
from statistics import median

import models
import numpy as np
from measure import calls_per_sample, cpu_name, in_turns, time_calls

RESULTS = Path(__file__).parent / "results"
GPT = {"layers": 4, "size": 128, "heads": 4, "length": 128, "vocabulary": 256}
NETWORKS = {"mlp": 64, "lenet": 64, "gpt": 16, "resnet18": 32}  # and their batch sizes
# Weft's time over the best peer's, at most.
TRAINING = {"mlp": 0.4, "lenet": 0.5, "gpt": 0.7, "resnet18": 0.95}
FIRST_CALL = {"gpt": 0.5, "resnet18": 1.0}  # seconds
CONTENDERS = ("torch", "torch.compile", "jax", "weft", "weft.jit")


def load(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        print(f"{name} is left out: {error}", file=sys.stderr)
        return None


def data_for(name, batch):
    rng = np.random.default_rng(0)
    if name == "gpt":
        return tuple(rng.integers(0, GPT["vocabulary"], (batch, GPT["length"])) for _ in range(2))
    shape = {"mlp": (1, 28, 28), "lenet": (1, 28, 28), "resnet18": (3, 32, 32)}[name]
    return rng.normal(size=(batch, *shape)).astype(np.float32), rng.integers(0, 10, batch)


def network(f, name):
    return getattr(models, name)(f, **(GPT if name == "gpt" else {}))


def training(f, name, batch, compiled):
    """One training step as a function of no arguments."""
    model, (x, y) = network(f, name), data_for(name, batch)
    x, y = f.tensor(x), f.tensor(y)
    parameters = model.parameters()
    optimizer = f.optim.AdamW(parameters, lr=1e-3) if name == "gpt" else f.optim.SGD(parameters, lr=0.01, momentum=0.9)
    loss_of = f.nn.CrossEntropyLoss()
    forward = f.compile(model) if compiled and f.__name__ == "torch" else model

    def step(x, y):
        optimizer.zero_grad()
        out = forward(x)
        loss = loss_of(out.reshape(-1, out.shape[-1]), y.reshape(-1))
        loss.backward()
        optimizer.step()
        return loss

    run = f.jit(step) if compiled and f.__name__ == "weft" else step
    return lambda: run(x, y)


def inference(f, name, compiled):
    model = network(f, name).eval()
    x = f.tensor(data_for(name, 1)[0])
    run = model if not compiled else f.compile(model) if f.__name__ == "torch" else f.jit(lambda x: model(x))

    def step():
        with f.no_grad():
            return run(x)

    return step


def elementwise(f, function, compiled):
    x = f.tensor(np.random.default_rng(0).normal(size=16_000_000).astype(np.float32))
    run = function if not compiled else f.compile(function) if f.__name__ == "torch" else f.jit(function)

    def step():
        with f.no_grad():
            return run(f, x)

    return step


def short(f, x):
    return (x * 2 + x).clip(0) if f.__name__ == "jax.numpy" else f.relu(x * 2 + x)


def chain(f, x):
    y = f.exp(x * 0.1)
    y = f.tanh(y + x)
    y = y * y - x
    y = f.exp(y * -0.5) * x
    y = f.tanh(y) + 1
    return y * x


def jax_step(name, kind, batch):
    import jax_models

    rng = np.random.default_rng(0)
    model = getattr(jax_models, name)(rng, **(GPT if name == "gpt" else {}))
    x, y = data_for(name, batch)
    if kind == "training":
        return jax_models.make_step(model, "adamw" if name == "gpt" else "sgd", x, y)
    return jax_models.make_inference(model, x)


def jax_elementwise(function):
    import jax
    import jax.numpy as jnp

    x = jnp.asarray(np.random.default_rng(0).normal(size=16_000_000).astype(np.float32))
    compiled = jax.jit(lambda x: function(jnp, x))
    return lambda: compiled(x).block_until_ready()


def rows():
    """(name, target, target of the first call, {contender: maker})"""
    torch, weft, jax = load("torch"), load("weft"), load("jax")
    found = [(name, f) for name, f in (("torch", torch), ("weft", weft)) if f]

    def makers(make, make_jax):
        result = {}
        for name, f in found:
            result[name] = lambda f=f: make(f, False)
            result["torch.compile" if name == "torch" else "weft.jit"] = lambda f=f: make(f, True)
        if jax:
            result["jax"] = make_jax
        return result

    for label, function, target in (("relu(x*2+x)", short, None), ("chain of 12", chain, 0.8)):
        yield (
            f"elementwise {label}, 16M",
            target,
            None,
            makers(lambda f, c, g=function: elementwise(f, g, c), lambda g=function: jax_elementwise(g)),
        )
    for name, batch in NETWORKS.items():
        yield (
            f"{name} training step, batch {batch}",
            TRAINING[name],
            FIRST_CALL.get(name),
            makers(
                lambda f, c, n=name, b=batch: training(f, n, b, c),
                lambda n=name, b=batch: jax_step(n, "training", b),
            ),
        )
        yield (
            f"{name} inference, batch 1",
            0.5,
            None,
            makers(lambda f, c, n=name: inference(f, n, c), lambda n=name: jax_step(n, "inference", 1)),
        )


def measure(makers, samples=9, sample_seconds=0.1):
    """({contender: seconds}, {contender: seconds of the first call})"""
    steps, first, calls = {}, {}, {}
    for name in CONTENDERS:
        if name not in makers:
            continue
        step = makers[name]()
        start = time.perf_counter()
        step()
        first[name] = time.perf_counter() - start
        steps[name] = step
        calls[name] = calls_per_sample(step, sample_seconds)
    return in_turns(steps, calls, samples), first


def share_of_bandwidth(weft):
    """Time of a copy of 16M float32 over that of relu(x*2+x), which reads and writes as much; taken in turns."""
    x = weft.randn(16_000_000)
    y = weft.empty_like(x)
    fused = weft.jit(lambda x: short(weft, x))
    steps = {"copy": lambda: y.copy_(x), "fused": lambda: fused(x)}
    seconds = in_turns(steps, dict.fromkeys(steps, 5), samples=15)
    return seconds["copy"] / seconds["fused"]


def torch_peak(step):
    """Bytes that a step of PyTorch takes at most beyond what is there before it, from its profiler's allocations."""
    import torch

    with torch.profiler.profile(profile_memory=True) as profile:
        step()
    events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
    now = most = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        now += event.nbytes()
        most = max(most, now)
    return most


def weft_peak(weft, step):
    gc.collect()
    weft.memory.reset_peak()
    before = weft.memory.allocated()
    step()
    return weft.memory.peak() - before


def host_cost(weft):
    """Seconds of a call of 50 nodes on one element."""

    def many(x):
        for _ in range(50):
            x = weft.nn.functional.softmax(x, 0)
        return x

    run, x = weft.jit(many), weft.zeros(1)
    run(x)
    return median(time_calls(lambda: run(x), 1000) for _ in range(9))


def readable(seconds):
    if seconds is None:
        return "-"
    return (
        f"{seconds:.2f} s"
        if seconds >= 1
        else f"{seconds * 1e3:.3g} ms"
        if seconds >= 1e-3
        else f"{seconds * 1e6:.3g} us"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    modules = {name: load(name) for name in ("torch", "weft")}
    for module in filter(None, modules.values()):
        module.set_num_threads(options.threads)
    weft, torch = modules["weft"], modules["torch"]
    lines, records = [], []
    lines.append("| case | " + " | ".join(CONTENDERS) + " | ratio | target | met |")
    lines.append("|" + " --- |" * (len(CONTENDERS) + 4))
    print("\n".join(lines), flush=True)
    firsts = []
    for name, target, first_target, makers in rows():
        if options.words and not any(word in name for word in options.words):
            continue
        seconds, first = measure(makers)
        peers = [seconds[c] for c in ("torch", "torch.compile", "jax") if c in seconds]
        ratio = seconds["weft.jit"] / min(peers) if peers else None
        met = "" if ratio is None or target is None else "yes" if ratio <= target else "NO"
        cells = [readable(seconds.get(c)) for c in CONTENDERS]
        lines.append(
            f"| {name} | " + " | ".join(cells) + f" | {ratio:.2f} | {target or ''} | {met} |"
            if ratio
            else f"| {name} | " + " | ".join(cells) + " | | | |"
        )
        print(lines[-1], flush=True)
        firsts.append((name, first, first_target))
        records.append({"case": name, "seconds": seconds, "first": first, "ratio": ratio, "target": target})
        if torch:
            importlib.import_module("torch._dynamo").reset()
    extra = ["", "| first call | " + " | ".join(CONTENDERS) + " | target |", "|" + " --- |" * (len(CONTENDERS) + 2)]
    for name, first, target in firsts:
        cells = [readable(first.get(c)) for c in CONTENDERS]
        extra.append(f"| {name} | " + " | ".join(cells) + f" | {readable(target) if target else ''} |")
    if not options.words:
        extra += ["", f"relu(x*2+x) runs at {share_of_bandwidth(weft):.0%} of the bandwidth of a copy (target 80%)."]
        extra += [f"A call of 50 nodes on one element takes {readable(host_cost(weft))} (target 15 us)."]
        extra += [
            "",
            "| memory of a step beyond its start | torch | weft | weft.jit | ratio | target |",
            "|" + " --- |" * 6,
        ]
        for name, batch in NETWORKS.items():
            peaks = {}
            if torch:
                step = training(torch, name, batch, False)
                step(), step()
                peaks["torch"] = torch_peak(step)
            for label, compiled in (("weft", False), ("weft.jit", True)):
                step = training(weft, name, batch, compiled)
                step(), step()
                peaks[label] = weft_peak(weft, step)
                del step
            ratio = f"{peaks['weft.jit'] / peaks['torch']:.2f}" if torch else ""
            cells = [f"{peaks[c] / 2**20:.1f} MB" if c in peaks else "-" for c in ("torch", "weft", "weft.jit")]
            extra.append(f"| {name} | " + " | ".join(cells) + f" | {ratio} | 0.8 |")
            records.append({"case": f"{name} memory", "bytes": peaks})
    print("\n".join(extra))
    if options.save:
        today = datetime.date.today().isoformat()
        versions = {name: module.__version__ for name, module in modules.items() if module}
        jax = load("jax")
        about = {"date": today, "cpu": cpu_name(), "threads": options.threads, **versions}
        if jax:
            about["jax"] = jax.__version__
        heading = f"# weft.jit beside its peers, {today}\n\n" + ", ".join(f"{k} {v}" for k, v in about.items()) + "\n\n"
        heading += "Medians; ratio: weft.jit over the best of the three peers.\n\n"
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{today}-jit.md").write_text(heading + "\n".join(lines + extra) + "\n")
        (RESULTS / f"{today}-jit.json").write_text(json.dumps({"about": about, "results": records}, indent=1) + "\n")


if __name__ == "__main__":
    main()
