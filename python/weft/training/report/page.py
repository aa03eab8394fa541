"""The page: what a report holds, as one HTML file without any link to elsewhere."""

from __future__ import annotations

import json
import math
import os
import re
import time
from html import escape

from weft.training.report.series import SECTIONS, charts

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_DATA = re.compile(r'<script type="application/json" id="weft-data">(.*?)</script>', re.DOTALL)


def _own_file(name):
    with open(os.path.join(os.path.dirname(__file__), name), encoding="utf-8") as file:
        return file.read()


def render(title: str, runs: Sequence[dict[str, Any]], panels: Sequence[dict[str, Any]] = (), reload: float = 0) -> str:
    """The HTML text.

    Args:
        title: of the page.
        runs: name, status, message, started and updated (seconds since 1970), hyperparameters, environment, and series
            as :meth:`Series.to_json` gives them.
        panels: sections beside the curves: title, html, and whether they need the whole width.
        reload: seconds after which a browser may read a running report again; 0 for one that is finished.

    >>> from weft.training.report.page import render
    >>> render("A <run>", [])[-8:-1]
    '</html>'
    """
    drawn = charts((run["name"], run["series"]) for run in runs)
    sections = _sections(runs, drawn, panels)
    names = _anchors([name for name, *_ in sections])
    titles = [{"title": panel["title"], "wide": panel["wide"]} for panel in panels]
    data = {"format": 1, "title": title, "runs": runs, "charts": drawn, "panels": titles}
    # Inside of a script nothing may look like the end of it.
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<link rel="icon" href="data:,">\n',
            f"<title>{escape(title)}</title>\n<style>\n{_own_file('report.css')}</style>\n</head>\n<body>\n",
            _head(title, runs),
            '<div class="bar"><div><nav aria-label="Sections">',
            *(f'<a href="#{anchor}">{escape(name)}</a>' for anchor, (name, *_) in zip(names, sections)),
            f"</nav>{_tools(reload)}</div></div>\n<main>\n",
            "<noscript><p>The curves are drawn by a script, which this browser does not run.</p></noscript>\n",
            *(
                f'<section class="{kind}" aria-labelledby="{anchor}">\n<h2 id="{anchor}">{escape(name)}</h2>\n{html}\n'
                "</section>\n"
                for anchor, (name, kind, html) in zip(names, sections)
            ),
            "</main>\n<footer>Written by Weft. The data is in this file; nothing is loaded from elsewhere.</footer>\n",
            f'<script type="application/json" id="weft-data">{text}</script>\n',
            f"<script>\n{_own_file('report.js')}</script>\n</body>\n</html>\n",
        ]
    )


def _sections(runs, drawn, panels):
    """Name, class and HTML of each section."""
    hyperparameters, environment = (
        table_of([(run["name"], dict(run[kind])) for run in runs]) for kind in ("hyperparameters", "environment")
    )
    wide = len(runs) > 1
    found = [("Summary", "of-2" if hyperparameters and not wide else "wide", _summary(runs))]
    if hyperparameters:
        found.append(("Hyperparameters", "wide" if wide else "of-1", hyperparameters))
    for section in SECTIONS:
        cards = [_card(number, chart) for number, chart in enumerate(drawn) if chart["section"] == section]
        if cards:
            found.append((section, f"charts of-{min(3, len(cards))}", f'<div class="grid">{"".join(cards)}</div>'))
    for number, panel in enumerate(panels):
        html = f"<!--panel {number}-->{panel['html']}<!--end {number}-->"
        found.append((panel["title"], "wide" if panel["wide"] else "half", html))
    return [*found, ("Environment", "wide", environment)] if environment else found


def parse(text: str) -> dict[str, Any]:
    """What :func:`render` was given, from its text. ValueError for other text.

    >>> from weft.training.report.page import parse, render
    >>> parse(render("A <run>", []))["title"]
    'A <run>'
    """
    found = _DATA.search(text)
    try:
        data = json.loads(found[1]) if found else None
    except ValueError:
        data = None
    if not isinstance(data, dict) or data.get("format") != 1:
        raise ValueError("this is no report of Weft, or one of another version")
    runs, needed = data.get("runs"), {"hyperparameters": dict, "environment": (dict, list), "series": dict, "name": str}
    whole = isinstance(runs, list) and isinstance(data.get("panels"), list)
    if not whole or not all(isinstance(run, dict) and _has(run, needed) for run in runs):
        raise ValueError("the data of this report are damaged")
    for number, panel in enumerate(data["panels"]):
        begin, end = f"<!--panel {number}-->", f"<!--end {number}-->"
        panel["html"] = text.partition(begin)[2].partition(end)[0]
    return data


def _has(run, needed):
    return all(isinstance(run.get(key), kind) for key, kind in needed.items())


