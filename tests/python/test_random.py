"""Random numbers: one seed gives the same numbers, and they have the distribution they promise."""

import math

import numpy as np
import pytest
from support import IS_WEFT, check_message, dtype_name, to_numpy, weft_only

COUNT = 40_000
# The mean of COUNT numbers strays further than this many standard errors once in ten million runs; seeds are fixed
SIGMAS = 5.5


def draws(w):
    """Every way to draw numbers, by name."""
    half = w.full((1000,), 0.5)
    return {
        "rand": lambda **k: w.rand(1000, **k),
        "rand float64": lambda **k: w.rand(1000, dtype=w.float64, **k),
        "randn": lambda **k: w.randn(1000, **k),
        "randint": lambda **k: w.randint(0, 100, (1000,), **k),
        "randperm": lambda **k: w.randperm(1000, **k),
        "normal": lambda **k: w.normal(0.0, 1.0, (1000,), **k),
        "uniform_": lambda **k: w.empty(1000).uniform_(**k),
        "normal_": lambda **k: w.empty(1000).normal_(**k),
        "bernoulli": lambda **k: w.bernoulli(half, **k),
        "bernoulli_": lambda **k: w.empty(1000).bernoulli_(0.5, **k),
        "multinomial": lambda **k: w.multinomial(half, 500, **k),
        "random_": lambda **k: w.empty(1000, dtype=w.int64).random_(**k),
        "exponential_": lambda **k: w.empty(1000).exponential_(**k),
    }


