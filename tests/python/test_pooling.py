"""Pooling where the op table does not look: rows of every width, equal values and NaN, random windows, layers."""

import itertools
import math

import numpy as np
import pytest
from cases.pooling_volumes import avg_pool, max_pool
from support import assert_same, to_numpy, to_tensor, weft_only

DTYPES = ("float32", "float64", "int64", "uint8", "bfloat16")


def numbers(shape, dtype, seed=0):
    """Few different ones, and NaN among those of floats."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 4, shape).astype("float64")
    if dtype in ("float32", "float64", "bfloat16"):
        x[rng.random(shape) < 0.02] = np.nan
        x[rng.random(shape) < 0.02] = -np.inf
    return x


def last_nan_or_first_largest(part):
    """A window's choice: the largest number, of equal ones the first, but the last NaN before all others."""
    bad = np.isnan(part)
    last = part.shape[-1] - 1 - np.argmax(bad[..., ::-1], -1)
    return np.where(bad.any(-1), last, np.argmax(np.where(bad, -np.inf, part), -1))


def by_windows(x, kernel, stride, padding, dilation):
    """Values and places of max pooling over all but the first two dimensions, one window after the other."""
    inside = x.shape[2:]
    counts = [(n + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 for n in inside]
    number = np.arange(math.prod(inside)).reshape(inside)
    values, index = np.zeros((*x.shape[:2], *counts)), np.zeros((*x.shape[:2], *counts), "int64")
    for at in itertools.product(*map(range, counts)):
        starts = [i * stride - padding for i in at]
        cells = np.ix_(
            *(
                [p for p in range(s, s + kernel * dilation, dilation) if 0 <= p < n]
                for s, n in zip(starts, inside, strict=True)
            )
        )
        part = x[(..., *cells)].reshape(*x.shape[:2], -1)
        best = last_nan_or_first_largest(part)
        values[(..., *at)] = np.take_along_axis(part, best[..., None], -1)[..., 0]
        index[(..., *at)] = number[cells].reshape(-1)[best]
    return values, index


@weft_only
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 1, 5, 3), (1, 3, 6, 17), (2, 2, 3, 70), (1, 2, 4, 5, 33)])
def test_rows_of_every_width(w, dtype, shape):
    """Windows at the edges and inside of rows shorter and longer than vectors: which of equal numbers, and NaN."""
    x = numbers(shape, dtype)
    pooling = w.nn.functional.max_pool2d if len(shape) == 4 else w.nn.functional.max_pool3d
    for kernel, stride, dilation in itertools.product((1, 2, 3), (1, 2, 3), (1, 2)):
        for padding in range((kernel + 1) // 2 if dilation == 1 else 1):
            if dilation * (kernel - 1) >= min(shape[2:]) + 2 * padding:
                continue
            values, index = pooling(to_tensor(w, x, dtype), kernel, stride, padding, dilation, return_indices=True)
            wanted, places = by_windows(x, kernel, stride, padding, dilation)
            what = f"kernel {kernel}, stride {stride}, padding {padding}, dilation {dilation}"
            np.testing.assert_array_equal(to_numpy(values).astype("float64"), wanted, err_msg=what)
            np.testing.assert_array_equal(to_numpy(index), places, err_msg=what)


@weft_only
def test_padding_up_to_half_of_a_dilated_window(w):
    x = np.arange(30.0).reshape(1, 1, 5, 6)
    values, index = w.nn.functional.max_pool2d(to_tensor(w, x), 2, 1, 1, 2, return_indices=True)
    wanted, places = by_windows(x, 2, 1, 1, 2)
    np.testing.assert_array_equal(to_numpy(values), wanted)
    np.testing.assert_array_equal(to_numpy(index), places)


@weft_only
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("width", [3, 16, 17, 40])
def test_sums_are_made_in_one_order(w, dtype, width):
    """Means of a row are the bits that means of images with one window each have, and those of channels-last images."""
    w.manual_seed(0)
    x = w.randn(2, 5, 6, width).to(getattr(w, dtype))
    for stride, padding, count in itertools.product((1, 2, 3), (0, 1), (False, True)):
        got = w.nn.functional.avg_pool2d(x, 3, stride, padding, count_include_pad=count)
        other = x.contiguous(memory_format=w.channels_last)
        assert_same(got, w.nn.functional.avg_pool2d(other, 3, stride, padding, count_include_pad=count))
        if padding:
            continue
        for i, j in itertools.product(range(got.shape[2]), range(got.shape[3])):
            part = x[:, :, i * stride : i * stride + 3, j * stride : j * stride + 3]
            assert_same(got[:, :, i, j], w.nn.functional.avg_pool2d(part, 3)[:, :, 0, 0])


@weft_only
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
@pytest.mark.parametrize("channels", [1, 3, 70])
def test_volumes_with_channels_innermost(device, w, dtype, channels):
    """The same values, places and gradients as in row-major order, laid out like the input."""
    w.manual_seed(1)
    x = w.randn(2, channels, 5, 6, 7).to(getattr(w, dtype)).to(device)
    f = w.nn.functional
    layers = {
        "max": lambda t: f.max_pool3d(t, 3, 2, 1, return_indices=True),
        "halves": lambda t: f.max_pool3d(t, 2, return_indices=True),
        "dilated": lambda t: f.max_pool3d(t, 2, 1, 0, (2, 3, 1), return_indices=True),
        "avg": lambda t: (f.avg_pool3d(t, (2, 3, 2), (1, 2, 2), 1, True, False),),
        "adaptive max": lambda t: f.adaptive_max_pool3d(t, (2, 1, 4), return_indices=True),
        "adaptive avg": lambda t: (f.adaptive_avg_pool3d(t, (2, 3, 1)),),
    }
    for name, layer in layers.items():
        plain = x.clone().requires_grad_()
        last = x.clone(memory_format=w.channels_last_3d).requires_grad_()
        results = layer(plain), layer(last)
        for one, other in zip(*results, strict=True):
            assert other.is_contiguous(memory_format=w.channels_last_3d), name
            assert_same(one, other.contiguous())
        g = (w.arange(results[0][0].numel(), device=device).reshape(results[0][0].shape) % 5 - 2).to(x.dtype)
        one, other = (w.autograd.grad(r[0], t, g)[0] for r, t in zip(results, (plain, last), strict=True))
        assert other.is_contiguous(memory_format=w.channels_last_3d), name
        w.testing.assert_close(one, other.contiguous(), rtol=1e-2 if x.dtype.itemsize == 2 else 1e-5, atol=1e-5)


@weft_only
def test_volumes_without_a_batch_are_no_images(w):
    """(C, D, H, W) whose strides are those of channels-last images."""
    w.manual_seed(2)
    x = w.randn(3, 4, 5, 6, dtype=w.float64).contiguous(memory_format=w.channels_last)
    plain = x.contiguous()
    f = w.nn.functional
    for layer in (
        lambda t: f.max_pool3d(t, 2, 1),
        lambda t: f.avg_pool3d(t, 2, 1),
        lambda t: f.adaptive_avg_pool3d(t, (1, 2, 3)),
        lambda t: f.fractional_max_pool3d(t, 2, 2, _random_samples=w.full((1, 3, 3), 0.25, dtype=t.dtype)),
    ):
        a, b = x.clone(memory_format=w.preserve_format).requires_grad_(), plain.clone().requires_grad_()
        assert_same(layer(a), layer(b))
        assert_same(*(w.autograd.grad(layer(t).square().sum(), t)[0].contiguous() for t in (a, b)))
        assert_same(w.vmap(layer)(w.stack([x, x]))[1], layer(plain))


@weft_only
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dims", [2, 3])
def test_random_windows_are_computed_in_the_dtype_of_the_samples(device, w, dtype, dims):
    """Step by step, so that equal samples choose equal windows in every framework: NumPy rounds likewise."""
    rng, number = np.random.default_rng(3), np.dtype(dtype).type
    for _ in range(20):
        size = [int(n) for n in rng.integers(5, 40, dims)]
        kernel = [int(k) for k in rng.integers(1, 4, dims)]
        made = [int(rng.integers(1, n - k + 2)) for n, k in zip(size, kernel, strict=True)]
        x = rng.permutation(math.prod(size)).reshape(1, 1, *size) % 2000
        u = rng.random((1, 1, dims)).astype(dtype)
        places = []
        for n, k, m, v in zip(size, kernel, made, u[0, 0][:: -1 if dims == 2 else 1], strict=True):
            step = number(n - k) / number(m - 1) if m > 1 else number(0)
            starts = [int(number(number(i) + v) * step) - int(v * step) for i in range(m - 1)] + [n - k]
            places.append([range(s, s + k) for s in starts])
        wanted = [max(x[(0, 0, *cell)] for cell in itertools.product(*window)) for window in itertools.product(*places)]
        pooling = getattr(w.nn.functional, f"fractional_max_pool{dims}d")
        samples = to_tensor(w, u).to(getattr(w, dtype)).to(device)
        got = pooling(to_tensor(w, x.astype("float64"), dtype).to(device), kernel, made, _random_samples=samples)
        np.testing.assert_array_equal(to_numpy(got.cpu()).reshape(-1), wanted)


@weft_only
def test_windows_of_samples_that_are_none(w):
    """Samples outside of [0, 1) choose windows inside all the same."""
    x = w.arange(2 * 36.0).reshape(1, 2, 6, 6)
    for value in (-3.0, -0.5, 1.0, 7.25, math.nan, math.inf):
        values, index = w.nn.functional.fractional_max_pool2d(
            x, 2, 4, return_indices=True, _random_samples=w.full((1, 2, 2), value)
        )
        assert_same(values.flatten(2), x.flatten(2).gather(2, index.flatten(2)))


def test_random_windows_are_drawn(w):
    layer = w.nn.FractionalMaxPool2d(2, output_ratio=(0.5, 0.7))
    x = to_tensor(w, np.arange(2.0 * 3 * 400).reshape(2, 3, 20, 20))
    w.manual_seed(5)
    first = layer(x)
    assert tuple(first.shape) == (2, 3, 10, 14) and not w.equal(first, layer(x))
    w.manual_seed(5)
    assert w.equal(first, layer(x))
    assert not w.equal(first[0, 0], first[0, 1] - 400)  # every plane has its own


@weft_only
def test_a_call_that_is_refused_draws_nothing(w):
    w.manual_seed(5)
    state = w.get_rng_state()
    with pytest.raises(RuntimeError, match="windows"):
        w.nn.functional.fractional_max_pool2d(w.ones(1, 1, 4, 4), 3, 4)
    assert w.get_rng_state().equal(state)


@weft_only
def test_values_for_one_place(device, w):
    """The last one stays, and each gets the place's gradient, as overlapping windows of equal maxima need it."""
    x = w.tensor([[[1.0, 2.0, 3.0]]], device=device, requires_grad=True)
    y = w.nn.functional.max_unpool1d(x, w.tensor([[[4, 4, 0]]], device=device), 2)
    assert y.tolist() == [[[3.0, 0.0, 0.0, 0.0, 2.0, 0.0]]]
    (grad,) = w.autograd.grad(y, x, w.arange(6.0, device=device).reshape(1, 1, 6))
    assert grad.tolist() == [[[4.0, 4.0, 0.0]]]


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_unpooling_undoes_pooling(w, dims):
    """Of what it has chosen, for all sizes that pooling makes the same of."""
    rng = np.random.default_rng(4)
    pool = getattr(w.nn, f"MaxPool{dims}d")(2, return_indices=True)
    unpool = getattr(w.nn, f"MaxUnpool{dims}d")(2)
    for n in (7, 6):
        x = to_tensor(w, rng.permutation(2 * 3 * n**dims).reshape(2, 3, *[n] * dims) + 1.0)
        values, index = pool(x)
        back = unpool(values, index, output_size=x.shape)
        assert tuple(back.shape) == tuple(x.shape)
        np.testing.assert_array_equal(to_numpy(back), np.where(to_numpy(back) != 0, to_numpy(x), 0))
        assert_same(pool(back)[0], values) if n == 6 else None
        assert int((back != 0).sum()) == values.numel()
    assert tuple(unpool(values, index).shape) == (2, 3, *[6] * dims)


@weft_only
@pytest.mark.parametrize("memory_format", ["channels_last", "channels_last_3d"])
def test_unpooled_images_lie_as_the_pooled(w, memory_format):
    dims, order = (2, w.channels_last) if memory_format == "channels_last" else (3, w.channels_last_3d)
    x = w.randn(2, 3, *[4] * dims).contiguous(memory_format=order)
    values, index = getattr(w.nn, f"MaxPool{dims}d")(2, return_indices=True)(x)
    y = getattr(w.nn, f"MaxUnpool{dims}d")(2)(values, index)
    assert y.is_contiguous(memory_format=order)
    assert_same(y.contiguous(), getattr(w.nn, f"MaxUnpool{dims}d")(2)(values.contiguous(), index.contiguous()))


def test_the_slope_of_norms_at_zero(w):
    """The root of 0 has an infinite one, but windows of zeros get no NaN."""
    x = to_tensor(w, np.array([[[0.0, 0.0, 3.0, 4.0]]]), requires_grad=True)
    y = w.nn.functional.lp_pool1d(x, 2, 2)
    np.testing.assert_allclose(to_numpy(y.detach()), [[[0.0, 5.0]]])
    y.sum().backward()
    np.testing.assert_allclose(to_numpy(x.grad), [[[0.0, 0.0, 0.6, 0.8]]])


def test_norms_of_windows_over_the_edge(w):
    """They count as if the missing elements were like the others."""
    x = np.arange(1.0, 6.0).reshape(1, 1, 5)
    got = to_numpy(w.nn.LPPool1d(2, 2, ceil_mode=True)(to_tensor(w, x)))
    np.testing.assert_allclose(got, [[[5**0.5, 5.0, 50**0.5]]])


@weft_only
def test_pooled_volumes_in_files(w, tmp_path):
    """A program keeps windows with depth, and those without as files of before have them."""

    class Model(w.nn.Module):
        def forward(self, x, u):
            f = w.nn.functional
            a = f.avg_pool3d(f.max_pool3d(x, 2, 1), (1, 2, 2), ceil_mode=True)
            return (
                a,
                f.fractional_max_pool3d(x, 2, 2, _random_samples=u),
                f.max_pool2d(x[0], 2),
                f.adaptive_avg_pool3d(x, 2),
            )

    x, u = w.randn(1, 2, 4, 5, 6), w.rand(1, 2, 3)
    program = w.export.export(Model(), (x, u))
    w.export.save(program, tmp_path / "pools.safetensors")
    loaded = w.export.load(tmp_path / "pools.safetensors")
    for one, other in zip(Model()(x, u), loaded(x, u), strict=True):
        assert_same(one, other)


LAYERS = [
    "MaxPool3d(2)",
    "MaxPool3d((2, 3, 1), 1, 1, 2, True, True)",
    "AvgPool3d(3, 2, 1)",
    "AvgPool3d((3, 2, 1), divisor_override=3)",
    "AdaptiveAvgPool3d((1, None, 2))",
    "AdaptiveMaxPool3d(3, True)",
    "LPPool1d(2, 3)",
    "LPPool2d(2.0, (3, 2), stride=(2, 1))",
    "LPPool3d(1.5, 3, ceil_mode=True)",
    "FractionalMaxPool2d(3, output_size=(2, 4))",
    "FractionalMaxPool2d((3, 2), output_ratio=0.5, return_indices=True)",
    "FractionalMaxPool3d(2, 3)",
    "MaxUnpool1d(2)",
    "MaxUnpool2d((3, 2), stride=2, padding=1)",
    "MaxUnpool3d(2, (1, 2, 3))",
]


@pytest.mark.parametrize("text", LAYERS)
def test_layers_are_those_of_pytorch(w, text):
    torch = pytest.importorskip("torch")
    mine, theirs = (eval(f"nn.{text}", {"nn": nn}) for nn in (w.nn, torch.nn))
    assert repr(mine) == repr(theirs)
    assert list(mine.state_dict()) == list(theirs.state_dict())
    public = {name: value for name, value in vars(theirs).items() if not name.startswith("_")}
    assert {name: getattr(mine, name) for name in public} == public


def test_samples_of_a_layer_are_state(w):
    u = w.rand(2, 3, 2)
    layer = w.nn.FractionalMaxPool2d(2, 3, _random_samples=u)
    assert list(layer.state_dict()) == ["_random_samples"]
    x = w.rand(2, 3, 8, 8)
    assert w.equal(layer(x), layer(x))


@weft_only
def test_arguments_of_layers(w):
    for make, says in (
        (lambda: w.nn.FractionalMaxPool2d(2), "FractionalMaxPool2d: expected either .* got neither"),
        (lambda: w.nn.FractionalMaxPool3d(2, 2, 0.5), "FractionalMaxPool3d: expected either .* got both"),
        (lambda: w.nn.FractionalMaxPool2d(2, output_ratio=1.5), "output_ratio between 0 and 1, got 1.5"),
        (lambda: w.nn.FractionalMaxPool2d((2, 2, 2), 3), "FractionalMaxPool2d: kernel_size"),
        (lambda: w.nn.MaxUnpool3d((2, 2)), "MaxUnpool3d: kernel_size"),
    ):
        with pytest.raises(ValueError, match=says):
            make()
    with pytest.raises(TypeError, match="LPPool2d: expected a number as norm_type"):
        w.nn.LPPool2d("2", 2)


@weft_only
@pytest.mark.parametrize("dims", [2, 3])
def test_long_and_short_rows_agree_with_references(w, dims):
    rng = np.random.default_rng(6)
    for _ in range(15):
        shape = (1, 2, *(int(n) for n in rng.integers(4, 24, dims)))
        x, kernel, stride = rng.standard_normal(shape), int(rng.integers(1, 5)), int(rng.integers(1, 5))
        padding, ceil = int(rng.integers(0, kernel // 2 + 1)), bool(rng.integers(2))
        args = (kernel, stride, padding)
        for dtype in ("float64", "float32"):
            t = to_tensor(w, x, dtype)
            best = getattr(w.nn.functional, f"max_pool{dims}d")(t, *args, ceil_mode=ceil)
            mean = getattr(w.nn.functional, f"avg_pool{dims}d")(t, *args, ceil_mode=ceil)
            wanted = max_pool(dims)(x, *args, ceil_mode=ceil), avg_pool(dims)(x, *args, ceil_mode=ceil)
            np.testing.assert_allclose(to_numpy(best), wanted[0], rtol=1e-6)
            np.testing.assert_allclose(to_numpy(mean), wanted[1], rtol=1e-5, atol=1e-6)


@weft_only
def test_lengths_that_are_no_number(w):
    """A string is a sequence of strings; a list may hold itself."""
    endless = []
    endless.append(endless)
    for pool in (w.nn.functional.adaptive_avg_pool1d, w.nn.functional.adaptive_max_pool1d):
        x = w.zeros(1, 1, 4)
        assert pool(x, [2]).shape == (1, 1, 2) and pool(x, [None]).shape == (1, 1, 4)
        for length in ("3", ["3"], endless):
            with pytest.raises(TypeError, match="expected an int or None as output_size"):
                pool(x, length)


@weft_only
def test_many_windows_of_nothing(w):
    """Results without elements need no tables of their windows, nor does a gradient that nothing flows into."""
    f, most = w.nn.functional, 2**40
    assert f.adaptive_avg_pool1d(w.zeros(0, 1, 3), most).shape == (0, 1, most)
    assert f.adaptive_max_pool1d(w.zeros(0, 1, 3), most).shape == (0, 1, most)
    assert f.max_pool2d(w.zeros(0, 1, 1, 3), (1, most), 1, (0, most // 2)).shape == (0, 1, 1, 4)
    for pool in (f.adaptive_avg_pool2d, f.adaptive_max_pool2d):
        x = w.ones(1, 1, 2, 3, requires_grad=True)
        pool(x, (0, most)).sum().backward()
        assert x.grad.tolist() == [[[[0.0] * 3] * 2]]


@weft_only
def test_places_far_apart(w):
    """Places that are further apart than the axis is long step over it in some windows."""
    pool = w.nn.functional.max_pool1d
    assert pool(w.tensor([[[1.0, 2.0, 3.0]]]), 3, 1, 4, dilation=4).tolist() == [[[1.0, 2.0, 3.0]]]
    with pytest.raises(RuntimeError, match="max_pool1d: window 0 along the length lies in the padding alone"):
        pool(w.zeros(1, 1, 2), 2, 1, 2, dilation=4)
    with pytest.raises(RuntimeError, match="max_pool1d: dilation 1099511627776 and padding .* are too large"):
        pool(w.zeros(0, 1, 2**39), 3, 1, 2**40, dilation=2**40)
    with pytest.raises(RuntimeError, match="avg_pool2d: .* more elements than can be counted"):
        w.nn.functional.avg_pool2d(w.zeros(1, 1, 2, 2), 2**33, padding=2**32)


def test_fractional_pooling_takes_no_list_of_one(w):
    for options in ({"kernel_size": (2,), "output_size": 2}, {"kernel_size": 2, "output_size": (2,)}):
        with pytest.raises(RuntimeError):
            w.nn.functional.fractional_max_pool2d(w.ones(1, 1, 5, 5), **options)
