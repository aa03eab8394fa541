"""FileWriter: events into one event file."""

from __future__ import annotations

import os
import time

from weft._outside import number
from weft.utils.tensorboard.protos import package, proto

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


class FileWriter:
    """Writes protos into an event file of the folder; a thread of the package ``tensorboard`` does the writing.

    Args:
        log_dir: the folder, which is made.
        max_queue: so many events wait at most before a call waits for the disk.
        flush_secs: how often, at most, the file is flushed.
        filename_suffix: of the event file's name.

    >>> from weft.utils.tensorboard import FileWriter
    >>> FileWriter("runs/first").close()  # doctest: +SKIP
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        max_queue: int = 10,
        flush_secs: float = 120,
        filename_suffix: str = "",
    ) -> None:
        self._arguments = (os.fspath(log_dir), max_queue, flush_secs, filename_suffix)
        self._made = self._make()

    def _make(self):
        return package("tensorboard.summary.writer.event_file_writer").EventFileWriter(*self._arguments)

    @property
    def event_writer(self) -> Any:
        """The EventFileWriter of the package tensorboard.

        >>> from weft.utils.tensorboard import FileWriter
        >>> FileWriter("runs/first").event_writer  # doctest: +SKIP
        """
        return self._made

    def get_logdir(self) -> str:
        """The folder.

        >>> from weft.utils.tensorboard import FileWriter
        >>> FileWriter("runs/first").get_logdir()  # doctest: +SKIP
        'runs/first'
        """
        return self._arguments[0]

    def add_event(self, event: Any, step: int | None = None, walltime: float | None = None) -> None:
        """Writes an event, with its time and step.

        >>> from weft.utils.tensorboard import FileWriter
        >>> FileWriter("runs/first").add_event(event, step=1)  # doctest: +SKIP
        """
        event.wall_time = time.time() if walltime is None else float(number("SummaryWriter", "walltime", walltime))
        if step is not None:
            event.step = checked_step(step)
        self._made.add_event(event)

    def add_summary(self, summary: Any, global_step: int | None = None, walltime: float | None = None) -> None:
        """Writes a summary.

        >>> from weft.utils.tensorboard import FileWriter, summary
        >>> FileWriter("runs/first").add_summary(summary.scalar("loss", 0.5), 1)  # doctest: +SKIP
        """
        self.add_event(proto("event").Event(summary=summary), global_step, walltime)

    def add_graph(self, graph_profile: tuple[Any, Any], walltime: float | None = None) -> None:
        """Writes a GraphDef and the RunMetadata of a run of it.

        >>> from weft.utils.tensorboard import FileWriter, graph
        >>> FileWriter("runs/first").add_graph((graph_def, graph.run_metadata()))  # doctest: +SKIP
        """
        graph, metadata = graph_profile
        self.add_event(proto("event").Event(graph_def=graph.SerializeToString()), None, walltime)
        tagged = proto("event").TaggedRunMetadata(tag="step1", run_metadata=metadata.SerializeToString())
        self.add_event(proto("event").Event(tagged_run_metadata=tagged), None, walltime)

    def add_onnx_graph(self, graph: Any, walltime: float | None = None) -> None:
        """Writes a GraphDef.

        >>> from weft.utils.tensorboard import FileWriter, graph
        >>> FileWriter("runs/first").add_onnx_graph(graph.of_onnx("model.onnx"))  # doctest: +SKIP
        """
        self.add_event(proto("event").Event(graph_def=graph.SerializeToString()), None, walltime)

    def flush(self) -> None:
        """Has all events written. OSError where the disk is full.

        >>> from weft.utils.tensorboard import FileWriter
        >>> FileWriter("runs/first").flush()  # doctest: +SKIP
        """
        self._made.flush()

    def close(self) -> None:
        """Has all events written and closes the file.

        >>> from weft.utils.tensorboard import FileWriter
        >>> FileWriter("runs/first").close()  # doctest: +SKIP
        """
        self._made.close()

    def reopen(self) -> None:
        """Goes on in a new event file, after :meth:`close`.

        >>> from weft.utils.tensorboard import FileWriter
        >>> FileWriter("runs/first").reopen()  # doctest: +SKIP
        """
        self._made = self._make()


def checked_step(step: Any) -> int:
    """The step as an int of 64 bits; TypeError or ValueError where it is none.

    >>> from weft.utils.tensorboard.file_writer import checked_step
    >>> checked_step(3)
    3
    """
    try:
        number = int(step)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise TypeError(f"SummaryWriter: global_step must be an int, got {step!r}") from None
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"SummaryWriter: global_step must fit in 64 bits, got {number}")
    return number
