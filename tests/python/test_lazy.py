"""Layers whose parameters get their shape from the first input; parameters without a shape; buffers by assignment."""

import copy

import pytest
from support import weft_only

CASES = [
    ("LazyLinear", "Linear", (3,), (5, 2), 2),
    ("LazyConv1d", "Conv1d", (4, 3), (1, 2, 9), 2),
    ("LazyConv2d", "Conv2d", (4, 3), (1, 2, 9, 9), 2),
    ("LazyConv3d", "Conv3d", (4, 3), (1, 2, 5, 5, 5), 2),
    ("LazyConvTranspose1d", "ConvTranspose1d", (4, 3), (1, 2, 9), 2),
    ("LazyConvTranspose2d", "ConvTranspose2d", (4, 3), (1, 2, 5, 5), 2),
    ("LazyConvTranspose3d", "ConvTranspose3d", (4, 3), (1, 2, 3, 3, 3), 2),
    ("LazyBatchNorm1d", "BatchNorm1d", (), (4, 2, 3), 2),
    ("LazyBatchNorm2d", "BatchNorm2d", (), (4, 2, 3, 3), 2),
    ("LazyBatchNorm3d", "BatchNorm3d", (), (4, 2, 3, 3, 3), 2),
    ("LazyInstanceNorm1d", "InstanceNorm1d", (), (4, 2, 3), 2),
    ("LazyInstanceNorm2d", "InstanceNorm2d", (), (4, 2, 3, 3), 2),
    ("LazyInstanceNorm3d", "InstanceNorm3d", (), (4, 2, 3, 3, 3), 2),
]


def lazy(w, name, args):
    return getattr(w.nn, name)(*args)


@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.parametrize("name,becomes,args,shape,channels", CASES)
def test_a_lazy_layer_becomes_the_one_that_it_is_named_after(w, name, becomes, args, shape, channels):
    layer = lazy(w, name, args)
    kind, plain = getattr(w.nn, name), getattr(w.nn, becomes)
    assert type(layer) is kind and isinstance(layer, plain) and layer.has_uninitialized_params()
    for member in (*layer.parameters(), *layer.buffers()):
        if isinstance(member, (w.nn.UninitializedParameter, w.nn.UninitializedBuffer)):
            with pytest.raises(RuntimeError, match=r"shape"):
                member.shape  # noqa: B018
    w.manual_seed(0)
    out = layer(w.ones(*shape))
    assert type(layer) is plain
    w.manual_seed(0)
    options = {"affine": True, "track_running_stats": True} if name.startswith("LazyInstance") else {}
    same = plain(channels, *args, **options)
    assert repr(layer) == repr(same)
    assert list(layer.state_dict()) == list(same.state_dict())
    for key, value in same.state_dict().items():
        if "running" not in key and "tracked" not in key:
            assert w.equal(layer.state_dict()[key], value), key
    assert w.equal(out, same(w.ones(*shape)))
    out.sum().backward()
    for parameter in layer.parameters():
        assert type(parameter) is w.nn.Parameter and tuple(parameter.grad.shape) == tuple(parameter.shape)


@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.parametrize("name,becomes,args,shape,channels", CASES)
def test_lazy_layers_load_a_state_before_their_first_call(w, name, becomes, args, shape, channels):
    first, second = lazy(w, name, args), lazy(w, name, args)
    first(w.ones(*shape))
    second.load_state_dict(first.state_dict())
    assert not second.has_uninitialized_params()
    x = w.randn(*shape)
    assert w.equal(first.eval()(x), second.eval()(x)) and type(second) is type(first)


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_a_state_without_shapes(w):
    layer = w.nn.LazyLinear(3)
    state = layer.state_dict()
    assert list(state) == ["weight", "bias"] and isinstance(state["weight"], w.nn.UninitializedParameter)
    w.nn.LazyLinear(3).load_state_dict(state)
    with pytest.raises(RuntimeError):
        w.nn.Linear(2, 3).load_state_dict(state)


