"""Forward-mode differentiation: dual tensors, levels, and the derivatives of in-place changes and views."""

import math
import threading

import pytest
import weft
import weft.autograd.forward_ad as fwAD
from support import weft_only
from weft import func, tensor

pytestmark = weft_only


def along(function, x, t):
    """The derivative of function at x along t."""
    with fwAD.dual_level():
        return fwAD.unpack_dual(function(fwAD.make_dual(x, t))).tangent


def by_reverse(function, x, t):
    return func.linearize(function, x)[1](t)


def in_place(x):
    y = x.clone()
    y.mul_(y)
    y.mul_(x)
    return y


def through_a_view(x):
    y = x * 2
    y[0].mul_(x[1])
    y[1:].add_(y[:-1].clone() * x[0])
    return y


def through_a_view_of_a_constant(x):
    y = weft.zeros(2, 3, dtype=x.dtype)
    row = y[1]
    row[0] = x.sum()
    row[1:] = x[:2] * x[1:]
    return y * y + y


def view_made_before(x):
    y = weft.ones(3, dtype=x.dtype)
    part = y[1:]
    y.mul_(x)
    return part * part


def of_a_transpose(x):
    y = (x[:, None] * x).t()
    y[0] = x * x
    y.t().mul_(x)
    return y


def of_an_expanded(x):
    return x[:1].expand(4).clone().view(2, 2).mul_(x[1]).sum(0)


def squeezed_in_place(x):
    y = x * 1
    y.unsqueeze_(0).t_()
    return y * x


def overwritten(x):
    y = x * 3
    y.fill_(2)
    y.copy_(x)
    return y * y


def strided(x):
    y = weft.as_strided(x * 1, (2, 2), (1, 1), 0)
    return y * y


def kept_by_autograd(x):
    """What autograd keeps of values before a change keeps their tangents."""
    return func.grad(lambda v: in_place(v).sum())(x)


def outputs_that_backward_reads(x):
    return func.grad(lambda v: (v.exp().sigmoid() * v.softmax(0)).sum())(x)


