"""What all functions of images share: the three kinds of image, sizes, interpolation, fill values and their checks."""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, TypeVar

import numpy as np

import weft
from weft import Tensor
from weft.transforms.tv_tensors import BoundingBoxes, Mask, TVTensor, plain, wrap

#: An image: the result is of the kind that was given.
ImageT = TypeVar("ImageT")


class InterpolationMode(Enum):
    """How pixels between pixels are computed. Functions take a member, its value, or Pillow's number for it.

    BOX, HAMMING and LANCZOS are for PIL images alone.

    >>> from weft.transforms import InterpolationMode
    >>> InterpolationMode("bilinear")
    <InterpolationMode.BILINEAR: 'bilinear'>
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_PIL_NUMBERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5, "nearest-exact": 0}
_BY_NUMBER = {
    number: InterpolationMode(name) for name, number in reversed(_PIL_NUMBERS.items()) if name != "nearest-exact"
}
_VALUE_BITS = {weft.uint8: 8, weft.int8: 7, weft.int16: 15, weft.uint16: 16, weft.int32: 31, weft.int64: 63}
_INTEGERS = frozenset(_VALUE_BITS)


def need_pillow(name: str) -> Any:
    """The module PIL, or an ImportError that says what for."""
    try:
        import PIL.Image
        import PIL.ImageEnhance
        import PIL.ImageOps
    except ImportError as error:
        raise ImportError(f"transforms.{name}: PIL images need Pillow: pip install pillow") from error
    return PIL


def is_pil(value: Any) -> bool:
    """Is it a PIL image? Pillow is not imported to find out."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(value, module.Image)


def is_image(value: Any) -> bool:
    """Is it of one of the three kinds of image?"""
    return isinstance(value, (Tensor, np.ndarray)) or is_pil(value)


def refuse(name: str, value: Any) -> TypeError:
    """The error for what is no image."""
    return TypeError(
        f"transforms.{name}: expected a PIL image, a tensor (..., C, H, W) or a NumPy array (H, W, C), "
        f"got {type(value).__name__}"
    )


def from_array(name: str, array: np.ndarray) -> Tensor:
    """(..., H, W, C) or (H, W) as a tensor (..., C, H, W) that shares its memory where it can."""
    if array.ndim < 2:
        raise ValueError(f"transforms.{name}: expected an array (H, W) or (..., H, W, C), got shape {array.shape}")
    if not array.flags.writeable or any(s < 0 for s in array.strides) or not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="), copy=True, order="C")
    try:
        tensor = weft.from_numpy(array)
    except TypeError as error:
        raise TypeError(f"transforms.{name}: {error}") from None
    return tensor.unsqueeze(0) if array.ndim == 2 else tensor.movedim(-1, -3)


def to_array(tensor: Tensor, like: np.ndarray) -> np.ndarray:
    """The way back from :func:`from_array`; an image (H, W) stays one while it has one channel."""
    if like.ndim == 2 and tensor.shape[-3] == 1:
        return tensor.squeeze(-3).numpy()
    return tensor.movedim(-3, -1).numpy()


def on_image(
    name: str,
    inpt: Any,
    tensor: Callable[..., Tensor],
    pil: Callable[..., Any],
    *arguments: Any,
    dims: int = 3,
) -> Any:
    """Runs the function for the kind of ``inpt``; a tensor must have ``dims`` dimensions at least."""
    if isinstance(inpt, Tensor):
        if isinstance(inpt, TVTensor):
            return _on_marked(name, inpt, tensor, pil, *arguments, dims=dims)
        if inpt.ndim < dims:
            shape = "(..., C, H, W)" if dims == 3 else "(..., H, W)"
            raise ValueError(f"transforms.{name}: expected a tensor {shape}, got shape {tuple(inpt.shape)}")
        return tensor(inpt, *arguments)
    if is_pil(inpt):
        try:
            return pil(inpt, *arguments)
        except (OSError, ValueError, OverflowError, NotImplementedError) as error:
            if str(error).startswith("transforms."):
                raise
            raise ValueError(
                f"transforms.{name}: Pillow does not do this for mode {inpt.mode} ({error}); "
                "convert() the image to RGB or L"
            ) from error
    if isinstance(inpt, np.ndarray):
        return to_array(tensor(from_array(name, inpt), *arguments), inpt)
    raise refuse(name, inpt)


def _on_marked(name: str, inpt: TVTensor, tensor: Any, pil: Any, *arguments: Any, dims: int) -> Any:
    flat = isinstance(inpt, Mask) and inpt.ndim == 2
    result = on_image(name, plain(inpt).unsqueeze(0) if flat else plain(inpt), tensor, pil, *arguments, dims=dims)
    return wrap(result.squeeze(0) if flat else result, like=inpt)


