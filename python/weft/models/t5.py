"""T5 (Raffel et al., 2020): text to text, an encoder and a decoder. Names and layout are those of Hugging Face."""

from __future__ import annotations

import math
from dataclasses import dataclass

import weft
from weft import nn
from weft.models._arguments import check_positive, check_probability, check_tokens
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor


@dataclass
class T5Config:
    """Sizes of T5; the defaults are those of the small model.

    Args:
        vocab_size: number of tokens.
        d_model: size of a token.
        d_kv: size of a head.
        d_ff: size inside of the perceptrons.
        num_layers: blocks of the encoder, and of the decoder.
        num_heads: heads of each attention.
        relative_attention_num_buckets: classes of distances.
        relative_attention_max_distance: distances from here on are in one class.
        dropout_rate: probability of a zero.
        layer_norm_epsilon: added to mean squares.
        decoder_start_token_id: what the decoder reads first; also padding.
        eos_token_id: what ends a text.

    Raises:
        ValueError: a value is out of range.

    Example:
        >>> import weft
        >>> weft.models.T5Config(num_layers=2).d_model
        512
    """

    vocab_size: int = 32128
    d_model: int = 512
    d_kv: int = 64
    d_ff: int = 2048
    num_layers: int = 6
    num_heads: int = 8
    relative_attention_num_buckets: int = 32
    relative_attention_max_distance: int = 128
    dropout_rate: float = 0.1
    layer_norm_epsilon: float = 1e-6
    decoder_start_token_id: int = 0
    eos_token_id: int = 1

    def __post_init__(self) -> None:
        sizes = ("vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_heads")
        sizes += ("relative_attention_num_buckets", "relative_attention_max_distance")
        check_positive("T5Config", **{name: getattr(self, name) for name in sizes})
        check_probability("T5Config", dropout_rate=self.dropout_rate)
        if self.relative_attention_num_buckets < 4 or self.relative_attention_num_buckets % 2:
            got = self.relative_attention_num_buckets
            raise ValueError(f"T5Config: relative_attention_num_buckets must be even and at least 4, got {got}")
        if self.relative_attention_max_distance <= self.relative_attention_num_buckets // 2:
            got = self.relative_attention_max_distance
            raise ValueError(f"T5Config: relative_attention_max_distance must be above half the buckets, got {got}")


def distance_buckets(distance: Tensor, both_sides: bool, buckets: int, farthest: int) -> Tensor:
    """Classes of distances (key less query): small ones each its own, larger ones by logarithm.

    Args:
        distance: integers.
        both_sides: half the classes are for keys after the query; without it those have the class of 0.
        buckets: number of classes.
        farthest: distances from here on are in one class.

    >>> import weft
    >>> weft.models.t5.distance_buckets(weft.tensor([-200, -3, 0, 5]), True, 32, 128)
    tensor([15,  3,  0, 21])
    """
    start = 0
    if both_sides:
        buckets //= 2
        start = (distance > 0).to(weft.int64) * buckets
        distance = distance.abs()
    else:
        distance = (-distance).clamp(min=0)
    exact = buckets // 2
    share = weft.log(distance.clamp(min=1).to(weft.float32) / exact) / math.log(farthest / exact)
    far = exact + (share * (buckets - exact)).to(weft.int64)
    return start + weft.where(distance < exact, distance, far.clamp(max=buckets - 1))


class _Attention(nn.Module):
    def __init__(self, config, has_bias, both_sides):
        super().__init__()
        self.config, self.both_sides = config, both_sides
        inner = config.num_heads * config.d_kv
        self.q = nn.Linear(config.d_model, inner, bias=False)
        self.k = nn.Linear(config.d_model, inner, bias=False)
        self.v = nn.Linear(config.d_model, inner, bias=False)
        self.o = nn.Linear(inner, config.d_model, bias=False)
        if has_bias:
            self.relative_attention_bias = nn.Embedding(config.relative_attention_num_buckets, config.num_heads)

    def bias(self, length, device):
        """What distances add to the scores: (1, heads, length, length)."""
        at = weft.arange(length, device=device)
        config = self.config
        sizes = (config.relative_attention_num_buckets, config.relative_attention_max_distance)
        buckets = distance_buckets(at[None, :] - at[:, None], self.both_sides, *sizes)
        return self.relative_attention_bias(buckets).permute(2, 0, 1).unsqueeze(0)

    def forward(self, x, source, bias):
        n = len(x)
        pairs = ((self.q, x), (self.k, source), (self.v, source))
        q, k, v = (f(y).reshape(n, y.shape[1], self.config.num_heads, -1).transpose(1, 2) for f, y in pairs)
        dropout = self.config.dropout_rate if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, bias, dropout, scale=1.0)
        return self.o(y.transpose(1, 2).flatten(2))


