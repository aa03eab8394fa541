"""weft.testing: assert_close and make_tensor."""

import collections
import math

import numpy as np
import pytest
from support import FLOATS, INTS, is_float, to_numpy, weft_only


def close(w, actual, expected, **kwargs):
    """Does assert_close accept the pair?"""
    try:
        w.testing.assert_close(actual, expected, **kwargs)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize(
    "dtype, rtol, atol", [("float64", 1e-7, 1e-7), ("float32", 1.3e-6, 1e-5), ("float16", 1e-3, 1e-5)]
)
def test_tolerances_of_dtypes(w, dtype, rtol, atol):
    expected = w.tensor([100.0, 0.0], dtype=getattr(w, dtype))
    for index, allowed in ((0, 100 * rtol + atol), (1, atol)):
        for factor, accepted in ((0.5, True), (2.5, False)):
            actual = expected.clone()
            actual[index] += factor * allowed
            if actual[index] != expected[index] or accepted:
                assert close(w, actual, expected) is accepted
                assert close(w, expected, expected)


def test_tolerances_that_are_given(w):
    one, two = w.tensor([1.0]), w.tensor([2.0])
    assert close(w, one, two, rtol=0, atol=1) and close(w, one, two, rtol=0.5, atol=0)
    assert not close(w, one, two, rtol=0.4, atol=0) and not close(w, one, two, rtol=0, atol=0.9)
    assert close(w, w.tensor([1]), w.tensor([2]), rtol=0, atol=1)
    for bad in (dict(rtol=1), dict(atol=1)):
        with pytest.raises(ValueError):
            w.testing.assert_close(one, two, **bad)


@weft_only
def test_arguments_of_the_wrong_kind(w):
    one = w.tensor([1.0])
    for bad in (dict(rtol=-1, atol=0), dict(rtol=0, atol=math.nan)):
        with pytest.raises(ValueError):
            w.testing.assert_close(one, one, **bad)
    for bad in (dict(rtol="1", atol=0), dict(msg=3), dict(equal_nan="no"), dict(check_dtype=None), dict(nonsense=1)):
        with pytest.raises(TypeError):
            w.testing.assert_close(one, one, **bad)


def test_special_values(w):
    nan, inf = math.nan, math.inf
    assert not close(w, w.tensor([nan]), w.tensor([nan])) and close(w, w.tensor([nan]), w.tensor([nan]), equal_nan=True)
    assert not close(w, w.tensor([nan]), w.tensor([1.0]), equal_nan=True)
    assert close(w, w.tensor([inf, -inf]), w.tensor([inf, -inf])) and not close(w, w.tensor([inf]), w.tensor([-inf]))
    assert not close(w, w.tensor([1.0]), w.tensor([inf])) and not close(w, w.tensor([inf]), w.tensor([1.0]))
    assert close(w, w.empty(0), w.empty(0)) and close(w, w.tensor(1.0), w.tensor(1.0))
    assert not close(w, w.tensor([2**62]), w.tensor([2**62 + 1])) and not close(w, w.tensor([True]), w.tensor([False]))


def test_what_is_compared_besides_values(w):
    assert not close(w, w.ones(2), w.ones(2).double()) and close(w, w.ones(2), w.ones(2).double(), check_dtype=False)
    assert close(w, w.tensor([1.0]), w.tensor([1]), check_dtype=False)
    assert not close(w, w.ones(2, 3), w.ones(3, 2)) and not close(w, w.ones(2), w.ones(1))
    turned = w.ones(2, 3).T
    assert close(w, turned, w.ones(3, 2)) and not close(w, turned, w.ones(3, 2), check_stride=True)
    assert close(w, w.nn.Parameter(w.ones(2)), w.ones(2))
    with pytest.raises(TypeError):
        w.testing.assert_close(w.nn.Parameter(w.ones(2)), w.ones(2), allow_subclasses=False)


def test_nested_structures(w):
    one = [1, (2.0, w.ones(2)), {"a": None, "b": np.ones(2)}]
    assert close(w, one, [1, (2.0, w.ones(2)), {"a": None, "b": np.ones(2)}])
    assert close(w, collections.OrderedDict(a=1), {"a": 1}) and close(w, (1,), [1]) and close(w, [], [])
    for other in ([1], [1, (2.5, w.ones(2)), one[2]], [1, one[1], {"a": None}], [1, one[1], {"a": 1, "b": np.ones(2)}]):
        assert not close(w, one, other)


def test_numbers(w):
    assert close(w, 1, 1) and close(w, 1.0, 1.0 + 1e-8) and close(w, True, True) and close(w, 1 + 1j, 1 + 1j)
    assert not close(w, 1, 2) and not close(w, 1.0, 1.0 + 1e-6) and not close(w, True, False) and not close(w, 1, 1.0)
    assert not close(w, math.nan, math.nan) and close(w, math.nan, math.nan, equal_nan=True)
    assert close(w, math.inf, math.inf) and not close(w, math.inf, 1.0) and close(w, np.float32(1), 1.0)
    assert not close(w, 2**62, 2**62 + 1)


def test_what_cannot_be_compared(w):
    for pair in ((np.ones(2), w.ones(2)), (w.tensor(1.0), 1.0), (object(), object()), ("a", "a")):
        with pytest.raises(TypeError):
            w.testing.assert_close(*pair)


