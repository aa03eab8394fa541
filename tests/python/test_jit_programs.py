"""weft.jit on random programs with a configuration: numbers as in eager mode, or an error."""

import functools
import itertools
import random
import types
import warnings

import pytest
from support import weft_only

pytestmark = weft_only


class Box:
    pass


def box_of(value):
    box = Box()
    box.k = value
    return box


def class_of(value):
    return type("Config", (), {"k": value})


def module_of(value):
    module = types.ModuleType("jit_programs_config")
    module.__file__, module.k = "/nowhere/config.py", value
    return module


def function_of(value):
    def function():
        return None

    function.k = value
    return function


def slots_of(value):
    kind = type("Slots", (), {"__slots__": ("k",)})
    slots = kind()
    slots.k = value
    return slots


# Each: what holds the value, how it is read, how it is set.
def with_attribute(make):
    def build(value, rng):
        holder = make(value)
        read = rng.choice([lambda h: h.k, lambda h: getattr(h, "".join(["k"])), lambda h: [one.k for one in (h,)][0]])
        return holder, read, lambda v: setattr(holder, "k", v)

    return build


def with_key(value, rng):
    holder = {"k": value}
    read = rng.choice([lambda h: h["k"], lambda h: h.get("k"), lambda h: list(h.values())[0], lambda h: {**h}["k"]])
    return holder, read, lambda v: holder.update(k=v)


def with_element(value, rng):
    holder = [value]
    read = rng.choice([lambda h: h[0], lambda h: [one for one in h][-1], lambda h: next(iter(h))])
    return holder, read, lambda v: holder.__setitem__(0, v)


def with_variable(value, rng):
    def holder():
        return value

    def set_value(v):
        nonlocal value
        value = v

    return holder, lambda h: h(), set_value


def with_partial(value, rng):
    inner = {"k": value}
    holder = functools.partial(lambda d: d["k"], inner)
    if rng.random() < 0.5:
        holder = functools.partial(lambda k, d: d[k], "k", d=inner)
    return holder, lambda h: h(), lambda v: inner.update(k=v)


HOLDERS = [with_attribute(m) for m in (box_of, class_of, module_of, function_of, slots_of, types.SimpleNamespace)]
HOLDERS[5] = with_attribute(lambda value: types.SimpleNamespace(k=value))
HOLDERS += [with_key, with_element, with_variable, with_partial]

# How the function reaches the holder.
WAYS = [
    lambda h: lambda: h,
    lambda h: functools.partial(lambda one: one, h),
    lambda h, table=None: (lambda table: lambda: table["h"])({"h": h}),
    lambda h: (lambda box: lambda: box.k)(box_of(h)),
    lambda h: (lambda kind: lambda: kind.k[0])(class_of([h])),
    lambda h: (lambda module: lambda: vars(module)["k"])(module_of(h)),
    lambda h: (lambda items: lambda: [one for one in items if one is not None][0])((None, h)),
]


def program(w, seed):
    """(function, change) of a program; change is None where the function itself changes the value."""
    rng = random.Random(seed)
    value = rng.choice([lambda: 2.0, lambda: 3, lambda: w.full((2,), 2.0)])()
    holder, read, set_value = rng.choice(HOLDERS)(value, rng)
    find = rng.choice(WAYS)(holder)
    inside, before = rng.random() < 0.4, rng.random() < 0.5
    numbers = itertools.count(1)

    def change_inside():
        set_value(read(find()) * 1.5)

    def function(x):
        if inside and before:
            change_inside()
        x = x * read(find())
        if inside and not before:
            change_inside()
        return x + 1

    def change():
        number = next(numbers)
        set_value(w.full((2,), float(number)) if isinstance(value, w.Tensor) else type(value)(number))

    return function, change, rng


@pytest.mark.filterwarnings("ignore:.*has been traced.*:RuntimeWarning")
@pytest.mark.parametrize("seed", range(300))
@pytest.mark.parametrize("compiled", ["jit", "compile"])
def test_numbers_are_those_of_eager_mode_or_there_is_an_error(w, compiled, seed):
    runs = []
    for make in (lambda f: f, lambda f: w.jit(f, check=False) if compiled == "jit" else w.compile(f)):
        function, change, rng = program(w, seed)
        function, results = make(function), []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(4):
                try:
                    results.append(function(w.ones(2)).tolist())
                except RuntimeError:
                    if compiled == "compile":
                        raise
                    break
                if rng.random() < 0.6:
                    change()
        runs.append(results)
    eager, own = runs
    assert own == eager[: len(own)]
