"""Bad arguments of every family: the right exception, a message that says what is wrong, and nothing changed."""

import pytest
from cases import ERRORS
from support import IS_WEFT, assert_same, check_message


@pytest.mark.parametrize("bad", ERRORS, ids=str)
def test_refused(w, bad):
    if bad.weft_only and not IS_WEFT:
        pytest.skip("the reference implementation does not refuse it")
    tensors = bad.inputs(w) if bad.inputs else []
    before = [tensor.detach().clone() for tensor in tensors]
    with pytest.raises(bad.error) as error:
        bad.call(w, *tensors)
    check_message(error, bad.says)
    if not IS_WEFT:
        return
    for tensor, copy in zip(tensors, before, strict=True):
        assert_same(tensor.detach(), copy, "changed by a call that failed")
