"""What is checked before training: the loader, and the first batch with the model's output for it."""

from __future__ import annotations

import contextlib

import weft
from weft.training import _names as names

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def samples(batch: Any) -> int:
    """How many samples a batch has: the first size of its first tensor; 1 where there is none."""
    if type(batch) in (tuple, list) and batch and type(batch[0]) is weft.Tensor:
        batch = batch[0]  # most are
    while not isinstance(batch, weft.Tensor):
        if isinstance(batch, dict):
            batch = next(iter(batch.values()), None)
        elif isinstance(batch, (tuple, list)) and batch:
            batch = batch[0]
        elif hasattr(batch, "shape") and batch.shape:
            return int(batch.shape[0])
        else:
            return 1
    return len(batch) if batch.dim() else 1


def length(loader):
    """How many batches a loader has; None if it does not say."""
    try:
        return len(loader)
    except (TypeError, NotImplementedError):
        return None


def check_loader(function, name, loader):
    """It can be iterated over and is not empty."""
    if not hasattr(loader, "__iter__") and not hasattr(loader, "__getitem__"):
        raise TypeError(f"{function}: {name} must be a DataLoader or an iterable, got {type(loader).__name__}")
    if length(loader) == 0:
        raise ValueError(f"{function}: {name} has no batches{_why_empty(loader)}")


def _why_empty(loader):
    dataset, size = getattr(loader, "dataset", None), getattr(loader, "batch_size", None)
    count = length(dataset) if dataset is not None else None
    if count == 0:
        return ": its dataset is empty"
    if count and size and getattr(loader, "drop_last", False):
        return f": batch_size {size} is larger than the dataset ({count} samples), and drop_last leaves that batch out"
    return ""


def check_output(function, loss, output, target):
    """The output fits the target and the loss."""
    if not isinstance(output, weft.Tensor) or not isinstance(target, weft.Tensor):
        return
    if output.dim() and target.dim() and output.shape[0] != target.shape[0] and not _free(loss):
        raise ValueError(
            f"{function}: the model gave {output.shape[0]} outputs (shape {tuple(output.shape)}) for {target.shape[0]} "
            f"targets (shape {tuple(target.shape)})"
        )
    if names.needs_same_shape(loss) and output.shape != target.shape:
        raise ValueError(
            f"{function}: the loss compares number by number, but the output has shape {tuple(output.shape)} and the "
            f"target {tuple(target.shape)}; reshape one of them, for example target.unsqueeze(1)"
        )
    if names.takes_labels(loss) and target.dtype in (weft.int64, weft.uint8, weft.int32, weft.int16, weft.int8):
        _check_labels(function, target, output.shape[1 if output.dim() > 1 else 0], getattr(loss, "ignore_index", -100))
    elif loss is names.sparse_categorical_crossentropy:
        _check_labels(function, target, output.shape[-1], None)
    if names.takes_probabilities(loss):
        low, high = output.min().item(), output.max().item()
        if low < 0 or high > 1 + 1e-4:
            raise ValueError(
                f"{function}: this loss takes probabilities, but outputs go from {low:.4g} to {high:.4g}; end the "
                "model with a softmax or sigmoid, or take a loss of logits: 'cross_entropy', "
                "'binary_cross_entropy_with_logits'"
            )


def _free(loss):
    """May output and target differ in their first size? A loss of the user's own may do anything."""
    return not (names.needs_same_shape(loss) or names.takes_labels(loss) or names.takes_probabilities(loss))


def _check_labels(function, target, classes, ignored):
    kept = target if ignored is None else target[target != ignored]
    if not kept.numel():
        return
    low, high = kept.min().item(), kept.max().item()
    if low != low or high != high:
        raise ValueError(f"{function}: a label of the first batch is nan")
    low, high = int(low), int(high)
    if low < 0 or high >= classes:
        raise ValueError(
            f"{function}: labels of the first batch go from {low} to {high}, but the model has {classes} outputs, so "
            f"that they must be in [0, {classes - 1}]"
        )


NOTHING = contextlib.nullcontext()


def check_batch(function: str, batch: Any) -> None:
    """It is a tuple of inputs and a target with equally many samples."""
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        kind = f"{type(batch).__name__} of {len(batch)}" if isinstance(batch, (tuple, list)) else type(batch).__name__
        raise TypeError(
            f"{function}: a batch must be a tuple of the model's inputs and the target, got a {kind}; for other "
            "batches give compute, a function (model, batch) -> loss"
        )
    sizes = [part.shape[0] for part in batch if isinstance(part, weft.Tensor) and part.dim()]
    if 0 in sizes:
        raise ValueError(f"{function}: the first batch is empty: sizes {sizes}")


@contextlib.contextmanager
def trial(model: Any) -> Iterator[None]:
    """Within it the model can be called without leaving a trace: no gradients, buffers and random numbers put back."""
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    random = weft.get_rng_state()
    try:
        with weft.no_grad():
            yield
    finally:
        weft.set_rng_state(random)
        with weft.no_grad():
            for buffer, value in buffers:
                buffer.detach().copy_(value)
