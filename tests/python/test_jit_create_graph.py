"""backward(create_graph=True) through jitted functions: gradients of gradients are those of eager mode."""

import gc
import threading
import warnings
import weakref

import pytest
from support import make_square, weft_only

pytestmark = weft_only


def programs(w):
    weight = w.rand(4, 3, dtype=w.float64, requires_grad=True)
    lin = w.nn.Sequential(w.nn.Linear(4, 5), w.nn.Tanh(), w.nn.Linear(5, 1)).double()
    norm = w.nn.LayerNorm(4).double()

    def in_place(x):
        y = x * 1
        y += x.exp()
        return y.mul_(2).sin()

    def partly(x):
        with w.no_grad():
            scale = (x * x).sum()
        return x.tanh() * scale + x.detach() * x

    return {
        "tanh": (lambda x: (x @ weight).tanh(), [weight]),
        "network": (lambda x: lin(x), list(lin.parameters())),
        "norm": (lambda x: norm(x) ** 2, list(norm.parameters())),
        "in place": (in_place, []),
        "partly detached": (partly, []),
        "cross entropy": (lambda x: w.nn.functional.cross_entropy(x, w.tensor([1, 2])), []),
        "two results": (lambda x: (x.exp(), (x @ weight).sin()), [weight]),
        "views": (lambda x: x.T.reshape(-1)[::2].exp() * x.select(1, 0).sum(), []),
    }


NAMES = ("tanh", "network", "norm", "in place", "partly detached", "cross entropy", "two results", "views")


@pytest.mark.parametrize("name", NAMES)
def test_second_order_equals_eager(w, name):
    w.manual_seed(0)
    function, leaves = programs(w)[name]
    value = w.rand(2, 4, dtype=w.float64)
    found = []
    for call in (function, w.jit(function)):
        x = (value * 1).requires_grad_()
        out = call(x)
        out = out if isinstance(out, tuple) else (out,)
        loss = sum(((o * o).sum() for o in out), w.zeros(()))
        first = w.autograd.grad(loss, [x, *leaves], create_graph=True)
        penalty = sum(((g * g).sum() for g in first), w.zeros(()))
        second = w.autograd.grad(penalty, [x, *leaves], create_graph=True, allow_unused=True)
        third = w.autograd.grad(sum((g.sum() for g in second if g is not None), w.zeros(())), [x], allow_unused=True)
        found.append([loss, *first, *second, *third])
    for eager, jitted in zip(*found, strict=True):
        assert (eager is None) == (jitted is None)
        if eager is not None:
            assert w.allclose(eager, jitted, rtol=1e-9, atol=1e-9)


def test_through_what_came_before_and_backward(w):
    found = []
    for wrap in (lambda f: f, w.jit):
        a = w.tensor([0.5, -1.0], requires_grad=True)
        call = wrap(lambda x: (x * x * x).sum())
        (g,) = w.autograd.grad(call(a.sin()), [a], create_graph=True)
        (g * g).sum().backward(create_graph=True)
        found.append(a.grad)
    assert w.allclose(*found)


def rerun_programs(w):
    """Functions whose graphs do not say how to compute their results once more with their history."""
    Square = make_square(w)
    weight = w.rand(4, dtype=w.float64, requires_grad=True)
    average, moved = w.ones(4, dtype=w.float64), w.zeros(4, dtype=w.float64)
    lin = w.nn.Sequential(w.nn.Linear(4, 5), w.nn.BatchNorm1d(5), w.nn.Tanh(), w.nn.Dropout(0.3)).double()

    def hooked(x):
        y = x * x * weight
        y.register_hook(lambda g: g * 2 * x)
        return y.exp()

    def view_changed(x):
        y = x * 1
        y[0] = y[1].exp()
        return y * weight

    def power_iteration(x):
        with w.no_grad():
            average.mul_(0.5).add_(x.mean(0))
            moved.add_(1)
        return x.sin() * average * weight

    def argument_changed(x):
        given = x.detach() + 1
        return argument_changed.inner(x * 2, given) * given

    argument_changed.inner = lambda y, given: y * given.mul_(given) * weight

    return {
        "dropout": (lambda x: w.nn.functional.dropout(x * weight, 0.5) ** 2, [weight], []),
        "own derivative": (lambda x: Square.apply(x * weight).exp(), [weight], []),
        "result with own derivative": (lambda x: Square.apply(x), [], []),
        "hook": (hooked, [weight], []),
        "view changed": (view_changed, [weight], []),
        "captured changed": (power_iteration, [weight], [average, moved]),
        "network": (lambda x: lin(x) ** 2, list(lin.parameters()), list(lin.buffers())),
        "argument changed": (argument_changed, [weight], []),
    }


