"""Composite functions of nn.functional: against their formulas in NumPy, and their gradients numerically."""

import math

import numpy as np
import pytest
from support import gradcheck, to_numpy, to_tensor, weft_only

RNG = np.random.default_rng(0)
A, B, C = (RNG.standard_normal((4, 3)) for _ in range(3))
SIGNS = np.where(RNG.random(4) < 0.5, -1.0, 1.0)
P = np.exp(A) / np.exp(A).sum(1, keepdims=True)
Q = np.exp(B) / np.exp(B).sum(1, keepdims=True)


def norm(x, p=2.0):
    return (np.abs(x) ** p).sum(-1) ** (1 / p)


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


COSINE = (A * B).sum(1) / norm(A) / norm(B)
MULTI = np.array([[0, 2, -1, 1], [3, -1, 0, 0], [-1, 0, 1, 2]])
X34 = RNG.standard_normal((3, 4))


def multilabel_margin(x, target):
    losses = []
    for row, labels in zip(x, target):
        labels = list(labels[: list(labels).index(-1)]) if -1 in labels else list(labels)
        others = [j for j in range(len(row)) if j not in labels]
        losses.append(sum(max(0, 1 - row[t] + row[j]) for t in labels for j in others) / len(row))
    return np.array(losses)


def multi_margin(x, target, p=1, margin=1.0, weight=None):
    losses = []
    for row, t in zip(x, target):
        terms = [relu(margin - row[t] + row[j]) ** p for j in range(len(row)) if j != t]
        losses.append(sum(terms) / len(row) * (1 if weight is None else weight[t]))
    return np.array(losses)


STIRLING = np.where(3 * Q > 1, 3 * Q * np.log(3 * Q) - 3 * Q + 0.5 * np.log(2 * np.pi * 3 * Q), 0)

# name, arguments, keywords, the losses before they are reduced
LOSSES = [
    ("kl_div", [np.log(P), Q], {}, Q * (np.log(Q) - np.log(P))),
    ("kl_div", [np.log(P), np.log(Q)], dict(log_target=True), Q * (np.log(Q) - np.log(P))),
    ("poisson_nll_loss", [A, Q], {}, np.exp(A) - Q * A),
    ("poisson_nll_loss", [P, 3 * Q], dict(log_input=False, full=True), P - 3 * Q * np.log(P + 1e-8) + STIRLING),
    ("gaussian_nll_loss", [A, B, P], {}, 0.5 * (np.log(P) + (A - B) ** 2 / P)),
    (
        "gaussian_nll_loss",
        [A, B, P[:, 0]],
        dict(full=True),
        0.5 * (np.log(P[:, :1]) + (A - B) ** 2 / P[:, :1] + math.log(2 * math.pi)),
    ),
    ("hinge_embedding_loss", [A, np.sign(B)], dict(margin=0.5), np.where(B > 0, A, relu(0.5 - A))),
    ("margin_ranking_loss", [A, B, np.sign(C)], dict(margin=0.3), relu(-np.sign(C) * (A - B) + 0.3)),
    ("soft_margin_loss", [A, np.sign(B)], {}, np.log1p(np.exp(-np.sign(B) * A))),
    ("cosine_embedding_loss", [A, B, SIGNS], dict(margin=0.1), np.where(SIGNS > 0, 1 - COSINE, relu(COSINE - 0.1))),
    (
        "multilabel_soft_margin_loss",
        [A, (B > 0) * 1.0],
        dict(weight=np.array([1.0, 2.0, 0.5])),
        -(np.log(np.where(B > 0, sigmoid(A), sigmoid(-A))) * [1.0, 2.0, 0.5]).mean(1),
    ),
    ("multi_margin_loss", [A, np.array([0, 2, 1, 1])], {}, multi_margin(A, [0, 2, 1, 1])),
    (
        "multi_margin_loss",
        [A, np.array([0, 2, 1, 1])],
        dict(p=2, margin=0.5, weight=np.array([1.0, 2.0, 3.0])),
        multi_margin(A, [0, 2, 1, 1], 2, 0.5, [1.0, 2.0, 3.0]),
    ),
    ("multilabel_margin_loss", [X34, MULTI], {}, multilabel_margin(X34, MULTI)),
    ("triplet_margin_loss", [A, B, C], dict(eps=0.0), relu(norm(A - B) - norm(A - C) + 1)),
    (
        "triplet_margin_loss",
        [A, B, C],
        dict(margin=0.5, p=3.0, swap=True, eps=0.0),
        relu(norm(A - B, 3) - np.minimum(norm(A - C, 3), norm(B - C, 3)) + 0.5),
    ),
]


