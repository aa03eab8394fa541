"""The models have the names and shapes of torchvision and Hugging Face, so that their files load.

data/model_layouts.json.gz holds what ``state_dict()`` of the originals names (torchvision 0.28, transformers 5.24),
with default sizes; written by write_model_layouts.py.
"""

import functools
import gzip
import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import weft
from weft import models

LAYOUTS = json.loads(gzip.decompress((Path(__file__).parent / "data" / "model_layouts.json.gz").read_bytes()))

# How a model is made whose name is no builder
MADE = {
    "GPT2Model": lambda: models.GPT2Model(models.GPT2Config()),
    "GPT2LMHeadModel": lambda: models.GPT2LMHeadModel(models.GPT2Config()),
    "BertModel": lambda: models.BertModel(models.BertConfig()),
    "BertForMaskedLM": lambda: models.BertForMaskedLM(models.BertConfig()),
    "BertForSequenceClassification": lambda: models.BertForSequenceClassification(models.BertConfig()),
    "LlamaForCausalLM": lambda: models.LlamaForCausalLM(models.LlamaConfig(num_hidden_layers=3, num_key_value_heads=8)),
    "T5ForConditionalGeneration": lambda: models.T5ForConditionalGeneration(models.T5Config()),
    "Wav2Vec2ForCTC": lambda: models.Wav2Vec2ForCTC(models.Wav2Vec2Config()),
}
# Published numbers of parameters
PARAMETERS = {
    "alexnet": 61_100_840,
    "convnext_tiny": 28_589_128,
    "densenet121": 7_978_856,
    "efficientnet_b0": 5_288_548,
    "mobilenet_v2": 3_504_872,
    "mobilenet_v3_large": 5_483_032,
    "resnet18": 11_689_512,
    "resnet50": 25_557_032,
    "retinanet_resnet50_fpn": 34_014_999,
    "swin_t": 28_288_354,
    "vgg16": 138_357_544,
    "vit_b_16": 86_567_656,
    "BertModel": 109_482_240,
    "GPT2LMHeadModel": 124_439_808,
    "T5ForConditionalGeneration": 60_506_624,
    "Wav2Vec2ForCTC": 94_396_320,
}
NEEDS = {"vit_b_16": "MultiheadAttention"}


def needs(name):
    layer = NEEDS.get(name)
    return [pytest.mark.skipif(not hasattr(weft.nn, layer), reason=f"needs nn.{layer}")] if layer else []


def each(names):
    return pytest.mark.parametrize("name", [pytest.param(name, marks=needs(name)) for name in names])


def make(name):
    return MADE.get(name, getattr(models, name, None))()


@functools.cache
def on_meta(name):
    with weft.device("meta"):
        return make(name)


@each(LAYOUTS)
def test_names_and_shapes(name):
    state = on_meta(name).state_dict()
    assert [[key, list(value.shape)] for key, value in state.items()] == LAYOUTS[name]


@each(PARAMETERS)
def test_number_of_parameters(name):
    assert sum(p.numel() for p in on_meta(name).parameters()) == PARAMETERS[name]


def random_file(path, layout):
    """A safetensors file in the layout of the original."""
    tensors = {}
    for key, shape in layout:
        rng = np.random.default_rng(zlib.crc32(key.encode()))
        if key.endswith("num_batches_tracked"):
            tensors[key] = weft.tensor(7)
        elif key.endswith("relative_position_index"):
            tensors[key] = weft.zeros(shape, dtype=weft.int64)
        else:
            tensors[key] = weft.tensor(rng.standard_normal(shape, np.float32))
    weft.save(tensors, path)
    return tensors


@each(["mobilenet_v3_small", "efficientnet_b0", "densenet121", "resnet18", "swin_t"])
def test_a_file_of_the_original_loads(name, tmp_path):
    wanted = random_file(tmp_path / "model.safetensors", LAYOUTS[name])
    model = make(name)
    model.load_state_dict(weft.load(tmp_path / "model.safetensors"), strict=True)
    state = model.state_dict()
    assert list(state) == list(wanted)
    assert all(weft.equal(state[key], value) for key, value in wanted.items())


def test_the_masks_of_old_files_are_skipped():
    config = models.GPT2Config(vocab_size=11, n_positions=8, n_embd=4, n_layer=2, n_head=2)
    model = models.GPT2Model(config)
    state = dict(model.state_dict())
    for i in range(2):
        state[f"h.{i}.attn.bias"] = weft.ones(1, 1, 8, 8)
    models.GPT2Model(config).load_state_dict(state)
    config = models.BertConfig(11, 4, 1, 2, 8)
    state = dict(models.BertModel(config).state_dict())
    state["embeddings.position_ids"] = weft.arange(512)[None]
    models.BertModel(config).load_state_dict(state)
