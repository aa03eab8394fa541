"""Metrics of classes: accuracy, precision, recall, F1 and the like, confusion matrix, intersection over union."""

from __future__ import annotations

import weft
from weft._checks import check_instances, check_integers, check_numbers
from weft.metrics._base import Metric, grown_sum, warn_undefined
from weft.metrics._counts import CountMetric, TaskMetric, divide, nan_average, tally
from weft.metrics._inputs import check_option, decided, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor


class Accuracy(CountMetric):
    """The share of predictions that are right; as scikit-learn's accuracy_score.

    Args:
        task: "binary": input of the shape of target, scores above the threshold are class 1. "multiclass": scores
            (N, classes, ...), of which the greatest decides, or classes of the shape of target. "multilabel": scores
            or 0 and 1 of (N, labels, ...), as target. None: multiclass for input with one more dimension or integers,
            else binary.
        num_classes: how many there are; None: from scores, or as many as occur.
        average: "auto": right samples by all; with several labels all of a sample must be right. "micro": of single
            labels. "macro": the mean over true classes (balanced accuracy) or labels. "none": of each.
        threshold: for scores of binary and multilabel tasks; 0.0 suits logits.
        ignore_index: a class in target that does not count.

    Shape:
        update(input, target, sample_weight): target of an integer dtype or bool; weights of the shape of target or of
        its first dimensions. compute: (), or (classes,) for "none"; NaN where nothing counts.

    Raises:
        ValueError: shapes do not fit, a class is out of range, a score is NaN, or an option is unknown.
        TypeError: target is no tensor of integers or bool.

    >>> import weft
    >>> metric = weft.metrics.Accuracy()
    >>> metric.update(weft.tensor([[0.9, 0.1], [0.2, 0.8]]), weft.tensor([0, 0]))
    >>> metric.update(weft.tensor([[0.9, 0.1], [0.7, 0.3]]), weft.tensor([0, 0]))
    >>> metric.compute()
    tensor(0.7500, dtype=weft.float64)
    """

    def __init__(
        self,
        task: str | None = None,
        *,
        num_classes: int | None = None,
        average: str | None = "auto",
        threshold: float = 0.5,
        ignore_index: int | None = None,
    ) -> None:
        check_option("Accuracy", "average", average, ("auto", "micro", "macro", "none", None))
        super().__init__(task, num_classes=num_classes, average=average, threshold=threshold, ignore_index=ignore_index)

    def compute(self) -> Tensor:
        several = self._task == "multilabel"
        if self.average == "auto":
            above, below = self.exact, self.samples
        elif several:
            above, below = self.seen - self.predicted - self.actual + 2 * self.correct, self.seen
        else:
            above, below = self.correct, self.actual
        if self.average == "micro":
            above, below = above.sum(), below.sum()
        shares = divide(self.name, above, below, float("nan"))
        if bool((below == 0).all()):
            warn_undefined(f"{self.name} is undefined without samples, and NaN")
        return nan_average(shares) if self.average == "macro" else shares


_COUNT_ARGS = """

    Args:
        task, num_classes, threshold, ignore_index: as of Accuracy.
        average: "binary": of class 1; "micro": of the counts of all classes together; "macro": the mean over the
            classes that occur; "weighted": that weighted by how often they are true; "none": of each class. "auto":
            "binary" for a binary task, else "macro".
        zero_division: what stands where the divisor is 0: 0, 1, NaN (which means leave out), or "warn" for 0 and an
            UndefinedMetricWarning.

    Shape:
        update(input, target, sample_weight): as of Accuracy. compute: (), or (classes,) for "none".

    Raises:
        ValueError: as Accuracy.
"""


class Precision(CountMetric):
    """The share of what is predicted as a class that is of it; as scikit-learn's precision_score.{args}
    >>> import weft
    >>> metric = weft.metrics.Precision("binary")
    >>> metric.update(weft.tensor([0.9, 0.8, 0.1]), weft.tensor([1, 0, 1]))
    >>> metric.compute()
    tensor(0.5000, dtype=weft.float64)
    """

    def compute(self) -> Tensor:
        return self._ratio(self.correct, self.predicted)


class Recall(CountMetric):
    """The share of what is of a class that is predicted as it; as scikit-learn's recall_score.{args}
    >>> import weft
    >>> metric = weft.metrics.Recall("binary")
    >>> metric.update(weft.tensor([0.9, 0.8, 0.1, 0.2]), weft.tensor([1, 1, 1, 0]))
    >>> round(metric.compute().item(), 3)
    0.667
    """

    def compute(self) -> Tensor:
        return self._ratio(self.correct, self.actual)


