"""The scope in which ops choose their dtype."""

import functools

import weft
from weft._C import _device

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

    def __init__(self, device_type, dtype=None, enabled=True, cache_enabled=True):
        self._type = weft.device(device_type).type
        self._dtype = dtype if dtype is not None else weft.float16 if self._type == "cuda" else weft.bfloat16
        self._enabled = bool(enabled)
        self._cache = bool(cache_enabled)
        if self._dtype not in (weft.float16, weft.bfloat16):
            raise ValueError(f"autocast: dtype must be float16 or bfloat16, got {self._dtype}")

    def __enter__(self):
        _device.enter_autocast(self._type, self._enabled, self._dtype, self._cache)
        return self

    def __exit__(self, *exception):
        _device.leave_autocast()

    def __call__(self, function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            with autocast(self._type, self._dtype, self._enabled, self._cache):
                return function(*args, **kwargs)

        return wrapper


def is_autocast_enabled(device_type="cuda"):
    """Is autocast on for this type of device on this thread?"""
    return _device.autocast_state(weft.device(device_type).type)[0]


def get_autocast_dtype(device_type):
    """The dtype that autocast uses on this type of device."""
    return _device.autocast_state(weft.device(device_type).type)[1]
