"""Connectionist temporal classification beyond the op table: all alignments written out, forms of the lengths."""

import itertools

import numpy as np
import pytest
from support import to_numpy, to_tensor, weft_only


def collapsed(path, blank):
    return [label for label, _ in itertools.groupby(path) if label != blank]


@pytest.mark.parametrize("target", [[], [1], [1, 1], [1, 2], [2, 1, 2], [1, 1, 1, 1]])
def test_the_likelihood_is_the_sum_over_all_alignments(w, target):
    rng = np.random.default_rng(0)
    times, classes = 4, 3
    logits = rng.standard_normal((times, classes))
    probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    total, occupied = 0.0, np.zeros((times, classes))
    for path in itertools.product(range(classes), repeat=times):
        if collapsed(path, 0) == target:
            p = np.prod([probs[t, c] for t, c in enumerate(path)])
            total += p
            for t, c in enumerate(path):
                occupied[t, c] += p
    x = to_tensor(w, np.log(probs)[:, None], "float64", requires_grad=True)
    loss = w.nn.functional.ctc_loss(x, w.tensor([target], dtype=w.int64), (times,), (len(target),), reduction="none")
    if total == 0:
        assert np.isinf(to_numpy(loss)).all()
        return
    np.testing.assert_allclose(to_numpy(loss), -np.log(total), rtol=1e-9)
    loss.sum().backward()
    # log_probs are taken for those of a log_softmax
    np.testing.assert_allclose(to_numpy(x.grad)[:, 0], probs - occupied / total, rtol=1e-7, atol=1e-10)


def test_forms_of_lengths_and_targets(w):
    x = w.randn(5, 2, 4).log_softmax(-1)
    loss = w.nn.CTCLoss(reduction="none")
    padded, joined = w.tensor([[1, 2], [3, 0]]), w.tensor([1, 2, 3])
    expected = to_numpy(loss(x, padded, w.tensor([5, 4]), w.tensor([2, 1])))
    for targets in (padded, joined, padded.int(), joined.int()):
        for times, lengths in (((5, 4), (2, 1)), (w.tensor([5, 4], dtype=w.int32), w.tensor([2, 1]))):
            np.testing.assert_allclose(to_numpy(loss(x, targets, times, lengths)), expected, rtol=1e-6)
    alone = [loss(x[:, 0], w.tensor([1, 2]), w.tensor(5), w.tensor(2)), loss(x[:, 1], w.tensor([3]), (4,), (1,))]
    assert [tuple(value.shape) for value in alone] == [(), ()]
    np.testing.assert_allclose([float(value) for value in alone], expected, rtol=1e-6)


def test_targets_without_an_alignment(w):
    logits = w.randn(3, 2, 4, dtype=w.float64, requires_grad=True)
    targets, times, lengths = w.tensor([[1, 1, 1], [1, 2, 3]]), (3, 3), (3, 3)
    loss = w.nn.functional.ctc_loss(logits.log_softmax(-1), targets, times, lengths, reduction="none")
    assert np.isinf(float(loss[0])) and np.isfinite(float(loss[1]))
    loss = w.nn.functional.ctc_loss(logits.log_softmax(-1), targets, times, lengths, zero_infinity=True)
    loss.backward()
    grad = to_numpy(logits.grad)
    assert np.isfinite(grad).all() and (grad[:, 0] == 0).all() and (grad[:, 1] != 0).any()


def test_what_lies_behind_the_lengths_has_no_part(w):
    x = w.randn(6, 2, 4, dtype=w.float64).log_softmax(-1).requires_grad_()
    targets = w.tensor([[1, 2, 99], [3, -5, 7]])  # no classes, but behind the lengths
    w.nn.functional.ctc_loss(x, targets, (4, 0), (2, 0), reduction="sum").backward()
    grad = to_numpy(x.grad)
    assert (grad[4:, 0] == 0).all() and (grad[:, 1] == 0).all() and (grad[:4, 0] != 0).any()


@weft_only
def test_no_samples_and_other_strides(w):
    empty = w.nn.functional.ctc_loss(w.zeros(4, 0, 3), w.zeros(0, 2, dtype=w.int64), (), (), reduction="sum")
    assert float(empty) == 0
    x = w.randn(2, 5, 4).log_softmax(-1)
    args = w.tensor([[1, 2], [3, 0]]), (5, 4), (2, 1)
    turned = w.nn.functional.ctc_loss(x.transpose(0, 1), *args)
    assert w.equal(turned, w.nn.functional.ctc_loss(x.transpose(0, 1).contiguous(), *args))


@weft_only
def test_jitted_and_on_meta_tensors(w):
    x, targets = w.randn(5, 2, 4), w.tensor([1, 2, 3])
    times, lengths = w.tensor([5, 4]), w.tensor([2, 1])

    def loss(x, targets, times, lengths):
        return w.nn.functional.ctc_loss(x.log_softmax(-1), targets, times, lengths)

    jitted = w.jit(loss)
    for _ in range(3):
        assert w.allclose(jitted(x, targets, times, lengths), loss(x, targets, times, lengths))
    assert w.allclose(jitted(x, targets, times, w.tensor([1, 2])), loss(x, targets, times, w.tensor([1, 2])))
    with pytest.raises(RuntimeError, match="add up"):
        jitted(x, targets, times, w.tensor([2, 2]))
    with pytest.raises(IndexError, match="classes"):
        jitted(x, w.tensor([1, 2, 9]), times, lengths)


@weft_only
def test_many_times_do_not_underflow(w):
    x = w.randn(600, 2, 20).log_softmax(-1)
    targets = w.randint(1, 20, (2, 100))
    single = w.nn.functional.ctc_loss(x, targets, (600, 600), (100, 100), reduction="none")
    double = w.nn.functional.ctc_loss(x.double(), targets, (600, 600), (100, 100), reduction="none")
    np.testing.assert_allclose(to_numpy(single), to_numpy(double), rtol=1e-5)
    assert np.isfinite(to_numpy(single)).all()


@weft_only
def test_random_calls_agree_with_pytorch(w):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    for _ in range(60):
        times, samples, classes, most = (int(n) for n in rng.integers((1, 1, 2, 1), (12, 5, 6, 6)))
        blank = int(rng.integers(classes))
        logits = rng.standard_normal((times, samples, classes))
        labels = rng.integers(0, classes - 1, (samples, most))
        labels = labels + (labels >= blank)
        lengths, sizes = rng.integers(0, most + 1, samples), rng.integers(1, times + 1, samples)
        options = {
            "blank": blank,
            "reduction": str(rng.choice(["none", "mean", "sum"])),
            "zero_infinity": bool(rng.integers(2)),
        }
        if rng.integers(2):
            labels = np.concatenate([labels[n, : lengths[n]] for n in range(samples)])
            if labels.size == 0:
                continue
        results = []
        for module in (w, torch):
            x = module.from_numpy(logits.copy()).requires_grad_()
            args = [module.from_numpy(a.copy()) for a in (labels, sizes, lengths)]
            loss = module.nn.functional.ctc_loss(x.log_softmax(-1), *args, **options)
            if np.isfinite(loss.detach().numpy()).all():
                loss.sum().backward()
            results.append((loss.detach().numpy(), None if x.grad is None else x.grad.numpy()))
        (mine, slope), (theirs, other) = results
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12, err_msg=str(options))
        if other is not None:
            np.testing.assert_allclose(slope, other, rtol=1e-7, atol=1e-10, err_msg=str(options))
