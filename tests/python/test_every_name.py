"""Every public name in every form (function, method, in place, out=) is called once, and the forms agree.

The table is what dir() says, so a new name is called too: with the first of CANDIDATES that it takes, or with what
SPECIAL says. A name that takes none of them fails.
"""

import inspect

import pytest
import weft
import weft.nn.functional as F
from support import assert_same, tensors_in, weft_only

pytestmark = weft_only


def floats():
    return weft.tensor([[0.25, 0.5, 0.75], [0.125, 0.5, 0.875], [0.5, 0.25, 0.625]])


def ints():
    return weft.tensor([[1, 2, 0], [2, 1, 1], [0, 2, 2]])


def vector():
    return weft.tensor([0.25, 0.5, 0.75])


def batch():
    return weft.ones(1, 4, 4, 4)


RECEIVERS = [floats, ints, vector, lambda: weft.tensor([1, 2]), lambda: weft.tensor(0.5), batch]
CANDIDATES = [
    (),
    (floats,),
    (1,),
    (0.5,),
    (0, 1),
    (ints,),
    (vector,),
    ((3, 3),),
    (vector, vector),
    (floats, floats),
    (floats, floats, floats),
    (floats, 0.5),
    (0, lambda: weft.tensor([0, 1])),
    (0, ints, floats),
    (0, lambda: weft.tensor([0, 1, 2]), floats),
    (0, lambda: weft.tensor([0, 1, 2]), 0.5),
    (lambda: floats() > 0.3, floats),
    (lambda: floats() > 0.3, 0.5),
    (0, 0, 1),
    (0, 1, 1),
    (0, (1, 3)),
    ((1, 2), 0),
    ((3, 3), 1),
]


def many(*makers):
    return lambda: [m() for m in makers]


# Receiver and arguments of the names that need more; None: not called here, and why.
SPECIAL = {
    "bilinear": (floats, floats, lambda: weft.ones(2, 3, 3)),
    "as_strided": (floats, (2, 2), (3, 1)),
    "scatter_reduce": (floats, 0, ints, floats, "sum"),
    "scatter_reduce_": (floats, 0, ints, floats, "sum"),
    "backward": (lambda: weft.ones(1, requires_grad=True) * 2,),
    "retain_grad": (lambda: weft.ones(1, requires_grad=True) * 2,),
    "register_hook": (lambda: weft.ones(1, requires_grad=True), lambda: lambda g: g),
    "register_post_accumulate_grad_hook": (lambda: weft.ones(1, requires_grad=True), lambda: lambda g: None),
    "movedim": (floats, 0, 1),
    "baddbmm": (lambda: weft.ones(2, 3, 3), lambda: weft.ones(2, 3, 3), lambda: weft.ones(2, 3, 3)),
    "baddbmm_": (lambda: weft.ones(2, 3, 3), lambda: weft.ones(2, 3, 3), lambda: weft.ones(2, 3, 3)),
    "bmm": (lambda: weft.ones(2, 3, 3), lambda: weft.ones(2, 3, 3)),
    "addbmm": (floats, lambda: weft.ones(2, 3, 3), lambda: weft.ones(2, 3, 3)),
    "addbmm_": (floats, lambda: weft.ones(2, 3, 3), lambda: weft.ones(2, 3, 3)),
    "addmv": (vector, floats, vector),
    "addmv_": (vector, floats, vector),
    "median": (floats, 0),
    "index_put": (vector, many(lambda: weft.tensor([0])), lambda: weft.tensor(1.0)),
    "index_put_": (vector, many(lambda: weft.tensor([0])), lambda: weft.tensor(1.0)),
    "broadcast_to": (vector, (3, 3)),
    "flip": (floats, (0,)),
    "permute": (floats, (1, 0)),
    "reshape": (floats, (9,)),
    "tile": (floats, (2, 2)),
    "masked_select": (floats, lambda: floats() > 0.3),
    "select_scatter": (floats, vector, 0, 1),
    "slice_scatter": (floats, lambda: weft.zeros(1, 3), 0, 0, 1),
    "diagonal_scatter": (floats, vector),
    "type": (floats, lambda: weft.float64),
    "new_full": (floats, (2,), 1),
    "cuda": None,  # needs a GPU
    "pin_memory": None,
    "record_stream": None,
    "cdist": (floats, floats),
    "view_as_real": (lambda: weft.tensor([1 + 2j]),),
    "view_as_complex": (lambda: weft.ones(3, 2),),
    "summary": (lambda: weft.nn.Linear(3, 3), floats),
}
RANDOM = {"bernoulli", "multinomial", "normal", "rand_like", "randn_like", "randint_like", "rrelu", "dropout"}
RANDOM |= {"alpha_dropout", "dropout1d", "dropout2d", "dropout3d", "feature_dropout", "gumbel_softmax"}
OTHER_ORDER = {"where"}  # the method's self is not the function's first argument
UNDEFINED = {"empty_like", "new_empty", "empty"}


