"""The processor: for which instruction set the kernels in use were compiled."""

from __future__ import annotations

from weft import _C
from weft._missing import missing_names
from weft.backends._switches import SwitchModule, turn_into

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

_CAPABILITIES = {"x86-64-v2": "DEFAULT", "x86-64-v3": "AVX2", "x86-64-v4": "AVX512"}


def get_cpu_capability() -> str:
    """For which instruction set the kernels in use were compiled: "AVX512", "AVX2" or "DEFAULT".

    >>> import weft
    >>> weft.backends.cpu.get_cpu_capability() in ("AVX512", "AVX2", "DEFAULT")
    True
    """
    return _CAPABILITIES.get(dict(_C._build_info()).get("isa"), "DEFAULT")


turn_into(__name__, SwitchModule)
