"""Hooks of all modules, hooks that are always called, and what backward hooks keep alive."""

import collections
import gc
import weakref

import pytest


def hooks_of(w):
    return w.nn.modules.module


def test_forward_hooks_of_all_modules(w):
    model = w.nn.Sequential(w.nn.Identity(), w.nn.ReLU())
    seen = []
    pre = hooks_of(w).register_module_forward_pre_hook(lambda m, args: seen.append(("pre", type(m).__name__)))
    post = hooks_of(w).register_module_forward_hook(lambda m, args, out: seen.append(("post", type(m).__name__)))
    model(w.ones(1))
    assert seen == [
        ("pre", "Sequential"),
        ("pre", "Identity"),
        ("post", "Identity"),
        ("pre", "ReLU"),
        ("post", "ReLU"),
        ("post", "Sequential"),
    ]
    pre.remove()
    post.remove()
    model(w.ones(1))
    assert len(seen) == 6


def test_they_run_before_the_module_s_own_and_may_change_values(w):
    layer, order = w.nn.Identity(), []
    layer.register_forward_pre_hook(lambda m, args: order.append("own"))
    layer.register_forward_hook(lambda m, args, out: out * 10)
    with (
        hooks_of(w).register_module_forward_pre_hook(lambda m, args: (order.append("all"), args[0] + 1)[1]),
        hooks_of(w).register_module_forward_hook(lambda m, args, out: out + 1),
    ):
        assert layer(w.ones(1)).item() == 30.0
    assert order == ["all", "own"] and layer(w.ones(1)).item() == 10.0


def test_with_kwargs(w):
    class Add(w.nn.Module):
        def forward(self, x, *, more):
            return x + more

    seen = []
    with hooks_of(w).register_module_forward_hook(lambda *args: seen.append(args[2]), with_kwargs=True):
        Add()(w.ones(1), more=2.0)
    assert seen == [{"more": 2.0}]


def test_backward_hooks_of_all_modules(w):
    model = w.nn.Sequential(w.nn.Linear(2, 3), w.nn.Tanh())
    seen = []
    with (
        hooks_of(w).register_module_full_backward_pre_hook(lambda m, go: seen.append(("pre", type(m).__name__))),
        hooks_of(w).register_module_full_backward_hook(lambda m, gi, go: seen.append(("full", type(m).__name__))),
    ):
        model(w.ones(1, 2, requires_grad=True)).sum().backward()
    assert [e for e in seen if e[0] == "pre"] == [("pre", "Sequential"), ("pre", "Tanh"), ("pre", "Linear")]
    assert [e for e in seen if e[0] == "full"] == [("full", "Tanh"), ("full", "Linear"), ("full", "Sequential")]


def test_always_called_hooks(w):
    class Fails(w.nn.Module):
        def forward(self, x):
            raise ValueError("forward failed")

    seen = []
    layer = Fails()
    layer.register_forward_hook(lambda m, args, out: seen.append("never"))
    layer.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    layer.register_forward_hook(lambda m, args, kw, out: seen.append(kw), always_call=True, with_kwargs=True)
    with (
        hooks_of(w).register_module_forward_hook(lambda m, args, out: seen.append("all"), always_call=True),
        pytest.raises(ValueError, match="forward failed"),
    ):
        layer(w.ones(1))
    assert seen == ["all", None, {}]


def test_always_called_hooks_when_another_hook_fails(w):
    layer, seen = w.nn.Identity(), []

    def fail(m, args, out):
        raise ValueError("hook failed")

    layer.register_forward_hook(lambda m, args, out: seen.append(1), always_call=True)
    layer.register_forward_hook(fail)
    layer.register_forward_hook(lambda m, args, out: seen.append(2), always_call=True)
    with pytest.raises(ValueError, match="hook failed"):
        layer(w.ones(1))
    assert seen == [1, 2]  # each once


