"""The metrics of weft.metrics of one batch: each makes the metric of its class, updates it once and computes."""

from __future__ import annotations

from weft.metrics import calibration, classification, ranking, regression
from weft.metrics._base import once
from weft.metrics._functional_text import bleu, cer, perplexity, rouge, wer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor

__all__ = [
    "accuracy",
    "average_precision",
    "bleu",
    "calibration_error",
    "cer",
    "confusion_matrix",
    "dice",
    "f1_score",
    "fbeta_score",
    "iou",
    "mean_absolute_error",
    "mean_squared_error",
    "perplexity",
    "precision",
    "r2_score",
    "recall",
    "roc_auc",
    "rouge",
    "top_k_accuracy",
    "wer",
]


def accuracy(
    input: Tensor,
    target: Tensor,
    sample_weight: Tensor | None = None,
    *,
    task: str | None = None,
    num_classes: int | None = None,
    average: str | None = "auto",
    threshold: float = 0.5,
    ignore_index: int | None = None,
) -> Tensor:
    """The share of predictions that are right.

    Args and Raises: as of weft.metrics.Accuracy.

    >>> import weft
    >>> weft.metrics.functional.accuracy(weft.tensor([0, 1]), weft.tensor([0, 0]))
    tensor(0.5000, dtype=weft.float64)
    """
    return once(
        classification.Accuracy(
            task=task, num_classes=num_classes, average=average, threshold=threshold, ignore_index=ignore_index
        ),
        input,
        target,
        sample_weight,
    )


def top_k_accuracy(
    input: Tensor, target: Tensor, sample_weight: Tensor | None = None, *, k: int = 5, ignore_index: int | None = None
) -> Tensor:
    """The share of samples whose class is among the k greatest scores.

    Args and Raises: as of weft.metrics.TopKAccuracy.

    >>> import weft
    >>> weft.metrics.functional.top_k_accuracy(weft.tensor([[0.5, 0.3, 0.2]]), weft.tensor([1]), k=2)
    tensor(1., dtype=weft.float64)
    """
    return once(classification.TopKAccuracy(k=k, ignore_index=ignore_index), input, target, sample_weight)


def precision(
    input: Tensor,
    target: Tensor,
    sample_weight: Tensor | None = None,
    *,
    task: str | None = None,
    num_classes: int | None = None,
    average: str | None = "auto",
    threshold: float = 0.5,
    ignore_index: int | None = None,
    zero_division: Any = "warn",
) -> Tensor:
    """The share of what is predicted as a class that is of it.

    Args and Raises: as of weft.metrics.Precision.

    >>> import weft
    >>> weft.metrics.functional.precision(weft.tensor([1, 1]), weft.tensor([1, 0]), task="binary")
    tensor(0.5000, dtype=weft.float64)
    """
    return once(
        classification.Precision(
            task=task,
            num_classes=num_classes,
            average=average,
            threshold=threshold,
            ignore_index=ignore_index,
            zero_division=zero_division,
        ),
        input,
        target,
        sample_weight,
    )


def recall(
    input: Tensor,
    target: Tensor,
    sample_weight: Tensor | None = None,
    *,
    task: str | None = None,
    num_classes: int | None = None,
    average: str | None = "auto",
    threshold: float = 0.5,
    ignore_index: int | None = None,
    zero_division: Any = "warn",
) -> Tensor:
    """The share of what is of a class that is predicted as it.

    Args and Raises: as of weft.metrics.Recall.

    >>> import weft
    >>> weft.metrics.functional.recall(weft.tensor([1, 1]), weft.tensor([1, 0]), task="binary")
    tensor(1., dtype=weft.float64)
    """
    return once(
        classification.Recall(
            task=task,
            num_classes=num_classes,
            average=average,
            threshold=threshold,
            ignore_index=ignore_index,
            zero_division=zero_division,
        ),
        input,
        target,
        sample_weight,
    )


