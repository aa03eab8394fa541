"""Distributions against closed forms, numerical integrals, moments of draws, and PyTorch where it is installed."""

import math

import numpy as np
import pytest
import weft
import weft.distributions as D
from weft.distributions import constraints, transforms

f64 = weft.float64


def t(*values):
    return weft.tensor(values if len(values) != 1 else values[0], dtype=f64)


# Continuous distributions on the line: the object, and an interval that holds all but 1e-9 of it.
CONTINUOUS = {
    "normal": (lambda: D.Normal(t(0.5), t(1.5)), (-12, 13)),
    "uniform": (lambda: D.Uniform(t(-1.0), t(2.5)), (-1, 2.5)),
    "exponential": (lambda: D.Exponential(t(1.7)), (0, 15)),
    "laplace": (lambda: D.Laplace(t(-0.3), t(0.8)), (-20, 20)),
    "gumbel": (lambda: D.Gumbel(t(0.4), t(0.7)), (-3, 20)),
    "log_normal": (lambda: D.LogNormal(t(0.1), t(0.4)), (1e-9, 12)),
    "tanh": (lambda: D.TransformedDistribution(D.Normal(t(0.2), t(0.5)), transforms.TanhTransform()), (-1, 1)),
    "affine": (
        lambda: D.TransformedDistribution(D.Exponential(t(2.0)), transforms.AffineTransform(t(1.0), t(-2.0))),
        (-19, 1),
    ),
    "relaxed": (lambda: D.RelaxedBernoulli(t(1.5), t(0.3)), (0, 1)),
}


def grid(low, high, count=400_001):
    """Midpoints of cells, and their width."""
    edges = np.linspace(low, high, count)
    return weft.from_numpy((edges[1:] + edges[:-1]) / 2), edges[1] - edges[0]


@pytest.mark.parametrize("name", CONTINUOUS)
def test_density_integrates_to_one_and_gives_the_moments(name):
    make, bounds = CONTINUOUS[name]
    dist = make()
    x, width = grid(*bounds)
    density = dist.log_prob(x).exp().numpy()
    assert density.sum() * width == pytest.approx(1, abs=1e-5)
    x = x.numpy()
    if type(dist) not in (D.TransformedDistribution, D.RelaxedBernoulli):
        mean = (density * x).sum() * width
        assert dist.mean.item() == pytest.approx(mean, abs=1e-4)
        assert dist.variance.item() == pytest.approx((density * (x - mean) ** 2).sum() * width, abs=1e-4)
        assert dist.stddev.item() == pytest.approx(dist.variance.item() ** 0.5)
        positive = density[density > 0]
        assert dist.entropy().item() == pytest.approx(-(positive * np.log(positive)).sum() * width, abs=1e-4)
        assert dist.perplexity().item() == pytest.approx(math.exp(dist.entropy().item()))
        if name != "uniform":
            assert dist.mode.item() == pytest.approx(x[density.argmax()], abs=1e-3)


@pytest.mark.parametrize("name", [name for name in CONTINUOUS if name != "relaxed"])
def test_cdf_is_the_integral_and_icdf_its_inverse(name):
    make, bounds = CONTINUOUS[name]
    dist = make()
    x, width = grid(*bounds)
    below = np.cumsum(dist.log_prob(x).exp().numpy()) * width
    places = np.linspace(10, len(below) - 10, 50).astype(int)
    got = dist.cdf(x[weft.from_numpy(places)] + width / 2).numpy()
    np.testing.assert_allclose(got, below[places], atol=1e-5)
    p = weft.linspace(0.01, 0.99, 25, dtype=f64)
    np.testing.assert_allclose(dist.cdf(dist.icdf(p)).numpy(), p.numpy(), rtol=1e-9)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_draws_follow_the_cdf(name):
    """Kolmogorov and Smirnov: draws stay within 1.95 / sqrt(n) of the distribution, but for one seed in a thousand."""
    weft.manual_seed(3)
    make, bounds = CONTINUOUS[name]
    dist = make()
    draws = dist.sample((20_000,))
    assert not draws.requires_grad and draws.dtype == f64
    assert dist.support.check(draws).all()
    draws = np.sort(draws.numpy())
    x, width = grid(*bounds)
    below = np.cumsum(dist.log_prob(x).exp().numpy()) * width
    expected = np.interp(draws, x.numpy() + width / 2, below)
    found = (np.arange(len(draws)) + 0.5) / len(draws)
    assert np.abs(found - expected).max() < 1.95 / len(draws) ** 0.5


