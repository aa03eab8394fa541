"""Where in an epoch training is, so that it can go on there, bit by bit as if it had not been interrupted."""

from __future__ import annotations

import contextlib
import itertools
import signal
import threading

import weft
from weft.training._figures import Losses

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from weft.training.trainer import Trainer


def _random():
    return weft.training.RandomState()


class Place:
    """The place in the loader and in the random generators.

    A loader with ``state_dict`` says itself where it is. Of any other, the random generators at the beginning of the
    epoch are kept: from there it is gone through again, as far as it was. Batches that were fetched for a step that is
    not done are ``pending``, and part of the state, because random numbers may have been drawn for them.
    """

    def __init__(self):
        self.loader: Any = None
        self.iterator: Any = None
        self.pending: list[Any] = []
        self.begun = self.lost = False  # in an epoch; the loader has gone on to where it is in no step
        self.drained = False  # it has ended before the last step, a shorter group: its state is that of the next epoch
        self.start: dict[str, Any] = {}
        self.resumed: dict[str, Any] | None = None

    def begin(self, run: Trainer, loader: Any) -> Iterator[Any]:
        """The batches of the epoch that are left."""
        resumed, self.resumed = self.resumed, None
        goes_on = self.begun and not self.lost and loader is self.loader and resumed is None
        self.loader, again, self.pending = loader, self.pending, []
        if resumed is not None:
            again = resumed["pending"]
            if not run.batch:
                run._begin_epoch()
            self.iterator = self._resume(resumed, run.batch + len(again))
        elif not goes_on:
            again = []
            run._begin_epoch()
            self.start = self._now(loader) if run.checkpoints is not None else {}
            self.iterator = iter(loader)
        self.begun, self.lost, self.drained = True, False, self.drained and goes_on
        return itertools.chain(again, self.iterator) if again else self.iterator

    def _now(self, loader):
        now: dict[str, Any] = {"random": _random().state_dict()}
        generators = _generators(loader)
        if generators:
            now["generators"] = [generator.get_state() for generator in generators]
        if _has_state(loader):
            now["loader"] = loader.state_dict()
        return now

    def _back(self, loader, state, own=True):
        if own and _has_state(loader) and "loader" in state:
            loader.load_state_dict(state["loader"])  # and its generators, from which its iterator draws once more
        else:
            for generator, value in zip(_generators(loader), state.get("generators", ())):
                generator.set_state(value)
        _random().load_state_dict(state["random"])

    def _resume(self, state, fetched):
        loader, self.start = self.loader, state["start"] or {}
        if not fetched:
            self._back(loader, state["now"])
            self._tell(loader, 0)
            self.start = self._now(loader)
            return iter(loader)
        if "loader" in state["now"]:
            if self.start:  # from which a dataset or sampler without a state draws what it has drawn, once more
                _random().load_state_dict(self.start["random"])
            loader.load_state_dict(state["now"]["loader"])
            self._tell(loader, fetched)
            iterator = iter(loader)
        else:
            self._back(loader, self.start)
            iterator = iter(loader)
            for skipped in range(fetched):
                if next(iterator, self) is self:
                    raise ValueError(
                        f"Trainer.fit: the checkpoint was made after {fetched} batches of an epoch, but train_loader "
                        f"has {skipped}"
                    )
        self._back(loader, state["now"], own=False)
        return iterator

    def _tell(self, loader, fetched):
        if hasattr(loader, "knows_its_place"):
            loader.at_batch(fetched)

    def state_dict(self, batch: int) -> dict[str, Any]:
        """The place after so many batches of the epoch."""
        if self.resumed is not None:
            return self.resumed
        if self.begun and not batch and not self.pending:
            return {"start": None, "now": self.start, "pending": []}
        now = self._now(self.loader)
        if self.begun and (self.lost or self.drained) and not hasattr(self.loader, "knows_its_place"):
            now.pop("loader", None)
        return {"start": self.start if self.begun else None, "now": now, "pending": list(self.pending)}

    @contextlib.contextmanager
    def validating(self, run: Trainer, finished: bool) -> Iterator[None]:
        """Around validation. If the epoch is to go on later, random generators are put back where they were."""
        saved = run.checkpoints is not None or not finished
        before = _random().state_dict() if saved else None
        done = False
        try:
            yield
            done = True
        finally:
            if before is not None and not (done and finished):
                _random().load_state_dict(before)


def _has_state(loader):
    return hasattr(loader, "state_dict") and hasattr(loader, "load_state_dict")


def _generators(loader):
    """The generators that a loader and its sampler were given."""
    found = []
    sampler = getattr(loader, "sampler", None)
    inner = getattr(getattr(loader, "batch_sampler", None), "sampler", None)
    for owner in (loader, sampler, inner):
        generator = getattr(owner, "generator", None)
        if hasattr(generator, "get_state") and not any(generator is other for other in found):
            found.append(generator)
    return found


class State:
    """The trainer's own part of a checkpoint."""

    def __init__(self, trainer):
        self.trainer = trainer

    def state_dict(self):
        run = self.trainer
        return {
            "epoch": run.epoch,
            "batch": run.batch,
            "step": run.step,
            "losses": run._losses.state_dict(),
            "metrics": {name: m.state_dict() for name, m in run.metrics.items()} if run.batch else {},
            "place": run._place.state_dict(run.batch),
            "callbacks": {name: callback.state_dict() for name, callback in self._callbacks()},
        }

    def _callbacks(self):
        """(name, callback) of those with a state; the second one of a class has another name."""
        found = {}
        for callback in self.trainer.callbacks.all:
            if hasattr(callback, "state_dict") and hasattr(callback, "load_state_dict"):
                name = type(callback).__name__
                found[name if name not in found else f"{name}_{len(found)}"] = callback
        return found.items()

    def load_state_dict(self, state):
        run = self.trainer
        run.epoch, run.batch, run.step = (int(state[name]) for name in ("epoch", "batch", "step"))
        run._losses = Losses()
        run._losses.load_state_dict(state["losses"])
        for name, saved in state["metrics"].items():
            run.metrics[name].load_state_dict(saved)
        run._place.resumed = state["place"]
        for name, callback in self._callbacks():
            if name in state["callbacks"]:  # else it is a new one
                callback.load_state_dict(state["callbacks"][name])


class Interrupts:
    """Within it the first Ctrl-C waits for the end of the step, the second one does not.

    Only where Python's own handler would have answered, in the main thread.
    """

    def __init__(self):
        self.seen = False
        self._before: Any = None

    def __enter__(self):
        self.seen = False
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def _note(self, number, frame):
        if self.seen:
            raise KeyboardInterrupt
        self.seen = True

    def __exit__(self, *error):
        self.seen = False
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
