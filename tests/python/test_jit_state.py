"""Guards of weft.jit on state wherever it is: modules, classes, partials, Weft's own objects, tensors."""

import array
import collections
import contextvars
import dataclasses
import functools
import sys
import threading
import types
import weakref

import numpy as np
import pytest
from support import weft_only

pytestmark = weft_only

VALUE = 1.0
HOLDER = {}


class Box:
    def __init__(self, **values):
        self.__dict__.update(values)


def follows(w, function, *changes, x=None):
    """jit equals eager before and after each change, and is not traced again without one."""
    x = w.ones(1) if x is None else x
    f = w.jit(function, check=False)
    assert f(x).tolist() == function(x).tolist()
    f(x)
    assert f.traces == 1, f.explain()
    for number, change in enumerate(changes):
        before = function(x).tolist()
        change()
        expected = function(x).tolist()
        assert expected != before, "this change must change the result"
        assert f(x).tolist() == expected, number
        traces = f.traces
        f(x)
        assert f.traces == traces, f.explain()
    return f


# Weft's own objects


@pytest.mark.parametrize("interval", [1, 2])
def test_a_gradient_scaler(w, interval):
    runs = []
    for jitted in (False, True):
        p = w.nn.Parameter(w.ones(1))
        optimizer = w.optim.SGD([p], lr=1.0)
        scaler = w.amp.GradScaler("cpu", init_scale=4.0, growth_interval=interval)

        def f(x, p=p, scaler=scaler):
            loss = (p * x).sum()
            scaler.scale(loss).backward()
            return loss * scaler.get_scale()

        if jitted:
            f = w.jit(f)
        seen = []
        for _ in range(5):
            optimizer.zero_grad()
            seen.append(f(w.ones(1)).item())
            scaler.step(optimizer)
            scaler.update()
            seen.append(p.item())
        runs.append(seen)
    assert runs[0] == runs[1]


def optimizer_of(w):
    p = w.nn.Parameter(w.ones(1))
    return p, w.optim.SGD([p], lr=1.0, momentum=0.5)


def test_schedules(w):
    _, o = optimizer_of(w)
    schedule = w.optim.lr_scheduler.StepLR(o, 1, 0.5)
    follows(w, lambda x: x * schedule.get_last_lr()[0], schedule.step, schedule.step)
    follows(w, lambda x: x * schedule.last_epoch, schedule.step)
    follows(w, lambda x: x * schedule.gamma, lambda: setattr(schedule, "gamma", 0.1))
    follows(w, lambda x: x * schedule.optimizer.param_groups[0]["lr"], schedule.step)


KEY = "l"


def test_options_of_optimizers(w):
    _, o = optimizer_of(w)
    group = o.param_groups[0]

    def all_options(x):
        for name, value in o.param_groups[0].items():
            if name.startswith("l"):
                x = x * value
        return x

    def copied(x):
        return x * dict(o.param_groups[0])["lr"] + len({**o.param_groups[0]})

    for function in (all_options, copied, lambda x: x * o.param_groups[0][KEY + "r"]):
        follows(w, function, lambda: group.update(lr=group["lr"] * 2))
    follows(w, lambda x: x * o.param_groups[0].get("mine", 1.0), lambda: group.update(mine=3.0))
    follows(w, lambda x: x * (2 if "more" in o.param_groups[0] else 3), lambda: group.update(more=3.0))
    follows(w, lambda x: x * len(o.param_groups[0]), lambda: group.update(another=3.0))
    follows(w, lambda x: x * o.defaults["lr"], lambda: o.defaults.update(lr=7.0))
    o.mine = 1.0
    follows(w, lambda x: x * o.mine, lambda: setattr(o, "mine", 2.0))


def test_state_of_optimizers(w):
    p, o = optimizer_of(w)
    p.grad = w.ones(1)
    follows(w, lambda x: x + len(o.state), o.step)
    adam = w.optim.Adam([p], lr=0.1)
    adam.step()
    follows(w, lambda x: x * adam.state[p]["step"], adam.step, adam.step)


def test_options_that_a_jitted_function_sets_are_an_error(w):
    _, o = optimizer_of(w)

    @w.jit
    def f(x):
        for group in o.param_groups:
            group["lr"] = 0.5
        return x * 1

    with pytest.raises(RuntimeError, match="parameter group in a jitted function"):
        f(w.ones(1))


