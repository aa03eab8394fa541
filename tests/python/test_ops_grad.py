"""Every differentiable row of the op table: first and second derivatives against central differences."""

import pytest
from cases.row import Make
from op_calls import rows
from support import gradcheck, gradgradcheck, is_float, is_simulated, map_arrays, tensors_in, to_tensor


def split(op, sample):
    """The sample's differentiable arrays, and a function that puts tensors in their place and gives arguments."""
    arrays = []
    constant = op.is_constant(sample)

    def collect(array):
        if not constant(array):
            arrays.append(array)
        return array

    map_arrays(collect, [list(sample.args), sample.kwargs])

    def rebuild(w, tensors, device, dtype="float64"):
        left = iter(tensors)

        def place(array):
            if not constant(array):
                return next(left)
            return to_tensor(w, array, dtype if is_float(array.dtype.name) else None, device)

        return map_arrays(place, [list(sample.args), sample.kwargs])

    return arrays, rebuild


def differentiable_calls(w, op, device):
    for sample in op.samples(Make("float64")):
        arrays, rebuild = split(op, sample)
        if not arrays or not all(array.size for array in arrays):
            continue

        def call(*tensors, rebuild=rebuild):
            args, kwargs = rebuild(w, tensors, device)
            return op.function(w)(*args, **kwargs)

        yield sample, call, arrays


def has_gradient(op):
    return op.grad and "float64" in op.dtypes


@pytest.mark.parametrize("op", rows(has_gradient))
def test_gradient(w, device, op):
    for sample, call, arrays in differentiable_calls(w, op, device):
        try:
            gradcheck(w, call, arrays, device, rtol=op.grad_rtol)
        except AssertionError as error:
            raise AssertionError(f"{op}{sample}: {error}") from None


@pytest.mark.parametrize("op", rows(lambda op: has_gradient(op) and op.gradgrad))
def test_second_gradient(w, device, op):
    if "conv2d" in str(op) and is_simulated(w, device):
        pytest.skip("takes minutes on the simulated device, whose kernels its first gradient has run already")
    for sample, call, arrays in differentiable_calls(w, op, device):
        try:
            gradgradcheck(w, call, arrays, device, rtol=10 * op.grad_rtol)
        except AssertionError as error:
            raise AssertionError(f"{op}{sample}: {error}") from None


@pytest.mark.parametrize("op", rows(lambda op: has_gradient(op) and "float32" in op.dtypes))
def test_gradient_dtype_and_shape(w, device, op):
    """The gradient has the dtype and shape of what it is the gradient of, in every float dtype."""
    for dtype in [name for name in op.dtypes if is_float(name)]:
        sample = op.samples(Make(dtype))[0]
        arrays, rebuild = split(op, sample)
        leaves = [to_tensor(w, array, dtype, device, requires_grad=True) for array in arrays]
        args, kwargs = rebuild(w, leaves, device, dtype)
        outputs = [tensor for tensor in tensors_in(op.function(w)(*args, **kwargs)) if tensor.requires_grad]
        sum(output.float().sum() for output in outputs).backward()
        for leaf in leaves:
            assert leaf.grad is None or (leaf.grad.dtype, leaf.grad.shape) == (leaf.dtype, leaf.shape), f"{op}{sample}"


@pytest.mark.parametrize(
    "op", rows(lambda op: any(map(is_float, op.dtypes)) and set(op.results("float32", 1)) <= {"bool", "int64"})
)
def test_integer_results_need_no_gradient(w, device, op):
    """Integers and booleans never claim a gradient."""
    dtype = next(name for name in op.dtypes if is_float(name))
    arrays, rebuild = split(op, op.samples(Make(dtype))[0])
    leaves = [to_tensor(w, array, dtype, device, requires_grad=True) for array in arrays]
    args, kwargs = rebuild(w, leaves, device, dtype)
    assert not any(tensor.requires_grad for tensor in tensors_in(op.function(w)(*args, **kwargs)))
