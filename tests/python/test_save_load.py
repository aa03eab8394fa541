"""save and load: round trips, shared tensors, other programs' files, damaged and foreign files."""

import collections
import io
import json
import math
import os
import pickle
import stat
import zipfile

import numpy as np
import pytest
import safetensors.numpy
import weft
from support import ALL, to_numpy


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "model.safetensors")


def round_trip(value, path):
    weft.save(value, path)
    return weft.load(path)


@pytest.mark.parametrize("dtype", ALL)
def test_every_dtype(path, dtype):
    tensor = weft.randn(3, 5).mul(50).to(getattr(weft, dtype))
    got = round_trip({"x": tensor}, path)["x"]
    assert got.dtype == tensor.dtype and not got.requires_grad
    np.testing.assert_array_equal(to_numpy(got), to_numpy(tensor))


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (4, 1, 3)])
def test_every_shape(path, shape):
    got = round_trip({"x": weft.randn(*shape) if shape else weft.tensor(2.5)}, path)["x"]
    assert tuple(got.shape) == shape


def test_values_are_kept_bit_for_bit(path):
    tensor = weft.tensor([math.nan, -0.0, math.inf, -math.inf, 1e-45])
    assert to_numpy(round_trip({"x": tensor}, path)["x"]).tobytes() == to_numpy(tensor).tobytes()


def test_views_are_stored_as_they_look(path):
    x = weft.arange(12).reshape(3, 4)
    got = round_trip({"t": x.T, "row": x[1], "wide": x[:, :1].expand(3, 5), "every": x[::2]}, path)
    for key, view in {"t": x.T, "row": x[1], "wide": x[:, :1].expand(3, 5), "every": x[::2]}.items():
        assert got[key].tolist() == view.tolist() and got[key].is_contiguous()


def test_nested_structures(path):
    value = {
        "model": collections.OrderedDict(b=weft.ones(2), a=weft.zeros(1)),
        "optimizer": {"state": {0: {"step": 3.0, "m": weft.ones(2)}}, "groups": [{"lr": 0.1, "betas": (0.9, 0.99)}]},
        "nothing": None,
        "yes": True,
        "text": 'quoted "é" \n',
        "large": 2**80,
        "not a number": math.nan,
        "infinite": -math.inf,
        "empty": [{}, [], ()],
        "numpy": [np.int64(3), np.float32(0.5)],
    }
    got = round_trip(value, path)
    assert list(got) == list(value) and list(got["model"]) == ["b", "a"]
    assert got["optimizer"]["groups"] == [{"lr": 0.1, "betas": (0.9, 0.99)}]
    assert got["optimizer"]["state"][0]["step"] == 3.0 and got["optimizer"]["state"][0]["m"].tolist() == [1, 1]
    assert got["nothing"] is None and got["yes"] is True and got["text"] == value["text"] and got["large"] == 2**80
    assert math.isnan(got["not a number"]) and got["infinite"] == -math.inf
    assert got["empty"] == [{}, [], ()] and got["numpy"] == [3, 0.5]


def test_anything_may_be_at_the_top(path):
    assert round_trip(weft.ones(2), path).tolist() == [1, 1]
    assert round_trip(3.5, path) == 3.5
    assert round_trip([], path) == []


def test_names_that_collide_or_are_reserved(path):
    value = {
        "a": {"b": weft.ones(1)},
        "a.b": weft.zeros(1),
        "__metadata__": weft.full((1,), 2.0),
        "": weft.full((1,), 3.0),
    }
    got = round_trip(value, path)
    assert [got["a"]["b"].item(), got["a.b"].item(), got["__metadata__"].item(), got[""].item()] == [1, 0, 2, 3]


def test_tied_tensors_are_stored_once_and_tied_again(path):
    big = weft.randn(1000, 10)
    got = round_trip({"embedding": big, "head": big, "same": big.detach(), "transposed": big.T}, path)
    assert got["embedding"] is got["head"] and got["same"] is got["head"]
    assert got["transposed"] is not got["head"] and got["transposed"].tolist() == big.T.tolist()
    assert os.path.getsize(path) < 2.2 * 40000


