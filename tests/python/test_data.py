"""utils.data: datasets, samplers, collation, DataLoader."""

import collections

import numpy as np
import pytest
from support import to_numpy, weft_only


def tolist(batch):
    return [x.tolist() for x in batch]


class Squares:
    """A plain sequence is a dataset too."""

    def __len__(self):
        return 7

    def __getitem__(self, index):
        return index * index


def test_batches_in_order(w):
    loader = w.utils.data.DataLoader(Squares(), batch_size=3)
    assert tolist(loader) == [[0, 1, 4], [9, 16, 25], [36]] and len(loader) == 3
    assert tolist(loader) == tolist(loader)
    dropped = w.utils.data.DataLoader(Squares(), batch_size=3, drop_last=True)
    assert tolist(dropped) == [[0, 1, 4], [9, 16, 25]] and len(dropped) == 2
    assert len(w.utils.data.DataLoader(Squares())) == 7


def test_single_samples(w):
    loader = w.utils.data.DataLoader([1, "a", np.ones(2)], batch_size=None)
    got = list(loader)
    assert got[:2] == [1, "a"] and got[2].tolist() == [1, 1] and len(loader) == 3


def test_shuffling_is_a_permutation_and_follows_the_generator(w):
    def epochs(seed):
        loader = w.utils.data.DataLoader(
            range(50), batch_size=50, shuffle=True, generator=w.Generator().manual_seed(seed)
        )
        return [next(iter(loader)).tolist() for _ in range(2)]

    first, second = epochs(1)
    assert sorted(first) == list(range(50)) and first != list(range(50)) and first != second
    assert epochs(1) == [first, second] and epochs(2)[0] != first
    w.manual_seed(3)
    one = next(iter(w.utils.data.DataLoader(range(50), 50, shuffle=True))).tolist()
    w.manual_seed(3)
    assert next(iter(w.utils.data.DataLoader(range(50), 50, shuffle=True))).tolist() == one


def test_tensor_dataset(w):
    x, y = w.arange(12.0).reshape(6, 2), w.arange(6)
    data = w.utils.data.TensorDataset(x, y)
    assert len(data) == 6 and data[2][0].tolist() == [4, 5] and data[-1][1].item() == 5
    with pytest.raises((ValueError, AssertionError)):
        w.utils.data.TensorDataset(x, w.arange(5))
    batches = list(w.utils.data.DataLoader(data, batch_size=4))
    assert type(batches[0]) is list and [b[0].shape[0] for b in batches] == [4, 2]
    assert batches[1][0].tolist() == [[8, 9], [10, 11]] and batches[1][1].dtype == w.int64


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int64", "uint8", "bool"])
def test_the_fast_way_gives_the_same_batches(w, dtype):
    data = w.utils.data

    class Slow(data.Dataset):
        def __init__(self, inner):
            self.inner = inner

        def __len__(self):
            return len(self.inner)

        def __getitem__(self, index):
            return self.inner[index]

    tensors = data.TensorDataset(
        w.randn(11, 3, 2).mul(9).to(getattr(w, dtype)), w.arange(11)[:, None].expand(11, 2), w.rand(11)
    )
    subset = data.Subset(data.Subset(tensors, range(10, -1, -1)), [3, 0, 0, 5, 9])
    for fast in (tensors, subset):
        for one, other in zip(data.DataLoader(fast, 4), data.DataLoader(Slow(fast), 4), strict=True):
            assert type(one) is type(other) and len(one) == len(other) == 3
            for a, b in zip(one, other):
                assert a.dtype == b.dtype and a.shape == b.shape
                np.testing.assert_array_equal(to_numpy(a), to_numpy(b))


def test_batches_do_not_share_memory_with_the_dataset(w):
    x = w.zeros(4, 2)
    for (batch,) in w.utils.data.DataLoader(w.utils.data.TensorDataset(x), batch_size=2):
        batch.add_(1)
    assert float(x.sum()) == 0


