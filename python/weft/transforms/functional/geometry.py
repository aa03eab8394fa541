"""Resizing, crops, padding and flips."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

import weft
from weft import Tensor
from weft.transforms.functional import boxes
from weft.transforms.functional.kinds import (
    ImageT,
    InterpolationMode,
    check_int,
    check_number,
    mode_of,
    need_pillow,
    on_image,
    pair_of_sizes,
    pil_fill,
    pil_number,
    size_of,
    tensor_fill,
)
from weft.transforms.tv_tensors import BoundingBoxes

_PAD_MODES = {"constant": "constant", "edge": "replicate", "reflect": "reflect", "symmetric": "symmetric"}


def resized_size(name: str, size: Any, height: int, width: int, max_size: int | None = None) -> tuple[int, int]:
    """(height, width) that an image of the given height and width is resized to."""
    if isinstance(size, (list, tuple)) and len(size) == 1:
        size = size[0]
    if max_size is not None:
        check_int(name, "max_size", max_size, 1)
    if isinstance(size, (list, tuple)):
        if max_size is not None:
            raise ValueError(f"transforms.{name}: max_size is for a size of one edge, got size {size!r} with it")
        return pair_of_sizes(name, size)
    if height == 0 or width == 0:
        raise ValueError(f"transforms.{name}: an image of {height} x {width} pixels has no edges to keep the ratio of")
    short, long = sorted((height, width))
    if size is None:
        if max_size is None:
            raise ValueError(f"transforms.{name}: expected size or max_size, got neither")
        new_short, new_long = int(max_size * short / long), max_size
    else:
        if isinstance(size, bool) or not isinstance(size, numbers.Integral):
            raise TypeError(f"transforms.{name}: expected size to be an integer or (height, width), got {size!r}")
        new_short = check_int(name, "size", size, 1)
        new_long = int(new_short * long / short)
        if max_size is not None:
            if max_size <= size:
                raise ValueError(f"transforms.{name}: expected max_size to be above size {size}, got {max_size}")
            if new_long > max_size:
                new_short, new_long = int(max_size * new_short / new_long), max_size
    new_short = max(new_short, 1)
    return (new_short, new_long) if height <= width else (new_long, new_short)


def resize(
    inpt: ImageT,
    size: int | Sequence[int] | None,
    interpolation: InterpolationMode | str | int = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> ImageT:
    """An image resized.

    Args:
        inpt: a PIL image, a tensor (..., C, H, W) or an array (..., H, W, C) or (H, W).
        size: (height, width), or an integer: the smaller edge, keeping the ratio; None: the larger edge is max_size.
        interpolation: for tensors nearest, nearest-exact, bilinear or bicubic.
        max_size: the most the larger edge may have, where size is an integer.
        antialias: of bilinear and bicubic: average what becomes one pixel, as Pillow always does.

    Raises TypeError for what is no image, ValueError for bad sizes.

    >>> import weft
    >>> weft.transforms.functional.resize(weft.zeros(3, 20, 10), 5).shape
    weft.Size([3, 10, 5])
    """
    mode = mode_of("resize", interpolation, inpt)
    height, width = size_of("resize", inpt)
    new = resized_size("resize", size, height, width, max_size)
    if new == (height, width):
        return inpt
    if isinstance(inpt, BoundingBoxes):
        across, down = new[1] / width, new[0] / height
        return boxes.moved(inpt, new, lambda x, y: (x * across, y * down), cut=False)  # type: ignore[return-value]
    return on_image("resize", inpt, _resize, _resize_pil, new, mode, bool(antialias))


def _resize_pil(image: Any, new: tuple[int, int], mode: InterpolationMode, antialias: bool) -> Any:
    return image.resize((new[1], new[0]), pil_number(mode))


def _resize(image: Tensor, new: tuple[int, int], mode: InterpolationMode, antialias: bool) -> Tensor:
    shape, dtype = image.shape, image.dtype
    kind = mode.value
    if kind in ("box", "hamming", "lanczos"):
        raise ValueError(f"transforms.resize: {kind} is for PIL images; tensors take nearest, bilinear or bicubic")
    if 0 in shape[:-2]:
        return image.new_empty((*shape[:-2], *new))
    if 0 in shape:
        raise ValueError(f"transforms.resize: expected an image with pixels, got shape {tuple(shape)}")
    smooth = kind in ("bilinear", "bicubic")
    native = dtype in (weft.float32, weft.float64) or (dtype == weft.uint8 and not smooth)
    source = image if native else image.to(weft.float32)
    source = source.reshape(-1, *shape[-3:]) if len(shape) != 4 else source
    options: dict[str, Any] = {"align_corners": False, "antialias": antialias} if smooth else {}
    result = weft.nn.functional.interpolate(source, size=new, mode=kind, **options)
    if not native:
        if not dtype.is_floating_point:
            if kind == "bicubic" and dtype == weft.uint8:
                result = result.clamp_(0, 255)
            result = result.round_()
        result = result.to(dtype)
    return result.reshape(*shape[:-2], *new) if len(shape) != 4 else result


def crop(inpt: ImageT, top: int, left: int, height: int, width: int) -> ImageT:
    """A part of an image; what lies outside of the image is 0.

    Args:
        inpt: an image of any kind; the part of a tensor shares its memory.
        top: the row where it begins.
        left: the column where it begins.
        height: its height.
        width: its width.

    Raises TypeError for what is no image, ValueError for negative sizes.

    >>> import weft
    >>> weft.transforms.functional.crop(weft.arange(12).reshape(1, 3, 4), 1, 2, 2, 2)
    tensor([[[ 6,  7],
             [10, 11]]])
    """
    for what, value in (("height", height), ("width", width)):
        check_int("crop", what, value, 0)
    check_int("crop", "top", top)
    check_int("crop", "left", left)
    if isinstance(inpt, BoundingBoxes):
        return boxes.moved(inpt, (height, width), lambda x, y: (x - left, y - top))  # type: ignore[return-value]
    return on_image("crop", inpt, crop_tensor, _crop_pil, top, left, height, width, dims=2)


def _crop_pil(image: Any, top: int, left: int, height: int, width: int) -> Any:
    return image.crop((left, top, left + width, top + height))


def crop_tensor(image: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """:func:`crop` of a tensor, unchecked."""
    rows, columns = image.shape[-2:]
    bottom, right = top + height, left + width
    if 0 <= top and 0 <= left and bottom <= rows and right <= columns:
        return image[..., top:bottom, left:right]
    part = image[..., min(max(top, 0), rows) : max(bottom, 0), min(max(left, 0), columns) : max(right, 0)]
    above, before = min(max(-top, 0), height), min(max(-left, 0), width)
    below, after = height - above - part.shape[-2], width - before - part.shape[-1]
    return weft.nn.functional.pad(part, (before, after, above, below))


def center_crop(inpt: ImageT, output_size: int | Sequence[int]) -> ImageT:
    """The middle of an image; a smaller image is padded with 0.

    Args:
        inpt: an image of any kind.
        output_size: (height, width), or an integer for a square.

    Raises TypeError for what is no image, ValueError for bad sizes.

    >>> import weft
    >>> weft.transforms.functional.center_crop(weft.arange(16).reshape(1, 4, 4), 2)
    tensor([[[ 5,  6],
             [ 9, 10]]])
    """
    height, width = pair_of_sizes("center_crop", output_size)
    rows, columns = size_of("center_crop", inpt)
    more_rows, more_columns = max(height - rows, 0), max(width - columns, 0)
    # Padding comes first: its halves are rounded up at the end, those of the crop to even.
    top = -(more_rows // 2) if more_rows else int(round((rows - height) / 2.0))
    left = -(more_columns // 2) if more_columns else int(round((columns - width) / 2.0))
    return crop(inpt, top, left, height, width)


def resized_crop(
    inpt: ImageT,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: InterpolationMode | str | int = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> ImageT:
    """A part of an image, resized: :func:`crop`, then :func:`resize`.

    Args:
        inpt: an image of any kind.
        top: the row where the part begins.
        left: the column where it begins.
        height: its height.
        width: its width.
        size: of the result, as of resize.
        interpolation: as of resize.
        antialias: as of resize.

    Raises what these two raise.

    >>> import weft
    >>> weft.transforms.functional.resized_crop(weft.ones(1, 8, 8), 2, 2, 4, 4, [2, 2])
    tensor([[[1., 1.],
             [1., 1.]]])
    """
    return resize(crop(inpt, top, left, height, width), size, interpolation, antialias=antialias)


def five_crop(inpt: ImageT, size: int | Sequence[int]) -> tuple[ImageT, ImageT, ImageT, ImageT, ImageT]:
    """The four corners and the middle of an image.

    Args:
        inpt: an image of any kind.
        size: (height, width) of each, or an integer for squares.

    Returns top left, top right, bottom left, bottom right, centre. Raises ValueError where the size exceeds the image.

    >>> import weft
    >>> [c.item() for c in weft.transforms.functional.five_crop(weft.arange(9).reshape(1, 3, 3), 1)]
    [0, 2, 6, 8, 4]
    """
    height, width = pair_of_sizes("five_crop", size)
    rows, columns = size_of("five_crop", inpt)
    if height > rows or width > columns:
        raise ValueError(
            f"transforms.five_crop: expected a size within the image {(rows, columns)}, got {(height, width)}"
        )
    below, right = rows - height, columns - width
    return (
        crop(inpt, 0, 0, height, width),
        crop(inpt, 0, right, height, width),
        crop(inpt, below, 0, height, width),
        crop(inpt, below, right, height, width),
        center_crop(inpt, [height, width]),
    )


def ten_crop(inpt: ImageT, size: int | Sequence[int], vertical_flip: bool = False) -> tuple[ImageT, ...]:
    """:func:`five_crop` of an image and of its mirror image.

    Args:
        inpt: an image of any kind.
        size: (height, width) of each, or an integer for squares.
        vertical_flip: mirror upside down instead of left to right.

    Returns ten images. Raises what five_crop raises.

    >>> import weft
    >>> [c.item() for c in weft.transforms.functional.ten_crop(weft.arange(9).reshape(1, 3, 3), 1)]
    [0, 2, 6, 8, 4, 2, 0, 8, 6, 4]
    """
    mirrored = flip_vertically(inpt) if vertical_flip else horizontal_flip(inpt)
    return (*five_crop(inpt, size), *five_crop(mirrored, size))


def horizontal_flip(inpt: ImageT) -> ImageT:
    """An image mirrored left to right.

    Args:
        inpt: an image of any kind.

    Raises TypeError for what is no image.

    >>> import weft
    >>> weft.transforms.functional.horizontal_flip(weft.tensor([[[1, 2, 3]]]))
    tensor([[[3, 2, 1]]])
    """
    if isinstance(inpt, BoundingBoxes):
        width = inpt.canvas_size[1]
        return boxes.moved(inpt, inpt.canvas_size, lambda x, y: (width - x, y), cut=False)  # type: ignore[return-value]
    return on_image("horizontal_flip", inpt, _flip_columns, lambda image: image.transpose(0), dims=2)


def vertical_flip(inpt: ImageT) -> ImageT:
    """An image mirrored upside down.

    Args:
        inpt: an image of any kind.

    Raises TypeError for what is no image.

    >>> import weft
    >>> weft.transforms.functional.vertical_flip(weft.tensor([[[1], [2]]]))
    tensor([[[2],
             [1]]])
    """
    if isinstance(inpt, BoundingBoxes):
        height = inpt.canvas_size[0]
        return boxes.moved(inpt, inpt.canvas_size, lambda x, y: (x, height - y), cut=False)  # type: ignore[return-value]
    return on_image("vertical_flip", inpt, _flip_rows, lambda image: image.transpose(1), dims=2)


flip_vertically = vertical_flip  # where an argument hides the name


def _flip_columns(image: Tensor) -> Tensor:
    return image.flip(-1)


def _flip_rows(image: Tensor) -> Tensor:
    return image.flip(-2)


def parse_padding(name: str, padding: Any) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of an integer, [all], [left and right, top and bottom] or four integers."""
    if isinstance(padding, numbers.Integral) and not isinstance(padding, bool):
        return (int(padding),) * 4
    if not isinstance(padding, (list, tuple)) or len(padding) not in (1, 2, 4):
        raise ValueError(f"transforms.{name}: expected padding to be an integer or 1, 2 or 4 of them, got {padding!r}")
    values = [check_int(name, "padding", p) for p in padding]
    left, top, right, bottom = values * 4 if len(values) == 1 else values * 2 if len(values) == 2 else values
    return left, top, right, bottom


