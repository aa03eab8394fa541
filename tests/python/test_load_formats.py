"""weft.load of files of other programs: .npz and GGUF (HDF5 is in tests/integrations)."""

import io
import struct
import zipfile

import numpy
import pytest
import weft
from gguf_writer import float32, gguf, text


def saved(tmp_path, content, name="file"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


ARRAYS = {
    "a": numpy.arange(12, dtype=numpy.float32).reshape(3, 4),
    "layers/0/bias": numpy.array([True, False]),
    "half": numpy.linspace(0, 1, 5).astype(numpy.float16),
    "fortran": numpy.asfortranarray(numpy.arange(24.0).reshape(2, 3, 4)),
    "big": numpy.arange(5, dtype=">i4"),
    "complex": numpy.array([1 + 2j, 3]),
    "scalar": numpy.array(3, numpy.int64),
    "empty": numpy.empty((0, 3), numpy.uint16),
}


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("save", [numpy.savez, numpy.savez_compressed])
def test_npz(tmp_path, save, mmap):
    path = tmp_path / "arrays.npz"
    save(path, **ARRAYS, text=numpy.array(["ab", "c"]))
    loaded = weft.load(path, mmap=mmap)
    assert list(loaded) == [*ARRAYS, "text"]
    for name, array in ARRAYS.items():
        tensor = loaded[name]
        assert isinstance(tensor, weft.Tensor)
        assert tensor.numpy().dtype == array.dtype.newbyteorder("=")
        assert tensor.shape == array.shape
        assert numpy.array_equal(tensor.numpy(), array)
        tensor.zero_()  # neither read-only nor the file's
    assert loaded["text"].tolist() == ["ab", "c"]
    assert weft.load(path)["a"].sum().item() == 66
    renamed = saved(tmp_path, path.read_bytes(), "weights.bin")
    assert weft.load(renamed).keys() == loaded.keys()


def test_npz_from_a_file_object(tmp_path):
    path = tmp_path / "arrays.npz"
    numpy.savez(path, a=numpy.ones(3))
    file = io.BytesIO(b"before" + path.read_bytes())
    file.seek(6)
    assert weft.load(file)["a"].tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="no local file"):
        weft.load(io.BytesIO(path.read_bytes()), mmap=True)


def npz(name, data, kind=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        archive.writestr(name, data)
    return file.getvalue()


def npy(header, data=b""):
    header = (header + " " * (-(len(header) + 11) % 64) + "\n").encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


@pytest.mark.parametrize(
    "data, expected",
    [
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}", bytes(12)), "has 12 bytes of data"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1 << 40,)}"), "no whole .npz file"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,)}"), "has 0 bytes of data"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"), "too large"),
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", bytes(8)), "Python objects"),
        (npy("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", bytes(16)), "not read"),
        (npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", bytes(4)), "not read"),
        (npy("__import__('os')"), "no whole .npz file"),
        (b"\x93NUMPY\x07\x00", "version"),
        (b"", "no whole .npz file"),
        (b"text", "no whole .npz file"),
    ],
)
@pytest.mark.parametrize("mmap", [False, True])
def test_broken_npz(tmp_path, data, expected, mmap):
    with pytest.raises(ValueError, match=expected):
        weft.load(saved(tmp_path, npz("a.npy", data)), mmap=mmap)


def test_an_npz_that_claims_to_be_large(tmp_path):
    content = npz(
        "a.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (9,)}", bytes(9)), zipfile.ZIP_DEFLATED
    )
    at = content.index(b"PK\x01\x02")
    content = content[: at + 24] + struct.pack("<I", 1 << 30) + content[at + 28 :]
    with pytest.raises(ValueError, match="larger than the file"):
        weft.load(saved(tmp_path, content))


@pytest.mark.parametrize("mmap", [False, True])
def test_gguf(tmp_path, mmap):
    x = numpy.arange(6).reshape(2, 3)
    tensors = {
        "token_embd.weight": float32(x),
        "half": (1, (3,), numpy.array([1, 2, 3], numpy.float16).tobytes()),
        "bfloat16": (30, (2,), struct.pack("<HH", 0x3F80, 0xC000)),
        "doubles": (28, (2, 1, 1, 2), numpy.arange(4.0).tobytes()),
        "ints": (26, (0, 2), b""),
        "none": (12, (0, 256), b""),
        "quantised": (8, (2, 32), (struct.pack("<e", 0.5) + bytes(range(32))) * 2),
        "four": (2, (32,), struct.pack("<e", 2) + bytes([0x1F] * 16)),
    }
    metadata = text("name") + struct.pack("<I", 8) + text("x")
    metadata += text("list") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    metadata += text("general.alignment") + struct.pack("<II", 4, 64)
    loaded = weft.load(saved(tmp_path, gguf(tensors, metadata, 3, alignment=64)), mmap=mmap)
    assert {name: tensor.dtype for name, tensor in loaded.items()} == {
        "token_embd.weight": weft.float32,
        "half": weft.float16,
        "bfloat16": weft.bfloat16,
        "doubles": weft.float64,
        "ints": weft.int32,
        "none": weft.float32,
        "quantised": weft.float32,
        "four": weft.float32,
    }
    assert loaded["token_embd.weight"].tolist() == x.tolist()
    assert loaded["half"].tolist() == [1, 2, 3]
    assert loaded["bfloat16"].tolist() == [1, -2]
    assert loaded["doubles"].shape == (2, 1, 1, 2)
    assert loaded["doubles"].flatten().tolist() == [0, 1, 2, 3]
    assert loaded["ints"].shape == (0, 2)
    assert loaded["none"].shape == (0, 256)
    assert loaded["quantised"].tolist() == [[i / 2 for i in range(32)]] * 2
    assert loaded["four"].tolist() == [14.0] * 16 + [-14.0] * 16  # low halves come first


