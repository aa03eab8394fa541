"""Features of weft.jit that meet: guards, sizes, fallback, check, hooks, optimizers, copies, interrupts."""

import _thread
import copy
import itertools
import pickle
import signal
import sys
import sysconfig
import threading
import warnings

import numpy as np
import pytest
from support import assert_same, counts_runs, make_square, weft_only

pytestmark = weft_only


class Settings:
    def __init__(self, **values):
        self.__dict__.update(values)


@pytest.fixture(params=[False, True], ids=["", "checked"])
def check(request):
    """With and without a check of every call."""
    return request.param


@pytest.fixture(autouse=True)
def no_warnings_yet(w, monkeypatch):
    """Fallback warns once for each line."""
    monkeypatch.setattr("weft._jit_fallback._warned", set())


class Branching:
    """Reads Python state and, in one of its modes, values."""

    def __init__(self, mode):
        self.mode, self.scale = mode, 2.0

    def run(self, x):
        y = x * self.scale
        return y * y.sum().item() if self.mode == "value" else y


# Guards and fallback


def test_state_changes_so_that_a_function_cannot_be_traced_any_more(w, check):
    state = Branching("plain")
    f = w.jit(state.run, fallback=True, check=check)
    x = w.tensor([1.0, 2.0])
    for number, mode in enumerate(("plain", "value", "plain", "value")):
        state.mode, state.scale = mode, 2.0 + number
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(2):
                assert_same(f(x), state.run(x))


def test_state_changes_so_that_a_function_could_be_traced(w, check):
    """It goes on running eagerly for that signature; another one is traced."""
    state = Branching("value")
    f = w.jit(state.run, fallback=True, check=check)
    with pytest.warns(RuntimeWarning, match="runs eagerly"):
        f(w.ones(2))
    state.mode, state.scale = "plain", 5.0
    for _ in range(2):
        assert f(w.ones(2)).tolist() == [5, 5] and f(w.ones(3)).tolist() == [5, 5, 5]
    state.scale = 6.0
    assert f(w.ones(2)).tolist() == [6, 6] and f(w.ones(3)).tolist() == [6, 6, 6]
    assert "runs eagerly" in f.explain() and f.traces == 2 and "'scale' of a Branching changed" in f.explain()


def test_what_cannot_be_guarded_falls_back(w, check):
    table, deep = list(range(100_001)), [1]
    for _ in range(9):
        deep = [deep]
    array = np.zeros(2**18)
    for function in (
        lambda x: x * table[3],
        lambda x: x * len(deep),
        lambda x: x + float(array[0]),
    ):
        f = w.jit(function, fallback=True, check=check)
        with pytest.warns(RuntimeWarning, match=r"runs eagerly.*RuntimeError.*test_jit_together.py:\d+: .*lambda"):
            assert_same(f(w.ones(2)), function(w.ones(2)))
        table[3] = 7
        array[0] = 2
        assert_same(f(w.ones(2)), function(w.ones(2)))
        with pytest.raises(RuntimeError, match=r"read at .*test_jit_together.py:\d"):
            w.jit(function, check=check)(w.ones(2))


@counts_runs
def test_state_that_never_holds_is_traced_again_at_each_call(w):
    """With fallback too: no call waits for a trace that holds."""
    file = sysconfig.get_path("stdlib") + "/counting.py"
    space = {}
    property_of = "    @property\n    def next(self):\n        global N\n        N += 1\n        return N\n"
    source = "N = 0\nclass Counting:\n" + property_of
    exec(compile(source, file, "exec"), space)
    counting = type("Mine", (space["Counting"],), {"__module__": __name__})()
    for fallback in (False, True):
        f = w.jit(lambda x: x * (1 if counting.next else 0), fallback=fallback)
        for _ in range(3):
            assert f(w.ones(1)).item() == 1
        assert f.traces <= 3


# Guards and sizes


