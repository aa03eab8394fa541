"""Transforms of functions that change tensors in place: what was read before a change stays what it was."""

import pytest
import weft
import weft.autograd.forward_ad as fwAD
import weft.nn.functional as F
from support import weft_only
from weft import func, tensor
from weft.autograd import Function

pytestmark = [weft_only, pytest.mark.filterwarnings("ignore:vmap")]
X, T = tensor([1.0, 2.0], dtype=weft.float64), weft.ones(2, dtype=weft.float64)


def through(make, change):
    """The derivative of what make() gives of a tensor that change() changes afterwards."""

    def function(v):
        y = v * 1
        z = make(y)
        change(y)
        return z

    return function


def set_first(y):
    y[0] = 7.0


MAKES = {
    "add": lambda y: y + 1,
    "sub": lambda y: y - 0,
    "copy": lambda y: weft.zeros_like(y).copy_(y),
    "setitem": lambda y: setitem(y),
    "in place": lambda y: weft.zeros_like(y).add_(y),
    "fmod": lambda y: y.fmod(100),
    "addcmul": lambda y: weft.addcmul(y, weft.ones_like(y), weft.ones_like(y)),
    "expand": lambda y: y.expand(3, 2) + 0,
    "mul": lambda y: y * y,
    "view": lambda y: (y.view(1, 2) + 0).view(2),
}
CHANGES = {
    "mul_": lambda y: y.mul_(3),
    "zero_": lambda y: y.zero_(),
    "sin_": lambda y: y.sin_(),
    "setitem": set_first,
    "view": lambda y: y.view(1, 2)[0].mul_(2),
}


def setitem(y):
    z = weft.zeros(2, dtype=weft.float64)
    z[:] = y
    return z


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("make", MAKES)
def test_a_change_after_a_use(make, change):
    function = through(MAKES[make], CHANGES[change])
    plain = through(MAKES[make], lambda y: None)
    expected = func.jacrev(plain)(X)
    assert weft.equal(func.jvp(function, (X,), (T,))[1], func.jvp(plain, (X,), (T,))[1])
    assert weft.equal(func.jacfwd(function)(X), expected)
    assert weft.equal(func.jvp(weft.jit(function), (X,), (T,))[1], func.jvp(plain, (X,), (T,))[1])
    batched = weft.vmap(function)(weft.stack([X, T]))
    assert weft.equal(batched, weft.stack([plain(X), plain(T)]))


def test_a_residual_with_an_activation_in_place():
    def block(v):
        h = v * 1
        skip = h + 1.0
        return skip + F.relu(h, inplace=True)

    assert func.jvp(block, (tensor([-1.0, 2.0]),), (weft.ones(2),))[1].tolist() == [1, 2]


@pytest.mark.parametrize("change", CHANGES)
def test_a_captured_tensor_that_is_changed(change):
    p = X.clone().requires_grad_()

    def function(a):
        y = p * 1
        z = a * y
        CHANGES[change](y)
        return z

    found = weft.vmap(function)(weft.stack([T, T * 2]))
    assert found.tolist() == [[1, 2], [2, 4]]
    found.sum().backward()
    assert p.grad.tolist() == [3, 3]

    def cubes(x):
        y = x * 1
        z = y * y * y
        CHANGES[change](y)
        return z.sum()

    assert weft.allclose(func.jacfwd(func.jacfwd(cubes))(X), (6 * X).diag())


def transposed(x):
    y = x * 1
    y.t().clamp_(-9, 9)
    return (y * x).sum()


def narrowed(x):
    y = x * 1
    y[:1].clamp_(-9, 9)
    return (y * y.cos()).sum()


def diagonal(x):
    y = x * 1
    y.diagonal().clamp_(-9, 9)
    return (y * y.sin()).sum()


def recurrence(x):
    h, outs = x * 1, []
    for _ in range(3):
        h[0] = h[1].clone().sin()
        h[1] += h[0].clone()
        outs.append(h.clone() * 2)
    return weft.stack(outs).sum()


def added_after_a_read(x):
    y = x * 1
    z = y.exp()
    y.add_(1)
    return (z * z).sum() + (y**3).sum()


def cumulated(x):
    y = x * 1
    z = y.exp()
    y.t().cumsum_(0)
    return (z * y).sum()


@pytest.mark.parametrize("function", [transposed, narrowed, diagonal, recurrence, added_after_a_read, cumulated])
@pytest.mark.parametrize("shape", [(2, 2), (2, 3)], ids=str)
def test_parts_that_are_changed(function, shape):
    x = weft.arange(1.0, 1.0 + shape[0] * shape[1], dtype=weft.float64).reshape(shape)
    expected = func.jacrev(function)(x)
    assert weft.allclose(func.jacfwd(function)(x), expected)
    second = func.jacfwd(func.jacfwd(function))(x)
    assert weft.allclose(func.hessian(function)(x), second)
    assert weft.allclose(weft.jit(func.jacfwd(function))(x), expected)
    batch = weft.stack([x, x + 1])
    assert weft.allclose(weft.vmap(func.jacfwd(function))(batch)[0], expected)
    assert weft.allclose(weft.vmap(function)(batch)[1], function(x + 1))


