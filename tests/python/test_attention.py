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
