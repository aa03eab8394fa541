"""Where load reads from: a path or a file object, as something seekable of known size."""

import contextlib
import errno
import io
import os
import stat


class Source:
    """A seekable binary file. Nothing is read, and no memory taken for it, beyond its size."""

    def __init__(self, file, name):
        self.file = file
        self.name = name
        self.begin = file.tell()
        self.size = file.seek(0, os.SEEK_END) - self.begin

    def read(self, offset, length):
        """The bytes from offset on; ValueError where the file ends before."""
        self._seek(offset, length)
        data = self.file.read(length)
        if len(data) != length:
            raise self.cut_off()
        return data

    def fill(self, offset, target):
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

    def cut_off(self):
        return ValueError(f"load: {self.name} is cut off")


@contextlib.contextmanager
def opened(f):
    """A Source for a path or a binary file open for reading, whose position is moved behind what was read."""
    if hasattr(f, "read"):
        yield Source(_seekable(f), "the file")
        return
    try:
        path = os.fsdecode(f)
    except TypeError:
        raise TypeError(f"load: f must be a path or a binary file open for reading, got {type(f).__name__}") from None
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


def _seekable(file):
    if isinstance(file, io.TextIOBase):
        raise TypeError("load: the file is open for text; open it with mode 'rb'")
    if isinstance(file, (io.BufferedReader, io.BufferedRandom, io.BytesIO)) and file.seekable():
        return file
    parts = []
    while part := file.read():
        if not isinstance(part, (bytes, bytearray)):
            raise TypeError(f"load: read() of the file returned {type(part).__name__}, not bytes")
        parts.append(part)
    return io.BytesIO(b"".join(parts))
