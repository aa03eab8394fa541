"""Calls in the spellings of earlier versions of the interface, which still work."""

import pytest


def deprecated(call):
    with pytest.warns(UserWarning, match="deprecated"):
        return call()


def test_scalar_before_the_tensor(w):
    x = w.tensor([1.0, 2.0])
    assert deprecated(lambda: w.add(x, 2, x)).tolist() == [3, 6]
    assert deprecated(lambda: x.add(2, x)).tolist() == [3, 6]
    assert deprecated(lambda: x.clone().add_(2, x)).tolist() == [3, 6]
    assert deprecated(lambda: x.sub(2, x)).tolist() == [-1, -2]
    assert deprecated(lambda: x.clone().sub_(2, x)).tolist() == [-1, -2]
    for form in (lambda: w.addcmul(x, 3, x, x), lambda: x.addcmul(3, x, x), lambda: x.clone().addcmul_(3, x, x)):
        assert deprecated(form).tolist() == [4, 14]
    for form in (lambda: w.addcdiv(x, 3, x, x), lambda: x.addcdiv(3, x, x), lambda: x.clone().addcdiv_(3, x, x)):
        assert deprecated(form).tolist() == [4, 5]


def test_beta_and_alpha_before_the_matrices(w):
    x, a = w.ones(2, 2), w.tensor([[1.0, 2.0], [3.0, 4.0]])
    eye = w.tensor([[1.0, 0.0], [0.0, 1.0]])
    for form in (lambda: w.addmm(10, x, 2, a, eye), lambda: x.addmm(10, 2, a, eye)):
        assert deprecated(form).tolist() == [[12, 14], [16, 18]]
    assert deprecated(lambda: x.clone().addmm_(10, 2, a, eye)).tolist() == [[12, 14], [16, 18]]
    assert deprecated(lambda: w.addmm(10, x, a, eye)).tolist() == [[11, 12], [13, 14]]
    assert deprecated(lambda: x.clone().addmm_(10, a, eye)).tolist() == [[11, 12], [13, 14]]
    assert deprecated(lambda: x[0].addmv(10, 2, a, eye[0])).tolist() == [12, 16]
    assert deprecated(lambda: x[None].baddbmm(10, 2, a[None], eye[None])).tolist() == [[[12, 14], [16, 18]]]
    assert deprecated(lambda: x.addbmm(10, 2, a[None], eye[None])).tolist() == [[12, 14], [16, 18]]


def test_in_place_forms_keep_the_gradient(w):
    x, y = w.ones(2, requires_grad=True), w.tensor([3.0, 4.0], requires_grad=True)
    deprecated(lambda: (x * 1).add_(2, y)).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([1, 1], [2, 2])
    deprecated(lambda: (x * 1).addcmul_(2, x, y)).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([8, 10], [4, 4])


def test_number_first(w):
    x = w.tensor([2.0, 4.0], requires_grad=True)
    assert w.divide(127, w.ones(1)).item() == 127
    assert w.div(8, x).tolist() == [4, 2]
    assert w.div(7, x, rounding_mode="floor").tolist() == [3, 1]
    assert w.true_divide(8, x).tolist() == [4, 2]
    assert w.mul(3, x).tolist() == w.multiply(3, x).tolist() == [6, 12]
    assert w.sub(10, x).tolist() == w.subtract(10, x).tolist() == [8, 6]
    assert w.sub(10, x, alpha=2).tolist() == [6, 2]
    assert w.add(1, x).tolist() == [3, 5]
    assert w.floor_divide(7, x).tolist() == [3, 1]
    assert w.remainder(7, x).tolist() == [1, 3]
    w.div(8, x).sum().backward()
    assert x.grad.tolist() == [-2, -0.5]


def test_axis_and_keepdim_in_one_call(w):
    x = w.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    for names in ({"axis": -1, "keepdim": True}, {"dim": -1, "keepdims": True}, {"axis": -1, "keepdims": True}):
        for name in ("sum", "mean", "prod", "nansum", "nanmean", "any", "all", "amax", "amin", "argmax", "var", "std"):
            assert getattr(x, name)(**names).shape == getattr(w, name)(x, **names).shape == (2, 1), name
        assert x.max(**names).values.tolist() == [[3], [6]]
        assert x.min(**names).indices.tolist() == [[0], [0]]
        assert x.var_mean(**names)[1].tolist() == [[2], [5]]
    assert x.sum(axis=-1, keepdim=True).tolist() == [[6], [15]]


@pytest.mark.parametrize("bad", [lambda w: w.ones(2).add_(2, 3, 4), lambda w: w.ones(2).sum(axis=0, dim=0)])
def test_mixtures_are_refused(w, bad):
    with pytest.raises(TypeError):
        bad(w)
