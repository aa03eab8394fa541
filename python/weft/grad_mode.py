"""Switches of autograd for a piece of code: context managers that are decorators too."""

import functools
import inspect

from weft import _C
from weft._checks import check_callables


class _Mode:
    """A context manager and decorator that sets something for this thread, and puts it back after."""

    def __call__(self, function):
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
    mode = None

    def __new__(cls, function=None):
        self = super().__new__(cls)
        return self if function is None else self(function)  # @no_grad without parentheses

    def __enter__(self):
        self._before = _C._set_grad_enabled(self.mode)

    def __exit__(self, *exception):
        _C._set_grad_enabled(self._before)


class no_grad(_GradMode):
    """Ops inside are not recorded: their results do not require grad.

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

    mode = False


class enable_grad(_GradMode):
    """Ops inside are recorded, also within no_grad.

    >>> import weft
    >>> x = weft.ones(2, requires_grad=True)
    >>> with weft.no_grad(), weft.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad
    True
    """

    mode = True


class set_grad_enabled(_Mode):
    """Switches recording on or off: from here on, or inside a with block.

    >>> import weft
    >>> x = weft.ones(2, requires_grad=True)
    >>> with weft.set_grad_enabled(False):
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __init__(self, mode):
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled: expected True or False as mode, got {type(mode).__name__}")
        self.mode = mode
        self._before = _C._set_grad_enabled(self.mode)

    def __call__(self, function):
        _C._set_grad_enabled(self._before)  # as a decorator it must not change anything here
        return super().__call__(function)

    def __enter__(self):
        _C._set_grad_enabled(self.mode)

    def __exit__(self, *exception):
        _C._set_grad_enabled(self._before)

    def _again(self):
        return set_grad_enabled(self.mode)


class inference_mode(_Mode):
    """no_grad, and the tensors made inside can never take part in autograd, which makes them cheaper.

    >>> import weft
    >>> x = weft.ones(2, requires_grad=True)
    >>> with weft.inference_mode():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __new__(cls, mode=True):
        self = super().__new__(cls)
        if isinstance(mode, bool):
            self.mode = mode
            return self
        self.mode = True
        return self(mode)  # @inference_mode without parentheses

    def __enter__(self):
        self._before = _C._set_inference_mode(self.mode)

    def __exit__(self, *exception):
        _C._set_inference_mode(self._before)

    def _again(self):
        return inference_mode(self.mode)