@pytest.mark.parametrize(
    "make, parameters",
    [
        (D.Normal, (0.5, 1.5)),
        (D.Uniform, (-1.0, 2.0)),
        (D.Exponential, (1.5,)),
        (D.Laplace, (0.5, 1.5)),
        (D.Gumbel, (0.5, 1.5)),
        (D.LogNormal, (0.1, 0.3)),
    ],
)
def test_rsample_gives_the_gradient_of_the_mean(make, parameters):
    """The gradient of an average of draws is near that of the mean, which has a closed form."""
    weft.manual_seed(0)
    leaves = [weft.tensor(value, dtype=f64, requires_grad=True) for value in parameters]
    dist = make(*leaves)
    assert dist.has_rsample
    found = weft.autograd.grad(dist.rsample((200_000,)).mean(), leaves)
    expected = weft.autograd.grad(make(*leaves).mean, leaves, allow_unused=True)
    for got, wanted in zip(found, expected, strict=True):
        assert got.item() == pytest.approx(0.0 if wanted is None else wanted.item(), abs=0.02)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_log_prob_has_the_gradient_of_its_differences(name):
    make, (low, high) = CONTINUOUS[name]
    x = weft.linspace(low, high, 9, dtype=f64)[1:-1] + 0.0123
    x.requires_grad_()
    assert weft.autograd.gradcheck(make().log_prob, (x,))


def test_normal_by_hand():
    dist = D.Normal(weft.tensor([0.0, 1.0]), weft.tensor([1.0, 2.0]))
    x = weft.tensor([[0.5, -1.0], [2.0, 3.0]])
    z = (x.numpy() - [0, 1]) / [1, 2]
    np.testing.assert_allclose(
        dist.log_prob(x).numpy(), -(z**2) / 2 - np.log([1, 2]) - 0.5 * np.log(2 * np.pi), rtol=1e-6
    )
    lower = [math.erfc(v / math.sqrt(2)) / 2 for v in (3.0, 8.0)]
    np.testing.assert_allclose(D.Normal(0.0, t(1.0)).cdf(t(-3.0, -8.0)).numpy(), lower, rtol=1e-12)


def test_bernoulli():
    dist = D.Bernoulli(t(0.0, 0.2, 0.5, 1.0))
    np.testing.assert_allclose(dist.log_prob(t(0.0, 1.0, 1.0, 1.0)).exp().numpy(), [1, 0.2, 0.5, 1], rtol=1e-9)
    np.testing.assert_allclose(dist.variance.numpy(), [0, 0.16, 0.25, 0], rtol=1e-12)
    assert dist.entropy()[2].item() == pytest.approx(math.log(2))
    mode = dist.mode
    assert mode[weft.tensor([0, 1, 3])].tolist() == [0, 0, 1] and mode[2].isnan()
    assert dist.enumerate_support().shape == (2, 4) and dist.enumerate_support(expand=False).shape == (2, 1)
    weft.manual_seed(0)
    np.testing.assert_allclose(dist.sample((50_000,)).mean(0).numpy(), [0, 0.2, 0.5, 1], atol=0.01)
    logits = t(-3.0, 0.0, 20.0)
    np.testing.assert_allclose(D.Bernoulli(logits=logits).probs.numpy(), 1 / (1 + np.exp(-logits.numpy())), rtol=1e-12)


