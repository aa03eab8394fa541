"""Brightness, contrast, saturation, hue, gamma, sharpness, and what Pillow's ImageOps does to the values of pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import weft
from weft import Tensor
from weft.transforms.functional.channels import grey
from weft.transforms.functional.convert import to_dtype
from weft.transforms.functional.kinds import (
    ImageT,
    check_channels,
    check_dtype,
    check_int,
    check_number,
    max_value,
    need_pillow,
    on_image,
    value_bits,
)


def _enhance(name: str, kind: str, image: Any, factor: float) -> Any:
    return getattr(need_pillow(name).ImageEnhance, kind)(image).enhance(factor)


def _floor_grey(image: Tensor) -> Tensor:
    return grey(image) if image.dtype.is_floating_point else grey(image).floor_()


def _blend(image: Tensor, other: Tensor, ratio: float) -> Tensor:
    """``ratio`` parts of the image, the rest of the other one."""
    result = image.mul(float(ratio)).add_(other, alpha=1.0 - ratio).clamp_(0, max_value(image.dtype))
    return result if image.dtype.is_floating_point else result.to(image.dtype)


def adjust_brightness(inpt: ImageT, brightness_factor: float) -> ImageT:
    """An image, brighter or darker.

    Args:
        inpt: an image of any kind, of 1 or 3 channels.
        brightness_factor: 0 is black, 1 leaves the image, 2 doubles it.

    Raises TypeError for what is no image or has other channels, ValueError for a negative factor.

    >>> import weft
    >>> weft.transforms.functional.adjust_brightness(weft.tensor([[[100, 200]]], dtype=weft.uint8), 1.5)
    tensor([[[150, 255]]], dtype=weft.uint8)
    """
    check_number("adjust_brightness", "brightness_factor", brightness_factor, 0)

    def pil(image: Any, *_: Any) -> Any:
        return _enhance("adjust_brightness", "Brightness", image, brightness_factor)

    return on_image("adjust_brightness", inpt, _adjust_brightness, pil, float(brightness_factor))


def _adjust_brightness(image: Tensor, factor: float) -> Tensor:
    check_dtype("adjust_brightness", image)
    check_channels("adjust_brightness", image)
    result = image.mul(factor).clamp_(0, max_value(image.dtype))
    return result if image.dtype.is_floating_point else result.to(image.dtype)


def adjust_contrast(inpt: ImageT, contrast_factor: float) -> ImageT:
    """An image with more or less contrast.

    Args:
        inpt: an image of any kind, of 1 or 3 channels; each of a batch has its own mean.
        contrast_factor: 0 is the mean grey, 1 leaves the image, 2 doubles the distance from the mean.

    Raises TypeError for what is no image or has other channels, ValueError for a negative factor.

    >>> import weft
    >>> weft.transforms.functional.adjust_contrast(weft.tensor([[[0.25, 0.75]]]), 0.5)
    tensor([[[0.3750, 0.6250]]])
    """
    check_number("adjust_contrast", "contrast_factor", contrast_factor, 0)

    def pil(image: Any, *_: Any) -> Any:
        return _enhance("adjust_contrast", "Contrast", image, contrast_factor)

    return on_image("adjust_contrast", inpt, _adjust_contrast, pil, contrast_factor)


def _adjust_contrast(image: Tensor, factor: float) -> Tensor:
    check_dtype("adjust_contrast", image)
    if check_channels("adjust_contrast", image) == 3:
        luma = _floor_grey(image)
    else:
        luma = image if image.dtype.is_floating_point else image.to(weft.float32)
    return image if image.numel() == 0 else _blend(image, luma.mean((-3, -2, -1), keepdim=True), factor)


def adjust_saturation(inpt: ImageT, saturation_factor: float) -> ImageT:
    """An image with stronger or weaker colours.

    Args:
        inpt: an image of any kind, of 1 or 3 channels; one channel stays as it is.
        saturation_factor: 0 is grey, 1 leaves the image, 2 doubles the distance from grey.

    Raises TypeError for what is no image or has other channels, ValueError for a negative factor.

    >>> import weft
    >>> image = weft.tensor([0.5, 0.25, 1.0]).reshape(3, 1, 1)
    >>> weft.transforms.functional.adjust_saturation(image, 0.0).flatten()
    tensor([0.4102, 0.4102, 0.4102])
    """
    check_number("adjust_saturation", "saturation_factor", saturation_factor, 0)

    def pil(image: Any, *_: Any) -> Any:
        return _enhance("adjust_saturation", "Color", image, saturation_factor)

    return on_image("adjust_saturation", inpt, _adjust_saturation, pil, saturation_factor)


def _adjust_saturation(image: Tensor, factor: float) -> Tensor:
    check_dtype("adjust_saturation", image)
    return image if check_channels("adjust_saturation", image) == 1 else _blend(image, _floor_grey(image), factor)


def adjust_hue(inpt: ImageT, hue_factor: float) -> ImageT:
    """An image whose colours are moved around the colour wheel.

    Args:
        inpt: an image of any kind, of 1 or 3 channels; one channel stays as it is.
        hue_factor: between -0.5 and 0.5: part of the way around the wheel.

    Raises TypeError for what is no image or has other channels, ValueError for a factor out of range.

    >>> import weft
    >>> red = weft.tensor([1.0, 0.0, 0.0]).reshape(3, 1, 1)
    >>> weft.transforms.functional.adjust_hue(red, 1 / 3).flatten().round(decimals=3).abs()
    tensor([0., 1., 0.])
    """
    check_number("adjust_hue", "hue_factor", hue_factor, -0.5, 0.5)
    return on_image("adjust_hue", inpt, _adjust_hue, _adjust_hue_pil, hue_factor)


def _adjust_hue_pil(image: Any, factor: float) -> Any:
    if image.mode in ("L", "1", "I", "F"):
        return image
    pil = need_pillow("adjust_hue")
    hue, saturation, value = image.convert("HSV").split()
    step = int(factor * 255)
    moved = hue.point([(i + step) % 256 for i in range(256)])
    return pil.Image.merge("HSV", (moved, saturation, value)).convert(image.mode)


def _adjust_hue(image: Tensor, factor: float) -> Tensor:
    check_dtype("adjust_hue", image)
    if check_channels("adjust_hue", image) == 1 or image.numel() == 0:
        return image
    source = image if image.dtype == weft.float32 else to_dtype(image, weft.float32, scale=True)
    red, green, blue = source.unbind(-3)
    value, least = source.amax(-3), source.amin(-3)
    spread = value - least
    grey_pixels = spread == 0
    divisor = spread.masked_fill(grey_pixels, 1.0)
    # The hue in sixths of the wheel, counted from the largest of the three.
    hue = weft.where(
        value == red,
        (green - blue).div_(divisor),
        weft.where(value == green, (blue - red).div_(divisor).add_(2.0), (red - green).div_(divisor).add_(4.0)),
    )
    hue.add_(6.0 * factor)
    # A channel falls from the value by the spread, as far as the hue is from the channel's own third.
    offsets = weft.tensor([5.0, 3.0, 1.0], device=image.device).reshape(3, 1, 1)
    away = hue.unsqueeze(-3).add(offsets).remainder_(6.0)
    away = weft.minimum(away, 4.0 - away).clamp_(0.0, 1.0)
    result = value.unsqueeze(-3).sub(away.mul_(spread.unsqueeze(-3))).clamp_(0.0, 1.0)
    return result if image.dtype == weft.float32 else to_dtype(result, image.dtype, scale=True)


def adjust_gamma(inpt: ImageT, gamma: float, gain: float = 1) -> ImageT:
    """``gain * image ** gamma``, of values between 0 and 1.

    Args:
        inpt: an image of any kind.
        gamma: above 1 shadows become darker, below 1 lighter.
        gain: a factor.

    Raises TypeError for what is no image, ValueError for a negative gamma.

    >>> import weft
    >>> weft.transforms.functional.adjust_gamma(weft.tensor([[[0.5, 1.0]]]), 2)
    tensor([[[0.2500, 1.0000]]])
    """
    check_number("adjust_gamma", "gamma", gamma, 0)
    check_number("adjust_gamma", "gain", gain)

    def pil(image: Any, *_: Any) -> Any:
        table = [int(255.999 * gain * pow(i / 255.0, gamma)) for i in range(256)] * 3
        return image.convert("RGB").point(table).convert(image.mode)

    return on_image("adjust_gamma", inpt, _adjust_gamma, pil, gamma, gain)


def _adjust_gamma(image: Tensor, gamma: float, gain: float) -> Tensor:
    check_dtype("adjust_gamma", image)
    source = image if image.dtype.is_floating_point else to_dtype(image, weft.float32, scale=True)
    result = source.pow(gamma)
    if gain != 1:
        result = result.mul_(gain).clamp_(0.0, 1.0)
    return to_dtype(result, image.dtype, scale=True)


def adjust_sharpness(inpt: ImageT, sharpness_factor: float) -> ImageT:
    """An image, sharper or smoother. Its outermost pixels stay.

    Args:
        inpt: an image of any kind, of 1 or 3 channels.
        sharpness_factor: 0 is smoothed, 1 leaves the image, 2 sharpens as much as 0 smooths.

    Raises TypeError for what is no image or has other channels, ValueError for a negative factor.

    >>> import weft
    >>> image = weft.zeros(1, 3, 3)
    >>> image[0, 1, 1] = 13 / 16
    >>> weft.transforms.functional.adjust_sharpness(image, 0.0)[0, 1]
    tensor([0.0000, 0.3125, 0.0000])
    """
    check_number("adjust_sharpness", "sharpness_factor", sharpness_factor, 0)

    def pil(image: Any, *_: Any) -> Any:
        return _enhance("adjust_sharpness", "Sharpness", image, sharpness_factor)

    return on_image("adjust_sharpness", inpt, _adjust_sharpness, pil, sharpness_factor)


def _adjust_sharpness(image: Tensor, factor: float) -> Tensor:
    check_dtype("adjust_sharpness", image)
    check_channels("adjust_sharpness", image)
    if image.numel() == 0 or min(image.shape[-2:]) <= 2:
        return image
    whole = image.dtype.is_floating_point
    result = image.clone() if whole else image.to(weft.float32)
    inner = result[..., 1:-1, 1:-1]
    # All nine pixels once, and the middle one four times more: 13 parts.
    rows = result[..., :-2, :] + result[..., 1:-1, :]
    rows.add_(result[..., 2:, :])
    smooth = rows[..., :-2] + rows[..., 1:-1]
    smooth.add_(rows[..., 2:]).add_(inner, alpha=4.0).div_(13.0)
    if not whole:
        smooth.round_()
    inner.add_(smooth.sub_(inner), alpha=1.0 - factor)
    result.clamp_(0, max_value(image.dtype))
    return result if whole else result.to(image.dtype)


def invert(inpt: ImageT) -> ImageT:
    """The negative of an image.

    Args:
        inpt: an image of any kind; floating point values lie between 0 and 1.

    Raises TypeError for what is no image.

    >>> import weft
    >>> weft.transforms.functional.invert(weft.tensor([[[0, 55]]], dtype=weft.uint8))
    tensor([[[255, 200]]], dtype=weft.uint8)
    """
    return on_image("invert", inpt, _invert, lambda image: need_pillow("invert").ImageOps.invert(image), dims=2)


def _invert(image: Tensor) -> Tensor:
    check_dtype("invert", image)
    if image.dtype.is_floating_point:
        return 1.0 - image
    if image.dtype == weft.uint8:
        return _eight_at_once(image, lambda bits: bits.bitwise_not())
    return image.bitwise_xor(int(max_value(image.dtype)))  # the sign stays


def posterize(inpt: ImageT, bits: int) -> ImageT:
    """An image of which each channel keeps its first bits.

    Args:
        inpt: an image of any kind.
        bits: how many, between 0 and 8.

    Raises TypeError for what is no image, ValueError for other bits.

    >>> import weft
    >>> weft.transforms.functional.posterize(weft.tensor([[[255, 100]]], dtype=weft.uint8), 2)
    tensor([[[192,  64]]], dtype=weft.uint8)
    """
    if check_int("posterize", "bits", bits, 0) > 8:
        raise ValueError(f"transforms.posterize: expected bits to be at most 8, got {bits}")

    def pil(image: Any, *_: Any) -> Any:
        return need_pillow("posterize").ImageOps.posterize(image, bits)

    return on_image("posterize", inpt, _posterize, pil, bits, dims=2)


def _posterize(image: Tensor, bits: int) -> Tensor:
    check_dtype("posterize", image)
    if image.dtype.is_floating_point:
        levels = 1 << bits
        return image.mul(levels).floor_().clamp_(0, levels - 1).mul_(1.0 / levels)
    all_bits = value_bits(image.dtype)
    if bits >= all_bits:
        return image
    mask = ((1 << bits) - 1) << (all_bits - bits)
    if image.dtype == weft.uint8:
        eight = int.from_bytes(bytes([mask]) * 8, "little", signed=True)
        return _eight_at_once(image, lambda part: part.bitwise_and(eight if part.dtype == weft.int64 else mask))
    return image.bitwise_and(mask)


def _eight_at_once(image: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """A function of the bits of uint8, of eight pixels as one integer where they lie side by side."""
    if image.numel() % 8 or image.numel() < 4096 or not image.is_contiguous():
        return function(image)
    return function(image.reshape(-1).view(weft.int64)).view(weft.uint8).reshape(image.shape)


def solarize(inpt: ImageT, threshold: float) -> ImageT:
    """An image whose bright pixels are inverted.

    Args:
        inpt: an image of any kind.
        threshold: of the dtype's range: pixels from here on are inverted.

    Raises TypeError for what is no image or a threshold above white.

    >>> import weft
    >>> weft.transforms.functional.solarize(weft.tensor([[[0.25, 0.75]]]), 0.5)
    tensor([[[0.2500, 0.2500]]])
    """
    check_number("solarize", "threshold", threshold)

    def pil(image: Any, *_: Any) -> Any:
        return need_pillow("solarize").ImageOps.solarize(image, threshold)  # type: ignore[arg-type]

    return on_image("solarize", inpt, _solarize, pil, threshold, dims=2)


def _solarize(image: Tensor, threshold: float) -> Tensor:
    check_dtype("solarize", image)
    if threshold > max_value(image.dtype):
        raise TypeError(
            f"transforms.solarize: expected a threshold up to {max_value(image.dtype)}, white of {image.dtype}, "
            f"got {threshold}"
        )
    return weft.where(image >= threshold, _invert(image), image)


def autocontrast(inpt: ImageT) -> ImageT:
    """An image of which each channel is stretched to reach from black to white.

    Args:
        inpt: an image of any kind, of 1 or 3 channels; each of a batch on its own.

    Raises TypeError for what is no image or has other channels.

    >>> import weft
    >>> weft.transforms.functional.autocontrast(weft.tensor([[[0.25, 0.5, 0.75]]]))
    tensor([[[0.0000, 0.5000, 1.0000]]])
    """
    return on_image(
        "autocontrast", inpt, _autocontrast, lambda image: need_pillow("autocontrast").ImageOps.autocontrast(image)
    )


def _autocontrast(image: Tensor) -> Tensor:
    check_dtype("autocontrast", image)
    check_channels("autocontrast", image)
    if image.numel() == 0:
        return image
    bound, whole = max_value(image.dtype), image.dtype.is_floating_point
    source = image if whole else image.to(weft.float32)
    least, most = source.amin((-2, -1), keepdim=True), source.amax((-2, -1), keepdim=True)
    flat = most == least
    scale = most.sub_(least).mul_(1.0 / bound).masked_fill_(flat, 1.0)
    result = source.sub(least.masked_fill_(flat, 0.0)).div_(scale).clamp_(0, bound)
    return result if whole else result.to(image.dtype)


def equalize(inpt: ImageT) -> ImageT:
    """An image of which each channel has about as many pixels of each brightness.

    Args:
        inpt: an image of any kind; each channel of a batch on its own.

    Raises TypeError for what is no image.

    >>> import weft
    >>> dark = weft.arange(4, dtype=weft.uint8).repeat_interleave(256).reshape(1, 32, 32)
    >>> weft.transforms.functional.equalize(dark)[0, ::8, 0]
    tensor([  0,  85, 171, 255], dtype=weft.uint8)
    """
    return on_image("equalize", inpt, _equalize, lambda image: need_pillow("equalize").ImageOps.equalize(image))


def _equalize(image: Tensor) -> Tensor:
    check_dtype("equalize", image)
    if image.numel() == 0:
        return image
    source = to_dtype(image, weft.uint8, scale=True)
    channels = source.reshape(-1, image.shape[-2] * image.shape[-1]).cpu().numpy()
    flattened = np.stack([_equalized(channel) for channel in channels])
    result = weft.from_numpy(flattened).to(image.device).reshape(image.shape)
    return to_dtype(result, image.dtype, scale=True)


def _equalized(pixels: np.ndarray) -> np.ndarray:
    """Pillow's table of the histogram, looked up. NumPy counts and looks bytes up quicker than ops of tensors."""
    counts = np.bincount(pixels, minlength=256)
    upto = np.cumsum(counts)
    # The pixels of the brightest value that occurs are left out.
    step = (len(pixels) - int(counts[pixels.max()])) // 255
    if step == 0:
        return pixels
    table = ((upto - counts + step // 2) // step).clip(0, 255).astype(np.uint8)
    return table.take(pixels)
