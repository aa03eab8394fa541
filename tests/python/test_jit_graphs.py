"""Compiled work recorded as a CUDA graph: the bits of eager mode, whatever changes from call to call."""

import threading

import pytest
from support import assert_same, load, never_waits, weft_only

pytestmark = [
    weft_only,
    pytest.mark.skipif(not load().cuda.is_available(), reason="needs a GPU or the simulated device"),
]


def recorded(jitted):
    return "as a graph of the device, which ran" in jitted.explain() and "not recorded" not in jitted.explain()


def runs(jitted):
    """How often recordings of the last trace ran."""
    return int(jitted.explain().rsplit("which ran ", 1)[1].split()[0])


def chain(x):
    """Several steps that are not fused into one."""
    for _ in range(4):
        x = (x * 1.5 + 0.5).tanh().cumsum(-1)
    return x


def model_of(w, dropout=0.2):
    w.manual_seed(1)
    nn = w.nn
    return nn.Sequential(
        nn.Linear(6, 16), nn.LayerNorm(16), nn.GELU(), nn.Dropout(dropout), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3)
    ).cuda()


OPTIMIZERS = {
    "sgd": lambda w, p: w.optim.SGD(p, lr=0.1),
    "momentum": lambda w, p: w.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda w, p: w.optim.Adam(p, lr=0.01, amsgrad=True),
    "adamw": lambda w, p: w.optim.AdamW(p, lr=0.01),
}


def train(w, make, compiled, calls=7):
    """(losses, parameters, state of the generator) after some steps with a learning rate that changes."""
    model = model_of(w)
    optimizer = make(w, model.parameters())
    schedule = w.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)

    def step(x, y):
        optimizer.zero_grad()
        loss = w.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        w.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss

    function = w.jit(step) if compiled else step
    w.manual_seed(5)
    losses = []
    for _ in range(calls):
        x, y = w.randn(9, 6).cuda(), w.randint(0, 3, (9,)).cuda()
        losses.append(function(x, y))
        schedule.step()
    if compiled:
        assert function.traces == 1 and recorded(function), function.explain()
        assert runs(function) == calls - 1
    return losses, [p.detach() for p in model.parameters()], w.rand(3)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_step(w, name):
    eager, compiled = (train(w, OPTIMIZERS[name], c) for c in (False, True))
    for one, two in zip(eager, compiled, strict=True):
        for a, b in zip(one, two, strict=True):
            assert_same(b, a, name)


def test_parts_of_an_eager_loop(w):
    """Forward and backward are recorded apart; several calls may wait for their backward."""
    eager, compiled = model_of(w), w.jit(model_of(w))
    for number in range(6):
        w.manual_seed(number)
        inputs = [w.randn(4, 6).cuda() for _ in range(3)]
        for model in (eager, compiled):
            w.manual_seed(100 + number)
            results = [model(x) for x in inputs]
            for r in reversed(results):
                r.square().sum().backward()
        for p, q in zip(eager.parameters(), compiled.parameters(), strict=True):
            assert_same(q.grad, p.grad, f"round {number}")
    text = compiled.forward.explain()
    assert "backward: recorded" in text and "not recorded" not in text, text


def test_results_outlive_later_calls(w):
    jitted = w.jit(lambda x: (chain(x), chain(x).sum()))
    kept = []
    for i in range(6):
        x = w.full((3, 5), i / 10.0, device="cuda")
        kept.append((x, jitted(x)))
    for x, (y, total) in kept:
        assert_same(y, chain(x), "y")
        assert_same(total, chain(x).sum(), "total")
    assert recorded(jitted)


def test_large_tensors_that_move(w):
    """They are run where they are, and not recorded for ever."""
    jitted = w.jit(chain)
    kept = []
    for i in range(16):
        x = w.full((300, 300), i / 100.0, device="cuda")
        kept.append((x, jitted(x)))
    for x, y in kept:
        assert_same(y, chain(x), "y")
    assert "lie elsewhere at every call" in jitted.explain()


def test_large_tensors_that_stay(w):
    x = w.randn(300, 300).cuda()
    wanted = chain(x)
    jitted = w.jit(chain)
    for _ in range(12):
        assert_same(jitted(x), wanted, "y")
    assert recorded(jitted) and runs(jitted) == 11


def test_numbers_in_host_memory(w):
    scale = w.tensor(2.0)
    jitted = w.jit(lambda x, shift: chain(x) * scale + shift)
    for i in range(5):
        x, shift = w.randn(4, 4).cuda(), w.tensor(float(i))
        scale.fill_(i + 0.5)
        assert_same(jitted(x, shift), chain(x) * scale + shift, f"call {i}")
    assert recorded(jitted) and runs(jitted) == 4


def test_random_numbers(w):
    def function(x):
        return chain(w.nn.functional.dropout(x, 0.5)) + w.rand(3, 4, device="cuda")

    jitted = w.jit(function)
    x = w.ones(3, 4, device="cuda")
    for seed in (1, 1, 2, 2):
        drawn = []
        for f in (function, jitted):
            w.manual_seed(seed)
            drawn.append([f(x) for _ in range(3)] + [w.rand(2)])
        for a, b in zip(*drawn, strict=True):
            assert_same(b, a, f"seed {seed}")
    assert recorded(jitted)


