"""Pooling functions that are composites, and those that always give the places of what they have found."""

from __future__ import annotations

import math
import operator

import weft
from weft._C import nn as native
from weft._checks import check_integers, check_numbers, check_tensors, own_errors
from weft.nn.functional._draws import draws

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Ints, OutputSize, Ratios

_SHAPES = {1: "(N, C, L) or (C, L)", 2: "(N, C, H, W) or (C, H, W)", 3: "(N, C, D, H, W) or (C, D, H, W)"}


def each_of(name: str, what: str, value: Any, count: int) -> tuple[Any, ...]:
    """One number for every axis, or one for each."""
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if len(values) not in (1, count):
        raise RuntimeError(f"{name}: expected {what} to be one number or {count}, got {values}")
    return values * count if len(values) == 1 else values


def integers_of(name: str, what: str, value: Ints, count: int) -> tuple[int, ...]:
    values = each_of(name, what, value, count)
    for each in values:
        check_integers(name, **{what: each})
    return tuple(operator.index(each) for each in values)


def check_input(name: str, input: Tensor, dims: int) -> None:
    check_tensors(name, input=input)
    if input.dim() not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}: expected an input of shape {_SHAPES[dims]}, got {tuple(input.shape)}")


@own_errors
def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """What ``max_pool1d`` gives with ``return_indices=True``: the largest values, and their places.

    Args:
        input, kernel_size, stride, padding, dilation, ceil_mode: as in ``max_pool1d``.
        return_indices: is there because PyTorch has it: places are returned whatever it is.

    Returns:
        Values and places (int64), each (N, C, L') or (C, L').

    Example:
        >>> import weft
        >>> weft.nn.functional.max_pool1d_with_indices(weft.tensor([[1.0, 4.0, 3.0, 2.0]]), 2)
        (tensor([[4., 3.]]), tensor([[1, 2]]))
    """
    return native.max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


@own_errors
def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """What ``max_pool2d`` gives with ``return_indices=True``: the largest values, and their places.

    Args:
        input, kernel_size, stride, padding, dilation, ceil_mode: as in ``max_pool2d``.
        return_indices: is there because PyTorch has it: places are returned whatever it is.

    Returns:
        Values and places in the flattened image (int64), each (N, C, H', W') or (C, H', W').

    Example:
        >>> import weft
        >>> weft.nn.functional.max_pool2d_with_indices(weft.tensor([[[1.0, 2.0], [4.0, 3.0]]]), 2)
        (tensor([[[4.]]]), tensor([[[2]]]))
    """
    return native.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


@own_errors
def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """What ``max_pool3d`` gives with ``return_indices=True``: the largest values, and their places.

    Args:
        input, kernel_size, stride, padding, dilation, ceil_mode: as in ``max_pool3d``.
        return_indices: is there because PyTorch has it: places are returned whatever it is.

    Returns:
        Values and places in the flattened volume (int64), each (N, C, D', H', W') or (C, D', H', W').

    Example:
        >>> import weft
        >>> weft.nn.functional.max_pool3d_with_indices(weft.arange(8.0).view(1, 2, 2, 2), 2)
        (tensor([[[[7.]]]]), tensor([[[[7]]]]))
    """
    return native.max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


@own_errors
def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: OutputSize, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """What ``adaptive_max_pool1d`` gives with ``return_indices=True``: the largest values, and their places.

    Args:
        input, output_size: as in ``adaptive_max_pool1d``.
        return_indices: is there because PyTorch has it: places are returned whatever it is.

    Returns:
        Values and places (int64), each (N, C, output_size) or (C, output_size).

    Example:
        >>> import weft
        >>> weft.nn.functional.adaptive_max_pool1d_with_indices(weft.tensor([[1.0, 3.0, 3.0, 5.0]]), 2)
        (tensor([[3., 5.]]), tensor([[1, 3]]))
    """
    return native.adaptive_max_pool1d(input, output_size, True)


