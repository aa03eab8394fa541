"""Data sets by name: read from a folder, or downloaded there with a checksum."""

from __future__ import annotations

from weft._missing import missing_names
from weft.datasets._download import DownloadError, download, file_checksum
from weft.datasets._files import DataFileError, read_text
from weft.datasets.cifar import CIFAR10, CIFAR100, read_cifar
from weft.datasets.digits import Digits
from weft.datasets.folder import IMG_EXTENSIONS, DatasetFolder, ImageFolder, default_loader
from weft.datasets.graphs import Cora, MovieLens
from weft.datasets.huggingface import HuggingFace, HuggingFaceStream
from weft.datasets.mnist import EMNIST, KMNIST, MNIST, FashionMNIST, read_idx
from weft.datasets.tables import Table
from weft.datasets.text import TextLines
from weft.datasets.tokens import Characters, TokenStream, write_tokens
from weft.datasets.vision import ImagesInMemory, VisionDataset

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "Characters",
    "Cora",
    "DataFileError",
    "DatasetFolder",
    "Digits",
    "DownloadError",
    "EMNIST",
    "FashionMNIST",
    "HuggingFace",
    "HuggingFaceStream",
    "IMG_EXTENSIONS",
    "ImageFolder",
    "ImagesInMemory",
    "KMNIST",
    "MNIST",
    "MovieLens",
    "Table",
    "TextLines",
    "TokenStream",
    "VisionDataset",
    "default_loader",
    "download",
    "file_checksum",
    "read_cifar",
    "read_idx",
    "read_text",
    "write_tokens",
]
