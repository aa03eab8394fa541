"""From one kind of image to another, between dtypes, and normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import weft
from weft import Tensor
from weft.transforms.functional.kinds import (
    ImageT,
    from_array,
    is_pil,
    max_value,
    need_pillow,
    numbers_of,
    on_image,
    refuse,
    to_array,
    value_bits,
)
from weft.transforms.tv_tensors import BoundingBoxes, Mask, wrap


def _pixels(image: Any) -> np.ndarray:
    """The pixels of a PIL image in memory of their own."""
    return np.array(image)


def to_tensor(inpt: Any) -> Tensor:
    """A PIL image or an array as a tensor (C, H, W); uint8 becomes float32 between 0 and 1, other dtypes stay.

    Args:
        inpt: a PIL image, or an array (H, W) or (H, W, C).

    Raises TypeError for anything else, also for a tensor.

    >>> import numpy as np
    >>> import weft
    >>> weft.transforms.functional.to_tensor(np.array([[[0], [255]]], dtype=np.uint8))
    tensor([[[0., 1.]]])
    """
    if is_pil(inpt):
        array = _pixels(inpt)
        if inpt.mode == "1":
            return weft.from_numpy(array.astype(np.float32)).unsqueeze(0)
    elif isinstance(inpt, np.ndarray):
        if inpt.ndim not in (2, 3):
            raise ValueError(f"transforms.to_tensor: expected an array (H, W) or (H, W, C), got shape {inpt.shape}")
        array = inpt
    else:
        raise TypeError(f"transforms.to_tensor: expected a PIL image or a NumPy array, got {type(inpt).__name__}")
    tensor = from_array("to_tensor", array.view(np.int16) if is_pil(inpt) and array.dtype == np.uint16 else array)
    if tensor.dtype == weft.uint8:
        return tensor.contiguous().to(weft.float32).div_(255)
    return tensor.contiguous() if is_pil(inpt) else tensor.clone(memory_format=weft.contiguous_format)


def pil_to_tensor(pic: Any) -> Tensor:
    """A PIL image as a tensor (C, H, W) of the dtype of its pixels: nothing is scaled.

    Args:
        pic: a PIL image.

    Raises TypeError for anything else.

    >>> import weft
    >>> from PIL import Image
    >>> weft.transforms.functional.pil_to_tensor(Image.new("L", (2, 1), 7))
    tensor([[[7, 7]]], dtype=weft.uint8)
    """
    if not is_pil(pic):
        raise TypeError(f"transforms.pil_to_tensor: expected a PIL image, got {type(pic).__name__}")
    return from_array("pil_to_tensor", _pixels(pic)).contiguous()


def to_image(inpt: Any) -> Tensor:
    """Any kind of image as a tensor (..., C, H, W) of the dtype it has; a tensor (H, W) gets a channel.

    Args:
        inpt: a PIL image, an array (..., H, W, C) or (H, W), or a tensor, which is returned as it is.

    Raises TypeError for what is no image.

    >>> import numpy as np
    >>> import weft
    >>> weft.transforms.functional.to_image(np.zeros((4, 5, 3), np.uint8)).shape
    weft.Size([3, 4, 5])
    """
    if isinstance(inpt, Tensor):
        return inpt.unsqueeze(0) if inpt.ndim == 2 else inpt
    if is_pil(inpt):
        return pil_to_tensor(inpt)
    if isinstance(inpt, np.ndarray):
        return from_array("to_image", inpt).contiguous()
    raise refuse("to_image", inpt)


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or (H, W), or an array (H, W, C) or (H, W), as a PIL image.

    Args:
        pic: with 1 to 4 channels. Floating point numbers lie between 0 and 1.
        mode: Pillow's mode, such as "RGB"; without one, what the channels and the dtype suggest.

    Raises TypeError for other kinds and for dtypes that Pillow lacks, ValueError for a wrong shape or mode.

    >>> import weft
    >>> image = weft.transforms.functional.to_pil_image(weft.ones(3, 2, 5))
    >>> image.mode, image.size, image.getpixel((0, 0))
    ('RGB', (5, 2), (255, 255, 255))
    """
    image_module = need_pillow("to_pil_image").Image
    if isinstance(pic, Tensor):
        array = _pixels_of_tensor(pic, mode)
    elif isinstance(pic, np.ndarray):
        array = pic[:, :, None] if pic.ndim == 2 else pic
        if array.dtype.kind == "f" and mode != "F":
            array = (array * 255).astype(np.uint8)
    else:
        raise TypeError(f"transforms.to_pil_image: expected a tensor or an array, got {type(pic).__name__}")
    if array.ndim != 3 or not 1 <= array.shape[-1] <= 4:
        raise ValueError(
            "transforms.to_pil_image: expected a tensor (H, W) or (C, H, W), or an array (H, W) or (H, W, C), "
            f"with 1 to 4 channels, got shape {tuple(pic.shape)}"
        )
    channels = array.shape[-1]
    if channels == 1:
        return _one_band(image_module, array[:, :, 0], mode)
    allowed = {2: ("LA",), 3: ("RGB", "YCbCr", "HSV"), 4: ("RGBA", "CMYK", "RGBX")}[channels]
    if mode is not None and mode not in allowed:
        raise ValueError(
            f"transforms.to_pil_image: expected mode {' or '.join(allowed)} for {channels} channels, got {mode!r}"
        )
    if array.dtype != np.uint8:
        raise TypeError(f"transforms.to_pil_image: expected uint8 for {channels} channels, got {array.dtype}")
    made = image_module.fromarray(np.ascontiguousarray(array))
    if mode is None or made.mode == mode:
        return made
    return image_module.frombytes(mode, made.size, made.tobytes())


