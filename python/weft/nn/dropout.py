"""Dropout layers: set a random share of the values (or channels) to zero while training, and widen the rest."""

from __future__ import annotations

from weft._checks import check_numbers
from weft.nn import functional as F
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        check_numbers(type(self).__name__, p=p)
        if not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: p must be between 0 and 1, got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Sets each value to zero with probability p and multiplies the others by 1/(1 - p); only while training.

    In evaluation mode it returns its input. Hinton et al., 2012.

    Args:
        p: probability of a zero, between 0 and 1. Default 0.5.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Raises:
        ValueError: p is not between 0 and 1.

    Example:
        >>> import weft
        >>> layer = weft.nn.Dropout(0.2)
        >>> layer.eval()(weft.ones(3))
        tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """Sets whole channels of sequences to zero with probability p and multiplies the others by 1/(1 - p).

    In evaluation mode it returns its input. Tompson et al., 2014.

    Args:
        p: probability that a channel becomes zero, between 0 and 1. Default 0.5.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (N, C, L) or (C, L).

    Raises:
        ValueError: p is not between 0 and 1.
        RuntimeError: the input has another number of dimensions.

    Example:
        >>> import weft
        >>> weft.nn.Dropout1d(0.2).eval()(weft.ones(1, 3, 4)).shape == (1, 3, 4)
        True
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Sets whole channels of images to zero with probability p and multiplies the others by 1/(1 - p).

    In evaluation mode it returns its input. Tompson et al., 2014.

    Args:
        p: probability that a channel becomes zero, between 0 and 1. Default 0.5.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (N, C, H, W); three dimensions count as (N, C, L).

    Raises:
        ValueError: p is not between 0 and 1.
        RuntimeError: the input has fewer than 2 dimensions.

    Of another number of dimensions the first two are taken for batch and channels, with a warning.

    Example:
        >>> import weft
        >>> weft.nn.Dropout2d(0.2).eval()(weft.ones(1, 3, 4, 4)).shape == (1, 3, 4, 4)
        True
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """Sets whole channels of volumes to zero with probability p and multiplies the others by 1/(1 - p).

    In evaluation mode it returns its input. Tompson et al., 2014.

    Args:
        p: probability that a channel becomes zero, between 0 and 1. Default 0.5.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (N, C, D, H, W) or (C, D, H, W).

    Raises:
        ValueError: p is not between 0 and 1.
        RuntimeError: the input has fewer than 2 dimensions.

    Of another number of dimensions the first two are taken for batch and channels, with a warning.

    Example:
        >>> import weft
        >>> weft.nn.Dropout3d(0.2).eval()(weft.ones(1, 3, 2, 2, 2)).shape == (1, 3, 2, 2, 2)
        True
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Dropout that keeps mean 0 and variance 1, for use with SELU. Klambauer et al., 2017.

    While training each value becomes SELU's lower limit with probability p, then all are scaled and shifted; in
    evaluation mode it returns its input.

    Args:
        p: probability that a value is dropped, between 0 and 1. Default 0.5.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Raises:
        ValueError: p is not between 0 and 1.

    Example:
        >>> import weft
        >>> weft.nn.AlphaDropout(0.2).eval()(weft.ones(3))
        tensor([1., 1., 1.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_Dropout):
    """AlphaDropout of whole channels. Klambauer et al., 2017.

    While training each channel becomes SELU's lower limit with probability p, then all are scaled and shifted; in
    evaluation mode it returns its input.

    Args:
        p: probability that a channel is dropped, between 0 and 1. Default 0.5.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (N, C, ...).

    Raises:
        ValueError: p is not between 0 and 1.
        RuntimeError: the input has fewer than 2 dimensions.

    Example:
        >>> import weft
        >>> weft.nn.FeatureAlphaDropout(0.2).eval()(weft.ones(1, 3, 4)).shape == (1, 3, 4)
        True
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)
