"""Reads GGUF files: plain tensors as they are, quantised ones as float32. Every size is checked before memory is taken.

The layout is that of the format's specification (ggml, docs/gguf.md), version 2 and 3, little-endian.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy

import weft
from weft.serialization import gguf_blocks
from weft.serialization.mapping import Mapped
from weft.serialization.safetensors_file import fill

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft.serialization.source import Source


MAGIC = b"GGUF"
_PLAIN = {0: weft.float32, 1: weft.float16, 24: weft.int8, 25: weft.int16, 26: weft.int32, 27: weft.int64}
_PLAIN |= {28: weft.float64, 30: weft.bfloat16}
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # of the types of metadata
_STRING, _ARRAY = 8, 9
_MOST_DIMS = 4
_MOST_LEVELS = 4
_LONGEST_NAME = 1 << 16


class _Info(NamedTuple):
    shape: list[int]
    kind: int
    offset: int
    size: int


def read(source: Source, place: Callable[..., Any], mmap: bool) -> dict[str, Any]:
    """name -> tensor. ValueError says what is wrong."""
    header = _Header(source)
    mapped = Mapped(source) if mmap else None
    result: dict[str, Any] = {}
    for name, info in header.tensors.items():
        offset = header.begin + info.offset
        if info.kind not in _PLAIN:
            blocks = numpy.empty(info.size, numpy.uint8)
            if info.size:
                source.fill(offset, memoryview(blocks))
            tensor = weft.from_numpy(gguf_blocks.values(info.kind, blocks)).reshape(info.shape)
        elif mapped:
            tensor = mapped.tensor(offset, info.shape, _PLAIN[info.kind])
        else:
            tensor = weft.empty(info.shape, dtype=_PLAIN[info.kind], device="cpu")
            fill(tensor, lambda target, offset=offset: source.fill(offset, target))
        result[name] = place(tensor, "cpu")
    source.file.seek(source.begin + source.size)
    return result


class _Header:
    """What stands before the data: the metadata, of which only the alignment matters here, and the tensors."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._at = 4
        self.tensors: dict[str, _Info] = {}
        try:
            self._read()
        except (ValueError, struct.error, UnicodeDecodeError, OverflowError) as error:
            raise ValueError(f"load: {source.name} is no whole GGUF file that can be read: {error}") from None

    def _read(self):
        source = self._source
        source.read(4, 20)
        source.file.seek(source.begin + 4)
        (version,) = self._take("<I")
        if version not in (2, 3):
            raise ValueError(f"its version is {version}; 2 and 3 are read, in little-endian order")
        count, pairs = self._take("<QQ")
        self._check_count(count, 24)
        self._check_count(pairs, 13)
        alignment = 32
        for _ in range(pairs):
            key = self._text()
            (kind,) = self._take("<I")
            value = self._value(kind)
            if key == "general.alignment":
                alignment = value
        if type(alignment) is not int or alignment < 1 or alignment % 8 or alignment > 1 << 20:
            raise ValueError(f"its alignment is {alignment!r}")
        for _ in range(count):
            self._read_tensor(alignment)
        self.begin = -(-self._at // alignment) * alignment
        self._check_places()

    def _read_tensor(self, alignment):
        name = self._text(_LONGEST_NAME)
        (ndim,) = self._take("<I")
        if ndim > _MOST_DIMS:
            raise ValueError(f"{name[:100]!r} has {ndim} dimensions")
        shape = list(reversed(self._take(f"<{ndim}Q")))  # the file has the innermost dimension first
        kind, offset = self._take("<IQ")
        if name in self.tensors:
            raise ValueError(f"{name[:100]!r} is there twice")
        if math.prod(max(n, 1) for n in shape) >= 2**60 or offset % alignment or offset >= 2**62:
            raise ValueError(f"{name[:100]!r} has a shape or an offset that cannot be")
        if kind in _PLAIN:
            size = math.prod(shape) * weft.empty(0, dtype=_PLAIN[kind]).element_size()
        else:
            size = gguf_blocks.size(name, kind, shape)
        self.tensors[name] = _Info(shape, kind, offset, size)

    def _check_places(self):
        end = 0
        for name, info in sorted(self.tensors.items(), key=lambda item: item[1].offset):
            if info.offset < end:
                raise ValueError(f"{name[:100]!r} overlaps another tensor")
            end = info.offset + info.size
            if self.begin + end > self._source.size:
                raise ValueError(f"it is cut off: {name[:100]!r} ends behind its end")

    def _check_count(self, count, least):
        """So many things of at least so many bytes must be there still."""
        if count * least > self._source.size - self._at:
            raise ValueError("it is cut off, or a length in it is damaged")

    def _take(self, form):
        size = struct.calcsize(form)
        return struct.unpack(form, self._bytes(size))

    def _bytes(self, size):
        self._check_count(size, 1)
        data = self._source.file.read(size)
        if len(data) != size:
            raise ValueError("it is cut off")
        self._at += size
        return data

    def _text(self, longest=1 << 40):
        (length,) = self._take("<Q")
        if length > longest:
            raise ValueError("it is cut off, or a length in it is damaged")
        return self._bytes(length).decode()

    def _value(self, kind, level=0):
        """A number of the metadata; of anything else, which is passed over, None."""
        if kind == _STRING:
            self._bytes(self._take("<Q")[0])
        elif kind == _ARRAY and level < _MOST_LEVELS:
            of, count = self._take("<IQ")
            self._check_count(count, _SIZES.get(of, 8))
            if of in _SIZES:
                self._bytes(count * _SIZES[of])
            else:
                for _ in range(count):
                    self._value(of, level + 1)
        elif kind in _SIZES:
            data = self._bytes(_SIZES[kind])
            return int.from_bytes(data, "little") if kind in (0, 2, 4, 10) else None
        else:
            raise ValueError(f"its metadata has the unknown type {kind}")
        return None