@weft_only
def test_messages_name_the_greatest_differences(w):
    actual = w.zeros(10, 10)
    actual[2, 3], actual[4, 5] = 100.5, -1
    expected = w.zeros(10, 10)
    expected[2, 3], expected[4, 5] = 100.0, 1
    with pytest.raises(AssertionError) as error:
        w.testing.assert_close(actual, expected)
    assert str(error.value).splitlines() == [
        "2 of 100 elements differ (2.0%)",
        "  greatest absolute difference 2.0 at (4, 5): -1.0, expected 1.0 (allowed: 1e-05)",
        "  greatest relative difference 2.0 at (4, 5): -1.0, expected 1.0 (allowed: 1.3e-06)",
    ]
    with pytest.raises(AssertionError, match=r"difference nan at \(1,\)"):
        w.testing.assert_close(w.tensor([5.0, math.nan, 1.0]), w.tensor([1.0, 1.0, 1.0]))
    with pytest.raises(AssertionError, match=r"^at \[1\]\['a'\]: 1 of 1 elements differs"):
        w.testing.assert_close([0, {"a": w.ones(1)}], [0, {"a": w.zeros(1)}])
    with pytest.raises(AssertionError, match="greatest absolute difference 1 at .*4611686018427387904"):
        w.testing.assert_close(w.tensor([2**62]), w.tensor([2**62 + 1]))


def test_own_messages(w):
    with pytest.raises(AssertionError, match="^mine$"):
        w.testing.assert_close(w.ones(1), w.zeros(1), msg="mine")
    with pytest.raises(AssertionError, match="^before .*greatest"):
        w.testing.assert_close(w.ones(1), w.zeros(1), msg=lambda text: "before " + text.lower().replace("\n", " "))


@pytest.mark.parametrize("dtype", FLOATS + INTS + ("bool",))
def test_drawn_values(w, dtype):
    def draw(*shape, **kwargs):
        return w.testing.make_tensor(*shape, dtype=getattr(w, dtype), device="cpu", **kwargs)

    x = to_numpy(draw(50, 60))
    low, high = (0, 1) if dtype == "bool" else (0 if dtype.startswith("uint") else -9, 9)
    assert x.shape == (50, 60) and draw(2).dtype == getattr(w, dtype)
    assert x.min() >= low and x.max() <= high and (is_float(dtype) or len(np.unique(x)) == high - low + 1)
    assert tuple(draw((2, 3)).shape) == tuple(draw([2, 3]).shape) == (2, 3) and tuple(draw().shape) == ()
    if dtype != "bool":
        narrow = to_numpy(draw(1000, low=2, high=4))
        assert narrow.min() >= 2 and narrow.max() < 4 and narrow.std() > 0
        assert (to_numpy(draw(1000, low=0, high=3, exclude_zero=True)) != 0).all()
    assert draw(0, 3).numel() == 0


def test_drawn_values_follow_the_seed(w):
    def draw():
        w.manual_seed(3)
        return to_numpy(w.testing.make_tensor(5, dtype=w.float32, device="cpu"))

    np.testing.assert_array_equal(draw(), draw())


@pytest.mark.parametrize(
    "low, high", [(-(2**63), 2**63 - 1), (-(2**62), 2**62), (2**63 - 3, None), (None, -(2**63) + 2)]
)
def test_bounds_of_int64(w, low, high):
    low = -(2**63) if low is None else low
    high = 2**63 - 1 if high is None else high
    x = to_numpy(w.testing.make_tensor(1000, dtype=w.int64, device="cpu", low=low, high=high))
    assert x.min() >= low and x.max() < high
    assert high - low < 10 or x.min() < low + (high - low) // 10 and x.max() > high - (high - low) // 10


def test_bounds_are_cut_to_the_dtype(w):
    make = w.testing.make_tensor
    assert to_numpy(make(1000, dtype=w.int8, device="cpu", low=-1000, high=1000)).min() < -100
    assert np.isfinite(to_numpy(make(1000, dtype=w.float32, device="cpu", low=-math.inf, high=math.inf))).all()


@pytest.mark.parametrize("shape", [(4,), (2, 3), (1, 1, 5)])
def test_strided_results(w, shape):
    make = w.testing.make_tensor
    x = make(*shape, dtype=w.float32, device="cpu", noncontiguous=True)
    assert tuple(x.shape) == shape and not x.is_contiguous() and x.is_leaf
    assert make(1, dtype=w.float32, device="cpu", noncontiguous=True).is_contiguous()
    assert make(*shape, dtype=w.float32, device="cpu").is_contiguous()


def test_gradients(w):
    x = w.testing.make_tensor(3, dtype=w.float32, device="cpu", requires_grad=True, noncontiguous=True)
    assert x.requires_grad and x.is_leaf
    (x * x).sum().backward()
    np.testing.assert_allclose(to_numpy(x.grad), 2 * to_numpy(x))


@pytest.mark.parametrize(
    "options",
    [
        dict(dtype="int64", requires_grad=True),
        dict(dtype="float32", low=1, high=0),
        dict(dtype="float32", low=math.nan),
        dict(dtype="uint8", low=300, high=400),
    ],
)
def test_what_cannot_be_drawn(w, options):
    with pytest.raises(ValueError):
        w.testing.make_tensor(3, device="cpu", **{**options, "dtype": getattr(w, options["dtype"])})
    with pytest.raises(TypeError):
        w.testing.make_tensor(3, device="cpu")
    with pytest.raises(TypeError):
        w.testing.make_tensor(3, dtype=w.float32)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_make_tensor_of_complex_numbers(w, dtype):
    x = w.testing.make_tensor(
        4, 100, dtype=getattr(w, dtype), device="cpu", low=1, high=2, requires_grad=True, noncontiguous=True
    )
    assert x.dtype == getattr(w, dtype) and x.requires_grad and tuple(x.shape) == (4, 100) and not x.is_contiguous()
    for part in (x.real, x.imag):
        assert bool((part >= 1).all()) and bool((part < 2).all())
