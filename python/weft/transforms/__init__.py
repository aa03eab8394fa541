"""Transforms of images, arrays and tensors; the names are those of torchvision.transforms.v2."""

from __future__ import annotations

__all__: list[str] = []
