"""weft.nn.grad: gradients of convolutions without the convolution."""

import pytest
from support import assert_same

CASES = {
    1: ((2, 4, 9), (6, 2, 3)),
    2: ((2, 4, 7, 6), (6, 2, 3, 2)),
    3: ((1, 4, 5, 4, 6), (6, 2, 2, 1, 3)),
}


@pytest.mark.parametrize("dims", CASES)
def test_gradients_are_those_of_the_convolution(w, dims):
    size, weight_size = CASES[dims]
    options = {"stride": 2, "padding": 1, "dilation": 1, "groups": 2}
    x = w.randn(*size, dtype=w.float64, requires_grad=True)
    weight = w.randn(*weight_size, dtype=w.float64, requires_grad=True)
    y = getattr(w.nn.functional, f"conv{dims}d")(x, weight, **options)
    g = w.randn(*y.shape, dtype=w.float64)
    y.backward(g)
    by_input = getattr(w.nn.grad, f"conv{dims}d_input")(size, weight.detach(), g, **options)
    by_weight = getattr(w.nn.grad, f"conv{dims}d_weight")(x.detach(), weight_size, g, **options)
    assert_same(by_input, x.grad)
    assert_same(by_weight, weight.grad)
    assert not by_input.requires_grad and not by_weight.requires_grad


def test_gradients_can_be_differentiated(w):
    weight = w.randn(1, 1, 2, dtype=w.float64, requires_grad=True)
    w.nn.grad.conv1d_input((1, 1, 3), weight, w.ones(1, 1, 2, dtype=w.float64)).sum().backward()
    assert weight.grad.tolist() == [[[2, 2]]]


def test_a_gradient_of_another_shape(w):
    with pytest.raises((ValueError, RuntimeError)):
        w.nn.grad.conv1d_input((1, 1, 3), w.ones(1, 1, 2), w.ones(1, 1, 3))
