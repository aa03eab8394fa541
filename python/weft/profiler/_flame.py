"""Flame graphs: where the time went by the calls that lead there."""

from __future__ import annotations

import html
import os
import zlib

from weft.profiler._trace import write_text

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from weft.profiler._events import FunctionEvent

_CLEAN = str.maketrans(" ;\t\n", "____")
_ROW = 18
_SCRIPT = """
const svg=document.querySelector('svg'),W=1200;
function zoom(x,w){for(const g of svg.querySelectorAll('g')){const a=+g.dataset.x,b=+g.dataset.w;
const l=(a-x)/w*W,r=b/w*W,hidden=l+r<0.5||l>W;g.style.display=hidden?'none':'';
const p=Math.max(l,0),q=Math.min(l+r,W)-p;const e=g.children;e[0].setAttribute('x',p);
e[0].setAttribute('width',Math.max(q,0.3));e[1].setAttribute('x',p+3);
e[1].textContent=q>35?g.dataset.n.slice(0,q/7):'';}}
svg.addEventListener('click',e=>{const g=e.target.closest('g');g?zoom(+g.dataset.x,+g.dataset.w):zoom(0,W);});
"""


def folded_stacks(events: Iterable[FunctionEvent], metric: str) -> dict[str, int]:
    """Microseconds by stack of the program, "outermost;...;innermost", in the order in which they were met."""
    lines: dict[str, int] = {}
    for event in events:
        value = int(getattr(event, metric))
        if event.stack and value > 0:
            key = ";".join(frame.translate(_CLEAN) for frame in reversed(event.stack))
            lines[key] = lines.get(key, 0) + value
    return lines


class _Frame:
    def __init__(self) -> None:
        self.time = 0.0
        self.children: dict[str, _Frame] = {}

    def add(self, path: list[str], time: float) -> None:
        self.time += time
        frame = self
        for name in path:
            frame = frame.children.setdefault(name, _Frame())
            frame.time += time

    def depth(self) -> int:
        return 1 + max((child.depth() for child in self.children.values()), default=0)


def _path(event):
    """From the outermost in: calls of the program where they were recorded, else the scopes; last the op itself."""
    names: list[str] = []
    outer = event
    while outer is not None and not outer.stack:
        names.append(outer.name)
        outer = outer.cpu_parent
    if outer is not None:
        names.append(outer.name)
        names += outer.stack
    return names[::-1]


def write_flame_graph(path: str | os.PathLike[str], events: list[FunctionEvent], metric: str) -> None:
    """Writes an .svg, or an .html in which a click on a frame zooms in."""
    name = os.fspath(path)
    if not name.endswith((".svg", ".html")):
        raise ValueError(f"export_flame_graph: expected a path that ends in .svg or .html, got {name!r}")
    root = _Frame()
    for event in events:
        value = getattr(event, metric)
        if value > 0:
            root.add(_path(event), value)
    boxes: list[str] = []
    _draw(root, "all", 0.0, 1200.0, 0, root.time or 1.0, boxes)
    height = _ROW * root.depth()
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="{height}" viewBox="0 0 1200 {height}" '
        f'font-family="monospace" font-size="11">{"".join(boxes)}</svg>\n'
    )
    if name.endswith(".html"):
        svg = f'<!doctype html><meta charset="utf-8"><title>Flame graph</title>{svg}<script>{_SCRIPT}</script>\n'
    write_text(path, svg)


def _draw(frame: Any, name: str, x: float, width: float, row: int, total: float, boxes: list[str]) -> None:
    if width < 0.3:
        return
    hue = 20 + zlib.crc32(name.encode()) % 40
    title = html.escape(f"{name}: {frame.time / 1000:.3f} ms, {100 * frame.time / total:.1f} %", quote=True)
    label = html.escape(name[: int(width / 7)]) if width > 35 else ""
    y = row * _ROW
    boxes.append(
        f'<g data-x="{x:.2f}" data-w="{width:.2f}" data-n="{html.escape(name, quote=True)}">'
        f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="{_ROW - 1}" fill="hsl({hue},80%,65%)">'
        f'<title>{title}</title></rect><text x="{x + 3:.2f}" y="{y + 13}">{label}</text></g>'
    )
    for child_name, child in sorted(frame.children.items(), key=lambda item: -item[1].time):
        child_width = width * child.time / frame.time if frame.time else 0.0
        _draw(child, child_name, x, child_width, row + 1, total, boxes)
        x += child_width
