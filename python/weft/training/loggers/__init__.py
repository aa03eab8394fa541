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

TYPE_CHECKING = False

if TYPE_CHECKING:
    from weft.training.report import HTMLReport as HTMLReport
else:

    def __getattr__(name):
        if name == "HTMLReport":  # which is a logger itself, and imports this package
            from weft.training.report import HTMLReport

            return HTMLReport
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "CSVLogger",
    "HTMLReport",
    "JSONLinesLogger",
    "Logger",
    "MLflowLogger",
    "TensorBoardLogger",
    "WandbLogger",
]
