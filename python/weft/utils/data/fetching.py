"""What makes one batch, wherever it runs: in the main process, in a worker process or in a thread."""

from __future__ import annotations

import itertools
import operator
import typing

from weft import _C
from weft.utils.data.collate import default_collate
from weft.utils.data.dataset import Subset, TensorDataset

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# The streams of random numbers of an epoch beside those of its samples.
_OF_BATCH, _OF_STREAM, OF_ORDER = 0x5EED_0000_0000_0001, 0x5EED_0000_0000_0002, 0x5EED_0000_0000_0003


class Plan(typing.NamedTuple):
    """Of a DataLoader, what its workers need."""

    dataset: Any
    collate_fn: Callable[[Any], Any]
    batched: bool
    stream: bool
    batch_size: int | None
    drop_last: bool


class Ended(Exception):
    """The worker's share of an iterable dataset is used up."""


def is_stateful(thing):
    return hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict")


def make_fetcher(plan, worker, base_seed, state=None, keyed=True):
    """worker: its number; state: a former fetcher's; not keyed: the program has seeded the worker's generator."""
    fetcher = StreamFetcher if plan.stream else MapFetcher
    return fetcher(plan, worker, base_seed, state, keyed)


class MapFetcher:
    """By index. Each sample finds a default generator that depends on the epoch's seed and its index alone."""

    def __init__(self, plan, worker, base_seed, state, keyed):
        self._dataset, self._collate, self._seed = plan.dataset, plan.collate_fn, base_seed
        self._stateful = is_stateful(plan.dataset)
        if self._stateful and state:
            plan.dataset.load_state_dict(state["dataset"])
        self._make = self._of_batch(plan) if plan.batched else self._sample
        if not keyed and self._make:
            self.fetch = self._make

    def state(self):
        return {"dataset": self._dataset.state_dict()} if self._stateful else None

    def fetch(self, number, index):
        before = _C._begin_keyed_draws()
        try:
            return self._make(number, index)
        finally:
            _C._end_keyed_draws(before)

    def _of_batch(self, plan):
        direct = plan.collate_fn is default_collate and _direct_fetcher(plan.dataset)
        if direct:  # draws nothing
            self.fetch = lambda number, indices: direct(indices)
            return None
        if type(plan.dataset) is Subset and not callable(getattr(plan.dataset.dataset, "__getitems__", None)):
            return self._of_subset
        return self._together if callable(getattr(plan.dataset, "__getitems__", None)) else self._one_by_one

    def _collated(self, number, samples):
        _C._key_draws(self._seed ^ _OF_BATCH, number)
        return self._collate(samples)

    def _one_by_one(self, number, indices):
        return self._collated(number, _C._fetch_samples(self._dataset, indices, self._seed))

    def _of_subset(self, number, indices):
        chosen = [self._dataset.indices[i] for i in indices]
        return self._collated(number, _C._fetch_samples(self._dataset.dataset, chosen, self._seed))

    def _together(self, number, indices):
        _C._key_draws(self._seed, _key_of(indices[0], number) if indices else number)
        return self._collated(number, self._dataset.__getitems__(indices))

    def _sample(self, number, index):
        _C._key_draws(self._seed, _key_of(index, number))
        return self._collate(self._dataset[index])


class StreamFetcher:
    """From an iterable dataset: one stream of random numbers for each worker."""

    def __init__(self, plan, worker, base_seed, state, keyed):
        self._plan, self._worker, self._seed, self._keyed = plan, worker, base_seed, keyed
        self._fetched, self._ended = 0, False
        before = self._begin()
        try:
            _C._key_draws(base_seed ^ _OF_STREAM, worker)
            if state and state["dataset"] is not None:
                plan.dataset.load_state_dict(state["dataset"])
            self._samples = iter(plan.dataset)
            if state:
                self._resume(state)
            self._random = self._begin()
        finally:
            self._end(before)

    def _begin(self):
        return _C._begin_keyed_draws() if self._keyed else None

    def _end(self, before):
        if self._keyed:
            _C._end_keyed_draws(before)

    def _draw_from(self, random):
        if self._keyed and random:
            _C._set_keyed_draws(*random)

    def _resume(self, state):
        self._fetched, self._ended = state["fetched"], state["ended"]
        if state["iterator"] is not None:
            self._samples.load_state_dict(state["iterator"])
        elif state["dataset"] is None:  # it is as far once it has given as much
            for _ in itertools.islice(self._samples, self._fetched * (self._plan.batch_size or 1)):
                pass
            return
        self._draw_from(state["random"])

    def state(self):
        """Plain data, from which a fetcher goes on."""
        dataset = self._plan.dataset
        iterator = self._samples.state_dict() if is_stateful(self._samples) else None
        stateful = is_stateful(dataset) and (iterator is None or self._samples is dataset)
        return {
            "fetched": self._fetched,
            "ended": self._ended,
            "random": self._random and list(self._random),
            "dataset": dataset.state_dict() if stateful else None,
            "iterator": None if stateful else iterator,
        }

    def fetch(self, number, index):
        if self._ended:
            raise Ended
        plan = self._plan
        before = self._begin()
        try:
            self._draw_from(self._random)
            size = plan.batch_size or 1
            samples = list(itertools.islice(self._samples, size))
            self._random = self._begin()
            self._ended = len(samples) < size
            if not samples or (plan.drop_last and self._ended):
                raise Ended
            _C._key_draws(self._seed ^ _OF_BATCH, self._fetched << 16 | self._worker)
            self._fetched += 1
            return plan.collate_fn(samples if plan.batched else samples[0])
        finally:
            self._end(before)


def _key_of(index, number):
    try:
        return operator.index(index) & (2**64 - 1)
    except TypeError:  # what is no number has its place in the epoch
        return number ^ (2**64 - 1)


def _direct_fetcher(dataset):
    """For rows of tensors: one indexing operation a tensor gives what collating the samples would, but faster."""
    if isinstance(dataset, TensorDataset) and type(dataset).__getitem__ is TensorDataset.__getitem__:
        return getattr(dataset, "_collated", None)
    if type(dataset) is Subset:
        inner = _direct_fetcher(dataset.dataset)
        return inner and (lambda indices: inner([dataset.indices[i] for i in indices]))
    return None
