"""Checkpoints: activations that are computed again in backward instead of being kept."""

from __future__ import annotations

import contextlib

import weft
from weft import _C
from weft._checks import check_callables, check_flags, check_integers
from weft._missing import missing_names
from weft.autograd.graph import saved_tensors_hooks

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    from weft import Tensor
else:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn", "set_checkpoint_early_stop"]

_early_stop = True


class CheckpointError(RuntimeError):
    """The function of a checkpoint has saved other tensors when it was run again than the first time.

    >>> import weft
    >>> issubclass(weft.utils.checkpoint.CheckpointError, RuntimeError)
    True
    """


class _Enough(BaseException):
    """All that was asked for is there."""


def noop_context_fn() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """Two contexts that do nothing: for the first run of a function and for its repetition.

    >>> import weft
    >>> first, again = weft.utils.checkpoint.noop_context_fn()
    >>> with first, again:
    ...     pass
    """
    return contextlib.nullcontext(), contextlib.nullcontext()


class set_checkpoint_early_stop:
    """A scope in which functions that are run again go on to their end (False), or stop when all is there (True).

    Args:
        enable: stop early; that is the default.

    >>> import weft
    >>> with weft.utils.checkpoint.set_checkpoint_early_stop(False):
    ...     y = weft.utils.checkpoint.checkpoint(weft.exp, weft.ones(1, requires_grad=True), use_reentrant=False)
    """

    def __init__(self, enable: bool) -> None:
        check_flags("set_checkpoint_early_stop", enable=enable)
        self._enable = enable

    def __enter__(self) -> None:
        global _early_stop
        self._before, _early_stop = _early_stop, self._enable

    def __exit__(self, *exception: object) -> None:
        global _early_stop
        _early_stop = self._before


class _State:
    """Random generators and autocast as they are now."""

    def __init__(self, preserve_rng: bool) -> None:
        self._generator = weft.get_rng_state() if preserve_rng else None  # of all devices
        self._autocast = [
            weft.autocast(kind, weft.get_autocast_dtype(kind), weft.is_autocast_enabled(kind))
            for kind in ("cpu", "cuda")
        ]

    def _set_generator(self):
        if self._generator is not None:
            weft.set_rng_state(self._generator)

    @contextlib.contextmanager
    def restored(self):
        """A scope in which they are so again."""
        now = _State(self._generator is not None)
        self._set_generator()
        try:
            with self._autocast[0], self._autocast[1], weft.enable_grad():
                yield
        finally:
            now._set_generator()


class _Run:
    """One call of a checkpointed function: what it takes to call it again, and what that gave."""

    def __init__(self, function, args, kwargs, preserve_rng, context, check):
        self.call = function, args, kwargs
        self.state = _State(preserve_rng)
        self.context, self.check = context, check
        self.saved = []  # of each tensor that was saved, in order: shape, dtype and device
        self.versions = [(t, t._version) for t in _tensors_in((args, kwargs))]
        self.again = {}  # those that were computed again and not yet asked for
        self.early_stop = _early_stop

    def pack(self, tensor):
        self.saved.append((tensor.shape, tensor.dtype, tensor.device))
        return len(self.saved) - 1

    def unpack(self, number):
        if number not in self.again:
            self._repeat()
        return self.again.pop(number)

    def _repeat(self):
        function, args, kwargs = self.call
        found = []
        for t, version in self.versions:
            if t._version != version:
                raise CheckpointError(
                    f"checkpoint: an argument of shape {tuple(t.shape)} was changed in place after the function had "
                    "run, so that it cannot be run again; give it a clone()"
                )

        def keep(tensor):
            if len(found) < len(self.saved):
                self.again[len(found)] = tensor
            found.append((tensor.shape, tensor.dtype, tensor.device))
            if self.early_stop and len(found) == len(self.saved):
                raise _Enough
            return tensor

        with contextlib.suppress(_Enough), self.state.restored(), self.context:
            with saved_tensors_hooks(keep, _returned):
                function(*args, **kwargs)
        if self.check and found != self.saved:
            self._refuse(found)

    def _refuse(self, found):
        self.again.clear()
        if len(found) != len(self.saved):
            raise CheckpointError(
                f"checkpoint: the function saved {len(self.saved)} tensors for backward, but {len(found)} when it was "
                "run again. It must do the same both times: look for what depends on state that has changed since"
            )
        place = next(i for i, (a, b) in enumerate(zip(self.saved, found)) if a != b)
        raise CheckpointError(
            f"checkpoint: tensor {place} that the function saved for backward had (shape, dtype, device) "
            f"{self.saved[place]}, but {found[place]} when it was run again"
        )


