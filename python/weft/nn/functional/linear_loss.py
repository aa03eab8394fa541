"""Cross entropy of a linear layer."""

from __future__ import annotations

from weft._C import nn as native
from weft._checks import check_instances, check_tensors, own_errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor
    from weft.nn.linear_loss import LinearCrossEntropyOptions


@own_errors
def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> Tensor:
    """``cross_entropy(linear(input, linear_weight, linear_bias), target)``, without holding the logits.

    For class indices and a matrix of weights the logits are computed for some rows at a time, and once more for the
    gradients; that takes a third more arithmetic and the memory of those rows. It can be differentiated twice.

    Args:
        input: (N, features) or (features).
        linear_weight: (C, features), or (C, d1, ..., features) for logits (N, C, d1, ...).
        target: class indices (int64), or probabilities in the logits' shape.
        linear_bias: in linear_weight's shape without its last dimension. By default none.
        weight: factors of the classes, (C). By default all are 1.
        reduction: ``'mean'`` (default; weighted by weight) or ``'sum'`` of all places, or ``'none'``.
        ignore_index: a class index whose places have no loss and do not count. By default -100.
        label_smoothing: share of the uniform distribution in the target, between 0 and 1. Default 0.
        options: how many rows are computed at a time. By default as many as make their logits as large as the input,
            and at least 128.

    Raises:
        IndexError: a target is not a class.
        ValueError: input and target do not fit, or reduction is none of these.
        RuntimeError: input, linear_weight or linear_bias do not fit, label_smoothing is not between 0 and 1, or there
            is an ignore_index beside probabilities.

    Example:
        >>> import weft
        >>> weft.nn.functional.linear_cross_entropy(weft.ones(3, 4), weft.zeros(2, 4), weft.tensor([0, 1, 1]))
        tensor(0.6931)
    """
    from weft.nn.linear_loss import LinearCrossEntropyOptions

    check_tensors(
        "linear_cross_entropy",
        ("linear_bias", "weight"),
        input=input,
        linear_weight=linear_weight,
        target=target,
        linear_bias=linear_bias,
        weight=weight,
    )
    chunk = 0
    if options is not None:
        check_instances(LinearCrossEntropyOptions, "linear_cross_entropy", options=options)
        chunk = options._rows(input, linear_weight)
    index = -100 if ignore_index is None else ignore_index
    return native._linear_cross_entropy(
        input, linear_weight, target, linear_bias, weight, reduction, index, label_smoothing, chunk
    )
