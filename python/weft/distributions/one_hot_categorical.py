"""Categorical distributions over one-hot vectors."""

from __future__ import annotations

import weft
import weft.nn.functional as F
from weft.distributions import constraints
from weft.distributions.categorical import Categorical
from weft.distributions.distribution import Distribution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeVar

    from weft import Tensor

    OneHotCategoricalT = TypeVar("OneHotCategoricalT", bound="OneHotCategorical")


class OneHotCategorical(Distribution):
    """One of K categories, as a vector of K numbers: 1 at the category, else 0.

    Args:
        probs: (\\*, K), not negative and not all 0: the probabilities are proportional to them.
        logits: instead of them, their logarithms, up to a constant.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Raises:
        TypeError: the parameter is no real tensor.
        ValueError: not exactly one of the two is given, it has no dimension, or probs are negative or sum to 0.

    Example:
        >>> import weft
        >>> weft.distributions.OneHotCategorical(weft.tensor([0.0, 1.0, 0.0])).sample()
        tensor([0., 1., 0.])
    """

    arg_constraints: Any = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support: Any = constraints.one_hot
    has_enumerate_support = True

    def __init__(
        self,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    def expand(self: OneHotCategoricalT, batch_shape: Sequence[int], _instance: Any = None) -> OneHotCategoricalT:
        new = self._get_checked_instance(type(self), _instance)
        vars(new).update(vars(self), _batch_shape=self._expanded_shape(batch_shape))
        new._categorical = self._categorical.expand(batch_shape)
        return new

    @property
    def probs(self) -> Tensor:
        """The probabilities.

        >>> import weft
        >>> weft.distributions.OneHotCategorical(weft.ones(2)).probs
        tensor([0.5000, 0.5000])
        """
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities.

        >>> import weft
        >>> weft.distributions.OneHotCategorical(weft.ones(2)).logits
        tensor([-0.6931, -0.6931])
        """
        return self._categorical.logits

    @property
    def param_shape(self) -> weft.Size:
        """The shape of the parameter.

        >>> import weft
        >>> weft.distributions.OneHotCategorical(weft.ones(2, 5)).param_shape
        weft.Size([2, 5])
        """
        return self._categorical.param_shape

    @property
    def mean(self) -> Tensor:
        return self.probs

    @property
    def mode(self) -> Tensor:
        return self._one_hot(self._categorical.mode)

    @property
    def variance(self) -> Tensor:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self._one_hot(self._categorical.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self) -> Tensor:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        return self._one_hot(self._categorical.enumerate_support(expand))

    def _one_hot(self, category):
        return F.one_hot(category, self._event_shape[0]).to(self._categorical._given.dtype)


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """:class:`OneHotCategorical` whose draws pass their gradient on to the probabilities (Bengio et al., 2013).

    Args:
        probs, logits: as there.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Example:
        >>> import weft
        >>> probs = weft.tensor([0.0, 1.0], requires_grad=True)
        >>> weft.distributions.OneHotCategoricalStraightThrough(probs).rsample()[1].backward()
        >>> probs.grad
        tensor([-1.,  0.])
    """

    has_rsample = True

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())