def test_data_sets(w):
    data = w.utils.data
    d = data.TensorDataset(w.ones(3), w.zeros(3))
    follows(w, lambda x: x * len(d.tensors), lambda: setattr(d, "tensors", d.tensors[:1]))
    s = data.Subset(data.TensorDataset(w.ones(9)), [1, 2])
    follows(w, lambda x: x * s.indices[0] * len(s), lambda: s.indices.append(7), lambda: setattr(s, "indices", [5]))
    loader = data.DataLoader(data.TensorDataset(w.ones(9)), batch_size=3)
    loaders = [loader]
    other = data.DataLoader(data.TensorDataset(w.ones(9)), batch_size=2)
    follows(w, lambda x: x * len(loaders[0]) * loaders[0].batch_size, lambda: loaders.__setitem__(0, other))


# Modules and classes


@pytest.fixture
def conf(monkeypatch):
    module, package = types.ModuleType("jit_state_conf"), types.ModuleType("jit_state_pkg")
    module.__file__, package.__file__, package.__path__ = "/nowhere/conf.py", "/nowhere/pkg/__init__.py", []
    exec("lr = 1.0\nclass H:\n    lr = 1.0\n    class Deep:\n        lr = 1.0\n", vars(module))
    package.sub = module
    monkeypatch.setitem(sys.modules, "jit_state_conf", module)
    monkeypatch.setitem(sys.modules, "jit_state_pkg", package)
    monkeypatch.setitem(sys.modules, "jit_state_pkg.sub", module)
    monkeypatch.setitem(globals(), "conf", module)
    return module


def readers(w, conf):
    """Functions that read conf.lr, and others that read conf.H.lr."""
    holder, table = Box(cfg=conf, kind=conf.H), {"a": conf, "k": conf.H, 0: [conf.H]}

    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.cfg, self.kind = conf, conf.H

    net = Net()

    def loop(x):
        for one in (table["a"],):
            x = x * one.lr
        return x

    def imported(x):
        import jit_state_conf as c

        return x * c.lr

    def imported_part(x):
        from jit_state_pkg import sub

        return x * sub.lr

    def imported_name(x):
        from jit_state_conf import lr

        return x * lr

    def by_name(x):
        import importlib

        return x * importlib.import_module("jit_state_conf").lr

    def variable(x):
        c = conf
        return x * c.lr

    def kind_in_variable(x):
        c = conf.H
        return x * c.lr

    def give():
        return conf

    def give_kind():
        return conf.H

    def comprehension(x):
        return x * sum([k.lr for k in table[0]])

    of_module = [
        lambda x: x * net.cfg.lr,
        lambda x: x * holder.cfg.lr,
        lambda x: x * table["a"].lr,
        lambda x: x * give().lr,
        lambda x: x * getattr(conf, "l" + "r"),
        lambda x: x * vars(conf)["lr"],
        lambda x: x * conf.__dict__["lr"],
        lambda x: x * sys.modules["jit_state_conf"].lr,
        loop,
        imported,
        imported_part,
        imported_name,
        by_name,
        variable,
    ]
    of_class = [
        lambda x: x * net.kind.lr,
        lambda x: x * holder.kind.lr,
        lambda x: x * table["k"].lr,
        lambda x: x * table[0][0].lr,
        lambda x: x * give_kind().lr,
        lambda x: x * (conf.H if x.dim() else None).lr,
        lambda x: x * getattr(conf.H, "l" + "r"),
        lambda x: x * vars(conf.H)["lr"],
        lambda x: x * type(conf.H()).lr,
        lambda x: x * holder.kind().lr,
        lambda x: x * getattr(table["k"], "l" + "r", 9.0),
        kind_in_variable,
        comprehension,
    ]
    return of_module, of_class


def test_modules_as_values(w, conf):
    for number, function in enumerate(readers(w, conf)[0]):
        conf.lr = 1.0
        follows(w, function, lambda: setattr(conf, "lr", 5.0)), number
    assert type(conf) is types.ModuleType


def test_classes_as_values(w, conf):
    for function in readers(w, conf)[1]:
        conf.H.lr = 1.0
        follows(w, function, lambda: setattr(conf.H, "lr", 5.0))
    holder = Box(kind=conf.H)
    follows(w, lambda x: x * holder.kind.Deep.lr, lambda: setattr(conf.H.Deep, "lr", 5.0))
    follows(w, lambda x: x * getattr(holder.kind, "mine", 2.0), lambda: setattr(conf.H, "mine", 5.0))


def test_attributes_of_metaclasses(w):
    class Meta(type):
        lr = 1.0

    class Made(metaclass=Meta):
        pass

    holder = [Made]
    follows(w, lambda x: x * holder[0].lr, lambda: setattr(Meta, "lr", 3.0))


