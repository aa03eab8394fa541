"""MultiheadAttention: attention of several heads with its projections."""

from __future__ import annotations

import weft
from weft._checks import check_flags, check_integers, check_numbers, check_tensors
from weft.nn import init
from weft.nn.functional.attention import attend, merged_mask
from weft.nn.linear import NonDynamicallyQuantizableLinear
from weft.nn.module import Module
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Device


class MultiheadAttention(Module):
    """``concat(head_1, ..., head_h) W_o + b_o``, ``head_i = softmax(q_i k_i^T / sqrt(d)) v_i`` (Vaswani et al., 2017).

    q, k and v are linear maps of query, key and value, cut into heads of size ``d = embed_dim / num_heads``. One
    product makes all three where query, key and value are one tensor. With ``need_weights=False`` the heads go through
    ``scaled_dot_product_attention``, whose fused kernel never holds the weights; that is the fast way. Where a mask or
    dropout is in use, and where the weights are asked for, they are held.

    The projections start Xavier-uniform, biases at zero, bias_k and bias_v Xavier-normal.

    Args:
        embed_dim: E, the size of query and output.
        num_heads: of which embed_dim is a multiple.
        dropout: probability with which a weight is dropped in training. Default 0.
        bias: whether the projections add a bias. Default True.
        add_bias_kv: whether one learned key and value is added to each sequence. Default False.
        add_zero_attn: whether one key and value of zeros is added. Default False.
        kdim, vdim: sizes of key and value. By default embed_dim.
        batch_first: whether the batch is the first dimension of inputs and output, not the second. Default False.
        device: where the parameters lie. By default the default device.
        dtype: their floating dtype. By default the default dtype.

    Shape:
        query (L, N, E), key (S, N, kdim), value (S, N, vdim), output (L, N, E); (N, L, E) and so on with batch_first;
        without a batch (L, E) and so on. The weights are (N, L, S), with ``average_attn_weights=False``
        (N, num_heads, L, S).
        in_proj_weight: (3E, E), or q_proj_weight (E, E), k_proj_weight (E, kdim) and v_proj_weight (E, vdim) where
        kdim or vdim differs from E; in_proj_bias: (3E); out_proj.weight: (E, E); out_proj.bias: (E); bias_k and bias_v:
        (1, 1, E).

    ``forward(query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, average_attn_weights=True,
    is_causal=False)`` returns (output, weights or None). key_padding_mask (N, S) and attn_mask (L, S) or
    (N * num_heads, L, S) are True for keys that take no part, or of floats that are added to the scores. is_causal
    says that attn_mask, which must be given, is causal: it then need not be read. A query that sees no key gives 0,
    with ``need_weights=True`` NaN.

    Raises:
        ValueError: embed_dim or num_heads is not positive, embed_dim no multiple of num_heads, or dropout not between
            0 and 1.
        RuntimeError: shapes or dtypes of inputs or masks do not fit, when the layer is called.

    Example:
        >>> import weft
        >>> attention = weft.nn.MultiheadAttention(16, 4, batch_first=True)
        >>> x = weft.ones(2, 5, 16)
        >>> output, weights = attention(x, x, x)
        >>> output.shape == (2, 5, 16), weights.shape == (2, 5, 5)
        (True, True)
        >>> attention(x, x, x, need_weights=False)[1] is None
        True
    """

    head_dim: Any
    kdim: Any
    out_proj: NonDynamicallyQuantizableLinear
    vdim: Any

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        name = "MultiheadAttention"
        check_integers(name, embed_dim=embed_dim, num_heads=num_heads)
        check_numbers(name, dropout=dropout)
        check_flags(name, bias=bias, add_bias_kv=add_bias_kv, add_zero_attn=add_zero_attn, batch_first=batch_first)
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(f"{name}: embed_dim and num_heads must be positive, got {embed_dim} and {num_heads}")
        if embed_dim % num_heads:
            raise ValueError(f"{name}: embed_dim must be a multiple of num_heads, got {embed_dim} and {num_heads}")
        if not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout must be between 0 and 1, got {dropout}")
        for what, size in (("kdim", kdim), ("vdim", vdim)):
            if size is not None:
                check_integers(name, **{what: size})
                if size <= 0:
                    raise ValueError(f"{name}: {what} must be positive, got {size}")
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        same = self._qkv_same_embed_dim
        shapes = {
            "q_proj_weight": None if same else (embed_dim, embed_dim),
            "k_proj_weight": None if same else (embed_dim, self.kdim),
            "v_proj_weight": None if same else (embed_dim, self.vdim),
            "in_proj_weight": (3 * embed_dim, embed_dim) if same else None,
            "in_proj_bias": (3 * embed_dim,) if bias else None,
        }
        self._add_parameters(shapes, device, dtype)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        row = (1, 1, embed_dim) if add_bias_kv else None
        self._add_parameters({"bias_k": row, "bias_v": row}, device, dtype)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _add_parameters(self, shapes, device, dtype):
        for name, shape in shapes.items():
            value = None if shape is None else Parameter(weft.empty(shape, device=device, dtype=dtype))
            self.register_parameter(name, value)

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for row in (self.bias_k, self.bias_v):
            if row is not None:
                init.xavier_normal_(row)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({"_qkv_same_embed_dim": True, **state})  # files of old do not have it

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        own = self.__dict__
        return attend(
            "MultiheadAttention",
            query,
            key,
            value,
            self.num_heads,
            in_proj=(own["in_proj_weight"], own["in_proj_bias"]),
            separate=None
            if self._qkv_same_embed_dim
            else (own["q_proj_weight"], own["k_proj_weight"], own["v_proj_weight"]),
            out_proj=(self.out_proj.weight, self.out_proj.bias),
            added=(own["bias_k"], own["bias_v"]),
            add_zero_attn=self.add_zero_attn,
            dropout_p=self.dropout if self.training else 0.0,
            masks=(key_padding_mask, attn_mask),
            static=(None, None),
            need_weights=need_weights,
            average=average_attn_weights,
            is_causal=is_causal,
            batch_first=self.batch_first,
        )

    def merge_masks(
        self, attn_mask: Tensor | None, key_padding_mask: Tensor | None, query: Tensor
    ) -> tuple[Tensor | None, int | None]:
        """Both masks as one.

        Args:
            attn_mask: (L, S) or (N * num_heads, L, S), or None.
            key_padding_mask: (N, S), or None.
            query: the query, (N, L, E), for its sizes.

        Returns:
            The mask and what it is: 0 for attn_mask alone, 1 for key_padding_mask alone, 2 for both, then of shape
            (N, num_heads, L, S); None where there is none.

        Example:
            >>> import weft
            >>> attention, hidden = weft.nn.MultiheadAttention(4, 2), weft.zeros(1, 3, dtype=weft.bool)
            >>> mask, kind = attention.merge_masks(weft.ones(3, 3), hidden, weft.ones(1, 3, 4))
            >>> mask.shape == (1, 2, 3, 3), kind
            (True, 2)
        """
        optional = ("attn_mask", "key_padding_mask")
        check_tensors("merge_masks", optional, attn_mask=attn_mask, key_padding_mask=key_padding_mask, query=query)
        if key_padding_mask is None:
            return attn_mask, None if attn_mask is None else 0
        if attn_mask is None:
            return key_padding_mask, 1
        batch, length = query.shape[:2]
        shape = (batch, self.num_heads, attn_mask.shape[-2], key_padding_mask.shape[-1])
        merged = merged_mask("merge_masks", key_padding_mask, attn_mask, shape, 0, query, True)
        return merged.expand(batch, self.num_heads, length, -1), 2
