"""Images on a larger canvas and images of random size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from weft.transforms import functional as F
from weft.transforms.base import (
    Parameters,
    RandomTransform,
    Transform,
    between,
    check_fill,
    check_range,
    for_kind,
    image_of,
    uniform,
)
from weft.transforms.functional.kinds import (
    InterpolationMode,
    check_int,
    mode_of,
    pair_of_sizes,
    size_of,
)


class RandomZoomOut(RandomTransform):
    """The image at a random place of a larger canvas, with probability p.

    Args:
        fill: of the canvas: a number, one for each channel, or a dict of these by type.
        side_range: the canvas's edges, from and to, in those of the image; at least 1.
        p: the probability.

    Raises ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.RandomZoomOut(side_range=(2.0, 2.0), p=1.0)(weft.ones(1, 2, 2)).sum()
    tensor(4.)
    """

    fill: Any
    side_range: tuple[float, float]

    def __init__(self, fill: Any = 0, side_range: Sequence[float] = (1.0, 4.0), p: float = 0.5) -> None:
        super().__init__(p)
        self.fill = check_fill("RandomZoomOut", fill)
        self.side_range = check_range("RandomZoomOut", "side_range", side_range, 1)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        rows, columns = size_of("RandomZoomOut", image_of("RandomZoomOut", flat_inputs))
        draws = uniform(3)
        factor = between(draws[0], *self.side_range)
        more_columns, more_rows = int(columns * factor) - columns, int(rows * factor) - rows
        left, top = int(more_columns * draws[1]), int(more_rows * draws[2])
        return {"padding": (left, top, more_columns - left, more_rows - top)}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.pad(inpt, params["padding"], for_kind("RandomZoomOut", self.fill, inpt))


class _RandomResize(Transform):
    interpolation: InterpolationMode
    antialias: bool | None

    def __init__(self, interpolation: InterpolationMode | str | int, antialias: bool | None) -> None:
        super().__init__()
        self.interpolation = mode_of(type(self).__name__, interpolation)
        self.antialias = antialias

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.resize(inpt, params["size"], self.interpolation, params.get("max_size"), self.antialias)


class RandomResize(_RandomResize):
    """The image resized so that its smaller edge has a random length.

    Args:
        min_size: the least length.
        max_size: one more than the greatest.
        interpolation: as of Resize.
        antialias: as of Resize.

    Raises ValueError for bad sizes.

    >>> import weft
    >>> weft.transforms.RandomResize(4, 5)(weft.zeros(3, 10, 20)).shape
    weft.Size([3, 4, 8])
    """

    min_size: int
    max_size: int

    def __init__(
        self,
        min_size: int,
        max_size: int,
        interpolation: InterpolationMode | str | int = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__(interpolation, antialias)
        self.min_size = check_int("RandomResize", "min_size", min_size, 1)
        self.max_size = check_int("RandomResize", "max_size", max_size, self.min_size + 1)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        return {"size": self.min_size + int(uniform(1)[0] * (self.max_size - self.min_size))}


class RandomShortestSize(_RandomResize):
    """The image resized so that its smaller edge has one of several lengths.

    Args:
        min_size: the lengths, or one.
        max_size: the most the larger edge may have; None: no limit.
        interpolation: as of Resize.
        antialias: as of Resize.

    Raises ValueError for bad sizes.

    >>> import weft
    >>> weft.transforms.RandomShortestSize([4], max_size=6)(weft.zeros(3, 10, 20)).shape
    weft.Size([3, 3, 6])
    """

    min_size: list[int]
    max_size: int | None

    def __init__(
        self,
        min_size: int | Sequence[int],
        max_size: int | None = None,
        interpolation: InterpolationMode | str | int = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__(interpolation, antialias)
        sizes = list(min_size) if isinstance(min_size, (list, tuple)) else [min_size]
        self.min_size = [check_int("RandomShortestSize", "min_size", s, 1) for s in sizes]
        if not self.min_size:
            raise ValueError("transforms.RandomShortestSize: expected at least one min_size, got none")
        self.max_size = None if max_size is None else check_int("RandomShortestSize", "max_size", max_size, 1)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        rows, columns = size_of("RandomShortestSize", image_of("RandomShortestSize", flat_inputs))
        edge = self.min_size[int(uniform(1)[0] * len(self.min_size))]
        ratio = edge / max(min(rows, columns), 1)
        if self.max_size is not None:
            ratio = min(ratio, self.max_size / max(rows, columns, 1))
        return {"size": (max(int(rows * ratio), 1), max(int(columns * ratio), 1))}


class ScaleJitter(_RandomResize):
    """The image resized to a random scale of a target that it fits into.

    Args:
        target_size: (height, width).
        scale_range: the scale, from and to.
        interpolation: as of Resize.
        antialias: as of Resize.

    Raises ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.ScaleJitter((8, 8), scale_range=(0.5, 0.5))(weft.zeros(3, 10, 20)).shape
    weft.Size([3, 2, 4])
    """

    target_size: tuple[int, int]
    scale_range: tuple[float, float]

    def __init__(
        self,
        target_size: Sequence[int],
        scale_range: Sequence[float] = (0.1, 2.0),
        interpolation: InterpolationMode | str | int = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__(interpolation, antialias)
        self.target_size = pair_of_sizes("ScaleJitter", target_size)
        self.scale_range = check_range("ScaleJitter", "scale_range", scale_range, 0)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        rows, columns = size_of("ScaleJitter", image_of("ScaleJitter", flat_inputs))
        fit = min(self.target_size[0] / max(rows, 1), self.target_size[1] / max(columns, 1))
        ratio = fit * between(uniform(1)[0], *self.scale_range)
        return {"size": (max(int(rows * ratio), 1), max(int(columns * ratio), 1))}
