"""weft.jit: what a traced function sees of a tensor from outside beside its values is guarded."""

import pytest
from support import weft_only

pytestmark = weft_only

READS = {
    "is_contiguous": lambda w, t: t.is_contiguous(),
    "stride": lambda w, t: t.stride() == (4, 1),
    "stride of one": lambda w, t: t.stride(0) == 4,
    "shape": lambda w, t: t.shape == (3, 4),
    "size": lambda w, t: t.size(1) == 4,
    "len": lambda w, t: len(t) == 3,
    "dim": lambda w, t: t.dim() == 2,
    "numel": lambda w, t: t.numel() == 12,
    "dtype": lambda w, t: t.dtype is w.float32,
    "itemsize": lambda w, t: t.itemsize == 4,
    "is_floating_point": lambda w, t: t.is_floating_point(),
    "type": lambda w, t: t.type() == "weft.FloatTensor",
    "storage_offset": lambda w, t: t.storage_offset() == 0,
    "device": lambda w, t: t.device.type == "cpu",
    "is_same_size": lambda w, t: w.ones(3, 4).is_same_size(t),
    "base": lambda w, t: t._base is None,
}
CHANGES = {
    "strides": lambda w: w.ones(4, 3).t(),
    "shape": lambda w: w.ones(5),
    "dtype": lambda w: w.ones(3, 4, dtype=w.float64).long(),
    "offset": lambda w: w.ones(20)[8:].view(3, 4),
    "device": lambda w: w.ones(3, 4, device="meta"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("read", READS)
def test_layout(w, read, change):
    held = [w.ones(3, 4)]

    def f(x):
        try:
            seen = READS[read](w, held[0])
        except IndexError:
            seen = None
        return x * {True: 2, False: 3, None: 5}[seen]

    jitted = w.jit(f)
    assert jitted(w.ones(1)).item() == f(w.ones(1)).item() == 2
    assert jitted(w.ones(1)).item() == 2 and jitted.traces == 1
    held[0].data = CHANGES[change](w)
    assert jitted(w.ones(1)).item() == f(w.ones(1)).item()


USES = {
    "zeros_like": lambda w, x, t: w.zeros_like(t) + x,
    "full_like": lambda w, x, t: w.full_like(t, 2) + x,
    "randn_like": lambda w, x, t: w.randn_like(t) * 0 + x,
    "randint_like": lambda w, x, t: w.randint_like(t, 1, 2) + x,
    "new_zeros": lambda w, x, t: t.new_zeros(2) + x,
    "new_full": lambda w, x, t: t.new_full((2,), 3) + x,
    "new_tensor": lambda w, x, t: t.new_tensor([1]) + x,
    "expand_as": lambda w, x, t: x.expand_as(t),
    "view_as": lambda w, x, t: w.ones(6).view_as(t) + x,
    "reshape_as": lambda w, x, t: w.ones(6).reshape_as(t) + x,
    "type_as": lambda w, x, t: x.type_as(t),
    "to": lambda w, x, t: x.to(t),
}


@pytest.mark.parametrize("use", USES)
def test_shapes_and_dtypes_that_are_taken_over(w, use):
    held = [w.ones(2, 3)]
    jitted = w.jit(lambda x: USES[use](w, x, held[0]))
    jitted(w.ones(1))
    held[0].data = w.ones(3, 2, dtype=w.float64)
    found, expected = jitted(w.ones(1)), USES[use](w, w.ones(1), held[0])
    assert found.dtype is expected.dtype and found.tolist() == expected.tolist()


def test_views_that_become_others(w):
    base = w.arange(4.0)
    view = base[:2]

    def f(x):
        return x * view

    jitted = w.jit(f)
    assert jitted(w.ones(2)).tolist() == [0, 1]
    view.data = w.full((2,), 7.0)
    assert jitted(w.ones(2)).tolist() == f(w.ones(2)).tolist() == [7, 7]
