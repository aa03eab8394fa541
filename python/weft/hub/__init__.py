"""Models of weft.models from folders in the layout of Hugging Face: a config.json beside the weights."""

from __future__ import annotations

import os

from weft._checks import check_instances, check_text
from weft._missing import missing_names
from weft.hub._folders import find, read_config, read_weights
from weft.hub._kinds import kind_of
from weft.hub._matching import fill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import weft
else:
    __getattr__ = missing_names(__name__)

__all__ = ["load"]


def load(
    source: str | os.PathLike[str],
    architecture: str | None = None,
    *,
    revision: str = "main",
    device: Any = None,
    dtype: weft.dtype | None = None,
    strict: bool = True,
    **options: Any,
) -> weft.nn.Module:
    """A model with its weights, from config.json and model.safetensors (or its parts, or pytorch_model.bin).

    No code of the folder is ever run: the model is one of weft.models, by the architecture that config.json names.
    GPT-2, BERT, Llama, T5, wav2vec 2.0, ResNet and ViT are known under their names at Hugging Face, and ResNets under
    those of timm. The model is in eval mode.

    Args:
        source: a folder, or "owner/name": that one of the local cache of Hugging Face, or downloaded where the package
            huggingface_hub is installed.
        architecture: the name of the model, where it is to be another than in config.json, such as
            "BertForSequenceClassification" on weights of "BertForMaskedLM".
        revision: the branch, tag or commit of "owner/name".
        device: where the model is to be.
        dtype: of its parameters; None for float32.
        strict: whether every parameter must be in the files. With False the others stay as they were made, with a
            warning that names them.
        options: take the place of entries of config.json, such as num_labels=3.

    Raises:
        FileNotFoundError: there is no such folder, or no config.json or weights in it.
        ValueError: the architecture is unknown, does what the model of Weft does not, or the weights do not fit.
        ImportError: source would have to be downloaded, and huggingface_hub is missing.

    >>> import json, pathlib, tempfile, weft
    >>> sizes = {"vocab_size": 9, "n_positions": 8, "n_embd": 4, "n_layer": 1, "n_head": 2}
    >>> model = weft.models.GPT2LMHeadModel(weft.models.GPT2Config(**sizes))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     config = {"architectures": ["GPT2LMHeadModel"], **sizes}
    ...     _ = pathlib.Path(folder, "config.json").write_text(json.dumps(config))
    ...     weft.save(model.state_dict(), pathlib.Path(folder, "model.safetensors"))
    ...     loaded = weft.hub.load(folder)
    >>> weft.equal(loaded.lm_head.weight, model.lm_head.weight)
    True
    """
    check_instances((str, os.PathLike), "hub.load", source=source)
    check_text("hub.load", revision=revision)
    folder = find(source, revision)
    config = {**read_config(folder), **options}
    name, kind = kind_of(folder, config, architecture)
    model = kind.make(name, config)
    if dtype is not None:
        model = model.to(dtype)
    fill(folder, model, kind, read_weights(folder), config, strict)
    if device is not None:
        model = model.to(device)
    return model.eval()
