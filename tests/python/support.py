"""What the Python tests share: the module under test, dtypes, conversions, comparison and numerical derivatives.

The module under test is Weft. With WEFT_TEST_MODULE=torch the same tests run against PyTorch as a reference
implementation: a row of the op table that fails there is a mistake in the row, not in Weft.
"""

import contextlib
import importlib
import os
import re

import numpy as np
import pytest

MODULE = os.environ.get("WEFT_TEST_MODULE", "weft")
IS_WEFT = MODULE == "weft"

weft_only = pytest.mark.skipif(not IS_WEFT, reason="a promise of Weft that the reference implementation does not make")
# For tests that no check of jitted functions can pass, which traces twice, runs eagerly too, and compares values.
CHECKED = os.environ.get("WEFT_JIT_CHECK", "") == "1"
counts_runs = pytest.mark.skipif(CHECKED, reason="counts what a call does, which the check does more than once")
never_waits = pytest.mark.skipif(CHECKED, reason="a call must not wait for the device, as the check does")

FLOATS = ("float32", "float64", "float16", "bfloat16")
FULL_FLOATS = ("float32", "float64")
WIDE_UNSIGNED = ("uint16", "uint32", "uint64")
INTS = ("int64", "int32", "int16", "int8", "uint8") + WIDE_UNSIGNED
SIGNED = FLOATS + ("int64", "int32", "int16", "int8")
NUMERIC = FLOATS + INTS
ALL = NUMERIC + ("bool",)

# rtol, atol of a single rounding plus the few of a short formula
TOLERANCE = {
    "float64": (1e-10, 1e-12),
    "float32": (1e-5, 2e-6),
    "float16": (2e-3, 2e-3),
    "bfloat16": (1.6e-2, 1.6e-2),
}


def load():
    """The module under test."""
    return importlib.import_module(MODULE)


def environment(**changes):
    """The variables of a process that imports the module under test, in whatever folder it runs."""
    folder = os.path.dirname(os.path.dirname(load().__file__))
    path = filter(None, [folder, os.environ.get("PYTHONPATH")])  # where NumPy is found may stand there too
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), **changes}


def devices():
    """The devices to test on: the CPU, and the GPU where there is one."""
    cuda = getattr(load(), "cuda", None)
    return ["cpu", "cuda"] if cuda is not None and cuda.is_available() else ["cpu"]


def is_simulated(w, device):
    """Is this the device in host memory on which the tests run CUDA kernels where there is no GPU?"""
    return device == "cuda" and IS_WEFT and w.cuda.get_device_name() == "simulated device"


def is_float(dtype):
    return dtype in FLOATS


def dtype_name(dtype):
    """ "float32" for weft.float32."""
    return str(dtype).rsplit(".", 1)[-1]


def round_to(array, dtype):
    """The values of a float array rounded to the named dtype, still held as float64."""
    with np.errstate(over="ignore", invalid="ignore"):
        if dtype != "bfloat16":
            return np.asarray(array, dtype).astype("float64") if is_float(dtype) else np.asarray(array, dtype)
        single = np.asarray(array, "float32")
        bits = np.atleast_1d(single).view("uint32")
        rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype("uint32").view("float32")
        return np.where(np.isfinite(single), rounded.reshape(single.shape), single).astype("float64")


def to_tensor(w, array, dtype=None, device="cpu", requires_grad=False):
    """A tensor with the values of the array and the named dtype (by default the array's own)."""
    array = np.asarray(array)
    dtype = dtype or array.dtype.name
    host = np.array(array, dtype="float32" if dtype == "bfloat16" else dtype, order="C")
    tensor = w.from_numpy(host).to(getattr(w, dtype)) if dtype == "bfloat16" else w.from_numpy(host)
    tensor = tensor if device == "cpu" else tensor.to(device)
    return tensor.requires_grad_() if requires_grad else tensor


def to_numpy(tensor):
    """A NumPy array with the values of a tensor; bfloat16, which NumPy lacks, becomes float32."""
    tensor = tensor.detach()
    if dtype_name(tensor.dtype) == "bfloat16":
        tensor = tensor.float()
    # PyTorch has lazy zeros that need force=True
    return tensor.cpu().numpy() if IS_WEFT else tensor.numpy(force=True)


def assert_close(actual, expected, dtype, tolerance=None, what=""):
    """Checks a tensor's dtype, shape and values against an array."""
    assert dtype_name(actual.dtype) == dtype, f"{what}: dtype {actual.dtype}, expected {dtype}"
    expected = np.asarray(expected)
    assert tuple(actual.shape) == expected.shape, f"{what}: shape {tuple(actual.shape)}, expected {expected.shape}"
    values = to_numpy(actual)
    if not is_float(dtype):
        np.testing.assert_array_equal(values, expected.astype(dtype), err_msg=what)
        return
    rtol, atol = tolerance or TOLERANCE[dtype]
    np.testing.assert_allclose(
        values.astype("float64"), round_to(expected, dtype), rtol=rtol, atol=atol, equal_nan=True, err_msg=what
    )


