"""Gives every row of the op table inputs without elements, in every dimension in turn; prints a line before each row.

    python empty_inputs.py FAMILY [DEVICE]

Run by test_ops_empty.py as a process of its own, because a division by a size of zero ends the process.
"""

import sys
import warnings

import numpy as np
from cases import OPS
from cases.row import Make, Sample
from op_calls import check_results, tensors_for
from support import is_float, load, map_arrays, tensors_in

# Rows whose reference is no formula of the sizes, or is without what keeps 0 / 0 away.
OTHER_REFERENCES = {
    "NaN sorts first when descending",
    "batch_norm running statistics",
    "binary_cross_entropy of certain answers",
    "chunk",
    "cosine_similarity",
    "copy_ converts",
    "max_pool2d passes NaN on",
    "mean of nothing",
    "pad constant",
    "softmax of nothing",
}
ERRORS = (RuntimeError, ValueError, IndexError, TypeError)


def arrays_in(sample):
    found = []
    map_arrays(lambda a: found.append(a), [list(sample.args), sample.kwargs])
    return found


def emptied(sample):
    """The sample with one dimension of one array empty, and with all dimensions of one size empty."""
    arrays = arrays_in(sample)
    for size in sorted({n for a in arrays for n in a.shape}):
        yield f"size {size}", rebuilt(sample, lambda a, at, size=size: tuple(0 if n == size else n for n in a.shape))
    for position, array in enumerate(arrays):
        for dim in range(array.ndim):

            def shape(a, at, position=position, dim=dim):
                return tuple(0 if at == position and d == dim else n for d, n in enumerate(a.shape))

            yield f"dim {dim} of tensor {position}", rebuilt(sample, shape)


def rebuilt(sample, shape_of):
    count = iter(range(1000))

    def cut(array):
        return array[tuple(slice(0, n) for n in shape_of(array, next(count)))].copy()

    args, kwargs = map_arrays(cut, [list(sample.args), sample.kwargs])
    return Sample(*args, **kwargs)


def outcome(function):
    try:
        return function(), None
    except ERRORS as error:
        return None, error


def try_row(w, op, device):
    dtype = "float32" if "float32" in op.dtypes else op.dtypes[0]
    for sample in op.samples(Make(dtype)):
        for what, empty in emptied(sample):
            try_sample(w, op, empty, dtype, device, f"{op}{sample} with {what} empty")


def try_sample(w, op, sample, dtype, device, what):
    def call(*, grad, compiled=False):
        args = tensors_for(w, list(sample.args), dtype, device, grad)
        kwargs = tensors_for(w, sample.kwargs, dtype, device, grad)
        function = op.function(w)
        w.manual_seed(0)
        outputs = (w.jit(function) if compiled else function)(*args, **kwargs)
        if device == "cuda":
            w.cuda.synchronize()  # raises what kernels have reported
        return outputs, tensors_in(args + list(kwargs.values()))

    result, error = outcome(lambda: call(grad=False))
    compiled, compile_error = outcome(lambda: call(grad=False, compiled=True))
    if error is not None:
        assert str(error), f"{what}: an error without words"
        assert compile_error is not None, f"{what}: jit computes what eager refuses: {error}"
        return
    if compile_error is None:
        for one, two in zip(tensors_in(result[0]), tensors_in(compiled[0]), strict=True):
            assert tuple(one.shape) == tuple(two.shape) and one.dtype == two.dtype, f"{what}: jit differs"
    else:
        assert "not known" in str(compile_error) or "trac" in str(compile_error), (
            f"{what}: jit refuses: {compile_error}"
        )
    if op.name not in OTHER_REFERENCES:
        check_against_reference(op, sample, dtype, result[0], what)
    if op.grad and is_float(dtype):
        outputs, leaves = call(grad=True)
        total = [t.sum() for t in tensors_in(outputs) if t.requires_grad]
        if total:
            _, backward_error = outcome(sum(total).backward)
            assert backward_error is None, f"{what}: backward: {backward_error}"
        for leaf in leaves:
            assert leaf.grad is None or leaf.grad.shape == leaf.shape, f"{what}: a gradient of another shape"


def check_against_reference(op, sample, dtype, result, what):
    """Where NumPy's formula is defined for the empty input it says what the result is."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            op.reference(*map_arrays(np.copy, list(sample.args)), **map_arrays(np.copy, sample.kwargs))
        except Exception:
            return
    try:
        check_results(op, sample, dtype, result)
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from None


def main(family, device="cpu"):
    w = load()
    failures = []
    for op in OPS:
        if op.family != family:
            continue
        print(f"row {op}", flush=True)
        try:
            try_row(w, op, device)
        except AssertionError as error:
            failures.append(f"{op}: {error}")
    print("\n".join(failures))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main(*sys.argv[1:])
