"""spawn(): one function in several processes, whose errors come back."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import time
import traceback

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class ProcessException(Exception):
    """A process that :func:`spawn` started has failed; ``error_index`` and ``pid`` say which.

    >>> import weft
    >>> weft.multiprocessing.ProcessException("failed", 1, 4711).error_index
    1
    """

    def __init__(self, msg: str, error_index: int, pid: int) -> None:
        super().__init__(msg)
        self.msg: str = msg
        self.error_index: int = error_index
        self.pid: int = pid

    def __reduce__(self) -> Any:
        return type(self), (self.msg, self.error_index, self.pid)


class ProcessRaisedException(ProcessException):
    """The function raised an exception, whose traceback is in the message.

    >>> import weft
    >>> weft.multiprocessing.ProcessRaisedException("ValueError", 0, 4711).pid
    4711
    """


class ProcessExitedException(ProcessException):
    """The process ended without one: by a signal (``signal_name``) or with an ``exit_code``.

    >>> import weft
    >>> weft.multiprocessing.ProcessExitedException("killed", 0, 4711, -9, "SIGKILL").exit_code
    -9
    """

    def __init__(
        self, msg: str, error_index: int, error_pid: int, exit_code: int, signal_name: str | None = None
    ) -> None:
        super().__init__(msg, error_index, error_pid)
        self.exit_code: int = exit_code
        self.signal_name: str | None = signal_name

    def __reduce__(self) -> Any:
        return type(self), (self.msg, self.error_index, self.pid, self.exit_code, self.signal_name)


def _run(function, rank, args, errors):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers for all
    try:
        function(rank, *args)
    except Exception:
        errors.send(traceback.format_exc())
        errors.close()
        sys.exit(1)


class ProcessContext:
    """The processes that :func:`start_processes` has started.

    Args:
        processes: they.
        errors: for each the end of a pipe that its traceback comes through.

    >>> import weft
    >>> weft.multiprocessing.ProcessContext([], []).join()
    True
    """

    def __init__(self, processes: list[Any], errors: list[Any]) -> None:
        self.processes: list[Any] = processes
        self._errors = errors
        self._left = {process.sentinel: i for i, process in enumerate(processes)}

    def pids(self) -> list[int]:
        """Their process numbers.

        >>> import weft
        >>> weft.multiprocessing.ProcessContext([], []).pids()
        []
        """
        return [process.pid for process in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Waits until one process has ended, or for ``timeout`` seconds. True when all have ended well.

        When one has failed, the others are ended and the failure is raised.

        Args:
            timeout: seconds; None: any time.
            grace_period: seconds that the others have for their own end after a failure.

        Raises:
            ProcessRaisedException: the function raised an exception.
            ProcessExitedException: a process ended without one.

        >>> import weft
        >>> weft.multiprocessing.ProcessContext([], []).join(timeout=1)
        True
        """
        if not self._left:
            return True
        ended = multiprocessing.connection.wait(list(self._left), timeout)
        failed = None
        for sentinel in ended:
            i = self._left.pop(sentinel)
            self.processes[i].join()
            if self.processes[i].exitcode != 0 and failed is None:
                failed = i
        if failed is None:
            return not self._left
        self._end(grace_period)
        self._raise(failed)
        return False

    def _end(self, grace_period=None):
        end = time.monotonic() + (grace_period or 0)
        for stop in (None, signal.SIGTERM, signal.SIGKILL):
            for process in self.processes:
                if stop is not None and process.is_alive():
                    os.kill(process.pid, stop)
            for process in self.processes:
                process.join(max(0.0, end - time.monotonic()))
            end = time.monotonic() + 0.5

    def _raise(self, i):
        process, errors = self.processes[i], self._errors[i]
        try:
            if errors.poll():
                text = f"\n\n-- Process {i} ended with this exception:\n{errors.recv()}"
                raise ProcessRaisedException(text, i, process.pid)
        except EOFError:
            pass
        code = process.exitcode
        if code < 0:
            known = signal.Signals.__members__.values()
            name = signal.Signals(-code).name if -code in known else f"signal {-code}"
            text = f"process {i} was ended by signal {name}"
            raise ProcessExitedException(text, i, process.pid, code, name)
        raise ProcessExitedException(f"process {i} ended with exit code {code}", i, process.pid, code)


SpawnContext = ProcessContext


def start_processes(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """Runs ``fn(i, *args)`` in processes i = 0, ..., nprocs - 1.

    Args:
        fn: of the top of a module, unless processes are forked.
        args: sent to each process; tensors in them are shared with it.
        nprocs: how many.
        join: wait for all, and raise when one fails; else return their :class:`ProcessContext`.
        daemon: end them with this process.
        start_method: ``"spawn"``, ``"fork"`` or ``"forkserver"``.

    Raises:
        ProcessRaisedException: fn raised an exception.
        ProcessExitedException: a process ended without one.
        ValueError: nprocs is negative.

    >>> import weft
    >>> weft.multiprocessing.start_processes(print, nprocs=0)
    """
    if isinstance(nprocs, bool) or not isinstance(nprocs, int):
        raise TypeError(f"start_processes: nprocs must be an int, got {type(nprocs).__name__}")
    if nprocs < 0:
        raise ValueError(f"start_processes: nprocs must not be negative, got {nprocs}")
    if not callable(fn):
        raise TypeError(f"start_processes: fn must be a function, got {type(fn).__name__}")
    methods = multiprocessing.get_all_start_methods()
    if start_method not in methods:
        raise ValueError(f"start_processes: start_method must be one of {', '.join(methods)}, got {start_method!r}")
    context = multiprocessing.get_context(start_method)
    processes, errors = [], []
    for i in range(nprocs):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_run, args=(fn, i, tuple(args), theirs), daemon=bool(daemon))
        process.start()
        theirs.close()
        processes.append(process)
        errors.append(ours)
    started = ProcessContext(processes, errors)
    if not join:
        return started
    try:
        while not started.join():
            pass
    except BaseException:
        started._end()
        raise
    return None


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:
    """:func:`start_processes` with fresh interpreters: ``fn(i, *args)`` in each of nprocs processes.

    Args:
        fn: of the top of a module.
        args: sent to each process; tensors in them are shared with it.
        nprocs: how many.
        join: wait for all, and raise when one fails; else return their :class:`ProcessContext`.
        daemon: end them with this process.
        start_method: only ``"spawn"``.

    Raises:
        ValueError: another start_method; :func:`start_processes` has them all.

    >>> import weft
    >>> weft.multiprocessing.spawn(print, nprocs=0)
    """
    if start_method != "spawn":
        raise ValueError(f"spawn: start_method must be 'spawn', got {start_method!r}; use start_processes()")
    return start_processes(fn, args, nprocs, join, daemon, start_method)
