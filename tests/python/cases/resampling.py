"""Resampling: onto another size, and at the places of a grid."""

import itertools
import math

import numpy as np

from .row import Bad, Op, Sample


def cubic(distance, a):
    x = abs(distance)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * (x**3 - 5 * x**2 + 8 * x - 4) if x < 2 else 0.0


def axis_matrix(n, m, mode, scale, align_corners, antialias):
    """(m, n): what each of m outputs takes of n inputs."""
    weights = np.zeros((m, n))
    step = (n - 1) / max(m - 1, 1) if align_corners else 1 / scale if scale else n / m
    for i in range(m):
        if mode == "area":
            first, last = i * n // m, -(-(i + 1) * n // m)
            weights[i, first:last] = 1 / (last - first)
        elif mode in ("nearest", "nearest-exact"):
            weights[i, min(math.floor((i + (mode == "nearest-exact") * 0.5) * step), n - 1)] = 1
        elif antialias:
            half, center = 2 if mode == "bicubic" else 1, step * (i + 0.5)
            support, width = half * max(step, 1), max(step, 1)
            for j in range(max(int(center - support + 0.5), 0), min(int(center + support + 0.5), n)):
                x = (j - center + 0.5) / width
                weights[i, j] = cubic(x, -0.5) if mode == "bicubic" else max(1 - abs(x), 0)
            weights[i] /= weights[i].sum()
        else:
            place = i * step if align_corners else (i + 0.5) * step - 0.5
            if mode != "bicubic":
                place = max(place, 0)
            first = math.floor(place)
            for j in range(first - 1, first + 3):
                w = cubic(place - j, -0.75) if mode == "bicubic" else max(1 - abs(place - j), 0)
                weights[i, min(max(j, 0), n - 1)] += w
    return weights


def interpolate(
    x, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None, antialias=False
):
    for d, n in enumerate(x.shape[2:]):
        scale = scale_factor[d] if isinstance(scale_factor, tuple) else scale_factor
        m = int(n * scale) if size is None else size[d] if isinstance(size, tuple) else size
        matrix = axis_matrix(n, m, mode, None if recompute_scale_factor else scale, align_corners, antialias)
        x = np.moveaxis(np.tensordot(x, matrix, (d + 2, 1)), -1, d + 2)
    return x


def reflect(place, low, high):
    if high == low:
        return 0.0
    distance = (place - low) % (2 * (high - low))
    return low + min(distance, 2 * (high - low) - distance)


def grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False):
    sizes, shape = x.shape[2:], grid.shape[1:-1]
    result = np.zeros((*x.shape[:2], *shape), x.dtype)

    def pad(place, n):
        if padding_mode == "reflection":
            place = reflect(place, 0, n - 1) if align_corners else reflect(place, -0.5, n - 0.5)
        return place if padding_mode == "zeros" else min(max(place, 0), n - 1)

    def taps(coordinate, n):
        place = (coordinate + 1) / 2 * (n - 1) if align_corners else ((coordinate + 1) * n - 1) / 2
        if mode == "bicubic":
            first = math.floor(place)
            return [(round(pad(j, n)), cubic(place - j, -0.75)) for j in range(first - 1, first + 3)]
        place = pad(place, n)
        if mode == "nearest":
            return [(round(place), 1)]
        return [(j, 1 - abs(place - j)) for j in (math.floor(place), math.floor(place) + 1)]

    for image, *at in itertools.product(range(x.shape[0]), *map(range, shape)):
        axes = [taps(grid[(image, *at)][-1 - d], n) for d, n in enumerate(sizes)]
        for combination in itertools.product(*axes):
            if all(0 <= j < n for (j, _), n in zip(combination, sizes, strict=True)):
                places = tuple(j for j, _ in combination)
                result[(image, slice(None), *at)] += math.prod(w for _, w in combination) * x[(image, ..., *places)]
    return result


def affine_grid(theta, size, align_corners=False):
    axes = []
    for n in size[2:]:
        ends = (1 if align_corners else (n - 1) / n) if n > 1 else 0
        axes.append(np.linspace(-ends, ends, n))
    places = np.meshgrid(*axes, indexing="ij")
    base = np.stack([*places[::-1], np.ones_like(places[0])], -1)
    return np.einsum("...k,njk->n...j", base, theta)


