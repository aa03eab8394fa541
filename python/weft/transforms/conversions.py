"""From one kind of image to another, between dtypes, normalisation, and functions of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import weft
from weft import Tensor
from weft.transforms import functional as F
from weft.transforms.base import Parameters, Transform, ValueTransform, for_kind, rebuilt
from weft.transforms.functional.convert import normalized, statistics
from weft.transforms.functional.kinds import check_int, is_pil, on_image
from weft.transforms.tv_tensors import BoundingBoxes, Mask, plain


class ToTensor(ValueTransform):
    """PIL images and arrays (H, W, C) become float32 tensors (C, H, W); uint8 is scaled to between 0 and 1.

    Tensors stay as they are.

    >>> import numpy as np
    >>> import weft
    >>> weft.transforms.ToTensor()(np.full((2, 1, 3), 255, np.uint8))[0]
    tensor([[1.],
            [1.]])
    """

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return inpt if isinstance(inpt, Tensor) else F.to_tensor(inpt)


class PILToTensor(ValueTransform):
    """PIL images become tensors (C, H, W) of the dtype of their pixels; tensors and arrays stay as they are.

    >>> import weft
    >>> from PIL import Image
    >>> weft.transforms.PILToTensor()(Image.new("L", (2, 1), 7))
    tensor([[[7, 7]]], dtype=weft.uint8)
    """

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.pil_to_tensor(inpt) if is_pil(inpt) else inpt


class ToImage(ValueTransform):
    """Any kind of image becomes a tensor (..., C, H, W) of the dtype it has.

    >>> import numpy as np
    >>> import weft
    >>> weft.transforms.ToImage()(np.zeros((4, 5, 3), np.uint8)).shape
    weft.Size([3, 4, 5])
    """

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return F.to_image(inpt)


class ToPILImage(ValueTransform):
    """Tensors (C, H, W) and arrays (H, W, C) become PIL images.

    Args:
        mode: Pillow's mode, such as "RGB"; None: what the channels and the dtype suggest.

    >>> import weft
    >>> weft.transforms.ToPILImage()(weft.ones(3, 2, 5)).size
    (5, 2)
    """

    mode: str | None

    def __init__(self, mode: str | None = None) -> None:
        super().__init__()
        if mode is not None and not isinstance(mode, str):
            raise TypeError(f"transforms.ToPILImage: expected mode to be a string or None, got {mode!r}")
        self.mode = mode

    def transform(self, inpt: Any, params: Parameters) -> Any:
        return inpt if is_pil(inpt) else F.to_pil_image(inpt, self.mode)


class ToDtype(Transform):
    """Images in another dtype.

    Args:
        dtype: the dtype of images, or a dict by type: ``{Image: weft.float32, Mask: weft.int64, "others": None}``, with
            None for what stays.
        scale: take white to white: 255 of uint8 is 1.0 of floating point numbers.

    Raises TypeError for what is no dtype.

    >>> import weft
    >>> weft.transforms.ToDtype(weft.float32, scale=True)(weft.tensor([[[0, 255]]], dtype=weft.uint8))
    tensor([[[0., 1.]]])
    """

    dtype: weft.dtype | dict[Any, weft.dtype | None]
    scale: bool

    def __init__(self, dtype: weft.dtype | dict[Any, weft.dtype | None], scale: bool = False) -> None:
        super().__init__()
        choices = dtype.values() if isinstance(dtype, dict) else (dtype,)
        if not all(isinstance(d, weft.dtype) or (d is None and isinstance(dtype, dict)) for d in choices):
            raise TypeError(f"transforms.ToDtype: expected a dtype or a dict of them, got {dtype!r}")
        self.dtype = dtype
        self.scale = bool(scale)

    def transform(self, inpt: Any, params: Parameters) -> Any:
        if isinstance(inpt, (Mask, BoundingBoxes)):  # which have no white
            dtype = for_kind("ToDtype", self.dtype, inpt) if isinstance(self.dtype, dict) else None
            return inpt if dtype is None else inpt.to(dtype)
        dtype = for_kind("ToDtype", self.dtype, inpt)
        return inpt if dtype is None or is_pil(inpt) else F.to_dtype(inpt, dtype, self.scale)


class ConvertImageDtype(ToDtype):
    """Images in another dtype, white to white.

    Args:
        dtype: the dtype.

    >>> import weft
    >>> weft.transforms.ConvertImageDtype(weft.uint8)(weft.ones(1, 1, 2))
    tensor([[[255, 255]]], dtype=weft.uint8)
    """

    def __init__(self, dtype: weft.dtype = weft.float32) -> None:
        super().__init__(dtype, scale=True)


class Normalize(ValueTransform):
    """``(image - mean) / std``, channel by channel, of floating point tensors and arrays.

    Args:
        mean: one number for each channel, or one for all.
        std: as mean; not 0.
        inplace: change the tensor itself.

    Raises TypeError for PIL images and integers, ValueError for a standard deviation of 0 or a wrong number of values.

    >>> import weft
    >>> weft.transforms.Normalize([0.5], [0.25])(weft.ones(1, 1, 2))
    tensor([[[2., 2.]]])
    """

    mean: list[float]
    std: list[float]
    inplace: bool

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        super().__init__()
        constants = statistics("Normalize", mean, std, weft.float64, "cpu")
        self.mean, self.std = (c.flatten().tolist() for c in constants)
        self.inplace = bool(inplace)
        self._constants: dict[Any, tuple[Tensor, Tensor]] = {}

    def transform(self, inpt: Any, params: Parameters) -> Any:
        if not isinstance(inpt, Tensor):
            return F.normalize(inpt, self.mean, self.std, self.inplace)
        key = (inpt.dtype, inpt.device)
        found = self._constants.get(key)
        if found is None:
            found = self._constants[key] = statistics("Normalize", self.mean, self.std, *key)
        if inpt.ndim < 3:
            raise ValueError(f"transforms.Normalize: expected a tensor (..., C, H, W), got shape {tuple(inpt.shape)}")
        return normalized(inpt, *found, self.inplace)


class LinearTransformation(ValueTransform):
    """``(pixels - mean_vector) @ transformation_matrix`` of all pixels of an image: whitening.

    Args:
        transformation_matrix: (D, D), with D = C * H * W.
        mean_vector: (D,).

    Raises ValueError for shapes that do not fit, TypeError for PIL images.

    >>> import weft
    >>> weft.transforms.LinearTransformation(2 * weft.eye(2), weft.ones(2))(weft.tensor([[[1.0, 2.0]]]))
    tensor([[[0., 2.]]])
    """

    transformation_matrix: Tensor
    mean_vector: Tensor

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        if not isinstance(transformation_matrix, Tensor) or not isinstance(mean_vector, Tensor):
            raise TypeError("transforms.LinearTransformation: expected the matrix and the vector as tensors")
        size = tuple(transformation_matrix.shape)
        if len(size) != 2 or size[0] != size[1] or tuple(mean_vector.shape) != size[:1]:
            raise ValueError(
                f"transforms.LinearTransformation: expected a matrix (D, D) and a vector (D,), got {size} and "
                f"{tuple(mean_vector.shape)}"
            )
        if transformation_matrix.device != mean_vector.device:
            raise ValueError("transforms.LinearTransformation: the matrix and the vector are on different devices")
        if transformation_matrix.dtype != mean_vector.dtype:
            raise ValueError("transforms.LinearTransformation: the matrix and the vector have different dtypes")
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def transform(self, inpt: Any, params: Parameters) -> Any:
        if is_pil(inpt):
            raise TypeError("transforms.LinearTransformation: PIL images have no such values; ToTensor comes first")
        return on_image("LinearTransformation", inpt, self._whitened, self._whitened)

    def _whitened(self, image: Tensor) -> Tensor:
        shape, size = image.shape, self.mean_vector.shape[0]
        if shape[-3] * shape[-2] * shape[-1] != size:
            raise ValueError(
                f"transforms.LinearTransformation: expected images of {size} values, got shape {tuple(shape)}"
            )
        flat = image.reshape(-1, size).to(self.mean_vector.dtype) - self.mean_vector
        result = flat.matmul(self.transformation_matrix).reshape(shape)
        return result.to(image.dtype) if image.dtype.is_floating_point else result


class Lambda(Transform):
    """A function of one's own.

    Args:
        lambd: takes a part of a sample and gives what stands in its place.
        types: of the parts that it is for; without any, all parts, labels too.

    Raises TypeError for what cannot be called.

    >>> import weft
    >>> weft.transforms.Lambda(lambda label: label + 1, int)((weft.zeros(1), 5))
    (tensor([0.]), 6)
    """

    types: tuple[type, ...]

    def __init__(self, lambd: Callable[[Any], Any], *types: type) -> None:
        super().__init__()
        if not callable(lambd):
            raise TypeError(f"transforms.Lambda: expected a function, got {type(lambd).__name__}")
        self.lambd: Callable[[Any], Any] = lambd
        self.types = types or (object,)

    def forward(self, *inputs: Any) -> Any:
        """The sample with the function applied."""
        sample = inputs[0] if len(inputs) == 1 else inputs
        return rebuilt(sample, lambda leaf: self.lambd(leaf) if isinstance(leaf, self.types) else leaf)


class Identity(Transform):
    """The sample as it is.

    >>> import weft
    >>> weft.transforms.Identity()("anything")
    'anything'
    """

    def forward(self, *inputs: Any) -> Any:
        """The inputs."""
        return inputs[0] if len(inputs) == 1 else inputs


class ToPureTensor(Transform):
    """What tv_tensors marks becomes plain tensors.

    >>> import weft
    >>> type(weft.transforms.ToPureTensor()(weft.transforms.tv_tensors.Mask([[1]]))).__name__
    'Tensor'
    """

    def forward(self, *inputs: Any) -> Any:
        """The sample with plain tensors."""
        sample = inputs[0] if len(inputs) == 1 else inputs
        return rebuilt(sample, plain)


class UniformTemporalSubsample(Transform):
    """Frames of a video at equal distances.

    Args:
        num_samples: how many.

    Raises ValueError for fewer than 1, and for a video without frames.

    >>> import weft
    >>> weft.transforms.UniformTemporalSubsample(2)(weft.arange(5).reshape(5, 1, 1, 1)).flatten()
    tensor([0, 4])
    """

    num_samples: int

    def __init__(self, num_samples: int) -> None:
        super().__init__()
        self.num_samples = check_int("UniformTemporalSubsample", "num_samples", num_samples, 1)

    def transform(self, inpt: Any, params: Parameters) -> Any:
        if is_pil(inpt) or inpt.ndim < 4 or not inpt.shape[-4]:
            raise ValueError("transforms.UniformTemporalSubsample: expected a video, a tensor (..., T, C, H, W)")
        frames = np.linspace(0, inpt.shape[-4] - 1, self.num_samples).astype(np.int64)
        if isinstance(inpt, np.ndarray):
            return inpt.take(frames, axis=-4)
        return inpt.index_select(-4, weft.from_numpy(frames).to(inpt.device))
