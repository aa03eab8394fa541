"""weft.jit: state that the function itself changes and reads is an error, and fallback runs such functions eagerly."""

import array
import collections
import contextvars
import gc
import threading
import types
import warnings
import weakref

import pytest
from support import CHECKED, weft_only

pytestmark = [weft_only, pytest.mark.skipif(CHECKED, reason="the check runs the function twice")]

COUNT = 0


class Box:
    def __init__(self, **values):
        self.__dict__.update(values)


def counts_in_a_global(w):
    global COUNT
    COUNT = 0

    def f(x):
        global COUNT
        COUNT += 1
        return x * COUNT

    return f


def counts_in_a_variable(w):
    n = 0

    def f(x):
        nonlocal n
        n += 1
        return x * n

    return f


def counts_in_a_helper(w):
    n = 0

    def count():
        nonlocal n
        n += 1

    def f(x):
        count()
        return x * n

    return f


def counts_in_an_attribute(w):
    box = Box(n=0)

    def f(x):
        box.n += 1
        return x * box.n

    return f


def counts_in_a_namespace(w):
    box = types.SimpleNamespace(n=0)

    def f(x):
        box.n += 1
        return x * box.n

    return f


def counts_in_a_class(w):
    class Counter:
        n = 0

    def f(x):
        Counter.n += 1
        return x * Counter.n

    return f


def counts_in_a_function(w):
    def f(x):
        f.n += 1
        return x * f.n

    f.n = 0
    return f


def counts_in_a_dict(w):
    table = {"n": 0}

    def f(x):
        table["n"] += 1
        return x * table["n"]

    return f


def grows_a_list(w):
    items = []

    def f(x):
        items.append(1)
        return x * len(items)

    return f


def grows_a_list_of_an_object(w):
    box = Box(items=[])

    def f(x):
        box.items.append(1)
        return x * len(box.items)

    return f


def grows_a_list_by_helpers(w):
    items = []

    def add():
        items.append(1)

    def total():
        return len(items)

    def f(x):
        add()
        return x * total()

    return f


def takes_from_a_list(w):
    items = [1.0, 2.0, 3.0, 4.0, 5.0]
    return lambda x: x * items.pop()


def takes_from_a_deque(w):
    items = collections.deque([1.0, 2.0, 3.0, 4.0, 5.0])
    return lambda x: x * items.popleft()


def keeps_a_tensor(w):
    box = Box(h=w.zeros(1))

    def f(x):
        box.h = box.h * 0.5 + x
        return box.h * 1

    return f


def keeps_a_tensor_in_a_variable(w):
    h = w.zeros(1)

    def f(x):
        nonlocal h
        h = h * 0.5 + x
        return h * 1

    return f


def keeps_tensors_in_a_list(w):
    items = [w.ones(1)]

    def f(x):
        items[0] = items[0] * 2
        return items[0] * x

    return f


def fills_a_table(w):
    table = {}

    def f(x):
        if "k" not in table:
            table["k"] = x * 2
        return table["k"] + x

    return f


def counts_in_a_bytearray(w):
    counts = bytearray(3)

    def f(x):
        counts[1] += 1
        return x * counts[1]

    return f


def counts_in_an_array(w):
    counts = array.array("d", [0.5, 1.5])

    def f(x):
        counts[1] += 1
        counts.append(2.0)
        return x * counts[1] * len(counts)

    return f


def counts_by_weak_keys(w):
    counts, key = weakref.WeakKeyDictionary(), Box()

    def f(x):
        counts[key] = counts.get(key, 0) + 1
        return x * counts[key]

    return f


def counts_in_a_thread_local(w):
    local = threading.local()
    local.n = 0

    def f(x):
        local.n += 1
        return x * local.n

    return f


def counts_in_a_context(w):
    variable = contextvars.ContextVar("n")
    variable.set(0)

    def f(x):
        variable.set(variable.get() + 1)
        return x * variable.get()

    return f


