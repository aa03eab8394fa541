"""Methods, in-place variants, out= and dtype= give what the function gives."""

import numpy as np
import op_calls
import pytest
from cases.row import Make, resolve
from op_calls import rows, rows_with_dtypes, tensors_for
from support import IS_WEFT, assert_close, assert_same, dtype_name, is_float, tensors_in, to_numpy, to_tensor


def version(tensor):
    return tensor._version


def first_is_tensor(sample):
    return bool(sample.args) and isinstance(sample.args[0], np.ndarray)


@pytest.mark.parametrize("op", rows(lambda op: op.method))
def test_method(w, device, op):
    for sample in op.samples(Make(op.dtypes[0])):
        if not first_is_tensor(sample):
            continue
        plain, (args, kwargs) = op_calls.run(w, op, sample, op.dtypes[0], device)
        again = getattr(args[0], op.method)(*args[1:], **kwargs)
        for one, two in zip(tensors_in(plain), tensors_in(again), strict=True):
            assert_same(two, one, f"{op}{sample}")


def in_place_call(w, op):
    """The in-place variant as a function of the same arguments."""
    if "." in op.inplace:
        return resolve(w, op.inplace)
    return lambda tensor, *args, **kwargs: getattr(tensor, op.inplace)(*args, **kwargs)


def fits_in_place(op, sample, result):
    """Whether the op's result has the shape and dtype of its first argument, as an in-place write needs."""
    return first_is_tensor(sample) and tuple(result.shape) == sample.args[0].shape


@pytest.mark.parametrize("op, dtype", rows_with_dtypes(lambda op: op.inplace))
def test_in_place(w, device, op, dtype):
    if op.results(dtype, 1) != [dtype] and op.result != "bool":
        pytest.skip("the result does not fit the input's dtype")
    for sample in op.samples(Make(dtype)):
        plain, (args, kwargs) = op_calls.run(w, op, sample, dtype, device)
        if not fits_in_place(op, sample, plain):
            continue
        before, address = version(args[0]), args[0].data_ptr()
        result = in_place_call(w, op)(*args, **kwargs)
        assert result is args[0], f"{op.inplace} returns another object"
        assert result.data_ptr() == address
        assert version(result) > before, f"{op.inplace} does not count as a change"
        assert_same(result, plain.to(result.dtype), f"{op.inplace}{sample}")


@pytest.mark.parametrize("op", rows(lambda op: op.inplace))
def test_in_place_on_a_view(w, device, op):
    """Changing a strided view changes just its elements of the base."""
    dtype = op.dtypes[0]
    if op.results(dtype, 1) != [dtype] and op.result != "bool":
        pytest.skip("the result does not fit the input's dtype")
    sample = op.samples(Make(dtype))[0]
    plain, (args, kwargs) = op_calls.run(w, op, sample, dtype, device)
    array = sample.args[0]
    base = to_tensor(w, np.ones((*array.shape, 2), array.dtype), dtype, device)
    view = base[..., 1]
    view.copy_(args[0])
    in_place_call(w, op)(view, *args[1:], **kwargs)
    assert_same(base[..., 1].contiguous(), plain.to(base.dtype), f"{op.inplace}{sample}")
    assert (to_numpy(base[..., 0]) == 1).all(), f"{op.inplace} wrote beside the view"


@pytest.mark.parametrize("op", rows(lambda op: op.inplace and op.grad and "float64" in op.dtypes))
def test_in_place_gradient(w, device, op):
    sample = op.samples(Make("float64"))[0]

    def gradients(call):
        args = tensors_for(w, list(sample.args), "float64", device, requires_grad=True)
        kwargs = tensors_for(w, sample.kwargs, "float64", device, requires_grad=True)
        # x * 1 is no leaf, so it may be changed
        try:
            call(args[0] * 1, *args[1:], **kwargs).sum().backward()
        except NotImplementedError:
            assert not IS_WEFT
            pytest.skip("the reference implementation lacks this derivative")
        return [tensor.grad for tensor in tensors_in(args)]

    for plain, changed in zip(gradients(op.function(w)), gradients(in_place_call(w, op)), strict=True):
        assert (plain is None) == (changed is None)
        if plain is not None:
            np.testing.assert_allclose(to_numpy(changed), to_numpy(plain), rtol=1e-13, err_msg=f"{op.inplace}{sample}")


