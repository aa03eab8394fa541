"""Ops that move elements without changing them: views, joins, splits, pads and copies."""

import numpy as np
from support import ALL, FLOATS

from .row import Bad, Op, Sample

NARROW = ("float32", "float64", "bfloat16", "int64", "uint8", "bool")  # one of every element size


def move(name, reference, *calls, shape=(2, 3, 4), **flags):
    """A row for an op on one tensor: each call is the tuple of the other arguments, or (shape, arguments...)."""

    def samples(make):
        made = []
        for call in calls:
            positional = [arg for arg in call if not isinstance(arg, dict)]
            named = next((arg for arg in call if isinstance(arg, dict)), {})
            own = positional.pop(0).shape if positional and isinstance(positional[0], Of) else shape
            made.append(Sample(make(*own), *positional, **named))
        return made

    flags.setdefault("dtypes", NARROW)
    flags.setdefault("method", name.split(" ")[0])
    flags.setdefault("path", name.split(" ")[0])
    return Op(name, reference, samples, **flags)


class Of:
    """The shape of the tensor of one call, where it is not the row's usual one."""

    def __init__(self, *shape):
        self.shape = shape


def shape_of(args):
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], (list, tuple)) else args


def unflatten(x, dim, sizes):
    dim %= x.ndim
    return x.reshape(x.shape[:dim] + tuple(sizes) + x.shape[dim + 1 :])


def flatten(x, start_dim=0, end_dim=-1):
    if x.ndim == 0:
        return x.reshape(1)
    start, end = start_dim % x.ndim, end_dim % x.ndim
    return x.reshape(x.shape[:start] + (-1,) + x.shape[end + 1 :])


def squeeze(x, dim=None):
    if dim is None:
        return x.squeeze()
    dims = [d % x.ndim for d in (dim if isinstance(dim, tuple) else (dim,))]
    return x.squeeze(tuple(d for d in dims if x.shape[d] == 1))


def expand(x, *sizes):
    sizes = list(shape_of(sizes))
    for place in range(1, x.ndim + 1):
        if sizes[-place] == -1:
            sizes[-place] = x.shape[-place]
    return np.broadcast_to(x, sizes)


def split(x, sizes, dim=0):
    if isinstance(sizes, int):
        cuts = list(range(sizes, x.shape[dim], sizes))
    else:
        cuts = list(np.cumsum(sizes)[:-1])
    return np.split(x, cuts, dim)


