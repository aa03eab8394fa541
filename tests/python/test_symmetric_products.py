"""Products of a matrix and its own transpose, half of which is computed, and products scaled before rounding."""

import numpy as np
import pytest
from support import to_numpy, to_tensor, weft_only

pytestmark = weft_only


@pytest.fixture(params=[1, 2, 3])
def threads(w, request):
    before = w.get_num_threads()
    w.set_num_threads(request.param)
    yield request.param
    w.set_num_threads(before)


@pytest.fixture
def own_loops(w):
    """oneDNN, where it multiplies bfloat16, may cut halves otherwise than the whole."""
    before = w._C._onednn_enabled()
    w._C._enable_onednn(False)
    yield
    w._C._enable_onednn(before)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16", "int32", "int8"])
@pytest.mark.parametrize("n, k", [(127, 64), (128, 64), (129, 70), (300, 333), (513, 65), (2100, 64)])
def test_the_bits_of_a_whole_product(w, threads, own_loops, dtype, n, k):
    w.manual_seed(0)
    x = (w.randn(n, k) * 3).to(getattr(w, dtype))
    copy = x.clone()
    half = x @ x.T
    assert bool((half == x @ copy.T).all()) and bool((half == half.T).all())
    wide = to_numpy(x.double())
    if dtype == "float64":
        np.testing.assert_allclose(to_numpy(half), wide @ wide.T, rtol=1e-12, atol=1e-9)


def test_of_columns_of_parts_and_of_batches(w, threads):
    w.manual_seed(0)
    x = w.randn(3, 200, 150)
    copy = x.clone()
    assert bool((x @ x.mT == x @ copy.mT).all()) and bool((x.mT @ x == x.mT @ copy).all())
    part, other = x[1, :, 10:140], copy[1, :, 10:140]
    assert bool((part @ part.T == part @ other.T).all())
    # Of these the memory is the same, but not the matrix.
    assert bool((x[0][:150] @ x[0][:150] == x[0][:150] @ copy[0][:150]).all())
    shifted = x[:2] @ x[1:].mT
    assert bool((shifted == copy[:2] @ x[1:].mT).all())


def test_into_a_transposed_result_and_with_something_added(w, threads):
    w.manual_seed(0)
    x, base = w.randn(200, 100), w.randn(200, 200)
    copy = x.clone()
    assert bool((w.addmm(base, x, x.T) == w.addmm(base, x, copy.T)).all())
    out = w.empty(200, 200).T
    w.mm(x, x.T, out=out)
    assert bool((out == x @ copy.T).all())
    jitted = w.jit(lambda t: (t @ t.T).relu() * 2)
    assert bool((jitted(x) == (x @ copy.T).relu() * 2).all())


def scaled64(base, a, b, beta, alpha):
    return beta * base.double() + alpha * (a.double() @ b.double())


def scaled(base, a, b, beta, alpha):
    """In float64, rounded once."""
    return scaled64(base, a, b, beta, alpha).to(a.dtype)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("shape", [(), (1,), (7,), (5, 1), (5, 7)])
@pytest.mark.parametrize("beta, alpha", [(0.5, -0.25), (1, 3), (2, 1), (-1.5, 0)])
def test_scaled_products_of_half_types(w, dtype, shape, beta, alpha):
    w.manual_seed(1)
    base, a, b = (w.randint(-8, 8, s).to(getattr(w, dtype)) for s in (shape, (5, 6), (6, 7)))
    want = scaled(base, a, b, beta, alpha)
    assert bool((w.addmm(base, a, b, beta=beta, alpha=alpha) == want).all())
    turned = w.addmm(base, a.T.contiguous().T, b.T.contiguous().T, beta=beta, alpha=alpha)
    assert bool((turned == want).all())
    assert bool((w.jit(lambda *t: w.addmm(*t, beta=beta, alpha=alpha))(base, a, b) == want).all())


def test_the_base_is_left_out_where_its_factor_is_zero(w):
    a = w.ones(3, 3, dtype=w.bfloat16)
    nan = w.full((3, 3), float("nan"), dtype=w.bfloat16)
    assert w.addmm(nan, a, a, beta=0, alpha=2).tolist() == [[6.0] * 3] * 3


@pytest.mark.parametrize("n", [5, 200])
def test_scaled_product_with_a_symmetric_base(w, threads, n):
    w.manual_seed(2)
    a = w.randn(n, n).bfloat16()
    base = (a @ a.T).bfloat16()
    got = w._C._add_gram(base, a, 0.5, -0.25)
    assert bool((got == w.addmm(base, a, a.clone().T, beta=0.5, alpha=-0.25)).all())
    assert bool((got == got.T).all())
    single = w._C._add_gram(base.float(), a.float(), 0.5, -0.25)
    np.testing.assert_allclose(to_numpy(got.float()), to_numpy(single), rtol=0.01, atol=0.01)


@pytest.mark.parametrize("base_shape", [(400, 400), (400,), (1, 400), (400, 1)])
def test_large_products_of_bfloat16(w, base_shape):
    """By oneDNN where the processor multiplies such numbers: rounded once, the same for any number of threads."""
    w.manual_seed(3)
    a, other = w.randn(400, 300).bfloat16(), w.randn(300, 400).bfloat16()
    base = w.randn(base_shape).bfloat16()
    gram = a @ a.T
    results, before = [], w.get_num_threads()
    for count in (1, 2, 3):
        w.set_num_threads(count)
        products = [
            (a @ a.T, a.double() @ a.double().T),
            (w.addmm(base, a, other, beta=0.5, alpha=-0.25), scaled64(base, a, other, 0.5, -0.25)),
            (w.addmm(base, a, other, beta=1, alpha=3), scaled64(base, a, other, 1, 3)),
            (w.addmm(base, a, other, beta=-2, alpha=1), scaled64(base, a, other, -2, 1)),
            (w.addmm(base, a, other, beta=3, alpha=0), 3 * base.double().expand(400, 400)),
            (w._C._add_gram(gram, a, 0.5, -0.25), scaled64(gram, a, a.T, 0.5, -0.25)),
        ]
        w.set_num_threads(before)
        for got, want in products:
            # 8 bits, and the error of sums of float32
            assert bool(((got.double() - want).abs() <= want.abs() / 256 + 1e-3).all())
        results.append([got for got, _ in products])
    for one, *others in zip(*results, strict=True):
        assert all(bool((one == other).all()) for other in others)
    assert bool((results[0][0] == results[0][0].T).all()) and bool((results[0][5] == results[0][5].T).all())


def test_gradients_of_scaled_products(w):
    rng = np.random.default_rng(0)
    base, a, b = (to_tensor(w, rng.integers(-4, 5, s), "bfloat16") for s in ((3, 5), (3, 4), (4, 5)))
    grads = {}
    for dtype in (w.bfloat16, w.float64):
        leaves = [t.detach().to(dtype).requires_grad_() for t in (base, a, b)]
        w.addmm(*leaves, beta=2, alpha=0.5).sum().backward()
        grads[dtype] = [leaf.grad.double().tolist() for leaf in leaves]
    assert grads[w.bfloat16] == grads[w.float64]
