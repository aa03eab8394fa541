"""Metrics of numbers: mean squared and absolute error, R2; and the mean of any figure."""

from __future__ import annotations

import weft
from weft._checks import check_flags, check_instances
from weft.metrics._base import Metric, warn_undefined
from weft.metrics._inputs import check_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


class _Regression(Metric):
    """Reads numbers: (N,) and others as one output, (N, D) as D of them."""

    def _read(self, input, target, sample_weight):
        where = f"{self.name}.update"
        check_instances(weft.Tensor, where, input=input, target=target)
        if input.shape != target.shape or not input.ndim or 0 in input.shape[1:]:
            raise ValueError(
                f"{where}: expected input and target of one shape (N, ...), got {tuple(input.shape)} and "
                f"{tuple(target.shape)}"
            )
        if input.is_complex() or target.is_complex():
            raise TypeError(f"{where}: expected real numbers, got {input.dtype} and {target.dtype}")
        input, target = (x.detach().to(input.device, weft.float64) for x in (input, target))
        if self.validate and bool((input - target).isnan().any()):
            raise ValueError(f"{where}: input or target has a NaN (or both the same infinity)")
        rows = weft.ones(len(input), 1, dtype=weft.float64, device=input.device)
        if sample_weight is not None:
            check_instances(weft.Tensor, where, sample_weight=sample_weight)
            if sample_weight.shape != input.shape[:1]:
                raise ValueError(
                    f"{where}: expected sample_weight of shape ({len(input)},), got {tuple(sample_weight.shape)}"
                )
            rows = rows * sample_weight.to(rows.device, weft.float64)[:, None]
        if input.ndim > 2:
            rows = rows.expand(len(input), input[0].numel()).reshape(-1, 1)
        width = input.shape[1] if input.ndim == 2 else 1
        seen = self._width()
        if seen not in (0, width):
            raise ValueError(f"{where}: expected {seen} outputs as in earlier batches, got {width}")
        return input.reshape(-1, width), target.reshape(-1, width), rows

    def _width(self):
        return len(self.error)


class MeanSquaredError(_Regression):
    """The mean of squared differences; as scikit-learn's mean_squared_error.

    Args:
        squared: False for its root, as root_mean_squared_error.
        multioutput: "uniform_average": the mean over the outputs of (N, D); "raw_values": of each.

    Shape:
        update(input, target, sample_weight): numbers (N, ...), weights (N,). compute: (), or (D,) for "raw_values".

    Raises:
        ValueError: shapes differ, or a number is NaN.

    >>> import weft
    >>> metric = weft.metrics.MeanSquaredError()
    >>> metric.update(weft.tensor([1.0, 2.0]), weft.tensor([1.0, 4.0]))
    >>> metric.compute()
    tensor(2., dtype=weft.float64)
    """

    squared: bool
    multioutput: str
    error: Tensor
    weight: Tensor

    higher_is_better: bool | None = False

    def __init__(self, *, squared: bool = True, multioutput: str = "uniform_average") -> None:
        check_flags("MeanSquaredError", squared=squared)
        self.squared = squared
        self._begin(multioutput)

    def _begin(self, multioutput):
        check_option(type(self).__name__, "multioutput", multioutput, ("uniform_average", "raw_values"))
        self.multioutput = multioutput
        self.add_state("error", weft.zeros(0, dtype=weft.float64))
        self.add_state("weight", weft.zeros((), dtype=weft.float64))

    def _differences(self, difference):
        return difference.square()

    def update(self, input: Tensor, target: Tensor, sample_weight: Tensor | None = None) -> None:
        input, target, rows = self._read(input, target, sample_weight)
        error = (self._differences(input - target) * rows).sum(0)
        self.error = self.error + error if len(self.error) else error
        self.weight = self.weight + rows.sum()

    def compute(self) -> Tensor:
        if not bool(self.weight):
            warn_undefined(f"{self.name} is undefined without samples, and NaN")
        error = self.error / self.weight
        error = error if getattr(self, "squared", True) else error.sqrt()
        return error.mean() if self.multioutput == "uniform_average" else error


class MeanAbsoluteError(MeanSquaredError):
    """The mean of absolute differences; as scikit-learn's mean_absolute_error.

    Args:
        multioutput: as of MeanSquaredError.

    Shape:
        As of MeanSquaredError.

    Raises:
        ValueError: as MeanSquaredError.

    >>> import weft
    >>> metric = weft.metrics.MeanAbsoluteError()
    >>> metric.update(weft.tensor([1.0, 2.0]), weft.tensor([1.0, 4.0]))
    >>> metric.compute()
    tensor(1., dtype=weft.float64)
    """

    def __init__(self, *, multioutput: str = "uniform_average") -> None:
        self._begin(multioutput)

    def _differences(self, difference):
        return difference.abs()


