"""Adam and AdamW."""

from __future__ import annotations

from weft.optim.fused import FusedOptimizer, moment_numbers

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


class Adam(FusedOptimizer):
    """Adam; Kingma and Ba, 2015: steps by a running mean of the gradient, divided by the root of that of its square.

    With betas b1, b2 at step t: ``m = b1 m + (1 - b1) g``, ``v = b2 v + (1 - b2) g^2``,
    ``p = p - lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)``. There is one fused step for all parameters, which
    can always be recorded: foreach, fused and capturable are accepted and change nothing.

    Args:
        params: parameters, (name, parameter) pairs, or dicts that are groups with options of their own.
        lr: learning rate, a number or a tensor of one element; 1e-3 by default.
        betas: decay of the two running means, each in [0, 1).
        eps: added to the denominator.
        weight_decay: adds ``weight_decay * p`` to g, or with decoupled_weight_decay takes ``lr * weight_decay * p``
            from p as :class:`AdamW` does.
        amsgrad: use the largest v so far.
        maximize: take -g.
        differentiable: have autograd record the step; parameters must be no leaves then.

    Raises:
        ValueError: lr, eps or weight_decay is negative, or betas are outside of [0, 1).
        TypeError: a flag is neither bool nor None.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0]))
    >>> opt = weft.optim.Adam([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.tolist()
    [0.5]
    """

    _rule = "adam_step"
    _flags = ("amsgrad", "maximize", "foreach", "capturable", "differentiable", "fused", "decoupled_weight_decay")
    _ranges = {"lr": (0, None), "eps": (0, None), "weight_decay": (0, None)}
    _pairs = {"betas": (0, 1)}

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        names = ("exp_avg", "exp_avg_sq")
        return (*names, "max_exp_avg_sq") if group["amsgrad"] else names

    def _numbers(self, group, counters, first):
        return moment_numbers(group, counters)


class AdamW(Adam):
    """Adam with weight decay apart from the gradient; Loshchilov and Hutter, 2019.

    Args and errors are those of :class:`Adam`, but weight_decay (0.01 by default) takes ``lr * weight_decay * p`` from
    p.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0]))
    >>> opt = weft.optim.AdamW([p], lr=0.5, weight_decay=0.5)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.tolist()
    [0.25]
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
