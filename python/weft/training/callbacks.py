"""Callbacks: what happens at fixed places of training. The names of the hooks and of their arguments are Keras'."""

from __future__ import annotations

import copy
import math
from pathlib import Path

from weft._checks import check_integers, check_numbers

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable as _Function
    from collections.abc import Mapping, Sequence
    from typing import Any

    Logs = Mapping[str, float] | None

HOOKS = tuple(
    f"on_{place}"
    for place in (
        "train_begin train_end epoch_begin epoch_end train_batch_begin train_batch_end test_begin test_end "
        "test_batch_begin test_batch_end"
    ).split()
)


class Callback:
    """Base class: a subclass defines the hooks it needs. ``trainer`` and ``model`` are set before the first one.

    A callback with ``state_dict`` and ``load_state_dict`` goes into checkpoints. ``trainer.stop_training = True`` ends
    training after the present step.

    >>> import weft
    >>> class Say(weft.training.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(f"epoch {epoch}: {sorted(logs)}")
    >>> x = weft.zeros(4, 2)
    >>> model = weft.nn.Linear(2, 1)
    >>> trainer = weft.Trainer(model, "sgd", "mse_loss", callbacks=[Say()], progress="off")
    >>> _ = trainer.fit([(x, weft.ones(4, 1))], epochs=1)
    epoch 0: ['loss']
    """

    trainer: Any = None
    model: Any = None

    def set_trainer(self, trainer: Any) -> None:
        """Called once before training.

        >>> import weft
        >>> weft.training.Callback().set_trainer(weft.Trainer(weft.nn.Linear(2, 1), "sgd", "mse_loss"))
        """
        self.trainer, self.model = trainer, trainer.model

    def on_train_begin(self, logs: Logs = None) -> None:
        """Before the first epoch.

        >>> import weft
        >>> weft.training.Callback().on_train_begin()
        """

    def on_train_end(self, logs: Logs = None) -> None:
        """After the last epoch, with its figures; also where training was stopped early.

        >>> import weft
        >>> weft.training.Callback().on_train_end({"loss": 0.5})
        """

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Before an epoch, counted from 0.

        >>> import weft
        >>> weft.training.Callback().on_epoch_begin(0)
        """

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """After an epoch and its validation, with the figures of both.

        >>> import weft
        >>> weft.training.Callback().on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
        """

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a step, with the number of its first batch in the epoch.

        >>> import weft
        >>> weft.training.Callback().on_train_batch_begin(0)
        """

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a step, with the number of its last batch in the epoch and the mean figures of the epoch so far.

        >>> import weft
        >>> weft.training.Callback().on_train_batch_end(0, {"loss": 0.5})
        """

    def on_test_begin(self, logs: Logs = None) -> None:
        """Before an evaluation.

        >>> import weft
        >>> weft.training.Callback().on_test_begin()
        """

    def on_test_end(self, logs: Logs = None) -> None:
        """After an evaluation, with its figures.

        >>> import weft
        >>> weft.training.Callback().on_test_end({"loss": 0.5})
        """

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Before a batch of an evaluation.

        >>> import weft
        >>> weft.training.Callback().on_test_batch_begin(0)
        """

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """After a batch of an evaluation, with the mean loss so far.

        >>> import weft
        >>> weft.training.Callback().on_test_batch_end(0, {"loss": 0.5})
        """


class _Callbacks:
    """Calls the hooks of several callbacks; ``hooks`` has only those that some callback defines."""

    def __init__(self, callbacks):
        self.all = list(callbacks)
        self.hooks = {hook: [] for hook in HOOKS}
        for callback in self.all:
            for hook in HOOKS:
                own = getattr(callback, hook, None)
                if own is not None and getattr(own, "__func__", own) is not getattr(Callback, hook):
                    self.hooks[hook].append(own)

    def call(self, hook, *args):
        for own in self.hooks[hook]:
            own(*args)


class History(Callback):
    """Keeps the figures of every epoch: ``history`` is {name: [figure, ...]}, ``epoch`` the epochs' numbers.

    :meth:`weft.Trainer.fit` returns one.

    >>> import weft
    >>> history = weft.training.History()
    >>> history.on_epoch_end(0, {"loss": 0.5})
    >>> history.history, history.epoch
    ({'loss': [0.5]}, [0])
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def state_dict(self) -> dict[str, Any]:
        """The figures so far.

        >>> import weft
        >>> weft.training.History().state_dict()
        {'history': {}, 'epoch': []}
        """
        return {"history": {name: list(values) for name, values in self.history.items()}, "epoch": list(self.epoch)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on behind these figures.

        >>> import weft
        >>> weft.training.History().load_state_dict({"history": {"loss": [0.5]}, "epoch": [0]})
        """
        self.history = {name: list(values) for name, values in state["history"].items()}
        self.epoch = list(state["epoch"])


