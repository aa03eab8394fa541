"""Sets that the parameters and the values of distributions lie in: predicates on tensors, with a name in errors.

The constraints without parameters are objects (``positive``), those with are classes (``greater_than(1.0)``).
"""

from __future__ import annotations

import weft
from weft._checks import check_callables, check_flags, check_instances, check_integers, check_numbers, check_tensors
from weft._missing import missing_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft import Tensor

__all__ = [
    "Constraint",
    "boolean",
    "dependent",
    "dependent_property",
    "greater_than",
    "greater_than_eq",
    "half_open_interval",
    "independent",
    "integer_interval",
    "interval",
    "is_dependent",
    "less_than",
    "lower_cholesky",
    "lower_triangular",
    "nonnegative",
    "nonnegative_integer",
    "one_hot",
    "positive",
    "positive_integer",
    "real",
    "real_vector",
    "simplex",
    "square",
    "symmetric",
    "unit_interval",
]

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)


class Constraint:
    """A set of values. A subclass defines ``check``.

    ``event_dim`` is the number of trailing dimensions of one value, ``is_discrete`` whether the set is countable.

    >>> import weft
    >>> from weft.distributions import constraints
    >>> class Even(constraints.Constraint):
    ...     is_discrete = True
    ...     def check(self, value):
    ...         return value % 2 == 0
    >>> Even().check(weft.tensor([1, 2]))
    tensor([False,  True])
    """

    is_discrete: bool = False
    event_dim: int = 0

    def check(self, value: Tensor) -> Tensor:
        """Which values of the tensor lie in the set: a bool tensor without the last ``event_dim`` dimensions.

        >>> import weft
        >>> weft.distributions.constraints.simplex.check(weft.tensor([[0.25, 0.75], [0.5, 0.6]]))
        tensor([ True, False])
        """
        raise NotImplementedError(f"{type(self).__name__} does not define check()")

    def __repr__(self) -> str:
        """The name of the set with its bounds, as they stand in errors."""
        values = ", ".join(f"{name}={value}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"{type(self).__name__.lstrip('_')}({values})"


class _Dependent(Constraint):
    """The set depends on values that only an object knows: nothing can be checked."""

    def __init__(self, *, is_discrete: bool | None = None, event_dim: int | None = None) -> None:
        check_flags(type(self).__name__.lstrip("_"), is_discrete=is_discrete)
        if is_discrete is not None:
            self.is_discrete = is_discrete
        if event_dim is not None:
            check_integers(type(self).__name__.lstrip("_"), event_dim=event_dim)
            self.event_dim = event_dim

    def __call__(self, *, is_discrete: bool | None = None, event_dim: int | None = None) -> _Dependent:
        """The same with what is known of the set."""
        return _Dependent(is_discrete=is_discrete, event_dim=event_dim)

    def check(self, value: Tensor) -> Tensor:
        raise ValueError("constraints.dependent: no value can be checked without the distribution's parameters")

    def __repr__(self) -> str:
        return "Dependent()"


class dependent_property(property, _Dependent):
    """A property whose value is a constraint made of the object's parameters; asked of the class it is ``dependent``.

    Args:
        function: the getter. None for use as ``@dependent_property(is_discrete=..., event_dim=...)``.
        is_discrete: whether the set is countable.
        event_dim: the number of dimensions of a value.

    >>> import weft
    >>> from weft.distributions import constraints
    >>> weft.distributions.Uniform(0.0, 2.0).support
    Interval(lower_bound=0.0, upper_bound=2.0)
    >>> constraints.is_dependent(weft.distributions.Uniform.support)
    True
    """

    def __init__(
        self,
        function: Callable[[Any], Constraint] | None = None,
        *,
        is_discrete: bool | None = None,
        event_dim: int | None = None,
    ) -> None:
        if function is not None:
            check_callables("dependent_property", function=function)
        property.__init__(self, function)
        _Dependent.__init__(self, is_discrete=is_discrete, event_dim=event_dim)

    def __call__(self, function: Callable[[Any], Constraint]) -> dependent_property:  # type: ignore[override]
        """The property with this getter: for use as a decorator with arguments."""
        known = vars(self)
        return type(self)(function, is_discrete=known.get("is_discrete"), event_dim=known.get("event_dim"))


def is_dependent(constraint: Constraint) -> bool:
    """Does the set depend on values that the constraint does not hold?

    Args:
        constraint: a constraint.

    >>> import weft
    >>> weft.distributions.constraints.is_dependent(weft.distributions.constraints.positive)
    False
    """
    check_instances(Constraint, "is_dependent", constraint=constraint)
    return isinstance(constraint, _Dependent)


def _bound(owner, name, value):
    """The bound of a set: a tensor or a number."""
    if not isinstance(value, weft.Tensor):
        check_numbers(owner, **{name: value})
    return value


def _flat_last(valid: Tensor, ndims: int) -> Tensor:
    """True where all of the last ``ndims`` dimensions are."""
    return valid if ndims == 0 else valid.flatten(valid.dim() - ndims).all(-1)


class _IndependentConstraint(Constraint):
    """Arrays of values of another constraint: the last dimensions of its batch count as part of a value.

    Args:
        base_constraint: that constraint.
        reinterpreted_batch_ndims: how many dimensions.

    >>> import weft
    >>> from weft.distributions import constraints
    >>> constraints.independent(constraints.positive, 1).check(weft.tensor([[1.0, 2.0], [-1.0, 2.0]]))
    tensor([ True, False])
    """

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        if not isinstance(base_constraint, Constraint):
            raise TypeError(f"independent: expected a Constraint, got {type(base_constraint).__name__}")
        if not isinstance(reinterpreted_batch_ndims, int) or reinterpreted_batch_ndims < 0:
            raise ValueError(
                f"independent: expected an int of at least 0 as reinterpreted_batch_ndims, got "
                f"{reinterpreted_batch_ndims!r}"
            )
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]
        """Whether the set is countable: as the base is.

        >>> import weft
        >>> from weft.distributions import constraints
        >>> constraints.independent(constraints.boolean, 1).is_discrete
        True
        """
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """The number of dimensions of a value: those of the base and the reinterpreted ones.

        >>> import weft
        >>> from weft.distributions import constraints
        >>> constraints.independent(constraints.simplex, 2).event_dim
        3
        """
        return self.base_constraint.event_dim + self.reinterpreted_batch_ndims

    def check(self, value: Tensor) -> Tensor:
        check_tensors("independent", value=value)
        valid = self.base_constraint.check(value)
        if valid.dim() < self.reinterpreted_batch_ndims:
            raise ValueError(
                f"independent: expected a value of at least {self.event_dim} dimensions, got shape {tuple(value.shape)}"
            )
        return _flat_last(valid, self.reinterpreted_batch_ndims)


