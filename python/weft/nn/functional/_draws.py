"""Composites that draw random numbers."""

import functools

from weft import _C


def draws(function):
    """Decorator: when the function raises, the default generator is as it was before the call."""

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        with _C._DrawScope():
            return function(*args, **kwargs)

    return wrapped
