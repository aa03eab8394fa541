"""What functions that make tensors take besides sizes and values: dtype, device, out and hints; all may be None."""

import pytest
from support import weft_only

SIZED = {  # have out=
    "zeros": lambda w, **o: w.zeros(2, 3, **o),
    "ones": lambda w, **o: w.ones((2, 3), **o),
    "full": lambda w, **o: w.full((2, 3), 1.0, **o),
    "arange": lambda w, **o: w.arange(0.0, 6.0, **o),
    "linspace": lambda w, **o: w.linspace(0, 6, 4, **o),
    "logspace": lambda w, **o: w.logspace(0, 1, 4, **o),
    "eye": lambda w, **o: w.eye(3, **o),
    "rand": lambda w, **o: w.rand(2, 3, **o),
    "randn": lambda w, **o: w.randn(2, 3, **o),
    "normal": lambda w, **o: w.normal(1.0, 2.0, (2, 3), **o),
    "randint": lambda w, **o: w.randint(3, 9, (2, 3), **o),
    "randint to": lambda w, **o: w.randint(9, (2, 3), **o),
    "randperm": lambda w, **o: w.randperm(5, **o),
}
LIKE = {  # have memory_format=
    "zeros_like": lambda w, x, **o: w.zeros_like(x, **o),
    "ones_like": lambda w, x, **o: w.ones_like(x, **o),
    "full_like": lambda w, x, **o: w.full_like(x, 3, **o),
    "rand_like": lambda w, x, **o: w.rand_like(x, **o),
    "randn_like": lambda w, x, **o: w.randn_like(x, **o),
    "randint_like": lambda w, x, **o: w.randint_like(x, 3, 9, **o),
    "randint_like to": lambda w, x, **o: w.randint_like(x, 9, **o),
}
OTHERS = {
    "new_zeros": lambda w, **o: w.ones(2).new_zeros(3, **o),
    "new_full": lambda w, **o: w.ones(2).new_full((3,), 4.0, **o),
    "scalar_tensor": lambda w, **o: w.scalar_tensor(2.0, **o),
    "empty_strided": lambda w, **o: w.empty_strided((2,), (1,), **o).zero_(),
    "tril_indices": lambda w, **o: w.tril_indices(3, 3, **o),
    "triu_indices": lambda w, **o: w.triu_indices(3, 3, **o),
}
HINTS = ("dtype", "device", "requires_grad", "layout", "pin_memory")


def draw(w, call, *args, **options):
    w.manual_seed(3)
    return call(w, *args, **options)


@pytest.mark.parametrize("name", [*SIZED, *OTHERS])
def test_none_is_the_default(w, name):
    call = (SIZED | OTHERS)[name]
    want = draw(w, call)
    for options in (dict.fromkeys(HINTS), *({hint: None} for hint in HINTS)):
        got = draw(w, call, **options)
        assert got.dtype == want.dtype and w.equal(got, want) and not got.requires_grad
    got = draw(w, call, layout=w.strided, pin_memory=False, requires_grad=False)
    assert w.equal(got, want)


@pytest.mark.parametrize("name", LIKE)
def test_none_is_the_default_of_like_functions(w, name):
    x = w.ones(2, 3)
    want = draw(w, LIKE[name], x)
    for options in (dict.fromkeys((*HINTS, "memory_format")), {"requires_grad": None}, {"memory_format": None}):
        assert w.equal(draw(w, LIKE[name], x, **options), want)
    for form in (w.contiguous_format, w.preserve_format):
        got = draw(w, LIKE[name], x, memory_format=form, layout=w.strided, pin_memory=False)
        assert w.equal(got, want) and got.is_contiguous()
    assert LIKE[name](w, w.ones(3, 2).t(), memory_format=w.contiguous_format).is_contiguous()


@pytest.mark.parametrize("name", [name for name in LIKE if name.startswith("rand")])
def test_like_functions_draw_from_a_generator(w, name):
    x, draws = w.ones(2, 3), []
    for seed in (1, 1, 2):
        draws.append(LIKE[name](w, x, generator=w.Generator().manual_seed(seed)))
    assert w.equal(draws[0], draws[1]) and not w.equal(draws[0], draws[2])
    assert w.equal(draw(w, LIKE[name], x, generator=None), draw(w, LIKE[name], x))


@pytest.mark.parametrize("name", SIZED)
def test_out(w, device, name):
    """The result in out, in its dtype and on its device, resized where it is empty."""
    call = SIZED[name]
    want = draw(w, call, out=None)
    for dtype in (want.dtype, w.float64):
        want = draw(w, call, dtype=dtype, device=device)
        for out in (w.full(want.shape, 7, dtype=dtype, device=device), w.empty(0, dtype=dtype, device=device)):
            assert draw(w, call, out=out) is out and out.dtype == dtype and w.equal(out, want)
            assert draw(w, call, out=out, dtype=dtype, device=device, layout=w.strided, pin_memory=False) is out
    whole = w.zeros(*want.shape, 2, device=device)
    part = whole.select(-1, 1)
    draw(w, call, out=part)
    assert w.equal(part, draw(w, call, dtype=part.dtype, device=device)) and not whole.select(-1, 0).any()