def _pixels_of_tensor(pic: Tensor, mode: str | None) -> np.ndarray:
    """(H, W, C), in uint8 where the tensor was of floating point numbers."""
    if pic.ndim not in (2, 3):
        raise ValueError(
            f"transforms.to_pil_image: expected a tensor (H, W) or (C, H, W), got shape {tuple(pic.shape)}"
        )
    if pic.dtype == weft.bool:
        pic = pic.to(weft.uint8).mul_(255)
    elif pic.dtype.is_floating_point and mode != "F":
        pic = pic.detach().mul(255).to(weft.uint8)
    pic = pic.detach().cpu()
    return (pic.unsqueeze(0) if pic.ndim == 2 else pic).permute(1, 2, 0).numpy()


def _one_band(image_module: Any, array: np.ndarray, mode: str | None) -> Any:
    expected = {"uint8": "L", "int16": "I;16", "uint16": "I;16", "int32": "I", "float32": "F"}.get(array.dtype.name)
    if expected is None:
        raise TypeError(
            f"transforms.to_pil_image: expected uint8, int16, int32 or float32 for one channel, got {array.dtype}"
        )
    if mode == "1" and expected == "L":
        return image_module.fromarray(np.ascontiguousarray(array)).convert("1", dither=0)
    if mode == "P" and expected == "L":
        return image_module.frombytes("P", array.shape[::-1], np.ascontiguousarray(array).tobytes())
    if mode not in (None, expected):
        raise ValueError(
            f"transforms.to_pil_image: expected mode {expected} for one channel of {array.dtype}, got {mode!r}"
        )
    array = np.ascontiguousarray(array)
    return image_module.fromarray(array.view(np.uint16) if expected == "I;16" else array)


def to_dtype(inpt: ImageT, dtype: weft.dtype = weft.float32, scale: bool = False) -> ImageT:
    """An image in another dtype.

    Args:
        inpt: a tensor or an array.
        dtype: the dtype of the result.
        scale: take white to white: 255 of uint8 is 1.0 of floating point numbers. Not of masks and boxes.

    Raises TypeError for other kinds, RuntimeError where scaling would lose what the float dtype cannot hold.

    >>> import weft
    >>> weft.transforms.functional.to_dtype(weft.tensor([[0, 255]], dtype=weft.uint8), weft.float32, scale=True)
    tensor([[0., 1.]])
    """
    if isinstance(inpt, (Mask, BoundingBoxes)):  # classes and places have no white
        return wrap(_to_dtype(inpt, dtype, False), like=inpt)
    if isinstance(inpt, Tensor):
        return _to_dtype(inpt, dtype, scale)  # type: ignore[return-value]
    if isinstance(inpt, np.ndarray):
        return to_array(_to_dtype(from_array("to_dtype", inpt), dtype, scale), inpt)  # type: ignore[return-value]
    raise TypeError(f"transforms.to_dtype: expected a tensor or an array, got {type(inpt).__name__}")


