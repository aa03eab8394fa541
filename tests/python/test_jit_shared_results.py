"""weft.jit: results of one call that share memory which the function has made."""

import contextlib
import itertools

import pytest
from support import assert_same, weft_only

pytestmark = weft_only


def detached_parts(y):
    d = y.detach()
    return d[1:], d[:2]


def changed_between(y):
    before = y[0]
    y = y.detach()
    y[1] = 5
    return before.detach(), y, y.t()


SHAPES = {
    "part": lambda y: (y, y[1:]),
    "part first": lambda y: (y[1:], y),
    "parts without the whole": lambda y: (y[1:], y[:2]),
    "chunks": lambda y: (*y.chunk(2), y),
    "flat": lambda y: (y.view(-1), y),
    "transposed": lambda y: (y, y.t()),
    "detached": lambda y: (y, y.detach()),
    "detached parts": detached_parts,
    "twice": lambda y: (y, y[1:], y),
    "view of a view": lambda y: (y[1:], y[1:][:, 0], y[0]),
    "element": lambda y: (y[0, 0], y),
    "nested": lambda y: {"a": y, "b": [y[:, 1], y.unbind(1)]},
    "changed": changed_between,
    "one more": lambda y: (y, y[1:], y.sin()),
}
MAKERS = {
    "an argument": lambda w, x: x * 1,
    "a product": lambda w, x: x * 2,
    "rows": lambda w, x: x.softmax(-1),
    "a constant": lambda w, x: w.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
    "zeros": lambda w, x: w.zeros(3, 2),
    "matrix product": lambda w, x: x @ w.ones(2, 2),
}


def leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    return list(itertools.chain.from_iterable(map(leaves, value))) if isinstance(value, (tuple, list)) else [value]


@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_changes_are_seen_through_all(w, shape, make, grad):
    def f(x):
        return SHAPES[shape](MAKERS[make](w, x))

    def used(f, changed, x):
        results = leaves(f(x))
        same = [[one is two for two in results] for one in results]
        facts = [(t.requires_grad, t._base is not None, t.shape, t.stride(), t.storage_offset()) for t in results]
        with contextlib.suppress(RuntimeError):
            results[changed % len(results)].mul_(results[0].detach().max() * 3)
            same.append("changed")
        if any(t.requires_grad for t in results):
            with contextlib.suppress(RuntimeError):  # what is changed was saved: a graph may need less
                sum((t * (i + 1) * t).sum() for i, t in enumerate(results)).backward()
        return same, facts, [t.detach() for t in results], x.grad

    jitted = w.jit(f)
    for changed in range(3):
        eager = used(f, changed, w.arange(6.0).view(3, 2).requires_grad_(grad))
        for _ in range(2):
            own = used(jitted, changed, w.arange(6.0).view(3, 2).requires_grad_(grad))
            assert own[:2] == eager[:2]
            for one, two in zip(own[2], eager[2]):
                assert_same(one, two)
            if eager[3] is not None:
                assert_same(own[3], eager[3])
    assert jitted.traces == 1


def test_gradients_of_some(w):
    f = w.jit(lambda x: (x * 2).chunk(2))
    x = w.ones(4, requires_grad=True)
    _, second = f(x)
    second.sum().backward()
    assert x.grad.tolist() == [0, 0, 2, 2]


def test_create_graph(w):
    def draws(x):
        y = x * x * x * w.ones(4).bernoulli(1.0)
        return y[:2], y[2:]

    def plain(x):
        y = x * x * x
        return y[:2], y

    for f in (draws, plain):
        x = w.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
        expected = w.autograd.grad(sum(t.sum() for t in f(x)), x, create_graph=True)[0]
        (again,) = w.autograd.grad(expected.sum(), x)
        with pytest.warns(RuntimeWarning) if f is draws else pytest.MonkeyPatch.context():
            own = w.autograd.grad(sum(t.sum() for t in w.jit(f)(x)), x, create_graph=True)[0]
        assert_same(own, expected)
        assert_same(w.autograd.grad(own.sum(), x)[0], again)


def test_hooks_in_between(w):
    def f(x):
        y = x * 2
        part = y[1:]
        part.register_hook(lambda g: g * 10)
        return y, part

    with pytest.raises(RuntimeError, match=r"has a hook and shares memory.*clone"):
        w.jit(f)(w.ones(3, requires_grad=True))


def test_inference_mode(w):
    f = w.jit(lambda x: (x * 1, (x * 1)[1:])[::-1])
    with w.inference_mode():
        part, whole = f(w.ones(3))
    assert part.is_inference() and whole.is_inference()


def test_checked(w):
    f = w.jit(lambda x: SHAPES["chunks"](x * 2), check=True)
    f(w.ones(3, 2, requires_grad=True))
