"""weft.jit: hooks of tensors, and other changes of tensors from outside that no graph would repeat."""

import warnings

import pytest
from support import weft_only

pytestmark = weft_only


def runs_of(w, compiled, *changes):
    """The parameter after a step for each change that is made before it."""
    p = w.nn.Parameter(w.ones(1))
    optimizer = w.optim.SGD([p], lr=1.0)

    def step(x):
        optimizer.zero_grad()
        (p * x).sum().backward()
        optimizer.step()

    step = w.jit(step) if compiled else step
    found = []
    for change in (lambda p: None, *changes, lambda p: None):
        change(p)
        step(w.ones(1))
        found.append(p.item())
    return found


def test_hooks_that_come_and_go(w):
    handles = []

    def doubled(p):
        handles.append(p.register_hook(lambda g: g * 2))

    def tenfold(p):
        handles.append(p.register_post_accumulate_grad_hook(lambda p: p.grad.mul_(10)))

    def removed(p):
        handles.pop().remove()

    changes = (doubled, tenfold, removed, removed, tenfold)
    assert runs_of(w, True, *changes) == runs_of(w, False, *changes) == [0, -2, -22, -24, -25, -35, -45]


def test_hooks_that_stay_are_no_reason_to_trace(w):
    p = w.nn.Parameter(w.ones(1))
    p.register_hook(lambda g: g * 3)

    @w.jit
    def f(x):
        return w.autograd.grad((p * x).sum(), p)[0]

    assert [f(w.full((1,), i)).item() for i in (1.0, 2.0)] == [3, 6] and f.traces == 1
    handle = p.register_hook(lambda g: g + 1)
    assert f(w.ones(1)).item() == 4
    handle.remove()
    assert f(w.ones(1)).item() == 3 and "the hooks of a tensor" in f.explain()
    outside = w.jit(lambda x: (p * x).sum())
    for _ in range(3):
        p.grad = None
        handle = p.register_hook(lambda g: g + 1)
        outside(w.ones(1)).backward()
        handle.remove()
        assert p.grad.item() == 4
    assert outside.traces == 1


def test_hooks_of_tensors_made_outside(w):
    p = w.ones(1, requires_grad=True)
    z = p * 2

    def f(x):
        return w.autograd.grad((z * x).sum(), p, retain_graph=True)[0]

    jitted = w.jit(f)
    assert jitted(w.ones(1)).item() == f(w.ones(1)).item() == 2
    handle = z.register_hook(lambda g: g * 5)
    assert jitted(w.ones(1)).item() == f(w.ones(1)).item() == 10
    handle.remove()
    assert jitted(w.ones(1)).item() == f(w.ones(1)).item() == 2


def test_hooks_of_arguments(w):
    def f(x):
        return w.autograd.grad((x * 3).sum(), x)[0]

    jitted = w.jit(f)
    x = w.ones(1, requires_grad=True)
    assert jitted(x).item() == 3
    handle = x.register_hook(lambda g: g * 2)
    with pytest.raises(RuntimeError, match=r"argument of shape \(1,\) with a hook"):
        jitted(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert w.compile(f)(x).item() == f(x).item() == 6
    handle.remove()
    assert jitted(x).item() == 3


def test_backward_beyond_an_argument(w):
    def f(x):
        (x * 3).sum().backward()

    jitted, leaf = w.jit(f), w.ones(1, requires_grad=True)
    jitted(leaf)
    assert leaf.grad.item() == 3
    with pytest.raises(RuntimeError, match="beyond an argument of shape"):
        jitted(leaf * 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        w.compile(f)(leaf * 2)
    assert leaf.grad.item() == 9


OUTSIDE = {
    "requires_grad_": lambda w, x: x.requires_grad_(not x.requires_grad),
    "requires_grad": lambda w, x: setattr(x, "requires_grad", not x.requires_grad),
    "data": lambda w, x: setattr(x, "data", w.zeros(5)),
    "register_hook": lambda w, x: x.register_hook(lambda g: g * 2),
    "post_accumulate": lambda w, x: x.register_post_accumulate_grad_hook(lambda p: None),
    "detach_": lambda w, x: x.detach_(),
}


@pytest.mark.parametrize("captured", [False, True])
@pytest.mark.parametrize("name", OUTSIDE)
def test_changes_of_tensors_from_outside(w, name, captured):
    x = w.ones(2, requires_grad=name != "requires_grad_")

    def f(argument):
        OUTSIDE[name](w, x if captured else argument)
        return argument * 2

    jitted = w.jit(f)
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"would happen only once.*outside of the function"):
            jitted(x)
    assert x.shape == (2,) and x.requires_grad == (name != "requires_grad_")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        w.compile(f)(x)
    assert x.shape == ((5,) if name == "data" else (2,))


def test_retain_grad(w):
    def argument(x):
        x.retain_grad()
        return x * 2

    def result(x):
        y = x * 2
        y.retain_grad()
        return y * y, y

    leaf = w.ones(1, requires_grad=True)
    with pytest.raises(RuntimeError, match="retain_grad.*only once"):
        w.jit(argument)(leaf * 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        z = leaf * 1
        w.compile(argument)(z).sum().backward()
    assert z.grad.item() == 2
    with pytest.raises(RuntimeError, match=r"a result of shape \(1,\) keeps its gradient"):
        w.jit(result)(leaf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        squared, y = w.compile(result)(leaf)
    squared.sum().backward()
    assert y.grad.item() == 4


def test_gradients_of_what_is_made_inside(w):
    def returned(x):
        p = w.ones(1, requires_grad=True)
        (p * x).sum().backward()
        return p

    def inside(x):
        y = x * 2
        y.retain_grad()
        (y * y).sum().backward()
        return y.grad

    with pytest.raises(RuntimeError, match=r"has a .grad"):
        w.jit(returned)(w.ones(1))
    for leaf in (lambda x: (x * 2).requires_grad_(), lambda x: (x, w.tensor([1.0], requires_grad=True))):
        with pytest.raises(RuntimeError, match=r"is a leaf that requires grad"):
            w.jit(leaf)(w.ones(1))
    assert w.jit(inside)(w.ones(1, requires_grad=True)).item() == 4


def test_hooks_made_inside_may_go_inside(w):
    def f(x):
        y = x * 2
        handle = y.register_hook(lambda g: g * 10)
        (first,) = w.autograd.grad(y.sum(), x, retain_graph=True)
        handle.remove()
        (second,) = w.autograd.grad(y.sum(), x)
        return first, second

    x = w.ones(1, requires_grad=True)
    assert [t.item() for t in w.jit(f)(x)] == [20, 2]


def test_removing_a_hook_from_outside(w):
    p = w.ones(1, requires_grad=True)
    handle = p.register_hook(lambda g: g * 2)
    with pytest.raises(RuntimeError, match="removing a hook.*only once"):
        w.jit(lambda x: handle.remove())(w.ones(1))
