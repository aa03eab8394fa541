"""Losses of very many classes: cross entropy of a linear layer in parts, the adaptive softmax."""

import numpy as np
import pytest
from support import to_numpy, weft_only


def both(w, x, table, target, bias=None, **options):
    """(losses, gradients) of the loss in parts and of the whole logits."""
    results = []
    for whole in (False, True):
        leaves = [t.detach().clone().requires_grad_() for t in (x, table, *([] if bias is None else [bias]))]
        added = leaves[2] if bias is not None else None
        if whole:
            own = {key: value for key, value in options.items() if key != "options"}
            loss = w.nn.functional.cross_entropy(w.nn.functional.linear(leaves[0], leaves[1], added), target, **own)
        else:
            loss = w.nn.functional.linear_cross_entropy(leaves[0], leaves[1], target, linear_bias=added, **options)
        (loss * w.arange(1, loss.numel() + 1, dtype=loss.dtype).reshape(loss.shape)).sum().backward()
        results.append([to_numpy(loss)] + [to_numpy(leaf.grad) for leaf in leaves])
    return results


@pytest.mark.parametrize("rows", [None, 1, 7, 64, 1000])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_the_loss_does_not_depend_on_the_parts(w, rows, reduction):
    x, table, bias = (w.randn(*shape, dtype=w.float64) for shape in ((50, 6), (11, 6), (11,)))
    target = w.randint(0, 11, (50,))
    target[::5] = -100
    options = {"weight": w.rand(11, dtype=w.float64), "label_smoothing": 0.1, "reduction": reduction}
    if rows:
        options["options"] = w.nn.LinearCrossEntropyOptions(batch_chunk_size=rows)
    for part, whole in zip(*both(w, x, table, target, bias, **options)):
        np.testing.assert_allclose(part, whole, rtol=1e-9, atol=1e-12)


@weft_only
@pytest.mark.parametrize("dtype,tolerance", [("float32", 1e-4), ("bfloat16", 6e-2), ("float16", 1e-2)])
def test_other_dtypes(w, dtype, tolerance):
    kind = getattr(w, dtype)
    x, table, bias = (w.randn(*shape).to(kind) for shape in ((300, 8), (20, 8), (20,)))
    target = w.randint(0, 20, (300,))
    for part, whole in zip(*both(w, x, table, target, bias)):
        np.testing.assert_allclose(
            part.astype("float64"), whole.astype("float64"), rtol=tolerance, atol=tolerance * abs(whole).max()
        )


@weft_only
def test_half_gradients_of_many_parts_are_summed_in_float32(w):
    """Each part adds 1/4096 or so to what would soon be too large for bfloat16 to see it."""
    x, table = w.ones(4096, 2, dtype=w.bfloat16), w.zeros(2, 2, dtype=w.bfloat16, requires_grad=True)
    options = w.nn.LinearCrossEntropyOptions(batch_chunk_size=1)
    loss = w.nn.functional.linear_cross_entropy(x, table, w.zeros(4096, dtype=w.int64), options=options)
    loss.backward()
    np.testing.assert_allclose(to_numpy(table.grad), [[-0.5, -0.5], [0.5, 0.5]], rtol=1e-2)


@weft_only
def test_logits_are_never_all_there(w):
    """They would take 160 MB."""
    layer = w.nn.LinearCrossEntropyLoss(16, 10000)
    x, target = w.randn(4000, 16, requires_grad=True), w.randint(0, 10000, (4000,))
    w.memory.reset_peak()
    before = w.memory.allocated()
    layer(x, target).backward()
    assert w.memory.peak() - before < 40 << 20


@weft_only
def test_only_gradients_that_are_wanted(w):
    x, table = w.randn(5, 3, requires_grad=True), w.randn(4, 3)
    target = w.tensor([0, 1, 2, 3, 0])
    w.nn.functional.linear_cross_entropy(x, table, target).backward()
    expected = w.autograd.grad(w.nn.functional.cross_entropy(x @ table.T, target), x)[0]
    assert w.allclose(x.grad, expected, atol=1e-6)


@weft_only
def test_jitted_and_under_autocast(w):
    x, table, target = w.randn(300, 8), w.randn(20, 8, requires_grad=True), w.randint(0, 20, (300,))

    def loss(x, table, target):
        return w.nn.functional.linear_cross_entropy(x, table, target)

    jitted = w.jit(loss)
    for _ in range(3):
        assert w.allclose(jitted(x, table, target), loss(x, table, target))
    with w.autocast("cpu"):
        value = loss(x, table, target)
    assert value.dtype == w.float32
    assert w.allclose(value, loss(x, table, target), rtol=2e-2)


