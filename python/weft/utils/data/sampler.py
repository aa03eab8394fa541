"""Samplers: in which order the samples of a dataset are taken."""

import itertools
import typing

import weft

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

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} does not define __iter__()")


class SequentialSampler(Sampler[int]):
    """Every sample in order.

    >>> import weft
    >>> list(weft.utils.data.SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source):
        self.data_source = data_source

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
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
    """Samples in random order; with replacement drawn independently. num_samples is by default the dataset's length.

    ValueError for an empty dataset. With replacement indices are drawn in blocks, so num_samples may be any number.

    >>> import weft
    >>> sorted(weft.utils.data.RandomSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        if not isinstance(replacement, bool):
            raise TypeError(f"RandomSampler: replacement must be a bool, got {type(replacement).__name__}")
        if num_samples is not None:
            _check_count("RandomSampler", num_samples)
        self.data_source = data_source
        self.replacement = replacement
        self.generator = generator
        self._num_samples = num_samples
        if self.num_samples == 0:
            raise ValueError("RandomSampler: there is nothing to draw from, the dataset is empty")

    @property
    def num_samples(self):
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self):
        size, left = len(self.data_source), self.num_samples
        if self.replacement:
            for count, generator in _blocks(left, self.generator):
                yield from weft.randint(size, (count,), generator=generator).tolist()
            return
        while left > 0:
            yield from weft.randperm(size, generator=self.generator).tolist()[:left]
            left -= size

    def __len__(self):
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order.

    >>> import weft
    >>> sorted(weft.utils.data.SubsetRandomSampler([5, 3]))
    [3, 5]
    """

    def __init__(self, indices, generator=None):
        self.indices = indices
        self.generator = generator

    def __iter__(self):
        for i in weft.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self):
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """num_samples indices, each drawn with a probability in proportion to its weight.

    With replacement indices are drawn in blocks, so num_samples may be any number.

    >>> import weft
    >>> list(weft.utils.data.WeightedRandomSampler([0.0, 1.0], 3))
    [1, 1, 1]
    """

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        _check_count("WeightedRandomSampler", num_samples)
        if not isinstance(replacement, bool):
            raise TypeError(f"WeightedRandomSampler: replacement must be a bool, got {type(replacement).__name__}")
        self.weights = weft.as_tensor(weights, dtype=weft.float64)
        if self.weights.dim() != 1:
            raise ValueError(
                f"WeightedRandomSampler: expected a list of weights, got shape {tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self):
        if not self.replacement:
            yield from weft.multinomial(self.weights, self.num_samples, generator=self.generator).tolist()
            return
        for count, generator in _blocks(self.num_samples, self.generator):
            yield from weft.multinomial(self.weights, count, True, generator=generator).tolist()

    def __len__(self):
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of batch_size indices of another sampler; the last one may be shorter, unless drop_last.

    >>> import weft
    >>> list(weft.utils.data.BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler, batch_size, drop_last):
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"BatchSampler: batch_size must be a positive int, got {batch_size!r}")
        if not isinstance(drop_last, bool):
            raise ValueError(f"BatchSampler: drop_last must be a bool, got {drop_last!r}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self):
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self):
        full, rest = divmod(len(self.sampler), self.batch_size)
        return full + (rest > 0 and not self.drop_last)
