"""The Laplace distribution."""

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


class Laplace(Distribution):
    """The Laplace distribution with the density ``exp(-|x - loc| / scale) / (2 scale)``.

    Args:
        loc: the mean.
        scale: the mean distance from it, positive.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Raises:
        TypeError: a parameter is no real tensor or number.
        ValueError: the shapes do not broadcast, or scale is not positive.

    Example:
        >>> import weft
        >>> weft.distributions.Laplace(0.0, 0.5).log_prob(weft.tensor([0.0, 1.0])).exp()
        tensor([1.0000, 0.1353])
    """

    loc: Any
    scale: Any

    arg_constraints: Any = {"loc": constraints.real, "scale": constraints.positive}
    support: Any = constraints.real
    has_rsample = True

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters("Laplace", loc=loc, scale=scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def stddev(self) -> Tensor:
        return 2**0.5 * self.scale

    @property
    def variance(self) -> Tensor:
        return 2 * self.scale.square()

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        # A random sign on an exponential variable: no logarithm of 0 at the ends of an interval.
        sign = 2 * self.loc.new_empty(shape).bernoulli_(0.5) - 1
        return self.loc + self.scale * (sign * self.loc.new_empty(shape).exponential_())

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        distance = (value - self.loc) / self.scale
        tail = (-distance.abs()).exp() / 2
        return weft.where(distance < 0, tail, 1 - tail)

    def icdf(self, value: Tensor) -> Tensor:
        self._validate_probability(value)
        centred = value - 0.5
        return self.loc - self.scale * centred.sign() * weft.log1p(-2 * centred.abs())

    def entropy(self) -> Tensor:
        return 1 + (2 * self.scale).log()
