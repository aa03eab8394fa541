"""Sorting."""

import numpy as np
from support import ALL, NUMERIC

from .row import Bad, Op, Sample


def order(x, dim=-1, descending=False, stable=False):
    if not descending:
        return np.argsort(x, dim, kind="stable")
    # Equal elements keep their order when descending too
    back = np.argsort(np.flip(x, dim), dim, kind="stable")
    return np.flip(x.shape[dim] - 1 - back, dim)


def sort(x, dim=-1, descending=False, stable=False):
    index = order(x, dim, descending) if x.ndim else np.zeros((), "int64")
    return (np.take_along_axis(x, index, dim) if x.ndim else x), index


def topk(x, k, dim=-1, largest=True, sorted=True):
    values, index = sort(x, dim, largest)
    return np.take(values, range(k), dim), np.take(index, range(k), dim)


def kthvalue(x, k, dim=-1, keepdim=False):
    values, index = sort(x, dim)
    both = [np.take(part, [k - 1], dim) for part in (values, index)]
    return tuple(both) if keepdim else tuple(part.squeeze(dim) for part in both)


def unique(x, **_):
    return np.unique(x)


def runs_of_slices(x, dim):
    slices = np.moveaxis(x, dim, 0).reshape(x.shape[dim], -1)
    starts = [i for i in range(len(slices)) if i == 0 or (slices[i] != slices[i - 1]).any()]
    numbers = np.cumsum([i in starts for i in range(len(slices))]) - 1
    return np.take(x, starts, dim), numbers, np.diff([*starts, len(slices)])


def few(make, *shape):
    return make.mask(*shape) if make.dtype == "bool" else make(*shape, low=0, high=2).round()


def along(make):
    return [
        Sample(make.distinct(3, 5)),
        Sample(make.distinct(3, 5), 0),
        Sample(make.distinct(2, 3, 4), dim=1, descending=True),
        Sample(make.distinct(7), -1, True),
        Sample(make.distinct()),
        Sample(make(0)),
        Sample(make(3, 0)),
    ]


def large(make):
    return Sample(make.rng.permutation(70000).reshape(70, 1000).astype("float64"), 1)


TIES = np.array([[2.0, 1.0, 2.0, 1.0, 2.0, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]])
NANS = np.array([3.0, np.nan, -np.inf, 1.0, np.inf, np.nan, -2.0])

OPS = [
    Op("sort", sort, along, dtypes=NUMERIC, result=("same", "int64"), method="sort", large=large),
    Op(
        "argsort",
        order,
        lambda make: along(make)[:4],
        dtypes=NUMERIC,
        result="int64",
        grad=False,
        method="argsort",
        large=large,
    ),
    Op(
        "stable sort",
        sort,
        lambda make: [Sample(TIES, dim=1, stable=True), Sample(TIES, dim=1, descending=True, stable=True)],
        path="sort",
        result=("same", "int64"),
        grad=False,
    ),
    Op(
        "sort of booleans",
        sort,
        lambda make: [Sample(make.mask(9), stable=True)],
        path="sort",
        dtypes=("bool",),
        result=("bool", "int64"),
        grad=False,
    ),
    Op(
        "NaN sorts last",
        sort,
        lambda make: [Sample(NANS, stable=True)],
        path="sort",
        result=("same", "int64"),
        grad=False,
    ),
    Op(
        "NaN sorts first when descending",
        lambda x, descending: np.concatenate([[np.nan, np.nan], np.sort(x)[:5][::-1]]),
        lambda make: [Sample(NANS, descending=True)],
        call=lambda w, x, descending: w.sort(x, descending=descending)[0],
        grad=False,
    ),
    Op(
        "topk",
        topk,
        lambda make: [
            Sample(make.distinct(3, 5), 2),
            Sample(make.distinct(3, 5), 3, 0),
            Sample(make.distinct(2, 3, 4), 2, dim=1, largest=False),
            Sample(make.distinct(5), 5),
            Sample(make.distinct(5), 0),
        ],
        dtypes=NUMERIC,
        result=("same", "int64"),
        method="topk",
        large=lambda make: Sample(make.rng.permutation(70000).reshape(70, 1000) * 1.0, 7),
    ),
    Op(
        "kthvalue",
        kthvalue,
        lambda make: [Sample(make.distinct(3, 5), 2), Sample(make.distinct(3, 5), 1, 0, True)],
        dtypes=NUMERIC,
        result=("same", "int64"),
        method="kthvalue",
    ),
    Op("msort", lambda x: np.sort(x, 0), lambda make: [Sample(make.distinct(5, 3))], dtypes=NUMERIC, method="msort"),
    Op(
        "unique",
        unique,
        lambda make: [
            Sample(make(20, low=-3, high=3).round()) if make.dtype != "bool" else Sample(make(20)),
            Sample(make(0)),
        ],
        dtypes=ALL,
        grad=False,
        method="unique",
    ),
    Op(
        "unique with inverse and counts",
        lambda x, **_: np.unique(x, return_inverse=True, return_counts=True),
        lambda make: [Sample(np.array([[3, 1, 3], [0, 1, 7]]), return_inverse=True, return_counts=True)],
        path="unique",
        dtypes=("int64",),
        result="int64",
        grad=False,
    ),
    Op(
        "unique slices",
        lambda x, dim, **_: [
            part.reshape(-1) if i else part
            for i, part in enumerate(np.unique(x, return_inverse=True, return_counts=True, axis=dim))
        ],
        lambda make: [
            Sample(few(make, *shape), dim=dim, return_inverse=True, return_counts=True)
            for shape, dim in (((9, 2), 0), ((2, 9), -1), ((3, 7, 1), 1), ((1, 2, 9), 2), ((0, 3), 0), ((5,), 0))
        ],
        path="unique",
        dtypes=ALL,
        result=("same", "int64", "int64"),
        grad=False,
        meta=False,
        method="unique",
    ),
    Op(
        "unique_consecutive slices",
        lambda x, dim, **_: runs_of_slices(x, dim),
        lambda make: [
            Sample(few(make, *shape), dim=dim, return_inverse=True, return_counts=True)
            for shape, dim in (((9, 1), 0), ((1, 9), -1), ((1, 7, 1), 1), ((5,), 0))
        ],
        path="unique_consecutive",
        dtypes=ALL,
        result=("same", "int64", "int64"),
        grad=False,
        meta=False,
        method="unique_consecutive",
    ),
    Op(
        "bincount",
        lambda x, **k: np.bincount(x, **k),
        lambda make: [Sample(make.index(20, size=6)), Sample(make.index(5, size=3), minlength=5)],
        dtypes=("int64",),
        result="int64",
        grad=False,
        method="bincount",
    ),
    Op(
        "searchsorted",
        lambda a, v, right=False: np.searchsorted(a, v, "right" if right else "left"),
        lambda make: [
            Sample(np.array([1.0, 3.0, 5.0, 7.0]), np.array([[0.0, 3.0], [4.0, 9.0]])),
            Sample(np.array([1.0, 3.0, 5.0]), np.array([1.0, 3.0]), right=True),
        ],
        dtypes=("float32", "float64"),
        result="int64",
        grad=False,
        out=True,
    ),
    Op(
        "searchsorted with a sorter",
        lambda a, v, sorter: np.searchsorted(a, v, sorter=sorter),
        lambda make: [
            Sample(np.array([5.0, 1.0, 7.0, 3.0]), np.array([[0.0, 3.0], [4.0, 9.0]]), sorter=np.array([1, 3, 0, 2])),
            Sample(make(0), np.array([1.0]), sorter=np.zeros(0, "int64")),
        ],
        path="searchsorted",
        dtypes=("float32", "float64"),
        result="int64",
        grad=False,
    ),
]