def test_categorical():
    weights = t([[1.0, 3.0, 0.0], [2.0, 2.0, 4.0]])
    dist = D.Categorical(weights)
    probs = weights.numpy() / weights.numpy().sum(1, keepdims=True)
    np.testing.assert_allclose(dist.probs.numpy(), probs)
    np.testing.assert_allclose(dist.log_prob(weft.tensor([1, 2])).exp().numpy(), [0.75, 0.5], rtol=1e-9)
    every = dist.enumerate_support()
    assert every.tolist() == [[0, 0], [1, 1], [2, 2]]
    np.testing.assert_allclose(dist.log_prob(every).exp().numpy(), probs.T, atol=1e-12)
    np.testing.assert_allclose(dist.entropy()[1].item(), 1.5 * math.log(2), rtol=1e-12)
    assert dist.mode.tolist() == [1, 2] and dist.mean.isnan().all()
    weft.manual_seed(0)
    draws = dist.sample((30_000,))
    assert draws.dtype == weft.int64 and draws.shape == (30_000, 2)
    for k in range(3):
        np.testing.assert_allclose((draws == k).double().mean(0).numpy(), probs[:, k], atol=0.015)
    assert dist.sample((0,)).shape == (0, 2) and dist.sample((4, 5)).shape == (4, 5, 2)
    shifted = D.Categorical(logits=weights + 100)
    np.testing.assert_allclose(shifted.logits.exp().sum(-1).numpy(), [1, 1], rtol=1e-9)


def test_categorical_log_prob_has_a_gradient():
    logits = weft.tensor([0.5, -1.0, 2.0], dtype=f64, requires_grad=True)
    D.Categorical(logits=logits).log_prob(weft.tensor(2)).backward()
    probs = np.exp(logits.detach().numpy()) / np.exp(logits.detach().numpy()).sum()
    np.testing.assert_allclose(logits.grad.numpy(), np.eye(3)[2] - probs, rtol=1e-12)


def test_one_hot_categorical():
    weft.manual_seed(1)
    probs = weft.tensor([[0.1, 0.9], [0.5, 0.5]], dtype=f64, requires_grad=True)
    dist = D.OneHotCategorical(probs)
    draws = dist.sample((1000,))
    assert draws.shape == (1000, 2, 2) and draws.dtype == f64 and (draws.sum(-1) == 1).all()
    np.testing.assert_allclose(dist.log_prob(weft.eye(2, dtype=f64)).exp().detach().numpy(), [0.1, 0.5], rtol=1e-9)
    assert dist.enumerate_support().shape == (2, 2, 2) and dist.expand((3, 2)).sample().shape == (3, 2, 2)
    assert D.OneHotCategorical(weft.tensor([0.1, 0.9])).mode.tolist() == [0, 1]
    weights = weft.tensor([1.0, 2.0], dtype=f64)
    (D.OneHotCategoricalStraightThrough(probs).rsample() * weights).sum().backward()
    expected = weights - (weights * probs.detach()).sum(-1, keepdim=True)  # through the normalised probabilities
    np.testing.assert_allclose(probs.grad.numpy(), expected.numpy(), rtol=1e-9)


def test_multivariate_normal_is_independent_normals():
    loc, scale = t([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]), t(0.5, 1.0, 2.0)
    expected = D.Independent(D.Normal(loc, scale), 1)
    for name, matrix in (
        ("scale_tril", scale.diag()),
        ("covariance_matrix", scale.square().diag()),
        ("precision_matrix", scale.square().reciprocal().diag()),
    ):
        dist = D.MultivariateNormal(loc, **{name: matrix})
        assert dist.batch_shape == (2,) and dist.event_shape == (3,)
        x = weft.randn(4, 2, 3, dtype=f64)
        np.testing.assert_allclose(dist.log_prob(x).numpy(), expected.log_prob(x).numpy(), rtol=1e-12)
        np.testing.assert_allclose(dist.entropy().numpy(), expected.entropy().numpy(), rtol=1e-12)
        np.testing.assert_allclose(getattr(dist, name)[0].numpy(), matrix.numpy(), rtol=1e-12)
        assert dist.expand((5, 2)).rsample((7,)).shape == (7, 5, 2, 3)
    weft.manual_seed(0)
    draws = D.MultivariateNormal(t(1.0, -1.0), scale_tril=t(0.5, 2.0).diag()).sample((50_000,))
    np.testing.assert_allclose(np.cov(draws.numpy().T), [[0.25, 0], [0, 4]], atol=0.08)


