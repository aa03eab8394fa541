"""weft.cond, while_loop, scan and map: eager and jitted, values and gradients."""

import numpy as np
import pytest
from support import assert_same, weft_only

pytestmark = weft_only


def both(w, function, *arrays):
    """Runs the function eagerly and jitted on equal leaves: the same bits; gradients may add up in another order."""
    found = []
    for jitted in (False, True):
        leaves = [w.tensor(a, requires_grad=np.issubdtype(np.asarray(a).dtype, np.floating)) for a in arrays]
        run = w.jit(function) if jitted else function
        result = run(*leaves)
        results = list(result) if isinstance(result, (tuple, list)) else [result]
        total = sum((r * r).sum() for r in results if r.requires_grad)
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        grads = w.autograd.grad(total, wanted, allow_unused=True)
        found.append((results, grads))
    (eager, eager_grads), (compiled, grads) = found
    for one, two in zip(eager, compiled, strict=True):
        assert_same(two.detach(), one.detach())
    for one, two in zip(eager_grads, grads, strict=True):
        zero = w.zeros_like(one if one is not None else two) if (one is None) != (two is None) else None
        np.testing.assert_allclose(
            (two if two is not None else zero).numpy(), (one if one is not None else zero).numpy(), rtol=1e-5, atol=1e-6
        )
    return compiled


X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]], "float32")
W = np.array([[0.1, -0.2, 0.3], [0.4, 0.5, -0.6], [0.7, -0.8, 0.9]], "float32")


@pytest.mark.parametrize("sign", [1, -1])
def test_cond(w, sign):
    def f(x, m):
        return w.cond(x.sum() > 0, lambda x: (x @ m).tanh(), lambda x: x * x, (x,))

    both(w, f, sign * X, W)


def test_cond_on_python_values_and_structures(w):
    f = w.jit(lambda x, flag: w.cond(flag, lambda x: {"a": x + 1}, lambda x: {"a": x - 1}, (x,)))
    assert f(w.ones(2), True)["a"].tolist() == [2, 2]
    assert f(w.ones(2), False)["a"].tolist() == [0, 0]


def test_cond_runs_only_the_chosen_branch(w):
    f = w.jit(lambda i, x: w.cond((i < 3).all(), lambda: x[i], lambda: x[i * 0], ()))
    assert f(w.tensor([1]), w.arange(3)).tolist() == [1]
    assert f(w.tensor([7]), w.arange(3)).tolist() == [0]  # the other branch would raise IndexError


def test_cond_inside_cond(w):
    def f(x):
        inner = lambda x: w.cond(x[0] > 2, lambda x: x * 3, lambda x: x * 5, (x,))  # noqa: E731
        return w.cond(x[0] > 0, inner, lambda x: -x, (x,))

    for first in (-1.0, 1.0, 3.0):
        both(w, f, np.array([first, 2.0], "float32"))


def test_while_loop(w):
    def f(x, m):
        def body(n, y):
            return n + 1, (y @ m).tanh() + x

        return w.while_loop(lambda n, y: (n < 4) & (y.abs().max() < 100), body, (w.tensor(0), x))[1]

    both(w, f, X, W)


def test_while_loop_that_never_runs(w):
    both(w, lambda x, m: w.while_loop(lambda y: y.sum() > 1e9, lambda y: y @ m, (x * 2,))[0], X, W)


def test_scan(w):
    def f(x, m):
        def step(h, row):
            h = (row @ m + h).tanh()
            return h, (h * 2, row.sum())

        last, (rows, sums) = w.scan(step, x[0] * 0.5, x)
        return last, rows, sums

    both(w, f, X, W)


def test_scan_in_reverse_and_without_xs(w):
    def f(x):
        carry, ys = w.scan(lambda c, row: (c * 0.5 + row, c), x[0], x, reverse=True)
        doubled, none = w.scan(lambda c, _: (c * 2, None), x, None, length=3)
        assert none is None
        return carry, ys, doubled

    both(w, f, X)


def test_a_recurrent_layer_trains_through_scan(w):
    rng = np.random.default_rng(0)
    sequence = rng.normal(size=(12, 4, 3)).astype("float32")
    losses = []
    for jitted in (False, True):
        w.manual_seed(0)
        cell = w.nn.Linear(3 + 5, 5)
        optimizer = w.optim.Adam(cell.parameters(), lr=0.05)

        def step(xs, cell=cell, optimizer=optimizer):
            optimizer.zero_grad()
            last, _ = w.scan(lambda h, x: (cell(w.cat([x, h], 1)).tanh(), None), w.zeros(4, 5), xs)
            loss = (last - 0.5).square().mean()
            loss.backward()
            optimizer.step()
            return loss

        run = w.jit(step) if jitted else step
        losses.append([run(w.tensor(sequence)).item() for _ in range(20)])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    assert losses[0][-1] < losses[0][0] / 2


def test_map(w):
    both(w, lambda x, m: w.map(lambda row: (row @ m).exp().sum(), x), X, W)


def test_second_derivative_of_scan_inside_a_jitted_function(w):
    def f(x):
        y = w.scan(lambda c, row: (c * row.sin(), None), x[0], x)[0].sum()
        (g,) = w.autograd.grad(y, [x], create_graph=True)
        return (g * g).sum()

    both(w, f, X)


def test_random_numbers_in_a_scan_are_those_of_eager_computing(w):
    f = lambda x: w.map(lambda row: w.nn.functional.dropout(row), x)  # noqa: E731
    w.manual_seed(3)
    eager = f(w.ones(5, 8))
    w.manual_seed(3)
    assert_same(w.jit(f)(w.ones(5, 8)), eager)


@pytest.mark.parametrize(
    "function,error,message",
    [
        (lambda w, x: w.cond(x.sum() > 0, lambda x: x, lambda x: x[0], (x,)), ValueError, r"\(2, 3\) from.*\(3,\)"),
        (lambda w, x: w.cond(x.sum() > 0, lambda x: (x,), lambda x: x, (x,)), ValueError, "different structures"),
        (lambda w, x: w.cond(x > 0, lambda x: x, lambda x: x, (x,)), ValueError, "of one element"),
        (lambda w, x: w.cond(x.sum() > 0, lambda x: x.add_(1), lambda x: x, (x,)), RuntimeError, "in place"),
        (lambda w, x: w.while_loop(lambda y: y > 0, lambda y: y, (x,)), ValueError, "one element"),
        (lambda w, x: w.while_loop(lambda y: y.sum() > 0, lambda y: y[0], (x,)), ValueError, "the body"),
        (lambda w, x: w.scan(lambda c, r: (c[:1], r), x[0], x), ValueError, "must keep its shape"),
        (lambda w, x: w.scan(lambda c, r: (c, r), x[0], {"a": x, "b": x[0]}), ValueError, "must agree"),
        (lambda w, x: w.scan(lambda c, r: (c, r), x[0], None), ValueError, "length must be given"),
    ],
)
def test_refused_while_tracing(w, function, error, message):
    with pytest.raises(error, match=message):
        w.jit(lambda x: function(w, x))(w.tensor(X))


def test_a_branch_on_a_value_names_the_remedy(w):
    with pytest.raises(RuntimeError, match=r"weft\.cond"):
        w.jit(lambda x: x if x.sum() > 0 else -x)(w.tensor(X))
