"""Averages of models: stochastic weight averaging and exponential moving averages."""

from __future__ import annotations

import copy
import itertools
import math

import weft
from weft import _C
from weft._checks import check_callables, check_instances, check_numbers, is_differentiable
from weft.nn import Module
from weft.nn.normalization import _BatchNorm
from weft.optim.lr_scheduler.base import LRScheduler
from weft.optim.optimizer import Optimizer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Device

    Average = Callable[[Tensor, Tensor, Any], Tensor]
    MultiAverage = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def _check_decay(decay):
    check_numbers("decay", decay=decay)
    if not 0 <= decay <= 1:
        raise ValueError(f"decay must be in [0, 1], got {decay}")


def _move_towards(averages, values, share):
    """``average += share * (value - average)`` for all, in one pass over those with floating point elements."""
    fused = ([], [])
    for average, value in zip(averages, values):
        if is_differentiable(average) and value.dtype == average.dtype:
            fused[0].append(average)
            fused[1].append(value)
        else:
            average.copy_(average + (value - average) * share)
    if fused[0]:
        _C._optimizer_step("average_step", *fused, [], [float(share)])


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """A function (averages, values, count) that makes ``average = decay * average + (1 - decay) * value`` of all.

    Args:
        decay: in [0, 1].

    Raises:
        ValueError: it is not.

    >>> import weft
    >>> average = weft.zeros(2)
    >>> weft.optim.swa_utils.get_ema_multi_avg_fn(0.75)([average], [weft.ones(2)], 1)
    >>> average
    tensor([0.2500, 0.2500])
    """
    _check_decay(decay)

    def update(averages, values, count):
        with weft.no_grad():
            _move_towards(averages, values, 1 - decay)

    return update


def get_swa_multi_avg_fn() -> MultiAverage:
    """A function (averages, values, count) that takes values into equally weighted means of ``count`` values so far.

    >>> import weft
    >>> average = weft.ones(2)
    >>> weft.optim.swa_utils.get_swa_multi_avg_fn()([average], [weft.zeros(2)], 3)
    >>> average
    tensor([0.7500, 0.7500])
    """

    def update(averages, values, count):
        with weft.no_grad():
            _move_towards(averages, values, 1 / (float(count) + 1))

    return update


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """A function (average, value, count) that returns ``decay * average + (1 - decay) * value``.

    Args:
        decay: in [0, 1].

    Raises:
        ValueError: it is not.

    >>> import weft
    >>> weft.optim.swa_utils.get_ema_avg_fn(0.75)(weft.zeros(2), weft.ones(2), 1)
    tensor([0.2500, 0.2500])
    """
    _check_decay(decay)

    def update(average, value, count):
        with weft.no_grad():
            return decay * average + (1 - decay) * value

    return update


def get_swa_avg_fn() -> Average:
    """A function (average, value, count) that returns the mean with one value more.

    >>> import weft
    >>> weft.optim.swa_utils.get_swa_avg_fn()(weft.ones(2), weft.zeros(2), 3)
    tensor([0.7500, 0.7500])
    """

    def update(average, value, count):
        with weft.no_grad():
            return average + (value - average) / (count + 1)

    return update


class AveragedModel(Module):
    """A copy of a model whose parameters are running averages of those of the model; Izmailov et al., 2018.

    Args:
        model: the module that is trained; it is copied.
        device: where the averages live; None: where the model does.
        avg_fn: (average, value, count of averaged models) -> new average; the equally weighted mean by default.
        multi_avg_fn: the same in place for lists of tensors, see :func:`get_ema_multi_avg_fn`.
        use_buffers: average buffers too, instead of copying them.

    Raises:
        TypeError: model is no Module.
        ValueError: both functions are given.

    >>> import weft
    >>> model = weft.nn.Linear(1, 1, bias=False)
    >>> ema = weft.optim.swa_utils.AveragedModel(model, multi_avg_fn=weft.optim.swa_utils.get_ema_multi_avg_fn(0.75))
    >>> for value in (1.0, 2.0):
    ...     with weft.no_grad():
    ...         _ = model.weight.fill_(value)
    ...     ema.update_parameters(model)
    >>> ema(weft.ones(1, 1)).item(), ema.n_averaged.item()
    (1.25, 2)
    """

    module: Any

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Device = None,
        avg_fn: Average | None = None,
        multi_avg_fn: MultiAverage | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        check_instances((Module,), "AveragedModel", model=model)
        check_callables(
            "AveragedModel", **{k: f for k, f in (("avg_fn", avg_fn), ("multi_avg_fn", multi_avg_fn)) if f is not None}
        )
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("AveragedModel: give avg_fn or multi_avg_fn, not both")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", weft.tensor(0, dtype=weft.int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model gives for the arguments.

        >>> import weft
        >>> weft.optim.swa_utils.AveragedModel(weft.nn.Identity())(weft.ones(2))
        tensor([1., 1.])
        """
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Takes the parameters of a model of the same kind into the averages; the first ones are copied.

        Args:
            model: the module that is trained.

        Raises:
            ValueError: its parameters are others in number or shape; nothing has changed then.

        >>> import weft
        >>> model = weft.nn.Linear(2, 1)
        >>> averaged = weft.optim.swa_utils.AveragedModel(model)
        >>> averaged.update_parameters(model)
        >>> averaged.n_averaged.item()
        1
        """
        check_instances((Module,), "AveragedModel.update_parameters", model=model)
        averages, values = list(self.module.parameters()), list(model.parameters())
        buffers, new_buffers = list(self.module.buffers()), list(model.buffers())
        shapes = [
            [tuple(t.shape) for t in (*one, *other)] for one, other in ((averages, buffers), (values, new_buffers))
        ]
        if shapes[0] != shapes[1]:
            raise ValueError(
                "AveragedModel.update_parameters: the model's parameters and buffers are not those that are averaged; "
                f"expected shapes {shapes[0]!s:.200}, got {shapes[1]!s:.200}"
            )
        if self.use_buffers:
            averages, values, buffers = averages + buffers, values + new_buffers, []
        with weft.no_grad():
            averages = [average.detach() for average in averages]
            values = [value.detach().to(average.device) for average, value in zip(averages, values)]
            if self.n_averaged == 0:
                for average, value in zip(averages, values):
                    average.copy_(value)
            elif self.avg_fn is not None:
                for average, value in zip(averages, values):
                    average.copy_(self.avg_fn(average, value, self.n_averaged.to(average.device)))
            else:
                update = self.multi_avg_fn or get_swa_multi_avg_fn()
                for _, alike in itertools.groupby(
                    sorted(zip(averages, values), key=_kind), key=_kind
                ):  # functions of users may take tensors of one kind only
                    ours, theirs = zip(*alike)
                    update(list(ours), list(theirs), self.n_averaged.to(ours[0].device))
            for buffer, value in zip(buffers, new_buffers):
                buffer.detach().copy_(value.detach())
            self.n_averaged += 1


