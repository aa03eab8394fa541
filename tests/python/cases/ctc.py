"""Connectionist temporal classification."""

import numpy as np
from support import FULL_FLOATS

from .row import Bad, Op, Sample
from .softmax import log_softmax


def loss_of(log_probs, labels, blank):
    """One sample, (T, C): minus the log of the sum over all alignments, state by state."""
    states = [blank]
    for label in labels:
        states += [label, blank]
    if len(log_probs) == 0:
        return 0.0 if len(states) == 1 else np.inf
    alpha = np.full(len(states), -np.inf)
    alpha[:2] = log_probs[0, states[:2]]
    for row in log_probs[1:]:
        before, alpha = alpha, np.full(len(states), -np.inf)
        for s, label in enumerate(states):
            reached = before[max(s - 1, 0) : s + 1]
            if s >= 2 and label not in (blank, states[s - 2]):
                reached = before[s - 2 : s + 1]
            alpha[s] = np.logaddexp.reduce(reached) + row[label]
    return -np.logaddexp.reduce(alpha[-2:])


def ctc_loss(x, targets, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False):
    logs = log_softmax(x, -1)
    batched = logs.ndim == 3
    logs = logs if batched else logs[:, None]
    times, lengths = np.atleast_1d(input_lengths), np.atleast_1d(target_lengths)
    if targets.ndim == 1:
        targets = np.split(targets, np.cumsum(lengths)[:-1])
    losses = [loss_of(logs[: times[n], n], list(targets[n][: lengths[n]]), blank) for n in range(len(lengths))]
    losses = np.array(losses)
    if zero_infinity:
        losses = np.where(np.isinf(losses), 0, losses)
    if reduction == "mean":
        return (losses / np.maximum(lengths, 1)).mean()
    return losses.sum() if reduction == "sum" else losses if batched else losses[0]


def of_logits(w, x, *args, **kwargs):
    """With the log_softmax() that the gradient supposes."""
    return w.nn.functional.ctc_loss(x.log_softmax(-1), *args, **kwargs)


def samples(make):
    x, padded = make(6, 3, 4), np.array([[1, 2, 3], [2, 2, 0], [1, 0, 0]])
    times, lengths = np.array([6, 5, 4]), np.array([3, 2, 1])
    joined = np.array([1, 2, 3, 2, 2, 1])
    return [
        *[Sample(x, padded, times, lengths, reduction=reduction) for reduction in ("mean", "sum", "none")],
        Sample(x, joined, times, lengths, reduction="none"),
        Sample(x, padded, times, np.array([3, 2, 0]), reduction="none"),
        Sample(x, np.array([[0, 1], [1, 1], [2, 0]]), times, np.array([2, 2, 1]), blank=3, reduction="sum"),
        Sample(make(4, 3), np.array([1, 2]), np.array(4), np.array(2), reduction="none"),
        Sample(make(3, 2, 3), np.array([[1, 1], [1, 2]]), np.array([2, 3]), np.array([2, 2]), zero_infinity=True),
    ]


OPS = [
    Op(
        "ctc_loss",
        ctc_loss,
        samples,
        call=of_logits,
        path="nn.functional.ctc_loss",
        dtypes=FULL_FLOATS,
        tolerance={"float32": (1e-5, 1e-5)},
        large=lambda make: Sample(
            make(40, 5, 30), 1 + make.index(5, 12, size=29), np.full(5, 40), np.full(5, 12), reduction="none"
        ),
    ),
    Op(
        "ctc_loss of half types",
        ctc_loss,
        samples,
        call=of_logits,
        path="nn.functional.ctc_loss",
        dtypes=("float16", "bfloat16"),
        tolerance={"float16": (5e-3, 5e-3), "bfloat16": (5e-2, 5e-2)},
        torch=False,
    ),
]


def inputs(shape=(4, 2, 3), targets=((1, 2), (1, 1)), times=(4, 4), lengths=(2, 2)):
    return lambda w: [w.zeros(*shape), w.tensor(targets), w.tensor(times), w.tensor(lengths)]


def call(**options):
    return lambda w, *tensors: w.nn.functional.ctc_loss(*tensors, **options)


ERRORS = [
    Bad(
        "ctc_loss of a class too many", call(), IndexError, ("ctc_loss", "3", "classes"), inputs(targets=((1, 3),) * 2)
    ),
    Bad("ctc_loss of a negative class", call(), IndexError, ("ctc_loss", "-1"), inputs(targets=((1, -1),) * 2)),
    Bad("ctc_loss beyond the input", call(), RuntimeError, ("input_lengths", "5", "4"), inputs(times=(5, 4))),
    Bad("ctc_loss of negative lengths", call(), RuntimeError, ("target_lengths", "-1"), inputs(lengths=(-1, 2))),
    Bad("ctc_loss beyond the target", call(), RuntimeError, ("target_lengths", "3", "2"), inputs(lengths=(3, 2))),
    Bad("ctc_loss of other lengths", call(), RuntimeError, ("target_lengths", "(3,)", "2"), inputs(lengths=(1, 1, 1))),
    Bad("ctc_loss of other targets", call(), RuntimeError, ("targets", "(1, 2)"), inputs(targets=((1, 2),))),
    Bad(
        "ctc_loss of joined targets that lengths do not add up to",
        call(),
        RuntimeError,
        ("target_lengths", "add up"),
        inputs(targets=(1, 2, 1)),
    ),
    Bad("ctc_loss of a vector", call(), RuntimeError, ("ctc_loss", "(4,)"), inputs(shape=(4,))),
    Bad("ctc_loss with a blank too large", call(blank=3), RuntimeError, ("blank", "3", "2"), inputs()),
    Bad("ctc_loss with an unknown reduction", call(reduction="all"), ValueError, ("ctc_loss", "all"), inputs()),
    Bad(
        "ctc_loss of integers",
        lambda w, *t: w.nn.functional.ctc_loss(w.zeros(4, 2, 3, dtype=w.int64), *t[1:]),
        RuntimeError,
        ("ctc_loss", "int64"),
        inputs(),
    ),
]
