"""Elementwise functions of two tensors or a tensor and a number, and the Python operators."""

import operator

import numpy as np
from support import ALL, FLOATS, FULL_FLOATS, INTS, IS_WEFT, NUMERIC, SIGNED

from .row import Bad, Op, Sample

PAIRS = [((3, 4), (3, 4)), ((2, 3, 4), (3, 1)), ((3, 1), (1, 4)), ((4,), ()), ((), ())]


def numbers(make, scalars):
    """Numbers beside tensors of a dtype; a number of a higher kind than bool would change the result's dtype."""
    return [True] if make.dtype == "bool" and scalars else scalars


def pairs(first=None, second=None, scalars=()):
    """Samples of two tensors that broadcast together, and of a tensor and each of some numbers."""
    first, second = first or {}, second or {}

    def samples(make):
        both = [Sample(make(*left, **first), make(*right, **second)) for left, right in PAIRS]
        return both + [Sample(make(2, 3, **first), number) for number in numbers(make, scalars)]

    return samples


def binary(name, reference, dtypes=NUMERIC, result="same", first=None, second=None, scalars=(), **flags):
    """A row for a function of two tensors that exists as function, method, in-place method and with out=."""
    flags.setdefault("method", name)
    flags.setdefault("out", True)
    flags.setdefault("inplace", f"{name}_")
    return Op(
        name,
        reference,
        pairs(first, second, scalars),
        dtypes=dtypes,
        result=result,
        elementwise=True,
        large=lambda make: Sample(make(257, 301, **(first or {})), make(301, **(second or {}))),
        **flags,
    )


def comparison(name, reference):
    return binary(name, reference, ALL, "bool", grad=False, scalars=(1,))


def symbol(name, function, dtypes=NUMERIC, result="same", first=None, second=None, scalars=(2,), **flags):
    """A row for a Python operator: tensor with tensor, tensor with number and number with tensor."""
    first, second = first or {}, second or {}

    def samples(make):
        tensors = pairs(first, second, scalars)(make)
        return tensors + [Sample(number, make(2, 3, **second)) for number in numbers(make, scalars)]

    return Op(
        f"operator {name}",
        function,
        samples,
        call=lambda w, a, b: function(a, b),
        dtypes=dtypes,
        result=result,
        **flags,
    )


def in_place_symbol(name, function, plain, dtypes=NUMERIC, second=None, **flags):
    """A row for an augmented assignment: the tensor itself must change and stay the same object."""

    def call(w, a, b):
        target = a.clone()
        same = target
        target = function(target, b)
        assert target is same
        return target

    def samples(make):
        return [Sample(make(2, 3), make(3, **(second or {}))), Sample(make(2, 3), 2)]

    return Op(f"operator {name}", plain, samples, call=call, dtypes=dtypes, **flags)


