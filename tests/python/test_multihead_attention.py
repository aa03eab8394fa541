"""MultiheadAttention and the transformers: against NumPy, and against PyTorch where it is installed."""

import contextlib
import copy
import math

import numpy as np
import pytest
from support import IS_WEFT, assert_same, to_numpy, to_tensor, weft_only

try:
    import torch
except ImportError:
    torch = None

beside_torch = pytest.mark.skipif(torch is None or not IS_WEFT, reason="PyTorch is not installed, or under test")


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def reference(layer, query, key, value, bias=None):
    """Output and weights (N, H, L, S) for a batch-first layer; bias is added to the scores."""
    p = {name: to_numpy(x).astype("float64") for name, x in layer.named_parameters()}
    size, heads = layer.embed_dim, layer.num_heads
    weights = (
        np.split(p["in_proj_weight"], 3) if "in_proj_weight" in p else [p[f"{which}_proj_weight"] for which in "qkv"]
    )
    biases = np.split(p.get("in_proj_bias", np.zeros(3 * size)), 3)
    q, k, v = (x @ w.T + b for x, w, b in zip((query, key, value), weights, biases, strict=True))
    batch = len(q)
    if "bias_k" in p:
        k = np.concatenate([k, np.broadcast_to(p["bias_k"], (batch, 1, size))], 1)
        v = np.concatenate([v, np.broadcast_to(p["bias_v"], (batch, 1, size))], 1)
    if layer.add_zero_attn:
        k, v = (np.concatenate([x, np.zeros((batch, 1, size))], 1) for x in (k, v))
    q, k, v = (x.reshape(batch, -1, heads, size // heads).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(size // heads)
    if bias is not None:
        scores[..., : bias.shape[-1]] += bias
    weights = softmax(scores)
    out = (weights @ v).transpose(0, 2, 1, 3).reshape(batch, -1, size)
    return out @ p["out_proj.weight"].T + p.get("out_proj.bias", 0), weights


def made(w, dtype="float64", **options):
    layer = w.nn.MultiheadAttention(12, 3, batch_first=True, dtype=getattr(w, dtype), **options)
    rng = np.random.default_rng(0)
    with w.no_grad():
        for p in layer.parameters():
            p.copy_(to_tensor(w, rng.standard_normal(tuple(p.shape)) * 0.5, dtype))
    return layer


OPTIONS = [
    {},
    {"bias": False},
    {"add_bias_kv": True},
    {"add_zero_attn": True},
    {"add_bias_kv": True, "add_zero_attn": True, "bias": False},
    {"kdim": 5, "vdim": 7},
    {"vdim": 7, "add_zero_attn": True},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("need_weights", [True, False])
def test_against_numpy(w, options, need_weights):
    layer, rng = made(w, **options), np.random.default_rng(1)
    query = rng.standard_normal((2, 4, 12))
    key = rng.standard_normal((2, 5, options.get("kdim", 12)))
    value = rng.standard_normal((2, 5, options.get("vdim", 12)))
    wanted, weights = reference(layer, query, key, value)
    q, k, v = (to_tensor(w, x) for x in (query, key, value))
    y, found = layer(q, k, v, need_weights=need_weights)
    np.testing.assert_allclose(to_numpy(y), wanted, rtol=1e-9, atol=1e-10)
    assert tuple(y.shape) == (2, 4, 12) and (found is not None) == need_weights
    if need_weights:
        np.testing.assert_allclose(to_numpy(found), weights.mean(1), rtol=1e-9, atol=1e-10)
        _, found = layer(q, k, v, average_attn_weights=False)
        np.testing.assert_allclose(to_numpy(found), weights, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("options", [{}, {"add_bias_kv": True, "add_zero_attn": True}], ids=str)
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("kind", ["bool", "float"])
@pytest.mark.parametrize("dims", [0, 2, 3])
@pytest.mark.parametrize("padded", [True, False])
def test_masks(w, options, need_weights, kind, dims, padded):
    layer, rng = made(w, **options), np.random.default_rng(2)
    x = rng.standard_normal((2, 4, 12))
    bias, masks = np.zeros((2, 3, 4, 4)), {}
    if dims:
        mask = rng.random((4, 4) if dims == 2 else (6, 4, 4)) < 0.3 if kind == "bool" else rng.standard_normal((4, 4))
        if dims == 3 and kind == "float":
            mask = rng.standard_normal((6, 4, 4))
        mask[..., 0] = 0  # nobody is without keys
        masks["attn_mask"] = to_tensor(w, mask)
        added = np.where(mask, -np.inf, 0.0) if kind == "bool" else mask
        bias = bias + (added if dims == 2 else added.reshape(2, 3, 4, 4))
    if padded:
        hidden = np.array([[False, False, True, False], [False, False, False, True]])
        masks["key_padding_mask"] = to_tensor(w, hidden)
        bias = bias + np.where(hidden, -np.inf, 0.0)[:, None, None]
    wanted, weights = reference(layer, x, x, x, bias)
    t = to_tensor(w, x)
    y, found = layer(t, t, t, need_weights=need_weights, average_attn_weights=False, **masks)
    np.testing.assert_allclose(to_numpy(y), wanted, rtol=1e-9, atol=1e-10)
    if need_weights:
        np.testing.assert_allclose(to_numpy(found), weights, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("need_weights", [True, False])
def test_orders_of_dimensions(w, need_weights):
    """The batch first or second, or no batch at all: the same numbers."""
    layer = made(w)
    other = w.nn.MultiheadAttention(12, 3, dtype=w.float64)
    other.load_state_dict(layer.state_dict())
    x = to_tensor(w, np.random.default_rng(3).standard_normal((2, 4, 12)))
    hidden = w.tensor([[False, False, True, True], [False, True, False, False]])
    y, weights = layer(x, x, x, key_padding_mask=hidden, need_weights=need_weights)
    t = x.transpose(0, 1).contiguous()
    z, found = other(t, t, t, key_padding_mask=hidden, need_weights=need_weights)
    assert y.is_contiguous() and z.is_contiguous()
    np.testing.assert_allclose(to_numpy(z.transpose(0, 1)), to_numpy(y), rtol=1e-10, atol=1e-12)
    one, single = layer(x[1], x[1], x[1], key_padding_mask=hidden[1], need_weights=need_weights)
    assert tuple(one.shape) == (4, 12)
    np.testing.assert_allclose(to_numpy(one), to_numpy(y[1]), rtol=1e-10, atol=1e-12)
    if need_weights:
        np.testing.assert_allclose(to_numpy(found), to_numpy(weights), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(to_numpy(single), to_numpy(weights[1]), rtol=1e-10, atol=1e-12)


def test_causal_hint(w):
    layer, x = made(w), w.randn(2, 4, 12, dtype=w.float64)
    mask = w.ones(4, 4, dtype=w.bool).triu(1)
    wanted = layer(x, x, x, attn_mask=mask)[0]
    for hidden in (None, w.zeros(2, 4, dtype=w.bool)):
        for need_weights in (True, False):
            y, _ = layer(x, x, x, attn_mask=mask, is_causal=True, key_padding_mask=hidden, need_weights=need_weights)
            np.testing.assert_allclose(to_numpy(y), to_numpy(wanted), rtol=1e-9, atol=1e-10)
    with pytest.raises(RuntimeError, match="attn_mask"):
        layer(x, x, x, is_causal=True)


@weft_only
def test_queries_without_keys(w):
    layer, x = made(w), w.randn(2, 4, 12, dtype=w.float64)
    mask = w.zeros(4, 4, dtype=w.bool)
    mask[1] = True
    y, _ = layer(x, x, x, attn_mask=mask, need_weights=False)
    np.testing.assert_allclose(to_numpy(y[:, 1]), np.tile(to_numpy(layer.out_proj.bias), (2, 1)))
    y, weights = layer(x, x, x, attn_mask=mask)
    assert bool(weights[:, 1].isnan().all()) and not bool(weights[:, 0].isnan().any())


def test_dropout_only_in_training(w):
    layer = w.nn.MultiheadAttention(4, 2, dropout=0.9)
    x = w.randn(6, 1, 4)
    _, weights = layer(x, x, x, average_attn_weights=False)
    dropped = to_numpy(weights) == 0
    assert 0.6 < dropped.mean() <= 1
    layer.eval()
    assert not (to_numpy(layer(x, x, x)[1]) == 0).any()


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("dtype, tolerance", [("float32", 2e-5), ("bfloat16", 6e-2), ("float16", 1e-2)])
def test_dtypes(w, dtype, tolerance, need_weights):
    layer = made(w)
    x = np.random.default_rng(4).standard_normal((2, 4, 12))
    wanted, _ = reference(layer, x, x, x)
    t = to_tensor(w, x).to(getattr(w, dtype))
    y, _ = layer.to(getattr(w, dtype))(t, t, t, need_weights=need_weights)
    assert y.dtype == t.dtype
    np.testing.assert_allclose(to_numpy(y.double()), wanted, rtol=tolerance, atol=tolerance * abs(wanted).max())


def test_strides_do_not_matter(w):
    layer = made(w)
    x = w.randn(12, 4, 2, dtype=w.float64).permute(2, 1, 0)
    for need_weights in (True, False):
        y = layer(x, x, x, need_weights=need_weights)[0]
        z = layer(x.contiguous(), x.contiguous(), x.contiguous(), need_weights=need_weights)[0]
        np.testing.assert_allclose(to_numpy(y), to_numpy(z), rtol=1e-10, atol=1e-12)


@weft_only
@pytest.mark.parametrize("shape", [(0, 4, 12), (2, 0, 12)])
@pytest.mark.parametrize("need_weights", [True, False])
def test_empty(w, shape, need_weights):
    layer, x = made(w), w.zeros(shape, dtype=w.float64)
    assert tuple(layer(x, x, x, need_weights=need_weights)[0].shape) == shape


@weft_only
@pytest.mark.parametrize("need_weights", [True, False])
def test_derivatives(w, need_weights):
    layer = w.nn.MultiheadAttention(4, 2, dtype=w.float64, add_zero_attn=True)
    query = w.randn(2, 1, 4, dtype=w.float64, requires_grad=True)
    key = w.randn(3, 1, 4, dtype=w.float64, requires_grad=True)

    def f(query, key, weight):
        given = {"in_proj_weight": weight}
        call = w.func.functional_call
        return call(layer, given, (query, key, key), {"need_weights": need_weights})[0]

    weight = layer.in_proj_weight.detach().requires_grad_()
    assert w.autograd.gradcheck(f, (query, key, weight))
    assert w.autograd.gradgradcheck(f, (query, key, weight))


@weft_only
def test_transforms(w):
    layer = made(w)
    x = w.randn(3, 2, 4, 12, dtype=w.float64)
    batched = w.vmap(lambda x: layer(x, x, x, need_weights=False)[0])(x)
    for one, y in zip(x, batched, strict=True):
        np.testing.assert_allclose(to_numpy(y), to_numpy(layer(one, one, one)[0]), rtol=1e-9, atol=1e-10)
    jitted = w.jit(lambda x: layer(x, x, x, need_weights=False)[0])
    assert_same(jitted(x[0]), layer(x[0], x[0], x[0], need_weights=False)[0])
    meta = w.nn.MultiheadAttention(12, 3, device="meta")
    y = w.empty(4, 2, 12, device="meta")
    assert meta(y, y, y)[0].shape == (4, 2, 12)


def test_state_dict_and_text(w):
    layer = w.nn.MultiheadAttention(4, 2, add_bias_kv=True)
    names = ["in_proj_weight", "in_proj_bias", "bias_k", "bias_v", "out_proj.weight", "out_proj.bias"]
    assert list(layer.state_dict()) == names
    assert float(layer.in_proj_bias.abs().max()) == 0 == float(layer.out_proj.bias.abs().max())
    bound = math.sqrt(6 / (4 + 12))
    assert 0 < float(layer.in_proj_weight.abs().max()) <= bound
    layer = w.nn.MultiheadAttention(4, 2, kdim=3, bias=False)
    assert list(layer.state_dict()) == ["q_proj_weight", "k_proj_weight", "v_proj_weight", "out_proj.weight"]
    assert "(out_proj): NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=False)" in repr(layer)
    assert copy.deepcopy(layer).q_proj_weight is not layer.q_proj_weight


@weft_only
def test_arguments(w):
    for sizes in ((0, 1), (4, 0), (4, 3), (-4, 2)):
        with pytest.raises(ValueError, match="MultiheadAttention"):
            w.nn.MultiheadAttention(*sizes)
    with pytest.raises(ValueError, match="dropout"):
        w.nn.MultiheadAttention(4, 2, dropout=1.5)
    with pytest.raises(TypeError, match="batch_first"):
        w.nn.MultiheadAttention(4, 2, batch_first=3)
    layer, x = w.nn.MultiheadAttention(4, 2), w.ones(3, 2, 4)
    bad = [
        ((x, x, w.ones(3, 2, 5)), {}, "value"),
        ((x, w.ones(3, 1, 4), w.ones(3, 1, 4)), {}, "batch size"),
        ((x, w.ones(2, 2, 4), x), {}, "one length"),
        ((x, x[0], x[0]), {}, "query, key and value"),
        ((w.ones(3, 2, 6), x, x), {}, "embed_dim"),
        ((x, x, x), {"key_padding_mask": w.zeros(3, 2, dtype=w.bool)}, "key_padding_mask"),
        ((x, x, x), {"key_padding_mask": w.zeros(2, 3, dtype=w.int64)}, "dtype"),
        ((x, x, x), {"attn_mask": w.zeros(3, 4)}, "attn_mask"),
        ((x, x, x), {"attn_mask": w.zeros(3, 3, 3)}, "attn_mask"),
    ]
    for args, options, word in bad:
        with pytest.raises(RuntimeError, match=word):
            layer(*args, **options)
    with pytest.raises(TypeError, match="key"):
        layer(x, None, x)


def test_given_keys_and_values(w):
    rng = np.random.default_rng(5)
    x, keys = (to_tensor(w, rng.standard_normal(shape)) for shape in ((4, 2, 6), (4, 5, 3)))
    weight, out = to_tensor(w, rng.standard_normal((18, 6))), w.eye(6, dtype=w.float64)
    y, _ = w.nn.functional.multi_head_attention_forward(
        x, x, x, 6, 2, weight, None, None, None, False, 0.0, out, None, static_k=keys, static_v=keys
    )
    q = (to_numpy(x) @ to_numpy(weight)[:6].T).reshape(4, 2, 2, 3).transpose(1, 2, 0, 3)
    k = to_numpy(keys).reshape(2, 2, 5, 3)
    wanted = softmax(q @ k.swapaxes(-1, -2) / math.sqrt(3)) @ k
    np.testing.assert_allclose(to_numpy(y), wanted.transpose(2, 0, 1, 3).reshape(4, 2, 6), rtol=1e-9)


# The transformers


def random_state(module, rng):
    """Values for a module of either library, by name."""
    return {
        name: rng.standard_normal(tuple(x.shape)).astype("float32") * 0.3 for name, x in module.state_dict().items()
    }


def transformer(lib, kind, **options):
    n = lib.nn
    if kind == "encoder":
        return n.TransformerEncoder(n.TransformerEncoderLayer(8, 2, 7, 0.0, **options), 2, n.LayerNorm(8))
    if kind == "decoder":
        return n.TransformerDecoder(n.TransformerDecoderLayer(8, 2, 7, 0.0, **options), 2)
    return n.Transformer(8, 2, 2, 2, 7, 0.0, **options)


def run(lib, kind, model, src, tgt, masks, as_tensor):
    causal = lib.nn.Transformer.generate_square_subsequent_mask(len(tgt[0]))
    own = {name: causal if isinstance(mask, str) else as_tensor(mask) for name, mask in masks.items()}
    src, tgt = as_tensor(src), as_tensor(tgt)
    if kind == "encoder":
        return model(src, **{name[4:] if name == "src_mask" else name: m for name, m in own.items() if name[0] == "s"})
    if kind == "decoder":
        return model(tgt, src, **{name: m for name, m in own.items() if name[0] != "s"})
    return model(src, tgt, **own)


HIDDEN = np.array([[False] * 5, [False] * 3 + [True] * 2])
MASKS = [
    {},
    {"tgt_mask": "causal"},
    {"src_key_padding_mask": HIDDEN, "memory_key_padding_mask": HIDDEN},
    {"tgt_mask": "causal", "src_mask": np.eye(5, k=1, dtype=bool), "memory_mask": np.eye(4, 5, dtype=bool)},
]


@beside_torch
@pytest.mark.parametrize("options", [{}, {"norm_first": True, "activation": "gelu"}, {"bias": False}], ids=str)
@pytest.mark.parametrize("kind", ["encoder", "decoder", "both"])
def test_transformers_beside_pytorch(w, kind, options):
    rng = np.random.default_rng(6)
    ours, theirs = (transformer(lib, kind, batch_first=True, **options) for lib in (w, torch))
    values = random_state(theirs, rng)
    assert list(ours.state_dict()) == list(values) and repr(ours) == repr(theirs)
    ours.load_state_dict({name: to_tensor(w, x) for name, x in values.items()}, strict=True)
    theirs.load_state_dict({name: torch.from_numpy(to_numpy(x).copy()) for name, x in ours.state_dict().items()})
    src, tgt = (rng.standard_normal((2, n, 8)).astype("float32") for n in (5, 4))
    for masks in MASKS:
        for training in (True, False):
            ours.train(training), theirs.train(training)
            grad = contextlib.nullcontext if training else torch.no_grad
            with grad(), w.set_grad_enabled(training):
                y = run(w, kind, ours, src, tgt, masks, lambda x: to_tensor(w, x))
                z = run(torch, kind, theirs, src, tgt, masks, torch.from_numpy)
            np.testing.assert_allclose(to_numpy(y), z.detach().numpy(), rtol=1e-3, atol=1e-4, err_msg=str(masks))
            if training:
                ours.zero_grad(), theirs.zero_grad()
                y.square().sum().backward(), z.square().sum().backward()
                for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
                    scale = max(1, float(two.grad.abs().max()))
                    np.testing.assert_allclose(to_numpy(one.grad) / scale, two.grad.numpy() / scale, atol=2e-3)


def test_encoder_layer_is_what_it_says(w):
    layer = w.nn.TransformerEncoderLayer(8, 2, 7, 0.0, batch_first=True, dtype=w.float64)
    x = w.randn(2, 5, 8, dtype=w.float64)
    attended = layer.self_attn(x, x, x)[0]
    y = layer.norm1(x + attended)
    y = layer.norm2(y + layer.linear2(layer.linear1(y).relu()))
    np.testing.assert_allclose(to_numpy(layer(x)), to_numpy(y), rtol=1e-9, atol=1e-10)


def test_causal_masks_are_recognized(w):
    layer = w.nn.TransformerEncoderLayer(8, 2, 7, 0.0, batch_first=True)
    encoder = w.nn.TransformerEncoder(layer, 1)
    seen = []
    encoder.layers[0].register_forward_pre_hook(lambda m, a, k: seen.append(k["is_causal"]), with_kwargs=True)
    mask, x = w.nn.Transformer.generate_square_subsequent_mask(4), w.randn(2, 4, 8)
    y = encoder(x, mask)
    np.testing.assert_allclose(to_numpy(y), to_numpy(encoder(x, mask, is_causal=False)), rtol=1e-4, atol=1e-5)
    encoder(x)
    encoder(x, mask + 1)
    assert seen == [True, False, False, False]


def test_sizes_of_a_transformer(w):
    model = w.nn.Transformer(8, 2, 1, 1, 7)
    for shapes in (((5, 2, 8), (4, 1, 8)), ((5, 2, 8), (4, 2, 6)), ((5, 2, 8), (4, 8))):
        with pytest.raises(RuntimeError):
            model(*(w.ones(shape) for shape in shapes))
    assert tuple(model(w.ones(5, 8), w.ones(4, 8)).shape) == (4, 8)
    with pytest.raises(RuntimeError, match="relu"):
        w.nn.TransformerEncoderLayer(8, 2, activation="tanh")
    custom = w.nn.Transformer(8, 2, custom_encoder=w.nn.Identity(), num_decoder_layers=1)
    assert isinstance(custom.encoder, w.nn.Identity)


@weft_only
@pytest.mark.parametrize("activation", ["function", "module"])
def test_activations_survive_copies(w, activation):
    chosen = w.nn.GELU() if activation == "module" else w.nn.functional.gelu
    layer = w.nn.TransformerDecoderLayer(8, 2, 7, 0.0, activation=chosen)
    x = w.randn(4, 2, 8)
    assert_same(w.nn.TransformerDecoder(layer, 1)(x, x), layer(x, x))


@weft_only
def test_a_transformer_trains_jitted(w):
    model = transformer(w, "encoder", batch_first=True)
    x, mask = w.randn(2, 4, 8), w.nn.Transformer.generate_square_subsequent_mask(4)

    def loss(x):
        return model(x, mask, is_causal=True).square().mean()

    wanted = w.autograd.grad(loss(x), list(model.parameters()))
    found = w.autograd.grad(w.jit(loss)(x), list(model.parameters()))
    for one, two in zip(found, wanted, strict=True):
        np.testing.assert_allclose(to_numpy(one), to_numpy(two), rtol=1e-4, atol=1e-6)


def test_errors_of_attention_are_assertions_too(w):
    layer = w.nn.MultiheadAttention(4, 2)
    with pytest.raises(AssertionError):
        layer(w.ones(4, 4, 4), w.ones(4, 4), w.ones(4, 4))