def advances_an_iterator(w):
    numbers = iter([1.0, 2.0, 3.0, 4.0, 5.0])
    return lambda x: x * next(numbers)


def advances_a_generator(w):
    numbers = (float(n) for n in range(9))
    next(numbers)
    return lambda x: x * next(numbers)


def starts_a_generator(w):
    box = Box(numbers=(float(n) for n in range(9)))
    return lambda x: x * next(box.numbers)


def advances_an_enumeration(w):
    box = {"it": enumerate([1.0, 2.0, 3.0, 4.0])}
    return lambda x: x * next(box["it"])[1]


PROGRAMS = [
    counts_in_a_global,
    counts_in_a_variable,
    counts_in_a_helper,
    counts_in_an_attribute,
    counts_in_a_namespace,
    counts_in_a_class,
    counts_in_a_function,
    counts_in_a_dict,
    grows_a_list,
    grows_a_list_of_an_object,
    grows_a_list_by_helpers,
    takes_from_a_list,
    takes_from_a_deque,
    keeps_a_tensor,
    keeps_a_tensor_in_a_variable,
    keeps_tensors_in_a_list,
    fills_a_table,
    counts_in_a_bytearray,
    counts_in_an_array,
    counts_by_weak_keys,
    counts_in_a_thread_local,
    counts_in_a_context,
    advances_an_iterator,
    advances_a_generator,
    starts_a_generator,
    advances_an_enumeration,
]
# What cannot be put back after the trace.
CANNOT_GO_BACK = (advances_an_iterator, advances_a_generator, starts_a_generator, advances_an_enumeration)


@pytest.mark.parametrize("make", PROGRAMS)
def test_a_function_that_changes_what_it_reads(w, make):
    with pytest.raises(RuntimeError, match=r"was changed in a jitted function that reads it.*") as caught:
        w.jit(make(w))(w.ones(1))
    assert make in CANNOT_GO_BACK or "test_jit_changes.py:" in str(caught.value)


@pytest.mark.parametrize("make", [make for make in PROGRAMS if make not in CANNOT_GO_BACK])
def test_it_runs_eagerly_with_fallback_as_if_it_had_not_been_traced(w, make):
    expected, compiled = make(w), None
    results = [expected(w.full((1,), 2.0)).item() for _ in range(4)]
    compiled = w.compile(make(w))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert [compiled(w.full((1,), 2.0)).item() for _ in range(4)] == results


@pytest.mark.parametrize("make", CANNOT_GO_BACK)
def test_iterators_that_go_on_are_an_error_with_fallback_too(w, make):
    """An eager run after the trace would go on from another place."""
    with pytest.raises(RuntimeError, match=r"was changed in a jitted function that reads it"):
        w.compile(make(w))(w.ones(1))


def test_what_is_only_written(w):
    """It is not read, so no call depends on it."""
    box, space, last, table, log = Box(calls=0), types.SimpleNamespace(a=1.0), None, {"n": 0}, []
    calls = 0

    @w.jit
    def f(x):
        nonlocal last, calls
        calls += 1
        box.calls += 1
        table["n"] += 1
        box.seen, space.found, last = x.dim(), x.dim(), x.dim()
        table["key"] = 1
        log.append(1)
        return x * space.a

    for _ in range(3):
        assert f(w.ones(1)).item() == 1
    assert f.traces == 1, f.explain()
    assert box.seen == space.found == last == calls == box.calls == table["n"] == 1


def test_entries_that_are_only_written(w):
    """Whatever their keys are made of."""
    names, log, total = ["a", "b"], {}, collections.Counter()
    logger = Box(table={})

    @w.jit
    def f(x):
        for i, name in enumerate(names):
            log[name] = i
            log[f"{name}/{x.dim()}"] = i
            log[name, str(i + 1).rjust(3)] = i
            logger.table[name.upper()] = i
            total[name] += 1
        return x * 2

    for count in range(3):
        assert f(w.ones(1)).item() == 2
        log["count"] = logger.table["count"] = total["count"] = count
    assert f.traces == 1, f.explain()
    assert log["b/1"] == 1


