"""Datasets: by index (Dataset) or as a stream (IterableDataset), and those made of others."""

from __future__ import annotations

import bisect
import itertools
import math
import numbers
import typing
import warnings

import weft
from weft._checks import tensors_of

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any


_T = typing.TypeVar("_T", covariant=True)


class Dataset(typing.Generic[_T]):
    """A collection of samples: a subclass defines ``__getitem__(index)`` and ``__len__()``.

    It may define ``__getitems__(indices)``, which returns a list of samples, if it can fetch many at once.

    >>> import weft
    >>> class Squares(weft.utils.data.Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, index):
    ...         return index**2
    >>> [batch.tolist() for batch in weft.utils.data.DataLoader(Squares(), batch_size=2)]
    [[0, 1], [4, 9]]
    """

    def __getitem__(self, index: Any) -> _T:
        raise NotImplementedError(f"{type(self).__name__} does not define __getitem__()")

    def __add__(self, other: Any) -> ConcatDataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[_T]):
    """A stream of samples: a subclass defines ``__iter__()``.

    >>> import weft
    >>> class Count(weft.utils.data.IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(3))
    >>> [batch.tolist() for batch in weft.utils.data.DataLoader(Count(), batch_size=2)]
    [[0, 1], [2]]
    """

    def __iter__(self) -> Iterator[_T]:
        raise NotImplementedError(f"{type(self).__name__} does not define __iter__()")

    def __add__(self, other: Any) -> ChainDataset:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[weft.Tensor, ...]]):
    """Samples are the rows of tensors of the same length: ``(x[i], y[i])``.

    Args:
        tensors: at least one, all with the same first dimension; else ValueError, TypeError for what is no tensor.

    >>> import weft
    >>> data = weft.utils.data.TensorDataset(weft.arange(3), weft.zeros(3, 2))
    >>> data[1]
    (tensor(1), tensor([0., 0.]))
    """

    def __init__(self, *tensors: weft.Tensor) -> None:
        if not tensors:
            raise ValueError("TensorDataset: expected at least one tensor")
        tensors_of("TensorDataset", "its arguments", tensors)
        if any(t.dim() == 0 or t.shape[0] != tensors[0].shape[0] for t in tensors):
            shapes = ", ".join(str(tuple(t.shape)) for t in tensors)
            raise ValueError(f"TensorDataset: all tensors must have the same first dimension, got shapes {shapes}")
        self.tensors: tuple[weft.Tensor, ...] = tensors

    def __getitem__(self, index: Any) -> tuple[weft.Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __getitems__(self, indices: Iterable[int]) -> list[tuple[weft.Tensor, ...]]:
        if type(self).__getitem__ is not TensorDataset.__getitem__:
            return [self[index] for index in indices]
        return list(zip(*self._collated(indices)))

    def _collated(self, indices):
        """default_collate of these samples, with one indexing operation a tensor."""
        chosen = weft.tensor(list(indices), dtype=weft.int64)
        return [tensor[chosen.to(tensor.device)] for tensor in self.tensors]

    def __len__(self) -> int:
        return self.tensors[0].shape[0]


def _fetched(owner, dataset, indices):
    """The samples at these indices, with one call where the dataset offers that."""
    fetch = getattr(dataset, "__getitems__", None)
    if not callable(fetch):
        return [dataset[index] for index in indices]
    samples = fetch(indices)
    if len(samples) != len(indices):
        raise ValueError(
            f"{owner}: {type(dataset).__name__}.__getitems__ returned {len(samples)} samples for {len(indices)} indices"
        )
    return samples


class StackDataset(Dataset[_T]):
    """Datasets of the same length side by side: samples are tuples, or dicts if they are given by name.

    Args:
        args: datasets with ``__len__``; samples are tuples.
        kwargs: the same by name; samples are dicts. Give either; ValueError for both, none, or different lengths.

    >>> import weft
    >>> both = weft.utils.data.StackDataset(image=[1, 2], text=["a", "b"])
    >>> both[1]
    {'image': 2, 'text': 'b'}
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ValueError("StackDataset: give datasets either by position or by name, at least one")
        self.datasets: tuple[Any, ...] | dict[str, Any] = kwargs or args
        members = list(kwargs.values()) if kwargs else args
        if len({len(member) for member in members}) != 1:
            raise ValueError(f"StackDataset: the datasets differ in length: {[len(member) for member in members]}")
        self._length = len(members[0])

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        if type(self).__getitem__ is not StackDataset.__getitem__:
            return [self[index] for index in indices]
        indices = list(indices)
        if isinstance(self.datasets, dict):
            columns = [_fetched("StackDataset", dataset, indices) for dataset in self.datasets.values()]
            return [dict(zip(self.datasets, members)) for members in zip(*columns)]
        return list(zip(*(_fetched("StackDataset", dataset, indices) for dataset in self.datasets)))

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[_T]):
    """Datasets one after the other; a negative index counts from the end.

    Args:
        datasets: at least one (ValueError), all with ``__len__`` (TypeError for an :class:`IterableDataset`).

    >>> import weft
    >>> both = weft.utils.data.ConcatDataset([[1, 2], [3]])
    >>> len(both), both[2], both[-1]
    (3, 3, 3)
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets: list[Any] = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: expected at least one dataset")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset):
                raise TypeError("ConcatDataset: an IterableDataset has no length; use ChainDataset")
        self.cumulative_sizes: list[int] = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> _T:
        number, place = self._place(index)
        return self.datasets[number][place]

    def __getitems__(self, indices: Sequence[int]) -> list[_T]:
        if type(self).__getitem__ is not ConcatDataset.__getitem__:
            return [self[index] for index in indices]
        wanted: dict[int, tuple[list[int], list[int]]] = {}  # of each dataset: indices in it, places in the result
        for i, index in enumerate(indices):
            number, place = self._place(index)
            places, targets = wanted.setdefault(number, ([], []))
            places.append(place)
            targets.append(i)
        samples: list[Any] = [None] * len(indices)
        for number, (places, targets) in wanted.items():
            for target, sample in zip(targets, _fetched("ConcatDataset", self.datasets[number], places)):
                samples[target] = sample
        return samples

    def _place(self, index):
        """The number of the dataset, and the index in it."""
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"index {index} is out of range for a dataset of length {len(self)}")
        number = bisect.bisect_right(self.cumulative_sizes, position)
        return number, position - (self.cumulative_sizes[number - 1] if number else 0)


