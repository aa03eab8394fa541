"""Gradients of convolutions by their input and by their weight, without the convolution."""

from __future__ import annotations

import weft
from weft._checks import check_tensors
from weft._missing import missing_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from weft import Tensor

    Sizes: TypeAlias = int | Sequence[int]
else:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = ["conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input", "conv3d_weight"]


def _gradient(dims, by_input, given, size, grad_output, stride, padding, dilation, groups):
    """The gradient by the input or weight of shape ``size``; ``given`` is the other one."""
    name = f"conv{dims}d_{'input' if by_input else 'weight'}"
    check_tensors(name, **{"weight" if by_input else "input": given, "grad_output": grad_output})
    # A convolution is linear in both, so that any values of the right shape do
    wanted = weft.zeros(tuple(size), dtype=given.dtype, device=given.device, requires_grad=True)
    convolve = getattr(weft.nn.functional, f"conv{dims}d")
    operands = (wanted, given) if by_input else (given, wanted)
    with weft.enable_grad():
        result = convolve(*operands, None, stride, padding, dilation, groups)
    if result.shape != grad_output.shape:
        raise ValueError(
            f"{name}: expected a grad_output of shape {tuple(result.shape)}, that of the convolution, got "
            f"{tuple(grad_output.shape)}"
        )
    recorded = weft.is_grad_enabled() and (given.requires_grad or grad_output.requires_grad)
    return weft.autograd.grad(result, wanted, grad_output, create_graph=recorded)[0]


def conv1d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of conv1d by its input.

    Args:
        input_size: the shape of the input, (N, C, L).
        weight: (C_out, C / groups, K), floating or complex.
        grad_output: the gradient of the result, of its shape.
        stride, padding, dilation, groups: those of the convolution.

    Returns:
        A tensor of shape input_size.

    Raises:
        ValueError: grad_output does not have the shape of the result.
        RuntimeError: the shapes or dtypes do not fit a convolution.

    Example:
        >>> import weft
        >>> weft.nn.grad.conv1d_input((1, 1, 3), weft.ones(1, 1, 2), weft.ones(1, 1, 2))
        tensor([[[1., 2., 1.]]])
    """
    return _gradient(1, True, weight, input_size, grad_output, stride, padding, dilation, groups)


def conv1d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of conv1d by its weight.

    Args:
        input: (N, C, L), floating or complex.
        weight_size: the shape of the weight, (C_out, C / groups, K).
        grad_output: the gradient of the result, of its shape.
        stride, padding, dilation, groups: those of the convolution.

    Returns:
        A tensor of shape weight_size.

    Raises:
        ValueError: grad_output does not have the shape of the result.
        RuntimeError: the shapes or dtypes do not fit a convolution.

    Example:
        >>> import weft
        >>> weft.nn.grad.conv1d_weight(weft.ones(1, 1, 3), (1, 1, 2), weft.ones(1, 1, 2))
        tensor([[[2., 2.]]])
    """
    return _gradient(1, False, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv2d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of conv2d by its input, of shape (N, C, H, W); otherwise as conv1d_input.

    Example:
        >>> import weft
        >>> weft.nn.grad.conv2d_input((1, 1, 1, 3), weft.ones(1, 1, 1, 2), weft.ones(1, 1, 1, 2))
        tensor([[[[1., 2., 1.]]]])
    """
    return _gradient(2, True, weight, input_size, grad_output, stride, padding, dilation, groups)


def conv2d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of conv2d by its weight, of shape (C_out, C / groups, KH, KW); otherwise as conv1d_weight.

    Example:
        >>> import weft
        >>> weft.nn.grad.conv2d_weight(weft.ones(1, 1, 1, 3), (1, 1, 1, 2), weft.ones(1, 1, 1, 2))
        tensor([[[[2., 2.]]]])
    """
    return _gradient(2, False, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv3d_input(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of conv3d by its input, of shape (N, C, D, H, W); otherwise as conv1d_input.

    Example:
        >>> import weft
        >>> weft.nn.grad.conv3d_input((1, 1, 1, 1, 3), weft.ones(1, 1, 1, 1, 2), weft.ones(1, 1, 1, 1, 2))
        tensor([[[[[1., 2., 1.]]]]])
    """
    return _gradient(3, True, weight, input_size, grad_output, stride, padding, dilation, groups)


def conv3d_weight(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of conv3d by its weight, of shape (C_out, C / groups, KD, KH, KW); otherwise as conv1d_weight.

    Example:
        >>> import weft
        >>> weft.nn.grad.conv3d_weight(weft.ones(1, 1, 1, 1, 3), (1, 1, 1, 1, 2), weft.ones(1, 1, 1, 1, 2))
        tensor([[[[[2., 2.]]]]])
    """
    return _gradient(3, False, input, weight_size, grad_output, stride, padding, dilation, groups)
