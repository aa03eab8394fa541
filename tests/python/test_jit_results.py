"""weft.jit: what a jitted function may return, and which functions can be compiled at all."""

import asyncio
import collections
import dataclasses
import functools
import types
import typing
import warnings

import pytest
from support import weft_only

pytestmark = weft_only


@dataclasses.dataclass
class Output:
    loss: object
    extra: dict
    name: str = "a"


@dataclasses.dataclass(frozen=True)
class Frozen:
    value: object
    made: list = dataclasses.field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "made", [self.value])
        object.__setattr__(self, "beside", self.value)  # no field


@dataclasses.dataclass(slots=True)
class Slotted:
    a: object
    b: object = None


class Pair(typing.NamedTuple):
    a: object
    b: object


class Plain:
    def __init__(self, value):
        self.value = value


class Holder(tuple):
    def __new__(cls, items):
        return super().__new__(cls, items)


def test_dataclasses_and_namespaces(w):
    def f(x):
        inner = types.SimpleNamespace(a=x * 2, n=3)
        return Output(x + 1, {"inner": inner, "frozen": Frozen(x * 3)}), Slotted(x), Pair(x * 4, Slotted(1, x * 5))

    jitted = w.jit(f)
    for value in (1.0, 2.0):
        output, slotted, pair = jitted(w.full((1,), value))
        assert type(output) is Output and output.name == "a" and output.loss.item() == value + 1
        inner, frozen = output.extra["inner"], output.extra["frozen"]
        assert type(inner) is types.SimpleNamespace and inner.n == 3 and inner.a.item() == 2 * value
        assert type(frozen) is Frozen and frozen.value is frozen.made[0] is frozen.beside
        assert frozen.value.item() == 3 * value
        assert type(slotted) is Slotted and slotted.b is None and slotted.a.item() == value
        assert pair.a.item() == 4 * value and pair.b.b.item() == 5 * value
    assert jitted.traces == 1
    w.jit(f, check=True)(w.ones(1))


def test_ordered_dicts(w):
    def f(x):
        found = collections.OrderedDict(b=x, a=x * 2)
        found.move_to_end("b")
        return found

    found = w.jit(f)(w.ones(1))
    assert type(found) is collections.OrderedDict and list(found) == ["a", "b"] and found["a"].item() == 2


def test_gradients_through_a_dataclass(w):
    x = w.ones(1, requires_grad=True)
    w.jit(lambda x: Output(x * x * 3, {}))(x).loss.backward()
    assert x.grad.item() == 6


DEAD = {
    "set": lambda x: {x * 2},
    "deque": lambda x: collections.deque([x * 2]),
    "object": lambda x: Plain(x * 2),
    "nested": lambda x: [1, {"a": Plain([{"b": x * 2}])}],
    "dict subclass": lambda x: collections.defaultdict(list, a=[x * 2]),
    "closure": lambda x: (lambda y: lambda: y)(x * 2),
    "partial": lambda x: functools.partial(max, x * 2),
    "method": lambda x: (x * 2).sum,
    "list subclass": lambda x: type("Items", (list,), {})([x * 2]),
}
LAZY = {
    "map": lambda x: map(abs, [x]),
    "generator expression": lambda x: (x * i for i in range(3)),
    "zip": lambda x: zip([x], [x]),
    "iterator": lambda x: iter([x]),
    "nested": lambda x: (x, [enumerate([x])]),
}


@pytest.mark.parametrize("name", DEAD)
def test_results_that_hold_tensors(w, name):
    with pytest.raises(TypeError, match="that holds a tensor, which jit cannot take apart.*dataclass"):
        w.jit(DEAD[name])(w.ones(1))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        w.compile(lambda x: DEAD[name](x))(w.ones(1))
    assert len(seen) <= 1
    jitted = w.jit(lambda x: types.SimpleNamespace(a=x))
    assert (jitted(w.ones(1)).a + 1).item() == 2


@pytest.mark.parametrize("name", LAZY)
def test_results_that_run_later(w, name):
    with pytest.raises(TypeError, match="which runs only when it is used; return a list or tuple"):
        w.jit(LAZY[name])(w.ones(1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert w.compile(LAZY[name])(w.ones(1)) is not None


def test_results_without_tensors(w):
    known = Plain(3)
    captured = w.ones(1)

    def named():
        return captured

    for value in (known, {1, 2}, named, Frozen(3), Plain(captured), collections.deque([1])):
        constant = w.jit(lambda x: (x * 2, value))(w.ones(1))[1]  # noqa: B023
        assert constant is value


def generates(x):
    yield x * 2


async def waits(x):
    return x * 2


async def generates_later(x):
    yield x * 2


class Called:
    def __call__(self, x):
        yield x


def test_functions_that_run_later(w):
    class Module(w.nn.Module):
        def forward(self, x):
            yield x

    for function in (generates, waits, generates_later, Called(), functools.partial(generates), Module()):
        for wrap in (w.jit, w.compile):
            with pytest.raises(TypeError, match="which runs only when its result is used"):
                wrap(function)
    assert asyncio.run(waits(w.ones(1))).item() == 2


def test_dynamic_dims_that_are_not_there(w):
    def f(x, mask=None):
        return x * 2

    for dims in ({"nope": 0}, {7: 0}, {"x": 0, 2: 0}):
        with pytest.raises(ValueError, match="which the function does not have; it has x, mask"):
            w.jit(f, dynamic_dims=dims)
    for dims in (5, {0: 2}, {"x": -3}, {"mask": 1}):
        with pytest.raises(ValueError, match="dynamic_dims names dimension"):
            w.jit(f, dynamic_dims=dims)(w.ones(2, 2), w.ones(2))
    for dims in (0, (0, 1), True, {"x": 1}, {1: 0}, -1):
        assert w.jit(f, dynamic_dims=dims)(w.ones(2, 2), w.ones(2)).shape == (2, 2)
    assert w.jit(f, dynamic_dims={"mask": 1})(w.ones(2)).tolist() == [2, 2]
    assert w.jit(lambda *args, **more: args[0], dynamic_dims={5: 0, "any": 0})(w.ones(2)).tolist() == [1, 1]


@pytest.mark.parametrize("dims", [{"x": 0}, {0: 0}])
def test_dynamic_dims_by_name_and_position(w, dims):
    f = w.jit(lambda x: x * 2, dynamic_dims=dims)
    for size in (2, 3):
        f(w.ones(size))
        f(x=w.ones(size))
    assert f.explain().count("sizes of dynamic dimensions") == 2


def test_bare_operands(w):
    one = w.ones(1)
    for wrap in (lambda f: f, w.jit):
        for pred in (True, one > 0):
            with pytest.raises(TypeError, match="cond: expected a tuple or list of tensors as operands, got Tensor"):
                wrap(lambda x: w.cond(pred, w.sin, w.cos, x))(one)  # noqa: B023
        with pytest.raises(TypeError, match="while_loop: expected a tuple or list.*as carried_inputs, got Tensor"):
            wrap(lambda x: w.while_loop(lambda x: x < 3, lambda x: x + 1, x))(one)
