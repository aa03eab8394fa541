"""Convolutions: slid, scaled and summed by hand."""

import numpy as np
from support import FULL_FLOATS, INTS

from .row import Bad, Op, Sample

TYPES = FULL_FLOATS + ("bfloat16",)
LOOSE = {"float32": (1e-5, 5e-5), "float64": (1e-10, 1e-10), "bfloat16": (3e-2, 0.3), "float16": (1e-2, 5e-2)}


def per_dim(value, dims):
    return (value,) * dims if isinstance(value, int) else tuple(value)


def conv(dims):
    """Convolution over `dims` spatial dimensions as a sum over the kernel's places."""

    def reference(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        batched = x.ndim == dims + 2
        x = x if batched else x[None]
        stride, dilation = per_dim(stride, dims), per_dim(dilation, dims)
        kernel = weight.shape[2:]
        if padding == "valid":
            padding = 0
        if padding == "same":
            total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
            widths = [(t // 2, t - t // 2) for t in total]
        else:
            widths = [(p, p) for p in per_dim(padding, dims)]
        x = np.pad(x, [(0, 0), (0, 0), *widths])
        sizes = [
            (n - d * (k - 1) - 1) // s + 1 for n, d, k, s in zip(x.shape[2:], dilation, kernel, stride, strict=True)
        ]
        outputs, per_group = weight.shape[0], weight.shape[1]
        result = np.zeros((x.shape[0], outputs, *sizes), x.dtype)
        for place in np.ndindex(*kernel):
            window = [
                slice(p * d, p * d + s * (n - 1) + 1, s)
                for p, d, s, n in zip(place, dilation, stride, sizes, strict=True)
            ]
            patch = x[(slice(None), slice(None), *window)]
            for group in range(groups):
                out = slice(group * outputs // groups, (group + 1) * outputs // groups)
                ins = patch[:, group * per_group : (group + 1) * per_group]
                result[:, out] += np.einsum("nc...,oc->no...", ins, weight[(out, slice(None), *place)])
        if bias is not None:
            result += bias.reshape(-1, *[1] * dims)
        return result if batched else result[0]

    return reference


def conv_transpose2d(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    stride, padding, extra, dilation = (per_dim(v, 2) for v in (stride, padding, output_padding, dilation))
    kernel = weight.shape[2:]
    full = [
        (n - 1) * s + d * (k - 1) + 1 + e
        for n, s, d, k, e in zip(x.shape[2:], stride, dilation, kernel, extra, strict=True)
    ]
    outputs = weight.shape[1] * groups
    result = np.zeros((x.shape[0], outputs, *full))
    for place in np.ndindex(*kernel):
        window = tuple(
            slice(p * d, p * d + s * (n - 1) + 1, s)
            for p, d, s, n in zip(place, dilation, stride, x.shape[2:], strict=True)
        )
        for group in range(groups):
            ins = slice(group * x.shape[1] // groups, (group + 1) * x.shape[1] // groups)
            out = slice(group * weight.shape[1], (group + 1) * weight.shape[1])
            result[(slice(None), out, *window)] += np.einsum(
                "nchw,co->nohw", x[:, ins], weight[(ins, slice(None), *place)]
            )
    result = result[:, :, padding[0] : full[0] - padding[0], padding[1] : full[1] - padding[1]]
    return result if bias is None else result + bias.reshape(-1, 1, 1)


def samples(make):
    x, weight, bias = make(2, 3, 6, 7), make(4, 3, 3, 2), make(4)
    return [
        Sample(x, weight, bias),
        Sample(x, weight),
        Sample(x, weight, bias, stride=2),
        Sample(x, weight, bias, (2, 1), (1, 2)),
        Sample(x, weight, bias, padding=1, dilation=2),
        Sample(x, weight, None, 1, (0, 1), (1, 3)),
        Sample(x, weight, bias, padding="same"),
        Sample(x, make(4, 3, 4, 2), bias, padding="same", dilation=(1, 2)),
        Sample(x, weight, bias, padding="valid"),
        Sample(make(2, 4, 5, 5), make(6, 2, 3, 3), make(6), groups=2),
        Sample(make(1, 3, 5, 5), make(6, 1, 3, 3), make(6), padding=1, groups=3),
        Sample(make(3, 6, 7), weight, bias),
        Sample(make(2, 3, 4, 4), make(5, 3, 1, 1)),
        Sample(make(1, 1, 3, 3), make(1, 1, 3, 3)),
    ]


def convolution(name, reference, samples, **flags):
    flags.setdefault("dtypes", TYPES)
    return Op(name, reference, samples, path=f"nn.functional.{name.split(' ')[0]}", tolerance=LOOSE, **flags)


OPS = [
    convolution("conv2d", conv(2), samples),
    convolution(
        "conv2d large",
        conv(2),
        lambda make: [
            Sample(make(2, 17, 11, 13, low=-1, high=1), make(19, 17, 3, 3, low=-1, high=1), make(19), padding=1)
        ],
        dtypes=FULL_FLOATS,
        large=lambda make: Sample(
            make(4, 16, 28, 28, low=-1, high=1), make(32, 16, 3, 3, low=-1, high=1), make(32), padding=1
        ),
    ),
    convolution(
        "conv2d of one image",
        conv(2),
        lambda make: [
            Sample(make(1, 3, 9, 14), make(13, 3, 5, 5), make(13), padding=2),
            Sample(make(1, 2, 11, 16), make(3, 2, 3, 2), None, (2, 1), (1, 3), (2, 1)),
            Sample(make(1, 1, 4, 31), make(2, 1, 1, 7), make(2), padding=(0, 3)),
        ],
        dtypes=FULL_FLOATS,
    ),
    convolution(
        "conv2d of no images",
        conv(2),
        lambda make: [Sample(make(0, 3, 5, 5), make(4, 3, 3, 3), make(4))],
        dtypes=FULL_FLOATS,
    ),
    convolution(
        "conv1d",
        conv(1),
        lambda make: [
            Sample(make(2, 3, 8), make(4, 3, 3), make(4)),
            Sample(make(2, 4, 8), make(4, 2, 3), make(4), stride=2, padding=1, groups=2),
            Sample(make(3, 8), make(4, 3, 2), dilation=2, padding="same"),
        ],
    ),
    convolution(
        "conv3d",
        conv(3),
        lambda make: [
            Sample(make(2, 2, 4, 5, 4), make(3, 2, 2, 3, 2), make(3)),
            Sample(make(1, 2, 4, 5, 4), make(2, 1, 2, 3, 2), None, (1, 2, 1), 1, 1, 2),
        ],
    ),
    convolution(
        "conv_transpose2d",
        conv_transpose2d,
        lambda make: [
            Sample(make(2, 3, 4, 4), make(3, 2, 3, 3), make(2)),
            Sample(make(2, 3, 4, 4), make(3, 2, 3, 3), None, stride=2, padding=1, output_padding=1),
            Sample(make(2, 4, 3, 3), make(4, 2, 2, 2), make(4), 2, 0, 0, 2, 2),
        ],
        dtypes=FULL_FLOATS,
    ),
    convolution("conv2d of integers", conv(2), samples, dtypes=INTS, grad=False),
    convolution(
        "conv1d of integers",
        conv(1),
        lambda make: [
            Sample(make(2, 4, 8), make(4, 2, 3), make(4), stride=2, padding=1, groups=2),
            Sample(make(3, 8), make(4, 3, 2), dilation=2, padding="same"),
        ],
        dtypes=("int64", "int32"),
        grad=False,
    ),
    convolution(
        "conv3d of integers",
        conv(3),
        lambda make: [Sample(make(1, 2, 4, 5, 4), make(2, 1, 2, 3, 2), make(2), (1, 2, 1), 1, 1, 2)],
        dtypes=("int64", "int32"),
        grad=False,
    ),
    convolution(
        "conv_transpose2d of integers",
        conv_transpose2d,
        lambda make: [
            Sample(make(2, 3, 4, 4), make(3, 2, 3, 3), make(2)),
            Sample(make(2, 3, 4, 4), make(3, 2, 3, 3), None, stride=2, padding=1, output_padding=1),
            Sample(make(2, 3, 4, 5), make(3, 2, 2, 3), None, stride=(3, 1), padding=(2, 1)),
            Sample(make(2, 4, 3, 3), make(4, 2, 2, 2), make(4), 2, 0, 0, 2, 2),
        ],
        dtypes=("int64", "int32"),
        grad=False,
    ),
]


def images(*shapes):
    return lambda w: [w.ones(*shape) for shape in shapes]


def conv2d(**kwargs):
    return lambda w, *tensors: w.nn.functional.conv2d(*tensors, **kwargs)


X, W = (2, 3, 5, 5), (4, 3, 3, 3)
ERRORS = [
    Bad("other channels", conv2d(), RuntimeError, ("conv2d", "(2, 3, 5, 5)", "(4, 2, 3, 3)"), images(X, (4, 2, 3, 3))),
    Bad("input of 2 dims", conv2d(), RuntimeError, ("conv2d", "(5, 5)"), images((5, 5), W)),
    Bad("weight of 3 dims", conv2d(), RuntimeError, ("conv2d", "(4, 3, 3)"), images(X, (4, 3, 3))),
    Bad("bias of another size", conv2d(), RuntimeError, ("conv2d", "bias", "(3,)", "4"), images(X, W, (3,))),
    Bad(
        "kernel larger than the input",
        conv2d(),
        RuntimeError,
        ("conv2d", "(2, 3, 2, 2)", "kernel"),
        images((2, 3, 2, 2), W),
    ),
    Bad("groups that do not divide", conv2d(groups=2), RuntimeError, ("conv2d", "groups", "2"), images(X, W)),
    Bad("no groups", conv2d(groups=0), (RuntimeError, ValueError), ("conv2d", "groups"), images(X, W)),
    Bad("zero stride", conv2d(stride=0), (RuntimeError, ValueError), ("conv2d", "stride"), images(X, W)),
    Bad("negative padding", conv2d(padding=-1), (RuntimeError, ValueError), ("conv2d", "padding"), images(X, W)),
    Bad("zero dilation", conv2d(dilation=0), (RuntimeError, ValueError), ("conv2d", "dilation"), images(X, W)),
    Bad(
        "same padding with a stride",
        conv2d(padding="same", stride=2),
        (RuntimeError, ValueError),
        ("conv2d", "same", "stride"),
        images(X, W),
    ),
    Bad("unknown padding", conv2d(padding="full"), (RuntimeError, ValueError), ("conv2d", "full"), images(X, W)),
    Bad(
        "three strides",
        conv2d(stride=(1, 1, 1)),
        (RuntimeError, TypeError, ValueError),
        ("conv2d", "stride"),
        images(X, W),
    ),
    Bad(
        "other dtypes",
        conv2d(),
        RuntimeError,
        ("conv2d", "float32", "float64"),
        lambda w: [w.ones(*X), w.ones(*W, dtype=w.float64)],
    ),
]
