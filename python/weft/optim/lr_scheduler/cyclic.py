"""Schedules that go up and down: one cycle, many cycles, warm restarts."""

from __future__ import annotations

import math

from weft import _C
from weft.optim.lr_scheduler.base import LRScheduler, check_optimizer, own, per_group

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal

    from weft import Tensor
    from weft.optim.optimizer import Optimizer


def _cycles_momentum(scheduler, optimizer):
    """Which option of the groups is the momentum: "momentum" or "betas"; ValueError if there is none."""
    for name in ("betas", "momentum"):
        if name in optimizer.defaults:
            return name
    raise ValueError(f"{type(scheduler).__name__}: cycle_momentum needs an optimizer with momentum or betas")


def _set_momentum(group, name, value):
    group[name] = (value, *group["betas"][1:]) if name == "betas" else value


class OneCycleLR(LRScheduler):
    """One rise to max_lr and a fall far below the start, step by step of total_steps; Smith and Topin, 2017.

    The rate begins at max_lr / div_factor and ends at that / final_div_factor. Momentum goes the other way. Call
    ``step()`` after every batch; give total_steps, or epochs and steps_per_epoch.

    Args:
        optimizer: whose groups' "lr", and "momentum" or "betas", are set.
        max_lr: the highest rate, a number or one for each parameter group.
        pct_start: the share of the steps that the rise takes, from 0 to 1.
        anneal_strategy: "cos" or "linear", the form of rise and fall.
        cycle_momentum: change the momentum between max_momentum and base_momentum.
        three_phase: fall back to the first rate as quickly as it rose, and then to the last one.
        last_epoch: the step to resume at; -1 begins anew.

    Raises:
        ValueError: an option is out of range, or a step is taken beyond the last one.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=0.1, momentum=0.9)
    >>> scheduler = weft.optim.lr_scheduler.OneCycleLR(opt, max_lr=1.0, total_steps=10)
    >>> round(scheduler.get_last_lr()[0], 4)
    0.04
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(self, optimizer)
        for name, value in (("epochs", epochs), ("steps_per_epoch", steps_per_epoch)):
            if value is not None and (not isinstance(value, int) or value <= 0):
                raise ValueError(f"OneCycleLR: {name} must be a positive int or None, got {value!r}")
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: give total_steps, or both epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        if not isinstance(total_steps, int) or total_steps <= 0:
            raise ValueError(f"OneCycleLR: the number of steps must be a positive int, got {total_steps}")
        if not isinstance(pct_start, (int, float)) or not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start must be between 0 and 1, got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
        self.total_steps: int = total_steps
        self.anneal_strategy: str = anneal_strategy
        self.cycle_momentum: bool = cycle_momentum
        self._phases = _one_cycle_phases(total_steps, pct_start, three_phase)
        max_lrs = per_group(self, optimizer, "max_lr", max_lr)
        if last_epoch == -1:
            for group, highest in zip(optimizer.param_groups, max_lrs):
                group["initial_lr"] = highest / div_factor
                group["max_lr"] = highest
                group["min_lr"] = group["initial_lr"] / final_div_factor
        if cycle_momentum:
            self._momentum = _cycles_momentum(self, optimizer)
            lowest = per_group(self, optimizer, "base_momentum", base_momentum)
            highest = per_group(self, optimizer, "max_momentum", max_momentum)
            if last_epoch == -1:
                for group, low, high in zip(optimizer.param_groups, lowest, highest):
                    group["base_momentum"], group["max_momentum"] = low, high
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        """The rate of each group at ``self.last_epoch``; sets the momentum too. ValueError beyond the last step.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=0.1, momentum=0.9)
        >>> weft.optim.lr_scheduler.OneCycleLR(opt, max_lr=2.0, total_steps=10, div_factor=4.0).get_lr()
        [0.5]
        """
        if self.last_epoch > self.total_steps:
            raise ValueError(f"OneCycleLR: it was made for {self.total_steps} steps, this is one more")
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._at(group, 0))
            if self.cycle_momentum:
                _set_momentum(group, self._momentum, self._at(group, 1))
        return rates

    def _at(self, group, which):
        begin = 0.0
        for end, *changes in self._phases:
            if self.last_epoch <= end or end == self._phases[-1][0]:
                first, last = (group[name] for name in changes[which])
                return self._between(first, last, (self.last_epoch - begin) / (end - begin) if end != begin else 1.0)
            begin = end
        raise AssertionError("unreachable: the last phase takes every step")

    def _between(self, first, last, share):
        if self.anneal_strategy == "linear":
            return first + (last - first) * share
        return last + (first - last) / 2 * (1 + math.cos(math.pi * share))


def _one_cycle_phases(total_steps, pct_start, three_phase):
    """(last step, what the rate goes from and to, what the momentum goes from and to) for each phase."""
    up = (float(pct_start * total_steps) - 1, ("initial_lr", "max_lr"), ("max_momentum", "base_momentum"))
    if not three_phase:
        return [up, (total_steps - 1, ("max_lr", "min_lr"), ("base_momentum", "max_momentum"))]
    return [
        up,
        (float(2 * pct_start * total_steps) - 2, ("max_lr", "initial_lr"), ("base_momentum", "max_momentum")),
        (total_steps - 1, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum")),
    ]


class CyclicLR(LRScheduler):
    """The rate goes between base_lr and max_lr and back, again and again; Smith, 2017. Momentum the other way.

    Args:
        optimizer: whose groups' "lr", and "momentum" or "betas", are set.
        base_lr, max_lr: the lowest and highest rate, numbers or one for each parameter group.
        step_size_up, step_size_down: steps of the rise and of the fall, by default as many.
        mode: "triangular", "triangular2" (half the height each cycle) or "exp_range" (height ``gamma**steps``).
        scale_fn: gives the height instead of mode, by the number of the cycle (from 1) or, with scale_mode
            "iterations", of the step.
        cycle_momentum: change the momentum between base_momentum and max_momentum.
        last_epoch: the step to resume at; -1 begins anew.

    Raises:
        ValueError: unknown mode or scale_mode, or cycle_momentum for an optimizer without momentum.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=0.1, momentum=0.9)
    >>> scheduler = weft.optim.lr_scheduler.CyclicLR(opt, base_lr=0.0, max_lr=1.0, step_size_up=4)
    >>> opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | Sequence[float],
        max_lr: float | Sequence[float],
        step_size_up: float = 2000,
        step_size_down: float | None = None,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[int], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.8,
        max_momentum: float | Sequence[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(self, optimizer)
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(f"CyclicLR: mode must be 'triangular', 'triangular2' or 'exp_range', got {mode!r}")
        base_lrs = per_group(self, optimizer, "base_lr", base_lr)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, base_lrs):
                group["lr"], group["initial_lr"] = own(rate), rate
        self.max_lrs: list[float] = per_group(self, optimizer, "max_lr", max_lr)
        down = float(step_size_up if step_size_down is None else step_size_down)
        self.total_size: float = float(step_size_up) + down
        self.step_ratio: float = float(step_size_up) / self.total_size
        self.mode: str = mode
        self.gamma: float = gamma
        self.scale_fn: Callable[[int], float] | None = scale_fn
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(f"CyclicLR: scale_mode must be 'cycle' or 'iterations', got {scale_mode!r}")
        self.scale_mode: str = scale_mode
        self.cycle_momentum: bool = cycle_momentum
        if cycle_momentum:
            self._momentum = _cycles_momentum(self, optimizer)
            self.base_momentums: list[float] = per_group(self, optimizer, "base_momentum", base_momentum)
            self.max_momentums: list[float] = per_group(self, optimizer, "max_momentum", max_momentum)
            if last_epoch == -1:
                for group, low, high in zip(optimizer.param_groups, self.base_momentums, self.max_momentums):
                    group["base_momentum"], group["max_momentum"] = own(low), own(high)
        super().__init__(optimizer, last_epoch)

    def _scale(self, cycle):
        if self.scale_fn is not None:
            return self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.mode == "triangular2":
            return 1 / 2.0 ** (cycle - 1)
        return self.gamma**self.last_epoch if self.mode == "exp_range" else 1.0

    def get_lr(self) -> list[float | Tensor]:
        """The rate of each group at ``self.last_epoch``; sets the momentum too.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=0.1, momentum=0.9)
        >>> weft.optim.lr_scheduler.CyclicLR(opt, base_lr=0.5, max_lr=1.0).get_lr()
        [0.5]
        """
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height *= self._scale(cycle)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums):
                _set_momentum(group, self._momentum, high - (high - low) * height)
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs)]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine down to eta_min over T_0 epochs, then from the top again, T_mult times longer each time.

    ``eta_min + (base - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2``; Loshchilov and Hutter, 2017.

    Args:
        optimizer: whose groups' "lr" is set.
        T_0: epochs of the first descent.
        T_mult: how many times longer each descent is than the one before.
        eta_min: the lowest rate.
        last_epoch: the epoch to resume at; -1 begins anew.

    Raises:
        ValueError: T_0 is no positive int, or T_mult no int of at least 1.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = weft.optim.lr_scheduler.CosineAnnealingWarmRestarts(opt, T_0=2)
    >>> opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    last_epoch: int
    T_cur: float
    T_i: int

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ValueError(f"CosineAnnealingWarmRestarts: T_0 must be a positive int, got {T_0!r}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError(f"CosineAnnealingWarmRestarts: T_mult must be an int of at least 1, got {T_mult!r}")
        self.T_0: int = T_0
        self.T_mult: int = T_mult
        self.eta_min: float = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        """The rate of each group at ``self.T_cur`` epochs after the last restart.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> weft.optim.lr_scheduler.CosineAnnealingWarmRestarts(opt, T_0=2).get_lr()
        [1.0]
        """
        share = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * share for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Goes on to the next epoch, or to the given one, and sets the learning rates.

        Args:
            epoch: may be a fraction, such as ``epoch + batch / batches``; must not be negative (ValueError).

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> scheduler = weft.optim.lr_scheduler.CosineAnnealingWarmRestarts(opt, T_0=1)
        >>> opt.step(); scheduler.step(2.5)
        >>> scheduler.get_last_lr()
        [0.5]
        """
        _C._refuse_while_tracing("lr_scheduler.step")
        epoch = self.last_epoch + 1 if epoch is None else epoch
        if epoch < 0:
            raise ValueError(f"CosineAnnealingWarmRestarts: epoch must not be negative, got {epoch}")
        self.T_cur, self.T_i = float(epoch) if isinstance(epoch, float) else epoch, self.T_0
        if self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
        self.last_epoch = math.floor(epoch)
        self._set(self.get_lr())

    def _go_to(self, epoch):
        self.step(epoch)
