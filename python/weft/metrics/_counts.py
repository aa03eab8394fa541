"""Metrics of counts: what the classes of predictions and of targets have in common."""

from __future__ import annotations

import weft
from weft._checks import check_instances, check_numbers
from weft.metrics._base import Metric, grown_sum, warn_undefined
from weft.metrics._inputs import TASKS, check_option, check_task, decided, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from weft import Tensor

AVERAGES = ("auto", "binary", "micro", "macro", "weighted", "none", None)


def check_zero_division(where: str, value: object) -> None:
    if value not in ("warn", 0, 1) and value == value:
        raise ValueError(f"{where}: zero_division must be 'warn', 0, 1 or nan, got {value!r}")


def divide(name: str, above: Tensor, below: Tensor, zero_division: Any) -> Tensor:
    """The quotient in float64, and zero_division where the divisor is 0."""
    above, below = above.to(weft.float64), below.to(weft.float64)
    empty = below == 0
    if zero_division == "warn":
        if bool(empty.any()):
            warn_undefined(f"{name} is undefined where nothing counts, and 0 there; zero_division= gives another value")
        zero_division = 0
    return weft.where(empty, float(zero_division), above / weft.where(empty, 1.0, below))


def nan_average(values: Tensor, weights: Tensor | None = None) -> Tensor:
    """The mean of what is not NaN; with equal weights where all of them are 0."""
    known = ~values.isnan()
    weights = known.to(weft.float64) if weights is None else known * weights.to(weft.float64)
    total = weights.sum()
    weights = weft.where(total == 0, known.to(weft.float64), weights)
    return (weft.where(known, values, 0.0) * weights).sum() / weights.sum()


def tally(classes: Tensor, amounts: Tensor, size: int) -> Tensor:
    """The sum of the amounts of each class."""
    return weft.zeros(size, dtype=amounts.dtype, device=amounts.device).scatter_add(0, classes, amounts)


class TaskMetric(Metric):
    """A metric of classes, which learns its task from the first batch where none is given."""

    task: str | None
    num_classes: int | None
    threshold: float
    ignore_index: int | None
    _task: str | None

    def _set_up(self, task, num_classes, threshold, ignore_index):
        where = type(self).__name__
        check_task(where, task, num_classes)
        check_numbers(where, threshold=threshold)
        if ignore_index is not None:
            check_instances(int, where, ignore_index=ignore_index)
        self.task, self.num_classes = task, num_classes
        self.threshold, self.ignore_index = threshold, ignore_index
        self._task = task

    def _read(self, input, target, sample_weight):
        batch = read(
            f"{self.name}.update",
            input,
            target,
            task=self._task,
            num_classes=self.num_classes,
            ignore_index=self.ignore_index,
            sample_weight=sample_weight,
            validate=self.validate,
        )
        return batch

    def reset(self) -> None:
        super().reset()
        self._task = self.task

    def _merge_states(self, other):
        if self._task and other._task and self._task != other._task:
            raise ValueError(f"{self.name}.merge: the task is {self._task!r} here and {other._task!r} there")
        super()._merge_states(other)
        self._task = self._task or other._task

    def state_dict(self) -> dict[str, Tensor]:
        return {**super().state_dict(), "task": weft.tensor(TASKS.index(self._task) if self._task else -1)}

    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> None:
        rest = dict(state_dict)
        task = rest.pop("task", None)
        if not isinstance(task, weft.Tensor) or not -1 <= int(task) < len(TASKS):
            raise ValueError(f"{self.name}.load_state_dict: expected a tensor of -1 to 2 under 'task', got {task!r}")
        task = TASKS[int(task)] if int(task) >= 0 else None
        if self.task not in (None, task) and task is not None:
            raise ValueError(f"{self.name}.load_state_dict: the state is of a {task} task, the metric {self.task}")
        super().load_state_dict(rest)
        self._task = task or self.task