def through_tensor(name: str, function: Callable[..., Tensor]) -> Callable[..., Any]:
    """The form for PIL images of a function of tensors, where Pillow has none."""

    def run(image: Any, *arguments: Any) -> Any:
        from weft.transforms.functional.convert import pil_to_tensor, to_pil_image

        return to_pil_image(function(pil_to_tensor(image), *arguments), mode=image.mode)

    return run


def mode_of(name: str, interpolation: InterpolationMode | str | int, inpt: Any = None) -> InterpolationMode:
    """The member that is meant; masks are never averaged."""
    if type(inpt) is Mask:
        return InterpolationMode.NEAREST
    if type(interpolation) is InterpolationMode:
        return interpolation
    if isinstance(interpolation, int) and not isinstance(interpolation, bool) and interpolation in _BY_NUMBER:
        return _BY_NUMBER[interpolation]
    try:
        return InterpolationMode(interpolation)
    except ValueError:
        known = ", ".join(repr(m.value) for m in InterpolationMode)
        raise ValueError(
            f"transforms.{name}: expected interpolation to be one of {known}, got {interpolation!r}"
        ) from None


def pil_number(mode: InterpolationMode) -> int:
    """Pillow's number of the mode."""
    return _PIL_NUMBERS[mode.value]


def max_value(dtype: weft.dtype) -> float:
    """White in the dtype: 1 for floating point numbers, the largest value for integers."""
    if dtype.is_floating_point:
        return 1
    return 1 if dtype == weft.bool else (1 << value_bits(dtype)) - 1


def value_bits(dtype: weft.dtype) -> int:
    """The bits of an integer dtype that hold the value."""
    bits = _VALUE_BITS.get(dtype)
    if bits is None:
        raise TypeError(f"transforms: expected an integer dtype, got {dtype}")
    return bits


def check_dtype(name: str, image: Tensor) -> None:
    """Raises TypeError for bool and complex images, which have no brightness."""
    if not (image.dtype.is_floating_point or image.dtype in _INTEGERS):
        raise TypeError(
            f"transforms.{name}: expected an integer or floating point image, got {image.dtype}; "
            "convert it by transforms.functional.to_dtype"
        )


def check_channels(name: str, image: Tensor, allowed: tuple[int, ...] = (1, 3)) -> int:
    """The number of channels, which must be one of those allowed."""
    channels = image.shape[-3]
    if channels not in allowed:
        raise TypeError(
            f"transforms.{name}: expected an image of {' or '.join(map(str, allowed))} channels, "
            f"got {channels}, in shape {tuple(image.shape)}"
        )
    return channels


def check_number(name: str, what: str, value: Any, low: float = -math.inf, high: float = math.inf) -> float:
    """A real number within the bounds, which is finite."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"transforms.{name}: expected {what} to be a number, got {value!r}")
    if not (low <= value <= high and math.isfinite(value)):
        bounds = f"at least {low:g}" if high == math.inf else f"between {low:g} and {high:g}"
        bounds = "finite" if low == -math.inf and high == math.inf else bounds
        raise ValueError(f"transforms.{name}: expected {what} to be {bounds}, got {value!r}")
    return value  # type: ignore[return-value]


def check_int(name: str, what: str, value: Any, low: int | None = None) -> int:
    """An integer that is not smaller than ``low``."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"transforms.{name}: expected {what} to be an integer, got {value!r}")
    if low is not None and value < low:
        raise ValueError(f"transforms.{name}: expected {what} to be at least {low}, got {value}")
    return int(value)


def list_of(name: str, what: str, value: Any) -> list[Any]:
    """The items of a list, a tuple, a tensor or an array."""
    if isinstance(value, (Tensor, np.ndarray)):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"transforms.{name}: expected {what} to be a list, got {type(value).__name__}")
    return list(value)


def check_grey_channels(name: str, count: Any) -> int:
    """1 or 3."""
    if not isinstance(count, int) or count not in (1, 3):
        raise ValueError(f"transforms.{name}: expected num_output_channels 1 or 3, got {count!r}")
    return count


def pair_of_sizes(name: str, size: Any) -> tuple[int, int]:
    """(height, width) of an integer, [edge] or (height, width)."""
    if isinstance(size, numbers.Integral):
        size = (size, size)
    elif isinstance(size, (list, tuple)) and len(size) == 1:
        size = (size[0], size[0])
    if not isinstance(size, (list, tuple)) or len(size) != 2:
        raise ValueError(f"transforms.{name}: expected size to be an integer or (height, width), got {size!r}")
    return check_int(name, "height", size[0], 1), check_int(name, "width", size[1], 1)


