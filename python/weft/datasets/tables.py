"""Tables in CSV and Parquet files, read by pyarrow, as columns of tensors."""

from __future__ import annotations

import functools
import os

import numpy as np

import weft
from weft.datasets._files import DataFileError, open_file, read_bytes
from weft.utils.data import Dataset, TensorDataset
from weft.utils.data.collate import FetchedBatch

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Table(Dataset["dict[str, Any]"]):
    """The rows of a table as dicts: numbers are tensors, text is str. :meth:`tensors` makes inputs and targets of it.

    Integers become int64, float32 and float64 stay, bools stay; dates and times become text. A column of lists of one
    length becomes a matrix.

    Args:
        path: of a CSV or Parquet file (".parquet", ".pq"; else CSV, which may be packed with gzip); or an address with
            "://", which fsspec opens; or a pyarrow table, a pandas data frame or a dict of columns.
        columns: which ones, in this order; by default all.
        missing: what to do where a value is missing: "error"; "drop" the row; "mean" of the column, of numbers; "nan",
            which makes integers float64; or a number to put there. In text a missing value can only be dropped.
        delimiter: between fields of CSV.
        names: of the columns, for CSV without a line of them.
        null_values: texts that mean that a value is missing, beside an empty field; for CSV.

    Raises:
        DataFileError: the file is damaged or no table.
        KeyError: a column is not there.
        ValueError: values are missing, or a column is of a type that tensors do not have.
        ImportError: pyarrow is not installed.

    >>> import weft
    >>> table = weft.datasets.Table({"x": [1.0, 2.0], "name": ["a", "b"]})  # doctest: +SKIP
    >>> table[1]  # doctest: +SKIP
    {'x': tensor(2., dtype=weft.float64), 'name': 'b'}
    """

    def __init__(
        self,
        path: Any,
        columns: Sequence[str] | None = None,
        *,
        missing: str | float = "error",
        delimiter: str = ",",
        names: Sequence[str] | None = None,
        null_values: Sequence[str] = (),
    ) -> None:
        number = isinstance(missing, (int, float)) and not isinstance(missing, bool)
        if not number and missing not in ("error", "drop", "mean", "nan"):
            raise ValueError(f"Table: missing must be 'error', 'drop', 'mean', 'nan' or a number, got {missing!r}")
        if isinstance(columns, str):
            raise TypeError(f"Table: columns must be a list of names, got the string {columns!r}")
        file = isinstance(path, (str, os.PathLike))
        self._name = os.fspath(path) if file else type(path).__name__
        table = _read(path, columns, delimiter, names, null_values) if file else _arrow_table(path)
        table = _chosen(table, columns, self._name)
        table = _without_missing(table, missing, self._name)
        self.columns: dict[str, weft.Tensor | list[str]] = {
            name: _column(table.column(name), name, missing, self._name) for name in table.column_names
        }
        self._length: int = table.num_rows

    def __len__(self) -> int:
        return self._length

    def __repr__(self) -> str:
        kinds = ", ".join(
            f"{name}: {str(column.dtype)[5:] if isinstance(column, weft.Tensor) else 'text'}"
            for name, column in self.columns.items()
        )
        return f"Table({self._length} rows; {kinds})"

    def __getitem__(self, index: int) -> dict[str, Any]:
        if not -self._length <= index < self._length:
            raise IndexError(f"Table: index {index} is out of range for {self._length} rows")
        return {name: column[index] for name, column in self.columns.items()}

    def __getitems__(self, indices: Sequence[int]) -> Sequence[dict[str, Any]]:
        if type(self).__getitem__ is not Table.__getitem__ or not self.columns:
            return [self[index] for index in indices]
        rows = weft.tensor(list(indices), dtype=weft.int64)
        return FetchedBatch(
            {
                name: column[rows] if isinstance(column, weft.Tensor) else [column[index] for index in indices]
                for name, column in self.columns.items()
            }
        )

    def column(self, name: str) -> weft.Tensor | list[str]:
        """One column: a tensor, or a list of text.

        Args:
            name: of the column; KeyError where there is none.

        >>> import weft
        >>> weft.datasets.Table({"x": [1, 2]}).column("x")  # doctest: +SKIP
        tensor([1, 2])
        """
        if name not in self.columns:
            raise KeyError(f"Table: {self._name} has no column {name!r}; it has {', '.join(self.columns)}")
        return self.columns[name]

    def categories(self, name: str) -> list[Any]:
        """The different values of a column, sorted: the number of each is its place.

        Args:
            name: of the column.

        >>> import weft
        >>> weft.datasets.Table({"kind": ["b", "a", "b"]}).categories("kind")  # doctest: +SKIP
        ['a', 'b']
        """
        column = self.column(name)
        return sorted(set(column.tolist() if isinstance(column, weft.Tensor) else column))

    def codes(self, name: str, categories: Sequence[Any] | None = None) -> weft.Tensor:
        """A column as numbers of categories, int64.

        Args:
            name: of the column.
            categories: values in the order of their numbers, as those of the table that was trained with; by default
                :meth:`categories`. ValueError for a value that is not among them.

        >>> import weft
        >>> weft.datasets.Table({"kind": ["b", "a", "b"]}).codes("kind")  # doctest: +SKIP
        tensor([1, 0, 1])
        """
        column = self.column(name)
        values = column.tolist() if isinstance(column, weft.Tensor) else column
        number = {value: i for i, value in enumerate(self.categories(name) if categories is None else categories)}
        strange = next((value for value in values if value not in number), None)
        if strange is not None:
            raise ValueError(f"Table.codes: {strange!r} in column {name!r} is none of the {len(number)} categories")
        return weft.tensor([number[value] for value in values], dtype=weft.int64)

    def tensors(
        self, inputs: Sequence[str] | None = None, target: str | None = None, dtype: weft.dtype = weft.float32
    ) -> TensorDataset:
        """Inputs as a matrix (rows, columns), and the target, if one is named, as a TensorDataset.

        Args:
            inputs: names of columns of numbers, by default all but the target.
            target: name of a column: floats become a vector of dtype, other values numbers of classes, int64.
            dtype: of the inputs.

        Raises ValueError for inputs of text; take :meth:`codes` of them.

        >>> import weft
        >>> table = weft.datasets.Table({"x": [1, 2], "y": [3, 4], "kind": ["b", "a"]})  # doctest: +SKIP
        >>> table.tensors(target="kind").tensors  # doctest: +SKIP
        (tensor([[1., 3.],
                [2., 4.]]), tensor([1, 0]))
        """
        names = [name for name in self.columns if name != target] if inputs is None else list(inputs)
        if not names:
            raise ValueError("Table.tensors: there is no column for the inputs")
        parts = [self.column(name) for name in names]
        text = [name for name, part in zip(names, parts) if not isinstance(part, weft.Tensor)]
        if text:
            raise ValueError(f"Table.tensors: text in {', '.join(text)}; leave it out of inputs, or take codes()")
        matrix = weft.cat(
            [part.to(dtype).unsqueeze(-1).flatten(1) for part in parts if isinstance(part, weft.Tensor)], 1
        )
        if target is None:
            return TensorDataset(matrix)
        values = self.column(target)
        if isinstance(values, weft.Tensor) and values.is_floating_point():
            return TensorDataset(matrix, values.to(dtype))
        return TensorDataset(matrix, self.codes(target))


