"""weft.load, weft.save and checkpoints with h5py, gguf and fsspec."""

import io
import os
import zipfile

import fsspec
import gguf
import h5py
import numpy
import pytest
import weft
from weft.training import CheckpointManager


def weights(path):
    """A file as Keras writes it."""
    rng = numpy.random.default_rng(0)
    arrays = {
        "layers/dense/vars/0": rng.standard_normal((4, 3)).astype("f4"),
        "layers/dense/vars/1": numpy.zeros(3, "f4"),
        "layers/conv2d/vars/0": rng.standard_normal((3, 3, 1, 2)).astype("f2"),
        "optimizer/vars/0": numpy.array(7, "i8"),
        "flags": numpy.array([True, False]),
        "big": numpy.arange(4, dtype=">f8"),
    }
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)
        file.create_dataset("packed", data=numpy.arange(1000), chunks=(100,), compression="gzip", shuffle=True)
        file["alias"] = h5py.SoftLink("/flags")
        file.attrs["layer_names"] = ["dense"]
    return arrays | {"packed": numpy.arange(1000)}


@pytest.mark.parametrize("mmap", [False, True])
def test_hdf5(tmp_path, mmap):
    arrays = weights(tmp_path / "model.weights.h5")
    loaded = weft.load(tmp_path / "model.weights.h5", mmap=mmap)
    assert loaded.keys() == arrays.keys()
    for name, array in arrays.items():
        assert loaded[name].shape == array.shape
        assert numpy.array_equal(loaded[name].numpy(), array), name
        assert loaded[name].numpy().dtype == array.dtype.newbyteorder("=")
        loaded[name].zero_()
    assert weft.load(tmp_path / "model.weights.h5")["packed"].sum().item() == 499500


def test_keras_archive(tmp_path):
    arrays = weights(tmp_path / "model.weights.h5")
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / "m.keras", "w", kind) as archive:
            archive.writestr("config.json", "{}")
            archive.write(tmp_path / "model.weights.h5", "model.weights.h5")
        assert weft.load(tmp_path / "m.keras").keys() == arrays.keys()
    with pytest.raises(ValueError, match="cannot be mapped"):
        weft.load(tmp_path / "m.keras", mmap=True)


def test_hdf5_that_is_not_read(tmp_path):
    path = tmp_path / "a.h5"
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(80))
    with h5py.File(path, "w") as file:
        file.create_dataset("outside", (10,), "f8", external=[(str(secret), 0, 80)])
    with pytest.raises(ValueError, match="lies in other files"):
        weft.load(path)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = numpy.ones(3)
    with h5py.File(path, "w") as file:
        file["link"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")
    assert weft.load(path) == {}
    with h5py.File(path, "w") as file:
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (3,))
        file.create_virtual_dataset("virtual", layout)
    with pytest.raises(ValueError, match="lies in other files"):
        weft.load(path)
    with h5py.File(path, "w") as file:
        file.create_dataset("huge", (1 << 40,), "f8", chunks=(1 << 16,), compression="gzip")
    with pytest.raises(ValueError, match="'huge' is larger than what the file holds"):
        weft.load(path)
    with h5py.File(path, "w") as file:
        file.create_dataset("record", (2,), [("a", "f4"), ("b", "i4")])
    with pytest.raises(ValueError, match="'record' has dtype"):
        weft.load(path)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ValueError, match="no HDF5 file that can be read"):
        weft.load(path)


QUANTISED = {
    "Q4_0": [0],
    "Q4_1": [0, 2],
    "Q5_0": [0],
    "Q5_1": [0, 2],
    "Q8_0": [0],
    "Q2_K": [80, 82],
    "Q3_K": [108],
    "Q4_K": [0, 2],
    "Q5_K": [0, 2],
    "Q6_K": [208],
}


