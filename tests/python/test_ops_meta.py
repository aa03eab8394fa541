"""Every op on the meta device: the shapes and dtypes it would give, and its gradients', without any data."""

import pytest
from cases.row import Make
from op_calls import rows, tensors_for
from support import is_float, tensors_in, weft_only

pytestmark = weft_only


def run(op, w, args, kwargs):
    """The results; skips where the op says that their shapes follow from the values."""
    try:
        return tensors_in(op.function(w)(*args, **kwargs))
    except RuntimeError as error:
        if "depends on the data" not in str(error):
            raise
        pytest.skip(str(error))


def described(tensors):
    return [(tuple(tensor.shape), tensor.dtype) for tensor in tensors]


@pytest.mark.parametrize("op", rows(lambda op: op.meta))
def test_shapes_without_data(w, op):
    dtype = "float32" if "float32" in op.dtypes else op.dtypes[0]
    for sample in op.samples(Make(dtype)):
        results = []
        for device in ("cpu", "meta"):
            with w.device(device):
                args = tensors_for(w, list(sample.args), dtype, device)
                kwargs = tensors_for(w, sample.kwargs, dtype, device)
                results.append(run(op, w, args, kwargs))
        real, symbolic = results
        assert described(symbolic) == described(real), f"{op}{sample}"
        assert all(tensor.device.type == "meta" for tensor in symbolic), f"{op}{sample}"


@pytest.mark.parametrize("op", rows(lambda op: op.meta and op.grad and is_float(op.dtypes[0]) and not op.constants))
def test_gradients_without_data(w, op):
    sample = op.samples(Make(op.dtypes[0]))[0]
    args = tensors_for(w, list(sample.args), op.dtypes[0], "meta", requires_grad=True)
    kwargs = tensors_for(w, sample.kwargs, op.dtypes[0], "meta", requires_grad=True)
    outputs = [tensor for tensor in run(op, w, args, kwargs) if tensor.requires_grad]
    sum(output.sum() for output in outputs).backward()
    for tensor in tensors_in([args, list(kwargs.values())]):
        assert tensor.grad is None or described([tensor.grad]) == described([tensor])
