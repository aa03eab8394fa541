"""Boxes: conversion, area, overlap, and the suppression of those that overlap better ones."""

from __future__ import annotations

import math

import numpy as np

import weft
from weft._checks import check_tensors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor

FORMATS = ("xyxy", "xywh", "cxcywh")


def check_boxes(function: str, **values: Tensor) -> None:
    """Every value is a tensor of boxes (..., 4).

    >>> import weft
    >>> from weft.ops.boxes import check_boxes
    >>> check_boxes("nms", boxes=weft.zeros(2, 4))
    """
    check_tensors(function, **values)
    for name, boxes in values.items():
        if boxes.ndim == 0 or boxes.shape[-1] != 4:
            raise ValueError(f"{function}: expected {name} of shape (..., 4), got {tuple(boxes.shape)}")


def _check_format(function, name, value):
    if value not in FORMATS:
        raise ValueError(f"{function}: {name} must be one of {', '.join(FORMATS)}, got {value!r}")


def _widened(boxes):
    """In a dtype in which products of coordinates do not overflow."""
    if boxes.is_floating_point():
        return boxes if boxes.dtype in (weft.float32, weft.float64) else boxes.float()
    return boxes if boxes.dtype in (weft.int32, weft.int64) else boxes.int()


def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """Boxes in another format: "xyxy" (two corners), "xywh" (corner, size) or "cxcywh" (centre, size).

    Args:
        boxes: (..., 4).
        in_fmt: format of boxes.
        out_fmt: format of the result.

    Raises:
        ValueError: the last dimension is not 4, or a format is unknown.

    >>> import weft
    >>> weft.ops.box_convert(weft.tensor([[1.0, 2.0, 5.0, 10.0]]), "xyxy", "cxcywh")
    tensor([[3., 6., 4., 8.]])
    """
    check_boxes("box_convert", boxes=boxes)
    _check_format("box_convert", "in_fmt", in_fmt)
    _check_format("box_convert", "out_fmt", out_fmt)
    if in_fmt == out_fmt:
        return boxes.clone()
    first, last = boxes[..., :2], boxes[..., 2:]
    if in_fmt == "xywh":
        first, last = first, first + last
    elif in_fmt == "cxcywh":
        first, last = first - 0.5 * last, first + 0.5 * last
    if out_fmt == "xywh":
        first, last = first, last - first
    elif out_fmt == "cxcywh":
        first, last = (first + last) / 2, last - first
    return weft.cat([first, last], -1)


def box_area(boxes: Tensor, fmt: str = "xyxy") -> Tensor:
    """Width times height of each box: (..., 4) gives (...).

    Half types are computed in float32, narrow integers in int32.

    Args:
        boxes: (..., 4).
        fmt: their format: "xyxy", "xywh" or "cxcywh".

    Raises:
        ValueError: the last dimension is not 4, or the format is unknown.

    >>> import weft
    >>> weft.ops.box_area(weft.tensor([[0.0, 0.0, 2.0, 3.0]]))
    tensor([6.])
    """
    check_boxes("box_area", boxes=boxes)
    _check_format("box_area", "fmt", fmt)
    boxes = _widened(boxes)
    sizes = boxes[..., 2:] - boxes[..., :2] if fmt == "xyxy" else boxes[..., 2:]
    return sizes[..., 0] * sizes[..., 1]


def _sides(boxes):
    return boxes[..., 2:] - boxes[..., :2]


