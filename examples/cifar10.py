"""Train a small residual network on CIFAR-10 images, which are shifted and mirrored at random.

Usage: python examples/cifar10.py --train train.bin.gz --test test.bin.gz [--seeds 5]

The files are in the binary layout of CIFAR-10, plain or with .gz behind: a byte with the label, then 1024 bytes each
of red, green and blue. Several may be given for training.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F
from weft.datasets import read_cifar


def load(paths):
    """Images (n, 3, 32, 32) from -1 to 1, and labels."""
    images, labels = read_cifar(paths)
    return images.numpy().astype(np.float32) / 127.5 - 1, labels.numpy()


def augmented(images, rng):
    """Each image moved by up to 4 pixels, with a black edge, and mirrored with probability 1/2."""
    count, padded = len(images), np.pad(images, ((0, 0), (0, 0), (4, 4), (4, 4)), constant_values=-1)
    top, left = rng.integers(0, 9, (2, count, 1))
    columns = np.where(rng.random((count, 1)) < 0.5, np.arange(32), np.arange(31, -1, -1)) + left
    rows = np.arange(32) + top
    # Indices on both sides of the slice put its dimension last.
    cut = padded[np.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return np.ascontiguousarray(cut.transpose(0, 3, 1, 2))


class Block(nn.Module):
    """Two convolutions beside the identity, then half the size."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.enter = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
        )
        self.pool = nn.MaxPool2d(2)
        self.inner = nn.Sequential(
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
        )

    def forward(self, x):
        x = self.pool(self.enter(x))
        return x + self.inner(x)


def network(width):
    return nn.Sequential(
        Block(3, width),
        Block(width, 2 * width),
        Block(2 * width, 4 * width),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4 * width, 10),
    )


def train(data, test, epochs, width, seed):
    """Accuracy on the test images."""
    weft.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = network(width)
    batches = max(1, len(data[0]) // 64)
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=5e-2)
    scheduler = weft.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=epochs * batches)
    for _ in range(epochs):
        model.train()
        for rows in np.array_split(rng.permutation(len(data[0])), batches):
            images, labels = weft.from_numpy(augmented(data[0][rows], rng)), weft.from_numpy(data[1][rows])
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
            scheduler.step()
    model.eval()
    with weft.no_grad():
        parts = np.array_split(np.arange(len(test[0])), 10)
        found = np.concatenate([model(weft.from_numpy(test[0][rows])).argmax(1).numpy() for rows in parts])
    return float(np.mean(found == test[1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="files of records")
    parser.add_argument("--test", type=Path, required=True, help="a file of records")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seeds", type=int, default=1, help="how many runs to average")
    parser.add_argument("--small", action="store_true", help="a narrow network, for a quick try")
    args = parser.parse_args()

    data, test = load(args.train), load([args.test])
    accuracies = []
    for seed in range(args.seeds):
        start = time.perf_counter()
        accuracies.append(train(data, test, args.epochs, 4 if args.small else 16, seed))
        print(f"seed {seed}: test accuracy {accuracies[-1]:.2%}, {time.perf_counter() - start:.0f} s", flush=True)
    error = np.std(accuracies, ddof=1) / len(accuracies) ** 0.5 if args.seeds > 1 else 0.0
    print(f"mean test accuracy of {args.seeds} seeds: {np.mean(accuracies):.2%} (standard error {error:.2%})")


if __name__ == "__main__":
    main()
