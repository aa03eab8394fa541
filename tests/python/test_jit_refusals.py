"""weft.jit: a program that catches a tracing error is not compiled with the way that it took instead."""

import contextlib
import warnings

import pytest
from support import weft_only

pytestmark = weft_only


def caught(function):
    def f(x):
        try:
            return x * function(x)
        except Exception:
            return x * 7

    return f


def suppressed(function):
    def f(x):
        with contextlib.suppress(Exception):
            return x * function(x)
        return x * 7

    return f


def returned_over(function):
    def f(x):
        try:
            factor = 7
            factor = function(x)
        finally:
            return x * factor  # noqa: B012

    return f


READS = {
    "item": lambda x: x.sum().item(),
    "float": lambda x: float(x.sum()),
    "bool": lambda x: 2 if x.sum() > 0 else 3,
    "tolist": lambda x: x.tolist()[0],
    "numpy": lambda x: x.numpy().sum().item(),
    "contains": lambda x: 2 if x[0] in [x[1]] else 3,
    "dynamic shape": lambda x: x[x > 0].sum(),
    "offset": lambda x: x.storage_offset() + 2,
}


@pytest.mark.parametrize("wrap", [caught, suppressed, returned_over])
@pytest.mark.parametrize("name", READS)
def test_refused_values(w, wrap, name):
    f = wrap(READS[name])
    x = w.tensor([1.0, 1.5])
    jitted = w.jit(f)
    with pytest.raises(RuntimeError, match=r"must not catch it \(read at .*test_jit_refusals.py:\d+: "):
        jitted(x)
    assert jitted.traces == 0
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert w.compile(f)(x).tolist() == f(x).tolist()
    assert all("test_jit_refusals.py" in str(one.message) for one in seen)


def test_refused_effects(w):
    module = w.nn.Linear(1, 1)
    captured, argument = w.ones(1), w.ones(1, requires_grad=True) * 3

    def sets_attribute(x):
        module.count = 1
        return x * 2

    def seeds(x):
        w.manual_seed(0)
        return x * 2

    def changes_history(x):
        captured.mul_(argument)
        return x * 2

    for function in (sets_attribute, seeds, changes_history):
        with pytest.raises(RuntimeError, match=r"must not catch it \(read at"):
            w.jit(caught(function))(w.ones(1))
    assert captured.item() == 1 and not hasattr(module, "count")


def test_errors_of_eager_mode_may_be_caught(w):
    def wrong_shape(x):
        return x @ w.ones(7, 7)

    def kept(x):
        try:
            return x[5] * 2
        except IndexError:
            return x * 3

    assert w.jit(caught(wrong_shape))(w.ones(2)).tolist() == [7, 7]
    assert w.jit(kept)(w.ones(2)).tolist() == [3, 3]


def test_refusals_of_one_trace_do_not_stay(w):
    f = w.jit(lambda x, read: x * (float(x.sum()) if read else 2))
    with pytest.raises(RuntimeError, match="not known"):
        f(w.ones(2), True)
    assert f(w.ones(2), False).tolist() == [2, 2]


@pytest.mark.parametrize("view", [False, True])
def test_changes_of_an_argument_that_requires_grad(w, view):
    def f(x):
        (x[0] if view else x).mul_(2)
        return x * x

    leaf = w.ones(2, requires_grad=True)
    for argument in (leaf, leaf * 3):
        with pytest.raises(RuntimeError, match="in a jitted function an argument that requires grad"):
            w.jit(f)(argument)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert w.compile(f)(leaf * 3).tolist() == f(leaf * 3).tolist()


@pytest.mark.parametrize("method", ["unscale_", "step", "update"])
def test_scalers_of_gradients(w, method):
    p = w.nn.Parameter(w.ones(1))
    optimizer, scaler = w.optim.SGD([p], lr=1.0), w.amp.GradScaler("cpu")

    def f(x):
        scaler.scale((p * x).sum()).backward()
        getattr(scaler, method)(*([] if method == "update" else [optimizer]))

    with pytest.raises(RuntimeError, match=rf"GradScaler.{method}: .*scaler.update\(\) outside of it"):
        w.jit(f)(w.ones(1))
    assert p.item() == 1 and p.grad is None
