"""Adagrad."""

from __future__ import annotations

import weft
from weft.optim.fused import FusedOptimizer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


class Adagrad(FusedOptimizer):
    """Steps divided by the root of the sum of all squared gradients; Duchi, Hazan and Singer, 2011.

    ``s = s + g^2``, ``p = p - lr / (1 + (t - 1) lr_decay) * g / (sqrt(s) + eps)``.

    Args:
        params: parameters, (name, parameter) pairs, or dicts that are groups with options of their own.
        lr: learning rate, a number or a tensor of one element; 1e-2 by default.
        lr_decay: how fast the learning rate falls.
        weight_decay: adds ``weight_decay * p`` to g.
        initial_accumulator_value: s before the first step.
        eps: added to the denominator.
        maximize: take -g.
        differentiable: have autograd record the step; parameters must be no leaves then.

    Raises:
        ValueError: an option is negative.
        TypeError: a flag is neither bool nor None, or an option is no number.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0, -2.0]))
    >>> opt = weft.optim.Adagrad([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p
    Parameter containing:
    tensor([ 0.5000, -1.5000], requires_grad=True)
    """

    _rule = "adagrad_step"
    _flags = ("maximize", "foreach", "differentiable", "fused")
    _ranges = {
        "lr": (0, None),
        "lr_decay": (0, None),
        "weight_decay": (0, None),
        "initial_accumulator_value": (0, None),
        "eps": (0, None),
    }

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("sum",)

    def _make_state(self, name, parameter, group):
        start = group["initial_accumulator_value"]
        return weft.full_like(parameter, complex(start, start) if parameter.is_complex() else start)

    def _numbers(self, group, counters, first):
        options = (group["lr"], group["lr_decay"], group["eps"], group["weight_decay"], bool(group["maximize"]))
        return (counters["step"] + 1, *options)
