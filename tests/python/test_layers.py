"""Layers: arguments, first values, text; what the functions of the core compute is tested in the op table."""

import math

import numpy as np
import pytest
from support import to_numpy, to_tensor, weft_only


def values(rng, *shape):
    return rng.standard_normal(shape).astype("float32")


def test_linear(w):
    layer = w.nn.Linear(3, 2)
    x = np.arange(12, dtype="float32").reshape(4, 3)
    expected = x @ to_numpy(layer.weight).T + to_numpy(layer.bias)
    np.testing.assert_allclose(to_numpy(layer(to_tensor(w, x))), expected, rtol=1e-5, atol=1e-6)
    bound = 1 / math.sqrt(3)
    assert float(layer.weight.abs().max()) <= bound and float(layer.bias.abs().max()) <= bound
    assert w.nn.Linear(3, 2, bias=False).bias is None
    assert w.nn.Linear(3, 2, dtype=w.float64).weight.dtype == w.float64


def test_bilinear(w):
    layer, rng = w.nn.Bilinear(3, 4, 2), np.random.default_rng(0)
    x, y = values(rng, 5, 3), values(rng, 5, 4)
    expected = np.einsum("ni,oij,nj->no", x, to_numpy(layer.weight), y) + to_numpy(layer.bias)
    np.testing.assert_allclose(to_numpy(layer(to_tensor(w, x), to_tensor(w, y))), expected, rtol=1e-4, atol=1e-5)


def test_flatten_and_unflatten(w):
    x = w.ones(2, 3, 4, 5)
    assert tuple(w.nn.Flatten()(x).shape) == (2, 60)
    assert tuple(w.nn.Flatten(0, 1)(x).shape) == (6, 4, 5)
    assert tuple(w.nn.Unflatten(-1, (5, -1))(x).shape) == (2, 3, 4, 5, 1)
    with pytest.raises(TypeError):
        w.nn.Unflatten(1, 3)


@pytest.mark.parametrize(
    "mode,pad", [("zeros", "constant"), ("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")]
)
def test_conv2d_padding_modes(w, mode, pad):
    rng = np.random.default_rng(0)
    x = values(rng, 1, 2, 6, 7)
    layer = w.nn.Conv2d(2, 3, 3, padding=(2, 1), padding_mode=mode)
    plain = w.nn.Conv2d(2, 3, 3)
    plain.load_state_dict(layer.state_dict())
    padded = np.pad(x, ((0, 0), (0, 0), (2, 2), (1, 1)), mode=pad)
    np.testing.assert_allclose(
        to_numpy(layer(to_tensor(w, x))), to_numpy(plain(to_tensor(w, padded))), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("kernel,dilation", [(3, 1), (4, 1), (2, 3), ((3, 4), (1, 2))])
def test_conv2d_same_padding(w, kernel, dilation):
    layer = w.nn.Conv2d(1, 1, kernel, padding="same", dilation=dilation)
    assert tuple(layer(w.ones(1, 1, 9, 10)).shape) == (1, 1, 9, 10)
    valid = w.nn.Conv2d(1, 1, kernel, padding="valid", dilation=dilation)
    valid.load_state_dict(layer.state_dict())
    k, d = np.broadcast_to(kernel, 2), np.broadcast_to(dilation, 2)
    before = [d[i] * (k[i] - 1) // 2 for i in (0, 1)]
    inner = to_numpy(layer(w.ones(1, 1, 9, 10)))[0, 0, before[0] :, before[1] :]
    whole = to_numpy(valid(w.ones(1, 1, 9, 10)))[0, 0]
    np.testing.assert_allclose(inner[: whole.shape[0], : whole.shape[1]], whole, rtol=1e-4, atol=1e-5)


def test_conv1d_is_a_sum_of_products(w):
    rng = np.random.default_rng(1)
    layer = w.nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2)
    x = values(rng, 2, 4, 9)
    weight, bias = to_numpy(layer.weight), to_numpy(layer.bias)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1)))
    expected = np.empty((2, 6, 5), "float32")
    for out in range(6):
        channels = slice(0, 2) if out < 3 else slice(2, 4)
        for t in range(5):
            expected[:, out, t] = (padded[:, channels, 2 * t : 2 * t + 3] * weight[out]).sum((1, 2)) + bias[out]
    np.testing.assert_allclose(to_numpy(layer(to_tensor(w, x))), expected, rtol=1e-4, atol=1e-5)
    assert tuple(w.nn.Conv1d(1, 1, 4, padding="same")(w.ones(1, 1, 9)).shape) == (1, 1, 9)
    assert tuple(layer(to_tensor(w, x[0])).shape) == (6, 5)


