"""How tensors print: fixed texts, and side by side with PyTorch on many random tensors."""

import random
import re

import numpy as np
import pytest
import weft
from support import ALL, is_float, to_tensor
from weft._printing import tensor_repr


@pytest.fixture(autouse=True)
def usual_options():
    weft.set_printoptions(profile="default")
    yield
    weft.set_printoptions(profile="default")


@pytest.mark.parametrize(
    "values,text",
    [
        (1.0, "tensor(1.)"),
        (0.1, "tensor(0.1000)"),
        (3, "tensor(3)"),
        (True, "tensor(True)"),
        ([], "tensor([])"),
        ([1.0, 2.0], "tensor([1., 2.])"),
        ([1.5, -2.0], "tensor([ 1.5000, -2.0000])"),
        ([1, -20], "tensor([  1, -20])"),
        ([True, False], "tensor([ True, False])"),
        ([1e-8, 1.0], "tensor([1.0000e-08, 1.0000e+00])"),
        ([1e9, 1.0], "tensor([1.0000e+09, 1.0000e+00])"),
        ([float("nan"), float("inf"), 0.0], "tensor([nan, inf, 0.])"),
        ([float("nan"), 1.5, -float("inf")], "tensor([   nan, 1.5000,   -inf])"),
        ([[1.0, 2.0], [3.0, 4.0]], "tensor([[1., 2.],\n        [3., 4.]])"),
        ([[[1], [2]], [[3], [4]]], "tensor([[[1],\n         [2]],\n\n        [[3],\n         [4]]])"),
        ([[], []], "tensor([], size=(2, 0))"),
    ],
)
def test_values(values, text):
    assert repr(weft.tensor(values)) == text == str(weft.tensor(values))


def test_notes():
    assert repr(weft.tensor([1.0], dtype=weft.float64)) == "tensor([1.], dtype=weft.float64)"
    assert repr(weft.tensor([1], dtype=weft.int32)) == "tensor([1], dtype=weft.int32)"
    assert repr(weft.empty(0, dtype=weft.int64)) == "tensor([], dtype=weft.int64)"
    x = weft.tensor([1.0], requires_grad=True)
    assert repr(x) == "tensor([1.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2.], grad_fn=<MulBackward0>)"
    assert repr(weft.nn.Parameter(weft.ones(1))) == "Parameter containing:\ntensor([1.], requires_grad=True)"
    assert repr(weft.ones(2, dtype=weft.bfloat16)) == "tensor([1., 1.], dtype=weft.bfloat16)"


def test_meta_tensors():
    x = weft.empty(2, 3, device="meta")
    assert repr(x) == "tensor(..., device='meta', size=(2, 3))"


def test_large_tensors_are_shortened():
    assert repr(weft.arange(2000)) == "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"
    lines = repr(weft.zeros(100, 100)).split("\n")
    assert lines[0] == "tensor([[0., 0., 0.,  ..., 0., 0., 0.]," and lines[3] == "        ..." + "," and len(lines) == 7
    # The hidden values have no say in the width
    x = weft.zeros(2000)
    x[1000] = 12345.5
    assert repr(x) == "tensor([0., 0., 0.,  ..., 0., 0., 0.])"


def test_options():
    weft.set_printoptions(precision=2)
    assert repr(weft.tensor([1.23456])) == "tensor([1.23])"
    weft.set_printoptions(sci_mode=True)
    assert repr(weft.tensor([1.23456])) == "tensor([1.23e+00])"
    weft.set_printoptions(profile="default", threshold=3, edgeitems=1)
    assert repr(weft.arange(5)) == "tensor([0,  ..., 4])"
    weft.set_printoptions(profile="default", linewidth=20)
    assert repr(weft.arange(8)) == "tensor([0, 1, 2, 3,\n        4, 5, 6, 7])"
    with pytest.raises(ValueError, match="wide"):
        weft.set_printoptions(profile="wide")


OPTIONS = [
    {},
    {},
    {},
    dict(precision=2),
    dict(threshold=20),
    dict(edgeitems=1, threshold=5),
    dict(linewidth=40),
    dict(sci_mode=True),
    dict(sci_mode=False),
    dict(profile="full"),
    dict(profile="short"),
]


def random_array(rng, choose):
    shape = [choose.choice([0, 1, 2, 3, 5, 7, 12, 40]) for _ in range(choose.choice([0, 1, 1, 2, 2, 3, 4]))]
    array = np.asarray(rng.standard_normal(shape) * choose.choice([1, 1e-6, 1e-3, 100, 1e5, 1e9]))
    kind = choose.random()
    if kind < 0.3:
        array = np.round(array)
    elif kind > 0.8:
        special = choose.choice([np.nan, np.inf, -np.inf, 0])
        array = np.where(rng.random(shape) < 0.2, special, array)
    return array


@pytest.mark.parametrize("dtype", ALL)
def test_as_pytorch_prints(dtype):
    torch = pytest.importorskip("torch")
    rng, choose = np.random.default_rng(1), random.Random(1)
    try:
        for _ in range(150):
            array = random_array(rng, choose)
            if not is_float(dtype):
                array = np.clip(np.nan_to_num(array), 0 if dtype.startswith("uint") else -100, 100)
            with np.errstate(all="ignore"):
                array = array.astype("float32" if dtype == "bfloat16" else dtype)
            mine, theirs = to_tensor(weft, array, dtype), to_tensor(torch, array, dtype)
            if is_float(dtype) and choose.random() < 0.3:
                mine, theirs = mine.requires_grad_(), theirs.requires_grad_()
            options = choose.choice(OPTIONS)
            for module in (weft, torch):
                module.set_printoptions(profile="default")
                module.set_printoptions(**options)
            # The names differ in length, so a note may fit on the last line of one only
            mine, theirs = (
                re.sub(r",\s+(dtype|requires_grad)=", r", \1=", text) for text in (tensor_repr(mine), repr(theirs))
            )
            assert mine.replace("weft.", "torch.") == theirs, (array.shape, options)
    finally:
        torch.set_printoptions(profile="default")
