"""Adam and AdamW."""

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


_FLAGS = ("amsgrad", "maximize", "foreach", "capturable", "differentiable", "fused", "decoupled_weight_decay")
_STEPS = (_C._adam_step, _C._prepare_adam_step)


class Adam(Optimizer):
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
        differentiable: must be False.

    Raises:
        ValueError: lr, eps or weight_decay is negative, betas are outside of [0, 1), or differentiable is True.
        TypeError: a flag is neither bool nor None.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0]))
    >>> opt = weft.optim.Adam([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p.tolist()
    [0.5]
    """

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

    def _check_options(self, group):
        kind = type(self).__name__
        check_option_types(kind, group, _FLAGS, ("lr", "eps", "weight_decay"))
        if group["differentiable"]:
            raise ValueError(f"{kind}: differentiable=True is not supported")
        betas = group["betas"]
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise TypeError(f"{kind}: betas must be two numbers, got {betas!r:.60}")
        check_option_types(kind, {f"betas[{i}]": beta for i, beta in enumerate(betas)}, (), ("betas[0]", "betas[1]"))
        for name in ("lr", "eps", "weight_decay"):
            check_range(kind, name, group[name], 0)
        for i in (0, 1):
            check_range(kind, f"betas[{i}]", group["betas"][i], 0, 1)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Takes one step of all parameters that have a gradient; returns what the closure returned, if there is one.

        Args:
            closure: a function that computes the loss and its gradients anew; see :meth:`Optimizer.step`.

        >>> import weft
        >>> p = weft.nn.Parameter(weft.tensor([1.0]))
        >>> opt = weft.optim.Adam([p], lr=0.25)
        >>> p.sum().backward()
        >>> opt.step()
        >>> p.tolist()
        [0.75]
        """
        loss = self._run_closure(closure)
        plans = []
        for number, group in enumerate(self.param_groups):
            key = (number, bool(group["amsgrad"]))
            plans.append((key, number, *self._plan(key, group, self._make_runs)))
        self._step(plans, self._call, self._trace)
        return loss

    def _call(self, function, number, run, grads):
        return _STEPS[function](*self._arrays(run, grads), *self._numbers(number, run))

    def _trace(self, number, run, grads):
        record = functools.partial(_C._trace_adam_step, *self._arrays(run, grads))
        run.trace(record, functools.partial(self._numbers, number, run))

    @staticmethod
    def _arrays(run, grads):
        return run.params, grads, *run.columns, *([[]] * (3 - len(run.columns)))

    def _numbers(self, number, run, ahead=0):
        """The numbers of a run's next step, as the fused step takes them."""
        group = self.param_groups[number]
        beta1, beta2 = group["betas"]
        return (
            run.step + 1 + ahead,
            float(group["lr"]),
            float(beta1),
            float(beta2),
            group["eps"],
            group["weight_decay"],
            bool(group["decoupled_weight_decay"]),
            bool(group["amsgrad"]),
            bool(group["maximize"]),
        )

    def _make_runs(self, params, group):
        """A run for each step count there is among the parameters; those that have no state yet get theirs."""
        names = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * bool(group["amsgrad"])
        runs = {}
        for place, p in enumerate(params):
            state = self.state.get(p) or {}
            step = float(state.get("step", 0.0))
            fresh = {name: weft.zeros_like(p.detach()) for name in names if name not in state}
            if step not in runs:
                runs[step] = StepRun(self, names, step)
            runs[step].add(p, place, {**state, **fresh}, fresh)
        return [run.seal() for run in runs.values()]


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
