"""Progress bars that suit where they are shown: terminals, notebooks, pipes and log files."""

from __future__ import annotations

import importlib
import importlib.util
import math
import os
import sys
import time
import typing

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TextIO

_T = typing.TypeVar("_T")
KINDS = ("auto", "tqdm", "notebook", "rich", "lines", "once", "off")


class Progress:
    """Shows how far a loop is: a bar in a terminal or notebook, and in pipes and log files a line now and then.

    Where the output is broken or closed, it stops showing and the loop goes on.

    Args:
        total: how many steps there are; None if that is not known.
        description: stands in front.
        unit: what is counted.
        kind: "auto" chooses: "notebook" (tqdm's) in notebooks, in terminals "tqdm" or "rich", whichever is installed,
            else "lines". "once" writes one line in the end. "off" shows nothing, which "auto" does in processes whose
            RANK is not 0. The environment variable WEFT_PROGRESS stands in for "auto".
        every: seconds between lines.
        file: where to, by default the standard error stream.
        leave: does the full bar stay when it is closed?
        initial: steps that are done already.

    Raises:
        ValueError: the kind is unknown, or total or initial is negative.
        ImportError: the library of the kind asked for is missing.

    >>> import sys
    >>> from weft.training import Progress
    >>> with Progress(4, "train", kind="lines", every=0, file=sys.stdout, clock=lambda: 0.0) as bar:
    ...     bar.update(2, loss=0.5)
    ...     bar.update(2, loss=0.25)
    train: 2/4 (50%), loss 0.5
    train: 4/4 (100%), loss 0.25
    """

    def __init__(
        self,
        total: int | None = None,
        description: str = "",
        *,
        unit: str = "batch",
        kind: str = "auto",
        every: float = 10.0,
        file: TextIO | None = None,
        leave: bool = True,
        initial: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if total is not None and total < 0:
            raise ValueError(f"Progress: total must not be negative, got {total}")
        if initial < 0:
            raise ValueError(f"Progress: initial must not be negative, got {initial}")
        file = sys.stderr if file is None else file
        self.kind: str = _choose_kind(kind, file)
        self.done: int = initial
        self.total: int | None = total
        self._clock = clock
        self._pending, self._interval = 0, 0.1
        self.next: float = 0.0  # when an update is shown again
        options = (total, description, unit, initial)
        if self.kind == "off":
            self._shown: Any = None
            self.next = math.inf
        elif self.kind in ("lines", "once"):
            every = every if self.kind == "lines" else math.inf  # not before it is closed or asked to
            self._shown = _Lines(*options, file, every, clock)
            self._interval = every
            self.next = clock() + every
        elif self.kind == "rich":
            self._shown = _Rich(*options, file, leave)
        else:
            self._shown = _Tqdm(self.kind, *options, file, leave)

    def update(self, steps: int = 1, **values: Any) -> None:
        """Says that more steps are done.

        Args:
            steps: how many.
            values: figures to show, numbers or tensors with one element; read only if they are shown.

        >>> from weft.training import Progress
        >>> bar = Progress(3, kind="off")
        >>> bar.update(2)
        >>> bar.done
        2
        """
        self.done += steps
        if self._shown is None:
            return
        self._pending += steps
        now = self._clock()
        if now >= self.next:
            self.next = now + self._interval
            self._show(values)
        elif values:
            self._values = values

    _values: Any = None

    def _show(self, values):
        pending, self._pending, self._values = self._pending, 0, None
        try:
            self._shown.show(pending, self.done, {name: _figure(value) for name, value in values.items()})
        except (OSError, ValueError):  # a pipe that nobody reads any more, a closed file
            self._give_up()

    def _give_up(self):
        self._shown.give_up()
        self._shown, self.next = None, math.inf

    def skip(self, steps: int = 1) -> None:
        """More steps are done, but are not shown before the next update.

        >>> from weft.training import Progress
        >>> bar = Progress(3, kind="off")
        >>> bar.skip()
        >>> bar.done
        1
        """
        self.done += steps
        self._pending += steps

    def show(self, **values: Any) -> None:
        """Shows the present state now.

        >>> import sys
        >>> from weft.training import Progress
        >>> Progress(3, kind="lines", file=sys.stdout, clock=lambda: 0.0).show(loss=0.5)
        0/3 (0%), loss 0.5
        """
        if self._shown is not None:
            self._show(values)

    def write(self, text: str) -> None:
        """Writes a line without disturbing the bar.

        >>> import sys
        >>> from weft.training import Progress
        >>> Progress(3, kind="lines", file=sys.stdout).write("saved")
        saved
        """
        if self._shown is not None:
            try:
                self._shown.write(text)
            except (OSError, ValueError):
                self._give_up()

    def close(self) -> None:
        """Shows the last state; nothing is shown after it.

        >>> from weft.training import Progress
        >>> Progress(3, kind="off").close()
        """
        if self._shown is None:
            return
        if self._pending:
            self._show(self._values or {})
        shown, self._shown = self._shown, None
        if shown is not None:
            try:
                shown.close()
            except (OSError, ValueError):
                pass

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def progress(iterable: Iterable[_T], description: str = "", **options: Any) -> Iterator[_T]:
    """Goes through an iterable and shows how far it is.

    Args:
        iterable: what the loop is over; its length is the total, if it has one.
        description: stands in front.
        options: those of :class:`Progress`.

    >>> import sys
    >>> from weft.training import progress
    >>> sum(progress([1, 2, 3], "sum", kind="lines", every=60, file=sys.stdout, clock=lambda: 0.0))
    sum: 3/3 (100%)
    6
    """
    if "total" not in options:
        try:
            options["total"] = len(iterable)  # type: ignore[arg-type]
        except TypeError:
            pass
    return _through(iterable, Progress(description=description, **options))


def _through(iterable, bar):
    with bar:
        for item in iterable:
            yield item
            bar.update()


def _figure(value):
    """A number as a bar shows it; text stays."""
    if isinstance(value, str):
        return value
    number = value.item() if hasattr(value, "item") else value
    return f"{number:.4g}" if isinstance(number, float) else str(number)


def _choose_kind(kind, file):
    if kind not in KINDS:
        raise ValueError(f"Progress: kind must be one of {', '.join(KINDS)}, got {kind!r}")
    if kind != "auto":
        return kind
    if os.environ.get("RANK", "0") not in ("", "0"):
        return "off"
    asked = os.environ.get("WEFT_PROGRESS", "auto")
    if asked in KINDS and asked != "auto":
        return asked
    if file is sys.stderr and _in_notebook() and _installed("tqdm") and _installed("ipywidgets"):
        return "notebook"
    try:
        terminal = file is not None and file.isatty() and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):
        terminal = False
    if terminal:
        for library in ("tqdm", "rich"):
            if _installed(library):
                return library
    return "off" if file is None else "lines"  # sys.stderr is None where there is no console


