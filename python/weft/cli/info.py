"""print versions, machine and devices: what a bug report needs"""

import platform
import sys


def describe():
    """Versions, machine and devices as (name, value) pairs.

    >>> from weft.cli.info import describe
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


def configure(parser):
    """Instead of the table, a path for CMake."""
    parser.add_argument("--cmake", action="store_true", help="print the CMAKE_PREFIX_PATH in which CMake finds Weft")


def main(arguments):
    """Prints the table of :func:`describe`."""
    if arguments.cmake:
        from weft.utils import cmake_prefix_path

        print(cmake_prefix_path)
        return 0
    rows = describe()
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:{width}}  {_text(value)}")
    return 0
