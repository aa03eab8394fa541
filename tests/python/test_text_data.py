"""weft.datasets: lines, tokens and characters of text."""

import gzip
import pickle

import numpy as np
import pytest
import weft
from weft import datasets
from weft.datasets import DataFileError
from weft.utils.data import DataLoader, Subset


def test_lines(tmp_path):
    (tmp_path / "a").write_bytes("eins\r\n\nzwölf\n".encode())
    (tmp_path / "b").write_bytes(gzip.compress(b"x\ny"))
    (tmp_path / "c").write_bytes(b"")
    lines = datasets.TextLines([tmp_path / "a", tmp_path / "c", tmp_path / "b"])
    assert list(lines) == ["eins", "", "zwölf", "x", "y"] and lines[-1] == "y" and len(lines) == 5
    assert list(pickle.loads(pickle.dumps(lines))) == list(lines)
    assert list(datasets.TextLines(tmp_path / "a", str.upper, skip_empty=True)) == ["EINS", "ZWÖLF"]
    assert len(datasets.TextLines([])) == len(datasets.TextLines(tmp_path / "c")) == 0
    rng = np.random.default_rng(0)
    for _ in range(50):
        content = "".join(rng.choice(list("ab\n\r"), rng.integers(0, 12)))
        (tmp_path / "d").write_bytes(content.encode())
        want = [line.removesuffix("\r") for line in content.split("\n")]
        want = want[:-1] if content.endswith("\n") or not content else want
        assert list(datasets.TextLines(tmp_path / "d")) == want, content
    (tmp_path / "e").write_bytes(b"good\n\xff\xfe\n")
    bad = datasets.TextLines(tmp_path / "e")
    assert bad[0] == "good" and datasets.TextLines(tmp_path / "e", encoding="latin-1")[1] == "ÿþ"
    with pytest.raises(DataFileError, match="line 1 is no text in utf-8"):
        bad[1]
    with pytest.raises(IndexError, match="index 2"):
        bad[2]
    with pytest.raises(FileNotFoundError):
        datasets.TextLines(tmp_path / "none")
    with pytest.raises(ValueError, match="cannot be told apart"):
        datasets.TextLines(tmp_path / "a", encoding="utf-16")
    with pytest.raises(LookupError):
        datasets.TextLines(tmp_path / "a", encoding="no such")


def test_read_text(tmp_path):
    (tmp_path / "a").write_bytes(gzip.compress("ä\r\n".encode()))
    assert datasets.read_text(tmp_path / "a") == "ä\r\n"
    with pytest.raises(DataFileError, match="no text in ascii"):
        datasets.read_text(tmp_path / "a", "ascii")


def test_windows_of_tokens(tmp_path):
    tokens = np.arange(23, dtype=np.uint16)
    tokens.tofile(tmp_path / "t.bin")
    np.save(tmp_path / "t.npy", tokens.astype(np.int32))
    for source in (tmp_path / "t.bin", tmp_path / "t.npy", tokens, list(range(23)), weft.arange(23)):
        stream = datasets.TokenStream(source, 5)
        assert len(stream) == 4 and stream.num_tokens == 23 and stream[1][0].dtype == weft.int64
        assert [stream[i][0][0].item() for i in range(4)] == [0, 5, 10, 15] and stream[-1][1].tolist() == [
            16,
            17,
            18,
            19,
            20,
        ]
    dense = datasets.TokenStream(tmp_path / "t.bin", 5, stride=1)
    assert len(dense) == 18 and dense[17][1].tolist() == [18, 19, 20, 21, 22]
    seen = [x for x, _ in DataLoader(datasets.TokenStream(tmp_path / "t.bin", 5, stride=3), batch_size=4)]
    assert weft.cat(seen)[:, 0].tolist() == [0, 3, 6, 9, 12, 15] and seen[0].is_contiguous()
    again = pickle.loads(pickle.dumps(datasets.TokenStream(tmp_path / "t.bin", 5)))
    assert again[2][0].tolist() == [10, 11, 12, 13, 14]
    assert len(pickle.dumps(dense)) < 2000  # not the tokens
    x, _ = next(iter(DataLoader(Subset(dense, [3, 7]), batch_size=2)))
    assert x[:, 0].tolist() == [3, 7]


def test_tokens_of_several_files(tmp_path):
    rng = np.random.default_rng(0)
    parts = [rng.integers(0, 9, n).astype(np.uint8) for n in (7, 3, 12, 30)]
    for i, part in enumerate(parts):
        part.tofile(tmp_path / f"{i}.bin")
    stream = datasets.TokenStream([tmp_path / f"{i}.bin" for i in range(4)], 4, dtype="uint8", stride=2)
    want = [part[i : i + 5] for part in parts for i in range(0, len(part) - 4, 2)]
    assert len(stream) == len(want)
    order = rng.permutation(len(want))
    x, y = stream.__getitems__(order.tolist()).collated
    np.testing.assert_array_equal(x.numpy(), np.stack(want)[order, :-1])
    np.testing.assert_array_equal(y.numpy(), np.stack(want)[order, 1:])
    random = datasets.TokenStream([tmp_path / f"{i}.bin" for i in range(4)], 4, dtype="uint8", random=True)
    windows = {tuple(part[i : i + 5]) for part in parts for i in range(len(part) - 4)}
    for x, y in DataLoader(random, batch_size=5):
        assert all((*a.tolist(), b[-1].item()) in windows for a, b in zip(x, y))


