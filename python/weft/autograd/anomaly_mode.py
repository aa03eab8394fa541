"""Anomaly detection: a backward that raises or gives NaN is traced back to the line that recorded it."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path

from weft import _C
from weft.grad_mode import _Mode

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    _F = TypeVar("_F", bound=Callable[..., Any])


_PACKAGE = str(Path(__file__).parents[1]) + "/"
_MODULE_FILE = _PACKAGE + "nn/module.py"


class set_detect_anomaly(_Mode):
    """Switches anomaly detection of this thread: from here on, or inside a with block.

    While it is on, each op that is recorded for autograd remembers the line it was called at and the layer it was
    called in. A backward that raises, or (with check_nan) gives a NaN, raises RuntimeError that names them. With
    ``create_graph=True`` that goes for the ops of the backward too. It slows recording down several times; off, it
    costs nothing.

    Args:
        mode: on or off.
        check_nan: False leaves the gradients alone, so that only exceptions are explained.

    >>> import weft
    >>> with weft.autograd.set_detect_anomaly(True):
    ...     x = weft.tensor([0.0], requires_grad=True)
    ...     try:
    ...         (x.sqrt() * 0).sum().backward()
    ...     except RuntimeError as error:
    ...         print("sqrt" in str(error) and "NaN" in str(error))
    True
    """

    mode: bool
    check_nan: bool

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        if not isinstance(mode, bool) or not isinstance(check_nan, bool):
            raise TypeError(f"set_detect_anomaly: mode and check_nan must be bools, got {mode!r} and {check_nan!r}")
        self.mode, self.check_nan = mode, check_nan
        _C._set_anomaly_callbacks(_record, _describe, _annotate)
        self._before = _C._set_anomaly_mode(mode, check_nan)

    def __call__(self, function: _F) -> _F:
        _C._set_anomaly_mode(*self._before)  # as a decorator it must not change anything here
        return super().__call__(function)

    def __enter__(self) -> None:
        _C._set_anomaly_mode(self.mode, self.check_nan)

    def __exit__(self, *exception: object) -> None:
        _C._set_anomaly_mode(*self._before)

    def _again(self):
        return set_detect_anomaly(self.mode, self.check_nan)


class detect_anomaly(_Mode):
    """Context manager and decorator: ``set_detect_anomaly(True, check_nan)`` for a piece of code.

    Args:
        check_nan: False leaves the gradients alone, so that only exceptions are explained; TypeError for what is no
            bool.

    >>> import weft
    >>> with weft.autograd.detect_anomaly():
    ...     weft.is_anomaly_enabled()
    True
    >>> weft.is_anomaly_enabled()
    False
    """

    def __init__(self, check_nan: bool = True) -> None:
        if not isinstance(check_nan, bool):
            raise TypeError(f"detect_anomaly: check_nan must be a bool, got {check_nan!r}")
        self.check_nan: bool = check_nan

    def __enter__(self) -> None:
        _C._set_anomaly_callbacks(_record, _describe, _annotate)
        self._before = _C._set_anomaly_mode(True, self.check_nan)

    def __exit__(self, *exception: object) -> None:
        _C._set_anomaly_mode(*self._before)

    def _again(self):
        return detect_anomaly(self.check_nan)


def _record():
    """Where the calling thread is: (layer's path or "", file, line)."""
    place, modules = None, []
    frame = sys._getframe()
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_PACKAGE):
            place = place or (file, frame.f_lineno)
        elif file == _MODULE_FILE and frame.f_code.co_name == "__call__":
            modules.append(frame.f_locals["self"])
        frame = frame.f_back
    return (_layer_path(modules[::-1]), *(place or (None, 0)))


def _layer_path(modules):
    """The path of the last of the modules, each of which has called the next."""
    from weft.nn.layer_path import name_of

    if not modules:
        return ""
    steps = []
    for outer, inner in zip(modules, modules[1:]):
        names = [name for name, child in outer._modules.items() if child is inner]
        steps.append(names[0] if names else name_of(inner, outer))
    kind = type(modules[-1]).__name__
    return f"model.{'.'.join(steps)} ({kind})" if steps else kind


def _describe(place):
    """A place as text: in which layer, at which line."""
    path, file, line = place
    layer = f"in {path}, " if path else ""
    if file is None:
        return f"{layer}at a line that is unknown"
    source = linecache.getline(file, line).strip()
    return f"{layer}at {file}:{line}" + (f": {source}" if source else "")


def _annotate(error, text):
    """Adds text to the message of an exception that a backward written in Python raised."""
    if len(error.args) == 1 and isinstance(error.args[0], str) and not isinstance(error, (KeyError, OSError)):
        error.args = (f"{error.args[0]}; {text}",)
    elif hasattr(error, "add_note"):
        error.add_note(text)
