"""Metrics: values against NumPy, merged parts against the whole, states, and arguments that are refused."""

import copy
import math
import pickle
import warnings

import numpy as np
import pytest
import weft
from weft import metrics
from weft.metrics import functional as F

BLEU, BLEU_ADD = 35.562254829875236, 43.61566471268857
ROUGE = [0.844444444, 0.4375, 0.844444444]
WER, CER = 0.3, 0.218181818


def t(array, dtype=None):
    tensor = weft.from_numpy(np.ascontiguousarray(array))
    return tensor if dtype is None else tensor.to(dtype)


def classes(rng, n):
    return t(rng.random((n, 5))), t(rng.integers(0, 5, n))


def labels(rng, n):
    return t(rng.integers(0, 6, n)), t(rng.integers(0, 6, n))


def binary(rng, n):
    return t(rng.random(n).round(1)), t(rng.integers(0, 2, n))


def several(rng, n):
    return t(rng.random((n, 3))), t(rng.integers(0, 2, (n, 3)))


def numbers(rng, n):
    return t(rng.normal(size=(n, 2))), t(rng.normal(size=(n, 2)) + 100)


def softmax(rng, n):
    x = rng.random((n, 4))
    return t(x / x.sum(1, keepdims=True)), t(rng.integers(0, 4, n))


def tokens(rng, n):
    return t(rng.normal(size=(n, 3, 7)).astype(np.float32)), t(rng.integers(0, 7, (n, 3)))


def texts(rng, n):
    words = np.array(["the", "cat", "sat", "on", "a", "mat"])
    return tuple([" ".join(rng.choice(words, rng.integers(1, 8))) for _ in range(n)] for _ in range(2))


def boxes(rng, n):
    def image(count, scores):
        corner = rng.random((count, 2)) * 10
        made = {"boxes": t(np.concatenate([corner, corner + 1 + rng.random((count, 2)) * 6], 1), weft.float32)}
        made["labels"] = t(rng.integers(0, 3, count))
        return {**made, "scores": t(rng.random(count), weft.float32)} if scores else made

    return [image(rng.integers(0, 6), True) for _ in range(n)], [image(rng.integers(0, 4), False) for _ in range(n)]


# Each: how it is made, the data, and whether merging is exact to the bit
CASES = {
    "accuracy": (lambda: metrics.Accuracy(), classes, True),
    "accuracy of labels": (lambda: metrics.Accuracy("multilabel", average="none"), several, True),
    "accuracy of classes": (lambda: metrics.Accuracy(average="macro"), labels, True),
    "top k": (lambda: metrics.TopKAccuracy(2), classes, True),
    "precision": (lambda: metrics.Precision(zero_division=0), classes, True),
    "precision of classes": (lambda: metrics.Precision(zero_division=0, average="weighted"), labels, True),
    "recall": (lambda: metrics.Recall(zero_division=0, average="none"), labels, True),
    "f1": (lambda: metrics.F1Score(zero_division=0), binary, True),
    "fbeta": (lambda: metrics.FBetaScore(2.0, "multilabel", zero_division=0), several, True),
    "iou": (lambda: metrics.IoU(zero_division=0), classes, True),
    "dice": (lambda: metrics.Dice(zero_division=0, average="micro"), classes, True),
    "confusion": (lambda: metrics.ConfusionMatrix(), labels, True),
    "confusion of labels": (lambda: metrics.ConfusionMatrix("multilabel"), several, True),
    "roc auc": (lambda: metrics.ROCAUC(), binary, True),
    "roc auc of classes": (lambda: metrics.ROCAUC(average="weighted"), classes, True),
    "roc auc of bins": (lambda: metrics.ROCAUC("multilabel", bins=8), several, True),
    "ap": (lambda: metrics.AveragePrecision("multilabel", average="micro"), several, True),
    "mse": (lambda: metrics.MeanSquaredError(), numbers, False),
    "mae": (lambda: metrics.MeanAbsoluteError(multioutput="raw_values"), numbers, False),
    "r2": (lambda: metrics.R2Score(), numbers, False),
    "ece": (lambda: metrics.CalibrationError(), softmax, False),
    "perplexity": (lambda: metrics.Perplexity(), tokens, False),
    "bleu": (lambda: metrics.BLEU(), texts, True),
    "rouge": (lambda: metrics.ROUGE(), texts, False),
    "wer": (lambda: metrics.WER(), texts, True),
    "cer": (lambda: metrics.CER(), texts, True),
    "map": (lambda: metrics.MeanAveragePrecision(), boxes, True),
}


