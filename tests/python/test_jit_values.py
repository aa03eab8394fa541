"""Doors by which values leave a tensor, inside a trace: errors with a remedy; texts show shape and dtype instead."""

import copy
import io
import pickle

import numpy as np
import pytest
from support import counts_runs, weft_only

pytestmark = weft_only

ERRORS = (RuntimeError, BufferError, TypeError)

READS = {
    "item": lambda w, t: t[0].item(),
    "bool": lambda w, t: bool(t[0]),
    "int": lambda w, t: int(t[0]),
    "float": lambda w, t: float(t[0]),
    "complex": lambda w, t: complex(t[0]),
    "index": lambda w, t: range(t[0].long()),
    "tolist": lambda w, t: t.tolist(),
    "numpy": lambda w, t: t.numpy(),
    "__array__": lambda w, t: t.__array__(),
    "asarray": lambda w, t: np.asarray(t),
    "array": lambda w, t: np.array(t),
    "ufunc": lambda w, t: np.sqrt(t),
    "buffer": lambda w, t: memoryview(t),
    "dlpack": lambda w, t: w.from_dlpack(t),
    "dlpack copy": lambda w, t: t.__dlpack__(copy=True),
    "numpy dlpack": lambda w, t: np.from_dlpack(t),
    "pickle": lambda w, t: pickle.dumps(t),
    "save": lambda w, t: w.save({"t": t}, io.BytesIO()),
    "contains": lambda w, t: 2 in t,
    "list contains": lambda w, t: t[0] in [t[1]],
    "equal": lambda w, t: w.equal(t, t + 1),
    "allclose": lambda w, t: w.allclose(t, t + 1),
    "nonzero": lambda w, t: t.nonzero(),
    "mask": lambda w, t: t[t > 0],
    "masked_select": lambda w, t: t.masked_select(t > 0),
    "where": lambda w, t: w.where(t > 0),
    "unique": lambda w, t: w.unique(t),
    "bincount": lambda w, t: w.bincount(t.long()),
    "one_hot": lambda w, t: w.nn.functional.one_hot(t.long()),
    "repeat_interleave": lambda w, t: t.repeat_interleave(t.long()),
    "tensor of a list": lambda w, t: w.tensor([t[0], t[1]]),
    "sorted": lambda w, t: sorted([t[0], t[1]]),
    "max": lambda w, t: max(t[0], t[1]),
    "round": lambda w, t: [0] * t[0].long(),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("which", ["argument", "captured", "computed", "captured view"])
def test_reading_values_is_an_error(w, read, which, tmp_path):
    captured = w.arange(1.0, 4.0)

    def function(x):
        t = {"argument": x, "captured": captured, "computed": x + captured, "captured view": captured[:]}[which]
        return x, read(w, t) is None

    read(w, captured)  # works outside
    with pytest.raises(ERRORS, match="not known|only once"):
        w.jit(function)(w.arange(1.0, 4.0))


def test_values_made_inside_of_constants_are_known(w):
    def function(x):
        t = w.tensor([1.0, 2.0])
        assert t.tolist() == [1, 2] and t.numpy().tolist() == [1, 2] and "2." in f"{t}"
        return x * t[0].item()

    assert w.jit(function)(w.ones(1)).item() == 1


@counts_runs
@pytest.mark.parametrize("number", [True, False])
def test_texts_show_shape_and_dtype(w, number):
    texts = []
    captured = w.tensor(7.25) if number else w.tensor([7.25, 7.25])

    def function(x):
        for t in (captured, x, x + captured):
            texts.extend([repr(t), str(t), f"{t}", f"{t:.3f}", format(t, "10"), "%s" % t, "{}".format([t])])  # noqa: UP031, UP032
        print(x, captured, file=io.StringIO())
        return x

    w.jit(function)(captured.clone())
    for text in texts:
        assert "7" not in text and "size=" in text and "float32" in text, text
    assert "7.25" in f"{captured}"


def test_copies_inside_are_traced(w):
    captured = w.ones(2)
    f = w.jit(lambda x: x + copy.deepcopy(captured))
    assert f(w.zeros(2)).tolist() == [1, 1]
    captured.fill_(3)
    assert f(w.zeros(2)).tolist() == [3, 3]
