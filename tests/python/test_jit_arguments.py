"""What a jitted function reads of its arguments beside their values: attributes, places in autograd's graph and memory.

And settings, which are read like variables.
"""

import functools
import warnings

import pytest
from support import weft_only

pytestmark = weft_only


def tagged(w, **attributes):
    x = w.ones(2)
    for name, value in attributes.items():
        setattr(x, name, value)
    return x


ATTRIBUTE_PROGRAMS = {
    "a number": (lambda x: x * x.tag, [{"tag": 2}, {"tag": 3}, {"tag": 2}]),
    "is there one?": (lambda x: x * (2 if hasattr(x, "tag") else 1), [{"tag": 2}, {}, {"tag": 2, "other": 1}]),
    "a default": (lambda x: x * getattr(x, "tag", 5), [{}, {"tag": 2}, {"tag": 3}]),
    "a list": (lambda x: x * sum(x.tags), [{"tags": [1, 2]}, {"tags": [1, 4]}]),
    "a dict": (lambda x: x * x.meta["scale"], [{"meta": {"scale": 2}}, {"meta": {"scale": 4}}]),
    "the dict": (lambda x: x * len(x.__dict__), [{"a": 1}, {"a": 1, "b": 2}]),
}


@pytest.mark.parametrize("name", ATTRIBUTE_PROGRAMS)
def test_attributes_of_arguments_are_arguments(w, name):
    function, calls = ATTRIBUTE_PROGRAMS[name]
    jitted = w.jit(function)
    for attributes in calls * 2:
        x = tagged(w, **attributes)
        assert w.equal(jitted(x), function(x))
    assert jitted.traces == len({str(c) for c in calls})


def test_a_list_among_the_attributes_may_change(w):
    function = lambda x: x * sum(x.tags)  # noqa: E731
    jitted = w.jit(function)
    x = tagged(w, tags=[1, 2])
    assert jitted(x)[0] == 3
    x.tags.append(4)
    assert jitted(x)[0] == 7


def test_tensors_among_the_attributes_are_read_at_every_call(w):
    jitted = w.jit(lambda x: x * x.scale + x.pair[1])
    for value in (2.0, 3.0, 4.0):
        x = tagged(w, scale=w.tensor(value, requires_grad=True), pair=(1, w.tensor(value)))
        out = jitted(x)
        assert out[0] == 2 * value
        out.sum().backward()
        assert x.scale.grad == 2
    assert jitted.traces == 1


def test_attributes_that_lead_back(w):
    jitted = w.jit(lambda x: x * x.me.tag)
    for tag in (2, 3):
        x = tagged(w, tag=tag)
        x.me = x
        assert jitted(x)[0] == tag


def test_attributes_of_a_parameter_among_the_arguments(w):
    p = w.nn.Parameter(w.ones(2))
    p.lr_scale = 0.5
    jitted = w.jit(lambda p: p * p.lr_scale)
    assert jitted(p)[0] == 0.5
    p.lr_scale = 0.25
    assert jitted(p)[0] == 0.25


def test_an_attribute_that_cannot_be_compared_is_an_error(w):
    class Thing:
        __hash__ = None

    with pytest.raises(TypeError, match="is of type Thing, which is neither"):
        w.jit(lambda x: x * 2)(tagged(w, thing=Thing()))


