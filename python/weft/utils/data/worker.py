"""A worker of a DataLoader: what it knows of itself, and the life of a worker process."""

from __future__ import annotations

import dataclasses
import os
import pickle
import random
import select
import signal
import sys
import threading
import time
import traceback

import weft
from weft import _C
from weft.utils.data.fetching import Ended, make_fetcher
from weft.utils.data.packing import Packer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


@dataclasses.dataclass(frozen=True)
class WorkerInfo:
    """What :func:`get_worker_info` says in a worker of a DataLoader.

    Attributes:
        id: its number, from 0.
        num_workers: how many there are.
        seed: what Python's and Weft's random numbers of the worker process were seeded with.
        dataset: the worker's own copy of the dataset; with threads the dataset itself.

    >>> import weft
    >>> from weft.utils.data import DataLoader, get_worker_info
    >>> def shown(samples):
    ...     return get_worker_info().id, samples
    >>> list(DataLoader(range(3), collate_fn=shown, num_workers=2, workers="thread"))
    [(0, [0]), (1, [1]), (0, [2])]
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_here = threading.local()


def get_worker_info() -> WorkerInfo | None:
    """What the calling worker of a DataLoader knows of itself; None outside of workers.

    An iterable dataset divides its samples among the workers by ``id`` and ``num_workers``.

    >>> import weft
    >>> weft.utils.data.get_worker_info()
    """
    return getattr(_here, "info", None)


def set_worker_info(info):
    _here.info = info


def numpy_seed(base_seed, worker):
    """Four words that differ for all seeds and workers, as PyTorch seeds NumPy (M. E. O'Neill's seed_seq)."""
    import numpy as np

    entropy = [worker, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
    return np.random.SeedSequence(entropy).generate_state(4)


class Failure:
    """An exception of a worker on its way to the main process: its type, where that can be sent, and its traceback."""

    def __init__(self, error, where):
        self.kind = type(error)
        try:
            said = str(error)
        except Exception as why:
            said = f"(its text cannot be had: {type(why).__name__})"
        self.text = f"{where}: {self.kind.__name__}: {said}\n\n" + "".join(traceback.format_exception(error)).rstrip()

    def __getstate__(self):
        try:
            pickle.dumps(self.kind)
        except Exception:
            return {"kind": RuntimeError, "text": self.text}
        return self.__dict__

    def error(self):
        """The exception to raise: of the worker's type, where one can be made of a text."""
        text = f"DataLoader: exception in {self.text}"
        if not issubclass(self.kind, Exception):  # SystemExit of a worker thread does not end the program
            return RuntimeError(text)
        try:
            made = self.kind(_Text(text) if issubclass(self.kind, KeyError) else text)
            return made if isinstance(made, self.kind) and str(made) else RuntimeError(text)
        except Exception:
            return RuntimeError(text)


class _Text(str):
    """KeyError shows its argument's repr."""

    def __repr__(self):
        return str(self)


def _end_with(parent):
    """Ends this process when its parent is gone, whatever the worker is doing; for ever in a thread."""
    try:
        watched = os.pidfd_open(parent)
    except (AttributeError, OSError):
        while _is_alive(parent):
            time.sleep(0.2)
    else:
        poller = select.poll()
        poller.register(watched, select.POLLIN)
        poller.poll()
    os.kill(os.getpid(), signal.SIGKILL)


def _is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


class Settings:
    """What a worker process is started with."""

    def __init__(self, plan, worker, workers, base_seed, in_flight, init, parent):
        self.plan, self.worker, self.workers, self.base_seed = plan, worker, workers, base_seed
        self.in_flight, self.init, self.parent = in_flight, init, parent


def run_worker(settings, channel):
    """The main function of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(settings.parent,), daemon=True).start()
    try:
        _Worker(settings, channel).run()
    except (EOFError, BrokenPipeError, ConnectionError):
        pass  # the main process wants nothing more
    sys.stdout.flush()


class _Worker:
    def __init__(self, settings, channel):
        self._channel, self._plan, self._worker = channel, settings.plan, settings.worker
        self._where = f"worker process {settings.worker} (pid {os.getpid()})"
        self._packer = Packer(settings.in_flight)
        self._failure = self._init_failure = self._fetcher = None
        self._epoch, self._with_state = 0, False
        weft.set_num_threads(1)
        _C._keep_freed_heap()
        seed = settings.base_seed + settings.worker
        random.seed(seed)
        weft.manual_seed(seed)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(numpy_seed(settings.base_seed, settings.worker))
        set_worker_info(WorkerInfo(settings.worker, settings.workers, seed, settings.plan.dataset))
        try:
            if settings.init is not None:
                settings.init(settings.worker)
        except SystemExit:
            raise
        except BaseException as error:
            self._init_failure = Failure(error, self._where)
        self._keyed = weft.initial_seed() == seed

    def run(self):
        while True:
            message = pickle.loads(self._channel.receive()[0])
            if message is None:
                return
            if message[0] == "epoch":
                self._begin(*message[1:])
            else:
                self._answer(*message)

    def _begin(self, epoch, base_seed, state, with_state):
        self._epoch, self._fetcher, self._with_state = epoch, None, with_state
        self._failure, self._init_failure = self._init_failure, None
        try:
            self._fetcher = make_fetcher(self._plan, self._worker, base_seed, state, self._keyed)
        except SystemExit:
            raise
        except BaseException as error:
            self._failure = Failure(error, self._where)

    def _answer(self, number, index):
        kind, descriptors, state = "batch", [], None
        try:
            if self._failure:
                kind, packed = "failure", self._failure
                self._failure = None if self._fetcher else self._failure
            else:
                batch = self._fetcher.fetch(number, index)
                state = self._state()
                packed, descriptors = self._packer.pack(batch)
        except Ended:
            kind, packed, state = self._at_end()
        except SystemExit:  # ends the process, with its code
            raise
        except BaseException as error:
            kind, packed = "failure", Failure(error, self._where)
        self._channel.send(pickle.dumps((self._epoch, number, kind, packed, state), 5), descriptors)

    def _state(self):
        """Pickled, so that one that cannot be sent is an error of this batch."""
        return pickle.dumps(self._fetcher.state(), 5) if self._with_state else None

    def _at_end(self):
        try:
            return "ended", None, self._state()
        except Exception as error:
            return "failure", Failure(error, self._where), None
