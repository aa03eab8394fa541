"""Activations and maps that are composites."""

from __future__ import annotations

import math

import weft
from weft._C import nn as native
from weft._checks import check_tensors, own_errors
from weft.nn.functional._draws import draws

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


@own_errors
def softmin(input: Tensor, dim: int | None = None, dtype: weft.dtype | None = None) -> Tensor:
    """``exp(-x) / sum(exp(-x))`` along dim: softmax of -x.

    Args:
        input: a tensor of any shape.
        dim: the dimension along which the sum is 1. By default chosen as softmax does, with a warning (deprecated).
        dtype: what input is converted to first. By default its own.

    Example:
        >>> import weft
        >>> weft.nn.functional.softmin(weft.zeros(2), dim=0)
        tensor([0.5000, 0.5000])
    """
    check_tensors("softmin", input=input)
    return native.softmax(-input, dim, dtype=dtype)


@draws
def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """``input`` where it is not negative, else ``a * input`` with a slope a between lower and upper. Xu et al., 2015.

    Args:
        input: a tensor of any shape.
        lower, upper: least and largest slope. Default 1/8 and 1/3.
        training: whether a is drawn for each value; if not it is the mean of lower and upper. Default False.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Raises:
        ValueError: lower is above upper.

    Example:
        >>> import weft
        >>> weft.nn.functional.rrelu(weft.tensor([-2.0, 2.0]), 0.25, 0.75)
        tensor([-1.,  2.])
    """
    check_tensors("rrelu", input=input)
    if lower > upper:
        raise ValueError(f"rrelu: lower must be at most upper, got {lower} and {upper}")
    if training:
        slope = weft.rand_like(input) * (upper - lower) + lower
        result = weft.where(input < 0, input * slope, input)
    else:
        result = native.leaky_relu(input, (lower + upper) / 2)
    return input.copy_(result) if inplace else result


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """rrelu() in place.

    Args:
        input: a tensor of any shape, which is overwritten.
        lower, upper: least and largest slope. Default 1/8 and 1/3.
        training: whether a slope is drawn for each value; if not it is the mean of both. Default False.

    Raises:
        ValueError: lower is above upper.

    Example:
        >>> import weft
        >>> x = weft.tensor([-2.0, 2.0])
        >>> weft.nn.functional.rrelu_(x, 0.25, 0.75) is x
        True
    """
    return rrelu(input, lower, upper, training, inplace=True)


@own_errors
@draws
def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A sample of the Gumbel-softmax distribution: ``softmax((logits + Gumbel noise) / tau)``. Jang et al., 2016.

    Args:
        logits: log-probabilities of the classes, not necessarily normalised, along dim.
        tau: temperature, positive: the smaller, the nearer samples are to one-hot. Default 1.
        hard: whether the sample is made one-hot; its gradient stays that of the soft one. Default False.
        eps: added before logarithms are taken. Default 1e-10.
        dim: the dimension of the classes. Default -1.

    Raises:
        TypeError: dim is None.

    Example:
        >>> import weft
        >>> weft.nn.functional.gumbel_softmax(weft.zeros(2, 3), hard=True).sum(-1)
        tensor([1., 1.])
    """
    check_tensors("gumbel_softmax", logits=logits)
    if dim is None:
        raise TypeError("gumbel_softmax: dim must be an int, got None")
    noise = -(-(weft.rand_like(logits) + eps).log() + eps).log()
    soft = native.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    chosen = weft.zeros_like(logits).scatter_(dim, soft.argmax(dim, keepdim=True), 1.0)
    return chosen - soft.detach() + soft


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``x1^T A x2 + b`` over the last dimensions of two inputs.

    Args:
        input1: (..., in1).
        input2: (..., in2), with the same other dimensions.
        weight: A, (out, in1, in2).
        bias: b, (out). By default none.

    Returns:
        A tensor (..., out).

    Raises:
        ValueError: the inputs' other dimensions differ, or weight has not 3 dimensions.

    Example:
        >>> import weft
        >>> weft.nn.functional.bilinear(weft.ones(2, 3), weft.ones(2, 4), weft.ones(5, 3, 4)).shape == (2, 5)
        True
    """
    check_tensors("bilinear", ("bias",), input1=input1, input2=input2, weight=weight, bias=bias)
    if input1.shape[:-1] != input2.shape[:-1] or weight.dim() != 3:
        raise ValueError(
            f"bilinear: expected (..., in1), (..., in2) and a weight (out, in1, in2), got {tuple(input1.shape)}, "
            f"{tuple(input2.shape)} and {tuple(weight.shape)}"
        )
    out, in1, in2 = weight.shape
    rows = math.prod(input1.shape[:-1])
    mixed = input1.reshape(rows, in1) @ weight.permute(1, 0, 2).reshape(in1, out * in2)
    result = (mixed.reshape(rows, out, in2) * input2.reshape(rows, 1, in2)).sum(-1)
    result = result.reshape(*input1.shape[:-1], out)
    return result if bias is None else result + bias