def values(metric):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = metric.compute()
    return np.concatenate(
        [x.numpy().astype(float).ravel() for x in (result.values() if type(result) is dict else [result])]
    )


def assert_same(metric, whole, exact=True):
    np.testing.assert_allclose(values(metric), values(whole), rtol=0 if exact else 1e-12, atol=0 if exact else 1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", CASES)
def test_merged_parts_are_the_whole(name, seed):
    make, data, exact = CASES[name]
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 40))
    input, target = data(rng, n)
    whole, total = make(), make()
    whole.update(input, target)
    cuts = sorted(rng.integers(0, n + 1, 3))
    for begin, end in zip([0, *cuts], [*cuts, n]):
        part = make()
        middle = int(rng.integers(begin, end + 1))
        part.update(input[begin:middle], target[begin:middle])
        part.update(input[middle:end], target[middle:end])
        total.merge(part)
    assert_same(total, whole, exact)


@pytest.mark.parametrize("name", CASES)
def test_states(name):
    make, data, _ = CASES[name]
    rng = np.random.default_rng(7)
    input, target = data(rng, 12)
    metric = make()
    metric.load_state_dict(metric.state_dict())  # of none yet
    with pytest.raises(RuntimeError, match="call update first"):
        metric.compute()
    metric.update(input[:5], target[:5])
    loaded, half = make(), values(metric)
    loaded.load_state_dict(metric.state_dict())
    copies = [loaded, copy.deepcopy(metric), pickle.loads(pickle.dumps(metric))]
    for each in [metric, *copies]:
        each.update(input[5:], target[5:])
        assert_same(each, metric)
    assert all(isinstance(value, weft.Tensor) for value in metric.state_dict().values())
    metric.reset()
    metric.update(input[:5], target[:5])
    np.testing.assert_array_equal(values(metric), half)
    with pytest.raises(ValueError, match="expected"):
        metric.load_state_dict({})
    with pytest.raises(TypeError, match="expected a metric of class"):
        metric.merge(metrics.Mean())
    assert repr(metric).startswith(type(metric).__name__)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[1] not in (texts, boxes)])
def test_what_is_refused_changes_nothing(name):
    make, data, _ = CASES[name]
    rng = np.random.default_rng(3)
    input, target = data(rng, 10)
    metric = make()
    metric.update(input, target)
    before = values(metric)
    broken = [(input[:-1], target), (input, target[:-1]), (input, None), ("x", target), (input[0, ...], target)]
    if input.is_floating_point():
        nans = input.clone()
        nans.view(-1)[3] = math.nan
        broken.append((nans, target))
    if not target.is_floating_point():
        high, low = target.clone(), target.clone()
        high.view(-1)[2], low.view(-1)[2] = 99, -3
        broken += [(input, target.double()), (input, low)]
        if input.is_floating_point() or "labels" in name:
            broken.append((input, high))
    for wrong in broken:
        with pytest.raises((ValueError, TypeError), match=r"update: "):
            metric.update(*wrong)
        np.testing.assert_array_equal(values(metric), before)


def test_counts_do_not_drift():
    metric = metrics.Accuracy("binary")
    metric.update(weft.ones(3), weft.tensor([1, 1, 0]))
    assert metric.exact.dtype == weft.int64
    metric.exact += 2**53
    metric.samples += 2**53
    for _ in range(3):
        metric.update(weft.ones(1), weft.tensor([1]))
    assert int(metric.exact) == 2**53 + 5
    weighted = metrics.Accuracy("binary")
    weighted.update(weft.ones(2), weft.tensor([1, 0]), weft.tensor([0.5, 1.5]))
    assert weighted.exact.dtype == weft.float64 and weighted.compute() == 0.25


