"""Writes data/model_layouts.json.gz anew, where torch, torchvision and transformers are installed."""

import gzip
import json
from pathlib import Path

import torch
import torchvision
import transformers

VISION = """
    alexnet convnext_tiny densenet121 efficientnet_b0 efficientnet_b4 mobilenet_v2 mobilenet_v3_large mobilenet_v3_small
    resnet18 resnet50 resnext50_32x4d wide_resnet50_2 swin_t vgg11 vgg16 vgg16_bn vit_b_16
""".split()


def language():
    yield transformers.GPT2Model(transformers.GPT2Config())
    yield transformers.GPT2LMHeadModel(transformers.GPT2Config())
    for kind in ("BertModel", "BertForMaskedLM", "BertForSequenceClassification"):
        yield getattr(transformers, kind)(transformers.BertConfig())
    yield transformers.LlamaForCausalLM(transformers.LlamaConfig(num_hidden_layers=3, num_key_value_heads=8))
    yield transformers.T5ForConditionalGeneration(transformers.T5Config())
    yield transformers.Wav2Vec2ForCTC(transformers.Wav2Vec2Config())


def layout(model):
    return [[key, list(value.shape)] for key, value in model.state_dict().items()]


def main():
    with torch.device("meta"):
        found = {name: layout(getattr(torchvision.models, name)()) for name in VISION}
        detector = torchvision.models.detection.retinanet_resnet50_fpn(weights=None, weights_backbone=None)
        # The published weights are used with frozen normalisations, which count nothing.
        found["retinanet_resnet50_fpn"] = [e for e in layout(detector) if not e[0].endswith("num_batches_tracked")]
        found.update({type(model).__name__: layout(model) for model in language()})
    path = Path(__file__).parent / "data" / "model_layouts.json.gz"
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        file.write(json.dumps(found, separators=(",", ":")).encode())


if __name__ == "__main__":
    main()
