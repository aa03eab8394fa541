"""Vision transformer (Dosovitskiy et al., 2021): an encoder over patches of the image."""

from __future__ import annotations

import math
from collections import OrderedDict

import weft
from weft import nn
from weft.models._arguments import check_divisible, check_input, check_positive, check_probability
from weft.ops import MLP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor


class _EncoderBlock(nn.Module):
    def __init__(self, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout):
        super().__init__()
        self.ln_1 = nn.LayerNorm(hidden_dim, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(hidden_dim, num_heads, attention_dropout, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.ln_2 = nn.LayerNorm(hidden_dim, eps=1e-6)
        self.mlp = MLP(hidden_dim, [mlp_dim, hidden_dim], activation_layer=nn.GELU, dropout=dropout)
        for layer in (self.mlp[0], self.mlp[3]):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.normal_(layer.bias, std=1e-6)

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.dropout(self.self_attention(y, y, y, need_weights=False)[0])
        return x + self.mlp(self.ln_2(x))


class _Encoder(nn.Module):
    def __init__(self, length, num_layers, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout):
        super().__init__()
        self.pos_embedding = nn.Parameter(weft.empty(1, length, hidden_dim).normal_(std=0.02))
        self.dropout = nn.Dropout(dropout)
        blocks = [_EncoderBlock(num_heads, hidden_dim, mlp_dim, dropout, attention_dropout) for _ in range(num_layers)]
        self.layers = nn.Sequential(OrderedDict((f"encoder_layer_{i}", block) for i, block in enumerate(blocks)))
        self.ln = nn.LayerNorm(hidden_dim, eps=1e-6)

    def forward(self, x):
        return self.ln(self.layers(self.dropout(x + self.pos_embedding)))


class VisionTransformer(nn.Module):
    """Vision transformer: patches as tokens, a class token whose output is classified. torchvision's names.

    Args:
        image_size: height and width of the images.
        patch_size: height and width of the patches.
        num_layers: blocks of the encoder.
        num_heads: heads of each attention.
        hidden_dim: size of a token.
        mlp_dim: size inside of the perceptrons.
        dropout: probability of a zero of tokens and inside of blocks.
        attention_dropout: probability of a zero of attention weights.
        num_classes: size of the result.

    Shape:
        Input: (N, 3, image_size, image_size). Output: (N, num_classes), logits.

    Raises:
        ValueError: an argument is out of range or does not divide another, or the images have another shape.

    Example:
        >>> import weft
        >>> net = weft.models.VisionTransformer(32, 8, 1, 2, 16, 32, num_classes=7)
        >>> net(weft.zeros(2, 3, 32, 32)).shape
        weft.Size([2, 7])
    """

    class_token: nn.Parameter
    conv_proj: nn.Conv2d
    encoder: Any
    heads: nn.Sequential

    def __init__(
        self,
        image_size: int,
        patch_size: int,
        num_layers: int,
        num_heads: int,
        hidden_dim: int,
        mlp_dim: int,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        kind = "VisionTransformer"
        check_positive(kind, image_size=image_size, patch_size=patch_size, num_layers=num_layers)
        check_positive(kind, num_heads=num_heads, hidden_dim=hidden_dim, mlp_dim=mlp_dim, num_classes=num_classes)
        check_divisible(kind, image_size=image_size, patch_size=patch_size)
        check_divisible(kind, hidden_dim=hidden_dim, num_heads=num_heads)
        check_probability(kind, dropout=dropout, attention_dropout=attention_dropout)
        self.image_size = image_size
        self.conv_proj = nn.Conv2d(3, hidden_dim, patch_size, patch_size)
        self.class_token = nn.Parameter(weft.zeros(1, 1, hidden_dim))
        length = (image_size // patch_size) ** 2 + 1
        self.encoder = _Encoder(length, num_layers, num_heads, hidden_dim, mlp_dim, dropout, attention_dropout)
        self.heads = nn.Sequential(OrderedDict(head=nn.Linear(hidden_dim, num_classes)))
        nn.init.trunc_normal_(self.conv_proj.weight, std=math.sqrt(1 / (3 * patch_size**2)))
        nn.init.zeros_(self.conv_proj.bias)
        nn.init.zeros_(self.heads.head.weight)
        nn.init.zeros_(self.heads.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=3, H=self.image_size, W=self.image_size)
        tokens = self.conv_proj(x).flatten(2).transpose(1, 2)
        tokens = weft.cat([self.class_token.expand(len(x), -1, -1), tokens], 1)
        return self.heads(self.encoder(tokens)[:, 0])


def vit_b_16(num_classes: int = 1000, image_size: int = 224) -> VisionTransformer:
    """The base :class:`VisionTransformer` with patches of 16x16.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.vit_b_16().parameters())
    86567656
    """
    return VisionTransformer(image_size, 16, 12, 12, 768, 3072, num_classes=num_classes)


def vit_b_32(num_classes: int = 1000, image_size: int = 224) -> VisionTransformer:
    """The base :class:`VisionTransformer` with patches of 32x32.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.vit_b_32().parameters())
    88224232
    """
    return VisionTransformer(image_size, 32, 12, 12, 768, 3072, num_classes=num_classes)


def vit_l_16(num_classes: int = 1000, image_size: int = 224) -> VisionTransformer:
    """The large :class:`VisionTransformer` with patches of 16x16.

    >>> import weft
    >>> with weft.device("meta"):
    ...     sum(p.numel() for p in weft.models.vit_l_16().parameters())
    304326632
    """
    return VisionTransformer(image_size, 16, 24, 16, 1024, 4096, num_classes=num_classes)