def test_independent():
    base = D.Normal(weft.zeros(4, 3, 2, dtype=f64), 1.0)
    dist = D.Independent(base, 2)
    assert dist.batch_shape == (4,) and dist.event_shape == (3, 2)
    x = weft.randn(5, 4, 3, 2, dtype=f64)
    np.testing.assert_allclose(dist.log_prob(x).numpy(), base.log_prob(x).numpy().sum((-1, -2)), rtol=1e-12)
    np.testing.assert_allclose(dist.entropy().numpy(), base.entropy().numpy().sum((-1, -2)), rtol=1e-12)
    assert dist.expand((6, 4)).sample().shape == (6, 4, 3, 2)
    assert dist.support.event_dim == 2 and repr(dist).startswith("Independent(Normal(loc")


BATCHED = {
    "Normal": lambda: D.Normal(weft.zeros(3), 1.0),
    "Uniform": lambda: D.Uniform(weft.zeros(3), 1.0),
    "Exponential": lambda: D.Exponential(weft.ones(3)),
    "Laplace": lambda: D.Laplace(weft.zeros(3), 1.0),
    "Gumbel": lambda: D.Gumbel(weft.zeros(3), 1.0),
    "LogNormal": lambda: D.LogNormal(weft.zeros(3), 1.0),
    "Bernoulli": lambda: D.Bernoulli(weft.full((3,), 0.5)),
    "Categorical": lambda: D.Categorical(weft.ones(3, 4)),
    "OneHotCategorical": lambda: D.OneHotCategorical(logits=weft.ones(3, 4)),
    "MultivariateNormal": lambda: D.MultivariateNormal(weft.zeros(3, 4), scale_tril=weft.eye(4)),
    "RelaxedBernoulli": lambda: D.RelaxedBernoulli(0.5, logits=weft.zeros(3)),
    "Independent": lambda: D.Independent(D.Normal(weft.zeros(3, 4), 1.0), 1),
}


@pytest.mark.parametrize("name", BATCHED)
def test_shapes_and_expand(name):
    dist = BATCHED[name]()
    for sample_shape in ((), (2,), (5, 2), weft.Size([2]), [2], (0,)):
        draws = dist.sample(sample_shape)
        assert draws.shape == (*sample_shape, *dist.batch_shape, *dist.event_shape)
        assert dist.log_prob(draws).shape == (*sample_shape, 3)
    wider = dist.expand((2, 3))
    assert type(wider) is type(dist) and wider.batch_shape == (2, 3) and dist.batch_shape == (3,)
    draws = wider.sample((7,))
    assert draws.shape == (7, 2, 3, *dist.event_shape)
    np.testing.assert_allclose(wider.log_prob(draws).numpy(), dist.log_prob(draws).numpy(), rtol=1e-5)
    with pytest.raises(ValueError, match=r"batch shape \(3,\) does not broadcast to \(4,\)"):
        dist.expand((4,))
    with pytest.raises(TypeError, match="expected a tuple of ints as sample_shape"):
        dist.sample(3)
    assert dist.rsample().shape == dist.sample().shape if dist.has_rsample else True


@pytest.mark.parametrize("name", BATCHED)
def test_wrong_values_are_rejected(name):
    dist = BATCHED[name]()
    with pytest.raises(TypeError, match="expected a Tensor as value, got float"):
        dist.log_prob(0.5)
    with pytest.raises(ValueError, match="whose shape broadcasts with batch shape"):
        dist.log_prob(weft.zeros(5, 7))
    outside = dist.sample().double() * weft.nan
    with pytest.raises(ValueError, match=rf"{type(dist).__name__}: expected a value in .*, got nan|got \["):
        dist.log_prob(outside)