def test_sizes_and_state_change_together(w, check):
    settings = Settings(scale=1.0, cut=2)
    model = w.nn.Sequential(w.nn.Linear(3, 3), w.nn.Dropout(0.0))

    def function(x):
        return model(x[: x.shape[0] // settings.cut]) * settings.scale

    f = w.jit(function, dynamic_dims=0, check=check)
    for scale, cut, training in ((1.0, 2, True), (2.0, 2, True), (2.0, 3, False), (1.0, 2, True)):
        settings.scale, settings.cut = scale, cut
        model.train(training)
        for n in (4, 7, 12):
            x = w.randn(n, 3)
            assert_same(f(x).detach(), function(x).detach())
    assert f.traces == 9  # three states at three sizes; the first is found again
    model[0].weight = w.nn.Parameter(w.ones(3, 3))
    assert_same(f(w.ones(7, 3)).detach(), function(w.ones(7, 3)).detach())
    assert f.traces == 10 and "'weight' of a Linear" in f.explain()


def test_sizes_and_fallback(w, check):
    def function(x):
        return x * x.sum().item() if x.shape[0] > 4 else x * 2

    f = w.jit(function, dynamic_dims=0, fallback=True, check=check)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for n in (2, 5, 3, 6, 5, 2):
            assert_same(f(w.ones(n)), function(w.ones(n)))
    assert (
        f.traces == 2
        and f.explain().count("runs eagerly") == 1
        and "2 sizes of dynamic dimensions: 5, 6" in f.explain()
    )


# Check


def test_checked_calls_after_every_kind_of_change(w):
    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.lin, self.sizes, self.config = w.nn.Linear(3, 3), [1.0], Settings(scale=1.0)

        def forward(self, x):
            return self.lin(x) * self.sizes[0] * self.config.scale * (2 if self.training else 3)

    net = Net()
    optimizer = w.optim.AdamW(net.parameters(), lr=0.1)

    @w.jit(check=True)
    def step(x):
        optimizer.zero_grad()
        loss = (net(x) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    changes = [
        lambda: net.sizes.__setitem__(0, 2.0),
        lambda: setattr(net.config, "scale", 3.0),
        net.eval,
        net.train,
        lambda: optimizer.param_groups[0].update(lr=0.01),
        lambda: optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict())),
        lambda: net.load_state_dict({k: v + 1 for k, v in net.state_dict().items()}),
        lambda: optimizer.state.clear(),
        lambda: optimizer.state[net.lin.bias].update(step=7.0),
        lambda: net.lin.weight.data.mul_(2),
        lambda: setattr(net.lin.weight, "grad", w.ones(3, 3)),
        lambda: net.lin.bias.requires_grad_(False),
        lambda: net.lin.bias.requires_grad_(True),
    ]
    for change in changes:
        step(w.randn(4, 3))
        change()
        step(w.randn(4, 3))


def test_check_finds_what_guards_do_not_see(w):
    """What a bound method of a built-in type holds, nobody can look into: the graph keeps what it gave to its trace."""
    numbers = itertools.count(2).__next__
    f = w.jit(lambda x: x * numbers(), check=True)
    with pytest.raises(RuntimeError, match="differs from eager mode"):
        f(w.ones(1))


def test_check_with_fallback_of_a_training_step(w):
    states = []
    for how in ({}, {"fallback": True}, {"fallback": True, "check": True}):
        w.manual_seed(0)
        model = w.nn.Sequential(w.nn.Linear(3, 4), w.nn.Dropout(0.3), w.nn.Linear(4, 1))
        optimizer = w.optim.Adam(model.parameters(), lr=0.1)
        wanted = []

        def step(x, with_value, model=model, optimizer=optimizer, wanted=wanted):
            optimizer.zero_grad()
            loss = (model(x) ** 2).mean()
            loss.backward()
            optimizer.step()
            return loss.item() if with_value else loss

        run = w.jit(step, **how) if how else step
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for i in range(6):
                wanted.append(float(run(w.randn(5, 3), i % 3 == 2)))
        counts = [s["step"] for s in optimizer.state.values()]
        states.append((wanted[-6:], counts, [p.tolist() for p in model.parameters()], w.get_rng_state().tolist()))
    assert states[0] == states[1] == states[2]


def test_check_with_second_derivatives(w):
    model = w.nn.Sequential(w.nn.Linear(3, 4), w.nn.Tanh(), w.nn.Linear(4, 1)).double()
    x = w.rand(2, 3, dtype=w.float64, requires_grad=True)
    found = []
    inside = lambda x: w.autograd.grad(model(x).sum(), [x], create_graph=True)[0].pow(2).sum()  # noqa: E731

    def outside(x, call):
        (first,) = w.autograd.grad(call(x).sum(), [x], create_graph=True)
        return first.pow(2).sum()

    jitted_model, jitted_inside = w.jit(lambda x: model(x), check=True), w.jit(inside, check=True)
    for run in (inside, jitted_inside, lambda x: outside(x, model), lambda x: outside(x, jitted_model)):
        model.zero_grad()
        for _ in range(2):
            run(x).backward(inputs=list(model.parameters()))
        found.append([p.grad for p in model.parameters() if p.grad is not None])
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            assert w.allclose(one, two, rtol=1e-10, atol=1e-12)


# Optimizers and scalers


@pytest.mark.parametrize("how", [{}, {"fallback": True}, {"fallback": True, "check": True}])
def test_a_scaler_of_gradients(w, how):
    """It needs a value to decide whether there is a step; a trace that ends there has not used up the scaler."""
    states = []
    for jitted in (False, True):
        model = w.nn.Linear(3, 1)
        w.nn.init.ones_(model.weight), w.nn.init.zeros_(model.bias)
        optimizer, scaler = w.optim.SGD(model.parameters(), lr=0.01, momentum=0.9), w.amp.GradScaler("cpu")

        def step(x, model=model, optimizer=optimizer, scaler=scaler):
            optimizer.zero_grad()
            loss = (model(x) ** 2).mean()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            return loss

        run = w.jit(step, **how) if jitted else step
        if jitted and not how:
            with pytest.raises(RuntimeError, match="GradScaler.step: "):
                run(w.ones(2, 3))
            run = step  # all is as before
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            losses = [run(w.ones(2, 3) * (i + 1)).item() for i in range(4)]
        states.append((losses, model.weight.tolist(), scaler.state_dict()))
    assert states[0] == states[1]


def test_a_function_of_ones_own_whose_backward_ran_inside(w, check):
    Square = make_square(w)

    weight = w.ones(2, requires_grad=True)

    @w.jit(check=check)
    def step(x):
        weight.grad = None
        loss = Square.apply(weight * x).sum()
        loss.backward()
        return loss

    for scale in (1.0, 3.0):
        loss = step(w.full((2,), scale))
        assert weight.grad.tolist() == [2 * scale**2] * 2
    with pytest.raises(RuntimeError, match="was used before"):
        loss.backward()


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_state_of_an_optimizer_that_is_replaced(w, name, check):
    found = []
    for jitted in (False, True):
        w.manual_seed(0)
        p, q = w.nn.Parameter(w.ones(3)), w.nn.Parameter(w.ones(2))
        options = {"momentum": 0.9, "dampening": 0.5} if name == "SGD" else {}
        optimizer = getattr(w.optim, name)([p, q], lr=0.1, **options)
        state_name = "momentum_buffer" if name == "SGD" else "exp_avg"

        def step(x, optimizer=optimizer, p=p, q=q):
            optimizer.zero_grad()
            ((p * x).sum() + (q * q).sum()).backward()
            optimizer.step()

        run = w.jit(step, check=check) if jitted else step
        new = w.full((3,), 0.25)
        changes = [
            lambda o=optimizer: setattr(o, "state", type(o.state)(dict)),
            lambda o=optimizer: o.state.clear(),
            lambda o=optimizer, p=p: o.state[p].clear(),
            lambda o=optimizer, p=p: o.state.pop(p),
            lambda o=optimizer, p=p, n=state_name, new=new: o.state[p].update({n: new}),
            lambda o=optimizer, p=p, n=state_name: o.state[p][n].fill_(3),
            lambda o=optimizer: o.load_state_dict(copy.deepcopy(o.state_dict())),
            lambda o=optimizer: setattr(o, "state", copy.copy(o.state)),
        ]
        values = []
        for change in changes:
            for _ in range(2):
                run(w.tensor([1.0, 2.0, 3.0]))
            change()
            run(w.tensor([1.0, 2.0, 3.0]))
            values.append([p.tolist(), q.tolist()])
        state = [
            {k: (v.tolist() if isinstance(v, w.Tensor) else v) for k, v in s.items()} for s in optimizer.state.values()
        ]
        found.append((values, state))
    assert found[0] == found[1]


def test_an_optimizer_that_is_made_inside_is_an_error(w):
    """Its state would go on from call to call."""
    weight, x = w.nn.Parameter(w.ones(2)), w.ones(2)

    def step(x):
        optimizer = w.optim.SGD([weight], lr=0.1, momentum=0.9)
        optimizer.zero_grad()
        (weight * x).sum().backward()
        optimizer.step()

    with pytest.raises(RuntimeError, match="SGD.step: this optimizer was made in the jitted function"):
        w.jit(step)(x)
    assert weight.tolist() == [1, 1] and weight.grad is None
    run = w.jit(step, fallback=True)
    with pytest.warns(RuntimeWarning, match="runs eagerly"):
        for _ in range(3):
            run(x)
    assert w.allclose(weight.detach(), w.full((2,), 0.7))
    made = w.optim.SGD([weight], lr=0.1, momentum=0.9)
    copies = copy.deepcopy(made), pickle.loads(pickle.dumps(made))
    for optimizer in (made, *copies):
        w.jit(lambda x: optimizer.step() or x)(x)  # noqa: B023


# Hooks of all modules, members


def test_hooks_of_all_modules(w, check):
    from weft.nn.modules import module as hooks

    model = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.ReLU())
    inside = w.jit(lambda x: model(x), check=check)
    itself = copy.deepcopy(model)
    w.jit(itself, check=check)
    x = w.ones(2)
    plain = model(x).detach()
    for _ in range(2):
        assert_same(inside(x).detach(), plain), assert_same(itself(x).detach(), plain)
        with hooks.register_module_forward_hook(lambda m, args, output: output + 1):
            wanted = model(x).detach()
            assert not w.equal(wanted, plain)
            for _ in range(2):
                assert_same(inside(x).detach(), wanted), assert_same(itself(x).detach(), wanted)
        with hooks.register_module_forward_pre_hook(lambda m, args: (args[0] * 2,)):
            wanted = model(x).detach()
            assert_same(inside(x).detach(), wanted), assert_same(itself(x).detach(), wanted)
    assert_same(inside(x).detach(), plain), assert_same(itself(x).detach(), plain)