def convert_image_dtype(image: ImageT, dtype: weft.dtype = weft.float32) -> ImageT:
    """An image in another dtype, white to white: :func:`to_dtype` with ``scale=True``.

    Args:
        image: a tensor or an array.
        dtype: the dtype of the result.

    Raises what to_dtype raises.

    >>> import weft
    >>> weft.transforms.functional.convert_image_dtype(weft.ones(1, 2), weft.uint8)
    tensor([[255, 255]], dtype=weft.uint8)
    """
    return to_dtype(image, dtype, scale=True)


def _to_dtype(image: Tensor, dtype: weft.dtype, scale: bool) -> Tensor:
    if not isinstance(dtype, weft.dtype):
        raise TypeError(f"transforms.to_dtype: expected a dtype, got {dtype!r}")
    source = image.dtype
    if source == dtype:
        return image
    if not scale or (source.is_floating_point and dtype.is_floating_point):
        return image.to(dtype)
    if dtype.is_floating_point:
        return image.to(dtype).mul_(1.0 / max_value(source))
    if source.is_floating_point:
        if value_bits(dtype) > (24 if source != weft.float64 else 53):
            raise RuntimeError(
                f"transforms.to_dtype: {source} cannot hold every value of {dtype}; "
                "convert to float64 or to a smaller integer"
            )
        # A little less than one step above the largest value, so that every value gets an equal share of [0, 1].
        return image.mul(max_value(dtype) + 1.0 - 1e-3).to(dtype)
    shift = value_bits(source) - value_bits(dtype)
    return image.bitwise_right_shift(shift).to(dtype) if shift > 0 else image.to(dtype).bitwise_left_shift_(-shift)


def normalize(inpt: ImageT, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> ImageT:
    """``(image - mean) / std``, channel by channel.

    Args:
        inpt: a floating point tensor (..., C, H, W) or array (..., H, W, C).
        mean: one number for each channel, or one for all.
        std: as mean; not 0.
        inplace: change the tensor itself.

    Raises TypeError for PIL images and integers, ValueError for a standard deviation of 0 or a wrong number of values.

    >>> import weft
    >>> weft.transforms.functional.normalize(weft.ones(1, 1, 2), [0.5], [0.25])
    tensor([[[2., 2.]]])
    """
    if is_pil(inpt):
        raise TypeError(
            "transforms.normalize: expected a tensor or an array, got a PIL image; transforms.ToTensor comes first"
        )
    dtype = inpt.dtype if isinstance(inpt, Tensor) else weft.float32
    constants = statistics("normalize", mean, std, dtype, inpt.device if isinstance(inpt, Tensor) else "cpu")
    return on_image("normalize", inpt, normalized, refuse, *constants, inplace)


def statistics(name: str, mean: Any, std: Any, dtype: weft.dtype, device: Any) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation as tensors (C, 1, 1)."""
    pair = []
    for what, value in (("mean", mean), ("std", std)):
        value = [value] if isinstance(value, (int, float)) else value
        value = numbers_of(name, what, value, (len(value) if hasattr(value, "__len__") else 1,))
        if not value or (what == "std" and 0 in value):
            raise ValueError(
                f"transforms.{name}: expected {what} to be numbers {'other than 0' if value else ''}, got {value!r}"
            )
        pair.append(
            weft.tensor(value, dtype=dtype if dtype.is_floating_point else None, device=device).reshape(-1, 1, 1)
        )
    return pair[0], pair[1]


def normalized(image: Tensor, mean: Tensor, std: Tensor, inplace: bool = False) -> Tensor:
    """:func:`normalize` of a tensor, with mean and std as tensors."""
    if not image.dtype.is_floating_point:
        raise TypeError(
            f"transforms.normalize: expected a floating point image, got {image.dtype}; "
            "transforms.ToDtype(weft.float32, scale=True) comes first"
        )
    channels = image.shape[-3]
    for what, value in (("mean", mean), ("std", std)):
        if value.shape[0] not in (1, channels):
            raise ValueError(
                f"transforms.normalize: expected {channels} values of {what}, one per channel, got {value.shape[0]}"
            )
    return (image.sub_(mean) if inplace else image.sub(mean)).div_(std)
