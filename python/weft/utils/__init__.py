"""Tools around training."""

from weft._missing import missing_names
from weft.utils import data, hooks

__getattr__ = missing_names(__name__)

__all__ = ["data", "hooks"]
