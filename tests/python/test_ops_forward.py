"""Every row of the op table: values, shapes and dtypes against NumPy, for every dtype the op takes."""

import numpy as np
import op_calls
import pytest
from cases.row import Make
from op_calls import check_results, rows, rows_with_dtypes, run, samples_of
from support import ALL, assert_same, devices, map_arrays, to_numpy


@pytest.mark.parametrize("op, dtype", rows_with_dtypes())
def test_values(w, device, op, dtype):
    for sample in samples_of(op, dtype):
        results, given = run(w, op, sample, dtype, device)
        check_results(op, sample, dtype, results)
        untouched, _ = op_calls.tensors_for(w, [list(sample.args), sample.kwargs], dtype, device), None
        for after, before in zip(_flat(list(given)), _flat(untouched), strict=True):
            assert_same(after, before, f"{op}{sample} changed its argument")


@pytest.mark.parametrize("op", rows(lambda op: op.large))
def test_large_inputs(w, device, op):
    """Sizes that cross the boundaries of vectors, blocks and threads."""
    dtype = "float32" if "float32" in op.dtypes else op.dtypes[0]
    sample = op.large(Make(dtype))
    results, _ = run(w, op, sample, dtype, device)
    check_results(op, sample, dtype, results)


@pytest.mark.parametrize("op", rows(lambda op: op.elementwise))
def test_every_length(w, device, op):
    """Lengths around the widths of vector registers, each from an unaligned start."""
    dtype = "float32" if "float32" in op.dtypes else op.dtypes[0]
    whole = map_arrays(lambda array: np.resize(array, 40), list(op.samples(Make(dtype))[0].args))
    for length in [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33]:
        sample = op_calls.Sample(*map_arrays(lambda array, n=length: array[3 : 3 + n], whole))
        longer = op_calls.tensors_for(w, whole, dtype, device)
        args = [tensor[3 : 3 + length] if hasattr(tensor, "dtype") else tensor for tensor in longer]
        check_results(op, sample, dtype, op.function(w)(*args))


SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -3.5, np.inf, -np.inf, np.nan, 1e-40, 1e-30, 88.5, -104.0, 1e6, -1e6, 3e38]
)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op", rows(lambda op: op.elementwise and op.special))
def test_special_values(w, device, op, dtype):
    """Infinities, NaN, signed zeros, subnormals and arguments far out of the usual range."""
    if dtype not in op.dtypes:
        pytest.skip(f"does not take {dtype}")
    values = SPECIAL.astype(dtype).astype("float64")
    count = sum(isinstance(arg, np.ndarray) for arg in op.samples(Make(dtype))[0].args)
    sample = op_calls.Sample(*np.meshgrid(*[values] * count, indexing="ij"))
    results, _ = run(w, op, sample, dtype, device)
    check_results(op, sample, dtype, results, tolerance={"float32": (1e-4, 1e-6), "float64": (1e-9, 1e-12)}[dtype])


@pytest.mark.parametrize("op", rows())
def test_same_twice(w, device, op):
    """The same call gives the same bits."""
    dtype = op.dtypes[0]
    sample = op.large(Make(dtype)) if op.large else samples_of(op, dtype)[0]
    first, _ = run(w, op, sample, dtype, device)
    second, _ = run(w, op, sample, dtype, device)
    for one, two in zip(_flat(first), _flat(second), strict=True):
        assert_same(one, two)
    assert len(_flat(first)) == len(_flat(second))


def _flat(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in _flat(part)]
    return [value] if hasattr(value, "dtype") and not isinstance(value, np.ndarray) else []


def test_there_is_a_gpu(device):
    """One line in the report for all the cases that a machine without a GPU does not run."""
    if device == "cpu" and "cuda" not in devices():
        pytest.skip("no GPU: every case ran on the CPU only")


def test_reading_back(w, device):
    """The helpers of these tests themselves: every dtype goes to a tensor and back unchanged."""
    for dtype in ALL:
        array = Make(dtype)(3, 4)
        tensor = op_calls.to_tensor(w, array, dtype, device)
        assert str(tensor.dtype).endswith(dtype)
        np.testing.assert_array_equal(to_numpy(tensor).astype(array.dtype), array)
