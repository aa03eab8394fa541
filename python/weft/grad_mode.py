"""Switches of autograd for a piece of code: context managers that are decorators too."""

from __future__ import annotations

import functools
import inspect

from weft import _C
from weft._checks import check_callables

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, overload

    _F = TypeVar("_F", bound=Callable[..., Any])
    _Self = TypeVar("_Self", bound="_GradMode")
    _Inference = TypeVar("_Inference", bound="inference_mode")


class _Mode:
    """A context manager and decorator that sets something for this thread, and puts it back after."""

    def __call__(self, function: _F) -> _F:
        if isinstance(function, type):
            raise TypeError(f"{type(self).__name__} can decorate functions, not the class {function.__name__}")
        check_callables(type(self).__name__, function=function)
        if inspect.isgeneratorfunction(function):
            return self._wrap_generator(function)

        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with self._again():
                return function(*args, **kwargs)

        return wrapped

    def _wrap_generator(self, function):
        # The mode holds while the generator runs, not while the caller uses what it gave
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            generator = function(*args, **kwargs)
            resume, argument = generator.send, None
            while True:
                try:
                    with self._again():
                        value = resume(argument)
                except StopIteration as stop:
                    return stop.value
                try:
                    argument = yield value
                    resume = generator.send
                except GeneratorExit:
                    generator.close()
                    raise
                except BaseException as error:
                    resume, argument = generator.throw, error

        return wrapped

    def _again(self):
        return type(self)()


class _GradMode(_Mode):
    mode: bool

    if TYPE_CHECKING:

        @overload
        def __new__(cls: type[_Self], function: None = None) -> _Self: ...
        @overload
        def __new__(cls, function: _F) -> _F: ...

    def __new__(cls, function: Any = None) -> Any:
        self = super().__new__(cls)
        return self if function is None else self(function)  # @no_grad without parentheses

    def __enter__(self) -> None:
        self._before = _C._set_grad_enabled(self.mode)

    def __exit__(self, *exception: object) -> None:
        _C._set_grad_enabled(self._before)


class no_grad(_GradMode):
    """A scope, or a decorator, in which ops are not recorded: their results do not require grad.

    It holds for this thread; what was set before comes back at its end. Tensors that are changed in place keep their
    ``requires_grad``. Decorates functions and generator functions, with or without parentheses.

    Args:
        function: to decorate; left out for a scope.

    Raises TypeError for a class or what cannot be called.

    >>> import weft
    >>> x = weft.ones(2, requires_grad=True)
    >>> with weft.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    >>> @weft.no_grad()
    ... def double(x):
    ...     return x * 2
    >>> double(x).requires_grad
    False
    """

    mode: bool = False


class enable_grad(_GradMode):
    """A scope, or a decorator, in which ops are recorded, also within no_grad.

    Args:
        function: to decorate; left out for a scope.

    Raises TypeError for a class or what cannot be called.

    >>> import weft
    >>> x = weft.ones(2, requires_grad=True)
    >>> with weft.no_grad(), weft.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad
    True
    """

    mode: bool = True


class set_grad_enabled(_Mode):
    """Switches recording on or off: from here on, inside a with block, or for a function that it decorates.

    Args:
        mode: True records ops for autograd; TypeError for what is no bool.

    >>> import weft
    >>> x = weft.ones(2, requires_grad=True)
    >>> with weft.set_grad_enabled(False):
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled: expected True or False as mode, got {type(mode).__name__}")
        self.mode: bool = mode
        self._before = _C._set_grad_enabled(self.mode)

    def __call__(self, function: _F) -> _F:
        _C._set_grad_enabled(self._before)  # as a decorator it must not change anything here
        return super().__call__(function)

    def __enter__(self) -> None:
        _C._set_grad_enabled(self.mode)

    def __exit__(self, *exception: object) -> None:
        _C._set_grad_enabled(self._before)

    def _again(self):
        return set_grad_enabled(self.mode)


class inference_mode(_Mode):
    """A scope, or a decorator, like no_grad; the tensors made inside can never take part in autograd, which is cheaper.

    Args:
        mode: False switches it off inside an outer scope. A function in its place is decorated.

    >>> import weft
    >>> x = weft.ones(2, requires_grad=True)
    >>> with weft.inference_mode():
    ...     y = x * 2
    >>> y.requires_grad, y.is_inference()
    (False, True)
    """

    mode: bool

    if TYPE_CHECKING:

        @overload
        def __new__(cls: type[_Inference], mode: bool = True) -> _Inference: ...
        @overload
        def __new__(cls, mode: _F) -> _F: ...

    def __new__(cls, mode: Any = True) -> Any:
        self = super().__new__(cls)
        if isinstance(mode, bool):
            self.mode = mode
            return self
        self.mode = True
        return self(mode)  # @inference_mode without parentheses

    def __enter__(self) -> None:
        self._before = _C._set_inference_mode(self.mode)

    def __exit__(self, *exception: object) -> None:
        _C._set_inference_mode(self._before)

    def _again(self):
        return inference_mode(self.mode)
