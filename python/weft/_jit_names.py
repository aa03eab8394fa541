"""``weft.jit`` as a name: the function that compiles, which says what to use for the names of ``torch.jit``."""

import functools

from weft import _jit
from weft._missing import missing


class _Jit:
    """Called like the function :func:`weft._jit.jit`."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.__module__ = "weft"  # where pickle finds it

    def __call__(self, *args, **kwargs):
        return self.__wrapped__(*args, **kwargs)

    def __getattr__(self, name):
        missing("weft.jit", name, depth=2)

    def __reduce__(self):
        return "jit"

    def __repr__(self):
        return "<function weft.jit>"


jit = _Jit(_jit.jit)
