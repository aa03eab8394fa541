"""Python numbers beside tensors: no digit is lost before the result's dtype is known, and nothing is cut in silence."""

import math

import numpy as np
import pytest
from support import FLOATS, INTS, IS_WEFT, to_numpy, weft_only

BIG = 2**62 + 1


def test_clamp_of_int64_is_exact(w, device):
    b = 2**53
    x = w.tensor([b, b + 1, b + 2]).to(device)
    for name in ("clamp", "clip"):
        assert getattr(x, name)(max=b + 1).tolist() == [b, b + 1, b + 1]
        assert getattr(x, name)(min=b + 1).tolist() == [b + 1, b + 1, b + 2]
        assert getattr(x.clone(), name + "_")(b + 1, b + 1).tolist() == [b + 1] * 3
    assert x.clamp_max(b + 1).tolist() == [b, b + 1, b + 1]
    assert x.clone().clamp_min_(b + 1).tolist() == [b + 1, b + 1, b + 2]
    assert w.tensor([BIG]).to(device).clamp(max=2**62 - 1).item() == 2**62 - 1
    assert w.tensor([7]).to(device).clamp(min=2**63 - 1).item() == 2**63 - 1
    assert w.tensor([7]).to(device).clamp(max=-(2**63)).item() == -(2**63)


@weft_only
def test_bounds_beyond_small_integers(w):
    x = w.tensor([0, 5, 255], dtype=w.uint8)
    assert x.clamp(-2, 300).tolist() == [0, 5, 255] and x.clamp(max=300).tolist() == [0, 5, 255]
    assert w.tensor([1], dtype=w.int8).clamp(min=-1000).item() == 1
    for low, high in ((300, None), (None, -1), (4, -2)):
        with pytest.raises(RuntimeError, match="clamp"):
            x.clamp(low, high)
    assert x.clone().clamp_(-2, 300).tolist() == [0, 5, 255]


@weft_only
def test_clamp_of_int64_is_exact_in_jit(w):
    x = w.tensor([2**53, 2**53 + 1, 2**53 + 2])
    assert w.jit(lambda t: t.clamp(max=2**53 + 1))(x).tolist() == [2**53, 2**53 + 1, 2**53 + 1]


@weft_only
def test_hardtanh_and_threshold_of_int64_are_exact(w):
    f, b = w.nn.functional, 2**53
    x = w.tensor([b, b + 1, b + 2])
    assert f.hardtanh(x, 0, b + 1).tolist() == [b, b + 1, b + 1]
    assert f.threshold(x, b, b + 3).tolist() == [b + 3, b + 1, b + 2]
    assert f.hardtanh(w.tensor([1, 5]), 2.5, 3.7).tolist() == [2, 3]
    assert f.threshold(w.tensor([1, 5]), 2.5, 0.5).tolist() == [0, 5]
    assert f.hardtanh_(x.clone(), 0, b + 1).tolist() == [b, b + 1, b + 1]
    assert f.relu6(w.tensor([-3, 5, 9])).tolist() == [0, 5, 6]


@pytest.mark.parametrize("dtype", FLOATS)
def test_nan_as_a_bound_of_clamp(w, device, dtype):
    x = w.tensor([1.0, -2.0], dtype=getattr(w, dtype)).to(device)
    assert x.clamp(max=math.nan).isnan().all() and x.clamp(min=math.nan).isnan().all()
    assert x.clamp(math.nan, 1).isnan().all()
    assert w.jit(lambda t: t.clamp(max=math.nan) * 2)(x).isnan().all() if hasattr(w, "jit") else True


def test_alpha_is_applied_in_the_dtype_of_the_result(w, device):
    one, zero = w.ones(1).to(device), w.zeros(1, dtype=w.float64).to(device)
    assert w.add(zero, one, alpha=0.1).item() == 0.1
    assert w.sub(zero, one, alpha=0.1).item() == -0.1
    assert zero.clone().add_(one, alpha=0.1).item() == 0.1
    assert w.rsub(one, zero, alpha=0.1).item() == -0.1
    assert w.addcmul(zero, one, one, value=0.1).item() == 0.1
    assert w.addcdiv(zero, one, one, value=0.1).item() == 0.1
    assert w.add(w.tensor([1.0]).to(device), w.tensor([3]).to(device), alpha=0.5).item() == 2.5
    assert w.add(w.tensor([1]), w.tensor([2**40]), alpha=2**20 + 1).item() == 1 + 2**40 * (2**20 + 1)


