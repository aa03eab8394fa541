"""weft.jit(fallback=True) and weft.compile: what cannot be traced runs eagerly."""

import copy
import warnings

import numpy as np
import pytest
from support import assert_same, weft_only

pytestmark = weft_only


def branch(w, x):
    return x * 2 if x.sum() > 0 else -x


def number(w, x):
    return x * x.sum().item()


def masked(w, x):
    return x[x > 0]


def as_array(w, x):
    return w.tensor(np.asarray(x).copy() + 1)


def viewed(w, x):
    return w.tensor(list(memoryview(x.contiguous())))


def unique(w, x):
    return w.unique(x)


def counted(w, x):
    return w.zeros(int(x.abs().sum()) + 1)


@pytest.mark.parametrize("function", [branch, number, masked, as_array, viewed, unique, counted])
def test_values_that_python_needs(w, function):
    f = w.jit(lambda x: function(w, x), fallback=True)
    with pytest.warns(RuntimeWarning, match=r"runs eagerly.*test_jit_fallback.py:\d+: ") as caught:
        for values in ([1.0, -2.0, 4.0], [-1.0, -2.0, 0.0]):
            assert_same(f(w.tensor(values)), function(w, w.tensor(values)))
    assert len(caught) == 1 and caught[0].filename.endswith("test_jit_fallback.py")
    assert f.traces == 0 and "runs eagerly, because it cannot be traced" in f.explain()
    with pytest.raises(RuntimeError, match="runs eagerly"):
        f.graph(w.ones(3))


def test_only_the_signature_that_needs_it(w):
    def function(x, mode):
        return x * x.max().item() if mode == "value" else x * 2

    f = w.jit(function, fallback=True)
    with pytest.warns(RuntimeWarning, match="runs eagerly"):
        assert f(w.full((2,), 3.0), "value").tolist() == [9, 9]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert f(w.full((2,), 3.0), "twice").tolist() == [6, 6]
        assert f(w.full((2,), 4.0), "value").tolist() == [16, 16]
        assert f(w.full((3,), 4.0), "value").tolist() == [16, 16, 16]  # one warning for the line
    assert f.traces == 1


def test_without_fallback_it_is_an_error(w):
    with pytest.raises(RuntimeError, match="bool: the values"):
        w.jit(lambda x: branch(w, x))(w.ones(1))
    with pytest.raises(RuntimeError, match="bool: the values"):
        w.compile(lambda x: branch(w, x), fullgraph=True)(w.ones(1))


@pytest.mark.parametrize(
    "function,error",
    [
        (lambda w, x: x @ w.ones(7, 7), RuntimeError),
        (lambda w, x: x[9], IndexError),
        (lambda w, x: x.reshape(5), RuntimeError),
        (lambda w, x: {}["name"], KeyError),
        (lambda w, x: (_ for _ in ()).throw(ValueError("mine")), ValueError),
        (lambda w, x: x.sum() > 0 and x[9], IndexError),
    ],
)
def test_errors_of_the_program_are_raised(w, function, error):
    f = w.jit(lambda x: function(w, x), fallback=True)
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(error) as raised:
                f(w.ones(3))
        assert "mine" in str(raised.value) or error is not ValueError
        assert f.compiled == []


def test_everything_is_as_in_eager_mode_afterwards(w):
    """A training step that needs a value after it has done everything else."""
    nn, states = w.nn, []
    for jitted in (False, True):
        w.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Dropout(0.4), nn.Linear(6, 3))
        optimizer = w.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, dampening=0.5)
        calls = []

        def step(x, y, model=model, optimizer=optimizer, calls=calls):
            calls.append(1)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss.item()

        run = w.jit(step, fallback=True) if jitted else step
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            losses = [run(w.randn(5, 4), w.randint(0, 3, (5,))) for _ in range(4)]
        assert len(calls) == 4
        buffers = [s["momentum_buffer"].tolist() for s in optimizer.state_dict()["state"].values()]
        grads = [p.grad.tolist() for p in model.parameters()]
        values = [t.tolist() for t in model.state_dict().values()]
        states.append((losses, buffers, grads, values, w.get_rng_state().tolist()))
    assert states[0] == states[1]


