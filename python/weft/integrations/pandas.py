"""Tables of pandas as tensors, and back."""

from __future__ import annotations

import numpy as np

import weft
from weft.integrations._tables import arrays_of, check_missing, tensor_of, without_missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import pandas

    from weft import Tensor

__all__ = ["from_pandas", "to_pandas"]


def _library(function: str) -> Any:
    try:
        import pandas
    except ImportError:
        raise ImportError(f"{function} needs pandas: pip install pandas") from None
    return pandas


def _column(pd, name, series, missing):
    """The values as an array of NumPy: categories as their codes, times as integers of their unit."""
    lost = series.isna().to_numpy()
    if isinstance(series.dtype, pd.CategoricalDtype):
        values = series.cat.codes.to_numpy().astype(np.int64)
    elif pd.api.types.is_datetime64_any_dtype(series.dtype) or pd.api.types.is_timedelta64_dtype(series.dtype):
        if getattr(series.dtype, "tz", None) is not None:
            series = series.dt.tz_convert(None)
        values = series.to_numpy().view(np.int64)
    elif isinstance(series.dtype, np.dtype) and series.dtype.kind in "biufc":
        values = series.to_numpy()
    elif hasattr(series.dtype, "numpy_dtype") and series.dtype.numpy_dtype.kind in "biuf":
        options = {"na_value": 0} if lost.any() else {}
        values = series.to_numpy(dtype=series.dtype.numpy_dtype, **options)
    else:
        raise TypeError(
            f"from_pandas: column {name!r} is of {series.dtype}, which is no number; astype('category') makes codes of "
            "texts"
        )
    return without_missing("from_pandas", name, values, lost, missing)


def from_pandas(
    frame: pandas.DataFrame | pandas.Series, *, missing: str | float = "error", dtype: weft.dtype | None = None
) -> Any:
    """The columns of a DataFrame as a dict of tensors (N,); a Series as a tensor.

    Numbers and truth values keep their dtype and, where nothing is missing, their memory: such a tensor is read-only if
    pandas' array is. Categories become their codes and times integers in their unit (int64).

    Args:
        frame: the table.
        missing: what becomes of NaN, None, NaT and NA: "error"; "nan", which makes floats of integers; "drop" for
            rows without such alone; or a number to stand there.
        dtype: of the tensors; None for that of each column.

    Raises:
        ValueError: a value is missing, two columns have one name, or the number does not fit a column.
        TypeError: a column is of texts or objects.
        ImportError: pandas is missing.

    >>> import pandas, weft  # doctest: +SKIP
    >>> weft.from_pandas(pandas.DataFrame({"a": [1, 2], "b": [0.5, None]}), missing=0)  # doctest: +SKIP
    {'a': tensor([1, 2]), 'b': tensor([0.5000, 0.0000], dtype=weft.float64)}
    """
    pd = _library("from_pandas")
    if not isinstance(frame, (pd.DataFrame, pd.Series)):
        raise TypeError(f"from_pandas: expected a DataFrame or a Series, got {type(frame).__name__}")
    check_missing("from_pandas", missing)
    if missing == "drop":
        frame = frame.dropna()
    if isinstance(frame, pd.Series):
        return tensor_of(_column(pd, frame.name, frame, missing), dtype)
    if not frame.columns.is_unique:
        raise ValueError(f"from_pandas: columns have one name twice: {list(frame.columns)}")
    columns = {name: _column(pd, name, frame[name], missing) for name in frame.columns}
    return {name: tensor_of(values, dtype) for name, values in columns.items()}


def to_pandas(tensors: Mapping[str, Tensor], index: Any = None) -> pandas.DataFrame:
    """A DataFrame of tensors: (N,) is a column, (N, D) the columns "name_0" to "name_D-1".

    Args:
        tensors: columns by name, of one length.
        index: of the rows.

    Raises:
        ValueError: a shape does not fit.
        TypeError: there is something else than tensors.
        ImportError: pandas is missing.

    >>> import weft
    >>> from weft.integrations.pandas import to_pandas
    >>> list(to_pandas({"x": weft.zeros(3), "y": weft.ones(3, 2)}).columns)  # doctest: +SKIP
    ['x', 'y_0', 'y_1']
    """
    pd = _library("to_pandas")
    columns = {}
    for name, array in arrays_of("to_pandas", tensors).items():
        parts = {name: array} if array.ndim == 1 else {f"{name}_{i}": array[:, i] for i in range(array.shape[1])}
        twice = parts.keys() & columns.keys()
        if twice:
            raise ValueError(f"to_pandas: two columns are named {sorted(twice)[0]!r}")
        columns.update(parts)
    return pd.DataFrame(columns, index=index)
