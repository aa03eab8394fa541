"""MixUp and CutMix: batches whose images are mixed with one another, and their labels too."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import weft
from weft import Tensor
from weft.transforms.base import Parameters, Transform, dirichlet, images_among, leaves_of, rebuilt, uniform
from weft.transforms.functional.kinds import check_int, check_number


def found_labels(sample: Any) -> Any:
    """The second item of a tuple, or what a dict has under a name with "label" in it."""
    if isinstance(sample, (tuple, list)) and len(sample) > 1:
        sample = sample[1]
    if isinstance(sample, Mapping):
        names = [name for name in sample if isinstance(name, str) and "label" in name.lower()]
        names.sort(key=lambda name: name.lower() != "labels")
        return sample[names[0]] if names else None
    return sample if isinstance(sample, Tensor) else None


class _Mixing(Transform):
    alpha: float
    num_classes: int | None

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        num_classes: int | None = None,
        labels_getter: Callable[[Any], Any] | str | None = "default",
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.alpha = check_number(name, "alpha", alpha, 1e-9)
        self.num_classes = None if num_classes is None else check_int(name, "num_classes", num_classes, 1)
        if labels_getter is not None and labels_getter != "default" and not callable(labels_getter):
            raise ValueError(
                f"transforms.{name}: expected labels_getter 'default', a function or None, got {labels_getter!r}"
            )
        self._labels_of = found_labels if isinstance(labels_getter, str) else labels_getter

    def forward(self, *inputs: Any) -> Any:
        """The batch with its images and labels mixed."""
        name = type(self).__name__
        sample = inputs[0] if len(inputs) == 1 else inputs
        flat = leaves_of(sample)
        labels = None if self._labels_of is None else self._labels_of(sample)
        images = images_among([leaf for leaf in flat if leaf is not labels])
        if not images or not isinstance(images[0], Tensor) or images[0].ndim < 4:
            got = f"shape {tuple(images[0].shape)}" if images and isinstance(images[0], Tensor) else "none"
            raise ValueError(f"transforms.{name}: expected a batch of images, a tensor (N, C, H, W), got {got}")
        batch = images[0]
        if self._labels_of is not None:
            self._check_labels(name, labels, len(batch))
        params = self.make_params([batch])

        def change(leaf: Any) -> Any:
            if leaf is batch:
                return self.transform(batch, params)
            return self._mixed_labels(labels, params["lam"]) if labels is not None and leaf is labels else leaf

        return rebuilt(sample, change)

    def _check_labels(self, name: str, labels: Any, count: int) -> None:
        if not isinstance(labels, Tensor):
            raise ValueError(
                f"transforms.{name}: expected (images, labels), both tensors, got {type(labels).__name__} for the "
                "labels; labels_getter says where they are"
            )
        if labels.ndim not in (1, 2) or len(labels) != count:
            raise ValueError(
                f"transforms.{name}: expected labels ({count},) or ({count}, num_classes), got {tuple(labels.shape)}"
            )
        if labels.ndim == 2:
            if self.num_classes is not None and labels.shape[1] != self.num_classes:
                raise ValueError(f"transforms.{name}: expected {self.num_classes} classes, got {labels.shape[1]}")
            return
        if self.num_classes is None:
            raise ValueError(f"transforms.{name}: num_classes must be given for labels that are numbers of classes")
        if labels.dtype.is_floating_point or labels.dtype == weft.bool:
            raise TypeError(f"transforms.{name}: expected labels of an integer dtype, got {labels.dtype}")
        if count and not 0 <= labels.min().item() <= labels.max().item() < self.num_classes:
            raise ValueError(
                f"transforms.{name}: expected labels between 0 and {self.num_classes - 1}, got "
                f"{labels.min().item()} to {labels.max().item()}"
            )

    def _mixed_labels(self, labels: Tensor, part: float) -> Tensor:
        if labels.ndim == 1:
            labels = weft.nn.functional.one_hot(labels.to(weft.int64), self.num_classes)
        labels = labels if labels.dtype.is_floating_point else labels.to(weft.float32)
        return labels.roll(1, 0).mul_(1.0 - part).add_(labels, alpha=part)

    def _part(self) -> float:
        return dirichlet(self.alpha, 2)[0]


class MixUp(_Mixing):
    """Each image of a batch, mixed with the one before it by a weight of a Beta distribution; so are the labels.

    It comes after the loader: ``images, labels = MixUp(num_classes=10)(images, labels)``.

    Args:
        alpha: both parameters of the Beta distribution, above 0.
        num_classes: of labels (N,) that are numbers of classes; they become (N, num_classes).
        labels_getter: "default": the second input, or what a dict has under "labels"; a function that finds them in
            the sample; None: there are none.

    Raises TypeError and ValueError for what is no batch and for labels that do not fit.

    >>> import weft
    >>> images, labels = weft.transforms.MixUp(num_classes=3)(weft.zeros(4, 3, 8, 8), weft.tensor([0, 1, 2, 0]))
    >>> labels.shape, labels.sum(1)
    (weft.Size([4, 3]), tensor([1., 1., 1., 1.]))
    """

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        return {"lam": self._part()}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        part = params["lam"]
        if not inpt.dtype.is_floating_point:
            mixed = inpt.roll(1, 0).to(weft.float32).mul_(1.0 - part).add_(inpt, alpha=part)
            return mixed.round_().to(inpt.dtype)
        return inpt.roll(1, 0).mul_(1.0 - part).add_(inpt, alpha=part)


class CutMix(_Mixing):
    """Each image of a batch, with a rectangle of the one before it; labels are mixed by its area.

    It comes after the loader: ``images, labels = CutMix(num_classes=10)(images, labels)``.

    Args:
        alpha: both parameters of the Beta distribution of the area, above 0.
        num_classes: of labels (N,) that are numbers of classes; they become (N, num_classes).
        labels_getter: "default": the second input, or what a dict has under "labels"; a function that finds them in
            the sample; None: there are none.

    Raises TypeError and ValueError for what is no batch and for labels that do not fit.

    >>> import weft
    >>> images, labels = weft.transforms.CutMix(num_classes=3)(weft.zeros(4, 3, 8, 8), weft.tensor([0, 1, 2, 0]))
    >>> images.shape, labels.sum(1)
    (weft.Size([4, 3, 8, 8]), tensor([1., 1., 1., 1.]))
    """

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        height, width = flat_inputs[0].shape[-2:]
        half = 0.5 * math.sqrt(1.0 - self._part())
        draws = uniform(2)
        x, y = int(draws[0] * width), int(draws[1] * height)
        half_width, half_height = int(half * width), int(half * height)
        left, right = max(x - half_width, 0), min(x + half_width, width)
        top, bottom = max(y - half_height, 0), min(y + half_height, height)
        area = (right - left) * (bottom - top) / max(width * height, 1)
        return {"box": (left, top, right, bottom), "lam": 1.0 - area}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        left, top, right, bottom = params["box"]
        result = inpt.clone()
        result[..., top:bottom, left:right] = inpt[..., top:bottom, left:right].roll(1, 0)
        return result
