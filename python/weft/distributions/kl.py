"""The Kullback-Leibler divergence, by pairs of classes."""

from __future__ import annotations

import math
import warnings

import weft
import weft.nn.functional as F
from weft._checks import check_instances
from weft._missing import missing_names
from weft.distributions.bernoulli import Bernoulli
from weft.distributions.categorical import Categorical
from weft.distributions.distribution import Distribution
from weft.distributions.exponential import Exponential
from weft.distributions.gumbel import Gumbel
from weft.distributions.independent import Independent
from weft.distributions.laplace import Laplace
from weft.distributions.multivariate_normal import MultivariateNormal
from weft.distributions.normal import Normal
from weft.distributions.one_hot_categorical import OneHotCategorical
from weft.distributions.transform import sum_last
from weft.distributions.transformed_distribution import TransformedDistribution
from weft.distributions.uniform import Uniform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from weft import Tensor

    RuleT = TypeVar("RuleT", bound=Callable[..., Tensor])

__all__ = ["kl_divergence", "register_kl"]

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

_RULES: dict[tuple[type, type], Callable[..., Tensor]] = {}


def register_kl(type_p: type[Distribution], type_q: type[Distribution]) -> Callable[[RuleT], RuleT]:
    """A decorator for the rule that :func:`kl_divergence` uses for two classes and their subclasses.

    The rule of the nearest classes is taken, nearest to the first argument's class if there are several.

    Args:
        type_p, type_q: subclasses of Distribution.

    Raises:
        TypeError: one of them is none.

    Example:
        >>> import weft
        >>> from weft.distributions import Normal, kl_divergence, register_kl
        >>> class Own(Normal):
        ...     pass
        >>> @register_kl(Own, Own)
        ... def rule(p, q):
        ...     return weft.zeros(p.batch_shape)
        >>> kl_divergence(Own(0.0, 1.0), Own(1.0, 1.0)), kl_divergence(Own(0.0, 1.0), Normal(1.0, 1.0))
        (tensor(0.), tensor(0.5000))
    """
    for name, kind in (("type_p", type_p), ("type_q", type_q)):
        if not isinstance(kind, type) or not issubclass(kind, Distribution):
            raise TypeError(f"register_kl: expected a subclass of Distribution as {name}, got {kind!r}")

    def register(rule: RuleT) -> RuleT:
        _RULES[type_p, type_q] = rule
        return rule

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """``E[log p(x) - log q(x)]`` for x drawn from p, in nats, of the batch shape that those of p and q broadcast to.

    Args:
        p, q: distributions over the same values.

    Raises:
        TypeError: one of them is no Distribution.
        NotImplementedError: there is no rule for these classes: :func:`register_kl` adds one.

    Example:
        >>> import weft
        >>> from weft.distributions import Normal, kl_divergence
        >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
        tensor(0.5000)
    """
    check_instances(Distribution, "kl_divergence", p=p, q=q)
    return _rule(type(p), type(q))(p, q)


def _rule(kind_p, kind_q):
    found = [
        (kind_p.__mro__.index(a), kind_q.__mro__.index(b), rule)
        for (a, b), rule in _RULES.items()
        if issubclass(kind_p, a) and issubclass(kind_q, b)
    ]
    if not found:
        raise NotImplementedError(
            f"kl_divergence: no rule for {kind_p.__name__} and {kind_q.__name__}; register_kl adds one"
        )
    left = min(found, key=lambda each: each[:2])
    right = min(found, key=lambda each: (each[1], each[0]))
    if left[2] is not right[2]:
        warnings.warn(
            f"kl_divergence: two rules are equally near to {kind_p.__name__} and {kind_q.__name__}; the one nearest to "
            f"{kind_p.__name__} is taken",
            RuntimeWarning,
            stacklevel=3,
        )
    return left[2]


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p, q):
    ones = p.probs * (F.softplus(-q.logits) - F.softplus(-p.logits))
    zeros = (1 - p.probs) * (F.softplus(q.logits) - F.softplus(p.logits))
    ones = ones.masked_fill(q.probs == 0, weft.inf).masked_fill(p.probs == 0, 0)
    return ones + zeros.masked_fill(q.probs == 1, weft.inf).masked_fill(p.probs == 1, 0)


