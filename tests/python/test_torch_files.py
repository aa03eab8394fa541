"""load: PyTorch's files, zip and legacy. The files are written here, byte by byte; PyTorch is not needed."""

import collections
import io
import pickle
import zipfile

import numpy as np
import pytest
import weft
from support import to_numpy
from torch_pickles import (
    MAGIC,
    STORAGES,
    Call,
    Global,
    Persistent,
    dump,
    legacy_file,
    ordered_dict,
    rebuild,
    storage,
    tensor,
    zip_file,
)

FORMATS = ["zip", "legacy"]


def write(kind, make, contents):
    """A file of the format. make(storage) gives the object; contents: key -> (dtype, bytes)."""
    sizes = {
        key: len(content) // weft.empty(0, dtype=getattr(weft, d)).element_size()
        for key, (d, content) in contents.items()
    }

    def of(key):
        return storage(key, sizes[key], contents[key][0], legacy=kind == "legacy")

    pickled = dump(make(of))
    if kind == "zip":
        return zip_file(pickled, {key: content for key, (_, content) in contents.items()})
    return legacy_file(pickled, [(key, sizes[key], content) for key, (_, content) in contents.items()])


def load(data, **kwargs):
    return weft.load(io.BytesIO(data), **kwargs)


def floats(*values):
    return "float32", np.array(values, "<f4").tobytes()


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("dtype", STORAGES)
def test_every_dtype(kind, dtype):
    expected = weft.tensor([[0, 1, 2], [3, 4, 100]]).to(getattr(weft, dtype))
    raw = expected.contiguous().view(weft.uint8).numpy().tobytes()
    got = load(write(kind, lambda of: {"x": tensor(of("0"), (2, 3), (3, 1))}, {"0": (dtype, raw)}))["x"]
    assert got.dtype == expected.dtype and got.is_leaf and not got.requires_grad
    np.testing.assert_array_equal(to_numpy(got), to_numpy(expected))


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2"])
def test_dtypes_without_a_storage_class(dtype):
    """PyTorch keeps them as bytes, and the dtype beside the view."""
    expected = weft.tensor([[0, 1, 2], [3, 4, 100]]).to(getattr(weft, dtype))
    raw = expected.view(weft.uint8).numpy().tobytes()
    memory = Persistent("storage", Global("torch.storage", "UntypedStorage"), "0", "cpu", len(raw))
    rebuild = Global("torch._utils", "_rebuild_tensor_v3")
    x = rebuild(memory, 0, (2, 3), (3, 1), False, ordered_dict(), Global("torch", dtype))
    got = load(zip_file(dump({"x": x, "dtype": Global("torch", dtype)}), {"0": raw}))
    assert got["x"].dtype == expected.dtype == got["dtype"]
    assert got["x"].tolist() == expected.tolist()


