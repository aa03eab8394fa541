"""Gradients at kinks, at zero and where values are infinite; in-place steps and repeated indices; by plain numbers."""

import math

import numpy as np
import pytest
from support import to_numpy

INF, NAN = float("inf"), float("nan")


def modes(w):
    """Eager, and under weft.jit."""
    return [lambda f: f, w.jit]


def gradients(w, function, *values, dtype="float32", device="cpu", weight=None):
    """The gradients of the sum of function's result by its arguments."""
    leaves = [w.tensor(v, dtype=getattr(w, dtype), device=device, requires_grad=True) for v in values]
    result = function(*leaves)
    result.backward(w.ones_like(result) if weight is None else weight)
    return [to_numpy(x.grad).astype("float64") for x in leaves]


def check(w, device, function, values, wanted, dtypes=("float32", "float64"), rtol=1e-5):
    values = values if isinstance(values, tuple) else (values,)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for dtype in dtypes:
        for mode in modes(w):
            got = gradients(w, mode(function), *values, dtype=dtype, device=device)
            for a, b in zip(got, wanted, strict=True):
                np.testing.assert_allclose(a, b, rtol=rtol, atol=0, err_msg=dtype)


# Kinks


KINKS = {
    "relu": ([-1.0, 0.0, 1.0, NAN], [0, 0, 1, 1]),
    "relu6": ([-1.0, 0.0, 3.0, 6.0, 7.0, NAN], [0, 0, 1, 0, 0, 1]),
    "hardtanh": ([-2.0, -1.0, 0.0, 1.0, 2.0, NAN], [0, 0, 1, 0, 0, 1]),
    "hardsigmoid": ([-3.0, 0.0, 3.0], [0, 1 / 6, 0]),
    "hardswish": ([-4.0, -3.0, 0.0, 3.0, 4.0, NAN], [0, 0, 0.5, 1, 1, NAN]),
    "softshrink": ([-1.0, -0.5, 0.0, 0.5, 1.0, NAN], [1, 0, 0, 0, 1, 1]),
    "hardshrink": ([-1.0, -0.5, 0.0, 0.5, 1.0], [1, 0, 0, 0, 1]),
    "leaky_relu": ([-1.0, 0.0, 1.0], [0.01, 0.01, 1]),
    "elu": ([-1.0, 0.0, 1.0], [math.exp(-1), 1, 1]),
    "celu": ([-1.0, 0.0, 1.0], [math.exp(-1), 1, 1]),
}


@pytest.mark.parametrize("name", KINKS)
def test_activations_at_their_kinks(w, device, name):
    values, wanted = KINKS[name]
    check(w, device, getattr(w.nn.functional, name), values, wanted)


def test_threshold_at_its_kink(w, device):
    check(w, device, lambda x: w.nn.functional.threshold(x, 1.0, 5.0), [0.0, 1.0, 2.0], [0, 0, 1])


def test_hardtanh_in_place_at_its_kinks(w, device):
    def call(x):
        y = x * 1
        return w.nn.functional.hardtanh(y, -2.0, 0.5, inplace=True)

    check(w, device, call, [-3.0, -2.0, 0.0, 0.5, 1.0], [0, 0, 1, 0, 0])


def test_clamp_passes_the_gradient_on_its_bounds(w, device):
    check(w, device, lambda x: x.clamp(-1, 1), [-2.0, -1.0, 0.0, 1.0, 2.0], [0, 1, 1, 1, 0])


def test_clamp_by_tensors(w, device):
    """On a bound the gradient is the input's; where the bounds cross the upper one is the result."""
    x, low, high = [-2.0, -1.0, 0.0, 1.0, 2.0, 0.0], [-1.0] * 5 + [3.0], [1.0] * 5 + [2.0]
    wanted = ([0, 1, 1, 1, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1])
    check(w, device, lambda x, low, high: x.clamp(low, high), (x, low, high), wanted)
    check(w, device, lambda x, low, high: (x * 1).clamp_(low, high), (x, low, high), wanted)


@pytest.mark.parametrize("name", ["clamp_min_", "clamp_max_", "clamp_", "maximum_", "atan2_", "hypot_", "copysign_"])
def test_in_place_by_a_tensor_that_alone_requires_grad(w, device, name):
    if not hasattr(w.Tensor, name):
        pytest.skip("there is no such method")
    values, bound = [2.0, 0.5, -3.0], [1.0, 1.0, 1.0]

    def gradient(call):
        b = w.tensor(bound, device=device, requires_grad=True)
        call(w.tensor(values, device=device) * 1, b).sum().backward()
        return to_numpy(b.grad)

    changed = gradient(lambda x, b: getattr(x, name)(b))
    np.testing.assert_array_equal(changed, gradient(lambda x, b: getattr(x, name[:-1])(b)))


