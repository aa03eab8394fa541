"""Trainer: trains, evaluates and predicts; the loop itself is in loop.py."""

from __future__ import annotations

import math
import time
import warnings
from pathlib import Path

import weft
from weft._checks import check_instances, check_integers
from weft._keywords import NamesKeywords
from weft.nn import Module
from weft.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from weft.training import _checks as checks
from weft.training import _figures as figures
from weft.training import _names as names
from weft.training import _options as options
from weft.training import _step as steps
from weft.training import loop
from weft.training._place import Interrupts, Place, State
from weft.training.bars import KINDS
from weft.training.callbacks import (
    EarlyStopping,
    History,
    _better,
    _Callbacks,
    _left_out,
    _make_early_stopping,
    _monitored,
)
from weft.training.ema import EMA

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from weft.training.distribution import Distribution


class Trainer(NamesKeywords):
    """Trains a model: the loop of :mod:`weft.training.loop`, with the parts that are asked for.

    A batch is a tuple of the model's inputs with the target behind; ``compute`` says what else is one.

    Args:
        model: the module.
        optimizer: an Optimizer of its parameters, a name such as "adam", or a function (parameters) -> Optimizer.
        loss: a function (output, target) -> loss, a loss layer, or a name of PyTorch or Keras.
        metrics: names, objects of :mod:`weft.metrics` and functions (output, target) -> number, in a list or dict.
        schedule: a learning rate schedule, several, or a function (optimizer) -> schedule.
        schedule_every: "step" or "epoch"; None: "step" for OneCycleLR and CyclicLR, else "epoch".
        monitor: the figure that ReduceLROnPlateau and the best checkpoint go by; None: "val_loss", without validation
            "loss".
        callbacks: see :class:`weft.training.Callback`.
        loggers: objects with ``log(values, step)``, ``flush()`` and ``close()``.
        log_every: steps between logs of the present batch; epochs are logged as well.
        precision: "fp32", "bf16" or "fp16" (with a GradScaler): what autocast computes in.
        accumulate: how many batches make one step; they count like one large batch, by their samples.
        clip_grad_norm, clip_grad_value: bounds of the gradients' norm and elements.
        ema: an :class:`EMA`, or its decay. Then validation and evaluation are of the averaged model.
        early_stopping: an :class:`EarlyStopping`, or its patience.
        checkpoint_folder: where checkpoints go: after every epoch, and after every checkpoint_every steps.
        checkpoints: a CheckpointManager instead of the folder.
        jit: compile the whole step with :func:`weft.jit`; a dict gives its options.
        profile: (first step, number of steps) to be profiled; ``profiler`` is the result.
        device: where model and batches are brought; None: where the model is.
        seed: of Weft's, Python's and NumPy's random numbers when training begins.
        distribution: see :class:`weft.training.Distribution`.
        compute: (model, batch) -> loss or (loss, output, target), for other batches.
        forward: (model, batch) -> output, for :meth:`predict`.
        on_nonfinite: what a loss that is nan or infinite does: "raise", "stop" training, or "ignore".
        on_interrupt: "raise" KeyboardInterrupt again once all is saved, or "return".
        progress: the kind of :class:`Progress`.

    Raises:
        ValueError, TypeError: an argument is not what is said here.

    >>> import weft
    >>> x = weft.rand(64, 2)
    >>> data = weft.utils.data.TensorDataset(x, x.sum(1, keepdim=True))
    >>> loader = weft.utils.data.DataLoader(data, batch_size=16, shuffle=True)
    >>> trainer = weft.Trainer(weft.nn.Linear(2, 1), "adam", "mse_loss", clip_grad_norm=1.0, seed=0, progress="off")
    >>> history = trainer.fit(loader, validation_loader=loader, epochs=3)
    >>> sorted(history.history), trainer.step
    (['loss', 'val_loss'], 12)
    """

    def __init__(
        self,
        model: Module,
        optimizer: Any,
        loss: Any = None,
        *,
        metrics: Any = (),
        schedule: Any = None,
        schedule_every: str | None = None,
        monitor: str | None = None,
        callbacks: Iterable[Any] = (),
        loggers: Iterable[Any] = (),
        log_every: int = 50,
        precision: str = "fp32",
        accumulate: int = 1,
        clip_grad_norm: float | None = None,
        clip_grad_value: float | None = None,
        ema: EMA | float | None = None,
        early_stopping: EarlyStopping | int | None = None,
        checkpoint_folder: str | Path | None = None,
        checkpoints: Any = None,
        checkpoint_every: int | None = None,
        jit: bool | Mapping[str, Any] = False,
        profile: tuple[int, int] | None = None,
        device: Any = None,
        seed: int | None = None,
        distribution: Distribution | None = None,
        compute: Callable[[Any, Any], Any] | None = None,
        forward: Callable[[Any, Any], Any] | None = None,
        on_nonfinite: str = "raise",
        on_interrupt: str = "raise",
        progress: str = "auto",
    ) -> None:
        check_instances((Module,), "Trainer", model=model)
        options.check_counts(log_every=log_every, accumulate=accumulate, checkpoint_every=checkpoint_every)
        options.check_bounds(clip_grad_norm=clip_grad_norm, clip_grad_value=clip_grad_value)
        options.check_word("on_nonfinite", on_nonfinite, ("raise", "stop", "ignore"))
        options.check_word("on_interrupt", on_interrupt, ("raise", "return"))
        options.check_word("progress", progress, KINDS)
        if checkpoint_folder is not None and checkpoints is not None:
            raise ValueError("Trainer: give checkpoint_folder or checkpoints, not both")
        if loss is None and compute is None:
            raise ValueError("Trainer: give a loss, or compute, a function (model, batch) that returns it")
        self.distribution: Distribution | None = distribution
        self.device: Any = options.device_of(model) if device is None else weft.device(device)
        self.precision: str = precision
        self.autocast: Any = steps.make_autocast(precision, self.device)
        self.model: Any = model if device is None else model.to(self.device)
        if distribution is not None:
            self.model = distribution.prepare(self.model)
        self.loss: Any = None if loss is None else names.make_loss(loss)
        self.compute: Callable[[Any, Any], Any] = compute or steps.default_compute(self.loss)
        self.forward: Callable[[Any, Any], Any] = forward or steps.default_forward
        self.optimizer: Any = options.made_optimizer(optimizer, self.model)
        self.metrics: dict[str, Any] = figures.make_metrics(metrics)
        self.schedules: list[LRScheduler] = options.made_schedules(schedule, self.optimizer)
        self.monitor: str | None = monitor
        self.scaler: Any = weft.amp.GradScaler(self.device.type) if precision == "fp16" else None
        self.accumulate: int = accumulate
        self.clip_grad_norm: float | None = clip_grad_norm
        self.clip_grad_value: float | None = clip_grad_value
        self.ema: EMA | None = options.made_ema(ema, self.model)
        self.jit: bool = jit is not False
        self.jit_options: dict[str, Any] = options.made_jit(jit)
        self.profile: tuple[int, int] | None = options.made_profile(profile)
        self.profiler: Any = None
        self.seed: int | None = seed
        self.on_nonfinite: str = on_nonfinite
        self.on_interrupt: str = on_interrupt
        rank = 0 if distribution is None else distribution.rank
        self.progress: str = "off" if rank else progress
        self.loggers: list[Any] = [] if rank else options.made_list("loggers", loggers, "log", "flush", "close")
        self.log_every: int = log_every
        self.checkpoints: Any = checkpoints
        self.checkpoint_every: int | None = checkpoint_every
        self.callbacks: Any = _Callbacks([])
        self.history: History = History()
        self.epoch: int = 0  # epochs that are done
        self.batch: int = 0  # batches that are done in this epoch
        self.step: int = 0  # steps of the optimizer that are done
        self.stop_training: bool = False
        self.resumed: bool = False
        self.validation_compute: Any = None  # where validation has batches of another kind
        self.validates: Callable[[int], bool] | None = None  # is there validation after this epoch? None: always
        self._unvalidated = False  # there is validation, but none after this epoch
        self._own_compute = compute is not None
        self._schedules_by_step = [s for s in self.schedules if options.by_step(s, schedule_every)]
        self._folder, self._early_stopping, self._own_callbacks = (
            checkpoint_folder,
            early_stopping,
            options.made_callbacks(callbacks),
        )
        self._losses, self._place, self._interrupts = figures.Losses(), Place(), Interrupts()
        self._read_losses_at = 1 if self.device.type == "cpu" else 32  # reading one on a GPU means to wait for it
        # Eagerly on the CPU the step reads losses itself, before backward, so that a bad one changes nothing
        self._reads_early = not self.jit and self.device.type == "cpu" and on_nonfinite == "raise"
        self._checked = self._within_step = False
        self._saved_at: Any = None
        self._eval_steps: dict[str, Any] = {}
        self._rate: Any = None

    def fit(
        self,
        train_loader: Any,
        validation_loader: Any = None,
        epochs: int | None = None,
        max_steps: int | None = None,
        *,
        resume: str | int | Path | None = None,
    ) -> History:
        """Trains.

        Args:
            train_loader: gives the batches of an epoch each time it is gone through: a DataLoader, a list.
            validation_loader: what is evaluated after each epoch.
            epochs: how many in all, with those before a resumed checkpoint; 1 where max_steps is not given either.
            max_steps: how many steps of the optimizer in all.
            resume: "last" or "best" checkpoint, a step, or a path: go on there, in the middle of an epoch too, bit by
                bit as if training had not been interrupted. "last" begins anew where there is no checkpoint yet.

        Returns:
            the figures of every epoch: means over samples, of validation with "val_" in front.

        Raises:
            ValueError: a loader is empty, or the first batch does not fit the model or the loss.
            NonFiniteLoss: a loss is nan or infinite.

        >>> import weft
        >>> trainer = weft.Trainer(weft.nn.Linear(2, 1), "sgd", "mse_loss", progress="off")
        >>> history = trainer.fit([(weft.zeros(4, 2), weft.zeros(4, 1))], epochs=2)
        >>> history.epoch, trainer.step
        ([0, 1], 2)
        """
        checks.check_loader("Trainer.fit", "train_loader", train_loader)
        if validation_loader is not None:
            checks.check_loader("Trainer.fit", "validation_loader", validation_loader)
        epochs = self._check_lengths(epochs, max_steps)
        self._prepare(validation_loader is not None, train_loader)
        if resume is not None:
            self._restore(resume)
        elif self.seed is not None and not self.step:
            options.seed_all(self.seed)
        if epochs is not None and self.epoch >= epochs and resume is None:
            warnings.warn(
                f"Trainer.fit: {self.epoch} epochs are done, and epochs={epochs} is their number in all",
                stacklevel=2,
            )
        with figures.kept_modes(self.model):
            self._run(train_loader, validation_loader, epochs, max_steps)
        return self.history

    def _run(self, train_loader, validation_loader, epochs, max_steps):
        whole = False
        try:
            with self._interrupts:
                loop.fit(self, train_loader, validation_loader, epochs, max_steps)
            whole = True
        except KeyboardInterrupt:
            self._save_what_is_whole()
            if self.on_interrupt == "raise":
                raise
        except steps.NonFiniteLoss:
            raise
        except BaseException:
            self._save_what_is_whole()
            raise
        finally:
            self._end_profile()
            self._finish(whole)

    def _finish(self, whole):
        """Waits for what is written; closes loggers unless all went well, when they may be used again."""
        problems = []
        parts = [logger.flush if whole else logger.close for logger in self.loggers]
        if self.checkpoints is not None:
            parts.append(self.checkpoints.wait)
        for part in parts:
            try:
                part()
            except Exception as error:  # the others must be closed too
                problems.append(error)
        if problems and whole:
            raise problems[0]
        for problem in problems:
            warnings.warn(f"Trainer.fit: {problem}", stacklevel=4)

    def evaluate(self, loader: Any, *, averaged: bool = True) -> dict[str, float]:
        """Loss and metrics over a loader, in evaluation mode and without gradients.

        Args:
            loader: gives batches.
            averaged: take the averaged model, where there is one.

        Raises:
            ValueError: the loader is empty.

        >>> import weft
        >>> trainer = weft.Trainer(weft.nn.Identity(), None, "mse_loss")
        >>> trainer.evaluate([(weft.zeros(3), weft.ones(3)), (weft.zeros(1), weft.zeros(1))])
        {'loss': 0.75}
        """
        checks.check_loader("Trainer.evaluate", "loader", loader)
        model = self.ema.average if averaged and self.ema is not None else self.model
        return loop.evaluate(self, loader, model, self.progress)

    def predict(self, loader: Any, *, averaged: bool = True) -> Any:
        """The outputs for all batches of a loader, joined along their first dimension.

        Args:
            loader: gives batches of inputs; of a tuple of several the last one is taken for a target and left out.
            averaged: take the averaged model, where there is one.

        Raises:
            ValueError: the loader is empty.

        >>> import weft
        >>> weft.Trainer(weft.nn.Identity(), None, "mse_loss").predict([weft.ones(2), weft.zeros(1)])
        tensor([1., 1., 0.])
        """
        checks.check_loader("Trainer.predict", "loader", loader)
        model = self.ema.average if averaged and self.ema is not None else self.model
        outputs = list(loop.predict(self, loader, model, self.progress))
        if not outputs:
            raise ValueError("Trainer.predict: the loader gave no batches")
        return steps.joined(outputs)

    # What loop.py asks for

    def _check_lengths(self, epochs, max_steps):
        check_integers(
            "Trainer.fit", **{k: v for k, v in (("epochs", epochs), ("max_steps", max_steps)) if v is not None}
        )
        for name, value in (("epochs", epochs), ("max_steps", max_steps)):
            if value is not None and value < 0:
                raise ValueError(f"Trainer.fit: {name} must not be negative, got {value}")
        return 1 if epochs is None and max_steps is None else epochs

    def _prepare(self, validation, loader):
        if self.optimizer is None:
            raise ValueError("Trainer.fit: there is no optimizer")
        monitor = self.monitor or ("val_loss" if validation else "loss")
        if self.checkpoints is None and self._folder is not None and not (self.distribution and self.distribution.rank):
            mode = "max" if _better("auto", monitor) > 0 else "min"
            self.checkpoints = weft.training.CheckpointManager(self._folder, monitor=monitor, mode=mode)
        self._monitored = monitor
        stopping = self._early_stopping
        parts = [] if stopping is None else [_make_early_stopping(stopping, validation)]
        self.callbacks = _Callbacks([self.history, *parts, *self._own_callbacks])
        for callback in self.callbacks.all:
            if hasattr(callback, "set_trainer"):
                callback.set_trainer(self)
        self.stop_training = self.resumed = self._checked = False
        self._rate = None
        for logger in self.loggers:
            if not self.step and hasattr(logger, "log_hyperparameters"):
                logger.log_hyperparameters(options.hyperparameters(self, loader))

    def _begin_epoch(self):
        self.batch = 0
        self._losses = figures.Losses()
        for metric in self.metrics.values():
            metric.reset()

    def _figures(self, metrics=True):
        logs = {"loss": self._losses.mean()}
        return {**logs, **figures.values_of(self.metrics)} if metrics else logs

    def _new_losses(self):
        return figures.Losses()

    def _new_metrics(self):
        return figures.fresh(self.metrics)

    def _together(self, losses, metrics):
        """The figures of all processes."""
        logs = {"loss": losses.mean()}
        if self.distribution is None:
            return {**logs, **figures.values_of(metrics)}
        merged = {name: self.distribution.merge(metric) for name, metric in metrics.items()}
        return {**self.distribution.mean(logs, losses.samples), **figures.values_of(merged)}

    def _eval_step(self, model):
        return steps.EvalStep(self, model, steps.evaluated(self.validation_compute or self.compute, bool(self.metrics)))

    def _check_batch(self, batch):
        """Looks at what the model gives for the first batch; its state and the random generators stay as they are."""
        self._checked = True
        outputs = getattr(self.compute, "outputs", None)
        if outputs is None:  # a function of the user's own
            return
        if not self._own_compute:
            checks.check_batch("Trainer.fit", batch)
        with checks.trial(self.model), self.autocast() if self.autocast else checks.NOTHING:
            output, target = outputs(self.model, batch)
        checks.check_output("Trainer.fit", self.loss, output, target)

    def _nonfinite(self, loss, step, batch, after):
        return steps.NonFiniteLoss(
            f"Trainer.fit: the loss is {loss} at step {step} (epoch {self.epoch}, batch {batch}); {after}; "
            "on_nonfinite='ignore' goes on",
            step,
            batch,
        )

    def _read_losses(self, count=1):
        """Reads the losses if there are so many."""
        if len(self._losses.unread) < count:
            return
        bad = self._losses.read()
        if bad is None or self.on_nonfinite == "ignore":
            return
        loss, ago = bad
        batch = self.batch - ago
        error = self._nonfinite(
            loss, self.step - math.ceil(ago / self.accumulate), batch, "the weights have changed since"
        )
        if self.on_nonfinite == "raise":
            raise error
        warnings.warn(str(error), stacklevel=4)
        self.stop_training = True

    def _log_step(self):
        now = time.monotonic()
        before, self._rate = self._rate, (now, self._losses.samples, self.epoch)
        self._losses.read()
        values = {"batch_loss": self._losses.last}
        values["learning_rate"] = float(self.optimizer.param_groups[0]["lr"])
        if before is not None and before[2] == self.epoch and now > before[0]:
            values["samples_per_second"] = (self._losses.samples - before[1]) / (now - before[0])
        for logger in self.loggers:
            logger.log(values, self.step)

    def _end_of_epoch(self, logs):
        """Schedules that go by epochs."""
        for schedule in self.schedules:
            if isinstance(schedule, ReduceLROnPlateau):
                if _left_out(self, self._monitored, logs):
                    continue
                schedule.step(_monitored("Trainer: ReduceLROnPlateau", self._monitored, logs))
            elif schedule not in self._schedules_by_step:
                schedule.step()

    def _profile_step(self):
        assert self.profile is not None
        first, count = self.profile
        if self.step == first:
            from weft import profiler

            self.profiler = profiler.profile()
            self.profiler.__enter__()
            self._profiling = True
        elif self.step == first + count:
            self._end_profile()

    _profiling = False

    def _end_profile(self):
        if self._profiling:
            self._profiling = False
            self.profiler.__exit__(None, None, None)

    # Checkpoints

    def _objects(self):
        found = {"model": self.model, "optimizer": self.optimizer, "trainer": State(self)}
        found |= {f"schedule_{i}": schedule for i, schedule in enumerate(self.schedules)}
        found |= {"scaler": self.scaler} if self.scaler is not None else {}
        found |= {"ema": self.ema} if self.ema is not None else {}
        return found

    def _save(self, logs=None):
        if self.distribution is not None:
            self.distribution.barrier()
        if self.checkpoints is None:
            return
        self._losses.read()
        self.checkpoints.save(self.step, self._objects(), figures.numbers(logs or {}))
        self._saved_at = (self.step, self.epoch, self.batch)

    def _save_what_is_whole(self):
        """On the way out: the state between two steps, unless it is saved already."""
        at = self.step, self.epoch, self.batch
        if self.checkpoints is None or self._place.loader is None or self._saved_at == at:
            return
        if self._within_step:
            warnings.warn("Trainer.fit: interrupted within a step, whose state is not saved", stacklevel=4)
            return
        try:
            self._save()
        except Exception as error:  # the one on its way tells more
            warnings.warn(f"Trainer.fit: the checkpoint could not be saved: {error}", stacklevel=4)

    def _restore(self, which):
        if self.checkpoints is None:
            raise ValueError("Trainer.fit: resume needs checkpoint_folder or checkpoints")
        found = self.checkpoints.restore(self._objects(), which)
        self.resumed = found is not None
        if found is not None:
            self._saved_at = (self.step, self.epoch, self.batch)
        elif self.seed is not None:
            options.seed_all(self.seed)