class FBetaScore(CountMetric):
    """The harmonic mean of precision and recall, which counts beta times as much; as scikit-learn's fbeta_score.

    Args:
        beta: how much recall counts; at least 0.
        task, num_classes, average, threshold, ignore_index, zero_division: as of Precision.

    Raises:
        ValueError: beta is negative; or as Accuracy.

    >>> import weft
    >>> metric = weft.metrics.FBetaScore(2.0, "binary")
    >>> metric.update(weft.tensor([0.9, 0.8, 0.1]), weft.tensor([1, 0, 1]))
    >>> metric.compute()
    tensor(0.5000, dtype=weft.float64)
    """

    beta: float

    def __init__(
        self,
        beta: float,
        task: str | None = None,
        *,
        num_classes: int | None = None,
        average: str | None = "auto",
        threshold: float = 0.5,
        ignore_index: int | None = None,
        zero_division: Any = "warn",
    ) -> None:
        check_numbers("FBetaScore", beta=beta)
        if not beta >= 0:
            raise ValueError(f"FBetaScore: beta must not be negative, got {beta}")
        self.beta = float(beta)
        super().__init__(
            task,
            num_classes=num_classes,
            average=average,
            threshold=threshold,
            ignore_index=ignore_index,
            zero_division=zero_division,
        )

    def compute(self) -> Tensor:
        if self.beta == float("inf"):
            return self._ratio(self.correct, self.actual)
        square = self.beta**2
        correct, actual = self.correct.to(weft.float64), self.actual.to(weft.float64)
        return self._ratio((1 + square) * correct, square * actual + self.predicted)


class F1Score(CountMetric):
    """The harmonic mean of precision and recall; as scikit-learn's f1_score.{args}
    >>> import weft
    >>> metric = weft.metrics.F1Score("binary")
    >>> metric.update(weft.tensor([0.9, 0.8, 0.1]), weft.tensor([1, 0, 1]))
    >>> metric.compute()
    tensor(0.5000, dtype=weft.float64)
    """

    def compute(self) -> Tensor:
        return self._ratio(2 * self.correct, self.actual + self.predicted)


class Dice(F1Score):
    """Twice the overlap of predicted and true elements by the sum of both: what F1 is called for masks.{args}
    >>> import weft
    >>> metric = weft.metrics.Dice("binary")
    >>> metric.update(weft.tensor([[0.9, 0.8], [0.1, 0.2]]), weft.tensor([[1, 0], [0, 0]]))
    >>> round(metric.compute().item(), 3)
    0.667
    """


class IoU(CountMetric):
    """Intersection over union of predicted and true elements; as scikit-learn's jaccard_score.{args}
    >>> import weft
    >>> metric = weft.metrics.IoU("binary")
    >>> metric.update(weft.tensor([[0.9, 0.8], [0.1, 0.2]]), weft.tensor([[1, 0], [0, 0]]))
    >>> metric.compute()
    tensor(0.5000, dtype=weft.float64)
    """

    name: str = "iou"

    def compute(self) -> Tensor:
        return self._ratio(self.correct, self.actual + self.predicted - self.correct, keep_nan=True)


for _kind in (Precision, Recall, F1Score, Dice, IoU):
    _kind.__doc__ = (_kind.__doc__ or "").replace("{args}", _COUNT_ARGS)


