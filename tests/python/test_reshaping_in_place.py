"""unsqueeze_() and the like: the tensor itself takes the shape of a view of itself."""

import numpy as np
import pytest
from support import to_numpy, weft_only

RESHAPING = {
    "unsqueeze_": (lambda x: x.unsqueeze_(1), lambda x: x.unsqueeze(1)),
    "squeeze_": (lambda x: x.squeeze_(), lambda x: x.squeeze()),
    "squeeze_ dim": (lambda x: x.squeeze_(0), lambda x: x.squeeze(0)),
    "transpose_": (lambda x: x.transpose_(0, -1), lambda x: x.transpose(0, -1)),
    "swapdims_": (lambda x: x.swapdims_(0, 1), lambda x: x.swapdims(0, 1)),
    "swapaxes_": (lambda x: x.swapaxes_(2, 1), lambda x: x.swapaxes(2, 1)),
}
SHAPE = (1, 3, 2)


def numbers(w, device):
    return w.arange(6.0).reshape(SHAPE).clone().to(device)


@pytest.mark.parametrize("name", RESHAPING)
def test_shape_memory_and_version(w, device, name):
    in_place, view = RESHAPING[name]
    x = numbers(w, device)
    want, address, version = view(numbers(w, device)), x.data_ptr(), x._version
    assert in_place(x) is x
    assert x.shape == want.shape and x.stride() == want.stride() and x.is_contiguous() == want.is_contiguous()
    np.testing.assert_array_equal(to_numpy(x), to_numpy(want))
    assert x.data_ptr() == address and x._version > version


def test_matrix(w):
    x = w.arange(6.0).reshape(2, 3).clone()
    assert x.t_() is x and x.shape == (3, 2) and x.tolist() == [[0, 3], [1, 4], [2, 5]]
    with pytest.raises(RuntimeError):
        w.zeros(1, 2, 3).t_()


@pytest.mark.parametrize("name", RESHAPING)
def test_gradient(w, device, name):
    in_place, view = RESHAPING[name]
    grads = []
    for change in (in_place, view):
        leaf = numbers(w, device).requires_grad_()
        y = leaf * 2
        y = change(y)
        weight = w.arange(6.0).to(device).reshape(y.shape)
        (y.exp() * weight).sum().backward()
        grads.append(to_numpy(leaf.grad))
    np.testing.assert_allclose(grads[0], grads[1])


def test_gradient_of_a_view_and_of_later_changes(w):
    grads = []
    for in_place in (True, False):
        leaf = w.arange(6.0).reshape(2, 3).clone().requires_grad_()
        base = leaf * 1
        part = base[1:]
        part = part.t_() if in_place else part.t()
        part.mul_(3)
        assert part.shape == (3, 1)
        (base * w.arange(6.0).reshape(2, 3)).sum().backward()
        grads.append(leaf.grad.tolist())
    assert grads[0] == grads[1]


def test_gradient_through_views_made_before(w):
    leaf = w.arange(6.0).reshape(2, 3).clone().requires_grad_()
    base = leaf * 1
    row = base[1]
    base.t_()
    base.mul_(2)
    assert row.tolist() == [6, 8, 10]
    row.sum().backward()
    assert leaf.grad.tolist() == [[0, 0, 0], [2, 2, 2]]


@weft_only
def test_a_leaf_that_requires_grad_is_refused(w):
    x = w.zeros(2, 3, requires_grad=True)
    for scope in (w.enable_grad, w.no_grad):
        with scope(), pytest.raises(RuntimeError, match="leaf"):
            x.t_()
    assert x.shape == (2, 3) and x._version == 0


def test_bad_dims_change_nothing(w):
    x = w.zeros(2, 3)
    for call in (lambda: x.unsqueeze_(5), lambda: x.transpose_(0, 2), lambda: x.squeeze_(4)):
        with pytest.raises(IndexError):
            call()
    assert x.shape == (2, 3) and x._version == 0


def test_saved_values_are_guarded(w):
    x = w.ones(2, 3, requires_grad=True) * 1
    y = x * x
    x.t_()
    with pytest.raises(RuntimeError):
        y.sum().backward()


@weft_only
def test_not_while_tracing(w):
    def step(x):
        y = x + 1
        return y.t_()

    with pytest.raises(RuntimeError, match="jit"):
        w.jit(step)(w.zeros(2, 3))


def test_a_leaf_that_was_in_a_graph_gets_gradients_of_its_new_shape(w):
    p = w.ones(1, 3).requires_grad_()
    (p * 2).sum().backward()
    p.grad = None
    p.requires_grad_(False)
    p.t_()
    p.requires_grad_()
    (p * 2).sum().backward()
    assert p.grad.shape == (3, 1)


def test_the_message_names_the_method(w):
    x = w.ones(2, 3, requires_grad=True) * 1
    y = x.exp()
    loss = (y * y).sum()
    y.t_()
    with pytest.raises(RuntimeError, match="'t_'"):
        loss.backward()
