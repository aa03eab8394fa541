"""Forms of calls: what counts as an integer, where results are written, shapes that are dropped."""

import numpy as np
import pytest
from support import IS_WEFT, weft_only


class Half:
    """Converts to int by cutting, as floats do, and is no index."""

    def __int__(self):
        return 0

    __float__ = __int__


@pytest.mark.parametrize("number", [0.5, np.float32(0.5), "tensor", True, Half(), "1", None])
@pytest.mark.parametrize(
    "call",
    [
        lambda x, n: x.narrow(0, n, 1),
        lambda x, n: x.select(n, 0),
        lambda x, n: x.topk(1, n),
        lambda x, n: x.softmax(n) if n is not None else x.narrow(0, n, 1),
        lambda x, n: x.unsqueeze(n),
    ],
)
def test_integers_are_not_cut_from_other_numbers(w, call, number):
    number = w.tensor(0.5) if isinstance(number, str) and number == "tensor" else number
    with pytest.raises(TypeError if IS_WEFT else (TypeError, RuntimeError)):
        call(w.ones(2, 3), number)


@pytest.mark.parametrize("number", [1, np.int32(1), np.uint8(1), "tensor"])
def test_integers_of_other_types_are_taken(w, number):
    number = w.tensor(1) if isinstance(number, str) else number
    x = w.arange(6).reshape(2, 3)
    assert x.select(number, number).tolist() == [1, 4]
    assert x.narrow(0, number, number).tolist() == [[3, 4, 5]]
    with pytest.raises((TypeError, RuntimeError, OverflowError, ValueError)):
        x.select(0, 2**70)


def test_sizes_must_be_given(w):
    x = w.ones(2, 3)
    for name in ("view", "reshape", "permute", "flip", "tile", "broadcast_to"):
        if name == "tile" and w.__name__ == "torch":
            continue
        with pytest.raises(TypeError):
            getattr(x, name)()


OUT = {
    "nonzero": lambda w, x, **to: w.nonzero(x, **to),
    "diag": lambda w, x, **to: w.diag(x, **to),
    "msort": lambda w, x, **to: w.msort(x, **to),
    "var": lambda w, x, **to: w.var(x, 0, **to),
    "std": lambda w, x, **to: w.std(x, 0, correction=0, **to),
    "vstack": lambda w, x, **to: w.vstack((x, x), **to),
    "hstack": lambda w, x, **to: w.hstack((x, x), **to),
    "dstack": lambda w, x, **to: w.dstack((x, x), **to),
    "column_stack": lambda w, x, **to: w.column_stack((x, x), **to),
}


@pytest.mark.parametrize("name", OUT)
def test_out(w, device, name):
    x = w.tensor([[3.0, 1.0], [2.0, 5.0]]).to(device)
    want = OUT[name](w, x)
    out = w.empty(0, dtype=want.dtype, device=device)
    assert OUT[name](w, x, out=out) is out
    assert out.tolist() == want.tolist()


def test_out_of_pairs(w):
    x = w.tensor([[3.0, 1.0, 2.0], [2.0, 5.0, 4.0]])
    for call in (lambda out: w.kthvalue(x, 2, out=out), lambda out: w.median(x, 1, out=out)):
        values, indices = w.empty(0), w.empty(0, dtype=w.int64)
        call((values, indices))
        assert values.tolist() == [2.0, 4.0] and indices.tolist() == [2, 2]


def test_out_of_another_shape(w, device):
    """It is resized with a warning if nobody else sees its memory; an empty one without."""
    x = w.ones(2, device=device)
    for shape in ((3,), (1, 2), (1,), ()):
        out = w.empty(shape, device=device)
        with pytest.warns(UserWarning, match="out"):
            assert w.add(x, 1, out=out) is out
        assert out.tolist() == [2, 2] and out.is_contiguous()
    values, indices = w.empty(5, device=device), w.empty(4, dtype=w.int64, device=device)
    with pytest.warns(UserWarning):
        w.sort(x, out=(values, indices))
    assert values.shape == indices.shape == (2,)


@weft_only
def test_out_of_another_shape_whose_memory_others_see(w):
    x, out = w.ones(2), w.zeros(3)
    for other in (out[:1], out.detach(), out.numpy()):
        with pytest.raises(RuntimeError, match=r"add: out= has shape \(3,\), expected \(2,\).*shares? its memory"):
            w.add(x, 1, out=out)
        del other
    assert out.tolist() == [0, 0, 0]
    with pytest.raises(RuntimeError, match="shape"):
        w.add(x, 1, out=out[:1])


@weft_only
def test_out_of_another_shape_that_backward_needs(w):
    p, out = w.ones(3, requires_grad=True), w.ones(3)
    y = (p * out).sum()
    with pytest.warns(UserWarning):
        w.add(w.ones(2), 1, out=out)
    with pytest.raises(RuntimeError, match="changed"):
        y.backward()


@weft_only
def test_out_of_another_shape_in_a_jitted_function(w):
    add = w.jit(lambda x, out: w.add(x, 1, out=out))
    for out in (w.zeros(3), w.zeros(0)):
        with pytest.raises(RuntimeError, match="out="):
            add(w.ones(2), out)
        assert out.tolist() == [0] * len(out)
    assert w.jit(lambda x: w.add(x, 1, out=w.empty(0)))(w.ones(2)).tolist() == [2, 2]


def test_tensor_split_refuses_other_tensors(w):
    for places in (w.tensor([[1]]), w.tensor(1.5)):
        with pytest.raises(RuntimeError):
            w.tensor_split(w.arange(4), places)


LEADING_ONES = {
    "rows": ((3, 4), lambda w: (w.tensor([0, 2]),)),
    "row and column": ((3, 4), lambda w: (w.tensor([0, 2]), w.tensor([1, 1]))),
    "apart": ((3, 4, 5), lambda w: (w.tensor([0, 2]), slice(None), w.tensor([1, 4]))),
    "mask": ((3, 4), lambda w: (w.tensor([True, False, True]),)),
}


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize("name", LEADING_ONES)
def test_leading_ones_of_what_is_put_are_dropped(w, device, name, accumulate):
    shape, index = LEADING_ONES[name]
    key = tuple(part.to(device) if isinstance(part, w.Tensor) else part for part in index(w))
    part = w.zeros(shape).to(device)[key]
    source = w.arange(float(part.numel())).reshape(1, 1, *part.shape).to(device).requires_grad_()
    x = w.ones(shape).to(device)
    if IS_WEFT and all(isinstance(one, w.Tensor) for one in key):  # PyTorch drops them in x[...] = y only
        x = x.index_put(key, source, accumulate)
    elif accumulate:
        x[key] += source[0, 0]
    else:
        x[key] = source
    assert x[key].tolist() == (source[0, 0] + (1 if accumulate else 0)).tolist()
    x.sum().backward()
    assert source.grad.shape == source.shape and source.grad.sum().item() == source.numel()
