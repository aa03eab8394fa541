"""Creation of tensors."""

import numpy as np
from support import ALL, FLOATS, NUMERIC

from .row import Bad, Op, Sample


def filled(name, value, *calls):
    """A row for zeros, ones, full...: each call is (arguments, shape)."""
    return [
        Op(
            f"{name}{args}",
            lambda shape=shape: np.full(shape, value),
            lambda make: [Sample()],
            call=lambda w, args=args: getattr(w, name)(*args),
            dtypes=("float32",),
            grad=False,
            layouts=False,
        )
        for args, shape in calls
    ]


def typed(name, reference, *args, dtypes=ALL):
    """A row for a creation with dtype=: the arguments are plain, the dtype is the row's."""
    return [
        Op(
            f"{name} {dtype}",
            lambda reference=reference: reference(*args),
            lambda make: [Sample()],
            call=lambda w, dtype=dtype: getattr(w, name)(*args, dtype=getattr(w, dtype)),
            dtypes=("float32",),
            result=dtype,
            grad=False,
            layouts=False,
        )
        for dtype in dtypes
    ]


def like(name, reference, *args, **kwargs):
    return Op(
        name,
        lambda x: reference(x.shape),
        lambda make: [Sample(make(2, 3)), Sample(make()), Sample(make(0, 3))],
        call=lambda w, x: getattr(w, name)(x, *args, **kwargs),
        dtypes=ALL,
        grad=False,
    )


def made(name, reference, *args, result="same", path="", **kwargs):
    """A row for one creation call without tensors."""
    return Op(
        f"{path or name} {args}{kwargs or ''}",
        lambda: reference,
        lambda make: [Sample()],
        call=lambda w: getattr(w, name)(*args, **kwargs),
        dtypes=("float32",),
        result=result,
        grad=False,
        layouts=False,
    )


def steps(start, end, count):
    return np.linspace(start, end, count)


OPS = [
    *filled("zeros", 0.0, ((2, 3), (2, 3)), (((2, 3),), (2, 3)), (([2, 3],), (2, 3)), ((0,), (0,)), (((),), ())),
    *filled("ones", 1.0, ((2, 3), (2, 3)), (((4,),), (4,)), ((2, 0, 3), (2, 0, 3))),
    *typed("zeros", lambda shape: np.zeros(shape), (2, 3)),
    *typed("ones", lambda shape: np.ones(shape), (2, 3)),
    *typed("full", lambda shape, value: np.full(shape, value), (2, 3), 1),
    *typed("eye", lambda n: np.eye(n), 3),
    *typed("arange", lambda n: np.arange(n), 5, dtypes=NUMERIC),
    made("full", np.full((2, 2), 7), (2, 2), 7, result="int64"),
    made("full", np.full((2, 2), 7.5), (2, 2), 7.5),
    made("full", np.full((2,), True), (2,), True, result="bool"),
    made("eye", np.eye(3), 3),
    made("eye", np.eye(3, 2), 3, 2),
    made("eye", np.eye(2, 3), 2, m=3),
    made("arange", np.arange(5), 5, result="int64"),
    made("arange", np.arange(2, 5), 2, 5, result="int64"),
    made("arange", np.arange(10, 0, -3), 10, 0, -3, result="int64"),
    made("arange", np.arange(5.0), 5.0),
    made("arange", np.arange(0, 1, 0.3), 0, 1, 0.3),
    made("arange", np.arange(1, 1), 1, 1, result="int64"),
    made("arange", np.arange(2, 6, 2), start=2, end=6, step=2, result="int64"),
    made("linspace", steps(0, 1, 5), 0, 1, 5),
    made("linspace", steps(-2, 2, 1)[:1], -2, 2, 1),
    made("linspace", steps(3, 3, 0), 3, 3, 0),
    made("linspace", steps(5, -5, 11), 5, -5, steps=11),
    made("logspace", np.logspace(0, 2, 5), 0, 2, 5),
    made("tril_indices", np.array(np.tril_indices(3, 0, 4)), 3, 4, result="int64"),
    made("triu_indices", np.array(np.triu_indices(3, 1, 3)), 3, 3, 1, result="int64"),
    made("tensor", np.array(3), 3, result="int64"),
    made("tensor", np.array(3.5), 3.5),
    made("tensor", np.array(True), True, result="bool"),
    made("tensor", np.array([]), []),
    made("tensor", np.zeros((2, 0)), [[], []]),
    made("tensor", np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]], result="int64"),
    made("tensor", np.array([[1, 2.5], [3, 4]]), ((1, 2.5), (3, 4))),
    made("tensor", np.array([True, False]), [True, False], result="bool"),
    made("tensor", np.array([1, 0, 2]), [True, False, 2], result="int64"),
    made("tensor", np.array([1.0, 2.0]), np.array([1.0, 2.0]), result="float64"),
    made("tensor", np.array([1, 2]), np.array([1, 2], "int16"), result="int16"),
    made("tensor", np.array([np.nan, np.inf, -np.inf]), [float("nan"), float("inf"), float("-inf")]),
    made("tensor", np.array(2**40), 2**40, result="int64"),
    made("as_tensor", np.array([1.0, 2.0]), [1.0, 2.0]),
    made("scalar_tensor", np.array(2.0), 2.0),
    like("zeros_like", np.zeros),
    like("ones_like", np.ones),
    like("full_like", lambda shape: np.full(shape, 1), 1),
    Op(
        "zeros_like of another dtype",
        lambda x: np.zeros(x.shape),
        lambda make: [Sample(make(2, 3))],
        call=lambda w, x: w.zeros_like(x, dtype=w.int32),
        dtypes=("float32",),
        result="int32",
        grad=False,
    ),
    Op(
        "new_zeros",
        lambda x: np.zeros((3, 2)),
        lambda make: [Sample(make(2))],
        call=lambda w, x: x.new_zeros(3, 2),
        dtypes=ALL,
        grad=False,
    ),
    Op(
        "new_ones",
        lambda x: np.ones((3, 2)),
        lambda make: [Sample(make(2))],
        call=lambda w, x: x.new_ones((3, 2)),
        dtypes=ALL,
        grad=False,
    ),
    Op(
        "new_full",
        lambda x: np.full((3, 2), 1),
        lambda make: [Sample(make(2))],
        call=lambda w, x: x.new_full((3, 2), 1),
        dtypes=ALL,
        grad=False,
    ),
    Op(
        "new_tensor",
        lambda x: np.array([1, 2]),
        lambda make: [Sample(make(2))],
        call=lambda w, x: x.new_tensor([1, 2], dtype=x.dtype),
        dtypes=NUMERIC,
        grad=False,
    ),
    Op(
        "fill_",
        lambda x: np.full(x.shape, 1),
        lambda make: [Sample(make(2, 3))],
        call=lambda w, x: x.clone().fill_(1),
        dtypes=ALL,
        grad=False,
    ),
    Op(
        "zero_",
        lambda x: np.zeros(x.shape),
        lambda make: [Sample(make(2, 3))],
        call=lambda w, x: x.clone().zero_(),
        dtypes=ALL,
        grad=False,
    ),
    Op(
        "copy_ converts",
        lambda x: x,
        lambda make: [Sample(make(2, 3, low=0))],
        call=lambda w, x: w.zeros(2, 3, dtype=w.float64, device=x.device).copy_(x),
        dtypes=ALL,
        result="float64",
    ),
    Op(
        "vander",
        lambda x: np.vander(x),
        lambda make: [Sample(make(3))],
        call=lambda w, x: w.vander(x),
        dtypes=FLOATS,
        grad=False,
        tolerance={"bfloat16": (3e-2, 0.1), "float16": (5e-3, 2e-2)},
    ),
]

