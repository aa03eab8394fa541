"""Handwritten digits that come with Weft."""

from __future__ import annotations

import pathlib

import numpy as np

import weft
from weft.datasets.mnist import MNIST
from weft.datasets.vision import ImagesInMemory, check_arguments, pil_image

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Digits(ImagesInMemory):
    """Handwritten digits, which come with Weft: 3,823 images of 8x8 pixels to train with, 1,797 by others to test.

    They are "Optical Recognition of Handwritten Digits" of E. Alpaydin and C. Kaynak, UCI Machine Learning Repository,
    under CC BY 4.0.

    Args:
        train: the images to train with, or those to test.
        transform: a function of the PIL image, whose pixels are 0 to 255.
        target_transform: a function of the digit.

    Attributes: ``data``, a uint8 tensor (N, 8, 8) of numbers from 0 to 16; ``targets``, an int64 tensor; ``classes``.

    >>> import weft
    >>> digits = weft.datasets.Digits()
    >>> len(digits), digits.data.shape, digits.targets[:3]
    (3823, weft.Size([3823, 8, 8]), tensor([0, 0, 0]))
    """

    classes: list[str] = MNIST.classes
    _white = 16

    def __init__(
        self,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(None, transform=transform, target_transform=target_transform)
        check_arguments("Digits", train=train)
        self.train: bool = train
        part = "train" if train else "test"
        with np.load(pathlib.Path(__file__).with_name("optdigits.npz")) as arrays:
            self.data: weft.Tensor = weft.from_numpy(arrays[f"{part}_images"])
            self.targets: weft.Tensor = weft.from_numpy(arrays[f"{part}_labels"]).to(weft.int64)

    def _image(self, index):
        return pil_image((self.data[index].numpy().astype(np.uint16) * 255 // 16).astype(np.uint8))
