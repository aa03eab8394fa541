"""The names that mixed precision on GPUs has had before :mod:`weft.amp`."""

from __future__ import annotations

import weft.amp
from weft._missing import missing_names

TYPE_CHECKING = False

if TYPE_CHECKING:
    from weft import dtype as _dtype


if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = ["GradScaler", "autocast"]


class autocast(weft.amp.autocast):
    """``weft.autocast("cuda", dtype=...)`` under its former name: a scope, or a decorator.

    Args:
        enabled: False switches autocast off inside an outer scope.
        dtype: float16 (the default) or bfloat16; else ValueError.
        cache_enabled: False casts parameters anew for each use.

    >>> import weft
    >>> with weft.cuda.amp.autocast():
    ...     weft.is_autocast_enabled("cuda")
    True
    """

    def __init__(self, enabled: bool = True, dtype: _dtype = weft.float16, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(weft.amp.GradScaler):
    """``weft.amp.GradScaler("cuda", ...)`` under its former name, with the same arguments but for the device.

    >>> import weft
    >>> weft.cuda.amp.GradScaler(enabled=False).is_enabled()
    False
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)
