"""autograd.Function: operations with a derivative written in Python."""

import pytest
from support import check_message, equal, leaf, make_square, to_numpy, weft_only


def test_custom_function(w):
    square, x = make_square(w), leaf(w, 1.0, 2.0)
    y = square.apply(x)
    assert y.requires_grad and "Square" in y.grad_fn.name()
    y.sum().backward()
    equal(x.grad, [2, 4])


def test_custom_function_twice_differentiable(w):
    square, x = make_square(w), leaf(w, 3.0)
    (first,) = w.autograd.grad(square.apply(square.apply(x)), x, create_graph=True)
    (second,) = w.autograd.grad(first, x)
    assert first.item() == 4 * 27 and second.item() == 12 * 9


def test_custom_function_with_several_arguments(w):
    class Scale(w.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor, other):
            ctx.factor = factor
            ctx.save_for_backward(x, other)
            assert ctx.needs_input_grad == (True, False, False)
            return x * factor, x + other

        @staticmethod
        def backward(ctx, first, second):
            x, other = ctx.saved_tensors
            assert other.shape == (2,)
            return first * ctx.factor + second, None, None

    x = leaf(w, 1.0, 2.0)
    a, b = Scale.apply(x, 3.0, w.ones(2))
    (a + 2 * b).sum().backward()
    equal(x.grad, [5, 5])


def test_custom_function_unused_output_gets_zeros(w):
    class Two(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, first, second):
            assert (to_numpy(second) == 0).all()
            return first

    x = leaf(w, 1.0, 2.0)
    Two.apply(x)[0].sum().backward()
    equal(x.grad, [1, 1])


def test_custom_function_that_raises(w):
    class Faulty(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, gradient):
            raise ZeroDivisionError("in backward")

    x = leaf(w, 1.0)
    with pytest.raises(ZeroDivisionError, match="in backward"):
        Faulty.apply(x).backward()
    assert x.grad is None


def test_custom_function_with_too_few_gradients(w):
    class Short(w.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * y

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    x = leaf(w, 1.0)
    with pytest.raises(RuntimeError) as error:
        Short.apply(x, x).backward()
    check_message(error, ("Short", "2", "1"))


def test_custom_function_with_a_gradient_of_another_shape(w):
    class Wrong(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, gradient):
            return w.ones(5)

    x = leaf(w, 1.0, 2.0)
    with pytest.raises(RuntimeError) as error:
        Wrong.apply(x).sum().backward()
    check_message(error, ("(5,)", "(2,)"))


def test_custom_function_marks(w):
    class Marked(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            index = x.argmax()
            ctx.mark_non_differentiable(index)
            x.mul_(2)
            ctx.mark_dirty(x)
            return x, index

        @staticmethod
        def backward(ctx, gradient, _):
            return gradient * 2

    x = leaf(w, 1.0, 2.0)
    y = x * 1
    z, index = Marked.apply(y)
    assert z is y and not index.requires_grad
    z.sum().backward()
    equal(x.grad, [2, 2])


def test_custom_function_setup_context(w):
    class Cube(w.autograd.Function):
        @staticmethod
        def forward(x):
            return x**3

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return 3 * x * x * gradient

    x = leaf(w, 2.0)
    Cube.apply(x).backward()
    assert x.grad.item() == 12


def test_saved_tensor_of_a_function_changed_in_place(w):
    square, x = make_square(w), leaf(w, 1.0, 2.0)
    y = x * 1
    z = square.apply(y)
    y.add_(1)
    with pytest.raises(RuntimeError):
        z.sum().backward()


IN_PLACE = {  # a change, its derivative
    "t_": (lambda a: a.t_(), lambda g: g.t()),
    "t_ and a product": (lambda a: a.t_().mul_(3), lambda g: g.t() * 3),
    "unsqueeze_": (lambda a: a.unsqueeze_(1), lambda g: g.squeeze(1)),
    "transpose_": (lambda a: a.unsqueeze_(0).transpose_(0, 2), lambda g: g.transpose(0, 2).squeeze(0)),
}


def changing(w, name):
    forward_of, derivative = IN_PLACE[name]

    class InPlace(w.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            forward_of(a)
            ctx.mark_dirty(a)
            return a

        @staticmethod
        def backward(ctx, gradient):
            return derivative(gradient)

    return InPlace.apply


@pytest.mark.parametrize("name", IN_PLACE)
def test_forward_that_changes_the_shape_of_its_input(w, name):
    grads = []
    for change in (changing(w, name), IN_PLACE[name][0]):
        x = w.arange(6.0).reshape(2, 3).clone().requires_grad_()
        y = x * 2
        row = y[1]
        z = change(y)
        assert z is y
        ((z * w.arange(6.0).reshape(z.shape)).sum() + row.exp().sum()).backward()
        grads.append(x.grad.tolist())
    assert grads[0] == grads[1]


@weft_only
@pytest.mark.parametrize("name", IN_PLACE)
def test_forward_that_changes_the_shape_of_a_view(w, name):
    grads = []
    for change in (changing(w, name), IN_PLACE[name][0]):
        x = w.arange(12.0).reshape(4, 3).clone().requires_grad_()
        y = x * 2
        z = change(y[1:3])
        ((y * w.arange(12.0).reshape(4, 3)).sum() + (z * w.arange(6.0).reshape(z.shape)).sum()).backward()
        grads.append(x.grad.tolist())
    assert grads[0] == grads[1]


@weft_only
@pytest.mark.parametrize("of_a_view", [False, True])
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("outputs", ["t", "to", "ot"])
def test_changed_input_in_any_place(w, outputs, place, of_a_view):
    class InPlace(w.autograd.Function):
        @staticmethod
        def forward(ctx, *inputs):
            t, other = inputs[place], inputs[1 - place]
            ctx.mark_dirty(t.mul_(3))
            results = {"t": t, "o": other * 2}
            return tuple(results[name] for name in outputs)

        @staticmethod
        def backward(ctx, *gradients):
            by_name = dict(zip(outputs, gradients))
            grads = [by_name["t"] * 3, by_name["o"] * 2 if "o" in by_name else None]
            return tuple(grads[:: -1 if place else 1])

    x, q = leaf(w, 1.0, 2.0, 3.0), leaf(w, 4.0, 5.0)
    y = x * 1
    t = y[1:] if of_a_view else y
    results = InPlace.apply(*((q, t) if place else (t, q)))
    assert results[outputs.index("t")] is t
    loss = (y * w.tensor([1.0, 10.0, 100.0])).sum()
    if "o" in outputs:
        loss = loss + results[outputs.index("o")].sum()
    loss.backward()
    equal(x.grad, [1 if of_a_view else 3, 30, 300])
    if "o" in outputs:
        equal(q.grad, [2, 2])


def test_marks_that_make_no_sense(w):
    class Mark(w.autograd.Function):
        @staticmethod
        def forward(ctx, a, kind):
            changed = a.mul_(2)
            ctx.mark_dirty(changed)
            return a * 2 if kind == "not returned" else a

        @staticmethod
        def backward(ctx, gradient):
            return gradient * 2, None

    x = leaf(w, 1.0, 2.0)
    with pytest.raises(RuntimeError, match="returned"):
        Mark.apply(x * 1, "not returned")
    with pytest.raises(RuntimeError, match="leaf"):
        Mark.apply(x, "leaf")
