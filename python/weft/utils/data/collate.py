"""default_collate: makes one batch of a list of samples."""

from __future__ import annotations

import collections.abc

import numpy as np

import weft

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def default_collate(batch: Sequence[Any]) -> Any:
    """Joins samples of the same structure: tensors and arrays are stacked, numbers become a tensor.

    Sequences, tuples and dicts are joined member by member; strings and bytes stay a list.

    Args:
        batch: a list of samples, at least one.

    Raises:
        TypeError: samples of another kind; give the DataLoader a collate_fn.
        RuntimeError: samples differ in length or shape.

    >>> import weft
    >>> weft.utils.data.default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]
    """
    first = batch[0]
    if isinstance(first, weft.Tensor):
        return _stack(batch)
    if isinstance(first, (str, bytes)):  # NumPy's too
        return batch
    if isinstance(first, np.ndarray):
        return _stack([_from_array(array) for array in batch])
    if isinstance(first, np.generic):
        return _from_array(np.array(batch))
    if isinstance(first, bool):
        return weft.tensor(batch)
    if isinstance(first, float):
        return weft.tensor(batch, dtype=weft.float64)
    if isinstance(first, int):
        return weft.tensor(batch)
    if isinstance(first, collections.abc.Mapping):
        return _like_mapping(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(column) for column in zip(*batch)))
    if isinstance(first, collections.abc.Sequence):
        return _collate_sequences(batch)
    raise TypeError(
        f"default_collate: samples must be tensors, NumPy arrays, numbers, strings, dicts or lists of these, "
        f"got {type(first).__name__}; give the DataLoader a collate_fn"
    )


def _from_array(array):
    if array.dtype.kind not in "biuf":
        raise TypeError(f"default_collate: cannot make a tensor of an array of {array.dtype}; give a collate_fn")
    return weft.from_numpy(np.ascontiguousarray(array).reshape(array.shape))


def _stack(tensors):
    shape = tuple(tensors[0].shape)
    for i, tensor in enumerate(tensors):
        if tuple(tensor.shape) != shape:
            raise RuntimeError(
                f"default_collate: sample {i} of the batch has shape {tuple(tensor.shape)}, sample 0 has {shape}; "
                f"make them equal, or give the DataLoader a collate_fn"
            )
    return weft.stack(tensors)


def _like_mapping(first, values):
    try:
        return type(first)(values)
    except TypeError:
        return values


def _collate_sequences(batch):
    size = len(batch[0])
    if any(len(sample) != size for sample in batch):
        raise RuntimeError(f"default_collate: every sample of a batch must have as many members as the first, {size}")
    return [default_collate(column) for column in zip(*batch)]