@pytest.mark.parametrize("kind", FORMATS)
def test_views_share_what_they_shared(kind):
    def make(of):
        return {
            "base": tensor(of("0"), (2, 3), (3, 1)),
            "transposed": tensor(of("0"), (3, 2), (1, 3)),
            "row": tensor(of("0"), (3,), (1,), 3),
            "wide": tensor(of("0"), (2, 4), (3, 0)),
            "scalar": tensor(of("0"), (), (), 5),
            "empty": tensor(of("0"), (0, 7), (7, 1), 6),
            "other": tensor(of("1"), (1,), (1,)),
        }

    got = load(write(kind, make, {"0": floats(0, 1, 2, 3, 4, 5), "1": floats(9)}))
    assert got["base"].tolist() == [[0, 1, 2], [3, 4, 5]] and got["transposed"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert got["wide"].stride() == (3, 0) and got["scalar"].item() == 5 and tuple(got["empty"].shape) == (0, 7)
    got["base"][1, 2] = 50
    assert got["row"].tolist() == [3, 4, 50] and got["scalar"].item() == 50 and got["transposed"][2, 1] == 50
    assert got["other"].tolist() == [9]


@pytest.mark.parametrize("kind", FORMATS)
def test_parameters_and_gradients(kind):
    parameter = Global("torch._utils", "_rebuild_parameter")
    with_state = Global("torch._utils", "_rebuild_parameter_with_state")
    from_type = Global("torch._tensor", "_rebuild_from_type_v2")

    def make(of):
        x = tensor(of("0"), (2,), (1,))
        arguments = (of("0"), 0, (2,), (1,), False, ordered_dict())
        return {
            "p": parameter(x, True, ordered_dict()),
            "q": parameter(x, False, ordered_dict()),
            "g": tensor(of("0"), (2,), (1,), requires_grad=True),
            "s": with_state(x, True, ordered_dict(), {"tag": 3}),
            "t": from_type(rebuild, Global("torch", "Tensor"), arguments, {"tag": "text"}),
            "u": from_type(rebuild, Global("torch.nn.parameter", "Parameter"), arguments, None),
        }

    got = load(write(kind, make, {"0": floats(1, 2)}))
    assert [type(got[key]) is weft.nn.Parameter for key in "pqgstu"] == [True, True, False, True, False, True]
    assert [got[key].requires_grad for key in "pqgs"] == [True, False, True, True]
    assert got["s"].tag == 3 and got["t"].tag == "text" and got["p"].tolist() == [1, 2]
    (got["p"] * got["g"]).sum().backward()
    assert got["p"].grad.tolist() == [1, 2]


@pytest.mark.parametrize("name", ["grad", "data", "__class__", "shape", "a b", "__dict__", "requires_grad", 3])
def test_attributes_that_tensors_have_by_themselves_are_refused(name):
    call = Global("torch._utils", "_rebuild_parameter_with_state")
    data = write(
        "zip",
        lambda of: call(tensor(of("0"), (1,), (1,)), False, ordered_dict(), {name: 1}),
        {"0": floats(1)},
    )
    with pytest.raises(ValueError, match="attribute"):
        load(data)


@pytest.mark.parametrize("kind", FORMATS)
def test_containers_numbers_and_text(kind):
    value = {
        "a": [1, (2, 3.5, None, True), []],
        "big": 2**200,
        "text": "é\n",
        7: -5,
        "bytes": Global("_codecs", "encode")("a\xff", "latin1"),
        "no bytes": Global("__builtin__", "bytes")(),
        "bytearray": Global("builtins", "bytearray")(b"ab"),
        "set": Global("__builtin__", "set")([1, "a"]),
        "frozen": Global("builtins", "frozenset")([(1, 2)]),
        "complex": Global("builtins", "complex")(1.0, 2.0),
        "slice": Global("builtins", "slice")(1, None, 2),
        "range": Global("builtins", "range")(0, 3, 1),
        "ordered": ordered_dict([["b", 1], ["a", 2]]),
        "counter": Global("collections", "Counter")({"a": 2}),
        "deque": Global("collections", "deque")([1, 2], 5),
        "default": Global("collections", "defaultdict")(Global("builtins", "list")),
        "size": Global("torch", "Size")((2, 3)),
        "device": Global("torch", "device")("cpu"),
        "indexed": Global("torch", "device")("cuda", 1),
        "dtype": Global("torch", "bfloat16"),
    }
    got = load(write(kind, lambda of: value, {}))
    assert got["a"] == [1, (2, 3.5, None, True), []] and got["big"] == 2**200 and got["text"] == "é\n" and got[7] == -5
    assert got["bytes"] == b"a\xff" and got["no bytes"] == b"" and got["bytearray"] == bytearray(b"ab")
    assert got["set"] == {1, "a"} and got["frozen"] == frozenset([(1, 2)]) and got["complex"] == 1 + 2j
    assert got["slice"] == slice(1, None, 2) and got["range"] == range(3)
    assert list(got["ordered"].items()) == [("b", 1), ("a", 2)] and type(got["ordered"]) is collections.OrderedDict
    assert got["counter"] == collections.Counter("aa") and got["deque"] == collections.deque([1, 2], 5)
    assert got["default"]["new"] == [] and got["size"] == weft.Size((2, 3)) and type(got["size"]) is weft.Size
    assert got["device"] == weft.device("cpu") and str(got["indexed"]) == "cuda:1" and got["dtype"] is weft.bfloat16


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol(protocol):
    value = {"a": [1, 2.5, "x" * 300, b"y", {1, 2}, frozenset([3]), None, True, -(2**70)], "d": {"e": ()}}
    value["same"] = value["a"]
    value |= {"array": np.arange(6.0).reshape(2, 3), "scalar": np.float32(2.5), "ordered": collections.OrderedDict(a=1)}
    for data in (zip_file(pickle.dumps(value, protocol)), legacy_file(pickle.dumps(value, protocol))):
        got = load(data)
        assert got["a"] == value["a"] and got["d"] == value["d"] and got["same"] is got["a"]
        assert got["array"].tolist() == value["array"].tolist() and got["scalar"] == 2.5 and got["ordered"] == {"a": 1}


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype="i4").reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array([True, False]),
        np.array(["ab", "c"]),
        np.array([b"ab", b"c"]),
        np.zeros((0, 3)),
        np.array(2.5),
        np.array([1 + 2j]),
        np.float16(2.5),
        np.bool_(True),
        np.dtype("f4"),
    ],
    ids=repr,
)
def test_numpy(array, protocol):
    got = load(zip_file(pickle.dumps([array], protocol)))[0]
    assert type(got) is type(array)
    if not isinstance(array, np.dtype):
        assert got.dtype == array.dtype and got.shape == array.shape
    np.testing.assert_array_equal(got, array)


@pytest.mark.parametrize(
    "array",
    [
        np.array([object], dtype=object),
        np.zeros(2, "i4,f4"),
        np.zeros(2, ">f4"),
        np.zeros(1, "M8[D]"),
        np.ma.masked_array([1]),
        np.random.default_rng(0),
    ],
    ids=lambda array: type(array).__name__ + str(getattr(array, "dtype", "")),
)
def test_numpy_that_is_refused(array):
    with pytest.raises(ValueError, match="refused"):
        load(zip_file(pickle.dumps([array], 4)))


@pytest.mark.parametrize("protocol", [4, 5])
def test_numpy_elements_that_are_no_values(protocol):
    pickled = pickle.dumps([np.array(["aXXa"])], protocol).replace("X".encode("utf-32le"), b"\xff" * 4)
    with pytest.raises(ValueError, match="no character"):
        load(zip_file(pickled))
    flags = pickle.dumps([np.array([0, 1, 2, 3], "u1").view(bool)], protocol)
    assert load(zip_file(flags))[0].view("u1").tolist() == [0, 1, 1, 1]


def test_versions_of_modules_are_kept():
    state = Call(ordered_dict, (), {"_metadata": ordered_dict([["", {"version": 1}]])})
    got = load(zip_file(dump(state)))
    assert got._metadata == {"": {"version": 1}}
    with pytest.raises(ValueError, match="sets the state of a OrderedDict"):
        load(zip_file(dump(Call(ordered_dict, (), {"keys": 3}))))


def test_tensors_without_memory():
    rebuild_meta = Global("torch._utils", "_rebuild_meta_tensor_no_storage")
    got = load(zip_file(dump(rebuild_meta(Global("torch", "float16"), (2, 3), (3, 1), False))))
    assert got.is_meta and tuple(got.shape) == (2, 3) and got.dtype is weft.float16


