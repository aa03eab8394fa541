"""Transforms, divergences, and all of weft.distributions beside PyTorch's where that is installed."""

import math

import numpy as np
import pytest
import weft
import weft.distributions as D
from test_distributions import f64, grid, t
from weft.distributions import transforms


def test_transformed_distribution_takes_its_batch_from_the_transform():
    affine = transforms.AffineTransform
    dist = D.TransformedDistribution(D.Normal(t(0.0), t(1.0)), [affine(weft.zeros(3, dtype=f64), 2.0)])
    assert dist.batch_shape == (3,) and dist.event_shape == () and dist.rsample((2,)).shape == (2, 3)
    np.testing.assert_allclose(dist.log_prob(t(1.0)).numpy(), D.Normal(t(0.0), t(2.0)).log_prob(t(1.0)).item())
    vectors = D.TransformedDistribution(D.Normal(weft.zeros(3, dtype=f64), 1.0), affine(1.0, 2.0, 1))
    assert vectors.batch_shape == () and vectors.event_shape == (3,)
    x = weft.randn(3, dtype=f64)
    np.testing.assert_allclose(vectors.log_prob(x).item(), D.Normal(t(1.0), t(2.0)).log_prob(x).sum().item(), rtol=1e-9)
    assert vectors.expand((2,)).log_prob(x).shape == (2,)


@pytest.mark.parametrize(
    "transform",
    [
        transforms.ExpTransform(),
        transforms.SigmoidTransform(),
        transforms.TanhTransform(),
        transforms.AffineTransform(0.5, -2.0),
        transforms.AffineTransform(t(0.5), t(3.0)),
        transforms.ComposeTransform([transforms.AffineTransform(0.1, 0.5), transforms.ExpTransform()]),
        transforms.ExpTransform().inv,
    ],
    ids=repr,
)
def test_transforms(transform):
    x = weft.linspace(0.2, 2.0, 7, dtype=f64, requires_grad=True)
    y = transform(x)
    np.testing.assert_allclose(transform.inv(y).detach().numpy(), x.detach().numpy(), rtol=1e-9)
    assert transform.domain.check(x).all() and transform.codomain.check(y).all() and transform.inv.inv == transform
    (slope,) = weft.autograd.grad(y.sum(), x)
    np.testing.assert_allclose(
        transform.log_abs_det_jacobian(x, y).detach().numpy(), slope.abs().log().numpy(), rtol=1e-8, atol=1e-12
    )
    assert (weft.as_tensor(transform.sign) == slope.sign()).all()
    cached = transform.with_cache()
    y = cached(x)
    assert cached.inv(y) is x and transform != "no transform"


def test_saturated_tanh_has_a_finite_jacobian():
    x = t(-40.0, 40.0)
    tanh = transforms.TanhTransform(cache_size=1)
    assert tanh.log_abs_det_jacobian(x, tanh(x)).isfinite().all()
    squashed = D.TransformedDistribution(D.Normal(t(40.0), t(1.0)), tanh)
    draw = squashed.rsample((5,))
    assert (draw == 1).all()
    unchecked = D.TransformedDistribution(D.Normal(t(40.0), t(1.0)), [tanh], validate_args=False)
    assert unchecked.log_prob(draw).isfinite().all()


