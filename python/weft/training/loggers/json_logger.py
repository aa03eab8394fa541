"""JSONLinesLogger: one JSON object in each line."""

from __future__ import annotations

import json
import threading
import time

from weft.training.loggers.base import Logger, checked_hyperparameters
from weft.training.loggers.line_file import LineFile

TYPE_CHECKING = False

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any


class JSONLinesLogger(Logger):
    """Appends a line for each call of ``log``: ``{"step": 1, "time": 1760000000.0, "loss": 0.5}``.

    NaN and infinities stand there as ``NaN``, ``Infinity`` and ``-Infinity``, as Python's ``json`` and pandas read
    them. Hyperparameters are a line ``{"hyperparameters": {...}}``. Every line is in the file when ``log`` returns; a
    line of which a killed process wrote a part is cut off when the file is continued.

    Args:
        path: of the file; folders are made. A pipe or ``/dev/stdout`` serves too.
        append: continue a file that is there instead of replacing it.
        purge_step: with append, lines of this step and later ones are dropped first: those that an earlier run wrote
            after the checkpoint from which this one continues.

    Raises:
        OSError: the file cannot be written or the disk is full. The line waits in memory and is written with the next.

    >>> import json, os, tempfile
    >>> from weft.training.loggers import JSONLinesLogger
    >>> path = os.path.join(tempfile.mkdtemp(), "log.jsonl")
    >>> with JSONLinesLogger(path) as logger:
    ...     logger.log({"loss": 0.5}, step=1)
    >>> with JSONLinesLogger(path, append=True) as logger:
    ...     logger.log({"loss": 0.25}, step=2)
    >>> [json.loads(line)["loss"] for line in open(path)]
    [0.5, 0.25]
    """

    def __init__(self, path: str | os.PathLike[str], append: bool = False, purge_step: int | None = None) -> None:
        self._lock = threading.Lock()
        self._file = LineFile("JSONLinesLogger", path, append)
        if append:
            try:
                self._continue(purge_step)
            except BaseException:
                self._file.close()
                raise

    def _continue(self, purge_step):
        first = next(iter(self._file.lines()), b"")
        if first.endswith(b"\n") and not _is_object(first):
            raise ValueError(
                f"JSONLinesLogger: {self.path!r} does not hold JSON lines (the first is {first[:40]!r}); choose "
                "another path, or append=False to replace it"
            )
        self._file.mend(_is_object)
        if purge_step is not None:
            self._file.rewrite(lambda lines: (line for line in lines if _is_before(line, purge_step)))

    @property
    def path(self) -> str:
        """Where the file is.

        >>> import os
        >>> from weft.training.loggers import JSONLinesLogger
        >>> JSONLinesLogger(os.devnull).path == os.devnull
        True
        """
        return self._file.path

    def log_hyperparameters(self, mapping: Mapping[str, Any]) -> None:
        """Writes them as a line of their own.

        >>> import os, tempfile
        >>> from weft.training.loggers import JSONLinesLogger
        >>> path = os.path.join(tempfile.mkdtemp(), "log.jsonl")
        >>> JSONLinesLogger(path).log_hyperparameters({"lr": 0.1})
        >>> open(path).read()
        '{"hyperparameters": {"lr": 0.1}}\\n'
        """
        self.check_open("log_hyperparameters")
        found = checked_hyperparameters("JSONLinesLogger.log_hyperparameters", mapping)
        self._write({"hyperparameters": found})

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Writes a line; see :meth:`Logger.log`.

        >>> import os
        >>> from weft.training.loggers import JSONLinesLogger
        >>> JSONLinesLogger(os.devnull).log({"step": 1}, step=1)
        Traceback (most recent call last):
            ...
        ValueError: JSONLinesLogger.log: 'step' cannot be the name of a value: step and time are columns already
        """
        values, step = self.checked(values, step)
        self._write({"step": step, "time": round(time.time(), 3), **values})

    def _write(self, entry):
        line = (json.dumps(entry, ensure_ascii=False) + "\n").encode(errors="backslashreplace")
        with self._lock:
            self._file.write(line)

    def flush(self) -> None:
        """Has the lines put on the disk, so that they outlast a failure of the machine.

        >>> import os
        >>> from weft.training.loggers import JSONLinesLogger
        >>> JSONLinesLogger(os.devnull).flush()
        """
        self.check_open("flush")
        with self._lock:
            self._file.flush()

    def close(self) -> None:
        """Writes what waits and closes the file.

        >>> import os
        >>> from weft.training.loggers import JSONLinesLogger
        >>> JSONLinesLogger(os.devnull).close()
        """
        with self._lock:
            self.closed = True
            self._file.close()


def _is_object(line):
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _is_before(line, purge_step):
    step = json.loads(line).get("step") if _is_object(line) else None
    return not isinstance(step, int) or step < purge_step
