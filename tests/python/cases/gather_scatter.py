"""Gather, scatter and the ops that pick or change elements by an index or a mask."""

import numpy as np
from support import ALL, FULL_FLOATS, INTS, IS_WEFT, NUMERIC

from .row import Bad, Op, Sample

TYPES = ("float32", "float64", "bfloat16", "int64", "int8", "bool")


def gather(x, dim, index):
    return np.take_along_axis(
        x[tuple(slice(0, None if d == dim % x.ndim else n) for d, n in enumerate(index.shape))], index, dim
    )


def scattered(combine):
    def reference(x, dim, index, source, **_):
        where = list(np.indices(index.shape))
        where[dim] = index
        source = source[tuple(map(slice, index.shape))] if isinstance(source, np.ndarray) else source
        combine(x, tuple(where), source)
        return x

    return reference


def assign(x, where, source):
    x[where] = source


def scatter_reduce(x, dim, index, source, reduce, include_self=True):
    result = x.copy()
    where = list(np.indices(index.shape))
    where[dim] = index
    where = tuple(where)
    ufunc = {"sum": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum, "mean": np.add}[reduce]
    if not include_self:
        start = {"sum": 0, "mean": 0, "prod": 1, "amax": -np.inf, "amin": np.inf}[reduce]
        result[where] = start
    ufunc.at(result, where, source[tuple(map(slice, index.shape))])
    if reduce == "mean":
        count = np.full(x.shape, float(include_self))
        np.add.at(count, where, 1)
        result = result / np.maximum(count, 1)
    return result


def index_add(x, dim, index, source, alpha=1):
    where = [slice(None)] * x.ndim
    where[dim] = index
    np.add.at(x, tuple(where), alpha * source)
    return x


def index_put(x, dim, index, value):
    where = [slice(None)] * x.ndim
    where[dim] = index
    x[tuple(where)] = value
    return x


def masked_scatter(x, mask, source):
    mask = np.broadcast_to(mask, x.shape)
    x[mask] = source.reshape(-1)[: mask.sum()]
    return x


def index_put_add(x, i, j, v):
    np.add.at(x, (i, j), v)
    return x


def index_diagonal(x, v):
    np.fill_diagonal(x, v)
    return x


