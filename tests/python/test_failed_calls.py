"""A call that fails changes nothing: generators, running statistics, gradients, parameters."""

import numpy as np
import pytest

SIZE = 700  # matrices of SIZE x SIZE: large enough that each of them is memory of its own


def draws(w):
    """name -> (what is drawn into or from, the call): every way to draw random numbers."""
    F, init = w.nn.functional, w.nn.init
    matrix = {
        "rand": lambda x: w.rand(SIZE, SIZE),
        "randn": lambda x: w.randn(SIZE, SIZE, dtype=w.float64),
        "rand_like": lambda x: w.rand_like(x),
        "randn_like": lambda x: w.randn_like(x),
        "randint": lambda x: w.randint(0, 9, (SIZE, SIZE)),
        "randint_like": lambda x: w.randint_like(x, 0, 9),
        "randperm": lambda x: w.randperm(SIZE * SIZE, dtype=w.int32),
        "normal of numbers": lambda x: w.normal(0.0, 1.0, (SIZE, SIZE)),
        "normal of a mean": lambda x: w.normal(x, 2.0),
        "normal of tensors": lambda x: w.normal(x, x),
        "bernoulli": lambda x: w.bernoulli(x),
        "bernoulli of a number": lambda x: w.bernoulli(x, 0.5),
        "multinomial": lambda x: w.multinomial(x, 3),
        "uniform_": lambda x: x.t().uniform_(),
        "normal_": lambda x: x.t().normal_(),
        "log_normal_": lambda x: x.t().log_normal_(),
        "cauchy_": lambda x: x.t().cauchy_(),
        "exponential_": lambda x: x.t().exponential_(),
        "geometric_": lambda x: x.t().geometric_(0.5),
        "bernoulli_": lambda x: x.t().bernoulli_(0.5),
        "bernoulli_ of a tensor": lambda x: x.bernoulli_(x.t()),
        "random_": lambda x: x.t().random_(5),
        "dropout": lambda x: F.dropout(x, 0.5),
        "dropout in place": lambda x: F.dropout(x, 0.5, inplace=True),
        "dropout of a view in place": lambda x: F.dropout(x.t(), 0.5, inplace=True),
        "dropout1d": lambda x: F.dropout1d(x, 0.5),
        "dropout2d": lambda x: F.dropout2d(x[None, None], 0.5),
        "dropout3d": lambda x: F.dropout3d(x[None, None], 0.5),
        "alpha_dropout": lambda x: F.alpha_dropout(x, 0.5, True),
        "alpha_dropout in place": lambda x: F.alpha_dropout(x, 0.5, True, True),
        "rrelu": lambda x: F.rrelu(x, training=True),
        "rrelu in place": lambda x: F.rrelu(x, training=True, inplace=True),
        "gumbel_softmax": lambda x: F.gumbel_softmax(x, hard=True),
        "attention": lambda x: F.scaled_dot_product_attention(x, x, x, dropout_p=0.5),
        "trunc_normal_": lambda x: init.trunc_normal_(x.t()),
        "orthogonal_": lambda x: init.orthogonal_(x),
        "sparse_": lambda x: init.sparse_(x, 0.5),
        "kaiming_uniform_": lambda x: init.kaiming_uniform_(x.t()),
        "kaiming_normal_": lambda x: init.kaiming_normal_(x.t()),
        "xavier_uniform_": lambda x: init.xavier_uniform_(x.t()),
        "xavier_normal_": lambda x: init.xavier_normal_(x.t()),
        "AlphaDropout": lambda x: w.nn.AlphaDropout()(x),
        "Dropout": lambda x: w.nn.Dropout()(x),
        "jit": w.jit(lambda x: F.dropout(x, 0.5) @ x),
    }
    return matrix


NAMES = list(draws(__import__("weft")))


def with_less_and_less(w, call, unchanged):
    """Calls with more and more memory until the call succeeds; unchanged() must hold after each failure."""
    step, failures = SIZE * SIZE * 2, 0
    for room in range(0, 60 * step, step):
        w.memory.empty_cache()
        w.memory.set_limit(w.memory.reserved() + room)
        try:
            call()
            return failures
        except w.OutOfMemoryError:
            failures += 1
        finally:
            w.memory.set_limit(None)
        unchanged()
    raise AssertionError("the call never succeeded")


