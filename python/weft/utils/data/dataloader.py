"""DataLoader: batches of a dataset."""

from __future__ import annotations

import itertools
import numbers
import operator
import typing
import warnings

import weft
from weft._missing import name_missing_members
from weft.utils.data._waits import waits_in_profiles
from weft.utils.data.collate import default_collate
from weft.utils.data.dataset import IterableDataset, Subset, TensorDataset
from weft.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.context import BaseContext
    from typing import Any

    from weft.utils.data.dataset import Dataset


_T = typing.TypeVar("_T", covariant=True)
_FIXED = {"dataset", "batch_size", "sampler", "batch_sampler", "drop_last", "persistent_workers"}
_warned_of_workers = False


class DataLoader(typing.Generic[_T]):
    """Iterates over a dataset in batches: of batch_size samples in order, shuffled, or as a sampler says.

    There are no worker processes yet. num_workers and what goes with it (timeout, worker_init_fn, prefetch_factor,
    persistent_workers, multiprocessing_context) are checked and can be read back, but batches are made in this process,
    in order, and worker_init_fn is not called; the first loader with num_workers warns of it. in_order and
    pin_memory_device change nothing either: order is always kept, and memory is pinned for every device.

    Args:
        dataset: with ``__getitem__`` and ``__len__``, or an :class:`IterableDataset`.
        batch_size: samples in a batch, 1 by default; None gives the samples one by one.
        shuffle: take the samples in another random order each time.
        sampler: an iterable of indices, instead of shuffle.
        batch_sampler: an iterable of lists of indices, instead of batch_size, shuffle, sampler and drop_last.
        collate_fn: makes a batch of a list of samples, by default :func:`default_collate`.
        pin_memory: with a GPU, put the tensors into pinned memory, from which ``x.to("cuda", non_blocking=True)`` need
            not be waited for.
        drop_last: leave out the last batch where it is smaller.
        generator: where shuffling draws from, by default the default generator.

    Raises:
        ValueError: arguments exclude each other: shuffle or a sampler for an IterableDataset, a sampler and shuffle, a
            batch_sampler and what it replaces, options of workers without num_workers.
        TypeError: an argument is of the wrong type.

    >>> import weft
    >>> from weft.utils.data import DataLoader, TensorDataset
    >>> data = TensorDataset(weft.arange(5), weft.zeros(5, 2))
    >>> for x, y in DataLoader(data, batch_size=3):
    ...     print(x, tuple(y.shape))
    tensor([0, 1, 2]) (3, 2)
    tensor([3, 4]) (2, 2)
    """

    def __init__(
        self,
        dataset: Dataset[_T] | Sequence[_T],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: str | BaseContext | None = None,
        generator: weft.Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        self.num_workers: int = _worker_count(num_workers)
        self.timeout: float = timeout
        self.worker_init_fn: Callable[[int], Any] | None = _callable("worker_init_fn", worker_init_fn)
        self.prefetch_factor: int | None = 2 if prefetch_factor is None and self.num_workers else prefetch_factor
        self.persistent_workers: bool = _flag("persistent_workers", persistent_workers)
        self.multiprocessing_context: Any = multiprocessing_context
        self._check_workers()
        stream = isinstance(dataset, IterableDataset)
        _check_sources(dataset, stream, sampler, batch_sampler)
        shuffle = _flag("shuffle", shuffle, None)
        if stream and (shuffle or sampler is not None or batch_sampler is not None):
            raise ValueError(
                "DataLoader: an IterableDataset has its own order; it takes no shuffle, sampler or batch_sampler"
            )
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: give a sampler or shuffle=True, not both")
        drop_last = _flag("drop_last", drop_last)
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError("DataLoader: a batch_sampler replaces batch_size, shuffle, sampler and drop_last")
            batch_size = None
        elif batch_size is None:
            if drop_last:
                raise ValueError("DataLoader: drop_last needs a batch_size")
        elif not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"DataLoader: batch_size must be a positive int or None, got {batch_size!r}")
        if generator is not None and not isinstance(generator, weft.Generator):
            raise TypeError(f"DataLoader: generator must be a weft.Generator or None, got {type(generator).__name__}")
        if not isinstance(pin_memory_device, str):
            raise TypeError(f"DataLoader: pin_memory_device must be a string, got {type(pin_memory_device).__name__}")
        self.pin_memory: bool = _flag("pin_memory", pin_memory)
        self.pin_memory_device: str = pin_memory_device
        self.in_order: bool = _flag("in_order", in_order)
        self.dataset: Any = dataset
        self.batch_size: int | None = batch_size
        self.drop_last: bool = drop_last
        self.generator: weft.Generator | None = generator
        if sampler is None and not stream and batch_sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and not stream:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.sampler: Any = sampler
        self.batch_sampler: Any = batch_sampler
        batches = batch_size is not None or batch_sampler is not None
        self.collate_fn: Callable[[Any], Any] = _callable("collate_fn", collate_fn) or (
            default_collate if batches else default_convert
        )
        self._ready = True
        if self.num_workers:
            _warn_of_workers(self)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and "_ready" in self.__dict__:
            raise ValueError(f"DataLoader: {name} cannot be changed any more; make a new DataLoader")
        super().__setattr__(name, value)

    def _check_workers(self):
        if not isinstance(self.timeout, numbers.Real) or isinstance(self.timeout, bool):
            raise TypeError(f"DataLoader: timeout must be a number, got {type(self.timeout).__name__}")
        if not self.timeout >= 0:
            raise ValueError(f"DataLoader: timeout must not be negative, got {self.timeout}")
        factor, context = self.prefetch_factor, self.multiprocessing_context
        if factor is not None and (not isinstance(factor, int) or isinstance(factor, bool)):
            raise TypeError(f"DataLoader: prefetch_factor must be an int or None, got {type(factor).__name__}")
        if factor is not None and factor < 1:
            raise ValueError(f"DataLoader: prefetch_factor must be positive, got {factor}")
        self.multiprocessing_context = _context(context)
        if not self.num_workers:
            given = {"timeout": self.timeout, "prefetch_factor": factor is not None}
            given |= {"persistent_workers": self.persistent_workers, "multiprocessing_context": context is not None}
            for name, value in given.items():
                if value:
                    raise ValueError(f"DataLoader: {name} needs workers, and num_workers is 0")

    @waits_in_profiles
    def __iter__(self) -> Iterator[Any]:
        return map(_pinned, self._batches()) if self.pin_memory and weft.cuda.is_available() else self._batches()

    def _batches(self):
        if isinstance(self.dataset, IterableDataset):
            return self._stream()
        if self.batch_sampler is None:
            return (self.collate_fn(self.dataset[index]) for index in self.sampler)
        fetch = _fetcher(self.dataset, self.collate_fn)
        return (fetch(indices) for indices in self.batch_sampler)

    def _stream(self):
        samples = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self.collate_fn, samples)
            return
        while batch := list(itertools.islice(samples, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self.collate_fn(batch)

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        length = len(self.dataset)
        if self.batch_size is None:
            return length
        full, rest = divmod(length, self.batch_size)
        return full + (rest > 0 and not self.drop_last)


def _pinned(batch):
    """The batch with its tensors in pinned memory."""
    if isinstance(batch, weft.Tensor):
        return batch.pin_memory() if batch.device.type == "cpu" else batch
    if isinstance(batch, dict):
        return type(batch)((key, _pinned(value)) for key, value in batch.items())
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*map(_pinned, batch))
    if isinstance(batch, (list, tuple)):
        return type(batch)(map(_pinned, batch))
    return batch


def _check_sources(dataset, stream, sampler, batch_sampler):
    if not stream and not hasattr(dataset, "__getitem__") and not hasattr(dataset, "__getitems__"):
        raise TypeError(
            f"DataLoader: a dataset has __getitem__ and __len__, or is an IterableDataset; got {type(dataset).__name__}"
        )
    for name, value in {"sampler": sampler, "batch_sampler": batch_sampler}.items():
        if value is not None and not hasattr(value, "__iter__") and not hasattr(value, "__getitem__"):
            raise TypeError(f"DataLoader: {name} must be iterable, got {type(value).__name__}")


def _worker_count(num_workers):
    if isinstance(num_workers, bool) or not hasattr(type(num_workers), "__index__"):
        raise TypeError(f"DataLoader: num_workers must be an int, got {type(num_workers).__name__}")
    count = operator.index(num_workers)
    if count < 0:
        raise ValueError(f"DataLoader: num_workers must not be negative, got {count}")
    return count


def _context(context):
    if context is None:
        return None
    import multiprocessing.context

    if isinstance(context, str):
        if context not in multiprocessing.get_all_start_methods():
            methods = ", ".join(multiprocessing.get_all_start_methods())
            raise ValueError(f"DataLoader: multiprocessing_context must be one of {methods}, got {context!r}")
        return multiprocessing.get_context(context)
    if not isinstance(context, multiprocessing.context.BaseContext):
        raise TypeError(
            f"DataLoader: multiprocessing_context must be a context, its name or None, got {type(context).__name__}"
        )
    return context


def _flag(name, value, *others):
    if not isinstance(value, int) and value not in others:
        raise TypeError(f"DataLoader: {name} must be a bool, got {type(value).__name__}")
    return bool(value)


def _callable(name, value):
    if value is not None and not callable(value):
        raise TypeError(f"DataLoader: {name} must be a function or None, got {type(value).__name__}")
    return value


def _warn_of_workers(loader):
    global _warned_of_workers
    if _warned_of_workers:
        return
    _warned_of_workers = True
    not_called = "; worker_init_fn is not called" if loader.worker_init_fn else ""
    warnings.warn(
        f"DataLoader: num_workers={loader.num_workers}: there are no worker processes yet, batches are made in this "
        f"process{not_called}",
        stacklevel=3,
    )


def get_worker_info() -> None:
    """Information about the worker process of a DataLoader that asks: None, since there are none.

    >>> import weft
    >>> weft.utils.data.get_worker_info()
    """
    return None


def default_convert(data: Any) -> Any:
    """Turns NumPy arrays and scalars in a sample into tensors, in dicts, lists and tuples too; the rest stays as it is.

    What a DataLoader with batch_size=None does.

    Args:
        data: a sample of any structure.

    >>> import numpy, weft
    >>> weft.utils.data.default_convert({"x": numpy.arange(2), "name": "a"})
    {'x': tensor([0, 1]), 'name': 'a'}
    """
    import numpy as np

    if isinstance(data, (np.ndarray, np.generic)) and data.dtype.kind in "biuf":
        return weft.from_numpy(np.array(data))
    if isinstance(data, dict):
        return {key: default_convert(value) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, (tuple, list)):
        return type(data)(map(default_convert, data))
    return data


def _fetcher(dataset, collate):
    """A function from a list of indices to a batch."""
    if collate is default_collate:
        direct = _direct_fetcher(dataset)
        if direct:
            return direct
    if hasattr(dataset, "__getitems__"):
        return lambda indices: collate(dataset.__getitems__(indices))
    return lambda indices: collate([dataset[index] for index in indices])


def _direct_fetcher(dataset):
    """For rows of tensors: one indexing operation a tensor gives what collating the samples would, but faster."""
    if isinstance(dataset, TensorDataset) and type(dataset).__getitem__ is TensorDataset.__getitem__:
        return dataset._collated
    if type(dataset) is Subset:
        inner = _direct_fetcher(dataset.dataset)
        return inner and (lambda indices: inner([dataset.indices[i] for i in indices]))
    return None


name_missing_members(DataLoader, "torch.utils.data.DataLoader")
