"""Normalizations."""

import numpy as np
from support import FLOATS, FULL_FLOATS

from .row import Bad, Op, Sample

LOOSE = {"float32": (2e-5, 2e-5), "float16": (1e-2, 1e-2), "bfloat16": (4e-2, 6e-2)}


def spread(vector, x):
    """A vector of channels laid along dimension 1 of x."""
    return vector.reshape(1, -1, *[1] * (x.ndim - 2))


def normalized(x, mean, var, weight, bias, eps):
    y = (x - mean) / np.sqrt(var + eps)
    return y * (1 if weight is None else weight) + (0 if bias is None else bias)


def batch_norm(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    dims = (0, *range(2, x.ndim))
    mean, var = (x.mean(dims), x.var(dims)) if training else (running_mean, running_var)
    scale = None if weight is None else spread(weight, x)
    shift = None if bias is None else spread(bias, x)
    return normalized(x, spread(mean, x), spread(var, x), scale, shift, eps)


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-5):
    dims = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    return normalized(x, x.mean(dims, keepdims=True), x.var(dims, keepdims=True), weight, bias, eps)


def group_norm(x, num_groups, weight=None, bias=None, eps=1e-5):
    grouped = x.reshape(x.shape[0], num_groups, -1)
    y = normalized(grouped, grouped.mean(-1, keepdims=True), grouped.var(-1, keepdims=True), None, None, eps).reshape(
        x.shape
    )
    return y * (1 if weight is None else spread(weight, x)) + (0 if bias is None else spread(bias, x))


def instance_norm(x, weight=None, bias=None, eps=1e-5):
    return group_norm(x, x.shape[1], weight, bias, eps)


def rms_norm(x, normalized_shape, weight=None, eps=1e-5):
    dims = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    y = x / np.sqrt((x * x).mean(dims, keepdims=True) + eps)
    return y if weight is None else y * weight


def normalize(x, p=2.0, dim=1, eps=1e-12):
    return x / np.maximum((abs(x) ** p).sum(dim, keepdims=True) ** (1 / p), eps)


def positive(make, *shape):
    return make(*shape, low=0.5, high=2)


def running(w, function):
    """batch_norm in training mode together with the running statistics it updates."""

    def call(x, mean, var, *args, **kwargs):
        mean, var = mean.detach().clone(), var.detach().clone()
        return w.nn.functional.batch_norm(x, mean, var, *args, training=True, **kwargs), mean, var

    return call


def batch_norm_statistics(x, mean, var, momentum=0.1):
    dims = (0, *range(2, x.ndim))
    new_mean = (1 - momentum) * mean + momentum * x.mean(dims)
    new_var = (1 - momentum) * var + momentum * x.var(dims, ddof=1)
    return batch_norm(x, None, None, training=True), new_mean, new_var


def norm(name, reference, samples, **flags):
    flags.setdefault("dtypes", FLOATS)
    flags.setdefault("path", f"nn.functional.{name}")
    flags.setdefault("tolerance", LOOSE)
    return Op(name, reference, samples, **flags)


def train(x, weight=None, bias=None):
    return Sample(x, None, None, weight, bias, True)


