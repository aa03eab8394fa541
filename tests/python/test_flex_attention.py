"""weft.nn.attention: attention with changed scores and block masks, and the choice of kernels."""

import numpy as np
import pytest
import weft
from support import assert_same, to_numpy, to_tensor, weft_only
from weft.nn.attention import SDPBackend, bias, sdpa_kernel
from weft.nn.attention.flex_attention import (
    AuxOutput,
    AuxRequest,
    BlockMask,
    and_masks,
    create_block_mask,
    create_mask,
    flex_attention,
    noop_mask,
    or_masks,
)

pytestmark = weft_only
attend = weft.nn.functional.scaled_dot_product_attention

DOCUMENTS = weft.tensor(np.repeat([0, 1, 2], [70, 100, 110]))


def causal(b, h, q_idx, kv_idx):
    return q_idx >= kv_idx


def window(b, h, q_idx, kv_idx):
    return (q_idx - kv_idx).abs() < 40


def by_head(b, h, q_idx, kv_idx):
    return (q_idx >= kv_idx) | (kv_idx < 3 + 130 * h)


def document(b, h, q_idx, kv_idx):
    return DOCUMENTS[q_idx] == DOCUMENTS[kv_idx]


def nothing(b, h, q_idx, kv_idx):
    return kv_idx < 0


MASKS = {"none": None, "causal": causal, "window": window, "by head": by_head, "document": document, "empty": nothing}


def dense(query, key, value, score=None, mask=None, scale=None):
    """The definition, with all scores: score(scores, b, h, q, kv) and mask(b, h, q, kv) broadcast. Output and lse."""
    group = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(group, 1), value.repeat_interleave(group, 1)
    scores = query @ key.transpose(-1, -2) * (query.shape[-1] ** -0.5 if scale is None else scale)
    places = [weft.arange(n).reshape([-1 if i == d else 1 for i in range(4)]) for d, n in enumerate(scores.shape)]
    if score is not None:
        scores = score(scores, *places)
    if mask is not None:
        scores = scores.masked_fill(~mask(*places).expand(scores.shape), -float("inf"))
    unseen = (scores == -float("inf")).all(-1, keepdim=True)
    weights = weft.where(unseen, 0.0, weft.where(unseen, 0.0, scores).softmax(-1))
    return weights @ value, weft.where(unseen.squeeze(-1), -float("inf"), scores.logsumexp(-1))


def tensors(*shapes, dtype="float64"):
    rng = np.random.default_rng(0)
    return [to_tensor(weft, rng.standard_normal(s), "float64").to(getattr(weft, dtype)) for s in shapes]


