"""The values of one name over a run, in bounded memory, and which charts names share."""

from __future__ import annotations

import math
import re

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from typing_extensions import Self

POINTS = 600  # at most; about as many as a chart has pixels


class Series:
    """Values step by step. When there are many, neighbours share a point: their mean, least and greatest value.

    >>> from weft.training.report.series import Series
    >>> series = Series(points=4)
    >>> for step in range(8):
    ...     series.add(step, 0.0, float(step))
    >>> series.to_json()["points"][0]
    [1, 0.0, 0.5, 0.0, 1.0]
    """

    def __init__(self, points: int = POINTS) -> None:
        self.most: int = points
        self.width: int = 1  # values that share a point
        self.points: list[list[Any]] = []  # step, seconds, mean, least, greatest, how many finite, how many
        self.count: int = 0
        self.last: tuple[int, float] | None = None
        self.least: tuple[int, float] | None = None
        self.greatest: tuple[int, float] | None = None
        self.bad: list[int] = [0, 0]  # values that are not finite: how many, the step of the first

    def add(self, step: int, seconds: float, value: float) -> None:
        """Takes a value, and the seconds since the run began.

        >>> from weft.training.report.series import Series
        >>> series = Series()
        >>> series.add(1, 0.5, float("nan"))
        >>> series.bad
        [1, 1]
        """
        value = float(value)
        self.count += 1
        self.last = step, value
        if math.isfinite(value):
            if self.least is None or value < self.least[1]:
                self.least = step, value
            if self.greatest is None or value > self.greatest[1]:
                self.greatest = step, value
            new = [step, seconds, value, value, value, 1, 1]
        else:
            self.bad = [self.bad[0] + 1, self.bad[1] if self.bad[0] else step]
            new = [step, seconds, None, None, None, 0, 1]
        if self.points and self.points[-1][6] < self.width:
            self.points[-1] = _together(self.points[-1], new)
        else:
            self.points.append(new)
            if len(self.points) > self.most:
                self._halve()

    def _halve(self):
        pairs = list(zip(self.points[::2], self.points[1::2]))
        rest = self.points[2 * len(pairs) :]
        self.points = [_together(*pair) for pair in pairs] + rest
        self.width *= 2

    def drop_from(self, step: int) -> None:
        """Forgets the points of this step and later ones; the extremes stay those of the whole run.

        >>> from weft.training.report.series import Series
        >>> series = Series()
        >>> for step in range(5):
        ...     series.add(step, 0.0, 1.0)
        >>> series.drop_from(2)
        >>> len(series.points), series.last
        (2, (1, 1.0))
        """
        self.points = [point for point in self.points if point[0] < step]
        self.count = sum(point[6] for point in self.points)
        if self.last is not None and self.last[0] >= step:
            self.last = (self.points[-1][0], self.points[-1][2]) if self.points else None

    def to_json(self) -> dict[str, Any]:
        """What the page draws: points of [step, seconds, mean, least, greatest], and the values for its table.

        >>> from weft.training.report.series import Series
        >>> series = Series()
        >>> series.add(1, 0.5, 2.0)
        >>> series.to_json()["last"]
        [1, 2.0]
        """
        points = []
        for step, seconds, *values in self.points:
            shown = [None if value is None else _short(value) for value in values[:3]]
            # One value needs no range.
            points.append([step, round(seconds, 1), *(shown if values[3] > 1 else shown[:1])])
        found = {"points": points, "width": self.width, "count": self.count}
        for name in ("last", "least", "greatest"):
            place = getattr(self, name)
            found[name] = place if place is None else [place[0], _finite(place[1])]
        return {**found, "bad": self.bad, "tail": self.points[-1][5:] if self.points else []}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Self:
        """A series that goes on where :meth:`to_json` was called, with the digits that were shown.

        >>> from weft.training.report.series import Series
        >>> series = Series()
        >>> series.add(1, 0.5, 2.0)
        >>> Series.from_json(series.to_json()).points
        [[1, 0.5, 2.0, 2.0, 2.0, 1, 1]]
        """
        made = cls()
        made.width, made.count, made.bad = found["width"], found["count"], list(found["bad"])
        for name in ("last", "least", "greatest"):
            place = found[name]
            setattr(made, name, place if place is None else (place[0], float(place[1])))
        for point in found["points"]:
            step, seconds, *values = point
            values = values if len(values) == 3 else values * 3
            finite = 0 if values[0] is None else made.width
            made.points.append([step, seconds, *values, finite, made.width])
        if made.points:
            made.points[-1][5:] = found["tail"]
        return made