class ChainDataset(IterableDataset[typing.Any]):
    """Streams one after the other.

    Args:
        datasets: an iterable of iterables; else TypeError. Each is asked for its iterator when its turn comes.

    >>> import weft
    >>> list(weft.utils.data.ChainDataset([[1, 2], [3]]))
    [1, 2, 3]
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        if not hasattr(datasets, "__iter__") and not hasattr(datasets, "__getitem__"):
            raise TypeError(f"ChainDataset: expected datasets, got {type(datasets).__name__}")
        self.datasets: Iterable[Any] = datasets

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(map(_checked_stream, self.datasets))

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self.datasets)


def _checked_stream(dataset):
    if isinstance(dataset, Dataset) and not hasattr(dataset, "__iter__"):
        name = type(dataset).__name__
        raise TypeError(f"ChainDataset: {name} has its samples by index; join such datasets with ConcatDataset")
    return dataset


class Subset(Dataset[_T]):
    """The samples of a dataset at the given indices.

    Args:
        dataset: by index.
        indices: which of its samples, in which order.

    >>> import weft
    >>> weft.utils.data.Subset("abcd", [3, 1])[0]
    'd'
    """

    def __init__(self, dataset: Dataset[_T] | Sequence[_T], indices: Sequence[int]) -> None:
        self.dataset: Any = dataset
        self.indices: Sequence[int] = indices

    def __getitem__(self, index: Any) -> _T:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: Sequence[int]) -> list[_T]:
        if type(self).__getitem__ is not Subset.__getitem__:
            return [self[index] for index in indices]
        return _fetched("Subset", self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset[_T] | Sequence[_T], lengths: Sequence[float], generator: weft.Generator | None = None
) -> list[Subset[_T]]:
    """Divides a dataset at random into Subsets that do not overlap.

    Args:
        dataset: by index, with ``__len__``.
        lengths: of the parts, numbers of samples or fractions that add up to 1. What rounding leaves over goes to the
            parts in turn.
        generator: where the order is drawn from, by default the default generator.

    Raises:
        ValueError: the lengths do not add up to the dataset's, or a fraction is out of [0, 1].

    >>> import weft
    >>> train, test = weft.utils.data.random_split(range(10), [0.8, 0.2])
    >>> len(train), len(test), sorted([*train, *test]) == list(range(10))
    (8, 2, True)
    """
    total = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1 + 1e-9:
        if any(not 0 <= share <= 1 for share in lengths):
            raise ValueError(f"random_split: fractions must be between 0 and 1, got {list(lengths)}")
        sizes = [math.floor(total * share) for share in lengths]
        for i in range(total - sum(sizes)):  # what is left over goes round
            sizes[i % len(sizes)] += 1
        if 0 in sizes:
            warnings.warn(f"random_split: part {sizes.index(0)} is empty", stacklevel=2)
        lengths = sizes
    if any(not isinstance(length, numbers.Integral) or length < 0 for length in lengths):
        raise ValueError(
            f"random_split: lengths must be numbers of samples, or fractions that add up to 1; got {list(lengths)}"
        )
    if sum(lengths) != total:
        raise ValueError(f"random_split: the lengths {list(lengths)} add up to {sum(lengths)}, the dataset has {total}")
    order = weft.randperm(total, generator=generator).tolist()
    ends = itertools.accumulate(lengths)
    return [Subset(dataset, order[end - length : end]) for end, length in zip(ends, lengths)]
