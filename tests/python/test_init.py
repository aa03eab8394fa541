"""nn.init: the distributions and shapes of first values."""

import math

import numpy as np
import pytest
from support import to_numpy, weft_only


def filled(w, name, shape=(200, 300), **options):
    tensor = w.full(shape, math.nan)
    assert getattr(w.nn.init, name)(tensor, **options) is tensor
    return to_numpy(tensor)


def test_constants(w):
    assert (filled(w, "zeros_") == 0).all() and (filled(w, "ones_") == 1).all()
    assert (filled(w, "constant_", val=2.5) == 2.5).all()
    np.testing.assert_array_equal(filled(w, "eye_", (3, 5)), np.eye(3, 5))


def test_uniform_and_normal(w):
    x = filled(w, "uniform_", a=-2.0, b=3.0)
    assert -2 <= x.min() < -1.99 and 2.99 < x.max() <= 3 and abs(x.mean() - 0.5) < 0.02
    x = filled(w, "normal_", mean=1.0, std=2.0)
    assert abs(x.mean() - 1) < 0.03 and abs(x.std() - 2) < 0.03


def test_truncated_normal(w):
    x = filled(w, "trunc_normal_", mean=0.5, std=1.0, a=-0.5, b=1.5)
    assert -0.5 <= x.min() < -0.49 and 1.49 < x.max() <= 1.5 and abs(x.mean() - 0.5) < 0.01
    # the variance of a normal distribution cut at one standard deviation
    density = math.exp(-0.5) / math.sqrt(2 * math.pi)
    assert abs(x.var() - (1 - 2 * density / math.erf(1 / math.sqrt(2)))) < 0.01


@pytest.mark.parametrize("shape", [(40, 50), (20, 10, 3, 3)])
def test_xavier_and_kaiming(w, shape):
    field = math.prod(shape[2:])
    fan_in, fan_out = shape[1] * field, shape[0] * field
    x = filled(w, "xavier_uniform_", shape, gain=2.0)
    bound = 2 * math.sqrt(6 / (fan_in + fan_out))
    assert 0.97 * bound < np.abs(x).max() <= bound * (1 + 1e-6)
    assert filled(w, "xavier_normal_", shape).std() == pytest.approx(math.sqrt(2 / (fan_in + fan_out)), rel=0.08)
    bound = math.sqrt(3) * math.sqrt(2) / math.sqrt(fan_in)
    assert 0.97 * bound < np.abs(filled(w, "kaiming_uniform_", shape, nonlinearity="relu")).max() <= bound * (1 + 1e-6)
    x = filled(w, "kaiming_normal_", shape, a=0.5, mode="fan_out")
    assert x.std() == pytest.approx(math.sqrt(2 / 1.25) / math.sqrt(fan_out), rel=0.08)


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (4, 2, 3), (1, 4)])
def test_orthogonal(w, shape):
    x = filled(w, "orthogonal_", shape, gain=2.0).reshape(shape[0], -1)
    product = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)


def test_sparse_and_dirac(w):
    x = filled(w, "sparse_", (20, 4), sparsity=0.25)
    assert ((x == 0).sum(0) == 5).all()
    x = filled(w, "dirac_", (4, 2, 3, 3))
    assert x.sum() == 2 and x[0, 0, 1, 1] == 1 and x[1, 1, 1, 1] == 1
    assert filled(w, "dirac_", (4, 2, 3), groups=2)[[0, 1, 2, 3], [0, 1, 0, 1], 1].tolist() == [1, 1, 1, 1]


def test_generator(w):
    for name in ("uniform_", "normal_", "trunc_normal_", "xavier_normal_", "kaiming_uniform_", "orthogonal_"):
        one, other = (filled(w, name, (4, 5), generator=w.Generator().manual_seed(7)) for _ in range(2))
        np.testing.assert_array_equal(one, other)


def test_parameters_are_filled_outside_the_graph(w):
    p = w.nn.Parameter(w.empty(3, 3))
    w.nn.init.xavier_normal_(p)
    assert p.is_leaf and p.requires_grad and p.grad_fn is None


def test_gains(w):
    gain = w.nn.init.calculate_gain
    assert gain("relu") == math.sqrt(2) and gain("leaky_relu", 0.1) == pytest.approx(math.sqrt(2 / 1.01))
    assert gain("linear") == gain("sigmoid") == gain("conv2d") == 1 and gain("selu") == 0.75
    for bad in (("swish",), ("leaky_relu", "steep")):
        with pytest.raises(ValueError):
            gain(*bad)


@weft_only
def test_bad_tensors(w):
    init = w.nn.init
    for bad in (
        lambda: init.eye_(w.empty(3)),
        lambda: init.xavier_normal_(w.empty(3)),
        lambda: init.orthogonal_(w.empty(3)),
        lambda: init.sparse_(w.empty(3), 0.1),
        lambda: init.dirac_(w.empty(3, 3)),
        lambda: init.dirac_(w.empty(3, 3, 3), groups=2),
        lambda: init.kaiming_normal_(w.empty(3, 3), mode="fan"),
        lambda: init.trunc_normal_(w.empty(3), std=0.0),
    ):
        with pytest.raises(ValueError):
            bad()
