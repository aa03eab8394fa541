"""The op table: every file beside this one holds the rows of one family."""

import importlib
import pkgutil

OPS = []
ERRORS = []

for _module in sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name != "row"):
    _family = importlib.import_module(f"{__name__}.{_module}")
    for _row in [*getattr(_family, "OPS", []), *getattr(_family, "ERRORS", [])]:
        _row.family = _module
    OPS += getattr(_family, "OPS", [])
    ERRORS += getattr(_family, "ERRORS", [])