class _Real(Constraint):
    def check(self, value):
        return value == value  # not NaN


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value):
        return (value == 0) | (value == 1)


class _OneHot(Constraint):
    is_discrete = True
    event_dim = 1

    def check(self, value):
        return _flat_last((value == 0) | (value == 1), 1) & (value.sum(-1) == 1)


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value):
        tolerance = max(1e-6, 4 * weft.finfo(value.dtype).eps)  # half types round the sum
        return _flat_last(value >= 0, 1) & ((value.sum(-1) - 1).abs() < tolerance)


class _Square(Constraint):
    event_dim = 2

    def check(self, value):
        square = value.shape[-2] == value.shape[-1]
        return weft.full(value.shape[:-2], square, dtype=weft.bool, device=value.device)


class _Symmetric(_Square):
    def check(self, value):
        square = super().check(value)
        if value.shape[-2] != value.shape[-1]:
            return square
        return _flat_last(weft.isclose(value, value.mT, atol=1e-6), 2)


class _LowerTriangular(Constraint):
    event_dim = 2

    def check(self, value):
        return _flat_last(value.tril() == value, 2)


class _LowerCholesky(_LowerTriangular):
    def check(self, value):
        return super().check(value) & _flat_last(value.diagonal(dim1=-2, dim2=-1) > 0, 1)


