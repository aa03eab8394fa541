"""The training loop and its parts, each of which works alone: progress, meters, loggers, checkpoints, callbacks."""

from __future__ import annotations

__all__: list[str] = []