def _together(one, two):
    """A point for the values of both."""
    finite = one[5] + two[5]
    if one[5] and two[5]:
        mean = one[2] * (one[5] / finite) + two[2] * (two[5] / finite)
        values = [mean, min(one[3], two[3]), max(one[4], two[4])]
    else:
        values = one[2:5] if one[5] else two[2:5]
    return [two[0], two[1], *values, finite, one[6] + two[6]]


def _short(value):
    return float(f"{value:.6g}")


def _finite(value):
    """JSON has no NaN and no infinity; float() reads these words."""
    return value if math.isfinite(value) else str(value)


# Sections of the page by what names mean; the first that fits.
_SECTIONS = (
    ("Learning rate", r"(^|[/_.\-])(lr|learning[_ ]?rate)([/_.\-\d]|$)"),
    ("Gradient norms", r"grad(ient)?s?[/_.\- ]?norm"),
    ("Throughput", r"per[_ ]?sec|/s$|_s$|throughput|(^|[/_.\-])(fps|seconds|duration|time)([/_.\-]|$)"),
    ("Memory", r"memory|(^|[/_.\-])(mem|rss|vram)([/_.\-]|$)|(bytes|_[kmg]i?b)$"),
)
_PART = "train|training|val|valid|validation|dev|test|eval"
_BEFORE = re.compile(rf"({_PART})[/_.\- ](.+)", re.IGNORECASE)
_BEHIND = re.compile(rf"(.+)[/_.\- ]({_PART})", re.IGNORECASE)
CURVES = "Curves"
SECTIONS = (CURVES, *(name for name, _ in _SECTIONS))
_TOGETHER = {"Learning rate", "Gradient norms"}  # whose names share a chart
_MOST_LINES = 8


def place_of(key: str) -> tuple[str, str, str]:
    """Section, chart and label of a name: train and validation values share a chart.

    >>> from weft.training.report.series import place_of
    >>> place_of("val_loss"), place_of("grad_norm/conv1"), place_of("tokens_per_second")
    (('Curves', 'loss', 'val'), ('Gradient norms', 'gradient norms', 'grad_norm/conv1'), \
('Throughput', 'tokens_per_second', 'tokens_per_second'))
    """
    section = next((name for name, pattern in _SECTIONS if re.search(pattern, key, re.IGNORECASE)), CURVES)
    if section in _TOGETHER:
        return section, section.lower(), key
    if match := _BEFORE.fullmatch(key):
        return section, match[2], match[1]
    if match := _BEHIND.fullmatch(key):
        return section, match[1], match[2]
    return section, key, key


def charts(runs: Iterable[tuple[str, Iterable[str]]]) -> list[dict[str, Any]]:
    """The charts of these runs (their names, and the names of their values): section, title and lines of each.

    >>> from weft.training.report.series import charts
    >>> [chart["lines"] for chart in charts([("a", ["train_loss", "val_loss", "epoch"])])]
    [[[0, 'train_loss', 'train'], [0, 'val_loss', 'val']]]
    """
    runs = list(runs)
    found: dict[tuple[str, str], list[list[Any]]] = {}
    for number, (name, keys) in enumerate(runs):
        for key in keys:
            if key == "epoch":
                continue
            section, title, label = place_of(key)
            label = label if len(runs) == 1 else name if label == title == key else f"{name}: {label}"
            found.setdefault((section, title), []).append([number, key, label])
    made = []
    for (section, title), lines in found.items():
        if len(runs) == 1 and len(lines) == 2 and title in (labels := [line[2] for line in lines]):
            if any(re.fullmatch("val|valid|validation", label, re.IGNORECASE) for label in labels):
                lines[labels.index(title)][2] = "train"  # `loss` beside `val_loss`
        # Lines of the same name for all runs belong together; others are divided where there are many.
        most = max(_MOST_LINES, len(runs))
        for start in range(0, len(lines), most):
            part = f"{title} ({start // most + 1})" if len(lines) > most else title
            made.append({"section": section, "title": part, "lines": lines[start : start + most]})
    return sorted(made, key=lambda chart: SECTIONS.index(chart["section"]))
