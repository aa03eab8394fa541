"""The normal distribution."""

from __future__ import annotations

import math

import weft
from weft.distributions import constraints
from weft.distributions.distribution import Distribution
from weft.distributions.utils import parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor


class Normal(Distribution):
    """The normal distribution with the density ``exp(-((x - loc) / scale)^2 / 2) / (scale sqrt(2 pi))``.

    Args:
        loc: the mean.
        scale: the standard deviation, positive.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Raises:
        TypeError: a parameter is no real tensor or number.
        ValueError: the shapes do not broadcast, or scale is not positive.

    Example:
        >>> import weft
        >>> normal = weft.distributions.Normal(weft.tensor([0.0, 1.0]), 2.0)
        >>> normal
        Normal(loc: weft.Size([2]), scale: weft.Size([2]))
        >>> normal.log_prob(weft.tensor(0.0))
        tensor([-1.6121, -1.7371])
    """

    loc: Any
    scale: Any

    arg_constraints: Any = {"loc": constraints.real, "scale": constraints.positive}
    support: Any = constraints.real
    has_rsample = True

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters("Normal", loc=loc, scale=scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def stddev(self) -> Tensor:
        return self.scale

    @property
    def variance(self) -> Tensor:
        return self.scale.square()

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        noise = weft.randn(self._extended_shape(sample_shape), dtype=self.loc.dtype, device=self.loc.device)
        return self.loc + noise * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return -(((value - self.loc) / self.scale).square() / 2 + self.scale.log() + math.log(2 * math.pi) / 2)

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return (
            weft.erfc((self.loc - value) / (self.scale * math.sqrt(2))) / 2
        )  # exact in the lower tail, unlike 1 + erf

    def icdf(self, value: Tensor) -> Tensor:
        self._validate_probability(value)
        return self.loc + self.scale * weft.erfinv(2 * value - 1) * math.sqrt(2)

    def entropy(self) -> Tensor:
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()
