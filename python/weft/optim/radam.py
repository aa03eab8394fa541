"""RAdam."""

from __future__ import annotations

from weft.optim.fused import FusedOptimizer, moment_numbers

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


class RAdam(FusedOptimizer):
    """Adam with a rectified second moment; Liu et al., 2020.

    As long as the variance of the second moment is not tractable (the first steps), a step is one by the mean alone;
    then it is that of :class:`Adam` times the rectification term of the paper.

    Args:
        params: parameters, (name, parameter) pairs, or dicts that are groups with options of their own.
        lr: learning rate, a number or a tensor of one element; 1e-3 by default.
        betas: decay of the two running means, each in [0, 1).
        eps: added to the denominator.
        weight_decay: adds ``weight_decay * p`` to g, or with decoupled_weight_decay takes ``lr * weight_decay * p``
            from p.
        maximize: take -g.
        differentiable: have autograd record the step; parameters must be no leaves then.

    Raises:
        ValueError: an option is negative, or betas are outside of [0, 1).
        TypeError: a flag is neither bool nor None, or an option is no number.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0, -2.0]))
    >>> opt = weft.optim.RAdam([p], lr=0.25)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p
    Parameter containing:
    tensor([ 0.5000, -1.0000], requires_grad=True)
    """

    _rule = "radam_step"
    _flags = ("decoupled_weight_decay", "maximize", "foreach", "capturable", "differentiable")
    _ranges = {"lr": (0, None), "eps": (0, None), "weight_decay": (0, None)}
    _pairs = {"betas": (0, 1)}

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_avg_sq")

    def _numbers(self, group, counters, first):
        return moment_numbers(group, counters)
