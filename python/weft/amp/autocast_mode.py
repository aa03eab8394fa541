"""The scope in which ops choose their dtype."""

from __future__ import annotations

import functools

import weft
from weft._C import _device

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    _F = TypeVar("_F", bound=Callable[..., Any])
    _Self = TypeVar("_Self", bound="autocast")


__all__ = ["autocast", "get_autocast_dtype", "is_autocast_enabled"]


class autocast:
    """A scope, or a decorator, in which each op computes in the dtype that suits it.

    Matrix products, convolutions and attention run in ``dtype``; exp, log, pow, softmax, norms of layers and vectors,
    sums and losses in float32; ops that join tensors in the widest dtype of these; all others in the dtype they are
    given. Nothing happens to float64. Casts of parameters are kept until the scope ends. Wrap the forward pass and the
    loss, not backward(), which follows the dtypes of the forward pass by itself.

    Args:
        device_type: "cpu" or "cuda".
        dtype: float16 or bfloat16; by default float16 on "cuda", bfloat16 on "cpu".
        enabled: False switches autocast off inside an outer scope.
        cache_enabled: False casts parameters anew for each use.

    Raises ValueError for another dtype, RuntimeError for an unknown type of device.

    >>> import weft
    >>> a = weft.ones(2, 2)
    >>> with weft.autocast("cpu"):
    ...     print((a @ a).dtype, (a @ a).exp().dtype)
    weft.bfloat16 weft.float32
    """

    def __init__(
        self, device_type: str, dtype: weft.dtype | None = None, enabled: bool = True, cache_enabled: bool = True
    ) -> None:
        self._type = weft.device(device_type).type
        self._dtype = dtype if dtype is not None else weft.float16 if self._type == "cuda" else weft.bfloat16
        self._enabled = bool(enabled)
        self._cache = bool(cache_enabled)
        if self._dtype not in (weft.float16, weft.bfloat16):
            raise ValueError(f"autocast: dtype must be float16 or bfloat16, got {self._dtype}")

    def __enter__(self: _Self) -> _Self:
        _device.enter_autocast(self._type, self._enabled, self._dtype, self._cache)
        return self

    def __exit__(self, *exception: object) -> None:
        _device.leave_autocast()

    def __call__(self, function: _F) -> _F:
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            with autocast(self._type, self._dtype, self._enabled, self._cache):
                return function(*args, **kwargs)

        return wrapper


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Is autocast on for this type of device on this thread?

    Args:
        device_type: "cuda" (the default) or "cpu".

    >>> import weft
    >>> with weft.autocast("cpu"):
    ...     weft.is_autocast_enabled("cpu"), weft.is_autocast_enabled("cuda")
    (True, False)
    """
    return _device.autocast_state(weft.device(device_type).type)[0]


def get_autocast_dtype(device_type: str) -> weft.dtype:
    """The dtype that autocast uses on this type of device: that of the innermost scope, else the default one.

    Args:
        device_type: "cuda" or "cpu".

    >>> import weft
    >>> weft.get_autocast_dtype("cpu")
    weft.bfloat16
    """
    return _device.autocast_state(weft.device(device_type).type)[1]
