"""Layers that resample sequences, images and volumes."""

from __future__ import annotations

from weft._checks import check_flags, check_text
from weft.nn import functional as F
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor
    from weft.nn._types import Ints

_MODES = ("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area")


class Upsample(Module):
    """Sequences, images or volumes resampled to another size, as :func:`weft.nn.functional.interpolate` does.

    Args:
        size: the size of the output, one number or one for each dimension. By default scale_factor gives it.
        scale_factor: the factor to the input's size, likewise. By default size gives it.
        mode: ``'nearest'``, ``'nearest-exact'`` or ``'area'``; ``'linear'`` for sequences, ``'bilinear'`` or
            ``'bicubic'`` for images, ``'trilinear'`` for volumes. Default ``'nearest'``.
        align_corners: whether the centers of the outermost elements are aligned rather than their edges, of the
            linear and cubic modes. Default None: they are not.
        recompute_scale_factor: whether coordinates follow the quotient of the sizes, not scale_factor. Default None:
            they follow scale_factor.

    Shape:
        Input (N, C, L), (N, C, H, W) or (N, C, D, H, W), output (N, C, L') and so on with
        ``L' = floor(L * scale_factor)``.

    Raises:
        ValueError: the mode is unknown, or both size and scale_factor are given; when called: neither is given, or
            options contradict each other.
        NotImplementedError: the mode is one of another number of dimensions.

    Example:
        >>> import weft
        >>> weft.nn.Upsample(scale_factor=2)(weft.tensor([[[[1.0, 2.0]]]]))
        tensor([[[[1., 1., 2., 2.],
                  [1., 1., 2., 2.]]]])
    """

    def __init__(
        self,
        size: Ints | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        kind = type(self).__name__
        check_text(kind, mode=mode)
        check_flags(kind, align_corners=align_corners, recompute_scale_factor=recompute_scale_factor)
        if mode not in _MODES:
            raise ValueError(f"{kind}: expected mode {', '.join(map(repr, _MODES))}, got {mode!r}")
        if size is not None and scale_factor is not None:
            raise ValueError(f"{kind}: expected size or scale_factor, got both")
        self.name = kind
        self.size = size
        self.scale_factor: float | tuple[float, ...] | None
        if isinstance(scale_factor, (tuple, list)):
            self.scale_factor = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        given = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{given}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Images resampled to another size by the nearest pixel: ``Upsample(size, scale_factor, 'nearest')``.

    Args:
        size: the size of the output, one number or (height, width). By default scale_factor gives it.
        scale_factor: the factor to the input's size, likewise. By default size gives it.

    Shape:
        Input (N, C, H, W), output (N, C, H', W').

    Raises:
        ValueError: both size and scale_factor are given; when called: neither is.

    Example:
        >>> import weft
        >>> weft.nn.UpsamplingNearest2d(scale_factor=2)(weft.tensor([[[[1.0, 2.0]]]]))
        tensor([[[[1., 1., 2., 2.],
                  [1., 1., 2., 2.]]]])
    """

    def __init__(self, size: Ints | None = None, scale_factor: float | Sequence[float] | None = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Images resampled to another size bilinearly, corners aligned: ``Upsample(size, scale_factor, 'bilinear', True)``.

    Args:
        size: the size of the output, one number or (height, width). By default scale_factor gives it.
        scale_factor: the factor to the input's size, likewise. By default size gives it.

    Shape:
        Input (N, C, H, W), output (N, C, H', W').

    Raises:
        ValueError: both size and scale_factor are given; when called: neither is.

    Example:
        >>> import weft
        >>> weft.nn.UpsamplingBilinear2d((1, 3))(weft.tensor([[[[1.0, 2.0]]]]))
        tensor([[[[1.0000, 1.5000, 2.0000]]]])
    """

    def __init__(self, size: Ints | None = None, scale_factor: float | Sequence[float] | None = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
