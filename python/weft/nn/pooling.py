"""Pooling layers."""

from __future__ import annotations

from weft._checks import check_numbers, check_places
from weft.nn import functional as F
from weft.nn.conv import to_tuple
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Ints, Ratios


def _check_windows(layer: Module, padding: Ints, **positive: Ints) -> None:
    kind = type(layer).__name__
    check_places(kind, 1, **positive)
    check_places(kind, 0, padding=padding)


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
        stride = kernel_size if stride is None else stride
        _check_windows(self, padding, kernel_size=kernel_size, stride=stride, dilation=dilation)
        self.kernel_size = kernel_size
        self.stride: Ints = stride
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


class MaxPool3d(_MaxPool):
    """The largest value of each window of volumes.

    Sizes are one number for all dimensions or (depth, height, width).

    Args:
        kernel_size: kD, kH and kW, the size of a window.
        stride: places between neighbouring windows. By default kernel_size: windows do not overlap.
        padding: places added at each side, which are never the largest; at most half of kernel_size. Default 0.
        dilation: places between the elements of a window. Default 1.
        return_indices: whether the places of the largest values are returned, too. Default False.
        ceil_mode: whether last windows may reach beyond the edge: D', H' and W' are rounded up. Default False.

    Shape:
        Input (N, C, D, H, W) or (C, D, H, W), output (N, C, D', H', W') or (C, D', H', W') with
        ``D' = (D + 2 * padding - dilation * (kD - 1) - 1) // stride + 1``, and so on;
        with return_indices a tuple of two such tensors: values, and places in the flattened volume (int64).

    Raises:
        RuntimeError: no window fits into the input, padding is too large, or the input has other dimensions.

    Example:
        >>> import weft
        >>> weft.nn.MaxPool3d((1, 2, 2))(weft.arange(8.0).view(1, 2, 2, 2)).flatten()
        tensor([3., 7.])
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool3d(
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
        stride = kernel_size if stride is None else stride
        _check_windows(self, padding, kernel_size=kernel_size, stride=stride)
        self.kernel_size = _single(kernel_size)
        self.stride = _single(stride)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


def _single(value: Ints) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


class _AvgPool(Module):
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
        stride = kernel_size if stride is None else stride
        _check_windows(self, padding, kernel_size=kernel_size, stride=stride)
        self.kernel_size = kernel_size
        self.stride: Ints = stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPool):
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


class AvgPool3d(_AvgPool):
    """The mean of each window of volumes.

    Sizes are one number for all dimensions or (depth, height, width).

    Args:
        kernel_size: kD, kH and kW, the size of a window.
        stride: places between neighbouring windows. By default kernel_size: windows do not overlap.
        padding: zeros added at each side; at most half of kernel_size. Default 0.
        ceil_mode: whether last windows may reach beyond the edge: D', H' and W' are rounded up. Default False.
        count_include_pad: whether the added zeros count in the mean. Default True.
        divisor_override: what the sums are divided by. By default the number of elements of the window.

    Shape:
        Input (N, C, D, H, W) or (C, D, H, W), output (N, C, D', H', W') or (C, D', H', W') with
        ``D' = (D + 2 * padding - kD) // stride + 1``, and so on.

    Raises:
        RuntimeError: no window fits into the input, padding is too large, or the input has other dimensions.

    Example:
        >>> import weft
        >>> weft.nn.AvgPool3d(2)(weft.arange(8.0).view(1, 2, 2, 2))
        tensor([[[[3.5000]]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class _LPPool(Module):
    def __init__(
        self, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        check_numbers(type(self).__name__, norm_type=norm_type)
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """The p-norm of each window of sequences: ``(sum of x^p)^(1/p)``. A negative sum, of odd p, has no root: NaN.

    A window that hangs over the end (ceil_mode) counts as if its missing elements were like the others on average.

    Args:
        norm_type: p, not 0. 1 sums; the larger it is, the nearer the output is to the largest value.
        kernel_size: positions in a window.
        stride: positions between neighbouring windows. By default kernel_size: windows do not overlap.
        ceil_mode: whether a last window may reach beyond the end: L' is rounded up. Default False.

    Shape:
        Input (N, C, L) or (C, L), output (N, C, L') or (C, L') with ``L' = (L - kernel_size) // stride + 1``.

    Raises:
        RuntimeError: the input has another number of dimensions, or no window fits into it.
        ValueError: p is 0, or kernel_size more than one number.

    Example:
        >>> import weft
        >>> weft.nn.LPPool1d(2, 2)(weft.tensor([[3.0, 4.0, 0.0, 2.0]]))
        tensor([[5., 2.]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPool):
    """The p-norm of each window of images: ``(sum of x^p)^(1/p)``. A negative sum, of odd p, has no root: NaN.

    A window that hangs over the edge (ceil_mode) counts as if its missing elements were like the others on average.
    Sizes are one number for both dimensions or (height, width).

    Args:
        norm_type: p, not 0. 1 sums; the larger it is, the nearer the output is to the largest value.
        kernel_size: kH and kW, the size of a window.
        stride: pixels between neighbouring windows. By default kernel_size: windows do not overlap.
        ceil_mode: whether last windows may reach beyond the edge: H' and W' are rounded up. Default False.

    Shape:
        Input (N, C, H, W) or (C, H, W), output (N, C, H', W') or (C, H', W') with
        ``H' = (H - kH) // stride + 1``, and W' likewise.

    Raises:
        RuntimeError: the input has another number of dimensions, or no window fits into it.
        ValueError: p is 0, or kernel_size neither one number nor two.

    Example:
        >>> import weft
        >>> weft.nn.LPPool2d(2, 2)(weft.tensor([[[1.0, 2.0], [2.0, 4.0]]]))
        tensor([[[5.]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPool):
    """The p-norm of each window of volumes: ``(sum of x^p)^(1/p)``. A negative sum, of odd p, has no root: NaN.

    A window that hangs over the edge (ceil_mode) counts as if its missing elements were like the others on average.
    Sizes are one number for all dimensions or (depth, height, width).

    Args:
        norm_type: p, not 0. 1 sums; the larger it is, the nearer the output is to the largest value.
        kernel_size: kD, kH and kW, the size of a window.
        stride: places between neighbouring windows. By default kernel_size: windows do not overlap.
        ceil_mode: whether last windows may reach beyond the edge: D', H' and W' are rounded up. Default False.

    Shape:
        Input (N, C, D, H, W) or (C, D, H, W), output (N, C, D', H', W') or (C, D', H', W') with
        ``D' = (D - kD) // stride + 1``, and so on.

    Raises:
        RuntimeError: the input has another number of dimensions, or no window fits into it.
        ValueError: p is 0, or kernel_size neither one number nor three.

    Example:
        >>> import weft
        >>> weft.nn.LPPool3d(1, 2)(weft.ones(1, 2, 2, 4))
        tensor([[[[8., 8.]]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


class _FractionalMaxPool(Module):
    kernel_size: tuple[int, ...]
    output_size: tuple[int, ...] | None
    output_ratio: tuple[float, ...] | None
    _dims: int

    def __init__(
        self,
        kernel_size: Ints,
        output_size: Ints | None = None,
        output_ratio: Ratios | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        if (output_size is None) == (output_ratio is None):
            got = "neither" if output_size is None else "both"
            raise ValueError(f"{name}: expected either output_size or output_ratio, got {got}")
        self.kernel_size = to_tuple(kernel_size, self._dims, f"{name}: kernel_size")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else to_tuple(output_size, self._dims, f"{name}: output_size")
        self.output_ratio = (
            None if output_ratio is None else to_tuple(output_ratio, self._dims, f"{name}: output_ratio")
        )
        for ratio in self.output_ratio or ():
            check_numbers(name, output_ratio=ratio)
            if not 0 < ratio < 1:
                raise ValueError(f"{name}: expected output_ratio between 0 and 1, got {output_ratio}")


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest values of windows of images that lie at pseudo-random places. Graham, Fractional max-pooling, 2014.

    The windows of a plane begin, along an axis of n pixels with n' windows of k, at ``floor(a * (i + u)) - floor(a *
    u)``, a being ``(n - k) / (n' - 1)``, and the last one at ``n - k``; u is drawn in each call for each plane and
    axis. Sizes are one number for both dimensions or (height, width).

    Args:
        kernel_size: kH and kW, the size of a window.
        output_size: H' and W'.
        output_ratio: H' / H and W' / W, between 0 and 1; instead of output_size.
        return_indices: whether the places of the largest values are returned, too. Default False.
        _random_samples: the u, in [0, 1): (N, C, 2), for width and height. By default drawn.

    Shape:
        Input (N, C, H, W) or (C, H, W), output (N, C, H', W') or (C, H', W');
        with return_indices a tuple of two such tensors: values, and places in the flattened image (int64).

    Raises:
        ValueError: of output_size and output_ratio both or neither are given, or a ratio is not between 0 and 1.
        RuntimeError: so many windows do not fit into the input, or that has other dimensions.

    Example:
        >>> import weft
        >>> weft.nn.FractionalMaxPool2d(2, output_ratio=0.7)(weft.ones(2, 3, 10, 20)).shape
        weft.Size([2, 3, 7, 14])
    """

    _dims = 2

    def forward(self, input: Tensor) -> Any:
        return F.fractional_max_pool2d(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        )


class FractionalMaxPool3d(_FractionalMaxPool):
    """The largest values of windows of volumes that lie at pseudo-random places. See FractionalMaxPool2d.

    Sizes are one number for all dimensions or (depth, height, width).

    Args:
        kernel_size: kD, kH and kW, the size of a window.
        output_size: D', H' and W'.
        output_ratio: D' / D, H' / H and W' / W, between 0 and 1; instead of output_size.
        return_indices: whether the places of the largest values are returned, too. Default False.
        _random_samples: the u, in [0, 1): (N, C, 3), for depth, height and width. By default drawn.

    Shape:
        Input (N, C, D, H, W) or (C, D, H, W), output (N, C, D', H', W') or (C, D', H', W');
        with return_indices a tuple of two such tensors: values, and places in the flattened volume (int64).

    Raises:
        ValueError: of output_size and output_ratio both or neither are given, or a ratio is not between 0 and 1.
        RuntimeError: so many windows do not fit into the input, or that has other dimensions.

    Example:
        >>> import weft
        >>> weft.nn.FractionalMaxPool3d(2, output_size=(2, 3, 3))(weft.ones(2, 3, 4, 8, 8)).shape
        weft.Size([2, 3, 2, 3, 3])
    """

    _dims = 3

    def forward(self, input: Tensor) -> Any:
        return F.fractional_max_pool3d(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices, self._random_samples
        )
