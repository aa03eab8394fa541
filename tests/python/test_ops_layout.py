"""The layout of the inputs never changes the result: strided, transposed, offset, expanded, 0-dim and empty inputs."""

import numpy as np
import op_calls
import pytest
from cases.row import Make, Sample
from op_calls import rows
from support import is_float, map_arrays, tensors_in, to_numpy, to_tensor


def transposed(w, array, dtype, device):
    """The same values with the strides in reverse order."""
    tensor = to_tensor(w, array.T.copy(), dtype, device)
    return tensor.permute(*reversed(range(array.ndim))) if array.ndim > 1 else tensor


def every_second(w, array, dtype, device):
    """The same values as every second one of a larger tensor, along every dimension."""
    large = np.zeros([2 * size + 1 for size in array.shape], array.dtype)
    index = tuple(slice(1, None, 2) for _ in array.shape)
    large[index] = array
    return to_tensor(w, large, dtype, device)[index] if array.ndim else to_tensor(w, array, dtype, device)


def offset(w, array, dtype, device):
    """The same values inside a larger tensor, starting off any alignment."""
    flat = np.concatenate([np.zeros(3, array.dtype), array.reshape(-1)])
    return to_tensor(w, flat, dtype, device)[3:].reshape(array.shape)


LAYOUTS = {"transposed": transposed, "every_second": every_second, "offset": offset}


def laid_out(w, op, sample, dtype, device, layout, requires_grad=False):
    leaves = []
    constant = op.is_constant(sample)

    def convert(array):
        own = dtype if is_float(array.dtype.name) and is_float(dtype) else None
        tensor = layout(w, array, own, device)
        if requires_grad and not constant(array):
            tensor = tensor.detach().requires_grad_()
            leaves.append(tensor)
        return tensor

    args, kwargs = map_arrays(convert, [list(sample.args), sample.kwargs])
    return args, kwargs, leaves


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("op", rows(lambda op: op.layouts))
def test_layout(w, device, op, layout):
    dtype = "float32" if "float32" in op.dtypes else op.dtypes[0]
    for sample in op.samples(Make(dtype)):
        args, kwargs, _ = laid_out(w, op, sample, dtype, device, LAYOUTS[layout])
        op_calls.check_results(op, sample, dtype, op.function(w)(*args, **kwargs))


@pytest.mark.parametrize("op", rows(lambda op: op.layouts and op.grad and "float64" in op.dtypes))
def test_gradient_of_layouts(w, device, op):
    """Gradients by strided inputs, and from strided incoming gradients, are those of contiguous ones."""
    sample = op.samples(Make("float64"))[0]

    def gradients(layout, spread):
        args, kwargs, leaves = laid_out(w, op, sample, "float64", device, layout, requires_grad=True)
        outputs = [tensor for tensor in tensors_in(op.function(w)(*args, **kwargs)) if tensor.requires_grad]
        weights = [np.random.default_rng(3).uniform(0.5, 1.5, tuple(output.shape)) for output in outputs]
        incoming = [spread(w, weight, "float64", device) for weight in weights]
        return w.autograd.grad(outputs, leaves, incoming, allow_unused=True)

    plain = gradients(to_tensor, to_tensor)
    for layout in LAYOUTS.values():
        for usual, other in zip(plain, gradients(layout, layout), strict=True):
            assert (usual is None) == (other is None)
            if usual is not None:
                np.testing.assert_allclose(
                    to_numpy(other), to_numpy(usual), rtol=1e-10, atol=1e-12, err_msg=f"{op}{sample}"
                )


@pytest.mark.parametrize("op", rows(lambda op: op.elementwise))
def test_expanded_inputs(w, device, op):
    """Inputs of which one element stands for many (stride 0)."""
    dtype = "float32" if "float32" in op.dtypes else op.dtypes[0]
    narrow = [
        np.atleast_1d(arg.reshape(-1))[:1] if isinstance(arg, np.ndarray) else arg
        for arg in op.samples(Make(dtype))[0].args
    ]
    wide = Sample(*map_arrays(lambda array: np.broadcast_to(array[:, None], (3, 5)).copy(), narrow))
    small = op_calls.tensors_for(w, narrow, dtype, device)
    args = [tensor.reshape(1, 1).expand(3, 5) if hasattr(tensor, "dtype") else tensor for tensor in small]
    op_calls.check_results(op, wide, dtype, op.function(w)(*args))


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 2), (2, 0, 3)], ids=str)
@pytest.mark.parametrize("op", rows(lambda op: op.elementwise))
def test_empty_inputs(w, device, op, shape):
    dtype = "float32" if "float32" in op.dtypes else op.dtypes[0]
    args = list(op.samples(Make(dtype))[0].args)
    sample = Sample(*map_arrays(lambda array: np.empty(shape, array.dtype), args))
    results, (given, _) = op_calls.run(w, op, sample, dtype, device, requires_grad=op.grad)
    op_calls.check_results(op, sample, dtype, results)
    if op.grad and results.requires_grad:
        results.sum().backward()
        for tensor in tensors_in(given):
            assert tensor.grad is None or tuple(tensor.grad.shape) == shape


@pytest.mark.parametrize("op", rows(lambda op: op.elementwise))
def test_same_tensor_twice(w, device, op):
    """One tensor as every argument."""
    dtype = "float32" if "float32" in op.dtypes else op.dtypes[0]
    args = list(op.samples(Make(dtype))[0].args)
    if len(args) < 2 or args[0].shape != args[1].shape:
        pytest.skip("takes one tensor")
    if args[0].dtype != args[1].dtype:
        pytest.skip("takes tensors of different dtypes")
    tensor = to_tensor(w, args[-1], dtype, device)
    op_calls.check_results(op, Sample(*[args[-1]] * len(args)), dtype, op.function(w)(*[tensor] * len(args)))
