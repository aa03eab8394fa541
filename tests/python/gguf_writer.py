"""Writes GGUF files for tests."""

import struct

import numpy


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def gguf(tensors, metadata=b"", pairs=0, version=3, alignment=32):
    """tensors: name -> (type, shape, bytes)."""
    header = b"GGUF" + struct.pack("<IQQ", version, len(tensors), pairs) + metadata
    data = b""
    for name, (kind, shape, content) in tensors.items():
        header += text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
        header += struct.pack("<IQ", kind, len(data))
        data += content + bytes(-len(content) % alignment)
    return header + bytes(-len(header) % alignment) + data


def float32(array):
    array = numpy.asarray(array, numpy.float32)
    return 0, array.shape, array.tobytes()
