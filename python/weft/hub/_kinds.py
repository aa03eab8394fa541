"""The architectures of Hugging Face that weft.models has: how each is made, and how its tensors are named."""

from __future__ import annotations

import dataclasses
import difflib
import re

import weft
from weft import models, nn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    State = dict[str, weft.Tensor]


@dataclasses.dataclass(frozen=True)
class Kind:
    """An architecture.

    build: makes the model from a config. prefix: of the names of its base model. only: what a config may say, where
    the model of Weft does one thing alone. convert: brings names to those of Weft.
    """

    build: Callable[[dict[str, Any]], nn.Module]
    prefix: str = ""
    only: dict[str, tuple[Any, ...]] = dataclasses.field(default_factory=dict)
    convert: Callable[[State, dict[str, Any]], State] | None = None

    def make(self, name: str, config: dict[str, Any]) -> nn.Module:
        """The model of this name, with new weights."""
        for key, allowed in self.only.items():
            if key in config and config[key] not in allowed:
                wanted = " or ".join(map(repr, allowed))
                raise ValueError(f"hub.load: {name} of weft.models has {key}={wanted} alone, got {config[key]!r}")
        try:
            return self.build(config)
        except (TypeError, ValueError, RuntimeError, AttributeError, LookupError) as error:
            raise ValueError(f"hub.load: config.json does not fit {name}: {error}") from error


def _sizes(kind, config):
    """The dataclass of a config, of those entries that it knows."""
    names = {field.name for field in dataclasses.fields(kind)}
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in config.items() if key in names}
    return kind(**given)


def _labels(config):
    named = config.get("id2label") or config.get("label2id")
    return config.get("num_labels", len(named) if named else 2)


def _llama(config):
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if not isinstance(rope, dict):
        raise ValueError(f"rope_parameters must be an object, got {rope!r}")
    if rope.get("rope_type", rope.get("type", "default")) != "default":
        raise ValueError(f"the rotary embedding is the default one alone, got {rope}")
    config = {**config, "rope_theta": rope.get("rope_theta", config.get("rope_theta", 10000.0))}
    sizes = _sizes(models.LlamaConfig, config)
    if config.get("head_dim") not in (None, sizes.head_dim):
        raise ValueError(f"head_dim must be hidden_size / num_attention_heads = {sizes.head_dim}")
    return sizes


def _t5(config):
    if config.get("num_decoder_layers") not in (None, config.get("num_layers", 6)):
        raise ValueError(f"the decoder must have as many layers as the encoder, got {config['num_decoder_layers']}")
    return models.T5ForConditionalGeneration(_sizes(models.T5Config, config))


def _wav2vec2(config):
    return _sizes(models.Wav2Vec2Config, {"dropout": config.get("hidden_dropout", 0.1), **config})


def _convert_wav2vec2(state, config):
    names = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}
    return {re.sub(r"(?<=conv\.)weight_[gv]$", lambda m: names[m[0]], name): value for name, value in state.items()}


def _resnet(config):
    blocks = {"basic": (models.resnet.BasicBlock, 1), "bottleneck": (models.resnet.Bottleneck, 4)}
    kind = config.get("layer_type", "bottleneck")
    if kind not in blocks:
        raise ValueError(f"layer_type must be 'basic' or 'bottleneck', got {kind!r}")
    block, factor = blocks[kind]
    depths, widths = config.get("depths", [3, 4, 6, 3]), config.get("hidden_sizes", [256, 512, 1024, 2048])
    if list(widths) != [64 * factor * 2**i for i in range(4)] or len(depths) != 4:
        raise ValueError(f"expected four stages of {[64 * factor * 2**i for i in range(4)]} channels, got {widths}")
    return models.ResNet(block, depths, _labels(config))


_RESNET_NAMES = [
    (r"^(resnet\.)?embedder\.embedder\.convolution\.", "conv1."),
    (r"^(resnet\.)?embedder\.embedder\.normalization\.", "bn1."),
    (r"^(resnet\.)?encoder\.stages\.(\d+)\.layers\.(\d+)\.", lambda m: f"layer{int(m[2]) + 1}.{m[3]}."),
    (r"\.shortcut\.convolution\.", ".downsample.0."),
    (r"\.shortcut\.normalization\.", ".downsample.1."),
    (r"\.layer\.(\d+)\.convolution\.", lambda m: f".conv{int(m[1]) + 1}."),
    (r"\.layer\.(\d+)\.normalization\.", lambda m: f".bn{int(m[1]) + 1}."),
    (r"^classifier\.1\.", "fc."),
]
_VIT_NAMES = [
    (r"^vit\.", ""),
    (r"^embeddings\.cls_token$", "class_token"),
    (r"^embeddings\.position_embeddings$", "encoder.pos_embedding"),
    (r"^embeddings\.patch_embeddings\.projection\.", "conv_proj."),
    (r"^encoder\.layer\.(\d+)\.", r"encoder.layers.encoder_layer_\1."),
    (r"\.attention\.output\.dense\.", ".self_attention.out_proj."),
    (r"\.intermediate\.dense\.", ".mlp.0."),
    (r"(?<!attention)\.output\.dense\.", ".mlp.3."),
    (r"\.layernorm_before\.", ".ln_1."),
    (r"\.layernorm_after\.", ".ln_2."),
    (r"^layernorm\.", "encoder.ln."),
    (r"^classifier\.", "heads.head."),
]


