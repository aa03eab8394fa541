"""Hooks for saved tensors, and checkpoints: gradients are those without them, memory is not."""

import copy
import gc

import numpy as np
import pytest
from support import counts_runs, to_numpy, weft_only


def checkpoint(w, *args, **kwargs):
    from importlib import import_module

    return import_module(f"{w.__name__}.utils.checkpoint").checkpoint(*args, use_reentrant=False, **kwargs)


def hooks(w, pack, unpack):
    return w.autograd.graph.saved_tensors_hooks(pack, unpack)


def test_what_is_packed_is_unpacked(w):
    x = w.tensor([1.0, 2.0], dtype=w.float64, requires_grad=True)
    seen = []

    def pack(t):
        seen.append(("pack", t.requires_grad))
        return t.clone()

    def unpack(t):
        seen.append(("unpack", t.requires_grad))
        return t

    with hooks(w, pack, unpack):
        y = (x.exp() * x).sum()
    outside = x * x  # no longer
    y.backward()
    outside.sum().backward()
    assert seen.count(("pack", False)) >= 2 and not any(grad for _, grad in seen)
    np.testing.assert_allclose(to_numpy(x.grad), np.exp([1, 2]) * (1 + np.array([1, 2])) + 2 * np.array([1, 2]))


def test_the_innermost_hooks_hold(w):
    x, seen = w.ones(2, requires_grad=True), []
    with hooks(w, lambda t: seen.append("outer") or t, lambda t: t):
        with hooks(w, lambda t: seen.append("inner") or t, lambda t: t):
            y = x.exp()
        z = y.exp()
    z.sum().backward()
    assert seen == ["inner", "outer"]


def test_double_backward_through_packed_tensors(w):
    x = w.tensor([0.5, 2.0], dtype=w.float64, requires_grad=True)
    with hooks(w, lambda t: t.clone(), lambda t: t):
        y = (x * x * x).exp().sum()
        (g,) = w.autograd.grad(y, x, create_graph=True)
    (gg,) = w.autograd.grad(g.sum(), x)
    v = np.array([0.5, 2.0])
    np.testing.assert_allclose(to_numpy(gg), np.exp(v**3) * (6 * v + 9 * v**4))


@weft_only
@pytest.mark.parametrize("change", [lambda t: t[:1], lambda t: t.double(), lambda t: None])
def test_another_tensor_is_refused(w, change):
    x = w.ones(2, requires_grad=True)
    with hooks(w, lambda t: t, change):
        y = x.exp()
    with pytest.raises((RuntimeError, TypeError), match="saved_tensors_hooks"):
        y.sum().backward()
    assert x.grad is None


def test_errors_of_hooks_come_through(w):
    def fail(t):
        raise KeyError("no")

    x = w.ones(2, requires_grad=True)
    with pytest.raises(KeyError), hooks(w, fail, lambda t: t):
        x.exp()
    with hooks(w, lambda t: t, fail):
        y = x.exp()
    with pytest.raises(KeyError):
        y.sum().backward()


@weft_only
def test_a_hook_may_leave_its_scope(w):
    scopes = []

    def pack(t):
        while scopes:
            scopes.pop().__exit__(None, None, None)
        return t

    scopes.append(hooks(w, pack, lambda t: t))
    scopes[0].__enter__()
    x = w.ones(3, requires_grad=True)
    y = x.exp()
    gc.collect()
    (x.exp() * y).sum().backward()
    np.testing.assert_allclose(to_numpy(x.grad), 2 * np.e**2 * np.ones(3), rtol=1e-6)


@weft_only
def test_scopes_within_a_hook_do_not_switch_it_on(w):
    calls = []

    def pack(t):
        calls.append(1)
        with hooks(w, lambda t: t, lambda t: t), w.enable_grad():
            pass
        with w.enable_grad():
            w.ones(3, requires_grad=True).exp()
        return t

    with hooks(w, pack, lambda t: t):
        w.ones(3, requires_grad=True).exp()
    assert len(calls) == 1