def _overlap(boxes1, boxes2):
    """Intersection and union of each pair: (..., N, 4) and (..., M, 4) give (..., N, M)."""
    a, b = boxes1.unsqueeze(-2), boxes2.unsqueeze(-3)
    sides = _widened(weft.minimum(a[..., 2:], b[..., 2:]) - weft.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    intersection = sides[..., 0] * sides[..., 1]
    return intersection, box_area(boxes1).unsqueeze(-1) + box_area(boxes2).unsqueeze(-2) - intersection


def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    """Intersection over union of each pair: (N, 4) and (M, 4) give (N, M).

    Args:
        boxes1: (..., N, 4).
        boxes2: (..., M, 4).
        fmt: format of both: "xyxy", "xywh" or "cxcywh".

    Raises:
        ValueError: the last dimension is not 4, or the format is unknown.

    >>> import weft
    >>> box = weft.tensor([[0.0, 0.0, 2.0, 2.0]])
    >>> weft.ops.box_iou(box, weft.tensor([[1.0, 0.0, 3.0, 2.0], [5.0, 5.0, 6.0, 6.0]]))
    tensor([[0.3333, 0.0000]])
    """
    check_boxes("box_iou", boxes1=boxes1, boxes2=boxes2)
    _check_format("box_iou", "fmt", fmt)
    if fmt != "xyxy":
        boxes1, boxes2 = box_convert(boxes1, fmt, "xyxy"), box_convert(boxes2, fmt, "xyxy")
    intersection, union = _overlap(boxes1, boxes2)
    return intersection / union


def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Generalised IoU of each pair: IoU less the part of the smallest enclosing box that neither covers.

    Between -1 and 1 (Rezatofighi et al., 2019).

    Args:
        boxes1: (..., N, 4), "xyxy".
        boxes2: (..., M, 4), "xyxy".

    Raises:
        ValueError: the last dimension is not 4.

    >>> import weft
    >>> weft.ops.generalized_box_iou(weft.tensor([[0.0, 0.0, 1.0, 1.0]]), weft.tensor([[2.0, 0.0, 3.0, 1.0]]))
    tensor([[-0.3333]])
    """
    check_boxes("generalized_box_iou", boxes1=boxes1, boxes2=boxes2)
    intersection, union = _overlap(boxes1, boxes2)
    hull = _hull(boxes1.unsqueeze(-2), boxes2.unsqueeze(-3))
    area = hull[..., 0] * hull[..., 1]
    return intersection / union - (area - union) / area


def _hull(a, b):
    """The sides of the smallest box around both."""
    return _widened(weft.maximum(a[..., 2:], b[..., 2:]) - weft.minimum(a[..., :2], b[..., :2])).clamp(min=0)


def centre_distance(a: Tensor, b: Tensor, eps: float) -> Tensor:
    """Squared distance of the centres over the squared diagonal of the enclosing box.

    >>> import weft
    >>> from weft.ops.boxes import centre_distance
    >>> centre_distance(weft.tensor([0.0, 0.0, 2.0, 2.0]), weft.tensor([2.0, 2.0, 4.0, 4.0]), 0.0)
    tensor(0.2500)
    """
    diagonal = (_hull(a, b) ** 2).sum(-1) + eps
    between = _widened(a[..., :2] + a[..., 2:]) / 2 - _widened(b[..., :2] + b[..., 2:]) / 2
    return (between**2).sum(-1) / diagonal


def shape_difference(a: Tensor, b: Tensor) -> Tensor:
    """How much the angles of the diagonals differ: ``4/pi^2 (atan(w_a/h_a) - atan(w_b/h_b))^2``.

    >>> import weft
    >>> from weft.ops.boxes import shape_difference
    >>> shape_difference(weft.tensor([0.0, 0.0, 2.0, 2.0]), weft.tensor([1.0, 1.0, 4.0, 4.0]))
    tensor(0.)
    """
    angles = [weft.atan(sides[..., 0] / sides[..., 1]) for sides in (_sides(_widened(a)), _sides(_widened(b)))]
    return 4 / math.pi**2 * (angles[0] - angles[1]) ** 2


def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """Distance IoU of each pair: IoU less squared distance of the centres over squared diagonal of the enclosing box.

    Zheng et al., 2020.

    Args:
        boxes1: (..., N, 4), "xyxy".
        boxes2: (..., M, 4), "xyxy".
        eps: added to the squared diagonal.

    Raises:
        ValueError: the last dimension is not 4.

    >>> import weft
    >>> weft.ops.distance_box_iou(weft.tensor([[0.0, 0.0, 1.0, 1.0]]), weft.tensor([[2.0, 0.0, 3.0, 1.0]]))
    tensor([[-0.4000]])
    """
    check_boxes("distance_box_iou", boxes1=boxes1, boxes2=boxes2)
    return box_iou(boxes1, boxes2) - centre_distance(boxes1.unsqueeze(-2), boxes2.unsqueeze(-3), eps)


def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """Complete IoU of each pair: distance IoU less a term for the difference of the aspect ratios.

    Zheng et al., 2020.

    Args:
        boxes1: (..., N, 4), "xyxy".
        boxes2: (..., M, 4), "xyxy".
        eps: added to divisors.

    Raises:
        ValueError: the last dimension is not 4.

    >>> import weft
    >>> weft.ops.complete_box_iou(weft.tensor([[0.0, 0.0, 1.0, 1.0]]), weft.tensor([[2.0, 0.0, 3.0, 1.0]]))
    tensor([[-0.4000]])
    """
    check_boxes("complete_box_iou", boxes1=boxes1, boxes2=boxes2)
    iou = box_iou(boxes1, boxes2)
    a, b = boxes1.unsqueeze(-2), boxes2.unsqueeze(-3)
    v = shape_difference(a, b)
    alpha = (v / (1 - iou + v + eps)).detach()
    return iou - centre_distance(a, b, eps) - alpha * v


def clip_boxes_to_image(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """The parts of the boxes that lie in an image.

    Args:
        boxes: (..., 4), "xyxy".
        size: (height, width) of the image.

    Raises:
        ValueError: the last dimension is not 4, or size is not two numbers.

    >>> import weft
    >>> weft.ops.clip_boxes_to_image(weft.tensor([[-1.0, 2.0, 9.0, 20.0]]), (10, 8))
    tensor([[ 0.,  2.,  8., 10.]])
    """
    check_boxes("clip_boxes_to_image", boxes=boxes)
    if len(size) != 2:
        raise ValueError(f"clip_boxes_to_image: size must be (height, width), got {size!r}")
    x, y = boxes[..., 0::2].clamp(0, size[1]), boxes[..., 1::2].clamp(0, size[0])
    return weft.stack([x, y], -1).reshape(boxes.shape)


def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    """The indices of the boxes of which both sides are at least min_size.

    Args:
        boxes: (N, 4), "xyxy".
        min_size: the least side.

    Raises:
        ValueError: boxes are not (N, 4).

    >>> import weft
    >>> weft.ops.remove_small_boxes(weft.tensor([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 1.0]]), 2.0)
    tensor([0])
    """
    check_boxes("remove_small_boxes", boxes=boxes)
    if boxes.ndim != 2:
        raise ValueError(f"remove_small_boxes: expected boxes of shape (N, 4), got {tuple(boxes.shape)}")
    sides = _sides(boxes)
    return weft.where((sides[:, 0] >= min_size) & (sides[:, 1] >= min_size))[0]


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: the indices of the boxes that overlap no better box by more than the threshold.

    Boxes are taken by falling score (of equal scores the first comes first); each takes away those after it with
    which it has an IoU above the threshold. The result, int64, is in this order. It has no gradient; the values are
    read on the host.

    Args:
        boxes: (N, 4), "xyxy", floating point.
        scores: (N,).
        iou_threshold: the greatest IoU that is kept.

    Raises:
        ValueError: the shapes do not fit, or the boxes are not of a floating-point dtype.

    >>> import weft
    >>> boxes = weft.tensor([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 8.0], [20.0, 20.0, 30.0, 30.0]])
    >>> weft.ops.nms(boxes, weft.tensor([0.5, 0.9, 0.8]), 0.5)
    tensor([1, 2])
    """
    return _suppress("nms", boxes, scores, None, iou_threshold)


