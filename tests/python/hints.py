"""Settings that are accepted, keep their value and change no result: the only ones that may be without effect."""

import weft

HINTS = weft.backends.HINTS
