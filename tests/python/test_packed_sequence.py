"""nn.utils.rnn: sequences of different lengths without padding."""

import copy
import pickle

import numpy as np
import pytest
from support import assert_same, to_numpy, weft_only


def sequences(w, lengths, *rest, requires_grad=False):
    rng = np.random.default_rng(0)
    return [w.from_numpy(rng.standard_normal((n, *rest))).requires_grad_(requires_grad) for n in lengths]


@pytest.mark.parametrize("lengths", [[3], [2, 2], [5, 3, 3, 1], [4, 2, 1, 1, 1]])
@pytest.mark.parametrize("rest", [(), (2,), (2, 3)])
@pytest.mark.parametrize("batch_first", [False, True])
def test_there_and_back(w, lengths, rest, batch_first):
    rnn = w.nn.utils.rnn
    for order in (lengths, lengths[::-1], [*lengths[1:], lengths[0]]):
        parts = sequences(w, order, *rest)
        packed = rnn.pack_sequence(parts, enforce_sorted=False)
        longest = max(lengths)
        assert packed.batch_sizes.tolist() == [sum(n > t for n in lengths) for t in range(longest)]
        rows = [parts[i][t] for t in range(longest) for i in packed.sorted_indices.tolist() if order[i] > t]
        np.testing.assert_array_equal(to_numpy(packed.data), np.stack([to_numpy(row) for row in rows]))
        padded, back = rnn.pad_packed_sequence(packed, batch_first, -1.0, longest + 2)
        assert back.tolist() == order
        batched = padded if batch_first else padded.transpose(0, 1)
        assert tuple(batched.shape) == (len(order), longest + 2, *rest)
        for i, n in enumerate(order):
            assert_same(batched[i, :n], parts[i])
            assert bool((batched[i, n:] == -1).all())
        for one, two in zip(rnn.unpack_sequence(packed), parts, strict=True):
            assert_same(one, two)
        again = rnn.pack_padded_sequence(padded, w.tensor(order), batch_first, enforce_sorted=False)
        assert_same(again.data, packed.data)
        assert_same(again.sorted_indices, packed.sorted_indices)


def test_gradients(w):
    rnn = w.nn.utils.rnn
    parts = sequences(w, [2, 4, 1], 3, requires_grad=True)
    packed = rnn.pack_sequence(parts, enforce_sorted=False)
    padded, lengths = rnn.pad_packed_sequence(packed)
    weights = w.arange(padded.numel(), dtype=w.float64).reshape(padded.shape)
    (padded * weights).sum().backward()
    for i, part in enumerate(parts):
        assert_same(part.grad, weights[: lengths[i], i])


def test_conversions(w):
    packed = w.nn.utils.rnn.pack_sequence(sequences(w, [1, 3], 2), enforce_sorted=False)
    assert packed.to(w.float64) is packed and packed.cpu() is packed and packed.double() is packed
    for name, dtype in (
        ("float", "float32"), ("half", "float16"), ("long", "int64"), ("int", "int32"), ("short", "int16"),
        ("char", "int8"), ("byte", "uint8"),
    ):  # fmt: skip
        other = getattr(packed, name)()
        assert type(other) is type(packed) and other.data.dtype == getattr(w, dtype)
        assert other.batch_sizes is packed.batch_sizes
        assert_same(other.unsorted_indices, packed.unsorted_indices)
    assert not packed.is_cuda and not packed.is_pinned()
    data, batch_sizes, sorted_indices, unsorted_indices = packed
    assert data is packed.data and batch_sizes.tolist() == [2, 1, 1]
    assert_same(sorted_indices[unsorted_indices], w.arange(2))
    for twin in (copy.deepcopy(packed), pickle.loads(pickle.dumps(packed))):
        assert type(twin) is type(packed)
        assert_same(twin.data, packed.data)
    two = w.nn.utils.rnn.PackedSequence((data, batch_sizes))
    assert two.data is data and two.sorted_indices is None
    assert w.nn.utils.rnn.invert_permutation(None) is None
    assert w.nn.utils.rnn.PackedSequence(data, batch_sizes, w.tensor([1, 0])).unsorted_indices.tolist() == [1, 0]


@weft_only
@pytest.mark.parametrize(
    "call, error, says",
    [
        (lambda w, r: r.pack_padded_sequence(w.ones(3), [3]), RuntimeError, "2 dims"),
        (lambda w, r: r.pack_padded_sequence(w.ones(3, 2), [3]), RuntimeError, "each of 2 sequences, got 1"),
        (lambda w, r: r.pack_padded_sequence(w.ones(3, 2), [3, 0]), RuntimeError, "from 1 to 3"),
        (lambda w, r: r.pack_padded_sequence(w.ones(3, 2), [4, 1]), RuntimeError, "got 4"),
        (lambda w, r: r.pack_padded_sequence(w.ones(3, 2), [1, 3]), RuntimeError, "enforce_sorted=False"),
        (lambda w, r: r.pack_padded_sequence(w.ones(3, 2), [1.5, 3]), TypeError, "lengths"),
        (lambda w, r: r.pack_padded_sequence([1, 2], [1]), TypeError, "a Tensor as input"),
        (lambda w, r: r.pack_sequence([]), RuntimeError, "at least one"),
        (lambda w, r: r.pack_sequence([w.ones(2), w.ones(0)]), RuntimeError, "from 1"),
        (lambda w, r: r.pad_packed_sequence(w.ones(2)), TypeError, "PackedSequence"),
        (lambda w, r: r.pad_packed_sequence(r.pack_sequence([w.ones(3)]), total_length=2), ValueError, "at least 3"),
        (lambda w, r: r.pad_packed_sequence(r.PackedSequence(w.ones(2), w.tensor([1]))), RuntimeError, "2 rows"),
        (lambda w, r: r.PackedSequence(w.ones(2), w.empty(1, device="meta")), ValueError, "on the CPU"),
        (lambda w, r: r.unpack_sequence(3), TypeError, "PackedSequence"),
    ],
)
def test_errors(w, call, error, says):
    with pytest.raises(error, match=says):
        call(w, w.nn.utils.rnn)


@weft_only
def test_beside_pytorch(w):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    for _ in range(20):
        lengths = rng.integers(1, 7, rng.integers(1, 6)).tolist()
        array = rng.standard_normal((max(lengths), len(lengths), 2))
        results = []
        for module in (w, torch):
            packed = module.nn.utils.rnn.pack_padded_sequence(module.from_numpy(array), lengths, enforce_sorted=False)
            results.append([*packed, *module.nn.utils.rnn.pad_packed_sequence(packed, total_length=8)])
        order = results[0][2].tolist()
        assert sorted(lengths, reverse=True) == [lengths[i] for i in order]
        for one, two in zip(results[0], results[1], strict=True):
            np.testing.assert_array_equal(to_numpy(one), two.numpy())
