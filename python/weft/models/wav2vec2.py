"""wav2vec 2.0 (Baevski et al., 2020) with a head for CTC: speech to letters. Names are those of Hugging Face."""

from __future__ import annotations

from dataclasses import dataclass

import weft
from weft import nn
from weft.models._arguments import check_divisible, check_input, check_positive, check_probability
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor


@dataclass
class Wav2Vec2Config:
    """Sizes of wav2vec 2.0; the defaults are those of the base model.

    Args:
        vocab_size: number of letters; letter 0 is CTC's blank.
        hidden_size: size of a frame.
        num_hidden_layers: layers of the encoder.
        num_attention_heads: heads of each attention.
        intermediate_size: size inside of the perceptrons.
        dropout: probability of a zero.
        conv_dim: channels of each convolution of the waveform.
        conv_kernel: their widths.
        conv_stride: their strides.
        num_conv_pos_embeddings: width of the convolution that tells positions.
        num_conv_pos_embedding_groups: its groups.
        mask_time_prob: share of frames that training hides, in spans that may overlap.
        mask_time_length: length of a span.
        layer_norm_eps: added to variances.

    Raises:
        ValueError: a value is out of range, or sizes do not divide.

    Example:
        >>> import weft
        >>> weft.models.Wav2Vec2Config(num_hidden_layers=2).hidden_size
        768
    """

    vocab_size: int = 32
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    dropout: float = 0.1
    conv_dim: tuple[int, ...] = (512,) * 7
    conv_kernel: tuple[int, ...] = (10, 3, 3, 3, 3, 2, 2)
    conv_stride: tuple[int, ...] = (5, 2, 2, 2, 2, 2, 2)
    num_conv_pos_embeddings: int = 128
    num_conv_pos_embedding_groups: int = 16
    mask_time_prob: float = 0.05
    mask_time_length: int = 10
    layer_norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        kind = "Wav2Vec2Config"
        names = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
        names += ("num_conv_pos_embeddings", "num_conv_pos_embedding_groups", "mask_time_length")
        check_positive(kind, **{name: getattr(self, name) for name in names})
        check_probability(kind, dropout=self.dropout, mask_time_prob=self.mask_time_prob)
        check_divisible(kind, hidden_size=self.hidden_size, num_attention_heads=self.num_attention_heads)
        groups = self.num_conv_pos_embedding_groups
        check_divisible(kind, hidden_size=self.hidden_size, num_conv_pos_embedding_groups=groups)
        lengths = [len(each) for each in (self.conv_dim, self.conv_kernel, self.conv_stride)]
        if len(set(lengths)) != 1 or not lengths[0]:
            raise ValueError(f"{kind}: conv_dim, conv_kernel and conv_stride must be as long, got lengths {lengths}")


class _ConvLayer(nn.Module):
    def __init__(self, channels, out_channels, kernel, stride, normalises):
        super().__init__()
        self.conv = nn.Conv1d(channels, out_channels, kernel, stride, bias=False)
        self.layer_norm = nn.GroupNorm(out_channels, out_channels) if normalises else None

    def forward(self, x):
        x = self.conv(x)
        return F.gelu(x if self.layer_norm is None else self.layer_norm(x))


class _FeatureExtractor(nn.Module):
    def __init__(self, config):
        super().__init__()
        channels = (1, *config.conv_dim)
        sizes = zip(channels, channels[1:], config.conv_kernel, config.conv_stride)
        self.conv_layers = nn.ModuleList([_ConvLayer(*each, i == 0) for i, each in enumerate(sizes)])

    def forward(self, x):
        x = x.unsqueeze(1)
        for layer in self.conv_layers:
            x = layer(x)
        return x.transpose(1, 2)


class _FeatureProjection(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.layer_norm = nn.LayerNorm(config.conv_dim[-1], config.layer_norm_eps)
        self.projection = nn.Linear(config.conv_dim[-1], config.hidden_size)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x):
        return self.dropout(self.projection(self.layer_norm(x)))


class _WeightNorm(nn.Module):
    """The weight as length and direction, a length for each place of the kernel (Salimans and Kingma, 2016)."""

    def __init__(self, weight):
        super().__init__()
        self.original0 = nn.Parameter(weight.norm(dim=(0, 1), keepdim=True))
        self.original1 = nn.Parameter(weight)

    def forward(self):
        return self.original0 * self.original1 / self.original1.norm(dim=(0, 1), keepdim=True)


class _PositionConv(nn.Module):
    def __init__(self, config):
        super().__init__()
        size, self.groups = config.hidden_size, config.num_conv_pos_embedding_groups
        self.kernel = config.num_conv_pos_embeddings
        weight = weft.empty(size, size // self.groups, self.kernel)
        nn.init.normal_(weight, std=2 * (1 / (self.kernel * size)) ** 0.5)
        self.bias = nn.Parameter(weft.zeros(size))
        self.parametrizations = nn.ModuleDict({"weight": _WeightNorm(weight)})

    def forward(self, x):
        weight = self.parametrizations["weight"]()
        y = F.conv1d(x.transpose(1, 2), weight, self.bias, padding=self.kernel // 2, groups=self.groups)
        return F.gelu(y[:, :, : x.shape[1]]).transpose(1, 2)


class _Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        size, self.heads, self.dropout = config.hidden_size, config.num_attention_heads, config.dropout
        self.k_proj = nn.Linear(size, size)
        self.v_proj = nn.Linear(size, size)
        self.q_proj = nn.Linear(size, size)
        self.out_proj = nn.Linear(size, size)

    def forward(self, x):
        n, length, size = x.shape
        layers = (self.q_proj, self.k_proj, self.v_proj)
        q, k, v = (layer(x).reshape(n, length, self.heads, -1).transpose(1, 2) for layer in layers)
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=self.dropout if self.training else 0.0)
        return self.out_proj(y.transpose(1, 2).reshape(n, length, size))


class _FeedForward(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.intermediate_dense = nn.Linear(config.hidden_size, config.intermediate_size)
        self.output_dense = nn.Linear(config.intermediate_size, config.hidden_size)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x):
        return self.dropout(self.output_dense(self.dropout(F.gelu(self.intermediate_dense(x)))))


class _Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.attention = _Attention(config)
        self.dropout = nn.Dropout(config.dropout)
        self.layer_norm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.feed_forward = _FeedForward(config)
        self.final_layer_norm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)

    def forward(self, x):
        x = self.layer_norm(x + self.dropout(self.attention(x)))
        return self.final_layer_norm(x + self.feed_forward(x))