def _better(mode, monitor):
    """+1 where larger figures are better, -1 where smaller ones are; "auto" knows by the name."""
    if mode not in ("auto", "min", "max"):
        raise ValueError(f"mode must be 'auto', 'min' or 'max', got {mode!r}")
    if mode != "auto":
        return 1 if mode == "max" else -1
    low = monitor.lower()
    rising = (
        "acc",
        "auc",
        "f1",
        "fbeta",
        "precision",
        "recall",
        "iou",
        "dice",
        "r2",
        "bleu",
        "rouge",
        "map",
        "psnr",
        "ssim",
    )
    return 1 if any(part in low for part in rising) and "loss" not in low and "error" not in low else -1


def _left_out(trainer, monitor, logs):
    """Is it a figure of a validation that this epoch has not, as it was asked for?"""
    waits = getattr(trainer, "_unvalidated", False)  # which trainers of another kind, of estimators, have not
    return waits and monitor.startswith("val_") and monitor not in (logs or {})


def _monitored(function, monitor, logs):
    """The figure of that name; a KeyError names those that are there."""
    if not logs or monitor not in logs:
        there = ", ".join(sorted(logs or {})) or "none"
        hint = "; give validation data" if monitor.startswith("val_") else ""
        raise KeyError(f"{function}: there is no figure {monitor!r}; there are: {there}{hint}")
    return float(logs[monitor])


class EarlyStopping(Callback):
    """Stops training when a figure has not become better for some epochs.

    Args:
        monitor: the figure's name.
        min_delta: by how much a figure must be better to count.
        patience: epochs without a better figure after which training stops; 0 stops at the first.
        mode: "min", "max", or "auto": by the name of the figure.
        baseline: what must be beaten; None: the first figure.
        restore_best_weights: end with the weights of the best epoch.
        start_from_epoch: epochs before this one do not count.

    Raises:
        ValueError: the mode is unknown, or a number negative.
        KeyError: at the end of the first epoch, if there is no such figure.

    >>> import weft
    >>> stop = weft.training.EarlyStopping("loss", patience=1)
    >>> stop.set_trainer(weft.Trainer(weft.nn.Linear(2, 1), "sgd", "mse_loss"))
    >>> for epoch, loss in enumerate((3.0, 2.0, 2.5)):
    ...     stop.on_epoch_end(epoch, {"loss": loss})
    >>> stop.trainer.stop_training, stop.best_epoch, stop.stopped_epoch
    (True, 1, 2)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        check_numbers("EarlyStopping", min_delta=min_delta)
        check_integers("EarlyStopping", patience=patience, start_from_epoch=start_from_epoch)
        if patience < 0 or start_from_epoch < 0:
            raise ValueError("EarlyStopping: patience and start_from_epoch must not be negative")
        self.monitor: str = monitor
        self.min_delta: float = abs(min_delta)
        self.patience: int = patience
        self.sign: int = _better(mode, monitor)
        self.baseline: float | None = baseline
        self.restore_best_weights: bool = restore_best_weights
        self.start_from_epoch: int = start_from_epoch
        self._forget()

    def _forget(self):
        self.wait: int = 0
        self.stopped_epoch: int = -1
        self.best_epoch: int = -1
        self.best: float | None = None
        self._weights: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        if self.trainer is None or not self.trainer.resumed:
            self._forget()
        elif self.best is not None and self.wait >= max(self.patience, 1):
            self.trainer.stop_training = True  # as it was decided before

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if _left_out(self.trainer, self.monitor, logs):
            return
        value = _monitored("EarlyStopping", self.monitor, logs)
        if epoch < self.start_from_epoch:
            return
        if self._beats(value, self.best, 0.0 if self.best is None else self.min_delta):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self._weights = copy.deepcopy(dict(self.model.state_dict()))
            if self._beats(value, self.baseline, 0.0):
                self.wait = 0
                return
        self.wait += 1
        if self.wait >= max(self.patience, 1):
            self.stopped_epoch = epoch
            self.trainer.stop_training = True

    def _beats(self, value, other, delta):
        return not math.isnan(value) and (other is None or self.sign * (value - other) > delta)

    def on_train_end(self, logs: Logs = None) -> None:
        if self.restore_best_weights and self._weights is not None:
            self.model.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, Any]:
        """The best figure so far, and for how long there was none better.

        >>> import weft
        >>> weft.training.EarlyStopping().state_dict()["wait"]
        0
        """
        names = ("wait", "stopped_epoch", "best_epoch", "best")
        state = {name: getattr(self, name) for name in names}
        return state if self._weights is None else {**state, "weights": self._weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where another one was.

        >>> import weft
        >>> weft.training.EarlyStopping().load_state_dict(weft.training.EarlyStopping().state_dict())
        """
        self.wait, self.stopped_epoch = int(state["wait"]), int(state["stopped_epoch"])
        self.best_epoch, self.best = int(state["best_epoch"]), state["best"]
        self._weights = state.get("weights")


