"""Functions of images: against NumPy, Pillow and formulas."""

import colorsys
import itertools
import math

import numpy as np
import pytest
import weft
import weft.transforms.functional as F
from PIL import Image, ImageOps
from weft import Tensor
from weft.transforms.functional.warp import perspective_coefficients


def pixels(*shape, seed=0, dtype=np.uint8):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, shape).astype(np.uint8) if dtype == np.uint8 else rng.random(shape).astype(dtype)


def tensor(array):
    """(H, W, C) as a tensor (C, H, W)."""
    return weft.from_numpy(np.ascontiguousarray(np.moveaxis(array, -1, -3)))


def back(image):
    return np.moveaxis(image.numpy(), -3, -1)


# Every function that keeps the kind: name and arguments
CALLS = {
    "adjust_brightness": (1.3,),
    "adjust_contrast": (0.6,),
    "adjust_gamma": (1.7, 0.9),
    "adjust_hue": (0.2,),
    "adjust_saturation": (1.8,),
    "adjust_sharpness": (1.5,),
    "affine": (20, [2, -1], 1.2, [5, 3]),
    "autocontrast": (),
    "center_crop": ([6, 30],),
    "crop": (2, -3, 9, 8),
    "elastic": (0.05 * weft.sin(weft.arange(11.0 * 14 * 2)).reshape(1, 11, 14, 2),),
    "equalize": (),
    "erase": (1, 2, 3, 4, 9),
    "gaussian_blur": ([3, 5], [0.8, 1.1]),
    "grayscale_to_rgb": (),
    "horizontal_flip": (),
    "invert": (),
    "jpeg": (80,),
    "pad": ([1, 2], 7),
    "permute_channels": ([1, 2, 0],),
    "perspective": ([[0, 0], [13, 0], [13, 10], [0, 10]], [[1, 2], [12, 1], [11, 9], [2, 10]], "nearest"),
    "posterize": (3,),
    "resize": ([7, 19],),
    "resized_crop": (1, 2, 8, 9, [5, 6]),
    "rgb_to_grayscale": (3,),
    "rotate": (33.0,),
    "solarize": (100,),
    "vertical_flip": (),
}


@pytest.mark.parametrize("name", CALLS)
def test_kinds_and_batches(name):
    """An array gives what the tensor gives, a batch what its images give, a PIL image a PIL image of the same size."""
    function, arguments = getattr(F, name), CALLS[name]
    array = pixels(11, 14, 3)
    one = function(tensor(array), *arguments)
    assert isinstance(one, Tensor) and one.dtype == weft.uint8
    from_array = function(array, *arguments)
    assert isinstance(from_array, np.ndarray) and from_array.dtype == np.uint8
    assert np.array_equal(from_array, back(one))
    other = pixels(11, 14, 3, seed=1)
    batch = function(weft.stack([tensor(array), tensor(other)]).unsqueeze(1), *arguments)
    assert weft.equal(batch[0, 0], one) and weft.equal(batch[1, 0], function(tensor(other), *arguments))
    picture = function(Image.fromarray(array), *arguments)
    assert isinstance(picture, Image.Image) and picture.mode == "RGB" and picture.size == one.shape[:0:-1]


# What Pillow rounds, or computes with whole numbers
CLOSE = {"adjust_contrast": 2, "resize": 1, "resized_crop": 1, "adjust_saturation": 2}
CLOSE |= {"rgb_to_grayscale": 1, "autocontrast": 1, "adjust_brightness": 1, "adjust_sharpness": 1}
# Where a place lies between two pixels; Pillow keeps hues in bytes.
DIFFERENT = {"affine": 0, "perspective": 0, "rotate": 0, "adjust_hue": 8}


@pytest.mark.parametrize("name", CALLS)
def test_tensors_are_as_pillow_has_them(name):
    picture, image = Image.fromarray(pixels(11, 14, 3)), tensor(pixels(11, 14, 3))
    function, arguments = getattr(F, name), CALLS[name]
    expected = np.asarray(function(picture, *arguments)).astype(int)
    difference = np.abs(back(function(image, *arguments)).astype(int) - expected)
    if name in DIFFERENT:
        assert (difference > DIFFERENT[name]).mean() < 0.05
    else:
        assert difference.max() <= CLOSE.get(name, 0)