def test_modules_of_another_version_and_variables_by_globals(w, conf, monkeypatch):
    follows(w, lambda x: x * globals()["VALUE"], lambda: monkeypatch.setitem(globals(), "VALUE", 3.0))
    follows(w, lambda x: x * conf.lr, lambda: setattr(conf, "lr", 2.0), lambda: setattr(conf, "lr", [3.0][0]))
    follows(w, lambda x: x * getattr(conf, "mine", 2.0), lambda: setattr(conf, "mine", 3.0))


# Partials, functions, tensors


def test_partials(w):
    table, numbers = {"s": 1.0}, np.ones(2)
    q = functools.partial(lambda x, d, more: x * d["s"] * float(more[1]), d=table, more=numbers)

    def changes():
        return (
            lambda: table.update(s=table["s"] + 4.0),
            lambda: numbers.__setitem__(1, numbers[1] + 3.0),
        )

    follows(w, lambda x: q(x), *changes())
    follows(w, q, *changes())
    holder, nested = Box(q=[q]), functools.partial(functools.partial(lambda d, x: x * d["s"], table))
    follows(w, lambda x: holder.q[0](x), *changes())
    follows(w, lambda x: nested(x), changes()[0])
    follows(w, nested, changes()[0])
    follows(w, lambda x: q(x), lambda: q.keywords.update(d={"s": 9.0}))
    follows(w, lambda x: x * q.keywords["d"]["s"], lambda: q.keywords["d"].update(s=10.0))


def test_attributes_of_functions(w):
    def k(x):
        return x * k.v

    k.v = 1.0
    holder = [k]
    follows(w, lambda x: k(x), lambda: setattr(k, "v", 2.0))
    follows(w, lambda x: x * holder[0].v, lambda: setattr(k, "v", 3.0))
    follows(w, lambda x: x * getattr(holder[0], "mine", 2.0), lambda: setattr(k, "mine", 3.0))

    def bare():
        return None

    follows(w, lambda x: x * getattr(bare, "v", 2.0), lambda: setattr(bare, "v", 3.0))


def test_decorators_of_the_standard_library(w):
    table = {"v": 1.0}

    @functools.singledispatch
    def factor(x):
        return 2.0

    factor.register(int, lambda x: 3.0)

    @functools.lru_cache
    def cached():
        return table["v"]

    def change():
        table["v"] = 5.0
        cached.cache_clear()

    follows(w, lambda x: x * factor(1) * factor("a") * cached(), change)


def test_names_that_a_tensor_does_not_have(w):
    p, name = w.nn.Parameter(w.ones(1)), "comp" + "uted"
    follows(w, lambda x: x * getattr(p, "lr_scale", 1.0), lambda: setattr(p, "lr_scale", 4.0))
    follows(w, lambda x: x * (2 if hasattr(p, "tag") else 3), lambda: setattr(p, "tag", 1))
    p.computed = 1.0
    follows(w, lambda x: x * getattr(p, name), lambda: setattr(p, "computed", 4.0))
    follows(w, lambda x: x * len(vars(p)), lambda: setattr(p, "more", 4.0))
    follows(w, lambda x: x * vars(p).get("some", 1.0), lambda: setattr(p, "some", 4.0))
    follows(w, lambda x: x * p.__dict__["some"], lambda: setattr(p, "some", 5.0), lambda: p.__dict__.update(some=6.0))


# What keeps its contents where no attribute shows them


def test_contents_of_buffers(w):
    for make in (bytearray, lambda b: array.array("b", b), lambda b: memoryview(bytearray(b))):
        buffer = make(b"\1\2")
        holder = Box(buffer=buffer)
        follows(w, lambda x, b=buffer: x * b[1], lambda b=buffer: b.__setitem__(1, 7))
        follows(w, lambda x, h=holder: x * h.buffer[1], lambda b=buffer: b.__setitem__(1, 9))
        f = w.jit(lambda x, b: x * b[0], check=False) if make is not bytearray else None
        assert f is None or isinstance(buffer, memoryview) or f(w.ones(1), memoryview(b"\5")).item() == 5
    with pytest.raises(RuntimeError, match="bytes, too many to compare"):
        big = bytearray(2 << 20)
        w.jit(lambda x: x * big[0])(w.ones(1))


