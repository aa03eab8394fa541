"""Nothing is accepted and ignored: every public callable with each of its arguments broken in turn."""

import inspect
import re

import numpy as np
import pytest
from callables import CALLS, LAYERS, LOSSES, OPTIMIZERS, SCHEDULES
from public_names import signature_of_form
from support import weft_only

pytestmark = weft_only

REFUSED = (TypeError, ValueError, LookupError, RuntimeError, OverflowError)
LONGEST_MESSAGE = 1500
# Arguments that take None although it is not their default
NONE_SAYS_SOMETHING = {
    *((f"nn.{kind}Norm{d}d", 2) for kind in ("Batch", "Instance") for d in (1, 2, 3)),  # momentum: an average of all
    *((f"nn.ConstantPad{d}d", 1) for d in (1, 2, 3)),  # value: 0, as in functional.pad
    ("nn.AdaptiveAvgPool1d", 0),  # output_size: the input's
    ("nn.AdaptiveMaxPool1d", 0),
    (f"pooling_volumes.{(name := 'adaptive_max_pool1d_with_indices')}-nn.functional.{name}", 1),
    ("utils.data.DataLoader", "batch_size"),  # samples by themselves
}


class Junk:
    """Nothing that any function could take."""

    def __repr__(self):
        return "<junk>"


def arguments(call, w):
    """(key, has None as a possible value) of each argument in the working call; a key is a position or a name."""
    function, args, kwargs = call.make(w)
    try:
        signatures = [inspect.signature(function), *map(signature_of_form, getattr(function, "__forms__", ())[1:])]
        optional = {}
        for signature in signatures:
            for i, (name, p) in enumerate(signature.parameters.items()):
                takes_none = p.default is None or "None" in str(p.annotation)
                for key in (i, name):
                    optional[key] = optional.get(key, False) or takes_none
    except (TypeError, ValueError):  # compiled: the docstring begins with the signatures
        text = (function.__doc__ or "").splitlines()
        optional = {}
        for line in text:
            found = re.match(r"(?:\d+\. )?\w+\((.*)\)", line)
            if not found:
                continue
            parts = [part.strip() for part in re.split(r",\s*(?=\w+:|\*)", found[1])]
            for i, part in enumerate(part for part in parts if part not in ("*", "/")):
                if "None" in part or "Optional" in part or "object" in part or part.startswith("*"):
                    optional[i] = optional[part.split(":")[0]] = True
    for key, value in [*enumerate(args), *kwargs.items()]:
        yield key, optional.get(key, False) or value is None, value


def with_argument(call, w, key, value):
    function, args, kwargs = call.make(w)
    if isinstance(key, int):
        args[key] = value
    else:
        kwargs[key] = value
    return lambda: function(*args, **kwargs)


def refuse(run, what):
    """The call must be refused with a short message."""
    with pytest.raises(REFUSED) as error:
        result = run()
        pytest.fail(f"{what} was accepted: {type(result).__name__}")
    assert len(str(error.value)) < LONGEST_MESSAGE, f"{what}: a message of {len(str(error.value))} characters"


def try_out(run, what):
    """The call may work, but if it is refused then in order."""
    try:
        run()
    except REFUSED as error:
        assert len(str(error)) < LONGEST_MESSAGE, f"{what}: a message of {len(str(error))} characters"


@pytest.fixture(autouse=True)
def little_memory(w):
    """Huge sizes must not take huge memory."""
    w.memory.set_limit(w.memory.reserved() + (256 << 20))
    yield
    w.memory.set_limit(None)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_works(w, call):
    function, args, kwargs = call.make(w)
    function(*args, **kwargs)


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_unknown_keyword(w, call):
    function, args, kwargs = call.make(w)
    with pytest.raises(TypeError) as error:
        function(*args, **kwargs, nonsense=3)
    assert len(str(error.value)) < LONGEST_MESSAGE


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_wrong_types(w, call):
    for key, optional, value in list(arguments(call, w)):
        if isinstance(value, bool) and inspect.isfunction(call.make(w)[0]):
            continue  # a flag of a Python function: everything is true or false
        for junk in (Junk(), "nonsense"):
            if key == 0 and call.name.startswith("utils.data") and junk == "nonsense":
                continue  # a text is a sequence of samples
            refuse(with_argument(call, w, key, junk), f"{call}: {junk!r} as argument {key}")
        if not optional and (call.name, key) not in NONE_SAYS_SOMETHING:
            refuse(with_argument(call, w, key, None), f"{call}: None as argument {key}")


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_numbers_out_of_range(w, call):
    for key, _, _ in list(arguments(call, w)):
        for number in (-1, 2**62, 10**30, float("nan"), -1.5):
            try_out(with_argument(call, w, key, number), f"{call}: {number} as argument {key}")


