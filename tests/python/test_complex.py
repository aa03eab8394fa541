"""Complex numbers: values (special ones as annex G of the C standard has them), gradients, parts as views."""

import math

import numpy as np
import pytest
import weft
from cases import OPS
from op_calls import samples_of
from support import dtype_name, is_simulated, map_arrays, weft_only

pytestmark = weft_only

COMPLEX = ("complex64", "complex128")
TOLERANCE = {"complex64": 2e-6, "complex128": 1e-14}

# Rows of the op table that take complex numbers where they take floats, by family; test_dtypes.py compares values.
TAKEN = {
    "activation": "silu softsign tanhshrink tanh sigmoid glu",
    "convolution": "conv2d conv1d conv3d conv_transpose2d",
    "elementwise_binary": "add sub mul div pow logaddexp rsub",
    "elementwise_ternary": "where lerp addcmul addcdiv",
    "elementwise_unary": "abs neg square exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal sin cos tan asin "
    "acos atan sinh cosh tanh asinh acosh atanh sigmoid positive",
    "gather_scatter": "gather take_along_dim take index_select scatter scatter_add index_add index_copy masked_fill",
    "loss": "l1_loss",
    "matmul": "matmul mm bmm mv dot inner outer vdot addmm addmv addbmm baddbmm linear bilinear tensordot kron",
    "movement": "reshape permute transpose expand flip roll repeat diagonal tril trace cat stack unfold",
    "reduction": "sum nansum mean prod var std norm logsumexp cumsum cumprod",
}
ROWS = [pytest.param(op, id=str(op)) for op in OPS if op.family in TAKEN and op.name in TAKEN[op.family].split()]


def test_every_row_that_is_named_is_there():
    named = {f"{family}.{name}" for family, names in TAKEN.items() for name in names.split()}
    assert named == {row.id for row in ROWS}


def numbers(rng, shape):
    return np.asarray(rng.uniform(0.3, 1.5, shape) + 1j * rng.uniform(-1.5, 1.5, shape))


def tensor_of(array, device="cpu"):
    return weft.from_numpy(np.array(array)).to(device)


def calls(op, device):
    """The row's calls: a function of complex128 tensors, and arrays for them, away from branch cuts and zeros."""
    rng = np.random.default_rng(3)
    for sample in samples_of(op, "float64"):
        arrays = []

        def collect(array, arrays=arrays):
            if array.dtype.kind == "f":
                arrays.append(numbers(rng, array.shape))
            return array

        map_arrays(collect, [list(sample.args), sample.kwargs])
        if not any(a.size for a in arrays) or sum(a.size for a in arrays) > 250:
            continue

        def call(*tensors, sample=sample):
            left = iter(tensors)

            def place(array):
                return next(left) if array.dtype.kind == "f" else tensor_of(array, device)

            args, kwargs = map_arrays(place, [list(sample.args), sample.kwargs])
            return op.function(weft)(*args, **kwargs)

        yield call, arrays


@pytest.mark.parametrize("op", ROWS)
def test_every_row_is_called(op):
    """What the tests below go through is not nothing."""
    assert any(
        any(x.requires_grad for x in of_tensors(call(*leaves(arrays, "cpu")))) for call, arrays in calls(op, "cpu")
    )


def leaves(arrays, device):
    return [tensor_of(array, device).requires_grad_() for array in arrays]


def of_tensors(result):
    found = result if isinstance(result, (tuple, list)) else [result]
    return [x for x in found if isinstance(x, weft.Tensor)]


# Values


def special_numbers():
    parts = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.5, -20.0, 25.0, 750.0, 1e300, -1e300, math.inf, -math.inf, math.nan]
    return np.array([complex(x, y) for x in parts for y in parts])


FUNCTIONS = "exp log sqrt sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh".split()


def same_parts(got, wanted, tolerance):
    """By parts: NaN where wanted, the same infinities, and zeros of the same sign where both parts are numbers."""
    known = np.isfinite(wanted.real) & np.isfinite(wanted.imag)
    for part in ("real", "imag"):
        x, y = getattr(got, part), getattr(wanted, part)
        assert (np.isnan(x) == np.isnan(y)).all()
        infinite = np.isinf(x) | np.isinf(y)
        assert (abs(x[infinite]) == abs(y[infinite])).all()
        assert (x[infinite & ~np.isnan(wanted)] == y[infinite & ~np.isnan(wanted)]).all()
        zero = known & (y == 0)
        assert (x[zero] == 0).all() and (np.signbit(x[zero]) == np.signbit(y[zero])).all()
        with np.errstate(invalid="ignore"):
            close = abs(x - y) <= tolerance * np.where(known, abs(wanted), abs(y))
        assert close[~infinite & ~np.isnan(y)].all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_special_values(device, name):
    z = special_numbers()
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(z)
    same_parts(getattr(weft, name)(tensor_of(z, device)).cpu().numpy(), wanted, 4e-15)


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(device, name, dtype):
    rng = np.random.default_rng(0)
    spread = 10.0 ** rng.uniform(-8, 1.5, 4000)
    z = ((rng.standard_normal(4000) + 1j * rng.standard_normal(4000)) * spread).astype(dtype)
    near = [c + 1e-4 * (rng.standard_normal(200) + 1j * rng.standard_normal(200)) for c in (1, -1, 1j, -1j)]
    z = np.concatenate([z, *near]).astype(dtype)
    with np.errstate(all="ignore"):
        wanted = getattr(np, name)(z.astype("complex128"))
    got = getattr(weft, name)(tensor_of(z, device)).cpu().numpy()
    known = np.isfinite(wanted.astype(dtype))
    assert got.dtype == dtype and (abs(got - wanted)[known] <= TOLERANCE[dtype] * abs(wanted)[known]).all()


