"""The device that computes beside the CPU, whatever its kind: today NVIDIA GPUs, through :mod:`weft.cuda`.

>>> import weft
>>> device = weft.accelerator.current_accelerator() if weft.accelerator.is_available() else "cpu"
"""

from __future__ import annotations

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

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable

    from weft.cuda import _DeviceLike


if not TYPE_CHECKING:
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


def is_available() -> bool:
    """Is there an accelerator that tensors can live on?

    >>> import weft
    >>> weft.accelerator.is_available() == (weft.accelerator.device_count() > 0)
    True
    """
    return cuda.is_available()


def device_count() -> int:
    """The number of accelerators that tensors can live on.

    >>> import weft
    >>> weft.accelerator.device_count() == weft.cuda.device_count()
    True
    """
    return cuda.device_count()


def current_accelerator(check_available: bool = False) -> _C.device | None:
    """The current accelerator as a device, or None where there is none.

    Args:
        check_available: makes no difference: Weft has an accelerator only where it can be used.

    >>> import weft
    >>> (weft.accelerator.current_accelerator() is not None) == weft.accelerator.is_available()
    True
    """
    return _C.device("cuda", cuda.current_device()) if is_available() else None


def current_device_index() -> int:
    """The index of the accelerator that this thread uses. Raises RuntimeError where there is none.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.accelerator.is_available():
    ...     assert weft.accelerator.current_device_index() == 0
    """
    _require()
    return cuda.current_device()


def set_device_index(device: _DeviceLike) -> None:
    """Sets the accelerator that this thread uses.

    Args:
        device: an index, a name or a device; RuntimeError when it does not exist.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.accelerator.is_available():
    ...     weft.accelerator.set_device_index(0)
    """
    _require()
    cuda.set_device(device)


class device_index:
    """A scope in which another accelerator is the current one.

    Args:
        device: its index; RuntimeError on entering where it does not exist. With None nothing changes.

    >>> import weft
    >>> with weft.accelerator.device_index(None):
    ...     x = weft.ones(2)
    """

    def __init__(self, device: int | None) -> None:
        self._scope = None if device is None else cuda.device(device)

    def __enter__(self) -> None:
        if self._scope is not None:
            _require()
            self._scope.__enter__()

    def __exit__(self, *exception: object) -> None:
        if self._scope is not None:
            self._scope.__exit__(*exception)


def _require():
    if not is_available():
        raise RuntimeError(f"weft.accelerator: there is no accelerator: {cuda.unavailable_reason()}")


current_device_idx: Callable[[], int] = current_device_index
set_device_idx: Callable[[_DeviceLike], None] = set_device_index
