"""Settings that are accepted, keep their value and change no result: the only ones that may be without effect."""

import weft

HINTS = weft.backends.HINTS

# Parameters that are accepted with the right type and change no result, and why.
PARAMETERS = {
    "foreach": "one fused step handles all parameters",
    "fused": "one fused step handles all parameters",
    "capturable": "every step can be recorded",
    "pin_memory": "where memory lies",
    "pin_memory_device": "where memory lies",
    "non_blocking": "who waits for a copy",
    "in_order": "batches always come in order",
    "cache_enabled": "how often a parameter is cast",
    "recompute": "what jit keeps for backward",
    "cuda_graphs": "how jit starts work on a GPU",
}
