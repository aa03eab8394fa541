"""RMSprop."""

from __future__ import annotations

from weft.optim.fused import FusedOptimizer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


class RMSprop(FusedOptimizer):
    """Steps divided by the root of a running mean of squared gradients; Tieleman and Hinton, 2012.

    ``v = alpha v + (1 - alpha) g^2``, ``b = momentum * b + g / (sqrt(v) + eps)``, ``p = p - lr * b``. If centered
    (Graves, 2013), the square of the running mean of g is taken from v under the root.

    Args:
        params: parameters, (name, parameter) pairs, or dicts that are groups with options of their own.
        lr: learning rate, a number or a tensor of one element; 1e-2 by default.
        alpha: decay of the running mean.
        eps: added to the denominator.
        weight_decay: adds ``weight_decay * p`` to g.
        momentum: share of the last step that goes on; 0 keeps no buffer.
        centered: divide by an estimate of the deviation.
        maximize: take -g.
        differentiable: have autograd record the step; parameters must be no leaves then.

    Raises:
        ValueError: an option is negative.
        TypeError: a flag is neither bool nor None, or an option is no number.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0, -2.0]))
    >>> opt = weft.optim.RMSprop([p])
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p
    Parameter containing:
    tensor([ 0.9000, -1.9000], requires_grad=True)
    """

    _rule = "rmsprop_step"
    _flags = ("centered", "maximize", "foreach", "capturable", "differentiable")
    _ranges = {name: (0, None) for name in ("lr", "alpha", "eps", "weight_decay", "momentum")}

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("square_avg", *["momentum_buffer"] * (group["momentum"] > 0), *["grad_avg"] * bool(group["centered"]))

    def _numbers(self, group, counters, first):
        options = (group[name] for name in ("lr", "alpha", "eps", "weight_decay", "momentum"))
        return (*options, bool(group["centered"]), bool(group["maximize"]))
