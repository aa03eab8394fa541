"""What data sets of images share."""

from __future__ import annotations

import os

import weft
from weft._checks import check_flags
from weft.datasets._download import where_to_put
from weft.utils.data import Dataset, TensorDataset

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


class VisionDataset(Dataset["tuple[Any, Any]"]):
    """Base class of data sets of images with a target each: keeps the folder and the transforms.

    Args:
        root: the folder.
        transforms: a function of image and target that returns both; instead of the other two.
        transform: a function of the image.
        target_transform: a function of the target.

    Raises ValueError for transforms together with one of the others, TypeError for what cannot be called.

    >>> import weft
    >>> class Ones(weft.datasets.VisionDataset):
    ...     def __len__(self):
    ...         return 2
    ...     def __getitem__(self, index):
    ...         return self.transformed(weft.ones(1), index)
    >>> Ones("folder", transform=lambda image: image + 1)[1]
    (tensor([2.]), 1)
    """

    def __init__(
        self,
        root: Any = None,
        transforms: Callable[[Any, Any], Any] | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        name = type(self).__name__
        for function in (transforms, transform, target_transform):
            if function is not None and not callable(function):
                raise TypeError(f"{name}: transforms must be functions or None, got {type(function).__name__}")
        if transforms is not None and (transform is not None or target_transform is not None):
            raise ValueError(f"{name}: give either transforms, or transform and target_transform")
        self.root: str | None = None if root is None else os.path.expanduser(os.fspath(root))
        self.transforms: Callable[[Any, Any], Any] | None = transforms
        self.transform: Callable[[Any], Any] | None = transform
        self.target_transform: Callable[[Any], Any] | None = target_transform

    def transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        """Image and target after the transforms.

        Args:
            image: of one sample.
            target: of it.

        >>> import weft
        >>> weft.datasets.VisionDataset(target_transform=str).transformed(0.5, 1)
        (0.5, '1')
        """
        if self.transforms is not None:
            return self.transforms(image, target)
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} does not define __len__()")

    def __repr__(self) -> str:
        lines = [f"Dataset {type(self).__name__}", f"    Number of datapoints: {len(self)}"]
        if self.root is not None:
            lines.append(f"    Root location: {self.root}")
        lines += [f"    {line}" for line in self.extra_repr().splitlines()]
        for name in ("transforms", "transform", "target_transform"):
            if getattr(self, name) is not None:
                lines.append(f"    {name}: {getattr(self, name)!r}")
        return "\n".join(lines)

    def extra_repr(self) -> str:
        """Further lines of the text form.

        >>> import weft
        >>> weft.datasets.VisionDataset().extra_repr()
        ''
        """
        return ""


class ImagesInMemory(VisionDataset):
    """Base class of data sets whose images are all in memory: `data`, uint8, and `targets`.

    A sample is a PIL image and an int, as in torchvision. :meth:`tensors` has them all as float tensors, ready to train
    with.

    >>> import weft
    >>> len(weft.datasets.Digits(train=False))
    1797
    """

    data: weft.Tensor
    targets: Any
    classes: list[str]

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class by its name.

        >>> import weft
        >>> weft.datasets.Digits().class_to_idx["7 - seven"]
        7
        """
        return {name: i for i, name in enumerate(self.classes)}

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        size = len(self)
        if not -size <= index < size:
            raise IndexError(f"{type(self).__name__}: index {index} is out of range for {size} samples")
        return self.transformed(self._image(index), int(self.targets[index]))

    def _image(self, index):
        return pil_image(self.data[index].numpy())

    def tensors(self, dtype: weft.dtype = weft.float32) -> TensorDataset:
        """All samples as a TensorDataset of images (N, channels, height, width) between 0 and 1, and int64 targets.

        Batches of it are made by one indexing operation, without a step per sample. The transforms are not applied:
        ValueError where there are any.

        Args:
            dtype: of the images, a floating one.

        >>> import weft
        >>> images, targets = weft.datasets.Digits(train=False).tensors().tensors
        >>> images.shape, images.max(), targets[:3]
        (weft.Size([1797, 1, 8, 8]), tensor(1.), tensor([0, 1, 2]))
        """
        if any(f is not None for f in (self.transforms, self.transform, self.target_transform)):
            raise ValueError(
                f"{type(self).__name__}.tensors: transforms are for samples; apply them to batches instead"
            )
        if not dtype.is_floating_point:
            raise ValueError(f"{type(self).__name__}.tensors: dtype must be a floating one, got {dtype}")
        images = self._channels_first().to(dtype).div_(self._white)
        return TensorDataset(images, weft.as_tensor(self.targets, dtype=weft.int64).clone())

    _white = 255

    def _channels_first(self):
        return self.data.unsqueeze(1)


def pil_image(array: Any) -> Any:
    """A uint8 array (height, width) or (height, width, 3) as a PIL image."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "images are given as PIL images; pip install pillow, or use .data or .tensors() of the data set"
        ) from error
    return Image.fromarray(array)


def check_arguments(name: str, **flags: Any) -> None:
    check_flags(name, **flags)


def missing(name: str, folders: Sequence[str], resources: Sequence[Any], downloads: bool = True) -> RuntimeError:
    """The error for files that are not there: where they were looked for, and where to put them."""
    advice = ", or give download=True" if downloads else ""
    return RuntimeError(
        f"{name}: the data are not there. Looked in {', '.join(folders)}; put the files there{advice}.\n"
        + where_to_put(resources)
    )