class R2Score(_Regression):
    """The share of the variance of targets that input explains; as scikit-learn's r2_score.

    A constant target gives 1 where all input equals it, else 0; fewer than two samples give NaN and a warning.

    Args:
        multioutput: "uniform_average", "raw_values", or "variance_weighted": the mean weighted by variances.

    Shape:
        As of MeanSquaredError.

    Raises:
        ValueError: as MeanSquaredError.

    >>> import weft
    >>> metric = weft.metrics.R2Score()
    >>> metric.update(weft.tensor([1.0, 2.0, 3.0]), weft.tensor([1.0, 2.0, 4.0]))
    >>> round(metric.compute().item(), 4)
    0.7857
    """

    multioutput: str
    residual: Tensor
    mean: Tensor
    spread: Tensor
    weight: Tensor
    seen: Tensor

    name: str = "r2_score"
    higher_is_better: bool | None = True

    def __init__(self, *, multioutput: str = "uniform_average") -> None:
        check_option("R2Score", "multioutput", multioutput, ("uniform_average", "raw_values", "variance_weighted"))
        self.multioutput = multioutput
        for name in ("residual", "mean", "spread"):  # of targets: their mean, and squared distances from it
            self.add_state(name, weft.zeros(0, dtype=weft.float64))
        self.add_state("weight", weft.zeros((), dtype=weft.float64))
        self.add_state("seen", weft.zeros((), dtype=weft.int64))

    def _width(self):
        return len(self.mean)

    def update(self, input: Tensor, target: Tensor, sample_weight: Tensor | None = None) -> None:
        input, target, rows = self._read(input, target, sample_weight)
        weight = rows.sum()
        mean = (target * rows).sum(0) / weft.where(weight == 0, 1.0, weight)
        spread = ((target - mean).square() * rows).sum(0)
        residual = ((input - target).square() * rows).sum(0)
        self._add(residual, mean, spread, weight, weft.full((), len(rows), dtype=weft.int64, device=mean.device))

    def _add(self, residual, mean, spread, weight, seen):
        """Means and spreads of two parts as those of the whole (Chan et al., 1979)."""
        if len(self.mean):
            total = self.weight + weight
            share = weight / weft.where(total == 0, 1.0, total)
            apart = mean - self.mean
            spread = self.spread + spread + apart.square() * self.weight * share
            mean = self.mean + apart * share
            residual, weight, seen = self.residual + residual, total, self.seen + seen
        self.residual, self.mean, self.spread, self.weight, self.seen = residual, mean, spread, weight, seen

    def _merge_states(self, other):
        if self._width() not in (0, other._width()):
            raise ValueError(f"{self.name}.merge: {self._width()} outputs here and {other._width()} there")
        self._add(*(getattr(other, name).to(self.device) for name in ("residual", "mean", "spread", "weight", "seen")))

    def compute(self) -> Tensor:
        if int(self.seen) < 2:
            warn_undefined(f"{self.name} is undefined with fewer than two samples, and NaN")
            return weft.full((), float("nan"), dtype=weft.float64, device=self.device)
        flat = self.spread == 0
        scores = 1 - self.residual / weft.where(flat, 1.0, self.spread)
        scores = weft.where(flat, weft.where(self.residual == 0, 1.0, 0.0).to(weft.float64), scores)
        if self.multioutput == "variance_weighted" and bool(self.spread.sum()):
            return (scores * self.spread).sum() / self.spread.sum()
        return scores if self.multioutput == "raw_values" else scores.mean()


class Mean(Metric):
    """The mean of what it is given, such as the loss of each batch weighted by its size.

    Shape:
        update(input, weight): any shape, and a number or a tensor that is broadcast to it. compute: ().

    Raises:
        ValueError: a value is NaN.

    >>> import weft
    >>> loss = weft.metrics.Mean()
    >>> loss.update(weft.tensor(2.0), weight=3)
    >>> loss.update(weft.tensor(4.0), weight=1)
    >>> loss.compute()
    tensor(2.5000, dtype=weft.float64)
    """

    total: Tensor
    weight: Tensor

    def __init__(self) -> None:
        self.add_state("total", weft.zeros((), dtype=weft.float64))
        self.add_state("weight", weft.zeros((), dtype=weft.float64))

    def update(self, input: Tensor | float, weight: Tensor | float = 1) -> None:
        where = f"{self.name}.update"
        values, weights = weft.as_tensor(input).detach(), weft.as_tensor(weight).detach()
        if values.is_complex() or weights.is_complex():
            raise TypeError(f"{where}: expected real numbers, got {values.dtype} and weights of {weights.dtype}")
        values, weights = values.to(weft.float64), weights.to(values.device, weft.float64)
        try:
            weights = weights.expand(values.shape)
        except RuntimeError:
            shapes = f"{tuple(weights.shape)} and {tuple(values.shape)}"
            raise ValueError(f"{where}: weights cannot be broadcast to input: {shapes}") from None
        if self.validate and bool(values.isnan().any()):
            raise ValueError(f"{where}: input is NaN")
        self.total = self.total + (values * weights).sum().to(self.device)
        self.weight = self.weight + weights.sum().to(self.device)

    def compute(self) -> Tensor:
        if not bool(self.weight):
            warn_undefined(f"{self.name} is undefined without weight, and NaN")
        return self.total / self.weight