def test_arrays_of_two_dimensions():
    array = pixels(6, 5)
    assert F.horizontal_flip(array).shape == (6, 5) and np.array_equal(F.horizontal_flip(array), array[:, ::-1])
    assert F.resize(array, [3, 4]).shape == (3, 4)
    assert F.rgb_to_grayscale(array, 3).shape == (6, 5, 3)
    assert F.vertical_flip(array[::-1]).tolist() == array.tolist()
    array.flags.writeable = False
    assert np.array_equal(F.invert(array), 255 - array)


@pytest.mark.parametrize("size", [(7, 5), (20, 33), (1, 1), (3, 40)])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_resize_averages_as_pillow_does(size, mode):
    array = pixels(17, 23, dtype=np.float32)
    resample = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}[mode]
    expected = np.asarray(Image.fromarray(array).resize(size[::-1], resample))
    np.testing.assert_allclose(F.resize(weft.from_numpy(array)[None], size, mode)[0].numpy(), expected, atol=2e-6)


def test_resize_without_antialias():
    image = weft.arange(8.0).reshape(1, 1, 8)
    assert F.resize(image, [1, 4], antialias=False).tolist() == [[[0.5, 2.5, 4.5, 6.5]]]
    assert F.resize(image, [1, 2], "nearest").tolist() == [[[0.0, 4.0]]]
    assert F.resize(image, [1, 2], "nearest-exact").tolist() == [[[2.0, 6.0]]]


@pytest.mark.parametrize("dtype", [weft.int16, weft.int32, weft.int64, weft.float16, weft.bfloat16, weft.float64])
def test_resize_of_other_dtypes(dtype):
    image = (weft.arange(64).reshape(1, 8, 8) * 3).to(dtype)
    result = F.resize(image, [4, 4])
    expected = F.resize(image.to(weft.float64 if dtype == weft.float64 else weft.float32), [4, 4])
    assert result.dtype == dtype and weft.equal(
        result, (expected if dtype.is_floating_point else expected.round()).to(dtype)
    )


@pytest.mark.parametrize(
    "size, limit, expected",
    [(10, None, (10, 20)), ([10], None, (10, 20)), (10, 15, (7, 15)), (None, 30, (15, 30)), ([4, 3], None, (4, 3))],
)
def test_sizes(size, limit, expected):
    for shape, want in (((1, 20, 40), expected), ((1, 40, 20), expected if size == [4, 3] else expected[::-1])):
        assert F.resize(weft.zeros(shape), size, max_size=limit).shape[1:] == want
    assert F.resize(Image.new("L", (40, 20)), size, max_size=limit).size == expected[::-1]


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_pad(mode, dtype):
    array = pixels(2, 3, 6, 5, dtype=dtype)
    expected = np.pad(array, ((0, 0), (0, 0), (2, 4), (1, 3)), mode=mode)
    assert np.array_equal(F.pad(weft.from_numpy(array), [1, 2, 3, 4], padding_mode=mode).numpy(), expected)


def test_pad_with_a_colour():
    image = weft.zeros(2, 3, 2, 2)
    result = F.pad(image, [1, 0], fill=[1.0, 2.0, 3.0])
    assert result[0, :, 0, 0].tolist() == [1, 2, 3] and result[1, :, 1, 3].tolist() == [1, 2, 3]
    assert result[:, :, :, 1:3].abs().sum() == 0
    assert F.pad(weft.arange(12).reshape(3, 2, 2), [-1, 1, 0, -1], fill=[7, 8, 9]).tolist() == [
        [[7], [1]],
        [[8], [5]],
        [[9], [9]],
    ]
    assert F.pad(Image.new("RGB", (1, 1)), 1, (1, 2, 3)).getpixel((0, 0)) == (1, 2, 3)


