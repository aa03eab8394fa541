"""ReduceLROnPlateau: lowers the learning rate when a figure stops getting better."""

from __future__ import annotations

import math

from weft import _C
from weft._checks import check_numbers
from weft.optim.lr_scheduler.base import LRScheduler, check_optimizer, own, per_group

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, SupportsFloat

    from weft.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """Multiplies the rate by factor when the figure given to ``step`` was not better for more than patience epochs.

    Args:
        optimizer: whose groups' "lr" is set.
        mode: "min" takes lower figures as better, "max" higher ones.
        factor: below 1, 0.1 by default.
        patience: epochs without a better figure that are let pass, 10 by default.
        threshold: by how much a figure must be better, relative to the best one ("rel") or absolute ("abs").
        cooldown: epochs after a change that do not count.
        min_lr: the lowest rate, a number or one for each parameter group.
        eps: a smaller change of the rate is not made.

    Raises:
        ValueError: factor is not below 1, or mode or threshold_mode is unknown.
        TypeError: optimizer is no Optimizer.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = weft.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0)
    >>> for loss in (3.0, 2.0, 2.0):
    ...     opt.step(); scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.1]
    """

    best: float
    cooldown_counter: float
    num_bad_epochs: int

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: float = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: float = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        check_optimizer(self, optimizer)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, got {factor}")
        if mode not in ("min", "max"):
            raise ValueError(f"ReduceLROnPlateau: mode must be 'min' or 'max', got {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"ReduceLROnPlateau: threshold_mode must be 'rel' or 'abs', got {threshold_mode!r}")
        self.optimizer: Optimizer = optimizer
        self.mode: str = mode
        self.factor: float = factor
        self.patience: float = patience
        self.threshold: float = threshold
        self.threshold_mode: str = threshold_mode
        self.cooldown: float = cooldown
        self._one_min_lr = None if isinstance(min_lr, (list, tuple)) else own(min_lr)
        self.min_lrs: list[float] = per_group(self, optimizer, "min_lr", min_lr)
        self.eps: float = eps
        self.last_epoch: int = 0
        self._last_lr = self._rates()
        self._reset()

    def _reset(self):
        self.best = math.inf if self.mode == "min" else -math.inf
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def is_better(self, a: float, best: float) -> bool:
        """Whether a is better than best by more than the threshold.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> scheduler = weft.optim.lr_scheduler.ReduceLROnPlateau(opt, threshold=0.1)
        >>> scheduler.is_better(0.95, 1.0), scheduler.is_better(0.5, 1.0)
        (False, True)
        """
        gain = best - a if self.mode == "min" else a - best
        needed = self.threshold * best if self.threshold_mode == "rel" else self.threshold
        if math.isinf(best):
            return gain > 0
        return gain > needed

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:
        """Takes the figure of another epoch, and lowers the learning rates if it is time.

        Args:
            metrics: a number, or a tensor of one element, such as the loss on validation data.
            epoch: the number of the epoch, by default one more than the last.

        Raises RuntimeError where groups were added to the optimizer and min_lr is a list that lacks them.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> scheduler = weft.optim.lr_scheduler.ReduceLROnPlateau(opt, mode="max", patience=1)
        >>> scheduler.step(0.9)
        >>> scheduler.get_last_lr()
        [1.0]
        """
        _C._refuse_while_tracing("lr_scheduler.step")
        groups = len(self.optimizer.param_groups)
        if self._one_min_lr is not None:  # for groups that were added since, too
            self.min_lrs += [own(self._one_min_lr) for _ in range(groups - len(self.min_lrs))]
        if groups != len(self.min_lrs):
            raise RuntimeError(
                f"ReduceLROnPlateau: the optimizer has {groups} parameter groups, min_lr was given for "
                f"{len(self.min_lrs)}; append to scheduler.min_lrs when you add a group"
            )
        current = float(metrics)
        if epoch is not None:
            check_numbers("ReduceLROnPlateau.step", epoch=epoch)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if self.is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, lowest in zip(self.optimizer.param_groups, self.min_lrs):
                rate = max(group["lr"] * self.factor, lowest)
                if group["lr"] - rate > self.eps:
                    group["lr"] = rate
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._rates()