def made(value):
    return value() if callable(value) else value


def find_call(name, call):
    """Receiver, arguments and result of the first call that is taken."""
    special = SPECIAL.get(name)
    tries = [(special[0], special[1:])] if special else [(r, c) for c in CANDIDATES for r in RECEIVERS]
    errors = {}
    for receiver, candidate in tries:
        x, args = receiver(), [made(a) for a in candidate]
        try:
            return receiver, candidate, call(x, *args)
        except (TypeError, ValueError, RuntimeError, IndexError, NotImplementedError) as error:
            errors.setdefault(type(error).__name__, str(error).split("\n")[0])
    raise AssertionError(f"{name} takes none of the arguments that are tried: {errors}")


def agree(name, one, two):
    if name.rstrip("_") in RANDOM | UNDEFINED:
        return
    first, second = tensors_in([one]), tensors_in([two])
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert_same(a, b, name)


METHODS = [n for n in dir(weft.Tensor) if not n.startswith("_") and callable(getattr(weft.Tensor, n, None))]


@pytest.mark.parametrize("name", METHODS)
def test_method(name):
    if SPECIAL.get(name, ()) is None:
        return
    receiver, candidate, result = find_call(name, lambda x, *args: getattr(x, name)(*args))
    args = [made(a) for a in candidate]
    function = getattr(weft, name, None)
    if (
        name not in OTHER_ORDER
        and callable(function)
        and not isinstance(function, type)
        and not name.endswith("_")
        and tensors_in([result])
    ):
        agree(name, function(receiver(), *args), result)
    if name.endswith("_") and callable(getattr(weft.Tensor, name[:-1], None)) and name[:-1] not in RANDOM | {"detach"}:
        x = receiver()
        agree(name, result, getattr(x, name[:-1])(*args).to(x.dtype))
        assert getattr(x, name)(*args) is x


def functions(scope):
    names = []
    for name in dir(scope):
        value = getattr(scope, name, None)  # dir() also says what PyTorch has and Weft does not have yet
        if not name.startswith("_") and callable(value) and not inspect.isclass(value):
            names.append(name)
    return names


def takes_out(function):
    return "out: " in (function.__doc__ or "").split("\n\n")[0] or "out: " in (function.__doc__ or "")


WITH_OUT = [n for n in functions(weft) if takes_out(getattr(weft, n)) and n in METHODS and n != "where"]


@pytest.mark.parametrize("name", WITH_OUT)
def test_out(name):
    function = getattr(weft, name)
    receiver, candidate, result = find_call(name, function)
    args = [made(a) for a in candidate]
    parts = tensors_in([result])
    if len(parts) == 1:
        out = weft.empty(0, dtype=parts[0].dtype)
        assert function(receiver(), *args, out=out) is out
        agree(name, out, result)
    else:
        out = tuple(weft.empty(0, dtype=p.dtype) for p in parts)
        agree(name, function(receiver(), *args, out=out), result)


def test_aliases_are_what_they_stand_for():
    aliases = {"absolute": "abs", "multiply": "mul", "true_divide": "div", "less": "lt", "arctan2": "atan2"}
    for alias, original in aliases.items():
        x, y = floats(), floats()
        args = () if alias == "absolute" else (y,)
        for suffix in ("", "_") if alias != "less" else ("",):
            agree(alias, getattr(floats(), alias + suffix)(*args), getattr(floats(), original + suffix)(*args))
        agree(alias, getattr(weft, alias)(x, *args), getattr(weft, original)(x, *args))


