"""Schedules that multiply the learning rate by a factor of the epoch."""

from __future__ import annotations

import bisect
import math

from weft._checks import check_callables, check_entries, check_mapping, check_numbers
from weft.optim.lr_scheduler.base import LRScheduler, is_function, per_group

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Optimizer


class _Factor(LRScheduler):
    """The rate is base * factor(epoch). Applied as a ratio to the current rate, so that schedules can be combined."""

    def factor(self, epoch: int) -> float:
        """The rate at an epoch as a share of the base rate."""
        raise NotImplementedError

    def get_lr(self) -> list[float | Tensor]:
        """The rate of each group at ``self.last_epoch``: the one it has, times the ratio of the factors.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> weft.optim.lr_scheduler.StepLR(opt, step_size=2).get_lr()
        [1.0]
        """
        now = self.factor(self.last_epoch)
        if self.last_epoch == 0:
            return [rate * now for rate in self._rates()]
        before = self.factor(self.last_epoch - 1)
        ratio = now / before if before != 0 else 1.0
        return [rate * ratio for rate in self._rates()]

    def _closed_form(self):
        return [base * self.factor(self.last_epoch) for base in self.base_lrs]


class StepLR(_Factor):
    """Multiplies the rate by gamma every step_size epochs.

    ``base * gamma ** (epoch // step_size)``.

    Args:
        optimizer: whose groups' "lr" is set.
        step_size: epochs between two changes.
        gamma: the factor, 0.1 by default.
        last_epoch: the epoch to resume at; -1 begins anew.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = weft.optim.lr_scheduler.StepLR(opt, step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: float, gamma: float = 0.1, last_epoch: int = -1) -> None:
        check_numbers("StepLR", step_size=step_size, gamma=gamma)
        if not step_size > 0:
            raise ValueError(f"StepLR: step_size must be positive, got {step_size}")
        self.step_size: float = step_size
        self.gamma: float = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """The rate at an epoch as a share of the base rate.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))])
        >>> weft.optim.lr_scheduler.StepLR(opt, step_size=2, gamma=0.5).factor(4)
        0.25
        """
        return self.gamma ** (epoch // self.step_size)


class MultiStepLR(_Factor):
    """Multiplies the rate by gamma at each of the milestones.

    Args:
        optimizer: whose groups' "lr" is set.
        milestones: epochs, in any order; one that occurs twice counts twice.
        gamma: the factor, 0.1 by default.
        last_epoch: the epoch to resume at; -1 begins anew.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = weft.optim.lr_scheduler.MultiStepLR(opt, milestones=[1, 3], gamma=0.5)
    >>> for _ in range(3):
    ...     opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        if not hasattr(milestones, "__iter__"):
            raise TypeError(f"MultiStepLR: expected numbers as milestones, got {type(milestones).__name__}")
        check_numbers("MultiStepLR", gamma=gamma)
        self.milestones: list[int] = sorted(milestones)
        self.gamma: float = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """The rate at an epoch as a share of the base rate.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))])
        >>> weft.optim.lr_scheduler.MultiStepLR(opt, milestones=[1, 3], gamma=0.5).factor(2)
        0.5
        """
        return self.gamma ** bisect.bisect_right(self.milestones, epoch)