@pytest.mark.parametrize("top, left", [*itertools.product((-9, -2, 0, 3, 9), (-9, -3, 1, 8))])
def test_crop_fills_with_zero(top, left):
    array = pixels(7, 6, 1)
    expected = np.pad(array, ((10, 20), (10, 20), (0, 0)))[top + 10 : top + 15, left + 10 : left + 18]
    assert np.array_equal(F.crop(array, top, left, 5, 8), expected)
    assert np.array_equal(np.asarray(F.crop(Image.fromarray(array[..., 0]), top, left, 5, 8)), expected[..., 0])


def test_crops():
    image = weft.arange(35).reshape(1, 5, 7)
    assert weft.equal(F.center_crop(image, [3, 4]), image[:, 1:4, 2:6])
    assert F.center_crop(image, 9)[0, 2, 1:8].tolist() == list(range(7))
    five = F.five_crop(image, [2, 3])
    corners = [image[:, :2, :3], image[:, :2, 4:], image[:, 3:, :3], image[:, 3:, 4:], image[:, 2:4, 2:5]]
    assert all(weft.equal(a, b) for a, b in zip(five, corners))
    ten = F.ten_crop(image, [2, 3], vertical_flip=True)
    assert weft.equal(ten[5], image.flip(-2)[:, :2, :3]) and len(ten) == 10


def looked_up(image, columns, rows, bilinear, fill):
    """An image (C, H, W) at places, in double precision; outside is 0, or the fill."""
    channels, height, width = image.shape

    def at(y, x):
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        found = image[:, np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)].astype(float)
        return np.where(inside, found, 0.0), inside.astype(float)

    if not bilinear:
        value, mask = at(np.rint(rows).astype(int), np.rint(columns).astype(int))
        return value + (1 - mask) * (fill or 0)
    y, x = np.floor(rows).astype(int), np.floor(columns).astype(int)
    value, mask = np.zeros((channels, *rows.shape)), np.zeros(rows.shape)
    for down, right in itertools.product((0, 1), (0, 1)):
        weight = np.abs(1 - down - (rows - y)) * np.abs(1 - right - (columns - x))
        part, inside = at(y + down, x + right)
        value, mask = value + weight * part, mask + weight * inside
    return value if fill is None else (value - fill) * mask + fill


def affine_matrix(angle, translate, scale, shear, center):
    """From the image to the result: translation, centre, rotation, scale and shears."""
    a, sx, sy = (math.radians(v) for v in (angle, *shear))
    rotation = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    shears = np.array([[1, 0, 0], [-math.tan(sy), 1, 0], [0, 0, 1]]) @ np.array(
        [[1, -math.tan(sx), 0], [0, 1, 0], [0, 0, 1]]
    )
    move = np.array([[1, 0, center[0]], [0, 1, center[1]], [0, 0, 1]])
    shift = np.array([[1, 0, translate[0]], [0, 1, translate[1]], [0, 0, 1]])
    return shift @ move @ rotation @ np.diag([scale, scale, 1]) @ shears @ np.linalg.inv(move)