@own_errors
def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: OutputSize, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """What ``adaptive_max_pool2d`` gives with ``return_indices=True``: the largest values, and their places.

    Args:
        input, output_size: as in ``adaptive_max_pool2d``.
        return_indices: is there because PyTorch has it: places are returned whatever it is.

    Returns:
        Values and places in the flattened image (int64), each (N, C, H', W') or (C, H', W').

    Example:
        >>> import weft
        >>> weft.nn.functional.adaptive_max_pool2d_with_indices(weft.arange(8.0).view(1, 2, 4), (1, 2))
        (tensor([[[5., 7.]]]), tensor([[[5, 7]]]))
    """
    return native.adaptive_max_pool2d(input, output_size, True)


@own_errors
def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: OutputSize, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """What ``adaptive_max_pool3d`` gives with ``return_indices=True``: the largest values, and their places.

    Args:
        input, output_size: as in ``adaptive_max_pool3d``.
        return_indices: is there because PyTorch has it: places are returned whatever it is.

    Returns:
        Values and places in the flattened volume (int64), each (N, C, D', H', W') or (C, D', H', W').

    Example:
        >>> import weft
        >>> weft.nn.functional.adaptive_max_pool3d_with_indices(weft.arange(8.0).view(1, 2, 2, 2), 1)
        (tensor([[[[7.]]]]), tensor([[[[7]]]]))
    """
    return native.adaptive_max_pool3d(input, output_size, True)


def _lp_pool(
    name: str,
    dims: int,
    means: Callable[..., Tensor],
    input: Tensor,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None,
    ceil_mode: bool,
) -> Tensor:
    check_input(name, input, dims)
    check_numbers(name, norm_type=norm_type)
    if norm_type == 0:
        raise ValueError(f"{name}: norm_type must not be 0")
    kernel = integers_of(name, "kernel_size", kernel_size, dims)
    mean = means(input.pow(norm_type), kernel, stride, 0, ceil_mode)
    # That is the mean itself, but where it is 0 the root's infinite slope does not make the gradient NaN.
    mean = mean.sign() * native.relu(mean.abs())
    return (mean * math.prod(kernel)).pow(1.0 / norm_type)


@own_errors
def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
) -> Tensor:
    """The p-norm of each window of sequences: ``(sum of x^p)^(1/p)``. A negative sum, of odd p, has no root: NaN.

    A window that hangs over the end (ceil_mode) counts as if its missing elements were like the others on average.

    Args:
        input: x, (N, C, L) or (C, L).
        norm_type: p, not 0. 1 sums; the larger it is, the nearer the result is to the largest value.
        kernel_size: positions in a window.
        stride: positions between neighbouring windows. By default kernel_size.
        ceil_mode: whether a last window may reach beyond the end. Default False.

    Returns:
        A tensor (N, C, L') or (C, L') with ``L' = (L - kernel_size) // stride + 1``.

    Raises:
        RuntimeError: input has another number of dimensions, or no window fits into it.
        ValueError: norm_type is 0.
        RuntimeError: kernel_size is more than one number.

    Example:
        >>> import weft
        >>> weft.nn.functional.lp_pool1d(weft.tensor([[3.0, 4.0, 0.0, 2.0]]), 2, 2)
        tensor([[5., 2.]])
    """
    return _lp_pool("lp_pool1d", 1, native.avg_pool1d, input, norm_type, kernel_size, stride, ceil_mode)


