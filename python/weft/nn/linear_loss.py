"""Cross entropy of a linear layer, as a module."""

from __future__ import annotations

import dataclasses
import math

import weft
from weft._checks import check_integers, check_tensors, check_text
from weft.nn import functional as F
from weft.nn.linear import Linear
from weft.nn.loss import _WeightedLoss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Device


_POLICIES = ("accurate", "balanced", "compact", "auto")


@dataclasses.dataclass(frozen=True)
class LinearCrossEntropyOptions:
    """How linear_cross_entropy() divides its rows. All choices give the same numbers, up to rounding.

    Args:
        allow_retain_graph: accepted; a graph can always be kept.
        batch_chunk_size: rows whose logits are computed at a time. By default chunking_method says.
        chunking_method: ``'auto'`` (default), which leaves the choice to Weft; ``'aspect_ratio'``, as many rows as
            make their logits about as large as the input, a power of two, or ``'aspect_ratio:N'``, an N-th of that; or
            None, all rows unless batch_chunk_size is given.
        acc_policy: ``'accurate'``, ``'balanced'``, ``'compact'`` or ``'auto'``; accepted, sums of half types are always
            kept in float32.
        acc_dtype: None, float32 or the dtype of the input; accepted likewise.

    Raises:
        ValueError: a value is none of these, or, when it is used, batch_chunk_size and chunking_method disagree.

    Example:
        >>> import weft
        >>> options = weft.nn.LinearCrossEntropyOptions(batch_chunk_size=2)
        >>> x, w, y = weft.ones(3, 4), weft.zeros(2, 4), weft.tensor([0, 1, 1])
        >>> weft.nn.functional.linear_cross_entropy(x, w, y, options=options)
        tensor(0.6931)
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: weft.dtype | None = None

    def __post_init__(self) -> None:
        name = type(self).__name__
        if self.acc_policy not in _POLICIES:
            raise ValueError(f"{name}: acc_policy must be one of {', '.join(_POLICIES)}, got {self.acc_policy!r}")
        if self.chunking_method is not None:
            check_text(name, chunking_method=self.chunking_method)
        if self.chunking_method not in (None, "auto"):
            word, colon, factor = self.chunking_method.partition(":")
            if word != "aspect_ratio" or (colon and not (factor.isdigit() and int(factor) > 0)):
                raise ValueError(
                    f"{name}: chunking_method must be 'auto', 'aspect_ratio', 'aspect_ratio:N' or None, got "
                    f"{self.chunking_method!r}"
                )
        size = self.batch_chunk_size
        if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 1):
            raise ValueError(f"{name}: batch_chunk_size must be a positive int or None, got {size!r}")
        if self.acc_dtype not in (None, weft.float16, weft.bfloat16, weft.float32, weft.float64):
            raise ValueError(f"{name}: acc_dtype must be a real floating dtype or None, got {self.acc_dtype!r}")

    def _rows(self, input: Tensor, linear_weight: Tensor) -> int:
        """Rows at a time; 0 leaves the choice to the op."""
        rows = input.shape[0] if input.dim() > 1 else 1
        method = self.chunking_method
        if method == "auto":
            return self.batch_chunk_size or 0
        if method is None:
            return self.batch_chunk_size or max(rows, 1)
        factor = int(method.partition(":")[2] or 1)
        classes, features = linear_weight.shape[0], max(linear_weight.shape[-1], 1)
        least = -(-rows // max(-(-classes // features), 1))
        size = max(min((1 << max(least - 1, 0).bit_length()) // factor, rows), 1)
        if self.batch_chunk_size is not None and min(self.batch_chunk_size, max(rows, 1)) != size:
            raise ValueError(
                f"linear_cross_entropy: batch_chunk_size={self.batch_chunk_size} and chunking_method={method!r}, which "
                f"gives {size} rows, disagree; give one of them"
            )
        return size


class LinearCrossEntropyLoss(_WeightedLoss):
    """CrossEntropyLoss of the output of a Linear, ``linear``, whose logits are never all held in memory.

    Args:
        in_features: size of the input's last dimension.
        num_classes: C, the number of classes.
        out_features: further dimensions (d1, ...) of the logits (N, C, d1, ...). By default none.
        bias: whether the layer has a bias. Default False.
        device, dtype: of the layer's parameters. By default the default ones.
        reduction: ``'mean'`` (default; weighted by weight) or ``'sum'`` of all places, or ``'none'``.
        weight: factors of the classes, (C). By default all are 1.
        ignore_index: a class index whose places have no loss and do not count. By default -100.
        label_smoothing: share of the uniform distribution in the target, between 0 and 1. Default 0.
        options: how the rows are divided, see LinearCrossEntropyOptions.

    Shape:
        Input (N, in_features) or (in_features); target class indices (N, *out_features) or (), or probabilities
        (N, C, *out_features) or (C). Output (), or the shape of the indices without reduction.

    Raises:
        IndexError: a target is not a class.
        ValueError: input and target do not fit, or reduction is none of these.
        RuntimeError: weight has another shape, or label_smoothing is not between 0 and 1.

    Example:
        >>> import weft
        >>> loss = weft.nn.LinearCrossEntropyLoss(5, 10)
        >>> loss(weft.ones(2, 5), weft.tensor([1, 2])).shape == ()
        True
        >>> list(loss.state_dict())
        ['linear.weight']
    """

    linear: Linear
    out_features: Any

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Device = None,
        dtype: weft.dtype | None = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:
        name = type(self).__name__
        check_integers(name, in_features=in_features, num_classes=num_classes)
        check_tensors(name, ("weight",), weight=weight)
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise RuntimeError(f"{name}: expected a weight of shape {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"{name}: label_smoothing must be between 0 and 1, got {label_smoothing}")
        super().__init__(weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = tuple(out_features)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        outputs = num_classes * math.prod(self.out_features)
        self.linear = Linear(in_features, outputs, bias=bias, device=device, dtype=dtype)
        self.options = options

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        shape = (self.num_classes, *self.out_features)
        bias: Any = self.linear.bias
        return F.linear_cross_entropy(
            input,
            self.linear.weight.reshape(*shape, self.linear.in_features),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, out_features={self.out_features}, "
            f"bias={self.linear.bias is not None}, reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )
