"""Measures Weft beside PyTorch on the CPU and prints a table of times, ratios and targets.

    python benchmarks/run.py                  all cases, with 1 and 2 threads
    python benchmarks/run.py exp matmul       those whose names contain a word
    python benchmarks/run.py --package        also import time, wheel size and build time (minutes)
    python benchmarks/run.py --save           also writes benchmarks/results/<date>.md and .json
    python benchmarks/run.py --processor-time one thread, and the processor time of the process in place of the clock's:
                                              for a machine whose cores others use meanwhile

PyTorch is no dependency of Weft: install it yourself (pip install torch). Without it, Weft's times stand alone.
"""

import argparse
import datetime
import importlib
import json
import platform
import sys
import time
from pathlib import Path

import package
from cases import CASES
from measure import Result, cpu_name, measure

RESULTS = Path(__file__).parent / "results"


def load_frameworks():
    found = {}
    for name in ("torch", "weft"):
        try:
            found[name] = importlib.import_module(name)
        except ImportError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    return found


def readable(seconds):
    if seconds is None:
        return "-"
    for unit, scale in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def row_of(result):
    ratio = result.ratio
    verdict = "" if ratio is None else "yes" if ratio <= result.target else "NO"
    times = [readable(result.seconds.get(name)) for name in ("torch", "weft")]
    ratio_text = "-" if ratio is None else f"{ratio:.2f}"
    return [result.name, str(result.threads), *times, ratio_text, f"{result.target:g}", verdict]


HEADER = ["case", "threads", "PyTorch", "Weft", "ratio", "target", "met"]


def print_row(cells):
    widths = [32, 7, 9, 9, 6, 6, 4]
    print("  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip(), flush=True)


def measure_package(build):
    """Lines about the package: (what, value, target)."""
    lines = []
    for module in ("weft", "torch"):
        seconds = package.import_seconds(module)
        lines.append((f"import {module}", readable(seconds), "200 ms" if module == "weft" else ""))
    if build:
        size, seconds = package.build_wheel()
        lines.append(("wheel", f"{size / 2**20:.1f} MB", "30 MB"))
        lines.append(("clean build of the wheel", readable(seconds), "300 s"))
    return lines


def save(results, package_lines, frameworks):
    today = datetime.date.today().isoformat()
    versions = {name: module.__version__ for name, module in frameworks.items()}
    about = {"date": today, "cpu": cpu_name(), "python": platform.python_version(), **versions}
    RESULTS.mkdir(exist_ok=True)
    rows = [{**vars(r), "ratio": r.ratio} for r in results]
    document = {"about": about, "results": rows, "package": package_lines}
    (RESULTS / f"{today}.json").write_text(json.dumps(document, indent=1) + "\n")
    lines = ["# " + "; ".join(f"{key} {value}" for key, value in about.items()), ""]
    lines += ["| " + " | ".join(HEADER) + " |", "|" + " --- |" * len(HEADER)]
    lines += ["| " + " | ".join(row_of(r)) + " |" for r in results]
    if package_lines:
        lines += ["", "| package | value | target |", "| --- | --- | --- |"]
        lines += ["| " + " | ".join(line) + " |" for line in package_lines]
    (RESULTS / f"{today}.md").write_text("\n".join(lines) + "\n")
    print(f"saved {RESULTS / today}.md and .json")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="measure the cases whose names contain one of these")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--samples", type=int, default=9)
    parser.add_argument("--package", action="store_true", help="also measure import, wheel and build")
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--processor-time", action="store_true", help="of one thread, not the clock's")
    arguments = parser.parse_args()
    clock = time.process_time if arguments.processor_time else time.perf_counter
    if arguments.processor_time:
        arguments.threads = [1]

    package_lines = measure_package(build=arguments.package) if arguments.package or not arguments.words else []
    frameworks = load_frameworks()
    chosen = [c for c in CASES if not arguments.words or any(w in c.name for w in arguments.words)]
    results: list[Result] = []
    print_row(HEADER)
    for case in chosen:
        for threads in case.threads:
            if threads in arguments.threads:
                results.append(measure(case, frameworks, threads, arguments.samples, clock=clock))
                print_row(row_of(results[-1]))
                if results[-1].error:
                    print(f"    {results[-1].error}")
    for line in package_lines:
        print(f"{line[0]:<32}  {line[1]}" + (f"  (target {line[2]})" if line[2] else ""))
    if arguments.save:
        save(results, package_lines, frameworks)


if __name__ == "__main__":
    main()
