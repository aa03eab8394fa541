"""Row fusion: norms, softmaxes and losses written by hand are one step of a compiled graph, with the bits of eager."""

import numpy as np
import pytest
from support import assert_same, tensors_in, weft_only

pytestmark = weft_only


def softmax(w, dim, x):
    e = w.exp(x - x.amax(dim, keepdim=True))
    return e / e.sum(dim, keepdim=True)


def log_softmax(w, dim, x):
    return x - w.logsumexp(x, dim, keepdim=True)


def softmax_of_scores(w, dim, x, mask):
    """With a mask that is the same for all but the last dimensions, and a row's largest value from max."""
    x = w.where(mask > -1, x * 0.125, float("-inf"))
    top = x.amax(dim, keepdim=True).detach()
    e = w.exp(x - w.where(top == float("-inf"), 0.0, top))
    return e / (e.sum(dim, keepdim=True) + 1e-6)


def layer_norm(w, dim, x, weight, bias):
    y = x - x.mean(dim, keepdim=True)
    return y * w.rsqrt((y * y).mean(dim, keepdim=True) + 1e-5) * weight + bias


def layer_norm_by_var(w, dim, x, weight, bias):
    centred = x - x.mean(dim, keepdim=True)
    return centred / w.sqrt(x.var(dim, correction=0, keepdim=True) + 1e-5) * weight + bias


def layer_norm_by_squares(w, dim, x, weight, bias):
    """E[x^2] - E[x]^2, without keepdim."""
    back = dim if isinstance(dim, tuple) else (dim,)
    mean, square = x.mean(dim), (x * x).mean(dim)
    scale = w.rsqrt(square - mean * mean + 1e-3)
    for _ in back:
        mean, scale = mean.unsqueeze(-1), scale.unsqueeze(-1)
    return (x - mean) * scale * weight + bias


def standardize(w, dim, x):
    return (x - x.mean(dim, keepdim=True)) / (x.std(dim, keepdim=True) + 1e-6)


def rms_norm(w, dim, x, weight):
    return x * w.rsqrt((x * x).mean(dim, keepdim=True) + 1e-6) * weight


def cross_entropy(w, dim, x, target):
    return -(target * (x - w.logsumexp(x, dim, keepdim=True))).sum(dim).mean()


def cross_entropy_by_hand(w, dim, x, target):
    shifted = x - x.amax(dim, keepdim=True).detach()
    return (w.log(w.exp(shifted).sum(dim)) - (target * shifted).sum(dim)).sum()


def divergence(w, dim, x, y):
    p, q = x - w.logsumexp(x, dim, keepdim=True), y - w.logsumexp(y, dim, keepdim=True)
    return (w.exp(p) * (p - q)).sum(dim).mean()


def cosine_similarity(w, dim, x, y):
    return (x * y).sum(dim) / (w.sqrt((x * x).sum(dim)) * w.sqrt((y * y).sum(dim)) + 1e-6)


# Function: what it takes beside x: a tensor like x ("x") or one row ("row").
PATTERNS = {
    softmax: [],
    log_softmax: [],
    softmax_of_scores: ["mask"],
    layer_norm: ["row", "row"],
    layer_norm_by_var: ["row", "row"],
    layer_norm_by_squares: ["row", "row"],
    standardize: [],
    rms_norm: ["row"],
    cross_entropy: ["x"],
    cross_entropy_by_hand: ["x"],
    divergence: ["x"],
    cosine_similarity: ["x"],
}
DTYPES = ("float32", "float64", "bfloat16")


