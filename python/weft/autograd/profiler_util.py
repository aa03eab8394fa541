"""Events of profiles, by the names of torch.autograd.profiler_util."""

from __future__ import annotations

from weft.profiler._events import EventList, FunctionEvent, FunctionEventAvg, Interval, Kernel

__all__ = ["EventList", "FunctionEvent", "FunctionEventAvg", "Interval", "Kernel"]
