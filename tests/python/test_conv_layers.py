"""Convolutions of volumes, and transposed ones: against sums written out, and against PyTorch where it is installed."""

import itertools

import numpy as np
import pytest
from support import assert_same, to_numpy, to_tensor, weft_only


def values(rng, *shape):
    return rng.standard_normal(shape).astype("float32")


def transposed(x, weight, bias, stride, padding, output_padding, groups, dilation):
    """Every input value adds weight times itself to a window of the output."""
    dims = x.ndim - 2
    kernel = weight.shape[2:]
    whole = [(x.shape[2 + d] - 1) * stride[d] + dilation[d] * (kernel[d] - 1) + 1 for d in range(dims)]
    sizes = [whole[d] - 2 * padding[d] + output_padding[d] for d in range(dims)]
    room = [max(whole[d], padding[d] + sizes[d]) for d in range(dims)]
    outputs, inputs = weight.shape[1], x.shape[1] // groups
    out = np.zeros((x.shape[0], outputs * groups, *room))
    for g, at, k in itertools.product(range(groups), np.ndindex(*x.shape[2:]), np.ndindex(*kernel)):
        place = tuple(at[d] * stride[d] + k[d] * dilation[d] for d in range(dims))
        mine = slice(g * inputs, (g + 1) * inputs)
        out[(slice(None), slice(g * outputs, (g + 1) * outputs), *place)] += (
            x[(slice(None), mine, *at)] @ weight[(mine, slice(None), *k)]
        )
    cut = tuple(slice(padding[d], padding[d] + sizes[d]) for d in range(dims))
    return out[(slice(None), slice(None), *cut)] + bias.reshape(1, -1, *(1,) * dims)


CASES = [
    (1, (5,), {"kernel_size": 4, "stride": 2, "padding": 1}),
    (1, (4,), {"kernel_size": 2, "stride": 3, "output_padding": 2, "groups": 2}),
    (2, (3, 4), {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0), "output_padding": (1, 0)}),
    (2, (4, 3), {"kernel_size": 3, "dilation": 2, "padding": 2, "groups": 2}),
    (3, (2, 3, 2), {"kernel_size": (1, 2, 3), "stride": (1, 2, 2), "output_padding": (0, 1, 1), "groups": 2}),
]


@pytest.mark.parametrize("dims,size,options", CASES)
def test_conv_transpose(w, dims, size, options):
    rng = np.random.default_rng(0)
    layer = getattr(w.nn, f"ConvTranspose{dims}d")(4, 6, **options)
    x = values(rng, 2, 4, *size)
    full = {key: np.broadcast_to(options.get(key, default), dims) for key, default in
            (("stride", 1), ("padding", 0), ("output_padding", 0), ("dilation", 1))}  # fmt: skip
    expected = transposed(
        x.astype("float64"), to_numpy(layer.weight), to_numpy(layer.bias), groups=options.get("groups", 1), **full
    )
    np.testing.assert_allclose(to_numpy(layer(to_tensor(w, x))), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(to_numpy(layer(to_tensor(w, x[0]))), expected[0], rtol=1e-4, atol=1e-5)


def test_conv_transpose_takes_the_size_of_its_output(w):
    layer = w.nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1)
    x = w.ones(1, 1, 4, 5)
    for size in ((7, 9), (8, 10), (7, 10), (1, 1, 8, 9)):
        assert tuple(layer(x, output_size=size).shape[2:]) == size[-2:]
    assert tuple(layer(x[0], output_size=[8, 9]).shape) == (1, 8, 9)
    for wrong in ((6, 9), (9, 9), (7,), (1, 1, 1, 7, 9)):
        with pytest.raises(ValueError):
            layer(x, output_size=wrong)


def test_conv_transpose_is_checked(w):
    for kind, bad in [
        (ValueError, {"groups": 2}),
        (ValueError, {"padding_mode": "reflect"}),
        (ValueError, {"groups": 0}),
        ((TypeError, ValueError), {"padding": "same"}),
    ]:
        with pytest.raises(kind):
            w.nn.ConvTranspose2d(3, 4, 3, **bad)
    with pytest.raises(RuntimeError):
        w.nn.ConvTranspose1d(3, 4, 3)(w.ones(1, 2, 5))


def test_conv_transpose_starts_as_described(w):
    layer = w.nn.ConvTranspose2d(2, 8, 4, groups=2)
    bound = 1 / np.sqrt(8 / 2 * 16)
    largest = float(layer.weight.detach().abs().max())
    assert 0.8 * bound < largest <= bound
    assert tuple(layer.weight.shape) == (2, 4, 4, 4) and tuple(layer.bias.shape) == (8,)


