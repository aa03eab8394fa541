"""Embedding and one-hot."""

import numpy as np
from support import FLOATS, IS_WEFT

from .row import Bad, Op, Sample


def embedding(index, weight, padding_idx=None):
    return weight[index]


def one_hot(index, num_classes=-1):
    return np.eye(num_classes if num_classes >= 0 else index.max() + 1, dtype="int64")[index]


OPS = [
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


ERRORS = [
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
