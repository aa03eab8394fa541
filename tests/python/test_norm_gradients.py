"""Gradients of group norm, summed channel by channel: beside their formulas, and for any number of threads."""

import numpy as np
import pytest
from support import to_numpy, to_tensor, weft_only


def reference(x, g, weight, groups, eps=1e-5):
    rows = x.reshape(x.shape[0], groups, -1)
    scale = 1 / np.sqrt(rows.var(-1, keepdims=True) + eps)
    normal = (rows - rows.mean(-1, keepdims=True)) * scale
    own = weight.reshape(1, -1, *[1] * (x.ndim - 2))
    weighted = (g * own).reshape(rows.shape)
    dx = scale * (weighted - weighted.mean(-1, keepdims=True) - normal * (weighted * normal).mean(-1, keepdims=True))
    others = (0, *range(2, x.ndim))
    return dx.reshape(x.shape), (g * normal.reshape(x.shape)).sum(others), g.sum(others)


@weft_only
@pytest.mark.parametrize(
    "shape, groups",
    [
        ((3, 8, 40, 40), 2),  # runs of a channel that are longer than what is summed at once
        ((5, 6, 33), 3),
        ((2, 12, 1, 2), 4),
        ((1, 4, 70, 50), 1),  # one row
        ((7, 6), 2),  # a parameter for every element
        ((7, 6), 1),
    ],
)
def test_group_norm(w, shape, groups):
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal(shape) + 2, rng.standard_normal(shape)
    weight, bias = rng.standard_normal((2, shape[1]))
    results = []
    threads = w.get_num_threads()
    for count in (1, 2):
        w.set_num_threads(count)
        try:
            inputs = [to_tensor(w, array, "float32").requires_grad_() for array in (x, weight, bias)]
            w.nn.functional.group_norm(inputs[0], groups, *inputs[1:]).backward(to_tensor(w, g, "float32"))
        finally:
            w.set_num_threads(threads)
        results.append([to_numpy(tensor.grad) for tensor in inputs])
    for result, expected in zip(results[0], reference(x, g, weight, groups), strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)