def test_another_generator_is_not_recorded(w):
    generator = w.Generator()
    function = lambda x: chain(x + w.rand(3, 4, generator=generator).cuda())  # noqa: E731
    jitted = w.jit(function)
    drawn = []
    for f in (function, jitted):
        generator.manual_seed(3)
        drawn.append([f(w.ones(3, 4, device="cuda")) for _ in range(4)])
    for a, b in zip(*drawn, strict=True):
        assert_same(b, a, "y")
    assert "not recorded" in jitted.explain()


def test_momentum_that_starts_again(w):
    p = w.nn.Parameter(w.ones(5, device="cuda"))
    optimizer = w.optim.SGD([p], lr=0.1, momentum=0.5)

    def step(x):
        optimizer.zero_grad()
        (chain(x) * p).sum().backward()
        optimizer.step()
        return p.detach().clone()

    jitted, results = w.jit(step), []
    for function in (step, jitted):
        w.manual_seed(0)
        with w.no_grad():
            p.fill_(1.0)
        optimizer.state.clear()
        optimizer._plans.clear()
        results.append([function(w.randn(5).cuda()) for _ in range(5)])
    for a, b in zip(*results, strict=True):
        assert_same(b, a, "p")


def test_what_needs_a_value_runs_step_by_step(w):
    def function(x):
        (y,) = w.while_loop(lambda y: y.sum() < 100, lambda y: (y * 2,), (x,))
        return chain(y)

    jitted = w.jit(function)
    for i in range(4):
        x = w.full((4,), i + 1.0, device="cuda")
        assert_same(jitted(x), function(x), f"call {i}")
    assert "not recorded" in jitted.explain()


def test_switched_off(w):
    jitted = w.jit(chain, cuda_graphs=False)
    x = w.randn(3, 4).cuda()
    for _ in range(3):
        assert_same(jitted(x), chain(x), "y")
    assert "recorded 0 times" in jitted.explain()


def test_changes_in_place(w):
    buffer = w.zeros(4, 4, device="cuda")

    def function(x):
        y = chain(x)
        buffer.add_(y)
        x.mul_(0.5)
        return y, x, buffer.sum()

    jitted = w.jit(function)
    results = []
    for f in (function, jitted):
        buffer.zero_()
        x = w.linspace(0, 1, 16).reshape(4, 4).cuda()
        every = [[t.clone() for t in f(x)] for _ in range(5)]
        results.append([t for ts in every for t in ts] + [buffer.clone(), x.clone()])
    for a, b in zip(*results, strict=True):
        assert_same(b, a, "a result or what was changed")
    assert recorded(jitted)


def test_parameters_that_are_replaced(w):
    layer = w.nn.Linear(6, 6).cuda()
    jitted = w.jit(lambda x: chain(layer(x)))
    x = w.randn(3, 6).cuda()
    for i in range(6):
        layer.weight.data = w.full((6, 6), i / 10.0, device="cuda")
        assert_same(jitted(x), chain(layer(x)), f"call {i}")


@never_waits
def test_an_index_out_of_range(w):
    table = w.randn(5, 4).cuda()
    jitted = w.jit(lambda i: chain(table[i]))
    good, bad = w.tensor([1, 2]).cuda(), w.tensor([1, 7]).cuda()
    for _ in range(4):
        jitted(good)
    jitted(bad)
    with pytest.raises(IndexError, match="index 7 is out of range for size 5"):
        w.cuda.synchronize()
    assert_same(jitted(good), chain(table[good]), "afterwards")


def test_empty_cache_leaves_recordings_their_memory(w):
    jitted = w.jit(chain)
    x = w.randn(40, 40).cuda()
    for _ in range(3):
        jitted(x)
        w.cuda.empty_cache()
        assert_same(jitted(x), chain(x), "y")


def test_streams_and_threads(w):
    jitted = w.jit(chain)
    failures = []

    def work(number):
        try:
            with w.cuda.stream(w.cuda.Stream()) if number % 2 else w.no_grad():
                for i in range(6):
                    x = w.full((3, 5), number + i / 10.0, device="cuda")
                    y, wanted = jitted(x), chain(x)
                    w.cuda.current_stream().synchronize()
                    assert_same(y, wanted, f"thread {number}")
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures, failures


def test_waiting_for_the_device_while_others_record(w):
    failures, done = [], threading.Event()

    def wait():
        try:
            while not done.is_set():
                w.cuda.synchronize()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    x = w.randn(300, 300).cuda()
    for _ in range(8):
        jitted = w.jit(chain)
        for _ in range(3):
            jitted(x)
        assert recorded(jitted), jitted.explain()
    done.set()
    thread.join()
    assert not failures, failures


@never_waits
def test_inside_a_graph_of_the_user(w):
    jitted = w.jit(chain)
    x = w.randn(3, 4).cuda()
    for _ in range(3):
        jitted(x)
    graph = w.cuda.CUDAGraph()
    with w.cuda.graph(graph):
        y = jitted(x)
    for i in range(3):
        x.fill_(i / 10.0)
        graph.replay()
        assert_same(y, chain(x), f"run {i}")


def test_profile(w):
    jitted = w.jit(chain)
    x = w.randn(3, 4).cuda()
    for _ in range(3):
        jitted(x)
    assert "cumsum" in jitted.profile(x)
