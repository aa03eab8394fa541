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


def test_views_that_become_others(w):
    base = w.arange(4.0)
    view = base[:2]

    def f(x):
        return x * view

    jitted = w.jit(f)
    assert jitted(w.ones(2)).tolist() == [0, 1]
    view.data = w.full((2,), 7.0)
    assert jitted(w.ones(2)).tolist() == f(w.ones(2)).tolist() == [7, 7]
