"""weft.transforms under the name that torchvision's programs import: ``from weft.transforms import v2``."""

from weft.transforms import *  # noqa: F403
from weft.transforms import __all__ as __all__
