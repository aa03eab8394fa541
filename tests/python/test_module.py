"""nn.Module: members, walks, conversions, hooks, text, copies."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest
from support import to_numpy, weft_only


def make_net(w):
    class Net(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.features = w.nn.Sequential(w.nn.Linear(4, 8), w.nn.ReLU(), w.nn.BatchNorm1d(8))
            self.head = w.nn.Linear(8, 2, bias=False)
            self.register_buffer("scale", w.ones(1))
            self.register_buffer("cache", w.zeros(3), persistent=False)

        def forward(self, x):
            return self.head(self.features(x)) * self.scale

    return Net()


def test_members_and_walks(w):
    net = make_net(w)
    assert [name for name, _ in net.named_parameters()] == [
        "features.0.weight",
        "features.0.bias",
        "features.2.weight",
        "features.2.bias",
        "head.weight",
    ]
    assert [name for name, _ in net.named_buffers()] == [
        "scale",
        "cache",
        "features.2.running_mean",
        "features.2.running_var",
        "features.2.num_batches_tracked",
    ]
    assert [name for name, _ in net.named_modules()] == [
        "",
        "features",
        "features.0",
        "features.1",
        "features.2",
        "head",
    ]
    assert [name for name, _ in net.named_children()] == ["features", "head"]
    assert [name for name, _ in net.named_parameters(prefix="net", recurse=False)] == []
    assert [name for name, _ in net.head.named_parameters(prefix="net")] == ["net.weight"]
    assert len(list(net.parameters())) == 5 and len(list(net.modules())) == 6 and len(list(net.children())) == 2
    assert net.get_submodule("features.2") is net.features[2] and net.get_submodule("") is net
    assert net.get_parameter("head.weight") is net.head.weight
    assert net.get_buffer("features.2.running_mean") is net.features[2].running_mean
    for bad in (
        lambda: net.get_submodule("features.9"),
        lambda: net.get_parameter("head.bias2"),
        lambda: net.get_buffer("head.weight"),
    ):
        with pytest.raises(AttributeError):
            bad()


def test_shared_members_are_walked_once(w):
    layer = w.nn.Linear(2, 2)
    net = w.nn.Sequential(layer, layer)
    net.extra = w.nn.Linear(2, 2)
    net.extra.weight = layer.weight
    assert len(list(net.modules())) == 3
    assert len(list(net.parameters())) == 3
    assert [name for name, _ in net.named_parameters(remove_duplicate=False)] == [
        "0.weight",
        "0.bias",
        "1.weight",
        "1.bias",
        "extra.weight",
        "extra.bias",
    ]
    assert set(net.state_dict()) == {"0.weight", "0.bias", "1.weight", "1.bias", "extra.weight", "extra.bias"}


def test_assignment_decides_what_a_member_is(w):
    m = w.nn.Module()
    m.p = w.nn.Parameter(w.ones(2))
    m.b = w.ones(2)
    assert dict(m.named_buffers()) == {} and list(dict(m.named_parameters())) == ["p"]
    with pytest.raises(TypeError):
        m.p = w.ones(2)
    m.p = None
    assert m.p is None and list(m.parameters()) == [] and list(m.state_dict()) == []
    m.p = w.nn.Parameter(w.zeros(2))
    with pytest.raises(TypeError):
        m.p = w.nn.Linear(1, 1)
    del m.p
    m.p = w.nn.Linear(1, 1)
    assert [name for name, _ in m.named_children()] == ["p"]
    with pytest.raises(TypeError):
        m.p = 3
    m.register_buffer("state", w.zeros(1))
    m.state = w.ones(1)
    assert list(m.state_dict()) == ["state", "p.weight", "p.bias"]
    with pytest.raises(TypeError):
        m.state = "text"
    del m.state
    assert not hasattr(m, "state") and list(m.buffers()) == []
    with pytest.raises(AttributeError):
        del m.state
    m.b = w.nn.Parameter(w.ones(1))
    assert [name for name, _ in m.named_parameters(recurse=False)] == ["b"]


def test_registration_is_checked(w):
    m = w.nn.Linear(2, 2)
    for name, error in (
        ("", KeyError),
        ("a.b", KeyError),
        ("forward", KeyError),
        ("in_features", KeyError),
        (3, TypeError),
    ):
        with pytest.raises(error):
            m.register_parameter(name, w.nn.Parameter(w.ones(1)))
        with pytest.raises(error):
            m.register_buffer(name, w.ones(1))
        with pytest.raises(error):
            m.add_module(name, w.nn.Identity())
    with pytest.raises(TypeError):
        m.register_parameter("p", w.ones(1))
    with pytest.raises(TypeError):
        m.register_buffer("q", 1.0)
    with pytest.raises(TypeError):
        m.add_module("r", "no module")
    m.register_parameter("weight", None)
    assert m.weight is None


@weft_only
def test_a_parameter_must_be_a_leaf(w):
    with pytest.raises(TypeError, match="Tensor"):
        w.nn.Parameter([1.0, 2.0])
    made = w.nn.Parameter(w.ones(2, requires_grad=True) * 2)
    assert made.is_leaf and made.requires_grad


@weft_only
def test_forgotten_init_is_explained(w):
    class Net(w.nn.Module):
        def __init__(self):
            self.layer = w.nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"Net.__init__\(\) must call super\(\).__init__\(\)"):
        Net()


@weft_only
def test_attribute_errors_help(w):
    net = make_net(w)
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'heed'. Did you mean 'head'?"):
        _ = net.heed
    with pytest.raises(AttributeError, match="no attribute 'zzzzzz'$"):
        _ = net.zzzzzz

    class WithProperty(w.nn.Module):
        @property
        def size(self):
            return self.weihgt.shape

    with pytest.raises(AttributeError, match="weihgt"):
        _ = WithProperty().size


def test_dir_lists_members(w):
    names = dir(make_net(w))
    assert {"head", "features", "scale", "forward"} <= set(names)
    assert "0" not in dir(w.nn.Sequential(w.nn.ReLU()))


def test_private_member_dicts(w):
    net = make_net(w)
    assert list(net._modules) == ["features", "head"] and net._modules["head"] is net.head
    assert list(net.head._parameters.items())[0][0] == "weight"
    net._modules["head"] = w.nn.Linear(8, 3)
    assert net.head.out_features == 3
    net.head._parameters["weight"] = w.nn.Parameter(w.zeros(3, 8))
    assert float(net.head.weight.sum()) == 0
    del net._modules["head"]
    assert not hasattr(net, "head") and "head" not in net._modules and len(net._buffers) == 2


def test_conversions_keep_the_parameters(w):
    net = make_net(w)
    before = list(net.parameters())
    assert net.double() is net
    assert all(a is b for a, b in zip(before, net.parameters()))
    assert net.head.weight.dtype == w.float64 and net.scale.dtype == w.float64
    assert net.features[2].num_batches_tracked.dtype == w.int64
    net(w.ones(3, 4, dtype=w.float64)).sum().backward()
    net.float()
    assert net.head.weight.grad.dtype == w.float32
    assert net.half().head.weight.dtype == w.float16
    assert net.bfloat16().head.weight.dtype == w.bfloat16
    assert net.to(w.float32).head.weight.dtype == w.float32
    assert net.to("cpu", w.float64).head.weight.dtype == w.float64
    assert net.to(w.ones(1)).head.weight.dtype == w.float32
    assert net.to(device="cpu").cpu().head.weight.dtype == w.float32
    assert all(p.requires_grad and p.is_leaf for p in net.parameters())
    with pytest.raises(TypeError):
        net.to(w.int64)


def test_train_eval_requires_grad_zero_grad_apply(w):
    net = make_net(w)
    assert net.training and net.features[2].training
    assert net.eval() is net and not net.features[2].training
    assert net.train().features[2].training
    with pytest.raises(ValueError):
        net.train("yes")
    net(w.ones(3, 4)).sum().backward()
    assert net.head.weight.grad is not None
    net.zero_grad(set_to_none=False)
    assert float(net.head.weight.grad.abs().sum()) == 0
    net.zero_grad()
    assert net.head.weight.grad is None
    assert not any(p.requires_grad for p in net.requires_grad_(False).parameters())
    seen = []
    assert net.apply(lambda m: seen.append(type(m).__name__)) is net
    assert seen == ["Linear", "ReLU", "BatchNorm1d", "Sequential", "Linear", "Net"]


def test_forward_hooks(w):
    layer = w.nn.Identity()
    x = w.ones(2)
    calls = []
    handles = [
        layer.register_forward_pre_hook(lambda m, args: calls.append("pre") or (args[0] + 1,)),
        layer.register_forward_pre_hook(lambda m, args: args[0] * 2),
        layer.register_forward_hook(lambda m, args, out: calls.append(float(args[0][0]))),
        layer.register_forward_hook(lambda m, args, out: out + 10),
        layer.register_forward_pre_hook(lambda m, args: calls.append("first"), prepend=True),
    ]
    np.testing.assert_array_equal(to_numpy(layer(x)), [14, 14])
    assert calls == ["first", "pre", 4.0]
    for handle in handles:
        handle.remove()
        handle.remove()
    np.testing.assert_array_equal(to_numpy(layer(x)), [1, 1])
    with layer.register_forward_hook(lambda m, args, out: out * 3):
        np.testing.assert_array_equal(to_numpy(layer(x)), [3, 3])
    np.testing.assert_array_equal(to_numpy(layer(x)), [1, 1])


def test_forward_hooks_with_keywords(w):
    class Scale(w.nn.Module):
        def forward(self, x, factor=1):
            return x * factor

    layer = Scale()
    layer.register_forward_pre_hook(lambda m, args, kwargs: (args, {"factor": kwargs["factor"] + 1}), with_kwargs=True)
    seen = []
    layer.register_forward_hook(lambda m, args, kwargs, out: seen.append(kwargs), with_kwargs=True)
    assert float(layer(w.ones(1), factor=2)) == 3
    assert seen == [{"factor": 3}]


def test_always_called_hook_sees_the_failure(w):
    class Fails(w.nn.Module):
        def forward(self, x):
            raise ValueError("no")

    layer, seen = Fails(), []
    layer.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    layer.register_forward_hook(lambda m, args, out: seen.append("never"))
    with pytest.raises(ValueError):
        layer(w.ones(1))
    assert seen == [None]


def test_full_backward_hooks(w):
    class Affine(w.nn.Module):
        def forward(self, x, y):
            return 2 * x + 3 * y

    layer, seen = Affine(), []
    layer.register_full_backward_hook(
        lambda m, gin, gout: seen.append(([float(g) for g in gin], [float(g) for g in gout]))
    )
    layer.register_full_backward_hook(lambda m, gin, gout: (gin[0] * 100, gin[1]))
    layer.register_full_backward_pre_hook(lambda m, gout: (gout[0] * 10,))
    x, y = w.ones(1, requires_grad=True), w.ones(1, requires_grad=True)
    (layer(x, y) * 5).sum().backward()
    assert seen == [([100.0, 150.0], [50.0])]
    assert float(x.grad) == 10000 and float(y.grad) == 150


def test_full_backward_hook_without_input_gradient(w):
    layer, seen = w.nn.Linear(2, 1), []
    layer.register_full_backward_hook(lambda m, gin, gout: seen.append((gin, tuple(gout[0].shape))))
    layer(w.ones(3, 2)).sum().backward()
    assert seen == [((None,), (3, 1))]
    assert layer.weight.grad is not None
    layer.eval()
    with w.no_grad():
        layer(w.ones(3, 2))
    assert len(seen) == 1


def test_repr(w):
    assert repr(make_net(w)) == (
        "Net(\n"
        "  (features): Sequential(\n"
        "    (0): Linear(in_features=4, out_features=8, bias=True)\n"
        "    (1): ReLU()\n"
        "    (2): BatchNorm1d(8, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)\n"
        "  )\n"
        "  (head): Linear(in_features=8, out_features=2, bias=False)\n"
        ")"
    )
    assert repr(w.nn.Module()) == "Module()"

    class TwoLines(w.nn.Module):
        def extra_repr(self):
            return "a=1\nb=2"

    assert repr(TwoLines()) == "TwoLines(\n  a=1\n  b=2\n)"


class Tied:
    """Makes a model whose two layers share their weight; at module level so that it can be pickled."""

    def __new__(cls, w):
        net = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.Linear(2, 2), w.nn.BatchNorm1d(2))
        net[1].weight = net[0].weight
        return net


def test_deepcopy(w):
    net = Tied(w)
    net(w.ones(3, 2)).sum().backward()
    twin = copy.deepcopy(net)
    assert twin[0].weight is twin[1].weight and twin[0].weight is not net[0].weight
    assert isinstance(twin[0].weight, w.nn.Parameter) and twin[0].weight.requires_grad
    np.testing.assert_array_equal(to_numpy(twin[0].weight), to_numpy(net[0].weight))
    with w.no_grad():
        twin[0].weight.zero_()
    assert float(net[0].weight.abs().sum()) > 0
    frozen = copy.deepcopy(net.requires_grad_(False))
    assert not frozen[0].weight.requires_grad


def test_pickle(w):
    net = Tied(w).eval()
    twin = pickle.loads(pickle.dumps(net))
    assert twin[0].weight is twin[1].weight and isinstance(twin[0].weight, w.nn.Parameter)
    assert not twin.training and not twin[2].training
    x = w.randn(3, 2)
    np.testing.assert_array_equal(to_numpy(twin(x)), to_numpy(net(x)))
    assert len(list(twin.parameters())) == len(list(net.parameters()))
    twin.register_forward_hook(lambda m, args, out: out * 0)
    assert float(twin(x).abs().sum()) == 0


def test_modules_die_without_the_garbage_collector(w):
    gc.collect()
    gc.disable()
    try:
        net = make_net(w)
        net(w.ones(3, 4))
        watch = [weakref.ref(net), weakref.ref(net.features[0])]
        del net
        assert [ref() for ref in watch] == [None, None]
    finally:
        gc.enable()


def test_forward_is_required(w):
    with pytest.raises(NotImplementedError):
        w.nn.Module()(1)


def test_set_submodule(w):
    model = w.nn.Sequential(w.nn.Sequential(w.nn.Tanh()), w.nn.BatchNorm1d(2))
    model.set_submodule("0.0", w.nn.ReLU())
    model.set_submodule("0.new", w.nn.Linear(2, 2))
    model.set_submodule("0.new", w.nn.Identity(), strict=True)
    assert [path for path, _ in model.named_modules()] == ["", "0", "0.0", "0.new", "1"]
    assert isinstance(model[0][0], w.nn.ReLU) and isinstance(model[0].new, w.nn.Identity)
    for path, strict in (("other", True), ("0.a.b", False), ("1.weight", False), ("1.running_mean", False)):
        with pytest.raises(AttributeError):
            model.set_submodule(path, w.nn.Tanh(), strict=strict)
    for path, module in (("", w.nn.Tanh()), ("0.0", 3)):
        with pytest.raises(ValueError):
            model.set_submodule(path, module)
    assert len(list(model.modules())) == 5
