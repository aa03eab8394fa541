"""weft.datasets with pyarrow, pandas, Hugging Face's datasets and tokenizers, and fsspec."""

import datetime
import decimal
import gzip

import datasets as hf
import fsspec
import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet
import pytest
import tokenizers
import weft
from weft.datasets import DataFileError, HuggingFace, HuggingFaceStream, Table
from weft.utils.data import DataLoader


def test_csv(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b,name,flag\n1,0.5,x,true\n2,1.5,ÿ,false\n")
    table = Table(path)
    assert len(table) == 2 and list(table.columns) == ["a", "b", "name", "flag"]
    assert table.column("a").dtype == weft.int64 and table.column("b").dtype == weft.float64
    assert table.column("name") == ["x", "ÿ"] and table.column("flag").tolist() == [True, False]
    assert table[-1]["name"] == "ÿ" and table[0]["b"].item() == 0.5
    batch = next(iter(DataLoader(table, batch_size=2)))
    assert batch["a"].tolist() == [1, 2] and batch["name"] == ["x", "ÿ"]
    x, y = table.tensors(["a", "b", "flag"], target="name").tensors
    assert x.tolist() == [[1, 0.5, 1], [2, 1.5, 0]] and y.tolist() == [0, 1] and x.dtype == weft.float32
    assert table.tensors(["a"], target="b").tensors[1].dtype == weft.float32
    assert table.codes("a", [2, 1]).tolist() == [1, 0]
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert Table(tmp_path / "table.csv.gz", ["name", "a"])[0] == {"name": "x", "a": 1}
    (tmp_path / "plain.tsv").write_text("1\t2\n3\t4\n")
    assert Table(tmp_path / "plain.tsv", delimiter="\t", names=["p", "q"]).column("q").tolist() == [2, 4]


def test_missing_values(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b,name\n1,,x\n,2.5,y\n3,nan,\n5,4.5,z\n")
    with pytest.raises(ValueError, match=r"lacks values of its 4 rows: a 1, b 2, name 1; give missing='drop'"):
        Table(path)
    dropped = Table(path, missing="drop")
    assert len(dropped) == 1 and dropped[0]["a"].item() == 5
    numbers = ["a", "b"]
    mean = Table(path, numbers, missing="mean")
    assert mean.column("a").tolist() == [1, 3, 3, 5] and mean.column("b").tolist() == [3.5, 2.5, 3.5, 4.5]
    kept = Table(path, numbers, missing="nan")
    assert kept.column("a").isnan().tolist() == [False, True, False, False] and kept.column("b").isnan().sum() == 2
    filled = Table(path, numbers, missing=0)
    assert filled.column("a").tolist() == [1, 0, 3, 5] and filled.column("a").dtype == weft.int64
    assert Table(path, numbers, missing=-0.5).column("a").tolist() == [1, -0.5, 3, 5]
    with pytest.raises(ValueError, match="name 1; give missing='drop'; text cannot be filled in"):
        Table(path, missing="mean")
    path.write_text("a,b\n1,?\n2,NA\n")
    marked = Table(path, missing="nan", null_values=["?", "NA"])
    assert marked.column("b").isnan().all()
    with pytest.raises(ValueError, match="no value to take the mean of"):
        Table(path, missing="mean", null_values=["?", "NA"])


def test_parquet(tmp_path):
    columns = {
        "i8": pa.array([1, -2], pa.int8()),
        "f32": pa.array([0.5, 1.5], pa.float32()),
        "half": np.array([1, 2], np.float16),
        "text": pa.array(["a", "b"]).dictionary_encode(),
        "vector": [[1.0, 2.0], [3.0, 4.0]],
        "day": [datetime.date(2026, 1, 2), datetime.date(2026, 1, 3)],
        "money": [decimal.Decimal("1.25"), decimal.Decimal("2.50")],
        "flag": [True, False],
    }
    path = tmp_path / "table.parquet"
    pyarrow.parquet.write_table(pa.table(columns), path)
    table = Table(path)
    kinds = [getattr(column, "dtype", list) for column in table.columns.values()]
    want = [weft.int64, weft.float32, weft.float16, list, weft.float64, list, weft.float64, weft.bool]
    assert kinds == want and table.column("vector").tolist() == [[1, 2], [3, 4]]
    assert table[1]["day"] == "2026-01-03" and table.column("money").tolist() == [1.25, 2.5]
    assert table.tensors(["vector", "i8"]).tensors[0].tolist() == [[1, 2, 1], [3, 4, -2]]
    assert list(Table(path, ["text"]).columns) == ["text"]
    pyarrow.parquet.write_table(pa.table({"x": [1.0], "y": [2]}).slice(0, 0), tmp_path / "empty.pq")
    assert Table(tmp_path / "empty.pq").tensors(target="y").tensors[0].shape == (0, 1)
    with pytest.raises(KeyError, match="no column 'x'; it has i8, f32"):
        Table(path, ["x"])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataFileError, match="table.parquet"):
        Table(path)
    path.write_bytes(b"PAR1" + bytes(50) + b"\x0e\0\0\0PAR1")
    with pytest.raises(DataFileError, match="no whole table"):
        Table(path)


def test_tables_in_memory():
    frame = pandas.DataFrame({"x": [1, 2, 3], "kind": pandas.Categorical(["b", "a", "b"])})
    table = Table(frame)
    assert table.categories("kind") == ["a", "b"] and table.codes("kind").tolist() == [1, 0, 1]
    assert Table(pa.table({"x": [1]})).column("x").tolist() == [1]
    assert len(Table({"x": []}, missing="nan")) == 0
    assert len(Table(pa.table({"x": pa.array([], pa.int32())}))) == 0
    assert repr(Table({"a": [1, 2], "t": ["x", "y"]})) == "Table(2 rows; a: int64, t: text)"


def test_bad_tables(tmp_path):
    path = tmp_path / "table.csv"
    for content, error, text in (
        (b"", DataFileError, "no whole table"),
        (b"a,b\n1,2\n3\n", DataFileError, "no whole table"),
        (b"a,a\n1,2\n", DataFileError, "two columns have one name"),
        (gzip.compress(b"a,b\n1,2\n")[:-6], DataFileError, "damaged or cut off"),
        (b"a\n\xff\xfe\n", DataFileError, "column 'a' holds bytes that are no text"),
        (b"\xff\n1\n", DataFileError, "names of the columns are no text"),
    ):
        path.write_bytes(content)
        with pytest.raises(error, match=text):
            Table(path)
    path.write_text("a,name\n1,x\n2,y\n")
    table = Table(path)
    for call, error, text in (
        (lambda: Table(path, missing="guess"), ValueError, "missing must be"),
        (lambda: Table(path, missing=True), ValueError, "missing must be"),
        (lambda: Table(path, "a"), TypeError, "the string 'a'"),
        (lambda: table[2], IndexError, "index 2 is out of range for 2 rows"),
        (lambda: table.column("b"), KeyError, "no column 'b'; it has a, name"),
        (lambda: table.tensors(), ValueError, "text in name"),
        (lambda: table.tensors([]), ValueError, "no column for the inputs"),
        (lambda: table.codes("name", ["x"]), ValueError, "'y' in column 'name' is none of the 1 categories"),
        (lambda: Table(5), TypeError, "expected a path"),
        (lambda: Table({"a": [1], "b": [1, 2]}), TypeError, "columns of one length"),
        (lambda: Table({"a": [[1], [1, 2]]}), ValueError, "differ in length"),
        (lambda: Table({"a": [{"b": 1}]}), ValueError, "which tensors lack"),
        (lambda: Table({"a": [b"x"]}), DataFileError, "no text in utf-8"),
        (lambda: Table({"a": pa.array([2**63], pa.uint64())}), ValueError, "does not fit int64"),
    ):
        with pytest.raises(error, match=text):
            call()


def rows():
    return hf.Dataset.from_dict(
        {
            "x": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
            "label": [0, 1, 0],
            "text": ["a", "b", "c"],
            "ids": [[1], [2, 3], []],
        }
    )


def test_hugging_face():
    data = HuggingFace(rows(), ["x", "label", "text"])
    assert len(data) == 3 and data[-1]["text"] == "c" and data[1]["x"].tolist() == [3, 4]
    assert data[1]["label"].item() == 1 and type(data[0]["text"]) is str
    batch = next(iter(DataLoader(data, batch_size=3, sampler=[2, 0, 1])))
    assert list(batch) == ["x", "label", "text"] and batch["text"] == ["c", "a", "b"]
    assert batch["x"].tolist() == [[5, 6], [1, 2], [3, 4]] and batch["label"].dtype == weft.int64
    one_by_one = weft.utils.data.default_collate([data[i] for i in (2, 0, 1)])
    assert {k: getattr(v, "tolist", lambda v=v: v)() for k, v in one_by_one.items()} == {
        k: getattr(v, "tolist", lambda v=v: v)() for k, v in batch.items()
    }
    ragged = HuggingFace(rows(), ["ids"])
    assert [sample["ids"].tolist() for sample in ragged.__getitems__([0, 1, 2])] == [[1], [2, 3], []]
    batch = next(iter(DataLoader(ragged, 3, collate_fn=lambda samples: [len(s["ids"]) for s in samples])))
    assert batch == [1, 2, 0]
    length = HuggingFace(rows(), transform=lambda row: len(row["ids"]))
    assert next(iter(DataLoader(length, batch_size=3))).tolist() == [1, 2, 0]
    both = weft.utils.data.ConcatDataset([data, data])
    assert next(iter(DataLoader(both, 2, sampler=[5, 0])))["text"] == ["c", "a"]


def test_hugging_face_streams():
    stream = HuggingFaceStream(rows().to_iterable_dataset(), ["x", "text"])
    batches = list(DataLoader(stream, batch_size=2))
    assert batches[0]["text"] == ["a", "b"] and batches[1]["x"].tolist() == [[5, 6]]
    lengths = HuggingFaceStream(rows().to_iterable_dataset(), transform=lambda row: len(row["ids"]))
    assert list(lengths) == [1, 2, 0]


def test_streams_have_the_dtypes_of_data_sets():
    rows = hf.Dataset.from_dict({"x": [0.5, 1.5], "v": [[1.0, 2.0], [3.0, 4.0]], "n": [[1], [2]]})
    for whole, streamed in zip(HuggingFace(rows), HuggingFaceStream(rows.to_iterable_dataset())):
        assert {n: v.dtype for n, v in whole.items()} == {n: v.dtype for n, v in streamed.items()}
        assert streamed["v"].dtype == whole["x"].dtype == weft.float32 and weft.equal(whole["v"], streamed["v"])


def test_a_stream_in_several_threads():
    from concurrent.futures import ThreadPoolExecutor

    stream = HuggingFaceStream(hf.Dataset.from_dict({"x": list(range(200))}).to_iterable_dataset())
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda _: [int(row["x"]) for row in stream], range(8)))
    assert seen == [list(range(200))] * 8


