"""Results that a dtype can hold are reached, though sums, squares or counts on the way to them are out of its range."""

import math

import numpy as np
import pytest
from support import to_numpy, weft_only


@pytest.mark.parametrize("scale", [1e30, 1e20, 1e-30, 1e-40])
@pytest.mark.parametrize("shape, dim", [((4,), 0), ((4, 300), 0), ((300, 4), 1), ((5000,), 0), ((40, 2000), 0)])
def test_std_of_huge_and_tiny_numbers(w, device, scale, shape, dim):
    values = (np.random.default_rng(0).uniform(1, 4, shape) * scale).astype("float32")
    exact = values.astype("float64").std(dim, ddof=1)
    result = to_numpy(w.from_numpy(values).to(device).std(dim)).astype("float64")
    np.testing.assert_allclose(result, exact, rtol=1e-5, atol=1e-44)


@weft_only
@pytest.mark.parametrize("scale", [1e30, 1e20, 1e-30])
@pytest.mark.parametrize("shape, dim", [((4,), 0), ((4, 300), 0), ((300, 4), 1), ((5000,), 0), ((40, 2000), 0)])
def test_norm_of_huge_and_tiny_numbers(w, device, scale, shape, dim):
    values = (np.random.default_rng(0).uniform(1, 4, shape) * scale).astype("float32")
    exact = np.sqrt((values.astype("float64") ** 2).sum(dim))
    x = w.from_numpy(values).to(device)
    np.testing.assert_allclose(to_numpy(x.norm(dim=dim)).astype("float64"), exact, rtol=1e-6)
    np.testing.assert_allclose(to_numpy(w.linalg.vector_norm(x, dim=dim)).astype("float64"), exact, rtol=1e-6)
    unit = w.nn.functional.normalize(x, dim=dim, eps=0)
    np.testing.assert_allclose(to_numpy(unit.norm(dim=dim)), 1, rtol=1e-5)


@pytest.mark.parametrize("p", [-6, 3.5, 6])
def test_powers_of_norms_leave_half_types(w, device, p):
    values = np.array([12.0, -34.0, 5.0])
    exact = (np.abs(values) ** p).sum() ** (1 / p)
    for dtype in (w.float16, w.bfloat16):
        result = w.linalg.vector_norm(w.tensor(values, dtype=dtype).to(device), p)
        assert result.dtype == dtype
        np.testing.assert_allclose(result.item(), exact, rtol=1e-2)


@weft_only
def test_cosine_of_huge_numbers(w):
    a, b = w.tensor([[1e30, 2e30]]), w.tensor([[2e30, 1e30]])
    assert w.nn.functional.cosine_similarity(a, b).item() == pytest.approx(0.8)


@weft_only
def test_clipping_huge_gradients(w):
    p = w.nn.Parameter(w.zeros(2))
    p.grad = w.tensor([3e25, 4e25])
    assert w.nn.utils.clip_grad_norm_([p], 1.0).item() == pytest.approx(5e25)
    assert p.grad.tolist() == pytest.approx([0.6, 0.8])


@weft_only
def test_many_float16_numbers(w, device):
    ones = w.ones(70000, dtype=w.float16).to(device)
    assert ones.nanmean().item() == 1.0
    assert ones.mean().item() == 1.0
    assert abs((ones * 0).logsumexp(0).item() - math.log(70000)) < 0.02
    f = w.nn.functional
    target = w.zeros(70000, dtype=w.int64).to(device)
    assert f.nll_loss(w.full((70000, 2), -1.0, dtype=w.float16).to(device), target).item() == 1.0
    assert f.cross_entropy(w.zeros(70000, 2, dtype=w.float16).to(device), target).item() == pytest.approx(
        0.693, abs=1e-3
    )
    assert ones.std().item() == 0.0 and ones.norm().item() == pytest.approx(264.5, abs=0.5)