def resampled(name, samples, **flags):
    """Coordinates are in float32, as in PyTorch; the reference's are in float64."""
    flags = {"tolerance": {"float32": (2e-5, 2e-5)}, **flags}
    return Op(name, interpolate, samples, path="nn.functional.interpolate", **flags)


def sampled(name, samples, **flags):
    """Places are rounded to float32: by some 3e-6 in a row of 20, which slopes between pixels make larger."""
    flags = {"tolerance": {"float32": (1e-5, 2e-5), "float16": (1e-2, 2e-2), "bfloat16": (5e-2, 0.15)}, **flags}
    return Op(name, grid_sample, samples, path="nn.functional.grid_sample", **flags)


def at(make, *shape, low=-1.3, high=1.3):
    """A grid whose samples are nowhere at the edge of a pixel, where the derivative jumps."""
    return make(*shape, low=low, high=high)


OPS = [
    resampled(
        "interpolate to the nearest",
        lambda make: [
            Sample(make(2, 3, 5), 8),
            Sample(make(2, 3, 4, 5), scale_factor=2),
            Sample(make(2, 3, 7, 6), (3, 4)),
            Sample(make(1, 2, 3, 4, 5), (5, 4, 2)),
            Sample(make(2, 3, 4, 6), scale_factor=(1.5, 0.5), mode="nearest-exact"),
            Sample(make(2, 3, 4, 6), scale_factor=2.3, recompute_scale_factor=True),
        ],
        large=lambda make: Sample(make(4, 16, 28, 30), scale_factor=2),
    ),
    resampled(
        "interpolate of integers",
        lambda make: [Sample(make(2, 3, 4, 5), scale_factor=2), Sample(make(2, 3, 4), 3)],
        dtypes=("int64", "int32", "uint8"),
        grad=False,
        torch=False,  # PyTorch takes no integers but uint8
    ),
    resampled(
        "interpolate linearly",
        lambda make: [
            Sample(make(2, 3, 5), 8, mode="linear"),
            Sample(make(2, 3, 5), scale_factor=2.5, mode="linear", align_corners=True),
            Sample(make(2, 3, 4, 5), scale_factor=2, mode="bilinear"),
            Sample(make(2, 3, 7, 20), (3, 41), mode="bilinear", align_corners=True),
            Sample(make(2, 3, 7, 20), (7, 1), mode="bilinear", align_corners=True),
            Sample(make(2, 2, 5, 6), scale_factor=1.7, mode="bilinear"),
            Sample(make(2, 2, 5, 6), scale_factor=1.7, mode="bilinear", recompute_scale_factor=True),
            Sample(make(1, 2, 3, 4, 5), (5, 4, 8), mode="trilinear"),
            Sample(make(1, 2, 3, 4, 5), scale_factor=0.8, mode="trilinear"),
        ],
        large=lambda make: Sample(make(4, 16, 28, 30), scale_factor=2, mode="bilinear"),
    ),
    resampled(
        "interpolate by cubic convolution",
        lambda make: [
            Sample(make(2, 3, 4, 5), scale_factor=2, mode="bicubic"),
            Sample(make(2, 3, 7, 6), (3, 13), mode="bicubic", align_corners=True),
            Sample(make(1, 2, 2, 1), (3, 4), mode="bicubic"),
            Sample(make(1, 2, 4, 5), (4, 5), mode="bicubic"),
        ],
        large=lambda make: Sample(make(4, 8, 28, 30), (50, 61), mode="bicubic"),
    ),
    resampled(
        "interpolate antialiased",
        lambda make: [
            Sample(make(2, 3, 9, 12), (4, 5), mode="bilinear", antialias=True),
            Sample(make(2, 3, 9, 12), (4, 25), mode="bicubic", antialias=True),
            Sample(make(1, 2, 20, 40), (2, 3), mode="bicubic", antialias=True),
            Sample(make(1, 2, 9, 8), scale_factor=0.45, mode="bilinear", antialias=True),
        ],
        large=lambda make: Sample(make(4, 8, 50, 60), (17, 23), mode="bilinear", antialias=True),
    ),
    resampled(
        "interpolate by means",
        lambda make: [
            Sample(make(2, 3, 7), 3, mode="area"),
            Sample(make(2, 3, 7, 6), (3, 9), mode="area"),
            Sample(make(2, 3, 8, 6), scale_factor=0.5, mode="area"),
            Sample(make(1, 2, 4, 5, 6), (2, 5, 4), mode="area"),
        ],
        torch=False,  # of volumes PyTorch's mean in half types is less exact
    ),
    resampled("interpolate of no images", lambda make: [Sample(make(0, 3, 4, 4), 2, mode="bilinear")]),
    Op(
        "upsample_nearest",
        interpolate,
        lambda make: [Sample(make(2, 3, 4, 5), scale_factor=2)],
        path="nn.functional.upsample_nearest",
        torch=False,  # deprecated there, with a warning
    ),
    Op(
        "upsample_bilinear",
        lambda x, size: interpolate(x, size, mode="bilinear", align_corners=True),
        lambda make: [Sample(make(2, 3, 4, 5), (7, 3))],
        path="nn.functional.upsample_bilinear",
        torch=False,
    ),
    Op(
        "upsample",
        interpolate,
        lambda make: [Sample(make(2, 3, 4, 5), (7, 3), mode="bilinear")],
        path="nn.functional.upsample",
        torch=False,
    ),
    sampled(
        "grid_sample",
        lambda make: [
            Sample(make(2, 3, 4, 5), at(make, 2, 3, 2, 2)),
            *(
                Sample(make(1, 2, 3, 4), at(make, 1, 2, 2, 2), padding_mode=padding, align_corners=corners)
                for padding in ("zeros", "border", "reflection")
                for corners in (True, False)
            ),
            Sample(make(1, 2, 4, 5), at(make, 1, 3, 2, 2, low=-5, high=5), padding_mode="reflection"),
            Sample(make(1, 2, 1, 1), at(make, 1, 2, 2, 2), padding_mode="reflection", align_corners=True),
            Sample(make(2, 2, 2, 3, 4), at(make, 2, 1, 2, 2, 3)),
            Sample(make(1, 2, 3, 2, 4), at(make, 1, 2, 1, 3, 3), padding_mode="reflection", align_corners=True),
        ],
        large=lambda make: Sample(make(2, 8, 20, 20), at(make, 2, 20, 21, 2)),
    ),
    sampled(
        "grid_sample of the nearest",
        lambda make: [
            Sample(make(2, 3, 4, 5), at(make, 2, 3, 2, 2), mode="nearest"),
            Sample(make(2, 3, 4, 5), at(make, 2, 3, 2, 2), mode="nearest", padding_mode="border", align_corners=True),
            Sample(make(1, 2, 3, 4, 5), at(make, 1, 2, 1, 3, 3), mode="nearest", padding_mode="reflection"),
        ],
        torch=False,  # PyTorch rounds coordinates to half types
    ),
    sampled(
        "grid_sample by cubic convolution",
        lambda make: [
            Sample(make(1, 1, 3, 4), at(make, 1, 1, 2, 2), mode="bicubic", padding_mode=padding, align_corners=corners)
            for padding in ("zeros", "border", "reflection")
            for corners in (True, False)
        ],
    ),
    Op(
        "affine_grid",
        affine_grid,
        lambda make: [
            Sample(make(2, 2, 3), (2, 3, 4, 5)),
            Sample(make(2, 2, 3), (2, 3, 4, 5), align_corners=True),
            Sample(make(1, 2, 3), (1, 3, 4, 1)),
            Sample(make(2, 3, 4), (2, 1, 2, 3, 4)),
        ],
        path="nn.functional.affine_grid",
    ),
]


