"""CIFAR-10 and CIFAR-100, from their binary files or from those for Python."""

from __future__ import annotations

import os
from io import BytesIO

import numpy as np

import weft
from weft.datasets._download import download as download_file
from weft.datasets._files import DataFileError, found, read_archive, read_bytes
from weft.datasets.vision import ImagesInMemory, check_arguments, missing, pil_image
from weft.serialization import pickle_globals
from weft.serialization.restricted_pickle import Damaged, Machine, Refused

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

_PIXELS = 3 * 32 * 32


def read_cifar(paths: Any, classes: int = 10) -> tuple[weft.Tensor, weft.Tensor]:
    """Images and labels of files in CIFAR's binary layout, packed with gzip or not.

    A record is a byte for the label, for CIFAR-100 one for the coarse and one for the fine label, and 3072 bytes for
    the red, green and blue pixels.

    Args:
        paths: a file or several, read in this order.
        classes: 10 or 100.

    Returns: images, uint8 (N, 3, 32, 32); labels, int64 (N,), for CIFAR-100 (N, 2): coarse and fine.

    Raises DataFileError for a file that is no whole number of records, or has labels that there are not.

    >>> import pathlib, tempfile, weft
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "batch.bin"
    >>> _ = path.write_bytes(bytes([7] + [255] * 3072))
    >>> images, labels = weft.datasets.read_cifar(path)
    >>> images.shape, labels
    (weft.Size([1, 3, 32, 32]), tensor([7]))
    """
    if classes not in (10, 100):
        raise ValueError(f"read_cifar: classes must be 10 or 100, got {classes!r}")
    paths = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if not paths:
        raise ValueError("read_cifar: expected at least one file")
    parts = [_records(read_bytes(path), path, classes) for path in paths]
    images = np.concatenate([images for images, _ in parts])
    labels = np.concatenate([labels for _, labels in parts])
    return weft.from_numpy(images), weft.from_numpy(labels if classes == 100 else labels[:, 0].copy())


def _records(content, path, classes):
    """Images (N, 3, 32, 32) and labels (N, 1 or 2) of a binary file."""
    columns = 1 if classes == 10 else 2
    if not content or len(content) % (columns + _PIXELS):
        raise DataFileError(
            f"{path}: {len(content)} bytes are no whole number of records of {columns + _PIXELS}, of CIFAR-{classes}"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, columns + _PIXELS)
    labels = records[:, :columns].astype(np.int64)
    for column, most in enumerate((10,) if classes == 10 else (20, 100)):
        _check_labels(labels[:, column], most, path)
    return records[:, columns:].reshape(-1, 3, 32, 32), labels


def _check_labels(labels, most, path):
    if len(labels) and not 0 <= labels.min() <= labels.max() < most:
        raise DataFileError(
            f"{path}: record {int(np.argmax((labels >= most) | (labels < 0)))} has label "
            f"{int(labels[np.argmax((labels >= most) | (labels < 0))])}, but there are {most} classes"
        )


class _Python2Machine(Machine):
    """In what Python 2 wrote, bytes and text are of one type."""

    def _step(self, name, argument):
        if name in ("STRING", "BINSTRING", "SHORT_BINSTRING"):
            content = argument.encode("latin-1")
            self._stack.append(content.decode("ascii") if len(content) < 256 and content.isascii() else content)
        else:
            super()._step(name, argument)


def _refuse_storage(machine, identity):
    raise Refused("it refers to something outside of the pickle")


def _pickled_records(content, path, classes):
    """The same of a file for Python, whose pickle is read by a machine that runs no code."""
    machine = _Python2Machine(
        BytesIO(content), len(content), pickle_globals.find, _refuse_storage, pickle_globals.set_state
    )
    try:
        batch = machine.run()
    except (Refused, Damaged) as error:
        raise DataFileError(f"{path}: {error}") from None
    if not isinstance(batch, dict):
        raise DataFileError(f"{path}: expected a dict in the pickle, got {type(batch).__name__}")
    batch = {key.decode("latin-1") if isinstance(key, bytes) else key: value for key, value in batch.items()}
    names = ["labels"] if classes == 10 else ["coarse_labels", "fine_labels"]
    data, columns = batch.get("data"), [batch.get(name) for name in names]
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != _PIXELS:
        raise DataFileError(f"{path}: expected 'data', a uint8 array (N, {_PIXELS}), in the pickle of CIFAR-{classes}")
    for name, column, most in zip(names, columns, (10,) if classes == 10 else (20, 100)):
        if not isinstance(column, list) or len(column) != len(data) or any(type(label) is not int for label in column):
            raise DataFileError(f"{path}: expected {name!r}, a list of {len(data)} integers, in the pickle")
        _check_labels(np.array(column, np.int64), most, path)
    return data.reshape(-1, 3, 32, 32), np.array(columns, np.int64).T


