"""The figures of an epoch: the loss's mean over samples, and metrics."""

from __future__ import annotations

import contextlib
import copy
import math

import weft

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any


class Losses:
    """The mean of the losses of batches, weighted by their samples. On a GPU they are read many at a time."""

    def __init__(self):
        self.total, self.samples, self.batches = 0.0, 0, 0
        self.unread: list[tuple[Any, int]] = []
        self.last = math.nan

    def add(self, loss, size):
        if type(loss) is not float:
            self.unread.append((loss, size))
            return
        self.last = loss
        self.total += loss * size
        self.samples += size
        self.batches += 1

    def read(self):
        """Reads what was added. (Loss, how many batches ago) of the first that is nan or infinite, or None."""
        if not self.unread:
            return None
        unread, self.unread = self.unread, []
        bad = None
        for i, (loss, size) in enumerate(unread):
            value = loss.item() if loss.dim() == 0 else loss.mean().item()
            self.add(value, size)
            if bad is None and not math.isfinite(value):
                bad = value, len(unread) - i
        return bad

    def mean(self):
        self.read()
        return self.total / self.samples if self.samples else math.nan

    def state_dict(self):
        return {"total": self.total, "samples": self.samples, "batches": self.batches}

    def load_state_dict(self, state):
        self.total, self.samples, self.batches = float(state["total"]), int(state["samples"]), int(state["batches"])


class FunctionMetric:
    """A function (output, target) -> number as a metric: its mean over samples."""

    def __init__(self, function, name):
        self.function, self.name = function, name
        self.reset()

    def update(self, output, target):
        value = self.function(output, target)
        size = target.shape[0] if isinstance(target, weft.Tensor) and target.dim() else 1
        self.total += float(value.mean() if isinstance(value, weft.Tensor) else value) * size
        self.samples += size

    def compute(self):
        return self.total / self.samples if self.samples else math.nan

    def reset(self):
        self.total, self.samples = 0.0, 0

    def merge(self, other):
        self.total += other.total
        self.samples += other.samples

    def state_dict(self):
        return {"total": self.total, "samples": self.samples}

    def load_state_dict(self, state):
        self.total, self.samples = float(state["total"]), int(state["samples"])


def make_metrics(metrics: Any) -> dict[str, Any]:
    """{name: metric} of names, metrics and functions, in a list or a dict."""
    if isinstance(metrics, (str, bytes)) or not hasattr(metrics, "__iter__"):
        metrics = [metrics]
    pairs = metrics.items() if isinstance(metrics, dict) else [(None, metric) for metric in metrics]
    found: dict[str, Any] = {}
    for given, metric in pairs:
        name, made = _make_metric(metric)
        name = given or name
        if any(made is other for other in found.values()):
            raise ValueError(f"Trainer: one metric object has two names, of which the second is {name!r}; make another")
        if name in found or name == "loss":
            raise ValueError(f"Trainer: two figures are called {name!r}; give metrics as a dict of other names")
        found[name] = made
    return found


def _make_metric(metric):
    if isinstance(metric, str):
        from weft import metrics

        made = metrics.get(metric)
        return metric, made
    if all(hasattr(metric, part) for part in ("update", "compute", "reset")):
        if isinstance(metric, type):
            metric = metric()
        if hasattr(metric, "prefix"):  # a MetricCollection, whose figures have names of their own
            return "", metric
        return getattr(metric, "name", None) or type(metric).__name__.lower(), metric
    if callable(metric):
        name = getattr(metric, "__name__", type(metric).__name__)
        return name, FunctionMetric(metric, name)
    raise TypeError(
        f"Trainer: a metric is a name, a weft.metrics object or a function of output and target, got "
        f"{type(metric).__name__}"
    )


def values_of(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """{name: number} of metrics. What comes to several numbers by name gives each of these."""
    found: dict[str, Any] = {}
    for name, metric in metrics.items():
        value = metric.compute()
        if isinstance(value, dict):
            found |= {f"{name}_{part}" if name else part: _number(number) for part, number in value.items()}
        else:
            found[name] = _number(value)
    return found


def _number(value):
    if isinstance(value, weft.Tensor):
        return value.item() if value.numel() == 1 else value.tolist()
    return value


def numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    """The figures that are one number, which loggers and checkpoints take."""
    return {name: value for name, value in logs.items() if isinstance(value, (int, float))}


def fresh(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Copies of metrics without what they have seen."""
    copies = {name: copy.deepcopy(metric) for name, metric in metrics.items()}
    for metric in copies.values():
        metric.reset()
    return copies


@contextlib.contextmanager
def kept_modes(*models: Any) -> Iterator[None]:
    """Layers are in training or evaluation mode afterwards as they were before."""
    modes: Sequence[tuple[Any, bool]] = [(layer, layer.training) for model in models for layer in model.modules()]
    try:
        yield
    finally:
        for layer, training in modes:
            layer.training = training
