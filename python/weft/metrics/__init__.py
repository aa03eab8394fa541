"""Metrics that are updated batch by batch, merged, and computed at the end.

Each is a class here; its functional form, of one batch, is in weft.metrics.functional.

>>> import weft
>>> metric = weft.metrics.Accuracy()
>>> metric.update(weft.tensor([[0.9, 0.1], [0.2, 0.8]]), weft.tensor([0, 0]))
>>> metric.compute()
tensor(0.5000, dtype=weft.float64)
"""

from __future__ import annotations

import difflib

from weft._missing import missing_names
from weft.metrics import functional as functional
from weft.metrics._base import Metric, MetricCollection, UndefinedMetricWarning
from weft.metrics.calibration import CalibrationError
from weft.metrics.classification import (
    Accuracy,
    ConfusionMatrix,
    Dice,
    F1Score,
    FBetaScore,
    IoU,
    Precision,
    Recall,
    TopKAccuracy,
)
from weft.metrics.detection import MeanAveragePrecision, mean_average_precision
from weft.metrics.ranking import ROCAUC, AveragePrecision
from weft.metrics.regression import Mean, MeanAbsoluteError, MeanSquaredError, R2Score
from weft.metrics.text import BLEU, CER, ROUGE, WER, Perplexity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = [
    "Accuracy",
    "AveragePrecision",
    "BLEU",
    "CER",
    "CalibrationError",
    "ConfusionMatrix",
    "Dice",
    "F1Score",
    "FBetaScore",
    "IoU",
    "Mean",
    "MeanAbsoluteError",
    "MeanAveragePrecision",
    "MeanSquaredError",
    "Metric",
    "MetricCollection",
    "Perplexity",
    "Precision",
    "R2Score",
    "ROCAUC",
    "ROUGE",
    "Recall",
    "TopKAccuracy",
    "UndefinedMetricWarning",
    "WER",
    "functional",
    "get",
    "mean_average_precision",
]

_KINDS = (
    *(Accuracy, AveragePrecision, BLEU, CER, CalibrationError, ConfusionMatrix, Dice, F1Score, FBetaScore, IoU, Mean),
    *(MeanAbsoluteError, MeanAveragePrecision, MeanSquaredError, Perplexity, Precision, R2Score, ROCAUC, ROUGE, Recall),
    *(TopKAccuracy, WER),
)
_NAMES: dict[str, tuple[type[Metric], dict[str, Any]]] = {
    **{kind.name: (kind, {}) for kind in _KINDS},
    "acc": (Accuracy, {}),
    "balanced_accuracy": (Accuracy, {"average": "macro"}),
    "top_k": (TopKAccuracy, {}),
    "top5": (TopKAccuracy, {"k": 5}),
    "f1": (F1Score, {}),
    "auc": (ROCAUC, {}),
    "ap": (AveragePrecision, {}),
    "map": (MeanAveragePrecision, {}),
    "mse": (MeanSquaredError, {}),
    "rmse": (MeanSquaredError, {"squared": False}),
    "mae": (MeanAbsoluteError, {}),
    "r2": (R2Score, {}),
    "jaccard": (IoU, {}),
    "ece": (CalibrationError, {}),
    "mce": (CalibrationError, {"norm": "max"}),
}


def get(name: str | Metric | type[Metric], **options: Any) -> Metric:
    """A metric of this name, of a class, or the metric itself.

    Args:
        name: such as "accuracy", "f1" or "roc_auc".
        options: for the class.

    Raises:
        ValueError: there is no metric of this name; the message has the nearest ones.
        TypeError: it is no name and no metric.

    >>> import weft
    >>> weft.metrics.get("f1", average="macro").name
    'f1_score'
    >>> weft.metrics.get("precison")
    Traceback (most recent call last):
    ValueError: metrics.get: there is no metric 'precison'; did you mean 'precision'?
    """
    if isinstance(name, type) and issubclass(name, Metric):
        return name(**options)
    if isinstance(name, Metric):
        if options:
            raise TypeError(f"metrics.get: {name.name} is made already, its options cannot change: {sorted(options)}")
        return name
    if not isinstance(name, str):
        raise TypeError(f"metrics.get: expected a name or a Metric, got {type(name).__name__}")
    key = name.lower().replace("-", "_").replace(" ", "_")
    if key not in _NAMES:
        near = difflib.get_close_matches(key, _NAMES, 3, 0.75)
        hint = "did you mean " + " or ".join(map(repr, near)) + "?" if near else f"there are {sorted(_NAMES)}"
        raise ValueError(f"metrics.get: there is no metric {name!r}; {hint}")
    kind, preset = _NAMES[key]
    return kind(**{**preset, **options})
