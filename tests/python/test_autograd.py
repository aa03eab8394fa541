"""The autograd engine: what is recorded, when, what backward does with it, and what it refuses."""

import threading

import numpy as np
import pytest
from support import check_message, equal, leaf

# Leaves and gradients


def test_polynomial_of_four(w):
    """y = a^2 x + b x + c at x=1, a=2, b=3, c=4: the classic first example."""
    x, a, b, c = w.tensor(1.0), leaf(w, 2.0), leaf(w, 3.0), leaf(w, 4.0)
    y = a**2 * x + b * x + c
    assert y.item() == 11
    da, db, dc = w.autograd.grad(y, [a, b, c])
    assert (da.item(), db.item(), dc.item()) == (4, 1, 1)


def test_gradients_accumulate(w):
    x = leaf(w, 1.0, 2.0)
    (x * 3).sum().backward()
    first = x.grad
    (x * 4).sum().backward()
    equal(x.grad, [7, 7])
    assert x.grad is first, "accumulation is in place"
    x.grad = None
    (x * 4).sum().backward()
    equal(x.grad, [4, 4])


def test_zeroing_the_gradient(w):
    x = leaf(w, 1.0, 2.0)
    (x * x).sum().backward()
    x.grad.zero_()
    (x * x).sum().backward()
    equal(x.grad, [2, 4])


def test_a_tensor_used_many_times(w):
    x = leaf(w, 3.0)
    y = x * x + x * x * x + x
    y.backward()
    assert x.grad.item() == 2 * 3 + 3 * 9 + 1


def test_diamond(w):
    x = leaf(w, 2.0)
    a = x * 3
    b, c = a * a, a + 1
    (b * c).backward()
    # 9x^2 (3x + 1): 81x^2 + 18x
    assert x.grad.item() == 81 * 4 + 18 * 2


def test_leaf_rules(w):
    plain, x = w.ones(2), w.ones(2, requires_grad=True)
    assert plain.is_leaf and x.is_leaf and not plain.requires_grad
    y = x * 2
    assert y.requires_grad and not y.is_leaf and y.grad_fn is not None
    assert x.grad_fn is None and (plain * 2).is_leaf
    with pytest.raises(RuntimeError):
        y.requires_grad = False
    assert y.detach().is_leaf and not y.detach().requires_grad
    plain.requires_grad_()
    assert (plain * 2).requires_grad
    plain.requires_grad = False
    assert not (plain * 2).requires_grad


def test_only_floats_require_grad(w):
    with pytest.raises(RuntimeError) as error:
        w.ones(2, dtype=w.int64).requires_grad_()
    check_message(error, ("float", "int64"))


def test_no_gradient_where_none_is_needed(w):
    x, y = leaf(w, 1.0), w.tensor(2.0)
    (x * y).backward()
    assert x.grad.item() == 2 and y.grad is None


def test_integer_results_are_not_recorded(w):
    x = leaf(w, 1.0, 5.0)
    assert not (x > 2).requires_grad and not x.argmax().requires_grad and not x.long().requires_grad


def test_broadcast_gradients_are_summed(w):
    a, b = w.ones(3, 1, requires_grad=True), w.ones(1, 4, requires_grad=True)
    (a * b * 2).sum().backward()
    equal(a.grad, np.full((3, 1), 8))
    equal(b.grad, np.full((1, 4), 6))


def test_gradient_has_the_dtype_of_its_leaf(w):
    x, y = w.ones(2, dtype=w.float32, requires_grad=True), w.ones(2, dtype=w.float64, requires_grad=True)
    (x * y).sum().backward()
    assert x.grad.dtype == w.float32 and y.grad.dtype == w.float64


def test_unused_outputs_of_an_op(w):
    x = w.arange(6.0).reshape(2, 3).requires_grad_()
    first, second = x.unbind(0)
    (second * second).sum().backward()
    equal(x.grad, [[0, 0, 0], [6, 8, 10]])


# backward() and grad()


def test_backward_with_a_gradient(w):
    x = leaf(w, 1.0, 2.0)
    y = x * x
    y.backward(gradient=w.tensor([1.0, 10.0]))
    equal(x.grad, [2, 40])


