"""Attention of several heads between projections."""

from __future__ import annotations

import math

import weft
from weft._C import nn as native
from weft._checks import AssertedError, check_flags, check_integers, check_numbers, check_tensors, own_errors
from weft.nn.functional._draws import draws

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor

_NAME = "multi_head_attention_forward"


@own_errors
def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention of several heads (Vaswani et al., 2017), with all weights as arguments.

    Queries, keys and values are projected, cut into heads of size d = E / num_heads, and each head gives
    ``softmax(q k^T / sqrt(d)) v``; the heads side by side are projected once more. ``nn.MultiheadAttention`` is the
    layer. Without weights to return it goes through ``scaled_dot_product_attention``.

    Args:
        query: (L, N, E), or (L, E) without a batch.
        key, value: (S, N, E_k) and (S, N, E_v), or without N.
        embed_dim_to_check: E.
        num_heads: of which E is a multiple.
        in_proj_weight: (3E, E), the projections of query, key and value below each other.
        in_proj_bias: (3E), or None.
        bias_k, bias_v: (1, 1, E), one more key and value, or None for none.
        add_zero_attn: whether one more key and value of zeros is added.
        dropout_p: probability with which a weight is dropped, if training.
        out_proj_weight, out_proj_bias: (E, E) and (E) or None.
        training: whether weights are dropped. Default True.
        key_padding_mask: (N, S) or (S), bool: True for keys that take no part; or of floats to add to the scores.
        need_weights: whether the weights are returned as well. Default True.
        attn_mask: (L, S) or (N * num_heads, L, S), bool or of floats as above.
        use_separate_proj_weight: whether the next three are used in place of in_proj_weight. Default False.
        q_proj_weight, k_proj_weight, v_proj_weight: (E, E), (E, E_k) and (E, E_v).
        static_k, static_v: (N * num_heads, S, d), used in place of the projected key and value.
        average_attn_weights: whether the weights are the mean over the heads. Default True.
        is_causal: says that attn_mask is causal, so that it need not be read. Default False.

    Returns:
        The output, of query's shape, and the weights, (N, L, S), (N, num_heads, L, S) if not averaged, or None.

    Raises:
        RuntimeError: shapes or dtypes do not fit, or is_causal without attn_mask.

    Example:
        >>> import weft
        >>> x, eye = weft.ones(2, 1, 4), weft.eye(4)
        >>> y, weights = weft.nn.functional.multi_head_attention_forward(
        ...     x, x, x, 4, 2, weft.cat([eye, eye, eye]), None, None, None, False, 0.0, eye, None)
        >>> y.shape == x.shape, weights
        (True, tensor([[[0.5000, 0.5000],
                 [0.5000, 0.5000]]]))
    """
    check_integers(_NAME, embed_dim_to_check=embed_dim_to_check)
    check_tensors(_NAME, query=query)
    separate = {"q_proj_weight": q_proj_weight, "k_proj_weight": k_proj_weight, "v_proj_weight": v_proj_weight}
    check_tensors(_NAME, tuple(separate), **separate)
    if query.dim() and query.shape[-1] != embed_dim_to_check:
        raise AssertedError(
            f"{_NAME}: expected query with embed_dim {embed_dim_to_check} as its last dimension, got shape "
            f"{tuple(query.shape)}"
        )
    return attend(
        _NAME,
        query,
        key,
        value,
        num_heads,
        in_proj=(in_proj_weight, in_proj_bias),
        separate=(q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None,
        out_proj=(out_proj_weight, out_proj_bias),
        added=(bias_k, bias_v),
        add_zero_attn=add_zero_attn,
        dropout_p=dropout_p if training else 0.0,
        masks=(key_padding_mask, attn_mask),
        static=(static_k, static_v),
        need_weights=need_weights,
        average=average_attn_weights,
        is_causal=is_causal,
        batch_first=False,
    )


@draws
def attend(
    name: str,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    num_heads: int,
    *,
    in_proj: tuple[Tensor | None, Tensor | None],
    separate: tuple[Tensor | None, ...] | None,
    out_proj: tuple[Tensor, Tensor | None],
    added: tuple[Tensor | None, Tensor | None],
    add_zero_attn: bool,
    dropout_p: float,
    masks: tuple[Tensor | None, Tensor | None],
    static: tuple[Tensor | None, Tensor | None],
    need_weights: bool,
    average: bool,
    is_causal: bool,
    batch_first: bool,
) -> tuple[Tensor, Tensor | None]:
    """multi_head_attention_forward for either order of batch and length, without transposing one into the other."""
    key_padding_mask, attn_mask = masks
    _check_operands(name, query, key, value, num_heads, separate, in_proj, out_proj, batch_first)
    check_flags(name, need_weights=need_weights, average_attn_weights=average, is_causal=is_causal)
    check_numbers(name, dropout_p=dropout_p)
    if not 0 <= dropout_p <= 1:
        raise ValueError(f"{name}: dropout_p must be between 0 and 1, got {dropout_p}")
    if is_causal and attn_mask is None:
        raise AssertedError(f"{name}: is_causal only says that attn_mask is causal, so attn_mask must be given as well")
    batched = query.dim() == 3
    batch = 0 if batch_first else 1
    if not batched:
        same = key is query, value is query, value is key
        query = query.unsqueeze(batch)
        key = query if same[0] else key.unsqueeze(batch)
        value = query if same[1] else key if same[2] else value.unsqueeze(batch)
        if key_padding_mask is not None and isinstance(key_padding_mask, weft.Tensor) and key_padding_mask.dim() == 1:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    q, k, v = _projected(query, key, value, num_heads, in_proj, separate)
    lengths, size = query.shape[1 - batch], query.shape[-1]
    k, v, extra = _lengthened(name, k, v, added, add_zero_attn, static, batch_first)
    # (N, heads, L, d), views of what the projections made
    order = (0, 2, 1, 3) if batch_first else (1, 2, 0, 3)
    q, k, v = q.permute(order), k.permute(order), v.permute(order)
    keys = key.shape[1 - batch] if static == (None, None) else k.shape[2] - extra
    causal = is_causal and key_padding_mask is None and not need_weights
    shape = (query.shape[batch], num_heads, lengths, keys)
    mask = None if causal else merged_mask(name, key_padding_mask, attn_mask, shape, extra, query, batched)
    weights = None
    if need_weights:
        weights = _weights(q, k, mask, dropout_p)
        heads = weights @ v
    else:
        if mask is not None and mask.dtype == weft.bool:
            mask = ~mask  # there True is what takes part
        heads = native.scaled_dot_product_attention(q, k, v, mask, dropout_p, causal)
    heads = heads.permute((0, 2, 1, 3) if batch_first else (2, 0, 1, 3))
    result = native.linear(heads.reshape(*heads.shape[:2], size), *out_proj)
    if weights is not None and average:
        weights = weights.mean(1)
    if not batched:
        return result.squeeze(batch), None if weights is None else weights.squeeze(0)
    return result, weights


def _check_operands(name, query, key, value, num_heads, separate, in_proj, out_proj, batch_first):
    check_tensors(name, query=query, key=key, value=value)
    dims, size = query.dim(), query.shape[-1] if query.dim() else 0
    what = "(N, L, E)" if batch_first else "(L, N, E)"
    if dims not in (2, 3) or key.dim() != dims or value.dim() != dims:
        raise AssertedError(
            f"{name}: expected query, key and value of one shape {what}, or (L, E) without a batch, got "
            f"{tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}"
        )
    weight = out_proj[0]
    if isinstance(weight, weft.Tensor) and weight.dim() == 2 and weight.shape[0] == weight.shape[1] != size:
        raise AssertedError(
            f"{name}: expected query with embed_dim {weight.shape[0]} as its last dimension, got shape "
            f"{tuple(query.shape)}"
        )
    check_integers(name, num_heads=num_heads)
    if num_heads <= 0 or size % num_heads:
        raise AssertedError(f"{name}: the size {size} of query must be a multiple of num_heads, got {num_heads}")
    if key.shape[:-1] != value.shape[:-1]:
        raise AssertedError(
            f"{name}: key and value must have one length and batch size, got shapes {tuple(key.shape)} and "
            f"{tuple(value.shape)}"
        )
    batch = 0 if batch_first else 1
    if dims == 3 and key.shape[batch] != query.shape[batch]:
        raise AssertedError(
            f"{name}: query and key must have one batch size (dimension {batch}), got shapes {tuple(query.shape)} "
            f"and {tuple(key.shape)}"
        )
    _check_weights(name, query, key, value, separate, in_proj, out_proj)


def _check_weights(name, query, key, value, separate, in_proj, out_proj):
    size = query.shape[-1]
    wanted = {"out_proj_weight": (out_proj[0], (size, size)), "out_proj_bias": (out_proj[1], (size,))}
    wanted["in_proj_bias"] = in_proj[1], (3 * size,)
    if separate is None:
        for what, given in (("key", key), ("value", value)):
            if given.shape[-1] != size:
                raise AssertedError(
                    f"{name}: expected {what} with embed_dim {size} as its last dimension like query, got shape "
                    f"{tuple(given.shape)}; kdim and vdim (separate weights) allow others"
                )
        wanted["in_proj_weight"] = in_proj[0], (3 * size, size)
    else:
        for what, weight, given in zip("qkv", separate, (query, key, value)):
            wanted[f"{what}_proj_weight"] = weight, (size, given.shape[-1])
    for what, (weight, shape) in wanted.items():
        optional = what.endswith("bias")
        check_tensors(name, (what,) if optional else (), **{what: weight})
        if weight is not None and tuple(weight.shape) != shape:
            raise AssertedError(
                f"{name}: expected {what} of shape {shape}, got {tuple(weight.shape)} (query {tuple(query.shape)}, "
                f"key {tuple(key.shape)}, value {tuple(value.shape)})"
            )


def _projected(query, key, value, num_heads, in_proj, separate):
    """q, k and v with the heads apart: (*, *, heads, d). Inputs that are one tensor take one product."""
    weight, bias = in_proj
    size = query.shape[-1]
    if separate is None and query is key and key is value:
        packed = native.linear(query, weight, bias)
        return packed.unflatten(-1, (3, num_heads, size // num_heads)).unbind(-3)
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    if separate is None and key is value:
        weights = weight.split([size, 2 * size])
        biases = (None,) * 2 if bias is None else bias.split([size, 2 * size])
        q = native.linear(query, weights[0], biases[0]).unflatten(-1, (num_heads, size // num_heads))
        packed = native.linear(key, weights[1], biases[1])
        return q, *packed.unflatten(-1, (2, num_heads, size // num_heads)).unbind(-3)
    weights = weight.chunk(3) if separate is None else separate
    return tuple(
        native.linear(x, w, b).unflatten(-1, (num_heads, size // num_heads))
        for x, w, b in zip((query, key, value), weights, biases)
    )


def _lengthened(name, k, v, added, add_zero_attn, static, batch_first):
    """Keys and values, those given as they are in place and those added at the end, and how many these are."""
    heads, size = k.shape[2:]
    length, batch = (1, 0) if batch_first else (0, 1)
    given = [k, v]
    extra = 0
    check_tensors(name, ("bias_k", "bias_v"), bias_k=added[0], bias_v=added[1])
    check_tensors(name, ("static_k", "static_v"), static_k=static[0], static_v=static[1])
    if (added[0] is None) != (added[1] is None):
        raise AssertedError(f"{name}: bias_k and bias_v must be given both or neither")
    for i, which in enumerate("kv"):
        fixed = static[i]
        if fixed is None:
            continue
        if added[i] is not None:
            raise AssertedError(f"{name}: static_{which} and bias_{which} cannot be used together")
        if fixed.dim() != 3 or fixed.shape[0] != given[i].shape[batch] * heads or fixed.shape[2] != size:
            raise AssertedError(
                f"{name}: expected static_{which} of shape ({given[i].shape[batch] * heads}, S, {size}), got "
                f"{tuple(fixed.shape)}"
            )
        fixed = fixed.unflatten(0, (-1 if heads else 0, heads))  # (N, heads, S, d)
        given[i] = fixed.permute((0, 2, 1, 3) if batch_first else (2, 0, 1, 3))
    if given[0].shape[length] != given[1].shape[length]:
        raise AssertedError(
            f"{name}: key and value must have one length, got {given[0].shape[length]} and {given[1].shape[length]}"
        )
    one = [1, 1, heads, size]
    one[batch] = k.shape[batch]
    for i, row in enumerate(added):
        if row is not None:
            if row.numel() != heads * size:
                raise AssertedError(
                    f"{name}: expected bias_{'kv'[i]} of shape (1, 1, {heads * size}), got {tuple(row.shape)}"
                )
            given[i] = weft.cat([given[i], row.reshape(1, 1, heads, size).expand(one)], length)
    extra += added[0] is not None
    if add_zero_attn:
        given = [weft.cat([x, x.new_zeros(one)], length) for x in given]
        extra += 1
    return given[0], given[1], extra


def _checked_mask(name, what, mask):
    check_tensors(name, **{what: mask})
    if mask.dtype != weft.bool and not mask.is_floating_point():
        raise AssertedError(f"{name}: expected {what} of dtype bool or floating, got {mask.dtype}")


def merged_mask(
    name: str,
    key_padding_mask: Tensor | None,
    attn_mask: Tensor | None,
    shape: tuple[int, int, int, int],
    extra: int,
    query: Tensor,
    batched: bool,
) -> Tensor | None:
    """Both masks as one that broadcasts to (N, heads, L, S + extra): of bools that hide keys, or floats to add."""
    batch, heads, queries, keys = shape
    parts = []
    if key_padding_mask is not None:
        _checked_mask(name, "key_padding_mask", key_padding_mask)
        if tuple(key_padding_mask.shape) != (batch, keys):
            wanted = f"({batch}, {keys})" if batched else f"({keys},)"
            raise AssertedError(
                f"{name}: expected key_padding_mask of shape {wanted}, got {tuple(key_padding_mask.shape)}"
            )
        parts.append(key_padding_mask.reshape(batch, 1, 1, keys))
    if attn_mask is not None:
        _checked_mask(name, "attn_mask", attn_mask)
        if tuple(attn_mask.shape) == (queries, keys):
            parts.append(attn_mask.reshape(1, 1, queries, keys))
        elif tuple(attn_mask.shape) == (batch * heads, queries, keys):
            parts.append(attn_mask.reshape(batch, heads, queries, keys))
        else:
            raise AssertedError(
                f"{name}: expected attn_mask of shape ({queries}, {keys}) or ({batch * heads}, {queries}, {keys}), "
                f"got {tuple(attn_mask.shape)}"
            )
    if not parts:
        return None
    if any(part.dtype != weft.bool for part in parts):
        dtype = query.dtype if query.is_floating_point() else None
        parts = [
            weft.zeros(part.shape, dtype=dtype, device=part.device).masked_fill(part, -math.inf)
            if part.dtype == weft.bool
            else part.to(dtype)
            for part in parts
        ]
        merged = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    else:
        merged = parts[0] if len(parts) == 1 else parts[0] | parts[1]
    return native.pad(merged, (0, extra), value=0) if extra else merged


def _weights(q, k, mask, dropout_p):
    """The weights of the values, after dropout. A query that sees no key has NaN for them."""
    scores = (q * q.shape[-1] ** -0.5 if q.shape[-1] else q) @ k.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(mask, -math.inf) if mask.dtype == weft.bool else scores + mask.to(scores.dtype)
    weights = native.softmax(scores, -1)
    return native.dropout(weights, dropout_p, True) if dropout_p > 0 else weights
