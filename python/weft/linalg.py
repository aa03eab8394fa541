"""Norms of vectors and matrices, with the names of torch.linalg."""

from __future__ import annotations

import weft
from weft import _C
from weft._checks import check_tensors, own_errors
from weft._missing import missing_names

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence


if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)


@own_errors
def vector_norm(
    x: weft.Tensor,
    ord: float = 2,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: weft.dtype | None = None,
    out: weft.Tensor | None = None,
) -> weft.Tensor:
    """The norm ``(sum |x|^ord)^(1/ord)`` of vectors, a reduction over dim.

    Args:
        x: of a floating or complex dtype; RuntimeError for integers.
        ord: 0 counts the nonzero elements, inf and -inf take the largest or smallest magnitude.
        dim: the dimensions to reduce, by default all.
        keepdim: keep them with size 1.
        dtype: to convert x to before.
        out: a tensor to write the result into.

    >>> import weft
    >>> weft.linalg.vector_norm(weft.tensor([3.0, 4.0]))
    tensor(5.)
    """
    return _C._vector_norm(x, float(ord), dim, keepdim, dtype=dtype, out=out)


@own_errors
def matrix_norm(
    A: weft.Tensor,
    ord: str | float = "fro",
    dim: Sequence[int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: weft.dtype | None = None,
    out: weft.Tensor | None = None,
) -> weft.Tensor:
    """The norm of matrices in two dimensions.

    Args:
        A: matrices, of a floating or complex dtype.
        ord: "fro" (the root of the sum of squares), 1 or -1 (the largest or smallest sum of a column's magnitudes), inf
            or -inf (of a row's).
        dim: the dimensions of rows and columns, which must differ (RuntimeError).
        keepdim: keep them with size 1.
        dtype: to convert A to before.
        out: a tensor to write the result into.

    Raises:
        NotImplementedError: ord is made of singular values ("nuc", 2, -2), which Weft does not compute yet.
        ValueError: ord is none of these.

    >>> import weft
    >>> weft.linalg.matrix_norm(weft.tensor([[1.0, -2.0], [3.0, 4.0]]), 1)
    tensor(6.)
    """
    check_tensors("matrix_norm", ("out",), A=A, out=out)
    result = _matrix_norm(A if dtype is None else A.to(dtype), ord, dim, keepdim)
    return result if out is None else out.copy_(result)


def _matrix_norm(A, ord, dim, keepdim):
    rows, columns = (d % A.dim() for d in dim)
    if rows == columns:
        raise RuntimeError(f"matrix_norm: the dims must differ, got {tuple(dim)}")
    if ord == "fro":
        return vector_norm(A, 2, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        raise NotImplementedError(
            f"matrix_norm: ord={ord!r} needs singular values, which Weft does not compute yet; ord may be 'fro', 1, "
            "-1, inf or -inf"
        )
    if ord not in (1, -1, float("inf"), -float("inf")):
        raise ValueError(f"matrix_norm: ord must be 'fro', 1, -1, inf or -inf, got {ord!r}")
    added, searched = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = A.abs().sum(added, keepdim=True)
    result = sums.amax(searched, keepdim=True) if ord > 0 else sums.amin(searched, keepdim=True)
    return result if keepdim else result.squeeze((rows, columns))


@own_errors
def norm(
    A: weft.Tensor,
    ord: str | float | None = None,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: weft.dtype | None = None,
    out: weft.Tensor | None = None,
) -> weft.Tensor:
    """:func:`vector_norm`, or :func:`matrix_norm` where ord is given for two dims or a matrix.

    Args:
        A: of a floating or complex dtype.
        ord: of the norm; None is that of a vector, of order 2.
        dim: the dimensions to reduce, by default all.
        keepdim: keep them with size 1.
        dtype: to convert A to before.
        out: a tensor to write the result into.

    >>> import weft
    >>> weft.linalg.norm(weft.ones(2, 2))
    tensor(2.)
    """
    check_tensors("norm", ("out",), A=A, out=out)
    two = isinstance(dim, (tuple, list)) and len(dim) == 2
    if ord is not None and (two or (dim is None and A.dim() == 2)):
        return matrix_norm(A, ord, dim if two else (-2, -1), keepdim, dtype=dtype, out=out)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype, out=out)


def diagonal(A: weft.Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> weft.Tensor:
    """:func:`weft.diagonal` of the last two dimensions: a view.

    Args:
        A: matrices.
        offset: above the main diagonal, negative below.
        dim1, dim2: the dimensions of rows and columns.

    >>> import weft
    >>> weft.linalg.diagonal(weft.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    return weft.diagonal(A, offset, dim1, dim2)
