"""Norms and distances of vectors."""

from __future__ import annotations

import weft
from weft._checks import check_integers, check_numbers, check_real, check_tensors, own_errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor


def _norm(x, p, dim, keepdim=False):
    check_numbers("norm", p=p)
    return x.norm(p, dim, keepdim)


@own_errors
def normalize(
    input: Tensor, p: float = 2.0, dim: int | Sequence[int] = 1, eps: float = 1e-12, out: Tensor | None = None
) -> Tensor:
    """``input / max(norm(input), eps)`` along dim: vectors of p-norm 1.

    Args:
        input: a tensor of any shape.
        p: order of the norm. Default 2.
        dim: the dimension, or several, that the norm is taken over. Default 1.
        eps: least value that a norm counts as. Default 1e-12.
        out: a tensor that the result is written to. By default a new one is made.

    Raises:
        TypeError: dim is None.

    Example:
        >>> import weft
        >>> weft.nn.functional.normalize(weft.tensor([[3.0, 4.0]]))
        tensor([[0.6000, 0.8000]])
    """
    check_tensors("normalize", ("out",), input=input, out=out)
    if dim is None:
        raise TypeError("normalize: dim must be an int or a tuple of ints, got None")
    result = input / _norm(input, p, dim, True).clamp(min=eps)
    return result if out is None else out.copy_(result)


@own_errors
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors: ``x1 . x2 / (max(|x1|, eps) * max(|x2|, eps))`` along dim.

    Args:
        x1, x2: real tensors that broadcast.
        dim: the dimension along which the vectors lie; the result lacks it. Default 1.
        eps: least value that a norm counts as. Default 1e-8.

    Raises:
        RuntimeError: an input is complex, or they do not broadcast.

    Example:
        >>> import weft
        >>> weft.nn.functional.cosine_similarity(weft.tensor([[1.0, 0.0]]), weft.tensor([[1.0, 1.0]]))
        tensor([0.7071])
    """
    check_tensors("cosine_similarity", x1=x1, x2=x2)
    check_real("cosine_similarity", x1=x1, x2=x2)
    check_integers("cosine_similarity", dim=dim)  # None would mean all of them
    x1, x2 = weft.broadcast_tensors(x1, x2)
    return (x1 / _norm(x1, 2, dim, True).clamp(min=eps) * (x2 / _norm(x2, 2, dim, True).clamp(min=eps))).sum(dim)


@own_errors
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of ``x1 - x2 + eps`` over the last dimension.

    Args:
        x1, x2: tensors (..., D) that broadcast.
        p: order of the norm. Default 2.
        eps: added to each difference, which keeps the gradient finite where inputs are equal. Default 1e-6.
        keepdim: whether the last dimension is kept, with size 1. Default False.

    Example:
        >>> import weft
        >>> weft.nn.functional.pairwise_distance(weft.zeros(1, 2), weft.tensor([[3.0, 4.0]]))
        tensor([5.0000])
    """
    check_tensors("pairwise_distance", x1=x1, x2=x2)
    return _norm(x1 - x2 + eps, p, -1, keepdim)


@own_errors
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norms of the differences between all pairs of rows i < j: those of (0, 1), (0, 2), ..., (N - 2, N - 1).

    Args:
        input: the rows, (N, D), of a floating dtype.
        p: order of the norm, not negative: 0 counts the columns that differ. Default 2.

    Raises:
        RuntimeError: input is no matrix of floating point numbers, or p is negative.

    Example:
        >>> import weft
        >>> weft.nn.functional.pdist(weft.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
        tensor([5.0000, 1.0000, 4.2426])
    """
    check_tensors("pdist", input=input)
    check_numbers("pdist", p=p)
    if input.dim() != 2 or not input.is_floating_point():
        raise RuntimeError(
            f"pdist: expected a matrix of floating point numbers, got shape {tuple(input.shape)}, dtype {input.dtype}"
        )
    if not p >= 0:
        raise RuntimeError(f"pdist: p must not be negative, got {p}")
    first, second = weft.triu_indices(input.shape[0], input.shape[0], 1, device=input.device)
    return _norm(input[first] - input[second], p, -1)
