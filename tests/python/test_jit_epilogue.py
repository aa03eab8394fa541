"""Products and convolutions that run what follows on parts of their results: the same bits as one after the other."""

import pytest
from support import assert_same, weft_only

LINEAR = [(300, 128), (1, 128), (7, 128), (2, 3, 128), (128,), (0, 128)]


def results_of(w, function, arguments, threads):
    before = w.get_num_threads()
    w.set_num_threads(threads)
    try:
        jitted = w.jit(function)
        found = jitted(*arguments)
        return found, str(jitted.graph())
    finally:
        w.set_num_threads(before)


def check(w, function, *arguments, fused=True):
    expected = function(*arguments)
    for threads in (1, 2):
        found, graph = results_of(w, function, arguments, threads)
        assert (" then tiled[" in graph) == fused, graph
        for one, two in zip(found, expected, strict=True):
            assert_same(one, two)


@weft_only
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
@pytest.mark.parametrize("shape", LINEAR)
def test_linear(w, shape, dtype):
    f = w.nn.functional
    dtype = getattr(w, dtype)
    x, weight, bias = (w.randn(*s, dtype=dtype) for s in (shape, (512, 128), (512,)))
    rest = w.randn(*shape[:-1], 512, dtype=dtype)
    fused = 0 not in shape
    check(w, lambda x, a, b: [f.gelu(f.linear(x, a, b))], x, weight, bias, fused=fused)
    check(w, lambda x, a, b, r: [r + f.relu(f.linear(x, a, b))], x, weight, bias, rest, fused=fused)
    check(w, lambda x, a, b: [y := f.linear(x, a, b), f.relu(y) * 2, y > 0], x, weight, bias, fused=fused)
    check(w, lambda x, a: [(f.linear(x, a) * 2).to(w.float32)], x, weight, fused=fused)


@weft_only
@pytest.mark.parametrize("shape", [(200, 64, 300), (5, 40, 30), (4, 1, 80), (3, 700, 50)])
def test_products(w, shape):
    n, m, k = shape
    a, b, c = w.randn(n, m, k), w.randn(n, k, 33), w.randn(n, m, 33)
    check(w, lambda a, b, c: [w.tanh(a @ b + c)], a, b, c)
    check(w, lambda a, b, c: [w.baddbmm(c, a, b) * 3], a, b, c)
    check(w, lambda a, b: [w.exp(a[0] @ b[0])], a, b)
    check(w, lambda a, b: [w.exp(a[0] @ b[0, :, 0])], a, b)
    check(w, lambda a, b: [w.exp(a[0].T.contiguous().T @ b[0])], a, b)


@weft_only
@pytest.mark.parametrize(
    "x, weight, options",
    [
        ((4, 64, 32, 31), (64, 64, 3, 3), {"padding": 1}),  # by transforms
        ((40, 32, 4, 4), (20, 32, 3, 3), {"padding": 1}),
        ((4, 64, 32, 32), (8, 64, 5, 5), {"padding": 2}),  # by oneDNN, then those of our own
        ((4, 64, 32, 32), (64, 64, 3, 3), {"stride": 2, "padding": 1}),
        ((4, 16, 9, 8), (16, 4, 2, 2), {"groups": 4}),
        ((2, 1, 28, 28), (16, 1, 5, 5), {"dilation": 2}),
        ((1, 512, 4, 4), (512, 512, 3, 3), {"padding": 1}),  # few pixels
        ((2, 3, 6, 7, 8), (5, 3, 2, 2, 2), {}),
        ((2, 3, 40), (5, 3, 4), {"stride": 3}),
    ],
)
def test_convolution(w, x, weight, options):
    f = w.nn.functional
    conv = {3: f.conv1d, 4: f.conv2d, 5: f.conv3d}[len(x)]
    x, weight, bias = w.randn(*x), w.randn(*weight), w.randn(weight[0])
    scale = w.randn(bias.shape[0], *[1] * (x.ndim - 2))
    rest = w.randn(*conv(x, weight, **options).shape)
    check(w, lambda x, a, b: [f.relu(conv(x, a, b, **options))], x, weight, bias)
    check(w, lambda x, a, s, r: [f.relu(conv(x, a, **options) * s + r)], x, weight, scale, rest)
    check(w, lambda x, a: [y := conv(x, a, **options), w.sigmoid(y)], x, weight)


@weft_only
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("shape", [(4, 32, 20, 17), (1, 32, 5, 4), (3, 32, 50), (2, 32, 4, 5, 6), (7, 32)])
def test_batch_norm_with_known_statistics(w, shape, dtype, affine):
    """A part of the epilogue, too, in the types that it is computed in."""
    f = w.nn.functional
    dtype = getattr(w, dtype)
    x = w.randn(*shape, dtype=dtype)
    mean, scale, shift = (w.randn(24) for _ in range(3))
    variance = w.rand(24) + 0.1
    weight = w.randn(24, 32, *[3 if d > 3 else 1 for d in shape[2:]], dtype=dtype)
    conv = {2: f.linear, 3: f.conv1d, 4: f.conv2d, 5: f.conv3d}[len(shape)]

    def function(x, *args):
        y = f.batch_norm(conv(x, weight), *args[:2], *(args[2:] if affine else ()))
        return [f.relu(y)]

    check(w, function, x, mean, variance, scale, shift, fused=dtype != w.float16)


@weft_only
def test_training_step(w):
    """What backward reads is a result of its own; gradients have epilogues too."""
    f = w.nn.functional

    def step(x, a, b):
        y = f.gelu(f.linear(x, a))
        return w.autograd.grad((f.relu(f.linear(y, b)) ** 2).sum(), [x, a, b])

    tensors = [w.randn(*s).requires_grad_() for s in ((50, 40), (60, 40), (30, 60))]
    check(w, step, *tensors)


@weft_only
def test_can_be_left_out(w, monkeypatch):
    monkeypatch.setenv("WEFT_JIT_PASSES", "-epilogue_fusion")
    check(w, lambda x, a: [w.relu(x @ a)], w.randn(20, 30), w.randn(30, 40), fused=False)
