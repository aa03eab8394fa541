"""Data sets of Hugging Face's library `datasets`, and its tokenizers."""

from __future__ import annotations

import itertools
import operator
import pickle
import threading

import numpy as np

import weft
from weft.utils.data import Dataset, IterableDataset
from weft.utils.data.collate import FetchedBatch

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any


class HuggingFace(Dataset["Any"]):
    """A ``datasets.Dataset`` of Hugging Face: rows are dicts of tensors, text and what else there is.

    A DataLoader has each batch with one access. Numbers and lists of numbers of one length become tensors; lists that
    differ in length are lists of tensors, which take a collate_fn.

    Args:
        dataset: a ``datasets.Dataset``, as ``load_dataset(...)["train"]``. For a stream see :class:`HuggingFaceStream`.
        columns: which ones; by default all.
        transform: a function of the dict of a row, called for each sample.

    Raises:
        TypeError: the dataset is another object.
        KeyError: a column is not there.

    >>> import datasets, weft  # doctest: +SKIP
    >>> rows = datasets.Dataset.from_dict({"x": [1, 2], "text": ["a", "b"]})  # doctest: +SKIP
    >>> weft.datasets.HuggingFace(rows)[1]  # doctest: +SKIP
    {'x': tensor(2), 'text': 'b'}
    """

    def __init__(
        self,
        dataset: Any,
        columns: Sequence[str] | None = None,
        transform: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        if not hasattr(dataset, "with_format") or not hasattr(dataset, "column_names"):
            raise TypeError(f"HuggingFace: expected a datasets.Dataset, got {type(dataset).__name__}")
        if isinstance(dataset, dict):
            raise TypeError(f"HuggingFace: this holds several data sets; take one, of {', '.join(dataset)}")
        if not hasattr(dataset, "__len__"):
            raise TypeError("HuggingFace: this is a stream; take weft.datasets.HuggingFaceStream")
        _check_columns(dataset, columns, transform)
        self.dataset: Any = dataset.with_format("numpy", columns=None if columns is None else list(columns))
        self.transform: Callable[[dict[str, Any]], Any] | None = transform

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        place = operator.index(index)
        if not -len(self) <= place < len(self):
            raise IndexError(f"HuggingFace: index {index} is out of range for {len(self)} rows")
        row = {name: _value(value) for name, value in self.dataset[place].items()}
        return row if self.transform is None else self.transform(row)

    def __getitems__(self, indices: Sequence[int]) -> Sequence[Any]:
        if type(self).__getitem__ is not HuggingFace.__getitem__:
            return [self[index] for index in indices]
        columns = {name: _values(values) for name, values in self.dataset[list(indices)].items()}
        if self.transform is None and columns and all(_joined(column) for column in columns.values()):
            return FetchedBatch(columns)
        rows = [dict(zip(columns, members)) for members in zip(*columns.values())]
        return rows if self.transform is None else [self.transform(row) for row in rows]


class HuggingFaceStream(IterableDataset["Any"]):
    """A ``datasets.IterableDataset`` of Hugging Face, as a stream of dicts.

    Args:
        dataset: as ``load_dataset(..., streaming=True)["train"]``.
        columns: which ones; by default all.
        transform: a function of the dict of a row.

    Raises TypeError for another object, KeyError for a column that is not there.

    >>> import datasets, weft  # doctest: +SKIP
    >>> rows = datasets.Dataset.from_dict({"x": [1, 2]}).to_iterable_dataset()  # doctest: +SKIP
    >>> list(weft.datasets.HuggingFaceStream(rows))  # doctest: +SKIP
    [{'x': tensor(1)}, {'x': tensor(2)}]
    """

    def __init__(
        self,
        dataset: Any,
        columns: Sequence[str] | None = None,
        transform: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        if not hasattr(dataset, "select_columns") or not hasattr(dataset, "__iter__") or isinstance(dataset, dict):
            raise TypeError(f"HuggingFaceStream: expected a datasets.IterableDataset, got {type(dataset).__name__}")
        _check_columns(dataset, columns, transform)
        self.dataset: Any = dataset if columns is None else dataset.select_columns(list(columns))
        self.transform: Callable[[dict[str, Any]], Any] | None = transform

    def __iter__(self) -> Iterator[Any]:
        worker = weft.utils.data.get_worker_info()
        # It keeps its place in itself: two threads that iterate over it would move each other on.
        alone = threading.current_thread() is threading.main_thread()
        rows = iter(self.dataset if alone else pickle.loads(pickle.dumps(self.dataset)))
        if worker is not None:  # each worker has a share of the rows
            rows = itertools.islice(rows, worker.id, None, worker.num_workers)
        for row in rows:
            sample = {name: _value(_array(value) if isinstance(value, list) else value) for name, value in row.items()}
            yield sample if self.transform is None else self.transform(sample)


def _check_columns(dataset, columns, transform):
    if transform is not None and not callable(transform):
        raise TypeError(f"HuggingFace: transform must be a function or None, got {type(transform).__name__}")
    if isinstance(columns, str):
        raise TypeError(f"HuggingFace: columns must be a list of names, got the string {columns!r}")
    names = dataset.column_names
    for column in columns or []:
        if names is not None and column not in names:
            raise KeyError(f"HuggingFace: there is no column {column!r}; there are {', '.join(names)}")


def _array(values):
    """A list of a stream, with the dtype that HuggingFace gives it: floats are float32."""
    array = np.asarray(values)
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _value(value):
    """A value of a row: numbers become tensors, text Python's."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "biufc":
            return weft.from_numpy(np.array(value))
        return [_value(member) for member in value]
    if isinstance(value, np.str_):
        return str(value)
    if isinstance(value, float):  # also float64 of NumPy: float32, as in arrays
        return weft.tensor(float(value), dtype=weft.float32)
    if isinstance(value, (bool, int, np.number, np.bool_)):
        return weft.tensor(value)
    if isinstance(value, dict):
        return {name: _value(member) for name, member in value.items()}
    return value


def _values(values):
    """A column of a batch: a tensor, or a list where they are no numbers of one shape."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "biufc":
        return weft.from_numpy(np.array(values))
    return [_value(value) for value in values]


def _joined(column):
    """Is it what default_collate would give of the samples?"""
    return isinstance(column, weft.Tensor) or all(isinstance(value, str) for value in column)
