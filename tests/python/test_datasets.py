"""weft.datasets: files of the formats that it reads, made here; whole, damaged, cut off, and of another kind."""

import gzip
import os
import pickle
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import weft
from weft import datasets
from weft.datasets import DataFileError
from weft.utils.data import DataLoader

PIXELS = 3 * 32 * 32


def idx(array, kind=8):
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_mnist(folder, names=("train-images-idx3-ubyte", "train-labels-idx1-ubyte"), count=5, packed=True):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 28, 28)).astype(np.uint8)
    labels = np.arange(count, dtype=np.uint8) % 10
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(names, (images, labels)):
        content = idx(array)
        (folder / (name + ".gz" if packed else name)).write_bytes(gzip.compress(content) if packed else content)
    return images, labels


@pytest.mark.parametrize("place", ["MNIST/raw", "MNIST", ""])
@pytest.mark.parametrize("packed", [True, False])
def test_mnist(tmp_path, place, packed):
    images, labels = write_mnist(tmp_path / place, packed=packed)
    data = datasets.MNIST(tmp_path, transform=np.asarray, target_transform=lambda target: -target)
    assert data.data.numpy().tolist() == images.tolist() and data.targets.tolist() == labels.tolist()
    assert len(data) == 5 and data.classes[3] == "3 - three" and data.class_to_idx["3 - three"] == 3
    image, target = data[2]
    assert image.tolist() == images[2].tolist() and target == -2 and data[-1][1] == -4
    assert "Number of datapoints: 5" in repr(data) and "Split: Train" in repr(data)
    with pytest.raises(IndexError, match="MNIST: index 5 is out of range for 5"):
        data[5]
    with pytest.raises(ValueError, match="transforms"):
        data.tensors()
    with pytest.raises(RuntimeError, match="t10k-images-idx3-ubyte.gz"):
        datasets.MNIST(tmp_path, train=False)


def test_images_as_tensors(tmp_path):
    images, _ = write_mnist(tmp_path)
    tensors = datasets.FashionMNIST(tmp_path).tensors(weft.float64)
    x, y = next(iter(DataLoader(tensors, 5)))
    np.testing.assert_allclose(x.numpy(), images[:, None] / 255)
    assert x.dtype == weft.float64 and y.dtype == weft.int64
    with pytest.raises(ValueError, match="floating"):
        datasets.MNIST(tmp_path).tensors(weft.int64)


def test_pil_images(tmp_path):
    pytest.importorskip("PIL")
    images, _ = write_mnist(tmp_path)
    image, target = datasets.MNIST(str(tmp_path))[1]
    assert image.mode == "L" and np.asarray(image).tolist() == images[1].tolist() and type(target) is int


