"""NVIDIA GPUs: what there is, streams and events, graphs, memory.

Tensors go to a GPU with ``x.cuda()``, ``x.to("cuda:1")`` or ``device="cuda"``. Work on a GPU goes on beside the
program, in the order it was given; the program waits only where it needs a value (``item()``, ``cpu()``, ``print``) or
calls :func:`synchronize`. An index out of range is reported there, too, with the name of the op that met it.

Environment: ``WEFT_CUDA_SYNC=1`` waits after every kernel, so that an error names the op that caused it;
``WEFT_CUDA_EXPANDABLE=0`` allocates memory without virtual addresses; ``WEFT_CUDA_PLUGIN`` names another plug-in file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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

if TYPE_CHECKING:
    from typing import TypeAlias, TypeVar

    from weft._dynamic import (
        BFloat16Tensor,
        BoolTensor,
        ByteTensor,
        CharTensor,
        ComplexDoubleTensor,
        ComplexFloatTensor,
        DoubleTensor,
        FloatTensor,
        HalfTensor,
        IntTensor,
        LongTensor,
        ShortTensor,
        UInt16Tensor,
        UInt32Tensor,
        UInt64Tensor,
    )

    _Self = TypeVar("_Self", bound="device")
    _DeviceLike: TypeAlias = _device_type | str | int | None


globals().update(_TENSOR_TYPES)

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

# There is one generator for all devices.
manual_seed_all = manual_seed

__all__ = [
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CUDAGraph",
    "CharTensor",
    "ComplexDoubleTensor",
    "ComplexFloatTensor",
    "DeviceProperties",
    "DoubleTensor",
    "Event",
    "FloatTensor",
    "GradScaler",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
    "Stream",
    "UInt16Tensor",
    "UInt32Tensor",
    "UInt64Tensor",
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
]


class DeviceProperties(NamedTuple):
    """What there is to know of a GPU; sizes are in bytes.

    >>> import weft
    >>> weft.cuda.DeviceProperties._fields[:3]
    ('name', 'major', 'minor')
    """

    name: str
    major: int
    minor: int
    total_memory: int
    multi_processor_count: int
    warp_size: int
    max_threads_per_multi_processor: int
    shared_memory_per_block: int
    L2_cache_size: int


def is_available() -> bool:
    """Is there a GPU that tensors can live on?

    >>> import weft
    >>> weft.cuda.is_available() == (weft.cuda.device_count() > 0)
    True
    """
    return device_count() > 0


def unavailable_reason() -> str:
    """Why :func:`is_available` is False, as a sentence; an empty string when it is True.

    >>> import weft
    >>> weft.cuda.is_available() == (weft.cuda.unavailable_reason() == "")
    True
    """
    return _device.unavailable_reason("cuda")


def device_count() -> int:
    """The number of GPUs that tensors can live on; 0 where the plug-in, the driver or a library is missing.

    >>> import weft
    >>> weft.cuda.is_available() or weft.cuda.device_count() == 0
    True
    """
    return _device.count("cuda")


def init() -> None:
    """Loads the plug-in and NVIDIA's libraries now, rather than when the first GPU is used.

    Raises RuntimeError that says what is missing. The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     weft.cuda.init()
    """
    synchronize(0)


def is_initialized() -> bool:
    """Is there something to use? Always what :func:`is_available` says: there is no state of its own to set up.

    >>> import weft
    >>> weft.cuda.is_initialized() == weft.cuda.is_available()
    True
    """
    return is_available()


def current_device() -> int:
    """The index of the GPU that "cuda" without a number means on this thread.

    >>> import weft
    >>> weft.cuda.current_device()
    0
    """
    return _device.current_index("cuda")


def set_device(device: _DeviceLike) -> None:
    """Sets the GPU that "cuda" without a number means on this thread.

    Args:
        device: an index, a name such as "cuda:1", or a device.

    Raises RuntimeError when it does not exist, ValueError for other types of device. The example needs a GPU to do
    anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     weft.cuda.set_device(0)
    """
    _device.set_current_index(_as_device(device))


class device:
    """A scope in which "cuda" without a number means another GPU.

    Args:
        device: an index, a name such as "cuda:1", or a device; RuntimeError on entering one that does not exist.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     with weft.cuda.device(0):
    ...         assert weft.ones(2, device="cuda").device.index == 0
    """

    def __init__(self, device: _DeviceLike) -> None:
        self._device = _as_device(device)
        self._before = []

    def __enter__(self: _Self) -> _Self:
        self._before.append(current_device())
        set_device(self._device)
        return self

    def __exit__(self, *exception: object) -> None:
        set_device(self._before.pop())


def get_device_properties(device: _DeviceLike = None) -> DeviceProperties:
    """The :class:`DeviceProperties` of a GPU.

    Args:
        device: an index, a name or a device; by default the current GPU. RuntimeError when it does not exist.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     assert weft.cuda.get_device_properties().total_memory > 0
    """
    return DeviceProperties(**_device.properties(_as_device(device)))


def get_device_name(device: _DeviceLike = None) -> str:
    """The name of a GPU, as NVIDIA's driver says it.

    Args:
        device: an index, a name or a device; by default the current GPU. RuntimeError when it does not exist.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     assert weft.cuda.get_device_name(0)
    """
    return get_device_properties(device).name


def get_device_capability(device: _DeviceLike = None) -> tuple[int, int]:
    """The architecture of a GPU as (major, minor).

    Args:
        device: an index, a name or a device; by default the current GPU. RuntimeError when it does not exist.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     assert weft.cuda.get_device_capability() >= (8, 0)
    """
    properties = get_device_properties(device)
    return properties.major, properties.minor


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Can the current GPU compute with bfloat16? All that the plug-in is built for can; False without a GPU.

    Args:
        including_emulation: makes no difference.

    >>> import weft
    >>> weft.cuda.is_bf16_supported() == weft.cuda.is_available()
    True
    """
    return is_available() and get_device_capability()[0] >= 8


def synchronize(device: _DeviceLike = None) -> None:
    """Waits for all work of a GPU.

    Args:
        device: an index, a name or a device; by default the current GPU.

    Raises:
        IndexError: a kernel has met an index out of range since the last time.
        RuntimeError: there is no GPU (the message says what is missing), or its work has failed.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     x = weft.ones(1000, device="cuda") * 2
    ...     weft.cuda.synchronize()
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
