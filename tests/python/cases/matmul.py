"""Matrix products."""

import numpy as np
from support import FLOATS, FULL_FLOATS

from .row import Bad, Op, Sample

TYPES = FLOATS + ("int64", "int32")
# Sums of some products of numbers up to 3
LOOSE = {"float64": (1e-10, 1e-10), "float32": (1e-5, 2e-5), "float16": (4e-3, 2e-2), "bfloat16": (2e-2, 0.15)}
BIG = {**LOOSE, "float32": (1e-4, 1e-3)}


def product(name, reference, *shapes, dtypes=TYPES, **flags):
    """A row for a product of the tensors of each tuple of shapes."""
    flags.setdefault("method", name)
    flags.setdefault("out", True)
    return Op(
        name,
        reference,
        lambda make: [Sample(*[make(*shape) for shape in sample]) for sample in shapes],
        dtypes=dtypes,
        tolerance=flags.pop("tolerance", LOOSE),
        **flags,
    )


def addmm(x, a, b, beta=1, alpha=1):
    # beta=0 leaves x out altogether, NaN and all
    return alpha * (a @ b) + (0 if beta == 0 else beta * x)


def linear(x, weight, bias=None):
    return x @ weight.T + (0 if bias is None else bias)


def einsum(equation, *shapes, dtypes=FULL_FLOATS, **flags):
    return Op(
        f"einsum {equation}",
        lambda *arrays: np.einsum(equation, *arrays),
        lambda make: [Sample(*[make(*shape) for shape in shapes])],
        call=lambda w, *tensors: w.einsum(equation, *tensors),
        dtypes=dtypes,
        tolerance=LOOSE,
        **flags,
    )


