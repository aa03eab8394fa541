"""Apple's Metal, which Weft does not use: Weft has no such device."""

from weft._missing import missing_names
from weft.backends._switches import SwitchModule, turn_into

__getattr__ = missing_names(__name__)


def is_available():
    """Always False.

    >>> import weft
    >>> weft.backends.mps.is_available()
    False
    """
    return False


def is_built():
    """Always False."""
    return False


turn_into(__name__, SwitchModule)
