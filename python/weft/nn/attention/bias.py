"""Causal masks for queries and keys of different lengths."""

from __future__ import annotations

import weft
from weft._checks import check_integers
from weft._missing import missing_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor
else:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = ["causal_lower_right", "causal_upper_left"]


def causal_upper_left(*size: int) -> Tensor:
    """The mask with which query i sees keys 0 to i: a bool tensor for ``attn_mask`` of scaled_dot_product_attention.

    ``is_causal=True`` says the same, and takes the fused kernel.

    Args:
        *size: number of queries and of keys.

    Raises:
        RuntimeError: there are not two sizes, or one is negative.

    Example:
        >>> import weft
        >>> weft.nn.attention.bias.causal_upper_left(2, 3)
        tensor([[ True, False, False],
                [ True,  True, False]])
    """
    return _triangle("causal_upper_left", size, 0)


def causal_lower_right(*size: int) -> Tensor:
    """The mask with which the last query sees all keys, and each one before it one key less: a bool tensor.

    It is for queries that continue a sequence whose earlier keys are kept.

    Args:
        *size: number of queries and of keys.

    Raises:
        RuntimeError: there are not two sizes, or one is negative.

    Example:
        >>> import weft
        >>> weft.nn.attention.bias.causal_lower_right(2, 3)
        tensor([[ True,  True, False],
                [ True,  True,  True]])
    """
    return _triangle("causal_lower_right", size, 1)


def _triangle(name: str, size: tuple[int, ...], corner: int) -> Tensor:
    for length in size:
        check_integers(name, size=length)
    if len(size) != 2 or min(size) < 0:
        raise RuntimeError(f"{name}: expected two sizes, of queries and keys, got {size}")
    queries, keys = size
    return weft.ones(queries, keys, dtype=weft.bool).tril((keys - queries) * corner)
