"""Transforms of samples with boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import weft
from weft import Tensor
from weft.transforms import functional as F
from weft.transforms.base import Parameters, Transform, between, check_range, image_of, leaves_of, rebuilt, uniform
from weft.transforms.functional.kinds import check_int, check_number, list_of, size_of
from weft.transforms.mixing import found_labels
from weft.transforms.tv_tensors import BoundingBoxes, BoundingBoxFormat, Mask, format_of, plain, wrap


def _boxes_of(name: str, flat: Sequence[Any]) -> BoundingBoxes:
    boxes = [leaf for leaf in flat if isinstance(leaf, BoundingBoxes)]
    if not boxes:
        raise ValueError(f"transforms.{name}: expected a sample with tv_tensors.BoundingBoxes, got none")
    return boxes[0]


class ConvertBoundingBoxFormat(Transform):
    """The boxes of a sample in another format.

    Args:
        format: a BoundingBoxFormat or its name.

    >>> import weft
    >>> boxes = weft.transforms.tv_tensors.BoundingBoxes([[1, 2, 5, 9]], format="XYXY", canvas_size=(9, 9))
    >>> weft.transforms.ConvertBoundingBoxFormat("XYWH")(boxes).tolist()
    [[1, 2, 4, 7]]
    """

    format: BoundingBoxFormat

    def __init__(self, format: BoundingBoxFormat | str) -> None:
        super().__init__()
        self.format = format_of(format)

    def transform(self, inpt: Any, params: Parameters) -> Any:
        if not isinstance(inpt, BoundingBoxes):
            return inpt
        return F.convert_bounding_box_format(inpt, new_format=self.format)


class ClampBoundingBoxes(Transform):
    """The boxes of a sample cut where the image ends.

    >>> import weft
    >>> boxes = weft.transforms.tv_tensors.BoundingBoxes([[-1, 2, 5, 9]], format="XYXY", canvas_size=(4, 4))
    >>> weft.transforms.ClampBoundingBoxes()(boxes).tolist()
    [[0, 2, 4, 4]]
    """

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.clamp_bounding_boxes(inpt) if isinstance(inpt, BoundingBoxes) else inpt


class SanitizeBoundingBoxes(Transform):
    """A sample without its boxes that are too small or leave the image, and without their labels and masks.

    Args:
        min_size: the least width and height of a box.
        min_area: the least area.
        labels_getter: "default": the second input, or what a dict has under "labels"; a function that finds them in
            the sample, also several in a tuple; None: there are none.

    Raises ValueError where there are no boxes, and for labels that are not as many.

    >>> import weft
    >>> corners = [[1, 1, 3, 3], [2, 2, 2, 3]]
    >>> boxes = weft.transforms.tv_tensors.BoundingBoxes(corners, format="XYXY", canvas_size=(4, 4))
    >>> weft.transforms.SanitizeBoundingBoxes()({"boxes": boxes, "labels": weft.tensor([5, 6])})["labels"]
    tensor([5])
    """

    min_size: float
    min_area: float

    def __init__(
        self,
        min_size: float = 1.0,
        min_area: float = 1.0,
        labels_getter: Callable[[Any], Any] | str | None = "default",
    ) -> None:
        super().__init__()
        self.min_size = check_number("SanitizeBoundingBoxes", "min_size", min_size, 0)
        self.min_area = check_number("SanitizeBoundingBoxes", "min_area", min_area, 0)
        if labels_getter is not None and labels_getter != "default" and not callable(labels_getter):
            raise ValueError(
                "transforms.SanitizeBoundingBoxes: expected labels_getter 'default', a function or None, got "
                f"{labels_getter!r}"
            )
        self._labels_of = found_labels if isinstance(labels_getter, str) else labels_getter

    def forward(self, *inputs: Any) -> Any:
        """The sample with what is kept."""
        sample = inputs[0] if len(inputs) == 1 else inputs
        boxes = _boxes_of("SanitizeBoundingBoxes", leaves_of(sample))
        labels = None if self._labels_of is None else self._labels_of(sample)
        labels = list(labels) if isinstance(labels, (tuple, list)) else [labels]
        for found in labels:
            if isinstance(found, Tensor) and found is not boxes and len(found) != len(boxes):
                raise ValueError(
                    f"transforms.SanitizeBoundingBoxes: expected {len(boxes)} labels, one a box, got {len(found)}"
                )
        _, keep = F.sanitize_bounding_boxes(boxes, min_size=self.min_size, min_area=self.min_area)

        def kept(leaf: Any) -> Any:
            if leaf is boxes or (isinstance(leaf, Mask) and leaf.ndim > 2 and len(leaf) == len(boxes)):
                return wrap(plain(leaf)[keep], like=leaf)
            chosen = isinstance(leaf, Tensor) and any(leaf is found for found in labels)
            return leaf[keep] if chosen else leaf

        return rebuilt(sample, kept)


class RandomIoUCrop(Transform):
    """A part of the image that overlaps with a box by at least a random amount (SSD, arXiv:1512.02325).

    Boxes whose middle is outside become empty: SanitizeBoundingBoxes takes them out.

    Args:
        min_scale: the least edge of the part, as a part of the image's.
        max_scale: the greatest.
        min_aspect_ratio: its least width divided by its height.
        max_aspect_ratio: the greatest.
        sampler_options: the overlaps to choose from (intersection over union); from 1 on the whole image is taken.
        trials: how often a part is drawn for an overlap before another overlap is.

    Raises ValueError where there are no boxes.

    >>> import weft
    >>> boxes = weft.transforms.tv_tensors.BoundingBoxes([[1, 1, 7, 7]], format="XYXY", canvas_size=(8, 8))
    >>> image, cut = weft.transforms.RandomIoUCrop(sampler_options=[2.0])(weft.zeros(3, 8, 8), boxes)
    >>> image.shape, cut.tolist()
    (weft.Size([3, 8, 8]), [[1, 1, 7, 7]])
    """

    scale: tuple[float, float]
    aspect_ratio: tuple[float, float]
    options: list[float]
    trials: int

    def __init__(
        self,
        min_scale: float = 0.3,
        max_scale: float = 1.0,
        min_aspect_ratio: float = 0.5,
        max_aspect_ratio: float = 2.0,
        sampler_options: Sequence[float] | None = None,
        trials: int = 40,
    ) -> None:
        super().__init__()
        name = "RandomIoUCrop"
        self.scale = check_range(name, "min_scale and max_scale", (min_scale, max_scale), 0, 1)
        self.aspect_ratio = check_range(name, "aspect ratios", (min_aspect_ratio, max_aspect_ratio), 1e-9)
        options = [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0] if sampler_options is None else sampler_options
        self.options = [check_number(name, "sampler_options", o) for o in list_of(name, "sampler_options", options)]
        if not self.options:
            raise ValueError("transforms.RandomIoUCrop: expected at least one of sampler_options, got none")
        self.trials = check_int(name, "trials", trials, 1)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        rows, columns = size_of("RandomIoUCrop", image_of("RandomIoUCrop", flat_inputs))
        boxes = _boxes_of("RandomIoUCrop", flat_inputs)
        if boxes.format is not BoundingBoxFormat.XYXY:
            boxes = F.convert_bounding_box_format(boxes, new_format="XYXY")
        corners = plain(boxes).to(weft.float32)
        middle_x, middle_y = (corners[:, 0] + corners[:, 2]) / 2, (corners[:, 1] + corners[:, 3]) / 2
        while True:
            least = self.options[int(uniform(1)[0] * len(self.options))]
            if least >= 1.0 or not len(corners):
                return {}
            draws = uniform(4 * self.trials)
            for a, b, c, d in zip(draws[::4], draws[1::4], draws[2::4], draws[3::4]):
                width, height = int(columns * between(a, *self.scale)), int(rows * between(b, *self.scale))
                if not height or not self.aspect_ratio[0] <= width / height <= self.aspect_ratio[1]:
                    continue
                left, top = int((columns - width) * c), int((rows - height) * d)
                right, bottom = left + width, top + height
                if left == right or top == bottom:
                    continue
                inside = (left < middle_x) & (middle_x < right) & (top < middle_y) & (middle_y < bottom)
                if not inside.any():
                    continue
                part = weft.tensor([[left, top, right, bottom]], dtype=weft.float32)
                if weft.ops.box_iou(corners[inside], part).max().item() < least:
                    continue
                return {"top": top, "left": left, "height": height, "width": width, "is_within_crop_area": inside}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        if not params:
            return inpt
        result = F.crop(inpt, params["top"], params["left"], params["height"], params["width"])
        if isinstance(result, BoundingBoxes):
            emptied = weft.where(params["is_within_crop_area"].unsqueeze(1), plain(result), 0)
            return wrap(emptied.to(result.dtype), like=result)
        return result
