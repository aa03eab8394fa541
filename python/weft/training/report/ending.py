"""Reports that are open when the program ends are finished: at its exit, after an exception, on SIGTERM."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import weakref

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

_open: weakref.WeakSet[Any] = weakref.WeakSet()
_before: Any = None  # the handler of SIGTERM that ours stands for


def watch(report: Any) -> None:
    """Has ``report.finish(status, message)`` called when the program ends. Other handlers of SIGTERM are left alone.

    >>> from weft.training.report import ending
    >>> class Report:
    ...     def finish(self, status, message):
    ...         print(status)
    >>> report = Report()
    >>> ending.watch(report)
    >>> ending.forget(report)
    """
    global _before
    if not _open:
        atexit.register(_at_exit, os.getpid())
        if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
            _before = os.getpid()
            signal.signal(signal.SIGTERM, _on_sigterm)
    _open.add(report)


def forget(report: Any) -> None:
    """The report is finished.

    >>> from weft.training.report import ending
    >>> ending.forget(ending)
    """
    global _before
    _open.discard(report)
    if not _open:
        atexit.unregister(_at_exit)
        if (
            _before is not None
            and threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGTERM) is _on_sigterm
        ):
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            _before = None


def _finish_all(status, message):
    for report in list(_open):
        with contextlib.suppress(Exception):  # the program ends in any case
            report.finish(status, message)


def _on_sigterm(number, frame):
    if _before == os.getpid():  # a forked worker has inherited the handler, not the run
        _finish_all("interrupted", "ended by SIGTERM")
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def _at_exit(process):
    if process != os.getpid():
        return
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    _finish_all(*(outcome(error) if error is not None else ("finished", "")))


def outcome(error: BaseException) -> tuple[str, str]:
    """Status and message of a run that an exception ended.

    >>> from weft.training.report import ending
    >>> ending.outcome(KeyboardInterrupt()), ending.outcome(ValueError("bad"))
    (('interrupted', 'KeyboardInterrupt'), ('failed', 'ValueError: bad'))
    """
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return ("failed" if isinstance(error, Exception) else "interrupted"), text[:2000]