RERUN = (
    "dropout",
    "own derivative",
    "result with own derivative",
    "hook",
    "captured changed",
    "network",
    "argument changed",
)


@pytest.mark.parametrize("name", [*RERUN, "view changed"])
def test_a_second_run_where_the_graph_does_not_say_how(w, name):
    function, leaves, state = rerun_programs(w)[name]
    value = w.rand(3, 4, dtype=w.float64)
    start = [s.clone() for s in state]
    found = []
    for jitted in (False, True):
        w.manual_seed(3)
        with w.no_grad():
            for s, old in zip(state, start):
                s.copy_(old)
        call = function
        if jitted and name == "argument changed":
            function.inner = w.jit(function.inner)
        elif jitted:
            call = w.jit(function)
        x = (value * 1).requires_grad_()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            out = call(x)
            after = w.rand(2)
            states = [s.clone() for s in state]
            first = w.autograd.grad((out * out).sum(), [x, *leaves], create_graph=True)
            penalty = sum(((g * g).sum() for g in first), w.zeros(()))
            second = w.autograd.grad(penalty, [x, *leaves], create_graph=True)
            third = w.autograd.grad(sum((g.sum() for g in second), w.zeros(())), [x])
            call(x)  # one warning, not one for each call
        runs_again = jitted and name in RERUN  # of views that are changed, the graph says all
        assert len(caught) == runs_again, [str(c.message) for c in caught]
        if runs_again:
            assert caught[0].category is RuntimeWarning and "create_graph=True runs" in str(caught[0].message)
        found.append([out, after, w.rand(2), *states, *state, *first, *second, *third])
    for eager, compiled in zip(*found, strict=True):
        assert w.allclose(eager, compiled, rtol=1e-9, atol=1e-9)


def test_a_second_run_leaves_no_trace(w):
    model = w.nn.Sequential(w.nn.Linear(3, 3), w.nn.BatchNorm1d(3), w.nn.Dropout(0.5))
    jitted = w.jit(lambda x: model(x))
    x = w.rand(4, 3, requires_grad=True)
    out = jitted(x)
    before = [t.clone() for t in (*model.buffers(), w.get_rng_state())]
    versions = [t._version for t in model.buffers()]
    with pytest.warns(RuntimeWarning, match="draws random numbers"):
        w.autograd.grad(out.sum(), [x], create_graph=True)
    assert [t._version for t in model.buffers()] == versions
    assert all(w.equal(a, b) for a, b in zip(before, (*model.buffers(), w.get_rng_state())))
    assert model[0].weight.grad is None


def test_a_second_run_needs_the_state_of_the_first(w):
    model = w.nn.Sequential(w.nn.Linear(3, 3), w.nn.Dropout(0.5))
    jitted = w.jit(lambda x: model(x))
    x = w.rand(4, 3, requires_grad=True)
    out = jitted(x)
    model.eval()
    with pytest.raises(RuntimeError, match="create_graph=True has to run .* once more, but .*training"):
        w.autograd.grad(out.sum(), [x], create_graph=True)
    model.train()
    with w.no_grad():
        model[0].weight.add_(1)
    with pytest.raises(RuntimeError, match="changed"):
        w.autograd.grad(out.sum(), [x], create_graph=True)


