"""The table of a profile."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

_UNITS = {"s": 1e6, "ms": 1e3, "us": 1.0}


def format_time(microseconds: float, unit: str | None = None) -> str:
    """A time with three digits after the point, in the unit or in the one that fits."""
    unit = unit or next(unit for unit, size in _UNITS.items() if microseconds >= size or unit == "us")
    return f"{microseconds / _UNITS[unit]:.3f}{unit}"


def format_bytes(count: float) -> str:
    """A number of bytes in the unit that fits, with its sign."""
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if abs(count) >= size:
            return f"{count / size:.2f} {unit}"
    return f"{count:.0f} B"


def format_count(count: float) -> str:
    """A large number with three digits and a unit: 12345678 -> "12.3 M"."""
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(count) >= size:
            return f"{count / size:.3g} {unit}" if count / size < 999.5 else f"{count / size:.0f} {unit}"
    return f"{count:g}"


def _cut(text, width):
    return text if width is None or len(text) <= width else text[: max(width - 3, 0)] + "..."


def make_table(
    everything: Any,
    events: list[Any],
    row_limit: int,
    widths: tuple[int | None, int | None, int | None],
    header: str | None,
    unit: str | None,
    memory: bool,
    flops: bool,
) -> str:
    """The table of the events; percentages are of the time of everything."""
    if unit is not None and unit not in _UNITS:
        raise ValueError(f"table: expected 's', 'ms' or 'us' as time_unit, got {unit!r}")
    if not events:
        return ""
    cpu = sum(event.self_cpu_time_total for event in everything)
    device = sum(event.self_device_time_total for event in everything)
    percent = lambda part, whole: f"{100 * part / whole:.2f}%" if whole else "0.00%"  # noqa: E731
    columns: list[tuple[str, Any]] = [
        ("Name", lambda e: _cut(e.key, widths[0])),
        ("Self CPU %", lambda e: percent(e.self_cpu_time_total, cpu)),
        ("Self CPU", lambda e: format_time(e.self_cpu_time_total, unit)),
        ("CPU total %", lambda e: percent(e.cpu_time_total, cpu)),
        ("CPU total", lambda e: format_time(e.cpu_time_total, unit)),
        ("CPU time avg", lambda e: format_time(e.cpu_time, unit)),
    ]
    if device:
        columns += [
            ("Self CUDA", lambda e: format_time(e.self_device_time_total, unit)),
            ("Self CUDA %", lambda e: percent(e.self_device_time_total, device)),
            ("CUDA total", lambda e: format_time(e.device_time_total, unit)),
            ("CUDA time avg", lambda e: format_time(e.device_time, unit)),
        ]
    if memory:
        columns += [
            ("CPU Mem", lambda e: format_bytes(e.cpu_memory_usage)),
            ("Self CPU Mem", lambda e: format_bytes(e.self_cpu_memory_usage)),
        ]
        if any(e.device_memory_usage for e in everything):
            columns += [
                ("CUDA Mem", lambda e: format_bytes(e.device_memory_usage)),
                ("Self CUDA Mem", lambda e: format_bytes(e.self_device_memory_usage)),
            ]
    columns.append(("# of Calls", lambda e: str(e.count)))
    if any(e.input_shapes for e in everything):
        columns.append(("Input Shapes", lambda e: _cut(str(e.input_shapes), widths[1])))
    if any(e.stack for e in everything):
        columns.append(("Source Location", lambda e: _cut(e.stack[0] if e.stack else "", widths[2])))
    if flops:
        columns.append(("Total FLOPs", lambda e: format_count(e.flops) if e.flops else "--"))
    shown = events if row_limit < 0 else events[:row_limit]
    rows = [[make(event) for _, make in columns] for event in shown]
    size = [max(len(text) for text in (title, *(row[i] for row in rows))) for i, (title, _) in enumerate(columns)]
    rule = "  ".join("-" * n for n in size)
    left = {"Name", "Input Shapes", "Source Location"}

    def line(cells):
        parts = (f"{c:<{n}}" if t in left else f"{c:>{n}}" for c, n, (t, _) in zip(cells, size, columns))
        return "  ".join(parts).rstrip()

    lines = [*([header] if header else []), rule, line([title for title, _ in columns]), rule, *map(line, rows), rule]
    lines.append(f"Self CPU time total: {format_time(cpu, unit)}")
    if device:
        lines.append(f"Self CUDA time total: {format_time(device, unit)}")
    return "\n".join(lines) + "\n"
