"""weft.jit as a user meets it: training steps, modules, signatures, errors, threads."""

import copy
import threading

import numpy as np
import pytest
from support import assert_same, weft_only

pytestmark = weft_only


def images(w, count=8, size=12):
    rng = np.random.default_rng(0)
    x = w.tensor(rng.normal(size=(count, 1, size, size)).astype("float32"))
    return x, w.tensor(rng.integers(0, 10, count))


def network(w):
    nn = w.nn
    w.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(4 * 36, 16),
        nn.LayerNorm(16),
        nn.GELU(),
        nn.Linear(16, 10),
    )


def same_state(one, two):
    for (name, a), b in zip(one.state_dict().items(), two.state_dict().values(), strict=True):
        assert_same(b, a, name)


def same_grads(one, two):
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert (a.grad is None) == (b.grad is None)
        if a.grad is not None:
            assert_same(b.grad, a.grad)


OPTIMIZERS = {
    "sgd": lambda w, p: w.optim.SGD(p, lr=0.05),
    "momentum": lambda w, p: w.optim.SGD(p, lr=0.05, momentum=0.9, dampening=0.1, weight_decay=1e-3),
    "nesterov": lambda w, p: w.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adam": lambda w, p: w.optim.Adam(p, lr=0.01),
    "adamw": lambda w, p: w.optim.AdamW(p, lr=0.01, amsgrad=True),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_whole_training_step(w, name):
    """Forward, backward, clipping and the optimizer's step in one function: every bit is that of eager training."""
    x, y = images(w)
    losses, models = [], []
    for jitted in (False, True):
        model = network(w)
        optimizer = OPTIMIZERS[name](w, model.parameters())
        schedule = w.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)

        def step(x, y, model=model, optimizer=optimizer):
            optimizer.zero_grad()
            loss = w.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            norm = w.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            return loss, norm

        run = w.jit(step) if jitted else step
        w.manual_seed(5)
        own = []
        for _ in range(5):
            own.append([value.item() for value in run(x, y)])
            schedule.step()
        losses.append(own)
        models.append(model)
        if jitted:
            assert run.traces == 1
    assert losses[0] == losses[1]
    same_state(*models)
    same_grads(*models)


def test_optimizer_state_can_be_saved_and_loaded_between_jitted_steps(w):
    x, y = images(w)
    model = network(w).eval()
    optimizer = w.optim.Adam(model.parameters(), lr=0.01)

    @w.jit
    def step(x, y):
        optimizer.zero_grad()
        loss = w.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    step(x, y)
    state, weights = copy.deepcopy(optimizer.state_dict()), copy.deepcopy(model.state_dict())
    assert {s["step"] for s in state["state"].values()} == {1.0}
    after = step(x, y).item()
    optimizer.load_state_dict(state)
    model.load_state_dict(weights)
    assert step(x, y).item() == after


