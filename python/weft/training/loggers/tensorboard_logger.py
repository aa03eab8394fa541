"""TensorBoardLogger: event files that TensorBoard shows."""

from __future__ import annotations

from weft.training.loggers.base import Logger, checked_hyperparameters, path_of

TYPE_CHECKING = False

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any

    from weft.utils.tensorboard import SummaryWriter


class TensorBoardLogger(Logger):
    """Writes scalars and hyperparameters into TensorBoard's event files. Needs the package ``tensorboard``.

    A folder that has event files already is continued by another one.

    Args:
        folder: of the run; ``tensorboard --logdir`` shows it, or a folder of such folders.
        purge_step: TensorBoard hides what earlier runs wrote for this step and later ones.
        flush_secs: how often, at most, what is logged is written.

    Raises:
        ImportError: ``tensorboard`` is not installed.

    >>> from weft.training.loggers import TensorBoardLogger
    >>> with TensorBoardLogger("runs/first") as logger:  # doctest: +SKIP
    ...     logger.log({"loss": 0.5}, step=1)
    """

    def __init__(self, folder: str | os.PathLike[str], purge_step: int | None = None, flush_secs: float = 10) -> None:
        from weft.utils.tensorboard import SummaryWriter

        folder = path_of("TensorBoardLogger", folder)
        self._writer = SummaryWriter(folder, purge_step=purge_step, flush_secs=flush_secs)

    @property
    def writer(self) -> SummaryWriter:
        """The writer, for images, histograms and what else it writes.

        >>> from weft.training.loggers import TensorBoardLogger
        >>> TensorBoardLogger("runs/first").writer.add_text("notes", "Hello")  # doctest: +SKIP
        """
        return self._writer

    def log_hyperparameters(self, mapping: Mapping[str, Any]) -> None:
        """Writes them for TensorBoard's HPARAMS page, which shows them with the scalars of the run.

        >>> from weft.training.loggers import TensorBoardLogger
        >>> TensorBoardLogger("runs/first").log_hyperparameters({"lr": 0.1})  # doctest: +SKIP
        """
        from weft.utils.tensorboard import summary

        self.check_open("log_hyperparameters")
        found = checked_hyperparameters("TensorBoardLogger.log_hyperparameters", mapping)
        found = {key: value if isinstance(value, (bool, int, float)) else str(value) for key, value in found.items()}
        for part in summary.hparams(found, {}):
            self._writer.file_writer.add_summary(part)
        self._writer.flush()

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Writes scalars; see :meth:`Logger.log`.

        >>> from weft.training.loggers import TensorBoardLogger
        >>> TensorBoardLogger("runs/first").log({"loss": 0.5}, step=1)  # doctest: +SKIP
        """
        values, step = self.checked(values, step)
        for key, value in values.items():
            self._writer.add_scalar(key, value, step)

    def flush(self) -> None:
        """Has the event file written.

        >>> from weft.training.loggers import TensorBoardLogger
        >>> TensorBoardLogger("runs/first").flush()  # doctest: +SKIP
        """
        self.check_open("flush")
        self._writer.flush()

    def close(self) -> None:
        """Writes what is left and closes the event file.

        >>> from weft.training.loggers import TensorBoardLogger
        >>> TensorBoardLogger("runs/first").close()  # doctest: +SKIP
        """
        self.closed = True
        self._writer.close()
