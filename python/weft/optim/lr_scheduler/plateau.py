"""ReduceLROnPlateau: lowers the learning rate when a figure stops getting better."""

import math

from weft import _C
from weft._checks import check_numbers
from weft.optim.lr_scheduler.base import LRScheduler, check_optimizer, own, per_group


class ReduceLROnPlateau(LRScheduler):
    """Multiplies the rate by factor when the figure given to ``step`` was not better for more than patience epochs.

    mode 'min' takes lower as better, 'max' higher. Better means by more than threshold, relative ('rel') or absolute
    ('abs'). After a change, cooldown epochs do not count. The rate stays at least min_lr.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = weft.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0)
    >>> for loss in (3.0, 2.0, 2.0):
    ...     opt.step(); scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.1]
    """

    def __init__(
        self,
        optimizer,
        mode="min",
        factor=0.1,
        patience=10,
        threshold=1e-4,
        threshold_mode="rel",
        cooldown=0,
        min_lr=0,
        eps=1e-8,
    ):
        check_optimizer(self, optimizer)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau: factor must be below 1, got {factor}")
        if mode not in ("min", "max"):
            raise ValueError(f"ReduceLROnPlateau: mode must be 'min' or 'max', got {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"ReduceLROnPlateau: threshold_mode must be 'rel' or 'abs', got {threshold_mode!r}")
        self.optimizer = optimizer
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self._one_min_lr = None if isinstance(min_lr, (list, tuple)) else own(min_lr)
        self.min_lrs = per_group(self, optimizer, "min_lr", min_lr)
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = self._rates()
        self._reset()

    def _reset(self):
        self.best = math.inf if self.mode == "min" else -math.inf
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def is_better(self, a, best):
        """Whether a is better than best by more than the threshold."""
        gain = best - a if self.mode == "min" else a - best
        needed = self.threshold * best if self.threshold_mode == "rel" else self.threshold
        if math.isinf(best):
            return gain > 0
        return gain > needed

    def step(self, metrics, epoch=None):
        """Takes the figure of another epoch, and lowers the learning rates if it is time."""
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
