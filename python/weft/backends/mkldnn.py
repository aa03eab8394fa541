"""oneDNN (MKL-DNN in former times), which computes convolutions and products on the CPU where it is built in."""

from __future__ import annotations

from weft import _C
from weft._missing import missing_names
from weft.backends._switches import SwitchModule, turn_into

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)


def is_available() -> bool:
    """Is oneDNN built in?

    >>> import weft
    >>> isinstance(weft.backends.mkldnn.is_available(), bool)
    True
    """
    return "onednn" in dict(_C._build_info())


turn_into(__name__, SwitchModule)
