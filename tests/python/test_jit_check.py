"""weft.jit(check=True): every call beside an eager run from the same state, and what happens where they differ."""

import copy
import itertools
import warnings

import pytest
from support import assert_same, weft_only

pytestmark = weft_only


def state_of(w, model, optimizer):
    return (
        [t.clone() for t in model.state_dict().values()],
        [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        copy.deepcopy(optimizer.state_dict()),
        w.get_rng_state(),
    )


def equal_states(w, one, two):
    if isinstance(one, w.Tensor):
        assert_same(two, one)
    elif isinstance(one, dict):
        assert one.keys() == two.keys()
        [equal_states(w, one[key], two[key]) for key in one]
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(two)
        [equal_states(w, a, b) for a, b in zip(one, two, strict=True)]
    else:
        assert one == two


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_a_training_step_is_taken_once(w, name):
    """Dropout, batch norm, clipping, momentum, gradients: after checked calls all is as after plain ones."""
    nn, found = w.nn, []
    for check in (False, True):
        w.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.4), nn.Linear(6, 3))
        options = {"lr": 0.1, "momentum": 0.9, "dampening": 0.2} if name == "SGD" else {"lr": 0.1}
        optimizer = getattr(w.optim, name)(model.parameters(), **options)

        @w.jit(check=check)
        def step(x, y, model=model, optimizer=optimizer):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            return loss

        losses = [step(w.randn(5, 4), w.randint(0, 3, (5,))).item() for _ in range(4)]
        assert step.traces == 1
        found.append((losses, state_of(w, model, optimizer)))
    equal_states(w, *found)


def test_arguments_changed_in_place_and_gradients_that_add_up(w):
    weight = w.ones(3, requires_grad=True)

    @w.jit(check=True)
    def f(x, options):
        x.mul_(2)
        x[1:].add_(options["shift"])
        (weight * x).sum().backward()
        return x, x[:1]

    x = w.ones(3)
    same, view = f(x, {"shift": 1.0})
    assert same is x and x.tolist() == [2, 3, 3] and weight.grad.tolist() == [2, 3, 3] and view.tolist() == [2]
    f(x, {"shift": 1.0})
    assert x.tolist() == [4, 7, 7] and weight.grad.tolist() == [6, 10, 10]
    assert x._version == 2  # once a run


def test_backward_outside(w):
    model = w.nn.Sequential(w.nn.Linear(3, 4), w.nn.GELU(), w.nn.LayerNorm(4), w.nn.Linear(4, 1))
    x = w.randn(5, 3, requires_grad=True)
    found = []
    for run in (lambda x: model(x), w.jit(lambda x: model(x), check=True)):
        x.grad = None
        model.zero_grad()
        run(x).sum().backward()
        found.append([x.grad, *(p.grad for p in model.parameters())])
    for one, two in zip(*found, strict=True):
        assert_same(two, one)


def test_what_python_changes_between_calls_is_named(w):
    numbers = itertools.count(2).__next__  # which no guard sees

    @w.jit(check=True)
    def f(x):
        y = x + 1
        return (y * numbers()).relu()  # the line

    counted = w.ones(2)
    with pytest.raises(
        RuntimeError, match=r"(?s)result: 2 of 2 elements.*as it was traced: mul.*test_jit_check.py.*the line"
    ):
        f(counted)


def test_state_is_as_before_where_something_differs(w):
    numbers, counter, weight = itertools.count(2).__next__, w.zeros(2), w.ones(2, requires_grad=True)

    @w.jit(check=True)
    def f(x):
        counter.add_(1)
        x.add_(numbers())
        w.nn.functional.dropout(x, 0.5)
        (weight * x).sum().backward()

    x, generator = w.ones(2), w.get_rng_state()
    with pytest.raises(RuntimeError, match="from outside or among the arguments"):
        f(x)
    assert counter.tolist() == [0, 0] and x.tolist() == [1, 1] and weight.grad is None
    assert_same(w.get_rng_state(), generator)


