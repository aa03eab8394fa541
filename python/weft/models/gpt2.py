"""GPT-2 (Radford et al., 2019): a decoder of text. Names and layout are those of Hugging Face."""

from __future__ import annotations

import math
from dataclasses import dataclass

import weft
from weft import nn
from weft.models._arguments import check_divisible, check_positive, check_probability, check_tokens
from weft.models.generation import GeneratesText, causal_mask
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.models.generation import KeyValueCache


@dataclass
class GPT2Config:
    """Sizes of GPT-2; the defaults are those of the smallest published model.

    Args:
        vocab_size: number of tokens.
        n_positions: the longest sequence.
        n_embd: size of a token.
        n_layer: number of blocks.
        n_head: heads of each attention.
        n_inner: size inside of the perceptrons; None for 4 * n_embd.
        resid_pdrop: probability of a zero after each attention and perceptron.
        embd_pdrop: probability of a zero of the embedded tokens.
        attn_pdrop: probability of a zero of attention weights.
        layer_norm_epsilon: added to variances.

    Raises:
        ValueError: a value is out of range, or n_embd is no multiple of n_head.

    Example:
        >>> import weft
        >>> weft.models.GPT2Config(n_layer=2).n_embd
        768
    """

    vocab_size: int = 50257
    n_positions: int = 1024
    n_embd: int = 768
    n_layer: int = 12
    n_head: int = 12
    n_inner: int | None = None
    resid_pdrop: float = 0.1
    embd_pdrop: float = 0.1
    attn_pdrop: float = 0.1
    layer_norm_epsilon: float = 1e-5

    def __post_init__(self) -> None:
        sizes = ("vocab_size", "n_positions", "n_embd", "n_layer", "n_head")
        check_positive("GPT2Config", **{name: getattr(self, name) for name in sizes})
        if self.n_inner is not None:
            check_positive("GPT2Config", n_inner=self.n_inner)
        check_divisible("GPT2Config", n_embd=self.n_embd, n_head=self.n_head)
        dropouts = ("resid_pdrop", "embd_pdrop", "attn_pdrop")
        check_probability("GPT2Config", **{name: getattr(self, name) for name in dropouts})


class _Conv1D(nn.Module):
    """A linear layer whose weight is (in, out)."""

    def __init__(self, size, out_size):
        super().__init__()
        self.weight = nn.Parameter(weft.empty(size, out_size).normal_(std=0.02))
        self.bias = nn.Parameter(weft.zeros(out_size))

    def forward(self, x):
        return F.linear(x, self.weight.t(), self.bias)


class _Attention(nn.Module):
    def __init__(self, config, layer):
        super().__init__()
        self.heads, self.layer, self.dropout = config.n_head, layer, config.attn_pdrop
        self.c_attn = _Conv1D(config.n_embd, 3 * config.n_embd)
        self.c_proj = _Conv1D(config.n_embd, config.n_embd)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        for name in ("bias", "masked_bias"):  # the causal mask, which old files hold
            state_dict.pop(prefix + name, None)
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def forward(self, x, cache):
        n, length, size = x.shape
        parts = self.c_attn(x).reshape(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k, v = parts.unbind(0)
        past = 0
        if cache is not None:
            k, v = cache.extend(self.layer, k, v)
            past = k.shape[-2] - length
        mask = causal_mask(length, past, x.device) if past and length > 1 else None
        dropout = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, mask, dropout, is_causal=not past)
        return self.c_proj(y.transpose(1, 2).reshape(n, length, size))


class _MLP(nn.Module):
    def __init__(self, size, inner):
        super().__init__()
        self.c_fc = _Conv1D(size, inner)
        self.c_proj = _Conv1D(inner, size)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class _Block(nn.Module):
    def __init__(self, config, layer):
        super().__init__()
        size = config.n_embd
        self.ln_1 = nn.LayerNorm(size, config.layer_norm_epsilon)
        self.attn = _Attention(config, layer)
        self.ln_2 = nn.LayerNorm(size, config.layer_norm_epsilon)
        self.mlp = _MLP(size, config.n_inner or 4 * size)
        self.dropout = config.resid_pdrop

    def forward(self, x, cache):
        x = x + F.dropout(self.attn(self.ln_1(x), cache), self.dropout, self.training)
        return x + F.dropout(self.mlp(self.ln_2(x)), self.dropout, self.training)


class GPT2Model(nn.Module):
    """GPT-2 without its head: what the published files hold.

    Args:
        config: its sizes.

    Shape:
        Input: (N, L), token ids. Output: (N, L, n_embd).

    Raises:
        ValueError: the ids are no integers, not of two dimensions, or together with the cache too long.

    Example:
        >>> import weft
        >>> config = weft.models.GPT2Config(vocab_size=9, n_positions=8, n_embd=4, n_layer=1, n_head=1)
        >>> weft.models.GPT2Model(config)(weft.tensor([[1, 2, 3]])).shape
        weft.Size([1, 3, 4])
    """

    h: nn.ModuleList
    ln_f: nn.LayerNorm
    wpe: nn.Embedding
    wte: nn.Embedding

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.h = nn.ModuleList([_Block(config, i) for i in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)
        for embedding in (self.wte, self.wpe):
            nn.init.normal_(embedding.weight, std=0.02)
        for block in self.h:  # so that the sum over all branches keeps its size
            for layer in (block.attn.c_proj, block.mlp.c_proj):
                nn.init.normal_(layer.weight, std=0.02 / math.sqrt(2 * config.n_layer))

    def forward(self, input_ids: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        past = 0 if cache is None else cache.length
        check_tokens(self, "input_ids", input_ids, self.config.n_positions - past)
        positions = weft.arange(past, past + input_ids.shape[1], device=input_ids.device)
        x = F.dropout(self.wte(input_ids) + self.wpe(positions), self.config.embd_pdrop, self.training)
        for block in self.h:
            x = block(x, cache)
        return self.ln_f(x)


class GPT2LMHeadModel(GeneratesText):
    """GPT-2 with the logits of the next token; its head shares the weight of the embedding.

    Args:
        config: its sizes.

    Shape:
        Input: (N, L), token ids. Output: (N, L, vocab_size), logits.

    Raises:
        ValueError: the ids are no integers, not of two dimensions, or together with the cache too long.

    Example:
        >>> import weft
        >>> with weft.device("meta"):
        ...     sum(p.numel() for p in weft.models.GPT2LMHeadModel(weft.models.GPT2Config()).parameters())
        124439808
        >>> config = weft.models.GPT2Config(vocab_size=9, n_positions=8, n_embd=4, n_layer=1, n_head=1)
        >>> weft.models.GPT2LMHeadModel(config)(weft.tensor([[1, 2, 3]])).shape
        weft.Size([1, 3, 9])
    """

    lm_head: nn.Linear
    transformer: GPT2Model

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.config = config
        self.transformer = GPT2Model(config)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.lm_head.weight = self.transformer.wte.weight

    def forward(self, input_ids: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        return self.lm_head(self.transformer(input_ids, cache))