def test_every_layer_is_called(w):
    """A new layer, loss, optimiser or schedule gets a row."""
    known = {*LAYERS, *LOSSES}
    containers = {"Module", "ModuleDict", "ModuleList", "Parameter", "ParameterDict", "ParameterList", "Sequential"}
    # These have calls in public_calls.py
    containers |= {"Buffer", "UninitializedBuffer", "UninitializedParameter", "LinearCrossEntropyOptions"}
    containers |= {"MultiheadAttention", "Transformer", "TransformerDecoder", "TransformerDecoderLayer"}
    containers |= {"TransformerEncoder", "TransformerEncoderLayer"}
    public = {name for name in w.nn.__all__ if isinstance(getattr(w.nn, name), type)}
    assert public - known == containers
    assert {n for n in w.optim.__all__ if isinstance(getattr(w.optim, n), type)} - {"Optimizer"} == {*OPTIMIZERS}
    schedules = {n for n in w.optim.lr_scheduler.__all__ if isinstance(getattr(w.optim.lr_scheduler, n), type)}
    assert schedules - {"LRScheduler", "ChainedScheduler", "SequentialLR"} == {*SCHEDULES}


ORDERED = {
    "contiguous": lambda w, x, **options: x.contiguous(**options),
    "clone": lambda w, x, **options: x.clone(**options),
    "double": lambda w, x, **options: x.double(**options),
    "to": lambda w, x, **options: x.to(w.float64, **options),
    "zeros_like": lambda w, x, **options: w.zeros_like(x, **options),
    "full_like": lambda w, x, **options: w.full_like(x, 2.0, **options),
    "empty": lambda w, x, **options: w.empty(2, 3, **options),
    "is_contiguous": lambda w, x, **options: x.is_contiguous(**options),
}


@pytest.mark.parametrize("name", ORDERED)
def test_memory_format(w, name):
    """The format is one that there is, and what is asked for is given."""
    call, x = ORDERED[name], w.ones(3, 2).t()
    for junk in ("nonsense", 1, w.strided, Junk()):
        refuse(lambda junk=junk: call(w, x, memory_format=junk), f"{name}: memory_format={junk!r}")
    result = call(w, x, memory_format=w.contiguous_format)
    assert result is False if name == "is_contiguous" else result.is_contiguous()
    call(w, x, memory_format=None)


@pytest.mark.parametrize("name", ["zeros", "ones", "empty", "arange", "eye"])
def test_layout(w, name):
    for junk in ("nonsense", 1, w.contiguous_format):
        refuse(lambda junk=junk: getattr(w, name)(2, layout=junk), f"{name}: layout={junk!r}")
    assert getattr(w, name)(2, layout=w.strided).layout is w.strided


def test_preserved_format(w):
    x = w.ones(3, 2).t()
    assert x.clone(memory_format=w.preserve_format).stride() == x.stride() == (1, 2)
    assert w.zeros_like(x, memory_format=w.preserve_format).stride() == (1, 2)
    for bad in (x.contiguous, x.is_contiguous):
        refuse(lambda bad=bad: bad(memory_format=w.preserve_format), "preserve_format")
    assert repr(w.preserve_format) == "weft.preserve_format" and isinstance(w.preserve_format, w.memory_format)


