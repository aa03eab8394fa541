"""How the generic tests run a row of the op table: arguments to tensors, call, compare."""

import warnings

import numpy as np
import pytest
from cases import OPS
from cases.row import Make, Sample
from support import assert_close, is_float, map_arrays, to_tensor


def rows(condition=lambda op: True):
    """pytest parameters: the rows that meet a condition."""
    return [pytest.param(op, id=str(op)) for op in OPS if condition(op)]


def rows_with_dtypes(condition=lambda op: True):
    """pytest parameters: the rows that meet a condition with each of their dtypes."""
    return [pytest.param(op, dtype, id=f"{op}-{dtype}") for op in OPS if condition(op) for dtype in op.dtypes]


def tensors_for(w, value, dtype, device="cpu", requires_grad=False):
    """The value with its arrays as tensors: float arrays in the given float dtype, others in their own."""

    def convert(array):
        if is_float(array.dtype.name):
            return to_tensor(w, array, dtype if is_float(dtype) else None, device, requires_grad)
        return to_tensor(w, array, None, device)

    return map_arrays(convert, value)


def expected(op, sample, dtype):
    """The reference's results as a list, and whether the op returns a sequence."""

    def prepare(array):
        # Copied, so that the reference cannot spoil the sample; widened where NumPy would compute in few bits
        wide = "complex128" if array.dtype.kind == "c" else "float64"
        return array.astype(wide) if op.result == "float" else array.copy()

    args, kwargs = map_arrays(prepare, list(sample.args)), map_arrays(prepare, sample.kwargs)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        result = op.reference(*args, **kwargs)
    many = isinstance(result, (tuple, list))
    return (list(result) if many else [result]), many


def check_results(op, sample, dtype, results, tolerance=None):
    """Compares what an op returned with what its reference returns."""
    wanted, many = expected(op, sample, dtype)
    got = list(results) if many else [results]
    assert len(got) == len(wanted), f"{op}{sample}: {len(got)} results, expected {len(wanted)}"
    for number, (tensor, array, result) in enumerate(zip(got, wanted, op.results(dtype, len(wanted)), strict=True)):
        what = f"{op}{sample}, result {number}" if many else f"{op}{sample}"
        assert_close(tensor, array, result, tolerance or op.tolerance_of(result), what)


def run(w, op, sample, dtype, device="cpu", requires_grad=False):
    """Calls the op on the sample; returns its results and the tensors it was given."""
    args = tensors_for(w, list(sample.args), dtype, device, requires_grad)
    kwargs = tensors_for(w, sample.kwargs, dtype, device, requires_grad)
    return op.function(w)(*args, **kwargs), (args, kwargs)


def samples_of(op, dtype):
    """The row's samples for one dtype."""
    return op.samples(Make(dtype))


__all__ = [
    "Sample",
    "check_results",
    "expected",
    "rows",
    "rows_with_dtypes",
    "run",
    "samples_of",
    "tensors_for",
    "to_tensor",
]
