"""Losses: deprecated spellings, 0-dimensional inputs, names of reductions."""

import warnings

import numpy as np
import pytest
from support import to_numpy

FORMER = [({"size_average": False}, "sum"), ({"size_average": True}, "mean"), ({"reduce": False}, "none")]
FORMER += [({"reduce": True}, "mean"), ({"reduce": False, "size_average": False}, "none")]


def samples(w):
    """Functions and layers with arguments: name of the function, of the layer, arguments."""
    x, y = w.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]]), w.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    sign = y * 2 - 1
    classes = w.tensor([2, 0])
    yield "l1_loss", "L1Loss", (x, y)
    yield "mse_loss", "MSELoss", (x, y)
    yield "smooth_l1_loss", "SmoothL1Loss", (x, y)
    yield "binary_cross_entropy", "BCELoss", (x.sigmoid(), y)
    yield "binary_cross_entropy_with_logits", "BCEWithLogitsLoss", (x, y)
    yield "cross_entropy", "CrossEntropyLoss", (x, classes)
    yield "nll_loss", "NLLLoss", (x, classes)
    yield "kl_div", "KLDivLoss", (x, y)
    yield "poisson_nll_loss", "PoissonNLLLoss", (x, y)
    yield "hinge_embedding_loss", "HingeEmbeddingLoss", (x, sign)
    yield "margin_ranking_loss", "MarginRankingLoss", (x, y, sign)
    yield "cosine_embedding_loss", "CosineEmbeddingLoss", (x, y, w.tensor([1.0, -1.0]))
    yield "soft_margin_loss", "SoftMarginLoss", (x, sign)
    yield "multilabel_soft_margin_loss", "MultiLabelSoftMarginLoss", (x, y)
    yield "multi_margin_loss", "MultiMarginLoss", (x, classes)
    yield "multilabel_margin_loss", "MultiLabelMarginLoss", (x, w.tensor([[0, 2, -1], [1, -1, 0]]))
    yield "triplet_margin_loss", "TripletMarginLoss", (x, y, -x)


@pytest.mark.parametrize("former, reduction", FORMER)
def test_former_spellings(w, former, reduction):
    for name, layer, args in samples(w):
        function = getattr(w.nn.functional, name)
        wanted = to_numpy(function(*args, reduction=reduction))
        with pytest.warns(UserWarning, match="deprecated"):
            got = function(*args, **former)
        np.testing.assert_array_equal(to_numpy(got), wanted, err_msg=name)
        with pytest.warns(UserWarning, match="deprecated"):
            module = getattr(w.nn, layer)(**former)
        np.testing.assert_array_equal(to_numpy(module(*args)), wanted, err_msg=layer)


def test_no_warning_without_them(w):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, layer, args in samples(w):
            getattr(w.nn.functional, name)(*args)
            getattr(w.nn, layer)()(*args)


def test_unknown_reductions_are_refused(w):
    for name, layer, args in samples(w):
        with pytest.raises(ValueError, match="reduction"):
            getattr(w.nn.functional, name)(*args, reduction="average")
        with pytest.raises(ValueError, match="reduction"):
            getattr(w.nn, layer)(reduction="average")


def test_former_positions(w):
    """size_average and reduce are where they were, in front of reduction."""
    x, y = w.ones(2), w.zeros(2)
    assert w.nn.functional.mse_loss(x, y, None, None, "sum").item() == 2
    assert w.nn.MSELoss(None, None, "sum")(x, y).item() == 2
    assert w.nn.functional.kl_div(x, x, None, None, "sum", True).item() == 0
    assert w.nn.functional.hinge_embedding_loss(x, x, 1.0, None, None, "sum").item() == 2
    assert w.nn.CrossEntropyLoss(None, None, 0, None, "sum")(w.zeros(1, 2), w.tensor([0])).item() == 0


def test_numbers(w):
    """Losses of tensors without dimensions."""
    functional = w.nn.functional
    x, y = w.tensor(0.5, requires_grad=True), w.tensor(1.0)
    for name in ("l1_loss", "mse_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy", "kl_div"):
        assert getattr(functional, name)(x, y).shape == ()
    for name in ("soft_margin_loss", "hinge_embedding_loss", "poisson_nll_loss", "binary_cross_entropy_with_logits"):
        for reduction in ("mean", "sum", "none"):
            assert getattr(functional, name)(x, y, reduction=reduction).shape == ()
    assert functional.margin_ranking_loss(x, x, y).item() == 0


def test_margins_of_a_single_class(w):
    functional = w.nn.functional
    for x in (w.tensor(0.5), w.tensor([0.5])):
        for target in (w.tensor(0), w.tensor([0])):
            for reduction in ("mean", "sum", "none"):
                loss = functional.multi_margin_loss(x, target, reduction=reduction)
                assert (loss.shape, loss.item()) == (target.shape if reduction == "none" else (), 0)
    x = w.tensor(0.5, requires_grad=True)
    for target in (w.tensor(0), w.tensor([-1])):
        loss = functional.multilabel_margin_loss(x, target)
        assert (loss.shape, loss.item()) == ((), 0)
    loss.backward()
    assert x.grad.item() == 0


@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
def test_class_numbers_may_be_bytes(w, name):
    loss = getattr(w.nn.functional, name)
    x, target = w.randn(4, 3), w.tensor([0, 2, 1, 2])
    assert loss(x, target.to(w.uint8)).equal(loss(x, target))