def test_subclasses_with_their_own_samples_are_asked(w):
    class Doubled(w.utils.data.TensorDataset):
        def __getitem__(self, index):
            return tuple(2 * x for x in super().__getitem__(index))

    class Negative(w.utils.data.Subset):
        def __getitem__(self, index):
            return -super().__getitem__(index)[0]

        __getitems__ = w.utils.data.Subset.__getitems__

    doubled = Doubled(w.arange(3))
    assert next(iter(w.utils.data.DataLoader(doubled, batch_size=3)))[0].tolist() == [0, 2, 4]
    if w.__name__ == "weft":
        negative = Negative(doubled, [2, 1])
        assert next(iter(w.utils.data.DataLoader(negative, batch_size=2))).tolist() == [-4, -2]


def test_own_collate_function(w):
    data = w.utils.data.TensorDataset(w.arange(3))
    got = list(w.utils.data.DataLoader(data, batch_size=2, collate_fn=lambda samples: [s[0].item() for s in samples]))
    assert got == [[0, 1], [2]]


def test_getitems_is_used(w):
    class Many:
        def __len__(self):
            return 4

        def __getitem__(self, index):
            raise AssertionError("one by one")

        def __getitems__(self, indices):
            return [i * 10 for i in indices]

    assert tolist(w.utils.data.DataLoader(Many(), batch_size=3)) == [[0, 10, 20], [30]]


def test_iterable_dataset(w):
    class Count(w.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(5))

        def __len__(self):
            return 5

    assert tolist(w.utils.data.DataLoader(Count(), batch_size=2)) == [[0, 1], [2, 3], [4]]
    assert tolist(w.utils.data.DataLoader(Count(), batch_size=2, drop_last=True)) == [[0, 1], [2, 3]]
    assert list(w.utils.data.DataLoader(Count(), batch_size=None)) == [0, 1, 2, 3, 4]
    assert len(w.utils.data.DataLoader(Count(), batch_size=2)) == 3
    assert list(Count() + Count()) == [0, 1, 2, 3, 4] * 2
    with pytest.raises(ValueError):
        w.utils.data.DataLoader(Count(), shuffle=True)
    with pytest.raises(ValueError):
        w.utils.data.DataLoader(Count(), sampler=[1])


def test_samplers(w):
    data = w.utils.data
    assert list(data.SequentialSampler("abc")) == [0, 1, 2] and len(data.SequentialSampler("abc")) == 3
    assert sorted(data.RandomSampler("abcd")) == [0, 1, 2, 3]
    drawn = list(data.RandomSampler("abcd", replacement=True, num_samples=100))
    assert len(drawn) == 100 and set(drawn) == {0, 1, 2, 3}
    assert sorted(data.RandomSampler("abc", num_samples=8))[:2] == [0, 0]
    assert len(list(data.RandomSampler("abc", num_samples=8))) == len(data.RandomSampler("abc", num_samples=8)) == 8
    assert sorted(data.SubsetRandomSampler([7, 3, 5])) == [3, 5, 7]
    weighted = list(data.WeightedRandomSampler([0.0, 3.0, 1.0], 400))
    assert 0 not in weighted and 240 < weighted.count(1) < 360
    assert sorted(data.WeightedRandomSampler([1.0, 3.0, 1.0], 3, replacement=False)) == [0, 1, 2]
    assert list(data.BatchSampler(range(5), 2, True)) == [[0, 1], [2, 3]]
    assert len(data.BatchSampler(range(5), 2, True)) == 2 and len(data.BatchSampler(range(5), 2, False)) == 3
    for bad in (
        lambda: data.RandomSampler("abc", num_samples=0),
        lambda: data.WeightedRandomSampler([1.0], 0),
        lambda: data.BatchSampler(range(5), 0, False),
        lambda: data.BatchSampler(range(5), 2, "no"),
    ):
        with pytest.raises(ValueError):
            bad()


def test_samplers_in_the_loader(w):
    data = w.utils.data
    assert tolist(data.DataLoader(Squares(), 2, sampler=[5, 1, 2])) == [[25, 1], [4]]
    loader = data.DataLoader(Squares(), batch_sampler=[[0, 3], [1]])
    assert tolist(loader) == [[0, 9], [1]] and len(loader) == 2
    for bad in (
        dict(shuffle=True, sampler=[1]),
        dict(batch_sampler=[[1]], batch_size=2),
        dict(batch_sampler=[[1]], shuffle=True),
        dict(batch_sampler=[[1]], drop_last=True),
        dict(batch_size=None, drop_last=True),
        dict(batch_size=0),
    ):
        with pytest.raises(ValueError):
            data.DataLoader(Squares(), **bad)


