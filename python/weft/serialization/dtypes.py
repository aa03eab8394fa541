"""Names of dtypes in files."""

from __future__ import annotations

import sys

import numpy

import weft

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


# What safetensors files call them. The rest of its dtypes is in SIZES.
SAFETENSORS = {
    "F64": weft.float64,
    "F32": weft.float32,
    "F16": weft.float16,
    "BF16": weft.bfloat16,
    "I64": weft.int64,
    "I32": weft.int32,
    "I16": weft.int16,
    "I8": weft.int8,
    "U64": weft.uint64,
    "U32": weft.uint32,
    "U16": weft.uint16,
    "U8": weft.uint8,
    "F8_E4M3": weft.float8_e4m3fn,
    "F8_E5M2": weft.float8_e5m2,
    "BOOL": weft.bool,
}
# Of complex tensors the file holds the parts, along one dimension more at the end.
COMPLEX = (weft.complex64, weft.complex128)
NAMES = {
    dtype: str(dtype).rpartition(".")[2] for dtype in (*SAFETENSORS.values(), *COMPLEX)
}  # weft.float32 -> "float32"
BY_NAME = {name: dtype for dtype, name in NAMES.items()}

# What safetensors calls NumPy's dtypes; all are little-endian in the file.
NUMPY = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
NUMPY_NAMES = {numpy_name: name for name, numpy_name in NUMPY.items()}

# Bits of an element of every dtype that the format knows.
BITS = {"BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64}
BITS |= {"F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8}
BITS |= {"F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4}


def checked(array: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    """An array whose bytes came from a file, made to hold values of its dtype alone; ValueError for impossible text."""
    if array.dtype == bool:
        numpy.not_equal(array.view("u1"), 0, out=array)  # a bool whose byte is neither 0 nor 1 is no bool
    elif array.dtype.kind == "U" and array.nbytes:
        codes = array.ravel().view(f"{array.dtype.str[0]}u4")
        if (codes > sys.maxunicode).any():
            raise ValueError("an array of text holds what is no character")
    return array