def test_an_always_called_hook_that_fails_hides_nothing(w):
    class Fails(w.nn.Module):
        def forward(self, x):
            raise ValueError("forward failed")

    def fail(m, args, out):
        raise KeyError("mine")

    layer = Fails()
    layer.register_forward_hook(fail, always_call=True)
    with pytest.warns(UserWarning, match="mine"), pytest.raises(ValueError, match="forward failed"):
        layer(w.ones(1))


def test_prepend(w):
    layer, seen = w.nn.Identity(), []
    layer.register_forward_hook(lambda *args: seen.append("second"))
    layer.register_forward_hook(lambda *args: seen.append("first"), prepend=True)
    layer.register_forward_pre_hook(lambda *args: seen.append("zeroth"), prepend=True)
    layer(w.ones(1))
    assert seen == ["zeroth", "first", "second"]


def test_registration_hooks(w):
    seen = []
    mod = hooks_of(w)
    with (
        mod.register_module_parameter_registration_hook(lambda m, name, p: seen.append(("parameter", name))),
        mod.register_module_buffer_registration_hook(lambda m, name, b: seen.append(("buffer", name))),
        mod.register_module_module_registration_hook(lambda m, name, c: seen.append(("module", name))),
    ):
        w.nn.Sequential(w.nn.BatchNorm1d(2, affine=False), w.nn.Linear(1, 1, bias=False))
    assert ("parameter", "weight") in seen and ("module", "0") in seen and ("buffer", "running_mean") in seen
    with mod.register_module_module_registration_hook(lambda m, name, c: w.nn.ReLU()):
        model = w.nn.Sequential(w.nn.Identity())
    assert isinstance(model[0], w.nn.ReLU)
    assert isinstance(w.nn.Sequential(w.nn.Identity())[0], w.nn.Identity)


Pair = collections.namedtuple("Pair", ["first", "second"])


def test_backward_hooks_leave_named_tuples_and_what_requires_no_grad(w):
    seen = []

    class Both(w.nn.Module):
        def forward(self, x, y):
            seen.append((x.requires_grad, y.requires_grad))
            return Pair(x * 2, y * 2)

    layer, grads = Both(), []
    layer.register_full_backward_hook(lambda m, gi, go: grads.append((gi, go)))
    x = w.ones(2, requires_grad=True)
    result = layer(x, x.detach())
    assert type(result) is Pair and seen == [(True, False)]
    assert result.first.requires_grad and not result.second.requires_grad
    result.first.sum().backward()
    ((grad_input, grad_output),) = grads
    assert grad_input[0].tolist() == [2.0, 2.0] and grad_output[0].tolist() == [1.0, 1.0]
    assert grad_input[1] is None and grad_output[1] is None and x.grad.tolist() == [2.0, 2.0]


def test_backward_hooks_where_no_argument_requires_grad(w):
    layer, answers, seen = w.nn.Bilinear(2, 2, 3), [None, (None, None), w.ones(1, 2)], []

    def hook(module, grad_input, grad_output):
        seen.append(grad_input)
        return answers.pop(0)

    layer.register_full_backward_hook(hook)
    for _ in range(2):
        layer(w.ones(1, 2), w.ones(1, 2)).sum().backward()
    with pytest.raises(RuntimeError, match="requires? grad"):
        layer(w.ones(1, 2), w.ones(1, 2)).sum().backward()
    assert seen == [(None, None)] * 3


@pytest.mark.parametrize("register", ["register_full_backward_hook", "register_full_backward_pre_hook"])
@pytest.mark.parametrize("backward", [True, False])
@pytest.mark.parametrize("inputs_need_grad", [True, False])
def test_backward_hooks_keep_no_outputs_alive(w, register, backward, inputs_need_grad):
    layer = w.nn.Linear(3, 3)
    getattr(layer, register)(lambda *args: None)
    x = w.ones(2, 3, requires_grad=inputs_need_grad)
    gc.collect()
    gc.disable()
    try:
        alive = []
        for _ in range(3):
            y = layer(x)
            alive.append(weakref.ref(y))
            if backward:
                y.sum().backward()
            del y
        before = w.memory.allocated()
        for _ in range(50):
            y = layer(x)
            if backward:
                y.sum().backward()
        del y
        assert w.memory.allocated() <= before
        assert all(ref() is None for ref in alive)
    finally:
        gc.enable()


