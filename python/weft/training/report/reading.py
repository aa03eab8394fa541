"""Reports made afterwards: what loggers have written is read, and one page shows a run or compares several."""

from __future__ import annotations

import csv
import json
import math
import os

from weft._outside import optional
from weft.training.loggers.base import checked_hyperparameters, path_of
from weft.training.report import page
from weft.training.report.html_report import write_page
from weft.training.report.series import Series

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

_EVENTS = "events.out.tfevents."
_LINES = (".jsonl", ".ndjson")


class _Run:
    def __init__(self, name):
        self.name = name
        self.series = {}
        self.hyperparameters = {}
        self.first = self.last = None

    def add(self, key, step, time, value):
        if time is not None:
            self.first = time if self.first is None else self.first
            self.last = time
        seconds = time - self.first if time is not None else 0.0
        self.series.setdefault(key, Series()).add(step, max(0.0, seconds), value)

    def to_json(self):
        return {
            "name": self.name,
            "status": "",
            "message": "",
            "started": self.first or 0,
            "updated": self.last or 0,
            "hyperparameters": checked_hyperparameters("report", self.hyperparameters),
            "environment": [],
            "series": {key: series.to_json() for key, series in self.series.items()},
        }


def make_report(
    paths: Iterable[str | os.PathLike[str]], output: str | os.PathLike[str], title: str | None = None
) -> list[str]:
    """Writes one report of all runs that are found at these paths; see :func:`read_runs`. Gives their names.

    Args:
        paths: files and folders.
        output: of the HTML file.
        title: of the page; otherwise the name of the run, or of the folder.

    Raises:
        FileNotFoundError: a path is not there.
        ValueError: there is no run at a path, or a file is broken.

    >>> import os, tempfile
    >>> from weft.training.loggers import CSVLogger
    >>> from weft.training.report import make_report
    >>> folder = tempfile.mkdtemp()
    >>> with CSVLogger(os.path.join(folder, "log.csv")) as logger:
    ...     logger.log({"loss": 0.5}, step=1)
    >>> make_report([folder], os.path.join(folder, "report.html"))
    ['log']
    """
    paths = [path_of("make_report", path) for path in paths]
    output = path_of("make_report", output)
    runs, panels = _read(paths, os.path.realpath(output))
    if title is None:
        title = runs[0]["name"] if len(runs) == 1 else os.path.basename(os.path.abspath(paths[0])) or "Runs"
    write_page(output, page.render(title, runs, panels))
    return [run["name"] for run in runs]


def read_runs(paths: Iterable[str | os.PathLike[str]]) -> list[dict[str, Any]]:
    """The runs at these paths, as the page takes them.

    A path is a file of a CSVLogger or JSONLinesLogger (or another CSV file with a column ``step`` or ``epoch``), a
    report, an event file of TensorBoard, or a folder, in which these are looked for: in each folder inside, JSON lines
    if there are any, else CSV files, else event files (which need the package ``tensorboard``), else reports.

    >>> import os, tempfile
    >>> from weft.training.loggers import JSONLinesLogger
    >>> from weft.training.report import read_runs
    >>> path = os.path.join(tempfile.mkdtemp(), "first.jsonl")
    >>> with JSONLinesLogger(path) as logger:
    ...     logger.log({"loss": 0.5}, step=1)
    >>> [(run["name"], list(run["series"])) for run in read_runs([path])]
    [('first', ['loss'])]
    """
    return _read([path_of("read_runs", path) for path in paths], "")[0]


