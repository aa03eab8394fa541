"""NVIDIA GPUs: what there is, streams and events, graphs, memory.

Tensors go to a GPU with ``x.cuda()``, ``x.to("cuda:1")`` or ``device="cuda"``. Work on a GPU goes on beside the
program, in the order it was given; the program waits only where it needs a value (``item()``, ``cpu()``, ``print``) or
calls :func:`synchronize`. An index out of range is reported there, too, with the name of the op that met it.

Environment: ``WEFT_CUDA_SYNC=1`` waits after every kernel, so that an error names the op that caused it;
``WEFT_CUDA_EXPANDABLE=0`` allocates memory without virtual addresses; ``WEFT_CUDA_PLUGIN`` names another plug-in file.
"""

from typing import NamedTuple

from weft._C import _device, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from weft._C import device as _device_type
from weft._missing import missing_names
from weft._tensor_types import CUDA as _TENSOR_TYPES
from weft.amp import GradScaler
from weft.cuda import amp, memory
from weft.cuda.graphs import CUDAGraph, graph, is_current_stream_capturing, make_graphed_callables
from weft.cuda.memory import (
    empty_cache,
    max_memory_allocated,
    max_memory_reserved,
    mem_get_info,
    memory_allocated,
    memory_reserved,
    memory_snapshot,
    memory_stats,
    memory_summary,
    reset_peak_memory_stats,
    set_memory_limit,
    set_per_process_memory_fraction,
)
from weft.cuda.streams import Event, Stream, current_stream, default_stream, set_stream, stream

globals().update(_TENSOR_TYPES)

__getattr__ = missing_names(__name__)

# There is one generator for all devices.
manual_seed_all = manual_seed

__all__ = [
    "CUDAGraph",
    "DeviceProperties",
    "Event",
    "GradScaler",
    "Stream",
    "amp",
    "current_device",
    "current_stream",
    "default_stream",
    "device",
    "device_count",
    "empty_cache",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_rng_state",
    "graph",
    "init",
    "initial_seed",
    "is_available",
    "is_bf16_supported",
    "is_current_stream_capturing",
    "is_initialized",
    "make_graphed_callables",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_reserved",
    "mem_get_info",
    "memory",
    "memory_allocated",
    "memory_reserved",
    "memory_snapshot",
    "memory_stats",
    "memory_summary",
    "reset_peak_memory_stats",
    "seed",
    "set_device",
    "set_memory_limit",
    "set_per_process_memory_fraction",
    "set_rng_state",
    "set_stream",
    "stream",
    "synchronize",
    "unavailable_reason",
    *_TENSOR_TYPES,
]


class DeviceProperties(NamedTuple):
    """What there is to know of a GPU; sizes are in bytes."""

    name: str
    major: int
    minor: int
    total_memory: int
    multi_processor_count: int
    warp_size: int
    max_threads_per_multi_processor: int
    shared_memory_per_block: int
    L2_cache_size: int


def is_available():
    """Is there a GPU that tensors can live on?

    >>> import weft
    >>> weft.cuda.is_available() == (weft.cuda.device_count() > 0)
    True
    """
    return device_count() > 0


def unavailable_reason():
    """Why :func:`is_available` is False, as a sentence; an empty string when it is True.

    >>> import weft
    >>> weft.cuda.is_available() == (weft.cuda.unavailable_reason() == "")
    True
    """
    return _device.unavailable_reason("cuda")


def device_count():
    """The number of GPUs that tensors can live on."""
    return _device.count("cuda")


def init():
    """Loads the plug-in and NVIDIA's libraries now. Raises RuntimeError that says what is missing."""
    synchronize(0)


def is_initialized():
    """Always what :func:`is_available` says: there is no state of its own to set up."""
    return is_available()


def current_device():
    """The index of the GPU that "cuda" without a number means on this thread."""
    return _device.current_index("cuda")


def set_device(device):
    """Sets the GPU that "cuda" without a number means on this thread. Raises RuntimeError when it does not exist."""
    _device.set_current_index(_as_device(device))


class device:
    """A scope in which "cuda" without a number means another GPU: ``with weft.cuda.device(1): ...``."""

    def __init__(self, device):
        self._device = _as_device(device)
        self._before = []

    def __enter__(self):
        self._before.append(current_device())
        set_device(self._device)
        return self

    def __exit__(self, *exception):
        set_device(self._before.pop())


def get_device_properties(device=None):
    """The :class:`DeviceProperties` of a GPU."""
    return DeviceProperties(**_device.properties(_as_device(device)))


def get_device_name(device=None):
    """The name of a GPU."""
    return get_device_properties(device).name


def get_device_capability(device=None):
    """The architecture of a GPU as (major, minor)."""
    properties = get_device_properties(device)
    return properties.major, properties.minor


def is_bf16_supported(including_emulation=True):
    """Can the current GPU compute with bfloat16? All that the plug-in is built for can."""
    return is_available() and get_device_capability()[0] >= 8


def synchronize(device=None):
    """Waits for all work of a GPU.

    Raises:
        IndexError: a kernel has met an index out of range since the last time.
        RuntimeError: there is no GPU (the message says what is missing), or its work has failed.
    """
    _device.synchronize(_as_device(device))


def _as_device(device):
    """A weft.device of None (the current GPU), an index, a string or a device. ValueError for other types of device."""
    if device is None:
        return _device_type("cuda", current_device())
    if isinstance(device, int):
        return _device_type("cuda", device)
    device = _device_type(device)
    if device.type != "cuda":
        raise ValueError(f"expected a CUDA device, got {device}")
    return device
