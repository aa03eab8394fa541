"""Command line: ``python -m weft info`` prints what a bug report needs."""

import argparse
import platform
import sys


def describe():
    """Versions, machine and devices as (name, value) pairs.

    >>> from weft.__main__ import describe
    >>> describe()[0][0]
    'weft'
    """
    import numpy

    import weft

    info = dict(weft._C._build_info())
    rows = [
        ("weft", info.pop("version", weft.__version__)),
        ("python", f"{platform.python_version()} ({sys.executable})"),
        ("numpy", numpy.__version__),
        ("system", platform.platform()),
        ("processor", _processor()),
        ("compiler", info.pop("compiler", "unknown")),
        ("instruction set", info.pop("isa", "unknown")),
        ("threads", info.pop("threads", "unknown")),
        ("oneDNN", info.pop("onednn", "not built in")),
        ("CUDA", info.pop("cuda", "not built in")),
    ]
    return rows + sorted(info.items())


def _processor():
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _text(value):
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def main(arguments=None):
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m weft", description="Weft, a deep-learning framework.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="print versions, machine and devices")
    parser.parse_args(arguments)
    rows = describe()
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:{width}}  {_text(value)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
