"""gradcheck and gradgradcheck find right gradients right and wrong ones wrong."""

import pytest
import weft
from weft.autograd import Function, GradcheckError, gradcheck, gradgradcheck


def leaf(*shape):
    return weft.randn(shape, dtype=weft.float64, requires_grad=True)


class Cube(Function):
    """x^3 with the derivative that the class attribute says."""

    factor = 3.0

    @classmethod
    def with_factor(cls, factor):
        return type("Cube", (cls,), {"factor": factor})

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 3.0 * x * x * grad


class WrongCube(Cube):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 2.9 * x * x * grad


class WrongSecond(Cube):
    """Right at first order, but its derivative is not connected to x."""

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 3.0 * (x * x).detach() * grad


@pytest.mark.parametrize(
    "function,shapes",
    [
        (lambda x: x * 2, [(3,)]),
        (lambda x, y: x * y, [(2, 3), (3,)]),
        (lambda x: (x.sin(), x.exp().sum()), [(2, 2)]),
        (lambda x: x.T, [(2, 3)]),
        (lambda x: x.expand(3, 2) * 2, [(2,)]),
        (lambda x, y: x @ y, [(2, 3), (3, 2)]),
        (lambda x: x.sum(), [()]),
        (lambda x: x * 2, [(0, 3)]),
        (Cube.apply, [(4,)]),
    ],
)
def test_right_gradients(function, shapes):
    inputs = tuple(leaf(*shape) for shape in shapes)
    before = [x.detach().clone() for x in inputs]
    assert gradcheck(function, inputs) is True
    assert gradgradcheck(function, inputs) is True
    for x, kept in zip(inputs, before):
        assert x.tolist() == kept.tolist() and x.grad is None


def test_wrong_gradient_is_reported():
    x = weft.tensor([1.0, 2.0], dtype=weft.float64, requires_grad=True)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(WrongCube.apply, x)
    message = str(caught.value)
    assert "output 0 by input 0" in message and "2 of 4 places" in message
    assert "output[1] by input[1]: autograd gives 11.6, differences 12" in message
    assert gradcheck(WrongCube.apply, x, raise_exception=False) is False


def test_wrong_second_derivative_is_reported():
    x = leaf(3)
    assert gradcheck(WrongSecond.apply, x)
    with pytest.raises(GradcheckError):
        gradgradcheck(WrongSecond.apply, x)


def test_inputs_without_gradient_are_passed_through():
    assert gradcheck(lambda x, n, y: x**n * y, (leaf(2), 2, weft.ones(2, dtype=weft.float64)))


def test_cut_graph_is_reported():
    with pytest.raises(GradcheckError, match="depends on input 0"):
        gradcheck(lambda x: x.detach() * 2, leaf(2))
    assert gradcheck(lambda x: weft.ones(2), leaf(2))


def test_random_backward_is_reported():
    class Noisy(Cube):
        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return 3.0 * x * x * grad * (1 + 1e-7 * weft.randn(1, dtype=weft.float64))

    with pytest.raises(GradcheckError, match="two backward runs"):
        gradcheck(Noisy.apply, leaf(3))
    assert gradcheck(Noisy.apply, leaf(3), nondet_tol=1e-3)


def test_bad_inputs():
    with pytest.raises(ValueError, match="requires grad"):
        gradcheck(lambda x: x, weft.ones(2, dtype=weft.float64))
    with pytest.raises(ValueError, match="float64"):
        gradcheck(lambda x: x, weft.ones(2, dtype=weft.float16, requires_grad=True))


def test_gradgradcheck_with_given_and_strided_gradients():
    x = leaf(3)
    assert gradgradcheck(lambda x: x.sin(), x, leaf(3))
    assert gradgradcheck(lambda x: x.sin(), x, gen_non_contig_grad_outputs=True)