def test_forms_of_classes():
    scores = weft.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    target = weft.tensor([1, 1, 1])
    assert F.accuracy(scores, target) == F.accuracy(scores.argmax(1), target) == F.accuracy(scores[:, 1], target)
    assert F.accuracy(scores[:, 1:], target, task="binary") == F.accuracy(scores[:, 1] > 0.5, target)
    assert F.accuracy(scores[:, 1].logit(), target, threshold=0.0) == F.accuracy(scores[:, 1], target)
    images = weft.tensor(np.random.default_rng(0).random((2, 3, 4, 5)))
    masks = weft.tensor(np.random.default_rng(1).integers(0, 3, (2, 4, 5)))
    wanted = (images.argmax(1) == masks).double().mean()
    assert F.accuracy(images, masks) == wanted == F.accuracy(images.argmax(1), masks)
    half = F.accuracy(scores.bfloat16(), target.to(weft.uint8))
    assert half == F.accuracy(scores, target)


def test_ignored_targets_do_not_count():
    rng = np.random.default_rng(0)
    scores, target = rng.random((50, 4)), rng.integers(0, 4, 50)
    void = np.where(rng.random(50) < 0.3, 255, target)
    keep = void != 255
    for make in (F.accuracy, F.f1_score, F.iou, F.confusion_matrix, F.roc_auc, F.calibration_error):
        full = make(t(scores / 4), t(void), ignore_index=255)
        assert np.array_equal(full.numpy(), make(t(scores[keep] / 4), t(target[keep])).numpy())
    labels = np.array([[1, 0, 9], [9, 1, 1], [9, 9, 9]])
    right = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0]])
    each = F.accuracy(t(right), t(labels), task="multilabel", ignore_index=9)
    assert each == 0.5  # the second is wrong, the third has nothing that counts
    assert F.accuracy(t(right), t(labels), task="multilabel", ignore_index=9, average="micro") == 0.75
    labelled = weft.tensor([0, -1, 1]), weft.tensor([0, 9, 1])  # what stands at ignored places does not matter
    assert F.accuracy(*labelled, ignore_index=9) == F.f1_score(*labelled, ignore_index=9) == 1
    assert abs(F.perplexity(weft.zeros(2, 4), weft.tensor([3, -100])).item() - 4) < 1e-6


@pytest.mark.parametrize("zero, wanted", [("warn", 0.0), (0, 0.0), (1, 1.0), (math.nan, math.nan)])
def test_zero_division(zero, wanted):
    none = weft.tensor([0, 0, 0])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = F.precision(none, weft.tensor([1, 0, 0]), task="binary", zero_division=zero).item()
    assert value == wanted or (math.isnan(value) and math.isnan(wanted))
    assert [each.category for each in caught] == [metrics.UndefinedMetricWarning] * (zero == "warn")


@pytest.mark.parametrize(
    "make, batch",
    [
        (F.accuracy, (weft.zeros(0), weft.zeros(0, dtype=weft.int64))),
        (F.top_k_accuracy, (weft.zeros(0, 3), weft.zeros(0, dtype=weft.int64))),
        (F.roc_auc, (weft.zeros(0), weft.zeros(0, dtype=weft.int64))),
        (F.mean_squared_error, (weft.zeros(0), weft.zeros(0))),
        (F.r2_score, (weft.zeros(1), weft.zeros(1))),
        (F.calibration_error, (weft.zeros(0), weft.zeros(0, dtype=weft.int64))),
        (F.perplexity, (weft.zeros(1, 4), weft.tensor([-100]))),
    ],
)
def test_without_samples_is_nan_and_a_warning(make, batch):
    with pytest.warns(metrics.UndefinedMetricWarning, match="NaN"):
        assert make(*batch).isnan()


