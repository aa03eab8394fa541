"""How exact float32 products on a GPU have to be."""

from __future__ import annotations

from weft._C import _device

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Literal


def set_float32_matmul_precision(precision: Literal["highest", "high", "medium"]) -> None:
    """How exact float32 products on a GPU are.

    Args:
        precision: "highest" rounds nothing; "high" and "medium" allow operands to be rounded to TF32's ten bits.
            ValueError for another word.

    >>> import weft
    >>> weft.set_float32_matmul_precision("highest")
    """
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f"set_float32_matmul_precision: expected 'highest', 'high' or 'medium', got {precision!r}")
    _device.set_allow_tf32(precision != "highest")


def get_float32_matmul_precision() -> str:
    """What :func:`set_float32_matmul_precision` was last called with: "highest", or "high" where TF32 is allowed.

    >>> import weft
    >>> weft.get_float32_matmul_precision()
    'highest'
    """
    return "high" if _device.allow_tf32() else "highest"
