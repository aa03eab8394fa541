"""Graphs and recommendation: Cora and MovieLens."""

from __future__ import annotations

import csv
import io
import os
import warnings

import numpy as np

import weft
from weft._checks import check_flags
from weft.datasets._download import download as download_file
from weft.datasets._files import DataFileError, found, read_bytes, read_text, unpack
from weft.datasets.vision import missing
from weft.utils.data import Dataset, TensorDataset

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


class Cora(Dataset["dict[str, weft.Tensor]"]):
    """Scientific papers that cite each other: one graph of 2,708 nodes, 1,433 words and 7 subjects.

    It is read from ``cora.npz`` (arrays edges (2, E), each link once; feat_indptr and feat_indices, the words of each
    paper in compressed rows; num_features; labels; split: 0 to train with, 1 to validate, 2 to test, -1 unused), or
    from ``cora.content`` and ``cora.cites``, whose split is made: the first 20 papers of each subject to train with,
    the next 500 to validate, the last 1000 to test.

    Args:
        root: the folder of the files, or ``cora.npz`` itself.

    Attributes: ``x``, float32 (N, words), rows of ones and zeros; ``y``, int64 (N,); ``edge_index``, int64 (2, 2 E),
    each link in both directions; ``train_mask``, ``val_mask`` and ``test_mask``, bool (N,); ``num_classes``. The data
    set has one sample, a dict of the tensors.

    Raises:
        RuntimeError: the files are not there; the message says where to put them.
        DataFileError: a file is damaged or another one.

    >>> import weft
    >>> weft.datasets.Cora("data").num_classes  # doctest: +SKIP
    7
    """

    train_mask: weft.Tensor
    val_mask: weft.Tensor
    test_mask: weft.Tensor
    url: str = "https://linqs-data.soe.ucsc.edu/public/lbc/cora.tgz"

    def __init__(self, root: Any) -> None:
        root = os.path.expanduser(os.fspath(root))
        folders = [root, os.path.join(root, "cora"), os.path.join(root, "Cora")]
        path = root if os.path.isfile(root) else found(folders, ["cora.npz"])
        content, cites = (found(folders, [f"cora.{end}"]) for end in ("content", "cites"))
        if path:
            links, rows, columns, size, labels, split = _cora_arrays(path)
        elif content and cites:
            links, rows, columns, size, labels, split = _cora_text(content, cites)
        else:
            wanted = [(self.url, os.path.join(root, "cora.content and cora.cites, unpacked from cora.tgz"), None)]
            raise missing("Cora", folders, wanted, downloads=False)
        _check_graph(path or content, links, rows, columns, size, labels, split)
        words = np.zeros(size, np.float32)
        words[rows, columns] = 1
        self.x: weft.Tensor = weft.from_numpy(words)
        self.y: weft.Tensor = weft.from_numpy(labels.astype(np.int64))
        self.edge_index: weft.Tensor = weft.from_numpy(np.concatenate([links, links[::-1]], 1))
        self.train_mask, self.val_mask, self.test_mask = (weft.from_numpy(split == i) for i in range(3))
        self.num_classes: int = int(labels.max()) + 1

    def __len__(self) -> int:
        return 1

    def __repr__(self) -> str:
        (nodes, words), links = self.x.shape, self.edge_index.shape[1] // 2
        return f"Cora({nodes} nodes, {links} links, {words} words, {self.num_classes} classes)"

    def __getitem__(self, index: int) -> dict[str, weft.Tensor]:
        if index not in (0, -1):
            raise IndexError(f"Cora: index {index} is out of range for one graph")
        names = ("x", "edge_index", "y", "train_mask", "val_mask", "test_mask")
        return {name: getattr(self, name) for name in names}