def test_attributes_of_modules(w):
    class Counting(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            return x * self.calls

    model = w.compile(Counting())
    with pytest.warns(RuntimeWarning, match="runs eagerly.*attribute 'calls'"):
        assert [model(w.ones(1)).item() for _ in range(3)] == [1, 2, 3]
    assert model.calls == 3


def test_jitted_functions_inside(w):
    inner = w.jit(lambda x: x if x.sum() > 0 else -x, fallback=True)
    outer = w.jit(lambda x: inner(x) + 1, fallback=True)
    with pytest.warns(RuntimeWarning, match="runs eagerly"):
        assert outer(-w.ones(1)).item() == 2


# weft.compile


def test_compile_in_all_its_forms(w):
    @w.compile
    def plain(x):
        return x * 2

    @w.compile(dynamic=True, mode="reduce-overhead")
    def with_arguments(x):
        return x * 3

    x = w.ones(2)
    assert plain(x).tolist() == [2, 2] and with_arguments(x).tolist() == [3, 3]
    assert plain.traces == with_arguments.traces == 1 and plain.__name__ == "plain"
    function = lambda x: x  # noqa: E731
    assert w.compile(function, disable=True) is function and w.compile(function, backend="eager") is function
    assert w.compile(disable=True)(function) is function
    assert w.compile(function, options={"cuda_graphs": False, "recompute": False, "check": True})(x) is x
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n in range(20):
            with_arguments(w.ones(n))
    assert with_arguments.traces == 20
    with pytest.warns(RuntimeWarning, match="traced 16 times"):
        for n in range(20):
            plain(w.ones(n))


def test_a_compiled_module_is_the_module(w):
    model = w.nn.Sequential(w.nn.Linear(3, 4), w.nn.ReLU(), w.nn.Linear(4, 1))
    twin = copy.deepcopy(model)
    compiled = w.compile(model)
    assert compiled is model and isinstance(compiled, w.nn.Sequential) and len(compiled) == 3
    assert list(compiled.state_dict()) == list(twin.state_dict())
    x = w.randn(2, 3)
    assert_same(compiled(x).detach(), twin(x).detach())
    compiled.load_state_dict(twin.state_dict())
    compiled(x).sum().backward()
    assert compiled[0].weight.grad is not None and compiled.forward.traces == 1
    assert_same(copy.deepcopy(compiled)(x).detach(), twin(x).detach())


@pytest.mark.parametrize(
    "arguments,error,message",
    [
        ({"backend": "nonsense"}, ValueError, "unknown backend 'nonsense'.*'inductor'"),
        ({"mode": "nonsense"}, ValueError, "unknown mode 'nonsense'.*'max-autotune'"),
        ({"options": {"nonsense": True}}, ValueError, "unknown option 'nonsense'.*'recompute'"),
        ({"options": {"recompute": 3}}, TypeError, "'recompute' must be a bool"),
        ({"options": [1]}, TypeError, "options must be a dict"),
        ({"mode": "default", "options": {"recompute": True}}, ValueError, "either a mode or options"),
        ({"dynamic": "yes"}, TypeError, "dynamic must be None or a bool"),
        ({"fullgraph": 2}, TypeError, "fullgraph must be a bool"),
        ({"nonsense": 1}, TypeError, "nonsense"),
    ],
)
def test_bad_arguments_of_compile(w, arguments, error, message):
    with pytest.raises(error, match=message):
        w.compile(lambda x: x, **arguments)
    with pytest.raises(error, match=message):
        w.compile(**arguments)


def test_compile_of_no_function(w):
    with pytest.raises(TypeError, match="expected a function or a Module, got int"):
        w.compile(3)


class Thing:
    __hash__ = None
    scale = 3


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("where", ["attribute", "argument", "array", "keyword", "nested", "a list that holds itself"])
def test_arguments_that_cannot_be_told_apart(w, where, check, monkeypatch):
    monkeypatch.setattr("weft._jit_fallback._warned", set())

    def call(function):
        x = w.ones(2)
        if where == "attribute":
            x.thing = Thing()
            return function(x, None)
        if where == "a list that holds itself":
            things = [Thing]
            things.append(things)
            return function(x, things)
        if where == "keyword":
            return function(x, thing=Thing())
        return function(x, {"argument": Thing(), "array": np.full(2, 3.0), "nested": [{"a": Thing()}]}[where])

    def function(x, thing):
        if where in ("nested", "a list that holds itself"):
            thing = thing[0]["a"] if where == "nested" else thing[0]
        return x * (thing if where == "array" else getattr(x, "thing", thing).scale)

    f = w.jit(function, fallback=True, check=check)
    with pytest.warns(RuntimeWarning, match=r"runs eagerly.*test_jit_fallback.py:\d+: ") as caught:
        for _ in range(3):
            assert call(f).tolist() == [3, 3]
    assert len(caught) == 1 and caught[0].filename.endswith("test_jit_fallback.py") and f.traces == 0
    with pytest.raises((TypeError, RecursionError)):
        call(w.jit(function, check=check))
    with pytest.raises((TypeError, RecursionError)):
        call(f.graph)
