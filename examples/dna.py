"""Tell DNA with a binding site from DNA without one, by a convolution over the letters.

Usage: python examples/dna.py

The sequences are made up: 100 random bases each, and in half of them a site of 12 bases at a random place, on either
strand, each base of which is the wrong one with probability 0.1. The best that could be done is printed beside the
network: the likelihood ratio of someone who knows the site and the noise.
"""

import argparse
import time

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F

LENGTH, SITE, NOISE = 100, np.array([3, 0, 3, 0, 0, 0, 1, 2, 2, 3, 1, 0]), 0.1  # A, C, G, T are 0 to 3


def make(count, rng):
    """Sequences (count, LENGTH) of bases, and whether they have the site."""
    bases, has_site = rng.integers(0, 4, (count, LENGTH)), rng.integers(0, 2, count)
    for row in np.flatnonzero(has_site):
        site = np.where(rng.random(len(SITE)) < NOISE, (SITE + rng.integers(1, 4, len(SITE))) % 4, SITE)
        if rng.random() < 0.5:
            site = 3 - site[::-1]  # the other strand reads backwards, with the partners A-T and C-G
        start = rng.integers(0, LENGTH - len(SITE) + 1)
        bases[row, start : start + len(SITE)] = site
    return bases, has_site.astype(np.float32)


def best_guess(bases):
    """Log likelihood ratio, with the noise and the site known."""
    windows = np.lib.stride_tricks.sliding_window_view(bases, len(SITE), 1)
    ratio = 0.0
    for site in (SITE, 3 - SITE[::-1]):
        right = (windows == site).sum(2)
        ratio = ratio + ((4 * (1 - NOISE)) ** right * (4 * NOISE / 3) ** (len(SITE) - right)).sum(1)
    return np.log(ratio / (2 * windows.shape[1]))


class Net(nn.Module):
    """Filters slide over both strands; the strongest answer of each decides."""

    def __init__(self, filters):
        super().__init__()
        self.filters = nn.Conv1d(4, filters, 12)
        self.norm = nn.BatchNorm1d(filters)
        self.out = nn.Sequential(nn.Linear(filters, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, bases):
        letters = F.one_hot(bases, 4).float().transpose(1, 2)
        both = weft.cat([letters, letters.flip(1, 2)])  # the partner of a base is 3 minus it
        strongest = F.relu(self.norm(self.filters(both))).amax(2)
        return self.out(weft.maximum(*strongest.chunk(2))).squeeze(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--count", type=int, default=8000, help="sequences to learn from")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    weft.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    bases, labels = (weft.from_numpy(array) for array in make(args.count, rng))
    test_bases, test_labels = make(2000, rng)
    model = Net(32)
    batches = max(1, args.count // 64)
    optimizer = weft.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=1e-2)
    scheduler = weft.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=args.epochs * batches)
    start = time.perf_counter()
    for epoch in range(1, args.epochs + 1):
        model.train()
        total = 0.0
        for rows in np.array_split(rng.permutation(args.count), batches):
            rows = weft.from_numpy(rows)
            optimizer.zero_grad()
            loss = F.binary_cross_entropy_with_logits(model(bases[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(rows)
        model.eval()
        with weft.no_grad():
            guess = model(weft.from_numpy(test_bases)).numpy()
        accuracy = np.mean((guess > 0) == test_labels)
        seconds = time.perf_counter() - start
        print(f"epoch {epoch}: loss {total / args.count:.4f}, test {accuracy:.2%}, {seconds:.1f} s", flush=True)
    print(f"with the site known: {np.mean((best_guess(test_bases) > 0) == test_labels):.2%}")
    print(f"test accuracy: {accuracy:.2%}")


if __name__ == "__main__":
    main()
