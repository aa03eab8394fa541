"""DataLoader: batches of a dataset, made here or by workers."""

from __future__ import annotations

import numbers
import operator
import typing
import warnings

import weft
from weft import _C
from weft._keywords import NamesKeywords
from weft._missing import name_missing_members
from weft._threads import usable_cores
from weft.utils.data import loader_state
from weft.utils.data._waits import waits_in_profiles
from weft.utils.data.collate import default_collate, default_convert
from weft.utils.data.dataset import IterableDataset
from weft.utils.data.fetching import Plan, is_stateful
from weft.utils.data.iteration import LocalIteration, WorkerIteration
from weft.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.context import BaseContext
    from typing import Any

    from weft.utils.data.dataset import Dataset


_T = typing.TypeVar("_T", covariant=True)
_MOST_WORKERS = 1024
_FIXED = {"dataset", "batch_size", "sampler", "batch_sampler", "drop_last", "persistent_workers"}


class DataLoader(NamesKeywords, typing.Generic[_T]):
    """Iterates over a dataset in batches: of batch_size samples in order, shuffled, or as a sampler says.

    With num_workers batches are made ahead, by that many processes or threads. Order and Weft's random numbers are the
    same for any number of them: while a sample is fetched, the default generator is one that depends on the epoch's
    seed and the sample's index alone. Of an :class:`IterableDataset` each worker has a copy and takes its share by
    :func:`get_worker_info`. docs/data.md says more.

    Args:
        dataset: with ``__getitem__`` and ``__len__``, or an :class:`IterableDataset`.
        batch_size: samples in a batch, 1 by default; None gives the samples one by one.
        shuffle: take the samples in another random order each time.
        sampler: an iterable of indices, instead of shuffle.
        batch_sampler: an iterable of lists of indices, instead of batch_size, shuffle, sampler and drop_last.
        num_workers: how many workers; 0, the default, makes batches when they are asked for.
        collate_fn: makes a batch of a list of samples, by default :func:`default_collate`.
        pin_memory: with a GPU, put the tensors into pinned memory, from which ``x.to("cuda", non_blocking=True)`` need
            not be waited for.
        drop_last: leave out the last batch where it is smaller.
        timeout: seconds to wait for a batch of a worker; 0: any time.
        worker_init_fn: called in each worker with its number, before the first batch.
        multiprocessing_context: how processes are started: ``"fork"``, ``"spawn"``, ``"forkserver"``, or a context.
        generator: where the epochs' seeds and orders are drawn from, by default the default generator.
        prefetch_factor: batches that each worker makes ahead, 2 by default.
        persistent_workers: keep the workers from one epoch to the next.
        pin_memory_device: kept for PyTorch's programs; memory is pinned for every GPU.
        in_order: False gives batches as they come.
        workers: ``"process"``, or ``"thread"``: threads of this process, for datasets that spend their time outside of
            Python (reading files, decoding images) or cannot be copied.

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
        workers: str = "process",
    ) -> None:
        if workers not in ("process", "thread"):
            raise ValueError(f"DataLoader: workers must be 'process' or 'thread', got {workers!r}")
        self.workers: str = workers
        self.num_workers: int = _worker_count(num_workers)
        self.timeout: float = timeout
        self.worker_init_fn: Callable[[int], Any] | None = _callable("worker_init_fn", worker_init_fn)
        self.prefetch_factor: int | None = 2 if prefetch_factor is None and self.num_workers else prefetch_factor
        self.persistent_workers: bool = _flag("persistent_workers", persistent_workers)
        self.multiprocessing_context: Any = multiprocessing_context
        self._check_workers()
        stream = isinstance(dataset, IterableDataset)
        if stream and (shuffle or sampler is not None or batch_sampler is not None):
            raise ValueError(
                "DataLoader: an IterableDataset has its own order; it takes no shuffle, sampler or batch_sampler"
            )
        _check_sources(dataset, stream, sampler, batch_sampler)
        shuffle = _flag("shuffle", shuffle, None)
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
        self._stream = stream
        self._progress = self._resume = self._pool = self._length_asked = None
        self._pool_is_free = True
        self._ready = True

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
        if self.workers == "thread" and context is not None:
            raise ValueError("DataLoader: multiprocessing_context is for workers='process'; threads are not started so")
        if self.workers == "process" and self.num_workers > usable_cores():
            warnings.warn(
                f"DataLoader: {self.num_workers} worker processes, but this process may use {usable_cores()} cores; "
                "more workers than cores mostly slow each other down",
                stacklevel=3,
            )
        if not self.num_workers:
            given = {"timeout": self.timeout, "prefetch_factor": factor is not None}
            given |= {"persistent_workers": self.persistent_workers, "multiprocessing_context": context is not None}
            for name, value in given.items():
                if value:
                    raise ValueError(f"DataLoader: {name} needs workers, and num_workers is 0")

    @waits_in_profiles
    def __iter__(self) -> Iterator[Any]:
        _C._keep_freed_heap()
        progress, self._resume = self._resume, None
        if progress is None:
            generators = loader_state.generator_states(self)
            progress = loader_state.Progress(_draw_seed(self.generator), generators)
        elif self.generator is not None:
            _draw_seed(self.generator)  # as the epoch that goes on has done
        if not self.num_workers:
            iteration: Any = LocalIteration(self, progress)
        else:
            pool, owned = self._take_pool(progress.base_seed)
            try:
                iteration = WorkerIteration(self, progress, pool, owned)
            except BaseException:
                if pool.alive:
                    pool.close(quickly=True)
                raise
        self._progress = progress
        return iteration

    def _plan(self):
        batched = self.batch_size is not None or self.batch_sampler is not None
        return Plan(self.dataset, self.collate_fn, batched, self._stream, self.batch_size, self.drop_last)

    def _keeps_states(self):
        return self._stream or is_stateful(self.dataset)

    def _take_pool(self, base_seed):
        """(workers, whether the epoch that asks ends them)."""
        if self._pool is not None and not self._pool.alive:
            self._pool, self._pool_is_free = None, True
        if self._pool is not None and self._pool_is_free:
            self._pool_is_free = False
            return self._pool, False
        if self.workers == "thread":
            from weft.utils.data.threads import ThreadPool as Pool
        else:
            from weft.utils.data.processes import ProcessPool as Pool
        pool = Pool(self._plan(), self, base_seed)
        if not self.persistent_workers or self._pool is not None:  # another epoch has the lasting ones
            return pool, True
        self._pool, self._pool_is_free = pool, False
        return pool, False

    def _give_pool(self, pool):
        if pool is not None and pool is self._pool:
            self._pool_is_free = True

    def __getstate__(self) -> Any:
        return {**self.__dict__, "_progress": None, "_pool": None, "_pool_is_free": True}

    def __del__(self) -> None:
        pool = self.__dict__.get("_pool")
        if pool is not None:
            pool.close(quickly=True)

    def state_dict(self) -> dict[str, Any]:
        """Where the loader stands, after the batches that have been taken of it, as plain data (JSON can hold it).

        In the middle of an epoch a new loader of the same arguments, with any number of workers, goes on with exactly
        the batches that are left, in the same order and with the same random numbers; then come the same epochs. With
        ``in_order=False`` the same batches are left. Of an iterable dataset the number of workers must be the same.
        Datasets and samplers with ``state_dict()`` and ``load_state_dict()`` of their own are asked for theirs; an
        iterable dataset without is read again up to its place.

        >>> import weft
        >>> loader = weft.utils.data.DataLoader(range(6), batch_size=2, shuffle=True)
        >>> batches = iter(loader)
        >>> first, state = next(batches), loader.state_dict()
        >>> other = weft.utils.data.DataLoader(range(6), batch_size=2, shuffle=True)
        >>> other.load_state_dict(state)
        >>> [b.tolist() for b in other] == [b.tolist() for b in batches]
        True
        """
        return loader_state.save(self, self._resume or self._progress)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The next ``iter(loader)`` goes on where :meth:`state_dict` was asked.

        The loader's generator (the default generator, where it has none) is set as it was then.

        Args:
            state_dict: what :meth:`state_dict` gave.

        Raises:
            ValueError: it is no such state, or of a loader with another dataset length, batch_size or drop_last.

        >>> import weft
        >>> loader = weft.utils.data.DataLoader(range(6), batch_size=2)
        >>> state = loader.state_dict()
        >>> loader.load_state_dict(state)
        >>> [batch.tolist() for batch in loader]
        [[0, 1], [2, 3], [4, 5]]
        """
        self._resume = loader_state.load(self, state_dict)
        self._progress = None

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        length = len(self.dataset)
        if self.batch_size is not None:
            full, rest = divmod(length, self.batch_size)
            length = full + (rest > 0 and not self.drop_last)
        self._length_asked = length
        return length


def _draw_seed(generator):
    """The seed of an epoch: drawn before its order, as PyTorch does."""
    return int(weft.empty((), dtype=weft.int64).random_(generator=generator).item())


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
    if count > _MOST_WORKERS:  # as for threads; a slip of the keyboard must not fill the machine with processes
        raise ValueError(f"DataLoader: num_workers must be at most {_MOST_WORKERS}, got {count}")
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
    if not isinstance(value, int) and value not in others and type(value).__name__ not in ("bool", "bool_"):
        raise TypeError(f"DataLoader: {name} must be a bool, got {type(value).__name__}")
    return bool(value)


def _callable(name, value):
    if value is not None and not callable(value):
        raise TypeError(f"DataLoader: {name} must be a function or None, got {type(value).__name__}")
    return value


name_missing_members(DataLoader, "torch.utils.data.DataLoader")
