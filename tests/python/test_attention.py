"""Attention's fused kernels: gradients across blocks, layouts, numbers that are not finite, threads, memory."""

import numpy as np
import pytest
from cases.attention import attention as reference
from support import assert_same, is_simulated, to_numpy, to_tensor, weft_only

pytestmark = weft_only


def attend(w, *tensors, **options):
    return w.nn.functional.scaled_dot_product_attention(*tensors, **options)


def reference_gradients(g, q, k, v, is_causal):
    scale, turn = q.shape[-1] ** -0.5, lambda x: np.swapaxes(x, -1, -2)
    weights = reference(q, k, np.broadcast_to(np.eye(k.shape[-2]), (*k.shape[:-1], k.shape[-2])), is_causal=is_causal)
    slopes = g @ turn(v)
    slopes = weights * (slopes - (slopes * weights).sum(-1, keepdims=True)) * scale
    return slopes @ k, turn(slopes) @ q, turn(weights) @ g


SIZES = [  # batch, heads, queries, keys, size, value_size
    (2, 3, 5, 7, 3, 2),
    (1, 2, 33, 129, 16, 16),
    (1, 1, 160, 257, 40, 33),
    (1, 1, 131, 70, 17, 80),
    (2, 1, 1, 300, 64, 64),
    (1, 1, 64, 130, 300, 8),
]


@pytest.mark.parametrize(
    "dtype, tolerance", [("float32", 2e-5), ("float64", 1e-11), ("float16", 1e-2), ("bfloat16", 5e-2)]
)
@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_gradients_across_blocks(w, device, sizes, is_causal, dtype, tolerance):
    if is_simulated(w, device) and sizes[2] * sizes[3] > 5000:
        pytest.skip("takes long on the simulated device")
    batch, heads, queries, keys, size, value_size = sizes
    rng = np.random.default_rng(0)
    shapes = [(queries, value_size), (queries, size), (keys, size), (keys, value_size)]
    g, q, k, v = (
        to_tensor(w, rng.standard_normal((batch, heads, *shape)), "float64").to(getattr(w, dtype)) for shape in shapes
    )
    arrays = [to_numpy(t.double()) for t in (g, q, k, v)]
    g, *inputs = (t.to(device) for t in (g, q, k, v))
    for t in inputs:
        t.requires_grad_()
    attend(w, *inputs, is_causal=is_causal).backward(g)
    for t, wanted in zip(inputs, reference_gradients(*arrays, is_causal), strict=True):
        scale = max(1, abs(wanted).max())
        np.testing.assert_allclose(to_numpy(t.grad.double()) / scale, wanted / scale, rtol=0, atol=tolerance)


@pytest.mark.parametrize("is_causal", [False, True])
def test_what_is_not_finite_is_as_in_the_composite(w, is_causal):
    """Tensors of five dims take the way without a fused kernel."""
    rng = np.random.default_rng(1)
    for which in range(3):
        for bad in (np.nan, np.inf, -np.inf, 1e30):
            arrays = [rng.standard_normal((1, 2, 150, 8)) for _ in range(3)]
            arrays[which][0, 1, 0] = bad  # key 0 is what everybody sees
            tensors = [to_tensor(w, array, "float32") for array in arrays]
            fused = to_numpy(attend(w, *tensors, is_causal=is_causal))
            plain = to_numpy(attend(w, *(t.unsqueeze(0) for t in tensors), is_causal=is_causal)[0])
            np.testing.assert_allclose(fused, plain, rtol=1e-4, atol=1e-5, err_msg=f"{which} {bad}")


def test_scores_of_minus_infinity(w):
    """A query whose scores are all -inf has no weights; one with some -inf has those at 0, in whichever block."""
    q = np.ones((1, 1, 40, 2))
    k = np.zeros((1, 1, 300, 2))
    k[:, :, :200, 0] = -np.inf
    v = np.arange(300.0).reshape(1, 1, 300, 1)
    y = to_numpy(attend(w, *(to_tensor(w, x, "float32") for x in (q, k, v))))
    np.testing.assert_allclose(y, 249.5, rtol=1e-5)
    k[..., 0] = -np.inf
    assert np.isnan(to_numpy(attend(w, *(to_tensor(w, x, "float32") for x in (q, k, v))))).all()
    few = [to_tensor(w, x, "float32") for x in (q[:, :, :2], k, v)]
    assert np.isnan(to_numpy(attend(w, *few))).all()