class ConstantLR(_Factor):
    """Multiplies the rate by factor for the first total_iters epochs; for all if total_iters is 0.

    Args:
        optimizer: whose groups' "lr" is set.
        factor: from 0 to 1, a third by default; else ValueError.
        total_iters: epochs with the factor, 5 by default.
        last_epoch: the epoch to resume at; -1 begins anew.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = weft.optim.lr_scheduler.ConstantLR(opt, factor=0.5, total_iters=2)
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: float = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(f"ConstantLR: factor must be between 0 and 1, got {factor}")
        self.first_factor: float = factor
        self.total_iters: float = total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """The rate at an epoch as a share of the base rate.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))])
        >>> weft.optim.lr_scheduler.ConstantLR(opt, factor=0.5, total_iters=2).factor(2)
        1.0
        """
        return self.first_factor if epoch < self.total_iters or self.total_iters <= 0 else 1.0

    def get_lr(self) -> list[float | Tensor]:
        """The rate of each group at ``self.last_epoch``.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> weft.optim.lr_scheduler.ConstantLR(opt, total_iters=0, factor=1.0).get_lr()
        [1.0]
        """
        if self.first_factor == 0 and self.last_epoch == self.total_iters > 0:
            return list(self.base_lrs)
        return super().get_lr()


class LinearLR(_Factor):
    """Moves the factor evenly from start_factor to end_factor over total_iters epochs; stays if these are 0.

    Args:
        optimizer: whose groups' "lr" is set.
        start_factor: above 0 and at most 1, a third by default.
        end_factor: from 0 to 1.
        total_iters: epochs from one to the other, 5 by default.
        last_epoch: the epoch to resume at; -1 begins anew.

    Raises:
        ValueError: a factor is out of range.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = weft.optim.lr_scheduler.LinearLR(opt, start_factor=0.5, total_iters=2)
    >>> opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: float = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"LinearLR: start_factor must be above 0 and at most 1, got {start_factor}")
        if total_iters is None:
            raise TypeError("LinearLR: total_iters must be a number of epochs, got None")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor must be between 0 and 1, got {end_factor}")
        self.start_factor: float = start_factor
        self.end_factor: float = end_factor
        self.total_iters: float = total_iters
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """The rate at an epoch as a share of the base rate.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))])
        >>> weft.optim.lr_scheduler.LinearLR(opt, start_factor=0.5, total_iters=4).factor(2)
        0.75
        """
        done = min(epoch, self.total_iters) / self.total_iters if self.total_iters > 0 else 0.0
        return self.start_factor + (self.end_factor - self.start_factor) * done


class ExponentialLR(_Factor):
    """Multiplies the rate by gamma every epoch.

    ``base * gamma ** epoch``.

    Args:
        optimizer: whose groups' "lr" is set.
        gamma: the factor.
        last_epoch: the epoch to resume at; -1 begins anew.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = weft.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)
    >>> opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        check_numbers("ExponentialLR", gamma=gamma)
        self.gamma: float = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """The rate at an epoch as a share of the base rate.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))])
        >>> weft.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5).factor(2)
        0.25
        """
        return self.gamma**epoch


class PolynomialLR(_Factor):
    """The rate times ``(1 - epoch / total_iters) ** power``, zero after total_iters epochs; unchanged if total_iters is
    0.

    Args:
        optimizer: whose groups' "lr" is set.
        total_iters: epochs until the rate is zero, 5 by default.
        power: 1 falls evenly; must not be negative (ValueError).
        last_epoch: the epoch to resume at; -1 begins anew.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = weft.optim.lr_scheduler.PolynomialLR(opt, total_iters=4)
    >>> opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.75]
    """

    def __init__(self, optimizer: Optimizer, total_iters: float = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        if not power >= 0:
            raise ValueError(f"PolynomialLR: power must not be negative, got {power}")
        self.total_iters: float = total_iters
        self.power: float = power
        super().__init__(optimizer, last_epoch)

    def factor(self, epoch: int) -> float:
        """The rate at an epoch as a share of the base rate.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))])
        >>> weft.optim.lr_scheduler.PolynomialLR(opt, total_iters=4, power=2.0).factor(2)
        0.25
        """
        if self.total_iters <= 0:
            return 1.0
        return (1.0 - min(epoch, self.total_iters) / self.total_iters) ** self.power


class CosineAnnealingLR(LRScheduler):
    """Moves the rate to eta_min along half a cosine over T_max epochs, and back; Loshchilov and Hutter, 2017.

    ``eta_min + (base - eta_min) * (1 + cos(pi * epoch / T_max)) / 2``, applied as a ratio to the current rate.

    Args:
        optimizer: whose groups' "lr" is set.
        T_max: epochs from the base rate to the lowest.
        eta_min: the lowest rate.
        last_epoch: the epoch to resume at; -1 begins anew.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = weft.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=2)
    >>> opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, T_max: float, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        check_numbers("CosineAnnealingLR", T_max=T_max, eta_min=eta_min)
        if T_max == 0:
            raise ValueError("CosineAnnealingLR: T_max must not be 0")
        self.T_max: float = T_max
        self.eta_min: float = eta_min
        super().__init__(optimizer, last_epoch)

    def _share(self, epoch):
        return (1 + math.cos(math.pi * epoch / self.T_max)) / 2

    def get_lr(self) -> list[float | Tensor]:
        """The rate of each group at ``self.last_epoch``.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> weft.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=2).get_lr()
        [1.0]
        """
        if self.last_epoch == 0:
            return self._rates()
        if self._step_count == 1:  # resumed: the optimizer may have its first rate, or the last one
            return self._closed_form()
        now, before = self._share(self.last_epoch), self._share(self.last_epoch - 1)
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # it was at the bottom
            return [rate + (base - self.eta_min) * now for rate, base in zip(self._rates(), self.base_lrs)]
        return [self.eta_min + (rate - self.eta_min) * now / before for rate in self._rates()]

    def _closed_form(self):
        return [self.eta_min + (base - self.eta_min) * self._share(self.last_epoch) for base in self.base_lrs]