def divide(a, b, rounding_mode=None):
    if rounding_mode is None:
        return np.true_divide(a, b)
    if rounding_mode == "floor":
        return np.floor_divide(a, b)
    if np.issubdtype(a.dtype, np.floating):
        return np.trunc(a / b)
    return (np.sign(a) * np.sign(b) * (abs(a.astype("int64")) // abs(np.asarray(b).astype("int64")))).astype(a.dtype)


def xlogy(a, b):
    a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((a == 0) & ~np.isnan(b), 0.0, a * np.log(b))


EXACT_FMOD = IS_WEFT  # PyTorch's float32 remainders are NaN where the quotient overflows
NONZERO = {"low": 1, "high": 4}
POSITIVE = {"low": 0.3, "high": 3}
APART = {"low": 4, "high": 6}  # never equal to the usual [-3, 3]
BELOW, ABOVE = {"low": 0.6, "high": 1}, {"low": 1.2, "high": 4}  # quotients stay away from the jumps of remainders
SHIFT = {"low": 0, "high": 3}

OPS = [
    binary("add", lambda a, b, alpha=1: a + alpha * b, ALL, scalars=(2,)),
    binary("sub", lambda a, b, alpha=1: a - alpha * b, NUMERIC, scalars=(2,)),
    binary("mul", np.multiply, ALL, scalars=(2,)),
    binary("div", divide, ALL, "float", second=NONZERO, scalars=(2,)),
    binary("floor_divide", np.floor_divide, NUMERIC, second=NONZERO, grad=False, scalars=(2,)),
    binary("remainder", np.remainder, NUMERIC, first=BELOW, second=ABOVE, special=EXACT_FMOD, scalars=(2,)),
    binary("fmod", np.fmod, NUMERIC, first=BELOW, second=ABOVE, special=EXACT_FMOD, scalars=(2,)),
    binary(
        "pow",
        np.power,
        FLOATS,
        first=POSITIVE,
        scalars=(2, 0.5, 3, -1, 0, 1),
        tolerance={"float32": (3e-5, 3e-6), "float16": (5e-3, 5e-3), "bfloat16": (3e-2, 3e-2)},
    ),
    binary("maximum", np.maximum, ALL, second=APART, inplace=None),
    binary("minimum", np.minimum, ALL, second=APART, inplace=None),
    binary("fmax", np.fmax, ALL, second=APART, inplace=None),
    binary("fmin", np.fmin, ALL, second=APART, inplace=None),
    binary("atan2", np.arctan2, ALL, "float", second=POSITIVE),
    binary("hypot", np.hypot, FLOATS, first=POSITIVE, second=POSITIVE),
    binary("copysign", np.copysign, FLOATS, first={"away_from": (0,)}, second={"away_from": (0,)}),
    comparison("eq", np.equal),
    comparison("ne", np.not_equal),
    comparison("lt", np.less),
    comparison("le", np.less_equal),
    comparison("gt", np.greater),
    comparison("ge", np.greater_equal),
    binary("logical_and", np.logical_and, ALL, "bool", grad=False),
    binary("logical_or", np.logical_or, ALL, "bool", grad=False),
    binary("logical_xor", np.logical_xor, ALL, "bool", grad=False),
    binary("bitwise_and", np.bitwise_and, INTS + ("bool",), grad=False, scalars=(1,)),
    binary("bitwise_or", np.bitwise_or, INTS + ("bool",), grad=False, scalars=(1,)),
    binary("bitwise_xor", np.bitwise_xor, INTS + ("bool",), grad=False, scalars=(1,)),
    binary("bitwise_left_shift", np.left_shift, INTS, first=SHIFT, second=SHIFT, grad=False, scalars=(2,)),
    binary("bitwise_right_shift", np.right_shift, INTS, second=SHIFT, grad=False, scalars=(2,)),
    binary("xlogy", xlogy, ALL, "float", first={"low": 0, "high": 3}, second={"low": 1, "high": 5}, scalars=(2.0,)),
    binary("logaddexp", np.logaddexp, FLOATS, inplace=None),
    Op(
        "add alpha",
        lambda a, b, alpha: a + alpha * b,
        lambda make: [Sample(make(3, 4), make(4), alpha=3), Sample(make(3, 4), 2, alpha=2)],
        path="add",
        dtypes=NUMERIC,
        method="add",
        inplace="add_",
        out=True,
    ),
    Op(
        "sub alpha",
        lambda a, b, alpha: a - alpha * b,
        lambda make: [Sample(make(3, 4, low=4, high=9), make(4, low=0, high=2), alpha=2)],
        path="sub",
        dtypes=NUMERIC,
        method="sub",
        inplace="sub_",
    ),
    Op(
        "rsub",
        lambda a, b, alpha=1: b - alpha * a,
        lambda make: [Sample(make(3, 4), make(4)), Sample(make(3), 2, alpha=2)],
        dtypes=SIGNED,
    ),
    Op(
        "div rounding_mode",
        divide,
        lambda make: (
            [Sample(make(3, 4), make(4, **NONZERO), rounding_mode=mode) for mode in ("trunc", "floor")]
            + [Sample(make(3, 4), 2, rounding_mode="floor")]
        ),
        path="div",
        dtypes=NUMERIC,
        grad=False,
        method="div",
        inplace="div_",
        out=True,
    ),
    Op(
        "remainder of negative numbers",
        np.remainder,
        lambda make: [
            Sample(make(20), make(20, **NONZERO)),
            Sample(make(20), -make(20, **NONZERO)),
            Sample(make(7), -2),
        ],
        path="remainder",
        dtypes=FULL_FLOATS + ("int64", "int32", "int16", "int8"),
        method="remainder",
    ),
    Op(
        "fmod of negative numbers",
        np.fmod,
        lambda make: [
            Sample(make(20), make(20, **NONZERO)),
            Sample(make(20), -make(20, **NONZERO)),
            Sample(make(7), -2),
        ],
        path="fmod",
        dtypes=FULL_FLOATS + ("int64", "int32", "int16", "int8"),
        method="fmod",
    ),
    Op(
        "integer pow",
        np.power,
        lambda make: [Sample(make(3, 4), make(4, low=0, high=3)), Sample(make(3), 2), Sample(make(3), 0)],
        path="pow",
        dtypes=INTS,
        grad=False,
        method="pow",
        inplace="pow_",
        out=True,
    ),
    Op(
        "pow of a number",
        np.power,
        lambda make: [Sample(2, make(3, 4)), Sample(0.5, make(3)), Sample(1.0, make(2))],
        path="pow",
        tolerance={"float32": (3e-5, 3e-6)},
        out=True,
    ),
    Op(
        "equal values in maximum share the gradient",
        np.maximum,
        lambda make: [Sample(np.array([1.0, 2.0, 2.0]), np.array([0.0, 1.0, 3.0]))],
        path="maximum",
        method="maximum",
    ),
    symbol("+", operator.add, ALL),
    symbol("-", operator.sub, NUMERIC),
    symbol("*", operator.mul, ALL),
    symbol("/", operator.truediv, ALL, "float", first=NONZERO, second=NONZERO),
    symbol("//", operator.floordiv, NUMERIC, first=NONZERO, second=NONZERO, grad=False),
    symbol("%", operator.mod, NUMERIC, first=BELOW, second=ABOVE, grad=False),
    symbol(
        "**",
        operator.pow,
        FLOATS,
        first=POSITIVE,
        tolerance={"float32": (3e-5, 3e-6), "float16": (5e-3, 5e-3), "bfloat16": (3e-2, 3e-2)},
    ),
    symbol("==", operator.eq, ALL, "bool", grad=False),
    symbol("!=", operator.ne, ALL, "bool", grad=False),
    symbol("<", operator.lt, ALL, "bool", grad=False),
    symbol("<=", operator.le, ALL, "bool", grad=False),
    symbol(">", operator.gt, ALL, "bool", grad=False),
    symbol(">=", operator.ge, ALL, "bool", grad=False),
    symbol("&", operator.and_, INTS + ("bool",), grad=False, scalars=(1,)),
    symbol("|", operator.or_, INTS + ("bool",), grad=False, scalars=(1,)),
    symbol("^", operator.xor, INTS + ("bool",), grad=False, scalars=(1,)),
    symbol("<<", operator.lshift, INTS, first=SHIFT, second=SHIFT, grad=False),
    symbol(">>", operator.rshift, INTS, first=SHIFT, second=SHIFT, grad=False),
    in_place_symbol("+=", operator.iadd, operator.add, NUMERIC),
    in_place_symbol("-=", operator.isub, operator.sub, NUMERIC),
    in_place_symbol("*=", operator.imul, operator.mul, NUMERIC),
    in_place_symbol("/=", operator.itruediv, operator.truediv, FLOATS, second=NONZERO),
    in_place_symbol("//=", operator.ifloordiv, operator.floordiv, NUMERIC, second=NONZERO, grad=False),
    in_place_symbol("%=", operator.imod, operator.mod, NUMERIC, second=NONZERO, grad=False),
    in_place_symbol("&=", operator.iand, operator.and_, INTS, grad=False),
    in_place_symbol("|=", operator.ior, operator.or_, INTS, grad=False),
    in_place_symbol("^=", operator.ixor, operator.xor, INTS, grad=False),
    Op("operator unary -", operator.neg, lambda make: [Sample(make(3, 4))], call=lambda w, a: -a, dtypes=SIGNED),
    Op("operator unary +", operator.pos, lambda make: [Sample(make(3, 4))], call=lambda w, a: +a, dtypes=SIGNED),
    Op(
        "operator ~",
        operator.invert,
        lambda make: [Sample(make(3, 4))],
        call=lambda w, a: ~a,
        dtypes=INTS + ("bool",),
        grad=False,
    ),
    Op("operator abs", abs, lambda make: [Sample(make(3, 4, away_from=(0,)))], call=lambda w, a: abs(a), dtypes=SIGNED),
    Op(
        "operator matmul",
        operator.matmul,
        lambda make: [Sample(make(3, 4), make(4, 2))],
        call=lambda w, a, b: a @ b,
        dtypes=FULL_FLOATS,
        tolerance={"float32": (1e-5, 1e-5)},
    ),
]


def two(left, right):
    return lambda w: [w.ones(*left), w.ones(*right)]


ERRORS = [
    Bad(
        "add of unbroadcastable shapes",
        lambda w, a, b: a + b,
        RuntimeError,
        ("add", "(2, 3)", "(2, 4)"),
        two((2, 3), (2, 4)),
    ),
    Bad(
        "mul of unbroadcastable shapes",
        lambda w, a, b: w.mul(a, b),
        RuntimeError,
        ("mul", "(5,)", "(4,)"),
        two((5,), (4,)),
    ),
    Bad(
        "comparison of unbroadcastable shapes",
        lambda w, a, b: a < b,
        RuntimeError,
        ("lt", "(5,)", "(4,)"),
        two((5,), (4,)),
    ),
    Bad(
        "in-place add that would grow",
        lambda w, a, b: a.add_(b),
        RuntimeError,
        ("add", "(3,)", "(2, 3)"),
        two((3,), (2, 3)),
    ),
    Bad(
        "augmented add that would grow",
        lambda w, a, b: a.__iadd__(b),
        RuntimeError,
        ("add", "(3,)", "(2, 3)"),
        two((3,), (2, 3)),
    ),
    Bad(
        "in-place float into integers",
        lambda w, a, b: a.add_(b),
        RuntimeError,
        ("add", "float32", "int64"),
        lambda w: [w.tensor([1, 2]), w.tensor([0.5, 0.5])],
    ),
    Bad(
        "in-place true division of integers",
        lambda w, a: a.div_(2),
        RuntimeError,
        ("div", "float32", "int64"),
        lambda w: [w.tensor([1, 2])],
    ),
    Bad(
        "sub of bools",
        lambda w, a, b: a - b,
        RuntimeError,
        ("sub", "bool"),
        lambda w: [w.tensor([True]), w.tensor([False])],
    ),
    Bad("add of a string", lambda w, a: a + "one", TypeError, ("str",), lambda w: [w.ones(2)]),
    Bad("add of None", lambda w, a: w.add(a, None), TypeError, ("add", "None"), lambda w: [w.ones(2)]),
    Bad(
        "bitwise_and of floats",
        lambda w, a, b: a & b,
        (RuntimeError, TypeError),
        ("bitwise_and", "float32"),
        two((2,), (2,)),
    ),
    Bad(
        "unknown rounding mode",
        lambda w, a, b: w.div(a, b, rounding_mode="up"),
        (RuntimeError, ValueError),
        ("div", "up", "floor"),
        two((2,), (2,)),
    ),
    Bad(
        "integer division by zero",
        lambda w, a, b: a // b,
        (RuntimeError, ZeroDivisionError),
        ("zero",),
        lambda w: [w.tensor([1, 2]), w.tensor([1, 0])],
    ),
    Bad(
        "integer remainder by zero",
        lambda w, a, b: a % b,
        (RuntimeError, ZeroDivisionError),
        ("zero",),
        lambda w: [w.tensor([1, 2]), w.tensor([1, 0])],
    ),
    Bad(
        "integers to a negative power",
        lambda w, a: a**-1,
        (RuntimeError, ValueError),
        ("pow", "negative"),
        lambda w: [w.tensor([1, 2])],
    ),
    Bad(
        "float alpha for integers",
        lambda w, a, b: w.add(a, b, alpha=0.5),
        (RuntimeError, TypeError),
        ("alpha",),
        lambda w: [w.tensor([1, 2]), w.tensor([3, 4])],
    ),
    Bad(
        "number too large for the dtype",
        lambda w: w.tensor([1], dtype=w.int8) + w.tensor([300], dtype=w.int8),
        (RuntimeError, ValueError, OverflowError),
        ("int8",),
    ),
    Bad(
        "out of the wrong dtype",
        lambda w, a, b, out: w.add(a, b, out=out),
        RuntimeError,
        ("add", "float32", "int64"),
        lambda w: [w.ones(2), w.ones(2), w.tensor([7, 8])],
    ),
]
