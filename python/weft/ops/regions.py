"""Regions of feature maps, brought to one size: RoIAlign and RoIPool."""

from __future__ import annotations

import math

import weft
from weft import nn
from weft._checks import check_tensors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Ints


def _pair(function, value):
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2 or min(pair) <= 0:
        raise ValueError(f"{function}: output_size must be one positive number or two, got {value!r}")
    return pair


def _rows(function, input, boxes):
    """Boxes as rows (K, 5): the index of the image, then the corners."""
    check_tensors(function, input=input)
    if input.ndim != 4 or not input.is_floating_point():
        got = f"{input.dtype} {tuple(input.shape)}"
        raise ValueError(f"{function}: expected floating-point input of shape (N, C, H, W), got {got}")
    if isinstance(boxes, weft.Tensor):
        if boxes.ndim != 2 or boxes.shape[1] != 5:
            raise ValueError(f"{function}: expected boxes of shape (K, 5), got {tuple(boxes.shape)}")
        rows = boxes
    else:
        for i, each in enumerate(boxes):
            if each.ndim != 2 or each.shape[1] != 4:
                raise ValueError(f"{function}: expected boxes[{i}] of shape (L, 4), got {tuple(each.shape)}")
        if len(boxes) > input.shape[0]:
            raise ValueError(f"{function}: got boxes of {len(boxes)} images, but input has {input.shape[0]}")
        indexed = [weft.cat([weft.full_like(each[:, :1], i), each], 1) for i, each in enumerate(boxes)]
        rows = weft.cat(indexed) if indexed else input.new_zeros(0, 5)
    # Corners of half types would not tell pixels apart.
    return rows.detach().to(weft.float64 if input.dtype == weft.float64 else weft.float32)


def _pixels(input):
    """The channels of each pixel as a row: (N * H * W, C)."""
    return input.permute(0, 2, 3, 1).reshape(-1, input.shape[1])


def _samples(start, bin_size, counts, bins, most, size):
    """Where one axis is read: two indices and two weights for each sample, (K, bins, most).

    The rule of bilinear RoIAlign: samples beyond one pixel outside weigh nothing, others are moved into the map.
    """
    steps = weft.arange(most, device=start.device, dtype=start.dtype)
    offsets = (steps + 0.5) / counts[:, None].clamp(min=1)
    at = start[:, None, None] + bin_size[:, None, None] * (
        weft.arange(bins, device=start.device, dtype=start.dtype)[:, None] + offsets[:, None, :]
    )
    valid = (at >= -1) & (at <= size) & (steps < counts[:, None])[:, None, :]
    at = at.clamp(0, size - 1)
    low = at.floor()
    high = (low + 1).clamp(max=size - 1)
    weight = at - low
    return low.long(), high.long(), (1 - weight) * valid, weight * valid


