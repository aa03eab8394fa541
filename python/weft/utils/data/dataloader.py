"""DataLoader: batches of a dataset."""

import itertools

import weft
from weft.utils.data.collate import default_collate
from weft.utils.data.dataset import IterableDataset, Subset, TensorDataset
from weft.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler


class DataLoader:
    """Iterates over a dataset in batches: of batch_size samples in order, shuffled, or as a sampler says.

    collate_fn makes a batch of a list of samples (by default ``default_collate``); batch_size=None gives the samples
    one by one. generator is the source of randomness of the shuffling. With pin_memory and a GPU the tensors of a batch
    come in pinned memory, from which ``x.to("cuda", non_blocking=True)`` need not be waited for. Works in this process:
    ValueError for num_workers and the options that go with them, which are not supported yet.

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
        dataset,
        batch_size=1,
        shuffle=None,
        sampler=None,
        batch_sampler=None,
        num_workers=0,
        collate_fn=None,
        pin_memory=False,
        drop_last=False,
        timeout=0,
        worker_init_fn=None,
        multiprocessing_context=None,
        generator=None,
        *,
        prefetch_factor=None,
        persistent_workers=False,
        pin_memory_device="",
        in_order=True,
    ):
        if num_workers:
            raise ValueError(
                f"DataLoader: num_workers={num_workers} is not supported yet; leave it 0 to load in this process"
            )
        if timeout or prefetch_factor is not None or persistent_workers or multiprocessing_context is not None:
            raise ValueError(
                "DataLoader: timeout, prefetch_factor, persistent_workers and multiprocessing_context need workers, "
                "which are not supported yet"
            )
        stream = isinstance(dataset, IterableDataset)
        if stream and (shuffle or sampler is not None or batch_sampler is not None):
            raise ValueError(
                "DataLoader: an IterableDataset has its own order; it takes no shuffle, sampler or batch_sampler"
            )
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: give a sampler or shuffle=True, not both")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError("DataLoader: a batch_sampler replaces batch_size, shuffle, sampler and drop_last")
            batch_size = None
        elif batch_size is None:
            if drop_last:
                raise ValueError("DataLoader: drop_last needs a batch_size")
        elif not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"DataLoader: batch_size must be a positive int or None, got {batch_size!r}")
        self.dataset = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.generator = generator
        self.num_workers = 0
        self.pin_memory = bool(pin_memory)
        self.timeout = 0
        self.worker_init_fn = worker_init_fn
        if sampler is None and not stream:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        self.sampler = sampler
        if batch_size is not None and not stream:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_sampler = batch_sampler
        batches = batch_size is not None or batch_sampler is not None
        self.collate_fn = collate_fn or (default_collate if batches else _one_sample)

    def __iter__(self):
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

    def __len__(self):
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


def _one_sample(sample):
    """Without batches: arrays become tensors, the rest stays as it is."""
    import numpy as np

    if isinstance(sample, (np.ndarray, np.generic)) and sample.dtype.kind in "biuf":
        return weft.from_numpy(np.array(sample))
    if isinstance(sample, dict):
        return {key: _one_sample(value) for key, value in sample.items()}
    if isinstance(sample, tuple) and hasattr(sample, "_fields"):
        return type(sample)(*map(_one_sample, sample))
    if isinstance(sample, (tuple, list)):
        return type(sample)(map(_one_sample, sample))
    return sample


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
