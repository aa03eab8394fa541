"""Whether algorithms are deterministic: in Weft they always are, so these functions only keep what was asked for."""

from weft._guards import note_setting

_asked = {"enabled": True, "warn_only": False}


def use_deterministic_algorithms(mode, *, warn_only=False):
    """Asks for deterministic algorithms. Weft has no others: the same program gives the same bits whatever this says.

    A hint: :func:`are_deterministic_algorithms_enabled` gives the value back. Raises TypeError unless both are bools.

    >>> import weft
    >>> weft.use_deterministic_algorithms(True)
    >>> weft.are_deterministic_algorithms_enabled()
    True
    """
    for name, value in (("mode", mode), ("warn_only", warn_only)):
        if not isinstance(value, bool):
            raise TypeError(f"use_deterministic_algorithms: {name} must be a bool, got {type(value).__name__}")
    _asked.update(enabled=mode, warn_only=warn_only)


def are_deterministic_algorithms_enabled():
    """What :func:`use_deterministic_algorithms` was last called with; True before. Results do not depend on it."""
    note_setting("are_deterministic_algorithms_enabled()", are_deterministic_algorithms_enabled, _asked["enabled"])
    return _asked["enabled"]


def is_deterministic_algorithms_warn_only_enabled():
    """The ``warn_only`` that :func:`use_deterministic_algorithms` was last called with; False before."""
    getter = is_deterministic_algorithms_warn_only_enabled
    note_setting("is_deterministic_algorithms_warn_only_enabled()", getter, _asked["warn_only"])
    return _asked["warn_only"]