def f1_score(
    input: Tensor,
    target: Tensor,
    sample_weight: Tensor | None = None,
    *,
    task: str | None = None,
    num_classes: int | None = None,
    average: str | None = "auto",
    threshold: float = 0.5,
    ignore_index: int | None = None,
    zero_division: Any = "warn",
) -> Tensor:
    """The harmonic mean of precision and recall.

    Args and Raises: as of weft.metrics.F1Score.

    >>> import weft
    >>> round(weft.metrics.functional.f1_score(weft.tensor([1, 1]), weft.tensor([1, 0]), task="binary").item(), 4)
    0.6667
    """
    return once(
        classification.F1Score(
            task=task,
            num_classes=num_classes,
            average=average,
            threshold=threshold,
            ignore_index=ignore_index,
            zero_division=zero_division,
        ),
        input,
        target,
        sample_weight,
    )


def fbeta_score(
    input: Tensor,
    target: Tensor,
    sample_weight: Tensor | None = None,
    *,
    beta: float,
    task: str | None = None,
    num_classes: int | None = None,
    average: str | None = "auto",
    threshold: float = 0.5,
    ignore_index: int | None = None,
    zero_division: Any = "warn",
) -> Tensor:
    """The harmonic mean of precision and recall, which counts beta times as much.

    Args and Raises: as of weft.metrics.FBetaScore.

    >>> import weft
    >>> weft.metrics.functional.fbeta_score(weft.tensor([1, 0]), weft.tensor([1, 0]), beta=2.0, task="binary")
    tensor(1., dtype=weft.float64)
    """
    return once(
        classification.FBetaScore(
            beta=beta,
            task=task,
            num_classes=num_classes,
            average=average,
            threshold=threshold,
            ignore_index=ignore_index,
            zero_division=zero_division,
        ),
        input,
        target,
        sample_weight,
    )


def dice(
    input: Tensor,
    target: Tensor,
    sample_weight: Tensor | None = None,
    *,
    task: str | None = None,
    num_classes: int | None = None,
    average: str | None = "auto",
    threshold: float = 0.5,
    ignore_index: int | None = None,
    zero_division: Any = "warn",
) -> Tensor:
    """Twice the overlap of predicted and true elements by the sum of both.

    Args and Raises: as of weft.metrics.Dice.

    >>> import weft
    >>> round(weft.metrics.functional.dice(weft.tensor([1, 1]), weft.tensor([1, 0]), task="binary").item(), 4)
    0.6667
    """
    return once(
        classification.Dice(
            task=task,
            num_classes=num_classes,
            average=average,
            threshold=threshold,
            ignore_index=ignore_index,
            zero_division=zero_division,
        ),
        input,
        target,
        sample_weight,
    )


def iou(
    input: Tensor,
    target: Tensor,
    sample_weight: Tensor | None = None,
    *,
    task: str | None = None,
    num_classes: int | None = None,
    average: str | None = "auto",
    threshold: float = 0.5,
    ignore_index: int | None = None,
    zero_division: Any = "warn",
) -> Tensor:
    """Intersection over union of predicted and true elements.

    Args and Raises: as of weft.metrics.IoU.

    >>> import weft
    >>> weft.metrics.functional.iou(weft.tensor([1, 1]), weft.tensor([1, 0]), task="binary")
    tensor(0.5000, dtype=weft.float64)
    """
    return once(
        classification.IoU(
            task=task,
            num_classes=num_classes,
            average=average,
            threshold=threshold,
            ignore_index=ignore_index,
            zero_division=zero_division,
        ),
        input,
        target,
        sample_weight,
    )


def confusion_matrix(
    input: Tensor,
    target: Tensor,
    sample_weight: Tensor | None = None,
    *,
    task: str | None = None,
    num_classes: int | None = None,
    normalize: str | None = None,
    threshold: float = 0.5,
    ignore_index: int | None = None,
) -> Tensor:
    """How often each true class (rows) is predicted as each class (columns).

    Args and Raises: as of weft.metrics.ConfusionMatrix.

    >>> import weft
    >>> weft.metrics.functional.confusion_matrix(weft.tensor([0, 1, 1]), weft.tensor([0, 1, 0]))
    tensor([[1, 1],
            [0, 1]])
    """
    return once(
        classification.ConfusionMatrix(
            task=task, num_classes=num_classes, normalize=normalize, threshold=threshold, ignore_index=ignore_index
        ),
        input,
        target,
        sample_weight,
    )


