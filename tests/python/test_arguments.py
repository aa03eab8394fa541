"""Nothing is accepted and ignored: every public callable with each of its arguments broken in turn."""

import inspect
import re

import pytest
from callables import CALLS, LAYERS, LOSSES, OPTIMIZERS, SCHEDULES
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
        parameters = list(inspect.signature(function).parameters.values())
        named = {p.name: p for p in parameters}
        optional = {i: p.default is None for i, p in enumerate(parameters)}
        optional |= {name: p.default is None for name, p in named.items()}
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
    for bad in (x.contiguous, x.is_contiguous, lambda **options: w.zeros_like(x, **options)):
        refuse(lambda bad=bad: bad(memory_format=w.preserve_format), "preserve_format")
    assert repr(w.preserve_format) == "weft.preserve_format" and isinstance(w.preserve_format, w.memory_format)