def test_half_types_are_rounded_once(w, device):
    h = w.tensor([60000.0], dtype=w.float16).to(device)
    assert w.add(-h, h, alpha=2).item() == 60000
    assert w.sub(h, h, alpha=2).item() == -60000
    assert h.clone().sub_(h, alpha=2).item() == -60000
    assert w.addcmul(-h, h, w.tensor([2.0], dtype=w.float16).to(device)).item() == 60000
    assert w.addcdiv(-h, h, w.tensor([0.5], dtype=w.float16).to(device)).item() == 60000
    row = w.full((1, 4), 200.0, dtype=w.float16).to(device)
    base = w.zeros(1, 1, dtype=w.float16).to(device)
    assert w.addmm(base, row, row.t(), alpha=0.1).item() == 16000
    assert w.baddbmm(base[None], row[None], row.t()[None], alpha=0.1).item() == 16000
    assert w.addbmm(base, row[None], row.t()[None], alpha=0.1).item() == 16000
    assert w.addmv(base[0], row, row[0], alpha=0.1).item() == 16000


def test_products_are_made_in_the_dtype_of_the_result(w, device):
    u = w.tensor([9, 9], dtype=w.uint8).to(device)
    hundred = w.tensor([100, 100], dtype=w.uint8).to(device)
    assert w.addcmul(w.ones(2).to(device), u, hundred).tolist() == [901, 901]
    assert w.addcdiv(w.zeros(2).to(device), u.float(), hundred).tolist() == pytest.approx([0.09, 0.09])
    assert w.addcmul(w.tensor([1]), w.tensor([9], dtype=w.uint8), w.tensor([100], dtype=w.uint8)).item() == 901


def test_scaled_products_keep_their_dtype(w, device):
    for dtype in (w.float16, w.bfloat16, w.float32, w.float64):
        x, a = w.ones(2, 2, dtype=dtype).to(device), w.ones(2, 2, dtype=dtype).to(device)
        for beta, alpha in ((9, 1), (1, 3), (0, 2), (0.5, 0.25)):
            result = w.addmm(x, a, a, beta=beta, alpha=alpha)
            assert result.dtype == dtype and result[0, 0].item() == beta + 2 * alpha
    assert w.add(w.tensor([True, False]), w.tensor([False, False]), alpha=4).tolist() == [True, False]
    result = w.add(w.tensor([False]), w.tensor([True]), alpha=4)
    assert result.dtype == w.bool and result.item() is True
    assert w.add(w.tensor([False]), w.tensor([True]), alpha=0).item() is False


def test_lerp_reaches_its_end(w, device):
    x, end = w.tensor([1e30, -3.0]).to(device), w.tensor([1.5, 7.0]).to(device)
    assert x.lerp(end, 1).tolist() == [1.5, 7.0] and x.lerp(end, 1.0).tolist() == [1.5, 7.0]
    assert x.lerp(end, w.ones(2).to(device)).tolist() == [1.5, 7.0]
    assert x.lerp(end, 0.0).tolist() == x.tolist()
    assert x.lerp(end, w.tensor([0.0, 0.25]).to(device)).tolist() == [x[0].item(), -0.5]


def test_floats_divided_by_bools_and_integers(w):
    x = w.tensor([1.0, 2.0], dtype=w.float16)
    assert w.remainder(x, w.tensor([True, False])).isnan().tolist() == [False, True]
    assert w.fmod(x, w.tensor([1, 0])).isnan().tolist() == [False, True]
    assert w.floor_divide(x, w.tensor([1, 0])).tolist() == [1.0, math.inf]


@weft_only
def test_whole_floats_are_integers(w):
    mask = w.tensor([True, False])
    assert w.zeros(2, dtype=w.int64).masked_fill(mask, 2.0).tolist() == [2, 0]
    assert w.zeros(2, dtype=w.bool).masked_fill(mask, 0.5).tolist() == [True, False]
    assert w.zeros(2, dtype=w.int64).index_fill(0, w.tensor([0]), 3.0).tolist() == [3, 0]
    assert w.addcmul(w.tensor([1]), w.tensor([2]), w.tensor([3]), value=2.0).item() == 13


