"""Transformers (Vaswani et al., "Attention is all you need", 2017): layers of encoder and decoder, and their stacks."""

from __future__ import annotations

import copy
import math

import weft
from weft import _C
from weft._checks import check_flags, check_instances, check_integers, check_numbers, check_tensors
from weft.nn import functional as F
from weft.nn import init
from weft.nn.containers import ModuleList
from weft.nn.dropout import Dropout
from weft.nn.linear import Linear
from weft.nn.module import Module
from weft.nn.multihead_attention import MultiheadAttention
from weft.nn.normalization import LayerNorm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Device

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]


def _activation(name: str, activation: str | Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    if isinstance(activation, str):
        if activation not in ("relu", "gelu"):
            raise RuntimeError(f"{name}: activation must be 'relu', 'gelu' or a function, got {activation!r}")
        return F.relu if activation == "relu" else F.gelu
    if not callable(activation):
        raise TypeError(f"{name}: expected a string or a function as activation, got {type(activation).__name__}")
    return activation


_MOST_LAYERS = 100_000


def _clones(module: Module, count: int, name: str) -> ModuleList:
    check_integers(name, num_layers=count)
    if not 0 <= count <= _MOST_LAYERS:
        raise ValueError(f"{name}: num_layers must be between 0 and {_MOST_LAYERS}, got {count}")
    return ModuleList([copy.deepcopy(module) for _ in range(count)])


def _causal_mask(size: int, device: Any = None, dtype: weft.dtype | None = None) -> Tensor:
    return weft.full((size, size), -math.inf, device=device, dtype=dtype).triu(1)


def _is_causal(mask: Tensor | None, is_causal: bool | None, size: int) -> bool:
    """Is the mask causal, as is_causal says or, if that is None, as its values show? A trace knows no values."""
    if is_causal is not None:
        return is_causal
    if mask is None or _C._is_tracing() or mask.device.type == "meta" or tuple(mask.shape[-2:]) != (size, size):
        return False
    if mask.dtype == weft.bool:
        causal = weft.ones(size, size, dtype=weft.bool, device=mask.device).triu(1)
    else:
        causal = _causal_mask(size, mask.device, mask.dtype)
    return bool((mask.detach() == causal).all())


class _Layer(Module):
    """What layers of encoder and decoder share: the feed-forward part and its construction."""

    def _make(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int,
        dropout: float,
        activation: Any,
        layer_norm_eps: float,
        batch_first: bool,
        norm_first: bool,
        bias: bool,
        device: Device,
        dtype: weft.dtype | None,
        attentions: tuple[str, ...],
    ) -> None:
        name = type(self).__name__
        activation = _activation(name, activation)
        check_integers(name, dim_feedforward=dim_feedforward)
        check_numbers(name, layer_norm_eps=layer_norm_eps)
        check_flags(name, norm_first=norm_first, bias=bias, batch_first=batch_first)
        options = {"device": device, "dtype": dtype}
        for attention in attentions:
            made = MultiheadAttention(d_model, nhead, dropout, bias=bias, batch_first=batch_first, **options)
            setattr(self, attention, made)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, **options)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, **options)
        self.norm_first = norm_first
        numbers = range(1, 2 + len(attentions))
        for i in numbers:
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **options))
        for i in numbers:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = activation

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if not hasattr(self, "activation"):
            self.activation = F.relu

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))

    def _attend(
        self,
        attention: Module,
        query: Tensor,
        memory: Tensor,
        mask: Tensor | None,
        key_padding_mask: Tensor | None,
        is_causal: bool,
    ) -> Tensor:
        return attention(
            query,
            memory,
            memory,
            attn_mask=mask,
            key_padding_mask=key_padding_mask,
            is_causal=is_causal and mask is not None,
            need_weights=False,
        )[0]


