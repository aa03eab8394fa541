"""``python -m weft``: the command line, which :mod:`weft.cli` describes."""

import sys

from weft.cli import main

if __name__ == "__main__":
    sys.exit(main())
