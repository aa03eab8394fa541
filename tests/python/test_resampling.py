"""Resampling beyond the rows of the op table: layouts, bytes, special values, layers, and PyTorch's coordinates."""

import itertools

import numpy as np
import pytest
import weft
import weft.nn.functional as F
from support import weft_only

pytestmark = weft_only

MODES = [
    {"mode": "nearest"},
    {"mode": "nearest-exact"},
    {"mode": "bilinear"},
    {"mode": "bilinear", "align_corners": True},
    {"mode": "bilinear", "antialias": True},
    {"mode": "bicubic"},
    {"mode": "bicubic", "antialias": True},
    {"mode": "area"},
]
SIZES = [(9, 40), (4, 5), (33, 7)]


def name(options):
    return "-".join(map(str, options.values()))


def with_gradient(function, x):
    x = x.detach().requires_grad_()
    y = function(x)
    (gradient,) = weft.autograd.grad((y * weft.arange(float(y.numel())).reshape(y.shape).sin()).sum(), [x])
    return y.detach(), gradient


@pytest.mark.parametrize("options", MODES, ids=name)
@pytest.mark.parametrize("size", SIZES)
def test_channels_last(options, size):
    """The result and the gradient lie as the input does, and have the same bits."""
    for channels in (3, 20):
        x = weft.randn(2, channels, 8, 17)
        one = with_gradient(lambda t: F.interpolate(t, size, **options), x)
        last = with_gradient(
            lambda t: F.interpolate(t, size, **options), x.contiguous(memory_format=weft.channels_last)
        )
        for a, b in zip(one, last, strict=True):
            assert a.is_contiguous() and b.is_contiguous(memory_format=weft.channels_last)
            assert a.equal(b)


def test_channels_last_of_volumes():
    x = weft.randn(2, 3, 4, 5, 6)
    last = x.contiguous(memory_format=weft.channels_last_3d)
    for mode in ("nearest", "trilinear", "area"):
        y = F.interpolate(last, (3, 8, 7), mode=mode)
        assert y.is_contiguous(memory_format=weft.channels_last_3d) and y.equal(F.interpolate(x, (3, 8, 7), mode=mode))