def test_collation(w):
    collate = w.utils.data.default_collate
    Point = collections.namedtuple("Point", "x y")
    got = collate([Point(1, 2.5), Point(3, 4.5)])
    assert type(got).__name__ == "Point" and got.x.tolist() == [1, 3] and got.y.dtype == w.float64
    got = collate([{"a": w.ones(2), "b": "p"}, {"a": w.zeros(2), "b": "q"}])
    assert got["a"].tolist() == [[1, 1], [0, 0]] and got["b"] == ["p", "q"]
    got = collate([[np.float32(1), True], [np.float32(2), False]])
    assert got[0].dtype == w.float32 and got[1].dtype == w.bool and got[1].tolist() == [True, False]
    assert collate([np.arange(2, dtype="int32")] * 2).dtype == w.int32
    assert tuple(collate([np.zeros(()), np.ones(())]).shape) == (2,)
    with pytest.raises(TypeError):
        collate([object()])
    with pytest.raises(RuntimeError):
        collate([[1], [1, 2]])
    with pytest.raises(RuntimeError):
        collate([w.ones(2), w.ones(3)])


@weft_only
def test_collation_names_the_sample(w):
    with pytest.raises(RuntimeError, match=r"sample 2 of the batch has shape \(3,\), sample 0 has \(2,\)"):
        w.utils.data.default_collate([w.ones(2), w.ones(2), w.ones(3)])


def test_datasets_made_of_others(w):
    data = w.utils.data
    joined = data.ConcatDataset([[1, 2], [3, 4, 5]])
    assert [joined[i] for i in range(5)] == [1, 2, 3, 4, 5] and joined[-5] == 1
    assert joined.cumulative_sizes == [2, 5]
    with pytest.raises((IndexError, ValueError)):
        joined[-6]
    both = data.TensorDataset(w.arange(2)) + data.TensorDataset(w.arange(3))
    assert len(both) == 5 and both[4][0].item() == 2
    stacked = data.StackDataset([1, 2], ["a", "b"])
    assert stacked[1] == (2, "b") and len(stacked) == 2
    assert data.StackDataset(x=[1, 2], y=[3, 4])[0] == {"x": 1, "y": 3}
    with pytest.raises(ValueError):
        data.StackDataset([1], [1, 2])
    with pytest.raises((ValueError, AssertionError)):
        data.ConcatDataset([])


def test_random_split(w):
    split = w.utils.data.random_split
    parts = split(range(10), [7, 3], generator=w.Generator().manual_seed(1))
    assert [len(p) for p in parts] == [7, 3] and sorted([*parts[0], *parts[1]]) == list(range(10))
    again = split(range(10), [7, 3], generator=w.Generator().manual_seed(1))
    assert [list(p) for p in parts] == [list(p) for p in again]
    assert [len(p) for p in split(range(10), [0.5, 0.25, 0.25])] == [6, 2, 2]
    for bad in ([7, 4], [0.5, 0.6]):
        with pytest.raises(ValueError):
            split(range(10), bad)


@pytest.mark.parametrize("size, replicas", [(10, 3), (9, 3), (2, 5), (1, 1)])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
def test_shares_of_processes(w, size, replicas, shuffle, drop_last):
    samplers = [
        w.utils.data.DistributedSampler(range(size), replicas, rank, shuffle=shuffle, drop_last=drop_last)
        for rank in range(replicas)
    ]
    for epoch in range(2):
        for sampler in samplers:
            sampler.set_epoch(epoch)
        shares = [list(sampler) for sampler in samplers]
        assert [len(share) for share in shares] == [len(samplers[0])] * replicas
        seen = [index for share in shares for index in share]
        if drop_last:
            assert len(set(seen)) == len(seen) == size // replicas * replicas
        else:
            assert set(seen) == set(range(size)) and len(seen) - size < replicas


@weft_only
def test_shares_without_a_process_group(w):
    with pytest.raises(RuntimeError, match="process group"):
        w.utils.data.DistributedSampler(range(3))
    with pytest.raises(ValueError, match="rank"):
        w.utils.data.DistributedSampler(range(3), 2, 2)
