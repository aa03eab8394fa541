"""Helpers for tests: ``assert_close`` compares, ``make_tensor`` draws; the names are those of torch.testing."""

from __future__ import annotations

import collections.abc
import math
import numbers

import numpy

import weft

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


__all__ = ["assert_close", "make_tensor"]

# relative, absolute; what is not here is compared exactly
_TOLERANCES = {
    weft.float64: (1e-7, 1e-7),
    weft.float32: (1.3e-6, 1e-5),
    weft.float16: (1e-3, 1e-5),
    weft.bfloat16: (1.6e-2, 1e-5),
    weft.complex64: (1.3e-6, 1e-5),
    weft.complex128: (1e-7, 1e-7),
}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """AssertionError unless ``|actual - expected| <= atol + rtol * |expected|`` everywhere.

    The message has the number of elements that differ, and the greatest differences with their places.

    Args:
        actual, expected: tensors, or what makes tensors (arrays, numbers), None, or sequences and mappings of these,
            compared member by member. Two of unlike kinds are an error.
        allow_subclasses: False wants the same type.
        rtol, atol: given both or neither; by default (1.3e-6, 1e-5) for float32, (1e-7, 1e-7) for float64, (1e-3, 1e-5)
            for float16, (1.6e-2, 1e-5) for bfloat16, exactly for the rest, and the wider ones for two dtypes.
        equal_nan: NaN equals itself, as infinities do anyway.
        check_device, check_dtype, check_stride: whether these must be equal too.
        check_layout: makes no difference: every tensor of Weft has the same.
        msg: the message, or a function from the message to another.

    Raises:
        TypeError: something cannot be compared.
        ValueError: one tolerance is given without the other, or a negative one.

    >>> import weft
    >>> weft.testing.assert_close(weft.tensor([1.0, 2.0]), weft.tensor([1.0, 2.000001]))
    >>> weft.testing.assert_close(weft.tensor([1, 2]), weft.tensor([1, 4]))
    Traceback (most recent call last):
    ...
    AssertionError: 1 of 2 elements differs (50.0%)
      greatest absolute difference 2 at (1,): 2, expected 4 (allowed: 0)
      greatest relative difference 0.5 at (1,): 2, expected 4 (allowed: 0)
    """
    if (rtol is None) != (atol is None):
        raise ValueError("assert_close: give both rtol and atol, or neither")
    for name, value in {"rtol": rtol, "atol": atol}.items():
        if value is not None and not isinstance(value, numbers.Real):
            raise TypeError(f"assert_close: {name} must be a number, got {type(value).__name__}")
        if value is not None and not value >= 0:
            raise ValueError(f"assert_close: {name} must not be negative, got {value}")
    if msg is not None and not isinstance(msg, str) and not callable(msg):
        raise TypeError(f"assert_close: msg must be a string or a function, got {type(msg).__name__}")
    checks = {"device": check_device, "dtype": check_dtype, "stride": check_stride, "layout": check_layout}
    checks |= {"subclasses": allow_subclasses, "nan": equal_nan}
    for name, value in checks.items():
        if not isinstance(value, bool):
            raise TypeError(f"assert_close: the flag for {name} must be a bool, got {type(value).__name__}")
    problem = _compare(actual, expected, "", checks, None if rtol is None else (rtol, atol))
    if problem:
        raise AssertionError(msg(problem) if callable(msg) else msg or problem)


def _compare(actual, expected, place, checks, tolerances):
    """What differs, as text, or None."""
    sequence, mapping = collections.abc.Sequence, collections.abc.Mapping
    if _both(actual, expected, sequence) and not isinstance(actual, str) and not isinstance(expected, str):
        if len(actual) != len(expected):
            return f"{_at(place)}the lengths differ: {len(actual)}, expected {len(expected)}"
        pairs = [(f"{place}[{i}]", a, b) for i, (a, b) in enumerate(zip(actual, expected))]
    elif _both(actual, expected, mapping):
        if actual.keys() != expected.keys():
            missing, more = expected.keys() - actual.keys(), actual.keys() - expected.keys()
            return (
                f"{_at(place)}the keys differ: {sorted(map(repr, missing))} missing, {sorted(map(repr, more))} too many"
            )
        pairs = [(f"{place}[{key!r}]", actual[key], expected[key]) for key in expected]
    else:
        problem = _compare_leaves(actual, expected, checks, tolerances, place)
        return problem and _at(place) + problem
    return next((problem for where, a, b in pairs if (problem := _compare(a, b, where, checks, tolerances))), None)


def _both(actual, expected, kind):
    return isinstance(actual, kind) and isinstance(expected, kind)


def _at(place):
    return f"at {place}: " if place else ""


