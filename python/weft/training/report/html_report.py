"""HTMLReport: a logger that writes a page while training."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings

from weft.serialization.atomic_file import replacing
from weft.training.loggers.base import Logger, checked_hyperparameters, path_of
from weft.training.report import ending, page, panels
from weft.training.report.series import Series

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Any


class HTMLReport(Logger):
    """Writes one HTML file that shows the run: curves, learning rate, gradient norms, throughput, memory, and what is
    added. It needs nothing from elsewhere, and is replaced as a whole every few seconds while ``log`` is called.

    Names find their place by themselves: ``train_loss`` and ``val_loss`` share a chart; ``lr``, ``grad_norm``,
    ``samples_per_second`` and ``memory`` have sections of their own. When there are many values, neighbours share a
    point with a band from the least to the greatest, so that memory and file stay small.

    The report is finished by :meth:`close`, at the end of a ``with`` block, by an exception, by Ctrl-C and by SIGTERM
    (unless the program handles it); a killed program leaves the last complete file.

    Args:
        path: of the file; folders are made.
        title: of the page; otherwise the file's name.
        interval: seconds between two writes.
        append: continue a report that is there instead of replacing it.
        purge_step: with append, points of this step and later ones are dropped first.

    Raises:
        OSError: the file cannot be written, when the report is made, flushed or closed. While training it is a warning:
            the values are kept, and the next write tries again.
        ValueError: the file that is to be continued is no report.

    >>> import os, tempfile
    >>> from weft.training.report import HTMLReport
    >>> path = os.path.join(tempfile.mkdtemp(), "report.html")
    >>> with HTMLReport(path, title="Digits") as report:
    ...     for step in range(100):
    ...         report.log({"train_loss": 1 / (step + 1), "lr": 0.1}, step)
    ...     report.add_confusion_matrix([[5, 1], [0, 6]], labels=["cat", "dog"])
    >>> "Digits" in open(path).read()
    True
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        title: str | None = None,
        interval: float = 10.0,
        append: bool = False,
        purge_step: int | None = None,
    ) -> None:
        self.path: str = path_of("HTMLReport", path)
        if not interval >= 0:
            raise ValueError(f"HTMLReport: interval must be a number of seconds, got {interval!r}")
        self._interval = interval
        self._title = title or os.path.splitext(os.path.basename(self.path))[0]
        self._lock = threading.RLock()
        self._series: dict[str, Series] = {}
        self._panels: dict[str, dict[str, Any]] = {}
        self._hyperparameters: dict[str, Any] = {}
        self._status, self._message = "running", ""
        self._process = os.getpid()
        self._begin = self._updated = time.time()
        if append and os.path.exists(self.path):
            self._continue(title, purge_step)
        self._environment = environment()
        self._write()
        ending.watch(self)

    def _continue(self, title, purge_step):
        with open(self.path, encoding="utf-8") as file:
            try:
                data = page.parse(file.read())
                (run,) = data["runs"]
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"HTMLReport: cannot continue {self.path!r}: {error}; choose another path, or append=False to "
                    "replace it"
                ) from None
        self._title = title or data["title"]
        self._series = {key: Series.from_json(entry) for key, entry in run["series"].items()}
        self._panels = {panel["title"]: panel for panel in data["panels"]}
        self._hyperparameters = run["hyperparameters"]
        # Time goes on from where the earlier run was, without the pause.
        self._begin = time.time() - (run["updated"] - run["started"])
        for series in self._series.values() if purge_step is not None else ():
            series.drop_from(purge_step)

    def log_hyperparameters(self, mapping: Mapping[str, Any]) -> None:
        """Shows them in a table, nested ones under names with dots.

        >>> import tempfile
        >>> from weft.training.report import HTMLReport
        >>> with HTMLReport(tempfile.mkdtemp() + "/report.html") as report:
        ...     report.log_hyperparameters({"optimizer": {"lr": 0.1}})
        """
        self.check_open("log_hyperparameters")
        self._hyperparameters.update(checked_hyperparameters("HTMLReport.log_hyperparameters", mapping))

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Adds a point to each curve; see :meth:`Logger.log`. Values that are not finite are told of above the curves.

        >>> import tempfile
        >>> from weft.training.report import HTMLReport
        >>> with HTMLReport(tempfile.mkdtemp() + "/report.html") as report:
        ...     report.log({"loss": 0.5}, step=1)
        """
        values, step = self.checked(values, step)
        with self._lock:
            self._add(values, step)

    def _add(self, values, step):
        self._updated = time.time()
        for key, value in values.items():
            self._series.setdefault(key, Series()).add(step, self._updated - self._begin, value)
        if time.monotonic() - self._written >= self._interval:
            try:
                self._write()
            except OSError as error:
                self._written = time.monotonic()
                warnings.warn(f"{error}; training goes on, and the next write tries again", stacklevel=3)

    def _panel(self, title, html, wide=False):
        if not isinstance(title, str) or not title.strip():
            raise TypeError(f"HTMLReport: a title must be a string that is not empty, got {title!r}")
        self._panels[title] = {"title": title, "html": html, "wide": wide}

    def add_confusion_matrix(
        self, matrix: Any, labels: Sequence[str] | None = None, title: str = "Confusion matrix"
    ) -> None:
        """Shows a confusion matrix; a later one of this title takes its place.

        Args:
            matrix: counts of shape (classes, classes): rows are true classes, columns predicted ones.
            labels: of the classes; otherwise their numbers.

        >>> import tempfile
        >>> from weft.training.report import HTMLReport
        >>> with HTMLReport(tempfile.mkdtemp() + "/report.html") as report:
        ...     report.add_confusion_matrix([[5, 1], [0, 6]], labels=["cat", "dog"])
        """
        self.check_open("add_confusion_matrix")
        self._panel(title, panels.confusion(matrix, labels), wide=len(matrix) > 12)

    def add_worst_samples(
        self,
        samples: Any,
        losses: Any,
        targets: Sequence[Any] | None = None,
        predictions: Sequence[Any] | None = None,
        count: int = 16,
        title: str = "Worst samples",
    ) -> None:
        """Shows the samples of the largest losses; later ones of this title take their place.

        Args:
            samples: texts, or images: (H, W), (C, H, W) or (H, W, C), bytes or other numbers from 0 to 1. Images
                need the package Pillow.
            losses: (n,), one for each sample.
            targets, predictions: a class or text for each sample.
            count: how many are shown.

        >>> import tempfile
        >>> from weft.training.report import HTMLReport
        >>> with HTMLReport(tempfile.mkdtemp() + "/report.html") as report:
        ...     report.add_worst_samples(["a film"], [2.5], targets=["good"], predictions=["bad"])
        """
        self.check_open("add_worst_samples")
        html = panels.samples(samples, losses, targets, predictions, count)
        self._panel(title, html, wide=count > 32)

    def add_table(self, title: str, rows: Sequence[Sequence[Any]], columns: Sequence[str] | None = None) -> None:
        """Shows a table of numbers and texts.

        >>> import tempfile
        >>> from weft.training.report import HTMLReport
        >>> with HTMLReport(tempfile.mkdtemp() + "/report.html") as report:
        ...     report.add_table("Classes", [["cat", 0.9], ["dog", 0.8]], columns=["class", "F1"])
        """
        self.check_open("add_table")
        self._panel(title, panels.table(rows, columns))

    def add_text(self, title: str, text: str) -> None:
        """Shows a text as it is.

        >>> import tempfile
        >>> from weft.training.report import HTMLReport
        >>> with HTMLReport(tempfile.mkdtemp() + "/report.html") as report:
        ...     report.add_text("Notes", "The learning rate was halved.")
        """
        self.check_open("add_text")
        self._panel(title, f'<div class="card"><pre>{page.escape(str(text))}</pre></div>')

    def add_image(self, title: str, image: Any) -> None:
        """Shows an image: (H, W), (C, H, W) or (H, W, C), bytes or other numbers from 0 to 1. Needs the package Pillow.

        >>> import tempfile, weft
        >>> from weft.training.report import HTMLReport
        >>> with HTMLReport(tempfile.mkdtemp() + "/report.html") as report:
        ...     report.add_image("Filter", weft.rand(8, 8))
        """
        self.check_open("add_image")
        self._panel(title, f'<figure class="card">{panels.image("HTMLReport.add_image", image, str(title))}</figure>')

    def _run(self):
        return {
            "name": self._title,
            "status": self._status,
            "message": self._message,
            "started": self._begin,
            "updated": self._updated,
            "hyperparameters": self._hyperparameters,
            "environment": self._environment,
            "series": {key: series.to_json() for key, series in self._series.items()},
        }

    def _write(self):
        with self._lock:
            self._write_page()

    def _write_page(self):
        reload = max(2.0, self._interval) if self._status == "running" else 0
        write_page(self.path, page.render(self._title, [self._run()], list(self._panels.values()), reload))
        self._written = time.monotonic()

    def flush(self) -> None:
        """Writes the file now.

        >>> import tempfile
        >>> from weft.training.report import HTMLReport
        >>> with HTMLReport(tempfile.mkdtemp() + "/report.html") as report:
        ...     report.flush()
        """
        self.check_open("flush")
        self._write()

    def close(self) -> None:
        """Writes the file for the last time: the run has finished, or has failed where an exception is under way.

        >>> import tempfile
        >>> from weft.training.report import HTMLReport
        >>> report = HTMLReport(tempfile.mkdtemp() + "/report.html")
        >>> report.close()
        """
        error = sys.exc_info()[1]
        self.finish(*(("finished", "") if error is None else ending.outcome(error)))

    def finish(self, status: str, message: str = "") -> None:
        """As :meth:`close`, with the status ``finished``, ``interrupted`` or ``failed`` and why.

        >>> import tempfile
        >>> from weft.training.report import HTMLReport
        >>> report = HTMLReport(tempfile.mkdtemp() + "/report.html")
        >>> report.finish("failed", "the loss is NaN")
        """
        if status not in ("finished", "interrupted", "failed"):
            raise ValueError(f"HTMLReport.finish: status must be finished, interrupted or failed, got {status!r}")
        if self.closed or self._process != os.getpid():
            return
        self._status, self._message = status, message
        self._write()
        self.closed = True
        ending.forget(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.finish(*ending.outcome(error))


def write_page(path: str, text: str) -> None:
    """Replaces the file as a whole. OSError says what failed.

    >>> import os, tempfile
    >>> from weft.training.report.html_report import write_page
    >>> path = os.path.join(tempfile.mkdtemp(), "folder", "a.html")
    >>> write_page(path, "text")
    >>> open(path).read()
    'text'
    """
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with replacing(path) as file:
            data = memoryview(text.encode(errors="backslashreplace"))
            while data:
                data = data[file.write(data) :]
    except OSError as error:
        reason = (error.strerror or str(error)).removeprefix("save: ")
        raise type(error)(error.errno, f"HTMLReport: cannot write the file: {reason}", path) from error


def environment() -> list[list[str]]:
    """Versions, machine, devices and the command of the program, as names and values.

    >>> from weft.training.report.html_report import environment
    >>> environment()[0][0]
    'command'
    """
    # weft.utils.collect_env, which knows more, asks compilers and every package that is installed: that takes a second.
    import weft
    from weft.cli.info import describe

    rows = [["command", " ".join([os.path.basename(sys.executable), *sys.argv])]]
    for name, value in describe():
        rows.append([name, ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)])
    if weft.cuda.is_available():
        names = [weft.cuda.get_device_name(i) for i in range(weft.cuda.device_count())]
        rows.append(["GPUs", ", ".join(names)])
    found = {name: vars(module).get("__version__") for name, module in sorted(sys.modules.items()) if "." not in name}
    own = {*sys.stdlib_module_names, "weft", "numpy", "__main__"}
    packages = [f"{name} {found[name]}" for name in found if isinstance(found[name], str) and name not in own]
    return rows + ([["packages", ", ".join(packages)]] if packages else [])