@register_kl(Categorical, Categorical)
@register_kl(OneHotCategorical, OneHotCategorical)
def _categorical(p, q):
    if p.param_shape[-1] != q.param_shape[-1]:
        raise ValueError(f"kl_divergence: expected as many categories, got {p.param_shape[-1]} and {q.param_shape[-1]}")
    terms = p.probs * (p.logits - q.logits)
    return terms.masked_fill(q.probs == 0, weft.inf).masked_fill(p.probs == 0, 0).sum(-1)


@register_kl(Exponential, Exponential)
def _exponential(p, q):
    ratio = q.rate / p.rate
    return ratio - 1 - ratio.log()


@register_kl(Laplace, Laplace)
def _laplace(p, q):
    ratio = p.scale / q.scale
    distance = (p.loc - q.loc).abs()
    return distance / q.scale + ratio * (-distance / p.scale).exp() - ratio.log() - 1


@register_kl(Normal, Normal)
def _normal(p, q):
    ratio = (p.scale / q.scale).square()
    return (ratio + ((p.loc - q.loc) / q.scale).square() - 1 - ratio.log()) / 2


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p, q):
    if p.event_shape != q.event_shape:
        raise ValueError(
            f"kl_divergence: expected vectors of one size, got {tuple(p.event_shape)} and {tuple(q.event_shape)}"
        )
    return _normal(Normal(p.loc, p._scale, False), Normal(q.loc, q._scale, False)).sum(-1)


@register_kl(Uniform, Uniform)
def _uniform(p, q):
    divergence = ((q.high - q.low) / (p.high - p.low)).log()
    return divergence.masked_fill((q.low > p.low) | (q.high < p.high), weft.inf)


@register_kl(Independent, Independent)
def _independent(p, q):
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError(
            f"kl_divergence: Independent over {p.reinterpreted_batch_ndims} and over "
            f"{q.reinterpreted_batch_ndims} dimensions"
        )
    return sum_last(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p, q):
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError("kl_divergence: the two transformed distributions have different transforms")
    return kl_divergence(p.base_dist, q.base_dist)  # an invertible map changes nothing


@register_kl(Uniform, Normal)
@register_kl(Laplace, Normal)
@register_kl(Exponential, Normal)
@register_kl(Gumbel, Normal)
def _to_normal(p, q):
    """The cross entropy needs only the first two moments of p."""
    square = (p.variance + (p.mean - q.loc).square()) / q.scale.square()
    return square / 2 + q.scale.log() + math.log(2 * math.pi) / 2 - p.entropy()


@register_kl(Uniform, Exponential)
def _uniform_exponential(p, q):
    divergence = q.rate * p.mean - q.rate.log() - p.entropy()
    return divergence.masked_fill(p.low < 0, weft.inf)


@register_kl(Exponential, Gumbel)
def _exponential_gumbel(p, q):
    """``E[exp(-x / scale)]`` of an exponential variable is ``1 / (1 + 1 / (rate scale))``."""
    product = p.rate * q.scale
    tail = (q.loc / q.scale).exp() * product / (product + 1)
    return (p.mean - q.loc) / q.scale + tail + q.scale.log() - p.entropy()


@register_kl(Exponential, Uniform)
@register_kl(Gumbel, Uniform)
@register_kl(Laplace, Uniform)
@register_kl(Normal, Uniform)
@register_kl(Gumbel, Exponential)
@register_kl(Laplace, Exponential)
@register_kl(Normal, Exponential)
def _infinite(p, q):
    """The support of p reaches beyond that of q."""
    return weft.full_like(p.mean + q.mean, weft.inf)
