"""Swin transformer (Liu et al., 2021): attention within windows that shift from block to block."""

from __future__ import annotations

import weft
from weft import nn
from weft.models._arguments import check_input, check_positive, check_probability
from weft.nn import functional as F
from weft.ops import MLP, Permute, StochasticDepth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor


class _PatchMerging(nn.Module):
    """Each square of 2x2 tokens becomes one of twice the size."""

    def __init__(self, dim):
        super().__init__()
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = nn.LayerNorm(4 * dim, eps=1e-5)

    def forward(self, x):
        height, width = x.shape[1:3]
        x = F.pad(x, (0, 0, 0, width % 2, 0, height % 2))
        x = weft.cat([x[:, i::2, j::2] for j in (0, 1) for i in (0, 1)], -1)
        return self.reduction(self.norm(x))


def _relative_positions(window):
    """For each pair of tokens in a window the row of the table for their distance, flattened."""
    rows, columns = (at.flatten() for at in weft.meshgrid(*map(weft.arange, window), indexing="ij"))
    down = rows[:, None] - rows[None, :] + window[0] - 1
    right = columns[:, None] - columns[None, :] + window[1] - 1
    return (down * (2 * window[1] - 1) + right).flatten()


class _WindowAttention(nn.Module):
    def __init__(self, dim, window, shift, num_heads, dropout, attention_dropout):
        super().__init__()
        self.window, self.shift, self.num_heads = tuple(window), tuple(shift), num_heads
        self.dropout, self.attention_dropout = dropout, attention_dropout
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        table = weft.empty((2 * window[0] - 1) * (2 * window[1] - 1), num_heads)
        self.relative_position_bias_table = nn.Parameter(nn.init.trunc_normal_(table, std=0.02))
        self.register_buffer("relative_position_index", _relative_positions(self.window))

    def _bias(self):
        """What is added to the scores: (1, heads, area, area)."""
        area = self.window[0] * self.window[1]
        bias = self.relative_position_bias_table[self.relative_position_index]
        return bias.reshape(area, area, self.num_heads).permute(2, 0, 1).unsqueeze(0)

    def _mask(self, height, width, shift, x):
        """-100 for pairs that the shift alone has brought into one window: (windows, 1, area, area)."""
        marks = []
        for size, window, by in ((height, self.window[0], shift[0]), (width, self.window[1], shift[1])):
            at = weft.arange(size, device=x.device)
            marks.append((at >= size - window).to(weft.int64) + (at >= size - by).to(weft.int64))
        regions = (marks[0][:, None] * 3 + marks[1][None, :])[None, :, :, None]
        regions = self._windows(regions).squeeze(-1)
        apart = regions[:, None, :] != regions[:, :, None]
        return apart.to(x.dtype).unsqueeze(1) * -100.0

    def _windows(self, x):
        """(N, H, W, C) as (N * windows, area, C)."""
        n, height, width, channels = x.shape
        rows, columns = self.window
        x = x.reshape(n, height // rows, rows, width // columns, columns, channels)
        return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, rows * columns, channels)

    def forward(self, x):
        n, height, width, channels = x.shape
        rows, columns = self.window
        x = F.pad(x, (0, 0, 0, -width % columns, 0, -height % rows))
        full_height, full_width = x.shape[1:3]
        # A window that spans the map is not shifted.
        shift = [
            0 if window >= size else by for window, size, by in zip(self.window, (full_height, full_width), self.shift)
        ]
        if any(shift):
            x = weft.roll(x, (-shift[0], -shift[1]), (1, 2))
        windows = self._windows(x)
        qkv = self.qkv(windows).reshape(len(windows), rows * columns, 3, self.num_heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        bias = self._bias()
        if any(shift):
            bias = (bias + self._mask(full_height, full_width, shift, x)).repeat(n, 1, 1, 1)
        dropout = self.attention_dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout)
        y = F.dropout(self.proj(y.transpose(1, 2).flatten(2)), self.dropout, self.training)
        y = y.reshape(n, full_height // rows, full_width // columns, rows, columns, channels)
        y = y.permute(0, 1, 3, 2, 4, 5).reshape(n, full_height, full_width, channels)
        if any(shift):
            y = weft.roll(y, shift, (1, 2))
        return y[:, :height, :width]


class _Block(nn.Module):
    def __init__(self, dim, num_heads, window, shift, mlp_ratio, dropout, attention_dropout, drop_path):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-5)
        self.attn = _WindowAttention(dim, window, shift, num_heads, dropout, attention_dropout)
        self.stochastic_depth = StochasticDepth(drop_path, "row")
        self.norm2 = nn.LayerNorm(dim, eps=1e-5)
        self.mlp = MLP(dim, [int(dim * mlp_ratio), dim], activation_layer=nn.GELU, dropout=dropout)

    def forward(self, x):
        x = x + self.stochastic_depth(self.attn(self.norm1(x)))
        return x + self.stochastic_depth(self.mlp(self.norm2(x)))