OPS = [
    Op(
        "gather",
        gather,
        lambda make: [
            Sample(make(3, 4), 0, make.index(3, 4, size=3)),
            Sample(make(3, 4), 1, make.index(2, 6, size=4)),
            Sample(make(2, 3, 4), -1, make.index(2, 3, 1, size=4)),
            Sample(make(5), 0, make.index(0, size=5)),
        ],
        dtypes=TYPES,
        method="gather",
        out=True,
        large=lambda make: Sample(make(300, 400), 1, make.index(300, 400, size=400)),
    ),
    Op(
        "take_along_dim",
        lambda x, index, dim=None: np.take_along_axis(x, index, dim),
        lambda make: [Sample(make(3, 4), make.index(3, 2, size=4), 1), Sample(make(3, 4), make.index(1, 4, size=3), 0)],
        dtypes=TYPES,
        method="take_along_dim",
    ),
    Op(
        "take_along_dim of everything",
        lambda x, index: x.reshape(-1)[index],
        lambda make: [Sample(make(3, 4), make.index(5, size=12))],
        path="take_along_dim",
        dtypes=TYPES,
        layouts=IS_WEFT,
    ),
    Op(
        "take",
        lambda x, index: x.reshape(-1)[index],
        lambda make: [Sample(make(3, 4), make.index(2, 5, size=12)), Sample(make(3, 4), np.array([-1, -12]))],
        dtypes=TYPES,
        method="take",
    ),
    Op(
        "index_select",
        lambda x, dim, index: np.take(x, index, dim),
        lambda make: [
            Sample(make(3, 4), 0, make.index(5, size=3)),
            Sample(make(2, 3, 4), -1, make.index(2, size=4)),
            Sample(make(3, 4), 1, make.index(0, size=4)),
        ],
        dtypes=TYPES,
        method="index_select",
        out=True,
    ),
    Op(
        "scatter",
        scattered(assign),
        lambda make: [
            Sample(make(3, 5), 1, np.array([[0, 1, 2], [4, 3, 0]]), make(2, 3)),
            Sample(make(3, 5), 0, np.array([[0, 1, 2, 0, 1]]), make(1, 5)),
            Sample(make(4), 0, np.array([1, 3]), make(2)),
        ],
        dtypes=TYPES,
        method="scatter",
        inplace="scatter_",
    ),
    Op(
        "scatter of part of the source",
        scattered(assign),
        lambda make: [Sample(make(3, 5), 1, np.array([[0, 1, 2], [4, 3, 0]]), make(3, 4))],
        path="scatter",
        dtypes=TYPES,
        grad=IS_WEFT,
        torch=False,  # its gradient has the wrong shape
    ),
    Op(
        "scatter of a number",
        scattered(assign),
        lambda make: [Sample(make(3, 5), 1, np.array([[0, 1], [4, 3]]), 1)],
        path="scatter",
        dtypes=TYPES,
        method="scatter",
        inplace="scatter_",
    ),
    Op(
        "scatter_add",
        scattered(np.add.at),
        lambda make: [
            Sample(make(3, 5), 1, make.index(3, 7, size=5), make(3, 7)),
            Sample(make(3, 5), 0, make.index(2, 4, size=3), make(2, 4)),
        ],
        dtypes=NUMERIC,
        method="scatter_add",
        inplace="scatter_add_",
        tolerance={"float16": (5e-3, 1e-2), "bfloat16": (3e-2, 6e-2)},
    ),
    *[
        Op(
            f"scatter_reduce {reduce}",
            scatter_reduce,
            lambda make, reduce=reduce: [
                Sample(make.distinct(3, 5), 1, make.index(3, 7, size=5), make.distinct(3, 7) + 0.125, reduce),
                Sample(
                    make.distinct(3, 5),
                    0,
                    make.index(2, 4, size=3),
                    make.distinct(2, 4) + 0.125,
                    reduce,
                    include_self=False,
                ),
            ],
            path="scatter_reduce",
            dtypes=FULL_FLOATS,
            method="scatter_reduce",
            inplace="scatter_reduce_",
            gradgrad=reduce in ("sum", "mean"),
        )
        for reduce in ("sum", "mean", "amax", "amin")
    ],
    Op(
        "index_add",
        index_add,
        lambda make: [
            Sample(make(3, 4), 0, np.array([2, 0, 2]), make(3, 4)),
            Sample(make(3, 4), -1, np.array([1, 1]), make(3, 2)),
            Sample(make(3, 4), 0, np.array([1]), make(1, 4), alpha=2),
        ],
        dtypes=NUMERIC,
        method="index_add",
        inplace="index_add_",
        tolerance={"float16": (5e-3, 1e-2), "bfloat16": (3e-2, 6e-2)},
    ),
    Op(
        "index_copy",
        index_put,
        lambda make: [
            Sample(make(3, 4), 0, np.array([2, 0]), make(2, 4)),
            Sample(make(3, 4), 1, np.array([3]), make(3, 1)),
        ],
        dtypes=TYPES,
        method="index_copy",
        inplace="index_copy_",
    ),
    Op(
        "index_fill",
        index_put,
        lambda make: [Sample(make(3, 4), 0, np.array([2, 0]), 1), Sample(make(3, 4), -1, np.array([1, 1]), 0)],
        dtypes=TYPES,
        method="index_fill",
        inplace="index_fill_",
    ),
    Op(
        "index_fill by a tensor, one place named twice",
        index_put,
        lambda make: [Sample(make(3, 4), 0, np.array([0, 0, 2]), make())],
        path="index_fill",
    ),
    Op(
        "index_put accumulate",
        lambda x, i, j, v: index_put_add(x, i, j, v),
        lambda make: [Sample(make(3, 4), np.array([0, 2, 0]), np.array([1, 1, 1]), make(3))],
        call=lambda w, x, i, j, v: x.index_put((i, j), v, accumulate=True),
        dtypes=FULL_FLOATS + INTS,
    ),
    Op(
        "masked_fill",
        lambda x, mask, value: np.where(mask, np.asarray(value, x.dtype), x),
        lambda make: [
            Sample(make(3, 4), make.mask(3, 4), 1),
            Sample(make(3, 4), make.mask(4), 0),
            Sample(make(3, 4), make.mask(3, 1), make()),
        ],
        dtypes=ALL,
        method="masked_fill",
        inplace="masked_fill_",
        large=lambda make: Sample(make(300, 401), make.mask(300, 401), 7),
    ),
    Op(
        "masked_select",
        lambda x, mask: np.broadcast_to(x, np.broadcast_shapes(x.shape, mask.shape))[
            np.broadcast_to(mask, np.broadcast_shapes(x.shape, mask.shape))
        ],
        lambda make: [
            Sample(make(3, 4), make.mask(3, 4)),
            Sample(make(3, 4), make.mask(4)),
            Sample(make(4), make.mask(3, 4)),
            Sample(make(3), np.zeros(3, bool)),
        ],
        dtypes=ALL,
        method="masked_select",
    ),
    Op(
        "masked_scatter",
        masked_scatter,
        lambda make: [Sample(make(3, 4), make.mask(3, 4), make(12)), Sample(make(3, 4), make.mask(4), make(3, 4))],
        dtypes=TYPES,
        method="masked_scatter",
        inplace="masked_scatter_",
    ),
    Op(
        "nonzero",
        lambda x: np.argwhere(x),
        lambda make: [Sample(make(3, 4, low=-1, high=1)), Sample(make(0, 3)), Sample(make(1))],
        dtypes=ALL,
        result="int64",
        grad=False,
        method="nonzero",
    ),
    Op(
        "nonzero as a tuple",
        lambda x: np.nonzero(x),
        lambda make: [Sample(make(3, 4, low=-1, high=1))],
        dtypes=ALL,
        result="int64",
        grad=False,
        call=lambda w, x: w.nonzero(x, as_tuple=True),
    ),
    Op(
        "argwhere",
        np.argwhere,
        lambda make: [Sample(make(3, 4, low=-1, high=1))],
        dtypes=ALL,
        result="int64",
        grad=False,
        method="argwhere",
    ),
    Op(
        "where of a condition",
        lambda x: np.nonzero(x),
        lambda make: [Sample(make.mask(3, 4))],
        path="where",
        result="int64",
        grad=False,
    ),
    Op(
        "diagonal_scatter by index",
        lambda x, v: index_diagonal(x, v),
        lambda make: [Sample(make(3, 3), make(3))],
        call=lambda w, x, v: w.diagonal_scatter(x, v),
        dtypes=FULL_FLOATS,
    ),
]


