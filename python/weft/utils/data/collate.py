"""collate and default_collate: make one batch of a list of samples."""

from __future__ import annotations

import collections
import collections.abc
import copy
import typing

import numpy as np

import weft
from weft import _C

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    CollateMap = Mapping[type | tuple[type, ...], Callable[..., Any]]


def default_collate(batch: Sequence[Any]) -> Any:
    """Joins samples of the same structure: tensors and arrays are stacked, numbers become a tensor.

    Sequences, tuples and dicts are joined member by member; strings and bytes stay a list. Other types can be entered
    in ``weft.utils.data.collate.default_collate_fn_map``, see :func:`collate`.

    Args:
        batch: a list of samples, at least one.

    Raises:
        TypeError: samples of another kind; give the DataLoader a collate_fn.
        RuntimeError: samples differ in length or shape.

    >>> import weft
    >>> weft.utils.data.default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]
    """
    if type(batch) is FetchedBatch:
        return batch.collated
    if default_collate_fn_map != _UNCHANGED:
        return collate(batch, collate_fn_map=default_collate_fn_map)
    return _C._collate(batch, _collate_in_python)


class FetchedBatch(collections.abc.Sequence["typing.Any"]):
    """The samples of a batch that a dataset fetched as a whole: what its ``__getitems__`` may return.

    :func:`default_collate` gives the batch as it was fetched; other collate functions see a sequence of samples.

    Args:
        columns: what default_collate gives, a list of tensors or a dict of tensors and lists, all of one length.
            Samples are tuples of their rows, or dicts.

    >>> import weft
    >>> samples = weft.utils.data.collate.FetchedBatch([weft.arange(2), weft.tensor([0.5, 1.5])])
    >>> samples[1], weft.utils.data.default_collate(samples)
    ((tensor(1), tensor(1.5000)), [tensor([0, 1]), tensor([0.5000, 1.5000])])
    """

    def __init__(self, columns: list[Any] | dict[str, Any]) -> None:
        self.collated: list[Any] | dict[str, Any] = columns

    def __len__(self) -> int:
        columns = self.collated.values() if isinstance(self.collated, dict) else self.collated
        return len(next(iter(columns)))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if isinstance(self.collated, dict):
            return {name: column[index] for name, column in self.collated.items()}
        return tuple(column[index] for column in self.collated)


# What gives the memory for batches, instead of new memory: called with shape and dtype, returns a contiguous tensor.


def default_convert(data: Any) -> Any:
    """Turns NumPy arrays and scalars in a sample into tensors, in dicts, lists and tuples too; the rest stays as it is.

    What a DataLoader with batch_size=None does. As in PyTorch tuples become lists, but for named ones.

    Args:
        data: a sample of any structure.

    >>> import numpy, weft
    >>> weft.utils.data.default_convert({"x": numpy.arange(2), "name": "a"})
    {'x': tensor([0, 1]), 'name': 'a'}
    """
    if isinstance(data, (np.ndarray, np.generic)) and data.dtype.kind in "biufc":
        return weft.from_numpy(np.array(data, dtype=data.dtype.newbyteorder("=")))
    if isinstance(data, collections.abc.Mapping):
        return like(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple):
        members = map(default_convert, data)
        return type(data)(*members) if hasattr(data, "_fields") else list(members)
    if isinstance(data, (list, collections.UserList, range)):
        return like(data, [default_convert(value) for value in data])
    return data


