"""Ray Tune: the figures of each epoch, and checkpoints, for its schedulers."""

from __future__ import annotations

import tempfile
from pathlib import Path

import weft
from weft._checks import check_integers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

__all__ = ["ReportCallback", "restored"]


def _tune(function: str) -> Any:
    try:
        from ray import tune
    except ImportError:
        raise ImportError(f'{function} needs Ray Tune: pip install "ray[tune]"') from None
    return tune


class ReportCallback:
    """A callback of weft.Trainer that reports the figures of each epoch to Ray Tune, by ``tune.report``.

    Args:
        names: of the figures, None for all; or a dict of the names that Tune is to see.
        checkpoint_every: after so many epochs a checkpoint of the model and the optimizer goes along, which
            :func:`restored` reads; None for none.

    Raises:
        ImportError: Ray is missing.
        KeyError: in on_epoch_end, where the figures of the epoch have no such name.

    >>> def train(config):  # doctest: +SKIP
    ...     trainer = weft.Trainer(model(), "adam", "mse_loss", callbacks=[ReportCallback(["val_loss"])])
    ...     trainer.fit(data, held_out, epochs=20)
    >>> tune.Tuner(train, param_space={"lr": tune.loguniform(1e-4, 1e-1)}).fit()  # doctest: +SKIP
    """

    trainer: Any = None
    names: Mapping[str, str] | None
    checkpoint_every: int | None

    def __init__(
        self, names: Sequence[str] | Mapping[str, str] | None = None, *, checkpoint_every: int | None = None
    ) -> None:
        _tune("ReportCallback")
        if checkpoint_every is not None:
            check_integers("ReportCallback", checkpoint_every=checkpoint_every)
            if checkpoint_every < 1:
                raise ValueError(f"ReportCallback: checkpoint_every must be positive, got {checkpoint_every}")
        names = [names] if isinstance(names, str) else names
        self.names = names if names is None or hasattr(names, "items") else {name: name for name in names}
        self.checkpoint_every = checkpoint_every

    def set_trainer(self, trainer: Any) -> None:
        """Called once before training.

        >>> ReportCallback().set_trainer(trainer)  # doctest: +SKIP
        """
        self.trainer = trainer

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Report the figures.

        >>> ReportCallback().on_epoch_end(0, {"loss": 0.5})  # doctest: +SKIP
        """
        tune, logs = _tune("ReportCallback"), logs or {}
        names = {name: name for name in logs} if self.names is None else self.names
        for theirs in names.values():
            if theirs not in logs:
                raise KeyError(f"ReportCallback: the epoch has no {theirs!r}, it has {sorted(logs)}")
        figures = {name: float(logs[theirs]) for name, theirs in names.items()}
        figures["epoch"] = epoch
        if self.checkpoint_every is None or (epoch + 1) % self.checkpoint_every:
            tune.report(figures)
            return
        with tempfile.TemporaryDirectory() as folder:  # report copies it
            state = {"model": self.trainer.model.state_dict(), "optimizer": self.trainer.optimizer.state_dict()}
            weft.save({**state, "epoch": epoch}, Path(folder, "weft.pt"))
            tune.report(figures, checkpoint=tune.Checkpoint.from_directory(folder))


def restored(model: weft.nn.Module, optimizer: weft.optim.Optimizer | None = None) -> int:
    """Put the checkpoint that Ray Tune has for this trial into model and optimizer.

    Returns:
        How many epochs are done: 0 where there is no checkpoint.

    Raises:
        ImportError: Ray is missing.

    >>> restored(model, optimizer)  # doctest: +SKIP
    0
    """
    checkpoint = _tune("restored").get_checkpoint()
    if checkpoint is None:
        return 0
    with checkpoint.as_directory() as folder:
        state = weft.load(Path(folder, "weft.pt"))
    model.load_state_dict(state["model"])
    if optimizer is not None:
        optimizer.load_state_dict(state["optimizer"])
    return int(state["epoch"]) + 1