def _compare_leaves(actual, expected, checks, tolerances, place):
    if actual is None or expected is None:
        return None if actual is expected else f"{_show(actual)}, expected {_show(expected)}"
    actual, expected = (value.item() if isinstance(value, numpy.generic) else value for value in (actual, expected))
    if _both(actual, expected, bool):
        return None if actual == expected else f"{actual}, expected {expected}"
    if _both(actual, expected, numbers.Number):
        return _compare_numbers(actual, expected, checks, tolerances)
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    if not related or not checks["subclasses"] and type(actual) is not type(expected):
        raise TypeError(
            f"assert_close: {_at(place)}cannot compare {type(actual).__name__} with {type(expected).__name__}"
        )
    try:
        return _compare_tensors(weft.as_tensor(actual), weft.as_tensor(expected), checks, tolerances)
    except TypeError as error:
        raise TypeError(f"assert_close: {_at(place)}cannot compare {type(actual).__name__}: {error}") from None


def _show(value):
    text = "a tensor" if isinstance(value, weft.Tensor) else repr(value)
    return text if len(text) < 100 else text[:100] + "..."


def _compare_numbers(actual, expected, checks, tolerances):
    if checks["dtype"] and type(actual) is not type(expected):
        return f"the types differ: {type(actual).__name__}, expected {type(expected).__name__}"
    exact = isinstance(actual, numbers.Integral) and isinstance(expected, numbers.Integral)
    rtol, atol = tolerances or ((0, 0) if exact else _TOLERANCES[weft.float64])
    if actual == expected or checks["nan"] and actual != actual and expected != expected:
        return None
    difference = abs(actual - expected)
    if difference <= atol + rtol * abs(expected) and math.isfinite(difference):
        return None
    relative = difference / abs(expected) if expected else math.inf
    return (
        f"{actual}, expected {expected}: absolute difference {difference} (allowed: {atol}), "
        f"relative difference {relative} (allowed: {rtol})"
    )


def _compare_tensors(actual, expected, checks, tolerances):
    if actual.shape != expected.shape:
        return f"the shapes differ: {tuple(actual.shape)}, expected {tuple(expected.shape)}"
    if checks["device"] and actual.device != expected.device:
        return f"the devices differ: {actual.device}, expected {expected.device}"
    if checks["dtype"] and actual.dtype != expected.dtype:
        return f"the dtypes differ: {actual.dtype}, expected {expected.dtype}"
    if checks["stride"] and actual.stride() != expected.stride():
        return f"the strides differ: {actual.stride()}, expected {expected.stride()}"
    if actual.is_meta or expected.is_meta:
        return None if actual.is_meta and expected.is_meta else "one of the tensors has no data (device meta)"
    by_dtype = [_TOLERANCES.get(tensor.dtype, (0, 0)) for tensor in (actual, expected)]
    rtol, atol = tolerances or tuple(map(max, zip(*by_dtype)))
    actual, expected = _values(actual), _values(expected)
    if actual.dtype.kind in "iu" and expected.dtype.kind in "iu" and rtol == atol == 0:
        wrong = actual != expected
        difference = numpy.abs(actual.astype(object) - expected.astype(object)) if wrong.any() else wrong
    else:
        with numpy.errstate(all="ignore"):
            wide = "complex128" if "c" in (actual.dtype.kind, expected.dtype.kind) else "float64"
            difference = numpy.abs(actual.astype(wide) - expected.astype(wide))
            close = difference <= atol + rtol * numpy.abs(expected.astype(wide))
        wrong = ~((actual == expected) | close & numpy.isfinite(difference))
        if checks["nan"]:
            wrong &= ~((actual != actual) & (expected != expected))
    return _describe(actual, expected, wrong, difference, rtol, atol) if wrong.any() else None


def _values(tensor):
    """The values as a NumPy array of a dtype in which all of them are exact."""
    tensor = tensor.detach().cpu()
    if tensor.is_complex() or tensor.dtype is weft.uint64:
        return tensor.to(weft.complex128 if tensor.is_complex() else weft.uint64).numpy()
    return tensor.to(weft.float64 if tensor.is_floating_point() else weft.int64).numpy()


def _describe(actual, expected, wrong, difference, rtol, atol):
    count = int(wrong.sum())
    lines = [f"{count} of {wrong.size} elements differ{'s' * (count == 1)} ({count / wrong.size:.1%})"]
    with numpy.errstate(all="ignore"):
        wide = expected.astype("complex128" if expected.dtype.kind == "c" else "float64")
        relative = difference.astype("float64") / numpy.abs(wide)
    for name, values, allowed in (("absolute", difference, atol), ("relative", relative, rtol)):
        # NaN is the greatest difference: it is never allowed.
        order = numpy.where(wrong, numpy.nan_to_num(values.astype("float64"), nan=numpy.inf, posinf=numpy.inf), -1)
        index = tuple(map(int, numpy.unravel_index(numpy.argmax(order), order.shape)))
        lines.append(
            f"  greatest {name} difference {values[index]} at {index}: {actual[index]}, expected {expected[index]} "
            f"(allowed: {allowed})"
        )
    return "\n".join(lines)