def test_products_and_quotients_of_infinities(device):
    """An infinity times what is not 0 is infinite, over what is finite too; a finite number over an infinity is 0."""
    z = special_numbers()
    a, b = (x.reshape(-1) for x in np.meshgrid(z, z))
    x, y = tensor_of(a, device), tensor_of(b, device)
    product, quotient = (x * y).cpu().numpy(), (x / y).cpu().numpy()

    def infinite(v):
        return np.isinf(v.real) | np.isinf(v.imag)

    nan = np.isnan(a) & ~infinite(a) | np.isnan(b) & ~infinite(b)
    assert infinite(product[infinite(a) & (b != 0) & ~nan]).all()
    assert infinite(quotient[infinite(a) & np.isfinite(b)]).all()
    assert (quotient[np.isfinite(a) & infinite(b)] == 0).all()
    assert infinite(quotient[(b == 0) & (a != 0) & ~nan]).all()
    with np.errstate(all="ignore"):
        plain = np.isfinite(a) & np.isfinite(b) & (abs(a) < 1e150) & (abs(b) < 1e150)
        np.testing.assert_array_equal(product[plain], (a * b)[plain])
        plain &= b != 0
        np.testing.assert_allclose(quotient[plain], (a / b)[plain], rtol=1e-15)
    large, small = np.array([3e200 + 4e200j, 1e308 + 1e308j]), np.array([2e200 - 1e200j, 5e-324j])
    got = (tensor_of(large, device) / tensor_of(small, device)).cpu().numpy()
    assert abs(got[0] - (0.4 + 2.2j)) < 1e-15 and np.isinf(got[1])


