"""Random changes of colour, noise and blur."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from weft.transforms import functional as F
from weft.transforms.base import (
    Parameters,
    RandomValueTransform,
    ValueTransform,
    between,
    check_range,
    image_of,
    uniform,
)
from weft.transforms.functional.filters import kernel_sizes
from weft.transforms.functional.kinds import check_grey_channels, check_int, check_number, get_num_channels


class Grayscale(ValueTransform):
    """The image in shades of grey.

    Args:
        num_output_channels: 1, or 3 equal ones.

    Raises ValueError for another number.

    >>> import weft
    >>> weft.transforms.Grayscale()(weft.ones(3, 2, 2)).shape
    weft.Size([1, 2, 2])
    """

    num_output_channels: int

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = check_grey_channels("Grayscale", num_output_channels)

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.rgb_to_grayscale(inpt, self.num_output_channels)


class RandomGrayscale(RandomValueTransform):
    """The image in shades of grey with as many channels as it had, with probability p.

    Args:
        p: the probability.

    >>> import weft
    >>> weft.transforms.RandomGrayscale(p=1.0)(weft.ones(3, 2, 2)).shape
    weft.Size([3, 2, 2])
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__(p)

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.rgb_to_grayscale(inpt, 3 if get_num_channels(inpt) >= 3 else 1)


class RGB(ValueTransform):
    """The image with three channels.

    >>> import weft
    >>> weft.transforms.RGB()(weft.ones(1, 2, 2)).shape
    weft.Size([3, 2, 2])
    """

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.grayscale_to_rgb(inpt)


