"""The multivariate normal distribution with independent components."""

from __future__ import annotations

import math

import weft
from weft._checks import check_tensors
from weft.distributions import constraints
from weft.distributions.distribution import Distribution
from weft.distributions.utils import lazy_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor


class MultivariateNormal(Distribution):
    """The normal distribution of vectors, with a diagonal covariance matrix.

    Others need a Cholesky factorisation, which Weft does not have yet: they raise NotImplementedError.

    Args:
        loc: (\\*, D), the mean.
        covariance_matrix: (\\*, D, D), diagonal and positive.
        precision_matrix: instead of it, its inverse.
        scale_tril: instead of it, the lower triangular L with the covariance ``L L^T``.
        validate_args: whether to check arguments, see :class:`Distribution`.

    Raises:
        TypeError: a parameter is no tensor.
        ValueError: not exactly one of the matrices is given, the shapes do not fit, or the diagonal is not positive.
        NotImplementedError: the matrix is not diagonal.

    Example:
        >>> import weft
        >>> scale = weft.tensor([1.0, 2.0])
        >>> normal = weft.distributions.MultivariateNormal(weft.zeros(2), scale_tril=scale.diag())
        >>> normal.variance, normal.log_prob(weft.zeros(2))
        (tensor([1., 4.]), tensor(-2.5310))
    """

    loc: Any

    arg_constraints: Any = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.symmetric,
        "precision_matrix": constraints.symmetric,
        "scale_tril": constraints.lower_cholesky,
    }
    support: Any = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril}
        given = {name: matrix for name, matrix in given.items() if matrix is not None}
        if len(given) != 1:
            raise ValueError(
                "MultivariateNormal: expected exactly one of covariance_matrix, precision_matrix and scale_tril, got "
                f"{', '.join(given) or 'none'}"
            )
        ((name, matrix),) = given.items()
        check_tensors("MultivariateNormal", loc=loc, **given)
        batch_shape, size = _shapes(loc, name, matrix)
        diagonal = matrix.diagonal(dim1=-2, dim2=-1)
        _check_diagonal(name, matrix, diagonal)
        scale = {"covariance_matrix": weft.sqrt, "precision_matrix": weft.rsqrt}.get(name, _itself)(diagonal)
        self.loc = loc.expand((*batch_shape, size))
        self._scale = scale.expand((*batch_shape, size))
        super().__init__(batch_shape, (size,), validate_args=validate_args)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower triangular factor of the covariance.

        >>> import weft
        >>> weft.distributions.MultivariateNormal(weft.zeros(1), 4 * weft.eye(1)).scale_tril
        tensor([[2.]])
        """
        return self._scale.diag_embed()

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance.

        >>> import weft
        >>> weft.distributions.MultivariateNormal(weft.zeros(1), scale_tril=2 * weft.eye(1)).covariance_matrix
        tensor([[4.]])
        """
        return self._scale.square().diag_embed()

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance.

        >>> import weft
        >>> weft.distributions.MultivariateNormal(weft.zeros(1), scale_tril=2 * weft.eye(1)).precision_matrix
        tensor([[0.2500]])
        """
        return self._scale.square().reciprocal().diag_embed()

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> MultivariateNormal:
        batch_shape = self._expanded_shape(batch_shape)
        new = self._get_checked_instance(type(self), _instance)
        shape = batch_shape + self._event_shape
        new.loc, new._scale = self.loc.expand(shape), self._scale.expand(shape)
        Distribution.__init__(new, batch_shape, self._event_shape, validate_args=self._validate_args)
        return new

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self._scale.square()

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        noise = weft.randn(self._extended_shape(sample_shape), dtype=self.loc.dtype, device=self.loc.device)
        return self.loc + noise * self._scale

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        distance = ((value - self.loc) / self._scale).square().sum(-1)
        return -(distance + self._event_shape[0] * math.log(2 * math.pi)) / 2 - self._scale.log().sum(-1)

    def entropy(self) -> Tensor:
        return self._event_shape[0] * (1 + math.log(2 * math.pi)) / 2 + self._scale.log().sum(-1)

    def __repr__(self) -> str:
        shapes = f"loc: {self._short('loc')}, covariance_matrix: {self._short('covariance_matrix')}"
        return f"MultivariateNormal({shapes})"


def _itself(x):
    return x


def _shapes(loc, name, matrix):
    """The batch shape and the number of components."""
    if loc.dim() < 1 or matrix.dim() < 2 or matrix.shape[-2:] != (loc.shape[-1], loc.shape[-1]):
        raise ValueError(
            f"MultivariateNormal: expected loc (*, D) and {name} (*, D, D), got {tuple(loc.shape)} and "
            f"{tuple(matrix.shape)}"
        )
    try:
        return weft.broadcast_shapes(loc.shape[:-1], matrix.shape[:-2]), loc.shape[-1]
    except RuntimeError:
        raise ValueError(
            f"MultivariateNormal: the batches of loc {tuple(loc.shape)} and {name} {tuple(matrix.shape)} do not "
            "broadcast"
        ) from None


def _check_diagonal(name, matrix, diagonal):
    """Always, also without validate_args: the results of another matrix would be wrong."""
    if not (diagonal.diag_embed() == matrix).all():
        raise NotImplementedError(
            f"MultivariateNormal: {name} is not diagonal; full matrices need a Cholesky factorisation, which Weft does "
            "not have yet"
        )
    if not (diagonal > 0).all():
        raise ValueError(f"MultivariateNormal: expected a positive diagonal of {name}, got {diagonal.tolist()}")