def roc_auc(
    input: Tensor,
    target: Tensor,
    sample_weight: Tensor | None = None,
    *,
    task: str | None = None,
    num_classes: int | None = None,
    average: str | None = "macro",
    multi_class: str = "ovr",
    ignore_index: int | None = None,
    bins: int | None = None,
) -> Tensor:
    """The area under the ROC curve.

    Args and Raises: as of weft.metrics.ROCAUC.

    >>> import weft
    >>> weft.metrics.functional.roc_auc(weft.tensor([0.1, 0.4, 0.35, 0.8]), weft.tensor([0, 0, 1, 1]))
    tensor(0.7500, dtype=weft.float64)
    """
    return once(
        ranking.ROCAUC(
            task=task,
            num_classes=num_classes,
            average=average,
            multi_class=multi_class,
            ignore_index=ignore_index,
            bins=bins,
        ),
        input,
        target,
        sample_weight,
    )


def average_precision(
    input: Tensor,
    target: Tensor,
    sample_weight: Tensor | None = None,
    *,
    task: str | None = None,
    num_classes: int | None = None,
    average: str | None = "macro",
    ignore_index: int | None = None,
    bins: int | None = None,
) -> Tensor:
    """The mean of precisions over recalls.

    Args and Raises: as of weft.metrics.AveragePrecision.

    >>> import weft
    >>> weft.metrics.functional.average_precision(weft.tensor([0.1, 0.8]), weft.tensor([0, 1]))
    tensor(1., dtype=weft.float64)
    """
    return once(
        ranking.AveragePrecision(
            task=task, num_classes=num_classes, average=average, ignore_index=ignore_index, bins=bins
        ),
        input,
        target,
        sample_weight,
    )


def calibration_error(
    input: Tensor,
    target: Tensor,
    sample_weight: Tensor | None = None,
    *,
    bins: int = 15,
    norm: str = "l1",
    task: str | None = None,
    num_classes: int | None = None,
    ignore_index: int | None = None,
) -> Tensor:
    """The difference of confidence and accuracy.

    Args and Raises: as of weft.metrics.CalibrationError.

    >>> import weft
    >>> weft.metrics.functional.calibration_error(weft.tensor([0.25, 0.75]), weft.tensor([0, 1]))
    tensor(0.2500, dtype=weft.float64)
    """
    return once(
        calibration.CalibrationError(
            bins=bins, norm=norm, task=task, num_classes=num_classes, ignore_index=ignore_index
        ),
        input,
        target,
        sample_weight,
    )


def mean_squared_error(
    input: Tensor,
    target: Tensor,
    sample_weight: Tensor | None = None,
    *,
    squared: bool = True,
    multioutput: str = "uniform_average",
) -> Tensor:
    """The mean of squared differences.

    Args and Raises: as of weft.metrics.MeanSquaredError.

    >>> import weft
    >>> weft.metrics.functional.mean_squared_error(weft.tensor([1.0, 2.0]), weft.tensor([1.0, 4.0]))
    tensor(2., dtype=weft.float64)
    """
    return once(regression.MeanSquaredError(squared=squared, multioutput=multioutput), input, target, sample_weight)


def mean_absolute_error(
    input: Tensor, target: Tensor, sample_weight: Tensor | None = None, *, multioutput: str = "uniform_average"
) -> Tensor:
    """The mean of absolute differences.

    Args and Raises: as of weft.metrics.MeanAbsoluteError.

    >>> import weft
    >>> weft.metrics.functional.mean_absolute_error(weft.tensor([1.0, 2.0]), weft.tensor([1.0, 4.0]))
    tensor(1., dtype=weft.float64)
    """
    return once(regression.MeanAbsoluteError(multioutput=multioutput), input, target, sample_weight)


def r2_score(
    input: Tensor, target: Tensor, sample_weight: Tensor | None = None, *, multioutput: str = "uniform_average"
) -> Tensor:
    """The share of the variance of targets that input explains.

    Args and Raises: as of weft.metrics.R2Score.

    >>> import weft
    >>> weft.metrics.functional.r2_score(weft.tensor([1.0, 2.0]), weft.tensor([1.0, 2.0]))
    tensor(1., dtype=weft.float64)
    """
    return once(regression.R2Score(multioutput=multioutput), input, target, sample_weight)