def test_reverse_over_forward():
    def first(x):
        y = x * x
        y[1:].mul_(x[0])
        return y.sum()

    def second(x):
        y = x * 1
        v = y.view(-1)
        y *= x
        return (v * v).sum()

    for function in (first, second):
        expected = func.jacfwd(func.jacfwd(function))(X)
        assert weft.allclose(func.jacrev(func.jacfwd(function))(X), expected)
        assert weft.allclose(func.jacrev(func.jacrev(function))(X), expected)


@pytest.mark.parametrize("name", ["sin_", "cos_", "exp_", "tanh_", "sigmoid_", "erf_", "sqrt_"])
def test_a_gradient_through_the_tangent_of_a_change(name):
    function = lambda u: getattr(u * 1, name)().sum()  # noqa: E731
    found = func.grad(lambda v: func.jvp(function, (v,), (T,))[1])(X)
    assert weft.allclose(found, func.hessian(lambda u: getattr(u * 1, name[:-1])().sum())(X) @ T)


def test_changes_of_shape_in_a_batch():
    x = weft.arange(6.0).reshape(1, 2, 3)

    def flipped(a):
        y = a * 1
        y.t_()
        y.t().mul_(2)
        return y

    def cut(a):
        y = a * 1
        y.t_()
        y[1:] = 0.0
        return y

    def deeper(a):
        y = a * 1
        y.unsqueeze_(0)
        y[0, 0] = 5.0
        return y

    for function in (flipped, cut, deeper):
        found = weft.vmap(function)(x)
        assert found.shape == (1, *function(x[0]).shape) and weft.equal(found[0], function(x[0]))
        assert weft.equal(func.jvp(weft.vmap(function), (x,), (x,))[1][0], func.jvp(function, (x[0],), (x[0],))[1])


def test_detached_results_and_changes_by_way_of_data():
    assert func.jvp(weft.vmap(lambda v: v.detach()), (X,), (T,))[1].tolist() == [0, 0]
    assert func.jacfwd(lambda v: v.data)(X).tolist() == [[0, 0], [0, 0]]
    assert func.jvp(lambda v: (v * 1).detach_(), (X,), (T,))[1].tolist() == [0, 0]
    by_data = lambda v: (v.data.mul_(1.0), v * 2)[1]  # noqa: E731
    with pytest.raises(RuntimeError, match=r"clone\(\) it first"):
        func.grad(lambda v: weft.vmap(by_data)(v * 1).sum())(X)
    assert weft.vmap(lambda v: (v * 1).detach().mul_(2))(X).tolist() == [2, 4]


def test_no_dimensions_in_a_batch():
    for function in (lambda a: a.max(), lambda a: a.min(), lambda a: a.amax(), lambda a: a.amax(0, keepdim=True)):
        assert func.grad(lambda v, f=function: weft.vmap(f)(v).sum())(X).tolist() == [1, 1]
    for transform in (func.jacrev, func.jacfwd):
        assert transform(weft.sin)(tensor(0.0)).item() == 1
    assert func.hessian(lambda a: a**3)(tensor(2.0)).item() == 12


def test_spread_of_equal_values():
    same = weft.ones(2, dtype=weft.float64)
    assert func.jvp(lambda v: v.std(), (same,), (X,))[1].item() == 0 == func.grad(lambda v: v.std())(same).sum().item()
    assert func.jvp(lambda v: v.var(), (X,), (same * 3,))[1].item() == 0
    tangent = tensor([1.0, -1.0], dtype=weft.float64)
    expected = (func.grad(lambda v: v.std())(X) @ tangent).item()
    assert func.jvp(lambda v: v.std(), (X,), (tangent,))[1].item() == pytest.approx(expected)


def choose(v):
    return weft.cond(v.sum() > 0, lambda a: a * a, lambda a: a.sin(), (v,))


def choose_what_is_captured(v):
    w = v * 2
    return weft.cond(v.sum() > 0, lambda a: (a * w, a.sum()), lambda a: (a.sin(), w.sum()), (v + 1,))[0]


def products(v):
    last, all_of_them = weft.scan(lambda c, a: (c * a, c * a + v.sum()), tensor(1.0, dtype=weft.float64), v)
    return all_of_them * last


def counted(v):
    def body(i, a):
        return i + 1, a * v.cos() + a.sin()

    return weft.while_loop(lambda i, a: (i < 3) & (a.sum() < 1e9), body, (tensor(0), v * 1))[1]


def constants_are_carried(v):
    def body(i, a, b):
        return i + 1, a * b, b + v

    start = (tensor(0), weft.ones(2, dtype=weft.float64), weft.ones(2, dtype=weft.float64))
    return weft.while_loop(lambda i, a, b: i < 3, body, start)[1]


