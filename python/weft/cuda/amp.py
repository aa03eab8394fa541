"""The names that mixed precision on GPUs has had before :mod:`weft.amp`."""

import weft.amp
from weft._missing import missing_names

__getattr__ = missing_names(__name__)

__all__ = ["GradScaler", "autocast"]


class autocast(weft.amp.autocast):
    """``weft.autocast("cuda", dtype=...)``."""

    def __init__(self, enabled=True, dtype=weft.float16, cache_enabled=True):
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(weft.amp.GradScaler):
    """``weft.amp.GradScaler("cuda", ...)``."""

    def __init__(self, init_scale=2.0**16, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000, enabled=True):
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)
