"""nn.utils.prune: which elements and channels each method chooses, several methods, and the way back."""

import numpy as np
import pytest
from support import to_numpy, to_tensor, weft_only

WEIGHT = np.random.default_rng(0).standard_normal((4, 6)).astype("float32")
SCORES = np.random.default_rng(1).standard_normal((4, 6)).astype("float32")


@pytest.fixture
def prune(w):
    import importlib

    return importlib.import_module(f"{w.__name__}.nn.utils.prune")


def layer_of(w):
    layer = w.nn.Linear(6, 4)
    with w.no_grad():
        layer.weight.copy_(to_tensor(w, WEIGHT))
    return layer


def largest(scores, count):
    mask = np.zeros(scores.size)
    mask[np.argsort(-abs(scores).ravel(), kind="stable")[:count]] = 1
    return mask.reshape(scores.shape)


@pytest.mark.parametrize("amount, left", [(0, 24), (5, 19), (0.5, 12), (24, 0), (1.0, 0)])
def test_smallest_elements(w, prune, amount, left):
    layer = prune.l1_unstructured(layer_of(w), "weight", amount)
    np.testing.assert_array_equal(to_numpy(layer.weight_mask), largest(WEIGHT, left))
    np.testing.assert_array_equal(to_numpy(layer.weight), WEIGHT * largest(WEIGHT, left))
    assert sorted(layer.state_dict()) == ["bias", "weight_mask", "weight_orig"]
    assert [name for name, _ in layer.named_parameters()] == ["bias", "weight_orig"]


def test_importance_scores(w, prune):
    layer = prune.l1_unstructured(layer_of(w), "weight", 10, importance_scores=to_tensor(w, SCORES))
    np.testing.assert_array_equal(to_numpy(layer.weight_mask), largest(SCORES, 14))
    with pytest.raises((ValueError, AssertionError)):
        prune.l1_unstructured(layer_of(w), "weight", 10, importance_scores=w.ones(3))


@pytest.mark.parametrize("n", [1, 2, float("inf"), "fro"])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_smallest_channels(w, prune, n, dim):
    layer = prune.ln_structured(layer_of(w), "weight", 2, n, dim)
    order = 2 if n == "fro" else n
    norms = np.linalg.norm(WEIGHT, order, axis=1 if dim == 0 else 0)
    kept = np.ones(len(norms))
    kept[np.argsort(norms)[:2]] = 0
    wanted = np.broadcast_to(kept[:, None] if dim == 0 else kept, (4, 6))
    np.testing.assert_array_equal(to_numpy(layer.weight_mask), wanted)


def test_random_choices(w, prune):
    layer = prune.random_unstructured(layer_of(w), "weight", 7)
    assert float(layer.weight_mask.sum()) == 17
    layer = prune.random_structured(layer_of(w), "weight", 0.5, 1)
    mask = to_numpy(layer.weight_mask)
    assert mask.sum() == 12 and set(mask.sum(0)) == {0, 4}
    masks = [to_numpy(prune.random_unstructured(layer_of(w), "weight", 12).weight_mask) for _ in range(4)]
    assert any((masks[0] != mask).any() for mask in masks[1:])


def test_one_after_the_other(w, prune):
    """Each method counts what those before have left."""
    layer = prune.l1_unstructured(layer_of(w), "weight", 0.25)
    prune.ln_structured(layer, "weight", 1, 2, 0)
    rows = np.linalg.norm(WEIGHT, axis=1)
    mask = largest(WEIGHT, 18)
    mask[rows.argmin()] = 0
    np.testing.assert_array_equal(to_numpy(layer.weight_mask), mask)
    prune.l1_unstructured(layer, "weight", 0.5)
    left = int(mask.sum())
    np.testing.assert_array_equal(to_numpy(layer.weight_mask), largest(WEIGHT * mask, left - round(left * 0.5)))
    (hook,) = layer._forward_pre_hooks.values()
    assert isinstance(hook, prune.PruningContainer) and len(hook) == 3


