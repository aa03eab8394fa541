"""flex_attention's kernel beside its composite: the programs that score_mod and mask_mod are compiled to."""

import itertools
import math
import random
import re

import numpy as np
import pytest
import weft
from support import assert_same, to_numpy, weft_only
from weft.nn.attention import SDPBackend, flex_attention, sdpa_kernel
from weft.nn.attention.flex_attention import BlockMask, create_block_mask

pytestmark = weft_only
attend = flex_attention.flex_attention


class Counted:
    """How often the kernel, or else the composite, was taken."""

    def __init__(self, monkeypatch):
        self.kernel = self.composite = 0
        fused = flex_attention._fused

        def counting(*args):
            result = fused(*args)
            if result is None:
                self.composite += 1
            else:
                self.kernel += 1
            return result

        monkeypatch.setattr(flex_attention, "_fused", counting)


@pytest.fixture
def taken(monkeypatch):
    return Counted(monkeypatch)


def operands(*shapes, dtype=weft.float64, seed=0, grad=True):
    rng = np.random.default_rng(seed)
    return [weft.tensor(rng.standard_normal(s)).to(dtype).requires_grad_(grad) for s in shapes]


def results(leaves, *args, **options):
    """Output, lse and their gradients, with weights that come from a seed."""
    y, lse = attend(*leaves[:3], *args, return_lse=True, **options)
    seen = lse != -math.inf
    rng = np.random.default_rng(1)
    g, h = (weft.tensor(rng.standard_normal(x.shape)).to(x.dtype) for x in (y, lse))
    grads = weft.autograd.grad((y * g).sum() + (lse.masked_fill(~seen, 0.0) * h).sum(), leaves, allow_unused=True)
    return [y, lse, *(weft.zeros_like(leaf) if x is None else x for x, leaf in zip(grads, leaves, strict=True))]


def compare(leaves, *args, tolerance=1e-10, **options):
    kernel = results(leaves, *args, **options)
    with sdpa_kernel(SDPBackend.MATH):
        composite = results(leaves, *args, **options)
    for one, two in zip(kernel, composite, strict=True):
        assert one.dtype == two.dtype
        np.testing.assert_allclose(
            to_numpy(one.double().detach()), to_numpy(two.double().detach()), rtol=tolerance, atol=tolerance
        )


