"""Reads .npz archives of numpy.savez: no pickles, and sizes are compared before memory is taken."""

from __future__ import annotations

import ast
import io
import math
import re
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy

import weft
from weft.serialization import dtypes
from weft.serialization.mapping import Mapped

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft.serialization.source import Source


MOST_INFLATED = 1032  # times: no stream of deflate gives more
_MOST_RECORDS = 1 << 20
_LONGEST_HEADER = 1 << 16
_MOST_DIMS = 32
_BROKEN = (
    *(zipfile.BadZipFile, NotImplementedError, EOFError, struct.error, OverflowError, LookupError, ValueError),
    *(zlib.error, TypeError, SyntaxError, RecursionError, MemoryError, UnicodeError, OSError),
)
_DTYPE = re.compile(r"[<>|=]?[a-zA-Z]\d*(\[\d*[a-zA-Z]+\])?")


def is_npz(names: list[str]) -> bool:
    """Are these the records of an archive of arrays?"""
    return any(name.endswith(".npy") for name in names) and all(name.endswith(".npy") for name in names)


def read(source: Source, place: Callable[..., Any], mmap: bool) -> dict[str, Any]:
    """name -> tensor, or NumPy array of text and dates. ValueError says what is wrong."""
    mapped = Mapped(source) if mmap else None
    result: dict[str, Any] = {}
    source.file.seek(source.begin)
    try:
        with zipfile.ZipFile(source.file) as archive:
            records = archive.infolist()
            check_records(records, source.size)
            for record in records:
                name = record.filename.removesuffix(".npy")
                array = _read_array(archive, record, source, mapped)
                result[name] = array if isinstance(array, numpy.ndarray) else place(array, "cpu")
    except weft.OutOfMemoryError:
        raise
    except _BROKEN as error:
        raise ValueError(f"load: {source.name} is no whole .npz file: {str(error)[:300]}") from None
    source.file.seek(source.begin + source.size)
    return result


def check_records(records: list[zipfile.ZipInfo], size: int) -> None:
    """ValueError for records that are there twice, encrypted, or larger than what the file can hold."""
    if len({record.filename for record in records}) != len(records) or len(records) > _MOST_RECORDS:
        raise ValueError("a name is there twice, or there are too many")
    left = size
    for record in records:
        stored = record.compress_type == zipfile.ZIP_STORED
        if record.flag_bits & 1 or (not stored and record.compress_type != zipfile.ZIP_DEFLATED):
            raise ValueError(f"{record.filename[:100]!r} is encrypted, or compressed in an unknown way")
        left -= record.compress_size
        most = record.compress_size if stored else MOST_INFLATED * record.compress_size
        if left < 0 or record.file_size > most or record.file_size < 0:
            raise ValueError(f"{record.filename[:100]!r} is larger than the file, or overlaps another record")


def _read_array(archive, record, source, mapped):
    """A tensor, or an array of what Weft has no dtype for."""
    name = record.filename
    with archive.open(record) as file:
        shape, fortran, dtype = _read_header(name, file)
        _check(name, shape, dtype, record.file_size - file.tell())
        begin = file.tell()
        plain = dtype.newbyteorder("<").str in dtypes.NUMPY_NAMES or dtype.kind == "c"
        if mapped and plain and dtype.str[0] != ">" and record.compress_type == zipfile.ZIP_STORED and math.prod(shape):
            offset = data_offset(source, record) + begin
            tensor = mapped.tensor(offset, shape[::-1] if fortran else shape, _dtype_of(dtype))
            return tensor.permute(*reversed(range(len(shape)))) if fortran else tensor
        array = numpy.empty(math.prod(shape), dtype)
        _fill(file, memoryview(array.view("u1") if array.nbytes else b""))
    array = array.reshape(shape[::-1]).T if fortran else array.reshape(shape)
    if not plain:
        return dtypes.checked(array)
    return weft.from_numpy(numpy.asarray(dtypes.checked(array), dtype.newbyteorder("=")))


def _read_header(name, file):
    """Shape, order and dtype, as the header of a .npy file says."""
    first = file.read(8)
    if first[:6] != b"\x93NUMPY" or first[6:] not in (b"\1\0", b"\2\0", b"\3\0"):
        raise ValueError(f"{name[:100]!r} is no array, or one of an unknown version")
    length = int.from_bytes(file.read(2 if first[6] == 1 else 4), "little")
    if length > _LONGEST_HEADER:
        raise ValueError(f"{name[:100]!r} has a header of {length} bytes")
    header = ast.literal_eval(file.read(length).decode("latin1" if first[6] < 3 else "utf8").strip())
    if type(header) is not dict or header.keys() != {"descr", "fortran_order", "shape"}:
        raise ValueError(f"{name[:100]!r} has a header that is damaged")
    shape, descr = header["shape"], header["descr"]
    if type(shape) is not tuple or any(type(n) is not int for n in shape) or type(header["fortran_order"]) is not bool:
        raise ValueError(f"{name[:100]!r} has a header that is damaged")
    if type(descr) is not str or not _DTYPE.fullmatch(descr):
        raise ValueError(f"{name[:100]!r} has dtype {str(descr)[:50]}, which is not read")
    return shape, header["fortran_order"], numpy.dtype(descr)


def _dtype_of(dtype):
    return weft.from_numpy(numpy.empty(0, dtype)).dtype


def _check(name, shape, dtype, left):
    if dtype.hasobject:
        raise ValueError(f"{name[:100]!r} holds Python objects, which could run code")
    if dtype.kind not in "biufcSUmM" or dtype.itemsize > {"f": 8, "c": 16}.get(dtype.kind, math.inf):
        raise ValueError(f"{name[:100]!r} has dtype {dtype}, which is not read")
    if len(shape) > _MOST_DIMS or any(n < 0 for n in shape) or math.prod(max(n, 1) for n in shape) >= 2**60:
        raise ValueError(f"{name[:100]!r} has a shape that is too large")
    if math.prod(shape) * dtype.itemsize != left:
        raise ValueError(f"{name[:100]!r} has {left} bytes of data, which its shape and dtype do not fit")


def _fill(file, target):
    done = 0
    while done < len(target):
        part = file.read(min(len(target) - done, 1 << 18))
        if not part:
            raise ValueError("it is cut off")
        target[done : done + len(part)] = part
        done += len(part)
    if file.read(1):  # the end is where the checksum is compared
        raise ValueError("a record is too long")


def data_offset(source: Source, record: zipfile.ZipInfo) -> int:
    """Where the contents of a stored record begin: its header has lengths of its own."""
    header = source.read(record.header_offset, 30)
    if header[:4] != b"PK\x03\x04":
        raise ValueError(f"{record.filename[:100]!r} has no header")
    begin = record.header_offset + 30 + sum(struct.unpack("<HH", header[26:30]))
    if begin + record.file_size > source.size:
        raise ValueError("it is cut off")
    return begin


def record_bytes(source: Source, name: str) -> io.BytesIO:
    """One record of an archive, in memory."""
    source.file.seek(source.begin)
    try:
        with zipfile.ZipFile(source.file) as archive:
            check_records(archive.infolist(), source.size)
            return io.BytesIO(archive.read(name))
    except _BROKEN as error:
        raise ValueError(f"load: {source.name} is damaged: {str(error)[:300]}") from None


def record_names(source: Source) -> list[str]:
    """The names of the records of an archive; none if it is damaged."""
    source.file.seek(source.begin)
    try:
        with zipfile.ZipFile(source.file) as archive:
            return [record.filename for record in archive.infolist()]
    except _BROKEN:
        return []
