"""Stochastic gradient descent."""

from __future__ import annotations

from weft.optim.fused import FusedOptimizer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


class SGD(FusedOptimizer):
    """Stochastic gradient descent with momentum, Nesterov momentum and weight decay.

    The step is ``b = momentum * b + (1 - dampening) * g``, ``p = p - lr * b``; b starts as g. Polyak, 1964; Sutskever
    et al., 2013. There is one fused step for all parameters: foreach and fused are accepted and change nothing.

    Args:
        params: parameters, (name, parameter) pairs, or dicts that are groups with options of their own.
        lr: learning rate, a number or a tensor of one element; 1e-3 by default.
        momentum: share of the last step that goes on; 0 keeps no buffer.
        dampening: share of the gradient that does not go into the buffer.
        weight_decay: adds ``weight_decay * p`` to g.
        nesterov: step by ``g + momentum * b`` instead of b.
        maximize: take -g.
        differentiable: have autograd record the step; parameters must be no leaves then.

    Raises:
        ValueError: lr, momentum or weight_decay is negative, or nesterov without momentum or with dampening.
        TypeError: a flag is neither bool nor None.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0, 2.0]))
    >>> opt = weft.optim.SGD([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.tolist()
    [0.0, 0.0]
    """

    _rule = "sgd_step"
    _flags = ("nesterov", "maximize", "foreach", "differentiable", "fused")
    _ranges = {"lr": (0, None), "momentum": (0, None), "dampening": (float("-inf"), None), "weight_decay": (0, None)}
    _counters = {}
    _first_apart = True

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _check_options(self, group: dict[str, Any]) -> None:
        super()._check_options(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov needs a momentum above 0 and no dampening")

    def _state_names(self, group):
        return ("momentum_buffer",) if group["momentum"] else ()

    def _numbers(self, group, counters, first):
        names = ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize")
        return (*(group[name] or 0 for name in names), first)
