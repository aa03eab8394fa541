"""Metrics of the order of scores: area under the ROC curve, average precision."""

from __future__ import annotations

import weft
from weft._checks import check_instances, check_integers
from weft.metrics._base import grown_sum, warn_undefined
from weft.metrics._counts import TaskMetric, nan_average, tally
from weft.metrics._inputs import check_option, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


def _cumulated(score, positive, negative):
    """Sums of the positive and negative weights at or above each distinct score, the greatest first."""
    order = score.argsort(descending=True)
    score = score[order]
    last = weft.ones(score.shape, dtype=weft.bool, device=score.device)
    last[:-1] = score[1:] != score[:-1]
    return positive[order].cumsum(0)[last], negative[order].cumsum(0)[last]


def _roc_area(above, below):
    """The area under the ROC curve from cumulated weights, by trapezoids; NaN where a class is missing."""
    if not len(above) or not bool(above[-1]) or not bool(below[-1]):
        return weft.full((), float("nan"), dtype=weft.float64, device=above.device)
    heights = above + weft.cat([above.new_zeros(1), above[:-1]])
    widths = below - weft.cat([below.new_zeros(1), below[:-1]])
    return (heights * widths).sum() / (2 * above[-1] * below[-1])


def _average_precision(above, below):
    """The sum of precisions, each times the recall that its threshold adds; 0 without positives."""
    if not len(above) or not bool(above[-1]):
        return weft.zeros((), dtype=weft.float64, device=above.device)
    total = above + below
    precision = above / weft.where(total == 0, 1.0, total)
    steps = above - weft.cat([above.new_zeros(1), above[:-1]])
    return (steps * precision).sum() / above[-1]


class _Ranking(TaskMetric):
    """Keeps all scores; or, with bins, how many of each class fall into each of so many intervals of 0 to 1."""

    average: str
    bins: int | None

    higher_is_better: bool | None = True

    def __init__(
        self,
        task: str | None = None,
        *,
        num_classes: int | None = None,
        average: str | None = "macro",
        ignore_index: int | None = None,
        bins: int | None = None,
    ) -> None:
        where = type(self).__name__
        self._set_up(task, num_classes, 0.5, ignore_index)
        del self.threshold
        check_option(where, "average", average, ("micro", "macro", "weighted", "none", None))
        self.average, self.bins = average or "none", bins
        if bins is None:
            for name in ("scores", "targets", "weights"):
                self.add_state(name, [], "cat")
        else:
            check_integers(where, bins=bins)
            if bins < 2:
                raise ValueError(f"{where}: bins must be at least 2, got {bins}")
            self.add_state("positive", weft.zeros(0, bins, dtype=weft.int64), "grow")
            self.add_state("negative", weft.zeros(0, bins, dtype=weft.int64), "grow")

    def update(self, input: Tensor, target: Tensor, sample_weight: Tensor | None = None) -> None:
        where = f"{self.name}.update"
        check_instances(weft.Tensor, where, input=input, target=target)
        if not input.is_floating_point():
            raise TypeError(f"{where}: input must be scores of a floating dtype, got {input.dtype}")
        task = self._task
        if input.ndim == target.ndim and task is None:
            task = "binary"
        batch = read(
            where,
            input,
            target,
            task=task,
            num_classes=self.num_classes,
            ignore_index=self.ignore_index,
            sample_weight=sample_weight,
            validate=self.validate,
        )
        scores, truth, keep = batch.input, batch.target, batch.keep
        if batch.task == "binary":
            scores, truth, keep = scores[:, None], truth[:, None], keep[:, None]
        seen = self._columns()
        if seen not in (None, scores.shape[1]):
            raise ValueError(f"{where}: expected {seen} columns of scores as in earlier batches, got {scores.shape[1]}")
        if self.bins is None:
            self._keep(scores, truth, keep)
        else:
            self._tally(where, batch.task, scores, truth, keep)
        self._task = batch.task

    def _columns(self):
        if self.bins is None:
            return self.scores[0].shape[1] if self.scores else None
        return len(self.positive) or None

    def _keep(self, scores, truth, keep):
        self.scores.append(scores.to(weft.float64, copy=True))
        self.targets.append(truth.clone())
        self.weights.append(keep.to(weft.float64))

    def _tally(self, where, task, scores, truth, keep):
        if self.validate and bool(((scores < 0) | (scores > 1)).any()):
            raise ValueError(f"{where}: with bins scores must be between 0 and 1; sigmoid or softmax makes them so")
        columns, bins = scores.shape[1], int(self.bins)
        if task == "multiclass":
            truth = (truth[:, None] == weft.arange(columns, device=truth.device)).to(weft.int64)
            keep = keep[:, None].expand(truth.shape)
        place = (scores.to(weft.float64) * bins).floor().to(weft.int64).clamp(0, bins - 1)
        place = place + bins * weft.arange(columns, device=place.device)
        for name, amounts in (("positive", truth * keep), ("negative", (1 - truth) * keep)):
            counts = tally(place.flatten(), amounts.flatten(), bins * columns).reshape(columns, bins)
            setattr(self, name, grown_sum(getattr(self, name), counts))

    def _curves(self):
        """For each column the cumulated weights of positives and negatives, and the weight of positives of each."""
        if self.bins is not None:
            positive, negative = self.positive.to(weft.float64), self.negative.to(weft.float64)
            if self.average == "micro":
                positive, negative = positive.sum(0, keepdim=True), negative.sum(0, keepdim=True)
            return [(p.flip(0).cumsum(0), n.flip(0).cumsum(0)) for p, n in zip(positive, negative)]
        scores, truth, weights = weft.cat(self.scores), weft.cat(self.targets), weft.cat(self.weights)
        if self._task == "multiclass":
            truth = (truth[:, None] == weft.arange(scores.shape[1], device=truth.device)).to(weft.int64)
            weights = weights[:, None].expand(truth.shape)
        if self.average == "micro":
            scores, truth, weights = (x.reshape(-1, 1) for x in (scores, truth, weights))
        columns = []
        for score, true, weight in zip(scores.unbind(1), truth.unbind(1), weights.unbind(1)):
            counts = weight != 0
            score, true, weight = score[counts], true[counts], weight[counts]
            columns.append(_cumulated(score, true * weight, (1 - true) * weight))
        return columns

    def _combine(self, areas, curves):
        if self._task == "binary" or self.average == "micro":
            return areas[0]
        if self.average == "none":
            return areas
        support = weft.stack([a[-1] if len(a) else a.sum() for a, _ in curves])
        if self.average == "weighted":
            return nan_average(areas, support) if bool(support.sum()) else areas.sum() * 0
        return areas.mean()


