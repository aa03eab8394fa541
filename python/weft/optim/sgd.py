"""Stochastic gradient descent."""

from __future__ import annotations

import functools

import weft
from weft import _C
from weft.optim.optimizer import Optimizer, StepRun, check_option_types, check_range

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


_STEPS = (_C._sgd_step, _C._prepare_sgd_step)


class SGD(Optimizer):
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
        differentiable: must be False.

    Raises:
        ValueError: lr, momentum or weight_decay is negative, nesterov without momentum or with dampening, or
            differentiable is True.
        TypeError: a flag is neither bool nor None.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0, 2.0]))
    >>> opt = weft.optim.SGD([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.tolist()
    [0.0, 0.0]
    """

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

    def _check_options(self, group):
        flags = ("nesterov", "maximize", "foreach", "differentiable", "fused")
        check_option_types("SGD", group, flags, ("lr", "momentum", "dampening", "weight_decay"))
        if group["differentiable"]:
            raise ValueError("SGD: differentiable=True is not supported")
        for name in ("lr", "momentum", "weight_decay"):
            check_range("SGD", name, group[name], 0)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov needs a momentum above 0 and no dampening")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Takes one step of all parameters that have a gradient; returns what the closure returned, if there is one.

        Args:
            closure: a function that computes the loss and its gradients anew; see :meth:`Optimizer.step`.

        >>> import weft
        >>> p = weft.nn.Parameter(weft.tensor([1.0]))
        >>> opt = weft.optim.SGD([p], lr=0.25)
        >>> p.sum().backward()
        >>> opt.step()
        >>> p.tolist()
        [0.75]
        """
        loss = self._run_closure(closure)
        plans = []
        for number, group in enumerate(self.param_groups):
            key = (number, bool(group["momentum"]))
            plans.append((key, number, *self._plan(key, group, self._make_runs)))
        self._step(plans, self._call, self._trace)
        for key, _, runs, _ in plans:
            if len(runs) > 1:
                self._plans.pop(key, None)  # from now on they can go together
        return loss

    def _call(self, function, number, run, grads):
        return _STEPS[function](*self._arrays(run, grads), *self._numbers(number, run))

    def _trace(self, number, run, grads):
        record = functools.partial(_C._trace_sgd_step, *self._arrays(run, grads))
        run.trace(record, functools.partial(self._numbers, number, run))

    @staticmethod
    def _arrays(run, grads):
        return run.params, grads, run.columns[0] if run.columns else []

    def _numbers(self, number, run, ahead=0):
        """The numbers of a run's next step, as the fused step takes them."""
        group = self.param_groups[number]
        return (
            float(group["lr"]),
            group["momentum"],
            group["dampening"],
            group["weight_decay"],
            bool(group["nesterov"]),
            bool(group["maximize"]),
            bool(run.fresh) and not ahead,
        )

    def _make_runs(self, params, group):
        """One run for the parameters that have a momentum buffer already, one for those that get theirs now."""
        names = ["momentum_buffer"] if group["momentum"] else []
        old, new = StepRun(self, names), StepRun(self, names)
        for place, p in enumerate(params):
            tensors = {name: self.state.get(p, {}).get(name) for name in names}
            fresh = {name: weft.zeros_like(p.detach()) for name in names if tensors[name] is None}
            (new if fresh else old).add(p, place, {**tensors, **fresh}, fresh)
        return [run.seal() for run in (old, new) if run.params]