def test_backward_of_many_elements_needs_a_gradient(w):
    x = leaf(w, 1.0, 2.0)
    with pytest.raises(RuntimeError) as error:
        (x * x).backward()
    check_message(error, ("backward", "(2,)", "gradient"))


def test_backward_with_a_gradient_of_another_shape(w):
    x = leaf(w, 1.0, 2.0)
    with pytest.raises(RuntimeError) as error:
        (x * x).backward(gradient=w.ones(3))
    check_message(error, ("(3,)", "(2,)"))
    assert x.grad is None


def test_backward_without_anything_that_requires_grad(w):
    with pytest.raises(RuntimeError) as error:
        w.ones(1).backward()
    check_message(error, ("requires_grad",))


def test_backward_twice(w):
    x = leaf(w, 3.0)
    y = x * x
    y.backward()
    with pytest.raises(RuntimeError) as error:
        y.backward()
    check_message(error, ("second time", "retain_graph"))
    assert x.grad.item() == 6


def test_retain_graph(w):
    x = leaf(w, 3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 18


def test_a_graph_of_sums_can_be_walked_twice(w):
    """Addition saves nothing, so there is nothing to lose."""
    x = leaf(w, 3.0)
    y = x + 1
    y.backward()
    y.backward()
    assert x.grad.item() == 2


def test_backward_inputs(w):
    x, y = leaf(w, 2.0), leaf(w, 3.0)
    (x * y).backward(inputs=[x])
    assert x.grad.item() == 3 and y.grad is None


def test_grad_leaves_dot_grad_alone(w):
    x = leaf(w, 3.0)
    (gradient,) = w.autograd.grad(x * x, x)
    assert gradient.item() == 6 and x.grad is None


def test_grad_of_an_inner_tensor(w):
    x = leaf(w, 3.0)
    y = x * x
    z = y * y
    dx, dy = w.autograd.grad(z, [x, y])
    assert dy.item() == 18 and dx.item() == 108


def test_grad_of_something_unused(w):
    x, y = leaf(w, 3.0), leaf(w, 4.0)
    with pytest.raises(RuntimeError) as error:
        w.autograd.grad(x * x, [x, y])
    check_message(error, ("allow_unused",))
    dx, dy = w.autograd.grad(x * x, [x, y], allow_unused=True)
    assert dx.item() == 6 and dy is None
    dx, dy = w.autograd.grad(x * x, [x, y], materialize_grads=True)
    assert dy.item() == 0


def test_grad_of_several_outputs(w):
    x = leaf(w, 1.0, 2.0)
    a, b = x * 2, x * x
    (gradient,) = w.autograd.grad([a, b], x, grad_outputs=[w.ones(2), w.tensor([1.0, 10.0])])
    equal(gradient, [4, 42])


def test_autograd_backward(w):
    x = leaf(w, 1.0, 2.0)
    w.autograd.backward([x.sum(), (x * x).sum()])
    equal(x.grad, [3, 5])


def test_create_graph(w):
    x = leaf(w, 2.0)
    (first,) = w.autograd.grad(x**4, x, create_graph=True)
    (second,) = w.autograd.grad(first, x, create_graph=True)
    (third,) = w.autograd.grad(second, x)
    assert (first.item(), second.item(), third.item()) == (32, 48, 48)


def test_gradient_penalty(w):
    """The gradient of a function of a gradient, through backward()."""
    x = leaf(w, 1.0, 2.0)
    (gradient,) = w.autograd.grad((x**3).sum(), x, create_graph=True)
    (gradient**2).sum().backward()
    # (3x^2)^2 = 9x^4, whose derivative is 36x^3
    equal(x.grad, [36, 288])


def test_first_order_gradients_are_not_recorded(w):
    x = leaf(w, 2.0)
    (gradient,) = w.autograd.grad(x * x, x)
    assert not gradient.requires_grad
    (gradient,) = w.autograd.grad(x * x, x, create_graph=True)
    assert gradient.requires_grad


def test_retain_grad(w):
    x = leaf(w, 3.0)
    y = x * 2
    y.retain_grad()
    (y * y).backward()
    assert y.grad.item() == 12 and x.grad.item() == 24


# Switching recording off


def test_no_grad(w):
    x = leaf(w, 2.0)
    with w.no_grad():
        assert not w.is_grad_enabled()
        y = x * 2
        with w.enable_grad():
            z = x * 3
    assert w.is_grad_enabled() and not y.requires_grad and z.requires_grad


def test_no_grad_as_a_decorator(w):
    x = leaf(w, 2.0)

    @w.no_grad()
    def double(tensor):
        """Doubles."""
        return tensor * 2

    assert not double(x).requires_grad and double.__doc__ == "Doubles." and w.is_grad_enabled()


def test_no_grad_ends_with_an_exception(w):
    with pytest.raises(KeyError), w.no_grad():
        raise KeyError
    assert w.is_grad_enabled()


def test_set_grad_enabled(w):
    x = leaf(w, 2.0)
    with w.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_inference_mode(w):
    x = leaf(w, 2.0)
    with w.inference_mode():
        y = x * 2
        assert not y.requires_grad and w.is_inference_mode_enabled()
    assert y.is_inference()
    with pytest.raises(RuntimeError):
        (y * x).backward()


def test_leaf_changed_under_no_grad(w):
    """A step of gradient descent by hand."""
    x = leaf(w, 3.0)
    (x * x).backward()
    with w.no_grad():
        x -= 0.5 * x.grad
    assert x.item() == 0 and x.is_leaf and x.requires_grad


def test_detach_shares_memory(w):
    x = leaf(w, 1.0, 2.0)
    y = x.detach()
    y[0] = 7.0
    assert x[0].item() == 7 and not y.requires_grad


def test_recording_is_a_matter_of_each_thread(w):
    x, seen = leaf(w, 2.0), []
    with w.no_grad():
        thread = threading.Thread(target=lambda: seen.append((x * 2).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


# In-place changes


def test_in_place_on_a_leaf(w):
    x = leaf(w, 1.0, 2.0)
    with pytest.raises(RuntimeError) as error:
        x.add_(1)
    check_message(error, ("add_", "leaf", "no_grad"))
    with pytest.raises(RuntimeError):
        x[0] = 5.0
    equal(x.detach(), [1, 2])


def test_in_place_on_a_needed_tensor(w):
    x = leaf(w, 1.0, 2.0)
    y = x * 1
    z = y.exp()
    z.mul_(2)
    with pytest.raises(RuntimeError) as error:
        z.sum().backward()
    check_message(error, ("exp", "mul_"))
    assert x.grad is None


def test_in_place_on_a_needed_input(w):
    x = leaf(w, 1.0, 2.0)
    y = x * 1
    z = y * y
    y.add_(1)
    with pytest.raises(RuntimeError) as error:
        z.sum().backward()
    check_message(error, ("mul", "add_"))


def test_in_place_on_what_is_not_needed(w):
    x = leaf(w, 1.0, 2.0)
    y = x + 1
    y.mul_(3)
    y.add_(1)
    y.sum().backward()
    equal(x.grad, [3, 3])


def test_in_place_chain(w):
    x = leaf(w, 0.5, 1.0)
    y = x * 1
    y.sin_().mul_(2).add_(x)
    y.sum().backward()
    equal(x.grad, 2 * np.cos([0.5, 1.0]) + 1)


def test_in_place_on_a_view(w):
    x = w.ones(2, 3, requires_grad=True)
    y = x * 2
    row = y[0]
    row.mul_(5)
    y.sum().backward()
    equal(y.detach(), [[10, 10, 10], [2, 2, 2]])
    equal(x.grad, [[10, 10, 10], [2, 2, 2]])


def test_a_view_after_its_base_changed(w):
    x = w.ones(2, 3, requires_grad=True)
    y = x * 2
    row = y[0]
    y.mul_(5)
    row.sum().backward()
    equal(x.grad, [[10, 10, 10], [0, 0, 0]])


def test_in_place_on_a_view_of_a_view(w):
    x = w.ones(4, 3, requires_grad=True)
    y = x * 1
    y[1:3].t()[0].mul_(4)
    (y * w.arange(12.0).reshape(4, 3)).sum().backward()
    wanted = np.arange(12.0).reshape(4, 3)
    wanted[1:3, 0] *= 4
    equal(x.grad, wanted)


def test_assigning_to_a_part(w):
    x, value = w.ones(2, 3, requires_grad=True), leaf(w, 2.0, 3.0)
    y = x * 2
    y[:, 1] = value * 10
    y.sum().backward()
    equal(x.grad, [[2, 0, 2], [2, 0, 2]])
    equal(value.grad, [10, 10])


def test_assigning_into_a_tensor_without_grad(w):
    x = leaf(w, 3.0)
    buffer = w.zeros(3)
    buffer[1] = x * 2
    assert buffer.requires_grad
    (buffer * buffer).sum().backward()
    assert x.grad.item() == 24


def test_copy_into(w):
    x = leaf(w, 1.0, 2.0)
    y = w.zeros(2, 2)
    y.copy_(x * 3)
    y.sum().backward()
    equal(x.grad, [6, 6])


def test_in_place_on_a_view_of_a_leaf(w):
    x = w.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError):
        x[:2].mul_(2)
    equal(x.detach(), [1, 1, 1])


def test_version_counters(w):
    x = w.zeros(3)
    before = x._version
    x.add_(1)
    x[0] = 2
    assert x._version == before + 2
    view = x[1:]
    view.mul_(2)
    assert x._version == view._version == before + 3
    _ = x * 2
    assert x._version == before + 3
    assert x.detach()._version == x._version


# Hooks


def test_hook_sees_and_replaces_the_gradient(w):
    x, seen = leaf(w, 3.0), []
    y = x * 2
    y.register_hook(lambda gradient: seen.append(gradient.item()))
    handle = y.register_hook(lambda gradient: gradient * 10)
    (y * y).backward(retain_graph=True)
    assert seen == [12] and x.grad.item() == 240
    handle.remove()
    x.grad = None
    (y * y).backward()
    assert x.grad.item() == 24


def test_hook_on_a_leaf(w):
    x = leaf(w, 3.0)
    x.register_hook(lambda gradient: gradient + 1)
    (x * x).backward()
    assert x.grad.item() == 7


def test_hook_that_raises(w):
    x = leaf(w, 3.0)
    y = x * 2

    def hook(gradient):
        raise ValueError("from the hook")

    y.register_hook(hook)
    with pytest.raises(ValueError, match="from the hook"):
        y.backward()
    assert x.grad is None


def test_hook_needs_a_gradient(w):
    with pytest.raises(RuntimeError):
        w.ones(2).register_hook(lambda gradient: None)


def test_post_accumulate_hook(w):
    x, seen = leaf(w, 3.0), []
    x.register_post_accumulate_grad_hook(lambda tensor: seen.append(tensor.grad.item()))
    (x * x).backward()
    assert seen == [6]


# Checking derivatives


def test_gradcheck(w):
    x = w.rand(3, dtype=w.float64, requires_grad=True)
    assert w.autograd.gradcheck(lambda x: (x * x).sin(), (x,))
    assert w.autograd.gradgradcheck(lambda x: (x * x).sin(), (x,))


def test_gradcheck_finds_a_wrong_derivative(w):
    class Wrong(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return gradient * 3 * x

    x = w.rand(3, dtype=w.float64, requires_grad=True)
    assert not w.autograd.gradcheck(Wrong.apply, (x,), raise_exception=False)
    with pytest.raises(RuntimeError):
        w.autograd.gradcheck(Wrong.apply, (x,))


def test_anomaly_free_names(w):
    x = leaf(w, 2.0)
    assert (x * x).grad_fn.name().startswith("Mul") and x.exp().grad_fn.name().startswith("Exp")
    (node, index), *_ = (x * x).grad_fn.next_functions
    assert node.variable is x and index == 0