def assert_same(actual, expected, what=""):
    """Checks that two tensors agree in dtype, shape and every bit of their values (NaN equals NaN)."""
    assert actual.dtype == expected.dtype, f"{what}: dtype {actual.dtype}, expected {expected.dtype}"
    assert tuple(actual.shape) == tuple(expected.shape), f"{what}: shape {actual.shape}, expected {expected.shape}"
    np.testing.assert_array_equal(to_numpy(actual), to_numpy(expected), err_msg=what)


def check_message(error, says):
    """Checks that the message of an exception contains every one of the words, whatever their case."""
    if not IS_WEFT:
        return
    message = str(error.value)
    for word in says:
        assert re.search(re.escape(word), message, re.IGNORECASE), f"the message lacks {word!r}: {message}"


def tensors_in(value):
    """The tensors among nested lists and tuples, in order."""
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in tensors_in(item)]
    return [value] if hasattr(value, "requires_grad") else []


def map_arrays(function, value):
    """The value with each NumPy array in nested lists, tuples, dicts and slices replaced by function(array)."""
    if isinstance(value, np.ndarray):
        return function(value)
    if type(value) in (list, tuple):
        return type(value)(map_arrays(function, item) for item in value)
    if isinstance(value, dict):
        return {key: map_arrays(function, item) for key, item in value.items()}
    return value


# Numerical derivatives

EPS = 1e-5
MOST_ELEMENTS = 24


def _weighted(outputs, weights):
    return sum(
        float((to_numpy(output).astype("float64") * weight).sum())
        for output, weight in zip(outputs, weights, strict=True)
    )


def _differentiable(outputs):
    return [tensor for tensor in tensors_in(outputs) if tensor.requires_grad]


def _leaves(w, arrays, device):
    return [to_tensor(w, array, "float64", device, requires_grad=True) for array in arrays]


def gradcheck(w, function, arrays, device="cpu", rtol=1e-5, atol=1e-6, rng=None, constant=False):
    """Compares the gradient of <v, function(*arrays)>, v random, with central differences.

    The arrays are float64; of a large one only some elements, drawn at random, are varied. With constant=True outputs
    that require no grad are checked to be constants.
    """
    rng = rng or np.random.default_rng(7)
    leaves = _leaves(w, arrays, device)
    results = tensors_in(function(*leaves))
    # Positions rather than the tensors: the same ones are looked at again for changed inputs
    chosen = [number for number, result in enumerate(results) if result.requires_grad]
    assert chosen or constant, "no output requires grad"
    outputs = [results[number] for number in chosen or range(len(results))]
    weights = [rng.uniform(0.5, 1.5, tuple(output.shape)) for output in outputs]
    cotangents = [to_tensor(w, weight, "float64", device) for weight in weights]
    gradients = [None] * len(leaves)
    if chosen:
        gradients = w.autograd.grad(outputs, leaves, cotangents, allow_unused=True)

    def value(changed):
        again = tensors_in(function(*_leaves(w, changed, device)))
        return _weighted([again[number] for number in chosen or range(len(again))], weights)

    for position, (array, gradient) in enumerate(zip(arrays, gradients, strict=True)):
        got = np.zeros(array.shape) if gradient is None else to_numpy(gradient)
        assert got.shape == array.shape, f"gradient {position} has shape {got.shape}, its input {array.shape}"
        elements = rng.permutation(array.size)[:MOST_ELEMENTS]
        for element in elements:
            index = np.unravel_index(element, array.shape)
            ends = []
            for step in (EPS, -EPS):
                changed = [np.array(other, copy=True) for other in arrays]
                changed[position][index] += step
                ends.append(value(changed))
            wanted = (ends[0] - ends[1]) / (2 * EPS)
            assert abs(got[index] - wanted) <= atol + rtol * abs(wanted), (
                f"derivative by input {position} at {tuple(map(int, index))}: {got[index]}, numerically {wanted}"
            )


def gradgradcheck(w, function, arrays, device="cpu", rtol=1e-5, atol=1e-6):
    """Checks the gradient of function's gradient, by its inputs and by the incoming gradient."""
    rng = np.random.default_rng(11)
    outputs = _differentiable(function(*_leaves(w, arrays, device)))
    incoming = [rng.uniform(0.5, 1.5, tuple(output.shape)) for output in outputs]

    def gradient(*values):
        inputs, cotangents = values[: len(arrays)], values[len(arrays) :]
        results = _differentiable(function(*inputs))
        gradients = w.autograd.grad(results, inputs, cotangents, create_graph=True, allow_unused=True)
        return [tensor for tensor in gradients if tensor is not None]

    gradcheck(w, gradient, [*arrays, *incoming], device, rtol, atol, rng, constant=True)


def leaf(w, *values, **kwargs):
    """A leaf that requires grad, of the given numbers."""
    return w.tensor(values[0] if len(values) == 1 else list(values), requires_grad=True, **kwargs)


def equal(tensor, values):
    """Is the tensor made of these values, up to rounding?"""
    np.testing.assert_allclose(to_numpy(tensor), values, rtol=1e-6)


def make_square(w):
    """A Function written in Python: x * x."""

    class Square(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return gradient * 2 * x

    return Square


@contextlib.contextmanager
def full_disk(size):
    """Files cannot grow beyond so many bytes, as where a disk is full: OSError, "File too large"."""
    import resource
    import signal

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
