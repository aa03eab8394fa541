"""Which dtype comes out of mixed dtypes: tensors, 0-dim tensors and Python numbers.

The rules: dtypes fall into the kinds bool < integer < float. Dimensioned tensors decide among themselves by the
table below. A 0-dim tensor counts only if it is of a higher kind than they, a Python number only if it is of a higher
kind than every tensor; it then comes in as the default dtype of its kind.
"""

import itertools
import math

import numpy as np
import pytest
from support import ALL, INTS, WIDE_UNSIGNED, check_message, dtype_name, to_tensor

KINDS = {"bool": 0, **dict.fromkeys(INTS, 1)}
# The join of two dtypes of one kind is the narrowest dtype that holds both
WIDER = {
    ("uint8", "int8"): "int16",
    ("float16", "bfloat16"): "float32",
}
ORDER = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"]


def kind(dtype):
    return KINDS.get(dtype, 2)


def joined(a, b):
    """The dtype of a result of two dimensioned tensors."""
    if a == b:
        return a
    if kind(a) != kind(b):
        return max(a, b, key=kind)
    low, high = sorted((a, b), key=ORDER.index)
    return WIDER.get((low, high), high)


def of_numbers(dtype, number):
    """The dtype of a result of a tensor and a Python number."""
    own = {bool: "bool", int: "int64", float: "float32"}[type(number)]
    return own if kind(own) > kind(dtype) else dtype


def have_a_join(a, b):
    """uint16, uint32 and uint64 have none with other integers and bool."""
    apart = a != b and (a in WIDE_UNSIGNED or b in WIDE_UNSIGNED)
    return not apart or 2 in (kind(a), kind(b))


EVERY_PAIR = list(itertools.product(ALL, ALL))
PAIRS = [pair for pair in EVERY_PAIR if have_a_join(*pair)]
APART = [pair for pair in EVERY_PAIR if not have_a_join(*pair)]


@pytest.mark.parametrize("a, b", APART)
def test_dtypes_that_are_not_promoted(w, a, b):
    x, y = to_tensor(w, np.ones(2), a), to_tensor(w, np.ones(2), b)
    for call in (
        lambda: x + y,
        lambda: x == y,
        lambda: w.cat([x, y]),
        lambda: w.where(w.tensor([True, False]), x, y),
        lambda: w.promote_types(x.dtype, y.dtype),
    ):
        with pytest.raises(RuntimeError) as error:
            call()
        check_message(error, (a, b))


@pytest.mark.parametrize("a, b", PAIRS)
def test_two_tensors(w, a, b):
    x, y = to_tensor(w, np.ones(2), a), to_tensor(w, np.ones(2), b)
    wanted = joined(a, b)
    assert dtype_name((x + y).dtype) == dtype_name((x * y).dtype) == wanted
    assert dtype_name((x / y).dtype) == (wanted if kind(wanted) == 2 else "float32")
    assert dtype_name((x < y).dtype) == "bool"
    assert dtype_name(w.maximum(x, y).dtype) == wanted
    assert dtype_name(w.result_type(x, y)) == dtype_name(w.promote_types(getattr(w, a), getattr(w, b))) == wanted
    assert (x + y).tolist() == ([True, True] if wanted == "bool" else [2, 2])


@pytest.mark.parametrize("a, b", PAIRS)
def test_a_zero_dim_tensor_counts_only_by_its_kind(w, a, b):
    x, y = to_tensor(w, np.ones(2), a), to_tensor(w, np.ones(()), b)
    wanted = b if kind(b) > kind(a) else a
    assert dtype_name((x + y).dtype) == dtype_name((y + x).dtype) == dtype_name(w.result_type(x, y)) == wanted


@pytest.mark.parametrize("a, b", PAIRS)
def test_two_zero_dim_tensors(w, a, b):
    assert dtype_name((to_tensor(w, np.ones(()), a) + to_tensor(w, np.ones(()), b)).dtype) == joined(a, b)


