"""Adam and AdamW."""

import functools

import weft
from weft import _C
from weft.optim.optimizer import Optimizer, StepRun, check_option_types, check_range

_FLAGS = ("amsgrad", "maximize", "foreach", "capturable", "differentiable", "fused", "decoupled_weight_decay")
_STEPS = (_C._adam_step, _C._prepare_adam_step)


class Adam(Optimizer):
    """Adam; Kingma and Ba, 2015. There is one fused step for all parameters, which can always be recorded: foreach,
    fused and capturable change nothing.

    With betas b1, b2 at step t: ``m = b1 m + (1 - b1) g``, ``v = b2 v + (1 - b2) g^2``,
    ``p = p - lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)``. weight_decay adds ``weight_decay * p`` to g, or
    with decoupled_weight_decay takes ``lr * weight_decay * p`` from p as AdamW does; amsgrad uses the largest v so
    far; maximize takes -g. ValueError for a negative lr, eps or weight_decay, or betas outside of [0, 1);
    TypeError for flags that are neither bool nor None.

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
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        amsgrad=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
        fused=None,
        decoupled_weight_decay=False,
    ):
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

    def step(self, closure=None):
        """Changes the parameters by their gradients; returns what the closure returned, if there is one."""
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

    The same as Adam, but weight_decay takes ``lr * weight_decay * p`` from p.

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
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=1e-2,
        amsgrad=False,
        *,
        maximize=False,
        foreach=None,
        capturable=False,
        differentiable=False,
        fused=None,
    ):
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
