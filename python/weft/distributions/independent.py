"""A batch of distributions as one distribution over arrays."""

from __future__ import annotations

from weft._checks import check_instances, check_integers
from weft.distributions import constraints
from weft.distributions.distribution import Distribution
from weft.distributions.transform import sum_last

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor


class Independent(Distribution):
    """The last dimensions of another distribution's batch as dimensions of one value: log_prob is summed over them.

    Args:
        base_distribution: the distribution.
        reinterpreted_batch_ndims: how many dimensions.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Raises:
        TypeError: the first is no Distribution.
        ValueError: the batch has fewer dimensions.

    Example:
        >>> import weft
        >>> from weft.distributions import Independent, Normal
        >>> Independent(Normal(weft.zeros(5, 3), 1.0), 1).log_prob(weft.zeros(3)).shape
        weft.Size([5])
    """

    arg_constraints: dict[str, constraints.Constraint] = {}

    def __init__(
        self,
        base_distribution: Distribution,
        reinterpreted_batch_ndims: int,
        validate_args: bool | None = None,
    ) -> None:
        check_instances(Distribution, "Independent", base_distribution=base_distribution)
        check_integers("Independent", reinterpreted_batch_ndims=reinterpreted_batch_ndims)
        batch = base_distribution.batch_shape
        if not 0 <= reinterpreted_batch_ndims <= len(batch):
            raise ValueError(
                f"Independent: expected reinterpreted_batch_ndims from 0 to {len(batch)}, the dimensions of the batch "
                f"{tuple(batch)}, got {reinterpreted_batch_ndims}"
            )
        own = len(batch) - reinterpreted_batch_ndims
        self.base_dist = base_distribution
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        super().__init__(batch[:own], batch[own:] + base_distribution.event_shape, validate_args=validate_args)

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Independent:
        batch_shape = self._expanded_shape(batch_shape)
        inner = self._event_shape[: self.reinterpreted_batch_ndims]
        base = self.base_dist.expand(batch_shape + inner)
        new = self._get_checked_instance(type(self), _instance)
        Independent.__init__(new, base, self.reinterpreted_batch_ndims, validate_args=self._validate_args)
        return new

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base has one.

        >>> import weft
        >>> weft.distributions.Independent(weft.distributions.Normal(weft.zeros(2), 1.0), 1).has_rsample
        True
        """
        return self.base_dist.has_rsample

    @property
    def has_enumerate_support(self) -> bool:  # type: ignore[override]
        """Whether the base has one; not over several dimensions.

        >>> import weft
        >>> weft.distributions.Independent(weft.distributions.Bernoulli(weft.zeros(2)), 1).has_enumerate_support
        False
        """
        return self.reinterpreted_batch_ndims == 0 and self.base_dist.has_enumerate_support

    @property
    def support(self) -> constraints.Constraint:
        support = self.base_dist.support
        ndims = self.reinterpreted_batch_ndims
        return constraints.independent(support, ndims) if ndims else support

    @property
    def mean(self) -> Tensor:
        return self.base_dist.mean

    @property
    def mode(self) -> Tensor:
        return self.base_dist.mode

    @property
    def variance(self) -> Tensor:
        return self.base_dist.variance

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return sum_last(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        return sum_last(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        if self.reinterpreted_batch_ndims:
            raise self._lacks("enumerate_support", "the values of several dimensions are too many")
        return self.base_dist.enumerate_support(expand)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist!r}, {self.reinterpreted_batch_ndims})"
