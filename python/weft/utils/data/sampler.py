"""Samplers: in which order the samples of a dataset are taken."""

from __future__ import annotations

import itertools
import typing

import weft
from weft._checks import check_flags, check_integers

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence, Sized
    from typing import Any


_T = typing.TypeVar("_T", covariant=True)
_BLOCK = 4096  # indices drawn with replacement at a time


class Sampler(typing.Generic[_T]):
    """Base class: a subclass defines ``__iter__()`` over indices, or lists of them, and if possible ``__len__()``.

    >>> import weft
    >>> class Backwards(weft.utils.data.Sampler):
    ...     def __init__(self, data):
    ...         self.data = data
    ...     def __iter__(self):
    ...         return iter(range(len(self.data) - 1, -1, -1))
    >>> [batch.tolist() for batch in weft.utils.data.DataLoader([1, 2, 3], 2, sampler=Backwards([1, 2, 3]))]
    [[3, 2], [1]]
    """

    def __iter__(self) -> Iterator[_T]:
        raise NotImplementedError(f"{type(self).__name__} does not define __iter__()")


class SequentialSampler(Sampler[int]):
    """Every sample in order.

    Args:
        data_source: whatever has a length.

    >>> import weft
    >>> list(weft.utils.data.SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source: Sized = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


def _check_count(kind, num_samples):
    if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
        raise ValueError(f"{kind}: num_samples must be a positive int, got {num_samples!r}")


def _blocks(total, generator):
    """Sizes that add up to total, and the generator for them: without one, a new one that the default one seeds."""
    if generator is None:
        generator = weft.Generator().manual_seed(weft.randint(2**62, (1,)).item())
    for done in range(0, total, _BLOCK):
        yield min(_BLOCK, total - done), generator


class RandomSampler(Sampler[int]):
    """Samples in random order; with replacement each is drawn independently.

    With replacement indices are drawn in blocks, so num_samples may be any number.

    Args:
        data_source: whatever has a length.
        replacement: False (the default) goes round all samples before one comes again.
        num_samples: how many are drawn, by default the dataset's length.
        generator: where they are drawn from, by default the default generator.

    Raises:
        ValueError: the dataset is empty, or num_samples is no positive int.
        TypeError: replacement is no bool.

    >>> import weft
    >>> sorted(weft.utils.data.RandomSampler("abc"))
    [0, 1, 2]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: weft.Generator | None = None,
    ) -> None:
        if not isinstance(replacement, bool):
            raise TypeError(f"RandomSampler: replacement must be a bool, got {type(replacement).__name__}")
        if num_samples is not None:
            _check_count("RandomSampler", num_samples)
        self.data_source: Sized = data_source
        self.replacement: bool = replacement
        self.generator: weft.Generator | None = generator
        self._num_samples = num_samples
        if self.num_samples == 0:
            raise ValueError("RandomSampler: there is nothing to draw from, the dataset is empty")

    @property
    def num_samples(self) -> int:
        """How many indices an iteration gives.

        >>> import weft
        >>> weft.utils.data.RandomSampler("abc").num_samples
        3
        """
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        size, left = len(self.data_source), self.num_samples
        if self.replacement:
            for count, generator in _blocks(left, self.generator):
                yield from weft.randint(size, (count,), generator=generator).tolist()
            return
        while left > 0:
            yield from weft.randperm(size, generator=self.generator).tolist()[:left]
            left -= size

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order.

    Args:
        indices: the indices.
        generator: where the order is drawn from, by default the default generator.

    >>> import weft
    >>> sorted(weft.utils.data.SubsetRandomSampler([5, 3]))
    [3, 5]
    """

    def __init__(self, indices: Sequence[int], generator: weft.Generator | None = None) -> None:
        self.indices: Sequence[int] = indices
        self.generator: weft.Generator | None = generator

    def __iter__(self) -> Iterator[int]:
        for i in weft.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices, each drawn with a probability in proportion to its weight.

    With replacement indices are drawn in blocks, so num_samples may be any number.

    Args:
        weights: of the samples, not negative; they need not add up to 1.
        num_samples: how many are drawn.
        replacement: True (the default) may draw an index several times.
        generator: where they are drawn from, by default the default generator.

    Raises:
        ValueError: num_samples is no positive int, or weights is no list of numbers.
        TypeError: replacement is no bool.

    >>> import weft
    >>> list(weft.utils.data.WeightedRandomSampler([0.0, 1.0], 3))
    [1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float] | weft.Tensor,
        num_samples: int,
        replacement: bool = True,
        generator: weft.Generator | None = None,
    ) -> None:
        _check_count("WeightedRandomSampler", num_samples)
        if not isinstance(replacement, bool):
            raise TypeError(f"WeightedRandomSampler: replacement must be a bool, got {type(replacement).__name__}")
        self.weights: weft.Tensor = weft.as_tensor(weights, dtype=weft.float64)
        if self.weights.dim() != 1:
            raise ValueError(
                f"WeightedRandomSampler: expected a list of weights, got shape {tuple(self.weights.shape)}"
            )
        self.num_samples: int = num_samples
        self.replacement: bool = replacement
        self.generator: weft.Generator | None = generator

    def __iter__(self) -> Iterator[int]:
        if not self.replacement:
            yield from weft.multinomial(self.weights, self.num_samples, generator=self.generator).tolist()
            return
        for count, generator in _blocks(self.num_samples, self.generator):
            yield from weft.multinomial(self.weights, count, True, generator=generator).tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of batch_size indices of another sampler.

    Args:
        sampler: an iterable of indices.
        batch_size: length of the lists.
        drop_last: leave out the last list where it is shorter.

    Raises ValueError for a batch_size that is no positive int, or a drop_last that is no bool.

    >>> import weft
    >>> list(weft.utils.data.BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"BatchSampler: batch_size must be a positive int, got {batch_size!r}")
        if not isinstance(drop_last, bool):
            raise ValueError(f"BatchSampler: drop_last must be a bool, got {drop_last!r}")
        self.sampler: Any = sampler
        self.batch_size: int = batch_size
        self.drop_last: bool = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        full, rest = divmod(len(self.sampler), self.batch_size)
        return full + (rest > 0 and not self.drop_last)


class DistributedSampler(Sampler[int]):
    """The share of one process out of several that go through a dataset together: every num_replicas-th sample.

    All shares are of one length: the first samples come again at the end, or with drop_last the last ones are left out.
    The order of an epoch depends on seed and epoch alone, so that all processes have the same.

    Args:
        dataset: whatever has a length.
        num_replicas: number of processes. There is no process group to ask yet: give it.
        rank: the number of this process, from 0.
        shuffle: draw a new order for each epoch; call :meth:`set_epoch` before it begins.
        seed: of the order.
        drop_last: leave out samples so that all shares are as long, instead of repeating some.

    Raises:
        RuntimeError: num_replicas or rank is missing.
        ValueError: rank is not in [0, num_replicas).

    >>> import weft
    >>> [list(weft.utils.data.DistributedSampler("abcde", 2, rank, shuffle=False)) for rank in (0, 1)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise RuntimeError(
                "DistributedSampler: there is no process group to ask; give num_replicas and rank, the number of "
                "processes and that of this one"
            )
        check_integers("DistributedSampler", num_replicas=num_replicas, rank=rank, seed=seed)
        check_flags("DistributedSampler", shuffle=shuffle, drop_last=drop_last)
        if not 0 <= rank < num_replicas:
            raise ValueError(f"DistributedSampler: rank must be in [0, {num_replicas}), got {rank}")
        self.dataset: Sized = dataset
        self.num_replicas: int = num_replicas
        self.rank: int = rank
        self.epoch: int = 0
        self.shuffle: bool = shuffle
        self.seed: int = seed
        self.drop_last: bool = drop_last

    @property
    def num_samples(self) -> int:
        """How many samples the share has.

        >>> import weft
        >>> weft.utils.data.DistributedSampler("abcde", 2, 0, drop_last=True).num_samples
        2
        """
        size = len(self.dataset)
        return size // self.num_replicas if self.drop_last else -(-size // self.num_replicas)

    @property
    def total_size(self) -> int:
        """How many samples all shares have.

        >>> import weft
        >>> weft.utils.data.DistributedSampler("abcde", 2, 0).total_size
        6
        """
        return self.num_samples * self.num_replicas

    def __iter__(self) -> Iterator[int]:
        size = len(self.dataset)
        if self.shuffle:
            generator = weft.Generator().manual_seed(self.seed + self.epoch)
            order = weft.randperm(size, generator=generator).tolist()
        else:
            order = list(range(size))
        for place in range(self.rank, self.total_size, self.num_replicas):
            yield order[place % size]

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Says which epoch comes next: with shuffle each has an order of its own.

        Args:
            epoch: its number.

        >>> import weft
        >>> sampler = weft.utils.data.DistributedSampler(range(100), 4, 0)
        >>> first = list(sampler)
        >>> sampler.set_epoch(1)
        >>> first == list(sampler)
        False
        """
        check_integers("DistributedSampler.set_epoch", epoch=epoch)
        self.epoch = epoch