class ColorJitter(ValueTransform):
    """Brightness, contrast, saturation and hue changed at random, in random order.

    Args:
        brightness: the factor, (from, to), or a number b for (1 - b, 1 + b); None: not at all.
        contrast: as brightness.
        saturation: as brightness.
        hue: the part of the colour wheel, (from, to) within -0.5 and 0.5, or a number h for (-h, h).

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.ColorJitter(brightness=(0.5, 0.5))(weft.ones(1, 1, 2))
    tensor([[[0.5000, 0.5000]]])
    """

    brightness: tuple[float, float] | None
    contrast: tuple[float, float] | None
    saturation: tuple[float, float] | None
    hue: tuple[float, float] | None

    def __init__(
        self,
        brightness: float | Sequence[float] | None = None,
        contrast: float | Sequence[float] | None = None,
        saturation: float | Sequence[float] | None = None,
        hue: float | Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.brightness = _jitter("brightness", brightness, 1.0)
        self.contrast = _jitter("contrast", contrast, 1.0)
        self.saturation = _jitter("saturation", saturation, 1.0)
        self.hue = _jitter("hue", hue, 0.0)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        draws = uniform(8)
        bounds = (self.brightness, self.contrast, self.saturation, self.hue)
        factors = [None if b is None else between(d, *b) for b, d in zip(bounds, draws[4:])]
        params = dict(zip(("brightness_factor", "contrast_factor", "saturation_factor", "hue_factor"), factors))
        return {"fn_idx": sorted(range(4), key=draws.__getitem__), **params}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        for i in params["fn_idx"]:
            function, name = _ADJUSTMENTS[i]
            if params[name] is not None:
                inpt = function(inpt, params[name])
        return inpt


_ADJUSTMENTS = (
    (F.adjust_brightness, "brightness_factor"),
    (F.adjust_contrast, "contrast_factor"),
    (F.adjust_saturation, "saturation_factor"),
    (F.adjust_hue, "hue_factor"),
)


def _jitter(what: str, value: Any, around: float) -> tuple[float, float] | None:
    if value is None:
        return None
    low, high = (-0.5, 0.5) if what == "hue" else (0.0, float("inf"))
    found = check_range("ColorJitter", what, value, low, high, around)
    return None if found == (around, around) else found


class RandomPhotometricDistort(ValueTransform):
    """Brightness, contrast, saturation, hue and the order of channels changed, each with probability p.

    Args:
        brightness: the factor, from and to.
        contrast: the factor, from and to; before saturation and hue or after them, at random.
        saturation: the factor, from and to.
        hue: the part of the colour wheel, from and to.
        p: the probability of each.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.RandomPhotometricDistort()(weft.ones(3, 2, 2)).shape
    weft.Size([3, 2, 2])
    """

    brightness: tuple[float, float]
    contrast: tuple[float, float]
    saturation: tuple[float, float]
    hue: tuple[float, float]
    p: float

    def __init__(
        self,
        brightness: Sequence[float] = (0.875, 1.125),
        contrast: Sequence[float] = (0.5, 1.5),
        saturation: Sequence[float] = (0.5, 1.5),
        hue: Sequence[float] = (-0.05, 0.05),
        p: float = 0.5,
    ) -> None:
        super().__init__()
        name = "RandomPhotometricDistort"
        self.brightness = check_range(name, "brightness", brightness, 0)
        self.contrast = check_range(name, "contrast", contrast, 0)
        self.saturation = check_range(name, "saturation", saturation, 0)
        self.hue = check_range(name, "hue", hue, -0.5, 0.5)
        self.p = check_number(name, "p", p, 0, 1)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        draws = uniform(10)
        bounds = {
            "brightness_factor": self.brightness,
            "contrast_factor": self.contrast,
            "saturation_factor": self.saturation,
            "hue_factor": self.hue,
        }
        params: Parameters = {
            name: between(draws[4 + i], *b) if draws[i] < self.p else None for i, (name, b) in enumerate(bounds.items())
        }
        params["contrast_before"] = draws[8] < 0.5
        order = None
        if draws[9] < self.p:
            channels = get_num_channels(image_of("RandomPhotometricDistort", flat_inputs))
            keys = uniform(channels)
            order = sorted(range(channels), key=keys.__getitem__)
        params["channel_permutation"] = order
        return params

    def transform(self, inpt: Any, params: Parameters) -> Any:
        for i in (0, 1, 2, 3) if params["contrast_before"] else (0, 2, 3, 1):
            function, name = _ADJUSTMENTS[i]
            if params[name] is not None:
                inpt = function(inpt, params[name])
        order = params["channel_permutation"]
        return inpt if order is None else F.permute_channels(inpt, order)


class RandomChannelPermutation(ValueTransform):
    """The channels in random order.

    >>> import weft
    >>> weft.transforms.RandomChannelPermutation()(weft.ones(3, 2, 2)).shape
    weft.Size([3, 2, 2])
    """

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        keys = uniform(get_num_channels(image_of("RandomChannelPermutation", flat_inputs)))
        return {"permutation": sorted(range(len(keys)), key=keys.__getitem__)}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.permute_channels(inpt, params["permutation"])


class RandomInvert(RandomValueTransform):
    """The negative of the image, with probability p.

    Args:
        p: the probability.

    >>> import weft
    >>> weft.transforms.RandomInvert(p=1.0)(weft.ones(1, 1, 2))
    tensor([[[0., 0.]]])
    """

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.invert(inpt)


class RandomPosterize(RandomValueTransform):
    """The image with the first bits of each channel only, with probability p.

    Args:
        bits: how many, between 0 and 8.
        p: the probability.

    >>> import weft
    >>> weft.transforms.RandomPosterize(1, p=1.0)(weft.tensor([[[100, 200]]], dtype=weft.uint8))
    tensor([[[  0, 128]]], dtype=weft.uint8)
    """

    bits: int

    def __init__(self, bits: int, p: float = 0.5) -> None:
        super().__init__(p)
        if check_int("RandomPosterize", "bits", bits, 0) > 8:
            raise ValueError(f"transforms.RandomPosterize: expected bits to be at most 8, got {bits}")
        self.bits = bits

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.posterize(inpt, self.bits)


class RandomSolarize(RandomValueTransform):
    """The image with its bright pixels inverted, with probability p.

    Args:
        threshold: pixels from here on are inverted.
        p: the probability.

    >>> import weft
    >>> weft.transforms.RandomSolarize(128, p=1.0)(weft.tensor([[[100, 200]]], dtype=weft.uint8))
    tensor([[[100,  55]]], dtype=weft.uint8)
    """

    threshold: float

    def __init__(self, threshold: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.threshold = check_number("RandomSolarize", "threshold", threshold)

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.solarize(inpt, self.threshold)


class RandomAutocontrast(RandomValueTransform):
    """Each channel stretched to reach from black to white, with probability p.

    Args:
        p: the probability.

    >>> import weft
    >>> weft.transforms.RandomAutocontrast(p=1.0)(weft.tensor([[[0.25, 0.5, 0.75]]]))
    tensor([[[0.0000, 0.5000, 1.0000]]])
    """

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.autocontrast(inpt)


class RandomEqualize(RandomValueTransform):
    """The histogram of each channel flattened, with probability p.

    Args:
        p: the probability.

    >>> import weft
    >>> weft.transforms.RandomEqualize(p=1.0)(weft.ones(1, 2, 2)).shape
    weft.Size([1, 2, 2])
    """

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.equalize(inpt)


class RandomAdjustSharpness(RandomValueTransform):
    """The image sharper or smoother, with probability p.

    Args:
        sharpness_factor: 0 is smoothed, 1 leaves the image, 2 sharpens.
        p: the probability.

    >>> import weft
    >>> weft.transforms.RandomAdjustSharpness(2.0, p=1.0)(weft.ones(1, 4, 4)).mean()
    tensor(1.)
    """

    sharpness_factor: float

    def __init__(self, sharpness_factor: float, p: float = 0.5) -> None:
        super().__init__(p)
        self.sharpness_factor = check_number("RandomAdjustSharpness", "sharpness_factor", sharpness_factor, 0)

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.adjust_sharpness(inpt, self.sharpness_factor)


class GaussianBlur(ValueTransform):
    """The image blurred by a Gaussian of random width.

    Args:
        kernel_size: how many pixels are averaged: an odd integer, or (along x, along y).
        sigma: the standard deviation in pixels: (from, to), or a number.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.GaussianBlur(3)(weft.ones(1, 4, 4)).shape
    weft.Size([1, 4, 4])
    """

    kernel_size: tuple[int, int]
    sigma: tuple[float, float]

    def __init__(self, kernel_size: int | Sequence[int], sigma: float | Sequence[float] = (0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = kernel_sizes("GaussianBlur", kernel_size)
        pair = sigma if isinstance(sigma, (list, tuple)) else (sigma, sigma)
        self.sigma = check_range("GaussianBlur", "sigma", pair, 1e-9)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        return {"sigma": between(uniform(1)[0], *self.sigma)}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.gaussian_blur(inpt, self.kernel_size, params["sigma"])


class GaussianNoise(ValueTransform):
    """The image with normal noise added.

    Args:
        mean: of the noise, in parts of white.
        sigma: its standard deviation, in parts of white.
        clip: keep values between black and white.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.GaussianNoise(mean=-0.5, sigma=0.0)(weft.ones(1, 1, 2))
    tensor([[[0.5000, 0.5000]]])
    """

    mean: float
    sigma: float
    clip: bool

    def __init__(self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> None:
        super().__init__()
        self.mean = check_number("GaussianNoise", "mean", mean)
        self.sigma = check_number("GaussianNoise", "sigma", sigma, 0)
        self.clip = bool(clip)

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.gaussian_noise(inpt, self.mean, self.sigma, self.clip)


class JPEG(ValueTransform):
    """The image as it comes out of a JPEG file.

    Args:
        quality: between 1 and 100, or (from, to).

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.JPEG((50, 90))(weft.zeros(3, 8, 8, dtype=weft.uint8)).shape
    weft.Size([3, 8, 8])
    """

    quality: tuple[int, int]

    def __init__(self, quality: int | Sequence[int]) -> None:
        super().__init__()
        pair = quality if isinstance(quality, (list, tuple)) else (quality, quality)
        first, last = check_range("JPEG", "quality", pair, 1, 100)
        self.quality = (check_int("JPEG", "quality", first), check_int("JPEG", "quality", last))

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        return {"quality": self.quality[0] + int(uniform(1)[0] * (self.quality[1] - self.quality[0] + 1))}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.jpeg(inpt, params["quality"])
