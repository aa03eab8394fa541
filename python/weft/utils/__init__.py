"""Tools around training."""

from weft.utils import data

__all__ = ["data"]
