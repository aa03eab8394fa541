"""Quantised tensors of GGUF files: blocks of 32 or 256 numbers of few bits, with scales, as float32.

Layouts and formulas are those of ggml's ggml-common.h and ggml-quants.c; d, m: scale and minimum of a block.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy

if TYPE_CHECKING:
    from typing import Any


_NAMES = {9: "Q8_1", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S"}
_NAMES |= {23: "IQ4_XS", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4"}


def size(name: str, kind: int, shape: list[int]) -> int:
    """The bytes of a tensor; ValueError for a kind that is not read, and for rows that are no whole blocks."""
    if kind not in _KINDS:
        known = ", ".join(label for label, *_ in _KINDS.values())
        raise ValueError(
            f"{name[:100]!r} is quantised as {_NAMES.get(kind, f'type {kind}')}, which is not read (of quantised types "
            f"these are: {known})"
        )
    label, numbers, nbytes, _ = _KINDS[kind]
    if not shape or shape[-1] % numbers:
        raise ValueError(f"{name[:100]!r} of shape {shape} has rows that are no whole blocks of {label}")
    return math.prod(shape) // numbers * nbytes


def values(kind: int, data: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    """The numbers in blocks, one after the other."""
    _, _, nbytes, decode = _KINDS[kind]
    if not len(data):
        return numpy.empty(0, numpy.float32)
    with numpy.errstate(all="ignore"):  # what is infinite or NaN in the file is so in the tensor
        return decode(data.reshape(-1, nbytes)).astype(numpy.float32, copy=False).reshape(-1)


def _half(b, at):
    """A column of float16 numbers, as float32."""
    return b[:, at : at + 2].copy().view("<f2").astype(numpy.float32)


def _signed(b):
    return b.copy().view(numpy.int8)


def _nibbles(b):
    """Low halves of the bytes, then high halves."""
    return numpy.concatenate([b & 15, b >> 4], axis=1)


def _fifth_bits(b):
    """32 bits, as what they add to numbers of five bits."""
    return numpy.unpackbits(b, axis=1, bitorder="little") << 4


def _q4_0(b):
    return _half(b, 0) * (_nibbles(b[:, 2:]).astype(numpy.int8) - 8)


def _q4_1(b):
    return _half(b, 0) * _nibbles(b[:, 4:]) + _half(b, 2)


def _q5_0(b):
    return _half(b, 0) * ((_nibbles(b[:, 6:]) | _fifth_bits(b[:, 2:6])).astype(numpy.int8) - 16)


def _q5_1(b):
    return _half(b, 0) * (_nibbles(b[:, 8:]) | _fifth_bits(b[:, 4:8])) + _half(b, 2)


def _q8_0(b):
    return _half(b, 0) * _signed(b[:, 2:])


def _q8_k(b):
    return b[:, :4].copy().view("<f4") * _signed(b[:, 4:260])


def _scaled(q, scales):
    """q: blocks x groups x numbers, each group with a scale."""
    return (q.astype(numpy.float32) * scales[:, :, None]).reshape(len(q), -1)


def _twos(b):
    """64 bytes as 256 numbers of two bits: of 32 bytes first all lowest pairs, then the next."""
    parts = b.reshape(-1, 2, 1, 32) >> numpy.array([0, 2, 4, 6], numpy.uint8).reshape(1, 1, 4, 1)
    return (parts & 3).reshape(-1, 16, 16)


def _q2_k(b):
    scales, d, least = b[:, :16], _half(b, 80), _half(b, 82)
    q = _twos(b[:, 16:80]).astype(numpy.float32)
    return (q * (d * (scales & 15))[:, :, None] - (least * (scales >> 4))[:, :, None]).reshape(len(b), -1)


def _q3_k(b):
    high = numpy.unpackbits(b[:, :32].reshape(-1, 1, 32), axis=1, bitorder="little").reshape(-1, 16, 16)
    q = _twos(b[:, 32:96]).astype(numpy.int8) - ((1 - high) << 2).astype(numpy.int8)
    packed = b[:, 96:108]
    low = _nibbles(packed[:, :8])
    upper = packed[:, None, 8:] >> numpy.array([0, 2, 4, 6], numpy.uint8).reshape(1, 4, 1)
    scales = (low | ((upper & 3) << 4).reshape(-1, 16)).astype(numpy.int8) - 32
    return _scaled(q, _half(b, 108) * scales)


def _six_bits(b):
    """Twelve bytes as eight scales and eight minima of six bits."""
    low, high, last = b[:, :4], b[:, 4:8], b[:, 8:]
    scales = numpy.concatenate([low & 63, (last & 15) | (low >> 6 << 4)], axis=1)
    return scales, numpy.concatenate([high & 63, (last >> 4) | (high >> 6 << 4)], axis=1)


def _fours(b):
    """128 bytes as eight groups of 32: of 32 bytes first all low halves, then the high ones."""
    b = b.reshape(-1, 4, 1, 32)
    return numpy.concatenate([b & 15, b >> 4], axis=2).reshape(-1, 8, 32)


def _with_minima(b, q):
    scales, minima = _six_bits(b[:, 4:16])
    d, least = _half(b, 0) * scales, _half(b, 2) * minima
    return (q.astype(numpy.float32) * d[:, :, None] - least[:, :, None]).reshape(len(b), -1)


def _q4_k(b):
    return _with_minima(b, _fours(b[:, 16:144]))


def _q5_k(b):
    fifth = numpy.unpackbits(b[:, 16:48].reshape(-1, 1, 32), axis=1, bitorder="little")
    return _with_minima(b, _fours(b[:, 48:176]) | fifth << 4)


def _q6_k(b):
    low = b[:, :128].reshape(-1, 2, 1, 64)
    low = numpy.concatenate([low & 15, low >> 4], axis=2).reshape(-1, 16, 16)
    q = (low | _twos(b[:, 128:192]) << 4).astype(numpy.int8) - 32
    return _scaled(q, _half(b, 208) * _signed(b[:, 192:208]))


# type in the file -> name, numbers and bytes of a block, decoder
_KINDS = {
    2: ("Q4_0", 32, 18, _q4_0),
    3: ("Q4_1", 32, 20, _q4_1),
    6: ("Q5_0", 32, 22, _q5_0),
    7: ("Q5_1", 32, 24, _q5_1),
    8: ("Q8_0", 32, 34, _q8_0),
    10: ("Q2_K", 256, 84, _q2_k),
    11: ("Q3_K", 256, 110, _q3_k),
    12: ("Q4_K", 256, 144, _q4_k),
    13: ("Q5_K", 256, 176, _q5_k),
    14: ("Q6_K", 256, 210, _q6_k),
    15: ("Q8_K", 256, 292, _q8_k),
}