def _tensors_in(value):
    if isinstance(value, weft.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors_in(item)
    elif isinstance(value, dict):
        yield from _tensors_in(list(value.values()))


def _returned(tensor):
    return tensor


def _traced(function, args, kwargs):
    """Calls the function; what it records, but for what it returns, the graph computes again for backward."""
    found = []
    _C._begin_checkpoint()
    try:
        result = function(*args, **kwargs)
        found.extend(_tensors_in(result))
        return result
    finally:
        _C._end_checkpoint(found)


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[AbstractContextManager[Any], AbstractContextManager[Any]]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, of which backward needs no activations: it runs the function again.

    So memory for a model goes down to that of its inputs at the checkpoints and of one function between them, for one
    more forward pass; Chen et al., "Training deep nets with sublinear memory cost", 2016. Random numbers and autocast
    are the same the second time. In a jitted function the graph computes again what backward needs, but for random
    numbers, which it keeps. What the function changes in place, such as the statistics of batch norm, is changed by
    both runs; in a jitted function once.

    Args:
        function: a function or module that does the same when it is called again with the same arguments.
        args: its arguments; what it changes in place must not be among them.
        use_reentrant: accepted for PyTorch's sake. There is one way, PyTorch's use_reentrant=False, which knows
            keyword arguments, nested checkpoints, autograd.grad and gradients of captured tensors.
        context_fn: gives two contexts, for the first run and for its repetition.
        determinism_check: "default" compares number, shapes and dtypes of what both runs saved; "none" does not.
        debug: accepted; errors always say which tensor differed.
        early_stop: end the repetition when the last tensor that is needed is there.
        preserve_rng_state: draw the same random numbers again.
        kwargs: more arguments of the function.

    Raises:
        TypeError: function is no function, or a flag is neither bool nor None.
        ValueError: determinism_check is neither "default" nor "none".
        CheckpointError: in backward, where the function did something else.

    >>> import weft
    >>> x = weft.tensor([1.0, 2.0], requires_grad=True)
    >>> y = weft.utils.checkpoint.checkpoint(lambda t: (t * t) * t, x, use_reentrant=False)
    >>> y.sum().backward()
    >>> x.grad
    tensor([ 3., 12.])
    """
    check_callables("checkpoint", function=function, context_fn=context_fn)
    check_flags(
        "checkpoint",
        use_reentrant=use_reentrant,
        debug=debug,
        early_stop=early_stop,
        preserve_rng_state=preserve_rng_state,
    )
    if determinism_check not in ("default", "none"):
        raise ValueError(f"checkpoint: determinism_check must be 'default' or 'none', got {determinism_check!r:.60}")
    first, again = context_fn()
    if not weft.is_grad_enabled():
        with first:
            return function(*args, **kwargs)
    if _C._is_tracing():
        with first:
            return _traced(function, args, kwargs)
    run = _Run(function, args, kwargs, bool(preserve_rng_state), again, determinism_check == "default")
    run.early_stop &= early_stop
    with first, saved_tensors_hooks(run.pack, run.unpack):
        return function(*args, **kwargs)


def checkpoint_sequential(
    functions: Any,
    segments: int,
    input: Tensor,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
) -> Any:
    """Calls functions one after the other, in segments of which all but the last are checkpoints.

    Args:
        functions: a Sequential, or a sequence of functions or modules.
        segments: number of segments, from 1 to the number of functions.
        input: the argument of the first function.
        use_reentrant: see :func:`checkpoint`.
        preserve_rng_state: see :func:`checkpoint`.

    Raises:
        ValueError: segments is out of range.

    >>> import weft
    >>> layers = weft.nn.Sequential(weft.nn.Linear(2, 2), weft.nn.Tanh(), weft.nn.Linear(2, 1))
    >>> x = weft.ones(1, 2)
    >>> weft.equal(weft.utils.checkpoint.checkpoint_sequential(layers, 2, x, use_reentrant=False), layers(x))
    True
    """
    functions = list(functions.children() if isinstance(functions, weft.nn.Sequential) else functions)
    check_integers("checkpoint_sequential", segments=segments)
    if not 1 <= segments <= max(1, len(functions)):
        raise ValueError(f"checkpoint_sequential: segments must be in [1, {len(functions)}], got {segments}")
    size = len(functions) // segments

    def chain(some: Sequence[Callable[..., Any]]) -> Callable[[Any], Any]:
        def call(value):
            for function in some:
                value = function(value)
            return value

        return call

    value: Any = input
    for i in range(segments - 1):
        part = chain(functions[i * size : (i + 1) * size])
        value = checkpoint(part, value, use_reentrant=use_reentrant, preserve_rng_state=preserve_rng_state)
    return chain(functions[(segments - 1) * size :])(value)