ERRORS = [
    Bad("ragged list", lambda w: w.tensor([[1, 2], [3]]), ValueError, ("tensor", "2", "1")),
    Bad("list that mixes depths", lambda w: w.tensor([[1, 2], 3]), (ValueError, TypeError), ("tensor",)),
    Bad("tensor of a string", lambda w: w.tensor("one"), (TypeError, ValueError), ("str",)),
    Bad("tensor of None", lambda w: w.tensor(None), (TypeError, RuntimeError), ("None",)),
    Bad("tensor of an object", lambda w: w.tensor([object()]), (TypeError, RuntimeError), ("object",)),
    Bad("int beyond int64", lambda w: w.tensor(2**70), (RuntimeError, OverflowError, ValueError), ("int64",)),
    Bad(
        "int beyond int8",
        lambda w: w.tensor(1000, dtype=w.int8),
        (RuntimeError, OverflowError, ValueError),
        ("1000", "int8"),
    ),
    Bad("NumPy strings", lambda w: w.from_numpy(np.array(["a"])), TypeError, ("from_numpy",)),
    Bad("NumPy objects", lambda w: w.from_numpy(np.array([object()])), TypeError, ("from_numpy", "object")),
    Bad("from_numpy of a list", lambda w: w.from_numpy([1.0]), TypeError, ("from_numpy", "list")),
    Bad("negative strides", lambda w: w.from_numpy(np.arange(4)[::-1]), ValueError, ("from_numpy", "stride", "copy")),
    Bad("negative size", lambda w: w.zeros(2, -3), RuntimeError, ("zeros", "-3")),
    Bad("float size", lambda w: w.zeros(2.5), TypeError, ("zeros", "float")),
    Bad("string size", lambda w: w.ones("three"), TypeError, ("ones", "str")),
    Bad("size beyond 64 bits", lambda w: w.zeros(2**40, 2**40), (RuntimeError, ValueError), ("zeros", str(2**40))),
    Bad("bytes beyond 64 bits", lambda w: w.zeros(2**62), (RuntimeError, MemoryError), (str(2**62),)),
    Bad("unknown device", lambda w: w.zeros(2, device="toaster"), RuntimeError, ("toaster", "cpu")),
    Bad("unknown dtype", lambda w: w.zeros(2, dtype="float99"), TypeError, ("dtype",)),
    Bad("arange without step", lambda w: w.arange(0, 5, 0), RuntimeError, ("arange", "step")),
    Bad("arange the wrong way", lambda w: w.arange(0, 5, -1), RuntimeError, ("arange", "step", "-1")),
    Bad("arange to infinity", lambda w: w.arange(0, float("inf")), RuntimeError, ("arange", "inf")),
    Bad("arange to NaN", lambda w: w.arange(0, float("nan")), RuntimeError, ("arange", "nan")),
    Bad("linspace of fewer than none", lambda w: w.linspace(0, 1, -1), RuntimeError, ("linspace", "-1")),
    Bad("eye of a negative size", lambda w: w.eye(-1), RuntimeError, ("eye", "-1")),
    Bad(
        "requires_grad of integers",
        lambda w: w.zeros(2, dtype=w.int64, requires_grad=True),
        RuntimeError,
        ("int64", "float"),
    ),
    Bad("full of nothing", lambda w: w.full((2, 2)), TypeError, ("fill_value",)),
]