def test_values_of_texts():
    """The values are those of sacreBLEU, rouge-score and jiwer; tests/integrations compares many more."""
    input = ["The quick brown fox, it's 3.5% faster.", "hello world"]
    target = [["The quick brown fox: it's 3.5% slower!", "A quick fox."], ["hello there world"]]
    assert abs(F.bleu(input, target).item() - BLEU) < 1e-9
    assert abs(F.bleu(input, target, smooth="add-k", lowercase=True).item() - BLEU_ADD) < 1e-9
    scores = F.rouge(input, target)
    assert [round(scores[kind].item(), 9) for kind in ("rouge1", "rouge2", "rougeL")] == ROUGE
    first = [each[0] for each in target]
    assert round(F.wer(input, first).item(), 9) == WER and round(F.cer(input, first).item(), 9) == CER
    with pytest.raises(TypeError, match="strings"):
        F.wer([1], ["a"])
    with pytest.raises(ValueError, match="for each of 2 texts, got 1"):
        F.bleu(["a", "b"], [["a"]])
    with pytest.raises(ValueError, match="text 0 has no reference"):
        F.bleu(["a"], [[]])


def test_average_precision_of_detections():
    assert weft.models.mean_average_precision is metrics.mean_average_precision
    from weft.models.detection_metrics import mean_average_precision

    assert mean_average_precision is metrics.mean_average_precision
    truth = {"boxes": t([[0.0, 0, 10, 10], [20, 20, 30, 30]]), "labels": t([1, 1])}
    found = {"boxes": t([[0.0, 0, 10, 10], [0, 0, 10, 9]]), "scores": t([0.9, 0.8]), "labels": t([1, 1])}
    assert abs(mean_average_precision([found], [truth])["map"] - 51 / 101) < 1e-12  # recall 0.5, at precision 1
    nothing = {"boxes": weft.zeros(0), "scores": weft.zeros(0), "labels": weft.zeros(0, dtype=weft.int64)}
    assert mean_average_precision([nothing], [truth])["map"] == 0.0
    assert math.isnan(
        mean_average_precision([found], [{"boxes": weft.zeros(0, 4), "labels": nothing["labels"]}])["map"]
    )
    for broken in ({"boxes": found["boxes"]}, {**found, "scores": t([0.9])}, {**found, "scores": t([math.nan, 0.1])}):
        with pytest.raises(ValueError, match="mean_average_precision"):
            mean_average_precision([broken], [truth])
    metric = metrics.MeanAveragePrecision()
    metric.update([nothing], [truth])
    again = metrics.MeanAveragePrecision()
    again.load_state_dict(metric.state_dict())
    assert again.compute()["map"] == 0


def test_a_metric_of_ones_own():
    class Longest(metrics.Metric):
        def __init__(self):
            self.add_state("longest", weft.tensor(0), "max")
            self.add_state("kept", [], "cat")

        def update(self, input, target=None):
            self.longest = weft.maximum(self.longest, input.max())
            self.kept.append(input.reshape(-1))

        def compute(self):
            return {"longest": self.longest, "count": len(weft.cat(self.kept))}

    a, b = Longest(), Longest()
    a.update(weft.tensor([3, 1]))
    b.update(weft.tensor([4]))
    assert a.name == "longest" and a.merge(b).compute() == {"longest": 4, "count": 3}
    b.load_state_dict(a.state_dict())
    assert b.compute()["count"] == 3
    b.reset()
    assert b.longest == 0 and b.kept == []
    x = weft.ones(2, requires_grad=True)
    mean = metrics.Mean()
    mean.update(x * 2)
    assert not mean.compute().requires_grad
    with pytest.raises(ValueError, match="merge must be one of"):
        a.add_state("x", weft.tensor(0), "other")
    with pytest.raises(ValueError, match="begins as"):
        a.add_state("x", [], "sum")


