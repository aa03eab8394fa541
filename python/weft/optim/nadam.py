"""NAdam."""

from __future__ import annotations

from weft.optim.fused import FusedOptimizer, moment_numbers

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


class NAdam(FusedOptimizer):
    """Adam with Nesterov momentum; Dozat, 2016.

    The momentum of step t is ``mu_t = b1 (1 - 0.96^(t momentum_decay) / 2)``; with M the product of the momenta so far
    and m, v as in :class:`Adam`, ``p = p - lr ((1 - mu_t) / (1 - M_t) g + mu_(t+1) / (1 - M_(t+1)) m) /
    (sqrt(v / (1 - b2^t)) + eps)``.

    Args:
        params: parameters, (name, parameter) pairs, or dicts that are groups with options of their own.
        lr: learning rate, a number or a tensor of one element; 2e-3 by default.
        betas: decay of the two running means, each in [0, 1).
        eps: added to the denominator.
        weight_decay: adds ``weight_decay * p`` to g, or with decoupled_weight_decay takes ``lr * weight_decay * p``
            from p.
        momentum_decay: how fast the momentum grows to b1.
        maximize: take -g.
        differentiable: have autograd record the step; parameters must be no leaves then.

    Raises:
        ValueError: an option is negative, or betas are outside of [0, 1).
        TypeError: a flag is neither bool nor None, or an option is no number.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0, -2.0]))
    >>> opt = weft.optim.NAdam([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p
    Parameter containing:
    tensor([ 0.4718, -1.4718], requires_grad=True)
    """

    _rule = "nadam_step"
    _flags = ("decoupled_weight_decay", "maximize", "foreach", "capturable", "differentiable")
    _ranges = {
        "lr": (0, None),
        "eps": (0, None),
        "weight_decay": (0, None),
        "momentum_decay": (0, None),
    }
    _pairs = {"betas": (0, 1)}
    _counters = {"step": 0.0, "mu_product": 1.0}

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
            "momentum_decay": momentum_decay,
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
        return (*moment_numbers(group, counters), group["momentum_decay"], counters["mu_product"])

    def _count(self, group, counters):
        step = counters["step"] + 1.0
        momentum = group["betas"][0] * (1 - 0.5 * 0.96 ** (step * group["momentum_decay"]))
        return {"step": step, "mu_product": counters["mu_product"] * float(momentum)}
