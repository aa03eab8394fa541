"""save: tensors and nested containers of them, as safetensors."""

from __future__ import annotations

import io
import json
import os

from weft import _C
from weft.serialization import atomic_file, remote, safetensors_file
from weft.serialization.safetensors_file import KEY, VERSION
from weft.serialization.tree import Packer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import IO, Any


def save(obj: Any, f: str | os.PathLike[str] | IO[bytes]) -> None:
    """Saves a tensor, or nested containers of tensors, as a safetensors file, which can run no code.

    A tensor that occurs several times is stored once, and is one tensor again when loaded; whether it requires grad is
    not kept. Classes of your own are not kept either: a named tuple comes back as a tuple, another subclass as its base
    (OrderedDict excepted), a NumPy number as Python's. A module is refused: save its ``state_dict()``.

    Args:
        obj: tensors, NumPy arrays, numbers, strings, bools, None, devices, dtypes, and dicts (whose keys are strings or
            ints), lists, tuples and sets of these.
        f: a path, a URL such as ``s3://bucket/name`` (with fsspec), or a binary file open for writing. A path is
            written to a temporary file in the same folder first, synced and renamed: whatever happens, the name stands
            for the old contents or the new. A symbolic link stays one, and what it points to is replaced; permissions
            are kept. Temporary files of saves to this path that were killed are deleted. At a URL the file takes its
            name once it is written.

    Raises:
        TypeError: something cannot be saved; its place is named, and no file is touched.
        OSError: the file cannot be written: the disk is full, or the path is a pipe or a device (open that and give the
            file object).

    >>> import weft, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> weft.save({"weight": weft.ones(2), "epoch": 3}, path)
    >>> weft.load(path)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    _C._refuse_while_tracing("save")
    write = getattr(f, "write", None)
    if write is None:
        path = _path(f)
    elif isinstance(f, io.TextIOBase):
        raise TypeError("save: the file is open for text; open it with mode 'wb'")
    packer = Packer()
    try:
        described = {"version": 1, "tree": packer.pack(obj)}
        if packer.devices:
            described["devices"] = packer.devices
        if packer.complex:  # which earlier versions would take for real ones
            described |= {"version": VERSION, "complex": packer.complex}
        metadata = {KEY: json.dumps(described, separators=(",", ":"))}
    except RecursionError:
        raise ValueError("save: the object is nested too deeply") from None
    parts = safetensors_file.parts(packer.tensors, packer.arrays, metadata)
    if write is not None:
        _write_all(f, parts)
        return
    with remote.replacing(path) if remote.is_url(path) else atomic_file.replacing(path) as file:
        _write_all(file, parts)


def _path(f):
    try:
        return os.fsdecode(f)
    except TypeError:
        raise TypeError(f"save: f must be a path or a binary file open for writing, got {type(f).__name__}") from None


def _write_all(file, parts):
    """Writes the parts to a file that may take less at a time."""
    for part in parts:
        while len(part):
            written = file.write(part)
            if written is None:
                if isinstance(file, io.RawIOBase):
                    raise BlockingIOError("save: the file is in non-blocking mode and takes no more at the moment")
                break  # a file-like object that does not count: it has taken everything
            if not isinstance(written, int) or not 0 < written <= len(part):
                raise OSError(f"save: write() of the file returned {written!r} when it was given {len(part)} bytes")
            part = memoryview(part)[written:]
