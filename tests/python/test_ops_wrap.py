"""Integers wrap around at the ends of their dtype, as NumPy's do, in every op that adds or multiplies them."""

import numpy as np
import pytest
from support import INTS, to_numpy, weft_only

pytestmark = weft_only  # PyTorch leaves it to its compiler


def numbers(dtype, *shape, seed=0):
    """Over the whole range of the dtype, with both ends among them."""
    info = np.iinfo(dtype)
    values = np.random.default_rng(seed).integers(info.min, info.max, shape, dtype, endpoint=True)
    values.flat[0], values.flat[-1] = info.min, info.max
    return values


def same(w, result, want):
    """want: of Python's integers, or of any integer dtype that holds the last bits."""
    result = to_numpy(result)
    assert np.array_equal(result, np.asarray(want).astype(result.dtype))


def exact(array):
    return array.astype(object)


def last_bits(array, dtype):
    """Python's integers cut to the dtype."""
    bits = 8 * np.dtype(dtype).itemsize
    return (array & (2**bits - 1)).astype(f"uint{bits}").view(dtype)


@pytest.mark.parametrize("m, k, n", [(1, 1, 1), (2, 3, 4), (1, 70, 9), (9, 70, 1), (13, 40, 37), (30, 300, 20)])
@pytest.mark.parametrize("dtype", INTS)
def test_products(w, device, dtype, m, k, n):
    a, b, base = numbers(dtype, m, k), numbers(dtype, k, n, seed=1), numbers(dtype, m, n, seed=2)
    x, y, z = (w.tensor(v, device=device) for v in (a, b, base))
    want = last_bits(exact(a) @ exact(b), dtype)
    for product in (x @ y, x @ y.t().contiguous().t(), x.t().contiguous().t() @ y, w.einsum("ij,jk->ik", x, y)):
        same(w, product, want)
    same(w, w.addmm(z, x, y), last_bits(exact(want) + base, dtype))
    same(w, w.addmm(z, x, y, beta=3, alpha=5), last_bits(exact(want) * 5 + exact(base) * 3, dtype))
    same(w, w.bmm(x.expand(2, m, k), y.expand(2, k, n)), np.stack([want, want]))
    same(w, w.mv(x, y[:, 0]), want[:, 0])
    same(w, w.dot(x[0], y[:, 0]).view(1), want[0, :1])
    same(w, w.jit(lambda x, y: (x @ y) * 3)(x, y), last_bits(exact(want) * 3, dtype))


@pytest.mark.parametrize("dtype", INTS)
def test_convolutions(w, device, dtype):
    values, weight, bias = numbers(dtype, 2, 3, 6, 7), numbers(dtype, 4, 3, 2, 3, seed=1), numbers(dtype, 4, seed=2)
    windows = np.lib.stride_tricks.sliding_window_view(exact(values), (2, 3), (2, 3))
    want = last_bits(np.einsum("nchwij,ocij->nohw", windows, exact(weight)) + exact(bias)[:, None, None], dtype)
    x, weight, bias = (w.tensor(v, device=device) for v in (values, weight, bias))
    same(w, w.nn.functional.conv2d(x, weight, bias), want)
    w.nn.functional.conv_transpose2d(x, weight.transpose(0, 1).contiguous())
    w.nn.functional.avg_pool2d(x, 2, 1, 1)


@pytest.mark.parametrize("size", [(1, 5), (4, 3), (3, 200), (200, 3), (2, 9, 40)])
@pytest.mark.parametrize("dtype", INTS)
def test_sums_and_products(w, device, dtype, size):
    values = numbers(dtype, *size)
    x = w.tensor(values, device=device)
    for dim in range(len(size)):
        all_bits = exact(values)
        same(w, x.sum(dim), last_bits(all_bits.sum(dim), "int64"))
        same(w, x.prod(dim), last_bits(all_bits.prod(dim), "int64"))
        same(w, x.sum(dim, dtype=x.dtype), last_bits(all_bits.sum(dim), dtype))
        same(w, x.cumsum(dim), last_bits(all_bits.cumsum(dim), "int64"))
        same(w, x.cumprod(dim), last_bits(all_bits.cumprod(dim), "int64"))
        same(w, x.cumsum(dim, dtype=x.dtype), last_bits(all_bits.cumsum(dim), dtype))
    same(w, x.sum().view(1), last_bits(exact(values).sum(keepdims=True), "int64").reshape(1))
    same(w, w.jit(lambda x: (x * 3).sum(-1))(x), last_bits(exact(last_bits(exact(values) * 3, dtype)).sum(-1), "int64"))


@pytest.mark.parametrize("dtype", INTS)
def test_what_is_added_at_indices(w, device, dtype):
    base, values = numbers(dtype, 4, 3), numbers(dtype, 9, 3, seed=1)
    at = np.arange(9) % 4
    want, product = exact(base), exact(base)
    np.add.at(want, at, exact(values))
    np.multiply.at(product, at, exact(values))
    want, product = last_bits(want, dtype), last_bits(product, dtype)
    x, y, i = (w.tensor(v, device=device) for v in (base, values, at))
    rows = i[:, None].expand(9, 3)
    same(w, x.index_add(0, i, y), want)
    same(w, x.scatter_add(0, rows, y), want)
    same(w, x.index_put((i,), y, accumulate=True), want)
    same(w, x.scatter_reduce(0, rows, y, "prod"), product)
    same(w, x.index_add(0, i, y, alpha=3), last_bits(exact(base) + (exact(want) - exact(base)) * 3, dtype))


@pytest.mark.parametrize("dtype", INTS)
def test_elements(w, device, dtype):
    a, b = numbers(dtype, 300), numbers(dtype, 300, seed=1)
    x, y = w.tensor(a, device=device), w.tensor(b, device=device)
    low, minus = np.iinfo(dtype).min, -1 if np.iinfo(dtype).min else 1
    for call, want in (
        (lambda x, y: x + y, exact(a) + b),
        (lambda x, y: x - y, exact(a) - b),
        (lambda x, y: x * y, exact(a) * b),
        (lambda x, y: -x, -exact(a)),
        (lambda x, y: x.abs(), np.abs(exact(a))),
        (lambda x, y: x.square(), exact(a) ** 2),
        (lambda x, y: x**5, exact(a) ** 5),
        (lambda x, y: w.add(x, y, alpha=3), exact(a) + 3 * exact(b)),
        (lambda x, y: w.sub(x, y, alpha=3), exact(a) - 3 * exact(b)),
        (lambda x, y: w.addcmul(x, x, y, value=2), exact(a) + 2 * exact(a) * b),
        (lambda x, y: w.outer(x[:9], y[:9]), exact(a)[:9, None] * b[:9]),
        (lambda x, y: w.full_like(x, low) // minus, np.full(300, -low if minus < 0 else 0).astype(object)),
        (lambda x, y: w.full_like(x, low) % minus, exact(np.zeros(300, dtype))),
        (lambda x, y: w.fmod(w.full_like(x, low), minus), exact(np.zeros(300, dtype))),
    ):
        same(w, call(x, y), last_bits(want, dtype))
        same(w, w.jit(call)(x, y), last_bits(want, dtype))


def test_ranges(w, device):
    high = np.iinfo("int64").max
    assert w.arange(high - 3, high, 2, device=device).tolist() == [high - 3, high - 1]
    assert w.arange(-high, high, high // 2, device=device).tolist() == list(range(-high, high, high // 2))