def pad(
    inpt: ImageT,
    padding: int | Sequence[int],
    fill: float | Sequence[float] | None = None,
    padding_mode: str = "constant",
) -> ImageT:
    """An image with a border.

    Args:
        inpt: an image of any kind.
        padding: an integer for all sides, (left and right, top and bottom), or (left, top, right, bottom).
        fill: the border of the mode constant: a number, or one for each channel; None is 0.
        padding_mode: constant, edge (repeats the last pixel), reflect (mirrors without it) or symmetric (with it).

    Raises TypeError for what is no image, ValueError for bad padding, and for mirrors that are larger than the image.

    >>> import weft
    >>> weft.transforms.functional.pad(weft.tensor([[[1, 2, 3]]]), (2, 0), padding_mode="reflect")
    tensor([[[3, 2, 1, 2, 3, 2, 1]]])
    """
    sides = parse_padding("pad", padding)
    if padding_mode not in _PAD_MODES:
        raise ValueError(f"transforms.pad: expected padding_mode {', '.join(_PAD_MODES)}, got {padding_mode!r}")
    if padding_mode != "constant":
        _check_mirror(padding_mode, sides, size_of("pad", inpt))
        if isinstance(fill, (list, tuple)) and len(fill) > 1:
            raise ValueError(f"transforms.pad: fill for each channel needs the mode constant, got {padding_mode!r}")
    if isinstance(inpt, BoundingBoxes):
        left, top, right, bottom = sides
        height, width = inpt.canvas_size
        canvas = (height + top + bottom, width + left + right)
        return boxes.moved(inpt, canvas, lambda x, y: (x + left, y + top))  # type: ignore[return-value]
    return on_image("pad", inpt, pad_tensor, _pad_pil, sides, fill, padding_mode, dims=2)