def test_damaged_idx_files(tmp_path):
    write_mnist(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    whole = path.read_bytes()
    raw = gzip.decompress(whole)
    cases = [
        (whole[: len(whole) // 2], "damaged or cut off"),
        (whole[:-4] + b"abcd", "damaged or cut off"),
        (gzip.compress(raw[:-1]), r"has 3935 bytes, but its header says 3936, for shape \(5, 28, 28\)"),
        (gzip.compress(raw + b"x"), "has 3937 bytes"),
        (gzip.compress(raw[:10]), "cut off in its header of 16 bytes"),
        (b"", "no IDX file; it begins with the bytes none"),
        (b"<html>not found</html>", "no IDX file"),
        (idx(np.zeros((5, 27, 28), np.uint8)), "28x28"),
        (idx(np.zeros(5, np.uint8)), "28x28"),
        (idx(np.zeros((0, 28, 28), np.uint8)), "do not fit the 0 images"),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1), "has 16 bytes, but"),
    ]
    for content, text in cases:
        path.write_bytes(content)
        with pytest.raises(DataFileError, match=text) as error:
            datasets.MNIST(tmp_path)
        assert str(tmp_path) in str(error.value)
    path.write_bytes(whole)
    labels = tmp_path / "train-labels-idx1-ubyte.gz"
    for array, text in (
        (np.full(5, 10), "label 10 is outside of 10 classes"),
        (np.zeros(4), "do not fit the 5 images"),
    ):
        labels.write_bytes(idx(array.astype(np.uint8)))
        with pytest.raises(DataFileError, match=text):
            datasets.MNIST(tmp_path)


@pytest.mark.parametrize("code, dtype", [(8, "u1"), (9, "i1"), (11, "i2"), (12, "i4"), (13, "f4"), (14, "f8")])
def test_dtypes_of_idx_files(tmp_path, code, dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    (tmp_path / "file").write_bytes(idx(array.astype(">" + dtype), code))
    tensor = datasets.read_idx(tmp_path / "file")
    assert tensor.numpy().dtype == array.dtype and tensor.tolist() == array.tolist()


def test_emnist(tmp_path):
    names = [f"emnist-letters-test-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1")]
    write_mnist(tmp_path / "unpacked", names, 12)
    with zipfile.ZipFile(tmp_path / "gzip.zip", "w") as archive:
        for name in names:
            archive.write(tmp_path / "unpacked" / f"{name}.gz", f"gzip/{name}.gz")
    data = datasets.EMNIST(tmp_path, "letters", train=False)
    assert len(data) == 12 and data.classes[:2] == ["N/A", "a"] and len(data.classes) == 27
    assert "letters" in repr(data) and len(os.listdir(tmp_path / "EMNIST" / "raw")) == 2
    with pytest.raises(DataFileError, match="the archive lacks emnist-digits-train-images"):
        datasets.EMNIST(tmp_path, "digits")
    whole = (tmp_path / "gzip.zip").read_bytes()
    (tmp_path / "gzip.zip").write_bytes(whole.replace(b"PK\1\2", b"PK\1\3"))
    with pytest.raises(DataFileError, match="damaged, cut off, or none"):
        datasets.EMNIST(tmp_path, "digits")
    (tmp_path / "gzip.zip").write_bytes(b"PK no zip file")
    with pytest.raises(DataFileError, match="damaged, cut off, or none"):
        datasets.EMNIST(tmp_path, "digits")
    with pytest.raises(ValueError, match="split must be one of"):
        datasets.EMNIST(tmp_path, "all")
    sizes = {split: len(datasets.mnist._emnist_classes(split)) for split in datasets.EMNIST.splits}
    assert sizes == {"byclass": 62, "bymerge": 47, "balanced": 47, "letters": 27, "digits": 10, "mnist": 10}


def test_digits():
    train, test = datasets.Digits(), datasets.Digits(train=False)
    assert weft.bincount(train.targets).tolist() == [376, 389, 380, 389, 387, 376, 377, 387, 380, 382]
    assert weft.bincount(test.targets).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert train.data.max() == 16 and train.tensors().tensors[0].max() == 1
    with pytest.raises(TypeError):
        datasets.Digits("train")


def cifar_records(count, columns=1, classes=(10,)):
    rng = np.random.default_rng(1)
    labels = np.stack([rng.integers(0, n, count) for n in classes], 1).astype(np.uint8)
    pixels = rng.integers(0, 256, (count, PIXELS)).astype(np.uint8)
    return labels, pixels


def text_of_python2(content):
    """BINSTRING: how Python 2 pickles bytes and text."""
    if len(content) < 256:
        return b"U" + bytes([len(content)]) + content
    return b"T" + struct.pack("<i", len(content)) + content


def pickle_of_python2(pixels, lists):
    """What cPickle of Python 2 wrote for a batch: a dict of byte strings, an array and lists of small ints."""
    rows, columns = pixels.shape
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + text_of_python2(b"b") + b"tR"
        b"(K\x01(K" + bytes([rows]) + b"M" + struct.pack("<H", columns) + b"t"
        b"cnumpy\ndtype\n(" + text_of_python2(b"u1") + b"K\x00K\x01tR(K\x03" + text_of_python2(b"|") + b"NNNJ"
        b"\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbI00\n" + text_of_python2(pixels.tobytes()) + b"tb"
    )
    items = text_of_python2(b"data") + array
    for name, values in lists.items():
        items += text_of_python2(name.encode()) + b"](" + b"".join(b"K" + bytes([v]) for v in values) + b"e"
    return b"\x80\x02}(" + items + b"u."