def _renamed(state, rules):
    result = {}
    for name, value in state.items():
        for pattern, new in rules:
            name = re.sub(pattern, new, name)
        result[name] = value
    return result


def _vit(config):
    sizes = {"image_size": 224, "patch_size": 16, "num_hidden_layers": 12, "num_attention_heads": 12}
    sizes = {**sizes, "hidden_size": 768, "intermediate_size": 3072}
    dropouts = (config.get("hidden_dropout_prob", 0.0), config.get("attention_probs_dropout_prob", 0.0))
    model = models.VisionTransformer(*(config.get(*pair) for pair in sizes.items()), *dropouts, _labels(config))
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = config.get("layer_norm_eps", 1e-12)
    return model


def _convert_vit(state, config):
    """The three products of an attention as one."""
    state = _renamed(state, _VIT_NAMES)
    for name in [name for name in state if ".attention.attention.query." in name]:
        parts = [state.pop(name.replace(".query.", f".{part}."), None) for part in ("query", "key", "value")]
        if any(part is None for part in parts):
            raise ValueError(f"hub.load: beside {name} there must be key and value")
        state[name.replace(".attention.attention.query.", ".self_attention.in_proj_")] = weft.cat(parts)
    return state


_GPT2 = {
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
    "tie_word_embeddings": (True,),
}
_BERT = {"hidden_act": ("gelu",), "position_embedding_type": ("absolute",), "is_decoder": (False,)}
_LLAMA = {"hidden_act": ("silu",), "attention_bias": (False,), "mlp_bias": (False,)}
_T5 = {"feed_forward_proj": ("relu",), "tie_word_embeddings": (True,)}
_WAV2VEC2 = {
    "feat_extract_norm": ("group",),
    "do_stable_layer_norm": (False,),
    "conv_bias": (False,),
    "hidden_act": ("gelu",),
    "feat_extract_activation": ("gelu",),
    "add_adapter": (False, None),
}
_RESNET = {"hidden_act": ("relu",), "downsample_in_first_stage": (False,), "downsample_in_bottleneck": (False,)}
_RESNET.update(embedding_size=(64,), num_channels=(3,))
_VIT = {"hidden_act": ("gelu",), "qkv_bias": (True,), "num_channels": (3,)}

KINDS = {
    "GPT2Model": Kind(lambda c: models.GPT2Model(_sizes(models.GPT2Config, c)), "transformer.", _GPT2),
    "GPT2LMHeadModel": Kind(lambda c: models.GPT2LMHeadModel(_sizes(models.GPT2Config, c)), "transformer.", _GPT2),
    "BertModel": Kind(lambda c: models.BertModel(_sizes(models.BertConfig, c)), "bert.", _BERT),
    "BertForMaskedLM": Kind(lambda c: models.BertForMaskedLM(_sizes(models.BertConfig, c)), "bert.", _BERT),
    "BertForSequenceClassification": Kind(
        lambda c: models.BertForSequenceClassification(_sizes(models.BertConfig, c), _labels(c)), "bert.", _BERT
    ),
    "LlamaModel": Kind(lambda c: models.LlamaModel(_llama(c)), "model.", _LLAMA),
    "LlamaForCausalLM": Kind(lambda c: models.LlamaForCausalLM(_llama(c)), "model.", _LLAMA),
    "T5ForConditionalGeneration": Kind(_t5, "", _T5),
    "Wav2Vec2Model": Kind(lambda c: models.Wav2Vec2Model(_wav2vec2(c)), "wav2vec2.", _WAV2VEC2, _convert_wav2vec2),
    "Wav2Vec2ForCTC": Kind(lambda c: models.Wav2Vec2ForCTC(_wav2vec2(c)), "wav2vec2.", _WAV2VEC2, _convert_wav2vec2),
    "ResNetForImageClassification": Kind(_resnet, "", _RESNET, lambda state, _: _renamed(state, _RESNET_NAMES)),
    "ViTForImageClassification": Kind(_vit, "", _VIT, _convert_vit),
}


def _of_timm(name):
    return Kind(lambda config: getattr(models, name)(config.get("num_classes", 1000)))


KINDS.update(
    (name, _of_timm(name))
    for name in (
        "resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d resnext101_64x4d "
        "wide_resnet50_2 wide_resnet101_2"
    ).split()
)


def kind_of(folder: Path, config: dict[str, Any], architecture: str | None) -> tuple[str, Kind]:
    """The name that config.json or the caller gives, and its kind."""
    name = architecture
    if name is None:
        names = config.get("architectures") or [config.get("architecture")]
        name = names[0] if isinstance(names, list) and names else None
    if not isinstance(name, str):
        raise ValueError(f"hub.load: config.json in {folder} names no architecture; pass architecture=")
    if name not in KINDS:
        near = difflib.get_close_matches(name, KINDS, 2)
        hint = f"the nearest are {near}" if near else f"there are {list(KINDS)}"
        raise ValueError(f"hub.load: weft.models has no {name}; {hint}")
    return name, KINDS[name]
