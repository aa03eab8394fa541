"""A bool tensor whose memory came from elsewhere holds any bytes: all but 0 are true, for every op that reads it."""

import io
import json
import pickle
import struct

import numpy as np
import pytest
from cases.row import Make
from op_calls import rows
from support import map_arrays, tensors_in, to_tensor, weft_only

pytestmark = weft_only

BYTES = (2, 255, 1, 4, 128)


def foreign(w, array, device="cpu"):
    """A bool tensor with the truths of the array, held as bytes other than 1."""
    count = np.cumsum(array.reshape(-1)).reshape(array.shape)
    raw = np.where(array, np.asarray(BYTES, "uint8")[count % len(BYTES)], 0).astype("uint8")
    return w.from_numpy(np.asarray(raw)).to(device).view(w.bool)


def values(result):
    """Plain Python values of all tensors in a result; those of bool have gone through a cast."""
    return [repr(t.detach().to("cpu").tolist()) for t in tensors_in(result)]


def uses_bools(op):
    dtype = "bool" if "bool" in op.dtypes else op.dtypes[0]
    found = []
    for sample in op.samples(Make(dtype)):
        map_arrays(lambda a: found.append(a) if a.dtype == bool and a.size else None, [sample.args, sample.kwargs])
    return bool(found)


@pytest.mark.parametrize("op", rows(uses_bools))
def test_rows(w, device, op):
    dtype = "bool" if "bool" in op.dtypes else op.dtypes[0]
    for sample in op.samples(Make(dtype)):

        def call(make_bool, given=sample):
            def convert(array):
                own = dtype if dtype != "bool" and array.dtype.kind == "f" else None
                return make_bool(w, array, device) if array.dtype == bool else to_tensor(w, array, own, device)

            args, kwargs = map_arrays(convert, [list(given.args), given.kwargs])
            w.manual_seed(1)
            return values(op.function(w)(*args, **kwargs)), values(args)

        plain = call(lambda w, array, device: to_tensor(w, array, None, device))
        assert call(foreign) == plain, f"{op}{sample}"


MASK = np.array([True, False, True, True, False, True, True, False, True])


READERS = {
    "tolist": lambda w, m: m.tolist(),
    "item": lambda w, m: m[0].item(),
    "print": lambda w, m: repr(m),
    "truth": lambda w, m: [bool(x) for x in m],
    "index": lambda w, m: w.arange(9.0)[m],
    "assign": lambda w, m: (lambda x: (x.__setitem__(m, 5.0), x)[1])(w.arange(9.0)),
    "assign rows": lambda w, m: (lambda x: (x.__setitem__(m, w.arange(6.0)), x)[1])(w.arange(9.0)),
    "strided": lambda w, m: m[::2].nonzero(),
    "transposed": lambda w, m: m.reshape(3, 3).t().nonzero(),
    "float": lambda w, m: [m.to(t).tolist() for t in (w.float32, w.float64, w.float16, w.bfloat16, w.uint8, w.int64)],
    "to bool": lambda w, m: m.to(w.bool).int(),
    "copy_": lambda w, m: w.zeros(9).copy_(m),
    "copied to bool": lambda w, m: w.zeros(9, dtype=w.bool).copy_(m).int(),
    "clone": lambda w, m: m.clone().sum(),
    "sum": lambda w, m: (m.sum(), m.float().mean(), m.prod(), m.cumsum(0), m.count_nonzero()),
    "any": lambda w, m: (m.any(), m.all(), m[:1].all(), m.reshape(3, 3).all(1), m.reshape(3, 3).any(0)),
    "extreme": lambda w, m: (m.max(), m.min(), m.argmax(), m.reshape(3, 3).argmin(1), m.int().max()),
    "compare": lambda w, m: (m == w.tensor(MASK), m != w.tensor(MASK), m == True, m < 2, m.eq(1)),  # noqa: E712
    "logic": lambda w, m: (~m, m & m, m | m, m ^ w.tensor(MASK), w.logical_not(m), w.logical_xor(m, w.ones(9))),
    "arithmetic": lambda w, m: (m + 1, m * 3, m + m, m * w.ones(9), w.where(m, 1.0, 0.0), m.square()),
    "sort": lambda w, m: (m.sort(), m.unique(), m.unique_consecutive(), m.topk(3).values, w.bincount(m.int())),
    "join": lambda w, m: (w.cat([m, m]).sum(), w.stack([m, m]).nonzero(), m.repeat(2).int(), m.flip(0).nonzero()),
    "gather": lambda w, m: (m.gather(0, w.tensor([0, 1, 2])).int(), m[[0, 1, 2]].int(), m.index_select(0, w.arange(2))),
    "scatter": lambda w, m: w.zeros(9, dtype=w.bool).index_put((w.arange(9) % 3,), m, accumulate=True),
    "masked": lambda w, m: (
        w.ones(9).masked_fill(m, 0),
        w.arange(9).masked_select(m),
        w.zeros(9).masked_scatter(m, w.arange(9.0)),
    ),
    "equal": lambda w, m: w.equal(m, w.tensor(MASK)),
    "jit": lambda w, m: w.jit(lambda a: (w.where(a, a + 1.0, 0.0), a.sum(), a == True))(m),  # noqa: E712
    "attention": lambda w, m: w.nn.functional.scaled_dot_product_attention(
        w.ones(1, 1, 1, 4),
        w.arange(36.0).reshape(1, 1, 9, 4),
        w.arange(36.0).reshape(1, 1, 9, 4),
        m.reshape(1, 1, 1, 9),
    ),
}


