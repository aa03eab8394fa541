"""Losses of detectors: the focal loss of scores and losses of boxes."""

from __future__ import annotations

import weft
from weft._checks import check_tensors
from weft.nn import functional as F
from weft.ops.boxes import centre_distance, check_boxes, shape_difference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


def _reduced(loss, reduction):
    if reduction == "mean":
        return loss.mean() if loss.numel() else 0.0 * loss.sum()
    return loss.sum() if reduction == "sum" else loss


def _check_reduction(function, reduction):
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{function}: reduction must be none, mean or sum, got {reduction!r}")


def sigmoid_focal_loss(
    inputs: Tensor, targets: Tensor, alpha: float = 0.25, gamma: float = 2, reduction: str = "none"
) -> Tensor:
    """Focal loss of logits: binary cross entropy times ``alpha_t (1 - p_t)^gamma`` (Lin et al., 2017).

    p_t is the probability given to the target; alpha_t is alpha where the target is 1, 1 - alpha where it is 0.

    Args:
        inputs: logits of any shape.
        targets: 0 or 1 (or between) for each, of the same shape and a floating-point dtype.
        alpha: weight of the ones, between 0 and 1; a negative one weights none.
        gamma: how much what is well classified counts less.
        reduction: "none", "mean" or "sum".

    Raises:
        ValueError: the shapes differ, alpha is above 1, or the reduction is unknown.

    >>> import weft
    >>> weft.ops.sigmoid_focal_loss(weft.tensor([0.0, 2.0]), weft.tensor([1.0, 1.0]))
    tensor([0.0433, 0.0005])
    """
    name = "sigmoid_focal_loss"
    check_tensors(name, inputs=inputs, targets=targets)
    _check_reduction(name, reduction)
    if inputs.shape != targets.shape:
        shapes = f"{tuple(inputs.shape)} and {tuple(targets.shape)}"
        raise ValueError(f"{name}: inputs and targets must have the same shape, got {shapes}")
    if alpha > 1:
        raise ValueError(f"{name}: alpha must be between 0 and 1, or negative for no weight, got {alpha}")
    p = weft.sigmoid(inputs)
    p_t = p * targets + (1 - p) * (1 - targets)
    loss = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none") * (1 - p_t) ** gamma
    if alpha >= 0:
        loss = (alpha * targets + (1 - alpha) * (1 - targets)) * loss
    return _reduced(loss, reduction)


def _checked(function, boxes1, boxes2, reduction):
    check_boxes(function, boxes1=boxes1, boxes2=boxes2)
    _check_reduction(function, reduction)
    if boxes1.shape != boxes2.shape:
        shapes = f"{tuple(boxes1.shape)} and {tuple(boxes2.shape)}"
        raise ValueError(f"{function}: boxes1 and boxes2 must have the same shape, got {shapes}")
    half = (weft.float16, weft.bfloat16)
    return (boxes.float() if boxes.dtype in half else boxes for boxes in (boxes1, boxes2))


def _overlap(a, b):
    """Intersection and union of pairs of the same index."""
    sides = (weft.minimum(a[..., 2:], b[..., 2:]) - weft.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    intersection = sides[..., 0] * sides[..., 1]
    areas = [(box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1]) for box in (a, b)]
    return intersection, areas[0] + areas[1] - intersection


def generalized_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """One less the generalised IoU of boxes of the same index (Rezatofighi et al., 2019).

    Args:
        boxes1: (..., 4), "xyxy", x1 < x2 and y1 < y2.
        boxes2: of the same shape.
        reduction: "none", "mean" or "sum".
        eps: added to divisors.

    Raises:
        ValueError: the shapes do not fit, or the reduction is unknown.

    >>> import weft
    >>> weft.ops.generalized_box_iou_loss(weft.tensor([[0.0, 0.0, 1.0, 1.0]]), weft.tensor([[2.0, 0.0, 3.0, 1.0]]))
    tensor([1.3333])
    """
    a, b = _checked("generalized_box_iou_loss", boxes1, boxes2, reduction)
    intersection, union = _overlap(a, b)
    hull = weft.maximum(a[..., 2:], b[..., 2:]) - weft.minimum(a[..., :2], b[..., :2])
    area = hull[..., 0] * hull[..., 1]
    loss = 1 - intersection / (union + eps) + (area - union) / (area + eps)
    return _reduced(loss, reduction)


def _distance_loss(a, b, eps):
    intersection, union = _overlap(a, b)
    iou = intersection / (union + eps)
    return 1 - iou + centre_distance(a, b, eps), iou


def distance_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """One less the distance IoU of boxes of the same index (Zheng et al., 2020).

    Args:
        boxes1: (..., 4), "xyxy", x1 < x2 and y1 < y2.
        boxes2: of the same shape.
        reduction: "none", "mean" or "sum".
        eps: added to divisors.

    Raises:
        ValueError: the shapes do not fit, or the reduction is unknown.

    >>> import weft
    >>> weft.ops.distance_box_iou_loss(weft.tensor([[0.0, 0.0, 1.0, 1.0]]), weft.tensor([[2.0, 0.0, 3.0, 1.0]]))
    tensor([1.4000])
    """
    a, b = _checked("distance_box_iou_loss", boxes1, boxes2, reduction)
    return _reduced(_distance_loss(a, b, eps)[0], reduction)


def complete_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """One less the complete IoU of boxes of the same index (Zheng et al., 2020).

    Args:
        boxes1: (..., 4), "xyxy", x1 < x2 and y1 < y2.
        boxes2: of the same shape.
        reduction: "none", "mean" or "sum".
        eps: added to divisors.

    Raises:
        ValueError: the shapes do not fit, or the reduction is unknown.

    >>> import weft
    >>> weft.ops.complete_box_iou_loss(weft.tensor([[0.0, 0.0, 1.0, 1.0]]), weft.tensor([[2.0, 0.0, 3.0, 1.0]]))
    tensor([1.4000])
    """
    a, b = _checked("complete_box_iou_loss", boxes1, boxes2, reduction)
    loss, iou = _distance_loss(a, b, eps)
    v = shape_difference(a, b)
    alpha = (v / (1 - iou + v + eps)).detach()
    return _reduced(loss + alpha * v, reduction)
