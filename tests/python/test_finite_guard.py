"""FiniteGuard: the first layer that is not finite is named, nothing else changes."""

import dataclasses
import gc
import warnings
import weakref

import pytest
from support import to_numpy

pytestmark = pytest.mark.skipif("not __import__('support').IS_WEFT", reason="PyTorch has none")


def model(w):
    nn = w.nn
    return nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Sequential(nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 8)), nn.Linear(8, 2)
    )


def test_a_parameter(w):
    m = model(w)
    with w.no_grad():
        m[2][2].weight[3, 1] = float("nan")
    with w.nn.utils.FiniteGuard(m):
        with pytest.raises(FloatingPointError, match=r"layer '2\.2' \(Linear\).*NaN.*before: weight \(1 NaN of 64"):
            m(w.ones(5, 4))


def test_an_operation(w):
    class Log(w.nn.Module):
        def forward(self, x):
            return {"log": [x.log()]}

    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = Log(), w.nn.Identity()

        def forward(self, x, *, scale):
            return self.last(self.first(x * scale)["log"][0])

    m = Net()
    with w.nn.utils.FiniteGuard(m):
        m(w.ones(3), scale=2.0)
        with pytest.raises(
            FloatingPointError, match=r"'first' \(Log\).*output\['log'\]\[0\] has 3 infinite.*are finite"
        ):
            m(w.zeros(3), scale=2.0)


def test_the_model_itself(w):
    class Net(w.nn.Module):
        def forward(self, x):
            return x / 0

    with w.nn.utils.FiniteGuard(Net()) as guard:
        with pytest.raises(FloatingPointError, match="the model itself"):
            guard._model(w.ones(2))


def test_nothing_else_changes(w):
    a, b = model(w), model(w)
    b.load_state_dict(a.state_dict())
    x = w.randn(6, 4)
    with w.nn.utils.FiniteGuard(a):
        w.manual_seed(3)
        one = a(x)
        after_one = w.rand(1).item()
    w.manual_seed(3)
    two = b(x)
    assert w.equal(one, two) and after_one == w.rand(1).item()
    for p, q in zip(a.state_dict().values(), b.state_dict().values()):
        assert w.equal(p, q)
    assert not a._forward_hooks and not a._forward_pre_hooks


def test_statistics_are_those_of_one_pass(w):
    a, b = model(w), model(w)
    b.load_state_dict(a.state_dict())
    for m in (a, b):
        with w.no_grad():
            m[3].bias.fill_(float("inf"))
    x = w.randn(6, 4)
    with w.nn.utils.FiniteGuard(a), pytest.raises(FloatingPointError, match="layer '3'"):
        a(x)
    b(x)
    assert w.equal(a[1].running_mean, b[1].running_mean) and w.equal(a[1].num_batches_tracked, b[1].num_batches_tracked)


def test_gradients(w):
    m = w.nn.Linear(2, 2)
    opt = w.optim.SGD(m.parameters(), lr=0.1)
    guard = w.nn.utils.FiniteGuard(m)
    guard.watch(opt)
    m(w.ones(1, 2)).sum().backward()
    opt.step()
    before = to_numpy(m.weight).copy()
    m.weight.grad[0, 0] = float("nan")
    with pytest.raises(FloatingPointError, match=r"weight \(1 NaN of 4"):
        opt.step()
    assert (to_numpy(m.weight) == before).all()
    m.weight.grad.fill_(3e38)  # finite, though not its square
    opt.step()
    guard.remove()
    m.weight.grad[0, 0] = float("nan")
    opt.step()


def test_under_jit_it_warns_once(w):
    m = w.nn.Linear(2, 2)
    with w.nn.utils.FiniteGuard(m), warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        f = w.jit(lambda x: m(x))
        for size in (1, 2, 3):
            f(w.ones(size, 2))
    assert len([s for s in seen if "FiniteGuard" in str(s.message)]) == 1


def test_only_modules(w):
    with pytest.raises(TypeError, match="model"):
        w.nn.utils.FiniteGuard(w.ones(2))


def test_gradients_that_a_closure_makes(w):
    for how in ("positional", "keyword"):
        m = w.nn.Linear(2, 1)
        opt = w.optim.SGD(m.parameters(), lr=0.1)
        before = to_numpy(m.weight).copy()

        def closure(m=m, opt=opt):
            opt.zero_grad()
            loss = (m.weight * float("nan")).sum()
            loss.backward()
            return loss

        with w.nn.utils.FiniteGuard(m) as guard:
            guard.watch(opt)
            with pytest.raises(FloatingPointError, match=r"gradients are not finite: weight \(2 NaN"):
                opt.step(closure) if how == "positional" else opt.step(closure=closure)
        assert (to_numpy(m.weight) == before).all()


def test_a_closure_replaces_bad_gradients(w):
    m = w.nn.Linear(2, 1)
    opt = w.optim.SGD(m.parameters(), lr=0.1)
    m.weight.grad = w.full((1, 2), float("inf"))

    def closure():
        opt.zero_grad()
        loss = m.weight.sum()
        loss.backward()
        return loss

    with w.nn.utils.FiniteGuard(m) as guard:
        guard.watch(opt)
        assert opt.step(closure) is not None


def test_a_model_that_asks_for_gradients(w):
    class Penalty(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = w.nn.Linear(2, 2)

        def forward(self, x):
            (g,) = w.autograd.grad(self.inner(x).sum(), self.inner.weight, create_graph=True)
            return self.inner(x / 0) + g

    m = Penalty()
    with w.nn.utils.FiniteGuard(m), pytest.raises(FloatingPointError, match=r"layer 'inner' \(Linear\).*input\[0\]"):
        m(w.ones(2, 2))


def test_fields_of_a_dataclass(w):
    @dataclasses.dataclass
    class Output:
        values: object

    class Model(w.nn.Module):
        def forward(self, x):
            return Output(x / 0)

    m = Model()
    with w.nn.utils.FiniteGuard(m), pytest.raises(FloatingPointError, match="2 infinite of 2"):
        m(w.ones(2))


def test_arguments_are_dropped_after_an_exception(w):
    class Model(w.nn.Module):
        def forward(self, x):
            raise KeyError("own")

    class Argument:
        pass

    m, argument = Model(), Argument()
    alive = weakref.ref(argument)
    with w.nn.utils.FiniteGuard(m):
        with pytest.raises(KeyError, match="own"):
            m(argument)
        del argument
        gc.collect()
        assert alive() is None