def test_options_are_checked(w):
    for bad in (
        {"batch_chunk_size": 0},
        {"chunking_method": "rows"},
        {"chunking_method": "aspect_ratio:0"},
        {"acc_policy": "exact"},
    ):
        with pytest.raises(ValueError):
            w.nn.LinearCrossEntropyOptions(**bad)
    clash = w.nn.LinearCrossEntropyOptions(batch_chunk_size=3, chunking_method="aspect_ratio")
    with pytest.raises(ValueError):
        w.nn.functional.linear_cross_entropy(w.ones(8, 2), w.ones(4, 2), w.zeros(8, dtype=w.int64), options=clash)
    with pytest.raises(RuntimeError):
        w.nn.LinearCrossEntropyLoss(3, 4, weight=w.ones(3))
    with pytest.raises(RuntimeError):
        w.nn.LinearCrossEntropyLoss(3, 4, label_smoothing=2.0)


def test_linear_cross_entropy_layer(w):
    layer = w.nn.LinearCrossEntropyLoss(5, 4, out_features=(2, 3), bias=True)
    assert [tuple(p.shape) for p in layer.parameters()] == [(24, 5), (24,)]
    x, target = w.randn(3, 5), w.randint(0, 4, (3, 2, 3))
    logits = layer.linear(x).reshape(3, 4, 2, 3)
    np.testing.assert_allclose(
        to_numpy(layer(x, target)), to_numpy(w.nn.functional.cross_entropy(logits, target)), rtol=1e-5
    )


CUTOFFS = [([2], 4), ([2, 5], 10), ([1, 2, 3], 4)]


@pytest.mark.parametrize("cutoffs,classes", CUTOFFS)
def test_adaptive_softmax(w, cutoffs, classes):
    layer = w.nn.AdaptiveLogSoftmaxWithLoss(8, classes, cutoffs, div_value=2.0, head_bias=True)
    x, target = w.randn(7, 8), w.arange(7) % classes
    logs = to_numpy(layer.log_prob(x))
    np.testing.assert_allclose(np.exp(logs).sum(1), 1, rtol=1e-5)
    output, loss = layer(x, target)
    np.testing.assert_allclose(to_numpy(output), logs[np.arange(7), to_numpy(target)], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(float(loss), -to_numpy(output).mean(), rtol=1e-5)
    single = layer(x[0], target[0])
    assert tuple(single.output.shape) == () and np.isclose(float(single.output), float(output[0]), atol=1e-5)
    # The best class of the best place in the head
    head = to_numpy(layer.head(x)).argmax(1)
    expected = np.where(head < layer.shortlist_size, head, logs.argmax(1))
    np.testing.assert_array_equal(to_numpy(layer.predict(x)), expected)
    loss.backward()
    assert layer.head.weight.grad is not None and layer.tail[0][0].weight.grad is not None


def test_adaptive_softmax_is_checked(w):
    for cutoffs in ([], [0, 2], [3, 2], [2, 2], [10], [2.5]):
        with pytest.raises((ValueError, TypeError)):
            w.nn.AdaptiveLogSoftmaxWithLoss(8, 10, cutoffs)
    layer = w.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [2])
    for x, target in (
        (w.ones(2, 8), w.tensor([0, 10])),
        (w.ones(2, 8), w.tensor([0, -1])),
        (w.ones(2, 8), w.tensor([0])),
        (w.ones(2, 7), w.tensor([0, 1])),
        (w.ones(8), w.tensor([0])),
        (w.ones(1, 2, 8), w.tensor([[0, 1]])),
    ):
        with pytest.raises(RuntimeError):
            layer(x, target)


@weft_only
@pytest.mark.parametrize("cutoffs,classes", CUTOFFS)
def test_adaptive_softmax_agrees_with_pytorch(w, cutoffs, classes):
    torch = pytest.importorskip("torch")
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(8, classes, cutoffs)
    mine = w.nn.AdaptiveLogSoftmaxWithLoss(8, classes, cutoffs)
    mine.load_state_dict({key: w.from_numpy(value.numpy()) for key, value in theirs.state_dict().items()})
    assert repr(mine) == repr(theirs)
    x, target = torch.randn(9, 8), torch.arange(9) % classes
    for mine_out, their_out in zip(
        mine(w.from_numpy(x.numpy()), w.from_numpy(target.numpy())), theirs(x, target), strict=True
    ):
        np.testing.assert_allclose(to_numpy(mine_out), their_out.detach().numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(to_numpy(mine.predict(w.from_numpy(x.numpy()))), theirs.predict(x).numpy())
