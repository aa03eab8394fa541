"""The class that metrics are made of, and collections of them."""

from __future__ import annotations

import copy
import functools
import re
import warnings

import weft
from weft._checks import check_instances, check_mapping, check_text
from weft._keywords import NamesKeywords

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, TypeVar

    from weft import Tensor

    _Self = TypeVar("_Self", bound="Metric")


class UndefinedMetricWarning(UserWarning):
    """A figure has no defined value for the data seen; the message says which value stands instead.

    >>> import warnings, weft
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     _ = weft.metrics.functional.precision(weft.tensor([0, 0]), weft.tensor([0, 1]), task="binary")
    >>> caught[0].category.__name__
    'UndefinedMetricWarning'
    """


def warn_undefined(text: str) -> None:
    warnings.warn(text, UndefinedMetricWarning, stacklevel=4)


def _snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _counted(update):
    """An update without gradients, whose states follow its first tensor to its device, and that counts itself."""

    @functools.wraps(update)
    def call(self, *args, **kwargs):
        tensor = next((a for a in (*args, *kwargs.values()) if isinstance(a, weft.Tensor)), None)
        if tensor is not None and tensor.device != self.device:
            self.to(tensor.device)
        with weft.no_grad():
            update(self, *args, **kwargs)
        self._updates += 1

    call._counted = True  # type: ignore[attr-defined]
    return call


def _of_batch(metric, args, kwargs):
    """Updates the metric or collection; the figures of these arguments alone."""
    batch = copy.deepcopy(metric)
    batch.reset()
    batch.update(*args, **kwargs)
    figures = batch.compute()
    metric.update(*args, **kwargs)
    return figures