def _arrow():
    try:
        import pyarrow
    except ImportError as error:
        raise ImportError("Table: tables are read by pyarrow; pip install pyarrow") from error
    return pyarrow


def _read(path, columns, delimiter, names, null_values):
    arrow = _arrow()
    name = os.fspath(path)
    try:
        if name.endswith((".parquet", ".pq")):
            import pyarrow.parquet

            with open_file(path) as file:
                return pyarrow.parquet.read_table(file)
        from pyarrow import csv

        convert = csv.ConvertOptions(
            null_values=["", *null_values], strings_can_be_null=True, quoted_strings_can_be_null=False
        )
        return csv.read_csv(
            arrow.BufferReader(read_bytes(path)),
            csv.ReadOptions(column_names=list(names) if names else None),
            csv.ParseOptions(delimiter=delimiter),
            convert,
        )
    except (arrow.ArrowException, OSError) as error:
        if isinstance(error, FileNotFoundError) or isinstance(error, OSError) and error.errno is not None:
            raise  # of the system, not of the format
        raise DataFileError(f"{name}: this is no whole table: {error}") from None


def _arrow_table(data):
    arrow = _arrow()
    if isinstance(data, arrow.Table):
        return data
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        return arrow.Table.from_pandas(data, preserve_index=False)
    try:
        return arrow.table(data)
    except (arrow.ArrowException, TypeError, ValueError, AttributeError) as error:
        raise TypeError(f"Table: expected a path, a table or a dict of columns of one length: {error}") from None


