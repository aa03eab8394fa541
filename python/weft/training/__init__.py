"""The training loop and its parts, each of which works alone: progress, meters, loggers, checkpoints, callbacks."""

from __future__ import annotations

from weft.training.checkpoints import CheckpointInfo, CheckpointManager
from weft.training.random_state import RandomState

__all__ = ["CheckpointInfo", "CheckpointManager", "RandomState"]
