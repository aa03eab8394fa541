"""What the profiler and the guard of numbers cost: steps of training with and without them, in turns.

python benchmarks/profiler.py [--threads 1] [--samples 15]

The least processor time of several runs counts, which other programs disturb least. "off" is the same step once more:
how far it lies from 1 says how exact the rest is. Below the table: what one small op takes, and the events of a step.
"""

import argparse
import contextlib
import time

import measure
import models
import weft


def make_steps():
    """{name: (step, model, optimizer)} of the models of the table."""
    weft.manual_seed(0)
    resnet, x, y = models.resnet18(weft), weft.randn(8, 3, 32, 32), weft.randint(10, (8,))
    gpt = models.gpt(weft, layers=4, size=256, heads=4, length=128, vocabulary=1000)
    ids = weft.randint(1000, (2, 128))
    small, digits = models.mlp(weft), weft.randn(8, 1, 28, 28)
    cases = {
        "ResNet-18, 8 images": (resnet, x, y),
        "GPT, 4 layers": (gpt, ids, ids),
        "MLP, 8 images": (small, digits, y),
    }
    steps = {}
    for name, (model, inputs, target) in cases.items():
        optimizer = weft.optim.AdamW(model.parameters())
        steps[name] = (models.training_step(weft, model, optimizer, inputs, target), model, optimizer)
    return steps


class OnForOps:
    """Steps that a profile records, without the time in which it begins, ends and reads its events."""

    def __init__(self, step, **options):
        self._step, self._options = step, options
        self.seconds = 0.0

    def __call__(self):
        prof = weft.profiler.profile(**self._options)
        prof.start()
        start = time.process_time()
        self._step()
        self.seconds += time.process_time() - start
        weft._C._profiler.stop()
        prof._running = False


def ratios(step, guards, samples):
    """The least seconds for each way to run the step."""
    ways = {"plain": lambda: step(), "off": lambda: step(), **guards}
    times = {name: [] for name in ways}
    order = list(ways)
    for sample in range(samples):
        for name in order[sample % len(order) :] + order[: sample % len(order)]:
            way = ways[name]
            way()
            if isinstance(way, OnForOps):
                way.seconds = 0.0
                way()
                times[name].append(way.seconds)
            else:
                start = time.process_time()
                way()
                times[name].append(time.process_time() - start)
    return {name: min(values) for name, values in times.items()}


def small_op(options, calls=20_000, samples=20):
    """Nanoseconds of x + 1 of four elements, while a profile records, or without one (None)."""
    x = weft.ones(4)

    def run():
        for _ in range(calls):
            x + 1

    least = float("inf")
    for _ in range(samples):
        if options is not None:
            weft._C._profiler.start(*options, 1 << 20)
        least = min(least, measure.time_calls(run, 1, time.process_time) / calls * 1e9)
        if options is not None:
            weft._C._profiler.stop()
    return least


def checked(step):
    """The step, with every op checked."""

    def run():
        with weft.check_numerics():
            step()

    return run


def guarded(step, model, optimizer):
    """The step, with the guard of the model and of its gradients."""

    def run():
        with contextlib.ExitStack() as stack:
            guard = stack.enter_context(weft.check_numerics(model))
            guard.watch(optimizer)
            step()

    return run


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--samples", type=int, default=15)
    arguments = parser.parse_args()
    weft.set_num_threads(arguments.threads)
    print(f"{measure.cpu_name()}, {arguments.threads} threads; processor time over that of the plain step\n")
    print(
        "| step | ms | off | ops | + shapes, flops | + memory | + stacks | check_numerics(model) | check_numerics() |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    counts = {}
    everything = {"record_shapes": True, "with_flops": True}
    for name, (step, model, optimizer) in make_steps().items():
        ways = {
            "ops": OnForOps(step),
            "shapes": OnForOps(step, **everything),
            "memory": OnForOps(step, **everything, profile_memory=True),
            "stacks": OnForOps(step, **everything, profile_memory=True, with_stack=True),
            "guard": guarded(step, model, optimizer),
            "check": checked(step),
        }
        found = ratios(step, ways, arguments.samples)
        plain = found.pop("plain")
        print(f"| {name} | {plain * 1e3:.2f} | " + " | ".join(f"{t / plain:.3f}" for t in found.values()) + " |")
        with weft.profiler.profile() as prof:
            step()
        counts[name] = len(prof.events())
    print(f"\nevents of a step: {', '.join(f'{name}: {count}' for name, count in counts.items())}")
    shapes = (True, False, False, True, False, False)
    ways = {
        "off": None,
        "ops": (False,) * 6,
        "shapes, flops": shapes,
        "memory": (True, True, False, True, False, False),
    }
    print("ns of x + 1: " + ", ".join(f"{name} {small_op(options):.0f}" for name, options in ways.items()))


if __name__ == "__main__":
    main()
