"""Scaled dot-product attention."""

import numpy as np
from support import FULL_FLOATS

from .row import Bad, Op, Sample

PATH = "nn.functional.scaled_dot_product_attention"
# Half types round each operand and the result, float32 between.
TOLERANCE = {"float16": (4e-3, 4e-3), "bfloat16": (2e-2, 2e-2)}


def attention(q, k, v, attn_mask=None, is_causal=False, scale=None):
    scores = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        attn_mask = np.tril(np.ones(scores.shape[-2:], bool))
    if attn_mask is not None:
        scores = np.where(attn_mask, scores, -np.inf) if attn_mask.dtype == bool else scores + attn_mask
    top = scores.max(-1, keepdims=True) if scores.shape[-1] else 0
    hidden = np.isneginf(top)  # a query that sees no key: its result is zero
    weights = np.exp(scores - np.where(hidden, 0, top))
    total = weights.sum(-1, keepdims=True)
    return weights / np.where(hidden, 1, total) @ v


def sample(make, batch, queries, keys, size, value_size, **options):
    return Sample(make(*batch, queries, size), make(*batch, keys, size), make(*batch, keys, value_size), **options)


def shapes(make):
    return [
        sample(make, (2, 2), 3, 5, 4, 3),
        sample(make, (2,), 7, 4, 2, 5, scale=0.3),  # no heads
        sample(make, (), 6, 7, 3, 2),
        sample(make, (1, 2), 1, 6, 4, 3),  # one query
        sample(make, (1, 1), 1, 1, 1, 1),
        sample(make, (1, 1, 2), 2, 3, 2, 2),
    ]


def causal(make):
    return [
        sample(make, (1, 2), 6, 6, 3, 2, is_causal=True),
        sample(make, (2, 1), 5, 8, 2, 3, is_causal=True),  # keys that no query sees
        sample(make, (1, 1), 8, 3, 4, 1, is_causal=True),
        sample(make, (2,), 7, 7, 2, 2, is_causal=True, scale=1.5),
        sample(make, (), 3, 3, 2, 2, is_causal=True),
    ]


def masked(make):
    mask = make.mask(5, 6)
    mask[:, 2] = True
    return [
        sample(make, (2, 2), 5, 6, 3, 2, attn_mask=mask),
        sample(make, (2, 2), 5, 6, 3, 2, attn_mask=make(2, 1, 5, 6)),
    ]


def across_blocks(make):
    """Sizes around those of vectors, strips and blocks."""
    return [
        sample(make, (1, 2), 33, 129, 16, 16),
        sample(make, (1, 1), 160, 257, 40, 33),
        sample(make, (1, 1), 63, 31, 17, 100),
        sample(make, (1, 2), 4, 300, 8, 8),
        sample(make, (1, 2), 5, 260, 8, 48, is_causal=True),
        sample(make, (1, 1), 300, 300, 32, 32, is_causal=True),
        sample(make, (2, 1), 131, 200, 20, 24, is_causal=True),
        sample(make, (1, 1), 200, 70, 300, 12, is_causal=True),
    ]


def empty(make):
    return [
        sample(make, (2, 2), 0, 5, 3, 2),
        sample(make, (0, 2), 3, 5, 3, 2),
        sample(make, (2, 2), 3, 5, 3, 0),
        sample(make, (1, 2), 3, 0, 3, 2),
    ]


OPS = [
    Op("attention", attention, shapes, path=PATH, tolerance=TOLERANCE),
    Op("causal attention", attention, causal, path=PATH, tolerance=TOLERANCE),
    Op("masked attention", attention, masked, path=PATH, dtypes=FULL_FLOATS, constants=("attn_mask",)),
    Op(
        "attention across blocks",
        attention,
        across_blocks,
        path=PATH,
        # The composite, which GPUs take for sizes that cuDNN does not, rounds scores and weights too.
        tolerance={"float32": (1e-4, 1e-5), "float16": (2e-2, 2e-2), "bfloat16": (1e-1, 1e-1)},
        grad=False,
        large=lambda make: sample(make, (1, 3), 150, 300, 24, 20),
    ),
    Op(
        "attention of many queries",
        attention,
        lambda make: [sample(make, (1, 1), 2, 2, 2, 2)],
        path=PATH,
        tolerance={**TOLERANCE, "float32": (1e-4, 1e-5)},
        large=lambda make: sample(make, (1, 1), 400, 280, 40, 24, is_causal=True),
    ),
    Op(
        "attention of several heads",
        attention,
        lambda make: [sample(make, (1, 3), 2, 2, 2, 2)],
        path=PATH,
        tolerance={**TOLERANCE, "float32": (1e-4, 1e-5)},
        large=lambda make: sample(make, (1, 3), 200, 300, 24, 40),
    ),
    Op("attention of nothing", attention, empty, path=PATH, grad=False),
]

ERRORS = [
    Bad(
        "attention of sizes that differ",
        lambda w, q, k: w.nn.functional.scaled_dot_product_attention(q, k, k),
        (ValueError, RuntimeError),
        ("scaled_dot_product_attention", "(1, 2, 3, 4)", "(1, 2, 3, 5)"),
        lambda w: [w.ones(1, 2, 3, 4), w.ones(1, 2, 3, 5)],
        weft_only=True,
    ),
    Bad(
        "attention of lengths that differ",
        lambda w, q, v: w.nn.functional.scaled_dot_product_attention(q, q, v),
        (ValueError, RuntimeError),
        ("scaled_dot_product_attention", "(1, 2, 3, 4)", "(1, 2, 5, 4)"),
        lambda w: [w.ones(1, 2, 3, 4), w.ones(1, 2, 5, 4)],
        weft_only=True,
    ),
]
