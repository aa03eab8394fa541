"""The training loop and its parts, each of which works alone: progress, meters, loggers, checkpoints, callbacks."""

from __future__ import annotations

from weft._missing import missing_names
from weft.training._step import NonFiniteLoss
from weft.training.bars import Progress, progress
from weft.training.callbacks import (
    Callback,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
)
from weft.training.checkpoints import CheckpointInfo, CheckpointManager
from weft.training.distribution import Distribution
from weft.training.ema import EMA
from weft.training.meters import Average, Smoothed, Throughput
from weft.training.model import Model
from weft.training.random_state import RandomState
from weft.training.trainer import Trainer

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = [
    "EMA",
    "Average",
    "Callback",
    "CheckpointInfo",
    "CheckpointManager",
    "Distribution",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "Model",
    "ModelCheckpoint",
    "NonFiniteLoss",
    "Progress",
    "RandomState",
    "Smoothed",
    "Throughput",
    "Trainer",
    "progress",
]
