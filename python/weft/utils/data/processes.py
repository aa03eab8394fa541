"""Worker processes of a DataLoader, as the main process sees them."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import select
import signal
import time
import weakref
from multiprocessing import util

import weft.multiprocessing  # noqa: F401  (tensors of a dataset that is sent to a worker travel in shared memory)
from weft.utils.data.channel import channel_pair
from weft.utils.data.packing import Unpacker
from weft.utils.data.worker import Settings, run_worker

_PATIENCE = 5.0  # seconds that a worker has for its own end, after all batches have come


def _close_at_exit(pool):
    """Before multiprocessing waits for all its processes."""
    if (alive := pool()) is not None:
        alive.close(quickly=True)


class _Member:
    """One worker process."""

    def __init__(self, process, channel):
        self.process, self.channel, self.unpacker = process, channel, Unpacker()
        try:
            self.sentinel = os.pidfd_open(process.pid)
            self._own_sentinel = True
        except (AttributeError, OSError):
            self.sentinel, self._own_sentinel = process.sentinel, False

    def close(self):
        self.channel.close()
        if self._own_sentinel:
            os.close(self.sentinel)
            self._own_sentinel = False


class ProcessPool:
    """Runs tasks of one epoch after the other. Not for several epochs at once."""

    def __init__(self, plan, options, base_seed):
        self.count, self._timeout, self._in_order = options.num_workers, options.timeout, options.in_order
        self._epoch, self._owner = 0, os.getpid()
        self._open = True
        self._members = []
        context = options.multiprocessing_context or multiprocessing.get_context()
        self._at_exit = util.Finalize(None, _close_at_exit, (weakref.ref(self),), exitpriority=10)
        try:
            for i in range(self.count):
                self._start(context, i, plan, options, base_seed)
        except BaseException:
            self.close(quickly=True)
            raise
        self._ends = {member.sentinel: i for i, member in enumerate(self._members)}
        self._by_channel = {member.channel.fileno(): i for i, member in enumerate(self._members)}
        self._poller = select.poll()
        for sentinel in self._ends:
            self._poller.register(sentinel, select.POLLIN)

    @property
    def alive(self):
        """Not in a forked child, which has no workers."""
        return self._open and os.getpid() == self._owner

    def processes(self):
        return [member.process for member in self._members]

    def _start(self, context, worker, plan, options, base_seed):
        ours, theirs = channel_pair()
        in_flight = options.prefetch_factor
        settings = Settings(plan, worker, self.count, base_seed, in_flight, options.worker_init_fn, os.getpid())
        process = context.Process(target=run_worker, args=(settings, theirs), name=f"DataLoader worker {worker}")
        try:
            process.start()
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            ours.close()
            raise _not_sent(error, context, plan, options) from error
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._members.append(_Member(process, ours))

    def begin(self, base_seed, states, with_state):
        self._epoch += 1
        for worker, state in enumerate(states):
            self._tell(worker, ("epoch", self._epoch, base_seed, state, with_state))

    def send(self, worker, number, index):
        self._tell(worker, (number, index))

    def _tell(self, worker, message):
        try:
            self._members[worker].channel.send_to_busy(pickle.dumps(message, 5))
        except (OSError, EOFError):
            self._fail_dead(worker)

    def receive(self, worker):
        """(worker, number, kind, result, state) of a task of this worker; with worker None of any."""
        end = time.monotonic() + self._timeout if self._timeout else None
        while True:
            for candidate in range(self.count) if worker is None else (worker,):
                try:
                    message = self._members[candidate].channel.receive(wait=False)
                except (EOFError, OSError):
                    self._fail_dead(candidate)
                if message is not None:
                    done = self._unpacked(candidate, *message)
                    if done is not None:
                        return done
                    break
            else:
                self._wait(worker, end)

    def _unpacked(self, worker, payload, descriptors):
        epoch, number, kind, packed, state = pickle.loads(payload)
        if kind == "batch":
            packed = self._members[worker].unpacker.unpack(packed, descriptors, wanted=epoch == self._epoch)
        return (worker, number, kind, packed, state and pickle.loads(state)) if epoch == self._epoch else None

    def _wait(self, worker, end):
        """Until something comes of the worker, or any one dies."""
        channels = [self._members[i].channel.fileno() for i in (range(self.count) if worker is None else (worker,))]
        for channel in channels:
            self._poller.register(channel, select.POLLIN)
        try:
            left = None if end is None else max(0, end - time.monotonic()) * 1000
            events = [at for at, _ in self._poller.poll(left)]
        finally:
            for channel in channels:
                self._poller.unregister(channel)
        if not events:
            raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds: no batch came")
        dead = [self._ends[at] for at in events if at in self._ends]
        if dead and len(dead) == len(events):
            self._fail_dead(dead[0])

    def _fail_dead(self, worker):
        process = self._members[worker].process
        process.join(1)
        text = _cause(process.exitcode)
        self.close(quickly=True)
        raise RuntimeError(f"DataLoader worker {worker} (pid {process.pid}) {text}")

    def close(self, quickly=False):
        """Ends the workers; quickly: without waiting for what they do."""
        if not self.alive:
            return
        self._open = False
        self._at_exit.cancel()
        for member in self._members:
            try:
                member.channel.end.setblocking(False)
                member.channel.send(pickle.dumps(None, 5))
            except OSError:
                pass
            member.channel.close()
        end = time.monotonic() + (0.1 if quickly else _PATIENCE)
        for stop in (None, signal.SIGTERM, signal.SIGKILL):
            for member in self._members:
                if stop is not None and member.process.is_alive():
                    os.kill(member.process.pid, stop)
            for member in self._members:
                member.process.join(max(0.0, end - time.monotonic()))
            end = time.monotonic() + 0.2
        for member in self._members:
            member.close()

    def __del__(self):
        self.close(quickly=True)


def _cause(code):
    if code is None:
        return "closed its connection"
    if code >= 0:
        return f"ended with exit code {code} in the middle of its work"
    number = -code
    name = signal.Signals(number).name if number in signal.Signals.__members__.values() else str(number)
    why = {
        signal.SIGKILL: "; if you did not, the system did, as a rule because memory ran out (OOM, see `dmesg`): use "
        "fewer workers, a smaller batch_size or prefetch_factor",
        signal.SIGBUS: "; as a rule shared memory ran out",
        signal.SIGSEGV: "; the dataset's native code read memory that it does not have",
    }.get(number, "")
    return f"was killed by signal {name}{why}"


def _not_sent(error, context, plan, options):
    method = context.get_start_method()
    parts = {"dataset": plan.dataset, "collate_fn": plan.collate_fn, "worker_init_fn": options.worker_init_fn}
    guilty = "its arguments"
    for name, part in parts.items():
        try:
            multiprocessing.reduction.ForkingPickler.dumps(part)
        except Exception:
            guilty = f"{name} ({type(part).__name__})"
            break
    return TypeError(
        f"DataLoader: {guilty} cannot be sent to a worker process started by {method!r}: {error}. Define classes and "
        f"functions at the top of a module, or use multiprocessing_context='fork'"
    )
