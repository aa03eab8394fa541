"""The memory of GPUs. Freed memory is kept for the next tensor; :func:`empty_cache` returns it.

When a GPU has no memory left, all caches are emptied and the request is tried again before
:class:`weft.OutOfMemoryError` is raised, which names who holds most. Training can go on after it is caught.
"""

from __future__ import annotations

from weft._C import _device
from weft._C import memory as _memory
from weft.memory import Holder

TYPE_CHECKING = False

if TYPE_CHECKING:
    from weft.cuda import _DeviceLike


__all__ = [
    "empty_cache",
    "max_memory_allocated",
    "max_memory_reserved",
    "mem_get_info",
    "memory_allocated",
    "memory_reserved",
    "memory_snapshot",
    "memory_stats",
    "memory_summary",
    "reset_peak_memory_stats",
    "set_memory_limit",
    "set_per_process_memory_fraction",
]


def _cuda(device):
    from weft.cuda import _as_device

    return _as_device(device)


def memory_allocated(device: _DeviceLike = None) -> int:
    """Bytes that tensors hold on a GPU.

    Args:
        device: an index, a name or a device; by default the current GPU.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     before = weft.cuda.memory_allocated()
    ...     x = weft.zeros(1000, device="cuda")
    ...     assert weft.cuda.memory_allocated() - before >= 4000
    """
    return _memory.allocated(_cuda(device))


def max_memory_allocated(device: _DeviceLike = None) -> int:
    """The largest value of :func:`memory_allocated` since the start or :func:`reset_peak_memory_stats`.

    Args:
        device: an index, a name or a device; by default the current GPU.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     assert weft.cuda.max_memory_allocated() >= weft.cuda.memory_allocated()
    """
    return _memory.peak(_cuda(device))


def memory_reserved(device: _DeviceLike = None) -> int:
    """Bytes taken from a GPU: those that tensors hold and those kept for later.

    Args:
        device: an index, a name or a device; by default the current GPU.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     assert weft.cuda.memory_reserved() >= weft.cuda.memory_allocated()
    """
    return _memory.reserved(_cuda(device))


def max_memory_reserved(device: _DeviceLike = None) -> int:
    """At least the largest :func:`memory_reserved`: caches only shrink when memory runs out.

    Args:
        device: an index, a name or a device; by default the current GPU.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     assert weft.cuda.max_memory_reserved() >= weft.cuda.memory_reserved()
    """
    return max(_memory.reserved(_cuda(device)), _memory.peak(_cuda(device)))


def reset_peak_memory_stats(device: _DeviceLike = None) -> None:
    """Starts a new measurement of :func:`max_memory_allocated`.

    Args:
        device: an index, a name or a device; by default the current GPU.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     weft.cuda.reset_peak_memory_stats()
    """
    _memory.reset_peak(_cuda(device))


def empty_cache() -> None:
    """Returns memory that no tensor holds to all GPUs; does nothing without one.

    >>> import weft
    >>> weft.cuda.empty_cache()
    """
    for index in range(_device.count("cuda")):
        _memory.empty_cache(_cuda(index))


def memory_stats(device: _DeviceLike = None) -> dict[str, int]:
    """Bytes ``allocated``, ``reserved``, at ``peak`` and their ``limit``; ``allocations`` and how many of them were
    ``cache_hits``.

    Args:
        device: an index, a name or a device; by default the current GPU.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     assert weft.cuda.memory_stats()["allocated"] == weft.cuda.memory_allocated()
    """
    return _memory.stats(_cuda(device))


def memory_snapshot(device: _DeviceLike = None) -> list[Holder]:
    """Who holds memory, largest first, as :class:`weft.memory.Holder`: tensors over 64 KiB by the op that made them,
    with its layer inside ``weft.memory.label_layers(model)``; smaller ones together.

    Args:
        device: an index, a name or a device; by default the current GPU.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     x = weft.zeros(100_000, device="cuda")
    ...     assert weft.cuda.memory_snapshot()[0].bytes >= 400_000
    """
    return [Holder(*holder) for holder in _memory.holders(_cuda(device))]


def memory_summary(device: _DeviceLike = None, abbreviated: bool = False) -> str:
    """The statistics and the snapshot as text, in MiB.

    Args:
        device: an index, a name or a device; by default the current GPU.
        abbreviated: makes no difference.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     assert "allocated" in weft.cuda.memory_summary()
    """
    stats, mib = memory_stats(device), 1 / 2**20
    lines = [f"{name:10} {stats[name] * mib:12.2f} MiB" for name in ("allocated", "peak", "reserved", "limit")]
    lines += [f"{h.bytes * mib:12.2f} MiB in {h.blocks} blocks: {h.op}" for h in memory_snapshot(device)[:20]]
    return "\n".join(lines)


def mem_get_info(device: _DeviceLike = None) -> tuple[int, int]:
    """(free, total) bytes of a GPU; what tensors' cache keeps counts as free.

    Args:
        device: an index, a name or a device; by default the current GPU.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     free, total = weft.cuda.mem_get_info()
    ...     assert free <= total
    """
    stats = memory_stats(device)
    total = _device.properties(_cuda(device))["total_memory"]
    return min(stats["limit"], total) - stats["allocated"], total


def set_memory_limit(nbytes: int | None, device: _DeviceLike = None) -> None:
    """Limits the bytes that may be reserved on a GPU; beyond them :class:`weft.OutOfMemoryError` is raised.

    Args:
        nbytes: the limit, positive (else ValueError); None lifts it.
        device: an index, a name or a device; by default the current GPU.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     weft.cuda.set_memory_limit(2**34)
    ...     weft.cuda.set_memory_limit(None)
    """
    _memory.set_limit(nbytes, _cuda(device))


def set_per_process_memory_fraction(fraction: float, device: _DeviceLike = None) -> None:
    """Limits the bytes that may be reserved to a fraction of the GPU's memory.

    Args:
        fraction: above 0, up to 1; else ValueError.
        device: an index, a name or a device; by default the current GPU.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     weft.cuda.set_per_process_memory_fraction(0.5)
    ...     weft.cuda.set_memory_limit(None)
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"set_per_process_memory_fraction: expected a fraction between 0 and 1, got {fraction}")
    total = _device.properties(_cuda(device))["total_memory"]
    set_memory_limit(int(total * fraction), device)