TRUTHS = [lambda w: True, lambda w: np.bool_(True), lambda w: w.tensor(True)]
WHERE_INTEGERS_ARE_MEANT = [
    lambda w, x, t: w.sum(x, t),
    lambda w, x, t: x.sum(t),
    lambda w, x, t: x.sum(dim=t),
    lambda w, x, t: x.sum((t,)),
    lambda w, x, t: x.sum([t, 0]),
    lambda w, x, t: x.softmax(t),
    lambda w, x, t: x.amax(t),
    lambda w, x, t: x.std(dim=(t,)),
    lambda w, x, t: w.zeros(t),
    lambda w, x, t: w.zeros((t,)),
    lambda w, x, t: w.ones(size=(t, 2)),
    lambda w, x, t: w.full((t,), 1.0),
    lambda w, x, t: w.rand(t),
    lambda w, x, t: w.randint(0, 2, (t,)),
    lambda w, x, t: x.new_zeros(t),
    lambda w, x, t: w.eye(t),
    lambda w, x, t: w.randperm(t),
    lambda w, x, t: x.view(t),
    lambda w, x, t: x.view((t, -1)),
    lambda w, x, t: x.reshape(t),
    lambda w, x, t: x.expand(t, 2, 3, 2),
    lambda w, x, t: x.repeat(t, 1, 1),
    lambda w, x, t: x.tile((t,)),
    lambda w, x, t: x.permute(t, 0, 2),
    lambda w, x, t: x.transpose(0, t),
    lambda w, x, t: x.squeeze((t,)),
    lambda w, x, t: x.flip(t),
    lambda w, x, t: x.roll(1, t),
    lambda w, x, t: x.roll(t),
    lambda w, x, t: x.movedim((t,), (0,)),
    lambda w, x, t: x.split([t, t]),
    lambda w, x, t: x.split(t),
    lambda w, x, t: x.as_strided((t,), (1,)),
    lambda w, x, t: w.broadcast_to(x, (t,)),
    lambda w, x, t: w.tensordot(x, x, dims=([t], [0])),
    lambda w, x, t: w.nn.functional.pad(x, (t, t)),
    lambda w, x, t: w.nn.functional.layer_norm(x[..., :1], (t,)),
    lambda w, x, t: w.nn.functional.conv2d(x[None], w.ones(1, 2, 1, 1), stride=t),
    lambda w, x, t: w.nn.functional.conv2d(x[None], w.ones(1, 2, 1, 1), padding=(t, t)),
    lambda w, x, t: w.nn.functional.max_pool2d(x, t),
    lambda w, x, t: w.nn.functional.avg_pool2d(x, (t, t)),
    lambda w, x, t: w.nn.functional.adaptive_avg_pool2d(x, t),
    lambda w, x, t: w.nn.functional.cosine_similarity(x, x, dim=t),
    lambda w, x, t: w.nn.functional.unfold(x, t),
    lambda w, x, t: w.nn.functional.fold(x.reshape(1, 3, 4), (2, 2), 1, padding=(t, 0)),
    lambda w, x, t: w.nn.functional.pixel_shuffle(x, t),
    lambda w, x, t: w.nn.functional.pixel_unshuffle(x, t),
    lambda w, x, t: w.nn.Unflatten(t, (3, 1)),
    lambda w, x, t: w.set_printoptions(precision=t),
    lambda w, x, t: w.amp.GradScaler("cpu", growth_interval=t),
    lambda w, x, t: w.set_num_threads(t),
]


@pytest.mark.parametrize("place", range(len(WHERE_INTEGERS_ARE_MEANT)))
def test_a_truth_is_no_integer(w, place):
    threads = w.get_num_threads()
    for make in TRUTHS:
        with pytest.raises(TypeError) as error:
            WHERE_INTEGERS_ARE_MEANT[place](w, w.ones(2, 3, 2), make(w))
            pytest.fail(f"accepted: {make(w)!r}")
        assert len(str(error.value)) < LONGEST_MESSAGE
    assert w.get_num_threads() == threads


def test_a_bool_after_the_first_integer_counts_as_one(w):
    """As in PyTorch, which looks at the first only."""
    x = w.ones(2, 3)
    assert w.zeros(2, True).shape == (2, 1) and w.zeros([2, False]).shape == (2, 0)
    assert x.view(-1, True).shape == (6, 1) and x.sum(dim=(0, True)).item() == 6
    assert x.permute(0, True).shape == (2, 3) and w.nn.functional.pad(x, [1, True]).shape == (2, 5)
    assert w.nn.Linear(True, 2)(w.ones(1)).shape == (2,)


WHERE_NUMBERS_ARE_MEANT = [
    lambda w, n: w.nn.utils.rnn.pad_sequence([w.ones(2), w.ones(1)], padding_value=n),
    lambda w, n: w.nn.functional.poisson_nll_loss(w.ones(2), w.ones(2), eps=n),
    lambda w, n: w.nn.Embedding(2, 2, max_norm=n),
    lambda w, n: w.amp.GradScaler("cpu", growth_factor=n),
]


@pytest.mark.parametrize("place", range(len(WHERE_NUMBERS_ARE_MEANT)))
def test_what_is_no_number(w, place):
    call = WHERE_NUMBERS_ARE_MEANT[place]
    for number in (2, 2.5, np.float32(2.5), np.int64(2), np.array(2.5), w.tensor(2.5)):
        call(w, number)
    for junk in (
        True,
        np.bool_(True),
        np.array(True),
        np.array([2.5]),
        np.ones((2, 2)),
        w.tensor([2.5]),
        w.tensor(True),
        float,
    ):
        with pytest.raises(TypeError, match="expected a number as"):
            call(w, junk)