class Metric(NamesKeywords):
    """A figure of a whole data set, from its batches: update with each, compute at the end.

    A metric of your own adds states in ``__init__`` and defines ``update`` and ``compute``; reset, merge, to,
    state_dict and load_state_dict then work. States are tensors without gradients; they follow the batches' device.
    ``merge`` of metrics that saw parts of the data gives the metric of the whole: integer counts exactly, sums of
    float64 up to rounding. Check arguments before states change, so that a refused batch leaves the metric as it was.

    Attributes:
        name: under which figures are logged; from the name of the class.
        validate: whether update looks for NaN scores and classes out of range, for which the host waits for the
            device once. Set it to False where the data is known to be right.
        higher_is_better: whether the best value is the greatest; None where neither is.

    Raises:
        RuntimeError: compute before any update.
        ValueError: merge with a metric of other options.

    >>> import weft
    >>> class Largest(weft.metrics.Metric):
    ...     def __init__(self):
    ...         self.add_state("largest", weft.tensor(float("-inf")), "max")
    ...     def update(self, input, target=None):
    ...         self.largest = weft.maximum(self.largest, input.max())
    ...     def compute(self):
    ...         return self.largest
    >>> a, b = Largest(), Largest()
    >>> a.update(weft.tensor([1.0, 5.0]))
    >>> b.update(weft.tensor([7.0]))
    >>> a.merge(b).compute()
    tensor(7.)
    """

    name: str = "metric"
    validate: bool = True
    higher_is_better: bool | None = None

    _states: dict[str, tuple[Any, str]]
    _updates: int

    def __new__(cls: type[_Self], *args: Any, **kwargs: Any) -> _Self:
        self = super().__new__(cls, *args, **kwargs)
        self._states, self._updates = {}, 0
        return self

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in vars(cls):
            cls.name = _snake(cls.__name__)
        update, compute = vars(cls).get("update"), vars(cls).get("compute")
        if update is not None and not hasattr(update, "_counted"):
            cls.update = _counted(update)
        if compute is not None:
            cls.compute = _guarded(compute)

    def add_state(self, name: str, default: Tensor | list[Tensor], merge: str = "sum") -> None:
        """A tensor that update changes, an attribute of this name.

        Args:
            name: of the attribute.
            default: its value before any update. A list for tensors that update appends, with "cat".
            merge: how two become one: "sum", "min", "max", "cat", or "grow" for sums whose sizes may differ.

        Raises:
            ValueError: merge is another word, or the default is no list with "cat", or a list without.

        >>> import weft
        >>> metric = weft.metrics.Metric()
        >>> metric.add_state("seen", weft.tensor(0))
        >>> metric.seen
        tensor(0)
        """
        check_text("add_state", name=name, merge=merge)
        if merge not in _MERGES:
            raise ValueError(f"add_state: merge must be one of {sorted(_MERGES)}, got {merge!r}")
        if (merge == "cat") != isinstance(default, list) or not isinstance(default, (list, weft.Tensor)):
            raise ValueError(f"add_state: a state of merge={merge!r} begins as {_KINDS[merge == 'cat']}")
        self._states[name] = (list(default) if isinstance(default, list) else default.clone(), merge)
        setattr(self, name, list(default) if isinstance(default, list) else default.clone())

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def update(self, input: Any, target: Any) -> None:
        """Take a batch of predictions and of what is true.

        >>> import weft
        >>> metric = weft.metrics.Accuracy()
        >>> metric.update(weft.tensor([0, 1]), weft.tensor([0, 0]))
        >>> metric.compute()
        tensor(0.5000, dtype=weft.float64)
        """
        raise NotImplementedError(f"{type(self).__name__}.update is not defined")

    def compute(self) -> Any:
        """The figure of all that update has seen: float64 on the states' device, or a dict of such.

        >>> import weft
        >>> metric = weft.metrics.MeanAbsoluteError()
        >>> metric.update(weft.tensor([1.0, 2.0]), weft.tensor([1.0, 4.0]))
        >>> metric.compute()
        tensor(1., dtype=weft.float64)
        """
        raise NotImplementedError(f"{type(self).__name__}.compute is not defined")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Update, and give the figure of this batch alone, as torchmetrics does; it costs two updates.

        >>> import weft
        >>> metric = weft.metrics.Accuracy()
        >>> metric(weft.tensor([0, 1]), weft.tensor([0, 0]))
        tensor(0.5000, dtype=weft.float64)
        """
        return _of_batch(self, args, kwargs)

    def reset(self) -> None:
        """Forget every update.

        >>> import weft
        >>> metric = weft.metrics.Accuracy()
        >>> metric.update(weft.tensor([0]), weft.tensor([1]))
        >>> metric.reset()
        >>> metric.correct.sum()
        tensor(0)
        """
        for name, (default, _) in self._states.items():
            fresh = list(default) if isinstance(default, list) else default.clone().to(self.device)
            setattr(self, name, fresh)
        self._updates = 0

    @property
    def device(self) -> Any:
        """Where the states are.

        >>> import weft
        >>> weft.metrics.Accuracy().device
        device(type='cpu')
        """
        return getattr(self, "_device", weft.device("cpu"))

    def to(self: _Self, device: Any) -> _Self:
        """Move the states there. Gives the metric itself.

        >>> import weft
        >>> weft.metrics.Accuracy().to("cpu").device
        device(type='cpu')
        """
        device = weft.device(device)
        for name in self._states:
            value = getattr(self, name)
            setattr(self, name, [x.to(device) for x in value] if isinstance(value, list) else value.to(device))
        self._device = device
        return self

    def _options(self):
        """What must be equal in metrics that are merged."""
        hidden = {"name", "validate", *self._states}
        return {k: v for k, v in vars(self).items() if k not in hidden and not k.startswith("_")}

    def merge(self: _Self, other: Metric) -> _Self:
        """Take in what another metric of this kind and of these options has seen. Gives the metric itself.

        >>> import weft
        >>> a, b = weft.metrics.Accuracy(), weft.metrics.Accuracy()
        >>> a.update(weft.tensor([0]), weft.tensor([0]))
        >>> b.update(weft.tensor([1, 1, 1]), weft.tensor([1, 0, 0]))
        >>> a.merge(b).compute()
        tensor(0.5000, dtype=weft.float64)
        """
        if type(other) is not type(self):
            raise TypeError(f"merge: expected a metric of class {type(self).__name__}, got {type(other).__name__}")
        mine, theirs = self._options(), other._options()
        for key in mine.keys() | theirs.keys():
            if repr(mine.get(key)) != repr(theirs.get(key)):
                raise ValueError(f"{self.name}.merge: {key} is {mine.get(key)!r} here and {theirs.get(key)!r} there")
        if other._updates:
            if not self._updates:
                self.to(other.device)
            self._merge_states(other)
            self._updates += other._updates
        return self

    def _merge_states(self, other):
        merged = {}
        for name, (_, how) in self._states.items():
            value = getattr(other, name)
            value = [x.to(self.device) for x in value] if isinstance(value, list) else value.to(self.device)
            try:
                merged[name] = _MERGES[how](getattr(self, name), value)
            except RuntimeError as error:
                raise ValueError(f"{self.name}.merge: the states {name} differ in shape ({error})") from None
        vars(self).update(merged)

    def state_dict(self) -> dict[str, Tensor]:
        """The states, and how many updates they have seen; lists as one tensor.

        >>> import weft
        >>> sorted(weft.metrics.MeanSquaredError().state_dict())
        ['error', 'updates', 'weight']
        """
        state = {"updates": weft.tensor(self._updates)}
        for name in self._states:
            value = getattr(self, name)
            if isinstance(value, list):
                value = weft.cat(value) if value else weft.zeros(0)
            state[name] = value.detach().clone()
        return state

    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> None:
        """Go on from what state_dict has given. The options are not part of it.

        Raises:
            ValueError: an entry is missing, unknown, or of another kind.

        >>> import weft
        >>> a, b = weft.metrics.Accuracy(), weft.metrics.Accuracy()
        >>> a.update(weft.tensor([0, 1]), weft.tensor([0, 0]))
        >>> b.load_state_dict(a.state_dict())
        >>> b.compute()
        tensor(0.5000, dtype=weft.float64)
        """
        check_mapping("load_state_dict", state_dict=state_dict)
        wanted = {"updates", *self._states}
        if set(state_dict) != wanted:
            raise ValueError(
                f"{self.name}.load_state_dict: expected the entries {sorted(wanted)}, got {sorted(state_dict)}"
            )
        loaded: dict[str, Any] = {}
        for name, value in state_dict.items():
            default = self._states.get(name, (weft.tensor(0), ""))[0]
            wrong = not isinstance(value, weft.Tensor) or (not isinstance(default, list) and value.ndim != default.ndim)
            if wrong:
                got = f"{value.ndim} dimensions" if isinstance(value, weft.Tensor) else type(value).__name__
                raise ValueError(
                    f"{self.name}.load_state_dict: {name} must be a tensor like that of a metric, got {got}"
                )
            if isinstance(default, list):
                loaded[name] = [value.to(self.device, copy=True)] if int(state_dict["updates"]) else []
            else:
                loaded[name] = value.to(self.device, copy=True)
        self._updates = int(loaded.pop("updates"))
        vars(self).update(loaded)

    def __repr__(self) -> str:
        options = ", ".join(f"{k}={v!r}" for k, v in self._options().items())
        return f"{type(self).__name__}({options})"


def _guarded(compute):
    """A compute that refuses when there was no update, and keeps no gradient."""

    @functools.wraps(compute)
    def call(self):
        if not self._updates:
            raise RuntimeError(f"{self.name}.compute: there is no data yet; call update first")
        with weft.no_grad():
            return compute(self)

    return call


def once(metric: Metric, *batch: Any) -> Any:
    """The figure of one batch."""
    metric.update(*batch)
    return metric.compute()


def _merged_sum(a: Tensor, b: Tensor) -> Tensor:
    if a.shape != b.shape and a.numel() and b.numel():
        raise RuntimeError(f"{tuple(a.shape)} and {tuple(b.shape)}")
    return a + b if a.shape == b.shape else a if a.numel() else b


def padded(x: Tensor, shape: Sequence[int]) -> Tensor:
    """The tensor with zeros behind it in each dimension that is shorter."""
    for dim, size in enumerate(shape):
        if x.shape[dim] < size:
            more = list(x.shape)
            more[dim] = size - x.shape[dim]
            x = weft.cat([x, x.new_zeros(more)], dim)
    return x


def grown_sum(a: Tensor, b: Tensor) -> Tensor:
    """The sum of tensors that may differ in sizes: what is missing counts as zeros."""
    shape = [max(sizes) for sizes in zip(a.shape, b.shape)]
    return padded(a, shape) + padded(b, shape)


_MERGES: dict[str, Callable[..., Any]] = {
    "sum": _merged_sum,
    "grow": grown_sum,
    "cat": lambda a, b: [*a, *b],
    "min": weft.minimum,
    "max": weft.maximum,
}
_KINDS = ("a tensor", "an empty list")


class MetricCollection:
    """Metrics that are updated together, as one.

    Args:
        metrics: metrics or names of them, in a list, or a dict by the names of the results.
        prefix: in front of each name.

    Raises:
        ValueError: two have one name, or a name is unknown.
        TypeError: one is no metric.

    >>> import weft
    >>> both = weft.metrics.MetricCollection(["accuracy", weft.metrics.F1Score(average="macro")], prefix="val_")
    >>> both.update(weft.tensor([0, 1, 1]), weft.tensor([0, 1, 0]))
    >>> {name: round(value.item(), 3) for name, value in both.compute().items()}
    {'val_accuracy': 0.667, 'val_f1_score': 0.667}
    """

    def __init__(self, metrics: Mapping[str, Metric | str] | Sequence[Metric | str], prefix: str = "") -> None:
        from weft.metrics import get

        check_text("MetricCollection", prefix=prefix)
        self.prefix = prefix
        self._metrics: dict[str, Metric] = {}
        named = metrics.items() if hasattr(metrics, "items") else ((None, m) for m in metrics)
        for name, metric in named:
            if isinstance(metric, str):
                metric = get(metric)
            check_instances(Metric, "MetricCollection", metrics=metric)
            name = metric.name if name is None else name
            if name in self._metrics:
                raise ValueError(f"MetricCollection: two metrics are named {name!r}; pass a dict, or set their names")
            self._metrics[name] = metric

    def __getitem__(self, name: str) -> Metric:
        return self._metrics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._metrics)

    def __len__(self) -> int:
        return len(self._metrics)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Update each metric with these arguments.

        >>> import weft
        >>> metrics = weft.metrics.MetricCollection(["mae", "mse"])
        >>> metrics.update(weft.tensor([1.0]), weft.tensor([3.0]))
        """
        for metric in self._metrics.values():
            metric.update(*args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Update, and give the figures of this batch alone.

        >>> import weft
        >>> weft.metrics.MetricCollection(["mse"])(weft.tensor([1.0]), weft.tensor([3.0]))
        {'mean_squared_error': tensor(4., dtype=weft.float64)}
        """
        return _of_batch(self, args, kwargs)

    def compute(self) -> dict[str, Any]:
        """The results by name; a result that is a dict itself gives an entry for each of its own.

        >>> import weft
        >>> metrics = weft.metrics.MetricCollection({"error": "mae"})
        >>> metrics.update(weft.tensor([1.0]), weft.tensor([3.0]))
        >>> metrics.compute()
        {'error': tensor(2., dtype=weft.float64)}
        """
        results = {}
        for name, metric in self._metrics.items():
            value = metric.compute()
            if isinstance(value, dict):
                results.update({f"{self.prefix}{name}_{key}": each for key, each in value.items()})
            else:
                results[self.prefix + name] = value
        return results

    def reset(self) -> None:
        """Reset each metric.

        >>> import weft
        >>> weft.metrics.MetricCollection(["mae"]).reset()
        """
        for metric in self._metrics.values():
            metric.reset()

    def merge(self, other: MetricCollection) -> MetricCollection:
        """Merge each metric with that of its name in the other collection.

        >>> import weft
        >>> len(weft.metrics.MetricCollection(["mae"]).merge(weft.metrics.MetricCollection(["mae"])))
        1
        """
        check_instances(MetricCollection, "merge", other=other)
        if set(self) != set(other):
            raise ValueError(f"merge: expected the metrics {sorted(self)}, got {sorted(other)}")
        for name, metric in self._metrics.items():
            metric.merge(other[name])
        return self

    def to(self, device: Any) -> MetricCollection:
        """Move the states of each metric there.

        >>> import weft
        >>> len(weft.metrics.MetricCollection(["mae"]).to("cpu"))
        1
        """
        for metric in self._metrics.values():
            metric.to(device)
        return self

    def state_dict(self) -> dict[str, Tensor]:
        """The states of each metric, as "name.state".

        >>> import weft
        >>> sorted(weft.metrics.MetricCollection(["mae"]).state_dict())
        ['mean_absolute_error.error', 'mean_absolute_error.updates', 'mean_absolute_error.weight']
        """
        return {f"{n}.{key}": value for n, m in self._metrics.items() for key, value in m.state_dict().items()}

    def load_state_dict(self, state_dict: Mapping[str, Tensor]) -> None:
        """Load what state_dict has given.

        >>> import weft
        >>> metrics = weft.metrics.MetricCollection(["mae"])
        >>> metrics.load_state_dict(metrics.state_dict())
        """
        check_mapping("load_state_dict", state_dict=state_dict)
        parts: dict[str, dict[str, Tensor]] = {name: {} for name in self._metrics}
        for key, value in state_dict.items():
            name, _, rest = key.rpartition(".")
            if name not in parts:
                raise ValueError(f"load_state_dict: there is no metric of the name {name!r}; there are {list(parts)}")
            parts[name][rest] = value
        for name, metric in self._metrics.items():
            metric.load_state_dict(parts[name])

    def __repr__(self) -> str:
        return f"MetricCollection({self._metrics!r}, prefix={self.prefix!r})"
