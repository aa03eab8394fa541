"""Transform, the base class: which parts of a sample are images, and what is drawn for them."""

from __future__ import annotations

import math
import numbers
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import weft
from weft import Tensor
from weft.transforms.functional.kinds import check_number, is_image, is_pil
from weft.transforms.tv_tensors import BoundingBoxes, Image, Mask, TVTensor, Video, wrap

Parameters = dict[str, Any]


def uniform(count: int) -> list[float]:
    """Numbers in [0, 1) of the default generator, in one draw."""
    return weft.rand(count).tolist()


def log_gamma(alpha: float, count: int) -> list[float]:
    """Logarithms of draws of the gamma distribution, by Marsaglia and Tsang (2000)."""
    d = alpha + (1.0 if alpha < 1 else 0.0) - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    found: list[float] = []
    while len(found) < count:
        block = count - len(found) + 2
        draws = uniform(2 * block)
        for x, u, w in zip(weft.randn(block).tolist(), draws[:block], draws[block:]):
            v = (1.0 + c * x) ** 3
            if v > 0 and math.log(1.0 - u) < 0.5 * x * x + d - d * v + d * math.log(v):
                found.append(math.log(d * v) + (math.log(1.0 - w) / alpha if alpha < 1 else 0.0))
    return found[:count]


def dirichlet(alpha: float, count: int) -> list[float]:
    """Weights that add up to 1, of the symmetric Dirichlet distribution."""
    logs = log_gamma(alpha, count)
    most = max(logs)
    parts = [math.exp(v - most) for v in logs]
    return [part / sum(parts) for part in parts]


def between(part: float, low: float, high: float) -> float:
    """The number at a part of the way from low to high."""
    return low + part * (high - low)


