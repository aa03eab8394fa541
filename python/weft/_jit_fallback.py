"""weft.jit(fallback=True): functions that cannot be traced run eagerly."""

import linecache
import re
import sys
import traceback
import warnings
from pathlib import Path

from weft import _C, _guards_watch
from weft._guards import CannotGoBackError
from weft._jit_kept import Contents, still_held, take_out
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
    settle(jitted, problem, args, kwargs)
    return result


def settle(jitted, problem, args, kwargs):
    """After the eager run: what such calls will do from now on.

    A table that the function fills when it first runs, say, is there now, so that a trace finds nothing to keep.
    """
    if problem.is_state:
        now = [Contents(holder) for holder in problem.emptied]
        problem = trace_or_explain(jitted, args, kwargs)[1]
        if problem is not None:
            for contents in now:
                contents.restore()
    if problem is not None:
        remember(jitted, problem, args, kwargs)


class Problem:
    """Why a function cannot be traced."""

    def __init__(self, error):
        self.error, self.place = error, _place_of(error)
        self.is_state = _guards_watch.state.changed  # it has changed or kept something
        self.emptied = []  # what tensors of the trace were taken out of


def trace_or_explain(jitted, args, kwargs):
    """(what is compiled, None), or (None, a Problem) with everything as it was before."""
    state = _guards_watch.state
    optimizers = StateSaved(of_trace=True)
    outer, state.goes_back, state.changed, state.young = state.goes_back, True, False, None
    _guards_watch.tell_young()
    try:
        with _C._RewindScope() as draws:
            return jitted.compile(*args, **kwargs), None
    except CannotGoBackError:
        raise
    except BaseException as error:
        young, failed = state.young or _guards_watch.young(), error
    finally:
        state.goes_back = outer
        _guards_watch.forget_young()
    draws.rewind()
    optimizers.restore()
    if not isinstance(failed, Exception):
        raise failed
    problem = Problem(failed)
    _clear_frames(failed)
    problem.emptied = take_out(state.tensors, young)
    problem.is_state &= not still_held(state.tensors)  # by what cannot be looked into: another trace would add to it
    return None, problem


def trace_apart(jitted, args, kwargs):
    """What a trace gives now; the program keeps none of its tensors."""
    state = _guards_watch.state
    _guards_watch.tell_young()
    try:
        return jitted._trace_apart(*args, **kwargs)
    finally:
        young = _guards_watch.young()
        _guards_watch.forget_young()
        take_out(state.tensors, young)


def _clear_frames(error):
    """The variables of a trace that has failed go."""
    errors, seen = [error], set()
    while errors:
        error = errors.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        errors += [error.__cause__, error.__context__]


def remember(jitted, problem, args, kwargs):
    """Such calls run eagerly from now on; warns once for each line."""
    file, number = problem.place
    text = linecache.getline(file, number).strip() if file else ""
    line = f"{file}:{number}: {text}" if file else "an unknown line"
    first = str(problem.error).split(". ")[0].split("; ")[0]
    jitted._keep_eager(f"runs eagerly, because it cannot be traced: {first} at {line}", *args, **kwargs)
    if line in _warned:
        return
    _warned.add(line)
    name, kind = getattr(jitted.__wrapped__, "__qualname__", repr(jitted.__wrapped__)), type(problem.error).__name__
    warnings.warn_explicit(
        f"jit: {name} cannot be traced for these arguments and runs eagerly: {first} ({kind}) at "
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
