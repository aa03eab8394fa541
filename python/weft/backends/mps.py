"""Apple's Metal, which Weft does not use: Weft has no such device."""

from __future__ import annotations

from weft._missing import missing_names
from weft.backends._switches import SwitchModule, turn_into

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)


def is_available() -> bool:
    """Is there a device of Metal's? Always False.

    >>> import weft
    >>> weft.backends.mps.is_available()
    False
    """
    return False


def is_built() -> bool:
    """Is Metal built in? Always False.

    >>> import weft
    >>> weft.backends.mps.is_built()
    False
    """
    return False


turn_into(__name__, SwitchModule)
