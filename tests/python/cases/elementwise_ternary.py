"""Elementwise functions of three tensors."""

import numpy as np
from support import ALL, FLOATS, NUMERIC

from .row import Bad, Op, Sample


def where_samples(make):
    return [
        Sample(make.mask(3, 4), make(3, 4), make(3, 4)),
        Sample(make.mask(3, 1), make(4), make(2, 1, 1)),
        Sample(make.mask(), make(3), make(3)),
        Sample(make.mask(3, 0), make(3, 1), make(1)),
    ]


def triples(low=-3.0, last_low=-3.0, **kwargs):
    def samples(make):
        return [
            Sample(make(3, 4, low=low), make(3, 4), make(3, 4, low=last_low), **kwargs),
            Sample(make(2, 3, 4, low=low), make(3, 1), make(4, low=last_low), **kwargs),
            Sample(make(low=low), make(), make(low=last_low), **kwargs),
        ]

    return samples


OPS = [
    Op(
        "where",
        np.where,
        where_samples,
        dtypes=ALL,
        out=True,
        large=lambda make: Sample(make.mask(257, 301), make(257, 301), make(301)),
    ),
    Op(
        "where with numbers",
        np.where,
        lambda make: [Sample(make.mask(3, 4), make(3, 4), 2.0), Sample(make.mask(3, 4), 1.5, make(4))],
        path="where",
    ),
    Op(
        "Tensor.where",
        lambda x, mask, other: np.where(mask, x, other),
        lambda make: [Sample(make(3, 4), make.mask(3, 4), make(4)), Sample(make(3, 4), make.mask(4), 1)],
        call=lambda w, x, mask, other: x.where(mask, other),
        dtypes=NUMERIC,
    ),
    Op(
        "lerp",
        lambda a, b, weight: a + weight * (b - a),
        triples(),
        dtypes=FLOATS,
        method="lerp",
        inplace="lerp_",
        out=True,
        elementwise=True,
        special=False,
        tolerance={"float16": (4e-3, 1e-2), "bfloat16": (2e-2, 8e-2)},
        large=lambda make: Sample(make(257, 301), make(301), make(257, 1)),
    ),
    Op(
        "lerp by a number",
        lambda a, b, weight: a + weight * (b - a),
        lambda make: [Sample(make(3, 4), make(4), 0.3), Sample(make(2), make(2), 1.7)],
        path="lerp",
        dtypes=("float32", "float64"),
        method="lerp",
        inplace="lerp_",
        out=True,
    ),
    Op(
        "addcmul",
        lambda x, a, b, value=1: x + value * a * b,
        triples(),
        dtypes=("float32", "float64", "int64", "int32"),
        method="addcmul",
        inplace="addcmul_",
        out=True,
        elementwise=True,
        special=False,  # a product that overflows in float32 does not in the reference
        large=lambda make: Sample(make(257, 301), make(301), make(257, 1)),
    ),
    Op(
        "addcmul value",
        lambda x, a, b, value: x + value * a * b,
        triples(value=2),
        path="addcmul",
        dtypes=("float32", "float64"),
        method="addcmul",
        inplace="addcmul_",
    ),
    Op(
        "addcdiv",
        lambda x, a, b, value=1: x + value * a / b,
        triples(last_low=1),
        dtypes=("float32", "float64"),
        method="addcdiv",
        inplace="addcdiv_",
        out=True,
        elementwise=True,
        special=False,
    ),
    Op(
        "addcdiv value",
        lambda x, a, b, value: x + value * a / b,
        triples(last_low=1, value=0.5),
        path="addcdiv",
        dtypes=("float32", "float64"),
        method="addcdiv",
        inplace="addcdiv_",
    ),
]

ERRORS = [
    Bad(
        "where of unbroadcastable shapes",
        lambda w, m, a, b: w.where(m, a, b),
        RuntimeError,
        ("where", "(3,)", "(2,)"),
        lambda w: [w.ones(3) > 0, w.ones(3), w.ones(2)],
    ),
    Bad(
        "where with a float condition",
        lambda w, m, a, b: w.where(m, a, b),
        RuntimeError,
        ("where", "bool", "float32"),
        lambda w: [w.ones(3), w.ones(3), w.ones(3)],
    ),
    Bad(
        "lerp of unbroadcastable shapes",
        lambda w, a, b: w.lerp(a, b, 0.5),
        RuntimeError,
        ("lerp", "(3,)", "(2,)"),
        lambda w: [w.ones(3), w.ones(2)],
    ),
    Bad(
        "lerp of mixed dtypes",
        lambda w, a, b: w.lerp(a, b, 0.5),
        RuntimeError,
        ("lerp", "float32", "float64"),
        lambda w: [w.ones(3), w.ones(3, dtype=w.float64)],
    ),
    Bad(
        "addcdiv of integers",
        lambda w, x: w.addcdiv(x, x, x),
        RuntimeError,
        ("addcdiv", "int64"),
        lambda w: [w.tensor([1, 2])],
    ),
]
