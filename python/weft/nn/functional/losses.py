"""Losses that are composites. All take reduction: none, mean or sum, and the deprecated size_average and reduce."""

from __future__ import annotations

import math
import warnings

import weft
from weft._C import nn as native
from weft._checks import check_flags, check_numbers, check_real, check_tensors, own_errors
from weft.nn.functional.distance import pairwise_distance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from weft import Tensor


def former_reduction(name: str, size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction that the deprecated size_average= and reduce= stand for, with a warning where they are given."""
    if size_average is None and reduce is None:
        return reduction
    check_flags(name, size_average=size_average, reduce=reduce)
    if reduce is not None and not reduce:
        meant = "none"
    else:
        meant = "sum" if size_average is not None and not size_average else "mean"
    warnings.warn(f"{name}: size_average and reduce are deprecated, use reduction={meant!r}", stacklevel=3)
    return meant


def _reduce(name: str, loss: Tensor, reduction: str) -> Tensor:
    if reduction == "mean":
        return loss.mean()
    if reduction == "sum":
        return loss.sum()
    if reduction == "none":
        return loss
    raise ValueError(f"{name}: reduction must be 'none', 'mean' or 'sum', got {reduction!r}")


@own_errors
def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """``target * (log(target) - input)``: the Kullback-Leibler divergence.

    Args:
        input: log-probabilities, real.
        target: probabilities in the same shape, real.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'batchmean'``, the mathematical definition: the sum divided by the first dimension's size;
            ``'mean'`` (default) or ``'sum'`` of all values; ``'none'`` for the values themselves.
        log_target: whether target holds log-probabilities. Default False.

    Raises:
        ValueError: reduction is none of these.
        RuntimeError: a tensor is complex.

    Example:
        >>> import weft
        >>> p = weft.tensor([[0.5, 0.5]])
        >>> weft.nn.functional.kl_div(p.log(), p, reduction="batchmean")
        tensor(0.)
    """
    check_tensors("kl_div", input=input, target=target)
    check_real("kl_div", input=input, target=target)
    reduction = former_reduction("kl_div", size_average, reduce, reduction)
    if log_target:
        loss = target.exp() * (target - input)
    else:
        logs = weft.where(target == 0, 1, target).log()  # 0 * log(0) counts as 0
        loss = target * (logs - input)
    if reduction == "batchmean":
        return loss.sum() / input.shape[0] if input.dim() else loss.sum()
    return _reduce("kl_div", loss, reduction)


@own_errors
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``exp(input) - target * input``: the negative log likelihood of counts, up to a constant.

    Args:
        input: the expected count or, with log_input, its logarithm.
        target: counts, in the same shape.
        log_input: whether input is a logarithm; if not the loss is ``input - target * log(input + eps)``. Default True.
        full: whether the constant is added, by Stirling's approximation. Default False.
        size_average, reduce: deprecated, use reduction.
        eps: added to input before its logarithm is taken. Default 1e-8.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Raises:
        ValueError: reduction is none of these.
        RuntimeError: a tensor is complex.

    Example:
        >>> import weft
        >>> weft.nn.functional.poisson_nll_loss(weft.zeros(2), weft.ones(2))
        tensor(1.)
    """
    check_tensors("poisson_nll_loss", input=input, target=target)
    check_real("poisson_nll_loss", input=input, target=target)
    check_numbers("poisson_nll_loss", eps=eps)
    reduction = former_reduction("poisson_nll_loss", size_average, reduce, reduction)
    loss = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        large = weft.where(target > 1, target, 1)
        stirling = large * large.log() - large + 0.5 * (2 * math.pi * large).log()
        loss = loss + weft.where(target > 1, stirling, 0)
    return _reduce("poisson_nll_loss", loss, reduction)


@own_errors
def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """``(log(var) + (input - target)^2 / var) / 2``: negative log likelihood of normal distributions, up to a constant.

    Args:
        input: the distributions' means.
        target: the values, in the same shape.
        var: the variances: a tensor that broadcasts to the input's shape, one without its last dimension, or a number.
        full: whether the constant, log(2 pi) / 2, is added. Default False.
        eps: least value that var counts as. Default 1e-6.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Raises:
        ValueError: var has another shape or is negative, or reduction is none of these.
        RuntimeError: a tensor is complex.

    Example:
        >>> import weft
        >>> weft.nn.functional.gaussian_nll_loss(weft.zeros(2), weft.ones(2), weft.ones(2))
        tensor(0.5000)
    """
    check_tensors("gaussian_nll_loss", input=input, target=target)
    check_real("gaussian_nll_loss", input=input, target=target)
    if not isinstance(var, weft.Tensor):
        var = weft.full(input.shape, var, dtype=input.dtype, device=input.device)
    if tuple(var.shape) == tuple(input.shape[:-1]) and var.dim() < input.dim():
        var = var.unsqueeze(-1)
    if var.dim() > input.dim() or any(v not in (1, n) for v, n in zip(reversed(var.shape), reversed(input.shape))):
        raise ValueError(
            f"gaussian_nll_loss: var of shape {tuple(var.shape)} does not fit input of shape {tuple(input.shape)}"
        )
    if not var.is_meta:
        weft._C.nn._require_all(~(var < 0), "gaussian_nll_loss: var has negative entries", of_value=True)
    with weft.no_grad():
        floor = weft.where(var < eps, eps - var, 0)  # raises var to eps, the gradient still flows into var
    var = var + floor
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    return _reduce("gaussian_nll_loss", loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


@own_errors
def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``input`` where target is 1, ``max(0, margin - input)`` where it is -1.

    Args:
        input: distances.
        target: 1 for things that are alike, -1 for others, in the same shape.
        margin: distance from which on different things cost nothing. Default 1.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Raises:
        ValueError: reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.functional.hinge_embedding_loss(weft.tensor([0.5, 0.25]), weft.tensor([1, -1]), reduction="none")
        tensor([0.5000, 0.7500])
    """
    check_tensors("hinge_embedding_loss", input=input, target=target)
    reduction = former_reduction("hinge_embedding_loss", size_average, reduce, reduction)
    apart = weft.where(target != 1, (margin - input).clamp(min=0), 0)
    together = weft.where(target != -1, input, 0)
    return _reduce("hinge_embedding_loss", apart + together, reduction)


@own_errors
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, -target * (input1 - input2) + margin)``: target 1 wants input1 to be larger, -1 input2.

    Args:
        input1, input2: the values that are compared.
        target: 1 or -1, with as many dimensions.
        margin: by how much the larger must be larger to cost nothing. Default 0.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Raises:
        RuntimeError: inputs and target have different numbers of dimensions.
        ValueError: reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.functional.margin_ranking_loss(weft.tensor([1.0]), weft.tensor([3.0]), weft.tensor([1.0]))
        tensor(2.)
    """
    check_tensors("margin_ranking_loss", input1=input1, input2=input2, target=target)
    reduction = former_reduction("margin_ranking_loss", size_average, reduce, reduction)
    if input1.dim() != input2.dim() or input1.dim() != target.dim():
        raise RuntimeError(
            f"margin_ranking_loss: expected inputs and target of as many dimensions, got shapes {tuple(input1.shape)}, "
            f"{tuple(input2.shape)} and {tuple(target.shape)}"
        )
    return _reduce("margin_ranking_loss", (margin - target * (input1 - input2)).clamp(min=0), reduction)


@own_errors
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos(input1, input2)`` where target is 1, ``max(0, cos - margin)`` where it is -1.

    Args:
        input1, input2: vectors, (N, D) or (D).
        target: 1 for vectors that are alike, -1 for others, (N) or ().
        margin: cosine up to which different vectors cost nothing, between -1 and 1. Default 0.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Raises:
        RuntimeError: inputs and target have other numbers of dimensions.
        ValueError: reduction is none of these.

    Example:
        >>> import weft
        >>> x = weft.tensor([[1.0, 0.0]])
        >>> weft.nn.functional.cosine_embedding_loss(x, x, weft.tensor([-1.0]), margin=0.5)
        tensor(0.5000)
    """
    check_tensors("cosine_embedding_loss", input1=input1, input2=input2, target=target)
    reduction = former_reduction("cosine_embedding_loss", size_average, reduce, reduction)
    if target.dim() not in (0, 1) or input1.dim() != target.dim() + 1 or input2.dim() != target.dim() + 1:
        raise RuntimeError(
            f"cosine_embedding_loss: expected inputs (N, D) with target (N), or (D) with a number, got "
            f"{tuple(input1.shape)}, {tuple(input2.shape)} and {tuple(target.shape)}"
        )
    eps = 1e-12
    squares = ((input1 * input1).sum(-1) + eps) * ((input2 * input2).sum(-1) + eps)
    cos = (input1 * input2).sum(-1) / squares.sqrt()
    zero = weft.zeros_like(cos)
    loss = weft.where(target == 1, 1 - cos, zero) + weft.where(target == -1, (cos - margin).clamp(min=0), zero)
    return _reduce("cosine_embedding_loss", loss, reduction)


@own_errors
def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """``log(1 + exp(-target * input))`` with targets 1 and -1.

    Args:
        input: a tensor of any shape.
        target: 1 or -1, in the same shape.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Raises:
        ValueError: reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.functional.soft_margin_loss(weft.zeros(2), weft.tensor([1.0, -1.0]))
        tensor(0.6931)
    """
    check_tensors("soft_margin_loss", input=input, target=target)
    reduction = former_reduction("soft_margin_loss", size_average, reduce, reduction)
    return _reduce("soft_margin_loss", -native.logsigmoid(target * input), reduction)


@own_errors
def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over the classes of binary cross entropy with logits: each class is there or not.

    Args:
        input: logits, (N, C) or (C).
        target: 0 or 1 for each class, in the same shape.
        weight: factors of the classes, (C). By default all are 1.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` over the samples, or ``'none'`` for a value of each.

    Raises:
        ValueError: reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.functional.multilabel_soft_margin_loss(weft.zeros(1, 3), weft.ones(1, 3))
        tensor(0.6931)
    """
    check_tensors("multilabel_soft_margin_loss", input=input, target=target)
    reduction = former_reduction("multilabel_soft_margin_loss", size_average, reduce, reduction)
    loss = -(target * native.logsigmoid(input) + (1 - target) * native.logsigmoid(-input))
    loss = loss if weight is None else loss * weight
    return _reduce("multilabel_soft_margin_loss", loss.mean(-1), reduction)


@own_errors
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The sum over the wrong classes j of ``max(0, margin - x[target] + x[j])^p``, divided by the number of classes.

    Args:
        input: x, (N, C) or (C).
        target: class indices (int64), (N) or ().
        p: 1 (default) or 2.
        margin: by how much the right class must be ahead to cost nothing. Default 1.
        weight: factors of the right classes, (C). By default all are 1.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` over the samples, or ``'none'`` for a value of each.

    Raises:
        ValueError: p is neither 1 nor 2, shapes do not fit, or reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.functional.multi_margin_loss(weft.tensor([[0.0, 0.5]]), weft.tensor([0]))
        tensor(0.7500)
    """
    check_tensors("multi_margin_loss", input=input, target=target)
    reduction = former_reduction("multi_margin_loss", size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError(f"multi_margin_loss: p must be 1 or 2, got {p}")
    if input.dim() == 0:
        input = input.unsqueeze(0)  # a single class
    if input.dim() == 1 and tuple(target.shape) == (1,):
        input = input.unsqueeze(0)
    elif input.dim() == 2 and input.shape[0] == 1 and target.dim() == 0:
        input = input.squeeze(0)
    if input.dim() not in (1, 2) or tuple(target.shape) != tuple(input.shape[:-1]):
        raise ValueError(
            f"multi_margin_loss: expected input (N, C) with target (N), or (C) with (), got {tuple(input.shape)} "
            f"and {tuple(target.shape)}"
        )
    index = target.unsqueeze(-1)
    hinge = (margin - input.gather(-1, index) + input).clamp(min=0)
    hinge = hinge if p == 1 else hinge * hinge
    if weight is not None:
        hinge = hinge * weight[target].unsqueeze(-1)
    own = weft.zeros_like(hinge, dtype=weft.bool).scatter_(-1, index, True)
    return _reduce("multi_margin_loss", hinge.masked_fill(own, 0).sum(-1) / input.shape[-1], reduction)


@own_errors
def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
) -> Tensor:
    """The sum of ``max(0, 1 - x[t] + x[j])`` over labels t and the other classes j, divided by the number of classes.

    Args:
        input: x, (N, C) or (C).
        target: in the same shape; a row holds the labels' class indices (int64), and -1 after the last one.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` over the samples, or ``'none'`` for a value of each.

    Raises:
        ValueError: shapes do not fit, or reduction is none of these.

    Example:
        >>> import weft
        >>> x, y = weft.tensor([0.1, 0.2, 0.4, 0.8]), weft.tensor([3, 0, -1, 1])
        >>> weft.nn.functional.multilabel_margin_loss(x, y)
        tensor(0.8500)
    """
    check_tensors("multilabel_margin_loss", input=input, target=target)
    reduction = former_reduction("multilabel_margin_loss", size_average, reduce, reduction)
    if input.dim() == 0 and tuple(target.shape) in ((), (1,)):
        input, target = input.unsqueeze(0), target.reshape(1)  # a single class
    if input.dim() not in (1, 2) or tuple(target.shape) != tuple(input.shape):
        raise ValueError(
            f"multilabel_margin_loss: expected input and target of one shape, (N, C) or (C), got {tuple(input.shape)} "
            f"and {tuple(target.shape)}"
        )
    listed = (target < 0).to(weft.int64).cumsum(-1) == 0
    index = weft.where(listed, target, 0)
    labels = weft.zeros_like(target).scatter_add(-1, index, listed.to(target.dtype)) > 0
    hinge = (1 - input.gather(-1, index).unsqueeze(-1) + input.unsqueeze(-2)).clamp(min=0)
    counted = listed.unsqueeze(-1) & ~labels.unsqueeze(-2)
    loss = hinge.masked_fill(~counted, 0).sum((-2, -1)) / input.shape[-1]
    return _reduce("multilabel_margin_loss", loss, reduction)


@own_errors
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` with the p-norm distance d. Balntas et al., 2016.

    Args:
        anchor, positive, negative: vectors, (N, D) or (D).
        margin: by how much negative must be farther away to cost nothing; positive. Default 1.
        p: order of the norm. Default 2.
        eps: added to each difference, which keeps the gradient finite. Default 1e-6.
        swap: whether negative is compared with whichever of anchor and positive is nearer. Default False.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` over the samples, or ``'none'`` for a value of each.

    Raises:
        ValueError: margin is not positive, or reduction is none of these.
        RuntimeError: the inputs have different numbers of dimensions.

    Example:
        >>> import weft
        >>> a, b = weft.zeros(1, 2), weft.tensor([[3.0, 4.0]])
        >>> weft.nn.functional.triplet_margin_loss(a, b, a, eps=0.0)
        tensor(6.)
    """
    check_tensors("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    reduction = former_reduction("triplet_margin_loss", size_average, reduce, reduction)
    return triplet_margin_with_distance_loss(
        anchor,
        positive,
        negative,
        distance_function=lambda x, y: pairwise_distance(x, y, p, eps),
        margin=margin,
        swap=swap,
        reduction=reduction,
    )


@own_errors
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """triplet_margin_loss with any distance.

    Args:
        anchor, positive, negative: vectors, (N, D), or whatever the distance takes.
        distance_function: the distances (N) of two such tensors. By default pairwise_distance.
        margin: by how much negative must be farther away to cost nothing; positive. Default 1.
        swap: whether negative is compared with whichever of anchor and positive is nearer. Default False.
        reduction: ``'mean'`` (default) or ``'sum'`` over the samples, or ``'none'`` for a value of each.

    Raises:
        ValueError: margin is not positive, or reduction is none of these.
        RuntimeError: the inputs have different numbers of dimensions.

    Example:
        >>> import weft
        >>> a, b = weft.zeros(1, 2), weft.ones(1, 2)
        >>> l1 = lambda x, y: (x - y).abs().sum(-1)
        >>> weft.nn.functional.triplet_margin_with_distance_loss(a, b, a, distance_function=l1)
        tensor(3.)
    """
    check_tensors("triplet_margin_with_distance_loss", anchor=anchor, positive=positive, negative=negative)
    if margin <= 0:
        raise ValueError(f"triplet_margin_loss: margin must be positive, got {margin}")
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError(
            f"triplet_margin_loss: expected three inputs of as many dimensions, got shapes {tuple(anchor.shape)}, "
            f"{tuple(positive.shape)} and {tuple(negative.shape)}"
        )
    distance = pairwise_distance if distance_function is None else distance_function
    far = distance(anchor, negative)
    if swap:
        far = weft.minimum(far, distance(positive, negative))
    loss = (margin + distance(anchor, positive) - far).clamp(min=0)
    return _reduce("triplet_margin_loss", loss, reduction)