FUNCTIONS = [
    in_place, through_a_view, through_a_view_of_a_constant, view_made_before, of_a_transpose, of_an_expanded,
    squeezed_in_place, overwritten, strided, kept_by_autograd, outputs_that_backward_reads,
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
def test_against_reverse_mode(function):
    x, t = tensor([0.5, -1.5, 2.0], dtype=weft.float64), tensor([1.0, 0.25, -2.0], dtype=weft.float64)
    before = x.clone(), t.clone()
    found, expected = along(function, x, t), by_reverse(function, x, t)
    assert weft.allclose(found, expected, rtol=1e-12) and not found.requires_grad
    # the arguments are as they were, the tangent too
    assert weft.equal(x, before[0]) and weft.equal(t, before[1])
    value, again = func.jvp(function, (x,), (t,))
    assert weft.equal(value, function(x)) and weft.equal(again, found)
    # second derivatives: forward over reverse, forward over forward, reverse over forward
    scalar = lambda v: (function(v) ** 2).sum()  # noqa: E731
    hessian = func.jacrev(func.jacrev(scalar))(x)
    assert weft.allclose(func.jvp(func.grad(scalar), (x,), (t,))[1], hessian @ t, rtol=1e-10)
    once = lambda v: func.jvp(scalar, (v,), (t,))[1]  # noqa: E731
    assert weft.allclose(func.jvp(once, (x,), (t,))[1], t @ hessian @ t, rtol=1e-10)
    assert weft.allclose(func.grad(once)(x), hessian @ t, rtol=1e-10)
    assert weft.allclose(func.hessian(scalar)(x), hessian, rtol=1e-10)
    # and in a graph, which has no changes of shape in place
    if function is not squeezed_in_place:
        assert weft.allclose(weft.jit(lambda v, u: func.jvp(function, (v,), (u,))[1])(x, t), expected, rtol=1e-12)


def test_levels_are_not_confused():
    x = tensor(3.0)
    inner = lambda x: func.jvp(lambda y: x + y, (tensor(1.0),), (tensor(1.0),))[1]  # noqa: E731
    value, derivative = func.jvp(lambda x: x * inner(x), (x,), (tensor(1.0),))
    assert (value.item(), derivative.item()) == (3, 1)
    with fwAD.dual_level():
        a = fwAD.make_dual(x, tensor(1.0))
        with fwAD.dual_level():
            b = fwAD.make_dual(tensor(2.0), tensor(10.0))
            y = a * b
            assert fwAD.unpack_dual(y).tangent.item() == 30
            assert fwAD.unpack_dual(y, level=0).tangent.item() == 2
            mixed = fwAD.unpack_dual(fwAD.unpack_dual(y).tangent, level=0)
            assert mixed.tangent.item() == 10
        assert fwAD.unpack_dual(y).tangent.item() == 2


def test_what_stops_tangents():
    x, t = tensor([1.0, 2.0]), tensor([1.0, 1.0])

    @weft.no_grad()
    def square(v):
        return v * v

    assert along(square, x, t).tolist() == [2, 4]  # no_grad() stops gradients only
    assert along(lambda v: v * v.detach(), x, t).tolist() == [1, 2]
    assert along(lambda v: v * v.data, x, t).tolist() == [1, 2]
    assert along(lambda v: weft.ones(2), x, t) is None
    assert along(lambda v: v.argmax(), x, t) is None
    with weft.inference_mode():
        assert along(lambda v: v * 2, x, t) is None
    # the same for a batch
    batched = lambda f: func.jvp(weft.vmap(f), (x,), (t,))[1].tolist()  # noqa: E731
    assert batched(square) == [2, 4]
    assert batched(lambda v: v * v.detach()) == [1, 2]
    assert batched(lambda v: v.detach().clone().requires_grad_() * v) == [1, 2]


def test_values_are_known():
    assert func.jvp(lambda v: v * 2 if v.sum() > 0 else v, (tensor(3.0),), (tensor(1.0),))[1].item() == 2
    with pytest.raises(RuntimeError, match="vmap"):
        weft.vmap(lambda v: func.jvp(lambda u: u * 2 if u > 0 else u, (v,), (v,))[1])(weft.ones(2))


def test_a_dual_is_a_view():
    p = tensor([1.0, 2.0])
    with fwAD.dual_level():
        x = fwAD.make_dual(p, tensor([1.0, 0.0]))
        x.mul_(3)
        assert p.tolist() == [3, 6]
        assert fwAD.unpack_dual(x).tangent.tolist() == [3, 0]
        primal, tangent = fwAD.unpack_dual(x)
        assert fwAD.unpack_dual(primal).tangent is None and primal.data_ptr() == p.data_ptr()
        assert fwAD.unpack_dual(tangent).tangent is None
    assert fwAD.unpack_dual(x) == (x, None)


def test_reverse_mode_through_tangents():
    p = tensor(2.0, requires_grad=True)
    direction = tensor(1.0, requires_grad=True)
    with fwAD.dual_level():
        y = fwAD.unpack_dual(fwAD.make_dual(p, direction) ** 3).tangent
    y.backward()
    assert (p.grad.item(), direction.grad.item()) == (12, 12)


def test_results_have_a_history_only_where_something_outside_wants_one():
    x, t = tensor([1.0, 2.0]), tensor([1.0, 0.0])
    function = func.grad(lambda v: (v**3 * v.sum()).sum())
    assert not any(r.requires_grad for r in func.jvp(function, (x,), (t,)))
    p = tensor(2.0, requires_grad=True)
    value, derivative = func.jvp(func.grad(lambda v: (v**3).sum() * p), (x,), (t,))
    assert value.requires_grad and derivative.requires_grad
    derivative.sum().backward()
    assert p.grad.item() == 6


def test_where_derivatives_are_infinite_or_undefined():
    zero, one = tensor(0.0), tensor(1.0)
    assert along(weft.sqrt, zero, one).item() == math.inf
    assert along(weft.abs, zero, one).item() == 0
    x = tensor([-math.inf, -math.inf, 0.0, 1.0])
    first = lambda v: v.logcumsumexp(0)[3]  # noqa: E731
    expected = [0, 0, 1 / (1 + math.e), math.e / (1 + math.e)]
    assert func.grad(first)(x).tolist() == pytest.approx(expected)
    assert func.jacfwd(first)(x).tolist() == pytest.approx(expected)
    assert func.jacrev(lambda v: v.logcumsumexp(0))(x)[0].tolist() == [0, 0, 0, 0]
    for norm in (lambda v: v.norm(), lambda v: weft.linalg.vector_norm(v)):
        assert along(norm, weft.zeros(3), weft.ones(3)).item() == 0 == func.grad(norm)(weft.zeros(3)).sum().item()


def test_a_running_mean():
    """Buffers that a module changes in place take tangents along, and give them back."""
    norm = weft.nn.BatchNorm1d(3)
    x = weft.randn(5, 3)
    _, derivative = func.jvp(norm, (x,), (weft.randn(5, 3),))
    assert derivative.shape == (5, 3) and norm.num_batches_tracked.item() == 1
    assert not norm.running_mean.requires_grad and norm.running_mean.detach().abs().sum() > 0


def test_levels_are_left_in_order():
    with pytest.raises(RuntimeError, match="no level"):
        fwAD.exit_dual_level()
    with pytest.raises(RuntimeError, match="dual_level"):
        fwAD.make_dual(weft.ones(1), weft.ones(1))
    assert fwAD.enter_dual_level() == 0
    try:
        assert fwAD.enter_dual_level() == 1
        with pytest.raises(RuntimeError, match="innermost level is 1"):
            fwAD.exit_dual_level(level=0)
        with pytest.raises(RuntimeError, match="levels 0 to 1"):
            fwAD.make_dual(weft.ones(1), weft.ones(1), level=2)
        fwAD.exit_dual_level(level=1)
    finally:
        fwAD.exit_dual_level()
    with pytest.raises(ZeroDivisionError):
        with fwAD.dual_level():
            raise ZeroDivisionError
    assert fwAD.unpack_dual(weft.ones(1)).tangent is None

    @fwAD.dual_level()
    def decorated(x):
        return fwAD.unpack_dual(fwAD.make_dual(x, x) * x).tangent

    assert decorated(tensor(3.0)).item() == 9


def test_bad_arguments():
    x = weft.ones(2)
    with fwAD.dual_level():
        for primal, tangent, message in (
            (weft.ones(2, dtype=weft.int64), x, "floating"),
            (x, weft.ones(3), "like the primal"),
            (x, weft.ones(2, dtype=weft.float64), "like the primal"),
            (x, weft.ones(2, device="meta"), "like the primal"),
            (fwAD.make_dual(x, x), x, "has a tangent"),
        ):
            with pytest.raises(RuntimeError, match=message):
                fwAD.make_dual(primal, tangent)
        for wrong in (None, 1.0, [x]):
            with pytest.raises(TypeError):
                fwAD.make_dual(x, wrong)
            with pytest.raises(TypeError):
                fwAD.unpack_dual(wrong)
        dual = fwAD.make_dual(x, x)
        with pytest.raises(RuntimeError, match="does not fit"):
            dual.add_(weft.ones(3, 2))
        assert fwAD.unpack_dual(dual).tangent.tolist() == [1, 1] and x.tolist() == [1, 1]


def test_a_level_belongs_to_its_thread():
    found = []
    with fwAD.dual_level():
        x = fwAD.make_dual(tensor(1.0), tensor(1.0))
        thread = threading.Thread(target=lambda: found.append((fwAD.unpack_dual(x), x * 2)))
        thread.start()
        thread.join()
        assert found[0][0].tangent is None and found[0][1].item() == 2


def test_tangents_are_freed_with_their_level():
    import gc
    import weakref

    tangent = tensor([1.0], requires_grad=True).clone()
    with fwAD.dual_level():
        x = fwAD.make_dual(tensor([2.0], requires_grad=True), tangent)
        y = x * x  # y's tangent has a history that leads to x and y
        seen = weakref.ref(tangent)
        del tangent
    del x
    gc.collect()
    assert seen() is None and y.requires_grad
