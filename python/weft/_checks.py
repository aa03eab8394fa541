"""Checks of arguments that the Python parts of Weft share. Each raises TypeError that names function and argument."""

from weft import _C


def _refuse(function, name, wanted, value):
    raise TypeError(f"{function}: expected {wanted} as {name}, got {type(value).__name__}")


def check_tensors(function, optional=(), /, **values):
    """Every value is a tensor. Arguments named in ``optional`` may be None."""
    for name, value in values.items():
        if not isinstance(value, _C.Tensor) and (value is not None or name not in optional):
            _refuse(function, name, "a Tensor", value)


def check_callables(function, /, **values):
    """Every value can be called."""
    for name, value in values.items():
        if not callable(value):
            _refuse(function, name, "a function", value)


def check_flags(function, /, **values):
    """Every value is True, False or None (which leaves the choice to the function)."""
    for name, value in values.items():
        if value is not None and not isinstance(value, bool):
            _refuse(function, name, "True, False or None", value)


def check_numbers(function, /, **values):
    """Every value is a number: an int or a float of Python or NumPy, no bool."""
    for name, value in values.items():
        if isinstance(value, (bool, str)) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
            _refuse(function, name, "a number", value)


def check_text(function, /, **values):
    """Every value is a string."""
    for name, value in values.items():
        if not isinstance(value, str):
            _refuse(function, name, "a string", value)


def check_mapping(function, /, **values):
    """Every value is a dict, or something like one."""
    for name, value in values.items():
        if not hasattr(value, "items") or not hasattr(value, "keys"):
            _refuse(function, name, "a dict", value)


def tensors_of(function, name, values):
    """The tensors of an iterable, as a list; a single tensor counts as a list of one."""
    if isinstance(values, _C.Tensor):
        return [values]
    tensors = list(values)
    for tensor in tensors:
        if not isinstance(tensor, _C.Tensor):
            raise TypeError(f"{function}: expected Tensors in {name}, got {type(tensor).__name__}")
    return tensors