def _cora_arrays(path):
    try:
        with np.load(io.BytesIO(read_bytes(path)), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as error:  # whatever a damaged zip file gives rise to
        raise DataFileError(f"{path}: this is no whole NumPy archive ({error})") from None
    wanted = ("edges", "feat_indptr", "feat_indices", "num_features", "labels", "split")
    if absent := [name for name in wanted if name not in arrays]:
        raise DataFileError(f"{path}: the archive lacks {', '.join(absent)}")
    count, ends = len(arrays["labels"]), arrays["feat_indptr"]
    if ends.shape != (count + 1,) or (np.diff(ends) < 0).any() or ends[-1] != len(arrays["feat_indices"]):
        raise DataFileError(f"{path}: feat_indptr does not fit {count} labels and the words")
    rows = np.repeat(np.arange(count), np.diff(ends))
    size = count, int(arrays["num_features"])
    links = arrays["edges"].astype(np.int64)
    return links, rows, arrays["feat_indices"].astype(np.int64), size, arrays["labels"], arrays["split"]


def _cora_text(content, cites):
    lines = [line.split("\t") for line in read_text(content).splitlines() if line]
    if not lines or len({len(line) for line in lines}) != 1 or len(lines[0]) < 3:
        raise DataFileError(f"{content}: expected lines of a paper, its words and its subject, of one length")
    number = {line[0]: i for i, line in enumerate(lines)}
    try:
        words = np.array([line[1:-1] for line in lines], np.uint8)
        links = [[number[paper] for paper in line.split()] for line in read_text(cites).splitlines() if line]
        links = np.array(links, np.int64).reshape(-1, 2)
    except (KeyError, ValueError) as error:
        raise DataFileError(f"{cites}: the papers or words do not fit {content} ({error})") from None
    links = np.unique(np.sort(links[links[:, 0] != links[:, 1]], 1), axis=0).T
    labels = np.unique([line[-1] for line in lines], return_inverse=True)[1].reshape(-1)
    rows, columns = np.nonzero(words)
    split = np.full(len(lines), -1, np.int8)
    for subject in range(labels.max() + 1):
        split[np.flatnonzero(labels == subject)[:20]] = 0
    split[np.flatnonzero(split == -1)[:500]] = 1
    split[np.flatnonzero(split == -1)[-1000:]] = 2
    return links, rows, columns, words.shape, labels, split


def _check_graph(path, links, rows, columns, size, labels, split):
    if links.ndim != 2 or links.shape[0] != 2 or (links.size and not 0 <= links.min() <= links.max() < size[0]):
        raise DataFileError(f"{path}: the links are no pairs of {size[0]} papers")
    if len(columns) and not 0 <= columns.min() <= columns.max() < size[1]:
        raise DataFileError(f"{path}: a word is outside of {size[1]}")
    if not size[0] or labels.min() < 0 or split.shape != (size[0],):
        raise DataFileError(f"{path}: labels or split do not fit {size[0]} papers")


class MovieLens(TensorDataset):
    """Ratings of films: samples are ``(user, film, rating)``, users and films numbered from 0.

    Args:
        root: the folder of the files, or one above the folder ``ml-...``; or the file of ratings itself.
        name: "ml-latest-small" (ratings.csv and movies.csv; also for the larger sets of that form), "ml-100k" (u.data
            and u.item) or "ml-1m" (ratings.dat and movies.dat).
        download: download and unpack the archive, of "ml-100k" and "ml-1m".

    Attributes: ``user``, ``film``, int64, and ``rating``, float32, all of length N; ``timestamp``, int64, seconds;
    ``user_ids`` and ``film_ids``, the numbers in the file; ``titles``, a str for each film, empty without that file;
    ``num_users``, ``num_films``.

    Raises:
        ValueError: there is no such name, or no download of it.
        RuntimeError: the files are not there; the message says where to put them.
        DataFileError: a file is damaged or another one.

    >>> import weft
    >>> len(weft.datasets.MovieLens("data"))  # doctest: +SKIP
    100836
    """

    user_ids: Any
    film_ids: Any
    num_users: int
    num_films: int
    # Files of ratings and films, what separates fields, lines to skip, encoding; checksum of the archive.
    _forms = {
        "ml-latest-small": ("ratings.csv", "movies.csv", ",", 1, "utf-8", None),
        "ml-100k": ("u.data", "u.item", "\t", 0, "latin-1", "md5:0e33842e24a9c977be4e0107933c0723"),
        "ml-1m": ("ratings.dat", "movies.dat", "::", 0, "latin-1", "md5:c4d9eecfca2ab87c1945afe126590906"),
    }

    def __init__(self, root: Any, name: str = "ml-latest-small", download: bool = False) -> None:
        check_flags("MovieLens", download=download)
        if name not in self._forms:
            raise ValueError(f"MovieLens: name must be one of {', '.join(self._forms)}, got {name!r}")
        ratings, films, delimiter, skip, encoding, checksum = self._forms[name]
        if download and checksum is None:
            raise ValueError(f"MovieLens: {name} changes and has no checksum; download it by hand, or take 'ml-1m'")
        root = os.path.expanduser(os.fspath(root))
        folders, url = [root, os.path.join(root, name)], f"https://files.grouplens.org/datasets/movielens/{name}.zip"
        path = root if os.path.isfile(root) else found(folders, [ratings])
        if path is None and download:
            archive = download_file(url, os.path.join(root, f"{name}.zip"), checksum=checksum)
            unpack(archive, os.path.join(root, name), [ratings, films])
            path = found(folders, [ratings])
        if path is None:
            wanted = [(url, os.path.join(root, name, f"{ratings}, from the archive"), None)]
            raise missing("MovieLens", folders, wanted, downloads=checksum is not None)
        users, numbers, values, times = _ratings(path, delimiter, skip)
        self.user_ids, user = np.unique(users, return_inverse=True)
        self.film_ids, film = np.unique(numbers, return_inverse=True)
        self.user: weft.Tensor = weft.from_numpy(user.reshape(-1))
        self.film: weft.Tensor = weft.from_numpy(film.reshape(-1))
        self.rating: weft.Tensor = weft.from_numpy(values)
        self.timestamp: weft.Tensor = weft.from_numpy(times)
        self.num_users, self.num_films = len(self.user_ids), len(self.film_ids)
        titles = _titles(found([os.path.dirname(path)], [films]), delimiter, skip, encoding)
        self.titles: list[str] = [titles.get(number, "") for number in self.film_ids.tolist()]
        super().__init__(self.user, self.film, self.rating)


def _ratings(path, delimiter, skip):
    """Users, films, ratings and times."""
    content = read_text(path).replace("::", ",").replace("\t", ",") if delimiter != "," else read_text(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a file without lines
            table = np.loadtxt(io.StringIO(content), delimiter=",", skiprows=skip, ndmin=2)
    except ValueError as error:
        raise DataFileError(f"{path}: this is no whole list of ratings: {error}") from None
    if not len(table) or table.shape[1] != 4:
        raise DataFileError(f"{path}: expected lines of user, film, rating and time, got a table {table.shape}")
    users, films, times = (table[:, i].astype(np.int64) for i in (0, 1, 3))
    values = table[:, 2].astype(np.float32)
    if not ((values >= 0) & (values <= 5)).all():
        raise DataFileError(
            f"{path}: line {int(np.argmin((values >= 0) & (values <= 5))) + 1 + skip} has no rating between 0 and 5"
        )
    return users, films, values, times


def _titles(path, delimiter, skip, encoding):
    """The title of each film by the number in the file."""
    if path is None:
        return {}
    lines = read_text(path, encoding).splitlines()[skip:]
    if delimiter == ",":
        rows = list(csv.reader(lines))
    else:
        rows = [line.split("::" if delimiter == "::" else "|") for line in lines]
    try:
        return {int(row[0]): row[1] for row in rows if row}
    except (ValueError, IndexError) as error:
        raise DataFileError(f"{path}: this is no list of films ({error})") from None
