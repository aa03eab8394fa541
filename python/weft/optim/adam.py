"""Adam and AdamW."""

import functools

import weft
from weft import _C
from weft.optim.optimizer import Optimizer, check_range, count_step, trace_step


class Adam(Optimizer):
    """Adam; Kingma and Ba, 2015. One fused step for all parameters.

    With betas b1, b2 at step t: ``m = b1 m + (1 - b1) g``, ``v = b2 v + (1 - b2) g^2``,
    ``p = p - lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)``. weight_decay adds ``weight_decay * p`` to g, or
    with decoupled_weight_decay takes ``lr * weight_decay * p`` from p as AdamW does; amsgrad uses the largest v so
    far; maximize takes -g. ValueError for a negative lr, eps or weight_decay, or betas outside of [0, 1).

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
        if differentiable:
            raise ValueError(f"{type(self).__name__}: differentiable=True is not supported")
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
        for name in ("lr", "eps", "weight_decay"):
            check_range(kind, name, group[name], 0)
        for i in (0, 1):
            check_range(kind, f"betas[{i}]", group["betas"][i], 0, 1)

    def step(self, closure=None):
        """Changes the parameters by their gradients; returns what the closure returned, if there is one."""
        loss = self._run_closure(closure)
        for number, group in enumerate(self.param_groups):
            runs, grads = self._plan((number, group["amsgrad"]), group, self._make_runs)
            for run in runs:
                own = grads if len(runs) == 1 else [grads[i] for i in run.places]
                arrays = (run.params, own, run.exp_avgs, run.exp_avg_sqs, run.max_exp_avg_sqs)
                if _C._is_tracing():
                    trace_step(
                        functools.partial(_C._trace_adam_step, *arrays),
                        functools.partial(self._numbers, number, run),
                        run.advance,
                    )
                else:
                    _C._adam_step(*arrays, *self._numbers(number, run))
                    count_step(run.advance)
        return loss

    def _numbers(self, number, run):
        """The numbers of a run's next step, as the fused step takes them."""
        group = self.param_groups[number]
        beta1, beta2 = group["betas"]
        return (
            run.step + 1,
            float(group["lr"]),
            float(beta1),
            float(beta2),
            group["eps"],
            group["weight_decay"],
            group["decoupled_weight_decay"],
            group["amsgrad"],
            group["maximize"],
        )

    def _make_runs(self, params, group):
        """A run for each step count there is among the parameters; those that have no state yet get theirs."""
        fresh = []  # given to the parameters when there was memory for all
        for p in params:
            state = dict(self.state.get(p) or {"step": 0.0})
            wanted = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * bool(group["amsgrad"])
            missing = [name for name in wanted if name not in state]
            fresh.append((p, {name: weft.zeros_like(p.detach()) for name in missing}))
        for p, added in fresh:
            state = self.state[p]
            state.setdefault("step", 0.0)
            state.update(added)
        runs = {}
        for place, p in enumerate(params):
            state = self.state[p]
            step = float(state["step"])
            runs.setdefault(step, _Run(step)).add(p, place, state, group["amsgrad"])
        return list(runs.values())


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


class _Run:
    """Parameters that are at the same step: one call of the fused step handles them."""

    def __init__(self, step):
        self.step = step
        self.params = []
        self.places = []  # where their gradients are in the group's list
        self.states = []
        self.exp_avgs = []
        self.exp_avg_sqs = []
        self.max_exp_avg_sqs = []

    def advance(self):
        self.step += 1
        for state in self.states:
            state["step"] = self.step

    def add(self, param, place, state, amsgrad):
        self.params.append(param)
        self.places.append(place)
        self.states.append(state)
        self.exp_avgs.append(state["exp_avg"])
        self.exp_avg_sqs.append(state["exp_avg_sq"])
        if amsgrad:
            self.max_exp_avg_sqs.append(state["max_exp_avg_sq"])