OPS = [
    norm(
        "batch_norm",
        batch_norm,
        lambda make: [
            Sample(make(4, 3), make(3), positive(make, 3), make(3), make(3)),
            Sample(make(4, 3, 2, 5), make(3), positive(make, 3), make(3), make(3), eps=1e-3),
            Sample(make(4, 3, 5), make(3), positive(make, 3)),
        ],
        constants=(1, 2),
    ),
    norm(
        "batch_norm training",
        batch_norm,
        lambda make: [
            train(make(4, 3), make(3), make(3)),
            train(make(3, 2, 3, 4), make(2), make(2)),
            train(make(3, 2, 4)),
        ],
        path="nn.functional.batch_norm",
        large=lambda make: train(make(16, 24, 13, 17), make(24), make(24)),
        dtypes=FULL_FLOATS,
    ),
    norm(
        "batch_norm running statistics",
        batch_norm_statistics,
        lambda make: [
            Sample(make(4, 3), make(3), positive(make, 3)),
            Sample(make(4, 3, 2, 2), make(3), positive(make, 3), momentum=0.3),
        ],
        call=lambda w, *args, **kwargs: running(w, batch_norm)(*args, **kwargs),
        dtypes=FULL_FLOATS,
        grad=False,
    ),
    norm(
        "layer_norm",
        layer_norm,
        lambda make: [
            Sample(make(3, 5), (5,), make(5), make(5)),
            Sample(make(2, 3, 4), (3, 4), make(3, 4), make(3, 4), 1e-3),
            Sample(make(2, 3, 4), [4]),
            Sample(make(2, 3, 4), (4,), make(4)),
            Sample(make(0, 4), (4,), make(4), make(4)),
        ],
        large=lambda make: Sample(make(67, 773), (773,), make(773), make(773)),
    ),
    norm(
        "group_norm",
        group_norm,
        lambda make: [
            Sample(make(2, 4, 3), 2, make(4), make(4)),
            Sample(make(2, 6, 3, 2), 3),
            Sample(make(2, 4, 2, 2), 1, make(4), make(4), 1e-3),
            Sample(make(3, 4), 2, make(4), make(4)),
        ],
        large=lambda make: Sample(make(8, 24, 13, 17), 6, make(24), make(24)),
    ),
    norm(
        "instance_norm",
        instance_norm,
        lambda make: [Sample(make(2, 3, 5)), Sample(make(2, 3, 4, 2), weight=make(3), bias=make(3))],
        dtypes=FULL_FLOATS,
    ),
    norm(
        "rms_norm",
        rms_norm,
        lambda make: [Sample(make(3, 5), (5,), make(5), 1e-5), Sample(make(2, 3, 4), (3, 4), eps=1e-3)],
        dtypes=FULL_FLOATS,
    ),
    norm(
        "normalize", normalize, lambda make: [Sample(make(3, 4)), Sample(make(3, 4), p=1.0, dim=0)], dtypes=FULL_FLOATS
    ),
]


def ones(*shapes):
    return lambda w: [w.ones(*shape) for shape in shapes]


def functional(name, *args, **kwargs):
    return lambda w, *tensors: getattr(w.nn.functional, name)(*tensors, *args, **kwargs)


ERRORS = [
    Bad(
        "batch_norm with other statistics",
        functional("batch_norm"),
        RuntimeError,
        ("batch_norm", "running_mean", "(4,)", "3"),
        ones((2, 3), (4,), (4,)),
    ),
    Bad(
        "batch_norm of one value per channel",
        lambda w, x: w.nn.functional.batch_norm(x, None, None, training=True),
        ValueError,
        ("batch_norm", "(1, 3)"),
        ones((1, 3)),
    ),
    Bad(
        "batch_norm without statistics",
        lambda w, x: w.nn.functional.batch_norm(x, None, None),
        (RuntimeError, ValueError),
        ("batch_norm", "running_mean"),
        ones((2, 3)),
    ),
    Bad(
        "batch_norm with another weight",
        lambda w, x, s, b: w.nn.functional.batch_norm(x, s, s, b),
        RuntimeError,
        ("batch_norm", "weight", "(4,)"),
        ones((2, 3), (3,), (4,)),
    ),
    Bad(
        "layer_norm of another shape",
        lambda w, x: w.nn.functional.layer_norm(x, (4,)),
        RuntimeError,
        ("layer_norm", "(4,)", "(2, 3)"),
        ones((2, 3)),
    ),
    Bad(
        "layer_norm over nothing",
        lambda w, x: w.nn.functional.layer_norm(x, ()),
        RuntimeError,
        ("layer_norm",),
        ones((2, 3)),
    ),
    Bad(
        "layer_norm with another weight",
        lambda w, x, m: w.nn.functional.layer_norm(x, (3,), m),
        RuntimeError,
        ("layer_norm", "weight", "(4,)"),
        ones((2, 3), (4,)),
    ),
    Bad(
        "group_norm that does not divide",
        functional("group_norm", 2),
        (RuntimeError, ValueError),
        ("group_norm", "2", "3"),
        ones((2, 3, 4)),
    ),
    Bad(
        "group_norm of no groups",
        functional("group_norm", 0),
        (RuntimeError, ValueError, ZeroDivisionError),
        ("group_norm",),
        ones((2, 3, 4)),
    ),
    Bad(
        "group_norm with another weight",
        lambda w, x, m: w.nn.functional.group_norm(x, 2, m),
        RuntimeError,
        ("group_norm", "weight", "(3,)"),
        ones((2, 4, 3), (3,)),
    ),
]