def numbers_of(name: str, what: str, value: Any, lengths: Sequence[int] = (2,)) -> list[float]:
    """A list of numbers of one of the given lengths."""
    if isinstance(value, (Tensor, np.ndarray)):
        value = value.tolist()
    if not isinstance(value, (list, tuple)) or len(value) not in lengths:
        count = " or ".join(map(str, lengths))
        raise ValueError(f"transforms.{name}: expected {what} to be {count} numbers, got {value!r}")
    return [check_number(name, what, v) for v in value]


def pil_fill(name: str, image: Any, fill: Any) -> Any:
    """A fill value as Pillow takes it: a number, or one for each band."""
    if fill is None:
        fill = 0
    bands = len(image.getbands())
    if isinstance(fill, numbers.Real) and not isinstance(fill, bool):
        fill = [fill] * bands
    elif isinstance(fill, (list, tuple)) and len(fill) == 1:
        fill = list(fill) * bands
    elif not isinstance(fill, (list, tuple)) or len(fill) != bands:
        raise ValueError(
            f"transforms.{name}: expected fill to be a number or {bands} of them, for mode {image.mode}, got {fill!r}"
        )
    values = tuple(float(v) for v in fill) if image.mode == "F" else tuple(int(v) for v in fill)
    return values[0] if bands == 1 else values


def tensor_fill(name: str, image: Tensor, fill: Any) -> list[float]:
    """A fill value as one number, or one for each channel."""
    if isinstance(fill, numbers.Real):
        return [float(fill) if not isinstance(fill, numbers.Integral) else int(fill)]
    if not isinstance(fill, (list, tuple)) or len(fill) not in (1, image.shape[-3]):
        raise ValueError(
            f"transforms.{name}: expected fill to be a number, or {image.shape[-3]}, one per channel, got {fill!r}"
        )
    return [check_number(name, "fill", v) for v in fill]


def size_of(name: str, inpt: Any) -> tuple[int, int]:
    """(height, width)."""
    if isinstance(inpt, Tensor):
        if isinstance(inpt, BoundingBoxes):
            return inpt.canvas_size
        if inpt.ndim < 2:
            raise ValueError(f"transforms.{name}: expected a tensor (..., H, W), got shape {tuple(inpt.shape)}")
        shape = inpt.shape
        return shape[-2], shape[-1]
    if is_pil(inpt):
        return inpt.height, inpt.width
    if isinstance(inpt, np.ndarray) and inpt.ndim >= 2:
        return inpt.shape[:2] if inpt.ndim == 2 else inpt.shape[-3:-1]  # type: ignore[return-value]
    raise refuse(name, inpt)


def get_dimensions(inpt: Any) -> list[int]:
    """[channels, height, width] of an image.

    Args:
        inpt: a PIL image, a tensor (..., C, H, W) or an array (..., H, W, C) or (H, W).

    Raises TypeError for what is no image.

    >>> import weft
    >>> weft.transforms.functional.get_dimensions(weft.zeros(8, 3, 4, 5))
    [3, 4, 5]
    """
    return [get_num_channels(inpt), *size_of("get_dimensions", inpt)]


def get_size(inpt: Any) -> list[int]:
    """[height, width] of an image.

    Args:
        inpt: an image, as for :func:`get_dimensions`.

    Raises TypeError for what is no image.

    >>> import weft
    >>> weft.transforms.functional.get_size(weft.zeros(3, 4, 5))
    [4, 5]
    """
    return list(size_of("get_size", inpt))


def get_image_size(inpt: Any) -> list[int]:
    """[width, height] of an image: the other way round than :func:`get_size`.

    Args:
        inpt: an image, as for :func:`get_dimensions`.

    Raises TypeError for what is no image.

    >>> import weft
    >>> weft.transforms.functional.get_image_size(weft.zeros(3, 4, 5))
    [5, 4]
    """
    return list(size_of("get_image_size", inpt))[::-1]


def get_num_channels(inpt: Any) -> int:
    """The number of channels of an image.

    Args:
        inpt: an image, as for :func:`get_dimensions`.

    Raises TypeError for what is no image.

    >>> import weft
    >>> weft.transforms.functional.get_num_channels(weft.zeros(3, 4, 5))
    3
    """
    if isinstance(inpt, Tensor) and inpt.ndim >= 2:
        return inpt.shape[-3] if inpt.ndim > 2 else 1
    if is_pil(inpt):
        return len(inpt.getbands())
    if isinstance(inpt, np.ndarray) and inpt.ndim >= 2:
        return inpt.shape[-1] if inpt.ndim > 2 else 1
    raise refuse("get_num_channels", inpt)
