"""Where the time and the memory of a program go; the interface of torch.profiler.

>>> import weft
>>> with weft.profiler.profile() as prof:
...     y = weft.ones(3).exp()
>>> "exp" in prof.key_averages().table(sort_by="self_cpu_time_total")
True
"""

from __future__ import annotations

from weft._missing import missing_names
from weft.profiler._profile import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    schedule,
    supported_activities,
    tensorboard_trace_handler,
)
from weft.profiler._profile import (
    _KinetoProfile as _KinetoProfile,
)
from weft.profiler._scopes import record_function

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]