def test_models_and_optimizers(path):
    def make():
        model = weft.nn.Sequential(weft.nn.Linear(3, 4), weft.nn.BatchNorm1d(4), weft.nn.Linear(4, 1))
        return model, weft.optim.Adam(model.parameters(), lr=0.1)

    def step(model, opt, x):
        opt.zero_grad()
        (model(x) ** 2).mean().backward()
        opt.step()

    model, opt = make()
    x = weft.randn(8, 3)
    step(model, opt, x)
    weft.save({"model": model.state_dict(), "optimizer": opt.state_dict(), "epoch": 1}, path)
    other, its_opt = make()
    saved = weft.load(path)
    other.load_state_dict(saved["model"])
    its_opt.load_state_dict(saved["optimizer"])
    for _ in range(3):
        step(model, opt, x)
        step(other, its_opt, x)
    for a, b in zip(model.state_dict().values(), other.state_dict().values()):
        np.testing.assert_array_equal(to_numpy(a), to_numpy(b))


def test_other_programs_can_read_the_file(path):
    weft.save({"layer": {"weight": weft.arange(4.0)}, "epoch": 3}, path)
    got = safetensors.numpy.load_file(path)
    assert list(got) == ["layer.weight"] and got["layer.weight"].tolist() == [0, 1, 2, 3]


def test_files_of_other_programs_load_as_a_flat_dict(path):
    safetensors.numpy.save_file({"b.x": np.arange(3), "a": np.float32([[1, 2]])}, path, metadata={"format": "np"})
    got = weft.load(path)
    assert type(got) is dict and sorted(got) == ["a", "b.x"]
    assert got["b.x"].tolist() == [0, 1, 2] and got["a"].tolist() == [[1, 2]]


def test_dtypes_weft_does_not_have(path):
    safetensors.numpy.save_file({"x": np.arange(3, dtype="uint32")}, path)
    with pytest.raises(ValueError, match="'x'.*U32"):
        weft.load(path)


def test_files_in_memory():
    file = io.BytesIO()
    weft.save({"x": weft.ones(2)}, file)
    assert weft.load(io.BytesIO(file.getvalue()))["x"].tolist() == [1, 1]


def test_path_objects_and_map_location(tmp_path):
    weft.save({"x": weft.ones(2)}, tmp_path / "x")
    assert weft.load(tmp_path / "x", map_location="cpu")["x"].device.type == "cpu"
    assert weft.load(tmp_path / "x", map_location=weft.device("cpu"))["x"].tolist() == [1, 1]


def test_loaded_tensors_can_be_changed(path):
    got = round_trip({"x": weft.ones(2)}, path)["x"]
    got.add_(1)
    assert weft.load(path)["x"].tolist() == [1, 1]


def test_the_name_always_stands_for_a_whole_file(path, monkeypatch):
    weft.save({"x": weft.ones(2)}, path)

    def fails(*args, **kwargs):
        raise OSError("disk full")

    for name in ("serialize_file",):
        with monkeypatch.context() as patch:
            patch.setattr("safetensors." + name, fails)
            with pytest.raises(OSError, match="disk full"):
                weft.save({"x": weft.zeros(2)}, path)
    for name in ("replace", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fails)
            with pytest.raises(OSError, match="disk full"):
                weft.save({"x": weft.zeros(2)}, path)
    assert weft.load(path)["x"].tolist() == [1, 1]
    assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]


def test_file_and_folder_are_synced(path, monkeypatch):
    synced, real = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_mode) or real(handle))
    weft.save({"x": weft.ones(2)}, path)
    assert stat.S_ISREG(synced[0]) and stat.S_ISDIR(synced[1])


def test_permissions(path):
    old = os.umask(0o027)
    try:
        weft.save({}, path)
        assert os.stat(path).st_mode & 0o777 == 0o640
        os.chmod(path, 0o600)
        weft.save({"x": weft.ones(1)}, path)
        assert os.stat(path).st_mode & 0o777 == 0o600
    finally:
        os.umask(old)