@own_errors
def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
) -> Tensor:
    """The p-norm of each window of images: ``(sum of x^p)^(1/p)``; see ``lp_pool1d``.

    Sizes are one number for both dimensions or (height, width).

    Args:
        input: x, (N, C, H, W) or (C, H, W).
        norm_type: p, not 0.
        kernel_size: kH and kW, the size of a window.
        stride: pixels between neighbouring windows. By default kernel_size.
        ceil_mode: whether last windows may reach beyond the edge. Default False.

    Returns:
        A tensor (N, C, H', W') or (C, H', W') with ``H' = (H - kH) // stride + 1``, and W' likewise.

    Raises:
        RuntimeError: input has another number of dimensions, or no window fits into it.
        ValueError: norm_type is 0.
        RuntimeError: kernel_size is neither one number nor two.

    Example:
        >>> import weft
        >>> weft.nn.functional.lp_pool2d(weft.tensor([[[1.0, 2.0], [2.0, 4.0]]]), 2, 2)
        tensor([[[5.]]])
    """
    return _lp_pool("lp_pool2d", 2, native.avg_pool2d, input, norm_type, kernel_size, stride, ceil_mode)


@own_errors
def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
) -> Tensor:
    """The p-norm of each window of volumes: ``(sum of x^p)^(1/p)``; see ``lp_pool1d``.

    Sizes are one number for all dimensions or (depth, height, width).

    Args:
        input: x, (N, C, D, H, W) or (C, D, H, W).
        norm_type: p, not 0.
        kernel_size: kD, kH and kW, the size of a window.
        stride: places between neighbouring windows. By default kernel_size.
        ceil_mode: whether last windows may reach beyond the edge. Default False.

    Returns:
        A tensor (N, C, D', H', W') or (C, D', H', W') with ``D' = (D - kD) // stride + 1``, and so on.

    Raises:
        RuntimeError: input has another number of dimensions, or no window fits into it.
        ValueError: norm_type is 0.
        RuntimeError: kernel_size is neither one number nor three.

    Example:
        >>> import weft
        >>> weft.nn.functional.lp_pool3d(weft.ones(1, 2, 2, 4), 1, 2)
        tensor([[[[8., 8.]]]])
    """
    return _lp_pool("lp_pool3d", 3, native.avg_pool3d, input, norm_type, kernel_size, stride, ceil_mode)


@draws
def _fractional_max_pool(
    name: str,
    dims: int,
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None,
    output_ratio: Ratios | None,
    samples: Tensor | None,
) -> tuple[Tensor, Tensor]:
    check_input(name, input, dims)
    check_tensors(name, ("_random_samples",), _random_samples=samples)
    for what, value in (("kernel_size", kernel_size), ("output_size", output_size)):
        if isinstance(value, (tuple, list)) and len(value) != dims:  # of other pools a list of one is a number
            raise RuntimeError(f"{name}: expected {what} to be one number or {dims}, got {tuple(value)}")
    kernel = integers_of(name, "kernel_size", kernel_size, dims)
    if (output_size is None) == (output_ratio is None):
        got = "neither" if output_size is None else "both"
        raise ValueError(f"{name}: expected either output_size or output_ratio, got {got}")
    if output_size is not None:
        size = integers_of(name, "output_size", output_size, dims)
    else:
        ratios = each_of(name, "output_ratio", output_ratio, dims)
        for ratio in ratios:
            check_numbers(name, output_ratio=ratio)
        size = tuple(int(n * ratio) for n, ratio in zip(input.shape[-dims:], ratios))
    if samples is None:
        planes = (input.shape[0] if input.dim() == dims + 2 else 1, input.shape[-dims - 1])
        dtype = input.dtype if input.is_floating_point() else None
        samples = weft.rand(*planes, dims, dtype=dtype, device=input.device)
    return native._fractional_max_pool(input, kernel, size, samples)


