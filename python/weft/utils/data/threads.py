"""Worker threads of a DataLoader."""

from __future__ import annotations

import os
import queue
import threading

from weft import _C
from weft.utils.data.fetching import Ended, make_fetcher
from weft.utils.data.worker import Failure, WorkerInfo, set_worker_info


class ThreadPool:
    """As ProcessPool, in threads of this process. They are daemons: nothing waits for them at the end."""

    def __init__(self, plan, options, base_seed):
        self.count, self._plan, self._in_order, self._timeout = (
            options.num_workers,
            plan,
            options.in_order,
            options.timeout,
        )
        self._epoch = 0
        self._open, self._owner = True, os.getpid()
        self._tasks = [queue.SimpleQueue() for _ in range(self.count)]
        self._results = [queue.SimpleQueue() for _ in range(self.count)]
        if not self._in_order:
            self._results = self._results[:1] * self.count
        self._current = [0]  # the epoch: tasks of former ones are left out
        for i in range(self.count):
            info = WorkerInfo(i, self.count, base_seed + i, plan.dataset)
            args = (plan, info, options.worker_init_fn, self._tasks[i], self._results[i], self._current)
            threading.Thread(target=_work, args=args, daemon=True, name=f"DataLoader worker {i}").start()

    @property
    def alive(self):
        """Not in a forked child, which has no such threads."""
        return self._open and os.getpid() == self._owner

    def processes(self):
        return []

    def begin(self, base_seed, states, with_state):
        self._epoch += 1
        self._current[0] = self._epoch
        for tasks, state in zip(self._tasks, states):
            tasks.put(("epoch", self._epoch, base_seed, state, with_state))

    def send(self, worker, number, index):
        self._tasks[worker].put((self._epoch, number, index))

    def receive(self, worker):
        """(worker, number, kind, result, state) of a task of this worker; out of order of any."""
        while True:
            try:
                done = self._results[worker or 0].get(timeout=self._timeout or None)
            except queue.Empty:
                raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds: no batch came") from None
            if done[0] == self._epoch:
                return done[1:]

    def close(self, quickly=False):
        self._open = False
        self._current[0] = -1
        for tasks in self._tasks:
            tasks.put(None)


def _work(plan, info, init, tasks, results, current):
    _C._compute_alone()
    set_worker_info(info)
    where, failure, fetcher, epoch, with_state = f"worker thread {info.id}", None, None, 0, False
    try:
        if init is not None:
            init(info.id)
    except BaseException as error:  # nobody else would hear of it, and the batches would be waited for for ever
        failure = Failure(error, where)
    while (message := tasks.get()) is not None:
        if message[0] == "epoch":
            _, epoch, base_seed, state, with_state = message
            failure = failure if fetcher is None and epoch == 1 else None
            fetcher = None
            try:
                fetcher = make_fetcher(plan, info.id, base_seed, state)
            except BaseException as error:
                failure = Failure(error, where)
        elif message[0] == current[0]:
            results.put((epoch, info.id, *_answer(fetcher, failure, message, where, with_state)))
            failure = failure if fetcher is None else None


def _answer(fetcher, failure, message, where, with_state):
    _, number, index = message
    if failure:
        return number, "failure", failure, None
    try:
        batch = fetcher.fetch(number, index)
        return number, "batch", batch, fetcher.state() if with_state else None
    except Ended:
        try:
            return number, "ended", None, fetcher.state() if with_state else None
        except BaseException as error:
            return number, "failure", Failure(error, where), None
    except BaseException as error:
        return number, "failure", Failure(error, where), None
