"""L-BFGS."""

from __future__ import annotations

import copy
import math

import weft
from weft._checks import check_integers
from weft.optim.optimizer import Optimizer, check_option_types, check_range

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NamedTuple

    from weft import Tensor
    from weft.optim.optimizer import Params
else:
    from typing import NamedTuple


_SUFFICIENT = 1e-4  # of the decrease that the slope at the start promises
_FLATTER = 0.9  # the slope has to fall to this share
_MOST_TRIALS = 25


class _Trial(NamedTuple):
    """What is known of the objective along a direction, ``size`` from the start."""

    size: float
    loss: float
    gradient: Tensor
    slope: float


def _lowest_of_cubic(a: _Trial, b: _Trial, low: float, high: float) -> float:
    """Where the cubic with the values and slopes of both has its minimum, kept in [low, high]; else their middle.

    Nocedal and Wright, Numerical Optimization, equation (3.59).
    """
    if a.size > b.size:
        a, b = b, a
    width = b.size - a.size
    rise = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.size - b.size) if width else math.nan
    under_root = rise * rise - a.slope * b.slope
    if not under_root >= 0:
        return (low + high) / 2
    root = math.sqrt(under_root)
    bottom = b.slope - a.slope + 2 * root
    if bottom == 0:
        return (low + high) / 2
    return min(max(b.size - width * (b.slope + root - rise) / bottom, low), high)


class _LineSearch:
    """A step along a direction that meets the strong Wolfe conditions; Nocedal and Wright, algorithms 3.5 and 3.6.

    evaluate(size) gives (loss, flat gradient) that far from the start.
    """

    def __init__(self, evaluate: Callable[[float], tuple[float, Tensor]], direction: Tensor, start: _Trial) -> None:
        self._evaluate, self._direction, self._start = evaluate, direction, start
        self.evaluations = 0

    def _try(self, size: float) -> _Trial:
        loss, gradient = self._evaluate(size)
        self.evaluations += 1
        return _Trial(size, loss, gradient, float(gradient.dot(self._direction)))

    def _too_high(self, trial: _Trial) -> bool:
        return trial.loss > self._start.loss + _SUFFICIENT * trial.size * self._start.slope

    def _flat(self, trial: _Trial) -> bool:
        return abs(trial.slope) <= -_FLATTER * self._start.slope

    def run(self, size: float, most: int, smallest_change: float) -> _Trial:
        """The trial to take; at most ``most`` are made after the first one."""
        before, now, made = self._start, self._try(size), 0
        while made < most:
            if self._too_high(now) or (made > 1 and now.loss >= before.loss):
                break
            if self._flat(now):
                return now
            if now.slope >= 0:
                break
            # Still falling: further out
            low, high = now.size + 0.01 * (now.size - before.size), 10 * now.size
            before, now = now, self._try(_lowest_of_cubic(before, now, low, high))
            made += 1
        else:
            before = self._start
        return self._zoom(before, now, made, most, smallest_change)

    def _zoom(self, a: _Trial, b: _Trial, made: int, most: int, smallest_change: float) -> _Trial:
        """A minimum lies between both: narrows that down."""
        best, other = (a, b) if a.loss <= b.loss else (b, a)
        longest = float(self._direction.abs().max())
        stuck = False
        while made < most and not abs(other.size - best.size) * longest < smallest_change:
            low, high = min(a.size, b.size), max(a.size, b.size)
            size = _lowest_of_cubic(a, b, low, high)
            # A trial near an end of the interval narrows it little: the second time, or at the very end, it is moved
            margin = 0.1 * (high - low)
            if min(high - size, size - low) < margin:
                if stuck or size >= high or size <= low:
                    size = high - margin if abs(size - high) < abs(size - low) else low + margin
                    stuck = False
                else:
                    stuck = True
            else:
                stuck = False
            now = self._try(size)
            made += 1
            if self._too_high(now) or now.loss >= best.loss:
                other = now
                if best.loss > other.loss:
                    best, other = other, best
            else:
                if self._flat(now):
                    return now
                if now.slope * (other.size - best.size) >= 0:
                    other = best
                best = now
            a, b = best, other
        return best


