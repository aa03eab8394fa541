"""A decoder of text as in Llama (Touvron et al., 2023): rotary positions, grouped heads, gated perceptrons.

Names and layout are those of Hugging Face.
"""

from __future__ import annotations

from dataclasses import dataclass

import weft
from weft import nn
from weft.models._arguments import check_divisible, check_positive, check_tokens
from weft.models.generation import GeneratesText, causal_mask
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor
    from weft.models.generation import KeyValueCache


@dataclass
class LlamaConfig:
    """Sizes of a Llama; the defaults are those of the first one of 7 billion parameters.

    Args:
        vocab_size: number of tokens.
        hidden_size: size of a token.
        intermediate_size: size inside of the perceptrons.
        num_hidden_layers: number of blocks.
        num_attention_heads: heads of each attention.
        num_key_value_heads: heads of keys and values, shared by the others in groups; None for as many.
        max_position_embeddings: the longest sequence.
        rms_norm_eps: added to mean squares.
        rope_theta: base of the wavelengths of the rotary positions.
        tie_word_embeddings: let the head share the weight of the embedding.

    Raises:
        ValueError: a value is not positive, or heads do not divide what they share.

    Example:
        >>> import weft
        >>> weft.models.LlamaConfig(num_attention_heads=32, num_key_value_heads=8).head_dim
        128
    """

    vocab_size: int = 32000
    hidden_size: int = 4096
    intermediate_size: int = 11008
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int | None = None
    max_position_embeddings: int = 2048
    rms_norm_eps: float = 1e-6
    rope_theta: float = 10000.0
    tie_word_embeddings: bool = False

    def __post_init__(self) -> None:
        if self.num_key_value_heads is None:
            self.num_key_value_heads = self.num_attention_heads
        sizes = {name: value for name, value in vars(self).items() if name.endswith(("size", "layers", "heads"))}
        check_positive("LlamaConfig", **sizes, max_position_embeddings=self.max_position_embeddings)
        heads = self.num_attention_heads
        check_divisible("LlamaConfig", hidden_size=self.hidden_size, num_attention_heads=heads)
        check_divisible("LlamaConfig", num_attention_heads=heads, num_key_value_heads=self.num_key_value_heads)
        if self.head_dim % 2:
            raise ValueError(f"LlamaConfig: rotary positions need heads of an even size, got {self.head_dim}")

    @property
    def head_dim(self) -> int:
        """Size of a head.

        >>> import weft
        >>> weft.models.LlamaConfig(hidden_size=8, num_attention_heads=2).head_dim
        4
        """
        return self.hidden_size // self.num_attention_heads