class Transform(weft.nn.Module):
    """The base class of transforms: a module that takes a sample and gives it back with its images changed.

    A sample is an image, or tuples, lists and dicts around images and labels. Images are its PIL images; where there is
    none, its first tensor or array, and the others are labels. Images, masks and boxes of ``tv_tensors`` say themselves
    what they are. Everything else is passed on. What is random is drawn once for a sample, from Weft's default
    generator.

    A class of one's own overrides ``transform``, and ``make_params`` if something is drawn.

    >>> import weft
    >>> class Darken(weft.transforms.Transform):
    ...     def make_params(self, flat_inputs):
    ...         return {"factor": weft.rand(()).item()}
    ...
    ...     def transform(self, inpt, params):
    ...         return inpt * params["factor"]
    >>> image, label = Darken()((weft.ones(3, 2, 2), 7))
    >>> image.shape, bool((image < 1).all()), label
    (weft.Size([3, 2, 2]), True, 7)
    """

    _of_values = False  # of the values of pixels alone: masks and boxes stay

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Raises an error for samples that the transform is not for. Nothing by default.

        Args:
            flat_inputs: everything in the sample, images and labels.

        >>> import weft
        >>> weft.transforms.RandomHorizontalFlip().check_inputs([])
        """

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        """Draws what is the same for all images of a sample. Nothing by default.

        Args:
            flat_inputs: everything in the sample, images and labels.

        >>> import weft
        >>> weft.transforms.CenterCrop(2).make_params([])
        {}
        """
        return {}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        """Changes one image.

        Args:
            inpt: the image.
            params: what make_params drew.

        >>> import weft
        >>> weft.transforms.CenterCrop(1).transform(weft.arange(9).reshape(1, 3, 3), {})
        tensor([[[4]]])
        """
        raise NotImplementedError(f"transforms.{type(self).__name__}: transform() is for the class to define")

    def forward(self, *inputs: Any) -> Any:
        """The sample with its images changed; several inputs come back as a tuple."""
        sample = inputs[0] if len(inputs) == 1 else inputs
        if is_image(sample):
            flat = [sample]
            self.check_inputs(flat)
            return self._apply_to(flat, flat, sample)
        if not inputs or not isinstance(sample, (tuple, list, Mapping)):
            raise TypeError(
                f"transforms.{type(self).__name__}: expected a PIL image, a tensor, an array, or a tuple, list or dict "
                f"with one, got {type(sample).__name__ if inputs else 'nothing'}"
            )
        flat = leaves_of(sample)
        self.check_inputs(flat)
        return self._apply_to(flat, images_among(flat), sample)

    def _apply_to(self, flat: list[Any], images: list[Any], sample: Any) -> Any:
        params = self.make_params(flat if flat is images else [*images, *(x for x in flat if not _among(x, images))])
        if images is flat:
            return self._one(sample, params)
        return rebuilt(sample, lambda leaf: self._one(leaf, params) if _among(leaf, images) else leaf)

    def _one(self, leaf: Any, params: Parameters) -> Any:
        if not isinstance(leaf, TVTensor):
            return self.transform(leaf, params)
        if self._of_values and isinstance(leaf, (Mask, BoundingBoxes)):
            return leaf
        result = self.transform(leaf, params)
        return wrap(result, like=leaf) if type(result) is Tensor else result

    def extra_repr(self) -> str:
        """The options in the text of the transform."""
        shown = []
        for name, value in self.__dict__.items():
            if name.startswith("_") or name == "training" or callable(value):
                continue
            if isinstance(value, (bool, str, int, float, tuple, list, weft.dtype)) or hasattr(value, "value"):
                shown.append(f"{name}={getattr(value, 'value', value)}")
        return ", ".join(shown)


class ValueTransform(Transform):
    """A transform that leaves masks and boxes as they are."""

    _of_values = True


class RandomTransform(Transform):
    """A transform that is applied with probability p, and else leaves the sample as it is."""

    p: float

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = check_number(type(self).__name__, "p", p, 0, 1)

    def _apply_to(self, flat: list[Any], images: list[Any], sample: Any) -> Any:
        if self.p < 1 and weft.rand(()).item() >= self.p:
            return sample
        return super()._apply_to(flat, images, sample)


class RandomValueTransform(RandomTransform):
    """A transform with probability p that leaves masks and boxes as they are."""

    _of_values = True


def _among(leaf: Any, images: list[Any]) -> bool:
    return any(leaf is image for image in images)


def leaves_of(sample: Any) -> list[Any]:
    """Everything within tuples, lists and dicts."""
    if isinstance(sample, Mapping):
        return [leaf for value in sample.values() for leaf in leaves_of(value)]
    if isinstance(sample, (tuple, list)):
        return [leaf for value in sample for leaf in leaves_of(value)]
    return [sample]


def rebuilt(sample: Any, change: Callable[[Any], Any]) -> Any:
    """The same tuples, lists and dicts around changed leaves."""
    if isinstance(sample, Mapping):
        changed = {key: rebuilt(value, change) for key, value in sample.items()}
        if isinstance(sample, defaultdict):
            return type(sample)(sample.default_factory, changed)
        return changed if type(sample) is dict else type(sample)(changed)  # type: ignore[call-arg]
    if isinstance(sample, (tuple, list)):
        values = [rebuilt(value, change) for value in sample]
        return type(sample)(*values) if hasattr(sample, "_fields") else type(sample)(values)
    return change(sample)


def images_among(flat: list[Any]) -> list[Any]:
    """The images of a sample: those that say so, else the first tensor or array; then masks and boxes."""
    marked = [leaf for leaf in flat if isinstance(leaf, (Mask, BoundingBoxes))]
    pictures = [leaf for leaf in flat if is_pil(leaf) or isinstance(leaf, (Image, Video))]
    if not pictures:
        pictures = [leaf for leaf in flat if isinstance(leaf, (Tensor, np.ndarray)) and not _among(leaf, marked)][:1]
    return pictures + marked


def image_of(name: str, flat_inputs: Sequence[Any]) -> Any:
    """The image whose size counts."""
    image = next((leaf for leaf in flat_inputs if is_image(leaf)), None)
    if image is None:
        raise TypeError(f"transforms.{name}: expected a sample with an image, got none")
    return image


def for_kind(name: str, choice: Any, inpt: Any) -> Any:
    """A fill value or dtype that may be a dict of types: what it says for this image."""
    if not isinstance(choice, Mapping):
        return choice
    if type(inpt) in choice:
        return choice[type(inpt)]
    for kind, value in () if isinstance(inpt, TVTensor) else choice.items():
        if isinstance(kind, type) and isinstance(inpt, kind):
            return value
    if "others" not in choice:
        raise ValueError(f"transforms.{name}: expected a value for {type(inpt).__name__} or 'others', got {choice!r}")
    return choice["others"]


def check_fill(name: str, fill: Any) -> Any:
    """None, a number, a list of numbers, or a dict of those."""
    for value in fill.values() if isinstance(fill, Mapping) else (fill,):
        for part in value if isinstance(value, (list, tuple)) else (value,):
            if part is not None:
                check_number(name, "fill", part)
    return fill


def check_range(
    name: str, what: str, value: Any, low: float = -math.inf, high: float = math.inf, around: float | None = None
) -> tuple[float, float]:
    """(from, to), in order and within bounds; a single number is taken around the given one."""
    if around is not None and isinstance(value, numbers.Real) and not isinstance(value, bool):
        check_number(name, what, value, 0)
        value = (max(around - value, low), around + value)
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError(f"transforms.{name}: expected {what} to be two numbers, got {value!r}")
    first, last = (check_number(name, what, v, low, high) for v in value)
    if first > last:
        raise ValueError(f"transforms.{name}: expected {what} in ascending order, got {value!r}")
    return first, last
