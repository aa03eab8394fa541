"""The ranges of the dtypes: weft.finfo and weft.iinfo."""

from __future__ import annotations

from weft import _C

TYPE_CHECKING = False

if TYPE_CHECKING:
    pass


class finfo:
    """Limits of a floating point dtype, or of the parts of a complex one.

    ``bits``, ``eps`` (the distance from 1 to the next number), ``max``, ``min``, ``tiny`` (the smallest normal number),
    ``resolution`` (of decimal digits).

    Args:
        type: the dtype, by default the default dtype. TypeError for other dtypes.

    >>> import weft
    >>> weft.finfo(weft.float32).bits
    32
    >>> weft.finfo(weft.float16).max
    65504.0
    """

    bits: int

    # dtype -> bits, bits of the fraction, largest exponent, decimal digits
    _FORMATS = {
        _C.float8_e5m2: (8, 2, 15, 0),
        _C.float16: (16, 10, 15, 3),
        _C.bfloat16: (16, 7, 127, 2),
        _C.float32: (32, 23, 127, 6),
        _C.float64: (64, 52, 1023, 15),
    }

    def __init__(self, type: _C.dtype | None = None) -> None:
        dtype = _C.get_default_dtype() if type is None else type
        if isinstance(dtype, _C.dtype) and dtype.is_complex:
            dtype = dtype.to_real()
        self.dtype: str = str(dtype).removeprefix("weft.")
        if dtype is _C.float8_e4m3fn:  # its largest exponent has numbers instead of infinities
            self.bits, self.eps, self.max, self.tiny, self.resolution = 8, 0.125, 448.0, 2.0**-6, 1.0
        elif dtype in self._FORMATS:
            self.bits, fraction, exponent, digits = self._FORMATS[dtype]
            self.eps: float = 2.0**-fraction
            self.max: float = (2.0 - self.eps) * 2.0**exponent
            self.tiny: float = 2.0 ** (1 - exponent)
            self.resolution: float = 10.0**-digits
        else:
            raise TypeError(f"finfo: expected a floating point dtype, got {dtype}; use iinfo for integers")
        self.min: float = -self.max
        self.smallest_normal: float = self.tiny

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """Limits of an integer dtype: ``bits``, ``max``, ``min``.

    Args:
        type: the dtype. TypeError for other dtypes.

    >>> import weft
    >>> weft.iinfo(weft.int8).max
    127
    """

    def __init__(self, type: _C.dtype) -> None:
        integer = isinstance(type, _C.dtype) and not (type.is_floating_point or type.is_complex or type is _C.bool)
        if not integer:
            raise TypeError(f"iinfo: expected an integer dtype, got {type}; use finfo for floating point")
        self.bits: int = 8 * type.itemsize
        self.dtype: str = str(type).removeprefix("weft.")
        signed = type.is_signed
        self.max: int = 2 ** (self.bits - signed) - 1
        self.min: int = -(2 ** (self.bits - 1)) if signed else 0

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
