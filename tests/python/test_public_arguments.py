"""Nothing is accepted and ignored by whatever is public: found by walking, each argument broken in turn."""

import contextlib
import fnmatch
import inspect
import itertools
import re
import signal
import warnings

import hints
import public_calls
import public_calls_nn
import pytest
import weft
from public_names import parameters, walk
from support import weft_only
from test_arguments import LONGEST_MESSAGE, REFUSED, Junk, little_memory  # noqa: F401

pytestmark = weft_only
SECONDS = 20
NEEDS_GPU = r"weft\.(cuda|accelerator)\.|weft\..*\.(cuda|pin_memory|record_stream)"
# What the signatures of compiled functions say of whole numbers, which no fraction is
WHOLE = ("typing.SupportsInt | typing.SupportsIndex", "typing.SupportsInt | typing.SupportsIndex | None", "int")
NUMBERS = (-1, 2**62, 10**30, float("nan"), -1.5)

# What is taken although it looks wrong, and why: (path, a trailing * stands for anything), what, reason
TAKEN = [
    ("*", "prefix", "nonsense", "a text"),
    ("*", "name", "nonsense", "a text"),
    ("weft.is_tensor", "obj", "any", "says what anything is"),
    ("weft.vmap", "out_dims", "None", "of a result that is the same for all"),
    ("weft.utils.data.default_convert", "data", "any", "leaves what is no array alone"),
    ("weft.utils.data.default_collate", "batch", "nonsense", "a text is a batch of letters"),
    ("weft.utils.data.*", "data_source", "nonsense", "a text has a length"),
    ("weft.utils.data.*", "datasets", "nonsense", "a text is a sequence of samples"),
    ("weft.utils.data.*", "dataset", "nonsense", "a text is a sequence of samples"),
    ("weft.utils.data.SubsetRandomSampler", "indices", "nonsense", "a sequence of whatever the dataset takes"),
    ("weft.utils.data.Subset", "indices", "nonsense", "a sequence of whatever the dataset takes"),
    ("weft.save", "obj", "nonsense", "texts are saved"),
    ("weft.save", "obj", "None", "None is saved"),
    ("weft.save", "f", "nonsense", "the name of a file"),
    ("weft.export.save", "f", "nonsense", "the name of a file"),
    ("weft.export.Dim", "min", "None", "the usual one"),
    ("weft.testing.assert_close", "msg", "nonsense", "a text"),
    ("weft.check_numerics", "message", "nonsense", "a text"),
    ("weft.nn.ParameterDict.get", "*", "any", "any key may be asked for, any default given"),
    ("weft.nn.*", "module", "None", "a place for a module"),
    ("weft.nn.module.Module.register_*", "param", "None", "a place for a parameter"),
    ("weft.nn.module.Module.register_*", "tensor", "None", "a place for a buffer"),
    ("weft.nn.Sequential", "argument 0", "None", "a place for a module"),
    ("weft.nn.ParameterList.append", "value", "None", "anything may stand among the parameters"),
    ("weft.nn.module.Module.to_empty", "device", "None", "stay where they are"),
    ("weft.nn.module.Module.to", "argument 0", "None", "stay where they are"),
    ("weft.Tensor.to", "argument 0", "None", "stays where it is"),
    ("weft.nn.functional.adaptive_*", "output_size", "None", "the input's"),
    ("weft.nn.init.kaiming_*", "a", "None", "leaky_relu's usual slope"),
    ("weft.nn.Adaptive*Pool1d", "output_size", "None", "the input's"),
    ("weft.nn.*Norm?d", "momentum", "None", "an average of all"),
    ("weft.nn.ConstantPad?d", "value", "None", "0, as in functional.pad"),
    ("weft.utils.data.DataLoader", "batch_size", "None", "samples by themselves"),
    ("weft.compile", "backend", "None", "the usual one"),
    ("weft.utils.data.DataLoader", "pin_memory_device", "nonsense", "a hint"),
    ("weft.utils.data.BatchSampler", "sampler", "nonsense", "any iterable"),
    ("weft.autograd.Function.apply", "argument 0", "any", "forward is written by users"),
    ("weft._jit.Jitted.*", "argument 0", "nonsense", "the compiled function takes texts"),
    ("weft._C._Jit.*", "argument 0", "nonsense", "the compiled function takes texts"),
    ("weft._jit.Jitted.dump", "directory", "nonsense", "the name of a folder"),
    ("weft.accelerator.*", "device", "None", "the current one"),
    ("weft.cuda.*", "device", "None", "the current one"),
    ("weft.*.set_stream", "stream", "None", "stays at the current one"),
    ("weft.cuda.stream", "stream", "None", "stays at the current one"),
    ("weft.cuda.set_memory_limit", "nbytes", "None", "no limit"),
    ("weft.cuda.amp.autocast", "dtype", "None", "the device's usual dtype"),
    ("weft.nn.utils.prune.PruningContainer", "argument 0", "None", "adds nothing, as in PyTorch"),
    ("weft.nn.utils.prune.PruningContainer.add_pruning_method", "method", "None", "adds nothing, as in PyTorch"),
    ("weft.nn.utils.parametrize.is_parametrized", "tensor_name", "nonsense", "a name"),
    ("weft.nn.attention.flex_attention.BlockMask.to", "device", "None", "where its tensors lie"),
    ("weft.nn.ParameterList*", "value*", "any", "it holds whatever it is given"),
    ("weft.nn.ParameterDict.*", "*", "any", "it holds whatever it is given"),
    ("weft.autograd.graph.disable_saved_tensors_hooks", "error_message", "nonsense", "a text"),
    ("weft.nn.module.Module.set_submodule", "target", "nonsense", "the name of a new submodule"),
    ("weft.nn.recurrent_base.RNNBase.check_hidden_size", "msg", "nonsense", "a text"),
    ("weft.nn.utils.rnn.PackedSequence.to", "argument 0", "None", "stays where it is"),
    ("weft.autograd.FunctionCtx.save_for_backward", "argument 0", "None", "keeps its place among the tensors"),
]
PRUNING = ("identity", "l1_unstructured", "random_unstructured", "ln_structured", "random_structured")
PRUNING += ("custom_from_mask", "BasePruningMethod.apply", *(f"{name}.apply" for name in public_calls_nn.APPLIED))
# What callables raise beside REFUSED, because that is what they are for
RAISED = {
    "weft.testing.assert_close": AssertionError,
    "weft.load": OSError,
    "weft.export.load": OSError,
    "weft.nn.module.Module.get_submodule": AttributeError,
    "weft.nn.module.Module.get_parameter": AttributeError,
    "weft.nn.module.Module.get_buffer": AttributeError,
    "weft.nn.module.Module.set_submodule": AttributeError,
    "weft.nn.utils.weight_norm": AttributeError,
    **{f"weft.nn.utils.prune.{name}": AttributeError for name in PRUNING},
}
ITEMS = [
    item
    for item in walk()
    if item.path not in public_calls.LEFT_OUT and (not item.owner or item.name not in public_calls.METHODS_LEFT_OUT)
]


