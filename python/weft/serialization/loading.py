"""load: files of tensors, of Weft and of other programs, as what they hold. No file can run code."""

from __future__ import annotations

from weft.serialization import safetensors_file, source, torch_files
from weft.serialization.mapping import Mapped
from weft.serialization.placement import placer

TYPE_CHECKING = False

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from typing import IO, Any, TypeAlias

    from weft import Tensor, device

    _MapLocation: TypeAlias = str | device | dict[str, str] | Callable[[Tensor, str], Tensor | None] | None


def load(
    f: str | os.PathLike[str] | IO[bytes],
    map_location: _MapLocation = None,
    *,
    weights_only: bool | None = True,
    mmap: bool | None = None,
) -> Any:
    """Loads what ``save`` wrote, and files of tensors that other programs wrote.

    Of PyTorch's files (torch.save, zip or legacy format) tensors, parameters, containers, numbers, text and NumPy
    arrays are read; tensors that shared memory share it again. Anything else, such as a whole module, is refused by its
    name. Of safetensors files of others, .npz archives of NumPy, HDF5 files and .keras archives (with h5py) and GGUF
    files there is a dict of name -> tensor; quantised tensors of GGUF become float32. The contents say which of these a
    file is, not its name. Sizes are checked before memory is taken.

    Args:
        f: a path, a URL such as ``s3://bucket/name`` (with fsspec), or a binary file open for reading, from its
            position on. A file object that can seek is read where the tensors are; of another, such as a pipe,
            everything up to its end is taken into memory first.
        map_location: where tensors are put. None (the device they were saved on), a device or its name, a dict from
            devices they were saved on to others, or a function of a storage (a 1-D tensor on the CPU) and its device's
            name that returns the storage where it is to be, or None.
        weights_only: True, False or None as in PyTorch, and all the same: loading never runs code, and no flag lets it.
        mmap: map the file into memory: values are read when they are used, and changes of them do not reach the file.
            Tensors that are compressed, quantised or not aligned in the file are read at once. If the file is truncated
            while tensors of it live, the next op that uses one is a RuntimeError.

    Raises:
        FileNotFoundError, IsADirectoryError: there is no file.
        ValueError: a file is cut off, damaged, of another kind, or holds what would need code; also for a file object
            whose read(n) gives more than n bytes, and for mmap=True of what is no local file.
        ImportError: h5py or fsspec is needed and not installed.
        RuntimeError: a tensor's device is not available.

    >>> import weft, io
    >>> file = io.BytesIO()
    >>> weft.save([weft.zeros(2), {"lr": 0.1}], file)
    >>> weft.load(io.BytesIO(file.getvalue()))
    [tensor([0., 0.]), {'lr': 0.1}]
    """
    if weights_only is not None and not isinstance(weights_only, bool):
        raise TypeError(f"load: weights_only must be a bool or None, got {type(weights_only).__name__}")
    if mmap is not None and not isinstance(mmap, bool):
        raise TypeError(f"load: mmap must be a bool or None, got {type(mmap).__name__}")
    with source.opened(f) as opened:
        return _read(opened, placer(map_location, opened.name), bool(mmap))


def _read(opened, place, mmap):
    first = opened.read(0, min(source.KIND_BYTES, opened.size))
    kind = source.kind_of(first)
    if kind == "safetensors":
        return safetensors_file.read(opened, place, Mapped(opened) if mmap else None)
    if kind == "legacy":
        if mmap:
            raise ValueError(f"load: {opened.name} has PyTorch's legacy format, which cannot be mapped")
        return torch_files.read_legacy(opened, place)
    if kind == "zip":
        return _read_zip(opened, place, mmap)
    if kind is not None:  # what only some programs need
        from weft.serialization import gguf_files, hdf5_files

        return (gguf_files if kind == "gguf" else hdf5_files).read(opened, place, mmap)
    if first:
        _refuse_foreign(first, opened.name)
    raise ValueError(f"load: {opened.name} is not a whole safetensors file: it is empty")


def _read_zip(opened, place, mmap):
    from weft.serialization import numpy_files

    names = numpy_files.record_names(opened)
    if numpy_files.is_npz(names):
        return numpy_files.read(opened, place, mmap)
    if "model.weights.h5" in names:
        from weft.serialization import hdf5_files

        if mmap:
            raise ValueError(f"load: {opened.name} is a .keras archive, which cannot be mapped")
        weights = source.Source(numpy_files.record_bytes(opened, "model.weights.h5"), opened.name)
        result = hdf5_files.read(weights, place, False)
        opened.file.seek(opened.begin + opened.size)
        return result
    return torch_files.read_zip(opened, place, Mapped(opened) if mmap else None)


def _refuse_foreign(first, name):
    why = "it is cut off, damaged or of another kind"
    if first.startswith(b"\x93NUMPY"):
        why = "it is a NumPy file; use numpy.load and weft.from_numpy"
    elif first[4:8] == b"TFL3" or first[:2] == b"\x08\x01":
        why = "it is a model of another framework"
    raise ValueError(f"load: {name} is not a whole safetensors file, nor one that PyTorch wrote: {why}")
