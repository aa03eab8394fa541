"""The training loop of :class:`weft.Trainer`, from top to bottom: fit, an epoch, its steps, its end, evaluation."""

from __future__ import annotations

import itertools
import math
import time

from weft.training import _checks as checks
from weft.training._checks import samples
from weft.training._figures import kept_modes, numbers
from weft.training._step import BadLoss, EvalStep, make_step, to_device
from weft.training.bars import Progress

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from weft.training.trainer import Trainer


def fit(run: Trainer, loader: Any, validation: Any, epochs: int | None, max_steps: int | None) -> None:
    """Trains until so many epochs or steps are done, or something asks to stop."""
    step = make_step(run)
    logs: dict[str, float] = {}
    run.callbacks.call("on_train_begin", None)
    while (epochs is None or run.epoch < epochs) and not _at_end(run, max_steps):
        batches = run._place.begin(run, loader)  # an epoch that was interrupted goes on where it was
        run.model.train()
        run.callbacks.call("on_epoch_begin", run.epoch, None)
        title = f"epoch {run.epoch + 1}" + (f"/{epochs}" if epochs else "")
        with Progress(checks.length(loader), title, kind=run.progress, initial=run.batch) as bar:
            finished = train(run, step, batches, bar, max_steps)
            logs = run._figures()
            run._unvalidated = validation is not None and run.validates is not None and not run.validates(run.epoch)
            if validation is not None and not run._unvalidated:
                with run._place.validating(run, finished):
                    logs |= {f"val_{name}": value for name, value in evaluate(run, validation).items()}
            bar.skip(run.batch - bar.done)
            bar.show(**logs)
        end_epoch(run, logs, finished)
    run.callbacks.call("on_train_end", logs)


def _at_end(run: Trainer, max_steps: int | None) -> bool:
    return run.stop_training or (max_steps is not None and run.step >= max_steps)


def train(run: Trainer, step: Callable[..., Any], batches: Iterator[Any], bar: Progress, max_steps: int | None) -> bool:
    """The steps of an epoch. Was it gone through to its end?"""
    losses, metrics, place, interrupts = run._losses, list(run.metrics.values()), run._place, run._interrupts
    before, within, after = before_step(run), within_step(run), after_step(run, bar)
    last = math.inf if max_steps is None else max_steps
    for group in groups(place, batches, run.accumulate):
        for do in before:
            group = do(group) or group
        sizes = list(map(samples, group))
        run._within_step = True  # from here on the state is that of no whole step
        try:
            results = step(group, shares(sizes) if len(group) > 1 else None)
        except BadLoss as bad:
            run._within_step = False
            raise run._nonfinite(bad.loss, run.step, run.batch + bad.index, "the weights are those before it") from None
        for (loss, output, target), size in zip(results, sizes):
            losses.add(loss, size)
            for metric in metrics:
                metric.update(output, target)
        for do in within:
            do()
        run.step += 1
        run.batch += len(group)
        place.pending = []
        run._within_step = False
        for do in after:
            do()
        if interrupts.seen:
            raise KeyboardInterrupt
        if run.stop_training or run.step >= last:
            run._read_losses()
            return False
    place.lost = True  # where the next epoch begins
    run._read_losses()
    if not run.batch:
        again = " again; an iterator can be gone through once, a DataLoader or list in every epoch" if run.step else ""
        raise ValueError(f"Trainer.fit: train_loader gave no batches{again}")
    return True


# What else belongs to a step. These are lists, so that what is not asked for costs nothing.


def before_step(run: Trainer) -> list[Callable[[Any], Any]]:
    """With the group: to the device, the checks of the first batch, callbacks, the profiler."""
    found: list[Callable[[Any], Any]] = []
    if run.device.type != "cpu":
        found.append(lambda group: [to_device(batch, run.device) for batch in group])
    if not run._checked:
        found.append(lambda group: None if run._checked else run._check_batch(group[0]))
    found += [
        lambda group, hook=hook: hook(run.batch, None) and None for hook in run.callbacks.hooks["on_train_batch_begin"]
    ]
    if run.profile is not None:
        found.append(lambda group: run._profile_step())
    return found


def within_step(run: Trainer) -> list[Callable[[], Any]]:
    """What changes with the weights: their average, the learning rates."""
    found: list[Callable[[], Any]] = [] if run.ema is None else [lambda: run.ema.update(run.model)]
    return found + [schedule.step for schedule in run._schedules_by_step]


