"""Rprop."""

from __future__ import annotations

import weft
from weft.optim.fused import FusedOptimizer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


class Rprop(FusedOptimizer):
    """Steps whose sizes depend on the signs of gradients alone; Riedmiller and Braun, 1993.

    Each element has a step size, which grows as long as its gradient keeps its sign and shrinks when that turns; then
    the element rests for a step. It is meant for full batches.

    Args:
        params: parameters, (name, parameter) pairs, or dicts that are groups with options of their own.
        lr: size of the first step; 1e-2 by default.
        etas: factors by which step sizes shrink and grow, the first in (0, 1), the second above 1.
        step_sizes: the smallest and the largest step.
        maximize: take -g.
        differentiable: have autograd record the step; parameters must be no leaves then.

    Raises:
        ValueError: lr or a step size is negative, or etas are out of range.
        TypeError: a flag is neither bool nor None, or an option is no number.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0, -2.0]))
    >>> opt = weft.optim.Rprop([p])
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p
    Parameter containing:
    tensor([ 0.9900, -1.9900], requires_grad=True)
    """

    _rule = "rprop_step"
    _ranges = {"lr": (0, None)}
    _pairs = {"etas": (0, None), "step_sizes": (0, None)}

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _check_options(self, group: dict[str, Any]) -> None:
        super()._check_options(group)
        shrink, grow = group["etas"]
        if not 0 < shrink < 1 < grow:
            raise ValueError(f"Rprop: etas must be in (0, 1) and above 1, got {group['etas']}")

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("prev", "step_size")

    def _make_state(self, name, parameter, group):
        if name == "prev":
            return weft.zeros_like(parameter)
        lr = float(group["lr"])
        return weft.full_like(parameter, complex(lr, lr) if parameter.is_complex() else lr)

    def _numbers(self, group, counters, first):
        return (*group["etas"], *group["step_sizes"], bool(group["maximize"]))
