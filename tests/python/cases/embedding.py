"""Embedding and one-hot."""

import numpy as np
from support import FLOATS, IS_WEFT

from .row import Bad, Op, Sample


def embedding(index, weight, padding_idx=None):
    return weight[index]


def one_hot(index, num_classes=-1):
    return np.eye(num_classes if num_classes >= 0 else index.max() + 1, dtype="int64")[index]


def embedding_bag(
    index, weight, offsets=None, mode="mean", per_sample_weights=None, include_last_offset=False, padding_idx=None
):
    if index.ndim == 2:
        bags = [(b * index.shape[1], (b + 1) * index.shape[1]) for b in range(index.shape[0])]
    else:
        ends = list(offsets) if include_last_offset else [*offsets, index.size]
        bags = list(zip(ends, ends[1:]))
    rows, out = weight[index.reshape(-1)], np.zeros((len(bags), weight.shape[1]))
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    kept = index.reshape(-1) != (padding_idx if padding_idx is None else padding_idx % weight.shape[0])
    for b, (begin, end) in enumerate(bags):
        items = rows[begin:end][kept[begin:end]]
        if len(items):
            out[b] = {"sum": np.sum, "mean": np.mean, "max": np.max}[mode](items, axis=0)
    return out


def bag_samples(make):
    index, offsets = np.array([0, 3, 2, 2, 4, 1]), np.array([0, 2, 2, 5])
    return [
        *[Sample(make.index(3, 4, size=5), make(5, 3), mode=mode) for mode in ("sum", "mean", "max")],
        *[Sample(index, make(5, 3), offsets, mode=mode) for mode in ("sum", "mean", "max")],
        *[Sample(index, make(5, 3), offsets, mode=mode, padding_idx=-3) for mode in ("sum", "mean", "max")],
        Sample(index, make(5, 3), np.array([0, 2, 6]), include_last_offset=True),
        Sample(index, make(5, 3), offsets, mode="sum", per_sample_weights=make(6)),
        Sample(make.index(2, 3, size=5), make(5, 4), mode="sum", per_sample_weights=make(2, 3), padding_idx=1),
    ]


OPS = [
    Op(
        "embedding_bag",
        embedding_bag,
        bag_samples,
        path="nn.functional.embedding_bag",
        dtypes=FLOATS,
        tolerance={"float32": (1e-5, 1e-5), "float16": (1e-2, 1e-2), "bfloat16": (6e-2, 6e-2)},
        large=lambda make: Sample(make.index(70, 30, size=101), make(101, 1100)),
        torch=IS_WEFT,
    ),
    Op(
        "embedding",
        embedding,
        lambda make: [
            Sample(make.index(4, size=5), make(5, 3)),
            Sample(make.index(2, 3, size=5), make(5, 3)),
            Sample(np.array(2), make(5, 3)),
        ],
        path="nn.functional.embedding",
        dtypes=FLOATS,
        large=lambda make: Sample(make.index(300, 7, size=101), make(101, 33)),
    ),
    Op(
        "embedding of int32 indices",
        embedding,
        lambda make: [Sample(np.array([[1, 0], [4, 4]], "int32"), make(5, 3))],
        path="nn.functional.embedding",
        dtypes=("float32", "float64"),
    ),
    Op(
        "embedding of nothing",
        embedding,
        lambda make: [Sample(np.zeros((0, 2), "int64"), make(5, 3))],
        path="nn.functional.embedding",
        dtypes=("float32", "float64"),
        gradgrad=IS_WEFT,
    ),
    Op(
        "one_hot",
        one_hot,
        lambda make: [
            Sample(make.index(4, size=5), 5),
            Sample(make.index(2, 3, size=5), num_classes=7),
            Sample(np.array([0, 3, 1])),
            Sample(np.array(2), 4),
        ],
        path="nn.functional.one_hot",
        dtypes=("int64",),
        result="int64",
        grad=False,
    ),
]


def table(*index):
    return lambda w: [w.tensor(index), w.ones(5, 3)]


