"""write an HTML report of a run, or one that compares several

  weft report runs/first                   writes runs/first/report.html
  weft report log.jsonl -o report.html     of one file
  weft report runs -o compare.html         of all runs in a folder
  weft report a.jsonl b.csv c.html         of these runs, to report.html

Files of CSVLogger and JSONLinesLogger, other CSV files with a column step or epoch, reports, and TensorBoard's event
files (which need the package tensorboard) are read.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """What to read, and where to write."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="a file or folder")
    parser.add_argument("-o", "--output", metavar="FILE", help="the HTML file to write")
    parser.add_argument("--title", help="of the page")


def main(arguments: argparse.Namespace) -> int:
    """Writes the report, and prints where."""
    from weft.training.report import make_report

    output = arguments.output or _beside(arguments.paths)
    try:
        names = make_report(arguments.paths, output, arguments.title)
    except (OSError, ValueError, ImportError) as error:
        print(f"weft report: {error}", file=sys.stderr)
        return 1
    print(f"{output}: {len(names)} run{'s' if len(names) > 1 else ''} ({', '.join(names)})")
    return 0


def _beside(paths):
    if len(paths) > 1:
        return "report.html"
    if os.path.isdir(paths[0]):
        return os.path.join(paths[0], "report.html")
    stem, suffix = os.path.splitext(paths[0])
    return stem + ("-report.html" if suffix == ".html" else ".html")
