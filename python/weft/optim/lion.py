"""Lion."""

from __future__ import annotations

from weft.optim.fused import FusedOptimizer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


class Lion(FusedOptimizer):
    """Steps by the sign of a blend of momentum and gradient; Chen et al., 2023.

    ``p = p - lr (sign(b1 m + (1 - b1) g) + weight_decay * p)``, then ``m = b2 m + (1 - b2) g``. Learning rates are
    three to ten times smaller than those of :class:`AdamW`, weight decays as much larger. PyTorch does not have it.

    Args:
        params: parameters, (name, parameter) pairs, or dicts that are groups with options of their own.
        lr: learning rate, a number or a tensor of one element; 1e-4 by default.
        betas: how much of the momentum the step and the momentum itself keep, each in [0, 1).
        weight_decay: takes ``lr * weight_decay * p`` from p.
        maximize: take -g.
        differentiable: have autograd record the step; parameters must be no leaves then.

    Raises:
        ValueError: an option is negative, or betas are outside of [0, 1).
        TypeError: a flag is neither bool nor None, or an option is no number.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0, -2.0]))
    >>> opt = weft.optim.Lion([p], lr=0.25)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p
    Parameter containing:
    tensor([ 0.7500, -1.7500], requires_grad=True)
    """

    _rule = "lion_step"
    _ranges = {"lr": (0, None), "weight_decay": (0, None)}
    _pairs = {"betas": (0, 1)}
    _counters = {}

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg",)

    def _numbers(self, group, counters, first):
        return (group["lr"], *group["betas"], group["weight_decay"], bool(group["maximize"]))