def test_hidden_keys_have_no_influence(w):
    """With is_causal query i is computed from keys and values 0 to i, whatever stands behind them."""
    rng = np.random.default_rng(2)
    arrays = [rng.standard_normal((1, 2, 150, 8)) for _ in range(3)]
    clean = attend(w, *(to_tensor(w, x, "float32") for x in arrays), is_causal=True)
    for place in (1, 37, 140):
        for which in (1, 2):
            spoiled = [x.copy() for x in arrays]
            spoiled[which][:, :, place] = np.nan
            y = attend(w, *(to_tensor(w, x, "float32") for x in spoiled), is_causal=True)
            assert_same(y[:, :, :place], clean[:, :, :place])
            assert np.isnan(to_numpy(y[:, :, place:])).all()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_gradients_of_what_does_not_see_a_nan(w, which):
    """A NaN in query i reaches the gradients of keys 0 to i; one in key i those of queries from i on."""
    rng = np.random.default_rng(2)
    arrays = [rng.standard_normal((1, 2, 150, 8)) for _ in range(3)]

    def gradients(arrays):
        tensors = [to_tensor(w, x, "float32").requires_grad_() for x in arrays]
        (attend(w, *tensors, is_causal=True) * to_tensor(w, np.cos(arrays[0]), "float32")).nansum().backward()
        return [to_numpy(t.grad) for t in tensors]

    for place in (1, 37, 140):
        spoiled = [x.copy() for x in arrays]
        spoiled[which][:, :, place] = np.nan
        dq, dk, dv = gradients(spoiled)
        if which == 0:
            assert np.isfinite(dk[:, :, place + 1 :]).all() and np.isfinite(dv[:, :, place + 1 :]).all()
        else:
            assert np.isfinite(dq[:, :, :place]).all()


def test_layout_of_the_result(w, device):
    """Heads cut from one product come out so that they are joined again without a copy; gradients lie likewise."""
    x = w.randn(2, 10, 3, 4, 8, device=device)
    q, k, v = (x[:, :, i].transpose(1, 2).detach().requires_grad_() for i in range(3))
    y = attend(w, q, k, v, is_causal=True)
    if device == "cpu":
        assert y.transpose(1, 2).is_contiguous()
    y.sum().backward()  # a gradient that is expanded from one number
    plain = [t.detach().contiguous().requires_grad_() for t in (q, k, v)]
    z = attend(w, *plain, is_causal=True)
    z.sum().backward()
    np.testing.assert_allclose(to_numpy(y.detach()), to_numpy(z.detach()), rtol=1e-6, atol=1e-6)
    for one, two in zip((q, k, v), plain, strict=True):
        np.testing.assert_allclose(to_numpy(one.grad), to_numpy(two.grad), rtol=1e-5, atol=1e-6)
    assert attend(w, *(t.detach() for t in plain)).is_contiguous()


@pytest.mark.parametrize("heads", [1, 2, 3, 8])
@pytest.mark.parametrize("is_causal", [False, True])
def test_threads_do_not_change_a_bit(w, heads, is_causal):
    """Few heads are cut into parts for the threads, many are not: the sums are the same."""
    tensors = [w.randn(1, heads, n, 32, requires_grad=True) for n in (330, 270, 270)]
    g, results, before = w.randn(1, heads, 330, 32), [], w.get_num_threads()
    for count in (1, 2, 5):
        w.set_num_threads(count)
        try:
            y = attend(w, *tensors, is_causal=is_causal)
            results.append([y.detach(), *w.autograd.grad(y, tensors, g)])
        finally:
            w.set_num_threads(before)
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            assert_same(one, two)


