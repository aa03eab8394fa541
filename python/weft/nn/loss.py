"""Losses as modules. All take reduction: 'none', 'mean' or 'sum' (and, deprecated, size_average and reduce)."""

from __future__ import annotations

from weft.nn import functional as F
from weft.nn.distance import PairwiseDistance
from weft.nn.functional.losses import former_reduction
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from weft import Tensor


class _Loss(Module):
    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        reduction = former_reduction(type(self).__name__, size_average, reduce, reduction)
        allowed = ("none", "mean", "sum", *self._more_reductions)
        if reduction not in allowed:
            raise ValueError(f"{type(self).__name__}: reduction must be one of {', '.join(allowed)}, got {reduction!r}")
        self.reduction = reduction

    _more_reductions = ()


class _WeightedLoss(_Loss):
    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class L1Loss(_Loss):
    """``|input - target|``.

    Args:
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Shape:
        Input and target (*), one shape; output (), or (*) without reduction.

    Raises:
        ValueError: reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.L1Loss()(weft.tensor([1.0, 2.0]), weft.tensor([1.0, 5.0]))
        tensor(1.5000)
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(_Loss):
    """``(input - target)^2``.

    Args:
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Shape:
        Input and target (*), one shape; output (), or (*) without reduction.

    Raises:
        ValueError: reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.MSELoss()(weft.tensor([1.0, 2.0]), weft.tensor([1.0, 4.0]))
        tensor(2.)
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """``d^2 / (2 * beta)`` where ``d = |input - target|`` is below beta, else ``d - beta / 2``. Girshick, 2015.

    Args:
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.
        beta: where the parabola turns into a straight line; not negative, 0 for L1Loss. Default 1.

    Shape:
        Input and target (*), one shape; output (), or (*) without reduction.

    Raises:
        ValueError: reduction is none of these.
        RuntimeError: beta is negative, when the loss is called.

    Example:
        >>> import weft
        >>> weft.nn.SmoothL1Loss()(weft.tensor([0.0, 0.0]), weft.tensor([1.0, 2.0]))
        tensor(1.)
    """

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """``d^2 / 2`` where ``d = |input - target|`` is below delta, else ``delta * (d - delta / 2)``. Huber, 1964.

    Args:
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.
        delta: where the parabola turns into a straight line; positive. Default 1.

    Shape:
        Input and target (*), one shape; output (), or (*) without reduction.

    Raises:
        ValueError: reduction is none of these.
        RuntimeError: delta is not positive, when the loss is called.

    Example:
        >>> import weft
        >>> weft.nn.HuberLoss()(weft.tensor([0.0, 0.0]), weft.tensor([1.0, 2.0]))
        tensor(1.)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class CrossEntropyLoss(_WeightedLoss):
    """``-log(softmax(input)[target])``: the cross entropy of the classes' probabilities.

    Args:
        weight: factors of the classes, (C). By default all are 1.
        size_average, reduce: deprecated, use reduction.
        ignore_index: a class index whose places have no loss and do not count. Default -100.
        reduction: ``'mean'`` (default; weighted by weight) or ``'sum'`` of all places, or ``'none'``.
        label_smoothing: share of the uniform distribution in the target, between 0 and 1; Szegedy et al., 2015. Default
            0.

    Shape:
        Input (C), (N, C) or (N, C, d1, ...) holds logits; target holds class indices (int64) in that shape without C,
        or probabilities in the input's shape. Output (), or the input's shape without C.

    Raises:
        IndexError: a target is not a class.
        ValueError: input and target do not fit, or reduction is none of these.
        RuntimeError: label_smoothing is not between 0 and 1.

    Example:
        >>> import weft
        >>> weft.nn.CrossEntropyLoss()(weft.zeros(3, 2), weft.tensor([0, 1, 1]))
        tensor(0.6931)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """``-input[target]`` for log-probabilities: the negative log likelihood.

    Args:
        weight: factors of the classes, (C). By default all are 1.
        size_average, reduce: deprecated, use reduction.
        ignore_index: a class index whose places have no loss and do not count. Default -100.
        reduction: ``'mean'`` (default; weighted by weight) or ``'sum'`` of all places, or ``'none'``.

    Shape:
        Input (C), (N, C) or (N, C, d1, ...), target class indices (int64) in that shape without C.
        Output (), or the target's shape without reduction.

    Raises:
        IndexError: a target is not a class.
        ValueError: input and target do not fit, or reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.NLLLoss()(weft.tensor([[-1.0, -2.0]]), weft.tensor([1]))
        tensor(2.)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class BCELoss(_WeightedLoss):
    """``-(target * log(input) + (1 - target) * log(1 - input))`` for probabilities; logarithms are at least -100.

    Args:
        weight: factors of the values; broadcasts to the input's shape. By default all are 1.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Shape:
        Input and target (*), one shape; output (), or (*) without reduction.

    Raises:
        ValueError: the target has another shape, or reduction is none of these.
        RuntimeError: an input is not between 0 and 1.

    Example:
        >>> import weft
        >>> weft.nn.BCELoss()(weft.tensor([0.5, 0.5]), weft.tensor([0.0, 1.0]))
        tensor(0.6931)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """BCELoss of ``sigmoid(input)``, computed in one step, which is exact for large input too.

    Args:
        weight: factors of the values; broadcasts to the input's shape. By default all are 1.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.
        pos_weight: factors of the loss of positive targets; broadcasts likewise. By default all are 1.

    Shape:
        Input and target (*), one shape; output (), or (*) without reduction.

    Raises:
        ValueError: the target has another shape, or reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.BCEWithLogitsLoss()(weft.zeros(2), weft.tensor([0.0, 1.0]))
        tensor(0.6931)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, weight=self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class KLDivLoss(_Loss):
    """``target * (log(target) - input)``: the Kullback-Leibler divergence; input is a log-probability.

    Args:
        size_average, reduce: deprecated, use reduction.
        reduction: ``'batchmean'``, the mathematical definition: the sum divided by the first dimension's size;
            ``'mean'`` (default) or ``'sum'`` of all values; ``'none'`` for the values themselves.
        log_target: whether target is a log-probability, too. Default False.

    Shape:
        Input and target (*), one shape; output (), or (*) without reduction.

    Raises:
        ValueError: reduction is none of these.

    Example:
        >>> import weft
        >>> p = weft.tensor([[0.5, 0.5]])
        >>> weft.nn.KLDivLoss(reduction="batchmean")(p.log(), p)
        tensor(0.)
    """

    _more_reductions = ("batchmean",)

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(_Loss):
    """``exp(input) - target * input``: the negative log likelihood of counts, up to a constant.

    Args:
        log_input: whether input is the logarithm of the expected count; if not, the loss is
            ``input - target * log(input + eps)``. Default True.
        full: whether the constant is added, by Stirling's approximation. Default False.
        size_average, reduce: deprecated, use reduction.
        eps: added to input before its logarithm is taken. Default 1e-8.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Shape:
        Input and target (*), one shape; output (), or (*) without reduction.

    Raises:
        ValueError: reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.PoissonNLLLoss()(weft.zeros(2), weft.ones(2))
        tensor(1.)
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(_Loss):
    """``(log(var) + (input - target)^2 / var) / 2``: negative log likelihood of normal distributions, up to a constant.

    Args:
        full: whether the constant, log(2 pi) / 2, is added. Default False.
        eps: least value that var counts as. Default 1e-6.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Shape:
        Input and target (*), one shape; var the same, with sizes of 1, without the last dimension, or a number.
        Output (), or (*) without reduction.

    Raises:
        ValueError: var has another shape or is negative, or reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.GaussianNLLLoss()(weft.zeros(2), weft.ones(2), weft.ones(2))
        tensor(0.5000)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class HingeEmbeddingLoss(_Loss):
    """``input`` where target is 1, ``max(0, margin - input)`` where it is -1; input is a distance.

    Args:
        margin: distance from which on different things cost nothing. Default 1.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Shape:
        Input and target (*), one shape; output (), or (*) without reduction.

    Raises:
        ValueError: reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.HingeEmbeddingLoss()(weft.tensor([0.5, 0.5]), weft.tensor([1, -1]))
        tensor(0.5000)
    """

    def __init__(
        self, margin: float = 1.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(_Loss):
    """``max(0, -target * (input1 - input2) + margin)``: target 1 wants input1 to be larger, -1 input2.

    Args:
        margin: by how much it must be larger to cost nothing. Default 0.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Shape:
        Inputs and target (*), as many dimensions; output (), or (*) without reduction.

    Raises:
        ValueError: reduction is none of these.
        RuntimeError: they have different numbers of dimensions.

    Example:
        >>> import weft
        >>> weft.nn.MarginRankingLoss()(weft.tensor([1.0]), weft.tensor([3.0]), weft.tensor([1.0]))
        tensor(2.)
    """

    def __init__(
        self, margin: float = 0.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_Loss):
    """``1 - cos(input1, input2)`` where target is 1, ``max(0, cos - margin)`` where it is -1.

    Args:
        margin: cosine up to which different things cost nothing, between -1 and 1. Default 0.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Shape:
        Inputs (N, D) with target (N), or (D) with (); output (), or the target's shape without reduction.

    Raises:
        ValueError: reduction is none of these.
        RuntimeError: inputs and target have other numbers of dimensions.

    Example:
        >>> import weft
        >>> x = weft.tensor([[1.0, 0.0]])
        >>> weft.nn.CosineEmbeddingLoss(margin=0.5)(x, x, weft.tensor([-1.0]))
        tensor(0.5000)
    """

    def __init__(
        self, margin: float = 0.0, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    """``log(1 + exp(-target * input))`` with targets 1 and -1.

    Args:
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` of all values, or ``'none'`` for the values themselves.

    Shape:
        Input and target (*), one shape; output (), or (*) without reduction.

    Raises:
        ValueError: reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.SoftMarginLoss()(weft.zeros(2), weft.tensor([1.0, -1.0]))
        tensor(0.6931)
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The mean over the classes of binary cross entropy with logits: each class is there or not.

    Args:
        weight: factors of the classes, (C). By default all are 1.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` over the samples, or ``'none'`` for a value of each.

    Shape:
        Input and target (N, C) or (C), targets being 0 or 1; output (), or (N) without reduction.

    Raises:
        ValueError: reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.MultiLabelSoftMarginLoss()(weft.zeros(1, 3), weft.ones(1, 3))
        tensor(0.6931)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """The sum over the wrong classes j of ``max(0, margin - x[target] + x[j])^p``, divided by the number of classes.

    Args:
        p: 1 (default) or 2.
        margin: by how much the right class must be ahead to cost nothing. Default 1.
        weight: factors of the right classes, (C). By default all are 1.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` over the samples, or ``'none'`` for a value of each.

    Shape:
        Input (N, C) with target (N), or (C) with (); targets are class indices (int64).
        Output (), or the target's shape without reduction.

    Raises:
        ValueError: p is neither 1 nor 2, input and target do not fit, or reduction is none of these.

    Example:
        >>> import weft
        >>> weft.nn.MultiMarginLoss()(weft.tensor([[0.0, 0.5]]), weft.tensor([0]))
        tensor(0.7500)
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError(f"MultiMarginLoss: p must be 1 or 2, got {p}")
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(_Loss):
    """The sum of ``max(0, 1 - x[t] + x[j])`` over labels t and the other classes j, divided by the number of classes.

    Args:
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` over the samples, or ``'none'`` for a value of each.

    Shape:
        Input and target (N, C) or (C); a row of target holds the labels' class indices (int64), and -1 after the last
        one. Output (), or (N) without reduction.

    Raises:
        ValueError: input and target do not fit, or reduction is none of these.

    Example:
        >>> import weft
        >>> x, y = weft.tensor([0.1, 0.2, 0.4, 0.8]), weft.tensor([3, 0, -1, 1])
        >>> weft.nn.MultiLabelMarginLoss()(x, y)
        tensor(0.8500)
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)`` with the p-norm distance d. Balntas et al., 2016.

    Args:
        margin: by how much negative must be farther away to cost nothing; positive. Default 1.
        p: order of the norm. Default 2.
        eps: added to each difference, which keeps the gradient finite. Default 1e-6.
        swap: whether negative is compared with whichever of anchor and positive is nearer. Default False.
        size_average, reduce: deprecated, use reduction.
        reduction: ``'mean'`` (default) or ``'sum'`` over the samples, or ``'none'`` for a value of each.

    Shape:
        Anchor, positive and negative (N, D) or (D); output (), or (N) without reduction.

    Raises:
        ValueError: margin is not positive, or reduction is none of these.
        RuntimeError: the inputs have different numbers of dimensions.

    Example:
        >>> import weft
        >>> a, b = weft.zeros(1, 2), weft.tensor([[3.0, 4.0]])
        >>> weft.nn.TripletMarginLoss(eps=0.0)(a, b, a)
        tensor(6.)
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: margin must be positive, got {margin}")
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """TripletMarginLoss with any distance.

    Args:
        distance_function: the distances (N) of two tensors (N, D). By default PairwiseDistance().
        margin: by how much negative must be farther away to cost nothing; positive. Default 1.
        swap: whether negative is compared with whichever of anchor and positive is nearer. Default False.
        reduction: ``'mean'`` (default) or ``'sum'`` over the samples, or ``'none'`` for a value of each.

    Shape:
        Anchor, positive and negative (N, D), or whatever the distance takes; output (), or (N) without reduction.

    Raises:
        ValueError: margin is not positive, or reduction is none of these.
        RuntimeError: the inputs have different numbers of dimensions.

    Example:
        >>> import weft
        >>> a, b = weft.zeros(1, 2), weft.ones(1, 2)
        >>> loss = weft.nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs().sum(-1))
        >>> loss(a, b, a)
        tensor(3.)
    """

    distance_function: Callable[[Tensor, Tensor], Tensor]

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginWithDistanceLoss: margin must be positive, got {margin}")
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
