"""default_collate and collate: what batches are made of, by the C++ function and by the one in Python."""

import collections
import itertools
import types

import numpy as np
import pytest
from support import IS_WEFT, load, to_numpy, weft_only

pytestmark = pytest.mark.usefixtures("w")
collating = getattr(load().utils.data, "collate" if IS_WEFT else "_utils").__dict__
collating = collating if IS_WEFT else vars(collating["collate"])


def same(one, other):
    """Are both batches alike, in types, dtypes and values?"""
    assert type(one).__name__ == type(other).__name__, (one, other)
    if hasattr(one, "dtype"):
        assert str(one.dtype).split(".")[-1] == str(other.dtype).split(".")[-1]
        assert tuple(one.shape) == tuple(other.shape)
        np.testing.assert_array_equal(to_numpy(one), to_numpy(other))
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            same(one[key], other[key])
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for a, b in zip(one, other):
            same(a, b)
    else:
        assert one == other


DTYPES = ["bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]
FLOATS = ["float16", "float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("dtype", DTYPES + FLOATS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 4), (2, 1, 2)])
def test_arrays_and_tensors(w, dtype, shape):
    arrays = [np.full(shape, i % 2 if dtype == "bool" else i).astype(dtype) for i in range(5)]
    for samples in (arrays, [w.from_numpy(array) for array in arrays]):
        batch = w.utils.data.default_collate(samples)
        assert tuple(batch.shape) == (5, *shape) and str(batch.dtype).endswith("." + dtype)
        np.testing.assert_array_equal(batch.numpy(), np.stack(arrays))


@pytest.mark.parametrize("dtype", DTYPES + FLOATS)
def test_numpy_numbers(w, dtype):
    numbers = [np.dtype(dtype).type(i % 2) for i in range(4)]
    if IS_WEFT or dtype not in ("uint16", "uint32", "uint64"):
        batch = w.utils.data.default_collate(numbers)
        assert str(batch.dtype).endswith("." + dtype) and batch.tolist() == [0, 1, 0, 1]


@weft_only
def test_numpy_numbers_keep_their_values(w):
    most = [np.uint64(2**64 - 1), np.int64(-(2**63)), np.float32(1e30), np.int8(-128), np.float64(np.pi)]
    for value in most:
        batch = w.utils.data.default_collate([value, value])
        assert to_numpy(batch).tolist() == [value, value] and to_numpy(batch).dtype == value.dtype


def test_views_that_are_not_contiguous(w):
    base = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    for view in (base.transpose(2, 0, 1), base[:, :, ::2], np.broadcast_to(base[0, 0], (3, 4))):
        batch = w.utils.data.default_collate([view, view])
        np.testing.assert_array_equal(batch.numpy(), np.stack([view, view]))
        tensor = w.from_numpy(base.copy()).permute(2, 0, 1)
        assert w.utils.data.default_collate([tensor, tensor]).shape == (2, 4, 2, 3)
    if IS_WEFT:
        turned = base[::-1]
        np.testing.assert_array_equal(w.utils.data.default_collate([turned, turned]).numpy(), np.stack([turned] * 2))
        odd = np.zeros(3, dtype=[("a", "u1"), ("b", "<f4")])["b"]
        assert w.utils.data.default_collate([odd, odd]).shape == (2, 3)


def test_large_samples(w):
    rows = [np.full((1 << 20,), i, np.uint8) for i in range(6)]
    for samples in (rows, [w.from_numpy(row) for row in rows]):
        batch = w.utils.data.default_collate(samples)
        assert batch.shape == (6, 1 << 20) and batch[:, -1].tolist() == list(range(6))


def test_python_numbers(w):
    collate = w.utils.data.default_collate
    cases = [
        ([1, 2], w.int64),
        ([1.0, 2], w.float64),
        ([1, 2.5], w.float32),
        ([True, False], w.bool),
        ([True, 2], w.int64),
        ([-(2**63), 2**63 - 1], w.int64),
    ]
    for values, dtype in cases:
        batch = collate(values)
        assert batch.dtype == dtype and batch.tolist() == values
    assert tuple(collate([0.5]).shape) == (1,)


def test_structures(w):
    collate = w.utils.data.default_collate
    Pair = collections.namedtuple("Pair", "x y")
    sample = (1, [2.0, "a"], {"b": (np.ones(2), b"raw")}, Pair(np.int32(1), None or "t"))
    batch = collate([sample, sample])
    ones = w.ones(2, 2, dtype=w.float64)
    want = [
        w.tensor([1, 1]),
        [w.tensor([2.0, 2.0], dtype=w.float64), ("a", "a")],
        {"b": [ones, (b"raw", b"raw")]},
        Pair(w.tensor([1, 1], dtype=w.int32), ("t", "t")),
    ]
    same(batch, want)
    same(collate([{"s": "p"}, {"s": "q", "more": 1}]), {"s": ["p", "q"]})
    assert collate(["p", "q"]) == ["p", "q"] and collate(("p", "q")) == ("p", "q")
    same(collate(((1, 2), (3, 4))), [w.tensor([1, 3]), w.tensor([2, 4])])
    same(collate([(), ()]), [])
    same(collate([{}, {}]), {})


def test_other_mappings_and_sequences(w):
    collate = w.utils.data.default_collate
    ordered = collate([collections.OrderedDict(b=1, a=2)] * 2)
    assert type(ordered) is collections.OrderedDict and list(ordered) == ["b", "a"]
    counted = collections.defaultdict(int, a=1)
    assert collate([counted, counted]).default_factory is int
    frozen = types.MappingProxyType({"a": 1})
    assert collate([frozen, frozen])["a"].tolist() == [1, 1]
    queue = collate([collections.UserList([1, 2])] * 2)
    assert type(queue) is collections.UserList and queue[1].tolist() == [2, 2]
    assert [x.tolist() for x in collate([range(2), range(2)])] == [[0, 0], [1, 1]]


def test_gradients_flow_through(w):
    x = w.ones(2, requires_grad=True)
    batch = w.utils.data.default_collate([x * 2, x])
    batch.sum().backward()
    assert x.grad.tolist() == [3, 3]
    with w.no_grad():
        assert not w.utils.data.default_collate([x, x]).requires_grad
    parameter = w.nn.Parameter(w.ones(2))
    assert w.utils.data.default_collate([parameter, parameter]).requires_grad


def test_batches_have_memory_of_their_own(w):
    x = w.zeros(2)
    w.utils.data.default_collate([x]).add_(1)
    assert x.tolist() == [0, 0]


@weft_only
def test_errors(w):
    collate = w.utils.data.default_collate
    cases = [
        ([], ValueError, "the batch is empty"),
        ([None, None], TypeError, "got NoneType"),
        ([object()], TypeError, "got object"),
        ([np.array(["a"])], TypeError, "array of <U1"),
        ([np.array([None])], TypeError, "array of object"),
        ([np.datetime64("2020-01-01")] * 2, TypeError, "got datetime64"),
        ([np.zeros(2), np.zeros(3)], RuntimeError, r"sample 1 of the batch has shape \(3,\), sample 0 has \(2,\)"),
        ([w.zeros(2), 3], TypeError, "sample 1 of the batch is of type int, sample 0 is a tensor"),
        ([np.zeros(2), [3]], TypeError, "sample 1 of the batch is of type list, sample 0 is an array"),
        ([(1, 2), (1,)], RuntimeError, "sample 1, of type tuple, has 1 members"),
        ([(1, 2), 3], RuntimeError, "sample 1, of type int, has none"),
        ([{"a": 1}, {"b": 1}], KeyError, "sample 1 of the batch lacks 'a'"),
        ([{"a": 1}, 5], KeyError, "sample 1 of the batch lacks 'a'"),
        ([2**70, 1], OverflowError, "does not fit int64"),
    ]
    for samples, error, text in cases:
        with pytest.raises(error, match=text):
            collate(samples)
    loop = []
    loop.append(loop)
    with pytest.raises(RecursionError):
        collate([loop, loop])
    with pytest.raises(TypeError):
        collate(5)


@weft_only
def test_mixed_types_promote_as_stack_does(w):
    assert w.utils.data.default_collate([w.ones(2), w.ones(2, dtype=w.int64)]).dtype == w.float32


def test_numbers_after_an_array(w):
    batch = w.utils.data.default_collate([np.array(1.5), 2.0, np.float64(3)])
    assert batch.dtype in (w.float64, w.float32) and batch.tolist() == [1.5, 2, 3]


def test_own_functions_for_types(w):
    collate = collating["collate"]

    class Word(str):
        pass

    def join(samples, *, collate_fn_map=None):
        assert collate_fn_map is mine
        return "+".join(samples)

    mine = {Word: join, (int, float): lambda samples, *, collate_fn_map: sum(samples)}
    batch = collate([{"w": Word("a"), "n": (1, 2.5)}, {"w": Word("b"), "n": (3, 4.0)}], collate_fn_map=mine)
    assert batch["w"] == "a+b" and list(batch["n"]) == [4, 6.5]
    with pytest.raises(TypeError):
        collate([1, 2])


def test_the_map_of_default_collate_can_be_changed(w):
    table = collating["default_collate_fn_map"]

    class Box:
        def __init__(self, value):
            self.value = value

    table[Box] = lambda samples, *, collate_fn_map=None: [box.value for box in samples]
    try:
        assert w.utils.data.default_collate([(Box(1), 2), (Box(3), 4)])[0] == [1, 3]
        loader = w.utils.data.DataLoader([Box(5), Box(6)], batch_size=2)
        assert next(iter(loader)) == [5, 6]
    finally:
        del table[Box]
    with pytest.raises(TypeError):
        w.utils.data.default_collate([Box(1)])


@weft_only
def test_batches_that_were_fetched_as_a_whole(w):
    from weft.utils.data.collate import FetchedBatch

    class Rows(w.utils.data.Dataset):
        def __len__(self):
            return 5

        def __getitems__(self, indices):
            rows = w.tensor(indices)
            return FetchedBatch([rows, rows * 2])

    batches = list(w.utils.data.DataLoader(Rows(), batch_size=2))
    assert [[x.tolist() for x in batch] for batch in batches][1:] == [[[2, 3], [4, 6]], [[4], [8]]]
    both = w.utils.data.ConcatDataset([Rows(), Rows()])
    x, y = next(iter(w.utils.data.DataLoader(both, batch_size=3, sampler=[9, 0, 4])))
    assert x.tolist() == [4, 0, 4] and y.tolist() == [8, 0, 8]
    part = w.utils.data.Subset(Rows(), [4, 1])
    assert next(iter(w.utils.data.DataLoader(part, batch_size=2)))[0].tolist() == [4, 1]
    seen = next(iter(w.utils.data.DataLoader(Rows(), batch_size=2, collate_fn=list)))
    assert [tuple(map(int, sample)) for sample in seen] == [(0, 0), (1, 2)]
    named = FetchedBatch({"a": w.arange(3), "t": ["p", "q", "r"]})
    assert len(named) == 3 and named[1] == {"a": 1, "t": "q"} and len(named[1:]) == 2


@weft_only
def test_random_structures_against_the_function_in_python(w, monkeypatch):
    from weft.utils.data import collate

    rng = np.random.default_rng(0)

    def sample_maker(depth):
        kind = rng.integers(0, 11 if depth < 3 else 7)
        if kind == 0:
            shape = tuple(rng.integers(0, 3, rng.integers(0, 3)))
            dtype = rng.choice(DTYPES + FLOATS)
            return lambda: rng.integers(0, 2, shape).astype(dtype)
        if kind == 1:
            shape = tuple(int(n) for n in rng.integers(0, 3, 2))
            return lambda: w.rand(*shape).t()
        if kind in (2, 3, 4):
            return [lambda: int(rng.integers(9)), lambda: float(rng.random()), lambda: bool(rng.integers(2))][kind - 2]
        if kind in (5, 6):
            return [lambda: "text", lambda: np.float32(rng.random())][kind - 5]
        members = [sample_maker(depth + 1) for _ in range(rng.integers(0, 4))]
        if kind in (7, 8):
            return lambda: (tuple, list)[kind - 7](make() for make in members)
        ordered = dict if kind == 9 else collections.OrderedDict
        return lambda: ordered((i, make()) for i, make in enumerate(members))

    for _ in range(150):
        make = sample_maker(0)
        samples = [make() for _ in range(rng.integers(1, 5))]
        fast = w.utils.data.default_collate(samples)
        with monkeypatch.context() as patch:
            patch.setattr(collate._C, "_collate", lambda batch, fallback: fallback(batch))
            same(fast, w.utils.data.default_collate(samples))


def test_many_samples_at_once(w):
    class Base:
        def __init__(self, size):
            self.size, self.calls = size, 0

        def __len__(self):
            return self.size

        def __getitem__(self, index):
            raise AssertionError("one by one")

        def __getitems__(self, indices):
            self.calls += 1
            return [10 * index for index in indices]

    data = w.utils.data
    one, other = Base(4), Base(4)
    stacked = data.StackDataset(one, other)
    assert stacked.__getitems__([1, 2]) == [(10, 10), (20, 20)] and one.calls == other.calls == 1
    named = data.StackDataset(a=one, b=["x", "y", "z", "w"])
    assert named.__getitems__([3, 0]) == [{"a": 30, "b": "w"}, {"a": 0, "b": "x"}]
    assert data.Subset(one, [3, 1]).__getitems__([1, 0]) == [10, 30]
    if IS_WEFT:
        joined = data.ConcatDataset([one, [1, 2], other])
        assert joined.__getitems__([0, 9, 5, 3, -1]) == [0, 30, 2, 30, 30]
        with pytest.raises(IndexError):
            joined.__getitems__([10])
    other.__class__ = type("Short", (Base,), {"__getitems__": lambda self, indices: [1]})
    with pytest.raises(ValueError):
        stacked.__getitems__([1, 2])


@weft_only
def test_lengths_of_a_random_split(w):
    for bad in ([12, -2], [4.5, 5.5], ["a", 3]):
        with pytest.raises((ValueError, TypeError)):
            w.utils.data.random_split(range(10), bad)
    generator = w.Generator().manual_seed(0)
    parts = w.utils.data.random_split(range(10), [0.3, 0.3, 0.4], generator)
    assert sorted(itertools.chain.from_iterable(parts)) == list(range(10))


def test_draws_follow_the_generator(w):
    data = w.utils.data

    def drawn(make):
        return [list(make(w.Generator().manual_seed(seed))) for seed in (1, 1, 2)]

    for make in (
        lambda g: data.RandomSampler(range(30), generator=g),
        lambda g: data.RandomSampler(range(30), replacement=True, num_samples=40, generator=g),
        lambda g: data.RandomSampler(range(30), num_samples=70, generator=g),
        lambda g: data.SubsetRandomSampler(range(5, 40), generator=g),
        lambda g: data.WeightedRandomSampler([1.0] * 20, 50, generator=g),
        lambda g: data.WeightedRandomSampler([1.0] * 20, 15, replacement=False, generator=g),
    ):
        one, again, other = drawn(make)
        assert one == again != other


@weft_only
def test_samplers_refuse(w):
    data = w.utils.data
    for make, error in (
        (lambda: data.RandomSampler([]), ValueError),
        (lambda: data.RandomSampler("abc", replacement=1), TypeError),
        (lambda: data.RandomSampler("abc", num_samples=2.0), ValueError),
        (lambda: data.WeightedRandomSampler([[1.0]], 1), ValueError),
        (lambda: data.WeightedRandomSampler([1.0], 1, replacement="no"), TypeError),
        (lambda: list(data.WeightedRandomSampler([1.0, -1.0], 1)), RuntimeError),
        (lambda: list(data.WeightedRandomSampler([1.0, float("nan")], 1)), RuntimeError),
        (lambda: list(data.WeightedRandomSampler([1.0, 1.0], 3, replacement=False)), RuntimeError),
        (lambda: data.BatchSampler(range(3), True, False), ValueError),
        (lambda: data.DistributedSampler(range(3), 2, -1), ValueError),
        (lambda: data.DistributedSampler(range(3), 2, 0, shuffle="no"), TypeError),
    ):
        with pytest.raises(error):
            make()


@weft_only
def test_collation_inside_of_traced_functions(w):
    collate = w.utils.data.default_collate
    twice = w.jit(lambda x, y: collate([x, y * 2]))
    assert twice(w.ones(2), w.ones(2)).tolist() == [[1, 1], [2, 2]]
    assert twice(w.zeros(2), w.ones(2)).tolist() == [[0, 0], [2, 2]]
    rows = w.vmap(lambda x: collate([x, x + 1]))(w.arange(3.0))
    assert rows.tolist() == [[0, 1], [1, 2], [2, 3]]


@weft_only
def test_other_devices_and_types(w):
    collate = w.utils.data.default_collate
    assert collate([w.ones(2, device="meta")] * 2).device.type == "meta"
    with w.device("meta"):
        assert collate([1, 2]).device.type == collate([np.ones(2)] * 2).device.type == "meta"
        assert collate([(0.5, np.float32(1))])[1].device.type == "meta"

    class Own(w.Tensor):
        pass

    assert collate([Own(w.ones(2))] * 2).shape == (2, 2)
    bfloat = collate([w.ones(2, dtype=w.bfloat16), w.zeros(2, dtype=w.bfloat16)])
    assert bfloat.dtype == w.bfloat16 and bfloat.tolist() == [[1, 1], [0, 0]]


@weft_only
def test_images_of_pillow_are_told_of_to_tensor(w):
    image = pytest.importorskip("PIL.Image").new("RGB", (4, 4))
    with pytest.raises(TypeError, match=r"got Image; give the dataset transform=weft\.transforms\.ToTensor"):
        w.utils.data.default_collate([(image, 0), (image, 1)])
