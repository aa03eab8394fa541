"""BERT (Devlin et al., 2019): an encoder of text. Names and layout are those of Hugging Face."""

from __future__ import annotations

from dataclasses import dataclass

import weft
from weft import nn
from weft.models._arguments import check_divisible, check_positive, check_probability, check_tokens
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor


@dataclass
class BertConfig:
    """Sizes of BERT; the defaults are those of the base model.

    Args:
        vocab_size: number of tokens.
        hidden_size: size of a token.
        num_hidden_layers: number of layers.
        num_attention_heads: heads of each attention.
        intermediate_size: size inside of the perceptrons.
        hidden_dropout_prob: probability of a zero after embeddings and layers.
        attention_probs_dropout_prob: probability of a zero of attention weights.
        max_position_embeddings: the longest sequence.
        type_vocab_size: kinds of sentences.
        layer_norm_eps: added to variances.

    Raises:
        ValueError: a value is out of range, or hidden_size is no multiple of num_attention_heads.

    Example:
        >>> import weft
        >>> weft.models.BertConfig(num_hidden_layers=2).hidden_size
        768
    """

    vocab_size: int = 30522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12

    def __post_init__(self) -> None:
        sizes = {name: value for name, value in vars(self).items() if name.endswith(("size", "layers", "heads"))}
        check_positive("BertConfig", **sizes, max_position_embeddings=self.max_position_embeddings)
        check_divisible("BertConfig", hidden_size=self.hidden_size, num_attention_heads=self.num_attention_heads)
        dropouts = ("hidden_dropout_prob", "attention_probs_dropout_prob")
        check_probability("BertConfig", **{name: getattr(self, name) for name in dropouts})


class _Embeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        size = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, size, padding_idx=0)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, size)
        self.LayerNorm = nn.LayerNorm(size, config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def _load_from_state_dict(self, state_dict, prefix, *rest):
        state_dict.pop(prefix + "position_ids", None)  # 0, 1, 2, ..., which old files hold
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def forward(self, input_ids, token_type_ids):
        positions = weft.arange(input_ids.shape[1], device=input_ids.device)
        x = self.word_embeddings(input_ids) + self.token_type_embeddings(token_type_ids)
        return self.dropout(self.LayerNorm(x + self.position_embeddings(positions)))


class _Output(nn.Module):
    """A linear layer, dropout, the residual and its normalisation."""

    def __init__(self, size, config):
        super().__init__()
        self.dense = nn.Linear(size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, residual):
        return self.LayerNorm(self.dropout(self.dense(x)) + residual)


class _SelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads, self.dropout = config.num_attention_heads, config.attention_probs_dropout_prob
        self.query = nn.Linear(config.hidden_size, config.hidden_size)
        self.key = nn.Linear(config.hidden_size, config.hidden_size)
        self.value = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, x, mask):
        n, length, size = x.shape
        layers = (self.query, self.key, self.value)
        q, k, v = (layer(x).reshape(n, length, self.heads, -1).transpose(1, 2) for layer in layers)
        y = F.scaled_dot_product_attention(q, k, v, mask, self.dropout if self.training else 0.0)
        return y.transpose(1, 2).reshape(n, length, size)


class _Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.self = _SelfAttention(config)
        self.output = _Output(config.hidden_size, config)

    def forward(self, x, mask):
        return self.output(self.self(x, mask), x)


class _Dense(nn.Module):
    def __init__(self, size, out_size):
        super().__init__()
        self.dense = nn.Linear(size, out_size)

    def forward(self, x):
        return self.dense(x)


class _Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.attention = _Attention(config)
        self.intermediate = _Dense(config.hidden_size, config.intermediate_size)
        self.output = _Output(config.intermediate_size, config)

    def forward(self, x, mask):
        x = self.attention(x, mask)
        return self.output(F.gelu(self.intermediate(x)), x)


class _Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.layer = nn.ModuleList([_Layer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x, mask):
        for layer in self.layer:
            x = layer(x, mask)
        return x


def _start(model):
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)