@weft_only
def test_integer_products_stay_integers(w):
    a, v, x = w.tensor([[1, 2], [3, 4]]), w.tensor([5, 6]), w.tensor([7, 8])
    for result, wanted in (
        (w.addmv(x, a, v, beta=0.6, alpha=1.2), [17, 39]),
        (w.addmm(a, a, a, alpha=1.7, beta=0.6), [[7, 10], [15, 22]]),
        (w.baddbmm(a[None], a[None], a[None], alpha=2, beta=3), [[[17, 26], [39, 56]]]),
        (w.addbmm(a, a[None], a[None], alpha=1.7, beta=0.6), [[7, 10], [15, 22]]),
    ):
        assert result.dtype == w.int64 and result.tolist() == wanted


FILLS = {
    "full": lambda w, dtype, v: w.full((2,), v, dtype=dtype),
    "full_like": lambda w, dtype, v: w.full_like(w.zeros(2), v, dtype=dtype),
    "new_full": lambda w, dtype, v: w.zeros(1).new_full((2,), v, dtype=dtype),
    "fill_": lambda w, dtype, v: w.zeros(2, dtype=dtype).fill_(v),
    "setitem": lambda w, dtype, v: assigned(w.zeros(2, dtype=dtype), slice(None), v),
    "setitem by mask": lambda w, dtype, v: assigned(w.zeros(2, dtype=dtype), w.tensor([True, True]), v),
    "setitem by index": lambda w, dtype, v: assigned(w.zeros(2, dtype=dtype), [0, 1], v),
    "pad": lambda w, dtype, v: w.nn.functional.pad(w.zeros(0, dtype=dtype), (1, 1), value=v),
    "scalar_tensor": lambda w, dtype, v: w.scalar_tensor(v, dtype=dtype).expand(2),
}
WHOLE_FILLS = {
    "masked_fill": lambda w, dtype, v: w.zeros(2, dtype=dtype).masked_fill(w.tensor([True, True]), v),
    "masked_fill_": lambda w, dtype, v: w.zeros(2, dtype=dtype).masked_fill_(w.tensor([True, True]), v),
    "index_fill": lambda w, dtype, v: w.zeros(2, dtype=dtype).index_fill(0, w.tensor([0, 1]), v),
    "scatter": lambda w, dtype, v: w.zeros(2, dtype=dtype).scatter(0, w.tensor([0, 1]), v),
    "where": lambda w, dtype, v: w.where(w.tensor([True, True]), v, w.zeros(2, dtype=dtype)),
}


def assigned(x, key, value):
    x[key] = value
    return x


@weft_only
@pytest.mark.parametrize("name", FILLS)
def test_fills(w, name):
    fill = FILLS[name]
    assert fill(w, w.bool, 0.5).tolist() == [True, True]
    assert fill(w, w.bool, math.nan).tolist() == [True, True]
    assert fill(w, w.bool, 0.0).tolist() == [False, False]
    assert fill(w, w.int64, BIG).tolist() == [BIG, BIG]
    assert fill(w, w.int64, -(2**63)).tolist() == [-(2**63)] * 2
    assert fill(w, w.int32, 1.5).tolist() == [1, 1]  # as PyTorch
    assert fill(w, w.float32, 2**80).tolist() == [2.0**80] * 2


@weft_only
@pytest.mark.parametrize("name", [*FILLS, *WHOLE_FILLS])
@pytest.mark.parametrize("dtype", INTS)
def test_fills_that_do_not_fit(w, name, dtype):
    fill, limits = {**FILLS, **WHOLE_FILLS}[name], np.iinfo(dtype)
    for value in (int(limits.max), int(limits.min)):
        assert fill(w, getattr(w, dtype), value).tolist() == [value, value]
    wrong = [int(limits.max) + 1, int(limits.min) - 1, 2**80]
    if name in FILLS:
        wrong += [math.nan, math.inf, -math.inf, float(limits.max) * 2 + 2]
    for value in wrong:
        with pytest.raises((RuntimeError, OverflowError, ValueError)):
            fill(w, getattr(w, dtype), value)


