"""Files of a profile: Chrome's trace format, and memory over time."""

from __future__ import annotations

import gzip
import json
import os

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from weft.profiler._events import FunctionEvent, MemoryChange

_CATEGORIES = {"user": "user_annotation", "optimizer": "user_annotation", "loader": "user_annotation"}
_COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#e45756", "#b279a2")
# What memory is for, in the order in which it is drawn.
KINDS = ("before the profile", "activations", "gradients", "optimizer state", "temporary")


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Writes a text file, gzipped where its name ends in .gz."""
    path = os.fspath(path)
    data = text.encode()
    with gzip.open(path, "wb", 6) if path.endswith(".gz") else open(path, "wb") as file:
        file.write(data)


def _arguments(event):
    values: dict[str, Any] = {"External id": event.id, "kind": event.kind}
    if event.sequence_nr >= 0:
        values["Sequence number"] = event.sequence_nr
    if event.fwd_thread is not None:
        values["Fwd thread id"] = event.fwd_thread
    if event.input_shapes:
        values["Input Dims"] = event.input_shapes
        values["Input type"] = event.input_dtypes
    if event.stack:
        values["Call stack"] = ";\n".join(event.stack)
    if event.flops:
        values["flops"] = event.flops
    return values


def write_chrome_trace(
    path: str | os.PathLike[str],
    events: list[FunctionEvent],
    memory: list[MemoryChange],
    metadata: Mapping[str, Any],
    allocated: Mapping[str, int] | None = None,
) -> None:
    """Writes events, work of devices, arrows from forward to backward, and memory."""
    pid = os.getpid()
    out: list[dict[str, Any]] = [
        {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": "python"}},
        {"ph": "M", "name": "process_labels", "pid": pid, "tid": 0, "args": {"labels": "CPU"}},
    ]
    devices = set()
    forward = {e.sequence_nr: e for e in events if e.kind == "op" and e.sequence_nr >= 0}
    for event in events:
        ts, dur = event.time_range.start, event.cpu_time_total
        where = {"pid": pid, "tid": event.thread}
        category = _CATEGORIES.get(event.kind, "python_function" if event.kind == "module" else "cpu_op")
        out.append(
            {"ph": "X", "cat": category, "name": event.name, **where, "ts": ts, "dur": dur, "args": _arguments(event)}
        )
        source = forward.get(event.sequence_nr) if event.kind == "backward" else None
        if source is not None:
            flow = {"cat": "fwdbwd", "name": "fwdbwd", "id": event.sequence_nr, "pid": pid}
            out.append({"ph": "s", **flow, "tid": source.thread, "ts": source.time_range.start})
            out.append({"ph": "f", "bp": "e", **flow, "tid": event.thread, "ts": ts})
        for kernel in event.kernels:
            devices.add(kernel.device)
            place = {"pid": kernel.device, "tid": f"stream {kernel.stream}"}
            args = {"External id": event.id, "device": kernel.device, "stream": kernel.stream}
            out.append(
                {
                    "ph": "X",
                    "cat": "kernel",
                    "name": kernel.name,
                    **place,
                    "ts": kernel.start,
                    "dur": kernel.duration,
                    "args": args,
                }
            )
            flow = {"cat": "ac2g", "name": "ac2g", "id": event.id}
            out.append({"ph": "s", **flow, **where, "ts": ts})
            out.append({"ph": "f", "bp": "e", **flow, **place, "ts": kernel.start})
    for device in sorted(devices):
        out.append({"ph": "M", "name": "process_name", "pid": device, "tid": 0, "args": {"name": f"cuda:{device}"}})
    totals = dict(allocated or {})
    for change in memory:
        totals[change.device] = totals.get(change.device, 0) + change.bytes
        args = {
            "Total Allocated": totals[change.device],
            "Bytes": change.bytes,
            "Addr": change.what,
            "Device Type": 0 if change.device.startswith("cpu") else 1,
            "Device Id": int(change.device.partition(":")[2] or -1),
        }
        entry = {"ph": "i", "cat": "cpu_instant_event", "s": "t", "name": "[memory]", "pid": pid}
        out.append({**entry, "tid": change.thread, "ts": change.time, "args": args})
    trace = {"schemaVersion": 1, "displayTimeUnit": "ms", **metadata, "traceEvents": out}
    write_text(path, json.dumps(trace))


def _phase(change):
    event = change.within
    while event is not None:
        if event.kind in ("backward", "optimizer"):
            return event.kind
        event = event.cpu_parent
    return "forward"


def memory_by_kind(memory: list[MemoryChange], device: str, allocated: int) -> tuple[list[float], list[list[int]]]:
    """(times in microseconds, bytes of each of KINDS then) on a device that had so many bytes in use at first.

    What forward takes and backward or later gives back are activations; what backward takes and keeps beyond itself are
    gradients; what a step of an optimizer takes and keeps is its state; the rest is temporary.
    """
    changes = [change for change in memory if change.device == device]
    taken: dict[int, int] = {}
    kinds = ["temporary"] * len(changes)
    for i, change in enumerate(changes):
        if change.bytes > 0:
            taken[change.what] = i
        elif change.bytes < 0:
            start = taken.pop(change.what, None)
            if start is None:
                kinds[i] = "before the profile"
                continue
            first, last = _phase(changes[start]), _phase(change)
            if first == "forward" and last != "forward":
                kinds[start] = kinds[i] = "activations"
            elif first == "backward" and last != "backward":
                kinds[start] = kinds[i] = "gradients"
    kept = {"forward": "activations", "backward": "gradients", "optimizer": "optimizer state"}
    for start in taken.values():
        kinds[start] = kept[_phase(changes[start])]
    now = dict.fromkeys(KINDS, 0)
    now["before the profile"] = allocated
    times: list[float] = []
    sizes: list[list[int]] = []
    for kind, change in zip(kinds, changes):
        now[kind] += change.bytes
        times.append(change.time)
        sizes.append([now[k] for k in KINDS])
    return times, sizes


def write_memory_timeline(
    path: str | os.PathLike[str], memory: list[MemoryChange], device: str, allocated: int
) -> None:
    """Writes .html (a drawing), .raw.json[.gz] (all changes), or .json[.gz] ([times, bytes of each kind])."""
    name = os.fspath(path)
    if name.endswith((".raw.json", ".raw.json.gz")):
        raw = [[c.time, "taken" if c.bytes > 0 else "given back", c.what, c.bytes, c.op] for c in memory if c.bytes]
        return write_text(path, json.dumps(raw))
    times, sizes = memory_by_kind(memory, device, allocated)
    if name.endswith((".json", ".json.gz")):
        return write_text(path, json.dumps([times, sizes]))
    if not name.endswith(".html"):
        raise ValueError(
            f"export_memory_timeline: expected a path that ends in .html, .json, .json.gz, .raw.json or .raw.json.gz, "
            f"got {name!r}"
        )
    write_text(path, _drawing(times, sizes, device))


def _drawing(times, sizes, device):
    """Areas on top of one another, as SVG in a page of its own."""
    from weft.profiler._table import format_bytes

    width, height, left = 1000.0, 400.0, 90.0
    step = max(1, len(times) // 4000)  # of more points nobody sees anything
    times, sizes = times[::step], sizes[::step]
    span = (times[-1] - times[0]) or 1.0 if times else 1.0
    peak = max((sum(row) for row in sizes), default=0) or 1
    xs = [left + width * (t - times[0]) / span for t in times]
    areas = []
    below = [0] * len(sizes)
    for k, (kind, colour) in enumerate(zip(KINDS, _COLOURS)):
        above = [b + row[k] for b, row in zip(below, sizes)]
        points = [(x, height * (1 - v / peak)) for x, v in zip(xs, above)]
        points += [(x, height * (1 - v / peak)) for x, v in zip(reversed(xs), reversed(below))]
        shape = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        areas.append(f'<polygon points="{shape}" fill="{colour}"><title>{kind}</title></polygon>')
        areas.append(
            f'<rect x="{left + 190 * k}" y="{height + 25}" width="12" height="12" fill="{colour}"/>'
            f'<text x="{left + 18 + 190 * k}" y="{height + 36}">{kind}</text>'
        )
        below = above
    return (
        f'<!doctype html><meta charset="utf-8"><title>Memory of {device}</title>'
        f"<h3>Memory of {device}: at most {format_bytes(peak)}, {span / 1000:.1f} ms</h3>"
        f'<svg width="{width + left + 20}" height="{height + 50}" font-family="sans-serif" font-size="13">'
        f'<text x="0" y="12">{format_bytes(peak)}</text><text x="0" y="{height}">0</text>{"".join(areas)}</svg>\n'
    )