def test_abs_and_sign_at_zero(w, device):
    check(w, device, w.abs, [-2.0, 0.0, 2.0], [-1, 0, 1])
    check(w, device, w.sign, [-2.0, 0.0, 2.0], [0, 0, 0])


def test_maximum_of_equal_and_nan(w, device):
    values = ([1.0, 2.0, 3.0, NAN, 1.0], [2.0, 2.0, 2.0, 1.0, NAN])
    check(w, device, w.maximum, values, ([0, 0.5, 1, 1, 1], [1, 0.5, 0, 1, 1]))
    check(w, device, w.minimum, values, ([1, 0.5, 0, 1, 1], [0, 0.5, 1, 1, 1]))


# Zero


def test_atan2_at_the_origin(w, device):
    check(w, device, w.atan2, ([0.0, 0.0], [0.0, -0.0]), ([0, 0], [0, 0]))


def test_atan2_of_huge_and_tiny_numbers(w, device):
    """The squares of neither are representable."""
    check(w, device, w.atan2, ([1e-30, 1e30], [1e-30, 1e30]), ([5e29, 5e-31], [-5e29, -5e-31]))


def test_hypot_at_the_origin(w, device):
    check(w, device, w.hypot, ([0.0, 3.0], [0.0, 4.0]), ([0, 0.6], [0, 0.8]))


def test_powers_of_zero(w, device):
    for exponent in (0, 0.0):
        check(w, device, lambda x, e=exponent: x**e, [0.0, 2.0, INF], [0, 0, 0])
    check(w, device, lambda x: x**1, [0.0], [1])
    check(w, device, lambda x: x**2, [0.0], [0])
    check(w, device, lambda x: x**0.5, [0.0], [INF])
    check(w, device, w.pow, ([0.0, 0.0, 2.0], [0.0, 2.0, 0.0]), ([0, 0, 0], [0, 0, math.log(2)]))


def test_sqrt_and_norms_at_zero(w, device):
    check(w, device, w.sqrt, [0.0], [INF])
    for p in (-2, -0.5, 0, 0.5, 1, 1.5, 2, 3, INF):
        check(w, device, lambda x, p=p: w.linalg.vector_norm(x, p), [0.0, 0.0], [0, 0])
        beside = [0.0, 0.0 if p <= 0 else 1.0]
        check(w, device, lambda x, p=p: w.linalg.vector_norm(x, p), [0.0, 2.0], beside)
        check(w, device, lambda x, p=p: w.linalg.vector_norm(x, p, 0), [[0.0, 3.0]], [[0.0, float(p != 0)]])


def test_cat_gives_an_empty_vector_its_gradient(w, device):
    join = lambda a, b: w.cat([a, b, a], 1)  # noqa: E731
    check(w, device, join, ([], [[1.0, 2.0]]), ([], [[1, 1]]))


def test_rounding_to_decimals_has_zero_gradients(w, device):
    for decimals in (-400, -1, 3, 400):
        check(w, device, lambda x, d=decimals: w.round(x, decimals=d), [NAN, INF, -INF, 1.25], [0, 0, 0, 0])
        x = w.tensor([1.25]).to(device)
        w.round(x, decimals=decimals).zero_()
        assert x.item() == 1.25


def test_logit_at_its_ends(w, device):
    check(w, device, w.logit, [0.0, 0.5, 1.0], [INF, 4, INF])


@pytest.mark.parametrize("mode", ["floor", "trunc"])
def test_rounded_quotients_have_zero_gradients(w, device, mode):
    a, b = [7.0, -7.0], [2.0, 2.0]
    check(w, device, lambda a, b: w.div(a, b, rounding_mode=mode), (a, b), ([0, 0], [0, 0]))
    check(w, device, lambda a, b: (a * 1).div_(b, rounding_mode=mode), (a, b), ([0, 0], [0, 0]))
    check(w, device, lambda a: a.div(2, rounding_mode=mode), [7.0, INF], [0, 0])
    x = w.tensor(a, device=device, requires_grad=True)
    assert not w.floor_divide(x, 2).requires_grad


