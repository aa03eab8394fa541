"""run a PyTorch program on Weft: `import torch` is answered by Weft

  weft run train.py --epochs 3        runs a file, as python does
  weft run -m package.train           runs a module

The arguments after the file or module are the program's own. Its exit status is that of the command.
"""

import argparse
import os
import runpy
import sys


def configure(parser):
    """The program and its arguments."""
    parser.usage = "weft run [-h] [-m] PROGRAM [ARGUMENT ...]"
    parser.add_argument("-m", dest="module", action="store_true", help="PROGRAM is the name of a module, not a file")
    parser.add_argument("program", metavar="PROGRAM", help="the file or module to run as __main__")
    parser.add_argument("arguments", metavar="ARGUMENT", nargs=argparse.REMAINDER, help="arguments of the program")


def main(arguments):
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
    else:
        runpy.run_path(program, run_name="__main__")
    return 0


def _is_runpys(error):
    """Was the module not found, rather than one that it imports?"""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_name == "_get_module_details"