@pytest.mark.parametrize("dtype", COMPLEX)
def test_products_where_one_of_many_is_special(device, dtype):
    """Products are made in pieces, and those that hold such a one anew, also over an operand."""
    rng = np.random.default_rng(9)
    for n in (1, 127, 128, 129, 1000):
        a, b = (numbers(rng, n).astype(dtype) for _ in range(2))
        with np.errstate(all="ignore"):
            wanted = (a * b).astype(dtype)
        a[n // 2], b[n // 2] = complex(math.inf, math.nan), 1j
        wanted[n // 2] = complex(math.nan, math.inf)
        x, y = tensor_of(a, device), tensor_of(b, device)
        for product in (x * y, y * x, x.clone().mul_(y), y.clone().mul_(x)):
            got = product.cpu().numpy()
            assert np.isinf(got[n // 2])
            known = np.arange(n) != n // 2
            np.testing.assert_allclose(got[known], wanted[known], rtol=10 * TOLERANCE[dtype])
        for square in (x * x, x.square(), x.clone().mul_(x), x.clone().square_()):
            got = square.cpu().numpy()
            assert np.isinf(got[n // 2])
            np.testing.assert_allclose(got[known], (a * a)[known], rtol=10 * TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", COMPLEX)
def test_powers(device, dtype):
    rng = np.random.default_rng(1)
    a, b = (numbers(rng, 500).astype(dtype) for _ in range(2))
    x, y = tensor_of(a, device), tensor_of(b, device)
    wide = a.astype("complex128")
    rtol = 10 * TOLERANCE[dtype]
    np.testing.assert_allclose((x**y).cpu().numpy(), wide ** b.astype("complex128"), rtol=rtol)
    for n in (2, 3, -1, 0, 17, -4, 0.5, 1.5j):
        np.testing.assert_allclose((x**n).cpu().numpy(), wide**n, rtol=5 * rtol)
    np.testing.assert_allclose((2**y).cpu().numpy(), 2 ** b.astype("complex128"), rtol=rtol)
    exact = weft.tensor([1 + 1j, 2 - 1j], dtype=x.dtype, device=device)
    assert (exact**4).tolist() == [-4, -7 - 24j] and (exact**0).tolist() == [1, 1]
    assert (weft.zeros(2, dtype=x.dtype, device=device) ** (2 + 1j)).tolist() == [0, 0]


def test_parts_and_angles(device):
    array = np.array([3 + 4j, -1, 1j, 0, -1 - 0.0j, complex(math.inf, 1), complex(math.nan, 0)])
    x = tensor_of(array, device)
    np.testing.assert_array_equal(x.abs().cpu().numpy(), abs(array))
    np.testing.assert_array_equal(x.angle().cpu().numpy(), np.angle(array))
    np.testing.assert_array_equal(abs(x)[:4].tolist(), [5, 1, 1, 0])
    np.testing.assert_allclose(x.sgn()[:5].tolist(), [0.6 + 0.8j, -1, 1j, 0, -1])
    np.testing.assert_array_equal(x.conj().cpu().numpy(), array.conj())
    assert x.isreal().tolist() == [False, True, False, True, True, False, True]
    assert weft.isnan(x).tolist() == [False] * 6 + [True] and weft.isinf(x).tolist() == [False] * 5 + [True, False]
    reals = weft.tensor([-2.0, -0.0, 3.0, math.nan], device=device)
    np.testing.assert_array_equal(reals.double().angle().tolist(), [math.pi, 0, 0, math.nan])
    assert reals.conj() is reals and weft.tensor([-2, 5], device=device).angle().dtype is weft.float32
    z = weft.complex(reals[:2], weft.tensor([[1.0], [2.0]], device=device))
    assert z.tolist() == [[-2 + 1j, 1j], [-2 + 2j, 2j]]
    np.testing.assert_allclose(weft.polar(weft.tensor(2.0), weft.tensor(math.pi / 2)).item(), 2j, atol=1e-6)
    assert x[:2].conj_physical_().tolist() == [3 - 4j, -1] and x[0].item() == 3 - 4j
    matrix = weft.tensor([[1 + 1j, 2], [3j, 4]], device=device)
    assert (
        matrix.mH.tolist()
        == weft.adjoint(matrix).tolist()
        == matrix.H.tolist()
        == matrix.adjoint().tolist()
        == [[1 - 1j, -3j], [2, 4]]
    )


def test_promotion(device):
    x = weft.ones(2, dtype=weft.complex64, device=device)
    real = weft.ones(2, dtype=weft.float64, device=device)
    assert (x + real).dtype is weft.complex128 and (x * 2.5).dtype is weft.complex64
    assert (real.float() * 1j).dtype is weft.complex64 and (real * 1j).dtype is weft.complex128
    assert (weft.ones(2, dtype=weft.int64, device=device) + 1j).dtype is weft.complex64
    assert (weft.tensor([True], device=device) / x).dtype is weft.complex64
    assert x.abs().dtype is x.real.dtype is x.angle().dtype is x.var().dtype is weft.float32
    assert x.sum().dtype is x.mean().dtype is x.prod().dtype is weft.complex64
    assert weft.sum(real, dtype=weft.complex64).dtype is weft.complex64
    assert weft.linspace(0, 1 + 2j, 3).tolist() == [0, 0.5 + 1j, 1 + 2j]
    assert x.add(x, alpha=2j).tolist() == [1 + 2j] * 2 and weft.addcmul(x, x, x, value=1j).tolist() == [1 + 1j] * 2
    with pytest.raises(RuntimeError, match="complex"):
        real.add_(1j)
    with pytest.raises(RuntimeError, match="complex"):
        x.abs_()


def test_random_numbers(device):
    weft.manual_seed(0)
    x = weft.randn(20000, dtype=weft.complex64, device=device)
    assert abs(x.mean().item()) < 0.03 and abs(x.var().item() - 1) < 0.03
    assert abs((x.real * x.imag).mean().item()) < 0.02 and abs(x.imag.var().item() - 0.5) < 0.02
    u = weft.rand(2000, dtype=weft.complex128, device=device)
    assert 0 <= u.imag.min().item() and u.real.max().item() < 1 and u.real.var().item() > 0.07
    weft.manual_seed(0)
    assert weft.randn(20000, dtype=weft.complex64, device=device).equal(x)


def test_reductions(device):
    rng = np.random.default_rng(2)
    for shape in [(3, 4, 5), (7,), (1,), (), (0,), (2, 0, 3), (70000,)]:
        array = numbers(rng, shape)
        x = tensor_of(array, device)
        close = {"rtol": 1e-12, "atol": 1e-12}
        np.testing.assert_allclose(x.sum().item(), array.sum(), **close)
        if array.size < 100:
            np.testing.assert_allclose(x.prod().item(), array.prod(), **close)
        if array.size:
            np.testing.assert_allclose(x.mean().item(), array.mean(), **close)
            np.testing.assert_allclose(x.norm().item(), np.sqrt((abs(array) ** 2).sum()), **close)
        for dim in range(array.ndim):
            for keepdim in (False, True):
                np.testing.assert_allclose(x.sum(dim, keepdim).cpu().numpy(), array.sum(dim, keepdims=keepdim), **close)
                if array.size < 100:
                    got = x.prod(dim, keepdim).cpu().numpy()
                    np.testing.assert_allclose(got, array.prod(dim, keepdims=keepdim), **close)
            if array.size < 100:
                np.testing.assert_allclose(x.cumprod(dim).cpu().numpy(), array.cumprod(dim), **close)
            np.testing.assert_allclose(x.cumsum(dim).cpu().numpy(), array.cumsum(dim), **close)
    many = numbers(rng, (3, 4))
    x = tensor_of(many, device)
    np.testing.assert_allclose(x.std().item(), many.std(ddof=1))
    np.testing.assert_allclose(x.var(0, correction=0).cpu().numpy(), many.var(0))
    np.testing.assert_allclose(x.logsumexp(1).cpu().numpy(), np.log(np.exp(many).sum(1)))
    assert x.any().item() and x.all().item() and x.count_nonzero().item() == 12
    far = weft.tensor([1000 + 1j, 999 - 2j], dtype=weft.complex128, device=device)
    np.testing.assert_allclose(weft.logsumexp(far, 0).item(), 1000 + np.log(np.exp(1j) + np.exp(-1 - 2j)))
    np.testing.assert_allclose(weft.logaddexp(far[0], far[1]).item(), weft.logsumexp(far, 0).item())


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize(
    "a, b",
    [((3, 4), (4, 5)), ((4,), (4,)), ((3, 4), (4,)), ((4,), (4, 2)), ((2, 3, 4), (4, 5)), ((5, 1, 3, 4), (2, 4, 3))]
    + [((65, 130), (130, 70)), ((0, 4), (4, 2)), ((3, 0), (0, 2)), ((2, 1), (1, 3))],
)
def test_matrix_products(device, a, b, dtype):
    rng = np.random.default_rng(4)
    left, right = numbers(rng, a).astype(dtype), numbers(rng, b).astype(dtype)
    x, y = tensor_of(left, device), tensor_of(right, device)
    close = {"rtol": 1e-5, "atol": 1e-4} if dtype == "complex64" else {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose((x @ y).cpu().numpy(), left @ right, **close)
    if len(a) == len(b) == 2:
        transposed = tensor_of(left.T.copy(), device).T
        np.testing.assert_allclose((transposed @ y.conj()).cpu().numpy(), left @ right.conj(), **close)
        np.testing.assert_allclose(weft.addmm(x @ y, x, y, beta=2j, alpha=1j).cpu().numpy(), left @ right * 3j, **close)


def test_products_of_other_dtypes_are_refused(device):
    x = weft.ones(2, 2, dtype=weft.complex64, device=device)
    for wrong in (
        lambda: x @ x.real,
        lambda: x @ x.to(weft.complex128),
        lambda: x @ weft.ones(3, 2, device=device) * 1j,
    ):
        with pytest.raises(RuntimeError, match="matmul"):
            wrong()


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("transposed", [False, True])
def test_convolution_by_its_parts(device, groups, transposed):
    """(a + bi)(c + di) with four real convolutions."""
    weft.manual_seed(1)
    conv = weft.nn.functional.conv_transpose2d if transposed else weft.nn.functional.conv2d
    x = weft.randn(2, 4, 5, 6, dtype=weft.complex128, device=device)
    w = weft.randn(4, 6 if transposed else 4 // groups, 3, 2, dtype=weft.complex128, device=device)
    bias = weft.randn(6 * groups if transposed else 4, dtype=weft.complex128, device=device)
    options = {"stride": 2, "padding": 1, "groups": groups}
    got = conv(x, w, bias, **options)
    real = conv(x.real, w.real, **options) - conv(x.imag, w.imag, **options)
    imag = conv(x.real, w.imag, **options) + conv(x.imag, w.real, **options)
    weft.testing.assert_close(got, weft.complex(real, imag) + bias[:, None, None])


# Gradients


@pytest.mark.parametrize("op", ROWS)
def test_gradients(device, op):
    if is_simulated(weft, device) and op.family in ("convolution", "matmul"):
        pytest.skip("the kernels are those of the rows for real numbers")
    for call, arrays in calls(op, device):
        if any(x.requires_grad for x in of_tensors(call(*leaves(arrays, device)))):
            weft.autograd.gradcheck(call, leaves(arrays, device), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("op", [row for row in ROWS if row.values[0].gradgrad])
def test_second_gradients(op):
    if op.family in ("gather_scatter", "movement"):
        pytest.skip("linear")
    for call, arrays in list(calls(op, "cpu"))[:2]:
        if sum(array.size for array in arrays) < 40:
            weft.autograd.gradgradcheck(call, leaves(arrays, "cpu"), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("op", ROWS)
def test_forward_mode_agrees(op):
    """Re <v, J t> = Re <J* v, t>, by the real inner product of parts."""
    rng = np.random.default_rng(5)
    for call, arrays in calls(op, "cpu"):
        primals = [tensor_of(array) for array in arrays]
        tangents = [weft.from_numpy(numbers(rng, array.shape)) for array in arrays]
        if not all(x.is_complex() or x.is_floating_point() for x in of_tensors(call(*primals))):
            continue

        def outputs(*x, call=call):
            return tuple(of_tensors(call(*x)))

        values, along = weft.func.jvp(outputs, tuple(primals), tuple(tangents))
        _, back = weft.func.vjp(outputs, *primals)
        cotangents = tuple(weft.ones_like(y) * (1 - 0.5j if y.is_complex() else 1) for y in values)
        grads = back(cotangents)

        def inner(xs, ys):
            return sum((x.conj() * y).sum().real.item() for x, y in zip(xs, ys))

        np.testing.assert_allclose(inner(cotangents, along), inner(grads, tangents), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("op", ROWS)
def test_batches_agree(op):
    """vmap over a batch of two is one call after the other; so is its gradient."""
    for call, arrays in list(calls(op, "cpu"))[:2]:
        batches = [weft.from_numpy(np.stack([array, array[..., ::-1] if array.ndim else array])) for array in arrays]

        def loss(*x, call=call):
            return sum(weft.view_as_real(y).sum() if y.is_complex() else y.sum() for y in of_tensors(call(*x)))

        if not all(x.is_complex() or x.is_floating_point() for x in of_tensors(call(*[b[0] for b in batches]))):
            continue
        for function in (lambda *x, call=call: of_tensors(call(*x))[0], weft.func.grad(loss, 0)):
            got = weft.vmap(function)(*batches)
            wanted = weft.stack([function(*[b[i] for b in batches]) for i in range(2)])
            weft.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("op", ROWS)
def test_jit_agrees(op):
    for call, arrays in list(calls(op, "cpu"))[:2]:

        def step(*x, call=call):
            outputs = of_tensors(call(*x))
            loss = sum((y.abs() if y.is_complex() else y).sum() for y in outputs if y.requires_grad)
            return [
                *outputs,
                *(weft.autograd.grad(loss, x, allow_unused=True) if isinstance(loss, weft.Tensor) else ()),
            ]

        for got, wanted in zip(weft.jit(step)(*leaves(arrays, "cpu")), step(*leaves(arrays, "cpu")), strict=True):
            assert (got is None) == (wanted is None)
            if got is not None:
                assert got.dtype is wanted.dtype and got.equal(wanted)


def test_gradients_are_conjugate(device):
    """The gradient of |z|^2 is 2 z, that of a real part conj(f')."""
    z = weft.tensor([1 + 2j, -3j], device=device, requires_grad=True)
    (z * z.conj()).real.sum().backward()
    assert z.grad.tolist() == [2 + 4j, -6j]
    z.grad = None
    (z * (2 + 1j)).real.sum().backward()
    assert z.grad.tolist() == [2 - 1j] * 2
    x = weft.ones(2, device=device, requires_grad=True)  # a real input has a real gradient
    (x * (2 + 1j)).imag.sum().backward()
    assert x.grad.tolist() == [1, 1] and x.grad.dtype is weft.float32
    zero = weft.zeros(1, dtype=weft.complex64, device=device, requires_grad=True)
    for function in (weft.abs, weft.sgn, lambda z: z.norm(), lambda z: z.angle()):
        zero.grad = None
        weft.view_as_real(function(zero) * (1 + 0j)).sum().backward()
        assert zero.grad.tolist() == [0]
    with pytest.raises(RuntimeError, match="real loss"):
        z.sum().backward()


HALVES = {
    "left": lambda z: -z,
    "lower": lambda z: z.conj(),
    "left and lower": lambda z: -z.conj(),
    "far": lambda z: z * (-30 + 1j),
}


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("name", TAKEN["elementwise_unary"].split())
def test_gradients_all_over_the_plane(name, half):
    z = HALVES[half](tensor_of(numbers(np.random.default_rng(8), 6)))
    if half == "far" and name in ("exp", "exp2", "expm1", "sinh", "cosh", "sin", "cos"):
        z = z / 10
    weft.autograd.gradcheck(getattr(weft, name), z.requires_grad_(), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    "name, z",
    [("acosh", -2.0), ("asin", -2.0 + 0.0j), ("asin", complex(2, -0.0)), ("acos", complex(-2, 0.0)), ("log", -2.0)]
    + [("sqrt", complex(-2, 0.0)), ("acos", complex(2, -0.0)), ("atanh", complex(-2, 0.0)), ("atan", complex(0.0, 2))],
)
def test_gradients_on_branch_cuts(name, z):
    """As the function goes on along its cut."""
    x = tensor_of(np.array(z, dtype=complex)).requires_grad_()
    getattr(weft, name)(x).backward(tensor_of(np.array(1 + 0j)))
    step = 1e-6 * (1j if complex(z).real == 0 else 1)
    with np.errstate(all="ignore"):
        function = getattr(np, name.replace("a", "arc", 1) if name[0] == "a" else name)
        ends = [function(complex(complex(z).real + s.real, complex(z).imag or complex(z).imag)) for s in (step, -step)]
        if complex(z).real == 0:
            ends = [function(complex(complex(z).real, complex(z).imag + s.imag)) for s in (step, -step)]
    wanted = (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(x.grad.item(), np.conj(wanted), rtol=1e-6, atol=1e-9)


def test_powers_of_negative_numbers():
    """A real base below 0 lies on the cut of the logarithm, with a complex exponent."""
    for base in (-2.0, -0.5):
        for real_base in (True, False):
            exponent = tensor_of(np.array(0.5 + 1j))
            x = tensor_of(np.array(base if real_base else complex(base)))

            def power(x, e):
                return x**e

            for arguments in ((x.clone().requires_grad_(), exponent.clone().requires_grad_()),):
                if real_base:  # along the cut
                    weft.autograd.gradcheck(power, arguments, atol=1e-5, rtol=1e-4)
            e = exponent.clone().requires_grad_()
            weft.autograd.gradcheck(lambda e, x=x: x**e, e, atol=1e-5, rtol=1e-4)
            weft.autograd.gradcheck(lambda e, base=base: base**e, e, atol=1e-5, rtol=1e-4)
    x = tensor_of(np.array([-2.0, 3.0])).requires_grad_()
    weft.autograd.gradcheck(lambda x: x**1j, x, atol=1e-5, rtol=1e-4)
    value, along = weft.func.jvp(lambda x: x**1j, (x.detach(),), (weft.ones_like(x.detach()),))
    difference = ((x.detach() + 1e-6) ** 1j - (x.detach() - 1e-6) ** 1j) / 2e-6
    weft.testing.assert_close(along, difference, rtol=1e-6, atol=1e-6)


def test_results_are_tensors_of_their_own(device):
    """Also where nothing is reduced."""
    for shape in ((), (1,), (2, 1)):
        x = weft.ones(shape, dtype=weft.complex64, device=device)
        for function in (
            lambda x: x.sum(),
            lambda x: x.mean(-1),
            lambda x: x.prod(-1),
            lambda x: x.prod(),
            lambda x: x.nansum(),
            lambda x: x.cumsum(0),
            lambda x: x.cumprod(0),
            lambda x: x.conj(),
            lambda x: weft.sum(x, dtype=x.dtype),
            lambda x: weft.jit(lambda x: x.sum(-1))(x),
        ):
            function(x).zero_()
            assert (x == 1).all().item()


def test_autocast_leaves_complex_numbers(device):
    a = weft.randn(4, 4, dtype=weft.complex64, device=device)
    x = weft.randn(1, 2, 6, dtype=weft.complex64, device=device)
    w = weft.randn(3, 2, 3, dtype=weft.complex64, device=device)
    plain = (a @ a, weft.nn.functional.linear(a, a), weft.nn.functional.conv1d(x, w))
    with weft.autocast(device, dtype=weft.bfloat16):
        cast = (a @ a, weft.nn.functional.linear(a, a), weft.nn.functional.conv1d(x, w))
    assert all(p.equal(c) for p, c in zip(plain, cast))


def test_far_out(device):
    z = [2e9 + 1j, 1 + 1e8j, 1 + 1e6j, 1 + 1e-160j, 1e200 + 1e200j, -1e12 - 3j]
    x = weft.tensor(z, dtype=weft.complex128, device=device)
    atanh = [5e-10 + math.pi / 2 * 1j, 1e-16 + (math.pi / 2 - 5e-9) * 1j]
    np.testing.assert_allclose(weft.atan(x)[0].item(), 1.5707963262948965 + 1.25e-19j, rtol=1e-15)
    np.testing.assert_allclose(weft.atanh(x)[0].item(), atanh[0], rtol=1e-15)
    assert abs(weft.atanh(x)[1].item().real / 1e-16 - 1) < 1e-12
    assert abs(weft.atanh(x)[2].item().real / 9.99999999998e-13 - 1) < 1e-12
    assert abs(weft.atanh(x)[3].item().real - 0.5 * (math.log(2) + 160 * math.log(10))) < 1e-12
    assert weft.atanh(x)[4].item() == complex(5e-201, math.pi / 2)


def test_gradcheck_finds_a_wrong_gradient():
    class Wrong(weft.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return z * z

        @staticmethod
        def backward(ctx, g):
            return g * 2 * ctx.saved_tensors[0]  # not conjugate

    z = weft.tensor([1 + 2j], dtype=weft.complex128, requires_grad=True)
    assert weft.autograd.gradcheck(lambda z: z * z, z)
    with pytest.raises(weft.autograd.gradcheck.__globals__["GradcheckError"], match=r"output\[0\].*input\[0\]"):
        weft.autograd.gradcheck(Wrong.apply, z)


# Parts as views


def change_parts(z):
    """In-place changes of views of both dtypes, of views of these, and of the whole."""
    z = z.clone()
    z.real.mul_(3)
    z.imag[1:] = z.real[1:].clone().sin()
    parts = weft.view_as_real(z)
    parts[..., 0] += parts[..., 1].clone() ** 2
    z.mul_(1 + 1j)
    parts[0].copy_(parts[1].flip(0))
    return z


def change_pairs(x):
    """Of real numbers, seen as complex ones."""
    x = x.clone()
    z = weft.view_as_complex(x)
    z.mul_(2 - 1j)
    z[1] = z[0].clone() * z[2].conj()
    z.imag.add_(1)
    x[0] *= 3
    return x


def change_other_pairs(x):
    """Whose last dimension is no pair, and that start at an odd place."""
    whole = x.clone()
    x = whole.view(-1)[1:]
    weft.view_as_complex(x[1:21].view(5, 2, 2))[1::2].mul_(3 - 1j)
    weft.view_as_complex(x[3:7].view(2, 2)).imag[1] = 2
    return whole


def start(device, function):
    rng = np.random.default_rng(6)
    array = numbers(rng, (4, 2)) if function is change_parts else rng.uniform(0.2, 1, (4, 3, 2))
    return tensor_of(array, device)


@pytest.mark.parametrize("function", [change_parts, change_pairs, change_other_pairs])
def test_changes_of_views(device, function):
    x = start(device, function)
    before = x.clone()
    y = function(x)
    assert x.equal(before)
    array = x.cpu().numpy().copy()
    if function is change_parts:
        array.real *= 3
        array.imag[1:] = np.sin(array.real[1:])
        array.real += array.imag**2
        array *= 1 + 1j
        array[0] = array[1][::-1]
    elif function is change_other_pairs:
        flat = array.reshape(-1)
        flat[2:22].view("complex128").reshape(5, 2)[1::2] *= 3 - 1j
        flat[7] = 2
    else:
        z = array.view("complex128")[..., 0]
        z *= 2 - 1j
        z[1] = z[0] * z[2].conj()
        z.imag += 1
        array[0] *= 3
    np.testing.assert_allclose(y.cpu().numpy(), array, rtol=1e-12)
    assert weft.autograd.gradcheck(function, x.clone().requires_grad_())
    if device == "cpu":
        assert weft.autograd.gradgradcheck(function, x.clone().requires_grad_())
    assert weft.jit(function)(x).equal(y)
    leaf = x.clone().requires_grad_()

    def gradient(x):
        y = function(x)
        return weft.autograd.grad((y.abs() if y.is_complex() else y).sum(), x)[0]

    assert weft.jit(gradient)(leaf).equal(gradient(leaf))
    tangent = weft.ones_like(x) * (1 + 0.5j if x.is_complex() else 0.5)
    value, along = weft.func.jvp(function, (x,), (tangent,))
    assert value.equal(y)
    step = 1e-6
    difference = (function(x + step * tangent) - function(x - step * tangent)) / (2 * step)
    weft.testing.assert_close(along, difference, rtol=1e-6, atol=1e-6)
    batch = weft.stack([x, x.flip(0)])
    weft.testing.assert_close(weft.vmap(function)(batch), weft.stack([function(x), function(x.flip(0))]))


def test_parts_of_slices_and_at_odd_places(device):
    z = tensor_of(numbers(np.random.default_rng(7), (5, 4)), device)
    for view in (z[1:, ::2], z.T, z[2], z[:, 1], z[0, 0], z[:0]):
        assert view.real.tolist() == np.real(view.cpu().numpy()).tolist()
        assert weft.view_as_complex(weft.view_as_real(view)).equal(view)
    x = weft.arange(9.0, device=device)
    with pytest.raises(RuntimeError, match="neighbours"):
        weft.view_as_complex(x[1:].reshape(4, 2))
    assert weft.view_as_complex(x[:8].reshape(4, 2)[::2]).tolist() == [1j, 4 + 5j]

    def odd(x):  # a base that starts at an odd place
        whole = (x * 1.0)[1:]
        z = weft.view_as_complex(whole[1:].view(3, 2))
        z *= 1j
        return whole

    y = weft.arange(8.0, dtype=weft.float64, device=device)
    assert odd(y).tolist() == [1, -3, 2, -5, 4, -7, 6]
    assert weft.autograd.gradcheck(odd, y.clone().requires_grad_())


def test_assigning_to_parts(device):
    z = weft.zeros(3, dtype=weft.complex64, device=device)
    z.real = weft.tensor([1.0, 2.0, 3.0])
    z.imag = 5
    assert z.tolist() == [1 + 5j, 2 + 5j, 3 + 5j]
    z.imag[1] = 0
    assert z.tolist() == [1 + 5j, 2, 3 + 5j]


# Programs


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_optimizers_treat_parts_as_real_numbers(device, name):
    options = {"lr": 0.1, **({"momentum": 0.9} if name == "SGD" else {"amsgrad": True})}
    start = weft.randn(3, 2, dtype=weft.complex64, device=device)
    z = start.clone().requires_grad_()
    x = weft.view_as_real(start).clone().requires_grad_()
    one, two = (getattr(weft.optim, name)([p], **options) for p in (z, x))
    for _ in range(5):
        for optimizer, p in ((one, z), (two, x)):
            optimizer.zero_grad()
            q = p if p.is_complex() else weft.view_as_complex(p)
            (q**2 - (1 + 2j)).abs().square().sum().backward()
            optimizer.step()
    assert weft.view_as_real(z).equal(x)
    z.grad = weft.full_like(z, 3 + 4j)
    norm = weft.nn.utils.clip_grad_norm_([z], 1.0)
    np.testing.assert_allclose(norm.item(), 5 * math.sqrt(6), rtol=1e-6)
    np.testing.assert_allclose(z.grad.norm().item(), 1, rtol=1e-5)


def test_a_complex_network(device, tmp_path):
    weft.manual_seed(2)
    model = weft.nn.Sequential(weft.nn.Linear(3, 8), weft.nn.Tanh(), weft.nn.Linear(8, 1)).to(weft.complex64).to(device)
    assert all(p.dtype is weft.complex64 for p in model.parameters())
    x = weft.randn(64, 3, dtype=weft.complex64, device=device)
    y = (x[:, :1] * x[:, 1:2].conj() + 0.5j * x[:, 2:]) * 0.5
    optimizer = weft.optim.Adam(model.parameters(), lr=0.02)

    def step():
        optimizer.zero_grad()
        loss = (model(x) - y).abs().square().mean()
        loss.backward()
        optimizer.step()
        return loss

    first = step().item()
    for _ in range(60):
        last = step().item()
    assert last < 0.6 * first
    weft.save(model.state_dict(), tmp_path / "model.safetensors")
    again = weft.nn.Sequential(weft.nn.Linear(3, 8), weft.nn.Tanh(), weft.nn.Linear(8, 1)).to(weft.complex64).to(device)
    again.load_state_dict(weft.load(tmp_path / "model.safetensors"))
    assert again(x).equal(model(x))
    compiled, eager = weft.jit(step)().item(), step().item()
    assert compiled < first and eager < first


def test_what_is_kept_and_what_is_refused(device):
    z = weft.tensor([1 + 2j, 3], device=device, requires_grad=True)
    with pytest.raises(RuntimeError, match="changed it after"):
        y = z * 1
        w = y * y
        y.real.add_(1)
        w.abs().sum().backward()
    for wrong in (
        lambda: weft.complex(weft.ones(2), weft.ones(2, dtype=weft.float64)),
        lambda: weft.complex(weft.ones(2).half(), weft.ones(2).half()),
        lambda: weft.complex(weft.ones(2).long(), weft.ones(2).long()),
        lambda: weft.complex(weft.ones(2), weft.ones(3)),
        lambda: weft.polar(weft.ones(2), weft.ones(2).double()),
        lambda: weft.view_as_real(weft.ones(2)),
        lambda: weft.view_as_complex(weft.ones(2, dtype=weft.float16)),
        lambda: weft.view_as_complex(weft.tensor(1.0)),
        lambda: z < z,
        lambda: weft.ones(2) < 1j,
        lambda: 1j >= weft.ones(2).long(),
        lambda: weft.maximum(weft.ones(2), weft.tensor(1j)),
        lambda: weft.ones(2).lt_(1j),
        lambda: weft.ones(2).remainder(1j),
        lambda: weft.ones(0) < 1j,
        lambda: weft.jit(lambda x: x < 1j)(weft.ones(2)),
        lambda: weft.nn.functional.mse_loss(z, z),
        lambda: weft.nn.functional.huber_loss(z, z.real),
        lambda: weft.nn.functional.cosine_similarity(z, z, 0),
        lambda: weft.nn.functional.kl_div(z, z),
        lambda: z.sum(dtype=weft.float32),
        lambda: (z * 1).backward(weft.ones(2)),
        lambda: z.real.clone().backward(weft.ones(2) * 1j),
        lambda: z.max(),
        lambda: z.sort(),
        lambda: z // z,
        lambda: z.clamp(0),
        lambda: weft.softmax(z, 0),
        lambda: z & z,
        lambda: z.sign(),
        lambda: weft.nn.functional.relu(z),
        lambda: weft.arange(0, 3, dtype=weft.complex64),
    ):
        with pytest.raises((RuntimeError, TypeError)) as error:
            wrong()
        assert len(str(error.value)) < 400
    assert dtype_name(weft.complex(weft.ones(2), weft.ones(2)).dtype) == "complex64"
    meta = weft.ones(2, dtype=weft.complex64, device="meta")
    assert (meta.exp() @ meta.conj()).dtype is weft.complex64 and meta.abs().shape == (2,)


def test_what_abs_gives_may_be_changed_in_place(w):
    x = w.tensor([3 + 4j, 0.3 + 0.4j], requires_grad=True)
    sizes = x.abs()
    sizes.clamp_(min=1.0)
    sizes.sum().backward()
    assert x.grad[0].item() == pytest.approx(0.6 + 0.8j) and x.grad[1].item() == 0
