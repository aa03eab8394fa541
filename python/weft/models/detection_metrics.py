"""How good detections are: mean average precision, as COCO counts it (Lin et al., 2014)."""

from __future__ import annotations

import numpy as np

from weft.ops import box_iou

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor

_THRESHOLDS = tuple(0.5 + 0.05 * i for i in range(10))


def _array(tensor):
    return tensor.detach().cpu().numpy()


def _hits(iou, threshold):
    """Which detections, the best first, find a box that none before them has found."""
    free = np.ones(iou.shape[1], bool)
    hits = np.zeros(len(iou), bool)
    for i, row in enumerate(iou):
        candidates = np.where(free, row, -1.0)
        if candidates.size and candidates.max() >= threshold:
            free[candidates.argmax()] = False
            hits[i] = True
    return hits


def _average_precision(hits, count):
    """Mean of the precision at 101 recalls, each the greatest at that recall or a higher one."""
    found = hits.cumsum()
    recall, precision = found / count, found / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return np.append(precision, 0.0)[np.minimum(at, len(precision))].mean()


def mean_average_precision(
    predictions: Sequence[dict[str, Tensor]],
    targets: Sequence[dict[str, Tensor]],
    iou_thresholds: Sequence[float] = _THRESHOLDS,
    max_detections: int = 100,
) -> dict[str, float]:
    """Mean over classes and thresholds of the average precision: "map"; "map_50" and "map_75" at one threshold each.

    A detection is right if its overlap with a box of its class that no better detection has found reaches the
    threshold. Classes without a box in targets do not count; without any box the results are NaN, as is "map_50" or
    "map_75" where that is no threshold.

    Args:
        predictions: for each image a dict of boxes (D, 4), "xyxy", scores (D,) and labels (D,).
        targets: for each image a dict of boxes (L, 4) and labels (L,).
        iou_thresholds: overlaps from which a detection is right.
        max_detections: so many of the best of each class and image count.

    Raises:
        ValueError: there are not as many predictions as targets, or a threshold is not between 0 and 1.

    >>> import weft
    >>> boxes, labels = weft.tensor([[0.0, 0.0, 10.0, 10.0]]), weft.tensor([1])
    >>> found = {"boxes": weft.tensor([[0.0, 0.0, 10.0, 8.0]]), "scores": weft.tensor([0.9]), "labels": labels}
    >>> result = weft.models.mean_average_precision([found], [{"boxes": boxes, "labels": labels}])
    >>> round(result["map"], 3), result["map_50"]
    (0.7, 1.0)
    """
    if len(predictions) != len(targets):
        counts = f"{len(predictions)} predictions and {len(targets)} targets"
        raise ValueError(f"mean_average_precision: expected as many predictions as targets, got {counts}")
    if not iou_thresholds or min(iou_thresholds) < 0 or max(iou_thresholds) > 1:
        raise ValueError(f"mean_average_precision: iou_thresholds must be between 0 and 1, got {list(iou_thresholds)}")
    classes = sorted({int(label) for target in targets for label in _array(target["labels"])})
    table = np.zeros((len(classes), len(iou_thresholds)))
    for row, label in zip(table, classes):
        row[:] = _of_class(predictions, targets, label, iou_thresholds, max_detections)

    def at(threshold):
        columns = [i for i, each in enumerate(iou_thresholds) if abs(each - threshold) < 1e-9]
        return float(table[:, columns].mean()) if classes and columns else float("nan")

    return {"map": float(table.mean()) if classes else float("nan"), "map_50": at(0.5), "map_75": at(0.75)}


def _of_class(predictions, targets, label, thresholds, most):
    """Average precision of one class at each threshold."""
    scores, hits, count = [], [[] for _ in thresholds], 0
    for predicted, target in zip(predictions, targets):
        wanted = target["boxes"][target["labels"] == label]
        count += len(wanted)
        chosen = predicted["labels"] == label
        own_scores = _array(predicted["scores"][chosen])
        order = np.argsort(-own_scores, kind="stable")[:most]
        iou = _array(box_iou(predicted["boxes"][chosen], wanted))[order]
        scores.append(own_scores[order])
        for each, threshold in zip(hits, thresholds):
            each.append(_hits(iou, threshold))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    return [_average_precision(np.concatenate(each)[order], count) for each in hits]