def test_a_second_run_under_autocast_is_one_under_autocast(w):
    lin = w.nn.Linear(4, 4)
    found = []
    for call in (lambda x: w.nn.functional.dropout(lin(x), 0.5), w.jit(lambda x: w.nn.functional.dropout(lin(x), 0.5))):
        w.manual_seed(0)
        x = w.ones(2, 4, requires_grad=True)
        with w.autocast("cpu", dtype=w.bfloat16):
            out = call(x)
        assert out.dtype == w.bfloat16
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (g,) = w.autograd.grad((out.float() ** 2).sum(), [x], create_graph=True)
        found += [out, g, *w.autograd.grad((g * g).sum(), [x])]
    assert all(w.equal(a, b) for a, b in zip(found[:3], found[3:], strict=True))


def test_a_failed_second_run_changes_nothing(w):
    state, fails = w.ones(3), []

    def function(x):
        with w.no_grad():
            state.add_(1)
        if fails and not w._C._is_tracing():
            raise KeyError("now")
        return w.nn.functional.dropout(x * state)

    x = w.ones(3, requires_grad=True)
    out = w.jit(function)(x)
    fails.append(1)
    before, rng, version = state.clone(), w.get_rng_state(), state._version
    with pytest.raises((KeyError, RuntimeError)):
        w.autograd.grad(out.sum(), [x], create_graph=True)
    assert w.equal(state, before) and w.equal(w.get_rng_state(), rng) and state._version == version


def test_the_arguments_of_a_second_run_are_those_of_the_call(w):
    scale = w.tensor(2.0, requires_grad=True)
    jitted = w.jit(lambda xs, by: w.nn.functional.dropout(xs[0] * xs[1] * by["scale"], 0.0))
    xs, by = [w.tensor(3.0, requires_grad=True), w.tensor(5.0)], {"scale": scale}
    out = jitted(xs, by=by)
    x = xs[0]
    xs.clear(), by.clear()
    (g,) = w.autograd.grad(out * out, [x], create_graph=True)
    assert g.item() == 2 * 3 * 100 and w.autograd.grad(g, [x])[0].item() == 200


