"""Indexing with brackets, get and set, and the gather and scatter families."""

import numpy as np

from .row import Bad, Op, Sample

TYPES = ("float32", "float64", "bfloat16", "int64", "int8", "bool")


def place(index, arrays):
    """The index with each "tensor" mark replaced by the next array or tensor."""
    left = iter(arrays)
    if index == "tensor":
        return next(left)
    if isinstance(index, tuple):
        return tuple(next(left) if isinstance(part, str) else part for part in index)
    return index


def get(name, index, shape=(4, 5, 6), arrays=lambda make: [], **flags):
    """A row for x[index]; "tensor" in the index stands for one of the arrays."""
    return Op(
        f"get {name}",
        lambda x, *tensors: x[place(index, tensors)],
        lambda make: [Sample(make(*shape), *arrays(make))],
        call=lambda w, x, *tensors: x[place(index, tensors)],
        dtypes=flags.pop("dtypes", TYPES),
        **flags,
    )


def put(name, index, value_shape, shape=(4, 5, 6), arrays=lambda make: [], **flags):
    """A row for x[index] = value, on a copy of x."""

    def reference(x, value, *tensors):
        x[place(index, tensors)] = value
        return x

    def call(w, x, value, *tensors):
        x = x.clone()
        x[place(index, tensors)] = value
        return x

    def samples(make):
        value = make(*value_shape) if value_shape is not None else make(1)[0].item()
        return [Sample(make(*shape), value, *arrays(make))]

    return Op(f"set {name}", reference, samples, call=call, dtypes=flags.pop("dtypes", TYPES), **flags)


def distinct_index(make, count, size):
    return make.rng.permutation(size)[:count].astype("int64")


INDICES = [
    ("int", 2, (5, 6), None),
    ("negative int", -1, (5, 6), None),
    ("ints", (1, 2, 3), (), None),
    ("slice", slice(1, 3), (2, 5, 6), None),
    ("step slice", slice(None, None, 2), (2, 5, 6), None),
    ("far slice", slice(-10, 10), (4, 5, 6), None),
    ("empty slice", slice(3, 1), (0, 5, 6), None),
    ("slices and ints", (slice(1, None), 2, slice(None, -1, 2)), (3, 3), None),
    ("None", (None, slice(None), None, 1), (1, 4, 1, 6), None),
    ("Ellipsis", (..., 2), (4, 5), None),
    ("Ellipsis in the middle", (1, ..., slice(0, 2)), (5, 2), None),
    ("everything", ..., (4, 5, 6), None),
    ("empty tuple", (), (4, 5, 6), None),
    ("indices", "tensor", (3, 5, 6), lambda make: [distinct_index(make, 3, 4)]),
    ("negative indices", "tensor", (2, 5, 6), lambda make: [np.array([-1, 0])]),
    ("matrix of indices", "tensor", (2, 2, 5, 6), lambda make: [np.array([[0, 1], [3, 2]])]),
    (
        "indices per dimension",
        ("tensor", "tensor", "tensor"),
        (3,),
        lambda make: [distinct_index(make, 3, n) for n in (4, 5, 6)],
    ),
    (
        "indices that broadcast",
        ("tensor", "tensor"),
        (2, 3, 6),
        lambda make: [np.array([[0], [2]]), np.array([1, 4, 2])],
    ),
    ("indices after a slice", (slice(None), "tensor"), (4, 3, 6), lambda make: [distinct_index(make, 3, 5)]),
    (
        "indices around a slice",
        ("tensor", slice(1, 4), "tensor"),
        (2, 3),
        lambda make: [np.array([0, 3]), np.array([5, 1])],
    ),
    (
        "indices beside None",
        ("tensor", None, slice(None), "tensor"),
        (2, 1, 5),
        lambda make: [np.array([0, 3]), np.array([5, 1])],
    ),
    ("indices after Ellipsis", (..., "tensor"), (4, 5, 2), lambda make: [np.array([4, 0])]),
    ("no indices", "tensor", (0, 5, 6), lambda make: [np.array([], "int64")]),
    ("mask", "tensor", None, lambda make: [make.mask(4, 5, 6)]),
    ("mask of rows", "tensor", (2, 5, 6), lambda make: [np.array([True, False, False, True])]),
    ("mask of the first two", "tensor", (3, 6), lambda make: [np.eye(4, 5, dtype=bool) & (np.arange(5) < 3)]),
    (
        "mask after a slice",
        (slice(None), "tensor"),
        (4, 2, 6),
        lambda make: [np.array([True, False, False, True, False])],
    ),
    (
        "mask beside indices",
        ("tensor", "tensor"),
        (2, 6),
        lambda make: [np.array([True, False, False, True]), np.array([4, 0])],
    ),
    ("mask of nothing", "tensor", (0, 5, 6), lambda make: [np.zeros(4, bool)]),
    ("list", [2, 0], (2, 5, 6), None),
    ("list in a tuple", (slice(None), [1, 1, 0]), None, None),
    ("bool", True, (1, 4, 5, 6), None),
    ("zero-dim tensor", ("tensor", slice(None)), (5, 6), lambda make: [np.array(2)]),
]

