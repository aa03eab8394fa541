"""What becomes of boxes when their image is moved: their corners are, and the result is the box around these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import weft
from weft import Tensor
from weft.transforms.functional.kinds import check_number
from weft.transforms.tv_tensors import BoundingBoxes, BoundingBoxFormat, format_of, plain, wrap


def _corners(boxes: Tensor, format: BoundingBoxFormat) -> Tensor:
    """(N, 4) as corners."""
    if format is BoundingBoxFormat.XYXY:
        return boxes
    first, size = boxes[..., :2], boxes[..., 2:]
    if format is BoundingBoxFormat.CXCYWH:
        half = size / 2 if boxes.dtype.is_floating_point else size.div(2, rounding_mode="floor")
        first = first - half
    return weft.cat((first, first + size), -1)


def _formatted(corners: Tensor, format: BoundingBoxFormat) -> Tensor:
    if format is BoundingBoxFormat.XYXY:
        return corners
    first, size = corners[..., :2], corners[..., 2:] - corners[..., :2]
    if format is BoundingBoxFormat.CXCYWH:
        first = first + (size / 2 if corners.dtype.is_floating_point else size.div(2, rounding_mode="floor"))
    return weft.cat((first, size), -1)


def convert_bounding_box_format(
    inpt: Any, old_format: Any = None, new_format: Any = None, inplace: bool = False
) -> Any:
    """Boxes in another format.

    Args:
        inpt: BoundingBoxes, or a tensor (..., 4) with ``old_format``.
        old_format: of a plain tensor: a BoundingBoxFormat or its name.
        new_format: the one to have.
        inplace: change the tensor itself.

    Raises TypeError where a format is missing, or given for boxes that have one.

    >>> import weft
    >>> weft.transforms.functional.convert_bounding_box_format(weft.tensor([[1, 2, 5, 9]]), "XYXY", "XYWH")
    tensor([[1, 2, 4, 7]])
    """
    marked = isinstance(inpt, BoundingBoxes)
    if new_format is None or not isinstance(inpt, Tensor) or marked == (old_format is not None):
        raise TypeError(
            "transforms.convert_bounding_box_format: expected boxes and new_format, and old_format for a plain tensor"
        )
    new = format_of(new_format)
    result = _formatted(_corners(inpt, inpt.format if marked else format_of(old_format)), new)
    if inplace:
        inpt.copy_(result)
        if marked:
            inpt.format = new
        return inpt
    return wrap(result, like=inpt, format=new) if marked else result


def clamp_bounding_boxes(inpt: Any, format: Any = None, canvas_size: Any = None) -> Any:
    """Boxes cut where the image ends.

    Args:
        inpt: BoundingBoxes, or a tensor (..., 4) with the other two.
        format: of a plain tensor.
        canvas_size: (height, width), of a plain tensor.

    Raises TypeError where these are missing.

    >>> import weft
    >>> weft.transforms.functional.clamp_bounding_boxes(weft.tensor([[-1, 2, 5, 9]]), "XYXY", (4, 4))
    tensor([[0, 2, 4, 4]])
    """
    if not isinstance(inpt, Tensor) or (not isinstance(inpt, BoundingBoxes) and None in (format, canvas_size)):
        raise TypeError(
            "transforms.clamp_bounding_boxes: expected boxes, and format and canvas_size for a plain tensor"
        )
    kind = format_of(format) if format is not None else inpt.format
    canvas = canvas_size if canvas_size is not None else inpt.canvas_size
    result = _formatted(_cut(_corners(inpt, kind), canvas), kind)
    return wrap(result, like=inpt) if isinstance(inpt, BoundingBoxes) else result


def sanitize_bounding_boxes(
    bounding_boxes: Any, format: Any = None, canvas_size: Any = None, min_size: float = 1.0, min_area: float = 1.0
) -> tuple[Any, Tensor]:
    """The boxes that are large enough and lie within the image, and for each of the given ones whether it is kept.

    Args:
        bounding_boxes: BoundingBoxes, or a tensor (N, 4) with the next two.
        format: of a plain tensor.
        canvas_size: (height, width), of a plain tensor.
        min_size: the least width and height.
        min_area: the least area.

    Raises TypeError where format or canvas_size is missing, ValueError for negative limits.

    >>> import weft
    >>> corners = weft.tensor([[1, 2, 5, 9], [3, 3, 3, 9]])
    >>> weft.transforms.functional.sanitize_bounding_boxes(corners, "XYXY", (9, 9))
    (tensor([[1, 2, 5, 9]]), tensor([ True, False]))
    """
    marked = isinstance(bounding_boxes, BoundingBoxes)
    if not isinstance(bounding_boxes, Tensor) or (not marked and None in (format, canvas_size)):
        raise TypeError(
            "transforms.sanitize_bounding_boxes: expected boxes, and format and canvas_size for a plain tensor"
        )
    check_number("sanitize_bounding_boxes", "min_size", min_size, 0)
    check_number("sanitize_bounding_boxes", "min_area", min_area, 0)
    kind = format_of(format) if format is not None else bounding_boxes.format
    height, width = canvas_size if canvas_size is not None else bounding_boxes.canvas_size
    boxes = plain(bounding_boxes)
    x0, y0, x1, y1 = _corners(boxes, kind).unbind(-1)
    valid = (x1 - x0 >= min_size) & (y1 - y0 >= min_size) & ((x1 - x0) * (y1 - y0) >= min_area)
    valid = valid & (x0 >= 0) & (y0 >= 0) & (x1 <= width) & (y1 <= height)
    kept = boxes[valid]
    return (wrap(kept, like=bounding_boxes) if marked else kept), valid


def _cut(corners: Tensor, canvas: Any) -> Tensor:
    return weft.cat([corners[..., i : i + 1].clamp(0, canvas[1 - i % 2]) for i in range(4)], -1)


def moved(
    boxes: BoundingBoxes,
    canvas: tuple[int, int],
    place: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    cut: bool = True,
) -> BoundingBoxes:
    """The boxes around the corners at their new places, on the new canvas, and cut where that ends."""
    corners = _corners(boxes.detach().to(weft.float64), boxes.format)
    x, y = place(corners[:, [0, 2, 2, 0]], corners[:, [1, 1, 3, 3]])
    around = weft.stack((x.amin(1), y.amin(1), x.amax(1), y.amax(1)), 1)
    result = _formatted(_cut(around, canvas) if cut else around, boxes.format)
    if not boxes.dtype.is_floating_point:
        result.add_(result.sign() * 1e-6)  # whole numbers that rounding left just nearer to 0
    return wrap(result.to(boxes.dtype), like=boxes, canvas_size=canvas)


def by_matrix(boxes: BoundingBoxes, canvas: tuple[int, int], to_image: list[float]) -> BoundingBoxes:
    """Of a map whose numbers lead from the result to the image: six, or eight with perspective."""
    rows = [*to_image, 0.0, 0.0][:8]
    m = np.linalg.inv(np.array([*rows, 1.0]).reshape(3, 3)).reshape(9).tolist()

    def place(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        below = x * m[6] + y * m[7] + m[8]
        return (x * m[0] + y * m[1] + m[2]) / below, (x * m[3] + y * m[4] + m[5]) / below

    return moved(boxes, canvas, place)


def by_displacement(boxes: BoundingBoxes, displacement: Tensor) -> BoundingBoxes:
    """Of an elastic deformation: a corner moves against the shift of its pixel, which is nearly the inverse map."""
    height, width = boxes.canvas_size
    shift = displacement[0].to(weft.float64)

    def place(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        at = shift[y.clamp(0, height - 1).to(weft.int64), x.clamp(0, width - 1).to(weft.int64)]
        return x - at[..., 0] * (width / 2), y - at[..., 1] * (height / 2)

    return moved(boxes, (height, width), place)