def test_collections():
    both = metrics.MetricCollection(["accuracy", metrics.ROUGE()], prefix="val_")
    assert list(both) == ["accuracy", "rouge"] and len(both) == 2 and both["rouge"].name == "rouge"
    figures = metrics.MetricCollection({"f": "f1", "top": metrics.TopKAccuracy(1)})
    scores, target = weft.tensor([[0.9, 0.1], [0.2, 0.8]]), weft.tensor([0, 0])
    other = copy.deepcopy(figures)
    figures.update(scores[:1], target[:1])
    other.update(scores[1:], target[1:])
    assert figures.merge(other).compute()["top"] == 0.5
    other.load_state_dict(figures.state_dict())
    assert other.compute() == figures.compute()
    with pytest.raises(ValueError, match="no metric of the name 'x'"):
        other.load_state_dict({"x.y": weft.tensor(0)})
    with pytest.raises(ValueError, match="two metrics are named"):
        metrics.MetricCollection(["acc", "accuracy"])
    with pytest.raises(ValueError, match="expected the metrics"):
        figures.merge(both)


def test_names():
    assert isinstance(metrics.get("ECE"), metrics.CalibrationError) and metrics.get("rmse").squared is False
    assert isinstance(metrics.get(metrics.Recall, average="micro"), metrics.Recall)
    metric = metrics.Recall()
    assert metrics.get(metric) is metric
    assert metrics.ROCAUC.name == "roc_auc" and metrics.F1Score.name == "f1_score"
    with pytest.raises(ValueError, match="did you mean 'perplexity'"):
        metrics.get("perplexty")
    with pytest.raises(ValueError, match="there are"):
        metrics.get("zzz")
    with pytest.raises(TypeError, match="expected a name or a Metric"):
        metrics.get(3)
    with pytest.raises(TypeError, match="made already"):
        metrics.get(metric, average="micro")


@pytest.mark.parametrize(
    "make",
    [
        lambda: metrics.Accuracy("ternary"),
        lambda: metrics.Accuracy(average="weighted"),
        lambda: metrics.Precision(average="mean"),
        lambda: metrics.Precision("multiclass", average="binary"),
        lambda: metrics.Precision(zero_division=2),
        lambda: metrics.Precision("binary", num_classes=3),
        lambda: metrics.Precision(num_classes=0),
        lambda: metrics.FBetaScore(-1),
        lambda: metrics.FBetaScore(math.nan),
        lambda: metrics.TopKAccuracy(0),
        lambda: metrics.ConfusionMatrix(normalize="rows"),
        lambda: metrics.ROCAUC(bins=1),
        lambda: metrics.ROCAUC(multi_class="ovo", average="none"),
        lambda: metrics.CalibrationError(0),
        lambda: metrics.CalibrationError(norm="l3"),
        lambda: metrics.CalibrationError(task="multilabel"),
        lambda: metrics.MeanSquaredError(multioutput="sum"),
        lambda: metrics.BLEU(0),
        lambda: metrics.BLEU(tokenize="zh"),
        lambda: metrics.BLEU(smooth_value=1.0),
        lambda: metrics.ROUGE(["rouge"]),
        lambda: metrics.ROUGE([]),
        lambda: metrics.ROUGE(stemmer="porter"),
        lambda: metrics.MeanAveragePrecision([]),
        lambda: metrics.MeanAveragePrecision([1.5]),
    ],
)
def test_unknown_options(make):
    with pytest.raises((ValueError, TypeError), match=r": "):
        make()


def test_metrics_of_other_options_do_not_merge():
    with pytest.raises(ValueError, match="average is 'macro' here and 'micro' there"):
        metrics.F1Score(average="macro").merge(metrics.F1Score(average="micro"))
    a, b = metrics.Accuracy(), metrics.Accuracy()
    a.update(weft.zeros(2), weft.tensor([0, 1]))
    b.update(weft.zeros(2, 3), weft.tensor([0, 1]))
    with pytest.raises(ValueError, match="the task is 'binary' here and 'multiclass' there"):
        a.merge(b)
    with pytest.raises(ValueError, match="shapes"):
        a.update(weft.zeros(2, 3), weft.tensor([0, 1]))  # the first batch has settled the task
    c, d = metrics.MeanSquaredError(), metrics.MeanSquaredError()
    c.update(weft.zeros(2, 3), weft.zeros(2, 3))
    d.update(weft.zeros(2, 2), weft.zeros(2, 2))
    with pytest.raises(ValueError, match="merge"):
        c.merge(d)


