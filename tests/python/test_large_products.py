"""Convolutions and products that are not plain sums: by oneDNN or by transforms. Right, and the same for any number of
threads."""

import numpy as np
import pytest
from support import to_numpy, to_tensor, weft_only


def reference_conv(x, w, b, stride, padding, dilation):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    reach = (w.shape[2] - 1) * dilation + 1
    windows = np.lib.stride_tricks.sliding_window_view(x, (reach, reach), (2, 3))
    windows = windows[:, :, ::stride, ::stride, ::dilation, ::dilation]
    return np.einsum("nchwij,ocij->nohw", windows, w, optimize=True) + b[:, None, None]


@weft_only
@pytest.mark.parametrize("stride, padding, dilation", [(1, 1, 1), (2, 1, 1), (1, 2, 2)])
def test_convolution(w, stride, padding, dilation):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape) for shape in ((4, 64, 56, 57), (64, 64, 3, 3), (64,))]
    expected = reference_conv(*arrays, stride, padding, dilation)
    results = []
    threads = w.get_num_threads()
    for count in (1, 2):
        w.set_num_threads(count)
        try:
            x, weight, bias = (to_tensor(w, array, "float32").requires_grad_() for array in arrays)
            y = w.nn.functional.conv2d(x, weight, bias, stride, padding, dilation)
            y.backward(to_tensor(w, np.cos(expected), "float32"))
        finally:
            w.set_num_threads(threads)
        results.append([to_numpy(tensor) for tensor in (y.detach(), x.grad, weight.grad, bias.grad)])
    np.testing.assert_allclose(results[0][0], expected, rtol=1e-4, atol=1e-3)
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)
    # <g, conv(x)> is linear in x and in the weight: the gradients must give it back
    product = (np.cos(expected) * (expected - arrays[2][:, None, None])).sum()
    assert abs((results[0][1] * arrays[0]).sum() - product) < 1e-3 * abs(product)
    assert abs((results[0][2] * arrays[1]).sum() - product) < 1e-3 * abs(product)


def laid_out(w, x, order):
    """x with its dims laid out in memory in this order."""
    return x.permute(order).contiguous().permute([order.index(d) for d in range(x.ndim)])


@weft_only
@pytest.mark.parametrize(
    "images, inputs, outputs, size, padding, order",
    [
        (2, 16, 16, (8, 8), 1, None),
        (2, 20, 36, (9, 7), 1, None),  # tiles over the edge, channels that fill no vector
        (3, 33, 17, (15, 16), 0, None),
        (5, 48, 80, (7, 13), 3, None),
        (2, 24, 40, (16, 10), (2, 0), (0, 2, 3, 1)),  # the channels innermost
        (2, 17, 18, (12, 12), 1, (3, 1, 0, 2)),
        (40, 96, 64, (4, 4), 1, None),  # several images at once
        (1, 16, 272, (40, 200), 1, None),  # some rows at once
        (12, 336, 64, (6, 6), 1, None),  # sums over more inputs than are multiplied at once
    ],
)
def test_winograd(w, images, inputs, outputs, size, padding, order):
    """Against the sums in float64; convolution_transpose takes the same kernel through its other door."""
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(s) for s in ((images, inputs, *size), (outputs, inputs, 3, 3), (outputs,))]
    threads = w.get_num_threads()

    def results(dtype, count):
        w.set_num_threads(count)
        try:
            x, weight, bias = (to_tensor(w, array, dtype) for array in arrays)
            if order:
                x, weight = laid_out(w, x, order), laid_out(w, weight, order)
            x, weight, bias = (t.requires_grad_() for t in (x, weight, bias))
            y = w.nn.functional.conv2d(x, weight, bias, padding=padding)
            grad = to_tensor(w, np.random.default_rng(1).standard_normal(y.shape), dtype)
            y.backward(grad)
            with w.no_grad():
                back = w.nn.functional.conv_transpose2d(grad, weight, padding=padding)
            return [to_numpy(t) for t in (y.detach(), x.grad, weight.grad, back)]
        finally:
            w.set_num_threads(threads)

    expected, one, two = results("float64", 1), results("float32", 1), results("float32", 2)
    for e, a, b in zip(expected, one, two, strict=True):
        np.testing.assert_allclose(a, e, rtol=0, atol=2e-6 * np.abs(e).max())
        np.testing.assert_array_equal(a, b)


@weft_only
def test_bfloat16_product(w):
    rng = np.random.default_rng(0)
    a, b = (to_tensor(w, rng.standard_normal(shape), "bfloat16") for shape in ((300, 400), (500, 400)))
    expected = to_numpy(a.double()) @ to_numpy(b.double()).T
    results = []
    threads = w.get_num_threads()
    for count in (1, 2):
        w.set_num_threads(count)
        try:
            results.append(to_numpy((a @ b.T).float()))
        finally:
            w.set_num_threads(threads)
    np.testing.assert_allclose(results[0], expected, rtol=1e-2, atol=0.3)
    np.testing.assert_array_equal(*results)


