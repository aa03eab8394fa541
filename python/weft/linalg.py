"""Norms of vectors and matrices, with the names of torch.linalg."""

import weft
from weft import _C
from weft._checks import check_tensors, own_errors
from weft._missing import missing_names

__getattr__ = missing_names(__name__)


@own_errors
def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None, out=None):
    """(sum |x|^ord)^(1/ord) over dim (default: over all elements).

    ord may be 0 (the number of nonzero elements) and inf or -inf (the largest or smallest magnitude).
    Raises RuntimeError for integers.

    >>> import weft
    >>> weft.linalg.vector_norm(weft.tensor([3.0, 4.0]))
    tensor(5.)
    """
    return _C._vector_norm(x, float(ord), dim, keepdim, dtype=dtype, out=out)


@own_errors
def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None, out=None):
    """The norm of matrices in two dims: 'fro', 1, -1 (of column sums), inf or -inf (of row sums).

    Raises NotImplementedError for the orders made of singular values ('nuc', 2, -2), which Weft does not compute yet,
    and ValueError for others.

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
def norm(A, ord=None, dim=None, keepdim=False, *, dtype=None, out=None):
    """vector_norm, or for two dims (or a matrix with an order) matrix_norm.

    >>> import weft
    >>> weft.linalg.norm(weft.ones(2, 2))
    tensor(2.)
    """
    check_tensors("norm", ("out",), A=A, out=out)
    two = isinstance(dim, (tuple, list)) and len(dim) == 2
    if ord is not None and (two or (dim is None and A.dim() == 2)):
        return matrix_norm(A, ord, dim if two else (-2, -1), keepdim, dtype=dtype, out=out)
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype, out=out)


def diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """weft.diagonal of the last two dims."""
    return weft.diagonal(A, offset, dim1, dim2)