@weft_only
def test_tensors_of_numbers_that_do_not_fit(w):
    for value, dtype in ((300, w.uint8), (-1, w.uint8), (2**31, w.int32), (math.nan, w.int64), (math.inf, w.int16)):
        with pytest.raises(RuntimeError):
            w.tensor([value], dtype=dtype)
    with pytest.raises(OverflowError):
        w.tensor([2**63])
    assert w.tensor([1.5, 2**63]).tolist() == [1.5, 2.0**63]


BIG_OPERATIONS = {
    "+": lambda x, n: x + n,
    "-": lambda x, n: n - x,
    "*": lambda x, n: x * n,
    "/": lambda x, n: x / n,
    "//": lambda x, n: x // n,
    "%": lambda x, n: x % n,
    "**": lambda x, n: x**n,
    "==": lambda x, n: x == n,
    "<": lambda x, n: x < n,
    ">=": lambda x, n: x >= n,
    "+=": lambda x, n: x.add_(n),
}


@pytest.mark.parametrize("name", BIG_OPERATIONS)
@pytest.mark.parametrize("dtype", FLOATS)
@weft_only
def test_floats_beside_integers_beyond_64_bits(w, device, name, dtype):
    operation = BIG_OPERATIONS[name]
    for n in (2**63, 2**64 + 1, -(2**70), 10**18 * 100):
        x = w.tensor([1.0, 2.0], dtype=getattr(w, dtype)).to(device)
        wanted = operation(w.tensor([1.0, 2.0], dtype=getattr(w, dtype)).to(device), float(n))
        assert np.array_equal(to_numpy(operation(x, n)), to_numpy(wanted), equal_nan=True)


@weft_only
@pytest.mark.parametrize("name", BIG_OPERATIONS)
def test_integers_beside_integers_beyond_64_bits(w, name):
    x = w.tensor([1, 2])
    if name == "/":  # computed in floating point
        return
    with pytest.raises(OverflowError):
        BIG_OPERATIONS[name](x, 2**63)
    assert x.tolist() == [1, 2]


def test_floats_in_sorted_integers(w, device):
    assert w.searchsorted(w.tensor([0, 1, 2]).to(device), 0.5).item() == 1
    assert w.searchsorted(w.tensor([1, 4, 6], dtype=w.uint8).to(device), -2.5).item() == 0
    assert w.bucketize(2.5, w.tensor([1, 2, 3]).to(device)).item() == 2
    assert w.searchsorted(w.tensor([0.5, 1.5]).to(device), 1).item() == 1


@weft_only
def test_integers_in_sorted_bytes(w):
    assert w.searchsorted(w.tensor([1, 4, 6], dtype=w.uint8), 300).item() == 3
    assert w.searchsorted(w.tensor([1, 4, 6], dtype=w.uint8), -1).item() == 0


IN_PLACE = {
    "add_": lambda x: x.add_(1.5),
    "sub_ with alpha": lambda x: x.sub_(1, alpha=1.5),
    "add_ with alpha": lambda x, w=None: x.add_(x, alpha=0.5),
    "mul_": lambda x: x.mul_(1.5),
    "div_": lambda x: x.div_(2),
    "pow_": lambda x: x.pow_(0.5),
    "clamp_": lambda x: x.clamp_(1.5, 2.5),
    "clip_": lambda x: x.clip_(1.5),
    "clamp_min_": lambda x: x.clamp_min_(3.5),
    "clamp_max_": lambda x: x.clamp_max_(3.5),
    "addcmul_": lambda x: x.addcmul_(x.float(), x.float()),
    "addcmul_ with a value": lambda x: x.addcmul_(x, x, value=0.5),
    "addcdiv_": lambda x: x.addcdiv_(x.float(), x.float()),
    "lerp_": lambda x: x.lerp_(x + 1, 0.5),
    "cumsum_": lambda x: x.cumsum_(0, dtype=x.float().dtype),
    "cumprod_": lambda x: x.cumprod_(0, dtype=x.float().dtype),
    "exp_": lambda x: x.exp_(),
    "sqrt_": lambda x: x.sqrt_(),
    "atan2_": lambda x: x.atan2_(x),
    "remainder_": lambda x: x.remainder_(1.5),
    "floor_divide_": lambda x: x.floor_divide_(1.5),
    "fmod_": lambda x: x.fmod_(1.5),
    "maximum": lambda x: x.clamp_min_(x.float() + 0.5),
    "index_add_": lambda x: x.index_add_(0, x * 0, x.float() + 0.5),
    "index_copy_": lambda x: x.index_copy_(0, x * 0, x.float() + 0.5),
    "index_put_": lambda x: x.index_put_((x * 0,), x.float() + 0.5),
    "scatter_": lambda x: x.scatter_(0, x * 0, x.float() + 0.5),
    "scatter_add_": lambda x: x.scatter_add_(0, x * 0, x.float() + 0.5),
    "masked_fill_": lambda x: x.masked_fill_(x > 0, 0.5),
    "index_fill_": lambda x: x.index_fill_(0, x * 0, 0.5),
    "masked_scatter_": lambda x: x.masked_scatter_(x > 0, x.float() + 0.5),
}


