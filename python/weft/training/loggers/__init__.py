"""Loggers: numbers and hyperparameters of a run, written as CSV or JSON lines, for TensorBoard, MLflow or Weights &
Biases, or as a report in HTML. docs/logging.md is the guide.
"""

from __future__ import annotations

from weft.training.loggers.base import Logger
from weft.training.loggers.csv_logger import CSVLogger
from weft.training.loggers.json_logger import JSONLinesLogger
from weft.training.loggers.mlflow_logger import MLflowLogger
from weft.training.loggers.tensorboard_logger import TensorBoardLogger
from weft.training.loggers.wandb_logger import WandbLogger

__all__ = [
    "CSVLogger",
    "JSONLinesLogger",
    "Logger",
    "MLflowLogger",
    "TensorBoardLogger",
    "WandbLogger",
]
