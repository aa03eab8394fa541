"""Reads and writes safetensors files. Every size is checked before memory is taken for anything."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, NamedTuple

import numpy

import weft
from weft.serialization import dtypes, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft.serialization.mapping import Mapped
    from weft.serialization.source import Source


KEY = "weft"  # where in the metadata the structure stands
VERSION = 2  # 1: without complex tensors
_LONGEST_HEADER = 100_000_000  # as in the format's own library
_MOST_DIMS = 64


class Entry(NamedTuple):
    """What the header says of a tensor."""

    dtype: str
    shape: list[int]
    begin: int
    end: int


_DAMAGED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RuntimeError)


def read(source: Source, place: Callable[..., Any], mapped: Mapped | None = None) -> Any:
    """The object in the file, or a dict of its tensors if another program wrote it. ValueError says what is wrong."""
    entries, metadata, begin = read_header(source)
    described = _read_structure(metadata.get(KEY), entries, source.name)
    if described is None:
        for key, entry in entries.items():
            if entry.dtype not in dtypes.SAFETENSORS:
                raise ValueError(f"load: {key!r} in {source.name} has dtype {entry.dtype}, which Weft does not have")
        reader = _Reader(source, begin, entries, {}, place, mapped)
        result = {key: reader.tensor(key) for key in entries}
    else:
        reader = _Reader(source, begin, entries, described, place, mapped)
        result = tree.unpack(described["tree"], reader)
    source.file.seek(source.begin + source.size)
    return result


class _Reader:
    """Reads entries as tensors or arrays, each once."""

    def __init__(self, source, begin, entries, described, place, mapped):
        self._mapped = mapped
        self._source, self._begin, self._entries = source, begin, entries
        self._devices, self._place = described.get("devices", {}), place
        self._complex = set(described.get("complex", ()))
        self._tensors, self._arrays = {}, {}

    def tensor(self, name):
        if name not in self._tensors:
            entry = self._entries[name]
            if self._mapped:
                tensor = self._mapped.tensor(self._begin + entry.begin, entry.shape, dtype_of(entry))
            else:
                tensor = empty_for(entry)
                fill(tensor, lambda target: self._source.fill(self._begin + entry.begin, target))
            if name in self._complex:
                tensor = weft.view_as_complex(tensor)
            self._tensors[name] = self._place(tensor, self._devices.get(name, "cpu"))
        return self._tensors[name]

    def array(self, node):
        name = node["name"]
        if name not in self._arrays:
            entry = self._entries[name]
            array = empty_array_for(entry, node)
            if array.nbytes:
                flat = array.reshape(-1).view(numpy.uint8)
                self._source.fill(self._begin + entry.begin, memoryview(flat))
            try:
                self._arrays[name] = dtypes.checked(array)
            except ValueError as error:
                raise ValueError(f"load: {name!r} in {self._source.name} is damaged: {error}") from None
        return self._arrays[name]


def dtype_of(entry: Entry) -> weft.dtype:
    return dtypes.SAFETENSORS[entry.dtype]


def empty_for(entry: Entry) -> weft.Tensor:
    """A tensor on the CPU for an entry whose dtype is known."""
    return weft.empty(entry.shape, dtype=dtype_of(entry), device="cpu")


def empty_array_for(entry: Entry, node: dict[str, Any]) -> numpy.ndarray[Any, Any]:
    """An array for an entry that a checked tree says to be one."""
    return numpy.empty(node.get("shape", entry.shape), node.get("dtype") or dtypes.NUMPY[entry.dtype])


def bytes_of(tensor: weft.Tensor) -> memoryview:
    """The memory of a contiguous tensor on the CPU."""
    return memoryview(_elements(tensor)).cast("B") if tensor.numel() else memoryview(b"")


def parts(tensors: dict[str, Any], arrays: dict[str, Any], metadata: dict[str, str]) -> Any:
    """The bytes of a file with these contiguous tensors on the CPU and arrays, one after the other.

    Large elements come first, so that everything is aligned. ValueError for names that UTF-8 cannot express.
    """
    of_tensors = {dtype: name for name, dtype in dtypes.SAFETENSORS.items()}
    found = {name: (of_tensors[tensor.dtype], _elements(tensor), tensor.shape) for name, tensor in tensors.items()}
    found |= {name: (dtypes.NUMPY_NAMES[x.dtype.str], x.reshape(-1), x.shape) for name, x in arrays.items()}
    header, contents, position = {"__metadata__": metadata}, [], 0
    for name, (dtype, elements, shape) in sorted(found.items(), key=lambda item: (-item[1][1].itemsize, item[0])):
        header[name] = {
            "dtype": dtype,
            "shape": list(shape),
            "data_offsets": [position, position + elements.nbytes],
        }
        position += elements.nbytes
        little = elements if sys.byteorder == "little" else elements.byteswap()
        contents.append(memoryview(little.view(numpy.uint8)))
    try:
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"save: a name holds {error.object[error.start]!r}, which UTF-8 cannot express") from None
    text += b" " * (-len(text) % 8)
    if len(text) > _LONGEST_HEADER:
        raise ValueError(f"save: the structure takes {len(text)} bytes, safetensors files allow {_LONGEST_HEADER}")
    return [len(text).to_bytes(8, "little") + text, *contents]


def _elements(tensor):
    """The elements of a contiguous tensor on the CPU, as a flat array of ints that shares its memory."""
    if tensor.is_complex():
        tensor = weft.view_as_real(tensor)
    same_size = {1: weft.uint8, 2: weft.int16, 4: weft.int32, 8: weft.int64}[tensor.element_size()]
    return tensor.view(same_size).numpy().reshape(-1)


def fill(tensor: weft.Tensor, read_into: Callable[[memoryview], Any], byteorder: str = "little") -> None:
    """Has read_into(memoryview of bytes) fill a contiguous tensor on the CPU with elements in this byte order."""
    if tensor.numel() == 0:
        return
    array = _elements(tensor)
    read_into(memoryview(array).cast("B"))
    if byteorder != sys.byteorder:
        array.byteswap(inplace=True)
    if tensor.dtype is weft.bool:
        numpy.not_equal(array, 0, out=array.view(bool))  # a bool whose byte is neither 0 nor 1 is no bool


def read_header(source: Source) -> tuple[dict[str, Entry], dict[str, str], int]:
    """The entries by name, the metadata, and where the data begins."""
    try:
        length = int.from_bytes(source.read(0, 8), "little")
        if length > min(source.size - 8, _LONGEST_HEADER):
            raise ValueError(f"its header has {length} bytes, the file {source.size}")
        header = json.loads(
            source.read(8, length).decode(), object_pairs_hook=_without_duplicates, parse_constant=_no_constant
        )
        metadata = header.pop("__metadata__", None) or {}
        if any(type(text) is not str for text in metadata.values()):
            raise ValueError("its metadata is not text")
        entries = {name: _entry(name, described) for name, described in header.items()}
        _check_offsets(entries, source.size - 8 - length)
    except _DAMAGED as error:
        raise ValueError(
            f"load: {source.name} is not a whole safetensors file: it is cut off, damaged or of another kind "
            f"({_reason(error)})"
        ) from None
    return entries, metadata, 8 + length


def _reason(error):
    if isinstance(error, RecursionError):
        return "its header is nested too deeply"
    return str(error)[:200] if isinstance(error, ValueError) else "its header is not one of tensors"


def _without_duplicates(pairs):
    items = dict(pairs)
    if len(items) != len(pairs):
        raise ValueError("its header gives a name twice")
    return items


def _no_constant(text):
    raise ValueError(f"its header holds {text}")


def _entry(name, described):
    if described.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"the entry {name!r} is not that of a tensor")
    dtype, shape = described["dtype"], described["shape"]
    begin, end = described["data_offsets"]
    if dtype not in dtypes.BITS:
        raise ValueError(f"{name!r} has the unknown dtype {dtype!r}")
    if type(shape) is not list or any(type(n) is not int or n < 0 for n in (*shape, begin, end)):
        raise ValueError(f"{name!r} has a shape or offsets that are not sizes")
    if len(shape) > _MOST_DIMS:
        raise ValueError(f"{name!r} has {len(shape)} dimensions, the most is {_MOST_DIMS}")
    if math.prod(max(n, 1) for n in shape) * dtypes.BITS[dtype] >= 2**63:
        raise ValueError(f"{name!r} has a shape that is too large")
    if math.prod(shape) * dtypes.BITS[dtype] != 8 * (end - begin):
        raise ValueError(f"{name!r} has {end - begin} bytes of data, which its shape and dtype do not fit")
    return Entry(dtype, shape, begin, end)


def _check_offsets(entries, size):
    """The data of the tensors must follow one another and fill the file."""
    position = 0
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != position:
            raise ValueError(f"the data of {name!r} begins at {entry.begin}, the tensor before it ends at {position}")
        position = entry.end
    if position != size:
        raise ValueError(f"the tensors have {position} bytes of data, the file {size}")


def _read_structure(text, entries, name):
    """What ``save`` wrote about the structure, checked; None in files of other programs."""
    if text is None:
        return None
    try:
        described = json.loads(text)
        version = described["version"]
        known = type(version) is int and 1 <= version <= VERSION
        if known:
            tree.check(described["tree"], entries)
            devices = described.get("devices", {})
            if any(type(device) is not str for device in devices.values()):
                raise TypeError("devices")
            for name in described.get("complex", ()):
                if entries[name].dtype not in ("F32", "F64") or entries[name].shape[-1:] != [2]:
                    raise ValueError("complex")
    except _DAMAGED as error:
        reason = f" ({error})" if "which Weft does not have" in str(error) else ""
        raise ValueError(f"load: the structure in the metadata of {name} is damaged{reason}") from None
    if not known:
        raise ValueError(f"load: {name} was written by a newer Weft (format {str(version)[:20]})")
    return described