def rotary_angles(start: int, length: int, size: int, theta: float, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines, (length, size), by which positions from start on turn pairs of features (Su et al., 2021).

    >>> import weft
    >>> cos, sin = weft.models.llama.rotary_angles(0, 1, 4, 10000.0, weft.zeros(1))
    >>> cos, sin
    (tensor([[1., 1., 1., 1.]]), tensor([[0., 0., 0., 0.]]))
    """
    frequencies = theta ** (-weft.arange(0, size, 2, device=like.device, dtype=weft.float32) / size)
    positions = weft.arange(start, start + length, device=like.device, dtype=weft.float32)
    angles = (positions[:, None] * frequencies).repeat(1, 2)
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns feature i of each head together with feature i + size / 2.

    >>> import weft
    >>> weft.models.llama.rotate(weft.tensor([[1.0, 0.0]]), weft.tensor([[0.0, 0.0]]), weft.tensor([[1.0, 1.0]]))
    tensor([[0., 1.]])
    """
    first, second = x.chunk(2, -1)
    return x * cos + weft.cat([-second, first], -1) * sin


class _Attention(nn.Module):
    def __init__(self, config, layer):
        super().__init__()
        self.layer, self.head_dim = layer, config.head_dim
        size, shared = config.hidden_size, config.num_key_value_heads * config.head_dim
        self.q_proj = nn.Linear(size, size, bias=False)
        self.k_proj = nn.Linear(size, shared, bias=False)
        self.v_proj = nn.Linear(size, shared, bias=False)
        self.o_proj = nn.Linear(size, size, bias=False)

    def forward(self, x, angles, cache):
        n, length, size = x.shape
        layers = (self.q_proj, self.k_proj, self.v_proj)
        q, k, v = (layer(x).reshape(n, length, -1, self.head_dim).transpose(1, 2) for layer in layers)
        q, k = rotate(q, *angles), rotate(k, *angles)
        past = 0
        if cache is not None:
            k, v = cache.extend(self.layer, k, v)
            past = k.shape[-2] - length
        mask = causal_mask(length, past, x.device) if past and length > 1 else None
        y = F.scaled_dot_product_attention(q, k, v, mask, is_causal=not past, enable_gqa=True)
        return self.o_proj(y.transpose(1, 2).reshape(n, length, size))


class _MLP(nn.Module):
    """``down(silu(gate(x)) * up(x))`` (Shazeer, 2020)."""

    def __init__(self, size, inner):
        super().__init__()
        self.gate_proj = nn.Linear(size, inner, bias=False)
        self.up_proj = nn.Linear(size, inner, bias=False)
        self.down_proj = nn.Linear(inner, size, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class _Block(nn.Module):
    def __init__(self, config, layer):
        super().__init__()
        self.self_attn = _Attention(config, layer)
        self.mlp = _MLP(config.hidden_size, config.intermediate_size)
        self.input_layernorm = nn.RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = nn.RMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(self, x, angles, cache):
        x = x + self.self_attn(self.input_layernorm(x), angles, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class LlamaModel(nn.Module):
    """A Llama without its head.

    Args:
        config: its sizes.

    Shape:
        Input: (N, L), token ids. Output: (N, L, hidden_size).

    Raises:
        ValueError: the ids are no integers, not of two dimensions, or together with the cache too long.

    Example:
        >>> import weft
        >>> config = weft.models.LlamaConfig(9, 8, 16, 1, 2, 1)
        >>> weft.models.LlamaModel(config)(weft.tensor([[1, 2, 3]])).shape
        weft.Size([1, 3, 8])
    """

    embed_tokens: nn.Embedding
    layers: nn.ModuleList
    norm: nn.RMSNorm

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList([_Block(config, i) for i in range(config.num_hidden_layers)])
        self.norm = nn.RMSNorm(config.hidden_size, config.rms_norm_eps)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, input_ids: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        past = 0 if cache is None else cache.length
        check_tokens(self, "input_ids", input_ids, self.config.max_position_embeddings - past)
        x = self.embed_tokens(input_ids)
        angles = rotary_angles(past, x.shape[1], self.config.head_dim, self.config.rope_theta, x)
        for layer in self.layers:
            x = layer(x, angles, cache)
        return self.norm(x)


class LlamaForCausalLM(GeneratesText):
    """A Llama with the logits of the next token.

    Args:
        config: its sizes.

    Shape:
        Input: (N, L), token ids. Output: (N, L, vocab_size), logits.

    Raises:
        ValueError: the ids are no integers, not of two dimensions, or together with the cache too long.

    Example:
        >>> import weft
        >>> model = weft.models.LlamaForCausalLM(weft.models.LlamaConfig(9, 8, 16, 1, 2, 1))
        >>> model.generate(weft.tensor([[1, 2, 3]]), max_new_tokens=2).shape
        weft.Size([1, 5])
    """

    lm_head: nn.Linear
    model: LlamaModel

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        self.model = LlamaModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        nn.init.normal_(self.lm_head.weight, std=0.02)
        if config.tie_word_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight

    def forward(self, input_ids: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        return self.lm_head(self.model(input_ids, cache))
