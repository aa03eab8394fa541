"""Tables of pandas and Arrow as tensors, and back."""

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import weft
from weft.integrations.arrow import from_arrow, to_arrow
from weft.integrations.pandas import from_pandas, to_pandas

NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "float16", "float32", "float64", "bool"]


@pytest.mark.parametrize("dtype", NUMBERS)
def test_numbers_keep_dtype_and_memory(dtype):
    values = np.array([0, 1, 1, 0, 5]).astype(dtype)
    series = pd.Series(values)
    tensor = from_pandas(series)
    assert str(tensor.dtype) == f"weft.{dtype}" and tensor.data_ptr() == series.to_numpy().ctypes.data
    array = pa.array(values)
    tensor = from_arrow(array)
    assert str(tensor.dtype) == f"weft.{dtype}" and tensor.tolist() == values.tolist()
    if dtype != "bool":
        assert tensor.data_ptr() == array.buffers()[1].address
    table = to_arrow({"x": weft.from_numpy(values)})
    assert from_arrow(table)["x"].tolist() == values.tolist() and table.schema.field("x").type == array.type
    assert to_pandas({"x": weft.from_numpy(values)})["x"].dtype == dtype


def test_memory_outlives_the_table():
    tensor = from_arrow(pa.table({"x": np.arange(1000.0)}))["x"]
    other = from_pandas(pd.DataFrame({"x": np.arange(1000.0)}))["x"]
    assert tensor.sum() == other.sum() == 499500
    sliced = from_arrow(pa.array(np.arange(10))[3:7])
    assert sliced.tolist() == [3, 4, 5, 6]


FRAME = {
    "whole": pd.array([1, None, 3], dtype="Int32"),
    "truth": pd.array([True, None, False], dtype="boolean"),
    "real": [0.5, math.nan, 2.0],
    "kind": pd.Categorical(["b", None, "a"]),
    "time": pd.to_datetime(["1970-01-01", None, "1970-01-02"]).as_unit("s"),
}


def test_what_is_missing_in_pandas():
    frame = pd.DataFrame(FRAME)
    for name in FRAME:
        with pytest.raises(ValueError, match=f"column '{name}' lacks 1 of 3 values; missing="):
            from_pandas(frame[[name]])
    filled = from_pandas(frame, missing=0)
    assert filled["whole"].tolist() == [1, 0, 3] and filled["whole"].dtype == weft.int32
    assert filled["truth"].tolist() == [True, False, False]
    assert filled["real"].tolist() == [0.5, 0, 2] and filled["kind"].tolist() == [1, 0, 0]
    assert filled["time"].tolist() == [0, 0, 86400]
    floats = from_pandas(frame, missing="nan")
    assert all(tensor.isnan().tolist() == [False, True, False] for tensor in floats.values())
    assert {str(tensor.dtype) for tensor in floats.values()} == {"weft.float64"}
    dropped = from_pandas(frame, missing="drop", dtype=weft.float32)
    assert dropped["whole"].tolist() == [1, 3] and dropped["kind"].dtype == weft.float32
    with pytest.raises(ValueError, match="cannot hold missing=0.5"):
        from_pandas(frame[["whole"]], missing=0.5)
    with pytest.raises(ValueError, match="missing must be"):
        from_pandas(frame, missing="mean")
    assert frame.equals(pd.DataFrame(FRAME))  # it is as it was


def test_what_is_missing_in_arrow():
    table = pa.table(
        {"whole": pa.array([1, None, 3], pa.int32()), "truth": [True, None, False], "real": [0.5, None, 2]}
    )
    with pytest.raises(ValueError, match="column 'whole' lacks 1 of 3"):
        from_arrow(table)
    filled = from_arrow(table, missing=0)
    assert filled["whole"].tolist() == [1, 0, 3] and filled["whole"].dtype == weft.int32
    assert filled["truth"].tolist() == [True, False, False]
    assert from_arrow(table, missing="nan")["whole"].isnan().tolist() == [False, True, False]
    assert from_arrow(table, missing="drop")["real"].tolist() == [0.5, 2]
    assert from_arrow(pa.array([1, None]), missing="drop").tolist() == [1]
    assert from_arrow(pa.array([1.0, math.nan])).isnan().tolist() == [False, True]  # no null


