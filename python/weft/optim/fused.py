"""FusedOptimizer: the base of optimisers whose step is one call of a C++ kernel for all parameters of a group."""

from __future__ import annotations

import functools
import weakref

import weft
from weft import _C, _jit_state
from weft.optim.optimizer import Optimizer, StepRun, check_option_types, check_pair, check_range, count_step

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

    from weft import Tensor


class FusedOptimizer(Optimizer):
    """Base class of optimisers with a fused step. A subclass says which rule it is, and what the rule's numbers are.

    The rules are in csrc/kernels/scalar/optimizer.h. There is one kernel for all parameters of a group, on every
    device, that can always be recorded in a graph: foreach, fused and capturable are accepted and change nothing.
    With differentiable=True the step is made of ops that autograd records, and the parameters must not be leaves.

    >>> import weft
    >>> from weft.optim.fused import FusedOptimizer
    >>> issubclass(weft.optim.Adam, FusedOptimizer)
    True
    """

    _rule: ClassVar[str]
    _flags: ClassVar[tuple[str, ...]] = ("maximize", "foreach", "capturable", "differentiable")
    # Options that are numbers, or pairs of them, and their ranges.
    _ranges: ClassVar[dict[str, tuple[float, float | None]]]
    _pairs: ClassVar[dict[str, tuple[float, float | None]]] = {}
    # Does the first step of a parameter differ from the others?
    _first_apart: ClassVar[bool] = False

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        """The arrays of state, in the rule's order."""
        raise NotImplementedError

    def _state_names_of(self, p: Tensor, group: dict[str, Any]) -> tuple[str, ...]:
        """Those of one parameter."""
        return self._state_names(group)

    def _numbers(self, group: dict[str, Any], counters: dict[str, float], first: bool) -> tuple[Any, ...]:
        """The numbers of a step, in the rule's order; counters are those before it, first: of its parameters."""
        raise NotImplementedError

    def _make_state(self, name: str, parameter: Tensor, group: dict[str, Any]) -> Tensor:
        """The state of a parameter before its first step."""
        return weft.zeros_like(parameter)

    def _start_of(self, name: str, group: dict[str, Any]) -> float:
        """A counter before the first step."""
        return self._counters[name]

    def _count(self, group: dict[str, Any], counters: dict[str, float]) -> dict[str, float]:
        """The counters of the step after the one that these belong to."""
        return {name: value + 1.0 for name, value in counters.items()}

    def _check_options(self, group: dict[str, Any]) -> None:
        kind = type(self).__name__
        check_option_types(kind, group, self._flags, self._ranges)
        for name, (low, high) in self._ranges.items():
            check_range(kind, name, group[name], low, high)
        for name, (low, high) in self._pairs.items():
            check_pair(kind, name, group[name])
            for i in (0, 1):
                check_range(kind, f"{name}[{i}]", group[name][i], low, high)

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
            if group.get("differentiable"):
                self._take_differentiable(group)
            else:
                key = (number, self._state_names(group))
                plans.append((key, number, *self._plan(key, group)))
        if plans:
            self._take(plans)
        return loss

    def _plan(self, key, group):
        """(runs, gradients): the runs of the group's parameters that have a gradient; kept while they still hold."""
        known = self._plans.get(key)
        if known is not None:
            runs, its_params = known
            grads = _C._gradients_of(group["params"], its_params)
            if grads is not None:
                for run in runs:
                    if not run.is_current(self.state):
                        break
                else:
                    return runs, grads
        if _C._is_tracing():
            _jit_state.touch(self)
        params, grads = [], []
        for parameter in group["params"]:
            grad = parameter.grad
            if grad is not None:
                params.append(parameter)
                grads.append(grad)
        with _C._OutsideTrace():  # state that is made now is there for good
            runs = self._make_runs(params, group)
        self._plans[key] = (runs, params)
        return runs, grads

    def _make_runs(self, params: list[Tensor], group: dict[str, Any]) -> list[StepRun]:
        """A run for all parameters whose counters are the same; those that have no state yet get theirs."""
        runs = {}
        for place, p in enumerate(params):
            state, names = self.state.get(p) or {}, self._state_names_of(p, group)
            counters = {name: float(state.get(name, self._start_of(name, group))) for name in self._counters}
            fresh = {name: self._make_state(name, p.detach(), group) for name in names if state.get(name) is None}
            key = (names, *counters.values(), bool(fresh) and self._first_apart)
            if key not in runs:
                runs[key] = StepRun(self, names, counters)
            runs[key].add(p, place, {**state, **fresh}, fresh)
        return [run.seal() for run in runs.values()]

    def _take(self, plans):
        """Takes the step of all groups, or none of it: plans holds (key, group's number, runs, gradients)."""
        calls = []
        for _, number, runs, grads in plans:
            if len(runs) == 1:
                calls.append((number, runs[0], grads))
            else:
                calls.extend((number, run, [grads[i] for i in run.places]) for run in runs)
        if _C._is_tracing():
            _jit_state.touch(self)
            self._refuse_if_made_in_trace()
            for number, run, grads in calls:
                self._trace(number, run, grads)
            return
        try:
            self._take_calls(calls)
        except BaseException:
            for key, _, runs, _ in plans:
                if any(run.fresh for run in runs):
                    self._plans.pop(key, None)  # with the state that no parameter has got
            raise
        for number, run, _ in calls:
            count_step(functools.partial(self._advance, number, run))
        if self._first_apart:
            for key, _, runs, _ in plans:
                if len(runs) > 1:
                    self._plans.pop(key, None)  # from now on they can go together

    def _take_calls(self, calls):
        """Takes the steps of runs, or none of them: calls holds (group's number, run, gradients)."""

        def call(function, number, run, grads):
            return function(self._rule, run.params, grads, run.columns, self._numbers_ahead(number, run))

        if len(calls) == 1:
            call(_C._optimizer_step, *calls[0])
        else:
            _C._run_steps([call(_C._prepare_step, *one) for one in calls])

    def _record(self, number, run, grads, cell):
        """Records the step of a run while weft.jit traces; cell has its numbers."""
        _C._trace_step(self._rule, run.params, grads, run.columns, cell)

    def _trace(self, number, run, grads):
        """Records the step of a run for weft.jit."""
        this, names = weakref.ref(self), self._state_names(self.param_groups[number])

        def still_right():
            optimizer = this()
            if optimizer is None or not run.is_current(optimizer.state):
                return False
            return optimizer._state_names(optimizer.param_groups[number]) == names

        record = functools.partial(self._record, number, run, grads)
        numbers = functools.partial(self._numbers_ahead, number, run)
        run.trace(record, numbers, functools.partial(self._advance, number, run), still_right)

    def _numbers_ahead(self, number, run, ahead=0):
        """The numbers of the step that a run takes after the next ``ahead`` ones."""
        group, counters = self.param_groups[number], run.counters
        for _ in range(ahead):
            counters = self._count(group, counters)
        return [float(x) for x in self._numbers(group, counters, bool(run.fresh) and not ahead)]

    def _advance(self, number, run):
        run.advance(self._count(self.param_groups[number], run.counters))

    def _take_differentiable(self, group):
        """The step as a composite of ops: parameters change in place, their state is replaced."""
        for name, value in group.items():
            if isinstance(value, weft.Tensor) and value.requires_grad:
                raise ValueError(
                    f"{type(self).__name__}: differentiable=True follows gradients and parameters; {name} requires "
                    "grad too, for which there is no gradient"
                )
        params = [p for p in group["params"] if p.grad is not None]
        for run in self._make_runs(params, group):
            grads = [params[i].grad for i in run.places]
            counters = self._count(group, run.counters)
            numbers = [float(x) for x in self._numbers(group, run.counters, bool(run.fresh))]
            after, *states = _C._differentiable_step(self._rule, run.params, grads, run.columns, numbers)
            for i, p in enumerate(run.params):
                p.copy_(after[i])
                self.state[p].update({name: column[i] for name, column in zip(run.names, states)}, **counters)


def moment_numbers(group: dict[str, Any], counters: dict[str, float]) -> tuple[Any, ...]:
    """The numbers that the rules of Adam and its descendants begin with."""
    return (
        counters["step"] + 1,
        group["lr"],
        *group["betas"],
        group["eps"],
        group["weight_decay"],
        bool(group["decoupled_weight_decay"]),
        bool(group["maximize"]),
    )
