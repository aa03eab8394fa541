"""nn.utils: clipping of gradients, parameters as a vector."""

import math

import numpy as np
import pytest
from support import to_numpy, weft_only


def parameters(w, *grads):
    made = []
    for grad in grads:
        p = w.nn.Parameter(w.zeros(len(grad) if grad is not None else 2))
        p.grad = None if grad is None else w.tensor(grad)
        made.append(p)
    return made


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, math.inf])
def test_clip_grad_norm(w, norm_type):
    grads = [[3.0, -4.0], [12.0]]
    flat = np.concatenate([np.abs(g) for g in grads])
    total = flat.max() if norm_type == math.inf else (flat**norm_type).sum() ** (1 / norm_type)
    params = parameters(w, grads[0], None, grads[1])
    got = w.nn.utils.clip_grad_norm_(iter(params), 2.0, norm_type)
    assert float(got) == pytest.approx(total, rel=1e-5)
    np.testing.assert_allclose(to_numpy(params[0].grad), np.array(grads[0]) * 2 / total, rtol=1e-5)
    np.testing.assert_allclose(to_numpy(params[2].grad), np.array(grads[1]) * 2 / total, rtol=1e-5)
    assert params[1].grad is None


def test_small_gradients_stay(w):
    params = parameters(w, [0.3, 0.4])
    assert float(w.nn.utils.clip_grad_norm_(params[0], 1.0)) == pytest.approx(0.5)
    assert to_numpy(params[0].grad).tolist() == np.float32([0.3, 0.4]).tolist()
    assert float(w.nn.utils.clip_grad_norm_([], 1.0)) == 0


def test_norms_that_are_not_finite(w):
    params = parameters(w, [math.inf, 1.0])
    with pytest.raises(RuntimeError):
        w.nn.utils.clip_grad_norm_(params, 1.0, error_if_nonfinite=True)
    assert to_numpy(params[0].grad).tolist() == [math.inf, 1.0]


def test_clip_grad_value(w):
    params = parameters(w, [3.0, -0.5], None)
    w.nn.utils.clip_grad_value_(params, 1)
    assert to_numpy(params[0].grad).tolist() == [1, -0.5]


def test_parameters_as_a_vector(w):
    model = w.nn.Linear(3, 2)
    vector = w.nn.utils.parameters_to_vector(model.parameters())
    assert tuple(vector.shape) == (8,) and vector.requires_grad
    w.nn.utils.vector_to_parameters(w.arange(8.0), model.parameters())
    assert to_numpy(model.weight).tolist() == [[0, 1, 2], [3, 4, 5]] and to_numpy(model.bias).tolist() == [6, 7]
    assert model.weight.requires_grad and model.weight.is_leaf


@weft_only
def test_vectors_of_the_wrong_length_change_nothing(w):
    model = w.nn.Linear(3, 2)
    before = to_numpy(model.weight).copy()
    for length in (7, 9):
        with pytest.raises(ValueError, match="8 elements"):
            w.nn.utils.vector_to_parameters(w.zeros(length), model.parameters())
    np.testing.assert_array_equal(to_numpy(model.weight), before)


def test_the_order_of_the_norm_may_be_text(w):
    tensors = [w.tensor([3.0, -5.0]), w.tensor([4.0])]
    assert w.nn.utils.get_total_norm(tensors, "inf").item() == 5
    for junk, error in ((None, TypeError), ("nonsense", ValueError)):
        with pytest.raises(error):
            w.nn.utils.get_total_norm(tensors, junk)