def test_bad_hugging_face_data_sets():
    stream = rows().to_iterable_dataset()
    for call, error, text in (
        (lambda: HuggingFace([1]), TypeError, "expected a datasets.Dataset, got list"),
        (lambda: HuggingFace(stream), TypeError, "HuggingFaceStream"),
        (lambda: HuggingFace(hf.DatasetDict(train=rows())), TypeError, "take one, of train"),
        (lambda: HuggingFace(rows(), ["y"]), KeyError, "no column 'y'; there are x, label"),
        (lambda: HuggingFace(rows(), "x"), TypeError, "the string 'x'"),
        (lambda: HuggingFace(rows(), transform=5), TypeError, "transform"),
        (lambda: HuggingFace(rows())[3], IndexError, "index 3 is out of range for 3 rows"),
        (lambda: HuggingFaceStream([1]), TypeError, "expected a datasets.IterableDataset"),
        (lambda: HuggingFaceStream(stream, ["y"]), KeyError, "no column 'y'"),
    ):
        with pytest.raises(error, match=text):
            call()


def test_tokenizers(tmp_path):
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    texts = ["the cat sat on the mat", "the dog ran"] * 10
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=60, special_tokens=["[UNK]", "[END]"], show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    end = tokenizer.token_to_id("[END]")
    (tmp_path / "text").write_text("\n".join(texts))
    lines = weft.datasets.TextLines(tmp_path / "text")
    count = weft.datasets.write_tokens(tmp_path / "t.bin", lines, tokenizer, end=end)
    written = np.fromfile(tmp_path / "t.bin", np.uint16)
    want = [number for text in texts for number in [*tokenizer.encode(text).ids, end]]
    assert written.tolist() == want and count == len(want)
    stream = weft.datasets.TokenStream(tmp_path / "t.bin", 8)
    assert tokenizer.decode(stream[0][0].tolist()).startswith("the cat")


