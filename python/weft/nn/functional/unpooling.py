"""Functions that put pooled values back."""

from __future__ import annotations

from weft._C import nn as native
from weft._checks import check_tensors
from weft.nn.functional.pooling import check_input, integers_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor
    from weft.nn._types import Ints


def _max_unpool(
    name: str,
    dims: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    output_size: Sequence[int] | None,
) -> Tensor:
    check_input(name, input, dims)
    check_tensors(name, indices=indices)
    kernel = integers_of(name, "kernel_size", kernel_size, dims)
    steps = kernel if stride is None else integers_of(name, "stride", stride, dims)
    edges = integers_of(name, "padding", padding, dims)
    usual = [(n - 1) * s + k - 2 * p for n, k, s, p in zip(input.shape[-dims:], kernel, steps, edges)]
    if output_size is None:
        return native._max_unpool(input, indices, usual)
    size = tuple(output_size)
    if len(size) == dims + 2:
        size = size[2:]
    if len(size) != dims:
        raise ValueError(f"{name}: expected {dims} or {dims + 2} numbers as output_size, got {tuple(output_size)}")
    size = integers_of(name, "output_size", size, dims)
    for axis, (n, middle, step) in enumerate(zip(size, usual, steps)):
        if not middle - step < n < middle + step:
            raise ValueError(
                f"{name}: expected output_size[{axis}] between {middle - step + 1} and {middle + step - 1}, got {size}"
            )
    return native._max_unpool(input, indices, size)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """The reverse of ``max_pool1d``: sequences of zeros with the values of input at the places they have come from.

    Of several values for one place the last one stays, and the gradient of the place goes to all of them.

    Args:
        input: (N, C, L) or (C, L), floating point.
        indices: the places, as max_pool1d gives them with return_indices, of the shape of input.
        kernel_size, stride, padding: of the pooling; stride is kernel_size by default.
        output_size: sizes of the output, (L') or (N, C, L'), where several are possible. By default
            ``L' = (L - 1) * stride - 2 * padding + kernel_size``.

    Returns:
        A tensor (N, C, L') or (C, L').

    Raises:
        ValueError: output_size differs by stride or more from the default.
        RuntimeError: input or indices have another shape or dtype.
        IndexError: an index is outside of the output.

    Example:
        >>> import weft
        >>> weft.nn.functional.max_unpool1d(weft.tensor([[4.0, 3.0]]), weft.tensor([[1, 2]]), 2)
        tensor([[0., 4., 3., 0.]])
    """
    return _max_unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """The reverse of ``max_pool2d``: images of zeros with the values of input at the places they have come from.

    Of several values for one place the last one stays, and the gradient of the place goes to all of them.

    Args:
        input: (N, C, H, W) or (C, H, W), floating point.
        indices: places in the flattened output, as max_pool2d gives them with return_indices, of the shape of input.
        kernel_size, stride, padding: of the pooling; stride is kernel_size by default.
        output_size: sizes of the output, (H', W') or (N, C, H', W'), where several are possible. By default
            ``H' = (H - 1) * stride - 2 * padding + kernel_size``, and W' likewise.

    Returns:
        A tensor (N, C, H', W') or (C, H', W').

    Raises:
        ValueError: output_size differs by stride or more from the default.
        RuntimeError: input or indices have another shape or dtype.
        IndexError: an index is outside of the output.

    Example:
        >>> import weft
        >>> weft.nn.functional.max_unpool2d(weft.tensor([[[5.0]]]), weft.tensor([[[2]]]), 2)
        tensor([[[0., 0.],
                 [5., 0.]]])
    """
    return _max_unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """The reverse of ``max_pool3d``: volumes of zeros with the values of input at the places they have come from.

    Of several values for one place the last one stays, and the gradient of the place goes to all of them.

    Args:
        input: (N, C, D, H, W) or (C, D, H, W), floating point.
        indices: places in the flattened output, as max_pool3d gives them with return_indices, of the shape of input.
        kernel_size, stride, padding: of the pooling; stride is kernel_size by default.
        output_size: sizes of the output, (D', H', W') or (N, C, D', H', W'), where several are possible. By default
            ``D' = (D - 1) * stride - 2 * padding + kernel_size``, and so on.

    Returns:
        A tensor (N, C, D', H', W') or (C, D', H', W').

    Raises:
        ValueError: output_size differs by stride or more from the default.
        RuntimeError: input or indices have another shape or dtype.
        IndexError: an index is outside of the output.

    Example:
        >>> import weft
        >>> weft.nn.functional.max_unpool3d(weft.tensor([[[[5.0]]]]), weft.tensor([[[[2]]]]), (1, 2, 2))
        tensor([[[[0., 0.],
                  [5., 0.]]]])
    """
    return _max_unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)
