"""Data sets by name: read from a folder, or downloaded there with a checksum."""

from __future__ import annotations

__all__: list[str] = []
