"""Elementwise functions of one tensor."""

import math

import numpy as np
from support import ALL, FLOATS, INTS, NUMERIC

from .row import Bad, Op, Sample

erf = np.vectorize(math.erf, otypes=["float64"])
erfc = np.vectorize(math.erfc, otypes=["float64"])


def sigmoid(x):
    if x.dtype.kind == "c":
        return 1 / (1 + np.exp(-x))
    return np.where(x >= 0, 1 / (1 + np.exp(-abs(x))), np.exp(-abs(x)) / (1 + np.exp(-abs(x))))


def sign(x):
    return x if x.dtype == bool else np.where(np.isnan(x), 0, np.sign(x))


def shapes(**domain):
    """Samples of the shapes that matter to an elementwise loop, within a domain."""

    def samples(make):
        return [Sample(make(*shape, **domain)) for shape in [(3, 5), (), (1,), (2, 1, 4)]]

    return samples


def unary(name, reference, dtypes=ALL, result="float", inplace=True, **flags):
    """A row for a function of one tensor that exists as function, method, in-place method and with out=."""
    domain = {key: flags.pop(key) for key in ("low", "high", "away_from") if key in flags}
    flags.setdefault("method", name)
    flags.setdefault("out", True)
    return Op(
        name,
        reference,
        shapes(**domain),
        dtypes=dtypes,
        result=result,
        inplace=f"{name}_" if inplace else None,
        elementwise=True,
        large=lambda make: Sample(make(70001, **domain)),
        **flags,
    )


def predicate(name, reference, dtypes=ALL, **flags):
    flags.setdefault("out", False)
    return unary(name, reference, dtypes, result="bool", inplace=False, grad=False, **flags)


# A coarser float32 tolerance for functions that amplify the rounding of their argument
STEEP = {"float32": (3e-5, 3e-6)}

OPS = [
    unary("abs", np.abs, NUMERIC, "same", away_from=(0,)),
    unary("neg", np.negative, NUMERIC, "same"),
    unary("sign", sign, ALL, "same", away_from=(0,)),
    unary("square", lambda x: x * x, NUMERIC, "same"),
    unary("exp", np.exp, tolerance=STEEP),
    unary("exp2", np.exp2),
    unary("expm1", np.expm1, tolerance=STEEP),
    unary("log", np.log, low=0.1, high=5),
    unary("log2", np.log2, low=0.1, high=5),
    unary("log10", np.log10, low=0.1, high=5),
    unary("log1p", np.log1p, low=-0.9, high=5),
    unary("sqrt", np.sqrt, low=0.1, high=9),
    unary("rsqrt", lambda x: 1 / np.sqrt(x), low=0.1, high=9),
    unary("reciprocal", lambda x: 1 / x, low=0.2, high=4),
    unary("sin", np.sin),
    unary("cos", np.cos),
    unary("tan", np.tan, low=-1.4, high=1.4),
    unary("asin", np.arcsin, low=-0.9, high=0.9),
    unary("acos", np.arccos, low=-0.9, high=0.9),
    unary("atan", np.arctan),
    unary("sinh", np.sinh, tolerance=STEEP),
    unary("cosh", np.cosh, tolerance=STEEP),
    unary("tanh", np.tanh),
    unary("asinh", np.arcsinh),
    unary("acosh", np.arccosh, dtypes=NUMERIC, low=1.1, high=9),
    unary("atanh", np.arctanh, low=-0.9, high=0.9),
    unary("erf", erf),
    unary("erfc", erfc, tolerance={"float64": (1e-9, 1e-12)}),
    unary("sigmoid", sigmoid),
    unary("floor", np.floor, NUMERIC, "same", away_from=range(-3, 4)),
    unary("ceil", np.ceil, NUMERIC, "same", away_from=range(-3, 4)),
    unary("round", np.round, NUMERIC, "same", away_from=(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5)),
    unary("trunc", np.trunc, NUMERIC, "same", away_from=range(-3, 4)),
    unary("frac", lambda x: x - np.trunc(x), FLOATS, "same", away_from=range(-3, 4)),
    unary("logical_not", np.logical_not, ALL, "bool", inplace=False, grad=False),
    unary("bitwise_not", np.invert, INTS + ("bool",), "same", grad=False),
    predicate("isnan", np.isnan),
    predicate("isinf", np.isinf),
    predicate("isfinite", np.isfinite),
    unary("nan_to_num", np.nan_to_num, ALL, "same", special=False),
    unary("deg2rad", np.deg2rad),
    unary("rad2deg", np.rad2deg, tolerance={"float16": (2e-3, 0.1)}),
    unary("positive", lambda x: +x, NUMERIC, "same", inplace=False, out=False),
    Op(
        "round decimals",
        lambda x, decimals: np.round(x, decimals),
        lambda make: [Sample(make(3, 4), decimals=1), Sample(make(5) * 100, decimals=-1)],
        path="round",
        dtypes=("float32", "float64"),
        grad=False,
        method="round",
    ),
    Op(
        "nan_to_num values",
        lambda x, nan=0.0, posinf=None, neginf=None: np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf),
        lambda make: [
            Sample(np.array([np.nan, 1.0, np.inf, -np.inf]), nan=2.5, posinf=7.0, neginf=-7.0),
            Sample(np.array([np.nan, 1.0]), 3.0),
        ],
        path="nan_to_num",
        grad=False,
        method="nan_to_num",
    ),
]

ERRORS = [
    Bad("neg of bool", lambda w, x: -x, RuntimeError, ("neg", "bool"), lambda w: [w.tensor([True])]),
    Bad(
        "bitwise_not of float",
        lambda w, x: ~x,
        (RuntimeError, TypeError),
        ("bitwise_not", "float32"),
        lambda w: [w.ones(2)],
    ),
    Bad("exp_ of integers", lambda w, x: x.exp_(), RuntimeError, ("exp", "int64"), lambda w: [w.tensor([1, 2])]),
    Bad("exp of a list", lambda w: w.exp([1.0, 2.0]), TypeError, ("exp", "[1.0, 2.0]")),
    Bad("exp of nothing", lambda w: w.exp(), TypeError, ("exp",)),
    Bad("unknown keyword", lambda w: w.exp(w.ones(2), speed=3), TypeError, ("speed",)),
    Bad(
        "out of a narrower kind",
        lambda w, x, out: w.exp(x, out=out),
        RuntimeError,
        ("exp", "float32", "int64"),
        lambda w: [w.ones(2), w.tensor([1, 2])],
    ),
    Bad(
        "out that requires grad",
        lambda w, x: w.exp(x, out=w.ones(2, requires_grad=True)),
        RuntimeError,
        ("out", "grad"),
        lambda w: [w.ones(2, requires_grad=True)],
    ),
    Bad(
        "write into an expanded tensor",
        lambda w, x: x.expand(3, 2).exp_(),
        RuntimeError,
        ("exp",),
        lambda w: [w.ones(2)],
    ),
]

__all__ = ["ERRORS", "OPS", "erf", "shapes", "sigmoid", "unary"]