def test_without_checks_the_host_does_not_wait():
    metric = metrics.Accuracy(num_classes=3)
    metric.validate = False
    metric.update(weft.full((2, 3), math.nan), weft.tensor([0, 1]))
    assert 0 <= metric.compute() <= 1


@pytest.mark.parametrize(
    "metric, batch",
    [
        (metrics.Mean(), (weft.ones(5, 1), weft.ones(5))),
        (metrics.Mean(), (weft.ones(2).to(weft.complex64),)),
        (metrics.Mean(), (weft.full((2,), math.nan),)),
        (metrics.Accuracy(), (weft.zeros(5, 0), weft.zeros(5, dtype=weft.int64))),
        (metrics.Accuracy("multiclass"), (weft.zeros(5), weft.zeros(5, dtype=weft.int64))),
        (metrics.ROCAUC("multiclass"), (weft.zeros(5), weft.zeros(5, dtype=weft.int64))),
        (metrics.ROCAUC(), (weft.zeros(5, dtype=weft.int64), weft.zeros(5, dtype=weft.int64))),
        (metrics.ROCAUC(bins=4), (weft.full((1,), 1.5), weft.tensor([1]))),
        (metrics.CalibrationError(), (weft.full((1,), -0.5), weft.tensor([1]))),
        (metrics.MeanAbsoluteError(), (weft.zeros(5, 0), weft.zeros(5, 0))),
        (metrics.MeanSquaredError(), (weft.zeros(2), weft.zeros(2), weft.ones(3))),
        (metrics.MeanSquaredError(), (weft.zeros(2), weft.full((2,), math.nan))),
        (metrics.MeanAveragePrecision(), (weft.ones(2), weft.ones(2))),
        (metrics.Perplexity(), (weft.zeros(2, 3), weft.tensor([0, 3]))),
        (metrics.Accuracy(), (weft.zeros(2), weft.tensor([0, 1]), weft.ones(3))),
        (metrics.Accuracy(), (weft.tensor([0, 2]), weft.tensor([0, -1]), weft.zeros(2))),
        (metrics.Accuracy("binary"), (weft.zeros(1), weft.tensor(1))),
    ],
)
def test_broken_batches(metric, batch):
    with pytest.raises((ValueError, TypeError), match=f"{metric.name}(.update)?: "):
        metric.update(*batch)


def test_batches_of_nothing():
    """They may come first, and be saved."""
    metric = metrics.ROCAUC()
    metric.update(weft.zeros(0, 3), weft.zeros(0, dtype=weft.int64))
    again = metrics.ROCAUC()
    again.load_state_dict(metric.state_dict())
    for each in (metric, again):
        each.update(weft.tensor([[0.5, 0.2, 0.3], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]), weft.tensor([0, 1, 2]))
        assert each.compute() == 1
    with pytest.warns(metrics.UndefinedMetricWarning, match="single class"):
        assert F.roc_auc(weft.zeros(2, 1), weft.tensor([0, 0]), multi_class="ovo").isnan()


def test_a_call_updates_and_gives_the_figure_of_the_batch():
    metric, both = weft.metrics.Accuracy(), weft.metrics.MetricCollection(["accuracy", "f1"], prefix="val_")
    target = weft.tensor([0, 1, 1, 0])
    for right, predicted in ((1.0, target), (0.0, 1 - target)):
        assert metric(predicted, target) == right
        assert both(predicted, target)["val_accuracy"] == right
    assert metric.compute() == both.compute()["val_accuracy"] == 0.5
    with pytest.raises(ValueError):
        metric(target, target[:2])
    assert metric.compute() == 0.5
