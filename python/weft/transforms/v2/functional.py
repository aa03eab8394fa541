"""weft.transforms.functional under the name that torchvision's programs import."""

from weft.transforms.functional import *  # noqa: F403
from weft.transforms.functional import __all__ as __all__