def test_out_of_empty_keeps_its_contents(w):
    out = w.ones(2, 2)
    assert w.empty(2, 2, out=out) is out and out.tolist() == [[1, 1], [1, 1]]
    out = w.empty(0)
    assert w.empty(2, 3, out=out) is out and out.shape == (2, 3)
    assert w.empty(2, out=None, memory_format=None).shape == (2,)


@pytest.mark.parametrize("name", SIZED)
def test_options_that_out_does_not_have(w, name):
    call = SIZED[name]
    out = draw(w, call, dtype=w.float64)
    before = out.clone()
    with pytest.raises(RuntimeError, match="dtype"):
        call(w, out=out, dtype=w.float16)
    with pytest.raises(RuntimeError, match="device"):
        call(w, out=out, device="meta")
    with pytest.raises(RuntimeError, match="grad"):
        call(w, out=w.ones(out.shape, requires_grad=True))
    with pytest.raises(RuntimeError, match="float|Long"):
        call(w, out=w.zeros(out.shape, dtype=w.int64), requires_grad=True)
    assert w.equal(out, before)


def test_a_refused_out_draws_nothing(w):
    for call in (SIZED["rand"], SIZED["randint"], SIZED["randperm"], SIZED["normal"]):
        state = w.get_rng_state()
        with pytest.raises(RuntimeError, match="dtype"):
            call(w, out=w.zeros(2, 3), dtype=w.float64)
        with pytest.raises(RuntimeError, match="grad"):
            call(w, out=w.zeros(2, 3, requires_grad=True))
        assert w.equal(w.get_rng_state(), state)


def test_out_that_shall_require_grad(w):
    out = w.zeros(2)
    assert w.ones(2, out=out, requires_grad=True) is out and out.requires_grad and out.is_leaf
    with w.no_grad():
        assert w.full((2,), 3, out=out, requires_grad=True).tolist() == [3, 3] and out.requires_grad


def test_what_requires_grad_is_a_leaf(w):
    for call in (SIZED["normal"], SIZED["rand"], SIZED["linspace"]):
        x = call(w, requires_grad=True)
        assert x.requires_grad and x.is_leaf
    for name in ("randint", "randperm", "full"):
        with pytest.raises(RuntimeError, match="float"):
            SIZED[name](w, dtype=w.int64, requires_grad=True)


def test_out_of_draws_from_distributions(w):
    mean, chance = w.arange(3.0), w.tensor([0.0, 1.0, 0.0])
    for call in (
        lambda w, **o: w.normal(mean, 2.0, **o),
        lambda w, **o: w.normal(0.0, mean, **o),
        lambda w, **o: w.normal(mean, mean, **o),
        lambda w, **o: w.bernoulli(chance, **o),
    ):
        want = draw(w, call, out=None, generator=None)
        out = w.empty(3)
        assert draw(w, call, out=out) is out and w.equal(out, want)
    for dtype in (w.int64, w.bool, w.uint8):
        out = w.ones(3, dtype=dtype)
        assert w.bernoulli(chance, out=out) is out and out.tolist() == [0, 1, 0]


def test_options_of_normal_with_tensors(w):
    """They say what the tensors say."""
    for options in ({"dtype": w.float64}, {"device": "cpu"}, {"size": (3,)}, {"requires_grad": True}):
        with pytest.raises(TypeError, match="normal"):
            w.normal(w.zeros(3), 1.0, **options)


@weft_only
def test_out_in_a_jitted_function(w):
    @w.jit
    def fill(x):
        out = w.empty(3, dtype=w.float64)
        w.ones(3, out=out)
        return x + out, w.arange(3, out=w.empty(0))

    for _ in range(3):
        total, numbers = fill(w.ones(3, dtype=w.float64))
        assert total.tolist() == [2, 2, 2] and numbers.dtype == w.float32 and numbers.tolist() == [0, 1, 2]

    draw_into = w.jit(lambda out: w.rand(3, out=out))
    out = w.zeros(3)
    first = draw_into(out).clone()
    assert not w.equal(draw_into(out), first) and 0 < float(out.sum()) < 3


def test_tensors_of_data_take_hints(w):
    assert w.tensor([1.0], pin_memory=False).tolist() == [1]
    assert w.asarray([1.0], requires_grad=None).tolist() == [1] and w.asarray([1.0], requires_grad=True).requires_grad