def test_memory(w):
    """Neither forward nor backward holds the weights: (8, 1024, 1024) float32 would be 32 MB."""
    tensors = [w.randn(1, 8, 1024, 32, requires_grad=True) for _ in range(3)]
    g = w.randn(1, 8, 1024, 32)
    w.memory.reset_peak()
    before = w.memory.allocated()
    grads = w.autograd.grad(attend(w, *tensors, is_causal=True), tensors, g)
    assert w.memory.peak() - before < 8 << 20  # the result and three gradients are 4 MB
    assert len(grads) == 3


# Masks in the kernel


def masks_for(rng, batch, heads, queries, keys):
    shapes = [(queries, keys), (1, keys), (batch, 1, 1, keys), (heads, queries, 1), (batch, heads, queries, keys)]
    for shape in shapes:
        yield rng.random(shape) < 0.7
        yield rng.standard_normal(shape)
        hidden = np.where(rng.random(shape) < 0.3, -np.inf, rng.standard_normal(shape))
        hidden[..., -1, :] = -np.inf  # some queries see nothing
        yield hidden


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_masked_kernel_is_the_composite(w, sizes):
    batch, heads, queries, keys, size, value_size = sizes
    rng = np.random.default_rng(4)
    shapes = [(queries, size), (keys, size), (keys, value_size)]
    inputs = [to_tensor(w, rng.standard_normal((batch, heads, *s)), "float64").requires_grad_() for s in shapes]
    g = to_tensor(w, rng.standard_normal((batch, heads, queries, value_size)), "float64")
    for array in masks_for(rng, batch, heads, queries, keys):
        mask = to_tensor(w, array, "bool" if array.dtype == bool else "float64")
        y = attend(w, *inputs, attn_mask=mask)
        found = w.autograd.grad((y * g).sum(), inputs)
        with w.nn.attention.sdpa_kernel(w.nn.attention.SDPBackend.MATH):
            z = attend(w, *inputs, attn_mask=mask)
        wanted = w.autograd.grad((z * g).sum(), inputs)
        assert y.grad_fn.name() != z.grad_fn.name()
        for one, two in zip((y, *found), (z, *wanted), strict=True):
            np.testing.assert_allclose(to_numpy(one.detach()), to_numpy(two.detach()), rtol=1e-9, atol=1e-9)


def test_masks_of_other_dtypes_and_ranks(w):
    rng = np.random.default_rng(5)
    q, k = (to_tensor(w, rng.standard_normal((2, 3, n, 8)), "float32") for n in (9, 11))
    mask = to_tensor(w, rng.standard_normal((9, 11)), "float32")
    wanted = attend(w, q.double(), k.double(), k.double(), attn_mask=mask.double())
    for dtype, tolerance in ((w.float32, 1e-5), (w.bfloat16, 5e-2), (w.float16, 5e-3)):
        inputs = [x.to(dtype) for x in (q, k, k)]
        for given in (mask, mask.to(dtype)):
            if dtype != w.float32 or given.dtype == dtype:
                y = attend(w, *inputs, attn_mask=given)
                assert y.dtype == dtype
                np.testing.assert_allclose(to_numpy(y.double()), to_numpy(wanted), rtol=tolerance, atol=tolerance)
    for rank in (2, 3):
        y = attend(w, *(x[(0,) * (4 - rank)] for x in (q, k, k)), attn_mask=mask)
        np.testing.assert_allclose(to_numpy(y), to_numpy(wanted[(0,) * (4 - rank)]), rtol=1e-4, atol=1e-5)
    more = w.stack([mask, mask * 0])[:, None]  # a mask with a batch that the others lack
    y = attend(w, q[:1], k[:1], k[:1], attn_mask=more)
    assert y.shape == (2, 3, 9, 8)
    np.testing.assert_allclose(to_numpy(y[0]), to_numpy(wanted[0]), rtol=1e-4, atol=1e-5)