def write_cifar(folder, form):
    folder.mkdir(parents=True, exist_ok=True)
    wanted = []
    for i in range(1, 6):
        labels, pixels = cifar_records(i)
        wanted += labels[:, 0].tolist()
        if form == "binary":
            (folder / f"data_batch_{i}.bin").write_bytes(np.hstack([labels, pixels]).tobytes())
        elif form == "python 2":
            (folder / f"data_batch_{i}").write_bytes(pickle_of_python2(pixels, {"labels": labels[:, 0].tolist()}))
        else:
            batch = {b"data": pixels, b"labels": labels[:, 0].tolist(), b"batch_label": b"one"}
            (folder / f"data_batch_{i}").write_bytes(pickle.dumps(batch, protocol=2))
    return wanted, pixels


@pytest.mark.parametrize("form", ["binary", "python 2", "python 3"])
@pytest.mark.parametrize("packed", [False, True])
def test_cifar10(tmp_path, form, packed):
    name = "cifar-10-batches-bin" if form == "binary" else "cifar-10-batches-py"
    labels, pixels = write_cifar(tmp_path / name, form)
    if packed:
        archive = "cifar-10-binary.tar.gz" if form == "binary" else "cifar-10-python.tar.gz"
        (tmp_path / "packed").mkdir()
        with tarfile.open(tmp_path / "packed" / archive, "w:gz") as tar:
            tar.add(tmp_path / name, name)
        tmp_path = tmp_path / "packed"
    data = datasets.CIFAR10(tmp_path, transform=np.asarray)
    assert data.targets == labels and data.data.shape == (15, 32, 32, 3)
    assert data.data[10].tolist() == pixels[0].reshape(3, 32, 32).transpose(1, 2, 0).tolist()
    assert data[14][1] == labels[14] and data[14][0].tolist() == data.data[14].tolist()
    assert datasets.CIFAR10(tmp_path).tensors().tensors[0].shape == (15, 3, 32, 32)
    with pytest.raises((RuntimeError, DataFileError), match="test_batch|not there"):
        datasets.CIFAR10(tmp_path, train=False)


def test_cifar100(tmp_path):
    labels, pixels = cifar_records(3, 2, (20, 100))
    (tmp_path / "cifar-100-binary").mkdir()
    (tmp_path / "cifar-100-binary" / "test.bin").write_bytes(np.hstack([labels, pixels]).tobytes())
    data = datasets.CIFAR100(tmp_path, train=False)
    assert data.targets == labels[:, 1].tolist() and len(data.classes) == 100 and data.classes == sorted(data.classes)
    coarse = datasets.read_cifar(tmp_path / "cifar-100-binary" / "test.bin", classes=100)[1]
    assert coarse.tolist() == labels.tolist()
    (tmp_path / "cifar-100-python").mkdir()
    batch = {"data": pixels, "fine_labels": labels[:, 1].tolist(), "coarse_labels": labels[:, 0].tolist()}
    (tmp_path / "cifar-100-python" / "train").write_bytes(pickle.dumps(batch))
    assert datasets.CIFAR100(tmp_path).targets == data.targets


class Trap:
    def __reduce__(self):
        return os.system, ("echo ran > trap",)


