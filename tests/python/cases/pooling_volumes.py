"""Pooling of volumes, by pseudo-random windows and by norms, and its reverse."""

import itertools
import math

import numpy as np
from support import FULL_FLOATS

from .pooling import call, images, pool, windows
from .row import Bad, Sample


def each(value, dims):
    return (value,) * dims if isinstance(value, (int, float)) else tuple(value)


def over_windows(x, places, reduce):
    """reduce(the numbers of a window, their flat places, the window's number along each axis) of all windows."""
    dims = len(places)
    number = np.arange(math.prod(x.shape[-dims:])).reshape(x.shape[-dims:])
    shape = (*x.shape[:-dims], *(len(axis) for axis in places))
    found = None
    for at in itertools.product(*(range(n) for n in shape[len(shape) - dims :])):
        cells = np.ix_(*(axis[i] for axis, i in zip(places, at, strict=True)))
        part = x[(..., *cells)].reshape(*x.shape[: x.ndim - dims], -1)
        results = reduce(part, number[cells].reshape(-1), at)
        found = found or tuple(np.zeros(shape, r.dtype) for r in results)
        for whole, r in zip(found, results, strict=True):
            whole[(..., *at)] = r
    return found


def largest(part, number, _):
    best = np.argmax(part, -1)
    return np.take_along_axis(part, best[..., None], -1)[..., 0], number[best]