def as_tensors(w, values):
    return {k: to_tensor(w, v) if isinstance(v, np.ndarray) else v for k, v in values.items()}


@pytest.mark.parametrize("name,args,options,losses", LOSSES)
def test_losses(w, name, args, options, losses):
    function = getattr(w.nn.functional, name)
    tensors = [to_tensor(w, a) for a in args]
    options = as_tensors(w, options)
    for reduction, expected in (("none", losses), ("mean", losses.mean()), ("sum", losses.sum())):
        got = function(*tensors, **options, reduction=reduction)
        np.testing.assert_allclose(to_numpy(got), expected, rtol=1e-6, atol=1e-9)
    with pytest.raises(ValueError):
        function(*tensors, **options, reduction="median")


@pytest.mark.parametrize("name,args,options,losses", LOSSES)
def test_gradients_of_losses(w, name, args, options, losses):
    # by the inputs; targets of classes and signs are constants
    count = {"triplet_margin_loss": 3, "gaussian_nll_loss": 3, "kl_div": 2}.get(name, 1)
    count = 2 if name in ("margin_ranking_loss", "cosine_embedding_loss") else count
    fixed, options = [to_tensor(w, a) for a in args[count:]], as_tensors(w, options)
    function = getattr(w.nn.functional, name)
    gradcheck(w, lambda *inputs: function(*inputs, *fixed, **options, reduction="none"), args[:count])


def test_kl_div_of_zero_probability(w):
    got = w.nn.functional.kl_div(w.zeros(2, 2), w.tensor([[0.0, 1.0], [1.0, 0.0]]), reduction="batchmean")
    assert float(got) == 0


def test_gaussian_nll_wants_a_variance(w):
    for var in (w.tensor([-1.0, 1.0]), w.ones(3)):
        with pytest.raises(ValueError):
            w.nn.functional.gaussian_nll_loss(w.zeros(2), w.zeros(2), var)


def test_distances(w):
    F = w.nn.functional
    a, b = to_tensor(w, A), to_tensor(w, B)
    np.testing.assert_allclose(to_numpy(F.cosine_similarity(a, b)), COSINE, rtol=1e-9)
    np.testing.assert_allclose(to_numpy(F.cosine_similarity(a, b[0], dim=-1)), (A * B[0]).sum(1) / norm(A) / norm(B[0]))
    assert float(F.cosine_similarity(w.zeros(1, 2), w.ones(1, 2))) == 0
    np.testing.assert_allclose(to_numpy(F.pairwise_distance(a, b, p=1.0, eps=0.0)), norm(A - B, 1), rtol=1e-9)
    assert tuple(F.pairwise_distance(a, b, keepdim=True).shape) == (4, 1)
    assert w.pairwise_distance(a, b).equal(F.pairwise_distance(a, b)) and w.pdist(a).equal(F.pdist(a))
    assert w.cosine_similarity(a, b).equal(F.cosine_similarity(a, b))
    weight = w.ones(2, a.shape[1], b.shape[1], dtype=a.dtype)
    assert w.bilinear(a, b, weight).equal(F.bilinear(a, b, weight))
    np.testing.assert_allclose(to_numpy(F.normalize(a, p=3.0, dim=1)), A / norm(A, 3)[:, None], rtol=1e-9)
    assert float(F.normalize(w.zeros(1, 3)).abs().sum()) == 0
    gradcheck(w, lambda x, y: F.cosine_similarity(x, y), [A, B])
    gradcheck(w, lambda x, y: F.pairwise_distance(x, y), [A, B])
    gradcheck(w, lambda x: F.normalize(x), [A])


