"""What TensorBoard's projector reads: points, labels and a picture of all label images, as files beside the events."""

from __future__ import annotations

import csv
import math
import os

import numpy as np

from weft.utils.tensorboard.media import grid, to_hwc
from weft.utils.tensorboard.protos import array, package

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_LARGEST_SPRITE = 8192  # pixels of a side that browsers draw


def write(
    folder: str,
    mat: Any,
    metadata: Sequence[Any] | None,
    label_img: Any,
    step: int,
    tag: str,
    header: Sequence[str] | None,
) -> None:
    """Writes an embedding into the folder of a writer, and adds it to ``projector_config.pbtxt``.

    >>> from weft.utils.tensorboard import embedding
    >>> embedding.write("runs/first", [[0.0, 1.0]], ["a"], None, 0, "words", None)  # doctest: +SKIP
    """
    points = array("add_embedding", tag, mat)
    if points.ndim != 2 or 0 in points.shape or points.dtype.kind == "c":
        raise ValueError(f"add_embedding: mat must have shape (n, features) and n > 0, got {points.shape}")
    if metadata is not None and not isinstance(metadata, (list, tuple)) and not hasattr(metadata, "tolist"):
        raise TypeError(f"add_embedding: metadata must be a list, got {metadata!r:.60}")
    metadata = metadata.tolist() if hasattr(metadata, "tolist") else metadata
    if isinstance(metadata, (int, float, str)):
        raise TypeError(f"add_embedding: metadata must be a list, got {metadata!r:.60}")
    if metadata is not None and len(metadata) != len(points):
        raise ValueError(f"add_embedding: {len(points)} points and {len(metadata)} entries of metadata")
    rows = None if metadata is None else _rows(metadata, header)
    sprite = None if label_img is None else _sprite(label_img, len(points))
    pb = package("tensorboard.plugins.projector.projector_config_pb2")
    text_format = package("google.protobuf.text_format")
    place = f"{step:05d}/{encoded(tag)}"
    os.makedirs(os.path.join(folder, place), exist_ok=True)
    config = pb.ProjectorConfig()
    entry = config.embeddings.add(tensor_name=f"{tag}:{step:05d}", tensor_path=f"{place}/tensors.tsv")
    _write_table(os.path.join(folder, entry.tensor_path), points.tolist())
    if rows is not None:
        entry.metadata_path = f"{place}/metadata.tsv"
        _write_table(os.path.join(folder, entry.metadata_path), rows)
    if sprite is not None:
        picture, height, width = sprite
        entry.sprite.image_path = f"{place}/sprite.png"
        entry.sprite.single_image_dim.extend([width, height])
        package("PIL.Image").fromarray(picture).save(os.path.join(folder, entry.sprite.image_path))
    with open(os.path.join(folder, "projector_config.pbtxt"), "a", encoding="utf-8") as file:
        file.write(text_format.MessageToString(config))


def encoded(tag: str) -> str:
    """The tag as the name of a folder.

    >>> from weft.utils.tensorboard.embedding import encoded
    >>> encoded("a/b%")
    'a%2fb%25'
    """
    return "".join(f"%{ord(letter):02x}" if letter in "%/\\" else letter for letter in tag)


def _rows(metadata, header):
    """Rows of text; with a header above where there is more than one column, as the projector asks for."""
    if header is None:
        return [[_cell(entry)] for entry in metadata]
    short = next((entry for entry in metadata if isinstance(entry, str) or len(entry) != len(header)), None)
    if short is not None:
        raise ValueError(f"add_embedding: metadata_header has {len(header)} names, an entry of metadata is {short!r}")
    rows = [[_cell(cell) for cell in entry] for entry in metadata]
    return [[_cell(name) for name in header], *rows] if len(header) > 1 else rows


def _cell(value):
    return " ".join(str(value).split()) or " "


def _write_table(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None).writerows(rows)


def _sprite(label_img, count):
    images = array("add_embedding", "label_img", label_img)
    if images.ndim != 4 or images.shape[0] != count or images.shape[1] not in (1, 3) or 0 in images.shape:
        raise ValueError(f"add_embedding: label_img must have shape ({count}, 1 or 3, H, W), got {images.shape}")
    side = math.ceil(math.sqrt(count))
    height, width = images.shape[2:]
    if side * max(height, width) > _LARGEST_SPRITE:
        raise ValueError(
            f"add_embedding: {count} images of {height} by {width} pixels make a picture of more than "
            f"{_LARGEST_SPRITE} pixels a side; give fewer or smaller ones"
        )
    blank = np.zeros((side * side - count, *images.shape[1:]), images.dtype)
    return to_hwc("add_embedding", "label_img", grid(np.concatenate([images, blank]), side), "CHW"), height, width