def embed(w, index, weight):
    return w.nn.functional.embedding(index, weight)


def bag(**options):
    return lambda w, *tensors: w.nn.functional.embedding_bag(*tensors, **options)


def items(*offsets):
    return lambda w: [w.tensor([0, 1, 2]), w.ones(5, 3), w.tensor(offsets)]


ERRORS = [
    Bad("embedding_bag past the end", bag(), RuntimeError, ("embedding_bag", "5", "(5, 3)"), table((0, 5))),
    Bad("embedding_bag without offsets", bag(), ValueError, ("embedding_bag", "offsets"), table(0, 1)),
    Bad("embedding_bag not from 0 on", bag(), RuntimeError, ("embedding_bag", "offsets", "1"), items(1, 2)),
    Bad("embedding_bag with falling offsets", bag(), RuntimeError, ("embedding_bag", "decrease"), items(0, 2, 1)),
    Bad("embedding_bag behind the items", bag(), RuntimeError, ("embedding_bag", "4", "3"), items(0, 4)),
    Bad("embedding_bag of a mode", bag(mode="most"), ValueError, ("embedding_bag", "most"), items(0, 1)),
    Bad("embedding_bag of sparse gradients", bag(sparse=True), NotImplementedError, ("sparse",), items(0, 1)),
    Bad(
        "embedding_bag of weighted means",
        lambda w, *t: w.nn.functional.embedding_bag(*t, per_sample_weights=w.ones(3)),
        NotImplementedError,
        ("per_sample_weights", "sum", "mean"),
        items(0, 1),
    ),
    Bad(
        "embedding_bag of weights of another shape",
        lambda w, *t: w.nn.functional.embedding_bag(*t, mode="sum", per_sample_weights=w.ones(2)),
        ValueError,
        ("per_sample_weights", "(3,)", "(2,)"),
        items(0, 1),
    ),
    Bad(
        "embedding_bag of sums scaled by frequency that are maxima",
        bag(mode="max", scale_grad_by_freq=True),
        RuntimeError,
        ("scale_grad_by_freq", "max"),
        items(0, 1),
    ),
    Bad("embedding past the end", embed, IndexError, ("embedding", "5", "(5, 3)"), table(0, 5)),
    Bad("embedding before the start", embed, IndexError, ("embedding", "-1"), table(0, -1)),
    Bad("embedding of floats", embed, RuntimeError, ("embedding", "float32", "int64"), table(0.0, 1.0)),
    Bad(
        "embedding from a vector",
        lambda w, index: w.nn.functional.embedding(index, w.ones(5)),
        RuntimeError,
        ("embedding", "(5,)"),
        lambda w: [w.tensor([1])],
    ),
    Bad(
        "embedding padding_idx past the end",
        lambda w, i, t: w.nn.functional.embedding(i, t, padding_idx=9),
        (AssertionError, ValueError, RuntimeError, IndexError),
        ("padding_idx", "9"),
        table(0, 1),
    ),
    Bad(
        "one_hot of a class too many",
        lambda w, i: w.nn.functional.one_hot(i, 2),
        (RuntimeError, IndexError),
        ("one_hot", "2"),
        lambda w: [w.tensor([0, 2])],
    ),
    Bad(
        "one_hot of a negative class",
        lambda w, i: w.nn.functional.one_hot(i, 2),
        (RuntimeError, IndexError),
        ("one_hot", "-1"),
        lambda w: [w.tensor([0, -1])],
    ),
    Bad(
        "one_hot of floats",
        lambda w, i: w.nn.functional.one_hot(i, 2),
        RuntimeError,
        ("one_hot", "int64", "float32"),
        lambda w: [w.ones(2)],
    ),
    Bad(
        "one_hot of nothing",
        lambda w, i: w.nn.functional.one_hot(i),
        RuntimeError,
        ("one_hot", "num_classes"),
        lambda w: [w.zeros(0, dtype=w.int64)],
    ),
]
