"""Checkpoints in memory for tests of the trainer, and data and models for them."""

import copy
import random

import numpy as np
import weft
from weft import nn
from weft.utils.data import DataLoader, TensorDataset


class Memory:
    """A CheckpointManager that keeps everything in memory; killed after so many saves if asked to."""

    def __init__(self, folder="memory", *, monitor=None, mode="min", **_):
        self.saved, self.monitor, self.mode, self.waited = [], monitor, mode, 0

    def save(self, step, objects, metrics=None):
        states = {name: copy.deepcopy(found.state_dict()) for name, found in objects.items()}
        self.saved.append((step, states, dict(metrics or {})))
        return step

    def restore(self, objects, which="last"):
        if not self.saved:
            return None
        found = self.saved[-1] if which == "last" else next(s for s in self.saved if s[0] == which)
        for name, each in objects.items():
            each.load_state_dict(copy.deepcopy(found[1][name]))
        return found

    def wait(self):
        self.waited += 1

    close = wait


class RandomState:
    def state_dict(self):
        return {"weft": weft.get_rng_state(), "python": random.getstate(), "numpy": np.random.get_state()}

    def load_state_dict(self, state):
        weft.set_rng_state(state["weft"])
        random.setstate(state["python"])
        np.random.set_state(state["numpy"])


if not hasattr(weft.training, "RandomState"):  # where checkpoints are not there yet
    weft.training.RandomState, weft.training.CheckpointManager = RandomState, Memory


def data(count=50, features=4, classes=3, seed=1):
    generator = weft.Generator().manual_seed(seed)
    x = weft.randn(count, features, generator=generator)
    return x, (x[:, :classes].argmax(1))


def loader(count=50, batch_size=8, shuffle=True, seed=1, **options):
    return DataLoader(TensorDataset(*data(count, seed=seed)), batch_size=batch_size, shuffle=shuffle, **options)


def network(dropout=0.2, seed=0):
    weft.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(dropout), nn.Linear(8, 3))


def equal_states(first, second):
    first, second = first.state_dict(), second.state_dict()
    return list(first) == list(second) and all((first[name] == second[name]).all() for name in first)


class Right:
    """Accuracy, as an object with the interface of metrics."""

    name = "right"

    def __init__(self):
        self.reset()

    def reset(self):
        self.hits, self.count = 0, 0

    def update(self, output, target):
        self.hits += int((output.argmax(1) == target).sum().item())
        self.count += target.shape[0]

    def compute(self):
        return self.hits / self.count

    def state_dict(self):
        return {"hits": self.hits, "count": self.count}

    def load_state_dict(self, state):
        self.hits, self.count = state["hits"], state["count"]