def after_step(run: Trainer, bar: Progress) -> list[Callable[[], Any]]:
    """What looks at the state between steps: losses that were not read yet, loggers, the bar, callbacks, saving."""
    found: list[Callable[[], Any]] = []
    if not run._reads_early:
        found.append(lambda: run._read_losses(run._read_losses_at))
    if run.loggers:
        found.append(lambda: run._log_step() if run.step % run.log_every == 0 else None)
    if bar.kind != "off":

        def show():
            if clock() >= bar.next:
                bar.update(run.batch - bar.done, **run._figures(metrics=False))

        clock = time.monotonic
        found.append(show)
    found += [
        lambda hook=hook: hook(run.batch - 1, run._figures()) for hook in run.callbacks.hooks["on_train_batch_end"]
    ]
    if run.checkpoint_every:
        found.append(lambda: run._save() if run.step % run.checkpoint_every == 0 else None)
    return found


def end_epoch(run: Trainer, logs: dict[str, float], finished: bool) -> None:
    """What goes by epochs. Of an epoch that is to go on later the state is saved before it counts as one."""
    epoch = run.epoch
    if not finished:
        run._save(logs)
    else:
        run.epoch, run.batch, run._place.begun = epoch + 1, 0, False
        run._end_of_epoch(logs)
    for logger in run.loggers:
        logger.log({"epoch": epoch, **numbers(logs)}, run.step)
    try:
        run.callbacks.call("on_epoch_end", epoch, logs)
    finally:  # an error in a callback must not lose the checkpoint
        if finished:
            run._save(logs)


def evaluate(run: Trainer, loader: Any, model: Any = None, progress: str = "off") -> dict[str, float]:
    """Loss and metrics over a loader, of the averaged model where there is one."""
    model = model or (run.model if run.ema is None else run.ema.average)
    losses, metrics, callbacks = run._new_losses(), run._new_metrics(), run.callbacks
    step = run._eval_step(model)
    before, after = callbacks.hooks["on_test_batch_begin"], callbacks.hooks["on_test_batch_end"]
    callbacks.call("on_test_begin", None)
    with kept_modes(model), Progress(checks.length(loader), "evaluate", kind=progress) as bar:
        model.eval()
        for number, batch in enumerate(loader):
            if run._interrupts.seen:
                raise KeyboardInterrupt
            for hook in before:
                hook(number, None)
            batch = to_device(batch, run.device) if run.device.type != "cpu" else batch
            loss, output, target = step(batch)
            losses.add(loss.detach(), samples(batch))
            for metric in metrics.values():
                metric.update(output, target)
            if len(losses.unread) >= run._read_losses_at:
                losses.read()
            bar.update()
            for hook in after:
                hook(number, {"loss": losses.mean()})
    losses.read()
    if not losses.batches:
        raise ValueError("Trainer.evaluate: the loader gave no batches")
    logs = run._together(losses, metrics)
    callbacks.call("on_test_end", logs)
    return logs


def predict(run: Trainer, loader: Any, model: Any, progress: str = "off") -> Iterator[Any]:
    """The outputs batch by batch."""
    step = EvalStep(run, model, run.forward)
    with kept_modes(model), Progress(checks.length(loader), "predict", kind=progress) as bar:
        model.eval()
        for batch in loader:
            yield step(to_device(batch, run.device) if run.device.type != "cpu" else batch)
            bar.update()


def groups(place: Any, batches: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """Lists of so many batches; the last one may be shorter. Until their step is done they are pending."""
    batches = iter(batches)
    try:
        if size == 1:
            for batch in batches:
                place.pending = group = [batch]
                yield group
        while True:
            for batch in itertools.islice(batches, size):
                place.pending.append(batch)
            if not place.pending:
                return
            place.drained = len(place.pending) < size
            yield place.pending
    except GeneratorExit:  # no batch was lost
        raise
    except BaseException:
        place.lost = True
        raise


def shares(sizes: list[int]) -> list[int | float]:
    """What each loss counts in a group: its share of the samples. Where all are equal, the number to divide it by."""
    if len(set(sizes)) == 1:
        return [len(sizes)] * len(sizes)
    return [size / sum(sizes) for size in sizes]