TABLE = weft.tensor(np.random.default_rng(3).standard_normal(1000))
DOCUMENTS = weft.arange(400) // 70
SCORES = {
    "none": None,
    "soft cap": lambda s, b, h, i, j: weft.tanh(s / 3) * 3,
    "distance": lambda s, b, h, i, j: s + (j - i) * 0.01 * (h + 1),
    "relative bias": lambda s, b, h, i, j: s + TABLE[i - j + 400],
    "bias of keys": lambda s, b, h, i, j: s * TABLE[j] + TABLE[i * 2],
    "window": lambda s, b, h, i, j: weft.where((i - j).abs() < 30, s, -math.inf),
    "divisions": lambda s, b, h, i, j: s * (1 + ((i // 7) % 3) * 0.1) + (j % 5) / 7 + (i // 4) * 0.01,
    "bools": lambda s, b, h, i, j: s + ((i >= j) & ~(b == 1) | (h > 0)).double(),
    "half": lambda s, b, h, i, j: s + (i * 0.3).half() * 0.1,
    "no score": lambda s, b, h, i, j: (i - j) * 0.01 + TABLE[h],
    "clamped": lambda s, b, h, i, j: s + (i - j).clamp(-20, 20) + weft.maximum(i, j).double() / 100,
    "filled": lambda s, b, h, i, j: s.masked_fill(i < j, -1.5),
    "shifted": lambda s, b, h, i, j: (s * 2 - 1).exp().log1p(),
    "place": lambda s, b, h, i, j: j.double(),
}
MASKS = {
    "none": None,
    "causal": lambda b, h, i, j: i >= j,
    "documents": lambda b, h, i, j: (DOCUMENTS[i] == DOCUMENTS[j]) & (i >= j),
    "by batch and head": lambda b, h, i, j: (i - j < 90 + 40 * h) & (j - i < 60 * (b + 1)),
    "some see nothing": lambda b, h, i, j: (i % 3 != 0) & (j > 140),
}


@pytest.mark.filterwarnings("ignore:vmap")  # of the composite
@pytest.mark.parametrize("score, mask", [pair for pair in itertools.product(SCORES, MASKS) if set(pair) != {"none"}])
def test_kernel_is_the_composite(taken, score, mask):
    batch, heads, queries, keys = (2, 2, 190, 300) if score != "none" else (2, 3, 129, 257)
    leaves = operands((batch, heads, queries, 5), (batch, heads, keys, 5), (batch, heads, keys, 4))
    mask_mod = MASKS[mask]
    whole = mask == "by batch and head"
    block_mask = mask_mod and create_block_mask(
        mask_mod, batch if whole else None, heads if whole else None, queries, keys
    )
    compare(leaves, SCORES[score], block_mask)
    assert (taken.kernel, taken.composite) == (1, 1)


@pytest.mark.parametrize("sizes", [(1, 300), (3, 1), (4, 131), (5, 7), (65, 128), (128, 129)], ids=str)
@pytest.mark.parametrize("dtype, tolerance", [("float32", 2e-5), ("bfloat16", 5e-2), ("float16", 5e-3)])
def test_sizes_and_dtypes(taken, sizes, dtype, tolerance):
    queries, keys = sizes
    dtype = getattr(weft, dtype)
    leaves = operands((2, 4, queries, 16), (2, 2, keys, 16), (2, 2, keys, 8), dtype=dtype)
    mask = create_block_mask(lambda b, h, i, j: (i + keys >= j * 2) | (j == 0), None, None, queries, keys)
    compare(leaves, lambda s, b, h, i, j: s + (i - j) * 0.01, mask, enable_gqa=True, tolerance=tolerance)
    assert taken.kernel == 1
    turned = [x.detach().transpose(1, 2).contiguous().transpose(1, 2).requires_grad_() for x in leaves]
    for one, two in zip(results(leaves, None, mask, enable_gqa=True), results(turned, None, mask, enable_gqa=True)):
        assert_same(one, two)


def test_gradients_of_what_is_captured(taken):
    """Of what depends on queries, keys, heads or nothing, the kernel sums them; a bias of pairs takes the composite."""
    leaves = operands((2, 2, 150, 4), (2, 2, 140, 4), (2, 2, 140, 3), (2,), (150,), (2, 140), (), (1, 150, 140))
    slopes, of_query, of_key, factor, pairs = leaves[3:]

    def score(s, b, h, i, j):
        return weft.tanh(s * factor) * slopes[h] + of_query[i] * of_key[b, j]

    def with_pairs(s, b, h, i, j):
        return s + pairs[0, i, j]

    mask = create_block_mask(MASKS["causal"], None, None, 150, 140)
    for block_mask in (None, mask):
        compare(leaves, score, block_mask)
    assert (taken.kernel, taken.composite) == (2, 2)
    compare(leaves, with_pairs, mask)
    assert (taken.kernel, taken.composite) == (2, 4)
    leaves[-1].requires_grad_(False)
    compare(leaves[:-1], with_pairs, mask)
    assert taken.kernel == 3


@pytest.mark.filterwarnings("ignore:vmap")  # of the composite
def test_integers_stay_exact(taken):
    """Programs compute in floating point numbers, so integers that may be too large take the composite."""
    leaves = operands((1, 1, 40, 4), (1, 1, 50, 4), (1, 1, 50, 4), dtype=weft.float32)
    far = weft.arange(50) + 2**24 - 20
    near = weft.arange(50) + 2**24 - 60
    huge = weft.tensor(2**40)
    cases = [
        (lambda s, b, h, i, j: s + (i + far[j] == i + 2**24), 0),
        (lambda s, b, h, i, j: s + (near[i] == near[j]), 1),
        (lambda s, b, h, i, j: s + ((near[i] + j) % 2), 0),
        (lambda s, b, h, i, j: s + ((i * j * 100_000) % 7), 0),
        (lambda s, b, h, i, j: s + ((i * j * 1000) % 7), 1),
        (lambda s, b, h, i, j: s + ((i - j + huge) % 5), 0),
        (lambda s, b, h, i, j: s + (i - j).to(weft.int8), 1),  # an operand of pairs
        (lambda s, b, h, i, j: s + (i - j).int(), 1),
        (lambda s, b, h, i, j: s + (i * 3) // 7, 1),
        (lambda s, b, h, i, j: s + (i * 3) // (j + 1), 0),  # a division that is checked
        (lambda s, b, h, i, j: s + (i.int() + j.int() + weft.tensor(2**31 - 40, dtype=weft.int32)), 0),
        (lambda s, b, h, i, j: s + ((i << 1) + j), 1),
        (lambda s, b, h, i, j: s + (i + j - (2**24 + 1)), 0),
    ]
    for score, expected in cases:
        taken.kernel = 0
        compare(leaves, score, tolerance=1e-4)
        assert taken.kernel == expected, cases.index((score, expected))


def test_what_no_program_can_say_takes_the_composite(taken):
    leaves = operands((1, 2, 20, 4), (1, 2, 20, 4), (1, 2, 20, 4))
    for score in (
        lambda s, b, h, i, j: s + weft.stack([s, s]).sum(),
        lambda s, b, h, i, j: s + weft.cumsum(TABLE[:5] + j, 0)[3] * s.reshape(1)[0],
        lambda s, b, h, i, j: (s.float() + 0.1).double(),
    ):
        compare(leaves, score)
    assert taken.kernel == 0
    wrong = create_block_mask(MASKS["causal"], None, None, 20, 20, BLOCK_SIZE=4)
    compare(leaves, None, wrong)
    assert taken.kernel == 0
    with pytest.raises(ZeroDivisionError):
        attend(*leaves, lambda s, *_: s + 1 // 0)


def test_detached_scores_have_no_gradient(taken):
    leaves = operands((1, 2, 20, 4), (1, 2, 20, 4), (1, 2, 20, 4))
    compare(leaves, lambda s, b, h, i, j: s * s.detach() + i)
    assert taken.kernel == 1


def test_tables_of_blocks(taken):
    """Blocks in no list are hidden; in full ones mask_mod is not asked; a table may be for each batch and head."""
    rng = np.random.default_rng(0)
    leaves = operands((2, 3, 250, 4), (2, 3, 390, 4), (2, 3, 390, 4))
    for batch, heads in ((1, 1), (2, 1), (1, 3), (2, 3)):
        states = rng.integers(0, 3, (batch, heads, 4, 4))
        lists = []
        for state in (1, 2):
            at = states == state
            lists += [weft.tensor(at.sum(-1)), weft.tensor(np.argsort(~at, -1, kind="stable"))]
        mask = BlockMask.from_kv_blocks(
            *lists, BLOCK_SIZE=(64, 128), mask_mod=lambda b, h, i, j: (i + j) % 3 != 0, seq_lengths=(250, 390)
        )
        compare(leaves, None, mask)
        compare(leaves, SCORES["distance"], mask)
    assert taken.kernel == 8


def test_hidden_blocks_are_not_read(taken):
    q, k = operands((1, 1, 256, 4), (1, 1, 256, 4), grad=False)
    mask = create_block_mask(lambda b, h, i, j: (i < 128) == (j < 128), None, None, 256, 256)
    spoiled = k.clone()
    spoiled[:, :, 128:] = math.nan
    for queries in (q, q[:, :, :2]):
        y, z = (attend(queries, x, x, block_mask=mask) for x in (k, spoiled))
        assert_same(y[:, :, :128], z[:, :, :128])
    assert taken.kernel == 4


def test_what_is_not_finite(taken):
    for bad in (math.nan, math.inf, -math.inf):
        leaves = operands((1, 1, 70, 4), (1, 1, 140, 4), (1, 1, 140, 4), grad=False)
        leaves[0][0, 0, 3] = bad
        mask = create_block_mask(MASKS["causal"], None, None, 70, 140)
        y = attend(*leaves, lambda s, *_: s * 2, mask)
        with sdpa_kernel(SDPBackend.MATH):
            z = attend(*leaves, lambda s, *_: s * 2, mask)
        np.testing.assert_allclose(to_numpy(y), to_numpy(z), rtol=1e-9)


def test_derivatives_and_transforms(taken):
    leaves = operands((1, 2, 5, 2), (1, 2, 4, 2), (1, 2, 4, 2), (2,))
    mask = create_block_mask(MASKS["causal"], None, None, 5, 4)

    def f(q, k, v, slopes):
        def score(s, b, h, i, j):
            return weft.tanh(s) * slopes[h] + (i - j) * 0.1

        return attend(q, k, v, score, mask, return_lse=True)[0]

    assert weft.autograd.gradcheck(f, leaves)
    assert weft.autograd.gradgradcheck(f, leaves)
    assert taken.kernel > 0 and taken.composite == 0
    many = weft.stack([leaves[0], leaves[0] * 2])
    for one, q in zip(weft.vmap(f, (0, None, None, None))(many, *leaves[1:]), many, strict=True):
        np.testing.assert_allclose(to_numpy(one.detach()), to_numpy(f(q, *leaves[1:]).detach()), rtol=1e-12)


@pytest.mark.parametrize("score", [name for name in SCORES if name != "none"])
def test_second_derivatives_of(score):
    """By way of the composite of ops that the kernel's op decomposes into."""
    inputs = operands((1, 2, 4, 2), (1, 2, 3, 2), (1, 2, 3, 2))
    mask = create_block_mask(lambda b, h, i, j: (i >= j) & (i != 1), None, None, 4, 3)
    assert weft.autograd.gradgradcheck(lambda *x: attend(*x, SCORES[score], mask), inputs)


def test_transforms_of_what_is_captured(taken):
    q, k, v = operands((1, 2, 7, 2), (1, 2, 6, 2), (1, 2, 6, 2), grad=False)
    slopes, direction = operands((2,), (2,), grad=False)

    def f(slopes):
        return attend(q, k, v, lambda s, b, h, i, j: s * slopes[h])

    tangent = weft.func.jvp(f, (slopes,), (direction,))[1]
    numeric = (f(slopes + 1e-6 * direction) - f(slopes - 1e-6 * direction)) / 2e-6
    np.testing.assert_allclose(to_numpy(tangent), to_numpy(numeric), rtol=1e-6, atol=1e-8)
    many = weft.stack([slopes, direction])
    for y, one in zip(weft.vmap(f)(many), many, strict=True):
        np.testing.assert_allclose(to_numpy(y), to_numpy(f(one)), rtol=1e-12)
    grad = weft.func.grad(lambda x: f(x).sin().sum())(slopes)
    numeric = (f(slopes + weft.tensor([1e-6, 0])).sin().sum() - f(slopes).sin().sum()) / 1e-6
    assert abs(float(grad[0] - numeric)) < 1e-4


def test_jitted(taken):
    """The trace holds the kernel; captured integers, whose values may be others at the next call, do not go into it."""
    q, k, v, slopes = operands((1, 2, 150, 8), (1, 2, 150, 8), (1, 2, 150, 8), (2,), grad=False)
    documents = weft.arange(150) // 40
    mask = create_block_mask(MASKS["causal"], None, None, 150, 150)

    def f(q):
        return attend(q, k, v, lambda s, b, h, i, j: s + (i - j) * slopes[h], mask)

    def g(q):
        return attend(q, k, v, lambda s, b, h, i, j: s + (documents[i] == documents[j]), mask)

    jitted, other = weft.jit(f), weft.jit(g)
    for _ in range(2):
        assert_same(jitted(q), f(q))
        np.testing.assert_allclose(to_numpy(other(q)), to_numpy(g(q)), rtol=1e-12)
        slopes *= -0.5
        documents += weft.arange(150) % 3
    assert "flex_attention" in str(jitted.graph(q)) and "flex_attention" not in str(other.graph(q))
    leaf = q.clone().requires_grad_()
    one, two = (weft.autograd.grad(h(leaf).sin().sum(), leaf)[0] for h in (jitted, f))
    np.testing.assert_allclose(to_numpy(one), to_numpy(two), rtol=1e-12, atol=1e-12)


def test_jitted_without_gradients_then_with(taken):
    q, slopes = operands((1, 2, 9, 4), (2,), grad=False)

    def f(q, slopes):
        return attend(q, q, q, lambda s, b, h, i, j: s * slopes[h])

    jitted = weft.jit(f)
    jitted(q, slopes)
    for argument in (0, 1):
        primals = (q, slopes)
        tangents = tuple(weft.ones_like(x) if i == argument else weft.zeros_like(x) for i, x in enumerate(primals))
        one, two = (weft.func.jvp(g, primals, tangents)[1] for g in (jitted, f))
        np.testing.assert_allclose(to_numpy(one), to_numpy(two), rtol=1e-10, atol=1e-12)
        one, two = (weft.func.grad(lambda *x, g=g: g(*x).sin().sum(), argument)(*primals) for g in (jitted, f))
        np.testing.assert_allclose(to_numpy(one), to_numpy(two), rtol=1e-10, atol=1e-12)


def test_exported_programs_hold_no_functions(tmp_path):
    q = operands((1, 2, 20, 4), grad=False)[0]

    class Model(weft.nn.Module):
        def forward(self, x):
            return attend(x, x, x, lambda s, b, h, i, j: s + (i - j) * 0.1)

    program = weft.export.export(Model(), (q,))
    weft.export.save(program, tmp_path / "program.weft")
    np.testing.assert_allclose(
        to_numpy(weft.export.load(tmp_path / "program.weft")(q)), to_numpy(Model()(q)), rtol=1e-9
    )


def test_memory_and_threads(taken):
    """Scores exist for a block; results do not depend on the number of threads."""
    length = 2048
    q = weft.randn(1, 2, length, 16, requires_grad=True)

    def run():
        weft.memory.reset_peak()
        before = weft.memory.peak()
        y = attend(q, q, q, lambda s, b, h, i, j: s + (i - j) * 0.01)
        (grad,) = weft.autograd.grad(y.sin().sum(), q)
        assert weft.memory.peak() - before < 4 << 20  # 32 MiB of scores
        return y, grad

    threads = weft.get_num_threads()
    try:
        weft.set_num_threads(1)
        one = run()
    finally:
        weft.set_num_threads(threads)
    for a, b in zip(one, run(), strict=True):
        assert_same(a, b)
    assert taken.kernel == 2


def test_integers_wrap_around_as_elsewhere(taken):
    """In float64, where numbers beyond an int32 are exact."""
    q = operands((1, 1, 3, 2))[0]
    big = weft.tensor(2**31 - 1, dtype=weft.int32)
    compare(
        [q, q.detach().clone().requires_grad_(), q.detach().clone().requires_grad_()],
        lambda s, b, h, i, j: s + (i.int() + j.int() + big),
    )
    assert taken.kernel == 0


def test_divisions_by_zero_raise():
    q = operands((1, 1, 3, 2), grad=False)[0]
    for score in (lambda s, b, h, i, j: s + 7 // j, lambda s, b, h, i, j: s + 7 % j):
        with pytest.raises(RuntimeError, match="division by zero"):
            attend(q, q, q, score)


class Sevenfold(weft.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 7


def test_derivatives_that_a_trace_does_not_hold(taken):
    """Detached results have no gradient, functions with a backward of their own keep it."""
    leaves = operands((1, 2, 6, 4), (1, 2, 5, 4), (1, 2, 5, 4), (2,), (5,))
    w, table = leaves[3:]
    for score in (
        lambda s, b, h, i, j: s.detach(),
        lambda s, b, h, i, j: s.detach().view(()) * 1,
        lambda s, b, h, i, j: s.data,
        lambda s, b, h, i, j: table[j].square().detach(),
        lambda s, b, h, i, j: s * w[h].clone().detach() + table[j],
        lambda s, b, h, i, j: s * Sevenfold.apply(w[h]),
        lambda s, b, h, i, j: s * (Sevenfold.apply(w[h]) + w[h]),
    ):
        kernel = results(leaves, score)
        with sdpa_kernel(SDPBackend.MATH):
            composite = results(leaves, score)
        for one, two in zip(kernel, composite):
            np.testing.assert_allclose(to_numpy(one.detach()), to_numpy(two.detach()), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpoints(taken, reentrant):
    q, w = operands((1, 2, 6, 4), (2,))

    def f(q):
        return attend(q, q, q, lambda s, b, h, i, j: s.tanh() * w[h])

    grads = []
    for backend in (SDPBackend.FLASH_ATTENTION, SDPBackend.MATH):
        with sdpa_kernel(backend):
            for y in (f(q), weft.utils.checkpoint.checkpoint(f, q, use_reentrant=reentrant)):
                q.grad = w.grad = None
                y.sin().sum().backward()
                grads.append((q.grad.clone(), w.grad.clone()))
    for found in grads[1:]:
        for one, two in zip(grads[0], found, strict=True):
            np.testing.assert_allclose(to_numpy(one), to_numpy(two), rtol=1e-12)
    packed = []
    with weft.autograd.graph.saved_tensors_hooks(lambda t: packed.append(t) or t, lambda t: t):
        f(q)
    assert all(t.numel() == 0 or t.data_ptr() for t in packed)  # they have values


def test_one_tensor_as_query_key_and_value():
    """Its gradient is the sum of its parts', not three times that."""
    (q,) = operands((1, 2, 5, 3))
    with sdpa_kernel(SDPBackend.MATH):
        y = attend(q, q, q, lambda s, *_: s * s)
        once, again = (
            weft.autograd.grad(y.sin().sum(), q, create_graph=c, retain_graph=True)[0] for c in (False, True)
        )
        np.testing.assert_allclose(to_numpy(once), to_numpy(again.detach()), rtol=1e-10)
        assert weft.autograd.gradgradcheck(lambda q: attend(q, q, q, lambda s, *_: s * s), (q,))


def test_forward_over_reverse_of_what_is_captured():
    k, w, t = operands((1, 2, 5, 3), (2,), (2,), grad=False)

    def loss(w):
        return attend(k, k, k, lambda s, b, h, i, j: s * w[h]).sin().sum()

    grad = weft.func.grad(loss)
    for backend in ([SDPBackend.FLASH_ATTENTION, SDPBackend.MATH], SDPBackend.MATH):
        with sdpa_kernel(backend):
            tangent = weft.func.jvp(grad, (w,), (t,))[1]
            numeric = (grad(w + 1e-6 * t) - grad(w - 1e-6 * t)) / 2e-6
            np.testing.assert_allclose(to_numpy(tangent), to_numpy(numeric), rtol=1e-5, atol=1e-8)


def test_numbers_that_are_not_finite_do_not_reach_hidden_keys():
    leaves = operands((1, 1, 5, 3), (1, 1, 12, 3), (1, 1, 12, 3))
    with weft.no_grad():
        leaves[2][0, 0, 4] = math.nan
    mask = create_block_mask(lambda b, h, i, j: (i != 2) & (j < 9), None, None, 5, 12)
    kernel = results(leaves, None, mask)
    with sdpa_kernel(SDPBackend.MATH):
        composite = results(leaves, None, mask)
    for one, two in zip(kernel, composite, strict=True):
        np.testing.assert_allclose(to_numpy(one.detach()), to_numpy(two.detach()), rtol=1e-9, atol=1e-12)


def test_tables_that_do_not_reach():
    q = operands((1, 1, 300, 2), grad=False)[0]
    lists = weft.ones(1, 1, 2, dtype=weft.int64), weft.zeros(1, 1, 2, 2, dtype=weft.int64)
    for wrong in (
        {"seq_lengths": (300, 200)},
        {"seq_lengths": (200, 300)},
        {"BLOCK_SIZE": 64, "seq_lengths": (200, 100)},
    ):
        with pytest.raises(ValueError, match="do not reach"):
            BlockMask.from_kv_blocks(*lists, **wrong)
    with pytest.raises(ValueError, match="one shape"):
        BlockMask.from_kv_blocks(*lists, lists[0].expand(2, 1, 2), lists[1].expand(2, 1, 2, 2), seq_lengths=(200, 200))
    for attribute, value in (("BLOCK_SIZE", (64, 128)), ("BLOCK_SIZE", (0, 0)), ("BLOCK_SIZE", (-64, 128))):
        mask = create_block_mask(MASKS["causal"], None, None, 300, 300)
        setattr(mask, attribute, value)
        with pytest.raises(RuntimeError, match="blocks"):
            attend(q, q, q, block_mask=mask)
    program = weft._C.nn._score_program(weft.float64, weft.device("cpu"))
    wrong = [(q[0], q, q), (q, q.float(), q), (q, q, q[:, :, 1:]), (q, q[..., 1:], q), (q, q.expand(1, 2, 300, 2), q)]
    for given in wrong:
        with pytest.raises(RuntimeError):
            weft._C.nn._flex_attention(program, *given, [], 0, 0, 1.0)


def test_large_tables_are_looked_up_where_they_lie():
    """Indices with a batch, of a tensor without one, take no copy of it for each."""
    bias = weft.randn(512, 512)
    q = weft.randn(1, 1, 256, 8)
    y = attend(q, q, q, lambda s, b, h, i, j: s + bias[i, j])
    scores = q @ q.transpose(-1, -2) / 8**0.5 + bias[:256, :256]
    np.testing.assert_allclose(to_numpy(y), to_numpy(scores.softmax(-1) @ q), rtol=1e-4, atol=1e-5)
    weft.memory.reset_peak()
    before = weft.memory.peak()
    found = weft.vmap(lambda i: bias[i])(weft.arange(512))
    assert weft.memory.peak() - before < 3 << 20 and weft.equal(found, bias)
    pairs = weft.vmap(lambda i: bias[:, i, None])(weft.arange(5))
    assert weft.equal(pairs, bias[:, :5].t()[:, :, None])


def random_number(rng, depth):
    """An expression of numbers over the score s, places b, h, i, j and tables."""
    if depth == 0:
        return rng.choice(["s", "s", "i", "j", "h", "b", "T[i]", "T[h]", "T[abs(i - j)]", "0.3", "2", "D[j]"])
    x, y = random_number(rng, depth - 1), random_number(rng, depth - 1)
    return rng.choice(
        [
            f"({x} + {y})",
            f"({x} - {y})",
            f"({x} * {y} * 0.1)",
            f"W({random_truth(rng, depth - 1)}, {x}, {y})",
            f"M({x}, {y})",
            f"tanh({x})",
            f"({x} // 3)",
            f"({x} % 5)",
            f"abs({x})",
        ]
    )


def random_truth(rng, depth):
    x, y = random_number(rng, max(0, depth - 1)), random_number(rng, 0)
    first = f"({x} {rng.choice(['<', '>=', '!=', '=='])} {y})"
    return first if rng.random() < 0.5 else f"({first} {rng.choice('&|^')} (i >= j))"


def tensor_of(x):
    return x if isinstance(x, weft.Tensor) else weft.tensor(x)


@pytest.mark.parametrize("seed", range(40))
def test_random_functions(taken, seed):
    rng = random.Random(seed)
    names = {
        "T": TABLE,
        "D": DOCUMENTS,
        "W": lambda c, x, y: weft.where(tensor_of(c), tensor_of(x), tensor_of(y)),
        "M": lambda x, y: weft.maximum(tensor_of(x), tensor_of(y)),
        "tanh": lambda x: weft.tanh(tensor_of(x) * 1.0),
        "abs": abs,
    }
    text = f"s * 0.5 + {random_number(rng, rng.randint(1, 3))}"
    score = eval(f"lambda s, b, h, i, j: {text}", names)
    mask_mod = eval(re.sub(r"\bs\b", "i", f"lambda b, h, i, j: {random_truth(rng, 2)} | (i == j)"), names)
    queries, keys = rng.randint(1, 150), rng.randint(1, 200)
    leaves = operands((2, 2, queries, 3), (2, 2, keys, 3), (2, 2, keys, 3), seed=seed)
    block_mask = create_block_mask(mask_mod, 2, 2, queries, keys) if rng.random() < 0.7 else None
    compare(leaves, score, block_mask, tolerance=1e-8)