def test_training_and_removal(w, prune):
    layer = layer_of(w)
    weight = layer.weight
    prune.l1_unstructured(layer, "weight", 12)
    assert layer.weight_orig is weight
    layer(w.ones(1, 6)).sum().backward()
    np.testing.assert_array_equal(to_numpy(weight.grad), largest(WEIGHT, 12))
    with w.no_grad():
        weight.mul_(2)
    layer(w.ones(1, 6))
    np.testing.assert_array_equal(to_numpy(layer.weight), 2 * WEIGHT * largest(WEIGHT, 12))
    assert prune.is_pruned(w.nn.Sequential(layer))
    prune.remove(layer, "weight")
    assert isinstance(layer.weight, w.nn.Parameter) and sorted(layer.state_dict()) == ["bias", "weight"]
    assert not prune.is_pruned(layer) and not layer._forward_pre_hooks
    np.testing.assert_array_equal(to_numpy(layer.weight), 2 * WEIGHT * largest(WEIGHT, 12))
    with pytest.raises(ValueError):
        prune.remove(layer, "weight")


def test_given_masks(w, prune):
    layer = prune.custom_from_mask(layer_of(w), "weight", to_tensor(w, (WEIGHT > 0).astype("float32")))
    np.testing.assert_array_equal(to_numpy(layer.weight), np.maximum(WEIGHT, 0))
    layer = prune.identity(layer_of(w), "weight")
    assert float(layer.weight_mask.sum()) == 24
    method = prune.L1Unstructured(2)
    np.testing.assert_array_equal(to_numpy(method.prune(to_tensor(w, WEIGHT))), WEIGHT * largest(WEIGHT, 22))


def test_several_parameters_as_one(w, prune):
    one, two = layer_of(w), layer_of(w)
    with w.no_grad():
        two.weight.mul_(10)
    prune.global_unstructured([(one, "weight"), (two, "weight")], prune.L1Unstructured, amount=0.5)
    both = largest(np.stack([WEIGHT, WEIGHT * 10]), 24)
    np.testing.assert_array_equal(to_numpy(one.weight_mask), both[0])
    np.testing.assert_array_equal(to_numpy(two.weight_mask), both[1])
    with pytest.raises(TypeError):
        prune.global_unstructured([(one, "weight")], prune.LnStructured, amount=1, n=2)
    with pytest.raises(TypeError):
        prune.global_unstructured("weights", prune.L1Unstructured, amount=1)


@pytest.mark.parametrize("amount, kind", [(-1, ValueError), (1.5, ValueError), (25, ValueError), ("x", TypeError)])
def test_bad_amounts(w, prune, amount, kind):
    layer = layer_of(w)
    with pytest.raises(kind):
        prune.l1_unstructured(layer, "weight", amount)
    assert sorted(layer.state_dict()) == ["bias", "weight"] and not layer._forward_pre_hooks


@weft_only
def test_a_failed_call_changes_nothing(w, prune):
    layer = layer_of(w)
    with pytest.raises(AttributeError, match="nothing"):
        prune.identity(layer, "nothing")
    with pytest.raises(ValueError, match="2 dimensions"):
        prune.ln_structured(layer, "bias", 1, 2, 0)
    with pytest.raises(IndexError, match="dim 3"):
        prune.ln_structured(layer, "weight", 1, 2, 3)
    with pytest.raises(ValueError, match="mask of the tensor's shape"):
        prune.custom_from_mask(layer, "weight", w.ones(3))
    with pytest.raises(TypeError, match="pruning method"):
        prune.PruningContainer(3)
    with pytest.raises(TypeError):
        prune.BasePruningMethod()
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    prune.l1_unstructured(layer, "weight", 2)
    with pytest.raises(ValueError, match="amount"):
        prune.l1_unstructured(layer, "weight", 23)
    assert float(layer.weight_mask.sum()) == 22 and len(layer._forward_pre_hooks) == 1