@weft_only
@pytest.mark.parametrize("name", IN_PLACE)
def test_integers_in_place_are_not_cut(w, device, name):
    x = w.tensor([3, 4]).to(device)
    with pytest.raises((RuntimeError, TypeError)):
        IN_PLACE[name](x)
    assert x.tolist() == [3, 4], f"{name} changed the tensor that it refused"


@weft_only
def test_rounding_mode_in_place(w):
    for mode in ("x", "up", ""):
        with pytest.raises(RuntimeError, match="rounding_mode"):
            w.ones(2).div_(2, rounding_mode=mode)
    assert w.tensor([7, -7]).div_(2, rounding_mode="floor").tolist() == [3, -4]
    assert w.tensor([7, -7]).div_(2, rounding_mode="trunc").tolist() == [3, -3]


def test_square_of_bool(w):
    result = w.tensor([True, False]).square()
    assert result.dtype == w.int64 and result.tolist() == [1, 0]


def test_arange_of_integers_with_fractions(w):
    assert w.arange(1.164, dtype=w.int64).tolist() == [0]
    assert w.arange(0.5, 3.5, 1, dtype=w.int64).tolist() == [0, 1, 2]
    assert w.arange(5, 2.5, -1, dtype=w.int64).tolist() == [5, 4, 3]


@weft_only
def test_arange_that_does_not_fit(w):
    for make in (
        lambda: w.arange(300, dtype=w.uint8),
        lambda: w.arange(0, 2, 0.5, dtype=w.int64),
        lambda: w.arange(2**63, dtype=w.int64),
        lambda: w.arange(-2, 2, dtype=w.uint8),
    ):
        with pytest.raises((RuntimeError, OverflowError)):
            make()
    assert w.arange(256, dtype=w.uint8)[-1].item() == 255


@pytest.mark.parametrize("dtype", FLOATS)
def test_round_to_decimals_stays_finite(w, device, dtype):
    largest = {"float16": 65504.0, "bfloat16": 3.3e38, "float32": 3.3e38, "float64": 1e308}[dtype]
    x = w.tensor([largest, -largest, 1.25], dtype=getattr(w, dtype)).to(device)
    for decimals in (1, 5, 30, 400):
        rounded = w.round(x, decimals=decimals)
        assert rounded.isfinite().all() and rounded[0] == x[0] and rounded[1] == x[1]
    assert w.round(w.tensor([1.25], dtype=getattr(w, dtype)), decimals=1).item() == pytest.approx(1.2, rel=1e-2)
    assert w.round(w.tensor([1234.0, math.inf]), decimals=-2).tolist() == [1200.0, math.inf]


def test_arrays_without_dimensions_are_numbers(w):
    x = w.ones(2)
    assert (x + np.array(2.5)).tolist() == [3.5, 3.5] and (x * np.array(True)).tolist() == [1, 1]
    assert (np.array(2) + w.ones(2, dtype=w.int64)).tolist() == [3, 3]
    if IS_WEFT:
        assert w.full((2,), np.array(2.5)).tolist() == [2.5, 2.5] and w.full((), np.array(True)).dtype == w.bool
