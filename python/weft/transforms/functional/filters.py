"""Blurring, noise and JPEG's losses."""

from __future__ import annotations

import io
import math
from typing import Any

import weft
from weft import Tensor
from weft.transforms.functional.convert import to_image, to_pil_image
from weft.transforms.functional.kinds import (
    ImageT,
    check_dtype,
    check_int,
    check_number,
    need_pillow,
    numbers_of,
    on_image,
    size_of,
    through_tensor,
)


def kernel_sizes(name: str, kernel_size: Any) -> tuple[int, int]:
    """(along x, along y), both odd."""
    sizes = kernel_size if isinstance(kernel_size, (list, tuple)) else [kernel_size]
    sizes = [*sizes, *sizes] if len(sizes) == 1 else list(sizes)
    if len(sizes) != 2 or any(check_int(name, "kernel_size", k, 1) % 2 == 0 for k in sizes):
        raise ValueError(f"transforms.{name}: expected kernel_size to be one or two odd integers, got {kernel_size!r}")
    return int(sizes[0]), int(sizes[1])


def gaussian_weights(size: int, sigma: float) -> list[float]:
    """The weights of a Gaussian at ``size`` pixels around its middle, which add up to 1."""
    heights = [math.exp(-((i - (size - 1) / 2) ** 2) / (2 * sigma * sigma)) for i in range(size)]
    total = sum(heights)
    return [h / total for h in heights]


