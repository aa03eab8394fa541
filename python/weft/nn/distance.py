"""Distances and similarities of two batches of vectors."""

from __future__ import annotations

from weft.nn import functional as F
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


class CosineSimilarity(Module):
    """The cosine of the angle between vectors: ``x1 . x2 / (max(|x1|, eps) * max(|x2|, eps))`` along dim.

    Args:
        dim: the dimension along which the vectors lie. Default 1.
        eps: least value that a norm counts as. Default 1e-8.

    Shape:
        Inputs (..., D, ...) with D at dim, which broadcast; output (...), without dim.

    Example:
        >>> import weft
        >>> weft.nn.CosineSimilarity()(weft.tensor([[1.0, 0.0]]), weft.tensor([[1.0, 1.0]]))
        tensor([0.7071])
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The p-norm of ``x1 - x2 + eps`` over the last dimension.

    Args:
        p: order of the norm. Default 2.
        eps: added to each difference, which keeps the gradient finite where inputs are equal. Default 1e-6.
        keepdim: whether the last dimension is kept, with size 1. Default False.

    Shape:
        Inputs (..., D), which broadcast; output (...), or (..., 1) with keepdim.

    Example:
        >>> import weft
        >>> weft.nn.PairwiseDistance()(weft.zeros(1, 2), weft.tensor([[3.0, 4.0]]))
        tensor([5.0000])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
