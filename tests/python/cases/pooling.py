"""Pooling."""

import numpy as np
from support import FULL_FLOATS

from .row import Bad, Op, Sample

TYPES = FULL_FLOATS + ("bfloat16",)


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def windows(x, kernel, stride, padding, dilation, ceil_mode):
    """The start of every window and the rows or columns it takes, for each spatial dimension."""
    places = []
    for size, k, s, p, d in zip(x.shape[-len(kernel) :], kernel, stride, padding, dilation, strict=True):
        reach = size + 2 * p - d * (k - 1) - 1
        count = (-(-reach // s) if ceil_mode else reach // s) + 1
        if ceil_mode and (count - 1) * s >= size + p:
            count -= 1  # a window may not start in the padding at the end
        places.append(
            [(i * s - p, [j for j in range(i * s - p, i * s - p + d * k, d) if 0 <= j < size]) for i in range(count)]
        )
    return places


def max_pool2d(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    kernel, padding, dilation = pair(kernel_size), pair(padding), pair(dilation)
    rows, columns = windows(x, kernel, kernel if stride is None else pair(stride), padding, dilation, ceil_mode)
    shape = (*x.shape[:-2], len(rows), len(columns))
    values, index = np.zeros(shape, x.dtype), np.zeros(shape, "int64")
    for i, (_, r) in enumerate(rows):
        for j, (_, c) in enumerate(columns):
            part = x[..., r, :][..., c].reshape(*x.shape[:-2], len(r) * len(c))
            best = np.argmax(part, -1)
            values[..., i, j] = np.take_along_axis(part, best[..., None], -1)[..., 0]
            index[..., i, j] = np.asarray(r)[best // len(c)] * x.shape[-1] + np.asarray(c)[best % len(c)]
    return (values, index) if return_indices else values


def avg_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
    kernel, padding = pair(kernel_size), pair(padding)
    rows, columns = windows(x, kernel, kernel if stride is None else pair(stride), padding, (1, 1), ceil_mode)
    result = np.zeros((*x.shape[:-2], len(rows), len(columns)), x.dtype)
    for i, (top, r) in enumerate(rows):
        for j, (left, c) in enumerate(columns):
            # The padding counts, but not what lies beyond it
            height = min(top + kernel[0], x.shape[-2] + padding[0]) - top
            width = min(left + kernel[1], x.shape[-1] + padding[1]) - left
            count = height * width if count_include_pad else len(r) * len(c)
            result[..., i, j] = x[..., r, :][..., c].sum((-1, -2)) / (divisor_override or count)
    return result


def adaptive(reduce):
    def reference(x, output_size):
        sizes = [n if m is None else m for n, m in zip(x.shape[-2:], pair(output_size), strict=True)]
        result = np.zeros((*x.shape[:-2], *sizes), x.dtype)
        for i, j in np.ndindex(*sizes):
            r = slice(i * x.shape[-2] // sizes[0], -(-(i + 1) * x.shape[-2] // sizes[0]))
            c = slice(j * x.shape[-1] // sizes[1], -(-(j + 1) * x.shape[-1] // sizes[1]))
            result[..., i, j] = reduce(x[..., r, c], (-1, -2))
        return result

    return reference


def one_dim(reference):
    return lambda x, kernel_size, stride=None, padding=0, **kwargs: reference(
        x[..., None, :], (1, kernel_size), (1, stride or kernel_size), (0, padding), **kwargs
    )[..., 0, :]


def pool(name, reference, samples, **flags):
    flags.setdefault("dtypes", TYPES)
    return Op(name, reference, samples, path=f"nn.functional.{name.split(' ')[0]}", **flags)


OPS = [
    pool(
        "max_pool2d",
        max_pool2d,
        lambda make: [
            Sample(make.distinct(2, 3, 6, 7), 2),
            Sample(make.distinct(2, 3, 6, 7), (3, 2), stride=(1, 2)),
            Sample(make.distinct(2, 3, 6, 7), 3, 2, 1),
            Sample(make.distinct(2, 3, 7, 7), 2, 2, 1, 2),
            Sample(make.distinct(1, 2, 7, 6), 3, 2, ceil_mode=True),
            Sample(make.distinct(3, 6, 7), 2),
            Sample(make.distinct(2, 3, 4, 4) - 100, 3, 1, 1),  # padding never wins
        ],
        large=lambda make: Sample(make(4, 16, 28, 30), 2),
    ),
    pool(
        "max_pool2d with indices",
        max_pool2d,
        lambda make: [
            Sample(make.distinct(2, 3, 6, 7), 2, return_indices=True),
            Sample(make.distinct(2, 3, 6, 7), 3, 2, 1, return_indices=True),
        ],
        result=("same", "int64"),
    ),
    pool(
        "max_pool2d of integers",
        max_pool2d,
        lambda make: [Sample(make.distinct(1, 2, 4, 4), 2)],
        dtypes=("int64", "int32"),
        grad=False,
    ),
    pool(
        "max_pool2d passes NaN on",
        lambda x, k: nan_pool(x),
        lambda make: [Sample(np.array([[[[1.0, np.nan, 3.0, 4.0], [0.0, 1.0, 2.0, 3.0]]]]), 2)],
        grad=False,
    ),
    pool(
        "avg_pool2d",
        avg_pool2d,
        lambda make: [
            Sample(make(2, 3, 6, 7), 2),
            Sample(make(2, 3, 6, 7), (3, 2), stride=(1, 2)),
            Sample(make(2, 3, 6, 7), 3, 2, 1),
            Sample(make(2, 3, 6, 7), 3, 2, 1, count_include_pad=False),
            Sample(make(2, 3, 6, 7), 2, divisor_override=3),
            Sample(make(1, 2, 7, 6), 3, 2, 1, ceil_mode=True),
            Sample(make(1, 2, 7, 6), 3, 2, 1, ceil_mode=True, count_include_pad=False),
            Sample(make(3, 6, 7), 2),
        ],
        large=lambda make: Sample(make(4, 16, 28, 30), 3, 1, 1),
    ),
    pool(
        "avg_pool2d of integers",
        avg_pool2d,
        lambda make: [
            Sample(make(2, 3, 6, 7, low=-50, high=50), 2),
            Sample(make(2, 3, 6, 7, low=-50, high=50), 3, 2, 1),
            Sample(make(2, 3, 6, 7, low=-50, high=50), 3, 2, 1, count_include_pad=False),
            Sample(make(2, 3, 6, 7, low=-50, high=50), 2, divisor_override=3),
            Sample(make(1, 2, 7, 6, low=-50, high=50), 7, 7, 3, ceil_mode=True),
        ],
        dtypes=("int64", "int32", "int8"),
        grad=False,
    ),
    pool(
        "max_pool2d in ceil mode of small images",
        max_pool2d,
        lambda make: [Sample(make.distinct(1, 1, 2, 5), 3, ceil_mode=True)],
    ),
    pool(
        "adaptive_avg_pool2d",
        adaptive(np.mean),
        lambda make: [
            Sample(make(2, 3, 6, 7), 1),
            Sample(make(2, 3, 6, 7), (3, 2)),
            Sample(make(2, 3, 6, 7), (None, 4)),
            Sample(make(3, 5, 5), 2),
            Sample(make(1, 2, 3, 3), 5),
        ],
    ),
    pool(
        "adaptive_max_pool2d",
        adaptive(np.max),
        lambda make: [
            Sample(make.distinct(2, 3, 6, 7), 1),
            Sample(make.distinct(2, 3, 6, 7), (3, 2)),
            Sample(make.distinct(2, 3, 5, 5), 2),
        ],
    ),
    pool(
        "max_pool1d",
        one_dim(max_pool2d),
        lambda make: [Sample(make.distinct(2, 3, 9), 2), Sample(make.distinct(2, 3, 9), 3, 2, 1)],
    ),
    pool("avg_pool1d", one_dim(avg_pool2d), lambda make: [Sample(make(2, 3, 9), 2), Sample(make(2, 3, 9), 3, 2, 1)]),
    pool("max_pool2d of no images", max_pool2d, lambda make: [Sample(make(0, 3, 4, 4), 2)], dtypes=FULL_FLOATS),
]


def nan_pool(x):
    return np.stack([np.max(x[..., 0:2], (-1, -2)), np.max(x[..., 2:4], (-1, -2))], -1)[..., None, :]


def images(*shape):
    return lambda w: [w.ones(*shape)]


def call(name, *args, **kwargs):
    return lambda w, x: getattr(w.nn.functional, name)(x, *args, **kwargs)


ERRORS = [
    Bad("max_pool1d with much padding", call("max_pool1d", 2, padding=2), RuntimeError, "max_pool1d", images(1, 3, 5)),
    Bad("max_pool1d with a large kernel", call("max_pool1d", 7), RuntimeError, "max_pool1d", images(1, 3, 5)),
    Bad("avg_pool1d with a large kernel", call("avg_pool1d", 7), RuntimeError, "avg_pool1d", images(1, 3, 5)),
    *(
        Bad(f"{name} of a pair", call(name, (2, 3)), ValueError, (name, "(2, 3)"), images(1, 3, 5), weft_only=True)
        for name in ("max_pool1d", "avg_pool1d", "adaptive_max_pool1d", "adaptive_avg_pool1d")
    ),
    *(
        Bad(f"{name}, a negative size", call(name, -1), RuntimeError, (name, "got -1"), images(1, 3, 5), weft_only=True)
        for name in ("adaptive_max_pool1d", "adaptive_avg_pool1d")
    ),
    *(
        Bad(
            f"{name} without a channel",
            call(name, 1),
            RuntimeError,
            (name, "(1, 0, 5)"),
            images(1, 0, 5),
            weft_only=True,
        )
        for name in ("max_pool1d", "avg_pool1d", "adaptive_max_pool1d", "adaptive_avg_pool1d")
    ),
    Bad("max_pool2d of a matrix", call("max_pool2d", 2), RuntimeError, ("max_pool2d", "(4, 4)"), images(4, 4)),
    Bad(
        "max_pool2d with a large kernel",
        call("max_pool2d", 5),
        RuntimeError,
        ("max_pool2d", "(1, 1, 4, 4)"),
        images(1, 1, 4, 4),
    ),
    Bad(
        "max_pool2d with a window in the padding",
        call("max_pool2d", 2, stride=1, padding=1, dilation=5),
        RuntimeError,
        ("max_pool2d", "dilation 5", "(1, 1, 4, 4)"),
        images(1, 1, 4, 4),
        weft_only=True,
    ),
    Bad(
        "max_pool2d with much padding",
        call("max_pool2d", 2, padding=2),
        RuntimeError,
        ("max_pool2d", "padding"),
        images(1, 1, 4, 4),
    ),
    Bad(
        "max_pool2d with zero stride",
        call("max_pool2d", 2, stride=0),
        RuntimeError,
        ("max_pool2d", "stride"),
        images(1, 1, 4, 4),
    ),
    Bad(
        "max_pool2d with an empty kernel",
        call("max_pool2d", 0),
        RuntimeError,
        ("max_pool2d", "kernel"),
        images(1, 1, 4, 4),
    ),
    Bad(
        "avg_pool2d of a matrix",
        call("avg_pool2d", 2),
        (RuntimeError, IndexError),
        ("avg_pool2d", "(4, 4)"),
        images(4, 4),
    ),
    Bad(
        "avg_pool2d with a large kernel",
        call("avg_pool2d", 5),
        RuntimeError,
        ("avg_pool2d", "(1, 1, 4, 4)"),
        images(1, 1, 4, 4),
    ),
    Bad(
        "avg_pool2d divided by zero",
        call("avg_pool2d", 2, divisor_override=0),
        RuntimeError,
        ("avg_pool2d", "divisor"),
        images(1, 1, 4, 4),
    ),
    Bad(
        "adaptive_avg_pool2d of a matrix",
        call("adaptive_avg_pool2d", 2),
        (RuntimeError, ValueError),
        ("adaptive_avg_pool2d", "(4, 4)"),
        images(4, 4),
    ),
    Bad(
        "max_pool2d of an empty image",
        call("max_pool2d", 2),
        RuntimeError,
        ("max_pool2d", "(1, 1, 0, 4)"),
        images(1, 1, 0, 4),
    ),
]