def _read(paths: Sequence[str], output: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    runs, panels = [], []
    for path in paths:
        if not os.path.exists(path):
            raise FileNotFoundError(2, "report: there is no such file or folder", path)
        if os.path.isdir(path):
            found = [source for source in _sources(path) if source[1:] != ([output],)]
            if not found:
                raise ValueError(f"report: {path!r} holds no .jsonl, .csv, TensorBoard or report file of a run")
            for name, files in found:
                _read_source(name, files, runs, panels)
        else:
            _read_source(_stem(path), [path], runs, panels)
    if not runs:
        raise ValueError("report: no path was given")
    for run in runs:
        if not run["series"] and len(runs) == 1:
            raise ValueError(f"report: the run {run['name']!r} has no values")
    _tell_apart(runs)
    return runs, panels if len(runs) == 1 else []


def _stem(path):
    name = os.path.basename(path)
    if name.startswith(_EVENTS):
        return os.path.basename(os.path.dirname(os.path.abspath(path))) or name
    return os.path.splitext(name)[0]


def _sources(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Names and files of the runs in a folder."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        files = [os.path.join(place, name) for name in sorted(files)]
        inner = os.path.relpath(place, folder)
        lines = [file for file in files if file.endswith(_LINES)]
        tables = [file for file in files if file.endswith(".csv") and _is_log(file)]
        events = [file for file in files if os.path.basename(file).startswith(_EVENTS)]
        reports = [file for file in files if file.endswith(".html") and _is_report(file)]
        if lines or tables or not events:
            for file in lines or tables or [os.path.realpath(file) for file in reports]:
                yield (_stem(file) if inner == "." else os.path.join(inner, _stem(file))), [file]
        else:
            yield (os.path.basename(os.path.abspath(folder)) if inner == "." else inner), events


def _is_log(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        first = file.readline(100_000).strip().split(",")
    return "step" in first or "epoch" in first


def _is_report(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return 'id="weft-data"' in file.read()


def _tell_apart(runs):
    """No two runs have the same name."""
    taken = set()
    for run in runs:
        name, number = run["name"], 1
        while run["name"] in taken:
            number += 1
            run["name"] = f"{name} ({number})"
        taken.add(run["name"])


def _read_source(name, files, runs, panels):
    path = files[0]
    if path.endswith(".html"):
        try:
            with open(path, encoding="utf-8") as file:
                data = page.parse(file.read())
        except ValueError as error:
            raise ValueError(f"report: {path!r}: {error}") from None
        runs += data["runs"]
        panels += data["panels"]
        return
    run = _Run(name)
    if os.path.basename(path).startswith(_EVENTS):
        _read_events(run, files)
    elif path.endswith(".csv"):
        _read_csv(run, path)
    else:
        _read_lines(run, path)
    runs.append(run.to_json())


def _read_lines(run, path):
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                if not line.endswith(b"\n") and number > 1:
                    return  # what a killed program has left
                raise ValueError(f"report: line {number} of {path!r} is no JSON") from None
            if not isinstance(entry, dict):
                raise ValueError(f"report: line {number} of {path!r} is no JSON object")
            if isinstance(entry.get("hyperparameters"), dict):
                run.hyperparameters.update(entry["hyperparameters"])
            step, time = entry.get("step", number), entry.get("time")
            time = time if isinstance(time, (int, float)) and not isinstance(time, bool) else None
            if not isinstance(step, int):
                raise ValueError(f"report: line {number} of {path!r} has step {step!r}, which is no int")
            for key, value in entry.items():
                if key not in ("step", "time") and isinstance(value, (int, float)):
                    run.add(key, step, time, value)


def _read_csv(run, path):
    extra = os.path.splitext(path)[0] + ".hyperparameters.json"
    if os.path.exists(extra):
        with open(extra, encoding="utf-8") as file:
            run.hyperparameters.update(json.load(file))
    with open(path, newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if not header:
            raise ValueError(f"report: {path!r} is empty")
        if "step" not in header and "epoch" not in header:
            raise ValueError(f"report: {path!r} has no column step or epoch, but {header[:8]}")
        place = header.index("step" if "step" in header else "epoch")
        for number, row in enumerate(rows, 1):
            if len(row) != len(header):
                continue  # cut off by a kill
            step = _number(row[place])
            step = step if step is not None and math.isfinite(step) else None
            time = _number(row[header.index("time")]) if "time" in header else None
            for key, cell in zip(header, row):
                value = _number(cell)
                if value is not None and key not in ("step", "time"):
                    run.add(key, number if step is None else int(step), time, value)


def _number(cell):
    try:
        return float(cell)
    except ValueError:
        return None


def _read_events(run, files):
    module = optional("tensorboard.backend.event_processing.event_accumulator", "tensorboard", "weft report")
    util = optional("tensorboard.util.tensor_util", "tensorboard", "weft report")
    found = []
    for path in files:
        reader = module.EventAccumulator(path, size_guidance={"scalars": 0, "tensors": 0})
        reader.Reload()
        tags = reader.Tags()
        for tag in tags["scalars"]:
            found += [(event.wall_time, tag, event.step, event.value) for event in reader.Scalars(tag)]
        for tag in tags["tensors"]:
            plugin = reader.SummaryMetadata(tag).plugin_data
            if plugin.plugin_name == "scalars":
                for event in reader.Tensors(tag):
                    value = util.make_ndarray(event.tensor_proto)
                    found.append((event.wall_time, tag, event.step, float(value.reshape(-1)[0])))
        if "_hparams_/session_start_info" in reader.summary_metadata:
            run.hyperparameters.update(_hyperparameters(reader.SummaryMetadata("_hparams_/session_start_info")))
    for time, tag, step, value in sorted(found, key=lambda entry: entry[0]):
        run.add(tag, step, time, value)


def _hyperparameters(metadata):
    data = optional("tensorboard.plugins.hparams.plugin_data_pb2", "tensorboard", "weft report").HParamsPluginData()
    data.ParseFromString(metadata.plugin_data.content)
    values = dict(data.session_start_info.hparams)
    return {key: getattr(value, value.WhichOneof("kind")) for key, value in values.items() if value.WhichOneof("kind")}
