"""Reads HDF5 files, those with weights of Keras among them, with h5py. Links to other files are not followed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy

import weft
from weft.serialization import dtypes
from weft.serialization.mapping import Mapped
from weft.serialization.numpy_files import MOST_INFLATED

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft.serialization.source import Source


MAGIC = b"\x89HDF\r\n\x1a\n"
_MOST_DATASETS = 1 << 20
_DAMAGED = (OSError, RuntimeError, ValueError, TypeError, KeyError, OverflowError, MemoryError, AttributeError)


def read(source: Source, place: Callable[..., Any], mmap: bool) -> dict[str, Any]:
    """Path of a dataset in the file -> tensor. ValueError says what is wrong."""
    try:
        import h5py
    except ImportError:
        raise ImportError("load: reading HDF5 files needs h5py: pip install h5py") from None
    mapped = Mapped(source) if mmap else None
    result: dict[str, Any] = {}
    source.file.seek(source.begin)
    try:
        with h5py.File(source.file, "r") as file:
            left = source.size
            for name, dataset in _datasets(h5py, file):
                left = _check(name, dataset, left, source.size)
                tensor = _read_dataset(dataset, mapped)
                result[name] = tensor if isinstance(tensor, numpy.ndarray) else place(tensor, "cpu")
    except weft.OutOfMemoryError:
        raise
    except _DAMAGED as error:
        raise ValueError(f"load: {source.name} is no HDF5 file that can be read: {str(error)[:300]}") from None
    source.file.seek(source.begin + source.size)
    return result


def _datasets(h5py, file):
    """All datasets, each once."""
    found: list[tuple[str, Any]] = []

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found.append((name, item))
        return len(found) > _MOST_DATASETS or None

    file.visititems(visit)
    if len(found) > _MOST_DATASETS:
        raise ValueError("it has too many datasets")
    return found


def _check(name, dataset, left, size):
    """What is left of the file's bytes after this dataset; ValueError for one that is not to be read."""
    if dataset.external or dataset.is_virtual:
        raise ValueError(f"{name[:100]!r} lies in other files, which are not opened")
    if dataset.shape is None:
        raise ValueError(f"{name[:100]!r} is empty: it has no shape")
    dtype = dataset.dtype
    if dtype.kind not in "biufcSO" or dtype.itemsize > {"f": 8, "c": 16}.get(dtype.kind, math.inf):
        raise ValueError(f"{name[:100]!r} has dtype {dtype}, which is not read")
    stored = dataset.id.get_storage_size()
    most = stored if dataset.chunks is None else MOST_INFLATED * stored
    if stored > left or math.prod(dataset.shape) * dtype.itemsize > max(most, 0):
        raise ValueError(f"{name[:100]!r} is larger than what the file holds of it")
    return left - stored


def _read_dataset(dataset, mapped):
    dtype = dataset.dtype
    plain = dtype.newbyteorder("<").str in dtypes.NUMPY_NAMES or dtype.kind == "c"
    offset = dataset.id.get_offset()
    if mapped and plain and dtype.str[0] != ">" and offset is not None and dtype.kind != "b" and dataset.size:
        return mapped.tensor(offset, dataset.shape, weft.from_numpy(numpy.empty(0, dtype)).dtype)
    array = numpy.asarray(dataset.asstr()[()] if dtype.kind == "O" else dataset[()])
    if dtype.kind == "O":
        return array.astype(str)
    array = dtypes.checked(array) if array.flags.writeable and array.ndim else array
    return weft.from_numpy(numpy.array(array, dtype.newbyteorder("="))) if plain else array
