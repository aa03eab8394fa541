"""weft.metrics against scikit-learn, on random data."""

import warnings

import numpy as np
import pytest
import weft
from sklearn import metrics as sk
from weft.metrics import functional as F

SEEDS = range(4)
AVERAGES = ("micro", "macro", "weighted", "none")


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def t(array):
    return weft.from_numpy(np.ascontiguousarray(array))


def same(ours, theirs):
    np.testing.assert_allclose(np.asarray(ours.numpy(), float), theirs, atol=1e-9, rtol=1e-9)


def labels_of(kind, rng):
    """(options, input, target, what scikit-learn takes for input) of a task."""
    n = int(rng.integers(1, 40))
    if kind == "binary":
        scores = rng.random(n).astype(np.float32).round(1)
        return {"task": "binary"}, scores, rng.integers(0, 2, n), (scores > np.float32(0.5)).astype(int)
    if kind == "multiclass":
        classes = int(rng.integers(2, 7))
        scores = rng.random((n, classes)).astype(np.float32)
        return {}, scores, rng.integers(0, classes, n), scores.argmax(1)
    labels = int(rng.integers(2, 5))
    scores = rng.random((n, labels))
    return {"task": "multilabel"}, scores, rng.integers(0, 2, (n, labels)), (scores > 0.5).astype(int)


def weights_of(rng, n):
    return [None, rng.random(n), rng.integers(0, 3, n).astype(float)][rng.integers(3)]


RATIOS = {
    "precision": (F.precision, sk.precision_score, {}),
    "recall": (F.recall, sk.recall_score, {}),
    "f1": (F.f1_score, sk.f1_score, {}),
    "dice": (F.dice, sk.f1_score, {}),
    "fbeta": (F.fbeta_score, sk.fbeta_score, {"beta": 0.7}),
    "fbeta inf": (F.fbeta_score, sk.fbeta_score, {"beta": float("inf")}),
    "iou": (F.iou, sk.jaccard_score, {}),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
@pytest.mark.parametrize("name", RATIOS)
def test_ratios(name, kind, seed):
    ours, theirs, extra = RATIOS[name]
    rng = np.random.default_rng(seed)
    options, scores, target, chosen = labels_of(kind, rng)
    weights = weights_of(rng, len(target))
    if weights is not None and not weights.sum():
        weights = None
    for zero in ("warn", 0, 1, np.nan) if name != "iou" else ("warn", 0, 1):
        for average in AVERAGES + (("binary",) if kind == "binary" else ()):
            mine = ours(
                t(scores),
                t(target),
                None if weights is None else t(weights),
                average=average,
                zero_division=zero,
                **options,
                **extra,
            )
            theirs_labels = None
            if average == "none" and kind != "multilabel":
                theirs_labels = range(2 if kind == "binary" else scores.shape[1])
            expected = theirs(
                target,
                chosen,
                average=None if average == "none" else average,
                sample_weight=weights,
                zero_division=zero,
                **({} if theirs_labels is None else {"labels": list(theirs_labels)}),
                **extra,
            )
            same(mine, expected)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_accuracy_and_confusion(kind, seed):
    rng = np.random.default_rng(seed)
    options, scores, target, chosen = labels_of(kind, rng)
    weights = weights_of(rng, len(target))
    if weights is not None and not weights.sum():
        weights = None
    w = None if weights is None else t(weights)
    same(F.accuracy(t(scores), t(target), w, **options), sk.accuracy_score(target, chosen, sample_weight=weights))
    for normalize in (None, "true", "pred", "all"):
        mine = F.confusion_matrix(t(scores), t(target), w, normalize=normalize, **options)
        if kind == "multilabel":
            if normalize is None:
                same(mine, sk.multilabel_confusion_matrix(target, chosen, sample_weight=weights))
            continue
        labels = range(2 if kind == "binary" else scores.shape[1])
        same(mine, sk.confusion_matrix(target, chosen, labels=labels, sample_weight=weights, normalize=normalize))
    if kind != "multilabel":
        same(F.accuracy(t(scores), t(target), average="macro", **options), sk.balanced_accuracy_score(target, chosen))
    else:
        same(F.accuracy(t(scores), t(target), average="micro", **options), (chosen == target).mean())
        same(F.accuracy(t(scores), t(target), average="none", **options), (chosen == target).mean(0))


@pytest.mark.parametrize("seed", SEEDS)
def test_top_k(seed):
    rng = np.random.default_rng(seed)
    n, classes = 30, int(rng.integers(3, 8))
    scores, target = rng.random((n, classes)).round(1), rng.integers(0, classes, n)
    weights = rng.random(n)
    for k in range(1, classes):
        expected = sk.top_k_accuracy_score(target, scores, k=k, labels=range(classes), sample_weight=weights)
        same(F.top_k_accuracy(t(scores), t(target), t(weights), k=k), expected)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("ties", [False, True])
def test_ranking(ties, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 60))
    target, scores, weights = rng.integers(0, 2, n), rng.normal(size=n), rng.random(n)
    weights[rng.random(n) < 0.2] = 0
    scores = scores.round(1) if ties else scores
    for mine, theirs in ((F.roc_auc, sk.roc_auc_score), (F.average_precision, sk.average_precision_score)):
        same(mine(t(scores), t(target)), theirs(target, scores))
        same(mine(t(scores), t(target), t(weights)), theirs(target, scores, sample_weight=weights))
    labels = rng.integers(0, 2, (n, 3))
    many = rng.normal(size=(n, 3)).round(1 if ties else 9)
    for average in AVERAGES:
        plain = None if average == "none" else average
        for mine, theirs in ((F.roc_auc, sk.roc_auc_score), (F.average_precision, sk.average_precision_score)):
            expected = theirs(labels, many, average=plain, sample_weight=weights)
            same(mine(t(many), t(labels), t(weights), task="multilabel", average=average), expected)
    classes = np.concatenate([np.arange(4), rng.integers(0, 4, n)])
    logits = rng.normal(size=(n + 4, 4)).round(1 if ties else 9)
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    for average in AVERAGES:
        plain = None if average == "none" else average
        expected = sk.average_precision_score(classes, probabilities, average=plain)
        same(F.average_precision(t(probabilities), t(classes), average=average), expected)
        expected = sk.roc_auc_score(classes, probabilities, average=plain, multi_class="ovr")
        same(F.roc_auc(t(probabilities), t(classes), average=average), expected)
        if average in ("macro", "weighted"):
            expected = sk.roc_auc_score(classes, probabilities, average=plain, multi_class="ovo")
            same(F.roc_auc(t(probabilities), t(classes), average=average, multi_class="ovo"), expected)


