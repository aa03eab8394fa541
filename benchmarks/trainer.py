"""What weft.Trainer costs over the loop by hand: processor time of a step, in turns in one process.

Usage: python benchmarks/trainer.py [--save FILE]

Each sample is an epoch of 100 batches. The loop by hand does what the Trainer does: it iterates over a DataLoader, and
adds up the loss weighted by the samples of a batch. Ratios are medians of those of neighbouring samples, because other
programs may run.
"""

import argparse
import gc
import platform
import statistics
import time
from pathlib import Path

import weft
from weft import nn
from weft.nn import functional as F
from weft.training import loop
from weft.training._step import make_step
from weft.training.bars import Progress
from weft.utils.data import DataLoader, TensorDataset

BATCHES = 100


def readme():
    """The network of README.md: 64 samples of 2 numbers, 16 hidden ones."""
    x = weft.rand(64 * BATCHES, 2)
    return lambda: nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1)), x, x[:, :1] * x[:, 1:], F.mse_loss


def mlp():
    """Images of 784 numbers, 256 hidden ones, 10 classes."""
    x, y = weft.rand(64 * BATCHES, 784), weft.randint(0, 10, (64 * BATCHES,))
    return lambda: nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10)), x, y, F.cross_entropy


def by_hand(model, optimizer, loss_function, loader, jit):
    def one(x, y):
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    step = weft.jit(one) if jit else one

    def epoch():
        total, count = 0.0, 0
        model.train()
        for x, y in loader:
            total += step(x, y).item() * len(y)
            count += len(y)
        return total / count

    return epoch


def by_trainer(model, optimizer, loss_function, loader, jit, **options):
    """An epoch as Trainer.fit runs one."""
    trainer = weft.Trainer(model, optimizer, loss_function, jit=jit, progress="off", **options)
    trainer.fit(loader)
    step, bar = make_step(trainer), Progress(BATCHES, kind="off")

    def epoch():
        trainer.batch = 0
        trainer.model.train()
        loop.train(trainer, step, trainer._place.begin(trainer, loader), bar, None)
        return trainer._figures()

    return epoch


def measure(case, jit, samples):
    make, x, y, loss_function = case()
    loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
    epochs = []
    for kind in (by_hand, by_trainer):
        weft.manual_seed(0)
        model = make()
        epochs.append(kind(model, weft.optim.Adam(model.parameters()), loss_function, loader, jit))
    times = [[], []]
    for _ in range(3):
        for epoch in epochs:
            epoch()
    gc.disable()
    for _ in range(samples):
        for epoch, found in zip(epochs, times):
            start = time.thread_time()
            epoch()
            found.append((time.thread_time() - start) / BATCHES * 1e6)
    gc.enable()
    ratio = statistics.median(b / a for a, b in zip(*times))
    return [statistics.median(found) for found in times], [min(found) for found in times], ratio


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--save", type=Path, help="write the table into this file")
    arguments = parser.parse_args()
    weft.set_num_threads(1)
    lines = [
        "| network | step | by hand, us | Trainer, us | least: by hand | Trainer | ratio |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for case in (readme, mlp):
        for jit in (False, True):
            middle, least, ratio = measure(case, jit, arguments.samples if case is readme else arguments.samples // 8)
            lines.append(
                f"| {case.__name__} | {'jit' if jit else 'eager'} | {middle[0]:.1f} | {middle[1]:.1f} | {least[0]:.1f} "
                f"| {least[1]:.1f} | {ratio:.3f} |"
            )
            print(lines[-1])
    from weft.cli.info import describe

    processor = dict(describe())["processor"]
    text = f"# What weft.Trainer costs over the loop by hand\n\n{processor}, Python {platform.python_version()}, one "
    text += "thread, processor time of a step in microseconds: `python benchmarks/trainer.py`.\n\n"
    text += "\n".join(lines) + "\n"
    print(text)
    if arguments.save:
        arguments.save.write_text(text)


if __name__ == "__main__":
    main()
