"""Connectionist temporal classification."""

from __future__ import annotations

from weft._checks import check_integers
from weft.nn import functional as F
from weft.nn.loss import _Loss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor


class CTCLoss(_Loss):
    """Minus the log likelihood of labels whose alignment with the input is not known. Graves et al., 2006.

    An alignment has a class for each time; without repetitions, then without blanks, it is the target. The likelihood
    is the sum over all alignments of the products of their probabilities.

    Args:
        blank: the class between labels. Default 0.
        reduction: ``'mean'`` (default), which divides each loss by the length of its target first, ``'sum'`` or
            ``'none'``.
        zero_infinity: whether losses of targets that have no alignment, and their gradients, count as 0. Default False.

    Shape:
        Log_probs, from log_softmax, (T, N, C) or (T, C). Targets (N, S) or (S), class indices that are not blank, or
        those of all samples one after the other in a vector. Input_lengths and target_lengths (N) or (), tensors or
        tuples. Output (), or (N) without reduction.

    Raises:
        ValueError: reduction is none of these.
        RuntimeError: shapes or lengths do not fit, when the loss is called.
        IndexError: a label is not a class.

    Example:
        >>> import weft
        >>> log_probs = weft.zeros(2, 1, 3).log_softmax(-1)
        >>> weft.nn.CTCLoss()(log_probs, weft.tensor([[1]]), (2,), (1,))  # -log(3 / 9)
        tensor(1.0986)
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        check_integers("CTCLoss", blank=blank)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(
        self,
        log_probs: Tensor,
        targets: Tensor,
        input_lengths: Tensor | Sequence[int],
        target_lengths: Tensor | Sequence[int],
    ) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
