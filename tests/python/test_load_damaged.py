"""load: damaged and foreign files are a ValueError that says what is wrong."""

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import support
import weft


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "model.safetensors")


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
    data = Path(path).read_bytes()
    for length in range(len(data)):
        with pytest.raises(ValueError):
            weft.load(io.BytesIO(data[:length]))
    with pytest.raises(ValueError):
        weft.load(io.BytesIO(data + b"1"))


def test_any_flipped_bit_of_the_header_gives_an_error_or_a_value(path):
    weft.save({"a": weft.arange(3), "b": [weft.ones(2), "text"]}, path)
    data = bytearray(Path(path).read_bytes())
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


def file_of(header, data=b""):
    """A safetensors file with this header, as an object or as bytes."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def one(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"a": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}}


HUGE = 2**62
MALFORMED = {
    "65 dims": file_of(one(shape=[1] * 65), b"0000"),
    "a million dims": file_of(one(shape=[1] * 10**6), b"0000"),
    "negative size": file_of(one(shape=[-1]), b"0000"),
    "two negative sizes": file_of(one(shape=[-1, -1]), b"0000"),
    "sizes that overflow": file_of(one(shape=[HUGE, 4]), b""),
    "sizes that overflow to the right number": file_of(one(shape=[HUGE, 4, 1], offsets=[0, 0]), b""),
    "huge but empty": file_of(one(shape=[0, HUGE, HUGE], offsets=[0, 0]), b""),
    "huge but not there": file_of(one(shape=[HUGE // 8], offsets=[0, HUGE // 2]), b"0000"),
    "a size of 5000 digits": file_of(json.dumps(one()).replace("[1]", f"[{'1' * 5000}]").encode(), b"0000"),
    "a size that is a float": file_of(one(shape=[1.0]), b"0000"),
    "a size that is infinite": file_of(b'{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}', b"0000"),
    "a size that is NaN": file_of(b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}', b"0000"),
    "a size that is true": file_of(one(shape=[True]), b"0000"),
    "a size that is text": file_of(one(shape=["1"]), b"0000"),
    "no list of sizes": file_of({"a": {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]}}, b"0000"),
    "offsets beyond the file": file_of(one(shape=[2], offsets=[0, 8]), b"0000"),
    "offsets before the file": file_of(one(offsets=[-4, 0]), b"0000"),
    "offsets in reverse": file_of(one(offsets=[4, 0]), b"0000"),
    "a gap before": file_of(one(offsets=[4, 8]), b"00000000"),
    "data behind": file_of(one(), b"00000000"),
    "too few bytes for the shape": file_of(one(shape=[2]), b"0000"),
    "too many bytes for the shape": file_of(one(shape=[]), b"0000" * 2),
    "three offsets": file_of(one(offsets=[0, 4, 8]), b"0000"),
    "offsets that are floats": file_of(one(offsets=[0.0, 4.0]), b"0000"),
    "overlap": file_of({**one(), "b": one()["a"]}, b"0000"),
    "partial overlap": file_of({**one(shape=[2], offsets=[0, 8]), "b": one(offsets=[4, 8])["a"]}, b"00000000"),
    "a gap between": file_of({**one(), "b": one(offsets=[8, 12])["a"]}, b"0" * 12),
    "a name twice": file_of(b'{"a":%s,"a":%s}' % ((json.dumps(one()["a"]).encode(),) * 2), b"0000"),
    "a field twice": file_of(b'{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', b"0000"),
    "a field too many": file_of({"a": {**one()["a"], "x": 1}}, b"0000"),
    "no dtype": file_of({"a": {"shape": [1], "data_offsets": [0, 4]}}, b"0000"),
    "unknown dtype": file_of(one("F31"), b"0000"),
    "dtype of two bytes": file_of(one("F16"), b"0000"),
    "dtype that is a list": file_of(one(["F32"]), b"0000"),
    "dtype that is no text": file_of(one(None), b"0000"),
    "an entry that is a list": file_of({"a": []}),
    "an entry that is null": file_of({"a": None}),
    "invalid UTF-8": file_of(b'{"\xff\xfe":%s}' % json.dumps(one()["a"]).encode(), b"0000"),
    "UTF-16": file_of('{"a":1}'.encode("utf-16")),
    "a list": file_of(b"[]"),
    "not JSON": file_of(b"{nonsense}"),
    "an empty header": file_of(b""),
    "nested lists": file_of(b'{"a":' + b"[" * 10**6),
    "nested dicts": file_of(b'{"a":' * 10**5 + b"1" + b"}" * 10**5),
    "header longer than the file": (1000).to_bytes(8, "little") + b"{}",
    "header of 2**63 bytes": (2**63).to_bytes(8, "little") + b"{}",
    "header of 2**64 - 1 bytes": (2**64 - 1).to_bytes(8, "little") + b"{}",
    "metadata that is a list": file_of({"__metadata__": ["a"], **one()}, b"0000"),
    "metadata that is no text": file_of({"__metadata__": {"a": 1}, **one()}, b"0000"),
    "metadata that is NaN": file_of(b'{"__metadata__":{"a":NaN}}'),
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_headers(tmp_path, kind):
    (tmp_path / "x").write_bytes(MALFORMED[kind])
    for file in (tmp_path / "x", io.BytesIO(MALFORMED[kind])):
        with pytest.raises(ValueError, match="^load: .* is not a whole safetensors file") as error:
            weft.load(file)
        assert len(str(error.value)) < 600


def test_empty_files_of_other_programs_are_no_error():
    assert weft.load(io.BytesIO(file_of(b"{}"))) == {}
    assert weft.load(io.BytesIO(file_of({"__metadata__": None}))) == {}
    assert weft.load(io.BytesIO(file_of(b"{}   "))) == {}


def test_as_many_dims_as_there_may_be():
    assert weft.load(io.BytesIO(file_of(one(shape=[1] * 64), b"\0" * 4)))["a"].dim() == 64


STRUCTURES = [
    {"array": {"name": "x", "dtype": "|O", "shape": []}},
    {"array": {"name": "x", "dtype": "<f8", "shape": [2]}},
    {"array": {"name": "x", "dtype": "<f4", "shape": [-1, -2]}},
    {"array": {"name": "x", "dtype": "<f4", "shape": [2**40]}},
    {"array": {"name": "x", "dtype": "f4,f4", "shape": [1]}},
    {"array": {"name": "x", "dtype": "<U" + "9" * 30, "shape": [1]}},
    {"array": {"name": "x", "dtype": "<f4", "shape": [1] * 65 + [2]}},
    {"array": {"name": "absent"}},
    {"array": "x"},
    {"set": [{"list": []}]},
    {"set": [{"tuple": [{"dict": []}]}]},
    {"frozenset": [{"set": []}]},
    {"set": {"value": 1}},
    {"int": "12"},
    {"int": "__import__('os')"},
    {"int": 3},
    {"device": "nonsense"},
    {"device": 3},
    {"dtype": "Tensor"},
    {"dtype": "nonsense"},
    {"dtype": "__class__"},
    {"dict": [["a", {"value": 1}, 3]]},
    {"dict": [[True, {"value": 1}]]},
    {"dict": {"a": 1}},
    {"ordered_dict": [[None, {"value": 1}]]},
    {"dict": [[i * (2**61 - 1) + 2**62, {"value": 1}] for i in range(1000)]},
    {},
    [],
    None,
    "value",
]


@pytest.mark.parametrize("tree", STRUCTURES, ids=lambda tree: json.dumps(tree)[:50])
def test_structures_that_save_does_not_write(tree):
    metadata = {"weft": json.dumps({"version": 1, "tree": {"list": [tree]}})}
    entries = {"x": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]}, "__metadata__": metadata}
    with pytest.raises(ValueError, match="the structure in the metadata of the file is damaged"):
        weft.load(io.BytesIO(file_of(entries, b"\0" * 8)))


@pytest.mark.parametrize("levels", [101, 300, 10000])
def test_structures_nested_too_deeply(levels):
    text = '{"list":[' * levels + '{"value":1}' + "]}" * levels
    metadata = {"weft": f'{{"version":1,"tree":{text}}}'}
    with pytest.raises(ValueError, match="damaged"):
        weft.load(io.BytesIO(file_of({"__metadata__": metadata})))


def test_no_memory_is_taken_for_sizes_that_the_file_does_not_have(monkeypatch):
    def no_memory(*args, **kwargs):
        raise AssertionError("memory was taken")

    monkeypatch.setattr(weft, "empty", no_memory)
    monkeypatch.setattr(np, "empty", no_memory)
    for data in MALFORMED.values():
        with pytest.raises(ValueError):
            weft.load(io.BytesIO(data))


def test_a_file_that_shrinks_while_it_is_read(path, monkeypatch):
    weft.save({"x": weft.ones(100000)}, path)
    real = weft.empty

    def empty(*args, **kwargs):
        os.truncate(path, 1000)
        return real(*args, **kwargs)

    monkeypatch.setattr(weft, "empty", empty)
    with pytest.raises(ValueError, match="load: .* is cut off"):
        weft.load(path)


@pytest.mark.parametrize("dtype", ["<U2", ">U2"])
def test_text_that_is_no_text(dtype):
    """NumPy would make strings of it that Python cannot have."""
    for code, right in ((0x10FFFF, True), (0x110000, False), (2**32 - 1, False)):
        raw = np.array([ord("a"), code], dtype[0] + "u4").tobytes()
        tree = {"array": {"name": "x", "dtype": dtype, "shape": [1]}}
        metadata = {"weft": json.dumps({"version": 1, "tree": tree})}
        data = file_of({"x": one("U8", [8], [0, 8])["a"], "__metadata__": metadata}, raw)
        if right:
            assert weft.load(io.BytesIO(data)).tolist() == ["a\U0010ffff"]
        else:
            with pytest.raises(ValueError, match="no character"):
                weft.load(io.BytesIO(data))


def test_the_fuzzer_finds_nothing(tmp_path):
    """A few seconds of it, with a fixed seed."""
    script = Path(__file__).parent.parent / "fuzz" / "loaders.py"
    command = [sys.executable, str(script), "--seed", "1", "--seconds", "3"]
    options = dict(cwd=tmp_path, env=support.environment(), capture_output=True, text=True, timeout=300)
    ended = subprocess.run(command, **options)
    assert ended.returncode == 0 and "no failure" in ended.stdout, ended.stdout + ended.stderr
    (tmp_path / "text").write_text("this is no file of tensors")
    ended = subprocess.run([*command, "--replay", "text"], **options)
    assert ended.returncode == 0, ended.stderr


class Endless:
    """Begins with some bytes, and never ends."""

    def __init__(self, first=b""):
        self.first, self.given = first, 0

    def read(self, size=-1):
        assert size >= 0, "asked for everything"
        self.given += size
        assert self.given < 1 << 25, "asked for too much"
        data, self.first = self.first, b""
        return data.ljust(size, b"\0")


def test_a_stream_of_another_kind_is_refused_by_its_beginning():
    with pytest.raises(ValueError, match="of another kind"):
        weft.load(Endless())


def test_a_reader_that_gives_more_than_it_was_asked_for():
    contents = io.BytesIO()
    weft.save(weft.ones(2), contents)

    class Generous(io.BytesIO):
        def read(self, size=-1):
            return super().read(size) + bytes(size)

    class Seekable:
        def __init__(self):
            file = Generous(contents.getvalue())
            self.read, self.seek, self.tell = file.read, file.seek, file.tell

    class Stream:
        def __init__(self):
            self.read = lambda size: bytes(size + 1)

    for file in (Seekable(), Stream()):
        with pytest.raises(ValueError, match="more than it was asked for"):
            weft.load(file)


@pytest.mark.parametrize("read", [lambda size: "text", lambda size: None], ids=["text", "None"])
def test_a_reader_that_gives_no_bytes(read):
    class File:
        pass

    file = File()
    file.read = read
    with pytest.raises(TypeError, match="not bytes"):
        weft.load(file)


@pytest.mark.parametrize("location", ["cp|", "", "CPU", "cuda:x", "cuda:-1", "cpu\n"])
def test_a_damaged_location(tmp_path, location):
    """Also in Weft's own files; an existing device that is not here is no damage."""
    path = tmp_path / "x"
    for kind, error in ((location, ValueError), ("xpu:3", RuntimeError)):
        described = {"version": 1, "tree": {"tensor": "x"}, "devices": {"x": kind}}
        safetensors.numpy.save_file({"x": np.ones(2)}, path, metadata={"weft": json.dumps(described)})
        with pytest.raises(error):
            weft.load(path)
        assert weft.load(path, map_location="cpu").tolist() == [1, 1]
        assert weft.load(path, map_location={kind: "cpu"}).tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="not available"):
        weft.load(path, map_location={"xpu:3": "nonsense"})