def attention(q, k, v, mask=None, scale=None):
    scores = q @ np.swapaxes(k, -1, -2) * (scale or 1 / math.sqrt(q.shape[-1]))
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


def test_attention(w):
    rng = np.random.default_rng(1)
    q, k, v = rng.standard_normal((2, 4, 5, 3)), rng.standard_normal((2, 4, 6, 3)), rng.standard_normal((2, 4, 6, 2))
    run = lambda *a, **o: to_numpy(  # noqa: E731
        w.nn.functional.scaled_dot_product_attention(*(to_tensor(w, x) for x in a), **as_tensors(w, o))
    )
    np.testing.assert_allclose(run(q, k, v), attention(q, k, v), rtol=1e-9)
    np.testing.assert_allclose(run(q, k, v, scale=0.2), attention(q, k, v, scale=0.2), rtol=1e-9)
    mask = rng.random((5, 6)) < 0.7
    mask[:, 0] = True
    np.testing.assert_allclose(run(q, k, v, attn_mask=mask), attention(q, k, v, mask), rtol=1e-9)
    bias = rng.standard_normal((2, 1, 5, 6))
    np.testing.assert_allclose(run(q, k, v, attn_mask=bias), attention(q, k, v, bias), rtol=1e-9)
    causal = np.tril(np.ones((5, 6), bool))
    np.testing.assert_allclose(run(q, k, v, is_causal=True), attention(q, k, v, causal), rtol=1e-9)
    grouped = run(q, k[:, :2], v[:, :2], enable_gqa=True)
    np.testing.assert_allclose(grouped, attention(q, k[:, [0, 0, 1, 1]], v[:, [0, 0, 1, 1]]), rtol=1e-9)
    gradcheck(w, w.nn.functional.scaled_dot_product_attention, [q[:1, :1], k[:1, :1], v[:1, :1]])
    with pytest.raises((ValueError, RuntimeError)):
        run(q, k, v, attn_mask=mask, is_causal=True)


def test_gumbel_softmax(w):
    F = w.nn.functional
    logits = to_tensor(w, np.log([[0.7, 0.2, 0.1]] * 4000), "float32", requires_grad=True)
    hard = F.gumbel_softmax(logits, hard=True)
    assert set(np.unique(np.round(to_numpy(hard), 6))) == {0, 1}
    np.testing.assert_allclose(to_numpy(hard).mean(0), [0.7, 0.2, 0.1], atol=0.03)
    (hard * to_tensor(w, np.arange(3.0), "float32")).sum().backward()
    assert float(logits.grad.abs().sum()) > 0
    np.testing.assert_allclose(to_numpy(F.gumbel_softmax(logits, tau=0.5)).sum(1), 1, rtol=1e-4)


def test_one_dimensional_pooling(w):
    F, rng = w.nn.functional, np.random.default_rng(2)
    x = rng.standard_normal((2, 3, 9))
    t = to_tensor(w, x)
    windows = np.lib.stride_tricks.sliding_window_view(x, 3, -1)[:, :, ::2]
    np.testing.assert_allclose(to_numpy(F.max_pool1d(t, 3, 2)), windows.max(-1))
    np.testing.assert_allclose(to_numpy(F.avg_pool1d(t, 3, 2)), windows.mean(-1), rtol=1e-9)
    got, where = F.max_pool1d(t, 3, 2, return_indices=True)
    np.testing.assert_array_equal(to_numpy(where), windows.argmax(-1) + 2 * np.arange(4))
    np.testing.assert_allclose(to_numpy(F.adaptive_avg_pool1d(t, 3)), x.reshape(2, 3, 3, 3).mean(-1), rtol=1e-9)
    np.testing.assert_allclose(to_numpy(F.adaptive_max_pool1d(t, 3)), x.reshape(2, 3, 3, 3).max(-1))
    assert tuple(F.max_pool1d(t[0], (3,)).shape) == (3, 3)


