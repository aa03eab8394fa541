"""Guards of weft.jit: Python state that a trace has read makes a new trace when it changes; other state does not."""

import collections
import dataclasses
import gc
import random
import sys
import types
import weakref

import numpy as np
import pytest
from support import counts_runs, weft_only

pytestmark = weft_only

SCALE = 1.0
NAME = "slots"
TABLE = {"layers": [{"scale": 1.0}, {"scale": 2.0}], "names": ("a", "b")}


def by_global(x):
    return x * SCALE


class Config:
    depth = 2
    lr = 0.5

    def __init__(self, **values):
        self.__dict__.update(values)

    @property
    def twice(self):
        return 2 * self.scale


class Slots:
    __slots__ = ("scale",)

    def __init__(self, scale):
        self.scale = scale


@dataclasses.dataclass(frozen=True)
class Frozen:
    scale: float = 1.0


def check(w, function, *changes, x=None):
    """jit equals eager before and after each change, with one trace for each and none without one."""
    x = w.arange(3.0) + 1 if x is None else x
    f = w.jit(function)
    assert f(x).tolist() == function(x).tolist()
    f(x)
    assert f.traces == 1, f.explain()
    for number, change in enumerate(changes):
        before = function(x).tolist()
        change()
        expected = function(x).tolist()
        assert expected != before, "this change must change the result"
        assert f(x).tolist() == expected, number
        f(x)
        assert f.traces == number + 2, f.explain()
    return f


# Modules