def _chosen(table, columns, name):
    try:
        names = table.column_names
    except UnicodeDecodeError:
        raise DataFileError(f"{name}: the names of the columns are no text in utf-8") from None
    if len(set(names)) != table.num_columns:
        raise DataFileError(f"{name}: two columns have one name: {', '.join(table.column_names)}")
    if columns is None:
        return table
    for column in columns:
        if column not in table.column_names:
            raise KeyError(f"Table: {name} has no column {column!r}; it has {', '.join(table.column_names)}")
    return table.select(list(columns))


def _without_missing(table, missing, name):
    """The rows that are kept; raises where values may not be missing."""
    arrow = _arrow()
    import pyarrow.compute as compute

    absent = {}
    for column in table.column_names:
        values = table.column(column)
        mask = values.is_null(nan_is_null=arrow.types.is_floating(values.type))
        if count := compute.sum(mask).as_py():
            absent[column] = mask, count
    if missing == "drop":
        if absent:
            lost = functools.reduce(compute.or_, [mask for mask, _ in absent.values()])
            table = table.filter(compute.invert(lost))
        return table
    if missing != "error":
        absent = {column: found for column, found in absent.items() if not _is_numeric(table.column(column).type)}
    if absent:
        counts = ", ".join(f"{column} {count}" for column, (_, count) in absent.items())
        advice = "'drop', 'mean', 'nan' or a number" if missing == "error" else "'drop'; text cannot be filled in"
        raise ValueError(f"Table: {name} lacks values of its {table.num_rows} rows: {counts}; give missing={advice}")
    return table


def _is_numeric(kind):
    types = _arrow().types
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_null(kind)


def _column(values, name, missing, path):
    """A column of arrow as a tensor or a list of text."""
    arrow = _arrow()
    types = arrow.types
    if types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    kind = values.type
    if types.is_date(kind) or types.is_timestamp(kind) or types.is_time(kind):
        return values.cast(arrow.string()).to_pylist()
    if types.is_string(kind) or types.is_large_string(kind):
        return values.to_pylist()
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        rows = values.to_pylist()
        try:
            return weft.from_numpy(np.array(rows, dtype=kind.value_type.to_pandas_dtype()))
        except (ValueError, TypeError, NotImplementedError):
            raise ValueError(
                f"Table: {path}: the lists in column {name!r} are no numbers or differ in length"
            ) from None
    if types.is_binary(kind):
        raise DataFileError(f"{path}: column {name!r} holds bytes that are no text in utf-8")
    if types.is_boolean(kind) and not values.null_count:
        return weft.from_numpy(values.to_numpy().astype(bool))
    if not _is_numeric(kind):
        raise ValueError(f"Table: {path}: column {name!r} has the type {kind}, which tensors lack; leave it out")
    if types.is_decimal(kind) or types.is_null(kind):
        values = values.cast(arrow.float64())
    array = values.to_numpy()  # integers with missing values are float64 in it
    if array.dtype.kind in "iu":
        if array.dtype == np.uint64 and len(array) and array.max() > np.iinfo(np.int64).max:
            raise ValueError(f"Table: {path}: a number in column {name!r} does not fit int64")
        return weft.from_numpy(array.astype(np.int64))
    array = array.copy()
    absent = np.isnan(array)
    if missing == "mean" and absent.any():
        if absent.all():
            raise ValueError(f"Table: {path}: column {name!r} has no value to take the mean of")
        array[absent] = array[~absent].mean()
    elif not isinstance(missing, str):
        array[absent] = missing
        whole = types.is_integer(kind) and float(missing).is_integer()
        return weft.from_numpy(array.astype(np.int64) if whole else array)
    return weft.from_numpy(array)