@pytest.mark.parametrize("register", ["register_module_full_backward_hook", "register_module_full_backward_pre_hook"])
def test_global_backward_hooks_keep_no_outputs_alive(w, register):
    layer, x = w.nn.Linear(3, 3), w.ones(2, 3)
    with getattr(hooks_of(w), register)(lambda *args: None):
        layer(x).sum().backward()
        gc.collect()
        gc.disable()
        try:
            before = w.memory.allocated()
            for _ in range(50):
                layer(x).sum().backward()
            assert w.memory.allocated() <= before
        finally:
            gc.enable()


def test_hooks_by_kind(w):
    layer = w.nn.Identity()
    handle = layer.register_forward_hook(lambda m, args, out: out + 1)
    layer.register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    assert len(layer._forward_hooks) == 1 and handle.id in layer._forward_hooks and not layer._backward_hooks
    for number in list(layer._forward_pre_hooks):
        del layer._forward_pre_hooks[number]
    assert layer(w.ones(1)).item() == 2.0
    with pytest.raises(KeyError):
        del layer._forward_pre_hooks[handle.id]
    layer._forward_hooks.clear()
    assert layer(w.ones(1)).item() == 1.0


def test_jit_sees_hooks_of_all_modules(w):
    layer = w.nn.Identity()
    f, x = w.jit(lambda x: layer(x)), w.ones(1)
    assert f(x).item() == 1.0
    with hooks_of(w).register_module_forward_hook(lambda m, args, out: out + 1):
        assert f(x).item() == 2.0
    assert f(x).item() == 1.0
    with hooks_of(w).register_module_forward_hook(lambda m, args, out: out + 2):
        assert f(x).item() == 3.0


def test_the_former_names_of_backward_hooks(w):
    layer, x = w.nn.Identity(), w.ones(2, requires_grad=True)
    with layer.register_backward_hook(lambda m, gi, go: (gi[0] * 3,)):
        with hooks_of(w).register_module_backward_hook(lambda m, gi, go: (gi[0] * 2,)):
            layer(x).sum().backward()
    assert x.grad.tolist() == [6, 6]


def test_backward_hooks_need_tensors(w):
    class Named(w.nn.Module):
        def forward(self, x):
            return {"x": x * 2}

    layer, seen, x = Named(), [], w.ones(2, requires_grad=True)
    layer.register_full_backward_hook(lambda *args: seen.append(args))
    layer.register_full_backward_pre_hook(lambda *args: seen.append(args))
    with pytest.warns(UserWarning, match="should be a Tensor or a tuple of Tensors"):
        layer(x)["x"].sum().backward()
    assert x.grad.tolist() == [2, 2] and not seen


@pytest.mark.parametrize("change", [lambda grads: grads[:-1], lambda grads: (*grads, grads[0])])
def test_a_hook_returns_as_many_gradients_as_there_are(w, change):
    layer, x = w.nn.Identity(), w.ones(2, requires_grad=True)
    for register, hook in (
        (layer.register_full_backward_hook, lambda m, gi, go: change(gi)),
        (layer.register_full_backward_pre_hook, lambda m, go: change(go)),
    ):
        with register(hook), pytest.raises(RuntimeError, match="expected 1"):
            layer(x).sum().backward()


def test_handles_know_the_hooks_of_their_kind(w):
    layer = w.nn.Identity()
    first = layer.register_forward_hook(lambda *args: None, with_kwargs=False)
    second = layer.register_forward_hook(lambda *args, **kwargs: None, with_kwargs=True, always_call=True)
    layer.register_forward_pre_hook(lambda *args: None)
    assert set(first.hooks_dict_ref()) == {first.id, second.id}
    assert set(layer._forward_hooks_with_kwargs) == set(layer._forward_hooks_always_called) == {second.id}
    first.remove()
    assert first.id not in second.hooks_dict_ref()
