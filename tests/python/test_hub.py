"""weft.hub.load: folders in the layout of Hugging Face, as they are and broken."""

import json
import warnings

import pytest
import weft
from weft import models

GPT2 = {"vocab_size": 11, "n_positions": 8, "n_embd": 4, "n_layer": 2, "n_head": 2}
BERT = {"vocab_size": 11, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
LLAMA = {**BERT, "num_key_value_heads": 1, "max_position_embeddings": 16}
T5 = {"vocab_size": 11, "d_model": 4, "d_kv": 2, "d_ff": 8, "num_layers": 1, "num_heads": 2}
WAV = {**BERT, "conv_dim": (4, 4), "conv_kernel": (3, 3), "conv_stride": (2, 2), "num_conv_pos_embeddings": 4}
WAV["num_conv_pos_embedding_groups"] = 2

MODELS = {
    "GPT2Model": (lambda: models.GPT2Model(models.GPT2Config(**GPT2)), GPT2),
    "GPT2LMHeadModel": (lambda: models.GPT2LMHeadModel(models.GPT2Config(**GPT2)), GPT2),
    "BertModel": (lambda: models.BertModel(models.BertConfig(**BERT)), BERT),
    "BertForMaskedLM": (lambda: models.BertForMaskedLM(models.BertConfig(**BERT)), BERT),
    "BertForSequenceClassification": (
        lambda: models.BertForSequenceClassification(models.BertConfig(**BERT), 3),
        {**BERT, "id2label": {"0": "a", "1": "b", "2": "c"}},
    ),
    "LlamaModel": (lambda: models.LlamaModel(models.LlamaConfig(**LLAMA)), LLAMA),
    "LlamaForCausalLM": (
        lambda: models.LlamaForCausalLM(models.LlamaConfig(**LLAMA, rope_theta=50.0)),
        {**LLAMA, "rope_parameters": {"rope_type": "default", "rope_theta": 50.0}},
    ),
    "T5ForConditionalGeneration": (lambda: models.T5ForConditionalGeneration(models.T5Config(**T5)), T5),
    "Wav2Vec2Model": (lambda: models.Wav2Vec2Model(models.Wav2Vec2Config(**WAV)), WAV),
    "Wav2Vec2ForCTC": (lambda: models.Wav2Vec2ForCTC(models.Wav2Vec2Config(**WAV)), WAV),
    "resnet18": (lambda: models.resnet18(num_classes=3), {"num_classes": 3}),
}
TOKENS = weft.tensor([[1, 2, 3, 4]])


def write(folder, architecture, config, state, *, name="model.safetensors"):
    folder.mkdir(parents=True, exist_ok=True)
    named = {"architecture": architecture} if architecture.startswith("resnet") else {"architectures": [architecture]}
    (folder / "config.json").write_text(json.dumps({**named, "torch_dtype": "float32", **config}))
    # As files do, one tensor once
    seen, once = set(), {}
    for key, value in state.items():
        if value.data_ptr() not in seen or not value.numel():
            once[key] = value
        seen.add(value.data_ptr())
    weft.save(once, folder / name)
    return folder


def gpt2(seed=0):
    weft.manual_seed(seed)
    return models.GPT2LMHeadModel(models.GPT2Config(**GPT2)).eval()


def assert_same(model, other):
    state, wanted = model.state_dict(), other.state_dict()
    assert list(state) == list(wanted)
    assert all(weft.equal(state[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("architecture", MODELS)
def test_each_architecture(architecture, tmp_path):
    make, config = MODELS[architecture]
    model = make()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = weft.hub.load(write(tmp_path, architecture, config, model.state_dict()))
    assert type(loaded) is type(model) and not loaded.training
    assert_same(loaded, model)
    if hasattr(model, "config"):
        assert loaded.config == model.config


def test_files_in_parts_and_of_pytorch(tmp_path):
    model = gpt2()
    state = dict(model.state_dict())
    state.pop("lm_head.weight")
    names = list(state)
    folder = write(tmp_path / "parts", "GPT2LMHeadModel", GPT2, {n: state[n] for n in names[::2]}, name="a.safetensors")
    weft.save({n: state[n] for n in names[1::2]}, folder / "b.safetensors")
    places = {n: f"{'ab'[i % 2]}.safetensors" for i, n in enumerate(names)}
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    assert_same(weft.hub.load(folder), model)
    for broken, error, text in (
        ({**places, names[0]: "c.safetensors"}, FileNotFoundError, "not in its folder"),
        ({**places, names[0]: "../parts/a.safetensors"}, FileNotFoundError, "not in its folder"),
        ({**places, "more": "a.safetensors"}, ValueError, "more is not in a.safetensors"),
        ([1], ValueError, "no weight_map"),
    ):
        index.write_text(json.dumps({"weight_map": broken}))
        with pytest.raises(error, match=text):
            weft.hub.load(folder)


def test_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    root = tmp_path / "models--some--model"
    write(root / "snapshots" / "abc123", "GPT2LMHeadModel", GPT2, gpt2().state_dict())
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text("abc123")
    assert_same(weft.hub.load("some/model"), gpt2())
    assert_same(weft.hub.load("some/model", revision="abc123"), gpt2())
    assert_same(weft.hub.load(root), gpt2())
    monkeypatch.delenv("HF_HUB_CACHE")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "hub").symlink_to(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    assert_same(weft.hub.load("some/model"), gpt2())
    for name in ("no/such/model", "../models--some--model", "a b", "some/.."):
        with pytest.raises(FileNotFoundError, match="there is no folder"):
            weft.hub.load(name)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        weft.hub.load("some/model", revision="../x")
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match="pip install huggingface_hub"):
        weft.hub.load("other/model")


def test_names_with_and_without_the_prefix(tmp_path):
    model = gpt2()
    base = write(tmp_path / "base", "GPT2Model", GPT2, model.transformer.state_dict())
    assert_same(weft.hub.load(base, "GPT2LMHeadModel"), model)
    head = write(tmp_path / "head", "GPT2LMHeadModel", GPT2, model.state_dict())
    assert_same(weft.hub.load(head, "GPT2Model"), model.transformer)
    assert weft.equal(weft.hub.load(head)(TOKENS), model(TOKENS))


def test_a_new_head(tmp_path):
    masked = models.BertForMaskedLM(models.BertConfig(**BERT))
    folder = write(tmp_path, "BertForMaskedLM", BERT, masked.state_dict())
    with pytest.raises(ValueError, match=r"lack .*classifier.bias.* of BertForSequenceClassification; strict=False"):
        weft.hub.load(folder, "BertForSequenceClassification", num_labels=5)
    with pytest.warns(UserWarning) as told:
        model = weft.hub.load(folder, "BertForSequenceClassification", num_labels=5, strict=False)
    assert any("classifier.weight" in str(each.message) and "are new" in str(each.message) for each in told)
    assert model.classifier.weight.shape == (5, 4)
    assert_same(model.bert.encoder, masked.bert.encoder)
    image = write(tmp_path / "image", "resnet18", {"num_classes": 3}, models.resnet18(num_classes=3).state_dict())
    with pytest.raises(ValueError, match=r"fc.weight in .* has the shape \(3, 512\), the model \(5, 512\)"):
        weft.hub.load(image, num_classes=5)
    with pytest.warns(UserWarning, match="fc.bias, fc.weight, which are new"):
        assert weft.hub.load(image, num_classes=5, strict=False).fc.weight.shape == (5, 512)


def test_old_names(tmp_path):
    model = models.BertModel(models.BertConfig(**BERT))
    state = {
        "bert." + n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v
        for n, v in model.state_dict().items()
    }
    state["bert.embeddings.position_ids"] = weft.arange(8)[None]
    assert_same(weft.hub.load(write(tmp_path / "a", "BertModel", BERT, state)), model)
    speech = models.Wav2Vec2ForCTC(models.Wav2Vec2Config(**WAV))
    old = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    state = {}
    for name, value in speech.state_dict().items():
        for new, before in old.items():
            name = name.replace(new, before)
        state[name] = value
    assert sum(name.endswith(("weight_g", "weight_v")) for name in state) == 2
    assert_same(weft.hub.load(write(tmp_path / "b", "Wav2Vec2ForCTC", WAV, state)), speech)


def test_residual_networks_of_hugging_face(tmp_path):
    model = models.ResNet(models.resnet.Bottleneck, [1, 2, 1, 1], 3)
    names = {"conv1.weight": "resnet.embedder.embedder.convolution.weight", "fc.weight": "classifier.1.weight"}
    names["fc.bias"] = "classifier.1.bias"
    state = {}
    for name, value in model.state_dict().items():
        parts = name.split(".")
        if parts[0] == "bn1":
            theirs = "resnet.embedder.embedder.normalization." + parts[1]
        elif parts[0].startswith("layer"):
            where = f"resnet.encoder.stages.{int(parts[0][5]) - 1}.layers.{parts[1]}."
            if parts[2] == "downsample":
                theirs = where + "shortcut." + ("convolution.", "normalization.")[int(parts[3])] + parts[4]
            else:
                kind = "convolution." if parts[2].startswith("conv") else "normalization."
                theirs = where + f"layer.{int(parts[2][-1]) - 1}.{kind}{parts[3]}"
        else:
            theirs = names[name]
        state[theirs] = value
    config = {"depths": [1, 2, 1, 1], "layer_type": "bottleneck", "num_labels": 3, "hidden_act": "relu"}
    folder = write(tmp_path, "ResNetForImageClassification", config, state)
    assert_same(weft.hub.load(folder), model)
    with pytest.raises(ValueError, match="hidden_act='relu' alone, got 'gelu'"):
        weft.hub.load(folder, hidden_act="gelu")
    with pytest.raises(ValueError, match="four stages"):
        weft.hub.load(folder, hidden_sizes=[8, 16, 32, 64])


def test_vision_transformers_of_hugging_face(tmp_path):
    model = models.VisionTransformer(8, 4, 2, 2, 4, 8, num_classes=3)
    places = {"class_token": "embeddings.cls_token", "encoder.pos_embedding": "embeddings.position_embeddings"}
    parts = {"conv_proj": "embeddings.patch_embeddings.projection", "encoder.ln": "layernorm"}
    inside = {"ln_1": "layernorm_before", "ln_2": "layernorm_after", "mlp.0": "intermediate.dense"}
    inside.update({"mlp.3": "output.dense", "self_attention.out_proj": "attention.output.dense"})
    state = {}
    for name, value in model.state_dict().items():
        before, _, last = name.rpartition(".")
        if name in places:
            state["vit." + places[name]] = value
        elif before in parts:
            state[f"vit.{parts[before]}.{last}"] = value
        elif before == "heads.head":
            state[f"classifier.{last}"] = value
        else:
            layer, part = before.removeprefix("encoder.layers.encoder_layer_").split(".", 1)
            if part == "self_attention" and last.startswith("in_proj"):
                for kind, piece in zip(("query", "key", "value"), value.clone().chunk(3)):
                    last = name.rpartition("_")[2]
                    state[f"vit.encoder.layer.{layer}.attention.attention.{kind}.{last}"] = piece.clone()
            else:
                state[f"vit.encoder.layer.{layer}.{inside[part]}.{last}"] = value
    config = {"image_size": 8, "patch_size": 4, "num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 4}
    config.update(intermediate_size=8, num_labels=3, layer_norm_eps=1e-12, qkv_bias=True)
    folder = write(tmp_path, "ViTForImageClassification", config, state)
    loaded = weft.hub.load(folder)
    assert_same(loaded, model)
    assert loaded.encoder.ln.eps == 1e-12
    state.pop("vit.encoder.layer.0.attention.attention.key.weight")
    with pytest.raises(ValueError, match="there must be key and value"):
        weft.hub.load(write(tmp_path, "ViTForImageClassification", config, state))


def test_device_and_dtype(tmp_path):
    folder = write(tmp_path, "GPT2LMHeadModel", GPT2, gpt2().bfloat16().state_dict())
    assert weft.hub.load(folder).lm_head.weight.dtype == weft.float32
    model = weft.hub.load(folder, dtype=weft.bfloat16, device="cpu")
    assert model.lm_head.weight.dtype == weft.bfloat16 and model.lm_head.weight is model.transformer.wte.weight


@pytest.mark.parametrize(
    "change, error, text",
    [
        ({"architectures": ["GPT2LMHeadModl"]}, ValueError, "no GPT2LMHeadModl; the nearest are"),
        ({"architectures": ["Zzz"]}, ValueError, "no Zzz; there are"),
        ({"architectures": []}, ValueError, "names no architecture"),
        ({"architectures": None}, ValueError, "names no architecture"),
        ({"architectures": 3}, ValueError, "names no architecture"),
        ({"n_head": 3}, ValueError, "config.json does not fit GPT2LMHeadModel"),
        ({"n_head": "2"}, ValueError, "config.json does not fit GPT2LMHeadModel"),
        ({"n_layer": 3}, ValueError, r"lack transformer.h.2"),
        ({"n_embd": 8}, ValueError, "has the shape"),
        ({"activation_function": "relu"}, ValueError, "activation_function='gelu_new' or"),
    ],
)
def test_configs_that_are_not_right(change, error, text, tmp_path):
    folder = write(tmp_path, "GPT2LMHeadModel", {**GPT2, **change}, gpt2().state_dict())
    with pytest.raises(error, match=text):
        weft.hub.load(folder)


def test_rotary_embeddings_that_weft_lacks(tmp_path):
    make, config = MODELS["LlamaForCausalLM"]
    state = make().state_dict()
    scaled = {"rope_parameters": {"rope_type": "llama3", "rope_theta": 5.0}}
    with pytest.raises(ValueError, match="the rotary embedding is the default one alone"):
        weft.hub.load(write(tmp_path, "LlamaForCausalLM", {**config, **scaled}, state))
    with pytest.raises(ValueError, match="rope_parameters must be an object, got 3"):
        weft.hub.load(write(tmp_path, "LlamaForCausalLM", {**config, "rope_parameters": 3}, state))
    with pytest.raises(ValueError, match="head_dim must be"):
        weft.hub.load(write(tmp_path, "LlamaForCausalLM", {**config, "head_dim": 64}, state))
    with pytest.raises(ValueError, match="as many layers"):
        weft.hub.load(write(tmp_path, "T5ForConditionalGeneration", {**T5, "num_decoder_layers": 2}, state))


def test_folders_that_lack_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="no config.json"):
        weft.hub.load(tmp_path)
    (tmp_path / "config.json").write_text('{"architectures": ["GPT2Model"]')
    with pytest.raises(ValueError, match="is no JSON"):
        weft.hub.load(tmp_path)
    (tmp_path / "config.json").write_text("[1]")
    with pytest.raises(ValueError, match="must hold an object"):
        weft.hub.load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["GPT2Model"], **GPT2}))
    with pytest.raises(FileNotFoundError, match="there is none of model.safetensors"):
        weft.hub.load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"\x08\0\0\0")
    with pytest.raises(ValueError):
        weft.hub.load(tmp_path)
    weft.save({"x": weft.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="lack"):
        weft.hub.load(tmp_path)
    with pytest.raises(ValueError, match="have nothing of GPT2Model: x"):
        weft.hub.load(tmp_path, strict=False)
    with pytest.raises(TypeError, match="hub.load: expected a str or a PathLike as source, got int"):
        weft.hub.load(3)
