"""weft.jit: programs that read and write Python state in ways that look alike; each is held against eager mode."""

import dataclasses
import functools
import itertools
import random
import threading
import time
import warnings

import numpy as np
import pytest
from support import CHECKED, weft_only

pytestmark = [weft_only, pytest.mark.skipif(CHECKED, reason="the check runs the function twice")]


class Box:
    shared = {}

    def __init__(self, **values):
        self.__dict__.update(values)

    def clear(self):
        pass


class Scaled:
    def __init__(self, k):
        self.k = k

    def __call__(self, x):
        return x * self.k

    def __len__(self):
        return int(self.k)


class Doubled(Scaled):
    def __call__(self, x):
        return x * self.k * 2

    def __len__(self):
        return int(self.k) * 2


@dataclasses.dataclass(frozen=True)
class Config:
    name: str
    scale: float = dataclasses.field(compare=False, default=1.0)


def local_of_the_same_name(w, wrap):
    c = Box(scale=2.0, depth=3, sizes=[1])

    def f(x):
        scale = c.scale * 2
        depth = c.depth - 1
        sizes = c.sizes * 2
        return x * scale + depth + len(sizes)

    f = wrap(f)
    yield f(w.ones(1))
    c.scale, c.depth = 5.0, 7
    yield f(w.ones(1))
    c.sizes.append(2)
    yield f(w.ones(1))


def counter_by_a_local(w, wrap):
    c = Box(n=0)

    def f(x):
        n = c.n + 1
        c.n = n
        return x * n

    f = wrap(f)
    for _ in range(3):
        yield f(w.ones(1))


def tensor_entries(w, wrap):
    d, items = {"n": w.zeros(1)}, [w.zeros(2)]

    def f(x):
        d["n"] += 1
        items[0] += 1
        return x

    f = wrap(f)
    yield f(w.ones(1))
    d["n"], items[0] = w.zeros(1), w.zeros(2)
    yield f(w.ones(1))
    yield d["n"]
    yield items[0]


def clear_of_its_own(w, wrap):
    cache = Box(k=2.0)
    holder = Box(cache=Box(k=3.0))

    def f(x):
        cache.clear()
        holder.cache.clear()
        return x * cache.k * holder.cache.k

    f = wrap(f)
    yield f(w.ones(1))
    cache = Box(k=5.0)
    yield f(w.ones(1))
    holder.cache = Box(k=7.0)
    yield f(w.ones(1))


def deleted_attribute(w, wrap):
    kind = type("Kind", (), {"k": 2.0})
    one = kind()

    def f(x):
        one.k = 3.0
        del one.k
        return x * one.k

    f = wrap(f)
    yield f(w.ones(1))
    kind.k = 5.0
    yield f(w.ones(1))


def equal_arguments(w, wrap):
    def f(x, c):
        known = getattr(c, "scale", None) or getattr(c, "stop", None)
        return x * (known if known is not None else len(str(c)))

    f = wrap(f)
    for pair in (
        (Config("a", 2.0), Config("a", 5.0)),
        (range(0, 3, 2), range(0, 4, 2)),
        (frozenset((1,)), frozenset((True,))),
        ((Config("a", 2.0), 1), (Config("a", 5.0), 1)),
    ):
        for one in pair:
            yield f(w.ones(1), one if not isinstance(one, tuple) else one[0])


def equal_values_outside(w, wrap):
    c = Box(r=range(0, 3, 2), s=frozenset((1,)), t={1})

    def f(x):
        return x * c.r.stop + len(str(c.s)) + len(str(c.t))

    f = wrap(f)
    yield f(w.ones(1))
    c.r = range(0, 4, 2)
    yield f(w.ones(1))
    c.s = frozenset((True,))
    yield f(w.ones(1))
    c.t = {True}
    yield f(w.ones(1))


def class_of_a_module(w, wrap):
    class Once(w.nn.Module):
        def forward(self, x):
            return x

    class Twice(w.nn.Module):
        def forward(self, x):
            return x * 2

    module = Once()
    f = wrap(lambda x: module(x))
    yield f(w.ones(1))
    module.__class__ = Twice
    yield f(w.ones(1))


def class_of_a_callable(w, wrap):
    one, other = Scaled(2.0), Scaled(3.0)
    f = wrap(lambda x: one(x) + len(other))
    yield f(w.ones(1))
    one.__class__ = Doubled
    yield f(w.ones(1))
    other.__class__ = Doubled
    yield f(w.ones(1))


