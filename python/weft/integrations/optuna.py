"""Optuna: trials that end early where they do worse than others."""

from __future__ import annotations

import math

from weft._checks import check_integers, check_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["PruningCallback"]


class PruningCallback:
    """A callback of weft.Trainer that tells a trial of Optuna the figure of each epoch, and ends it when Optuna says.

    Then optuna.TrialPruned is raised, which ``study.optimize`` takes as the end of the trial.

    Args:
        trial: the trial of the objective.
        monitor: the name of the figure.
        every: after so many epochs.

    Raises:
        KeyError: in on_epoch_end, where the figures of the epoch have no such name.

    >>> import optuna, weft  # doctest: +SKIP
    >>> def objective(trial):
    ...     lr = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
    ...     trainer = weft.Trainer(model(), "adam", "mse_loss", callbacks=[PruningCallback(trial, "val_loss")])
    ...     return trainer.fit(data, held_out, epochs=20).history["val_loss"][-1]
    >>> optuna.create_study().optimize(objective, n_trials=50)  # doctest: +SKIP
    """

    trainer: Any = None
    trial: Any
    monitor: str
    every: int

    def __init__(self, trial: Any, monitor: str = "val_loss", *, every: int = 1) -> None:
        check_text("PruningCallback", monitor=monitor)
        check_integers("PruningCallback", every=every)
        if every < 1:
            raise ValueError(f"PruningCallback: every must be positive, got {every}")
        if not hasattr(trial, "report") or not hasattr(trial, "should_prune"):
            raise TypeError(f"PruningCallback: expected a Trial of Optuna, got {type(trial).__name__}")
        self.trial, self.monitor, self.every = trial, monitor, every

    def set_trainer(self, trainer: Any) -> None:
        """Called once before training.

        >>> PruningCallback(trial).set_trainer(trainer)  # doctest: +SKIP
        """
        self.trainer = trainer

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Tell the trial, which may raise TrialPruned.

        >>> PruningCallback(trial, "loss").on_epoch_end(0, {"loss": 0.5})  # doctest: +SKIP
        """
        if not logs or self.monitor not in logs:
            raise KeyError(f"PruningCallback: the epoch has no {self.monitor!r}, it has {sorted(logs or {})}")
        if (epoch + 1) % self.every:
            return
        value = float(logs[self.monitor])
        self.trial.report(value, step=epoch)
        if self.trial.should_prune() or math.isnan(value):
            from optuna import TrialPruned

            raise TrialPruned(f"epoch {epoch}: {self.monitor} is {value}")
