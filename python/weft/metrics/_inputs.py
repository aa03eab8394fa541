"""What the metrics of classes take: scores or classes, brought to one form and checked."""

from __future__ import annotations

from dataclasses import dataclass

import weft
from weft._checks import check_instances

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor

TASKS = ("binary", "multiclass", "multilabel")


@dataclass
class Labelled:
    """A batch: input and target of shape (M,), or (M, labels) for "multilabel", scores with "multiclass" (M, classes).

    keep, of the shape of target, is 1 where elements count (int64), or their weight (float64); counts, bool, says which
    do, whatever they weigh; None for all.
    """

    task: str
    classes: int
    input: Tensor
    target: Tensor
    keep: Tensor
    counts: Tensor | None


def check_option(where: str, name: str, value: object, options: Sequence[object]) -> None:
    if value not in options:
        listed = ", ".join(repr(each) for each in options)
        raise ValueError(f"{where}: {name} must be one of {listed}, got {value!r}")


def check_task(where: str, task: str | None, num_classes: int | None) -> None:
    """The task is known, and the number of classes fits it."""
    check_option(where, "task", task, (None, *TASKS))
    if num_classes is not None:
        if not isinstance(num_classes, int) or isinstance(num_classes, bool):
            raise TypeError(f"{where}: expected an int as num_classes, got {type(num_classes).__name__}")
        if num_classes < 1:
            raise ValueError(f"{where}: num_classes must be positive, got {num_classes}")
        if task == "binary" and num_classes != 2:
            raise ValueError(f"{where}: a binary task has 2 classes, got num_classes={num_classes}")


def _infer(where, input, target):
    if input.ndim == target.ndim + 1:
        return "multiclass"
    if input.ndim != target.ndim:
        raise ValueError(
            f"{where}: expected input of the shape of target, or with a dimension of classes behind the first, got "
            f"{tuple(input.shape)} and {tuple(target.shape)}"
        )
    return "binary" if input.is_floating_point() or input.dtype == weft.bool else "multiclass"


def _check_shapes(where, task, input, target, scores):
    wanted = list(target.shape)
    if scores and input.ndim == target.ndim + 1:
        wanted.insert(1, input.shape[1] if input.ndim > 1 else 0)
    if list(input.shape) != wanted or not target.ndim:
        raise ValueError(
            f"{where}: the shapes of input and target do not fit for a {task} task: {tuple(input.shape)} and "
            f"{tuple(target.shape)}"
        )
    if scores and input.ndim == target.ndim:
        raise ValueError(f"{where}: a multiclass task takes scores (N, classes, ...), got {tuple(input.shape)}")
    if input.ndim > 1 and not input.shape[1] and task != "binary":
        raise ValueError(f"{where}: input of shape {tuple(input.shape)} has no classes")
    if task == "multilabel" and target.ndim < 2:
        raise ValueError(f"{where}: a multilabel task takes (N, labels), got {tuple(target.shape)}")


def _keep(where, task, target, ignore_index, weight):
    """Which elements count, how much."""
    keep = None
    if ignore_index is not None:
        keep = (target != ignore_index).to(weft.int64)
    if weight is not None:
        check_instances(weft.Tensor, where, sample_weight=weight)
        if weight.shape != target.shape[: weight.ndim] or not weight.ndim:
            raise ValueError(
                f"{where}: sample_weight must have the shape of target {tuple(target.shape)} or its first dimensions, "
                f"got {tuple(weight.shape)}"
            )
        weight = weight.to(target.device, weft.float64)
        weight = weight.reshape(weight.shape + (1,) * (target.ndim - weight.ndim)).expand(target.shape)
        keep = weight if keep is None else weight * keep
    return weft.ones(target.shape, dtype=weft.int64, device=target.device) if keep is None else keep


def check_range(where: str, name: str, classes: Tensor, count: int) -> None:
    """Classes are from 0 to count - 1."""
    wrong = (classes < 0) | (classes >= count)
    if classes.numel() and bool(wrong.any()):
        value = classes[wrong].flatten()[0].item()
        remedy = "; ignore_index leaves a class out" if name == "target" else ""
        raise ValueError(f"{where}: {name} has the class {value}, expected 0 to {count - 1}{remedy}")


def check_no_nan(where: str, scores: Tensor) -> None:
    if scores.is_floating_point() and bool(scores.isnan().any()):
        raise ValueError(f"{where}: input has NaN scores")


def _rows(x, task):
    """(N, L, ...) as (N * ..., L) for several labels, anything else as one dimension."""
    if task != "multilabel":
        return x.reshape(-1)
    return x.movedim(1, -1).reshape(-1, x.shape[1])


def read(
    where: str,
    input: Tensor,
    target: Tensor,
    *,
    task: str | None = None,
    num_classes: int | None = None,
    ignore_index: int | None = None,
    sample_weight: Tensor | None = None,
    validate: bool = True,
) -> Labelled:
    """Bring a batch to one form, scores as they are; raises before anything changes."""
    check_instances(weft.Tensor, where, input=input, target=target)
    for name, tensor in (("input", input), ("target", target)):
        if tensor.is_complex() or (name == "target" and tensor.is_floating_point()):
            wanted = "classes of an integer dtype or bool" if name == "target" else "real numbers"
            raise TypeError(f"{where}: {name} must be {wanted}, got {tensor.dtype}")
    input, target = input.detach(), target.detach().to(input.device)
    task = task or _infer(where, input, target)
    scores = input.is_floating_point()
    if task == "binary" and scores and input.ndim == target.ndim + 1 and input.shape[1:2] == (1,):
        input = input.squeeze(1)
    _check_shapes(where, task, input, target, scores and task == "multiclass")
    if scores and validate:
        check_no_nan(where, input)
    keep = _keep(where, task, target, ignore_index, sample_weight)
    counts, target = None, target.to(weft.int64)
    if ignore_index is not None:
        counts = _rows(target != ignore_index, task)
        target = weft.where(target == ignore_index, 0, target)
    if task == "multiclass" and input.ndim == target.ndim + 1:
        known, input = input.shape[1], _rows(input, "multilabel")
    else:
        known, input = (target.shape[1] if task == "multilabel" else None), _rows(input, task)
    target, keep = _rows(target, task), _rows(keep, task)
    if task == "binary":
        classes = 2
    elif known is not None:
        classes = known
        if num_classes not in (None, known):
            raise ValueError(f"{where}: input has {known} classes, and num_classes is {num_classes}")
    else:
        classes = num_classes or _count(input, target)
    if not scores:
        input = input.to(weft.int64) if counts is None else weft.where(counts, input.to(weft.int64), 0)
    if validate:
        check_range(where, "target", target, 2 if task != "multiclass" else classes)
        if not scores:
            check_range(where, "input", input, 2 if task != "multiclass" else classes)
    return Labelled(task, classes, input, target, keep, counts)


def _count(input, target):
    return int(weft.maximum(input.max(), target.max())) + 1 if input.numel() else 1


def decided(batch: Labelled, threshold: float) -> Tensor:
    """The classes of the input: int64, of the shape of target."""
    if not batch.input.is_floating_point():
        return batch.input.to(weft.int64)
    if batch.task == "multiclass":
        return batch.input.argmax(1)
    return (batch.input > threshold).to(weft.int64)