def test_what_is_set_before_it_is_read(w):
    box = Box(n=7)

    @w.jit
    def f(x):
        box.n = 0
        for _ in range(3):
            box.n += 1
        return x * box.n

    assert [f(w.ones(1)).item() for _ in range(3)] == [3, 3, 3]


def test_decorators_and_classes_that_count_calls(w):
    def counted(function):
        def wrapper(*args):
            wrapper.calls += 1
            Box.made += 1
            return function(*args)

        wrapper.calls = Box.made = 0
        return wrapper

    kinds, double = [Box], counted(lambda x: x * 2)
    f = w.jit(lambda x: double(x) * len(kinds))
    for _ in range(3):
        assert f(w.ones(1)).item() == 2
        double(w.ones(1))
    assert f.traces == 1, f.explain()
    del Box.made


def test_what_is_emptied_before_it_is_read(w):
    """Activations that a hook collects, for instance."""
    seen, box, model = [], Box(items=[]), w.nn.Linear(1, 1, bias=False)
    model.register_forward_hook(lambda module, inputs, output: seen.append(output))

    @w.jit
    def f(x):
        seen.clear()
        box.items.clear()
        y = model(x)
        box.items.append(2.0)
        z = sum(seen) * y * sum(box.items)
        seen.clear()
        return z

    for number in range(4):
        w.nn.init.constant_(model.weight, 1.0 + number)
        assert f(w.ones(1)).item() == 2 * (1.0 + number) ** 2
        box.items.append(3.0)
    assert f.traces == 1, f.explain()


def test_objects_of_its_own(w):
    """What the function makes may change as it likes, also in cycles and where it stays."""
    kept = []

    class Node:
        def __init__(self):
            self.me, self.n, self.items = self, 0, []

    def count(node, items, numbers):
        node.n += 1
        node.items.append(1)
        items.append(len(node.items))
        return next(numbers)

    @w.jit
    def f(x):
        node, items, space, total = Node(), [], types.SimpleNamespace(n=0), 0
        numbers = (n for n in range(1, 9))

        def add():
            nonlocal total
            total += 1
            space.n += 1

        for _ in range(3):
            count(node, items, numbers)
            add()
        kept.append(node)
        return x * node.n * sum(items) * total * space.n

    for _ in range(3):
        assert f(w.ones(1)).item() == 3 * 6 * 3 * 3
    assert f.traces == 1, f.explain()


@pytest.mark.parametrize("fallback", [False, True])
def test_an_error_leaves_what_eager_mode_leaves(w, fallback):
    box = Box(n=0, items=[1, [2]], table={"a": 1})

    @w.jit(fallback=fallback)
    def f(x):
        box.n += 1
        box.items[1][0] += 1
        box.table["b"] = len(box.table)
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        f(w.ones(1))
    assert (box.n, box.items, box.table) == (1, [1, [3]], {"a": 1, "b": 1})


def test_the_garbage_collector_goes_on(w):
    def fails(x):
        raise ValueError("mine")

    w.jit(lambda x: x * 2)(w.ones(1))
    assert gc.isenabled()
    with pytest.raises(ValueError, match="mine"):
        w.jit(fails)(w.ones(1))
    assert gc.isenabled()
    gc.disable()
    try:
        w.jit(lambda x: x * 3)(w.ones(1))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_traces_in_several_threads(w):
    """Each knows what it has made itself."""
    errors = []

    def work(number):
        box = Box(k=float(number))

        def function(x):
            mine, items = Box(n=0), []
            for _ in range(20):
                mine.n += 1
                items.append(mine.n)
            return x * box.k * mine.n * len(items)

        try:
            for _ in range(10):
                assert w.jit(function)(w.ones(1)).item() == number * 400
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
    assert gc.isenabled()
    assert "__getattribute__" not in Box.__dict__ and "__getattribute__" not in vars(w.Tensor)
