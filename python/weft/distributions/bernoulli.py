"""The Bernoulli distribution."""

from __future__ import annotations

import weft
import weft.nn.functional as F
from weft.distributions import constraints
from weft.distributions.distribution import Distribution
from weft.distributions.utils import lazy_property, logits_to_probs, probs_or_logits, probs_to_logits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor


class Bernoulli(Distribution):
    """1 with a probability, else 0.

    Args:
        probs: the probability of 1.
        logits: instead of it, ``log(p / (1 - p))``.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Raises:
        TypeError: the parameter is no real tensor or number.
        ValueError: not exactly one of the two is given, or probs is not between 0 and 1.

    Example:
        >>> import weft
        >>> bernoulli = weft.distributions.Bernoulli(logits=weft.tensor([0.0, 2.0]))
        >>> bernoulli.probs
        tensor([0.5000, 0.8808])
        >>> bernoulli.log_prob(weft.tensor([1.0, 0.0]))
        tensor([-0.6931, -2.1269])
    """

    arg_constraints: Any = {"probs": constraints.unit_interval, "logits": constraints.real}
    support: Any = constraints.boolean
    has_enumerate_support = True

    def __init__(
        self,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        name, value = probs_or_logits("Bernoulli", probs, logits)
        setattr(self, name, value)
        super().__init__(value.shape, validate_args=validate_args)

    @lazy_property
    def logits(self) -> Tensor:
        """``log(p / (1 - p))``.

        >>> import weft
        >>> weft.distributions.Bernoulli(0.5).logits
        tensor(0.)
        """
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The probability of 1.

        >>> import weft
        >>> weft.distributions.Bernoulli(logits=0.0).probs
        tensor(0.5000)
        """
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self) -> weft.Size:
        """The shape of the parameter.

        >>> import weft
        >>> weft.distributions.Bernoulli(weft.ones(3)).param_shape
        weft.Size([3])
        """
        return self._batch_shape

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        likely = (self.probs >= 0.5).to(self.probs.dtype)
        return likely.masked_fill(self.probs == 0.5, weft.nan)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with weft.no_grad():
            return weft.bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = weft.broadcast_tensors(self.logits, value.to(self.logits.dtype))
        return -F.binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        return F.binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        given = vars(self).get("probs", vars(self).get("logits"))
        values = weft.arange(2, dtype=given.dtype, device=given.device)
        values = values.reshape(2, *[1] * len(self._batch_shape))
        return values.expand((2, *self._batch_shape)) if expand else values