def test_dicts_of_members(w, check):
    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.lin, self.row = w.nn.Linear(2, 2), w.nn.Sequential(w.nn.Linear(2, 2))
            self.register_buffer("shift", w.zeros(2))

        def forward(self, x):
            return self.row(self.lin(x)) + self.shift

    net = Net()
    for call in (w.jit(lambda x: net(x), check=check), w.jit(lambda x: net.row(net.lin(x)) + net.shift, check=check)):
        for change in (
            lambda: net.lin._parameters.__setitem__("weight", w.nn.Parameter(w.randn(2, 2))),
            lambda: net._buffers.update(shift=w.randn(2)),
            lambda: net._modules.__setitem__("lin", w.nn.Linear(2, 2)),
            lambda: net.row._modules.__setitem__("0", w.nn.Tanh()),
            lambda: net.row._modules.update({"1": w.nn.Linear(2, 2)}),
            lambda: net.row._modules.pop("0"),
            lambda: net.lin._parameters.__setitem__("bias", None),
        ):
            call(w.ones(2))
            change()
            for _ in range(2):
                assert_same(call(w.ones(2)).detach(), net(w.ones(2)).detach())


# weft.compile and copies


class Encoder(Settings):
    pass


def make_module(w):
    return w.nn.Sequential(w.nn.Linear(2, 3), w.nn.BatchNorm1d(3), w.nn.ReLU(), w.nn.Linear(3, 1))


