"""What comes from outside of Weft: optional packages, and numbers in any form."""

from __future__ import annotations

import importlib
import numbers

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


def optional(module: str, package: str, who: str) -> Any:
    """The module of an optional package; ImportError says what to install.

    >>> from weft._outside import optional
    >>> optional("no_such_module", "no-such-package", "Logger")
    Traceback (most recent call last):
        ...
    ImportError: Logger needs the package no-such-package: pip install no-such-package
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{who} needs the package {package}: pip install {package}") from error


def number(where: str, key: str, value: Any) -> float:
    """An int or float of what stands for one number. TypeError names the key.

    >>> from weft._outside import number
    >>> number("log", "loss", True), number("log", "loss", "0.5")
    Traceback (most recent call last):
        ...
    TypeError: log: the value of 'loss' must be a number, got str '0.5'
    """
    size = getattr(value, "numel", None)
    count = size() if callable(size) else getattr(value, "size", 1)
    if count != 1:
        raise TypeError(
            f"{where}: the value of {key!r} must be one number, got {type(value).__name__} of shape "
            f"{tuple(getattr(value, 'shape', ()))}; log its mean(), or its elements under names of their own"
        )
    original, item = value, getattr(value, "item", None)
    value = item() if callable(item) else value
    if isinstance(value, numbers.Integral):
        value = int(value)
    elif isinstance(value, numbers.Real):
        return float(value)
    else:
        shown = repr(original)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        raise TypeError(f"{where}: the value of {key!r} must be a number, got {type(original).__name__} {shown}")
    try:
        float(value)
    except OverflowError:
        raise ValueError(
            f"{where}: the value of {key!r} has {value.bit_length()} bits, more than a float holds"
        ) from None
    return value
