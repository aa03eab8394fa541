"""WandbLogger: runs on Weights & Biases, or offline in a folder."""

from __future__ import annotations

import os

from weft._outside import optional
from weft.training.loggers.base import Logger, checked_hyperparameters

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any


class WandbLogger(Logger):
    """Writes a run for Weights & Biases. Needs the package ``wandb``.

    Steps may come in any order and repeatedly: they are written as the metric ``step``, against which charts are drawn.

    Args:
        project, name: of the run.
        folder: where its files are put.
        mode: ``"online"``, ``"offline"`` (``wandb sync`` sends it later), ``"disabled"``, or None for what wandb is
            configured with.
        run_id: of the run to continue, or to begin where there is none of this name.
        options: others of ``wandb.init``, such as ``entity``, ``tags`` or ``group``.

    Raises:
        ImportError: ``wandb`` is not installed.
        wandb.Error: what ``wandb.init`` raises.

    >>> from weft.training.loggers import WandbLogger
    >>> with WandbLogger("digits", mode="offline") as logger:  # doctest: +SKIP
    ...     logger.log({"loss": 0.5}, step=1)
    """

    def __init__(
        self,
        project: str | None = None,
        name: str | None = None,
        *,
        folder: str | os.PathLike[str] | None = None,
        mode: str | None = None,
        run_id: str | None = None,
        **options: Any,
    ) -> None:
        wandb = optional("wandb", "wandb", "WandbLogger")
        if folder is not None:
            folder = os.fspath(folder)
            os.makedirs(folder, exist_ok=True)
        if run_id is not None:
            options = {"resume": "allow", **options}
        self._run = wandb.init(project=project, name=name, dir=folder, mode=mode, id=run_id, **options)
        self._run.define_metric("*", step_metric="step")

    @property
    def run(self) -> Any:
        """wandb's run, for images, tables and what else it takes.

        >>> from weft.training.loggers import WandbLogger
        >>> WandbLogger("digits", mode="offline").run.summary["best"] = 0.9  # doctest: +SKIP
        """
        return self._run

    def log_hyperparameters(self, mapping: Mapping[str, Any]) -> None:
        """Writes them into the run's config.

        >>> from weft.training.loggers import WandbLogger
        >>> WandbLogger("digits", mode="offline").log_hyperparameters({"lr": 0.1})  # doctest: +SKIP
        """
        self.check_open("log_hyperparameters")
        found = checked_hyperparameters("WandbLogger.log_hyperparameters", mapping)
        self._run.config.update(found, allow_val_change=True)

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Writes values; see :meth:`Logger.log`.

        >>> from weft.training.loggers import WandbLogger
        >>> WandbLogger("digits", mode="offline").log({"loss": 0.5}, step=1)  # doctest: +SKIP
        """
        values, step = self.checked(values, step)
        self._run.log({**values, "step": step})

    def close(self) -> None:
        """Ends the run as finished.

        >>> from weft.training.loggers import WandbLogger
        >>> WandbLogger("digits", mode="offline").close()  # doctest: +SKIP
        """
        self._end(0)

    def _end(self, code):
        if not self.closed:
            self.closed = True
            self._run.finish(exit_code=code)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(0 if kind is None else 1)