def test_ranking_without_a_class():
    scores, ones, zeros = t(np.array([0.2, 0.7])), t(np.array([1, 1])), t(np.array([0, 0]))
    assert np.isnan(sk.roc_auc_score([1, 1], [0.2, 0.7])) and F.roc_auc(scores, ones).isnan()
    assert sk.average_precision_score([0, 0], [0.2, 0.7]) == F.average_precision(scores, zeros) == 0


def test_bins_of_scores_on_a_grid_are_exact():
    rng = np.random.default_rng(0)
    scores, target = rng.integers(0, 16, 200) / 16, rng.integers(0, 2, 200)
    same(F.roc_auc(t(scores), t(target), bins=16), sk.roc_auc_score(target, scores))
    same(F.average_precision(t(scores), t(target), bins=16), sk.average_precision_score(target, scores))
    scores = rng.random(200)
    assert abs(F.roc_auc(t(scores), t(target), bins=1000).item() - sk.roc_auc_score(target, scores)) < 1e-2


@pytest.mark.parametrize("seed", SEEDS)
def test_regression(seed):
    rng = np.random.default_rng(seed)
    n, outputs = int(rng.integers(2, 50)), int(rng.integers(1, 4))
    target = rng.normal(size=(n, outputs)) * 10 ** rng.uniform(-3, 3) + 1e4 * rng.integers(0, 2)
    if seed % 3 == 0:
        target[:, 0] = 3.0
    input = target + rng.normal(size=target.shape)
    if seed % 2:
        input[:, 0] = target[:, 0]
    weights = weights_of(rng, n)
    if weights is not None and not weights.sum():
        weights = None
    w = None if weights is None else t(weights)
    for multioutput in ("uniform_average", "raw_values"):
        options = {"sample_weight": weights, "multioutput": multioutput}
        mine = {"multioutput": multioutput}
        same(F.mean_squared_error(t(input), t(target), w, **mine), sk.mean_squared_error(target, input, **options))
        same(F.mean_absolute_error(t(input), t(target), w, **mine), sk.mean_absolute_error(target, input, **options))
        root = F.mean_squared_error(t(input), t(target), w, squared=False, **mine)
        same(root, sk.root_mean_squared_error(target, input, **options))
    for multioutput in ("uniform_average", "raw_values", "variance_weighted"):
        expected = sk.r2_score(target, input, sample_weight=weights, multioutput=multioutput)
        np.testing.assert_allclose(
            F.r2_score(t(input), t(target), w, multioutput=multioutput).numpy(), expected, rtol=1e-6, atol=1e-6
        )
    assert np.isnan(sk.r2_score([1.0], [1.0])) and F.r2_score(weft.ones(1), weft.ones(1)).isnan()


@pytest.mark.parametrize("seed", SEEDS)
def test_calibration_error(seed):
    from sklearn.calibration import calibration_curve

    rng = np.random.default_rng(seed)
    scores, target = rng.random(300).round(2), rng.integers(0, 2, 300)
    true, predicted = calibration_curve(target, scores, n_bins=10)
    gaps, counts = np.abs(true - predicted), np.histogram(scores, np.linspace(0, 1, 11))[0]
    counts = np.bincount(np.searchsorted(np.linspace(0, 1, 11)[1:-1], scores), minlength=10)
    same(F.calibration_error(t(scores), t(target), bins=10), (gaps * counts[counts > 0]).sum() / 300)
    same(F.calibration_error(t(scores), t(target), bins=10, norm="max"), gaps.max())
    same(F.calibration_error(t(scores), t(target), bins=10, norm="l2"), ((gaps**2 * counts).sum() / 300) ** 0.5)
