"""A cross-check with PyTorch where it is installed: the same rows, values and gradients side by side."""

import numpy as np
import pytest
from cases.row import Make
from op_calls import rows, tensors_for
from support import IS_WEFT, is_float, tensors_in, to_numpy

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(not IS_WEFT, reason="PyTorch is the module under test")


def both(w, op, sample, dtype, requires_grad=False):
    """Weft's and PyTorch's results and the tensors they were given."""
    for module in (w, torch):
        args = tensors_for(module, list(sample.args), dtype, requires_grad=requires_grad)
        kwargs = tensors_for(module, sample.kwargs, dtype, requires_grad=requires_grad)
        yield tensors_in(op.function(module)(*args, **kwargs)), tensors_in([args, list(kwargs.values())])


def compare(ours, theirs, tolerance, what):
    assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1], what
    assert tuple(ours.shape) == tuple(theirs.shape), what
    theirs = theirs.detach()
    theirs = theirs.float() if theirs.dtype == torch.bfloat16 else theirs
    rtol, atol = tolerance or (0, 0)
    np.testing.assert_allclose(
        to_numpy(ours).astype("float64"), theirs.numpy(force=True).astype("float64"), rtol=rtol, atol=atol, err_msg=what
    )


@pytest.mark.parametrize("op", rows(lambda op: op.torch))
def test_values(w, op):
    first, last = "float32" if "float32" in op.dtypes else op.dtypes[0], op.dtypes[-1]
    for dtype in dict.fromkeys([first, last]):
        for sample in op.samples(Make(dtype, seed=5)):
            try:
                (ours, _), (theirs, _) = both(w, op, sample, dtype)
            except NotImplementedError as lacking:  # PyTorch has some kernels for fewer dtypes
                if dtype == first or "not implemented for" not in str(lacking):
                    raise
                continue
            assert len(ours) == len(theirs)
            for one, two in zip(ours, theirs, strict=True):
                name = str(one.dtype).split(".")[1]
                compare(one, two, op.tolerance_of(name) if is_float(name) else None, f"{op}{sample}")


@pytest.mark.parametrize("op", rows(lambda op: op.torch and op.grad and "float64" in op.dtypes and not op.constants))
def test_gradients(w, op):
    for sample in op.samples(Make("float64", seed=5)):
        gradients = []
        for outputs, inputs in both(w, op, sample, "float64", requires_grad=True):
            outputs = [output for output in outputs if output.requires_grad]
            leaves = [tensor for tensor in inputs if tensor.requires_grad]
            if not outputs or not leaves:
                break
            module = torch if isinstance(outputs[0], torch.Tensor) else w
            gradients.append(module.autograd.grad([output.sum() for output in outputs], leaves, allow_unused=True))
        for one, two in zip(*gradients, strict=True):
            if one is not None and two is not None:
                compare(one, two, (1e-7, 1e-9), f"{op}{sample}")
            elif one is not None or two is not None:  # no gradient means a gradient of zeros
                assert not (two if one is None else one).any(), f"{op}{sample}"


def test_functions_of_pytorch_given_tensors_of_weft(w):
    """They run Weft's functions, so modules may be given them; beside PyTorch's own tensors they raise."""
    x = w.randn(3, 4)
    functional = torch.nn.functional
    for one, two in (
        (functional.gelu(x), w.nn.functional.gelu(x)),
        (functional.softmax(x, dim=1), w.softmax(x, 1)),
        (torch.add(x, x, alpha=2), x * 3),
        (torch.stack([x, x]), w.stack([x, x])),
    ):
        assert type(one) is w.Tensor and w.equal(one, two)
    layer = w.nn.TransformerEncoderLayer(4, 2, 8, 0.0, functional.gelu)
    assert layer(x).shape == (3, 4)
    for wrong in (lambda: torch.add(x, torch.ones(3, 4)), lambda: torch.linalg.ldl_factor(x)):
        with pytest.raises(TypeError):
            wrong()