class CIFAR10(ImagesInMemory):
    """Photographs of ten classes: 50,000 images of 32x32 pixels to train with, 10,000 to test.

    They are read from the folder ``cifar-10-batches-bin`` (the binary version) or ``cifar-10-batches-py`` (the one for
    Python, whose pickles are read without running code) in root, from root itself, or from one of the archives
    ``cifar-10-binary.tar.gz`` and ``cifar-10-python.tar.gz`` in root.

    Args:
        root: the folder.
        train: the images to train with, or those to test.
        transform: a function of the PIL image.
        target_transform: a function of the number of the class.
        download: download the binary archive, where nothing is there.

    Attributes: ``data``, a uint8 NumPy array (N, 32, 32, 3); ``targets``, a list; ``classes``; ``class_to_idx``.

    Raises:
        RuntimeError: the files are not there; the message says where to put them.
        DataFileError: a file is damaged or another one.

    >>> import weft
    >>> weft.datasets.CIFAR10.classes[:3]
    ['airplane', 'automobile', 'bird']
    """

    url: str = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    checksum: str = "md5:c32a1d4ab5d03f1284b67883e8d87530"
    classes: list[str] = "airplane automobile bird cat deer dog frog horse ship truck".split()
    _count = 10
    _folders = ("cifar-10-batches-bin", "cifar-10-batches-py")
    _archives = ("cifar-10-binary.tar.gz", "cifar-10-python.tar.gz")
    _train = tuple(f"data_batch_{i}" for i in range(1, 6))
    _test = ("test_batch",)

    def __init__(
        self,
        root: Any,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        check_arguments(type(self).__name__, train=train, download=download)
        self.train: bool = train
        if download:
            self.download()
        parts = [
            _records(content, path, self._count) if binary else _pickled_records(content, path, self._count)
            for path, content, binary in self._contents()
        ]
        images = np.concatenate([images for images, _ in parts])
        self.data: Any = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        self.targets: list[int] = np.concatenate([labels for _, labels in parts])[:, -1].tolist()

    def download(self) -> None:
        """Downloads the binary archive to root, unless a form of the data is there.

        >>> import weft
        >>> weft.datasets.CIFAR10("data").download()  # doctest: +SKIP
        """
        if self._find() is None:
            download_file(self.url, os.path.join(self.root or "", self._archives[0]), checksum=self.checksum)

    def _names(self, binary):
        names = self._train if self.train else self._test
        return [name + ".bin" for name in names] if binary else list(names)

    def _find(self):
        """A list of files, or an archive; and whether it is the binary version."""
        root = self.root or "."
        for folder, binary in [(self._folders[0], True), ("", True), (self._folders[1], False), ("", False)]:
            paths = [found([os.path.join(root, folder)], [name, name + ".gz"]) for name in self._names(binary)]
            if None not in paths:
                return paths, binary
        for archive, binary in zip(self._archives, (True, False)):
            if path := found([root], [archive]):
                return path, binary
        return None

    def _contents(self) -> Iterable[tuple[str, bytes, bool]]:
        place = self._find()
        if place is None:
            root = self.root or "."
            wanted = [(self.url, os.path.join(root, self._archives[0]), self.checksum)]
            raise missing(
                type(self).__name__, [root, *(os.path.join(root, folder) for folder in self._folders)], wanted
            )
        paths, binary = place
        if isinstance(paths, str):
            files = read_archive(paths, self._names(binary))
            return [(f"{paths}: {name}", content, binary) for name, content in files.items()]
        return [(path, read_bytes(path), binary) for path in paths]

    def _image(self, index):
        return pil_image(self.data[index])

    def _channels_first(self):
        return weft.from_numpy(self.data).permute(0, 3, 1, 2).contiguous()

    def extra_repr(self) -> str:
        """The line that says which part it is.

        >>> import weft
        >>> weft.datasets.CIFAR10("data").extra_repr()  # doctest: +SKIP
        'Split: Train'
        """
        return f"Split: {'Train' if self.train else 'Test'}"


class CIFAR100(CIFAR10):
    """Photographs of a hundred classes: 50,000 images of 32x32 pixels to train with, 10,000 to test.

    Arguments, attributes and errors are those of :class:`CIFAR10`, the folders and archives those of CIFAR-100. The
    targets are the fine labels.

    >>> import weft
    >>> weft.datasets.CIFAR100.classes[:3]
    ['apple', 'aquarium_fish', 'baby']
    """

    url: str = "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"
    checksum: str = "md5:03b5dce01913d631647c71ecec9e9cb8"
    classes: list[str] = (
        "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can "
        "castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin "
        "elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster "
        "man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck "
        "pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk "
        "skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger "
        "tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm"
    ).split()
    _count = 100
    _folders = ("cifar-100-binary", "cifar-100-python")
    _archives = ("cifar-100-binary.tar.gz", "cifar-100-python.tar.gz")
    _train = ("train",)
    _test = ("test",)