@weft_only
def test_hooks_around_a_jitted_function(w):
    x, calls = w.ones(3, requires_grad=True), []
    f = w.jit(lambda x: (x.exp() * x.sin()).sum())

    def pack(t):
        calls.append(1)
        return t.numpy().copy()

    for _ in range(2):
        with hooks(w, pack, w.tensor):
            y = f(x)
        y.backward()
    expected = 2 * np.e * (np.sin(1) + np.cos(1)) * np.ones(3)
    np.testing.assert_allclose(to_numpy(x.grad), expected, rtol=1e-6)
    assert calls

    @w.jit
    def inside(x):
        with hooks(w, lambda t: t, lambda t: t):
            return x.exp()

    with pytest.raises(RuntimeError, match="saved_tensors_hooks"):
        inside(x)


def test_hooks_that_fail_in_the_middle_of_an_op(w):
    """What an op has saved so far is let go, and nothing that it has not saved yet."""
    x, y = w.ones(50, requires_grad=True), w.ones(50, requires_grad=True)
    for last in (1, 2):
        for _ in range(200):
            calls = []

            def fail(t, calls=calls, last=last):
                calls.append(1)
                if len(calls) == last:
                    raise KeyError("no")
                return t

            with pytest.raises(KeyError), hooks(w, fail, lambda t: t):
                x * y * x


def test_save_on_cpu(w):
    x = w.ones(3, requires_grad=True)
    with w.autograd.graph.save_on_cpu():
        y = (x.exp() * x).sum()
    y.backward()
    np.testing.assert_allclose(to_numpy(x.grad), np.e * 2 * np.ones(3), rtol=1e-6)


def test_disabled_hooks(w):
    with w.autograd.graph.disable_saved_tensors_hooks("not here"):
        with pytest.raises(RuntimeError, match="not here"), hooks(w, lambda t: t, lambda t: t):
            pass
    with hooks(w, lambda t: t, lambda t: t):
        pass


def net(w, seed=0, dropout=0.0):
    w.manual_seed(seed)
    return w.nn.Sequential(
        w.nn.Linear(6, 16), w.nn.Tanh(), w.nn.Dropout(dropout), w.nn.Linear(16, 16), w.nn.LayerNorm(16), w.nn.GELU()
    )


def gradients(model, loss):
    loss.backward()
    return [to_numpy(p.grad).copy() for p in model.parameters()]


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_gradients_are_the_same(w, dropout):
    x = w.randn(5, 6)
    results = []
    for run in (lambda f, v: f(v), lambda f, v: checkpoint(w, f, v)):
        model, inputs = net(w, dropout=dropout), x.clone().requires_grad_()
        w.manual_seed(7)
        loss = run(model, inputs).square().sum()
        after = to_numpy(w.rand(1))
        results.append([*gradients(model, loss), to_numpy(inputs.grad), after])
    for a, b in zip(*results):
        np.testing.assert_array_equal(a, b)


def test_backward_leaves_the_generator_alone(w):
    model = net(w, dropout=0.5)
    y = checkpoint(w, model, w.ones(2, 6)).sum()
    state = w.get_rng_state()
    y.backward()
    assert w.equal(state, w.get_rng_state())


def test_nested_with_keywords_and_containers(w):
    def inner(t, scale=1.0):
        return {"a": t.sin() * scale, "b": [t.cos()]}

    def outer(t, *, factor):
        parts = checkpoint(w, inner, t, scale=2.0)
        return (parts["a"] * parts["b"][0] * factor).exp()

    values = []
    for run in (lambda v: outer(v, factor=3.0), lambda v: checkpoint(w, outer, v, factor=3.0)):
        x = w.linspace(0, 1, 4, dtype=w.float64).requires_grad_()
        (g,) = w.autograd.grad(run(x).sum(), x, create_graph=True)
        (gg,) = w.autograd.grad(g.sum(), x)
        values.append((to_numpy(g.detach()), to_numpy(gg)))
    np.testing.assert_allclose(values[0][0], values[1][0])
    np.testing.assert_allclose(values[0][1], values[1][1])