def images(*shape):
    return lambda w: [w.ones(*shape)]


def call(name, *args, **kwargs):
    return lambda w, x: getattr(w.nn.functional, name)(x, *args, **kwargs)


def bad(name, says, shape, *args, error=ValueError, weft_only=False, **kwargs):
    return Bad(
        f"interpolate {name}",
        call("interpolate", *args, **kwargs),
        error,
        ("interpolate", *says) if weft_only else says,
        images(*shape),
        weft_only,
    )


IMAGE = (1, 2, 4, 4)
ERRORS = [
    bad("to no size", ("size", "scale_factor"), IMAGE),
    bad("to two sizes", ("size", "scale_factor"), IMAGE, 2, 2.0),
    bad("with corners of the nearest", ("align_corners",), IMAGE, 2, align_corners=True),
    bad("recomputing what is not given", ("recompute_scale_factor",), IMAGE, 2, recompute_scale_factor=True),
    bad("of a matrix", (), (4, 4), 2, error=NotImplementedError),
    bad("in an unknown mode", ("best",), IMAGE, 2, mode="best", error=NotImplementedError),
    bad("of images in another mode", ("trilinear",), IMAGE, 2, mode="trilinear", error=NotImplementedError),
    bad("antialiased of sequences", (), (1, 2, 4), 2, mode="linear", antialias=True),
    bad("to three numbers", ("(1, 2, 4, 4)", "3"), IMAGE, (2, 2, 2), weft_only=True),
    bad("to nothing", ("(0, 2)",), IMAGE, (0, 2), error=RuntimeError, weft_only=True),
    bad("to less than a pixel", ("0.1", "(1, 2, 4, 4)"), IMAGE, None, 0.1, error=RuntimeError, weft_only=True),
    bad("by a negative factor", ("scale_factor", "-1"), IMAGE, None, -1.0, weft_only=True),
    bad("by no number", ("scale_factor",), IMAGE, None, float("nan"), weft_only=True),
    bad("by a huge factor", ("scale_factor",), IMAGE, None, 1e30, error=RuntimeError, weft_only=True),
    bad("of empty images", ("(1, 2, 0, 4)",), (1, 2, 0, 4), 2, error=RuntimeError, weft_only=True),
    Bad(
        "interpolate integers linearly",
        lambda w: w.nn.functional.interpolate(w.ones(1, 1, 4, dtype=w.int64), 2, mode="linear"),
        RuntimeError,
        ("interpolate", "int64"),
        weft_only=True,
    ),
    *(
        Bad(
            f"grid_sample {name}",
            lambda w, x, grid, kwargs=kwargs: w.nn.functional.grid_sample(x, grid, **kwargs),
            error,
            ("grid_sample", *says),
            lambda w, x=x, grid=grid: [w.ones(*x), w.zeros(*grid)],
            weft_only=True,
        )
        for name, x, grid, kwargs, error, says in [
            ("of a matrix", (4, 4), (1, 2, 2, 2), {}, RuntimeError, ("(4, 4)",)),
            ("at places of volumes", IMAGE, (1, 2, 2, 3), {}, RuntimeError, ("(1, 2, 2, 3)",)),
            ("of another batch", IMAGE, (2, 2, 2, 2), {}, RuntimeError, ("(2, 2, 2, 2)",)),
            ("in an unknown mode", IMAGE, (1, 2, 2, 2), {"mode": "best"}, ValueError, ("best",)),
            ("with unknown padding", IMAGE, (1, 2, 2, 2), {"padding_mode": "ones"}, ValueError, ("ones",)),
            ("of volumes cubically", (1, 1, 2, 2, 2), (1, 1, 1, 1, 3), {"mode": "bicubic"}, RuntimeError, ("bicubic",)),
            ("of empty images", (1, 2, 0, 4), (1, 2, 2, 2), {}, RuntimeError, ("(1, 2, 0, 4)",)),
        ]
    ),
    Bad(
        "grid_sample of two dtypes",
        lambda w: w.nn.functional.grid_sample(w.ones(1, 1, 2, 2), w.zeros(1, 1, 1, 2, dtype=w.float64)),
        RuntimeError,
        ("grid_sample", "float64"),
        weft_only=True,
    ),
    Bad(
        "affine_grid of a vector",
        lambda w, x: w.nn.functional.affine_grid(x, (1, 1, 2, 2)),
        ValueError,
        ("(3,)",),
        images(3),
        weft_only=True,
    ),
    Bad(
        "affine_grid of another batch",
        lambda w, x: w.nn.functional.affine_grid(x, (1, 1, 2, 2)),
        RuntimeError,
        ("affine_grid", "(2, 2, 3)"),
        images(2, 2, 3),
        weft_only=True,
    ),
    Bad(
        "affine_grid of sequences",
        lambda w, x: w.nn.functional.affine_grid(x, (1, 1, 2)),
        NotImplementedError,
        ("affine_grid",),
        images(1, 2, 3),
        weft_only=True,
    ),
]
