"""Loaders of which an epoch takes some batches: steps_per_epoch, validation_steps and validation_freq of fit."""

from __future__ import annotations

import itertools
import operator

import weft
from weft.training import _checks as checks
from weft.training._place import _generators, _has_state

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class First:
    """The first batches of a loader, each time it is gone through."""

    def __init__(self, loader: Any, count: int) -> None:
        self.loader, self.count = loader, count

    def __len__(self) -> int:
        length = checks.length(self.loader)
        return self.count if length is None else min(self.count, length)

    def __iter__(self) -> Iterator[Any]:
        return itertools.islice(self.loader, self.count)


class Rounds:
    """So many batches an epoch: the next epoch goes on behind them, and at its end the loader is begun again.

    Its state is that of the loader now and when it was begun, with the random generators then. A loader without a state
    or that has failed, is gone through again from there: an epoch may begin it several times, each at another place of
    the generators.
    """

    knows_its_place = True  # also when it has ended or failed, see Place

    def __init__(self, loader: Any, count: int) -> None:
        self.loader, self.count = loader, count
        self.batch_size = getattr(loader, "batch_size", None)  # which loggers are told
        self._batches: Any = None
        self._given = self._done = self._total = 0  # in this round, in this epoch, in all
        self._failed = False
        self._start: dict[str, Any] | None = None
        self._resumed: dict[str, Any] | None = None

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Any]:
        if self._resumed is not None:
            self._again(self._resumed)
            self._resumed = None
        else:
            self._done = 0
        while self._done < self.count:
            try:
                batch = next(self._batches if self._batches is not None else iter(()))
            except StopIteration:
                self._begin()
                continue
            except BaseException:
                self._failed = True
                raise
            self._given += 1
            self._done += 1
            self._total += 1
            yield batch

    def _begin(self):
        if self._start is not None and not self._given:
            raise ValueError(
                f"Model.fit: x gave {self._total} batches and then no more, but steps_per_epoch is {self.count}; give "
                "a loader that can be gone through again, or fewer steps or epochs"
            )
        self._start = {
            "random": weft.training.RandomState().state_dict(),
            "generators": [generator.get_state() for generator in _generators(self.loader)],
            "loader": self.loader.state_dict() if _has_state(self.loader) else None,
        }
        self._given, self._failed, self._batches = 0, False, iter(self.loader)

    def state_dict(self) -> dict[str, Any]:
        if self._resumed is not None:
            return self._resumed
        state = {"given": self._given, "done": self._done, "total": self._total, "start": self._start}
        exact = _has_state(self.loader) and not self._failed
        return {**state, "loader": self.loader.state_dict()} if exact else state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        if not isinstance(state, dict) or "given" not in state:
            raise ValueError("Model.fit: the checkpoint was made without steps_per_epoch; resume without it, too")
        self._resumed = state

    def at_batch(self, number: int) -> None:
        """The state that was loaded is one after so many batches of an epoch."""
        if self._resumed is not None:
            self._resumed = {**self._resumed, "done": number}

    def _again(self, state):
        """Goes through the round once more, up to its place."""
        self._given, self._done, self._total = (int(state[name]) for name in ("given", "done", "total"))
        self._start, self._batches = state["start"], None
        if self._start is None:
            return
        random = weft.training.RandomState()
        now = random.state_dict()
        random.load_state_dict(self._start["random"])
        for generator, value in zip(_generators(self.loader), self._start["generators"]):
            generator.set_state(value)
        if "loader" in state:
            self.loader.load_state_dict(state["loader"])
            self._batches = iter(self.loader)
        else:
            if self._start["loader"] is not None:
                self.loader.load_state_dict(self._start["loader"])
                random.load_state_dict(self._start["random"])
            self._batches = iter(self.loader)
            for _ in itertools.islice(self._batches, self._given):
                pass
        random.load_state_dict(now)


def first(function: str, name: str, loader: Any, count: Any) -> Any:
    """The loader's first batches; None: all."""
    return loader if count is None else First(loader, positive(function, name, count))


def rounds(loader: Any, count: Any) -> Any:
    """The loader with so many batches an epoch; None: all."""
    if count is None:
        return loader
    count = positive("Model.fit", "steps_per_epoch", count)
    checks.check_loader("Model.fit", "x", loader)
    return Rounds(loader, count)


def positive(function: str, name: str, value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{function}: {name} must be an int, got {type(value).__name__}") from None
    if isinstance(value, bool) or number < 1:
        raise ValueError(f"{function}: {name} must be positive, got {value!r}")
    return number


def validated_epochs(freq: Any) -> Any:
    """A function (epoch from 0) -> is there validation? Of a number: every so many epochs; or of epochs from 1."""
    if isinstance(freq, (list, tuple, set, frozenset, range)):
        chosen = {positive("Model.fit", "validation_freq: an epoch", epoch) for epoch in freq}
        return lambda epoch: epoch + 1 in chosen
    every = positive("Model.fit", "validation_freq", freq)
    return lambda epoch: (epoch + 1) % every == 0
