"""LRScheduler: the base of the schedules."""

from __future__ import annotations

import functools
import operator
import warnings

from weft import _C
from weft._checks import check_mapping
from weft._keywords import NamesKeywords
from weft.optim.optimizer import Optimizer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from weft import Tensor

    _F = TypeVar("_F", bound=Callable[..., Any])
    _T = TypeVar("_T")


EPOCH_DEPRECATION_WARNING = (
    "lr_scheduler.step(epoch) is deprecated: call step() after each epoch, and give last_epoch to the constructor to "
    "resume a schedule"
)

ORDER_WARNING = (
    "lr_scheduler.step() before the first optimizer.step(): the first learning rate of the schedule is left out; call "
    "optimizer.step() first"
)


def own(value: _T) -> _T:
    """The value; of a tensor, which the caller may go on to change, a copy."""
    return value.detach().clone() if isinstance(value, _C.Tensor) else value


def _snapshot(scheduler):
    members = [_snapshot(member) for member in scheduler.__dict__.get("_schedulers", ())]
    return scheduler, dict(scheduler.__dict__), members


def _put_back(snapshot):
    scheduler, attributes, members = snapshot
    scheduler.__dict__.clear()
    scheduler.__dict__.update(attributes)
    for member in members:
        _put_back(member)


def all_or_nothing(step: _F) -> _F:
    """A step() after whose failure the schedule and the optimizer's groups are as they were."""

    @functools.wraps(step)
    def wrapped(self, *args, **kwargs):
        groups = self.optimizer.param_groups
        before, options = _snapshot(self), [dict(group) for group in groups]
        try:
            return step(self, *args, **kwargs)
        except BaseException:
            _put_back(before)
            for group, its_options in zip(groups, options):
                group.clear()
                group.update(its_options)
            raise

    return wrapped


class LRScheduler(NamesKeywords):
    """Base class: a subclass defines ``get_lr``, which gives the learning rate of each parameter group.

    It may use ``self.last_epoch`` (0 at first), ``self.base_lrs`` and the rates in the optimizer's groups. The first
    rates are set when the scheduler is made.

    Args:
        optimizer: whose groups' "lr" is set.
        last_epoch: the epoch to resume at; -1, the default, begins anew and takes the groups' "lr" as the base rates.

    Raises:
        TypeError: optimizer is no Optimizer.
        KeyError: to resume, a group needs an "initial_lr".

    >>> import weft
    >>> class Halve(weft.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [base / 2**self.last_epoch for base in self.base_lrs]
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
    >>> scheduler = Halve(opt)
    >>> opt.step(); scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    _step_count = 0  # steps since it was made

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = all_or_nothing(cls.__dict__["step"])

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(self, optimizer)
        last_epoch = operator.index(last_epoch)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", own(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: to resume at epoch {last_epoch}, group {i} needs an 'initial_lr'"
                )
        self.optimizer: Optimizer = optimizer
        self.base_lrs: list[float | Tensor] = [own(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch: int = last_epoch
        self.step()

    def get_lr(self) -> Sequence[float | Tensor]:
        """The learning rate of each parameter group at ``self.last_epoch``, which ``step`` sets.

        A chained schedule works on the rates in the groups, so this is to be called by ``step`` alone;
        ``get_last_lr()`` tells the rates. Raises NotImplementedError in the base class.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> weft.optim.lr_scheduler.LambdaLR(opt, lambda epoch: 0.5).get_lr()
        [0.5]
        """
        raise NotImplementedError(f"{type(self).__name__} does not define get_lr()")

    def _closed_form(self):
        """The same from self.base_lrs alone, for a jump to any epoch."""
        return self.get_lr()

    @all_or_nothing
    def step(self, epoch: int | None = None) -> None:
        """Goes on to the next epoch and sets the learning rates. After an error the schedule and the rates are as
        before. The first call warns where the optimizer has not taken a step yet.

        Args:
            epoch: deprecated; go to this epoch instead.

        Raises RuntimeError while a function is traced by :func:`weft.jit`.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> scheduler = weft.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)
        >>> opt.step(); scheduler.step()
        >>> opt.param_groups[0]["lr"]
        0.5
        """
        _C._refuse_while_tracing("lr_scheduler.step")
        if self._step_count == 1 and not self.optimizer._stepped:
            warnings.warn(ORDER_WARNING, UserWarning, stacklevel=3)
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=3)
        self._step_count += 1
        self._go_to(epoch)

    def _go_to(self, epoch):
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._set(self.get_lr() if epoch is None else self._closed_form())

    def _take_back_first(self):
        """Before another schedule takes this one's first step again."""
        self.last_epoch -= 1

    def _set(self, rates):
        for group, rate in zip(self.optimizer.param_groups, rates):
            group["lr"] = rate
        self._last_lr = [own(group["lr"]) for group in self.optimizer.param_groups]

    def get_last_lr(self) -> list[float | Tensor]:
        """The learning rates that were set last, one for each parameter group.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> weft.optim.lr_scheduler.ConstantLR(opt, factor=0.5).get_last_lr()
        [0.5]
        """
        return self._last_lr

    def _rates(self):
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and functions, as a dict.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> weft.optim.lr_scheduler.StepLR(opt, step_size=2).state_dict()["step_size"]
        2
        """
        return {key: value for key, value in self.__dict__.items() if key != "optimizer" and not is_function(value)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what :meth:`state_dict` gave; the optimizer's rates are in the optimizer's own state.

        Raises TypeError for what is no dict.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.zeros(1))], lr=1.0)
        >>> old = weft.optim.lr_scheduler.StepLR(opt, step_size=2)
        >>> opt.step(); old.step()
        >>> new = weft.optim.lr_scheduler.StepLR(opt, step_size=9)
        >>> new.load_state_dict(old.state_dict())
        >>> new.last_epoch, new.step_size
        (1, 2)
        """
        check_mapping("load_state_dict", state_dict=state_dict)
        self.__dict__.update(state_dict)


def is_function(value: object) -> bool:
    """Whether the value is a function, which cannot be saved, rather than an object with a state."""
    return callable(value) and not hasattr(value, "__dict__") or type(value).__name__ in ("function", "method")


def check_optimizer(scheduler: object, optimizer: object) -> None:
    """TypeError unless it is an Optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(scheduler).__name__}: expected an Optimizer, got {type(optimizer).__name__}")


def per_group(scheduler: object, optimizer: Optimizer, name: str, value: Any) -> list[Any]:
    """The value for each parameter group: a list of that length as it is, one number repeated; else ValueError."""
    check_optimizer(scheduler, optimizer)
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [own(value) for _ in range(groups)]
    if len(value) != groups:
        raise ValueError(f"{type(scheduler).__name__}: {name} has {len(value)} values for {groups} parameter groups")
    return [own(one) for one in value]
