"""Random rotations, affine and perspective maps, elastic deformation."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import weft
from weft.transforms import functional as F
from weft.transforms.base import (
    Parameters,
    RandomTransform,
    Transform,
    between,
    check_fill,
    check_range,
    for_kind,
    image_of,
    uniform,
)
from weft.transforms.functional.filters import blur
from weft.transforms.functional.kinds import InterpolationMode, check_number, mode_of, numbers_of, size_of


def _angles(name: str, what: str, value: Any) -> tuple[float, float]:
    """(from, to); a number n means from -n to n."""
    return check_range(name, what, value, around=0.0)


class RandomRotation(Transform):
    """The image turned by a random angle.

    Args:
        degrees: (from, to) counter-clockwise, or a number d for (-d, d).
        interpolation: nearest or bilinear; bicubic for PIL images.
        expand: make the result large enough for the whole image.
        center: (x, y) of the point that stays; None is the middle.
        fill: what comes from outside of the image: a number, one for each channel, or a dict of these by type.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.RandomRotation((90, 90))(weft.tensor([[[1, 2], [3, 4]]]))
    tensor([[[2, 4],
             [1, 3]]])
    """

    degrees: tuple[float, float]
    interpolation: InterpolationMode
    expand: bool
    center: list[float] | None
    fill: Any

    def __init__(
        self,
        degrees: float | Sequence[float],
        interpolation: InterpolationMode | str | int = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        self.degrees = _angles("RandomRotation", "degrees", degrees)
        self.interpolation = mode_of("RandomRotation", interpolation)
        self.expand = bool(expand)
        self.center = None if center is None else numbers_of("RandomRotation", "center", center)
        self.fill = check_fill("RandomRotation", fill)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        return {"angle": between(uniform(1)[0], *self.degrees)}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        fill = for_kind("RandomRotation", self.fill, inpt)
        return F.rotate(inpt, params["angle"], self.interpolation, self.expand, self.center, fill)


class RandomAffine(Transform):
    """The image turned, moved, scaled and sheared at random.

    Args:
        degrees: of the rotation, clockwise: (from, to), or a number d for (-d, d).
        translate: the most it is moved, as parts of the width and of the height; None: not at all.
        scale: (from, to); None: not at all.
        shear: degrees along x: (from, to), or a number d for (-d, d); four numbers: along x and along y; None: 0.
        interpolation: nearest or bilinear; bicubic for PIL images.
        fill: what comes from outside of the image: a number, one for each channel, or a dict of these by type.
        center: (x, y) of the point that stays; None is the middle.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.RandomAffine(0, scale=(2.0, 2.0))(weft.arange(16).reshape(1, 4, 4))[0, :2]
    tensor([[5, 5, 6, 6],
            [5, 5, 6, 6]])
    """

    degrees: tuple[float, float]
    translate: list[float] | None
    scale: tuple[float, float] | None
    shear: list[float] | None
    interpolation: InterpolationMode
    fill: Any
    center: list[float] | None

    def __init__(
        self,
        degrees: float | Sequence[float],
        translate: Sequence[float] | None = None,
        scale: Sequence[float] | None = None,
        shear: float | Sequence[float] | None = None,
        interpolation: InterpolationMode | str | int = InterpolationMode.NEAREST,
        fill: Any = 0,
        center: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        name = "RandomAffine"
        self.degrees = _angles(name, "degrees", degrees)
        self.translate = None if translate is None else numbers_of(name, "translate", translate)
        if self.translate and not all(0 <= t <= 1 for t in self.translate):
            raise ValueError(f"transforms.RandomAffine: expected translate between 0 and 1, got {translate!r}")
        self.scale = None if scale is None else check_range(name, "scale", scale, 1e-9)
        if shear is None or isinstance(shear, numbers.Real):
            self.shear = None if shear is None else list(_angles(name, "shear", shear))
        else:
            values = numbers_of(name, "shear", shear, (2, 4))
            self.shear = [v for i in range(0, len(values), 2) for v in check_range(name, "shear", values[i : i + 2])]
        self.interpolation = mode_of(name, interpolation)
        self.fill = check_fill(name, fill)
        self.center = None if center is None else numbers_of(name, "center", center)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        height, width = size_of("RandomAffine", image_of("RandomAffine", flat_inputs))
        draws = uniform(6)
        translate = (0, 0)
        if self.translate is not None:
            far = (self.translate[0] * width, self.translate[1] * height)
            translate = (round(between(draws[1], -far[0], far[0])), round(between(draws[2], -far[1], far[1])))
        shear = self.shear or [0.0, 0.0]
        return {
            "angle": between(draws[0], *self.degrees),
            "translate": translate,
            "scale": 1.0 if self.scale is None else between(draws[3], *self.scale),
            "shear": (
                between(draws[4], *shear[:2]),
                between(draws[5], *shear[2:]) if len(shear) == 4 else 0.0,
            ),
        }

    def transform(self, inpt: Any, params: Parameters) -> Any:
        fill = for_kind("RandomAffine", self.fill, inpt)
        return F.affine(inpt, **params, interpolation=self.interpolation, fill=fill, center=self.center)


class RandomPerspective(RandomTransform):
    """The image seen at a random angle, with probability p.

    Args:
        distortion_scale: how far the corners move: 0 not at all, 1 up to the middle.
        p: the probability.
        interpolation: nearest or bilinear; bicubic for PIL images.
        fill: what comes from outside of the image: a number, one for each channel, or a dict of these by type.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.RandomPerspective(p=1.0)(weft.zeros(3, 8, 8)).shape
    weft.Size([3, 8, 8])
    """

    distortion_scale: float
    interpolation: InterpolationMode
    fill: Any

    def __init__(
        self,
        distortion_scale: float = 0.5,
        p: float = 0.5,
        interpolation: InterpolationMode | str | int = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__(p)
        self.distortion_scale = check_number("RandomPerspective", "distortion_scale", distortion_scale, 0, 1)
        self.interpolation = mode_of("RandomPerspective", interpolation)
        self.fill = check_fill("RandomPerspective", fill)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        height, width = size_of("RandomPerspective", image_of("RandomPerspective", flat_inputs))
        far_x, far_y = (int(self.distortion_scale * (edge // 2)) for edge in (width, height))
        moves = [int(d * ((far_y if i % 2 else far_x) + 1)) for i, d in enumerate(uniform(8))]
        start = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
        end = [[x + (-a if x else a), y + (-b if y else b)] for (x, y), a, b in zip(start, moves[::2], moves[1::2])]
        return {"startpoints": start, "endpoints": end}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        fill = for_kind("RandomPerspective", self.fill, inpt)
        return F.perspective(inpt, params["startpoints"], params["endpoints"], self.interpolation, fill)


class ElasticTransform(Transform):
    """The image deformed as if under water.

    Args:
        alpha: how far pixels move: a number, or (along x, along y).
        sigma: how smooth the deformation is: a number, or (along x, along y).
        interpolation: nearest or bilinear.
        fill: what comes from outside of the image: a number, one for each channel, or a dict of these by type.

    Raises TypeError and ValueError for bad arguments.

    >>> import weft
    >>> weft.transforms.ElasticTransform()(weft.zeros(3, 32, 32)).shape
    weft.Size([3, 32, 32])
    """

    alpha: list[float]
    sigma: list[float]
    interpolation: InterpolationMode
    fill: Any

    def __init__(
        self,
        alpha: float | Sequence[float] = 50.0,
        sigma: float | Sequence[float] = 5.0,
        interpolation: InterpolationMode | str | int = InterpolationMode.BILINEAR,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        pairs = []
        for what, value in (("alpha", alpha), ("sigma", sigma)):
            values = [value] if isinstance(value, numbers.Real) else value
            values = numbers_of("ElasticTransform", what, values, (1, 2))
            if min(values) < 0:
                raise ValueError(f"transforms.ElasticTransform: expected {what} to be at least 0, got {value!r}")
            pairs.append(values * 2 if len(values) == 1 else values)
        self.alpha, self.sigma = pairs
        self.interpolation = mode_of("ElasticTransform", interpolation)
        self.fill = check_fill("ElasticTransform", fill)

    def make_params(self, flat_inputs: list[Any]) -> Parameters:
        size = size_of("ElasticTransform", image_of("ElasticTransform", flat_inputs))
        shifts = weft.rand(2, *size).mul_(2.0).sub_(1.0)
        for along in (0, 1):
            if self.sigma[along] > 0 and 0 not in size:
                # Eight standard deviations, or what the mirrored image allows
                wanted = int(8 * self.sigma[along] + 1) | 1
                kernel = (min(wanted, 2 * size[1] - 1), min(wanted, 2 * size[0] - 1))
                shifts[along] = blur(shifts[along : along + 1], kernel, self.sigma)[0]
            shifts[along].mul_(self.alpha[along] / max(size[along], 1))
        return {"displacement": shifts.permute(1, 2, 0).unsqueeze(0)}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        fill = for_kind("ElasticTransform", self.fill, inpt)
        return F.elastic(inpt, params["displacement"], self.interpolation, fill)