@pytest.mark.parametrize("copied", [copy.deepcopy, copy.copy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_of_compiled_modules(w, copied, check):
    model = w.compile(make_module(w), options={"check": check})
    x = w.randn(4, 2)
    model(x).sum().backward()
    other = copied(model)
    assert other.forward is not model.forward
    twin = copy.deepcopy(make_module(w))
    twin.load_state_dict(other.state_dict())
    for _ in range(2):
        assert_same(other(x).detach(), twin(x).detach())
    other.eval()
    twin.eval()
    assert_same(other(x).detach(), twin(x).detach())
    other[0] = w.nn.Linear(2, 3)
    twin[0] = other[0]
    assert_same(other(x).detach(), twin(x).detach())
    before = model[3].weight.grad.clone()
    other(x).sum().backward()
    assert other[3].weight.grad is not None
    if copied is not copy.copy:
        assert_same(model[3].weight.grad, before)


def test_a_compiled_module_that_falls_back_is_copied(w, check):
    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = w.nn.Parameter(w.ones(1))

        def forward(self, x):
            return self.weight * x if x.sum() > 0 else -self.weight * x * 2

    model = w.compile(Net(), options={"check": check})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert model(w.ones(1)).item() == 1
        other = copy.deepcopy(model)
        other.weight.data.fill_(5)
        assert other(w.ones(1)).item() == 5 and other(-w.ones(1)).item() == 10 and model(-w.ones(1)).item() == 2
    assert "runs eagerly" in other.forward.explain()


# Ctrl-C


@pytest.fixture
def answers_ctrl_c():
    """A shell's background jobs ignore the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(seconds, call):
    """Is the call ended by an interrupt that comes after that time?"""
    timer = threading.Timer(seconds, _thread.interrupt_main)
    timer.start()
    try:
        call()
        return False
    except KeyboardInterrupt:
        return True
    finally:
        timer.join()


@pytest.mark.parametrize("how", [{}, {"fallback": True}, {"check": True}, {"check": True, "fallback": True}])
def test_ctrl_c_while_tracing_changes_nothing(w, how):
    model = w.nn.Sequential(w.nn.Linear(3, 3), w.nn.BatchNorm1d(3))
    optimizer = w.optim.Adam(model.parameters())
    stop = True

    @w.jit(**how)
    def step(x):
        optimizer.zero_grad()
        loss = w.nn.functional.dropout(model(x), 0.5).sum()
        loss.backward()
        optimizer.step()
        if stop:
            raise KeyboardInterrupt
        return loss

    before = copy.deepcopy(model.state_dict()), w.get_rng_state()
    with pytest.raises(KeyboardInterrupt):
        step(w.ones(4, 3))
    for key, value in model.state_dict().items():
        assert_same(value, before[0][key])
    assert_same(w.get_rng_state(), before[1])
    assert not optimizer.state and all(p.grad is None for p in model.parameters())
    assert "__getattribute__" not in w.nn.Module.__dict__ and sys.getprofile() is None
    stop = False
    step(w.ones(4, 3))
    assert {s["step"] for s in optimizer.state.values()} == {1.0}


def test_ctrl_c_in_the_eager_run_of_a_check_changes_nothing(w):
    weight, calls = w.nn.Parameter(w.ones(2)), itertools.count(1).__next__  # which no guard sees
    optimizer = w.optim.SGD([weight], lr=0.1, momentum=0.9)

    @w.jit(check=True)
    def step(x):
        optimizer.zero_grad()
        (weight * x * w.rand(2)).sum().backward()
        optimizer.step()
        if calls() == 3:  # twice traced, then run
            raise KeyboardInterrupt
        return x + 1

    generator = w.get_rng_state()
    with pytest.raises(KeyboardInterrupt):
        step(w.ones(2))
    assert weight.tolist() == [1, 1] and weight.grad is None and not optimizer.state
    assert_same(w.get_rng_state(), generator)


def test_ctrl_c_at_the_end_of_a_trace_is_answered_after_it(w, monkeypatch, answers_ctrl_c):
    from weft._guards import Recorder

    stop, calls = Recorder.stop, []

    def interrupted_once(self):
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        stop(self)

    monkeypatch.setattr(Recorder, "stop", interrupted_once)
    with pytest.raises(KeyboardInterrupt):
        w.jit(lambda x: x + 1, check=False)(w.ones(1))
        [str(i) for i in range(100)]
    assert len(calls) == 2 and "__getattribute__" not in w.nn.Module.__dict__ and sys.getprofile() is None


def test_ctrl_c_is_answered_in_a_long_graph(w, answers_ctrl_c):
    a = w.rand(256, 256) / 256

    @w.jit
    def f(x, counter):
        for _ in range(400):
            x = x @ a
        counter.add_(1)
        return x

    counter = w.zeros(1)
    f(w.ones(256, 256), counter)
    call = lambda: [f(w.ones(256, 256), counter) for _ in range(30)]  # noqa: E731
    assert interrupted(0.05, call)
    done = counter.item()
    assert done < 31
    f(w.ones(256, 256), counter)
    assert counter.item() == done + 1