def test_other_byte_orders():
    big = np.array([1, 2.5], ">f4").tobytes()
    x = tensor(storage("0", 2), (2,), (1,))
    assert load(zip_file(dump(x), {"0": big}, byteorder="big")).tolist() == [1, 2.5]
    x = tensor(storage("0", 2, legacy=True), (2,), (1,))
    assert load(legacy_file(dump(x), [("0", 2, big)], little_endian=False)).tolist() == [1, 2.5]
    with pytest.raises(ValueError, match="byteorder"):
        load(zip_file(dump(1), byteorder="middle"))


@pytest.mark.parametrize("first", [np.ones(2), [1], 1.0, True, None, "text", 3])
def test_pickles_of_other_programs(first):
    for data in (pickle.dumps(first, 4), pickle.dumps(MAGIC, 4) + pickle.dumps(first, 4)):
        with pytest.raises(ValueError, match="^load: the file is not a whole PyTorch"):
            load(data)


def test_legacy_files_follow_one_another():
    file = io.BytesIO(
        b"".join(write("legacy", lambda of: tensor(of("0"), (1,), (1,)), {"0": floats(i)}) for i in range(2))
    )
    assert weft.load(file).item() == 0 and weft.load(file).item() == 1


@pytest.mark.parametrize("kind", FORMATS)
def test_map_location(kind):
    def make(of):
        return [tensor(of("0"), (2,), (1,)), tensor(of("0"), (1,), (1,), 1), tensor(of("1"), (1,), (1,))]

    data = write(kind, make, {"0": floats(1, 2), "1": floats(3)})
    calls = []
    got = load(data, map_location=lambda storage, location: calls.append((storage.tolist(), location)))
    assert sorted(calls) == [([1.0, 2.0], "cpu"), ([3.0], "cpu")]
    got[0].add_(1)
    assert got[1].tolist() == [3]
    assert all(x.is_meta for x in load(data, map_location="meta"))
    for error in (ValueError("mine"), KeyError("mine"), RuntimeError("mine")):

        def fails(storage, location, error=error):
            raise error

        with pytest.raises(type(error), match="mine"):
            load(data, map_location=fails)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_damaged_location(kind):
    data = sample(kind)
    for at in range(len(data)):
        if data[at : at + 3] == b"cpu":
            with pytest.raises(ValueError):
                load(data[: at + 2] + b"|" + data[at + 3 :])


def test_devices_that_are_not_there():
    x = tensor(storage("0", 1, location="cuda:77"), (1,), (1,))
    data = zip_file(dump(x), {"0": floats(3)[1]})
    with pytest.raises(RuntimeError, match="cuda:77.*map_location='cpu'"):
        load(data)
    assert load(data, map_location="cpu").item() == load(data, map_location={"cuda:77": "cpu"}).item() == 3


@pytest.mark.parametrize("weights_only", [True, False, None])
def test_what_needs_code_is_refused_by_name(weights_only):
    class Net:
        pass

    net = Global("mymod.models", "Net")
    for data in (zip_file(dump({"a": net()})), legacy_file(dump({"a": net()}))):
        with pytest.raises(ValueError, match=r"'mymod\.models\.Net'.*state_dict"):
            load(data, weights_only=weights_only)


