"""The distribution of a function of a random variable."""

from __future__ import annotations

import weft
from weft._checks import check_instances
from weft.distributions import constraints
from weft.distributions.distribution import Distribution
from weft.distributions.independent import Independent
from weft.distributions.transform import ComposeTransform, Transform, sum_last

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor


class TransformedDistribution(Distribution):
    """The distribution of ``t(x)`` where x has another distribution: ``log p(y) = log p(x) - log |det dy/dx|``.

    Args:
        base_distribution: that of x.
        transforms: an invertible map, or a list of maps, the first to be applied first.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Raises:
        TypeError: the base is no Distribution, or a map no Transform.
        ValueError: the base's values have fewer dimensions than the maps take.

    Example:
        >>> import weft
        >>> from weft.distributions import Normal, TransformedDistribution, transforms
        >>> squashed = TransformedDistribution(Normal(0.0, 1.0), transforms.TanhTransform())
        >>> squashed.log_prob(weft.tensor(0.5)), squashed.cdf(weft.tensor(0.0))
        (tensor(-0.7821), tensor(0.5000))
    """

    transforms: Any

    arg_constraints: dict[str, constraints.Constraint] = {}

    def __init__(
        self,
        base_distribution: Distribution,
        transforms: Transform | list[Transform],
        validate_args: bool | None = None,
    ) -> None:
        check_instances(Distribution, type(self).__name__, base_distribution=base_distribution)
        check_instances((Transform, list, tuple), type(self).__name__, transforms=transforms)
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        whole = ComposeTransform(self.transforms)
        base_shape = base_distribution.batch_shape + base_distribution.event_shape
        taken = whole.domain.event_dim
        if len(base_shape) < taken:
            raise ValueError(
                f"{type(self).__name__}: the transforms take values of {taken} dimensions, the base distribution has "
                f"shape {tuple(base_shape)}"
            )
        forward_shape = whole.forward_shape(base_shape)
        wider = whole.inverse_shape(forward_shape)
        events = len(base_distribution.event_shape)
        if wider != base_shape:  # parameters of the transforms make a larger batch
            base_distribution = base_distribution.expand(wider[: len(wider) - events])
        if taken > events:
            base_distribution = Independent(base_distribution, taken - events)
        self.base_dist = base_distribution
        event_dim = whole.codomain.event_dim + max(events - taken, 0)
        cut = len(forward_shape) - event_dim
        super().__init__(forward_shape[:cut], forward_shape[cut:], validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> TransformedDistribution:
        batch_shape = self._expanded_shape(batch_shape)
        wider = ComposeTransform(self.transforms).inverse_shape(batch_shape + self._event_shape)
        cut = len(wider) - len(self.base_dist.event_shape)
        new = self._get_checked_instance(type(self), _instance)
        TransformedDistribution.__init__(
            new, self.base_dist.expand(wider[:cut]), self.transforms, validate_args=self._validate_args
        )
        return new

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base has one.

        >>> import weft
        >>> weft.distributions.LogNormal(0.0, 1.0).has_rsample
        True
        """
        return self.base_dist.has_rsample

    @constraints.dependent_property(is_discrete=False)
    def support(self) -> constraints.Constraint:
        if not self.transforms:
            return self.base_dist.support
        support = self.transforms[-1].codomain
        more = len(self._event_shape) - support.event_dim
        return constraints.independent(support, more) if more > 0 else support

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        with weft.no_grad():
            return self._forward(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self._forward(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        event_dim = len(self._event_shape)
        log_prob = 0.0
        y = value
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            event_dim += transform.domain.event_dim - transform.codomain.event_dim
            log_prob = log_prob - sum_last(transform.log_abs_det_jacobian(x, y), event_dim - transform.domain.event_dim)
            y = x
        return log_prob + sum_last(self.base_dist.log_prob(y), event_dim - len(self.base_dist.event_shape))

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return self._of_rising(self.base_dist.cdf(self._backward(value)))

    def icdf(self, value: Tensor) -> Tensor:
        self._validate_probability(value)
        return self._forward(self.base_dist.icdf(self._of_rising(value)))

    def _of_rising(self, probability):
        """A falling map turns the order of values, and 1 - p is the probability of what was p."""
        sign = ComposeTransform(self.transforms).sign
        if isinstance(sign, int) and sign == 1:
            return probability
        return sign * (probability - 0.5) + 0.5

    def _forward(self, x):
        for transform in self.transforms:
            x = transform(x)
        return x

    def _backward(self, y):
        for transform in reversed(self.transforms):
            y = transform.inv(y)
        return y
