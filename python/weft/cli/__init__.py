"""The command line: ``weft COMMAND``, or ``python -m weft COMMAND``. Each command is a module of this package.

Such a module has a docstring whose first line is its help, ``configure(parser)``, which adds its arguments, and
``main(arguments)``, which returns the exit status. What takes long to import is imported in ``main``.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


def commands() -> dict[str, ModuleType]:
    """The modules of the commands by name.

    >>> from weft.cli import commands
    >>> {"info", "run"} <= set(commands())
    True
    """
    names = sorted(entry.name for entry in pkgutil.iter_modules(__path__) if not entry.name.startswith("_"))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    import weft

    parser = argparse.ArgumentParser(prog="weft", description="Weft, a deep-learning framework.")
    parser.add_argument("--version", action="version", version=f"weft {weft.__version__}")
    children = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in commands().items():
        doc = module.__doc__
        child = children.add_parser(
            name,
            help=doc.splitlines()[0],
            description=doc,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.configure(child)
        child.set_defaults(main=module.main, parser=child)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status. Bad usage exits with status 2."""
    parsed = make_parser().parse_args(arguments)
    return parsed.main(parsed)
