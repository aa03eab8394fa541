"""Intel's MKL, which Weft does not use: products are oneDNN's or Weft's own."""

from __future__ import annotations

from weft._missing import missing_names
from weft.backends._switches import SwitchModule, turn_into

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)


def is_available() -> bool:
    """Is MKL there? Always False.

    >>> import weft
    >>> weft.backends.mkl.is_available()
    False
    """
    return False


turn_into(__name__, SwitchModule)
