"""Timing two frameworks side by side: the same code with either module, taking turns in one process."""

import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

# Workers of one framework's thread pool go on spinning for a moment after its last parallel loop; on a small machine
# they would slow the other one down.
PAUSE = 0.02


@dataclass
class Case:
    """One line of the table. `make(framework)` returns the function to time."""

    name: str
    target: float  # Weft's time over PyTorch's, at most
    make: Callable[[Any], Callable[[], object]]
    threads: tuple[int, ...] = (1, 2)


@dataclass
class Result:
    name: str
    target: float
    threads: int
    seconds: dict[str, float | None] = field(default_factory=dict)
    error: str = ""

    @property
    def ratio(self):
        weft, torch = self.seconds.get("weft"), self.seconds.get("torch")
        return weft / torch if weft and torch else None


def time_calls(step, calls, clock=time.perf_counter):
    start = clock()
    for _ in range(calls):
        step()
    return (clock() - start) / calls


def calls_per_sample(step, seconds, clock=time.perf_counter):
    """How many calls take about so many seconds, after warming up."""
    step()
    calls = 1
    while True:
        each = time_calls(step, calls, clock)
        if each * calls > seconds / 4 or calls > 1_000_000:
            return max(1, round(seconds / each))
        calls *= 4


def in_turns(steps, calls, samples, clock=time.perf_counter):
    """Medians of the seconds per call: {name: step}, which take turns; the first call of a turn does not count."""
    times = {name: [] for name in steps}
    gc.collect()
    gc.disable()
    for _ in range(samples):
        for name, step in steps.items():
            time.sleep(PAUSE)
            step()
            times[name].append(time_calls(step, calls[name], clock))
    gc.enable()
    return {name: median(values) for name, values in times.items()}


def measure(case, frameworks, threads, samples=9, sample_seconds=0.05, clock=time.perf_counter):
    """Times a case in each framework in turns; the median of the samples counts."""
    result = Result(case.name, case.target, threads)
    steps, calls = {}, {}
    for name, framework in frameworks.items():
        framework.set_num_threads(threads)
        try:
            steps[name] = case.make(framework)
            calls[name] = calls_per_sample(steps[name], sample_seconds, clock)
        except (AttributeError, NotImplementedError, RuntimeError, TypeError) as error:
            steps.pop(name, None)
            result.error = f"{name}: {type(error).__name__}: {error}"
    result.seconds = dict.fromkeys(frameworks) | in_turns(steps, calls, samples, clock)
    return result


def cpu_name():
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                return f"{line.split(':', 1)[1].strip()}, {os.cpu_count()} cores"
    return f"{os.cpu_count()} cores"
