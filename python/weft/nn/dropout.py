"""Dropout layers: set a random share of the values (or channels) to zero while training, and widen the rest."""

from weft.nn import functional as F
from weft.nn.module import Module


class _Dropout(Module):
    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: p must be between 0 and 1, got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Sets each value to zero with probability p and multiplies the others by 1/(1-p); only while training.

    >>> import weft
    >>> layer = weft.nn.Dropout(0.2)
    >>> layer.eval()(weft.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input):
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """Drops whole channels of (N, C, L) or (C, L) input.

    >>> import weft
    >>> weft.nn.Dropout1d(0.2).eval()(weft.ones(1, 3, 4)).shape == (1, 3, 4)
    True
    """

    def forward(self, input):
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Drops whole channels of (N, C, H, W) input.

    >>> import weft
    >>> weft.nn.Dropout2d(0.2).eval()(weft.ones(1, 3, 4, 4)).shape == (1, 3, 4, 4)
    True
    """

    def forward(self, input):
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """Drops whole channels of (N, C, D, H, W) input.

    >>> import weft
    >>> weft.nn.Dropout3d(0.2).eval()(weft.ones(1, 3, 2, 2, 2)).shape == (1, 3, 2, 2, 2)
    True
    """

    def forward(self, input):
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Dropout that keeps mean and variance, for use with SELU; Klambauer et al., 2017.

    >>> import weft
    >>> weft.nn.AlphaDropout(0.2).eval()(weft.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input):
        return F.alpha_dropout(input, self.p, self.training, self.inplace)
