"""Reductions, cumulative sums and their kin."""

import numpy as np
from support import ALL, FLOATS, FULL_FLOATS, NUMERIC, SIGNED

from .row import Bad, Op, Sample

LOOSE = {"float32": (1e-5, 2e-5), "float16": (5e-3, 1e-2), "bfloat16": (3e-2, 5e-2)}


def over(dim, keepdim):
    return {"axis": tuple(dim) if isinstance(dim, (list, tuple)) else dim, "keepdims": keepdim}


def by_dims(several=True, **domain):
    """Samples over all elements, one dimension and, where the op takes them, several."""

    def samples(make):
        calls = [
            Sample(make(3, 4, **domain)),
            Sample(make(**domain)),
            Sample(make(2, 3, 4, **domain), 1),
            Sample(make(2, 3, 4, **domain), -1, keepdim=True),
            Sample(make(2, 3, 4, **domain), dim=0, keepdim=True),
        ]
        if several:
            calls += [
                Sample(make(2, 3, 4, **domain), (0, 2)),
                Sample(make(2, 3, 4, **domain), dim=(-1, 0), keepdim=True),
                Sample(make(2, 3, 4, **domain), [1]),
            ]
        return calls

    return samples


def big(make):
    return Sample(make(130, 1031), 1)


def whole(make):
    return Sample(make(130, 1031))


def reduction(name, function, dtypes=ALL, result="same", samples=None, **flags):
    """A row for a reduction whose NumPy counterpart takes axis and keepdims."""
    flags.setdefault("method", name)
    flags.setdefault("tolerance", LOOSE)

    def reference(x, dim=None, keepdim=False):
        return function(x, **over(dim, keepdim))

    return Op(name, reference, samples or by_dims(), dtypes=dtypes, result=result, **flags)


def variance(root=False):
    def reference(x, dim=None, unbiased=True, correction=None, keepdim=False):
        ddof = correction if correction is not None else int(unbiased)
        value = np.var(x, ddof=ddof, **over(dim, keepdim))
        return np.sqrt(value) if root else value

    return reference


def variance_samples(make):
    return [
        Sample(make(3, 4)),
        Sample(make(2, 3, 4), 1),
        Sample(make(2, 3, 4), (0, 2), keepdim=True),
        Sample(make(2, 3, 4), dim=1, unbiased=False),
        Sample(make(2, 3, 4), dim=1, correction=0),
        Sample(make(2, 3, 4), dim=(0, 1), correction=2, keepdim=True),
        Sample(make(3, 4), unbiased=False),
    ]


def norm(x, p=2, dim=None, keepdim=False):
    p = 2 if p == "fro" else p
    axes = over(dim, keepdim)
    if p == 0:
        return np.sum(x != 0, **axes).astype(x.dtype)
    if np.isinf(p):
        return (np.max if p > 0 else np.min)(abs(x), **axes)
    return np.sum(abs(x) ** p, **axes) ** (1 / p)


def norm_samples(make):
    x = make(2, 3, 4, away_from=(0,))
    powers = [Sample(x, p, 1) for p in (1, 2, 3, 2.5, float("inf"), -float("inf"), 0)]
    return powers + [
        Sample(x),
        Sample(x, dim=(0, 2), keepdim=True),
        Sample(x, "fro"),
        Sample(x, p=2, dim=-1, keepdim=True),
    ]


def logsumexp(x, dim, keepdim=False):
    axes = over(dim, keepdim)
    top = np.max(x, axis=axes["axis"], keepdims=True)
    shift = np.max(x, **axes)
    return np.log(np.sum(np.exp(x - top), **axes)) + shift


def extreme(values, where):
    """max and min: a value over all, (values, indices) along a dimension, the elementwise one of two tensors."""

    def reference(x, dim=None, keepdim=False):
        if dim is None:
            return values(x)
        if isinstance(dim, np.ndarray):
            return (np.maximum if values is np.max else np.minimum)(x, dim)
        index = where(x, axis=dim, keepdims=True)
        both = np.take_along_axis(x, index, dim), index
        return both if keepdim else tuple(part.squeeze(dim) for part in both)

    return reference