LAYERS = {
    "adaptive_avg_pool1d": (lambda: weft.ones(1, 2, 4), 2),
    "adaptive_max_pool1d": (lambda: weft.ones(1, 2, 4), 2),
    "adaptive_avg_pool2d": (batch, 2),
    "adaptive_max_pool2d": (batch, 2),
    "avg_pool1d": (lambda: weft.ones(1, 2, 4), 2),
    "max_pool1d": (lambda: weft.ones(1, 2, 4), 2),
    "avg_pool2d": (batch, 2),
    "max_pool2d": (batch, 2),
    **{
        f"{name}{n}d{end}": (lambda n=n: weft.ones(1, 2, *[4] * n), 2)
        for name, counts, ends in (
            ("adaptive_avg_pool", (3,), ("",)),
            ("adaptive_max_pool", (3,), ("",)),
            ("adaptive_max_pool", (1, 2, 3), ("_with_indices",)),
            ("avg_pool", (3,), ("",)),
            ("max_pool", (3,), ("",)),
            ("max_pool", (1, 2, 3), ("_with_indices",)),
        )
        for n in counts
        for end in ends
    },
    **{f"lp_pool{n}d": (lambda n=n: weft.ones(1, 2, *[4] * n), 2, 2) for n in (1, 2, 3)},
    **{
        f"fractional_max_pool{n}d{end}": (lambda n=n: weft.ones(1, 2, *[4] * n), 2, 2)
        for n in (2, 3)
        for end in ("", "_with_indices")
    },
    **{
        f"max_unpool{n}d": (lambda n=n: weft.ones(1, 2, *[1] * n), lambda n=n: weft.full((1, 2, *[1] * n), 1), 2)
        for n in (1, 2, 3)
    },
    "batch_norm": (floats, vector, vector),
    "instance_norm": (batch,),
    "layer_norm": (floats, (3,)),
    "rms_norm": (floats, (3,)),
    "group_norm": (batch, 2),
    "local_response_norm": (batch, 2),
    "bilinear": (floats, floats, lambda: weft.ones(2, 3, 3)),
    "channel_shuffle": (batch, 2),
    "pixel_shuffle": (batch, 2),
    "pixel_unshuffle": (batch, 2),
    "unfold": (batch, 2),
    "grid_sample": (batch, lambda: weft.zeros(1, 2, 2, 2)),
    "affine_grid": (lambda: weft.ones(1, 2, 3), (1, 1, 2, 2)),
    "fold": (lambda: weft.ones(2, 4, 9), (4, 4), 2),
    **{f"conv{n}d": (lambda n=n: weft.ones(1, 1, *[4] * n), lambda n=n: weft.ones(1, 1, *[2] * n)) for n in (1, 2, 3)},
    **{
        f"conv_transpose{n}d": (lambda n=n: weft.ones(1, 1, *[4] * n), lambda n=n: weft.ones(1, 1, *[2] * n))
        for n in (1, 2, 3)
    },
    "cosine_embedding_loss": (floats, floats, lambda: weft.ones(3)),
    "cross_entropy": (floats, lambda: weft.tensor([0, 1, 2])),
    "nll_loss": (floats, lambda: weft.tensor([0, 1, 2])),
    "ctc_loss": (floats, lambda: weft.tensor([1, 2]), lambda: weft.tensor(3), lambda: weft.tensor(2)),
    "linear_cross_entropy": (floats, floats, lambda: weft.tensor([0, 1, 2])),
    "multi_margin_loss": (floats, lambda: weft.tensor([0, 1, 2])),
    "multilabel_margin_loss": (floats, ints),
    "embedding": (ints, floats),
    "gaussian_nll_loss": (floats, floats, floats),
    "margin_ranking_loss": (vector, vector, lambda: weft.ones(3)),
    "one_hot": (ints,),
    "pad": (floats, (1, 1)),
    "prelu": (floats, lambda: weft.tensor(0.5)),
    "rrelu": (floats,),
    "multi_head_attention_forward": (
        *(lambda: weft.ones(2, 1, 4),) * 3,
        4,
        2,
        lambda: weft.ones(12, 4),
        *(None,) * 3,
        False,
        0.0,
        lambda: weft.ones(4, 4),
        None,
    ),
    "scaled_dot_product_attention": (batch, batch, batch),
    "softmax": (floats, 1),
    "log_softmax": (floats, 1),
    "softmin": (floats, 1),
    "threshold": (floats, 0.5, 0.0),
    "threshold_": (floats, 0.5, 0.0),
    "triplet_margin_loss": (floats, floats, floats),
    "triplet_margin_with_distance_loss": (floats, floats, floats),
    "dropout1d": (lambda: weft.ones(1, 2, 4),),
    "dropout2d": (batch,),
    "dropout3d": (lambda: weft.ones(1, 2, 2, 2, 2),),
}