PRODUCTS = ([2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [0.0, 0.0, 4.0], [0.0, 0.0, 0.0])


def product_without(x, *left_out):
    return math.prod(v for k, v in enumerate(x) if k not in left_out)


@pytest.mark.parametrize("x", PRODUCTS)
@pytest.mark.parametrize("form", ["prod", "prod of dims", "cumprod", "scatter_reduce"])
def test_products_with_zeros(w, device, x, form):
    """First and second derivatives."""
    calls = {
        "prod": lambda t: t.prod(),
        "prod of dims": lambda t: t.reshape(1, 3, 1).prod(1).sum(),
        "cumprod": lambda t: t.cumprod(0)[-1],
        "scatter_reduce": lambda t: (
            w.ones(1, dtype=t.dtype, device=device)
            .scatter_reduce(0, w.zeros(3, dtype=w.int64, device=device), t, "prod")
            .sum()
        ),
    }
    leaf = w.tensor(x, dtype=w.float64, device=device, requires_grad=True)
    (first,) = w.autograd.grad(calls[form](leaf), leaf, create_graph=True)
    np.testing.assert_allclose(to_numpy(first.detach()), [product_without(x, i) for i in range(3)])
    for i in range(3):
        (row,) = w.autograd.grad(first[i], leaf, retain_graph=True, allow_unused=True)
        wanted = [0 if i == j else product_without(x, i, j) for j in range(3)]
        np.testing.assert_allclose(0 if row is None else to_numpy(row), wanted)


def test_scatter_reduce_twice(w, device):
    x = w.tensor([1.5], dtype=w.float64, device=device, requires_grad=True)
    b = w.tensor([0.5, 3.0], dtype=w.float64, device=device, requires_grad=True)
    y = (x * 1).scatter_reduce_(0, w.tensor([0, 0], device=device), b, "prod")
    (g,) = w.autograd.grad(y.pow(2).sum(), x, create_graph=True)  # 2 x (b0 b1)^2
    (h,) = w.autograd.grad(g.sum(), b)
    assert h.tolist() == [27, 4.5]


def test_scatter_that_multiplies(w, device):
    index = w.tensor([0, 0, 1], device=device)

    def call(x, b):
        return x.scatter(0, index, b, reduce="multiply")

    def changed(x, b):
        return (x * 1).scatter_(0, index, b, reduce="multiply")

    for form in (call, changed):
        check(w, device, form, ([2.0, 3.0], [5.0, 7.0, 0.0]), ([35, 0], [14, 10, 3]))


def test_extremes_share_ties(w, device):
    check(w, device, lambda x: x.amax(), [2.0, 1.0, 2.0], [0.5, 0, 0.5])
    check(w, device, lambda x: x.amin(), [2.0, 1.0, 1.0], [0, 0.5, 0.5])
    check(w, device, lambda x: x.max(), [2.0, 1.0, 2.0], [0.5, 0, 0.5])
    check(w, device, lambda x: x.max(0).values, [2.0, 1.0, 2.0], [1, 0, 0])


# Sums of exponentials


def test_logsumexp_of_nothing_but_minus_infinity(w, device):
    x = [[-INF, -INF], [0.0, -INF]]
    check(w, device, lambda x: x.logsumexp(1).exp(), x, [[0, 0], [1, 0]])
    check(w, device, lambda x: x.logsumexp((0, 1)), [[-INF, -INF]], [[0, 0]])
    assert w.tensor(x, device=device).logsumexp(1).tolist() == [-INF, 0.0]


def test_logsumexp_of_nothing_but_minus_infinity_twice(w, device):
    x = w.tensor([[-INF, -INF], [0.0, 0.0]], device=device, requires_grad=True)
    (g,) = w.autograd.grad(x.logsumexp(1).sum(), x, create_graph=True)
    (h,) = w.autograd.grad((g * g).sum(), x)
    assert h.tolist() == [[0, 0], [0, 0]]


def test_logaddexp_with_infinities(w, device):
    a, b = [-INF, -INF, 1.0, INF, 1.0], [-INF, 1.0, -INF, 1.0, INF]
    check(w, device, w.logaddexp, (a, b), ([0, 0, 1, 1, 0], [0, 1, 0, 0, 1]))


def test_logaddexp_of_large_numbers(w, device):
    """The shares follow from the difference, which is exact where the sum is rounded."""
    share = 1 / (1 + math.exp(-0.5))
    check(w, device, w.logaddexp, ([1e4 + 0.5], [1e4]), ([share], [1 - share]))


def test_softmax_of_nothing_but_minus_infinity(w, device):
    for function in (w.softmax, w.log_softmax):
        assert function(w.full((2,), -INF, device=device), 0).isnan().all()


# Losses

FAR = 2.0611536181902037e-09  # log(1 + exp(-20)), and the sigmoid of -20 to nine digits


@pytest.mark.parametrize("x, target, sign", [(20.0, 1.0, -1), (-20.0, 0.0, 1)])
def test_cross_entropy_of_confident_logits(w, device, x, target, sign):
    functional = w.nn.functional

    def call(v):
        return functional.binary_cross_entropy_with_logits(v, w.full_like(v, target))

    def weighted(v):
        return functional.binary_cross_entropy_with_logits(v, w.full_like(v, target), pos_weight=w.ones_like(v))

    def soft(v):
        return functional.soft_margin_loss(v, w.full_like(v, 2 * target - 1))

    def multilabel(v):
        return functional.multilabel_soft_margin_loss(v, w.full_like(v, target))

    for function in (call, weighted, soft, multilabel):
        check(w, device, function, [x], [sign * FAR])
        for mode in modes(w):
            np.testing.assert_allclose(mode(function)(w.tensor([x], device=device)).item(), FAR, rtol=1e-5)


def test_binary_cross_entropy_of_certainties(w, device):
    functional = w.nn.functional
    target = w.tensor([1.0, 0.0], device=device)

    def right(x):
        return functional.binary_cross_entropy(x.sigmoid(), target.to(x.dtype), reduction="sum")

    def wrong(p):
        return functional.binary_cross_entropy(p, target.to(p.dtype), reduction="sum")

    check(w, device, right, [17.0, -200.0], [0, 0], ("float32",))  # whose sigmoid is exactly 1 and 0
    check(w, device, wrong, [0.0, 1.0], [-1e12, 1e12])
    for half in (w.float16, w.bfloat16):
        p = w.tensor([0.0, 1.0], device=device, dtype=half, requires_grad=True)
        assert functional.binary_cross_entropy(p, target.to(half), reduction="none").tolist() == [100, 100]
        functional.binary_cross_entropy(p, target.flip(0).to(half)).backward()
        assert p.grad.isfinite().all()


def test_binary_cross_entropy_of_tiny_probabilities(w, device):
    """log(1 - p) keeps p."""
    loss = w.nn.functional.binary_cross_entropy(w.tensor([1e-12], device=device), w.tensor([0.0], device=device))
    np.testing.assert_allclose(loss.item(), 1e-12, rtol=1e-5)


def test_binary_cross_entropy_gradient_of_the_target(w, device):
    p = w.tensor([0.25], device=device)
    check(w, device, lambda t: w.nn.functional.binary_cross_entropy(p.to(t.dtype), t), [0.5], [math.log(3)])


# Repeated indices


def overwritten(w):
    index = [0, 2, 0, 0]
    yield "scatter", lambda v: w.zeros(3, dtype=v.dtype).scatter(0, w.tensor(index), v), [0, 1, 0, 1]
    yield "scatter_", lambda v: w.zeros(3, dtype=v.dtype).scatter_(0, w.tensor(index), v), [0, 1, 0, 1]
    yield "index_put", lambda v: w.zeros(3, dtype=v.dtype).index_put((w.tensor(index),), v), [0, 1, 0, 1]
    yield "index_copy", lambda v: w.zeros(3, dtype=v.dtype).index_copy(0, w.tensor(index), v), [0, 1, 0, 1]
    yield "accumulated", lambda v: w.zeros(3, dtype=v.dtype).index_put((w.tensor(index),), v, True), [1, 1, 1, 1]

    def assigned(v):
        x = w.zeros(3, dtype=v.dtype)
        x[w.tensor(index)] = v
        return x

    def negative(v):
        x = w.zeros(3, dtype=v.dtype)
        x[w.tensor([0, 2, -3, 0])] = v
        return x

    def masked(v):
        x = w.zeros(2, 4, dtype=v.dtype)
        x[w.tensor([True, False])] = v
        return x

    def both(v):
        x = w.zeros(2, 3, dtype=v.dtype)
        x[w.tensor([1, 0, 1, 1]), w.tensor([2, 2, 2, 0])] = v
        return x

    def around(v):
        x = w.zeros(2, 3, 2, dtype=v.dtype)
        x[:, w.tensor([1, 2, 1])] = v.reshape(2, 1, 2).expand(2, 3, 2)
        return x

    def one(v):
        x = w.zeros(3, dtype=v.dtype)
        x[w.tensor([1, 1, 2])] = v[0]
        return x

    yield "assigned", assigned, [0, 1, 0, 1]
    yield "negative", negative, [0, 1, 0, 1]
    yield "masked", masked, [1, 1, 1, 1]
    yield "both", both, [0, 1, 1, 1]
    yield "around", around, [2, 2, 2, 2]
    yield "one", one, [2, 0, 0, 0]


def test_what_is_overwritten_has_no_gradient(w):
    for name, call, wanted in overwritten(w):
        for mode in modes(w):
            (got,) = gradients(w, mode(call), [3.0, 5.0, 7.0, 9.0])
            assert got.tolist() == wanted, name


def test_what_is_overwritten_along_a_dimension(w, device):
    index = w.tensor([[0, 1, 0], [1, 1, 1]], device=device)
    v = w.arange(6.0, device=device).reshape(2, 3).requires_grad_(True)
    y = w.zeros(2, 2, device=device).scatter(1, index, v)
    assert y.tolist() == [[2, 1], [0, 5]]
    y.sum().backward()
    assert v.grad.tolist() == [[0, 1, 1], [0, 0, 1]]


# Views of expanded tensors


def test_unfold_of_an_expanded_tensor(w, device):
    for mode in modes(w):
        x = w.arange(4.0, device=device).reshape(4, 1).requires_grad_(True)
        mode(lambda x: x.expand(4, 3).unfold(1, 2, 1).sum())(x).backward()
        assert x.grad.flatten().tolist() == [4.0] * 4


def test_unfold_twice(w, device):
    x = w.arange(5.0, dtype=w.float64, device=device).requires_grad_(True)
    (g,) = w.autograd.grad((x.unfold(0, 3, 1) ** 3).sum(), x, create_graph=True)
    (h,) = w.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(to_numpy(h), 6 * np.arange(5.0) * [1, 2, 3, 2, 1])


def test_as_strided_of_an_expanded_tensor(w, device):
    for mode in modes(w):
        x = w.tensor([3.0, 4.0], device=device, requires_grad=True)
        mode(lambda x: x[None].expand(3, 2).as_strided((2, 2), (0, 1)).sum())(x).backward()
        assert x.grad.tolist() == [2, 2]


def test_as_strided_of_overlapping_windows(w, device):
    """Windows of windows: elements that lie on one place share its gradient."""
    x = w.arange(4.0, device=device).requires_grad_(True)
    windows = x.as_strided((3, 2), (1, 1))  # 0 1, 1 2, 2 3
    windows.as_strided((4,), (1,)).sum().backward()
    assert x.grad.tolist() == [1, 1, 1, 1]


# Convolutions and products


def test_transposed_convolution_with_output_padding(w, device):
    """Where output_padding is a stride or more the gradient has the input's shape."""
    rng = np.random.default_rng(0)
    for stride, padding, output_padding, dilation in [
        ((3, 2), (1, 2), (2, 3), 4),
        (2, 0, 3, 4),
        ((1, 2), (3, 0), (1, 1), 2),
    ]:
        x = w.tensor(rng.uniform(size=(2, 2, 4, 4)), device=device, requires_grad=True)
        weight = w.tensor(rng.uniform(size=(2, 2, 4, 5)), device=device, requires_grad=True)

        def call(x, weight, options=(stride, padding, output_padding, 2, dilation)):
            return w.nn.functional.conv_transpose2d(x, weight, None, *options)

        y = call(x, weight)
        v = w.tensor(rng.uniform(size=tuple(y.shape)), device=device)
        (y * v).sum().backward()
        # Linear in both: <gradient, argument> = <v, y>
        total = (y * v).sum().item()
        for leaf in (x, weight):
            assert leaf.grad.shape == leaf.shape
            np.testing.assert_allclose((leaf.grad * leaf).sum().item(), total, rtol=1e-10)


def test_products_without_columns(w, device):
    a, b = w.ones(3, 4, 4, device=device), w.zeros(4, 0, device=device, requires_grad=True)
    (a @ b).sum().backward()
    assert b.grad.shape == (4, 0)
    weight = w.zeros(5, 0, device=device, requires_grad=True)
    w.nn.functional.linear(w.ones(2, 3, 0, device=device), weight).sum().backward()
    assert weight.grad.shape == (5, 0)


# In-place steps


def test_in_place_by_itself(w, device):
    check(w, device, lambda x: (x * 1).mul_(x), [3.0], [6])

    def squared(x):
        y = x * 1
        return y.mul_(y)

    def shifted(x):
        y = x * 1
        y[:2].mul_(y[1:])
        return y

    check(w, device, squared, [3.0, 4.0], [6, 8])
    check(w, device, shifted, [3.0, 4.0, 5.0], [4, 8, 5])


def test_double_backward_through_a_changed_view(w, device):
    x = w.tensor([[0.5, -1.0, 2.0]], dtype=w.float64, device=device, requires_grad=True)
    y = x * 1.5
    y.t().sigmoid_()
    (g,) = w.autograd.grad(y.sum() + y.pow(2).sum(), x, create_graph=True)
    (h,) = w.autograd.grad((g * g).sum(), x)
    s = 1 / (1 + np.exp(-1.5 * to_numpy(x.detach())))
    ds, dds = s * (1 - s), s * (1 - s) * (1 - 2 * s)
    first = 1.5 * ds * (1 + 2 * s)
    np.testing.assert_allclose(to_numpy(g.detach()), first)
    np.testing.assert_allclose(to_numpy(h), 2 * first * 2.25 * (dds * (1 + 2 * s) + 2 * ds * ds))


def test_cumprod_in_place(w, device):
    check(w, device, lambda x: (x * 1).cumprod_(0), [2.0, 0.0, 4.0], [1, 10, 0])


def test_in_place_after_a_backward_hook_names_the_hook(w):
    model = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.ReLU(inplace=True))
    model[0].register_full_backward_hook(lambda *args: None)
    with pytest.raises(RuntimeError, match="hook"):
        model(w.ones(1, 2))