def operands(w, pattern, shape, dim, dtype, wild=False):
    rng = np.random.default_rng(1)
    rows = len(shape) - (len(dim) if isinstance(dim, tuple) else 1)
    shapes = {"x": shape, "row": shape[rows:], "mask": shape[max(rows - 1, 1) :]}
    values = [rng.normal(size=shapes[kind]) for kind in ["x", *PATTERNS[pattern]]]
    if wild:
        flat = values[0].reshape(-1)
        flat[:: max(flat.size // 7, 1)] = np.inf
        flat[1 :: max(flat.size // 5, 1)] = -np.inf
        flat[2 :: max(flat.size // 3, 1)] = np.nan
    return [w.tensor(v).to(getattr(w, dtype)) for v in values]


def forward_and_gradient(w, pattern, dim):
    def both(*tensors):
        y = pattern(w, dim, *tensors)
        weight = w.linspace(-1, 2, y.numel(), device=y.device).reshape(y.shape).to(y.dtype)
        return y, w.autograd.grad((y * weight).sum(), tensors, materialize_grads=True)

    return both


def check(w, function, args):
    """Compiles the function and compares all of its results with those of eager computing, bit by bit."""
    compiled = w.jit(function)
    pairs = zip(tensors_in(function(*args)), tensors_in(compiled(*args)), strict=True)
    for number, (eager, result) in enumerate(pairs):
        assert_same(result, eager, f"result {number}")
    return compiled


def steps(compiled):
    return compiled.compiled[-1].num_steps(False)


def groups(compiled):
    return str(compiled.graph()).count("rows[")


@pytest.fixture(params=[1, 2])
def threads(w, request):
    before = w.get_num_threads()
    w.set_num_threads(request.param)
    yield request.param
    w.set_num_threads(before)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.__name__)
def test_rows_along_the_last_dimension(w, threads, pattern, dtype):
    for shape in [(7000, 77), (520, 1031), (65, 64, 129)]:
        args = operands(w, pattern, shape, -1, dtype)
        assert groups(check(w, lambda *a: pattern(w, -1, *a), args)) == 1
        for a in args:
            a.requires_grad_()
        assert groups(check(w, forward_and_gradient(w, pattern, -1), args)) >= 1


@pytest.mark.parametrize("pattern", [p for p in PATTERNS if p is not softmax_of_scores], ids=lambda p: p.__name__)
def test_rows_along_the_last_two_dimensions(w, pattern):
    for shape in [(400, 21, 33), (12, 20, 9, 130)]:
        args = operands(w, pattern, shape, (-2, -1), "float32")
        assert groups(check(w, lambda *a: pattern(w, (-2, -1), *a), args)) == 1
        for a in args:
            a.requires_grad_()
        assert groups(check(w, forward_and_gradient(w, pattern, (-2, -1)), args)) >= 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.__name__)
def test_infinities_and_nan(w, pattern, dtype):
    args = operands(w, pattern, (4100, 131), -1, dtype, wild=True)
    assert groups(check(w, lambda *a: pattern(w, -1, *a), args)) == 1
    for a in args:
        a.requires_grad_()
    check(w, forward_and_gradient(w, pattern, -1), args)


@pytest.mark.parametrize(
    "shape", [(0, 64), (1, 64), (2, 3), (70, 1), (20000, 15), (40, 65535), (40, 65536), (3, 99999)]
)
@pytest.mark.parametrize("pattern", [softmax, layer_norm, cross_entropy], ids=lambda p: p.__name__)
def test_rows_of_any_length_and_number(w, threads, pattern, shape):
    args = operands(w, pattern, shape, -1, "float32")
    check(w, lambda *a: pattern(w, -1, *a), args)
    for a in args:
        a.requires_grad_()
    check(w, forward_and_gradient(w, pattern, -1), args)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.__name__)
def test_a_gradient_outside_of_the_function(w, pattern):
    """Forward and backward are graphs of their own, and what is kept between them goes to memory."""
    args = operands(w, pattern, (1000, 300), -1, "float32")
    results = []
    for f in (pattern, w.jit(lambda *a: pattern(w, -1, *a))):
        leaves = [a.detach().clone().requires_grad_() for a in args]
        y = f(*leaves) if f is not pattern else f(w, -1, *leaves)
        results.append([y, *w.autograd.grad((y * y).sum(), leaves, materialize_grads=True)])
    for one, two in zip(*results, strict=True):
        assert_same(two, one)


def test_losses_that_pick_one_element_of_a_row(w):
    x, target = w.randn(3000, 99).requires_grad_(), w.randint(0, 99, (3000,))

    def picked(x, target):
        shifted = x - x.amax(-1, keepdim=True)
        logs = shifted - w.log(w.exp(shifted).sum(-1, keepdim=True))
        loss = -logs.gather(-1, target.unsqueeze(-1)).mean()
        return loss, w.autograd.grad(loss, [x])

    assert groups(check(w, picked, (x, target))) >= 1


def test_fewer_steps_and_less_memory(w, monkeypatch):
    for pattern, most in [(softmax, 1), (log_softmax, 1), (layer_norm, 1), (layer_norm_by_var, 1), (rms_norm, 1)]:
        args = operands(w, pattern, (1024, 300), -1, "float32")
        fused, apart = (w.jit(lambda *a, p=pattern: p(w, -1, *a)) for _ in range(2))
        fused(*args)
        monkeypatch.setenv("WEFT_JIT_PASSES", "-row_fusion")
        apart(*args)
        monkeypatch.delenv("WEFT_JIT_PASSES")
        assert steps(fused) == most < steps(apart)
        result = 1024 * 300 * 4
        assert result <= fused.graph().peak_bytes < apart.graph().peak_bytes


def test_results_larger_than_the_caches(w, threads):
    x, weight, bias = operands(w, layer_norm, (8300, 1031), -1, "float32")
    assert groups(check(w, lambda *a: (layer_norm(w, -1, *a), softmax(w, -1, a[0])), (x, weight, bias))) == 2


def test_small_tensors_are_left_alone(w):
    assert groups(check(w, lambda x: softmax(w, -1, x), (w.randn(64, 64),))) == 0


def test_what_is_not_row_by_row_stays_apart(w):
    x = w.randn(600, 600)

    def mixed(x):
        down = x - x.mean(0)  # columns
        total = w.exp(x - x.amax(-1, keepdim=True)).sum()  # of all rows
        turned = x * x.mean(-1)  # means of rows, read along columns
        return down, total, turned, x / x.sum(-1, keepdim=True).flip(0)

    check(w, mixed, (x,))


def test_other_readers_of_what_is_handed_on(w):
    """Values and views of values inside a group are results, are read by other steps and change tensors in place."""
    x, state = w.randn(1500, 200), w.zeros(1500)

    def tapped(x):
        top = x.amax(-1)
        e = w.exp(x - top.unsqueeze(-1))
        total = e.sum(-1, keepdim=True)
        state.copy_(top)
        return e / total, top, total.squeeze(-1), e.t(), e @ x.t(), x.argmax(-1), x.max(-1)

    compiled = check(w, tapped, (x,))
    assert groups(compiled) >= 1
    assert_same(state, x.amax(-1))


def test_results_may_take_the_place_of_operands(w):
    """Inside of a graph the softmax of a product is written over the product."""

    def attention(q, k, v):
        return softmax(w, -1, q @ k.t() * 0.1) @ v

    q, k, v = w.randn(1100, 16), w.randn(300, 16), w.randn(300, 16)
    compiled = check(w, attention, (q, k, v))
    assert groups(compiled) == 1
    assert compiled.graph().peak_bytes < 1.8 * (1100 * 300 * 4)

    def in_place(x):
        y = x - x.mean(-1, keepdim=True)
        x.copy_(y / w.sqrt((y * y).mean(-1, keepdim=True)))

    one = w.randn(3000, 100)
    two = one.clone()
    in_place(one)
    w.jit(in_place)(two)
    assert_same(two, one)


def test_sizes_that_vary(w):
    f = w.jit(lambda x: softmax(w, -1, x), dynamic_dims=0)
    for rows in (40, 1500, 1200, 33, 1, 1000):
        x = w.randn(rows, 321)
        assert_same(f(x), softmax(w, -1, x))


def test_inside_a_loop(w):
    x = w.randn(700, 400)
    loop = w.jit(lambda x: w.scan(lambda s, r: (softmax(w, -1, s + r), s.sum()), x, w.stack([x, x, x])))
    eager = w.scan(lambda s, r: (softmax(w, -1, s + r), s.sum()), x, w.stack([x, x, x]))
    for one, two in zip(eager, loop(x), strict=True):
        assert_same(two, one)


def test_on_a_device(w, device):
    rows = 900 if device == "cpu" else 40
    for pattern in PATTERNS:
        args = [a.to(device).requires_grad_() for a in operands(w, pattern, (rows, 330), -1, "float32")]
        compiled = check(w, forward_and_gradient(w, pattern, -1), args)
        assert (groups(compiled) > 0) == (device == "cpu")