def roi_align(
    input: Tensor,
    boxes: Tensor | Sequence[Tensor],
    output_size: Ints,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    """Means of bilinear samples in a grid of bins over each region (He et al., 2017).

    Each region is cut into output_size bins, each bin is sampled at sampling_ratio x sampling_ratio points. The
    gradient flows to the input, not to the boxes.

    Args:
        input: (N, C, H, W).
        boxes: (K, 5) rows of image index, x1, y1, x2, y2; or for each image a tensor (L_i, 4).
        output_size: bins, one number or (height, width).
        spatial_scale: what coordinates of boxes are multiplied by to get those of the input.
        sampling_ratio: samples per bin and axis; if not positive, the size of the bin rounded up.
        aligned: pixels have their centre at half coordinates; without it boxes are half a pixel off and at least
            one pixel large.

    Returns:
        (K, C, height, width), of the dtype of input.

    Raises:
        ValueError: the shapes do not fit or output_size is not positive.

    >>> import weft
    >>> x = weft.arange(16.0).reshape(1, 1, 4, 4)
    >>> weft.ops.roi_align(x, [weft.tensor([[0.0, 0.0, 4.0, 4.0]])], 2, sampling_ratio=2, aligned=True)
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """
    height, width = _pair("roi_align", output_size)
    rows = _rows("roi_align", input, boxes)
    _, channels, h, w = input.shape
    offset = 0.5 if aligned else 0.0
    x1, y1, x2, y2 = (rows[:, i] * spatial_scale - offset for i in range(1, 5))
    sides = [y2 - y1, x2 - x1]
    if not aligned:
        sides = [side.clamp(min=1) for side in sides]
    axes = []
    for start, side, bins, size in ((y1, sides[0], height, h), (x1, sides[1], width, w)):
        if sampling_ratio > 0:
            counts, most = weft.full_like(side, sampling_ratio), sampling_ratio
        else:
            counts = (side / bins).ceil().clamp(min=0)  # a region without extent has no samples
            most = int(counts.max()) if len(rows) else 0
        axes.append((counts, _samples(start, side / bins, counts, bins, most, size)))
    (rows_of, (top, bottom, weight_top, weight_bottom)), (columns_of, (left, right, weight_left, weight_right)) = axes
    pixels = _pixels(input)
    image = (rows[:, 0].long() * (h * w))[:, None, None, None, None]
    total = None
    for y, weight_y in ((top, weight_top), (bottom, weight_bottom)):
        for x, weight_x in ((left, weight_left), (right, weight_right)):
            index = image + (y * w)[:, :, :, None, None] + x[:, None, None, :, :]
            weight = weight_y[:, :, :, None, None] * weight_x[:, None, None, :, :]
            part = pixels[index.flatten()].reshape(*index.shape, channels) * weight[..., None].to(input.dtype)
            part = part.sum((2, 4))
            total = part if total is None else total + part
    count = (rows_of * columns_of).clamp(min=1)
    return (total / count[:, None, None, None].to(input.dtype)).permute(0, 3, 1, 2)


def _rounded(x):
    """To the nearest integer, halves away from zero."""
    return weft.sign(x) * (x.abs() + 0.5).floor()


def _bins(start, end, bins, size):
    """First pixel and end of each bin along one axis: two of (K, bins)."""
    start, end = _rounded(start), _rounded(end)
    bin_size = (end - start + 1).clamp(min=1) / bins
    numbers = weft.arange(bins, device=start.device, dtype=start.dtype)
    first = (numbers * bin_size[:, None]).floor() + start[:, None]
    last = ((numbers + 1) * bin_size[:, None]).ceil() + start[:, None]
    return first.clamp(0, size), last.clamp(0, size)


def roi_pool(input: Tensor, boxes: Tensor | Sequence[Tensor], output_size: Ints, spatial_scale: float = 1.0) -> Tensor:
    """Greatest values in a grid of bins over each region (Girshick, 2015). An empty bin gives 0.

    Args:
        input: (N, C, H, W).
        boxes: (K, 5) rows of image index, x1, y1, x2, y2; or for each image a tensor (L_i, 4).
        output_size: bins, one number or (height, width).
        spatial_scale: what coordinates of boxes are multiplied by to get those of the input.

    Returns:
        (K, C, height, width), of the dtype of input.

    Raises:
        ValueError: the shapes do not fit or output_size is not positive.

    >>> import weft
    >>> x = weft.arange(16.0).reshape(1, 1, 4, 4)
    >>> weft.ops.roi_pool(x, [weft.tensor([[0.0, 0.0, 3.0, 3.0]])], 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    height, width = _pair("roi_pool", output_size)
    rows = _rows("roi_pool", input, boxes)
    _, channels, h, w = input.shape
    if not len(rows):
        return input.new_zeros(0, channels, height, width) + 0 * input.sum()
    x1, y1, x2, y2 = (rows[:, i] * spatial_scale for i in range(1, 5))
    axes = []
    for start, end, bins, size in ((y1, y2, height, h), (x1, x2, width, w)):
        first, last = _bins(start, end, bins, size)
        most = max(int((last - first).max()), 1)
        at = first[..., None] + weft.arange(most, device=input.device, dtype=first.dtype)
        axes.append((at.clamp(max=size - 1).long(), at < last[..., None]))
    (y, valid_y), (x, valid_x) = axes
    image = (rows[:, 0].long() * (h * w))[:, None, None, None, None]
    index = image + (y * w)[:, :, None, :, None] + x[:, None, :, None, :]
    valid = (valid_y[:, :, None, :, None] & valid_x[:, None, :, None, :]).flatten(3)
    values = _pixels(input)[index.flatten()].reshape(*valid.shape, channels)
    greatest = values.masked_fill(~valid[..., None], -math.inf).max(3).values
    return greatest.masked_fill(~valid.any(3)[..., None], 0).permute(0, 3, 1, 2)


class RoIAlign(nn.Module):
    """Layer of :func:`roi_align`.

    Args:
        output_size: bins, one number or (height, width).
        spatial_scale: what coordinates of boxes are multiplied by to get those of the input.
        sampling_ratio: samples per bin and axis; if not positive, the size of the bin rounded up.
        aligned: pixels have their centre at half coordinates. Default False.

    Shape:
        Input: (N, C, H, W) and boxes. Output: (K, C, height, width).

    Raises:
        ValueError: output_size is not positive.

    Example:
        >>> import weft
        >>> layer = weft.ops.RoIAlign(2, spatial_scale=0.5, sampling_ratio=2)
        >>> layer(weft.zeros(1, 3, 8, 8), [weft.tensor([[0.0, 0.0, 9.0, 9.0]])]).shape
        weft.Size([1, 3, 2, 2])
    """

    def __init__(self, output_size: Ints, spatial_scale: float, sampling_ratio: int, aligned: bool = False) -> None:
        super().__init__()
        _pair("RoIAlign", output_size)
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.aligned = aligned

    def forward(self, input: Tensor, rois: Tensor | Sequence[Tensor]) -> Tensor:
        return roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, spatial_scale={self.spatial_scale}, "
            f"sampling_ratio={self.sampling_ratio}, aligned={self.aligned}"
        )


class RoIPool(nn.Module):
    """Layer of :func:`roi_pool`.

    Args:
        output_size: bins, one number or (height, width).
        spatial_scale: what coordinates of boxes are multiplied by to get those of the input.

    Shape:
        Input: (N, C, H, W) and boxes. Output: (K, C, height, width).

    Raises:
        ValueError: output_size is not positive.

    Example:
        >>> import weft
        >>> weft.ops.RoIPool(2, 0.5)(weft.zeros(1, 3, 8, 8), [weft.tensor([[0.0, 0.0, 9.0, 9.0]])]).shape
        weft.Size([1, 3, 2, 2])
    """

    def __init__(self, output_size: Ints, spatial_scale: float) -> None:
        super().__init__()
        _pair("RoIPool", output_size)
        self.output_size = output_size
        self.spatial_scale = spatial_scale

    def forward(self, input: Tensor, rois: Tensor | Sequence[Tensor]) -> Tensor:
        return roi_pool(input, rois, self.output_size, self.spatial_scale)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, spatial_scale={self.spatial_scale}"


class MultiScaleRoIAlign(nn.Module):
    """RoIAlign that reads each region from the map of a pyramid that fits its size (Lin et al., 2017).

    A region of area A is read from level ``canonical_level + log2(sqrt(A) / canonical_scale)``, rounded down; a map's
    level is how often its image was halved.

    Args:
        featmap_names: names of the maps to use, fine to coarse.
        output_size: bins, one number or (height, width).
        sampling_ratio: samples per bin and axis; if not positive, the size of the bin rounded up.
        canonical_scale: side of a region of canonical_level. Default 224.
        canonical_level: Default 4.

    Shape:
        Input: a dict of maps (N, C, H_i, W_i), boxes (L_i, 4) of each image, (height, width) of each image.
        Output: (K, C, height, width), the regions in their order.

    Raises:
        ValueError: output_size is not positive; a call lacks all of the maps, or its maps are not the image halved.

    Example:
        >>> import weft
        >>> layer = weft.ops.MultiScaleRoIAlign(["a", "b"], 3, sampling_ratio=2)
        >>> maps = {"a": weft.zeros(1, 5, 16, 16), "b": weft.zeros(1, 5, 8, 8)}
        >>> layer(maps, [weft.tensor([[0.0, 0.0, 30.0, 30.0], [0.0, 0.0, 60.0, 60.0]])], [(64, 64)]).shape
        weft.Size([2, 5, 3, 3])
    """

    featmap_names: Any
    output_size: Any

    def __init__(
        self,
        featmap_names: Sequence[str],
        output_size: Ints,
        sampling_ratio: int,
        *,
        canonical_scale: int = 224,
        canonical_level: int = 4,
    ) -> None:
        super().__init__()
        self.featmap_names = list(featmap_names)
        self.output_size = _pair("MultiScaleRoIAlign", output_size)
        self.sampling_ratio = sampling_ratio
        self.canonical_scale = canonical_scale
        self.canonical_level = canonical_level

    def _levels(self, boxes, first, last):
        sides = boxes[:, 2:] - boxes[:, :2]
        scale = (sides[:, 0] * sides[:, 1]).sqrt() / self.canonical_scale
        return (self.canonical_level + weft.log2(scale) + 1e-6).floor().clamp(first, last)

    def forward(
        self, x: Mapping[str, Tensor], boxes: Sequence[Tensor], image_shapes: Sequence[tuple[int, int]]
    ) -> Tensor:
        maps = [x[name] for name in self.featmap_names if name in x]
        if not maps:
            raise ValueError(f"MultiScaleRoIAlign: expected maps {self.featmap_names}, got {list(x)}")
        largest = max(shape[0] for shape in image_shapes)
        levels = [round(math.log2(largest / features.shape[-2])) for features in maps]
        if levels != list(range(levels[0], levels[0] + len(levels))):
            shapes = [tuple(features.shape[-2:]) for features in maps]
            raise ValueError(f"MultiScaleRoIAlign: each map must be half the one before, got sizes {shapes}")
        rows = _rows("MultiScaleRoIAlign", maps[0], boxes)
        level_of = self._levels(rows[:, 1:], levels[0], levels[-1])
        pieces, places = [], []
        for features, level in zip(maps, levels):
            chosen = weft.where(level_of == level)[0]
            pieces.append(roi_align(features, rows[chosen], self.output_size, 2.0**-level, self.sampling_ratio))
            places.append(chosen)
        return weft.cat(pieces)[weft.argsort(weft.cat(places))]

    def extra_repr(self) -> str:
        return f"{self.featmap_names}, output_size={self.output_size}, sampling_ratio={self.sampling_ratio}"
