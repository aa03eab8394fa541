"""Data sets in the IDX format: MNIST and those that are like it."""

from __future__ import annotations

import os
import string
import struct

import numpy as np

import weft
from weft.datasets._download import download as download_file
from weft.datasets._files import DataFileError, found, read_bytes, unpack
from weft.datasets.vision import ImagesInMemory, check_arguments, missing

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: Any) -> weft.Tensor:
    """The tensor in a file of the IDX format, packed with gzip or not; uint8 for most.

    Args:
        path: of the file, or an address with "://", which fsspec opens.

    Raises DataFileError for a file that is damaged, cut off, or none of this format.

    >>> import pathlib, tempfile, weft
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "labels"
    >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    >>> weft.datasets.read_idx(path)
    tensor([7, 8, 9], dtype=weft.uint8)
    """
    return idx_tensor(read_bytes(path), os.fspath(path))


def idx_tensor(content: bytes, name: Any) -> weft.Tensor:
    kind, rank = content[2:4] if len(content) >= 4 else (0, 0)
    if content[:2] != b"\0\0" or kind not in _IDX_TYPES or not rank:
        raise DataFileError(f"{name}: this is no IDX file; it begins with the bytes {content[:4].hex(' ') or 'none'}")
    begin = 4 + 4 * rank
    if len(content) < begin:
        raise DataFileError(f"{name}: the IDX file is cut off in its header of {begin} bytes")
    shape = struct.unpack(f">{rank}I", content[4:begin])
    dtype = np.dtype(_IDX_TYPES[kind])
    wanted = begin + dtype.itemsize * int(np.prod(shape, dtype=object))
    if len(content) != wanted:
        raise DataFileError(
            f"{name}: the IDX file has {len(content)} bytes, but its header says {wanted}, for shape {shape}"
        )
    array = np.frombuffer(content, dtype, offset=begin).reshape(shape)
    return weft.from_numpy(array.astype(dtype.newbyteorder("=")))


