"""The base class of lazy layers, under the name that PyTorch has for it."""

from weft.nn.lazy import LazyModuleMixin
from weft.nn.parameter import is_lazy

__all__ = ["LazyModuleMixin", "is_lazy"]