@pytest.mark.parametrize(
    "content, expected",
    [
        (b"GGUF", "cut off"),
        (gguf({}, version=1), "version is 1"),
        (gguf({}, version=3 << 24), "version is 50331648"),
        (gguf({"a": float32([1.0])})[:-29], "cut off"),
        (gguf({"a": (0, (1 << 40,), b"")}), "cut off"),
        (gguf({"a": (0, (1 << 40, 1 << 40), b"")}), "cannot be"),
        (gguf({"a": (16, (256,), bytes(66))}), "quantised as IQ2_XXS, which is not read .*Q4_0"),
        (gguf({"a": (99, (32,), bytes(66))}), "type 99"),
        (gguf({"a": (2, (31,), bytes(18))}), "no whole blocks of Q4_0"),
        (gguf({"a": (0, (1,) * 5, bytes(4))}), "has 5 dimensions"),
        (gguf({}, text("x") + struct.pack("<I", 77), 1), "unknown type 77"),
        (gguf({}, text("general.alignment") + struct.pack("<II", 4, 3), 1), "alignment is 3"),
        (gguf({}, text("x") + struct.pack("<IIQ", 9, 9, 1) * 9, 1), "cut off|type 9"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0), "cut off"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60), "cut off"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 60) + bytes(30), "cut off"),
    ],
)
def test_broken_gguf(tmp_path, content, expected):
    with pytest.raises(ValueError, match=f"no whole GGUF file that can be read: .*({expected})"):
        weft.load(saved(tmp_path, content))


def test_overlapping_tensors_are_refused(tmp_path):
    content = gguf({"a": float32([1.0] * 8), "b": float32([1.0])})
    at = content.index(text("b")) + len(text("b")) + 16
    content = content[: at + 0] + content[at:]
    damaged = content.replace(struct.pack("<IQ", 0, 32), struct.pack("<IQ", 0, 0))
    assert damaged != content
    with pytest.raises(ValueError, match="overlaps"):
        weft.load(saved(tmp_path, damaged))


def test_mapped_safetensors_and_pt(tmp_path):
    state = {
        "w": weft.randn(50, 7),
        "n": 3,
        "b": weft.tensor([True, False, True]),
        "c": weft.randn(3).to(weft.complex64),
    }
    state["again"] = state["w"]
    weft.save(state, tmp_path / "a.safetensors")
    loaded = weft.load(tmp_path / "a.safetensors", mmap=True)
    assert weft.equal(loaded["w"], state["w"])
    assert loaded["again"] is loaded["w"]
    assert loaded["n"] == 3
    assert loaded["b"].tolist() == [True, False, True]
    assert weft.equal(loaded["c"], state["c"])
    loaded["w"].add_(1)
    assert weft.equal(weft.load(tmp_path / "a.safetensors")["w"], state["w"])
    with pytest.raises(TypeError, match="mmap must be a bool"):
        weft.load(tmp_path / "a.safetensors", mmap=1)


def test_a_mapped_model_is_trained(tmp_path):
    def model():
        return weft.nn.Sequential(weft.nn.Linear(4, 4), weft.nn.BatchNorm1d(4), weft.nn.Linear(4, 1))

    weft.save(model().state_dict(), tmp_path / "a.safetensors")
    results = []
    for mmap in (True, False):
        net = model()
        net.load_state_dict(weft.load(tmp_path / "a.safetensors", mmap=mmap), assign=True)
        optimizer = weft.optim.AdamW(net.parameters())
        for step in range(3):
            optimizer.zero_grad()
            net(weft.arange(20.0).view(5, 4) / 20 + step).square().sum().backward()
            optimizer.step()
        results.append(net.state_dict())
    assert all(weft.equal(results[0][name], results[1][name]) for name in results[1])
    tensors = weft.load(tmp_path / "a.safetensors", mmap=True)
    tensors["0.weight"].add_(1)
    assert tensors["2.weight"]._version == 0


def test_a_checkpoint_is_mapped(tmp_path):
    model = weft.nn.Linear(100, 100)
    manager = weft.training.CheckpointManager(tmp_path, max_shard_bytes=1000)
    path = manager.save(1, {"model": model})
    loaded = manager.load(mmap=True)["model"]
    assert weft.equal(loaded["weight"], model.weight)
    shard = next(iter(path.glob("*.safetensors")))
    with open(shard, "r+b") as file:
        file.truncate(shard.stat().st_size - 4)
    with pytest.raises(ValueError, match="bytes instead of"):
        manager.load(mmap=True)