def shown(value: Any) -> str:
    """A number with four digits; other values as text.

    >>> from weft.training.report.page import shown
    >>> shown(0.123456), shown(3), shown("NaN")
    ('0.1235', '3', 'NaN')
    """
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e4 or abs(value) >= 1e15 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> from weft.training.report.page import duration
    >>> duration(75), duration(7300)
    ('1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _anchors(names):
    found = []
    for name in names:
        anchor = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "section"
        found.append(f"{anchor}-{len(found)}" if anchor in found else anchor)
    return found


def _head(title, runs):
    lines = []
    for run in runs:
        steps = [entry["last"][0] for entry in run["series"].values() if entry["last"]]
        epoch = run["series"].get("epoch")
        facts = [
            f"step {max(steps):,}" if steps else "",
            f"epoch {shown(epoch['last'][1])}" if epoch and epoch["last"] else "",
            duration(run["updated"] - run["started"]) if run["started"] else "",
            time.strftime("updated %Y-%m-%d %H:%M:%S", time.localtime(run["updated"])) if run["updated"] else "",
        ]
        name = f"<b>{escape(run['name'])}</b> " if len(runs) > 1 else ""
        pill = f'<span class="pill {run["status"]}">{run["status"]}</span>' if run["status"] else ""
        lines.append((name, pill, escape(" · ".join(fact for fact in facts if fact))))
    if len(lines) == 1:
        _, pill, facts = lines[0]
        html = f'<div class="top"><h1>{escape(title)}</h1>{pill}</div><p class="facts">{facts}</p>'
    else:
        html = f"<h1>{escape(title)}</h1>"
        html += "".join(f'<p class="facts">{name}{pill} {facts}</p>' for name, pill, facts in lines)
    return f"<header>{html}{''.join(_alerts(runs))}</header>\n"


def _alerts(runs):
    for run in runs:
        name = f"{run['name']}: " if len(runs) > 1 else ""
        if run["message"]:
            yield f'<p class="alert">{escape(name + run["message"])}</p>'
        for key, entry in run["series"].items():
            count, first = entry["bad"]
            if count:
                values = "1 value is" if count == 1 else f"{count:,} values are"
                text = f"{name}{key}: {values} NaN or infinite, first at step {first:,}"
                yield f'<p class="alert">{escape(text)}</p>'


def _tools(reload):
    live = f'<label><input type="checkbox" id="live" data-seconds="{reload:g}"> reload</label>' if reload else ""
    return (
        '<div class="tools"><label>Smoothing <input type="range" id="smooth" min="0" max="0.98" step="0.02"></label>'
        '<label>Axis <select id="x"><option value="step">step</option><option value="time">time</option></select>'
        "</label>"
        f'{live}<button type="button" id="theme">Dark / light</button></div>'
    )


def _card(number, chart):
    return (
        f'<div class="card" data-chart="{number}"><div class="head"><h3>{escape(chart["title"])}</h3>'
        '<button type="button" class="log" aria-pressed="false" title="Logarithmic scale" hidden>log</button></div>'
        '<div class="plot"></div><div class="legend"></div></div>'
    )


def _summary(runs):
    several = len(runs) > 1
    rows = []
    for run in runs:
        for key, entry in run["series"].items():
            if key == "epoch":  # which the head of the page tells
                continue
            cells = [f"<th scope=row>{escape(key)}</th>"]
            cells += [f"<td>{escape(run['name'])}</td>"] if several else []
            cells += [_cell(entry[name]) for name in ("last", "least", "greatest")]
            rows.append((key, f"<tr>{''.join(cells)}<td class=n>{entry['count']:,}</td></tr>"))
    if not rows:
        return '<p class="card">Nothing has been logged yet.</p>'
    order = {key: number for number, (key, _) in reversed(list(enumerate(rows)))}
    rows.sort(key=lambda row: order[row[0]])
    head = ["", *(["Run"] if several else []), "Last", "Least", "Greatest", "Values"]
    head = "".join(f'<th scope="col"{" class=n" if name in head[-4:] else ""}>{name}</th>' for name in head)
    body = "".join(row for _, row in rows)
    return f'<div class="card scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(place):
    if place is None:
        return "<td class=n>–</td>"
    step, value = place
    return f"<td class=n>{escape(shown(value))} <small>at {step:,}</small></td>"


def table_of(columns: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """A table of names and values, a column for each run; those that differ between runs come first.

    >>> from weft.training.report.page import table_of
    >>> "<td>0.1</td>" in table_of([("run", {"lr": 0.1})])
    True
    """
    columns = [(name, values) for name, values in columns if values]
    if not columns:
        return ""
    keys = list(dict.fromkeys(key for _, values in columns for key in values))
    keys.sort(key=lambda key: len({repr(values.get(key)) for _, values in columns}) == 1)
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name, _ in columns)
    head = f"<thead><tr><th></th>{names}</tr></thead>" if len(columns) > 1 else ""
    rows = []
    for key in keys:
        cells = "".join(f"<td>{escape(plain(values.get(key)))}</td>" for _, values in columns)
        rows.append(f"<tr><th scope=row>{escape(key)}</th>{cells}</tr>")
    return f'<div class="card scroll"><table class="facts-table">{head}<tbody>{"".join(rows)}</tbody></table></div>'


def plain(value: Any) -> str:
    """A value as text for a cell.

    >>> from weft.training.report.page import plain
    >>> plain([1, 2]), plain(None), plain(0.001)
    ('1, 2', '–', '0.001')
    """
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    return str(value)
