"""How exact float32 products on a GPU have to be."""

from weft._C import _device


def set_float32_matmul_precision(precision):
    """ "highest": exact float32 products. "high" or "medium": their operands may be rounded to TF32's ten bits.

    Raises ValueError for another word.

    >>> import weft
    >>> weft.set_float32_matmul_precision("highest")
    """
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f"set_float32_matmul_precision: expected 'highest', 'high' or 'medium', got {precision!r}")
    _device.set_allow_tf32(precision != "highest")


def get_float32_matmul_precision():
    """ "highest", or "high" where TF32 is allowed.

    >>> import weft
    >>> weft.get_float32_matmul_precision()
    'highest'
    """
    return "high" if _device.allow_tf32() else "highest"