def test_random_windows():
    def first(seed):
        stream = datasets.TokenStream(
            range(1000), 3, random=True, num_samples=64, generator=weft.Generator().manual_seed(seed)
        )
        assert len(stream) == 64
        return next(iter(DataLoader(stream, 64)))[0][:, 0].tolist()

    assert first(1) == first(1) != first(2) and len(set(first(1))) > 40
    ends = datasets.TokenStream(range(4), 3, random=True, num_samples=50)
    assert {int(x[0]) for x, _ in ends.__getitems__(range(50))} == {0}


def test_bad_tokens(tmp_path):
    (tmp_path / "odd").write_bytes(b"abc")
    (tmp_path / "empty").write_bytes(b"")
    np.save(tmp_path / "matrix.npy", np.zeros((2, 2)))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "matrix.npy").read_bytes()[:140])
    (tmp_path / "header.npy").write_bytes((tmp_path / "matrix.npy").read_bytes().replace(b"descr", b"'(scr"))
    for name in ("odd", "empty", "matrix.npy", "cut.npy", "header.npy"):
        with pytest.raises(DataFileError, match=name):
            datasets.TokenStream(tmp_path / name, 1)
    np.save(tmp_path / "object.npy", np.array([None]), allow_pickle=True)
    with pytest.raises(DataFileError, match="object.npy"):
        datasets.TokenStream(tmp_path / "object.npy", 1)
    with pytest.raises(FileNotFoundError):
        datasets.TokenStream(tmp_path / "none", 1)
    for make, text in (
        (lambda: datasets.TokenStream(range(5), 5), "no window of block_size 5 and one more; the longest part has 5"),
        (lambda: datasets.TokenStream([], 5), "row of integers"),
        (lambda: datasets.TokenStream([0.5], 1), "row of integers"),
        (lambda: datasets.TokenStream(range(5), 0), "block_size must be a positive int"),
        (lambda: datasets.TokenStream(range(5), 2.5), "block_size must be a positive int"),
        (lambda: datasets.TokenStream(range(5), 2, stride=-1), "stride must be a positive int"),
        (lambda: datasets.TokenStream(range(5), 2, num_samples=2), "are for random=True"),
        (lambda: datasets.TokenStream(range(5), 2, dtype="float32"), "dtype must be one of"),
    ):
        with pytest.raises(ValueError, match=text):
            make()
    with pytest.raises(IndexError, match="index 9 is out of range for 2 windows"):
        datasets.TokenStream(range(5), 2)[9]


def test_write_tokens(tmp_path):
    path = tmp_path / "t.bin"
    texts = (f"text {i}" for i in range(3000))
    assert datasets.write_tokens(path, texts, lambda text: list(text.encode()), end=0) == 3000 * 6 + sum(
        len(str(i)) for i in range(3000)
    )
    content = np.fromfile(path, np.uint16)
    assert bytes(content[:14].astype(np.uint8)) == b"text 0\0text 1\0"
    for dtype in ("uint8", "uint32", weft.int64):
        assert datasets.write_tokens(path, ["ab"], lambda text: [1, 2], dtype=dtype) == 2
    for values in ([70000], [-1]):
        with pytest.raises(ValueError, match="does not fit uint16"):
            datasets.write_tokens(path, ["a"], lambda text, values=values: values)
    with pytest.raises(TypeError, match="one string"):
        datasets.write_tokens(path, "abc", list)
    with pytest.raises(TypeError, match="tokenizer"):
        datasets.write_tokens(path, ["a"], 5)
    assert np.fromfile(path, np.int64).tolist() == [1, 2]  # what failed has changed nothing
    assert datasets.write_tokens(path, [], list) == 0


def test_characters():
    text = "grüße 😀 aus Bonn"
    data = datasets.Characters(text, 4, stride=1)
    assert data.characters == "".join(sorted(set(text))) and data.decode(data.encode(text)) == text
    assert data.decode(data[3][0]) == text[3:7] and data.decode(data[3][1]) == text[4:8]
    given = datasets.Characters("abba", 1, characters="ba")
    assert given.encode("ab").tolist() == [1, 0]
    for call, error, want in (
        (lambda: given.encode("abc"), ValueError, "'c' is none of the 2 characters"),
        (lambda: datasets.Characters("abc", 1, characters="ab"), ValueError, "'c' is none"),
        (lambda: datasets.Characters("abc", 1, characters="aab"), ValueError, "twice"),
        (lambda: datasets.Characters(b"abc", 1), TypeError, "expected a string"),
        (lambda: datasets.Characters("", 1), ValueError, "no window"),
        (lambda: given.decode([2]), IndexError, "outside of 0 to 1"),
    ):
        with pytest.raises(error, match=want):
            call()
    assert given.encode("").tolist() == [] and given.decode([]) == ""
