"""Probability distributions, with the names of torch.distributions.

>>> import weft
>>> normal = weft.distributions.Normal(0.0, 1.0)
>>> normal.log_prob(weft.tensor(0.0))
tensor(-0.9189)
"""

from weft._missing import missing_names
from weft.distributions import constraints, transforms, utils
from weft.distributions.bernoulli import Bernoulli
from weft.distributions.categorical import Categorical
from weft.distributions.distribution import Distribution
from weft.distributions.exponential import Exponential
from weft.distributions.gumbel import Gumbel
from weft.distributions.independent import Independent
from weft.distributions.kl import kl_divergence, register_kl
from weft.distributions.laplace import Laplace
from weft.distributions.log_normal import LogNormal
from weft.distributions.multivariate_normal import MultivariateNormal
from weft.distributions.normal import Normal
from weft.distributions.one_hot_categorical import OneHotCategorical, OneHotCategoricalStraightThrough
from weft.distributions.relaxed_bernoulli import RelaxedBernoulli
from weft.distributions.transformed_distribution import TransformedDistribution
from weft.distributions.transforms import (
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    SigmoidTransform,
    TanhTransform,
    Transform,
    identity_transform,
)
from weft.distributions.uniform import Uniform

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = [
    "AffineTransform",
    "Bernoulli",
    "Categorical",
    "ComposeTransform",
    "Distribution",
    "ExpTransform",
    "Exponential",
    "Gumbel",
    "Independent",
    "Laplace",
    "LogNormal",
    "MultivariateNormal",
    "Normal",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "RelaxedBernoulli",
    "SigmoidTransform",
    "TanhTransform",
    "Transform",
    "TransformedDistribution",
    "Uniform",
    "constraints",
    "identity_transform",
    "kl_divergence",
    "register_kl",
    "transforms",
    "utils",
]
