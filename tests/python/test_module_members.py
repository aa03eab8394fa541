"""_parameters, _buffers and _modules are dicts, whose changes everything sees."""

import collections
import copy
import gc
import pickle
import weakref

import numpy as np
import pytest


def make_net(w):
    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = w.nn.Linear(2, 3)
            self.second = w.nn.Linear(3, 2)
            self.register_buffer("scale", w.ones(1))
            self.register_buffer("scratch", w.zeros(1), persistent=False)

        def forward(self, x):
            return self.second(self.first(x)) * self.scale

    return Net()


def test_they_are_dicts(w):
    net = make_net(w)
    for members in (net._modules, net._parameters, net._buffers, net.first._parameters):
        assert isinstance(members, dict)
    assert net._modules == {"first": net.first, "second": net.second}
    assert list(collections.OrderedDict(net._modules)) == ["first", "second"]
    assert list(net.first._parameters) == ["weight", "bias"] and len(net._buffers) == 2
    assert net._non_persistent_buffers_set == {"scratch"}
    assert net._modules is net._modules and dict(net._modules)["first"] is net.first


def test_members_replaced_through_the_dict(w):
    net = make_net(w)
    new = w.nn.Linear(2, 3)
    net._modules["first"] = new
    assert net.first is new and net.get_submodule("first") is new and new in list(net.children())
    weight = w.nn.Parameter(w.zeros(3, 2))
    new._parameters["weight"] = weight
    assert new.weight is weight and weight in set(net.parameters())
    net._buffers["scale"] = w.full((1,), 5.0)
    assert net.scale.item() == 5.0 and net.state_dict()["scale"].item() == 5.0


def test_members_added_and_removed_through_the_dict(w):
    net = make_net(w)
    extra = w.nn.ReLU()
    net._modules["third"] = extra
    assert net.third is extra and [name for name, _ in net.named_children()] == ["first", "second", "third"]
    del net._modules["third"]
    assert not hasattr(net, "third")
    assert net._modules.pop("second") is not None and not hasattr(net, "second")
    assert net._modules.pop("second", "none") == "none"
    with pytest.raises(KeyError):
        net._modules.pop("second")
    assert net._modules.setdefault("second", extra) is extra is net.second
    net._modules.update(third=extra, fourth=None)
    assert net.third is extra and net.fourth is None
    net._modules |= {"fifth": extra}
    assert net.fifth is extra
    net._modules.move_to_end("first")
    assert list(net._modules) == ["second", "third", "fourth", "fifth", "first"]
    net._modules.move_to_end("first", last=False)
    assert list(net._modules)[0] == "first"
    assert net._modules.popitem()[0] == "fifth" and not hasattr(net, "fifth")
    net._modules.clear()
    assert not hasattr(net, "first") and list(net.children()) == []


def test_the_whole_dict_replaced(w):
    net = make_net(w)
    relu = w.nn.ReLU()
    net._modules = collections.OrderedDict(only=relu)
    assert net.only is relu and not hasattr(net, "first") and isinstance(net._modules, dict)
    net._modules["more"] = relu
    assert net.more is relu


def test_attributes_change_the_dict(w):
    net = make_net(w)
    net.first = None
    assert net._modules["first"] is None
    del net.first
    assert "first" not in net._modules and not hasattr(net, "first")
    net.scratch = w.ones(2)
    assert net._buffers["scratch"].shape == (2,)
    net.second = w.nn.Parameter(w.zeros(1))  # from a module to a parameter
    assert "second" not in net._modules and net._parameters["second"] is net.second
    with pytest.raises(AttributeError):
        del net.nothing


def test_a_parameter_turned_into_an_attribute(w):
    layer = w.nn.Linear(2, 2)
    weight = layer._parameters.pop("weight")  # as reparametrising libraries do
    layer.weight = weight * 2
    assert [name for name, _ in layer.named_parameters()] == ["bias"]
    assert layer(w.ones(1, 2)).requires_grad
    layer.register_parameter("weight_g", weight)
    assert "weight_g" in layer.state_dict()


def test_sequential_and_lists(w):
    model = w.nn.Sequential(w.nn.Identity(), w.nn.Identity())
    model._modules["1"] = w.nn.ReLU()
    assert model(w.tensor([-1.0])).item() == 0.0 and isinstance(model[1], w.nn.ReLU)
    values = w.nn.ModuleList([w.nn.Identity()])
    values._modules["0"] = model
    assert values[0] is model
    dictionary = w.nn.ModuleDict({"a": w.nn.Identity()})
    dictionary._modules["b"] = model
    assert dictionary["b"] is model and set(dictionary) == {"a", "b"}


@pytest.mark.parametrize("copies", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m)), copy.copy])
def test_copies_have_dicts_of_their_own(w, copies):
    model = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.BatchNorm1d(2))
    twin = copies(model)
    assert twin._modules is not model._modules
    twin._modules["0"] = w.nn.Identity()
    assert isinstance(twin[0], w.nn.Identity) and isinstance(model[0], w.nn.Linear)
    assert list(twin.state_dict()) == [key for key in model.state_dict() if key.startswith("1.")]


def test_modules_are_freed_at_once(w):
    net = make_net(w)
    alive = weakref.ref(net)
    gc.collect()
    gc.disable()
    try:
        del net
        assert alive() is None
    finally:
        gc.enable()


