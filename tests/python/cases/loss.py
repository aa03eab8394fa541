"""Losses."""

import numpy as np
from support import FULL_FLOATS

from .row import Bad, Op, Sample
from .softmax import log_softmax, softmax

TYPES = FULL_FLOATS + ("bfloat16",)
LOOSE = {"float32": (1e-5, 1e-5), "bfloat16": (4e-2, 6e-2)}
REDUCTIONS = ("mean", "sum", "none")


def reduced(values, reduction):
    return {"mean": np.mean, "sum": np.sum, "none": lambda v: v}[reduction](values)


def elementwise(formula):
    """The loss whose element is formula(input, target, option)."""

    def reference(x, target, option=None, reduction="mean", **named):
        options = [next(iter(named.values()))] if named else [] if option is None else [option]
        return reduced(formula(x, target, *options), reduction)

    return reference


def pairs(**options):
    def samples(make):
        x, target = make(3, 4), make(3, 4)
        calls = [Sample(x, target, reduction=reduction) for reduction in REDUCTIONS]
        return (
            calls
            + [Sample(x, target), Sample(make(), make())]
            + [Sample(x, target, **{k: v}) for k, v in options.items()]
        )

    return samples


def smooth_l1(x, target, beta=1.0):
    gap = abs(x - target)
    return np.where(gap < beta, 0.5 * gap * gap / beta if beta else gap, gap - 0.5 * beta)


def huber(x, target, delta=1.0):
    gap = abs(x - target)
    return np.where(gap <= delta, 0.5 * gap * gap, delta * (gap - 0.5 * delta))


def classes_last(x):
    return np.moveaxis(x, 1, -1) if x.ndim > 1 else x