class LBFGS(Optimizer):
    """Limited-memory BFGS: steps by an estimate of the inverse Hessian that the last gradients give; Nocedal, 1980.

    Each call of :meth:`step` takes up to max_iter iterations, and calls the closure for each of them at least once. It
    keeps ``2 * history_size`` vectors with all parameters.

    Args:
        params: parameters or (name, parameter) pairs; one group only.
        lr: size of the steps, or of the first trial of a line search; 1 by default.
        max_iter: iterations of a step.
        max_eval: calls of the closure in a step; ``max_iter * 5 // 4`` by default.
        tolerance_grad: ends the step when no element of the gradient is larger.
        tolerance_change: ends the step when parameters or loss change less.
        history_size: number of updates that are kept.
        line_search_fn: None, or "strong_wolfe".

    Raises:
        ValueError: there is more than one group, or an option is out of range.
        TypeError: an option is no number.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0, -2.0]))
    >>> opt = weft.optim.LBFGS([p], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     opt.zero_grad()
    ...     loss = ((p - weft.tensor([3.0, 5.0])) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> opt.step(closure).item(), weft.allclose(p, weft.tensor([3.0, 5.0]), atol=1e-4)
    (53.0, True)
    """

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_integers("LBFGS", max_iter=max_iter)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds the group of parameters; there can be one only.

        Raises:
            ValueError: there is one already.

        >>> import weft
        >>> opt = weft.optim.LBFGS([weft.nn.Parameter(weft.ones(2))])
        >>> opt.add_param_group({"params": [weft.nn.Parameter(weft.ones(2))]})
        Traceback (most recent call last):
        ValueError: LBFGS takes one group of parameters only
        """
        if self.param_groups:
            raise ValueError("LBFGS takes one group of parameters only")
        super().add_param_group(param_group)

    def _check_options(self, group: dict[str, Any]) -> None:
        numbers = ("lr", "tolerance_grad", "tolerance_change")
        check_option_types("LBFGS", group, (), numbers)
        check_integers("LBFGS", **{name: group[name] for name in ("max_iter", "max_eval", "history_size")})
        for name in (*numbers, "max_iter", "max_eval"):
            check_range("LBFGS", name, group[name], 0)
        check_range("LBFGS", "history_size", group["history_size"], 1)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(
                f"LBFGS: line_search_fn must be None or 'strong_wolfe', got {group['line_search_fn']!r:.60}"
            )

    def _load_parameter_state(self, key, parameter, values):
        return copy.deepcopy(values)  # of all parameters together, kept as that of the first one

    @property
    def _params(self):
        return self.param_groups[0]["params"]

    @staticmethod
    def _flat(tensor):
        return (weft.view_as_real(tensor) if tensor.is_complex() else tensor).reshape(-1)

    def _gradient(self):
        grads = [weft.zeros_like(p) if p.grad is None else p.grad for p in self._params]
        return weft.cat([self._flat(grad) for grad in grads])

    def _move(self, direction, size):
        """Parameters that much further in a direction."""
        offset = 0
        for p in self._params:
            real = weft.view_as_real(p) if p.is_complex() else p
            count = real.numel()
            real.add_(direction[offset : offset + count].view(real.shape), alpha=size)
            offset += count

    @staticmethod
    def _direction(state, gradient, history_size):
        """The next direction; takes the last step into the history."""
        change, step = gradient - state["prev_flat_grad"], state["d"] * state["t"]
        changes, steps, inverses = state["old_dirs"], state["old_stps"], state["ro"]
        curvature = change.dot(step)  # numbers stay tensors, in the parameters' dtype and on their device
        if curvature > 1e-10:
            if len(changes) == history_size:
                for kept in (changes, steps, inverses):
                    del kept[0]
            changes.append(change)
            steps.append(step)
            inverses.append(1 / curvature)
            state["H_diag"] = curvature / change.dot(change)
        # The two loops of Nocedal and Wright, algorithm 7.4
        direction, shares = -gradient, []
        for change, step, inverse in zip(reversed(changes), reversed(steps), reversed(inverses)):
            shares.append(step.dot(direction) * inverse)
            direction.sub_(change * shares[-1])
        direction.mul_(state["H_diag"])
        for change, step, inverse, share in zip(changes, steps, inverses, reversed(shares)):
            direction.add_(step * (share - change.dot(direction) * inverse))
        return direction

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Takes up to max_iter iterations; returns the loss at the start.

        Args:
            closure: a function that computes the loss and its gradients anew and returns the loss; required.

        Raises:
            TypeError: there is no closure.

        >>> import weft
        >>> p = weft.nn.Parameter(weft.tensor([4.0]))
        >>> opt = weft.optim.LBFGS([p])
        >>> def closure():
        ...     opt.zero_grad()
        ...     loss = (p * p).sum()
        ...     loss.backward()
        ...     return loss
        >>> opt.step(closure).item(), abs(p.item()) < 1e-3
        (16.0, True)
        """
        if closure is None:
            raise TypeError("LBFGS.step: needs a closure that computes the loss and its gradients anew")

        def evaluate():
            with weft.enable_grad():
                return closure()

        with weft.no_grad():
            return self._iterate(evaluate)

    def _iterate(self, evaluate):
        group, state = self.param_groups[0], self.state[self._params[0]]
        lr, searches = float(group["lr"]), group["line_search_fn"] is not None
        for name in ("func_evals", "n_iter"):
            state.setdefault(name, 0)
        first_loss = evaluate()
        loss, gradient, evaluations = float(first_loss), self._gradient(), 1
        done = float(gradient.abs().max()) <= group["tolerance_grad"] if gradient.numel() else True
        for iteration in range(1, group["max_iter"] + 1):
            if done:
                break
            state["n_iter"] += 1
            if state["n_iter"] == 1 or "d" not in state:
                direction, size = -gradient, float((1.0 / gradient.abs().sum()).clamp(max=1.0)) * lr
                state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            else:
                direction, size = self._direction(state, gradient, group["history_size"]), lr
            before = loss
            slope = float(gradient.dot(direction))
            state.update(d=direction, t=size, prev_flat_grad=gradient.clone(), prev_loss=loss)
            if slope > -group["tolerance_change"]:
                break
            if searches:
                search = _LineSearch(
                    self._evaluate_along(evaluate, direction), direction, _Trial(0, loss, gradient, slope)
                )
                most = min(_MOST_TRIALS, group["max_eval"] - evaluations)
                size, loss, gradient, _ = search.run(size, most, group["tolerance_change"])
                self._move(direction, size)
                evaluations += search.evaluations
            else:
                self._move(direction, size)
                if iteration != group["max_iter"]:  # nobody would use the last one
                    loss, evaluations = float(evaluate()), evaluations + 1
                    gradient = self._gradient()
            state["t"] = size
            done = (
                evaluations >= group["max_eval"]
                or float(gradient.abs().max()) <= group["tolerance_grad"]
                or float((direction * size).abs().max()) <= group["tolerance_change"]
                or abs(loss - before) < group["tolerance_change"]
            )
        state["func_evals"] += evaluations
        return first_loss

    def _evaluate_along(self, evaluate, direction):
        """A function of how far to go from here; afterwards the parameters are where they were."""
        start = [p.detach().clone() for p in self._params]

        def at(size):
            try:
                self._move(direction, size)
                loss = float(evaluate())
                return loss, self._gradient()
            finally:
                for p, value in zip(self._params, start):
                    p.copy_(value)

        return at