NAMES = [
    "rand",
    "rand float64",
    "randn",
    "randint",
    "randperm",
    "normal",
    "uniform_",
    "normal_",
    "bernoulli",
    "bernoulli_",
    "multinomial",
    "random_",
    "exponential_",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides(w, name):
    draw = draws(w)[name]
    w.manual_seed(7)
    first, later = to_numpy(draw()), to_numpy(draw())
    w.manual_seed(7)
    again = to_numpy(draw())
    w.manual_seed(8)
    other = to_numpy(draw())
    np.testing.assert_array_equal(first, again)
    assert (first != later).any() and (first != other).any()


@pytest.mark.parametrize("name", NAMES)
def test_a_generator_of_ones_own(w, name):
    draw = draws(w)[name]
    generator = w.Generator().manual_seed(5)
    first = to_numpy(draw(generator=generator))
    w.manual_seed(5)
    by_default = to_numpy(draw())
    np.testing.assert_array_equal(first, by_default)
    generator.manual_seed(5)
    w.rand(3)
    np.testing.assert_array_equal(to_numpy(draw(generator=generator)), first)


@pytest.mark.parametrize("name", NAMES)
def test_the_number_of_threads_does_not_matter(w, name):
    if not IS_WEFT:
        pytest.skip("a promise of Weft")
    before, draw, results = w.get_num_threads(), draws(w)[name], []
    try:
        for threads in (1, 2, 3):
            w.set_num_threads(threads)
            w.manual_seed(3)
            results.append((to_numpy(draw()), to_numpy(w.randn(200_001))))
    finally:
        w.set_num_threads(before)
    for small, large in results[1:]:
        np.testing.assert_array_equal(small, results[0][0])
        np.testing.assert_array_equal(large, results[0][1])


@weft_only
def test_the_first_numbers_of_philox(w):
    """The bits behind rand are those of Philox4x32-10 with the seed as key (Salmon et al., SC 2011)."""

    def philox(counter, key):
        x, k = list(counter), list(key)
        for _ in range(10):
            a, b = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
            x = [(b >> 32) ^ x[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ x[3] ^ k[1], a & 0xFFFFFFFF]
            k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
        return x

    # The known answer of the paper's test vectors
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    w.manual_seed(0)
    words = philox([0] * 4, [0] * 2)
    np.testing.assert_allclose(w.rand(4).tolist(), [(word >> 8) / 2**24 for word in words], atol=1e-7)


def test_state_can_be_saved(w):
    generator = w.Generator().manual_seed(5)
    w.rand(10, generator=generator)
    state = generator.get_state()
    first = w.rand(10, generator=generator)
    generator.set_state(state)
    assert w.equal(w.rand(10, generator=generator), first)
    assert generator.initial_seed() == 5
    state = w.get_rng_state()
    first = w.randn(5)
    w.set_rng_state(state)
    assert w.equal(w.randn(5), first)


def test_seeds(w):
    assert w.manual_seed(3).initial_seed() == 3 and w.initial_seed() == 3
    w.manual_seed(2**63)
    w.manual_seed(-1)
    assert isinstance(w.seed(), int)
    with pytest.raises((RuntimeError, ValueError, OverflowError, TypeError)):
        w.manual_seed(2**65)


def check_moments(values, mean, std):
    values = np.asarray(values, "float64")
    error = std / math.sqrt(values.size)
    assert abs(values.mean() - mean) < SIGMAS * error
    assert abs(values.std() - std) < 2 * SIGMAS * error
    # No correlation between neighbours
    centred = values.reshape(-1) - values.mean()
    assert abs((centred[1:] * centred[:-1]).mean()) < SIGMAS * std * error


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_rand_is_uniform(w, dtype):
    values = to_numpy(w.rand(COUNT, dtype=getattr(w, dtype)))
    assert values.min() >= 0 and values.max() < 1
    check_moments(values, 0.5 if dtype != "bfloat16" else 0.5 - 2**-9, math.sqrt(1 / 12))
    counts = np.histogram(values, 10, (0, 1))[0]
    assert ((counts - COUNT / 10) ** 2 / (COUNT / 10)).sum() < 50  # chi-squared with 9 degrees of freedom


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_randn_is_normal(w, dtype):
    values = to_numpy(w.randn(COUNT, dtype=getattr(w, dtype))).astype("float64")
    check_moments(values, 0, 1)
    assert abs((values**3).mean()) < SIGMAS * math.sqrt(15 / COUNT)
    assert abs((values**4).mean() - 3) < SIGMAS * math.sqrt(96 / COUNT)
    assert np.isfinite(values).all() and 3.5 < abs(values).max() < 7


def test_uniform_range(w):
    values = to_numpy(w.empty(COUNT).uniform_(-3, 5))
    assert values.min() >= -3 and values.max() < 5
    check_moments(values, 1, 8 / math.sqrt(12))


def test_normal_with_mean_and_std(w):
    check_moments(to_numpy(w.empty(COUNT).normal_(5, 2)), 5, 2)
    check_moments(to_numpy(w.normal(5.0, 2.0, (COUNT,))), 5, 2)
    values = to_numpy(w.normal(w.tensor([0.0, 100.0]).repeat(COUNT), w.tensor([1.0, 3.0]).repeat(COUNT))).reshape(-1, 2)
    check_moments(values[:, 0], 0, 1)
    check_moments(values[:, 1], 100, 3)


@pytest.mark.parametrize("dtype", ["int64", "int32", "int16", "int8", "uint8", "float32"])
def test_randint(w, dtype):
    values = w.randint(3, 10, (COUNT,), dtype=getattr(w, dtype))
    assert dtype_name(values.dtype) == dtype
    counts = np.unique(to_numpy(values), return_counts=True)
    assert counts[0].tolist() == [3, 4, 5, 6, 7, 8, 9]
    assert ((counts[1] - COUNT / 7) ** 2 / (COUNT / 7)).sum() < 40
    assert w.randint(5, (3, 2)).dtype == w.int64


def test_randint_over_a_wide_range(w):
    values = to_numpy(w.randint(-(2**62), 2**62, (COUNT,)))
    assert abs(values.mean() / 2**62) < 0.02 and len(set(values.tolist())) == COUNT


def test_randperm(w):
    for count in (0, 1, 2, 100, 5000):
        assert sorted(w.randperm(count).tolist()) == list(range(count))
    assert w.randperm(5, dtype=w.int32).dtype == w.int32
    first = np.array([w.randperm(4)[0].item() for _ in range(2000)])
    assert (abs(np.bincount(first, minlength=4) - 500) < 110).all()


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_bernoulli(w, dtype):
    probabilities = w.tensor([0.0, 1.0, 0.3]).to(getattr(w, dtype)).repeat(COUNT)
    values = w.bernoulli(probabilities)
    assert values.dtype == probabilities.dtype
    columns = to_numpy(values).reshape(-1, 3)
    assert (columns[:, 0] == 0).all() and (columns[:, 1] == 1).all() and set(np.unique(columns)) == {0, 1}
    assert abs(columns[:, 2].mean() - probabilities[2].item()) < SIGMAS * 0.46 / math.sqrt(COUNT)


def test_multinomial_with_replacement(w):
    weights = w.tensor([1.0, 0.0, 3.0])
    counts = np.bincount(to_numpy(w.multinomial(weights, COUNT, replacement=True)), minlength=3)
    assert counts[1] == 0 and abs(counts[2] / COUNT - 0.75) < SIGMAS * 0.44 / math.sqrt(COUNT)
    assert tuple(w.multinomial(w.ones(4, 5), 3).shape) == (4, 3)


def test_multinomial_without_replacement(w):
    rows = to_numpy(w.multinomial(w.tensor([[1.0, 2.0, 3.0, 0.0]]).repeat(3000, 1), 3))
    assert (np.sort(rows, 1) == [0, 1, 2]).all()
    first = np.bincount(rows[:, 0], minlength=4) / 3000
    np.testing.assert_allclose(first, [1 / 6, 2 / 6, 3 / 6, 0], atol=0.05)


def test_dropout(w):
    dropout = w.nn.functional.dropout
    x = w.ones(COUNT, requires_grad=True)
    y = dropout(x, 0.25)
    values = to_numpy(y)
    assert set(np.unique(values).round(5)) == {0, np.float32(1 / 0.75).round(5)}
    assert abs((values == 0).mean() - 0.25) < SIGMAS * 0.44 / math.sqrt(COUNT)
    y.sum().backward()
    np.testing.assert_array_equal(to_numpy(x.grad), values)
    assert w.equal(dropout(x, 0.5, training=False), x)
    assert w.equal(dropout(x, 0.0), x) and (dropout(x, 1.0) == 0).all()


def test_like_variants(w):
    x = w.ones(2, 3, dtype=w.float64)
    for y in (w.rand_like(x), w.randn_like(x), w.randint_like(x, 5)):
        assert tuple(y.shape) == (2, 3) and y.dtype == w.float64
    assert w.rand_like(x, dtype=w.float32).dtype == w.float32


def test_empty_draws(w):
    assert w.rand(0, 3).shape == (0, 3) and w.randn(0).shape == (0,) and w.randint(5, (0,)).shape == (0,)


@pytest.mark.parametrize(
    "name, call, errors, says",
    [
        ("randint of an empty range", lambda w: w.randint(5, 5, (2,)), RuntimeError, ("randint", "5")),
        ("randint beyond the dtype", lambda w: w.randint(0, 300, (2,), dtype=w.uint8), RuntimeError, ("uint8",)),
        ("uniform_ backwards", lambda w: w.empty(2).uniform_(1, 0), RuntimeError, ("uniform", "1", "0")),
        ("normal_ of negative std", lambda w: w.empty(2).normal_(0, -1), RuntimeError, ("normal", "std", "-1")),
        ("bernoulli above one", lambda w: w.bernoulli(w.full((2,), 1.5)), RuntimeError, ("bernoulli",)),
        ("bernoulli of NaN", lambda w: w.bernoulli(w.full((2,), float("nan"))), RuntimeError, ("bernoulli",)),
        ("bernoulli_ above one", lambda w: w.empty(2).bernoulli_(1.5), RuntimeError, ("bernoulli", "1.5")),
        ("randperm of fewer than none", lambda w: w.randperm(-1), RuntimeError, ("randperm", "-1")),
        ("dropout above one", lambda w: w.nn.functional.dropout(w.ones(2), 1.5), ValueError, ("dropout", "1.5")),
        ("rand of integers", lambda w: w.rand(2, dtype=w.int64), RuntimeError, ("uniform", "int64")),
        ("rand of negative size", lambda w: w.rand(-2), RuntimeError, ("rand", "-2")),
        ("multinomial of too many", lambda w: w.multinomial(w.ones(2), 3), RuntimeError, ("multinomial", "3", "2")),
        (
            "multinomial of negative weights",
            lambda w: w.multinomial(w.tensor([1.0, -1.0]), 1),
            RuntimeError,
            ("multinomial",),
        ),
        ("multinomial of zero weights", lambda w: w.multinomial(w.zeros(2), 1), RuntimeError, ("multinomial",)),
        ("multinomial of none", lambda w: w.multinomial(w.ones(2), 0), RuntimeError, ("multinomial", "0")),
        (
            "uniform_ of integers",
            lambda w: w.zeros(2, dtype=w.int64).uniform_(),
            (RuntimeError, NotImplementedError),
            ("uniform", "int64"),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused(w, name, call, errors, says):
    with pytest.raises(errors) as error:
        call(w)
    check_message(error, says)


class Index:
    def __index__(self):
        return 5


@pytest.mark.parametrize("seed", [np.int32(5), np.uint64(5), np.array(5), Index(), "tensor"])
def test_seeds_of_other_types(w, seed):
    if seed == "tensor":
        seed = w.tensor(5)
    first = w.manual_seed(5) and w.rand(3)
    assert w.manual_seed(seed).initial_seed() == 5 and w.equal(w.rand(3), first)
    w.cuda.manual_seed(seed)
    w.cuda.manual_seed_all(seed)


def test_manual_seed_takes_what_int_takes(w):
    for seed in (True, 1.0, 1.5, np.float64(1.5), np.bool_(True), "1"):
        assert w.manual_seed(seed).initial_seed() == 1
    for seed in (None, [1]):
        with pytest.raises(TypeError):
            w.manual_seed(seed)


@weft_only
def test_seeds_of_a_generator_are_integers(w):
    g = w.Generator()
    for seed in (np.int32(5), np.uint64(5), np.array(5), Index(), w.tensor(5), 5):
        assert g.manual_seed(seed).initial_seed() == 5
    for seed in (True, np.bool_(True), w.tensor(True), 1.0, np.float64(1.0), w.tensor(1.0), "1", None):
        with pytest.raises(TypeError):
            g.manual_seed(seed)
    for method in (w.Generator.manual_seed, w.Generator.set_state):
        with pytest.raises(TypeError):
            method(None, 1 if method is w.Generator.manual_seed else g.get_state())
    for method in (w.Generator.initial_seed, w.Generator.__reduce__):
        with pytest.raises(TypeError):
            method(None)
    with pytest.raises(TypeError):
        w._C._generator(lambda: None, 1, 1)
    assert g.initial_seed() == 5