def some(w):
    return [w.arange(6.0).reshape(2, 3)]


def indexed(*values):
    return lambda w: [w.arange(6.0).reshape(2, 3), w.tensor(values)]


ERRORS = [
    Bad(
        "gather past the end",
        lambda w, x, i: w.gather(x, 1, i),
        (RuntimeError, IndexError),
        ("gather", "3", "(2, 3)"),
        lambda w: [*some(w), w.tensor([[0, 3]])],
    ),
    Bad(
        "gather before the start",
        lambda w, x, i: w.gather(x, 1, i),
        (RuntimeError, IndexError),
        ("gather", "-1"),
        lambda w: [*some(w), w.tensor([[0, -1]])],
    ),
    Bad(
        "gather with float indices",
        lambda w, x, i: w.gather(x, 1, i),
        RuntimeError,
        ("gather", "int64", "float32"),
        lambda w: [*some(w), w.ones(1, 1)],
    ),
    Bad(
        "gather with a wider index",
        lambda w, x, i: w.gather(x, 1, i),
        RuntimeError,
        ("gather", "(3, 1)", "(2, 3)"),
        lambda w: [*some(w), w.zeros(3, 1, dtype=w.int64)],
    ),
    Bad(
        "gather with another number of dims",
        lambda w, x, i: w.gather(x, 1, i),
        RuntimeError,
        ("gather", "(2, 3)"),
        lambda w: [*some(w), w.tensor([0, 1])],
    ),
    Bad(
        "scatter past the end",
        lambda w, x, i: x.scatter_(1, i, 1.0),
        (RuntimeError, IndexError),
        ("scatter", "3", "(2, 3)"),
        lambda w: [*some(w), w.tensor([[0, 3]])],
    ),
    Bad(
        "scatter of another dtype",
        lambda w, x, i: x.scatter(1, i, w.ones(1, 1, dtype=w.int64)),
        RuntimeError,
        ("scatter", "float32", "int64"),
        lambda w: [*some(w), w.tensor([[0]])],
    ),
    Bad(
        "scatter_add past the end",
        lambda w, x, i: x.scatter_add_(1, i, w.ones(1, 2)),
        (RuntimeError, IndexError),
        ("scatter_add", "9", "(2, 3)"),
        lambda w: [*some(w), w.tensor([[0, 9]])],
    ),
    Bad(
        "index_select past the end",
        lambda w, x, i: w.index_select(x, 0, i),
        (IndexError, RuntimeError),
        ("index_select", "2", "(2, 3)"),
        indexed(0, 2),
    ),
    Bad(
        "index_select by a matrix",
        lambda w, x: w.index_select(x, 0, w.zeros(1, 1, dtype=w.int64)),
        IndexError,
        ("index_select", "(1, 1)"),
        some,
    ),
    Bad(
        "index_add past the end",
        lambda w, x, i: x.index_add_(0, i, w.ones(2, 3)),
        (IndexError, RuntimeError),
        ("index_add", "2", "(2, 3)"),
        indexed(0, 2),
    ),
    Bad(
        "index_fill past the end",
        lambda w, x, i: x.index_fill_(0, i, 1.0),
        (IndexError, RuntimeError),
        ("index_fill", "2", "(2, 3)"),
        indexed(0, 2),
    ),
    Bad("take past the end", lambda w, x, i: w.take(x, i), IndexError, ("take", "6", "(2, 3)"), indexed(0, 6)),
    Bad(
        "take_along_dim past the end",
        lambda w, x: w.take_along_dim(x, w.tensor([[5]]), 1),
        (IndexError, RuntimeError),
        ("take_along_dim", "5"),
        some,
        weft_only=True,
    ),
    Bad(
        "masked_fill with a float mask",
        lambda w, x, m: x.masked_fill(m, 1.0),
        RuntimeError,
        ("masked_fill", "bool", "float32"),
        lambda w: [*some(w), w.ones(2, 3)],
    ),
    Bad(
        "masked_fill of another shape",
        lambda w, x, m: x.masked_fill(m, 1.0),
        RuntimeError,
        ("masked_fill", "(2,)", "(2, 3)"),
        indexed(True, False),
    ),
    Bad(
        "masked_select of another shape",
        lambda w, x, m: x.masked_select(m),
        RuntimeError,
        ("masked_select", "(2,)", "(2, 3)"),
        indexed(True, False),
    ),
    Bad(
        "masked_scatter of too few",
        lambda w, x, m: x.masked_scatter(m, w.ones(2)),
        RuntimeError,
        ("masked_scatter", "2", "6"),
        lambda w: [*some(w), w.ones(2, 3) > 0],
    ),
]