def gaussian_blur(inpt: ImageT, kernel_size: Any, sigma: Any = None) -> ImageT:
    """An image blurred by a Gaussian; at its edges it is mirrored.

    Args:
        inpt: an image of any kind.
        kernel_size: how many pixels are averaged: an odd integer, or (along x, along y).
        sigma: the standard deviation in pixels: a number, or (along x, along y); None is 0.15 kernel_size + 0.35.

    Raises TypeError for what is no image, ValueError for bad numbers and a kernel larger than the image allows.

    >>> import weft
    >>> weft.transforms.functional.gaussian_blur(weft.ones(1, 3, 3), 3)[0, 0].round(decimals=3)
    tensor([1., 1., 1.])
    """
    sizes = kernel_sizes("gaussian_blur", kernel_size)
    if sigma is None:
        sigma = [0.15 * k + 0.35 for k in sizes]
    elif not isinstance(sigma, (list, tuple)):
        sigma = [check_number("gaussian_blur", "sigma", sigma)] * 2
    sigma = numbers_of("gaussian_blur", "sigma", sigma, (1, 2))
    sigma = sigma * 2 if len(sigma) == 1 else sigma
    if min(sigma) <= 0:
        raise ValueError(f"transforms.gaussian_blur: expected sigma to be above 0, got {sigma}")
    height, width = size_of("gaussian_blur", inpt)
    if height and width and (sizes[0] // 2 >= width or sizes[1] // 2 >= height):
        raise ValueError(
            f"transforms.gaussian_blur: expected a kernel within the mirrored image {(height, width)}, got {sizes}; "
            "half of it must be smaller than the image"
        )
    return on_image("gaussian_blur", inpt, blur, through_tensor("gaussian_blur", blur), sizes, sigma)


def blur(image: Tensor, sizes: tuple[int, int], sigma: list[float]) -> Tensor:
    """:func:`gaussian_blur` of a tensor, unchecked; ``sizes`` and ``sigma`` are (along x, along y)."""
    check_dtype("gaussian_blur", image)
    if image.numel() == 0:
        return image
    kind = image.dtype if image.dtype in (weft.float32, weft.float64) else weft.float32
    result = image.to(kind)
    for dim, size, spread in ((-1, sizes[0], sigma[0]), (-2, sizes[1], sigma[1])):
        if size > 1:
            result = _blur_along(result, dim, size // 2, gaussian_weights(size, spread))
    if image.dtype == kind:
        return result
    return (result if image.dtype.is_floating_point else result.round_()).to(image.dtype)


def _blur_along(image: Tensor, dim: int, reach: int, weights: list[float]) -> Tensor:
    """The sum of shifted copies: quicker than a convolution whose channels do not mix."""
    length = image.shape[dim]
    before = image.narrow(dim, 1, reach).flip(dim)
    after = image.narrow(dim, length - 1 - reach, reach).flip(dim)
    wide = weft.cat((before, image, after), dim)
    result = image * weights[reach]
    for shift in range(1, reach + 1):
        pair = wide.narrow(dim, reach - shift, length) + wide.narrow(dim, reach + shift, length)
        result.add_(pair, alpha=weights[reach + shift])
    return result


def gaussian_noise(inpt: ImageT, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> ImageT:
    """An image with normal noise added, drawn from the default generator.

    Args:
        inpt: an image of any kind, of uint8 or floating point numbers.
        mean: of the noise, in parts of white.
        sigma: its standard deviation, in parts of white.
        clip: keep values between black and white; uint8 wraps around otherwise.

    Raises TypeError for what is no image or of another dtype, ValueError for a negative sigma.

    >>> import weft
    >>> weft.transforms.functional.gaussian_noise(weft.ones(1, 1, 2), mean=-0.5, sigma=0.0)
    tensor([[[0.5000, 0.5000]]])
    """
    check_number("gaussian_noise", "mean", mean)
    check_number("gaussian_noise", "sigma", sigma, 0)
    through = through_tensor("gaussian_noise", _gaussian_noise)
    return on_image("gaussian_noise", inpt, _gaussian_noise, through, mean, sigma, clip, dims=2)


def _gaussian_noise(image: Tensor, mean: float, sigma: float, clip: bool) -> Tensor:
    if image.dtype.is_floating_point:
        result = weft.randn(image.shape, dtype=image.dtype, device=image.device).mul_(sigma).add_(mean).add_(image)
        return result.clamp_(0, 1) if clip else result
    if image.dtype != weft.uint8:
        raise TypeError(f"transforms.gaussian_noise: expected uint8 or floating point numbers, got {image.dtype}")
    noise = weft.randn(image.shape, device=image.device).mul_(sigma * 255).add_(mean * 255)
    result = noise.to(weft.int16).add_(image)
    return (result.clamp_(0, 255) if clip else result).to(weft.uint8)


def jpeg(image: ImageT, quality: int) -> ImageT:
    """An image as it comes out of a JPEG file, which Pillow writes and reads.

    Args:
        image: an image of any kind, of 1 or 3 channels of uint8; each of a batch on its own.
        quality: between 1 and 100.

    Raises TypeError for what is no image or of another dtype, ValueError for another quality.

    >>> import weft
    >>> weft.transforms.functional.jpeg(weft.full((3, 8, 8), 128, dtype=weft.uint8), 50)[0, 0, 0]
    tensor(128, dtype=weft.uint8)
    """
    if check_int("jpeg", "quality", quality, 1) > 100:
        raise ValueError(f"transforms.jpeg: expected quality to be at most 100, got {quality}")
    pil = need_pillow("jpeg")

    def once(picture: Any) -> Any:
        file = io.BytesIO()
        picture.save(file, format="JPEG", quality=quality)
        return pil.Image.open(file).copy()

    def tensor(image: Tensor) -> Tensor:
        if image.dtype != weft.uint8 or image.shape[-3] not in (1, 3):
            raise TypeError(
                f"transforms.jpeg: expected 1 or 3 channels of uint8, got {image.dtype} of shape {tuple(image.shape)}"
            )
        if image.numel() == 0:
            return image.clone()
        pictures = image.reshape(-1, *image.shape[-3:])
        return weft.stack([to_image(once(to_pil_image(p))) for p in pictures]).reshape(image.shape).to(image.device)

    return on_image("jpeg", image, tensor, once)
