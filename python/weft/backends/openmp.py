"""OpenMP, which oneDNN is built with. Weft's kernels share a pool of their own (docs/threads.md)."""

from __future__ import annotations

from weft._missing import missing_names
from weft.backends._switches import SwitchModule, turn_into

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)


def is_available() -> bool:
    """Always True: Weft is not built without it. :func:`weft.set_num_threads` sets the number of all threads.

    >>> import weft
    >>> weft.backends.openmp.is_available()
    True
    """
    return True


turn_into(__name__, SwitchModule)
