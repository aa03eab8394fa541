"""Stochastic depth: whole residual branches that are left out while training."""

from __future__ import annotations

import weft
from weft import nn
from weft._checks import check_tensors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor

_MODES = ("batch", "row")


def _check(function, p, mode):
    if not 0 <= p <= 1:
        raise ValueError(f"{function}: p must be between 0 and 1, got {p}")
    if mode not in _MODES:
        raise ValueError(f"{function}: mode must be batch or row, got {mode!r}")


def stochastic_depth(input: Tensor, p: float, mode: str, training: bool = True) -> Tensor:
    """Sets the whole input, or whole rows of it, to zero with probability p and divides the others by 1 - p.

    Huang et al., 2016; also called drop path.

    Args:
        input: (N, ...), what a residual branch gives.
        p: probability of zeros.
        mode: "batch" draws once for all, "row" once for each row.
        training: without it the input is returned.

    Raises:
        ValueError: p is not between 0 and 1, or the mode is unknown.

    >>> import weft
    >>> weft.ops.stochastic_depth(weft.ones(2, 2), 1.0, "row")
    tensor([[0., 0.],
            [0., 0.]])
    """
    check_tensors("stochastic_depth", input=input)
    _check("stochastic_depth", p, mode)
    if mode == "row" and input.ndim == 0:
        raise ValueError("stochastic_depth: mode 'row' needs an input of at least one dimension, got shape ()")
    if not training or p == 0:
        return input
    shape = (input.shape[0] if mode == "row" else 1,) + (1,) * (input.ndim - 1)
    kept = weft.rand(shape[: input.ndim], device=input.device) < 1 - p
    scale = 1 / (1 - p) if p < 1 else 0.0
    return input * (kept.to(input.dtype) * scale)


class StochasticDepth(nn.Module):
    """Layer of :func:`stochastic_depth`; in evaluation mode it returns its input.

    Args:
        p: probability of zeros, between 0 and 1.
        mode: "batch" draws once for all, "row" once for each row.

    Shape:
        Input and output: (N, ...).

    Raises:
        ValueError: p is not between 0 and 1, or the mode is unknown.

    Example:
        >>> import weft
        >>> weft.ops.StochasticDepth(0.2, "row").eval()(weft.ones(2))
        tensor([1., 1.])
    """

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        _check("StochasticDepth", p, mode)
        self.p = p
        self.mode = mode

    def forward(self, input: Tensor) -> Tensor:
        return stochastic_depth(input, self.p, self.mode, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}, mode={self.mode}"
