"""Tensors of a trace that outlive it, in caches, lists, attributes: an error, or the function runs eagerly."""

import collections
import functools
import gc
import warnings
import weakref

import numpy as np
import pytest
from support import weft_only

pytestmark = weft_only


class Holder:
    pass


class Slotted:
    __slots__ = ("h",)


LAST = None


def in_a_list(w):
    kept = []

    def f(x):
        kept.append((x * 2).detach())
        return x + 1

    return f, lambda: kept


def in_an_object_in_a_list(w):
    kept = []

    def f(x):
        entry = {"loss": x.sum()}
        kept.append(entry)
        return x + 1

    return f, lambda: [entry["loss"] for entry in kept]


def in_a_dict(w):
    kept = {}

    def f(x):
        kept["x"] = x * 2
        return x + 1

    return f, lambda: list(kept.values())


def in_a_deque(w):
    kept = collections.deque(maxlen=10)

    def f(x):
        kept.append(x * 2)
        return x + 1

    return f, lambda: list(kept)


def in_an_attribute(w):
    one = Holder()

    def f(x):
        one.h = x * 2
        return x + 1

    return f, lambda: [one.h]


def in_a_slot(w):
    one = Slotted()

    def f(x):
        one.h = x * 2
        return x + 1

    return f, lambda: [one.h]


def in_an_attribute_of_a_class(w):
    kind = type("Kind", (), {})

    def f(x):
        kind.h = x * 2
        return x + 1

    return f, lambda: [kind.h]


def in_a_variable(w):
    last = None

    def f(x):
        nonlocal last
        last = x * 2
        return x + 1

    return f, lambda: [last]


def in_a_global_variable(w):
    def f(x):
        global LAST
        LAST = x * 2
        return x + 1

    return f, lambda: [LAST]


def the_argument(w):
    kept = []

    def f(x):
        kept.append(x)
        return x + 1

    return f, lambda: kept


def by_a_hook_of_a_module(w):
    layer, kept = w.nn.Linear(3, 3), {}

    def hook(module, args, result):
        kept["out"] = result.detach()

    layer.register_forward_hook(hook)
    return lambda x: layer(x), lambda: list(kept.values())


def in_a_function(w):
    kept = []

    def f(x):
        y = x * 2
        kept.append(lambda: y)
        return x + 1

    return f, lambda: [g() for g in kept]


def in_an_array_of_objects(w):
    """Python's collector does not see what is in it."""
    kept = np.empty(1, object)

    def f(x):
        kept[0] = x * 2
        return x + 1

    return f, lambda: list(kept)


def a_constant(w):
    """A graph that uses it would share it with whoever has it."""
    kept = []

    def f(x):
        kept.append(w.tensor([0.0, 1.0, 2.0]))
        return x + kept[-1]

    return f, lambda: kept


def before_a_value_is_needed(w):
    kept = []

    def f(x):
        kept.append(x * 2)
        return x + x.sum().item()

    return f, lambda: kept


KINDS = [
    in_a_list,
    in_an_object_in_a_list,
    in_a_dict,
    in_a_deque,
    in_an_attribute,
    in_a_slot,
    in_an_attribute_of_a_class,
    in_a_variable,
    in_a_global_variable,
    the_argument,
    by_a_hook_of_a_module,
    in_a_function,
    in_an_array_of_objects,
]


def values(tensors):
    return [t.tolist() for t in tensors]


@pytest.mark.parametrize("make", KINDS, ids=lambda f: f.__name__)
def test_it_is_an_error(w, make):
    f, _ = make(w)
    with pytest.raises(RuntimeError, match=r"a tensor of shape .* is kept by .*Return it"):
        w.jit(f)(w.ones(3))


@pytest.mark.parametrize("make", [*KINDS, a_constant, before_a_value_is_needed], ids=lambda f: f.__name__)
def test_it_runs_eagerly_with_fallback(w, make):
    w.manual_seed(0)
    f, kept = make(w)
    w.manual_seed(0)
    eager, eager_kept = make(w)
    compiled = w.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(4):
            x = w.full((3,), float(i))
            assert compiled(x).tolist() == eager(x).tolist()
            assert values(kept()) == values(eager_kept())


def test_what_the_collector_does_not_look_at(w):
    """As before a fork."""
    for make in (in_a_list, in_an_attribute, by_a_hook_of_a_module):
        f, _ = make(w)
        gc.freeze()
        try:
            with pytest.raises(RuntimeError, match=r"a tensor of shape .* is kept by"):
                w.jit(f)(w.ones(3))
        finally:
            gc.unfreeze()