def test_a_jitted_module_in_an_eager_loop(w):
    """Only the model is compiled: backward() and the optimizer stay where they were."""
    x, y = images(w)
    found = []
    for jitted in (False, True):
        model = network(w)
        run = w.jit(model) if jitted else model
        assert run is model
        optimizer = w.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        w.manual_seed(5)
        losses = []
        for _ in range(4):
            optimizer.zero_grad()
            loss = w.nn.functional.cross_entropy(run(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        found.append((losses, model))
    assert found[0][0] == found[1][0]
    assert list(found[0][1].state_dict()) == list(found[1][1].state_dict())
    same_state(found[0][1], found[1][1])


def test_modes_of_modules(w):
    """train() and eval() give graphs of their own; batch norm's statistics are updated in training only."""
    x, _ = images(w)
    eager, model = network(w), network(w)
    forward = w.jit(lambda x: model(x))
    for training in (True, False, True, False):
        eager.train(training)
        model.train(training)
        for _ in range(2):
            w.manual_seed(2)
            expected = eager(x)
            w.manual_seed(2)
            assert_same(forward(x).detach(), expected.detach())
    same_state(eager, model)
    assert "'training' of a" in forward.explain()
    assert forward.traces == 2


def test_gradients_accumulate_as_in_eager_mode(w):
    x = w.tensor([1.0, 2.0])
    p = w.nn.Parameter(w.tensor([3.0, 4.0]))

    @w.jit
    def f(x):
        (p * x).sum().backward()

    for count in (1, 2, 3):
        f(x)
        assert p.grad.tolist() == [count, 2.0 * count]
    p.grad = None
    f(x)
    assert p.grad.tolist() == [1, 2]
    assert f.traces == 2  # without a gradient and with one; either is found again


def test_dropout_differs_from_call_to_call_and_follows_the_seed(w):
    f = w.jit(lambda x: w.nn.functional.dropout(x, 0.5))
    x = w.ones(100)
    w.manual_seed(0)
    first, second = f(x), f(x)
    assert not w.equal(first, second)
    w.manual_seed(0)
    assert_same(f(x), first)


def test_results_keep_their_structure(w):
    Pair = __import__("collections").namedtuple("Pair", "a b")  # noqa: N806

    @w.jit
    def f(x, options):
        return {"pair": Pair(x + 1, [x * options["scale"], None]), "n": 3, "same": x}

    x = w.tensor([1.0])
    out = f(x, {"scale": 2})
    assert out["pair"].a.tolist() == [2] and out["pair"].b[0].tolist() == [2] and out["pair"].b[1] is None
    assert out["n"] == 3 and out["same"] is x
    assert type(out["pair"]) is Pair


def test_signatures(w):
    """One trace for each combination of types and Python values; explain() says why."""
    f = w.jit(lambda x, n=1, mode="a": x * n if mode == "a" else -x)
    x = w.ones(2)
    for _ in range(2):
        f(x), f(x, 2), f(x, mode="b"), f(w.ones(3)), f(x.double()), f(x.requires_grad_()), f(w.ones(2, 2).T)
        x = w.ones(2)
    assert f.traces == 7
    text = f.explain()
    assert "trace 1: first call" in text and "float32 (3,) instead of" in text and "requires grad" in text
    with w.no_grad():
        f(x)
    assert f.traces == 8


def test_numbers_that_are_equal_but_not_the_same(w):
    """The sign of a zero counts; NaN is itself."""
    f = w.jit(lambda x, n: x / n)
    for n in (0.0, -0.0, 0.0, -0.0):
        assert f(w.ones(1), n).item() == float("inf") * (-1 if str(n) == "-0.0" else 1)
    assert f.traces == 2
    for _ in range(3):
        assert f(w.ones(1), float("nan")).isnan().item()
    g = w.jit(lambda x, n: x / float(n))
    for n in (np.float32(0.0), np.float32(-0.0), np.float64(0.0), np.float64(-0.0)):
        assert g(w.ones(1), n).item() == float("inf") * (-1 if str(float(n)) == "-0.0" else 1)
    assert f.traces == 3 and f(w.ones(1), 2).item() == f(w.ones(1), 2.0).item() == 0.5


def test_too_many_traces_are_reported(w):
    f = w.jit(lambda x, n: x * n)
    with pytest.warns(RuntimeWarning, match="traced 16 times.*argument 1 = 15 instead of argument 1 = 14"):
        for n in range(16):
            f(w.ones(2), n)


def test_captured_tensors_are_read_at_every_call(w):
    scale = w.tensor([2.0])
    f = w.jit(lambda x: x * scale)
    assert f(w.ones(1)).item() == 2
    scale.fill_(5)
    assert f(w.ones(1)).item() == 5


def test_captured_tensors_and_arguments_are_changed_in_place(w):
    counter = w.zeros(1)

    @w.jit
    def f(x):
        counter.add_(1)
        x.mul_(2)
        return counter * 10

    x = w.ones(2)
    assert [f(x).item(), f(x).item()] == [10, 20]
    assert counter.item() == 2 and x.tolist() == [4, 4]


def test_replacing_a_parameter_or_attribute_makes_a_new_trace(w):
    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = 2.0
            self.weight = w.nn.Parameter(w.ones(2))

        def forward(self, x):
            return x * self.weight * self.scale

    net = Net()
    f = w.jit(net)
    assert f(w.ones(2)).tolist() == [2, 2]
    net.scale = 3.0
    assert f(w.ones(2)).tolist() == [3, 3]
    net.weight = w.nn.Parameter(w.full((2,), 4.0))
    assert f(w.ones(2)).tolist() == [12, 12]
    net.weight.data = w.full((3,), 1.0)
    assert f(w.ones(3)).tolist() == [3, 3, 3]


def test_methods_and_nested_jitted_functions(w):
    inner = w.jit(lambda x: x + 1)

    class Net(w.nn.Module):
        @w.jit
        def forward(self, x, twice=False):
            return inner(x) * (4 if twice else 2)

    net = Net()
    assert net(w.ones(1)).item() == 4 and net(w.ones(1), twice=True).item() == 8
    assert inner.traces == 0


def test_copying_and_pickling_a_jitted_module(w):
    import pickle

    model = w.jit(w.nn.Linear(2, 3))
    x = w.ones(1, 2)
    expected = model(x)
    assert_same(copy.deepcopy(model)(x).detach(), expected.detach())
    assert_same(pickle.loads(pickle.dumps(model))(x).detach(), expected.detach())


def test_autocast(w):
    model = w.nn.Linear(4, 4)
    f = w.jit(lambda x: model(x))
    x = w.ones(2, 4)
    with w.autocast("cpu", dtype=w.bfloat16):
        half = f(x)
        expected = model(x)
    assert half.dtype == w.bfloat16
    assert_same(half.detach(), expected.detach())
    assert f(x).dtype == w.float32


def test_inference_mode(w):
    f = w.jit(lambda x: x * 2)
    with w.inference_mode():
        y = f(w.ones(2))
    assert y.is_inference() and not f(w.ones(2)).is_inference()


# Errors

OUTSIDE = []


@pytest.mark.parametrize(
    "function,message",
    [
        (lambda w, x: x.sum().item(), r"^item: the values .* weft\.where"),
        (lambda w, x: x if x.sum() > 0 else -x, r"^bool: the values .* weft\.cond"),
        (lambda w, x: float(x.sum()), r"^float: the values"),
        (lambda w, x: range(x.argmax()), r"^index: the values"),
        (lambda w, x: x.tolist(), "tolist: the values"),
        (lambda w, x: np.asarray(x), "are not known"),
        (lambda w, x: x.data_ptr(), "data_ptr: the values"),
        (lambda w, x: w.from_dlpack(x), "are not known"),
        (lambda w, x: x[x > 0], "nonzero: the values"),
        (lambda w, x: w.unique(x), "unique: the values"),
        (lambda w, x: memoryview(x), "are not known"),
        (lambda w, x: w.manual_seed(0), "manual_seed.*only once"),
        (lambda w, x: OUTSIDE[0].requires_grad_(), "requires_grad.*only once"),
        (lambda w, x: setattr(OUTSIDE[0], "data", x), "data.*only once"),
    ],
)
def test_what_cannot_be_traced(w, function, message):
    OUTSIDE[:] = [w.zeros(3)]
    with pytest.raises((RuntimeError, BufferError), match=message):
        w.jit(lambda x: function(w, x))(w.ones(3))
    assert not OUTSIDE[0].requires_grad


def test_an_attribute_set_while_tracing_is_an_error(w):
    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            return w.nn.Softplus()(x)

    net = Net()
    with pytest.raises(RuntimeError, match=r"in Net: jit: the attribute 'calls' of a Net .*buffer"):
        w.jit(lambda x: net(x))(w.ones(2))
    assert net.calls == 0
    net(w.ones(2))
    assert net.calls == 1


def test_a_scheduler_stepped_while_tracing_is_an_error(w):
    optimizer = w.optim.SGD([w.nn.Parameter(w.ones(1))], lr=0.1)
    scheduler = w.optim.lr_scheduler.StepLR(optimizer, 1)
    with pytest.raises(RuntimeError, match="only once"):
        w.jit(lambda x: (scheduler.step(), x))(w.ones(1))


def test_a_tensor_kept_from_a_trace_is_an_error_when_used(w):
    kept = []
    with pytest.raises(RuntimeError, match="is kept by a list. It has no values"):
        w.jit(lambda x: (kept.append(x * 2), x + 1)[1])(w.ones(2))
    with pytest.raises(RuntimeError, match="return it instead"):
        kept[0] + 1
    assert "traced" in repr(kept[0])


@pytest.mark.parametrize("value,message", [({1, 2}, "of type set"), (np.ones(2), "weft.from_numpy"), ([{1}], "set")])
def test_arguments_that_cannot_be_told_apart(w, value, message):
    with pytest.raises(TypeError, match=message):
        w.jit(lambda x, v: x)(w.ones(1), value)


def test_jit_of_no_function(w):
    with pytest.raises(TypeError, match="expected a function or a Module, got int"):
        w.jit(3)


def test_an_error_while_tracing_leaves_everything_as_it_was(w):
    model = network(w)
    before = copy.deepcopy(model.state_dict())
    optimizer = w.optim.SGD(model.parameters(), lr=0.1)
    x, y = images(w)

    @w.jit
    def step(x, y):
        w.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        raise KeyError("too late")

    versions = [p._version for p in model.parameters()]
    with pytest.raises(KeyError, match="too late"):
        step(x, y)
    assert all(p.grad is None for p in model.parameters())
    assert versions == [p._version for p in model.parameters()]
    for name, tensor in model.state_dict().items():
        assert_same(tensor, before[name], name)
    model(x)  # modules are as they were, too


def test_an_error_while_running_names_the_line_and_changes_nothing(w):
    table = w.nn.Embedding(4, 3)
    optimizer = w.optim.SGD(table.parameters(), lr=0.1)
    before = table.weight.detach().clone()

    @w.jit
    def step(i):
        optimizer.zero_grad()
        loss = table(i).sum()  # the line
        loss.backward()
        optimizer.step()
        return loss

    step(w.tensor([0, 1]))
    after = table.weight.detach().clone()
    assert not w.equal(before, after)
    with pytest.raises(IndexError, match=r"(?s)index 9.*in a jitted function.*test_jit.py:\d+: loss = table\(i\).sum"):
        step(w.tensor([0, 9]))
    assert_same(table.weight.detach(), after)
    step(w.tensor([0, 1]))


@pytest.mark.parametrize(
    "look_up",
    [
        lambda w, t, i: t.index_select(0, i),
        lambda w, t, i: t.gather(0, i[:, None].expand(2, 3)),
        lambda w, t, i: w.nn.functional.embedding(i, t),
        lambda w, t, i: t[:2].scatter_reduce(0, i[:, None].expand(2, 3), t[:2], "amax"),
    ],
    ids=["index_select", "gather", "embedding", "scatter_reduce"],
)
def test_a_look_up_that_fails_changes_nothing(w, look_up):
    """Whatever else the function has to write comes after it."""

    @w.jit
    def f(a, c, t, i):
        a.add_(1)
        c.copy_(look_up(w, t, i))

    a, c, t = w.zeros(2, 3), w.zeros(2, 3), w.ones(4, 3)
    f(a, c, t, w.tensor([0, 1]))
    assert_same(a, w.ones(2, 3)), assert_same(c, w.ones(2, 3))
    with pytest.raises(IndexError):
        f(a, c, t, w.tensor([1, 9]))
    assert_same(a, w.ones(2, 3)), assert_same(c, w.ones(2, 3))


def test_integer_division_by_zero_is_noticed(w):
    f = w.jit(lambda a, b: a // b)
    assert f(w.tensor([7]), w.tensor([2])).tolist() == [3]
    with pytest.raises(RuntimeError, match="integer division by zero"):
        f(w.tensor([7]), w.tensor([0]))


def test_one_hot_checks_its_classes(w):
    f = w.jit(lambda i: w.nn.functional.one_hot(i, 3))
    assert f(w.tensor([2])).tolist() == [[0, 0, 1]]
    with pytest.raises(RuntimeError, match="one_hot: class 3"):
        f(w.tensor([3]))


def test_backward_after_a_saved_argument_was_changed_is_an_error(w):
    f = w.jit(lambda x, y: (x * y).sum())
    x, y = w.ones(2, requires_grad=True), w.ones(2)
    loss = f(x, y)
    y.add_(1)
    with pytest.raises(RuntimeError, match="changed it after"):
        loss.backward()


def test_backward_twice_and_create_graph(w):
    f = w.jit(lambda x: (x * x).sum())
    x = w.ones(2, requires_grad=True)
    loss = f(x)
    loss.backward(retain_graph=True)
    loss.backward()
    assert x.grad.tolist() == [4, 4]
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        loss.backward()
    (first,) = w.autograd.grad(f(x), [x], create_graph=True)
    (second,) = w.autograd.grad((first * first).sum(), [x])
    assert first.tolist() == [2, 2] and second.tolist() == [8, 8]


def test_changing_what_an_argument_shares_memory_with(w):
    base = w.ones(4)
    f = w.jit(lambda a, b: a.add_(1) + b)
    assert f(w.ones(2), w.ones(2)).tolist() == [3, 3]
    x = w.ones(2)
    assert f(x, x).tolist() == [4, 4]
    with pytest.raises(RuntimeError, match="shares memory with an argument"):
        f(base[:2], base[1:3])


def test_arguments_sharing_memory_with_captured_tensors(w):
    """Also where the first call had no such argument."""
    counter, x = w.zeros(2), w.ones(2)

    @w.jit
    def count(a):
        counter.add_(1)
        return a + counter

    assert count(x).tolist() == [2, 2]
    for shared in (counter, counter[:], counter.view(2)):
        with pytest.raises(RuntimeError, match="shares memory with an argument"):
            count(shared)
    assert counter.tolist() == [1, 1] and count(x).tolist() == [3, 3]

    change = w.jit(lambda a: a.add_(1) + x)
    assert change(w.zeros(2)).tolist() == [2, 2]
    with pytest.raises(RuntimeError, match="shares memory with a captured tensor"):
        change(x)
    assert x.tolist() == [1, 1] and change(w.zeros(2)).tolist() == [2, 2]


def test_recursion_is_unrolled_while_tracing(w):
    @w.jit
    def f(x, n):
        return x if n == 0 else f(x * 2, n - 1)

    assert f(w.ones(1), 5).item() == 32
    assert f.traces == 1


def test_several_threads(w):
    model = network(w).eval()
    f = w.jit(lambda x: model(x))
    inputs = [w.randn(n, 1, 12, 12) for n in (1, 2, 3)]
    with w.no_grad():
        expected = [model(x) for x in inputs]
    wrong = []

    def work(seed):
        for i in range(30):
            which = (i + seed) % 3
            with w.no_grad():
                if not w.equal(f(inputs[which]), expected[which]):
                    wrong.append(which)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not wrong


# Looking inside


def test_graph_text_dump_and_passes_left_out(w, tmp_path, monkeypatch):
    def f(x):
        return (x * 2 + 1).relu()

    g = w.jit(f)
    g(w.ones(3))
    assert "tiled[mul, add, relu]" in str(g.graph()) and "test_jit.py" in str(g.graph())
    assert g.backward_graph() is None
    g.dump(tmp_path)
    names = [path.name for path in sorted((tmp_path / "trace1").iterdir())]
    assert names[0] == "00_traced.txt" and any("elementwise_fusion" in name for name in names)
    monkeypatch.setenv("WEFT_JIT_PASSES", "-elementwise_fusion")
    h = w.jit(f)
    h(w.ones(3))
    assert "relu" in str(h.graph()) and "tiled" not in str(h.graph())
    monkeypatch.setenv("WEFT_JIT_PASSES", "-nonsense")
    with pytest.raises(ValueError, match="no pass 'nonsense'"):
        w.jit(f)(w.ones(3))


def test_the_drawing(w):
    g = w.jit(lambda x: x.exp() + 1)
    g(w.ones(2))
    assert g.graph().dot().startswith("digraph")
    if __import__("shutil").which("dot"):
        assert "<svg" in g.graph().svg()
    else:
        with pytest.raises(RuntimeError, match="graphviz"):
            g.graph().svg()


def test_recomputation_saves_memory_and_changes_no_bit(w):
    x, y = images(w, 64, 28)
    found = []
    for recompute in (True, False):
        w.manual_seed(1)
        layers = []
        for n in (1, 8, 8):
            layers += [w.nn.Conv2d(n, 8, 3, padding=1), w.nn.BatchNorm2d(8), w.nn.ReLU()]
        model = w.nn.Sequential(*layers, w.nn.Flatten(), w.nn.Linear(8 * 28 * 28, 10))
        optimizer = w.optim.SGD(model.parameters(), lr=0.1)

        @w.jit(recompute=recompute)
        def step(x, y, model=model, optimizer=optimizer):
            optimizer.zero_grad()
            loss = w.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

        losses = [step(x, y).item() for _ in range(2)]
        found.append((losses, model, step.graph(x, y).peak_bytes))
    assert found[0][0] == found[1][0]
    same_state(found[0][1], found[1][1])
    assert found[0][2] < 0.9 * found[1][2]


def test_profile_of_control_flow(w):
    """Control flow runs graphs of its own; the times are those of the steps of the function."""
    m = w.eye(3)
    f = w.jit(lambda x: w.scan(lambda c, row: (c @ m + row, row), m @ (m @ (m @ w.ones(3))), x))
    steps = f._profile(w.ones(5, 3))
    assert len(steps) == 4 and all(seconds > 0 for seconds, *_ in steps)


def test_profile_shows_the_lines(w):
    f = w.jit(lambda x: (x @ x).exp())
    assert "matmul" in f.profile(w.ones(4, 4)) and "test_jit.py" in f.profile(w.ones(4, 4))


def test_checks_of_values_are_made_at_every_call(w):
    f = w.jit(lambda x, y, v: w.nn.functional.gaussian_nll_loss(x, y, v))
    assert f(w.zeros(2), w.ones(2), w.ones(2)).item() == 0.5
    with pytest.raises(ValueError, match="var has negative entries"):
        f(w.zeros(2), w.ones(2), w.tensor([1.0, -1.0]))
    p = w.nn.Parameter(w.ones(2))

    @w.jit
    def clipped(x):
        p.grad = None
        (p * x).sum().backward()
        return w.nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)

    assert abs(clipped(w.tensor([3.0, 4.0])).item() - 5) < 1e-6
    with pytest.raises(RuntimeError, match="not finite"):
        clipped(w.tensor([3.0, float("inf")]))
