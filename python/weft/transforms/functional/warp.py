"""Rotation, affine and perspective maps, elastic deformation: every pixel of the result is looked up in the image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import weft
from weft import Tensor
from weft.transforms.functional import boxes
from weft.transforms.functional.geometry import pad_tensor
from weft.transforms.functional.kinds import (
    ImageT,
    InterpolationMode,
    check_number,
    list_of,
    mode_of,
    numbers_of,
    on_image,
    pil_fill,
    pil_number,
    size_of,
    tensor_fill,
    through_tensor,
)
from weft.transforms.tv_tensors import BoundingBoxes

_TENSOR_MODES = (InterpolationMode.NEAREST, InterpolationMode.BILINEAR)


def inverse_affine(
    center: Sequence[float], angle: float, translate: Sequence[float], scale: float, shear: Sequence[float]
) -> list[float]:
    """The six numbers that take a pixel of the result to its place in the image.

    The map is T C R S Y X C^-1: centre to the origin, shear along x, shear along y, scale, rotation, back, translation.
    """
    turn, shear_x, shear_y = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    cos_y, tan_x = math.cos(shear_y), math.tan(shear_x)
    # Rotation and shears have determinant 1: the inverse of (a b; c d) is (d -b; -c a).
    a = math.cos(turn - shear_y) / cos_y
    b = -a * tan_x - math.sin(turn)
    c = math.sin(turn - shear_y) / cos_y
    d = math.cos(turn) - c * tan_x
    m = [d / scale, -b / scale, 0.0, -c / scale, a / scale, 0.0]
    x, y = center[0] + translate[0], center[1] + translate[1]
    m[2] = center[0] - m[0] * x - m[1] * y
    m[5] = center[1] - m[3] * x - m[4] * y
    return m


def affine(
    inpt: ImageT,
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: float | Sequence[float],
    interpolation: InterpolationMode | str | int = InterpolationMode.NEAREST,
    fill: float | Sequence[float] | None = None,
    center: Sequence[float] | None = None,
) -> ImageT:
    """An image turned, moved, scaled and sheared.

    Args:
        inpt: an image of any kind.
        angle: in degrees, clockwise.
        translate: (to the right, down) in pixels.
        scale: above 0.
        shear: degrees along x, or (along x, along y).
        interpolation: nearest or bilinear; bicubic for PIL images.
        fill: what comes from outside of the image: a number, or one for each channel; None is 0.
        center: (x, y) of the point that stays; None is the middle.

    Raises TypeError for what is no image, ValueError for other bad arguments.

    >>> import weft
    >>> weft.transforms.functional.affine(weft.arange(4).reshape(1, 2, 2), 0, [1, 0], 1.0, 0.0)
    tensor([[[0, 0],
             [0, 2]]])
    """
    check_number("affine", "angle", angle)
    translate = numbers_of("affine", "translate", translate)
    if check_number("affine", "scale", scale) <= 0:
        raise ValueError(f"transforms.affine: expected scale to be above 0, got {scale}")
    shear = [shear, 0.0] if isinstance(shear, (int, float)) else numbers_of("affine", "shear", shear, (1, 2))
    shear = [*shear, *shear] if len(shear) == 1 else shear
    height, width = size_of("affine", inpt)
    mode = mode_of("affine", interpolation, inpt)

    def matrix(middle: tuple[float, float]) -> list[float]:
        point = middle if center is None else numbers_of("affine", "center", center)
        return inverse_affine(point, angle, translate, scale, shear)

    def tensor(image: Tensor) -> Tensor:
        # Pixels have their centres at halves: the middle is (width / 2, height / 2) of edges.
        return _affine_map("affine", image, matrix((width * 0.5, height * 0.5)), (height, width), mode, fill)

    def pil(image: Any, *_: Any) -> Any:
        found = matrix((width * 0.5, height * 0.5))
        return image.transform((width, height), 0, found, pil_number(mode), fillcolor=pil_fill("affine", image, fill))

    if isinstance(inpt, BoundingBoxes):
        found = matrix((width * 0.5, height * 0.5))
        return boxes.by_matrix(inpt, inpt.canvas_size, found)  # type: ignore[return-value]
    return on_image("affine", inpt, tensor, pil)


def rotate(
    inpt: ImageT,
    angle: float,
    interpolation: InterpolationMode | str | int = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: float | Sequence[float] | None = None,
) -> ImageT:
    """An image turned counter-clockwise.

    Args:
        inpt: an image of any kind.
        angle: in degrees.
        interpolation: nearest or bilinear; bicubic for PIL images.
        expand: make the result large enough for the whole image (which is turned about its middle then).
        center: (x, y) of the point that stays; None is the middle.
        fill: what comes from outside of the image: a number, or one for each channel; None is 0.

    Raises TypeError for what is no image, ValueError for other bad arguments.

    >>> import weft
    >>> weft.transforms.functional.rotate(weft.tensor([[[1, 2], [3, 4]]]), 90)
    tensor([[[2, 4],
             [1, 3]]])
    """
    check_number("rotate", "angle", angle)
    mode = mode_of("rotate", interpolation, inpt)
    if center is not None:
        center = numbers_of("rotate", "center", center)

    def pil(image: Any, *_: Any) -> Any:
        colour = pil_fill("rotate", image, fill)
        point = None if center is None else tuple(center)
        return image.rotate(angle, pil_number(mode), bool(expand), point, fillcolor=colour)

    if isinstance(inpt, BoundingBoxes):
        canvas, found = _turn(inpt.canvas_size, angle % 360, bool(expand), center)
        return boxes.by_matrix(inpt, canvas, found)  # type: ignore[return-value]
    return on_image("rotate", inpt, _rotate, pil, angle % 360, mode, expand, center, fill)


def _rotate(image: Tensor, angle: float, mode: InterpolationMode, expand: bool, center: Any, fill: Any) -> Tensor:
    height, width = image.shape[-2:]
    if center is None:
        if angle in (0, 180):
            return image.clone() if angle == 0 else image.flip((-2, -1))
        if angle in (90, 270) and (expand or height == width):
            return image.transpose(-2, -1).flip(-2 if angle == 90 else -1)
    size, matrix = _turn((height, width), angle, expand, center)
    return _affine_map("rotate", image, matrix, size, mode, fill)


def _turn(size: tuple[int, int], angle: float, expand: bool, center: Any) -> tuple[tuple[int, int], list[float]]:
    """The size of a turned image, and the numbers that lead from it to the image."""
    height, width = size
    middle = [width * 0.5, height * 0.5]
    matrix = inverse_affine(middle if center is None else center, -angle, (0.0, 0.0), 1.0, (0.0, 0.0))
    if expand:
        if angle in (90, 270):
            size = width, height
        elif angle not in (0, 180):
            size = _expanded_size(inverse_affine((0.0, 0.0), -angle, (0.0, 0.0), 1.0, (0.0, 0.0)), height, width)
        # The middle of the larger result lies on the image's.
        for row in (0, 3):
            matrix[row + 2] += matrix[row] * (width - size[1]) / 2 + matrix[row + 1] * (height - size[0]) / 2
    return size, matrix


def _expanded_size(matrix: list[float], height: int, width: int) -> tuple[int, int]:
    """The size of a turned image: between the outermost corners, each rounded outwards."""
    corners = np.array([[x, y] for x in (-0.5 * width, 0.5 * width) for y in (-0.5 * height, 0.5 * height)])
    # The inverse of a rotation is its transpose.
    turned = corners @ np.array([[matrix[0], matrix[1]], [matrix[3], matrix[4]]])
    edge = np.array([width * 0.5, height * 0.5])
    # A corner that rounding moved past a whole pixel is one on it.
    size = np.ceil(turned.max(0) + edge - 1e-4) - np.floor(turned.min(0) + edge + 1e-4)
    return int(size[1]), int(size[0])


def perspective_coefficients(startpoints: Any, endpoints: Any) -> list[float]:
    """The eight numbers that take the end points to the start points."""
    rows, values = [], []
    start = [
        numbers_of("perspective", "each of startpoints", p) for p in list_of("perspective", "startpoints", startpoints)
    ]
    end = [numbers_of("perspective", "each of endpoints", p) for p in list_of("perspective", "endpoints", endpoints)]
    if len(start) != 4 or len(end) != 4:
        raise ValueError(f"transforms.perspective: expected four points each, got {len(start)} and {len(end)}")
    for (x, y), (u, v) in zip(end, start):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    found = np.linalg.lstsq(np.array(rows, np.float64), np.array(values, np.float64), rcond=None)[0]
    return found.astype(np.float32).tolist()


def perspective(
    inpt: ImageT,
    startpoints: Sequence[Sequence[int]] | None,
    endpoints: Sequence[Sequence[int]] | None,
    interpolation: InterpolationMode | str | int = InterpolationMode.BILINEAR,
    fill: float | Sequence[float] | None = None,
    coefficients: Sequence[float] | None = None,
) -> ImageT:
    """An image seen at an angle.

    Args:
        inpt: an image of any kind.
        startpoints: four points (x, y) of the image.
        endpoints: where they are in the result.
        interpolation: nearest or bilinear; bicubic for PIL images.
        fill: what comes from outside of the image: a number, or one for each channel; None is 0.
        coefficients: eight numbers a to h instead of points; a pixel (x, y) of the result is that of the image at
            ((a x + b y + c) / (g x + h y + 1), (d x + e y + f) / (g x + h y + 1)).

    Raises TypeError for what is no image, ValueError for other bad arguments.

    >>> import weft
    >>> corners = [[0, 0], [2, 0], [2, 2], [0, 2]]
    >>> weft.transforms.functional.perspective(weft.ones(1, 2, 2), corners, corners).round()
    tensor([[[1., 1.],
             [1., 1.]]])
    """
    mode = mode_of("perspective", interpolation, inpt)
    if coefficients is not None:
        if startpoints is not None and endpoints is not None:
            raise ValueError("transforms.perspective: expected points or coefficients, got both")
        numbers = numbers_of("perspective", "coefficients", coefficients, (8,))
    elif startpoints is None or endpoints is None:
        raise ValueError("transforms.perspective: expected startpoints and endpoints, or coefficients")
    else:
        numbers = perspective_coefficients(startpoints, endpoints)

    def pil(image: Any, *_: Any) -> Any:
        colour = pil_fill("perspective", image, fill)
        return image.transform(image.size, 2, numbers, pil_number(mode), fillcolor=colour)

    if isinstance(inpt, BoundingBoxes):
        return boxes.by_matrix(inpt, inpt.canvas_size, numbers)  # type: ignore[return-value]
    return on_image("perspective", inpt, _perspective, pil, numbers, mode, fill)


def _perspective(image: Tensor, numbers: list[float], mode: InterpolationMode, fill: Any) -> Tensor:
    height, width = image.shape[-2:]
    a, b, c, d, e, f, g, h = numbers
    kind = _float_of(image)
    x = weft.arange(width, dtype=kind, device=image.device).add_(0.5)
    y = weft.arange(height, dtype=kind, device=image.device).add_(0.5).unsqueeze(-1)
    below = (x * g).add(y * h + 1.0)
    # Where the view is along the image's plane there is no place: -2 is outside.
    columns = (x * a).add(y * b + c).div_(below).sub_(0.5).nan_to_num_(-2.0)
    rows = (x * d).add(y * e + f).div_(below).sub_(0.5).nan_to_num_(-2.0)
    return _look_up("perspective", image, columns, rows, mode, fill)


def elastic(
    inpt: ImageT,
    displacement: Tensor,
    interpolation: InterpolationMode | str | int = InterpolationMode.BILINEAR,
    fill: float | Sequence[float] | None = None,
) -> ImageT:
    """An image whose pixels are each moved on their own.

    Args:
        inpt: an image of any kind.
        displacement: (1, H, W, 2): from where each pixel is taken, as (x, y) in halves of the width and the height.
        interpolation: nearest or bilinear.
        fill: what comes from outside of the image: a number, or one for each channel; None is 0.

    Raises TypeError for what is no image or tensor, ValueError for a displacement of another shape.

    >>> import weft
    >>> weft.transforms.functional.elastic(weft.ones(1, 2, 2), weft.zeros(1, 2, 2, 2))
    tensor([[[1., 1.],
             [1., 1.]]])
    """
    if not isinstance(displacement, Tensor):
        raise TypeError(f"transforms.elastic: expected displacement to be a tensor, got {type(displacement).__name__}")
    height, width = size_of("elastic", inpt)
    if tuple(displacement.shape) != (1, height, width, 2):
        raise ValueError(
            f"transforms.elastic: expected displacement {(1, height, width, 2)}, got shape {tuple(displacement.shape)}"
        )
    mode = mode_of("elastic", interpolation, inpt)
    if isinstance(inpt, BoundingBoxes):
        return boxes.by_displacement(inpt, displacement)  # type: ignore[return-value]
    return on_image("elastic", inpt, _elastic, through_tensor("elastic", _elastic), displacement, mode, fill)


def _elastic(image: Tensor, displacement: Tensor, mode: InterpolationMode, fill: Any) -> Tensor:
    height, width = image.shape[-2:]
    kind = _float_of(image)
    shift = displacement[0].to(image.device, kind)
    columns = (shift[..., 0] * (width / 2)).add_(weft.arange(width, dtype=kind, device=image.device))
    rows = (shift[..., 1] * (height / 2)).add_(weft.arange(height, dtype=kind, device=image.device).unsqueeze(-1))
    columns, rows = columns.nan_to_num_(-2.0), rows.nan_to_num_(-2.0)
    return _look_up("elastic", image, columns, rows, mode, fill)


def _float_of(image: Tensor) -> weft.dtype:
    """What places are computed in."""
    return weft.float64 if image.dtype == weft.float64 else weft.float32


def _affine_map(
    name: str, image: Tensor, matrix: list[float], size: tuple[int, int], mode: InterpolationMode, fill: Any
) -> Tensor:
    """The image looked up at the places that the matrix gives for the centres of a result of the size."""
    kind = _float_of(image)
    x = weft.arange(size[1], dtype=kind, device=image.device).add_(0.5)
    y = weft.arange(size[0], dtype=kind, device=image.device).add_(0.5).unsqueeze(-1)
    columns = (x * matrix[0]).add(y * matrix[1] + (matrix[2] - 0.5))
    rows = (x * matrix[3]).add(y * matrix[4] + (matrix[5] - 0.5))
    return _look_up(name, image, columns, rows, mode, fill)


def _look_up(name: str, image: Tensor, columns: Tensor, rows: Tensor, mode: InterpolationMode, fill: Any) -> Tensor:
    """The image at places (row, column), which are tensors (H, W); outside of the image is the fill."""
    if mode not in _TENSOR_MODES:
        raise ValueError(f"transforms.{name}: {mode.value} is for PIL images; tensors take nearest or bilinear")
    shape = (*image.shape[:-2], *columns.shape)
    colour = None if fill is None else tensor_fill(name, image, fill)
    if 0 in image.shape:
        if 0 in image.shape[-2:] and image.numel() != math.prod(shape):
            raise ValueError(f"transforms.{name}: expected an image with pixels, got shape {tuple(image.shape)}")
        return image.reshape(shape)
    look = _nearest if mode is InterpolationMode.NEAREST else _bilinear
    return look(image.reshape(-1, *image.shape[-3:]), columns, rows, colour).reshape(shape)


def _places(columns: Tensor, rows: Tensor, width: int) -> Tensor:
    """Numbers of pixels in an image of the width with a border of one pixel above and to the left."""
    return rows.to(weft.int64).add_(1).mul_(width).add_(columns.to(weft.int64)).add_(1).reshape(-1)


def _nearest(images: Tensor, columns: Tensor, rows: Tensor, colour: list[float] | None) -> Tensor:
    # A border holds the fill, and all places outside are taken to lie there.
    height, width = images.shape[-2:]
    whole = images.dtype.is_floating_point
    fill = None if colour is None else [c if whole else round(c) for c in colour]
    wide = pad_tensor(images, (1, 1, 1, 1), fill, "constant")
    place = _places(columns.round_().clamp_(-1, width), rows.round_().clamp_(-1, height), width + 2)
    return wide.reshape(-1, (height + 2) * (width + 2))[:, place]


def _bilinear(images: Tensor, columns: Tensor, rows: Tensor, colour: list[float] | None) -> Tensor:
    # A border of zeros; a place that is clamped lies on it, or between two of its pixels.
    height, width = images.shape[-2:]
    kind, channels = _float_of(images), images.shape[-3]
    columns, rows = columns.clamp_(-1, width), rows.clamp_(-1, height)
    left, top = columns.floor(), rows.floor()
    to_right, down = columns.sub(left).reshape(-1), rows.sub(top).reshape(-1)
    wide = weft.nn.functional.pad(images.to(kind), (1, 2, 1, 2)).reshape(-1, (height + 3) * (width + 3))
    place = _places(left, top, width + 3)
    upper, lower = (_between(wide, p, to_right) for p in (place, place + (width + 3)))
    result = lower.sub_(upper).mul_(down).add_(upper)
    if colour is not None:
        # How much of the four pixels lies within the image
        inside = weft.minimum(columns + 1, width - columns).clamp_(0, 1)
        inside = inside.mul_(weft.minimum(rows + 1, height - rows).clamp_(0, 1)).reshape(-1)
        colours = weft.tensor(colour, dtype=kind, device=images.device).reshape(-1, 1)
        result = result.reshape(-1, channels, result.shape[-1])
        result = result.sub_(colours).mul_(inside).add_(colours)
    if images.dtype == kind:
        return result
    return (result if images.dtype.is_floating_point else result.round_()).to(images.dtype)


def _between(wide: Tensor, place: Tensor, part: Tensor) -> Tensor:
    """Pixels at a part of the way from one place to the next one."""
    first, second = wide[:, place], wide[:, place + 1]
    return second.sub_(first).mul_(part).add_(first)
