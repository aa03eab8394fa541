"""torch.jit while the alias is on: the questions and marks of programs that also run without TorchScript.

There is no TorchScript in Weft; :func:`weft.jit` compiles functions.
"""

from weft import _C

__all__ = ["ScriptModule", "export", "ignore", "is_scripting", "is_tracing", "unused"]


def is_scripting():
    """Is TorchScript's compiler at work? Never."""
    return False


def is_tracing():
    """Is weft.jit tracing?"""
    return _C._is_tracing()


def ignore(drop=False, **kwargs):
    """A mark for TorchScript's compiler, for which the function is as it was; so it is returned as it is.

    Raises TypeError for unknown keywords.
    """
    if kwargs.keys() - {"drop_on_export"}:
        raise TypeError(f"torch.jit.ignore: unexpected keyword arguments {sorted(kwargs)}")
    return drop if callable(drop) else lambda function: function


def unused(function):
    """A mark for TorchScript's compiler; returns the function."""
    return function


def export(function):
    """A mark for TorchScript's compiler; returns the function."""
    return function


class ScriptModule:
    """Programs ask with ``isinstance`` whether a module is one. Nothing is; making one raises NotImplementedError."""

    def __init__(self, *args, **kwargs):
        raise NotImplementedError(
            "torch.jit.ScriptModule: there is no TorchScript in Weft; weft.jit(module) compiles one"
        )
