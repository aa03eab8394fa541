"""Runs a program twice, under Python's profiler and under Weft's, and says where its time goes:
``python -m weft.utils.bottleneck program.py arguments``.
"""

from __future__ import annotations

import argparse
import cProfile
import io
import os
import pstats
import sys
from typing import Any

_RULE = "-" * 80


def _run(code, path, arguments):
    """Runs compiled code as __main__; its exit does not end this program."""
    names = {"__name__": "__main__", "__file__": path, "__package__": None, "__builtins__": __builtins__}
    before, sys.argv = sys.argv, [path, *arguments]
    try:
        exec(code, names)
    except SystemExit as end:
        if end.code not in (None, 0):
            print(f"bottleneck: the program has exited with {end.code!r}", file=sys.stderr)
    finally:
        sys.argv = before


def _python_part(code, path, arguments, lines):
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        _run(code, path, arguments)
    finally:
        profiler.disable()
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).sort_stats("tottime").print_stats(lines)
    return "\n".join(
        [_RULE, f"  Python functions, by the time in each of them: the first {lines}", _RULE, text.getvalue()]
    )


def _op_part(code, path, arguments, lines):
    import weft

    with weft.profiler.profile(record_shapes=True) as prof:
        _run(code, path, arguments)
    averages = prof.key_averages(group_by_input_shape=True)
    shown = averages.table(sort_by="self_cpu_time_total", row_limit=lines) or "  no operations of Weft ran\n"
    return "\n".join([_RULE, f"  operations of Weft, by the time in each of them: the first {lines}", _RULE, shown])


def _environment_part():
    from weft.cli.doctor import findings
    from weft.utils.collect_env import get_env_info

    info = get_env_info()
    lines = [f"  Weft {info.torch_version}, Python {sys.version.split()[0]}, {info.cpu_info}"]
    lines += [f"  {finding.name}: {finding.text} {finding.remedy}".rstrip() for finding in findings() if finding.level]
    return "\n".join([_RULE, "  environment", _RULE, *lines, ""])


def _parser() -> Any:
    parser = argparse.ArgumentParser(prog="python -m weft.utils.bottleneck", description=__doc__)
    parser.add_argument("--lines", type=int, default=15, help="lines of each table")
    parser.add_argument("scriptfile", help="the program, which must end within a reasonable time; it runs twice")
    parser.add_argument("args", nargs=argparse.REMAINDER, help="arguments of the program")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status.

    Args:
        arguments: instead of those of the process.

    >>> from weft.utils import bottleneck
    >>> bottleneck.main(["no_such_program.py"])
    2
    """
    parsed = _parser().parse_args(arguments)
    path = parsed.scriptfile
    try:
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec")
    except OSError as error:
        print(f"bottleneck: {path!r} cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    print(_environment_part())
    print(_python_part(code, path, parsed.args, parsed.lines))
    print(_op_part(code, path, parsed.args, parsed.lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