def test_damaged_cifar_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    labels, pixels = cifar_records(2)
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    record = np.hstack([labels, pixels]).tobytes()
    for content, text in (
        (record[:-1], "6145 bytes are no whole number of records of 3073"),
        (b"", "0 bytes"),
        (b"\x0b" + record[1:], "record 0 has label 11, but there are 10 classes"),
        (gzip.compress(record)[:-9], "damaged or cut off"),
    ):
        (folder / "test_batch.bin").write_bytes(content)
        with pytest.raises(DataFileError, match=text):
            datasets.CIFAR10(tmp_path, train=False)
    (folder / "test_batch.bin").unlink()
    good = {"data": pixels, "labels": labels[:, 0].tolist()}
    for batch, text in (
        (Trap(), "posix system|os.system|posix.system"),
        ({**good, "labels": [1]}, "expected 'labels', a list of 2 integers"),
        ({**good, "labels": [1, 10]}, "record 1 has label 10"),
        ({**good, "labels": [True, 1]}, "integers"),
        ({**good, "data": pixels.astype(float)}, "expected 'data'"),
        ({"labels": [1, 2]}, "expected 'data'"),
        ([1, 2], "expected a dict"),
    ):
        (tmp_path / "test_batch").write_bytes(pickle.dumps(batch))
        with pytest.raises(DataFileError, match=text):
            datasets.CIFAR10(tmp_path, train=False)
    whole = pickle.dumps(good)
    for content in (whole[:100], b"", b"<html>", whole[:-1]):
        (tmp_path / "test_batch").write_bytes(content)
        with pytest.raises(DataFileError, match="test_batch"):
            datasets.CIFAR10(tmp_path, train=False)
    assert not (tmp_path / "trap").exists()


