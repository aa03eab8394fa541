"""run a PyTorch program on Weft: `import torch` is answered by Weft

  weft run train.py --epochs 3        runs a file, as python does
  weft run -m package.train           runs a module

The arguments after the file or module are the program's own. Its exit status is that of the command.
"""

from __future__ import annotations

import argparse
import builtins
import importlib.machinery
import io
import os
import runpy
import sys
import types
import zipfile


def configure(parser: argparse.ArgumentParser) -> None:
    """The program and its arguments."""
    parser.usage = "weft run [-h] [-m] PROGRAM [ARGUMENT ...]"
    parser.add_argument("-m", dest="module", action="store_true", help="PROGRAM is the name of a module, not a file")
    parser.add_argument("program", metavar="PROGRAM", help="the file or module to run as __main__")
    rest = parser.add_argument(
        "arguments", metavar="ARGUMENT", nargs=argparse.REMAINDER, help="arguments of the program"
    )
    rest.required = False  # else a missing PROGRAM is reported as both


def main(arguments: argparse.Namespace) -> int:
    """Runs the program with ``weft.as_torch`` imported."""
    import weft.as_torch  # noqa: F401

    program = arguments.program
    if not arguments.module and not os.path.exists(program):
        arguments.parser.error(f"there is no file {program!r}")
    sys.argv = [program, *arguments.arguments]
    # Instead of the folder of the command: that of the program, or for a module the current one.
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.getcwd() if arguments.module else os.path.dirname(os.path.realpath(program))
    if arguments.module:
        try:
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        except ImportError as error:
            if _is_runpys(error):
                arguments.parser.error(str(error))
            raise
    elif os.path.isdir(program) or zipfile.is_zipfile(program) or program.endswith(".pyc"):
        runpy.run_path(program, run_name="__main__")
    else:
        _run_file(program)
    return 0


def _run_file(program):
    """Runs a source file as python does: __file__ is its absolute path, sys.argv[0] what was given."""
    path = os.path.abspath(program)
    with io.open_code(path) as file:
        code = compile(file.read(), path, "exec", dont_inherit=True)
    main = types.ModuleType("__main__")
    main.__file__, main.__cached__, main.__builtins__ = path, None, builtins
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", path)
    sys.modules["__main__"] = main
    exec(code, main.__dict__)


def _is_runpys(error):
    """Was the module not found, rather than one that it imports?"""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_name == "_get_module_details"
