"""Tools around training."""

from weft._missing import missing_names
from weft.utils import data, hooks

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = ["data", "hooks"]