def test_folders(tmp_path):
    for name in ("b/2.txt", "b/deep/1.TXT", "a/x.txt", "a/y.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    data = datasets.DatasetFolder(tmp_path, lambda path: Path(path).read_text(), extensions=(".txt",))
    assert data.classes == ["a", "b"] and data.targets == [0, 1, 1]
    assert [data[i][0] for i in range(3)] == ["a/x.txt", "b/2.txt", "b/deep/1.TXT"]
    assert (
        len(datasets.DatasetFolder(tmp_path, str, is_valid_file=lambda path: path.endswith("png"), allow_empty=True))
        == 1
    )
    for options, error, text in (
        ({}, ValueError, "either extensions or is_valid_file"),
        ({"extensions": ".txt", "is_valid_file": bool}, ValueError, "either extensions or is_valid_file"),
        ({"extensions": ".png"}, FileNotFoundError, "ends with .png for the classes b"),
        ({"extensions": ".txt", "transform": 5}, TypeError, "transforms must be functions"),
    ):
        with pytest.raises(error, match=text):
            datasets.DatasetFolder(tmp_path, str, **options)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        datasets.ImageFolder(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="holds no folder"):
        datasets.ImageFolder(tmp_path / "a")
    with pytest.raises(TypeError, match="loader"):
        datasets.DatasetFolder(tmp_path, None, ".txt")
    with pytest.raises(ValueError, match="either transforms"):
        datasets.VisionDataset(transforms=max, transform=str)
    assert datasets.VisionDataset(transforms=lambda image, target: (target, image)).transformed(1, 2) == (2, 1)


def test_image_folders(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for i, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        for mode in ("RGB", "L", "P", "RGBA"):
            image.new(mode, (3, 2), i).save(tmp_path / name / f"{mode}.png")
    data = datasets.ImageFolder(tmp_path, transform=lambda x: weft.from_numpy(np.array(x)))
    x, y = next(iter(DataLoader(data, batch_size=8)))
    assert x.shape == (8, 2, 3, 3) and y.tolist() == [0] * 4 + [1] * 4 and data.imgs is data.samples
    whole = (tmp_path / "cat" / "RGB.png").read_bytes()
    for content in (b"text", whole[:40], b""):
        (tmp_path / "cat" / "RGB.png").write_bytes(content)
        with pytest.raises(DataFileError, match="RGB.png"):
            datasets.ImageFolder(tmp_path)[2]


def cora_arrays():
    return dict(
        edges=np.array([[0, 1], [1, 2]], np.int32),
        feat_indptr=np.array([0, 2, 2, 3], np.int32),
        feat_indices=np.array([0, 3, 1], np.int16),
        num_features=np.int64(4),
        labels=np.array([0, 1, 1], np.uint8),
        split=np.array([0, 1, 2], np.int8),
    )


def test_cora(tmp_path):
    np.savez(tmp_path / "cora.npz", **cora_arrays())
    for root in (tmp_path, tmp_path / "cora.npz"):
        data = datasets.Cora(root)
        assert data.x.tolist() == [[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]] and data.num_classes == 2
        assert data.edge_index.tolist() == [[0, 1, 1, 2], [1, 2, 0, 1]] and data.test_mask.tolist() == [
            False,
            False,
            True,
        ]
        assert len(data) == 1 and data[0]["y"].tolist() == [0, 1, 1]
        assert repr(data) == "Cora(3 nodes, 2 links, 4 words, 2 classes)"
    with pytest.raises(IndexError):
        data[1]
    for change, text in (
        ({"edges": np.array([[0], [3]])}, "links"),
        ({"feat_indices": np.array([0, 4, 1])}, "word"),
        ({"feat_indptr": np.array([0, 2, 1, 3])}, "feat_indptr"),
        ({"split": np.array([0])}, "split"),
    ):
        np.savez(tmp_path / "cora.npz", **{**cora_arrays(), **change})
        with pytest.raises(DataFileError, match=text):
            datasets.Cora(tmp_path)
    np.savez(tmp_path / "cora.npz", x=np.zeros(1))
    with pytest.raises(DataFileError, match="lacks edges"):
        datasets.Cora(tmp_path)
    for content in (b"PK\x03\x04", b"text", b""):
        (tmp_path / "cora.npz").write_bytes(content)
        with pytest.raises(DataFileError, match="no whole NumPy archive"):
            datasets.Cora(tmp_path)
    with pytest.raises(RuntimeError, match="cora.tgz"):
        datasets.Cora(tmp_path / "none")


def test_cora_as_text(tmp_path):
    (tmp_path / "cora.content").write_text("10\t1\t0\tB\n7\t0\t1\tA\n3\t1\t1\tB\n")
    (tmp_path / "cora.cites").write_text("10\t7\n7\t10\n3\t3\n7\t3\n")
    data = datasets.Cora(tmp_path)
    assert data.y.tolist() == [1, 0, 1] and data.x.tolist() == [[1, 0], [0, 1], [1, 1]]
    assert data.edge_index.tolist() == [[0, 1, 1, 2], [1, 2, 0, 1]] and data.train_mask.tolist() == [True] * 3
    (tmp_path / "cora.cites").write_text("10\t99\n")
    with pytest.raises(DataFileError, match="do not fit"):
        datasets.Cora(tmp_path)
    (tmp_path / "cora.content").write_text("10\t1\n7\t0\t1\tA\n")
    with pytest.raises(DataFileError, match="cora.content"):
        datasets.Cora(tmp_path)


def test_movielens(tmp_path):
    folder = tmp_path / "ml-latest-small"
    folder.mkdir()
    (folder / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\r\n7,30,4.5,100\r\n2,10,0.5,90\r\n7,10,3,80\r\n"
    )
    (folder / "movies.csv").write_text('movieId,title,genres\n10,"Un, deux",Drama\n11,Other,\n30,Three,\n')
    for root in (tmp_path, folder, folder / "ratings.csv"):
        data = datasets.MovieLens(root)
        assert (
            data.user.tolist() == [1, 0, 1]
            and data.film.tolist() == [1, 0, 0]
            and data.rating.tolist() == [4.5, 0.5, 3]
        )
        assert data.titles == ["Un, deux", "Three"] and (data.num_users, data.num_films) == (2, 2)
        assert data.user_ids.tolist() == [2, 7] and data.timestamp.tolist() == [100, 90, 80]
    user, film, rating = next(iter(DataLoader(data, batch_size=2)))
    assert user.tolist() == [1, 0] and rating.dtype == weft.float32
    (tmp_path / "u.data").write_text("1\t5\t3\t10\n2\t5\t4\t11\n")
    (tmp_path / "u.item").write_bytes("5|Café|1995\n".encode("latin-1"))
    assert datasets.MovieLens(tmp_path, "ml-100k").titles == ["Café"]
    (tmp_path / "ratings.dat").write_text("1::5::3::10\n")
    assert datasets.MovieLens(tmp_path, "ml-1m").titles == [""]
    for content, text in (
        ("userId\n1,2\n1,2,3\n", "no whole list"),
        ("userId\n1,2,3\n", "expected lines of user, film, rating and time"),
        ("userId\n1,2,9,1\n", "line 2 has no rating between 0 and 5"),
        ("userId\n1,2,nan,1\n", "line 2 has no rating"),
        ("userId\n", "expected lines"),
        ("userId\na,b,c,d\n", "no whole list"),
    ):
        (folder / "ratings.csv").write_text(content)
        with pytest.raises(DataFileError, match=text):
            datasets.MovieLens(folder)
    for call, error, text in (
        (lambda: datasets.MovieLens(tmp_path, "ml-2m"), ValueError, "name must be one of"),
        (lambda: datasets.MovieLens(tmp_path, download=True), ValueError, "no checksum"),
        (lambda: datasets.MovieLens(tmp_path / "none", "ml-1m"), RuntimeError, "ml-1m.zip"),
    ):
        with pytest.raises(error, match=text):
            call()


@pytest.mark.skipif("WEFT_DATA" not in os.environ, reason="WEFT_DATA names no folder of real data")
def test_real_data():
    root = Path(os.environ["WEFT_DATA"])
    images, labels = datasets.MNIST(root / "mnist").tensors().tensors
    assert abs(images.mean().item() - 0.1307) < 1e-4 and weft.bincount(labels)[1] == 6742
    assert len(datasets.FashionMNIST(root / "fashion_mnist", train=False)) == 10000
    images, labels = datasets.read_cifar(root / "cifar10_subset" / "train_first4000.bin.gz")
    assert labels[:5].tolist() == [6, 9, 9, 4, 1] and len(images) == 4000
    assert len(datasets.MovieLens(root / "movielens_latest_small")) == 100836
    assert datasets.Cora(root / "cora").edge_index.shape == (2, 10556)


@pytest.mark.parametrize(
    "library, call, text",
    [
        ("PIL", lambda folder: datasets.MNIST(folder)[0], "pip install pillow, or use .data or .tensors"),
        ("PIL", lambda folder: datasets.default_loader(folder / "file"), "pip install pillow, or give a loader"),
        ("pyarrow", lambda folder: datasets.Table({"a": [1]}), "pip install pyarrow"),
        ("fsspec", lambda folder: datasets.read_text("memory://a"), "pip install fsspec"),
    ],
)
def test_libraries_that_are_not_installed(tmp_path, monkeypatch, library, call, text):
    write_mnist(tmp_path)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=text):
        call(tmp_path)
    assert datasets.MNIST(tmp_path).tensors()[0][0].shape == (1, 28, 28)


def test_arguments_are_checked(tmp_path):
    write_mnist(tmp_path)
    for call in (
        lambda: datasets.MNIST(tmp_path, train="yes"),
        lambda: datasets.MNIST(tmp_path, download=1.5),
        lambda: datasets.MNIST(tmp_path, transform="ToTensor"),
        lambda: datasets.MNIST(5),
        lambda: datasets.MovieLens(tmp_path, download="no"),
    ):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(ValueError, match="classes must be 10 or 100"):
        datasets.read_cifar(tmp_path / "x", classes=50)
    with pytest.raises(ValueError, match="at least one file"):
        datasets.read_cifar([])