class SwinTransformer(nn.Module):
    """Swin transformer: stages of windowed attention with patch merging between them. torchvision's names.

    Args:
        patch_size: (height, width) of the patches.
        embed_dim: size of a token in the first stage; it doubles from stage to stage.
        depths: how many blocks each stage has.
        num_heads: heads of the attention in each stage.
        window_size: (height, width) of the windows, in tokens.
        mlp_ratio: size inside of the perceptrons, in sizes of a token.
        dropout: probability of a zero inside of blocks.
        attention_dropout: probability of a zero of attention weights.
        stochastic_depth_prob: probability that the last block is left out; it grows from 0 with depth.
        num_classes: size of the result.

    Shape:
        Input: (N, 3, H, W). Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is out of range, or the images have another shape.

    Example:
        >>> import weft
        >>> net = weft.models.SwinTransformer((4, 4), 8, (2,), (2,), (4, 4), num_classes=7)
        >>> net(weft.zeros(2, 3, 32, 32)).shape
        weft.Size([2, 7])
    """

    features: nn.Sequential
    head: nn.Linear
    norm: nn.LayerNorm

    def __init__(
        self,
        patch_size: Sequence[int],
        embed_dim: int,
        depths: Sequence[int],
        num_heads: Sequence[int],
        window_size: Sequence[int],
        mlp_ratio: float = 4.0,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        stochastic_depth_prob: float = 0.1,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        kind = "SwinTransformer"
        check_positive(kind, embed_dim=embed_dim, num_classes=num_classes)
        check_probability(kind, dropout=dropout, attention_dropout=attention_dropout)
        check_probability(kind, stochastic_depth_prob=stochastic_depth_prob)
        if not depths or len(depths) != len(num_heads) or min(*depths, *num_heads) < 1:
            got = f"{depths!r} and {num_heads!r}"
            raise ValueError(f"{kind}: depths and num_heads must be positive ints, as many of each, got {got}")
        for heads, dim in zip(num_heads, (embed_dim << i for i in range(len(depths)))):
            if dim % heads:
                raise ValueError(f"{kind}: a stage of {dim} channels cannot have {heads} heads")
        for name, pair in (("patch_size", patch_size), ("window_size", window_size)):
            if len(pair) != 2 or min(pair) < 1:
                raise ValueError(f"{kind}: {name} must be two positive ints, got {pair!r}")
        features: list[nn.Module] = [
            nn.Sequential(
                nn.Conv2d(3, embed_dim, tuple(patch_size), tuple(patch_size)),
                Permute([0, 2, 3, 1]),
                nn.LayerNorm(embed_dim, eps=1e-5),
            )
        ]
        dim, built = embed_dim, 0
        for i, (depth, heads) in enumerate(zip(depths, num_heads)):
            if i:
                features.append(_PatchMerging(dim))
                dim *= 2
            blocks = []
            for j in range(depth):
                shift = [0 if j % 2 == 0 else size // 2 for size in window_size]
                drop_path = stochastic_depth_prob * built / max(sum(depths) - 1, 1)
                sizes = (dim, heads, window_size, shift, mlp_ratio)
                blocks.append(_Block(*sizes, dropout, attention_dropout, drop_path))
                built += 1
            features.append(nn.Sequential(*blocks))
        self.features = nn.Sequential(*features)
        self.norm = nn.LayerNorm(dim, eps=1e-5)
        self.head = nn.Linear(dim, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=3)
        return self.head(self.norm(self.features(x)).mean((1, 2)))


def swin_t(num_classes: int = 1000, stochastic_depth_prob: float = 0.2) -> SwinTransformer:
    """The tiny :class:`SwinTransformer`.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.swin_t().parameters())
    28288354
    """
    sizes = ((4, 4), 96, (2, 2, 6, 2), (3, 6, 12, 24), (7, 7))
    return SwinTransformer(*sizes, stochastic_depth_prob=stochastic_depth_prob, num_classes=num_classes)


def swin_s(num_classes: int = 1000, stochastic_depth_prob: float = 0.3) -> SwinTransformer:
    """The small :class:`SwinTransformer`.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.swin_s().parameters())
    49606258
    """
    sizes = ((4, 4), 96, (2, 2, 18, 2), (3, 6, 12, 24), (7, 7))
    return SwinTransformer(*sizes, stochastic_depth_prob=stochastic_depth_prob, num_classes=num_classes)


def swin_b(num_classes: int = 1000, stochastic_depth_prob: float = 0.5) -> SwinTransformer:
    """The base :class:`SwinTransformer`.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.swin_b().parameters())
    87768224
    """
    sizes = ((4, 4), 128, (2, 2, 18, 2), (4, 8, 16, 32), (7, 7))
    return SwinTransformer(*sizes, stochastic_depth_prob=stochastic_depth_prob, num_classes=num_classes)
