"""Differentiable maps with the logarithm of their Jacobian's determinant, for :class:`TransformedDistribution`."""

from __future__ import annotations

import math

import weft
import weft.nn.functional as F
from weft._checks import check_instances, check_integers, check_tensors
from weft._missing import missing_names
from weft.distributions import constraints
from weft.distributions.transform import ComposeTransform, Transform, sum_last

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Size, Tensor

__all__ = [
    "AffineTransform",
    "ComposeTransform",
    "ExpTransform",
    "SigmoidTransform",
    "TanhTransform",
    "Transform",
    "identity_transform",
]

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)


class _Elementwise(Transform):
    """A map without parameters: all objects of the class are equal."""

    bijective = True
    sign = 1

    def __eq__(self, other):
        return type(self) is type(other)

    def __hash__(self):
        return hash(type(self))


class ExpTransform(_Elementwise):
    """``y = exp(x)``.

    Args:
        cache_size: as in :class:`Transform`.

    >>> import weft
    >>> weft.distributions.transforms.ExpTransform()(weft.tensor(0.0))
    tensor(1.)
    """

    domain: Any = constraints.real
    codomain: Any = constraints.positive

    def _call(self, x):
        return x.exp()

    def _inverse(self, y):
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        check_tensors(type(self).__name__, x=x, y=y)
        return x


class SigmoidTransform(_Elementwise):
    """``y = 1 / (1 + exp(-x))``. The inverse takes 0 and 1 as the nearest numbers between them.

    Args:
        cache_size: as in :class:`Transform`.

    >>> import weft
    >>> weft.distributions.transforms.SigmoidTransform()(weft.tensor(0.0))
    tensor(0.5000)
    """

    domain: Any = constraints.real
    codomain: Any = constraints.unit_interval

    def _call(self, x):
        limits = weft.finfo(x.dtype)
        return weft.sigmoid(x).clamp(limits.tiny, 1 - limits.eps)

    def _inverse(self, y):
        limits = weft.finfo(y.dtype)
        y = y.clamp(limits.tiny, 1 - limits.eps)
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        check_tensors(type(self).__name__, x=x, y=y)
        return -F.softplus(-x) - F.softplus(x)


class TanhTransform(_Elementwise):
    """``y = tanh(x)``. Where y is 1 or -1 in its dtype the inverse is infinite; a cache avoids it.

    Args:
        cache_size: as in :class:`Transform`.

    >>> import weft
    >>> weft.distributions.transforms.TanhTransform().inv(weft.tensor(0.0))
    tensor(0.)
    """

    domain: Any = constraints.real
    codomain: Any = constraints.interval(-1.0, 1.0)

    def _call(self, x):
        return x.tanh()

    def _inverse(self, y):
        return weft.atanh(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        check_tensors(type(self).__name__, x=x, y=y)
        return 2 * (math.log(2) - x - F.softplus(-2 * x))  # log(1 - tanh^2), finite for all x


class AffineTransform(Transform):
    """``y = loc + scale * x``.

    Args:
        loc, scale: numbers or tensors; scale is not 0.
        event_dim: how many trailing dimensions make one value: their terms are summed in the Jacobian. Default 0.
        cache_size: as in :class:`Transform`.

    Raises:
        ValueError: event_dim is negative.

    Example:
        >>> import weft
        >>> affine = weft.distributions.transforms.AffineTransform(1.0, 2.0)
        >>> affine(weft.tensor(3.0)), affine.inv(weft.tensor(7.0))
        (tensor(7.), tensor(3.))
    """

    bijective = True

    def __init__(self, loc: Tensor | float, scale: Tensor | float, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        check_integers("AffineTransform", event_dim=event_dim)
        if event_dim < 0:
            raise ValueError(f"AffineTransform: event_dim must not be negative, got {event_dim}")
        check_instances((weft.Tensor, int, float), "AffineTransform", loc=loc, scale=scale)
        self.loc = loc
        self.scale = scale
        self._event_dim = event_dim

    @property
    def event_dim(self) -> int:
        return self._event_dim

    @property
    def domain(self) -> constraints.Constraint:  # type: ignore[override]
        """The real numbers, or arrays of them.

        >>> import weft
        >>> weft.distributions.transforms.AffineTransform(1.0, 2.0).domain
        Real()
        """
        return constraints.independent(constraints.real, self._event_dim) if self._event_dim else constraints.real

    @property
    def codomain(self) -> constraints.Constraint:  # type: ignore[override]
        """As the domain.

        >>> import weft
        >>> weft.distributions.transforms.AffineTransform(1.0, 2.0).codomain
        Real()
        """
        return self.domain

    @property
    def sign(self) -> int | Tensor:
        if isinstance(self.scale, weft.Tensor):
            return self.scale.sign()
        return (self.scale > 0) - (self.scale < 0)

    def with_cache(self, cache_size: int = 1) -> Transform:
        if self._cache_size == cache_size:
            return self
        return AffineTransform(self.loc, self.scale, self._event_dim, cache_size)

    def _call(self, x):
        return self.loc + self.scale * x

    def _inverse(self, y):
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        check_tensors(type(self).__name__, x=x, y=y)
        if isinstance(self.scale, weft.Tensor):
            terms = self.scale.abs().log().expand(weft.broadcast_shapes(x.shape, self.scale.shape))
        else:
            terms = weft.full_like(x, math.log(abs(self.scale)))
        return sum_last(terms, self._event_dim)

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return weft.broadcast_shapes(shape, getattr(self.loc, "shape", ()), getattr(self.scale, "shape", ()))

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        return self.forward_shape(shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AffineTransform) and _same(self.loc, other.loc) and _same(self.scale, other.scale)

    def __hash__(self) -> int:
        return hash((AffineTransform, self._event_dim))


def _same(a, b):
    if isinstance(a, weft.Tensor) or isinstance(b, weft.Tensor):
        return bool((weft.as_tensor(a) == weft.as_tensor(b)).all())
    return a == b


identity_transform: ComposeTransform = ComposeTransform([])