def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression in each category apart: a box is only taken away by better ones of its category.

    Args:
        boxes: (N, 4), "xyxy", floating point.
        scores: (N,).
        idxs: (N,), the category of each box, integers.
        iou_threshold: the greatest IoU that is kept.

    Returns:
        The indices of the boxes kept, by falling score.

    Raises:
        ValueError: the shapes do not fit, or the boxes are not of a floating-point dtype.

    >>> import weft
    >>> boxes = weft.tensor([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 8.0]])
    >>> weft.ops.batched_nms(boxes, weft.tensor([0.5, 0.9]), weft.tensor([0, 1]), 0.5)
    tensor([1, 0])
    """
    check_tensors("batched_nms", idxs=idxs)
    return _suppress("batched_nms", boxes, scores, idxs, iou_threshold)


def _suppress(function, boxes, scores, categories, threshold):
    check_boxes(function, boxes=boxes)
    check_tensors(function, scores=scores)
    if boxes.ndim != 2:
        raise ValueError(f"{function}: expected boxes of shape (N, 4), got {tuple(boxes.shape)}")
    if not boxes.is_floating_point():
        raise ValueError(f"{function}: expected boxes of a floating-point dtype, got {boxes.dtype}")
    for name, value in (("scores", scores), ("idxs", categories)):
        if value is not None and value.shape != boxes.shape[:1]:
            wanted, got = tuple(boxes.shape[:1]), tuple(value.shape)
            raise ValueError(f"{function}: expected {name} of shape {wanted}, one for each box, got {got}")
    order = np.argsort(-_widened(scores.detach()).cpu().numpy(), kind="stable")
    corners = _widened(boxes.detach()).cpu().numpy()[order]
    groups = None if categories is None else categories.detach().cpu().numpy()[order]
    kept = order[_first_of_each(corners, groups, np.float64(threshold))]
    return weft.tensor(kept, dtype=weft.int64, device=boxes.device)


def _first_of_each(corners, groups, threshold):
    """Which boxes, sorted by falling score, no box before them takes away."""
    sides = corners[:, 2:] - corners[:, :2]
    areas = sides[:, 0] * sides[:, 1]
    alive = np.ones(len(corners), bool)
    for i in range(len(corners)):
        if not alive[i]:
            continue
        rest = corners[i + 1 :]
        common = np.minimum(corners[i, 2:], rest[:, 2:]) - np.maximum(corners[i, :2], rest[:, :2])
        intersection = np.maximum(common[:, 0], 0) * np.maximum(common[:, 1], 0)
        with np.errstate(invalid="ignore", divide="ignore"):  # empty boxes: NaN is not above the threshold
            worse = intersection / (areas[i] + areas[i + 1 :] - intersection) > threshold
        alive[i + 1 :] &= ~(worse if groups is None else worse & (groups[i + 1 :] == groups[i]))
    return alive
