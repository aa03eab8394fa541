"""Weights that are computed: weight and spectral normalization in both forms, and parametrizations."""

import copy
import pickle

import numpy as np
import pytest
from support import assert_same, to_numpy, to_tensor, weft_only


def layer_with(w, weight, bias=None):
    layer = w.nn.Linear(weight.shape[1], weight.shape[0])
    with w.no_grad():
        layer.weight.copy_(to_tensor(w, weight))
        if bias is not None:
            layer.bias.copy_(to_tensor(w, bias))
    return layer


WEIGHT = np.array([[3.0, 4.0], [6.0, 8.0], [0.5, 0.0]], dtype="float32")
FORMS = ["hook", "parametrization"]


def normalized(w, form, what, *args, **options):
    place = w.nn.utils if form == "hook" else w.nn.utils.parametrizations
    return getattr(place, what)(*args, **options)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dim, norms", [(0, [[5.0], [10.0], [0.5]]), (1, [[45.25**0.5, 80.0**0.5]]), (None, None)])
def test_weight_norm(w, form, dim, norms):
    layer = normalized(w, form, "weight_norm", layer_with(w, WEIGHT), dim=dim)
    np.testing.assert_allclose(to_numpy(layer.weight), WEIGHT, rtol=1e-6)
    keys = {"hook": ["bias", "weight_g", "weight_v"]}
    keys["parametrization"] = ["bias", *(f"parametrizations.weight.original{i}" for i in (0, 1))]
    assert list(layer.state_dict()) == keys[form]
    g, v = list(layer.parameters())[1:]
    if norms is not None:
        np.testing.assert_allclose(to_numpy(g), norms, rtol=1e-6)
    else:
        assert g.dim() == 0
    x = to_tensor(w, np.ones((4, 2), "float32"))
    layer(x).sum().backward()  # w = g v / |v|: the gradient of v is orthogonal to it
    assert abs(float((v.grad * v).sum())) < 1e-4 and v.grad is not None
    with w.no_grad():
        g.mul_(2)
    np.testing.assert_allclose(to_numpy(layer(x) - layer.bias), 2 * WEIGHT.sum(1) * np.ones((4, 1)), rtol=1e-5)
    if form == "hook":
        w.nn.utils.remove_weight_norm(layer)
    else:
        w.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    assert isinstance(layer.weight, w.nn.Parameter) and sorted(layer.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(to_numpy(layer.weight), 2 * WEIGHT, rtol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_spectral_norm(w, form):
    layer = normalized(w, form, "spectral_norm", layer_with(w, WEIGHT), n_power_iterations=30)
    x = w.ones(1, 2)
    layer(x)
    largest = np.linalg.svd(WEIGHT)[1][0]
    layer.eval()
    layer(x)
    np.testing.assert_allclose(to_numpy(layer.weight), WEIGHT / largest, rtol=1e-4)
    before = [b.clone() for b in layer.buffers()]
    layer(x)
    assert all(w.equal(a, b) for a, b in zip(before, layer.buffers(), strict=True))  # no iteration in evaluation
    keys = {"hook": ["bias", "weight_orig", "weight_u", "weight_v"]}
    keys["parametrization"] = ["bias", *(f"parametrizations.weight.{name}" for name in ("original", "0._u", "0._v"))]
    assert list(layer.state_dict()) == keys[form]
    if form == "hook":
        w.nn.utils.remove_spectral_norm(layer)
    else:
        w.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(to_numpy(layer.weight), WEIGHT / largest, rtol=1e-4)


def test_spectral_norm_of_complex_weights(w):
    weight = np.array([[3.0 + 1.0j, 1.0j], [0.5, -1.0 + 2.0j]], dtype="complex64")
    layer = w.nn.Linear(2, 2, dtype=w.complex64)
    with w.no_grad():
        layer.weight.copy_(to_tensor(w, weight))
    w.nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=30)
    np.testing.assert_allclose(to_numpy(layer.weight), weight / np.linalg.svd(weight)[1][0], rtol=1e-4)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", ["weight_norm", "spectral_norm"])
def test_two_calls_before_backward(w, form, what):
    """As a GAN's discriminator has: what the second call changes in place is not what backward reads."""
    layer = normalized(w, form, what, w.nn.Conv2d(2, 3, 2))
    x = w.ones(1, 2, 4, 4)
    (layer(x).sum() + (layer(x) * 2).sum()).backward()
    assert all(p.grad is not None for p in layer.parameters())


def test_normalizing_twice(w):
    for what in ("weight_norm", "spectral_norm"):
        layer = normalized(w, "hook", what, w.nn.Linear(2, 3))
        with pytest.raises(RuntimeError):
            normalized(w, "hook", what, layer)
        with pytest.raises(ValueError):
            getattr(w.nn.utils, f"remove_{what}")(w.nn.Linear(2, 3))


def test_former_state_dicts_are_taken(w):
    former = w.nn.utils.weight_norm(w.nn.Linear(2, 3))
    layer = w.nn.utils.parametrizations.weight_norm(w.nn.Linear(2, 3))
    layer.load_state_dict(former.state_dict())
    np.testing.assert_allclose(to_numpy(layer.weight), to_numpy(former.weight), rtol=1e-6)


@weft_only
def test_bad_normalizations(w):
    layer = w.nn.Linear(2, 3)
    with pytest.raises(ValueError, match="nothing"):
        w.nn.utils.parametrizations.weight_norm(layer, "nothing")
    with pytest.raises(ValueError, match="n_power_iterations"):
        w.nn.utils.spectral_norm(layer, n_power_iterations=0)
    for dim in (5, -3):
        with pytest.raises(IndexError, match=f"dim {dim}"):
            w.nn.utils.spectral_norm(layer, dim=dim)
    assert list(layer.state_dict()) == ["weight", "bias"]
    with pytest.raises(NotImplementedError, match=r"linalg\.solve"):
        w.nn.utils.parametrizations.orthogonal(layer, orthogonal_map="cayley")
    with pytest.raises(ValueError, match="orthogonal_map"):
        w.nn.utils.parametrizations.orthogonal(layer, orthogonal_map="qr")


# Parametrizations


def kinds(w):
    class Symmetric(w.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).transpose(-1, -2)

        def right_inverse(self, x):
            return x.triu()

    class Scaled(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = w.nn.Parameter(w.tensor([2.0]))

        def forward(self, x):
            return x * self.factor

        def right_inverse(self, x):
            return x / self.factor

    class Sum(w.nn.Module):
        def forward(self, a, b):
            return a + b

        def right_inverse(self, x):
            return x * 0.25, x * 0.75

    class FirstRow(w.nn.Module):
        def forward(self, x):
            return x[:1]

    return Symmetric(), Scaled(), Sum(), FirstRow()


SQUARE = np.arange(9, dtype="float32").reshape(3, 3)
MIRRORED = np.triu(SQUARE) + np.triu(SQUARE, 1).T


def test_parametrized(w):
    P, (symmetric, scaled, *_) = w.nn.utils.parametrize, kinds(w)
    layer = layer_with(w, SQUARE)
    weight = layer.weight
    P.register_parametrization(layer, "weight", symmetric)
    assert layer.parametrizations.weight.original is weight
    np.testing.assert_array_equal(to_numpy(weight), np.triu(SQUARE))
    np.testing.assert_array_equal(to_numpy(layer.weight), MIRRORED)
    assert type(layer).__name__ == "ParametrizedLinear" and P.type_before_parametrizations(layer) is w.nn.Linear
    assert (
        isinstance(layer, w.nn.Linear) and P.is_parametrized(layer, "weight") and not P.is_parametrized(layer, "bias")
    )
    layer(w.ones(1, 3)).sum().backward()
    np.testing.assert_array_equal(to_numpy(weight.grad), np.triu(2 * np.ones((3, 3))) - np.eye(3))
    P.register_parametrization(layer, "weight", scaled)
    assert list(layer.state_dict()) == [
        "bias",
        "parametrizations.weight.original",
        "parametrizations.weight.1.factor",
    ]
    np.testing.assert_array_equal(to_numpy(layer.weight), 2 * MIRRORED)
    with w.no_grad():
        layer.weight = to_tensor(w, 4 * np.eye(3, dtype="float32"))
    np.testing.assert_array_equal(to_numpy(weight), 2 * np.eye(3))
    np.testing.assert_array_equal(to_numpy(layer.weight), 4 * np.eye(3))
    P.remove_parametrizations(layer, "weight")
    assert layer.weight is weight and type(layer) is w.nn.Linear and not hasattr(layer, "parametrizations")
    np.testing.assert_array_equal(to_numpy(weight), 4 * np.eye(3))


def test_several_originals(w):
    P, (_, _, total, _) = w.nn.utils.parametrize, kinds(w)
    layer = layer_with(w, SQUARE)
    P.register_parametrization(layer, "weight", total)
    assert not layer.parametrizations.weight.is_tensor and layer.parametrizations.weight.ntensors == 2
    np.testing.assert_allclose(to_numpy(layer.parametrizations.weight.original1), 0.75 * SQUARE)
    with pytest.raises(ValueError):
        P.remove_parametrizations(layer, "weight", leave_parametrized=False)
    P.remove_parametrizations(layer, "weight")
    np.testing.assert_allclose(to_numpy(layer.weight), SQUARE)
    assert list(layer.state_dict()) in (["weight", "bias"], ["bias", "weight"])


def test_leaving_the_original(w):
    P, (symmetric, *_) = w.nn.utils.parametrize, kinds(w)
    layer = layer_with(w, SQUARE)
    P.register_parametrization(layer, "weight", symmetric)
    P.remove_parametrizations(layer, "weight", leave_parametrized=False)
    np.testing.assert_array_equal(to_numpy(layer.weight), np.triu(SQUARE))


def test_cached(w):
    P, (symmetric, *_) = w.nn.utils.parametrize, kinds(w)
    layer = P.register_parametrization(layer_with(w, SQUARE), "weight", symmetric)
    calls = []
    symmetric.register_forward_hook(lambda *_: calls.append(1))
    with P.cached():
        with P.cached():
            assert layer.weight is layer.weight
        assert layer.weight is layer.weight
    assert len(calls) == 1 and layer.weight is not layer.weight


def test_unsafe(w):
    P, (*_, first_row) = w.nn.utils.parametrize, kinds(w)
    layer = layer_with(w, SQUARE)
    with pytest.raises(ValueError):
        P.register_parametrization(layer, "weight", first_row)
    assert list(layer.state_dict()) == ["weight", "bias"] and type(layer) is w.nn.Linear
    np.testing.assert_array_equal(to_numpy(layer.weight), SQUARE)
    P.register_parametrization(layer, "weight", first_row, unsafe=True)
    assert tuple(layer.weight.shape) == (1, 3)
    with pytest.raises(RuntimeError):  # there is no right_inverse
        layer.weight = w.ones(1, 3)


def test_what_cannot_be_parametrized(w):
    P, (symmetric, *_) = w.nn.utils.parametrize, kinds(w)
    layer = layer_with(w, SQUARE)
    with pytest.raises(ValueError):
        P.register_parametrization(layer, "nothing", symmetric)
    with pytest.raises(ValueError):
        P.remove_parametrizations(layer, "weight")
    P.register_parametrization(layer, "weight", symmetric)
    with pytest.raises(KeyError):
        layer.weight = w.nn.Parameter(w.ones(3, 3))


def test_copies_and_files(w):
    P, (symmetric, *_) = w.nn.utils.parametrize, kinds(w)
    layer = P.register_parametrization(layer_with(w, SQUARE), "weight", symmetric)
    other = copy.deepcopy(layer)
    P.remove_parametrizations(layer, "weight")
    assert P.is_parametrized(other) and other.parametrizations.weight.original is not layer.weight
    np.testing.assert_array_equal(to_numpy(other.weight), MIRRORED)
    with pytest.raises(RuntimeError):
        pickle.dumps(other)
    fresh = P.register_parametrization(w.nn.Linear(3, 3), "weight", kinds(w)[0])
    fresh.load_state_dict(other.state_dict())
    np.testing.assert_array_equal(to_numpy(fresh.weight), MIRRORED)


def test_a_class_that_copies_itself_goes_on_doing_so(w):
    class Own(w.nn.Linear):
        def __deepcopy__(self, memo):
            made = self.__new__(type(self))
            memo[id(self)] = made
            made.__dict__ = copy.deepcopy(self.__dict__, memo)
            made.is_copy = True
            return made

    layer = w.nn.utils.parametrize.register_parametrization(Own(3, 3), "weight", kinds(w)[0])
    other = copy.deepcopy(layer)
    assert other.is_copy and w.nn.utils.parametrize.is_parametrized(other, "weight")
    assert other.parametrizations.weight.original is not layer.parametrizations.weight.original


def test_buffers_and_transfer(w):
    P, (symmetric, scaled, *_) = w.nn.utils.parametrize, kinds(w)
    norm = P.register_parametrization(w.nn.BatchNorm1d(3), "running_var", scaled)
    assert dict(norm.named_buffers())["parametrizations.running_var.original"].tolist() == [0.5] * 3
    layer = P.register_parametrization(layer_with(w, SQUARE), "weight", symmetric)
    other = P.transfer_parametrizations_and_params(layer, w.nn.Linear(3, 3))
    assert other.parametrizations.weight.original is layer.parametrizations.weight.original
    np.testing.assert_array_equal(to_numpy(other.weight), MIRRORED)


@weft_only
def test_parametrized_and_jitted(w):
    layer = w.nn.utils.parametrizations.weight_norm(w.nn.Linear(3, 2))
    x = w.randn(4, 3)
    jitted = w.jit(lambda x: layer(x).square().mean())
    assert_same(jitted(x), layer(x).square().mean())
    wanted = w.autograd.grad(layer(x).square().mean(), list(layer.parameters()))
    found = w.autograd.grad(jitted(x), list(layer.parameters()))
    for one, two in zip(found, wanted, strict=True):
        np.testing.assert_allclose(to_numpy(one), to_numpy(two), rtol=1e-5, atol=1e-7)
    given = {"parametrizations.weight.original0": w.ones(2, 1)}
    y = w.nn.utils.stateless.functional_call(layer, given, (x,))
    direction = layer.weight / w.linalg.vector_norm(layer.weight, dim=1, keepdim=True)
    np.testing.assert_allclose(to_numpy(y), to_numpy(x @ direction.t() + layer.bias), rtol=1e-4, atol=1e-6)


# Fusion, and modules without first values


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("affine", [True, False])
def test_fusion_with_batch_norm(w, bias, affine):
    rng = np.random.default_rng(0)
    conv, norm = w.nn.Conv2d(2, 3, 2, bias=bias), w.nn.BatchNorm2d(3, affine=affine)
    linear, norm1 = w.nn.Linear(4, 3, bias=bias), w.nn.BatchNorm1d(3)
    with w.no_grad():
        for tensor in (*norm.state_dict().values(), *norm1.state_dict().values()):
            if tensor.is_floating_point():
                tensor.copy_(to_tensor(w, rng.uniform(0.5, 2, tuple(tensor.shape)).astype("float32")))
    for fuse, one, two, shape in (
        (w.nn.utils.fuse_conv_bn_eval, conv, norm, (2, 2, 5, 5)),
        (w.nn.utils.fuse_linear_bn_eval, linear, norm1, (5, 4)),
    ):
        one.eval(), two.eval()
        x = w.randn(shape)
        fused = fuse(one, two)
        np.testing.assert_allclose(to_numpy(fused(x)), to_numpy(two(one(x))), rtol=1e-4, atol=1e-5)
        assert fused.weight is not one.weight and isinstance(fused.bias, w.nn.Parameter)
    if bias:
        with pytest.raises((RuntimeError, AssertionError)):
            w.nn.utils.fuse_conv_bn_eval(conv.train(), norm)


@weft_only
def test_fusion_with_a_transposed_convolution(w):
    weight, bias = w.randn(2, 3, 4), w.randn(3)
    mean, var, gamma, beta = w.randn(3), w.rand(3) + 0.5, w.randn(3), w.randn(3)
    fused, shift = w.nn.utils.fuse_conv_bn_weights(weight, bias, mean, var, 1e-5, gamma, beta, transpose=True)
    scale = to_numpy(gamma) / np.sqrt(to_numpy(var) + 1e-5)
    np.testing.assert_allclose(to_numpy(fused), to_numpy(weight) * scale[:, None], rtol=1e-5)
    np.testing.assert_allclose(to_numpy(shift), (to_numpy(bias) - to_numpy(mean)) * scale + to_numpy(beta), rtol=1e-4)
    with pytest.raises(RuntimeError, match="one mean for each output"):
        w.nn.utils.fuse_conv_bn_weights(weight, bias, mean, var, 1e-5, gamma, beta)


def test_modules_without_first_values(w):
    layer = w.nn.utils.skip_init(w.nn.Linear, 3, 4, bias=False, dtype=w.float64)
    assert layer.weight.dtype == w.float64 and layer.weight.device.type == "cpu" and tuple(layer.weight.shape) == (4, 3)
    with pytest.raises(RuntimeError):
        w.nn.utils.skip_init(w.nn.ReLU)


def test_memory_formats_of_weights(w):
    model = w.nn.Sequential(w.nn.Conv2d(4, 8, 3), w.nn.Linear(2, 2))
    values = to_numpy(model[0].weight).copy()
    w.nn.utils.convert_conv2d_weight_memory_format(model, w.channels_last)
    assert model[0].weight.is_contiguous(memory_format=w.channels_last)
    np.testing.assert_array_equal(to_numpy(model[0].weight), values)


def test_former_name_of_clipping(w):
    p = w.nn.Parameter(w.zeros(2))
    p.grad = w.tensor([3.0, 4.0])
    with pytest.warns(FutureWarning):
        assert float(w.nn.utils.clip_grad_norm(p, 1.0)) == 5
