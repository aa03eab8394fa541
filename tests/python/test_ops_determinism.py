"""The same bits from one thread and from several, forward and backward."""

import pytest
from cases.row import Make
from op_calls import rows, run
from support import assert_same, is_float, tensors_in, weft_only

pytestmark = weft_only


@pytest.fixture
def threads(w):
    before = w.get_num_threads()
    yield w.set_num_threads
    w.set_num_threads(before)


@pytest.mark.parametrize("op", rows(lambda op: op.large))
def test_threads_do_not_change_a_bit(w, op, threads):
    dtype = "float32" if "float32" in op.dtypes else op.dtypes[0]
    sample, results = op.large(Make(dtype)), []
    with_grad = op.grad and is_float(dtype)
    for count in (1, 2, 3):
        threads(count)
        outputs, given = run(w, op, sample, dtype, requires_grad=with_grad and not op.constants)
        tensors = tensors_in(outputs)
        if with_grad and any(tensor.requires_grad for tensor in tensors):
            sum(tensor.sum() for tensor in tensors if tensor.requires_grad).backward()
            tensors += [
                tensor.grad for tensor in tensors_in([given[0], list(given[1].values())]) if tensor.grad is not None
            ]
        results.append(tensors)
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            assert_same(two, one, f"{op}")