def _check_mirror(mode: str, sides: tuple[int, int, int, int], size: tuple[int, int]) -> None:
    left, top, right, bottom = sides
    if min(sides) < 0:
        raise ValueError(f"transforms.pad: negative padding needs the mode constant, got {sides} with {mode!r}")
    limit = {"edge": float("inf"), "symmetric": 0, "reflect": -1}[mode]
    if max(top, bottom) > size[0] + limit or max(left, right) > size[1] + limit or 0 in size:
        raise ValueError(f"transforms.pad: padding {sides} is too much for mode {mode!r} and an image of {size}")


def pad_tensor(image: Tensor, sides: tuple[int, int, int, int], fill: Any, mode: str) -> Tensor:
    """:func:`pad` of a tensor, unchecked."""
    left, top, right, bottom = sides
    if mode == "constant":
        if fill is None or type(fill) in (int, float):
            return weft.nn.functional.pad(image, (left, right, top, bottom), value=fill or 0)
        values = tensor_fill("pad", image, fill)
        if len(values) == 1:
            return weft.nn.functional.pad(image, (left, right, top, bottom), value=values[0])
        colour = weft.tensor(values, device=image.device).to(image.dtype).reshape(-1, 1, 1)
        rows, columns = image.shape[-2:]
        result = colour.expand(*image.shape[:-2], rows + top + bottom, columns + left + right).contiguous()
        inner = result[..., max(top, 0) : rows + top + min(bottom, 0), max(left, 0) : columns + left + min(right, 0)]
        inner.copy_(crop_tensor(image, max(-top, 0), max(-left, 0), *inner.shape[-2:]))
        return result
    for dim, before, after in ((-2, top, bottom), (-1, left, right)):
        if before or after:
            numpy_mode: Any = mode
            order = np.pad(np.arange(image.shape[dim]), (before, after), mode=numpy_mode)
            image = image.index_select(dim, weft.from_numpy(order).to(image.device))
    return image