def test_backward_twice(w):
    x, calls = w.ones(3, requires_grad=True), []

    def f(t):
        calls.append(1)
        return t.exp() * t

    y = checkpoint(w, f, x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(to_numpy(x.grad), 4 * np.e * np.ones(3), rtol=1e-6)
    assert len(calls) == 3


def test_gradients_of_captured_tensors_only(w):
    p = w.ones(3, requires_grad=True)
    checkpoint(w, lambda t: (t * p).exp(), w.ones(3)).sum().backward()
    np.testing.assert_allclose(to_numpy(p.grad), np.e * np.ones(3), rtol=1e-6)


def test_it_stops_when_all_is_there(w):
    ended = []

    def f(t):
        t = t.exp().exp()
        ended.append(1)
        return t * 2

    checkpoint(w, f, w.ones(2, requires_grad=True)).sum().backward()
    assert len(ended) == 1


def test_autocast_is_the_same(w):
    seen = []

    def f(t):
        y = t @ t
        seen.append(y.dtype)
        return y.float().square() if y.dtype == w.bfloat16 else y.square()

    x = w.ones(2, 2, requires_grad=True)
    with w.autocast("cpu", dtype=w.bfloat16):
        y = checkpoint(w, f, x)
    y.sum().backward()
    assert seen == [w.bfloat16, w.bfloat16]


@pytest.mark.parametrize("more", [0, 1])
def test_a_function_that_does_something_else_is_seen(w, more):
    calls = []

    def f(t):
        calls.append(1)
        if len(calls) == 1:
            return t.exp().sin() if more else t.exp()
        return t[:1].exp() if not more else t * 2

    y = checkpoint(w, f, w.ones(2, requires_grad=True))
    with pytest.raises(RuntimeError, match="checkpoint|recomput|Recomput"):
        y.sum().backward()


@weft_only
def test_arguments_that_changed_are_seen(w):
    x = w.ones(2)
    p = w.ones(2, requires_grad=True)
    y = checkpoint(w, lambda t: (t * p).exp(), x)
    x.add_(1)
    with pytest.raises(w.utils.checkpoint.CheckpointError, match="in place"):
        y.sum().backward()


def test_sequential(w):
    from importlib import import_module

    module = import_module(f"{w.__name__}.utils.checkpoint")
    results = []
    for segments in (None, 1, 2, 4):
        model, x = net(w), w.ones(3, 6)
        if segments:
            y = module.checkpoint_sequential(model, segments, x, use_reentrant=False)
        else:
            y = model(x)
        results.append(gradients(model, y.square().sum()))
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


@weft_only
def test_memory(w):
    def block(t):
        for _ in range(10):
            t = t.exp().log()
        return t

    x = w.ones(1 << 18, requires_grad=True)
    used = {}
    for name, run in (("plain", lambda t: block(t)), ("checkpoint", lambda t: checkpoint(w, block, t))):
        gc.collect()
        before = w.memory.allocated()
        y = run(x)
        used[name] = w.memory.allocated() - before
        y.sum().backward()
        del y
    assert used["plain"] > 10 * (1 << 20) > 3 * (1 << 20) > used["checkpoint"]


@weft_only
def test_jit(w):
    results = []
    for wrap in (lambda f: f, w.jit):
        model, x = net(w), w.ones(3, 6)

        @wrap
        def loss(x, model=model):
            return checkpoint(w, model, x).square().sum()

        results.append(gradients(model, loss(x)))
    for a, b in zip(*results):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def deep(w, width, layers, dropout=0.0):
    w.manual_seed(3)
    block = [w.nn.Linear(width, width), w.nn.Tanh(), w.nn.Dropout(dropout), w.nn.Linear(width, width), w.nn.GELU()]
    return w.nn.ModuleList(w.nn.Sequential(*copy.deepcopy(block)) for _ in range(layers))


def run_blocks(w, blocks, x, with_checkpoints):
    for block in blocks:
        x = checkpoint(w, block, x) if with_checkpoints else block(x)
    return x


def jitted_step(w, blocks, with_checkpoints, whole_step):
    @w.jit
    def step(x):
        loss = run_blocks(w, blocks, x, with_checkpoints).square().sum()
        if whole_step:
            loss.backward()
        return loss

    return step


@weft_only
@counts_runs
@pytest.mark.parametrize("whole_step", [False, True])
def test_a_compiled_graph_computes_again_what_a_checkpoint_does_not_keep(w, whole_step):
    blocks, x = deep(w, 256, 6), w.randn(512, 256)
    peaks, grads = {}, {}
    for with_checkpoints in (False, True):
        step = jitted_step(w, blocks, with_checkpoints, whole_step)

        for _ in range(3):
            blocks.zero_grad()
            gc.collect()
            w.memory.reset_peak()
            before = w.memory.allocated()
            loss = step(x)
            if not whole_step:
                loss.backward()
            peaks[with_checkpoints] = w.memory.peak() - before
            del loss
        grads[with_checkpoints] = [to_numpy(p.grad) for p in blocks.parameters()]
    for a, b in zip(*grads.values()):
        np.testing.assert_array_equal(a, b)
    assert peaks[False] - peaks[True] > 4 << 19, peaks  # of values of 512 KiB each


@weft_only
@pytest.mark.parametrize("whole_step", [False, True])
def test_random_numbers_of_a_checkpoint_in_a_compiled_graph_are_drawn_once(w, whole_step):
    blocks, x = deep(w, 32, 3, dropout=0.5), w.randn(16, 32)
    found = []
    for with_checkpoints in (False, True):
        step = jitted_step(w, blocks, with_checkpoints, whole_step)

        for _ in range(2):
            w.manual_seed(7)
            blocks.zero_grad()
            loss = step(x)
            if not whole_step:
                loss.backward()
        found.append([to_numpy(loss.detach()), *(to_numpy(p.grad) for p in blocks.parameters())])
    for a, b in zip(*found):
        np.testing.assert_array_equal(a, b)


@weft_only
def test_a_checkpoint_in_a_compiled_graph_may_hold_others_views_and_what_the_program_uses_besides(w):
    weight = w.randn(4, 4, dtype=w.float64, requires_grad=True)
    kept = []

    def inner(x):
        return (x @ weight).tanh()

    def outer(x, scale=None):
        h = checkpoint(w, inner, x)
        kept.append(h.exp())
        h = h * h.sin() * scale
        return {"whole": h, "view": h.view(-1)[3:], "same": x, "number": 3}

    def function(x):
        found = checkpoint(w, outer, x, scale=2.0)
        parts = found["view"].cos().sum() + found["whole"].sum() + found["same"].sum()
        return parts * found["number"] + kept.pop().sum()

    x = w.randn(4, 4, dtype=w.float64, requires_grad=True)
    expected = w.autograd.grad(function(x), (x, weight))
    for run in (w.jit(function), w.jit(lambda x: function(x) * 1.0)):
        for a, b in zip(w.autograd.grad(run(x), (x, weight)), expected):
            np.testing.assert_allclose(to_numpy(a), to_numpy(b), rtol=1e-12)


@weft_only
@pytest.mark.parametrize("whole_step", [False, True])
def test_a_checkpoint_in_a_compiled_graph_may_hold_a_backward(w, whole_step):
    weight = w.randn(4, 4, dtype=w.float64, requires_grad=True)

    def penalised(x):
        h = (x @ weight).exp()
        (slope,) = w.autograd.grad(h.sum(), x, create_graph=True)
        return (slope * h).sin() * slope

    def gradients(x, loss):
        return w.autograd.grad(loss, (x, weight))

    def loss(x):
        return checkpoint(w, penalised, x).square().sum()

    x = (w.randn(3, 4, dtype=w.float64) / 8).requires_grad_()
    expected = gradients(x, penalised(x).square().sum())
    compiled = w.jit(loss)
    found = w.jit(lambda x: gradients(x, loss(x)))(x) if whole_step else gradients(x, compiled(x))
    for a, b in zip(found, expected):
        np.testing.assert_allclose(to_numpy(a), to_numpy(b), rtol=1e-12)


@weft_only
def test_an_error_inside_of_a_checkpoint_ends_it_for_the_trace_too(w):
    calls = []

    def broken(x):
        calls.append(x.shape)
        raise ZeroDivisionError

    def function(x):
        try:
            checkpoint(w, broken, x)
        except ZeroDivisionError:
            pass
        return (x.exp() * x).sum()

    x = w.ones(3, requires_grad=True)
    (expected,) = w.autograd.grad(function(x), x)
    (found,) = w.autograd.grad(w.jit(function)(x), x)
    np.testing.assert_allclose(to_numpy(found), to_numpy(expected), rtol=1e-6)
    assert calls


@weft_only
def test_arguments_of_checkpoint(w):
    with pytest.raises(TypeError, match="function"):
        checkpoint(w, 3, w.ones(2))
    with pytest.raises(ValueError, match="determinism_check"):
        checkpoint(w, w.exp, w.ones(2), determinism_check="always")
    with pytest.raises(ValueError, match="segments"):
        w.utils.checkpoint.checkpoint_sequential([w.exp], 2, w.ones(2))
