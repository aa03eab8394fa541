"""Tables and arrays of Apache Arrow as tensors, and back."""

from __future__ import annotations

import numpy as np

import weft
from weft.integrations._tables import arrays_of, check_missing, tensor_of, without_missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import pyarrow

    from weft import Tensor

__all__ = ["from_arrow", "to_arrow"]


def _library(function: str) -> Any:
    try:
        import pyarrow
    except ImportError:
        raise ImportError(f"{function} needs pyarrow: pip install pyarrow") from None
    return pyarrow


def _is_number(pa, kind):
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)


def _plain(pa, name, array):
    """Lists of one length, categories and times as numbers: the array, and how many are in each row (0 for no list)."""
    kind = array.type
    if pa.types.is_fixed_size_list(kind):
        inner, width = _plain(pa, name, array.flatten())
        if array.null_count or width:
            raise TypeError(f"from_arrow: column {name!r} has lists in lists, or rows without a list")
        return inner, kind.list_size
    if pa.types.is_dictionary(kind):
        return array.indices.cast(pa.int64()), 0
    if pa.types.is_date32(kind) or pa.types.is_time32(kind):
        return array.view(pa.int32()), 0
    if pa.types.is_temporal(kind) and kind.bit_width == 64:
        return array.view(pa.int64()), 0
    if not _is_number(pa, kind):
        raise TypeError(
            f"from_arrow: column {name!r} is of {kind}, which is no number; dictionary_encode() makes codes of texts"
        )
    return array, 0


def _column(pa, name, array, missing):
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
        array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    array, width = _plain(pa, name, array)
    lost = array.is_null().to_numpy(zero_copy_only=False)
    if array.null_count:
        array = array.fill_null(False if pa.types.is_boolean(array.type) else 0)
    values = array.to_numpy(zero_copy_only=not pa.types.is_boolean(array.type))
    values = without_missing("from_arrow", name, values, lost, missing)
    return values.reshape(-1, width) if width else values


def from_arrow(data: Any, *, missing: str | float = "error", dtype: weft.dtype | None = None) -> Any:
    """The columns of a Table or RecordBatch as a dict of tensors; an Array or ChunkedArray as a tensor.

    Numbers in one chunk without nulls keep their memory, and such a tensor is read-only; truth values, which Arrow
    packs, are copied. Lists of one fixed length become (N, D), dictionaries their indices and times integers.

    Args:
        data: what to convert.
        missing: what becomes of nulls: "error"; "nan", which makes floats of integers; "drop" for rows without such
            alone; or a number to stand there. A NaN is a number of Arrow's, no null.
        dtype: of the tensors; None for that of each column.

    Raises:
        ValueError: a value is missing, or the number does not fit a column.
        TypeError: a column is of texts or other things that are no numbers.
        ImportError: pyarrow is missing.

    >>> import pyarrow, weft  # doctest: +SKIP
    >>> from weft.integrations.arrow import from_arrow
    >>> from_arrow(pyarrow.table({"a": [1, 2]}))  # doctest: +SKIP
    {'a': tensor([1, 2])}
    """
    pa = _library("from_arrow")
    check_missing("from_arrow", missing)
    if isinstance(data, (pa.Array, pa.ChunkedArray)):
        data = data.drop_null() if missing == "drop" else data
        return tensor_of(_column(pa, "array", data, missing), dtype)
    if not isinstance(data, (pa.Table, pa.RecordBatch)):
        kinds = "a Table, RecordBatch, Array or ChunkedArray"
        raise TypeError(f"from_arrow: expected {kinds}, got {type(data).__name__}")
    if missing == "drop":
        data = data.drop_null()
    names = data.schema.names
    if len(set(names)) < len(names):
        raise ValueError(f"from_arrow: columns have one name twice: {names}")
    columns = {name: _column(pa, name, data.column(i), missing) for i, name in enumerate(names)}
    return {name: tensor_of(values, dtype) for name, values in columns.items()}


def to_arrow(tensors: Mapping[str, Tensor]) -> pyarrow.Table:
    """A Table of tensors: (N,) is a column of numbers, (N, D) one of lists of D.

    Args:
        tensors: columns by name, of one length.

    Raises:
        ValueError: a shape does not fit.
        TypeError: there is something else than tensors.
        ImportError: pyarrow is missing.

    >>> import weft
    >>> from weft.integrations.arrow import to_arrow
    >>> to_arrow({"x": weft.zeros(3), "y": weft.ones(3, 2)}).num_rows  # doctest: +SKIP
    3
    """
    pa = _library("to_arrow")
    columns = {}
    for name, array in arrays_of("to_arrow", tensors).items():
        if array.ndim == 2:
            flat = pa.array(np.ascontiguousarray(array).reshape(-1))
            if not array.shape[1]:
                raise ValueError(f"to_arrow: {name!r} of shape {array.shape} has no columns")
            columns[name] = pa.FixedSizeListArray.from_arrays(flat, array.shape[1])
        else:
            columns[name] = pa.array(array)
    return pa.table(columns)
