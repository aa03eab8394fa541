"""Norms and distances of vectors."""

import weft
from weft._checks import check_integers, check_numbers, check_real, check_tensors, own_errors


def _norm(x, p, dim, keepdim=False):
    check_numbers("norm", p=p)
    return x.norm(p, dim, keepdim)


@own_errors
def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """Divides the vectors along dim by their p-norm, but by no less than eps.

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
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between vectors along dim; norms count as at least eps.

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
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The p-norm of x1 - x2 + eps over the last dimension.

    >>> import weft
    >>> weft.nn.functional.pairwise_distance(weft.zeros(1, 2), weft.tensor([[3.0, 4.0]]))
    tensor([5.0000])
    """
    check_tensors("pairwise_distance", x1=x1, x2=x2)
    return _norm(x1 - x2 + eps, p, -1, keepdim)
