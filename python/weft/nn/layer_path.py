"""Puts the path of the layer into the message of an exception that leaves a Module's forward."""

from __future__ import annotations

import re

from weft._keywords import names_taken, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft.nn.module import Module


_UNKNOWN = re.compile(r"^(\S+)\(\) got an unexpected keyword argument '(\w+)'$")
# Their first argument is not a message.
_NOT_MESSAGES = (KeyError, StopIteration, StopAsyncIteration, OSError)


def add_layer_path(module: Module, error: Exception) -> None:
    """Called by each module that the exception passes, innermost first: the path grows by a step each time.

    ``ValueError("linear: ...")`` becomes ``ValueError("in model.features.3 (Conv2d): linear: ...")``. The exception
    object stays the same. Costs nothing until something goes wrong.
    """
    trail = getattr(error, "_weft_layer", None)
    if trail is None:
        if len(error.args) != 1 or not isinstance(error.args[0], str) or isinstance(error, _NOT_MESSAGES):
            return
        kind, path, message = type(module).__name__, "", error.args[0] + _nearest_keyword(module, error)
    else:
        kind, path, message, inner, text = trail
        if error.args != (text,):
            return  # somebody on the way has rewritten the message
        if any(below is module for below in inner.modules()):
            kind, path = type(module).__name__, ""  # the same object was raised anew, further down
        else:
            step = name_of(inner, module)
            path = f"{step}.{path}" if path else step
    text = f"in model.{path} ({kind}): {message}" if path else f"in {kind}: {message}"
    try:
        error._weft_layer = (kind, path, message, module, text)
    except AttributeError:
        return  # an exception type without a __dict__
    error.args = (text,)


def _nearest_keyword(module: Module, error: Exception) -> str:
    """What follows the message of a call of forward with an unknown keyword."""
    found = _UNKNOWN.search(error.args[0]) if isinstance(error, TypeError) else None
    own = found and found[1] == getattr(module.forward, "__qualname__", "")
    names = names_taken(module.forward) if own else None
    return "" if names is None else f"; {nearest(found[2], names)}"


def name_of(inner: Module, outer: Module) -> str:
    """The path of a module below another one."""
    for name, module in outer.named_modules():
        if module is inner:
            return name
    return f"<{type(inner).__name__}>"  # called by outer, but not registered in it
