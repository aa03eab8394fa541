"""The names that mixed precision on GPUs has had before :mod:`weft.amp`."""

import weft.amp
from weft._missing import missing_names
from weft.amp import GradScaler

__getattr__ = missing_names(__name__)

__all__ = ["GradScaler", "autocast"]


class autocast(weft.amp.autocast):
    """``weft.autocast("cuda", dtype=...)``."""

    def __init__(self, enabled=True, dtype=weft.float16, cache_enabled=True):
        super().__init__("cuda", dtype, enabled, cache_enabled)
