"""How good detections are: mean average precision, as COCO counts it (Lin et al., 2014)."""

from __future__ import annotations

import numpy as np

import weft
from weft._checks import check_entries, check_integers
from weft.metrics._base import Metric
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


def _precision(hits, count):
    """Mean of the precision at 101 recalls, each the greatest at that recall or a higher one."""
    found = hits.cumsum()
    recall, precision = found / count, found / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return np.append(precision, 0.0)[np.minimum(at, len(precision))].mean()


class MeanAveragePrecision(Metric):
    """Mean over classes and thresholds of the average precision of detections, as COCO counts it.

    A detection is right if its overlap with a box of its class that no better detection has found reaches the
    threshold. Classes without a box in targets do not count; without any box the results are NaN, as is "map_50" or
    "map_75" where that is no threshold. Of detections with equal scores, those of earlier images come first.

    Args:
        iou_thresholds: overlaps from which a detection is right.
        max_detections: so many of the best of each class and image count.

    Shape:
        update(input, target): lists of dicts, one for each image: boxes (D, 4), "xyxy", scores (D,) and labels (D,);
        boxes (L, 4) and labels (L,). compute: a dict of "map", "map_50" and "map_75".

    Raises:
        ValueError: there are not as many predictions as targets, an entry is missing or of another size, or a
            threshold is not between 0 and 1.

    >>> import weft
    >>> boxes, labels = weft.tensor([[0.0, 0.0, 10.0, 10.0]]), weft.tensor([1])
    >>> found = {"boxes": weft.tensor([[0.0, 0.0, 10.0, 8.0]]), "scores": weft.tensor([0.9]), "labels": labels}
    >>> metric = weft.metrics.MeanAveragePrecision()
    >>> metric.update([found], [{"boxes": boxes, "labels": labels}])
    >>> round(metric.compute()["map"].item(), 3)
    0.7
    """

    iou_thresholds: tuple[float, ...]
    max_detections: int
    scores: list[Tensor]
    labels: list[Tensor]
    hits: list[Tensor]
    boxes: list[Tensor]

    higher_is_better: bool | None = True

    def __init__(self, iou_thresholds: Sequence[float] = _THRESHOLDS, max_detections: int = 100) -> None:
        check_integers("MeanAveragePrecision", max_detections=max_detections)
        thresholds = tuple(float(each) for each in iou_thresholds)
        if not thresholds or not all(0 <= each <= 1 for each in thresholds):
            raise ValueError(
                f"mean_average_precision: iou_thresholds must be between 0 and 1, got {list(iou_thresholds)}"
            )
        self.iou_thresholds, self.max_detections = thresholds, max_detections
        for name in ("scores", "labels", "hits", "boxes"):  # of detections; boxes: the labels of targets
            self.add_state(name, [], "cat")

    def update(self, input: Sequence[dict[str, Tensor]], target: Sequence[dict[str, Tensor]]) -> None:
        for images in (input, target):
            if not isinstance(images, (list, tuple)) or not all(hasattr(image, "keys") for image in images):
                raise TypeError("mean_average_precision: expected lists of dicts, one for each image")
        if len(input) != len(target):
            counts = f"{len(input)} predictions and {len(target)} targets"
            raise ValueError(f"mean_average_precision: expected as many predictions as targets, got {counts}")
        for predicted, true in zip(input, target):
            self._check("predictions", predicted, ("boxes", "scores", "labels"))
            self._check("targets", true, ("boxes", "labels"))
        found = [self._image(predicted, true) for predicted, true in zip(input, target)]
        for name, parts in zip(("scores", "labels", "hits", "boxes"), zip(*found)):
            getattr(self, name).append(weft.from_numpy(np.concatenate(parts)).to(self.device))

    @staticmethod
    def _check(what, image, names):
        check_entries(f"mean_average_precision: an image of {what}", image, *names)
        count = len(image["labels"])
        for name in names:
            shape = (count, 4) if name == "boxes" else (count,)
            # A list of no boxes is often of shape (0,)
            if tuple(image[name].shape) != shape and (count or image[name].numel()):
                got = tuple(image[name].shape)
                raise ValueError(f"mean_average_precision: expected {name} of shape {shape} in {what}, got {got}")
        if "scores" in names and bool(image["scores"].isnan().any()):
            raise ValueError("mean_average_precision: a score is NaN")

    def _image(self, predicted, true):
        """Of one image: scores, labels and hits (detections, thresholds), and the labels of its boxes."""
        scores, labels, wanted = (_array(x) for x in (predicted["scores"], predicted["labels"], true["labels"]))
        iou = np.zeros((len(labels), len(wanted)))
        if iou.size:
            iou = _array(box_iou(predicted["boxes"], true["boxes"].to(predicted["boxes"].device)))
        kept, hits = [np.zeros(0, int)], [np.zeros((0, len(self.iou_thresholds)), bool)]
        for label in np.unique(labels):
            own = np.flatnonzero(labels == label)
            own = own[np.argsort(-scores[own], kind="stable")[: self.max_detections]]
            overlaps = iou[own][:, wanted == label]
            kept.append(own)
            hits.append(np.stack([_hits(overlaps, threshold) for threshold in self.iou_thresholds], 1))
        order = np.concatenate(kept)
        return (
            scores[order].astype(np.float64),
            labels[order].astype(np.int64),
            np.concatenate(hits),
            wanted.astype(np.int64),
        )

    def compute(self) -> dict[str, Tensor]:
        scores, labels, hits, boxes = (
            np.concatenate([_array(part) for part in getattr(self, name)] or [np.zeros(0)])
            for name in ("scores", "labels", "hits", "boxes")
        )
        table = []
        for label, count in zip(*np.unique(boxes, return_counts=True)):
            own = np.flatnonzero(labels == label)
            own = own[np.argsort(-scores[own], kind="stable")]
            table.append(
                [_precision(column, count) for column in hits[own].T] if len(own) else [0.0] * len(self.iou_thresholds)
            )
        means = np.array(table).reshape(-1, len(self.iou_thresholds))

        def at(*wanted):
            columns = [i for i, each in enumerate(self.iou_thresholds) if min(abs(each - w) for w in wanted) < 1e-9]
            value = float(means[:, columns].mean()) if len(means) and columns else float("nan")
            return weft.full((), value, dtype=weft.float64, device=self.device)

        return {"map": at(*self.iou_thresholds), "map_50": at(0.5), "map_75": at(0.75)}


