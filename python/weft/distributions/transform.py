"""The base class of transforms, their inverses and compositions."""

from __future__ import annotations

import functools
import operator

import weft
from weft._checks import check_instances, check_integers, check_tensors
from weft.distributions import constraints

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from weft import Size, Tensor


def sum_last(value, ndims):
    """The sum over the last dimensions."""
    return value if ndims == 0 else value.flatten(value.dim() - ndims).sum(-1)


class Transform:
    """An invertible map ``y = t(x)``.

    A subclass defines ``domain``, ``codomain``, ``bijective``, ``_call(x)``, ``_inverse(y)`` and
    ``log_abs_det_jacobian(x, y)``, and ``sign`` (1 or -1, rising or falling) where it maps numbers.

    Args:
        cache_size: 1 to remember the last x and y, so that the inverse of a y that was just computed is its x, exactly;
            0 (default) to forget.

    Raises:
        ValueError: cache_size is neither.

    Example:
        >>> import weft
        >>> from weft.distributions.transforms import ExpTransform
        >>> exp = ExpTransform()
        >>> y = exp(weft.tensor([0.0, 1.0]))
        >>> y, exp.inv(y)
        (tensor([1.0000, 2.7183]), tensor([0., 1.]))
    """

    bijective: bool = False
    domain: constraints.Constraint
    codomain: constraints.Constraint

    def __init__(self, cache_size: int = 0) -> None:
        check_integers(type(self).__name__, cache_size=cache_size)
        if cache_size not in (0, 1):
            raise ValueError(f"{type(self).__name__}: cache_size must be 0 or 1, got {cache_size}")
        self._cache_size = cache_size
        self._cached_pair: tuple[Tensor, Tensor] | None = None

    @property
    def event_dim(self) -> int:
        """The number of dimensions of one value, where domain and codomain agree.

        >>> import weft
        >>> weft.distributions.transforms.ExpTransform().event_dim
        0
        """
        if self.domain.event_dim != self.codomain.event_dim:
            raise ValueError(f"{type(self).__name__}: domain and codomain have different event_dim: ask them")
        return self.domain.event_dim

    @property
    def inv(self) -> Transform:
        """The inverse.

        >>> import weft
        >>> weft.distributions.transforms.ExpTransform().inv(weft.tensor(1.0))
        tensor(0.)
        """
        return _InverseTransform(self)

    @property
    def sign(self) -> int | Tensor:
        """1 of a rising map of numbers, -1 of a falling one.

        >>> import weft
        >>> weft.distributions.transforms.AffineTransform(0.0, -2.0).sign
        -1
        """
        raise NotImplementedError(f"{type(self).__name__} has no sign: it does not map numbers monotonically")

    def with_cache(self, cache_size: int = 1) -> Transform:
        """The same map with this size of cache.

        Args:
            cache_size: 0 or 1.

        >>> import weft
        >>> weft.distributions.transforms.ExpTransform().with_cache()
        ExpTransform()
        """
        if self._cache_size == cache_size:
            return self
        if type(self).__init__ is Transform.__init__:
            return type(self)(cache_size=cache_size)
        raise NotImplementedError(f"{type(self).__name__} does not define with_cache()")

    def __call__(self, x: Tensor) -> Tensor:
        """``t(x)``."""
        check_tensors(type(self).__name__, x=x)
        if self._cached_pair is not None and self._cached_pair[0] is x:
            return self._cached_pair[1]
        y = self._call(x)
        self._remember(x, y)
        return y

    def _inv_call(self, y: Tensor) -> Tensor:
        check_tensors(f"{type(self).__name__}.inv", y=y)
        if self._cached_pair is not None and self._cached_pair[1] is y:
            return self._cached_pair[0]
        x = self._inverse(y)
        self._remember(x, y)
        return x

    def _remember(self, x, y):
        if self._cache_size:
            self._cached_pair = (x, y)

    def _call(self, x: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} does not define _call(x)")

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError(f"{type(self).__name__} does not define _inverse(y)")

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """``log |det dy/dx|``, of maps of numbers ``log |dy/dx|``.

        Args:
            x: values.
            y: what they are mapped to.

        >>> import weft
        >>> exp, x = weft.distributions.transforms.ExpTransform(), weft.tensor([0.5])
        >>> exp.log_abs_det_jacobian(x, exp(x))
        tensor([0.5000])
        """
        raise NotImplementedError(f"{type(self).__name__} does not define log_abs_det_jacobian(x, y)")

    def forward_shape(self, shape: Sequence[int]) -> Size:
        """The shape of ``t(x)`` for x of a shape.

        Args:
            shape: of x.

        >>> import weft
        >>> weft.distributions.transforms.AffineTransform(weft.zeros(3), 1.0).forward_shape((2, 1))
        weft.Size([2, 3])
        """
        return weft.Size(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        """The shape of ``t.inv(y)`` for y of a shape.

        Args:
            shape: of y.

        >>> import weft
        >>> weft.distributions.transforms.AffineTransform(weft.zeros(3), 1.0).inverse_shape((3,))
        weft.Size([3])
        """
        return weft.Size(shape)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _InverseTransform(Transform):
    """A map read backwards; it shares the cache of the other."""

    def __init__(self, transform: Transform) -> None:
        super().__init__(transform._cache_size)
        self._inv = transform
        self.bijective = transform.bijective

    @property
    def domain(self):
        return self._inv.codomain

    @property
    def codomain(self):
        return self._inv.domain

    @property
    def sign(self):
        return self._inv.sign

    @property
    def inv(self):
        return self._inv

    def with_cache(self, cache_size=1):
        return self._inv.with_cache(cache_size).inv

    def __call__(self, x):
        return self._inv._inv_call(x)

    def _inv_call(self, y):
        return self._inv(y)

    def log_abs_det_jacobian(self, x, y):
        return -self._inv.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape):
        return self._inv.inverse_shape(shape)

    def inverse_shape(self, shape):
        return self._inv.forward_shape(shape)

    def __eq__(self, other):
        return isinstance(other, _InverseTransform) and self._inv == other._inv

    def __hash__(self):
        return hash((_InverseTransform, self._inv))

    def __repr__(self):
        return f"{self._inv!r}.inv"


