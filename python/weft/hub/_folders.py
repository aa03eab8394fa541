"""Where the files of a model are, and what is in them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import weft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_REPOSITORY = re.compile(r"[\w.-]+(/[\w.-]+)?")
_REVISION = re.compile(r"[\w.-]+(/[\w.-]+)*")


def _cache():
    if "HF_HUB_CACHE" in os.environ:
        return Path(os.environ["HF_HUB_CACHE"])
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "huggingface")
    return Path(home).expanduser() / "hub"


def _cached(name, revision):
    """The folder of a snapshot in the cache, or None."""
    folder = _cache() / ("models--" + name.replace("/", "--"))
    reference = folder / "refs" / revision
    commit = reference.read_text().strip() if reference.is_file() else revision
    snapshot = folder / "snapshots" / commit
    return snapshot if _REVISION.fullmatch(commit) and (snapshot / "config.json").is_file() else None


def find(source: str | os.PathLike[str], revision: str) -> Path:
    """The folder of a model: this one, one of the cache, or a download."""
    folder = Path(source)
    if folder.is_dir():
        # The folder of a whole repository in the cache
        if (folder / "snapshots").is_dir() and folder.name.startswith("models--"):
            reference = folder / "refs" / revision
            commit = reference.read_text().strip() if reference.is_file() else revision
            return folder / "snapshots" / commit
        return folder
    name = os.fspath(source)
    parts = [*name.split("/"), *revision.split("/")]
    if not _REPOSITORY.fullmatch(name) or not _REVISION.fullmatch(revision) or {".", ".."} & set(parts):
        raise FileNotFoundError(f"hub.load: there is no folder {name!r}, and it is no repository's name and revision")
    snapshot = _cached(name, revision)
    if snapshot is not None:
        return snapshot
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise ImportError(
            f"hub.load: {name!r} is no folder, and not in the cache {_cache()}; to download it, pip install "
            "huggingface_hub"
        ) from None
    patterns = ["config.json", "*.safetensors", "*.safetensors.index.json"]
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=patterns))
    except Exception as error:  # of several packages
        raise FileNotFoundError(
            f"hub.load: {name!r} is no folder, not in the cache {_cache()}, and was not downloaded: {error}"
        ) from error


def _read_json(path):
    try:
        value = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"hub.load: {path} is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"hub.load: {path} must hold an object, got {type(value).__name__}")
    return value


def read_config(folder: Path) -> dict[str, Any]:
    """What config.json says."""
    path = folder / "config.json"
    if not path.is_file():
        raise FileNotFoundError(f"hub.load: there is no config.json in {folder}")
    return _read_json(path)


def read_weights(folder: Path) -> dict[str, weft.Tensor]:
    """The tensors by name, of one file or of several that an index names."""
    for name in _WEIGHTS:
        if (folder / name).is_file():
            return _tensors(folder / name)
        index = folder / f"{name}.index.json"
        if index.is_file():
            return _parts(folder, index)
    raise FileNotFoundError(f"hub.load: there is none of {', '.join(_WEIGHTS)} and their indices in {folder}")


def _tensors(path):
    state = weft.load(path, map_location="cpu")
    if not isinstance(state, dict) or not all(isinstance(value, weft.Tensor) for value in state.values()):
        raise ValueError(f"hub.load: {path} must hold tensors by name")
    return state


def _parts(folder, index):
    places = _read_json(index).get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(file, str) for file in places.values()):
        raise ValueError(f"hub.load: {index} has no weight_map of files")
    state = {}
    for file in dict.fromkeys(places.values()):
        if Path(file).name != file or not (folder / file).is_file():
            raise FileNotFoundError(f"hub.load: {index} names {file!r}, which is not in its folder")
        state.update(_tensors(folder / file))
    lacking = [name for name in places if name not in state]
    if lacking:
        raise ValueError(f"hub.load: {lacking[0]} is not in {places[lacking[0]]}, where {index} has it")
    return state