class _AttentionLayer(nn.Module):
    def __init__(self, name, config, has_bias, both_sides):
        super().__init__()
        self.name = name
        self.add_module(name, _Attention(config, has_bias, both_sides))
        self.layer_norm = nn.RMSNorm(config.d_model, config.layer_norm_epsilon)
        self.dropout = nn.Dropout(config.dropout_rate)

    def forward(self, x, source, bias):
        y = self.layer_norm(x)
        return x + self.dropout(getattr(self, self.name)(y, y if source is None else source, bias))


class _Dense(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.wi = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.wo = nn.Linear(config.d_ff, config.d_model, bias=False)
        self.dropout = nn.Dropout(config.dropout_rate)

    def forward(self, x):
        return self.wo(self.dropout(F.relu(self.wi(x))))


class _DenseLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.DenseReluDense = _Dense(config)
        self.layer_norm = nn.RMSNorm(config.d_model, config.layer_norm_epsilon)
        self.dropout = nn.Dropout(config.dropout_rate)

    def forward(self, x):
        return x + self.dropout(self.DenseReluDense(self.layer_norm(x)))


class _Block(nn.Module):
    def __init__(self, config, is_decoder, has_bias):
        super().__init__()
        self.is_decoder = is_decoder
        self.layer = nn.ModuleList([_AttentionLayer("SelfAttention", config, has_bias, not is_decoder)])
        if is_decoder:
            self.layer.append(_AttentionLayer("EncDecAttention", config, False, True))
        self.layer.append(_DenseLayer(config))

    def forward(self, x, bias, source, source_mask):
        x = self.layer[0](x, None, bias)
        if self.is_decoder:
            x = self.layer[1](x, source, source_mask)
        return self.layer[-1](x)


class _Stack(nn.Module):
    def __init__(self, config, embedding, is_decoder):
        super().__init__()
        self.is_decoder = is_decoder
        self.embed_tokens = embedding
        self.block = nn.ModuleList([_Block(config, is_decoder, i == 0) for i in range(config.num_layers)])
        self.final_layer_norm = nn.RMSNorm(config.d_model, config.layer_norm_epsilon)
        self.dropout = nn.Dropout(config.dropout_rate)

    def forward(self, ids, mask, source=None, source_mask=None):
        """mask: what is added to the scores of padding; source: what the encoder has made."""
        x = self.dropout(self.embed_tokens(ids))
        length = ids.shape[1]
        bias = self.block[0].layer[0].SelfAttention.bias(length, ids.device)
        if self.is_decoder:
            later = weft.ones(length, length, dtype=weft.bool, device=ids.device).triu(1)
            bias = bias.masked_fill(later, -weft.inf)
        if mask is not None:
            bias = bias + mask
        for block in self.block:
            x = block(x, bias, source, source_mask)
        return self.dropout(self.final_layer_norm(x))


class T5ForConditionalGeneration(nn.Module):
    """T5 with the logits of the next token; encoder, decoder and head share one embedding.

    Args:
        config: its sizes.

    Shape:
        Input: input_ids (N, L), decoder_input_ids (N, M), attention_mask (N, L), 0 for padding.
        Output: (N, M, vocab_size), logits.

    Raises:
        ValueError: ids are no integers or not of two dimensions; the mask is not of the shape of input_ids.

    Example:
        >>> import weft
        >>> model = weft.models.T5ForConditionalGeneration(weft.models.T5Config(9, 4, 2, 8, 1, 2))
        >>> model(weft.tensor([[3, 4, 1]]), weft.tensor([[0, 5]])).shape
        weft.Size([1, 2, 9])
    """

    decoder: Any
    encoder: Any
    lm_head: nn.Linear
    shared: nn.Embedding

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        self.config = config
        self.shared = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder = _Stack(config, self.shared, is_decoder=False)
        self.decoder = _Stack(config, self.shared, is_decoder=True)
        self.lm_head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.lm_head.weight = self.shared.weight
        self._start()

    def _start(self) -> None:
        config = self.config
        nn.init.normal_(self.shared.weight)
        for module in self.modules():
            if isinstance(module, _Attention):
                nn.init.normal_(module.q.weight, std=(config.d_model * config.d_kv) ** -0.5)
                nn.init.normal_(module.k.weight, std=config.d_model**-0.5)
                nn.init.normal_(module.v.weight, std=config.d_model**-0.5)
                nn.init.normal_(module.o.weight, std=(config.num_heads * config.d_kv) ** -0.5)
                if hasattr(module, "relative_attention_bias"):
                    nn.init.normal_(module.relative_attention_bias.weight, std=config.d_model**-0.5)
            elif isinstance(module, _Dense):
                nn.init.normal_(module.wi.weight, std=config.d_model**-0.5)
                nn.init.normal_(module.wo.weight, std=config.d_ff**-0.5)

    def encode(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """What the decoder reads: (N, L, d_model), and what is added to the scores of padding or None.

        >>> import weft
        >>> model = weft.models.T5ForConditionalGeneration(weft.models.T5Config(9, 4, 2, 8, 1, 2))
        >>> model.encode(weft.tensor([[3, 4, 1]]))[0].shape
        weft.Size([1, 3, 4])
        """
        check_tokens(self, "input_ids", input_ids)
        mask = None
        if attention_mask is not None:
            if attention_mask.shape != input_ids.shape:
                wanted, got = tuple(input_ids.shape), tuple(attention_mask.shape)
                raise ValueError(
                    "T5ForConditionalGeneration: expected attention_mask of the shape of input_ids, "
                    f"{wanted}, got {got}"
                )
            dtype = self.shared.weight.dtype
            mask = ((attention_mask == 0).to(dtype) * weft.finfo(dtype).min)[:, None, None, :]
        return self.encoder(input_ids, mask), mask

    def decode(self, decoder_input_ids: Tensor, source: Tensor, source_mask: Tensor | None = None) -> Tensor:
        """Logits of the token after each of these, for what :meth:`encode` gave.

        >>> import weft
        >>> model = weft.models.T5ForConditionalGeneration(weft.models.T5Config(9, 4, 2, 8, 1, 2))
        >>> model.decode(weft.tensor([[0]]), *model.encode(weft.tensor([[3, 4, 1]]))).shape
        weft.Size([1, 1, 9])
        """
        check_tokens(self, "decoder_input_ids", decoder_input_ids)
        x = self.decoder(decoder_input_ids, None, source, source_mask)
        return self.lm_head(x * self.config.d_model**-0.5)

    def forward(self, input_ids: Tensor, decoder_input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        return self.decode(decoder_input_ids, *self.encode(input_ids, attention_mask))

    @weft.no_grad()
    def generate(self, input_ids: Tensor, max_new_tokens: int, attention_mask: Tensor | None = None) -> Tensor:
        """The likeliest tokens one after another, behind the start token, until each row has met its end.

        >>> import weft
        >>> model = weft.models.T5ForConditionalGeneration(weft.models.T5Config(9, 4, 2, 8, 1, 2))
        >>> model.generate(weft.tensor([[3, 4, 1]]), 1).shape
        weft.Size([1, 2])
        """
        check_positive("T5ForConditionalGeneration.generate", max_new_tokens=max_new_tokens)
        was_training = self.training
        self.eval()
        try:
            encoded = self.encode(input_ids, attention_mask)
            ids = weft.full((len(input_ids), 1), self.config.decoder_start_token_id, device=input_ids.device)
            done = weft.zeros(len(ids), dtype=weft.bool, device=ids.device)
            for _ in range(max_new_tokens):
                token = self.decode(ids, *encoded)[:, -1].argmax(-1)
                token = weft.where(done, self.config.decoder_start_token_id, token)
                ids = weft.cat([ids, token.unsqueeze(1)], 1)
                done = done | (token == self.config.eos_token_id)
                if bool(done.all()):
                    break
            return ids
        finally:
            self.train(was_training)
