"""weft.jit(fallback=True): functions that cannot be traced run eagerly."""

import linecache
import re
import sys
import traceback
import warnings
from pathlib import Path

from weft import _C, _guards_watch
from weft._guards import CannotGoBackError
from weft._jit_state import StateSaved

_PACKAGE = str(Path(__file__).parent) + "/"
_warned = set()  # lines


def call_or_fall_back(jitted, args, kwargs):
    """A call whose signature is new: traced and run, or where that fails, run eagerly now and from now on.

    If the eager run fails too, its error is the program's own; nothing is remembered then.
    """
    compiled, problem = trace_or_explain(jitted, args, kwargs)
    if problem is None:
        return jitted._run(compiled, args, kwargs)
    result = jitted.__wrapped__(*args, **kwargs)
    remember(jitted, problem, args, kwargs)
    return result


def trace_or_explain(jitted, args, kwargs):
    """(what is compiled, None), or (None, what stands against it) with everything as it was before."""
    optimizers = StateSaved(of_trace=True)
    outer, _guards_watch.state.goes_back = _guards_watch.state.goes_back, True
    with _C._RewindScope() as draws:
        try:
            return jitted.compile(*args, **kwargs), None
        except CannotGoBackError:
            raise
        except BaseException as error:
            problem = error
        finally:
            _guards_watch.state.goes_back = outer
    draws.rewind()
    optimizers.restore()
    if not isinstance(problem, Exception):
        raise problem
    return None, problem


def remember(jitted, problem, args, kwargs):
    """Such calls run eagerly from now on; warns once for each line."""
    file, number = _place_of(problem)
    text = linecache.getline(file, number).strip() if file else ""
    line = f"{file}:{number}: {text}" if file else "an unknown line"
    first = str(problem).split(". ")[0].split("; ")[0]
    jitted._keep_eager(f"runs eagerly, because it cannot be traced: {first} at {line}", *args, **kwargs)
    if line in _warned:
        return
    _warned.add(line)
    name = getattr(jitted.__wrapped__, "__qualname__", repr(jitted.__wrapped__))
    warnings.warn_explicit(
        f"jit: {name} cannot be traced for these arguments and runs eagerly: {first} ({type(problem).__name__}) at "
        f"{line}; weft.jit without fallback, or weft.compile(fullgraph=True), raises the error",
        RuntimeWarning,
        file or __file__,
        number or 1,
    )


def _place_of(error):
    """File and line of the innermost frame of the program that the error has passed; if none, of the call."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    place = (frame.f_code.co_filename, frame.f_lineno) if frame else (None, 0)
    for frame, number in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if not file.startswith(_PACKAGE):
            place = (file, number)
    read_at = re.search(r"\(read at (.+):(\d+)\)$", str(error))  # found when the trace was over
    return (read_at[1], int(read_at[2])) if read_at else place
