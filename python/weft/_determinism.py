"""Whether algorithms are deterministic: in Weft they always are, so these functions only keep what was asked for."""

from __future__ import annotations

from weft._guards import note_setting

_asked = {"enabled": True, "warn_only": False}


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Asks for deterministic algorithms. Weft has no others: the same program gives the same bits whatever this says.

    Args:
        mode, warn_only: kept, and given back by :func:`are_deterministic_algorithms_enabled` and
            :func:`is_deterministic_algorithms_warn_only_enabled`. TypeError unless both are bools.

    >>> import weft
    >>> weft.use_deterministic_algorithms(True)
    >>> weft.are_deterministic_algorithms_enabled()
    True
    """
    for name, value in (("mode", mode), ("warn_only", warn_only)):
        if not isinstance(value, bool):
            raise TypeError(f"use_deterministic_algorithms: {name} must be a bool, got {type(value).__name__}")
    _asked.update(enabled=mode, warn_only=warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """What :func:`use_deterministic_algorithms` was last called with; True before. Results do not depend on it.

    >>> import weft
    >>> weft.use_deterministic_algorithms(True)
    >>> weft.are_deterministic_algorithms_enabled()
    True
    """
    note_setting("are_deterministic_algorithms_enabled()", are_deterministic_algorithms_enabled, _asked["enabled"])
    return _asked["enabled"]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """The ``warn_only`` that :func:`use_deterministic_algorithms` was last called with; False before.

    >>> import weft
    >>> weft.use_deterministic_algorithms(True)
    >>> weft.is_deterministic_algorithms_warn_only_enabled()
    False
    """
    getter = is_deterministic_algorithms_warn_only_enabled
    note_setting("is_deterministic_algorithms_warn_only_enabled()", getter, _asked["warn_only"])
    return _asked["warn_only"]