@pytest.mark.parametrize(
    "mode,pad", [("zeros", "constant"), ("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")]
)
def test_conv3d_padding_modes(w, mode, pad):
    rng = np.random.default_rng(0)
    x = values(rng, 1, 2, 4, 5, 6)
    layer = w.nn.Conv3d(2, 3, 2, padding=(1, 2, 1), padding_mode=mode)
    plain = w.nn.Conv3d(2, 3, 2)
    plain.load_state_dict(layer.state_dict())
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (2, 2), (1, 1)), mode=pad)
    np.testing.assert_allclose(
        to_numpy(layer(to_tensor(w, x))), to_numpy(plain(to_tensor(w, padded))), rtol=1e-4, atol=1e-5
    )


def test_conv3d_is_a_sum_of_products(w):
    rng = np.random.default_rng(1)
    layer = w.nn.Conv3d(4, 6, (2, 1, 3), stride=(1, 2, 1), dilation=(1, 1, 2), groups=2)
    x = values(rng, 2, 4, 3, 4, 6)
    out = to_numpy(layer(to_tensor(w, x)))
    weight, bias = to_numpy(layer.weight), to_numpy(layer.bias)
    assert out.shape == (2, 6, 2, 2, 2)
    for o, d, h, t in itertools.product(range(6), range(2), range(2), range(2)):
        mine = slice(0, 2) if o < 3 else slice(2, 4)
        window = x[:, mine, d : d + 2, 2 * h : 2 * h + 1, t : t + 5 : 2]
        np.testing.assert_allclose(out[:, o, d, h, t], (window * weight[o]).sum((1, 2, 3, 4)) + bias[o], atol=1e-4)
    assert tuple(w.nn.Conv3d(1, 1, 3, padding="same")(w.ones(1, 1, 4, 5, 6)).shape) == (1, 1, 4, 5, 6)


@weft_only
def test_random_transposed_convolutions_agree_with_pytorch(w):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    for _ in range(40):
        dims, groups = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        stride, dilation = rng.integers(1, 4, dims), rng.integers(1, 3, dims)
        options = {
            "kernel_size": tuple(map(int, rng.integers(1, 4, dims))),
            "stride": tuple(map(int, stride)),
            "padding": tuple(map(int, rng.integers(0, 2, dims))),
            "output_padding": tuple(int(rng.integers(0, max(s, d))) for s, d in zip(stride, dilation)),
            "dilation": tuple(map(int, dilation)),
            "groups": groups,
            "bias": bool(rng.integers(2)),
        }
        name = f"ConvTranspose{dims}d"
        theirs = getattr(torch.nn, name)(2 * groups, 3 * groups, **options)
        mine = getattr(w.nn, name)(2 * groups, 3 * groups, **options)
        assert repr(mine) == repr(theirs)
        mine.load_state_dict({key: w.from_numpy(value.numpy()) for key, value in theirs.state_dict().items()})
        x = values(rng, 2, 2 * groups, *rng.integers(2, 5, dims))
        try:
            expected = theirs(torch.from_numpy(x))
        except RuntimeError:
            with pytest.raises(RuntimeError):
                mine(w.from_numpy(x))
            continue
        np.testing.assert_allclose(
            to_numpy(mine(w.from_numpy(x))), expected.detach().numpy(), rtol=1e-4, atol=1e-4, err_msg=str(mine)
        )


@weft_only
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("kernel", [2, 3, 5])
@pytest.mark.parametrize("channels", [(1, 6), (3, 33), (6, 16), (16, 5), (32, 24)], ids=str)
def test_bits_do_not_depend_on_the_layout(w, channels, kernel, bias):
    """Contiguous, channels-last or turned: whichever loops compute an image, sums have one order."""
    layer = w.nn.Conv2d(*channels, kernel, padding=kernel // 2, bias=bias)
    with w.no_grad():
        for size in ((1, 14, 14), (1, 12, 24), (1, 32, 32), (1, 7, 9), (2, 16, 16)):
            x = w.randn(size[0], channels[0], *size[1:])
            y = layer(x)
            assert_same(layer(x.to(memory_format=w.channels_last)), y, f"{size} channels-last")
            assert_same(layer(x.transpose(2, 3).contiguous().transpose(2, 3)), y, f"{size} turned")
