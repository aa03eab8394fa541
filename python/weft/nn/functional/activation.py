"""Activations and maps that are composites."""

import math

import weft
from weft._C import nn as native
from weft._checks import check_tensors, own_errors
from weft.nn.functional._draws import draws


@own_errors
def softmin(input, dim=None, dtype=None):
    """softmax(-input) along dim.

    >>> import weft
    >>> weft.nn.functional.softmin(weft.zeros(2), dim=0)
    tensor([0.5000, 0.5000])
    """
    check_tensors("softmin", input=input)
    return native.softmax(-input, dim, dtype=dtype)


@draws
def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """leaky_relu with a slope between lower and upper: drawn for each value when training, else their mean.

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


@own_errors
@draws
def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A sample from the Gumbel-softmax distribution; one-hot with the soft gradient if hard; Jang et al., 2016.

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


def bilinear(input1, input2, weight, bias=None):
    """``x1^T A x2 + b`` over the last dimensions: (..., in1), (..., in2) and weight (out, in1, in2) to (..., out).

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
