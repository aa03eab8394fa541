"""What Trainer makes of its options."""

from __future__ import annotations

from collections.abc import Mapping

import weft
from weft import optim
from weft._checks import check_integers, check_numbers
from weft.optim.lr_scheduler import CyclicLR, LRScheduler, OneCycleLR, ReduceLROnPlateau
from weft.training import _names as names
from weft.training.callbacks import HOOKS
from weft.training.ema import EMA

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


def check_counts(**values: Any) -> None:
    """Each is a positive int; None stands for none."""
    for name, value in values.items():
        if value is not None:
            check_integers("Trainer", **{name: value})
            if value < 1:
                raise ValueError(f"Trainer: {name} must be positive, got {value}")


def check_bounds(**values: Any) -> None:
    """Each is a positive number; None stands for none."""
    for name, value in values.items():
        if value is not None:
            check_numbers("Trainer", **{name: value})
            if not value > 0:
                raise ValueError(f"Trainer: {name} must be positive, got {value}")


def check_word(name: str, value: Any, words: tuple[str, ...]) -> None:
    if value not in words:
        raise ValueError(f"Trainer: {name} must be one of {', '.join(map(repr, words))}, got {value!r}")


def seed_all(seed: int) -> None:
    """Seeds Weft, Python and NumPy."""
    import random

    import numpy

    weft.manual_seed(seed)
    random.seed(seed)
    numpy.random.seed(seed % 2**32)


def device_of(model: Any) -> Any:
    """Where the first parameter or buffer lives."""
    tensor = next(model.parameters(), None)
    tensor = next(model.buffers(), None) if tensor is None else tensor
    return weft.device("cpu") if tensor is None else tensor.device


def made_optimizer(optimizer: Any, model: Any) -> Any:
    """The optimizer; None for a trainer that only evaluates."""
    if optimizer is None:
        return None
    if not isinstance(optimizer, optim.Optimizer) and not any(p.requires_grad for p in model.parameters()):
        raise ValueError("Trainer: the model has no parameters that require grad")
    made = names.make_optimizer(optimizer, model.parameters())
    if isinstance(made, optim.LBFGS):
        raise ValueError("Trainer: LBFGS asks for the loss several times a step; write the loop by hand with a closure")
    own = {id(p) for p in model.parameters()}
    if own and not any(id(p) in own for group in made.param_groups for p in group["params"]):
        raise ValueError(
            f"Trainer: the optimizer {type(made).__name__} has none of the model's parameters: nothing would be "
            "trained; make it of model.parameters() of this model, or give a function of the parameters"
        )
    return made


def made_schedules(schedule: Any, optimizer: Any) -> list[LRScheduler]:
    """The schedules of what was given: one, several, or functions of the optimizer."""
    if schedule is None:
        return []
    made = []
    for one in schedule if isinstance(schedule, (list, tuple)) else [schedule]:
        if not isinstance(one, LRScheduler) and callable(one):
            one = one(optimizer)
        if not isinstance(one, LRScheduler):
            raise TypeError(
                f"Trainer: schedule must be an LRScheduler or a function of the optimizer, got {type(one).__name__}"
            )
        if getattr(one, "optimizer", optimizer) is not optimizer:
            raise ValueError(f"Trainer: the schedule {type(one).__name__} is one of another optimizer")
        made.append(one)
    return made


def by_step(schedule: LRScheduler, every: str | None) -> bool:
    """Does it go by steps, not epochs?"""
    if every not in (None, "step", "epoch"):
        raise ValueError(f"Trainer: schedule_every must be 'step', 'epoch' or None, got {every!r}")
    if isinstance(schedule, ReduceLROnPlateau):
        if every == "step":
            raise ValueError("Trainer: ReduceLROnPlateau goes by the figures of epochs; schedule_every must be 'epoch'")
        return False
    return every == "step" or (every is None and isinstance(schedule, (OneCycleLR, CyclicLR)))


def made_ema(ema: Any, model: Any) -> Any:
    """The EMA of a decay."""
    if ema is None or all(hasattr(ema, name) for name in ("update", "average")):
        return ema
    check_numbers("Trainer", ema=ema)
    return EMA(model, ema)


def made_jit(jit: Any) -> dict[str, Any]:
    if not isinstance(jit, (bool, Mapping)):
        raise TypeError(f"Trainer: jit must be a bool or a dict of options of weft.jit, got {type(jit).__name__}")
    return {} if isinstance(jit, bool) else dict(jit)


def made_list(name: str, values: Any, *methods: str) -> list[Any]:
    """A list of objects that have these methods."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise TypeError(f"Trainer: {name} must be a list, got {type(values).__name__}")
    values = list(values)
    for value in values:
        missing = [method for method in methods if not callable(getattr(value, method, None))]
        if missing or isinstance(value, type):
            what = f"the class {value.__name__}, not an object of it" if isinstance(value, type) else repr(value)
            raise TypeError(
                f"Trainer: {name} must be objects{' with ' if methods else ''}{', '.join(methods)}; got {what}"
            )
    return values


def made_callbacks(callbacks: Any) -> list[Any]:
    values = made_list("callbacks", callbacks)
    for value in values:
        if not any(hasattr(value, name) for name in (*HOOKS, "set_trainer")):
            raise TypeError(f"Trainer: a callback has hooks such as on_epoch_end, see Callback; got {value!r}")
    return values


def made_profile(profile: Any) -> tuple[int, int] | None:
    """(first step, number of steps)."""
    if profile is None:
        return None
    try:
        first, count = profile
    except (TypeError, ValueError):
        raise TypeError(f"Trainer: profile must be (first step, number of steps), got {profile!r}") from None
    check_integers("Trainer: profile", first=first, count=count)
    if first < 0 or count < 1:
        raise ValueError(f"Trainer: profile must be a step and a positive number of steps, got {profile!r}")
    return first, count


def hyperparameters(trainer: Any, loader: Any) -> dict[str, Any]:
    """What loggers are told of a training."""
    group = trainer.optimizer.param_groups[0]
    found = {"model": type(trainer.model).__name__, "parameters": sum(p.numel() for p in trainer.model.parameters())}
    found["optimizer"] = type(trainer.optimizer).__name__
    found |= {name: value for name, value in group.items() if isinstance(value, (int, float, bool, str))}
    if trainer.loss is not None:
        found["loss"] = getattr(trainer.loss, "__name__", type(trainer.loss).__name__)
    found |= {"precision": trainer.precision, "accumulate": trainer.accumulate, "jit": trainer.jit}
    for name in ("clip_grad_norm", "clip_grad_value", "seed"):
        if getattr(trainer, name) is not None:
            found[name] = getattr(trainer, name)
    if trainer.ema is not None:
        found["ema"] = trainer.ema.decay
    size = getattr(loader, "batch_size", None)
    return {**found, "batch_size": size} if isinstance(size, int) else found