@pytest.mark.parametrize("name", ["new", "old"])
def test_setting_an_attribute_of_an_argument_is_an_error(w, name):
    def function(x):
        setattr(x, name, 3)
        return x * 2

    with pytest.raises(RuntimeError, match=f"sets the attribute '{name}' of an argument"):
        w.jit(function)(tagged(w, old=1))
    x = tagged(w, old=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert w.jit(function, fallback=True)(x)[0] == 2
    assert getattr(x, name) == 3


CHANGES = {
    "append": lambda x: x.tags.append(3),
    "in a list": lambda x: x.nested[0].append(3),
    "in a tuple": lambda x: x.pair[1].append(3),
    "an element": lambda x: x.tags.__setitem__(0, 5),
    "a key": lambda x: x.meta.update(new=1),
    "a value": lambda x: x.meta.update(scale=1),
    "popped": lambda x: x.meta.pop("scale"),
    "cleared": lambda x: x.tags.clear(),
    "in an attribute of an attribute": lambda x: x.other.tags.append(3),
    "a deleted attribute": lambda x: delattr(x, "tags"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changing_what_an_attribute_of_an_argument_holds_is_an_error(w, change):
    def make():
        return tagged(w, tags=[1], nested=[[1]], pair=(1, [1]), meta={"scale": 2}, other=tagged(w, tags=[1]))

    def function(x):
        y = x * len(x.tags)
        CHANGES[change](x)
        return y

    with pytest.raises(RuntimeError, match="the function (changes a (list|dict)|deletes the attribute 'tags')"):
        w.jit(function)(make())
    eager, fallen_back = make(), make()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert w.equal(w.jit(function, fallback=True)(fallen_back), function(eager))
    for name in ("tags", "nested", "pair", "meta"):
        assert getattr(eager, name, None) == getattr(fallen_back, name, None)
    assert eager.other.tags == fallen_back.other.tags


@pytest.mark.parametrize("how", ["args", "kwargs", "nested"])
def test_changing_a_container_among_the_arguments_is_an_error(w, how):
    def function(x, results):
        y = x * 2
        (results[0] if how == "nested" else results).append(y)
        return y

    def call(function, results):
        return function(w.ones(2), results=results) if how == "kwargs" else function(w.ones(2), results)

    with pytest.raises(RuntimeError, match="changes a list in the arguments"):
        call(w.jit(function), [[]])
    results = [[]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        call(w.jit(function, fallback=True), results)
    assert (results[0] if how == "nested" else results)[-1].tolist() == [2, 2]


def test_containers_that_hold_themselves(w):
    loop = []
    loop.append(loop)
    for call in (lambda: w.jit(lambda x: x * 2)(tagged(w, loop=loop)), lambda: w.jit(lambda x, y: x)(w.ones(1), loop)):
        with pytest.raises(RecursionError):
            call()
    with pytest.raises(RecursionError):
        w.jit(lambda x: loop)(w.ones(1))


UNKNOWN = {
    "is_leaf": lambda x: x.is_leaf,
    "grad_fn": lambda x: x.grad_fn,
    "retains_grad": lambda x: x.retains_grad,
    "_version": lambda x: x._version,
    "_base": lambda x: x._base,
    "storage_offset": lambda x: x.storage_offset(),
    "storage_offset of a view": lambda x: x[1:].storage_offset(),
    "as_strided: storage_offset": lambda x: x.as_strided((1,), (1,), 0),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_of_an_argument_is_an_error(w, name):
    x = w.ones(4, requires_grad=True)
    with pytest.raises(RuntimeError, match=name.split(" ")[0] + ".*(not known|read .* at every call|once)"):
        w.jit(lambda x: (UNKNOWN[name](x), x * 2)[1])(x)
    fallen_back = w.jit(lambda x: (UNKNOWN[name](x), x * 2)[1], fallback=True)
    with pytest.warns(RuntimeWarning, match="runs eagerly"):
        assert fallen_back(x)[0] == 2


def test_what_the_trace_makes_is_known(w):
    @w.jit
    def function(x):
        leaf = x.detach().requires_grad_()
        y = leaf * 2
        assert leaf.is_leaf and leaf.grad_fn is None
        assert not y.is_leaf and y.grad_fn is not None
        assert x.detach().is_leaf and (x * 1).storage_offset() == 0 and (x * 1)[1:].storage_offset() == 1
        assert f"{x}" and f"{y}"
        return y.detach()

    assert function(w.ones(2))[0] == 2
    assert w.jit(lambda x: x * (2 if x.is_leaf else 1))(w.ones(2))[0] == 2  # without grad, it is always one


def test_settings_that_a_trace_reads_are_guarded(w):
    threads, seed = w.get_num_threads(), w.initial_seed()
    benchmark, enabled = w.backends.cudnn.benchmark, w.are_deterministic_algorithms_enabled()

    def function(x):
        x = x * w.get_num_threads() + w.initial_seed() % 7
        if w.backends.cudnn.benchmark:
            x = x + 100
        return x + (1000 if w.are_deterministic_algorithms_enabled() else 0) + (w.is_anomaly_enabled() * 10000)

    jitted = w.jit(function)
    x = w.ones(1)
    try:
        for change in (
            lambda: None,
            lambda: w.set_num_threads(threads + 1),
            lambda: w.manual_seed(seed + 3),
            lambda: setattr(w.backends.cudnn, "benchmark", not benchmark),
            lambda: w.use_deterministic_algorithms(not enabled),
            lambda: w.use_deterministic_algorithms(enabled),
        ):
            change()
            assert w.equal(jitted(x), function(x))
        assert jitted.traces == 5
        with w.autograd.set_detect_anomaly(True):
            assert w.equal(jitted(x), function(x))
    finally:
        w.set_num_threads(threads)
        w.manual_seed(seed)
        w.backends.cudnn.benchmark = benchmark
        w.use_deterministic_algorithms(enabled)
    assert "get_num_threads() is" in jitted.explain()


@pytest.mark.parametrize("how", ["function", "partial", "map", "of the default generator", "of a generator"])
def test_the_seed_that_a_trace_reads_is_guarded_however_it_is_called(w, how):
    generator, seed_of = w.Generator(), functools.partial(w.initial_seed)
    reads = {
        "function": lambda: w.initial_seed(),
        "partial": lambda: seed_of(),
        "map": lambda: next(map(w.Generator.initial_seed, [generator])),
        "of the default generator": lambda: w.default_generator.initial_seed(),
        "of a generator": lambda: generator.initial_seed(),
    }

    def function(x):
        return x + reads[how]()

    jitted, x, seed = w.jit(function), w.zeros(1), w.initial_seed()
    try:
        for number in (3, 4, 4):
            w.manual_seed(number)
            generator.manual_seed(number)
            assert jitted(x).item() == number
        assert jitted.traces == 2 and "initial_seed()" in jitted.explain()
    finally:
        w.manual_seed(seed)


def test_seeds_of_two_generators(w):
    a, b = w.Generator().manual_seed(1), w.Generator().manual_seed(2)
    jitted = w.jit(lambda x: x + a.initial_seed() + 10 * b.initial_seed())
    assert jitted(w.zeros(1)).item() == 21
    b.manual_seed(3)
    assert jitted(w.zeros(1)).item() == 31


def test_the_state_of_generators_is_not_for_traces(w):
    """It is another one after every draw."""
    generator = w.Generator()
    state = generator.get_state()
    for use in (
        w.get_rng_state,
        w.seed,
        generator.get_state,
        generator.seed,
        lambda: w.set_rng_state(state),
        lambda: generator.set_state(state),
        lambda: generator.manual_seed(3),
    ):
        with pytest.raises(RuntimeError, match="jitted function"):
            w.jit(lambda x, use=use: (use(), x + 1)[1])(w.zeros(1))
    assert w.equal(generator.get_state(), state)


def test_slices_are_constants(w):
    f = w.jit(lambda x, where: x[where] * 2)
    x = w.arange(6.0)
    for where in (slice(2), slice(1, 3), slice(2), slice(None, None, 2), (slice(1, 3),)):
        assert f(x, where).tolist() == (x[where] * 2).tolist()
    assert f.traces == 4
    assert w.jit(lambda x, where: x[where[0]], fallback=True)(x, [slice(1, 3)]).tolist() == [1, 2]
    with pytest.raises(TypeError, match="slice"):
        w.jit(lambda x, where: x[where])(x, slice(w.tensor(1), None))