def test_views_of_containers(w):
    table, parts = {"a": 1.0}, [{"b": 1.0}, {"a": 3.0}]
    values, proxy, chain = table.values(), types.MappingProxyType(table), collections.ChainMap(*parts)
    order = collections.OrderedDict(a=1.0, b=2.0)
    follows(w, lambda x: x * next(iter(values)), lambda: table.update(a=2.0))
    follows(w, lambda x: x * proxy["a"], lambda: table.update(a=3.0))
    follows(w, lambda x: x * chain["a"], lambda: parts[1].update(a=5.0), lambda: parts[0].update(a=7.0))
    follows(w, lambda x: x * next(iter(order.values())), lambda: order.move_to_end("a"))


def test_references_and_variables_of_contexts(w):
    target, local, variable = Box(v=1.0), threading.local(), contextvars.ContextVar("variable", default=1.0)
    local.v, reference = 1.0, weakref.ref(target)
    local.inner = Box(v=1.0)
    follows(w, lambda x: x * reference().v, lambda: setattr(target, "v", 3.0))
    follows(w, lambda x: x * local.v, lambda: setattr(local, "v", 3.0))
    follows(w, lambda x: x * local.inner.v, lambda: setattr(local.inner, "v", 3.0))
    follows(w, lambda x: x * variable.get(), lambda: variable.set(3.0))
    known = weakref.WeakValueDictionary(a=target)
    follows(w, lambda x: x * known["a"].v, lambda: setattr(target, "v", 5.0))


@dataclasses.dataclass
class Point:
    v: float = 1.0


def test_objects_that_library_code_reads(w):
    q = Point()
    follows(w, lambda x: x * dataclasses.asdict(q)["v"], lambda: setattr(q, "v", 3.0))
    follows(w, lambda x: x * dataclasses.replace(q).v, lambda: setattr(q, "v", 4.0))


def test_classes_that_read_in_their_own_way(w):
    class Own:
        def __init__(self):
            self.k = 1.0

        def __getattribute__(self, name):
            values = object.__getattribute__(self, "__dict__")
            return values[name] if name in values else object.__getattribute__(self, name)

    class Wrapped:
        def __init__(self):
            self.hidden = {"k": 1.0}

        def __getattr__(self, name):
            return object.__getattribute__(self, "hidden")[name]

    own, wrapped, plain = Own(), Wrapped(), Box(k=1.0)
    follows(w, lambda x: x * own.k, lambda: setattr(own, "k", 3.0))
    follows(w, lambda x: x * wrapped.k, lambda: wrapped.hidden.update(k=3.0))

    def direct(x, plain=plain):
        return x * object.__getattribute__(plain, "k")

    follows(w, direct, lambda: setattr(plain, "k", 3.0))


def test_objects_that_change_their_class(w):
    class Other(Box):
        def factor(self):
            return 5.0

    class One(Box):
        def factor(self):
            return self.k

    thing = One(k=2.0)
    follows(w, lambda x: x * thing.factor(), lambda: setattr(thing, "__class__", Other))


# Backward


@pytest.mark.parametrize("kind", ["hook", "helper", "attribute", "global", "function"])
def test_what_backward_reads_changes_before_it(w, kind, monkeypatch):
    """Between the call and backward it is an error, where eager mode takes the new value; between calls a new trace."""
    state, box = {"k": 1.0}, Box(k=1.0)

    def helper(g):
        return g * state["k"]

    class Scaled(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g * box.k

    hooks = {
        "hook": lambda: lambda g: g * state["k"],
        "helper": lambda: lambda g: helper(g),
        "attribute": lambda: lambda g: g * box.k,
        "global": lambda: lambda g: g * VALUE,
    }

    @w.jit(check=False)
    def f(x):
        y = x * 2
        if kind == "function":
            return Scaled.apply(y) * 1
        y.register_hook(hooks[kind]())
        return y * 1

    def change(to):
        state["k"] = box.k = to
        monkeypatch.setitem(globals(), "VALUE", to)

    x = w.ones(1, requires_grad=True)
    for k in (1.0, 3.0):
        change(k)
        x.grad = None
        f(x).sum().backward()
        assert x.grad.item() == 2 * k
    y = f(x)
    change(5.0)
    with pytest.raises(RuntimeError, match="reads what has changed since the call"):
        y.sum().backward()


def test_state_that_only_the_function_reads_may_change_before_backward(w):
    box, used = Box(k=2.0, h=1.0), Box(k=1.0)

    @w.jit(check=False)
    def f(x):
        y = x * box.k
        y.register_hook(lambda g: g * used.k)
        return w.nn.functional.dropout(y, 0.0) * box.h

    x = w.ones(1, requires_grad=True)
    y = f(x)
    box.k = 7.0
    y.sum().backward()
    assert x.grad.item() == 2
