"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

import bisect
import re
import warnings

from weft import _C
from weft._checks import check_entries, check_mapping
from weft.optim.lr_scheduler.base import EPOCH_DEPRECATION_WARNING, ORDER_WARNING, LRScheduler, check_optimizer, own

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, SupportsIndex

    from weft.optim.optimizer import Optimizer


def _check_members(scheduler, optimizer, members):
    if not members:
        raise ValueError(f"{type(scheduler).__name__}: expected at least one scheduler")
    for i, member in enumerate(members):
        if getattr(member, "optimizer", None) is not optimizer or optimizer is None:
            raise ValueError(f"{type(scheduler).__name__}: scheduler {i} belongs to another optimizer, or is none")


def _start_again(scheduler, *epoch):
    """Its step, which a member may have overridden, without the warnings that are meant for users."""
    with warnings.catch_warnings():
        for message in (EPOCH_DEPRECATION_WARNING, ORDER_WARNING):
            warnings.filterwarnings("ignore", re.escape(message), UserWarning)
        scheduler.step(*epoch)


class _Combined(LRScheduler):
    def _take_back_first(self):
        for scheduler in self._schedulers:
            scheduler._take_back_first()

    def state_dict(self) -> dict[str, Any]:
        """The state of the schedule, and of each of those it is made of.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> part = weft.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)
        >>> weft.optim.lr_scheduler.ChainedScheduler([part]).state_dict()["_schedulers"][0]["gamma"]
        0.5
        """
        state = {key: value for key, value in self.__dict__.items() if key not in ("optimizer", "_schedulers")}
        state["_schedulers"] = [scheduler.state_dict() for scheduler in self._schedulers]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what :meth:`state_dict` gave, for the members too. TypeError, ValueError for what is no such dict.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> part = weft.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)
        >>> scheduler = weft.optim.lr_scheduler.ChainedScheduler([part])
        >>> scheduler.load_state_dict(scheduler.state_dict())
        """
        check_mapping("load_state_dict", state_dict=state_dict)
        check_entries("load_state_dict: the state dict", state_dict, "_schedulers")
        self.__dict__.update({key: value for key, value in state_dict.items() if key != "_schedulers"})
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"]):
            scheduler.load_state_dict(state)


class SequentialLR(_Combined):
    """One schedule after the other: the next one takes over at each milestone.

    Args:
        optimizer: that of all the schedulers.
        schedulers: what follows one another; each begins at its epoch 0 when it takes over.
        milestones: the epochs at which the second, third, ... scheduler takes over, ascending.
        last_epoch: the epoch to resume at; -1 begins anew.

    Raises:
        ValueError: there are no schedulers, they belong to another optimizer, or milestones is not one shorter.

    >>> import weft
    >>> from weft.optim.lr_scheduler import ConstantLR, ExponentialLR, SequentialLR
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> parts = [ConstantLR(opt, factor=0.5, total_iters=9), ExponentialLR(opt, gamma=0.5)]
    >>> scheduler = SequentialLR(opt, parts, milestones=[1])
    >>> opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: SupportsIndex = -1,
    ) -> None:
        check_optimizer(self, optimizer)
        _check_members(self, optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(schedulers)} schedulers need {len(schedulers) - 1} milestones, "
                f"got {len(milestones)}"
            )
        self.optimizer: Optimizer = optimizer
        self._schedulers = list(schedulers)
        self._milestones = list(milestones)
        self.last_epoch: int = last_epoch + 1
        # Each scheduler has taken its first step already; only the first one's shall count
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for scheduler in self._schedulers:
            scheduler._take_back_first()
        _start_again(self._schedulers[0])
        self._last_lr = self._schedulers[0].get_last_lr()

    def step(self) -> None:
        """Goes on to the next epoch and sets the learning rates.

        >>> import weft
        >>> from weft.optim.lr_scheduler import ConstantLR, SequentialLR
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> scheduler = SequentialLR(opt, [ConstantLR(opt, 0.5), ConstantLR(opt, 0.25)], milestones=[1])
        >>> opt.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
        """
        _C._refuse_while_tracing("lr_scheduler.step")
        self.last_epoch += 1
        number = bisect.bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[number]
        if number > 0 and self._milestones[number - 1] == self.last_epoch:
            _start_again(scheduler, 0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_Combined):
    """All schedules at once: each changes the rate that the one before has set.

    Args:
        schedulers: applied one after the other in every step.
        optimizer: that of all of them, which is known without saying.

    Raises:
        ValueError: there are no schedulers, or they belong to different optimizers.

    >>> import weft
    >>> from weft.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = ChainedScheduler([ConstantLR(opt, factor=0.5, total_iters=9), ExponentialLR(opt, gamma=0.5)])
    >>> opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, schedulers: Iterable[LRScheduler], optimizer: Optimizer | None = None) -> None:
        schedulers = list(schedulers)
        optimizer = optimizer or (getattr(schedulers[0], "optimizer", None) if schedulers else None)
        _check_members(self, optimizer, schedulers)
        self.optimizer: Optimizer = optimizer
        self._schedulers = schedulers
        self._last_lr = [own(group["lr"]) for group in optimizer.param_groups]

    def step(self) -> None:
        """Goes on to the next epoch and sets the learning rates.

        >>> import weft
        >>> from weft.optim.lr_scheduler import ChainedScheduler, ExponentialLR
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> scheduler = ChainedScheduler([ExponentialLR(opt, 0.5), ExponentialLR(opt, 0.5)])
        >>> opt.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
        """
        _C._refuse_while_tracing("lr_scheduler.step")
        self._go_to(None)

    def _go_to(self, epoch):
        for scheduler in self._schedulers:
            scheduler.step() if epoch is None else scheduler._go_to(epoch)
        self._last_lr = [own(group["lr"]) for group in self.optimizer.param_groups]
