"""The memory of GPUs. Freed memory is kept for the next tensor; :func:`empty_cache` returns it.

When a GPU has no memory left, all caches are emptied and the request is tried again before
:class:`weft.OutOfMemoryError` is raised, which names who holds most. Training can go on after it is caught.
"""

from weft._C import _device
from weft._C import memory as _memory
from weft.memory import Holder

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


def memory_allocated(device=None):
    """Bytes that tensors hold on a GPU."""
    return _memory.allocated(_cuda(device))


def max_memory_allocated(device=None):
    """The largest value of :func:`memory_allocated` since the start or :func:`reset_peak_memory_stats`."""
    return _memory.peak(_cuda(device))


def memory_reserved(device=None):
    """Bytes taken from a GPU: those that tensors hold and those kept for later."""
    return _memory.reserved(_cuda(device))


def max_memory_reserved(device=None):
    """At least the largest :func:`memory_reserved`: caches only shrink when memory runs out."""
    return max(_memory.reserved(_cuda(device)), _memory.peak(_cuda(device)))


def reset_peak_memory_stats(device=None):
    """Starts a new measurement of :func:`max_memory_allocated`."""
    _memory.reset_peak(_cuda(device))


def empty_cache():
    """Returns memory that no tensor holds to all GPUs."""
    for index in range(_device.count("cuda")):
        _memory.empty_cache(_cuda(index))


def memory_stats(device=None):
    """Bytes ``allocated``, ``reserved``, at ``peak`` and their ``limit``; ``allocations`` and how many of them were
    ``cache_hits``."""
    return _memory.stats(_cuda(device))


def memory_snapshot(device=None):
    """Who holds memory, largest first, as :class:`weft.memory.Holder`: tensors over 64 KiB by the op that made them,
    with its layer inside ``weft.memory.label_layers(model)``; smaller ones together."""
    return [Holder(*holder) for holder in _memory.holders(_cuda(device))]


def memory_summary(device=None, abbreviated=False):
    """The statistics and the snapshot as text."""
    stats, mib = memory_stats(device), 1 / 2**20
    lines = [f"{name:10} {stats[name] * mib:12.2f} MiB" for name in ("allocated", "peak", "reserved", "limit")]
    lines += [f"{h.bytes * mib:12.2f} MiB in {h.blocks} blocks: {h.op}" for h in memory_snapshot(device)[:20]]
    return "\n".join(lines)


def mem_get_info(device=None):
    """(free, total) bytes of a GPU; what tensors' cache keeps counts as free."""
    stats = memory_stats(device)
    total = _device.properties(_cuda(device))["total_memory"]
    return min(stats["limit"], total) - stats["allocated"], total


def set_memory_limit(nbytes, device=None):
    """Limits the bytes that may be reserved on a GPU; None lifts the limit. ValueError unless positive."""
    _memory.set_limit(nbytes, _cuda(device))


def set_per_process_memory_fraction(fraction, device=None):
    """Limits the memory to a fraction of the GPU's. ValueError unless it is between 0 and 1."""
    if not 0 < fraction <= 1:
        raise ValueError(f"set_per_process_memory_fraction: expected a fraction between 0 and 1, got {fraction}")
    total = _device.properties(_cuda(device))["total_memory"]
    set_memory_limit(int(total * fraction), device)