@pytest.mark.parametrize("options", MODES, ids=name)
def test_any_number_of_threads(options):
    x, before = weft.randn(3, 5, 20, 31), weft.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 5):
            weft.set_num_threads(threads)
            results.append(with_gradient(lambda t: F.interpolate(t, (31, 44), **options), x))
    finally:
        weft.set_num_threads(before)
    for other in results[1:]:
        assert all(a.equal(b) for a, b in zip(results[0], other, strict=True))


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_special_values_stay_where_they_are(value):
    """Only outputs see it that are made of the pixel or its neighbours: nothing is read for the sake of a vector."""
    for size, options in itertools.product(((5, 40), (40, 5), (5, 5), (11, 23)), MODES):
        if options["mode"] == "bicubic":
            continue  # takes more than the neighbours
        for row, column in ((0, 0), (2, 3), (4, 19), (2, 10)):
            x = weft.zeros(1, 1, 5, 20)
            x[0, 0, row, column] = value
            sees = ~F.interpolate(x, size, **options).isfinite()
            near = weft.zeros(1, 1, 5, 20)
            near[0, 0, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = 1.0
            assert not (sees & (F.interpolate(near, size, **options) == 0)).any()


def test_no_size_changes_nothing():
    x = weft.randn(2, 3, 5, 6)
    for options in MODES:
        if not options.get("align_corners"):
            np.testing.assert_allclose(F.interpolate(x, (5, 6), **options).numpy(), x.numpy(), rtol=1e-6, atol=1e-6)


def test_a_linear_function_stays_linear():
    x = weft.arange(12.0).reshape(1, 1, 3, 4)
    for options in ({"mode": "bilinear"}, {"mode": "bicubic"}):
        y = F.interpolate(x, (5, 7), align_corners=True, **options)[0, 0]
        inside = slice(2, -2)  # cubic convolution repeats the border
        expected = weft.linspace(0, 8, 5).unsqueeze(1) + weft.linspace(0, 3, 7)
        np.testing.assert_allclose(y[inside, inside].numpy(), expected[inside, inside].numpy(), rtol=1e-5, atol=0.3)


def test_bytes_of_known_images():
    x = weft.tensor([[[[0, 255]]]], dtype=weft.uint8)
    assert F.interpolate(x, (1, 4), mode="bilinear").tolist() == [[[[0, 64, 191, 255]]]]
    assert F.interpolate(x, (1, 1), mode="bilinear", antialias=True).tolist() == [[[[128]]]]
    assert F.interpolate(x, (2, 2)).tolist() == [[[[0, 255], [0, 255]]]]


def test_layers():
    x = weft.randn(2, 3, 4, 5)
    cases = [
        (weft.nn.Upsample(scale_factor=2), "Upsample(scale_factor=2.0, mode='nearest')", {"scale_factor": 2}),
        (
            weft.nn.Upsample((3, 4), mode="bicubic", align_corners=True),
            "Upsample(size=(3, 4), mode='bicubic')",
            {"size": (3, 4), "mode": "bicubic", "align_corners": True},
        ),
        (
            weft.nn.Upsample(scale_factor=(2, 1.3), mode="bilinear", recompute_scale_factor=True),
            "Upsample(scale_factor=(2.0, 1.3), mode='bilinear')",
            {"scale_factor": (2.0, 1.3), "mode": "bilinear", "recompute_scale_factor": True},
        ),
        (weft.nn.UpsamplingNearest2d(7), "UpsamplingNearest2d(size=7, mode='nearest')", {"size": 7}),
        (
            weft.nn.UpsamplingBilinear2d(scale_factor=2),
            "UpsamplingBilinear2d(scale_factor=2.0, mode='bilinear')",
            {"scale_factor": 2.0, "mode": "bilinear", "align_corners": True},
        ),
    ]
    for layer, text, options in cases:
        assert repr(layer) == text and not layer.state_dict() and layer(x).equal(F.interpolate(x, **options))
    with pytest.raises(ValueError, match=r"Upsample: expected mode .* got 'best'"):
        weft.nn.Upsample(2, mode="best")
    with pytest.raises(ValueError, match="UpsamplingNearest2d: expected size or scale_factor, got both"):
        weft.nn.UpsamplingNearest2d(2, 2.0)
    with pytest.raises(ValueError, match="interpolate: expected size or scale_factor, got neither"):
        weft.nn.Upsample()(x)


def test_identity_grid():
    x = weft.randn(2, 3, 4, 5)
    theta = weft.tensor([[[1.0, 0, 0], [0, 1, 0]]]).expand(2, 2, 3)
    for corners, mode in itertools.product((True, False), ("bilinear", "nearest", "bicubic")):
        grid = F.affine_grid(theta, (2, 3, 4, 5), align_corners=corners)
        y = F.grid_sample(x, grid, mode=mode, padding_mode="border", align_corners=corners)
        np.testing.assert_allclose(y.numpy(), x.numpy(), rtol=1e-4, atol=1e-5)


def test_samples_in_both_layouts():
    x, grid = weft.randn(2, 20, 6, 7), weft.rand(2, 4, 5, 2) * 2.4 - 1.2
    for options in itertools.product(("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")):
        one = with_gradient(lambda t, o=options: F.grid_sample(t, grid, *o), x)
        last = with_gradient(
            lambda t, o=options: F.grid_sample(t, grid, *o), x.contiguous(memory_format=weft.channels_last)
        )
        for a, b in zip(one, last, strict=True):
            assert b.is_contiguous(memory_format=weft.channels_last) and a.equal(b)


def test_samples_far_away():
    """Coordinates that are infinite or no number: outside of the image."""
    x = weft.ones(1, 1, 3, 3)
    grid = weft.tensor([float("nan"), float("inf"), -float("inf"), 1e30, -1e30, 0.0]).reshape(1, 1, 6, 1)
    grid = weft.cat([grid, weft.zeros(1, 1, 6, 1)], -1)
    for mode in ("bilinear", "nearest", "bicubic"):
        y = F.grid_sample(x, grid, mode)[0, 0, 0]
        assert y[:5].tolist() == [0.0] * 5 and abs(y[5].item() - 1) < 1e-6
        for padding in ("border", "reflection"):
            y = F.grid_sample(x, grid, mode, padding)
            np.testing.assert_allclose(y.numpy(), np.ones_like(y.numpy()), rtol=1e-3)


def test_autocast_takes_the_wider_dtype():
    x, grid = weft.ones(1, 1, 3, 3, dtype=weft.bfloat16), weft.zeros(1, 2, 2, 2)
    with weft.autocast("cpu"):
        assert F.grid_sample(x, grid).dtype == weft.float32
    with pytest.raises(RuntimeError, match="bfloat16 and"):
        F.grid_sample(x, grid)


def test_samples_nowhere():
    """NaN lies far before the first pixel, infinities far outside."""
    x = weft.tensor([[[[1.0, 2.0, 3.0]]]])
    for mode in ("bilinear", "nearest", "bicubic"):
        for dtype in (weft.float32, weft.float64):
            grid = weft.tensor([[[[float("nan"), 0.0], [float("-inf"), 0.0], [float("inf"), 0.0]]]], dtype=dtype)
            outside, edge = (
                F.grid_sample(x.to(dtype), grid, mode, padding, True).tolist() for padding in ("zeros", "border")
            )
            assert outside == [[[[0.0, 0.0, 0.0]]]] and edge == [[[[1.0, 1.0, 3.0]]]]


# With PyTorch, where it is installed


def torch_tensor(torch, x):
    return torch.from_numpy(x.detach().numpy().copy())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options", MODES, ids=name)
def test_coordinates_are_those_of_pytorch(options, dtype):
    """Sizes and factors whose coordinates are rounded, at which nearest modes jump."""
    torch = pytest.importorskip("torch")
    if dtype == "float64" and options["mode"].startswith("nearest"):
        pytest.skip("PyTorch rounds float64 coordinates of images in another way at jumps")
    rng = np.random.default_rng(0)
    tolerance = {"rtol": 1e-4, "atol": 3e-5} if dtype == "float32" else {"rtol": 1e-9, "atol": 1e-11}
    for _ in range(40):
        shape = (1, 2, *map(int, rng.integers(1, 40, 2)))
        x = weft.tensor(rng.standard_normal(shape), dtype=getattr(weft, dtype))
        if rng.random() < 0.5:
            wanted = {"size": tuple(map(int, rng.integers(2, 60, 2)))}
        else:
            factors = rng.choice([0.3, 1 / 3, 0.7, 1, 1.3, 2, 2.3], 2)
            wanted = {"scale_factor": tuple(float(max(2 / n, f)) for n, f in zip(shape[2:], factors, strict=True))}
        ours = F.interpolate(x, **wanted, **options)
        theirs = torch.nn.functional.interpolate(torch_tensor(torch, x), **wanted, **options)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), **tolerance, err_msg=f"{shape} {wanted}")


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("corners", [False, True])
def test_bytes_are_those_of_pytorch(mode, antialias, corners):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    for _ in range(30):
        shape = (1, int(rng.integers(1, 6)), *map(int, rng.integers(2, 40, 2)))
        x = rng.integers(0, 256, shape).astype("uint8")
        size = tuple(map(int, rng.integers(2, 60, 2)))  # PyTorch repeats the first row where columns become one
        options = {"size": size, "mode": mode, "antialias": antialias, "align_corners": corners}
        ours = F.interpolate(weft.tensor(x), **options).numpy()
        theirs = torch.nn.functional.interpolate(torch.from_numpy(x), **options).numpy()
        assert (ours == theirs).all(), f"{shape} {size}"


@pytest.mark.parametrize("corners", [True, False])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_samples_are_those_of_pytorch(mode, padding, corners):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    for case in range(16):
        dims = 2 if mode == "bicubic" or case % 2 else 3
        shape = (2, 3, *map(int, rng.integers(1, 9, dims)))
        x = weft.tensor(rng.standard_normal(shape)).requires_grad_()
        places = (2, *map(int, rng.integers(1, 6, dims)), dims)
        grid = weft.tensor(rng.uniform(-3, 3, places)).requires_grad_()
        ours = F.grid_sample(x, grid, mode, padding, corners)
        leaves = [torch_tensor(torch, t).requires_grad_() for t in (x, grid)]
        theirs = torch.nn.functional.grid_sample(*leaves, mode, padding, corners)
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-9, atol=1e-11)
        weight = np.sin(np.arange(ours.numel())).reshape(ours.shape)
        (ours * weft.tensor(weight)).sum().backward()
        (theirs * torch.from_numpy(weight)).sum().backward()
        for one, two in zip((x, grid), leaves, strict=True):
            np.testing.assert_allclose(one.grad.numpy(), two.grad.numpy(), rtol=1e-8, atol=1e-10)