def test_other_kinds_of_columns():
    table = pa.table(
        {
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(np.arange(6.0)), 2),
            "kind": pa.array(["b", "a", "b"]).dictionary_encode(),
            "day": pa.array([0, 1, 2], pa.date32()),
            "time": pa.array([0, 5, 7], pa.timestamp("ms")),
        }
    )
    tensors = from_arrow(table)
    assert tensors["vector"].tolist() == [[0, 1], [2, 3], [4, 5]] and tensors["kind"].tolist() == [0, 1, 0]
    assert tensors["day"].tolist() == [0, 1, 2] and tensors["time"].tolist() == [0, 5, 7]
    chunks = pa.chunked_array([pa.array([1, 2]), pa.array([3])])
    assert from_arrow(chunks).tolist() == [1, 2, 3]
    assert from_arrow(pa.chunked_array([], pa.int64())).tolist() == []
    assert from_arrow(pa.record_batch({"x": [1]}))["x"].tolist() == [1]
    back = to_arrow({"v": weft.arange(6).reshape(3, 2), "w": weft.tensor([1.5, 2, 3]).bfloat16()})
    assert back["v"].to_pylist() == [[0, 1], [2, 3], [4, 5]] and back["w"].to_pylist() == [1.5, 2, 3]
    zoned = pd.Series(pd.to_datetime(["1970-01-01T01:00+01:00"])).dt.as_unit("s")
    assert from_pandas(zoned).tolist() == [0]
    assert from_pandas(pd.Series([1, 2], dtype="int64[pyarrow]")).tolist() == [1, 2]
    frame = to_pandas({"x": weft.zeros(2, requires_grad=True), "y": weft.ones(2, 2)}, index=["a", "b"])
    assert list(frame.columns) == ["x", "y_0", "y_1"] and list(frame.index) == ["a", "b"]
    strided = from_pandas(pd.DataFrame(np.arange(6.0).reshape(3, 2), columns=["a", "b"]))
    assert strided["b"].tolist() == [1, 3, 5]


def test_what_is_refused():
    with pytest.raises(TypeError, match="column 'name' is of .*, which is no number; astype"):
        from_pandas(pd.DataFrame({"name": ["a", "b"]}))
    with pytest.raises(TypeError, match="column 'name' is of string"):
        from_arrow(pa.table({"name": ["a"]}))
    with pytest.raises(TypeError, match="column 'x' is of list"):
        from_arrow(pa.table({"x": [[1], [2, 3]]}))
    with pytest.raises(TypeError, match="expected a DataFrame"):
        from_pandas([1])
    with pytest.raises(TypeError, match="expected a Table"):
        from_arrow([1])
    with pytest.raises(ValueError, match="one name twice"):
        from_pandas(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(ValueError, match="one name twice"):
        from_arrow(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"]))
    for to in (to_pandas, to_arrow):
        with pytest.raises(ValueError, match="differ in length"):
            to({"a": weft.zeros(2), "b": weft.zeros(3)})
        with pytest.raises(ValueError, match="of shape"):
            to({"a": weft.zeros(2, 2, 2)})
        with pytest.raises(TypeError, match="expected a Tensor as 'a'"):
            to({"a": [1]})
        with pytest.raises(TypeError, match="expected a dict"):
            to([weft.zeros(1)])
    with pytest.raises(ValueError, match="two columns are named 'a_0'"):
        to_pandas({"a": weft.zeros(1, 1), "a_0": weft.zeros(1)})
    assert weft.from_pandas is from_pandas