def test_conv_arguments_are_checked(w):
    for bad in (
        dict(groups=0),
        dict(groups=3),
        dict(padding_mode="mirror"),
        dict(padding="full"),
        dict(padding="same", stride=2),
    ):
        with pytest.raises(ValueError):
            w.nn.Conv2d(4, 4, 3, **bad)


def test_batch_norm_statistics(w):
    rng = np.random.default_rng(2)
    layer = w.nn.BatchNorm2d(3, momentum=0.2)
    x = values(rng, 4, 3, 5, 2) * 2 + 1
    y = to_numpy(layer(to_tensor(w, x)))
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
    np.testing.assert_allclose(y, (x - mean[:, None, None]) / np.sqrt(var + 1e-5)[:, None, None], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(to_numpy(layer.running_mean), 0.2 * mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(to_numpy(layer.running_var), 0.8 + 0.2 * x.var((0, 2, 3), ddof=1), rtol=1e-4)
    assert int(layer.num_batches_tracked) == 1
    layer.eval()
    kept = to_numpy(layer.running_mean).copy()
    layer(to_tensor(w, x))
    np.testing.assert_array_equal(to_numpy(layer.running_mean), kept)
    layer.reset_running_stats()
    assert float(layer.running_mean.abs().sum()) == 0 and int(layer.num_batches_tracked) == 0


@pytest.mark.parametrize("image", [0, 2])
def test_infinite_statistics_do_not_depend_on_the_place(w, image):
    layer = w.nn.BatchNorm2d(2)
    x = w.ones(3, 2, 4, 4)
    x[image, 0, 1, 1] = float("inf")
    layer(x)
    assert layer.running_mean.tolist() == [float("inf"), pytest.approx(0.1)]
    assert layer.running_var[0].isnan() and layer.running_var[1].item() == pytest.approx(0.9)


def test_batch_norm_without_momentum_averages_all_batches(w):
    rng = np.random.default_rng(3)
    layer = w.nn.BatchNorm1d(2, momentum=None)
    batches = [values(rng, 6, 2) for _ in range(3)]
    for x in batches:
        layer(to_tensor(w, x))
    np.testing.assert_allclose(
        to_numpy(layer.running_mean), np.mean([x.mean(0) for x in batches], 0), rtol=1e-4, atol=1e-6
    )


def test_batch_norm_without_statistics(w):
    layer = w.nn.BatchNorm1d(2, affine=False, track_running_stats=False)
    assert list(layer.state_dict()) == []
    x = w.tensor([[1.0, 2.0], [3.0, 6.0]])
    np.testing.assert_allclose(to_numpy(layer.eval()(x)), [[-1, -1], [1, 1]], atol=1e-4)
    assert w.nn.BatchNorm1d(2, bias=False).bias is None


@pytest.mark.parametrize(
    "name,shape", [("BatchNorm1d", (2, 3, 4, 5)), ("BatchNorm2d", (2, 3, 4)), ("BatchNorm3d", (2, 3, 4, 5))]
)
def test_batch_norm_wants_its_dimensions(w, name, shape):
    with pytest.raises(ValueError):
        getattr(w.nn, name)(3)(w.ones(*shape))


def test_instance_norm(w):
    rng = np.random.default_rng(4)
    x = values(rng, 3, 2, 5, 4)
    layer = w.nn.InstanceNorm2d(2, affine=True, track_running_stats=True)
    mean, var = x.mean((2, 3), keepdims=True), x.var((2, 3), keepdims=True)
    np.testing.assert_allclose(to_numpy(layer(to_tensor(w, x))), (x - mean) / np.sqrt(var + 1e-5), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(to_numpy(layer.running_mean), 0.1 * mean.mean((0, 2, 3)), rtol=1e-4, atol=1e-6)
    unbiased = x.var((2, 3), ddof=1).mean(0)
    np.testing.assert_allclose(to_numpy(layer.running_var), 0.9 + 0.1 * unbiased, rtol=1e-4)
    layer.eval()
    moved = to_numpy(layer(to_tensor(w, x)))
    scale = np.sqrt(to_numpy(layer.running_var) + 1e-5)[:, None, None]
    np.testing.assert_allclose(moved, (x - to_numpy(layer.running_mean)[:, None, None]) / scale, rtol=1e-4, atol=1e-5)
    assert tuple(w.nn.InstanceNorm1d(2)(w.ones(2, 7)).shape) == (2, 7)


def test_layer_group_and_rms_norm(w):
    rng = np.random.default_rng(5)
    x = values(rng, 2, 4, 6)
    layer = w.nn.LayerNorm((4, 6))
    centered = x - x.mean((1, 2), keepdims=True)
    expected = centered / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)
    np.testing.assert_allclose(to_numpy(layer(to_tensor(w, x))), expected, rtol=1e-4, atol=1e-5)
    assert w.nn.LayerNorm(6, bias=False).bias is None and w.nn.LayerNorm(6, elementwise_affine=False).weight is None
    grouped = x.reshape(2, 2, 12)
    expected = (grouped - grouped.mean(2, keepdims=True)) / np.sqrt(grouped.var(2, keepdims=True) + 1e-5)
    np.testing.assert_allclose(
        to_numpy(w.nn.GroupNorm(2, 4)(to_tensor(w, x))), expected.reshape(x.shape), rtol=1e-4, atol=1e-5
    )
    expected = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(to_numpy(w.nn.RMSNorm(6, eps=1e-3)(to_tensor(w, x))), expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError):
        w.nn.GroupNorm(3, 4)


def test_embedding(w):
    table = w.nn.Embedding(5, 3, padding_idx=-1)
    assert table.padding_idx == 4 and float(table.weight[4].abs().sum()) == 0
    indices = w.tensor([[0, 4], [1, 1]])
    np.testing.assert_array_equal(to_numpy(table(indices)), to_numpy(table.weight)[[[0, 4], [1, 1]]])
    table(indices).sum().backward()
    np.testing.assert_array_equal(to_numpy(table.weight.grad)[:, 0], [1, 2, 0, 0, 0])
    given = w.ones(2, 3)
    frozen = w.nn.Embedding.from_pretrained(given)
    assert not frozen.weight.requires_grad and w.nn.Embedding.from_pretrained(given, freeze=False).weight.requires_grad
    if w.__name__ == "weft":
        with pytest.raises(ValueError):
            w.nn.Embedding(5, 3, padding_idx=5)


def test_dropout_drops_and_widens(w):
    layer = w.nn.Dropout(0.25)
    y = to_numpy(layer(w.ones(100, 100)))
    assert set(np.unique(y)) == {0, np.float32(1 / 0.75)}
    assert 0.2 < (y == 0).mean() < 0.3
    x = w.ones(3)
    np.testing.assert_array_equal(to_numpy(layer.eval()(x)), [1, 1, 1])
    for bad in (-0.1, 1.1):
        with pytest.raises(ValueError):
            w.nn.Dropout(bad)


@pytest.mark.parametrize(
    "name,shape", [("Dropout1d", (8, 16, 5)), ("Dropout2d", (8, 16, 3, 5)), ("Dropout3d", (8, 16, 2, 3, 4))]
)
def test_channel_dropout_drops_whole_channels(w, name, shape):
    layer = getattr(w.nn, name)(0.5)
    y = to_numpy(layer(w.ones(*shape))).reshape(8 * 16, -1)
    assert ((y == 0).all(1) | (y == 2).all(1)).all()
    assert 0.2 < (y == 0).mean() < 0.8
    assert float(layer.eval()(w.ones(*shape)).min()) == 1


@pytest.mark.parametrize(
    "name,shape",
    [("Dropout2d", (8, 4)), ("Dropout2d", (8, 4, 3)), ("Dropout2d", (8, 4, 3, 2, 2)), ("Dropout3d", (8, 4))],
)
def test_channel_dropout_of_other_dimensions_warns(w, name, shape):
    with pytest.warns(UserWarning):
        y = to_numpy(getattr(w.nn, name)(0.5)(w.ones(*shape))).reshape(8 * 4, -1)
    assert ((y == 0).all(1) | (y == 2).all(1)).all() and 0 < (y == 0).mean() < 1
    with pytest.raises(RuntimeError):
        getattr(w.nn, name)(0.5)(w.ones(3))


def test_alpha_dropout_keeps_mean_and_variance(w):
    y = to_numpy(w.nn.AlphaDropout(0.3)(w.randn(200000)))
    assert abs(y.mean()) < 0.02 and abs(y.std() - 1) < 0.02


def test_feature_alpha_dropout_drops_whole_channels(w):
    x = w.randn(200, 30, 4)
    layer = w.nn.FeatureAlphaDropout(0.3)
    y = to_numpy(layer(x))
    same = np.ptp(y, axis=2) < 1e-6
    assert 0.25 < same.mean() < 0.35
    assert len(set(np.round(y[same][:, 0], 4))) == 1
    assert abs(y.mean()) < 0.1 and 0.9 < y.std() < 1.1
    assert layer.eval()(x) is x
    with pytest.raises(RuntimeError):
        w.nn.functional.feature_alpha_dropout(w.ones(3), training=True)
    with pytest.raises(ValueError):
        w.nn.functional.feature_alpha_dropout(x, 1.5)
    assert float(w.nn.functional.feature_alpha_dropout(x, 1.0, training=True).abs().max()) == 0


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_cross_map_lrn(w, size):
    x = values(np.random.default_rng(0), 2, 6, 3, 2)
    reach = (size - 1) // 2
    sums = np.stack([(x[:, max(c - reach, 0) : c + reach + 1] ** 2).sum(1) for c in range(6)], 1)
    expected = x / (2 + 0.5 / size * sums) ** 0.7
    layer = w.nn.CrossMapLRN2d(size, 0.5, 0.7, 2)
    np.testing.assert_allclose(to_numpy(layer(to_tensor(w, x))), expected, rtol=1e-4)


def test_names_of_former_releases(w):
    with pytest.warns(FutureWarning):
        model = w.nn.Container(a=w.nn.Linear(2, 3), b=w.nn.ReLU())
    assert [name for name, _ in model.named_children()] == ["a", "b"]
    with pytest.warns(FutureWarning):
        loss = w.nn.NLLLoss2d(ignore_index=1)
    x, target = w.randn(2, 3, 4, 5), w.randint(0, 3, (2, 4, 5))
    assert w.equal(loss(x, target), w.nn.functional.nll_loss(x, target, ignore_index=1))


@weft_only
def test_sync_batch_norm_in_one_process(w, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    model = w.nn.Sequential(w.nn.Conv2d(1, 2, 3), w.nn.BatchNorm2d(2), w.nn.Sequential(w.nn.BatchNorm1d(3).eval()))
    state = {key: value.clone() for key, value in model.state_dict().items()}
    weight = model[1].weight
    converted = w.nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert converted is model and type(model[1]) is w.nn.SyncBatchNorm and model[1].weight is weight
    assert type(model[2][0]) is w.nn.SyncBatchNorm and not model[2][0].training
    assert all(w.equal(value, model.state_dict()[key]) for key, value in state.items())
    plain, sync = w.nn.BatchNorm2d(2), w.nn.SyncBatchNorm(2)
    x = w.randn(4, 2, 3, 3)
    assert w.equal(plain(x), sync(x)) and w.equal(plain.running_var, sync.running_var)
    assert tuple(sync(w.randn(4, 2)).shape) == (4, 2)
    with pytest.raises(ValueError):
        sync(w.ones(2))
    with pytest.raises(NotImplementedError, match="process group"):
        w.nn.SyncBatchNorm(2, process_group=object())
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(NotImplementedError, match="process group"):
        w.nn.SyncBatchNorm(2)


def test_softmax_layers(w):
    x = w.tensor([[1.0, 2.0, 3.0]])
    expected = np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum()
    np.testing.assert_allclose(to_numpy(w.nn.Softmax(dim=1)(x))[0], expected, rtol=1e-5)
    np.testing.assert_allclose(to_numpy(w.nn.LogSoftmax(dim=1)(x))[0], np.log(expected), rtol=1e-5)
    np.testing.assert_allclose(to_numpy(w.nn.Softmin(dim=1)(-x))[0], expected, rtol=1e-5)
    assert float(w.nn.Softmax2d()(w.zeros(1, 4, 2, 2))[0, 0, 0, 0]) == 0.25


def test_rrelu(w):
    layer = w.nn.RReLU(0.1, 0.5)
    y = to_numpy(layer(-w.ones(1000)))
    assert -0.5 <= y.min() < -0.4 and -0.2 < y.max() <= -0.1
    np.testing.assert_allclose(to_numpy(layer.eval()(w.tensor([-1.0, 2.0]))), [-0.3, 2.0], rtol=1e-6)


@pytest.mark.parametrize("way,mode", [("Reflection", "reflect"), ("Replication", "edge"), ("Circular", "wrap")])
def test_padding_layers(w, way, mode):
    x = np.arange(24, dtype="float32").reshape(1, 2, 3, 4)
    layer = getattr(w.nn, way + "Pad2d")((1, 2, 2, 0))
    np.testing.assert_array_equal(
        to_numpy(layer(to_tensor(w, x))), np.pad(x, ((0, 0), (0, 0), (2, 0), (1, 2)), mode=mode)
    )
    one = getattr(w.nn, way + "Pad1d")(1)
    np.testing.assert_array_equal(to_numpy(one(to_tensor(w, x[0]))), np.pad(x[0], ((0, 0), (0, 0), (1, 1)), mode=mode))


def test_constant_padding_layers(w):
    x = np.arange(12, dtype="float32").reshape(1, 3, 4)
    np.testing.assert_array_equal(to_numpy(w.nn.ZeroPad2d(1)(to_tensor(w, x))), np.pad(x, ((0, 0), (1, 1), (1, 1))))
    padded = w.nn.ConstantPad1d((2, 1), 7.0)(to_tensor(w, x))
    np.testing.assert_array_equal(to_numpy(padded), np.pad(x, ((0, 0), (0, 0), (2, 1)), constant_values=7))


def test_pixel_shuffle_and_back(w):
    x = np.arange(2 * 8 * 3 * 2, dtype="float32").reshape(2, 8, 3, 2)
    wide = w.nn.PixelShuffle(2)(to_tensor(w, x))
    assert tuple(wide.shape) == (2, 2, 6, 4)
    assert to_numpy(wide)[0, 0, :2, :2].tolist() == x[0, :4, 0, 0].reshape(2, 2).tolist()
    np.testing.assert_array_equal(to_numpy(w.nn.PixelUnshuffle(2)(wide)), x)
    shuffled = to_numpy(w.nn.ChannelShuffle(2)(to_tensor(w, x)))
    np.testing.assert_array_equal(shuffled, x[:, [0, 4, 1, 5, 2, 6, 3, 7]])


WINDOWS = [
    dict(kernel_size=2),
    dict(kernel_size=(2, 3), stride=(2, 1)),
    dict(kernel_size=3, dilation=(1, 2), padding=(2, 1), stride=2),
    dict(kernel_size=1, padding=1, stride=3),
]


def two(value):
    return value if isinstance(value, tuple) else (value, value)


def columns(x, kernel_size, dilation=1, padding=0, stride=1):
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = map(two, (kernel_size, dilation, padding, stride))
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    h, w = ((n - d * (k - 1) - 1) // s + 1 for n, k, d, s in zip(x.shape[2:], (kh, kw), (dh, dw), (sh, sw)))
    windows = [
        x[:, :, i * sh : i * sh + dh * (kh - 1) + 1 : dh, j * sw : j * sw + dw * (kw - 1) + 1 : dw]
        for i in range(h)
        for j in range(w)
    ]
    return np.stack([window.reshape(len(x), -1) for window in windows], -1)


@pytest.mark.parametrize("options", WINDOWS)
def test_unfold_and_fold(w, options):
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 6))
    a, columns_of_x = to_tensor(w, x).requires_grad_(), columns(x, **options)
    unfolded = w.nn.Unfold(**options)(a)
    np.testing.assert_array_equal(to_numpy(unfolded.detach()), columns_of_x)
    np.testing.assert_array_equal(to_numpy(w.nn.Unfold(**options)(a[1]).detach()), columns_of_x[1])
    # Folding is the transpose of unfolding, so it is its gradient
    values = np.random.default_rng(1).standard_normal(columns_of_x.shape)
    c = to_tensor(w, values).requires_grad_()
    folded = w.nn.Fold((5, 6), **options)(c)
    (gradient,) = w.autograd.grad(unfolded, a, to_tensor(w, values))
    np.testing.assert_allclose(to_numpy(folded.detach()), to_numpy(gradient), rtol=1e-12, atol=1e-12)
    (back,) = w.autograd.grad(folded, c, to_tensor(w, x))
    np.testing.assert_array_equal(to_numpy(back), columns_of_x)
    one = w.nn.functional.fold(to_tensor(w, values[0]), (5, 6), **options)
    np.testing.assert_allclose(to_numpy(one), to_numpy(gradient)[0], rtol=1e-12, atol=1e-12)


def test_unfold_and_fold_reject_what_does_not_fit(w):
    f = w.nn.functional
    for bad in (
        lambda: f.unfold(w.ones(3, 3), 2),
        lambda: f.unfold(w.ones(1, 1, 3, 3), 4),
        lambda: f.unfold(w.ones(1, 1, 3, 3), 2, stride=0),
        lambda: f.unfold(w.ones(1, 1, 3, 3), 2, padding=-1),
        lambda: f.unfold(w.ones(1, 1, 3, 3), (2, 2, 2)),
        lambda: f.fold(w.ones(1, 4, 5), (3, 3), 2),
        lambda: f.fold(w.ones(1, 3, 4), (3, 3), 2),
        lambda: f.fold(w.ones(1, 1, 4, 4), (3, 3), 2),
    ):
        with pytest.raises((RuntimeError, ValueError)):
            bad()


def test_local_response_norm(w):
    x = np.abs(np.random.default_rng(6).standard_normal((2, 5, 3))).astype("float32")
    sums = np.zeros_like(x)
    for c in range(5):
        sums[:, c] = (x[:, max(0, c - 1) : c + 2] ** 2).sum(1)  # three neighbours: from c - 1 to c + 1
    expected = x / (2 + 0.5 / 3 * sums) ** 0.6
    layer = w.nn.LocalResponseNorm(3, alpha=0.5, beta=0.6, k=2.0)
    np.testing.assert_allclose(to_numpy(layer(to_tensor(w, x))), expected, rtol=1e-4)


@pytest.mark.parametrize("name", ["MSELoss", "CrossEntropyLoss", "NLLLoss", "BCEWithLogitsLoss", "KLDivLoss"])
@weft_only
def test_losses_check_the_reduction(w, name):
    with pytest.raises(ValueError, match="reduction"):
        getattr(w.nn, name)(reduction="avg")


def test_weighted_losses_hold_their_weights_as_buffers(w):
    loss = w.nn.CrossEntropyLoss(weight=w.tensor([1.0, 3.0]), label_smoothing=0.1)
    assert list(loss.state_dict()) == ["weight"] and loss.double().weight.dtype == w.float64
    assert list(w.nn.BCEWithLogitsLoss(pos_weight=w.ones(1)).state_dict()) == ["pos_weight"]


LAYERS = [
    ("Conv2d(2, 4, (3, 2), 2, 1, 2, 2, False, 'reflect')"),
    ("Conv1d(2, 4, 3, padding='same')"),
    ("Linear(3, 4)"),
    ("BatchNorm2d(3, momentum=None)"),
    ("GroupNorm(2, 4, bias=False)"),
    ("InstanceNorm1d(3)"),
    ("LayerNorm((3, 4), bias=False)"),
    ("RMSNorm(3)"),
    ("Embedding(5, 3, 1, 2.0, 1.0, True)"),
    ("MaxPool2d((2, 3), 1, 1, 2)"),
    ("AvgPool2d(3, 2, 1)"),
    ("AvgPool1d(2)"),
    ("AdaptiveAvgPool2d((2, None))"),
    ("Dropout(0.3, True)"),
    ("Flatten(0, 2)"),
    ("Unflatten(1, (2, 3))"),
    ("Hardtanh(-2.0, 2.0, True)"),
    ("GELU('tanh')"),
    ("LeakyReLU(0.2, True)"),
    ("Softplus(2, 30)"),
    ("Threshold(1, 2)"),
    ("PReLU(3)"),
    ("ConstantPad1d(1, 2.5)"),
    ("ReflectionPad2d((1, 2, 3, 4))"),
    ("PixelShuffle(2)"),
    ("Unfold(2, padding=(1, 2))"),
    ("Fold((4, 4), 2)"),
    ("ParameterDict()"),
    ("CrossEntropyLoss()"),
    ("Conv3d(2, 4, (3, 2, 1), 2, 1, 2, 2, False, 'replicate')"),
    ("ConvTranspose1d(2, 4, 3, 2, 1, 1, 2, False, 2)"),
    ("ConvTranspose3d(2, 4, 3)"),
    ("EmbeddingBag(5, 3, 2.0, 1.0, True, 'sum', padding_idx=1)"),
    ("FeatureAlphaDropout(0.3)"),
    ("CrossMapLRN2d(3, beta=0.5)"),
    ("SyncBatchNorm(3)"),
    ("CTCLoss()"),
    ("AdaptiveLogSoftmaxWithLoss(8, 10, [2, 5], head_bias=True)"),
    ("LinearCrossEntropyLoss(5, 4, out_features=(2,), bias=True)"),
    ("LazyLinear(3, False)"),
    ("LazyConv2d(3, 2, padding=1)"),
    ("LazyBatchNorm1d()"),
]


@pytest.mark.parametrize("text", LAYERS)
@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_repr_and_state_match_pytorch(w, text):
    torch = pytest.importorskip("torch")
    mine, theirs = eval("nn." + text, {"nn": w.nn}), eval("nn." + text, {"nn": torch.nn})
    assert repr(mine) == repr(theirs)
    if text.startswith("Lazy"):
        assert list(mine.state_dict()) == list(theirs.state_dict())
        return
    shapes = [(key, tuple(value.shape)) for key, value in mine.state_dict().items()]
    assert shapes == [(key, tuple(value.shape)) for key, value in theirs.state_dict().items()]


@weft_only
def test_batch_norm_of_no_samples_keeps_the_statistics(w):
    layer = w.nn.BatchNorm2d(3)
    before = {name: buffer.clone() for name, buffer in layer.named_buffers()}
    assert layer(w.ones(0, 3, 4, 4)).shape == (0, 3, 4, 4)
    for name in ("running_mean", "running_var"):
        assert w.equal(getattr(layer, name), before[name])


@pytest.mark.parametrize("training", [True, False])
def test_norms_without_eps(w, training):
    x = w.tensor([[[1.0, 3.0]], [[2.0, 6.0]]])
    for layer in (w.nn.InstanceNorm1d(1, eps=0.0), w.nn.GroupNorm(1, 1, eps=0.0)):
        assert to_numpy(layer.train(training)(x)).tolist() == [[[-1, 1]], [[-1, 1]]]