TAKE_NONE = {  # as PyTorch documents; calls without the argument give the same
    "var": lambda w, x, n: w.var(x, **n("out")),
    "var dim": lambda w, x, n: w.var(x, 1, True, True, **n("out")),
    "std": lambda w, x, n: w.std(x, **n("out", "dim")),
    "sort": lambda w, x, n: x.sort(**n("stable")).indices,
    "sort dim": lambda w, x, n: w.sort(x, dim=0, **n("stable", "out")).values,
    "aminmax": lambda w, x, n: w.aminmax(x, **n("dim", "out")).max,
    "norm": lambda w, x, n: w.norm(x, **n("p", "dim", "dtype", "out")),
    "Tensor.norm": lambda w, x, n: x.norm(**n("p")),
    "nan_to_num": lambda w, x, n: w.nan_to_num(x, **n("nan", "posinf", "neginf", "out")),
    "nan_to_num_": lambda w, x, n: x.clone().nan_to_num_(**n("nan")),
    "take": lambda w, x, n: w.take(x, w.tensor([0]), **n("out")),
    "scatter_add": lambda w, x, n: w.scatter_add(x, 0, w.zeros(1, 1, dtype=w.int64), x, **n("out")),
    "index_add": lambda w, x, n: w.index_add(x, 0, w.tensor([0]), x[:1], **n("out")),
    "multinomial": lambda w, x, n: w.multinomial(x.exp(), 2, **n("generator", "out")),
    "zeros": lambda w, x, n: w.zeros(2, **n("dtype", "device", "layout", "pin_memory")),
    "new_zeros": lambda w, x, n: x.new_zeros(2, **n("dtype", "device", "layout", "pin_memory")),
    "zeros_like": lambda w, x, n: w.zeros_like(x, **n("memory_format", "pin_memory")),
    "full": lambda w, x, n: w.full((2,), 1.0, **n("pin_memory")),
    "arange": lambda w, x, n: w.arange(3, **n("pin_memory")),
    "eye": lambda w, x, n: w.eye(3, **n("pin_memory")),
    "cpu": lambda w, x, n: x.cpu(**n("memory_format")),
    "meshgrid": lambda w, x, n: w.meshgrid(x[0], x[1], **n("indexing"))[1],
    "random_": lambda w, x, n: x.clone().random_(0, **n("to")) if n("to") else x.clone().random_(),
    "random_ int8": lambda w, x, n: x.to(w.int8).random_(5, **n("to")) if n("to") else x.to(w.int8).random_(5, 128),
    "Generator": lambda w, x, n: w.rand(2, generator=w.Generator(**n("device"))),
    "matrix_norm": lambda w, x, n: w.linalg.matrix_norm(x, **n("dtype", "out")),
    "compile": lambda w, x, n: w.compile(lambda x: x * 2, **n("mode", "options", "dynamic", "backend"))(x),
}


@pytest.mark.parametrize("name", TAKE_NONE)
def test_none_for_what_need_not_be_given(w, name):
    results = []
    for given in (lambda *names: dict.fromkeys(names), lambda *names: {}):
        w.manual_seed(1)
        x = w.tensor([[3.0, -1.0, float("inf")], [0.5, 2.0, -4.0]])
        x = x.clamp(max=5) if name != "nan_to_num" else x
        results.append(TAKE_NONE[name](w, x, given))
    assert w.equal(*results)


def test_new_out_arguments_are_written(w):
    x, i = w.tensor([[3.0, -1.0], [0.5, 2.0]]), w.zeros(1, 1, dtype=w.int64)
    for call in (
        lambda **out: w.var(x, **out),
        lambda **out: w.std(x, dim=0, **out),
        lambda **out: w.take(x, w.tensor([0, 3]), **out),
        lambda **out: w.scatter_add(x, 0, i, x, **out),
        lambda **out: w.index_add(x, 0, w.tensor([1]), x[:1], **out),
        lambda **out: w.linalg.matrix_norm(x, 1, **out),
    ):
        want = call()
        out = w.empty(want.shape)
        assert call(out=out) is out and w.equal(out, want)
    low, high = out = w.empty(()), w.empty(())
    assert w.aminmax(x, out=out).max is high and (low.item(), high.item()) == (-1, 3)
    out = w.empty(2, 2, dtype=w.int64)
    assert w.multinomial(x.exp(), 2, out=out) is out and sorted(out[0].tolist()) == [0, 1]
