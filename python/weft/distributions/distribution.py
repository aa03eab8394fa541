"""The base class of all distributions."""

from __future__ import annotations

import copy

import weft
from weft import _C
from weft._checks import check_flags, check_instances, check_tensors
from weft.distributions import constraints

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeVar

    from weft import Size, Tensor

    DistributionT = TypeVar("DistributionT", bound="Distribution")


class Distribution:
    """A probability distribution, or a batch of them.

    A draw has the shape ``sample_shape + batch_shape + event_shape``: the first are independent repetitions, the second
    independent distributions with parameters of their own, the last the dimensions of one value.

    A subclass names its parameters with their constraints in ``arg_constraints`` and the set of values in ``support``,
    stores the parameters as attributes, passes the shapes on to this constructor, and overrides what it can compute.

    Args:
        batch_shape, event_shape: the shapes.
        validate_args: whether to check parameters, and the values given to ``log_prob`` and others. None (default)
            for what :meth:`set_default_validate_args` set; that is True unless Python runs with ``-O``. While a
            function is traced or mapped by ``vmap`` the values are not known, and are not checked.

    Raises:
        ValueError: a parameter lies outside of its constraint.

    Example:
        >>> import weft
        >>> from weft.distributions import Normal
        >>> normal = Normal(weft.zeros(3), 1.0)
        >>> normal.batch_shape, normal.event_shape, normal.sample((2,)).shape
        (weft.Size([3]), weft.Size([]), weft.Size([2, 3]))
        >>> Normal(0.0, -1.0)
        Traceback (most recent call last):
        ValueError: Normal: expected scale in GreaterThan(lower_bound=0.0), got -1.0
    """

    has_rsample: bool = False
    has_enumerate_support: bool = False
    _validate_args: bool = __debug__

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions made without ``validate_args`` check their arguments.

        Args:
            value: True or False.

        >>> import weft
        >>> weft.distributions.Distribution.set_default_validate_args(True)
        """
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args: expected True or False, got {value!r}")
        Distribution._validate_args = value

    def __init__(
        self,
        batch_shape: Sequence[int] = (),
        event_shape: Sequence[int] = (),
        validate_args: bool | None = None,
    ) -> None:
        check_flags(type(self).__name__, validate_args=validate_args)
        self._batch_shape = weft.Size(batch_shape)
        self._event_shape = weft.Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            for name, constraint in self.arg_constraints.items():
                value = vars(self).get(name)
                if isinstance(value, weft.Tensor) and not constraints.is_dependent(constraint):
                    self._check(name, value, constraint)

    @property
    def batch_shape(self) -> Size:
        """The shape of the batch of distributions.

        >>> import weft
        >>> weft.distributions.Categorical(weft.ones(2, 5)).batch_shape
        weft.Size([2])
        """
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one value.

        >>> import weft
        >>> weft.distributions.OneHotCategorical(weft.ones(2, 5)).event_shape
        weft.Size([5])
        """
        return self._event_shape

    @property
    def arg_constraints(self) -> dict[str, constraints.Constraint]:
        """The constraint of each parameter, by name.

        >>> import weft
        >>> weft.distributions.Exponential.arg_constraints
        {'rate': GreaterThan(lower_bound=0.0)}
        """
        raise self._lacks("arg_constraints")

    @property
    def support(self) -> constraints.Constraint:
        """The set of values that the distribution is on.

        >>> import weft
        >>> weft.distributions.Bernoulli(0.5).support
        Boolean()
        """
        raise self._lacks("support")

    @property
    def mean(self) -> Tensor:
        """The expected value, of shape ``batch_shape + event_shape``.

        >>> import weft
        >>> weft.distributions.Uniform(0.0, 4.0).mean
        tensor(2.)
        """
        raise self._lacks("mean")

    @property
    def mode(self) -> Tensor:
        """The most likely value.

        >>> import weft
        >>> weft.distributions.Normal(1.0, 2.0).mode
        tensor(1.)
        """
        raise self._lacks("mode")

    @property
    def variance(self) -> Tensor:
        """The variance, of vectors that of each component.

        >>> import weft
        >>> weft.distributions.Normal(0.0, 2.0).variance
        tensor(4.)
        """
        raise self._lacks("variance")

    @property
    def stddev(self) -> Tensor:
        """The standard deviation.

        >>> import weft
        >>> weft.distributions.Exponential(2.0).stddev
        tensor(0.5000)
        """
        return self.variance.sqrt()

    def expand(self: DistributionT, batch_shape: Sequence[int], _instance: Any = None) -> DistributionT:
        """The same distribution with its batch broadcast to a shape: parameters are expanded without a copy.

        Args:
            batch_shape: the new batch shape.
            _instance: the object to fill in place of a new one, for subclasses that override this method.

        Raises:
            ValueError: the batch shape does not broadcast to it.
            NotImplementedError: a subclass keeps tensors that are not in its ``arg_constraints``.

        >>> import weft
        >>> weft.distributions.Normal(0.0, 1.0).expand((2, 3)).batch_shape
        weft.Size([2, 3])
        """
        batch_shape = self._expanded_shape(batch_shape)
        new = copy.copy(self) if _instance is None else self._get_checked_instance(type(self), _instance)
        vars(new).update(vars(self), _batch_shape=batch_shape)
        for name, value in vars(self).items():
            if isinstance(value, weft.Tensor):
                if name not in self.arg_constraints:
                    raise NotImplementedError(
                        f"{type(self).__name__}.expand: {name} is a tensor but no parameter in arg_constraints; "
                        "define expand() in this class"
                    )
                own = value.dim() - self.arg_constraints[name].event_dim
                setattr(new, name, value.expand(batch_shape + value.shape[own:]))
        return new

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draws of shape ``sample_shape + batch_shape + event_shape``, without a gradient.

        Args:
            sample_shape: the shape of independent repetitions.

        >>> import weft
        >>> weft.distributions.Bernoulli(weft.tensor([0.0, 1.0])).sample((2,))
        tensor([[0., 1.],
                [0., 1.]])
        """
        with weft.no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draws that are differentiable functions of the parameters (Kingma and Welling, 2014).

        Args:
            sample_shape: the shape of independent repetitions.

        Raises:
            NotImplementedError: the distribution has none, as ``has_rsample`` says.

        >>> import weft
        >>> loc = weft.zeros(2, requires_grad=True)
        >>> weft.distributions.Normal(loc, 1.0).rsample((5,)).sum().backward()
        >>> loc.grad
        tensor([5., 5.])
        """
        raise self._lacks("rsample", "draws are not differentiable functions of its parameters")

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability, at a value, of shape ``sample_shape + batch_shape``.

        Args:
            value: whose shape broadcasts with ``batch_shape + event_shape``.

        Raises:
            ValueError: the shape does not fit or a value lies outside of the support.

        >>> import weft
        >>> weft.distributions.Normal(0.0, 1.0).log_prob(weft.tensor([0.0, 1.0]))
        tensor([-0.9189, -1.4189])
        """
        raise self._lacks("log_prob")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of values up to this one.

        Args:
            value: whose shape broadcasts with the batch shape.

        >>> import weft
        >>> weft.distributions.Uniform(0.0, 2.0).cdf(weft.tensor(0.5))
        tensor(0.2500)
        """
        raise self._lacks("cdf")

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of :meth:`cdf`: quantiles.

        Args:
            value: probabilities between 0 and 1.

        >>> import weft
        >>> weft.distributions.Normal(1.0, 2.0).icdf(weft.tensor(0.5))
        tensor(1.)
        """
        raise self._lacks("icdf")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution, along a new first dimension.

        Args:
            expand: over the batch shape; else the batch dimensions have size 1.

        >>> import weft
        >>> weft.distributions.Categorical(weft.ones(3)).enumerate_support()
        tensor([0, 1, 2])
        """
        raise self._lacks("enumerate_support")

    def entropy(self) -> Tensor:
        """The expected value of ``-log_prob``, in nats.

        >>> import weft
        >>> weft.distributions.Categorical(weft.ones(4)).entropy().exp()
        tensor(4.)
        """
        raise self._lacks("entropy")

    def perplexity(self) -> Tensor:
        """``exp(entropy)``.

        >>> import weft
        >>> weft.distributions.Uniform(0.0, 4.0).perplexity()
        tensor(4.)
        """
        return self.entropy().exp()

    def __repr__(self) -> str:
        shown = (name for name in self.arg_constraints if name in vars(self))
        return f"{type(self).__name__}({', '.join(f'{name}: {self._short(name)}' for name in shown)})"

    def _short(self, name):
        value = getattr(self, name)
        return value if value.numel() == 1 else value.size()

    def _lacks(self, what, why=""):
        return NotImplementedError(f"{type(self).__name__} has no {what}" + (f": {why}" if why else ""))

    def _extended_shape(self, sample_shape: Sequence[int] = ()) -> Size:
        """The shape of a draw; subclasses of the user's call it, too."""
        try:
            return weft.Size(sample_shape) + self._batch_shape + self._event_shape
        except TypeError:
            raise TypeError(
                f"{type(self).__name__}: expected a tuple of ints as sample_shape, got {sample_shape!r}"
            ) from None

    def _get_checked_instance(self, cls, _instance=None):
        """The object that expand fills; its constructor is not run. Subclasses of the user's call it, too."""
        if _instance is not None:
            check_instances(Distribution, f"{type(self).__name__}.expand", _instance=_instance)
            return _instance
        return type(self).__new__(type(self))

    def _expanded_shape(self, batch_shape):
        batch_shape = weft.Size(batch_shape)
        try:
            fits = weft.broadcast_shapes(self._batch_shape, batch_shape) == batch_shape
        except RuntimeError:
            fits = False
        if not fits:
            raise ValueError(
                f"{type(self).__name__}.expand: batch shape {tuple(self._batch_shape)} does not broadcast to "
                f"{tuple(batch_shape)}"
            )
        return batch_shape

    def _validate_sample(self, value: Tensor) -> None:
        """Raises where log_prob cannot take the value; subclasses of the user's call it, too."""
        check_tensors(f"{type(self).__name__}.log_prob", value=value)
        own = self._batch_shape + self._event_shape
        events = len(self._event_shape)
        fits = value.dim() >= events and value.shape[value.dim() - events :] == self._event_shape
        try:
            weft.broadcast_shapes(value.shape, own)
        except RuntimeError:
            fits = False
        if not fits:
            raise ValueError(
                f"{type(self).__name__}: expected a value whose shape broadcasts with batch shape "
                f"{tuple(self._batch_shape)} and event shape {tuple(self._event_shape)}, got {tuple(value.shape)}"
            )
        self._check("a value", value, self.support)

    def _validate_probability(self, value):
        """Raises where icdf cannot take the value."""
        check_tensors(f"{type(self).__name__}.icdf", value=value)
        if self._validate_args:
            self._check("a probability", value, constraints.unit_interval)

    def _check(self, name, value, constraint):
        valid = constraint.check(value)
        if not values_are_known(valid) or valid.all():
            return
        place = weft.nonzero(~valid)[0].tolist()
        wrong = value.detach()[tuple(place)]
        at = f" at index {tuple(place)}" if place else ""
        raise ValueError(f"{type(self).__name__}: expected {name} in {constraint}, got {wrong.tolist()}{at}")


def values_are_known(tensor):
    """Can a program branch on the values? Not while it is traced or mapped, nor on the meta device."""
    return tensor.device.type != "meta" and not _C._is_symbolic(tensor)
