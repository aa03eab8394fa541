"""Sections beside the curves: confusion matrices, worst samples, tables, images."""

from __future__ import annotations

import base64
import io
import math
from html import escape

import numpy as np

from weft._outside import number, optional
from weft.training.report.page import plain, shown
from weft.utils.tensorboard.media import to_hwc
from weft.utils.tensorboard.protos import array

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_MOST_CLASSES = 200


def confusion(matrix: Any, labels: Sequence[str] | None) -> str:
    """A confusion matrix (true class, predicted class), each row coloured by its shares, with recall and precision.

    >>> from weft.training.report.panels import confusion
    >>> 'class="hit' in confusion([[3, 1], [0, 4]], ["cat", "dog"])
    True
    """
    where = "HTMLReport.add_confusion_matrix"
    counts = array(where, "matrix", matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not 0 < len(counts) <= _MOST_CLASSES:
        raise ValueError(f"{where}: expected a matrix (classes, classes) of 1 to {_MOST_CLASSES}, got {counts.shape}")
    if counts.dtype.kind == "c" or not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError(f"{where}: counts must be finite and not negative")
    names = [str(i) for i in range(len(counts))] if labels is None else [str(label) for label in labels]
    if len(names) != len(counts):
        raise ValueError(f"{where}: {len(counts)} classes and {len(names)} labels")
    counts = counts.tolist()
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    rows = []
    for i, row in enumerate(counts):
        total = sum(row)
        cells = "".join(_count(value, total, i == j) for j, value in enumerate(row))
        recall = f"{row[i] / total:.1%}" if total else "–"
        rows.append(f'<tr><th scope="row">{escape(names[i])}</th>{cells}<th>{recall}</th></tr>')
    columns = [sum(column) for column in zip(*counts)]
    precision = "".join(f"<th>{counts[i][i] / n:.0%}</th>" if n else "<th>–</th>" for i, n in enumerate(columns))
    total = sum(columns)
    right = f"{sum(counts[i][i] for i in range(len(counts))) / total:.1%}" if total else "–"
    return (
        '<div class="card scroll"><table class="confusion"><thead><tr><th title="rows: true, columns: predicted">'
        f'true \\ predicted</th>{head}<th scope="col">recall</th></tr></thead><tbody>{"".join(rows)}<tr>'
        f'<th scope="row">precision</th>{precision}<th title="accuracy"><b>{right}</b></th></tr></tbody></table></div>'
    )


def _count(value, total, hit):
    share = math.sqrt(value / total) if total else 0  # so that a few mistakes are seen
    name = ("hit" if hit else "") + (" dark" if share > 0.75 else "")
    text = shown(value) if value else ""
    return f'<td class="{name}" style="--share:{math.ceil(share * 100)}">{text}</td>'


def samples(
    values: Any, losses: Any, targets: Sequence[Any] | None, predictions: Sequence[Any] | None, count: int
) -> str:
    """The samples of the largest losses, images or texts, the worst first.

    >>> from weft.training.report.panels import samples
    >>> html = samples(["good film", "bad film"], [0.1, 2.0], ["+", "-"], ["+", "+"], 1)
    >>> "bad film" in html, "good film" in html
    (True, False)
    """
    where = "HTMLReport.add_worst_samples"
    losses = array(where, "losses", losses)
    if losses.ndim != 1 or losses.dtype.kind == "c":
        raise ValueError(f"{where}: losses must have shape (n,), got {losses.shape}")
    for name, given in (("samples", values), ("targets", targets), ("predictions", predictions)):
        if given is None and name != "samples":
            continue
        try:
            len(given)
        except TypeError:
            raise TypeError(f"{where}: {name} must be a sequence of {len(losses)}, got {given!r:.60}") from None
        if len(given) != len(losses):
            raise ValueError(f"{where}: {len(losses)} losses and {len(given)} {name}")
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"{where}: count must be a positive int, got {count!r}")
    # NaN is worse than every number.
    order = np.argsort(-np.where(np.isnan(losses), np.inf, losses), kind="stable")[:count].tolist()
    figures, texts = [], False
    for i in order:
        texts = texts or isinstance(values[i], str)
        told = [f"loss <b>{shown(float(losses[i]))}</b>"]
        if targets is not None:
            told.append(f"true <b>{escape(_label(targets[i]))}</b>")
        if predictions is not None:
            wrong = targets is not None and _label(targets[i]) != _label(predictions[i])
            told.append(f"predicted <b{' class=wrong' if wrong else ''}>{escape(_label(predictions[i]))}</b>")
        figures.append(f"<figure>{_sample(where, values[i])}<figcaption>{'<br>'.join(told)}</figcaption></figure>")
    return f'<div class="card samples{" texts" if texts else ""}">{"".join(figures)}</div>'


