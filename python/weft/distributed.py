"""Training in several processes, which Weft does not have yet: :func:`is_available` says so to programs that ask."""

from __future__ import annotations

from weft._missing import missing_names

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = ["is_available"]


def is_available() -> bool:
    """Are there functions for several processes? Always False.

    >>> import weft
    >>> weft.distributed.is_available()
    False
    """
    return False
