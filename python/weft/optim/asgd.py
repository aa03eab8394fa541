"""Averaged stochastic gradient descent."""

from __future__ import annotations

from weft.optim.fused import FusedOptimizer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


class ASGD(FusedOptimizer):
    """Averaged stochastic gradient descent; Polyak and Juditsky, 1992.

    ``p = p (1 - lambd eta_t) - eta_t g``, with ``eta_(t+1) = lr / (1 + lambd lr t)^alpha``. The state of a parameter
    has its average, "ax": of all steps from t0 on; before that it is the parameter itself.

    Args:
        params: parameters, (name, parameter) pairs, or dicts that are groups with options of their own.
        lr: learning rate, a number or a tensor of one element; 1e-2 by default.
        lambd: decay of the parameters.
        alpha: power by which the learning rate falls.
        t0: the step after which averaging begins.
        weight_decay: adds ``weight_decay * p`` to g.
        maximize: take -g.
        differentiable: have autograd record the step; parameters must be no leaves then.

    Raises:
        ValueError: lr or weight_decay is negative.
        TypeError: a flag is neither bool nor None, or an option is no number.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0, -2.0]))
    >>> opt = weft.optim.ASGD([p], lr=0.25)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p
    Parameter containing:
    tensor([ 0.5000, -1.0000], requires_grad=True)
    """

    _rule = "asgd_step"
    _ranges = {
        "lr": (0, None),
        "weight_decay": (0, None),
        **dict.fromkeys(("lambd", "alpha", "t0"), (float("-inf"), None)),
    }
    _counters = {"step": 0.0, "eta": 0.0, "mu": 1.0}

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("ax",)

    def _start_of(self, name, group):
        return float(group["lr"]) if name == "eta" else self._counters[name]

    def _numbers(self, group, counters, first):
        return (counters["eta"], counters["mu"], group["lambd"], group["weight_decay"], bool(group["maximize"]))

    def _count(self, group, counters):
        step, lr = counters["step"] + 1.0, float(group["lr"])
        eta = lr / (1 + group["lambd"] * lr * step) ** group["alpha"]
        return {"step": step, "eta": eta, "mu": 1 / max(1.0, step - group["t0"])}