ERRORS = [
    Bad(
        "searchsorted with a sorter of another shape",
        lambda w, a, s: w.searchsorted(a, a, sorter=s),
        RuntimeError,
        ("searchsorted", "sorter", "(3,)", "(2,)"),
        lambda w: [w.ones(3), w.tensor([0, 1])],
    ),
    Bad(
        "searchsorted with a sorter of numbers",
        lambda w, a: w.searchsorted(a, a, sorter=a),
        RuntimeError,
        ("searchsorted", "sorter", "int64", "float32"),
        lambda w: [w.ones(3)],
    ),
    Bad(
        "searchsorted with a sorter out of range",
        lambda w, a, s: w.searchsorted(a, a, sorter=s),
        IndexError,
        ("3",),
        lambda w: [w.ones(3), w.tensor([0, 1, 3])],
    ),
    Bad(
        "unique slices over a missing dim",
        lambda w, x: w.unique(x, dim=2),
        IndexError,
        ("2",),
        lambda w: [w.ones(2, 3)],
    ),
    Bad(
        "unique slices of a scalar", lambda w, x: w.unique(x, dim=0), RuntimeError, ("unique",), lambda w: [w.ones(())]
    ),
    Bad("topk of too many", lambda w, x: w.topk(x, 4), RuntimeError, ("topk", "4", "(2, 3)"), lambda w: [w.ones(2, 3)]),
    Bad("topk of fewer than none", lambda w, x: w.topk(x, -1), RuntimeError, ("topk", "-1"), lambda w: [w.ones(2, 3)]),
    Bad(
        "topk over a missing dimension",
        lambda w, x: w.topk(x, 1, 2),
        IndexError,
        ("topk", "2"),
        lambda w: [w.ones(2, 3)],
    ),
    Bad(
        "sort over a missing dimension",
        lambda w, x: w.sort(x, 2),
        IndexError,
        ("sort", "2", "(2, 3)"),
        lambda w: [w.ones(2, 3)],
    ),
    Bad(
        "argsort over a missing dimension",
        lambda w, x: w.argsort(x, -3),
        IndexError,
        ("argsort", "-3"),
        lambda w: [w.ones(2, 3)],
    ),
    Bad("kthvalue of none", lambda w, x: w.kthvalue(x, 0), RuntimeError, ("kthvalue", "0"), lambda w: [w.ones(2, 3)]),
    Bad(
        "bincount of negative numbers",
        lambda w, x: w.bincount(x),
        RuntimeError,
        ("bincount", "negative"),
        lambda w: [w.tensor([0, -1])],
    ),
]