def test_a_refused_in_place_step_changes_nothing(w):
    with w.no_grad():
        view = w.ones(2, 2)[0]
    leaf = w.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="no_grad"):
        view.mul_(leaf * 3)
    assert view.tolist() == [1, 1]


def test_indices_of_nothing(w):
    """Where nothing is put, indices are not looked at: backward as forward."""
    x, v = w.zeros(0, 3, 6, requires_grad=True), w.zeros(0, 3, 6, requires_grad=True)
    y = x * 1
    y[:, w.tensor([4, 0, 4])] = v
    y.sum().backward()
    assert tuple(x.grad.shape) == tuple(v.grad.shape) == (0, 3, 6)


MEDIANS = [
    ([1.0, 1.0, 1.0], [1 / 3, 1 / 3, 1 / 3]),
    ([[0.0, 1.0], [1.0, 2.0]], [[0, 0.5], [0.5, 0]]),
    ([0.0, -0.0, 5.0], [0.5, 0.5, 0]),
    ([1.0, NAN, 2.0, NAN], [0, 0.5, 0, 0.5]),
    ([3.0, 1.0, 2.0], [0, 0, 1]),
    (4.0, 1),
    ([], []),
]


@pytest.mark.parametrize("values,wanted", MEDIANS, ids=str)
def test_a_median_of_all_elements_shares_its_gradient_among_equals(w, device, values, wanted):
    check(w, device, lambda x: x.median(), np.array(values), np.array(wanted))


def test_a_median_along_a_dim_belongs_to_one_element(w, device):
    check(w, device, lambda x: x.median(0).values, [1.0, 1.0, 1.0], [0, 1, 0])
    check(w, device, lambda x: x.median(0).values, [1.0, NAN, 2.0, NAN], [0, 1, 0, 0])
    x = w.tensor([[1.0, NAN, 2.0, NAN], [3.0, 1.0, 0.0, 2.0]], device=device)
    assert x.median(1).indices.tolist() == [1, 1]


def test_second_derivatives_of_a_median(w):
    x = w.tensor([1.0, 2.0, 2.0, 3.0], dtype=w.float64, requires_grad=True)
    (g,) = w.autograd.grad((x * x).median(), x, create_graph=True)
    assert g.tolist() == [0, 2, 2, 0]
    assert w.autograd.grad(g.sum(), x)[0].tolist() == [0, 1, 1, 0]
