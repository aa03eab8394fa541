"""copy, deepcopy and pickle of everything that users hold."""

import copy
import pickle

import pytest
from support import weft_only

WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle{p}": lambda o, p=p: pickle.loads(pickle.dumps(o, p)) for p in range(2, pickle.HIGHEST_PROTOCOL + 1)},
}
OBJECTS = {
    "Size": lambda w: w.Size([2, 3]),
    "shape": lambda w: w.ones(2, 3).shape,
    "dtype": lambda w: w.float16,
    "device": lambda w: w.device("meta"),
    "Tensor": lambda w: w.arange(6.0).reshape(2, 3),
    "bfloat16": lambda w: w.ones(2, dtype=w.bfloat16),
    "bool": lambda w: w.tensor([True, False]),
    "empty": lambda w: w.ones(0, 3),
    "channels_last": lambda w: w.arange(120.0).reshape(2, 3, 4, 5).to(memory_format=w.channels_last),
    "permuted": lambda w: w.arange(24).bfloat16().reshape(2, 3, 4).permute(2, 0, 1),
    "0-dim": lambda w: w.tensor(2),
    "Parameter": lambda w: w.nn.Parameter(w.ones(2)),
    "finfo": lambda w: w.finfo(w.float32),
    "iinfo": lambda w: w.iinfo(w.int8),
    "max": lambda w: w.max(w.ones(2, 3), 0),
    "sort": lambda w: w.ones(3).sort(),
    "topk": lambda w: w.ones(3).topk(2),
    "aminmax": lambda w: w.ones(3).aminmax(),
    "Generator": lambda w: w.Generator().manual_seed(3),
}


def same(w, a, b):
    if isinstance(a, w.Tensor):
        if a.numel() and a.stride() != b.stride():
            return False
        return a.dtype is b.dtype and a.requires_grad == b.requires_grad and a.shape == b.shape and bool((a == b).all())
    if isinstance(a, w.Generator):
        return w.equal(a.get_state(), b.get_state())
    if isinstance(a, tuple) and not isinstance(a, w.Size):
        return len(a) == len(b) and all(same(w, x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, (w.finfo, w.iinfo)):
        return repr(a) == repr(b)
    return a == b


@weft_only
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("what", OBJECTS)
def test_round_trip(w, what, way):
    original = OBJECTS[what](w)
    made = WAYS[way](original)
    assert type(made) is type(original) and same(w, original, made)
    if what == "dtype":
        assert made is original


@weft_only
def test_all_named_tuples_are_in_return_types(w):
    for name in dir(w._C._return_types):
        if not name.startswith("_"):
            kind = getattr(w.return_types, name)
            assert kind.__module__ == "weft.return_types" and kind.__name__ == name


@weft_only
@pytest.mark.parametrize("way", [w for w in WAYS if w != "copy"])
def test_a_generator_goes_its_own_way(w, way):
    g = w.Generator().manual_seed(7)
    w.rand(5, generator=g)
    twin = WAYS[way](g)
    after = twin.get_state()
    assert twin.initial_seed() == 7
    first = w.rand(5, generator=g)
    assert w.equal(twin.get_state(), after)
    assert w.equal(w.rand(5, generator=twin), first)


@weft_only
def test_a_model_with_a_generator_is_copied(w):
    model = w.nn.Linear(2, 2)
    model.generator = w.Generator().manual_seed(1)
    twin = copy.deepcopy(model)
    assert twin.generator is not model.generator
    assert w.equal(w.rand(2, generator=twin.generator), w.rand(2, generator=model.generator))


@weft_only
@pytest.mark.parametrize("way", [w for w in WAYS if w != "copy"])
def test_attributes_are_copied_too(w, way):
    x = w.nn.Parameter(w.ones(2))
    x.tags, x.me = ["a"], x
    made = WAYS[way](x) if way == "deepcopy" else None
    if made is None:
        del x.me  # pickle makes the tensor before its attributes are there
        made = WAYS[way](x)
    else:
        assert made.me is made
    assert made.tags == ["a"] and made.tags is not x.tags


def test_a_tensor_of_a_graph_is_pickled_as_a_leaf(w):
    x = w.ones(2, requires_grad=True)
    again = pickle.loads(pickle.dumps(x * 3))
    assert again.is_leaf and again.requires_grad and again.tolist() == [3, 3]
    layer = w.nn.utils.prune.l1_unstructured(w.nn.Linear(2, 3), "weight", amount=2)
    assert pickle.loads(pickle.dumps(layer)).weight.tolist() == layer.weight.tolist()