def use(result):
    """Makes lazy results do what they are for."""
    if hasattr(result, "__enter__") and hasattr(result, "__exit__"):
        with result:
            pass
    elif hasattr(result, "__next__") or type(result).__module__ == "weft.utils.data.sampler":
        list(itertools.islice(result, 5))
    return result


@pytest.fixture(autouse=True)
def settings(w, tmp_path, monkeypatch):
    """Settings are put back, files go to a folder that is thrown away, and nothing may take long."""
    monkeypatch.chdir(tmp_path)
    kept, threads, state = w.get_default_dtype(), w.get_num_threads(), w.get_rng_state()

    def late(*_):
        raise AssertionError("no answer")

    before = signal.signal(signal.SIGALRM, late)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    w.set_default_dtype(kept)
    w.set_default_device(None)
    w.set_num_threads(threads)
    w.set_rng_state(state)
    w.set_grad_enabled(True)
    w.set_printoptions(profile="default")
    w.use_deterministic_algorithms(True)
    w.set_float32_matmul_precision("highest")
    w.autograd.set_detect_anomaly(False)


def outcome(run):
    """What a call ends in: None, or the exception. One that is not in order fails at once."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(None):
            warnings.simplefilter("ignore")
            result = use(run())
            del result
    except REFUSED as error:
        return error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def with_argument(make, parameter, place, value):
    function, args, kwargs = make()
    if place < len(args):
        args[place] = value
    else:
        kwargs[parameter.name] = value
    return lambda: function(*args, **kwargs)


def broken(make, known):
    """(what, run, must it be refused) for each argument that is broken."""
    function, args, kwargs = make()

    def call(*more, **others):
        function, args, kwargs = make()
        return function(*args, *more, **kwargs, **others)

    yield "an unknown keyword", lambda: call(nonsense=3), True
    yield "one argument too many", lambda: call(*[Junk()] * (1 + max(0, len(known) - len(args)))), True
    for place, parameter in enumerate(known):
        if place >= len(args) and not parameter.by_name:
            continue
        for junk in (Junk(), "nonsense"):
            run = with_argument(make, parameter, place, junk)
            yield f"{junk!r} as {parameter.name}", run, not parameter.is_flag
        run = with_argument(make, parameter, place, None)
        yield f"None as {parameter.name}", run, not (parameter.may_be_none or parameter.is_flag)
        for number in NUMBERS:
            run = with_argument(make, parameter, place, number)
            yield f"{number} as {parameter.name}", run, isinstance(number, float) and parameter.annotation in WHOLE
    for place in range(len(known), len(args)):
        for value in (Junk(), "nonsense", None, *NUMBERS):
            function, args, kwargs = make()
            args[place] = value
            run = lambda f=function, a=args, k=kwargs: f(*a, **k)  # noqa: E731
            yield f"{value!r} as argument {place}", run, isinstance(value, (Junk, str)) or value is None


def taken(item, parameter, kind):
    """Is this one of the things that look wrong and are not?"""
    return any(
        fnmatch.fnmatchcase(item.path, path) and fnmatch.fnmatchcase(parameter, name) and value in ("any", kind)
        for path, name, value, _ in TAKEN
    )


OPS = {
    name
    for of in (weft, weft.nn.functional, weft.Tensor, weft.linalg)
    for name in dir(of)
    if callable(getattr(of, name, None)) and not inspect.isclass(getattr(of, name))
} - {"requires_grad"}


def other_op(item, error):
    """The op that an op's error names in place of the one that was called."""
    of_ops = item.owner is weft.Tensor or re.fullmatch(r"weft\.((nn\.functional|linalg)\.)?\w+", item.path)
    named = str(error).partition(": ")[0]
    own = (item.name.strip("_"), getattr(item.value, "__name__", "").strip("_"))  # the second where it is an alias
    return (
        named if of_ops and not inspect.isclass(item.value) and named in OPS and named.strip("_") not in own else None
    )