def test_logaddexp_of_infinities(w, device):
    inf = math.inf
    a = w.tensor([-inf, inf, -inf, inf, 0.0]).to(device)
    b = w.tensor([-inf, inf, 1.0, -inf, -inf]).to(device)
    assert w.logaddexp(a, b).tolist() == [-inf, inf, 1.0, inf, 0.0]
    assert w.logsumexp(w.tensor([[-inf, -inf], [inf, 0.0]]).to(device), 1).tolist() == [-inf, inf]
    assert w.logcumsumexp(w.tensor([-inf, -inf, 0.0]).to(device), 0).tolist() == [-inf, -inf, 0.0]


def erfinv(x):
    """By bisection of erf, or of erfc where x is close to one."""
    low, high = 0.0, 6.0
    for _ in range(200):
        middle = (low + high) / 2
        below = math.erf(middle) < x if x < 0.5 else math.erfc(middle) > 1 - x
        low, high = (middle, high) if below else (low, middle)
    return (low + high) / 2


@pytest.mark.parametrize("rest", [1e-3, 1e-8, 1e-9, 1e-12, 2.0**-53, 0.5, 0.9])
def test_erfinv_near_one(w, device, rest):
    x = 1 - rest
    wanted = erfinv(x)
    t = w.tensor([x, -x], dtype=w.float64).to(device)
    assert t.erfinv().tolist() == pytest.approx([wanted, -wanted], rel=1e-13)


def test_erfinv_and_erf_are_inverse(w):
    x = w.linspace(-0.999999999, 0.999999999, 20001, dtype=w.float64)
    np.testing.assert_allclose(to_numpy(x.erfinv().erf()), to_numpy(x), rtol=1e-14, atol=1e-300)


def test_erfinv_of_floats(w, device):
    assert w.tensor([0.9998261]).to(device).erfinv().item() == pytest.approx(2.6545893, abs=1e-6)
    assert w.tensor([0.9999]).to(device).erfinv().item() == pytest.approx(2.7510354379, abs=2e-6)


def test_tanh_is_not_beyond_its_argument(w, device):
    x = w.cat([w.tensor([5.3969067e-08]), w.logspace(-30, 1, 100_000)]).to(device)
    assert (x.tanh() <= x).all() and ((-x).tanh() >= -x).all()
    assert (w.nn.functional.tanhshrink(x) >= 0).all()


@weft_only
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_draws_are_inside_of_their_distributions(w, device, dtype):
    t = getattr(w, dtype)
    count = 2_000_000 if device == "cpu" else 20_000

    def draw(name, *args):
        return getattr(w.empty(count, dtype=t, device=device), name)(*args).double()

    e = draw("exponential_")
    assert e.min() > 0 and e.isfinite().all()
    if device == "cpu":
        assert e.max() > 10
        assert e.mean().item() == pytest.approx(1, abs=0.01)
    for name, args in (("exponential_", (1e-6,)), ("exponential_", (1e6,)), ("log_normal_", (0, 20))):
        x = draw(name, *args)
        assert x.min() > 0 and x.isfinite().all(), (name, args)
    for name, args in (("normal_", (0, 1e5)), ("cauchy_", ()), ("cauchy_", (0, 1e5)), ("geometric_", (1e-6,))):
        assert draw(name, *args).isfinite().all(), (name, args)
    u = draw("uniform_", 1, 2)
    assert u.min() >= 1 and u.max() < 2
    u = draw("uniform_")
    assert u.min() >= 0 and u.max() < 1
    b = draw("bernoulli_", 1e-4)
    assert b.mean().item() == pytest.approx(1e-4, abs=5e-5 if device == "cpu" else 1e-3)


@weft_only
def test_geometric_draws_fit_their_dtype(w):
    x = w.empty(10000, dtype=w.uint8).geometric_(0.001)
    assert (x >= 1).all() and x.max().item() == 255


def test_randint_is_not_biased(w, device):
    x = w.randint(0, 3 * 2**61, (200_000,), device=device)
    assert (x < 2**61).double().mean().item() == pytest.approx(1 / 3, abs=0.01)
    assert (x >= 2**62).double().mean().item() == pytest.approx(1 / 3, abs=0.01)
    assert x.min() >= 0 and x.max() < 3 * 2**61