class CountMetric(TaskMetric):
    """What accuracy, precision and their like share: of each class, how often it is right, predicted and true.

    correct, predicted, actual: (classes,) or (labels,); occurs: how many elements are, or are predicted as, a class,
    whatever they weigh; seen: the number of elements, (1,) or (labels,); samples, and exact, the wholly right ones.
    """

    average: str
    zero_division: Any
    correct: Tensor
    predicted: Tensor
    actual: Tensor
    occurs: Tensor
    seen: Tensor
    samples: Tensor
    exact: Tensor

    higher_is_better: bool | None = True

    def __init__(
        self,
        task: str | None = None,
        *,
        num_classes: int | None = None,
        average: str | None = "auto",
        threshold: float = 0.5,
        ignore_index: int | None = None,
        zero_division: Any = "warn",
    ) -> None:
        self._set_up(task, num_classes, threshold, ignore_index)
        where = type(self).__name__
        check_option(where, "average", average, AVERAGES)
        check_zero_division(where, zero_division)
        if average == "binary" and task not in (None, "binary"):
            raise ValueError(f"{where}: average='binary' is for a binary task, got task={task!r}")
        self.average, self.zero_division = average or "none", zero_division
        size = 2 if task == "binary" else num_classes or 0
        for name in ("correct", "predicted", "actual", "occurs"):
            self.add_state(name, weft.zeros(size, dtype=weft.int64), "grow")
        self.add_state("seen", weft.zeros(0, dtype=weft.int64), "grow")
        for name in ("samples", "exact"):
            self.add_state(name, weft.zeros((), dtype=weft.int64))

    def update(self, input: Tensor, target: Tensor, sample_weight: Tensor | None = None) -> None:
        batch = self._read(input, target, sample_weight)
        chosen, truth, keep = decided(batch, self.threshold), batch.target, batch.keep
        if self.average == "binary" and batch.task != "binary":
            raise ValueError(f"{self.name}.update: average='binary' is for a binary task, got a {batch.task} batch")
        right = (chosen == truth) * keep
        if batch.task == "multilabel":
            if len(self.correct) not in (0, batch.classes):
                wanted, got = len(self.correct), batch.classes
                raise ValueError(f"{self.name}.update: expected {wanted} labels as in earlier batches, got {got}")
            added = [(chosen * truth * keep).sum(0), (chosen * keep).sum(0), (truth * keep).sum(0)]
            # A sample weighs what its elements do; those that are ignored weigh nothing.
            weight = keep.amax(1) if keep.shape[1] else keep.sum(1)
            exact = ((chosen == truth) | (keep == 0)).all(1) * weight
            occurs, seen = weft.ones_like(truth).sum(0), keep.sum(0)
        else:
            size = batch.classes
            added = [tally(truth, right, size), tally(chosen, keep, size), tally(truth, keep, size)]
            weight, exact, seen = keep, right, keep.sum().reshape(1)
            counts = weft.ones_like(truth) if batch.counts is None else batch.counts.to(weft.int64)
            occurs = tally(truth, counts, size) + tally(chosen, counts, size)
        for name, more in zip(("correct", "predicted", "actual", "occurs", "seen"), (*added, occurs, seen)):
            setattr(self, name, grown_sum(getattr(self, name), more))
        self.samples, self.exact = self.samples + weight.sum(), self.exact + exact.sum()
        self._task = batch.task

    def _average(self):
        average = self.average
        if average == "auto":
            average = "binary" if self._task == "binary" else "macro"
        return average

    def _ratio(self, above, below, keep_nan=False):
        """The quotients of counts, averaged over the classes that occur, as scikit-learn does."""
        average = self._average()
        if average == "micro":
            above, below = above.sum(), below.sum()
        elif average == "binary":
            above, below = above[1], below[1]
        elif average != "none" and self._task != "multilabel":
            occurs = self.occurs != 0
            above, below = above[occurs], below[occurs]
        ratio = divide(self.name, above, below, self.zero_division)
        if average not in ("macro", "weighted"):
            return ratio
        weights = None
        if average == "weighted":
            weights = self.actual if self._task == "multilabel" else self.actual[occurs]
        if keep_nan:
            weights = weft.ones_like(ratio) if weights is None or not bool(weights.any()) else weights.to(weft.float64)
            return (ratio * weights).sum() / weights.sum()
        return nan_average(ratio, weights)