@pytest.mark.parametrize(
    "value, says",
    [
        (Global("torch", "complex32"), "complex32"),
        (tensor(storage("0", 1, "QUInt8Storage"), (1,), (1,)), "quint8"),
        (Global("torch", "float8_e4m3fnuz"), "float8_e4m3fnuz"),
        (Global("torch._utils", "_rebuild_qtensor"), "quantized"),
        (Global("torch._utils", "_rebuild_sparse_tensor"), "sparse"),
        (Global("torch.nn.modules.container", "Sequential"), "torch.nn.modules.container.Sequential"),
        (Persistent("module", Global("torch", "Tensor"), "a.py", "code"), "whole module"),
        (Global("argparse", "Namespace")(), "argparse.Namespace"),
        ([storage("0", 2)], "a storage"),
        ([(storage("0", 2), 3)], "tuple"),
        (Global("torch", "Size"), "torch.Size"),
        (Global("torch.nn.parameter", "Parameter")(), "torch.nn.parameter.Parameter"),
        (rebuild(storage("0", 2), 0, (1,), (1,), False, {"hook": 1}), "hooks"),
        (rebuild(storage("0", 2), 0, (1,), (1,), False, ordered_dict(), {"conj": True}), "conjugated"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_weft_does_not_have_is_refused_by_name(value, says):
    with pytest.raises(ValueError, match=f"refused: .*{says}"):
        load(zip_file(dump(value), {"0": bytes(8)}))


def test_torchscript_is_refused():
    with pytest.raises(ValueError, match="TorchScript"):
        load(zip_file(dump(1), **{"constants.pkl": dump(())}))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "size, stride, offset",
    [
        ((3,), (1,), 0),
        ((2,), (1,), 1),
        ((2,), (2,), 0),
        ((1,), (1,), 2),
        ((1,), (1,), -1),
        ((2,), (-1,), 1),
        ((-1,), (1,), 0),
        ((-1, -2), (1, 1), 0),
        ((2, 2), (1, 1), 0),
        ((2**62, 4), (0, 0), 0),
        ((2**40, 2**40), (0, 0), 0),
        ((2,), (2**63,), 0),
        ((2, 2), (2**62, 2**62), 0),
        ((0, 2**62, 2**62), (0, 0, 0), 0),
        ((1,), (1, 1), 0),
        ((1,) * 65, (1,) * 65, 0),
        ((1.0,), (1,), 0),
        ((1,), ("1",), 0),
        ((1,), (1,), 0.0),
        ((1,), (1,), 2**70),
        ((2**70,), (0,), 0),
        ((True,), (1,), 0),
    ],
)
def test_views_that_leave_their_storage(kind, size, stride, offset):
    with pytest.raises(ValueError, match="^load: "):
        load(write(kind, lambda of: tensor(of("0"), size, stride, offset), {"0": floats(1, 2)}))


def test_expanded_views_take_no_memory():
    got = load(write("zip", lambda of: tensor(of("0"), (10**12,), (0,)), {"0": floats(3)}))
    assert got.numel() == 10**12 and got[10**11].item() == 3


def test_storages_that_do_not_fit():
    x = tensor(storage("0", 2), (2,), (1,))
    for records in ({}, {"0": b""}, {"0": bytes(7)}, {"0": bytes(9)}, {"1": bytes(8)}):
        with pytest.raises(ValueError, match="record"):
            load(zip_file(dump(x), records))
    x = tensor(storage("0", 2, legacy=True), (2,), (1,))
    for storages, keys in [
        ([], None),
        ([("0", 1, bytes(8))], None),
        ([("0", 2, bytes(7))], None),
        ([("1", 2, bytes(8))], None),
        ([("0", 2, bytes(8))], ["0", "0"]),
        ([("0", 2, bytes(8))], [0]),
        ([("0", 2, bytes(8))], "0"),
        ([("0", 2**62, bytes(8))], None),
    ]:
        with pytest.raises(ValueError):
            load(legacy_file(dump(x), storages, keys=keys))
    for numel in (2**40, 2**60 - 1, 2**60, 2**63, 2**70, -1, 2.0, True, "2"):
        for data in (
            zip_file(dump(tensor(storage("0", numel), (2,), (1,))), {"0": bytes(8)}),
            legacy_file(dump(tensor(storage("0", numel, legacy=True), (2,), (1,))), [("0", 2, bytes(8))]),
        ):
            with pytest.raises(ValueError):
                load(data)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_storage_described_in_two_ways(kind):
    legacy = kind == "legacy"
    both = [
        tensor(storage("0", 2, "float32", legacy=legacy), (2,), (1,)),
        tensor(storage("0", 2, "int32", legacy=legacy), (2,), (1,)),
    ]
    data = zip_file(dump(both), {"0": bytes(8)}) if kind == "zip" else legacy_file(dump(both), [("0", 2, bytes(8))])
    with pytest.raises(ValueError, match="two ways"):
        load(data)


def test_records_that_are_compressed():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", dump(tensor(storage("0", 10**8), (1,), (1,))))
        archive.writestr("archive/data/0", bytes(4 * 10**8))
    assert len(file.getvalue()) < 10**6
    with pytest.raises(ValueError, match="compressed"):
        load(file.getvalue())


def test_records_that_overlap():
    """Many names for one piece of the file, which would take its size many times over."""
    count, size = 50, 100000
    names = [f"{i:03}" for i in range(count)]
    value = [tensor(storage(name, size // 4), (1,), (1,)) for name in names]
    data = bytearray(zip_file(dump(value), {"000": bytes(size)}))
    file = io.BytesIO(data)
    with zipfile.ZipFile(file, "a") as archive:
        first = archive.getinfo("archive/data/000")
        for name in names[1:]:
            copied = zipfile.ZipInfo(f"archive/data/{name}")
            for field in ("CRC", "file_size", "compress_size", "header_offset", "compress_type", "flag_bits"):
                setattr(copied, field, getattr(first, field))
            archive.filelist.append(copied)
        archive._didModify = True
    with pytest.raises(ValueError, match="overlap|damaged"):
        load(file.getvalue())


def test_names_in_archives_lead_nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_bytes(bytes(8))
    for key in ("../../secret", str(tmp_path / "secret"), "../../../secret", "", "\0", "..\\secret"):
        with pytest.raises(ValueError, match="record"):
            load(zip_file(dump(tensor(storage(key, 2), (2,), (1,)))))
    for folder in ("..", "../..", "/", ""):
        data = zip_file(dump(tensor(storage("0", 2), (2,), (1,))), {"0": bytes(8)}, folder=folder)
        try:
            assert load(data).tolist() == [0, 0]
        except ValueError:
            pass
    assert [p.name for p in tmp_path.iterdir()] == ["secret"]


def sample(kind):
    def make(of):
        return ordered_dict([["w", tensor(of("0"), (2,), (1,))], ["b", tensor(of("1"), (1,), (1,))], ["n", 3]])

    return write(kind, make, {"0": floats(1, 2), "1": floats(3)})


@pytest.mark.parametrize("kind", FORMATS)
def test_cut_off_anywhere(kind):
    data = sample(kind)
    assert load(data)["b"].item() == 3
    for length in range(len(data)):
        with pytest.raises(ValueError):
            load(data[:length])


@pytest.mark.parametrize("kind", FORMATS)
def test_any_changed_byte_gives_an_error_or_a_value(kind):
    data = bytearray(sample(kind))
    for position in range(len(data)):
        for change in (1, 0x80, 0xFF):
            data[position] ^= change
            try:
                load(bytes(data), map_location="cpu")
            except ValueError as error:
                assert len(str(error)) < 600
            data[position] ^= change


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("zipped", [True, False])
def test_files_that_torch_writes(tmp_path, protocol, zipped):
    torch = pytest.importorskip("torch")
    x = torch.randn(3, 4)
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(x).sum().backward()
    optimizer.step()
    value = {"x": x, "t": x.T, "half": x.bfloat16(), "model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save(value, tmp_path / "x", pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    got = weft.load(tmp_path / "x")
    for key in ("x", "t"):
        np.testing.assert_array_equal(to_numpy(got[key]), value[key].numpy())
    np.testing.assert_array_equal(to_numpy(got["half"]), value["half"].float().numpy())
    got["x"][0, 1] = 7
    assert got["t"][1, 0].item() == 7
    other = weft.nn.Linear(4, 2)
    other.load_state_dict(got["model"])
    assert got["optimizer"]["param_groups"][0]["params"] == [0, 1] and set(STORAGES) >= {"float32"}