def plain(result):
    return result if not tensors_in(result) else [t.tolist() for t in tensors_in(result)]


@pytest.mark.parametrize("name", READERS)
def test_readers(w, name):
    wanted = plain(READERS[name](w, w.tensor(MASK)))
    assert plain(READERS[name](w, foreign(w, MASK))) == wanted


def test_large_masks(w):
    """Past what vectors and threads take at once."""
    truths = np.random.default_rng(0).random(100_003) < 0.5
    m = foreign(w, truths)
    assert m.sum().item() == truths.sum()
    assert np.array_equal(m.nonzero().flatten().numpy(), truths.nonzero()[0])
    assert np.array_equal(w.where(m, 1, 2).numpy(), np.where(truths, 1, 2))


def test_doors(w):
    """Files, NumPy, DLPack and buffers give bytes as they are."""
    raw = np.array([2, 0, 255, 1], "uint8")
    tensors = [
        w.from_numpy(raw.view("bool")),
        w.tensor(raw.view("bool")),
        w.from_dlpack(raw.view("bool")),
        w.frombuffer(bytearray(raw.tobytes()), dtype=w.bool),
    ]
    header = json.dumps({"a": {"dtype": "BOOL", "shape": [4], "data_offsets": [0, 4]}}).encode()
    tensors.append(w.load(io.BytesIO(struct.pack("<Q", len(header)) + header + raw.tobytes()))["a"])
    file = io.BytesIO()
    w.save({"a": tensors[0]}, file)
    tensors.append(w.load(io.BytesIO(file.getvalue()))["a"])
    for m in tensors:
        assert m.tolist() == [True, False, True, True]
        assert m.sum().item() == 3 and m.nonzero().flatten().tolist() == [0, 2, 3]


RAW = np.array([[0, 2, 255], [1, 0, 4]], "uint8")
VIEWS = {
    "whole": lambda m: m,
    "transposed": lambda m: m.t(),
    "every other": lambda m: m[:, ::2],
    "repeated": lambda m: m[0].expand(4, 3),
    "scalar": lambda m: m[0, 1],
    "empty": lambda m: m[:0],
    "no columns": lambda m: m[:, 3:],
}
DOORS = {
    "numpy": lambda w, m: m.numpy(),
    "asarray": lambda w, m: np.asarray(m),
    "array": lambda w, m: np.array(m),
    "dlpack": lambda w, m: np.from_dlpack(m),
    "buffer": lambda w, m: np.frombuffer(memoryview(m).tobytes(), bool).reshape(tuple(m.shape)),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("view", VIEWS)
def test_exports(w, door, view):
    """NumPy gets bytes of 0 and 1; other views of the memory stay as they are."""
    raw = w.tensor(RAW.tolist(), dtype=w.uint8)
    m = VIEWS[view](raw.view(w.bool))
    array = DOORS[door](w, m)
    expected = VIEWS[view](w.tensor((RAW != 0).tolist()))
    assert array.dtype == bool and array.shape == tuple(expected.shape) and array.tolist() == expected.tolist()
    assert set(array.tobytes()) <= {0, 1}
    assert raw.tolist() == RAW.tolist()


def test_looking_at_memory_changes_nothing(w):
    plain = w.tensor([True, False])
    plain.numpy()[1] = True
    assert plain.tolist() == [True, True]
    array = np.array([0, 1, 2, 3], np.uint8)
    m = w.from_numpy(array).view(w.bool)
    assert m.numpy().view("uint8").tolist() == [0, 1, 1, 1] and not m.numpy().flags.writeable
    assert array.tolist() == [0, 1, 2, 3]


def test_what_is_lent_as_a_copy_is_not_written(w):
    raw = w.tensor([0, 2], dtype=w.uint8)
    m = raw.view(w.bool)
    for door in ("numpy", "asarray", "dlpack"):
        with pytest.raises(ValueError, match="read-only"):
            DOORS[door](w, m)[0] = True
    with pytest.raises(BufferError, match="read-only"):
        m.__dlpack__()
    with pytest.raises(BufferError, match="needs a copy"):
        m.__dlpack__(max_version=(1, 0), copy=False)
    with pytest.raises(ValueError, match="needs a copy"):
        m.__array__(copy=False)
    assert raw.tolist() == [0, 2]
    reading = w.frombuffer(b"\x00\x02", dtype=w.bool)
    assert reading.numpy().view("uint8").tolist() == [0, 1]


def test_files_and_copies(w, tmp_path):
    m = w.tensor(RAW.tolist(), dtype=w.uint8).view(w.bool)
    w.save({"m": m}, tmp_path / "x.safetensors")
    back = w.load(tmp_path / "x.safetensors")["m"]
    for copy in (back, pickle.loads(pickle.dumps(m))):
        assert copy.tolist() == m.tolist() and copy.numpy().view("uint8").max() == 1
    data = np.array([0, 2], "uint8")
    header = json.dumps({"m": {"dtype": "BOOL", "shape": [2], "data_offsets": [0, 2]}}).encode()
    (tmp_path / "odd.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data.tobytes())
    assert w.load(tmp_path / "odd.safetensors")["m"].numpy().view("uint8").tolist() == [0, 1]
