"""Resizing, crops, padding, flips and erasing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import weft
from weft import Tensor
from weft.transforms import functional as F
from weft.transforms.base import (
    Parameters,
    RandomTransform,
    RandomValueTransform,
    Transform,
    between,
    check_fill,
    check_range,
    for_kind,
    image_of,
    uniform,
)
from weft.transforms.functional.geometry import crop_tensor, parse_padding
from weft.transforms.functional.kinds import (
    InterpolationMode,
    check_int,
    check_number,
    get_num_channels,
    is_pil,
    mode_of,
    pair_of_sizes,
    size_of,
)


class RandomHorizontalFlip(RandomTransform):
    """The image mirrored left to right, with probability p.

    Args:
        p: the probability.

    >>> import weft
    >>> weft.transforms.RandomHorizontalFlip(p=1.0)(weft.tensor([[[1, 2]]]))
    tensor([[[2, 1]]])
    """

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.horizontal_flip(inpt)


class RandomVerticalFlip(RandomTransform):
    """The image mirrored upside down, with probability p.

    Args:
        p: the probability.

    >>> import weft
    >>> weft.transforms.RandomVerticalFlip(p=1.0)(weft.tensor([[[1], [2]]])).flatten()
    tensor([2, 1])
    """

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.vertical_flip(inpt)


class Resize(Transform):
    """The image resized.

    Args:
        size: (height, width), or an integer: the smaller edge, keeping the ratio; None: the larger edge is max_size.
        interpolation: for tensors nearest, nearest-exact, bilinear or bicubic.
        max_size: the most the larger edge may have, where size is an integer.
        antialias: of bilinear and bicubic: average what becomes one pixel, as Pillow always does.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.Resize(5)(weft.zeros(3, 20, 10)).shape
    weft.Size([3, 10, 5])
    """

    size: int | list[int] | None
    interpolation: InterpolationMode
    max_size: int | None
    antialias: bool | None

    def __init__(
        self,
        size: int | Sequence[int] | None,
        interpolation: InterpolationMode | str | int = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if size is None:
            check_int("Resize", "max_size, for a size of None,", max_size, 1)
        elif isinstance(size, (list, tuple)):
            pair_of_sizes("Resize", size)
            if max_size is not None and len(size) == 2:
                raise ValueError(f"transforms.Resize: max_size is for a size of one edge, got size {size!r} with it")
        elif max_size is not None:
            if check_int("Resize", "max_size", max_size, 1) <= check_int("Resize", "size", size, 1):
                raise ValueError(f"transforms.Resize: expected max_size to be above size {size}, got {max_size}")
        else:
            check_int("Resize", "size", size, 1)
        self.size = list(size) if isinstance(size, (list, tuple)) else size
        self.interpolation = mode_of("Resize", interpolation)
        self.max_size = max_size
        self.antialias = antialias

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.resize(inpt, self.size, self.interpolation, self.max_size, self.antialias)


class CenterCrop(Transform):
    """The middle of the image; a smaller image is padded with 0.

    Args:
        size: (height, width), or an integer for a square.

    >>> import weft
    >>> weft.transforms.CenterCrop(2)(weft.arange(16).reshape(1, 4, 4))
    tensor([[[ 5,  6],
             [ 9, 10]]])
    """

    size: tuple[int, int]

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair_of_sizes("CenterCrop", size)

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.center_crop(inpt, self.size)


class RandomCrop(Transform):
    """A part of the image at a random place.

    Args:
        size: (height, width) of the part, or an integer for a square.
        padding: a border that is added first: an integer, (left and right, top and bottom), or
            (left, top, right, bottom).
        pad_if_needed: pad images that are smaller than the part.
        fill: of the border: a number, one for each channel, or a dict of these by type.
        padding_mode: constant, edge, reflect or symmetric.

    Raises ValueError where the part does not fit into the image.

    >>> import weft
    >>> weft.transforms.RandomCrop(2, padding=1)(weft.zeros(3, 4, 4)).shape
    weft.Size([3, 2, 2])
    """

    size: tuple[int, int]
    padding: tuple[int, int, int, int] | None
    pad_if_needed: bool
    fill: Any
    padding_mode: str

    def __init__(
        self,
        size: int | Sequence[int],
        padding: int | Sequence[int] | None = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = pair_of_sizes("RandomCrop", size)
        self.padding = None if padding is None else parse_padding("RandomCrop", padding)
        self.pad_if_needed = bool(pad_if_needed)
        self.fill = check_fill("RandomCrop", fill)
        self.padding_mode = _padding_mode("RandomCrop", padding_mode)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        rows, columns = size_of("RandomCrop", image_of("RandomCrop", flat_inputs))
        height, width = self.size
        left, top, right, bottom = self.padding or (0, 0, 0, 0)
        if self.pad_if_needed:
            more = max(height - rows - top - bottom, 0)
            top, bottom = top + more, bottom + more
            more = max(width - columns - left - right, 0)
            left, right = left + more, right + more
        free_rows, free_columns = rows + top + bottom - height, columns + left + right - width
        if free_rows < 0 or free_columns < 0:
            raise ValueError(
                f"transforms.RandomCrop: expected an image of at least {self.size} pixels, got "
                f"{(rows + top + bottom, columns + left + right)} with padding; pad_if_needed=True pads smaller ones"
            )
        first, second = uniform(2) if free_rows or free_columns else (0.0, 0.0)
        return {
            "top": int(first * (free_rows + 1)),
            "left": int(second * (free_columns + 1)),
            "height": height,
            "width": width,
            "padding": (left, top, right, bottom) if left or top or right or bottom else None,
        }

    def transform(self, inpt: Any, params: Parameters) -> Any:
        top, left, padding = params["top"], params["left"], params["padding"]
        if padding is not None:
            fill = for_kind("RandomCrop", self.fill, inpt)
            if self.padding_mode == "constant" and (fill is None or fill == 0) and min(padding) >= 0:
                top, left = top - padding[1], left - padding[0]  # a crop fills what is outside with 0
            else:
                inpt = F.pad(inpt, padding, fill, self.padding_mode)
        if type(inpt) is Tensor and inpt.ndim >= 2:
            return crop_tensor(inpt, top, left, params["height"], params["width"])
        return F.crop(inpt, top, left, params["height"], params["width"])


def _padding_mode(name: str, mode: str) -> str:
    if mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError(f"transforms.{name}: expected padding_mode constant, edge, reflect or symmetric, got {mode!r}")
    return mode


class RandomResizedCrop(Transform):
    """A part of the image of random size and ratio, resized.

    Args:
        size: (height, width) of the result, or an integer for a square.
        scale: the part's area, from and to, as parts of the image's.
        ratio: the part's width divided by its height, from and to.
        interpolation: as of Resize.
        antialias: as of Resize.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.RandomResizedCrop(4)(weft.zeros(3, 20, 10)).shape
    weft.Size([3, 4, 4])
    """

    size: tuple[int, int]
    scale: tuple[float, float]
    ratio: tuple[float, float]
    interpolation: InterpolationMode
    antialias: bool | None

    def __init__(
        self,
        size: int | Sequence[int],
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: InterpolationMode | str | int = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = pair_of_sizes("RandomResizedCrop", size)
        self.scale = check_range("RandomResizedCrop", "scale", scale, 0)
        self.ratio = check_range("RandomResizedCrop", "ratio", ratio, 1e-9)
        self.interpolation = mode_of("RandomResizedCrop", interpolation)
        self.antialias = antialias
        self._log_ratio = (math.log(self.ratio[0]), math.log(self.ratio[1]))

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        rows, columns = size_of("RandomResizedCrop", image_of("RandomResizedCrop", flat_inputs))
        if not rows or not columns:
            raise ValueError(f"transforms.RandomResizedCrop: expected an image with pixels, got {(rows, columns)}")
        for _ in range(10):
            draws = uniform(4)
            area = rows * columns * between(draws[0], *self.scale)
            ratio = math.exp(between(draws[1], *self._log_ratio))
            width, height = int(round(math.sqrt(area * ratio))), int(round(math.sqrt(area / ratio)))
            if 0 < width <= columns and 0 < height <= rows:
                top, left = int(draws[2] * (rows - height + 1)), int(draws[3] * (columns - width + 1))
                return {"top": top, "left": left, "height": height, "width": width}
        # The largest part in the middle whose ratio is allowed
        height, width = rows, columns
        if columns / rows < self.ratio[0]:
            height = min(max(int(round(columns / self.ratio[0])), 1), rows)
        elif columns / rows > self.ratio[1]:
            width = min(max(int(round(rows * self.ratio[1])), 1), columns)
        return {"top": (rows - height) // 2, "left": (columns - width) // 2, "height": height, "width": width}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        part = F.crop(inpt, params["top"], params["left"], params["height"], params["width"])
        return F.resize(part, self.size, self.interpolation, None, self.antialias)


class FiveCrop(Transform):
    """The four corners and the middle of the image, as a tuple.

    Args:
        size: (height, width) of each, or an integer for squares.

    Raises ValueError where the size exceeds the image.

    >>> import weft
    >>> [c.item() for c in weft.transforms.FiveCrop(1)(weft.arange(9).reshape(1, 3, 3))]
    [0, 2, 6, 8, 4]
    """

    size: tuple[int, int]

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = pair_of_sizes("FiveCrop", size)

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.five_crop(inpt, self.size)


class TenCrop(Transform):
    """The four corners and the middle of the image and of its mirror image, as a tuple.

    Args:
        size: (height, width) of each, or an integer for squares.
        vertical_flip: mirror upside down instead of left to right.

    Raises ValueError where the size exceeds the image.

    >>> import weft
    >>> len(weft.transforms.TenCrop(1)(weft.arange(9).reshape(1, 3, 3)))
    10
    """

    size: tuple[int, int]
    vertical_flip: bool

    def __init__(self, size: int | Sequence[int], vertical_flip: bool = False) -> None:
        super().__init__()
        self.size = pair_of_sizes("TenCrop", size)
        self.vertical_flip = bool(vertical_flip)

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.ten_crop(inpt, self.size, self.vertical_flip)


class Pad(Transform):
    """The image with a border.

    Args:
        padding: an integer for all sides, (left and right, top and bottom), or (left, top, right, bottom).
        fill: of the mode constant: a number, one for each channel, or a dict of these by type.
        padding_mode: constant, edge (repeats the last pixel), reflect (mirrors without it) or symmetric (with it).

    Raises ValueError for bad padding.

    >>> import weft
    >>> weft.transforms.Pad((1, 0))(weft.tensor([[[5]]]))
    tensor([[[0, 5, 0]]])
    """

    padding: tuple[int, int, int, int]
    fill: Any
    padding_mode: str

    def __init__(self, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        self.padding = parse_padding("Pad", padding)
        self.fill = check_fill("Pad", fill)
        self.padding_mode = _padding_mode("Pad", padding_mode)

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.pad(inpt, self.padding, for_kind("Pad", self.fill, inpt), self.padding_mode)


class RandomErasing(RandomValueTransform):
    """The image with a random rectangle replaced, with probability p.

    Args:
        p: the probability.
        scale: the rectangle's area, from and to, as parts of the image's.
        ratio: its height divided by its width, from and to.
        value: what is put there: a number, one for each channel, or "random" for normal noise.
        inplace: change a tensor or an array itself.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> erased = weft.transforms.RandomErasing(p=1.0, scale=(0.25, 0.25), ratio=(1.0, 1.0))(weft.ones(1, 8, 8))
    >>> erased.sum()
    tensor(48.)
    """

    scale: tuple[float, float]
    ratio: tuple[float, float]
    value: Any
    inplace: bool

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: float | str | Sequence[float] = 0.0,
        inplace: bool = False,
    ) -> None:
        super().__init__(p)
        self.scale = check_range("RandomErasing", "scale", scale, 0, 1)
        self.ratio = check_range("RandomErasing", "ratio", ratio, 1e-9)
        if isinstance(value, str):
            if value != "random":
                raise ValueError(f"transforms.RandomErasing: expected value to be numbers or 'random', got {value!r}")
        else:
            for part in value if isinstance(value, (list, tuple)) else (value,):
                check_number("RandomErasing", "value", part)
        self.value = value if isinstance(value, (str, list, tuple)) else float(value)
        self.inplace = bool(inplace)
        self._log_ratio = (math.log(self.ratio[0]), math.log(self.ratio[1]))

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        image = image_of("RandomErasing", flat_inputs)
        rows, columns = size_of("RandomErasing", image)
        channels = get_num_channels(image)
        value = [self.value] if isinstance(self.value, (int, float)) else self.value
        if value != "random" and len(value) not in (1, channels):
            raise ValueError(f"transforms.RandomErasing: expected 1 or {channels} values, got {self.value!r}")
        for _ in range(10):
            draws = uniform(4)
            area = rows * columns * between(draws[0], *self.scale)
            ratio = math.exp(between(draws[1], *self._log_ratio))
            h, w = int(round(math.sqrt(area * ratio))), int(round(math.sqrt(area / ratio)))
            if h < rows and w < columns:
                i, j = int(draws[2] * (rows - h + 1)), int(draws[3] * (columns - w + 1))
                v = weft.randn(channels, h, w) if value == "random" else weft.tensor(value)[:, None, None]
                return {"i": i, "j": j, "h": h, "w": w, "v": v}
        return {"v": None}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        if params["v"] is None:
            return inpt
        v = params["v"].to(inpt.device) if isinstance(inpt, Tensor) else params["v"]
        return F.erase(inpt, params["i"], params["j"], params["h"], params["w"], v, self.inplace and not is_pil(inpt))
