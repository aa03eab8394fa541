"""The uniform distribution."""

from __future__ import annotations

import weft
from weft.distributions import constraints
from weft.distributions.distribution import Distribution, values_are_known
from weft.distributions.utils import parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor


class Uniform(Distribution):
    """The uniform distribution on ``[low, high)``.

    Args:
        low, high: the bounds; low below high.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Raises:
        TypeError: a parameter is no real tensor or number.
        ValueError: the shapes do not broadcast, or low is not below high.

    Example:
        >>> import weft
        >>> uniform = weft.distributions.Uniform(0.0, 4.0)
        >>> uniform.log_prob(weft.tensor(1.0)).exp(), uniform.cdf(weft.tensor(1.0))
        (tensor(0.2500), tensor(0.2500))
    """

    high: Any
    low: Any

    arg_constraints: Any = {
        "low": constraints.dependent(is_discrete=False, event_dim=0),
        "high": constraints.dependent(is_discrete=False, event_dim=0),
    }
    has_rsample = True

    def __init__(self, low: Tensor | float, high: Tensor | float, validate_args: bool | None = None) -> None:
        self.low, self.high = parameters("Uniform", low=low, high=high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validate_args:
            below = self.low < self.high
            if values_are_known(below) and not below.all():
                raise ValueError(
                    f"Uniform: expected low < high, got low {self.low.tolist()}, high {self.high.tolist()}"
                )

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> constraints.Constraint:
        low, high = (x.item() if x.numel() == 1 and values_are_known(x) else x for x in (self.low, self.high))
        return constraints.interval(low, high)

    @property
    def mean(self) -> Tensor:
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        return weft.full_like(self.high, weft.nan)

    @property
    def stddev(self) -> Tensor:
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self) -> Tensor:
        return (self.high - self.low).square() / 12

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        noise = weft.rand(self._extended_shape(sample_shape), dtype=self.low.dtype, device=self.low.device)
        return self.low + noise * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        inside = ((value >= self.low) & (value < self.high)).to(self.low.dtype)
        return inside.log() - (self.high - self.low).log()

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(0, 1)

    def icdf(self, value: Tensor) -> Tensor:
        self._validate_probability(value)
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        return (self.high - self.low).log()
