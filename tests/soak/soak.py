"""Trains for a long time and watches the memory: it must not grow.

    python tests/soak/soak.py [--steps 100000] [--cnn-steps 2000]

Trains a perceptron eagerly and jitted, and a convolutional network into whose every tenth step an exception is thrown,
by a hook in the middle of backward, by a failing layer, or by running out of memory. Resident memory is read a hundred
times; after the first fifth its trend over the rest of the run must stay under a megabyte, else the exit status is 1.
"""

import argparse
import gc
import os
import sys
import time

import numpy as np
import weft
from weft import nn

PAGE = os.sysconf("SC_PAGE_SIZE")
SAMPLES = 100
ALLOWED_GROWTH = 1 << 20  # bytes over the whole run: what the allocator of Python itself wanders


def resident():
    """Bytes of physical memory that this process holds."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE


def perceptron(jitted):
    """A step function of an MLP on fresh random batches."""
    model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-3)

    def train(x, y):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss

    run = weft.jit(train) if jitted else train

    def step(number):
        run(weft.randn(16, 32), weft.randint(0, 10, (16,)))

    return step


class Interrupted(Exception):
    """Thrown into a training step."""


def convolutional():
    """A step function of a CNN; every tenth step ends in an exception."""
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3),
        nn.ReLU(),
        nn.Dropout(0.1),
        nn.Flatten(),
        nn.Linear(16 * 4 * 4, 10),
    )
    optimizer = weft.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def forward_and_backward(fault):
        x, y = weft.randn(8, 1, 12, 12), weft.randint(0, 10, (8,))
        optimizer.zero_grad()
        if fault == "forward":
            model[6].register_forward_pre_hook(raise_once(), prepend=True)
        hidden = model[:5](x)
        if fault == "backward":
            hidden.register_hook(raise_once())
        loss = nn.functional.cross_entropy(model[5:](hidden), y)
        if fault == "memory":
            weft.memory.empty_cache()
            weft.memory.set_limit(weft.memory.reserved())
        try:
            loss.backward()
        finally:
            weft.memory.set_limit(None)
        optimizer.step()

    def raise_once():
        def hook(*arguments):
            raise Interrupted

        return hook

    def step(number):
        fault = None if number % 10 else ("forward", "backward", "memory")[number // 10 % 3]
        try:
            forward_and_backward(fault)
        except (Interrupted, weft.OutOfMemoryError):
            model[6]._forward_pre_hooks.clear()
        else:
            assert fault in (None, "memory"), f"step {number}: no exception although one was thrown in {fault}"

    return step


def soak(name, step, steps):
    """Runs the steps; True if memory stayed level."""
    begin, places, sizes = time.perf_counter(), [], []
    every = max(1, steps // SAMPLES)
    for number in range(1, steps + 1):
        step(number)
        if number % every == 0:
            gc.collect()
            places.append(number)
            sizes.append(resident())
    settled = len(places) // 5
    slope = np.polyfit(places[settled:], sizes[settled:], 1)[0]
    growth = slope * (places[-1] - places[settled])
    level = growth < ALLOWED_GROWTH
    print(
        f"{name}: {steps} steps in {time.perf_counter() - begin:.0f} s, {sizes[-1] / 1e6:.1f} MB resident, "
        f"trend {growth / 1e3:+.1f} kB over the run, {slope:+.3f} bytes a step: {'level' if level else 'GROWS'}",
        flush=True,
    )
    return level


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100_000, help="of the perceptron, eager and jitted each")
    parser.add_argument("--cnn-steps", type=int, default=2_000)
    arguments = parser.parse_args()
    weft.manual_seed(0)
    results = [
        soak("perceptron, eager", perceptron(jitted=False), arguments.steps),
        soak("perceptron, jitted", perceptron(jitted=True), arguments.steps),
        soak("CNN with exceptions", convolutional(), arguments.cnn_steps),
    ]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
