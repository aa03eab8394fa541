"""What a trace puts back when it comes to nothing is its own: other threads go on with what they have done."""

import threading
import warnings

import pytest
from support import weft_only

pytestmark = weft_only


def stepper(w, steps):
    """A parameter with its optimizer, and a function that takes so many steps in another thread."""
    p = w.nn.Parameter(w.ones(2))
    optimizer = w.optim.Adam([p])

    def run():
        for _ in range(steps):
            p.grad = w.ones(2)
            optimizer.step()

    def in_thread():
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()

    return p, optimizer, in_thread


@pytest.mark.parametrize("known", [False, True])
def test_optimizers_of_other_threads_are_left_alone(w, known):
    p, optimizer, run = stepper(w, 5)
    if known:
        run()
    before = optimizer.state[p]["step"] if known else 0

    def f(x):
        run()
        raise ValueError("bad batch")

    with pytest.raises(ValueError, match="bad batch"):
        w.jit(f)(w.ones(2))
    assert optimizer.state[p]["step"] == before + 5

    def g(x):
        if not x.requires_grad and w.tensor(1.0).is_leaf:
            run()
        return x * x.sum().item()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        w.compile(g)(w.ones(2))
    assert optimizer.state[p]["step"] == before + 15  # once in the trace, once in the eager run


def test_its_own_optimizer_is_put_back(w):
    p = w.nn.Parameter(w.ones(2))
    optimizer = w.optim.Adam([p])

    def f(x):
        optimizer.zero_grad()
        (p * x).sum().backward()
        optimizer.step()
        return p.sum().item()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        w.compile(f)(w.ones(2))
    assert optimizer.state[p]["step"] == 1


def test_optimizers_are_made_while_others_trace(w):
    stop, failed = threading.Event(), []

    def make():
        try:
            while not stop.is_set():
                stepper(w, 1)
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=make)
    thread.start()
    try:
        for _ in range(60):
            w.jit(lambda x: x * 2)(w.ones(2))
    finally:
        stop.set()
        thread.join()
    assert not failed


def test_an_attribute_is_set_to_what_it_is(w):
    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.k = 1

        def forward(self, x):
            self.k = 1
            return x * (2 if self.training else 3)

    net = Net()

    def step(x):
        net.train()
        return net(x)

    f = w.jit(step)
    assert f(w.ones(1)).item() == 2 and f(w.ones(1)).item() == 2
    net.eval()
    with pytest.raises(RuntimeError, match="the attribute 'training' of a Net was set"):
        f(w.ones(1))


def test_lists_that_hold_each_other(w):
    lists = [[] for _ in range(12)]
    for i, one in enumerate(lists):
        one.extend(lists[j] for j in range(12) if j != i)
    with pytest.raises(RuntimeError, match="levels"):
        w.jit(lambda x: x * len(lists))(w.ones(1))


class Config:
    def __init__(self):
        self.k = 1.0


@pytest.mark.parametrize("how", ["copy", "deepcopy", "pickle"])
def test_what_a_copy_reads_is_guarded(w, how):
    import copy
    import pickle

    copies = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": lambda c: pickle.loads(pickle.dumps(c))}
    config, twin = Config(), copies[how]
    f = w.jit(lambda x: x * twin(config).k)
    assert f(w.ones(1)).item() == 1
    config.k = 5.0
    assert f(w.ones(1)).item() == 5


def test_state_under_a_computed_name(w):
    counts = Config()
    counts.n_a = 0

    def bump(name):
        setattr(counts, "n_" + name, getattr(counts, "n_" + name) + 1)
        return getattr(counts, "n_" + name)

    def meter(**values):
        for name, value in values.items():
            counts.__dict__[name] = counts.__dict__.get(name, 0) + value
        return counts.__dict__["total"]

    for state in (lambda: bump("a"), lambda: meter(total=1)):
        f = w.jit(lambda x, state=state: x * state())
        with pytest.raises(RuntimeError, match="was changed in a jitted function that reads it"):
            f(w.ones(1))


def test_without_fallback_nothing_of_python_is_put_back(w):
    history = {"k": 1.0, "log": []}

    def f(x):
        k = history["k"]
        thread = threading.Thread(target=lambda: history["log"].append(1))
        thread.start()
        thread.join()
        return x * k

    with pytest.raises(RuntimeError, match="was changed in a jitted function that reads it"):
        w.jit(f)(w.ones(1))
    assert history == {"k": 1.0, "log": [1]}
