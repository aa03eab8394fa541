"""Where the time and the memory of a program go; the interface of torch.profiler."""

from __future__ import annotations

__all__: list[str] = []
