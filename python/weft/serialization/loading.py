"""load: safetensors files, and PyTorch's own, as what they hold. No file can run code."""

from __future__ import annotations

from weft.serialization import safetensors_file, source, torch_files
from weft.serialization.placement import placer

TYPE_CHECKING = False

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from typing import IO, Any, TypeAlias

    from weft import Tensor, device

    _MapLocation: TypeAlias = str | device | dict[str, str] | Callable[[Tensor, str], Tensor | None] | None


def load(
    f: str | os.PathLike[str] | IO[bytes], map_location: _MapLocation = None, *, weights_only: bool | None = True
) -> Any:
    """Loads what ``save`` wrote, any safetensors file as a dict of name -> tensor, and files that PyTorch wrote.

    Of PyTorch's files (torch.save, zip or legacy format) tensors, parameters, containers, numbers, text and NumPy
    arrays are read; tensors that shared memory share it again. Anything else, such as a whole module, is refused by its
    name. Sizes are checked before memory is taken.

    Args:
        f: a path, or a binary file open for reading, from its position on. A file object that can seek is read where
            the tensors are; of another, such as a pipe, everything up to its end is taken into memory first.
        map_location: where tensors are put. None (the device they were saved on), a device or its name, a dict from
            devices they were saved on to others, or a function of a storage (a 1-D tensor on the CPU) and its device's
            name that returns the storage where it is to be, or None.
        weights_only: True, False or None as in PyTorch, and all the same: loading never runs code, and no flag lets it.

    Raises:
        FileNotFoundError, IsADirectoryError: there is no file.
        ValueError: a file is cut off, damaged, of another kind, or holds what would need code; also for a file object
            whose read(n) gives more than n bytes.
        RuntimeError: a tensor's device is not available.

    >>> import weft, io
    >>> file = io.BytesIO()
    >>> weft.save([weft.zeros(2), {"lr": 0.1}], file)
    >>> weft.load(io.BytesIO(file.getvalue()))
    [tensor([0., 0.]), {'lr': 0.1}]
    """
    if weights_only is not None and not isinstance(weights_only, bool):
        raise TypeError(f"load: weights_only must be a bool or None, got {type(weights_only).__name__}")
    with source.opened(f) as opened:
        return _read(opened, placer(map_location, opened.name))


_READERS = {"safetensors": safetensors_file.read, "zip": torch_files.read_zip, "legacy": torch_files.read_legacy}


def _read(opened, place):
    first = opened.read(0, min(source.KIND_BYTES, opened.size))
    kind = source.kind_of(first)
    if kind is not None:
        return _READERS[kind](opened, place)
    if first:
        _refuse_foreign(first, opened.name)
    raise ValueError(f"load: {opened.name} is not a whole safetensors file: it is empty")


def _refuse_foreign(first, name):
    why = "it is cut off, damaged or of another kind"
    if first.startswith(b"\x93NUMPY"):
        why = "it is a NumPy file; use numpy.load and weft.from_numpy"
    elif first.startswith(b"\x89HDF"):
        why = "it is an HDF5 file"
    elif first[4:8] == b"TFL3" or first[:2] == b"\x08\x01":
        why = "it is a model of another framework"
    raise ValueError(f"load: {name} is not a whole safetensors file, nor one that PyTorch wrote: {why}")