def test_jit_sees_changes_through_the_dict(w):
    net = make_net(w)
    f, x = w.jit(lambda x: net(x)), w.ones(1, 2)
    assert np.allclose(f(x).detach().numpy(), net(x).detach().numpy())
    net._modules["second"] = w.nn.Linear(3, 2)
    assert np.allclose(f(x).detach().numpy(), net(x).detach().numpy())
    net.first._parameters["bias"] = w.nn.Parameter(w.full((3,), 7.0))
    assert np.allclose(f(x).detach().numpy(), net(x).detach().numpy())
    net._buffers["scale"] = w.full((1,), 3.0)
    assert np.allclose(f(x).detach().numpy(), net(x).detach().numpy())


def test_jit_sees_a_changed_order(w):
    model = w.nn.Sequential(w.nn.ReLU(), w.nn.Hardtanh(-2.0, -1.0))
    f, x = w.jit(lambda x: model(x)), w.ones(1)
    assert f(x).item() == -1.0
    model._modules.move_to_end("0")
    assert f(x).item() == 0.0


def test_getattr_called_by_a_wrapper(w):
    class Wrap(w.nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(super().__getattr__("module"), name)

    wrapped = Wrap(w.nn.Linear(2, 3))
    assert wrapped.out_features == 3 and wrapped.weight.shape == (3, 2)
    assert w.nn.Sequential(w.nn.Linear(2, 2)).__getattr__("0").in_features == 2
    with pytest.raises(AttributeError, match="nothing"):
        wrapped.nothing  # noqa: B018


LAYERS = [
    ("Conv1d", (3, 8)),
    ("Conv2d", (3, 8)),
    ("BatchNorm1d", ()),
    ("BatchNorm2d", ()),
    ("InstanceNorm3d", ()),
    ("MaxPool2d", ()),
    ("AvgPool1d", ()),
    ("ReflectionPad2d", ()),
    ("Linear", (3,)),
    ("Embedding", (3,)),
    ("AdaptiveAvgPool2d", ()),
    ("LayerNorm", ()),
    ("GroupNorm", (1,)),
]


@pytest.mark.parametrize(("name", "arguments"), LAYERS, ids=[name for name, _ in LAYERS])
def test_errors_about_arguments_name_the_layer(w, name, arguments):
    with pytest.raises(TypeError, match=rf"^{name}\.__init__\(\) missing"):
        getattr(w.nn, name)(*arguments)


def test_every_layer_names_itself(w):
    for name in w.nn.__all__:
        kind = getattr(w.nn, name)
        if (
            isinstance(kind, type) and issubclass(kind, w.nn.Module) and name not in ("Identity", "Container")
        ):  # take anything
            with pytest.raises(TypeError, match=rf"^{name}\.__init__\(\)"):
                kind(**{"no such argument": 1})


# to()


def test_forms_of_to(w):
    layer = w.nn.Linear(2, 2)
    x = w.zeros(1, dtype=w.float64)
    for arguments, keywords, dtype in [
        ((w.float64,), {}, w.float64),
        (("cpu",), {}, w.float64),
        ((w.device("cpu"), w.float16), {}, w.float16),
        (("cpu", w.float64, True), {}, w.float64),
        ((w.float16, True), {}, w.float16),
        ((x,), {}, w.float64),
        ((x,), {"non_blocking": True}, w.float64),
        ((), {"dtype": w.float32}, w.float32),
        ((), {"device": "cpu", "dtype": w.float64, "non_blocking": True}, w.float64),
        ((), {"tensor": w.zeros(1)}, w.float32),
        ((None, w.float64), {}, w.float64),
        ((), {}, w.float64),
    ]:
        assert layer.to(*arguments, **keywords) is layer and layer.weight.dtype == dtype


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ((1.5,), {}),
        (("cpu", "cpu"), {}),
        ((), {"memory": 1}),
        (([],), {}),
        ((True,), {}),
        (("cpu",), {"device": "cpu"}),
        (("cpu", True), {"non_blocking": True}),
        ((), {"dtype": "float32"}),
        ((), {"tensor": 3}),
    ],
)
def test_wrong_arguments_of_to(w, arguments, keywords):
    layer = w.nn.Linear(2, 2)
    with pytest.raises(TypeError, match=r"Module\.to: "):
        layer.to(*arguments, **keywords)
    with pytest.raises(TypeError, match="floating"):
        layer.to(w.int64)


def test_a_conversion_that_fails_half_way_changes_nothing(w):
    model = w.nn.Sequential(*[w.nn.Linear(1200, 1200, bias=False) for _ in range(4)])
    for p in model.parameters():
        p.grad = w.ones_like(p.detach())
    before = [(p.detach().numpy().copy(), p.dtype, p.grad.dtype) for p in model.parameters()]
    failures = 0
    for room in range(0, 60_000_000, 3_000_000):
        w.memory.empty_cache()
        w.memory.set_limit(w.memory.reserved() + room)
        try:
            model.half()
            break
        except w.OutOfMemoryError:
            failures += 1
        finally:
            w.memory.set_limit(None)
        for p, (values, dtype, grad_dtype) in zip(model.parameters(), before):
            assert p.dtype == dtype and p.grad.dtype == grad_dtype and np.array_equal(p.detach().numpy(), values)
    assert failures and all(p.dtype == w.float16 == p.grad.dtype for p in model.parameters())


def test_a_shared_parameter_is_converted_once(w):
    model = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.Linear(2, 2))
    model[1].weight = model[0].weight
    calls = []
    model._apply(lambda t: calls.append(1) or t * 2)
    assert len(calls) == 3 and model[1].weight is model[0].weight
