"""Threads that compute, train, compile, fork and change settings at once, for the thread sanitizer (`nox -s tsan`)."""

import os
import sys
import threading

import weft
import weft.nn as nn
import weft.nn.functional as F

ROUNDS = int(os.environ.get("ROUNDS", "20"))
jitted = weft.jit(lambda x, w: (x @ w).relu().sum())
shared = weft.randn(300, 300)


def ops(seed):
    generator = weft.Generator().manual_seed(seed)
    for _ in range(ROUNDS):
        x = weft.randn(200, 300, generator=generator)
        y = (x @ shared).softmax(1).cumsum(0).sort(1).values
        weft.dropout(y, 0.5, True)
        assert (x.exp().log() - x).abs().max().item() < 1e-3


def training(seed):
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 26 * 26, 10))
    optimizer = weft.optim.Adam(model.parameters())
    for _ in range(ROUNDS):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(weft.randn(16, 1, 28, 28)), weft.zeros(16, dtype=weft.int64))
        loss.backward()
        optimizer.step()


def products(seed):
    x, w = weft.randn(8, 32, 28, 28), weft.randn(64, 32, 3, 3)
    b = weft.randn(512, 512, dtype=weft.bfloat16)
    for _ in range(ROUNDS):
        F.conv2d(x, w)
        b @ b


def compiled(seed):
    for i in range(ROUNDS):
        jitted(weft.randn(8 + i % 3, 300), shared)


def hooks(seed):
    for _ in range(ROUNDS):
        w = weft.randn(300, 300, requires_grad=True)
        handle = w.register_hook(lambda g: g * 2)
        (shared @ w).sum().backward()
        handle.remove()
        weft.empty(1000, 1000)


def settings(seed):
    for i in range(ROUNDS * 5):
        weft.set_num_threads(1 + i % 4)
        weft.manual_seed(i)
        shared.exp()


def forks(seed):
    for _ in range(ROUNDS // 5):
        child = os.fork()
        if child == 0:
            os._exit(0 if (shared @ shared).isfinite().all().item() else 1)
        assert os.waitpid(child, 0)[1] == 0


def main():
    kinds = [ops, ops, training, training, products, compiled, compiled, hooks, settings]
    if "--fork" in sys.argv:  # the sanitizer itself is not always well in a child of several threads
        kinds.append(forks)
    failed = []

    def guarded(kind, seed):
        try:
            kind(seed)
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=guarded, args=(kind, seed)) for seed, kind in enumerate(kinds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    print(f"{len(threads)} threads, {ROUNDS} rounds: done")


if __name__ == "__main__":
    main()
