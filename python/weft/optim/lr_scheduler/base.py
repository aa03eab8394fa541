"""LRScheduler: the base of the schedules."""

import functools
import operator
import warnings

from weft import _C
from weft._checks import check_mapping
from weft.optim.optimizer import Optimizer

EPOCH_DEPRECATION_WARNING = (
    "lr_scheduler.step(epoch) is deprecated: call step() after each epoch, and give last_epoch to the constructor to "
    "resume a schedule"
)


def own(value):
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


def all_or_nothing(step):
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


class LRScheduler:
    """Base class: a subclass defines ``get_lr``, a list with the learning rate of each parameter group.

    It may use ``self.last_epoch`` (0 at first), ``self.base_lrs`` and the rates in the optimizer's groups. The first
    rates are set when the scheduler is made.

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

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = all_or_nothing(cls.__dict__["step"])

    def __init__(self, optimizer, last_epoch=-1):
        check_optimizer(self, optimizer)
        last_epoch = operator.index(last_epoch)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", own(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: to resume at epoch {last_epoch}, group {i} needs an 'initial_lr'"
                )
        self.optimizer = optimizer
        self.base_lrs = [own(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.step()

    def get_lr(self):
        """The learning rate of each parameter group at self.last_epoch."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_lr()")

    def _closed_form(self):
        """The same from self.base_lrs alone, for a jump to any epoch."""
        return self.get_lr()

    @all_or_nothing
    def step(self, epoch=None):
        """Goes on to the next epoch, or to the given one, which is deprecated, and sets the learning rates."""
        _C._refuse_while_tracing("lr_scheduler.step")
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

    def get_last_lr(self):
        """The learning rates that were set last."""
        return self._last_lr

    def _rates(self):
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self):
        """Everything but the optimizer and functions, as a dict."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer" and not is_function(value)}

    def load_state_dict(self, state_dict):
        """Takes over what state_dict gave."""
        check_mapping("load_state_dict", state_dict=state_dict)
        self.__dict__.update(state_dict)


def is_function(value):
    """Whether the value is a function, which cannot be saved, rather than an object with a state."""
    return callable(value) and not hasattr(value, "__dict__") or type(value).__name__ in ("function", "method")


def check_optimizer(scheduler, optimizer):
    """TypeError unless it is an Optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(scheduler).__name__}: expected an Optimizer, got {type(optimizer).__name__}")


def per_group(scheduler, optimizer, name, value):
    """The value for each parameter group: a list of that length as it is, one number repeated; else ValueError."""
    check_optimizer(scheduler, optimizer)
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [own(value) for _ in range(groups)]
    if len(value) != groups:
        raise ValueError(f"{type(scheduler).__name__}: {name} has {len(value)} values for {groups} parameter groups")
    return [own(one) for one in value]