def _label(value):
    try:
        return shown(number("", "", value))
    except (TypeError, ValueError):
        return str(value)


def _sample(where, value):
    return f"<blockquote>{escape(value)}</blockquote>" if isinstance(value, str) else image(where, value)


def image(where: str, value: Any, alt: str = "sample") -> str:
    """An ``img`` with the pixels of a tensor or array: (H, W), (C, H, W) or (H, W, C).

    >>> import weft
    >>> from weft.training.report.panels import image
    >>> image("test", weft.zeros(8, 8))[:30]
    '<img class="small" alt="sample'
    """
    value = array(where, "image", value)
    if value.ndim == 2:
        order = "HW"
    else:
        order = "CHW" if value.ndim == 3 and value.shape[0] in (1, 3, 4) else "HWC"
    pixels = to_hwc(where, "image", value, order)
    data = io.BytesIO()
    optional("PIL.Image", "pillow", where).fromarray(pixels).save(data, format="PNG", optimize=True)
    text = base64.b64encode(data.getvalue()).decode()
    small = ' class="small"' if max(pixels.shape[:2]) <= 64 else ""
    height, width = pixels.shape[:2]
    return f'<img{small} alt="{escape(alt)}" width="{width}" height="{height}" src="data:image/png;base64,{text}">'


def table(rows: Sequence[Sequence[Any]], columns: Sequence[str] | None) -> str:
    """A table of numbers and texts.

    >>> from weft.training.report.panels import table
    >>> "<td class=n>0.5</td>" in table([["loss", 0.5]], ["name", "value"])
    True
    """
    where = "HTMLReport.add_table"
    if not all(isinstance(row, (list, tuple)) for row in (rows if isinstance(rows, (list, tuple)) else (None,))):
        raise TypeError(f"{where}: rows must be a list of lists, got {type(rows).__name__} {rows!r:.60}")
    if columns is not None and not isinstance(columns, (list, tuple)):
        raise TypeError(f"{where}: columns must be a list of names, got {columns!r:.60}")
    rows = [[cell if isinstance(cell, str) else _number_or_text(cell) for cell in row] for row in rows]
    width = len(columns) if columns is not None else len(rows[0]) if rows else 0
    for i, row in enumerate(rows):
        if len(row) != width:
            raise ValueError(f"{where}: row {i} has {len(row)} cells, expected {width}")
    numeric = [bool(rows) and all(not isinstance(row[j], str) for row in rows) for j in range(width)]
    head = "".join(
        f'<th scope="col"{" class=n" if numeric[j] else ""}>{escape(str(name))}</th>'
        for j, name in enumerate(columns or ())
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=n' if numeric[j] else ''}>{escape(plain(c) if isinstance(c, str) else shown(c))}</td>"
            for j, c in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    head = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f'<div class="card scroll"><table>{head}<tbody>{body}</tbody></table></div>'


def _number_or_text(cell):
    try:
        return number("", "", cell)
    except (TypeError, ValueError):
        return plain(cell)
