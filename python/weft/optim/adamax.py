"""Adamax."""

from __future__ import annotations

from weft.optim.fused import FusedOptimizer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


class Adamax(FusedOptimizer):
    """Adam with the infinity norm; Kingma and Ba, 2015, section 7.1.

    ``m = b1 m + (1 - b1) g``, ``u = max(b2 u, |g| + eps)``, ``p = p - lr / (1 - b1^t) * m / u``.

    Args:
        params: parameters, (name, parameter) pairs, or dicts that are groups with options of their own.
        lr: learning rate, a number or a tensor of one element; 2e-3 by default.
        betas: decay of the mean and of the norm, each in [0, 1).
        eps: added to ``|g|``.
        weight_decay: adds ``weight_decay * p`` to g.
        maximize: take -g.
        differentiable: have autograd record the step; parameters must be no leaves then.

    Raises:
        ValueError: an option is negative, or betas are outside of [0, 1).
        TypeError: a flag is neither bool nor None, or an option is no number.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0, -2.0]))
    >>> opt = weft.optim.Adamax([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p
    Parameter containing:
    tensor([ 0.5000, -1.5000], requires_grad=True)
    """

    _rule = "adamax_step"
    _ranges = {"lr": (0, None), "eps": (0, None), "weight_decay": (0, None)}
    _pairs = {"betas": (0, 1)}

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("exp_avg", "exp_inf")

    def _numbers(self, group, counters, first):
        options = (group["lr"], *group["betas"], group["eps"], group["weight_decay"], bool(group["maximize"]))
        return (counters["step"] + 1, *options)
