"""Where load reads from: a path or a file object, as something seekable of known size."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat

from weft.serialization import remote

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


KIND_BYTES = 16  # tell the kinds of files apart
_CHUNK = 1 << 20


class Source:
    """A seekable binary file. Nothing is read, and no memory taken for it, beyond its size."""

    def __init__(self, file: Any, name: str, begin: int | None = None) -> None:
        self.file: Any = file
        self.name: str = name
        self.begin: int = file.tell() if begin is None else begin
        self.size: int = file.seek(0, os.SEEK_END) - self.begin

    def read(self, offset: int, length: int) -> bytes:
        """The bytes from offset on; ValueError where the file ends before."""
        self._seek(offset, length)
        data = self.file.read(length)
        if len(data) != length:
            raise self.cut_off()
        return data

    def fill(self, offset: int, target: memoryview) -> None:
        """Reads into a writable memoryview of bytes."""
        self._seek(offset, len(target))
        done = 0
        while done < len(target):
            count = self.file.readinto(target[done:])
            if not count:
                raise self.cut_off()
            done += count

    def _seek(self, offset, length):
        if offset < 0 or length < 0 or offset + length > self.size:
            raise self.cut_off()
        self.file.seek(self.begin + offset)

    def cut_off(self) -> ValueError:
        return ValueError(f"load: {self.name} is cut off")


@contextlib.contextmanager
def opened(f: Any) -> Iterator[Source]:
    """A Source for a path or a binary file open for reading, whose position is moved behind what was read."""
    if hasattr(f, "read"):
        file = _seekable(f)
        yield Source(file, "the file")
        if isinstance(file, io.BufferedReader) and isinstance(file.raw, _Reader):
            file.raw.seek(file.tell())  # the buffer has read ahead
        return
    try:
        path = os.fsdecode(f)
    except TypeError:
        raise TypeError(f"load: f must be a path or a binary file open for reading, got {type(f).__name__}") from None
    if remote.is_url(path):
        with remote.reading(path) as file:
            yield Source(file, repr(path))
        return
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        raise FileNotFoundError(errno.ENOENT, "load: there is no such file", path) from None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "load: this is a folder", path)
    if not stat.S_ISREG(mode):
        raise ValueError(f"load: {path!r} is a pipe or a device; open it and give load() the file object")
    with open(path, "rb") as file:
        yield Source(file, repr(path))


class _Reader(io.RawIOBase):
    """A file object of any class that reads and seeks, as Python's own."""

    def __init__(self, file):
        self._file = file

    def readable(self):
        return True

    def seekable(self):
        return True

    def readinto(self, target):
        data = _read_some(self._file, len(target))
        target[: len(data)] = data
        return len(data)

    def seek(self, offset, whence=os.SEEK_SET):
        self._file.seek(offset, whence)
        return self._file.tell()

    def tell(self):
        return self._file.tell()


def _read_some(file, length):
    """At most so many bytes; TypeError, ValueError for a read() that gives something else."""
    data = file.read(length)
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"load: read() of the file returned {type(data).__name__}, not bytes")
    if len(data) > length:
        raise ValueError(f"load: read({length}) of the file returned {len(data)} bytes, more than it was asked for")
    return data


def _seekable(file):
    if isinstance(file, io.TextIOBase):
        raise TypeError("load: the file is open for text; open it with mode 'rb'")
    if _can_seek(file):
        own = isinstance(file, (io.BufferedReader, io.BufferedRandom, io.BytesIO))
        return file if own else io.BufferedReader(_Reader(file))
    contents = io.BytesIO()
    while part := _read_some(file, _CHUNK):
        contents.write(part)
        if contents.tell() >= KIND_BYTES and kind_of(bytes(contents.getbuffer()[:KIND_BYTES])) is None:
            break  # refused, whatever follows
    contents.seek(0)
    return contents


def _can_seek(file):
    """Can the file go to its end and back?"""
    if not (hasattr(file, "seek") and hasattr(file, "tell")) or not getattr(file, "seekable", lambda: True)():
        return False
    try:
        begin = file.tell()
        file.seek(0, os.SEEK_END)
        file.seek(begin)
    except (OSError, ValueError):  # such as a compressed file, whose size nobody knows
        return False
    return True


def kind_of(first: bytes) -> str | None:
    """What a file that begins with these KIND_BYTES is: "safetensors", "zip", "legacy", "gguf", "hdf5" or None."""
    if first[8:9] == b"{":
        return "safetensors"
    if first.startswith(b"PK"):
        return "zip"
    if first.startswith(b"GGUF"):
        return "gguf"
    if first.startswith(b"\x89HDF\r\n\x1a\n"):
        return "hdf5"
    return "legacy" if first[:1] == b"\x80" and first[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") else None