def test_second_runs_beside_other_threads_draw_what_their_calls_drew(w):
    jitted = w.jit(lambda x: w.nn.functional.dropout(x, 0.5))
    wrong, drawn = [], []

    def differentiate():
        for _ in range(40):
            x = w.ones(64, requires_grad=True)
            y = jitted(x)
            (g,) = w.autograd.grad(y.sum(), [x], create_graph=True)
            wrong.extend([1] if not w.equal(g, y.detach()) else [])

    def draw():
        for _ in range(400):
            drawn.append(tuple(w.rand(2).tolist()))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        threads = [threading.Thread(target=f) for f in (differentiate, differentiate, draw)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong and len(set(drawn)) == len(drawn)


def test_a_second_run_refuses_arguments_whose_attributes_have_changed(w):
    jitted = w.jit(lambda x: x**3 * x.scale + 0 * x * w.rand(3))
    x = w.ones(3, requires_grad=True)
    x.scale = 2.0
    y = jitted(x)
    x.scale = 5.0
    with pytest.raises(RuntimeError, match="has changed since the call: an attribute of an argument"):
        w.autograd.grad(y.sum(), [x], create_graph=True)
    x.scale = 2.0
    assert w.autograd.grad(y.sum(), [x], create_graph=True)[0].tolist() == [6.0] * 3


def test_an_argument_that_is_changed_keeps_its_type_and_attributes(w):
    def function(x, b):
        out = w.nn.functional.dropout(x**3, 0.0) * b.clone() * (b.factor if isinstance(b, w.nn.Parameter) else 7.0)
        b.add_(1)
        return out

    x = w.ones(2, requires_grad=True)
    b = w.nn.Parameter(w.ones(2), requires_grad=False)
    b.factor = 2.0
    with pytest.warns(RuntimeWarning, match="once more"):
        (g,) = w.autograd.grad(w.jit(function)(x, b).sum(), [x], create_graph=True)
    assert g.tolist() == [6.0, 6.0] and b.tolist() == [2.0, 2.0]


def test_what_only_an_own_backward_reads_must_not_have_changed(w):
    class Scaled(w.autograd.Function):
        @staticmethod
        def forward(ctx, x, t):
            ctx.save_for_backward(x, t)
            return x * x

        @staticmethod
        def backward(ctx, g):
            x, t = ctx.saved_tensors
            return g * t * x, None

    x, t = w.ones(2, requires_grad=True), w.ones(2)
    y = w.jit(Scaled.apply)(x, t)
    t.fill_(5)
    with pytest.raises(RuntimeError, match="changed"):
        w.autograd.grad(y.sum(), [x], create_graph=True)


def test_an_earlier_call_is_differentiated_with_the_values_of_that_call(w):
    state = w.ones(3)

    def function(x):
        with w.no_grad():
            state.mul_(2)
        return (state.clone() * x) ** 2

    x = w.ones(3, requires_grad=True)
    found = []
    for call in (function, w.jit(function)):
        with w.no_grad():
            state.fill_(1)
        first, second = call(x), call(x)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            (g,) = w.autograd.grad(first.sum(), [x], create_graph=True)
        found.append([g, *w.autograd.grad(g.sum(), [x]), state.clone(), *w.autograd.grad(second.sum(), [x])])
    assert all(w.equal(a, b) for a, b in zip(*found, strict=True))


def test_the_derivative_of_a_branch_that_draws_is_refused(w):
    jitted = w.jit(lambda x: w.cond(x.sum() > 0, lambda x: x * w.rand(3), lambda x: x * 2, (x,)))
    assert jitted(w.ones(3)).shape == (3,)
    with pytest.raises(RuntimeError, match="cond: the derivative of a function in it .* draws random numbers"):
        jitted(w.ones(3, requires_grad=True))


def test_what_a_second_run_keeps_is_collected(w):
    class Holder:
        pass

    holder = Holder()
    jitted = w.jit(lambda x, holder: w.nn.functional.dropout(x * 2, 0.5))
    x = w.ones(2, requires_grad=True)
    holder.result = jitted(x, holder)
    jitted.clear()
    gone = weakref.ref(holder)
    del holder
    gc.collect()
    assert gone() is None


def test_an_argument_changed_since_is_an_error(w):
    x = w.ones(3, requires_grad=True)
    y = x * 1
    loss = w.jit(lambda y: (y * 2).sum())(y)
    y.add_(1)
    with pytest.raises(RuntimeError, match="changed"):
        w.autograd.grad(loss, [x], create_graph=True)


def test_a_step_that_changes_what_requires_grad_says_so(w):
    """It is not the change that stands against a second run, but what it is a change of."""
    weight = w.ones(3, requires_grad=True)

    @w.jit
    def step(x):
        loss = (w.nn.functional.dropout(x, 0.5) + weight).sum()
        with w.no_grad():
            weight.sub_(0.1)
        return loss

    x = w.ones(3, requires_grad=True)
    out = step(x)
    with pytest.raises(NotImplementedError) as error:
        w.autograd.grad(out, [x], create_graph=True)
    for part in ("run it once more", r"captured tensor in place (of shape (3,))", "requires grad"):
        assert part in str(error.value)
    assert len(w.autograd.grad(out, [x])) == 1


def test_an_argument_that_is_given_twice_and_changes_says_so(w):
    @w.jit
    def step(x, a, b):
        y = w.nn.functional.dropout(x, 0.5) + a + b
        a.mul_(2)
        return y

    a, x = w.ones(3), w.ones(3, requires_grad=True)
    out = step(x, a, a)
    with pytest.raises(NotImplementedError, match="shares memory with another argument"):
        w.autograd.grad(out.sum(), [x], create_graph=True)


@pytest.mark.parametrize("part", [lambda z: z[:2], lambda z: z.view(-1)[::2], lambda z: z])
def test_a_change_that_autograd_does_not_see_leaves_the_history(w, part):
    """Under no_grad the values change, and gradients flow as if they had not."""

    def change(x):
        z = x.clone()
        with w.no_grad():
            part(z).mul_(2)
        return z * 1

    x = w.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for create_graph in (False, True):
            wanted, got = (
                w.autograd.grad((f(x) ** 3).sum(), x, create_graph=create_graph)[0] for f in (change, w.jit(change))
            )
            assert got.tolist() == wanted.tolist()
