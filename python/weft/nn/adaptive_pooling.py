"""Pooling layers whose windows follow from the size of the output."""

from __future__ import annotations

from weft.nn import functional as F
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.nn._types import OutputSize


class _AdaptivePool(Module):
    def __init__(self, output_size: OutputSize) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool):
    """The means of output_size windows that cover the input, whatever its length.

    Window i reaches from position ``i * L // output_size`` to before ``ceil((i + 1) * L / output_size)``.

    Args:
        output_size: length of the output; None for that of the input.

    Shape:
        Input (N, C, L) or (C, L), output (N, C, output_size) or (C, output_size).

    Example:
        >>> import weft
        >>> weft.nn.AdaptiveAvgPool1d(1)(weft.tensor([[1.0, 2.0, 3.0]]))
        tensor([[2.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptivePool):
    """The means of windows that cover images, such that the output has the given size.

    In each dimension window i reaches from pixel ``i * H // H'`` to before ``ceil((i + 1) * H / H')``.

    Args:
        output_size: (H', W'), or one number for both; None for a size that stays.

    Shape:
        Input (N, C, H, W) or (C, H, W), output (N, C, H', W') or (C, H', W').

    Example:
        >>> import weft
        >>> weft.nn.AdaptiveAvgPool2d(1)(weft.ones(2, 3, 7, 5)).shape == (2, 3, 1, 1)
        True
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptivePool):
    """The means of windows that cover volumes, such that the output has the given size.

    In each dimension window i reaches from place ``i * D // D'`` to before ``ceil((i + 1) * D / D')``.

    Args:
        output_size: (D', H', W'), or one number for all; None for a size that stays.

    Shape:
        Input (N, C, D, H, W) or (C, D, H, W), output (N, C, D', H', W') or (C, D', H', W').

    Example:
        >>> import weft
        >>> weft.nn.AdaptiveAvgPool3d((1, None, 2))(weft.ones(2, 3, 4, 7, 5)).shape == (2, 3, 1, 7, 2)
        True
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)


class _AdaptiveMaxPool(_AdaptivePool):
    def __init__(self, output_size: OutputSize, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest values of output_size windows that cover the input, whatever its length.

    Window i reaches from position ``i * L // output_size`` to before ``ceil((i + 1) * L / output_size)``.

    Args:
        output_size: length of the output; None for that of the input.
        return_indices: whether the positions of the largest values are returned, too. Default False.

    Shape:
        Input (N, C, L) or (C, L), output (N, C, output_size) or (C, output_size);
        with return_indices a tuple of two such tensors: values, and positions (int64).

    Example:
        >>> import weft
        >>> weft.nn.AdaptiveMaxPool1d(1)(weft.tensor([[1.0, 2.0, 3.0]]))
        tensor([[3.]])
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest values of windows that cover images, such that the output has the given size.

    In each dimension window i reaches from pixel ``i * H // H'`` to before ``ceil((i + 1) * H / H')``.

    Args:
        output_size: (H', W'), or one number for both; None for a size that stays.
        return_indices: whether the places of the largest values are returned, too. Default False.

    Shape:
        Input (N, C, H, W) or (C, H, W), output (N, C, H', W') or (C, H', W');
        with return_indices a tuple of two such tensors: values, and places in the flattened image (int64).

    Example:
        >>> import weft
        >>> weft.nn.AdaptiveMaxPool2d((1, 2))(weft.ones(2, 3, 7, 5)).shape == (2, 3, 1, 2)
        True
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest values of windows that cover volumes, such that the output has the given size.

    In each dimension window i reaches from place ``i * D // D'`` to before ``ceil((i + 1) * D / D')``.

    Args:
        output_size: (D', H', W'), or one number for all; None for a size that stays.
        return_indices: whether the places of the largest values are returned, too. Default False.

    Shape:
        Input (N, C, D, H, W) or (C, D, H, W), output (N, C, D', H', W') or (C, D', H', W');
        with return_indices a tuple of two such tensors: values, and places in the flattened volume (int64).

    Example:
        >>> import weft
        >>> weft.nn.AdaptiveMaxPool3d((1, None, 2))(weft.ones(2, 3, 4, 7, 5)).shape == (2, 3, 1, 7, 2)
        True
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)