class ComposeTransform(Transform):
    """Several maps, one after the other.

    Args:
        parts: the maps, the first to be applied first.
        cache_size: as in :class:`Transform`.

    Raises:
        TypeError: a part is no Transform.

    Example:
        >>> import weft
        >>> from weft.distributions.transforms import AffineTransform, ComposeTransform, ExpTransform
        >>> both = ComposeTransform([AffineTransform(0.0, 2.0), ExpTransform()])
        >>> x = weft.tensor(1.0)
        >>> both(x), both.log_abs_det_jacobian(x, both(x))
        (tensor(7.3891), tensor(2.6931))
    """

    parts: Any

    def __init__(self, parts: Iterable[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        parts = list(parts)
        for part in parts:
            check_instances(Transform, "ComposeTransform", parts=part)
        self.parts = [part.with_cache(cache_size) for part in parts] if cache_size else parts

    @property
    def bijective(self) -> bool:  # type: ignore[override]
        """Whether all parts are.

        >>> import weft
        >>> weft.distributions.transforms.ComposeTransform([]).bijective
        True
        """
        return all(part.bijective for part in self.parts)

    @property
    def domain(self) -> constraints.Constraint:  # type: ignore[override]
        """The set that is mapped: that of the first part, with the dimensions that later parts take together.

        >>> import weft
        >>> weft.distributions.transforms.ComposeTransform([]).domain
        Real()
        """
        return self._end(self.parts, "domain", "codomain")

    @property
    def codomain(self) -> constraints.Constraint:  # type: ignore[override]
        """The set that it is mapped to.

        >>> import weft
        >>> from weft.distributions.transforms import ComposeTransform, ExpTransform
        >>> ComposeTransform([ExpTransform()]).codomain
        GreaterThan(lower_bound=0.0)
        """
        return self._end(self.parts[::-1], "codomain", "domain")

    @staticmethod
    def _end(parts, near, far):
        """The constraint at the near end of the first part, with the largest event_dim that any part asks for."""
        if not parts:
            return constraints.real
        event_dim = getattr(parts[-1], far).event_dim
        for part in reversed(parts):
            event_dim += getattr(part, near).event_dim - getattr(part, far).event_dim
            event_dim = max(event_dim, getattr(part, near).event_dim)
        constraint = getattr(parts[0], near)
        more = event_dim - constraint.event_dim
        return constraints.independent(constraint, more) if more else constraint

    @property
    def sign(self) -> int | Tensor:
        return functools.reduce(operator.mul, (part.sign for part in self.parts), 1)

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self if self._cache_size == cache_size else ComposeTransform(self.parts, cache_size)

    def _call(self, x):
        for part in self.parts:
            x = part(x)
        return x

    def _inverse(self, y):
        for part in reversed(self.parts):
            y = part._inv_call(y)
        return y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        check_tensors(type(self).__name__, x=x, y=y)
        if not self.parts:
            return weft.zeros_like(x)
        event_dim = self.domain.event_dim
        terms = []
        for place, part in enumerate(self.parts):
            after = y if place == len(self.parts) - 1 else part(x)
            terms.append(sum_last(part.log_abs_det_jacobian(x, after), event_dim - part.domain.event_dim))
            event_dim += part.codomain.event_dim - part.domain.event_dim
            x = after
        return functools.reduce(operator.add, terms)

    def forward_shape(self, shape: Sequence[int]) -> Size:
        for part in self.parts:
            shape = part.forward_shape(shape)
        return weft.Size(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        for part in reversed(self.parts):
            shape = part.inverse_shape(shape)
        return weft.Size(shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    def __hash__(self) -> int:
        return hash((ComposeTransform, *self.parts))

    def __repr__(self) -> str:
        return f"ComposeTransform([{', '.join(map(repr, self.parts))}])"
