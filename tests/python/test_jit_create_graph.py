"""backward(create_graph=True) through jitted functions: gradients of gradients are those of eager mode."""

import pytest
from support import make_square, weft_only

pytestmark = weft_only


def programs(w):
    weight = w.rand(4, 3, dtype=w.float64, requires_grad=True)
    lin = w.nn.Sequential(w.nn.Linear(4, 5), w.nn.Tanh(), w.nn.Linear(5, 1)).double()
    norm = w.nn.LayerNorm(4).double()

    def in_place(x):
        y = x * 1
        y += x.exp()
        return y.mul_(2).sin()

    def partly(x):
        with w.no_grad():
            scale = (x * x).sum()
        return x.tanh() * scale + x.detach() * x

    return {
        "tanh": (lambda x: (x @ weight).tanh(), [weight]),
        "network": (lambda x: lin(x), list(lin.parameters())),
        "norm": (lambda x: norm(x) ** 2, list(norm.parameters())),
        "in place": (in_place, []),
        "partly detached": (partly, []),
        "cross entropy": (lambda x: w.nn.functional.cross_entropy(x, w.tensor([1, 2])), []),
        "two results": (lambda x: (x.exp(), (x @ weight).sin()), [weight]),
        "views": (lambda x: x.T.reshape(-1)[::2].exp() * x.select(1, 0).sum(), []),
    }


NAMES = ("tanh", "network", "norm", "in place", "partly detached", "cross entropy", "two results", "views")


@pytest.mark.parametrize("name", NAMES)
def test_second_order_equals_eager(w, name):
    w.manual_seed(0)
    function, leaves = programs(w)[name]
    value = w.rand(2, 4, dtype=w.float64)
    found = []
    for call in (function, w.jit(function)):
        x = (value * 1).requires_grad_()
        out = call(x)
        out = out if isinstance(out, tuple) else (out,)
        loss = sum(((o * o).sum() for o in out), w.zeros(()))
        first = w.autograd.grad(loss, [x, *leaves], create_graph=True)
        penalty = sum(((g * g).sum() for g in first), w.zeros(()))
        second = w.autograd.grad(penalty, [x, *leaves], create_graph=True, allow_unused=True)
        third = w.autograd.grad(sum((g.sum() for g in second if g is not None), w.zeros(())), [x], allow_unused=True)
        found.append([loss, *first, *second, *third])
    for eager, jitted in zip(*found, strict=True):
        assert (eager is None) == (jitted is None)
        if eager is not None:
            assert w.allclose(eager, jitted, rtol=1e-9, atol=1e-9)


def test_through_what_came_before_and_backward(w):
    found = []
    for wrap in (lambda f: f, w.jit):
        a = w.tensor([0.5, -1.0], requires_grad=True)
        call = wrap(lambda x: (x * x * x).sum())
        (g,) = w.autograd.grad(call(a.sin()), [a], create_graph=True)
        (g * g).sum().backward(create_graph=True)
        found.append(a.grad)
    assert w.allclose(*found)


def test_what_cannot_be_differentiated_twice_says_so(w):
    Square = make_square(w)

    def hooked(x):
        y = x * x
        y.register_hook(lambda g: g * 2)
        return y

    def view_changed(x):
        y = x * 1
        y[0] = y[1].exp()
        return y * 2

    for function, message in (
        (view_changed, "a view"),
        (lambda x: w.nn.functional.dropout(x, 0.5) ** 2, "random numbers"),
        (lambda x: Square.apply(x), "derivative of its own"),
        (hooked, "hook"),
    ):
        x = w.ones(3, requires_grad=True)
        y = w.jit(function)(x).sum()
        with pytest.raises(NotImplementedError, match=f"create_graph.*{message}.*inside the jitted function"):
            w.autograd.grad(y, [x], create_graph=True)


def test_an_argument_changed_since_is_an_error(w):
    x = w.ones(3, requires_grad=True)
    y = x * 1
    loss = w.jit(lambda y: (y * 2).sum())(y)
    y.add_(1)
    with pytest.raises(RuntimeError, match="changed"):
        w.autograd.grad(loss, [x], create_graph=True)
