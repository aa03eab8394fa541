"""Intel's GPUs, for which Weft has no plug-in: :func:`is_available` says so to programs that ask."""

from weft._missing import missing_names

__getattr__ = missing_names(__name__)

__all__ = ["device_count", "is_available"]


def is_available():
    """Always False.

    >>> import weft
    >>> weft.xpu.is_available(), weft.xpu.device_count()
    (False, 0)
    """
    return False


def device_count():
    """Always 0."""
    return 0