class _Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.pos_conv_embed = nn.Module()
        self.pos_conv_embed.conv = _PositionConv(config)
        self.layer_norm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList([_Layer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, x):
        x = self.dropout(self.layer_norm(x + self.pos_conv_embed.conv(x)))
        for layer in self.layers:
            x = layer(x)
        return x


class Wav2Vec2Model(nn.Module):
    """wav2vec 2.0 without a head: convolutions of the waveform, then an encoder.

    Args:
        config: its sizes.

    Shape:
        Input: (N, samples), of mean 0 and deviation 1. Output: (N, frames, hidden_size).

    Raises:
        ValueError: the waveforms are not floating point (N, samples), or too short for one frame.

    Example:
        >>> import weft
        >>> config = weft.models.Wav2Vec2Config(5, 32, 1, 2, 16, conv_dim=(4,), conv_kernel=(10,), conv_stride=(5,))
        >>> weft.models.Wav2Vec2Model(config)(weft.zeros(1, 100)).shape
        weft.Size([1, 19, 32])
    """

    encoder: Any
    feature_extractor: Any
    feature_projection: Any
    masked_spec_embed: nn.Parameter

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.config = config
        self.masked_spec_embed = nn.Parameter(weft.empty(config.hidden_size).uniform_())
        self.feature_extractor = _FeatureExtractor(config)
        self.feature_projection = _FeatureProjection(config)
        self.encoder = _Encoder(config)
        for module in self.encoder.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def frames(self, samples: int) -> int:
        """How many frames so many samples give.

        >>> import weft
        >>> with weft.device("meta"):
        ...     weft.models.Wav2Vec2Model(weft.models.Wav2Vec2Config()).frames(16000)
        49
        """
        for kernel, stride in zip(self.config.conv_kernel, self.config.conv_stride):
            samples = (samples - kernel) // stride + 1
        return samples

    def _hide_spans(self, x):
        """Frames of random spans become one learnt vector."""
        starts = weft.rand(x.shape[:2], device=x.device) < self.config.mask_time_prob / self.config.mask_time_length
        hidden = starts
        for i in range(1, min(self.config.mask_time_length, x.shape[1])):
            hidden = hidden | F.pad(starts[:, :-i], (i, 0))
        return weft.where(hidden.unsqueeze(-1), self.masked_spec_embed.to(x.dtype), x)

    def forward(self, waveforms: Tensor) -> Tensor:
        check_input(self, "waveforms", waveforms, "N, samples")
        if self.frames(waveforms.shape[1]) < 1:
            raise ValueError(f"Wav2Vec2Model: waveforms of {waveforms.shape[1]} samples are too short for one frame")
        x = self.feature_projection(self.feature_extractor(waveforms))
        if self.training and self.config.mask_time_prob > 0:
            x = self._hide_spans(x)
        return self.encoder(x)


class Wav2Vec2ForCTC(nn.Module):
    """wav2vec 2.0 with logits of the letter in each frame, for the loss of Graves et al., 2006.

    Args:
        config: its sizes.

    Shape:
        Input: (N, samples), of mean 0 and deviation 1. Output: (N, frames, vocab_size), logits.

    Raises:
        ValueError: the waveforms are not floating point (N, samples), or too short for one frame.

    Example:
        >>> import weft
        >>> config = weft.models.Wav2Vec2Config(5, 32, 1, 2, 16, conv_dim=(4,), conv_kernel=(10,), conv_stride=(5,))
        >>> weft.models.Wav2Vec2ForCTC(config)(weft.zeros(1, 100)).shape
        weft.Size([1, 19, 5])
    """

    dropout: nn.Dropout
    lm_head: nn.Linear
    wav2vec2: Wav2Vec2Model

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.wav2vec2 = Wav2Vec2Model(config)
        self.dropout = nn.Dropout(config.dropout)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size)
        nn.init.normal_(self.lm_head.weight, std=0.02)
        nn.init.zeros_(self.lm_head.bias)

    def forward(self, waveforms: Tensor) -> Tensor:
        return self.lm_head(self.dropout(self.wav2vec2(waveforms)))


def ctc_greedy_decode(logits: Tensor, blank: int = 0) -> list[list[int]]:
    """The likeliest letter of each frame, repeats and blanks left out, for each row.

    Args:
        logits: (N, frames, letters).
        blank: the letter that means none.

    Raises:
        ValueError: logits are not (N, frames, letters).

    >>> import weft
    >>> frames = weft.nn.functional.one_hot(weft.tensor([[1, 1, 0, 1, 2]]))
    >>> weft.models.ctc_greedy_decode(frames)
    [[1, 1, 2]]
    """
    if logits.ndim != 3:
        raise ValueError(f"ctc_greedy_decode: expected logits of shape (N, frames, letters), got {tuple(logits.shape)}")
    rows = logits.argmax(-1).tolist()
    return [[now for before, now in zip([blank, *row], row) if now not in (before, blank)] for row in rows]
