"""Softmax and its kin."""

import numpy as np
from support import FLOATS, FULL_FLOATS

from .row import Bad, Op, Sample

LOOSE = {"float16": (4e-3, 2e-3)}


def softmax(x, dim):
    y = np.exp(x - x.max(dim, keepdims=True)) if x.size else x
    return y / y.sum(dim, keepdims=True) if x.size else x


def log_softmax(x, dim):
    y = x - x.max(dim, keepdims=True)
    return y - np.log(np.exp(y).sum(dim, keepdims=True))


def along(make):
    return [
        Sample(make(3, 5), 1),
        Sample(make(3, 5), 0),
        Sample(make(2, 3, 4), -1),
        Sample(make(2, 3, 4), dim=1),
        Sample(make(6), 0),
        Sample(make(3, 1), 1),
    ]


def extreme(make):
    return [
        Sample(np.array([[1000.0, 999.0, -1000.0], [-1e4, -1e4, -1e4]]), 1),
        Sample(np.array([[-np.inf, 0.0, 1.0]]), 1),
    ]


def large(make):
    return Sample(make(70, 1031), 1)


OPS = [
    Op("softmax", softmax, along, dtypes=FLOATS, method="softmax", out=True, tolerance=LOOSE, large=large),
    Op("log_softmax", log_softmax, along, dtypes=FLOATS, method="log_softmax", out=True, tolerance=LOOSE, large=large),
    Op("functional softmax", softmax, along, path="nn.functional.softmax", dtypes=FULL_FLOATS),
    Op("functional log_softmax", log_softmax, along, path="nn.functional.log_softmax", dtypes=FULL_FLOATS),
    Op("softmin", lambda x, dim: softmax(-x, dim), along, path="nn.functional.softmin", dtypes=FULL_FLOATS),
    Op("softmax of far apart numbers", softmax, extreme, path="softmax", dtypes=FULL_FLOATS, grad=False),
    Op("log_softmax of far apart numbers", log_softmax, extreme, path="log_softmax", dtypes=FULL_FLOATS, grad=False),
    Op(
        "softmax along other dims",
        softmax,
        lambda make: [Sample(make(9, 33, 17), 1), Sample(make(300, 3), 0)],
        path="softmax",
        dtypes=FULL_FLOATS,
        grad=False,
        large=lambda make: Sample(make(129, 67, 33), 1),
    ),
    Op(
        "log_softmax along other dims",
        log_softmax,
        lambda make: [Sample(make(9, 33, 17), 1), Sample(make(300, 3), 0)],
        path="log_softmax",
        dtypes=FULL_FLOATS,
        grad=False,
    ),
    Op("softmax of a number", softmax, lambda make: [Sample(make(1), 0)], path="softmax", dtypes=FULL_FLOATS),
    Op(
        "softmax of nothing",
        lambda x, dim: x,
        lambda make: [Sample(make(0, 3), 1), Sample(make(3, 0), 1)],
        path="softmax",
        dtypes=FULL_FLOATS,
        grad=False,
    ),
    Op(
        "softmax dtype",
        softmax,
        lambda make: [Sample(make(3, 4), 1)],
        call=lambda w, x, dim: w.softmax(x, dim, dtype=w.float64),
        dtypes=FLOATS + ("int64",),
        result="float64",
    ),
]

ERRORS = [
    Bad(
        "softmax over a missing dimension",
        lambda w, x: w.softmax(x, 2),
        IndexError,
        ("softmax", "2", "(2, 3)"),
        lambda w: [w.ones(2, 3)],
    ),
    Bad(
        "log_softmax over a missing dimension",
        lambda w, x: w.log_softmax(x, -3),
        IndexError,
        ("log_softmax", "-3", "(2, 3)"),
        lambda w: [w.ones(2, 3)],
    ),
    Bad(
        "softmax of integers",
        lambda w, x: w.softmax(x, 0),
        (RuntimeError, NotImplementedError),
        ("softmax", "int64"),
        lambda w: [w.tensor([1, 2])],
    ),
    Bad("softmax without a dimension", lambda w, x: w.softmax(x), TypeError, ("dim",), lambda w: [w.ones(2, 3)]),
]