@pytest.mark.parametrize("bilinear", [False, True])
@pytest.mark.parametrize("fill", [None, 0, 70])
@pytest.mark.parametrize("seed", range(4))
def test_affine(bilinear, fill, seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(5, 20, 2)
    image = pixels(3, height, width, dtype=np.float32)
    angle, shear = rng.uniform(-180, 180), rng.uniform(-20, 20, 2)
    center = None if seed % 2 else rng.uniform(0, 10, 2).tolist()
    scale, translate = rng.uniform(0.5, 2), rng.integers(-4, 5, 2).tolist()
    matrix = affine_matrix(angle, translate, scale, shear, center or (width / 2, height / 2))
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    columns, rows, _ = np.tensordot(np.linalg.inv(matrix), np.stack([x, y, np.ones_like(x)]), 1)
    expected = looked_up(image, columns - 0.5, rows - 0.5, bilinear, fill)
    mode = "bilinear" if bilinear else "nearest"
    got = F.affine(weft.from_numpy(image), angle, translate, scale, shear.tolist(), mode, fill, center).numpy()
    if bilinear:
        np.testing.assert_allclose(got, expected, atol=1e-5 if not fill else 1e-3)
    else:
        assert (np.abs(got - expected) > 1e-6).mean() < 0.01  # places between two pixels


@pytest.mark.parametrize("bilinear", [False, True])
def test_perspective(bilinear):
    image = pixels(2, 9, 12, dtype=np.float64)
    a, b, c, d, e, f, g, h = numbers = [1.1, 0.1, -1.0, -0.05, 0.9, 0.7, 0.01, -0.02]
    x, y = np.meshgrid(np.arange(12) + 0.5, np.arange(9) + 0.5)
    below = g * x + h * y + 1
    expected = looked_up(image, (a * x + b * y + c) / below - 0.5, (d * x + e * y + f) / below - 0.5, bilinear, None)
    mode = "bilinear" if bilinear else "nearest"
    got = F.perspective(weft.from_numpy(image), None, None, mode, coefficients=numbers)
    np.testing.assert_allclose(got.numpy(), expected, atol=1e-12)
    start, end = [[0, 0], [11, 0], [11, 8], [0, 8]], [[1, 2], [10, 1], [9, 7], [2, 8]]
    found = perspective_coefficients(start, end)
    for (u, v), (x0, y0) in zip(start, end):
        below = found[6] * x0 + found[7] * y0 + 1
        assert (found[0] * x0 + found[1] * y0 + found[2]) / below == pytest.approx(u, abs=1e-4)
        assert (found[3] * x0 + found[4] * y0 + found[5]) / below == pytest.approx(v, abs=1e-4)


def test_perspective_without_a_place():
    """Where the denominator is 0 there is no pixel."""
    result = F.perspective(weft.ones(1, 4, 4), None, None, "bilinear", coefficients=[0, 0, 0, 0, 0, 0, -2.0, 0])
    assert weft.isfinite(result).all()


@pytest.mark.parametrize("angle, turns", [(90, 1), (180, 2), (270, 3), (-90, 3), (360, 0), (450, 1)])
def test_rotate_by_right_angles(angle, turns):
    image = pixels(2, 3, 6, 5)
    got = F.rotate(weft.from_numpy(image), angle, expand=True).numpy()
    assert np.array_equal(got, np.rot90(image, turns, (-2, -1)))
    assert np.array_equal(
        F.rotate(weft.from_numpy(image[..., :5, :]), angle).numpy(), np.rot90(image[..., :5, :], turns, (-2, -1))
    )


@pytest.mark.parametrize("angle", [1.0, 30.0, 45.0, 100.0, 200.0, 359.0])
@pytest.mark.parametrize("size", [(10, 10), (7, 16), (16, 7)])
def test_rotate_expands_as_pillow_does(angle, size):
    picture = Image.fromarray(pixels(*size))
    expected = picture.rotate(angle, Image.Resampling.NEAREST, expand=True)
    got = F.rotate(weft.from_numpy(np.asarray(picture).copy())[None], angle, expand=True)
    assert abs(got.shape[2] - expected.width) <= 1 and abs(got.shape[1] - expected.height) <= 1
    bilinear = F.rotate(weft.ones(1, *size), angle, "bilinear", expand=True)
    assert bilinear.sum().item() == pytest.approx(size[0] * size[1], rel=0.02)  # the whole image is there


def test_elastic():
    image = pixels(3, 8, 9, dtype=np.float64)
    shift = (np.random.default_rng(3).random((8, 9, 2)) - 0.5) * 0.6
    x, y = np.meshgrid(np.arange(9), np.arange(8))
    expected = looked_up(image, x + shift[..., 0] * 4.5, y + shift[..., 1] * 4.0, True, 0.5)
    got = F.elastic(weft.from_numpy(image), weft.from_numpy(shift[None]), "bilinear", 0.5)
    np.testing.assert_allclose(got.numpy(), expected, atol=1e-12)


def test_whole_numbers_are_rounded():
    image = weft.tensor([[[0, 255]]], dtype=weft.uint8).repeat(1, 2, 1)
    half = F.affine(image, 0, [0, 0], 1.0, 0.0, "bilinear", center=[0.0, 0.0])
    assert weft.equal(half, image)
    moved = F.affine(image, 0, [0.5, 0], 1.0, 0.0, "bilinear")
    assert moved[0, 0].tolist() == [0, 128] and moved.dtype == weft.uint8
    assert F.affine(image, 0, [1, 0], 1.0, 0.0, fill=[9.6])[0, 0].tolist() == [10, 0]


@pytest.mark.parametrize("sizes, sigma", [((3, 3), (1.0, 1.0)), ((5, 3), (0.7, 2.0)), ((1, 7), (1.0, 1.5))])
def test_gaussian_blur(sizes, sigma):
    image = pixels(2, 3, 9, 8, dtype=np.float64)
    weights = []
    for k, s in zip(sizes, sigma):
        w = np.exp(-0.5 * ((np.arange(k) - (k - 1) / 2) / s) ** 2)
        weights.append(w / w.sum())
    kernel = weights[1][:, None] * weights[0]
    wide = np.pad(image, ((0, 0), (0, 0), (sizes[1] // 2,) * 2, (sizes[0] // 2,) * 2), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(wide, kernel.shape, (-2, -1))
    expected = (windows * kernel).sum((-2, -1))
    got = F.gaussian_blur(weft.from_numpy(image), list(sizes), list(sigma))
    np.testing.assert_allclose(got.numpy(), expected, atol=1e-12)
    same = F.gaussian_blur(weft.from_numpy(image), 5)
    np.testing.assert_allclose(same.numpy(), F.gaussian_blur(weft.from_numpy(image), [5, 5], [1.1, 1.1]).numpy())


def test_hue_is_that_of_colorsys():
    image = pixels(3, 6, 6, dtype=np.float32)
    image[:, 0, 0] = 0.4  # grey
    for step in (-0.5, -0.2, 0.0, 0.1, 0.5):
        expected = np.empty_like(image)
        for y, x in np.ndindex(6, 6):
            h, s, v = colorsys.rgb_to_hsv(*image[:, y, x])
            expected[:, y, x] = colorsys.hsv_to_rgb((h + step) % 1, s, v)
        np.testing.assert_allclose(F.adjust_hue(weft.from_numpy(image), step).numpy(), expected, atol=1e-5)


def test_formulas_of_colour():
    image = weft.from_numpy(pixels(2, 3, 5, 5, dtype=np.float64))
    luma = (image * weft.tensor([0.2989, 0.587, 0.114], dtype=weft.float64).reshape(3, 1, 1)).sum(1, keepdim=True)

    def close(got, expected):
        weft.testing.assert_close(got, expected.clamp(0, 1))

    close(F.rgb_to_grayscale(image), luma)
    close(F.adjust_brightness(image, 1.7), image * 1.7)
    close(F.adjust_saturation(image, 1.7), image * 1.7 - luma * 0.7)
    close(F.adjust_contrast(image, 1.7), image * 1.7 - luma.mean((1, 2, 3), keepdim=True) * 0.7)
    close(F.adjust_gamma(image, 0.5, 1.2), image.sqrt() * 1.2)
    close(F.posterize(image, 2), (image * 4).floor() / 4)
    close(F.solarize(image, 0.5), weft.where(image >= 0.5, 1 - image, image))
    smooth = image.clone()
    kernel = weft.tensor([[1.0, 1, 1], [1, 5, 1], [1, 1, 1]], dtype=weft.float64) / 13
    smooth[..., 1:-1, 1:-1] = weft.nn.functional.conv2d(image, kernel.expand(3, 1, 3, 3), groups=3)
    close(F.adjust_sharpness(image, 1.7), image * 1.7 - smooth * 0.7)
    least, most = image.amin((2, 3), keepdim=True), image.amax((2, 3), keepdim=True)
    close(F.autocontrast(image), (image - least) / (most - least))


@pytest.mark.parametrize("shape", [(3, 16, 16), (1, 5, 7), (2, 3, 70, 80)])
def test_bits(shape):
    """Eight pixels at a time, or one."""
    array = pixels(*shape)
    image = weft.from_numpy(array)
    assert np.array_equal(F.invert(image).numpy(), 255 - array)
    assert np.array_equal(F.invert(image.transpose(-1, -2)).numpy(), 255 - array.swapaxes(-1, -2))
    for bits in range(9):
        mask = (0xFF << (8 - bits)) & 0xFF
        assert np.array_equal(F.posterize(image, bits).numpy(), array & mask)
    assert F.invert(weft.tensor([0, 5], dtype=weft.int16)[None]).tolist() == [[32767, 32762]]


def test_equalize_each_channel_on_its_own():
    array = pixels(2, 3, 20, 20) // 4
    array[0, 0] = 7  # of one value
    got = F.equalize(weft.from_numpy(array))
    for i, j in np.ndindex(2, 3):
        assert np.array_equal(got[i, j].numpy(), np.asarray(ImageOps.equalize(Image.fromarray(array[i, j]))))


def test_constant_images():
    image = weft.full((3, 4, 4), 0.3)
    for function in (F.autocontrast, lambda x: F.adjust_hue(x, 0.3), lambda x: F.gaussian_blur(x, 3)):
        weft.testing.assert_close(function(image), image)
    assert weft.isfinite(F.adjust_hue(weft.zeros(3, 2, 2), 0.2)).all()


def test_dtypes():
    cases = [
        (weft.uint8, 255, weft.float32, 1.0),
        (weft.float32, 1.0, weft.uint8, 255),
        (weft.float32, 0.5, weft.uint8, 127),
        (weft.uint8, 3, weft.int16, 3 << 7),
        (weft.int16, 3 << 7, weft.uint8, 3),
        (weft.float64, 0.5, weft.int32, 2**30 - 1),
        (weft.float32, 0.25, weft.float64, 0.25),
    ]
    for source, value, target, expected in cases:
        got = F.to_dtype(weft.tensor([[value]], dtype=source), target, scale=True)
        assert got.dtype == target and got.item() == expected
    assert F.to_dtype(weft.tensor([3.7]), weft.uint8).item() == 3
    assert F.convert_image_dtype(np.full((1, 1, 3), 255, np.uint8)).tolist() == [[[1.0, 1.0, 1.0]]]
    with pytest.raises(RuntimeError, match="cannot hold every value"):
        F.to_dtype(weft.zeros(1), weft.int64, scale=True)


def test_to_tensor():
    array = pixels(4, 5, 3)
    for image in (array, Image.fromarray(array)):
        got = F.to_tensor(image)
        assert got.dtype == weft.float32 and got.is_contiguous()
        np.testing.assert_allclose(got.numpy(), array.transpose(2, 0, 1) / np.float32(255), rtol=1e-6)
    assert F.to_tensor(array[..., 0]).shape == (1, 4, 5)
    assert F.to_tensor(array.astype(np.int32)).dtype == weft.int32
    assert F.to_tensor(Image.new("1", (2, 1), 1)).tolist() == [[[1.0, 1.0]]]
    assert F.to_tensor(Image.new("I;16", (1, 1), 9)).dtype == weft.int16
    owned = array.astype(np.float32)
    F.to_tensor(owned)[0, 0, 0] = 9
    assert owned[0, 0, 0] != 9  # the array is left alone


MODES = {"L": 1, "P": 1, "RGB": 3, "RGBA": 4, "CMYK": 4, "LA": 2, "YCbCr": 3, "HSV": 3, "1": 1, "I": 1, "F": 1}


@pytest.mark.parametrize("mode", MODES)
def test_there_and_back(mode):
    picture = (
        Image.fromarray(pixels(5, 4, 3)).convert("L").convert(mode) if mode != "LA" else Image.new("LA", (4, 5), 9)
    )
    image = F.pil_to_tensor(picture)
    assert image.shape == (MODES[mode], 5, 4)
    if mode not in ("1", "P"):
        again = F.to_pil_image(image, mode)
        assert again.mode == mode and again.tobytes() == picture.tobytes()
    assert F.horizontal_flip(picture).mode == mode


def test_to_pil_image():
    assert F.to_pil_image(weft.tensor([[0.0, 1.0]])).tobytes() == b"\x00\xff"
    assert F.to_pil_image(np.array([[1.5]], np.float32), "F").getpixel((0, 0)) == 1.5
    assert F.to_pil_image(weft.full((1, 2, 2), 700, dtype=weft.int32)).mode == "I"
    assert F.to_pil_image(weft.full((1, 2, 2), 700, dtype=weft.int16)).mode == "I;16"
    assert F.to_pil_image(weft.ones(2, 3, dtype=weft.bool)).getpixel((0, 0)) == 255
    grads = weft.ones(3, 2, 2, requires_grad=True)
    assert F.to_pil_image(grads).getpixel((0, 0)) == (255, 255, 255)


def test_normalize():
    array = pixels(2, 3, 4, 4, dtype=np.float32)
    mean, std = [0.1, 0.2, 0.3], [0.5, 1.0, 2.0]
    expected = (array - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
    np.testing.assert_allclose(F.normalize(weft.from_numpy(array), mean, std).numpy(), expected, rtol=1e-5, atol=1e-6)
    image = weft.from_numpy(array.copy())
    assert F.normalize(image, mean, std, inplace=True) is image
    np.testing.assert_allclose(image.numpy(), expected, rtol=1e-5, atol=1e-6)
    channels_last = np.moveaxis(array, 1, -1)
    np.testing.assert_allclose(
        F.normalize(channels_last, mean, std), np.moveaxis(expected, 1, -1), rtol=1e-5, atol=1e-6
    )


def test_noise():
    weft.manual_seed(0)
    image = weft.full((1, 200, 200), 128, dtype=weft.uint8)
    noisy = F.gaussian_noise(image, mean=0.1, sigma=0.05).float()
    assert noisy.mean().item() == pytest.approx(128 + 25.5, abs=1.0)
    assert noisy.std().item() == pytest.approx(12.75, abs=0.5)
    assert F.gaussian_noise(weft.ones(1, 2, 2), mean=5.0).tolist() == [[[1.0, 1.0], [1.0, 1.0]]]
    assert F.gaussian_noise(weft.ones(1, 2, 2), mean=5.0, clip=False).min() > 4


def test_erase():
    image = weft.ones(2, 3, 4, 4)
    assert F.erase(image, 1, 1, 2, 2, weft.zeros(3, 1, 1)).sum() == 2 * 3 * 12 and image.sum() == 96
    assert F.erase(image, 1, 1, 2, 2, 0.0, inplace=True) is image and image.sum() == 72
    array = np.ones((4, 4, 3), np.uint8)
    F.erase(array, 0, 0, 1, 1, 5, inplace=True)
    assert array[0, 0].tolist() == [5, 5, 5]


def test_sizes_and_channels():
    for image in (weft.zeros(2, 3, 4, 5), np.zeros((2, 4, 5, 3)), Image.new("RGB", (5, 4))):
        assert F.get_dimensions(image) == [3, 4, 5]
        assert F.get_size(image) == [4, 5] and F.get_image_size(image) == [5, 4]
    assert F.get_dimensions(np.zeros((4, 5))) == [1, 4, 5] and F.get_num_channels(weft.zeros(4, 5)) == 1


def test_empty_batches():
    none = weft.zeros(0, 3, 8, 8, dtype=weft.uint8)
    for name, arguments in CALLS.items():
        expected = (
            getattr(F, name)(weft.zeros(1, 3, 8, 8, dtype=weft.uint8), *arguments).shape if name != "elastic" else None
        )
        if expected is not None and name not in ("erase", "crop"):
            assert getattr(F, name)(none, *arguments).shape == (0, *expected[1:]), name


def test_gradients_flow():
    image = weft.rand(1, 3, 8, 8, dtype=weft.float64, requires_grad=True)
    for call in (
        lambda x: F.resize(x, [5, 6]),
        lambda x: F.normalize(x, [0.5], [0.2]),
        lambda x: F.pad(x, 1, padding_mode="reflect"),
        lambda x: F.adjust_contrast(x, 0.5),
        lambda x: F.gaussian_blur(x, 3),
    ):
        (gradient,) = weft.autograd.grad(call(image).sum(), image)
        assert gradient.shape == image.shape and gradient.abs().sum() > 0