@pytest.mark.parametrize("dtype", [weft.float64, weft.float32, weft.bfloat16, weft.float16])
@pytest.mark.parametrize("name", ["Normal", "Uniform", "Exponential", "Laplace", "Gumbel", "Bernoulli"])
def test_dtypes(name, dtype):
    half = weft.full((2,), 0.5, dtype=dtype)
    dist = getattr(D, name)(*[half, half + 0.25][: 1 if name in ("Exponential", "Bernoulli") else 2])
    draws = dist.sample((4,))
    assert draws.dtype == dtype and dist.log_prob(draws).dtype == dtype and dist.mean.dtype == dtype
    assert dist.log_prob(draws).isfinite().all()


def test_empty_batches():
    for dist in (D.Normal(weft.zeros(0), 1.0), D.Categorical(weft.ones(0, 3)), D.Bernoulli(weft.ones(0))):
        assert dist.sample((2,)).shape == (2, 0) and dist.log_prob(dist.sample((2,))).shape == (2, 0)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: D.Normal(0.0, 0.0), ValueError, r"Normal: expected scale in GreaterThan\(lower_bound=0.0\), got 0.0"),
        (lambda: D.Normal(0.0, weft.tensor([1.0, -2.0])), ValueError, r"got -2.0 at index \(1,\)"),
        (lambda: D.Normal(weft.nan, 1.0), ValueError, "expected loc in Real"),
        (lambda: D.Normal("0", 1.0), TypeError, "Normal: expected a number as loc, got str"),
        (lambda: D.Normal(weft.zeros(2), weft.ones(3)), ValueError, r"do not broadcast: loc \(2,\), scale \(3,\)"),
        (lambda: D.Normal(weft.zeros(2, dtype=weft.complex64), 1.0), TypeError, "loc of a real dtype, got"),
        (lambda: D.Normal(0.0, 1.0, validate_args=3), TypeError, "validate_args"),
        (lambda: D.Uniform(1.0, 1.0), ValueError, "Uniform: expected low < high"),
        (lambda: D.Bernoulli(), ValueError, "either probs or logits, got neither"),
        (lambda: D.Bernoulli(0.5, 0.5), ValueError, "either probs or logits, got both"),
        (lambda: D.Bernoulli(1.5), ValueError, r"expected probs in Interval\(lower_bound=0.0, upper_bound=1.0\)"),
        (lambda: D.Categorical(weft.tensor([-1.0, -1.0])), ValueError, "expected probs in GreaterThanEq"),
        (lambda: D.Categorical(weft.zeros(2)), ValueError, "expected probs in Simplex"),
        (lambda: D.Categorical(weft.tensor(1.0)), ValueError, "last dimension of categories"),
        (lambda: D.Exponential(-1.0), ValueError, "Exponential: expected rate in GreaterThan"),
        (lambda: D.Independent(D.Normal(0.0, 1.0), 1), ValueError, "reinterpreted_batch_ndims from 0 to 0"),
        (lambda: D.Independent(3, 1), TypeError, "expected a Distribution as base_distribution"),
        (lambda: D.TransformedDistribution(D.Normal(0.0, 1.0), [3]), TypeError, "expected a Transform"),
        (lambda: D.MultivariateNormal(weft.zeros(2)), ValueError, "exactly one of covariance_matrix"),
        (lambda: D.MultivariateNormal(weft.zeros(2), weft.eye(3)), ValueError, r"expected loc \(\*, D\)"),
        (lambda: D.MultivariateNormal(weft.zeros(2), weft.ones(2, 2)), NotImplementedError, "Cholesky"),
        (lambda: D.MultivariateNormal(weft.zeros(2), -weft.eye(2)), ValueError, "positive diagonal"),
        (lambda: D.RelaxedBernoulli(0.0, 0.5), ValueError, "expected temperature in GreaterThan"),
        (lambda: transforms.AffineTransform(0.0, 1.0, -1), ValueError, "event_dim must not be negative"),
        (lambda: transforms.ExpTransform(cache_size=2), ValueError, "cache_size must be 0 or 1"),
        (lambda: D.Bernoulli(0.5).rsample(), NotImplementedError, "Bernoulli has no rsample"),
        (lambda: D.Bernoulli(0.5).cdf(weft.tensor(0.0)), NotImplementedError, "Bernoulli has no cdf"),
        (lambda: D.Normal(0.0, 1.0).icdf(weft.tensor(1.5)), ValueError, "expected a probability in Interval"),
        (lambda: D.Normal(0.0, 1.0).icdf(0.5), TypeError, "expected a Tensor as value"),
        (lambda: D.Gamma(1.0, 1.0), AttributeError, "Weft does not have it yet"),
        (lambda: D.Distribution.set_default_validate_args(3), ValueError, "expected True or False"),
    ],
)
def test_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_checks_can_be_switched_off():
    assert D.Normal(0.0, -1.0, validate_args=False).scale.item() == -1
    assert D.Uniform(0.0, 1.0, validate_args=False).log_prob(weft.tensor(2.0)).item() == -math.inf
    D.Distribution.set_default_validate_args(False)
    try:
        D.Normal(0.0, -1.0)
    finally:
        D.Distribution.set_default_validate_args(True)