class ROCAUC(_Ranking):
    """The area under the ROC curve; as scikit-learn's roc_auc_score, with its treatment of equal scores.

    Args:
        task: "binary": scores of class 1, of the shape of target. "multiclass": scores (N, classes, ...).
            "multilabel": scores (N, labels, ...). None: binary or multiclass, by the shape.
        num_classes: how many there are; None for as many as there are scores.
        average: "macro": the mean over classes or labels; "weighted": by how often each is true; "micro": all labels
            as one; "none": of each.
        multi_class: "ovr": each class against the rest; "ovo": each pair of classes.
        ignore_index: a class in target that does not count.
        bins: None keeps every score, and is exact. A number counts scores from 0 to 1 in so many intervals, in memory
            that does not grow; scores of one interval then count as equal.

    Shape:
        update(input, target, sample_weight): as of Accuracy. compute: (), or (classes,) for "none"; NaN and a warning
        where all targets are of one class.

    Raises:
        ValueError: as Accuracy, or options do not go together.

    >>> import weft
    >>> metric = weft.metrics.ROCAUC()
    >>> metric.update(weft.tensor([0.1, 0.4, 0.35, 0.8]), weft.tensor([0, 0, 1, 1]))
    >>> metric.compute()
    tensor(0.7500, dtype=weft.float64)
    """

    multi_class: str

    name: str = "roc_auc"

    def __init__(
        self,
        task: str | None = None,
        *,
        num_classes: int | None = None,
        average: str | None = "macro",
        multi_class: str = "ovr",
        ignore_index: int | None = None,
        bins: int | None = None,
    ) -> None:
        check_option("ROCAUC", "multi_class", multi_class, ("ovr", "ovo"))
        if multi_class == "ovo" and (average not in ("macro", "weighted") or bins is not None):
            raise ValueError(f"ROCAUC: 'ovo' takes average 'macro' or 'weighted' and no bins, got {average!r}, {bins}")
        self.multi_class = multi_class
        super().__init__(task, num_classes=num_classes, average=average, ignore_index=ignore_index, bins=bins)

    def compute(self) -> Tensor:
        if self.multi_class == "ovo" and self._task == "multiclass":
            return self._of_pairs()
        curves = self._curves()
        areas = weft.stack([_roc_area(*curve) for curve in curves])
        if bool(areas.isnan().any()):
            warn_undefined(f"{self.name} is undefined where all targets are of one class, and NaN")
        return self._combine(areas, curves)

    def _of_pairs(self):
        scores, truth, weights = weft.cat(self.scores), weft.cat(self.targets), weft.cat(self.weights)
        if bool(((weights != 0) & (weights != 1)).any()):
            raise ValueError(f"{self.name}.compute: 'ovo' takes no sample_weight")
        classes, areas, shares = scores.shape[1], [], []
        if classes < 2:
            warn_undefined(f"{self.name} is undefined with a single class, and NaN")
            return weft.full((), float("nan"), dtype=weft.float64, device=scores.device)
        for a in range(classes):
            for b in range(a + 1, classes):
                pair = ((truth == a) | (truth == b)) & (weights != 0)
                first = (truth[pair] == a).to(weft.float64)
                one = _roc_area(*_cumulated(scores[pair][:, a], first, 1 - first))
                other = _roc_area(*_cumulated(scores[pair][:, b], 1 - first, first))
                areas.append((one + other) / 2)
                shares.append(pair.sum())
        areas = weft.stack(areas)
        if bool(areas.isnan().any()):
            warn_undefined(f"{self.name} is undefined where a class has no samples, and NaN")
        if self.average == "macro":
            return areas.mean()
        shares = weft.stack(shares).to(weft.float64)
        return (areas * shares).sum() / shares.sum()


class AveragePrecision(_Ranking):
    """The mean of precisions over recalls, without interpolation; as scikit-learn's average_precision_score.

    Args:
        task, num_classes, average, ignore_index, bins: as of ROCAUC.

    Shape:
        update(input, target, sample_weight): as of Accuracy. compute: (), or (classes,) for "none"; 0 and a warning
        where no target is positive.

    Raises:
        ValueError: as ROCAUC.

    >>> import weft
    >>> metric = weft.metrics.AveragePrecision()
    >>> metric.update(weft.tensor([0.1, 0.4, 0.35, 0.8]), weft.tensor([0, 0, 1, 1]))
    >>> round(metric.compute().item(), 4)
    0.8333
    """

    def compute(self) -> Tensor:
        curves = self._curves()
        if not all(len(above) and bool(above[-1]) for above, _ in curves):
            warn_undefined(f"{self.name} is undefined where no target is positive, and 0")
        return self._combine(weft.stack([_average_precision(*curve) for curve in curves]), curves)
