"""AutoAugment, RandAugment, TrivialAugment and AugMix: sequences of operations that are drawn for each sample."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np

import weft
from weft import Tensor
from weft.transforms import functional as F
from weft.transforms.base import Parameters, ValueTransform, check_fill, dirichlet, for_kind, image_of, uniform
from weft.transforms.functional.kinds import (
    InterpolationMode,
    check_int,
    check_number,
    from_array,
    is_pil,
    max_value,
    mode_of,
    size_of,
    to_array,
)
from weft.transforms.tv_tensors import BoundingBoxes, Mask

# Of an operation: its magnitude at a part of the way from the weakest to the strongest, for an image of a height and a
# width (None: it has no magnitude), and whether it goes both ways.
_Space = dict[str, "tuple[Callable[[float, int, int], float] | None, bool]"]


class AutoAugmentPolicy(Enum):
    """The policies that AutoAugment found, by data set.

    >>> from weft.transforms import AutoAugmentPolicy
    >>> AutoAugmentPolicy("cifar10")
    <AutoAugmentPolicy.CIFAR10: 'cifar10'>
    """

    IMAGENET = "imagenet"
    CIFAR10 = "cifar10"
    SVHN = "svhn"


# Appendix A of "AutoAugment: Learning Augmentation Policies from Data" (arXiv:1805.09501): operation, probability, and
# magnitude of ten.
_POLICIES = {
    AutoAugmentPolicy.IMAGENET: """
        Posterize .4 8, Rotate .6 9; Solarize .6 5, AutoContrast .6; Equalize .8, Equalize .6;
        Posterize .6 7, Posterize .6 6; Equalize .4, Solarize .2 4; Equalize .4, Rotate .8 8;
        Solarize .6 3, Equalize .6; Posterize .8 5, Equalize 1;
        Rotate .2 3, Solarize .6 8; Equalize .6, Posterize .4 6; Rotate .8 8, Color .4 0; Rotate .4 9, Equalize .6;
        Equalize 0, Equalize .8; Invert .6, Equalize 1; Color .6 4, Contrast 1 8; Rotate .8 8, Color 1 2;
        Color .8 8, Solarize .8 7; Sharpness .4 7, Invert .6; ShearX .6 5, Equalize 1; Color .4 0, Equalize .6;
        Equalize .4, Solarize .2 4; Solarize .6 5, AutoContrast .6; Invert .6, Equalize 1; Color .6 4, Contrast 1 8;
        Equalize .8, Equalize .6""",
    AutoAugmentPolicy.CIFAR10: """
        Invert .1, Contrast .2 6; Rotate .7 2, TranslateX .3 9; Sharpness .8 1, Sharpness .9 3;
        ShearY .5 8, TranslateY .7 9; AutoContrast .5, Equalize .9; ShearY .2 7, Posterize .3 7;
        Color .4 3, Brightness .6 7; Sharpness .3 9, Brightness .7 9; Equalize .6, Equalize .5;
        Contrast .6 7, Sharpness .6 5; Color .7 7, TranslateX .5 8; Equalize .3, AutoContrast .4;
        TranslateY .4 3, Sharpness .2 6; Brightness .9 6, Color .2 8; Solarize .5 2, Invert 0;
        Equalize .2, AutoContrast .6; Equalize .2, Equalize .6; Color .9 9, Equalize .6;
        AutoContrast .8, Solarize .2 8; Brightness .1 3, Color .7 0;
        Solarize .4 5, AutoContrast .9; TranslateY .9 9, TranslateY .7 9; AutoContrast .9, Solarize .8 3;
        Equalize .8, Invert .1; TranslateY .7 9, AutoContrast .9""",
    AutoAugmentPolicy.SVHN: """
        ShearX .9 4, Invert .2; ShearY .9 8, Invert .7; Equalize .6, Solarize .6 6; Invert .9, Equalize .6;
        Equalize .6, Rotate .9 3; ShearX .9 4, AutoContrast .8; ShearY .9 8, Invert .4; ShearY .9 5, Solarize .2 6;
        Invert .9, AutoContrast .8; Equalize .6, Rotate .9 3; ShearX .9 4, Solarize .3 3; ShearY .8 8, Invert .7;
        Equalize .9, TranslateY .6 6; Invert .9, Equalize .6; Contrast .3 3, Rotate .8 4; Invert .8, TranslateY 0 2;
        ShearY .7 6, Solarize .4 8; Invert .6, Rotate .8 4; ShearY .3 7, TranslateX .9 3; ShearX .1 6, Invert .6;
        Solarize .7 2, TranslateY .6 7; ShearY .8 4, Invert .8; ShearX .7 9, TranslateY .8 3;
        ShearY .8 5, AutoContrast .7; ShearX .7 2, Invert .1""",
}


def _parsed(policy: str) -> list[list[tuple[str, float, float]]]:
    pairs = []
    for pair in policy.split(";"):
        words = [operation.split() for operation in pair.split(",")]
        pairs.append([(w[0], float(w[1]), int(w[2]) / 9 if len(w) > 2 else 0.0) for w in words])
    return pairs


def _strong(most: float) -> tuple[Callable[[float, int, int], float], bool]:
    return (lambda part, height, width: most * part), True


def _space(shear: float, shift: Callable[[int], float], degrees: float, colour: float, bits: int, fewer: int) -> _Space:
    """The operations of all four methods, at their own strengths."""
    return {
        "Identity": (None, False),
        "ShearX": _strong(shear),
        "ShearY": _strong(shear),
        "TranslateX": (lambda part, height, width: shift(width) * part, True),
        "TranslateY": (lambda part, height, width: shift(height) * part, True),
        "Rotate": _strong(degrees),
        "Brightness": _strong(colour),
        "Color": _strong(colour),
        "Contrast": _strong(colour),
        "Sharpness": _strong(colour),
        "Posterize": (lambda part, height, width: round(bits - fewer * part), False),
        "Solarize": (lambda part, height, width: 1.0 - part, False),
        "AutoContrast": (None, False),
        "Equalize": (None, False),
        "Invert": (None, False),
    }


def _without(space: _Space, *names: str) -> _Space:
    return {name: value for name, value in space.items() if name not in names}


_AUTO = _space(0.3, lambda edge: 150.0 / 331.0 * edge, 30.0, 0.9, 8, 4)
_RAND = _without(_AUTO, "Invert")
_WIDE = _without(_space(0.99, lambda edge: 32.0, 135.0, 0.99, 8, 6), "Invert")
_MIX = _without(_space(0.3, lambda edge: edge / 3.0, 30.0, 0.9, 4, 4), "Identity", "Invert")


class _Automatic(ValueTransform):
    interpolation: InterpolationMode
    fill: Any

    def __init__(self, interpolation: InterpolationMode | str | int, fill: Any) -> None:
        super().__init__()
        self.interpolation = mode_of(type(self).__name__, interpolation)
        self.fill = check_fill(type(self).__name__, fill)

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """TypeError for a sample with masks or boxes: an image that is turned or sheared would leave them behind.

        Args:
            flat_inputs: everything in the sample, images and labels.

        >>> import weft
        >>> weft.transforms.RandAugment().check_inputs([weft.zeros(3, 4, 4), 5])
        """
        for leaf in flat_inputs:
            if isinstance(leaf, (Mask, BoundingBoxes)):
                raise TypeError(
                    f"transforms.{type(self).__name__}: expected a sample without masks and boxes, which it does not "
                    f"turn or shear with the image; got {type(leaf).__name__}"
                )

    def transform(self, inpt: Any, params: Parameters) -> Any:
        for operation, magnitude in params["operations"]:
            inpt = self._operate(inpt, operation, magnitude)
        return inpt

    def _operate(self, image: Any, operation: str, magnitude: float) -> Any:
        geometry = _GEOMETRY.get(operation)
        if geometry is not None:
            fill = for_kind(type(self).__name__, self.fill, image)
            return geometry(image, magnitude, self.interpolation, fill)
        return _VALUES[operation](image, magnitude)


def _shear(image: Any, along: tuple[float, float], mode: Any, fill: Any) -> Any:
    degrees = [math.degrees(math.atan(m)) for m in along]
    return F.affine(image, 0.0, [0, 0], 1.0, degrees, mode, fill, center=[0, 0])


_GEOMETRY: dict[str, Callable[[Any, float, Any, Any], Any]] = {
    "ShearX": lambda image, m, mode, fill: _shear(image, (m, 0.0), mode, fill),
    "ShearY": lambda image, m, mode, fill: _shear(image, (0.0, m), mode, fill),
    "TranslateX": lambda image, m, mode, fill: F.affine(image, 0.0, [int(m), 0], 1.0, 0.0, mode, fill),
    "TranslateY": lambda image, m, mode, fill: F.affine(image, 0.0, [0, int(m)], 1.0, 0.0, mode, fill),
    "Rotate": lambda image, m, mode, fill: F.rotate(image, m, mode, fill=fill),
}


def _solarize(image: Any, part: float) -> Any:
    if isinstance(image, Tensor):
        return F.solarize(image, max_value(image.dtype) * part)
    integers = is_pil(image) or image.dtype.kind in "iu"
    white = (255 if is_pil(image) else np.iinfo(image.dtype).max) if integers else 1.0
    return F.solarize(image, white * part)


_VALUES: dict[str, Callable[[Any, float], Any]] = {
    "Identity": lambda image, m: image,
    "Brightness": lambda image, m: F.adjust_brightness(image, 1.0 + m),
    "Color": lambda image, m: F.adjust_saturation(image, 1.0 + m),
    "Contrast": lambda image, m: F.adjust_contrast(image, 1.0 + m),
    "Sharpness": lambda image, m: F.adjust_sharpness(image, 1.0 + m),
    "Posterize": lambda image, m: F.posterize(image, int(m)),
    "Solarize": _solarize,
    "AutoContrast": lambda image, m: F.autocontrast(image),
    "Equalize": lambda image, m: F.equalize(image),
    "Invert": lambda image, m: F.invert(image),
}


def _magnitude(space: _Space, operation: str, part: float, sign: float, height: int, width: int) -> float:
    strength, both_ways = space[operation]
    if strength is None:
        return 0.0
    return -strength(part, height, width) if both_ways and sign <= 0.5 else strength(part, height, width)


class AutoAugment(_Automatic):
    """Two operations of a policy that was found for a data set (arXiv:1805.09501), one of its 25 pairs at random.

    Args:
        policy: which one: an AutoAugmentPolicy.
        interpolation: nearest or bilinear; bicubic for PIL images.
        fill: what comes from outside of the image: a number, one for each channel, or a dict of these by type.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.AutoAugment()(weft.zeros(3, 8, 8, dtype=weft.uint8)).shape
    weft.Size([3, 8, 8])
    """

    policy: AutoAugmentPolicy

    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: InterpolationMode | str | int = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.policy = AutoAugmentPolicy(policy)
        self._pairs = _parsed(_POLICIES[self.policy])

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        height, width = size_of("AutoAugment", image_of("AutoAugment", flat_inputs))
        draws = uniform(5)
        chosen = []
        for i, (operation, p, part) in enumerate(self._pairs[int(draws[0] * len(self._pairs))]):
            if draws[1 + i] <= p:
                chosen.append((operation, _magnitude(_AUTO, operation, part, draws[3 + i], height, width)))
        return {"operations": chosen}


class RandAugment(_Automatic):
    """Random operations of one strength (arXiv:1909.13719).

    Args:
        num_ops: how many, one after the other.
        magnitude: the strength, below num_magnitude_bins.
        num_magnitude_bins: how many strengths there are.
        interpolation: nearest or bilinear; bicubic for PIL images.
        fill: what comes from outside of the image: a number, one for each channel, or a dict of these by type.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.RandAugment()(weft.zeros(3, 8, 8, dtype=weft.uint8)).shape
    weft.Size([3, 8, 8])
    """

    num_ops: int
    magnitude: int
    num_magnitude_bins: int

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode | str | int = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_ops = check_int("RandAugment", "num_ops", num_ops, 0)
        self.num_magnitude_bins = check_int("RandAugment", "num_magnitude_bins", num_magnitude_bins, 2)
        self.magnitude = check_int("RandAugment", "magnitude", magnitude, 0)
        if magnitude >= num_magnitude_bins:
            raise ValueError(f"transforms.RandAugment: expected magnitude below {num_magnitude_bins}, got {magnitude}")

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        height, width = size_of("RandAugment", image_of("RandAugment", flat_inputs))
        part = self.magnitude / (self.num_magnitude_bins - 1)
        draws = uniform(2 * self.num_ops) if self.num_ops else []
        names = [_RAND_NAMES[int(d * len(_RAND_NAMES))] for d in draws[: self.num_ops]]
        signs = draws[self.num_ops :]
        return {"operations": [(n, _magnitude(_RAND, n, part, s, height, width)) for n, s in zip(names, signs)]}


class TrivialAugmentWide(_Automatic):
    """One random operation of random strength (arXiv:2103.10158).

    Args:
        num_magnitude_bins: how many strengths there are.
        interpolation: nearest or bilinear; bicubic for PIL images.
        fill: what comes from outside of the image: a number, one for each channel, or a dict of these by type.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.TrivialAugmentWide()(weft.zeros(3, 8, 8, dtype=weft.uint8)).shape
    weft.Size([3, 8, 8])
    """

    num_magnitude_bins: int

    def __init__(
        self,
        num_magnitude_bins: int = 31,
        interpolation: InterpolationMode | str | int = InterpolationMode.NEAREST,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = check_int("TrivialAugmentWide", "num_magnitude_bins", num_magnitude_bins, 2)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        height, width = size_of("TrivialAugmentWide", image_of("TrivialAugmentWide", flat_inputs))
        draws = uniform(3)
        name = _WIDE_NAMES[int(draws[0] * len(_WIDE_NAMES))]
        part = int(draws[1] * self.num_magnitude_bins) / (self.num_magnitude_bins - 1)
        return {"operations": [(name, _magnitude(_WIDE, name, part, draws[2], height, width))]}


_RAND_NAMES, _WIDE_NAMES = list(_RAND), list(_WIDE)
_COLOURS = ("Brightness", "Color", "Contrast", "Sharpness")


class AugMix(_Automatic):
    """A random mixture of the image and of several chains of operations on it (arXiv:1912.02781).

    Args:
        severity: the greatest strength, of ten.
        mixture_width: how many chains.
        chain_depth: operations of a chain; negative: 1 to 3 at random.
        alpha: of the distributions of the weights, above 0.
        all_ops: also brightness, colour, contrast and sharpness.
        interpolation: nearest or bilinear.
        fill: what comes from outside of the image: a number, one for each channel, or a dict of these by type.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.AugMix()(weft.zeros(3, 8, 8, dtype=weft.uint8)).shape
    weft.Size([3, 8, 8])
    """

    severity: int
    mixture_width: int
    chain_depth: int
    alpha: float
    all_ops: bool

    def __init__(
        self,
        severity: int = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: InterpolationMode | str | int = InterpolationMode.BILINEAR,
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.severity = check_int("AugMix", "severity", severity, 1)
        if severity > 10:
            raise ValueError(f"transforms.AugMix: expected severity to be at most 10, got {severity}")
        self.mixture_width = check_int("AugMix", "mixture_width", mixture_width, 1)
        self.chain_depth = check_int("AugMix", "chain_depth", chain_depth)
        self.alpha = check_number("AugMix", "alpha", alpha, 1e-9)
        self.all_ops = bool(all_ops)
        self._names = [name for name in _MIX if all_ops or name not in _COLOURS]

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        image = image_of("AugMix", flat_inputs)
        height, width = size_of("AugMix", image)
        batch = image.shape[0] if not is_pil(image) and image.ndim >= 4 else 1
        kept = weft.tensor([dirichlet(self.alpha, 2) for _ in range(batch)])
        weights = weft.tensor([dirichlet(self.alpha, self.mixture_width) for _ in range(batch)])
        chains = []
        for depth in uniform(self.mixture_width):
            length = self.chain_depth if self.chain_depth > 0 else 1 + int(3 * depth)
            draws = uniform(3 * length)
            chain = []
            for a, b, sign in zip(draws[::3], draws[1::3], draws[2::3]):
                name = self._names[int(a * len(self._names))]
                part = int(b * self.severity) / 9
                chain.append((name, _magnitude(_MIX, name, part, sign, height, width)))
            chains.append(chain)
        return {"kept": kept[:, :1], "weights": weights * kept[:, 1:], "chains": chains}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        if is_pil(inpt):
            return F.to_pil_image(self._mixed(F.pil_to_tensor(inpt), params), inpt.mode)
        if isinstance(inpt, np.ndarray):
            return to_array(self._mixed(from_array("AugMix", inpt), params), inpt)
        return self._mixed(inpt, params)

    def _mixed(self, image: Tensor, params: Parameters) -> Tensor:
        shape = (-1, *[1] * (image.ndim - 1)) if image.ndim >= 4 else (1,) * image.ndim
        mixed = image * params["kept"].to(image.device).reshape(shape)
        for i, chain in enumerate(params["chains"]):
            changed = super().transform(image, {"operations": chain})
            mixed.add_(changed * params["weights"][:, i].to(image.device).reshape(shape))
        return mixed.to(image.dtype)