def make_tensor(
    *shape: Any,
    dtype: weft.dtype,
    device: weft.device | str,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: weft.memory_format | None = None,
) -> weft.Tensor:
    """A tensor of random values from [low, high), drawn from the default generator.

    Args:
        shape: ints, or one sequence of them.
        dtype, device: of the tensor.
        low, high: by default [-9, 9) for floats, [-9, 10) for signed ints, [0, 10) for uint8, [0, 2) for bool; cut to
            what the dtype can hold. Of complex numbers both parts are drawn as floats are.
        requires_grad: whether autograd records what is computed from it.
        noncontiguous: if there is more than one element, a view of every other one.
        exclude_zero: zeros become 1, or the smallest positive normal number of a float dtype.
        memory_format: the order of the elements in memory.

    Raises:
        ValueError: the range is empty or a bound NaN, requires_grad of an integer dtype, or noncontiguous
            together with a memory_format.
        TypeError: dtype or bounds of the wrong type.

    >>> import weft
    >>> x = weft.testing.make_tensor(2, 3, dtype=weft.int64, device="cpu", low=1, high=4)
    >>> tuple(x.shape), bool(((x >= 1) & (x < 4)).all())
    ((2, 3), True)
    """
    if len(shape) == 1 and isinstance(shape[0], collections.abc.Sequence):
        shape = tuple(shape[0])
    if not isinstance(dtype, weft.dtype):
        raise TypeError(f"make_tensor: dtype must be a weft.dtype, got {type(dtype).__name__}")
    # Of complex numbers both parts are drawn
    drawn_as = {weft.complex64: weft.float32, weft.complex128: weft.float64}.get(dtype, dtype)
    is_float = drawn_as.is_floating_point
    if requires_grad and not is_float:
        raise ValueError(f"make_tensor: only floats and complex numbers can require grad, the dtype is {dtype}")
    if noncontiguous and memory_format is not None:
        raise ValueError("make_tensor: give noncontiguous or a memory_format, not both")
    low, high = _bounds(drawn_as, low, high)
    stretched = noncontiguous and math.prod(shape) > 1
    drawn = (*shape[:-1], 2 * shape[-1]) if stretched else shape
    result = _draw_floats(drawn, drawn_as, low, high) if is_float else _draw_ints(drawn, dtype, low, high)
    if dtype.is_complex:
        result = weft.complex(result, _draw_floats(drawn, drawn_as, low, high))
    if exclude_zero:
        result[result == 0] = weft.finfo(drawn_as).tiny if is_float else 1
    result = result.to(device)
    if memory_format is not None:
        result = result.contiguous(memory_format=memory_format)
    result = result[..., ::2] if stretched else result
    return result.detach().requires_grad_(requires_grad)


def _bounds(dtype, low, high):
    """The range for a dtype: of floats, or of ints whose upper end is not in it."""
    if dtype.is_floating_point:
        least, most, default = weft.finfo(dtype).min, weft.finfo(dtype).max, (-9, 9)
    elif dtype is weft.bool:
        least, most, default = 0, 2, (0, 2)
    else:
        least, most = weft.iinfo(dtype).min, min(weft.iinfo(dtype).max + 1, 2**63)  # they are drawn as int64
        default = (-9, 10) if least < 0 else (0, 10)
    low, high = (given if given is not None else usual for given, usual in zip((low, high), default))
    for name, value in {"low": low, "high": high}.items():
        if not isinstance(value, numbers.Real):
            raise TypeError(f"make_tensor: {name} must be a number, got {type(value).__name__}")
        if value != value:
            raise ValueError(f"make_tensor: {name} is NaN")
    if not low < high or low >= most or high <= least:
        raise ValueError(f"make_tensor: there is no {dtype} in the range from {low} to {high}")
    low, high = max(low, least), min(high, most)
    return (low, high) if dtype.is_floating_point else (math.ceil(low), math.ceil(high))


def _draw_floats(shape, dtype, low, high):
    share = weft.rand(shape, dtype=weft.float64)
    result = (low * (1 - share) + high * share).to(dtype)
    return weft.where(result >= high, weft.full((), low, dtype=dtype), result)  # what rounding has put on the end


def _draw_ints(shape, dtype, low, high):
    if low >= high:
        raise ValueError(f"make_tensor: there is no {dtype} in the range from {low} to {high}")
    if high - low < 2**62:
        return (weft.randint(high - low, shape) + low).to(dtype)
    result = weft.full(shape, low)
    missing = weft.ones(shape, dtype=weft.bool)
    while missing.any():  # the range has a quarter of all 64-bit numbers or more
        bits = weft.randint(-(2**31), 2**31, shape) * 2**32 + weft.randint(2**32, shape)
        fits = missing & (bits >= low) & (bits <= high - 1)
        result, missing = weft.where(fits, bits, result), missing & ~fits
    return result