OPS = [
    product(
        "matmul",
        np.matmul,
        ((3, 4), (4, 5)),
        ((4,), (4,)),
        ((3, 4), (4,)),
        ((4,), (4, 5)),
        ((2, 3, 4), (2, 4, 5)),
        ((2, 3, 4), (4, 5)),
        ((3, 4), (2, 4, 5)),
        ((2, 1, 3, 4), (5, 4, 2)),
        ((2, 3, 4), (4,)),
        ((4,), (2, 4, 3)),
        ((1, 1), (1, 1)),
    ),
    product("mm", np.matmul, ((3, 4), (4, 5)), ((1, 4), (4, 1)), ((7, 1), (1, 9))),
    product("bmm", np.matmul, ((2, 3, 4), (2, 4, 5)), ((1, 3, 4), (1, 4, 1))),
    product("mv", np.matmul, ((3, 4), (4,))),
    product("dot", np.dot, ((5,), (5,)), ((1,), (1,))),
    product("inner", np.inner, ((5,), (5,)), ((2, 5), (3, 5)), out=False),
    product("outer", np.outer, ((3,), (4,)), ((1,), (2,))),
    product("vdot", np.vdot, ((5,), (5,)), out=False),
    Op(
        "products with an empty sum are zero",
        np.matmul,
        lambda make: [Sample(make(*a), make(*b)) for a, b in EMPTY],
        path="matmul",
        dtypes=FULL_FLOATS,
        method="matmul",
        out=True,
    ),
    Op(
        "matmul large",
        np.matmul,
        lambda make: [
            Sample(make(65, 130), make(130, 67)),
            Sample(make(3, 33, 40), make(3, 40, 34)),
            Sample(make(200), make(200)),
        ],
        path="matmul",
        dtypes=FLOATS,
        tolerance={**BIG, "float16": (1e-2, 0.2), "bfloat16": (5e-2, 1.0)},
        grad=False,
        large=lambda make: Sample(make(257, 300), make(300, 259)),
    ),
    product("addmm", addmm, ((3, 5), (3, 4), (4, 5)), ((5,), (3, 4), (4, 5)), ((3, 1), (3, 4), (4, 5)), dtypes=FLOATS),
    Op(
        "addmm scaled",
        addmm,
        lambda make: [
            Sample(make(3, 5), make(3, 4), make(4, 5), beta=0.5, alpha=2),
            Sample(np.full((3, 5), np.nan), make(3, 4), make(4, 5), beta=0),
        ],
        path="addmm",
        dtypes=FULL_FLOATS,
        method="addmm",
        tolerance=LOOSE,
        grad=False,
    ),
    product("addmv", addmm, ((3,), (3, 4), (4,)), dtypes=FULL_FLOATS),
    product("addbmm", lambda x, a, b: x + (a @ b).sum(0), ((3, 5), (2, 3, 4), (2, 4, 5)), dtypes=FULL_FLOATS),
    product("baddbmm", addmm, ((2, 3, 5), (2, 3, 4), (2, 4, 5)), ((3, 5), (2, 3, 4), (2, 4, 5)), dtypes=FLOATS),
    Op(
        "baddbmm scaled",
        addmm,
        lambda make: [Sample(make(2, 3, 5), make(2, 3, 4), make(2, 4, 5), beta=0.5, alpha=2)],
        path="baddbmm",
        dtypes=FULL_FLOATS,
        method="baddbmm",
        tolerance=LOOSE,
    ),
    Op(
        "linear",
        linear,
        lambda make: [
            Sample(make(3, 4), make(5, 4), make(5)),
            Sample(make(3, 4), make(5, 4)),
            Sample(make(2, 3, 4), make(5, 4), bias=make(5)),
            Sample(make(4), make(5, 4), make(5)),
            Sample(make(0, 4), make(5, 4), make(5)),
        ],
        path="nn.functional.linear",
        dtypes=FLOATS,
        tolerance=LOOSE,
        large=lambda make: Sample(make(129, 70, low=-1, high=1), make(131, 70, low=-1, high=1), make(131)),
    ),
    Op(
        "bilinear",
        lambda a, b, weight, bias: np.einsum("ni,oij,nj->no", a, weight, b) + bias,
        lambda make: [Sample(make(3, 4), make(3, 5), make(2, 4, 5), make(2))],
        path="nn.functional.bilinear",
        dtypes=FULL_FLOATS,
        tolerance=LOOSE,
    ),
    Op(
        "tensordot",
        lambda a, b, dims: np.tensordot(a, b, dims),
        lambda make: [Sample(make(2, 3, 4), make(3, 4, 5), 2), Sample(make(2, 3, 4), make(4, 5, 3), ([1, 2], [2, 0]))],
        dtypes=FULL_FLOATS,
        tolerance=LOOSE,
    ),
    Op("kron", np.kron, lambda make: [Sample(make(2, 3), make(3, 2))], dtypes=FULL_FLOATS, tolerance=LOOSE),
    einsum("ij,jk->ik", (3, 4), (4, 5)),
    einsum("ij,kj", (3, 4), (5, 4)),
    einsum("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    einsum("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
    einsum("ii->i", (4, 4)),
    einsum("ii", (4, 4)),
    einsum("ij->ji", (3, 4)),
    einsum("ij->", (3, 4)),
    einsum("i,j->ij", (3,), (4,)),
    einsum("ij,ij->ij", (3, 4), (3, 4)),
    einsum("...ij,...jk->...ik", (2, 3, 4), (2, 4, 5)),
    einsum("i...,i...->...", (3, 2), (3, 2)),
    einsum("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    einsum("ij , jk -> ik", (3, 4), (4, 5)),
    einsum("ijk,ilk->jl", (2, 3, 4), (2, 5, 4)),
]

EMPTY = [
    ((3, 0), (0, 4)),
    ((0,), (0,)),
    ((0, 3), (3, 4)),
    ((2, 3, 0), (2, 0, 4)),
    ((0, 3, 4), (0, 4, 2)),
    ((3, 0), (0,)),
]


def ones(*shapes):
    return lambda w: [w.ones(shape) for shape in shapes]


ERRORS = [
    Bad(
        "matmul of other inner sizes",
        lambda w, a, b: a @ b,
        RuntimeError,
        ("matmul", "(2, 3)", "(4, 5)"),
        ones((2, 3), (4, 5)),
    ),
    Bad(
        "matmul of vectors of other sizes",
        lambda w, a, b: a @ b,
        RuntimeError,
        ("matmul", "(3,)", "(4,)"),
        ones((3,), (4,)),
    ),
    Bad(
        "matmul of other batches",
        lambda w, a, b: a @ b,
        RuntimeError,
        ("matmul", "(2, 3, 4)", "(3, 4, 5)"),
        ones((2, 3, 4), (3, 4, 5)),
    ),
    Bad("matmul of a number", lambda w, a: a @ 2, TypeError, (), ones((2, 3))),
    Bad("matmul of a 0-dim tensor", lambda w, a, b: w.matmul(a, b), RuntimeError, ("matmul", "0"), ones((2, 3), ())),
    Bad(
        "matmul of other dtypes",
        lambda w, a, b: a @ b,
        RuntimeError,
        ("matmul", "float32", "float64"),
        lambda w: [w.ones(2, 2), w.ones(2, 2, dtype=w.float64)],
    ),
    Bad("mm of a vector", lambda w, a, b: w.mm(a, b), RuntimeError, ("mm", "(3,)"), ones((2, 3), (3,))),
    Bad(
        "mm of other inner sizes",
        lambda w, a, b: w.mm(a, b),
        RuntimeError,
        ("mm", "(2, 3)", "(4, 5)"),
        ones((2, 3), (4, 5)),
    ),
    Bad("bmm of matrices", lambda w, a, b: w.bmm(a, b), RuntimeError, ("bmm", "(2, 3)"), ones((2, 3), (3, 4))),
    Bad(
        "bmm of other batches",
        lambda w, a, b: w.bmm(a, b),
        RuntimeError,
        ("bmm", "(2, 3, 4)", "(1, 4, 5)"),
        ones((2, 3, 4), (1, 4, 5)),
    ),
    Bad("mv of other sizes", lambda w, a, b: w.mv(a, b), RuntimeError, ("mv", "(2, 3)", "(4,)"), ones((2, 3), (4,))),
    Bad("dot of matrices", lambda w, a, b: w.dot(a, b), RuntimeError, ("dot", "(2, 2)"), ones((2, 2), (2, 2))),
    Bad("dot of other sizes", lambda w, a, b: w.dot(a, b), RuntimeError, ("dot", "(3,)", "(4,)"), ones((3,), (4,))),
    Bad("outer of a matrix", lambda w, a, b: w.outer(a, b), RuntimeError, ("outer", "(2, 2)"), ones((2, 2), (2,))),
    Bad(
        "addmm of another shape",
        lambda w, x, a, b: w.addmm(x, a, b),
        RuntimeError,
        ("addmm", "(4, 4)", "(2, 5)"),
        ones((4, 4), (2, 3), (3, 5)),
    ),
    Bad(
        "linear of other features",
        lambda w, x, m: w.nn.functional.linear(x, m),
        RuntimeError,
        ("linear", "(2, 3)", "(5, 4)"),
        ones((2, 3), (5, 4)),
    ),
    Bad(
        "linear with another bias",
        lambda w, x, m, b: w.nn.functional.linear(x, m, b),
        RuntimeError,
        ("linear", "(2,)"),
        ones((2, 3), (5, 3), (2,)),
    ),
    Bad(
        "einsum of too few operands",
        lambda w, a: w.einsum("ij,jk->ik", a),
        (RuntimeError, ValueError),
        ("einsum", "ij,jk->ik"),
        ones((2, 3)),
    ),
    Bad(
        "einsum of other sizes",
        lambda w, a, b: w.einsum("ij,jk->ik", a, b),
        (RuntimeError, ValueError),
        ("einsum", "j", "3", "4"),
        ones((2, 3), (4, 5)),
    ),
    Bad(
        "einsum of too many letters",
        lambda w, a: w.einsum("ijk->i", a),
        (RuntimeError, ValueError),
        ("einsum", "ijk", "(2, 3)"),
        ones((2, 3)),
    ),
    Bad(
        "einsum with an unknown result letter",
        lambda w, a: w.einsum("ij->ik", a),
        (RuntimeError, ValueError),
        ("einsum", "k"),
        ones((2, 3)),
    ),
    Bad(
        "einsum with a strange character",
        lambda w, a: w.einsum("i?->i", a),
        (RuntimeError, ValueError),
        ("einsum", "?"),
        ones((2, 3)),
    ),
]