def chunk(x, count, dim=0):
    return split(x, max(-(-x.shape[dim] // count), 1), dim)


def unbind(x, dim=0):
    return [np.take(x, i, dim) for i in range(x.shape[dim])]


def repeat(x, *sizes):
    return np.tile(x, shape_of(sizes))


def roll(x, shifts, dims=None):
    return np.roll(x, shifts, dims)


def pad(x, widths, mode="constant", value=0):
    pairs = list(zip(widths[::2], widths[1::2], strict=True))[::-1]
    pairs = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    crop = tuple(slice(max(-before, 0), x.shape[d] - max(-after, 0)) for d, (before, after) in enumerate(pairs))
    grow = [(max(before, 0), max(after, 0)) for before, after in pairs]
    if mode == "constant":
        return np.pad(x[crop], grow, constant_values=np.asarray(value or 0, x.dtype))
    return np.pad(x[crop], grow, mode={"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode])


def repeat_interleave(x, repeats, dim=None):
    return np.repeat(x, repeats, dim)


def diagonal(x, offset=0, dim1=0, dim2=1):
    return np.diagonal(x, offset, dim1, dim2)


def diag_embed(x):
    result = np.zeros((*x.shape, x.shape[-1]), x.dtype)
    result[..., np.arange(x.shape[-1]), np.arange(x.shape[-1])] = x
    return result


def lists(name, reference, shapes, *calls, **flags):
    """A row for an op on a list of tensors."""

    def samples(make):
        return [Sample([make(*shape) for shape in shapes], *call) for call in calls]

    return Op(name, reference, samples, dtypes=flags.pop("dtypes", NARROW), **flags)


OPS = [
    move(
        "reshape",
        lambda x, *s: x.reshape(shape_of(s)),
        ((4, 6),),
        ((-1,),),
        ((3, -1, 2),),
        (Of(), (1, 1)),
        (Of(0, 3), (3, 0)),
        dtypes=ALL,
    ),
    move(
        "view",
        lambda x, *s: x.reshape(shape_of(s)),
        (4, 6),
        (-1,),
        ((3, 8),),
        call=lambda w, x, *s: x.view(*s),
        path="",
        layouts=False,
    ),
    move(
        "view of another dtype",
        lambda x: x.astype("float32").view("int32"),
        (),
        call=lambda w, x: x.view(w.int32),
        dtypes=("float32",),
        result="int32",
        grad=False,
        method=None,
        layouts=False,
    ),
    move("permute", np.transpose, ((2, 0, 1),), ((-1, 0, 1),), ((0, 1, 2),)),
    Op(
        "Tensor.permute",
        lambda x, *dims: x.transpose(dims),
        lambda make: [Sample(make(2, 3, 4), 2, 0, -2)],
        call=lambda w, x, *dims: x.permute(*dims),
    ),
    move("transpose", lambda x, a, b: x.swapaxes(a, b), (0, 1), (-1, 0), (1, 1)),
    move("swapaxes", lambda x, a, b: x.swapaxes(a, b), (0, 2)),
    move("t", np.transpose, (), (Of(5),), (Of(),), shape=(3, 4)),
    Op("Tensor.T", np.transpose, lambda make: [Sample(make(3, 4))], call=lambda w, x: x.T),
    Op("Tensor.mT", lambda x: x.swapaxes(-1, -2), lambda make: [Sample(make(2, 3, 4))], call=lambda w, x: x.mT),
    move("movedim", np.moveaxis, (0, 2), ((0, 1), (2, 0)), (-1, 0)),
    move(
        "expand",
        expand,
        (Of(3, 1), 3, 4),
        (Of(3, 1), 2, -1, 4),
        (Of(1), (2, 3)),
        (Of(), 2, 2),
        (Of(1, 3), 0, 3),
        call=lambda w, x, *s: x.expand(*s),
    ),
    move(
        "expand_as",
        lambda x, other: np.broadcast_to(x, other.shape),
        (Of(3, 1), np.zeros((2, 3, 4))),
        call=lambda w, x, other: x.expand_as(other),
        grad=False,
    ),
    move("broadcast_to", lambda x, s: np.broadcast_to(x, s), (Of(3, 1), (2, 3, 4)), (Of(4), (3, 4))),
    Op(
        "broadcast_tensors",
        lambda a, b: np.broadcast_arrays(a, b),
        lambda make: [Sample(make(3, 1), make(1, 4))],
        dtypes=NARROW,
    ),
    move("squeeze", squeeze, (), (0,), (1,), (-2,), ((0, 2),), (Of(1, 1),), shape=(1, 3, 1, 4)),
    move("unsqueeze", np.expand_dims, (0,), (3,), (-1,), (1,), (Of(), 0)),
    move("flatten", flatten, (), (1,), (0, 1), (1, 2), (Of(),)),
    move("unflatten", unflatten, (1, (3, 1)), (-1, (2, 2)), (2, (2, -1))),
    move("ravel", lambda x: x.reshape(-1), ()),
    move("contiguous", lambda x: x, (), call=lambda w, x: x.transpose(0, 1).contiguous().transpose(0, 1)),
    move("clone", lambda x: x, (), dtypes=ALL),
    move(
        "narrow",
        lambda x, dim, start, length: np.take(x, range(start, start + length), dim),
        (1, 0, 2),
        (2, 1, 3),
        (-1, 2, 0),
        (0, -1, 1),
    ),
    move("select", lambda x, dim, index: np.take(x, index, dim), (0, 1), (1, -1), (-1, 3)),
    move("flip", lambda x, *dims: np.flip(x, shape_of(dims)), ((0,),), ((0, 2),), ((-1, 1),), ((1,),)),
    move("fliplr", np.fliplr, ()),
    move("flipud", np.flipud, ()),
    move("rot90", lambda x, k=1, dims=(0, 1): np.rot90(x, k, dims), (), (2,), (3, (1, 2)), (-1,)),
    move("roll", roll, (1,), (-2, 1), ((1, 2), (0, 2)), (7, 0), (Of(0, 3), 1, 1)),
    move("repeat", repeat, (2, 1, 3), (2, 1, 1, 2), ((1, 2, 1),), (Of(3), 2, 0), call=lambda w, x, *s: x.repeat(*s)),
    move("tile", lambda x, *s: np.tile(x, shape_of(s)), ((2, 1, 3),), ((2,),), ((2, 1, 1, 2),)),
    move("repeat_interleave", repeat_interleave, (2,), (3, 1), (2, -1)),
    Op(
        "repeat_interleave of counts",
        repeat_interleave,
        lambda make: [Sample(make(3, 2), np.array([1, 0, 2]), 0), Sample(make(3), np.array([2, 1, 3]))],
        path="repeat_interleave",
        dtypes=NARROW,
        method="repeat_interleave",
    ),
    move("diagonal", diagonal, (), (1,), (-1,), (0, 1, 2), (1, -1, 0)),
    move("tril", lambda x, k=0: np.tril(x, k), (), (1,), (-1,), (Of(0, 3),), inplace="tril_", out=True),
    move("triu", lambda x, k=0: np.triu(x, k), (), (1,), (-1,), (Of(5, 2), -2), inplace="triu_", out=True),
    move("diag", lambda x, k=0: np.diag(x, k), (Of(3, 4),), (Of(3, 4), 1), (Of(3),), (Of(3), -1)),
    move("diag_embed", diag_embed, (Of(2, 3),)),
    move("trace", np.trace, (Of(3, 4),), dtypes=FLOATS + ("int64",), result="sum"),
    move(
        "pad constant",
        pad,
        ((1, 2),),
        ((1, 0, 0, 2),),
        ((1, 1, 2, 0, 0, 3), "constant", 1),
        ((-1, 2, 1, -1),),
        ((0, 0),),
        path="nn.functional.pad",
        method=None,
    ),
    move(
        "pad reflect",
        pad,
        (Of(2, 3, 4, 5), (2, 1, 1, 3), "reflect"),
        (Of(2, 3, 5), (4, 0), "reflect"),
        path="nn.functional.pad",
        method=None,
        dtypes=FLOATS,
    ),
    move(
        "pad replicate",
        pad,
        (Of(2, 3, 4, 5), (2, 1, 1, 3), "replicate"),
        (Of(2, 3, 5), (6, 0), "replicate"),
        path="nn.functional.pad",
        method=None,
        dtypes=FLOATS,
    ),
    move(
        "pad circular",
        pad,
        (Of(2, 3, 4, 5), (2, 1, 1, 3), "circular"),
        (Of(2, 3, 5), (4, 0), "circular"),
        (Of(2, 3, 5), (-1, 2), "circular"),
        path="nn.functional.pad",
        method=None,
        dtypes=FLOATS,
    ),
    move("split", split, (2,), (2, 2), ((1, 2), 1), ((1, 0, 3), -1), shape=(4, 3, 4)),
    move("chunk", chunk, (2,), (3, 1), (5, 2), (2, -1), shape=(5, 3, 4)),
    move("unbind", unbind, (), (1,), (-1,)),
    move("tensor_split", lambda x, n, dim=0: np.array_split(x, n, dim), (3,), (2, 1), ((1, 3), 2), shape=(5, 3, 4)),
    move(
        "unfold",
        lambda x, dim, size, step: np.moveaxis(np.lib.stride_tricks.sliding_window_view(x, size, dim), dim, dim)[
            :, :, ::step
        ],
        (2, 2, 2),
        (2, 3, 1),
        call=lambda w, x, *a: x.unfold(*a),
    ),
    lists(
        "cat",
        lambda xs, dim=0: np.concatenate(xs, dim),
        [(2, 3), (4, 3), (0, 3)],
        (),
        (0,),
        (-2,),
        dtypes=ALL,
        out=True,
        large=lambda make: Sample([make(130, 257), make(130, 1), make(130, 300)], 1),
    ),
    lists("cat inner", lambda xs, dim=0: np.concatenate(xs, dim), [(2, 3, 2), (2, 1, 2)], (1,), (-2,), path="cat"),
    lists("concat", lambda xs, dim=0: np.concatenate(xs, dim), [(2, 3), (2, 1)], (1,)),
    lists("stack", lambda xs, dim=0: np.stack(xs, dim), [(2, 3)] * 3, (), (1,), (-1,), out=True),
    lists("hstack", np.hstack, [(2, 3), (2, 1)], ()),
    lists("vstack", np.vstack, [(2, 3), (1, 3)], ()),
    lists("cat skips the empty vector", lambda xs: xs[1], [(0,), (2, 3)], (), path="cat"),
    lists(
        "cat skips empty vectors between",
        lambda xs, dim: np.concatenate([xs[0], xs[2]], dim),
        [(2, 1), (0,), (2, 3), (0,)],
        (1,),
        path="cat",
    ),
    Op(
        "meshgrid",
        lambda a, b, indexing: np.meshgrid(a, b, indexing=indexing),
        lambda make: [Sample(make(3), make(4), indexing="ij"), Sample(make(3), make(4), indexing="xy")],
        dtypes=NARROW,
    ),
    Op("atleast_2d", np.atleast_2d, lambda make: [Sample(make()), Sample(make(3)), Sample(make(2, 3))], dtypes=NARROW),
]


def ones(*shapes):
    return lambda w: [w.ones(*shape) for shape in shapes]


ERRORS = [
    Bad(
        "reshape to another count", lambda w, x: x.reshape(5), RuntimeError, ("reshape", "(2, 3)", "(5,)"), ones((2, 3))
    ),
    Bad("reshape with two unknowns", lambda w, x: x.reshape(-1, -1), RuntimeError, ("reshape", "-1"), ones((2, 3))),
    Bad("reshape with a negative size", lambda w, x: x.reshape(-2, 3), RuntimeError, ("reshape", "-2"), ones((2, 3))),
    Bad(
        "reshape of nothing with an unknown",
        lambda w, x: x.reshape(-1, 0),
        RuntimeError,
        ("reshape", "-1"),
        ones((0, 3)),
    ),
    Bad("view of what is not contiguous", lambda w, x: x.t().view(6), RuntimeError, ("view", "reshape"), ones((2, 3))),
    Bad("view to another count", lambda w, x: x.view(4), RuntimeError, ("view", "(2, 3)", "(4,)"), ones((2, 3))),
    Bad(
        "permute with too few dims", lambda w, x: x.permute(0, 1), RuntimeError, ("permute", "3", "2"), ones((2, 3, 4))
    ),
    Bad("permute with a dim twice", lambda w, x: x.permute(0, 1, 1), RuntimeError, ("permute",), ones((2, 3, 4))),
    Bad(
        "transpose of a missing dim",
        lambda w, x: x.transpose(0, 2),
        IndexError,
        ("transpose", "2", "(2, 3)"),
        ones((2, 3)),
    ),
    Bad("t of three dims", lambda w, x: x.t(), RuntimeError, ("t", "(2, 3, 4)"), ones((2, 3, 4))),
    Bad(
        "expand of a size above 1",
        lambda w, x: x.expand(2, 5),
        RuntimeError,
        ("expand", "(2, 3)", "(2, 5)"),
        ones((2, 3)),
    ),
    Bad("expand to fewer dims", lambda w, x: x.expand(3), RuntimeError, ("expand", "(2, 3)", "(3,)"), ones((2, 3))),
    Bad("unsqueeze too far", lambda w, x: x.unsqueeze(4), IndexError, ("unsqueeze", "4"), ones((2, 3))),
    Bad("squeeze of a missing dim", lambda w, x: x.squeeze(2), IndexError, ("squeeze", "2"), ones((2, 3))),
    Bad("flatten backwards", lambda w, x: x.flatten(1, 0), RuntimeError, ("flatten",), ones((2, 3))),
    Bad(
        "unflatten to another count",
        lambda w, x: x.unflatten(1, (2, 2)),
        RuntimeError,
        ("unflatten", "3", "(2, 2)"),
        ones((2, 3)),
    ),
    Bad(
        "cat of other sizes",
        lambda w, a, b: w.cat([a, b]),
        RuntimeError,
        ("cat", "(2, 3)", "(2, 4)"),
        ones((2, 3), (2, 4)),
    ),
    Bad(
        "cat of other numbers of dims",
        lambda w, a, b: w.cat([a, b]),
        RuntimeError,
        ("cat", "(2, 3)", "(2, 3, 1)"),
        ones((2, 3), (2, 3, 1)),
    ),
    Bad("cat of nothing", lambda w: w.cat([]), (RuntimeError, ValueError), ("cat",)),
    Bad("cat over a missing dim", lambda w, a: w.cat([a, a], 2), IndexError, ("cat", "2"), ones((2, 3))),
    Bad("cat of scalars", lambda w: w.cat([w.tensor(1.0), w.tensor(2.0)]), RuntimeError, ("cat", "stack")),
    Bad("cat of a tensor", lambda w, a: w.cat(a), TypeError, ("cat", "Tensor"), ones((2, 3))),
    Bad(
        "stack of other shapes",
        lambda w, a, b: w.stack([a, b]),
        RuntimeError,
        ("stack", "(2, 3)", "(3, 2)"),
        ones((2, 3), (3, 2)),
    ),
    Bad("stack of nothing", lambda w: w.stack([]), RuntimeError, ("stack",)),
    Bad("split with a wrong sum", lambda w, x: x.split([1, 1], 1), RuntimeError, ("split", "3", "2"), ones((2, 3))),
    Bad("split with a negative size", lambda w, x: x.split(-1), RuntimeError, ("split", "-1"), ones((2, 3))),
    Bad("chunk into none", lambda w, x: x.chunk(0), RuntimeError, ("chunk", "0"), ones((2, 3))),
    Bad("roll of dims without shifts", lambda w, x: x.roll((1, 2), 0), RuntimeError, ("roll",), ones((2, 3))),
    Bad("flip of a dim twice", lambda w, x: x.flip(0, 0), RuntimeError, ("flip",), ones((2, 3))),
    Bad("repeat with too few counts", lambda w, x: x.repeat(2), RuntimeError, ("repeat", "2"), ones((2, 3))),
    Bad(
        "repeat a negative number of times", lambda w, x: x.repeat(-1, 1), RuntimeError, ("repeat", "-1"), ones((2, 3))
    ),
    Bad("pad by an odd list", lambda w, x: w.nn.functional.pad(x, (1,)), RuntimeError, ("pad", "pair"), ones((2, 3))),
    Bad(
        "pad below nothing",
        lambda w, x: w.nn.functional.pad(x, (-2, -2)),
        RuntimeError,
        ("pad", "(2, 3)"),
        ones((2, 3)),
    ),
    Bad(
        "reflect by the whole size",
        lambda w, x: w.nn.functional.pad(x, (4, 0), mode="reflect"),
        RuntimeError,
        ("pad", "reflect"),
        ones((1, 2, 4)),
    ),
    Bad(
        "pad of unknown mode",
        lambda w, x: w.nn.functional.pad(x, (1, 1), mode="mirror"),
        (NotImplementedError, ValueError, RuntimeError),
        ("pad", "mirror"),
        ones((1, 2, 4)),
    ),
    Bad("narrow past the end", lambda w, x: x.narrow(1, 2, 2), RuntimeError, ("narrow", "2", "3"), ones((2, 3))),
    Bad("select past the end", lambda w, x: x.select(1, 3), IndexError, ("select", "3", "(2, 3)"), ones((2, 3))),
    Bad("diagonal of one dim twice", lambda w, x: x.diagonal(0, 0, 0), RuntimeError, ("diagonal",), ones((2, 3))),
    Bad("tril of a vector", lambda w, x: x.tril(), RuntimeError, ("tril", "(3,)"), ones((3,))),
    Bad(
        "repeat_interleave of a wrong count",
        lambda w, x, n: x.repeat_interleave(n, 0),
        RuntimeError,
        ("repeat_interleave", "3"),
        lambda w: [w.ones(2, 3), w.tensor([1, 2, 3])],
    ),
    Bad(
        "in-place resize by broadcast",
        lambda w, a, b: a.copy_(b),
        RuntimeError,
        ("copy_", "(2, 3)", "(2, 4)"),
        ones((2, 3), (2, 4)),
    ),
]
