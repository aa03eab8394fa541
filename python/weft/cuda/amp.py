"""The names that mixed precision on GPUs has had before :mod:`weft.amp`."""

import weft.amp
from weft.amp import GradScaler

__all__ = ["GradScaler", "autocast"]


class autocast(weft.amp.autocast):
    """``weft.autocast("cuda", dtype=...)``."""

    def __init__(self, enabled=True, dtype=weft.float16, cache_enabled=True):
        super().__init__("cuda", dtype, enabled, cache_enabled)
