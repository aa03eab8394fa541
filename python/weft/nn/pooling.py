"""Pooling layers."""

from __future__ import annotations

from weft.nn import functional as F
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Ints, OutputSize


class _MaxPool(Module):
    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        dilation: Ints = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride: Ints = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest value of each window of sequences.

    Args:
        kernel_size: positions in a window.
        stride: positions between neighbouring windows. By default kernel_size: windows do not overlap.
        padding: positions added at both ends, which are never the largest; at most half of kernel_size. Default 0.
        dilation: positions between the elements of a window. Default 1.
        return_indices: whether the positions of the largest values are returned, too. Default False.
        ceil_mode: whether a last window may reach beyond the end: L' is rounded up. Default False.

    Shape:
        Input (N, C, L) or (C, L), output (N, C, L') or (C, L') with
        ``L' = (L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``;
        with return_indices a tuple of two such tensors: values, and positions (int64).

    Raises:
        ValueError: the input has another number of dimensions.
        RuntimeError: no window fits into the input, or padding is too large.

    Example:
        >>> import weft
        >>> weft.nn.MaxPool1d(3, stride=2)(weft.ones(20, 16, 50)).shape == (20, 16, 24)
        True
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class MaxPool2d(_MaxPool):
    """The largest value of each window of images.

    Sizes are one number for both dimensions or (height, width).

    Args:
        kernel_size: kH and kW, the size of a window.
        stride: pixels between neighbouring windows. By default kernel_size: windows do not overlap.
        padding: pixels added at each side, which are never the largest; at most half of kernel_size. Default 0.
        dilation: pixels between the elements of a window. Default 1.
        return_indices: whether the places of the largest values are returned, too. Default False.
        ceil_mode: whether last windows may reach beyond the edge: H' and W' are rounded up. Default False.

    Shape:
        Input (N, C, H, W) or (C, H, W), output (N, C, H', W') or (C, H', W') with
        ``H' = (H + 2 * padding - dilation * (kH - 1) - 1) // stride + 1``, and W' likewise;
        with return_indices a tuple of two such tensors: values, and places in the flattened image (int64).

    Raises:
        RuntimeError: no window fits into the input, padding is too large, or the input has other dimensions.

    Example:
        >>> import weft
        >>> weft.nn.MaxPool2d(2)(weft.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[4.]]])
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class AvgPool1d(Module):
    """The mean of each window of sequences.

    Args:
        kernel_size: positions in a window.
        stride: positions between neighbouring windows. By default kernel_size: windows do not overlap.
        padding: zeros added at both ends; at most half of kernel_size. Default 0.
        ceil_mode: whether a last window may reach beyond the end: L' is rounded up. Default False.
        count_include_pad: whether the added zeros count in the mean. Default True.

    Shape:
        Input (N, C, L) or (C, L), output (N, C, L') or (C, L') with
        ``L' = (L + 2 * padding - kernel_size) // stride + 1``.

    Raises:
        ValueError: the input has another number of dimensions.
        RuntimeError: no window fits into the input, or padding is too large.

    Example:
        >>> import weft
        >>> weft.nn.AvgPool1d(2)(weft.tensor([[1.0, 2.0, 3.0, 4.0]]))
        tensor([[1.5000, 3.5000]])
    """

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = _single(stride if stride is not None else kernel_size)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


def _single(value: Ints) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


class AvgPool2d(Module):
    """The mean of each window of images.

    Sizes are one number for both dimensions or (height, width).

    Args:
        kernel_size: kH and kW, the size of a window.
        stride: pixels between neighbouring windows. By default kernel_size: windows do not overlap.
        padding: zeros added at each side; at most half of kernel_size. Default 0.
        ceil_mode: whether last windows may reach beyond the edge: H' and W' are rounded up. Default False.
        count_include_pad: whether the added zeros count in the mean. Default True.
        divisor_override: what the sums are divided by. By default the number of elements of the window.

    Shape:
        Input (N, C, H, W) or (C, H, W), output (N, C, H', W') or (C, H', W') with
        ``H' = (H + 2 * padding - kH) // stride + 1``, and W' likewise.

    Raises:
        RuntimeError: no window fits into the input, padding is too large, or the input has other dimensions.

    Example:
        >>> import weft
        >>> weft.nn.AvgPool2d(2)(weft.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[2.5000]]])
    """

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride: Ints = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


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