def collate(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    """Makes one batch of a list of samples: what :func:`default_collate` does, with functions of one's own for types.

    Args:
        batch: a list of samples, at least one.
        collate_fn_map: functions by the type of sample that they join, or by a tuple of types. They are called as
            ``function(samples, collate_fn_map=collate_fn_map)``. The exact type of the first sample is looked up, then
            the first entry that it is an instance of is taken. What no entry fits is joined member by member, if it
            is a mapping or a sequence.

    Raises:
        TypeError: samples of a type that is not in the map, nor a mapping or sequence.
        RuntimeError: samples differ in length or shape.
        ValueError: the batch is empty.

    >>> import weft
    >>> from weft.utils.data.collate import collate, default_collate_fn_map
    >>> class Text(str):
    ...     pass
    >>> def join(samples, *, collate_fn_map=None):
    ...     return " ".join(samples)
    >>> samples = [{"t": Text("a"), "x": 1}, {"t": Text("b"), "x": 2}]
    >>> collate(samples, collate_fn_map={Text: join, **default_collate_fn_map})
    {'t': 'a b', 'x': tensor([1, 2])}
    """
    _check_batch(batch)
    function = _function_for(batch[0], collate_fn_map or {})
    if function is not None:
        return function(batch, collate_fn_map=collate_fn_map)
    return _join(batch, lambda samples: collate(samples, collate_fn_map=collate_fn_map))


def _check_batch(batch):
    if len(batch) == 0:
        raise ValueError("default_collate: the batch is empty; it needs at least one sample")


def _function_for(sample, functions):
    if type(sample) in functions:
        return functions[type(sample)]
    return next((function for kind, function in functions.items() if isinstance(sample, kind)), None)


def _collate_in_python(batch):
    """default_collate of samples that the C++ function leaves to us."""
    _check_batch(batch)
    function = _function_for(batch[0], default_collate_fn_map)
    if function is not None:
        return function(batch, collate_fn_map=default_collate_fn_map)
    return _join(batch, default_collate)


def _advice(sample):
    if type(sample).__module__.partition(".")[0] == "PIL":
        return "give the dataset transform=weft.transforms.ToTensor(), or the DataLoader a collate_fn"
    return "give the DataLoader a collate_fn"


def _join(batch, join):
    """Joins mappings and sequences, member by member, into one of their type where it can be made."""
    first = batch[0]
    if isinstance(first, collections.abc.Mapping):
        return like(first, {key: join([_member(sample, key, i) for i, sample in enumerate(batch)]) for key in first})
    if not isinstance(first, collections.abc.Sequence):
        raise TypeError(
            f"default_collate: samples must be tensors, NumPy arrays, numbers, strings, dicts or lists of these, "
            f"got {type(first).__name__}; {_advice(first)}"
        )
    for i, sample in enumerate(batch):
        if not isinstance(sample, collections.abc.Sequence) or len(sample) != len(first):
            members = f"{len(sample)} members" if hasattr(sample, "__len__") else "none"
            raise RuntimeError(
                f"default_collate: every sample of a batch must have as many members as the first, {len(first)}; "
                f"sample {i}, of type {type(sample).__name__}, has {members}"
            )
    columns = [join(column) for column in zip(*batch)]
    if isinstance(first, tuple):
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    return like(first, columns)


def _member(sample, key, i):
    try:
        return sample[key]
    except (KeyError, TypeError, IndexError) as error:
        raise KeyError(f"default_collate: sample {i} of the batch lacks {key!r}, which sample 0 has") from error


def like(first, members):
    """The members in a copy of first, which may have attributes of its own; else as a dict or list."""
    try:
        if isinstance(first, collections.abc.MutableMapping):
            result = copy.copy(first)
            result.update(members)
            return result
        if isinstance(first, collections.abc.MutableSequence):
            result = copy.copy(first)
            for i, member in enumerate(members):
                result[i] = member
            return result
        return type(first)(members)
    except TypeError:
        return members


def collate_tensor_fn(batch: Sequence[weft.Tensor], *, collate_fn_map: CollateMap | None = None) -> weft.Tensor:
    """Stacks tensors of the same shape; RuntimeError names the sample that has another one.

    Args:
        batch: the tensors.
        collate_fn_map: not used.

    >>> import weft
    >>> weft.utils.data.collate.collate_tensor_fn([weft.zeros(2), weft.ones(2)]).shape
    weft.Size([2, 2])
    """
    shape = tuple(batch[0].shape)
    for i, tensor in enumerate(batch):
        if not isinstance(tensor, weft.Tensor):
            raise TypeError(
                f"default_collate: sample {i} of the batch is of type {type(tensor).__name__}, sample 0 is a tensor"
            )
        if tuple(tensor.shape) != shape:
            raise RuntimeError(
                f"default_collate: sample {i} of the batch has shape {tuple(tensor.shape)}, sample 0 has {shape}; "
                f"make them equal, or give the DataLoader a collate_fn"
            )
    return weft.stack(tuple(batch))


def collate_numpy_array_fn(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    """Stacks arrays of numbers as tensors; TypeError for arrays of anything else.

    Args:
        batch: the arrays.
        collate_fn_map: how the tensors are joined, by default as :func:`collate_tensor_fn` does.

    >>> import numpy, weft
    >>> weft.utils.data.collate.collate_numpy_array_fn([numpy.zeros(2), numpy.ones(2)]).dtype
    weft.float64
    """
    for i, array in enumerate(batch):
        if not isinstance(array, (np.ndarray, np.generic, int, float)):
            raise TypeError(
                f"default_collate: sample {i} of the batch is of type {type(array).__name__}, sample 0 is an array"
            )
    batch = [np.asarray(array) for array in batch]
    for array in batch:
        _check_kind(array.dtype)
    tensors = [weft.as_tensor(np.ascontiguousarray(array).reshape(array.shape)) for array in batch]
    return collate(tensors, collate_fn_map=collate_fn_map or {weft.Tensor: collate_tensor_fn})


def collate_numpy_scalar_fn(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> weft.Tensor:
    """Makes a vector of NumPy's numbers, of their dtype; TypeError for what are no numbers.

    Args:
        batch: the numbers.
        collate_fn_map: not used.

    >>> import numpy, weft
    >>> weft.utils.data.collate.collate_numpy_scalar_fn([numpy.float32(1), numpy.float32(2)])
    tensor([1., 2.])
    """
    array = np.array(batch)
    _check_kind(array.dtype)
    return weft.as_tensor(array)


def _check_kind(dtype):
    if dtype.kind not in "biufc":
        raise TypeError(f"default_collate: cannot make a tensor of an array of {dtype}; give a collate_fn")


def collate_float_fn(batch: Sequence[float], *, collate_fn_map: CollateMap | None = None) -> weft.Tensor:
    """Makes a float64 vector of numbers.

    Args:
        batch: the numbers.
        collate_fn_map: not used.

    >>> import weft
    >>> weft.utils.data.collate.collate_float_fn([1.0, 2.0])
    tensor([1., 2.], dtype=weft.float64)
    """
    return weft.tensor(batch, dtype=weft.float64)


def collate_int_fn(batch: Sequence[int], *, collate_fn_map: CollateMap | None = None) -> weft.Tensor:
    """Makes a vector of integers, int64, or of bools.

    Args:
        batch: the numbers.
        collate_fn_map: not used.

    >>> import weft
    >>> weft.utils.data.collate.collate_int_fn([1, 2])
    tensor([1, 2])
    """
    return weft.tensor(batch)


def collate_str_fn(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Sequence[Any]:
    """Leaves the samples as they are.

    Args:
        batch: the strings.
        collate_fn_map: not used.

    >>> import weft
    >>> weft.utils.data.collate.collate_str_fn(["a", "b"])
    ['a', 'b']
    """
    return batch


# The functions of default_collate. Entries that are added or replaced here hold for every DataLoader.
default_collate_fn_map: dict[type | tuple[type, ...], Callable[..., Any]] = {
    weft.Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}
_UNCHANGED = dict(default_collate_fn_map)