def _kind(pair):
    return str(pair[0].device), str(pair[0].dtype)


def update_bn(loader: Iterable[Any], model: Module, device: Device = None) -> None:
    """Computes the statistics of the model's batch norms anew, as means over the batches of a loader.

    Args:
        loader: gives batches, tensors or tuples and lists whose first item is one.
        model: the module; it is called with each batch in training mode, and left in the mode it was in.
        device: where batches are brought; None: as they are.

    >>> import weft
    >>> model = weft.nn.BatchNorm1d(1)
    >>> weft.optim.swa_utils.update_bn([weft.tensor([[1.0], [3.0]]), weft.tensor([[5.0], [7.0]])], model)
    >>> model.running_mean
    tensor([4.])
    """
    check_instances((Module,), "update_bn", model=model)
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not norms:
        return
    training, momenta = model.training, [norm.momentum for norm in norms]
    try:
        model.train()
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a cumulative mean
        with weft.no_grad():
            for batch in loader:
                batch = batch[0] if isinstance(batch, (list, tuple)) else batch
                model(batch if device is None else batch.to(device))
    finally:
        for norm, momentum in zip(norms, momenta):
            norm.momentum = momentum
        model.train(training)


class SWALR(LRScheduler):
    """Anneals the learning rates of all groups to a constant, at which models are then averaged; Izmailov et al., 2018.

    Args:
        optimizer: whose groups' "lr" is set.
        swa_lr: the rate in the end, or one for each group.
        anneal_epochs: steps until then.
        anneal_strategy: "cos" or "linear".
        last_epoch: see :class:`LRScheduler`.

    Raises:
        ValueError: the strategy is unknown, anneal_epochs negative, or swa_lr does not fit the groups.

    >>> import weft
    >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=1.0)
    >>> schedule = weft.optim.swa_utils.SWALR(opt, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
    >>> rates = []
    >>> for _ in range(3):
    ...     opt.step()
    ...     schedule.step()
    ...     rates.append(opt.param_groups[0]["lr"])
    >>> rates
    [0.75, 0.5, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | Sequence[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        check_instances((Optimizer,), "SWALR", optimizer=optimizer)
        groups = optimizer.param_groups
        rates = list(swa_lr) if isinstance(swa_lr, (list, tuple)) else [swa_lr] * len(groups)
        if len(rates) != len(groups):
            raise ValueError(f"SWALR: swa_lr must be one number, or one for each of {len(groups)} groups, got {swa_lr}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"SWALR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r:.60}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"SWALR: anneal_epochs must be an int of at least 0, got {anneal_epochs!r:.60}")
        for group, rate in zip(groups, rates):
            group["swa_lr"] = rate.clone() if isinstance(rate, weft.Tensor) else rate
        self.anneal_epochs = anneal_epochs
        self._anneal_strategy = anneal_strategy
        super().__init__(optimizer, last_epoch)

    def _share(self, step):
        """How far a step is on the way to the last rate, from 0 to 1."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list[Any]:
        """The learning rate of each group for the epoch.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=1.0)
        >>> schedule = weft.optim.swa_utils.SWALR(opt, swa_lr=0.5)
        >>> schedule.get_last_lr()
        [1.0]
        """
        # From the rates now, which others may have set, back to the start and on from there
        step = self.last_epoch if self.anneal_epochs else max(1, self.last_epoch)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            last = group["swa_lr"]
            start = last if before == 1 else (group["lr"] - before * last) / (1 - before)
            rates.append(last * now + start * (1 - now))
        return rates


__all__ = [
    "AveragedModel",
    "SWALR",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]