def test_addresses(tmp_path):
    memory = fsspec.filesystem("memory")
    memory.pipe("/table.csv", b"a,b\n1,2\n")
    memory.pipe("/lines.gz", gzip.compress(b"x\ny\n"))
    memory.pipe("/labels", bytes([0, 0, 8, 1, 0, 0, 0, 1, 7]))
    assert Table("memory://table.csv").column("b").tolist() == [2]
    assert list(weft.datasets.TextLines("memory://lines.gz")) == ["x", "y"]
    assert weft.datasets.read_idx("memory://labels").tolist() == [7]
    assert weft.datasets.read_text("memory://lines.gz") == "x\ny\n"
    memory.pipe("/tokens.bin", np.arange(10, dtype=np.uint16).tobytes())
    stream = weft.datasets.TokenStream("memory://tokens.bin", 4)
    assert stream[1][1].tolist() == [5, 6, 7, 8]
    with pytest.raises(ValueError, match="is an address"):
        weft.datasets.write_tokens("memory://new.bin", ["a"], list)
    memory.pipe("/odd.bin", b"abc")
    with pytest.raises(DataFileError, match="3 bytes"):
        weft.datasets.TokenStream("memory://odd.bin", 1)
    with pytest.raises(FileNotFoundError):
        Table("memory://none.csv")