@weft_only
def test_rows_whose_columns_are_shared_out(w):
    """One row, and a few, times a matrix that threads cut into columns, of which the last part has only one."""
    rng = np.random.default_rng(0)
    threads = w.get_num_threads()
    for rows, transposed in ((1, False), (1, True), (2, True), (3, True), (3, False)):
        a, b = rng.standard_normal((rows, 40000)), rng.standard_normal((40000, 33))
        results = []
        for count in (1, 2):
            w.set_num_threads(count)
            try:
                y = to_tensor(w, b.T.copy(), "float64").T if transposed else to_tensor(w, b, "float64")
                results.append(to_numpy(to_tensor(w, a, "float64") @ y))
            finally:
                w.set_num_threads(threads)
        np.testing.assert_allclose(results[0], a @ b, rtol=1e-10, atol=1e-9)
        np.testing.assert_array_equal(*results)
    # Both strides of a view that overlaps itself are 1; bfloat16 is multiplied through copies.
    x = to_tensor(w, rng.standard_normal(40032), "float32")
    for a, b in (
        (to_tensor(w, rng.standard_normal((1, 40000)), "float32"), x.unfold(0, 40000, 1).T),
        (to_tensor(w, rng.standard_normal((1, 40000)), "bfloat16"), w.randn(40000, 33).bfloat16()),
    ):
        results = []
        for count in (1, 2):
            w.set_num_threads(count)
            try:
                results.append(to_numpy((a @ b).float()))
            finally:
                w.set_num_threads(threads)
        np.testing.assert_array_equal(*results)


@weft_only
@pytest.mark.parametrize("layout", ["contiguous", "channels innermost"])
@pytest.mark.parametrize(
    "images, inputs, outputs, size, kernel, bias",
    [(4, 32, 48, 30, 5, True), (7, 40, 33, 28, 3, False), (13, 64, 64, 19, 2, True)],
)
def test_parts_of_images(w, images, inputs, outputs, size, kernel, bias, layout):
    """Batches that fall into parts of different lengths, with stride 2 so that no transform applies."""
    rng = np.random.default_rng(1)
    arrays = [rng.standard_normal(s) for s in ((images, inputs, size, size), (outputs, inputs, kernel, kernel))]
    b = rng.standard_normal(outputs) if bias else None
    expected = reference_conv(*arrays, np.zeros(outputs) if b is None else b, 2, 1, 1)
    threads, results = w.get_num_threads(), []
    for count in (1, 2, 3, 8):
        w.set_num_threads(count)
        try:
            x, weight = (to_tensor(w, array, "float32") for array in arrays)
            if layout != "contiguous":
                x = laid_out(w, x, (0, 2, 3, 1))
            x.requires_grad_()
            y = w.nn.functional.conv2d(x, weight, None if b is None else to_tensor(w, b, "float32"), 2, 1)
            y.backward(to_tensor(w, np.cos(expected), "float32"))
        finally:
            w.set_num_threads(threads)
        results.append([to_numpy(y.detach()), to_numpy(x.grad)])
    np.testing.assert_allclose(results[0][0], expected, rtol=1e-4, atol=1e-3)
    product = (np.cos(expected) * (expected - (0 if b is None else b[:, None, None]))).sum()
    assert abs((results[0][1] * arrays[0]).sum() - product) < 1e-3 * abs(product)
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


@weft_only
@pytest.mark.parametrize(
    "m, n, k", [(300, 301, 400), (1000, 70, 513), (70, 1000, 513), (1, 4500, 4001), (129, 2000, 129)]
)
@pytest.mark.parametrize("transposed", [(), ("a",), ("b",), ("a", "b")])
def test_parts_of_bfloat16_products(w, m, n, k, transposed):
    rng = np.random.default_rng(2)
    threads, results = w.get_num_threads(), []
    a, b = (to_tensor(w, rng.standard_normal(s), "float32").to(w.bfloat16) for s in ((m, k), (k, n)))
    expected = to_numpy(a.float()).astype(np.float64) @ to_numpy(b.float()).astype(np.float64)
    if "a" in transposed:
        a = a.t().contiguous().t()
    if "b" in transposed:
        b = b.t().contiguous().t()
    for count in (1, 2, 5):
        w.set_num_threads(count)
        try:
            results.append(to_numpy((a @ b).float()))
        finally:
            w.set_num_threads(threads)
    np.testing.assert_allclose(results[0], expected, rtol=0.02, atol=0.02 * k**0.5)
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)


@weft_only
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("m, n, k", [(1, 256, 5), (13, 256, 17), (95, 257, 31), (97, 512, 33), (121, 300, 320)])
def test_operands_that_are_packed_or_not(w, m, n, k, dtype):
    """Whether an operand is laid out anew, and how, depends on how it lies; the sums do not."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((m, k)), rng.standard_normal((k, n))
    left, right = to_tensor(w, a, dtype), to_tensor(w, b, dtype)
    wide = w.zeros(m, k + 400, dtype=left.dtype)
    wide[:, 100 : 100 + k] = left
    lefts = [left, left.t().contiguous().t(), wide[:, 100 : 100 + k]]
    rights = [right, right.t().contiguous().t()]
    results = [to_numpy(x @ y) for x in lefts for y in rights]
    np.testing.assert_allclose(results[0], a @ b, rtol=1e-4, atol=1e-4)
    for result in results[2::2]:
        np.testing.assert_array_equal(result, results[0])
    for result in results[1::2]:
        np.testing.assert_array_equal(result, results[1])
    if m > 3:  # a few rows with a transposed right side are summed another way
        np.testing.assert_array_equal(results[1], results[0])