def test_gradients_of_spatial_composites(w):
    F, rng = w.nn.functional, np.random.default_rng(3)
    x = rng.standard_normal((2, 4, 6))
    gradcheck(
        w, lambda x, k, b: F.conv1d(x, k, b, stride=2, padding=1), [x, rng.standard_normal((3, 4, 3)), np.ones(3)]
    )
    gradcheck(w, lambda x: F.instance_norm(x), [x], rtol=1e-4)
    gradcheck(w, lambda x: F.local_response_norm(x, 2), [x])
    gradcheck(w, F.bilinear, [A, B, rng.standard_normal((2, 3, 3)), np.ones(2)])


def test_bad_shapes(w):
    F = w.nn.functional
    for bad in (
        lambda: F.pixel_shuffle(w.ones(1, 3, 2, 2), 2),
        lambda: F.pixel_unshuffle(w.ones(1, 1, 3, 4), 2),
        lambda: F.channel_shuffle(w.ones(1, 3, 2, 2), 2),
        lambda: F.margin_ranking_loss(w.ones(2), w.ones(2, 1), w.ones(2)),
        lambda: F.conv1d(w.ones(3), w.ones(1, 1, 1)),
        lambda: F.cosine_embedding_loss(w.ones(2, 3), w.ones(2, 3), w.ones(2, 1)),
        lambda: F.multi_margin_loss(w.ones(2, 3), w.tensor([1])),
    ):
        with pytest.raises((RuntimeError, ValueError)):
            bad()


def test_multi_margin_loss_of_one_sample(w):
    loss = w.nn.functional.multi_margin_loss
    for shape, target, wanted in (((3,), [1], (1,)), ((1, 3), 1, ()), ((), [0], (1,)), ((), 0, ())):
        got = loss(w.ones(shape), w.tensor(target), reduction="none")
        assert tuple(got.shape) == wanted, (shape, target)
        assert got.sum().item() == pytest.approx(2 / 3 if shape else 0)


def test_cross_entropy_gradient_of_large_logits(w):
    """The gradient is softmax minus one-hot, as exact for logits near 1e4 as for small ones."""
    logits = np.array([[10000.25, 10001.0, 9999.125]], "float32")
    x = w.tensor(logits, requires_grad=True)
    w.nn.functional.cross_entropy(x, w.tensor([1])).backward()
    exact = np.exp(logits.astype("float64") - logits.max())
    exact = exact / exact.sum() - np.array([[0, 1, 0]])
    np.testing.assert_allclose(x.grad.numpy(), exact, rtol=1e-5)


@weft_only
@pytest.mark.parametrize("shape", [(2, 3, 28, 28), (1, 2, 8, 600), (3, 1, 5, 33), (1, 1, 2, 2)])
def test_halving_max_pool_of_equal_numbers_and_nan(w, shape):
    """The first of equal numbers is chosen, and NaN over all others, wherever rows end."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, shape).astype("float32")
    x[rng.random(shape) < 0.02] = np.nan
    values, indices = w.nn.functional.max_pool2d(w.tensor(x), 2, return_indices=True)
    rows, columns = shape[2] // 2, shape[3] // 2
    blocks = x[:, :, : 2 * rows, : 2 * columns].reshape(*shape[:2], rows, 2, columns, 2).transpose(0, 1, 2, 4, 3, 5)
    blocks = blocks.reshape(*shape[:2], rows, columns, 4)
    np.testing.assert_array_equal(values.numpy(), blocks.max(-1))
    chosen = indices.numpy() % shape[3] % 2 + 2 * (indices.numpy() // shape[3] % 2)
    finite = ~np.isnan(blocks).any(-1)
    np.testing.assert_array_equal(chosen[finite], blocks.argmax(-1)[finite])
    picked = np.take_along_axis(x.reshape(*shape[:2], -1), indices.numpy().reshape(*shape[:2], -1), -1)
    np.testing.assert_array_equal(picked.reshape(values.shape), values.numpy())