@weft_only
def test_a_load_that_fails_leaves_lazy_layers_lazy(w):
    model = w.nn.Sequential(w.nn.LazyLinear(3), w.nn.Linear(3, 2))
    good = w.nn.Sequential(w.nn.Linear(4, 3), w.nn.Linear(3, 2)).state_dict()
    good["1.weight"] = w.ones(5, 5)
    with pytest.raises(RuntimeError, match=r"1\.weight"):
        model.load_state_dict(good)
    assert model[0].has_uninitialized_params()
    good["1.weight"] = w.ones(2, 3)
    model.load_state_dict(good, assign=True)
    assert tuple(model(w.ones(1, 4)).shape) == (1, 2)


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_lazy_layers_in_a_model(w):
    model = w.nn.Sequential(w.nn.LazyConv2d(4, 3), w.nn.LazyBatchNorm2d(), w.nn.Flatten(), w.nn.LazyLinear(2)).double()
    twin = copy.deepcopy(model)
    assert twin[0].has_uninitialized_params() and twin[0].weight is not model[0].weight
    x = w.ones(2, 3, 6, 6, dtype=w.float64)
    assert model(x).dtype == w.float64 and tuple(model[3].weight.shape) == (2, 64)
    assert twin[0].has_uninitialized_params()
    twin(x)
    assert type(twin[1]) is w.nn.BatchNorm2d
    grown = copy.deepcopy(model)
    assert type(grown[0]) is w.nn.Conv2d
    grown(x)


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_lazy_layers_check_the_input(w):
    with pytest.raises(RuntimeError):
        w.nn.LazyConv2d(4, 3)(w.ones(1, 2))
    with pytest.raises(ValueError):
        w.nn.LazyConv2d(4, 3, groups=2)(w.ones(1, 3, 5, 5))
    with pytest.raises(ValueError):
        w.nn.LazyBatchNorm2d()(w.ones(1, 3, 5))


@weft_only
def test_unbatched_input_of_a_lazy_instance_norm(w):
    layer = w.nn.LazyInstanceNorm1d()
    assert tuple(layer(w.randn(3, 7)).shape) == (3, 7) and layer.num_features == 3


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_a_lazy_module_of_ones_own(w):
    from importlib import import_module

    mixin = import_module(f"{w.__name__}.nn.modules.lazy").LazyModuleMixin

    class Scale(w.nn.Module):
        def forward(self, x, factor=1):
            return x * self.scale * factor

    class LazyScale(mixin, Scale):
        cls_to_become = Scale

        def __init__(self):
            super().__init__()
            self.scale = w.nn.UninitializedParameter()
            self.register_buffer("seen", w.nn.UninitializedBuffer())

        def initialize_parameters(self, x, factor=1):
            self.scale.materialize(x.shape)
            self.seen.materialize((factor,))
            w.nn.init.ones_(self.scale)

    layer = LazyScale()
    assert layer(w.ones(2), factor=3).tolist() == [3.0, 3.0]
    assert type(layer) is Scale and tuple(layer.seen.shape) == (3,)

    class Forgets(mixin, w.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = w.nn.UninitializedParameter()

        def initialize_parameters(self, x):
            pass

    with pytest.raises(RuntimeError):
        Forgets()(w.ones(1))


def test_materialize_takes_one_size(w):
    p = w.nn.parameter.UninitializedParameter()
    p.materialize(3)
    assert type(p) is w.nn.Parameter and p.shape == (3,)


def test_nothing_is_computed_with_what_has_no_shape(w):
    p = w.nn.UninitializedParameter()
    for use in (lambda: p + 1, lambda: 1 - p, lambda: p @ w.ones(1), lambda: p.sum(), lambda: p[0], lambda: p.view(1)):
        with pytest.raises((ValueError, RuntimeError)):
            use()
    assert p.double().dtype == w.float64 and p.requires_grad
    p.materialize((2, 3), dtype=w.float64)
    assert type(p) is w.nn.Parameter and p.dtype == w.float64 and tuple((p + 1).shape) == (2, 3)


def test_buffers_by_assignment(w):
    layer = w.nn.Module()
    layer.mean = w.nn.Buffer(w.ones(2))
    layer.hidden = w.nn.Buffer(w.zeros(2), persistent=False)
    assert list(layer.state_dict()) == ["mean"] and len(list(layer.buffers())) == 2
    assert isinstance(layer.mean, w.nn.Buffer) and not isinstance(w.ones(1), w.nn.Buffer)
    layer.mean = w.nn.Buffer(w.ones(3), persistent=False)
    assert list(layer.state_dict()) == []
    layer.mean = w.ones(4)
    assert tuple(dict(layer.named_buffers())["mean"].shape) == (4,)
    with pytest.raises((TypeError, AttributeError)):
        w.nn.Buffer([1.0])
    assert tuple(w.nn.Buffer().shape) == (0,)
    layer.plain = 3
    with pytest.raises(KeyError):
        layer.plain = w.nn.Buffer(w.ones(1))