@pytest.mark.parametrize("name", functions(F))
def test_function_of_layers(name):
    function = getattr(F, name)
    if name not in LAYERS:
        find_call(name, function)
        return
    receiver, *rest = LAYERS[name]
    result = function(receiver(), *[made(a) for a in rest])
    assert tensors_in([result])
    if name.endswith("_"):
        agree(name, result, getattr(F, name[:-1])(receiver(), *[made(a) for a in rest]))


CREATION = {
    "arange": (3,),
    "as_tensor": ([1.0],),
    "asarray": ([1.0],),
    "tensor": ([1.0],),
    "broadcast_shapes": ((2, 1), (3,)),
    "can_cast": (weft.int64, weft.float32),
    "promote_types": (weft.int64, weft.float32),
    "empty": (2,),
    "empty_strided": ((2,), (1,)),
    "eye": (2,),
    "full": ((2,), 1),
    "full_like": (floats, 1),
    "linspace": (0, 1, 3),
    "logspace": (0, 1, 3),
    "ones": (2,),
    "zeros": (2,),
    "rand": (2,),
    "randn": (2,),
    "randint": (3, (2,)),
    "randint_like": (floats, 3),
    "randperm": (3,),
    "scalar_tensor": (1,),
    "tril_indices": (2, 2),
    "triu_indices": (2, 2),
    "einsum": ("ij->ji", floats),
    "meshgrid": (vector, vector),
    "result_type": (floats, 1),
    "is_tensor": (floats,),
    "constant_pad_nd": (floats, (1, 1)),
    "searchsorted": (vector, 0.5),
    "bucketize": (0.5, vector),
    "dropout": (floats, 0.5, True),
    "tensordot": (floats, floats, 1),
    "vander": (vector,),
    "block_diag": (floats, floats),
    "broadcast_tensors": (floats, vector),
    **dict.fromkeys(("cat", "concat", "concatenate", "stack"), (many(floats, floats),)),
    **dict.fromkeys(("vstack", "hstack", "dstack", "row_stack", "column_stack"), (many(floats, floats),)),
}
# Sequences of three steps, one at a time, with states and weights of one size
STATE, LAYER = (lambda: weft.ones(1, 1, 2),), (False, 1, 0.0, False, False, False)
CREATION |= {
    "lstm": (lambda: weft.ones(3, 1, 2), many(*STATE * 2), many(*[lambda: weft.ones(8, 2)] * 2), *LAYER),
    "gru": (lambda: weft.ones(3, 1, 2), *STATE, many(*[lambda: weft.ones(6, 2)] * 2), *LAYER),
    "rnn_tanh": (lambda: weft.ones(3, 1, 2), *STATE, many(*[lambda: weft.ones(2, 2)] * 2), *LAYER),
    "rnn_relu": (lambda: weft.ones(3, 1, 2), *STATE, many(*[lambda: weft.ones(2, 2)] * 2), *LAYER),
    "lstm_cell": (vector, many(vector, vector), *[lambda: weft.ones(12, 3)] * 2),
    "gru_cell": (vector, vector, *[lambda: weft.ones(9, 3)] * 2),
}
# Called by the tests of their own: they change the process, read files or run functions.
ELSEWHERE = {"get_autocast_dtype", "is_autocast_enabled", "seed", "manual_seed", "initial_seed", "save", "load", "jit"}
ELSEWHERE |= {"compile", "torch_alias", "are_deterministic_algorithms_enabled", "use_deterministic_algorithms"}
ELSEWHERE |= {"cond", "while_loop", "scan", "map", "vmap", "from_dlpack", "from_numpy", "from_pandas", "frombuffer"}


@pytest.mark.parametrize("name", [n for n in functions(weft) if n not in METHODS and n not in ELSEWHERE])
def test_function(name):
    function = getattr(weft, name)
    if name.startswith(("get_", "is_", "set_")) and name not in CREATION:
        return
    if name in CREATION:
        function(*[made(a) if not isinstance(a, type) else a for a in CREATION[name]])
    else:
        find_call(name, function)
