"""Layers of former releases of PyTorch, which older programs name."""

from __future__ import annotations

import warnings

from weft._checks import check_integers, check_tensors
from weft.nn import functional as F
from weft.nn.loss import NLLLoss
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor


class CrossMapLRN2d(Module):
    """``x / (k + alpha / size * s)^beta``, s summing the squares of neighbouring channels. Krizhevsky et al., 2012.

    As LocalResponseNorm, which takes inputs of any dimensions; but the window has ``size`` channels only where that is
    odd, else one less.

    Args:
        size: number of channels that alpha is divided by.
        alpha: factor of the mean square. Default 1e-4.
        beta: exponent. Default 0.75.
        k: added, so that nothing is divided by zero. Default 1.

    Shape:
        Input and output: (N, C, H, W).

    Raises:
        ValueError: the input has other dimensions, when the layer is called, or size is not positive.

    Example:
        >>> import weft
        >>> weft.nn.CrossMapLRN2d(3)(weft.zeros(1, 3, 2, 2)).shape == (1, 3, 2, 2)
        True
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        check_integers("CrossMapLRN2d", size=size)
        if size < 1:
            raise ValueError(f"CrossMapLRN2d: size must be positive, got {size}")
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        check_tensors("CrossMapLRN2d", input=input)
        if input.dim() != 4:
            raise ValueError(f"CrossMapLRN2d: expected input (N, C, H, W), got shape {tuple(input.shape)}")
        window = self.size - 1 + self.size % 2
        return F.local_response_norm(input, window, self.alpha * window / self.size, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class NLLLoss2d(NLLLoss):
    """NLLLoss, which takes images too. Deprecated: use NLLLoss.

    Args:
        weight, size_average, ignore_index, reduce, reduction: as for NLLLoss.

    Example:
        >>> import weft
        >>> import warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     loss = weft.nn.NLLLoss2d()
        >>> loss(weft.full((1, 2, 1, 1), -0.5), weft.zeros(1, 1, 1, dtype=weft.int64))
        tensor(0.5000)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        warnings.warn("NLLLoss2d is deprecated, use NLLLoss, which does the same", FutureWarning, stacklevel=2)
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class Container(Module):
    """A Module with the given submodules. Deprecated: use Module, or Sequential.

    Args:
        **kwargs: the submodules by name.

    Example:
        >>> import weft
        >>> import warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     model = weft.nn.Container(act=weft.nn.ReLU())
        >>> model.act
        ReLU()
    """

    def __init__(self, **kwargs: Any) -> None:
        warnings.warn("Container is deprecated, use Module or Sequential", FutureWarning, stacklevel=2)
        super().__init__()
        for name, module in kwargs.items():
            self.add_module(name, module)