class ModelCheckpoint(Callback):
    """Saves the model's weights after epochs, as :func:`weft.save` does: of all epochs, or only of better ones.

    Whole checkpoints, from which training goes on, are the ``checkpoint_folder`` of :class:`weft.Trainer`.

    Args:
        filepath: where to; ``{epoch}`` (from 1) and the figures' names are filled in, as in
            ``"{epoch:02d}-{val_loss:.2f}.safetensors"``.
        monitor: the figure that says which epoch is better.
        save_best_only: save only if it is better than ever before.
        mode: "min", "max", or "auto": by the name of the figure.

    Raises:
        KeyError: at the end of an epoch, if there is no such figure.

    >>> import tempfile, weft
    >>> from pathlib import Path
    >>> folder = tempfile.TemporaryDirectory()
    >>> save = weft.training.ModelCheckpoint(folder.name + "/{epoch:02d}.safetensors", monitor="loss")
    >>> save.set_trainer(weft.Trainer(weft.nn.Linear(2, 1), "sgd", "mse_loss"))
    >>> save.on_epoch_end(0, {"loss": 0.5})
    >>> [path.name for path in Path(folder.name).iterdir()]
    ['01.safetensors']
    >>> folder.cleanup()
    """

    def __init__(
        self, filepath: str | Path, monitor: str = "val_loss", save_best_only: bool = False, mode: str = "auto"
    ) -> None:
        self.filepath: str = str(filepath)
        self.monitor: str = monitor
        self.save_best_only: bool = save_best_only
        self.sign: int = _better(mode, monitor)
        self.best: float | None = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_best_only:
            if _left_out(self.trainer, self.monitor, logs):
                return
            value = _monitored("ModelCheckpoint", self.monitor, logs)
            if math.isnan(value) or (self.best is not None and self.sign * (value - self.best) <= 0):
                return
            self.best = value
        import weft

        try:
            path = Path(self.filepath.format(epoch=epoch + 1, **(logs or {})))
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint: filepath {self.filepath!r} names {error}, which is no figure; there are: "
                f"epoch, {', '.join(logs or {})}"
            ) from None
        path.parent.mkdir(parents=True, exist_ok=True)
        weft.save(self.model.state_dict(), path)

    def state_dict(self) -> dict[str, Any]:
        """The best figure so far.

        >>> import weft
        >>> weft.training.ModelCheckpoint("best.safetensors").state_dict()
        {'best': None}
        """
        return {"best": self.best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from this figure.

        >>> import weft
        >>> weft.training.ModelCheckpoint("best.safetensors").load_state_dict({"best": 0.5})
        """
        self.best = state["best"]


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch.

    Args:
        schedule: (epoch from 0, present rate) -> rate.

    >>> import weft
    >>> halve = weft.training.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    >>> halve.set_trainer(weft.Trainer(weft.nn.Linear(2, 1), "sgd", "mse_loss"))
    >>> halve.on_epoch_begin(1)
    >>> halve.trainer.optimizer.param_groups[0]["lr"]
    0.0005
    """

    def __init__(self, schedule: _Function[[int, float], float]) -> None:
        self.schedule: _Function[[int, float], float] = schedule

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        for group in self.trainer.optimizer.param_groups:
            rate = self.schedule(epoch, float(group["lr"]))
            check_numbers("LearningRateScheduler: schedule", result=rate)
            group["lr"] = float(rate)


class LambdaCallback(Callback):
    """Functions as hooks: ``LambdaCallback(on_epoch_end=lambda epoch, logs: ...)``.

    Args:
        hooks: functions by the names of the hooks.

    Raises:
        TypeError: there is no such hook.

    >>> import weft
    >>> weft.training.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs)).on_epoch_end(0, {"loss": 0.5})
    0 {'loss': 0.5}
    """

    def __init__(self, **hooks: _Function[..., Any]) -> None:
        for name, hook in hooks.items():
            if name not in HOOKS:
                raise TypeError(f"LambdaCallback: there is no hook {name!r}; there are: {', '.join(HOOKS)}")
            setattr(self, name, hook)


def _make_early_stopping(value: int | EarlyStopping | Sequence[Any], validation: bool) -> EarlyStopping:
    """An int is the patience, of the validation's loss if there is one."""
    if isinstance(value, EarlyStopping):
        return value
    check_integers("Trainer", early_stopping=value)
    return EarlyStopping("val_loss" if validation else "loss", patience=value)
