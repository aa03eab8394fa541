"""The Gumbel distribution."""

from __future__ import annotations

import math

from weft.distributions import constraints
from weft.distributions.distribution import Distribution
from weft.distributions.utils import parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor

EULER = 0.57721566490153286


class Gumbel(Distribution):
    """The Gumbel distribution of maxima, with the cdf ``exp(-exp(-(x - loc) / scale))``.

    Args:
        loc: the mode.
        scale: positive.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Raises:
        TypeError: a parameter is no real tensor or number.
        ValueError: the shapes do not broadcast, or scale is not positive.

    Example:
        >>> import weft
        >>> weft.distributions.Gumbel(0.0, 1.0).mean
        tensor(0.5772)
    """

    loc: Any
    scale: Any

    arg_constraints: Any = {"loc": constraints.real, "scale": constraints.positive}
    support: Any = constraints.real
    has_rsample = True

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters("Gumbel", loc=loc, scale=scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc + self.scale * EULER

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def stddev(self) -> Tensor:
        return math.pi / math.sqrt(6) * self.scale

    @property
    def variance(self) -> Tensor:
        return self.stddev.square()

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.loc - self.scale * self.loc.new_empty(self._extended_shape(sample_shape)).exponential_().log()

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        distance = (value - self.loc) / self.scale
        return -(distance + (-distance).exp()) - self.scale.log()

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return (-((self.loc - value) / self.scale).exp()).exp()

    def icdf(self, value: Tensor) -> Tensor:
        self._validate_probability(value)
        return self.loc - self.scale * (-value.log()).log()

    def entropy(self) -> Tensor:
        return self.scale.log() + (1 + EULER)
