"""Weft under the interfaces of other libraries; each module imports its library when it is used."""

from __future__ import annotations

__all__: list[str] = []
