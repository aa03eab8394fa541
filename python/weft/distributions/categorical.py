"""The categorical distribution."""

from __future__ import annotations

import weft
from weft.distributions import constraints
from weft.distributions.distribution import Distribution
from weft.distributions.utils import lazy_property, logits_to_probs, probs_or_logits, probs_to_logits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor


class Categorical(Distribution):
    """One of K categories, as their number from 0 to K - 1.

    Args:
        probs: (\\*, K), not negative and not all 0: the probabilities are proportional to them.
        logits: instead of them, their logarithms, up to a constant.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Raises:
        TypeError: the parameter is no real tensor.
        ValueError: not exactly one of the two is given, it has no dimension, or probs are negative or sum to 0.

    Shape:
        Draws are int64 of shape ``sample_shape + (*)``.

    Example:
        >>> import weft
        >>> categorical = weft.distributions.Categorical(weft.tensor([1.0, 3.0]))
        >>> categorical.probs, categorical.log_prob(weft.tensor(1)).exp()
        (tensor([0.2500, 0.7500]), tensor(0.7500))
    """

    arg_constraints: Any = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(
        self,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        name, value = probs_or_logits("Categorical", probs, logits)
        if value.dim() < 1 or value.shape[-1] < 1:
            raise ValueError(
                f"Categorical: expected {name} with a last dimension of categories, got {tuple(value.shape)}"
            )
        if name == "probs":
            if self._validate_args if validate_args is None else validate_args:
                self._check("probs", value, constraints.nonnegative)  # the quotient hides a negative sign
            self.probs = value / value.sum(-1, keepdim=True)
        else:
            self.logits = value - value.logsumexp(-1, keepdim=True)
        super().__init__(value.shape[:-1], validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> constraints.Constraint:
        return constraints.integer_interval(0, self._num_events - 1)

    @lazy_property
    def logits(self) -> Tensor:
        """The logarithms of the probabilities.

        >>> import weft
        >>> weft.distributions.Categorical(weft.ones(2)).logits
        tensor([-0.6931, -0.6931])
        """
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities.

        >>> import weft
        >>> weft.distributions.Categorical(logits=weft.zeros(4)).probs
        tensor([0.2500, 0.2500, 0.2500, 0.2500])
        """
        return logits_to_probs(self.logits)

    @property
    def param_shape(self) -> weft.Size:
        """The shape of the parameter.

        >>> import weft
        >>> weft.distributions.Categorical(weft.ones(2, 5)).param_shape
        weft.Size([2, 5])
        """
        return self._given.shape

    @property
    def mean(self) -> Tensor:
        return self._given.new_full(self._batch_shape, weft.nan)

    @property
    def mode(self) -> Tensor:
        return self._given.argmax(-1)

    @property
    def variance(self) -> Tensor:
        return self._given.new_full(self._batch_shape, weft.nan)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        count = weft.Size(sample_shape).numel()
        with weft.no_grad():
            if count == 0 or self._batch_shape.numel() == 0:
                return weft.empty(shape, dtype=weft.int64, device=self._given.device)
            rows = self.probs.reshape(-1, self._num_events)
            return weft.multinomial(rows, count, replacement=True).T.reshape(shape)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        shape = weft.broadcast_shapes(value.shape, self._batch_shape)
        chosen = value.long().expand(shape).unsqueeze(-1)
        return self.logits.expand((*shape, self._num_events)).gather(-1, chosen).squeeze(-1)

    def entropy(self) -> Tensor:
        lowest = weft.finfo(self.logits.dtype).min  # 0 * log(0) is 0
        return -(self.logits.clamp(min=lowest) * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        values = weft.arange(self._num_events, device=self._given.device)
        values = values.reshape(-1, *[1] * len(self._batch_shape))
        return values.expand((self._num_events, *self._batch_shape)) if expand else values

    @property
    def _given(self):
        return vars(self)["probs"] if "probs" in vars(self) else self.logits

    @property
    def _num_events(self):
        return self._given.shape[-1]
