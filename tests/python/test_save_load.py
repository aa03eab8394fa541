"""save and load: round trips, shared tensors, other programs' files, damaged and foreign files."""

import collections
import io
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import weft
from support import ALL, devices, to_numpy


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
    header = json.dumps({"x": {"dtype": "F8_E8M0", "shape": [3], "data_offsets": [0, 3]}}).encode()
    Path(path).write_bytes(len(header).to_bytes(8, "little") + header + bytes(3))
    with pytest.raises(ValueError, match="'x'.*F8_E8M0"):
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


@pytest.mark.parametrize(
    "value,error,says",
    [
        ({"a": {"b": [1, object()]}}, TypeError, r"\['a'\]\['b'\]\[1\] is a object"),
        ({"a": {1, object()}}, TypeError, "object"),
        ({"a": np.array([object()])}, TypeError, r"\['a'\].*array of object"),
        ({"a": np.zeros(2, "i4,f4")}, TypeError, "array of"),
        ({"a": np.zeros(2, "longdouble")}, TypeError, "array of float128"),
        ({"a": np.ma.masked_array([1], [True])}, TypeError, "MaskedArray"),
        ({"o": weft.optim.SGD([weft.ones(1).requires_grad_()], lr=1)}, TypeError, "state_dict"),
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


def test_numpy_arrays_come_back_as_arrays(path):
    arrays = {
        dtype: np.arange(6).astype(dtype).reshape(2, 3)
        for dtype in ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?", ">f4", ">i8", "c8", "c16")
    }
    arrays |= {
        "text": np.array(["a", "ééé"]),
        "bytes": np.array([b"a", b"bcd"]),
        "days": np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"),
        "scalar": np.array(2.5),
        "empty": np.zeros((0, 3), "f4"),
        "empty text": np.zeros((0,), "U3"),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "strided": np.arange(10)[::3],
    }
    got = round_trip(arrays, path)
    for key, array in arrays.items():
        assert type(got[key]) is np.ndarray and got[key].dtype == array.dtype and got[key].shape == array.shape, key
        np.testing.assert_array_equal(got[key], array)
    got["f8"][0, 0] = 7
    assert weft.load(path)["f8"][0, 0] == 0


def test_one_array_is_stored_once_and_one_again(path):
    array = np.zeros(1000)
    got = round_trip({"a": array, "b": [array], "c": array.copy()}, path)
    assert got["a"] is got["b"][0] and got["c"] is not got["a"] and os.path.getsize(path) < 17000


def test_bytes_of_arrays_that_are_no_bools(path):
    safetensors.numpy.save_file({"x": np.array([0, 1, 2, 255], "u1")}, path)
    data = Path(path).read_bytes().replace(b'"U8"', b'"BOOL"')
    length = int.from_bytes(data[:8], "little") + 2
    got = weft.load(io.BytesIO(length.to_bytes(8, "little") + data[8:]))["x"]
    assert got.dtype == weft.bool and got.view(weft.uint8).tolist() == [0, 1, 1, 1]


def test_sets_devices_and_dtypes(path):
    value = {
        "set": {1, "a", (2, 3), frozenset([4])},
        "frozen": frozenset(),
        "device": weft.device("cpu"),
        "meta": weft.device("meta"),
        "dtypes": [weft.float16, weft.bool],
        "numpy": [np.bool_(True), np.str_("x")],
    }
    assert round_trip(value, path) == value


def test_the_same_set_makes_the_same_file():
    def saved(value):
        file = io.BytesIO()
        weft.save(value, file)
        return file.getvalue()

    words = [str(i) for i in range(100)]
    assert saved(set(words)) == saved(set(reversed(words)))


def test_ordered_dicts_stay_ordered_dicts(path):
    got = round_trip(collections.OrderedDict(b=1, a=collections.OrderedDict()), path)
    assert type(got) is collections.OrderedDict and list(got) == ["b", "a"]
    assert type(got["a"]) is collections.OrderedDict


@pytest.mark.parametrize("value", [10**5000, -(10**5000), 2**1024, 2**1024 - 1, -1, 2**63, 0], ids=hex)
def test_ints_of_any_size(path, value):
    assert round_trip({"a": value}, path)["a"] == value


def test_how_deep_structures_may_be(path):
    def nested(levels):
        value = weft.ones(1)
        for _ in range(levels):
            value = {"a": [value]}
        return value

    assert str(round_trip(nested(50), path)) == str(nested(50))
    for levels in (51, 10000):
        with pytest.raises(ValueError, match="save: .*deep"):
            weft.save(nested(levels), path)


def test_names_that_are_not_text(path):
    for value in ({"\udc80": weft.ones(1)}, {"a": "\udc80"}, {"\udc80": 1}):
        try:
            weft.save(value, path)
        except ValueError as error:
            assert "save" in str(error) and not os.path.exists(path)
        else:
            assert list(weft.load(path)) == list(value)


@pytest.mark.parametrize(
    "map_location",
    [
        None,
        "cpu",
        weft.device("cpu"),
        {"cuda:0": "cpu"},
        {"cpu": "cpu"},
        lambda storage, location: storage,
        lambda storage, location: None,
        lambda storage, location: storage.cpu() if location == "cpu" else 1 / 0,
    ],
)
def test_map_location(path, map_location):
    weft.save({"x": weft.arange(6).reshape(2, 3), "n": 1}, path)
    got = weft.load(path, map_location, weights_only=True)
    assert got["x"].tolist() == [[0, 1, 2], [3, 4, 5]] and got["x"].device.type == "cpu" and got["n"] == 1


def test_map_location_to_meta(path):
    weft.save({"x": weft.ones(2, 3)}, path)
    for place in ("meta", {"cpu": "meta"}, lambda storage, location: storage.to("meta")):
        got = weft.load(path, map_location=place)["x"]
        assert got.is_meta and tuple(got.shape) == (2, 3)


def test_map_location_that_is_none(path):
    weft.save({"x": weft.ones(2)}, path)
    for place, error in [
        (3, TypeError),
        ("nonsense", (ValueError, RuntimeError)),
        ({"cpu": 3}, TypeError),
        (lambda storage, location: 3, TypeError),
        (lambda storage, location: storage[:1], ValueError),
        (lambda storage, location: storage.double(), ValueError),
    ]:
        with pytest.raises(error):
            weft.load(path, map_location=place)
    with pytest.raises(ZeroDivisionError):
        weft.load(path, map_location=lambda storage, location: 1 / 0)


def test_tensors_of_a_device_that_is_not_there(path):
    weft.save({"x": weft.ones(2)}, path)
    described = {"version": 1, "tree": {"dict": [["x", {"tensor": "x"}]]}, "devices": {"x": "cuda:77"}}
    safetensors.numpy.save_file({"x": np.ones(2)}, path, metadata={"weft": json.dumps(described)})
    with pytest.raises(RuntimeError, match="cuda:77.*map_location='cpu'"):
        weft.load(path)
    for place in ("cpu", {"cuda:77": "cpu"}, lambda storage, location: storage if location == "cuda:77" else 1 / 0):
        assert weft.load(path, map_location=place)["x"].tolist() == [1, 1]


@pytest.mark.parametrize("device", devices())
def test_tensors_come_back_to_their_device(path, device):
    weft.save({"x": weft.ones(2, device=device)}, path)
    assert weft.load(path)["x"].device.type == device
    assert weft.load(path, map_location="cpu")["x"].device.type == "cpu"


def test_weights_only_takes_a_bool(path):
    weft.save({"x": weft.ones(2)}, path)
    for flag in (True, False, None):
        assert weft.load(path, weights_only=flag)["x"].tolist() == [1, 1]
    with pytest.raises(TypeError, match="weights_only"):
        weft.load(path, weights_only="yes")
    with pytest.raises(TypeError):
        weft.load(path, nonsense=1)


def test_subclasses_come_back_as_what_they_are_based_on(path):
    Pair = collections.namedtuple("Pair", "a b")

    class Names(list):
        pass

    values = {
        "pair": Pair(1, weft.ones(1)),
        "counter": collections.Counter("aab"),
        "names": Names("ab"),
        "float32": np.float32(0.1),
        "int8": np.int8(3),
        "bool": np.bool_(True),
        "size": weft.ones(2, 3).shape,
    }
    got = round_trip(values, path)
    wanted = {"pair": tuple, "counter": dict, "names": list, "float32": float, "int8": int, "bool": bool, "size": tuple}
    assert {name: type(value) for name, value in got.items()} == wanted
    assert got["pair"][0] == 1 and got["counter"] == {"a": 2, "b": 1} and got["float32"] == float(np.float32(0.1))
