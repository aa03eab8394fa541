"""Metrics that are updated batch by batch, merged, and computed at the end."""

from __future__ import annotations

__all__: list[str] = []