def test_a_wrong_gradient_is_named(w):
    numbers = itertools.count(2).__next__  # which no guard sees

    class Scaled(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * numbers()

    x = w.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="the gradient of a tensor of shape"):
        w.jit(lambda x: Scaled.apply(x) + 1, check=True)(x)


def test_a_wrong_gradient_of_results_that_share_memory_is_named(w):
    """Theirs may be added up in another order, and not be other ones."""
    numbers = itertools.count(2).__next__

    class Scaled(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * (1 + 1e-3 * numbers())

    def f(x):
        y = Scaled.apply(x) + 1
        return y, y[1:]

    with pytest.raises(RuntimeError, match="the gradient of a tensor of shape"):
        w.jit(f, check=True)(w.ones(3, requires_grad=True))


def test_random_numbers_and_structures(w):
    generator = w.Generator().manual_seed(3)
    f = w.jit(lambda x: {"a": [w.rand(2, generator=generator) + x, 3], "nan": x / 0 - x / 0}, check=True)
    twin = w.Generator().manual_seed(3)
    for _ in range(3):
        assert_same(f(w.zeros(2))["a"][0], w.rand(2, generator=twin))
    draws = itertools.count(1).__next__  # which no guard sees
    with pytest.raises(RuntimeError, match=r"differs from eager mode"):
        w.jit(lambda x: x + w.rand(draws()).sum(), check=True)(w.ones(1))


def test_an_error_of_the_program_is_its_own(w):
    f = w.jit(lambda x, i: x[0] + w.nn.functional.embedding(i, x), check=True)
    f(w.ones(3, 2), w.tensor([1]))
    with pytest.raises(IndexError, match="5"):
        f(w.ones(3, 2), w.tensor([5]))
    with pytest.raises(KeyError, match="mine"):
        w.jit(lambda x: {}["mine"], check=True)(w.ones(1))


def test_the_switch_in_the_environment(w, monkeypatch):
    numbers = itertools.count(2).__next__  # which no guard sees
    monkeypatch.setenv("WEFT_JIT_CHECK", "1")
    with pytest.raises(RuntimeError, match="jit check"):
        w.jit(lambda x: x * numbers())(w.ones(1))
    assert w.jit(lambda x: x * numbers(), check=False)(w.ones(1)) > 1
    monkeypatch.setenv("WEFT_JIT_CHECK", "yes")
    with pytest.raises(ValueError, match="WEFT_JIT_CHECK: expected 0 or 1, got 'yes'"):
        w.jit(lambda x: x)
    monkeypatch.setenv("WEFT_JIT_CHECK", "0")
    numbers = itertools.repeat(3).__next__
    assert w.jit(lambda x: x * numbers())(w.ones(1)).item() == 3


def test_with_fallback(w):
    f = w.jit(lambda x: x * 2 if x.sum() > 0 else -x, check=True, fallback=True)
    with pytest.warns(RuntimeWarning, match="runs eagerly"):
        assert f(w.ones(1)).item() == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert f(-w.ones(1)).item() == 1


def test_control_flow_keeps_the_strides_of_eager_mode(w):
    f = lambda x: w.cond(x.sum() > 0, lambda q: q * 2, lambda q: (q - 1).t().clone().t(), (x.t(),))  # noqa: E731
    g = w.jit(lambda x: (f(x), f(x).mean()), check=True)
    for seed in range(10):
        w.manual_seed(seed)
        x = w.randn(5, 3)
        y, mean = g(x)
        assert y.stride() == f(x).stride() and w.equal(mean, f(x).mean())
    loop = w.jit(lambda x: w.while_loop(lambda x: x.sum() < 100, lambda x: (x * 2 + 1).t().t(), (x.t(),)), check=True)
    for _ in range(3):
        loop(w.rand(4, 3))
    square = w.rand(3, 3)
    carried, ys = w.jit(lambda x: w.scan(lambda c, row: ((c + row).t(), c.t()), x.t(), x), check=True)(square)
    assert carried.is_contiguous() and ys.is_contiguous()