def extreme_along(make):
    return [
        Sample(make.distinct(2, 3, 4), 1),
        Sample(make.distinct(2, 3, 4), -1, keepdim=True),
        Sample(make.distinct(5), dim=0),
        Sample(make.distinct(3, 1), 1),
    ]


def arg(function):
    def reference(x, dim=None, keepdim=False):
        return function(x, axis=dim, keepdims=keepdim)

    return reference


def median(x, dim=None, keepdim=False):
    if dim is None:
        return np.sort(x.reshape(-1))[(x.size - 1) // 2]
    index = np.expand_dims(np.argsort(x, dim, kind="stable").take((x.shape[dim] - 1) // 2, dim), dim)
    both = np.take_along_axis(x, index, dim), index
    return both if keepdim else tuple(part.squeeze(dim) for part in both)


def cumsum(x, dim):
    return np.cumsum(x, dim).reshape(x.shape)


def cumulative_extreme(function):
    def reference(x, dim):
        values = function.accumulate(x, dim)
        index = np.zeros(x.shape, "int64")
        for position in range(x.shape[dim]):
            here = [slice(None)] * x.ndim
            here[dim] = position
            same = np.take(x, position, dim) == np.take(values, position, dim)
            before = np.take(index, max(position - 1, 0), dim)
            index[tuple(here)] = np.where(same, position, before)
        return values, index

    return reference


TRUTHS = SIGNED + ("bool",)  # of uint8 PyTorch gives uint8, of all others bool
SMALL = {"low": -2, "high": 2}
OPS = [
    reduction("sum", np.sum, result="sum", out=False, large=big),
    Op(
        "sum of everything",
        np.sum,
        lambda make: [Sample(make(5, 7))],
        path="sum",
        dtypes=ALL,
        result="sum",
        tolerance=LOOSE,
        method="sum",
        large=whole,
    ),
    Op(
        "sum dtype",
        lambda x, dim=None: np.sum(x, dim),
        lambda make: [Sample(make(3, 4)), Sample(make(3, 4), 1)],
        call=lambda w, x, *dim: w.sum(x, *dim, dtype=w.float64),
        dtypes=ALL,
        result="float64",
    ),
    Op(
        "cumsum dtype",
        lambda x, dim: np.cumsum(x, dim),
        lambda make: [Sample(make(3, 4), 1)],
        call=lambda w, x, dim: w.cumsum(x, dim, dtype=w.float64),
        dtypes=ALL,
        result="float64",
    ),
    reduction(
        "nansum",
        lambda x, **axes: np.nansum(x, **axes),
        FLOATS,
        samples=lambda make: [
            Sample(np.array([[1.0, np.nan, 2.0], [np.nan, np.nan, np.nan]]), *dim) for dim in [(), (1,)]
        ],
        grad=False,
    ),
    Op(
        "sum_to_size",
        lambda x, *size: x.sum(axis=tuple(range(x.ndim - len(size)))).sum(
            axis=tuple(d for d, n in enumerate(size) if n == 1), keepdims=True
        ),
        lambda make: [Sample(make(2, 3, 4), *size) for size in [(3, 4), (4,), (1, 4), (2, 1, 1), (2, 3, 4), (), (1,)]],
        call=lambda w, x, *size: x.sum_to_size(*size),
        dtypes=FULL_FLOATS,
    ),
    reduction("mean", np.mean, FLOATS, large=big),
    Op(
        "prod",
        lambda x, dim=None, keepdim=False: np.prod(x, **over(dim, keepdim)),
        by_dims(several=False, **SMALL),
        dtypes=ALL,
        result="sum",
        method="prod",
        tolerance=LOOSE,
    ),
    Op(
        "prod with zeros",
        lambda x, dim=None: np.prod(x, axis=dim),
        lambda make: [
            Sample(np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 4.0], [1.0, 2.0, 3.0]]), *dim) for dim in [(1,), (0,), ()]
        ],
        path="prod",
        dtypes=FULL_FLOATS,
        method="prod",
        gradgrad=False,
    ),
    Op(
        "max",
        extreme(np.max, np.argmax),
        lambda make: [Sample(make.distinct(3, 4)), Sample(make.distinct())],
        dtypes=NUMERIC,
        method="max",
        large=lambda make: Sample(make(130, 1031)),
    ),
    Op(
        "min",
        extreme(np.min, np.argmin),
        lambda make: [Sample(make.distinct(3, 4)), Sample(make.distinct())],
        dtypes=NUMERIC,
        method="min",
    ),
    Op(
        "max dim",
        extreme(np.max, np.argmax),
        extreme_along,
        path="max",
        dtypes=NUMERIC,
        result=("same", "int64"),
        method="max",
        large=big,
    ),
    Op(
        "min dim",
        extreme(np.min, np.argmin),
        extreme_along,
        path="min",
        dtypes=NUMERIC,
        result=("same", "int64"),
        method="min",
        large=big,
    ),
    Op(
        "max of two",
        extreme(np.max, np.argmax),
        lambda make: [Sample(make(3, 4, high=0), make(4, low=1))],
        path="max",
        dtypes=NUMERIC,
        method="max",
    ),
    reduction(
        "amax",
        np.max,
        NUMERIC,
        out=False,
        samples=lambda make: [
            Sample(make.distinct(3, 4)),
            Sample(make.distinct(2, 3, 4), 1),
            Sample(make.distinct(2, 3, 4), (0, -1), keepdim=True),
        ],
        large=big,
    ),
    reduction(
        "amin",
        np.min,
        NUMERIC,
        out=False,
        samples=lambda make: [
            Sample(make.distinct(3, 4)),
            Sample(make.distinct(2, 3, 4), 1),
            Sample(make.distinct(2, 3, 4), (0, -1), keepdim=True),
        ],
    ),
    Op(
        "amax shares the gradient among equals",
        lambda x, dim: np.max(x, dim),
        lambda make: [Sample(np.array([[2.0, 2.0, 1.0], [0.0, 5.0, 5.0]]), 1)],
        path="amax",
        grad=False,
    ),
    Op(
        "argmax",
        arg(np.argmax),
        lambda make: [*extreme_along(make), Sample(make.distinct(3, 4))],
        dtypes=NUMERIC,
        result="int64",
        grad=False,
        method="argmax",
        large=big,
    ),
    Op(
        "argmin",
        arg(np.argmin),
        lambda make: [*extreme_along(make), Sample(make.distinct(3, 4))],
        dtypes=NUMERIC,
        result="int64",
        grad=False,
        method="argmin",
        large=big,
    ),
    reduction("all", np.all, TRUTHS, result="bool", grad=False, large=big),
    reduction("any", np.any, TRUTHS, result="bool", grad=False, large=big),
    Op("var", variance(), variance_samples, method="var", tolerance=LOOSE, large=big),
    Op("std", variance(root=True), variance_samples, method="std", tolerance=LOOSE, large=big),
    Op(
        "var_mean",
        lambda x, *a, **k: (
            variance()(x, *a, **k),
            np.mean(x, **over(a[0] if a else k.get("dim"), k.get("keepdim", False))),
        ),
        variance_samples,
        tolerance=LOOSE,
    ),
    Op(
        "std_mean",
        lambda x, *a, **k: (
            variance(True)(x, *a, **k),
            np.mean(x, **over(a[0] if a else k.get("dim"), k.get("keepdim", False))),
        ),
        variance_samples,
        tolerance=LOOSE,
    ),
    Op(
        "norm",
        norm,
        norm_samples,
        method="norm",
        tolerance={**LOOSE, "float16": (1e-2, 1e-2), "bfloat16": (5e-2, 5e-2)},
        large=lambda make: Sample(make(130, 1031), 2, 1),
    ),
    Op(
        "linalg.vector_norm",
        lambda x, ord=2, dim=None, keepdim=False: norm(x, ord, dim, keepdim),
        lambda make: [
            Sample(make(2, 3, 4, away_from=(0,))),
            Sample(make(2, 3, 4, away_from=(0,)), 1, dim=(0, 2), keepdim=True),
        ],
        tolerance=LOOSE,
    ),
    Op(
        "logsumexp",
        logsumexp,
        lambda make: [
            Sample(make(3, 4), 1),
            Sample(make(2, 3, 4), (0, 2)),
            Sample(make(2, 3, 4), dim=-2, keepdim=True),
            Sample(make(3) * 300, 0),
        ],
        dtypes=("float32", "float64"),
        method="logsumexp",
        tolerance=LOOSE,
        large=big,
    ),
    Op(
        "cumsum",
        cumsum,
        lambda make: [Sample(make(2, 3, 4), dim) for dim in (0, 1, -1)] + [Sample(make(), 0)],
        dtypes=ALL,
        result="sum",
        method="cumsum",
        out=True,
        tolerance={**LOOSE, "float32": (1e-4, 1e-3)},
        large=big,
    ),
    Op(
        "cumprod",
        np.cumprod,
        lambda make: [Sample(make(2, 3, 4, low=1, high=2), dim) for dim in (0, 1, -1)],
        dtypes=ALL,
        result="sum",
        method="cumprod",
        out=True,
        tolerance=LOOSE,
    ),
    Op(
        "cumprod with zeros",
        np.cumprod,
        lambda make: [Sample(np.array([2.0, 0.0, 3.0, 0.0, 4.0]), 0)],
        path="cumprod",
        dtypes=FULL_FLOATS,
        method="cumprod",
        gradgrad=False,
    ),
    Op(
        "cummax",
        cumulative_extreme(np.maximum),
        lambda make: [Sample(make.distinct(3, 4), dim) for dim in (0, 1)],
        dtypes=NUMERIC,
        result=("same", "int64"),
        method="cummax",
    ),
    Op(
        "cummin",
        cumulative_extreme(np.minimum),
        lambda make: [Sample(make.distinct(3, 4), dim) for dim in (0, 1)],
        dtypes=NUMERIC,
        result=("same", "int64"),
        method="cummin",
    ),
    Op(
        "logcumsumexp",
        lambda x, dim: np.logaddexp.accumulate(x, dim),
        lambda make: [Sample(make(3, 4), 1)],
        dtypes=FULL_FLOATS,
        method="logcumsumexp",
    ),
    Op(
        "count_nonzero",
        lambda x, dim=None: np.count_nonzero(x, axis=over(dim, False)["axis"]),
        lambda make: [Sample(make(3, 4)), Sample(make(2, 3, 4), 1), Sample(make(2, 3, 4), dim=(0, 2))],
        dtypes=ALL,
        result="int64",
        grad=False,
        method="count_nonzero",
    ),
    Op(
        "median",
        median,
        lambda make: [Sample(make.distinct(3, 4)), Sample(make.distinct(5))],
        dtypes=SIGNED,
        method="median",
    ),
    Op(
        "median dim",
        median,
        lambda make: [Sample(make.distinct(3, 4), 1), Sample(make.distinct(3, 5), 0, keepdim=True)],
        path="median",
        dtypes=SIGNED,
        result=("same", "int64"),
        method="median",
    ),
    Op(
        "sum of nothing",
        lambda x, *a, **k: np.sum(x, axis=a[0] if a else None),
        lambda make: [Sample(make(0)), Sample(make(3, 0), 1), Sample(make(0, 3), 1)],
        path="sum",
        dtypes=ALL,
        result="sum",
    ),
    Op(
        "prod of nothing",
        lambda x, *a: np.prod(x, axis=a[0] if a else None),
        lambda make: [Sample(make(0)), Sample(make(3, 0), 1)],
        path="prod",
        dtypes=ALL,
        result="sum",
    ),
    Op(
        "mean of nothing",
        lambda x, *a: np.full(() if not a else (3,), np.nan),
        lambda make: [Sample(make(0)), Sample(make(3, 0), 1)],
        path="mean",
        grad=False,
    ),
    Op(
        "all of nothing",
        lambda x: np.all(x),
        lambda make: [Sample(make(0))],
        path="all",
        dtypes=TRUTHS,
        result="bool",
        grad=False,
    ),
    Op(
        "any of nothing",
        lambda x: np.any(x),
        lambda make: [Sample(make(0))],
        path="any",
        dtypes=TRUTHS,
        result="bool",
        grad=False,
    ),
    Op(
        "max passes NaN on",
        lambda x, dim: (np.max(x, dim), np.argmax(x, dim)),
        lambda make: [Sample(np.array([[1.0, np.nan, 2.0], [3.0, 4.0, 5.0]]), 1)],
        path="max",
        result=("same", "int64"),
        grad=False,
    ),
    Op(
        "amin passes NaN on",
        lambda x: np.min(x),
        lambda make: [Sample(np.array([1.0, np.nan, 2.0]))],
        path="amin",
        grad=False,
    ),
    Op(
        "argmax of equals is the first",
        lambda x, dim: np.argmax(x, dim),
        lambda make: [Sample(np.array([[1.0, 7.0, 7.0], [2.0, 2.0, 1.0]]), 1)],
        path="argmax",
        result="int64",
        grad=False,
    ),
]


