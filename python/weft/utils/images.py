"""Images as grids and files, as torchvision.utils has them."""

from __future__ import annotations

import math

import weft
from weft._checks import check_flags, check_instances, check_integers, check_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from typing import IO

    from weft import Tensor


def _batch(tensor):
    """(N, 1 or 3 or more, H, W)."""
    if not isinstance(tensor, weft.Tensor):
        images = list(tensor)
        if not images or not all(isinstance(image, weft.Tensor) for image in images):
            raise TypeError("make_grid: expected a Tensor or a list of Tensors")
        if len({image.shape for image in images}) > 1:
            raise ValueError(f"make_grid: images differ in shape: {sorted({tuple(i.shape) for i in images})}")
        tensor = weft.stack(images)
    if not 2 <= tensor.ndim <= 4 or not tensor.numel():
        raise ValueError(f"make_grid: expected images (N, C, H, W), (C, H, W) or (H, W), got {tuple(tensor.shape)}")
    if tensor.ndim == 2:
        tensor = tensor[None]
    if tensor.ndim == 3:
        tensor = tensor[None]
    return tensor.expand(-1, 3, -1, -1) if tensor.shape[1] == 1 else tensor


def _check_range(value_range):
    if not isinstance(value_range, (tuple, list)) or len(value_range) != 2:
        raise TypeError(f"make_grid: value_range must be (low, high), got {value_range!r}")
    check_numbers("make_grid", low=value_range[0], high=value_range[1])
    if not value_range[0] < value_range[1]:
        raise ValueError(f"make_grid: value_range must be (low, high), got {value_range!r}")


def _normalized(images, value_range, scale_each):
    groups = images.float() if not images.is_floating_point() else images
    dims = (1, 2, 3) if scale_each else (0, 1, 2, 3)
    if value_range is None:
        low, high = groups.amin(dims, keepdim=True), groups.amax(dims, keepdim=True)
    else:
        low, high = (weft.tensor(float(v), dtype=groups.dtype, device=groups.device) for v in value_range)
        groups = weft.minimum(weft.maximum(groups, low), high)
    return (groups - low) / (high - low).clamp(min=1e-5)


def make_grid(
    tensor: Tensor | Sequence[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Images beside and below each other, as one.

    Args:
        tensor: (N, C, H, W), a list of (C, H, W), or one image, also (H, W); grey ones become (3, H, W).
        nrow: images in a row.
        padding: pixels around images.
        normalize: bring the values to 0 to 1, from those of value_range, or the least to the greatest.
        value_range: the values that become 0 and 1.
        scale_each: whether each image has a least and a greatest value of its own.
        pad_value: what is between images.

    Returns:
        (C, H, W). A single image comes back without padding.

    Raises:
        ValueError: shapes do not fit, or an argument is out of range.
        TypeError: there is no tensor.

    >>> import weft
    >>> weft.utils.make_grid(weft.rand(5, 3, 8, 8), nrow=3).shape
    weft.Size([3, 22, 32])
    """
    check_integers("make_grid", nrow=nrow, padding=padding)
    check_flags("make_grid", normalize=normalize, scale_each=scale_each)
    check_numbers("make_grid", pad_value=pad_value)
    if value_range is not None:
        _check_range(value_range)
    if nrow < 1 or padding < 0:
        raise ValueError(f"make_grid: nrow must be positive and padding not negative, got {nrow} and {padding}")
    images = _batch(tensor)
    if normalize:
        images = _normalized(images, value_range, scale_each)
    if len(images) == 1:
        return images[0]
    columns = min(nrow, len(images))
    rows = math.ceil(len(images) / columns)
    height, width = images.shape[2] + padding, images.shape[3] + padding
    grid = images.new_full((images.shape[1], height * rows + padding, width * columns + padding), pad_value)
    for i, image in enumerate(images):
        top, left = height * (i // columns) + padding, width * (i % columns) + padding
        grid[:, top : top + height - padding, left : left + width - padding] = image
    return grid


def save_image(
    tensor: Tensor | Sequence[Tensor],
    fp: str | os.PathLike[str] | IO[bytes],
    format: str | None = None,
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> None:
    """Write images as one file, in a grid. Needs Pillow.

    Args:
        tensor: as of :func:`make_grid`; floats from 0 to 1 (others are cut), or uint8.
        fp: a path, or a binary file.
        format: of the file, such as "png"; None: by the name.
        nrow, padding, normalize, value_range, scale_each, pad_value: as of make_grid.

    Raises:
        ImportError: Pillow is missing.
        ValueError: images have neither 1, 3 nor 4 channels; or as make_grid.

    >>> import io, weft
    >>> file = io.BytesIO()
    >>> weft.utils.save_image(weft.rand(4, 3, 8, 8), file, format="png")
    >>> file.getvalue()[1:4]
    b'PNG'
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("save_image needs Pillow: pip install pillow") from None
    if format is not None:
        check_instances(str, "save_image", format=format)
    grid = make_grid(tensor, nrow, padding, normalize, value_range, scale_each, pad_value)
    if grid.shape[0] not in (3, 4):
        raise ValueError(f"save_image: expected images of 1, 3 or 4 channels, got {grid.shape[0]}")
    if grid.dtype != weft.uint8:
        grid = (grid.float() * 255 + 0.5).clamp(0, 255).to(weft.uint8)
    Image.fromarray(grid.permute(1, 2, 0).cpu().contiguous().numpy()).save(fp, format=format)