@pytest.mark.parametrize(
    "value,error,says",
    [
        ({"a": {"b": [1, object()]}}, TypeError, r"\['a'\]\['b'\]\[1\] is a object"),
        ({"a": {1, 2}}, TypeError, "set"),
        ({2.5: 1}, TypeError, "2.5"),
        ({"f": len}, TypeError, r"\['f'\]"),
        ({"c": 1j}, TypeError, "complex"),
    ],
)
def test_what_cannot_be_saved_is_named_and_no_file_touched(path, value, error, says):
    with pytest.raises(error, match=says):
        weft.save(value, path)
    assert not os.path.exists(path)


def test_modules_are_not_saved_whole(path):
    with pytest.raises(TypeError, match="state_dict"):
        weft.save(weft.nn.Linear(1, 1), path)


def test_structures_that_contain_themselves(path):
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="contains itself"):
        weft.save(loop, path)
    twice = [1]
    assert round_trip([twice, twice], path) == [[1], [1]]


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        weft.load(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        weft.save({}, tmp_path / "nowhere" / "x")
    for use in (lambda: weft.load(tmp_path), lambda: weft.save({}, tmp_path)):
        with pytest.raises(IsADirectoryError):
            use()


class Bomb:
    """Would run code when unpickled."""

    def __reduce__(self):
        return os.mkdir, ("bomb",)


def foreign_files():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("data.pkl", pickle.dumps(Bomb()))
    array = io.BytesIO()
    np.save(array, np.ones(3))
    return {
        "empty": b"",
        "short": b"1234",
        "pickle": pickle.dumps(Bomb()),
        "zip": archive.getvalue(),
        "npy": array.getvalue(),
        "random": np.random.default_rng(0).bytes(500),
        "text": b"just some text that is long enough to be read as a header" * 3,
        "huge header": (2**62).to_bytes(8, "little") + b"{}",
        "zeros": bytes(100),
    }


@pytest.mark.parametrize("kind", foreign_files())
def test_foreign_files(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    data = foreign_files()[kind]
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(ValueError, match="safetensors"):
        weft.load(tmp_path / "x")
    with pytest.raises(ValueError, match="safetensors"):
        weft.load(io.BytesIO(data))
    assert not os.path.exists("bomb")


def test_cut_off_anywhere(path):
    weft.save({"a": weft.arange(5), "b": [weft.ones(3), "text"]}, path)
    data = open(path, "rb").read()
    for length in range(len(data)):
        with pytest.raises(ValueError):
            weft.load(io.BytesIO(data[:length]))
    with pytest.raises(ValueError):
        weft.load(io.BytesIO(data + b"1"))


def test_any_flipped_bit_of_the_header_gives_an_error_or_a_value(path):
    weft.save({"a": weft.arange(3), "b": [weft.ones(2), "text"]}, path)
    data = bytearray(open(path, "rb").read())
    header = 8 + int.from_bytes(data[:8], "little")
    for position in range(header):
        for bit in (0, 3, 6):
            data[position] ^= 1 << bit
            try:
                weft.load(io.BytesIO(bytes(data)))
            except ValueError:
                pass
            data[position] ^= 1 << bit


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "3",
        json.dumps({"version": 99, "tree": {}}),
        json.dumps({"version": 1}),
        json.dumps({"version": 1, "tree": {"tensor": "absent"}}),
        json.dumps({"version": 1, "tree": {"dict": [["a"]]}}),
        json.dumps({"version": 1, "tree": {"dict": [[[1], {"value": 1}]]}}),
        json.dumps({"version": 1, "tree": {"call": "os.system"}}),
        json.dumps({"version": 1, "tree": {"value": 1, "tensor": "x"}}),
        json.dumps({"version": 1, "tree": {"list": 3}}),
        "[" * 100000,
    ],
)
def test_damaged_structures(path, text):
    safetensors.numpy.save_file({"x": np.ones(2)}, path, metadata={"weft": text})
    with pytest.raises(ValueError):
        weft.load(path)