class ConfusionMatrix(TaskMetric):
    """How often each true class (rows) is predicted as each class (columns); as scikit-learn's confusion_matrix.

    Args:
        task, num_classes, threshold, ignore_index: as of Accuracy.
        normalize: None for counts; "true": rows sum to 1; "pred": columns do; "all": everything does.

    Shape:
        update(input, target, sample_weight): as of Accuracy. compute: (classes, classes); (labels, 2, 2) for several
        labels, as scikit-learn's multilabel_confusion_matrix. int64; float64 with weights or normalize.

    Raises:
        ValueError: as Accuracy.

    >>> import weft
    >>> metric = weft.metrics.ConfusionMatrix()
    >>> metric.update(weft.tensor([0, 1, 1]), weft.tensor([0, 1, 0]))
    >>> metric.compute()
    tensor([[1, 1],
            [0, 1]])
    """

    counts: Tensor
    normalize: str | None

    def __init__(
        self,
        task: str | None = None,
        *,
        num_classes: int | None = None,
        normalize: str | None = None,
        threshold: float = 0.5,
        ignore_index: int | None = None,
    ) -> None:
        self._set_up(task, num_classes, threshold, ignore_index)
        check_option("ConfusionMatrix", "normalize", normalize, (None, "true", "pred", "all"))
        self.normalize = normalize
        size = 2 if task == "binary" else num_classes or 0
        shape = (size, 2, 2) if task == "multilabel" else (1, size, size)
        self.add_state("counts", weft.zeros(shape, dtype=weft.int64), "grow")

    def update(self, input: Tensor, target: Tensor, sample_weight: Tensor | None = None) -> None:
        batch = self._read(input, target, sample_weight)
        chosen, size = decided(batch, self.threshold), batch.classes
        place = batch.target * (2 if batch.task == "multilabel" else size) + chosen
        if batch.task == "multilabel":
            if self.counts.shape[0] not in (0, size):
                wanted = self.counts.shape[0]
                raise ValueError(f"{self.name}.update: expected {wanted} labels as in earlier batches, got {size}")
            place = place + 4 * weft.arange(size, device=place.device)
            counts = tally(place.flatten(), batch.keep.flatten(), 4 * size).reshape(size, 2, 2)
        else:
            counts = tally(place, batch.keep, size * size).reshape(1, size, size)
        self.counts = grown_sum(self.counts, counts)
        self._task = batch.task

    def compute(self) -> Tensor:
        counts = self.counts
        if self.normalize is not None:
            dims = {"true": (2,), "pred": (1,), "all": (1, 2)}[self.normalize]
            counts = divide(self.name, counts, counts.sum(dims, keepdim=True).expand(counts.shape), 0)
        return counts.clone() if self._task == "multilabel" else counts[0].clone()


class TopKAccuracy(Metric):
    """The share of samples whose class is among the k greatest scores; as scikit-learn's top_k_accuracy_score.

    Of equal scores those of higher classes count first, as there.

    Args:
        k: how many classes count.
        ignore_index: a class in target that does not count.

    Shape:
        update(input, target, sample_weight): scores (N, classes, ...), and target (N, ...). compute: ().

    Raises:
        ValueError: k is not positive; or as Accuracy.

    >>> import weft
    >>> metric = weft.metrics.TopKAccuracy(2)
    >>> metric.update(weft.tensor([[0.5, 0.3, 0.2], [0.6, 0.1, 0.3]]), weft.tensor([1, 1]))
    >>> metric.compute()
    tensor(0.5000, dtype=weft.float64)
    """

    k: int
    ignore_index: int | None
    correct: Tensor
    seen: Tensor

    name: str = "top_k_accuracy"
    higher_is_better: bool | None = True

    def __init__(self, k: int = 5, *, ignore_index: int | None = None) -> None:
        check_integers("TopKAccuracy", k=k)
        if k < 1:
            raise ValueError(f"TopKAccuracy: k must be positive, got {k}")
        if ignore_index is not None:
            check_instances(int, "TopKAccuracy", ignore_index=ignore_index)
        self.k, self.ignore_index = int(k), ignore_index
        for name in ("correct", "seen"):
            self.add_state(name, weft.zeros((), dtype=weft.int64))

    def update(self, input: Tensor, target: Tensor, sample_weight: Tensor | None = None) -> None:
        where = f"{self.name}.update"
        check_instances(weft.Tensor, where, input=input, target=target)
        if input.ndim != target.ndim + 1:
            raise ValueError(
                f"{where}: expected scores (N, classes, ...) and target (N, ...), got {tuple(input.shape)} and "
                f"{tuple(target.shape)}"
            )
        batch = read(
            where,
            input,
            target,
            task="multiclass",
            ignore_index=self.ignore_index,
            sample_weight=sample_weight,
            validate=self.validate,
        )
        own = batch.input.gather(1, batch.target[:, None])
        later = weft.arange(batch.classes, device=own.device) > batch.target[:, None]
        before = ((batch.input > own) | ((batch.input == own) & later)).sum(1)
        self.correct = self.correct + ((before < self.k) * batch.keep).sum()
        self.seen = self.seen + batch.keep.sum()

    def compute(self) -> Tensor:
        if not bool(self.seen):
            warn_undefined(f"{self.name} is undefined without samples, and NaN")
        return divide(self.name, self.correct, self.seen, float("nan"))
