"""How well probabilities say how often a classifier is right."""

from __future__ import annotations

import weft
from weft._checks import check_integers
from weft.metrics._base import warn_undefined
from weft.metrics._counts import TaskMetric, tally
from weft.metrics._inputs import check_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


class CalibrationError(TaskMetric):
    """The difference of confidence and accuracy in bins of confidence (Guo et al., 2017).

    Confidence is the greatest probability, and the accuracy that of its class; in a binary task the probability of
    class 1, and how often targets are 1.

    Args:
        bins: so many of one width from 0 to 1, each with its upper end.
        norm: "l1": the mean over samples (ECE); "l2": the root of the mean square; "max": the greatest (MCE).
        task, num_classes, ignore_index: as of Accuracy, binary or multiclass.

    Shape:
        update(input, target, sample_weight): probabilities, as of Accuracy. compute: ().

    Raises:
        ValueError: a number is no probability; or as Accuracy.

    >>> import weft
    >>> metric = weft.metrics.CalibrationError()
    >>> metric.update(weft.tensor([[0.75, 0.25], [0.25, 0.75]]), weft.tensor([0, 1]))
    >>> metric.compute()
    tensor(0.2500, dtype=weft.float64)
    """

    bins: int
    norm: str
    weight: Tensor
    confidence: Tensor
    right: Tensor

    higher_is_better: bool | None = False

    def __init__(
        self,
        bins: int = 15,
        norm: str = "l1",
        *,
        task: str | None = None,
        num_classes: int | None = None,
        ignore_index: int | None = None,
    ) -> None:
        check_integers("CalibrationError", bins=bins)
        check_option("CalibrationError", "norm", norm, ("l1", "l2", "max"))
        check_option("CalibrationError", "task", task, (None, "binary", "multiclass"))
        if bins < 1:
            raise ValueError(f"CalibrationError: bins must be positive, got {bins}")
        self._set_up(task, num_classes, 0.5, ignore_index)
        self.bins, self.norm = int(bins), norm
        for name in ("weight", "confidence", "right"):
            self.add_state(name, weft.zeros(self.bins, dtype=weft.float64))

    def update(self, input: Tensor, target: Tensor, sample_weight: Tensor | None = None) -> None:
        where = f"{self.name}.update"
        batch = self._read(input, target, sample_weight)
        if not batch.input.is_floating_point():
            raise TypeError(f"{where}: input must be probabilities of a floating dtype, got {input.dtype}")
        if self.validate and bool(((batch.input < 0) | (batch.input > 1)).any()):
            raise ValueError(f"{where}: probabilities must be between 0 and 1; softmax or sigmoid makes them so")
        confidence, right = batch.input, batch.target
        if batch.task == "multiclass":
            confidence, best = confidence.max(1)
            right = (best == batch.target).to(weft.int64)
        confidence, keep = confidence.to(weft.float64), batch.keep.to(weft.float64)
        edges = weft.linspace(0, 1, self.bins + 1, dtype=weft.float64, device=keep.device)[1:-1]
        place = weft.searchsorted(edges, confidence) if self.bins > 1 else weft.zeros_like(right)
        for name, amount in (("weight", keep), ("confidence", confidence * keep), ("right", right * keep)):
            setattr(self, name, getattr(self, name) + tally(place, amount, self.bins))
        self._task = batch.task

    def compute(self) -> Tensor:
        total = self.weight.sum()
        if not bool(total):
            warn_undefined(f"{self.name} is undefined without samples, and NaN")
        filled = weft.where(self.weight == 0, 1.0, self.weight)
        gaps = (self.confidence - self.right).abs() / filled
        if self.norm == "max":
            return gaps.max() + 0 / total
        if self.norm == "l2":
            return (gaps.square() * self.weight / total).sum().sqrt()
        return (gaps * self.weight / total).sum()