def close(one, two, tolerance=1e-9):
    np.testing.assert_allclose(to_numpy(one.double()), to_numpy(two.double()), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("sizes", [(200, 280), (1, 5), (130, 129)], ids=str)
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("shared", [1, 2])
def test_values_and_gradients(sizes, mask, shared):
    queries, keys = sizes
    inputs = tensors((2, 2, queries, 4), (2, 2 // shared, keys, 4), (2, 2 // shared, keys, 3))
    slopes, table = tensors((2,), (600,))
    leaves = [x.requires_grad_() for x in (*inputs, slopes, table)]
    scaled = table * 2  # captured, and no leaf

    def score(s, b, h, q_idx, kv_idx):
        return weft.tanh(s) * 2 + slopes[h] * 0.1 + scaled[q_idx - kv_idx + 300]

    mod = MASKS[mask]
    block_mask = mod and create_block_mask(mod, None, 2 if mask == "by head" else None, queries, keys)
    y, lse = flex_attention(*inputs, score, block_mask, enable_gqa=shared > 1, return_lse=True)
    z, wanted = dense(*inputs, score, mod)
    close(y, z)
    close(lse, wanted)
    g, h = tensors(tuple(y.shape), tuple(lse.shape))
    if mask == "empty":
        assert not y.any()
        found = weft.autograd.grad((y * g).sum(), leaves)
        assert not any(bool(x.any()) for x in found)
        return
    seen = weft.where(wanted == -float("inf"), 0.0, 1.0)
    found = weft.autograd.grad((y * g).sum() + (lse.masked_fill(seen == 0, 0.0) * h).sum(), leaves)
    expected = weft.autograd.grad((z * g).sum() + (wanted.masked_fill(seen == 0, 0.0) * h).sum(), leaves)
    for one, two in zip(found, expected, strict=True):
        close(one, two)


@pytest.mark.parametrize("dtype, tolerance", [("float32", 1e-5), ("bfloat16", 2e-2), ("float16", 2e-3)])
def test_dtypes(dtype, tolerance):
    inputs = tensors((1, 2, 130, 8), (1, 2, 140, 8), (1, 2, 140, 8), dtype=dtype)
    y = flex_attention(*inputs, block_mask=create_block_mask(causal, None, None, 130, 140), scale=0.3)
    assert y.dtype == inputs[0].dtype
    close(y, dense(*(x.double() for x in inputs), mask=causal, scale=0.3)[0], tolerance)


def test_without_changes_it_is_attention():
    q, k = tensors((2, 3, 9, 4), (2, 3, 11, 4))
    assert_same(flex_attention(q, k, k), attend(q, k, k))
    close(flex_attention(q, k, k, return_lse=True)[0], attend(q, k, k))
    strided = q.transpose(1, 2).contiguous().transpose(1, 2)
    close(flex_attention(strided, k, k, lambda s, *_: s * 2), flex_attention(q, k, k, lambda s, *_: s * 2))


def test_a_score_mod_sees_numbers():
    """Not a tensor of all scores: dimensions are what they are for one pair of a query and a key."""
    (table,) = tensors((2, 5))
    seen = []

    def score(s, b, h, q_idx, kv_idx):
        seen.append((s.dim(), b.dim(), h.dim(), q_idx.dim(), kv_idx.dim()))
        return s + table[h][q_idx] + weft.stack([s, s]).sum() * 0

    q = tensors((1, 2, 5, 3))[0]
    y = flex_attention(q, q, q, score)
    close(y, dense(q, q, q, lambda s, b, h, i, j: s + table[h, i])[0])
    assert set(seen) == {(0,) * 5}


def test_captured_in_other_ways():
    """In an object, in a module of Python that holds it, as a default, in a list."""
    q = tensors((1, 1, 5, 3))[0]
    leaves = [x.requires_grad_() for x in tensors((1,), (1,), (1,), (1,))]

    class Holder:
        def __init__(self, held):
            self.held = held * 1.5

        def __call__(self, s, b, h, q_idx, kv_idx, other=leaves[1]):
            hidden = next(iter({"x": [leaves[2]]}.values()))[0]
            return s + (q_idx * self.held[0] + kv_idx * other[0]) * hidden[0] * layer.weight[0]

    layer = weft.nn.Module()
    layer.weight = weft.nn.Parameter(leaves[3].detach())
    score = Holder(leaves[0])
    given = [leaves[0], leaves[1], leaves[2], layer.weight]
    found = weft.autograd.grad(flex_attention(q, q, q, score).sin().sum(), given)
    expected = weft.autograd.grad(dense(q, q, q, score)[0].sin().sum(), given)
    for one, two in zip(found, expected, strict=True):
        close(one, two)


def test_second_derivatives():
    q, k, table = (x.requires_grad_() for x in tensors((1, 1, 3, 2), (1, 1, 4, 2), (9,)))
    mask = create_block_mask(causal, None, None, 3, 4, BLOCK_SIZE=2)

    def f(q, k, table):
        return flex_attention(q, k, k, lambda s, b, h, i, j: s * table[i - j + 4], mask)

    assert weft.autograd.gradcheck(f, (q, k, table))
    assert weft.autograd.gradgradcheck(f, (q, k, table))


def test_transforms():
    q = tensors((3, 1, 2, 6, 4))[0]
    mask = create_block_mask(causal, None, None, 6, 6)

    def f(q):
        return flex_attention(q, q, q, lambda s, b, h, i, j: s + (i - j) * 0.1, mask)

    for one, y in zip(q, weft.vmap(f)(q), strict=True):
        close(y, f(one))
    close(weft.jit(f)(q[0]), f(q[0]))
    tangent = weft.func.jvp(f, (q[0],), (weft.ones_like(q[0]),))[1]
    numeric = (f(q[0] + 1e-6) - f(q[0] - 1e-6)) / 2e-6
    close(tangent, numeric, 1e-6)


def test_scores_of_one_block_at_a_time():
    """Neither forward nor backward holds the scores of all queries, which are 32 MiB here."""
    length = 2048
    q = weft.randn(1, 2, length, 8, requires_grad=True)
    mask = create_block_mask(window, None, None, length, length)
    weft.memory.reset_peak()
    before = weft.memory.peak()
    flex_attention(q, q, q, lambda s, *_: s * 2, mask).sum().backward()
    assert weft.memory.peak() - before < 8 << 20


def test_skipped_blocks_are_not_read():
    """What stands in blocks that the mask leaves out has no influence, not even if it is NaN."""
    q, k = tensors((1, 1, 256, 4), (1, 1, 256, 4))
    mask = create_block_mask(document, None, None, 256, 256, BLOCK_SIZE=64)
    spoiled = k.clone()
    spoiled[:, :, 192:] = float("nan")
    y, z = (flex_attention(q, x, x, block_mask=mask) for x in (k, spoiled))
    assert_same(y[:, :, :64], z[:, :, :64])
    assert mask.columns_of(0) == ([0], [1]) and mask.columns_of(3) == ([3], [2])


def test_aux():
    q = tensors((1, 2, 5, 3))[0]
    y, aux = flex_attention(q, q, q, return_aux=AuxRequest(lse=True, max_scores=True))
    close(y, attend(q, q, q))
    scores = q @ q.transpose(-1, -2) * 3**-0.5
    close(aux.lse, scores.logsumexp(-1))
    close(aux.max_scores, scores.amax(-1))
    assert flex_attention(q, q, q, return_aux=AuxRequest())[1] == AuxOutput(None, None)


def test_empty():
    for shape in ((0, 2, 5, 4), (2, 2, 0, 4)):
        q = weft.zeros(shape)
        y, lse = flex_attention(q, q, q, lambda s, *_: s * 2, return_lse=True)
        assert y.shape == shape and lse.shape == shape[:3]
    y, lse = flex_attention(weft.ones(1, 1, 3, 2), *[weft.ones(1, 1, 0, 2)] * 2, return_lse=True)
    assert not y.any() and bool((lse == -float("inf")).all())


def test_arguments():
    q, mask = weft.ones(1, 4, 6, 2), create_block_mask(causal, 2, None, 6, 6)
    bad = [
        ((q[0], q, q), {}, "4 dimensions"),
        ((q, q.double(), q), {}, "dtype"),
        ((q, q[..., :1], q), {}, "one size"),
        ((q, q, q[:, :, :3]), {}, "length"),
        ((q, q[:, :2], q[:, :2]), {}, "enable_gqa"),
        ((q, q[:, :3], q[:, :3]), {"enable_gqa": True}, "multiple"),
        ((q, q, q), {"block_mask": mask}, "batch size 2"),
        ((q, q, q), {"block_mask": create_block_mask(causal, None, None, 5, 6)}, "5 queries"),
        ((q, q, q), {"return_lse": True, "return_aux": AuxRequest()}, "return_aux"),
    ]
    for args, options, word in bad:
        with pytest.raises(ValueError, match=word):
            flex_attention(*args, **options)
    for options in ({"score_mod": 3}, {"block_mask": 3}, {"scale": "x"}, {"kernel_options": 3}, {"return_lse": 2}):
        with pytest.raises(TypeError, match=next(iter(options))):
            flex_attention(q, q, q, **options)


# Masks


@pytest.mark.parametrize("mod", [causal, window, document, by_head])
@pytest.mark.parametrize("size", [32, (16, 64)], ids=str)
def test_block_masks_follow_the_mask(mod, size):
    rows, columns = (size, size) if isinstance(size, int) else size
    mask = create_block_mask(mod, 1, 2, 100, 150, BLOCK_SIZE=size)
    seen = to_numpy(create_mask(mod, 1, 2, 100, 150))
    seen = np.pad(seen, ((0, 0), (0, 0), (0, -100 % rows), (0, -150 % columns)))
    counts = seen.reshape(1, 2, seen.shape[2] // rows, rows, seen.shape[3] // columns, columns).sum((3, 5))
    np.testing.assert_array_equal(to_numpy(mask.to_dense()), counts > 0)
    full, partial = counts == rows * columns, (counts > 0) & (counts < rows * columns)
    for table, count, listed in (
        (partial, mask.kv_num_blocks, mask.kv_indices),
        (full, mask.full_kv_num_blocks, mask.full_kv_indices),
        (partial.swapaxes(2, 3), mask.q_num_blocks, mask.q_indices),
        (full.swapaxes(2, 3), mask.full_q_num_blocks, mask.full_q_indices),
    ):
        np.testing.assert_array_equal(to_numpy(count), table.sum(-1))
        np.testing.assert_array_equal(to_numpy(listed), np.argsort(~table, -1, kind="stable"))
    assert mask.shape == (1, 2, 100, 150) and mask.numel() == 30000
    assert mask.BLOCK_SIZE == (rows, columns) and mask.as_tuple()[:2] == (100, 150)
    assert "██" in mask.to_string() or not full.any()


def test_parts_of_a_block_mask():
    q = tensors((1, 2, 96, 4))[0]
    mask = create_block_mask(by_head, None, 2, 96, 96, BLOCK_SIZE=32)
    whole = flex_attention(q, q, q, block_mask=mask)
    for head in (0, 1, -1):
        one = q[:, head % 2 : head % 2 + 1]
        close(flex_attention(one, one, one, block_mask=mask[:, head]), whole[:, head % 2 : head % 2 + 1])
    rows = flex_attention(q[:, :, 32:64], q, q, block_mask=mask[:, :, 1])
    close(rows, whole[:, :, 32:64])
    with pytest.raises(IndexError):
        mask[0, 5]


def test_blocks_given_as_lists():
    """Blocks in no list are hidden, whatever mask_mod says; in full ones it is not asked."""
    count, columns = weft.tensor([[[1, 1]]]), weft.tensor([[[[0, 1], [1, 0]]]])
    none, every = weft.tensor([[[1, 0]]]), weft.tensor([[[[1, 0], [0, 1]]]])
    mask = BlockMask.from_kv_blocks(count, columns, none, every, BLOCK_SIZE=4, mask_mod=causal)
    q = tensors((1, 1, 8, 2))[0]

    def seen(b, h, i, j):
        return ((i < 4) & (j >= 4)) | ((i // 4 == j // 4) & (i >= j))

    close(flex_attention(q, q, q, block_mask=mask), dense(q, q, q, mask=seen)[0])
    with pytest.raises(ValueError, match="both or neither"):
        BlockMask((8, 8), count, columns, none, None, None, None, None, None)
    with pytest.raises(ValueError, match="kv_num_blocks"):
        BlockMask((8, 8), count[0], columns, None, None, None, None, None, None)


def test_combined_masks():
    both, either = (to_numpy(create_mask(f(causal, window), 1, 1, 90, 90)) for f in (and_masks, or_masks))
    one, two = (to_numpy(create_mask(f, 1, 1, 90, 90)) for f in (causal, window))
    np.testing.assert_array_equal(both, one & two)
    np.testing.assert_array_equal(either, one | two)
    assert bool(create_mask(noop_mask, 2, None, 3, 4).all())
    scores = create_mask(lambda s, b, h, i, j: weft.where(i >= j, s, -float("inf")), 1, 1, 5, 5)
    np.testing.assert_array_equal(to_numpy(scores), to_numpy(create_mask(causal, 1, 1, 5, 5)))
    with pytest.raises(TypeError, match="mask_mod"):
        and_masks(causal, 3)
    with pytest.raises(TypeError, match="bools"):
        create_block_mask(lambda b, h, i, j: i - j, 1, 1, 4, 4)
    with pytest.raises(ValueError, match="BLOCK_SIZE"):
        create_block_mask(causal, 1, 1, 4, 4, BLOCK_SIZE=0)


# The choice of kernels


def test_kernels_are_chosen():
    q = weft.randn(1, 2, 300, 16)
    fused = attend(q, q, q)
    with sdpa_kernel(SDPBackend.MATH):
        plain = attend(q, q, q)
        with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.MATH]):
            assert_same(attend(q, q, q), fused)
            attend(q, q, q, attn_mask=weft.zeros(300, 300))
        assert_same(attend(q, q, q), plain)
    close(plain, fused, 1e-4)
    assert not weft.equal(plain, fused)  # other orders of sums
    with sdpa_kernel([SDPBackend.MATH, SDPBackend.FLASH_ATTENTION], set_priority=True):
        assert_same(attend(q, q, q), plain)
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        assert_same(attend(q, q, q), fused)
        attend(q, q, q, attn_mask=weft.zeros(300, 300))
        with pytest.raises(RuntimeError, match=r"attn_mask.*dropout.*SDPBackend\.MATH"):
            attend(q, q, q, attn_mask=weft.zeros(300, 300), dropout_p=0.5)
    assert_same(attend(q, q, q), fused)


def test_jitted_functions_follow_the_choice():
    q = weft.randn(1, 2, 300, 16)
    jitted = weft.jit(lambda q: attend(q, q, q))
    fused = jitted(q)
    with sdpa_kernel(SDPBackend.MATH):
        assert_same(jitted(q), attend(q, q, q))
    assert_same(jitted(q), fused)


def test_arguments_of_the_choice():
    for wrong in (3, "MATH", ["MATH"], None):
        with pytest.raises(TypeError), sdpa_kernel(wrong):
            pass
    for wrong in ([], [SDPBackend.OVERRIDEABLE], SDPBackend.ERROR):
        with pytest.raises(ValueError), sdpa_kernel(wrong):
            pass


def test_causal_biases():
    q, k = tensors((1, 1, 3, 2), (1, 1, 5, 2))
    close(attend(q, k, k, attn_mask=bias.causal_upper_left(3, 5)), attend(q, k, k, is_causal=True))
    wanted = dense(q, k, k, mask=lambda b, h, i, j: i + 2 >= j)[0]
    close(attend(q, k, k, attn_mask=bias.causal_lower_right(3, 5)), wanted)
    for wrong in ((3,), (3, -1), (1, 2, 3)):
        with pytest.raises(RuntimeError):
            bias.causal_lower_right(*wrong)