class MNIST(ImagesInMemory):
    """Handwritten digits: 60,000 grey images of 28x28 pixels to train with, 10,000 to test.

    The four files of the IDX format, packed or not, are read from root, from ``root/MNIST/raw`` as torchvision lays
    them out, or from ``root/MNIST``.

    Args:
        root: the folder.
        train: the images to train with, or those to test.
        transform: a function of the PIL image.
        target_transform: a function of the digit.
        download: download to ``root/MNIST/raw`` what is missing.

    Attributes: ``data``, a uint8 tensor (N, 28, 28); ``targets``, an int64 tensor; ``classes``; ``class_to_idx``.

    Raises:
        RuntimeError: the files are not there; the message says where to put them.
        DataFileError: a file is damaged or another one.

    >>> import weft
    >>> weft.datasets.MNIST("data")  # doctest: +SKIP
    Dataset MNIST
        Number of datapoints: 60000
        Root location: data
        Split: Train
    """

    mirrors: list[str] = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ]
    # Name and checksum of the images and labels to train with, then of those to test.
    resources: list[tuple[str, str]] = [
        ("train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        ("train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        ("t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        ("t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ]
    classes: list[str] = [
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    ]

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
        images, labels = self._find()
        self.data: weft.Tensor = read_idx(images)
        self.targets: weft.Tensor = read_idx(labels).to(weft.int64)
        self._check(images, labels)

    @property
    def raw_folder(self) -> str:
        """The folder that files are downloaded to.

        >>> import weft
        >>> weft.datasets.MNIST("data").raw_folder  # doctest: +SKIP
        'data/MNIST/raw'
        """
        return os.path.join(self.root or "", type(self).__name__, "raw")

    def download(self) -> None:
        """Downloads what is missing to :attr:`raw_folder`.

        >>> import weft
        >>> weft.datasets.MNIST("data").download()  # doctest: +SKIP
        """
        for (name, checksum), path in zip(self._part(), self._paths()):
            if path is None:
                urls = [mirror + name for mirror in self.mirrors]
                download_file(urls, os.path.join(self.raw_folder, name), checksum=checksum)

    def _folders(self):
        return [self.raw_folder, os.path.dirname(self.raw_folder), self.root or "."]

    def _part(self):
        return self.resources[:2] if self.train else self.resources[2:]

    def _paths(self):
        return [found(self._folders(), [name.removesuffix(".gz"), name]) for name, _ in self._part()]

    def _find(self):
        paths = self._paths()
        if None in paths:
            wanted = [
                ([mirror + name for mirror in self.mirrors], os.path.join(self.raw_folder, name), checksum)
                for (name, checksum), path in zip(self._part(), paths)
                if path is None
            ]
            raise missing(type(self).__name__, self._folders(), wanted)
        return paths

    def _check(self, images, labels):
        data, targets = self.data, self.targets
        if data.dim() != 3 or data.dtype != weft.uint8 or tuple(data.shape[1:]) != (28, 28):
            raise DataFileError(
                f"{images}: expected uint8 images of 28x28 pixels, got {data.dtype}, {tuple(data.shape)}"
            )
        if targets.dim() != 1 or len(targets) != len(data):
            raise DataFileError(f"{labels}: labels of shape {tuple(targets.shape)} do not fit the {len(data)} images")
        if len(data) == 0:
            raise DataFileError(f"{images}: there are no images in it")
        if int(targets.min()) < 0 or int(targets.max()) >= len(self.classes):
            raise DataFileError(f"{labels}: label {int(targets.max())} is outside of {len(self.classes)} classes")

    def extra_repr(self) -> str:
        """The line that says which part it is.

        >>> import weft
        >>> weft.datasets.MNIST("data").extra_repr()  # doctest: +SKIP
        'Split: Train'
        """
        return f"Split: {'Train' if self.train else 'Test'}"


class FashionMNIST(MNIST):
    """Articles of clothing: 60,000 grey images of 28x28 pixels to train with, 10,000 to test.

    Arguments, attributes and errors are those of :class:`MNIST`; the folder is ``root/FashionMNIST/raw``.

    >>> import weft
    >>> weft.datasets.FashionMNIST.classes[9]
    'Ankle boot'
    """

    mirrors: list[str] = [
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ]
    resources: list[tuple[str, str]] = [
        ("train-images-idx3-ubyte.gz", "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        ("train-labels-idx1-ubyte.gz", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        ("t10k-images-idx3-ubyte.gz", "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        ("t10k-labels-idx1-ubyte.gz", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ]
    classes: list[str] = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


class KMNIST(MNIST):
    """Handwritten Japanese characters of ten classes: 60,000 grey images of 28x28 pixels to train with, 10,000 to test.

    Arguments, attributes and errors are those of :class:`MNIST`; the folder is ``root/KMNIST/raw``.

    >>> import weft
    >>> weft.datasets.KMNIST.classes[:3]
    ['o', 'ki', 'su']
    """

    mirrors: list[str] = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources: list[tuple[str, str]] = [
        ("train-images-idx3-ubyte.gz", "md5:bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "md5:e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "md5:5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "md5:7320c461ea6c1c855c0b718fb2a4b134"),
    ]
    classes: list[str] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


class EMNIST(MNIST):
    """Handwritten letters and digits, grey images of 28x28 pixels, in one of six splits.

    The files are those of the archive ``gzip.zip`` of its authors, read from it or unpacked. The images stand on their
    side there; they are left as they are, as torchvision leaves them.

    Args:
        root: the folder; files are downloaded to ``root/EMNIST/raw``.
        split: "byclass" (62 classes), "bymerge", "balanced" (47), "letters" (26, numbered from 1), "digits" or "mnist".
        train: the images to train with, or those to test.
        transform: a function of the PIL image.
        target_transform: a function of the number of the class.
        download: download what is missing.

    Raises:
        ValueError: there is no such split.
        RuntimeError: the files are not there; the message says where to put them.
        DataFileError: a file is damaged or another one.

    >>> import weft
    >>> weft.datasets.EMNIST("data", "letters").classes[1]  # doctest: +SKIP
    'a'
    """

    splits: tuple[str, ...] = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
    url: str = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    checksum: str = "md5:58c8d27c78d21e728a6bc7b3cc06412e"

    def __init__(
        self,
        root: Any,
        split: str,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        if split not in self.splits:
            raise ValueError(f"EMNIST: split must be one of {', '.join(self.splits)}, got {split!r}")
        self.split: str = split
        self.classes: list[str] = _emnist_classes(split)
        super().__init__(root, train, transform, target_transform, download)

    def download(self) -> None:
        """Downloads the archive of all splits (536 MB), unless the files of this one are there, and unpacks these.

        >>> import weft
        >>> weft.datasets.EMNIST("data", "digits").download()  # doctest: +SKIP
        """
        if None in self._paths():
            archive = download_file(self.url, os.path.join(self.raw_folder, "gzip.zip"), checksum=self.checksum)
            unpack(archive, self.raw_folder, [name for name, _ in self._part()])

    def _part(self):
        stem = f"emnist-{self.split}-{'train' if self.train else 'test'}"
        return [(f"{stem}-images-idx3-ubyte.gz", ""), (f"{stem}-labels-idx1-ubyte.gz", "")]

    def _find(self):
        paths = self._paths()
        if None in paths:
            archive = found(self._folders(), ["gzip.zip"])
            if archive is None:
                wanted = [(self.url, os.path.join(self.raw_folder, "gzip.zip"), self.checksum)]
                raise missing("EMNIST", self._folders(), wanted)
            unpack(archive, self.raw_folder, [name for name, _ in self._part()])
        return self._paths()

    def extra_repr(self) -> str:
        """The lines that say which part it is.

        >>> import weft
        >>> weft.datasets.EMNIST("data", "digits").extra_repr()  # doctest: +SKIP
        'Split: Train, digits'
        """
        return f"{super().extra_repr()}, {self.split}"


def _emnist_classes(split):
    """In the order of their numbers; "letters" counts from 1."""
    letters = set(string.ascii_letters)
    if split in ("digits", "mnist"):
        return list(string.digits)
    if split == "letters":
        return ["N/A", *string.ascii_lowercase]
    # Where upper and lower case look alike, they are one class.
    alike = set() if split == "byclass" else set("cijklmopsuvwxyz")
    return sorted(set(string.digits) | (letters - alike))
