"""autograd.Function under transforms of functions: its jvp and vmap methods, and what follows where it has none."""

import numpy as np
import pytest
import weft
from support import weft_only
from weft import func, tensor
from weft.autograd import Function, once_differentiable

pytestmark = weft_only


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 2 * x * grad


class TenfoldSquare(Square):
    """Its derivatives are ten times too large: they must come from the methods."""

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 20 * x * grad


class WithJvp(Square):
    @staticmethod
    def backward(ctx, grad):
        raise AssertionError("jvp must be used")

    @staticmethod
    def jvp(ctx, tangent):
        (x,) = ctx.saved_tensors
        return 20 * x * tangent


class Divide(Function):
    """Two inputs, two outputs, a number, a saved output, and attributes of ctx."""

    @staticmethod
    def forward(ctx, a, b, power):
        y = (a / b) ** power
        ctx.power, ctx.nothing = power, None
        ctx.save_for_backward(a, b, y)
        return y, b + 1

    @staticmethod
    def backward(ctx, grad, grad_b):
        a, b, y = ctx.saved_tensors
        assert ctx.nothing is None
        return grad * ctx.power * y / a, grad_b - (grad * ctx.power * y / b).sum_to_size(b.shape), None


class DivideWithJvp(Divide):
    @staticmethod
    def jvp(ctx, of_a, of_b, _):
        a, b, y = ctx.saved_tensors
        return ctx.power * y * (of_a / a - of_b / b), of_b * 1


class NumpyPower(Function):
    """Computed where no trace can follow."""

    seen = []

    @staticmethod
    def forward(x, power):
        return weft.from_numpy(np.asarray(x.numpy() ** power))

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])
        ctx.power = inputs[1]

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * ctx.power * NumpyPower.apply(x, ctx.power - 1), None

    @staticmethod
    def vmap(info, in_dims, x, power):
        NumpyPower.seen.append((info.batch_size, info.randomness, in_dims))
        return NumpyPower.apply(x, power), in_dims[0]


def divide(function):
    return lambda a, b: function.apply(a, b, 3)


def plain_divide(a, b):
    return (a / b) ** 3, b + 1


X, Y = tensor([1.5, -2.0, 0.5], dtype=weft.float64), tensor([2.0, 4.0, -1.0], dtype=weft.float64)
T = tensor([1.0, 0.5, -3.0], dtype=weft.float64)


def assert_same(found, expected):
    if isinstance(expected, (tuple, list)):
        assert len(found) == len(expected)
        for a, b in zip(found, expected):
            assert_same(a, b)
    else:
        assert found.shape == expected.shape and weft.allclose(found, expected, rtol=1e-11)


@pytest.mark.parametrize("function", [Divide, DivideWithJvp], ids=["backward", "jvp"])
def test_against_ops(function):
    own, plain = divide(function), plain_divide
    total = lambda f: lambda a, b: (f(a, b)[0] * f(a, b)[1]).sum()  # noqa: E731
    transforms = {
        "jvp": lambda f: func.jvp(f, (X, Y), (T, T * 2)),
        "jvp by one": lambda f: func.jvp(lambda a: f(a, Y), (X,), (T,)),
        "grad": lambda f: func.grad(total(f), (0, 1))(X, Y),
        "hessian": lambda f: func.hessian(total(f), (0, 1))(X, Y),
        "reverse twice": lambda f: func.jacrev(func.jacrev(total(f)))(X, Y),
        "forward twice": lambda f: func.jacfwd(func.jacfwd(total(f)))(X, Y),
        "vmap": lambda f: weft.vmap(f)(X, Y),
        "vmap shared": lambda f: weft.vmap(f, (0, None))(X, Y),
        "vmap of constants": lambda f: weft.vmap(lambda a: (a * 1, *f(Y, Y)))(X),
        "vmap twice": lambda f: weft.vmap(weft.vmap(f, (None, 0)), (0, None))(X, Y),
        "grad of vmap": lambda f: func.grad(total(weft.vmap(f, (0, None))), (0, 1))(X, Y),
        "vmap of grad": lambda f: weft.vmap(func.grad(total(f), (0, 1)))(X[:, None], Y[:, None]),
        "vmap of hessian": lambda f: weft.vmap(func.hessian(total(f)))(X[:, None], Y[:, None]),
        "jvp of vmap": lambda f: func.jvp(weft.vmap(f), (X, Y), (T, T * 2)),
        "jvp of vmap shared": lambda f: func.jvp(weft.vmap(f, (None, 0)), (X, Y), (T, T * 2)),
        "vmap of jvp": lambda f: weft.vmap(lambda a, b, t: func.jvp(f, (a, b), (t, t)))(X, Y, T),
        "linearize": lambda f: func.linearize(f, X, Y)[1](T, T),
    }
    for name, transform in transforms.items():
        print(name)
        assert_same(transform(own), transform(plain))


