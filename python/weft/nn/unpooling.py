"""Layers that put pooled values back."""

from __future__ import annotations

from weft.nn import functional as F
from weft.nn.conv import to_tuple
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor
    from weft.nn._types import Ints


class _MaxUnpool(Module):
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    _dims: int

    def __init__(self, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0) -> None:
        super().__init__()
        name = type(self).__name__
        self.kernel_size = to_tuple(kernel_size, self._dims, f"{name}: kernel_size")
        self.stride = to_tuple(kernel_size if stride is None else stride, self._dims, f"{name}: stride")
        self.padding = to_tuple(padding, self._dims, f"{name}: padding")

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """The reverse of MaxPool1d: zeros, but for the largest values at the places that they were found at.

    Args:
        kernel_size, stride, padding: those of the pooling; stride is kernel_size by default.

    Shape:
        Input and indices (N, C, L) or (C, L), output (N, C, L') or (C, L') with
        ``L' = (L - 1) * stride - 2 * padding + kernel_size``, or as output_size of the call says, (L') or (N, C, L'):
        several lengths are pooled to the same L.

    Raises:
        ValueError: output_size differs by stride or more from the default.
        RuntimeError: input or indices have another shape or dtype.
        IndexError: an index is outside of the output.

    Example:
        >>> import weft
        >>> values, indices = weft.nn.MaxPool1d(2, return_indices=True)(weft.tensor([[1.0, 4.0, 3.0, 2.0]]))
        >>> weft.nn.MaxUnpool1d(2)(values, indices)
        tensor([[0., 4., 3., 0.]])
    """

    _dims = 1

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpool):
    """The reverse of MaxPool2d: zeros, but for the largest values at the places that they were found at.

    Sizes are one number for both dimensions or (height, width).

    Args:
        kernel_size, stride, padding: those of the pooling; stride is kernel_size by default.

    Shape:
        Input and indices (N, C, H, W) or (C, H, W), output (N, C, H', W') or (C, H', W') with
        ``H' = (H - 1) * stride - 2 * padding + kH``, and W' likewise, or as output_size of the call says, (H', W') or
        (N, C, H', W'): several sizes are pooled to the same.

    Raises:
        ValueError: output_size differs by stride or more from the default.
        RuntimeError: input or indices have another shape or dtype.
        IndexError: an index is outside of the output.

    Example:
        >>> import weft
        >>> values, indices = weft.nn.MaxPool2d(2, return_indices=True)(weft.tensor([[[1.0, 2.0], [4.0, 3.0]]]))
        >>> weft.nn.MaxUnpool2d(2)(values, indices)
        tensor([[[0., 0.],
                 [4., 0.]]])
    """

    _dims = 2

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpool):
    """The reverse of MaxPool3d: zeros, but for the largest values at the places that they were found at.

    Sizes are one number for all dimensions or (depth, height, width).

    Args:
        kernel_size, stride, padding: those of the pooling; stride is kernel_size by default.

    Shape:
        Input and indices (N, C, D, H, W) or (C, D, H, W), output (N, C, D', H', W') or (C, D', H', W') with
        ``D' = (D - 1) * stride - 2 * padding + kD``, and so on, or as output_size of the call says, (D', H', W') or
        (N, C, D', H', W'): several sizes are pooled to the same.

    Raises:
        ValueError: output_size differs by stride or more from the default.
        RuntimeError: input or indices have another shape or dtype.
        IndexError: an index is outside of the output.

    Example:
        >>> import weft
        >>> values, indices = weft.nn.MaxPool3d(2, return_indices=True)(weft.arange(8.0).view(1, 2, 2, 2))
        >>> weft.nn.MaxUnpool3d(2)(values, indices).flatten()
        tensor([0., 0., 0., 0., 0., 0., 0., 7.])
    """

    _dims = 3

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)