def test_float32_masks_beside_half_types_everywhere(w):
    rng = np.random.default_rng(8)
    q = to_tensor(w, rng.standard_normal((2, 3, 9, 8)), "float32").half().requires_grad_()
    mask = to_tensor(w, rng.standard_normal((9, 9)), "float32")
    wanted = attend(w, q.double(), q.double(), q.double(), attn_mask=mask.double())
    (wanted_grad,) = w.autograd.grad(wanted.sin().sum(), q)

    def near(y):
        assert y.dtype == w.float16
        np.testing.assert_allclose(to_numpy(y.detach().double()), to_numpy(wanted.detach()), rtol=5e-3, atol=5e-3)

    learned = mask.clone().requires_grad_()
    with w.nn.attention.sdpa_kernel(w.nn.attention.SDPBackend.MATH):
        near(attend(w, q, q, q, attn_mask=mask))
    near(attend(w, q, q, q, attn_mask=learned))
    near(w.vmap(lambda m: attend(w, q, q, q, attn_mask=m))(w.stack([mask, mask]))[1])
    near(attend(w, *(x[None] for x in (q, q, q)), attn_mask=mask)[0])
    for given in (mask, learned):
        y = attend(w, q, q, q, attn_mask=given)
        for create in (False, True):
            (grad,) = w.autograd.grad(y.sin().sum(), q, create_graph=create, retain_graph=True)
            assert grad.dtype == w.float16
            np.testing.assert_allclose(
                to_numpy(grad.detach().double()), to_numpy(wanted_grad.double()), rtol=2e-2, atol=2e-2
            )
    w.func.jvp(lambda q: attend(w, q, q, q, attn_mask=mask), (q.detach(),), (q.detach(),))
    attend(w, q, q, q, attn_mask=mask, dropout_p=0.3)


def test_gradient_of_a_mask(w):
    rng = np.random.default_rng(6)
    q, mask = (to_tensor(w, rng.standard_normal(s), "float64").requires_grad_() for s in ((1, 2, 4, 3), (4, 4)))
    assert w.autograd.gradcheck(lambda q, mask: attend(w, q, q, q, attn_mask=mask), (q, mask))
    assert w.autograd.gradgradcheck(lambda q: attend(w, q, q, q, attn_mask=mask.detach()), (q,))
    seen = to_tensor(w, rng.random((4, 4)) < 0.6, "bool")
    assert w.autograd.gradgradcheck(lambda q: attend(w, q, q, q, attn_mask=seen), (q,))


def test_batches_of_masks(w):
    rng = np.random.default_rng(7)
    q, masks = (to_tensor(w, rng.standard_normal(s), "float64") for s in ((5, 1, 2, 6, 3), (5, 6, 6)))

    def f(q, mask):
        return attend(w, q, q, q, attn_mask=mask)

    for batched, places in ((w.vmap(f), (0, 0)), (w.vmap(f, (0, None)), (0, None)), (w.vmap(f, (None, 0)), (None, 0))):
        args = [x if place == 0 else x[0] for x, place in zip((q, masks), places)]
        y = batched(*args)
        for i in range(5):
            one = f(*(x[i] if place == 0 else x for x, place in zip(args, places)))
            np.testing.assert_allclose(to_numpy(y[i]), to_numpy(one), rtol=1e-12)
    jitted = w.jit(f)
    np.testing.assert_allclose(to_numpy(jitted(q[0], masks[0])), to_numpy(f(q[0], masks[0])), rtol=1e-12)
    tangent = w.func.jvp(f, (q[0], masks[0]), (q[1], masks[1]))[1]
    numeric = (
        f(q[0] + 1e-6 * q[1], masks[0] + 1e-6 * masks[1]) - f(q[0] - 1e-6 * q[1], masks[0] - 1e-6 * masks[1])
    ) / 2e-6
    np.testing.assert_allclose(to_numpy(tangent), to_numpy(numeric), rtol=1e-5, atol=1e-7)


def test_masked_programs_are_saved(w, tmp_path):
    q, mask = w.randn(1, 2, 6, 4), w.tril(w.ones(6, 6, dtype=w.bool))

    class Model(w.nn.Module):
        def forward(self, q, mask):
            return attend(w, q, q, q, attn_mask=mask)

    w.export.save(w.export.export(Model(), (q, mask)), tmp_path / "program.weft")
    assert_same(w.export.load(tmp_path / "program.weft")(q, mask), Model()(q, mask))
