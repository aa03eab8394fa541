"""CSVLogger: a table that spreadsheets and pandas read."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
import time

from weft.serialization.atomic_file import replacing
from weft.training.loggers.base import Logger, checked_hyperparameters
from weft.training.loggers.line_file import LineFile

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def _line(cells):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()


class CSVLogger(Logger):
    """Writes a row for each call of ``log``: ``step``, ``time`` (seconds since 1970) and a column for each name.

    A new name adds a column: the file is replaced by one with a longer header, as a whole. Every row is in the file
    when ``log`` returns. Hyperparameters go into ``NAME.hyperparameters.json`` beside it.

    Args:
        path: of the file; folders are made.
        append: continue a file that is there instead of replacing it.
        purge_step: with append, rows of this step and later ones are dropped first: those that an earlier run wrote
            after the checkpoint from which this one continues.

    Raises:
        OSError: the file cannot be written or the disk is full. The row waits in memory and is written with the next.
        ValueError: the file that is to be continued is no such table.

    >>> import os, tempfile
    >>> from weft.training.loggers import CSVLogger
    >>> path = os.path.join(tempfile.mkdtemp(), "log.csv")
    >>> with CSVLogger(path) as logger:
    ...     logger.log({"loss": 0.5}, step=1)
    ...     logger.log({"loss": 0.25, "accuracy": 0.9}, step=2)
    >>> [row.split(",")[0::2] for row in open(path).read().split()]
    [['step', 'loss'], ['1', '0.5'], ['2', '0.25']]
    """

    def __init__(self, path: str | os.PathLike[str], append: bool = False, purge_step: int | None = None) -> None:
        self._lock = threading.RLock()
        self._file = LineFile("CSVLogger", path, append)
        self._columns: list[str] | None = None  # until there is a header
        self._rows: list[tuple[int, str, Mapping[str, float]]] = []  # not yet in the file: a disk was full
        if append:
            try:
                self._continue(purge_step)
            except BaseException:
                self._file.close()
                raise

    @property
    def path(self) -> str:
        """Where the file is.

        >>> import os
        >>> from weft.training.loggers import CSVLogger
        >>> CSVLogger(os.devnull).path == os.devnull
        True
        """
        return self._file.path

    def _continue(self, purge_step):
        header = next(iter(self._file.lines()), None)
        if header is None:
            return
        if not header.endswith(b"\n"):
            self._file.mend(lambda line: False)
            return
        try:
            columns = next(csv.reader([header.decode()]))
        except (UnicodeDecodeError, csv.Error):
            columns = []
        if columns[:2] != ["step", "time"]:
            raise ValueError(
                f"CSVLogger: {self.path!r} is no table of this logger (its header does not begin with step,time); "
                "choose another path, or append=False to replace it"
            )
        self._file.mend(lambda line: False)  # the end of a number cannot be told from its middle
        self._columns = columns[2:]
        if purge_step is not None:
            self._file.rewrite(lambda lines: (line for line in lines if _is_before(line, purge_step)))

    def log_hyperparameters(self, mapping: Mapping[str, Any]) -> None:
        """Writes them to ``NAME.hyperparameters.json`` beside the table.

        >>> import os, tempfile
        >>> from weft.training.loggers import CSVLogger
        >>> folder = tempfile.mkdtemp()
        >>> CSVLogger(os.path.join(folder, "log.csv")).log_hyperparameters({"lr": 0.1})
        >>> open(os.path.join(folder, "log.hyperparameters.json")).read()
        '{"lr": 0.1}\\n'
        """
        self.check_open("log_hyperparameters")
        found = checked_hyperparameters("CSVLogger.log_hyperparameters", mapping)
        with replacing(os.path.splitext(self.path)[0] + ".hyperparameters.json") as file:
            file.write((json.dumps(found) + "\n").encode())

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Writes a row; see :meth:`Logger.log`. Cells of columns without a value are empty.

        >>> import os
        >>> from weft.training.loggers import CSVLogger
        >>> CSVLogger(os.devnull).log({"loss": "low"}, step=1)
        Traceback (most recent call last):
            ...
        TypeError: CSVLogger.log: the value of 'loss' must be a number, got str 'low'
        """
        values, step = self.checked(values, step)
        with self._lock:
            self._rows.append((step, f"{time.time():.3f}", values))
            self._write_rows()

    def _write_rows(self):
        self._file.write_waiting()
        names = dict.fromkeys(key for *_, values in self._rows for key in values)
        new = [key for key in names if key not in (self._columns or ())]
        if new or (self._rows and self._columns is None):
            self._add_columns(new)
        rows, self._rows = self._rows, []
        if rows:
            self._file.write(
                b"".join(_line([*place, *(values.get(key, "") for key in self._columns)]) for *place, values in rows)
            )

    def _add_columns(self, new):
        columns = [*(self._columns or ()), *new]
        header = _line(["step", "time", *columns])

        def longer(lines):
            yield header
            lines = iter(lines)
            next(lines, None)
            for line in lines:
                yield line.rstrip(b"\r\n") + b"," * len(new) + b"\n"

        if self._columns is None:
            self._columns = columns
            self._file.write(header)
        else:
            self._file.rewrite(longer)
            self._columns = columns

    def flush(self) -> None:
        """Has the rows put on the disk, so that they outlast a failure of the machine.

        >>> import os
        >>> from weft.training.loggers import CSVLogger
        >>> CSVLogger(os.devnull).flush()
        """
        self.check_open("flush")
        with self._lock:
            self._write_rows()
            self._file.flush()

    def close(self) -> None:
        """Writes what waits and closes the file.

        >>> import os
        >>> from weft.training.loggers import CSVLogger
        >>> CSVLogger(os.devnull).close()
        """
        with self._lock:
            if self.closed:
                return
            self.closed = True
            try:
                self._write_rows()
            finally:
                self._file.close()


def _is_before(line, purge_step):
    try:
        return int(line.partition(b",")[0]) < purge_step
    except ValueError:
        return True  # the header