class _GreaterThan(Constraint):
    """Values above a bound.

    Args:
        lower_bound: a number or a tensor that broadcasts to the values.

    >>> import weft
    >>> weft.distributions.constraints.greater_than(1.0).check(weft.tensor([1.0, 2.0]))
    tensor([False,  True])
    """

    def __init__(self, lower_bound: Tensor | float) -> None:
        self.lower_bound = _bound("greater_than", "lower_bound", lower_bound)

    def check(self, value: Tensor) -> Tensor:
        return value > self.lower_bound


class _GreaterThanEq(Constraint):
    """Values at or above a bound.

    Args:
        lower_bound: a number or a tensor that broadcasts to the values.

    >>> import weft
    >>> weft.distributions.constraints.greater_than_eq(1.0).check(weft.tensor([1.0, 0.5]))
    tensor([ True, False])
    """

    def __init__(self, lower_bound: Tensor | float) -> None:
        self.lower_bound = _bound("greater_than_eq", "lower_bound", lower_bound)

    def check(self, value: Tensor) -> Tensor:
        return value >= self.lower_bound


class _LessThan(Constraint):
    """Values below a bound.

    Args:
        upper_bound: a number or a tensor that broadcasts to the values.

    >>> import weft
    >>> weft.distributions.constraints.less_than(1.0).check(weft.tensor([1.0, 0.5]))
    tensor([False,  True])
    """

    def __init__(self, upper_bound: Tensor | float) -> None:
        self.upper_bound = _bound("less_than", "upper_bound", upper_bound)

    def check(self, value: Tensor) -> Tensor:
        return value < self.upper_bound


class _Interval(Constraint):
    """Values between two bounds, bounds included.

    Args:
        lower_bound, upper_bound: numbers or tensors that broadcast to the values.

    >>> import weft
    >>> weft.distributions.constraints.interval(0.0, 1.0).check(weft.tensor([1.0, 1.5]))
    tensor([ True, False])
    """

    def __init__(self, lower_bound: Tensor | float, upper_bound: Tensor | float) -> None:
        self.lower_bound = _bound("interval", "lower_bound", lower_bound)
        self.upper_bound = _bound("interval", "upper_bound", upper_bound)

    def check(self, value: Tensor) -> Tensor:
        return (value >= self.lower_bound) & (value <= self.upper_bound)


class _HalfOpenInterval(_Interval):
    """Values between two bounds, the lower one included.

    Args:
        lower_bound, upper_bound: numbers or tensors that broadcast to the values.

    >>> import weft
    >>> weft.distributions.constraints.half_open_interval(0.0, 1.0).check(weft.tensor([0.0, 1.0]))
    tensor([ True, False])
    """

    def check(self, value: Tensor) -> Tensor:
        return (value >= self.lower_bound) & (value < self.upper_bound)


class _IntegerInterval(_Interval):
    """Whole numbers between two bounds, bounds included.

    Args:
        lower_bound, upper_bound: numbers or tensors that broadcast to the values.

    >>> import weft
    >>> weft.distributions.constraints.integer_interval(0, 2).check(weft.tensor([2.0, 1.5, 3.0]))
    tensor([ True, False, False])
    """

    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        return (value % 1 == 0) & super().check(value)


class _IntegerGreaterThan(_GreaterThanEq):
    is_discrete = True

    def check(self, value):
        return (value % 1 == 0) & super().check(value)


greater_than_eq = _GreaterThanEq
greater_than = _GreaterThan
less_than = _LessThan
half_open_interval = _HalfOpenInterval
integer_interval = _IntegerInterval
interval = _Interval
independent = _IndependentConstraint

dependent: _Dependent = _Dependent()
boolean: Constraint = _Boolean()
one_hot: Constraint = _OneHot()
nonnegative_integer: Constraint = _IntegerGreaterThan(0)
positive_integer: Constraint = _IntegerGreaterThan(1)
real: Constraint = _Real()
real_vector: Constraint = independent(real, 1)
positive: Constraint = greater_than(0.0)
nonnegative: Constraint = greater_than_eq(0.0)
unit_interval: Constraint = interval(0.0, 1.0)
simplex: Constraint = _Simplex()
lower_triangular: Constraint = _LowerTriangular()
lower_cholesky: Constraint = _LowerCholesky()
square: Constraint = _Square()
symmetric: Constraint = _Symmetric()
