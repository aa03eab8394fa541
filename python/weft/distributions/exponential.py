"""The exponential distribution."""

from __future__ import annotations

import weft
from weft.distributions import constraints
from weft.distributions.distribution import Distribution
from weft.distributions.utils import parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor


class Exponential(Distribution):
    """The exponential distribution with the density ``rate exp(-rate x)`` on ``x >= 0``.

    Args:
        rate: the inverse of the mean, positive.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Raises:
        TypeError: rate is no real tensor or number.
        ValueError: rate is not positive.

    Example:
        >>> import weft
        >>> exponential = weft.distributions.Exponential(2.0)
        >>> exponential.mean, exponential.log_prob(weft.tensor(0.0)).exp()
        (tensor(0.5000), tensor(2.))
    """

    rate: Any

    arg_constraints: Any = {"rate": constraints.positive}
    support: Any = constraints.nonnegative
    has_rsample = True

    def __init__(self, rate: Tensor | float, validate_args: bool | None = None) -> None:
        (self.rate,) = parameters("Exponential", rate=rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.rate.reciprocal()

    @property
    def mode(self) -> Tensor:
        return weft.zeros_like(self.rate)

    @property
    def stddev(self) -> Tensor:
        return self.rate.reciprocal()

    @property
    def variance(self) -> Tensor:
        return self.rate.square().reciprocal()

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.rate.new_empty(self._extended_shape(sample_shape)).exponential_() / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return -weft.expm1(-self.rate * value)

    def icdf(self, value: Tensor) -> Tensor:
        self._validate_probability(value)
        return -weft.log1p(-value) / self.rate

    def entropy(self) -> Tensor:
        return 1 - self.rate.log()