def test_its_own_derivative_counts():
    x, t = tensor([3.0, 4.0]), tensor([1.0, 1.0])
    for function in (TenfoldSquare, WithJvp):
        assert func.jvp(function.apply, (x,), (t,))[1].tolist() == [60, 80]
        assert func.jvp(weft.vmap(function.apply), (x,), (t,))[1].tolist() == [60, 80]
        assert weft.vmap(lambda a, f=function: func.jvp(f.apply, (a,), (a,))[1])(x).tolist() == [180, 320]
    p = x.clone().requires_grad_()
    weft.vmap(TenfoldSquare.apply)(p).sum().backward()
    assert p.grad.tolist() == [60, 80]
    assert weft.vmap(TenfoldSquare.apply)(x).tolist() == [9, 16]


def test_a_vmap_method():
    x = tensor([[1.0, 2.0], [3.0, 4.0]])
    NumpyPower.seen.clear()
    assert weft.vmap(lambda a: NumpyPower.apply(a, 3), randomness="same")(x).tolist() == [[1, 8], [27, 64]]
    assert NumpyPower.seen == [(2, "same", (0, None))]
    expected = [[3, 12], [27, 48]]
    assert func.grad(lambda v: weft.vmap(lambda a: NumpyPower.apply(a, 3))(v).sum())(x).tolist() == expected
    assert weft.vmap(func.grad(lambda a: NumpyPower.apply(a, 3).sum()))(x).tolist() == expected
    assert weft.vmap(weft.vmap(lambda a: NumpyPower.apply(a, 2)))(x).tolist() == [[1, 4], [9, 16]]
    assert func.jvp(lambda a: NumpyPower.apply(a, 3), (x,), (weft.ones(2, 2),))[1].tolist() == expected
    with pytest.raises(RuntimeError, match="numpy"):  # a graph cannot hold what NumPy computes
        weft.jit(lambda a: NumpyPower.apply(a, 2))(x)
    assert np.array_equal(NumpyPower.apply(x.requires_grad_(), 2).detach().numpy(), x.detach().numpy() ** 2)


def test_errors():
    x = weft.ones(2)

    class Once(Square):
        @staticmethod
        @once_differentiable
        def backward(ctx, grad):
            return grad.detach().clone()

    with pytest.raises(RuntimeError, match="cannot be differentiated again|no jvp method"):
        func.jvp(Once.apply, (x,), (x,))

    class TooMany(Square):
        @staticmethod
        def jvp(ctx, tangent):
            return tangent, tangent

    with pytest.raises(RuntimeError, match="returned 2 tangents, expected one for each of the 1"):
        func.jvp(TooMany.apply, (x,), (x,))

    class OldStyle(Square):
        @staticmethod
        def vmap(info, in_dims, x):
            return x, 0

    with pytest.raises(RuntimeError, match="setup_context"):
        weft.vmap(OldStyle.apply)(x)

    class Both(NumpyPower):
        generate_vmap_rule = True

    with pytest.raises(RuntimeError, match="generate_vmap_rule"):
        weft.vmap(lambda a: Both.apply(a, 2))(x)

    class Asks(Square):
        generate_vmap_rule = True

    assert weft.vmap(Asks.apply)(x * 3).tolist() == [9, 9]

    class Dirty(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(2)

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

        @staticmethod
        def jvp(ctx, tangent):
            return tangent * 2

    for call in (lambda: func.jvp(lambda v: Dirty.apply(v * 1), (x,), (x,)), lambda: weft.vmap(Dirty.apply)(x * 1)):
        with pytest.raises(RuntimeError, match="mark_dirty cannot be combined"):
            call()
    with pytest.raises(TypeError, match="save_for_forward"):
        Bad = type("Bad", (Square,), {"forward": staticmethod(lambda ctx, v: ctx.save_for_forward(1))})
        Bad.apply(x)