class BertModel(nn.Module):
    """BERT without a head.

    Args:
        config: its sizes.
        add_pooling_layer: give the pooled first token too, ``tanh(linear(first))``.

    Shape:
        Input: input_ids (N, L); attention_mask (N, L), 0 for padding; token_type_ids (N, L).
        Output: (N, L, hidden_size), and (N, hidden_size) or None.

    Raises:
        ValueError: ids are no integers, not of two dimensions or too long; others are not of their shape.

    Example:
        >>> import weft
        >>> model = weft.models.BertModel(weft.models.BertConfig(9, 4, 1, 1, 8))
        >>> tokens, pooled = model(weft.tensor([[1, 2, 3]]))
        >>> tokens.shape, pooled.shape
        (weft.Size([1, 3, 4]), weft.Size([1, 4]))
    """

    embeddings: Any
    encoder: Any
    pooler: Any

    def __init__(self, config: BertConfig, add_pooling_layer: bool = True) -> None:
        super().__init__()
        self.config = config
        self.embeddings = _Embeddings(config)
        self.encoder = _Encoder(config)
        self.pooler = _Dense(config.hidden_size, config.hidden_size) if add_pooling_layer else None
        _start(self)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        check_tokens(self, "input_ids", input_ids, self.config.max_position_embeddings)
        for name, value in (("attention_mask", attention_mask), ("token_type_ids", token_type_ids)):
            if value is not None and value.shape != input_ids.shape:
                wanted, got = tuple(input_ids.shape), tuple(value.shape)
                raise ValueError(f"BertModel: expected {name} of the shape of input_ids, {wanted}, got {got}")
        if token_type_ids is None:
            token_type_ids = weft.zeros_like(input_ids)
        mask = None if attention_mask is None else (attention_mask != 0)[:, None, None, :]
        x = self.encoder(self.embeddings(input_ids, token_type_ids), mask)
        return x, None if self.pooler is None else weft.tanh(self.pooler(x[:, 0]))


class _Transform(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)

    def forward(self, x):
        return self.LayerNorm(F.gelu(self.dense(x)))


class _Predictions(nn.Module):
    def __init__(self, config, embedding):
        super().__init__()
        self.transform = _Transform(config)
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size)
        self.decoder.weight = embedding.weight
        self.bias = self.decoder.bias

    def forward(self, x):
        return self.decoder(self.transform(x))


class BertForMaskedLM(nn.Module):
    """BERT with logits of the token at each place; the head shares the weight of the embedding.

    Args:
        config: its sizes.

    Shape:
        Input: see :class:`BertModel`. Output: (N, L, vocab_size), logits.

    Raises:
        ValueError: see :class:`BertModel`.

    Example:
        >>> import weft
        >>> weft.models.BertForMaskedLM(weft.models.BertConfig(9, 4, 1, 1, 8))(weft.tensor([[1, 2, 3]])).shape
        weft.Size([1, 3, 9])
    """

    bert: BertModel
    cls: nn.Module

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.bert = BertModel(config, add_pooling_layer=False)
        self.cls = nn.Module()
        self.cls.predictions = _Predictions(config, self.bert.embeddings.word_embeddings)
        _start(self.cls)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> Tensor:
        return self.cls.predictions(self.bert(input_ids, attention_mask, token_type_ids)[0])


class BertForSequenceClassification(nn.Module):
    """BERT with logits of the whole text's class.

    Args:
        config: its sizes.
        num_labels: number of classes.

    Shape:
        Input: see :class:`BertModel`. Output: (N, num_labels), logits.

    Raises:
        ValueError: num_labels is not a positive int; see :class:`BertModel`.

    Example:
        >>> import weft
        >>> model = weft.models.BertForSequenceClassification(weft.models.BertConfig(9, 4, 1, 1, 8), 3)
        >>> model(weft.tensor([[1, 2, 3]])).shape
        weft.Size([1, 3])
    """

    bert: BertModel
    classifier: nn.Linear
    dropout: nn.Dropout

    def __init__(self, config: BertConfig, num_labels: int = 2) -> None:
        super().__init__()
        check_positive("BertForSequenceClassification", num_labels=num_labels)
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.classifier = nn.Linear(config.hidden_size, num_labels)
        _start(self.classifier)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, token_type_ids: Tensor | None = None
    ) -> Tensor:
        return self.classifier(self.dropout(self.bert(input_ids, attention_mask, token_type_ids)[1]))
