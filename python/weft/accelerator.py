"""The device that computes beside the CPU, whatever its kind: today NVIDIA GPUs, through :mod:`weft.cuda`.

>>> import weft
>>> device = weft.accelerator.current_accelerator() if weft.accelerator.is_available() else "cpu"
"""

from weft import _C, cuda
from weft._missing import missing_names
from weft.cuda import (
    current_stream,
    empty_cache,
    max_memory_allocated,
    max_memory_reserved,
    memory_allocated,
    memory_reserved,
    memory_stats,
    set_stream,
    synchronize,
)

__getattr__ = missing_names(__name__)

__all__ = [
    "current_accelerator",
    "current_device_idx",
    "current_device_index",
    "current_stream",
    "device_count",
    "device_index",
    "empty_cache",
    "is_available",
    "max_memory_allocated",
    "max_memory_reserved",
    "memory_allocated",
    "memory_reserved",
    "memory_stats",
    "set_device_idx",
    "set_device_index",
    "set_stream",
    "synchronize",
]


def is_available():
    """Is there an accelerator that tensors can live on?

    >>> import weft
    >>> weft.accelerator.is_available() == (weft.accelerator.device_count() > 0)
    True
    """
    return cuda.is_available()


def device_count():
    """The number of accelerators that tensors can live on."""
    return cuda.device_count()


def current_accelerator(check_available=False):
    """The kind of accelerator as a device without an index of one's own choice, or None where there is none.

    Weft has an accelerator only where it can be used, so ``check_available`` makes no difference.
    """
    return _C.device("cuda", cuda.current_device()) if is_available() else None


def current_device_index():
    """The index of the accelerator that this thread uses. RuntimeError where there is none."""
    _require()
    return cuda.current_device()


def set_device_index(device):
    """Sets the accelerator that this thread uses. RuntimeError when it does not exist."""
    _require()
    cuda.set_device(device)


class device_index:
    """A scope in which another accelerator is the current one: ``with weft.accelerator.device_index(1): ...``. With
    None nothing changes."""

    def __init__(self, device):
        self._scope = None if device is None else cuda.device(device)

    def __enter__(self):
        if self._scope is not None:
            _require()
            self._scope.__enter__()

    def __exit__(self, *exception):
        if self._scope is not None:
            self._scope.__exit__(*exception)


def _require():
    if not is_available():
        raise RuntimeError(f"weft.accelerator: there is no accelerator: {cuda.unavailable_reason()}")


current_device_idx, set_device_idx = current_device_index, set_device_index