def ones(*shape):
    return lambda w: [w.ones(*shape)]


ERRORS = [
    Bad(
        "sum_to_size of a shape that does not broadcast",
        lambda w, x: x.sum_to_size(2),
        RuntimeError,
        ("sum_to_size", "(2,)", "(2, 3)"),
        ones(2, 3),
    ),
    Bad("sum over a missing dimension", lambda w, x: x.sum(2), IndexError, ("sum", "2", "(2, 3)"), ones(2, 3)),
    Bad(
        "sum over a dimension below the first", lambda w, x: x.sum(-3), IndexError, ("sum", "-3", "(2, 3)"), ones(2, 3)
    ),
    Bad("sum over a dimension twice", lambda w, x: x.sum((0, -2)), RuntimeError, ("sum", "0"), ones(2, 3)),
    Bad("sum over a string", lambda w, x: x.sum("rows"), (TypeError, RuntimeError), ("sum",), ones(2, 3)),
    Bad(
        "the nuclear norm",
        lambda w, x: x.norm("nuc"),
        NotImplementedError,
        ("norm", "nuclear"),
        ones(2, 3),
        weft_only=True,
    ),
    Bad(
        "the largest singular value",
        lambda w, x: w.linalg.matrix_norm(x, 2),
        NotImplementedError,
        ("matrix_norm", "2", "singular"),
        ones(2, 3),
        weft_only=True,
    ),
    Bad(
        "mean of integers",
        lambda w, x: x.mean(),
        RuntimeError,
        ("mean", "int64", "float"),
        lambda w: [w.tensor([1, 2])],
    ),
    Bad("max of nothing", lambda w, x: x.max(), RuntimeError, ("max", "(0,)"), ones(0)),
    Bad("max of nothing along a dimension", lambda w, x: x.max(1), IndexError, ("max", "(2, 0)"), ones(2, 0)),
    Bad("argmax of nothing", lambda w, x: x.argmax(), (RuntimeError, IndexError), ("argmax", "(0,)"), ones(0)),
    Bad("amax of nothing", lambda w, x: x.amax(1), (RuntimeError, IndexError), ("amax", "(2, 0)"), ones(2, 0)),
    Bad("cumsum over a missing dimension", lambda w, x: x.cumsum(2), IndexError, ("cumsum", "2", "(2, 3)"), ones(2, 3)),
    Bad("std over a missing dimension", lambda w, x: x.std(5), IndexError, ("std", "5", "(2, 3)"), ones(2, 3)),
    Bad("var of integers", lambda w, x: x.var(), RuntimeError, ("var", "int64"), lambda w: [w.tensor([1, 2])]),
    Bad(
        "logsumexp over a missing dimension",
        lambda w, x: x.logsumexp(2),
        IndexError,
        ("logsumexp", "2", "(2, 3)"),
        ones(2, 3),
    ),
    Bad("argmin over a missing dimension", lambda w, x: x.argmin(3), IndexError, ("argmin", "3", "(2, 3)"), ones(2, 3)),
]
