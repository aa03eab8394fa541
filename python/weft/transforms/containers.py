"""Transforms made of transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import weft
from weft.transforms.base import Transform, uniform
from weft.transforms.functional.kinds import check_number, list_of


class _Container(Transform):
    transforms: list[Callable[..., Any]]

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        super().__init__()
        name = type(self).__name__
        if not isinstance(transforms, (list, tuple, weft.nn.ModuleList)) or not len(transforms):
            raise TypeError(f"transforms.{name}: expected a list of at least one transform, got {transforms!r}")
        for transform in transforms:
            if not callable(transform):
                raise TypeError(f"transforms.{name}: expected callables, got {type(transform).__name__}")
        self.transforms = list(transforms)

    def extra_repr(self) -> str:
        """The transforms, one a line."""
        return "\n".join(f"{transform}" for transform in self.transforms)


def _in_turn(transforms: Sequence[Callable[..., Any]], inputs: tuple[Any, ...]) -> Any:
    if len(inputs) == 1:
        sample = inputs[0]
        for transform in transforms:
            sample = transform(sample)
        return sample
    for transform in transforms:
        inputs = transform(*inputs)
    return inputs


class Compose(_Container):
    """Transforms one after the other.

    Args:
        transforms: transforms, or any callables.

    Raises TypeError for an empty list and for what cannot be called.

    >>> import weft
    >>> from weft import transforms
    >>> both = transforms.Compose([transforms.CenterCrop(2), transforms.ToDtype(weft.float32, scale=True)])
    >>> both(weft.full((3, 4, 4), 255, dtype=weft.uint8))[0]
    tensor([[1., 1.],
            [1., 1.]])
    """

    def forward(self, *inputs: Any) -> Any:
        """The sample after all transforms."""
        return _in_turn(self.transforms, inputs)


class RandomApply(_Container):
    """Transforms one after the other, with probability p; else none of them.

    Args:
        transforms: transforms, or any callables.
        p: the probability.

    Raises TypeError for an empty list and for what cannot be called, ValueError for p outside of [0, 1].

    >>> import weft
    >>> from weft import transforms
    >>> transforms.RandomApply([transforms.CenterCrop(2)], p=0.0)(weft.zeros(3, 4, 4)).shape
    weft.Size([3, 4, 4])
    """

    p: float

    def __init__(self, transforms: Sequence[Callable[..., Any]], p: float = 0.5) -> None:
        super().__init__(transforms)
        self.p = check_number("RandomApply", "p", p, 0, 1)

    def forward(self, *inputs: Any) -> Any:
        """The sample after all transforms, or as it was."""
        if self.p < 1 and weft.rand(()).item() >= self.p:
            return inputs[0] if len(inputs) == 1 else inputs
        return _in_turn(self.transforms, inputs)


class RandomChoice(_Container):
    """One of several transforms.

    Args:
        transforms: transforms, or any callables.
        p: how likely each is; None: all are as likely.

    Raises TypeError for an empty list and for what cannot be called, ValueError for weights that do not fit.

    >>> import weft
    >>> from weft import transforms
    >>> choice = transforms.RandomChoice([transforms.CenterCrop(1), transforms.CenterCrop(2)], p=[0.0, 1.0])
    >>> choice(weft.zeros(3, 4, 4)).shape
    weft.Size([3, 2, 2])
    """

    p: list[float]

    def __init__(self, transforms: Sequence[Callable[..., Any]], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        given = [1.0] * len(self.transforms) if p is None else list_of("RandomChoice", "p", p)
        weights = [check_number("RandomChoice", "p", w, 0) for w in given]
        if len(weights) != len(self.transforms) or not sum(weights):
            raise ValueError(
                f"transforms.RandomChoice: expected {len(self.transforms)} probabilities, not all 0, got {p!r}"
            )
        self.p = [w / sum(weights) for w in weights]

    def forward(self, *inputs: Any) -> Any:
        """The sample after the transform that was drawn."""
        left = uniform(1)[0]
        chosen = max(i for i, weight in enumerate(self.p) if weight)
        for i, weight in enumerate(self.p):
            left -= weight
            if left < 0:
                chosen = i
                break
        return self.transforms[chosen](*inputs)


class RandomOrder(_Container):
    """All of several transforms, in random order.

    Args:
        transforms: transforms, or any callables.

    Raises TypeError for an empty list and for what cannot be called.

    >>> import weft
    >>> from weft import transforms
    >>> transforms.RandomOrder([transforms.CenterCrop(2), transforms.Grayscale()])(weft.zeros(3, 4, 4)).shape
    weft.Size([1, 2, 2])
    """

    def forward(self, *inputs: Any) -> Any:
        """The sample after all transforms."""
        keys = uniform(len(self.transforms))
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return _in_turn([self.transforms[i] for i in order], inputs)