def test_parameters_of_a_layer_that_is_not_called(w):
    class Head(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.lin = w.nn.Linear(3, 2)

        def forward(self, x):
            return w.nn.functional.linear(x, self.lin.weight)

    head, other = Head(), Head()
    check(
        w,
        lambda x: head(x),
        lambda: setattr(head.lin, "weight", w.nn.Parameter(w.ones(2, 3))),
        lambda: head.load_state_dict({k: v.clone() for k, v in other.state_dict().items()}, assign=True),
        lambda: setattr(head, "lin", w.nn.Linear(3, 2)),
    )


def test_modules_that_are_iterated(w):
    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = w.nn.ModuleList([w.nn.Linear(3, 3), w.nn.Linear(3, 3)])
            self.row = w.nn.Sequential(w.nn.Linear(3, 3), w.nn.Tanh())
            self.named = w.nn.ModuleDict({"a": w.nn.Linear(3, 3)})

        def forward(self, x):
            for block in self.blocks:
                x = block(x)
            for part in self.row:
                x = part(x)
            for part in self.named.values():
                x = part(x)
            for child in self.row.children():
                x = child(x)
            return x

    net = Net()
    check(
        w,
        lambda x: net(x),
        lambda: net.blocks.__setitem__(0, w.nn.Linear(3, 3)),
        lambda: net.blocks.append(w.nn.Linear(3, 3)),
        lambda: net.blocks.insert(0, w.nn.Linear(3, 3)),
        lambda: net.blocks.pop(1),
        lambda: net.row.__setitem__(1, w.nn.Sigmoid()),
        lambda: net.row.append(w.nn.Linear(3, 3)),
        lambda: net.named.update({"b": w.nn.Linear(3, 3)}),
    )


def test_methods_other_than_forward_and_plain_attributes(w):
    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.lin = w.nn.Linear(3, 3)
            self.scales = [1.0, {"a": (2.0, 3.0)}]
            self.options = {"deep": {"deeper": [1, 2]}}
            self.names = {"a"}
            self.queue = collections.deque([1.0])
            self.drop = w.nn.Dropout(0.0)

        def encode(self, x):
            y = x * (2 if self.training else 3) * self.scales[1]["a"][1]
            y = y * self.options["deep"]["deeper"][0] * (5 if "b" in self.names else 1) * self.queue[0]
            return y * (7 if self.drop.training else 1)

    net = Net()
    check(
        w,
        lambda x: net.encode(x),
        lambda: net.eval(),
        lambda: net.drop.train(),
        lambda: net.scales[1].update(a=(2.0, 4.0)),
        lambda: net.options["deep"]["deeper"].__setitem__(0, 9),
        lambda: net.names.add("b"),
        lambda: net.queue.appendleft(2.0),
    )


def test_a_jitted_method_of_a_module(w):
    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = 1.0

        @w.jit
        def encode(self, x):
            return x * self.scale

    net, x = Net(), w.ones(1)
    assert net.encode(x).item() == 1
    net.scale = 2.0
    assert net.encode(x).item() == 2


def test_hooks_of_a_layer_deep_inside(w):
    net = w.nn.Sequential(w.nn.Sequential(w.nn.Linear(3, 3)))
    handles = []
    check(
        w,
        lambda x: net(x),
        lambda: handles.append(net[0][0].register_forward_hook(lambda m, i, o: o * 2)),
        lambda: handles.append(net[0][0].register_forward_hook(lambda m, i, o: o + 2)),
        lambda: handles[0].remove(),
    )


@pytest.mark.parametrize("part", ["parameter", "element", "value", "attribute", "variable", "class", "default"])
def test_objects_that_go_and_leave_none(w, part):
    """None is also what a weak reference to an object that is gone gives."""

    class Net(w.nn.Module):
        scale = w.full((1,), 2.0)

        def __init__(self):
            super().__init__()
            self.lin, self.plain = w.nn.Linear(2, 2), Config(scale=2.0)
            self.items, self.table = [Config(scale=2.0)], {"a": Config(scale=2.0)}

    def helper(x, scale=Config(scale=2.0)):  # noqa: B008
        return x if scale is None else x * scale.scale

    def function(x):
        x = net.lin(x) + 1
        for one in (net.items[0], net.table["a"], net.plain, variable):
            x = x if one is None else x * one.scale
        return helper(x if Net.scale is None else x * Net.scale)

    def leave_none():
        nonlocal variable
        {
            "parameter": lambda: setattr(net.lin, "bias", None),
            "element": lambda: net.items.__setitem__(0, None),
            "value": lambda: net.table.update(a=None),
            "attribute": lambda: setattr(net, "plain", None),
            "variable": lambda: None,
            "class": lambda: setattr(Net, "scale", None),
            "default": lambda: setattr(helper, "__defaults__", (None,)),
        }[part]()
        variable = None if part == "variable" else variable

    net, variable = Net(), Config(scale=2.0)
    check(w, function, leave_none, x=w.ones(2))


def test_requires_grad_of_parameters_that_are_only_asked(w):
    model = w.nn.Sequential(w.nn.Linear(3, 3), w.nn.Linear(3, 3))
    model[0].weight.requires_grad_(False)
    check(
        w,
        lambda x: x * (1 + sum(p.requires_grad for p in model.parameters())),
        lambda: model[0].weight.requires_grad_(True),
        lambda: model[1].requires_grad_(False),
    )


def test_attributes_of_tensors(w):
    weight, parts = w.ones(3), [w.nn.Parameter(w.ones(3)), w.ones(3)]
    weight.scale, parts[0].table, parts[1].count = 2.0, {"a": 1.0}, 0

    def function(x):
        for part in parts:
            x = x * getattr(part, "table", {"a": 2.0})["a"]
        return x * weight.scale

    f = check(
        w,
        function,
        lambda: setattr(weight, "scale", 3.0),
        lambda: parts[0].table.update(a=5.0),
    )
    parts[1].count += 1  # not read
    f(w.arange(3.0) + 1)
    assert f.traces == 3


# Objects


def test_attributes_of_objects(w):
    config = Config(scale=1.0, inner=Config(scale=2.0), items=[Config(scale=3.0)], slots=Slots(1.0), made=Frozen())
    box = types.SimpleNamespace(scale=1.0, inner=Config(scale=1.0))

    def function(x):
        inner = config.inner
        for item in config.items:
            x = x * item.scale
        y = x * config.scale * inner.scale * config.twice * config.depth * getattr(config, NAME).scale
        y = y * config.made.scale * box.scale * box.inner.scale
        return y * (3 if hasattr(config, "extra") else 1)

    check(
        w,
        function,
        lambda: setattr(config, "scale", 2.0),
        lambda: setattr(config.inner, "scale", 3.0),
        lambda: setattr(config.items[0], "scale", 4.0),
        lambda: config.items.append(Config(scale=5.0)),
        lambda: setattr(config, "inner", Config(scale=7.0)),
        lambda: setattr(config.slots, "scale", 2.0),
        lambda: setattr(config, "made", Frozen(3.0)),
        lambda: setattr(config, "extra", 1),
        lambda: setattr(box, "scale", 3.0),
        lambda: setattr(box.inner, "scale", 3.0),
        lambda: setattr(config, "depth", 5),
    )
    assert "__getattribute__" not in Config.__dict__ and "__getattribute__" not in w.nn.Module.__dict__


def test_attributes_of_classes(w, monkeypatch):
    class Base:
        scale = 1.0

        @classmethod
        def by_class(cls):
            return cls.scale

        @staticmethod
        def static():
            return 2.0

    class Derived(Base):
        pass

    check(
        w,
        lambda x: x * Derived.scale * Config.depth * Derived().by_class() * Derived.static(),
        lambda: setattr(Base, "scale", 2.0),
        lambda: setattr(Derived, "scale", 3.0),
        lambda: monkeypatch.setattr(Config, "depth", 5),
        lambda: setattr(Base, "static", staticmethod(lambda: 3.0)),
    )


def test_methods_of_objects_and_what_they_read(w):
    class Trainer:
        def __init__(self):
            self.config = Config(scale=1.0)
            self.global_step = 0
            self.history = []

        def scaled(self, x):
            return x * self.config.scale

        def step(self, x):
            self.history.append(1)
            return self.scaled(x)

    trainer = Trainer()
    f = check(w, lambda x: trainer.step(x), lambda: setattr(trainer.config, "scale", 2.0))
    for _ in range(3):  # not read
        trainer.global_step += 1
        trainer.history.append(0)
        f(w.arange(3.0) + 1)
    assert f.traces == 2


def test_modules_of_the_program(w, monkeypatch):
    settings = types.ModuleType("jit_guards_settings")
    settings.__file__ = "/nowhere/settings.py"
    settings.scale, settings.model, settings.table = 1.0, Config(scale=2.0), {"a": [1.0]}
    monkeypatch.setitem(sys.modules, "jit_guards_settings", settings)
    monkeypatch.setitem(globals(), "settings", settings)

    def function(x):
        from jit_guards_settings import scale

        return x * settings.scale * settings.model.scale * settings.table["a"][0] + scale  # noqa: F821

    check(
        w,
        function,
        lambda: setattr(settings, "scale", 3.0),
        lambda: setattr(settings.model, "scale", 3.0),
        lambda: settings.table["a"].__setitem__(0, 3.0),
    )


# Variables


def test_globals_of_helpers_and_nested_containers(w, monkeypatch):
    def inner(x):
        return by_global(x) * TABLE["layers"][1]["scale"] * len(TABLE["names"])

    layers = [{"scale": 1.0}, {"scale": 2.0}]
    monkeypatch.setitem(TABLE, "layers", layers)
    check(
        w,
        lambda x: inner(x),
        lambda: monkeypatch.setitem(globals(), "SCALE", 2.0),
        lambda: layers[1].__setitem__("scale", 3.0),
        lambda: monkeypatch.setitem(TABLE, "names", ("a", "b", "c")),
    )


def test_default_arguments_and_closure_cells(w):
    def helper(x, scale=1.0, *, table={"a": 1.0}):  # noqa: B006
        return x * scale * table["a"]

    def make(scale):
        def scaled(x):
            return x * scale

        def change(to):
            nonlocal scale
            scale = to

        return scaled, change

    scaled, change = make(1.0)
    functions = {"f": scaled}
    check(
        w,
        lambda x: helper(x) * functions["f"](x),
        lambda: change(2.0),
        lambda: setattr(helper, "__defaults__", (2.0,)),
        lambda: helper.__kwdefaults__["table"].update(a=3.0),
        lambda: functions.update(f=make(5.0)[0]),
        lambda: setattr(helper, "__code__", (lambda x, scale=1.0, *, table=None: x + scale).__code__),
    )


def test_closures_that_come_from_a_library(w):
    def make(scale):
        def scaled(x):
            return x * scale

        def change(to):
            nonlocal scale
            scale = to

        return scaled, change

    scaled, change = make(1.0)
    registry = collections.ChainMap({"f": scaled})
    check(w, lambda x: registry["f"](x), lambda: change(2.0))


def test_user_derivatives_read_state_too(w):
    config = Config(scale=2.0)

    class Scaled(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g * config.scale

    f = w.jit(lambda x: Scaled.apply(x).sum())
    x = w.ones(2, requires_grad=True)
    for scale in (2.0, 5.0):
        config.scale, x.grad = scale, None
        f(x).backward()
        assert x.grad.tolist() == [scale] * 2


# Arrays


def test_arrays_are_compared_by_contents(w):
    table = np.ones(3, dtype=np.float32)
    holder = Config(array=np.ones((2, 3), dtype=np.float32), numbers=[1.0, 2.0])

    def function(x):
        y = x * w.from_numpy(table) + w.tensor(holder.array[0]) * float(holder.array[1, 2])
        return y * w.asarray(table[1:2]) + w.stack([w.tensor(n) for n in holder.numbers]).sum()

    check(
        w,
        function,
        lambda: table.__setitem__(0, 5),
        lambda: table.__setitem__(1, 7),
        lambda: holder.array.__setitem__((1, 2), 3),
        lambda: holder.numbers.append(1.0),
        lambda: setattr(holder, "array", holder.array * 2),
    )


def test_large_arrays_and_containers_are_errors_that_name_the_line(w):
    table, numbers = np.zeros(2**19), list(range(100_001))
    deep = [1]
    for _ in range(9):
        deep = [deep]
    for function, message in (
        (
            lambda x: x * table[0],
            r"'table' is a NumPy array of 4194304 bytes.*weft\.from_numpy.*jit_guards\.py:\d",
        ),
        (lambda x: x * numbers[0], r"'numbers' holds more than 100000 elements.*argument"),
        (lambda x: x * len(deep), r"'deep' holds containers more than 8 levels deep"),
    ):
        with pytest.raises(RuntimeError, match=message):
            w.jit(function)(w.ones(1))
    constants, made = tuple(numbers), w.from_numpy(table)
    assert w.jit(lambda x: x * constants[2] + made[:1] + w.tensor(np.ones(2**18)).sum())(w.ones(1)).item() == 2 + 2**18


# No needless traces


def test_an_ordinary_training_loop_is_traced_once(w):
    class Log:
        def __init__(self):
            self.values, self.count = [], 0

        def add(self, value):
            self.values.append(value)

    model = w.nn.Sequential(w.nn.Linear(3, 3), w.nn.BatchNorm1d(3), w.nn.ReLU(), w.nn.Linear(3, 1))
    optimizer = w.optim.AdamW(model.parameters(), lr=1e-2)
    scheduler = w.optim.lr_scheduler.StepLR(optimizer, 1)
    log, state = Log(), {"epoch": 0}

    class Trainer:
        def __init__(self):
            self.model, self.optimizer, self.global_step = model, optimizer, 0

        @w.jit
        def train_step(self, x, y):
            self.optimizer.zero_grad()
            loss = w.nn.functional.mse_loss(self.model(x), y)
            loss.backward()
            for group in self.optimizer.param_groups:
                w.nn.utils.clip_grad_norm_(group["params"], 1.0)
            self.optimizer.step()
            log.add(1)
            return loss

    trainer = Trainer()
    x, y = w.randn(8, 3), w.randn(8, 1)
    for epoch in range(3):
        state["epoch"] = epoch
        for _ in range(2):
            loss = trainer.train_step(x, y)
            trainer.global_step += 1
            log.add(loss.item())
            log.count += 1
        scheduler.step()
    assert Trainer.train_step.traces == 1, Trainer.train_step.explain()
    optimizer.add_param_group({"params": [w.nn.Parameter(w.ones(1))]})
    trainer.train_step(x, y)
    assert Trainer.train_step.traces == 2 and "parameter groups" in Trainer.train_step.explain()


def test_containers_that_are_only_added_to(w):
    """In a variable of an enclosing function, also from a function inside; reading it anywhere is another matter."""
    losses, times, table, read = [], [], {}, []

    @w.jit
    def f(x):
        def note(value):
            times.append(value)

        losses.append(1)
        note(2)
        table["last"] = 3
        if x.dim() > 1:
            read.append(1)
        return x * len(read)

    for number in range(3):
        f(w.ones(1))
        losses.append(0)
        times.append(0)
        table[number] = 0
    assert f.traces == 1, f.explain()
    read.append(1)
    assert f(w.ones(1)).item() == 1 and f.traces == 2


def test_equal_values_make_no_new_trace(w):
    config = Config(scale=float("nan"), items=[1, (2.0, "a")], names={"b", "a"})
    f = w.jit(lambda x: x * (config.scale != config.scale) * len(config.items) * len(config.names))
    for _ in range(3):
        config.scale, config.items, config.names = float("nan"), [1, (float("2"), "a")], set("ab")
        f(w.ones(1))
    assert f.traces == 1


def test_returning_to_an_earlier_state_needs_no_new_trace(w):
    config = Config(scale=1.0)
    f = w.jit(lambda x: x * config.scale)
    for _ in range(3):
        for scale in (1.0, 2.0):
            config.scale = scale
            assert f(w.ones(1)).item() == scale
    assert f.traces == 2


def test_branches_of_code_that_did_not_run_are_not_guarded(w):
    step = 0

    def unused():
        return step

    f = w.jit(lambda x: x + 1 if x.dim() else unused())
    for step in range(3):  # noqa: B007
        f(w.ones(1))
    assert f.traces == 1


# Threads, profilers, memory


@counts_runs
def test_a_profiler_goes_on(w):
    import cProfile

    calls = []
    before = sys.getprofile()

    def profile(frame, event, arg):
        if event == "call" and frame.f_code.co_name == "by_global":
            calls.append(event)

    sys.setprofile(profile)
    try:
        w.jit(lambda x: by_global(x))(w.ones(1))
        assert sys.getprofile() is profile
        by_global(w.ones(1))
    finally:
        sys.setprofile(before)
    assert len(calls) == 2
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        w.jit(lambda x: by_global(x))(w.ones(1))
        by_global(w.ones(1))
    finally:
        profiler.disable()
    assert any(entry.code.co_name == "by_global" for entry in profiler.getstats() if not isinstance(entry.code, str))


def test_guards_keep_no_objects_alive(w):
    class Holder:
        pass

    holder = Holder()
    holder.scale, holder.big = 2.0, w.ones(1000)
    alive = weakref.ref(holder), weakref.ref(holder.big)
    box = {"holder": holder}
    f = w.jit(lambda x: x * box["holder"].scale)
    f(w.ones(1))
    del holder
    box["holder"] = Config(scale=3.0)
    assert alive[0]() is None and alive[1]() is None
    assert f(w.ones(1)).item() == 3


def test_objects_made_inside_go_with_the_trace(w):
    kept = []

    def function(x):
        config = Config(scale=3.0)
        slots = Slots(2.0)
        kept.append(weakref.ref(config))
        return x * config.scale * slots.scale

    f = w.jit(function)
    for _ in range(3):
        assert f(w.ones(1)).item() == 6
    assert f.traces == 1 and kept[0]() is None


def test_a_closure_that_holds_its_own_jitted_is_collected(w):
    def make():
        big = w.ones(10)

        @w.jit
        def f(x):
            return x * big if f is not None else x

        f(w.ones(10))
        return weakref.ref(f), weakref.ref(big)

    f, big = make()
    gc.collect()
    assert f() is None and big() is None


def test_a_jitted_module_is_freed(w):
    model = w.jit(w.nn.Sequential(w.nn.Linear(2, 2), w.nn.ReLU()))
    model(w.ones(1, 2))
    alive = weakref.ref(model), weakref.ref(model[0].weight)
    del model
    gc.collect()
    assert alive[0]() is None and alive[1]() is None


# Any program, any change


class State:
    """What a random program reads, and how each part of it can change."""

    def __init__(self, w, rng):
        self.w, self.rng = w, rng
        self.names = ["a", "b", "c"]

        class Part(w.nn.Module):
            shift = 1.0

            def __init__(part):
                super().__init__()
                part.weight = w.nn.Parameter(w.full((3,), self.number()))
                part.scale, part.table = self.number(), {n: [self.number()] for n in self.names}

            def value(part, x):
                return x * part.weight + part.scale

        class Plain:
            factor = 2.0

            def __init__(plain):
                plain.x, plain.nested = self.number(), {"k": [self.number(), (self.number(),)]}

            @property
            def double(plain):
                return plain.x * 2

        self.Part, self.Plain = Part, Plain
        self.parts = w.nn.ModuleList([Part(), Part()])
        self.objects = [Plain(), Plain()]
        self.array = np.full(3, self.number(), dtype=np.float32)
        self.cell, self.set_cell = self.make_cell()
        self.space = {"G": self.number(), "H": [self.number()]}
        exec("def reads_global(x): return x * G + H[0]\n", self.space)
        self.default = lambda x, k=1.0: x * k

    def number(self):
        return float(self.rng.randint(1, 9))

    def make_cell(self):
        value = self.number()

        def read(x):
            return x - value

        def change():
            nonlocal value
            value = self.number()

        return read, change

    def reads(self):
        """Functions of x, each with one way of reading."""
        parts, objects, w = self.parts, self.objects, self.w
        i, name = self.rng.randrange(2), self.rng.choice(self.names)
        return [
            lambda x: parts[i].value(x),
            lambda x: x * parts[i].weight,
            lambda x: x + parts[i].table[name][0],
            lambda x: x * parts[i].shift,
            lambda x: sum((p.value(x) for p in parts), x),
            lambda x: x * (2 if parts[i].training else 3),
            lambda x: x * objects[i].x + objects[i].double,
            lambda x: x + objects[i].nested["k"][1][0],
            lambda x: x * objects[i].factor,
            lambda x: x * len(objects) + sum(o.x for o in objects),
            lambda x: x + w.from_numpy(self.array),
            lambda x: x * float(self.array[0]),
            lambda x: self.cell(x),
            self.space["reads_global"],
            lambda x: self.default(x),
        ]

    def changes(self):
        rng, i = self.rng, self.rng.randrange(2)
        part, plain = self.parts[i], self.objects[i]
        return [
            lambda: setattr(part, "scale", self.number()),
            lambda: setattr(part, "weight", self.w.nn.Parameter(self.w.full((3,), self.number()))),
            lambda: part.weight.data.fill_(self.number()),
            lambda: part.table[rng.choice(self.names)].__setitem__(0, self.number()),
            lambda: part.train(rng.random() < 0.5),
            lambda: self.parts.__setitem__(i, self.Part()),
            lambda: setattr(self.Part, "shift", self.number()),
            lambda: setattr(part, "shift", self.number()),
            lambda: setattr(plain, "x", self.number()),
            lambda: plain.nested["k"].__setitem__(1, (self.number(),)),
            lambda: setattr(self.Plain, "factor", self.number()),
            lambda: setattr(plain, "factor", self.number()),
            lambda: self.objects.__setitem__(i, self.Plain()),
            lambda: self.objects.append(self.Plain()) if len(self.objects) < 4 else self.objects.pop(),
            lambda: self.array.__setitem__(rng.randrange(3), self.number()),
            lambda: setattr(self, "array", np.full(3, self.number(), dtype=np.float32)),
            self.set_cell,
            lambda: setattr(self, "cell", self.make_cell()[0]),
            lambda: self.space.update(G=self.number()),
            lambda: self.space["H"].__setitem__(0, self.number()),
            lambda: setattr(self.default, "__defaults__", (self.number(),)),
        ]


@pytest.mark.filterwarnings("ignore:.*has been traced.*:RuntimeWarning")
@pytest.mark.parametrize("seed", range(40))
def test_random_programs_after_random_changes(w, seed):
    rng = random.Random(seed)
    state = State(w, rng)
    steps = rng.choices(state.reads(), k=rng.randint(1, 4))

    def program(x):
        for step in steps:
            x = step(x)
        return x

    f, x = w.jit(program), w.tensor([1.0, -2.0, 0.5])
    for _ in range(12):
        assert f(x).tolist() == program(x).tolist()
        traces = f.traces
        f(x)
        assert f.traces == traces, f.explain()
        rng.choice(state.changes())()