@pytest.mark.parametrize("mmap", [False, True])
def test_gguf_as_its_own_library_reads_it(tmp_path, mmap):
    rng = numpy.random.default_rng(0)
    path = tmp_path / "m.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_array("tokens", ["a", "bc"] * 10)
    writer.add_float32("scale", 1.5)
    writer.add_bool("flag", True)
    expected = {}
    for name, halves in QUANTISED.items():
        kind = getattr(gguf.GGMLQuantizationType, name)
        blocks = rng.integers(0, 256, (6, gguf.GGML_QUANT_SIZES[kind][1]), dtype=numpy.uint8)
        for at in halves:  # numbers in half precision, of which random bytes would make NaN and infinity
            blocks[:, at : at + 2] = rng.standard_normal((6, 1)).astype(numpy.float16).view(numpy.uint8)
        raw = blocks.reshape(3, -1)
        expected[name] = gguf.quants.dequantize(raw, kind)
        writer.add_tensor(name, raw, raw_dtype=kind)
    for dtype in ("f2", "f4", "f8", "i1", "i2", "i4", "i8"):
        expected[dtype] = rng.integers(-5, 5, (2, 3)).astype(dtype)
        writer.add_tensor(dtype, expected[dtype])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    loaded = weft.load(path, mmap=mmap)
    assert loaded.keys() == expected.keys()
    for name, array in expected.items():
        assert numpy.array_equal(loaded[name].numpy(), array), name
        assert loaded[name].numpy().dtype == array.dtype


def test_save_and_load_at_a_url():
    state = {"w": weft.randn(10, 3), "n": 3}
    weft.save(state, "memory://folder/a.safetensors")
    loaded = weft.load("memory://folder/a.safetensors")
    assert loaded["n"] == 3
    assert weft.equal(loaded["w"], state["w"])
    with pytest.raises(ValueError, match="no local file"):
        weft.load("memory://folder/a.safetensors", mmap=True)
    with pytest.raises(FileNotFoundError):
        weft.load("memory://folder/none")
    with pytest.raises(ValueError, match="nosuch"):
        weft.load("nosuch://folder/none")


def test_a_save_at_a_url_that_fails_leaves_what_was_there(monkeypatch):
    weft.save([1], "memory://kept")

    def fail(self, data):
        raise OSError(28, "No space left")

    monkeypatch.setattr(fsspec.implementations.memory.MemoryFile, "write", fail)
    with pytest.raises(OSError, match="No space left"):
        weft.save([2], "memory://kept")
    monkeypatch.undo()
    assert weft.load("memory://kept") == [1]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_checkpoints_at_a_url(tmp_path, asynchronous):
    for url in (f"memory://run{asynchronous}", f"file://{tmp_path}/run"):
        model = weft.nn.Linear(30, 30)
        manager = CheckpointManager(url, keep_last=2, asynchronous=asynchronous, max_shard_bytes=1000)
        assert manager.restore({"model": model}) is None
        for step in range(4):
            path = manager.save(step, {"model": model}, {"loss": 1.0})
        manager.wait()
        assert path == f"{url}/step-00000003"
        assert [info.step for info in CheckpointManager(url).verify()] == [2, 3]
        fresh = weft.nn.Linear(30, 30)
        assert CheckpointManager(url).restore({"model": fresh}).metrics == {"loss": 1.0}
        assert weft.equal(fresh.weight, model.weight)
        assert CheckpointManager(url).restore({"model": fresh}, path).step == 3
        with pytest.raises(ValueError, match="no local file"):
            manager.load(mmap=True)
        files = fsspec.core.url_to_fs(url)[0]
        shard = sorted(files.find(path))[-1]
        data = bytearray(files.cat_file(shard))
        data[-1] ^= 1
        files.pipe_file(shard, bytes(data))
        with pytest.raises(ValueError, match="its checksum is wrong"):
            CheckpointManager(url).restore({"model": fresh})
        files.rm(f"{path}/manifest.json")  # as if killed before it was written
        assert CheckpointManager(url).restore({"model": fresh}).step == 2
        manager.save(3, {"model": model})
        assert manager.restore({"model": fresh}).step == 3


def test_a_checkpoint_at_a_url_that_fails(monkeypatch):
    manager = CheckpointManager("memory://full")
    manager.save(1, {})
    manager.wait()

    def fail(self, data):
        raise OSError(28, "No space left")

    monkeypatch.setattr(fsspec.implementations.memory.MemoryFile, "write", fail)
    manager.save(2, {"m": weft.nn.Linear(2, 2)})
    with pytest.raises(OSError, match="step 2 could not be written"):
        manager.wait()
    monkeypatch.undo()
    assert [info.step for info in manager.verify()] == [1]


def test_hdf5_from_a_file_object(tmp_path):
    weights(tmp_path / "a.h5")
    file = io.BytesIO((tmp_path / "a.h5").read_bytes())
    assert weft.load(file)["optimizer/vars/0"].item() == 7
    assert file.tell() == os.path.getsize(tmp_path / "a.h5")