def test_own_distribution():
    """What a user writes for PyTorch: arg_constraints, support, and the helpers with an underscore."""

    class Triangle(D.Distribution):
        arg_constraints = {"width": constraints.positive}
        support = constraints.nonnegative

        def __init__(self, width, validate_args=None):
            self.width = weft.as_tensor(width)
            super().__init__(self.width.shape, validate_args=validate_args)

        def sample(self, sample_shape=()):
            return self.width * weft.rand(self._extended_shape(sample_shape)).sqrt()

        def log_prob(self, value):
            if self._validate_args:
                self._validate_sample(value)
            return weft.log(2 * value / self.width**2)

    dist = Triangle(weft.tensor([1.0, 2.0]))
    assert dist.expand((3, 2)).sample((4,)).shape == (4, 3, 2) and repr(dist) == "Triangle(width: weft.Size([2]))"
    with pytest.raises(ValueError, match="Triangle: expected a value in GreaterThanEq"):
        dist.log_prob(weft.tensor(-1.0))
    with pytest.raises(NotImplementedError, match="Triangle has no entropy"):
        dist.entropy()

    class Wider(Triangle):
        def expand(self, batch_shape, _instance=None):
            new = self._get_checked_instance(Wider, _instance)
            return super().expand(batch_shape, _instance=new)

    wider = Wider(weft.tensor([1.0, 2.0])).expand((3, 2))
    assert type(wider) is Wider and wider.sample().shape == (3, 2)
    with pytest.raises(TypeError, match="expected a Distribution as _instance"):
        dist.expand((3, 2), _instance=3)
    dist.other = weft.zeros(2)
    with pytest.raises(NotImplementedError, match="define expand"):
        dist.expand((3, 2))


def test_under_transforms_and_jit():
    def loss(loc, x):
        return -D.Normal(loc, 2.0).log_prob(x).sum()

    x, loc = weft.randn(5), weft.randn(5)
    np.testing.assert_allclose(weft.func.grad(loss)(loc, x).numpy(), ((loc - x) / 4).numpy(), rtol=1e-5)
    each = weft.vmap(lambda m, v: D.Normal(m, 2.0).log_prob(v))(loc, x)
    np.testing.assert_allclose(each.numpy(), D.Normal(loc, 2.0).log_prob(x).numpy(), rtol=1e-6)
    np.testing.assert_allclose(weft.jit(loss)(loc, x).item(), loss(loc, x).item(), rtol=1e-5)


def test_policy_gradient_and_reparametrisation_agree():
    """d/dm E[x^2] = 2 m: by the score function, and through the draws."""
    weft.manual_seed(0)
    loc = weft.tensor(0.7, dtype=f64, requires_grad=True)
    dist = D.Normal(loc, t(1.0))
    x = dist.sample((400_000,))
    (score,) = weft.autograd.grad((dist.log_prob(x) * x.square()).mean(), loc)
    (path,) = weft.autograd.grad(dist.rsample((400_000,)).square().mean(), loc)
    assert score.item() == pytest.approx(1.4, abs=0.03) and path.item() == pytest.approx(1.4, abs=0.01)


def test_all_names_are_pytorchs():
    from weft._missing import in_torch

    assert [name for name in D.__all__ if not in_torch("weft.distributions", name)] == []