@pytest.mark.parametrize("name", NAMES)
def test_a_draw_without_memory_leaves_the_generator_alone(w, name):
    if name == "orthogonal_" or name == "sparse_":
        pytest.skip("loops over columns, a long time for large matrices")
    call = draws(w)[name]
    x = w.linspace(0.1, 0.9, SIZE * SIZE).reshape(SIZE, SIZE)
    if name == "jit":
        call(x)  # what is traced is another test's
    w.manual_seed(7)
    state, values = w.get_rng_state(), x.numpy().copy()

    def unchanged():
        assert w.equal(w.get_rng_state(), state)
        assert np.array_equal(x.numpy(), values)

    with_less_and_less(w, lambda: call(x), unchanged)
    assert not w.equal(w.get_rng_state(), state)


BAD = {
    "randint that requires grad": lambda w, x: w.randint(0, 9, (5,), requires_grad=True),
    "randperm that requires grad": lambda w, x: w.randperm(5, requires_grad=True),
    "randint_like": lambda w, x: w.randint_like(x, 0, 2**40, dtype=w.int8),
    "rand of integers": lambda w, x: w.rand(3, dtype=w.int64),
    "normal of other shapes": lambda w, x: w.normal(w.ones(3), w.ones(4)),
    "normal of a negative std": lambda w, x: w.normal(w.ones(3), -1.0),
    "normal with a negative std": lambda w, x: w.normal(w.ones(3), w.tensor([1.0, 2.0, -1.0])),
    "bernoulli above one": lambda w, x: w.bernoulli(w.full((3,), 2.0)),
    "bernoulli_ of another shape": lambda w, x: w.ones(3).bernoulli_(w.full((4,), 0.5)),
    "multinomial": lambda w, x: w.multinomial(w.zeros(3), 2),
    "uniform_ of a leaf": lambda w, x: w.ones(3, requires_grad=True).uniform_(),
    "uniform_ of expanded memory": lambda w, x: w.ones(1).expand(3).uniform_(),
    "random_ out of range": lambda w, x: w.ones(3, dtype=w.uint8).random_(0, 1000),
    "geometric_": lambda w, x: w.ones(3).geometric_(2.0),
    "dropout of a leaf in place": lambda w, x: w.nn.functional.dropout(w.ones(3, requires_grad=True), inplace=True),
    "dropout of expanded memory": lambda w, x: w.nn.functional.dropout(w.ones(1).expand(3), inplace=True),
    "dropout of integers": lambda w, x: w.nn.functional.dropout(w.ones(3, dtype=w.int64)),
    "dropout2d of a leaf": lambda w, x: w.nn.functional.dropout2d(w.ones(1, 1, 2, 2, requires_grad=True), inplace=True),
    "alpha_dropout": lambda w, x: w.nn.functional.alpha_dropout(w.ones(3, requires_grad=True), 0.5, True, True),
    "rrelu": lambda w, x: w.nn.functional.rrelu(w.ones(3, requires_grad=True), training=True, inplace=True),
    "gumbel_softmax": lambda w, x: w.nn.functional.gumbel_softmax(w.ones(3), dim=4),
    "attention": lambda w, x: w.nn.functional.scaled_dot_product_attention(
        w.ones(2, 3, 4), w.ones(2, 3, 4), w.ones(5, 3, 4), dropout_p=0.5
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_draw_with_bad_arguments_leaves_the_generator_alone(w, name):
    state = w.get_rng_state()
    with pytest.raises((RuntimeError, ValueError, TypeError, IndexError)):
        BAD[name](w, w.ones(3))
    assert w.equal(w.get_rng_state(), state)


def test_a_generator_of_one_s_own(w):
    g = w.Generator().manual_seed(3)
    state = g.get_state()
    with pytest.raises(RuntimeError):
        w.normal(w.ones(3), w.ones(4), generator=g)
    with pytest.raises(RuntimeError):
        w.randperm(5, generator=g, requires_grad=True)
    assert w.equal(g.get_state(), state)


# Running statistics


def test_batch_norm_with_one_statistic_that_cannot_be_written(w):
    mean, var = w.zeros(3), w.ones(1).expand(3)
    with pytest.raises(RuntimeError):
        w.nn.functional.batch_norm(w.randn(8, 3), mean, var, training=True)
    with pytest.raises(RuntimeError):
        w.nn.functional.instance_norm(w.randn(2, 3, 8), mean, var)
    assert mean.tolist() == [0.0] * 3


@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("shape", [(4, 5), (1, 3), (4,)])
def test_a_batch_that_is_refused_is_not_counted(w, momentum, shape):
    layer = w.nn.BatchNorm1d(3, momentum=momentum)
    state = {key: value.tolist() for key, value in layer.state_dict().items()}
    with pytest.raises((RuntimeError, ValueError)):
        layer(w.ones(shape))
    assert {key: value.tolist() for key, value in layer.state_dict().items()} == state


@pytest.mark.parametrize("kind", ["BatchNorm1d", "InstanceNorm1d"])
@pytest.mark.parametrize("momentum", [0.1, None])
def test_norms_without_memory(w, kind, momentum):
    features = 200_000
    layer = getattr(w.nn, kind)(features, momentum=momentum, track_running_stats=True)
    x = w.randn(2, features, 2)
    before = {key: value.numpy().copy() for key, value in layer.state_dict().items()}

    def unchanged():
        assert all(np.array_equal(value.numpy(), before[key]) for key, value in layer.state_dict().items())

    assert with_less_and_less(w, lambda: layer(x), unchanged) > 0
    assert not np.array_equal(layer.running_mean.numpy(), before["running_mean"]) or (kind, momentum) == (
        "InstanceNorm1d",
        None,
    )


# Gradients and parameters


@pytest.mark.parametrize("clip", ["clip_grad_norm_", "clip_grad_value_"])
def test_clipping_with_a_gradient_that_cannot_be_written(w, clip):
    a, b = w.nn.Parameter(w.ones(3)), w.nn.Parameter(w.ones(3))
    a.grad, b.grad = w.full((3,), 5.0), w.full((1,), 5.0).expand(3)
    with pytest.raises(RuntimeError, match=clip):
        getattr(w.nn.utils, clip)([a, b], 1.0)
    assert a.grad.tolist() == [5.0] * 3


def test_vector_to_parameters_with_one_that_cannot_be_written(w):
    a, b = w.nn.Parameter(w.ones(3)), w.nn.Parameter(w.ones(3))
    b.data = w.ones(1).expand(3)
    with pytest.raises(RuntimeError, match="vector_to_parameters"):
        w.nn.utils.vector_to_parameters(w.zeros(6), [a, b])
    assert a.tolist() == [1.0] * 3


IN_PLACE = {
    "add_": lambda x, y: x.add_(y),
    "mul_ of a transposed self": lambda x, y: x.mul_(x.t()),
    "copy_ of an overlapping view": lambda x, y: x[1:].copy_(x[:-1]),
    "sub_ of a product": lambda x, y: x.sub_(y @ y),
    "clamp_ by a tensor": lambda x, y: x.clamp_(min=y.double()),
    "index_put_": lambda x, y: x.__setitem__((slice(None), slice(0, 5)), y[:, :5] * 2),
    "masked_fill_": lambda x, y: x.masked_fill_(y > 0.5, 3.0),
    "addmm_": lambda x, y: x.addmm_(x, y),
    "cumsum_": lambda x, y: x.cumsum_(0),
    "renorm_ or so": lambda x, y: x.div_(x.norm(dim=0, keepdim=True)),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_ops_without_memory(w, name):
    x = w.linspace(0.1, 0.9, SIZE * SIZE).reshape(SIZE, SIZE)
    y = x.t().contiguous()
    before, version = x.numpy().copy(), x._version

    def unchanged():
        assert np.array_equal(x.numpy(), before) and x._version == version

    with_less_and_less(w, lambda: IN_PLACE[name](x, y), unchanged)


def test_backward_without_memory(w):
    layers = [w.nn.Parameter(w.eye(SIZE)) for _ in range(4)]
    layers[1].grad = w.ones(SIZE, SIZE)
    x = w.randn(SIZE, SIZE)
    before = [None if p.grad is None else p.grad.numpy().copy() for p in layers]

    def run():
        y = x
        for p in layers:
            y = (y @ p).tanh()
        y.sum().backward()

    def unchanged():
        for p, grad in zip(layers, before):
            assert (p.grad is None) if grad is None else np.array_equal(p.grad.numpy(), grad)

    assert with_less_and_less(w, run, unchanged) > 3
    assert all(p.grad is not None for p in layers)