def max_pool(dims):
    def reference(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
        kernel = each(kernel_size, dims)
        steps = kernel if stride is None else each(stride, dims)
        places = windows(x, kernel, steps, each(padding, dims), each(dilation, dims), ceil_mode)
        both = over_windows(x, [[cells for _, cells in axis] for axis in places], largest)
        return both if return_indices else both[0]

    return reference


def avg_pool(dims):
    def reference(
        x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
    ):
        kernel, edge = each(kernel_size, dims), each(padding, dims)
        places = windows(x, kernel, kernel if stride is None else each(stride, dims), edge, (1,) * dims, ceil_mode)

        def mean(part, _, at):
            # The padding counts, but not what lies beyond it
            count = math.prod(
                min(axis[i][0] + k, n + p) - axis[i][0]
                for axis, i, k, n, p in zip(places, at, kernel, x.shape[-dims:], edge, strict=True)
            )
            return (part.sum(-1) / (divisor_override or (count if count_include_pad else part.shape[-1])),)

        return over_windows(x, [[cells for _, cells in axis] for axis in places], mean)[0].astype(x.dtype)

    return reference


def adaptive(reduce, dims=3):
    def reference(x, output_size, return_indices=False):
        sizes = [n if m is None else m for n, m in zip(x.shape[-dims:], each(output_size, dims), strict=True)]
        places = [
            [list(range(i * n // m, -(-(i + 1) * n // m))) for i in range(m)]
            for n, m in zip(x.shape[-dims:], sizes, strict=True)
        ]
        results = over_windows(x, places, reduce)
        return results if return_indices else results[0]

    return reference


def lp_pool(dims):
    means = avg_pool(dims)

    def reference(x, norm_type, kernel_size, stride=None, ceil_mode=False):
        count = math.prod(each(kernel_size, dims))
        return (means(x**norm_type, kernel_size, stride, 0, ceil_mode) * count) ** (1 / norm_type)

    return reference


def fractional_max_pool(dims):
    def reference(
        x, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None
    ):  # every plane has windows of its own
        kernel, inside = each(kernel_size, dims), x.shape[-dims:]
        size = (
            each(output_size, dims)
            if output_size is not None
            else [int(n * ratio) for n, ratio in zip(inside, each(output_ratio, dims), strict=True)]
        )
        planes, samples = x.reshape(-1, *inside), _random_samples.reshape(-1, dims)
        if dims == 2:
            samples = samples[:, ::-1]
        pairs = []
        for plane, u in zip(planes, samples, strict=True):
            places = []
            for n, k, m, v in zip(inside, kernel, size, u, strict=True):
                step = (n - k) / (m - 1) if m > 1 else 0
                starts = [math.floor((i + v) * step) - math.floor(v * step) for i in range(m - 1)] + [n - k]
                places.append([list(range(s, s + k)) for s in starts])
            pairs.append(over_windows(plane, places, largest))
        values, index = (np.stack(part).reshape(*x.shape[:-dims], *size) for part in zip(*pairs, strict=True))
        return (values, index) if return_indices else values

    return reference


def max_unpool(dims):
    def reference(x, indices, kernel_size, stride=None, padding=0, output_size=None):
        kernel, edge = each(kernel_size, dims), each(padding, dims)
        steps = kernel if stride is None else each(stride, dims)
        size = [(n - 1) * s - 2 * p + k for n, s, p, k in zip(x.shape[-dims:], steps, edge, kernel, strict=True)]
        size = size if output_size is None else list(output_size)[-dims:]
        out = np.zeros((*x.shape[:-dims], math.prod(size)), x.dtype)
        flat = (*x.shape[:-dims], math.prod(x.shape[-dims:]))
        np.put_along_axis(out, indices.reshape(flat), x.reshape(flat), -1)
        return out.reshape(*x.shape[:-dims], *size)

    return reference


def places(make, *shape, size):
    """Indices of this shape, different ones in each plane."""
    planes = math.prod(shape[:2])
    picked = [make.rng.permutation(size)[: math.prod(shape[2:])] for _ in range(planes)]
    return np.stack(picked).reshape(shape).astype("int64")


def samples(make, *shape):
    return make(*shape, low=0.05, high=0.9)


def with_samples(name, dims, with_indices):
    plane = (9, 8, 7)[-dims:]

    def rows(make):
        return [
            Sample(make.distinct(2, 2, *plane), 2, (4, 3, 3)[-dims:], _random_samples=samples(make, 2, 2, dims)),
            Sample(
                make.distinct(2, 2, *plane),
                (3, 2, 1)[-dims:],
                output_ratio=(0.5, 0.7, 0.4)[-dims:],
                _random_samples=samples(make, 2, 2, dims),
            ),
            Sample(make.distinct(2, *plane), 2, 1, _random_samples=samples(make, 1, 2, dims)),
            Sample(
                make.distinct(1, 2, *plane),
                1,
                plane if dims == 2 else (8, 7, 6),
                _random_samples=samples(make, 1, 2, dims),
            ),
        ]

    return pool(
        name,
        lambda *args, **kwargs: fractional_max_pool(dims)(*args, return_indices=with_indices, **kwargs),
        rows,
        constants=("_random_samples",),
        dtypes=FULL_FLOATS,
        result=("same", "int64") if with_indices else "same",
    )


OPS = [
    pool(
        "max_pool3d",
        max_pool(3),
        lambda make: [
            Sample(make.distinct(2, 2, 4, 5, 6), 2),
            Sample(make.distinct(1, 2, 4, 5, 6), (3, 2, 1), stride=(1, 2, 3)),
            Sample(make.distinct(1, 2, 5, 6, 7), 3, 2, 1),
            Sample(make.distinct(1, 2, 5, 6, 7), 2, 2, 1, 2),
            Sample(make.distinct(1, 2, 5, 4, 7), 3, 2, ceil_mode=True),
            Sample(make.distinct(2, 4, 5, 6), 2, 1),
            Sample(make.distinct(1, 1, 3, 4, 4) - 100, 3, 1, 1),  # padding never wins
        ],
        large=lambda make: Sample(make(2, 8, 7, 14, 15), 3, 2, 1),
    ),
    pool(
        "max_pool3d with indices",
        max_pool(3),
        lambda make: [
            Sample(make.distinct(1, 2, 4, 5, 6), 2, return_indices=True),
            Sample(make.distinct(1, 2, 4, 5, 6), 3, 2, 1, return_indices=True),
        ],
        result=("same", "int64"),
    ),
    pool(
        "max_pool3d of integers",
        max_pool(3),
        lambda make: [Sample(make.distinct(1, 1, 2, 4, 4), 2)],
        dtypes=("int64", "int32", "uint8"),
        grad=False,
    ),
    *(
        pool(
            f"max_pool{dims}d_with_indices",
            lambda x, *args, dims=dims: max_pool(dims)(x, *args, return_indices=True),
            lambda make, dims=dims: [Sample(make.distinct(1, 2, *(5, 6, 7)[-dims:]), 3, 2, 1)],
            result=("same", "int64"),
        )
        for dims in (1, 2, 3)
    ),
    pool(
        "avg_pool3d",
        avg_pool(3),
        lambda make: [
            Sample(make(2, 2, 4, 5, 6), 2),
            Sample(make(1, 2, 4, 5, 6), (3, 2, 1), stride=(1, 2, 3)),
            Sample(make(1, 2, 4, 5, 6), 3, 2, 1),
            Sample(make(1, 2, 4, 5, 6), 3, 2, 1, count_include_pad=False),
            Sample(make(1, 2, 4, 5, 6), 2, divisor_override=3),
            Sample(make(1, 2, 4, 7, 6), 3, 2, 1, ceil_mode=True),
            Sample(make(1, 2, 4, 7, 6), 3, 2, 1, ceil_mode=True, count_include_pad=False),
            Sample(make(2, 4, 5, 6), 2, 1),
        ],
        large=lambda make: Sample(make(2, 8, 7, 14, 15), 3, 1, 1),
    ),
    pool(
        "avg_pool3d of integers",
        avg_pool(3),
        lambda make: [
            Sample(make(1, 2, 4, 6, 7, low=-50, high=50), 2),
            Sample(make(1, 2, 4, 6, 7, low=-50, high=50), 3, 2, 1, count_include_pad=False),
            Sample(make(1, 2, 4, 6, 7, low=-50, high=50), 2, divisor_override=3),
        ],
        dtypes=("int64", "int32"),
        grad=False,
    ),
    pool(
        "adaptive_avg_pool3d",
        adaptive(lambda part, *_: (part.mean(-1),)),
        lambda make: [
            Sample(make(2, 2, 4, 5, 6), 1),
            Sample(make(1, 2, 4, 5, 6), (3, 2, 4)),
            Sample(make(1, 2, 4, 5, 6), (None, 4, 1)),
            Sample(make(2, 3, 4, 5), 2),
            Sample(make(1, 1, 2, 2, 3), 4),
        ],
    ),
    pool(
        "adaptive_max_pool3d",
        adaptive(largest),
        lambda make: [
            Sample(make.distinct(2, 2, 4, 5, 6), 1),
            Sample(make.distinct(1, 2, 4, 5, 6), (3, 2, 4)),
            Sample(make.distinct(2, 3, 4, 5), (2, None, 3)),
        ],
    ),
    *(
        pool(
            f"adaptive_max_pool{dims}d_with_indices",
            lambda x, size, dims=dims: adaptive(largest, dims)(x, size, True),
            lambda make, dims=dims: [Sample(make.distinct(1, 2, *(5, 6, 7)[-dims:]), 3)],
            result=("same", "int64"),
        )
        for dims in (1, 2, 3)
    ),
    *(
        pool(
            f"lp_pool{dims}d",
            lp_pool(dims),
            lambda make, dims=dims: [
                Sample(make(2, 2, *(4, 5, 6)[-dims:], low=0.5), 2, 2),
                Sample(make(1, 2, *(4, 5, 6)[-dims:], low=0.5), 3.0, 3, 1),
                Sample(make(2, *(4, 5, 6)[-dims:], low=0.5), 1.5, 2, ceil_mode=True),
            ],
        )
        for dims in (1, 2, 3)
    ),
    *(
        with_samples(f"fractional_max_pool{dims}d{'_with_indices' if with_indices else ''}", dims, with_indices)
        for dims in (2, 3)
        for with_indices in (False, True)
    ),
    *(
        pool(
            f"max_unpool{dims}d",
            max_unpool(dims),
            lambda make, dims=dims: [
                Sample(make(2, 3, *[2] * dims), places(make, 2, 3, *[2] * dims, size=4**dims), 2),
                Sample(make(2, 3, *[2] * dims), places(make, 2, 3, *[2] * dims, size=3**dims), 3, 2, 1),
                Sample(
                    make(2, 3, *[2] * dims),
                    places(make, 2, 3, *[2] * dims, size=5**dims),
                    2,
                    output_size=(5,) * dims,
                ),
                Sample(make(1, *[2] * dims), places(make, 1, 1, *[2] * dims, size=4**dims)[0], 2),
            ],
        )
        for dims in (1, 2, 3)
    ),
]


def volume(*shape):
    return images(*(shape or (1, 2, 4, 4, 4)))


def unpool(name, kernel, indices=0, **kwargs):
    return lambda w, x: getattr(w.nn.functional, name)(
        x, w.full(x.shape, indices) if isinstance(indices, int) else indices(w), kernel, **kwargs
    )


def fractional(name, *args, shape=None, **kwargs):
    def run(w, x):
        given = {} if shape is None else {"_random_samples": w.ones(*shape) * 0.5}
        return getattr(w.nn.functional, name)(x, *args, **kwargs, **given)

    return run


ERRORS = [
    Bad(
        "max_pool3d of an image",
        call("max_pool3d", 2),
        RuntimeError,
        ("max_pool3d", "(4, 4, 4)"),
        volume(4, 4, 4),
        weft_only=True,
    ),
    Bad(
        "max_pool3d with a large kernel",
        call("max_pool3d", 5),
        RuntimeError,
        ("max_pool3d", "(1, 2, 4, 4, 4)"),
        volume(),
    ),
    Bad(
        "max_pool3d with much padding",
        call("max_pool3d", 2, padding=2),
        RuntimeError,
        ("max_pool3d", "padding"),
        volume(),
    ),
    Bad("max_pool3d with a pair", call("max_pool3d", (2, 2)), RuntimeError, ("max_pool3d", "(2, 2)"), volume()),
    Bad(
        "max_pool3d of an empty volume",
        call("max_pool3d", 2),
        RuntimeError,
        ("max_pool3d", "(1, 2, 0, 4, 4)"),
        volume(1, 2, 0, 4, 4),
    ),
    Bad(
        "avg_pool3d divided by zero",
        call("avg_pool3d", 2, divisor_override=0),
        RuntimeError,
        ("avg_pool3d", "divisor"),
        volume(),
    ),
    Bad("avg_pool3d with zero stride", call("avg_pool3d", 2, 0), RuntimeError, ("avg_pool3d", "stride"), volume()),
    Bad(
        "adaptive_avg_pool3d, a negative size",
        call("adaptive_avg_pool3d", (1, -1, 1)),
        RuntimeError,
        ("adaptive_avg_pool3d", "(1, -1, 1)"),
        volume(),
    ),
    Bad(
        "adaptive_max_pool3d to a pair",
        call("adaptive_max_pool3d", (1, 2)),
        (TypeError, RuntimeError),
        ("adaptive_max_pool3d", "(1, 2)"),
        volume(),
    ),
    Bad(
        "lp_pool2d of p = 0",
        call("lp_pool2d", 0, 2),
        (ValueError, ZeroDivisionError),
        ("lp_pool2d", "norm_type"),
        images(1, 2, 4, 4),
    ),
    Bad(
        "lp_pool2d of a vector", call("lp_pool2d", 2, 2), RuntimeError, ("lp_pool2d", "(4,)"), images(4), weft_only=True
    ),
    Bad("lp_pool3d with a large kernel", call("lp_pool3d", 2, 5), RuntimeError, "lp_pool3d", volume()),
    Bad(
        "fractional_max_pool2d without a size",
        fractional("fractional_max_pool2d", 2),
        ValueError,
        ("fractional_max_pool2d", "neither"),
        images(1, 2, 4, 4),
    ),
    Bad(
        "fractional_max_pool2d with two sizes",
        fractional("fractional_max_pool2d", 2, 2, 0.5),
        ValueError,
        ("fractional_max_pool2d", "both"),
        images(1, 2, 4, 4),
        weft_only=True,
    ),
    Bad(
        "fractional_max_pool2d, many windows",
        fractional("fractional_max_pool2d", 2, 4),
        RuntimeError,
        ("fractional_max_pool2d", "4 windows", "(1, 2, 4, 4)"),
        images(1, 2, 4, 4),
    ),
    Bad(
        "fractional_max_pool3d, other samples",
        fractional("fractional_max_pool3d", 2, 2, shape=(1, 2, 2)),
        RuntimeError,
        ("fractional_max_pool3d", "(1, 2, 3)", "(1, 2, 2)"),
        volume(),
    ),
    Bad(
        "max_unpool2d, an index outside",
        unpool("max_unpool2d", 2, 64),
        (IndexError, RuntimeError),
        ("max_unpool2d", "64"),
        images(1, 2, 4, 4),
    ),
    Bad(
        "max_unpool2d, a negative index",
        unpool("max_unpool2d", 2, -1),
        (IndexError, RuntimeError),
        ("max_unpool2d", "-1"),
        images(1, 2, 4, 4),
    ),
    Bad(
        "max_unpool2d, other indices",
        unpool("max_unpool2d", 2, lambda w: w.full((1, 2, 4, 3), 0)),
        RuntimeError,
        ("max_unpool2d", "(1, 2, 4, 3)"),
        images(1, 2, 4, 4),
    ),
    Bad(
        "max_unpool2d, indices that are floats",
        unpool("max_unpool2d", 2, lambda w: w.ones(1, 2, 4, 4)),
        RuntimeError,
        ("max_unpool2d", "int64"),
        images(1, 2, 4, 4),
    ),
    Bad(
        "max_unpool2d, a size far away",
        unpool("max_unpool2d", 2, output_size=(10, 8)),
        ValueError,
        ("max_unpool2d", "output_size"),
        images(1, 2, 4, 4),
        weft_only=True,
    ),
    Bad(
        "max_unpool3d, a size of one number",
        unpool("max_unpool3d", 2, output_size=(8,)),
        ValueError,
        ("max_unpool3d", "output_size", "(8,)"),
        volume(),
        weft_only=True,
    ),
]
