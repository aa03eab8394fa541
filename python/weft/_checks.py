"""Checks of arguments that the composites of this package share."""

import weft


def check_tensors(function, optional=(), **values):
    """TypeError that names the function and the argument for the first value that is no tensor.

    Arguments named in ``optional`` may be None.
    """
    for name, value in values.items():
        if not isinstance(value, weft.Tensor) and (value is not None or name not in optional):
            raise TypeError(f"{function}: expected a Tensor as {name}, got {type(value).__name__}")