def nll_loss(x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """x holds log probabilities, the classes along dimension 1."""
    x = classes_last(x)
    classes = x.shape[-1]
    weight = np.ones(classes) if weight is None else weight
    kept = target != ignore_index
    safe = np.where(kept, target, 0)
    picked = -np.take_along_axis(x, safe[..., None], -1)[..., 0] * weight[safe] * kept
    total = (weight[safe] * kept).sum()
    smooth = -(x * weight).sum(-1) * kept
    if reduction == "mean":
        picked, smooth = picked.sum() / total, smooth.sum() / total
    else:
        picked, smooth = reduced(picked, reduction), reduced(smooth, reduction)
    return (1 - label_smoothing) * picked + label_smoothing / classes * smooth


def cross_entropy(x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    logs = log_softmax(x, 1 if x.ndim > 1 else 0)
    if np.issubdtype(target.dtype, np.integer):
        return nll_loss(logs, target, weight, ignore_index, reduction, label_smoothing)
    logs, target = classes_last(logs), classes_last(target)
    classes = logs.shape[-1]
    target = target * (1 - label_smoothing) + label_smoothing / classes
    values = -(target * logs * (1 if weight is None else weight)).sum(-1)
    # The mean is over the examples, whatever their weights
    return values.sum() / values.size if reduction == "mean" else reduced(values, reduction)


def class_samples(make_input, smoothing):
    def samples(make):
        x, target, weight = make_input(make, 4, 3), make.index(4, size=3), make(3, low=0.5, high=2)
        some = np.array([0, -100, 2, 1])
        calls = [Sample(x, target, reduction=reduction) for reduction in REDUCTIONS]
        calls += [Sample(x, target, weight, reduction=reduction) for reduction in REDUCTIONS]
        calls += [
            Sample(x, some),
            Sample(x, some, reduction="none"),
            Sample(x, np.array([0, 1, 1, 2]), weight, ignore_index=1),
            Sample(make_input(make, 2, 3, 4), make.index(2, 4, size=3)),
            Sample(make_input(make, 2, 3, 2, 2), make.index(2, 2, 2, size=3), weight, reduction="none"),
            Sample(make_input(make, 3), np.array(1)),
        ]
        if smoothing:
            calls += [
                Sample(x, target, label_smoothing=0.1),
                Sample(x, some, weight, label_smoothing=0.2),
                Sample(x, target, label_smoothing=0.1, reduction="none"),
            ]
        return calls

    return samples


def probability_samples(make):
    x, weight = make(4, 3), make(3, low=0.5, high=2)
    target = softmax(make(4, 3), 1)
    return [Sample(x, target, reduction=reduction) for reduction in REDUCTIONS] + [
        Sample(x, target, weight),
        Sample(x, target, label_smoothing=0.1),
        Sample(make(2, 3, 4), softmax(make(2, 3, 4), 1)),
    ]


def linear_cross_entropy(x, linear_weight, target, linear_bias=None, **options):
    logits = np.tensordot(x, linear_weight, ([-1], [-1]))
    return cross_entropy(logits if linear_bias is None else logits + linear_bias, target, **options)


def linear_class_samples(make):
    x, table, target = make(4, 3), make(5, 3), make.index(4, size=5)
    bias, weight, some = make(5), make(5, low=0.5, high=2), np.array([0, 4, -100, 1])
    return [
        *[Sample(x, table, target, reduction=reduction) for reduction in REDUCTIONS],
        Sample(x, table, target, linear_bias=bias, weight=weight),
        Sample(x, table, some, linear_bias=bias, weight=weight, label_smoothing=0.2, reduction="none"),
        Sample(x, table, np.array([0, 1, 1, 2]), ignore_index=1),
        Sample(make(3), table, np.array(2), linear_bias=bias),
        Sample(x, table, softmax(make(4, 5), 1), linear_bias=bias),
        Sample(x, make(5, 2, 3), make.index(4, 2, size=5), linear_bias=make(5, 2)),
    ]


def pdist(x, p=2.0):
    first, second = np.triu_indices(len(x), 1)
    gap = abs(x[first] - x[second])
    return gap.max(-1) if p == np.inf else (gap**p).sum(-1) ** (1 / p)


def binary_cross_entropy(x, target, weight=None, reduction="mean"):
    values = -(target * np.log(x) + (1 - target) * np.log(1 - x))
    return reduced(values if weight is None else values * weight, reduction)


def with_logits(x, target, weight=None, reduction="mean", pos_weight=None):
    log_sigmoid = -np.logaddexp(0, -x)
    values = -((1 if pos_weight is None else pos_weight) * target * log_sigmoid + (1 - target) * (log_sigmoid - x))
    return reduced(values if weight is None else values * weight, reduction)


def kl_div(x, target, reduction="mean", log_target=False):
    values = np.exp(target) * (target - x) if log_target else target * (np.log(target) - x)
    return values.sum() / x.shape[0] if reduction == "batchmean" else reduced(values, reduction)


def chance(make, *shape):
    return make(*shape, low=0.05, high=0.95)


def loss(name, reference, samples, **flags):
    flags.setdefault("dtypes", TYPES)
    return Op(name, reference, samples, path=f"nn.functional.{name.split(' ')[0]}", tolerance=LOOSE, **flags)


OPS = [
    loss("mse_loss", elementwise(lambda x, t: (x - t) ** 2), pairs()),
    loss("l1_loss", elementwise(lambda x, t: abs(x - t)), pairs()),
    loss("smooth_l1_loss", elementwise(smooth_l1), pairs(beta=0.5)),
    loss("huber_loss", elementwise(huber), pairs(delta=0.5)),
    loss(
        "soft_margin_loss",
        elementwise(lambda x, t: np.log1p(np.exp(-t * x))),
        pairs(),
        dtypes=FULL_FLOATS,
        constants=(1,),
    ),
    loss(
        "nll_loss",
        nll_loss,
        class_samples(lambda make, *shape: make(*shape, low=-5, high=-0.1), smoothing=False),
        constants=(2,),
    ),
    loss(
        "cross_entropy",
        cross_entropy,
        class_samples(lambda make, *shape: make(*shape), smoothing=True),
        constants=(2,),
        large=lambda make: Sample(make(70, 1031), make.index(70, size=1031)),
    ),
    loss("cross_entropy of probabilities", cross_entropy, probability_samples, dtypes=FULL_FLOATS),
    loss(
        "linear_cross_entropy",
        linear_cross_entropy,
        linear_class_samples,
        constants=(2, "weight"),
        large=lambda make: Sample(make(300, 40), make(500, 40), make.index(300, size=500)),
    ),
    loss(
        "pdist",
        pdist,
        lambda make: [Sample(make.distinct(5, 3)), *[Sample(make(4, 3), p) for p in (1.0, 1.5, 3.0, np.inf)]],
        dtypes=FULL_FLOATS,
    ),
    loss(
        "cross_entropy of far apart numbers",
        cross_entropy,
        lambda make: [Sample(np.array([[1000.0, -1000.0], [-1e4, 1e4]]), np.array([0, 0]))],
        dtypes=FULL_FLOATS,
        grad=False,
    ),
    loss(
        "cross_entropy with nothing left is NaN",
        lambda x, t: np.array(np.nan),
        lambda make: [Sample(make(2, 3), np.array([-100, -100]))],
        dtypes=FULL_FLOATS,
        grad=False,
    ),
    loss(
        "binary_cross_entropy",
        binary_cross_entropy,
        lambda make: (
            [Sample(chance(make, 3, 4), chance(make, 3, 4), reduction=r) for r in REDUCTIONS]
            + [Sample(chance(make, 3, 4), chance(make, 3, 4), chance(make, 4))]
        ),
        dtypes=FULL_FLOATS,
        constants=(2,),
    ),
    loss(
        "binary_cross_entropy of certain answers",
        lambda x, t: np.array(50.0),
        lambda make: [Sample(np.array([0.0, 1.0]), np.array([1.0, 1.0]))],
        dtypes=FULL_FLOATS,
        grad=False,
    ),
    loss(
        "binary_cross_entropy_with_logits",
        with_logits,
        lambda make: (
            [Sample(make(3, 4), chance(make, 3, 4), reduction=r) for r in REDUCTIONS]
            + [
                Sample(make(3, 4), chance(make, 3, 4), chance(make, 4), pos_weight=chance(make, 4)),
                Sample(make(3) * 100, chance(make, 3)),
            ]
        ),
        constants=(2, "pos_weight"),
    ),
    loss(
        "kl_div",
        kl_div,
        lambda make: (
            [Sample(make(3, 4), chance(make, 3, 4), reduction=r) for r in (*REDUCTIONS, "batchmean")]
            + [Sample(make(3, 4), make(3, 4), reduction="batchmean", log_target=True)]
        ),
        dtypes=FULL_FLOATS,
    ),
    loss(
        "cosine_similarity",
        lambda a, b, dim=1: (a * b).sum(dim) / np.sqrt((a * a).sum(dim) * (b * b).sum(dim)),
        lambda make: [Sample(make(3, 4), make(3, 4)), Sample(make(2, 3, 4), make(4), dim=-1)],
        dtypes=FULL_FLOATS,
    ),
    loss(
        "margin_ranking_loss",
        lambda a, b, t, margin=0.0: np.mean(np.maximum(0, -t * (a - b) + margin)),
        lambda make: [Sample(make(4), make(4), np.array([1.0, -1.0, 1.0, -1.0]), margin=0.3)],
        dtypes=FULL_FLOATS,
        constants=(2,),
    ),
    loss(
        "hinge_embedding_loss",
        lambda x, t, margin=1.0: np.mean(np.where(t == 1, x, np.maximum(0, margin - x))),
        lambda make: [Sample(make(4), np.array([1.0, -1.0, 1.0, -1.0]))],
        dtypes=FULL_FLOATS,
        constants=(1,),
    ),
]


def ones(*shapes):
    return lambda w: [w.ones(*shape) for shape in shapes]


def functional(name, **kwargs):
    return lambda w, *tensors: getattr(w.nn.functional, name)(*tensors, **kwargs)


def classes(*target):
    return lambda w: [w.ones(2, 3), w.tensor(target)]


ERRORS = [
    Bad(
        "cross_entropy of probabilities with a class to ignore",
        functional("cross_entropy", ignore_index=1),
        RuntimeError,
        ("cross_entropy", "ignore_index", "1"),
        ones((2, 3), (2, 3)),
    ),
    Bad(
        "linear_cross_entropy of other features",
        lambda w, x, t: w.nn.functional.linear_cross_entropy(x, w.ones(3, 4), t),
        RuntimeError,
        ("linear_cross_entropy", "4", "(2, 3)"),
        classes(0, 1),
    ),
    Bad(
        "linear_cross_entropy of a class too many",
        lambda w, x, t: w.nn.functional.linear_cross_entropy(x, w.ones(4, 3), t),
        IndexError,
        ("linear_cross_entropy", "4", "(2, 4)"),
        classes(0, 4),
    ),
    Bad(
        "linear_cross_entropy with a bias of another shape",
        lambda w, x, t: w.nn.functional.linear_cross_entropy(x, w.ones(4, 3), t, linear_bias=w.ones(3)),
        RuntimeError,
        ("linear_cross_entropy", "bias", "(4,)", "(3,)"),
        classes(0, 1),
    ),
    Bad("pdist of a vector", lambda w, x: w.nn.functional.pdist(x), RuntimeError, ("pdist", "(3,)"), ones((3,))),
    Bad(
        "pdist of a negative order",
        lambda w, x: w.nn.functional.pdist(x, -1.0),
        RuntimeError,
        ("pdist", "-1"),
        ones((3, 2)),
    ),
    Bad(
        "mse_loss of other shapes", functional("mse_loss"), RuntimeError, ("mse_loss", "(3,)", "(2,)"), ones((3,), (2,))
    ),
    *[
        Bad(
            f"{name} with an unknown reduction",
            functional(name, reduction="average"),
            ValueError,
            (name, "average", "mean"),
            ones((3,), (3,)),
        )
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits")
    ],
    Bad(
        "cross_entropy with an unknown reduction",
        functional("cross_entropy", reduction="average"),
        ValueError,
        ("cross_entropy", "average"),
        classes(0, 1),
    ),
    Bad(
        "cross_entropy of a class too many",
        functional("cross_entropy"),
        IndexError,
        ("cross_entropy", "3", "(2, 3)"),
        classes(0, 3),
    ),
    Bad(
        "cross_entropy of a negative class",
        functional("cross_entropy"),
        IndexError,
        ("cross_entropy", "-1", "(2, 3)"),
        classes(0, -1),
    ),
    Bad(
        "cross_entropy of another count",
        functional("cross_entropy"),
        (RuntimeError, ValueError),
        ("cross_entropy", "(2, 3)", "(3,)"),
        classes(0, 1, 2),
    ),
    Bad(
        "cross_entropy with another weight",
        lambda w, x, t: w.nn.functional.cross_entropy(x, t, w.ones(4)),
        RuntimeError,
        ("cross_entropy", "weight", "(4,)"),
        classes(0, 1),
    ),
    Bad(
        "cross_entropy smoothed too much",
        functional("cross_entropy", label_smoothing=1.5),
        (RuntimeError, ValueError),
        ("label_smoothing", "1.5"),
        classes(0, 1),
    ),
    Bad(
        "cross_entropy of probabilities of another shape",
        functional("cross_entropy"),
        (RuntimeError, ValueError),
        ("cross_entropy", "(2, 3)", "(2, 4)"),
        ones((2, 3), (2, 4)),
    ),
    Bad("nll_loss of a class too many", functional("nll_loss"), IndexError, ("nll_loss", "3", "(2, 3)"), classes(0, 3)),
    Bad(
        "nll_loss of float classes",
        functional("nll_loss"),
        RuntimeError,
        ("nll_loss", "int64", "float32"),
        classes(0.0, 1.0),
    ),
    Bad(
        "binary_cross_entropy of other shapes",
        functional("binary_cross_entropy"),
        ValueError,
        ("binary_cross_entropy", "(3,)", "(2,)"),
        ones((3,), (2,)),
    ),
    Bad(
        "binary_cross_entropy beyond 1",
        lambda w, x: w.nn.functional.binary_cross_entropy(x + 0.5, x),
        RuntimeError,
        ("binary_cross_entropy", "1"),
        ones((3,)),
    ),
    Bad(
        "binary_cross_entropy_with_logits of other shapes",
        functional("binary_cross_entropy_with_logits"),
        ValueError,
        ("binary_cross_entropy_with_logits", "(3,)", "(2,)"),
        ones((3,), (2,)),
    ),
    Bad(
        "negative beta",
        functional("smooth_l1_loss", beta=-1.0),
        RuntimeError,
        ("smooth_l1_loss", "beta", "-1"),
        ones((3,), (3,)),
    ),
    Bad(
        "zero delta", functional("huber_loss", delta=0.0), RuntimeError, ("huber_loss", "delta", "0"), ones((3,), (3,))
    ),
]
