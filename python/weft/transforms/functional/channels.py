"""Grey images, and channels in another order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import weft
from weft import Tensor
from weft.transforms.functional.kinds import (
    ImageT,
    check_channels,
    check_dtype,
    check_grey_channels,
    check_int,
    list_of,
    need_pillow,
    on_image,
    through_tensor,
)


def grey(image: Tensor) -> Tensor:
    """The luma of an image of three channels, (..., 1, H, W), in floating point numbers that were not rounded."""
    red, green, blue = image.unbind(-3)
    return red.mul(0.2989).add_(green, alpha=0.587).add_(blue, alpha=0.114).unsqueeze(-3)


def rgb_to_grayscale(inpt: ImageT, num_output_channels: int = 1) -> ImageT:
    """An image in shades of grey.

    Args:
        inpt: an image of any kind, of 1 or 3 channels.
        num_output_channels: 1, or 3 equal ones.

    Raises TypeError for other channels, ValueError for another number of output channels.

    >>> import weft
    >>> weft.transforms.functional.rgb_to_grayscale(weft.ones(3, 1, 1)).shape
    weft.Size([1, 1, 1])
    """
    check_grey_channels("rgb_to_grayscale", num_output_channels)

    def pil(image: Any, *_: Any) -> Any:
        single = image.convert("L")
        return single if num_output_channels == 1 else need_pillow("rgb_to_grayscale").Image.merge("RGB", [single] * 3)

    return on_image("rgb_to_grayscale", inpt, _rgb_to_grayscale, pil, num_output_channels)


def _rgb_to_grayscale(image: Tensor, channels: int) -> Tensor:
    check_dtype("rgb_to_grayscale", image)
    if check_channels("rgb_to_grayscale", image) == 1:
        return image.clone() if channels == 1 else image.repeat(*[1] * (image.ndim - 3), 3, 1, 1)
    luma = grey(image)
    luma = luma if luma.dtype == image.dtype else luma.to(image.dtype)
    return luma if channels == 1 else luma.expand(image.shape)


def to_grayscale(inpt: ImageT, num_output_channels: int = 1) -> ImageT:
    """Another name of :func:`rgb_to_grayscale`.

    Args:
        inpt: an image of any kind, of 1 or 3 channels.
        num_output_channels: 1, or 3 equal ones.

    Raises what rgb_to_grayscale raises.

    >>> import weft
    >>> weft.transforms.functional.to_grayscale(weft.ones(3, 1, 1)).shape
    weft.Size([1, 1, 1])
    """
    return rgb_to_grayscale(inpt, num_output_channels)


def grayscale_to_rgb(inpt: ImageT) -> ImageT:
    """An image with three channels; one that has them is returned as it is.

    Args:
        inpt: an image of any kind, of 1 or 3 channels.

    Raises TypeError for other channels of a tensor.

    >>> import weft
    >>> weft.transforms.functional.grayscale_to_rgb(weft.ones(1, 2, 2)).shape
    weft.Size([3, 2, 2])
    """

    def tensor(image: Tensor) -> Tensor:
        return image if image.shape[-3] >= 3 else _rgb_to_grayscale(image, 3)

    return on_image("grayscale_to_rgb", inpt, tensor, lambda image: image.convert("RGB"))


def permute_channels(inpt: ImageT, permutation: Sequence[int]) -> ImageT:
    """An image with its channels in another order.

    Args:
        inpt: an image of any kind.
        permutation: for each channel of the result, the one of the image.

    Raises TypeError for what is no image, ValueError for what is no permutation of its channels.

    >>> import weft
    >>> weft.transforms.functional.permute_channels(weft.tensor([1, 2, 3]).reshape(3, 1, 1), [2, 0, 1]).flatten()
    tensor([3, 1, 2])
    """
    order = [
        check_int("permute_channels", "permutation", i) for i in list_of("permute_channels", "permutation", permutation)
    ]

    def tensor(image: Tensor) -> Tensor:
        if sorted(order) != list(range(image.shape[-3])):
            raise ValueError(
                f"transforms.permute_channels: expected a permutation of {image.shape[-3]} channels, got {order}"
            )
        return image.index_select(-3, weft.tensor(order, device=image.device))

    return on_image("permute_channels", inpt, tensor, through_tensor("permute_channels", tensor))