@pytest.mark.parametrize("function", [choose, choose_what_is_captured, products, counted, constants_are_carried])
def test_control_flow(function):
    """Eagerly, in a graph, in a batch, and twice."""
    for x in (X, -X):
        expected = func.jacrev(function)(x)
        t = tensor([0.5, -2.0], dtype=weft.float64)
        assert weft.allclose(func.jvp(function, (x,), (t,))[1], expected @ t)
        compiled = weft.jit(lambda a, b: func.jvp(function, (a,), (b,)))
        value, derivative = compiled(x, t)
        assert weft.allclose(value, function(x)) and weft.allclose(derivative, expected @ t)
        assert weft.allclose(func.jacfwd(function)(x), expected)
        assert weft.allclose(func.jvp(weft.vmap(function), (x[None],), (t[None],))[1][0], expected @ t)
        total = lambda v: (function(v) ** 2).sum()  # noqa: E731
        second = func.jacrev(func.jacrev(total))(x)
        twice = lambda v, t=t, s=total: func.jvp(lambda u: func.jvp(s, (u,), (t,))[1], (v,), (t,))[1]  # noqa: E731
        assert twice(x).item() == pytest.approx((t @ second @ t).item())
        assert weft.jit(twice)(x).item() == pytest.approx((t @ second @ t).item())
        once = lambda u, t=t, s=total: func.jvp(s, (u,), (t,))[1]  # noqa: E731
        assert weft.allclose(weft.jit(func.grad(once))(x), second @ t)


def test_levels_that_are_left_in_no_order():
    def leaves_one(v):
        fwAD.enter_dual_level()
        return v * 2

    with pytest.raises(RuntimeError, match="left before those"):
        func.jvp(leaves_one, (X,), (T,))
    assert (X * 2).tolist() == [2, 4]
    fwAD.exit_dual_level()
    with pytest.raises(RuntimeError, match="no level"):
        fwAD.exit_dual_level()
    weft.vmap(leaves_one)(X)
    fwAD.exit_dual_level()
    a, b = fwAD.dual_level(), fwAD.dual_level()
    a.__enter__()
    b.__enter__()
    with pytest.raises(RuntimeError, match="left before those"):
        a.__exit__()
    with pytest.raises(RuntimeError, match="ended already"):
        b.__exit__()

    def suspended():
        with fwAD.dual_level():
            yield fwAD.make_dual(X, T)

    kept = suspended()
    next(kept)
    assert func.jvp(weft.sin, (X,), (T,))[1].tolist() == X.cos().tolist()
    kept.close()
    assert func.jvp(weft.sin, (X,), (T,))[1].tolist() == X.cos().tolist()


class Product(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return (grad * b if ctx.needs_input_grad[0] else None), (grad * a if ctx.needs_input_grad[1] else None)


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * y


class HalfCut(Product):
    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad * b, grad.detach() * a


class OtherForJvp(Product):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        ctx.save_for_forward(b, a)
        return a * b

    @staticmethod
    def jvp(ctx, of_a, of_b):
        b, a = ctx.saved_tensors
        return of_a * b + of_b * a * 100


def test_functions_in_a_batch():
    y = X + 2
    for transform in (weft.vmap, lambda f: f):
        assert func.jvp(transform(Product.apply), (X, y), (T, T))[1].tolist() == [4, 6]
        assert func.jvp(transform(OtherForJvp.apply), (X, y), (T, T))[1].tolist() == [103, 204]
        assert func.grad(lambda v, f=transform: f(lambda a: Product.apply(a, y[0]))(v).sum())(X).tolist() == [3, 3]
        total = lambda v, f=transform: f(Exp.apply)(v).sum()  # noqa: E731
        for second in (func.jacrev(func.jacrev(total)), func.hessian(total), func.jacfwd(func.jacfwd(total))):
            assert weft.allclose(second(X), X.exp().diag())
        assert weft.allclose(func.jvp(func.grad(total), (X,), (T,))[1], X.exp())
    with pytest.raises(RuntimeError, match="no jvp method"):
        func.jvp(HalfCut.apply, (X, y), (T, T))


def test_a_step_of_an_optimizer_inside_a_level():
    p = X.clone().requires_grad_()
    optimizer = weft.optim.SGD([p], lr=0.1)
    with fwAD.dual_level():
        (p * fwAD.make_dual(X, T)).sum().backward()
        with pytest.raises(RuntimeError, match="has a tangent"):
            optimizer.step()
    optimizer.step()


def test_a_change_under_no_grad_in_a_batch():
    """What gradients go through from outside of vmap would lose them."""

    def change(x):
        z = x.clone()
        with weft.no_grad():
            z[:1].mul_(2)
        return z

    batch = weft.stack([X, X + 1])
    assert weft.vmap(change)(batch).tolist() == [[2, 2], [4, 3]]
    wanted = weft.stack([func.grad(lambda x: (change(x) ** 3).sum())(x) for x in batch])
    assert weft.vmap(func.grad(lambda x: (change(x) ** 3).sum()))(batch).equal(wanted)
    with weft.no_grad():
        assert weft.vmap(change)(batch.clone().requires_grad_()).tolist() == [[2, 2], [4, 3]]
    with pytest.raises(RuntimeError, match="under vmap .* no_grad"):
        weft.vmap(change)(batch.clone().requires_grad_())