@pytest.mark.parametrize("number", [True, 2, 1.5])
@pytest.mark.parametrize("dtype", ALL)
def test_python_numbers(w, dtype, number):
    wanted = of_numbers(dtype, number)
    for shape in [(2,), ()]:
        x = to_tensor(w, np.ones(shape), dtype)
        assert dtype_name((x + number).dtype) == dtype_name((number * x).dtype) == wanted
        assert dtype_name(w.result_type(x, number)) == wanted
        assert dtype_name((x == number).dtype) == "bool"


@pytest.mark.parametrize("dtype", ALL)
def test_where_and_cat_promote(w, dtype):
    x, y = to_tensor(w, np.ones(2), dtype), w.ones(2)
    wanted = joined(dtype, "float32")
    assert dtype_name(w.where(y > 0, x, y).dtype) == wanted
    assert dtype_name(w.cat([x, y]).dtype) == dtype_name(w.stack([x, y]).dtype) == wanted


@pytest.mark.parametrize("a, b", PAIRS)
def test_in_place_keeps_the_dtype_or_refuses(w, a, b):
    x, y = to_tensor(w, np.ones(2), a), to_tensor(w, np.ones(2), b)
    if kind(joined(a, b)) > kind(a):
        with pytest.raises(RuntimeError) as error:
            x.add_(y)
        check_message(error, ("add", a, joined(a, b)))
        assert x.tolist() == [1, 1]
    else:
        x.add_(y)
        assert dtype_name(x.dtype) == a


@pytest.mark.parametrize("a, b", EVERY_PAIR)
def test_can_cast(w, a, b):
    assert w.can_cast(getattr(w, a), getattr(w, b)) == (kind(a) <= kind(b))


def test_default_dtype_decides_for_integers_and_floats(w):
    w.set_default_dtype(w.float64)
    try:
        assert (w.tensor([1]) + 1.5).dtype == w.float64
        assert w.tensor([1]).sin().dtype == w.float64
        assert (w.ones(2, dtype=w.float32) + 1.5).dtype == w.float32
    finally:
        w.set_default_dtype(w.float32)


def test_numbers_that_do_not_fit(w):
    """An integer outside of the tensor's dtype is refused or wraps; it never widens the tensor."""
    try:
        result = w.ones(2, dtype=w.uint8) + 256
    except (RuntimeError, OverflowError):
        return
    assert result.dtype == w.uint8


def test_results_are_computed_in_the_joint_dtype(w):
    assert (w.tensor([200], dtype=w.uint8) + w.tensor([100], dtype=w.int32)).item() == 300
    assert (w.tensor([100], dtype=w.int8) + w.tensor([100], dtype=w.int8)).item() == -56
    assert w.tensor([16777217]).mul(w.tensor([1.0])).item() == 16777216.0
    assert (w.tensor([2**53 + 1]) == w.tensor([2**53])).item() is False
    assert (w.tensor([1.0]) < w.tensor([2], dtype=w.int64)).item() is True
    assert (w.tensor([0.1]) == 0.1).item() is True, "a number is compared in the tensor's dtype"


def test_an_empty_vector_counts_for_the_dtype_of_a_join(w):
    joined = w.cat([w.zeros(0, dtype=w.float64), w.ones(2, 2)])
    assert joined.dtype == w.float64 and joined.shape == (2, 2)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64"])
def test_logit_of_no_floats(w, dtype):
    values = w.tensor([0, 1]).to(getattr(w, dtype))
    assert w.logit(values).tolist() == [-math.inf, math.inf]
    assert w.logit(values, 0.25).tolist() == pytest.approx([-math.log(3), math.log(3)])
    x = w.tensor([0.25])
    assert x.logit_() is x and x.item() == pytest.approx(-math.log(3))
    with pytest.raises(RuntimeError):
        values.logit_()


@pytest.mark.parametrize("x", ["bool", "int32", "float32"])
def test_both_bounds_of_clamp_decide_together(w, x):
    values = w.tensor([0, 1]).to(getattr(w, x))
    number, vector = w.tensor(0.5, dtype=w.float64), w.tensor([1.0, 2.0], dtype=w.float32)
    assert w.clamp(values, number, vector).dtype == w.float32
    assert w.clamp(values, vector, number).dtype == w.float32
    assert w.clamp(values, w.tensor(0), vector).tolist() == [0.0, 1.0]
