"""oneDNN (MKL-DNN in former times), which computes convolutions and products on the CPU where it is built in."""

from __future__ import annotations

import contextlib
import sys

from weft import _C
from weft._missing import missing_names
from weft.backends._switches import SwitchModule, check_bool, turn_into

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)


if TYPE_CHECKING:  # the switch below, as what it is for users: an attribute of the module
    enabled: bool
    from collections.abc import Iterator


class _Module(SwitchModule):
    """``enabled``: may oneDNN compute? Without it Weft's own loops do, which round otherwise and take longer."""

    @property
    def enabled(self):
        return _C._onednn_enabled()

    @enabled.setter
    def enabled(self, value):
        check_bool("weft.backends.mkldnn.enabled", value)
        _C._enable_onednn(value)


def is_available() -> bool:
    """Is oneDNN built in?

    >>> import weft
    >>> isinstance(weft.backends.mkldnn.is_available(), bool)
    True
    """
    return "onednn" in dict(_C._build_info())


@contextlib.contextmanager
def flags(enabled: bool = False) -> Iterator[None]:
    """A scope in which oneDNN computes, or does not.

    Args:
        enabled: may it? Default False. It holds for all threads; graphs of jitted functions follow it too.

    Raises TypeError for a value that is no bool.

    >>> import weft
    >>> with weft.backends.mkldnn.flags(enabled=False):
    ...     weft.backends.mkldnn.enabled
    False
    >>> weft.backends.mkldnn.enabled
    True
    """
    module = sys.modules[__name__]
    before = module.enabled
    module.enabled = enabled
    try:
        yield
    finally:
        module.enabled = before


turn_into(__name__, _Module)