PAIRS = {
    "normal": lambda: (D.Normal(t(0.5), t(1.0)), D.Normal(t(-0.2), t(1.7)), (-10, 10)),
    "laplace": lambda: (D.Laplace(t(0.5), t(1.0)), D.Laplace(t(-0.2), t(1.7)), (-25, 25)),
    "exponential": lambda: (D.Exponential(t(1.5)), D.Exponential(t(0.5)), (0, 20)),
    "uniform": lambda: (D.Uniform(t(0.0), t(1.0)), D.Uniform(t(-1.0), t(2.0)), (0, 1)),
    "log_normal": lambda: (D.LogNormal(t(0.1), t(0.3)), D.LogNormal(t(0.2), t(0.5)), (1e-6, 10)),
    "uniform_normal": lambda: (D.Uniform(t(0.0), t(1.0)), D.Normal(t(0.3), t(0.7)), (0, 1)),
    "laplace_normal": lambda: (D.Laplace(t(0.5), t(0.7)), D.Normal(t(0.3), t(0.9)), (-20, 20)),
    "exponential_normal": lambda: (D.Exponential(t(1.2)), D.Normal(t(0.3), t(0.9)), (0, 25)),
    "gumbel_normal": lambda: (D.Gumbel(t(0.5), t(0.7)), D.Normal(t(0.3), t(0.9)), (-4, 25)),
    "uniform_exponential": lambda: (D.Uniform(t(0.5), t(1.0)), D.Exponential(t(0.7)), (0.5, 1)),
    "exponential_gumbel": lambda: (D.Exponential(t(1.2)), D.Gumbel(t(0.3), t(0.9)), (0, 25)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_divergence_is_the_integral(name):
    p, q, bounds = PAIRS[name]()
    x, width = grid(*bounds)
    log_p, log_q = p.log_prob(x), q.log_prob(x)
    expected = (log_p.exp() * (log_p - log_q)).sum().item() * width
    assert D.kl_divergence(p, q).item() == pytest.approx(expected, abs=1e-4)


def test_divergence_of_discrete_distributions():
    p, q = t(0.2, 0.5, 0.3), t(0.4, 0.1, 0.5)
    expected = (p * (p / q).log()).sum().item()
    for kind in (D.Categorical, D.OneHotCategorical):
        assert D.kl_divergence(kind(p), kind(q)).item() == pytest.approx(expected, rel=1e-9)
    a, b = t(0.2, 0.0, 1.0, 0.5), t(0.6, 0.5, 0.5, 0.0)
    got = D.kl_divergence(D.Bernoulli(a), D.Bernoulli(b)).tolist()
    assert got[:3] == pytest.approx([0.2 * math.log(1 / 3) + 0.8 * math.log(2), math.log(2), math.log(2)])
    assert got[3] == math.inf
    assert D.kl_divergence(D.Categorical(t(0.5, 0.5)), D.Categorical(t(0.0, 1.0))).item() == math.inf
    assert D.kl_divergence(D.Categorical(t(0.0, 1.0)), D.Categorical(t(0.5, 0.5))).item() == pytest.approx(math.log(2))


def test_divergence_of_composites():
    p, q = D.Normal(t([0.0, 1.0]), t(1.0)), D.Normal(t([0.5, 0.0]), t(2.0))
    each = D.kl_divergence(p, q)
    assert D.kl_divergence(D.Independent(p, 1), D.Independent(q, 1)).item() == pytest.approx(each.sum().item())
    tanh = [transforms.TanhTransform()]
    got = D.kl_divergence(D.TransformedDistribution(p, tanh), D.TransformedDistribution(q, tanh))
    np.testing.assert_allclose(got.numpy(), each.numpy())
    diagonal = [D.MultivariateNormal(d.loc, scale_tril=d.scale.diag()) for d in (p, q)]
    assert D.kl_divergence(*diagonal).item() == pytest.approx(each.sum().item())
    assert D.kl_divergence(D.Normal(t(0.0), t(1.0)), D.Uniform(t(0.0), t(1.0))).item() == math.inf
    with pytest.raises(NotImplementedError, match="different transforms"):
        D.kl_divergence(D.TransformedDistribution(p, tanh), D.TransformedDistribution(q, transforms.ExpTransform()))
    with pytest.raises(NotImplementedError, match="no rule for Normal and Bernoulli"):
        D.kl_divergence(p, D.Bernoulli(0.5))
    with pytest.raises(TypeError, match="kl_divergence: expected a Distribution as q, got int"):
        D.kl_divergence(p, 3)


def test_register_kl_takes_the_nearest_rule():
    class Own(D.Normal):
        pass

    class OwnToo(D.Normal):
        pass

    D.register_kl(Own, D.Normal)(lambda p, q: "own first")
    assert D.kl_divergence(Own(0.0, 1.0), OwnToo(0.0, 1.0)) == "own first"
    assert D.kl_divergence(OwnToo(0.0, 1.0), Own(0.0, 1.0)).item() == 0
    D.register_kl(D.Normal, OwnToo)(lambda p, q: "own second")
    with pytest.warns(RuntimeWarning, match="equally near"):
        assert D.kl_divergence(Own(0.0, 1.0), OwnToo(0.0, 1.0)) == "own first"
    with pytest.raises(TypeError, match="type_p"):
        D.register_kl(int, D.Normal)


def both(torch, text):
    return eval(text, {"D": D, "t": t, "T": transforms}), eval(
        text,
        {
            "D": torch.distributions,
            "t": lambda *v: torch.tensor(v if len(v) != 1 else v[0], dtype=torch.float64),
            "T": torch.distributions.transforms,
        },
    )


TEXTS = {
    "D.Normal(t(0.5, 1.0), t(1.5))": [-1.0, 2.0],
    "D.Uniform(t(-3.0), t(2.5, 3.0))": [-1.0, 2.0],
    "D.Exponential(t(0.5, 2.0))": [0.0, 2.0],
    "D.Laplace(t(0.5, 1.0), t(1.5))": [-1.0, 2.0],
    "D.Gumbel(t(0.5, 1.0), t(1.5))": [-1.0, 2.0],
    "D.LogNormal(t(0.5, 1.0), t(1.5))": [0.5, 2.0],
    "D.Bernoulli(t(0.3, 0.8))": [0.0, 1.0],
    "D.Bernoulli(logits=t(0.3, -0.8))": [0.0, 1.0],
    "D.Categorical(t([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]))": [2, 1],
    "D.Categorical(logits=t([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]))": [2, 1],
    "D.OneHotCategorical(t([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]))": [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]],
    "D.MultivariateNormal(t(0.0, 1.0), covariance_matrix=t([[1.0, 0.0], [0.0, 3.0]]))": [0.5, 0.5],
    "D.RelaxedBernoulli(t(0.7), t(0.3, 0.8))": [0.2, 0.9],
    "D.Independent(D.Normal(t(0.5, 1.0), t(1.5)), 1)": [-1.0, 2.0],
    "D.TransformedDistribution(D.Normal(t(0.5, 1.0), t(1.5)), [T.AffineTransform(0.5, -2.0), T.SigmoidTransform()])": [
        0.2,
        0.9,
    ],
}


@pytest.mark.parametrize("text", TEXTS)
def test_against_torch(text):
    torch = pytest.importorskip("torch")
    ours, theirs = both(torch, text)
    assert tuple(ours.batch_shape) == tuple(theirs.batch_shape) and tuple(ours.event_shape) == tuple(theirs.event_shape)
    if "Transformed" not in text:
        assert repr(ours).replace("weft.Size", "torch.Size") == repr(theirs)
    value = TEXTS[text]
    x, y = (np.asarray(value), torch.tensor(value, dtype=None if isinstance(value[0], int) else torch.float64))
    x = weft.from_numpy(x)
    quantity = {
        "log_prob": lambda d, v: d.log_prob(v),
        "cdf": lambda d, v: d.cdf(v),
        "icdf": lambda d, v: d.icdf(v * 0 + 0.3),
        "entropy": lambda d, v: d.entropy(),
        "perplexity": lambda d, v: d.perplexity(),
        "mean": lambda d, v: d.mean,
        "mode": lambda d, v: d.mode,
        "variance": lambda d, v: d.variance,
        "stddev": lambda d, v: d.stddev,
        "support": lambda d, v: d.support.check(v),
        "every": lambda d, v: d.enumerate_support(),
    }
    compared = 0
    for name, of in quantity.items():
        try:
            expected = of(theirs, y)
        except NotImplementedError:
            continue
        np.testing.assert_allclose(of(ours, x).numpy(), expected.numpy(), rtol=1e-9, atol=1e-12, err_msg=name)
        compared += 1
    assert compared >= 2 and ours.has_rsample == theirs.has_rsample


@pytest.mark.parametrize("name", [name for name in PAIRS])
def test_divergence_against_torch(name):
    torch = pytest.importorskip("torch")
    kl = torch.distributions.kl_divergence
    p, q, _ = PAIRS[name]()

    def theirs(dist):
        if isinstance(dist, D.Uniform):
            return torch.distributions.Uniform(dist.low.item(), dist.high.item())
        parameters = [getattr(dist, name).item() for name in type(dist).arg_constraints]
        return getattr(torch.distributions, type(dist).__name__)(*parameters)

    assert D.kl_divergence(p, q).item() == pytest.approx(kl(theirs(p), theirs(q)).item(), rel=1e-5, abs=1e-6)
