"""Whole models beside PyTorch, eager and compiled: seconds of a step, and the memory that it takes at most.

    python benchmarks/model_table.py                 all models, with two threads
    python benchmarks/model_table.py train GPT       those whose names contain all of the words
    python benchmarks/model_table.py --save          also writes benchmarks/results/<date>-models.md
    python benchmarks/model_table.py --eager         without torch.compile, which is long at the first call

The contenders take turns in one process. The ratio is that of the better of Weft's two to the better of PyTorch's.
Memory is what a step allocates at most beyond what is there before: what PyTorch's profiler saw of the eager step,
and what weft.memory counted.
"""

import argparse
import datetime
import importlib
import platform
from pathlib import Path

from jit import RESULTS, load, readable, torch_peak, weft_peak
from layer_cases import MODELS
from measure import calls_per_sample, cpu_name, in_turns

CONTENDERS = ["torch", "torch.compile", "weft", "weft.jit"]
HEAD = ["model", *CONTENDERS, "ratio", "torch, MB", "weft, MB", "weft.jit, MB", "ratio"]


def contenders(case, modules, eager_only):
    """{name: step}; one that cannot be compiled is left out."""
    steps = {}
    for name, module in modules.items():
        steps[name] = case.make(module)
        if name == "torch" and eager_only:
            continue
        label = "torch.compile" if name == "torch" else "weft.jit"
        try:
            steps[label] = case.make(module, compiled=True)
            steps[label]()
        except Exception as error:
            print(f"{case.name}: {label}: {type(error).__name__}: {str(error)[:200]}")
            del steps[label]
    return steps


def row_of(case, modules, eager_only):
    steps = contenders(case, modules, eager_only)
    seconds = in_turns(steps, {name: calls_per_sample(step, 0.1) for name, step in steps.items()}, samples=9)
    peaks = {name: weft_peak(modules["weft"], steps[name]) for name in ("weft", "weft.jit") if name in steps}
    if "torch" in modules:
        peaks["torch"] = torch_peak(steps["torch"])
        importlib.import_module("torch._dynamo").reset()
    best = min((seconds[name] for name in ("torch", "torch.compile") if name in seconds), default=None)
    own = min(seconds[name] for name in ("weft", "weft.jit") if name in seconds)
    ratio = f"{own / best:.2f}" if best else "-"
    memory = f"{min(peaks[n] for n in peaks if n != 'torch') / peaks['torch']:.2f}" if peaks.get("torch") else "-"
    times = [readable(seconds.get(name)) for name in CONTENDERS]
    sizes = [f"{peaks[name] / 1e6:.1f}" if name in peaks else "-" for name in ("torch", "weft", "weft.jit")]
    return [case.name, *times, ratio, *sizes, memory]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--eager", action="store_true", help="without torch.compile")
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    modules = {name: module for name in ("torch", "weft") if (module := load(name))}
    for module in modules.values():
        module.set_num_threads(options.threads)
    versions = ", ".join(f"{name} {module.__version__}" for name, module in modules.items())
    lines = [
        f"{cpu_name()}, {options.threads} threads, Python {platform.python_version()}, {versions}. Medians of 9 turns.",
        "",
        f"| {' | '.join(HEAD)} |",
        "|" + " --- |" * len(HEAD),
    ]
    print("\n".join(lines), flush=True)
    for case in MODELS:
        if all(word.lower() in case.name.lower() for word in options.words):
            lines.append(f"| {' | '.join(row_of(case, modules, options.eager))} |")
            print(lines[-1], flush=True)
    if options.save:
        today = datetime.date.today().isoformat()
        text = f"# Whole models beside PyTorch, {today}\n\n" + "\n".join(lines) + "\n"
        Path(RESULTS / f"{today}-models.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
