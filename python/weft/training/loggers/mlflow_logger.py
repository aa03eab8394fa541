"""MLflowLogger: runs in MLflow's store."""

from __future__ import annotations

import os
import time

from weft._outside import optional
from weft.training.loggers.base import Logger, checked_hyperparameters

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any

_MOST_METRICS = 1000  # of a request
_MOST_PARAMETERS = 100


class MLflowLogger(Logger):
    """Writes a run into MLflow's store, a server, database or folder. Needs ``mlflow`` or ``mlflow-skinny``.

    Args:
        experiment: its name; it is made where there is none.
        run_name: shown instead of the name that MLflow would invent.
        tracking_uri: of the store, such as ``http://host:5000`` or ``sqlite:///runs.db``; otherwise what MLflow is
            configured with.
        run_id: continue this run instead of beginning one.
        tags: text under names.

    Raises:
        ImportError: MLflow is not installed.
        mlflow.MlflowException: the store does not answer or refuses something.

    >>> from weft.training.loggers import MLflowLogger
    >>> with MLflowLogger("digits", tracking_uri="sqlite:///runs.db") as logger:  # doctest: +SKIP
    ...     logger.log({"loss": 0.5}, step=1)
    """

    def __init__(
        self,
        experiment: str = "Default",
        *,
        run_name: str | None = None,
        tracking_uri: str | os.PathLike[str] | None = None,
        run_id: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        mlflow = optional("mlflow", "mlflow-skinny", "MLflowLogger")
        self._entities = optional("mlflow.entities", "mlflow-skinny", "MLflowLogger")
        self._client = mlflow.MlflowClient(None if tracking_uri is None else os.fspath(tracking_uri))
        if run_id is not None:
            self._client.update_run(run_id, status="RUNNING")
            for key, value in (tags or {}).items():
                self._client.set_tag(run_id, key, value)
            self._run_id = run_id
            return
        found = self._client.get_experiment_by_name(experiment)
        number = self._client.create_experiment(experiment) if found is None else found.experiment_id
        self._run_id = self._client.create_run(number, run_name=run_name, tags=dict(tags or {})).info.run_id

    @property
    def run_id(self) -> str:
        """MLflow's name of the run, with which another logger continues it.

        >>> from weft.training.loggers import MLflowLogger
        >>> MLflowLogger("digits").run_id  # doctest: +SKIP
        """
        return self._run_id

    def log_hyperparameters(self, mapping: Mapping[str, Any]) -> None:
        """Writes them as MLflow's parameters, which cannot be changed later.

        >>> from weft.training.loggers import MLflowLogger
        >>> MLflowLogger("digits").log_hyperparameters({"lr": 0.1})  # doctest: +SKIP
        """
        self.check_open("log_hyperparameters")
        found = checked_hyperparameters("MLflowLogger.log_hyperparameters", mapping)
        items = [self._entities.Param(key, str(value)) for key, value in found.items()]
        for start in range(0, len(items), _MOST_PARAMETERS):
            self._client.log_batch(self._run_id, params=items[start : start + _MOST_PARAMETERS])

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Writes metrics; see :meth:`Logger.log`.

        >>> from weft.training.loggers import MLflowLogger
        >>> MLflowLogger("digits").log({"loss": 0.5}, step=1)  # doctest: +SKIP
        """
        values, step = self.checked(values, step)
        now = int(time.time() * 1000)
        items = [self._entities.Metric(key, float(value), now, step) for key, value in values.items()]
        for start in range(0, len(items), _MOST_METRICS):
            self._client.log_batch(self._run_id, metrics=items[start : start + _MOST_METRICS])

    def close(self) -> None:
        """Ends the run as finished.

        >>> from weft.training.loggers import MLflowLogger
        >>> MLflowLogger("digits").close()  # doctest: +SKIP
        """
        self._end("FINISHED")

    def _end(self, status):
        if not self.closed:
            self.closed = True
            self._client.set_terminated(self._run_id, status)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._end("FINISHED")
        else:
            self._end("FAILED" if issubclass(kind, Exception) else "KILLED")