def _pad_pil(image: Any, sides: tuple[int, int, int, int], fill: Any, mode: str) -> Any:
    pil = need_pillow("pad")
    left, top, right, bottom = sides
    if mode == "constant":
        value = pil_fill("pad", image, fill)
        width, height = image.width + left + right, image.height + top + bottom
        result = pil.Image.new(image.mode, (width, height), value)
        if image.mode == "P":
            result.putpalette(image.getpalette())
        result.paste(image, (left, top))
        return result
    array = np.asarray(image)
    padding = ((top, bottom), (left, right), (0, 0))[: array.ndim]
    numpy_mode: Any = mode
    result = pil.Image.fromarray(np.pad(array, padding, mode=numpy_mode))
    if image.mode == "P":
        result = pil.Image.frombytes("P", result.size, result.tobytes())
        result.putpalette(image.getpalette())
    return result


def erase(inpt: ImageT, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> ImageT:
    """An image with a rectangle replaced.

    Args:
        inpt: an image of any kind.
        i: the rectangle's first row.
        j: its first column.
        h: its height.
        w: its width.
        v: what is put there: a number, or a tensor that broadcasts to (C, h, w).
        inplace: change a tensor or an array itself.

    Raises TypeError for what is no image, ValueError where the rectangle leaves the image.

    >>> import weft
    >>> weft.transforms.functional.erase(weft.ones(1, 2, 3), 0, 1, 2, 1, weft.zeros(1))
    tensor([[[1., 0., 1.],
             [1., 0., 1.]]])
    """
    rows, columns = size_of("erase", inpt)
    for what, value in (("i", i), ("j", j), ("h", h), ("w", w)):
        check_int("erase", what, value, 0)
    if i + h > rows or j + w > columns:
        raise ValueError(f"transforms.erase: the rectangle ends at {(i + h, j + w)}, the image at {(rows, columns)}")
    if not isinstance(v, Tensor):
        check_number("erase", "v", v)
    from weft.transforms.functional.kinds import through_tensor

    return on_image("erase", inpt, _erase, through_tensor("erase", _erase), i, j, h, w, v, inplace)


def _erase(image: Tensor, i: int, j: int, h: int, w: int, v: Any, inplace: bool) -> Tensor:
    if not inplace:
        image = image.clone()
    if isinstance(v, Tensor):
        image[..., i : i + h, j : j + w] = v.to(image.dtype)
    else:
        image[..., i : i + h, j : j + w].fill_(v)
    return image
