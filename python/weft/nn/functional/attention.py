"""Attention."""

import math

import weft
from weft._C import nn as native


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    """softmax(query key^T * scale) value: (..., L, E), (..., S, E) and (..., S, V) to (..., L, V).

    Vaswani et al., 2017. attn_mask, broadcast to (..., L, S), is added to the scores, or if boolean says which may take
    part. scale is by default 1/sqrt(E). With enable_gqa several heads of query share one of key and value. ValueError
    for both attn_mask and is_causal.

    >>> import weft
    >>> q = weft.ones(2, 8, 16, 4)
    >>> weft.nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True).shape == (2, 8, 16, 4)
    True
    """
    if is_causal and attn_mask is not None:
        raise ValueError("scaled_dot_product_attention: give attn_mask or is_causal=True, not both")
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
        value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
    scores = (query * scale) @ key.transpose(-2, -1)
    if is_causal:
        attn_mask = weft.ones(scores.shape[-2:], dtype=weft.bool, device=query.device).tril()
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -math.inf) if attn_mask.dtype == weft.bool else scores + attn_mask
    weights = native.softmax(scores, -1)
    return (native.dropout(weights, dropout_p, True) if dropout_p > 0 else weights) @ value