def test_looking_at_a_graph_takes_tensors_out_too(w):
    f, kept = in_a_list(w)
    compiled = w.compile(f)
    with pytest.raises(RuntimeError, match="is kept by"):
        compiled.graph(w.ones(3))
    assert kept() == []


def test_the_error_names_the_holder(w):
    one = Holder()
    one.history = []
    table = {}

    def attribute(x):
        one.h = x * 2
        return x

    def entry(x):
        table["mask"] = x * 2
        return x

    def cached(x):
        return x + lookup(3)

    @functools.lru_cache
    def lookup(n):
        return w.arange(n).cos()

    for f, holder in (
        (attribute, "the attribute 'h' of a Holder"),
        (entry, "the entry 'mask' of a dict"),
        (cached, "the cache of .*lookup()"),
        (in_a_global_variable(w)[0], r"the variable 'LAST' of the module test_jit_kept_tensors"),
        (in_a_variable(w)[0], "a variable of an enclosing function"),
    ):
        with pytest.raises(RuntimeError, match=holder.replace("(", r"\(").replace(")", r"\)")):
            w.jit(f)(w.ones(3))


@pytest.mark.parametrize("maxsize", [None, 4])
@pytest.mark.parametrize("several", [False, True])
def test_a_table_that_is_made_at_first(w, maxsize, several):
    """As rotary embeddings and masks are: the call after it is traced, and eager code finds good tables too."""

    @functools.lru_cache(maxsize=maxsize)
    def table(n):
        angles = w.arange(n).float() * 0.1
        return (angles.cos(), angles.sin()) if several else angles.cos()

    @functools.partial(w.compile)
    def f(x):
        return x * table(x.size(0))[0]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for n in (3, 4, 3, 4, 3):
            assert f(w.ones(n)).tolist() == (w.ones(n) * table(n)[0]).tolist()
    assert not [str(c.message) for c in caught]
    assert f.traces == 2
    assert not any("runs eagerly" in line for line in f.explain().splitlines())


def test_a_table_of_a_module(w):
    class Rotary(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = None

        @functools.cached_property
        def angles(self):
            return w.arange(3).float() * 0.1

        def forward(self, x):
            if self.table is None:
                self.table = self.angles.cos()
            return x * self.table

    model = Rotary()
    w.compile(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            assert model(w.ones(3)).tolist() == (w.arange(3).float() * 0.1).cos().tolist()
    assert model.forward.traces == 1
    assert "runs eagerly" not in model.forward.explain()


def test_what_goes_with_the_trace(w):
    """Garbage, weak references, objects that the function makes for itself and results are nobody's."""
    seen = weakref.WeakSet()

    @w.jit
    def f(x):
        y = x * 2
        seen.add(y)
        ring = Holder()
        ring.ring, ring.y = ring, y
        y.ring = ring
        try:
            raise ValueError(y)
        except ValueError as error:
            caught = error
            caught.self = caught
        stopped = (t for t in [y, x])
        next(stopped)
        return {"y": y, "same": [y]}

    gc.collect()
    assert f(w.ones(2))["y"].tolist() == [2, 2]
    assert f.traces == 1


def test_a_profiler_that_the_function_starts(w):
    """It takes the place of what records the reads, so that nothing could be guarded."""
    import sys

    config = {"scale": 2.0}

    def f(x):
        before = sys.getprofile()
        sys.setprofile(lambda *_: None)
        sys.setprofile(before)
        return scaled(x)

    def scaled(x):
        return x * config["scale"]

    with pytest.raises(RuntimeError, match=r"sets a profile function"):
        w.jit(f)(w.ones(1))
    compiled = w.compile(f)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert compiled(w.ones(1)).item() == 2
        config["scale"] = 5.0
        assert compiled(w.ones(1)).item() == 5


def times(k):
    return lambda a: a * k


def test_closures_that_the_function_makes_keep_nothing(w):
    """Over tensors of the trace, made by a helper or in place, called directly, by others and by control flow."""

    def f(x, k):
        scale = times(k)

        def body(a):
            return scale(a) + k

        def around(function, a):
            return w.cond(a.sum() > 0, lambda: function(a), lambda: a * 1)

        return around(lambda a: around(body, a) * 0.5, x) + scale(x)

    x, k = w.ones(3), w.full((3,), 2.0)
    jitted = w.jit(f)
    assert jitted(x, k).tolist() == f(x, k).tolist() == [4, 4, 4]
    assert jitted(x, k * 2).tolist() == f(x, k * 2).tolist() and jitted.traces == 1