# Functions whose gradient reads the result, so that autograd refuses to go back when a later step has changed that
KEEPS_RESULT = set(
    "exp exp2 expm1 sqrt rsqrt reciprocal tan tanh sigmoid relu softmax log_softmax hypot copysign pow cumprod".split()
)


@pytest.mark.parametrize("op", rows(lambda op: op.inplace and op.grad and "float64" in op.dtypes))
def test_in_place_twice(w, device, op):
    """A second in-place step spoils no gradient: right, or refused where the gradient needs the overwritten result."""
    for sample in op.samples(Make("float64")):
        plain, _ = op_calls.run(w, op, sample, "float64", device)
        if not fits_in_place(op, sample, plain) or not is_float(sample.args[0].dtype.name):
            continue

        def gradients(call, double, sample=sample):
            args = tensors_for(w, list(sample.args), "float64", device, requires_grad=True)
            kwargs = tensors_for(w, sample.kwargs, "float64", device, requires_grad=True)
            double(call(args[0] * 1, *args[1:], **kwargs)).sum().backward()
            return [tensor.grad for tensor in tensors_in(args)]

        try:
            changed = gradients(in_place_call(w, op), lambda y: y.mul_(2))
        except RuntimeError as error:
            assert "changed it after" in str(error) and op.name in KEEPS_RESULT, f"{op}: {error}"
            continue
        for one, two in zip(changed, gradients(op.function(w), lambda y: y * 2), strict=True):
            assert (one is None) == (two is None)
            if one is not None:
                np.testing.assert_allclose(to_numpy(one), to_numpy(two), rtol=1e-13, err_msg=f"{op.inplace}{sample}")


@pytest.mark.parametrize("op", rows(lambda op: op.out))
def test_out(w, device, op):
    for dtype in op.dtypes[:2]:
        for sample in op.samples(Make(dtype)):
            plain, (args, kwargs) = op_calls.run(w, op, sample, dtype, device)
            many = isinstance(plain, (tuple, list))
            for make_out in (plain_out, strided_out):
                outs = tuple(make_out(w, result) for result in plain) if many else make_out(w, plain)
                result = op.function(w)(*args, **kwargs, out=outs)
                pairs = zip(result, outs, plain, strict=True) if many else [(result, outs, plain)]
                for got, out, wanted in pairs:
                    assert got is out or got.data_ptr() == out.data_ptr(), f"{op} does not return its out="
                    what = f"{op}{sample} with out= of strides {out.stride()}"
                    assert_close(out, to_numpy(wanted), dtype_name(wanted.dtype), op.tolerance_of(dtype), what)


def plain_out(w, result):
    return w.empty_like(result)


def strided_out(w, result):
    return w.zeros((*result.shape, 2), dtype=result.dtype, device=result.device)[..., 1]


@pytest.mark.parametrize("op", rows(lambda op: op.out and op.elementwise))
def test_out_that_is_the_input(w, device, op):
    """out= may be one of the inputs."""
    dtype = op.dtypes[0]
    if op.results(dtype, 1) != [dtype]:
        pytest.skip("the result has another dtype")
    sample = op.samples(Make(dtype))[0]
    plain, (args, kwargs) = op_calls.run(w, op, sample, dtype, device)
    result = op.function(w)(*args, **kwargs, out=args[0])
    assert_same(result, plain)
    assert_same(args[0], plain)


@pytest.mark.parametrize("op", rows(lambda op: op.out and op.grad and any(map(is_float, op.dtypes))))
def test_out_with_requires_grad_is_refused(w, device, op):
    sample = op.samples(Make("float32"))[0]
    args = tensors_for(w, list(sample.args), "float32", device, requires_grad=True)
    plain = op.function(w)(*args, **sample.kwargs)
    if isinstance(plain, (tuple, list)):
        pytest.skip("several results")
    if not plain.requires_grad:
        pytest.skip("the result of the first sample needs no gradient")
    out = w.zeros_like(plain.detach())
    try:
        op.function(w)(*args, **sample.kwargs, out=out)
    except RuntimeError as error:
        assert "out" in str(error)
        assert (to_numpy(out) == 0).all()
    else:
        assert not IS_WEFT, f"{op} writes a result that needs a gradient to out="
