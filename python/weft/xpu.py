"""Intel's GPUs, for which Weft has no plug-in: :func:`is_available` says so to programs that ask."""

from __future__ import annotations

from weft._missing import missing_names

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = ["device_count", "is_available"]


def is_available() -> bool:
    """Can tensors live on an Intel GPU? Always False.

    >>> import weft
    >>> weft.xpu.is_available()
    False
    """
    return False


def device_count() -> int:
    """The number of Intel GPUs: always 0.

    >>> import weft
    >>> weft.xpu.device_count()
    0
    """
    return 0