def faults(item, make):
    """What is wrong with how the callable takes broken arguments."""
    known = parameters(item.value)
    for what, run, must in broken(make, known):
        try:
            error = outcome(run)
        except RAISED.get(item.path, ()):
            continue
        except Exception as error:
            yield f"{what}: {type(error).__name__}: {str(error)[:300]}"
            continue
        value, _, parameter = what.partition(" as ")
        kind = {"'nonsense'": "nonsense", "None": "None"}.get(value, "junk")
        if error is None and must and not taken(item, parameter, kind):
            yield f"{what} was accepted"
        if error is not None and (other := other_op(item, error)):
            yield f"{what}: answers as {other}: {str(error)[:200]}"
        if error is not None and len(str(error)) > LONGEST_MESSAGE:
            yield f"{what}: a message of {len(str(error))} characters"


@pytest.mark.parametrize("item", ITEMS, ids=str)
def test_arguments(w, item):
    try:
        make = public_calls.find(w, item, outcome_or_raise)
    except public_calls.NoCall:
        if w.cuda.is_available() or not re.match(NEEDS_GPU, item.path):
            raise
        pytest.skip("needs a GPU")
    wrong = list(faults(item, make))
    assert not wrong, f"{item}:\n" + "\n".join(wrong)


def outcome_or_raise(run):
    error = outcome(run)
    if error is not None:
        raise error


def test_hints_are_parameters():
    """The list of hints names nothing that is not there."""
    declared = {parameter.name for item in walk() for parameter in parameters(item.value)}
    assert not set(hints.PARAMETERS) - declared - {"non_blocking"}  # read from **kwargs, among others


def test_reasons_are_of_use():
    """What is left out or taken is still there."""
    paths = {item.path for item in walk()}
    assert not set(public_calls.LEFT_OUT) - paths
    for path, parameter, _, _ in TAKEN:
        assert any(fnmatch.fnmatchcase(known, path) for known in paths), (path, parameter)


SETTABLE = [
    name
    for name in dir(weft.Tensor)
    if not name.startswith("_") and hasattr(type(inspect.getattr_static(weft.Tensor, name)), "__set__")
]


@pytest.mark.parametrize("name", SETTABLE)
def test_attributes(w, name):
    """An attribute of a tensor takes no nonsense."""
    numbers = () if name in ("real", "imag") else (-1, 1.5)  # which parts of tensors may be
    for value in (Junk(), "nonsense", *numbers):
        with pytest.raises((AttributeError, *REFUSED)) as error:
            setattr(w.ones(2), name, value)
            pytest.fail(f"{name} = {value!r} was accepted")
        assert len(str(error.value)) < LONGEST_MESSAGE


def switches():
    """(the path of a module of switches or of an object in one, name) of every switch."""
    for name in vars(weft.backends):
        module = getattr(weft.backends, name)
        if not inspect.ismodule(module):
            continue
        for path, owner in ((name, module), *((f"{name}.{part}", getattr(module, part)) for part in vars(module))):
            for switch, value in vars(type(owner)).items():
                if isinstance(value, property) and value.fset and type(owner).__module__.startswith("weft."):
                    yield path, owner, switch


SWITCHES = list(switches())


@pytest.mark.parametrize("path, owner, name", SWITCHES, ids=[f"{path}.{name}" for path, _, name in SWITCHES])
def test_switches(path, owner, name):
    """A switch takes no nonsense, and keeps its value then."""
    before = getattr(owner, name)
    for value in (Junk(), "nonsense", None, 1.5):
        with pytest.raises(TypeError):
            setattr(owner, name, value)
            pytest.fail(f"{path}.{name} = {value!r} was accepted")
    assert getattr(owner, name) == before


OBJECTS = {
    "Generator": lambda w: w.Generator(),
    "dtype": lambda w: w.float32,
    "device": lambda w: w.device("cpu"),
    "Size": lambda w: w.Size([1]),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_objects_without_attributes(w, name):
    with pytest.raises((AttributeError, TypeError)):
        OBJECTS[name](w).nonsense = 3
