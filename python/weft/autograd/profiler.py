"""The older interface of the profiler, by the names of torch.autograd.profiler; weft.profiler has schedules."""

from __future__ import annotations

import ctypes
import ctypes.util
import os

from weft import _C
from weft._missing import missing_names
from weft.profiler._events import EventList, FunctionEvent, FunctionEventAvg
from weft.profiler._profile import ProfilerActivity, _KinetoProfile, supported_activities
from weft.profiler._scopes import record_function

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any, TypeVar

    _Profile = TypeVar("_Profile", bound="profile")
    _Nvtx = TypeVar("_Nvtx", bound="emit_nvtx")

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)


class profile:
    """Records what runs in a with block, and has its figures afterwards.

    Args:
        enabled: False makes it do nothing.
        use_cuda, use_device: also time on GPUs; ``"cuda"`` is the one device type beside the host.
        use_cpu: time on the host.
        record_shapes, with_flops, profile_memory, with_stack, with_modules, acc_events: as in weft.profiler.profile.

    >>> import weft
    >>> with weft.autograd.profiler.profile() as prof:
    ...     y = weft.ones(3).exp()
    >>> "exp" in prof.key_averages().table()
    True
    """

    def __init__(
        self,
        enabled: bool = True,
        *,
        use_cuda: bool = False,
        use_device: str | None = None,
        record_shapes: bool = False,
        with_flops: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_modules: bool = False,
        use_cpu: bool = True,
        acc_events: bool = False,
    ) -> None:
        if use_device not in (None, "cuda"):
            raise ValueError(f"profile: expected 'cuda' or None as use_device, got {use_device!r}")
        chosen = {ProfilerActivity.CPU} if use_cpu else set()
        if use_cuda or use_device:
            chosen |= supported_activities() & {ProfilerActivity.CUDA}
        self.enabled: bool = bool(enabled)
        self._profile = _KinetoProfile(
            activities=chosen,
            record_shapes=record_shapes,
            with_flops=with_flops,
            profile_memory=profile_memory,
            with_stack=with_stack,
            with_modules=with_modules,
            acc_events=acc_events,
        )

    def __enter__(self: _Profile) -> _Profile:
        if self.enabled:
            self._profile.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self.enabled:
            self._profile.stop()

    @property
    def function_events(self) -> EventList:
        """The events."""
        return self._profile.events()

    def __getattr__(self, name: str) -> Any:
        if name in ("key_averages", "export_chrome_trace", "export_stacks"):
            return getattr(self.__dict__["_profile"], name)
        if name in ("table", "total_average", "self_cpu_time_total"):
            return getattr(self.function_events, name)
        raise AttributeError(f"'profile' object has no attribute {name!r}")

    def __str__(self) -> str:
        return str(self.function_events) if self._profile._events is not None else "<unfinished profile>"


_LIBRARIES = ("libnvToolsExt.so.1", "libnvToolsExt.so", "libnvtx3interop.so")


def _nvtx_functions():
    for name in (os.environ.get("WEFT_NVTX_LIBRARY"), *_LIBRARIES):
        if not name:
            continue
        try:
            library = ctypes.CDLL(name)
            return library.nvtxRangePushA, library.nvtxRangePop
        except (OSError, AttributeError):
            continue
    raise RuntimeError(
        f"emit_nvtx: found none of the libraries {', '.join(_LIBRARIES)}; install NVIDIA's NVTX "
        "(pip install nvidia-nvtx) and put its folder into LD_LIBRARY_PATH, or set WEFT_NVTX_LIBRARY to the file"
    )


class emit_nvtx:
    """In the with block each op and scope is a range of NVTX, which NVIDIA's profilers show. RuntimeError where NVTX is
    not installed.

    Args:
        enabled: False makes it do nothing.
        record_shapes: accepted; ranges have no shapes.

    >>> import weft
    >>> with weft.autograd.profiler.emit_nvtx(enabled=False):
    ...     y = weft.ones(3).exp()
    """

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        self.enabled: bool = bool(enabled)
        self.record_shapes: bool = bool(record_shapes)

    def __enter__(self: _Nvtx) -> _Nvtx:
        if self.enabled:
            self._functions = _nvtx_functions()  # keeps the library
            _C._profiler.set_ranges(*(ctypes.cast(f, ctypes.c_void_p).value or 0 for f in self._functions))
        return self

    def __exit__(self, *exception: object) -> None:
        if self.enabled:
            _C._profiler.set_ranges(0, 0)


__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "emit_nvtx", "profile", "record_function"]