NO_ARRAYS = lambda make: []  # noqa: E731

GETS = [get(name, index, arrays=arrays or NO_ARRAYS) for name, index, _, arrays in INDICES]
PUTS = [
    put(name, index, shape, arrays=arrays or NO_ARRAYS) for name, index, shape, arrays in INDICES if shape is not None
]
PUTS += [
    put(f"{name} to a number", index, None, arrays=arrays or NO_ARRAYS, grad=True)
    for name, index, _, arrays in INDICES
    if name in ("int", "slices and ints", "indices", "mask", "mask of rows", "everything", "list in a tuple")
]
PUTS += [
    put("slice broadcast", (slice(1, 3), slice(None), 2), (5,)),
    put("indices broadcast", "tensor", (1, 6), arrays=lambda make: [np.array([3, 0])]),
    put("mask broadcast", "tensor", (6,), arrays=lambda make: [np.eye(4, 5, dtype=bool)]),
]


OPS = [
    *GETS,
    *PUTS,
    get("large", "tensor", shape=(500, 64), arrays=lambda make: [make.index(300, size=500)], dtypes=("float32",)),
    # The int takes its dimension away first, so that the new dimension stays in its place; NumPy moves it to the front
    Op(
        "get indices after an int and a slice",
        lambda x, index: x[1][:, index],
        lambda make: [Sample(make(4, 5, 6), np.array([0, 3]))],
        call=lambda w, x, index: x[1, :, index],
        dtypes=TYPES,
    ),
    Op(
        "repeated indices add up in the gradient",
        lambda x, index: x[index],
        lambda make: [Sample(make(3), np.array([0, 1, 1, 0, 0]))],
        call=lambda w, x, index: x[index],
    ),
]


def some(w):
    return [w.arange(6.0).reshape(2, 3)]


def indexed(*values):
    return lambda w: [w.arange(6.0).reshape(2, 3), w.tensor(values)]


def assigning(index, value):
    def call(w, x, *tensors):
        x[place(index, tensors)] = value(w)

    return call


ERRORS = [
    Bad("int past the end", lambda w, x: x[2], IndexError, ("2", "(2, 3)"), some),
    Bad("int before the start", lambda w, x: x[-3], IndexError, ("-3", "(2, 3)"), some),
    Bad("too many ints", lambda w, x: x[0, 0, 0], IndexError, ("3", "(2, 3)"), some),
    Bad("index of a scalar", lambda w, x: x[0], IndexError, ("0-dim",), lambda w: [w.tensor(1.0)]),
    Bad("negative step", lambda w, x: x[::-1], ValueError, ("step",), some),
    Bad("float index", lambda w, x: x[1.0], (IndexError, TypeError), ("float",), some),
    Bad("string index", lambda w, x: x["a"], (IndexError, TypeError), ("str",), some),
    Bad("float tensor index", lambda w, x, i: x[i], IndexError, ("float32", "int64"), indexed(0.0, 1.0)),
    Bad("index past the end", lambda w, x, i: x[i], IndexError, ("2", "(2, 3)"), indexed(0, 2)),
    Bad("index before the start", lambda w, x, i: x[:, i], IndexError, ("-4", "(2, 3)"), indexed(0, -4)),
    Bad(
        "indices that do not broadcast",
        lambda w, x, i: x[i, w.tensor([0, 1, 1])],
        IndexError,
        ("(2,)", "(3,)"),
        indexed(0, 1),
    ),
    Bad("mask of another shape", lambda w, x, m: x[m], IndexError, ("(3,)", "(2, 3)"), indexed(True, False, True)),
    Bad("set past the end", assigning(5, lambda w: 1.0), IndexError, ("5", "(2, 3)"), some),
    Bad("set indices past the end", assigning("tensor", lambda w: 1.0), IndexError, ("7", "(2, 3)"), indexed(0, 7)),
    Bad("set of another shape", assigning(slice(None), lambda w: w.ones(4)), RuntimeError, ("(4,)", "(2, 3)"), some),
    Bad(
        "set indices of another shape",
        assigning("tensor", lambda w: w.ones(3, 3)),
        (RuntimeError, IndexError),
        ("(3, 3)",),
        indexed(0, 1),
    ),
    Bad(
        "set mask of another count",
        assigning("tensor", lambda w: w.ones(3)),
        (RuntimeError, IndexError),
        ("3",),
        lambda w: [w.arange(4.0), w.tensor([True, False, True, False])],
    ),
]