@own_errors
def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """What ``fractional_max_pool2d`` gives with ``return_indices=True``: the largest values, and their places.

    Args:
        input, kernel_size, output_size, output_ratio, _random_samples: as in ``fractional_max_pool2d``.
        return_indices: is there because PyTorch has it: places are returned whatever it is.

    Returns:
        Values and places in the flattened image (int64), each (N, C, H', W') or (C, H', W').

    Example:
        >>> import weft
        >>> weft.nn.functional.fractional_max_pool2d_with_indices(weft.arange(9.0).view(1, 3, 3), 2, 1)
        (tensor([[[8.]]]), tensor([[[8]]]))
    """
    name = "fractional_max_pool2d_with_indices"
    return _fractional_max_pool(name, 2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The largest values of windows of images that lie at pseudo-random places. Graham, Fractional max-pooling, 2014.

    The windows of a plane begin, along an axis of n pixels with n' windows of k, at ``floor(a * (i + u)) - floor(a *
    u)``, a being ``(n - k) / (n' - 1)``, and the last one at ``n - k``; u is drawn for each plane and axis.
    Sizes are one number for both dimensions or (height, width).

    Args:
        input: (N, C, H, W) or (C, H, W), floating point.
        kernel_size: kH and kW, the size of a window.
        output_size: H' and W'.
        output_ratio: H' / H and W' / W, rounded down to whole H' and W'; instead of output_size.
        return_indices: whether the places of the largest values are returned, too. Default False.
        _random_samples: the u, in [0, 1): (N, C, 2), for width and height. By default drawn.

    Returns:
        A tensor (N, C, H', W') or (C, H', W'); with return_indices a tuple of two: values, and places in the flattened
        image (int64).

    Raises:
        ValueError: of output_size and output_ratio both or neither are given.
        RuntimeError: so many windows do not fit, or input or _random_samples have another shape or dtype.

    Example:
        >>> import weft
        >>> x, u = weft.arange(16.0).view(1, 4, 4), weft.zeros(1, 1, 2)
        >>> weft.nn.functional.fractional_max_pool2d(x, 2, output_size=2, _random_samples=u)
        tensor([[[ 5.,  7.],
                 [13., 15.]]])
    """
    name = "fractional_max_pool2d"
    both = _fractional_max_pool(name, 2, input, kernel_size, output_size, output_ratio, _random_samples)
    return both if return_indices else both[0]


@own_errors
def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """What ``fractional_max_pool3d`` gives with ``return_indices=True``: the largest values, and their places.

    Args:
        input, kernel_size, output_size, output_ratio, _random_samples: as in ``fractional_max_pool3d``.
        return_indices: is there because PyTorch has it: places are returned whatever it is.

    Returns:
        Values and places in the flattened volume (int64), each (N, C, D', H', W') or (C, D', H', W').

    Example:
        >>> import weft
        >>> weft.nn.functional.fractional_max_pool3d_with_indices(weft.arange(8.0).view(1, 2, 2, 2), 2, 1)
        (tensor([[[[7.]]]]), tensor([[[[7]]]]))
    """
    name = "fractional_max_pool3d_with_indices"
    return _fractional_max_pool(name, 3, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: Ratios | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The largest values of windows of volumes that lie at pseudo-random places. See ``fractional_max_pool2d``.

    Sizes are one number for all dimensions or (depth, height, width).

    Args:
        input: (N, C, D, H, W) or (C, D, H, W), floating point.
        kernel_size: kD, kH and kW, the size of a window.
        output_size: D', H' and W'.
        output_ratio: D' / D, H' / H and W' / W, rounded down to whole sizes; instead of output_size.
        return_indices: whether the places of the largest values are returned, too. Default False.
        _random_samples: the u, in [0, 1): (N, C, 3), for depth, height and width. By default drawn.

    Returns:
        A tensor (N, C, D', H', W') or (C, D', H', W'); with return_indices a tuple of two: values, and places in the
        flattened volume (int64).

    Raises:
        ValueError: of output_size and output_ratio both or neither are given.
        RuntimeError: so many windows do not fit, or input or _random_samples have another shape or dtype.

    Example:
        >>> import weft
        >>> weft.nn.functional.fractional_max_pool3d(weft.ones(2, 3, 4, 8, 8), 2, output_ratio=0.5).shape
        weft.Size([2, 3, 2, 4, 4])
    """
    name = "fractional_max_pool3d"
    both = _fractional_max_pool(name, 3, input, kernel_size, output_size, output_ratio, _random_samples)
    return both if return_indices else both[0]
