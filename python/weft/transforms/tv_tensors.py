"""Tensors that say what they are: images, videos, masks and boxes; the names are those of torchvision.tv_tensors.

Transforms move masks and boxes with the image of their sample. What ops give is a plain tensor; ``wrap`` marks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, TypeVar

import weft
from weft import Tensor

_Kind = TypeVar("_Kind", bound="TVTensor")


class TVTensor(Tensor):
    """The base class of tensors that say what they are.

    Args:
        data: a tensor, or what weft.tensor takes; a tensor shares its memory.
        dtype: another dtype.
        device: another device.
        requires_grad: None: as of data.

    >>> import weft
    >>> type(weft.transforms.tv_tensors.Mask([[0, 1]]).clone()).__name__
    'Mask'
    """

    def __new__(
        cls: type[_Kind],
        data: Any,
        *,
        dtype: weft.dtype | None = None,
        device: Any = None,
        requires_grad: bool | None = None,
    ) -> _Kind:
        return cls._marked(data, dtype, device, requires_grad)

    @classmethod
    def _marked(cls: type[_Kind], data: Any, dtype: Any, device: Any, requires_grad: bool | None) -> _Kind:
        from weft.transforms.functional import pil_to_tensor
        from weft.transforms.functional.kinds import is_pil

        data = pil_to_tensor(data) if is_pil(data) else data if isinstance(data, Tensor) else weft.tensor(data)
        least = 3 if issubclass(cls, Image) else 2
        if data.ndim < least and not issubclass(cls, BoundingBoxes):
            data = data.reshape(*[1] * (least - data.ndim), *data.shape)
        wanted = data.requires_grad if requires_grad is None else requires_grad
        return Tensor._make_subclass(cls, data.detach().to(device or data.device, dtype or data.dtype), wanted)

    def clone(self: _Kind, *, memory_format: Any = weft.preserve_format) -> _Kind:
        """A copy of the same kind.

        Args:
            memory_format: as of Tensor.clone.

        >>> import weft
        >>> type(weft.transforms.tv_tensors.Mask([[0, 1]]).clone()).__name__
        'Mask'
        """
        return wrap(Tensor.clone(self, memory_format=memory_format), like=self)

    def to(self: _Kind, *args: Any, **kwargs: Any) -> _Kind:
        """Another dtype or device, of the same kind.

        Args:
            args: as of Tensor.to.
            kwargs: as of Tensor.to.

        >>> import weft
        >>> type(weft.transforms.tv_tensors.Mask([[0, 1]]).to(weft.uint8)).__name__
        'Mask'
        """
        return wrap(Tensor.to(self, *args, **kwargs), like=self)


class Image(TVTensor):
    """A tensor (..., C, H, W) that is an image, also where it is not the first tensor of a sample.

    Args:
        data: a tensor, a PIL image, or what weft.tensor takes.
        dtype: another dtype.
        device: another device.
        requires_grad: None: as of data.

    >>> import weft
    >>> weft.transforms.tv_tensors.Image(weft.zeros(4, 5)).shape
    weft.Size([1, 4, 5])
    """


class Video(TVTensor):
    """A tensor (..., T, C, H, W) whose images are all changed in the same way.

    Args:
        data: a tensor, or what weft.tensor takes.
        dtype: another dtype.
        device: another device.
        requires_grad: None: as of data.

    >>> import weft
    >>> weft.transforms.CenterCrop(2)(weft.transforms.tv_tensors.Video(weft.zeros(7, 3, 4, 4))).shape
    weft.Size([7, 3, 2, 2])
    """


class Mask(TVTensor):
    """A tensor (..., H, W) of numbers that belong to pixels: it is moved with the image, and never averaged.

    Args:
        data: a tensor, a PIL image, or what weft.tensor takes.
        dtype: another dtype.
        device: another device.
        requires_grad: None: as of data.

    >>> import weft
    >>> mask = weft.transforms.tv_tensors.Mask([[1, 2]])
    >>> weft.transforms.RandomHorizontalFlip(1.0)(weft.zeros(3, 1, 2), mask)[1].tolist()
    [[2, 1]]
    """


class BoundingBoxFormat(Enum):
    """What the four numbers of a box are: corners, corner and size, or middle and size.

    >>> from weft.transforms.tv_tensors import BoundingBoxFormat
    >>> BoundingBoxFormat("XYWH")
    <BoundingBoxFormat.XYWH: 'XYWH'>
    """

    XYXY = "XYXY"
    XYWH = "XYWH"
    CXCYWH = "CXCYWH"


def format_of(format: Any) -> BoundingBoxFormat:
    """A BoundingBoxFormat, or what its name says."""
    try:
        return BoundingBoxFormat(format.upper() if isinstance(format, str) else format)
    except ValueError:
        raise ValueError(f"tv_tensors: expected the format XYXY, XYWH, CXCYWH, got {format!r}") from None


class BoundingBoxes(TVTensor):
    """A tensor (N, 4) of boxes in an image; they are moved with it, and cut where it ends.

    Args:
        data: a tensor, or what weft.tensor takes; (4,) is one box.
        format: what the numbers are: a BoundingBoxFormat or its name.
        canvas_size: (height, width) of the image.
        dtype: another dtype.
        device: another device.
        requires_grad: None: as of data.

    Raises ValueError for another shape.

    >>> import weft
    >>> boxes = weft.transforms.tv_tensors.BoundingBoxes([[0, 0, 2, 3]], format="XYXY", canvas_size=(4, 4))
    >>> weft.transforms.RandomHorizontalFlip(1.0)(weft.zeros(3, 4, 4), boxes)[1].tolist()
    [[2, 0, 4, 3]]
    """

    format: BoundingBoxFormat
    canvas_size: tuple[int, int]

    def __new__(
        cls,
        data: Any,
        *,
        format: BoundingBoxFormat | str,
        canvas_size: Sequence[int],
        dtype: weft.dtype | None = None,
        device: Any = None,
        requires_grad: bool | None = None,
    ) -> BoundingBoxes:
        boxes = cls._marked(data, dtype, device, requires_grad)
        if boxes.ndim == 1 and boxes.shape[0] in (0, 4):
            boxes = cls._marked(boxes.reshape(-1, 4), None, None, None)
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise ValueError(f"tv_tensors.BoundingBoxes: expected (N, 4), got shape {tuple(boxes.shape)}")
        if not isinstance(canvas_size, (tuple, list)) or len(canvas_size) != 2:
            raise ValueError(f"tv_tensors.BoundingBoxes: expected canvas_size (height, width), got {canvas_size!r}")
        boxes.format = format_of(format)
        boxes.canvas_size = (int(canvas_size[0]), int(canvas_size[1]))
        return boxes

    def __deepcopy__(self, memo: dict[int, Any]) -> BoundingBoxes:
        return memo.setdefault(id(self), self.clone())

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _restored, (plain(self), self.format.value, self.canvas_size)


def _restored(data: Tensor, format: str, canvas_size: tuple[int, int]) -> BoundingBoxes:
    return BoundingBoxes(data, format=format, canvas_size=canvas_size)


def plain(value: Tensor) -> Tensor:
    """The same tensor without the mark."""
    return value.view(value.shape) if isinstance(value, TVTensor) else value


def wrap(wrappee: Tensor, *, like: Any, **kwargs: Any) -> Any:
    """A tensor marked as another one is.

    Args:
        wrappee: the tensor.
        like: what it is to be.
        kwargs: ``format`` and ``canvas_size`` of boxes, where they are not those of ``like``.

    Where ``like`` has no mark the tensor is returned as it is. Raises TypeError where it is no tensor.

    >>> import weft
    >>> from weft.transforms import tv_tensors
    >>> type(tv_tensors.wrap(weft.zeros(1, 2), like=tv_tensors.Mask([[0]]))).__name__
    'Mask'
    """
    if not isinstance(like, TVTensor):
        if isinstance(like, Tensor):
            return wrappee
        raise TypeError(f"tv_tensors.wrap: expected like to be a tensor, got {type(like)}")
    if isinstance(like, BoundingBoxes):
        options = {"format": like.format, "canvas_size": like.canvas_size, **kwargs}
        return type(like)(wrappee, **options)
    return Tensor._make_subclass(type(like), wrappee, wrappee.requires_grad)


__all__ = ["BoundingBoxFormat", "BoundingBoxes", "Image", "Mask", "TVTensor", "Video", "wrap"]
