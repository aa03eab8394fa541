"""Activation functions."""

import math

import numpy as np
from support import FLOATS, NUMERIC, SIGNED

from .elementwise_unary import erf, sigmoid, unary
from .row import Bad, Op, Sample

ALPHA = 1.6732632423543772
SCALE = 1.0507009873554805


def gelu(x, approximate="none"):
    if approximate == "none":
        return 0.5 * x * (1 + erf(x / math.sqrt(2)))
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def softplus(x, beta=1.0, threshold=20.0):
    return np.where(x * beta > threshold, x, np.log1p(np.exp(np.minimum(x * beta, threshold))) / beta)


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def softshrink(x, lambd=0.5):
    return np.where(x > lambd, x - lambd, np.where(x < -lambd, x + lambd, 0 * x))


def functional(name, reference, dtypes=FLOATS, inplace=False, **flags):
    """A row for a function of nn.functional only, with inplace= where it has it."""
    row = unary(
        name,
        reference,
        dtypes,
        "same",
        inplace=False,
        method=flags.pop("method", None),
        out=False,
        path=f"nn.functional.{name}",
        **flags,
    )
    row.inplace = f"nn.functional.{name}_" if inplace else None
    return row


def with_arguments(name, reference, calls, path="", low=-3.0, high=3.0, away_from=(0,), dtypes=FLOATS, **flags):
    """A row of an activation with its arguments varied: calls is a list of keyword dicts."""
    return Op(
        f"{name} arguments",
        reference,
        lambda make: [Sample(make(3, 4, low=low, high=high, away_from=away_from), **call) for call in calls],
        path=path or f"nn.functional.{name}",
        dtypes=dtypes,
        **flags,
    )


OPS = [
    unary("relu", lambda x: np.maximum(x, 0), NUMERIC, "same", away_from=(0,), out=False),
    functional("relu6", lambda x: np.clip(x, 0, 6), away_from=(0, 6), low=-4, high=9),
    functional("gelu", gelu, special=False),
    functional("silu", lambda x: x * sigmoid(x)),
    functional("mish", lambda x: x * np.tanh(softplus(x))),
    functional("elu", elu, away_from=(0,), inplace=True),
    functional("selu", lambda x: SCALE * elu(x, ALPHA), away_from=(0,)),
    functional("celu", elu, away_from=(0,)),
    functional("leaky_relu", lambda x: np.where(x > 0, x, 0.01 * x), away_from=(0,), inplace=True),
    functional("softplus", softplus),
    functional("hardtanh", lambda x: np.clip(x, -1, 1), away_from=(-1, 1), inplace=True),
    functional("hardsigmoid", lambda x: np.clip(x / 6 + 0.5, 0, 1), away_from=(-3, 3), low=-5, high=5, gradgrad=False),
    functional("hardswish", lambda x: x * np.clip(x / 6 + 0.5, 0, 1), away_from=(-3, 3), low=-5, high=5, special=False),
    functional("logsigmoid", lambda x: -softplus(-x)),
    functional("softsign", lambda x: x / (1 + abs(x)), away_from=(0,)),
    functional("tanhshrink", lambda x: x - np.tanh(x), tolerance={"float16": (2e-3, 5e-3), "bfloat16": (2e-2, 3e-2)}),
    functional("softshrink", softshrink, away_from=(-0.5, 0.5)),
    functional("hardshrink", lambda x: np.where(abs(x) <= 0.5, 0, x), away_from=(-0.5, 0.5)),
    functional("tanh", np.tanh),
    functional("sigmoid", sigmoid),
    with_arguments("gelu", gelu, [{"approximate": "tanh"}, {"approximate": "none"}]),
    with_arguments("elu", elu, [{"alpha": 0.5}]),
    with_arguments(
        "celu", lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha)), [{"alpha": 1.5}]
    ),
    with_arguments(
        "leaky_relu", lambda x, negative_slope: np.where(x > 0, x, negative_slope * x), [{"negative_slope": 0.3}]
    ),
    with_arguments("softplus", softplus, [{"beta": 2.0, "threshold": 3.0}], away_from=(1.5,)),
    with_arguments(
        "hardtanh",
        lambda x, min_val, max_val: np.clip(x, min_val, max_val),
        [{"min_val": -2.0, "max_val": 0.5}],
        away_from=(-2, 0.5),
    ),
    with_arguments("softshrink", softshrink, [{"lambd": 1.0}], away_from=(-1, 1)),
    with_arguments("hardshrink", lambda x, lambd: np.where(abs(x) > lambd, x, 0), [{"lambd": 1.0}], away_from=(-1, 1)),
    with_arguments(
        "threshold",
        lambda x, threshold, value: np.where(x > threshold, x, value),
        [{"threshold": 0.5, "value": 7.0}],
        away_from=(0.5,),
    ),
    Op(
        "glu",
        lambda x, dim=-1: np.split(x, 2, dim)[0] * sigmoid(np.split(x, 2, dim)[1]),
        lambda make: [Sample(make(3, 4)), Sample(make(4, 3), dim=0)],
        path="nn.functional.glu",
    ),
    Op(
        "prelu",
        lambda x, weight: np.where(
            x > 0, x, x * weight.reshape((1, -1) + (1,) * (x.ndim - 2)) if weight.size > 1 else x * weight
        ),
        lambda make: [Sample(make(3, 4, away_from=(0,)), make(4)), Sample(make(2, 3, 2, away_from=(0,)), make(1))],
        path="nn.functional.prelu",
    ),
    Op(
        "clamp",
        lambda x, min=None, max=None: np.clip(x, min, max),
        lambda make: [
            Sample(make(3, 4, away_from=(-1, 2)), -1, 2),
            Sample(make(3, 4, away_from=(1,)), min=1),
            Sample(make(3, 4, away_from=(1,)), max=1),
            Sample(make(3, 4), 2, 1),  # min above max gives max
        ],
        dtypes=SIGNED,
        method="clamp",
        inplace="clamp_",
        out=True,
    ),
    Op(
        "clamp by tensors",
        lambda x, low=None, high=None: np.clip(x, low, high),
        lambda make: [
            Sample(np.array([[-2.0, 0.5, 3.0]] * 2), np.array([-1.0, 1.0, 1.5]), np.array([[2.0], [2.5]])),
            Sample(np.array([-2.0, 0.5]), np.array([-1.0, 1.0])),
        ],
        path="clamp",
        method="clamp",
        out=True,
    ),
    Op(
        "clamp_min",
        lambda x, low: np.maximum(x, low),
        lambda make: [Sample(make(3, 4, away_from=(1,)), 1)],
        dtypes=NUMERIC,
        method="clamp_min",
        inplace="clamp_min_",
        out=True,
    ),
    Op(
        "clamp_max",
        lambda x, high: np.minimum(x, high),
        lambda make: [Sample(make(3, 4, away_from=(1,)), 1)],
        dtypes=NUMERIC,
        method="clamp_max",
        inplace="clamp_max_",
        out=True,
    ),
]

ERRORS = [
    Bad("clamp without bounds", lambda w: w.clamp(w.ones(2)), (RuntimeError, ValueError), ("clamp", "min", "max")),
    Bad(
        "gelu of unknown kind",
        lambda w: w.nn.functional.gelu(w.ones(2), approximate="fast"),
        (RuntimeError, ValueError),
        ("gelu", "fast", "tanh"),
    ),
    Bad("glu of odd size", lambda w: w.nn.functional.glu(w.ones(3, 5)), (RuntimeError, ValueError), ("glu", "5")),
]

__all__ = ["ERRORS", "OPS", "softplus"]