class TransformerEncoderLayer(_Layer):
    """Self-attention and a feed-forward network, each with dropout, a residual connection and layer normalization.

    ``x = norm1(x + attention(x))``, ``x = norm2(x + linear2(activation(linear1(x))))``; with norm_first
    ``x = x + attention(norm1(x))``, ``x = x + linear2(activation(linear1(norm2(x))))`` (Xiong et al., 2020).

    Args:
        d_model: size E of inputs and outputs.
        nhead: heads of the attention; d_model is a multiple of it.
        dim_feedforward: size between linear1 and linear2. Default 2048.
        dropout: probability with which values are dropped in training. Default 0.1.
        activation: ``"relu"``, ``"gelu"`` or a function of a tensor. Default relu.
        layer_norm_eps: eps of the normalizations. Default 1e-5.
        batch_first: whether the batch is the first dimension, not the second. Default False.
        norm_first: whether the parts normalize what they read, not what they give. Default False.
        bias: whether linear maps and normalizations add a bias. Default True.
        device: where the parameters lie. By default the default device.
        dtype: their floating dtype. By default the default dtype.

    Shape:
        src (S, N, E), or (N, S, E) with batch_first, or (S, E); the output is of the same shape.

    ``forward(src, src_mask=None, src_key_padding_mask=None, is_causal=False)``: src_mask (S, S) or (N * nhead, S, S)
    and src_key_padding_mask (N, S) are True where a key takes no part, or floats to add to the scores. is_causal says
    that src_mask is causal.

    Raises:
        RuntimeError: activation is another string; or shapes do not fit, when the layer is called.
        ValueError: sizes or dropout are out of range.

    Example:
        >>> import weft
        >>> layer = weft.nn.TransformerEncoderLayer(16, 4, dim_feedforward=32)
        >>> layer(weft.ones(10, 2, 16)).shape == (10, 2, 16)
        True
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__()
        self._make(
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            layer_norm_eps,
            batch_first,
            norm_first,
            bias,
            device,
            dtype,
            ("self_attn",),
        )

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        check_tensors("TransformerEncoderLayer", src=src)
        x = src
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), src_mask, src_key_padding_mask, is_causal=is_causal)
            return x + self._ff_block(self.norm2(x))
        x = self.norm1(x + self._sa_block(x, src_mask, src_key_padding_mask, is_causal=is_causal))
        return self.norm2(x + self._ff_block(x))

    # Subclasses of PyTorch's layer override these two

    def _sa_block(
        self, x: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        return self.dropout1(self._attend(self.self_attn, x, x, attn_mask, key_padding_mask, is_causal))

    def _ff_block(self, x: Tensor) -> Tensor:
        return self.dropout2(self._feed_forward(x))


class TransformerEncoder(Module):
    """A stack of copies of one encoder layer.

    Args:
        encoder_layer: the layer, copied num_layers times with the values it has.
        num_layers: how many.
        norm: a module for the output of the last layer. By default none.
        enable_nested_tensor: whether, in evaluation without gradients and where a batch-first, norm-last layer is
            given a src_key_padding_mask of bools, the output at padded positions is zero. Default True.
        mask_check: whether that is so only for masks that hide the ends of sequences. Default True.

    Shape:
        src and output as those of the layer.

    ``forward(src, mask=None, src_key_padding_mask=None, is_causal=None)``: masks as in the layer; with is_causal None
    it is looked up whether mask is causal, which then need not be read.

    Raises:
        RuntimeError: shapes do not fit, when the module is called.
        TypeError: encoder_layer is no module, or num_layers no int.
        ValueError: num_layers is negative or above 100,000.

    Example:
        >>> import weft
        >>> layer = weft.nn.TransformerEncoderLayer(16, 4, dim_feedforward=32)
        >>> weft.nn.TransformerEncoder(layer, 2)(weft.ones(10, 2, 16)).shape == (10, 2, 16)
        True
    """

    layers: Any

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        check_instances(Module, "TransformerEncoder", encoder_layer=encoder_layer)
        check_instances((Module, type(None)), "TransformerEncoder", norm=norm)
        check_flags("TransformerEncoder", enable_nested_tensor=enable_nested_tensor, mask_check=mask_check)
        super().__init__()
        self.layers = _clones(encoder_layer, num_layers, "TransformerEncoder")
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        check_tensors("TransformerEncoder", ("mask", "src_key_padding_mask"), src=src, mask=mask)
        check_flags("TransformerEncoder", is_causal=is_causal)
        length = src.shape[_length_dim(self.layers, src)] if src.dim() >= 2 else 0
        causal = _is_causal(mask, is_causal, length)
        output = src
        for layer in self.layers:
            output = layer(output, src_mask=mask, is_causal=causal, src_key_padding_mask=src_key_padding_mask)
        if self._zeroes_padding(src, mask, src_key_padding_mask):
            hidden = src_key_padding_mask
            if self.mask_check:
                hidden = hidden & (hidden[:, 1:] | ~hidden[:, :-1]).all()
            output = output.masked_fill(hidden.unsqueeze(-1), 0.0)
        return output if self.norm is None else self.norm(output)

    def _zeroes_padding(self, src: Tensor, mask: Tensor | None, hidden: Tensor | None) -> bool:
        """Do padded positions come out as zeros? Where PyTorch leaves them out of the computation they do."""
        if not self.enable_nested_tensor or hidden is None or hidden.dtype != weft.bool or src.dim() != 3:
            return False
        layer = self.layers[0] if len(self.layers) else None
        if type(layer) is not TransformerEncoderLayer or self.training or mask is not None or layer.norm_first:
            return False
        attention = layer.self_attn
        plain = layer.activation in (F.relu, F.gelu) or isinstance(layer.activation, (weft.nn.ReLU, weft.nn.GELU))
        if not (
            attention.batch_first and attention.in_proj_bias is not None and plain and attention.num_heads % 2 == 0
        ):
            return False
        if layer.norm1.eps != layer.norm2.eps or weft.is_autocast_enabled():
            return False
        return not (weft.is_grad_enabled() and (src.requires_grad or any(p.requires_grad for p in layer.parameters())))


def _length_dim(layers: ModuleList, x: Tensor) -> int:
    attention = getattr(layers[0], "self_attn", None) if len(layers) else None
    return 1 if x.dim() == 3 and getattr(attention, "batch_first", False) else 0


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to the encoder's output and a feed-forward network, each with a residual connection.

    ``x = norm1(x + self_attn(x))``, ``x = norm2(x + multihead_attn(x, memory))``,
    ``x = norm3(x + linear2(activation(linear1(x))))``; with norm_first each part reads its input normalized, and the
    sums are not. Dropout follows each part.

    Args:
        d_model: size E of inputs and outputs.
        nhead: heads of the attentions; d_model is a multiple of it.
        dim_feedforward: size between linear1 and linear2. Default 2048.
        dropout: probability with which values are dropped in training. Default 0.1.
        activation: ``"relu"``, ``"gelu"`` or a function of a tensor. Default relu.
        layer_norm_eps: eps of the normalizations. Default 1e-5.
        batch_first: whether the batch is the first dimension, not the second. Default False.
        norm_first: whether the parts normalize what they read, not what they give. Default False.
        bias: whether linear maps and normalizations add a bias. Default True.
        device: where the parameters lie. By default the default device.
        dtype: their floating dtype. By default the default dtype.

    Shape:
        tgt (T, N, E) and memory (S, N, E), or (N, T, E) and (N, S, E) with batch_first, or without N; the output is of
        tgt's shape.

    ``forward(tgt, memory, tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None,
    tgt_is_causal=False, memory_is_causal=False)``: tgt_mask (T, T), memory_mask (T, S), tgt_key_padding_mask (N, T) and
    memory_key_padding_mask (N, S) are True where a key takes no part, or floats to add to the scores.

    Raises:
        RuntimeError: activation is another string; or shapes do not fit, when the layer is called.
        ValueError: sizes or dropout are out of range.

    Example:
        >>> import weft
        >>> layer = weft.nn.TransformerDecoderLayer(16, 4, dim_feedforward=32)
        >>> layer(weft.ones(7, 2, 16), weft.ones(10, 2, 16)).shape == (7, 2, 16)
        True
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__()
        self._make(
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            layer_norm_eps,
            batch_first,
            norm_first,
            bias,
            device,
            dtype,
            ("self_attn", "multihead_attn"),
        )

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        check_tensors("TransformerDecoderLayer", tgt=tgt, memory=memory)
        own = (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        other = (memory_mask, memory_key_padding_mask, memory_is_causal)
        x = tgt
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), *own)
            x = x + self._mha_block(self.norm2(x), memory, *other)
            return x + self._ff_block(self.norm3(x))
        x = self.norm1(x + self._sa_block(x, *own))
        x = self.norm2(x + self._mha_block(x, memory, *other))
        return self.norm3(x + self._ff_block(x))

    # Subclasses of PyTorch's layer override these three

    def _sa_block(
        self, x: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        return self.dropout1(self._attend(self.self_attn, x, x, attn_mask, key_padding_mask, is_causal))

    def _mha_block(
        self, x: Tensor, mem: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        return self.dropout2(self._attend(self.multihead_attn, x, mem, attn_mask, key_padding_mask, is_causal))

    def _ff_block(self, x: Tensor) -> Tensor:
        return self.dropout3(self._feed_forward(x))


class TransformerDecoder(Module):
    """A stack of copies of one decoder layer.

    Args:
        decoder_layer: the layer, copied num_layers times with the values it has.
        num_layers: how many.
        norm: a module for the output of the last layer. By default none.

    Shape:
        tgt, memory and output as those of the layer.

    ``forward(tgt, memory, ...)`` takes the masks of the layer; with tgt_is_causal None (default) it is looked up
    whether tgt_mask is causal, which then need not be read.

    Raises:
        RuntimeError: shapes do not fit, when the module is called.
        TypeError: decoder_layer is no module, or num_layers no int.
        ValueError: num_layers is negative or above 100,000.

    Example:
        >>> import weft
        >>> layer = weft.nn.TransformerDecoderLayer(16, 4, dim_feedforward=32)
        >>> decoder = weft.nn.TransformerDecoder(layer, 2)
        >>> decoder(weft.ones(7, 2, 16), weft.ones(10, 2, 16)).shape == (7, 2, 16)
        True
    """

    layers: Any

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        check_instances(Module, "TransformerDecoder", decoder_layer=decoder_layer)
        check_instances((Module, type(None)), "TransformerDecoder", norm=norm)
        super().__init__()
        self.layers = _clones(decoder_layer, num_layers, "TransformerDecoder")
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        check_tensors("TransformerDecoder", ("tgt_mask",), tgt=tgt, memory=memory, tgt_mask=tgt_mask)
        check_flags("TransformerDecoder", tgt_is_causal=tgt_is_causal, memory_is_causal=memory_is_causal)
        length = tgt.shape[_length_dim(self.layers, tgt)] if tgt.dim() >= 2 else 0
        causal = _is_causal(tgt_mask, tgt_is_causal, length)
        output = tgt
        for layer in self.layers:
            output = layer(
                output,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )
        return output if self.norm is None else self.norm(output)


class Transformer(Module):
    """An encoder and a decoder, each followed by a layer normalization.

    Weights with more than one dimension start Xavier-uniform.

    Args:
        d_model: size E of inputs and outputs. Default 512.
        nhead: heads of the attentions; d_model is a multiple of it. Default 8.
        num_encoder_layers: layers of the encoder. Default 6.
        num_decoder_layers: layers of the decoder. Default 6.
        dim_feedforward: size inside the feed-forward networks. Default 2048.
        dropout: probability with which values are dropped in training. Default 0.1.
        activation: ``"relu"``, ``"gelu"`` or a function of a tensor. Default relu.
        custom_encoder: a module in place of the encoder. By default none.
        custom_decoder: a module in place of the decoder. By default none.
        layer_norm_eps: eps of the normalizations. Default 1e-5.
        batch_first: whether the batch is the first dimension, not the second. Default False.
        norm_first: whether the parts normalize what they read, not what they give. Default False.
        bias: whether linear maps and normalizations add a bias. Default True.
        device: where the parameters lie. By default the default device.
        dtype: their floating dtype. By default the default dtype.

    Shape:
        src (S, N, E) and tgt (T, N, E), or (N, S, E) and (N, T, E) with batch_first, or without N; the output is of
        tgt's shape.

    ``forward(src, tgt, ...)`` takes src_mask (S, S), tgt_mask (T, T), memory_mask (T, S), src_key_padding_mask (N, S),
    tgt_key_padding_mask (N, T), memory_key_padding_mask (N, S), src_is_causal and tgt_is_causal (default None: looked
    up in the mask) and memory_is_causal.

    Raises:
        RuntimeError: sizes of src and tgt do not fit, when the module is called.
        ValueError: sizes or dropout are out of range.

    Example:
        >>> import weft
        >>> model = weft.nn.Transformer(16, 4, 1, 1, dim_feedforward=32)
        >>> model(weft.ones(10, 2, 16), weft.ones(7, 2, 16)).shape == (7, 2, 16)
        True
    """

    decoder: Module | None
    encoder: Module | None

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        maybe = (Module, type(None))
        check_instances(maybe, "Transformer", custom_encoder=custom_encoder, custom_decoder=custom_decoder)
        check_numbers("Transformer", layer_norm_eps=layer_norm_eps)
        super().__init__()
        options = {"device": device, "dtype": dtype}
        shape = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)

        def norm():
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, **options)

        if custom_encoder is not None:
            self.encoder = custom_encoder
        else:
            encoder_layer = TransformerEncoderLayer(*shape, **options)
            self.encoder = TransformerEncoder(encoder_layer, num_encoder_layers, norm())
        if custom_decoder is not None:
            self.decoder = custom_decoder
        else:
            decoder_layer = TransformerDecoderLayer(*shape, **options)
            self.decoder = TransformerDecoder(decoder_layer, num_decoder_layers, norm())
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        check_tensors("Transformer", src=src, tgt=tgt)
        shapes = f"got src of shape {tuple(src.shape)} and tgt of {tuple(tgt.shape)}"
        if src.dim() not in (2, 3) or tgt.dim() != src.dim():
            raise RuntimeError(f"Transformer: expected src and tgt with 3 dimensions, or 2 without a batch, {shapes}")
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError(f"Transformer: expected last dimensions of size d_model {self.d_model}, {shapes}")
        batch = 0 if self.batch_first else 1
        if src.dim() == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError(f"Transformer: src and tgt must have one batch size (dimension {batch}), {shapes}")
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Device = None, dtype: weft.dtype | None = None) -> Tensor:
        """The causal mask (sz, sz): 0 up to the diagonal, -inf above it.

        Args:
            sz: the length of the sequence.
            device: where it lies. By default the default device.
            dtype: its floating dtype. By default the default dtype.

        Example:
            >>> import weft
            >>> weft.nn.Transformer.generate_square_subsequent_mask(2)
            tensor([[0., -inf],
                    [0., 0.]])
        """
        check_integers("generate_square_subsequent_mask", sz=sz)
        return _causal_mask(sz, device, dtype)

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.dim() > 1:
                init.xavier_uniform_(parameter)
