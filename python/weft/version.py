"""Versions: of Weft, and of what it was built with.

>>> import weft
>>> weft.version.__version__ == weft.__version__
True
"""

from weft import _C
from weft._missing import INTERFACE as interface
from weft._missing import missing_names

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__version__: str = _C.__version__
#: Of the CUDA toolkit of the plug-in, or None where it is not there.
cuda: str | None = None if "without the CUDA plug-in" in _C._device.unavailable_reason("cuda") else "13.0"
#: Always None: there is no plug-in for these.
hip: None = None
xpu: None = None

__all__ = ["cuda", "hip", "interface", "xpu"]
