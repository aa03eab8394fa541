"""Handles of hooks, of modules and of tensors, by the name that programs ask with ``isinstance`` for."""

from weft._handles import RemovableHandle

__all__ = ["RemovableHandle"]
