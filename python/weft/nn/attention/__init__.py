"""Attention: which kernels scaled_dot_product_attention may use, biases for it, and attention with changed scores."""

from __future__ import annotations

import contextlib
import enum

from weft._C import nn as _native
from weft._missing import missing_names
from weft.nn.attention import bias, flex_attention

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
else:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = ["SDPBackend", "bias", "flex_attention", "sdpa_kernel"]


class SDPBackend(enum.IntEnum):
    """The implementations of ``scaled_dot_product_attention`` that ``sdpa_kernel`` chooses among, PyTorch's names.

    Weft has two: MATH, products and a softmax that hold the weights, and one fused kernel for each device that never
    holds them, for which FLASH_ATTENTION, EFFICIENT_ATTENTION and CUDNN_ATTENTION are names. ERROR is none,
    OVERRIDEABLE is not there.

    Args:
        value: the number of one of them.

    Example:
        >>> import weft
        >>> weft.nn.attention.SDPBackend.MATH.name
        'MATH'
    """

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4

    __repr__ = enum.Enum.__repr__
    __str__ = enum.Enum.__str__


_FUSED, _COMPOSITE = 1, 2
_KERNELS = {
    SDPBackend.MATH: _COMPOSITE,
    SDPBackend.FLASH_ATTENTION: _FUSED,
    SDPBackend.EFFICIENT_ATTENTION: _FUSED,
    SDPBackend.CUDNN_ATTENTION: _FUSED,
}


@contextlib.contextmanager
def sdpa_kernel(backends: Iterable[SDPBackend] | SDPBackend, set_priority: bool = False) -> Iterator[None]:
    """In a with statement, ``scaled_dot_product_attention`` uses only these implementations, on this thread.

    Without SDPBackend.MATH it raises RuntimeError for inputs for which the device has no fused kernel: those with a
    mask or dropout, and on GPUs those that cuDNN does not support.

    Args:
        backends: an SDPBackend, or several.
        set_priority: whether their order says which one is preferred: with MATH first it is used alone. Otherwise the
            fused kernel is preferred. Default False.

    Raises:
        TypeError: backends holds anything else.
        ValueError: it is empty, or holds one that Weft does not have.

    Example:
        >>> import weft
        >>> from weft.nn.attention import SDPBackend, sdpa_kernel
        >>> x = weft.ones(1, 1, 2, 4)
        >>> with sdpa_kernel(SDPBackend.MATH):
        ...     y = weft.nn.functional.scaled_dot_product_attention(x, x, x)
        >>> y.shape == x.shape
        True
    """
    chosen = [backends] if isinstance(backends, SDPBackend) else backends
    if isinstance(chosen, (str, int)) or not hasattr(chosen, "__iter__"):
        raise TypeError(f"sdpa_kernel: expected an SDPBackend or a list of them, got {type(backends).__name__}")
    chosen = list(chosen)
    allowed = 0
    for backend in chosen:
        if not isinstance(backend, SDPBackend):
            raise TypeError(f"sdpa_kernel: expected SDPBackends, got {type(backend).__name__}")
        if backend not in _KERNELS:
            raise ValueError(
                f"sdpa_kernel: Weft has no implementation {backend}; it has {', '.join(map(str, _KERNELS))}"
            )
        allowed |= _KERNELS[backend]
    if not chosen:
        raise ValueError("sdpa_kernel: expected at least one SDPBackend")
    if set_priority and chosen[0] is SDPBackend.MATH:
        allowed = _COMPOSITE
    before = _native._attention_kernels()
    _native._set_attention_kernels(allowed)
    try:
        yield
    finally:
        _native._set_attention_kernels(before)
