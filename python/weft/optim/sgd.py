"""Stochastic gradient descent."""

import functools

import weft
from weft import _C
from weft.optim.optimizer import Optimizer, check_range, trace_step


class SGD(Optimizer):
    """Stochastic gradient descent with momentum, Nesterov momentum and weight decay.

    With momentum m the step is ``b = m * b + (1 - dampening) * g``, ``p = p - lr * b`` (with nesterov
    ``g + m * b`` in place of b); weight_decay adds ``weight_decay * p`` to g; maximize takes -g. Polyak, 1964;
    Sutskever et al., 2013. One fused step for all parameters.

    ValueError for a negative lr, momentum or weight_decay, or nesterov without momentum or with dampening.

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
        params,
        lr=1e-3,
        momentum=0,
        dampening=0,
        weight_decay=0,
        nesterov=False,
        *,
        maximize=False,
        foreach=None,
        differentiable=False,
        fused=None,
    ):
        if differentiable:
            raise ValueError("SGD: differentiable=True is not supported")
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
        for name in ("lr", "momentum", "weight_decay"):
            check_range("SGD", name, group[name], 0)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov needs a momentum above 0 and no dampening")

    def step(self, closure=None):
        """Changes the parameters by their gradients; returns what the closure returned, if there is one."""
        loss = self._run_closure(closure)
        for number, group in enumerate(self.param_groups):
            key = (number, bool(group["momentum"]))
            runs, grads = self._plan(key, group, self._make_runs)
            for run in runs:
                arrays = (run.params, grads if len(runs) == 1 else [grads[i] for i in run.places], run.buffers)
                if _C._is_tracing():
                    trace_step(
                        functools.partial(_C._trace_sgd_step, *arrays),
                        functools.partial(self._numbers, number, run),
                        run.advance,
                    )
                else:
                    _C._sgd_step(*arrays, *self._numbers(number, run))
                    run.advance()
            if len(runs) > 1:
                del self._plans[key]  # from now on they can go together
        return loss

    def _numbers(self, number, run):
        """The numbers of a run's next step, as the fused step takes them."""
        group = self.param_groups[number]
        return (
            float(group["lr"]),
            group["momentum"],
            group["dampening"],
            group["weight_decay"],
            group["nesterov"],
            group["maximize"],
            run.first_step,
        )

    def _make_runs(self, params, group):
        """One run for the parameters that have a momentum buffer already, one for those that get theirs now."""
        if not group["momentum"]:
            return [_Run(params, range(len(params)), [], False)] if params else []
        fresh = [self.state[p].get("momentum_buffer") is None for p in params]
        runs = []
        for first_step in (False, True):
            places = [i for i, is_fresh in enumerate(fresh) if is_fresh == first_step]
            if not places:
                continue
            chosen = [params[i] for i in places]
            if first_step:
                for p in chosen:
                    self.state[p]["momentum_buffer"] = weft.zeros_like(p.detach())
            runs.append(_Run(chosen, places, [self.state[p]["momentum_buffer"] for p in chosen], first_step))
        return runs


class _Run:
    """Parameters that one call of the fused step handles."""

    def __init__(self, params, places, buffers, first_step):
        self.params = params
        self.places = places  # where their gradients are in the group's list
        self.buffers = buffers
        self.first_step = first_step

    def advance(self):
        self.first_step = False