def _installed(library):
    return library in sys.modules or importlib.util.find_spec(library) is not None


def _in_notebook():
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


def _needed(module, library):
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"Progress: this kind of bar needs {library}: pip install {library}") from error


class _Tqdm:
    def __init__(self, kind, total, description, unit, initial, file, leave):
        module = _needed("tqdm.notebook" if kind == "notebook" else "tqdm", "tqdm")
        place = {} if kind == "notebook" else {"file": file, **_width(file)}
        self.bar = module.tqdm(
            total=total, desc=description or None, unit=unit, initial=initial, leave=leave, mininterval=0, **place
        )

    def show(self, steps, done, values):
        if values:
            self.bar.set_postfix_str(", ".join(f"{k} {v}" for k, v in values.items()), refresh=False)
        if steps:
            self.bar.update(steps)
        else:
            self.bar.refresh()

    def write(self, text):
        self.bar.write(text, file=self.bar.fp if hasattr(self.bar, "fp") else None)

    def close(self):
        self.bar.close()

    def give_up(self):
        self.bar.disable = True  # else it is closed, and written to, when it is collected


class _Rich:
    def __init__(self, total, description, unit, initial, file, leave):
        _needed("rich.progress", "rich")
        from rich import progress
        from rich.console import Console

        columns = [progress.TextColumn("{task.description}", markup=False), progress.BarColumn()]
        columns += [progress.MofNCompleteColumn(), progress.TimeRemainingColumn()]
        columns += [progress.TextColumn("{task.fields[figures]}", markup=False)]
        console = Console(file=file)
        self.bar = progress.Progress(*columns, console=console, transient=not leave)
        self.task = self.bar.add_task(description, total=total, completed=initial, figures="")
        self.bar.start()

    def show(self, steps, done, values):
        options = {"figures": ", ".join(f"{k} {v}" for k, v in values.items())} if values else {}
        self.bar.update(self.task, completed=done, **options)

    def write(self, text):
        self.bar.console.print(text, markup=False, highlight=False)

    def close(self):
        self.bar.stop()

    def give_up(self):
        self.bar.disable = True


class _Lines:
    def __init__(self, total, description, unit, initial, file, every, clock):
        self.total, self.description, self.unit, self.file, self.clock = total, description, unit, file, clock
        self.start, self.initial = clock(), initial

    def show(self, steps, done, values):
        share = f"/{self.total} ({done / self.total:.0%})" if self.total else ""
        parts = [f"{self.description}: {done}{share}" if self.description else f"{done}{share}"]
        seconds = self.clock() - self.start
        if seconds > 0 and done > self.initial:
            rate = (done - self.initial) / seconds
            parts.append(f"{rate:.3g} {self.unit}/s")
            if self.total and done < self.total:
                parts.append(f"{_duration((self.total - done) / rate)} left")
        parts += [f"{name} {value}" for name, value in values.items()]
        self.write(", ".join(parts))

    def write(self, text):
        print(text, file=self.file, flush=True)

    def close(self):
        pass

    give_up = close


def _width(file):
    """For tqdm: that of the terminal, where it says how wide it is."""
    try:
        return {"dynamic_ncols": True} if os.get_terminal_size(file.fileno()).columns else {"ncols": 80, "nrows": 24}
    except (AttributeError, OSError, ValueError):
        return {"dynamic_ncols": True}


def _duration(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
