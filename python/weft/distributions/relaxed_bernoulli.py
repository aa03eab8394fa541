"""The relaxation of the Bernoulli distribution to numbers between 0 and 1."""

from __future__ import annotations

import weft.nn.functional as F
from weft.distributions import constraints
from weft.distributions.distribution import Distribution
from weft.distributions.transformed_distribution import TransformedDistribution
from weft.distributions.transforms import SigmoidTransform
from weft.distributions.utils import (
    lazy_property,
    logits_to_probs,
    parameters,
    probs_or_logits,
    probs_to_logits,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor


class LogitRelaxedBernoulli(Distribution):
    """The logit of a :class:`RelaxedBernoulli` variable: ``(logits + L) / temperature`` with a logistic L.

    Args:
        temperature: positive.
        probs, logits: as of :class:`Bernoulli`, one of the two.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Example:
        >>> import weft
        >>> LogitRelaxedBernoulli(1.0, 0.5).log_prob(weft.tensor(0.0)).exp()
        tensor(0.2500)
    """

    temperature: Any

    arg_constraints: Any = {
        "temperature": constraints.positive,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    support: Any = constraints.real
    has_rsample = True

    def __init__(
        self,
        temperature: Tensor | float,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        name, value = probs_or_logits("LogitRelaxedBernoulli", probs, logits)
        value, self.temperature = parameters("LogitRelaxedBernoulli", **{name: value}, temperature=temperature)
        setattr(self, name, value)
        super().__init__(value.shape, validate_args=validate_args)

    @lazy_property
    def logits(self) -> Tensor:
        """``log(p / (1 - p))``.

        >>> import weft
        >>> LogitRelaxedBernoulli(1.0, 0.5).logits
        tensor(0.)
        """
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The probability that a draw is above 0.

        >>> import weft
        >>> LogitRelaxedBernoulli(1.0, logits=0.0).probs
        tensor(0.5000)
        """
        return logits_to_probs(self.logits, is_binary=True)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        first, second = (self.logits.new_empty(shape).exponential_() for _ in range(2))
        return (self.logits + first.log() - second.log()) / self.temperature  # the quotient is log-logistic

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        difference = self.logits - value * self.temperature
        return self.temperature.log() + difference - 2 * F.softplus(difference)


class RelaxedBernoulli(TransformedDistribution):
    """The binary concrete distribution (Maddison, Mnih and Teh, 2017): the colder, the nearer to 0 and 1 are draws.

    Args:
        temperature: positive.
        probs, logits: as of :class:`Bernoulli`, one of the two.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Raises:
        TypeError: a parameter is no real tensor or number.
        ValueError: not exactly one of probs and logits is given, or one is out of its range.

    Example:
        >>> import weft
        >>> weft.distributions.RelaxedBernoulli(0.5, weft.tensor([0.5, 0.5])).rsample().shape
        weft.Size([2])
    """

    arg_constraints: Any = {
        "temperature": constraints.positive,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    support = constraints.unit_interval

    def __init__(
        self,
        temperature: Tensor | float,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits, validate_args)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Tensor:
        """The temperature.

        >>> import weft
        >>> weft.distributions.RelaxedBernoulli(0.5, 0.5).temperature
        tensor(0.5000)
        """
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """``log(p / (1 - p))``.

        >>> import weft
        >>> weft.distributions.RelaxedBernoulli(0.5, 0.5).logits
        tensor(0.)
        """
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """The probability that a draw is above one half.

        >>> import weft
        >>> weft.distributions.RelaxedBernoulli(0.5, 0.5).probs
        tensor(0.5000)
        """
        return self.base_dist.probs