class LambdaLR(LRScheduler):
    """The rate is ``base * lr_lambda(epoch)``.

    Args:
        optimizer: whose groups' "lr" is set.
        lr_lambda: a function of the epoch, or a list of one for each parameter group (ValueError for another number).
        last_epoch: the epoch to resume at; -1 begins anew.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = weft.optim.lr_scheduler.LambdaLR(opt, lambda epoch: 1 / (1 + epoch))
    >>> opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        self.lr_lambdas: list[Callable[[int], float]] = per_group(self, optimizer, "lr_lambda", lr_lambda)
        for each in self.lr_lambdas:
            check_callables(type(self).__name__, lr_lambda=each)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        """The rate of each group at ``self.last_epoch``.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=2.0)
        >>> weft.optim.lr_scheduler.LambdaLR(opt, lambda epoch: 0.5).get_lr()
        [1.0]
        """
        return [base * function(self.last_epoch) for base, function in zip(self.base_lrs, self.lr_lambdas)]

    def state_dict(self) -> dict[str, Any]:
        """The state as a dict. Functions are left out; of callable objects the attributes are kept.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> weft.optim.lr_scheduler.LambdaLR(opt, lambda epoch: 0.5).state_dict()["lr_lambdas"]
        [None]
        """
        state = {key: value for key, value in self.__dict__.items() if key not in ("optimizer", "lr_lambdas")}
        state["lr_lambdas"] = [None if is_function(f) else dict(f.__dict__) for f in self.lr_lambdas]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what :meth:`state_dict` gave; the functions stay those given when the scheduler was made.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> scheduler = weft.optim.lr_scheduler.LambdaLR(opt, lambda epoch: 0.5)
        >>> scheduler.load_state_dict(scheduler.state_dict())
        """
        check_mapping("load_state_dict", state_dict=state_dict)
        check_entries("load_state_dict: the state dict", state_dict, "lr_lambdas")
        self.__dict__.update({key: value for key, value in state_dict.items() if key != "lr_lambdas"})
        for function, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"]):
            if attributes is not None:
                function.__dict__.update(attributes)


class MultiplicativeLR(LambdaLR):
    """Multiplies the rate by lr_lambda(epoch) every epoch.

    Args:
        optimizer: whose groups' "lr" is set.
        lr_lambda: a function of the epoch that gives the factor, or a list of one for each parameter group.
        last_epoch: the epoch to resume at; -1 begins anew.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = weft.optim.lr_scheduler.MultiplicativeLR(opt, lambda epoch: 0.5)
    >>> opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[float | Tensor]:
        """The rate of each group at ``self.last_epoch``: the one it has, times the factor.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=2.0)
        >>> weft.optim.lr_scheduler.MultiplicativeLR(opt, lambda epoch: 0.5).get_lr()
        [2.0]
        """
        if self.last_epoch == 0:
            return self._rates()
        return [rate * function(self.last_epoch) for rate, function in zip(self._rates(), self.lr_lambdas)]