def mean_average_precision(
    predictions: Sequence[dict[str, Tensor]],
    targets: Sequence[dict[str, Tensor]],
    iou_thresholds: Sequence[float] = _THRESHOLDS,
    max_detections: int = 100,
) -> dict[str, float]:
    """Mean over classes and thresholds of the average precision: "map"; "map_50" and "map_75" at one threshold each.

    Args:
        predictions: for each image a dict of boxes (D, 4), "xyxy", scores (D,) and labels (D,).
        targets: for each image a dict of boxes (L, 4) and labels (L,).
        iou_thresholds: overlaps from which a detection is right.
        max_detections: so many of the best of each class and image count.

    Raises:
        ValueError: as MeanAveragePrecision, which says what is computed.

    >>> import weft
    >>> boxes, labels = weft.tensor([[0.0, 0.0, 10.0, 10.0]]), weft.tensor([1])
    >>> found = {"boxes": weft.tensor([[0.0, 0.0, 10.0, 8.0]]), "scores": weft.tensor([0.9]), "labels": labels}
    >>> result = weft.metrics.mean_average_precision([found], [{"boxes": boxes, "labels": labels}])
    >>> round(result["map"], 3), result["map_50"]
    (0.7, 1.0)
    """
    metric = MeanAveragePrecision(iou_thresholds, max_detections)
    metric.update(predictions, targets)
    return {name: value.item() for name, value in metric.compute().items()}