def special_method_of_a_class(w, wrap):
    kind = type("Kind", (Scaled,), {"__call__": lambda self, x: x * self.k})
    one = kind(2.0)
    f = wrap(lambda x: one(x))
    yield f(w.ones(1))
    kind.__call__ = lambda self, x: x * 10
    yield f(w.ones(1))


def iterators(kind):
    def program(w, wrap):
        source = kind()
        f = wrap(lambda x: x * next(source))
        for _ in range(3):
            yield f(w.ones(1))

    program.__name__ = "iterator"
    return program


ITERATORS = [
    iterators(kind)
    for kind in (
        lambda: itertools.tee(iter([1, 2, 3]))[0],
        lambda: itertools.starmap(max, [(1, 0), (2, 0), (3, 0)]),
        lambda: itertools.takewhile(bool, [1, 2, 3]),
        lambda: itertools.compress([1, 2, 3], [1, 1, 1]),
        lambda: iter(functools.partial(int, "3"), 4),
        lambda: iter(np.array([1.0, 2.0, 3.0])),
    )
]


def buffers_that_count(w, wrap):
    class Metric(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("n", w.zeros(1))

        def forward(self, x):
            self.n += x.sum()
            return x

    metric = Metric()
    f = wrap(metric.forward)
    for _ in range(3):
        yield f(w.ones(2))
    yield metric.n


def cached_properties(w, wrap):
    class Config:
        width, heads = 8, 2

        @functools.cached_property
        def head_dim(self):
            return self.width // self.heads

    config = Config()
    f = wrap(lambda x: x * config.head_dim + config.head_dim)
    yield f(w.ones(1))
    config.head_dim = 7
    yield f(w.ones(1))


def modules_made_inside(w, wrap):
    kept = []

    def f(x):
        layer = w.nn.Linear(2, 1, bias=False)
        w.nn.init.constant_(layer.weight, 3.0)
        kept.append(layer)
        return layer(x)

    f = wrap(f)
    yield f(w.ones(2))
    yield kept[0](w.ones(2))


def layers_in_a_cache(w, wrap):
    @functools.cache
    def layer(n):
        made = w.nn.Linear(n, 1)
        w.nn.init.constant_(made.weight, 3.0)
        w.nn.init.zeros_(made.bias)
        return made

    f = wrap(lambda x: layer(2)(x))
    for _ in range(3):
        yield f(w.ones(2))
    yield layer(2).weight


def constants_that_change(w, wrap):
    log = []

    def f(x):
        total = w.tensor(0.0)
        log.append(total)
        total += x.sum()
        return x

    f = wrap(f)
    for _ in range(3):
        yield f(w.ones(2))
    yield from log


def state_in_a_cache(w, wrap):
    @functools.cache
    def state():
        return {"m": w.tensor([0.0])}

    def f(x):
        state()["m"].mul_(0.5).add_(x)
        return state()["m"] * 1

    f = wrap(f)
    for _ in range(3):
        yield f(w.ones(1))


def constants_that_are_handed_out(w, wrap):
    kept = []

    def f(x):
        t = w.tensor([0.0, 1.0])
        kept.append(t)
        return x + t

    f = wrap(f)
    yield f(w.ones(2))
    kept[0].add_(10)
    yield f(w.ones(2))


def caches_of_classes(w, wrap):
    class Table:
        cache = {}

    table = Table()

    def f(x):
        n = x.size(0)
        if n not in table.cache:
            table.cache[n] = w.arange(n) * 2.0
        return x * table.cache[n]

    f = wrap(f)
    for n in (2, 3, 2):
        yield f(w.ones(n))
    yield w.tensor(sorted(table.cache))


def stats_of_classes(w, wrap):
    class Model(w.nn.Module):
        stats = {}

        def forward(self, x):
            self.stats["m"] = x * 2
            return x

    model = Model()
    f = wrap(model.forward)
    for i in range(3):
        yield f(w.ones(2) * i)
        yield Model.stats["m"]


def lists_of_classes(w, wrap):
    class Model(w.nn.Module):
        calls = []

        def forward(self, x):
            self.calls.append(1)
            return x * x.sum().item()

    model = Model()
    f = wrap(model.forward)
    for _ in range(3):
        yield f(w.ones(2))
        yield w.tensor(len(Model.calls))


def layers_made_at_first(w, wrap):
    layers, listed = w.nn.ModuleDict(), w.nn.ModuleList()

    def linear():
        made = w.nn.Linear(2, 2, bias=False)
        w.nn.init.constant_(made.weight, 0.5)
        return made

    def f(x):
        if "a" not in layers:
            layers["a"] = linear()
        if len(listed) < 1:
            listed.append(linear())
        return listed[0](layers["a"](x))

    f = wrap(f)
    for _ in range(3):
        yield f(w.ones(2))
    yield w.tensor([len(layers), len(listed)])
    yield layers["a"].weight


def last_beside_a_table(w, wrap):
    state = Box(h=None)

    class Model(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = None

        def forward(self, x):
            if self.table is None:
                self.table = w.arange(2).cos()
            state.h = x * 2
            return x * self.table

    model = Model()
    f = wrap(model.forward)
    for i in range(3):
        yield f(w.ones(2) * i)
        yield state.h


def shared_dicts(w, wrap):
    """Held by a class, empty before."""
    Box.shared = {}

    def f(x):
        Box.shared["last"] = x + 1
        return x

    f = wrap(f)
    for i in range(3):
        yield f(w.ones(2) * i)
        yield Box.shared["last"]


def random_layers(kind):
    def program(w, wrap):
        random.seed(0)
        np.random.seed(0)
        own, array, values = random.Random(0), np.random.default_rng(0), np.random.RandomState(0)
        draw = {
            "random": random.random,
            "numpy": np.random.rand,
            "Random": lambda: own.random(),
            "Generator": lambda: array.random(),
            "RandomState": lambda: values.rand(),
        }[kind]
        f = wrap(lambda x: x * 2 if draw() < 0.5 else x)
        for _ in range(8):
            yield f(w.ones(1))
        yield w.tensor(draw())

    program.__name__ = f"random_layers_{kind}"
    return program


RANDOM_LAYERS = [random_layers(kind) for kind in ("random", "numpy", "Random", "Generator", "RandomState")]


def counts_in_arrays(w, wrap):
    counts, nested = np.zeros(3), {"counts": np.zeros(2)}

    def f(x):
        counts[1] += 1
        nested["counts"][0] += 1
        return x * x.sum().item()

    f = wrap(f)
    for _ in range(3):
        yield f(w.ones(1))
        yield w.tensor(counts + nested["counts"].sum())


def default_arguments_that_are_set(w, wrap):
    def g(x, last=None):
        return x if last is None else x + last

    def f(x):
        y = g(x)
        g.__defaults__ = (x * 2,)
        return y

    f = wrap(f)
    for _ in range(3):
        yield f(w.ones(1))


# Programs that a graph can do.
CAN_BE_TRACED = (
    local_of_the_same_name,
    tensor_entries,
    clear_of_its_own,
    deleted_attribute,
    equal_arguments,
    equal_values_outside,
    class_of_a_module,
    class_of_a_callable,
    special_method_of_a_class,
    buffers_that_count,
    cached_properties,
)
PROGRAMS = [
    *CAN_BE_TRACED,
    *RANDOM_LAYERS,
    counts_in_arrays,
    default_arguments_that_are_set,
    counter_by_a_local,
    *ITERATORS,
    modules_made_inside,
    layers_in_a_cache,
    constants_that_change,
    state_in_a_cache,
    constants_that_are_handed_out,
    caches_of_classes,
    stats_of_classes,
    lists_of_classes,
    layers_made_at_first,
    last_beside_a_table,
    shared_dicts,
]
# A trace has moved on what nothing can put back.
NO_WAY_BACK = ITERATORS


def test_draws_of_other_threads(w):
    """They are no changes of the function's, and are not taken back."""
    stop, drawn = threading.Event(), []

    def work():
        while not stop.is_set():
            drawn.append((random.random(), np.random.rand()))

    def f(x):
        time.sleep(0.01)
        return x * x.sum().item() if x.numel() == 1 else x

    random.seed(0)
    np.random.seed(0)
    thread = threading.Thread(target=work)
    thread.start()
    try:
        for n in range(2, 6):
            w.jit(f)(w.ones(n))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            w.compile(f)(w.ones(1))
    finally:
        stop.set()
        thread.join()
    assert len(set(drawn)) == len(drawn) > 0


def results(w, program, wrap):
    w.manual_seed(0)
    return [t.detach().tolist() for t in program(w, wrap)]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_a_jitted_function_gives_the_same_or_an_error(w, program):
    expected = results(w, program, lambda f: f)
    if program in CAN_BE_TRACED:
        assert results(w, program, w.jit) == expected
        return
    with pytest.raises(RuntimeError, match="^(jit|item): "):
        results(w, program, w.jit)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_a_compiled_function_gives_the_same(w, program):
    expected = results(w, program, lambda f: f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if program in NO_WAY_BACK:
            with pytest.raises(RuntimeError, match="^jit: "):
                results(w, program, w.compile)
            return
        assert results(w, program, w.compile) == expected
