"""A file of lines that loses none: a line stands in it whole or waits in memory until it can be written."""

from __future__ import annotations

import contextlib
import io
import os
import stat

from weft.serialization.atomic_file import replacing
from weft.training.loggers.base import path_of

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


class LineFile:
    """Appends lines, each written at once. Folders of the path are made.

    A line that the disk has no room for raises OSError, leaves no part of it in the file, and is written before the
    next one. A file that is continued must be mended first.

    Args:
        who: the name that errors begin with.
        path: of the file, or of a pipe or device, which is written to as it is.
        append: continue the file instead of replacing it.

    >>> import os, tempfile
    >>> from weft.training.loggers.line_file import LineFile
    >>> path = os.path.join(tempfile.mkdtemp(), "lines")
    >>> file = LineFile("test", path, append=False)
    >>> file.write(b"a\\n")
    >>> file.close()
    >>> open(path).read()
    'a\\n'
    """

    def __init__(self, who: str, path: Any, append: bool) -> None:
        self.who: str = who
        self.path: str = path_of(who, path)
        self._waiting: list[bytes] = []
        self._handle = -1
        with self._explained("open"):
            folder = os.path.dirname(self.path)
            if folder:
                os.makedirs(folder, exist_ok=True)
            self._open(os.O_CREAT | (0 if append else os.O_TRUNC))

    def _open(self, flags):
        self._handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | flags, 0o666)
        state = os.fstat(self._handle)
        self._regular = stat.S_ISREG(state.st_mode)
        self._size = state.st_size

    @contextlib.contextmanager
    def _explained(self, what):
        try:
            yield
        except OSError as error:
            kept = f"; {len(self._waiting)} lines are kept in memory and written with the next" if self._waiting else ""
            reason = f"{self.who}: cannot {what} the file: {error.strerror}{kept}"
            raise type(error)(error.errno, reason, self.path) from error

    def mend(self, is_whole: Callable[[bytes], bool]) -> None:
        """Cuts off a last line that was not written to its end; one that is whole gets the line feed that it lacks.

        >>> import os
        >>> from weft.training.loggers.line_file import LineFile
        >>> LineFile("test", os.devnull, append=True).mend(lambda line: False)
        """
        end = self._size if self._regular else 0
        while end > 0:
            start = max(0, end - 65536)
            found = os.pread(self._handle, end - start, start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            end = start
        if end == self._size or not self._regular:
            return
        if is_whole(os.pread(self._handle, self._size - end, end)):
            self.write(b"\n")
            return
        with self._explained("mend"):
            os.ftruncate(self._handle, end)
        self._size = end

    def write(self, line: bytes) -> None:
        """Appends a line, after those that wait. OSError where it cannot be written: it waits.

        >>> from weft.training.loggers.line_file import LineFile
        >>> LineFile("CSVLogger", "/dev/full", append=True).write(b"a")
        Traceback (most recent call last):
            ...
        OSError: [Errno 28] CSVLogger: cannot write the file: No space left on device; 1 lines are kept in memory and \
written with the next: '/dev/full'
        """
        self._waiting.append(line)
        self.write_waiting()

    def write_waiting(self) -> None:
        """Writes the lines that wait.

        >>> import os
        >>> from weft.training.loggers.line_file import LineFile
        >>> LineFile("test", os.devnull, append=True).write_waiting()
        """
        if not self._waiting:
            return
        with self._explained("write"):
            data = memoryview(b"".join(self._waiting))
            done = 0
            try:
                while done < len(data):
                    done += os.write(self._handle, data[done:])
            except BaseException:
                if self._regular:
                    os.ftruncate(self._handle, self._size)
                elif done:  # what a pipe has taken cannot be called back
                    self._waiting = [bytes(data[done:])]
                raise
            self._size += len(data)
            self._waiting.clear()

    def lines(self) -> Iterable[bytes]:
        """The lines that stand in the file; none for pipes and devices.

        >>> import os
        >>> from weft.training.loggers.line_file import LineFile
        >>> list(LineFile("test", os.devnull, append=True).lines())
        []
        """
        if not self._regular:
            return
        with open(self.path, "rb") as file:
            yield from file

    def rewrite(self, changed: Callable[[Iterable[bytes]], Iterable[bytes]]) -> None:
        """Replaces the file, as a whole, by what ``changed`` makes of its lines. Pipes are left as they are.

        >>> import os, tempfile
        >>> from weft.training.loggers.line_file import LineFile
        >>> file = LineFile("test", os.path.join(tempfile.mkdtemp(), "lines"), append=False)
        >>> file.write(b"a\\n")
        >>> file.rewrite(lambda lines: [line * 2 for line in lines])
        >>> list(file.lines())
        [b'a\\n', b'a\\n']
        """
        if not self._regular:
            return
        with self._explained("rewrite"):
            with replacing(self.path) as raw:
                new = io.BufferedWriter(raw)
                try:
                    new.writelines(changed(self.lines()))
                    new.flush()
                finally:
                    new.detach()
            os.close(self._handle)
            self._open(0)

    def flush(self) -> None:
        """Writes what waits and has the system put it on the disk.

        >>> import os
        >>> from weft.training.loggers.line_file import LineFile
        >>> LineFile("test", os.devnull, append=True).flush()
        """
        self.write_waiting()
        if self._regular:
            with self._explained("sync"):
                os.fsync(self._handle)

    def close(self) -> None:
        """Writes what waits and closes the file, also where that fails.

        >>> import os
        >>> from weft.training.loggers.line_file import LineFile
        >>> LineFile("test", os.devnull, append=True).close()
        """
        if self._handle < 0:
            return
        try:
            self.write_waiting()
        finally:
            os.close(self._handle)
            self._handle = -1
